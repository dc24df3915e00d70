/* What is known of groups, agents, intents, intervals and dates: figures that are kept there, and no others. */
#include "measure/summary.h"
#include "run/run.h"
#include "scenario/reader.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two dates with all there is to measure: bot, transfers, leave-messages, orders, ratings, penalties, buyers who leave and come back, work after the
 * end. `objectives`: the block. */
#define BUSY(objectives)                                                                                                                             \
    "{\"fenliu\":1,\"start\":\"2026-11-01T00:00\",\"duration\":\"48h\",\"interval\":\"1h\",\"end\":\"drain\",\"traffic\":{\"chats_per_day\":2400},"   \
    "\"platform\":{\"name\":\"taobao-2025\"},\"buyers\":{\"intents\":["                                                                              \
    "{\"name\":\"size\",\"share\":0.5,\"bot_can_answer\":0.3,\"rounds\":3,\"transfer\":{\"probability\":0.2,\"to\":\"after\"},"                                   \
    "\"reply\":{\"total\":{\"exponential\":\"60s\"}}},"                                                                                              \
    "{\"name\":\"refund\",\"share\":0.5,\"phase\":\"after_sale\",\"rounds\":3,\"reply\":{\"total\":{\"exponential\":\"50s\"}}}],"                                 \
    "\"think_time\":\"20s\",\"patience\":{\"first\":{\"exponential\":\"100s\"},\"silent_share\":0.5},"                                  \
    "\"come_back\":{\"probability\":0.2,\"after\":\"5m\"}},"                                                                                         \
    "\"desk\":{\"open\":[\"08:00\",\"23:00\"],\"groups\":[{\"name\":\"before\",\"phases\":[\"pre_sale\"]},{\"name\":\"after\",\"phases\":[\"after_sale\"]}],"   \
    "\"bot\":{\"mode\":\"bot_first\",\"reply\":\"2s\"},\"close\":{\"when_done\":\"10s\",\"silence\":\"2m\"},"                                        \
    "\"agents\":[{\"name\":\"b\",\"count\":3,\"max_chats\":2,\"groups\":[\"before\"],\"wage_cny_per_hour\":20},"                                     \
    "{\"name\":\"a\",\"count\":2,\"max_chats\":3,\"groups\":[\"after\"],\"wage_cny_per_hour\":30}]},"                                                \
    "\"money\":{\"conversion\":0.3,\"order_value_cny\":100,\"satisfaction\":{\"base\":0.9,\"rates_share\":0.5},\"penalty_cny_per_case\":1},"         \
    "\"routing\":{\"queue\":{\"max_wait\":\"2m\"}},\"objectives\":{" objectives "}}"

static struct fl_scenario *scenario_of(const char *text)
{
    struct fl_scenario *scenario = NULL;
    struct fl_errors errors = { 0 };
    cr_assert_eq(fl_scenario_read("test", text, strlen(text), NULL, 0, &scenario, &errors), FL_OK, "%s", errors.list[0].text);
    return scenario;
}

static struct fl_run *run_of(const struct fl_scenario *scenario, uint32_t days)
{
    struct fl_run *run = NULL;
    cr_assert_eq(fl_run(scenario, &(struct fl_run_options){ .seed = 7, .replications = days, .jobs = 1 }, &run), FL_OK);
    return run;
}

struct part {
    const char *per;
    enum fl_scope scope;
    enum fl_kept_by by;
};

static const struct part parts[] = { { "day", FL_SCOPE_DESK, FL_BY_DESK },     { "interval", FL_SCOPE_INTERVAL, FL_BY_INTERVAL },
                                     { "group", FL_SCOPE_GROUP, FL_BY_GROUP }, { "agent", FL_SCOPE_AGENT, FL_BY_AGENT },
                                     { "date", FL_SCOPE_DATE, FL_BY_DATE },    { NULL, FL_SCOPE_INTENT, FL_BY_INTENT } };

static uint32_t cells_of(const struct fl_totals *totals, enum fl_scope scope)
{
    switch (scope) {
    case FL_SCOPE_INTERVAL: return totals->intervals;
    case FL_SCOPE_GROUP: return totals->groups;
    case FL_SCOPE_AGENT: return totals->agents;
    case FL_SCOPE_INTENT: return totals->intents;
    case FL_SCOPE_DATE: return totals->dates;
    default: return 1;
    }
}

