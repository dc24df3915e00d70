#include "engine/wire.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WRITE_MAX ((size_t)1 << 30) /* libuv counts the bytes of a buffer in 32 bits */

enum fl_status fl_channel_fail(struct fl_channel *channel, const char *form, ...)
{
    va_list arguments;
    va_start(arguments, form);
    if (channel->problem[0] == '\0') vsnprintf(channel->problem, sizeof channel->problem, form, arguments);
    va_end(arguments);
    return FL_EENGINE;
}

static struct fl_wire *wire_of(struct fl_channel *channel)
{
    return (struct fl_wire *)channel;
}

/* ---- Opening and closing ------------------------------------------------------------------------- */

enum fl_status fl_wire_open(struct fl_wire *wire, const struct fl_channel_setup *setup, const char *output)
{
    *wire = (struct fl_wire){ .channel.loop = setup->loop, .output = output, .file_in = -1, .file_out = -1,
                              .ring_bytes = setup->limits->write_buffer };
    fl_waiter_open(&wire->waiter, setup->loop, setup->stop);
    wire->room = malloc(FL_WIRE_ROOM);
    wire->ring = malloc(wire->ring_bytes);
    return wire->room == NULL || wire->ring == NULL ? FL_EFULL : FL_OK;
}

void fl_wire_stop_writing(struct fl_wire *wire)
{
    if (wire->writes != NULL && wire->writes != wire->reads) fl_handle_close((uv_handle_t *)wire->writes, &wire->open);
    wire->writes = NULL;
    wire->broken = true;
    fl_loop_settle(wire->channel.loop, &wire->open);
}

void fl_wire_disconnect(struct fl_wire *wire)
{
    if (wire->writes != NULL && wire->writes != wire->reads) fl_handle_close((uv_handle_t *)wire->writes, &wire->open);
    if (wire->reads != NULL) fl_handle_close((uv_handle_t *)wire->reads, &wire->open);
    wire->reads = wire->writes = NULL;
    wire->broken = true;
}

void fl_wire_close(struct fl_wire *wire)
{
    fl_wire_disconnect(wire);
    fl_handle_close((uv_handle_t *)&wire->waiter.timer, &wire->open);
    fl_loop_settle(wire->channel.loop, &wire->open);
    free(wire->room);
    free(wire->ring);
    wire->room = wire->ring = NULL;
}

/* ---- Reading ------------------------------------------------------------------------------------- */

static void room_make(struct fl_wire *wire)
{
    if (wire->from == wire->to) {
        wire->from = wire->seen = wire->to = 0;
    } else if (wire->from > 0 && FL_WIRE_ROOM - wire->to < FL_PROTOCOL_LINE_MAX) {
        memmove(wire->room, wire->room + wire->from, wire->to - wire->from);
        wire->to -= wire->from;
        wire->seen -= wire->from;
        wire->from = 0;
    }
}

static void on_room_wanted(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    struct fl_wire *const wire = handle->data;
    room_make(wire);
    *buf = uv_buf_init(wire->room + wire->to, (unsigned)(FL_WIRE_ROOM - wire->to));
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
    (void)buf;
    struct fl_wire *const wire = stream->data;
    if (got > 0) wire->to += (size_t)got;
    if (got < 0 && got != UV_ENOBUFS) {
        wire->ended = true;
        wire->reset = got != UV_EOF;
    }
    if (got >= 0 && wire->to - wire->from < FL_WIRE_ROOM) return;
    uv_read_stop(stream);
    wire->reading = false;
}

/* Reads on, when it had to stop for want of room. */
static void resume(struct fl_wire *wire)
{
    if (wire->reading || wire->ended || wire->reads == NULL || wire->to - wire->from == FL_WIRE_ROOM) return;
    wire->reading = true;
    if (uv_read_start(wire->reads, on_room_wanted, on_read) != 0) wire->ended = wire->reset = true;
}

static void file_read(struct fl_wire *wire)
{
    room_make(wire);
    if (wire->ended || wire->to == FL_WIRE_ROOM) return;
    const ssize_t got = read(wire->file_in, wire->room + wire->to, FL_WIRE_ROOM - wire->to);
    if (got > 0) wire->to += (size_t)got;
    else if (got == 0 || errno != EINTR) wire->ended = true;
}

