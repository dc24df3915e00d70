/* A run in parts: joined again it is the run, to the last byte of every file; what does not belong together is refused. */
#include "record/days.h"
#include "record/results.h"
#include "run/part.h"
#include "scenario/reader.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fl_scenario *shop(const char *duration, const char *agents)
{
    static char text[1024];
    static struct fl_errors errors;
    struct fl_scenario *scenario = NULL;
    snprintf(text, sizeof text,
             "{\"fenliu\":1,\"start\":\"2026-06-17T18:00\",\"duration\":\"%s\",\"traffic\":{\"chats_per_day\":600},\"buyers\":{\"intents\":[{\"name\":"
             "\"size\",\"rounds\":{\"geometric\":3},\"reply\":{\"total\":{\"exponential\":\"40s\"}}}],\"patience\":{\"first\":{\"exponential\":\"3m\"}}},"
             "\"desk\":{\"agents\":[{\"name\":\"a\",\"count\":%s}]},\"objectives\":{\"abandonment\":\"<= 0.1\"},\"money\":{\"wage_cny_per_hour\":25}}",
             duration, agents);
    cr_assert_eq(fl_scenario_read("shop", text, strlen(text), NULL, 0, &scenario, &errors), FL_OK, "%s %s", errors.list[0].path, errors.list[0].text);
    return scenario;
}

static struct fl_run *run_days(const struct fl_scenario *scenario, uint32_t first, uint32_t days, uint64_t seed)
{
    const struct fl_run_options how = { .seed = seed, .first = first, .replications = days, .jobs = 1, .cells = true };
    struct fl_run *run = NULL;
    cr_assert_eq(fl_run(scenario, &how, &run), FL_OK);
    return run;
}

static struct fl_text part_of(const struct fl_scenario *scenario, uint32_t first, uint32_t days, uint64_t seed)
{
    struct fl_text text = { 0 };
    struct fl_run *const run = run_days(scenario, first, days, seed);
    fl_part_write(run, &text);
    cr_assert(!text.full);
    fl_run_free(run);
    return text;
}

/* Everything that is written of a run. */
static struct fl_text said(const struct fl_run *run)
{
    struct fl_text text = { 0 };
    const struct fl_results_head head = { .command = "simulate", .policy = "policy", .seed = run->seed, .partial = run->partial };
    fl_results_json(&run->results, &head, &text);
    fl_results_days_csv(&run->results, &text);
    fl_results_intervals_csv(&run->results, &text);
    fl_results_agents_csv(&run->results, &text);
    fl_results_load_csv(&run->results, &text);
    fl_days_write(run->results.rows, run->results.rows_count, &text);
    fl_cells_write(&run->results.cells, run->results.rows_count, &text);
    cr_assert(!text.full);
    return text;
}

static void expect_joined_is_whole(const char *duration)
{
    struct fl_scenario *const scenario = shop(duration, "6");
    struct fl_run *const whole = run_days(scenario, 0, 7, 3), *joined = NULL;
    struct fl_text parts[3] = { part_of(scenario, 0, 1, 3), part_of(scenario, 1, 4, 3), part_of(scenario, 5, 2, 3) };
    const struct fl_part list[3] = { { parts[0].bytes, parts[0].length }, { parts[1].bytes, parts[1].length }, { parts[2].bytes, parts[2].length } };

    cr_assert_eq(fl_parts_join(scenario, list, 3, &joined), FL_OK);

    struct fl_text a = said(whole), b = said(joined);
    cr_expect_eq(a.length, b.length);
    cr_expect(memcmp(a.bytes, b.bytes, a.length < b.length ? a.length : b.length) == 0);
    fl_text_free(&a);
    fl_text_free(&b);
    for (int i = 0; i < 3; i++) fl_text_free(&parts[i]);
    fl_run_free(joined);
    fl_run_free(whole);
    fl_scenario_free(scenario);
}

Test(part, joined_parts_are_the_run)
{
    expect_joined_is_whole("6h");
}

Test(part, joined_parts_of_a_scenario_of_several_dates_are_the_run)
{
    expect_joined_is_whole("3d");
}

Test(part, what_is_damaged_or_of_another_run_is_refused)
{
    struct fl_scenario *const scenario = shop("6h", "6"), *const other = shop("6h", "5");
    struct fl_text a = part_of(scenario, 0, 2, 3), b = part_of(scenario, 2, 2, 4), c = part_of(scenario, 1, 2, 3);
    const struct fl_part one = { a.bytes, a.length }, seeds[2] = { { a.bytes, a.length }, { b.bytes, b.length } },
                         twice[2] = { { a.bytes, a.length }, { c.bytes, c.length } }, cut = { a.bytes, a.length - 1 }, empty = { a.bytes, 0 };
    struct fl_part_head head;
    struct fl_run *run = NULL;

    cr_expect_eq(fl_part_head(a.bytes, a.length, &head), FL_OK);
    cr_expect(head.days == 2 && head.first == 0 && head.seed == 3 && head.scenario_hash == scenario->hash);
    cr_expect_eq(fl_parts_join(other, &one, 1, &run), FL_EUNKNOWN);
    cr_expect_eq(fl_parts_join(scenario, seeds, 2, &run), FL_EUNKNOWN);
    cr_expect_eq(fl_parts_join(scenario, twice, 2, &run), FL_ESYNTAX);
    cr_expect_eq(fl_parts_join(scenario, &cut, 1, &run), FL_ESYNTAX);
    cr_expect_eq(fl_parts_join(scenario, &empty, 1, &run), FL_ESYNTAX);
    a.bytes[a.length / 2] ^= 1;
    cr_expect_eq(fl_parts_join(scenario, &one, 1, &run), FL_ESYNTAX);
    cr_expect_null(run);
    fl_text_free(&a);
    fl_text_free(&b);
    fl_text_free(&c);
    fl_scenario_free(scenario);
    fl_scenario_free(other);
}
