/* Small logs told message by message: rounds, waits, composing and leaving as the definitions of the field have them. */
#include "fit/chats.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static struct fl_chats chats;

static void start(void)
{
    cr_assert_eq(fl_chats_start(&chats), FL_OK);
    fl_chats_next_file(&chats);
}

static void end(void)
{
    fl_chats_free(&chats);
}

/* At so many seconds after 2026-06-12T10:00. */
static enum fl_line_fault at(double s, uint64_t conversation, enum fl_log_kind kind, const char *agent)
{
    const struct fl_logged message = { .at_ns = (INT64_C(20616) * 86400 + 36000) * FL_SECOND + (int64_t)(s * 1e9), .conversation = conversation,
                                       .kind = (uint8_t)kind, .resolution = FL_TIMES_MILLISECONDS,
                                       .agent = { agent, agent != NULL ? (uint32_t)strlen(agent) : 0 } };
    return fl_chats_take(&chats, &message);
}

TestSuite(fit_chats, .init = start, .fini = end);

/* The first published vector of the three-minute rate, and the second: questions in between do not restart the round. */
Test(fit_chats, a_round_runs_from_its_first_message_to_the_reply)
{
    at(15, 1, FL_LOG_BUYER_MESSAGE, NULL);
    at(320, 1, FL_LOG_BUYER_MESSAGE, NULL);
    at(330, 1, FL_LOG_GREETING, NULL);
    at(490, 1, FL_LOG_AGENT_REPLY, "a");
    at(510, 1, FL_LOG_BUYER_MESSAGE, NULL);
    at(540, 1, FL_LOG_AGENT_REPLY, "a");
    fl_chats_end(&chats);

    cr_assert_eq(chats.rounds_answered, 2);
    cr_assert_eq(chats.waits.count, 2);
    cr_expect_float_eq(fl_wait_list(&chats)[0].seconds, 475, 1e-3);
    cr_expect(fl_wait_list(&chats)[0].first && !fl_wait_list(&chats)[1].first);
    cr_expect_float_eq(fl_wait_list(&chats)[1].seconds, 30, 1e-3);
    cr_assert_eq(chats.after.count, 2);
    cr_expect(fl_after_list(&chats)[0].writes && fl_after_list(&chats)[0].messages == 2);
    cr_expect_float_eq(fl_after_list(&chats)[0].gap_s, 20, 1e-3);
    cr_expect_float_eq(fl_after_list(&chats)[0].quiet_s, 170, 1e-3);
    cr_expect_not(fl_after_list(&chats)[1].writes);
}

/* Two wait; she composes one reply at a time, the oldest first: the second one's time begins when the first is sent. */
Test(fit_chats, other_chats_explain_the_wait_and_not_the_composing)
{
    at(0, 1, FL_LOG_BUYER_MESSAGE, NULL);
    at(0, 1, FL_LOG_ASSIGNED, "a");
    at(5, 2, FL_LOG_BUYER_MESSAGE, NULL);
    at(5, 2, FL_LOG_ASSIGNED, "a");
    at(20, 1, FL_LOG_AGENT_REPLY, "a");
    at(30, 1, FL_LOG_CLOSED, "a");
    at(45, 2, FL_LOG_AGENT_REPLY, "a");
    at(60, 2, FL_LOG_CLOSED, "a");
    fl_chats_end(&chats);

    cr_assert_eq(chats.composings.count, 2);
    const struct fl_composing *list = fl_composing_list(&chats);
    cr_expect_float_eq(list[0].seconds, 20, 1e-3);
    cr_expect_float_eq(list[1].seconds, 25, 1e-3);
    cr_expect_eq(list[0].open, 1);
    cr_expect_eq(list[1].open, 2);
    cr_expect_eq(chats.agent[0].open_most, 2);
    cr_expect_float_eq(fl_durations_mean(chats.closes), 12.5, 0.1);
}

Test(fit_chats, a_buyer_who_leaves_cuts_the_composing_and_hides_the_next_one)
{
    at(0, 1, FL_LOG_BUYER_MESSAGE, NULL);
    at(0, 1, FL_LOG_ASSIGNED, "a");
    at(2, 2, FL_LOG_BUYER_MESSAGE, NULL);
    at(2, 2, FL_LOG_ASSIGNED, "a");
    at(10, 1, FL_LOG_ABANDONED, "a");
    at(10, 1, FL_LOG_CLOSED, "a");
    at(50, 2, FL_LOG_AGENT_REPLY, "a"); /* when she began it nobody knows: she finished the other for nobody */
    at(70, 2, FL_LOG_BUYER_MESSAGE, NULL);
    at(85, 2, FL_LOG_AGENT_REPLY, "a");
    fl_chats_end(&chats);

    cr_assert_eq(chats.composings.count, 2);
    cr_expect(fl_composing_list(&chats)[0].cut);
    cr_expect_float_eq(fl_composing_list(&chats)[0].seconds, 10, 1e-3);
    cr_expect_not(fl_composing_list(&chats)[1].cut);
    cr_expect_float_eq(fl_composing_list(&chats)[1].seconds, 15, 1e-3);
    cr_expect_eq(chats.left_said, 1);
    cr_expect_eq(fl_wait_list(&chats)[0].end, FL_WAIT_SAID);
}

