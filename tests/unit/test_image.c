/* A scenario sent to another process gives the same days there, and an image that is cut is refused. */
#include "run/run.h"
#include "scenario/image.h"
#include "scenario/reader.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fl_scenario *scenario_in(const char *name)
{
    char path[512];
    struct fl_scenario *scenario = NULL;
    static struct fl_errors errors;
    snprintf(path, sizeof path, FENLIU_SOURCE_DIR "/%s", name);
    FILE *const file = fopen(path, "rb");
    cr_assert_not_null(file, "%s", path);
    char *const text = malloc(1 << 20);
    const size_t length = fread(text, 1, 1 << 20, file);
    fclose(file);
    cr_assert_eq(fl_scenario_read(path, text, length, NULL, 0, &scenario, &errors), FL_OK, "%s: %s", path, errors.list[0].text);
    free(text);
    return scenario;
}

static struct fl_run *day_of(const struct fl_scenario *scenario)
{
    struct fl_run *run = NULL;
    const struct fl_run_options options = { .seed = 3, .replications = 1, .jobs = 1 };
    cr_assert_eq(fl_run(scenario, &options, &run), FL_OK);
    return run;
}

/* The bytes are moved between making and opening, and what they were made of is gone. */
static void expect_same_day(const char *name)
{
    struct fl_scenario *const scenario = scenario_in(name), *opened = NULL;
    struct fl_run *const here = day_of(scenario);
    void *bytes = NULL;
    size_t length = 0;
    cr_assert_eq(fl_image_make(scenario, &bytes, &length), FL_OK);
    char *const moved = malloc(length);
    memcpy(moved, bytes, length);
    memset(bytes, 0xA5, length);
    free(bytes);

    cr_assert_eq(fl_image_open(moved, length, &opened), FL_OK);
    memset(moved, 0xA5, length);
    free(moved);
    struct fl_run *const there = day_of(opened);

    cr_expect_eq(opened->hash, scenario->hash);
    cr_expect_str_eq(opened->name, scenario->name);
    cr_expect(fl_row_equal(here->results.rows[0], there->results.rows[0]), "%s", name);
    fl_run_free(here);
    fl_run_free(there);
    fl_scenario_free(scenario);
    free(opened);
}

Test(image, the_shipped_scenarios_give_the_same_day)
{
    static const char *const names[] = { "618-opening", "after-sales-wave", "bot-in-front", "double12", "late-login-flood", "ordinary-day",
                                         "promotion-month", "star-quits", "suspend-overload", "valentine" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[64];
        snprintf(path, sizeof path, "scenarios/%s.json", names[i]);
        expect_same_day(path);
    }
}

Test(image, a_recording_is_sent_with_it)
{
    struct fl_scenario *const scenario = scenario_in("scenarios/promo-2500.json"), *opened = NULL;
    struct fl_recording *const recording = calloc(1, sizeof *recording);
    const struct fl_recorded_round rounds[] = { { .waited = 30 * FL_SECOND, .messages = 3 }, { .think = 40 * FL_SECOND, .messages = 1, .end = FL_RECORDED_LEFT } };
    const fl_time gaps[] = { 2 * FL_SECOND, 5 * FL_SECOND };
    for (uint32_t i = 0; i < 50; i++) {
        const struct fl_recorded_chat chat = { .at = FL_HOUR * 9 + i * FL_MINUTE, .rounds = 2, .intent = FL_RECORDED_UNKNOWN, .buyer_class = FL_RECORDED_UNKNOWN };
        cr_assert_eq(fl_recording_add(recording, &chat, rounds, 2, gaps, 2), FL_OK);
    }
    void *bytes = NULL;
    size_t length = 0;
    scenario->traffic.replay.recording = recording;
    cr_assert_eq(fl_image_make(scenario, &bytes, &length), FL_OK);
    cr_assert_eq(fl_image_open(bytes, length, &opened), FL_OK);
    free(bytes);
    const struct fl_recording *const sent = opened->traffic.replay.recording;
    cr_assert(sent != recording && sent != NULL);
    cr_expect_eq(sent->chats_count, recording->chats_count);
    cr_expect_eq(memcmp(sent->chats, recording->chats, recording->chats_count * sizeof *sent->chats), 0);
    cr_expect_eq(memcmp(sent->rounds, recording->rounds, recording->rounds_count * sizeof *sent->rounds), 0);
    cr_expect_eq(memcmp(sent->gaps, recording->gaps, recording->gaps_count * sizeof *sent->gaps), 0);
    free(opened);
    scenario->traffic.replay.recording = NULL;
    fl_recording_free(recording);
    fl_scenario_free(scenario);
}

Test(image, what_is_cut_is_refused)
{
    struct fl_scenario *const scenario = scenario_in("scenarios/618-opening.json"), *opened = NULL;
    void *bytes = NULL;
    size_t length = 0;
    cr_assert_eq(fl_image_make(scenario, &bytes, &length), FL_OK);
    for (size_t cut = 0; cut < length; cut += 16) cr_expect_neq(fl_image_open(bytes, cut, &opened), FL_OK);
    cr_expect_null(opened);
    free(bytes);
    fl_scenario_free(scenario);
}

/* A pointer that image.c does not know would be followed in another process. Whoever makes one of these larger looks whether it is one, and sends it. */
Test(image, what_points_somewhere_is_known)
{
    if (sizeof(void *) != 8) return;
    static const struct {
        const char *name;
        size_t bytes, known;
    } structs[] = {
#define KNOWN(name, bytes) { #name, sizeof(struct name), bytes }
        KNOWN(fl_traffic, 2320), KNOWN(fl_promotion, 256), KNOWN(fl_push, 40), KNOWN(fl_buyers, 496), KNOWN(fl_intent, 608), KNOWN(fl_buyer_class, 136),
        KNOWN(fl_desk_def, 472), KNOWN(fl_group_def, 56), KNOWN(fl_shift_def, 48), KNOWN(fl_grade_def, 48), KNOWN(fl_agent_def, 680), KNOWN(fl_routing_def, 208),
        KNOWN(fl_distribution, 48), KNOWN(fl_objective, 40), KNOWN(fl_threshold, 16), KNOWN(fl_platform, 56), KNOWN(fl_money, 176), KNOWN(fl_event_def, 24),
#undef KNOWN
    };
    for (size_t i = 0; i < sizeof structs / sizeof *structs; i++)
        cr_expect_eq(structs[i].bytes, structs[i].known, "%s, %zu", structs[i].name, structs[i].bytes);
}
