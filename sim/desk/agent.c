/* An agent at work: her inbox, which chat she answers next, how long a reply takes, and the time she spends. */
#include "desk/state.h"

#include "core/real.h"

/* ---- Time spent -------------------------------------------------------------------------------- */

/* The last level stands for itself and all above, of which the highest that lasts is noted. */
FL_ALWAYS_INLINE uint32_t level_kept(uint32_t level, uint32_t *most, uint64_t span)
{
    if (__builtin_expect(level < FL_LEVELS - 1, 1)) return level;
    if (level > *most && span > 0) *most = level;
    return FL_LEVELS - 1;
}

/* Books the time since the last change at the present levels. Before every change of open or awaiting. */
FL_ALWAYS_INLINE void depth_account(const struct fl_desk *desk, uint32_t a, struct desk_agent *own, uint32_t awaiting)
{
    const uint64_t span = (uint64_t)(desk->now - own->depth_from);
    own->depth_from = desk->now;
    if (desk->interval == NOT_COUNTED || own->duty_from < 0) return;
    struct fl_levels *levels = &desk->levels[a];
    levels->at[level_kept(awaiting, &levels->depth_max, span)].depth_ns += span;
    own->depth_ns += span * awaiting;
}

static void open_account(const struct fl_desk *desk, uint32_t a, struct desk_agent *own)
{
    const uint64_t span = (uint64_t)(desk->now - own->open_from);
    own->open_from = desk->now;
    if (desk->interval == NOT_COUNTED || own->duty_from < 0) return;
    struct fl_levels *levels = &desk->levels[a];
    const uint32_t open = desk->agents[a].open;
    levels->at[level_kept(open, &levels->open_max, span)].open_ns += span;
    own->open_ns += span * open;
}

void agent_open_changes(struct fl_desk *desk, uint32_t a)
{
    open_account(desk, a, &desk->own[a]);
}

void agent_account(struct fl_desk *desk, uint32_t a)
{
    struct desk_agent *own = &desk->own[a];
    depth_account(desk, a, own, desk->agents[a].awaiting);
    open_account(desk, a, own);
}

FL_ALWAYS_INLINE void busy_account(struct fl_desk *desk, struct desk_agent *own)
{
    if (desk->interval != NOT_COUNTED) own->busy_ns += (uint64_t)(desk->now - own->busy_from);
    own->busy_from = desk->now;
}

/* ---- How long a reply takes -------------------------------------------------------------------- */

FL_ALWAYS_INLINE double multitasking(const struct fl_desk *desk, uint32_t open)
{
    const struct fl_multitasking *multitasking = &desk->scenario->desk.multitasking;
    if (multitasking->speeds_count == 0) return 1;
    const uint32_t at = open < 1 ? 0 : open - 1;
    return multitasking->speed_by_open[at < multitasking->speeds_count ? at : multitasking->speeds_count - 1];
}

FL_ALWAYS_INLINE double tiredness(const struct fl_desk *desk, const struct desk_agent *own)
{
    const struct fl_tiredness *tired = &desk->scenario->desk.tiredness;
    if (!(tired->per_hour > 0)) return 1;
    const fl_time on = desk->now - own->duty_since - tired->after;
    return on > 0 ? 1 + tired->per_hour * fl_time_to_s(on) / 3600 : 1;
}

FL_ALWAYS_INLINE double reply_seconds_alone(const struct fl_desk *desk, const struct desk_agent *own, const struct chat *chat)
{
    if (!desk->has_parts || desk->scenario->buyers.intents[chat->intent].reply.has_total) return chat->reply_s * own->slowness;
    const double effort = desk->scenario->buyers.classes[chat->buyer_class].effort_scale;
    return (chat->reply_s + chat->reply_chars * own->s_per_char) * (effort * own->slowness); /* her speed scales the typing too */
}

