/* Requests in, replies out, over libwebsockets on the caller's libuv loop: one request a connection, which is closed after the reply, so that
 * nothing of one can be taken for the next. What is asked for is routes.c's; who may ask is guard.h's. */
#ifndef FENLIU_SERVE_HTTP_H
#define FENLIU_SERVE_HTTP_H

#include "guard.h"
#include "runs.h"

#include <libwebsockets.h>

#define HTTP_BODY_MOST (1u << 20)
#define HTTP_HEADERS_MOST 8192u
#define HTTP_TIME_S 5           /* for the headers, and again for the body */
#define HTTP_CONNECTIONS_MOST 64u

struct server {
    uv_loop_t loop;
    struct lws_context *context;
    struct lws_vhost *host;
    uv_poll_t listener;
    uv_signal_t interrupts[2];
    int listening;      /* socket */
    uint32_t connections;
    struct guard guard;
    struct folder folder;
    struct runs runs;
    struct session *sessions; /* with a request */
    bool stopping, interrupted_run;
    struct fl_text page, page_policy; /* fenliu.html as it is served; empty in a build without it */
};

enum method { METHOD_GET, METHOD_POST, METHOD_DELETE };

enum watching { WATCHING_NOTHING, WATCHING_EVENTS, WATCHING_ANSWER };

/* A request and its reply. */
struct session {
    struct session *next;
    struct server *server;
    struct lws *wsi;
    enum method method;
    char path[FOLDER_PATH_MOST + 1];
    struct fl_text body;     /* of the request */
    size_t body_left;        /* bytes of it that have not come */
    struct fl_text head;     /* of the reply */
    struct fl_text own;      /* its body, where it is made for it */
    const char *bytes;       /* its body, in memory */
    size_t length, sent;
    int file;                /* its body, in a file; else -1 */
    bool answered, headed;
    enum watching watching;
    struct run *run;         /* that is watched */
    size_t seen;             /* bytes of what it said that have been sent */
};

/* What a reply is, beside its body. NULLs and zeros leave out. */
struct reply {
    int status;
    const char *type;        /* Content-Type */
    const char *policy;      /* Content-Security-Policy; NULL: the strictest */
    const char *attachment;  /* saved under this name rather than shown */
    const char *headers;     /* further lines, each with its end */
    bool is_alone;           /* a document of no origin, which a policy with "sandbox" makes */
    bool streams;            /* its length is not known yet */
};

/* One of these ends every request. reply_own takes session->own, reply_file owns the descriptor. */
void reply_own(struct session *session, const struct reply *reply);
void reply_bytes(struct session *session, const struct reply *reply, const char *bytes, size_t length);
void reply_file(struct session *session, const struct reply *reply, int file);
/* {"error":"..."} */
void reply_error(struct session *session, int status, const char *why);

/* A query's value; false where it is absent or does not fit. */
bool http_query(const struct session *session, const char *name, char *out, size_t size);

/* No limit of time from here on, as a run has its own, as long as the other end is there. */
void http_wait(struct session *session);

/* routes.c: answers a request whose sender may ask; the body is there. */
void route(struct session *session);
/* Whether a path has this method: 0, 404 or 405. */
int route_status(const char *path, enum method method);
/* Whether it starts or changes something. */
bool route_changes(const char *path, enum method method);
/* A run that is watched has said something, or has ended. */
void route_on_change(struct session *session);
/* The next part of a stream of events into session->own; false when it was the last. */
bool route_events(struct session *session);

/* Makes the context on server->loop; false when libwebsockets would not. */
bool http_open(struct server *server);
/* Takes over an accepted connection. */
void http_take(struct server *server, int socket);
/* Wakes those who watch this run. */
void http_on_change(void *server, struct run *run);

/* listen.c: a listening socket for guard->address and ->port, where 0 takes any; `next` tries those that follow when it is taken. Says why not. */
int listen_open(struct guard *guard, bool next);

#endif
