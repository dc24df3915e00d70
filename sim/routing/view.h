/* What a router sees of the desk: the agents, and the chat that is to be routed.
 *
 * The desk keeps these fields and a router only reads them. A built-in policy and an outside engine see
 * exactly the same. */
#ifndef FL_ROUTING_VIEW_H
#define FL_ROUTING_VIEW_H

#include "scenario/scenario.h"

#define FL_NO_AGENT UINT32_MAX
#define FL_NO_CHAT UINT32_MAX

/* DOMAIN 3.3, "Agent states and what they admit". */
enum fl_agent_state { FL_OFFLINE, FL_AVAILABLE, FL_SUSPENDED, FL_AUTO_SUSPENDED, FL_ON_BREAK };

/* Sorted by how often it changes. */
struct fl_agent {
    fl_time oldest_unanswered_at; /* when the oldest chat in her inbox came in; FL_TIME_NEVER: none */
    uint64_t mean_reply_ns;        /* exponentially weighted, 1/8 for the newest; 0: none yet */
    uint32_t awaiting;             /* queue depth: open chats that wait for her reply, the composed one included */
    uint32_t open;                 /* all her open chats */
    uint8_t state;                 /* enum fl_agent_state */
    uint8_t composing;             /* a reply is being written */
    uint32_t recent_active;        /* open chats with a recent message; kept where capacity counts them */
    uint32_t capacity;             /* max_chats; FL_UNLIMITED: none */
    uint32_t assigned_today;       /* since shop midnight */
    fl_time last_assigned_at;      /* -1: never */
    fl_time touched_at;            /* last got or ended a chat; available_since at first */
    fl_time available_since;       /* last became available */
    uint64_t groups;               /* bit per group */
    uint32_t weight;               /* 1 to 1000 */
    uint32_t definition;           /* index into scenario->desk.agents */
    /* Three cache lines, the first of them with all that messages and replies touch: an odd number, so that those of all agents spread
     * over all sets of the cache. */
    uint8_t apart[112];
};

enum fl_route_why { FL_WHY_NEW, FL_WHY_RETURN /* wrote after close, or came back */, FL_WHY_BOT, FL_WHY_TRANSFER, FL_WHY_POOL,
                    FL_WHY_REASSIGN /* agent went away, or did not accept */ };

/* A routable event: everything the pipeline knows of it. */
struct fl_chat_view {
    uint64_t key;             /* the buyer's draw key (this visit) */
    uint64_t buyer;           /* hash of the buyer, the same on every visit */
    fl_time opened_at;        /* when the open round began (t_b) */
    fl_time active_at;        /* last message of either side */
    fl_time recent_at;        /* last contact with recent_agent */
    uint32_t index;           /* the chat's slot on the desk; unique among open chats, reused after the close */
    uint32_t recent_agent;    /* FL_NO_AGENT: none */
    uint32_t dedicated_agent; /* FL_NO_AGENT: none */
    uint32_t exclude;         /* the agent just left (transfer, re-assignment), or FL_NO_AGENT */
    uint32_t to_group;        /* transfer target, kept until the chat is over (pool, re-assignment); FL_NONE: by group match */
    int32_t priority;         /* class + intent */
    uint32_t decision;        /* how many routing decisions this chat had before; index of random draws */
    uint8_t intent, buyer_class, why /* enum fl_route_why */;
    uint8_t entry_point, device, order_status; /* 255: none */
};

struct fl_view {
    const struct fl_scenario *scenario;
    const struct fl_agent *agents; /* [agents_count]; an agent is known by her index, her id in tie chains */
    const char *const *names;      /* [agents_count] */
    uint32_t agents_count;
    uint32_t main_account, proxy_account; /* agent indexes, or FL_NO_AGENT */
    uint64_t seed;
    uint32_t replication;
    fl_time now;
};

/* ---- The way back: decisions ------------------------------------------------------------------ */

enum fl_decision_kind {
    FL_ASSIGN,        /* chat to agent; also moves a chat that another agent has */
    FL_ENQUEUE,       /* the chat waits in the router's own queue */
    FL_REJECT,        /* refused: queue full */
    FL_TO_BOT,        /* the bot answers */
    FL_LEAVE_MESSAGE, /* nobody can take her: the offline rule applies */
    FL_CLOSE,         /* end a chat that an agent has (close_oldest) */
    FL_SUSPEND,       /* engine suspends an agent */
    FL_RESUME,
    FL_WAKE,          /* call wake() at `at` */
};

struct fl_decision {
    enum fl_decision_kind kind;
    uint32_t chat, agent;
    fl_time at;    /* FL_WAKE */
    uint32_t hint; /* FL_WAKE: handed back */
};

/* What the desk says of a decision. Everything but FL_ACCEPTED changed nothing. */
#define FL_VERDICTS(X)                                                                     \
    X(ACCEPTED, "accepted") X(UNKNOWN_CHAT, "no such chat is waiting to be routed")        \
    X(UNKNOWN_AGENT, "no such agent") X(AGENT_OFFLINE, "the agent is offline")             \
    X(AGENT_SUSPENDED, "the agent is suspended or on a break") X(OVER_CAPACITY, "the agent is at capacity") \
    X(WRONG_GROUP, "the agent is not in the chat's group") X(ASSIGNED_TWICE, "the chat is already assigned") \
    X(EXCLUDED, "the agent has just left this chat") X(TOO_LATE, "the instant has passed")

enum fl_verdict {
#define FL_VERDICT_NAME(name, sentence) FL_##name,
    FL_VERDICTS(FL_VERDICT_NAME)
#undef FL_VERDICT_NAME
};

/* The desk's ear. A decision takes effect before decide() returns: the agents' fields in the view have already
 * changed. What follows from it at once may be told to the router before decide() returns (a message that reaches the
 * agent, an agent who suspends herself, a chat that is closed), so a router has its books in order before it decides. */
struct fl_port {
    enum fl_verdict (*decide)(void *desk, const struct fl_decision *decision);
    void *desk;
};

/* ---- Shared readings -------------------------------------------------------------------------- */

/* How much of her capacity an agent uses, by what the scenario says that capacity counts. */
static inline uint32_t fl_agent_load(const struct fl_agent *agent, enum fl_capacity_counts counts)
{
    return counts == FL_COUNTS_OPEN ? agent->open : counts == FL_COUNTS_AWAITING ? agent->awaiting : agent->recent_active;
}

/* Whether she takes new buyers now: available and below capacity. */
static inline bool fl_agent_takes_new(const struct fl_agent *agent, enum fl_capacity_counts counts)
{
    return agent->state == FL_AVAILABLE && fl_agent_load(agent, counts) < agent->capacity;
}

/* Whether chats of a group are hers to serve, whatever she does now: she is of it, or of one that it overflows to; under main_only she is
 * the main account. O(groups). */
bool fl_view_serves_group(const struct fl_view *view, uint32_t agent, uint32_t group);

/* Whether she has every one of some skills, a bit each. O(skills). */
bool fl_view_has_skills(const struct fl_view *view, uint32_t agent, uint64_t skills);

#endif
