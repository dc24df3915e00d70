/* Confidence intervals: how often they hold what is true, where they end, and when there is none. */
#include "core/draw.h"
#include "core/real.h"
#include "core/special.h"
#include "measure/summary.h"
#include "run/run.h"
#include "scenario/reader.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fl_scenario *scenario_of(const char *text)
{
    struct fl_scenario *scenario = NULL;
    struct fl_errors errors = { 0 };
    cr_assert_eq(fl_scenario_read("test", text, strlen(text), NULL, 0, &scenario, &errors), FL_OK, "%s", errors.list[0].text);
    return scenario;
}

static const char plain[] = "{\"fenliu\":1,\"duration\":\"1h\",\"interval\":\"1h\",\"traffic\":{\"chats_per_day\":480},"
                            "\"buyers\":{\"intents\":[{\"name\":\"size\"}]},\"desk\":{\"agents\":[{\"name\":\"a\"}]}}";

/* ---- Made days --------------------------------------------------------------------------------- */

enum { VALUES = 1 << 14, LEVELS = 1 << 10, DAYS = 100, MEMORY = 32 << 20 };

/* A population known exactly: reply times at even shares of a lognormal distribution with a median of 20 s and sigma 1; on a day of
 * level z, each times exp(spread z), and so many more buyers. */
struct population {
    double values_s[VALUES], z[LEVELS];
    double spread, busyness; /* sigmas of a day's level and of its number of buyers; both by the same z */
};

static void populate(struct population *of, double spread, double busyness)
{
    for (uint32_t i = 0; i < VALUES; i++) of->values_s[i] = 20 * fl_exp(fl_normal_quantile((i + 0.5) / VALUES));
    for (uint32_t i = 0; i < LEVELS; i++) of->z[i] = fl_normal_quantile((i + 0.5) / LEVELS);
    of->spread = spread;
    of->busyness = busyness;
}

/* The share of a population's values, those of busy days counting more, that are at most x. */
static double share_within(const struct population *of, double x)
{
    double within = 0, all = 0;
    for (uint32_t i = 0; i < LEVELS; i++) {
        const double limit = x / fl_exp(of->spread * of->z[i]), weight = fl_exp(of->busyness * of->z[i]);
        uint32_t low = 0, high = VALUES;
        while (low < high) {
            const uint32_t middle = (low + high) / 2;
            if (of->values_s[middle] <= limit) low = middle + 1;
            else high = middle;
        }
        within += weight * low / VALUES;
        all += weight;
    }
    return within / all;
}

static double true_percentile(const struct population *of, double share)
{
    double low = 0, high = 1e5;
    for (int i = 0; i < 50; i++) {
        const double middle = (low + high) / 2;
        if (share_within(of, middle) < share) low = middle;
        else high = middle;
    }
    return high;
}

/* A day of one group with the given values as first responses; the row is to be freed. */
struct maker {
    const struct fl_scenario *scenario;
    struct fl_day day;
    struct fl_arena arena;
    void *memory;
};

static void maker_start(struct maker *maker, const struct fl_scenario *scenario)
{
    maker->scenario = scenario;
    maker->memory = aligned_alloc(64, MEMORY);
}

static void day_start(struct maker *maker)
{
    fl_arena_start(&maker->arena, maker->memory, MEMORY);
    cr_assert_eq(fl_day_create(&maker->arena, maker->scenario, fl_scenario_agents_count(maker->scenario), FL_DAY_WHOLE, &maker->day), FL_OK);
}

static void day_record(struct maker *maker, uint32_t group, double seconds)
{
    const size_t at = (size_t)group * FL_KINDS + FL_KIND_FIRST_SAME;
    fl_histogram_record(&maker->day.group[group].head[FL_KIND_FIRST_SAME], &maker->day.group_counts[at * FL_FINE_BUCKETS], FL_HISTOGRAM_FINE,
                        fl_time_from_s(seconds));
}

static struct fl_row *day_end(struct maker *maker, uint32_t number)
{
    struct fl_row *row = aligned_alloc(8, fl_row_bytes(&maker->day));
    fl_row_pack(maker->scenario, &maker->day, number, row);
    return row;
}

