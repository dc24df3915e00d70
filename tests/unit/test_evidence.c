/* What days show: a share of days against its exact bounds, and means of a small desk against bounds on either side of what they are. */
#include "core/special.h"
#include "measure/evidence.h"
#include "run/run.h"
#include "scenario/reader.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define DOUBT 0.05
#define WRONG 0.001

/* Two hours of a desk where two people have some work and some buyers wait; in the first hour hardly any, in the second about a third. */
static struct fl_scenario *scenario_of(const char *objectives, const char *staffing)
{
    static struct fl_errors errors;
    struct fl_scenario *scenario;
    char text[2048];
    snprintf(text, sizeof text,
             "{\"fenliu\":1,\"duration\":\"2h\",\"interval\":\"1h\",\"traffic\":{\"rate\":{\"points\":[[\"+0h\",4],[\"+1h\",4],[\"+1h\",30],[\"+2h\",30]]}},"
             "\"buyers\":{\"intents\":[{\"name\":\"size\",\"reply\":{\"total\":{\"exponential\":\"150s\"}}}]},"
             "\"desk\":{\"agents\":[{\"name\":\"mei\",\"count\":2,\"max_chats\":1}]},\"objectives\":{%s},\"staffing\":{%s}}", objectives, staffing);
    cr_assert_eq(fl_scenario_read("test", text, strlen(text), NULL, 0, &scenario, &errors), FL_OK, "%s", errors.list[0].text);
    return scenario;
}

static void add_days(struct fl_evidence *evidence, const struct fl_scenario *scenario, uint32_t first, uint32_t days)
{
    struct fl_run *run;
    cr_assert_eq(fl_run(scenario, &(struct fl_run_options){ .seed = 7, .first = first, .replications = days, .jobs = 1 }, &run), FL_OK);
    fl_evidence_add(evidence, &run->results);
    fl_run_free(run);
}

static enum fl_judgement of_means(const char *objectives, uint32_t batches, bool shown[2])
{
    struct fl_scenario *scenario = scenario_of(objectives, "\"judge\":\"mean\"");
    double sum[4] = { 0 }, square[4] = { 0 };
    struct fl_evidence evidence = { .cells = fl_evidence_cells(scenario, 2), .sum = sum, .square = square };
    cr_assert_leq(evidence.cells, 4);
    for (uint32_t i = 0; i < batches; i++) add_days(&evidence, scenario, 20 * i, 20);
    cr_expect_eq(evidence.days, 20 * batches);
    const enum fl_judgement judgement = fl_evidence_weigh(&evidence, scenario, DOUBT, WRONG);
    for (uint32_t i = 0; shown != NULL && i < 2; i++) shown[i] = fl_evidence_shows(&evidence, scenario, 0, i, DOUBT);
    fl_scenario_free(scenario);
    return judgement;
}

Test(evidence, means_are_met_or_missed_where_the_bound_is_far_and_open_where_it_is_near)
{
    bool shown[2];
    cr_expect_eq(of_means("\"waited\":{\"want\":\"<= 0.6\",\"per\":\"interval\"}", 20, shown), FL_MEETS);
    cr_expect(shown[0] && shown[1]);
    cr_expect_eq(of_means("\"waited\":{\"want\":\"<= 0.1\",\"per\":\"interval\"}", 20, shown), FL_MISSES);
    cr_expect(shown[0] && !shown[1], "only the second hour is busy");
    cr_expect_eq(of_means("\"first_response_s.p90\":\"<= 5000\"", 20, NULL), FL_MEETS);
    cr_expect_eq(of_means("\"first_response_s.p90\":\"<= 200\"", 20, NULL), FL_MISSES);
    cr_expect_eq(of_means("\"reply_rate_3min\":\">= 0.01\"", 20, NULL), FL_MEETS);
    cr_expect_eq(of_means("\"reply_rate_3min\":\">= 0.99\"", 20, NULL), FL_MISSES);
    cr_expect_eq(of_means("\"first_response_s.mean\":\"<= 5000\",\"waited\":\"<= 0.01\"", 20, NULL), FL_MISSES); /* one that is missed */
}

Test(evidence, few_batches_show_nothing)
{
    cr_expect_eq(of_means("\"waited\":\"<= 0.99\"", 9, NULL), FL_UNDECIDED);
    cr_expect_eq(of_means("\"waited\":\"<= 0.99\"", 10, NULL), FL_MEETS);
    cr_expect_eq(of_means("\"waited\":\"<= 0.99\"", 0, NULL), FL_UNTRIED);
}

