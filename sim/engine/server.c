#include "engine/server.h"

#include "engine/lookup.h"
#include "engine/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- stdin and stdout ---------------------------------------------------------------------------- */

struct standard {
    struct fl_wire wire; /* first: the channel's address is ours */
    int flags[2];        /* of stdin and stdout, as they were; -1: not touched */
    fl_time close_timeout;
};

/* A stream over a copy of the descriptor, so that closing the one leaves the other; for a file, its descriptor alone. */
static int side_open(uv_loop_t *loop, int fd, union fl_wire_handle *handle, uv_stream_t **stream, int *file, int *flags)
{
    const uv_handle_type kind = uv_guess_handle(fd);
    if (kind == UV_UNKNOWN_HANDLE || kind == UV_UDP) return UV_ENOTSUP;
    if (kind == UV_FILE) {
        *file = fd;
        return 0;
    }
    *flags = fcntl(fd, F_GETFL);
    const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (copy < 0) return uv_translate_sys_error(errno);
    int error = kind == UV_TTY   ? uv_tty_init(loop, &handle->tty, copy, 0)
                : kind == UV_TCP ? uv_tcp_init(loop, &handle->tcp)
                                 : uv_pipe_init(loop, &handle->pipe, 0);
    if (error == 0) *stream = &handle->stream;
    if (error == 0 && kind != UV_TTY) error = kind == UV_TCP ? uv_tcp_open(&handle->tcp, copy) : uv_pipe_open(&handle->pipe, copy);
    if (error != 0) close(copy);
    return error;
}

static void standard_release(struct standard *standard)
{
    fl_wire_close(&standard->wire);
    for (int fd = 0; fd < 2; fd++)
        if (standard->flags[fd] >= 0) (void)fcntl(fd, F_SETFL, standard->flags[fd]);
    free(standard);
}

static void standard_close(struct fl_channel *channel)
{
    struct standard *const standard = (struct standard *)channel;
    fl_wire_flush(&standard->wire, fl_clock_ns() + standard->close_timeout);
    standard_release(standard);
}

static const struct fl_channel_ops standard_ops = { fl_wire_send, fl_wire_line, fl_wire_post, fl_wire_next, standard_close };

enum fl_status fl_channel_stdio(const struct fl_channel_setup *setup, struct fl_channel **channel, char problem[256])
{
    struct standard *const standard = calloc(1, sizeof *standard);
    if (standard == NULL) return FL_EFULL;
    struct fl_wire *const wire = &standard->wire;
    uv_stream_t *reads = NULL, *writes = NULL;
    standard->flags[0] = standard->flags[1] = -1;
    standard->close_timeout = setup->limits->close_timeout;
    enum fl_status status = fl_wire_open(wire, setup, "its output");
    wire->channel.ops = &standard_ops;
    int error = 0;
    if (status == FL_OK) error = side_open(setup->loop, STDIN_FILENO, &wire->in, &reads, &wire->file_in, &standard->flags[0]);
    if (status == FL_OK && error == 0) error = side_open(setup->loop, STDOUT_FILENO, &wire->out, &writes, &wire->file_out, &standard->flags[1]);
    wire->reads = reads;
    wire->writes = writes;
    if (status == FL_OK && error == 0) {
        fl_wire_start(wire, reads, writes);
        *channel = &wire->channel;
        return FL_OK;
    }
    if (error != 0) {
        snprintf(problem, 256, "cannot use its stdin and stdout: %s", uv_strerror(error));
        status = FL_EENGINE;
    }
    standard_release(standard);
    return status;
}

/* ---- Listening ----------------------------------------------------------------------------------- */

struct fl_listener {
    struct fl_waiter waiter;
    uv_poll_t poll;
    bool ready;
    unsigned open;
    int fd;
    char url[FL_ADDRESS_HOST_MAX + 16];
    char path[FL_ADDRESS_UNIX_MAX + 1]; /* of the socket file; "" for tcp */
    struct stat made;                   /* the file that is ours */
};

static int bind_and_listen(int fd, const struct sockaddr *to, socklen_t length)
{
    const int yes = 1;
    if (to->sa_family != AF_UNIX && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0) return errno;
    if (bind(fd, to, length) != 0) return errno;
    return listen(fd, SOMAXCONN) != 0 ? errno : 0;
}

/* Whether the file is a socket that nobody listens on. */
static bool is_stale(const struct sockaddr_un *at)
{
    struct stat file;
    if (lstat(at->sun_path, &file) != 0 || !S_ISSOCK(file.st_mode)) return false;
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return false;
    const bool refused = connect(fd, (const struct sockaddr *)at, sizeof *at) != 0 && errno == ECONNREFUSED;
    close(fd);
    return refused;
}

static int listen_unix(struct fl_listener *listener, const struct fl_address *address)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    memcpy(at.sun_path, address->path, strlen(address->path) + 1);
    listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener->fd < 0) return errno;
    const struct sockaddr *const to = (const struct sockaddr *)&at;
    int error = bind_and_listen(listener->fd, to, sizeof at);
    if (error == EADDRINUSE && is_stale(&at) && unlink(at.sun_path) == 0) error = bind_and_listen(listener->fd, to, sizeof at);
    if (error != 0) return error;
    snprintf(listener->url, sizeof listener->url, "unix:%.*s", (int)FL_ADDRESS_UNIX_MAX, address->path);
    if (lstat(at.sun_path, &listener->made) == 0) memcpy(listener->path, address->path, strlen(address->path) + 1);
    return 0;
}

