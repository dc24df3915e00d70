/* The pipeline step by step, the queue's service, the timers, and that a replication can be copied. */
#include "routing_desk.h"

#include <criterion/criterion.h>

static struct desk *desk_of(uint32_t agents)
{
    return desk_create(agents, FL_POLICY_LEAST_ACTIVE);
}

static void begin(struct desk *desk)
{
    cr_assert_eq(desk_begin(desk), FL_OK);
}

/* A returning buyer whose recent agent is `agent`, last met `age` ago; who gets her. */
static uint32_t recent_chat(struct desk *desk, uint32_t agent, fl_time age)
{
    const uint32_t chat = desk_new(desk);
    desk->chats[chat].recent_agent = agent;
    desk->chats[chat].recent_at = desk->view.now - age;
    cr_assert_eq(desk_route(desk, chat), FL_OK);
    return desk->holder[chat];
}

/* ---- Steps 1 to 3 ------------------------------------------------------------------------------ */

Test(engine, with_nobody_available_the_buyer_leaves_a_message)
{
    struct desk *const desk = desk_of(2);
    begin(desk);
    desk_state(desk, 0, FL_SUSPENDED);
    desk_state(desk, 1, FL_OFFLINE);

    cr_expect_eq(desk_chat(desk), FL_NO_AGENT);
    cr_expect_eq(desk->said[0], (int)FL_LEAVE_MESSAGE);
    desk_state(desk, 1, FL_AVAILABLE);
    cr_expect_eq(desk_chat(desk), 1);

    desk_free(desk);
}

