#include "engine/http.h"

#include "engine/http_response.h"
#include "engine/socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAUSE_NS INT64_C(200000000) /* before a connection that was refused is tried again, as in socket.c */
#define HEAD_MAX (FL_ADDRESS_PATH_MAX + FL_ADDRESS_HOST_MAX + 384) /* bytes of a request's head */

#define NO_EVENT (-1)

/* Bytes one behind the other; the first `from` of them are done with. */
struct bytes {
    char *at; /* owned */
    size_t from, to, room;
};

struct request {
    size_t from, to; /* of `bodies` */
    int64_t event;   /* 0: hello; NO_EVENT: nothing in it wants an answer */
    uint32_t tries;  /* connections that were lost over it */
};

enum link { LINK_DOWN, LINK_PAUSING, LINK_CONNECTING, LINK_UP };

struct http {
    struct fl_wire wire; /* first: the channel's address is ours */
    struct fl_engine_def limits;
    char head[HEAD_MAX]; /* of every request, up to the value of Content-Length */
    size_t head_length;

    struct bytes bodies;       /* of requests that have no response yet, and of the one being collected */
    size_t collected;          /* where in it the latter begins */
    struct request *requests;  /* owned: [requests_room]; [first, count) have no response yet, [first, sent) are under way */
    size_t first, sent, count, requests_room;
    struct bytes out;          /* requests on their way to the wire */

    enum link link;
    struct sockaddr_storage peer;
    uv_connect_t connect;
    uv_timer_t timer;          /* turns the loop at the end of a pause, and when connecting takes too long */
    bool connected;            /* the attempt is over, with connect_error */
    int connect_error;
    uint32_t refused;          /* attempts in a row */
    int64_t pause_ends_ns, connect_ends_ns;

    struct fl_http_response response;
    uint32_t lines;            /* of the response at hand */
    char line[FL_PROTOCOL_LINE_MAX], copy[FL_PROTOCOL_LINE_MAX];
};

static struct http *http_of(struct fl_channel *channel)
{
    return (struct http *)channel;
}

/* ---- Bytes --------------------------------------------------------------------------------------- */

static bool bytes_add(struct bytes *bytes, const char *more, size_t length)
{
    if (bytes->room - bytes->to < length) {
        size_t room = bytes->room == 0 ? 4096 : bytes->room;
        while (room - bytes->to < length) room *= 2;
        char *const at = realloc(bytes->at, room);
        if (at == NULL) return false;
        bytes->at = at;
        bytes->room = room;
    }
    memcpy(bytes->at + bytes->to, more, length);
    bytes->to += length;
    return true;
}

/* Moves what is left to the front once that is the smaller part; by how much it moved. */
static size_t bytes_compact(struct bytes *bytes)
{
    const size_t moved = bytes->from, left = bytes->to - bytes->from;
    if (moved == 0 || left > moved) return 0;
    memmove(bytes->at, bytes->at + moved, left);
    bytes->from = 0;
    bytes->to = left;
    return moved;
}

/* ---- Lines become requests ------------------------------------------------------------------------- */

/* The number in {"t":"TYPE","n":17, as the protocol's writer writes it; 0 for hello; NO_EVENT: wants no answer. */
static int64_t event_of(const char *line, size_t length)
{
    static const char start[] = "{\"t\":\"", hello[] = "hello\"", error[] = "error\"", verdict[] = "verdict\"", number[] = "\"n\":";
    const char *const type = line + sizeof start - 1, *const end = line + length;
    if (length < 32 || memcmp(line, start, sizeof start - 1) != 0) return NO_EVENT;
    if (memcmp(type, hello, sizeof hello - 1) == 0) return 0;
    if (memcmp(type, error, sizeof error - 1) == 0 || memcmp(type, verdict, sizeof verdict - 1) == 0) return NO_EVENT;
    const char *const comma = memchr(type, ',', (size_t)(end - type));
    if (comma == NULL || (size_t)(end - comma) < sizeof number || memcmp(comma + 1, number, sizeof number - 1) != 0) return NO_EVENT;
    int64_t event = 0;
    for (const char *digit = comma + sizeof number; digit < end && *digit >= '0' && *digit <= '9'; digit++) event = 10 * event + (*digit - '0');
    return event;
}

