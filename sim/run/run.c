#include "run/run.h"

#include "routing/engine.h"
#include "run/whole.h"
#include "run/workers.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BLOCK_FIRST ((size_t)16 << 20)
#define BLOCK_MAX ((size_t)(SIZE_MAX >> 2 < (uint64_t)8 << 30 ? SIZE_MAX >> 2 : (uint64_t)8 << 30)) /* a quarter of what can be addressed */

struct crank {
    const struct fl_scenario *scenario;
    const struct fl_run_options *options;
    const struct fl_traffic_plan *plan;
    struct fl_workers *workers; /* their lock guards next, done, failed and the call of on_progress */
    uint32_t next, done;
    enum fl_status failed;
    struct fl_whole *whole; /* its lists take the days */
    size_t memory_max;
    bool opened; /* every worker has its memory */
};

struct worker {
    struct crank *crank;
    uint32_t number;
    struct fl_engine engine;
    struct fl_totals totals;
    void *totals_memory;
    struct fl_arena arena;
    void *block;
    size_t block_bytes;
    size_t high;
    uint64_t events, told; /* of the day under way; most of a day that were told */
};

/* ---- Memory of a worker ------------------------------------------------------------------------ */

static bool block_open(struct worker *worker, size_t bytes)
{
    void *const block = fl_block_open(bytes);
    if (block == NULL) return false;
    worker->block = block;
    worker->block_bytes = bytes;
    fl_arena_start(&worker->arena, block, bytes);
    return true;
}

static void block_close(struct worker *worker)
{
    fl_block_close(worker->block, worker->block_bytes);
    worker->block = NULL;
}

static bool block_enlarge(struct worker *worker)
{
    const size_t bytes = worker->block_bytes * 4;
    if (bytes > worker->crank->memory_max * 4) return false;
    block_close(worker);
    return block_open(worker, bytes < worker->crank->memory_max ? bytes : worker->crank->memory_max);
}

/* ---- A worker ---------------------------------------------------------------------------------- */

static bool take_replication(struct crank *crank, uint32_t *index)
{
    const bool stop = crank->options->stop != NULL && *crank->options->stop;
    fl_workers_lock(crank->workers);
    const bool more = !stop && crank->failed == FL_OK && crank->next < crank->options->replications;
    if (more) *index = crank->next++;
    fl_workers_unlock(crank->workers);
    return more;
}

static void finish_replication(struct crank *crank, enum fl_status status)
{
    fl_workers_lock(crank->workers);
    if (status != FL_OK) {
        if (crank->failed == FL_OK) crank->failed = status;
    } else {
        crank->done++;
        if (crank->options->on_progress != NULL)
            crank->options->on_progress(crank->options->progress_context, crank->done, crank->options->replications);
    }
    fl_workers_unlock(crank->workers);
}

/* A day that is run again in a larger block tells the same events again: those already told are left out. */
static bool tell_once(void *context, const struct fl_log_event *event)
{
    struct worker *worker = context;
    const struct fl_run_options *options = worker->crank->options;
    if (worker->events++ < worker->told) return true;
    worker->told++;
    return options->on_log(options->log_context, event);
}

static uint32_t day_number(const struct fl_run_options *options, uint32_t index)
{
    return options->days != NULL ? options->days[index] : options->first + index;
}

/* Keeps the day by what is finer than groups. false: no memory. */
static bool keep_cells(struct crank *crank, const struct fl_day *day, uint32_t index)
{
    for (uint32_t kind = 0; kind < FL_CELLS_KINDS; kind++) {
        const enum fl_scope scope = fl_cells_scope((enum fl_cells_of)kind);
        if (crank->whole->cells[kind] == NULL) continue;
        struct fl_row *row = crank->whole->cells[kind][index] = malloc(fl_cells_bytes(day, scope));
        if (row == NULL) return false;
        fl_cells_pack(day, scope, day_number(crank->options, index), row);
    }
    return true;
}

/* Keeps the day by date, where there are several. false: no memory. */
static bool keep_dates(struct crank *crank, const struct fl_day *day, uint32_t index)
{
    if (crank->whole->dates == NULL) return true;
    crank->whole->dates[index] = malloc(fl_dates_bytes(day));
    if (crank->whole->dates[index] == NULL) return false;
    fl_dates_pack(crank->scenario, day, day_number(crank->options, index), crank->whole->dates[index]);
    return true;
}

static bool judged_by_agent(const struct fl_scenario *scenario)
{
    for (uint32_t i = 0; i < scenario->objectives_count; i++)
        if (scenario->objectives[i].per == FL_PER_AGENT) return true;
    return false;
}

/* What the days of a run need not keep. */
static uint32_t left_out_of(const struct crank *crank)
{
    struct fl_row **const *const cells = crank->whole->cells;
    if (!crank->options->rows_only) return FL_DAY_WHOLE;
    const bool agents = cells[FL_CELLS_AGENTS] != NULL || judged_by_agent(crank->scenario);
    const bool intervals = cells[FL_CELLS_INTERVALS] != NULL || cells[FL_CELLS_INTENTS] != NULL || !fl_day_row_suffices(crank->scenario);
    return (agents ? 0 : FL_DAY_NO_REPLIES_BY_AGENT) + (intervals ? 0 : FL_DAY_NO_INTERVALS);
}

