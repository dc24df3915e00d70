/* A day divided among machines: every buyer and every agent is in one share, as in the whole, and shares laid over each other are a day. */
#include "desk/share.h"
#include "run/gather.h"
#include "run/overlay.h"
#include "scenario/reader.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Buyers who know their agents, come back and leave messages; two groups, two shifts, wages, a night's backlog, a flaky objective. */
#define SHOP(chats, reply, slots) \
    "{\"fenliu\":1,\"start\":\"2026-06-17T10:00\",\"duration\":\"6h\",\"interval\":\"30m\",\"traffic\":{\"chats_per_day\":" chats ",\"profile\":{\"hourly\":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}}," \
    "\"buyers\":{\"intents\":[{\"name\":\"size\"," reply "\"share\":0.6},{\"name\":\"refund\"," reply "\"share\":0.4}]," \
    "\"classes\":[{\"name\":\"new\",\"share\":0.5},{\"name\":\"known\",\"share\":0.5,\"recent_agent\":0.8,\"dedicated_agent\":0.2}]," \
    "\"patience\":{\"first\":{\"exponential\":\"2m\"}},\"come_back\":{\"probability\":0.3,\"after\":{\"exponential\":\"10m\"}}}," \
    "\"desk\":{\"groups\":[{\"name\":\"sales\",\"intents\":[\"size\"]},{\"name\":\"after\",\"intents\":[\"refund\"]}]," \
    "\"shifts\":[{\"name\":\"all\",\"from\":\"10:00\",\"to\":\"16:00\"},{\"name\":\"noon\",\"from\":\"11:00\",\"to\":\"14:00\"}]," \
    "\"agents\":[{\"name\":\"a\",\"count\":5,\"groups\":[\"sales\"],\"shift\":\"all\",\"max_chats\":" slots ",\"wage_cny_per_hour\":20}," \
    "{\"name\":\"b\",\"count\":4,\"groups\":[\"sales\"],\"shift\":\"noon\",\"max_chats\":" slots ",\"wage_cny_per_hour\":25}," \
    "{\"name\":\"c\",\"count\":7,\"groups\":[\"after\"],\"shift\":\"all\",\"max_chats\":" slots ",\"wage_cny_per_hour\":22}],\"backlog\":11}," \
    "\"routing\":{\"recent_agent\":{},\"dedicated_agent\":true}," \
    "\"objectives\":{\"abandonment\":\"<= 0.2\",\"first_response_s.p90\":\"<= 5\",\"wages_cny\":\"<= 100\"}}"
static const char busy[] = SHOP("3000", "", "4");
/* The same, where buyers queue. */
static const char crowded[] = SHOP("6000", "\"reply\":{\"total\":{\"exponential\":\"2m\"}},", "1");

static struct fl_scenario *scenario_of(const char *text)
{
    struct fl_scenario *scenario = NULL;
    struct fl_errors errors = { 0 };
    cr_assert_eq(fl_scenario_read("test", text, strlen(text), NULL, 0, &scenario, &errors), FL_OK, "%s %s", errors.list[0].path, errors.list[0].text);
    return scenario;
}

/* ---- Who is in which share ------------------------------------------------------------------------ */

/* Buyers who arrived, in order, with the instant and the intent of each. */
struct arrivals {
    struct {
        uint64_t key;
        fl_time at;
        uint32_t intent;
    } list[4096];
    uint32_t count;
};

static bool note(void *context, const struct fl_log_event *event)
{
    struct arrivals *const arrivals = context;
    if (event->kind != FL_LOG_CHAT_OPENED) return true;
    cr_assert_lt(arrivals->count, 4096);
    arrivals->list[arrivals->count].key = event->key;
    arrivals->list[arrivals->count].at = event->at;
    arrivals->list[arrivals->count++].intent = event->intent;
    return true;
}

static struct fl_run *run_of(const struct fl_scenario *scenario, uint32_t index, uint32_t of, struct arrivals *arrivals)
{
    struct fl_run *run = NULL;
    const struct fl_run_options options = { .seed = 7, .replications = 1, .jobs = 1, .cells = true, .share = { index, of },
                                            .on_log = arrivals == NULL ? NULL : note, .log_context = arrivals };
    cr_assert_eq(fl_run(scenario, &options, &run), FL_OK);
    return run;
}

