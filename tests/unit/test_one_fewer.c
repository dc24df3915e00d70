/* One fewer in an interval: in which order intervals are asked, how long, and what is said of them, of a desk whose days are made up here. */
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
