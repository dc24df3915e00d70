#include "engine/proxy_links.h"

#include "engine/channel.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define READ_ROOM 16384u
#define BACKLOG 1024
#define DESCRIPTORS_SPARE 64u /* standard streams, the loop's own, files of results, connections that are ghosts or health checks */

/* A listening socket; lives until its handle is closed. */
struct fl_listening {
    uv_tcp_t tcp; /* first */
    struct fl_links *links;
    uint32_t agent;
};

/* ---- Deadlines: all are equally long, so the order in which they were set is theirs ----------------------------- */

static void on_timer(uv_timer_t *timer);

static void timer_set(struct fl_links *links)
{
    if (links->oldest == NULL || uv_is_active((uv_handle_t *)&links->timer)) return;
    const int64_t left_ns = links->oldest->deadline_ns - fl_clock_ns();
    uv_update_time(links->loop);
    uv_timer_start(&links->timer, on_timer, left_ns > 0 ? (uint64_t)(left_ns + 999999) / 1000000 : 0, 0);
}

static void deadline_clear(struct fl_link *link)
{
    struct fl_links *const links = link->links;
    if (link->deadline_ns == 0) return;
    *(link->older != NULL ? &link->older->younger : &links->oldest) = link->younger;
    *(link->younger != NULL ? &link->younger->older : &links->youngest) = link->older;
    link->older = link->younger = NULL;
    link->deadline_ns = 0;
}

static void deadline_set(struct fl_link *link)
{
    struct fl_links *const links = link->links;
    deadline_clear(link);
    link->deadline_ns = fl_clock_ns() + links->timeout_ns;
    link->older = links->youngest;
    *(links->youngest != NULL ? &links->youngest->younger : &links->oldest) = link;
    links->youngest = link;
    timer_set(links);
}

/* ---- Opening and closing ------------------------------------------------------------------------------------------ */

static void on_link_closed(uv_handle_t *handle)
{
    struct fl_link *const link = (struct fl_link *)handle;
    link->links->open--;
    free(link);
}

void fl_link_close(struct fl_link *link)
{
    struct fl_links *const links = link->links;
    if (link->closing) return;
    link->closing = true;
    deadline_clear(link);
    *(link->before != NULL ? &link->before->behind : &links->all) = link->behind;
    if (link->behind != NULL) link->behind->before = link->before;
    links->buyers -= link->agent == FL_LINK_BUYER;
    uv_close((uv_handle_t *)&link->tcp, on_link_closed); /* the descriptor is closed at once, the memory later */
}

/* The other side, or time, has ended it. */
static void end(struct fl_link *link, enum fl_link_end why)
{
    if (link->closing) return;
    if (!link->leaving) link->links->on_end(link->links->context, link, why);
    fl_link_close(link);
}

static void on_timer(uv_timer_t *timer)
{
    struct fl_links *const links = timer->data;
    const int64_t now_ns = fl_clock_ns();
    while (links->oldest != NULL && links->oldest->deadline_ns <= now_ns) end(links->oldest, FL_LINK_LATE);
    timer_set(links);
}

static struct fl_link *link_new(struct fl_links *links, uint32_t agent)
{
    struct fl_link *const link = calloc(1, sizeof *link);
    if (link == NULL) return NULL;
    link->links = links;
    link->agent = agent;
    link->behind = links->all;
    if (links->all != NULL) links->all->before = link;
    links->all = link;
    links->buyers += agent == FL_LINK_BUYER;
    links->open++;
    uv_tcp_init(links->loop, &link->tcp); /* cannot fail: the socket comes later */
    return link;
}

static uint64_t descriptors_raise(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return UINT64_MAX;
    const struct rlimit most = { limit.rlim_max, limit.rlim_max };
    return setrlimit(RLIMIT_NOFILE, &most) == 0 ? most.rlim_cur : limit.rlim_cur;
}

enum fl_status fl_links_open(struct fl_links *links)
{
    links->descriptors = descriptors_raise();
    links->room = malloc(READ_ROOM);
    uv_timer_init(links->loop, &links->timer); /* cannot fail */
    links->timer.data = links;
    return links->room == NULL ? FL_EFULL : FL_OK;
}

enum fl_status fl_links_seat(struct fl_links *links, uint32_t agents_count)
{
    links->listening = calloc((size_t)agents_count + 1, sizeof(struct fl_listening *));
    if (links->listening == NULL) return FL_EFULL;
    links->agents_count = agents_count;
    return FL_OK;
}

void fl_links_hang_up(struct fl_links *links)
{
    for (uint32_t a = 0; a < links->agents_count; a++) (void)fl_links_listen(links, a, false);
    while (links->all != NULL) fl_link_close(links->all);
}

