/* From days to figures: what the days of a run add up to, and how sure it is.
 *
 * Whole numbers are pooled over days, in any order; what a confidence interval needs is kept per day in a packed row.
 *
 * A share, count or mean is a ratio of expectations (sum over sum), never a mean of daily ratios. Its 95 % interval is that of a ratio
 * estimator, by the days' residuals, on a scale on which rare events err alike to both sides: logits for what ends at both sides
 * (shares), logarithms for what only ends at 0 (counts, means), as it is for what has no end (profit). Its ends lie Student's t errors
 * away; to the side to which the days are skewed t has fewer degrees (fl_degrees_of_days) and the term of N. J. Johnson ("Modified t Tests
 * and Confidence Intervals for Asymmetrical Populations", JASA 73, 1978, 536-544) is added, because a few bad days that bring most
 * of the events may as well have been more. What did not happen on any day, or always, has the bound of Clopper and Pearson for so many
 * trials as the days are worth: how much events cluster cannot be seen then, so a day's trials count as their number over
 * sqrt(number) + variance / mean of that number, at least one a day. A count or mean of which nothing was seen has no end to be bound by,
 * and no interval.
 * How often nominal 95 % hold what is true (tests/unit/test_coverage.c, tests/cli/coverage.py, results/coverage/): 93 to 97 % for shares
 * from 0.1 to 99.9 % and counts, of 10 days or more, alike or not, once a run has events for some 25 independent groups of them; of fewer
 * 93 to 98 %. Means of times in 92 to 97 % of runs of 20 days or more; of ten days of a desk that is overloaded on some of them in 88 to 92
 * %. What comes from days so bad that most runs have none of them they cannot know: of ten to thirty days of a large desk that is overloaded
 * on busy days, and on one in a hundred far beyond all others, shares and means are held in 74 to 97 %, its P95 in half to nine tenths
 * of the runs that give one, and of 100 days all of them in 95 to 97 %.
 *
 * A percentile is that of all days pooled, interpolated within its bucket; its interval is R. S. Woodruff's ("Confidence Intervals for
 * Medians and Other Position Measures", JASA 47, 1952, 635-646): the share of values beyond the percentile is a ratio whose error the days
 * tell, and the percentiles at the ends of that share's interval are the ends, with Johnson's term. Where the share's interval leaves
 * (0, 1), the days cannot tell, and there is none. Nominal 95 % hold the truth in 92 to 98 % (tests/unit/test_intervals.c has the cases: 20
 * days or more; P95 of ten days in 87 to 96 %); of ten days that differ twofold most p99 have none, and those that have one hold it in some
 * 85 %. Deleting a day at a time holds it in 75 to 90 % where few values lie beyond the percentile, and order statistics, which
 * take the values of a day for independent, in 67 % (SCIENCE 4.2). One day gives no interval; no samples give no figure. */
#ifndef FL_MEASURE_SUMMARY_H
#define FL_MEASURE_SUMMARY_H

#include "measure/day.h"
#include "scenario/metrics.h"

/* ---- One day, packed -------------------------------------------------------------------------- */

enum fl_scope { FL_SCOPE_DESK, FL_SCOPE_GROUP, FL_SCOPE_AGENT, FL_SCOPE_INTENT, FL_SCOPE_INTERVAL, FL_SCOPE_INTERVAL_GROUP,
                FL_SCOPE_DATE /* 24 hours from the scenario's start; the desk where dates are not kept (fl_day_dates) */ };

/* Counts, sums and histograms of every group, as one block without addresses. Only non-empty stretches of a histogram
 * are kept. A row may be of other cells than groups (`scope`): its `groups` are then agents, intents or intervals, and whatever takes
 * a row and a group takes those as well. */
struct fl_row {
    uint32_t replication, groups;
    uint32_t bytes;      /* of the whole block */
    uint32_t intervals;
    uint32_t scope;      /* enum fl_scope, never that of the desk: its figures are those of all groups together */
    uint32_t sub_bits;   /* of the histograms: fine for groups, coarse for intents and intervals, rough for agents */
    uint64_t met;        /* bit per objective: it held on this day */
    double wages_cny;    /* of the whole desk, by hours on duty; NaN: somebody's wage is not given */
    /* then: uint64_t count[groups][FL_COUNTS]; uint64_t head[groups][FL_KINDS][FL_ROW_HEAD];
     * per group and kind: uint32_t first, n, counts[n] */
};

