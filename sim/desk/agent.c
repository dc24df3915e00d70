/* An agent at work, but for her replies: sharing her speed, duties, turns of her own making, interruptions. */
#include "desk/inbox.h"
#include "desk/reply_time.h"
#include "routing/policy.h"

/* ---- Time spent -------------------------------------------------------------------------------- */

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

/* ---- The inbox --------------------------------------------------------------------------------- */

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

/* Kept by the attained service at which each is done: whom she comes behind. */
uint32_t agent_share_place(const struct fl_desk *desk, uint32_t a, struct chat *chat)
{
    const struct desk_agent *own = &desk->own[a];
    uint32_t after = own->inbox_last;
    chat->tag = own->attained + reply_seconds(desk, own, chat, is_terse(desk, a)) * 1e9;
    while (after != FL_NO_CHAT && desk->chats[after].tag > chat->tag) after = desk->chats[after].previous;
    return after;
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
        own->composing_since = desk->now;
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

void agent_share_ends(struct fl_desk *desk, uint32_t a)
{
    struct desk_agent *own = &desk->own[a];
    agent_speed_changes(desk, a);
    const uint32_t c = own->inbox_first;
    own->attained = desk->chats[c].tag; /* exactly, whatever the rounding to nanoseconds */
    agent_reply_sent(desk, a, c);
    agent_speed_changed(desk, a);
    if (own->inbox_first == FL_NO_CHAT && desk->pool_first != FL_NO_CHAT) agent_leave_message_continue(desk, a);
}

/* ---- What else she does -------------------------------------------------------------------------- */

static double leave_seconds(struct fl_desk *desk, uint32_t a, struct chat *chat)
{
    const struct fl_desk_def *def = &desk->scenario->desk;
    if (!def->has_leave_reply) return reply_seconds(desk, &desk->own[a], chat, is_terse(desk, a));
    return fl_distribution_value(&def->leave_reply, fl_draw(chat->key, FL_DRAW_REPLY_TOTAL, round_index(chat))) * desk->own[a].slowness;
}

static double backlog_seconds(const struct fl_desk *desk, uint32_t a)
{
    const struct fl_desk_def *def = &desk->scenario->desk;
    const uint64_t key = fl_key_buyer(desk->setup->seed, desk->setup->replication, fl_hash_text("backlog"),
                                      fl_share_backlog_number(&desk->setup->share, desk->backlog_left), 0);
    if (def->has_leave_reply)
        return fl_distribution_value(&def->leave_reply, fl_draw(key, FL_DRAW_REPLY_TOTAL, 0)) * desk->own[a].slowness;
    struct chat left = { .key = key };
    chat_draw_reply(desk, &left, 0);
    return reply_seconds_alone(desk, &desk->own[a], &left);
}

/* Takes the chat out of the pool and begins its reply, which takes the time that leave-messages take. */
static void compose_leave_reply(struct fl_desk *desk, uint32_t a, uint32_t c)
{
    struct desk_agent *own = &desk->own[a];
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
    inbox_append(desk->chats, own, &desk->agents[a], c);
    own->terse = !desk->scenario->desk.has_leave_reply && is_terse(desk, a);
    agent_compose(desk, a, COMPOSE_REPLY, c, leave_seconds(desk, a, chat));
}

/* Takes up a leave-message herself; the router hears that her load has changed. */
static void take_leave_message(struct fl_desk *desk, uint32_t a, uint32_t c)
{
    if (desk->interleaved) desk_assign(desk, c, a); /* her speed is shared: a chat as any other */
    else compose_leave_reply(desk, a, c);
    desk_check(desk, desk->ops->agent(desk->router, &desk->view, a, (enum fl_agent_state)desk->agents[a].state));
}

/* Where skills are given up with time a leave-message has waited for that. */
static bool has_skills_for(const struct fl_desk *desk, uint32_t a, const struct chat *chat)
{
    if (fl_policy(desk->scenario->routing.policy)->relaxes_skills) return true;
    return fl_view_has_skills(&desk->view, a, desk->scenario->buyers.intents[chat->intent].skills);
}

static bool is_hers(const struct fl_desk *desk, uint32_t a, const struct chat *chat)
{
    return (desk->serves[a] >> chat->group & 1) && has_skills_for(desk, a, chat);
}

/* Whether the buyer would be given to her as to the agent she knows, whosever group she wrote to. */
static bool is_known(const struct fl_desk *desk, uint32_t a, const struct chat *chat)
{
    const struct fl_routing_def *routing = &desk->scenario->routing;
    return (routing->dedicated_agent && chat->dedicated_agent == a) ||
           (routing->recent_agent && chat->recent_agent == a && desk->now - chat->recent_at <= routing->recent_window);
}

/* The oldest in the pool that is hers to answer, or FL_NO_CHAT: O(pool), once for each message that is left. */
static uint32_t leave_message_of_hers(struct fl_desk *desk, uint32_t a)
{
    if ((desk->pooled_groups & desk->serves[a]) == 0 || desk->pool_seen[a] == desk->pool_added) return FL_NO_CHAT;
    uint32_t c = desk->pool_first;
    while (c != FL_NO_CHAT && !is_hers(desk, a, &desk->chats[c])) c = desk->chats[c].next;
    if (c == FL_NO_CHAT) desk->pool_seen[a] = desk->pool_added;
    return c;
}

uint32_t agent_first_message(const struct fl_desk *desk, uint32_t a)
{
    uint32_t c = desk->pool_first;
    while (c != FL_NO_CHAT && !is_hers(desk, a, &desk->chats[c]) && !is_known(desk, a, &desk->chats[c])) c = desk->chats[c].next;
    return c;
}

/* What was left while she was there, as waiting had an end or nobody had room, has no shift to wait for. */
bool agent_leave_message_continue(struct fl_desk *desk, uint32_t a)
{
    const struct fl_agent *agent = &desk->agents[a];
    if (agent->state != FL_AVAILABLE || fl_agent_load(agent, desk->scenario->routing.counts) >= agent->capacity) return false;
    const uint32_t c = leave_message_of_hers(desk, a);
    if (c == FL_NO_CHAT) return false;
    take_leave_message(desk, a, c);
    return true;
}

void agent_has_room(struct fl_desk *desk, uint32_t a)
{
    const struct desk_agent *own = &desk->own[a];
    if (desk->pool_first == FL_NO_CHAT || own->compose != COMPOSE_NOTHING || own->inbox_first != FL_NO_CHAT) return;
    if (desk->interleaved) agent_leave_message_continue(desk, a);
    else agent_continue(desk, a);
}

/* Leave-messages first, as many as there are, then the fixed duties: what she does before her first live chat. She is online, so live buyers
 * are given to her meanwhile, and wait. Suspended or after her shift she takes up none. */
bool agent_duties_continue(struct fl_desk *desk, uint32_t a)
{
    struct desk_agent *own = &desk->own[a];
    const enum fl_agent_state state = (enum fl_agent_state)desk->agents[a].state;
    if (state == FL_OFFLINE) return own->on_duties = false;
    if (state != FL_AVAILABLE) return false;
    if (desk->backlog_left > 0) {
        agent_compose(desk, a, COMPOSE_BACKLOG, FL_NO_CHAT, backlog_seconds(desk, a));
        desk->backlog_left--;
        return true;
    }
    const uint32_t c = agent_first_message(desk, a);
    if (c != FL_NO_CHAT) {
        take_leave_message(desk, a, c);
        return true;
    }
    if (own->on_duties && desk->scenario->desk.start_duties.length > 0 && own->duty_since >= 0) {
        own->on_duties = false; /* the last of them */
        agent_compose(desk, a, COMPOSE_DUTIES, FL_NO_CHAT, fl_time_to_s(desk->scenario->desk.start_duties.length));
        return true;
    }
    own->on_duties = false;
    return false;
}

/* A turn of her own making, when nobody waits: recommend, cross-sell, remind of payment. */
void agent_extra_continue(struct fl_desk *desk, uint32_t a)
{
    struct desk_agent *own = &desk->own[a];
    for (uint32_t c = own->first_chat; c != FL_NO_CHAT; c = desk->chats[c].sibling_next) {
        struct chat *chat = &desk->chats[c];
        if (chat->extras_left == 0 || (chat->flags & FLAG_REPLIED) == 0) continue;
        chat->extras_left--;
        const uint64_t bits = fl_draw(chat->key, FL_DRAW_DEPTH, 1u + chat->extras_left);
        agent_compose(desk, a, COMPOSE_EXTRA, c, fl_distribution_value(&desk->scenario->desk.depth.time, bits) * own->slowness);
        return;
    }
}

/* Drops what she is doing; the chat remembers how much of its reply is still to be done. */
void agent_interrupt(struct fl_desk *desk, uint32_t a)
{
    struct desk_agent *own = &desk->own[a];
    if (own->compose == COMPOSE_NOTHING || desk->interleaved) return;
    const fl_time since = own->composing_since, until = fl_events_at(&desk->events, desk->slot_agents + a);
    if (own->compose == COMPOSE_REPLY && own->chat != FL_NO_CHAT && until > since) {
        struct chat *chat = &desk->chats[own->chat];
        const double still = (double)(until - desk->now) / (double)(until - since);
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

/* One more round for her own 3-minute rate: answered, or given up by its buyer. */
void agent_round_ends(struct desk_agent *own, bool in_time)
{
    own->history = own->history << 1 | in_time;
    own->history_count += own->history_count < 64;
}