static struct fl_row *day_of(struct maker *maker, const struct population *of, uint32_t samples, uint64_t *state)
{
    const double z = of->z[fl_mix(++*state) % LEVELS], level = fl_exp(of->spread * z), mean = samples * fl_exp(of->busyness * z);
    const double count = mean + sqrt(mean) * of->z[fl_mix(++*state) % LEVELS];
    day_start(maker);
    for (uint32_t i = 0; i < count; i++) day_record(maker, 0, level * of->values_s[fl_mix(++*state) % VALUES]);
    return day_end(maker, 0);
}

static struct fl_quantile quantile_of(struct fl_row *const rows[], uint32_t days, const char *name)
{
    const char *statistic;
    const struct fl_metric *metric = fl_metric_find(name, &statistic);
    struct fl_histogram head = { 0 };
    static uint64_t buckets[FL_FINE_BUCKETS];
    struct fl_quantile out;
    memset(buckets, 0, sizeof buckets);
    for (uint32_t i = 0; i < days; i++) fl_row_apply(rows[i], FL_NONE, metric, 1, &head, buckets);
    fl_quantile_find((const struct fl_row *const *)rows, days, FL_NONE, metric, fl_percentile_share(statistic), &head, buckets, &out);
    return out;
}

/* ---- Percentiles ------------------------------------------------------------------------------- */

static const char *const names[] = { "first_response_s.p50", "first_response_s.p90", "first_response_s.p99" };

struct coverage {
    uint32_t given[3], held[3];
};

static struct coverage cover(struct maker *maker, const struct population *of, uint32_t days, uint32_t samples, uint32_t trials)
{
    struct coverage out = { 0 };
    struct fl_row *rows[DAYS];
    uint64_t state = (uint64_t)days << 40 | (uint64_t)samples << 56;
    double truth[3];
    for (int k = 0; k < 3; k++) truth[k] = true_percentile(of, fl_percentile_share(names[k] + strlen("first_response_s.")));
    for (uint32_t t = 0; t < trials; t++) {
        for (uint32_t i = 0; i < days; i++) rows[i] = day_of(maker, of, samples, &state);
        for (int k = 0; k < 3; k++) {
            const struct fl_quantile q = quantile_of(rows, days, names[k]);
            if (!q.sure) continue;
            out.given[k]++;
            out.held[k] += q.low <= truth[k] && truth[k] <= q.high;
        }
        for (uint32_t i = 0; i < days; i++) free(rows[i]);
    }
    return out;
}

/* 400 runs each (100 of the large ones): an interval that is given holds the truth in 92 to 98 % of them. Two standard errors of a count
 * around 95 % are 9 of 400 and 4 of 100, which the margin allows for. */
static void expect_cover(double spread, double busyness, double least_given)
{
    static const uint32_t days[] = { 20, 30, 100 }, samples[] = { 100, 1000, 10000 };
    struct population *of = malloc(sizeof *of);
    struct fl_scenario *scenario = scenario_of(plain);
    struct maker maker;
    maker_start(&maker, scenario);
    populate(of, spread, busyness);
    for (int s = 0; s < 3; s++) {
        for (int d = 0; d < 3; d++) {
            const uint32_t trials = samples[s] == 10000 ? 100 : 400;
            const struct coverage seen = cover(&maker, of, days[d], samples[s], trials);
            for (int k = 0; k < 3; k++) {
                const double given = seen.given[k], margin = 2 * sqrt(given * 0.95 * 0.05);
                cr_expect(given >= least_given * trials, "%s, %u days of %u: given %.0f times of %u", names[k], days[d], samples[s], given, trials);
                cr_expect(seen.held[k] >= 0.95 * given - fmax(0.03 * given, margin), "%s, %u days of %u: held %u of %.0f", names[k], days[d],
                          samples[s], seen.held[k], given);
                cr_expect(seen.held[k] <= 0.95 * given + fmax(0.03 * given, margin), "%s, %u days of %u: held %u of %.0f", names[k], days[d],
                          samples[s], seen.held[k], given);
            }
        }
    }
    free(maker.memory);
    free(of);
    fl_scenario_free(scenario);
}

Test(intervals, percentiles_of_days_alike_are_held_in_95_of_100_runs)
{
    expect_cover(0, 0, 0.99);
}

/* Reply times 30 % up or down and buyers 15 %, together: a busy promotion week. With 20 of them the days cannot always tell of p99. */
Test(intervals, percentiles_of_overdispersed_days_are_held_in_95_of_100_runs)
{
    expect_cover(0.3, 0.15, 0.75);
}