Test(share, every_buyer_of_the_whole_is_in_exactly_one_share_at_her_instant_with_her_question)
{
    struct fl_scenario *const scenario = scenario_of(busy);
    struct arrivals *const whole = calloc(1, sizeof *whole), *const share = calloc(3, sizeof *share);
    uint32_t sum = 0;
    fl_run_free(run_of(scenario, 0, 0, whole));
    for (uint32_t s = 0; s < 3; s++) fl_run_free(run_of(scenario, s, 3, &share[s]));

    for (uint32_t s = 0; s < 3; s++) {
        sum += share[s].count;
        cr_expect_gt(share[s].count, whole->count / 5, "a third of %u, give or take: %u", whole->count, share[s].count);
        for (uint32_t i = 0, w = 0; i < share[s].count; i++, w++) {
            while (w < whole->count && whole->list[w].key != share[s].list[i].key) w++; /* in the same order */
            cr_assert_lt(w, whole->count, "buyer %u of share %u is not of the whole", i, s);
            cr_expect_eq(whole->list[w].at, share[s].list[i].at);
            cr_expect_eq(whole->list[w].intent, share[s].list[i].intent);
        }
    }
    cr_expect_eq(sum, whole->count); /* with the above: nobody is in two */
    cr_expect_gt(whole->count, 500);
    free(whole);
    free(share);
    fl_scenario_free(scenario);
}

Test(share, agents_of_each_group_and_shift_are_dealt_to_within_one)
{
    struct fl_scenario *const scenario = scenario_of(busy);
    const uint32_t first[] = { 0, 5, 9, 16 };
    uint32_t share[16];

    for (uint32_t of = 1; of <= 7; of++) {
        fl_share_agents(scenario, of, share);

        for (uint32_t d = 0; d < 3; d++) {
            uint32_t have[7] = { 0 }, all = first[d + 1] - first[d];
            for (uint32_t a = first[d]; a < first[d + 1]; a++) have[share[a]]++;
            for (uint32_t s = 0; s < of; s++) cr_expect(have[s] >= all / of && have[s] <= (all + of - 1) / of, "%u of %u: %u", s, of, have[s]);
        }
    }
    fl_scenario_free(scenario);
}

Test(share, a_backlog_is_divided_and_each_message_keeps_its_number)
{
    for (uint32_t of = 2; of <= 5; of++) {
        uint64_t seen = 0;
        for (uint32_t s = 0; s < of; s++)
            for (uint32_t left = fl_share_backlog(&(struct fl_share){ s, of }, 11); left > 0; left--) {
                const uint32_t number = fl_share_backlog_number(&(struct fl_share){ s, of }, left);
                cr_assert(number >= 1 && number <= 11 && (seen >> number & 1) == 0, "%u of %u: %u", s, of, number);
                seen |= UINT64_C(1) << number;
            }
        cr_expect_eq(seen, 0xFFE, "of %u: %llx", of, (unsigned long long)seen);
    }
}

Test(share, what_cannot_be_divided_is_refused_with_its_reason)
{
    static const struct {
        const char *from, *to, *why; /* in the scenario above */
        uint32_t of;
    } cases[] = {
        { "\"backlog\":11", "\"backlog\":11,\"offline\":\"main\"", "one account", 2 },
        { "\"routing\":{", "\"routing\":{\"policy\":\"main_only\",", "main_only", 2 },
        { "\"duration\":\"6h\"", "\"duration\":\"48h\"", "one date", 2 },
        { "\"backlog\":11", "\"backlog\":11", "group \"after\" would be without agents in shard 7/8", 8 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[4096], problem[256] = "";
        const char *const at = strstr(busy, cases[i].from);
        uint32_t share[16], lacking;
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - busy), busy, cases[i].to, at + strlen(cases[i].from));
        struct fl_scenario *const scenario = scenario_of(text);
        fl_share_agents(scenario, cases[i].of, share);

        cr_expect_not(fl_share_holds(scenario, cases[i].of, share, problem, &lacking));

        cr_expect_not_null(strstr(problem, cases[i].why), "%s", problem);
        fl_scenario_free(scenario);
    }
}

