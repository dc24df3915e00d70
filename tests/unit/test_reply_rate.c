/* The three published vectors of the platform's 3-minute rate (dingjiuxi.cn, help text on the 3-minute human response rate), played
 * through the desk: one agent is held up by another buyer until 10:17:40 and takes 30 s for an answer. */
#include "run/run.h"
#include "scenario/reader.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct rate {
    uint64_t in_time, rounds;
};

/* A buyer "long" comes at 10:10:00 and occupies the agent for `held`; a buyer "asked" comes at 10:10:15 and asks as told. Pushes are Poisson, so
 * the first seed that brings one of each is taken. */
static struct rate play(const char *held, const char *asked, const char *close, const char *end)
{
    static struct fl_errors errors;
    char text[4096];
    struct fl_scenario *scenario = NULL;
    snprintf(text, sizeof text,
             "{\"fenliu\":1,\"start\":\"2026-06-01T10:00\",\"duration\":\"%s\",\"interval\":\"1h\",\"platform\":\"taobao-2025\","
             "\"traffic\":{\"pushes\":[{\"at\":\"+10m\",\"buyers\":1,\"intent\":\"long\",\"name\":\"long\"},"
             "{\"at\":\"+10m15s\",\"buyers\":1,\"intent\":\"asked\",\"name\":\"asked\"}]},"
             "\"buyers\":{\"intents\":[{\"name\":\"long\",\"reply\":{\"total\":\"%s\"}},%s],\"think_time\":\"20s\",\"burst_gap\":\"%s\"},"
             "\"desk\":{\"agents\":[{\"name\":\"a\"}],\"close\":{\"when_done\":\"1m\"}}}",
             end, held, asked, close);
    cr_assert_eq(fl_scenario_read("test", text, strlen(text), NULL, 0, &scenario, &errors), FL_OK, "%s %s", errors.list[0].path, errors.list[0].text);
    for (uint64_t seed = 1; seed < 500; seed++) {
        const struct fl_run_options options = { .seed = seed, .replications = 1, .jobs = 1 };
        struct fl_run *run = NULL;
        cr_assert_eq(fl_run(scenario, &options, &run), FL_OK);
        const uint64_t *hold = run->results.totals.intent[0].count, *count = run->results.totals.intent[1].count;
        const bool one_each = hold[FL_COUNT_chats_offered] == 1 && count[FL_COUNT_chats_offered] == 1;
        const struct rate platform = { count[FL_COUNT_platform_in_3min], count[FL_COUNT_platform_rounds] };
        const struct rate own = { count[FL_COUNT_rounds_in_3min], count[FL_COUNT_rounds_judged] };
        fl_run_free(run);
        if (!one_each) continue;
        cr_expect_eq(own.in_time, platform.in_time);
        cr_expect_eq(own.rounds, platform.rounds);
        fl_scenario_free(scenario);
        return platform;
    }
    cr_assert_fail("no seed brought one buyer each");
    return (struct rate){ 0, 0 };
}

/* Ask 10:10:15, ask 10:15:20, reply 10:18:10: 0 of 1. */
Test(reply_rate, a_second_question_does_not_restart_the_round)
{
    const struct rate rate = play("460s", "{\"name\":\"asked\",\"messages_per_round\":2,\"reply\":{\"total\":\"30s\"}}", "305s", "2h");

    cr_expect_eq(rate.in_time, 0);
    cr_expect_eq(rate.rounds, 1);
}

/* The same, then ask 10:18:30, reply 10:19:00: 1 of 2. */
Test(reply_rate, the_next_round_opens_after_the_human_reply)
{
    const struct rate rate = play("460s", "{\"name\":\"asked\",\"rounds\":2,\"reply\":{\"total\":\"30s\"}}", "305s", "2h");

    cr_expect_eq(rate.in_time, 1);
    cr_expect_eq(rate.rounds, 2);
}

/* Ten questions in three minutes, no reply until 24:00: 0 of 1. */
Test(reply_rate, questions_without_an_answer_until_midnight_are_one_miss)
{
    const struct rate rate = play("20h", "{\"name\":\"asked\",\"messages_per_round\":10,\"reply\":{\"total\":\"30s\"}}", "20s", "14h");

    cr_expect_eq(rate.in_time, 0);
    cr_expect_eq(rate.rounds, 1);
}
