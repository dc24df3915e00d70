/* The pipeline around a selection policy, the queue's service, and the timers.
 *
 * Every entry point makes a `turn`: the addresses of what lies in the arena, good for that call. Chat slots
 * grow only at the start of chat(), so nothing moves under a turn; a desk that reports from within a decision
 * that another chat is to be routed leaves only stale slot pointers behind, so none is used after a decision.
 * All bookkeeping follows the view: telling a policy twice of the same state does no harm. */
#include "routing/engine.h"

#include "core/draw.h"
#include "routing/policy.h"
#include "routing/queue.h"

#include <string.h>

/* What a wake-up is for, in the upper bits of its hint; the lower hold a chat or an agent. A wake-up is never taken
 * back: it finds out by the instants kept here whether it still means something. */
enum wake_kind { WAKE_QUEUE_MAX_WAIT = 1, WAKE_RING, WAKE_ACCEPT, WAKE_PULL, WAKE_RATE };
#define WAKE_BITS 28

struct slot {
    uint32_t agent; /* who has the chat, by our own decisions; FL_NO_AGENT */
    uint32_t group; /* whose queue it is in, or in whose name she has it */
    uint32_t older, newer; /* the agent's chats by last activity; FL_NO_CHAT; only for close_oldest */
    fl_time since;  /* when it entered the queue, or was assigned */
    fl_time active_at;
    uint64_t skills; /* while queued or overdue: still required */
    bool answered;   /* since it was assigned */
    uint8_t passed;  /* how often in a row it was not answered in time and given to somebody else */
    struct fl_chat_view chat; /* as it was routed; kept while queued, and for accept_timeout */
};

struct ends {
    uint32_t oldest, newest; /* chats, or FL_NO_CHAT */
};

struct puller {
    fl_time due;   /* pending pick-up, FL_TIME_NEVER: none */
    fl_time since; /* chats that entered later are not hers to take then */
};

struct state {
    struct fl_queue queue;
    struct fl_queue overdue;   /* not answered in time, still with their agents as nobody else could take them */
    size_t roster, policy;     /* offsets */
    size_t slots;              /* [slots_count] struct slot */
    size_t available;          /* [agents_count] bytes: counted in available_count */
    size_t ends;               /* [agents_count] struct ends; close_oldest only */
    size_t pullers;            /* [agents_count] struct puller; manual_pull only */
    size_t overdue_held;       /* [agents_count] uint32_t: overdue chats that she has in groups of hers; accept_timeout only */
    size_t rate_times;         /* [agents_count][rate_limit] fl_time; rate limit only */
    size_t rate_count;         /* [agents_count] uint32_t */
    uint32_t slots_count, available_count;
    fl_time midnight;          /* next at which counts of the day begin anew; FL_TIME_NEVER: nobody asks */
    bool midnight_seen;        /* something has happened at that very instant */
    bool hears_messages;       /* policy or capacity count messages */
    bool listens;              /* messages and replies matter for another reason */
    uint64_t groups_mask;
    uint64_t overflows_to[FL_GROUPS_MAX]; /* [g]: groups whose chats may end up with members of g, not g itself */
};

struct turn {
    struct fl_engine *engine;
    struct fl_arena *arena;
    struct state *state;
    const struct fl_roster *roster;
    const struct fl_policy_ops *policy;
    void *policy_state;
    const struct fl_view *view;
    const struct fl_routing_def *routing;
};

static struct turn turn_of(struct fl_engine *engine, const struct fl_view *view)
{
    struct state *const state = fl_arena_at(engine->arena, engine->root);
    return (struct turn){ .engine = engine, .arena = engine->arena, .state = state,
                          .roster = fl_arena_at(engine->arena, state->roster),
                          .policy = fl_policy(view->scenario->routing.policy),
                          .policy_state = fl_arena_at(engine->arena, state->policy), .view = view,
                          .routing = &view->scenario->routing };
}

static struct slot *slot_of(const struct turn *turn, uint32_t chat)
{
    return (struct slot *)fl_arena_at(turn->arena, turn->state->slots) + chat;
}

/* ---- Telling others ---------------------------------------------------------------------------- */

static enum fl_status decide(const struct turn *turn, const struct fl_decision *decision)
{
    const struct fl_port *const port = turn->engine->port;
    return port->decide(port->desk, decision) == FL_ACCEPTED ? FL_OK : FL_EENGINE;
}

static enum fl_status say(const struct turn *turn, enum fl_decision_kind kind, uint32_t chat)
{
    return decide(turn, &(struct fl_decision){ .kind = kind, .chat = chat, .agent = FL_NO_AGENT });
}

static enum fl_status ask_wake(const struct turn *turn, enum wake_kind kind, uint32_t index, fl_time at)
{
    return decide(turn, &(struct fl_decision){ .kind = FL_WAKE, .chat = FL_NO_CHAT, .agent = FL_NO_AGENT, .at = at,
                                               .hint = (uint32_t)kind << WAKE_BITS | index });
}

static void notify(const struct turn *turn, enum fl_notice what, uint32_t agent, uint32_t chat, uint32_t group)
{
    if (turn->policy->notice == NULL) return;
    turn->policy->notice(turn->policy_state, turn->roster, turn->view, what, agent, chat, group);
}

static void refresh(const struct turn *turn, uint32_t agent)
{
    notify(turn, FL_NOTICE_AGENT, agent, FL_NO_CHAT, FL_NONE);
}

/* ---- An agent's chats by last activity, for close_oldest ----------------------------------------- */

static bool keeps_lists(const struct turn *turn)
{
    return turn->routing->overflow == FL_OVERFLOW_CLOSE_OLDEST;
}

static struct ends *ends_of(const struct turn *turn, uint32_t agent)
{
    return (struct ends *)fl_arena_at(turn->arena, turn->state->ends) + agent;
}

