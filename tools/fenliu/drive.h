/* What the parts of `fenliu drive` share: the engines under test, their report, the live view, the search for their limit, shards. */
#ifndef FENLIU_DRIVE_H
#define FENLIU_DRIVE_H

#include "command.h"
#include "transcripts.h"

#include "engine/books.h"
#include "engine/channel.h"
#include "engine/faults.h"
#include "engine/outside.h"
#include "engine/pace.h"

struct drive {
    const char *url;
    int64_t timeout_ns;  /* of --timeout; 0: the scenario's */
    bool lockstep, live; /* asked for; real time */
    bool finds_limit;
    double speed;        /* INFINITY: as fast as the window allows */
    uint32_t window;     /* 0: none */
    int64_t step_ns;     /* --find-limit: wall clock of one step */
    int64_t latency_ns;  /* --max-latency: what p99 of the decisions may be */
    int64_t start_ns;    /* on the clock on the wall; 0: at once */
    int64_t began_ns;    /* real time: when the first day began, ns since 1970 */
    struct fl_slice_head shard; /* --shard; shards 0: the whole run */
    const char *metrics; /* [HOST:]PORT, or NULL */
    const char *record, *replay; /* files, or NULL */
    struct recording recording;
    const struct fl_scenario *scenario;
    const char *text;    /* of the scenario, overrides applied */
    uint64_t seed;
    struct engine *engines; /* [jobs] */
    uint32_t jobs;
    bool quiet;
    enum language language;
    int64_t started_ns;
    atomic_bool stop;    /* ends the run: Ctrl-C, or the end of a step */
};

/* Of a run in real time: Ctrl-C, or its step's time has passed. */
bool drive_is_over(const struct drive *drive);

/* One engine a worker. */
struct engine {
    uv_loop_t loop; /* the channel's */
    struct fl_channel *channel;
    struct fl_channel *faulty; /* in real time: the one within, by which the link can be made anew */
    struct fl_pace pace;    /* in real time */
    struct live_view *view; /* in real time; NULL: none */
    struct fl_outside *outside;
    char prefix[32];
    char problem[512]; /* a whole sentence; "" while all is well */
    struct fl_ledger ledger;
    struct fl_fault_entry *faults; /* [faults_count] what went wrong with the link; owned */
    uint32_t faults_count;
    struct fl_text logs[2]; /* of a run in real time: decisions, own lateness */
    char name[FL_PROTOCOL_NAME_MAX + 1];
};

/* ---- drive_report.c ---- */

struct latency {
    double mean_us, p50_us, p90_us, p95_us, p99_us, p999_us, most_us;
};

struct latency latency_of(const struct fl_histogram *head, const uint32_t *counts);

/* Whether the harness was punctual enough for its figures to be the engine's: what it adds to a decision is little beside what is
 * measured, or below a millisecond. A harness that is late asks fewer questions at once than the plan has. */
bool drive_is_valid(const struct fl_ledger *ledger);

/* What one machine saw of a day that was divided among several; of a run that was not, all. */
struct drive_part {
    const struct fl_ledger *ledger;
    const struct fl_fault_entry *faults; /* [faults_count] */
    uint32_t faults_count;
    bool link_broke;                     /* without being asked to */
    int64_t began_ns;                    /* ns since 1970; 0: at no one instant */
};

/* What came of an engine. All is borrowed. */
struct drive_outcome {
    const char *engine;             /* what it calls itself */
    bool live;
    double speed;
    uint32_t sessions;
    const struct fl_ledger *ledger; /* of all parts */
    const struct drive_part *parts;
    uint32_t parts_count;           /* more than 1: of a divided day, and then it is said where everything comes from */
};

/* Machines that begin further apart than this have not played one day. Clocks that are kept agree to some ms. */
#define DRIVE_APART_MOST FL_SECOND
int64_t drive_apart_ns(const struct drive_outcome *outcome); /* between the first and the last to begin */

/* Whether the figures are the engine's: every machine was punctual, and they began together. */
bool drive_outcome_is_valid(const struct drive_outcome *outcome);

void drive_json(const struct drive_outcome *outcome, const char *const *names, struct fl_text *out);
/* `results` NULL: without violations and faults. */
void drive_report(const struct drive_outcome *outcome, enum language language, const struct fl_results *results, struct fl_text *out);

/* Writes and prints a run and what came of its engine; the exit code. The record lacks nothing but engine.json. */
int drive_conclude(const struct drive_outcome *outcome, const struct options *options, const struct run_record *plain);

/* ---- drive_shard.c ---- */

/* Completes drive->shard for a run of that many days: a block of them, or in real time a share of the desk. Not 0: the exit code, after saying why
 * that cannot be. */
int drive_shard_holds(struct drive *drive, const struct options *options, uint32_t days);

/* Writes and prints a shard; the exit code. */
int drive_shard_conclude(const struct drive *drive, const struct drive_outcome *outcome, const struct options *options, const struct run_record *plain);

/* ---- drive_live.c ---- */

/* A view on stderr of a run in real time (a block on a terminal, a line every five seconds elsewhere), OpenMetrics on a port, and a
 * histogram of every second. Lives on the engine's loop. NULL after saying why (the port is taken, say). */
struct live_view *live_view_open(struct drive *drive, struct engine *engine);
/* The logs of the decisions and of our own lateness, second by second, into these texts, when they are wanted. */
void live_view_logs(struct live_view *view, struct fl_text *decisions, struct fl_text *lateness);
void live_view_close(struct live_view *view);

/* ---- drive_limit.c ---- */

/* One stretch in real time at that speed, for step_ns at most; what came of it. */
typedef int drive_step(struct drive *drive, double speed, struct fl_ledger *ledger, double *wall_s);

/* Raises the speed until the engine no longer keeps up, and closes in on where. Prints its steps and the answer; the exit code. */
int drive_find_limit(struct drive *drive, const struct options *options, drive_step *step);

#endif
