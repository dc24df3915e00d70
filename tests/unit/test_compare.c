/* Comparing runs: against figures worked out by hand, against itself, and by how often its intervals hold what is true. */
#include "core/special.h"
#include "measure/compare.h"
#include "record/days.h"
#include "run/run.h"
#include "scenario/reader.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static struct fl_scenario *scenario_of(const char *text)
{
    struct fl_scenario *scenario = NULL;
    struct fl_errors errors = { 0 };
    cr_assert_eq(fl_scenario_read("test", text, strlen(text), NULL, 0, &scenario, &errors), FL_OK, "%s", errors.list[0].text);
    return scenario;
}

static const char small[] = "{\"fenliu\":1,\"duration\":\"1h\",\"interval\":\"15m\",\"traffic\":{\"chats_per_day\":480},"
                            "\"buyers\":{\"intents\":[{\"name\":\"size\",\"reply\":{\"total\":{\"exponential\":\"70s\"}}}]},"
                            "\"desk\":{\"agents\":[{\"name\":\"a\",\"count\":2,\"max_chats\":1}]}}";

static struct fl_run *run_of(const struct fl_scenario *scenario, uint64_t seed, uint32_t days)
{
    struct fl_run *run = NULL;
    const struct fl_run_options options = { .seed = seed, .replications = days, .jobs = 1 };
    cr_assert_eq(fl_run(scenario, &options, &run), FL_OK);
    return run;
}

static struct fl_side side_of(const struct fl_run *run)
{
    return (struct fl_side){ run->results.scenario, run->results.rows, run->results.rows_count };
}

/* Rows of five days with counts as given: offered 100 a day. */
struct made {
    struct fl_row *row[5];
    struct fl_side side;
};

static void make(struct made *made, const struct fl_scenario *scenario, const uint32_t abandoned[5], const uint32_t offered[5])
{
    void *memory = aligned_alloc(64, 16 << 20);
    for (uint32_t i = 0; i < 5; i++) {
        struct fl_arena arena;
        struct fl_day day;
        fl_arena_start(&arena, memory, 16 << 20);
        cr_assert_eq(fl_day_create(&arena, scenario, fl_scenario_agents_count(scenario), FL_DAY_WHOLE, &day), FL_OK);
        day.group[0].count[FL_COUNT_chats_abandoned] = abandoned[i];
        day.group[0].count[FL_COUNT_chats_offered] = offered[i];
        made->row[i] = aligned_alloc(8, fl_row_bytes(&day));
        fl_row_pack(scenario, &day, i, made->row[i]);
    }
    free(memory);
    made->side = (struct fl_side){ scenario, (const struct fl_row *const *)made->row, 5 };
}

static void unmake(struct made *made)
{
    for (uint32_t i = 0; i < 5; i++) free(made->row[i]);
}

static struct fl_difference difference_of(const struct fl_side *a, const struct fl_side *b, bool paired, const char *name)
{
    const char *statistic;
    const struct fl_metric *metric = fl_metric_find(name, &statistic);
    return fl_compare(a, FL_NONE, b, FL_NONE, paired, metric, statistic);
}

static const uint32_t hundred[5] = { 100, 100, 100, 100, 100 };

/* Differences 2, 4, 1, 3, 5: mean 3, variance 2.5, standard error sqrt(0.5), t = 4.2426 with 4 degrees of freedom; half-width
 * 2.7764451 x 0.7071068 = 1.9632432; two-sided p 0.0132356 (by the closed form of t with 4 degrees). */
Test(compare, a_count_is_compared_by_the_paired_t_test)
{
    struct fl_scenario *scenario = scenario_of(small);
    struct made a, b;
    make(&a, scenario, (uint32_t[]){ 10, 12, 9, 11, 20 }, hundred);
    make(&b, scenario, (uint32_t[]){ 12, 16, 10, 14, 25 }, hundred);

    const struct fl_difference d = difference_of(&a.side, &b.side, true, "chats_abandoned");

    const double t = 3 / sqrt(0.5), s = t / sqrt(4 + t * t);
    cr_expect(d.known && d.sure);
    cr_expect_float_eq(d.a, 12.4, 1e-12);
    cr_expect_float_eq(d.b, 15.4, 1e-12);
    cr_expect_float_eq(d.value, 3, 1e-12);
    cr_expect_float_eq(d.low, 3 - 1.9632432, 1e-6);
    cr_expect_float_eq(d.high, 3 + 1.9632432, 1e-6);
    cr_expect_float_eq(d.p, 1 - s * (1.5 - 0.5 * s * s), 1e-10);
    unmake(&a);
    unmake(&b);
    fl_scenario_free(scenario);
}

