/* One fewer in an interval: in which order intervals are asked, how long, and what is said of them, of a desk whose days are made up here. */
#include "core/draw.h"
#include "scenario/reader.h"
#include "staffing/one_fewer.h"

#include <criterion/criterion.h>
#include <string.h>

#define INTERVALS 40u

static struct fl_scenario *scenario_of(void)
{
    static struct fl_errors errors;
    static const char text[] =
        "{\"fenliu\":1,\"duration\":\"10h\",\"interval\":\"15m\",\"traffic\":{\"rate\":{\"points\":[[\"+0h\",30],[\"+10h\",30]]}},"
        "\"buyers\":{\"intents\":[{\"name\":\"size\",\"reply\":{\"total\":{\"exponential\":\"30s\"}}}]},"
        "\"desk\":{\"agents\":[{\"name\":\"mei\",\"count\":2}]},\"objectives\":{\"abandonment\":\"<= 0.1\"},\"staffing\":{\"day_probability\":0.9}}";
    struct fl_scenario *scenario;
    cr_assert_eq(fl_scenario_read("test", text, sizeof text - 1, NULL, 0, &scenario, &errors), FL_OK, "%s", errors.list[0].text);
    return scenario;
}

/* Days that never hold where `hard`, and elsewhere always do. */
struct made_up {
    bool hard[INTERVALS];
    uint32_t asked[INTERVALS], days[INTERVALS]; /* asked: in which place, from 1 */
    uint32_t count;
    enum fl_status fails; /* from the third interval on */
};

static enum fl_status weigh(void *context, uint32_t interval, uint32_t group, uint32_t first, uint32_t days, struct fl_evidence *evidence)
{
    struct made_up *made_up = context;
    cr_expect_eq(group, 0);
    cr_expect_eq(first, made_up->days[interval], "days follow each other");
    if (first == 0) made_up->asked[interval] = ++made_up->count;
    if (made_up->fails != FL_OK && made_up->count == 3) return made_up->fails;
    made_up->days[interval] += days;
    evidence->days += days;
    evidence->days_met += made_up->hard[interval] ? 0 : days;
    return FL_OK;
}

struct asked {
    double on_duty[INTERVALS], stress[INTERVALS];
    uint8_t judged[INTERVALS];
};

static enum fl_status ask(struct made_up *made_up, struct asked *asked, double work_max)
{
    struct fl_scenario *scenario = scenario_of();
    const struct fl_one_fewer problem = { .scenario = scenario, .on_duty = asked->on_duty, .stress = asked->stress, .weigh = weigh, .context = made_up,
                                          .work_a_day = 10, .work_max = work_max };
    cr_assert_eq(scenario->intervals_count, INTERVALS);
    const enum fl_status status = fl_one_fewer_by_interval(&problem, asked->judged);
    fl_scenario_free(scenario);
    return status;
}

static struct asked all_on_duty(void)
{
    struct asked asked = { 0 };
    for (uint32_t i = 0; i < INTERVALS; i++) asked.on_duty[i] = 1, asked.stress[i] = 0.5;
    return asked;
}

Test(one_fewer, what_misses_is_shown_and_the_most_stressed_interval_is_asked_first)
{
    struct made_up made_up = { .hard = { [7] = true, [30] = true } };
    struct asked asked = all_on_duty();
    asked.stress[30] = 2;
    asked.stress[7] = 1;
    asked.on_duty[0] = 0;

    cr_assert_eq(ask(&made_up, &asked, 1e9), FL_OK);

    cr_expect_eq(asked.judged[30], FL_MISSES);
    cr_expect_eq(asked.judged[7], FL_MISSES);
    cr_expect_eq(made_up.asked[30], 1);
    cr_expect_eq(made_up.asked[7], 2);
    cr_expect_eq(made_up.asked[1], 3, "of equals the first");
    cr_expect_eq(asked.judged[0], FL_UNTRIED, "nobody is there");
    cr_expect_eq(made_up.asked[0], 0);
}

Test(one_fewer, after_calm_intervals_calmer_ones_are_not_tried_and_none_takes_more_than_a_few_days)
{
    struct made_up made_up = { .hard = { [39] = true } };
    struct asked asked = all_on_duty();

    cr_assert_eq(ask(&made_up, &asked, 1e9), FL_OK);

    cr_expect_eq(made_up.count, 16);
    for (uint32_t i = 0; i < 16; i++) cr_expect_eq(asked.judged[i], FL_UNDECIDED, "%u: ten days show nothing", i);
    for (uint32_t i = 0; i < 16; i++) cr_expect_eq(made_up.days[i], 10);
    for (uint32_t i = 16; i < INTERVALS; i++) cr_expect_eq(asked.judged[i], FL_UNTRIED);
}

Test(one_fewer, the_budget_ends_it)
{
    struct made_up made_up = { 0 };
    struct asked asked = all_on_duty();

    cr_assert_eq(ask(&made_up, &asked, 250), FL_OK); /* 25 days: two intervals and what of a third is begun */

    cr_expect_eq(made_up.count, 3);
    cr_expect_eq(asked.judged[3], FL_UNTRIED);
}

Test(one_fewer, a_failing_simulation_is_passed_on_with_what_was_judged_before)
{
    struct made_up made_up = { .hard = { [0] = true }, .fails = FL_EINTERRUPTED };
    struct asked asked = all_on_duty();

    cr_expect_eq(ask(&made_up, &asked, 1e9), FL_EINTERRUPTED);

    cr_expect_eq(asked.judged[0], FL_MISSES);
    cr_expect_eq(asked.judged[2], FL_UNTRIED);
}

