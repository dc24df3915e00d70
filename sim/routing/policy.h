/* A selection policy: which of the eligible agents gets this chat. Step 7 of the pipeline.
 *
 * A policy is a table of functions over private state. It sees the world, changes nothing but its own
 * state, reads only its arguments and decides with integers, so a run can be replayed decision by
 * decision. The state lies in the replication's arena: no addresses in it.
 *
 * Policies that take "the least by some key" are one key function over a ranking (ranking.h), a tournament
 * over the agents of each group, so that a pick costs O(1) and a change O(log agents). */
#ifndef FL_ROUTING_POLICY_H
#define FL_ROUTING_POLICY_H

#include "core/arena.h"
#include "routing/view.h"

/* A change the router has to keep its state by. The view shows the desk after the change. */
enum fl_notice { FL_NOTICE_ASSIGNED, FL_NOTICE_CLOSED, FL_NOTICE_AGENT, FL_NOTICE_MESSAGE, FL_NOTICE_REPLY };

struct fl_policy_ops {
    const char *name; /* as spelled in scenarios */

    /* Takes its memory from the arena and returns the state's offset in *state; 0 bytes is fine (FL_ARENA_NONE).
     * FL_EFULL when the arena is used up. Required. */
    enum fl_status (*begin)(struct fl_arena *arena, const struct fl_view *view, size_t *state);

    /* An eligible agent of `group` other than chat->exclude, or FL_NO_AGENT. Required. Eligible: a member, takes
     * new buyers (fl_agent_takes_new, or state alone when ignore_capacity), within the rate limit, has
     * the needed skills. */
    uint32_t (*pick)(void *state, const struct fl_view *view, const struct fl_chat_view *chat, uint32_t group, bool ignore_capacity);

    /* Something changed for an agent; `chat` and `group` are FL_NO_CHAT / FL_NONE for FL_NOTICE_AGENT. Optional. */
    void (*notice)(void *state, const struct fl_view *view, enum fl_notice what, uint32_t agent, uint32_t chat, uint32_t group);

    bool wants_messages; /* notices MESSAGE and REPLY are wanted too */
};

/* The table of policies, indexed by enum fl_policy_id. Never NULL. */
const struct fl_policy_ops *fl_policy(enum fl_policy_id id);

#endif
