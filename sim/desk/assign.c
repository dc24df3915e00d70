/* Between the desk and its router: a routable event goes out, decisions come back. */
#include "desk/inbox.h"
#include "routing/engine.h"
#include "routing/policy.h"

/* Keeps the first failure; the day stops at the next event. */
void desk_check(struct fl_desk *desk, enum fl_status status)
{
    if (status == FL_OK || desk->failed != FL_OK) return;
    desk->failed = status;
    desk->stopped = true;
}

/* ---- The router's queue, as the desk counts it -------------------------------------------------- */

static void queue_account(struct fl_desk *desk, uint32_t group)
{
    if (desk->interval != NOT_COUNTED)
        desk->queue_ns[group] += (uint64_t)(desk->now - desk->waiting_from[group]) * desk->waiting[group];
    desk->waiting_from[group] = desk->now;
}

void desk_enqueued(struct fl_desk *desk, uint32_t c)
{
    const uint32_t group = desk->chats[c].group;
    queue_account(desk, group);
    desk->waiting[group]++;
    desk->waiting_total++;
    desk->chats[c].next = 1; /* marks that it is counted as waiting */
}

void desk_dequeued(struct fl_desk *desk, uint32_t c)
{
    struct chat *chat = &desk->chats[c];
    if (chat->state != CHAT_ROUTING || chat->next != 1) return; /* elsewhere `next` links inbox or pool */
    queue_account(desk, chat->group);
    desk->waiting[chat->group]--;
    desk->waiting_total--;
    chat->next = FL_NO_CHAT;
}

/* ---- Taking and giving chats -------------------------------------------------------------------- */

void desk_sibling_insert(struct fl_desk *desk, struct desk_agent *own, uint32_t c)
{
    struct chat *chat = &desk->chats[c];
    chat->sibling_previous = FL_NO_CHAT;
    chat->sibling_next = own->first_chat;
    if (own->first_chat != FL_NO_CHAT) desk->chats[own->first_chat].sibling_previous = c;
    own->first_chat = c;
}

static void sibling_remove(struct fl_desk *desk, struct desk_agent *own, uint32_t c)
{
    const struct chat *chat = &desk->chats[c];
    if (chat->sibling_previous != FL_NO_CHAT) desk->chats[chat->sibling_previous].sibling_next = chat->sibling_next;
    else own->first_chat = chat->sibling_next;
    if (chat->sibling_next != FL_NO_CHAT) desk->chats[chat->sibling_next].sibling_previous = chat->sibling_previous;
}

/* Takes a chat from its agent, a reply under way included; the router is told by the caller. */
void desk_detach(struct fl_desk *desk, uint32_t c)
{
    struct chat *chat = &desk->chats[c];
    const uint32_t a = chat->agent;
    if (a == FL_NO_AGENT) return;
    struct fl_agent *agent = &desk->agents[a];
    agent_speed_changes(desk, a);
    if (desk->counts_recent) activity_forget(desk, c);
    if (chat->state == CHAT_WAITING) agent_inbox_remove(desk, a, c);
    agent_open_changes(desk, a);
    agent->open--;
    agent->touched_at = desk->now;
    sibling_remove(desk, &desk->own[a], c);
    if (desk->own[a].compose == COMPOSE_EXTRA && desk->own[a].chat == c) desk->own[a].chat = FL_NO_CHAT;
    chat->agent = FL_NO_AGENT;
    chat->state = CHAT_ROUTING;
    agent_speed_changed(desk, a);
}

void desk_wait_known(struct fl_desk *desk, struct chat *chat)
{
    if (chat->flags & FLAG_WAIT_KNOWN) return;
    chat->flags |= FLAG_WAIT_KNOWN;
    const struct fl_where where = where_chat(chat);
    fl_day_record(desk->day, &where, FL_KIND_WAIT, desk->now - chat->arrived_at);
}