static int listen_tcp(struct fl_listener *listener, const struct addrinfo *found, const struct fl_address *address)
{
    struct sockaddr_storage at = { 0 };
    socklen_t length = sizeof at;
    listener->fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener->fd < 0) return errno;
    const int error = bind_and_listen(listener->fd, found->ai_addr, found->ai_addrlen);
    if (error != 0) return error;
    if (getsockname(listener->fd, (struct sockaddr *)&at, &length) != 0) return errno;
    const uint16_t port = at.ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)&at)->sin6_port : ((const struct sockaddr_in *)&at)->sin_port;
    snprintf(listener->url, sizeof listener->url, address->brackets ? "tcp://[%s]:%u" : "tcp://%s:%u", address->host, ntohs(port));
    return 0;
}

static enum fl_status listen_at(struct fl_listener *listener, const struct fl_address *address, int64_t deadline_ns, const char **reason)
{
    struct addrinfo *found = NULL;
    int error;
    if (address->scheme == FL_SCHEME_UNIX) {
        error = listen_unix(listener, address);
    } else {
        const enum fl_status status = fl_lookup(&listener->waiter, address, deadline_ns, &found, reason);
        if (status != FL_OK) return status;
        error = listen_tcp(listener, found, address);
        freeaddrinfo(found);
    }
    if (error != 0) *reason = uv_strerror(uv_translate_sys_error(error));
    return error == 0 ? FL_OK : FL_EENGINE;
}

enum fl_status fl_listener_open(const struct fl_channel_setup *setup, struct fl_listener **out, char problem[256])
{
    struct fl_address address;
    const char *reason = "";
    enum fl_status status = fl_address_read(setup->url, &address, problem);
    if (status == FL_OK && address.scheme != FL_SCHEME_TCP && address.scheme != FL_SCHEME_UNIX) {
        snprintf(problem, 256, "wanted tcp://HOST:PORT or unix:PATH to listen at, got \"%.100s\"", setup->url);
        status = FL_ESYNTAX;
    }
    if (status != FL_OK) return status;
    struct fl_listener *const listener = calloc(1, sizeof *listener);
    if (listener == NULL) return FL_EFULL;
    listener->fd = -1;
    fl_waiter_open(&listener->waiter, setup->loop, setup->stop);
    status = listen_at(listener, &address, fl_clock_ns() + setup->limits->connect_timeout, &reason);
    if (status == FL_OK && uv_poll_init(setup->loop, &listener->poll, listener->fd) == 0) {
        *out = listener;
        return FL_OK;
    }
    snprintf(problem, 256, "cannot listen at %.140s: %s", setup->url, reason);
    fl_listener_close(listener);
    return status == FL_OK ? FL_EFULL : status;
}

const char *fl_listener_url(const struct fl_listener *listener)
{
    return listener->url;
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
    (void)status; /* accept says it better */
    (void)events;
    ((struct fl_listener *)poll->data)->ready = true;
    uv_poll_stop(poll);
}

/* What a connection can die of between its arrival and accept; the next one is waited for. */
static bool is_passing(int error)
{
    return error == EAGAIN || error == EINTR || error == ECONNABORTED || error == EPROTO || error == ENETDOWN || error == EHOSTUNREACH ||
           error == ENETUNREACH;
}

enum fl_status fl_listener_accept(struct fl_listener *listener, int64_t deadline_ns, int *fd, char problem[256])
{
    bool late = false;
    for (;;) {
        *fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (*fd >= 0) return FL_OK;
        if (!is_passing(errno)) {
            snprintf(problem, 256, "cannot accept a connection: %s", strerror(errno));
            return FL_EENGINE;
        }
        if (late) return FL_OK;
        listener->ready = false;
        listener->poll.data = listener;
        uv_poll_start(&listener->poll, UV_READABLE, on_connection);
        enum fl_status status = FL_OK;
        while (status == FL_OK && !listener->ready && !late) status = fl_waiter_turn(&listener->waiter, deadline_ns, &late);
        uv_poll_stop(&listener->poll);
        if (status != FL_OK) return status;
    }
}

void fl_listener_close(struct fl_listener *listener)
{
    struct stat now;
    uv_loop_t *const loop = listener->waiter.loop;
    if (listener->poll.loop != NULL) fl_handle_close((uv_handle_t *)&listener->poll, &listener->open);
    fl_handle_close((uv_handle_t *)&listener->waiter.timer, &listener->open);
    fl_loop_settle(loop, &listener->open);
    if (listener->fd >= 0) close(listener->fd);
    if (listener->path[0] != '\0' && lstat(listener->path, &now) == 0 && now.st_dev == listener->made.st_dev && now.st_ino == listener->made.st_ino)
        unlink(listener->path);
    free(listener);
}

enum fl_status fl_channel_accepted(const struct fl_channel_setup *setup, int fd, struct fl_channel **channel, char problem[256])
{
    return fl_socket_adopt(setup, fd, channel, problem);
}
