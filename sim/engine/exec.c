#include "engine/exec.h"

#include "engine/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GRACE_TERM_NS INT64_C(1000000000)
#define GRACE_DEAD_NS INT64_C(200000000) /* between closing its output and its exit status */

extern char **environ;

struct exec {
    struct fl_wire wire; /* first: the channel's address is ours */
    uv_pipe_t err;       /* the child's stderr */
    bool err_open;
    char log[512];       /* of a line of it that is not whole yet */
    size_t log_length;
    char heard[4096];    /* what is read of it at once */
    pid_t pid;           /* 0: reaped */
    int status;
    bool failed;
    fl_time close_timeout;
    char prefix[32];
};

static struct exec *exec_of(struct fl_channel *channel)
{
    return (struct exec *)channel;
}

/* ---- The engine's log -------------------------------------------------------------------------- */

static void log_flush(struct exec *exec)
{
    if (exec->log_length == 0) return;
    fprintf(stderr, "%s: %.*s\n", exec->prefix, (int)exec->log_length, exec->log);
    exec->log_length = 0;
}

static void on_log_room_wanted(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    struct exec *const exec = handle->data;
    *buf = uv_buf_init(exec->heard, sizeof exec->heard);
}

/* Whole lines at once, so that those of several engines do not mix; a longer one is broken. */
static void on_log(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
    struct exec *const exec = stream->data;
    for (ssize_t i = 0; i < got; i++) {
        if (buf->base[i] == '\n' || exec->log_length == sizeof exec->log) log_flush(exec);
        if (buf->base[i] != '\n') exec->log[exec->log_length++] = buf->base[i];
    }
    if (got >= 0) return;
    uv_read_stop(stream);
    exec->err_open = false;
}

/* ---- The child --------------------------------------------------------------------------------- */

/* Waits for its exit; whether it came before the deadline. */
static bool reap(struct exec *exec, int64_t deadline_ns)
{
    while (exec->pid != 0) {
        const pid_t got = waitpid(exec->pid, &exec->status, WNOHANG);
        if (got == exec->pid || (got < 0 && errno != EINTR)) exec->pid = 0;
        else if (fl_clock_ns() >= deadline_ns) return false;
        else nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    }
    return true;
}

/* Throws away what it still says, but not its log, until it closes both or the deadline. */
static void hear_out(struct exec *exec, int64_t deadline_ns)
{
    bool late = false;
    fl_wire_drain(&exec->wire, deadline_ns);
    while (exec->err_open && !late)
        if (fl_wire_turn(&exec->wire, deadline_ns, &late) != FL_OK) return;
}

static void stop_child(struct exec *exec)
{
    const pid_t group = exec->pid;
    const int64_t patience = fl_clock_ns() + exec->close_timeout;
    if (!exec->failed) fl_wire_flush(&exec->wire, patience);
    fl_wire_stop_writing(&exec->wire);
    if (!exec->failed) {
        hear_out(exec, patience);
        if (reap(exec, patience)) return;
        fprintf(stderr, "%s: still there %g s after its stdin was closed; ending it\n", exec->prefix, fl_time_to_s(exec->close_timeout));
        exec->failed = true; /* how it ends now is our doing */
    }
    if (exec->pid == 0) return;
    kill(-group, SIGTERM);
    if (!reap(exec, fl_clock_ns() + GRACE_TERM_NS)) {
        kill(-group, SIGKILL);
        (void)reap(exec, INT64_MAX);
    }
    kill(-group, SIGKILL); /* children of its own that ignored SIGTERM */
    hear_out(exec, fl_clock_ns() + GRACE_DEAD_NS);
}

static bool exited_well(const struct exec *exec)
{
    return WIFEXITED(exec->status) && WEXITSTATUS(exec->status) == 0;
}

/* The shell tells its command's end by a signal as 128 more than the signal. */
static void describe_exit(const struct exec *exec, char *out, size_t size)
{
    const int code = WIFSIGNALED(exec->status) ? 128 + WTERMSIG(exec->status) : WEXITSTATUS(exec->status);
    if (code > 128 && code < 128 + NSIG) snprintf(out, size, "was ended by signal %d (%s)", code - 128, strsignal(code - 128));
    else snprintf(out, size, "exited with status %d%s", code, code == 127 ? " (command not found)" : "");
}

/* ---- The channel ------------------------------------------------------------------------------- */

/* A child that has gone says more by its exit status than by its closed pipe: worth a fifth of a second, as the run is over.
 * `may_turn`: the loop may be run for the last words of its log. */
static enum fl_status note(struct exec *exec, enum fl_status status, bool may_turn)
{
    if (status != FL_EENGINE || exec->failed) return status;
    exec->failed = true;
    if (!exec->wire.broken && !exec->wire.ended) return status;
    if (may_turn) hear_out(exec, fl_clock_ns() + GRACE_DEAD_NS);
    if (reap(exec, fl_clock_ns() + GRACE_DEAD_NS)) describe_exit(exec, exec->wire.channel.problem, sizeof exec->wire.channel.problem);
    return status;
}

static enum fl_status exec_send(struct fl_channel *channel, const char *bytes, size_t length, int64_t deadline_ns)
{
    return note(exec_of(channel), fl_wire_send(channel, bytes, length, deadline_ns), true);
}

static enum fl_status exec_line(struct fl_channel *channel, char **line, size_t *length, int64_t deadline_ns)
{
    return note(exec_of(channel), fl_wire_line(channel, line, length, deadline_ns), true);
}

