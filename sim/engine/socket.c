#include "engine/socket.h"

#include "engine/lookup.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RETRY_NS INT64_C(200000000) /* chosen: a Python engine listens 0.1 s after its start */
/* For the engine to close its side: a socket closed with something unread would be reset, and what we sent last be lost. Many
 * engines keep it open, and all that matters has been acked. */
#define LINGER_NS INT64_C(200000000)
/* Keep-alive, seconds: chosen, so that a peer that vanished is missed within a minute and a half. */
#define SILENT_S 60
#define ASK_AGAIN_S 10
#define ASK_TIMES 3

struct socket {
    struct fl_wire wire; /* first: the channel's address is ours */
    fl_time close_timeout;
};

/* ---- Connecting ---------------------------------------------------------------------------------- */

struct attempt {
    uv_connect_t request;
    bool done;
    int error; /* of libuv */
};

static void on_connected(uv_connect_t *request, int error)
{
    struct attempt *const attempt = request->data;
    attempt->done = true;
    attempt->error = error;
}

/* Waits for an attempt that was begun on the wire's handle; when it fails the handle is closed. */
static enum fl_status attempt_await(struct fl_wire *wire, struct attempt *attempt, int64_t deadline_ns)
{
    enum fl_status status = FL_OK;
    bool late = false;
    while (status == FL_OK && !attempt->done && !late) status = fl_waiter_turn(&wire->waiter, deadline_ns, &late);
    if (attempt->done && attempt->error == 0) return FL_OK;
    const int error = attempt->done ? attempt->error : UV_ETIMEDOUT; /* before closing the handle cancels the attempt */
    fl_handle_close(&wire->in.handle, &wire->open);
    fl_loop_settle(wire->channel.loop, &wire->open);
    attempt->error = error;
    return status == FL_OK ? FL_EENGINE : status;
}

/* What is not to be had costs comfort only, so no error is looked at. */
void fl_socket_set(uv_tcp_t *tcp)
{
    const int again_s = ASK_AGAIN_S, times = ASK_TIMES;
    uv_os_fd_t fd;
    uv_tcp_nodelay(tcp, 1);
    uv_tcp_keepalive(tcp, 1, SILENT_S);
    if (uv_fileno((uv_handle_t *)tcp, &fd) != 0) return;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &again_s, sizeof again_s);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &times, sizeof times);
}

static enum fl_status tcp_try(struct fl_wire *wire, const struct sockaddr *to, int64_t deadline_ns, int *error)
{
    struct attempt attempt = { .request.data = &attempt };
    uv_tcp_init(wire->channel.loop, &wire->in.tcp); /* cannot fail: the socket comes later */
    attempt.error = uv_tcp_connect(&attempt.request, &wire->in.tcp, to, on_connected);
    attempt.done = attempt.error != 0;
    const enum fl_status status = attempt_await(wire, &attempt, deadline_ns);
    *error = attempt.error;
    if (status == FL_OK) fl_socket_set(&wire->in.tcp);
    return status;
}

/* One address after the other. */
static enum fl_status tcp_connect(struct fl_wire *wire, const struct addrinfo *found, int64_t deadline_ns, int *error)
{
    enum fl_status status = FL_EENGINE;
    int left = 0;
    for (const struct addrinfo *a = found; a != NULL; a = a->ai_next) left++;
    for (const struct addrinfo *a = found; a != NULL && status == FL_EENGINE; a = a->ai_next, left--) {
        const int64_t now_ns = fl_clock_ns();
        status = tcp_try(wire, a->ai_addr, now_ns + (deadline_ns - now_ns) / left, error);
    }
    return status;
}

static enum fl_status unix_connect(struct fl_wire *wire, const char *path, int64_t deadline_ns, int *error)
{
    struct attempt attempt = { .request.data = &attempt };
    uv_pipe_init(wire->channel.loop, &wire->in.pipe, 0); /* cannot fail */
    uv_pipe_connect(&attempt.request, &wire->in.pipe, path, on_connected);
    const enum fl_status status = attempt_await(wire, &attempt, deadline_ns);
    *error = attempt.error;
    return status;
}

static enum fl_status pause_for(struct fl_waiter *waiter, int64_t until_ns)
{
    enum fl_status status = FL_OK;
    for (bool late = false; status == FL_OK && !late;) status = fl_waiter_turn(waiter, until_ns, &late);
    return status;
}

static enum fl_status connect_any(struct fl_wire *wire, const struct fl_address *address, const struct addrinfo *found,
                                  const struct fl_engine_def *limits, int64_t deadline_ns, int *error)
{
    for (uint32_t tries = 0;; tries++) {
        enum fl_status status = address->scheme == FL_SCHEME_UNIX ? unix_connect(wire, address->path, deadline_ns, error)
                                                                  : tcp_connect(wire, found, deadline_ns, error);
        const bool not_yet = *error == UV_ECONNREFUSED || *error == UV_ENOENT;
        if (status != FL_EENGINE || !not_yet || tries >= limits->retries || fl_clock_ns() + RETRY_NS >= deadline_ns) return status;
        status = pause_for(&wire->waiter, fl_clock_ns() + RETRY_NS);
        if (status != FL_OK) return status;
    }
}

