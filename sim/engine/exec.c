#include "engine/exec.h"

#include "engine/stream.h"

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

#define GRACE_EXIT_NS INT64_C(2000000000) /* to end after its stdin closed: chosen, an interpreter's shutdown takes 0.1 s */
#define GRACE_TERM_NS INT64_C(1000000000)
#define GRACE_DEAD_NS INT64_C(200000000)  /* between closing its output and its exit status */

extern char **environ;

struct exec {
    struct fl_channel channel; /* first: the channel's address is ours */
    struct fl_stream stream;
    pid_t pid; /* 0: reaped */
    int status;
    bool failed;
    char prefix[64];
};

static struct exec *exec_of(struct fl_channel *channel)
{
    return (struct exec *)channel;
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

static void close_fd(int *fd)
{
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

static void stop_child(struct exec *exec)
{
    const pid_t group = exec->pid;
    close_fd(&exec->stream.out);
    if (!exec->failed) {
        const int64_t patience = fl_clock_ns() + GRACE_EXIT_NS;
        (void)fl_stream_drain(&exec->stream, patience);
        if (reap(exec, patience)) return;
        fprintf(stderr, "%s: still there %d s after its stdin was closed; ending it\n", exec->prefix, (int)(GRACE_EXIT_NS / 1000000000));
        exec->failed = true; /* how it ends now is our doing */
    }
    if (exec->pid == 0) return;
    kill(-group, SIGTERM);
    if (!reap(exec, fl_clock_ns() + GRACE_TERM_NS)) {
        kill(-group, SIGKILL);
        (void)reap(exec, INT64_MAX);
    }
    kill(-group, SIGKILL); /* children of its own that ignored SIGTERM */
    (void)fl_stream_drain(&exec->stream, fl_clock_ns() + GRACE_DEAD_NS);
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

/* A child that has gone says more by its exit status than by its closed pipe. */
static enum fl_status note(struct exec *exec, enum fl_status status)
{
    if (status != FL_EENGINE) return status;
    exec->failed = true;
    if (strstr(exec->stream.problem, "reads no more") != NULL || exec->stream.ended) {
        (void)fl_stream_drain(&exec->stream, fl_clock_ns() + GRACE_DEAD_NS);
        if (reap(exec, fl_clock_ns() + GRACE_DEAD_NS)) {
            describe_exit(exec, exec->channel.problem, sizeof exec->channel.problem);
            return status;
        }
    }
    snprintf(exec->channel.problem, sizeof exec->channel.problem, "%s", exec->stream.problem);
    return status;
}

static enum fl_status exec_send(struct fl_channel *channel, const char *bytes, size_t length, int64_t deadline_ns)
{
    struct exec *const exec = exec_of(channel);
    return note(exec, fl_stream_send(&exec->stream, bytes, length, deadline_ns));
}

static enum fl_status exec_line(struct fl_channel *channel, char **line, size_t *length, int64_t deadline_ns)
{
    struct exec *const exec = exec_of(channel);
    return note(exec, fl_stream_line(&exec->stream, line, length, deadline_ns));
}

static void exec_release(struct exec *exec)
{
    close_fd(&exec->stream.in);
    close_fd(&exec->stream.out);
    close_fd(&exec->stream.err);
    fl_stream_close(&exec->stream);
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

static const struct fl_channel_ops exec_ops = { exec_send, exec_line, exec_close };

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

enum fl_status fl_exec_open(const char *command, const char *prefix, const atomic_bool *stop, struct fl_channel **channel, char problem[256])
{
    int pipes[3][2] = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
    int error = 0;
    pid_t pid = 0;
    struct exec *const exec = calloc(1, sizeof *exec);
    if (exec == NULL) return FL_EFULL;
    /* Closed on exec: an engine must not hold its neighbour's pipes open. */
    for (int i = 0; i < 3 && error == 0; i++) error = pipe2(pipes[i], O_CLOEXEC) != 0 ? errno : 0;
    if (error == 0) {
        const int theirs[3] = { pipes[0][0], pipes[1][1], pipes[2][1] };
        error = spawn(command, theirs, &pid);
    }
    close_fd(&pipes[0][0]);
    close_fd(&pipes[1][1]);
    close_fd(&pipes[2][1]);
    const int ours[3] = { pipes[0][1], pipes[1][0], pipes[2][0] };
    for (int i = 0; i < 3 && error == 0; i++) error = fcntl(ours[i], F_SETFL, fcntl(ours[i], F_GETFL) | O_NONBLOCK) != 0 ? errno : 0;
    exec->pid = pid;
    exec->channel.ops = &exec_ops;
    snprintf(exec->prefix, sizeof exec->prefix, "%s", prefix);
    if (fl_stream_open(&exec->stream, ours[1], ours[0], ours[2]) != FL_OK) error = ENOMEM;
    exec->stream.stop = stop;
    exec->stream.prefix = exec->prefix;
    if (error == 0) {
        *channel = &exec->channel;
        return FL_OK;
    }
    snprintf(problem, 256, "cannot be started: %s", strerror(error));
    exec->failed = true;
    if (pid != 0) stop_child(exec);
    exec_release(exec);
    return FL_EENGINE;
}
