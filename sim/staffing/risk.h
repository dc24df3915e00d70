/* What may go wrong on a day that was staffed for: the worst quarter of an hour, whom one misses most, and how much of the luck is the
 * promotion's. Pure; allocates nothing. */
#ifndef FL_STAFFING_RISK_H
#define FL_STAFFING_RISK_H

#include "measure/summary.h"

/* ---- Whom one misses most ----------------------------------------------------------------------- */

/* People short on average where so many are on duty: E[(X - on_duty)+], X the people that would be busy if nobody ever had to wait, taken
 * as normal with mean and variance `load` (the infinite-server approximation; Jennings, Mandelbaum, Massey and Whitt, "Server Staffing to
 * Meet Time-Varying Demand", Management Science 42, 1996). Falls, ever more slowly, as people are added; 0 without a load. */
double fl_people_short(double load, double on_duty);

/* ---- The worst interval of a day ---------------------------------------------------------------- */

/* The interval in which most buyers left unanswered; of equals the one with most time waited in all, then the earliest. Those who wrote
 * in opening hours, as in `abandonment`. */
struct fl_worst_interval {
    uint32_t interval;       /* FL_NONE: nobody wrote all day */
    double left, wrote;      /* buyers */
    double answered, wait_s; /* buyers with a first reply, and the sum of their waits */
};

/* cells: a day's row of intervals x groups. O(cells). */
struct fl_worst_interval fl_worst_interval(const struct fl_scenario *scenario, const struct fl_row *cells, uint32_t groups);

/* The same of some days. `left_low` and `left_high` are Student's 95 % interval of the expected number of those who leave. */
struct fl_worst_expected {
    bool known;
    double left, left_low, left_high;
    double left_p90;   /* one day in ten is worse */
    double share;      /* of who wrote then */
    double first_s;    /* mean first response then; NaN: nobody was answered */
    uint32_t interval; /* where it lies most often */
    uint32_t days_there;
};

/* Sorts worst [days] by the number of leavers. O(days^2). */
struct fl_worst_expected fl_worst_expect(uint32_t days, struct fl_worst_interval worst[]);

/* ---- Whose luck it is --------------------------------------------------------------------------- */

#define FL_Z_90 1.2815515655446004 /* exceeded one time in ten */

/* How much of the variance of a day's figure comes from an uncertain factor, and how much from chance within the day: the law of total
 * variance, Var(Y) = Var(E[Y | M]) + E[Var(Y | M)], over the same days at the factor's 10th, 50th and 90th percentile. Their weights
 * 0.304, 0.391 and 0.304 have a normal's mean, variance and skewness, so a figure that follows the factor's logarithm linearly is split
 * exactly. */
struct fl_variance_split {
    double factor, chance; /* variances */
    double share;          /* factor over both; 0 where nothing varies */
};
struct fl_variance_split fl_variance_split(uint32_t days, const double low[], const double middle[], const double high[]);

#endif
