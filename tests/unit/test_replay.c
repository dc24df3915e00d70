/* Recorded buyers come again: at their instants, with their messages, thinking and leaving; and a log becomes what they did. */
#include "fit/recorder.h"
#include "run/run.h"
#include "scenario/cut.h"
#include "scenario/reader.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS_MAX 4096u

struct tape {
    struct fl_log_event event[EVENTS_MAX];
    uint32_t count;
};

static bool keep_event(void *context, const struct fl_log_event *event)
{
    struct tape *tape = context;
    cr_assert(tape->count < EVENTS_MAX);
    tape->event[tape->count++] = *event;
    return true;
}

/* Two hours from 10:00 on; replies take ten seconds; who is drawn asks once and waits ten minutes. */
static struct fl_scenario *scenario_of(const char *replay, const char *more)
{
    static struct fl_errors errors;
    char text[4096];
    struct fl_scenario *scenario = NULL;
    snprintf(text, sizeof text,
             "{\"fenliu\":1,\"start\":\"2026-06-18T10:00\",\"duration\":\"2h\",\"interval\":\"15m\",\"traffic\":{\"chats_per_day\":5000,\"replay\":{%s}%s},"
             "\"buyers\":{\"classes\":[{\"name\":\"new\"},{\"name\":\"vip\"}],\"intents\":[{\"name\":\"size\",\"share\":3,\"reply\":{\"total\":\"10s\"}},"
             "{\"name\":\"refund\",\"phase\":\"after_sale\",\"reply\":{\"total\":\"10s\"}}],\"patience\":{\"first\":\"10m\",\"later\":\"10m\"}},"
             "\"desk\":{\"close\":{\"when_done\":\"20s\"},\"agents\":[{\"name\":\"a\",\"count\":9}]}}",
             replay, more);
    cr_assert_eq(fl_scenario_read("test", text, strlen(text), NULL, 0, &scenario, &errors), FL_OK, "%s", errors.list[0].text);
    return scenario;
}

static const int64_t origin_s = 1750204800; /* 2025-06-18T00:00 */

static struct fl_recording *nobody(void)
{
    struct fl_recording *recording = calloc(1, sizeof *recording);
    cr_assert_not_null(recording);
    recording->origin_s = origin_s;
    return recording;
}

static void add(struct fl_recording *recording, fl_time at, const struct fl_recorded_round rounds[], uint32_t count, fl_time gap)
{
    const struct fl_recorded_chat chat = { .at = at, .intent = 1, .buyer_class = 1 };
    cr_assert_eq(fl_recording_add(recording, &chat, rounds, count, &gap, gap > 0), FL_OK);
}

static void add_single(struct fl_recording *recording, fl_time at)
{
    const struct fl_recorded_round once = { .messages = 1, .waited = 5 * FL_SECOND };
    add(recording, at, &once, 1, 0);
}

static double offered(const struct fl_scenario *scenario, uint32_t day, struct tape *tape)
{
    const struct fl_run_options options = { .seed = 7, .first = day, .replications = 1, .jobs = 1, .on_log = tape != NULL ? keep_event : NULL,
                                            .log_context = tape };
    struct fl_run *run = NULL;
    cr_assert_eq(fl_run(scenario, &options, &run), FL_OK);
    const double chats = fl_figure_named(&run->results, FL_SCOPE_DESK, 0, "chats_offered").value;
    fl_run_free(run);
    return chats;
}

