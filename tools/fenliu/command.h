/* What the subcommands share: options, reading scenarios, progress, writing a run, exit codes. */
#ifndef FENLIU_COMMAND_H
#define FENLIU_COMMAND_H

#include "record/slice.h"
#include "record/results.h"
#include "run/run.h"
#include "run/rundir.h"
#include "scenario/reader.h"

enum exit_code { EXIT_DONE = 0, EXIT_MISSED = 1, EXIT_USAGE = 2, EXIT_ENGINE = 3, EXIT_UNWRITTEN = 4, EXIT_INTERNAL = 5, EXIT_INTERRUPTED = 130 };

enum language { LANGUAGE_EN, LANGUAGE_ZH };
enum language language_of_locale(void);

/* Files of one command line: the shards of a large job array are the most. */
#define FILES_MAX 4096u

/* Options that mean the same everywhere. */
struct options {
    const char *command;
    struct fl_override overrides[64];
    uint32_t overrides_count;
    const char *files[FILES_MAX];
    uint32_t files_count;
    uint64_t seed;
    bool has_seed, has_language, json, quiet, help;
    bool report;           /* --report: a page for people into the run directory */
    uint32_t replications; /* 0: the scenario's */
    uint32_t jobs;         /* 0: one a core */
    const char *out;
    enum language language;
    const char *engine;    /* drive */
    const char *gate;
};

int cmd_simulate(int argc, char **argv);
int cmd_merge(int argc, char **argv);
int cmd_staff(int argc, char **argv);
int cmd_drive(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_sweep(int argc, char **argv);
int cmd_log(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_init(int argc, char **argv);
int cmd_engine(int argc, char **argv);
int cmd_erlang(int argc, char **argv);
int cmd_fit(int argc, char **argv);

/* One option of a subcommand: takes argv[*i] (and moves on when it has a value). 1: taken; 0: not one of mine; -1: wrong, said. */
typedef int take_option(void *context, struct options *options, int argc, char **argv, int *i);

/* Reads the command line. false when it is wrong, which has been said on stderr. `more` may be NULL. */
bool options_read(struct options *options, int argc, char **argv, take_option *more, void *context);
/* The value of an option, "--name VALUE" or "--name=VALUE", "-n VALUE", "-nVALUE" or "-n=VALUE"; NULL when argv[*i] is not that option; says when it is missing. */
const char *option_value(int argc, char **argv, int *i, const char *name);

/* Adds PATH=VALUE to the overrides; false when it is none, which has been said. */
bool override_add(struct options *options, const char *value);

/* A scenario file with the overrides; NULL after saying every fault. *text (optional) receives the text as read with
 * overrides applied, to be freed. scenario_open reads the log of a replay too; scenario_read does not, which is enough for a scenario whose run is
 * finished. */
struct fl_scenario *scenario_read(const struct options *options, const char *path, char **text);
struct fl_scenario *scenario_open(const struct options *options, const char *path, char **text);

/* Progress on stderr: a bar on a terminal, a line every tenth otherwise, nothing with --quiet. */
struct progress {
    bool quiet, terminal;
    const char *what;
    uint64_t started_ns, shown_ns;
    uint32_t tenth;
};
void progress_start(struct progress *progress, const struct options *options, const char *what);
void progress_step(void *progress, uint32_t done, uint32_t all);
void progress_end(struct progress *progress);

/* Set by Ctrl-C and SIGTERM from interrupts_watch on. */
extern atomic_bool interrupted;
void interrupts_watch(void);

/* Says why a run failed and returns the exit code. */
int run_failed(enum fl_status status, const char *what);

/* Writes a text to stdout; EXIT_DONE or EXIT_UNWRITTEN after saying why. */
int text_print(const struct fl_text *text);

/* The run directory of results: manifest.json, scenario.json, summary.json, days.csv, days.bin, cells.bin, intervals.csv, agents.csv, load.csv, *.hlog, report.html. */
struct run_extra {
    const char *name; /* NULL: none */
    const struct fl_text *text;
};
struct run_record {
    const struct fl_run *run;
    const struct fl_results_head *head;
    const char *scenario_text;
    int argc;
    char **argv;
    struct run_extra extras[3];   /* further files, of a shard too */
    const struct fl_text *engine; /* engine.json of an outside engine; NULL: none */
    const struct fl_slice_head *shard; /* these days are a shard's (shard.h): manifest.json, scenario.json, shard.bin and the extras alone; NULL: a run */
    uint32_t desk_shards;         /* more than 1: the run was put together from so many shares of the desk */
    bool divides_desk;            /* the shard is a share of the desk (desk/share.h), not some of the days: shard.bin is then of all its days */
    const struct options *options; /* --report: report.html as well */
};
int run_write(const char *path, const struct run_record *record);

/* The concrete policy of a scenario, options that change it included. */
void policy_describe(const struct fl_scenario *scenario, char *out, size_t size);

/* Pads to a width in terminal columns; CJK characters take two. */
uint32_t text_columns(const char *utf8);
void text_add_padded(struct fl_text *text, const char *utf8, uint32_t columns, bool right);

#endif