static void list_remove(const struct turn *turn, uint32_t chat)
{
    const struct slot *const slot = slot_of(turn, chat);
    struct ends *const ends = ends_of(turn, slot->agent);
    if (slot->older != FL_NO_CHAT) slot_of(turn, slot->older)->newer = slot->newer;
    else ends->oldest = slot->newer;
    if (slot->newer != FL_NO_CHAT) slot_of(turn, slot->newer)->older = slot->older;
    else ends->newest = slot->older;
}

static void list_append(const struct turn *turn, uint32_t chat)
{
    struct slot *const slot = slot_of(turn, chat);
    struct ends *const ends = ends_of(turn, slot->agent);
    slot->active_at = turn->view->now;
    slot->older = ends->newest;
    slot->newer = FL_NO_CHAT;
    if (ends->newest != FL_NO_CHAT) slot_of(turn, ends->newest)->newer = chat;
    else ends->oldest = chat;
    ends->newest = chat;
}

/* ---- Assigning and releasing ------------------------------------------------------------------- */

static enum fl_status count_rate(const struct turn *turn, uint32_t agent)
{
    const uint32_t limit = turn->routing->rate_limit;
    fl_time *const times = (fl_time *)fl_arena_at(turn->arena, turn->state->rate_times) + (size_t)agent * limit;
    uint32_t *const count = (uint32_t *)fl_arena_at(turn->arena, turn->state->rate_count) + agent;
    times[*count % limit] = turn->view->now;
    *count = *count + 1 < 2 * limit ? *count + 1 : limit; /* below the limit: how many; then only the place matters */
    if (*count < limit) return FL_OK;
    const fl_time free_at = times[*count % limit] + turn->routing->rate_window;
    if (free_at <= turn->view->now || fl_roster_held(turn->roster)[agent]) return FL_OK; /* held: a wake-up is due */
    fl_roster_held(turn->roster)[agent] = 1;
    return ask_wake(turn, WAKE_RATE, agent, free_at);
}

/* Groups whose queues an agent serves: first her own, then those that overflow into hers. */
static uint64_t own_groups(const struct turn *turn, uint32_t agent)
{
    if (turn->policy->main_only) return agent == turn->view->main_account ? turn->state->groups_mask : 0;
    return turn->view->agents[agent].groups & turn->state->groups_mask;
}

/* ---- Chats that are not answered in time ---------------------------------------------------------
 *
 * When its time is over a chat goes to somebody else. When nobody else could take it, it is overdue: it stays where it
 * is until it is answered or somebody gets room, and no timer runs meanwhile. */

/* Under pull routing nobody is given a chat, so none is passed on either. */
static bool watches_answers(const struct turn *turn)
{
    return turn->routing->accept_timeout != FL_TIME_NEVER && !turn->policy->pulls;
}

/* A chat that keeps being passed on gets nowhere: with a time-out shorter than a reply takes, nobody would ever finish
 * one. So it is passed on this often at the pace of the scenario, then each agent has twice as long as the one before,
 * and a second at least. Four at the usual half minute is as long as the patience of most buyers. */
#define PASSED_AT_PACE 4

static fl_time answer_within(const struct turn *turn, const struct slot *slot)
{
    fl_time within = turn->routing->accept_timeout;
    for (uint32_t i = PASSED_AT_PACE; i <= slot->passed && within < FL_DAY; i++)
        within = 2 * within < FL_SECOND ? FL_SECOND : 2 * within;
    return within;
}

static uint32_t *overdue_held_by(const struct turn *turn, uint32_t agent)
{
    return (uint32_t *)fl_arena_at(turn->arena, turn->state->overdue_held) + agent;
}

static bool is_in_own_group(const struct turn *turn, const struct slot *slot)
{
    return (own_groups(turn, slot->agent) >> slot->group & 1) != 0;
}

static enum fl_status become_overdue(const struct turn *turn, uint32_t chat)
{
    struct fl_queue *const overdue = &turn->state->overdue;
    const struct slot *const slot = slot_of(turn, chat);
    *overdue_held_by(turn, slot->agent) += is_in_own_group(turn, slot);
    return fl_queue_push(turn->arena, overdue, slot->group, chat, (fl_queue_order)overdue->sequence);
}

static void stop_being_overdue(const struct turn *turn, uint32_t chat)
{
    struct fl_queue *const overdue = &turn->state->overdue;
    if (overdue->length == 0 || !fl_queue_holds(turn->arena, overdue, chat)) return;
    const struct slot *const slot = slot_of(turn, chat);
    *overdue_held_by(turn, slot->agent) -= is_in_own_group(turn, slot);
    fl_queue_remove(turn->arena, overdue, slot->group, chat);
}

/* Forgets that an agent has the chat; the view already shows it, or soon will. */
static void release(const struct turn *turn, uint32_t chat)
{
    struct slot *const slot = slot_of(turn, chat);
    const uint32_t agent = slot->agent;
    if (agent == FL_NO_AGENT) return;
    stop_being_overdue(turn, chat);
    if (keeps_lists(turn)) list_remove(turn, chat);
    slot->agent = FL_NO_AGENT;
    notify(turn, FL_NOTICE_CLOSED, agent, chat, slot->group);
}

/* Our own books first: while the decision takes effect the desk may already report its consequences. */
static enum fl_status assign(const struct turn *turn, const struct fl_chat_view *chat, uint32_t agent, uint32_t group)
{
    const uint32_t index = chat->index;
    struct slot *const slot = slot_of(turn, index);
    slot->agent = agent;
    slot->group = group;
    slot->answered = false;
    if (keeps_lists(turn)) list_append(turn, index);
    if (watches_answers(turn)) {
        if (chat != &slot->chat) slot->chat = *chat;
        slot->since = turn->view->now;
    }
    enum fl_status status = decide(turn, &(struct fl_decision){ .kind = FL_ASSIGN, .chat = index, .agent = agent });
    if (status == FL_OK && turn->routing->rate_limit < FL_UNLIMITED) status = count_rate(turn, agent);
    if (status != FL_OK) return status;
    notify(turn, FL_NOTICE_ASSIGNED, agent, index, group);
    if (!watches_answers(turn)) return FL_OK;
    return ask_wake(turn, WAKE_ACCEPT, index, turn->view->now + answer_within(turn, slot_of(turn, index)));
}

