/* Waiting on a libuv loop turn by turn, never beyond a deadline, and closing what lives on it. */
#ifndef FL_ENGINE_LOOP_H
#define FL_ENGINE_LOOP_H

#include "core/status.h"

#include <stdatomic.h>
#include <uv.h>

struct fl_waiter {
    uv_loop_t *loop;         /* borrowed */
    const atomic_bool *stop; /* optional, borrowed */
    uv_timer_t timer;        /* ends a turn that nothing else ends */
    int64_t due_ns;          /* of the timer */
};

void fl_waiter_open(struct fl_waiter *waiter, uv_loop_t *loop, const atomic_bool *stop);

/* Runs one turn of the loop: returns when something has happened on it, at the latest at the deadline (fl_clock_ns) and every
 * 0.2 s, so callers look for what they wait for and call again. *late: the deadline had passed before; what was there by
 * then has still been taken in. FL_EINTERRUPTED, without a turn, when the run is to stop. About 0.1 us beyond uv_run. */
FL_MUST_CHECK enum fl_status fl_waiter_turn(struct fl_waiter *waiter, int64_t deadline_ns, bool *late);

/* uv_close that counts: *open is one more until the handle is closed. The handle's data is overwritten. */
void fl_handle_close(uv_handle_t *handle, unsigned *open);
/* Turns the loop until all of them are. */
void fl_loop_settle(uv_loop_t *loop, const unsigned *open);

#endif
