/* What `fenliu compare` is made of: two sides with their days (compare_sides.c), baselines (compare_baseline.c), the words for a
 * difference (compare_words.c), the gate (compare_gate.c) and its reports (compare_report.c). */
#ifndef FENLIU_COMPARE_H
#define FENLIU_COMPARE_H

#include "command.h"
#include "measure/gate.h"

/* ---- Sides ------------------------------------------------------------------------------------- */

enum { SCOPES = FL_SCOPE_INTERVAL_GROUP + 1 };

/* Days that have been read or simulated, by what their rows are of; none of the desk, whose rows are those of groups. */
struct days {
    const struct fl_row **rows[SCOPES]; /* [count]; owned lists; NULL where they are not kept */
    uint32_t count;
};

struct side {
    const char *path;
    const struct options *options;
    struct fl_scenario *scenario;   /* owned */
    char *scenario_text;            /* owned; of a scenario or a baseline */
    struct days days;
    const char *const *agent_names; /* owned with names_memory */
    void *names_memory;
    struct fl_run **runs;           /* owned [runs_count]: the batches that were simulated */
    uint32_t runs_count;
    void *stored[1 + FL_CELLS_KINDS]; /* owned blocks of a finished run's rows */
    struct fl_row **folded;         /* owned [folded_count]: rows of intervals */
    uint32_t folded_count;
    char version[64], engine[160], command[16]; /* of whoever simulated it */
    uint64_t seed;
    uint32_t desk_shards;           /* more than 1: of a day whose desk was divided among so many machines (desk/share.h) */
    bool is_finished;               /* a run directory or a baseline: there are the days that there are */
};

/* Opens a scenario, run directory or baseline; EXIT_DONE, or the exit code after saying why. `cells`: read the finer days as well. */
int side_open(struct side *side, const char *path, const struct options *options, bool cells);
void side_close(struct side *side);
/* Of a manifest or a baseline's head: among how many machines the desk was divided; 1: it was not. */
struct cJSON;
uint32_t side_desk_shards(const struct cJSON *json);
/* Simulates the days `replications` [n] behind those it has; the finer ones too if asked for. */
int side_simulate(struct side *side, const char *what, const uint32_t replications[], uint32_t n, bool cells);
/* Leaves only these days, which the side has, in this order. */
void side_keep(struct side *side, const uint32_t replications[], uint32_t n);
/* The first n days, by cells of a scope; rows NULL where there are none. */
struct fl_side side_days(const struct side *side, enum fl_scope scope, uint32_t n);
/* Adds up the intervals of all groups, of the days that are new; false: no memory. */
bool side_fold(struct side *side);

/* Names of what a scope's cells are, in their order; NULL for the desk and intervals. */
const char *side_name(const struct side *side, enum fl_scope scope, uint32_t index);
uint32_t side_count(const struct side *side, enum fl_scope scope);

/* Puts n rows of a scope behind the `count` days that there are; the caller adds n to count when all scopes are done. */
bool days_append(struct days *days, enum fl_scope scope, const struct fl_row *const rows[], uint32_t n);
/* What days.bin and cells.bin hold, as a side's days; false after saying why. cells NULL: none. */
bool side_take_days(struct side *side, const void *days, size_t days_bytes, const void *cells, size_t cells_bytes);

/* A whole file, NUL-terminated and to be freed; NULL with errno set. */
char *file_bytes(const char *path, size_t *length);
/* Writes it whole under a hidden name and renames it; EXIT_DONE, or EXIT_UNWRITTEN after saying why. */
int file_put(const char *command, const char *path, const void *bytes, size_t length);

/* ---- Comparing ---------------------------------------------------------------------------------- */

/* What `fenliu compare A B --json` prints of two finished runs, appended; EXIT_DONE, or the exit code after saying why. */
int compare_finished(const char *const paths[2], const struct options *options, struct fl_text *out);

/* ---- Baselines --------------------------------------------------------------------------------- */

#define BASELINE_BYTES_MAX 1000000u /* what a repository can hold without regret */

