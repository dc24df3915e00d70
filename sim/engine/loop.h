/* Waiting on a libuv loop turn by turn, never beyond a deadline, and closing what lives on it. */
#ifndef FL_ENGINE_LOOP_H
#define FL_ENGINE_LOOP_H

#include "core/status.h"

#include <stdatomic.h>
#include <uv.h>

/* Looking out before sleeping. To wake a processor that sleeps takes longer than many an engine to answer: 50 to 70 us where it is a virtual
 * one. So a wait may begin with looking, again and again, for as long as that; at worst it then takes twice as long as the better of the two.
 * Where nothing comes meanwhile (both sides share one processor, the engine thinks) that is left out for a while, and the longer, the more
 * often it was in vain. Starts as { 0 }. */
struct fl_lookout {
    uint32_t in_vain;  /* waits to leave out after the next time in vain; halved by each time that was not */
    uint32_t left_out; /* still to be left out */
};

/* Returns when something is to be done on the loop, or looking has no more point. */
void fl_lookout(struct fl_lookout *lookout, const uv_loop_t *loop);

/* Whether both sides run at the same time, as far as is known. */
static inline bool fl_lookout_pays(const struct fl_lookout *lookout)
{
    return lookout->left_out == 0;
}

struct fl_waiter {
    uv_loop_t *loop;         /* borrowed */
    const atomic_bool *stop; /* optional, borrowed */
    uv_timer_t timer;        /* ends a turn that nothing else ends */
    int64_t due_ns;          /* of the timer */
    struct fl_lookout lookout;
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