/* 1 000 quick replies on each of 20 days, and 15 slow ones a day, or 300 on one of them: as many values beyond p99, and in the second
 * case nobody knows how often such a day comes. */
Test(intervals, a_tail_that_one_day_brought_has_no_interval)
{
    struct fl_scenario *scenario = scenario_of(plain);
    struct maker maker;
    maker_start(&maker, scenario);
    for (int once = 0; once < 2; once++) {
        struct fl_row *rows[20];
        for (uint32_t i = 0; i < 20; i++) {
            day_start(&maker);
            for (uint32_t k = 0; k < 1000; k++) day_record(&maker, 0, 20 + 0.01 * k);
            for (uint32_t k = 0; k < (once ? (i == 3 ? 300u : 0u) : 10 + i % 11); k++) day_record(&maker, 0, 100 + k);
            rows[i] = day_end(&maker, i);
        }
        const struct fl_quantile tail = quantile_of(rows, 20, "first_response_s.p99"), middle = quantile_of(rows, 20, "first_response_s.p50");
        cr_expect(middle.sure && middle.low <= middle.value && middle.value <= middle.high);
        cr_expect_eq(tail.sure, !once);
        cr_expect_gt(tail.value, 99);
        for (uint32_t i = 0; i < 20; i++) free(rows[i]);
    }
    free(maker.memory);
    fl_scenario_free(scenario);
}

/* ---- Ends -------------------------------------------------------------------------------------- */

static struct fl_run *run_of(const struct fl_scenario *scenario, uint32_t days)
{
    struct fl_run *run = NULL;
    const struct fl_run_options options = { .seed = 7, .replications = days, .jobs = 1 };
    cr_assert_eq(fl_run(scenario, &options, &run), FL_OK);
    return run;
}

/* One agent, of whom a few buyers a day find her taken: shares near 0 and near 1. */
Test(intervals, no_end_of_a_share_leaves_0_to_1)
{
    struct fl_scenario *scenario = scenario_of("{\"fenliu\":1,\"duration\":\"1h\",\"traffic\":{\"chats_per_day\":120},"
                                               "\"buyers\":{\"intents\":[{\"name\":\"size\",\"reply\":{\"total\":{\"exponential\":\"20s\"}}}],"
                                               "\"patience\":{\"first\":\"100s\"}},\"desk\":{\"agents\":[{\"name\":\"a\",\"max_chats\":1}]},"
                                               "\"thresholds\":[{\"measure\":\"first_response_s\",\"seconds\":90}]}");
    struct fl_run *run = run_of(scenario, 4);
    uint32_t count, rare = 0;
    const char *statistic;
    const struct fl_metric *metrics = fl_metrics(&count);

    for (uint32_t i = 0; i < count; i++) {
        const struct fl_figure figure = metrics[i].kind == FL_METRIC_SHARE ? fl_figure(&run->results, FL_SCOPE_DESK, 0, &metrics[i], "") : (struct fl_figure){ 0 };
        if (!figure.sure) continue;
        cr_expect(figure.low >= 0 && figure.low <= figure.value && figure.value <= figure.high && figure.high <= 1, "%s", metrics[i].name);
        cr_expect(figure.value == 0 || figure.value == 1 || (figure.low > 0 && figure.high < 1), "%s", metrics[i].name);
        rare += figure.value > 0 && figure.value < 1 && (figure.high - figure.value > figure.value || figure.value - figure.low > 1 - figure.value);
    }

    cr_expect_geq(rare, 1, "some would leave it");
    const struct fl_metric *first = fl_metric_find("first_response_s.mean", &statistic);
    const struct fl_figure beyond = fl_figure_beyond(&run->results, FL_SCOPE_DESK, 0, first, 90);
    cr_expect(beyond.sure && beyond.low >= 0 && beyond.high <= 1);
    fl_run_free(run);
    fl_scenario_free(scenario);
}

