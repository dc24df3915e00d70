/* The books that are kept of an outside engine: what it decided, what can be held against it, how long it took. */
#ifndef FL_ENGINE_LEDGER_H
#define FL_ENGINE_LEDGER_H

#include "core/histogram.h"
#include "routing/view.h"

/* What can be held against a decision. The first part was refused and changed nothing, the second took effect. */
#define FL_BREACHES(X)                                                                            \
    X(UNKNOWN_CHAT, "unknown_chat", "a chat that is not the engine's to decide")                  \
    X(UNKNOWN_AGENT, "unknown_agent", "an agent that does not exist")                             \
    X(AGENT_OFFLINE, "agent_offline", "a chat for an agent who is offline")                       \
    X(ASSIGNED_TWICE, "assigned_twice", "a chat that has an agent already")                       \
    X(NOT_WAITING, "not_waiting", "a move of a chat that does not wait for a reply")              \
    X(NOT_TO_CLOSE, "not_to_close", "a close of a chat that no agent has, or not in answer to a chat event") \
    X(TOO_LATE, "too_late", "a wake for an instant that has passed, or a decision after the end") \
    X(TOO_MANY_WAKES, "too_many_wakes", "a wake beyond the 65536 that may be pending")            \
    X(NO_BOT, "no_bot", "a chat for the bot of a desk that has none")                             \
    X(BAD_FIELD, "bad_field", "a decision with a member missing or of a wrong kind")              \
    X(GARBLED, "garbled", "a line that is no flat JSON object")                                   \
    X(UNKNOWN_MESSAGE, "unknown_message", "a message of a type that does not exist")              \
    X(ACK_TWICE, "ack_twice", "an ack for an event that had one")                                 \
    X(ENGINE_ERROR, "engine_error", "an error the engine reported itself")                        \
    X(SUSPENDED, "agent_suspended", "a chat for an agent who takes no new ones")                  \
    X(CAPACITY, "over_capacity", "a chat for an agent at capacity")                               \
    X(GROUP, "wrong_group", "a chat for an agent of another group")                               \
    X(EXCLUDED, "excluded_agent", "a chat back to the agent who had just given it up")            \
    X(OVERTAKEN, "overtaken", "a chat before one that waits longer, by the stated discipline, for this agent") \
    X(NEVER_ASSIGNED, "never_assigned", "a chat that waited to the end though an agent had room for it")

enum fl_breach {
#define FL_BREACH_NAME(name, key, sentence) FL_BREACH_##name,
    FL_BREACHES(FL_BREACH_NAME)
#undef FL_BREACH_NAME
    FL_BREACHES_COUNT
};

const char *fl_breach_name(enum fl_breach breach); /* "over_capacity", as in results and in `error` lines */
const char *fl_breach_sentence(enum fl_breach breach);

#define FL_VIOLATIONS_KEPT 100u

struct fl_violation {
    fl_time at;
    uint64_t event;       /* number within the day of the event it answered */
    uint32_t replication;
    uint32_t chat;        /* number within the day; 0: none */
    uint32_t agent;       /* index, or FL_NO_AGENT */
    uint32_t overtaken;   /* FL_BREACH_OVERTAKEN: number of the chat that should have been first; else 0 */
    enum fl_breach breach;
};

/* What was counted. All but the latency repeats from run to run, if the engine does. */
struct fl_ledger {
    uint64_t events, decisions; /* lines out that want an ack; lines in that decide something */
    uint64_t chats;             /* routable events */
    uint64_t moves;             /* chats taken from one agent and given to another; the desk counts them as transfers */
    uint64_t never_assigned;    /* chats that waited in the engine's queue when their day ended */
    uint64_t violations[FL_BREACHES_COUNT];
    struct fl_violation first[FL_VIOLATIONS_KEPT]; /* in order */
    uint32_t kept;
    uint64_t crossed;           /* real time: decisions that met an event on their way, and were in vain */
    uint64_t damaged;           /* real time: what was wrong while faults of the link damaged lines */
    uint64_t undecided;         /* real time: chats on which the engine had not said a word when their day ended */
    uint64_t unanswered;        /* real time: chats that ended before the engine had said a word on them */
    /* Wall clock. In lockstep from sending a `chat` to its ack; in real time from the instant it was due to the first word on it. */
    struct fl_histogram latency;
    uint32_t latency_counts[FL_HISTOGRAM_BUCKETS(FL_HISTOGRAM_FINE)];
    /* Real time: how much later than due our lines left. */
    struct fl_histogram lateness;
    uint32_t lateness_counts[FL_HISTOGRAM_BUCKETS(FL_HISTOGRAM_FINE)];
};

/* Adds what another worker counted. The violations kept are the first of both by (replication, event). */
void fl_ledger_add(struct fl_ledger *to, const struct fl_ledger *from);
uint64_t fl_ledger_violations(const struct fl_ledger *ledger);

#endif
