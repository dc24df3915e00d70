/* The chat desk: one simulated day, message by message.
 *
 * DESIGN of the simulated world, in one place:
 *   A buyer arrives, is routed, and writes. Her first message after the start or after a human reply opens a round; the
 *   next human reply closes it. An agent composes one reply at a time, chosen among the chats in her inbox by
 *   `reply_order`, and one reply answers all that has been written by the time it is sent. Then the buyer thinks and
 *   writes again, or is done; her chat closes some time after, and its place goes to whoever waits.
 *   A buyer whose patience ends leaves, loudly or silently; silent leavers keep their place until found out.
 *
 * Everything a buyer or agent draws is addressed (core/draw.h): neither routing nor headcount changes who comes, what she
 * asks or how much work an answer is.
 *
 * At one instant: releases (replies, closes, leaving), then changes of state, then messages and arrivals. */
#ifndef FL_DESK_DESK_H
#define FL_DESK_DESK_H

#include "core/arena.h"
#include "desk/share.h"
#include "measure/day.h"
#include "measure/log_event.h"
#include "routing/router.h"
#include "traffic/traffic.h"

#include <stdatomic.h>

/* What a day is run with. All pointers are borrowed for the run. */
struct fl_desk_setup {
    const struct fl_scenario *scenario;
    const struct fl_traffic_plan *plan; /* of the same scenario */
    struct fl_router router;
    uint64_t seed;
    uint32_t replication;
    struct fl_share share; /* optional: only this part of the desk, by itself; the scenario can be divided so (fl_share_holds) */
    uint32_t left_out; /* what will not be asked of the day: a sum of enum fl_day_left_out */
    /* Optional: every message and change of state, in order. false stops the day with FL_EINTERRUPTED. */
    bool (*on_log)(void *context, const struct fl_log_event *event);
    void *log_context;
    const atomic_bool *stop; /* optional: looked at once an interval; true stops with FL_EINTERRUPTED */
    /* Optional: real time. Called before the day goes on to instant `at`; true when that has come, or false at an earlier one, *now (not
     * before the present), at which the router has something to decide: its heard() is called, and then this again. */
    bool (*pace)(void *context, fl_time at, fl_time *now);
    void *pace_context;
};

/* Runs one day. `arena` must be fresh (reset); the day's figures lie in it until the next reset.
 * FL_EFULL: the arena is too small, run again with a larger one, the result will be the same. FL_EENGINE: the outside
 * router failed. FL_EINTERRUPTED. Time: some hundred ns a message. Memory: by agents and by chats open at once. */
FL_MUST_CHECK enum fl_status fl_desk_run(const struct fl_desk_setup *setup, struct fl_arena *arena, struct fl_day *day);

/* Display names of the scenario's agents, in index order: a definition with count 1 has its own name, others get
 * "name#1"... Taken from the arena. NULL when it is used up. */
const char *const *fl_desk_agent_names(struct fl_arena *arena, const struct fl_scenario *scenario);

#endif
