/* What the parameters of an experiment do to a figure: main effects and interactions of two, each with how sure it is.
 *
 * Every point of the experiment was simulated on the same days, and a day's figure of a point is one response. An effect is reckoned day by day, so
 * that what the days have in common cancels, and its mean over days has Student's interval: days are independent, points are not.
 *
 *   factorial designs   every combination of the levels of all factors is there once. A level's main effect is the mean of the points that have it
 *                       less the mean of all; an interaction is what a pair of levels has beyond both
 *   any other points    least squares on columns that the caller has centred and scaled
 *
 * A factor's share is the part of the points' variance that its effects make up, noise of the days taken off: an estimate of a square from a mean
 * is too large by the variance of that mean, so (mean^2 - variance / days) stands for it; what is then below 0 is 0. Its interval is
 * a delete-one-day jackknife's.
 *
 * Sources: G. E. P. Box, J. S. Hunter and W. G. Hunter, "Statistics for Experimenters", 2nd ed., Wiley 2005, chapters 4 and 5; common random numbers as
 * blocks: R. W. Schruben and B. H. Margolin, "Pseudorandom Number Assignment in Statistically Designed Simulation", JASA 73, 1978, 504-520. */
#ifndef FL_MEASURE_EFFECTS_H
#define FL_MEASURE_EFFECTS_H

#include "core/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fl_factorial {
    uint32_t factors;       /* at least 1 */
    const uint32_t *levels; /* [factors], at least 1 each; points are their product, the last factor runs fastest */
};
uint32_t fl_factorial_points(const struct fl_factorial *design);

/* y [points x days], finite: the response of point p on day d at p x days + d. parts [days]: the effect on every day. O(points x days). */
void fl_effect_main(const struct fl_factorial *design, uint32_t days, const double y[], uint32_t factor, uint32_t level, double parts[]);
void fl_effect_pair(const struct fl_factorial *design, uint32_t days, const double y[], uint32_t factor_a, uint32_t level_a, uint32_t factor_b,
                    uint32_t level_b, double parts[]);

/* Mean of the days' parts. */
struct fl_effect {
    double value, low, high; /* 95 % */
    double p;                /* two-sided: of so large a mean by chance alone; 1 when not sure */
    bool sure;               /* two days or more */
};
struct fl_effect fl_effect_estimate(uint32_t days, const double parts[]);

/* Shares of the variance of the points: main effects in the order of the factors, then interactions of two in the order (0, 1), (0, 2), ...
 * (1, 2), ..., then what is left to interactions of more. shares [fl_effect_terms() + 1]; value in [0, 1], no p. All 0 when the points
 * do not differ beyond noise. scratch [fl_effect_scratch()]. O(factors^2 x points x days). */
uint32_t fl_effect_terms(const struct fl_factorial *design);
size_t fl_effect_scratch(const struct fl_factorial *design, uint32_t days);
void fl_effect_shares(const struct fl_factorial *design, uint32_t days, const double y[], struct fl_effect shares[], double scratch[]);

/* Least squares, day by day, with an intercept. x [points x terms], each column of mean 0; coefficients [terms x days], out: parts of fl_effect_estimate.
 * scratch [terms x terms]. FL_ERANGE, and nothing is written, when the columns depend on each other or there are not more points than terms. */
FL_MUST_CHECK enum fl_status fl_effect_regress(uint32_t points, uint32_t terms, const double x[], uint32_t days, const double y[], double coefficients[],
                                               double scratch[]);

/* The share of the variance of the points' means that the columns explain; in [0, 1]. coefficients as above. */
double fl_effect_explained(uint32_t points, uint32_t terms, const double x[], uint32_t days, const double y[], const double coefficients[]);

#endif