Test(fit_chats, who_comes_back_waits_anew)
{
    at(0, 1, FL_LOG_BUYER_MESSAGE, NULL);
    at(100, 1, FL_LOG_ABANDONED_SILENT, NULL);
    at(700, 1, FL_LOG_BUYER_MESSAGE, NULL);
    at(730, 1, FL_LOG_AGENT_REPLY, "a");
    fl_chats_end(&chats);

    cr_assert_eq(chats.waits.count, 2);
    cr_expect_eq(fl_wait_list(&chats)[0].end, FL_WAIT_SILENT);
    cr_expect(fl_wait_list(&chats)[1].first, "a further visit begins with first patience");
    cr_expect_float_eq(fl_wait_list(&chats)[1].seconds, 30, 1e-3);
    cr_expect_float_eq(fl_durations_mean(chats.come_back), 600, 4);
    cr_expect_eq(chats.chats, 1);
}

Test(fit_chats, leave_messages_say_nothing_of_patience)
{
    at(0, 1, FL_LOG_BUYER_MESSAGE, NULL);
    at(0, 1, FL_LOG_LEAVE_MESSAGE, NULL);
    at(20000, 1, FL_LOG_ASSIGNED, "a");
    at(20030, 1, FL_LOG_AGENT_REPLY, "a");
    fl_chats_end(&chats);

    cr_expect_eq(chats.waits.count, 0);
    cr_expect_eq(chats.after.count, 0);
    cr_expect_float_eq(fl_composing_list(&chats)[0].seconds, 30, 1e-3);
}

Test(fit_chats, silence_ends_a_chat_and_the_next_message_begins_another)
{
    at(0, 1, FL_LOG_BUYER_MESSAGE, NULL);
    at(10, 1, FL_LOG_AGENT_REPLY, "a");
    at(5 * 3600, 1, FL_LOG_BUYER_MESSAGE, NULL);
    fl_chats_end(&chats);

    cr_expect_eq(chats.chats, 2);
    cr_expect_float_eq(fl_after_list(&chats)[0].gap_s, 3 * 3600 , 11);
    cr_expect_not(fl_after_list(&chats)[0].writes);
}

Test(fit_chats, time_that_runs_backwards_within_a_chat_is_refused_and_changes_nothing)
{
    at(10, 1, FL_LOG_BUYER_MESSAGE, NULL);

    cr_expect_eq(at(9, 1, FL_LOG_AGENT_REPLY, "a"), FL_LINE_BACKWARDS);

    cr_expect_eq(chats.rounds_answered, 0);
    cr_expect_eq(at(9, 2, FL_LOG_BUYER_MESSAGE, NULL), FL_LINE_READ, "other chats may lie side by side");
}

Test(fit_chats, the_same_dates_again_are_another_record_a_week_on)
{
    at(10, 1, FL_LOG_BUYER_MESSAGE, NULL);
    fl_chats_next_file(&chats);
    at(0, 1, FL_LOG_BUYER_MESSAGE, NULL);
    fl_chats_end(&chats);

    cr_expect_eq(chats.chats, 2);
    cr_expect_eq(chats.spans.count, 2);
    cr_expect_eq(fl_span_list(&chats)[1].from_s - fl_span_list(&chats)[0].from_s, 7 * 86400 - 10);
}

Test(fit_chats, more_records_than_are_kept_are_thinned_evenly)
{
    for (uint32_t i = 0; i < 3 * FL_RECORDS_MAX / 2; i++) {
        at(i * 2.0, 1, FL_LOG_BUYER_MESSAGE, NULL);
        at(i * 2.0 + 0.5 + 0.001 * (i % 1000), 1, FL_LOG_AGENT_REPLY, "a");
    }
    fl_chats_end(&chats);

    cr_expect_eq(chats.waits.all, 3 * FL_RECORDS_MAX / 2);
    cr_expect_eq(chats.waits.stride, 2);
    cr_assert_eq(chats.waits.count, 3 * FL_RECORDS_MAX / 4);
    for (uint32_t i = 0; i < chats.waits.count; i++) /* every second one */
        cr_assert_float_eq(fl_wait_list(&chats)[i].seconds, 0.5 + 0.001 * (2 * i % 1000), 1e-4, "record %u", i);
}

Test(fit_chats, who_was_served_and_begins_another_chat_is_a_visit)
{
    static const enum fl_log_kind kinds[] = { FL_LOG_BUYER_MESSAGE, FL_LOG_AGENT_REPLY, FL_LOG_CLOSED, FL_LOG_BUYER_MESSAGE, FL_LOG_AGENT_REPLY, FL_LOG_CLOSED };
    static const double seconds[] = { 0, 20, 40, 1840, 1860, 1880 };
    for (uint32_t i = 0; i < 6; i++) {
        const struct fl_logged message = { .at_ns = (INT64_C(20616) * 86400 + 36000) * FL_SECOND + (int64_t)(seconds[i] * 1e9), .conversation = 1 + i / 3, .buyer = 9,
                                           .kind = (uint8_t)kinds[i], .agent = { "a", 1 } };
        cr_assert_eq(fl_chats_take(&chats, &message), FL_LINE_READ);
    }
    fl_chats_end(&chats);

    cr_expect_eq(chats.chats, 2);
    cr_expect_float_eq(chats.visits.after->seen_total, 1, 1e-12);
    cr_expect_float_eq(fl_durations_mean(chats.visits.after), 1800, 10);
    cr_expect_float_eq(chats.visits.after->cut_total, 1, 1e-12);
}
