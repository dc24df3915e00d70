/* Slices of a run: put together they are the run; cut, changed or foreign they are refused, and whatever is read can be worked with. */
#include "record/leb.h"
#include "record/days.h"
#include "record/results.h"
#include "record/rows.h"
#include "run/gather.h"
#include "scenario/reader.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const char small[] = "{\"fenliu\":1,\"duration\":\"1h\",\"interval\":\"15m\",\"traffic\":{\"chats_per_day\":960},"
                            "\"buyers\":{\"intents\":[{\"name\":\"size\",\"reply\":{\"total\":{\"exponential\":\"70s\"}}},{\"name\":\"colour\"}]},"
                            "\"desk\":{\"agents\":[{\"name\":\"a\",\"count\":2,\"max_chats\":2,\"wage_cny_per_hour\":25.5}]},"
                            "\"objectives\":{\"abandonment\":\"<= 0.05\"}}";
static const char two_dates[] = "{\"fenliu\":1,\"duration\":\"48h\",\"interval\":\"6h\",\"traffic\":{\"chats_per_day\":40},\"buyers\":{\"intents\":[{\"name\":\"size\"}]},"
                                "\"desk\":{\"agents\":[{\"name\":\"a\",\"wage_cny_per_hour\":25.5},{\"name\":\"b\",\"wage_cny_per_hour\":20,"
                                "\"away\":[{\"from\":\"+26h\",\"to\":\"+30h\"}]}]}}";

static struct fl_scenario *scenario_of(const char *text)
{
    struct fl_scenario *scenario = NULL;
    struct fl_errors errors = { 0 };
    cr_assert_eq(fl_scenario_read("test", text, strlen(text), NULL, 0, &scenario, &errors), FL_OK, "%s %s", errors.list[0].path, errors.list[0].text);
    return scenario;
}

static struct fl_run *run_of(const struct fl_scenario *scenario, uint32_t first, uint32_t days, bool rows_only)
{
    struct fl_run *run = NULL;
    const struct fl_run_options options = { .seed = 7, .first = first, .replications = days, .jobs = 1, .cells = true, .rows_only = rows_only };
    cr_assert_eq(fl_run(scenario, &options, &run), FL_OK);
    return run;
}

static struct fl_text slice_of(const struct fl_scenario *scenario, uint32_t shard, uint32_t shards, uint32_t replications, bool rows_only)
{
    struct fl_slice_head head = { .scenario_hash = scenario->hash, .seed = 7 };
    struct fl_text text = { 0 };
    fl_slice_of_shard(&head, shard, shards, replications);
    struct fl_run *const run = run_of(scenario, head.first, head.days, rows_only);
    fl_slice_write(&head, &run->results, &text);
    fl_run_free(run);
    return text;
}

static struct fl_gather *gather_of(const struct fl_scenario *scenario, uint32_t days, bool rows_only)
{
    const struct fl_run_options options = { .seed = 7, .replications = days, .cells = true, .rows_only = rows_only };
    struct fl_gather *const gather = fl_gather_open(scenario, &options);
    cr_assert_not_null(gather);
    return gather;
}

static enum fl_status add(struct fl_gather *gather, const struct fl_scenario *scenario, const struct fl_text *text)
{
    struct fl_slice slice;
    enum fl_status status = fl_slice_read(text->bytes, text->length, scenario, &slice);
    if (status != FL_OK) return status;
    status = fl_gather_add(gather, &slice);
    fl_slice_free(&slice);
    return status;
}

/* All that a run says of itself. */
static struct fl_text said(const struct fl_run *run)
{
    struct fl_text text = { 0 };
    const struct fl_results_head head = { .command = "simulate", .policy = "p", .seed = run->seed, .partial = run->partial };
    fl_results_json(&run->results, &head, &text);
    fl_results_days_csv(&run->results, &text);
    fl_results_intervals_csv(&run->results, &text);
    fl_results_agents_csv(&run->results, &text);
    fl_results_load_csv(&run->results, &text);
    fl_days_write(run->results.rows, run->results.rows_count, &text);
    fl_cells_write(&run->results.cells, run->results.rows_count, &text);
    return text;
}

