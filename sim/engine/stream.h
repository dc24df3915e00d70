/* Lines over file descriptors: the part that transports share. */
#ifndef FL_ENGINE_STREAM_H
#define FL_ENGINE_STREAM_H

#include <stdatomic.h>
#include "core/status.h"
#include "engine/protocol.h"

struct fl_stream {
    int in, out, err;          /* from the engine, to it, its log; all non-blocking; -1: none. The owner closes them */
    const atomic_bool *stop; /* optional: looked at while waiting */
    const char *prefix;        /* stands before each line of the log on our stderr */
    char *room;                /* owned: FL_STREAM_ROOM bytes of what came in */
    size_t from, seen, to;     /* room[from, to) is to be read; up to seen no newline */
    char log[512];             /* of a line of the log that is not whole yet */
    size_t log_length;
    bool ended;                /* the engine closed its side */
    char problem[160];
};

/* A line, and what may have arrived behind it. */
#define FL_STREAM_ROOM (2 * FL_PROTOCOL_LINE_MAX)

FL_MUST_CHECK enum fl_status fl_stream_open(struct fl_stream *stream, int in, int out, int err);
/* Passes on what is left of the log and releases the room. */
void fl_stream_close(struct fl_stream *stream);

/* As in struct fl_channel_ops; the problem is the stream's. */
FL_MUST_CHECK enum fl_status fl_stream_send(struct fl_stream *stream, const char *bytes, size_t length, int64_t deadline_ns);
FL_MUST_CHECK enum fl_status fl_stream_line(struct fl_stream *stream, char **line, size_t *length, int64_t deadline_ns);

/* Throws away what the engine still says, until it closes its side and its log, or the deadline. Whether it closed. */
bool fl_stream_drain(struct fl_stream *stream, int64_t deadline_ns);

#endif
