/* A desk just large enough to hold the built-in engine to its word: it applies decisions, keeps the agents'
 * fields, and delivers wake-ups in order. No time passes but by desk_advance and a millisecond per chat. */
#ifndef TESTS_ROUTING_DESK_H
#define TESTS_ROUTING_DESK_H

#include "core/draw.h"
#include "routing/engine.h"

#include <stdlib.h>
#include <string.h>

#define DESK_AGENTS 64
#define DESK_CHATS 4096
#define DESK_WAKES 4096
#define DESK_ARENA_BYTES ((size_t)16 << 20)
#define DESK_NOTHING (-1)

struct desk_wake {
    fl_time at;
    uint32_t hint;
    bool done;
};

struct desk {
    struct fl_scenario scenario;
    struct fl_group_def groups[4];
    struct fl_agent_def definitions[DESK_AGENTS]; /* one per agent */
    struct fl_intent intents[4];
    struct fl_agent agents[DESK_AGENTS];
    struct fl_view view;
    struct fl_port port;
    struct fl_arena arena;
    struct fl_engine engine;
    struct fl_chat_view chats[DESK_CHATS];
    uint32_t holder[DESK_CHATS]; /* FL_NO_AGENT: nobody */
    int said[DESK_CHATS];        /* last decision on a chat, DESK_NOTHING */
    uint32_t chats_count, closed_by_engine;
    struct desk_wake wakes[DESK_WAKES];
    uint32_t wakes_count;
    bool refuses_assignments;
    bool tells_at_once; /* the first message reaches the agent while the assignment takes effect */
};

static inline void desk_count(struct desk *desk, uint32_t agent, int by)
{
    desk->agents[agent].open += (uint32_t)by;
    desk->agents[agent].awaiting += (uint32_t)by;
    desk->agents[agent].touched_at = desk->view.now;
}

static inline enum fl_verdict desk_decide(void *self, const struct fl_decision *decision)
{
    struct desk *const desk = self;
    if (decision->kind == FL_WAKE) {
        if (desk->wakes_count == DESK_WAKES) abort();
        desk->wakes[desk->wakes_count++] = (struct desk_wake){ .at = decision->at, .hint = decision->hint };
        return FL_ACCEPTED;
    }
    if (decision->kind == FL_ASSIGN && desk->refuses_assignments) return FL_OVER_CAPACITY;
    desk->said[decision->chat] = (int)decision->kind;
    const uint32_t holder = desk->holder[decision->chat];
    if (decision->kind == FL_CLOSE) {
        desk_count(desk, holder, -1);
        desk->holder[decision->chat] = FL_NO_AGENT;
        desk->closed_by_engine = decision->chat;
    }
    if (decision->kind == FL_ASSIGN) {
        if (holder != FL_NO_AGENT) desk_count(desk, holder, -1);
        desk->holder[decision->chat] = decision->agent;
        desk_count(desk, decision->agent, 1);
        desk->agents[decision->agent].assigned_today++;
        desk->agents[decision->agent].last_assigned_at = desk->view.now;
        if (desk->tells_at_once &&
            fl_engine_ops.message(&desk->engine, &desk->view, decision->chat, decision->agent) != FL_OK)
            abort();
    }
    return FL_ACCEPTED;
}

/* A desk of `agents` available agents in one group with everything off; change what matters, then desk_begin. */
static inline struct desk *desk_create(uint32_t agents, enum fl_policy_id policy)
{
    struct desk *const desk = calloc(1, sizeof *desk);
    struct fl_routing_def *const routing = &desk->scenario.routing;
    *routing = (struct fl_routing_def){ .policy = policy, .available_resets_on_close = true, .d = 2, .level = 1,
                                        .reserved_class = FL_NONE, .prior_reply_ms = 20000, .ring = 30 * FL_SECOND,
                                        .recent_window = 72 * FL_HOUR, .recent_ignores_suspend = 24 * FL_HOUR,
                                        .capacity_default = 50, .queue_max = FL_UNLIMITED,
                                        .queue_max_wait = FL_TIME_NEVER, .priority_credit = 90 * FL_SECOND,
                                        .due = 180 * FL_SECOND, .rate_limit = FL_UNLIMITED,
                                        .accept_timeout = FL_TIME_NEVER };
    for (uint32_t g = 0; g < 4; g++) desk->groups[g] = (struct fl_group_def){ .overflow = FL_NONE };
    for (uint32_t a = 0; a < agents; a++) {
        for (uint32_t s = 0; s < FL_SKILLS_MAX; s++) desk->definitions[a].skill[s] = 1;
        desk->agents[a] = (struct fl_agent){ .groups = 1, .last_assigned_at = -1, .capacity = FL_UNLIMITED, .weight = 1,
                                             .definition = a, .state = FL_AVAILABLE,
                                             .oldest_unanswered_at = FL_TIME_NEVER };
    }
    desk->scenario.desk.groups = desk->groups;
    desk->scenario.desk.groups_count = 1;
    desk->scenario.desk.agents = desk->definitions;
    desk->scenario.desk.agents_count = agents;
    desk->scenario.buyers.intents = desk->intents;
    desk->scenario.buyers.intents_count = 4;
    desk->view = (struct fl_view){ .scenario = &desk->scenario, .agents = desk->agents, .agents_count = agents,
                                   .main_account = 0, .proxy_account = FL_NO_AGENT, .seed = 7 };
    desk->port = (struct fl_port){ .decide = desk_decide, .desk = desk };
    return desk;
}