/* Words of a head: the sum in ns, low and high (a million buyers who wait half a day exceed 64 bits), the least, the most. */
#define FL_ROW_HEAD 4

size_t fl_row_bytes(const struct fl_day *day);
/* `row` has fl_row_bytes() bytes, aligned to 8. Judges the scenario's objectives on the day. */
void fl_row_pack(const struct fl_scenario *scenario, const struct fl_day *day, uint32_t replication, struct fl_row *row);
const uint64_t *fl_row_count(const struct fl_row *row, uint32_t group);

/* A row of the day's agents, intents, or intervals x groups (cell interval x groups + group). `met` and wages are 0; agents' waits and
 * chat durations are not kept. */
size_t fl_cells_bytes(const struct fl_day *day, enum fl_scope scope);
void fl_cells_pack(const struct fl_day *day, enum fl_scope scope, uint32_t replication, struct fl_row *row);
/* The row of intervals that a row of intervals x groups adds up to. */
size_t fl_cells_fold_bytes(const struct fl_row *row, uint32_t groups);
void fl_cells_fold(const struct fl_row *row, uint32_t groups, struct fl_row *out);

/* Days by what is finer than groups, beside their rows: lists of as many rows, NULL where they are not kept. */
enum fl_cells_of { FL_CELLS_AGENTS, FL_CELLS_INTENTS, FL_CELLS_INTERVALS /* x groups */, FL_CELLS_KINDS };
struct fl_cells {
    const struct fl_row *const *rows[FL_CELLS_KINDS];
};
/* The scope of each kind. */
static inline enum fl_scope fl_cells_scope(enum fl_cells_of kind)
{
    return kind == FL_CELLS_AGENTS ? FL_SCOPE_AGENT : kind == FL_CELLS_INTENTS ? FL_SCOPE_INTENT : FL_SCOPE_INTERVAL_GROUP;
}
/* More of them than this are not kept by day: thousands of agents would take megabytes a day, and each would have too few samples. */
#define FL_CELLS_MAX 1024u

/* A row of the day's dates: its `groups` are dates, and behind them stands what a date has besides. NULL results.dates and a size of 0
 * where dates are not kept. */
struct fl_date {
    double wages_cny; /* as of a row */
    uint64_t met;     /* bit per objective: it held on this date */
};
size_t fl_dates_bytes(const struct fl_day *day);
/* Judges the scenario's objectives date by date: per day and per date by the date's figures, per interval and per group by its intervals.
 * Agents are not measured by date: an objective per agent holds on a date when it holds on the whole. */
void fl_dates_pack(const struct fl_scenario *scenario, const struct fl_day *day, uint32_t replication, struct fl_row *row);
const struct fl_date *fl_row_date(const struct fl_row *row, uint32_t date);

/* Whether two days are the same in every count and every value. */
bool fl_row_equal(const struct fl_row *a, const struct fl_row *b);

/* ---- All days, pooled ------------------------------------------------------------------------- */

struct fl_totals {
    uint32_t days, intervals, groups, intents, agents;
    struct fl_cell *interval_group, *group, *intent, *agent;
    struct fl_levels *levels;  /* [agents] */
    uint32_t duty_agents;      /* as in fl_day */
    struct fl_duty *duty;      /* the same */
    uint64_t *interval_group_counts, *intent_counts; /* as in fl_day */
    uint32_t *agent_counts;
    uint64_t *group_counts;
    uint64_t *snapshot;        /* [intervals + 1][4]: sums of the snapshots' fields */
    uint64_t *snapshot_square; /* [intervals + 1][2]: sums of squares of waiting, of open + waiting */
    uint32_t dates;            /* 0: not kept */
    struct fl_cell *date;
    uint64_t *date_counts, *paid_us; /* [agents]: time paid, in training and on leave too, overtime at its rate */
};

size_t fl_totals_bytes(const struct fl_scenario *scenario);
/* Over zeroed memory of that size, aligned to 16. */
void fl_totals_start(struct fl_totals *totals, const struct fl_scenario *scenario, void *memory);
void fl_totals_add(struct fl_totals *totals, const struct fl_scenario *scenario, const struct fl_day *day);
void fl_totals_merge(struct fl_totals *totals, const struct fl_totals *other);