Test(replay, a_recorded_buyer_writes_thinks_and_leaves_as_she_did)
{
    static struct tape tape;
    struct fl_scenario *scenario = scenario_of("\"log\":\"x\"", "");
    struct fl_recording *recording = nobody();
    const fl_time first = 10 * FL_HOUR + 600 * FL_SECOND + 250 * FL_MILLISECOND;
    const struct fl_recorded_round rounds[] = {
        { .messages = 2, .waited = 30 * FL_SECOND },
        { .think = 25 * FL_SECOND, .messages = 1, .waited = 4 * FL_SECOND, .end = FL_RECORDED_LEFT },
    };
    add(recording, first, rounds, 2, 3 * FL_SECOND);
    cr_assert_eq(fl_scenario_attach(scenario, recording), FL_OK);
    cr_expect_eq(offered(scenario, 0, &tape), 1);

    static const struct {
        enum fl_log_kind kind;
        fl_time after;
    } expected[] = {
        { FL_LOG_BUYER_MESSAGE, 0 },
        { FL_LOG_BUYER_MESSAGE, 3 * FL_SECOND },
        { FL_LOG_AGENT_REPLY, 10 * FL_SECOND },
        { FL_LOG_BUYER_MESSAGE, 35 * FL_SECOND }, /* 25 s after this desk's reply, not after the recorded one */
        { FL_LOG_ABANDONED, 39 * FL_SECOND },
    };
    uint32_t next = 0;
    for (uint32_t i = 0; i < tape.count; i++) {
        const struct fl_log_event *event = &tape.event[i];
        cr_expect_eq(event->intent, 1);
        cr_expect_eq(event->buyer_class, 1);
        if (next == sizeof expected / sizeof *expected || event->kind != expected[next].kind) continue;
        cr_expect_eq(event->at - (first - 10 * FL_HOUR), expected[next].after, "event %u", next);
        next++;
    }
    cr_expect_eq(next, sizeof expected / sizeof *expected);
    fl_scenario_free(scenario);
}

Test(replay, who_was_answered_waits_longer_than_she_was_seen_to)
{
    static struct tape tape;
    struct fl_scenario *scenario = scenario_of("\"log\":\"x\"", "");
    struct fl_recording *recording = nobody();
    ((struct fl_distribution *)(uintptr_t)&scenario->buyers.patience.first)->a = 8; /* less than a reply takes */
    const struct fl_recorded_round patient = { .messages = 1, .waited = 3600 * FL_SECOND }, hasty = { .messages = 1, .waited = 2 * FL_SECOND };
    add(recording, 10 * FL_HOUR + FL_MINUTE, &patient, 1, 0);
    add(recording, 11 * FL_HOUR, &hasty, 1, 0);
    cr_assert_eq(fl_scenario_attach(scenario, recording), FL_OK);
    cr_expect_eq(offered(scenario, 0, &tape), 2);
    uint32_t answered = 0, left = 0;
    for (uint32_t i = 0; i < tape.count; i++) {
        answered += tape.event[i].kind == FL_LOG_AGENT_REPLY && tape.event[i].at < FL_HOUR;
        left += tape.event[i].kind == FL_LOG_ABANDONED && tape.event[i].at == FL_HOUR + 8 * FL_SECOND;
    }
    cr_expect_eq(answered, 1, "she waited an hour then, and waits the ten seconds now");
    cr_expect_eq(left, 1, "no more than two seconds are known of her: eight are drawn");
    fl_scenario_free(scenario);
}

Test(replay, scale_brings_copies_and_shares)
{
    struct fl_scenario *twice = scenario_of("\"log\":\"x\"", ",\"scale\":2.25");
    struct fl_recording *recording = nobody();
    for (uint32_t i = 0; i < 400; i++) add_single(recording, 10 * FL_HOUR + 20 * FL_MINUTE + i * 10 * FL_SECOND);
    cr_assert_eq(fl_scenario_attach(twice, recording), FL_OK);
    cr_expect_float_eq(fl_traffic_expected(twice, 0, 2 * FL_HOUR), 900, 1e-9);
    double sum = 0;
    for (uint32_t day = 0; day < 20; day++) {
        const double chats = offered(twice, day, NULL);
        cr_expect(chats >= 800 && chats <= 1000);
        sum += chats;
    }
    cr_expect_float_eq(sum / 20, 900, 4 * 8.7 / 4.47, "a quarter of 400 the third time, give or take: %g", sum / 20);
    fl_scenario_free(twice);
}

/* Intervals of 15 minutes: a copy is moved by less than half of one, all of its buyers alike. */
Test(replay, a_copy_is_moved_as_a_whole)
{
    static struct tape tape;
    struct fl_scenario *scenario = scenario_of("\"log\":\"x\"", ",\"scale\":2");
    struct fl_recording *recording = nobody();
    fl_time moved[2] = { 0 };
    uint32_t originals = 0, copies = 0;
    for (uint32_t i = 0; i < 2; i++) add_single(recording, 11 * FL_HOUR + i * 20 * FL_MINUTE);
    cr_assert_eq(fl_scenario_attach(scenario, recording), FL_OK);
    cr_expect_eq(offered(scenario, 0, &tape), 4);

    for (uint32_t i = 0; i < tape.count; i++) {
        if (tape.event[i].kind != FL_LOG_CHAT_OPENED) continue;
        const fl_time after = tape.event[i].at - FL_HOUR;
        if (after == 0 || after == 20 * FL_MINUTE) originals++;
        else if (copies < 2) moved[copies++] = after;
    }

    cr_expect_eq(originals, 2);
    cr_expect_eq(copies, 2);
    cr_expect_eq(moved[1] - moved[0], 20 * FL_MINUTE);
    cr_expect_lt(llabs(moved[0]), 15 * FL_MINUTE / 2);
    fl_scenario_free(scenario);
}

