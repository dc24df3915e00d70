#include "engine/stream.h"

#include "engine/channel.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOOK_UP_MS 200 /* how long a wait may ignore `stop`: the signal may have gone to another thread */

int64_t fl_clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

enum fl_status fl_stream_open(struct fl_stream *stream, int in, int out, int err)
{
    *stream = (struct fl_stream){ .in = in, .out = out, .err = err, .prefix = "engine", .room = malloc(FL_STREAM_ROOM) };
    return stream->room == NULL ? FL_EFULL : FL_OK;
}

/* ---- The engine's log -------------------------------------------------------------------------- */

static void log_flush(struct fl_stream *stream)
{
    if (stream->log_length == 0) return;
    fprintf(stderr, "%s: %.*s\n", stream->prefix, (int)stream->log_length, stream->log);
    stream->log_length = 0;
}

/* Whole lines at once, so that those of several engines do not mix; a longer one is broken. */
static void log_read(struct fl_stream *stream)
{
    char bytes[4096];
    const ssize_t got = read(stream->err, bytes, sizeof bytes);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        close(stream->err);
        stream->err = -1;
    }
    for (ssize_t i = 0; i < got; i++) {
        if (bytes[i] == '\n' || stream->log_length == sizeof stream->log) log_flush(stream);
        if (bytes[i] != '\n') stream->log[stream->log_length++] = bytes[i];
    }
}

void fl_stream_close(struct fl_stream *stream)
{
    log_flush(stream);
    free(stream->room);
    stream->room = NULL;
}

/* ---- Waiting ----------------------------------------------------------------------------------- */

static void take_in(struct fl_stream *stream)
{
    const ssize_t got = read(stream->in, stream->room + stream->to, FL_STREAM_ROOM - stream->to);
    if (got > 0) stream->to += (size_t)got;
    else if (got == 0 || (errno != EAGAIN && errno != EINTR)) stream->ended = true;
}

static void compact(struct fl_stream *stream)
{
    if (stream->from == 0) return;
    memmove(stream->room, stream->room + stream->from, stream->to - stream->from);
    stream->to -= stream->from;
    stream->seen -= stream->from;
    stream->from = 0;
}

/* Waits until bytes can be sent (when asked for), or something has come in, and takes that in. */
static enum fl_status wait_for_more(struct fl_stream *stream, bool to_send, bool *can_send, int64_t deadline_ns)
{
    const bool has_room = stream->to < FL_STREAM_ROOM;
    struct pollfd fds[3] = { { .fd = stream->ended || !has_room ? -1 : stream->in, .events = POLLIN },
                             { .fd = stream->err, .events = POLLIN },
                             { .fd = to_send ? stream->out : -1, .events = POLLOUT } };
    for (;;) {
        if (stream->stop != NULL && *stream->stop) return FL_EINTERRUPTED;
        /* The deadline holds for an engine that fills its stderr or sends a line byte by byte, too. */
        const int64_t left_ns = deadline_ns - fl_clock_ns();
        const int ready = poll(fds, 3, left_ns <= 0 ? 0 : left_ns < LOOK_UP_MS * INT64_C(1000000) ? (int)(left_ns / 1000000) + 1 : LOOK_UP_MS);
        if (ready > 0 && (left_ns > 0 || (fds[0].revents | fds[2].revents) != 0)) break;
        if (ready < 0 && errno != EINTR) {
            snprintf(stream->problem, sizeof stream->problem, "cannot be waited for: %s", strerror(errno));
            return FL_EENGINE;
        }
        if (left_ns <= 0) {
            snprintf(stream->problem, sizeof stream->problem, to_send ? "reads nothing" : "does not answer");
            return FL_EENGINE;
        }
    }
    if (fds[0].revents != 0) take_in(stream);
    if (fds[1].revents != 0) log_read(stream);
    if (can_send != NULL) *can_send = fds[2].revents != 0;
    return FL_OK;
}

enum fl_status fl_stream_send(struct fl_stream *stream, const char *bytes, size_t length, int64_t deadline_ns)
{
    compact(stream);
    while (length > 0) {
        const ssize_t sent = write(stream->out, bytes, length);
        if (sent >= 0) {
            bytes += sent;
            length -= (size_t)sent;
            continue;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN) {
            snprintf(stream->problem, sizeof stream->problem, "reads no more");
            return FL_EENGINE;
        }
        bool can_send = false;
        const enum fl_status status = wait_for_more(stream, true, &can_send, deadline_ns);
        if (status != FL_OK) return status;
        if (!can_send && fl_clock_ns() >= deadline_ns) { /* it talks, but does not listen */
            snprintf(stream->problem, sizeof stream->problem, "reads nothing");
            return FL_EENGINE;
        }
    }
    return FL_OK;
}

enum fl_status fl_stream_line(struct fl_stream *stream, char **line, size_t *length, int64_t deadline_ns)
{
    for (;;) {
        char *const newline = memchr(stream->room + stream->seen, '\n', stream->to - stream->seen);
        const size_t bytes = (newline != NULL ? (size_t)(newline - stream->room) + 1 : stream->to) - stream->from;
        if (bytes > FL_PROTOCOL_LINE_MAX) {
            snprintf(stream->problem, sizeof stream->problem, "sent a line of more than %u bytes", FL_PROTOCOL_LINE_MAX);
            return FL_EENGINE;
        }
        if (newline != NULL) {
            *line = stream->room + stream->from;
            *length = bytes - 1;
            stream->from += bytes;
            stream->seen = stream->from;
            return FL_OK;
        }
        stream->seen = stream->to;
        if (stream->ended) {
            snprintf(stream->problem, sizeof stream->problem, bytes == 0 ? "closed its output" : "closed its output in the middle of a line");
            return FL_EENGINE;
        }
        compact(stream);
        const enum fl_status status = wait_for_more(stream, false, NULL, deadline_ns);
        if (status != FL_OK) return status;
    }
}

bool fl_stream_drain(struct fl_stream *stream, int64_t deadline_ns)
{
    while (!stream->ended || stream->err >= 0) {
        struct pollfd fds[2] = { { .fd = stream->ended ? -1 : stream->in, .events = POLLIN }, { .fd = stream->err, .events = POLLIN } };
        const int64_t left_ms = (deadline_ns - fl_clock_ns()) / 1000000;
        if (left_ms <= 0) return false;
        if (poll(fds, 2, (int)left_ms) < 0 && errno != EINTR) return false;
        stream->from = stream->seen = stream->to = 0;
        if (fds[0].revents != 0) take_in(stream);
        if (fds[1].revents != 0) log_read(stream);
    }
    return true;
}