/* Replies of 4 s and 30 s: at the longest there is nothing beyond, wherever in its bucket the limit lies. */
Test(intervals, nothing_lies_beyond_the_longest)
{
    struct fl_scenario *scenario = scenario_of("{\"fenliu\":1,\"duration\":\"1h\",\"traffic\":{\"chats_per_day\":1200},"
                                               "\"buyers\":{\"intents\":[{\"name\":\"size\",\"reply\":{\"total\":{\"empirical\":[\"4s\",\"30s\"]}}}]},"
                                               "\"desk\":{\"agents\":[{\"name\":\"a\",\"max_chats\":1}]}}");
    struct fl_run *run = run_of(scenario, 4);
    const char *statistic;
    const struct fl_metric *reply = fl_metric_find("reply_latency_s.mean", &statistic);

    cr_expect_eq(fl_figure_beyond(&run->results, FL_SCOPE_DESK, 0, reply, 30).value, 0);
    cr_expect_eq(fl_figure_beyond(&run->results, FL_SCOPE_DESK, 0, reply, 30.05).value, 0);
    const double longer = fl_figure_beyond(&run->results, FL_SCOPE_DESK, 0, reply, 10).value;
    cr_expect_float_eq(longer, 0.5, 0.2);
    cr_expect_eq(fl_figure_beyond(&run->results, FL_SCOPE_DESK, 0, reply, 29).value, longer);
    fl_run_free(run);
    fl_scenario_free(scenario);
}

/* Days of so many buyers, of whom so many left; twenty of them. */
static struct fl_figure share_of_days(struct maker *maker, const struct fl_scenario *scenario, const uint32_t offered[20], uint32_t left_every, const char *name)
{
    struct fl_results results = { .scenario = scenario, .rows_count = 20 };
    struct fl_row *rows[20];
    void *memory = calloc(1, fl_totals_bytes(scenario));
    fl_totals_start(&results.totals, scenario, memory);
    for (uint32_t i = 0; i < 20; i++) {
        day_start(maker);
        maker->day.group[0].count[FL_COUNT_chats_offered] = offered[i];
        maker->day.group[0].count[FL_COUNT_chats_abandoned] = left_every > 0 ? offered[i] / left_every : 0;
        fl_totals_add(&results.totals, results.scenario, &maker->day);
        rows[i] = day_end(maker, i);
    }
    results.rows = (const struct fl_row *const *)rows;
    const struct fl_figure figure = fl_figure_named(&results, FL_SCOPE_DESK, 0, name);
    for (uint32_t i = 0; i < 20; i++) free(rows[i]);
    free(memory);
    return figure;
}

/* 100 buyers a day are worth 10 trials where every day has as many; where they are 50 or 150, variance / mean is 26.3 and they are worth
 * 2.75. Days of one buyer are worth no more than one trial, and what has no upper end has no interval. */
Test(intervals, what_did_not_happen_on_any_day_has_an_upper_bound)
{
    struct fl_scenario *scenario = scenario_of(plain);
    struct maker maker;
    uint32_t alike[20], unlike[20], few[20];
    maker_start(&maker, scenario);
    for (uint32_t i = 0; i < 20; i++) {
        alike[i] = 100;
        unlike[i] = i % 2 ? 150 : 50;
        few[i] = 1;
    }

    const struct fl_figure none = share_of_days(&maker, scenario, alike, 0, "abandonment"), all = share_of_days(&maker, scenario, alike, 1, "abandonment");
    const struct fl_figure of_unlike = share_of_days(&maker, scenario, unlike, 0, "abandonment"), of_few = share_of_days(&maker, scenario, few, 0, "abandonment");
    const struct fl_figure count = share_of_days(&maker, scenario, alike, 0, "chats_abandoned");

    cr_expect(none.sure && none.value == 0 && none.low == 0 && none.high == fl_binomial_upper(0, 200, 0.025));
    cr_expect(all.sure && all.value == 1 && all.high == 1);
    cr_expect_float_eq(all.low, 1 - none.high, 1e-15);
    cr_expect(of_unlike.sure && of_unlike.low == 0 && of_unlike.high == fl_binomial_upper(0, 55, 0.025));
    cr_expect(of_few.sure && of_few.high == fl_binomial_upper(0, 20, 0.025));
    cr_expect(count.known && count.value == 0 && !count.sure);
    free(maker.memory);
    fl_scenario_free(scenario);
}

/* Beyond a limit lie `above` of each day's values; and of those of the limit's own bucket the part of it that lies beyond. The interval is that of
 * any share of as many. */
