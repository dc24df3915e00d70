/* Units of a sweep, simulated by threads of this process and by the other ranks, where there are some. */
#include "ranks.h"
#include "sweep.h"

#include "run/workers.h"
#include "scenario/image.h"
#include "traffic/traffic.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

/* Buyers of a unit: a quarter of a second, so that all cores end within that of each other, and what a unit costs besides (its plan, its totals,
 * its bytes) is some per cent of it. */
#define UNIT_BUYERS 100000.
#define UNITS_LEAST 64u

uint32_t unit_days(const struct fl_scenario *scenario, uint32_t replications, uint32_t points)
{
    const double buyers = fmax(1, fl_traffic_expected(scenario, 0, scenario->duration));
    const uint32_t by_buyers = buyers < UNIT_BUYERS ? (uint32_t)fmin(UNIT_BUYERS / buyers, 1e6) : 1;
    const uint64_t all = (uint64_t)replications * points;
    const uint32_t by_count = all / UNITS_LEAST < 1 ? 1 : all / UNITS_LEAST < replications ? (uint32_t)(all / UNITS_LEAST) : replications;
    const uint32_t most = by_buyers < by_count ? by_buyers : by_count;
    const uint32_t blocks = (replications + most - 1) / most; /* of a length, as nearly as can be */
    return (replications + blocks - 1) / blocks;
}

/* ---- Threads -------------------------------------------------------------------------------------- */

struct crew {
    const struct unit_work *work;
    struct fl_workers *workers; /* their lock guards: */
    uint32_t next;
    uint32_t *returned;         /* [returned_count] units that a rank was lost with */
    uint32_t returned_count, away; /* away: units that other ranks have */
    enum fl_status failed;
    bool alone;                 /* a scenario cannot be opened: who does the rest here says why */
    uint32_t jobs;              /* threads of a rank, as given */
};

/* The next unit, one that came back first. false: there is none, and *wait says whether one may yet come back. */
static bool next_unit(struct crew *crew, uint32_t *unit, bool for_others, bool *wait)
{
    const bool stop = crew->work->stop != NULL && *crew->work->stop;
    fl_workers_lock(crew->workers);
    if (stop && crew->failed == FL_OK && (crew->next < crew->work->count || crew->away > 0 || crew->returned_count > 0)) crew->failed = FL_EINTERRUPTED;
    const bool more = crew->failed == FL_OK && !(for_others && crew->alone) && (crew->returned_count > 0 || crew->next < crew->work->count);
    if (more) {
        *unit = crew->returned_count > 0 ? crew->returned[--crew->returned_count] : crew->next++;
        crew->away += for_others;
    }
    *wait = crew->failed == FL_OK && crew->away > 0;
    fl_workers_unlock(crew->workers);
    return more;
}

static void fail(struct crew *crew, enum fl_status status)
{
    fl_workers_lock(crew->workers);
    if (crew->failed == FL_OK) crew->failed = status;
    fl_workers_unlock(crew->workers);
}

/* A unit's days as bytes; FL_EINTERRUPTED when it was not simulated to its end. */
static enum fl_status simulate_unit(const struct unit_work *work, const struct unit *unit, const struct fl_scenario *scenario, struct fl_text *bytes)
{
    const struct fl_run_options how = { .seed = work->seed, .first = unit->first, .replications = unit->days, .jobs = 1, .stop = work->stop };
    struct fl_run *run = NULL;
    enum fl_status status = fl_run(scenario, &how, &run);
    if (status != FL_OK) return status;
    if (run->partial) status = FL_EINTERRUPTED;
    else fl_part_write(run, bytes);
    fl_run_free(run);
    return status == FL_OK && bytes->full ? FL_EFULL : status;
}

static void crew_main(void *context, uint32_t number)
{
    struct crew *const crew = context;
    const struct unit_work *const work = crew->work;
    struct fl_scenario *scenario = NULL;
    uint32_t opened = UINT32_MAX, i;
    bool wait;
    (void)number;
    for (;;) {
        if (!next_unit(crew, &i, false, &wait)) {
            if (!wait) break;
            nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL); /* the last units are with other ranks, which may be lost */
            continue;
        }
        const struct unit *const unit = &work->units[i];
        struct fl_text bytes = { 0 };
        if (unit->point != opened) { /* units of a point follow one another */
            fl_scenario_free(scenario);
            scenario = work->open(work->context, unit->point);
            opened = unit->point;
        }
        enum fl_status status = scenario == NULL ? FL_EFULL : simulate_unit(work, unit, scenario, &bytes);
        if (status == FL_OK) status = work->take(work->context, i, &bytes);
        fl_text_free(&bytes);
        if (status == FL_OK) continue;
        fail(crew, status);
        break;
    }
    fl_scenario_free(scenario);
}

/* ---- Other ranks ---------------------------------------------------------------------------------- */

static bool next_for_others(void *context, uint32_t *piece, struct fl_scenario **scenario, struct fl_run_options *how)
{
    struct crew *const crew = context;
    bool wait;
    if (!next_unit(crew, piece, true, &wait)) return false;
    const struct unit *const unit = &crew->work->units[*piece];
    *how = (struct fl_run_options){ .seed = crew->work->seed, .first = unit->first, .replications = unit->days, .jobs = crew->jobs };
    *scenario = crew->work->open(crew->work->context, unit->point);
    if (*scenario != NULL) return true;
    fl_workers_lock(crew->workers);
    crew->alone = true;
    crew->away--;
    crew->returned[crew->returned_count++] = *piece;
    fl_workers_unlock(crew->workers);
    return false;
}

static void done_by_others(void *context, uint32_t piece, struct fl_text *bytes)
{
    struct crew *const crew = context;
    const enum fl_status status = bytes != NULL ? crew->work->take(crew->work->context, piece, bytes) : FL_OK;
    if (status != FL_OK) fail(crew, status);
    fl_workers_lock(crew->workers);
    crew->away--;
    if (bytes == NULL) crew->returned[crew->returned_count++] = piece;
    fl_workers_unlock(crew->workers);
}

enum fl_status units_run(const struct unit_work *work, uint32_t jobs)
{
    struct crew crew = { .work = work, .workers = fl_workers_open(), .returned = calloc((size_t)work->count + 1, sizeof *crew.returned) };
    const struct ranks_source source = { &crew, next_for_others, done_by_others };
    crew.jobs = jobs;
    if (work->count == 0) jobs = 0;
    else if (jobs == 0) jobs = fl_run_cores();
    if (jobs > work->count) jobs = work->count;
    enum fl_status status = crew.workers == NULL || crew.returned == NULL ? FL_EFULL : FL_OK;
    if (status == FL_OK && jobs > 0) {
        ranks_offer(&source);
        status = fl_workers_run(crew.workers, jobs, crew_main, &crew);
        ranks_withdraw();
    }
    fl_workers_close(crew.workers);
    free(crew.returned);
    return status != FL_OK ? status : crew.failed;
}