Test(engine, recent_agent_follows_the_table_of_states_and_ages)
{
    static const struct {
        enum fl_agent_state state;
        enum fl_suspend_rule suspend;
        bool within_a_day, within_three_days;
    } rows[] = {
        { FL_AVAILABLE, FL_SUSPEND_STICKY, true, true },
        { FL_SUSPENDED, FL_SUSPEND_STICKY, true, false },
        { FL_SUSPENDED, FL_SUSPEND_STRICT, false, false },
        { FL_SUSPENDED, FL_SUSPEND_REROUTE_RECENT, false, false },
        { FL_AUTO_SUSPENDED, FL_SUSPEND_STICKY, true, true },
        { FL_ON_BREAK, FL_SUSPEND_STICKY, false, false },
        { FL_OFFLINE, FL_SUSPEND_STICKY, false, false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct desk *const desk = desk_of(3); /* 2 is hers; 0 and 1 come first otherwise */
        desk->scenario.routing.recent_agent = true;
        desk->scenario.routing.suspend = rows[i].suspend;
        begin(desk);
        if (rows[i].state != FL_AVAILABLE) desk_state(desk, 2, rows[i].state);

        cr_expect_eq(recent_chat(desk, 2, 24 * FL_HOUR) == 2, rows[i].within_a_day, "row %zu", i);
        cr_expect_eq(recent_chat(desk, 2, 72 * FL_HOUR) == 2, rows[i].within_three_days, "row %zu", i);
        desk->agents[2].open = 1000; /* or least active would choose her */
        cr_expect_neq(recent_chat(desk, 2, 72 * FL_HOUR + 1), 2, "row %zu", i);

        desk_free(desk);
    }
}

Test(engine, recent_agent_at_capacity_is_passed_over_unless_capacity_is_ignored)
{
    for (int mode = 0; mode < 3; mode++) {
        struct desk *const desk = desk_of(2);
        desk->scenario.routing.recent_agent = true;
        desk->scenario.routing.recent_ignores_capacity = mode == 1;
        if (mode == 2) desk->scenario.routing.overflow = FL_OVERFLOW_ASSIGN_ANYWAY; /* no-queue mode: the cap is off */
        desk->agents[1].capacity = 0;
        begin(desk);

        cr_expect_eq(recent_chat(desk, 1, FL_HOUR), mode == 0 ? 0 : 1);

        desk_free(desk);
    }
}

Test(engine, a_transfer_is_not_sent_to_the_recent_agent_nor_to_who_gave_it_away)
{
    struct desk *const desk = desk_of(3);
    desk->scenario.routing.recent_agent = true;
    begin(desk);
    desk_letters(desk, 3);
    desk_close(desk, 0); /* 0 is least active, 2 is recent */
    const uint32_t chat = desk_new(desk);
    desk->chats[chat].recent_agent = 2;
    desk->chats[chat].exclude = 0;
    desk->chats[chat].why = FL_WHY_TRANSFER;
    cr_assert_eq(desk_route(desk, chat), FL_OK);

    cr_expect_eq(desk->holder[chat], 1);

    desk_free(desk);
}

Test(engine, who_gave_a_chat_away_gets_it_back_when_the_group_has_nobody_else)
{
    struct desk *const desk = desk_of(1);
    begin(desk);
    const uint32_t chat = desk_new(desk);
    desk->chats[chat].exclude = 0;
    desk->chats[chat].why = FL_WHY_TRANSFER;
    cr_assert_eq(desk_route(desk, chat), FL_OK);

    cr_expect_eq(desk->holder[chat], 0);
    desk_free(desk);
}

Test(engine, who_went_away_may_take_her_waiting_buyer_when_she_is_back_but_not_one_she_transferred)
{
    static const enum fl_route_why whys[] = { FL_WHY_TRANSFER, FL_WHY_REASSIGN };
    for (int i = 0; i < 2; i++) {
        struct desk *const desk = desk_of(2);
        desk->agents[1].capacity = 0;
        begin(desk);
        desk_state(desk, 0, FL_ON_BREAK);
        const uint32_t chat = desk_new(desk);
        desk->chats[chat].exclude = 0;
        desk->chats[chat].why = (uint8_t)whys[i];
        cr_assert_eq(desk_route(desk, chat), FL_OK);
        cr_assert_eq(desk_waiting(desk), 1);
        desk_state(desk, 0, FL_AVAILABLE);

        cr_expect_eq(desk->holder[chat] == 0, whys[i] == FL_WHY_REASSIGN);

        desk_free(desk);
    }
}

Test(engine, dedicated_agent_comes_after_the_recent_one_and_must_be_enabled)
{
    for (int enabled = 0; enabled <= 1; enabled++) {
        struct desk *const desk = desk_of(3);
        desk->scenario.routing.dedicated_agent = enabled;
        begin(desk);
        const uint32_t chat = desk_new(desk);
        desk->chats[chat].dedicated_agent = 2;
        cr_assert_eq(desk_route(desk, chat), FL_OK);

        cr_expect_eq(desk->holder[chat], enabled ? 2 : 0);

        desk_free(desk);
    }
}

/* ---- Steps 4 and 5 ------------------------------------------------------------------------------- */

Test(engine, bot_first_takes_new_buyers_only)
{
    struct desk *const desk = desk_of(1);
    desk->scenario.desk.bot.mode = FL_BOT_FIRST;
    begin(desk);
    for (int why = FL_WHY_NEW; why <= FL_WHY_REASSIGN; why++) {
        const uint32_t chat = desk_new(desk);
        desk->chats[chat].why = (uint8_t)why;
        cr_assert_eq(desk_route(desk, chat), FL_OK);

        cr_expect_eq(desk->said[chat], why == FL_WHY_NEW ? (int)FL_TO_BOT : (int)FL_ASSIGN);
    }
    desk_free(desk);
}

Test(engine, agent_first_uses_the_bot_when_nobody_can_take_her)
{
    struct desk *const desk = desk_of(1);
    desk->scenario.desk.bot.mode = FL_AGENT_FIRST;
    desk->agents[0].capacity = 1;
    begin(desk);
    cr_expect_eq(desk_chat(desk), 0);
    desk_chat(desk);
    cr_expect_eq(desk->said[1], (int)FL_TO_BOT, "full");
    desk_state(desk, 0, FL_OFFLINE);
    desk_chat(desk);
    cr_expect_eq(desk->said[2], (int)FL_TO_BOT, "away");
    desk_free(desk);
}

/* 0.3 of 2000: within 4 standard errors, 82; the keys are the test desk's. */
Test(engine, mixed_mode_sends_its_share_to_the_bot)
{
    struct desk *const desk = desk_of(1);
    desk->scenario.desk.bot.mode = FL_BOT_MIXED;
    desk->scenario.desk.bot.share = 0.3;
    begin(desk);
    uint32_t bot = 0;
    for (uint32_t i = 0; i < 2000; i++) {
        desk_chat(desk);
        bot += desk->said[i] == (int)FL_TO_BOT;
    }
    cr_expect(bot > 518 && bot < 682, "%u", bot);
    desk_free(desk);
}

Test(engine, group_match_takes_the_first_that_holds_and_ends_with_the_default)
{
    struct desk *const desk = desk_of(3);
    desk->scenario.desk.groups_count = 3;
    desk->groups[0].intents = 1 << 1;
    desk->groups[0].classes = 1 << 2;
    desk->groups[1].order_statuses = 1 << 0;
    desk->groups[1].bot = true;
    begin(desk);
    struct fl_chat_view chat = { .intent = 1, .buyer_class = 2, .order_status = 0, .entry_point = 255 };

    cr_expect_eq(fl_engine_match_group(&desk->scenario, &chat), 0);
    chat.buyer_class = 1;
    cr_expect_eq(fl_engine_match_group(&desk->scenario, &chat), 1);
    chat.order_status = 255;
    cr_expect_eq(fl_engine_match_group(&desk->scenario, &chat), 2);

    const uint32_t to_group_bot = desk_new(desk);
    desk->chats[to_group_bot].order_status = 0;
    cr_assert_eq(desk_route(desk, to_group_bot), FL_OK);
    cr_expect_eq(desk->said[to_group_bot], (int)FL_TO_BOT);
    desk_free(desk);
}

/* ---- Steps 6 to 8 -------------------------------------------------------------------------------- */

Test(engine, rate_limit_holds_an_agent_until_the_window_has_passed)
{
    struct desk *const desk = desk_of(2);
    desk->scenario.routing.rate_limit = 2;
    desk->scenario.routing.rate_window = FL_MINUTE;
    begin(desk);
    cr_expect_str_eq(desk_letters(desk, 6), "ABAB--");
    desk_close(desk, 0); /* room is not what is missing */
    cr_expect_eq(desk_waiting(desk), 2);

    desk_advance(desk, FL_MINUTE - 7 * FL_MILLISECOND); /* the first assignments were at 1 and 2 ms */
    cr_expect_eq(desk_waiting(desk), 2);
    desk_advance(desk, 2 * FL_MILLISECOND);
    cr_expect_eq(desk_waiting(desk), 0);
    cr_expect_eq(desk->holder[4], 0);
    cr_expect_eq(desk->holder[5], 1);
    cr_expect_eq(desk_chat(desk), FL_NO_AGENT, "both are held again");
    desk_advance(desk, 10 * FL_MILLISECOND);
    cr_expect_eq(desk->holder[6], 0, "her second assignment has aged too");

    desk_free(desk);
}

Test(engine, a_freed_place_serves_the_queue_within_the_same_call)
{
    struct desk *const desk = desk_of(1);
    desk->agents[0].capacity = 1;
    begin(desk);
    cr_assert_str_eq(desk_letters(desk, 4), "A---");
    cr_expect_eq(desk->said[1], (int)FL_ENQUEUE);

    desk_close(desk, 2); /* her patience was up */
    desk_close(desk, 0);

    cr_expect_eq(desk->holder[1], 0);
    cr_expect_eq(desk_waiting(desk), 1);
    desk_state(desk, 0, FL_ON_BREAK);
    desk_close(desk, 1);
    cr_expect_eq(desk_waiting(desk), 1, "she is on a break");
    desk_state(desk, 0, FL_AVAILABLE);
    cr_expect_eq(desk->holder[3], 0);
    desk_free(desk);
}

Test(engine, capacity_counted_in_awaiting_chats_comes_free_with_a_reply)
{
    struct desk *const desk = desk_of(1);
    desk->agents[0].capacity = 1;
    desk->scenario.routing.counts = FL_COUNTS_AWAITING;
    begin(desk);
    cr_assert_str_eq(desk_letters(desk, 2), "A-");

    desk->agents[0].awaiting--;
    cr_assert_eq(fl_engine_ops.reply(&desk->engine, &desk->view, 0, 0), FL_OK);

    cr_expect_eq(desk->holder[1], 0);
    desk_free(desk);
}

Test(engine, a_full_queue_refuses)
{
    struct desk *const desk = desk_of(1);
    desk->agents[0].capacity = 0;
    desk->scenario.routing.queue_max = 2;
    begin(desk);
    desk_letters(desk, 3);

    cr_expect_eq(desk->said[1], (int)FL_ENQUEUE);
    cr_expect_eq(desk->said[2], (int)FL_REJECT);
    cr_expect_eq(desk_waiting(desk), 2);
    desk_free(desk);
}

Test(engine, after_the_longest_wait_the_offline_rule_applies)
{
    struct desk *const desk = desk_of(1);
    desk->agents[0].capacity = 0;
    desk->scenario.routing.queue_max_wait = FL_MINUTE;
    begin(desk);
    desk_chat(desk);
    desk_advance(desk, FL_MINUTE - 1);
    cr_expect_eq(desk_waiting(desk), 1);
    desk_advance(desk, 1);
    cr_expect_eq(desk_waiting(desk), 0);
    cr_expect_eq(desk->said[0], (int)FL_LEAVE_MESSAGE);
    desk_free(desk);
}

Test(engine, a_reused_slot_is_not_thrown_out_by_its_predecessors_timer)
{
    struct desk *const desk = desk_of(1);
    desk->agents[0].capacity = 0;
    desk->scenario.routing.queue_max_wait = FL_MINUTE;
    begin(desk);
    desk_chat(desk);
    desk_advance(desk, 50 * FL_SECOND);
    desk_close(desk, 0);
    cr_assert_eq(desk_route(desk, 0), FL_OK); /* another buyer in the same slot */
    desk_advance(desk, 50 * FL_SECOND);
    cr_expect_eq(desk_waiting(desk), 1);
    desk_advance(desk, 10 * FL_SECOND);
    cr_expect_eq(desk_waiting(desk), 0);
    desk_free(desk);
}

Test(engine, assign_anyway_goes_to_the_least_loaded_beyond_capacity)
{
    struct desk *const desk = desk_of(3);
    desk->scenario.routing.overflow = FL_OVERFLOW_ASSIGN_ANYWAY;
    desk->agents[0].capacity = 3;
    desk->agents[1].capacity = desk->agents[2].capacity = 1;
    begin(desk);
    desk_state(desk, 2, FL_SUSPENDED);

    cr_expect_str_eq(desk_letters(desk, 8), "ABAABBAB");
    desk_free(desk);
}

Test(engine, overflow_offline_leaves_a_message_at_once)
{
    struct desk *const desk = desk_of(1);
    desk->scenario.routing.overflow = FL_OVERFLOW_OFFLINE;
    desk->agents[0].capacity = 0;
    begin(desk);
    desk_chat(desk);
    cr_expect_eq(desk->said[0], (int)FL_LEAVE_MESSAGE);
    desk_free(desk);
}

/* Group 0 (agent 0) overflows to 1 (agent 1), which overflows to 2 (agent 2). */
static struct desk *chain_of_groups(void)
{
    struct desk *const desk = desk_of(3);
    desk->scenario.routing.overflow = FL_OVERFLOW_GROUP;
    desk->scenario.desk.groups_count = 3;
    for (uint32_t g = 0; g < 3; g++) {
        desk->groups[g].intents = UINT64_C(1) << g;
        desk->groups[g].overflow = g < 2 ? g + 1 : FL_NONE;
        desk->agents[g].groups = UINT64_C(1) << g;
        desk->agents[g].capacity = 1;
    }
    begin(desk);
    return desk;
}

static uint32_t chat_of(struct desk *desk, uint8_t intent)
{
    const uint32_t chat = desk_new(desk);
    desk->chats[chat].intent = intent;
    cr_assert_eq(desk_route(desk, chat), FL_OK);
    return chat;
}

Test(engine, overflow_walks_along_the_groups_and_then_queues)
{
    struct desk *const desk = chain_of_groups();
    for (uint32_t i = 0; i < 4; i++) cr_expect_eq(desk->holder[chat_of(desk, 0)], i < 3 ? i : FL_NO_AGENT);
    cr_expect_eq(desk_waiting(desk), 1);
    desk_free(desk);
}

Test(engine, a_freed_agent_serves_her_own_group_before_those_that_overflow_into_it)
{
    struct desk *const desk = chain_of_groups();
    for (uint8_t g = 0; g < 3; g++) chat_of(desk, g);
    const uint32_t older = chat_of(desk, 0), own = chat_of(desk, 2), foreign = chat_of(desk, 1);

    desk_close(desk, 2);
    cr_expect_eq(desk->holder[own], 2);
    desk_close(desk, own);
    cr_expect_eq(desk->holder[older], 2, "over two overflows, but first in line");
    desk_close(desk, 0);
    cr_expect_eq(desk->holder[foreign], FL_NO_AGENT, "groups do not overflow backwards");
    desk_close(desk, 1);
    cr_expect_eq(desk->holder[foreign], 1);
    desk_free(desk);
}

Test(engine, an_agent_of_two_groups_takes_the_first_over_both_queues)
{
    struct desk *const desk = desk_of(1);
    desk->scenario.desk.groups_count = 2;
    desk->scenario.routing.discipline = FL_PRIORITY_FIFO;
    desk->groups[0].intents = 1;
    desk->agents[0].groups = 3;
    desk->agents[0].capacity = 1;
    begin(desk);
    chat_of(desk, 0);
    const uint32_t first = chat_of(desk, 0), urgent = desk_new(desk);
    desk->chats[urgent].intent = 1;
    desk->chats[urgent].priority = 5;
    cr_assert_eq(desk_route(desk, urgent), FL_OK);

    desk_close(desk, 0);
    cr_expect_eq(desk->holder[urgent], 0);
    desk_close(desk, urgent);
    cr_expect_eq(desk->holder[first], 0);
    desk_free(desk);
}

Test(engine, a_chat_that_she_lacks_the_skill_for_does_not_hold_up_the_queue)
{
    struct desk *const desk = desk_of(2);
    desk->scenario.skills_count = 1;
    desk->intents[1].skills = 1;
    desk->definitions[0].skill[0] = 0;
    desk->agents[0].capacity = desk->agents[1].capacity = 1;
    begin(desk);
    cr_assert_str_eq(desk_letters(desk, 2), "AB");
    const uint32_t special = chat_of(desk, 1), plain = chat_of(desk, 0);

    desk_close(desk, 0);
    cr_expect_eq(desk->holder[plain], 0);
    desk_close(desk, 1);
    cr_expect_eq(desk->holder[special], 1);
    desk_free(desk);
}

Test(engine, close_oldest_ends_the_chat_in_which_nothing_happened_for_longest)
{
    struct desk *const desk = desk_of(2);
    desk->scenario.routing.overflow = FL_OVERFLOW_CLOSE_OLDEST;
    desk->agents[0].capacity = desk->agents[1].capacity = 2;
    begin(desk);
    cr_assert_str_eq(desk_letters(desk, 4), "ABAB");
    desk->view.now += FL_SECOND;
    cr_assert_eq(fl_engine_ops.message(&desk->engine, &desk->view, 0, 0), FL_OK);

    cr_expect_eq(desk_chat(desk), 1, "chat 1 is the oldest now");
    cr_expect_eq(desk->closed_by_engine, 1);
    cr_expect_eq(desk_chat(desk), 0);
    cr_expect_eq(desk->closed_by_engine, 2);
    desk_close(desk, 3);
    cr_expect_eq(desk_chat(desk), 1);
    cr_expect_eq(desk_chat(desk), 0);
    cr_expect_eq(desk->closed_by_engine, 0);
    desk_free(desk);
}

Test(engine, a_chat_not_accepted_in_time_goes_to_somebody_else)
{
    struct desk *const desk = desk_of(3);
    desk->scenario.routing.accept_timeout = 20 * FL_SECOND;
    desk->agents[2].capacity = 0;
    begin(desk);
    cr_assert_str_eq(desk_letters(desk, 2), "AB");
    cr_assert_eq(fl_engine_ops.reply(&desk->engine, &desk->view, 0, 0), FL_OK);

    desk_advance(desk, 25 * FL_SECOND);
    cr_expect_eq(desk->holder[0], 0, "answered: stays");
    cr_expect_eq(desk->holder[1], 0, "not answered: B is excluded");
    cr_expect_eq(desk->agents[1].open, 0);
    desk_state(desk, 1, FL_OFFLINE);
    desk_advance(desk, 45 * FL_SECOND);
    cr_expect_eq(desk->holder[1], 0, "nobody else");
    desk_state(desk, 1, FL_AVAILABLE);
    cr_expect_eq(desk->holder[1], 1, "as soon as there is somebody");
    desk_free(desk);
}

static enum fl_status answer(struct desk *desk, uint32_t chat)
{
    return fl_engine_ops.reply(&desk->engine, &desk->view, chat, desk->holder[chat]);
}

Test(engine, an_overdue_chat_runs_no_timer_and_goes_to_whoever_gets_room_first)
{
    struct desk *const desk = desk_of(3);
    desk->scenario.routing.accept_timeout = FL_MILLISECOND;
    for (uint32_t a = 0; a < 3; a++) desk->agents[a].capacity = 2;
    begin(desk);
    cr_assert_str_eq(desk_letters(desk, 6), "ABCABC");
    for (uint32_t chat = 1; chat < 6; chat++) cr_assert_eq(answer(desk, chat), FL_OK);
    const uint32_t asked = desk->wakes_count;

    desk_advance(desk, FL_HOUR);
    cr_expect_eq(desk->wakes_count, asked, "%u wake-ups in an hour in which nobody has room", desk->wakes_count - asked);
    desk_close(desk, 3);
    cr_expect_eq(desk->holder[0], 0, "room at A herself helps nobody");
    desk_close(desk, 5);
    cr_expect_eq(desk->holder[0], 2);
    cr_expect_eq(desk->agents[0].open, 0);
    desk_free(desk);
}

Test(engine, an_answered_or_closed_chat_is_overdue_no_more)
{
    struct desk *const desk = desk_of(2);
    desk->scenario.routing.accept_timeout = FL_SECOND;
    desk->agents[1].state = FL_ON_BREAK;
    begin(desk);
    cr_assert_str_eq(desk_letters(desk, 3), "AAA");
    desk_advance(desk, FL_MINUTE);
    cr_assert_eq(answer(desk, 0), FL_OK);
    desk_close(desk, 1);

    desk_state(desk, 1, FL_AVAILABLE);

    cr_expect_eq(desk->holder[0], 0);
    cr_expect_eq(desk->holder[1], FL_NO_AGENT);
    cr_expect_eq(desk->holder[2], 1, "still overdue");
    desk_free(desk);
}

Test(engine, the_queue_goes_before_what_is_overdue_and_one_room_may_free_another)
{
    struct desk *const desk = desk_of(2);
    desk->scenario.routing.accept_timeout = FL_SECOND;
    desk->agents[0].capacity = desk->agents[1].capacity = 2;
    begin(desk);
    cr_assert_str_eq(desk_letters(desk, 5), "ABAB-");
    cr_assert_eq(answer(desk, 3), FL_OK);
    desk_advance(desk, FL_MINUTE);
    desk_close(desk, 3); /* B: the queue has chat 4 */
    cr_expect_eq(desk->holder[4], 1);
    cr_expect_eq(desk->holder[0], 0);
    cr_assert_eq(answer(desk, 4), FL_OK);

    desk_close(desk, 4); /* B takes 0, the longest overdue; A has room now and takes 1; B takes 2 */

    cr_expect_eq(desk->holder[0], 1);
    cr_expect_eq(desk->holder[1], 0);
    cr_expect_eq(desk->holder[2], 1);
    desk_free(desk);
}

Test(engine, a_chat_that_keeps_being_passed_on_is_left_longer_with_each)
{
    struct desk *const desk = desk_of(2);
    desk->scenario.routing.accept_timeout = 20 * FL_SECOND;
    begin(desk);
    cr_assert_eq(desk_chat(desk), 0);
    static const struct { fl_time after; uint32_t holder; } steps[] = {
        { 20, 1 }, { 20, 0 }, { 20, 1 }, { 20, 0 }, { 20, 0 }, { 20, 1 }, { 60, 1 }, { 20, 0 },
    };

    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        desk_advance(desk, steps[i].after * FL_SECOND);
        cr_expect_eq(desk->holder[0], steps[i].holder, "step %zu", i);
    }
    const uint32_t asked = desk->wakes_count;
    desk_advance(desk, FL_DAY);
    cr_expect_leq(desk->wakes_count - asked, 12);
    desk_free(desk);
}

