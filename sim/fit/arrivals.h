/* Counts to arrivals: how many come on an ordinary day, when, and how far days and intervals differ from it.
 *
 * Days are told apart first: extraordinary ones (promotions, told or found by a robust distance; closed ones, and ones far too quiet) are
 * kept out of everything that describes the ordinary day. Then, from ordinary days alone:
 *   the level and the weekdays' factors, drawn towards 1 by as much as chance alone would have made them differ (empirical Bayes);
 *   the shape of the day, as fine as the counts allow; where weekdays plainly have shapes of their own, these, drawn towards the common one
 *   in the same way; where they have not, or cells are thin, the common one;
 *   day and interval busyness (busyness.h);
 *   each promotion's multiplier and excess by hours against what its date would have been.
 * Intervals of confidence are delete-one-block jackknives, a block being up to a week, so that days which take after each other do not make
 * them too short (Kunsch, "The jackknife and the bootstrap for general stationary observations", Ann. Statist. 17, 1989).
 * What fewer than FL_FIT_DAYS_WANTED ordinary days would have to tell is unknown, not invented. */
#ifndef FL_FIT_ARRIVALS_H
#define FL_FIT_ARRIVALS_H

#include "fit/counts.h"
#include "fit/estimate.h"

#define FL_FIT_DAYS_WANTED 20u
#define FL_FIT_PROMOTIONS_MAX 16u
#define FL_FIT_STEPS_MAX 1440u

enum fl_fit_day {
    FL_FIT_DAY_UNSEEN,   /* the log has nothing, or too little, of it */
    FL_FIT_DAY_ORDINARY,
    FL_FIT_DAY_PROMOTION,
    FL_FIT_DAY_QUIET,    /* far below its like: a holiday, a fault */
    FL_FIT_DAY_CLOSED,   /* nobody came at all */
};

struct fl_fit_promotion {
    int64_t opens_s;         /* a midnight */
    bool told;
    double multiplier, low, high; /* what the date brought, in ordinary days */
    double seen[24], expected[24]; /* chats by hour, and those of an ordinary day of its weekday */
};

struct fl_arrivals_options {
    uint32_t to_day;              /* days from here on are left alone, as in a back-test; 0: none */
    const int64_t *promotions;    /* midnights of told promotions, borrowed */
    uint32_t promotions_count;
    uint32_t busyness_interval_s; /* grain of interval busyness; 0: the log's own, a quarter of an hour at least */
};

struct fl_arrivals {
    double chats_per_day;     /* of an ordinary day: the mean over the weekdays that the log has */
    bool weekdays_differ;     /* more than by chance, or some never occur */
    double weekdays[7];       /* factors, Monday first; 0: never in the log */
    uint32_t weekday_days[7]; /* ordinary days of each */
    uint32_t steps_count;     /* of a day's shape: 24 or a multiple that divides 1440 */
    double steps[FL_FIT_STEPS_MAX]; /* mean 1 */
    bool profiles_differ;     /* by weekday */
    double *weekday_steps;    /* [7 * steps_count] owned */
    uint32_t ordinary_days, busyness_interval_s;
    bool busyness_known, correlated;
    double day_sigma, interval_sigma, correlation;
    double level_error;       /* relative standard error of what is expected of a day: of level and weekday together */
    double caution;           /* Student's 97.5 % point for so many days over the normal one: spreads known from few days, as they must be taken
                                 for intervals of days to come to hold what they say */
    struct fl_fit_promotion promotions[FL_FIT_PROMOTIONS_MAX];
    uint32_t promotions_count;
    uint32_t days;
    uint8_t *day_kind;        /* [days] owned; enum fl_fit_day */
    double *day_total, *day_expected; /* [days] owned: chats, scaled up where a part is missing; NaN: unseen */
    uint32_t lags;
    double *seen_by_lag, *fitted_by_lag; /* [lags] owned: busyness.h's curve; 0 lags: none */
};

/* Fits them and adds what was found, path by path, and how well it fits, to the estimates. FL_EMISSING: the log has no whole day; FL_EFULL:
 * no memory. Nothing is added then. */
FL_MUST_CHECK enum fl_status fl_arrivals_fit(const struct fl_counts *counts, const struct fl_arrivals_options *options, struct fl_arrivals *arrivals,
                                             struct fl_estimates *estimates);
void fl_arrivals_free(struct fl_arrivals *arrivals);

/* Expected chats of an ordinary date within [from_s, to_s) of its day, seconds after midnight. */
double fl_arrivals_expected(const struct fl_arrivals *arrivals, uint32_t weekday, double from_s, double to_s);

#endif