Test(replay, each_replication_plays_a_day_of_its_own)
{
    struct fl_scenario *scenario = scenario_of("\"log\":\"x\",\"from\":\"2025-06-18T10:00\",\"days\":3", "");
    struct fl_recording *recording = nobody();
    for (uint32_t day = 0; day < 3; day++)
        for (uint32_t i = 0; i <= day; i++) add_single(recording, day * FL_DAY + 10 * FL_HOUR + i * FL_MINUTE);
    add_single(recording, 9 * FL_HOUR);
    add_single(recording, 12 * FL_HOUR);
    cr_assert_eq(fl_scenario_attach(scenario, (fl_recording_sort(recording), recording)), FL_OK);
    for (uint32_t day = 0; day < 7; day++) cr_expect_eq(offered(scenario, day, NULL), day % 3 + 1, "replication %u", day);
    cr_expect_float_eq(fl_traffic_expected(scenario, 0, 2 * FL_HOUR), 2, 1e-12);
    fl_scenario_free(scenario);
}

Test(replay, the_stretch_begins_at_the_scenarios_time_of_day)
{
    struct fl_scenario *scenario = scenario_of("\"log\":\"x\"", "");
    struct fl_recording *recording = nobody();
    add_single(recording, 9 * FL_HOUR); /* before ten: the stretch begins the day before, and is over at noon */
    cr_expect_eq(fl_scenario_attach(scenario, recording), FL_EMISSING);
    fl_scenario_free(scenario);

    scenario = scenario_of("\"log\":\"x\"", "");
    recording = nobody();
    add_single(recording, 11 * FL_HOUR);
    cr_expect_eq(fl_scenario_attach(scenario, recording), FL_OK);
    cr_expect_eq(scenario->traffic.replay.begins, 10 * FL_HOUR);
    cr_expect_eq(offered(scenario, 0, NULL), 1, "and nobody of the 5 000 of the ordinary day");
    fl_scenario_free(scenario);
}

Test(replay, what_cannot_be_played_is_refused)
{
    struct fl_scenario *many = scenario_of("\"log\":\"x\"", ",\"scale\":65"), *silent = scenario_of("\"log\":\"x\"", "");
    struct fl_recording *recording = nobody();
    add_single(recording, 11 * FL_HOUR);
    cr_expect_eq(fl_scenario_attach(many, recording), FL_ERANGE);
    recording = nobody();
    const struct fl_recorded_round gone = { .messages = 1, .waited = FL_MINUTE, .end = FL_RECORDED_LEFT_SILENT };
    add(recording, 11 * FL_HOUR, &gone, 1, 0);
    cr_expect_eq(fl_scenario_attach(silent, recording), FL_ECONFLICT, "her place would be held for ever");
    fl_scenario_free(many);
    fl_scenario_free(silent);
}

Test(replay, a_part_of_the_period_plays_its_part)
{
    struct fl_scenario *scenario = scenario_of("\"log\":\"x\"", "");
    struct fl_recording *recording = nobody();
    for (uint32_t i = 0; i < 4; i++) add_single(recording, 10 * FL_HOUR + i * 30 * FL_MINUTE);
    cr_assert_eq(fl_scenario_attach(scenario, recording), FL_OK);
    struct fl_cut cut;
    cr_assert(fl_scenario_cut(scenario, FL_HOUR, FL_HOUR, &cut));
    cr_expect_eq(offered(&cut.scenario, 0, NULL), 2);
    fl_cut_free(&cut);
    fl_scenario_free(scenario);
}

/* ---- From messages ----------------------------------------------------------------------------- */

static void say(struct fl_recorder *recorder, uint64_t conversation, double at_s, enum fl_log_kind kind)
{
    const struct fl_logged message = { .at_ns = origin_s * FL_SECOND + (int64_t)(at_s * 1e9), .conversation = conversation, .kind = (uint8_t)kind,
                                        .intent = { "refund", 6 }, .class = { "stranger", 8 } };
    cr_assert_eq(fl_recorder_add(recorder, &message), FL_OK);
}