static void expect_whole(const char *scenario_text)
{
    struct fl_scenario *const scenario = scenario_of(scenario_text);
    struct fl_run *const whole = run_of(scenario, 0, 5, false), *gathered = NULL;
    struct fl_gather *const gather = gather_of(scenario, 5, false);
    const uint32_t order[3] = { 2, 0, 1 };
    for (uint32_t i = 0; i < 3; i++) {
        struct fl_text slice = slice_of(scenario, order[i], 3, 5, false);
        cr_expect_eq(add(gather, scenario, &slice), FL_OK);
        fl_text_free(&slice);
    }

    cr_assert_eq(fl_gather_close(gather, &gathered), FL_OK);

    struct fl_text one = said(whole), other = said(gathered);
    cr_expect_not(gathered->partial);
    cr_expect_eq(gathered->results.rows[0]->wages_cny, whole->results.rows[0]->wages_cny);
    cr_expect_eq(one.length, other.length);
    cr_expect_eq(memcmp(one.bytes, other.bytes, one.length < other.length ? one.length : other.length), 0);
    fl_text_free(&one);
    fl_text_free(&other);
    fl_run_free(whole);
    fl_run_free(gathered);
    fl_scenario_free(scenario);
}

/* What is not asked of a day is not kept while it is simulated; its row must not show it. */
Test(slice, a_row_is_the_same_whether_its_day_is_pooled_or_not)
{
    struct fl_scenario *scenario = scenario_of(small);
    struct fl_run *const pooled = run_of(scenario, 3, 20, false);
    struct fl_run *alone = NULL;

    cr_assert_eq(fl_run(scenario, &(struct fl_run_options){ .seed = 7, .first = 3, .replications = 20, .jobs = 1, .rows_only = true }, &alone), FL_OK);

    struct fl_text one = { 0 }, other = { 0 };
    fl_rows_write(pooled->results.rows, 20, &one);
    fl_rows_write(alone->results.rows, 20, &other);
    cr_assert_eq(one.length, other.length);
    cr_expect_eq(memcmp(one.bytes, other.bytes, one.length), 0);
    fl_text_free(&one);
    fl_text_free(&other);
    cr_expect_eq(alone->results.totals.days, 0);
    cr_expect_lt(alone->arena_high, pooled->arena_high);
    fl_run_free(pooled);
    fl_run_free(alone);
    fl_scenario_free(scenario);
}

Test(slice, parts_in_any_order_are_the_run)
{
    expect_whole(small);
}

Test(slice, dates_and_their_wages_are_kept)
{
    expect_whole(two_dates);
}

Test(slice, days_that_were_not_pooled_stay_so)
{
    struct fl_scenario *const scenario = scenario_of(small);
    struct fl_gather *const gather = gather_of(scenario, 2, true);
    struct fl_run *gathered = NULL;
    struct fl_text rows_only = slice_of(scenario, 0, 2, 2, true), pooled = slice_of(scenario, 1, 2, 2, false);

    cr_expect_eq(add(gather, scenario, &rows_only), FL_OK);
    cr_expect_eq(add(gather, scenario, &pooled), FL_ECONFLICT);

    cr_assert_eq(fl_gather_close(gather, &gathered), FL_OK);
    cr_expect(gathered->partial);
    cr_expect_eq(gathered->results.rows_count, 1);
    fl_text_free(&rows_only);
    fl_text_free(&pooled);
    fl_run_free(gathered);
    fl_scenario_free(scenario);
}

Test(slice, a_day_is_taken_once_and_of_its_own_run_only)
{
    struct fl_scenario *const scenario = scenario_of(small), *const other = scenario_of(two_dates);
    struct fl_gather *const gather = gather_of(scenario, 4, false);
    struct fl_text slice = slice_of(scenario, 0, 2, 4, false), longer = slice_of(scenario, 1, 2, 6, false);

    cr_expect_eq(add(gather, scenario, &slice), FL_OK);
    cr_expect_eq(add(gather, scenario, &slice), FL_EDUPLICATE);
    cr_expect_eq(add(gather, scenario, &longer), FL_ECONFLICT);
    cr_expect_eq(add(gather, other, &slice), FL_ECONFLICT);

    fl_gather_free(gather);
    fl_text_free(&slice);
    fl_text_free(&longer);
    fl_scenario_free(scenario);
    fl_scenario_free(other);
}

