/* Replies: which chat an agent answers next, the composing, the sending, what it is measured by, and how the buyer goes on. One file,
 * as all of it runs at every reply. */
#include "desk/inbox.h"
#include "desk/reply_time.h"
#include "desk/round.h"

/* ---- Composing --------------------------------------------------------------------------------- */

/* Among two or more, where it is not simply the oldest. */
static uint32_t choose_chat(const struct fl_desk *desk, uint32_t a)
{
    const struct desk_agent *own = &desk->own[a];
    uint32_t chosen = own->inbox_first;
    switch (desk->scenario->desk.reply_order) {
    case FL_OLDEST_FIRST:
    case FL_INTERLEAVED: return chosen;
    case FL_NEWEST_FIRST: return own->inbox_last;
    case FL_NEW_BUYERS_FIRST:
        for (uint32_t c = chosen; c != FL_NO_CHAT; c = desk->chats[c].next)
            if ((desk->chats[c].flags & FLAG_REPLIED) == 0) return c;
        return chosen;
    case FL_REPLY_ROUND_ROBIN: { /* the smallest chat number after the one she answered last */
        uint32_t least = FL_NO_CHAT, after = FL_NO_CHAT;
        for (uint32_t c = chosen; c != FL_NO_CHAT; c = desk->chats[c].next) {
            if (c < least) least = c;
            if (own->turn != FL_NO_CHAT && c > own->turn && c < after) after = c;
        }
        return after != FL_NO_CHAT ? after : least;
    }
    case FL_SHORTEST_FIRST: {
        double shortest = 0;
        for (uint32_t c = own->inbox_first; c != FL_NO_CHAT; c = desk->chats[c].next) {
            const double seconds = reply_seconds(desk, own, &desk->chats[c], is_terse(desk, a));
            if (c == own->inbox_first || seconds < shortest) {
                shortest = seconds;
                chosen = c;
            }
        }
        return chosen;
    }
    }
    return chosen;
}

FL_ALWAYS_INLINE uint32_t next_chat(const struct fl_desk *desk, uint32_t a, const struct desk_agent *own)
{
    const uint32_t first = own->inbox_first;
    if (first == FL_NO_CHAT || desk->oldest_first || desk->chats[first].next == FL_NO_CHAT) return first;
    return choose_chat(desk, a);
}

FL_ALWAYS_INLINE void compose(struct fl_desk *desk, uint32_t a, struct desk_agent *own, enum compose_kind kind, uint32_t c, double seconds)
{
    const double slowed = desk->even_speed ? seconds : seconds * tiredness(desk, own) / multitasking(desk, desk->agents[a].open);
    own->compose = (uint8_t)kind;
    own->chat = c;
    own->composing_since = desk->now;
    const fl_time until = desk->now + fl_time_from_s(slowed);
    desk->agents[a].composing = 1;
    fl_events_are_many(&desk->events);
    fl_events_add(&desk->events, desk->slot_agents + a, until, FL_CLASS_RELEASE); /* she composed nothing, so none was pending */
}

void agent_compose(struct fl_desk *desk, uint32_t a, enum compose_kind kind, uint32_t c, double seconds)
{
    compose(desk, a, &desk->own[a], kind, c, seconds);
}

/* Starts the next thing when she is free. */
FL_ALWAYS_INLINE void continue_inline(struct fl_desk *desk, uint32_t a, struct desk_agent *own)
{
    if (desk->agents[a].state != FL_AVAILABLE && !agent_works(own)) return; /* who is available works */
    if (own->on_duties && agent_duties_continue(desk, a)) return;
    const uint32_t c = next_chat(desk, a, own);
    if (c != FL_NO_CHAT) {
        if (!desk->oldest_first) own->turn = c;
        own->terse = is_terse(desk, a);
        compose(desk, a, own, COMPOSE_REPLY, c, reply_seconds(desk, own, &desk->chats[c], own->terse));
    } else if (desk->pool_first != FL_NO_CHAT && agent_leave_message_continue(desk, a)) {
        return;
    } else if (desk->any_extras) {
        agent_extra_continue(desk, a);
    }
}