static bool is_known(const struct fl_results *results, enum fl_scope scope, const char *name)
{
    for (uint32_t i = 0; i < cells_of(&results->totals, scope); i++)
        if (fl_figure_named(results, scope, i, name).known) return true;
    return false;
}

static bool is_taken(const char *name, const char *per)
{
    char text[4096];
    struct fl_scenario *scenario = NULL;
    struct fl_errors errors = { 0 };
    const int length = snprintf(text, sizeof text, BUSY("\"%s\":{\"want\":\">= 0\",\"per\":\"%s\"}"), name, per);
    cr_assert_lt((size_t)length, sizeof text);
    const bool taken = fl_scenario_read("test", text, (size_t)length, NULL, 0, &scenario, &errors) == FL_OK;
    if (taken) fl_scenario_free(scenario);
    return taken;
}

/* A figure that is not kept of a part is unknown there, never 0, and no objective can ask for it. */
Test(parts, what_is_not_kept_is_unknown_and_cannot_be_wanted)
{
    struct fl_scenario *scenario = scenario_of(BUSY(""));
    struct fl_run *run = run_of(scenario, 2);
    uint32_t metrics_count, statistics_count, absent = 0;
    const struct fl_metric *metrics = fl_metrics(&metrics_count);

    for (uint32_t m = 0; m < metrics_count; m++) {
        const char *const *statistics = fl_metric_statistics(&metrics[m], &statistics_count);
        for (uint32_t s = 0; s < statistics_count; s++) {
            char name[64];
            snprintf(name, sizeof name, "%s%s%s", metrics[m].name, statistics[s][0] != '\0' ? "." : "", statistics[s]);
            for (uint32_t p = 0; p < sizeof parts / sizeof *parts; p++) {
                const bool kept = fl_metric_absence(&metrics[m], statistics[s], parts[p].by) == NULL;
                absent += !kept;
                if (!fl_metric_is_of_engine(&metrics[m]))
                    cr_expect_eq(is_known(&run->results, parts[p].scope, name), kept, "%s of %s", name, parts[p].per != NULL ? parts[p].per : "intent");
                if (parts[p].per != NULL) cr_expect_eq(is_taken(name, parts[p].per), kept, "%s per %s", name, parts[p].per);
            }
        }
    }

    cr_expect_gt(absent, 80);
    static const char *const agents[] = { "queue_length", "waited", "wait_for_agent_s.p90", "chat_duration_s.mean", "bot_replies", "bot_resolved",
                                          "leave_messages", "reopened", "drained_replies", "profit_cny" };
    static const char *const intents[] = { "queue_length", "chats_in_hand", "occupancy", "concurrency", "queue_depth.mean", "open_chats.max",
                                           "chats_per_agent_day", "load_band", "wages_cny", "drained_replies" };
    for (uint32_t i = 0; i < sizeof agents / sizeof *agents; i++) cr_expect_not(is_known(&run->results, FL_SCOPE_AGENT, agents[i]), "%s", agents[i]);
    for (uint32_t i = 0; i < sizeof intents / sizeof *intents; i++) cr_expect_not(is_known(&run->results, FL_SCOPE_INTENT, intents[i]), "%s", intents[i]);
    fl_run_free(run);
    fl_scenario_free(scenario);
}

static double sum(const struct fl_results *results, enum fl_scope scope, const char *name)
{
    double all = 0;
    for (uint32_t i = 0; i < cells_of(&results->totals, scope); i++) all += fl_figure_named(results, scope, i, name).value;
    return all;
}