/* Wages of a desk that is there all the time are the same every day; profit is that less of them, sales being equal. */
Test(compare, money_of_the_desk_is_compared_day_by_day)
{
    static const char paid[] = "{\"fenliu\":1,\"duration\":\"1h\",\"traffic\":{\"chats_per_day\":480},\"buyers\":{\"intents\":[{\"name\":\"size\"}]},"
                               "\"desk\":{\"agents\":[{\"name\":\"a\",\"count\":2,\"wage_cny_per_hour\":%d}]},"
                               "\"money\":{\"conversion\":0.5,\"order_value_cny\":100}}";
    char cheap_text[sizeof paid], dear_text[sizeof paid];
    snprintf(cheap_text, sizeof cheap_text, paid, 20);
    snprintf(dear_text, sizeof dear_text, paid, 25);
    struct fl_scenario *cheap = scenario_of(cheap_text), *dear = scenario_of(dear_text);
    struct fl_run *a = run_of(cheap, 1, 10), *b = run_of(dear, 1, 10);
    const struct fl_side of_a = side_of(a), of_b = side_of(b);

    const struct fl_difference wages = difference_of(&of_a, &of_b, true, "wages_cny"), profit = difference_of(&of_a, &of_b, true, "profit_cny");

    cr_expect(wages.known && profit.known && profit.sure);
    cr_expect_float_eq(wages.a, 40, 1e-9);
    cr_expect_float_eq(wages.value, 10, 1e-9);
    cr_expect_float_eq(profit.value, -10, 1e-9);
    cr_expect_float_eq(profit.a, fl_figure_named(&a->results, FL_SCOPE_DESK, 0, "profit_cny").value, 1e-9);
    const struct fl_difference apart = difference_of(&of_a, &of_b, false, "profit_cny");
    cr_expect(apart.low < -10 && apart.high > -10, "sales differ from day to day");
    fl_run_free(a);
    fl_run_free(b);
    fl_scenario_free(cheap);
    fl_scenario_free(dear);
}

/* The same numbers as independent days: variances 19.3 and 33.8, error sqrt(53.1 / 5), degrees 53.1^2 x 4 / (19.3^2 + 33.8^2). The cubes
 * around the means add up to 383.04 and 685.44; what leans is their difference over 5^3, over the cube of sqrt(212.4) / 5, over 6. */
Test(compare, unpaired_days_are_compared_by_welch)
{
    struct fl_scenario *scenario = scenario_of(small);
    struct made a, b;
    make(&a, scenario, (uint32_t[]){ 10, 12, 9, 11, 20 }, hundred);
    make(&b, scenario, (uint32_t[]){ 12, 16, 10, 14, 25 }, hundred);

    const struct fl_difference d = difference_of(&a.side, &b.side, false, "chats_abandoned");

    const double degrees = 53.1 * 53.1 * 4 / (19.3 * 19.3 + 33.8 * 33.8);
    cr_expect_float_eq(d.value, 3, 1e-12);
    const double t = fl_student_quantile(0.975, degrees), lean = (685.44 - 383.04) / pow(sqrt(212.4), 3) / 6;
    cr_expect_float_eq(d.value - d.low, t * sqrt(53.1 / 5), 1e-9);
    cr_expect_float_eq(d.high - d.value, (t + (2 * t * t + 1) * lean) * sqrt(53.1 / 5), 1e-9);
    cr_expect_gt(d.p, 0.3);
    unmake(&a);
    unmake(&b);
    fl_scenario_free(scenario);
}

