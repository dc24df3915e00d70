/* What the desk does with a handful of buyers, held to the second by its log.
 *
 * Each buyer comes by a push of her own and is known by its number. Pushes are Poisson, so the first day that brings one buyer of
 * each is taken; she comes within a millisecond of its instant. All times are constants, so that what follows can be worked out by
 * hand. Every run must lose nobody. */
#include "run/run.h"
#include "scenario/reader.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAYS_TRIED 3000u
#define CAST_MAX 5u

struct push {
    const char *at, *intent;
};

struct tape {
    struct fl_scenario *scenario;
    struct fl_run *run;
    struct fl_log_event *event;
    size_t count, room;
};

static bool keep_event(void *context, const struct fl_log_event *event)
{
    struct tape *tape = context;
    if (tape->count == tape->room) {
        tape->room = tape->room == 0 ? 256 : tape->room * 2;
        tape->event = realloc(tape->event, tape->room * sizeof *tape->event);
        cr_assert_not_null(tape->event);
    }
    tape->event[tape->count++] = *event;
    return true;
}

static double figure(const struct tape *tape, const char *name)
{
    const struct fl_figure figure = fl_figure_named(&tape->run->results, FL_SCOPE_DESK, 0, name);
    cr_assert(figure.known, "%s", name);
    return figure.value;
}

/* Every buyer who wrote has one outcome, and opened one chat. */
static void expect_conserved(const struct tape *tape)
{
    const double outcomes = figure(tape, "chats_answered") + figure(tape, "chats_abandoned") + figure(tape, "chats_rejected") +
                            figure(tape, "bot_resolved") + figure(tape, "chats_unserved");
    size_t opened = 0;
    for (size_t i = 0; i < tape->count; i++)
        opened += tape->event[i].kind == FL_LOG_CHAT_OPENED && tape->event[i].at < tape->scenario->duration;
    cr_expect_eq(figure(tape, "chats_offered"), outcomes);
    cr_expect_eq((double)opened, figure(tape, "chats_offered"));
}

static void play_day(struct tape *tape, uint32_t day)
{
    if (tape->run != NULL) fl_run_free(tape->run);
    tape->count = 0;
    const struct fl_run_options options = { .seed = 7, .first = day, .replications = 1, .jobs = 1, .on_log = keep_event, .log_context = tape };
    cr_assert_eq(fl_run(tape->scenario, &options, &tape->run), FL_OK);
}

/* Reads a scenario written with ' for ". */
static struct tape tape_of(char *text)
{
    static struct fl_errors errors;
    struct tape tape = { 0 };
    for (char *at = text; *at != '\0'; at++)
        if (*at == '\'') *at = '"';
    cr_assert_eq(fl_scenario_read("test", text, strlen(text), NULL, 0, &tape.scenario, &errors), FL_OK, "%s %s\n%s", errors.list[0].path,
                 errors.list[0].text, text);
    return tape;
}

static uint64_t chat_of(uint32_t who)
{
    return (uint64_t)(FL_PHASES + who) << 40;
}

static bool one_of_each(const struct tape *tape, uint32_t cast_count)
{
    uint32_t opened = 0, first = 0;
    for (size_t i = 0; i < tape->count; i++) {
        if (tape->event[i].kind != FL_LOG_CHAT_OPENED) continue;
        opened++;
        for (uint32_t who = 0; who < cast_count; who++) first += tape->event[i].chat_id == chat_of(who);
    }
    return opened == cast_count && first == cast_count;
}

/* The cast comes to a desk of two hours from 10:00 on; `more` adds blocks to the scenario. */
static struct tape play(const struct push cast[], const char *buyers, const char *desk, const char *more)
{
    char text[8192], pushes[1024] = "";
    uint32_t count = 0;
    for (size_t used = 0; cast[count].at != NULL; count++)
        used += (size_t)snprintf(pushes + used, sizeof pushes - used, "%s{'at':'+%s','buyers':1,'intent':'%s','name':'p%u'}", count == 0 ? "" : ",",
                                 cast[count].at, cast[count].intent, count);
    snprintf(text, sizeof text,
             "{'fenliu':1,'start':'2026-06-01T10:00','duration':'2h','interval':'1h','traffic':{'pushes':[%s]},'buyers':{%s},'desk':{%s}%s}", pushes,
             buyers, desk, more);
    struct tape tape = tape_of(text);
    for (uint32_t day = 0; day < DAYS_TRIED; day++) {
        play_day(&tape, day);
        if (!one_of_each(&tape, count)) continue;
        expect_conserved(&tape);
        return tape;
    }
    cr_assert_fail("no day brought one buyer each");
    return tape;
}

static struct tape crowd(const char *written)
{
    char text[4096];
    snprintf(text, sizeof text, "%s", written);
    struct tape tape = tape_of(text);
    play_day(&tape, 0);
    expect_conserved(&tape);
    return tape;
}

static void tape_free(struct tape *tape)
{
    fl_run_free(tape->run);
    fl_scenario_free(tape->scenario);
    free(tape->event);
}

/* Her nth event of a kind, from 0; NULL when there is none. */
static const struct fl_log_event *event_of(const struct tape *tape, uint32_t who, enum fl_log_kind kind, uint32_t nth)
{
    for (size_t i = 0; i < tape->count; i++) {
        if (tape->event[i].chat_id != chat_of(who) || tape->event[i].kind != kind) continue;
        if (nth-- == 0) return &tape->event[i];
    }
    return NULL;
}

static uint32_t times(const struct tape *tape, uint32_t who, enum fl_log_kind kind)
{
    uint32_t n = 0;
    while (event_of(tape, who, kind, n) != NULL) n++;
    return n;
}

static uint32_t agent_of(const struct tape *tape, uint32_t who, enum fl_log_kind kind, uint32_t nth)
{
    const struct fl_log_event *event = event_of(tape, who, kind, nth);
    return event == NULL ? FL_NO_AGENT : event->agent;
}

