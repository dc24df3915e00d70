/* The connections on both sides of a load balancer: buyers connect to its front, agents listen behind it, and the first line
 * that an agent hears tells whose connection it is. Books about chats are the caller's (proxy.c); here are sockets, their
 * deadlines and what may go wrong with them.
 *
 * A buyer's first words are her chat's number and a serial number of the connection, which no other connection of the run has:
 *
 *   tcp   "chat 17 41\n"
 *   http  "GET /chat/17/41 HTTP/1.1", with Fenliu-Group (an index) and Fenliu-Buyer (16 hex digits) among the header's fields
 *
 * An agent over http answers with an empty 200 when the chat is closed, and at once when the path is another one: a health check.
 * A connection that brings no such line within the time-out is closed; over tcp a health check connects and closes.
 *
 * Memory: about 0.7 kB a connection, and nothing of what is said is kept but the first line of it. */
#ifndef FL_ENGINE_PROXY_LINKS_H
#define FL_ENGINE_PROXY_LINKS_H

#include "engine/loop.h"

#include <netdb.h>
#include <sys/socket.h>

#define FL_LINK_HEAD_MAX 256u /* bytes: what a buyer says fits, and what an agent hears first is kept so far */

/* Why a buyer's connection ended. */
enum fl_link_end {
    FL_LINK_CLOSED,   /* the other side closed or reset it */
    FL_LINK_REFUSED,  /* it could not be made; `error` says why */
    FL_LINK_LATE,     /* it could not be made in time */
    FL_LINK_ANSWERED, /* it was answered, `head` says what */
};

struct fl_links;

struct fl_link {
    uv_tcp_t tcp; /* first */
    uv_connect_t connect;
    struct fl_links *links;
    struct fl_link *before, *behind; /* all of them */
    struct fl_link *older, *younger; /* those with a deadline, in its order */
    int64_t deadline_ns;             /* 0: none */
    uint64_t serial;                 /* of an agent's connection: 0 before its line */
    uint32_t chat;
    uint32_t agent;                  /* who took it; FL_LINK_BUYER: a buyer's */
    bool leaving;                    /* a buyer's: only its end is waited for */
    bool closing;
    uint32_t head_length;
    uint8_t blank_line;              /* http: bytes of "\r\n\r\n" seen in a row */
    int error;                       /* of libuv; FL_LINK_REFUSED */
    char head[FL_LINK_HEAD_MAX];
};

#define FL_LINK_BUYER UINT32_MAX

struct fl_listening;

struct fl_links {
    uv_loop_t *loop;              /* borrowed */
    const struct addrinfo *front; /* borrowed: where buyers connect to */
    const struct addrinfo *desk;  /* borrowed: where agents listen, with the port of the first */
    const char *host;             /* borrowed: the front, as http names it */
    bool http;
    int64_t timeout_ns;           /* for a connection to stand, and for an agent to hear who it is */
    void *context;
    /* An agent's connection has said whose it is. */
    void (*on_line)(void *context, struct fl_link *link);
    /* The other side ended a connection, which is closed when this returns; not called for those that fl_link_close closes. */
    void (*on_end)(void *context, struct fl_link *link, enum fl_link_end why);

    struct fl_link *all, *oldest, *youngest;
    struct fl_listening **listening; /* [agents_count] NULL: she does not */
    uint32_t agents_count, buyers;   /* connections of buyers that are open */
    uint64_t descriptors;            /* this process may have; as many as the system allows it */
    uint64_t stood;                  /* connections of buyers that were ever made */
    uv_timer_t timer;
    unsigned open;                   /* handles that are not closed yet */
    char *room;                      /* owned: what is read goes there */
};

/* Prepares; the fields above the blank line are the caller's and set. Raises the process's limit of open files as far as it may be.
 * FL_EFULL. */
FL_MUST_CHECK enum fl_status fl_links_open(struct fl_links *links);
/* Room for so many agents, of whom nobody listens. Once. FL_EFULL. */
FL_MUST_CHECK enum fl_status fl_links_seat(struct fl_links *links, uint32_t agents_count);
/* Closes all connections, and agents stop listening. */
void fl_links_hang_up(struct fl_links *links);
/* The same, waits for the loop's own bookkeeping and releases the memory. */
void fl_links_close(struct fl_links *links);

/* Lets an agent listen, or stop: her port then refuses connections. Those she has are kept, also those that the kernel had
 * accepted for her before. 0 or libuv's error. */
int fl_links_listen(struct fl_links *links, uint32_t agent, bool on);

/* Whether there are descriptors left for one more chat, with a buyer's and an agent's connection. */
bool fl_links_have_room(const struct fl_links *links);
/* A buyer connects; NULL with libuv's error. */
struct fl_link *fl_links_dial(struct fl_links *links, uint32_t chat, uint64_t serial, uint32_t group, uint64_t buyer, int *error);
/* Closes a connection without on_end. */
void fl_link_close(struct fl_link *link);
/* An agent is done: over http her answer, then as above. */
void fl_link_finish(struct fl_link *link);
/* A buyer's: nothing but its end, or the time-out, is waited for. on_end is not called. */
void fl_link_leave(struct fl_link *link);

#endif