/* Days of unlike size: A 10 of 100 and B 20 of 100 on small days, both 1 in 10 on the large one. Ratios by sums, residuals by day. */
Test(compare, a_share_is_a_ratio_of_sums_with_paired_residuals)
{
    struct fl_scenario *scenario = scenario_of(small);
    const uint32_t offered[5] = { 100, 200, 300, 100, 300 }, of_a[5] = { 10, 18, 33, 9, 30 }, of_b[5] = { 12, 26, 33, 14, 25 };
    struct made a, b;
    make(&a, scenario, of_a, offered);
    make(&b, scenario, of_b, offered);

    const struct fl_difference d = difference_of(&a.side, &b.side, true, "abandonment");

    double squares = 0;
    for (int i = 0; i < 5; i++) {
        const double e = ((of_b[i] - 0.11 * offered[i]) - (of_a[i] - 0.1 * offered[i])) / 200;
        squares += e * e;
    }
    cr_expect_float_eq(d.a, 0.10, 1e-12);
    cr_expect_float_eq(d.b, 0.11, 1e-12);
    cr_expect_float_eq(d.high - d.value, fl_student_quantile(0.975, 4) * sqrt(squares / 20), 1e-12);
    unmake(&a);
    unmake(&b);
    fl_scenario_free(scenario);
}

Test(compare, a_run_does_not_differ_from_itself)
{
    struct fl_scenario *scenario = scenario_of(small);
    struct fl_run *one = run_of(scenario, 7, 20), *two = run_of(scenario, 7, 20);
    const struct fl_side a = side_of(one), b = side_of(two);
    static const char *const names[] = { "first_response_s.mean", "first_response_s.p90", "response_s.p99", "waited", "chats_answered", "occupancy" };

    cr_expect(fl_pair(&a, &b).paired);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct fl_difference d = difference_of(&a, &b, true, names[i]);
        cr_expect(d.known && d.value == 0 && d.low == 0 && d.high == 0 && d.p == 1, "%s", names[i]);
        cr_expect_eq(d.sure, strcmp(names[i], "response_s.p99") != 0, "%s: some four of 400 lie beyond it", names[i]);
    }
    fl_run_free(one);
    fl_run_free(two);
    fl_scenario_free(scenario);
}

Test(compare, other_days_are_not_paired)
{
    struct fl_scenario *scenario = scenario_of(small);
    struct fl_run *one = run_of(scenario, 7, 20), *two = run_of(scenario, 8, 20), *fewer = run_of(scenario, 7, 19);
    const struct fl_side a = side_of(one), b = side_of(two), c = side_of(fewer);

    const struct fl_pairing other = fl_pair(&a, &b), less = fl_pair(&a, &c);

    cr_expect(!other.paired && other.day != FL_NONE && other.chats_a != other.chats_b);
    cr_expect(!less.paired && less.day == FL_NONE);
    fl_run_free(one);
    fl_run_free(two);
    fl_run_free(fewer);
    fl_scenario_free(scenario);
}

Test(compare, one_day_says_nothing)
{
    struct fl_scenario *scenario = scenario_of(small);
    struct fl_run *one = run_of(scenario, 7, 1);
    const struct fl_side a = side_of(one);

    const struct fl_difference mean = difference_of(&a, &a, true, "first_response_s.mean"), high = difference_of(&a, &a, true, "first_response_s.p90");

    cr_expect(mean.known && !mean.sure && mean.p == 1);
    cr_expect(high.known && !high.sure && high.p == 1);
    fl_run_free(one);
    fl_scenario_free(scenario);
}

struct plans {
    struct fl_scenario *slow, *fast;
};

/* Agents a tenth faster. */
static struct plans plans_open(void)
{
    char faster[sizeof small];
    memcpy(faster, small, sizeof small);
    memcpy(strstr(faster, "70s"), "63s", 3);
    return (struct plans){ scenario_of(small), scenario_of(faster) };
}

/* On 300 pairs of runs of short days with some 20 chats each. The true difference is that of 20 000 days. A 95 % interval holds it in 285 of 300;
 * three standard errors of that count are 11.3. p99 wants 60 days. */