bool baseline_is_one(const char *path);
/* Fills a side from a baseline file. */
int baseline_open(struct side *side, bool cells);
/* Packs a side's first `days` days; leaves finer days out, then days, until it is small enough, and says on stderr what. */
int baseline_write(const struct side *side, const char *path, uint32_t days);

/* ---- Words ------------------------------------------------------------------------------------- */

/* What a figure is called: "P95 of first response", "首次响应 P95". metric NULL: days_met. */
void figure_words(const struct fl_metric *metric, const char *statistic, enum language language, char *out, size_t size);
/* A figure or a difference with its unit; shares differ by points. */
void value_words(const struct fl_metric *metric, double value, bool is_difference, enum language language, char *out, size_t size);
/* "longer", "变短": what became of a figure that rose or fell. */
const char *change_word(const struct fl_metric *metric, bool up, enum language language);
/* For whom: "for buyers of group after_sale", "20:00 到 20:15 来的买家". `where` is the name of the cell. */
void whom_words(const struct fl_metric *metric, enum fl_gate_per per, const char *where, enum language language, char *out, size_t size);
/* "20:00" of an interval's beginning; with the date where the scenario is longer than a day. */
void clock_words(const struct fl_scenario *scenario, fl_time at, char *out, size_t size);

/* ---- The gate ---------------------------------------------------------------------------------- */

/* Something finer that got worse with a gate's figure, more than by chance. */
struct culprit {
    enum fl_gate_per per;
    char where[96];    /* a name, or "20:00-20:45" */
    double difference; /* b - a */
};
#define CULPRITS 12u

struct gate_cell {
    struct fl_gate_cell judged;
    char where[96]; /* "" for the desk */
    struct culprit culprits[CULPRITS];
    uint32_t culprits_count, culprits_more;
    bool culprits_by_mean; /* their differences are of the mean, not of the gate's percentile */
};

struct gate_result {
    const struct fl_gate *gate;
    enum fl_gate_verdict verdict;
    uint32_t days;           /* at which it was decided, or given up */
    struct gate_cell *cells; /* owned [cells_count], the worst first */
    uint32_t cells_count, empty_count;
    bool identical;          /* every day was the same on both sides */
};

struct gate_run {
    const char *file;
    struct fl_gates *gates;          /* owned */
    struct gate_result *results;     /* owned [gates->count] */
    const struct side *a, *b;
    struct fl_pairing pairing;
    bool strict, other_seeds;
    uint32_t days, most, left_out_a, left_out_b; /* days looked at last, cap; days of a finished run that the other side lacks */
    double wall_s;
};

struct gate_options {
    const char *file, *junit, *markdown;
    bool strict;
};

/* Reads the gate file, simulates and looks until all is decided, prints, writes the reports. The exit code. */
int gate_main(struct side side[2], const struct options *options, const struct gate_options *wanted);

/* Whether the run as a whole is missed, by its own strictness. */
bool gate_missed(const struct gate_run *run, const struct gate_result *result);

/* A cell's sentence: what got worse, by how much, for whom, and where it hurts. Never empty. */
void gate_sentence(struct fl_text *out, const struct gate_result *result, const struct gate_cell *cell, enum language language);
/* The reports. */
void gate_table(struct fl_text *out, const struct gate_run *run, enum language language);
void gate_markdown(struct fl_text *out, const struct gate_run *run, enum language language);
void gate_json(struct fl_text *out, const struct gate_run *run);
void gate_junit(struct fl_text *out, const struct gate_run *run, enum language language);

/* What is said before anything is compared: different keys, days that do not pair. `mark` stands before each line. */
void add_keys(struct fl_text *out, const struct side *a, const struct side *b, const char *mark, enum language language);
void add_pairing(struct fl_text *out, const struct side *a, const struct side *b, const struct fl_pairing *pairing, const char *mark,
                 enum language language);

/* Further members of a JSON object, of a difference: a, b, difference, ci95, p, more_than_chance, and whose side is better (judged > 0: b's; 0: null). */
void add_difference(struct fl_text *out, const struct fl_difference *d, bool more_than_chance, int judged);

#endif
