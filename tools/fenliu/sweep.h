/* What `fenliu sweep` is made of: the points of a grid (sweep_points.c), units of days and who simulates them (sweep_units.c), a point's
 * figures (sweep_figures.c), the store they go into (sweep_store.c, its tables in sweep_schema.c).
 *
 * units -> executor -> taker: a unit is a block of days of one point, small enough that all cores end together and a large point is spread
 * over all of them. An executor hands back each unit's days as bytes, in any order. When a point's units are all there they are joined, and
 * its figures go into the store under the point's number. Nothing in a store depends on who did which unit, when, or on how the days were
 * divided: a finished store is written anew in the order of its keys, so that the same sweep is the same file. */
#ifndef FENLIU_SWEEP_H
#define FENLIU_SWEEP_H

#include "command.h"
#include "run/part.h"

/* ---- Points ------------------------------------------------------------------------------------ */

#define SWEEP_PATHS_MAX 32u
#define SWEEP_POINTS_MAX 100000u

/* Values that go together: one path with its values, the columns of a list file, a sample, the scenario files. */
struct sweep_axis {
    const char *paths[SWEEP_PATHS_MAX]; /* "scenario" stands for the files */
    uint32_t paths_count, rows;
    const char **values;                /* [rows x paths_count] as given: JSON, or a text */
};

struct sweep_points {
    struct sweep_axis axes[SWEEP_PATHS_MAX];
    uint32_t axes_count;
    const char *const *files;           /* [files_count]; with two or more the first axis is "scenario" */
    uint32_t files_count;
    const char *paths[SWEEP_PATHS_MAX]; /* of all axes, in their order; without "scenario" */
    uint32_t paths_count;
    uint32_t count;                     /* of points: the product of the axes' rows; the last axis runs fastest */
    bool factorial;                     /* every axis has one path: a full grid */
    void *kept;                         /* owned texts */
};

/* What --vary, --list, --sample and --shard were given, in their order. */
struct sweep_plan {
    uint32_t shard, shards; /* only points p with p % shards == shard; shards 0: all */
    const char *vary[SWEEP_PATHS_MAX], *lists[SWEEP_PATHS_MAX];
    uint32_t vary_count, lists_count, latin; /* latin: points of a Latin hypercube over all that varies; 0: a grid */
};

/* Reads them; false after saying every fault. `seed` is for samples. Released by sweep_points_free in either case. */
bool sweep_points_make(struct sweep_points *points, const struct sweep_plan *plan, const char *const files[], uint32_t files_count, uint64_t seed);
void sweep_points_free(struct sweep_points *points);

/* The file of a point, and its values by path [paths_count]. */
const char *sweep_point_values(const struct sweep_points *points, uint32_t point, const char *values[SWEEP_PATHS_MAX]);
/* "desk.agents[0].count=7, routing.policy=random"; the file first, where there are several. */
void sweep_point_label(const struct sweep_points *points, uint32_t point, struct fl_text *out);
/* A value as a number: 7, or "90s" in seconds; NaN for what is neither. */
double sweep_number(const char *value);

/* ---- Units ------------------------------------------------------------------------------------- */

struct unit {
    uint32_t point, first, days; /* days first, first + 1, ... of the point */
};

/* Work to be spread. Functions are called on any thread, several at a time. */
struct unit_work {
    const struct unit *units; /* in the order in which they should be begun */
    uint32_t count;
    uint64_t seed;
    const atomic_bool *stop;  /* units that are not done by then are left */
    struct fl_scenario *(*open)(void *context, uint32_t point); /* to be freed by fl_scenario_free; NULL: no memory */
    /* Takes the bytes, or leaves them: what is left in them is freed. Not FL_OK: no more units are begun. */
    enum fl_status (*take)(void *context, uint32_t unit, struct fl_text *bytes);
    void *context;
};

/* Simulates all units on `jobs` threads of this process (0: one a core). FL_EINTERRUPTED: stopped before the end. */
FL_MUST_CHECK enum fl_status units_run(const struct unit_work *work, uint32_t jobs);

/* Days of one unit of a scenario: some 100 000 buyers, but not so many that the sweep has fewer than 64 units. Depends on nothing else. */
uint32_t unit_days(const struct fl_scenario *scenario, uint32_t replications, uint32_t points);

/* ---- A point's figures -------------------------------------------------------------------------- */