static void expect_cover(uint32_t days, const char *const names[3], const uint32_t least_given[3], const uint32_t misses[3])
{
    const struct plans plans = plans_open();
    struct fl_scenario *const plan_a = plans.slow, *const plan_b = plans.fast;
    double truth[3];
    uint32_t given[3] = { 0 }, held[3] = { 0 }, wider[3] = { 0 };
    struct fl_run *all_a = run_of(plan_a, 1000, 20000), *all_b = run_of(plan_b, 1000, 20000);
    const struct fl_side whole_a = side_of(all_a), whole_b = side_of(all_b);
    for (int i = 0; i < 3; i++) {
        const char *statistic;
        const struct fl_metric *metric = fl_metric_find(names[i], &statistic);
        truth[i] = fl_figure(&all_b->results, FL_SCOPE_DESK, 0, metric, statistic).value -
                   fl_figure(&all_a->results, FL_SCOPE_DESK, 0, metric, statistic).value;
    }
    cr_assert(fl_pair(&whole_a, &whole_b).paired);
    for (uint32_t trial = 0; trial < 300; trial++) {
        struct fl_run *run_a = run_of(plan_a, trial, days), *run_b = run_of(plan_b, trial, days);
        const struct fl_side a = side_of(run_a), b = side_of(run_b);
        for (int i = 0; i < 3; i++) {
            const struct fl_difference d = difference_of(&a, &b, true, names[i]), apart = difference_of(&a, &b, false, names[i]);
            given[i] += d.sure;
            held[i] += d.sure && d.low <= truth[i] && truth[i] <= d.high;
            wider[i] += d.sure && apart.high - apart.low > d.high - d.low;
        }
        fl_run_free(run_a);
        fl_run_free(run_b);
    }

    for (int i = 0; i < 3; i++) {
        cr_expect_geq(given[i], least_given[i], "%s: given %u of 300", names[i], given[i]);
        cr_expect(held[i] + misses[i] >= given[i] && held[i] < given[i], "%s: held %u of %u", names[i], held[i], given[i]);
        cr_expect_geq(wider[i] + 10, given[i], "%s: pairing narrows, %u of %u", names[i], wider[i], given[i]);
    }
    fl_run_free(all_a);
    fl_run_free(all_b);
    fl_scenario_free(plan_a);
    fl_scenario_free(plan_b);
}

Test(compare, intervals_of_paired_differences_hold_the_truth_in_95_of_100_runs)
{
    expect_cover(20, (const char *const[]){ "first_response_s.mean", "first_response_s.p90", "waited" }, (const uint32_t[]){ 300, 295, 300 },
                 (const uint32_t[]){ 26, 26, 26 });
}

Test(compare, intervals_of_paired_tails_hold_the_truth_in_95_of_100_runs_or_are_not_given)
{
    expect_cover(60, (const char *const[]){ "first_response_s.p50", "first_response_s.p90", "first_response_s.p99" },
                 (const uint32_t[]){ 300, 300, 270 }, (const uint32_t[]){ 26, 26, 26 });
}

/* The same of runs of other days: neither too narrow, nor, as by adding what days have in common to that in which they differ, too wide. */
Test(compare, intervals_of_unpaired_differences_hold_the_truth_in_95_of_100_runs)
{
    static const char *const names[] = { "first_response_s.mean", "first_response_s.p50", "first_response_s.p90", "waited" };
    const struct plans plans = plans_open();
    double truth[4];
    uint32_t given[4] = { 0 }, held[4] = { 0 };
    struct fl_run *all_a = run_of(plans.slow, 1000, 20000), *all_b = run_of(plans.fast, 1000, 20000);
    for (int i = 0; i < 4; i++)
        truth[i] = fl_figure_named(&all_b->results, FL_SCOPE_DESK, 0, names[i]).value - fl_figure_named(&all_a->results, FL_SCOPE_DESK, 0, names[i]).value;
    for (uint32_t trial = 0; trial < 300; trial++) {
        struct fl_run *run_a = run_of(plans.slow, trial, 20), *run_b = run_of(plans.fast, 100000 + trial, 20);
        const struct fl_side a = side_of(run_a), b = side_of(run_b);
        for (int i = 0; i < 4; i++) {
            const struct fl_difference d = difference_of(&a, &b, false, names[i]);
            given[i] += d.sure;
            held[i] += d.sure && d.low <= truth[i] && truth[i] <= d.high;
        }
        fl_run_free(run_a);
        fl_run_free(run_b);
    }
    for (int i = 0; i < 4; i++) {
        cr_expect_geq(given[i], 295, "%s: given %u of 300", names[i], given[i]);
        cr_expect(held[i] + 26 >= given[i] && held[i] + 3 <= given[i], "%s: held %u of %u", names[i], held[i], given[i]);
    }
    fl_run_free(all_a);
    fl_run_free(all_b);
    fl_scenario_free(plans.slow);
    fl_scenario_free(plans.fast);
}