static enum fl_status run_day(struct worker *worker, const struct fl_router *router, uint32_t index)
{
    struct crank *crank = worker->crank;
    const struct fl_run_options *options = crank->options;
    const struct fl_desk_setup setup = {
        .scenario = crank->scenario, .plan = crank->plan, .router = *router, .seed = options->seed,
        .replication = day_number(options, index), .share = options->share,
        .on_log = options->on_log == NULL ? NULL : tell_once, .log_context = worker, .stop = options->stop,
        .pace = options->pace, .pace_context = options->pace_context,
        .left_out = left_out_of(crank),
    };
    struct fl_day day;
    enum fl_status status;
    worker->told = 0;
    for (;;) {
        worker->events = 0;
        fl_arena_reset(&worker->arena);
        status = fl_desk_run(&setup, &worker->arena, &day);
        if (status != FL_EFULL || !block_enlarge(worker)) break;
    }
    if (worker->arena.high > worker->high) worker->high = worker->arena.high;
    if (status != FL_OK) return status;
    if (!options->rows_only) fl_totals_add(&worker->totals, crank->scenario, &day);
    struct fl_row *row = malloc(fl_row_bytes(&day));
    if (row == NULL) return FL_EFULL;
    fl_row_pack(crank->scenario, &day, day_number(options, index), row);
    crank->whole->rows[index] = row;
    return keep_cells(crank, &day, index) && keep_dates(crank, &day, index) ? FL_OK : FL_EFULL;
}

static void worker_main(void *workers, uint32_t number)
{
    struct worker *worker = (struct worker *)workers + number;
    struct crank *crank = worker->crank;
    const struct fl_router_source *source = &crank->options->routers;
    struct fl_router router = { &fl_engine_ops, &worker->engine };
    enum fl_status status = source->open == NULL ? FL_OK : source->open(source->context, worker->number, &router);
    if (status != FL_OK) {
        finish_replication(crank, status);
        return;
    }
    uint32_t index;
    while (take_replication(crank, &index)) {
        status = run_day(worker, &router, index);
        finish_replication(crank, status);
        if (status != FL_OK) break;
    }
    if (source->close != NULL) source->close(source->context, worker->number);
}

static bool worker_open(struct worker *worker, struct crank *crank, uint32_t number)
{
    *worker = (struct worker){ .crank = crank, .number = number };
    if (!crank->options->rows_only) {
        worker->totals_memory = calloc(1, fl_totals_bytes(crank->scenario));
        if (worker->totals_memory == NULL) return false;
        fl_totals_start(&worker->totals, crank->scenario, worker->totals_memory);
    }
    return block_open(worker, BLOCK_FIRST < crank->memory_max ? BLOCK_FIRST : crank->memory_max);
}

/* ---- The run ----------------------------------------------------------------------------------- */

uint32_t fl_run_cores(void)
{
    return fl_workers_cores();
}

const char *const *fl_run_agent_names(const struct fl_scenario *scenario, void **memory)
{
    *memory = NULL;
    for (size_t bytes = (size_t)1 << 16; bytes <= (size_t)1 << 28; bytes *= 4) {
        struct fl_arena arena;
        free(*memory);
        *memory = aligned_alloc(64, bytes);
        if (*memory == NULL) return NULL;
        fl_arena_start(&arena, *memory, bytes);
        const char *const *const names = fl_desk_agent_names(&arena, scenario);
        if (names != NULL) return names;
    }
    return NULL;
}

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

bool fl_whole_lists(struct fl_whole *whole, const struct fl_scenario *scenario, uint32_t replications, bool cells)
{
    const uint64_t counts[FL_CELLS_KINDS] = { fl_scenario_agents_count(scenario), scenario->buyers.intents_count,
                                              (uint64_t)scenario->intervals_count * scenario->desk.groups_count };
    whole->rows = calloc(replications, sizeof *whole->rows);
    if (whole->rows == NULL) return false;
    whole->rows_room = replications;
    for (uint32_t kind = 0; kind < FL_CELLS_KINDS && cells; kind++) {
        if (counts[kind] > FL_CELLS_MAX) continue;
        whole->cells[kind] = calloc(replications, sizeof *whole->cells[kind]);
        if (whole->cells[kind] == NULL) return false;
    }
    if (fl_day_dates(scenario) == 0) return true;
    whole->dates = calloc(replications, sizeof *whole->dates);
    return whole->dates != NULL;
}

static enum fl_status plan_open(struct fl_whole *whole, const struct fl_scenario *scenario, struct fl_traffic_plan *plan)
{
    for (size_t bytes = (size_t)1 << 20; bytes <= (size_t)1 << 30; bytes *= 4) {
        struct fl_arena arena;
        free(whole->plan_memory);
        whole->plan_memory = aligned_alloc(64, bytes);
        if (whole->plan_memory == NULL) return FL_EFULL;
        fl_arena_start(&arena, whole->plan_memory, bytes);
        if (fl_traffic_plan_build(&arena, scenario, plan) != FL_OK) continue;
        whole->run.results.agent_names = fl_desk_agent_names(&arena, scenario);
        if (whole->run.results.agent_names != NULL) return FL_OK;
    }
    return FL_EFULL;
}

