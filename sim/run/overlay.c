#include "run/overlay.h"

#include "desk/share.h"

#include <stdlib.h>
#include <string.h>

/* ---- Whether they are one day ------------------------------------------------------------------ */

static bool is_such_a_day(const struct fl_scenario *scenario, const struct fl_slice *slice, const struct fl_slice *first)
{
    const struct fl_slice_head *const head = &slice->head;
    if (head->scenario_hash != scenario->hash || head->seed != first->head.seed || head->done != 1 || head->days != 1 || slice->totals.days != 1 ||
        slice->dates != NULL || slice->rows[0]->replication != first->rows[0]->replication)
        return false;
    for (uint32_t kind = 0; kind < FL_CELLS_KINDS; kind++)
        if ((slice->cells[kind] == NULL) != (first->cells[kind] == NULL)) return false;
    return true;
}

/* Everybody was on duty in her own share alone. */
static bool agents_hold(const struct fl_slice shares[], uint32_t count, const uint32_t share[])
{
    for (uint32_t s = 0; s < count; s++)
        for (uint32_t a = 0; a < shares[s].totals.agents; a++)
            if (share[a] != s && shares[s].totals.agent[a].count[FL_COUNT_duty_us] > 0) return false;
    return true;
}

static enum fl_status look(const struct fl_scenario *scenario, const struct fl_slice shares[], uint32_t count)
{
    const uint32_t agents = fl_scenario_agents_count(scenario);
    uint32_t *const share = malloc((agents + 1) * sizeof *share);
    bool holds = true;
    if (share == NULL) return FL_EFULL;
    fl_share_agents(scenario, count, share);
    for (uint32_t s = 0; s < count; s++) holds = holds && is_such_a_day(scenario, &shares[s], &shares[0]);
    holds = holds && agents_hold(shares, count, share);
    free(share);
    return holds ? FL_OK : FL_ECONFLICT;
}

/* ---- Laying them over each other --------------------------------------------------------------- */

/* What is squared day by day is the square of the sum. */
static void squares_take(const struct fl_totals *totals)
{
    for (uint32_t i = 0; i <= totals->intervals; i++) {
        const uint64_t waiting = totals->snapshot[4 * i], system = waiting + totals->snapshot[4 * i + 1];
        totals->snapshot_square[2 * i] = waiting * waiting;
        totals->snapshot_square[2 * i + 1] = system * system;
    }
}

static enum fl_status totals_sum(const struct fl_scenario *scenario, const struct fl_slice shares[], uint32_t count, struct fl_slice *out)
{
    out->totals_memory = calloc(1, fl_totals_bytes(scenario));
    if (out->totals_memory == NULL) return FL_EFULL;
    fl_totals_start(&out->totals, scenario, out->totals_memory);
    for (uint32_t s = 0; s < count; s++) {
        fl_totals_merge(&out->totals, &shares[s].totals);
        out->head.cpu_us += shares[s].head.cpu_us;
        if (shares[s].head.arena_bytes > out->head.arena_bytes) out->head.arena_bytes = shares[s].head.arena_bytes;
    }
    out->totals.days = 1;
    squares_take(&out->totals);
    return FL_OK;
}

/* A day's buckets are 32 bits wide, those of many days 64. *narrow is owned by the caller. FL_EFULL: no memory, or more values than a day has. */
static enum fl_status narrow(const uint64_t *wide, size_t n, uint32_t **out)
{
    uint32_t *const counts = malloc((n + 1) * sizeof *counts);
    if (counts == NULL) return FL_EFULL;
    bool fits = true;
    for (size_t i = 0; i < n; i++) {
        counts[i] = (uint32_t)wide[i];
        fits = fits && wide[i] <= UINT32_MAX;
    }
    *out = counts;
    return fits ? FL_OK : FL_EFULL;
}

/* The totals of one day as that day, for who packs days; its three lists of wide buckets are owned by the caller. */
static enum fl_status day_of(const struct fl_totals *totals, struct fl_day *day)
{
    const size_t coarse = (size_t)FL_KINDS * FL_COARSE_BUCKETS;
    *day = (struct fl_day){
        .intervals = totals->intervals, .groups = totals->groups, .intents = totals->intents, .agents = totals->agents,
        .interval_group = totals->interval_group, .group = totals->group, .intent = totals->intent, .agent = totals->agent,
        .levels = totals->levels, /* in us, of which only shares are taken */
        .duty_agents = totals->duty_agents, .duty = totals->duty, .agent_counts = totals->agent_counts,
    };
    enum fl_status status = narrow(totals->interval_group_counts, (size_t)totals->intervals * totals->groups * coarse, &day->interval_group_counts);
    if (status == FL_OK) status = narrow(totals->intent_counts, totals->intents * coarse, &day->intent_counts);
    if (status == FL_OK) status = narrow(totals->group_counts, (size_t)totals->groups * FL_KINDS * FL_FINE_BUCKETS, &day->group_counts);
    return status;
}

/* A list of one row, as one block; the row is the caller's to fill. */
static struct fl_row *row_open(size_t bytes, const struct fl_row ***list)
{
    const struct fl_row **const block = malloc(sizeof *block + bytes);
    if (block == NULL) return NULL;
    struct fl_row *const row = (struct fl_row *)(void *)(block + 1);
    block[0] = row;
    *list = block;
    return row;
}

static enum fl_status rows_pack(const struct fl_scenario *scenario, const struct fl_day *day, const struct fl_slice *like, struct fl_slice *out)
{
    const uint32_t replication = like->rows[0]->replication;
    struct fl_row *row = row_open(fl_row_bytes(day), &out->rows);
    if (row == NULL) return FL_EFULL;
    fl_row_pack(scenario, day, replication, row);
    for (uint32_t kind = 0; kind < FL_CELLS_KINDS; kind++) {
        const enum fl_scope scope = fl_cells_scope((enum fl_cells_of)kind);
        if (like->cells[kind] == NULL) continue;
        if ((row = row_open(fl_cells_bytes(day, scope), &out->cells[kind])) == NULL) return FL_EFULL;
        fl_cells_pack(day, scope, replication, row);
    }
    return FL_OK;
}

enum fl_status fl_shares_overlay(const struct fl_scenario *scenario, const struct fl_slice shares[], uint32_t count, struct fl_slice *out)
{
    struct fl_slice slice = { .head = { .scenario_hash = scenario->hash, .seed = shares[0].head.seed, .shards = 1, .replications = 1, .days = 1, .done = 1 } };
    struct fl_day day = { 0 };
    enum fl_status status = look(scenario, shares, count);
    if (status == FL_OK) status = totals_sum(scenario, shares, count, &slice);
    if (status == FL_OK) status = day_of(&slice.totals, &day);
    if (status == FL_OK) status = rows_pack(scenario, &day, &shares[0], &slice);
    free(day.interval_group_counts);
    free(day.intent_counts);
    free(day.group_counts);
    if (status == FL_OK) *out = slice;
    else fl_slice_free(&slice);
    return status;
}