/* One more on each of five days: nothing to measure an error by, so the chance is that of five signs alike, 2 / 2^5. */
Test(compare, the_same_difference_on_every_day_is_no_infinite_t)
{
    struct fl_scenario *scenario = scenario_of(small);
    struct made a, b, flat_a, flat_b;
    make(&a, scenario, (uint32_t[]){ 10, 12, 9, 11, 20 }, hundred);
    make(&b, scenario, (uint32_t[]){ 11, 13, 10, 12, 21 }, hundred);
    make(&flat_a, scenario, (uint32_t[]){ 7, 7, 7, 7, 7 }, hundred);
    make(&flat_b, scenario, (uint32_t[]){ 9, 9, 9, 9, 9 }, hundred);

    const struct fl_difference paired = difference_of(&a.side, &b.side, true, "chats_abandoned");
    const struct fl_difference share = difference_of(&a.side, &b.side, true, "abandonment");
    const struct fl_difference apart = difference_of(&flat_a.side, &flat_b.side, false, "chats_abandoned");

    cr_expect_float_eq(paired.value, 1, 1e-12);
    cr_expect_float_eq(paired.p, 2. / 32, 1e-12);
    cr_expect_float_eq(share.p, 2. / 32, 1e-12);
    cr_expect_float_eq(apart.p, 2. / 252, 1e-12); /* 10 over 5 ways to deal the days */
    unmake(&a);
    unmake(&b);
    unmake(&flat_a);
    unmake(&flat_b);
    fl_scenario_free(scenario);
}

/* All or nobody, day by day: t alone would have the ends beyond -1 and 1. */
Test(compare, a_difference_of_shares_ends_at_one)
{
    struct fl_scenario *scenario = scenario_of(small);
    struct made a, b;
    make(&a, scenario, (uint32_t[]){ 0, 0, 100, 100, 100 }, hundred);
    make(&b, scenario, (uint32_t[]){ 100, 100, 0, 0, 0 }, hundred);

    const struct fl_difference d = difference_of(&a.side, &b.side, true, "abandonment");

    cr_expect_float_eq(d.value, -0.2, 1e-12);
    cr_expect_eq(d.low, -1);
    cr_expect_eq(d.high, 1);
    unmake(&a);
    unmake(&b);
    fl_scenario_free(scenario);
}

/* ---- Days on which the objectives held --------------------------------------------------------- */

static const char with_objective[] =
    "{\"fenliu\":1,\"duration\":\"1h\",\"interval\":\"15m\",\"traffic\":{\"chats_per_day\":480},"
    "\"buyers\":{\"intents\":[{\"name\":\"size\"}]},\"desk\":{\"agents\":[{\"name\":\"a\"}]},\"objectives\":{\"chats_abandoned\":\"<= 10\"}}";

static void set_met(const struct made *made, const uint64_t met[5])
{
    for (uint32_t i = 0; i < 5; i++) made->row[i]->met = met[i];
}

/* B holds on all five days and A on none: five discordant days of one kind, p = 2 / 2^5. Bonett and Price: 6/7 and 1/7, difference 5/7,
 * variance (7/7 - 25/49) / 7 = 24/343. */