void desk_assign(struct fl_desk *desk, uint32_t c, uint32_t a)
{
    struct chat *chat = &desk->chats[c];
    struct fl_agent *agent = &desk->agents[a];
    desk_dequeued(desk, c);
    if (chat->state == CHAT_LEFT_MESSAGE) chat_leave_pool(desk, c);
    agent_speed_changes(desk, a);
    agent_open_changes(desk, a);
    chat->agent = a;
    chat->flags &= ~(uint32_t)FLAG_POOLED;
    chat->recent_agent = a; /* every assignment records the relation, even when no message follows */
    chat->recent_at = desk->now;
    agent->open++;
    agent->assigned_today++;
    agent->last_assigned_at = desk->now;
    agent->touched_at = desk->now;
    desk_sibling_insert(desk, &desk->own[a], c);
    if (desk->counts_recent) activity_note(desk, c);
    agent_speed_changed(desk, a);
    desk_wait_known(desk, chat);
    chat_log(desk, c, FL_LOG_ASSIGNED, 0, 0);
    patience_stop(desk, chat);
    if (chat->timer == TIMER_LEAVES && chat->leaves_at == FL_TIME_NEVER) chat_arm_waiting(desk, c);
    agent_inbox_push(desk, a, c);
    presence_load_changed(desk, a);
}

/* ---- Decisions ---------------------------------------------------------------------------------- */

static void leave_in_pool(struct fl_desk *desk, uint32_t c)
{
    struct chat *chat = &desk->chats[c];
    chat->state = CHAT_LEFT_MESSAGE;
    chat->previous = desk->pool_last;
    chat->next = FL_NO_CHAT;
    if (desk->pool_last != FL_NO_CHAT) desk->chats[desk->pool_last].next = c;
    else desk->pool_first = c;
    desk->pool_last = c;
    desk->pooled[chat->group]++;
    desk->pool_added++;
    desk->newly_left = true;
    desk->pooled_groups |= UINT64_C(1) << chat->group;
}

/* Who left silently has no open round: hers was judged when she left. */
static void miss_open_round(struct fl_desk *desk, uint32_t c)
{
    if (desk->chats[c].flags & FLAG_ROUND_OPEN) chat_miss_round(desk, c);
}

/* Nobody can take her: the message goes where the offline rule says. She no longer waits at the screen. */
static void leave_message(struct fl_desk *desk, uint32_t c)
{
    struct chat *chat = &desk->chats[c];
    const enum fl_offline_rule rule = desk->scenario->desk.offline;
    const uint32_t to = rule == FL_OFFLINE_PROXY ? desk->view.proxy_account
                        : rule == FL_OFFLINE_MAIN ? desk->view.main_account
                                                  : FL_NO_AGENT;
    const struct fl_where where = where_chat(chat);
    desk_dequeued(desk, c);
    if ((chat->flags & FLAG_LEFT_MESSAGE) == 0) {
        chat->flags |= FLAG_LEFT_MESSAGE;
        fl_day_add(desk->day, &where, FL_COUNT_leave_messages, 1);
        if ((chat->flags & (FLAG_JUDGED | FLAG_SETTLED)) == FLAG_JUDGED) fl_day_add(desk->day, &where, FL_COUNT_left_in_hours, 1);
    }
    if ((chat->flags & FLAG_POOLED) == 0) chat_log(desk, c, FL_LOG_LEAVE_MESSAGE, 0, 0); /* not when it only stays in the pool */
    chat->flags = (chat->flags & ~(uint32_t)FLAG_PATIENCE_KEPT) | FLAG_POOLED | FLAG_NOT_THERE;
    chat->leaves_at = FL_TIME_NEVER;
    if ((chat->flags & FLAG_COMES_BACK) == 0) chat->writes_at = FL_TIME_NEVER; /* a silent leaver still comes back */
    chat->burst_left = 0;
    chat_arm_waiting(desk, c);
    if (rule == FL_OFFLINE_REJECT) {
        miss_open_round(desk, c);
        chat_settle_outcome(desk, c, FL_COUNT_chats_rejected);
        chat_log(desk, c, FL_LOG_REJECTED, 0, 0);
        chat->state = CHAT_DONE;
        chat_close(desk, c, FL_CLOSED_AWAY);
    } else if (to != FL_NO_AGENT) {
        desk_assign(desk, c, to);
    } else {
        leave_in_pool(desk, c);
    }
}

