/* One child process: this same program with other arguments, in a folder of its own and within limits.
 *
 * Its standard output goes to a file; what it says on standard error comes as it is said. It ends by itself, by child_stop or when its time is
 * over: asked by SIGTERM first, which fenliu answers with what it has, and killed two seconds later. Where its parent is killed it is too. */
#ifndef FENLIU_SERVE_CHILD_H
#define FENLIU_SERVE_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct child;

struct child_setup {
    char **argv;          /* NULL at the end; the first is ignored */
    const char *folder;   /* where it works */
    int output;           /* its standard output; stays the caller's */
    uint64_t limit_ms;    /* wall clock */
    void *context;
    void (*on_said)(void *context, const char *bytes, size_t length);
    void (*on_ended)(void *context, int code, bool timed_out); /* once and last; its memory is the caller's again. code as a shell gives it: 128 + a signal */
};

struct child {
    uv_process_t process;
    uv_pipe_t said;
    uv_timer_t clock;
    struct child_setup setup;
    uint32_t open; /* handles that are not closed */
    int code;
    bool exited, silent, stopping, timed_out;
    char buffer[4096];
};

/* 0, and on_ended will come; or libuv's error, and it comes with code -1 once the handles are closed. */
int child_start(struct child *child, uv_loop_t *loop, const struct child_setup *setup);
void child_stop(struct child *child);

/* Of the process that begins others, once: they learn from its environment who it is. */
bool child_prepare(void);
/* Of every process before anything else: one that was begun so is killed from here on when its parent ends. */
void child_begin(void);

#endif