FL_ALWAYS_INLINE bool is_terse(const struct fl_desk *desk, uint32_t a)
{
    const uint32_t above = desk->scenario->desk.depth.terse_above;
    return above != FL_NONE && desk->agents[a].awaiting > above;
}

/* Seconds of a reply by this agent at her full speed; the log wants its characters. */
FL_ALWAYS_INLINE double reply_seconds_inline(const struct fl_desk *desk, uint32_t a, const struct desk_agent *own, const struct chat *chat)
{
    if (chat->flags & FLAG_GONE && desk->scenario->buyers.patience.has_finds_out)
        return fl_distribution_value(&desk->scenario->buyers.patience.finds_out,
                                     fl_draw(chat->key, FL_DRAW_FINDS_OUT, round_index(chat)));
    double seconds = reply_seconds_alone(desk, own, chat);
    if (is_terse(desk, a)) seconds *= desk->scenario->desk.depth.terse_scale;
    return chat->flags & FLAG_INTERRUPTED ? seconds * chat->work_left : seconds;
}

static double reply_seconds(const struct fl_desk *desk, uint32_t a, const struct chat *chat)
{
    return reply_seconds_inline(desk, a, &desk->own[a], chat);
}

/* ---- The inbox --------------------------------------------------------------------------------- */

FL_ALWAYS_INLINE void inbox_link(struct chat *chats, struct desk_agent *own, struct fl_agent *agent, uint32_t c, uint32_t after)
{
    struct chat *const chat = &chats[c];
    const uint32_t before = after == FL_NO_CHAT ? own->inbox_first : chats[after].next;
    chat->previous = after;
    chat->next = before;
    if (before == FL_NO_CHAT) own->inbox_last = c;
    else chats[before].previous = c;
    if (after != FL_NO_CHAT) {
        chats[after].next = c;
        return;
    }
    own->inbox_first = c;
    agent->oldest_unanswered_at = chat->entered_at;
}

FL_ALWAYS_INLINE void inbox_unlink(struct chat *chats, struct desk_agent *own, struct fl_agent *agent, const struct chat *chat)
{
    const uint32_t previous = chat->previous, next = chat->next;
    if (next == FL_NO_CHAT) own->inbox_last = previous;
    else chats[next].previous = previous;
    if (previous != FL_NO_CHAT) {
        chats[previous].next = next;
        return;
    }
    own->inbox_first = next;
    agent->oldest_unanswered_at = next == FL_NO_CHAT ? FL_TIME_NEVER : chats[next].entered_at;
}

/* Kept by the attained service at which each is done: whom she comes behind. */
static uint32_t share_place(struct fl_desk *desk, uint32_t a, struct chat *chat)
{
    const struct desk_agent *own = &desk->own[a];
    uint32_t after = own->inbox_last;
    chat->tag = own->attained + reply_seconds(desk, a, chat) * 1e9;
    while (after != FL_NO_CHAT && desk->chats[after].tag > chat->tag) after = desk->chats[after].previous;
    return after;
}

void agent_inbox_push(struct fl_desk *desk, uint32_t a, uint32_t c)
{
    struct chat *const chats = desk->chats, *const chat = &chats[c];
    struct desk_agent *const own = &desk->own[a];
    struct fl_agent *const agent = &desk->agents[a];
    agent_speed_changes(desk, a);
    depth_account(desk, a, own, agent->awaiting);
    chat->state = CHAT_WAITING;
    chat->entered_at = desk->now;
    agent->awaiting++;
    inbox_link(chats, own, agent, c, desk->interleaved ? share_place(desk, a, chat) : own->inbox_last);
    agent_speed_changed(desk, a);
    if (desk->tells_messages) desk_check(desk, desk->ops->message(desk->router, &desk->view, c, a));
    if (own->compose == COMPOSE_NOTHING) agent_continue(desk, a);
}

/* Takes a chat out of the inbox. If its reply is under way the agent stops when she is interleaving, and otherwise
 * finishes it for nobody. */