Test(intervals, the_share_beyond_a_limit_is_counted_and_has_the_interval_of_a_share)
{
    struct fl_scenario *scenario = scenario_of(plain);
    struct maker maker;
    struct fl_row *rows[20];
    const char *statistic;
    const struct fl_metric *metric = fl_metric_find("first_response_s.mean", &statistic);
    void *memory = calloc(1, fl_totals_bytes(scenario));
    struct fl_results results = { .scenario = scenario, .rows_count = 20 };
    const uint32_t bucket = fl_histogram_bucket(90 * FL_SECOND, FL_HISTOGRAM_FINE);
    const double from = fl_time_to_s(fl_histogram_edge(bucket, FL_HISTOGRAM_FINE)), to = fl_time_to_s(fl_histogram_edge(bucket + 1, FL_HISTOGRAM_FINE));
    maker_start(&maker, scenario);
    fl_totals_start(&results.totals, scenario, memory);
    for (uint32_t i = 0; i < 20; i++) {
        const uint32_t above = 5 + i * 7 % 11;
        day_start(&maker);
        for (uint32_t k = 0; k < 100 + i; k++) day_record(&maker, 0, k < above ? 200 : k < 60 ? (from + to) / 2 : 10);
        maker.day.group[0].count[FL_COUNT_chats_offered] = 100 + i;
        maker.day.group[0].count[FL_COUNT_chats_abandoned] = above;
        fl_totals_add(&results.totals, results.scenario, &maker.day);
        rows[i] = day_end(&maker, i);
    }
    results.rows = (const struct fl_row *const *)rows;

    const struct fl_figure beyond = fl_figure_beyond(&results, FL_SCOPE_DESK, 0, metric, 150), share = fl_figure_named(&results, FL_SCOPE_DESK, 0, "abandonment");
    const struct fl_figure within = fl_figure_beyond(&results, FL_SCOPE_DESK, 0, metric, from + (to - from) / 4);

    cr_expect(beyond.known && beyond.sure && beyond.n == 2190);
    cr_expect_float_eq(beyond.value, share.value, 1e-12);
    cr_expect_float_eq(beyond.low, share.low, 1e-12);
    cr_expect_float_eq(beyond.high, share.high, 1e-12);
    cr_expect_float_eq(within.value, (share.value * 2190 + 0.75 * (20 * 60 - share.value * 2190)) / 2190, 1e-6, "three quarters of the bucket");
    for (uint32_t i = 0; i < 20; i++) free(rows[i]);
    free(memory);
    free(maker.memory);
    fl_scenario_free(scenario);
}

/* 64 groups, and nearly all of it on one of two days: t is 815 for each. */
Test(intervals, what_two_days_leave_without_an_end_is_not_given)
{
    static char text[8192];
    int n = snprintf(text, sizeof text, "{\"fenliu\":1,\"duration\":\"1h\",\"interval\":\"1h\",\"traffic\":{\"chats_per_day\":480},\"buyers\":{\"intents\":"
                     "[{\"name\":\"size\"}]},\"objectives\":{\"chats_offered\":{\"want\":\"<= 9\",\"per\":\"group\"}},\"desk\":{\"groups\":[");
    for (int g = 0; g < 64; g++) n += snprintf(text + n, sizeof text - n, "%s{\"name\":\"g%d\"}", g > 0 ? "," : "", g);
    snprintf(text + n, sizeof text - n, "],\"agents\":[{\"name\":\"a\",\"groups\":[\"g0\"]}]}}");
    struct fl_scenario *scenario = scenario_of(text);
    struct fl_results results = { .scenario = scenario, .rows_count = 2 };
    struct maker maker;
    struct fl_row *rows[2];
    void *memory = calloc(1, fl_totals_bytes(scenario));
    maker_start(&maker, scenario);
    fl_totals_start(&results.totals, scenario, memory);
    for (uint32_t i = 0; i < 2; i++) {
        day_start(&maker);
        for (uint32_t g = 0; g < 64; g++) maker.day.group[g].count[FL_COUNT_chats_offered] = i == 0 ? 1 : 1000;
        fl_totals_add(&results.totals, results.scenario, &maker.day);
        rows[i] = day_end(&maker, i);
    }
    results.rows = (const struct fl_row *const *)rows;
    struct fl_objective_result judged;

    fl_objective_judge(&results, 0, &judged);

    const struct fl_figure alone = fl_figure_named(&results, FL_SCOPE_GROUP, 0, "chats_offered");
    cr_expect(judged.figure.known && judged.figure.value == 500.5 && !judged.figure.sure);
    cr_expect(alone.sure && alone.low > 0 && isfinite(alone.high));
    for (uint32_t i = 0; i < 2; i++) free(rows[i]);
    free(memory);
    free(maker.memory);
    fl_scenario_free(scenario);
}