static void reject(struct fl_desk *desk, uint32_t c)
{
    struct chat *chat = &desk->chats[c];
    desk_dequeued(desk, c);
    miss_open_round(desk, c);
    chat_settle_outcome(desk, c, FL_COUNT_chats_rejected);
    chat->writes_at = FL_TIME_NEVER;
    chat_log(desk, c, FL_LOG_REJECTED, 0, 0);
    chat->flags |= FLAG_WAIT_KNOWN;
    chat->state = CHAT_DONE;
    chat_close(desk, c, FL_CLOSED_AWAY);
}

static void to_bot(struct fl_desk *desk, uint32_t c)
{
    struct chat *chat = &desk->chats[c];
    const struct fl_intent *intent = &desk->scenario->buyers.intents[chat->intent];
    desk_dequeued(desk, c);
    chat->state = CHAT_AT_BOT;
    if (fl_uniform(fl_draw(chat->key, FL_DRAW_BOT_ANSWERS, 0)) < intent->bot_can_answer) chat->flags |= FLAG_BOT_CAN;
    chat->burst_left = 0;
    chat->writes_at = chat->leaves_at = FL_TIME_NEVER;
    chat_arm(desk, c, TIMER_BOT, desk->now + fl_distribution_time(&desk->scenario->desk.bot.reply, fl_draw(chat->key, FL_DRAW_BOT_TIME, 0)));
}