/* Columns of the wide tables: every figure that is not an engine's; NULL-terminated names "first_response_s.p90". */
struct sweep_columns {
    const struct fl_metric *metric[128];
    const char *statistic[128];
    uint32_t count;
};
void sweep_columns_list(struct sweep_columns *columns);

struct sweep_objective {
    const char *name, *want, *per;
    struct fl_objective_result judged;
    char where[64];
};

/* Figures of one point, computed from its run, which can then go. Tables are [rows x columns], NaN: not known. */
struct sweep_result {
    uint32_t point, replications, days_met, agents;
    bool objectives_met;
    double on_duty_max;
    char policy[96];
    uint64_t scenario_hash;
    const struct fl_scenario *scenario; /* borrowed, for names */
    const char *const *agent_names;     /* borrowed */
    struct fl_figure *desk, *groups;    /* [columns], [groups x columns] */
    double *intervals;                  /* [intervals x (1 + groups)]: the desk, then its groups */
    double *agents_table, *intents, *days;
    uint32_t *day_numbers;
    bool *day_met;
    struct sweep_objective *objectives;
    struct fl_text packed;              /* days.bin (record/days.h), compressed with zstd */
};
bool sweep_result_make(struct sweep_result *result, const struct sweep_columns *columns, uint32_t point, const struct fl_run *run);
void sweep_result_free(struct sweep_result *result);

/* ---- The store ---------------------------------------------------------------------------------- */

/* What a store is of: with anything else it is refused. */
struct sweep_identity {
    uint64_t seed;
    uint32_t replications;
    const struct sweep_points *points;
    const uint64_t *hashes;           /* [points] of their scenarios */
    const char *const *scenario_texts; /* [files] with --set applied */
    const char *const *scenario_names; /* [files] */
};

struct sweep_store;

/* Opens the store at `path` or makes it, and holds it: nobody else works on it meanwhile. EXIT_DONE, or the exit code after saying why.
 * *out is closed by sweep_store_close. */
int sweep_store_open(const char *path, const struct sweep_identity *identity, struct sweep_store **out);
void sweep_store_close(struct sweep_store *store); /* NULL is fine */

/* Whether all of it is there and has its final form. */
bool sweep_store_finished(const struct sweep_store *store);
/* Whether a point's figures are there. */
bool sweep_store_has(const struct sweep_store *store, uint32_t point);
/* Tells every unit that is kept of points that are not complete; bytes are borrowed for the call. */
bool sweep_store_units(struct sweep_store *store, bool (*on_unit)(void *context, const struct unit *unit, const void *bytes, size_t length), void *context);

/* Adds a point's figures, or a unit of one that is not complete. Kept by the next commit. false: sweep_store_problem. One thread at a time. */
bool sweep_store_add(struct sweep_store *store, const struct sweep_result *result, const struct sweep_columns *columns);
bool sweep_store_keep(struct sweep_store *store, const struct unit *unit, const void *bytes, size_t length);
bool sweep_store_commit(struct sweep_store *store);
/* Writes it anew in its final form and puts that in its place. */
bool sweep_store_finish(struct sweep_store *store);
const char *sweep_store_problem(const struct sweep_store *store);

/* Gives a database that holds all of a sweep its final form under another name. EXIT_DONE, or the exit code after saying why. */
int sweep_store_settle(const char *from, const char *path);

/* fenliu merge of stores: those of all shards as one. The exit code. */
int sweep_merge(const struct options *options);

/* The schema as SQL with its comments; `points`: of these paths, NULL: with examples. */
void sweep_schema(const struct sweep_columns *columns, const struct sweep_points *points, struct fl_text *out);

/* The name of a figure as a column. */
void sweep_add_column(struct fl_text *out, const struct fl_metric *metric, const char *statistic);

/* --export: a table or view as CSV into a file (NULL: standard output). The exit code. */
int sweep_export(const char *store, const char *name, const char *out);

/* ---- A sweep ------------------------------------------------------------------------------------- */

/* All of it: checks every point, fills the store of options->out, and says what came of it. only_points: prints the points instead. */
int sweep_run(const struct options *options, const struct sweep_plan *plan, bool only_points);

/* ---- The screen ---------------------------------------------------------------------------------- */

/* What a finished store says first: its points with the figures that matter, as a table or JSON. The exit code. */
int sweep_screen(const char *store, const struct options *options, uint32_t simulated, uint32_t kept);

#endif
