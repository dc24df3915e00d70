#include "http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 32768u
#define WRITING_TIME_S 30                /* a reader that takes nothing for so long is cut */
#define DISCARDED_MOST (16u << 20)       /* bytes of a body that is refused and yet read, so that its sender sees the refusal */

/* ---- Replies ----------------------------------------------------------------------------------- */

static const char *reason_of(int status)
{
    static const struct { int status; const char *reason; } reasons[] = {
        { 200, "OK" }, { 201, "Created" }, { 202, "Accepted" }, { 204, "No Content" }, { 303, "See Other" }, { 400, "Bad Request" }, { 401, "Unauthorized" },
        { 403, "Forbidden" }, { 404, "Not Found" }, { 405, "Method Not Allowed" }, { 411, "Length Required" }, { 413, "Content Too Large" },
        { 415, "Unsupported Media Type" }, { 422, "Unprocessable Content" }, { 429, "Too Many Requests" }, { 503, "Service Unavailable" },
        { 507, "Insufficient Storage" },
    };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status) return reasons[i].reason;
    return "Error";
}

/* A file's name in a header: what could end or open a quoted text there, and what is not ASCII, is left out. */
static void add_attachment(struct fl_text *head, const char *name)
{
    fl_text_add(head, "Content-Disposition: attachment; filename=\"");
    for (; *name != '\0'; name++) fl_text_add(head, "%c", *name < ' ' || *name > '~' || strchr("\"\\/%;", *name) != NULL ? '_' : *name);
    fl_text_add(head, "\"\r\n");
}

static void add_head(struct session *session, const struct reply *reply)
{
    struct fl_text *const head = &session->head;
    fl_text_add(head, "HTTP/1.1 %d %s\r\nConnection: close\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n", reply->status, reason_of(reply->status));
    fl_text_add(head, "Referrer-Policy: no-referrer\r\nCross-Origin-Resource-Policy: same-origin\r\n");
    /* A document without an origin may not ask for this as well. */
    if (!reply->is_alone) fl_text_add(head, "Cross-Origin-Opener-Policy: same-origin\r\n");
    fl_text_add(head, "Content-Security-Policy: %s\r\n", reply->policy != NULL ? reply->policy : "default-src 'none'; frame-ancestors 'none'");
    if (reply->type != NULL) fl_text_add(head, "Content-Type: %s\r\n", reply->type);
    if (reply->attachment != NULL) add_attachment(head, reply->attachment);
    if (reply->headers != NULL) fl_text_add(head, "%s", reply->headers);
    if (!reply->streams) fl_text_add(head, "Content-Length: %zu\r\n", session->length);
    fl_text_add(head, "\r\n");
    session->answered = true;
    lws_callback_on_writable(session->wsi);
}

void reply_bytes(struct session *session, const struct reply *reply, const char *bytes, size_t length)
{
    session->bytes = bytes;
    session->length = length;
    add_head(session, reply);
}

void reply_own(struct session *session, const struct reply *reply)
{
    if (session->own.full) {
        fl_text_free(&session->own);
        reply_bytes(session, &(struct reply){ .status = 503 }, "", 0);
    } else {
        reply_bytes(session, reply, session->own.bytes, session->own.length);
    }
}

void reply_file(struct session *session, const struct reply *reply, int file)
{
    struct stat info = { 0 };
    if (fstat(file, &info) == 0) session->length = (size_t)info.st_size;
    session->file = file;
    add_head(session, reply);
}

void reply_error(struct session *session, int status, const char *why)
{
    struct reply reply = { .status = status, .type = "application/json" };
    if (status == 405) reply.headers = "Allow: GET, POST, DELETE\r\n";
    if (status == 401) reply.headers = "WWW-Authenticate: Bearer\r\n";
    if (status == 429) reply.headers = "Retry-After: 1\r\n";
    fl_text_add(&session->own, "{\"error\":");
    fl_text_add_json(&session->own, why);
    fl_text_add(&session->own, "}\n");
    reply_own(session, &reply);
}

void http_wait(struct session *session)
{
    lws_set_timer_usecs(session->wsi, LWS_USEC_PER_SEC);
    lws_set_timeout(session->wsi, NO_PENDING_TIMEOUT, 0);
}

/* Of a connection that is written to now and then nobody says when its other end has gone, so it is looked at every second. -1: it has, or a time
 * limit is over. */