/* Ten residuals: as many up as down, one that is all of it, and five of each of two sizes (kurtosis 1.36; n - 1 is the most). */
Test(intervals, few_days_with_most_of_the_squares_are_few_degrees)
{
    cr_expect_eq(fl_degrees_of_days(10, 10, 10), 9);
    cr_expect_eq(fl_degrees_of_days(10, 10, 100), 3);
    cr_expect_eq(fl_degrees_of_days(10, 25, 85), 9);
    cr_expect_float_eq(fl_degrees_of_days(100, 100, 600), 200 / (6 - 97. / 99), 1e-12);
    cr_expect_eq(fl_degrees_of_days(3, 3, 4.5), 2, "no more than the days have");
    cr_expect_eq(fl_degrees_of_days(10, 0, 0), 9, "all alike");
}

/* 30 of 150 on every day: no two days differ. */
Test(intervals, what_is_the_same_on_every_day_is_as_sure_as_that)
{
    struct fl_scenario *scenario = scenario_of(plain);
    struct maker maker;
    uint32_t alike[20];
    maker_start(&maker, scenario);
    for (uint32_t i = 0; i < 20; i++) alike[i] = 150;

    const struct fl_figure share = share_of_days(&maker, scenario, alike, 5, "abandonment"), count = share_of_days(&maker, scenario, alike, 5, "chats_abandoned");

    cr_expect(share.sure && share.low == share.value && share.high == share.value && share.value == 0.2);
    cr_expect(count.sure && count.low == 30 && count.high == 30);
    free(maker.memory);
    fl_scenario_free(scenario);
}

/* ---- Objectives -------------------------------------------------------------------------------- */

static const char two_groups[] =
    "{\"fenliu\":1,\"duration\":\"2h\",\"interval\":\"30m\",\"traffic\":{\"chats_per_day\":1200},"
    "\"buyers\":{\"intents\":[{\"name\":\"size\",\"reply\":{\"total\":{\"exponential\":\"50s\"}}},"
    "{\"name\":\"refund\",\"phase\":\"after_sale\",\"reply\":{\"total\":{\"exponential\":\"50s\"}}}],\"patience\":{\"first\":\"90s\"}},"
    "\"desk\":{\"groups\":[{\"name\":\"before\",\"phases\":[\"pre_sale\"]},{\"name\":\"after\",\"phases\":[\"after_sale\"]}],"
    "\"agents\":[{\"name\":\"b\",\"count\":2,\"groups\":[\"before\"]},{\"name\":\"a\",\"count\":2,\"groups\":[\"after\"]}]},"
    "\"objectives\":{\"abandonment\":{\"want\":\"<= 0.25\",\"per\":\"group\"},\"first_response_s.p90\":{\"want\":\"<= 60\",\"per\":\"interval\"},"
    "\"reply_rate_3min\":{\"want\":\">= 0.8\",\"per\":\"agent\"},\"waited\":\"<= 0.9\"}}";

Test(intervals, the_worst_group_has_the_interval_of_the_worst_of_all)
{
    struct fl_scenario *scenario = scenario_of(two_groups);
    struct fl_run *run = run_of(scenario, 40);
    struct fl_objective_result group, interval, agent, day;

    fl_objective_judge(&run->results, 0, &group);
    fl_objective_judge(&run->results, 1, &interval);
    fl_objective_judge(&run->results, 2, &agent);
    fl_objective_judge(&run->results, 3, &day);

    const struct fl_figure alone[2] = { fl_figure_named(&run->results, FL_SCOPE_GROUP, 0, "abandonment"),
                                        fl_figure_named(&run->results, FL_SCOPE_GROUP, 1, "abandonment") };
    const double low = fmax(alone[0].low, alone[1].low), high = fmax(alone[0].high, alone[1].high);
    const double wider = fl_student_quantile(1 - 0.0125, 39) / fl_student_quantile(0.975, 39);
    cr_expect_eq(group.figure.value, fmax(alone[0].value, alone[1].value));
    cr_expect(group.figure.sure && group.figure.low < low && group.figure.high > high);
    cr_expect_float_eq((group.figure.high - group.figure.low) / (high - low), wider, 0.1, "an error of 2.5 %% each");
    cr_expect(interval.figure.known && !interval.figure.sure && agent.figure.known && !agent.figure.sure, "pooled without their days");
    const struct fl_figure waited = fl_figure_named(&run->results, FL_SCOPE_DESK, 0, "waited");
    cr_expect(day.figure.sure && day.figure.low == waited.low && day.figure.high == waited.high);
    fl_run_free(run);
    fl_scenario_free(scenario);
}