/* ---- What holds at all times ---------------------------------------------------------------------- */

Test(engine, a_refused_decision_is_an_engine_error)
{
    struct desk *const desk = desk_of(1);
    begin(desk);
    desk->refuses_assignments = true;
    cr_expect_eq(desk_route(desk, desk_new(desk)), FL_EENGINE);
    desk_free(desk);
}

Test(engine, a_small_arena_is_reported_as_full)
{
    struct desk *const desk = desk_of(20);
    begin(desk);
    const size_t enough = desk->arena.used;
    for (size_t size = 64; size < enough; size += 256) {
        struct fl_arena arena;
        fl_arena_start(&arena, desk->arena.base, size);
        cr_assert_eq(fl_engine_ops.begin(&desk->engine, &arena, &desk->view, &desk->port), FL_EFULL);
    }
    begin(desk);
    desk_free(desk);
}

static uint64_t play(struct desk *desk, uint32_t from, uint32_t to)
{
    uint64_t hash = 0;
    for (uint32_t i = from; i < to; i++) {
        const uint64_t bits = fl_mix(i + 999);
        if (bits % 3 == 0 && i > 40) {
            const uint32_t chat = (uint32_t)(bits >> 8) % desk->chats_count;
            if (desk->holder[chat] != FL_NO_AGENT || desk->said[chat] == (int)FL_ENQUEUE) {
                desk->said[chat] = DESK_NOTHING;
                desk_close(desk, chat);
            }
        } else if (bits % 17 == 0) {
            const uint32_t agent = (uint32_t)(bits >> 8) % desk->view.agents_count;
            desk_state(desk, agent, desk->agents[agent].state == FL_AVAILABLE ? FL_ON_BREAK : FL_AVAILABLE);
        } else {
            const uint32_t chat = desk_new(desk);
            desk->chats[chat].intent = (uint8_t)(bits >> 16) % 3;
            desk->chats[chat].buyer_class = (uint8_t)(bits >> 24) % 2;
            cr_assert_eq(desk_route(desk, chat), FL_OK);
            hash = fl_mix(hash ^ desk->holder[chat]);
        }
        desk_advance(desk, FL_SECOND);
        hash = fl_mix(hash ^ desk_waiting(desk));
    }
    return hash;
}