/* ---- The queue --------------------------------------------------------------------------------- */

static bool has_room(const struct turn *turn, uint32_t agent)
{
    return fl_roster_eligible(turn->roster, turn->view, agent, 0, false);
}

static uint64_t overflowing_groups(const struct turn *turn, uint64_t own)
{
    uint64_t groups = 0;
    for (uint64_t left = own; left != 0; left &= left - 1) groups |= turn->state->overflows_to[__builtin_ctzll(left)];
    return groups & ~own;
}

struct candidate {
    const struct turn *turn;
    uint32_t agent;
};

static bool fits(const void *context, uint32_t chat)
{
    const struct candidate *const candidate = context;
    const struct turn *const turn = candidate->turn;
    const struct slot *const slot = slot_of(turn, chat);
    return slot->chat.exclude != candidate->agent &&
           fl_roster_has_skills(turn->roster, candidate->agent, slot->skills) &&
           (turn->policy->admits == NULL || turn->policy->admits(turn->view, candidate->agent, &slot->chat));
}

static uint32_t first_in(const struct fl_queue *queue, const struct candidate *candidate, uint64_t groups)
{
    fl_queue_order before = FL_QUEUE_LAST;
    uint32_t first = FL_NO_CHAT;
    for (groups &= queue->waiting; groups != 0; groups &= groups - 1) {
        const uint32_t group = (uint32_t)__builtin_ctzll(groups);
        const uint32_t chat = fl_queue_first(candidate->turn->arena, queue, group, fits, candidate, &before);
        if (chat != FL_NO_CHAT) first = chat;
    }
    return first;
}

/* The chat that an agent with room would take now, or FL_NO_CHAT. */
static uint32_t next_for(const struct turn *turn, uint32_t agent)
{
    const struct candidate candidate = { .turn = turn, .agent = agent };
    const uint64_t own = own_groups(turn, agent);
    const struct fl_queue *const queue = &turn->state->queue;
    const uint32_t chat = first_in(queue, &candidate, own);
    return chat != FL_NO_CHAT ? chat : first_in(queue, &candidate, overflowing_groups(turn, own));
}

static uint32_t overflow_of(const struct turn *turn, uint32_t group)
{
    return turn->view->scenario->desk.groups[group].overflow;
}

/* In the name of which group she serves a chat of `group`: her first along its overflows. */
static uint32_t serving_group(const struct turn *turn, uint32_t agent, uint32_t group)
{
    uint32_t g = group;
    for (uint32_t steps = 0; g != FL_NONE && steps < turn->roster->groups_count; steps++, g = overflow_of(turn, g)) {
        if (turn->view->agents[agent].groups >> g & 1) return g;
    }
    return group;
}

static void leave_queue(const struct turn *turn, uint32_t chat)
{
    fl_queue_remove(turn->arena, &turn->state->queue, slot_of(turn, chat)->group, chat);
}

static enum fl_status take(const struct turn *turn, uint32_t agent, uint32_t chat)
{
    const struct slot *const slot = slot_of(turn, chat);
    leave_queue(turn, chat);
    return assign(turn, &slot->chat, agent, serving_group(turn, agent, slot->group));
}

static struct puller *puller_of(const struct turn *turn, uint32_t agent)
{
    return (struct puller *)fl_arena_at(turn->arena, turn->state->pullers) + agent;
}

/* She has seen this chat at `seen` and goes for it. The delay belongs to the two of them. Agents who are equally
 * quick are put in a drawn order by less than a microsecond. */
static enum fl_status reach_for(const struct turn *turn, uint32_t agent, uint32_t chat, fl_time seen)
{
    const struct slot *const slot = slot_of(turn, chat);
    const uint64_t bits = fl_draw(fl_mix(slot->chat.key + slot->chat.decision), FL_DRAW_PICK_UP, agent);
    const fl_time order = (fl_time)(fl_draw_again(bits, UINT32_MAX) >> 54);
    const fl_time due = seen + fl_distribution_time(&turn->routing->pick_up, bits) + order;
    *puller_of(turn, agent) = (struct puller){ .since = turn->view->now,
                                               .due = due > turn->view->now ? due : turn->view->now };
    return ask_wake(turn, WAKE_PULL, agent, puller_of(turn, agent)->due);
}

static enum fl_status serve_queue(const struct turn *turn, uint32_t agent)
{
    while (turn->state->queue.length > 0 && has_room(turn, agent)) {
        const uint32_t chat = next_for(turn, agent);
        if (chat == FL_NO_CHAT) break;
        const enum fl_status status = take(turn, agent, chat);
        if (status != FL_OK) return status;
    }
    return FL_OK;
}

/* The chat that has been overdue longest and that she could take over, or FL_NO_CHAT. */
static uint32_t overdue_for(const struct turn *turn, uint32_t agent)
{
    const struct fl_queue *const overdue = &turn->state->overdue;
    const struct candidate candidate = { .turn = turn, .agent = agent };
    const uint64_t own = own_groups(turn, agent);
    uint32_t others = 0;
    for (uint64_t left = own & overdue->waiting; left != 0; left &= left - 1) others += overdue->heaps[__builtin_ctzll(left)].count;
    if (others == *overdue_held_by(turn, agent)) return FL_NO_CHAT; /* her own: not worth a search through them all */
    return first_in(overdue, &candidate, own);
}

/* From the agent who has not answered to another. Her room is the caller's to give. */
static enum fl_status pass_on(const struct turn *turn, uint32_t chat, uint32_t to)
{
    struct slot *const slot = slot_of(turn, chat);
    const uint32_t former = slot->agent;
    release(turn, chat);
    slot->passed += slot->passed < UINT8_MAX;
    const enum fl_status status = assign(turn, &slot->chat, to, slot->group);
    refresh(turn, former);
    return status;
}