/* `abandonment` is of buyers who wrote in opening hours (desk.open): of them, the share that left before a first reply or found nobody
 * and could only leave a message. Who wrote while the shop was closed is in neither number, whatever became of her: with her among
 * the buyers but not among the lost, shorter hours would flatter the figure. The counts (chats_offered, chats_abandoned) are of
 * everybody. An objective per interval judges the intervals in which somebody wrote in opening hours. */

/* ---- Figures ---------------------------------------------------------------------------------- */

struct fl_figure {
    double value, low, high; /* low and high: 95 % interval, when sure */
    uint64_t n;              /* samples behind it: days for counts, events for shares and distributions */
    bool known, sure;
};

/* Times of an outside engine in microseconds, over all days; by statistic, as fl_metric_statistics tells them. */
struct fl_engine_times {
    struct fl_figure decision_latency[6], lateness[6];
};

struct fl_results {
    const struct fl_scenario *scenario;
    struct fl_totals totals;
    const struct fl_row *const *rows; /* [rows_count], by replication; may be NULL: no intervals */
    uint32_t rows_count;
    const char *const *agent_names;
    struct fl_cells cells;            /* of the same days, where they were asked for */
    const struct fl_row *const *dates; /* [rows_count] by fl_dates_pack; NULL where dates are not kept */
    const struct fl_engine_times *engine; /* of the outside engine that was driven; NULL: none */
};

/* A figure of a scope. index: group, agent, intent, interval, or interval x groups + group. `statistic` as in
 * fl_metric_find: "mean", "p50"..., "max", or "" for what is no distribution. Figures of engines are known where one was driven.
 * A percentile may be known and not sure with many days: too few values beyond it, or too few days brought them; so may a count or mean,
 * when it is 0 on all of them.
 * Percentiles of a date are of coarse buckets, as those of intervals. Cost: O(buckets), with intervals O(days x buckets). */
struct fl_figure fl_figure(const struct fl_results *results, enum fl_scope scope, uint32_t index, const struct fl_metric *metric,
                           const char *statistic);

/* Degrees of freedom of an error that is taken from the days' residuals, by the sums of their squares and fourth powers: days - 1, and
 * fewer, but not below 3, where a few days bring most of the squares. F. E. Satterthwaite, "An Approximate Distribution of Estimates of
 * Variance Components", Biometrics Bulletin 2, 1946, 110-114, with the variance that a sample variance has by the kurtosis of the days. */
double fl_degrees_of_days(uint32_t days, double squares, double fourths);

/* The same by its full name, "first_response_s.p90". */
struct fl_figure fl_figure_named(const struct fl_results *results, enum fl_scope scope, uint32_t index, const char *name);

/* A figure of one packed day: desk (group FL_NONE) or one group. */
struct fl_figure fl_row_figure(const struct fl_scenario *scenario, const struct fl_row *row, uint32_t group,
                               const struct fl_metric *metric, const char *statistic);

/* The day's part of a figure that is a ratio of sums (counts, shares, numbers, means): desk (group FL_NONE) or one group. false:
 * not known in this scenario, or no such ratio (percentiles, levels' percentiles, wages, load bands). */
bool fl_row_ratio(const struct fl_scenario *scenario, const struct fl_row *row, uint32_t group, const struct fl_metric *metric,
                  const char *statistic, double *above, double *below);

/* Adds (sign 1) or takes away (sign -1) a day's values of a distribution, in the row's buckets. `head` keeps count, and with sign 1
 * least and largest; head and buckets [FL_FINE_BUCKETS] are zeroed before the first. */
void fl_row_apply(const struct fl_row *row, uint32_t group, const struct fl_metric *metric, int sign, struct fl_histogram *head,
                  uint64_t buckets[]);

/* A percentile of pooled days, and what each day has to do with its error. */
struct fl_quantile {
    double share, value, low, high; /* low and high: 95 %, when sure */
    uint32_t bucket;                /* where it lies, and the share of that bucket's values below it */
    double inside;
    double seconds_each;            /* how far one value more beyond it moves it, times the number of days */
    bool sure;
};

/* head and buckets [FL_FINE_BUCKETS] are those of all rows, by fl_row_apply; head->count > 0. */
void fl_quantile_find(const struct fl_row *const rows[], uint32_t rows_count, uint32_t group, const struct fl_metric *metric, double share,
                      const struct fl_histogram *head, const uint64_t buckets[], struct fl_quantile *out);

