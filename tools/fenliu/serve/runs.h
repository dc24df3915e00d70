/* The runs of this serve: a few at once, a few that wait, a few that have ended and are not fetched yet. Each works in a hidden folder of its own
 * below runs/, which gets its name when the run has succeeded and was to be kept, and is removed otherwise. */
#ifndef FENLIU_SERVE_RUNS_H
#define FENLIU_SERVE_RUNS_H

#include "child.h"
#include "folder.h"

#include <cjson/cJSON.h>

#define RUNS_AT_ONCE 2u
#define RUNS_WAITING_MOST 8u
#define RUNS_ENDED_MOST 8u        /* that are not kept; the oldest goes first */
#define RUNS_KEPT_MOST 1000u
#define RUN_SAID_MOST (64u << 10) /* bytes; of more the beginning is forgotten */
#define RUN_TITLE_MOST 200u

enum run_state { RUN_WAITING, RUN_RUNNING, RUN_ENDED };

struct runs;

struct run {
    struct run *next;
    struct runs *runs;
    char id[32];
    enum run_state state;
    bool keep;            /* was to be kept; once it has ended: is kept */
    bool cancelled, timed_out;
    bool internal;        /* serve's own, of which no list tells */
    int code;             /* exit code; -1: it could not be started */
    char problem[200];    /* why it could not be started or kept; "" */
    char *title;          /* owned, as argv and what it points to */
    char **argv;
    uint32_t argc;
    uint32_t watchers;
    uint64_t begun_ms, took_ms;
    struct fl_text said;  /* its standard error */
    size_t forgotten;     /* bytes of it that were said before said.bytes[0] */
    struct child child;
};

struct runs {
    uv_loop_t *loop;
    struct folder *folder;
    uint64_t limit_ms;
    struct run *list; /* oldest first */
    uint32_t running, waiting, ended;
    uint32_t counter;
    bool stopping;
    void *context;
    void (*on_change)(void *context, struct run *run); /* said something, began or ended */
    void (*on_idle)(void *context);                    /* after runs_stop: no process is left */
};

/* What a request comes to: an HTTP status, and a sentence where it is none of 2xx. */
struct verdict {
    int status;
    char why[320];
};

/* Begins a run, or lets it wait: {"args":[...],"files":{NAME:TEXT},"keep":BOOL,"title":TEXT}. NULL with the verdict: 400, 404, 413, 429, 507. */
struct run *runs_ask(struct runs *runs, const cJSON *request, struct verdict *verdict);
/* The same for two finished runs that are compared. */
struct run *runs_compare(struct runs *runs, const char *a, const char *b, struct verdict *verdict);

struct run *runs_find(const struct runs *runs, const char *id);
/* Ends it; one that has ended is forgotten, and kept results are removed. */
void run_end(struct run *run);
void run_watch(struct run *run);
/* A run that is not kept ends with its last watcher: nobody is there to take the answer. */
void run_unwatch(struct run *run);

/* Its folder below runs/. */
void run_folder(const struct run *run, char out[40]);
/* As one object. */
void run_json(const struct run *run, struct fl_text *out);

/* Ends all; on_idle when that is done, at once where nothing runs. */
void runs_stop(struct runs *runs);
void runs_free(struct runs *runs);

#endif