/* The bound is what very many days have, so either call is wrong; of a hundred sets of days hardly any may be called missed, some five met. */
Test(evidence, what_is_neither_is_called_so)
{
    struct fl_scenario *scenario = scenario_of("\"waited\":\"<= 0.5\"", "\"judge\":\"mean\"");
    struct fl_run *run;
    cr_assert_eq(fl_run(scenario, &(struct fl_run_options){ .seed = 8, .replications = 10000 }, &run), FL_OK);
    const struct fl_figure truth = fl_figure_named(&run->results, FL_SCOPE_DESK, 0, "waited");
    fl_run_free(run);
    fl_scenario_free(scenario);
    char objective[64];
    snprintf(objective, sizeof objective, "\"waited\":\"<= %.5f\"", truth.value);
    scenario = scenario_of(objective, "\"judge\":\"mean\"");
    uint32_t met = 0, missed = 0;
    for (uint32_t set = 0; set < 100; set++) {
        double sum[1] = { 0 }, square[1] = { 0 };
        struct fl_evidence evidence = { .cells = 1, .sum = sum, .square = square };
        for (uint32_t i = 0; i < 10; i++) add_days(&evidence, scenario, 200 * set + 20 * i, 20);
        const enum fl_judgement judgement = fl_evidence_weigh(&evidence, scenario, DOUBT, WRONG);
        met += judgement == FL_MEETS;
        missed += judgement == FL_MISSES;
    }
    cr_expect(met >= 1 && met <= 13, "%u of 100 called met at a doubt of 5 %%", met);
    cr_expect_leq(missed, 1);
    fl_scenario_free(scenario);
}

Test(evidence, days_are_weighed_by_exact_bounds)
{
    struct fl_scenario *scenario = scenario_of("\"abandonment\":\"<= 0.5\"", "\"day_probability\":0.9");
    for (uint32_t days = 10; days <= 1000; days *= 10) {
        for (uint32_t met = 0; met <= days; met++) {
            const struct fl_evidence evidence = { .days = days, .days_met = met };
            const enum fl_judgement judgement = fl_evidence_weigh(&evidence, scenario, DOUBT, WRONG);
            cr_expect_eq(judgement == FL_MEETS, fl_binomial_lower(met, days, DOUBT) >= 0.9, "%u of %u", met, days);
            cr_expect_eq(judgement == FL_MISSES, fl_binomial_upper(met, days, WRONG) < 0.9, "%u of %u", met, days);
        }
    }
    cr_expect_eq(fl_evidence_weigh(&(struct fl_evidence){ 0 }, scenario, DOUBT, WRONG), FL_UNTRIED);
    fl_scenario_free(scenario);
}

/* 12 of 20: a share of 12.5 / 21 = 0.5952, whose error is sqrt(0.5952 x 0.4048 / 20) = 0.1098, and with the chance of 100 more days
 * sqrt(0.2409 x (1 / 20 + 1 / 100)) = 0.1202. */
Test(evidence, days_to_come_are_foreseen_by_the_share_and_its_error)
{
    const struct fl_evidence twelve = { .days = 20, .days_met = 12 };

    cr_expect_eq(fl_evidence_foresees(&twelve, 0, 100), 59);
    cr_expect_eq(fl_evidence_foresees(&twelve, -1, 100), 48);
    cr_expect_eq(fl_evidence_foresees(&twelve, 1, 100), 70);
    cr_expect_eq(fl_evidence_foresees_in(&twelve, 0, 120), 12 + 59);
    cr_expect_eq(fl_evidence_foresees_in(&twelve, -1, 120), 12 + 47);
    cr_expect_eq(fl_evidence_foresees_in(&twelve, 1, 120), 12 + 71);
}

/* Of 30 days 19 met show a miss of nine in ten; 20 do not. */
Test(evidence, a_look_is_futile_by_the_days_to_come_and_what_is_known_stays_known)
{
    struct fl_scenario *scenario = scenario_of("\"abandonment\":\"<= 0.5\"", "\"day_probability\":0.9");
    const struct fl_evidence twelve = { .days = 20, .days_met = 12 }, eighteen = { .days = 20, .days_met = 18 };

    cr_expect_eq(fl_evidence_foresees_in(&twelve, 0, 20), 12);
    for (int errors = -9; errors <= 9; errors++) {
        const uint64_t met = fl_evidence_foresees_in(&eighteen, errors, 30);
        cr_expect(met >= 18 && met <= 28, "%d standard errors: %u of 30", errors, (unsigned)met);
    }
    cr_expect_not(fl_evidence_is_futile(&twelve, scenario, 30, 0.0001));
    const struct fl_evidence thirteen = { .days = 20, .days_met = 13 };
    cr_expect_not(fl_evidence_is_futile(&thirteen, scenario, 30, 0.0001), "with a standard error fewer met, four of ten, a miss is shown");
    cr_expect(fl_evidence_is_futile(&eighteen, scenario, 30, 0.0001), "nine of the ten to come would have to miss");
    fl_scenario_free(scenario);
}