/* Her nth event of a kind is at `seconds`, give or take the milliseconds in which buyers come. */
#define EXPECT_AT(tape, who, kind, nth, seconds)                                                                                        \
    do {                                                                                                                                \
        const struct fl_log_event *found = event_of(tape, who, kind, nth);                                                              \
        cr_expect(found != NULL, "no %s number %d", #kind, nth);                                                                        \
        if (found != NULL) cr_expect_float_eq(fl_time_to_s(found->at), seconds, 0.01, "%s at %.3f", #kind, fl_time_to_s(found->at)); \
    } while (0)

#define ONE_AGENT "'agents':[{'name':'a'}]"
#define TWO_AGENTS "'agents':[{'name':'a'},{'name':'b'}]"

/* ---- Leaving ----------------------------------------------------------------------------------- */

static const char leavers[] = "'intents':[{'name':'leaves','reply':{'total':'100s'}},{'name':'waits','patience':'2h','reply':{'total':'100s'}}],"
                              "'patience':{'first':'60s','silent_share':1%s}";

Test(desk, a_silent_leaver_holds_her_slot_until_silence_closes_it_and_costs_a_reply)
{
    char buyers[512];
    snprintf(buyers, sizeof buyers, leavers, "");
    const struct push cast[] = { { "10m", "leaves" }, { "11m", "waits" }, { 0 } };

    struct tape tape = play(cast, buyers, "'agents':[{'name':'a','max_chats':1}],'close':{'silence':'5m'}", "");

    EXPECT_AT(&tape, 0, FL_LOG_ABANDONED_SILENT, 0, 660);
    EXPECT_AT(&tape, 0, FL_LOG_AGENT_REPLY, 0, 700);
    EXPECT_AT(&tape, 0, FL_LOG_CLOSED, 0, 1000);
    EXPECT_AT(&tape, 1, FL_LOG_ASSIGNED, 0, 1000);
    cr_expect_eq(figure(&tape, "wasted_replies"), 1);
    cr_expect_eq(figure(&tape, "chats_abandoned_silent"), 1);
    tape_free(&tape);
}

Test(desk, whoever_is_found_out_is_closed_at_once)
{
    char buyers[512];
    snprintf(buyers, sizeof buyers, leavers, ",'finds_out':'5s'");
    const struct push cast[] = { { "10m", "waits" }, { "10m10s", "leaves" }, { 0 } };

    struct tape tape = play(cast, buyers, ONE_AGENT, "");

    EXPECT_AT(&tape, 1, FL_LOG_ABANDONED_SILENT, 0, 670);
    EXPECT_AT(&tape, 1, FL_LOG_CLOSED, 0, 705); /* looked at once the other is answered */
    tape_free(&tape);
}

Test(desk, a_loud_leaver_frees_her_slot_at_once_but_the_reply_under_way_is_finished_for_nobody)
{
    const struct push cast[] = { { "10m", "leaves" }, { "10m30s", "waits" }, { 0 } };

    struct tape tape = play(cast, "'intents':[{'name':'leaves','reply':{'total':'100s'}},{'name':'waits','patience':'2h','reply':{'total':'100s'}}],"
                                  "'patience':{'first':'60s'}", "'agents':[{'name':'a','max_chats':1}]", "");

    EXPECT_AT(&tape, 0, FL_LOG_ABANDONED, 0, 660);
    EXPECT_AT(&tape, 0, FL_LOG_CLOSED, 0, 660);
    EXPECT_AT(&tape, 1, FL_LOG_ASSIGNED, 0, 660);
    EXPECT_AT(&tape, 1, FL_LOG_AGENT_REPLY, 0, 800);
    cr_expect_eq(times(&tape, 0, FL_LOG_AGENT_REPLY), 0);
    cr_expect_eq(figure(&tape, "wasted_replies"), 1);
    tape_free(&tape);
}

Test(desk, who_comes_back_reopens_her_chat_and_is_offered_and_abandons_once)
{
    const struct push cast[] = { { "9m", "long" }, { "10m", "leaves" }, { 0 } };

    struct tape tape = play(cast, "'intents':[{'name':'leaves'},{'name':'long','patience':'2h','reply':{'total':'90m'}}],'patience':{'first':'60s'},"
                                  "'come_back':{'probability':1,'after':'10m','visits_max':2}", ONE_AGENT, "");

    EXPECT_AT(&tape, 1, FL_LOG_REOPENED, 0, 1260);
    EXPECT_AT(&tape, 1, FL_LOG_REOPENED, 1, 1920);
    cr_expect_eq(times(&tape, 1, FL_LOG_ABANDONED), 3);
    cr_expect_eq(figure(&tape, "reopened"), 2);
    cr_expect_eq(figure(&tape, "chats_offered"), 2);
    cr_expect_eq(figure(&tape, "chats_abandoned"), 1);
    tape_free(&tape);
}

/* ---- Suspended --------------------------------------------------------------------------------- */

struct suspended {
    const char *rule;
    uint32_t returning, open; /* who answers the buyer who comes back, and the one whose chat is open */
    double transfers;
};

/* Both have dealt with a, who is suspended from 10:20 on; b has come meanwhile. */
static void expect_suspended(const struct suspended *wanted)
{
    const struct push cast[] = { { "10m", "back" }, { "19m", "stays" }, { 0 } };
    char more[512];
    snprintf(more, sizeof more,
             ",'routing':{'policy':'least_active','recent_agent':{},'suspend':'%s'},'events':[{'at':'+0s','agent':'b','do':'offline','for':'19m30s'},"
             "{'at':'+20m','agent':'a','do':'suspend'}]", wanted->rule);

    struct tape tape = play(cast, "'intents':[{'name':'back','rounds':2,'think_time':'10m','reply':{'total':'10s'}},"
                                  "{'name':'stays','rounds':2,'think_time':'60s','reply':{'total':'10s'}}]",
                            TWO_AGENTS ",'close':{'when_done':'10s','silence':'2m'}", more);

    EXPECT_AT(&tape, 0, FL_LOG_REOPENED, 0, 1210);
    EXPECT_AT(&tape, 1, FL_LOG_BUYER_MESSAGE, 1, 1210);
    cr_expect_eq(agent_of(&tape, 0, FL_LOG_AGENT_REPLY, 0), 0);
    cr_expect_eq(agent_of(&tape, 1, FL_LOG_AGENT_REPLY, 0), 0);
    cr_expect_eq(agent_of(&tape, 0, FL_LOG_AGENT_REPLY, 1), wanted->returning, "%s", wanted->rule);
    cr_expect_eq(agent_of(&tape, 1, FL_LOG_AGENT_REPLY, 1), wanted->open, "%s", wanted->rule);
    cr_expect_eq(figure(&tape, "transfers"), wanted->transfers, "%s", wanted->rule);
    tape_free(&tape);
}

Test(desk, a_suspended_agent_keeps_whom_the_rule_leaves_her)
{
    expect_suspended(&(struct suspended){ "sticky", 0, 0, 0 });
    expect_suspended(&(struct suspended){ "reroute_recent", 1, 0, 0 });
    expect_suspended(&(struct suspended){ "strict", 1, 1, 1 });
}

/* ---- Going home -------------------------------------------------------------------------------- */

Test(desk, who_leaves_for_good_hands_over_waiting_chats_at_once_and_the_others_when_they_write)
{
    const struct push cast[] = { { "10m", "thinks" }, { "10m50s", "long" }, { "10m55s", "waits" }, { 0 } };

    struct tape tape = play(cast, "'intents':[{'name':'thinks','rounds':2,'think_time':'200s','reply':{'total':'10s'}},{'name':'long','reply':{'total':'100s'}},"
                                  "{'name':'waits','reply':{'total':'10s'}}]", TWO_AGENTS,
                            ",'events':[{'at':'+0s','agent':'b','do':'offline','for':'11m'},{'at':'+700s','agent':'a','do':'leave'}]");

    EXPECT_AT(&tape, 1, FL_LOG_TRANSFERRED, 0, 700);
    EXPECT_AT(&tape, 2, FL_LOG_TRANSFERRED, 0, 700);
    EXPECT_AT(&tape, 0, FL_LOG_TRANSFERRED, 0, 810);
    EXPECT_AT(&tape, 2, FL_LOG_AGENT_REPLY, 0, 710);
    EXPECT_AT(&tape, 1, FL_LOG_AGENT_REPLY, 0, 760); /* half of it had been written */
    EXPECT_AT(&tape, 0, FL_LOG_AGENT_REPLY, 1, 820);
    for (uint32_t who = 0; who < 3; who++) cr_expect_eq(agent_of(&tape, who, FL_LOG_AGENT_REPLY, who == 0), 1);
    cr_expect_eq(figure(&tape, "transfers"), 3);
    cr_expect_eq(figure(&tape, "replies"), 4);
    tape_free(&tape);
}

static struct tape shift_ends(const char *rule)
{
    static const struct push cast[] = { { "58m", "long" }, { "59m", "short" }, { "61m", "short" }, { 0 } };
    char desk[512];
    snprintf(desk, sizeof desk, "'shifts':[{'name':'s','from':'10:00','to':'11:00'}],'agents':[{'name':'a','shift':'s'},{'name':'b'}],'shift_end':'%s'", rule);
    return play(cast, "'intents':[{'name':'long','reply':{'total':'5m'}},{'name':'short','reply':{'total':'10s'}}]", desk,
                ",'events':[{'at':'+0s','agent':'b','do':'offline','for':'59m30s'}]");
}

Test(desk, at_the_end_of_a_shift_finish_works_off_what_she_holds)
{
    struct tape tape = shift_ends("finish");

    EXPECT_AT(&tape, 0, FL_LOG_AGENT_REPLY, 0, 63 * 60);
    EXPECT_AT(&tape, 1, FL_LOG_AGENT_REPLY, 0, 63 * 60 + 10);
    cr_expect_eq(agent_of(&tape, 1, FL_LOG_AGENT_REPLY, 0), 0);
    cr_expect_eq(agent_of(&tape, 2, FL_LOG_AGENT_REPLY, 0), 1, "no new buyers for her");
    cr_expect_eq(figure(&tape, "transfers"), 0);
    tape_free(&tape);
}

Test(desk, at_the_end_of_a_shift_return_to_queue_hands_over_what_waits)
{
    struct tape tape = shift_ends("return_to_queue");

    EXPECT_AT(&tape, 0, FL_LOG_TRANSFERRED, 0, 3600);
    EXPECT_AT(&tape, 1, FL_LOG_TRANSFERRED, 0, 3600);
    EXPECT_AT(&tape, 1, FL_LOG_AGENT_REPLY, 0, 3610);
    EXPECT_AT(&tape, 0, FL_LOG_AGENT_REPLY, 0, 3790); /* three of five minutes were left */
    cr_expect_eq(agent_of(&tape, 0, FL_LOG_AGENT_REPLY, 0), 1);
    cr_expect_eq(figure(&tape, "transfers"), 2);
    tape_free(&tape);
}

Test(desk, after_her_shift_she_goes_when_her_last_buyer_has_left)
{
    const struct push cast[] = { { "59m30s", "leaves" }, { 0 } };

    struct tape tape = play(cast, "'intents':[{'name':'leaves','reply':{'total':'10m'}}],'patience':{'first':'60s'}",
                            "'shifts':[{'name':'s','from':'10:00','to':'11:00'}],'agents':[{'name':'a','shift':'s'}],'shift_end':'finish'", "");

    EXPECT_AT(&tape, 0, FL_LOG_CLOSED, 0, 3630);
    cr_expect_float_eq(figure(&tape, "occupancy"), 60.0 / 3630, 1e-6, "a minute of composing in an hour and half a minute, got %g", figure(&tape, "occupancy"));
    tape_free(&tape);
}

Test(desk, whose_shift_ends_over_a_message_of_before_leaves_it_to_the_next)
{
    static const struct push cast[] = { { "30m", "asks" }, { 0 } };

    struct tape tape = play(cast, "'intents':[{'name':'asks','reply':{'total':'10s'}}]",
                            "'shifts':[{'name':'s','from':'10:00','to':'10:10'},{'name':'t','from':'10:20','to':'12:00'}],'backlog':1,'leave_reply':'15m',"
                            "'agents':[{'name':'a','shift':'s'},{'name':'b','shift':'t'}]", "");

    EXPECT_AT(&tape, 0, FL_LOG_AGENT_REPLY, 0, 35 * 60 + 10); /* b works the old message off first, until 10:35 */
    cr_expect_float_eq(figure(&tape, "occupancy"), (10 + 15 + 10.0 / 60) / 110, 1e-6, "got %g", figure(&tape, "occupancy"));
    tape_free(&tape);
}

Test(desk, before_the_end_of_a_shift_drain_keeps_new_buyers_away_but_not_those_she_has)
{
    const struct push cast[] = { { "45m", "asks" }, { "55m", "asks" }, { 0 } };

    struct tape tape = play(cast, "'intents':[{'name':'asks','rounds':2,'think_time':'10m','reply':{'total':'10s'}}]",
                            "'shifts':[{'name':'s','from':'10:00','to':'11:00'}],'agents':[{'name':'a','shift':'s'}],'drain':'10m'", "");

    EXPECT_AT(&tape, 0, FL_LOG_AGENT_REPLY, 1, 45 * 60 + 620);
    EXPECT_AT(&tape, 1, FL_LOG_LEAVE_MESSAGE, 0, 55 * 60);
    cr_expect_eq(times(&tape, 1, FL_LOG_ASSIGNED), 0);
    tape_free(&tape);
}

/* ---- Coming in --------------------------------------------------------------------------------- */

static struct tape morning(const char *duties)
{
    static const struct push cast[] = { { "10m", "asks" }, { "20m", "asks" }, { "30m5s", "asks" }, { 0 } };
    char desk[512];
    snprintf(desk, sizeof desk, "'shifts':[{'name':'s','from':'10:30','to':'12:00'}],'agents':[{'name':'a','shift':'s'}],'leave_reply':'60s'%s", duties);
    return play(cast, "'intents':[{'name':'asks','rounds':2,'think_time':'60s','reply':{'total':'10s'}}]", desk, "");
}

Test(desk, leave_messages_are_worked_off_first_while_new_buyers_wait)
{
    struct tape tape = morning("");

    EXPECT_AT(&tape, 0, FL_LOG_AGENT_REPLY, 0, 1860);
    EXPECT_AT(&tape, 1, FL_LOG_AGENT_REPLY, 0, 1920);
    EXPECT_AT(&tape, 2, FL_LOG_ASSIGNED, 0, 1805); /* she is online, so the buyer finds her */
    EXPECT_AT(&tape, 2, FL_LOG_AGENT_REPLY, 0, 1930);
    cr_expect_eq(figure(&tape, "leave_messages"), 2);
    cr_expect_eq(times(&tape, 0, FL_LOG_BUYER_MESSAGE), 1, "who left a message is not there to go on");
    cr_expect_eq(times(&tape, 2, FL_LOG_BUYER_MESSAGE), 2);
    cr_expect_float_eq(figure(&tape, "abandonment"), 2.0 / 3, 1e-9, "without opening hours it is always open");
    tape_free(&tape);
}

/* The first question was answered: with rounds 2 one more is left, and then nothing brings her back. */
Test(desk, whose_left_message_was_answered_comes_back_with_her_next_question)
{
    static const struct push cast[] = { { "10m", "asks" }, { 0 } };
    static const char desk[] = "'shifts':[{'name':'s','from':'10:30','to':'12:00'}],'agents':[{'name':'a','shift':'s'}],'leave_reply':'60s'";

    for (int rounds = 1; rounds <= 2; rounds++) {
        char buyers[256];
        snprintf(buyers, sizeof buyers, "'intents':[{'name':'asks','rounds':%d,'reply':{'total':'10s'}}],'come_back':{'probability':1,'after':'20m'}", rounds);
        struct tape tape = play(cast, buyers, desk, "");

        EXPECT_AT(&tape, 0, FL_LOG_AGENT_REPLY, 0, 1860);
        cr_expect_eq(times(&tape, 0, FL_LOG_AGENT_REPLY), (uint32_t)rounds);
        if (rounds == 2) EXPECT_AT(&tape, 0, FL_LOG_AGENT_REPLY, 1, 1860 + 1200 + 10);
        tape_free(&tape);
    }
}

/* Her agent goes home over the reply to nobody; nobody else is there, so it lies in the pool when she writes again. */
Test(desk, a_silent_leaver_comes_back_although_her_chat_became_a_leave_message)
{
    static const struct push cast[] = { { "15m", "asks" }, { 0 } };

    struct tape tape = play(cast, "'intents':[{'name':'asks','reply':{'total':'10m'}}],'patience':{'first':'60s','silent_share':1},"
                                  "'come_back':{'probability':1,'after':'30m','visits_max':1}",
                            "'shifts':[{'name':'s','from':'10:00','to':'10:20'},{'name':'t','from':'10:50','to':'12:00'}],'shift_end':'return_to_queue','close':{'silence':'2h'},"
                            "'agents':[{'name':'a','shift':'s'},{'name':'b','shift':'t'}]", "");

    EXPECT_AT(&tape, 0, FL_LOG_LEAVE_MESSAGE, 0, 20 * 60);
    EXPECT_AT(&tape, 0, FL_LOG_BUYER_MESSAGE, 1, 46 * 60);
    EXPECT_AT(&tape, 0, FL_LOG_AGENT_REPLY, 0, 60 * 60);
    cr_expect_eq(agent_of(&tape, 0, FL_LOG_AGENT_REPLY, 0), 1);
    tape_free(&tape);
}

Test(desk, start_duties_come_after_the_leave_messages_and_before_the_first_chat)
{
    struct tape tape = morning(",'start_duties':{'length':'2m'}");

    EXPECT_AT(&tape, 1, FL_LOG_AGENT_REPLY, 0, 1920);
    EXPECT_AT(&tape, 2, FL_LOG_AGENT_REPLY, 0, 2050);
    tape_free(&tape);
}

Test(desk, messages_left_out_of_hours_are_no_abandonment)
{
    struct tape tape = morning(",'open':['10:30','12:00']");

    cr_expect_eq(figure(&tape, "leave_messages"), 2);
    cr_expect_eq(figure(&tape, "abandonment"), 0);
    tape_free(&tape);
}

/* Of five buyers the first finds nobody and leaves a message, and two lose patience. With hours that begin later, who wrote before them
 * is gone from both numbers; kept among the buyers alone, they would make it 2 of 5 both times. */
Test(desk, abandonment_is_of_those_who_wrote_in_opening_hours)
{
    static const struct push cast[] = { { "5m", "asks" }, { "20m", "asks" }, { "21m", "leaves" }, { "40m", "asks" }, { "41m", "leaves" }, { 0 } };
    static const char buyers[] = "'intents':[{'name':'asks','reply':{'total':'10m'}},{'name':'leaves','patience':'60s','reply':{'total':'10m'}}]";
    static const char agents[] = "'shifts':[{'name':'s','from':'10:10','to':'12:00'}],'agents':[{'name':'a','shift':'s','max_chats':2}]";
    static const struct {
        const char *open;
        double abandonment;
    } hours[] = { { "", 3.0 / 5 }, { ",'open':['10:15','12:00']", 2.0 / 4 }, { ",'open':['10:30','12:00']", 1.0 / 2 } };
    for (size_t i = 0; i < sizeof hours / sizeof *hours; i++) {
        char desk[512];
        snprintf(desk, sizeof desk, "%s%s", agents, hours[i].open);
        struct tape tape = play(cast, buyers, desk, "");
        cr_expect_eq(figure(&tape, "chats_offered"), 5);
        cr_expect_eq(figure(&tape, "chats_abandoned"), 2);
        cr_expect_float_eq(figure(&tape, "abandonment"), hours[i].abandonment, 1e-9, "%s: %g", hours[i].open, figure(&tape, "abandonment"));
        tape_free(&tape);
    }
}

/* a leaves for good with her; b takes up her message, goes away over it, and c is full: she is queued, but not at the screen. */
Test(desk, who_left_a_message_has_no_patience_left_to_lose)
{
    const struct push cast[] = { { "10m", "asks" }, { "11m15s", "long" }, { 0 } };

    struct tape tape = play(cast, "'intents':[{'name':'asks','reply':{'total':'90s'}},{'name':'long','reply':{'total':'20m'}}],"
                                  "'patience':{'first':'60s','applies':'until_assigned'}",
                            "'agents':[{'name':'a','max_chats':1},{'name':'b','max_chats':1},{'name':'c','max_chats':1}]",
                            ",'events':[{'at':'+0s','agent':'b','do':'offline','for':'11m'},{'at':'+0s','agent':'c','do':'offline','for':'11m10s'},"
                            "{'at':'+610s','agent':'a','do':'leave'},{'at':'+730s','agent':'b','do':'offline','for':'5m'}]");

    EXPECT_AT(&tape, 0, FL_LOG_LEAVE_MESSAGE, 0, 610);
    EXPECT_AT(&tape, 0, FL_LOG_QUEUED, 0, 730);
    cr_expect_eq(times(&tape, 0, FL_LOG_ABANDONED), 0);
    EXPECT_AT(&tape, 0, FL_LOG_AGENT_REPLY, 0, 1040); /* 10 s and 70 s of 90 s were done */
    cr_expect_eq(figure(&tape, "abandonment"), 0.5, "she could only leave a message, and counts once");
    tape_free(&tape);
}

static uint64_t on_duty(const struct tape *tape)
{
    return tape->run->results.totals.snapshot[2];
}

Test(desk, who_is_absent_is_not_there_all_day_whatever_the_policy)
{
    static const char form[] = "{'fenliu':1,'duration':'1h','interval':'1h','traffic':{'chats_per_day':480},'buyers':{'intents':[{'name':'a'}]},"
                               "'desk':{'agents':[{'name':'x','count':1000,'absent':%s}]},'routing':{'policy':'%s'}}";
    char text[3][512];
    snprintf(text[0], sizeof text[0], form, "1", "least_active");
    snprintf(text[1], sizeof text[1], form, "0.5", "least_active");
    snprintf(text[2], sizeof text[2], form, "0.5", "random");
    struct tape nobody = crowd(text[0]), half = crowd(text[1]), other = crowd(text[2]);

    cr_expect_eq(on_duty(&nobody), 0);
    cr_expect_eq(figure(&nobody, "leave_messages"), figure(&nobody, "chats_offered"));
    cr_expect(on_duty(&half) > 500 - 64 && on_duty(&half) < 500 + 64, "%llu", (unsigned long long)on_duty(&half)); /* 4 sd, seed 7 */
    cr_expect_eq(on_duty(&half), on_duty(&other));
    cr_expect_eq(figure(&half, "leave_messages"), 0);
    tape_free(&nobody);
    tape_free(&half);
    tape_free(&other);
}

/* ---- Colleagues and the bot -------------------------------------------------------------------- */

static struct tape handed_over(const char *limit)
{
    static const struct push cast[] = { { "10m", "asks" }, { 0 } };
    char desk[512];
    snprintf(desk, sizeof desk, "'groups':[{'name':'first','phases':['pre_sale']},{'name':'second'}],"
                                "'agents':[{'name':'a','groups':['first']},{'name':'b','groups':['second']}]%s", limit);
    return play(cast, "'intents':[{'name':'asks','phase':'pre_sale','reply':{'total':'10s'},'transfer':{'probability':1,'to':'second'}}]", desk, "");
}

Test(desk, the_first_agent_says_so_and_hands_over_to_the_group_that_can)
{
    struct tape tape = handed_over("");

    EXPECT_AT(&tape, 0, FL_LOG_TRANSFERRED, 0, 610);
    EXPECT_AT(&tape, 0, FL_LOG_AGENT_REPLY, 1, 620);
    cr_expect_eq(agent_of(&tape, 0, FL_LOG_AGENT_REPLY, 0), 0);
    cr_expect_eq(agent_of(&tape, 0, FL_LOG_AGENT_REPLY, 1), 1);
    cr_expect_eq(figure(&tape, "transfers"), 1);
    tape_free(&tape);
}

Test(desk, no_hops_left_or_one_stop_keep_her_with_the_first_agent)
{
    static const char *const limits[] = { ",'hop_limit':0", ",'one_stop':true" };
    for (int i = 0; i < 2; i++) {
        struct tape tape = handed_over(limits[i]);
        cr_expect_eq(figure(&tape, "transfers"), 0, "%s", limits[i]);
        cr_expect_eq(times(&tape, 0, FL_LOG_AGENT_REPLY), 1, "%s", limits[i]);
        tape_free(&tape);
    }
}

static const char botable[] = "'intents':[{'name':'asks','bot_can_answer':1,'reply':{'total':'10m'}}]";

Test(desk, bot_first_leaves_the_agent_what_the_bot_cannot_answer)
{
    const struct push cast[] = { { "10m", "asks" }, { "11m", "hard" }, { 0 } };

    struct tape tape = play(cast, "'intents':[{'name':'asks','bot_can_answer':1},{'name':'hard','bot_can_answer':0,'reply':{'total':'10s'}}]",
                            ONE_AGENT ",'bot':{'mode':'bot_first','reply':'4s'}", "");

    EXPECT_AT(&tape, 0, FL_LOG_BOT_REPLY, 0, 604);
    cr_expect_eq(times(&tape, 0, FL_LOG_ASSIGNED), 0);
    EXPECT_AT(&tape, 1, FL_LOG_ASSIGNED, 0, 664);
    EXPECT_AT(&tape, 1, FL_LOG_AGENT_REPLY, 0, 674);
    cr_expect_eq(figure(&tape, "bot_resolved"), 1);
    tape_free(&tape);
}

Test(desk, agent_first_gives_the_bot_whom_nobody_has_room_for)
{
    const struct push cast[] = { { "10m", "asks" }, { "11m", "asks" }, { 0 } };

    struct tape tape = play(cast, botable, "'agents':[{'name':'a','max_chats':1}],'bot':{'mode':'agent_first','reply':'4s'}", "");

    cr_expect_eq(agent_of(&tape, 0, FL_LOG_ASSIGNED, 0), 0);
    EXPECT_AT(&tape, 1, FL_LOG_BOT_REPLY, 0, 664);
    cr_expect_eq(times(&tape, 1, FL_LOG_ASSIGNED), 0);
    tape_free(&tape);
}

Test(desk, mixed_sends_the_bot_its_share)
{
    struct tape tape = crowd("{'fenliu':1,'duration':'24h','interval':'1h','traffic':{'chats_per_day':4000},'buyers':{'intents':[{'name':'asks',"
                             "'bot_can_answer':1,'reply':{'total':'1s'}}]},'desk':{'agents':[{'name':'a','count':20}],'bot':{'mode':'mixed','share':0.3}}}");

    cr_expect_float_eq(figure(&tape, "bot_resolved") / figure(&tape, "chats_offered"), 0.3, 0.029); /* 4 sd of 4000, seed 7 */
    tape_free(&tape);
}

/* ---- How an agent works ------------------------------------------------------------------------ */

static const char plain[] = "'intents':[{'name':'asks','reply':{'total':'10s'}},{'name':'long','reply':{'total':'20s'}}]";

Test(desk, extra_turns_are_made_only_when_nobody_waits)
{
    const struct push cast[] = { { "10m", "asks" }, { "10m5s", "asks" }, { "10m25s", "asks" }, { 0 } };

    struct tape tape = play(cast, plain, ONE_AGENT ",'close':{'when_done':'5m'},'depth':{'per_chat':1,'time':'20s'}", "");

    EXPECT_AT(&tape, 1, FL_LOG_AGENT_REPLY, 0, 620); /* before any extra turn for the first */
    EXPECT_AT(&tape, 2, FL_LOG_AGENT_REPLY, 0, 650); /* after the one under way */
    cr_expect_eq(times(&tape, 0, FL_LOG_AGENT_EXTRA) + times(&tape, 1, FL_LOG_AGENT_EXTRA), 2);
    EXPECT_AT(&tape, 2, FL_LOG_AGENT_EXTRA, 0, 670);
    cr_expect_eq(figure(&tape, "extra_turns"), 3);
    tape_free(&tape);
}

Test(desk, tiredness_slows_from_its_hour_on)
{
    const struct push cast[] = { { "10m", "asks" }, { "90m", "asks" }, { 0 } };

    struct tape tape = play(cast, plain, ONE_AGENT ",'tiredness':{'after':'30m','per_hour':0.5}", "");

    EXPECT_AT(&tape, 0, FL_LOG_AGENT_REPLY, 0, 610);
    EXPECT_AT(&tape, 1, FL_LOG_AGENT_REPLY, 0, 5415);
    tape_free(&tape);
}

Test(desk, open_chats_slow_her_by_their_number)
{
    const struct push cast[] = { { "10m", "asks" }, { "11m", "asks" }, { "12m", "asks" }, { 0 } };

    struct tape tape = play(cast, plain, ONE_AGENT ",'multitasking':{'speed_by_open':[1,0.5]},'close':{'when_done':'5m'}", "");

    EXPECT_AT(&tape, 0, FL_LOG_AGENT_REPLY, 0, 610);
    EXPECT_AT(&tape, 1, FL_LOG_AGENT_REPLY, 0, 680);
    EXPECT_AT(&tape, 2, FL_LOG_AGENT_REPLY, 0, 740); /* the last speed holds beyond */
    tape_free(&tape);
}

Test(desk, oldest_first_answers_one_after_the_other)
{
    const struct push cast[] = { { "10m", "long" }, { "10m5s", "asks" }, { 0 } };

    struct tape tape = play(cast, plain, ONE_AGENT, "");

    EXPECT_AT(&tape, 0, FL_LOG_AGENT_REPLY, 0, 620);
    EXPECT_AT(&tape, 1, FL_LOG_AGENT_REPLY, 0, 630);
    tape_free(&tape);
}

Test(desk, interleaved_shares_her_among_those_who_wait)
{
    const struct push cast[] = { { "10m", "long" }, { "10m5s", "asks" }, { 0 } };

    struct tape tape = play(cast, plain, ONE_AGENT ",'reply_order':'interleaved'", "");

    EXPECT_AT(&tape, 1, FL_LOG_AGENT_REPLY, 0, 625); /* half her speed each until then */
    EXPECT_AT(&tape, 0, FL_LOG_AGENT_REPLY, 0, 630);
    tape_free(&tape);
}

/* ---- Routing rules that live off the desk's memory --------------------------------------------- */

Test(desk, a_returning_buyer_has_her_agent_within_the_window_only)
{
    static const char *const windows[] = { "1h", "5m" };
    const struct push cast[] = { { "10m", "back" }, { "14m", "long" }, { 0 } };
    for (uint32_t i = 0; i < 2; i++) {
        char more[512];
        snprintf(more, sizeof more, ",'routing':{'policy':'least_active','recent_agent':{'window':'%s'}},'events':[{'at':'+0s','agent':'b','do':'offline','for':'15m'}]",
                 windows[i]);

        struct tape tape = play(cast, "'intents':[{'name':'back','rounds':2,'think_time':'10m','reply':{'total':'10s'}},{'name':'long','reply':{'total':'20m'}}]",
                                TWO_AGENTS ",'close':{'silence':'2m'}", more);

        EXPECT_AT(&tape, 0, FL_LOG_REOPENED, 0, 1210);
        cr_expect_eq(agent_of(&tape, 0, FL_LOG_ASSIGNED, 1), i, "within %s", windows[i]);
        tape_free(&tape);
    }
}

Test(desk, a_full_queue_refuses)
{
    const struct push cast[] = { { "10m", "asks" }, { "10m1s", "asks" }, { "10m2s", "asks" }, { 0 } };

    struct tape tape = play(cast, plain, "'agents':[{'name':'a','max_chats':1}]", ",'routing':{'queue':{'max_length':1}}");

    EXPECT_AT(&tape, 1, FL_LOG_QUEUED, 0, 601);
    EXPECT_AT(&tape, 1, FL_LOG_ASSIGNED, 0, 610);
    EXPECT_AT(&tape, 2, FL_LOG_REJECTED, 0, 602);
    EXPECT_AT(&tape, 2, FL_LOG_CLOSED, 0, 602);
    cr_expect_eq(figure(&tape, "chats_rejected"), 1);
    cr_expect_eq(figure(&tape, "chats_answered"), 2);
    tape_free(&tape);
}

Test(desk, a_silent_leaver_who_is_refused_is_one_miss)
{
    const struct push cast[] = { { "10m", "long" }, { "10m1s", "leaves" }, { 0 } };

    struct tape tape = play(cast, "'intents':[{'name':'long','patience':'2h','reply':{'total':'2m'}},{'name':'leaves'}],"
                                  "'patience':{'first':'30s','silent_share':1}",
                            "'agents':[{'name':'a','max_chats':1}],'offline':'reject','close':{'silence':'5m'}", ",'routing':{'queue':{'max_wait':'60s'}}");

    EXPECT_AT(&tape, 1, FL_LOG_ABANDONED_SILENT, 0, 631);
    EXPECT_AT(&tape, 1, FL_LOG_REJECTED, 0, 661);
    cr_expect_eq(figure(&tape, "reply_rate_3min"), 0.5);
    cr_expect_eq(figure(&tape, "chats_rejected"), 0, "she had gone before");
    tape_free(&tape);
}

/* She is there all the time, so nobody comes on who could work it off: she does, when nobody waits for her. */
Test(desk, what_was_left_while_she_was_there_is_worked_off_between_chats)
{
    const struct push cast[] = { { "10m", "long" }, { "10m1s", "short" }, { "11m50s", "short" }, { 0 } };

    struct tape tape = play(cast, "'intents':[{'name':'long','reply':{'total':'2m'}},{'name':'short','reply':{'total':'10s'}}]",
                            "'agents':[{'name':'a','max_chats':1}]", ",'routing':{'queue':{'max_wait':'60s'}}");

    EXPECT_AT(&tape, 1, FL_LOG_LEAVE_MESSAGE, 0, 661);
    EXPECT_AT(&tape, 2, FL_LOG_AGENT_REPLY, 0, 730);
    EXPECT_AT(&tape, 1, FL_LOG_ASSIGNED, 0, 730);
    EXPECT_AT(&tape, 1, FL_LOG_AGENT_REPLY, 0, 740);
    cr_expect_eq(figure(&tape, "leave_messages"), 1);
    cr_expect_eq(figure(&tape, "chats_answered"), 3);
    cr_expect_eq(figure(&tape, "abandonment"), 1.0 / 3);
    tape_free(&tape);

    struct tape shared = play(cast, "'intents':[{'name':'long','reply':{'total':'2m'}},{'name':'short','reply':{'total':'10s'}}]",
                              "'reply_order':'interleaved','agents':[{'name':'a','max_chats':1}]", ",'routing':{'queue':{'max_wait':'60s'}}");
    EXPECT_AT(&shared, 1, FL_LOG_AGENT_REPLY, 0, 740);
    tape_free(&shared);
}

Test(desk, what_was_left_for_another_group_is_not_hers)
{
    const struct push cast[] = { { "10m", "long" }, { "10m1s", "long" }, { "11m10s", "short" }, { 0 } };

    struct tape tape = play(cast, "'intents':[{'name':'long','reply':{'total':'2m'}},{'name':'short','reply':{'total':'10s'}}]",
                            "'groups':[{'name':'l','intents':['long']},{'name':'s','intents':['short']}],"
                            "'agents':[{'name':'a','max_chats':1,'groups':['l']},{'name':'b','max_chats':1,'groups':['s']}]",
                            ",'routing':{'queue':{'max_wait':'60s'}}");

    EXPECT_AT(&tape, 1, FL_LOG_LEAVE_MESSAGE, 0, 661);
    EXPECT_AT(&tape, 2, FL_LOG_AGENT_REPLY, 0, 680); /* b has nothing to answer now */
    EXPECT_AT(&tape, 1, FL_LOG_ASSIGNED, 0, 720);
    EXPECT_AT(&tape, 1, FL_LOG_AGENT_REPLY, 0, 840);
    tape_free(&tape);
}

/* The first buyer is answered at 12:00 and holds the only place until 17:00; the second gave up waiting at 11:01. */
Test(desk, what_was_left_is_worked_off_when_a_place_becomes_free)
{
    const struct push cast[] = { { "10m", "long" }, { "10m1s", "short" }, { 0 } };
    const char *const orders[] = { "oldest_first", "interleaved" };
    char desk[256];

    for (size_t i = 0; i < 2; i++) {
        snprintf(desk, sizeof desk, "'reply_order':'%s','agents':[{'name':'a','max_chats':1}],'close':{'when_done':'5m'}", orders[i]);
        struct tape tape = play(cast, "'intents':[{'name':'long','reply':{'total':'2m'}},{'name':'short','reply':{'total':'10s'}}]", desk,
                                ",'routing':{'queue':{'max_wait':'60s'}}");
        EXPECT_AT(&tape, 1, FL_LOG_LEAVE_MESSAGE, 0, 661);
        EXPECT_AT(&tape, 0, FL_LOG_CLOSED, 0, 1020);
        EXPECT_AT(&tape, 1, FL_LOG_AGENT_REPLY, 0, 1030);
        tape_free(&tape);
    }
}

Test(desk, what_was_left_is_worked_off_when_a_chat_no_longer_counts)
{
    const struct push cast[] = { { "10m", "long" }, { "10m1s", "short" }, { 0 } };

    struct tape tape = play(cast, "'intents':[{'name':'long','reply':{'total':'30s'}},{'name':'short','reply':{'total':'10s'}}]",
                            "'agents':[{'name':'a','max_chats':1}],'close':{'when_done':null,'silence':'50m'}",
                            ",'routing':{'capacity':{'counts':'recent_active','active_within':'2m'},'queue':{'max_wait':'60s'}}");

    EXPECT_AT(&tape, 1, FL_LOG_LEAVE_MESSAGE, 0, 661);
    EXPECT_AT(&tape, 1, FL_LOG_AGENT_REPLY, 0, 760); /* two minutes after the reply of 10:30 */
    tape_free(&tape);
}

/* She may be given no more, but has nothing to answer. */
Test(desk, what_a_limit_on_assignments_leaves_is_worked_off_by_who_is_idle)
{
    const struct push cast[] = { { "10m", "short" }, { "11m", "short" }, { 0 } };
    const char *const orders[] = { "oldest_first", "interleaved" };
    char desk[256];

    for (size_t i = 0; i < 2; i++) {
        snprintf(desk, sizeof desk, "'reply_order':'%s','agents':[{'name':'a'}]", orders[i]);
        struct tape tape = play(cast, "'intents':[{'name':'short','reply':{'total':'10s'}}]", desk,
                                ",'routing':{'rate_limit':{'count':1,'window':'1h'},'overflow':'offline_rule'}");
        EXPECT_AT(&tape, 1, FL_LOG_LEAVE_MESSAGE, 0, 660);
        EXPECT_AT(&tape, 1, FL_LOG_AGENT_REPLY, 0, 670);
        cr_expect_eq(figure(&tape, "waited"), 0.5);
        tape_free(&tape);
    }
}

/* As does one whose waiting ends by the clock, and what those leave who fetch chats themselves. */
Test(desk, what_is_left_by_the_clock_beside_who_is_idle_is_worked_off)
{
    const struct push cast[] = { { "10m", "short" }, { "11m", "short" }, { 0 } };
    const char *const routings[] = { ",'routing':{'rate_limit':{'count':1,'window':'1h'},'queue':{'max_wait':'60s'}}",
                                     ",'routing':{'policy':'manual_pull','pick_up':'5m','queue':{'max_wait':'60s'}}" };
    for (size_t i = 0; i < 2; i++) {
        struct tape tape = play(cast, "'intents':[{'name':'short','reply':{'total':'10s'}}]", "'agents':[{'name':'a'}]", routings[i]);
        EXPECT_AT(&tape, 1, FL_LOG_LEAVE_MESSAGE, 0, 720);
        EXPECT_AT(&tape, 1, FL_LOG_AGENT_REPLY, 0, 730);
        tape_free(&tape);
    }
}

/* Two messages of a minute each; her shift is half a minute. Who follows at 11:00 has the other. */
Test(desk, messages_of_the_night_are_taken_up_within_the_shift)
{
    const struct push cast[] = { { "10m", "short" }, { "11m", "short" }, { 0 } };

    struct tape tape = play(cast, "'intents':[{'name':'short','reply':{'total':'10s'}}]",
                            "'shifts':[{'name':'one','from':'10:30','to':'10:31'},{'name':'two','from':'11:00','to':'12:00'}],'leave_reply':'90s',"
                            "'close':{'when_done':'5m'},'agents':[{'name':'a','shift':'one'},{'name':'b','shift':'two'}]", "");

    EXPECT_AT(&tape, 0, FL_LOG_AGENT_REPLY, 0, 1890);
    EXPECT_AT(&tape, 1, FL_LOG_ASSIGNED, 0, 3600);
    EXPECT_AT(&tape, 1, FL_LOG_AGENT_REPLY, 0, 3690);
    tape_free(&tape);
}

/* She comes on in a break, or suspended, until 10:40. */
Test(desk, messages_of_the_night_wait_while_she_takes_up_nobody)
{
    const struct push cast[] = { { "10m", "short" }, { 0 } };
    const char *const whats[] = { "break", "suspend" };
    char more[256];

    for (size_t i = 0; i < 2; i++) {
        snprintf(more, sizeof more, ",'events':[{'at':'+29m','agent':'a','do':'%s','for':'11m'}]", whats[i]);
        struct tape tape = play(cast, "'intents':[{'name':'short','reply':{'total':'10s'}}]",
                                "'shifts':[{'name':'one','from':'10:30','to':'12:00'}],'start_duties':{'length':'5m'},"
                                "'agents':[{'name':'a','shift':'one'}]", more);
        EXPECT_AT(&tape, 0, FL_LOG_ASSIGNED, 0, 2400);
        EXPECT_AT(&tape, 0, FL_LOG_AGENT_REPLY, 0, 2410);
        tape_free(&tape);
    }
}

/* Her only chat is taken from her while she is offline for a minute: back again she takes buyers. */
Test(desk, who_was_suspended_by_her_load_is_judged_anew_when_chats_are_taken_from_her)
{
    const struct push cast[] = { { "10m", "long" }, { "20m", "short" }, { 0 } };

    struct tape tape = play(cast, "'intents':[{'name':'long','reply':{'total':'2m'}},{'name':'short','reply':{'total':'10s'}}]",
                            "'agents':[{'name':'a'}],'auto_suspend':{'at_open':1}", ",'events':[{'at':'+11m','agent':'a','do':'offline','for':'1m'}]");

    EXPECT_AT(&tape, 0, FL_LOG_AGENT_REPLY, 0, 780); /* routed anew at 12:00, and half of it was written */
    EXPECT_AT(&tape, 1, FL_LOG_ASSIGNED, 0, 1200);
    EXPECT_AT(&tape, 1, FL_LOG_AGENT_REPLY, 0, 1210);
    tape_free(&tape);
}

/* Handed over to l, whose only agent has a break until 10:20; there her message waits, not for who has handed her over. */
Test(desk, who_was_handed_over_waits_for_the_group_she_was_sent_to)
{
    const struct push cast[] = { { "10m", "short" }, { 0 } };

    struct tape tape = play(cast, "'intents':[{'name':'short','reply':{'total':'10s'},'transfer':{'probability':1,'to':'l'}}]",
                            "'groups':[{'name':'s','intents':['short']},{'name':'l'}],"
                            "'agents':[{'name':'a','groups':['s']},{'name':'b','groups':['l']}]",
                            ",'events':[{'at':'+5m','agent':'b','do':'break','for':'15m'}],'routing':{'overflow':'offline_rule'}");

    EXPECT_AT(&tape, 0, FL_LOG_TRANSFERRED, 0, 610);
    EXPECT_AT(&tape, 0, FL_LOG_ASSIGNED, 1, 1200);
    cr_expect_eq(agent_of(&tape, 0, FL_LOG_ASSIGNED, 1), 1);
    EXPECT_AT(&tape, 0, FL_LOG_AGENT_REPLY, 1, 1210);
    tape_free(&tape);
}

/* He wrote to a group that she is not of, but is hers; duties of her own do not lose him. */
Test(desk, a_known_buyers_message_is_a_duty_too)
{
    const struct push cast[] = { { "10m", "short" }, { 0 } };
    const char *const duties[] = { "", ",'start_duties':{'length':'2m'}" };
    char desk[512];

    for (size_t i = 0; i < 2; i++) {
        snprintf(desk, sizeof desk, "'shifts':[{'name':'one','from':'10:30','to':'12:00'},{'name':'never','from':'04:00','to':'05:00'}],"
                                    "'groups':[{'name':'s','intents':['short']},{'name':'l'}],"
                                    "'agents':[{'name':'a','shift':'one','groups':['l']},{'name':'b','shift':'never','groups':['s']}]%s", duties[i]);
        struct tape tape = play(cast, "'classes':[{'name':'v','dedicated_agent':1,'dedicated_to':'a'}],'intents':[{'name':'short','reply':{'total':'10s'}}]",
                                desk, ",'routing':{'dedicated_agent':true}");
        EXPECT_AT(&tape, 0, FL_LOG_ASSIGNED, 0, 1800);
        EXPECT_AT(&tape, 0, FL_LOG_AGENT_REPLY, 0, 1810);
        tape_free(&tape);
    }
}

/* Two messages of the night, for l and then for s. Who comes on at 10:30 is of the one group; at 11:00, of the other. */
static struct tape night(const char *first, const char *second, const char *more)
{
    static const struct push cast[] = { { "10m", "long" }, { "11m", "short" }, { 0 } };
    char desk[1024];
    snprintf(desk, sizeof desk,
             "'shifts':[{'name':'one','from':'10:30','to':'12:00'},{'name':'two','from':'11:00','to':'12:00'}],'leave_reply':'60s',"
             "'groups':[{'name':'l','intents':['long'],'overflow':'s'},{'name':'s','intents':['short']}],"
             "'agents':[{'name':'a','shift':'one',%s},{'name':'b','shift':'two',%s}]", first, second);
    return play(cast, "'intents':[{'name':'long','reply':{'total':'2m'},'skills':['x']},{'name':'short','reply':{'total':'10s'},'skills':['y']}]", desk, more);
}

Test(desk, who_comes_on_works_off_the_messages_to_her_own_groups)
{
    struct tape tape = night("'groups':['s']", "'groups':['l']", ",'skills':['x','y']");
    EXPECT_AT(&tape, 1, FL_LOG_ASSIGNED, 0, 1800);
    EXPECT_AT(&tape, 1, FL_LOG_AGENT_REPLY, 0, 1860);
    EXPECT_AT(&tape, 0, FL_LOG_ASSIGNED, 0, 3600);
    EXPECT_AT(&tape, 0, FL_LOG_AGENT_REPLY, 0, 3660);
    tape_free(&tape);

    struct tape both = night("'groups':['l','s']", "'groups':['l']", ",'skills':['x','y']");
    EXPECT_AT(&both, 0, FL_LOG_AGENT_REPLY, 0, 1860);
    EXPECT_AT(&both, 1, FL_LOG_AGENT_REPLY, 0, 1920);
    tape_free(&both);
}

Test(desk, who_comes_on_works_off_the_messages_of_groups_that_overflow_into_hers)
{
    struct tape tape = night("'groups':['s']", "'groups':['l']", ",'skills':['x','y'],'routing':{'overflow':'overflow_group'}");
    EXPECT_AT(&tape, 0, FL_LOG_AGENT_REPLY, 0, 1860);
    EXPECT_AT(&tape, 1, FL_LOG_AGENT_REPLY, 0, 1920);
    tape_free(&tape);

    struct tape other = night("'groups':['l']", "'groups':['s']", ",'skills':['x','y'],'routing':{'overflow':'overflow_group'}"); /* s does not */
    EXPECT_AT(&other, 0, FL_LOG_AGENT_REPLY, 0, 1860);
    EXPECT_AT(&other, 1, FL_LOG_AGENT_REPLY, 0, 3660);
    tape_free(&other);
}

Test(desk, who_comes_on_works_off_the_messages_she_has_the_skills_for)
{
    static const char first[] = "'groups':['l','s'],'skill':{'y':1}", second[] = "'groups':['l','s']";
    struct tape tape = night(first, second, ",'skills':['x','y']");
    EXPECT_AT(&tape, 1, FL_LOG_AGENT_REPLY, 0, 1860);
    EXPECT_AT(&tape, 0, FL_LOG_AGENT_REPLY, 0, 3660);
    tape_free(&tape);

    struct tape given_up = night(first, second, ",'skills':['x','y'],'routing':{'policy':'skill_bullseye'}");
    EXPECT_AT(&given_up, 0, FL_LOG_AGENT_REPLY, 0, 1860);
    EXPECT_AT(&given_up, 1, FL_LOG_AGENT_REPLY, 0, 1920);
    tape_free(&given_up);
}

/* They queue for her as soon as anybody is there. */
Test(desk, under_main_only_messages_wait_for_the_main_account)
{
    struct tape tape = night("'groups':['l']", "'groups':['s'],'main_account':true", ",'skills':['x','y'],'routing':{'policy':'main_only'}");
    EXPECT_AT(&tape, 0, FL_LOG_AGENT_REPLY, 0, 3720);
    EXPECT_AT(&tape, 1, FL_LOG_AGENT_REPLY, 0, 3730);
    tape_free(&tape);
}

Test(desk, close_oldest_ends_the_chat_in_which_nothing_happened_for_longest)
{
    const struct push cast[] = { { "10m", "thinks" }, { "11m", "thinks" }, { "12m", "thinks" }, { 0 } };

    struct tape tape = play(cast, "'intents':[{'name':'thinks','rounds':2,'think_time':'10m','reply':{'total':'10s'}}]", "'agents':[{'name':'a','max_chats':2}]",
                            ",'routing':{'overflow':'close_oldest'}");

    EXPECT_AT(&tape, 0, FL_LOG_CLOSED, 0, 720);
    EXPECT_AT(&tape, 2, FL_LOG_ASSIGNED, 0, 720);
    cr_expect_eq(times(&tape, 0, FL_LOG_AGENT_REPLY), 1);
    cr_expect_eq(times(&tape, 1, FL_LOG_AGENT_REPLY), 2);
    tape_free(&tape);
}

/* ---- The end ----------------------------------------------------------------------------------- */

Test(desk, what_is_drained_after_the_end_counts_apart)
{
    const struct push cast[] = { { "119m50s", "long" }, { 0 } };

    struct tape stopped = play(cast, plain, ONE_AGENT, ""), drained = play(cast, plain, ONE_AGENT, ",'end':'drain'");

    cr_expect_eq(times(&stopped, 0, FL_LOG_AGENT_REPLY), 0);
    EXPECT_AT(&drained, 0, FL_LOG_AGENT_REPLY, 0, 7210);
    cr_expect_eq(figure(&drained, "drained_replies"), 1);
    cr_expect_eq(figure(&stopped, "drained_replies"), 0);
    cr_expect_eq(figure(&drained, "replies"), 0);
    cr_expect_eq(figure(&drained, "chats_unserved"), 1);
    tape_free(&stopped);
    tape_free(&drained);
}

/* ---- Two plans, the same buyers ---------------------------------------------------------------- */

struct buyer {
    uint64_t chat;
    fl_time arrived, first_reply, left; /* FL_TIME_NEVER: did not happen; left before a reply */
    uint64_t key;
    uint32_t chars;
    uint8_t intent, buyer_class;
    bool quick;
};

static int by_chat(const void *a, const void *b)
{
    const uint64_t x = ((const struct buyer *)a)->chat, y = ((const struct buyer *)b)->chat;
    return (x > y) - (x < y);
}

static struct buyer *buyers_of(const struct tape *tape, size_t *count)
{
    struct buyer *list = calloc(tape->count + 1, sizeof *list);
    *count = 0;
    for (size_t i = 0; i < tape->count; i++) {
        const struct fl_log_event *e = &tape->event[i];
        if (e->kind == FL_LOG_CHAT_OPENED)
            list[(*count)++] = (struct buyer){ .chat = e->chat_id, .arrived = e->at, .first_reply = FL_TIME_NEVER, .left = FL_TIME_NEVER, .key = e->key,
                                               .intent = e->intent, .buyer_class = e->buyer_class };
    }
    qsort(list, *count, sizeof *list, by_chat);
    for (size_t i = 0; i < tape->count; i++) {
        const struct fl_log_event *e = &tape->event[i];
        struct buyer *buyer = bsearch(&(struct buyer){ .chat = e->chat_id }, list, *count, sizeof *list, by_chat);
        if (buyer->first_reply != FL_TIME_NEVER || buyer->left != FL_TIME_NEVER) continue;
        if (e->kind == FL_LOG_ABANDONED) buyer->left = e->at;
        if (e->kind != FL_LOG_AGENT_REPLY) continue;
        buyer->first_reply = e->at;
        buyer->chars = e->chars;
        buyer->quick = (e->flags & FL_LOG_QUICK_PHRASE) != 0;
    }
    return list;
}

static struct tape plan(const char *agents, const char *policy)
{
    char text[2048];
    snprintf(text, sizeof text,
             "{'fenliu':1,'duration':'4h','interval':'1h','traffic':{'chats_per_day':6000,'busyness':{'day':{'lognormal_sigma':0.2}}},"
             "'buyers':{'classes':[{'name':'x','share':0.7},{'name':'y','share':0.3,'effort_scale':1.3}],'intents':["
             "{'name':'size','share':0.6,'rounds':{'geometric':4},'reply':{'think':{'exponential':'8s'},'chars':{'geometric':14},'quick_phrase':0.3}},"
             "{'name':'stock','share':0.4,'rounds':{'geometric':2},'reply':{'think':{'exponential':'5s'},'chars':{'geometric':9}}}],"
             "'think_time':{'exponential':'40s'},'patience':{'first':{'weibull':{'scale':'188s','shape':2}}}},"
             "'desk':{'agents':[%s]},'routing':{'policy':'%s'}}", agents, policy);
    return crowd(text);
}

Test(desk, another_policy_and_headcount_face_the_same_buyers_with_the_same_patience_and_work)
{
    struct tape few = plan("{'name':'a','count':5,'max_chats':5}", "least_active"), many = plan("{'name':'c','count':2},{'name':'b','count':20}", "random");
    size_t count, other_count, compared_patience = 0, compared_work = 0;
    struct buyer *const a = buyers_of(&few, &count), *const b = buyers_of(&many, &other_count);

    cr_assert_eq(count, other_count);
    cr_expect(count > 500);
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(a[i].chat, b[i].chat);
        cr_assert_eq(a[i].key, b[i].key);
        cr_assert_eq(a[i].arrived, b[i].arrived);
        cr_assert_eq(a[i].intent, b[i].intent);
        cr_assert_eq(a[i].buyer_class, b[i].buyer_class);
        if (a[i].left != FL_TIME_NEVER) { /* with more people she is answered by then, or leaves at the same instant */
            cr_expect(b[i].first_reply <= a[i].left || b[i].left == a[i].left);
            compared_patience++;
        }
        if (a[i].first_reply != FL_TIME_NEVER && b[i].first_reply != FL_TIME_NEVER) {
            cr_expect_eq(a[i].quick, b[i].quick);
            cr_expect_eq(a[i].chars, b[i].chars);
            compared_work++;
        }
    }
    cr_expect(compared_patience > 50 && compared_work > 300, "%zu %zu", compared_patience, compared_work);
    cr_expect(figure(&few, "chats_abandoned") > figure(&many, "chats_abandoned"));
    free(a);
    free(b);
    tape_free(&few);
    tape_free(&many);
}