void fl_wire_start(struct fl_wire *wire, uv_stream_t *reads, uv_stream_t *writes)
{
    wire->reads = reads;
    wire->writes = writes;
    wire->from = wire->seen = wire->to = 0;
    wire->head = wire->tail = 0;
    wire->reading = wire->ended = wire->reset = wire->broken = false;
    if (reads != NULL) reads->data = wire;
    resume(wire);
}

enum fl_status fl_wire_turn(struct fl_wire *wire, int64_t deadline_ns, bool *late)
{
    if (wire->file_in >= 0) file_read(wire);
    if (wire->file_in < 0 || fl_wire_queued(wire) > 0) return fl_waiter_turn(&wire->waiter, deadline_ns, late);
    const enum fl_status status = fl_waiter_turn(&wire->waiter, INT64_MIN, late); /* a file keeps nobody waiting, so neither may the loop */
    *late = false;
    return status;
}

void fl_wire_consume(struct fl_wire *wire, size_t bytes)
{
    wire->from += bytes;
    if (wire->seen < wire->from) wire->seen = wire->from;
    if (!wire->reading) resume(wire);
}

/* ---- Lines ---------------------------------------------------------------------------------------- */

static enum fl_status fail_ended(struct fl_wire *wire)
{
    const bool within = wire->from < wire->to;
    wire->channel.ended = !within && !wire->reset;
    return fl_channel_fail(&wire->channel, "%s %s%s", wire->reset ? "reset" : "closed", wire->output, within ? " in the middle of a line" : "");
}

enum fl_status fl_wire_next(struct fl_channel *channel, char **line, size_t *length)
{
    struct fl_wire *const wire = wire_of(channel);
    char *const newline = memchr(wire->room + wire->seen, '\n', wire->to - wire->seen);
    const size_t bytes = (newline != NULL ? (size_t)(newline - wire->room) + 1 : wire->to) - wire->from;
    *line = NULL;
    if (bytes > FL_PROTOCOL_LINE_MAX) return fl_channel_fail(channel, "sent a line of more than %u bytes", FL_PROTOCOL_LINE_MAX);
    if (newline != NULL) {
        *line = wire->room + wire->from;
        *length = bytes - 1;
        fl_wire_consume(wire, bytes);
        return FL_OK;
    }
    wire->seen = wire->to;
    if (wire->ended) return fail_ended(wire);
    return FL_OK;
}

enum fl_status fl_wire_line(struct fl_channel *channel, char **line, size_t *length, int64_t deadline_ns)
{
    struct fl_wire *const wire = wire_of(channel);
    bool late = false;
    for (;;) {
        enum fl_status status = fl_wire_next(channel, line, length);
        if (status != FL_OK || *line != NULL) return status;
        if (late) return fl_channel_fail(channel, "does not answer");
        status = fl_wire_turn(wire, deadline_ns, &late);
        if (status != FL_OK) return status;
    }
}

/* ---- Writing -------------------------------------------------------------------------------------- */

static size_t file_write(struct fl_wire *wire, const char *bytes, size_t length)
{
    for (size_t done = 0; done < length;) {
        const ssize_t wrote = write(wire->file_out, bytes + done, length - done);
        if (wrote >= 0) {
            done += (size_t)wrote;
        } else if (errno != EINTR) {
            wire->broken = true;
            return 0;
        }
    }
    return length;
}

/* Hands the kernel what it takes at once, behind nothing that waits; how many bytes. */
static size_t write_now(struct fl_wire *wire, const char *bytes, size_t length)
{
    if (wire->broken || fl_wire_queued(wire) > 0) return 0;
    if (wire->file_out >= 0) return file_write(wire, bytes, length);
    const uv_buf_t buf = uv_buf_init((char *)bytes, (unsigned)(length < WRITE_MAX ? length : WRITE_MAX));
    const int wrote = uv_try_write(wire->writes, &buf, 1);
    if (wrote >= 0) return (size_t)wrote;
    wire->broken = wrote != UV_EAGAIN;
    wire->reset |= wrote == UV_ECONNRESET;
    return 0;
}

