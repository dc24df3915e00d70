/* The socket that is listened on. It is opened here and not by libwebsockets, so that what is wrong with it can be said. */
#include "http.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORTS_TRIED 100 /* chosen */

/* A socket, or -1 with errno. */
static int listen_at(const struct addrinfo *at)
{
    const int yes = 1, fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes); /* connections of an earlier one that linger hold nothing up */
    if (bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, 64) == 0) return fd;
    const int why = errno;
    close(fd);
    errno = why;
    return -1;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage at;
    socklen_t length = sizeof at;
    char port[8] = "0";
    if (getsockname(fd, (struct sockaddr *)&at, &length) != 0) return 0;
    getnameinfo((struct sockaddr *)&at, length, NULL, 0, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
    return (uint16_t)strtoul(port, NULL, 10);
}

int listen_open(struct guard *guard, bool next)
{
    int fd = -1;
    const uint32_t first = guard->port, last = next ? first + PORTS_TRIED : first;
    for (uint32_t port = first; fd < 0 && port <= last; port++) {
        char text[8];
        struct addrinfo *found = NULL;
        const struct addrinfo hints = { .ai_flags = AI_NUMERICSERV | AI_PASSIVE, .ai_socktype = SOCK_STREAM };
        snprintf(text, sizeof text, "%u", port);
        const int status = getaddrinfo(guard->address, text, &hints, &found);
        if (status != 0) {
            fprintf(stderr, "fenliu serve: %s: %s\n", guard->address, gai_strerror(status));
            return -1;
        }
        fd = listen_at(found);
        freeaddrinfo(found);
        if (fd < 0 && errno != EADDRINUSE) break;
    }
    if (fd < 0) fprintf(stderr, "fenliu serve: cannot listen on %s port %u: %s\n", guard->address, first, strerror(errno));
    else guard->port = port_of(fd);
    return fd;
}