static void wake_push(struct fl_desk *desk, fl_time at, uint32_t hint)
{
    if (desk->wakes_count == desk->wakes_capacity) {
        const size_t larger = fl_arena_take(desk->arena, desk->wakes_capacity * 2, sizeof(struct wake));
        if (larger == FL_ARENA_NONE) {
            desk_check(desk, FL_EFULL);
            return;
        }
        struct wake *wakes = fl_arena_at(desk->arena, larger);
        for (uint32_t i = 0; i < desk->wakes_count; i++) wakes[i] = desk->wakes[i];
        desk->wakes = wakes;
        desk->wakes_capacity *= 2;
    }
    const struct wake wake = { at < desk->now ? desk->now : at, desk->wakes_sequence++, hint };
    uint32_t i = desk->wakes_count++;
    while (i > 0 && wake.at < desk->wakes[(i - 1) / 2].at) { /* a binary heap; sequence numbers settle ties */
        desk->wakes[i] = desk->wakes[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    desk->wakes[i] = wake;
    fl_events_set(&desk->events, SLOT_WAKE, desk->wakes[0].at, FL_CLASS_STATE);
}

static bool wakes_before(const struct wake *a, const struct wake *b)
{
    return a->at != b->at ? a->at < b->at : a->sequence < b->sequence;
}

/* Whether a message may be left beside an agent who has nothing to answer: limits on assignments, places kept for others, agents who fetch chats
 * themselves, skills that are given up with time, an outside engine that sees fit. Else whoever had room would have been given it. */
bool desk_leaves_beside_idle(const struct fl_desk *desk)
{
    const struct fl_routing_def *routing = &desk->scenario->routing;
    const struct fl_policy_ops *policy = fl_policy(routing->policy);
    return routing->rate_limit != FL_UNLIMITED || policy->admits != NULL || policy->pulls || policy->relaxes_skills || desk->ops != &fl_engine_ops;
}

/* No reply or close of hers need ever come after which she would look for what was left: O(agents). */
static void offer_left_messages(struct fl_desk *desk)
{
    if (!desk->newly_left || !desk->leaves_beside_idle) return;
    desk->newly_left = false;
    for (uint32_t a = 0; a < desk->view.agents_count && desk->available_count > 0 && desk->pool_first != FL_NO_CHAT; a++) agent_has_room(desk, a);
}

void wake_fires(struct fl_desk *desk)
{
    const struct wake first = desk->wakes[0], last = desk->wakes[--desk->wakes_count];
    uint32_t i = 0;
    for (;;) {
        uint32_t child = 2 * i + 1;
        if (child >= desk->wakes_count) break;
        if (child + 1 < desk->wakes_count && wakes_before(&desk->wakes[child + 1], &desk->wakes[child])) child++;
        if (!wakes_before(&desk->wakes[child], &last)) break;
        desk->wakes[i] = desk->wakes[child];
        i = child;
    }
    if (desk->wakes_count > 0) desk->wakes[i] = last;
    fl_events_set(&desk->events, SLOT_WAKE, desk->wakes_count > 0 ? desk->wakes[0].at : FL_TIME_NEVER, FL_CLASS_STATE);
    desk_check(desk, desk->ops->wake(desk->router, &desk->view, first.hint));
    offer_left_messages(desk);
}

/* What is wrong with giving the chat to the agent. Capacity, suspension and group are the router's own rules to keep or to
 * bend (recent agents, no-queue mode); the desk refuses only what cannot be. */
static enum fl_verdict judge_assignment(const struct fl_desk *desk, uint32_t c, uint32_t a)
{
    if (c >= desk->chats_used) return FL_UNKNOWN_CHAT;
    const struct chat *chat = &desk->chats[c];
    if (a >= desk->view.agents_count) return FL_UNKNOWN_AGENT;
    const bool moves = chat->state == CHAT_WAITING && chat->agent != a; /* from one agent to another */
    if (chat->state != CHAT_ROUTING && chat->state != CHAT_LEFT_MESSAGE && !moves)
        return chat->agent != FL_NO_AGENT ? FL_ASSIGNED_TWICE : FL_UNKNOWN_CHAT;
    if (desk->agents[a].state == FL_OFFLINE) return FL_AGENT_OFFLINE;
    return FL_ACCEPTED;
}

/* The router moves a chat that waits for its agent's reply: a transfer. */
static void take_away(struct fl_desk *desk, uint32_t c)
{
    const uint32_t from = desk->chats[c].agent;
    const struct fl_where where = where_chat(&desk->chats[c]);
    fl_day_add(desk->day, &where, FL_COUNT_transfers, 1);
    desk_detach(desk, c);
    desk->chats[c].next = desk->chats[c].previous = FL_NO_CHAT;
    chat_log(desk, c, FL_LOG_TRANSFERRED, 0, 0);
    presence_load_changed(desk, from);
}

enum fl_verdict desk_decide(void *self, const struct fl_decision *decision)
{
    struct fl_desk *desk = self;
    const uint32_t c = decision->chat, a = decision->agent;
    if (decision->kind == FL_WAKE) {
        wake_push(desk, decision->at, decision->hint);
        return FL_ACCEPTED;
    }
    if (decision->kind == FL_SUSPEND || decision->kind == FL_RESUME) {
        if (a >= desk->view.agents_count) return FL_UNKNOWN_AGENT;
        desk->own[a].suspended = decision->kind == FL_SUSPEND;
        presence_refresh(desk, a);
        presence_resumed(desk, a);
        return FL_ACCEPTED;
    }
    if (decision->kind == FL_ASSIGN) {
        const enum fl_verdict verdict = judge_assignment(desk, c, a);
        if (verdict == FL_ACCEPTED && desk->chats[c].agent != FL_NO_AGENT) take_away(desk, c);
        if (verdict == FL_ACCEPTED) desk_assign(desk, c, a);
        return verdict;
    }
    if (c >= desk->chats_used) return FL_UNKNOWN_CHAT;
    if (decision->kind == FL_CLOSE) {
        if (desk->chats[c].agent == FL_NO_AGENT) return FL_UNKNOWN_CHAT;
        struct chat *chat = &desk->chats[c];
        miss_open_round(desk, c); /* cut off in the middle */
        chat_settle_outcome(desk, c, FL_COUNT_chats_unserved);
        chat->writes_at = FL_TIME_NEVER;
        chat_close(desk, c, FL_CLOSED_FORCED);
        return FL_ACCEPTED;
    }
    if (desk->chats[c].state != CHAT_ROUTING) return FL_UNKNOWN_CHAT;
    switch (decision->kind) {
    case FL_ENQUEUE:
        if (desk->chats[c].next != 1) {
            desk_enqueued(desk, c);
            chat_log(desk, c, FL_LOG_QUEUED, 0, 0);
        }
        return FL_ACCEPTED;
    case FL_REJECT: reject(desk, c); return FL_ACCEPTED;
    case FL_TO_BOT: to_bot(desk, c); return FL_ACCEPTED;
    case FL_LEAVE_MESSAGE: leave_message(desk, c); return FL_ACCEPTED;
    default: return FL_UNKNOWN_CHAT;
    }
}

/* Hands a chat to the router. Afterwards it is assigned, at the bot, gone, or waits in the router's queue. */
void desk_route(struct fl_desk *desk, uint32_t c, enum fl_route_why why, uint32_t exclude, uint32_t to_group)
{
    struct chat *chat = &desk->chats[c];
    const struct fl_scenario *scenario = desk->scenario;
    const bool first = why == FL_WHY_NEW;
    chat->state = CHAT_ROUTING;
    chat->next = chat->previous = FL_NO_CHAT;
    if ((why == FL_WHY_POOL || why == FL_WHY_REASSIGN) && (chat->flags & FLAG_TRANSFERRED)) to_group = chat->group; /* where she was sent */
    if (to_group != FL_NONE) chat->group = (uint8_t)to_group;
    if (why == FL_WHY_REASSIGN && chat->leaves_at == FL_TIME_NEVER && (chat->flags & FLAG_PATIENCE_KEPT))
        chat->leaves_at = desk->now + chat->patience_left; /* back in the queue */
    const struct fl_chat_view view = {
        .key = chat->key, .buyer = fl_mix(chat->ordinal + desk->streams[chat->stream].source), .opened_at = chat->opened_at,
        .active_at = chat->active_at, .recent_at = chat->recent_at, .index = c, .recent_agent = chat->recent_agent,
        .dedicated_agent = chat->dedicated_agent, .exclude = exclude, .to_group = to_group,
        .priority = scenario->buyers.classes[chat->buyer_class].priority + scenario->buyers.intents[chat->intent].priority,
        .decision = chat->decisions++, .intent = chat->intent, .buyer_class = chat->buyer_class, .why = (uint8_t)why,
        .entry_point = chat->entry_point, .device = chat->device,
        .order_status = (uint8_t)(scenario->buyers.intents[chat->intent].order_status & 255),
    };
    const struct fl_where where = where_chat(chat);
    desk_check(desk, desk->ops->chat(desk->router, &desk->view, &view));
    if (chat->state == CHAT_ROUTING || chat->state == CHAT_WAITING) chat_arm_waiting(desk, c);
    /* A chat that the bot took is judged when it hands over. What was refused is settled, but was not assigned at once either. */
    if ((first && chat->state != CHAT_AT_BOT) || why == FL_WHY_BOT) {
        const bool at_once = chat->state != CHAT_FREE && chat->agent != FL_NO_AGENT && chat->recent_at == desk->now;
        if (!at_once) fl_day_add(desk->day, &where, FL_COUNT_chats_waited, 1);
    }
    offer_left_messages(desk);
}