/* Whom the bot helped, who left a queue and who left a message for good was nobody's. */
Test(parts, an_agents_buyers_are_those_whose_outcome_was_hers)
{
    struct fl_scenario *scenario = scenario_of(BUSY(""));
    struct fl_run *run = run_of(scenario, 2);
    const struct fl_results *results = &run->results;

    for (uint32_t a = 0; a < results->totals.agents; a++) {
        const uint64_t *count = results->totals.agent[a].count;
        const struct fl_figure offered = fl_figure_named(results, FL_SCOPE_AGENT, a, "chats_offered");
        const struct fl_figure left = fl_figure_named(results, FL_SCOPE_AGENT, a, "abandonment");
        cr_expect_eq(count[FL_COUNT_chats_offered], count[FL_COUNT_chats_answered] + count[FL_COUNT_chats_abandoned] + count[FL_COUNT_chats_unserved]);
        cr_expect_gt(count[FL_COUNT_offered_when_closed], 0);
        cr_expect_lt(count[FL_COUNT_offered_when_closed], count[FL_COUNT_chats_offered]);
        cr_expect_eq(offered.value, (double)count[FL_COUNT_chats_offered] / 2);
        cr_expect_eq(left.n, count[FL_COUNT_chats_offered] - count[FL_COUNT_offered_when_closed]);
        cr_expect_float_eq(left.value, (double)(count[FL_COUNT_chats_abandoned] - count[FL_COUNT_abandoned_when_closed]) / (double)left.n, 1e-12);
    }
    cr_expect_float_eq(sum(results, FL_SCOPE_AGENT, "chats_answered"), fl_figure_named(results, FL_SCOPE_DESK, 0, "chats_answered").value, 1e-9);
    cr_expect_lt(sum(results, FL_SCOPE_AGENT, "chats_abandoned"), fl_figure_named(results, FL_SCOPE_DESK, 0, "chats_abandoned").value);
    fl_run_free(run);
    fl_scenario_free(scenario);
}

Test(parts, a_groups_time_and_wages_are_its_agents)
{
    static const char objectives[] = BUSY("\"wages_cny\":{\"want\":\"<= 3000\",\"per\":\"group\"},\"queue_depth.p99\":{\"want\":\"<= 4\",\"per\":\"group\"}");
    struct fl_scenario *scenario = scenario_of(objectives);
    struct fl_run *run = run_of(scenario, 2);
    const struct fl_results *results = &run->results;
    struct fl_objective_result wages, depth;
    double most[2] = { 0 };

    for (uint32_t a = 0; a < 5; a++) most[a >= 3] = fmax(most[a >= 3], fl_figure_named(results, FL_SCOPE_AGENT, a, "open_chats.max").value);
    fl_objective_judge(results, 0, &wages);
    fl_objective_judge(results, 1, &depth);

    cr_expect_eq(fl_figure_named(results, FL_SCOPE_GROUP, 0, "open_chats.max").value, most[0]);
    cr_expect_eq(fl_figure_named(results, FL_SCOPE_GROUP, 1, "open_chats.max").value, most[1]);
    cr_expect_eq(fl_figure_named(results, FL_SCOPE_DESK, 0, "open_chats.max").value, fmax(most[0], most[1]));
    cr_expect_neq(most[0], most[1], "%g and %g", most[0], most[1]);
    cr_expect_float_eq(fl_figure_named(results, FL_SCOPE_GROUP, 0, "wages_cny").value, 3 * 48 * 20, 1e-6);
    cr_expect_float_eq(fl_figure_named(results, FL_SCOPE_GROUP, 1, "wages_cny").value, 2 * 48 * 30, 1e-6);
    cr_expect(wages.met && wages.days_met == 2, "judged by the day, too: %u", wages.days_met);
    cr_expect(depth.met && depth.days_met == 2, "%u", depth.days_met);
    fl_run_free(run);
    fl_scenario_free(scenario);
}

/* Ten hours on duty on the first date, paid leave on the second: two of the ten are paid twice, by the desk's reckoning, the group's and the agent's. */
Test(parts, overtime_is_that_of_each_date_for_everybody)
{
    struct fl_scenario *scenario = scenario_of(
        "{\"fenliu\":1,\"start\":\"2026-11-02T00:00\",\"duration\":\"48h\",\"interval\":\"1h\",\"traffic\":{\"chats_per_day\":100},"
        "\"buyers\":{\"intents\":[{\"name\":\"size\"}]},\"desk\":{\"shifts\":[{\"name\":\"long\",\"from\":\"2026-11-02T08:00\",\"to\":\"2026-11-02T18:00\"}],"
        "\"agents\":[{\"name\":\"a\",\"shift\":\"long\",\"wage_cny_per_hour\":10}]},"
        "\"money\":{\"overtime\":{\"after\":\"8h\",\"rate\":2}},\"objectives\":{\"wages_cny\":{\"want\":\"<= 110\",\"per\":\"agent\"}}}");
    struct fl_run *run = run_of(scenario, 3);
    struct fl_objective_result judged;

    fl_objective_judge(&run->results, 0, &judged);

    cr_expect_float_eq(fl_figure_named(&run->results, FL_SCOPE_DESK, 0, "wages_cny").value, 120, 1e-6);
    cr_expect_float_eq(fl_figure_named(&run->results, FL_SCOPE_GROUP, 0, "wages_cny").value, 120, 1e-6);
    cr_expect_float_eq(fl_figure_named(&run->results, FL_SCOPE_AGENT, 0, "wages_cny").value, 120, 1e-6);
    cr_expect(!judged.met && judged.days_met == 0);
    fl_run_free(run);
    fl_scenario_free(scenario);
}