static bool request_add(struct http *http, int64_t event)
{
    if (http->count == http->requests_room) {
        if (http->first > 0 && http->first >= http->count / 2) {
            memmove(http->requests, http->requests + http->first, (http->count - http->first) * sizeof *http->requests);
            http->count -= http->first;
            http->sent -= http->first;
            http->first = 0;
        } else {
            const size_t room = http->requests_room == 0 ? 16 : 2 * http->requests_room;
            struct request *const requests = realloc(http->requests, room * sizeof *requests);
            if (requests == NULL) return false;
            http->requests = requests;
            http->requests_room = room;
        }
    }
    http->requests[http->count++] = (struct request){ http->collected, http->bodies.to, event, 0 };
    http->collected = http->bodies.to;
    return true;
}

/* A line without its end joins the array that is being collected, which its answer ends. */
static bool take_line(struct http *http, const char *line, size_t length)
{
    const int64_t event = event_of(line, length);
    if (!bytes_add(&http->bodies, http->collected == http->bodies.to ? "[" : ",\n", http->collected == http->bodies.to ? 1 : 2)) return false;
    if (!bytes_add(&http->bodies, line, length)) return false;
    if (event == NO_EVENT) return true;
    return bytes_add(&http->bodies, "]\n", 2) && request_add(http, event);
}

static enum fl_status take(struct http *http, const char *bytes, size_t length)
{
    for (const char *const end = bytes + length; bytes < end;) {
        const char *const newline = memchr(bytes, '\n', (size_t)(end - bytes));
        const char *const line_end = newline != NULL ? newline : end;
        if (!take_line(http, bytes, (size_t)(line_end - bytes))) return FL_EFULL;
        bytes = line_end + 1;
    }
    return FL_OK;
}

/* ---- Requests go out ------------------------------------------------------------------------------- */

static bool compose(struct http *http, const struct request *request)
{
    char length[32];
    const int digits = snprintf(length, sizeof length, "%zu\r\n\r\n", request->to - request->from);
    return bytes_add(&http->out, http->head, http->head_length) && bytes_add(&http->out, length, (size_t)digits) &&
           bytes_add(&http->out, http->bodies.at + request->from, request->to - request->from);
}

/* Sends all that may be under way, in one write when the kernel takes it. */
static enum fl_status pump(struct http *http)
{
    while (http->sent < http->count && http->sent - http->first < http->limits.http_pipeline)
        if (!compose(http, &http->requests[http->sent++])) return FL_EFULL;
    if (http->out.from == http->out.to) return FL_OK;
    http->out.from += fl_wire_put(&http->wire, http->out.at + http->out.from, http->out.to - http->out.from);
    (void)bytes_compact(&http->out);
    return FL_OK;
}

/* Whether all that may be sent has been handed to the kernel. A server that reads no more may have answered, which is seen when its
 * answer is waited for. */
static bool is_flushed(const struct http *http)
{
    if (http->link == LINK_UP && http->wire.broken) return true;
    if (http->sent == http->count && http->first == http->sent) return true; /* lines that want no answer wait for one that does */
    return http->link == LINK_UP && http->sent > http->first && http->out.from == http->out.to && fl_wire_queued(&http->wire) == 0;
}

/* ---- The connection -------------------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer)
{
    (void)timer; /* that it ends the turn is all it is for */
}

static void on_connected(uv_connect_t *connect, int error)
{
    struct http *const http = connect->data;
    if (http->link != LINK_CONNECTING) return; /* given up */
    http->connected = true;
    http->connect_error = error;
}

static void connect_begin(struct http *http)
{
    http->link = LINK_CONNECTING;
    http->connected = false;
    http->connect.data = http;
    uv_tcp_init(http->wire.channel.loop, &http->wire.in.tcp); /* cannot fail: the socket comes later */
    http->connect_error = uv_tcp_connect(&http->connect, &http->wire.in.tcp, (const struct sockaddr *)&http->peer, on_connected);
    if (http->connect_error != 0) http->connected = true;
    uv_timer_start(&http->timer, on_timer, (uint64_t)(http->limits.connect_timeout / 1000000 + 1), 0);
}