Test(replay, messages_become_rounds)
{
    struct fl_scenario *scenario = scenario_of("\"log\":\"x\"", "");
    struct fl_recorder *recorder = fl_recorder_open(scenario);
    struct fl_recorder_notes notes;
    say(recorder, 5, 100, FL_LOG_CHAT_OPENED);
    say(recorder, 5, 100, FL_LOG_BUYER_MESSAGE);
    say(recorder, 9, 103, FL_LOG_BUYER_MESSAGE);
    say(recorder, 5, 104, FL_LOG_BUYER_MESSAGE);
    say(recorder, 5, 101, FL_LOG_GREETING);
    say(recorder, 5, 130, FL_LOG_AGENT_REPLY);
    say(recorder, 5, 131, FL_LOG_AGENT_EXTRA);
    say(recorder, 9, 140, FL_LOG_ABANDONED_SILENT);
    say(recorder, 5, 170, FL_LOG_BUYER_MESSAGE);
    say(recorder, 9, 700, FL_LOG_BUYER_MESSAGE); /* comes back: left out */
    say(recorder, 5, 180, FL_LOG_AGENT_REPLY);
    say(recorder, 5, 200, FL_LOG_CLOSED);
    say(recorder, 9, 710, FL_LOG_AGENT_REPLY);
    say(recorder, 9, 800, FL_LOG_CLOSED);
    say(recorder, 11, 900, FL_LOG_BUYER_MESSAGE);
    say(recorder, 11, 900, FL_LOG_LEAVE_MESSAGE);
    say(recorder, 11, 5000, FL_LOG_AGENT_REPLY);
    say(recorder, 11, 5000, FL_LOG_CLOSED);
    say(recorder, 12, 5900, FL_LOG_BUYER_MESSAGE); /* the log ends before her reply */
    say(recorder, 13, 6000, FL_LOG_AGENT_REPLY);   /* nobody asked */
    struct fl_recording *recording = fl_recorder_end(recorder, &notes);
    cr_assert_not_null(recording);
    cr_expect_eq(recording->origin_s, origin_s);
    cr_assert_eq(recording->chats_count, 4);
    cr_assert_eq(recording->rounds_count, 5);

    const struct fl_recorded_chat *chat = recording->chats;
    const struct fl_recorded_round *round = &recording->rounds[chat[0].rounds_from];
    cr_expect_eq(chat[0].at, 100 * FL_SECOND);
    cr_expect_eq(chat[0].intent, 1);
    cr_expect_eq(chat[0].buyer_class, FL_RECORDED_UNKNOWN);
    cr_expect_eq(chat[0].rounds, 2);
    cr_expect_not(chat[0].open_ended);
    cr_expect_eq(round[0].messages, 2);
    cr_expect_eq(recording->gaps[round[0].gaps_from], 4 * FL_SECOND);
    cr_expect_eq(round[0].waited, 30 * FL_SECOND);
    cr_expect_eq(round[1].think, 40 * FL_SECOND);
    cr_expect_eq(round[1].waited, 10 * FL_SECOND);

    round = &recording->rounds[chat[1].rounds_from];
    cr_expect_eq(chat[1].rounds, 1);
    cr_expect(chat[1].open_ended);
    cr_expect_eq(round->end, FL_RECORDED_LEFT_SILENT);
    cr_expect_eq(round->waited, 37 * FL_SECOND);

    round = &recording->rounds[chat[2].rounds_from];
    cr_expect(chat[2].open_ended, "she was not there when the answer came");
    cr_expect_eq(round->end, FL_RECORDED_ANSWERED);
    cr_expect_eq(round->waited, 0, "nothing is known of her patience");

    round = &recording->rounds[chat[3].rounds_from];
    cr_expect(chat[3].open_ended);
    cr_expect_eq(round->end, FL_RECORDED_CUT);
    cr_expect_eq(round->waited, 100 * FL_SECOND, "she was still there when the log ended");

    cr_expect_eq(notes.chats, 4);
    cr_expect_eq(notes.left_silent, 1);
    cr_expect_eq(notes.come_backs, 1);
    cr_expect_eq(notes.unknown_classes, 5);
    cr_expect_eq(notes.unknown_intents, 0);
    fl_recording_free(recording);
    fl_recorder_free(recorder);
    fl_scenario_free(scenario);
}