Test(intervals, the_share_of_days_on_which_an_objective_held_is_exact)
{
    struct fl_scenario *scenario = scenario_of(two_groups);
    struct fl_run *run = run_of(scenario, 40);
    struct fl_objective_result judged;

    fl_objective_judge(&run->results, 0, &judged);

    cr_expect(judged.days_met > 0 && judged.days_met < 40, "%u of 40", judged.days_met);
    cr_expect_eq(judged.days_met_low, fl_binomial_lower(judged.days_met, 40, 0.025));
    cr_expect_eq(judged.days_met_high, fl_binomial_upper(judged.days_met, 40, 0.025));
    fl_run_free(run);
    fl_scenario_free(scenario);
}

/* From 08:00 to 10:00, open from 09:00: night's buyers are answered by who is there early, and nobody judges them. */
Test(intervals, an_interval_in_which_the_shop_was_closed_is_not_judged)
{
    struct fl_scenario *scenario = scenario_of("{\"fenliu\":1,\"start\":\"2026-06-17T08:00\",\"duration\":\"2h\",\"interval\":\"30m\","
                                               "\"traffic\":{\"chats_per_day\":2400},\"buyers\":{\"intents\":[{\"name\":\"size\",\"reply\":{\"total\":\"9s\"}}]},"
                                               "\"desk\":{\"open\":[\"09:00\",\"24:00\"],\"agents\":[{\"name\":\"a\"}]},"
                                               "\"objectives\":{\"abandonment\":{\"want\":\"<= 0.5\",\"per\":\"interval\"}}}");
    struct fl_run *run = run_of(scenario, 3);
    struct fl_objective_result judged;

    fl_objective_judge(&run->results, 0, &judged);

    cr_expect(!fl_figure_named(&run->results, FL_SCOPE_INTERVAL, 0, "abandonment").known);
    cr_expect(judged.met && judged.days_met == 3 && judged.figure.known && judged.where >= 2);
    fl_run_free(run);
    fl_scenario_free(scenario);
}

/* ---- Rows -------------------------------------------------------------------------------------- */

/* A group all of whose buyers were served at once, and one in which all waited. */
Test(intervals, a_days_percentile_knows_the_group_in_which_nobody_waited)
{
    struct fl_scenario *scenario = scenario_of(two_groups);
    struct maker maker;
    const char *statistic;
    const struct fl_metric *metric = fl_metric_find("first_response_s.p50", &statistic);
    maker_start(&maker, scenario);
    day_start(&maker);
    for (uint32_t i = 0; i < 60; i++) day_record(&maker, 0, 0);
    for (uint32_t i = 0; i < 40; i++) day_record(&maker, 1, 5);
    struct fl_row *row = day_end(&maker, 0);

    cr_expect_eq(fl_row_figure(scenario, row, FL_NONE, metric, "p50").value, 0);
    cr_expect_float_eq(fl_row_figure(scenario, row, FL_NONE, metric, "p90").value, 5, 0.05);
    free(row);
    free(maker.memory);
    fl_scenario_free(scenario);
}

/* A million buyers who wait half a day: 4.3e19 ns, more than 64 bits hold. */
Test(intervals, a_day_of_a_million_who_wait_half_a_day_has_its_mean)
{
    struct fl_scenario *scenario = scenario_of(plain);
    struct maker maker;
    const char *statistic;
    const struct fl_metric *metric = fl_metric_find("first_response_s.mean", &statistic);
    maker_start(&maker, scenario);
    day_start(&maker);
    for (uint32_t i = 0; i < 1000000; i++) day_record(&maker, 0, 43200);
    struct fl_row *row = day_end(&maker, 0);

    cr_expect_float_eq(fl_row_figure(scenario, row, FL_NONE, metric, "mean").value, 43200, 1e-6);
    free(row);
    free(maker.memory);
    fl_scenario_free(scenario);
}