/* A connection stands: what has no response yet goes out, from the beginning. */
static void link_up(struct http *http)
{
    char *const line = http->line;
    http->link = LINK_UP;
    http->refused = 0;
    http->sent = http->first;
    http->out.from = http->out.to = 0;
    http->lines = 0;
    memset(&http->response, 0, sizeof http->response);
    http->response.line = line;
    fl_socket_set(&http->wire.in.tcp);
    uv_timer_stop(&http->timer);
    fl_wire_start(&http->wire, &http->wire.in.stream, &http->wire.in.stream);
}

static void link_down(struct http *http)
{
    http->link = LINK_DOWN;
    fl_wire_disconnect(&http->wire);
}

static enum fl_status connect_end(struct http *http)
{
    const int64_t now_ns = fl_clock_ns();
    const bool late = now_ns >= http->connect_ends_ns;
    if (!http->connected && !late) return FL_OK;
    if (http->connected && http->connect_error == 0) {
        link_up(http);
        return FL_OK;
    }
    const int error = http->connected ? http->connect_error : UV_ETIMEDOUT;
    http->link = LINK_DOWN;
    fl_handle_close(&http->wire.in.handle, &http->wire.open);
    if (error != UV_ECONNREFUSED || http->refused++ >= http->limits.retries || late)
        return fl_channel_fail(&http->wire.channel, "cannot be reached again: %s", error == UV_ETIMEDOUT ? "it does not answer" : uv_strerror(error));
    http->link = LINK_PAUSING;
    http->pause_ends_ns = now_ns + PAUSE_NS;
    uv_timer_start(&http->timer, on_timer, PAUSE_NS / 1000000, 0);
    return FL_OK;
}

/* Brings the connection on: opens it when there is something to send. */
static enum fl_status link_tend(struct http *http)
{
    switch (http->link) {
    case LINK_UP: return FL_OK;
    case LINK_CONNECTING: return connect_end(http);
    case LINK_PAUSING:
        if (fl_clock_ns() < http->pause_ends_ns) return FL_OK;
        break;
    case LINK_DOWN:
        if (http->first == http->count) return FL_OK;
        http->connect_ends_ns = fl_clock_ns() + http->limits.connect_timeout;
        http->refused = 0;
        break;
    }
    if (http->wire.open == 0) connect_begin(http); /* the last one is closed */
    return FL_OK;
}

/* The connection has ended. Nobody minds when nothing is under way; what has had no byte of a response is sent again. */
static enum fl_status link_lost(struct http *http)
{
    const bool reset = http->wire.reset || http->wire.broken;
    if (http->first < http->sent) {
        struct request *const request = &http->requests[http->first];
        if (request->tries++ >= http->limits.retries)
            return fl_channel_fail(&http->wire.channel, "%s the connection without an answer", reset ? "reset" : "closed");
    }
    link_down(http);
    return FL_OK;
}

/* ---- Responses become lines -------------------------------------------------------------------------- */

/* An ack of the event at hand, which the end of the response stands for. Only a line that has the word is looked at closely. */
static bool is_own_ack(struct http *http, int64_t event)
{
    struct fl_message message;
    const struct fl_http_response *const response = &http->response;
    if (memmem(response->line, response->line_length, "\"ack\"", 5) == NULL) return false;
    memcpy(http->copy, response->line, response->line_length); /* scanning changes it */
    if (fl_message_scan(http->copy, response->line_length, &message) != FL_OK) return false;
    const struct fl_field *const number = fl_message_find(&message, "n");
    return fl_field_is(fl_message_find(&message, "t"), "ack") && number != NULL && number->kind == FL_FIELD_INTEGER && number->integer == event;
}

static bool wants_verdicts(struct http *http)
{
    struct fl_message message;
    memcpy(http->copy, http->response.line, http->response.line_length);
    if (fl_message_scan(http->copy, http->response.line_length, &message) != FL_OK) return false; /* told by who reads it */
    const struct fl_field *const wants = fl_message_find(&message, "wants");
    return wants != NULL && wants->kind == FL_FIELD_TEXT && memmem(wants->text, wants->text_length, "verdict", 7) != NULL;
}