/* ---- Means --------------------------------------------------------------------------------------- */

#define FOUR 4u

/* Batches of days whose means are made up: what all days have in common with the plan varies much, what one fewer adds to an interval little. */
struct means {
    uint64_t seed;
    double plan[FOUR], adds[FOUR]; /* by interval; of the interval that has one fewer */
    double common, own;            /* standard deviations */
    uint32_t batches;              /* simulated in all */
    uint32_t fewer[FOUR];          /* with one fewer there */
};

static double noise(const struct means *means, uint32_t batch, uint32_t interval, uint32_t what)
{
    return fl_normal(fl_draw(fl_key_day(means->seed, batch, what), FL_DRAW_THINKING, interval));
}

static enum fl_status weigh_means(void *context, uint32_t interval, uint32_t group, uint32_t first, uint32_t days, struct fl_evidence *evidence)
{
    struct means *means = context;
    cr_assert_eq(group, 0);
    cr_assert_eq(days, 20, "a value of the test");
    cr_assert(interval == FL_NONE || first == 20 * means->fewer[interval]++);
    means->batches++;
    evidence->days += days;
    evidence->batches++;
    for (uint32_t j = 0; j < FOUR; j++) {
        const double added = interval == j ? means->adds[j] + means->own * noise(means, first, j, 2) : 0;
        evidence->sum[j] += means->plan[j] + means->common * noise(means, first, j, 1) + added;
    }
    return FL_OK;
}

static void ask_means(struct means *means, double batches, uint8_t judged[FOUR])
{
    static struct fl_errors errors;
    static const char text[] =
        "{\"fenliu\":1,\"duration\":\"4h\",\"interval\":\"1h\",\"traffic\":{\"rate\":{\"points\":[[\"+0h\",30],[\"+4h\",30]]}},"
        "\"buyers\":{\"intents\":[{\"name\":\"size\",\"reply\":{\"total\":{\"exponential\":\"30s\"}}}]},"
        "\"desk\":{\"agents\":[{\"name\":\"mei\",\"count\":2}]},\"objectives\":{\"waited\":{\"want\":\"<= 0.2\",\"per\":\"interval\"}},\"staffing\":{\"judge\":\"mean\"}}";
    static const double on_duty[FOUR] = { 2, 2, 2, 2 }, stress[FOUR] = { 1, 0.9, 0.8, 0.7 };
    struct fl_scenario *scenario;
    cr_assert_eq(fl_scenario_read("test", text, sizeof text - 1, NULL, 0, &scenario, &errors), FL_OK, "%s", errors.list[0].text);
    const struct fl_one_fewer problem = { .scenario = scenario, .on_duty = on_duty, .stress = stress, .weigh = weigh_means, .context = means,
                                          .work_a_day = 10, .work_max = 200 * batches };
    cr_assert_eq(fl_one_fewer_by_interval(&problem, judged), FL_OK);
    fl_scenario_free(scenario);
}

/* Shown at 4.4 standard errors nine times in ten: by itself each of the first three would take (5.7 x 10 / 1)^2 = 3200 batches. */
Test(one_fewer, means_are_told_apart_by_the_days_of_the_plan_beside_them)
{
    struct means means = { .seed = 1, .plan = { -1, -1, -1, -9 }, .adds = { 2, 2, 2, 2 }, .common = 10, .own = 1 };
    uint8_t judged[FOUR];

    ask_means(&means, 5000, judged);

    for (uint32_t i = 0; i < 3; i++) cr_expect_eq(judged[i], FL_MISSES, "%u: %u", i, judged[i]);
    cr_expect_eq(judged[3], FL_MEETS);
    cr_expect_leq(means.batches, 5000);
    cr_expect_lt(means.fewer[3], means.fewer[0], "what is plain takes few days");
}

Test(one_fewer, means_take_no_more_days_than_there_are_and_say_so)
{
    struct means means = { .seed = 1, .plan = { -1, -1, -1, -9 }, .adds = { 2, 2, 2, 2 }, .common = 10, .own = 2 };
    uint8_t judged[FOUR];

    ask_means(&means, 45, judged);

    cr_expect_leq(means.batches, 45);
    cr_expect_neq(judged[0], FL_UNTRIED);
    cr_expect_eq(judged[3], FL_UNTRIED, "half of the days are kept for those that have been begun");
}

/* On the bound either word is wrong. Of 4000 intervals a few in a hundred may be said to do, and one in a thousand to miss. */
Test(one_fewer, on_the_bound_hardly_ever_is_anything_shown)
{
    uint32_t missed = 0, met = 0;
    for (uint64_t seed = 1; seed <= 1000; seed++) {
        struct means means = { .seed = seed, .plan = { -2, -2, -2, -2 }, .adds = { 2, 2, 2, 2 }, .common = 10, .own = 3 };
        uint8_t judged[FOUR];

        ask_means(&means, 600, judged);

        for (uint32_t i = 0; i < FOUR; i++) missed += judged[i] == FL_MISSES, met += judged[i] == FL_MEETS;
    }
    cr_expect_leq(missed, 10, "%u of 4000: one in a thousand, and three standard errors of that", missed);
    cr_expect_leq(met, 200, "%u of 4000 at a doubt of 5 %%", met);
}