static enum fl_status exec_post(struct fl_channel *channel, const char *bytes, size_t length)
{
    return note(exec_of(channel), fl_wire_post(channel, bytes, length), false);
}

static enum fl_status exec_next(struct fl_channel *channel, char **line, size_t *length)
{
    return note(exec_of(channel), fl_wire_next(channel, line, length), false);
}

static void exec_release(struct exec *exec)
{
    if (exec->err.loop != NULL) fl_handle_close((uv_handle_t *)&exec->err, &exec->wire.open);
    fl_wire_close(&exec->wire);
    log_flush(exec);
    free(exec);
}

static void exec_close(struct fl_channel *channel)
{
    struct exec *const exec = exec_of(channel);
    stop_child(exec);
    if (!exec->failed && !exited_well(exec)) {
        char how[128];
        describe_exit(exec, how, sizeof how);
        fprintf(stderr, "%s: %s after the run\n", exec->prefix, how);
    }
    exec_release(exec);
}

static const struct fl_channel_ops exec_ops = { exec_send, exec_line, exec_post, exec_next, exec_close };

/* ---- Starting ---------------------------------------------------------------------------------- */

/* SIGPIPE is ignored here and would be there too; a blocked signal likewise. */
static int attributes(posix_spawnattr_t *attr)
{
    sigset_t defaults, none;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGINT);
    sigaddset(&defaults, SIGTERM);
    int error = posix_spawnattr_init(attr);
    if (error == 0) error = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    if (error == 0) error = posix_spawnattr_setpgroup(attr, 0);
    if (error == 0) error = posix_spawnattr_setsigdefault(attr, &defaults);
    if (error == 0) error = posix_spawnattr_setsigmask(attr, &none);
    return error;
}

/* ends[i]: what the child has as descriptor i. */
static int spawn(const char *command, const int ends[3], pid_t *pid)
{
    posix_spawnattr_t attr;
    posix_spawn_file_actions_t actions;
    char *const argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, strdup(command), NULL };
    if (argv[2] == NULL) return ENOMEM;
    int error = attributes(&attr);
    if (error == 0) {
        error = posix_spawn_file_actions_init(&actions);
        if (error == 0) {
            for (int i = 0; i < 3 && error == 0; i++) error = posix_spawn_file_actions_adddup2(&actions, ends[i], i);
            if (error == 0) error = posix_spawn(pid, "/bin/sh", &actions, &attr, argv, environ);
            posix_spawn_file_actions_destroy(&actions);
        }
        posix_spawnattr_destroy(&attr);
    }
    free(argv[2]);
    return error;
}

static void close_fd(int fd)
{
    if (fd >= 0) close(fd);
}

/* Our ends of the pipes become streams of the loop, which then closes them. */
static int streams_open(struct exec *exec, int ends[3])
{
    uv_pipe_t *const pipes[3] = { &exec->wire.out.pipe, &exec->wire.in.pipe, &exec->err };
    int error = 0;
    for (int i = 0; i < 3; i++) uv_pipe_init(exec->wire.channel.loop, pipes[i], 0); /* cannot fail */
    exec->wire.writes = &exec->wire.out.stream;
    exec->wire.reads = &exec->wire.in.stream;
    for (int i = 0; i < 3 && error == 0; i++) {
        error = uv_pipe_open(pipes[i], ends[i]);
        if (error == 0) ends[i] = -1;
    }
    if (error != 0) return -error;
    fl_wire_start(&exec->wire, &exec->wire.in.stream, &exec->wire.out.stream);
    exec->err.data = exec;
    exec->err_open = true;
    return -uv_read_start((uv_stream_t *)&exec->err, on_log_room_wanted, on_log);
}

static int start(struct exec *exec, const char *command)
{
    int pipes[3][2] = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
    int error = 0;
    /* Closed on exec: an engine must not hold its neighbour's pipes open. */
    for (int i = 0; i < 3 && error == 0; i++) error = pipe2(pipes[i], O_CLOEXEC) != 0 ? errno : 0;
    const int theirs[3] = { pipes[0][0], pipes[1][1], pipes[2][1] };
    int ours[3] = { pipes[0][1], pipes[1][0], pipes[2][0] };
    if (error == 0) error = spawn(command, theirs, &exec->pid);
    for (int i = 0; i < 3; i++) close_fd(theirs[i]);
    if (error == 0) error = streams_open(exec, ours);
    for (int i = 0; i < 3; i++) close_fd(ours[i]);
    return error;
}

enum fl_status fl_exec_open(const struct fl_channel_setup *setup, const char *command, struct fl_channel **channel, char problem[256])
{
    struct exec *const exec = calloc(1, sizeof *exec);
    if (exec == NULL) return FL_EFULL;
    int error = fl_wire_open(&exec->wire, setup, "its output") == FL_OK ? 0 : ENOMEM;
    exec->wire.channel.ops = &exec_ops;
    exec->close_timeout = setup->limits->close_timeout;
    snprintf(exec->prefix, sizeof exec->prefix, "%s", setup->prefix);
    if (error == 0) error = start(exec, command);
    if (error == 0) {
        *channel = &exec->wire.channel;
        return FL_OK;
    }
    snprintf(problem, 256, "cannot be started: %s", strerror(error));
    exec->failed = true;
    if (exec->pid != 0) stop_child(exec);
    exec_release(exec);
    return error == ENOMEM ? FL_EFULL : FL_EENGINE;
}
