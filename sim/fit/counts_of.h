/* How many: rounds of a chat, messages of a round. From how often it went on after one, two, three, ... to a distribution of counts.
 *
 * The log is read as trials: having come to j, did it go on? Whoever leaves, or is still at it when the log ends, simply has no trial after
 * that, so censoring costs nothing. Weights may be fractions. As in the simulator a count below one is one. */
#ifndef FL_FIT_COUNTS_OF_H
#define FL_FIT_COUNTS_OF_H

#include "core/distribution.h"
#include "fit/estimate.h"

#define FL_TRIALS 256u

struct fl_trials {
    double came[FL_TRIALS], stopped[FL_TRIALS]; /* [j]: came to j and was seen to go on or stop; stopped there. [0] is empty */
};

void fl_trials_add(struct fl_trials *trials, uint32_t at, double stopped, double weight);

struct fl_count_fit {
    struct fl_distribution best; /* constant, geometric, poisson or negative_binomial; prepared */
    double a_low, a_high, b_low, b_high; /* 95 % */
    double stops;                /* trials that stopped: what it rests on */
    double chi_square, degrees, p;
    double geometric, geometric_low, geometric_high; /* the mean as it would be of that family, 95 % */
    bool as_likely; /* another is the best, but the geometric is not ruled out (AIC within 6) */
    bool known;
};

/* Maximum likelihood in each family, then AIC, but the geometric is kept where the negative binomial is not better by it by more than 4.6
 * (the 1 % level of one further parameter). Not known with fewer than 30 that stopped. */
#define FL_STOPS_WANTED 30u
void fl_trials_fit(const struct fl_trials *trials, struct fl_count_fit *fit);
void fl_count_fit_tell(const struct fl_count_fit *fit, const char *path, struct fl_estimates *estimates);

/* P(N = j | N >= j). */
double fl_count_stops(const struct fl_distribution *distribution, uint32_t j);

#endif