void fl_links_close(struct fl_links *links)
{
    unsigned timer = 0;
    fl_links_hang_up(links);
    fl_handle_close((uv_handle_t *)&links->timer, &timer);
    fl_loop_settle(links->loop, &timer);
    fl_loop_settle(links->loop, &links->open);
    free(links->listening);
    free(links->room);
}

bool fl_links_have_room(const struct fl_links *links)
{
    return 2 * ((uint64_t)links->buyers + 1) + links->agents_count + DESCRIPTORS_SPARE <= links->descriptors;
}

/* ---- Reading ------------------------------------------------------------------------------------------------------ */

static void on_room_wanted(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    *buf = uv_buf_init(((struct fl_link *)handle)->links->room, READ_ROOM);
}

/* Keeps the beginning; whether the first line, over http the header, is there to its end. */
static bool take_head(struct fl_link *link, const char *bytes, size_t length)
{
    const size_t space = sizeof link->head - 1 - link->head_length, kept = length < space ? length : space;
    memcpy(link->head + link->head_length, bytes, kept);
    link->head_length += (uint32_t)kept;
    if (!link->links->http) return memchr(bytes, '\n', length) != NULL;
    for (size_t i = 0; i < length && link->blank_line < 4; i++) {
        const char wanted = link->blank_line % 2 == 0 ? '\r' : '\n';
        link->blank_line = bytes[i] == wanted ? link->blank_line + 1 : bytes[i] == '\r';
    }
    return link->blank_line == 4;
}

/* Digits at *at, which then stands behind them and the byte that has to follow. */
static bool take_number(const char **at, char follows, uint64_t most, uint64_t *value)
{
    const size_t digits = strspn(*at, "0123456789");
    uint64_t number = 0;
    if (digits == 0 || digits > 19 || (*at)[digits] != follows) return false;
    for (size_t i = 0; i < digits; i++) number = 10 * number + (uint64_t)((*at)[i] - '0');
    *at += digits + 1;
    *value = number;
    return number <= most;
}

static bool read_head(struct fl_link *link)
{
    const bool http = link->links->http;
    const char *const words = http ? "GET /chat/" : "chat ", *at = link->head;
    uint64_t chat, serial;
    link->head[link->head_length] = '\0';
    if (strncmp(at, words, strlen(words)) != 0) return false;
    at += strlen(words);
    if (!take_number(&at, http ? '/' : ' ', UINT32_MAX, &chat) || !take_number(&at, http ? ' ' : '\n', UINT64_MAX, &serial)) return false;
    link->chat = (uint32_t)chat;
    link->serial = serial;
    return serial != 0;
}

static void agent_heard(struct fl_link *link, const char *bytes, size_t length)
{
    if (link->serial != 0 || !take_head(link, bytes, length)) return;
    if (!read_head(link)) {
        fl_link_finish(link); /* a health check, or a stranger */
        return;
    }
    deadline_clear(link);
    link->links->on_line(link->links->context, link);
}

static void buyer_heard(struct fl_link *link, const char *bytes, size_t length)
{
    if (link->leaving) return;
    (void)take_head(link, bytes, length);
    end(link, FL_LINK_ANSWERED);
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
    struct fl_link *const link = (struct fl_link *)stream;
    if (got < 0) end(link, FL_LINK_CLOSED);
    else if (got > 0 && link->agent == FL_LINK_BUYER) buyer_heard(link, buf->base, (size_t)got);
    else if (got > 0) agent_heard(link, buf->base, (size_t)got);
}

/* A few bytes into an empty socket go at once or not at all. */
static bool say(struct fl_link *link, const char *bytes, size_t length)
{
    const uv_buf_t buf = uv_buf_init((char *)bytes, (unsigned)length);
    return uv_try_write((uv_stream_t *)&link->tcp, &buf, 1) == (int)length;
}

/* ---- Agents --------------------------------------------------------------------------------------------------------- */

void fl_link_finish(struct fl_link *link)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    if (link->links->http && !link->closing) (void)say(link, answer, sizeof answer - 1); /* a balancer that is gone has nothing to be told */
    fl_link_close(link);
}

static void adopt(struct fl_link *link)
{
    deadline_set(link);
    uv_tcp_nodelay(&link->tcp, 1);
    if (uv_read_start((uv_stream_t *)&link->tcp, on_room_wanted, on_read) != 0) fl_link_close(link);
}

static void on_connection(uv_stream_t *stream, int status)
{
    struct fl_listening *const listening = (struct fl_listening *)stream;
    struct fl_link *const link = status == 0 ? link_new(listening->links, listening->agent) : NULL;
    if (link == NULL) return;
    if (uv_accept(stream, (uv_stream_t *)&link->tcp) == 0) adopt(link);
    else fl_link_close(link);
}

