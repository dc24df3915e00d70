/* What each address answers; SERVE.md lists them. */
#include "http.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LISTED_MOST 200u          /* finished runs in a list, newest first */
#define ABOUT_MOST (256u << 10)   /* bytes of a run's about.json */

static const struct reply json = { .status = 200, .type = "application/json" };

/* ---- Which address ----------------------------------------------------------------------------- */

enum place { PLACE_NONE, PLACE_PAGE, PLACE_ABOUT, PLACE_RUNS, PLACE_COMPARE, PLACE_RUN, PLACE_EVENTS, PLACE_FILE };

/* Of a run's address its name and what follows "files/". */
static enum place place_of(const char *path, char id[32], const char **file)
{
    static const char runs[] = "/runs/", files[] = "files/";
    if (strcmp(path, "/") == 0) return PLACE_PAGE;
    if (strcmp(path, "/about") == 0) return PLACE_ABOUT;
    if (strcmp(path, "/runs") == 0) return PLACE_RUNS;
    if (strcmp(path, "/compare") == 0) return PLACE_COMPARE;
    if (strncmp(path, runs, sizeof runs - 1) != 0) return PLACE_NONE;
    path += sizeof runs - 1;
    const size_t length = strcspn(path, "/");
    if (length >= 32) return PLACE_NONE;
    memcpy(id, path, length);
    id[length] = '\0';
    if (!folder_run_name_holds(id)) return PLACE_NONE;
    path += length;
    if (*path == '\0') return PLACE_RUN;
    path++;
    if (strcmp(path, "events") == 0) return PLACE_EVENTS;
    if (strncmp(path, files, sizeof files - 1) != 0) return PLACE_NONE;
    *file = path + sizeof files - 1;
    return PLACE_FILE;
}

int route_status(const char *path, enum method method)
{
    char id[32];
    const char *file;
    switch (place_of(path, id, &file)) {
    case PLACE_NONE: return 404;
    case PLACE_RUNS: return method == METHOD_DELETE ? 405 : 0;
    case PLACE_RUN: return method == METHOD_POST ? 405 : 0;
    default: return method == METHOD_GET ? 0 : 405;
    }
}

bool route_changes(const char *path, enum method method)
{
    return method != METHOD_GET || strcmp(path, "/compare") == 0; /* which starts a process */
}

/* ---- The page ---------------------------------------------------------------------------------- */

static void page(struct session *session)
{
    char token[GUARD_TOKEN_MOST + 2], headers[200];
    const struct server *const server = session->server;
    if (server->guard.token[0] != '\0' && http_query(session, "token", token, sizeof token)) {
        /* Out of the address, which is shown and remembered, into a cookie. */
        snprintf(headers, sizeof headers, "Location: /\r\nSet-Cookie: fenliu=%s; Path=/; HttpOnly; SameSite=Strict\r\n", server->guard.cookie);
        reply_bytes(session, &(struct reply){ .status = 303, .headers = headers }, "", 0);
    } else if (server->page.length == 0) {
        reply_error(session, 404, "this program was built without the page: build it with node and -DFENLIU_PAGE=ON");
    } else {
        const struct reply reply = { .status = 200, .type = "text/html; charset=utf-8", .policy = server->page_policy.bytes };
        reply_bytes(session, &reply, server->page.bytes, server->page.length);
    }
}

static void about(struct session *session)
{
    const struct runs *const runs = &session->server->runs;
    fl_text_add(&session->own, "{\"fenliu\":1,\"version\":\"%s\",\"running\":%u,\"waiting\":%u,\"at_once\":%u,\"waiting_most\":%u}\n", FENLIU_VERSION, runs->running,
                runs->waiting, RUNS_AT_ONCE, RUNS_WAITING_MOST);
    reply_own(session, &json);
}

/* ---- Runs -------------------------------------------------------------------------------------- */

/* What a finished run is about, as it was written when it ended; false when there is none, or somebody has damaged it. */
static bool add_kept(const struct server *server, const char *id, struct fl_text *out)
{
    char path[60];
    struct fl_text text = { 0 };
    snprintf(path, sizeof path, "%s/about.json", id);
    cJSON *const read = folder_read(server->folder.results, path, ABOUT_MOST, &text) ? cJSON_ParseWithLength(text.bytes, text.length) : NULL;
    if (cJSON_IsObject(read)) cJSON_DeleteItemFromObjectCaseSensitive(read, "kept");
    if (cJSON_IsObject(read)) cJSON_AddTrueToObject(read, "kept");
    char *const printed = cJSON_IsObject(read) ? cJSON_PrintUnformatted(read) : NULL;
    if (printed != NULL) fl_text_add(out, "%s", printed);
    free(printed);
    cJSON_Delete(read);
    fl_text_free(&text);
    return printed != NULL;
}