void agent_continue(struct fl_desk *desk, uint32_t a)
{
    struct desk_agent *own = &desk->own[a];
    if (own->compose != COMPOSE_NOTHING) return;
    if (!desk->interleaved) continue_inline(desk, a, own);
    else if (agent_works(own)) agent_speed_changed(desk, a);
}

/* ---- The buyer is answered ---------------------------------------------------------------------- */

/* Until the close or her next message, whichever is first; a close at the same instant is first. */
FL_ALWAYS_INLINE void arm_answered(struct fl_desk *desk, uint32_t c, const struct chat *chat, fl_time done)
{
    const fl_time silence = desk->scenario->desk.close_silence;
    const fl_time silent_at = silence == FL_TIME_NEVER ? FL_TIME_NEVER : desk->now + silence;
    const fl_time close_at = done < silent_at ? done : silent_at;
    if (chat->writes_at < close_at) chat_arm(desk, c, TIMER_MESSAGE, chat->writes_at);
    else if (close_at != FL_TIME_NEVER) chat_arm(desk, c, done < silent_at ? TIMER_CLOSE_DONE : TIMER_CLOSE_SILENCE, close_at);
    else chat_disarm(desk, c);
}

/* Goes on after an answer: she writes the rest of her burst, thinks of the next question, or is done. */
FL_ALWAYS_INLINE void go_on(struct fl_desk *desk, uint32_t c, struct chat *chat)
{
    if (chat->flags & FLAG_NOT_THERE) { /* her message is worked off; what else she wanted she asks another time, or not at all */
        chat->flags &= ~(uint32_t)FLAG_NOT_THERE;
        if (chat->questions_left > 0) chat_maybe_come_back(desk, chat);
        if (chat->writes_at != FL_TIME_NEVER) chat->flags |= FLAG_ASKS_NEXT;
        else chat->questions_left = 0;
    } else if (chat->burst_left == 0) {
        fl_time writes_at = FL_TIME_NEVER;
        if (chat->questions_left > 0) {
            writes_at = desk->now + chat->think;
            draw_next_round(desk, chat);
        }
        chat->writes_at = writes_at;
    }
    if (chat->writes_at != FL_TIME_NEVER) {
        chat->state = CHAT_THINKING;
        arm_answered(desk, c, chat, FL_TIME_NEVER);
        return;
    }
    const fl_time done = desk->scenario->desk.close_when_done;
    if (done == 0) {
        chat_close(desk, c, FL_CLOSED_DONE);
        return;
    }
    chat->state = CHAT_DONE;
    arm_answered(desk, c, chat, done == FL_TIME_NEVER ? FL_TIME_NEVER : desk->now + done);
}

FL_ALWAYS_INLINE bool must_transfer(const struct fl_desk *desk, const struct chat *chat)
{
    if (!desk->transfers) return false;
    const struct fl_intent *intent = &desk->scenario->buyers.intents[chat->intent];
    if (!(intent->transfer > 0) || chat->hops >= desk->scenario->desk.hop_limit) return false;
    if (chat->flags & FLAG_TRANSFERRED) return false;
    return fl_uniform(fl_draw(chat->key, FL_DRAW_TRANSFER, 0)) < intent->transfer;
}

/* The agent says that a colleague will help, and hands her over: the question stays open. */
static void transfer(struct fl_desk *desk, uint32_t c)
{
    struct chat *chat = &desk->chats[c];
    const uint32_t from = chat->agent;
    const struct fl_where where = where_chat(chat);
    fl_day_add(desk->day, &where, FL_COUNT_transfers, 1);
    chat->flags |= FLAG_TRANSFERRED;
    chat->hops++;
    desk_detach(desk, c);
    chat_log(desk, c, FL_LOG_TRANSFERRED, 0, 0);
    round_open(desk, chat);
    chat->flags |= FLAG_ROUND_BY_DESK;
    if (chat->burst_left == 0) chat->writes_at = FL_TIME_NEVER;
    desk_route(desk, c, FL_WHY_TRANSFER, from, desk->scenario->buyers.intents[chat->intent].transfer_to);
}

