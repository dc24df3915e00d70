/* Turns the crank: replications of a scenario on all cores.
 *
 * Each worker thread owns one block of memory, whose arena it resets for every day, and a router of its own. Which worker
 * simulates which day is left to chance, but nothing in a result depends on it: pooled figures are sums of whole numbers and the
 * days' rows are kept by their number. A day that does not fit its block is run again in a larger one. */
#ifndef FL_RUN_RUN_H
#define FL_RUN_RUN_H

#include "desk/desk.h"
#include "measure/summary.h"

#include <stdatomic.h>

/* Opens one router a worker. NULL functions: the built-in engine. */
struct fl_router_source {
    enum fl_status (*open)(void *context, uint32_t worker, struct fl_router *router);
    void (*close)(void *context, uint32_t worker);
    void *context;
};

struct fl_run_options {
    uint64_t seed;
    uint32_t first, replications; /* days first, first + 1, ... */
    const uint32_t *days;         /* optional [replications]: these days instead */
    uint32_t jobs;                /* worker threads; 0: one a core */
    struct fl_share share;        /* optional: only this part of the desk (desk/share.h) */
    struct fl_router_source routers;
    /* Optional; called on worker threads, one at a time: `done` of `all` days are finished. */
    void (*on_progress)(void *context, uint32_t done, uint32_t all);
    void *progress_context;
    const atomic_bool *stop;      /* optional: set by a signal handler; finished days are kept */
    bool (*on_log)(void *context, const struct fl_log_event *event); /* only with jobs 1 and one replication */
    void *log_context;
    bool (*pace)(void *context, fl_time at, fl_time *now); /* optional: real time (struct fl_desk_setup); only with jobs 1 */
    void *pace_context;
    size_t memory_max;            /* of one worker's block; 0: 8 GiB */
    bool cells;                   /* keep every day by agent, intent and interval too (results.cells), up to FL_CELLS_MAX of each; days of
                                     routers of one's own are always kept so: they cost more than to keep them */
    bool rows_only;               /* days are not pooled, results.totals is empty: a tenth quicker, where only which days met their objectives is asked */
};

struct fl_run {
    struct fl_results results; /* rows in the order of their replication */
    bool partial;              /* stopped before all days were done */
    double cpu_s, wall_s;
    size_t arena_high;         /* most memory a day took */
    uint32_t jobs;
    uint64_t seed;
};

/* Runs and pools. *out is released by fl_run_free; it borrows the scenario. FL_EFULL: a day needs more than memory_max.
 * FL_EENGINE: a router failed. FL_EINTERRUPTED: stopped before even one day was done. */
FL_MUST_CHECK enum fl_status fl_run(const struct fl_scenario *scenario, const struct fl_run_options *options, struct fl_run **out);
void fl_run_free(struct fl_run *run);

/* Names of the scenario's agents in the order of their indexes, as fl_run gives them; *memory holds them and is to be freed by free(), also
 * where NULL is returned: no memory. */
const char *const *fl_run_agent_names(const struct fl_scenario *scenario, void **memory);

/* Processors this process may use, at least 1. */
uint32_t fl_run_cores(void);

#endif