Test(slice, shards_are_blocks_that_differ_by_a_day_at_most)
{
    for (uint32_t shards = 1; shards <= 20; shards++) {
        uint32_t next = 0;
        for (uint32_t i = 0; i < shards; i++) {
            struct fl_slice_head head = { 0 };
            fl_slice_of_shard(&head, i, shards, 20);
            cr_expect_eq(head.first, next);
            cr_expect(head.days == 20 / shards || head.days == 20 / shards + 1);
            next += head.days;
        }
        cr_expect_eq(next, 20);
    }
}

Test(slice, a_cut_or_changed_byte_is_refused)
{
    struct fl_scenario *const scenario = scenario_of(small);
    struct fl_text slice = slice_of(scenario, 0, 1, 2, false);
    struct fl_slice read;
    struct fl_slice_head head;
    for (size_t length = 0; length < slice.length; length++) cr_expect_neq(fl_slice_read(slice.bytes, length, scenario, &read), FL_OK);
    for (size_t i = 0; i < slice.length; i++) {
        slice.bytes[i] = (char)(slice.bytes[i] ^ 1 << i % 8);
        cr_expect_neq(fl_slice_read(slice.bytes, slice.length, scenario, &read), FL_OK);
        cr_expect_neq(fl_slice_read_head(slice.bytes, slice.length, &head), FL_OK);
        slice.bytes[i] = (char)(slice.bytes[i] ^ 1 << i % 8);
    }
    cr_expect_eq(fl_slice_read(slice.bytes, slice.length, scenario, &read), FL_OK);
    fl_slice_free(&read);
    fl_text_free(&slice);
    fl_scenario_free(scenario);
}

/* The slice with some bytes changed and a hash that is right for it. */
static struct fl_text forged(const struct fl_text *slice, uint64_t seed)
{
    struct fl_text text = { 0 };
    uint64_t bits = seed;
    fl_text_add_bytes(&text, slice->bytes, slice->length - FL_LEB_HASH_BYTES);
    for (uint32_t i = 0; i < 1 + seed % 3; i++) {
        bits = bits * 6364136223846793005u + 1442695040888963407u;
        text.bytes[(bits >> 33) % text.length] = (char)(bits >> 20 & (seed & 1 ? 255 : 127));
    }
    fl_leb_add_hash(&text);
    return text;
}

Test(slice, whatever_is_forged_is_refused_or_can_be_worked_with)
{
    struct fl_scenario *const scenario = scenario_of(two_dates);
    struct fl_text slice = slice_of(scenario, 0, 1, 2, false);
    uint32_t refused = 0;
    for (uint64_t seed = 1; seed <= 600; seed++) {
        struct fl_gather *const gather = gather_of(scenario, 2, false);
        struct fl_run *run = NULL;
        struct fl_text changed = forged(&slice, seed);
        if (add(gather, scenario, &changed) == FL_OK) {
            cr_assert_eq(fl_gather_close(gather, &run), FL_OK);
            struct fl_text text = said(run);
            fl_text_free(&text);
            fl_run_free(run);
        } else {
            fl_gather_free(gather);
            refused++;
        }
        fl_text_free(&changed);
    }
    cr_expect_gt(refused, 300, "%u", refused);
    fl_text_free(&slice);
    fl_scenario_free(scenario);
}

Test(slice, another_version_is_told_from_damage)
{
    struct fl_scenario *const scenario = scenario_of(small);
    struct fl_text slice = slice_of(scenario, 0, 1, 1, false), other = { 0 };
    struct fl_slice_head head;
    fl_text_add_bytes(&other, slice.bytes, slice.length - FL_LEB_HASH_BYTES);
    char *const version = memmem(other.bytes, other.length, FENLIU_VERSION, strlen(FENLIU_VERSION));
    cr_assert_not_null(version);
    version[0]++;
    fl_leb_add_hash(&other);

    cr_expect_eq(fl_slice_read_head(other.bytes, other.length, &head), FL_EUNKNOWN);

    fl_text_free(&slice);
    fl_text_free(&other);
    fl_scenario_free(scenario);
}