Test(share, a_share_with_nobody_in_a_shift_that_others_have_is_named)
{
    struct fl_scenario *const scenario = scenario_of(busy);
    uint32_t share[16], lacking;
    char problem[256];

    fl_share_agents(scenario, 3, share);
    cr_expect(fl_share_holds(scenario, 3, share, problem, &lacking) && lacking == FL_NONE);
    fl_share_agents(scenario, 5, share);
    cr_expect(fl_share_holds(scenario, 5, share, problem, &lacking), "%s", problem);
    uint32_t noon = 0; /* of the share that is named, agents of definition b */
    for (uint32_t a = 5; a < 9; a++) noon += share[a] == lacking;
    cr_expect(lacking < 5 && noon == 0);
    fl_scenario_free(scenario);
}

/* ---- Laid over each other ------------------------------------------------------------------------- */

static void slice_read(const struct fl_scenario *scenario, uint32_t index, uint32_t of, struct fl_slice *out)
{
    struct fl_run *const run = run_of(scenario, index, of, NULL);
    struct fl_text text = { 0 };
    const struct fl_slice_head head = { .scenario_hash = scenario->hash, .seed = 7, .shards = 1, .replications = 1, .days = 1 };
    fl_slice_write(&head, &run->results, &text);
    cr_assert_eq(fl_slice_read(text.bytes, text.length, scenario, out), FL_OK);
    fl_text_free(&text);
    fl_run_free(run);
}

/* The shares, last one first. */
static enum fl_status lay_over(const struct fl_scenario *scenario, const struct fl_slice shares[], uint32_t count, struct fl_slice *day)
{
    struct fl_overlay *const overlay = fl_overlay_open(scenario, count);
    enum fl_status status = FL_OK;
    cr_assert_not_null(overlay);
    for (uint32_t s = count; s-- > 0 && status == FL_OK;) status = fl_overlay_add(overlay, s, &shares[s]);
    if (status == FL_OK) return fl_overlay_close(overlay, day);
    fl_overlay_free(overlay);
    return status;
}

static uint64_t count_of(const struct fl_slice *slice, enum fl_count what)
{
    uint64_t sum = 0;
    for (uint32_t g = 0; g < slice->totals.groups; g++) sum += slice->totals.group[g].count[what];
    return sum;
}

Test(share, laid_over_each_other_they_are_one_day_of_all_buyers_and_agents)
{
    struct fl_scenario *const scenario = scenario_of(crowded);
    struct fl_slice shares[3], whole, day;
    for (uint32_t s = 0; s < 3; s++) slice_read(scenario, s, 3, &shares[s]);
    slice_read(scenario, 0, 0, &whole);

    cr_assert_eq(lay_over(scenario, shares, 3, &day), FL_OK);

    cr_expect_eq(count_of(&day, FL_COUNT_chats_offered), count_of(&whole, FL_COUNT_chats_offered));
    cr_expect_eq(day.totals.days, 1);
    for (uint32_t a = 0; a < 16; a++) { /* each worked in one share, as long as she does in the whole, to within what she finishes after her shift */
        uint64_t most = 0;
        for (uint32_t s = 0; s < 3; s++) most = shares[s].totals.agent[a].count[FL_COUNT_duty_us] > most ? shares[s].totals.agent[a].count[FL_COUNT_duty_us] : most;
        cr_expect_eq(day.totals.agent[a].count[FL_COUNT_duty_us], most);
        cr_expect_gt(most, UINT64_C(2) * 3600 * 1000000);
        cr_expect_eq(day.totals.agent[a].count[FL_COUNT_duty_us] / 600000000, whole.totals.agent[a].count[FL_COUNT_duty_us] / 600000000);
    }
    uint64_t longest = 0;
    for (uint32_t i = 0; i <= day.totals.intervals; i++) {
        uint64_t waiting = 0, in_system = 0;
        for (uint32_t s = 0; s < 3; s++) {
            waiting += shares[s].totals.snapshot[4 * i];
            in_system += shares[s].totals.snapshot[4 * i] + shares[s].totals.snapshot[4 * i + 1];
        }
        longest = waiting > longest ? waiting : longest;
        cr_expect_eq(day.totals.snapshot[4 * i], waiting);
        cr_expect_eq(day.totals.snapshot_square[2 * i], waiting * waiting);
        cr_expect_eq(day.totals.snapshot_square[2 * i + 1], in_system * in_system);
    }
    cr_expect_gt(longest, 1, "somebody waits at some edge of an interval");
    cr_expect_float_eq(day.rows[0]->wages_cny, shares[0].rows[0]->wages_cny + shares[1].rows[0]->wages_cny + shares[2].rows[0]->wages_cny, 1e-6);
    for (uint32_t s = 0; s < 3; s++) fl_slice_free(&shares[s]);
    fl_slice_free(&whole);
    fl_slice_free(&day);
    fl_scenario_free(scenario);
}