/* An agent with room takes over what is overdue elsewhere. That makes room where it was, which serves the queue and then
 * takes over in its turn; when this chain ends, she takes the next. Each chat moves once at most, as it is then in time
 * again. */
static enum fl_status take_over(const struct turn *turn, uint32_t agent)
{
    uint32_t taker = agent;
    while (turn->state->overdue.length > 0) {
        const uint32_t chat = has_room(turn, taker) ? overdue_for(turn, taker) : FL_NO_CHAT;
        if (chat == FL_NO_CHAT && taker == agent) break;
        if (chat == FL_NO_CHAT) {
            taker = agent;
            continue;
        }
        const uint32_t former = slot_of(turn, chat)->agent;
        enum fl_status status = pass_on(turn, chat, taker);
        if (status == FL_OK) status = serve_queue(turn, former);
        if (status != FL_OK) return status;
        taker = former;
    }
    return FL_OK;
}

/* Capacity has come free at an agent, or a chat has come that she could take herself. */
static enum fl_status serve(const struct turn *turn, uint32_t agent)
{
    if (turn->policy->pulls) {
        if (turn->state->queue.length == 0 || puller_of(turn, agent)->due != FL_TIME_NEVER) return FL_OK;
        const uint32_t chat = has_room(turn, agent) ? next_for(turn, agent) : FL_NO_CHAT;
        return chat == FL_NO_CHAT ? FL_OK : reach_for(turn, agent, chat, turn->view->now);
    }
    const enum fl_status status = serve_queue(turn, agent);
    return status == FL_OK ? take_over(turn, agent) : status;
}

static bool somebody_waits(const struct turn *turn)
{
    return turn->state->queue.length > 0 || turn->state->overdue.length > 0;
}

/* Lets all who could take a chat of this group reach for it. */
static enum fl_status call_pullers(const struct turn *turn, uint32_t group)
{
    const struct fl_place *const places = fl_roster_places(turn->roster);
    const bool overflows = turn->routing->overflow == FL_OVERFLOW_GROUP;
    for (uint32_t g = group, steps = 0; g != FL_NONE && steps < turn->roster->groups_count; steps++) {
        const struct fl_roster_group *const members = fl_roster_group(turn->roster, g);
        for (uint32_t p = members->first; p < members->first + members->count; p++) {
            const enum fl_status status = serve(turn, places[p].agent);
            if (status != FL_OK) return status;
        }
        g = overflows ? overflow_of(turn, g) : FL_NONE;
    }
    return FL_OK;
}

static enum fl_status enqueue(const struct turn *turn, const struct fl_chat_view *chat, uint32_t group)
{
    struct fl_queue *const queue = &turn->state->queue;
    struct slot *const slot = slot_of(turn, chat->index);
    const fl_time now = turn->view->now;
    if (queue->length >= turn->routing->queue_max) return say(turn, FL_REJECT, chat->index);
    slot->chat = *chat;
    if (chat->why == FL_WHY_REASSIGN) slot->chat.exclude = FL_NO_AGENT; /* who went away may have her when she is back */
    slot->group = group;
    slot->since = now;
    const uint64_t skills = turn->view->scenario->buyers.intents[chat->intent].skills;
    slot->skills = skills;
    const fl_queue_order order = fl_queue_order_of(turn->routing, chat, now, queue->sequence);
    enum fl_status status = fl_queue_push(turn->arena, queue, group, chat->index, order);
    if (status == FL_OK) status = say(turn, FL_ENQUEUE, chat->index);
    if (status == FL_OK && turn->routing->queue_max_wait != FL_TIME_NEVER)
        status = ask_wake(turn, WAKE_QUEUE_MAX_WAIT, chat->index, now + turn->routing->queue_max_wait);
    if (status == FL_OK && turn->policy->relaxes_skills && skills != 0)
        status = ask_wake(turn, WAKE_RING, chat->index, now + turn->routing->ring);
    if (status == FL_OK && turn->policy->pulls) status = call_pullers(turn, group);
    return status;
}

/* ---- The pipeline ------------------------------------------------------------------------------ */

static bool matches(uint64_t wanted, uint32_t value)
{
    return wanted == 0 || (value < 64 && (wanted >> value & 1) != 0);
}

uint32_t fl_engine_match_group(const struct fl_scenario *scenario, const struct fl_chat_view *chat)
{
    const uint32_t last = scenario->desk.groups_count - 1;
    for (uint32_t g = 0; g < last; g++) {
        const struct fl_group_def *const group = &scenario->desk.groups[g];
        if (matches(group->phases, scenario->buyers.intents[chat->intent].phase) && matches(group->intents, chat->intent) &&
            matches(group->classes, chat->buyer_class) && matches(group->entry_points, chat->entry_point) &&
            matches(group->order_statuses, chat->order_status))
            return g;
    }
    return last;
}

static bool recent_state_admits(const struct fl_routing_def *routing, enum fl_agent_state state, fl_time age)
{
    switch (state) {
    case FL_AVAILABLE:
    case FL_AUTO_SUSPENDED: return true;
    case FL_SUSPENDED: return routing->suspend == FL_SUSPEND_STICKY && age <= routing->recent_ignores_suspend;
    case FL_ON_BREAK:
    case FL_OFFLINE: break;
    }
    return false;
}

/* Steps 2 and 3: the agent she knows, if that agent can take her. Neither skills nor the rate limit are asked: those
 * spread strangers. In no-queue mode the capacity does not bind either, as Douyin documents. */