static enum fl_status fail_unreachable(struct fl_wire *wire, const struct fl_address *address, const char *reason)
{
    if (address->scheme == FL_SCHEME_UNIX) return fl_channel_fail(&wire->channel, "cannot be reached at unix:%s: %s", address->path, reason);
    const char *const form = address->brackets ? "cannot be reached at [%.100s]:%u: %s" : "cannot be reached at %.100s:%u: %s";
    return fl_channel_fail(&wire->channel, form, address->host, address->port, reason);
}

enum fl_status fl_socket_connect(struct fl_wire *wire, const struct fl_address *address, const struct fl_engine_def *limits)
{
    const int64_t deadline_ns = fl_clock_ns() + limits->connect_timeout;
    struct addrinfo *found = NULL;
    const char *reason = "";
    int error = 0;
    enum fl_status status = address->scheme == FL_SCHEME_UNIX ? FL_OK : fl_lookup(&wire->waiter, address, deadline_ns, &found, &reason);
    if (status == FL_OK) {
        status = connect_any(wire, address, found, limits, deadline_ns, &error);
        if (status == FL_EENGINE) reason = error == UV_ETIMEDOUT ? "it does not answer" : uv_strerror(error);
    }
    if (found != NULL) freeaddrinfo(found);
    return status == FL_EENGINE ? fail_unreachable(wire, address, reason) : status;
}

/* ---- The channel --------------------------------------------------------------------------------- */

static void on_shut_down(uv_shutdown_t *request, int status)
{
    (void)status; /* a peer that is gone has nothing to be told */
    request->data = NULL;
}

static void socket_close(struct fl_channel *channel)
{
    struct socket *const socket = (struct socket *)channel;
    struct fl_wire *const wire = &socket->wire;
    uv_shutdown_t request = { .data = socket };
    if (channel->problem[0] == '\0') {
        const int64_t deadline_ns = fl_clock_ns() + socket->close_timeout;
        fl_wire_flush(wire, deadline_ns);
        const int64_t linger_ns = fl_clock_ns() + LINGER_NS, until_ns = linger_ns < deadline_ns ? linger_ns : deadline_ns;
        if (!wire->broken && uv_shutdown(&request, wire->writes, on_shut_down) == 0) fl_wire_drain(wire, until_ns);
    }
    fl_wire_close(wire); /* cancels the request, if it is under way */
    free(socket);
}

static const struct fl_channel_ops socket_ops = { fl_wire_send, fl_wire_line, fl_wire_post, fl_wire_next, socket_close };

static enum fl_status socket_create(const struct fl_channel_setup *setup, struct socket **socket)
{
    *socket = calloc(1, sizeof **socket);
    if (*socket == NULL) return FL_EFULL;
    (*socket)->close_timeout = setup->limits->close_timeout;
    const enum fl_status status = fl_wire_open(&(*socket)->wire, setup, "the connection");
    (*socket)->wire.channel.ops = &socket_ops;
    return status;
}

/* Hands the socket over, or says the problem and frees it. */
static enum fl_status hand_over(struct socket *socket, enum fl_status status, struct fl_channel **channel, char problem[256])
{
    if (status == FL_OK) {
        fl_wire_start(&socket->wire, &socket->wire.in.stream, &socket->wire.in.stream);
        *channel = &socket->wire.channel;
    } else if (socket != NULL) {
        snprintf(problem, 256, "%s", socket->wire.channel.problem);
        fl_wire_close(&socket->wire);
        free(socket);
    }
    return status;
}

enum fl_status fl_socket_open(const struct fl_channel_setup *setup, const struct fl_address *address, struct fl_channel **channel,
                              char problem[256])
{
    struct socket *socket;
    enum fl_status status = socket_create(setup, &socket);
    if (status == FL_OK) status = fl_socket_connect(&socket->wire, address, setup->limits);
    return hand_over(socket, status, channel, problem);
}

static int adopt(struct fl_wire *wire, int fd)
{
    const bool tcp = uv_guess_handle(fd) == UV_TCP;
    int error = tcp ? uv_tcp_init(wire->channel.loop, &wire->in.tcp) : uv_pipe_init(wire->channel.loop, &wire->in.pipe, 0);
    if (error == 0) error = tcp ? uv_tcp_open(&wire->in.tcp, fd) : uv_pipe_open(&wire->in.pipe, fd);
    if (error == 0 && tcp) fl_socket_set(&wire->in.tcp);
    if (error == 0) return 0;
    fl_handle_close(&wire->in.handle, &wire->open);
    return error;
}

enum fl_status fl_socket_adopt(const struct fl_channel_setup *setup, int fd, struct fl_channel **channel, char problem[256])
{
    struct socket *socket;
    enum fl_status status = socket_create(setup, &socket);
    const int error = status == FL_OK ? adopt(&socket->wire, fd) : 0;
    if (error != 0) status = fl_channel_fail(&socket->wire.channel, "cannot be taken over: %s", uv_strerror(error));
    if (status != FL_OK) close(fd);
    return hand_over(socket, status, channel, problem);
}