Test(share, one_share_of_one_is_the_whole_day_to_the_byte)
{
    struct fl_scenario *const scenario = scenario_of(crowded);
    struct fl_slice whole, day;
    slice_read(scenario, 0, 1, &whole);

    cr_assert_eq(lay_over(scenario, &whole, 1, &day), FL_OK);

    struct fl_text text[2] = { { 0 }, { 0 } };
    const struct fl_slice *const slices[2] = { &whole, &day };
    for (int i = 0; i < 2; i++) {
        const struct fl_results results = { .scenario = scenario, .totals = slices[i]->totals, .rows = slices[i]->rows, .rows_count = 1,
                                            .cells = { { slices[i]->cells[0], slices[i]->cells[1], slices[i]->cells[2] } } };
        fl_slice_write(&whole.head, &results, &text[i]);
    }
    cr_expect_eq(text[0].length, text[1].length);
    cr_expect_eq(memcmp(text[0].bytes, text[1].bytes, text[0].length), 0);
    for (int i = 0; i < 2; i++) fl_text_free(&text[i]);
    fl_slice_free(&whole);
    fl_slice_free(&day);
    fl_scenario_free(scenario);
}

Test(share, objectives_are_judged_of_the_day_as_a_whole)
{
    struct fl_scenario *const scenario = scenario_of(busy);
    struct fl_slice shares[2], day;
    struct fl_objective_result judged;
    for (uint32_t s = 0; s < 2; s++) slice_read(scenario, s, 2, &shares[s]);
    cr_assert_eq(lay_over(scenario, shares, 2, &day), FL_OK);

    const struct fl_results results = { .scenario = scenario, .totals = day.totals, .rows = day.rows, .rows_count = 1 };
    for (uint32_t i = 0; i < scenario->objectives_count; i++) {
        fl_objective_judge(&results, i, &judged);
        cr_expect_eq(judged.met, day.rows[0]->met >> i & 1, "objective %u", i);
    }

    cr_expect_eq(day.rows[0]->met & 1, 1, "abandonment"); /* so that both outcomes are seen */
    cr_expect_neq(day.rows[0]->met, 7);
    for (uint32_t s = 0; s < 2; s++) fl_slice_free(&shares[s]);
    fl_slice_free(&day);
    fl_scenario_free(scenario);
}

Test(share, shares_that_are_not_of_one_day_are_refused)
{
    struct fl_scenario *const scenario = scenario_of(busy);
    struct fl_slice shares[3], twice[2], day;
    for (uint32_t s = 0; s < 3; s++) slice_read(scenario, s, 3, &shares[s]);
    twice[0] = shares[0];
    twice[1] = shares[0];

    cr_expect_eq(lay_over(scenario, twice, 2, &day), FL_ECONFLICT, "somebody is on duty in a share that is not hers");
    shares[1].head.seed = 8;
    cr_expect_eq(lay_over(scenario, shares, 3, &day), FL_ECONFLICT);
    shares[1].head.seed = 7;
    shares[2].totals.days = 2;
    cr_expect_eq(lay_over(scenario, shares, 3, &day), FL_ECONFLICT);
    shares[2].totals.days = 1;
    struct fl_overlay *const overlay = fl_overlay_open(scenario, 3);
    cr_expect_eq(fl_overlay_add(overlay, 1, &shares[1]), FL_OK);
    cr_expect_eq(fl_overlay_add(overlay, 1, &shares[1]), FL_EDUPLICATE);
    cr_expect_eq(fl_overlay_add(overlay, 0, &shares[2]), FL_ECONFLICT);
    cr_expect_eq(fl_overlay_add(overlay, 0, &shares[0]), FL_OK);
    cr_expect_eq(fl_overlay_close(overlay, &day), FL_ECONFLICT, "one is missing");
    for (uint32_t s = 0; s < 3; s++) fl_slice_free(&shares[s]);
    fl_scenario_free(scenario);
}
