/* An outside routing engine as a router: each of the desk's calls becomes one line on a channel, and the lines that
 * come back until its `ack` are the decisions. Simulated time stands still meanwhile (lockstep).
 *
 * The engine owns the waiting queue and decides alone. Here it is judged: what cannot be is refused and answered with an
 * `error` line, what the scenario's rules forbid takes effect; both are violations, counted by rule, the first of them kept
 * with chat, agent and instant. Nothing an engine says costs the run more than that; only an engine that dies, stalls or
 * breaks the protocol's form ends it. */
#ifndef FL_ENGINE_OUTSIDE_H
#define FL_ENGINE_OUTSIDE_H

#include "desk/share.h"
#include "engine/channel.h"
#include "engine/ledger.h"
#include "engine/protocol.h"
#include "routing/router.h"

struct fl_outside_setup {
    const struct fl_scenario *scenario; /* borrowed */
    const char *scenario_text;          /* borrowed: JSON, for engines that want to read it themselves */
    uint64_t seed;
    int64_t timeout_ns;                 /* for all that the engine does on one event */
    const char *prefix;                 /* names it on stderr; borrowed */
    struct fl_pace *pace;               /* real time, on the channel's loop; borrowed. NULL: lockstep */
    /* Real time, optional: told every turn how many chats are undecided; whether what arrives may have been damaged on the way. */
    bool (*on_turn)(struct fl_channel *context, uint32_t undecided);
    struct fl_channel *turn_context;
    uint32_t window;                    /* real time: with so many chats undecided time stands still; 0: never */
    struct fl_share share;              /* of the desk, to be told the engine; of 0: all of it */
};

struct fl_outside;
struct fl_pace;

/* Shakes hands over a channel, which stays the caller's and must outlive the router. On FL_EENGINE the problem is a whole
 * sentence; FL_EFULL; FL_EINTERRUPTED. */
FL_MUST_CHECK enum fl_status fl_outside_open(const struct fl_outside_setup *setup, struct fl_channel *channel, struct fl_outside **outside,
                                             char problem[512]);
void fl_outside_free(struct fl_outside *outside);

/* The engine's own name; lives as long as the router. */
const char *fl_outside_name(const struct fl_outside *outside);

/* Why the day ended with FL_EENGINE: one sentence with day, instant and event; "" otherwise. */
const char *fl_outside_problem(const struct fl_outside *outside);

/* What is going on, for a view of a run in real time; valid until the day goes on. */
struct fl_outside_look {
    const struct fl_view *view;     /* NULL before the first day */
    const struct fl_ledger *ledger; /* of the day so far */
    uint32_t waiting, undecided;    /* chats that are the engine's; of these, on which it has not said a word */
};
struct fl_outside_look fl_outside_look(const struct fl_outside *outside);

/* What was counted over the days that ended (in real time also of one that did not); a day that was run again counts once. To be
 * asked after the last day. */
const struct fl_ledger *fl_outside_ledger(struct fl_outside *outside);

/* What a desk in real time is paced by (struct fl_desk_setup); self is a struct fl_outside with a pace. */
bool fl_outside_pace(void *self, fl_time at, fl_time *now);

extern const struct fl_router_ops fl_outside_ops; /* self is a struct fl_outside */

#endif