static void list_runs(struct session *session)
{
    char *names[LISTED_MOST];
    struct server *const server = session->server;
    struct fl_text *const out = &session->own;
    const uint32_t count = folder_runs(&server->folder, names, LISTED_MOST);
    fl_text_add(out, "{\"runs\":[");
    size_t begins = out->length;
    for (const struct run *run = server->runs.list; run != NULL; run = run->next) {
        if (run->internal || (run->state == RUN_ENDED && run->keep)) continue;
        if (out->length > begins) fl_text_add(out, ",");
        run_json(run, out);
    }
    for (uint32_t i = 0; i < count; i++) {
        struct fl_text one = { 0 };
        if (add_kept(server, names[i], &one)) fl_text_add(out, out->length > begins ? "," : ""), fl_text_add_bytes(out, one.bytes, one.length);
        fl_text_free(&one);
        free(names[i]);
    }
    fl_text_add(out, "]}\n");
    reply_own(session, &json);
}

static void ask_run(struct session *session)
{
    struct verdict verdict;
    char headers[60];
    const char *end = NULL;
    const struct fl_text *const body = &session->body;
    cJSON *request = NULL;
    if (body->length > 0 && memchr(body->bytes, '\0', body->length) == NULL)
        request = cJSON_ParseWithLengthOpts(body->bytes, body->length + 1, &end, true); /* with the NUL behind it */
    if (request == NULL) {
        reply_error(session, 400, "the body is no JSON");
        return;
    }
    const struct run *const run = runs_ask(&session->server->runs, request, &verdict);
    cJSON_Delete(request);
    if (run == NULL) {
        reply_error(session, verdict.status, verdict.why);
        return;
    }
    snprintf(headers, sizeof headers, "Location: /runs/%s\r\n", run->id);
    run_json(run, &session->own);
    fl_text_add(&session->own, "\n");
    reply_own(session, &(struct reply){ .status = 201, .type = "application/json", .headers = headers });
}

static void show_run(struct session *session, const char *id)
{
    const struct run *const run = runs_find(&session->server->runs, id);
    if (run != NULL) run_json(run, &session->own);
    else if (!add_kept(session->server, id, &session->own)) {
        reply_error(session, 404, "no such run");
        return;
    }
    fl_text_add(&session->own, "\n");
    reply_own(session, &json);
}

static void end_run(struct session *session, const char *id)
{
    struct run *const run = runs_find(&session->server->runs, id);
    const int directory = run != NULL ? -1 : folder_directory(session->server->folder.results, id);
    if (run == NULL && directory < 0) {
        reply_error(session, 404, "no such run");
        return;
    }
    if (run != NULL) run_end(run);
    if (directory >= 0) {
        close(directory);
        folder_remove(session->server->folder.results, id);
    }
    reply_bytes(session, &(struct reply){ .status = 204 }, "", 0);
}

/* ---- Files ------------------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), of_end = strlen(end);
    return length >= of_end && strcmp(text + length - of_end, end) == 0;
}

static void file_of(struct session *session, const char *id, const char *path)
{
    char below[FOLDER_PATH_MOST + 60], folder[40];
    const struct run *const run = runs_find(&session->server->runs, id);
    if (run != NULL && run->state != RUN_ENDED) {
        reply_error(session, 404, "the run has not ended");
        return;
    }
    if (run != NULL) run_folder(run, folder);
    else snprintf(folder, sizeof folder, "%s", id);
    const int directory = openat(session->server->folder.results, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    const int file = directory < 0 ? -1 : folder_file(directory, path);
    if (directory >= 0) close(directory);
    if (file < 0) {
        reply_error(session, 404, "no such file");
        return;
    }
    const char *const slash = strrchr(path, '/'), *const name = slash == NULL ? path : slash + 1;
    struct reply reply = { .status = 200, .type = "application/octet-stream", .attachment = below };
    snprintf(below, sizeof below, "%s-%s", id, name);
    if (ends_with(name, ".json") || strcmp(name, "stdout") == 0) reply.type = "application/json";
    if (ends_with(name, ".csv")) reply.type = "text/csv; charset=utf-8";
    if (ends_with(name, ".html")) {
        /* Shown, and as a document of no origin: whatever it held, it could ask nothing of serve. */
        reply.type = "text/html; charset=utf-8";
        reply.policy = "sandbox allow-scripts allow-modals allow-downloads; frame-ancestors 'none'; connect-src 'none'";
        reply.attachment = NULL;
        reply.is_alone = true;
    }
    reply_file(session, &reply, file);
}