static uint32_t known_agent(const struct turn *turn, const struct fl_chat_view *chat)
{
    const struct fl_routing_def *const routing = turn->routing;
    const bool no_queue = routing->overflow == FL_OVERFLOW_ASSIGN_ANYWAY;
    if (routing->recent_agent && chat->recent_agent != FL_NO_AGENT && chat->recent_agent != chat->exclude) {
        const struct fl_agent *const recent = &turn->view->agents[chat->recent_agent];
        const fl_time age = turn->view->now - chat->recent_at;
        const bool room = no_queue || routing->recent_ignores_capacity ||
                          fl_agent_load(recent, routing->counts) < recent->capacity;
        if (age <= routing->recent_window && room &&
            recent_state_admits(routing, (enum fl_agent_state)recent->state, age))
            return chat->recent_agent;
    }
    if (routing->dedicated_agent && chat->dedicated_agent != FL_NO_AGENT && chat->dedicated_agent != chat->exclude) {
        const struct fl_agent *const dedicated = &turn->view->agents[chat->dedicated_agent];
        if (dedicated->state == FL_AVAILABLE && (no_queue || fl_agent_takes_new(dedicated, routing->counts)))
            return chat->dedicated_agent;
    }
    return FL_NO_AGENT;
}

static bool bot_comes_first(const struct turn *turn, const struct fl_chat_view *chat, uint32_t group)
{
    const struct fl_desk_def *const desk = &turn->view->scenario->desk;
    if (chat->why != FL_WHY_NEW) return false;
    if (desk->bot.mode == FL_BOT_FIRST || desk->groups[group].bot) return true;
    return desk->bot.mode == FL_BOT_MIXED && fl_uniform(fl_draw(chat->key, FL_DRAW_BOT_TAKES, 0)) < desk->bot.share;
}

static bool bot_comes_last(const struct turn *turn, const struct fl_chat_view *chat)
{
    return chat->why == FL_WHY_NEW && turn->view->scenario->desk.bot.mode == FL_AGENT_FIRST;
}

static uint32_t pick(const struct turn *turn, const struct fl_chat_view *chat, uint32_t group, uint64_t skills,
                     bool ignore_capacity)
{
    const struct fl_request request = { .chat = chat, .skills = skills, .group = group, .ignore_capacity = ignore_capacity };
    return turn->policy->pick(turn->policy_state, turn->roster, turn->view, &request);
}

/* Whether somebody of the group could take the chat herself: what "nobody can take her" means under pull routing. */
static bool somebody_could_pull(const struct turn *turn, uint32_t group, uint64_t skills)
{
    const struct fl_place *const places = fl_roster_places(turn->roster);
    const struct fl_roster_group *const members = fl_roster_group(turn->roster, group);
    for (uint32_t p = members->first; p < members->first + members->count; p++) {
        if (fl_roster_eligible(turn->roster, turn->view, places[p].agent, skills, false)) return true;
    }
    return false;
}

/* Picks in the groups that this one overflows to, in turn. *group becomes the one that had somebody. */
static uint32_t pick_overflow(const struct turn *turn, const struct fl_chat_view *chat, uint32_t *group, uint64_t skills)
{
    uint32_t g = overflow_of(turn, *group);
    for (uint32_t steps = 0; g != FL_NONE && steps < turn->roster->groups_count; steps++, g = overflow_of(turn, g)) {
        const uint32_t agent = pick(turn, chat, g, skills, false);
        if (agent == FL_NO_AGENT) continue;
        *group = g;
        return agent;
    }
    return FL_NO_AGENT;
}

/* The chat of the group's available agents in which nothing has happened for longest. O(members). */
static uint32_t oldest_open(const struct turn *turn, const struct fl_chat_view *chat, uint32_t group, uint64_t skills)
{
    const struct fl_place *const places = fl_roster_places(turn->roster);
    const struct fl_roster_group *const members = fl_roster_group(turn->roster, group);
    uint32_t oldest = FL_NO_CHAT;
    for (uint32_t p = members->first; p < members->first + members->count; p++) {
        const uint32_t agent = places[p].agent, hers = ends_of(turn, agent)->oldest;
        if (agent == chat->exclude || hers == FL_NO_CHAT) continue;
        if (!fl_roster_eligible(turn->roster, turn->view, agent, skills, true)) continue;
        if (oldest == FL_NO_CHAT || slot_of(turn, hers)->active_at < slot_of(turn, oldest)->active_at) oldest = hers;
    }
    return oldest;
}

static enum fl_status close_oldest(const struct turn *turn, const struct fl_chat_view *chat, uint32_t group,
                                   uint64_t skills)
{
    const uint32_t oldest = oldest_open(turn, chat, group, skills);
    if (oldest == FL_NO_CHAT) return enqueue(turn, chat, group);
    const uint32_t agent = slot_of(turn, oldest)->agent;
    const enum fl_status status =
        decide(turn, &(struct fl_decision){ .kind = FL_CLOSE, .chat = oldest, .agent = agent });
    if (status != FL_OK) return status;
    release(turn, oldest);
    return has_room(turn, agent) ? assign(turn, chat, agent, group) : enqueue(turn, chat, group);
}

/* Step 8. */
static enum fl_status overflow(const struct turn *turn, const struct fl_chat_view *chat, uint32_t group, uint64_t skills)
{
    if (turn->policy->pulls) return enqueue(turn, chat, group);
    uint32_t serving = group, agent = FL_NO_AGENT;
    switch (turn->routing->overflow) {
    case FL_OVERFLOW_QUEUE: break;
    case FL_OVERFLOW_ASSIGN_ANYWAY: agent = pick(turn, chat, group, skills, true); break;
    case FL_OVERFLOW_GROUP: agent = pick_overflow(turn, chat, &serving, skills); break;
    case FL_OVERFLOW_OFFLINE: return say(turn, FL_LEAVE_MESSAGE, chat->index);
    case FL_OVERFLOW_CLOSE_OLDEST: return close_oldest(turn, chat, group, skills);
    }
    return agent != FL_NO_AGENT ? assign(turn, chat, agent, serving) : enqueue(turn, chat, group);
}

/* Whether `agent` is all there is: then nobody else can ever have the chat, and leaving her out would strand it. */
static bool is_alone(const struct turn *turn, uint32_t agent, uint32_t group)
{
    const struct fl_roster_group *const members = fl_roster_group(turn->roster, group);
    const bool elsewhere = turn->routing->overflow == FL_OVERFLOW_GROUP && overflow_of(turn, group) != FL_NONE;
    return members->count == 1 && fl_roster_places(turn->roster)[members->first].agent == agent && !elsewhere;
}