static inline enum fl_status desk_begin(struct desk *desk)
{
    free(desk->arena.base);
    fl_arena_start(&desk->arena, aligned_alloc(64, DESK_ARENA_BYTES), DESK_ARENA_BYTES);
    return fl_engine_ops.begin(&desk->engine, &desk->arena, &desk->view, &desk->port);
}

static inline void desk_free(struct desk *desk)
{
    fl_engine_ops.end(&desk->engine, &desk->view);
    free(desk->arena.base);
    free(desk);
}

/* A new chat, not yet routed; change its view, then desk_route. */
static inline uint32_t desk_new(struct desk *desk)
{
    const uint32_t chat = desk->chats_count++;
    if (chat >= DESK_CHATS) abort();
    desk->view.now += FL_MILLISECOND;
    desk->chats[chat] = (struct fl_chat_view){ .key = fl_mix(chat + 1), .buyer = fl_mix(chat + 100001),
                                               .opened_at = desk->view.now, .active_at = desk->view.now, .index = chat,
                                               .recent_agent = FL_NO_AGENT, .dedicated_agent = FL_NO_AGENT,
                                               .exclude = FL_NO_AGENT, .to_group = FL_NONE, .entry_point = 255,
                                               .device = 255, .order_status = 255 };
    desk->holder[chat] = FL_NO_AGENT;
    desk->said[chat] = DESK_NOTHING;
    return chat;
}

static inline enum fl_status desk_route(struct desk *desk, uint32_t chat)
{
    return fl_engine_ops.chat(&desk->engine, &desk->view, &desk->chats[chat]);
}

/* A plain new chat; who got it, or FL_NO_AGENT. */
static inline uint32_t desk_chat(struct desk *desk)
{
    const uint32_t chat = desk_new(desk);
    if (desk_route(desk, chat) != FL_OK) abort();
    return desk->holder[chat];
}

static inline void desk_close(struct desk *desk, uint32_t chat)
{
    const uint32_t agent = desk->holder[chat];
    desk->view.now += FL_MILLISECOND;
    if (agent != FL_NO_AGENT) desk_count(desk, agent, -1);
    desk->holder[chat] = FL_NO_AGENT;
    const enum fl_close_reason why = agent != FL_NO_AGENT ? FL_CLOSED_DONE : FL_CLOSED_LEFT_QUEUE;
    if (fl_engine_ops.closed(&desk->engine, &desk->view, chat, agent, why) != FL_OK) abort();
}

static inline void desk_state(struct desk *desk, uint32_t agent, enum fl_agent_state state)
{
    const enum fl_agent_state before = (enum fl_agent_state)desk->agents[agent].state;
    desk->view.now += FL_MILLISECOND;
    if (state == FL_AVAILABLE && before != FL_AVAILABLE)
        desk->agents[agent].available_since = desk->agents[agent].touched_at = desk->view.now;
    desk->agents[agent].state = (uint8_t)state;
    if (fl_engine_ops.agent(&desk->engine, &desk->view, agent, before) != FL_OK) abort();
}

/* Lets time pass, with the wake-ups that fall into it. */
static inline void desk_advance(struct desk *desk, fl_time by)
{
    const fl_time until = desk->view.now + by;
    for (;;) {
        struct desk_wake *next = NULL;
        for (uint32_t w = 0; w < desk->wakes_count; w++) {
            struct desk_wake *const wake = &desk->wakes[w];
            if (!wake->done && wake->at <= until && (next == NULL || wake->at < next->at)) next = wake;
        }
        if (next == NULL) break;
        next->done = true;
        if (next->at > desk->view.now) desk->view.now = next->at;
        if (fl_engine_ops.wake(&desk->engine, &desk->view, next->hint) != FL_OK) abort();
    }
    desk->view.now = until;
}

/* Who gets the next chats, as letters; '-' for nobody. */
static inline const char *desk_letters(struct desk *desk, uint32_t count)
{
    static char letters[DESK_CHATS + 1];
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t agent = desk_chat(desk);
        letters[i] = agent == FL_NO_AGENT ? '-' : (char)('A' + agent);
    }
    letters[count] = '\0';
    return letters;
}

static inline uint32_t desk_waiting(const struct desk *desk)
{
    return fl_engine_ops.queue_length(&desk->engine);
}

#endif