/* Corrects what the record of a reply stands for: in opening hours, in the platform's window, in time (fl_day_finish). */
__attribute__((noinline)) static void count_exceptions(struct fl_desk *desk, uint32_t c, fl_time response)
{
    const struct chat *chat = &desk->chats[c];
    const struct fl_where round = where_round(chat), *const where = &round;
    const bool in_time = response <= desk->reply_within;
    if (response >= SLOW_ROUND) fl_day_add(desk->day, where, FL_COUNT_slow_rounds, 1);
    if (chat->flags & FLAG_ROUND_BY_DESK) fl_day_add(desk->day, where, FL_COUNT_buyer_messages, UINT64_MAX);
    if ((chat->flags & FLAG_ROUND_JUDGED) == 0) { /* not recorded: what there is of it is counted here */
        fl_day_add(desk->day, where, FL_COUNT_rounds_opened, 1);
        fl_day_add(desk->day, where, FL_COUNT_replies, 1);
        fl_day_add(desk->day, where, FL_COUNT_agent_messages, 1);
        chat_judge_round(desk, c, in_time);
        return;
    }
    if (!in_time) fl_day_add(desk->day, where, FL_COUNT_rounds_in_3min, UINT64_MAX);
    if ((chat->flags & FLAG_ROUND_PLATFORM) == 0) fl_day_add(desk->day, where, FL_COUNT_platform_rounds, UINT64_MAX);
    if (!in_time || (chat->flags & FLAG_ROUND_PLATFORM) == 0) fl_day_add(desk->day, where, FL_COUNT_platform_in_3min, UINT64_MAX);
}

FL_ALWAYS_INLINE bool is_ordinary(const struct fl_desk *desk, const struct chat *chat, fl_time response)
{
    const uint32_t flags = FLAG_ROUND_OPEN | FLAG_ROUND_JUDGED | FLAG_ROUND_PLATFORM;
    return (chat->flags & FLAGS_OF_ROUND) == flags && response <= desk->ordinary_within;
}

FL_ALWAYS_INLINE void measure_reply(struct fl_desk *desk, uint32_t c, struct chat *chat)
{
    const fl_time response = desk->now - chat->opened_at;
    chat->replies++;
    chat->responses_sum += response;
    if (!is_ordinary(desk, chat, response)) count_exceptions(desk, c, response);
    const bool first = (chat->flags & FLAG_SETTLED) == 0, same = chat->entered_at <= chat->opened_at;
    if (chat->flags & FLAG_ROUND_JUDGED) {
        if (same) {
            fl_day_record(desk->day, &chat->round, first ? FL_KIND_FIRST_SAME : FL_KIND_LATER_SAME, response);
        } else {
            fl_day_record(desk->day, &chat->round, first ? FL_KIND_FIRST_DESK : FL_KIND_LATER_DESK, response);
            fl_day_record(desk->day, &chat->round, FL_KIND_AGENT, desk->now - chat->entered_at);
        }
    }
    if (first | (chat->replies == 1)) { /* mostly both or neither: one guess for the processor */
        if (chat->replies == 1) chat->first_response = response;
        if (first) chat_settle_outcome(desk, c, FL_COUNT_chats_answered);
    }
}

/* She has been answered. */
FL_ALWAYS_INLINE void chat_replied(struct fl_desk *desk, uint32_t c, struct chat *chat)
{
    chat->answers++;
    if (chat->flags & FLAG_GONE) { /* said to nobody; the chat stays until silence closes it, or she is found out */
        const struct fl_where where = where_round(chat);
        chat->flags &= ~(uint32_t)FLAG_INTERRUPTED;
        fl_day_add(desk->day, &where, FL_COUNT_replies, 1);
        fl_day_add(desk->day, &where, FL_COUNT_agent_messages, 1);
        fl_day_add(desk->day, &where, FL_COUNT_wasted_replies, 1);
        chat->state = CHAT_DONE;
        if (desk->scenario->buyers.patience.has_finds_out) chat_close(desk, c, FL_CLOSED_LEFT);
        else arm_answered(desk, c, chat, FL_TIME_NEVER);
        return;
    }
    measure_reply(desk, c, chat);
    chat->flags = (chat->flags & ~(uint32_t)(FLAG_ROUND_OPEN | FLAG_INTERRUPTED)) | FLAG_REPLIED;
    chat->leaves_at = FL_TIME_NEVER;
    if (must_transfer(desk, chat)) transfer(desk, c);
    else go_on(desk, c, chat);
}