/* A busy desk on which every part of the engine has something to do. */
static struct desk *busy_desk(enum fl_policy_id policy, enum fl_overflow overflow)
{
    struct desk *const desk = desk_create(12, policy);
    struct fl_routing_def *const routing = &desk->scenario.routing;
    routing->overflow = overflow;
    routing->accept_timeout = 30 * FL_SECOND;
    routing->rate_limit = 6;
    routing->rate_window = FL_MINUTE;
    routing->queue_max_wait = 5 * FL_MINUTE;
    routing->reserved = 1, routing->reserved_class = 1;
    routing->pick_up = (struct fl_distribution){ .kind = FL_EXPONENTIAL, .a = 3 };
    cr_assert_eq(fl_distribution_prepare(&routing->pick_up), FL_OK);
    desk->scenario.skills_count = 2;
    desk->intents[2].skills = 3;
    desk->scenario.desk.groups_count = 2;
    desk->groups[0].intents = 1, desk->groups[0].overflow = 1;
    for (uint32_t a = 0; a < 12; a++) {
        desk->agents[a].groups = 1 + a % 3;
        desk->agents[a].capacity = 3 + a % 3;
        desk->definitions[a].skill[0] = a % 4 / 3.0;
    }
    begin(desk);
    return desk;
}

static const enum fl_overflow rules[] = { FL_OVERFLOW_QUEUE, FL_OVERFLOW_GROUP, FL_OVERFLOW_CLOSE_OLDEST };

