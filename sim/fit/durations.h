/* Durations as a log has them, some seen whole, some only known to be longer, and the distribution they may come from.
 *
 * They are kept as counts in bins half a per cent wide, with the sum in each, so that any number of them takes 150 KB and their
 * likelihood a few thousand terms; what is lost by that is a hundredth of the error of a million of them. Weights may be fractions.
 *
 * Times that the log rounds (to the minute, say) are not taken at their word: both ends of a duration were cut to `resolution`, so the
 * true one lies within one resolution either side, with a triangular weight, and that is what its likelihood integrates over. */
#ifndef FL_FIT_DURATIONS_H
#define FL_FIT_DURATIONS_H

#include "core/distribution.h"
#include "fit/estimate.h"

#define FL_DURATION_BINS 4800u

struct fl_durations {
    double resolution;  /* seconds that times are rounded to; 0: finer than matters */
    enum fl_distribution_kind customary; /* the family that this quantity has in scenarios; FL_CONSTANT: none */
    double seen_total, cut_total;
    double seen[FL_DURATION_BINS], seen_sum[FL_DURATION_BINS];
    double cut[FL_DURATION_BINS], cut_sum[FL_DURATION_BINS]; /* longer than this: how much longer the log does not say */
};

void fl_durations_add(struct fl_durations *durations, double seconds, bool cut, double weight);
/* Mean of those seen. */
double fl_durations_mean(const struct fl_durations *durations);
/* P(X > x) by Kaplan and Meier: the product of what is left at each bin seen, all those cut off in it counting as still there. */
double fl_durations_survival(const struct fl_durations *durations, double x);
/* The value that a share p of durations stays below, by the same; NaN: nobody was followed that long. */
double fl_durations_quantile(const struct fl_durations *durations, double p);

/* The same with its interval: the values at which Kaplan-Meier, its error by Greenwood's formula added or taken away, crosses p. */
void fl_durations_quantile_interval(const struct fl_durations *durations, double p, double *low, double *high);

#define FL_FAMILIES 4u /* exponential, weibull, gamma, lognormal */

struct fl_family {
    enum fl_distribution_kind kind;
    double a, b;              /* as in core/distribution.h */
    double a_low, a_high, b_low, b_high; /* 95 % */
    double log_likelihood, aic;
    bool fitted;
};

struct fl_duration_fit {
    struct fl_family family[FL_FAMILIES]; /* all that were tried */
    uint32_t best;                        /* index */
    bool known;                           /* enough was there */
    double chi_square, degrees, p;        /* of the best: expected against seen in classes of equal expectation */
    double ks;                            /* largest distance between Kaplan-Meier and the best */
};

/* Fits every family by maximum likelihood and chooses by AIC, but keeps the exponential where Weibull and gamma, which hold it, are not
 * better at the 1 % level of the likelihood ratio: one parameter that says nothing is one too many; and the customary family where no
 * other is better by 4. Families within 6 of the best are not ruled out, and are told as well. Not known with fewer than
 * FL_DURATIONS_WANTED seen. Source of the chi-square with censoring: Akritas, "Pearson-Type Goodness-of-Fit Tests: The Univariate
 * Case", JASA 83 (1988): expected is the integrated hazard of those still at risk. */
#define FL_DURATIONS_WANTED 50u
#define FL_AIC_CUSTOMARY 4.0
#define FL_AIC_AS_LIKELY 6.0
void fl_durations_fit(const struct fl_durations *durations, struct fl_duration_fit *fit);

/* The one to use, by the rules above; FL_FAMILIES: none was fitted. */
uint32_t fl_family_choose(const struct fl_family family[FL_FAMILIES], enum fl_distribution_kind customary);

/* The distribution of the best, prepared. */
struct fl_distribution fl_duration_fit_distribution(const struct fl_duration_fit *fit);

/* Adds its parameters as estimates "PATH.weibull.scale", ..., those of families that are not ruled out as unsure ones, and the goodness of
 * fit; or, where it is not known, one estimate that says
 * what is missing. */
void fl_duration_fit_tell(const struct fl_duration_fit *fit, const struct fl_durations *durations, const char *path, struct fl_estimates *estimates);

/* ln of density and of survival at x > 0, for the four families. */
double fl_family_log_density(enum fl_distribution_kind kind, double a, double b, double x);
double fl_family_survival(enum fl_distribution_kind kind, double a, double b, double x);
/* ln of the probability that a duration is told as x >= 0, where both its ends are instants cut to whole `r`: the density weighed by the triangle
 * of half width r around x. `distribution` is prepared, of one of the families. */
double fl_family_rounded_log(const struct fl_distribution *distribution, double x, double r);

#endif