static int on_time(struct session *session)
{
    char byte;
    if (session->server == NULL || session->watching == WATCHING_NOTHING) return -1;
    const ssize_t got = recv(lws_get_socket_fd(session->wsi), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return -1;
    http_wait(session);
    return 0;
}

/* ---- Writing ----------------------------------------------------------------------------------- */

static bool put(struct session *session, const char *bytes, size_t length, enum lws_write_protocol how)
{
    unsigned char buffer[LWS_PRE + CHUNK];
    memcpy(buffer + LWS_PRE, bytes, length);
    return lws_write(session->wsi, buffer + LWS_PRE, length, how) == (int)length;
}

/* The next part of a body into a chunk; -1 when a file ends before its length. */
static ssize_t next_part(struct session *session, char chunk[CHUNK])
{
    const size_t left = session->length - session->sent, wanted = left < CHUNK ? left : CHUNK;
    if (session->file < 0) {
        memcpy(chunk, session->bytes + session->sent, wanted);
        return (ssize_t)wanted;
    }
    const ssize_t got = pread(session->file, chunk, wanted, (off_t)session->sent);
    return got > 0 ? got : -1;
}

/* Of a stream what there is; it ends with its run. */
static int write_events(struct session *session)
{
    fl_text_free(&session->own);
    const bool goes_on = route_events(session);
    for (size_t done = 0; done < session->own.length;) {
        const size_t part = session->own.length - done < CHUNK ? session->own.length - done : CHUNK;
        if (!put(session, session->own.bytes + done, part, LWS_WRITE_HTTP)) return -1;
        done += part;
    }
    return goes_on ? 0 : -1;
}

/* -1 closes the connection: what was written still goes out. */
static int write_next(struct session *session)
{
    char chunk[CHUNK];
    if (!session->answered) return 0;
    if (!session->headed) {
        session->headed = true;
        if (session->head.full || session->head.length > CHUNK || !put(session, session->head.bytes, session->head.length, LWS_WRITE_HTTP_HEADERS)) return -1;
    } else if (session->watching == WATCHING_EVENTS) {
        return write_events(session);
    } else if (session->sent < session->length) {
        const ssize_t part = next_part(session, chunk);
        if (part < 0 || !put(session, chunk, (size_t)part, LWS_WRITE_HTTP)) return -1;
        session->sent += (size_t)part;
    }
    if (session->watching == WATCHING_EVENTS || session->sent < session->length) {
        lws_callback_on_writable(session->wsi);
        if (session->watching == WATCHING_NOTHING) lws_set_timer_usecs(session->wsi, WRITING_TIME_S * LWS_USEC_PER_SEC);
        return 0;
    }
    /* Closing on what has not been read would take the reply back. */
    return session->body_left > 0 ? 0 : -1;
}

/* ---- Reading ----------------------------------------------------------------------------------- */

/* NULL where it is absent, "" where it does not fit, which nothing accepts. */
static const char *header(struct lws *wsi, enum lws_token_indexes which, char *out, int size)
{
    if (lws_hdr_total_length(wsi, which) <= 0) return NULL;
    if (lws_hdr_copy(wsi, out, size, which) < 0) out[0] = '\0';
    return out;
}

bool http_query(const struct session *session, const char *name, char *out, size_t size)
{
    char whole[320], named[20];
    snprintf(named, sizeof named, "%s=", name);
    const char *const value = lws_get_urlarg_by_name(session->wsi, named, whole, sizeof whole);
    if (value == NULL || strlen(value) >= size) return false;
    strcpy(out, value);
    return true;
}

static bool method_of(struct lws *wsi, enum method *out)
{
    char *path;
    int length;
    switch (lws_http_get_uri_and_method(wsi, &path, &length)) {
    case LWSHUMETH_GET: return *out = METHOD_GET, true;
    case LWSHUMETH_POST: return *out = METHOD_POST, true;
    case LWSHUMETH_DELETE: return *out = METHOD_DELETE, true;
    default: return false;
    }
}

/* 0, or the status that refuses whoever asks. */
static int judge_sender(const struct session *session, const char **why)
{
    char host[300], origin[300], authorization[300], cookie[2000], token[GUARD_TOKEN_MOST + 2];
    struct lws *const wsi = session->wsi;
    const struct guard *const guard = &session->server->guard;
    const struct credentials credentials = { header(wsi, WSI_TOKEN_HOST, host, sizeof host), header(wsi, WSI_TOKEN_ORIGIN, origin, sizeof origin),
                                             header(wsi, WSI_TOKEN_HTTP_AUTHORIZATION, authorization, sizeof authorization),
                                             header(wsi, WSI_TOKEN_HTTP_COOKIE, cookie, sizeof cookie),
                                             lws_hdr_custom_length(wsi, "x-fenliu:", 9) > 0 };
    const bool shows_token = strcmp(session->path, "/") == 0 && http_query(session, "token", token, sizeof token) && guard_token_matches(guard, token);
    if (!guard_host_holds(guard, credentials.host)) return *why = "Host: wanted the address that serve printed", 403;
    if (!guard_origin_holds(&credentials)) return *why = "Origin: wanted serve's own", 403;
    if (!guard_is_known(guard, &credentials) && !shows_token) return *why = "wanted the token: open /?token=TOKEN, or send Authorization: Bearer TOKEN", 401;
    if (route_changes(session->path, session->method) && !guard_may_change(&credentials)) return *why = "wanted serve's own Origin, or a header X-Fenliu", 403;
    return 0;
}

/* The same for what is said of a body. */
static int judge_body(struct session *session, const char **why)
{
    char length[32], type[80], *end;
    const char *const bytes = header(session->wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH, length, sizeof length);
    const char *const media = header(session->wsi, WSI_TOKEN_HTTP_CONTENT_TYPE, type, sizeof type);
    if (lws_hdr_total_length(session->wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0) return *why = "wanted Content-Length, not Transfer-Encoding", 411;
    if (bytes == NULL) return session->method != METHOD_POST ? 0 : (*why = "wanted Content-Length", 411);
    if (bytes[strspn(bytes, "0123456789")] != '\0' || bytes[0] == '\0' || strlen(bytes) > 15) return *why = "Content-Length: wanted a number of bytes", 400;
    session->body_left = strtoull(bytes, &end, 10);
    if (session->body_left > HTTP_BODY_MOST) return *why = "the body is larger than 1 MiB", 413;
    if (session->method != METHOD_POST) return session->body_left == 0 ? 0 : (*why = "wanted no body", 400);
    if (media == NULL || strncmp(media, "application/json", 16) != 0 || (media[16] != '\0' && media[16] != ';'))
        return *why = "Content-Type: wanted application/json", 415;
    return 0;
}

static int refuse(struct session *session, int status, const char *why)
{
    reply_error(session, status, why);
    if (session->body_left > DISCARDED_MOST) session->body_left = 0;
    return 0;
}

static void session_open(struct session *session, struct lws *wsi)
{
    struct server *const server = lws_context_user(lws_get_context(wsi));
    *session = (struct session){ .server = server, .wsi = wsi, .file = -1, .next = server->sessions };
    server->sessions = session;
    lws_set_timer_usecs(wsi, HTTP_TIME_S * LWS_USEC_PER_SEC);
}

/* The first bytes of what libwebsockets knows no method of: another word in its place, or no HTTP at all. What follows them is not read. */
static int session_begin_unknown(struct session *session, struct lws *wsi, const char *bytes, size_t length)
{
    if (session->server != NULL) return 0;
    session_open(session, wsi);
    if (length > 0 && ((bytes[0] >= 'A' && bytes[0] <= 'Z') || (bytes[0] >= 'a' && bytes[0] <= 'z'))) return refuse(session, 405, "wanted GET, POST or DELETE");
    return refuse(session, 400, "wanted HTTP/1.1");
}

static int session_begin(struct session *session, struct lws *wsi, const char *path, size_t length)
{
    const char *why = "";
    session_open(session, wsi);
    if (!method_of(wsi, &session->method)) return judge_body(session, &why), refuse(session, 405, "wanted GET, POST or DELETE");
    int status = judge_body(session, &why);
    const int of_body = status;
    if (length >= sizeof session->path || memchr(path, '\0', length) != NULL) return refuse(session, 404, "no such address");
    memcpy(session->path, path, length);
    const char *const why_body = why;
    status = judge_sender(session, &why);
    if (status == 0) status = route_status(session->path, session->method);
    if (status == 404 || status == 405) why = status == 404 ? "no such address" : "this address has no such method";
    if (status == 0 && of_body != 0) status = of_body, why = why_body;
    if (status != 0) return refuse(session, status, why);
    if (session->method == METHOD_POST) return 0; /* its body comes */
    route(session);
    return 0;
}

static int session_read(struct session *session, const char *bytes, size_t length)
{
    if (length > session->body_left && !session->answered) return -1;
    session->body_left -= length < session->body_left ? length : session->body_left;
    if (!session->answered && length > 0) fl_text_add_bytes(&session->body, bytes, length);
    return 0;
}

static int session_has_read(struct session *session)
{
    session->body_left = 0;
    if (!session->answered) route(session);
    else if (session->headed && session->sent == session->length) return -1;
    return 0;
}

static void session_end(struct session *session)
{
    if (session->server == NULL) return;
    struct session **at = &session->server->sessions;
    while (*at != session) at = &(*at)->next;
    *at = session->next;
    if (session->run != NULL) run_unwatch(session->run);
    if (session->file >= 0) close(session->file);
    fl_text_free(&session->body);
    fl_text_free(&session->head);
    fl_text_free(&session->own);
    *session = (struct session){ .file = -1 };
}

void http_on_change(void *context, struct run *run)
{
    struct server *const server = context;
    for (struct session *session = server->sessions; session != NULL; session = session->next)
        if (session->run == run) route_on_change(session);
}

/* ---- Connections ------------------------------------------------------------------------------- */

static void on_connection(uv_poll_t *listener, int status, int events)
{
    struct server *const server = listener->data;
    (void)events;
    if (status < 0) return;
    const int socket = accept4(server->listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket >= 0) http_take(server, socket);
}

void http_take(struct server *server, int socket)
{
    if (server->connections >= HTTP_CONNECTIONS_MOST) close(socket);
    else (void)lws_adopt_socket_vhost(server->host, socket); /* which closes it where it fails */
}

static void count_connection(struct server *server, int by)
{
    server->connections += (uint32_t)by;
    if (server->stopping) return;
    /* More than these wait in the system's queue. */
    if (server->connections >= HTTP_CONNECTIONS_MOST) uv_poll_stop(&server->listener);
    else uv_poll_start(&server->listener, UV_READABLE, on_connection);
}

static int on_lws(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
    struct session *const session = user;
    switch (reason) {
    case LWS_CALLBACK_WSI_CREATE: count_connection(lws_context_user(lws_get_context(wsi)), 1); break;
    case LWS_CALLBACK_WSI_DESTROY: count_connection(lws_context_user(lws_get_context(wsi)), -1); break;
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE: return -1; /* there is nothing here but HTTP/1.1 */
    case LWS_CALLBACK_HTTP: return session_begin(session, wsi, in, length);
    case LWS_CALLBACK_HTTP_BODY: return session->server == NULL ? -1 : session_read(session, in, length);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION: return session->server == NULL ? -1 : session_has_read(session);
    case LWS_CALLBACK_RAW_RX: return session == NULL ? -1 : session_begin_unknown(session, wsi, in, length);
    case LWS_CALLBACK_RAW_WRITEABLE:
    case LWS_CALLBACK_HTTP_WRITEABLE: return session == NULL || session->server == NULL ? 0 : write_next(session);
    case LWS_CALLBACK_TIMER: return session == NULL ? -1 : on_time(session);
    case LWS_CALLBACK_RAW_CLOSE:
    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
        if (session != NULL) session_end(session);
        break;
    default: break;
    }
    return 0;
}

bool http_open(struct server *server)
{
    static const struct lws_protocols protocols[] = { { .name = "http", .callback = on_lws, .per_session_data_size = sizeof(struct session) },
                                                      { .name = NULL } };
    void *loops[] = { &server->loop };
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER, .protocols = protocols, .foreign_loops = loops, .user = server, .gid = (gid_t)-1, .uid = (uid_t)-1,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_FALLBACK_TO_APPLY_LISTEN_ACCEPT_CONFIG, .max_http_header_data = HTTP_HEADERS_MOST,
        .max_http_header_pool = HTTP_CONNECTIONS_MOST, .timeout_secs = HTTP_TIME_S, .timeout_secs_ah_idle = HTTP_TIME_S, .keepalive_timeout = 1,
        .ka_time = 30, .ka_probes = 3, .ka_interval = 10, .alpn = "http/1.1", .vhost_name = "fenliu",
    };
    lws_set_log_level(0, NULL);
    server->context = lws_create_context(&info);
    if (server->context == NULL) return false;
    server->host = lws_create_vhost(server->context, &info);
    if (server->host == NULL) return false;
    uv_poll_init_socket(&server->loop, &server->listener, server->listening);
    server->listener.data = server;
    return uv_poll_start(&server->listener, UV_READABLE, on_connection) == 0;
}