/* The arena is copied elsewhere byte by byte in mid-day and both are continued, under every policy and three overflow
 * rules. Whatever the engine remembers lies in the arena, without addresses. */
Test(engine, a_copied_arena_continues_as_the_original)
{
    for (uint32_t i = 0; i < 3 * FL_POLICIES_COUNT; i++) {
        struct desk *const desk = busy_desk((enum fl_policy_id)(i / 3), rules[i % 3]);
        play(desk, 0, 600);
        struct desk *const twin = malloc(sizeof *twin);
        *twin = *desk;
        twin->arena.base = aligned_alloc(64, DESK_ARENA_BYTES);
        memcpy(twin->arena.base, desk->arena.base, desk->arena.used);
        twin->scenario.desk.groups = twin->groups, twin->scenario.desk.agents = twin->definitions;
        twin->scenario.buyers.intents = twin->intents;
        twin->view.scenario = &twin->scenario, twin->view.agents = twin->agents;
        twin->port.desk = twin;
        twin->engine.arena = &twin->arena, twin->engine.port = &twin->port;

        const uint64_t original = play(desk, 600, 1200);
        memset(desk->arena.base, 0xA5, desk->arena.used);
        const uint64_t copied = play(twin, 600, 1200);

        cr_expect_eq(original, copied, "policy %u, overflow %u", i / 3, i % 3);
        free(desk->arena.base);
        free(desk);
        desk_free(twin);
    }
}

/* The real desk puts the first message into the agent's inbox, and says so, before its decide() returns. */
Test(engine, messages_told_from_within_a_decision_change_no_later_one)
{
    for (uint32_t i = 0; i < 3 * FL_POLICIES_COUNT; i++) {
        uint64_t hash[2];
        for (int tells = 0; tells <= 1; tells++) {
            struct desk *const desk = busy_desk((enum fl_policy_id)(i / 3), rules[i % 3]);
            desk->tells_at_once = tells;
            hash[tells] = play(desk, 0, 800);
            desk_free(desk);
        }
        cr_expect_eq(hash[0], hash[1], "policy %u, overflow %u", i / 3, i % 3);
    }
}
