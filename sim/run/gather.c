#include "run/gather.h"

#include "run/whole.h"

#include <stdlib.h>
#include <string.h>

struct fl_gather {
    struct fl_whole *whole;
    const uint32_t *days;
    uint32_t first;
    bool rows_only;
};

struct fl_slice_head fl_gather_head(const struct fl_run *run)
{
    const uint32_t days = run->results.rows_count;
    return (struct fl_slice_head){ .scenario_hash = run->results.scenario->hash, .seed = run->seed, .shards = 1, .replications = days, .days = days,
                                   .cpu_us = (uint64_t)(run->cpu_s * 1e6), .arena_bytes = run->arena_high, .done = days };
}

struct fl_gather *fl_gather_open(const struct fl_scenario *scenario, const struct fl_run_options *options)
{
    struct fl_gather *const gather = calloc(1, sizeof *gather);
    struct fl_whole *const whole = calloc(1, sizeof *whole);
    if (gather == NULL || whole == NULL) {
        free(gather);
        free(whole);
        return NULL;
    }
    *gather = (struct fl_gather){ whole, options->days, options->first, options->rows_only };
    whole->run.results.scenario = scenario;
    whole->run.seed = options->seed;
    whole->run.jobs = 1;
    whole->run.results.agent_names = fl_run_agent_names(scenario, &whole->plan_memory);
    bool ok = whole->run.results.agent_names != NULL && fl_whole_lists(whole, scenario, options->replications, options->cells);
    if (ok && !options->rows_only) {
        whole->totals_memory = calloc(1, fl_totals_bytes(scenario));
        ok = whole->totals_memory != NULL;
        if (ok) fl_totals_start(&whole->run.results.totals, scenario, whole->totals_memory);
    }
    if (ok) return gather;
    fl_gather_free(gather);
    return NULL;
}

/* ---- Adding ------------------------------------------------------------------------------------ */

static bool is_of_this_run(const struct fl_gather *gather, const struct fl_slice *slice)
{
    const struct fl_slice_head *const head = &slice->head;
    const struct fl_whole *const whole = gather->whole;
    if (head->scenario_hash != whole->run.results.scenario->hash || head->seed != whole->run.seed || head->replications != whole->rows_room ||
        head->done != head->days || (head->days > 0 && (slice->totals.days > 0) == gather->rows_only))
        return false;
    for (uint32_t kind = 0; kind < FL_CELLS_KINDS; kind++)
        if (head->days > 0 && whole->cells[kind] != NULL && slice->cells[kind] == NULL) return false;
    for (uint32_t i = 0; i < head->days; i++) {
        const uint32_t at = head->first + i;
        if (slice->rows[i]->replication != (gather->days != NULL ? gather->days[at] : gather->first + at)) return false;
    }
    return true;
}

/* Copies of the slice's rows; those of another slice that failed half-way are taken away again. */
static bool rows_take(struct fl_row **to, const struct fl_row *const *from, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        to[i] = malloc(from[i]->bytes);
        if (to[i] != NULL) {
            memcpy(to[i], from[i], from[i]->bytes);
            continue;
        }
        for (; i > 0; i--) {
            free(to[i - 1]);
            to[i - 1] = NULL;
        }
        return false;
    }
    return true;
}

static void rows_leave(struct fl_row **rows, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        free(rows[i]);
        rows[i] = NULL;
    }
}

enum fl_status fl_gather_add(struct fl_gather *gather, const struct fl_slice *slice)
{
    struct fl_whole *const whole = gather->whole;
    const uint32_t at = slice->head.first, n = slice->head.days;
    if (!is_of_this_run(gather, slice)) return FL_ECONFLICT;
    for (uint32_t i = 0; i < n; i++)
        if (whole->rows[at + i] != NULL) return FL_EDUPLICATE;
    struct fl_row **to[2 + FL_CELLS_KINDS] = { whole->rows, whole->dates };
    const struct fl_row *const *from[2 + FL_CELLS_KINDS] = { slice->rows, slice->dates };
    for (uint32_t kind = 0; kind < FL_CELLS_KINDS; kind++) {
        to[2 + kind] = whole->cells[kind];
        from[2 + kind] = slice->cells[kind];
    }
    for (uint32_t list = 0; list < 2 + FL_CELLS_KINDS && n > 0; list++) {
        if (to[list] == NULL || rows_take(to[list] + at, from[list], n)) continue;
        for (; list > 0; list--)
            if (to[list - 1] != NULL) rows_leave(to[list - 1] + at, n);
        return FL_EFULL;
    }
    if (!gather->rows_only && n > 0) fl_totals_merge(&whole->run.results.totals, &slice->totals);
    whole->run.cpu_s += (double)slice->head.cpu_us * 1e-6;
    if (slice->head.arena_bytes > whole->run.arena_high) whole->run.arena_high = (size_t)slice->head.arena_bytes;
    return FL_OK;
}

/* ---- The run ----------------------------------------------------------------------------------- */

enum fl_status fl_gather_close(struct fl_gather *gather, struct fl_run **out)
{
    fl_whole_close(gather->whole);
    if (gather->whole->run.results.rows_count == 0) {
        fl_gather_free(gather);
        return FL_EINTERRUPTED;
    }
    *out = &gather->whole->run;
    free(gather);
    return FL_OK;
}

void fl_gather_free(struct fl_gather *gather)
{
    if (gather == NULL) return;
    fl_whole_close(gather->whole); /* so that its rows are counted */
    fl_run_free(&gather->whole->run);
    free(gather);
}