static enum fl_status take_answer(struct http *http, char **line, size_t *length)
{
    const int64_t event = http->requests[http->first].event;
    http->lines++;
    if (event == NO_EVENT) return FL_OK;
    if (event > 0 && is_own_ack(http, event)) return FL_OK;
    if (event == 0 && wants_verdicts(http)) return fl_channel_fail(&http->wire.channel, "wants verdicts, which cannot be had over http");
    *line = http->response.line;
    *length = http->response.line_length;
    return FL_OK;
}

/* The response is whole. */
static enum fl_status take_end(struct http *http, char **line, size_t *length)
{
    const struct request request = http->requests[http->first++];
    const uint32_t lines = http->lines;
    http->lines = 0;
    http->bodies.from = request.to;
    const size_t moved = bytes_compact(&http->bodies);
    http->collected -= moved;
    for (size_t i = http->first; i < http->count; i++) {
        http->requests[i].from -= moved;
        http->requests[i].to -= moved;
    }
    if (!http->response.keeps) link_down(http);
    if (request.event == NO_EVENT) return FL_OK;
    if (request.event == 0) return lines > 0 ? FL_OK : fl_channel_fail(&http->wire.channel, "answers hello with nothing");
    *line = http->line;
    *length = (size_t)snprintf(http->line, sizeof http->line, "{\"t\":\"ack\",\"n\":%lld}", (long long)request.event);
    return FL_OK;
}

/* What came in, up to a line; *more: there may be more. */
static enum fl_status hear(struct http *http, char **line, size_t *length, bool *more)
{
    struct fl_wire *const wire = &http->wire;
    enum fl_http_got got;
    enum fl_status status;
    size_t used = 0;
    const bool over = wire->ended && wire->from == wire->to, idle = http->first == http->sent;
    *more = false;
    if (over) status = fl_http_read_end(&http->response, &got);
    else status = fl_http_read(&http->response, wire->room + wire->from, wire->to - wire->from, &used, &got);
    fl_wire_consume(wire, used);
    if (idle && (over || http->response.begun || status != FL_OK)) { /* closed, or the server says that it will (408) */
        link_down(http);
        return FL_OK;
    }
    if (status != FL_OK) return fl_channel_fail(&wire->channel, "%s", http->response.problem);
    *more = got != FL_HTTP_MORE || over;
    if (got == FL_HTTP_LINE) return take_answer(http, line, length);
    if (got == FL_HTTP_END) return take_end(http, line, length);
    return over ? link_lost(http) : FL_OK;
}

/* ---- The channel ------------------------------------------------------------------------------------- */

static enum fl_status http_next(struct fl_channel *channel, char **line, size_t *length)
{
    struct http *const http = http_of(channel);
    bool more = true;
    *line = NULL;
    while (more) {
        enum fl_status status = link_tend(http);
        if (status != FL_OK || http->link != LINK_UP) return status;
        status = pump(http);
        if (status == FL_OK) status = hear(http, line, length, &more);
        if (status != FL_OK || *line != NULL) return status;
    }
    return FL_OK;
}

static enum fl_status http_line(struct fl_channel *channel, char **line, size_t *length, int64_t deadline_ns)
{
    bool late = false;
    for (;;) {
        enum fl_status status = http_next(channel, line, length);
        if (status != FL_OK || *line != NULL) return status;
        if (late) return fl_channel_fail(channel, "does not answer");
        status = fl_wire_turn(&http_of(channel)->wire, deadline_ns, &late);
        if (status != FL_OK) return status;
    }
}

static enum fl_status http_send(struct fl_channel *channel, const char *bytes, size_t length, int64_t deadline_ns)
{
    struct http *const http = http_of(channel);
    bool late = false;
    enum fl_status status = take(http, bytes, length);
    while (status == FL_OK) {
        status = link_tend(http);
        if (status == FL_OK && http->link == LINK_UP) status = pump(http);
        if (status != FL_OK || is_flushed(http)) return status;
        if (late) return fl_channel_fail(channel, "reads nothing");
        status = fl_wire_turn(&http->wire, deadline_ns, &late);
    }
    return status;
}