/* The error of a quantile that is sure is, to first order, the mean of these parts of its days, whose mean is 0. */
double fl_quantile_part(const struct fl_quantile *quantile, const struct fl_row *row, uint32_t group, const struct fl_metric *metric);

/* The share that a percentile's name stands for: "p90" is 0.9; 0 for what is none. */
double fl_percentile_share(const char *statistic);

/* The desk's pooled histogram of a distribution ("response_s"), counts[FL_FINE_BUCKETS]; false when it is empty. */
bool fl_distribution_counts(const struct fl_results *results, const char *measure, struct fl_histogram *head, uint64_t counts[]);

/* Share of values beyond a limit: P(X > seconds), by the pooled histogram. 0 at the largest value and above; below it the values of the
 * limit's own bucket are taken as spread evenly over it, so of a value that many have at the very limit (a constant time) a part counts as
 * beyond. */
struct fl_figure fl_figure_beyond(const struct fl_results *results, enum fl_scope scope, uint32_t index, const struct fl_metric *metric,
                                  double seconds);

/* Whether an objective holds for a figure: unknown figures never hold. */
bool fl_objective_holds(const struct fl_objective *objective, const struct fl_figure *figure);

/* How an objective fared: its pooled figure (worst cell when it is per interval, group or agent), whether that holds, and on how
 * many days it held.
 *
 * The interval of a worst group is that of the worst of all groups, whichever that is: every group's interval is taken at
 * 5 % / groups (Bonferroni), and the worst ends of all are its ends. The one that happened to come out worst is worse by chance too,
 * so its own 95 % interval would promise too much. Intervals and agents are pooled and have no days, hence no interval; what is known
 * of their chance is the number of days on which all cells held, whose exact interval (Clopper and Pearson) is given for
 * every objective. */
struct fl_objective_result {
    struct fl_figure figure;
    uint32_t where;   /* the worst cell's index; FL_NONE for the day, and for its date where dates are not kept */
    bool met;         /* what is not judged misses nothing */
    bool judged;      /* false: of an outside engine, and none was driven, or such a time is not measured (lateness in lockstep) */
    bool by_days;     /* false: an engine's times are judged over all days alone */
    uint32_t days_met;
    double days_met_low, days_met_high; /* 95 % interval of the share of days; 0 without rows */
};
void fl_objective_judge(const struct fl_results *results, uint32_t objective, struct fl_objective_result *out);

/* Figures in CNY a day, of the whole desk and, for wages, of its groups and agents:
 *   wages_cny      hours on duty x wage, those beyond a working day at the rate of overtime, and hours of training and paid leave x wage;
 *                  the working days of several dates are these
 *   labour_cny     wages + commission x sales + each thirtieth of bonus x people on the payroll and of seats beyond those held
 *   penalties_cny  cases x penalty on days whose platform rate is below the platform's least; a case is a round in its window
 *                  that was not answered in time
 *   profit_cny     margin x sales x (1 + traffic per point of service score x (the day's score - the one expected)) - labour - penalties -
 *                  buyers lost x lost_contact_cny: a month's score is the mean of its days', so each makes it for as much later traffic as
 *                  the day itself has. Where several dates are simulated their traffic has followed the score already, and only that of one
 *                  date more, as large as their mean, is still to come; a date's own profit has none of it
 * A penalty on a single day overstates a rule that looks at 30 days and understates what its breach costs afterwards. */

/* Where the cells of an objective are figures, and whether it judges a cell: nothing is asked of an interval, group or agent that no buyer
 * came to in opening hours. */
enum fl_scope fl_objective_scope(const struct fl_objective *objective);
bool fl_objective_judges(const struct fl_results *results, const struct fl_objective *objective, uint32_t cell);

/* Days on which all objectives held. */
uint32_t fl_days_met(const struct fl_results *results);

/* How many dates the results tell apart: 1 where they are not kept. On how many days (replications, of results->rows_count) a date met
 * all objectives, as fl_dates_pack judges it. Both know it of days that were not pooled, too. */
uint32_t fl_dates_count(const struct fl_results *results);
uint32_t fl_dates_met(const struct fl_results *results, uint32_t date);
/* The mean over days of the people on duty in the interval of the date that begins with the most of them. */
double fl_date_on_duty(const struct fl_results *results, uint32_t date);

#endif
