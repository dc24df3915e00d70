/* Simulated time on the wall clock: instant t of the day is due at origin + t / speed.
 *
 * Waiting is done on a libuv loop with a timerfd in it: uv_timer counts in milliseconds, and at ten thousand lines a second half
 * of them would be half a millisecond late; a timerfd is 28 us late (median, measured). */
#ifndef FL_ENGINE_PACE_H
#define FL_ENGINE_PACE_H

#include "core/status.h"
#include "core/time.h"
#include "engine/loop.h"

#include <stdatomic.h>
#include <stdint.h>
#include <uv.h>

struct fl_pace {
    uv_loop_t *loop;         /* borrowed */
    const atomic_bool *stop; /* optional, borrowed: ends a wait within 0.2 s */
    double speed;            /* > 0: instants of the day a second of the wall; INFINITY: everything is due at once */
    int64_t origin_ns;       /* wall clock (fl_clock_ns) of instant 0 */
    int timer_fd;
    int64_t armed_ns;        /* when it ends a wait; 0: never */
    uv_poll_t timer;
    struct fl_lookout lookout;
    unsigned open;
};

/* FL_EENGINE when the system has no timer to give, with the problem. The loop must outlive the pace. */
FL_MUST_CHECK enum fl_status fl_pace_open(struct fl_pace *pace, uv_loop_t *loop, double speed, const atomic_bool *stop, char problem[256]);
void fl_pace_close(struct fl_pace *pace);

/* From now on instant `at` is now. */
void fl_pace_start(struct fl_pace *pace, fl_time at);

/* When an instant is due, on the wall clock; with infinite speed the origin. */
int64_t fl_pace_due_ns(const struct fl_pace *pace, fl_time at);

/* The instant that a moment of the wall clock is. With infinite speed FL_TIME_LONGEST. */
fl_time fl_pace_instant(const struct fl_pace *pace, int64_t wall_ns);

/* One turn of the loop: until something happens on it, at the latest at that moment; at once when it has passed. `soon`: something is
 * expected before long, and looked out for (loop.h). FL_EINTERRUPTED. */
FL_MUST_CHECK enum fl_status fl_pace_turn(struct fl_pace *pace, int64_t until_ns, bool soon);

#endif