static enum fl_status route_in(const struct turn *turn, const struct fl_chat_view *chat, uint32_t group)
{
    const struct fl_scenario *const scenario = turn->view->scenario;
    if (chat->why != FL_WHY_TRANSFER) { /* a transfer is away from whom she knows */
        const uint32_t known = known_agent(turn, chat);
        if (known != FL_NO_AGENT) return assign(turn, chat, known, group);
    }
    if (bot_comes_first(turn, chat, group)) return say(turn, FL_TO_BOT, chat->index);
    const uint64_t skills = scenario->buyers.intents[chat->intent].skills;
    const uint32_t agent = pick(turn, chat, group, skills, false);
    if (agent != FL_NO_AGENT) return assign(turn, chat, agent, group);
    if (bot_comes_last(turn, chat) && !(turn->policy->pulls && somebody_could_pull(turn, group, skills)))
        return say(turn, FL_TO_BOT, chat->index);
    return overflow(turn, chat, group, skills);
}

static enum fl_status route(const struct turn *turn, const struct fl_chat_view *chat)
{
    if (turn->state->available_count == 0)
        return say(turn, bot_comes_last(turn, chat) ? FL_TO_BOT : FL_LEAVE_MESSAGE, chat->index);
    const uint32_t group =
        chat->to_group != FL_NONE ? chat->to_group : fl_engine_match_group(turn->view->scenario, chat);
    if (chat->exclude == FL_NO_AGENT || !is_alone(turn, chat->exclude, group)) return route_in(turn, chat, group);
    struct fl_chat_view back = *chat;
    back.exclude = FL_NO_AGENT;
    return route_in(turn, &back, group);
}

/* ---- What the desk calls ------------------------------------------------------------------------ */

static enum fl_status grow_slots(struct fl_engine *engine, uint32_t chat)
{
    struct state *const state = fl_arena_at(engine->arena, engine->root);
    uint32_t count = state->slots_count == 0 ? 256 : state->slots_count;
    while (count <= chat) count *= 2;
    const size_t slots = fl_arena_take(engine->arena, count, sizeof(struct slot));
    if (slots == FL_ARENA_NONE) return FL_EFULL;
    struct slot *const to = fl_arena_at(engine->arena, slots);
    if (state->slots_count > 0) memcpy(to, fl_arena_at(engine->arena, state->slots), state->slots_count * sizeof *to);
    for (uint32_t c = state->slots_count; c < count; c++) to[c].agent = FL_NO_AGENT;
    state->slots = slots;
    state->slots_count = count;
    return FL_OK;
}

/* Counts of the day begin anew at midnight, on the desk's side. What happens at that very instant may come before or
 * after that, so everybody is looked at again both at the first event then and at the first one later. */
static void pass_midnight(const struct turn *turn)
{
    struct state *const state = turn->state;
    const fl_time now = turn->view->now;
    if (now < state->midnight || (now == state->midnight && state->midnight_seen)) return;
    for (uint32_t a = 0; a < turn->view->agents_count; a++) refresh(turn, a);
    state->midnight_seen = now == state->midnight;
    while (now > state->midnight) state->midnight += FL_DAY;
}

static void count_available(const struct turn *turn, uint32_t agent)
{
    uint8_t *const counted = (uint8_t *)fl_arena_at(turn->arena, turn->state->available) + agent;
    const uint8_t is = turn->view->agents[agent].state == FL_AVAILABLE;
    turn->state->available_count += (uint32_t)is - *counted;
    *counted = is;
}

/* *offset becomes memory for the replication when it is wanted. */
static bool take_if(struct fl_arena *arena, bool wanted, size_t count, size_t bytes_each, size_t *offset)
{
    if (!wanted) return true;
    *offset = fl_arena_take(arena, count, bytes_each);
    return *offset != FL_ARENA_NONE;
}

static bool take_arrays(struct fl_arena *arena, struct state *state, const struct fl_view *view)
{
    const struct fl_routing_def *const routing = &view->scenario->routing;
    const size_t agents = (size_t)view->agents_count + 1;
    const bool rate = routing->rate_limit < FL_UNLIMITED;
    return take_if(arena, true, agents, 1, &state->available) &&
           take_if(arena, routing->overflow == FL_OVERFLOW_CLOSE_OLDEST, agents, sizeof(struct ends), &state->ends) &&
           take_if(arena, fl_policy(routing->policy)->pulls, agents, sizeof(struct puller), &state->pullers) &&
           take_if(arena, rate, agents * routing->rate_limit, sizeof(fl_time), &state->rate_times) &&
           take_if(arena, rate, agents, sizeof(uint32_t), &state->rate_count) &&
           take_if(arena, routing->accept_timeout != FL_TIME_NEVER, agents, sizeof(uint32_t), &state->overdue_held);
}

static void follow_overflows(struct state *state, const struct fl_desk_def *desk)
{
    for (uint32_t from = 0; from < desk->groups_count; from++) {
        uint32_t to = desk->groups[from].overflow;
        for (uint32_t steps = 0; to != FL_NONE && steps < desk->groups_count; steps++) {
            if (to != from) state->overflows_to[to] |= UINT64_C(1) << from;
            to = desk->groups[to].overflow;
        }
    }
}

