/* A selection policy: which of the eligible agents gets this chat. Step 7 of the pipeline.
 *
 * A policy is a table of functions over private state. It sees the world, changes nothing but its own
 * state, reads only its arguments and decides with integers, so a run can be replayed decision by
 * decision. The state lies in the replication's arena: no addresses in it, only distances from its start.
 *
 * Policies that take "the least by some key" are one key function over a ranking (ranking.h), a tournament
 * over the agents of each group, so that a pick costs O(1) and a change O(log agents). Policies that draw
 * lots stand on a sum tree (lottery.h), where both cost O(log agents).
 *
 * To add one: a file policy_<name>.c that defines fl_policy_<name>, a line in FL_POLICIES (scenario.h), a
 * test, a row in scenarios/README.md. */
#ifndef FL_ROUTING_POLICY_H
#define FL_ROUTING_POLICY_H

#include "core/arena.h"
#include "routing/roster.h"
#include "routing/view.h"

/* A change the router has to keep its state by. The view shows the desk after the change. */
enum fl_notice { FL_NOTICE_ASSIGNED, FL_NOTICE_CLOSED, FL_NOTICE_AGENT, FL_NOTICE_MESSAGE, FL_NOTICE_REPLY };

/* What is asked of a policy. */
struct fl_request {
    const struct fl_chat_view *chat;
    uint64_t skills;      /* bit per skill that is (still) required */
    uint32_t group;
    bool ignore_capacity; /* no-queue mode: everybody else is at capacity too */
};

/* Order among agents: primary << 64 | secondary, least first, equal: smaller agent index. The primary is
 * below 2^62; the two bits above it are marks (ranking.h). */
__extension__ typedef unsigned __int128 fl_rank;

struct fl_policy_ops {
    const char *name; /* as spelled in scenarios */

    /* Takes its memory from the arena and returns the state's offset in *state; 0 bytes is fine (FL_ARENA_NONE).
     * FL_EFULL when the arena is used up. Required. */
    enum fl_status (*begin)(struct fl_arena *arena, const struct fl_roster *roster, const struct fl_view *view,
                            size_t *state);

    /* An eligible agent of the request's group other than chat->exclude, or FL_NO_AGENT. Required. Eligible: a
     * member, takes new buyers (fl_agent_takes_new, or state alone with ignore_capacity), within the rate limit,
     * has the required skills: fl_roster_eligible. */
    uint32_t (*pick)(void *state, const struct fl_roster *roster, const struct fl_view *view,
                     const struct fl_request *request);

    /* Something changed for an agent; `chat` and `group` are FL_NO_CHAT / FL_NONE for FL_NOTICE_AGENT. Optional. */
    void (*notice)(void *state, const struct fl_roster *roster, const struct fl_view *view, enum fl_notice what,
                   uint32_t agent, uint32_t chat, uint32_t group);

    /* Policies over a ranking: the agent's rank by the view and by what the policy remembers of her in this
     * group (0 at first). FL_RANK_OUT: never. Otherwise NULL. */
    fl_rank (*key)(const struct fl_view *view, uint32_t agent, uint64_t remembered);

    /* Whether an agent with room may take this chat from the queue; NULL: always. */
    bool (*admits)(const struct fl_view *view, uint32_t agent, const struct fl_chat_view *chat);

    bool wants_messages; /* notices MESSAGE and REPLY are wanted too */
    bool wants_midnight; /* every agent gets an FL_NOTICE_AGENT when a day begins */
    bool ties_by_chain;  /* the key leaves ties open; the chain (last assignment, index) decides them */
    bool relaxes_skills; /* a queued chat needs one skill less after each ring time-out */
    bool pulls;          /* never picks; agents with room come for the queue themselves */
    bool main_only;      /* only the main account serves, all groups */
};

#define FL_POLICY_DECLARE(upper, lower) extern const struct fl_policy_ops fl_policy_##lower;
FL_POLICIES(FL_POLICY_DECLARE)
#undef FL_POLICY_DECLARE

/* The table of policies. No entry is NULL. */
extern const struct fl_policy_ops *const fl_policies[FL_POLICIES_COUNT];

static inline const struct fl_policy_ops *fl_policy(enum fl_policy_id id)
{
    return fl_policies[id];
}

#endif
