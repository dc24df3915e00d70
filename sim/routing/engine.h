/* The built-in routing engine: the pipeline of DOMAIN 3.3 around a selection policy.
 *
 *   1 desk check       nobody available                      -> FL_LEAVE_MESSAGE
 *   2 recent agent     within the window, if she can take her
 *   3 dedicated agent
 *   4 shop bot         bot_first, mixed share                -> FL_TO_BOT (not for why BOT, TRANSFER, POOL, REASSIGN, RETURN)
 *   5 group match      first group whose conditions hold; the last group is the default; group bot
 *   6 eligibility      state, capacity, rate limit, not the agent just left, skills
 *   7 selection policy
 *   8 nobody           overflow rule: queue | assign_anyway | group | offline | close_oldest
 *   9 bookkeeping      counters, recent-agent relation (kept by the desk)
 *
 * Capacity that comes free (a close, an agent coming on) serves the queue inside the same call, before anything
 * else of that instant. A queued chat whose group overflows to another is served by either, its own first. */
#ifndef FL_ROUTING_ENGINE_H
#define FL_ROUTING_ENGINE_H

#include "routing/router.h"

/* Plain; the caller owns it, one per worker. Its content between begin and end lies in the arena. */
struct fl_engine {
    struct fl_arena *arena;       /* borrowed from begin */
    const struct fl_port *port;   /* borrowed from begin */
    size_t root;                  /* offset of the engine's state in the arena */
};

extern const struct fl_router_ops fl_engine_ops; /* self is a struct fl_engine */

/* Which group a chat belongs to: step 5. */
uint32_t fl_engine_match_group(const struct fl_scenario *scenario, const struct fl_chat_view *chat);

#endif
