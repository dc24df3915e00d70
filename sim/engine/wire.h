/* Lines over libuv streams: what the transports share. A transport is a struct that begins with a struct fl_wire, opens the
 * streams, and uses the calls below as its own.
 *
 * What comes in lies in one room of fixed size; when it is full, nothing more is read until lines are taken. What the
 * kernel does not take at once waits in a ring of fixed size and follows in as few writes as the kernel allows. */
#ifndef FL_ENGINE_WIRE_H
#define FL_ENGINE_WIRE_H

#include "engine/channel.h"
#include "engine/loop.h"
#include "engine/protocol.h"

/* A line, and what may have arrived behind it. */
#define FL_WIRE_ROOM ((size_t)2 * FL_PROTOCOL_LINE_MAX)

union fl_wire_handle {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_pipe_t pipe;
    uv_tcp_t tcp;
    uv_tty_t tty;
};

struct fl_wire {
    struct fl_channel channel; /* first: the channel's address is ours */
    struct fl_waiter waiter;
    union fl_wire_handle in, out; /* `out` is not used where one stream goes both ways */
    uv_stream_t *reads, *writes;  /* NULL: not opened, or closed again */
    int file_in, file_out;        /* regular files, which no loop waits for, are read and written directly; -1: none */
    const char *output;           /* what the other side closes, "its output" */
    unsigned open;                /* handles that are being closed */

    char *room;              /* owned: FL_WIRE_ROOM bytes of what came in */
    size_t from, seen, to;   /* room[from, to) is to be read; up to seen no newline */
    bool reading;
    bool ended, reset;       /* the other side sends no more; because the connection was reset */

    char *ring;              /* owned */
    size_t ring_bytes;
    uint64_t head, tail;     /* bytes ever put in and taken out: byte i lies at i mod ring_bytes */
    size_t flying;           /* from head on, with the loop */
    uv_write_t write;
    bool broken;             /* the other side reads no more */
};

/* Prepares the channel, its waiter and its memory; the ops are the caller's. FL_EFULL. */
FL_MUST_CHECK enum fl_status fl_wire_open(struct fl_wire *wire, const struct fl_channel_setup *setup, const char *output);
/* The streams stand: begins to read, with nothing read and nothing waiting. */
void fl_wire_start(struct fl_wire *wire, uv_stream_t *reads, uv_stream_t *writes);
/* Closes the streams as the loop runs on: they are closed when `open` is 0, and others may be started then. */
void fl_wire_disconnect(struct fl_wire *wire);
/* Closes what is open and releases the memory, not the wire. Waits for nothing but the loop's own bookkeeping. */
void fl_wire_close(struct fl_wire *wire);

/* As in struct fl_channel_ops. */
enum fl_status fl_wire_send(struct fl_channel *channel, const char *bytes, size_t length, int64_t deadline_ns);
enum fl_status fl_wire_line(struct fl_channel *channel, char **line, size_t *length, int64_t deadline_ns);
enum fl_status fl_wire_post(struct fl_channel *channel, const char *bytes, size_t length);
enum fl_status fl_wire_next(struct fl_channel *channel, char **line, size_t *length);

/* Bytes that wait to be sent. */
static inline size_t fl_wire_queued(const struct fl_wire *wire)
{
    return (size_t)(wire->tail - wire->head);
}

/* For who frames the bytes in another way. Room[from, to) is what came in; takes `bytes` of it away. */
void fl_wire_consume(struct fl_wire *wire, size_t bytes);
/* Sends what the kernel takes or there is room for; how many bytes. None when the wire is broken. */
size_t fl_wire_put(struct fl_wire *wire, const char *bytes, size_t length);

/* One turn of the loop; what it takes in, from a file too. As fl_waiter_turn. */
FL_MUST_CHECK enum fl_status fl_wire_turn(struct fl_wire *wire, int64_t deadline_ns, bool *late);

/* Lets what waits to be sent go, until the deadline or the other side reads no more. Looks at no `stop`. */
void fl_wire_flush(struct fl_wire *wire, int64_t deadline_ns);
/* Throws away what the other side still says, until it ends or the deadline. Looks at no `stop`. */
void fl_wire_drain(struct fl_wire *wire, int64_t deadline_ns);
/* Closes one of the streams; the other one, where there are two, goes on. */
void fl_wire_stop_writing(struct fl_wire *wire);

/* Says the problem, unless one was said before; FL_EENGINE. */
__attribute__((format(printf, 2, 3))) enum fl_status fl_channel_fail(struct fl_channel *channel, const char *form, ...);

#endif