/* ---- What is watched --------------------------------------------------------------------------- */

static void watch(struct session *session, struct run *run, enum watching how)
{
    run_watch(run);
    session->run = run;
    session->watching = how;
    http_wait(session);
}

static void events(struct session *session, const char *id)
{
    struct run *const run = runs_find(&session->server->runs, id);
    if (run == NULL) {
        reply_error(session, 404, "no such run under way");
        return;
    }
    watch(session, run, WATCHING_EVENTS);
    reply_bytes(session, &(struct reply){ .status = 200, .type = "text/event-stream", .streams = true }, "", 0);
}

/* Whole lines as long as more may come, so that no character is cut. */
bool route_events(struct session *session)
{
    const struct run *const run = session->run;
    const bool ended = run->state == RUN_ENDED;
    size_t from = session->seen > run->forgotten ? session->seen - run->forgotten : 0, to = run->said.length;
    while (!ended && to > from && run->said.bytes[to - 1] != '\n') to--;
    if (to > from) {
        char *const text = strndup(run->said.bytes + from, to - from);
        fl_text_add(&session->own, "event: progress\ndata: ");
        fl_text_add_json(&session->own, text == NULL ? "" : text);
        fl_text_add(&session->own, "\n\n");
        free(text);
    }
    session->seen = run->forgotten + to;
    if (!ended) return true;
    fl_text_add(&session->own, "event: end\ndata: ");
    run_json(run, &session->own);
    fl_text_add(&session->own, "\n\n");
    return false;
}

static void compare(struct session *session)
{
    char a[32], b[32];
    struct verdict verdict;
    if (!http_query(session, "a", a, sizeof a) || !http_query(session, "b", b, sizeof b)) {
        reply_error(session, 400, "wanted /compare?a=RUN&b=RUN");
        return;
    }
    struct run *const run = runs_compare(&session->server->runs, a, b, &verdict);
    if (run == NULL) reply_error(session, verdict.status, verdict.why);
    else watch(session, run, WATCHING_ANSWER);
}

/* What was started to be answered with has ended. */
static void answer(struct session *session)
{
    char path[60];
    struct run *const run = session->run;
    struct fl_text *const out = &session->own;
    snprintf(path, sizeof path, ".%s/stdout", run->id);
    session->run = NULL;
    session->watching = WATCHING_NOTHING;
    const int directory = openat(session->server->folder.results, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (run->code == 0 && directory >= 0) {
        reply_file(session, &json, directory);
    } else {
        if (directory >= 0) close(directory);
        fl_text_free(out);
        reply_error(session, 422, run->said.bytes != NULL ? run->said.bytes : "it could not be done");
    }
    run_unwatch(run); /* the file is open: what it is called does not matter any more */
}

void route_on_change(struct session *session)
{
    if (session->watching == WATCHING_EVENTS) lws_callback_on_writable(session->wsi);
    else if (session->watching == WATCHING_ANSWER && session->run->state == RUN_ENDED) answer(session);
}

/* ------------------------------------------------------------------------------------------------ */

void route(struct session *session)
{
    char id[32];
    const char *file = "";
    switch (place_of(session->path, id, &file)) {
    case PLACE_PAGE: page(session); break;
    case PLACE_ABOUT: about(session); break;
    case PLACE_RUNS: session->method == METHOD_POST ? ask_run(session) : list_runs(session); break;
    case PLACE_COMPARE: compare(session); break;
    case PLACE_RUN: session->method == METHOD_DELETE ? end_run(session, id) : show_run(session, id); break;
    case PLACE_EVENTS: events(session, id); break;
    case PLACE_FILE: file_of(session, id, file); break;
    case PLACE_NONE: reply_error(session, 404, "no such address"); break;
    }
}