void agent_inbox_remove(struct fl_desk *desk, uint32_t a, uint32_t c)
{
    struct desk_agent *own = &desk->own[a];
    struct fl_agent *agent = &desk->agents[a];
    agent_speed_changes(desk, a);
    depth_account(desk, a, own, agent->awaiting);
    inbox_unlink(desk->chats, own, agent, &desk->chats[c]);
    agent->awaiting--;
    if (own->compose == COMPOSE_REPLY && own->chat == c) {
        const struct fl_where where = where_round(&desk->chats[c]);
        fl_day_add(desk->day, &where, FL_COUNT_wasted_replies, 1);
        own->chat = FL_NO_CHAT;
    }
    agent_speed_changed(desk, a);
}

/* ---- Processor sharing: every waiting chat gets the same part of her speed ---------------------- */

static double share_speed(const struct fl_desk *desk, uint32_t a)
{
    const struct fl_agent *agent = &desk->agents[a];
    if (agent->awaiting == 0 || !agent_works(&desk->own[a])) return 0;
    return multitasking(desk, agent->open) / agent->awaiting;
}

/* Brings the attained service up to now, at the speed that held until now. */
void agent_share_changes(struct fl_desk *desk, uint32_t a)
{
    struct desk_agent *own = &desk->own[a];
    own->attained += (double)(desk->now - own->attained_at) * share_speed(desk, a);
    own->attained_at = desk->now;
}

/* Sets the next completion at the speed that holds from now on. */
void agent_share_changed(struct fl_desk *desk, uint32_t a)
{
    struct desk_agent *own = &desk->own[a];
    const double speed = share_speed(desk, a);
    const bool busy = speed > 0;
    if (busy && own->compose == COMPOSE_NOTHING) {
        own->compose = COMPOSE_REPLY;
        own->chat = FL_NO_CHAT;
        own->busy_from = desk->now;
        desk->agents[a].composing = 1;
    } else if (!busy && own->compose == COMPOSE_REPLY) {
        busy_account(desk, own);
        own->compose = COMPOSE_NOTHING;
        desk->agents[a].composing = 0;
    }
    if (!busy) {
        if (own->inbox_first == FL_NO_CHAT) own->attained = 0; /* keeps the sums small and exact */
        fl_events_cancel(&desk->events, desk->slot_agents + a);
        return;
    }
    const double left = desk->chats[own->inbox_first].tag - own->attained;
    const double span = left > 0 ? left / speed : 0;
    const fl_time at = span < (double)FL_TIME_LONGEST ? desk->now + (fl_time)(span + 0.5) : FL_TIME_NEVER;
    fl_events_set(&desk->events, desk->slot_agents + a, at, FL_CLASS_RELEASE);
}

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
            const double seconds = reply_seconds(desk, a, &desk->chats[c]);
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
    own->composing_since = own->busy_from = desk->now;
    const fl_time until = own->composing_until = desk->now + fl_time_from_s(slowed);
    desk->agents[a].composing = 1;
    fl_events_are_many(&desk->events);
    fl_events_add(&desk->events, desk->slot_agents + a, until, FL_CLASS_RELEASE); /* she composed nothing, so none was pending */
}

static void compose_rarely(struct fl_desk *desk, uint32_t a, enum compose_kind kind, uint32_t c, double seconds)
{
    compose(desk, a, &desk->own[a], kind, c, seconds);
}

static double leave_seconds(struct fl_desk *desk, uint32_t a, struct chat *chat)
{
    const struct fl_desk_def *def = &desk->scenario->desk;
    if (!def->has_leave_reply) return reply_seconds(desk, a, chat);
    return fl_distribution_value(&def->leave_reply, fl_draw(chat->key, FL_DRAW_REPLY_TOTAL, round_index(chat))) * desk->own[a].slowness;
}

