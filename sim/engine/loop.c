#include "engine/loop.h"

#include "engine/channel.h"

#include <poll.h>

#define LOOKOUT_NS INT64_C(50000)
#define LEFT_OUT_MAX 1024u /* so that what changes is noticed within some thousand exchanges */
#define LOOK_UP_NS INT64_C(200000000) /* how long a wait may ignore `stop`: the signal may have gone to another thread */

void fl_lookout(struct fl_lookout *lookout, const uv_loop_t *loop)
{
    if (lookout->left_out > 0) {
        lookout->left_out--;
        return;
    }
    struct pollfd ready = { .fd = uv_backend_fd(loop), .events = POLLIN };
    if (poll(&ready, 1, 0) != 0) return; /* here already: says nothing about waiting */
    const int64_t until_ns = fl_clock_ns() + LOOKOUT_NS;
    do {
        if (poll(&ready, 1, 0) != 0) {
            lookout->in_vain /= 2;
            return;
        }
    } while (fl_clock_ns() < until_ns);
    lookout->in_vain = lookout->in_vain < LEFT_OUT_MAX / 2 ? 2 * lookout->in_vain + 4 : LEFT_OUT_MAX;
    lookout->left_out = lookout->in_vain;
}

void fl_waiter_open(struct fl_waiter *waiter, uv_loop_t *loop, const atomic_bool *stop)
{
    waiter->loop = loop;
    waiter->stop = stop;
    waiter->due_ns = 0;
    waiter->lookout = (struct fl_lookout){ 0 };
    uv_timer_init(loop, &waiter->timer); /* cannot fail */
}

static void on_timer(uv_timer_t *timer)
{
    (void)timer; /* that it ends the turn is all it is for */
}

/* Set once for many turns: an exchange takes microseconds, and a timer that comes too early is a turn more. */
static void timer_set(struct fl_waiter *waiter, int64_t now_ns, int64_t left_ns)
{
    const int64_t wait_ns = left_ns < LOOK_UP_NS ? left_ns : LOOK_UP_NS;
    if (uv_is_active((uv_handle_t *)&waiter->timer) && waiter->due_ns <= now_ns + wait_ns) return;
    waiter->due_ns = now_ns + wait_ns;
    uv_update_time(waiter->loop);
    uv_timer_start(&waiter->timer, on_timer, (uint64_t)(wait_ns + 999999) / 1000000, 0);
}

enum fl_status fl_waiter_turn(struct fl_waiter *waiter, int64_t deadline_ns, bool *late)
{
    if (waiter->stop != NULL && *waiter->stop) return FL_EINTERRUPTED;
    const int64_t now_ns = fl_clock_ns();
    *late = now_ns >= deadline_ns;
    if (*late) {
        uv_run(waiter->loop, UV_RUN_NOWAIT);
    } else {
        timer_set(waiter, now_ns, deadline_ns - now_ns);
        fl_lookout(&waiter->lookout, waiter->loop);
        uv_run(waiter->loop, UV_RUN_ONCE);
    }
    return FL_OK;
}

static void on_closed(uv_handle_t *handle)
{
    --*(unsigned *)handle->data;
}

void fl_handle_close(uv_handle_t *handle, unsigned *open)
{
    ++*open;
    handle->data = open;
    uv_close(handle, on_closed);
}

void fl_loop_settle(uv_loop_t *loop, const unsigned *open)
{
    while (*open > 0) uv_run(loop, UV_RUN_NOWAIT);
}