static enum fl_status workers_run(struct crank *crank, struct worker *workers, uint32_t jobs)
{
    uint32_t opened = 0;
    while (opened < jobs && worker_open(&workers[opened], crank, opened)) opened++;
    crank->opened = opened == jobs;
    if (!crank->opened) return FL_EFULL;
    const enum fl_status status = fl_workers_run(crank->workers, jobs, worker_main, workers);
    return status != FL_OK ? status : crank->failed;
}

/* Rows of the days that were done, without gaps, in order. */
static uint32_t close_ranks(struct fl_row **rows, uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++)
        if (rows[i] != NULL) rows[kept++] = rows[i];
    return kept;
}

void fl_whole_close(struct fl_whole *whole)
{
    struct fl_run *run = &whole->run;
    run->results.rows_count = close_ranks(whole->rows, whole->rows_room);
    run->results.rows = (const struct fl_row *const *)whole->rows;
    for (uint32_t kind = 0; kind < FL_CELLS_KINDS; kind++) {
        if (whole->cells[kind] == NULL) continue;
        (void)close_ranks(whole->cells[kind], whole->rows_room);
        run->results.cells.rows[kind] = (const struct fl_row *const *)whole->cells[kind];
    }
    if (whole->dates != NULL) {
        (void)close_ranks(whole->dates, whole->rows_room);
        run->results.dates = (const struct fl_row *const *)whole->dates;
    }
    run->partial = run->results.rows_count < whole->rows_room;
}

static void collect(struct fl_whole *whole, struct worker *workers, uint32_t jobs)
{
    struct fl_run *run = &whole->run;
    whole->totals_memory = workers[0].totals_memory;
    workers[0].totals_memory = NULL;
    run->results.totals = workers[0].totals;
    for (uint32_t i = 1; i < jobs && whole->totals_memory != NULL; i++) fl_totals_merge(&run->results.totals, &workers[i].totals);
    for (uint32_t i = 0; i < jobs; i++)
        if (workers[i].high > run->arena_high) run->arena_high = workers[i].high;
    fl_whole_close(whole);
}

enum fl_status fl_run(const struct fl_scenario *scenario, const struct fl_run_options *options, struct fl_run **out)
{
    const double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
    uint32_t jobs = options->jobs > 0 ? options->jobs : fl_run_cores();
    if (jobs > options->replications) jobs = options->replications;
    struct fl_whole *whole = calloc(1, sizeof *whole);
    struct worker *workers = calloc(jobs, sizeof *workers);
    struct fl_traffic_plan plan;
    struct crank crank = { .scenario = scenario, .options = options, .plan = &plan,
                           .memory_max = options->memory_max > 0 ? options->memory_max : BLOCK_MAX };
    enum fl_status status = whole == NULL || workers == NULL ? FL_EFULL : plan_open(whole, scenario, &plan);
    if (status == FL_OK && !fl_whole_lists(whole, scenario, options->replications, options->cells || options->routers.open != NULL)) status = FL_EFULL;
    if (status == FL_OK && (crank.workers = fl_workers_open()) == NULL) status = FL_EFULL;
    if (status == FL_OK) {
        whole->run = (struct fl_run){ .results = { .scenario = scenario, .agent_names = whole->run.results.agent_names },
                                      .jobs = jobs, .seed = options->seed };
        crank.whole = whole;
        status = workers_run(&crank, workers, jobs);
        fl_workers_close(crank.workers);
        if (status == FL_EINTERRUPTED && crank.done > 0) status = FL_OK;
        if (status == FL_OK && crank.done == 0) status = FL_EINTERRUPTED;
        if (crank.opened) collect(whole, workers, jobs);
    }
    for (uint32_t i = 0; workers != NULL && i < jobs; i++) {
        block_close(&workers[i]);
        free(workers[i].totals_memory);
    }
    free(workers);
    if (status != FL_OK) {
        if (whole != NULL) fl_run_free(&whole->run);
        return status;
    }
    whole->run.cpu_s = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    whole->run.wall_s = seconds(CLOCK_MONOTONIC) - wall;
    *out = &whole->run;
    return FL_OK;
}

static void rows_free(struct fl_row **rows, uint32_t count)
{
    for (uint32_t i = 0; rows != NULL && i < count; i++) free(rows[i]);
    free(rows);
}

void fl_run_free(struct fl_run *run)
{
    if (run == NULL) return;
    struct fl_whole *whole = (struct fl_whole *)run;
    const uint32_t count = run->results.rows_count;
    rows_free(whole->rows, count);
    for (uint32_t kind = 0; kind < FL_CELLS_KINDS; kind++) rows_free(whole->cells[kind], count);
    rows_free(whole->dates, count);
    free(whole->totals_memory);
    free(whole->plan_memory);
    free(whole);
}