static void on_written(uv_write_t *write, int status);

/* Gives the loop all that waits. */
static void fly(struct fl_wire *wire)
{
    const size_t at = (size_t)(wire->head % wire->ring_bytes), size = fl_wire_queued(wire);
    const size_t first = size < wire->ring_bytes - at ? size : wire->ring_bytes - at;
    const uv_buf_t bufs[2] = { uv_buf_init(wire->ring + at, (unsigned)first), uv_buf_init(wire->ring, (unsigned)(size - first)) };
    wire->flying = size;
    wire->write.data = wire;
    if (uv_write(&wire->write, wire->writes, bufs, size > first ? 2 : 1, on_written) == 0) return;
    wire->flying = 0;
    wire->broken = true;
}

static void on_written(uv_write_t *write, int status)
{
    struct fl_wire *const wire = write->data;
    wire->head += wire->flying;
    wire->flying = 0;
    if (status < 0) wire->broken = true;
    else if (fl_wire_queued(wire) > 0) fly(wire);
}

/* Puts what there is room for behind what waits; how many bytes. */
static size_t queue(struct fl_wire *wire, const char *bytes, size_t length)
{
    const size_t space = wire->ring_bytes - fl_wire_queued(wire), size = length < space ? length : space;
    if (wire->broken || size == 0) return 0;
    const size_t at = (size_t)(wire->tail % wire->ring_bytes), first = size < wire->ring_bytes - at ? size : wire->ring_bytes - at;
    memcpy(wire->ring + at, bytes, first);
    memcpy(wire->ring, bytes + first, size - first);
    wire->tail += size;
    if (wire->flying == 0) fly(wire);
    return size;
}

size_t fl_wire_put(struct fl_wire *wire, const char *bytes, size_t length)
{
    const size_t gone = write_now(wire, bytes, length);
    return gone + queue(wire, bytes + gone, length - gone);
}

/* One stream both ways is closed as a whole. */
static enum fl_status fail_broken(struct fl_wire *wire)
{
    if (wire->file_out >= 0 || wire->reads != wire->writes) return fl_channel_fail(&wire->channel, "reads no more");
    return fl_channel_fail(&wire->channel, "%s %s", wire->reset ? "reset" : "closed", wire->output);
}

enum fl_status fl_wire_send(struct fl_channel *channel, const char *bytes, size_t length, int64_t deadline_ns)
{
    struct fl_wire *const wire = wire_of(channel);
    bool late = false;
    for (;;) {
        const size_t gone = length > 0 ? fl_wire_put(wire, bytes, length) : 0;
        bytes += gone;
        length -= gone;
        if (wire->broken) return fail_broken(wire);
        if (length == 0 && fl_wire_queued(wire) == 0) return FL_OK;
        if (late) return fl_channel_fail(channel, "reads nothing");
        const enum fl_status status = fl_wire_turn(wire, deadline_ns, &late);
        if (status != FL_OK) return status;
    }
}

enum fl_status fl_wire_post(struct fl_channel *channel, const char *bytes, size_t length)
{
    struct fl_wire *const wire = wire_of(channel);
    if (length > wire->ring_bytes - fl_wire_queued(wire)) return wire->broken ? fail_broken(wire) : FL_EFULL;
    (void)fl_wire_put(wire, bytes, length);
    return wire->broken ? fail_broken(wire) : FL_OK;
}

/* ---- The end ------------------------------------------------------------------------------------- */

void fl_wire_flush(struct fl_wire *wire, int64_t deadline_ns)
{
    bool late = false;
    wire->waiter.stop = NULL;
    while (fl_wire_queued(wire) > 0 && !wire->broken && !late)
        if (fl_wire_turn(wire, deadline_ns, &late) != FL_OK) return;
}

void fl_wire_drain(struct fl_wire *wire, int64_t deadline_ns)
{
    bool late = false;
    wire->waiter.stop = NULL;
    while (!wire->ended && wire->reads != NULL && !late) {
        fl_wire_consume(wire, wire->to - wire->from);
        if (fl_wire_turn(wire, deadline_ns, &late) != FL_OK) return;
    }
}