/* What is not kept by date takes the verdict of the whole there, as an agent's figures do. */
Test(parts, a_date_takes_the_verdict_of_the_whole_where_it_has_no_figure)
{
    static const struct {
        const char *text;
        uint32_t met;
    } cases[] = {
        { BUSY("\"queue_depth.p95\":{\"want\":\"<= 100\",\"per\":\"group\"}"), 2 }, { BUSY("\"queue_depth.p95\":{\"want\":\"< 0\",\"per\":\"group\"}"), 0 },
        { BUSY("\"open_chats.max\":\"<= 100\""), 2 },                                   { BUSY("\"open_chats.max\":\"< 1\""), 0 },
        { BUSY("\"wages_cny\":{\"want\":\">= 2000\",\"per\":\"group\"}"), 2 },      { BUSY("\"wages_cny\":{\"want\":\"<= 2000\",\"per\":\"group\"}"), 0 },
        { BUSY("\"wages_cny\":{\"want\":\"<= 2000\",\"per\":\"date\"}"), 0 },       { BUSY("\"wages_cny\":{\"want\":\"<= 4000\",\"per\":\"date\"}"), 2 },
    };
    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fl_scenario *scenario = scenario_of(cases[i].text);
        struct fl_run *run = run_of(scenario, 2);
        cr_expect_eq(fl_days_met(&run->results), cases[i].met, "%s", scenario->objectives[0].name);
        for (uint32_t date = 0; date < 2; date++)
            cr_expect_eq(fl_dates_met(&run->results, date), cases[i].met, "%s %s", scenario->objectives[0].name, scenario->objectives[0].want);
        fl_run_free(run);
        fl_scenario_free(scenario);
    }
}

Test(parts, what_is_sent_after_the_end_is_its_groups)
{
    struct fl_scenario *scenario = scenario_of(BUSY(""));
    struct fl_run *run = run_of(scenario, 4);
    const struct fl_results *results = &run->results;
    const double before = fl_figure_named(results, FL_SCOPE_GROUP, 0, "drained_replies").value;
    const double after = fl_figure_named(results, FL_SCOPE_GROUP, 1, "drained_replies").value;

    cr_expect(before > 0 && after > 0, "%g and %g", before, after);
    cr_expect_eq(before + after, fl_figure_named(results, FL_SCOPE_DESK, 0, "drained_replies").value);
    fl_run_free(run);
    fl_scenario_free(scenario);
}

/* It is no day's fault, and misses nothing where no engine was driven. */
Test(parts, an_engines_time_is_judged_where_one_was_driven)
{
    struct fl_scenario *scenario = scenario_of(BUSY("\"decision_latency_us.p99\":\"<= 500\",\"harness_lateness_us.max\":\"<= 900\""));
    struct fl_run *run = run_of(scenario, 2);
    struct fl_engine_times times = { .decision_latency[4] = { .value = 501, .n = 7, .known = true } };
    struct fl_objective_result none, slow, fast, late;

    fl_objective_judge(&run->results, 0, &none);
    run->results.engine = &times;
    fl_objective_judge(&run->results, 0, &slow);
    fl_objective_judge(&run->results, 1, &late);
    times.decision_latency[4].value = 499;
    fl_objective_judge(&run->results, 0, &fast);

    cr_expect(none.met && !none.judged && !none.figure.known);
    cr_expect(!slow.met && slow.judged && !slow.by_days && slow.figure.value == 501);
    cr_expect(fast.met && fast.judged);
    cr_expect(late.met && !late.judged, "in lockstep there is none");
    cr_expect_eq(fl_days_met(&run->results), 2);
    run->results.engine = NULL;
    fl_run_free(run);
    fl_scenario_free(scenario);
}