/* What the kernel has accepted for her is hers: closing the socket would reset it. */
static void accept_rest(struct fl_listening *listening)
{
    uv_os_fd_t fd;
    if (uv_fileno((uv_handle_t *)&listening->tcp, &fd) != 0) return;
    for (int got; (got = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        struct fl_link *const link = link_new(listening->links, listening->agent);
        if (link != NULL && uv_tcp_open(&link->tcp, got) == 0) {
            adopt(link);
            continue;
        }
        close(got);
        if (link != NULL) fl_link_close(link);
    }
}

static void on_listening_closed(uv_handle_t *handle)
{
    ((struct fl_listening *)handle)->links->open--;
    free(handle);
}

static int stop_listening(struct fl_links *links, uint32_t agent)
{
    struct fl_listening *const listening = links->listening[agent];
    links->listening[agent] = NULL;
    accept_rest(listening);
    uv_close((uv_handle_t *)&listening->tcp, on_listening_closed);
    return 0;
}

/* Her own port of the desk's address. */
static struct sockaddr_storage seat_of(const struct fl_links *links, uint32_t agent)
{
    struct sockaddr_storage at = { 0 };
    memcpy(&at, links->desk->ai_addr, links->desk->ai_addrlen);
    in_port_t *const port = at.ss_family == AF_INET6 ? &((struct sockaddr_in6 *)&at)->sin6_port : &((struct sockaddr_in *)&at)->sin_port;
    *port = htons((uint16_t)(ntohs(*port) + agent));
    return at;
}

int fl_links_listen(struct fl_links *links, uint32_t agent, bool on)
{
    if (on == (links->listening[agent] != NULL)) return 0;
    if (!on) return stop_listening(links, agent);
    const struct sockaddr_storage at = seat_of(links, agent);
    struct fl_listening *const listening = calloc(1, sizeof *listening);
    if (listening == NULL) return UV_ENOMEM;
    listening->links = links;
    listening->agent = agent;
    links->open++;
    uv_tcp_init(links->loop, &listening->tcp); /* cannot fail */
    int error = uv_tcp_bind(&listening->tcp, (const struct sockaddr *)&at, 0);
    if (error == 0) error = uv_listen((uv_stream_t *)&listening->tcp, BACKLOG, on_connection);
    if (error == 0) links->listening[agent] = listening;
    else uv_close((uv_handle_t *)&listening->tcp, on_listening_closed);
    return error;
}

/* ---- Buyers ----------------------------------------------------------------------------------------------------------- */

static void on_connected(uv_connect_t *connect, int error)
{
    struct fl_link *const link = connect->data;
    if (link->closing) return;
    link->error = error;
    if (error != 0) {
        end(link, FL_LINK_REFUSED);
        return;
    }
    link->links->stood++;
    deadline_clear(link);
    const bool said = say(link, link->head, link->head_length);
    link->head_length = 0;
    if (!said || uv_read_start((uv_stream_t *)&link->tcp, on_room_wanted, on_read) != 0) end(link, FL_LINK_CLOSED);
}

static int write_head(struct fl_link *link, uint32_t group, uint64_t buyer)
{
    struct fl_links *const links = link->links;
    if (!links->http) return snprintf(link->head, sizeof link->head, "chat %" PRIu32 " %" PRIu64 "\n", link->chat, link->serial);
    return snprintf(link->head, sizeof link->head,
                    "GET /chat/%" PRIu32 "/%" PRIu64 " HTTP/1.1\r\nHost: %.40s\r\nFenliu-Group: %" PRIu32 "\r\nFenliu-Buyer: %016" PRIx64
                    "\r\nConnection: close\r\n\r\n",
                    link->chat, link->serial, links->host, group, buyer);
}

struct fl_link *fl_links_dial(struct fl_links *links, uint32_t chat, uint64_t serial, uint32_t group, uint64_t buyer, int *error)
{
    struct fl_link *const link = link_new(links, FL_LINK_BUYER);
    *error = UV_ENOMEM;
    if (link == NULL) return NULL;
    link->chat = chat;
    link->serial = serial;
    link->head_length = (uint32_t)write_head(link, group, buyer);
    link->connect.data = link;
    *error = uv_tcp_connect(&link->connect, &link->tcp, links->front->ai_addr, on_connected);
    if (*error == 0) {
        uv_tcp_nodelay(&link->tcp, 1);
        deadline_set(link);
        return link;
    }
    fl_link_close(link);
    return NULL;
}

void fl_link_leave(struct fl_link *link)
{
    link->leaving = true;
    deadline_set(link);
}
