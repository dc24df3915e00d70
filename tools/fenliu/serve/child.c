#include "child.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define GRACE_MS 2000u          /* chosen: a run in the middle of a day writes what it has in less */
#define OUTPUT_MOST (256u << 20) /* bytes of one file, chosen: the log of a day of a hundred thousand chats */
#define MEMORY_MOST (4ull << 30) /* address space, chosen: a day of a million chats takes less */
#define FILES_MOST 64u
#define PARENT "FENLIU_SERVE_PID" /* in its environment: who began it */

/* A sanitizer reserves terabytes of addresses for itself. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LIMITS_MEMORY 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LIMITS_MEMORY 0
#endif
#endif
#ifndef LIMITS_MEMORY
#define LIMITS_MEMORY 1
#endif

static void child_on_closed(uv_handle_t *handle)
{
    struct child *const child = handle->data;
    if (--child->open > 0) return;
    child->setup.on_ended(child->setup.context, child->code, child->timed_out);
}

static void child_close(struct child *child)
{
    uv_close((uv_handle_t *)&child->process, child_on_closed);
    uv_close((uv_handle_t *)&child->said, child_on_closed);
    uv_close((uv_handle_t *)&child->clock, child_on_closed);
}

static void child_on_exit(uv_process_t *process, int64_t status, int signal_number)
{
    struct child *const child = process->data;
    child->code = signal_number != 0 ? 128 + signal_number : (int)status;
    child->exited = true;
    if (child->silent) child_close(child);
}

static void child_on_said(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
    struct child *const child = stream->data;
    if (length > 0) child->setup.on_said(child->setup.context, buffer->base, (size_t)length);
    if (length >= 0) return;
    uv_read_stop(stream);
    child->silent = true;
    if (child->exited) child_close(child);
}

static void child_lend(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct child *const child = handle->data;
    (void)suggested;
    *buffer = uv_buf_init(child->buffer, sizeof child->buffer);
}

static void child_on_time(uv_timer_t *clock)
{
    struct child *const child = clock->data;
    if (child->stopping) {
        uv_process_kill(&child->process, SIGKILL);
        return;
    }
    child->timed_out = true;
    child_stop(child);
}

void child_stop(struct child *child)
{
    if (child->stopping || child->exited) return;
    child->stopping = true;
    uv_process_kill(&child->process, SIGTERM);
    uv_timer_start(&child->clock, child_on_time, GRACE_MS, 0);
}

static void limit(pid_t pid, int what, rlim_t most)
{
    const struct rlimit limits = { most, most };
    (void)prlimit(pid, (__rlimit_resource_t)what, &limits, NULL); /* a tighter limit that is there already stays */
}

/* It has hardly begun by then, and all of these count from its beginning or from what it asks for next. */
static void child_limit(const struct child *child)
{
    const pid_t pid = child->process.pid;
    limit(pid, RLIMIT_CPU, (rlim_t)(child->setup.limit_ms / 1000 + 1) * uv_available_parallelism());
    limit(pid, RLIMIT_FSIZE, OUTPUT_MOST);
    limit(pid, RLIMIT_NOFILE, FILES_MOST);
    limit(pid, RLIMIT_CORE, 0);
    if (LIMITS_MEMORY) limit(pid, RLIMIT_AS, MEMORY_MOST);
}

bool child_prepare(void)
{
    char pid[24];
    snprintf(pid, sizeof pid, "%ld", (long)getpid());
    return setenv(PARENT, pid, 1) == 0;
}

void child_begin(void)
{
    const char *const parent = getenv(PARENT);
    if (parent == NULL) return;
    const pid_t pid = (pid_t)strtol(parent, NULL, 10);
    unsetenv(PARENT);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != pid) raise(SIGKILL); /* it had ended before it could be watched */
}

int child_start(struct child *child, uv_loop_t *loop, const struct child_setup *setup)
{
    *child = (struct child){ .setup = *setup, .open = 3, .code = -1 };
    uv_stdio_container_t streams[3] = { { .flags = UV_IGNORE },
                                        { .flags = UV_INHERIT_FD, .data.fd = setup->output },
                                        { .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&child->said } };
    /* The program that runs, though its file may have been replaced since. */
    const uv_process_options_t options = { .file = "/proc/self/exe", .args = setup->argv, .cwd = setup->folder, .stdio = streams, .stdio_count = 3,
                                           .exit_cb = child_on_exit };
    uv_pipe_init(loop, &child->said, 0);
    uv_timer_init(loop, &child->clock);
    child->process.data = child->said.data = child->clock.data = child;
    const int status = uv_spawn(loop, &child->process, &options);
    if (status != 0) {
        child_close(child);
        return status;
    }
    child_limit(child);
    uv_timer_start(&child->clock, child_on_time, setup->limit_ms, 0);
    return uv_read_start((uv_stream_t *)&child->said, child_lend, child_on_said);
}