/* ---- Sending ------------------------------------------------------------------------------------ */

static void log_reply(struct fl_desk *desk, uint32_t a, uint32_t c)
{
    const struct chat *chat = &desk->chats[c];
    struct reply_work work = { 0 };
    if (!desk->scenario->buyers.intents[chat->intent].reply.has_total) work = chat_reply_work(desk, chat, round_index(chat));
    const uint8_t flags = (uint8_t)((work.quick ? FL_LOG_QUICK_PHRASE : 0) | (desk->own[a].terse ? FL_LOG_TERSE : 0) |
                                    ((chat->flags & FLAG_REPLIED) == 0 ? FL_LOG_FIRST_REPLY : 0));
    chat_log(desk, c, FL_LOG_AGENT_REPLY, flags, work.chars);
}

/* Sent after the end: no interval's, but her group's. */
static void count_drained(struct fl_desk *desk, uint32_t c)
{
    struct fl_cell *const last = &desk->day->interval_group[(size_t)(desk->day->intervals - 1) * desk->day->groups];
    last[desk->chats[c].group].count[FL_COUNT_drained_replies]++;
}

/* Who else hears of a reply that is sent. */
static void tell_reply(struct fl_desk *desk, uint32_t a, uint32_t c)
{
    const struct chat *chat = &desk->chats[c];
    if (desk->watches_load && (chat->flags & FLAG_GONE) == 0) agent_round_ends(&desk->own[a], desk->now - chat->opened_at <= desk->reply_within);
    if (desk->ended) count_drained(desk, c);
    if (desk->logs) log_reply(desk, a, c);
    if (desk->counts_recent) activity_note(desk, c); /* before the router hears of the reply: it may fill her place */
    if (desk->tells_messages) desk_check(desk, desk->ops->reply(desk->router, &desk->view, c, a));
}

/* Her reply is sent: the chat leaves the inbox, and the buyer goes on. */
FL_ALWAYS_INLINE void reply_sent(struct fl_desk *desk, uint32_t a, struct desk_agent *own, uint32_t c)
{
    struct fl_agent *const agent = &desk->agents[a];
    struct chat *const chats = desk->chats, *const chat = &chats[c];
    depth_account(desk, a, own, agent->awaiting);
    inbox_unlink(chats, own, agent, chat);
    agent->awaiting--;
    const uint64_t took = (uint64_t)(desk->now - chat->entered_at);
    agent->mean_reply_ns = agent->mean_reply_ns == 0 ? took : agent->mean_reply_ns - agent->mean_reply_ns / 8 + took / 8;
    chat->state = CHAT_THINKING;
    chat->active_at = desk->now;
    if (desk->replies_heeded) tell_reply(desk, a, c);
    chat_replied(desk, c, chat);
    presence_load_changed(desk, a);
}

void agent_reply_sent(struct fl_desk *desk, uint32_t a, uint32_t c)
{
    reply_sent(desk, a, &desk->own[a], c);
}

void agent_compose_ends(struct fl_desk *desk, uint32_t a)
{
    struct desk_agent *own = &desk->own[a];
    if (desk->interleaved) {
        agent_share_ends(desk, a);
        return;
    }
    const enum compose_kind kind = (enum compose_kind)own->compose;
    const uint32_t c = own->chat;
    busy_account(desk, own);
    own->compose = COMPOSE_NOTHING;
    own->chat = FL_NO_CHAT;
    desk->agents[a].composing = 0;
    if (kind == COMPOSE_REPLY && c != FL_NO_CHAT) reply_sent(desk, a, own, c);
    else if (kind == COMPOSE_EXTRA && c != FL_NO_CHAT && desk->chats[c].agent == a) chat_extra_sent(desk, c);
    if (own->compose == COMPOSE_NOTHING) continue_inline(desk, a, own);
}