static double backlog_seconds(const struct fl_desk *desk, uint32_t a)
{
    const struct fl_desk_def *def = &desk->scenario->desk;
    const uint64_t key = fl_key_buyer(desk->setup->seed, desk->setup->replication, fl_hash_text("backlog"), desk->backlog_left, 0);
    if (def->has_leave_reply)
        return fl_distribution_value(&def->leave_reply, fl_draw(key, FL_DRAW_REPLY_TOTAL, 0)) * desk->own[a].slowness;
    struct chat left = { .key = key };
    chat_draw_reply(desk, &left, 0);
    return reply_seconds_alone(desk, &desk->own[a], &left);
}

/* Leave-messages first, then the fixed duties: what she does before her first live chat. She is online, so live buyers are given
 * to her meanwhile, and wait. */
static bool duties_continue(struct fl_desk *desk, uint32_t a)
{
    struct desk_agent *own = &desk->own[a];
    if (desk->backlog_left > 0) {
        compose_rarely(desk, a, COMPOSE_BACKLOG, FL_NO_CHAT, backlog_seconds(desk, a));
        desk->backlog_left--;
        return true;
    }
    if (desk->pool_first != FL_NO_CHAT) {
        const uint32_t c = desk->pool_first;
        struct chat *chat = &desk->chats[c];
        chat_leave_pool(desk, c);
        agent_account(desk, a);
        chat->agent = a;
        chat->entered_at = desk->now;
        chat->state = CHAT_WAITING;
        desk->agents[a].open++;
        desk->agents[a].awaiting++;
        chat->flags &= ~(uint32_t)FLAG_POOLED;
        chat->recent_agent = a;
        chat->recent_at = desk->now;
        desk_wait_known(desk, chat);
        chat_log(desk, c, FL_LOG_ASSIGNED, 0, 0);
        desk_sibling_insert(desk, own, c);
        inbox_link(desk->chats, own, &desk->agents[a], c, own->inbox_last);
        own->terse = !desk->scenario->desk.has_leave_reply && is_terse(desk, a);
        compose_rarely(desk, a, COMPOSE_REPLY, c, leave_seconds(desk, a, chat));
        /* She took the chat herself: the router hears that her load has changed. */
        desk_check(desk, desk->ops->agent(desk->router, &desk->view, a, (enum fl_agent_state)desk->agents[a].state));
        return true;
    }
    if (own->on_duties && desk->scenario->desk.start_duties.length > 0 && own->duty_since >= 0) {
        own->on_duties = false; /* the last of them */
        compose_rarely(desk, a, COMPOSE_DUTIES, FL_NO_CHAT, fl_time_to_s(desk->scenario->desk.start_duties.length));
        return true;
    }
    own->on_duties = false;
    return false;
}

/* A turn of her own making, when nobody waits: recommend, cross-sell, remind of payment. */
static void extra_continue(struct fl_desk *desk, uint32_t a)
{
    struct desk_agent *own = &desk->own[a];
    for (uint32_t c = own->first_chat; c != FL_NO_CHAT; c = desk->chats[c].sibling_next) {
        struct chat *chat = &desk->chats[c];
        if (chat->extras_left == 0 || (chat->flags & FLAG_REPLIED) == 0) continue;
        chat->extras_left--;
        const uint64_t bits = fl_draw(chat->key, FL_DRAW_DEPTH, 1u + chat->extras_left);
        compose_rarely(desk, a, COMPOSE_EXTRA, c, fl_distribution_value(&desk->scenario->desk.depth.time, bits) * own->slowness);
        return;
    }
}

/* Starts the next thing when she is free. */
FL_ALWAYS_INLINE void continue_inline(struct fl_desk *desk, uint32_t a, struct desk_agent *own)
{
    if (!agent_works(own)) return;
    if (own->on_duties && duties_continue(desk, a)) return;
    const uint32_t c = next_chat(desk, a, own);
    if (c != FL_NO_CHAT) {
        if (!desk->oldest_first) own->turn = c;
        own->terse = is_terse(desk, a);
        compose(desk, a, own, COMPOSE_REPLY, c, reply_seconds_inline(desk, a, own, &desk->chats[c]));
    } else if (desk->any_extras) {
        extra_continue(desk, a);
    }
}

