#include "engine/pace.h"

#include "engine/channel.h"
#include "engine/loop.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define LOOK_UP_NS INT64_C(200000000) /* how long a wait may ignore `stop` */

static void on_timer(uv_poll_t *timer, int status, int events)
{
    (void)status, (void)events;
    struct fl_pace *const pace = timer->data;
    uint64_t expired;
    pace->armed_ns = 0;
    (void)!read(pace->timer_fd, &expired, sizeof expired); /* that it ends the turn is all it is for */
}

enum fl_status fl_pace_open(struct fl_pace *pace, uv_loop_t *loop, double speed, const atomic_bool *stop, char problem[256])
{
    *pace = (struct fl_pace){ .loop = loop, .stop = stop, .speed = speed, .timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC) };
    const int error = pace->timer_fd < 0 ? -errno : uv_poll_init(loop, &pace->timer, pace->timer_fd);
    if (error != 0) {
        snprintf(problem, 256, "no timer: %s", uv_strerror(error));
        if (pace->timer_fd >= 0) close(pace->timer_fd);
        pace->loop = NULL;
        return FL_EENGINE;
    }
    pace->timer.data = pace;
    uv_poll_start(&pace->timer, UV_READABLE, on_timer);
    return FL_OK;
}

void fl_pace_close(struct fl_pace *pace)
{
    fl_handle_close((uv_handle_t *)&pace->timer, &pace->open);
    fl_loop_settle(pace->loop, &pace->open);
    close(pace->timer_fd);
}

void fl_pace_start(struct fl_pace *pace, fl_time at)
{
    pace->origin_ns = fl_clock_ns() - (int64_t)((double)at / pace->speed);
}

int64_t fl_pace_due_ns(const struct fl_pace *pace, fl_time at)
{
    return pace->origin_ns + (int64_t)((double)at / pace->speed);
}

fl_time fl_pace_instant(const struct fl_pace *pace, int64_t wall_ns)
{
    const double at = (double)(wall_ns - pace->origin_ns) * pace->speed;
    return isfinite(at) && at < (double)FL_TIME_LONGEST ? (fl_time)at : FL_TIME_LONGEST;
}

/* One that ends the wait sooner is as good: where the engine answers long before, as at saturation, it is set once in many turns. */
static void timer_arm(struct fl_pace *pace, int64_t until_ns, int64_t now_ns)
{
    const int64_t due_ns = until_ns - now_ns < LOOK_UP_NS ? until_ns : now_ns + LOOK_UP_NS;
    if (pace->armed_ns > now_ns && pace->armed_ns <= due_ns) return;
    const struct itimerspec at = { .it_value = { .tv_sec = due_ns / 1000000000, .tv_nsec = due_ns % 1000000000 } };
    timerfd_settime(pace->timer_fd, TFD_TIMER_ABSTIME, &at, NULL); /* cannot fail with these */
    pace->armed_ns = due_ns;
}

enum fl_status fl_pace_turn(struct fl_pace *pace, int64_t until_ns, bool soon)
{
    if (pace->stop != NULL && *pace->stop) return FL_EINTERRUPTED;
    const int64_t now_ns = fl_clock_ns();
    if (until_ns <= now_ns) {
        uv_run(pace->loop, UV_RUN_NOWAIT);
        return FL_OK;
    }
    timer_arm(pace, until_ns, now_ns);
    if (soon) fl_lookout(&pace->lookout, pace->loop);
    uv_run(pace->loop, UV_RUN_ONCE);
    return FL_OK;
}