static enum fl_status http_post(struct fl_channel *channel, const char *bytes, size_t length)
{
    struct http *const http = http_of(channel);
    if (length + (http->bodies.to - http->bodies.from) > http->limits.write_buffer) return FL_EFULL;
    enum fl_status status = take(http, bytes, length);
    if (status == FL_OK) status = link_tend(http);
    return status == FL_OK && http->link == LINK_UP ? pump(http) : status;
}

static void http_release(struct http *http)
{
    http->link = LINK_DOWN;
    if (http->timer.loop != NULL) fl_handle_close((uv_handle_t *)&http->timer, &http->wire.open);
    fl_wire_close(&http->wire);
    free(http->bodies.at);
    free(http->out.at);
    free(http->requests);
    free(http);
}

/* What no event will take along, the refusal of a decision on the last one, goes by itself. false: no memory. */
static bool collect_rest(struct http *http)
{
    if (http->collected == http->bodies.to) return true;
    return bytes_add(&http->bodies, "]\n", 2) && request_add(http, NO_EVENT);
}

/* Requests that wait still go, and their responses are waited for. */
static void http_close(struct fl_channel *channel)
{
    struct http *const http = http_of(channel);
    const int64_t deadline_ns = fl_clock_ns() + http->limits.close_timeout;
    enum fl_status status = channel->problem[0] != '\0' ? FL_EENGINE : collect_rest(http) ? FL_OK : FL_EFULL;
    bool late = false;
    http->wire.waiter.stop = NULL;
    while (status == FL_OK && http->first < http->count && !late) {
        char *line;
        size_t length;
        status = http_next(channel, &line, &length);
        if (status == FL_OK && line == NULL) status = fl_wire_turn(&http->wire, deadline_ns, &late);
    }
    if (http->link == LINK_CONNECTING) fl_handle_close(&http->wire.in.handle, &http->wire.open);
    http_release(http);
}

static const struct fl_channel_ops http_ops = { http_send, http_line, http_post, http_next, http_close };

/* Which of several engines at this address is meant, also behind a lost connection and beside other harnesses. */
static void session_name(const char *prefix, char name[64])
{
    snprintf(name, 64, "%ld-%.40s", (long)getpid(), prefix);
    for (; *name != '\0'; name++)
        if (*name <= ' ' || *name > '~') *name = '-';
}

static void head_write(struct http *http, const struct fl_address *address, const char *prefix)
{
    char port[8] = "", session[64];
    session_name(prefix, session);
    if (address->port != 80) snprintf(port, sizeof port, ":%u", address->port);
    http->head_length = (size_t)snprintf(http->head, sizeof http->head,
                                         "POST %s HTTP/1.1\r\nHost: %s%s%s%s\r\nUser-Agent: fenliu/" FENLIU_VERSION "\r\n"
                                         "Content-Type: application/json\r\n"
                                         "Accept: application/json, application/x-ndjson\r\nFenliu-Session: %s\r\nContent-Length: ",
                                         address->path, address->brackets ? "[" : "", address->host, address->brackets ? "]" : "", port, session);
}

enum fl_status fl_http_open(const struct fl_channel_setup *setup, const struct fl_address *address, struct fl_channel **channel, char problem[256])
{
    struct http *const http = calloc(1, sizeof *http);
    if (http == NULL) return FL_EFULL;
    http->limits = *setup->limits;
    int length = sizeof http->peer;
    enum fl_status status = fl_wire_open(&http->wire, setup, "the connection");
    http->wire.channel.ops = &http_ops;
    uv_timer_init(setup->loop, &http->timer); /* cannot fail */
    head_write(http, address, setup->prefix);
    if (status == FL_OK) status = fl_socket_connect(&http->wire, address, setup->limits);
    if (status == FL_OK) {
        link_up(http);
        if (uv_tcp_getpeername(&http->wire.in.tcp, (struct sockaddr *)&http->peer, &length) == 0) {
            *channel = &http->wire.channel;
            return FL_OK;
        }
        status = fl_channel_fail(&http->wire.channel, "has closed the connection already");
    }
    snprintf(problem, 256, "%s", http->wire.channel.problem);
    http_release(http);
    return status;
}
