/* Whether one plan is better than another, or was only luckier.
 *
 * Two runs of the same days (same seed, same buyers) are compared day by day: what the days have in common cancels, which is
 * worth some ten times as many days (SCIENCE 4.2 of the project's documentation). Runs of different days are compared by Welch's
 * test.
 *   ratio figures   difference of the two ratio estimators; a day's residual is that of B less that of A
 *   money           of the whole desk, wages, penalties and profit too: the difference of its amounts a day
 *   percentiles     difference of the pooled percentiles; a day's part is the difference of its parts in either (fl_quantile_part);
 *                   sure where both percentiles are
 * Both with Student's t, which leans with the skewness of the days: where a few of them bring most of a difference, the end on their side
 * lies further out, and paired days have fewer degrees there, too (fl_degrees_of_days). Nominal 95 % hold the truth in 92 to 97 % of
 * runs of 20 days or more; where rare events are what differs, of ten days in some 85 %, and where hardly a day in ten knows of them in less.
 * With the same thing on both sides every part is exactly 0. What differs by the same on every day leaves no error to divide by: its p
 * is that of the sign test, 2 / 2^days (days of other seeds: 2 / (n + m over n)). */
#ifndef FL_MEASURE_COMPARE_H
#define FL_MEASURE_COMPARE_H

#include "measure/summary.h"

/* One side. Rows are in the order of their replication. All borrowed. */
struct fl_side {
    const struct fl_scenario *scenario;
    const struct fl_row *const *rows;
    uint32_t rows_count;
};

struct fl_difference {
    double a, b;             /* the figure on either side, when known */
    double value, low, high; /* b - a, and its 95 % interval when sure */
    double p;                /* two-sided: of so large a difference by chance alone; 1 when not sure */
    bool known, sure;
};

/* How the days of two sides go together. */
struct fl_pairing {
    bool paired;      /* every day has the same buyers on both sides */
    uint32_t day;     /* else: the first replication that differs, FL_NONE when the days are others or fewer */
    uint64_t chats_a, chats_b; /* offered on that day */
};
struct fl_pairing fl_pair(const struct fl_side *a, const struct fl_side *b);

/* The difference of a figure, for the desk (groups FL_NONE) or for one group of each. Known when both sides have the figure, sure
 * with two days or more; a percentile when there are values enough beyond it, too. Time O(days x buckets) for percentiles. */
struct fl_difference fl_compare(const struct fl_side *a, uint32_t group_a, const struct fl_side *b, uint32_t group_b, bool paired,
                                const struct fl_metric *metric, const char *statistic);

/* The share of days on which all of a side's own objectives held: yes or no, so the tests are exact. Paired, p is McNemar's exact test
 * (the sign test on the days on which one side held and the other did not) and the interval D. G. Bonett and R. M. Price's ("Adjusted Wald
 * Confidence Interval for a Difference of Binomial Proportions Based on Paired Data", J. Educ. Behav. Stat. 37, 2012, 479-488); where every
 * day came out the same, the difference is 0 with an interval of 0. Else Fisher's exact test and A. Agresti and B. Caffo's interval
 * (Am. Stat. 54, 2000, 280-288). */
struct fl_difference fl_compare_days_met(const struct fl_side *a, const struct fl_side *b, bool paired);

/* How much worse B may be than A before it counts. */
struct fl_margin {
    double relative; /* share of A's figure, >= 0 */
    double absolute; /* in the figure's unit, >= 0; both are granted together */
    bool more_is_worse;
};

/* How far B is beyond its margin. A relative margin is of A's true figure, which is not known either: what is estimated is the
 * difference b - (1 + relative) a itself, day by day, so that the error of A is in the bounds (E. C. Fieller, "Some Problems in Interval
 * Estimation", JRSS B 16, 1954, 175-185). */
struct fl_excess {
    double a, b;             /* the figure on either side, where known */
    double allowed;          /* how far b may be from a: relative x |a| + absolute */
    double value, low, high; /* worse than allowed: > 0; bounds when sure, each on its own as sure as asked for */
    double samples_a, samples_b; /* values, chats, rounds or days behind the figure */
    bool known_a, known_b, sure;
};

/* Bounds leave the chances tail_low and tail_high outside. Sure as fl_compare is; what is the same on every day is sure once so many signs
 * falling alike are rarer than the tail. Percentiles and means alike lean with the skewness of the days. metric NULL: the share of days on
 * which all objectives held, by Bonett and Price's interval (Agresti and Caffo's when not paired), margin absolute. */
struct fl_excess fl_compare_excess(const struct fl_side *a, uint32_t group_a, const struct fl_side *b, uint32_t group_b, bool paired,
                                   const struct fl_metric *metric, const char *statistic, const struct fl_margin *margin, double tail_low,
                                   double tail_high);

/* Which of n differences are more than chance when all n are looked at: Holm's step-down procedure, with the probability `alpha` of
 * even one false claim. S. Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scand. J. Statist. 6, 1979, 65-70.
 * order is scratch [n]. */
void fl_holm(uint32_t n, const double p[], double alpha, uint32_t order[], bool more_than_chance[]);

#endif
