#include "engine/lookup.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Shared with the thread; whoever is the last to leave frees it. */
struct lookup {
    atomic_int owners;
    int done[2]; /* a pipe: a byte means that `error` and `found` are set */
    int error;
    struct addrinfo *found;
    char host[FL_ADDRESS_HOST_MAX + 1], port[8];
};

static const struct addrinfo stream_hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };

static void leave(struct lookup *lookup)
{
    if (atomic_fetch_sub(&lookup->owners, 1) > 1) return;
    if (lookup->found != NULL) freeaddrinfo(lookup->found);
    close(lookup->done[0]);
    close(lookup->done[1]);
    free(lookup);
}

static void *look_up(void *argument)
{
    struct lookup *const lookup = argument;
    lookup->error = getaddrinfo(lookup->host, lookup->port, &stream_hints, &lookup->found);
    if (lookup->error != 0) lookup->found = NULL;
    (void)!write(lookup->done[1], "", 1); /* the pipe is empty and open */
    leave(lookup);
    return NULL;
}

static struct lookup *lookup_start(const char *host, const char *port)
{
    pthread_t thread;
    pthread_attr_t detached;
    struct lookup *const lookup = calloc(1, sizeof *lookup);
    if (lookup == NULL) return NULL;
    if (pipe2(lookup->done, O_CLOEXEC) != 0) {
        free(lookup);
        return NULL;
    }
    atomic_init(&lookup->owners, 2);
    snprintf(lookup->host, sizeof lookup->host, "%s", host);
    snprintf(lookup->port, sizeof lookup->port, "%s", port);
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    const int error = pthread_create(&thread, &detached, look_up, lookup);
    pthread_attr_destroy(&detached);
    if (error == 0) return lookup;
    leave(lookup);
    leave(lookup);
    return NULL;
}

static void on_done(uv_poll_t *poll, int status, int events)
{
    (void)status; /* a readable pipe is told either way */
    (void)events;
    *(bool *)poll->data = true;
    uv_poll_stop(poll);
}

/* Whether it is done is told by a byte in the pipe, which orders the thread's writes before our reads. */
static enum fl_status await(struct fl_waiter *waiter, struct lookup *lookup, int64_t deadline_ns, bool *done)
{
    uv_poll_t poll;
    unsigned open = 0;
    bool late = false;
    enum fl_status status = FL_OK;
    *done = false;
    if (uv_poll_init(waiter->loop, &poll, lookup->done[0]) != 0) return FL_EFULL;
    poll.data = done;
    uv_poll_start(&poll, UV_READABLE, on_done);
    while (status == FL_OK && !*done && !late) status = fl_waiter_turn(waiter, deadline_ns, &late);
    fl_handle_close((uv_handle_t *)&poll, &open);
    fl_loop_settle(waiter->loop, &open);
    return status;
}

enum fl_status fl_lookup(struct fl_waiter *waiter, const struct fl_address *address, int64_t deadline_ns, struct addrinfo **found,
                         const char **reason)
{
    struct addrinfo numbers = stream_hints;
    char port[8], byte;
    bool done;
    snprintf(port, sizeof port, "%u", address->port);
    numbers.ai_flags = AI_NUMERICHOST;
    numbers.ai_family = address->brackets ? AF_INET6 : AF_UNSPEC;
    const int error = getaddrinfo(address->host, port, &numbers, found);
    if (error == 0) return FL_OK;
    *reason = gai_strerror(error);
    if (error != EAI_NONAME || address->brackets) return FL_EENGINE;
    struct lookup *const lookup = lookup_start(address->host, port);
    if (lookup == NULL) return FL_EFULL;
    enum fl_status status = await(waiter, lookup, deadline_ns, &done);
    if (status == FL_OK && (!done || read(lookup->done[0], &byte, 1) != 1)) {
        *reason = "its name is not found in time";
        status = FL_EENGINE;
    } else if (status == FL_OK && lookup->error != 0) {
        *reason = gai_strerror(lookup->error);
        status = FL_EENGINE;
    } else if (status == FL_OK) {
        *found = lookup->found;
        lookup->found = NULL;
    }
    leave(lookup);
    return status;
}