void agent_continue(struct fl_desk *desk, uint32_t a)
{
    struct desk_agent *own = &desk->own[a];
    if (own->compose != COMPOSE_NOTHING) return;
    if (!desk->interleaved) continue_inline(desk, a, own);
    else if (agent_works(own)) agent_speed_changed(desk, a);
}

/* Drops what she is doing; the chat remembers how much of its reply is still to be done. */
void agent_interrupt(struct fl_desk *desk, uint32_t a)
{
    struct desk_agent *own = &desk->own[a];
    if (own->compose == COMPOSE_NOTHING || desk->interleaved) return;
    if (own->compose == COMPOSE_REPLY && own->chat != FL_NO_CHAT && own->composing_until > own->composing_since) {
        struct chat *chat = &desk->chats[own->chat];
        const double still = (double)(own->composing_until - desk->now) / (double)(own->composing_until - own->composing_since);
        chat->work_left = (chat->flags & FLAG_INTERRUPTED ? chat->work_left : 1) * still;
        chat->flags |= FLAG_INTERRUPTED;
        own->chat = FL_NO_CHAT;
    }
    if (own->compose == COMPOSE_BACKLOG) desk->backlog_left++; /* somebody else will begin it anew */
    busy_account(desk, own);
    own->compose = COMPOSE_NOTHING;
    desk->agents[a].composing = 0;
    fl_events_cancel(&desk->events, desk->slot_agents + a);
}

static void log_reply(struct fl_desk *desk, uint32_t a, uint32_t c)
{
    const struct chat *chat = &desk->chats[c];
    struct reply_work work = { 0 };
    if (!desk->scenario->buyers.intents[chat->intent].reply.has_total) work = chat_reply_work(desk, chat, round_index(chat));
    const uint8_t flags = (uint8_t)((work.quick ? FL_LOG_QUICK_PHRASE : 0) | (desk->own[a].terse ? FL_LOG_TERSE : 0) |
                                    ((chat->flags & FLAG_REPLIED) == 0 ? FL_LOG_FIRST_REPLY : 0));
    chat_log(desk, c, FL_LOG_AGENT_REPLY, flags, work.chars);
}

/* One more round for her own 3-minute rate: answered, or given up by its buyer. */
void agent_round_ends(struct desk_agent *own, bool in_time)
{
    own->history = own->history << 1 | in_time;
    own->history_count += own->history_count < 64;
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
    if (desk->watches_load && (chat->flags & FLAG_GONE) == 0) agent_round_ends(own, desk->now - chat->opened_at <= desk->reply_within);
    if (desk->logs) log_reply(desk, a, c);
    chat->state = CHAT_THINKING;
    chat->active_at = desk->now;
    if (desk->counts_recent) activity_note(desk, c); /* before the router hears of the reply: it may fill her place */
    if (desk->tells_messages) desk_check(desk, desk->ops->reply(desk->router, &desk->view, c, a));
    chat_replied(desk, c, a);
    presence_load_changed(desk, a);
}

static void share_ends(struct fl_desk *desk, uint32_t a)
{
    struct desk_agent *own = &desk->own[a];
    agent_speed_changes(desk, a);
    const uint32_t c = own->inbox_first;
    own->attained = desk->chats[c].tag; /* exactly, whatever the rounding to nanoseconds */
    reply_sent(desk, a, own, c);
    agent_speed_changed(desk, a);
}

void agent_compose_ends(struct fl_desk *desk, uint32_t a)
{
    struct desk_agent *own = &desk->own[a];
    if (desk->interleaved) {
        share_ends(desk, a);
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