static void start_state(const struct turn *turn)
{
    struct state *const state = turn->state;
    const struct fl_scenario *const scenario = turn->view->scenario;
    const uint32_t groups = scenario->desk.groups_count;
    state->groups_mask = groups < 64 ? (UINT64_C(1) << groups) - 1 : ~UINT64_C(0);
    state->hears_messages = turn->policy->wants_messages || turn->routing->counts != FL_COUNTS_OPEN;
    const bool desk_assigns = scenario->desk.offline == FL_OFFLINE_PROXY || scenario->desk.offline == FL_OFFLINE_MAIN;
    state->listens = desk_assigns || turn->routing->accept_timeout != FL_TIME_NEVER || keeps_lists(turn);
    state->midnight = FL_TIME_NEVER;
    if (turn->policy->wants_midnight)
        state->midnight = turn->view->now - fl_time_of_day(scenario, turn->view->now) + FL_DAY;
    if (turn->routing->overflow == FL_OVERFLOW_GROUP) follow_overflows(state, &scenario->desk);
    for (uint32_t a = 0; a < turn->view->agents_count; a++) {
        count_available(turn, a);
        if (keeps_lists(turn)) *ends_of(turn, a) = (struct ends){ .oldest = FL_NO_CHAT, .newest = FL_NO_CHAT };
        if (turn->policy->pulls) puller_of(turn, a)->due = FL_TIME_NEVER;
    }
}

static enum fl_status engine_begin(void *self, struct fl_arena *arena, const struct fl_view *view,
                                   const struct fl_port *port)
{
    struct fl_engine *const engine = self;
    const struct fl_policy_ops *const policy = fl_policy(view->scenario->routing.policy);
    *engine = (struct fl_engine){ .arena = arena, .port = port, .root = fl_arena_take(arena, 1, sizeof(struct state)) };
    if (engine->root == FL_ARENA_NONE) return FL_EFULL;
    struct state *const state = fl_arena_at(arena, engine->root);
    enum fl_status status = fl_roster_create(arena, view, &state->roster);
    if (status == FL_OK) status = policy->begin(arena, fl_arena_at(arena, state->roster), view, &state->policy);
    if (status == FL_OK && !take_arrays(arena, state, view)) status = FL_EFULL;
    if (status == FL_OK) status = grow_slots(engine, 0);
    if (status != FL_OK) return status;
    const struct turn turn = turn_of(engine, view);
    start_state(&turn);
    return FL_OK;
}

static void engine_end(void *self, const struct fl_view *view)
{
    (void)self, (void)view; /* everything goes with the arena */
}

/* Somebody has lost the chat, or is about to: her room serves the queue first. */
static enum fl_status let_go(const struct turn *turn, uint32_t agent)
{
    refresh(turn, agent);
    return somebody_waits(turn) ? serve(turn, agent) : FL_OK;
}

static enum fl_status engine_chat(void *self, const struct fl_view *view, const struct fl_chat_view *chat)
{
    struct fl_engine *const engine = self;
    if (chat->index >= ((struct state *)fl_arena_at(engine->arena, engine->root))->slots_count &&
        grow_slots(engine, chat->index) != FL_OK)
        return FL_EFULL;
    const struct turn turn = turn_of(engine, view);
    if (view->now >= turn.state->midnight) pass_midnight(&turn);
    if (fl_queue_holds(turn.arena, &turn.state->queue, chat->index)) leave_queue(&turn, chat->index);
    slot_of(&turn, chat->index)->passed = 0;
    const uint32_t holder = slot_of(&turn, chat->index)->agent;
    const uint32_t left = holder != FL_NO_AGENT ? holder : chat->exclude;
    if (holder != FL_NO_AGENT) release(&turn, chat->index);
    if (left == FL_NO_AGENT) return route(&turn, chat);
    enum fl_status status = let_go(&turn, left);
    if (status == FL_OK) status = route(&turn, chat);
    if (status == FL_OK) status = let_go(&turn, left);
    return status;
}

static enum fl_status engine_closed(void *self, const struct fl_view *view, uint32_t chat, uint32_t agent,
                                    enum fl_close_reason why)
{
    (void)why;
    const struct turn turn = turn_of(self, view);
    if (view->now >= turn.state->midnight) pass_midnight(&turn);
    if (fl_queue_holds(turn.arena, &turn.state->queue, chat)) leave_queue(&turn, chat);
    if (chat < turn.state->slots_count && slot_of(&turn, chat)->agent != FL_NO_AGENT) {
        agent = slot_of(&turn, chat)->agent;
        release(&turn, chat);
    } else if (agent != FL_NO_AGENT) {
        refresh(&turn, agent); /* a chat the desk gave her by itself */
    }
    return agent != FL_NO_AGENT && somebody_waits(&turn) ? serve(&turn, agent) : FL_OK;
}

static enum fl_status engine_agent(void *self, const struct fl_view *view, uint32_t agent, enum fl_agent_state before)
{
    (void)before;
    const struct turn turn = turn_of(self, view);
    if (view->now >= turn.state->midnight) pass_midnight(&turn);
    count_available(&turn, agent);
    return let_go(&turn, agent);
}

/* Either side wrote: it is a sign of life, and may change what counts against her capacity; only a reply can make room. */
static enum fl_status hear(const struct turn *turn, enum fl_notice what, uint32_t chat, uint32_t agent)
{
    struct slot *const slot = chat < turn->state->slots_count ? slot_of(turn, chat) : NULL;
    const bool ours = slot != NULL && slot->agent == agent;
    if (ours && keeps_lists(turn)) {
        list_remove(turn, chat);
        list_append(turn, chat);
    }
    if (ours && what == FL_NOTICE_REPLY) {
        slot->answered = true;
        stop_being_overdue(turn, chat);
    }
    if (ours && !turn->state->hears_messages) return FL_OK; /* what the desk gave her by itself changes her load too */
    if (turn->view->now >= turn->state->midnight) pass_midnight(turn);
    notify(turn, what, agent, chat, ours ? slot->group : FL_NONE);
    return what == FL_NOTICE_REPLY && somebody_waits(turn) ? serve(turn, agent) : FL_OK;
}

static enum fl_status engine_message(void *self, const struct fl_view *view, uint32_t chat, uint32_t agent)
{
    const struct turn turn = turn_of(self, view);
    return hear(&turn, FL_NOTICE_MESSAGE, chat, agent);
}

static enum fl_status engine_reply(void *self, const struct fl_view *view, uint32_t chat, uint32_t agent)
{
    const struct turn turn = turn_of(self, view);
    return hear(&turn, FL_NOTICE_REPLY, chat, agent);
}