Test(compare, days_met_are_compared_by_mcnemars_exact_test)
{
    struct fl_scenario *scenario = scenario_of(with_objective);
    static const uint32_t none[5];
    struct made a, b;
    make(&a, scenario, none, hundred);
    make(&b, scenario, none, hundred);
    set_met(&a, (uint64_t[]){ 0, 0, 0, 0, 0 });
    set_met(&b, (uint64_t[]){ 1, 1, 1, 1, 1 });

    const struct fl_difference all = fl_compare_days_met(&a.side, &b.side, true), apart = fl_compare_days_met(&a.side, &b.side, false);

    cr_expect_eq(all.value, 1);
    cr_expect_float_eq(all.p, 2. / 32, 1e-12);
    cr_expect_float_eq(all.low, 5. / 7 - 1.959963985 * sqrt(24. / 343), 1e-9);
    cr_expect_eq(all.high, 1);
    cr_expect_float_eq(apart.p, 2. / 252, 1e-12, "Fisher: 10 over 5");
    cr_expect_float_eq(apart.low, 5. / 7 - 1.959963985 * sqrt(12. / 343), 1e-9, "6/7 and 1/7, each with 6/49 over 7");
    cr_expect_eq(apart.high, 1);

    const struct fl_margin tenth = { 0, 0.1, true };
    const struct fl_excess worse = fl_compare_excess(&b.side, FL_NONE, &a.side, FL_NONE, true, NULL, NULL, &tenth, 0.01, 0.01);
    cr_expect(worse.known_a && worse.known_b && worse.sure && worse.a == 1 && worse.b == 0, "A holds on all days");
    cr_expect_float_eq(worse.value, 0.9, 1e-12);
    cr_expect_float_eq(worse.low, 5. / 7 - 2.326347874 * sqrt(24. / 343) - 0.1, 1e-9);
    cr_expect_float_eq(worse.high, 0.9, 1e-12);
    const struct fl_excess better = fl_compare_excess(&a.side, FL_NONE, &b.side, FL_NONE, false, NULL, NULL, &tenth, 0.01, 0.01);
    cr_expect_float_eq(better.value, -1.1, 1e-12);
    cr_expect_float_eq(better.low, -1.1, 1e-12);
    cr_expect_float_eq(better.high, -5. / 7 + 2.326347874 * sqrt(12. / 343) - 0.1, 1e-9);

    set_met(&a, (uint64_t[]){ 1, 0, 0, 1, 0 });
    set_met(&b, (uint64_t[]){ 1, 1, 1, 0, 1 });
    const struct fl_difference some = fl_compare_days_met(&a.side, &b.side, true);
    cr_expect_float_eq(some.p, 2 * (1 + 4) / 16., 1e-12, "one of four the other way");
    cr_expect(some.low < 0 && some.high < 1);

    const struct fl_difference same = fl_compare_days_met(&a.side, &a.side, true);
    cr_expect(same.sure && same.value == 0 && same.low == 0 && same.high == 0 && same.p == 1);
    unmake(&a);
    unmake(&b);
    fl_scenario_free(scenario);
}

Test(compare, holm_steps_down_and_stops_at_the_first_that_fails)
{
    const double p[] = { 0.30, 0.001, 0.02, 0.011, 0.04 };
    uint32_t order[5];
    bool more[5];

    fl_holm(5, p, 0.05, order, more); /* 0.001 <= 0.010; 0.011 <= 0.0125; 0.02 > 0.0167 */

    const bool wanted[] = { false, true, false, true, false };
    cr_expect_arr_eq(more, wanted, sizeof wanted);
}

/* ---- days.bin ---------------------------------------------------------------------------------- */

Test(days, what_is_written_is_read_back)
{
    struct fl_scenario *scenario = scenario_of(small);
    struct fl_run *run = run_of(scenario, 3, 30);
    struct fl_text text = { 0 };
    const struct fl_row **rows = NULL;
    uint32_t count = 0;

    fl_days_write(run->results.rows, run->results.rows_count, &text);

    cr_assert_eq(fl_days_read(text.bytes, text.length, &rows, &count), FL_OK);
    cr_assert_eq(count, 30);
    for (uint32_t i = 0; i < count; i++) {
        cr_expect_eq(rows[i]->bytes, run->results.rows[i]->bytes);
        cr_expect_eq(rows[i]->replication, i);
        const size_t head = sizeof(struct fl_row) + (FL_COUNTS + FL_ROW_HEAD * FL_KINDS) * sizeof(uint64_t);
        cr_expect_arr_eq((const char *)(rows[i] + 1), (const char *)(run->results.rows[i] + 1), head - sizeof(struct fl_row));
    }
    const struct fl_side a = side_of(run), b = { scenario, rows, count };
    const struct fl_difference d = difference_of(&a, &b, true, "response_s.p95");
    cr_expect(d.known && d.value == 0 && d.low == 0 && d.high == 0);
    free(rows);
    fl_text_free(&text);
    fl_run_free(run);
    fl_scenario_free(scenario);
}

