/* Units of a sweep, simulated by threads of this process. */
#include "sweep.h"

#include "run/workers.h"
#include "traffic/traffic.h"

#include <math.h>
#include <stdlib.h>

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
    enum fl_status failed;
};

static bool next_unit(struct crew *crew, uint32_t *unit)
{
    const bool stop = crew->work->stop != NULL && *crew->work->stop;
    fl_workers_lock(crew->workers);
    if (stop && crew->failed == FL_OK && crew->next < crew->work->count) crew->failed = FL_EINTERRUPTED;
    const bool more = crew->failed == FL_OK && crew->next < crew->work->count;
    if (more) *unit = crew->next++;
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
    (void)number;
    while (next_unit(crew, &i)) {
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

enum fl_status units_run(const struct unit_work *work, uint32_t jobs)
{
    struct crew crew = { .work = work, .workers = fl_workers_open() };
    if (work->count == 0) jobs = 0;
    else if (jobs == 0) jobs = fl_run_cores();
    if (jobs > work->count) jobs = work->count;
    if (crew.workers == NULL) return FL_EFULL;
    const enum fl_status status = jobs == 0 ? FL_OK : fl_workers_run(crew.workers, jobs, crew_main, &crew);
    fl_workers_close(crew.workers);
    return status != FL_OK ? status : crew.failed;
}
