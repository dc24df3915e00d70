#include "runs.h"

#include "arguments.h"
#include "scenario/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILES_MOST 8 /* of a request */

static struct run *refuse(struct verdict *verdict, int status, const char *what, const char *name)
{
    verdict->status = status;
    snprintf(verdict->why, sizeof verdict->why, name == NULL ? "%s" : "%s: %.150s", what, name);
    return NULL;
}

/* ---- A run ------------------------------------------------------------------------------------- */

void run_folder(const struct run *run, char out[40])
{
    snprintf(out, 40, "%s%s", run->state == RUN_ENDED && run->keep ? "" : ".", run->id);
}

static const char *word_of(const struct run *run)
{
    if (run->state == RUN_WAITING) return "waiting";
    if (run->state == RUN_RUNNING) return "running";
    if (run->timed_out) return "out of time";
    if (run->cancelled) return "cancelled";
    return run->code == 0 || run->code == 1 ? "done" : "failed";
}

void run_json(const struct run *run, struct fl_text *out)
{
    char folder[40];
    fl_text_add(out, "{\"id\":\"%s\",\"state\":\"%s\",\"title\":", run->id, word_of(run));
    fl_text_add_json(out, run->title);
    fl_text_add(out, ",\"args\":[");
    for (uint32_t i = 1; i < run->argc; i++) {
        fl_text_add(out, i > 1 ? "," : "");
        fl_text_add_json(out, run->argv[i]);
    }
    fl_text_add(out, "]");
    if (run->state == RUN_ENDED) {
        run_folder(run, folder);
        const int directory = openat(run->runs->folder->results, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        fl_text_add(out, ",\"code\":%d,\"kept\":%s,\"seconds\":%.3f,\"files\":", run->code, run->keep ? "true" : "false", (double)run->took_ms / 1000);
        if (directory >= 0) {
            folder_list(directory, out);
            close(directory);
        } else {
            fl_text_add(out, "[]");
        }
        fl_text_add(out, ",\"problem\":");
        fl_text_add_json(out, run->problem);
        fl_text_add(out, ",\"stderr\":");
        fl_text_add_json(out, run->said.bytes == NULL ? "" : run->said.bytes);
    }
    fl_text_add(out, "}");
}

static void run_free(struct run *run)
{
    for (uint32_t i = 0; i < run->argc; i++) free(run->argv[i]);
    free(run->argv);
    free(run->title);
    fl_text_free(&run->said);
    free(run);
}

static void run_forget(struct run *run)
{
    char folder[40];
    struct runs *const runs = run->runs;
    struct run **at = &runs->list;
    while (*at != run) at = &(*at)->next;
    *at = run->next;
    run_folder(run, folder);
    if (!run->keep || run->state != RUN_ENDED) folder_remove(runs->folder->results, folder);
    if (run->state == RUN_ENDED) runs->ended--;
    if (run->state == RUN_WAITING) runs->waiting--;
    run_free(run);
}

struct run *runs_find(const struct runs *runs, const char *id)
{
    for (struct run *run = runs->list; run != NULL; run = run->next)
        if (strcmp(run->id, id) == 0) return run;
    return NULL;
}

/* ---- Ending ------------------------------------------------------------------------------------ */

/* Results get their name only when all of them are there, what they are about included. */
static bool run_keep(struct run *run)
{
    char hidden[40];
    struct fl_text about = { 0 };
    const struct folder *const folder = run->runs->folder;
    snprintf(hidden, sizeof hidden, ".%s", run->id);
    const int directory = openat(folder->results, hidden, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    run->keep = false; /* the list of files is that of the hidden folder */
    run_json(run, &about);
    errno = ENOMEM;
    const bool kept = directory >= 0 && !about.full && folder_write(directory, "about.json", about.bytes, about.length) &&
                      renameat(folder->results, hidden, folder->results, run->id) == 0;
    if (!kept) snprintf(run->problem, sizeof run->problem, "the results could not be kept: %s", strerror(errno));
    if (directory >= 0) close(directory);
    fl_text_free(&about);
    return kept;
}

/* Room for those that ended last; who watches one has it yet. */
static void forget_oldest(struct runs *runs)
{
    for (struct run *run = runs->list, *next; run != NULL && runs->ended > RUNS_ENDED_MOST; run = next) {
        next = run->next;
        if (run->state == RUN_ENDED && run->watchers == 0) run_forget(run);
    }
}

static void begin_next(struct runs *runs);

static void run_on_ended(void *context, int code, bool timed_out)
{
    struct run *const run = context;
    struct runs *const runs = run->runs;
    run->code = code;
    run->timed_out = timed_out;
    run->state = RUN_ENDED;
    run->took_ms = uv_now(runs->loop) - run->begun_ms;
    run->keep = run->keep && !run->cancelled && !timed_out && (code == 0 || code == 1) && run_keep(run);
    runs->running--;
    runs->ended++;
    runs->on_change(runs->context, run);
    forget_oldest(runs);
    begin_next(runs);
    if (runs->stopping && runs->running == 0) runs->on_idle(runs->context);
}

static void run_on_said(void *context, const char *bytes, size_t length)
{
    struct run *const run = context;
    if (run->said.length + length > RUN_SAID_MOST) {
        const size_t gone = run->said.length < RUN_SAID_MOST / 2 ? run->said.length : RUN_SAID_MOST / 2;
        memmove(run->said.bytes, run->said.bytes + gone, run->said.length - gone);
        run->said.length -= gone;
        run->forgotten += gone;
    }
    /* A text ends where a NUL is. */
    for (size_t i = 0; i < length; i++) fl_text_add_bytes(&run->said, bytes[i] == '\0' ? "?" : bytes + i, 1);
    run->runs->on_change(run->runs->context, run);
}

void run_end(struct run *run)
{
    if (run->state == RUN_RUNNING) {
        run->cancelled = true;
        child_stop(&run->child);
    } else if (run->state == RUN_WAITING) {
        struct runs *const runs = run->runs;
        run->cancelled = true;
        run->keep = false;
        run->state = RUN_ENDED;
        run->code = -1;
        runs->waiting--;
        runs->ended++;
        runs->on_change(runs->context, run);
        forget_oldest(runs);
    } else {
        char id[32];
        struct runs *const runs = run->runs;
        snprintf(id, sizeof id, "%s", run->id);
        if (run->keep) folder_remove(runs->folder->results, id);
        run->keep = false;
        if (run->watchers == 0) run_forget(run);
    }
}

void run_watch(struct run *run)
{
    run->watchers++;
}

void run_unwatch(struct run *run)
{
    if (--run->watchers == 0 && !run->keep && run->state != RUN_ENDED) run_end(run);
}

/* ---- Beginning --------------------------------------------------------------------------------- */

static void run_begin(struct run *run)
{
    char path[4300];
    struct runs *const runs = run->runs;
    snprintf(path, sizeof path, "%s/.%s", runs->folder->results_path, run->id);
    run->begun_ms = uv_now(runs->loop);
    run->state = RUN_RUNNING;
    runs->waiting--;
    runs->running++;
    char stdout_path[4320];
    snprintf(stdout_path, sizeof stdout_path, "%s/stdout", path);
    const int output = open(stdout_path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    const struct child_setup setup = { run->argv, path, output, runs->limit_ms, run, run_on_said, run_on_ended };
    const int status = child_start(&run->child, runs->loop, &setup);
    if (status != 0) snprintf(run->problem, sizeof run->problem, "it could not be started: %s", uv_strerror(status));
    if (output >= 0) close(output);
    runs->on_change(runs->context, run);
}

static void begin_next(struct runs *runs)
{
    for (struct run *run = runs->list; run != NULL && !runs->stopping && runs->running < RUNS_AT_ONCE; run = run->next)
        if (run->state == RUN_WAITING) run_begin(run);
}

/* ---- Asking ------------------------------------------------------------------------------------ */

/* A folder of its own under a name that is new. */
static bool claim(struct runs *runs, struct run *run, int *directory)
{
    const time_t now = time(NULL);
    struct tm parts;
    char stamp[20], hidden[40];
    struct stat info;
    gmtime_r(&now, &parts);
    strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &parts);
    do {
        snprintf(run->id, sizeof run->id, "%s-%u", stamp, ++runs->counter % 1000000000u);
        snprintf(hidden, sizeof hidden, ".%s", run->id);
    } while (fstatat(runs->folder->results, run->id, &info, AT_SYMLINK_NOFOLLOW) == 0);
    if (mkdirat(runs->folder->results, hidden, 0755) != 0) return false;
    *directory = openat(runs->folder->results, hidden, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return *directory >= 0;
}

static bool request_holds(const cJSON *request, const cJSON *files, const cJSON *args, struct verdict *verdict)
{
    static const char *const known[] = { "args", "files", "keep", "title" };
    const cJSON *const title = cJSON_GetObjectItemCaseSensitive(request, "title"), *const keep = cJSON_GetObjectItemCaseSensitive(request, "keep");
    const cJSON *member;
    cJSON_ArrayForEach(member, request) {
        bool is_known = false;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) is_known |= strcmp(known[i], member->string) == 0;
        if (!is_known) return refuse(verdict, 400, "unknown member", member->string), false;
    }
    if (!cJSON_IsArray(args) || cJSON_GetArraySize(args) > (int)ARGUMENTS_MOST) return refuse(verdict, 400, "args: wanted an array of texts", NULL), false;
    cJSON_ArrayForEach(member, args)
        if (!cJSON_IsString(member) || strlen(member->valuestring) > ARGUMENT_BYTES_MOST) return refuse(verdict, 400, "args: wanted texts", NULL), false;
    if (files != NULL && (!cJSON_IsObject(files) || cJSON_GetArraySize(files) > FILES_MOST)) return refuse(verdict, 400, "files: wanted an object", NULL), false;
    cJSON_ArrayForEach(member, files) {
        if (!folder_name_holds(member->string)) return refuse(verdict, 400, "files: wanted a plain file name", member->string), false;
        if (strcmp(member->string, "stdout") == 0 || strcmp(member->string, "about.json") == 0)
            return refuse(verdict, 400, "files: this name is serve's own", member->string), false;
        if (!cJSON_IsString(member)) return refuse(verdict, 400, "files: wanted a text", member->string), false;
    }
    if (title != NULL && (!cJSON_IsString(title) || strlen(title->valuestring) > RUN_TITLE_MOST))
        return refuse(verdict, 400, "title: wanted a text of at most 200 bytes", NULL), false;
    if (keep != NULL && !cJSON_IsBool(keep)) return refuse(verdict, 400, "keep: wanted true or false", NULL), false;
    return true;
}

static bool put_files(int directory, const cJSON *files, struct verdict *verdict)
{
    const cJSON *file;
    cJSON_ArrayForEach(file, files) {
        if (folder_write(directory, file->string, file->valuestring, strlen(file->valuestring))) continue;
        return refuse(verdict, errno == EEXIST ? 400 : 507, strerror(errno), file->string), false;
    }
    return true;
}

/* A scenario of the folder is copied, so that the run has the one that was asked for, whatever becomes of it. */
static const char *bring_scenario(const struct runs *runs, int directory, const char *path, const cJSON *files, struct verdict *verdict)
{
    struct fl_text text = { 0 };
    const char *const slash = strrchr(path, '/'), *const name = slash == NULL ? path : slash + 1;
    if (files != NULL && cJSON_GetObjectItemCaseSensitive(files, path) != NULL) return path;
    const bool there = strlen(path) <= FOLDER_PATH_MOST && folder_read(runs->folder->root, path, FL_SCENARIO_BYTES_MAX, &text);
    if (!there) refuse(verdict, errno == EFBIG ? 413 : 404, "no such scenario in the folder", path);
    const bool put = there && folder_write(directory, name, text.length > 0 ? text.bytes : "", text.length);
    if (there && !put) refuse(verdict, errno == EEXIST ? 400 : 507, strerror(errno), name);
    fl_text_free(&text);
    return put ? name : NULL;
}

/* The path of a finished run's directory, as seen from the folder of another. */
static bool name_run(const struct runs *runs, const char *id, char out[FOLDER_NAME_MOST + 40], struct verdict *verdict)
{
    char name[FOLDER_NAME_MOST + 1];
    if (!folder_run_directory(runs->folder, id, name)) return refuse(verdict, 404, "no finished run with results", id), false;
    snprintf(out, FOLDER_NAME_MOST + 40, "../%.30s/%s", id, name);
    return true;
}

static bool take_argument(struct run *run, const char *text)
{
    run->argv[run->argc] = strdup(text);
    return run->argv[run->argc] != NULL && ++run->argc > 0;
}

static bool take_arguments(struct run *run, const struct arguments *arguments, int directory, const cJSON *files, struct verdict *verdict)
{
    char path[FOLDER_NAME_MOST + 40];
    bool taken = take_argument(run, "fenliu");
    for (uint32_t i = 0; taken && i < arguments->count; i++) {
        const char *argument = arguments->list[i];
        if (arguments->kinds[i] == ARGUMENT_SCENARIO) argument = bring_scenario(run->runs, directory, argument, files, verdict);
        if (arguments->kinds[i] == ARGUMENT_RUN) argument = name_run(run->runs, argument, path, verdict) ? path : NULL;
        if (argument == NULL) return false;
        taken = take_argument(run, argument);
    }
    return taken || (refuse(verdict, 503, "out of memory", NULL), false);
}

static bool has_room(struct runs *runs, bool keep, struct verdict *verdict)
{
    char *names[RUNS_KEPT_MOST];
    if (runs->stopping) return refuse(verdict, 503, "serve is ending", NULL), false;
    if (runs->running >= RUNS_AT_ONCE && runs->waiting >= RUNS_WAITING_MOST) return refuse(verdict, 429, "too many runs wait; try again later", NULL), false;
    if (!keep) return true;
    const uint32_t kept = folder_runs(runs->folder, names, RUNS_KEPT_MOST);
    for (uint32_t i = 0; i < kept; i++) free(names[i]);
    return kept < RUNS_KEPT_MOST || (refuse(verdict, 507, "the results folder holds 1000 runs; remove some", NULL), false);
}

static struct run *run_new(struct runs *runs, const char *title)
{
    struct run *const run = calloc(1, sizeof *run);
    if (run == NULL) return NULL;
    run->runs = runs;
    run->title = strdup(title);
    run->argv = calloc(ARGUMENTS_MOST + 2, sizeof *run->argv);
    if (run->title != NULL && run->argv != NULL) return run;
    run_free(run);
    return NULL;
}

static void enter(struct runs *runs, struct run *run)
{
    struct run **at = &runs->list;
    while (*at != NULL) at = &(*at)->next;
    *at = run;
    runs->waiting++;
    begin_next(runs);
}

/* With a folder, its files and arguments, or gone again. */
static struct run *ask(struct runs *runs, struct run *run, const struct arguments *arguments, const cJSON *files, struct verdict *verdict)
{
    int directory = -1;
    char hidden[40];
    if (run == NULL) return refuse(verdict, 503, "out of memory", NULL);
    bool ready = claim(runs, run, &directory) || (refuse(verdict, 507, "the results folder cannot be written", strerror(errno)), false);
    ready = ready && put_files(directory, files, verdict) && take_arguments(run, arguments, directory, files, verdict);
    if (directory >= 0) close(directory);
    if (ready) {
        verdict->status = 201;
        enter(runs, run);
        return run;
    }
    snprintf(hidden, sizeof hidden, ".%s", run->id);
    if (run->id[0] != '\0') folder_remove(runs->folder->results, hidden);
    run_free(run);
    return NULL;
}

struct run *runs_ask(struct runs *runs, const cJSON *request, struct verdict *verdict)
{
    struct arguments arguments = { 0 };
    char why[256];
    const cJSON *const args = cJSON_GetObjectItemCaseSensitive(request, "args"), *const files = cJSON_GetObjectItemCaseSensitive(request, "files");
    const cJSON *const title = cJSON_GetObjectItemCaseSensitive(request, "title"), *arg;
    const bool keep = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(request, "keep"));
    if (!cJSON_IsObject(request)) return refuse(verdict, 400, "wanted an object", NULL);
    if (!request_holds(request, files, args, verdict)) return NULL;
    cJSON_ArrayForEach(arg, args) arguments.list[arguments.count++] = arg->valuestring;
    if (!arguments_hold(&arguments, why)) return refuse(verdict, 400, why, NULL);
    if (!has_room(runs, keep, verdict)) return NULL;
    struct run *const run = run_new(runs, title == NULL ? "" : title->valuestring);
    if (run != NULL) run->keep = keep;
    return ask(runs, run, &arguments, files, verdict);
}

struct run *runs_compare(struct runs *runs, const char *a, const char *b, struct verdict *verdict)
{
    const struct arguments arguments = { .count = 5, .list = { "compare", "--json", "--quiet", a, b }, .kinds = { [3] = ARGUMENT_RUN, [4] = ARGUMENT_RUN } };
    if (!has_room(runs, false, verdict)) return NULL;
    struct run *const run = run_new(runs, "");
    if (run != NULL) run->internal = true;
    return ask(runs, run, &arguments, NULL, verdict);
}

/* ---- The end of all ---------------------------------------------------------------------------- */

void runs_stop(struct runs *runs)
{
    runs->stopping = true;
    for (struct run *run = runs->list; run != NULL; run = run->next)
        if (run->state == RUN_RUNNING) run_end(run);
    if (runs->running == 0) runs->on_idle(runs->context);
}

void runs_free(struct runs *runs)
{
    while (runs->list != NULL) run_forget(runs->list);
}