Test(days, damage_is_refused_wherever_it_is)
{
    struct fl_scenario *scenario = scenario_of(small);
    struct fl_run *run = run_of(scenario, 3, 2);
    struct fl_text text = { 0 };
    const struct fl_row **rows = NULL;
    uint32_t count = 0;
    fl_days_write(run->results.rows, run->results.rows_count, &text);

    for (size_t i = 0; i < text.length; i++) {
        cr_expect_neq(fl_days_read(text.bytes, i, &rows, &count), FL_OK, "cut to %zu bytes", i);
        text.bytes[i] = (char)(text.bytes[i] ^ 4);
        cr_expect_neq(fl_days_read(text.bytes, text.length, &rows, &count), FL_OK, "byte %zu changed", i);
        text.bytes[i] = (char)(text.bytes[i] ^ 4);
    }
    fl_text_free(&text);
    fl_run_free(run);
    fl_scenario_free(scenario);
}

/* Whole, but of the version whose sums were 64 bits. */
Test(days, a_file_of_the_version_before_is_refused_as_such)
{
    struct fl_scenario *scenario = scenario_of(small);
    struct fl_run *run = run_of(scenario, 3, 2);
    struct fl_text text = { 0 };
    const struct fl_row **rows = NULL;
    uint32_t count = 0;
    fl_days_write(run->results.rows, run->results.rows_count, &text);
    cr_assert_arr_eq(text.bytes, "fenliu days 2\n", 14);

    text.bytes[12] = '1';
    const uint64_t hash = XXH64(text.bytes, text.length - 8, 0);
    for (int i = 0; i < 8; i++) text.bytes[text.length - 8 + (size_t)i] = (char)(hash >> 8 * i & 255);

    cr_expect_eq(fl_days_read(text.bytes, text.length, &rows, &count), FL_EUNKNOWN);
    fl_text_free(&text);
    fl_run_free(run);
    fl_scenario_free(scenario);
}

/* 4.3e19 ns in one day. */
Test(days, a_sum_beyond_64_bits_is_read_back)
{
    struct fl_scenario *scenario = scenario_of(small);
    struct fl_text text = { 0 };
    const struct fl_row **rows = NULL;
    uint32_t count = 0;
    void *memory = aligned_alloc(64, 16 << 20);
    struct fl_arena arena;
    struct fl_day day;
    fl_arena_start(&arena, memory, 16 << 20);
    cr_assert_eq(fl_day_create(&arena, scenario, fl_scenario_agents_count(scenario), FL_DAY_WHOLE, &day), FL_OK);
    for (uint32_t i = 0; i < 1000000; i++)
        fl_histogram_record(&day.group[0].head[FL_KIND_WAIT], &day.group_counts[FL_KIND_WAIT * FL_FINE_BUCKETS], FL_HISTOGRAM_FINE, 12 * FL_HOUR);
    struct fl_row *row = aligned_alloc(8, fl_row_bytes(&day));
    fl_row_pack(scenario, &day, 0, row);
    const struct fl_row *const one[] = { row };

    fl_days_write(one, 1, &text);

    cr_assert_eq(fl_days_read(text.bytes, text.length, &rows, &count), FL_OK);
    const char *statistic;
    const struct fl_metric *metric = fl_metric_find("wait_for_agent_s.mean", &statistic);
    cr_expect_float_eq(fl_row_figure(scenario, rows[0], FL_NONE, metric, statistic).value, 43200, 1e-9);
    free(rows);
    free(row);
    free(memory);
    fl_text_free(&text);
    fl_scenario_free(scenario);
}
