#include "ranks_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PLACES_MAX 24
#define CONNECT_MS 3000 /* for each place: an address of another network may swallow what is sent to it */

/* Half a minute without an answer from the other machine's system: 10 s, then four tries at 5 s. */
static void watch_peer(int link)
{
    const int yes = 1, idle = 10, between = 5, tries = 4, unanswered_ms = 30000;
    setsockopt(link, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
    setsockopt(link, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(link, IPPROTO_TCP, TCP_KEEPINTVL, &between, sizeof between);
    setsockopt(link, IPPROTO_TCP, TCP_KEEPCNT, &tries, sizeof tries);
    setsockopt(link, IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered_ms, sizeof unanswered_ms);
    setsockopt(link, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

/* This machine's addresses: those that others see first, its own loop last. */
static void list_places(uint16_t port, char *places, size_t size)
{
    struct ifaddrs *all = NULL;
    size_t used = 0;
    uint32_t count = 0;
    places[0] = '\0';
    if (getifaddrs(&all) != 0) return;
    for (int loop = 0; loop < 2; loop++) {
        for (const struct ifaddrs *each = all; each != NULL && count < PLACES_MAX; each = each->ifa_next) {
            char name[INET6_ADDRSTRLEN];
            if (each->ifa_addr == NULL || each->ifa_addr->sa_family != AF_INET || !(each->ifa_flags & IFF_UP) ||
                ((each->ifa_flags & IFF_LOOPBACK) != 0) != (loop == 1))
                continue;
            const struct sockaddr_in *const address = (const struct sockaddr_in *)(const void *)each->ifa_addr;
            if (inet_ntop(AF_INET, &address->sin_addr, name, sizeof name) == NULL) continue;
            const int n = snprintf(places + used, size - used, "%s%s %u", used > 0 ? " " : "", name, port);
            if (n < 0 || (size_t)n >= size - used) break;
            used += (size_t)n;
            count++;
        }
    }
    places[used] = '\0';
    freeifaddrs(all);
}

int link_listen(char *places, size_t size)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY) };
    socklen_t length = sizeof address;
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0) return -1;
    if (bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, 1024) == 0 &&
        getsockname(listener, (struct sockaddr *)&address, &length) == 0) {
        list_places(ntohs(address.sin_port), places, size);
        return listener;
    }
    const int why = errno;
    close(listener);
    errno = why;
    return -1;
}

static int connect_one(const char *name, uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    int error = 0;
    socklen_t length = sizeof error;
    if (inet_pton(AF_INET, name, &address.sin_addr) != 1) return -1;
    const int link = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct pollfd waiting = { .fd = link, .events = POLLOUT };
    if (link < 0) return -1;
    if ((connect(link, (struct sockaddr *)&address, sizeof address) == 0 || errno == EINPROGRESS) && poll(&waiting, 1, CONNECT_MS) == 1 &&
        getsockopt(link, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0) {
        const int flags = fcntl(link, F_GETFL);
        if (flags >= 0 && fcntl(link, F_SETFL, flags & ~O_NONBLOCK) == 0) {
            watch_peer(link);
            return link;
        }
    }
    close(link);
    return -1;
}

int link_connect(const char *places)
{
    char name[64];
    unsigned port;
    int used = 0;
    for (const char *at = places; sscanf(at, "%63s %u%n", name, &port, &used) == 2; at += used) {
        const int link = port <= UINT16_MAX ? connect_one(name, (uint16_t)port) : -1;
        if (link >= 0) return link;
    }
    return -1;
}

int link_accept(int listener)
{
    for (;;) {
        const int link = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (link >= 0) {
            watch_peer(link);
            return link;
        }
        if (errno != EINTR && errno != ECONNABORTED) return -1;
    }
}

/* ---- Messages ---------------------------------------------------------------------------------- */

struct frame {
    uint32_t magic, kind;
    uint64_t length;
};
#define FRAME_MAGIC 0x466c5231u

static bool send_all(int link, const void *bytes, size_t length)
{
    for (const char *at = bytes; length > 0;) {
        const ssize_t n = send(link, at, length, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        at += n;
        length -= (size_t)n;
    }
    return true;
}

static bool receive_all(int link, void *bytes, size_t length)
{
    for (char *at = bytes; length > 0;) {
        const ssize_t n = recv(link, at, length, 0);
        if (n <= 0) return false; /* a signal ends it too: who waits for work has nothing to finish */
        at += n;
        length -= (size_t)n;
    }
    return true;
}

bool link_send(int link, enum link_kind kind, const void *head, size_t head_bytes, const void *body, size_t body_bytes)
{
    const struct frame frame = { FRAME_MAGIC, kind, head_bytes + body_bytes };
    return send_all(link, &frame, sizeof frame) && send_all(link, head, head_bytes) && send_all(link, body, body_bytes);
}

bool link_receive(int link, size_t most, struct link_message *message)
{
    struct frame frame;
    if (!receive_all(link, &frame, sizeof frame) || frame.magic != FRAME_MAGIC || frame.kind > LINK_END || frame.length > most) return false;
    char *const bytes = malloc(frame.length + 1);
    if (bytes == NULL) return false;
    if (!receive_all(link, bytes, frame.length)) {
        free(bytes);
        return false;
    }
    bytes[frame.length] = '\0';
    *message = (struct link_message){ (enum link_kind)frame.kind, frame.length, bytes };
    return true;
}