/* ---- Timers ------------------------------------------------------------------------------------- */

static enum fl_status wake_max_wait(const struct turn *turn, uint32_t chat)
{
    if (!fl_queue_holds(turn->arena, &turn->state->queue, chat)) return FL_OK;
    if (slot_of(turn, chat)->since + turn->routing->queue_max_wait > turn->view->now) return FL_OK;
    leave_queue(turn, chat);
    return say(turn, FL_LEAVE_MESSAGE, chat);
}

/* One skill less: the highest numbered, which the scenario lists last. */
static enum fl_status wake_ring(const struct turn *turn, uint32_t chat)
{
    struct slot *const slot = slot_of(turn, chat);
    if (!fl_queue_holds(turn->arena, &turn->state->queue, chat) || slot->skills == 0) return FL_OK;
    const uint64_t all = turn->view->scenario->buyers.intents[slot->chat.intent].skills;
    const int rings = __builtin_popcountll(all) - __builtin_popcountll(slot->skills) + 1;
    if (slot->since + rings * turn->routing->ring > turn->view->now) return FL_OK;
    slot->skills &= ~(UINT64_C(1) << (63 - __builtin_clzll(slot->skills)));
    uint32_t group = slot->group;
    uint32_t agent = pick(turn, &slot->chat, group, slot->skills, false);
    if (agent == FL_NO_AGENT && turn->routing->overflow == FL_OVERFLOW_GROUP)
        agent = pick_overflow(turn, &slot->chat, &group, slot->skills);
    if (agent != FL_NO_AGENT) return take(turn, agent, chat);
    return slot->skills == 0 ? FL_OK : ask_wake(turn, WAKE_RING, chat, turn->view->now + turn->routing->ring);
}

/* Not answered in time: to somebody else, if there is anybody; otherwise until there is. */
static enum fl_status wake_accept(const struct turn *turn, uint32_t index)
{
    struct slot *const slot = slot_of(turn, index);
    const uint32_t former = slot->agent;
    if (former == FL_NO_AGENT || slot->answered || fl_queue_holds(turn->arena, &turn->state->overdue, index)) return FL_OK;
    if (slot->since + answer_within(turn, slot) > turn->view->now) return FL_OK;
    slot->chat.why = FL_WHY_REASSIGN;
    slot->chat.exclude = former;
    slot->chat.decision++;
    slot->skills = turn->view->scenario->buyers.intents[slot->chat.intent].skills;
    const uint32_t agent = pick(turn, &slot->chat, slot->group, slot->skills, false);
    if (agent == FL_NO_AGENT) return become_overdue(turn, index);
    const enum fl_status status = pass_on(turn, index, agent);
    return status == FL_OK ? let_go(turn, former) : status;
}

static enum fl_status wake_pull(const struct turn *turn, uint32_t agent)
{
    struct puller *const puller = puller_of(turn, agent);
    if (puller->due > turn->view->now) return FL_OK;
    puller->due = FL_TIME_NEVER;
    const uint32_t chat = has_room(turn, agent) ? next_for(turn, agent) : FL_NO_CHAT;
    if (chat == FL_NO_CHAT) return FL_OK;
    /* The chat she had reached for is gone and another has come since: she saw that one when it came. */
    const fl_time entered = slot_of(turn, chat)->since;
    if (entered > puller->since) return reach_for(turn, agent, chat, entered);
    const enum fl_status status = take(turn, agent, chat);
    return status == FL_OK ? serve(turn, agent) : status;
}

static enum fl_status wake_rate(const struct turn *turn, uint32_t agent)
{
    const uint32_t limit = turn->routing->rate_limit;
    const fl_time *const times = (const fl_time *)fl_arena_at(turn->arena, turn->state->rate_times) + (size_t)agent * limit;
    const uint32_t count = ((const uint32_t *)fl_arena_at(turn->arena, turn->state->rate_count))[agent];
    const fl_time free_at = times[count % limit] + turn->routing->rate_window;
    if (free_at > turn->view->now) return ask_wake(turn, WAKE_RATE, agent, free_at);
    fl_roster_held(turn->roster)[agent] = 0;
    return let_go(turn, agent);
}

static enum fl_status engine_wake(void *self, const struct fl_view *view, uint32_t hint)
{
    const struct turn turn = turn_of(self, view);
    const uint32_t index = hint & ((UINT32_C(1) << WAKE_BITS) - 1);
    if (view->now >= turn.state->midnight) pass_midnight(&turn);
    switch ((enum wake_kind)(hint >> WAKE_BITS)) {
    case WAKE_QUEUE_MAX_WAIT: return wake_max_wait(&turn, index);
    case WAKE_RING: return wake_ring(&turn, index);
    case WAKE_ACCEPT: return wake_accept(&turn, index);
    case WAKE_PULL: return wake_pull(&turn, index);
    case WAKE_RATE: return wake_rate(&turn, index);
    }
    return FL_EENGINE; /* a hint we never gave */
}

/* Messages and replies matter to policies and capacities that count them, to rules that ask for signs of life, and where the
 * desk gives chats to the main or proxy account by itself, which changes a load without a decision. */
static bool engine_wants_messages(const void *self)
{
    const struct fl_engine *const engine = self;
    const struct state *const state = fl_arena_at(engine->arena, engine->root);
    return state->hears_messages || state->listens;
}

static uint32_t engine_queue_length(const void *self)
{
    const struct fl_engine *const engine = self;
    return ((const struct state *)fl_arena_at(engine->arena, engine->root))->queue.length;
}

const struct fl_router_ops fl_engine_ops = {
    .name = "built-in",
    .begin = engine_begin,
    .end = engine_end,
    .chat = engine_chat,
    .closed = engine_closed,
    .agent = engine_agent,
    .message = engine_message,
    .reply = engine_reply,
    .wants_messages = engine_wants_messages,
    .wake = engine_wake,
    .queue_length = engine_queue_length,
};
