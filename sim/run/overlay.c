#include "run/overlay.h"

#include "desk/share.h"

#include <stdlib.h>
#include <string.h>

struct fl_overlay {
    const struct fl_scenario *scenario;
    uint32_t shares, added;
    uint32_t *owner;               /* [agents] */
    bool *there;                   /* [shares] */
    uint32_t replication;          /* of the day; known with the first */
    bool cells[FL_CELLS_KINDS];    /* kept; the same */
    struct fl_slice day;           /* head and totals so far */
};

struct fl_overlay *fl_overlay_open(const struct fl_scenario *scenario, uint32_t shares)
{
    struct fl_overlay *const overlay = calloc(1, sizeof *overlay);
    if (overlay == NULL) return NULL;
    *overlay = (struct fl_overlay){
        .scenario = scenario, .shares = shares, .owner = calloc((size_t)fl_scenario_agents_count(scenario) + 1, sizeof *overlay->owner),
        .there = calloc(shares, sizeof *overlay->there),
        .day = { .head = { .scenario_hash = scenario->hash, .shards = 1, .replications = 1, .days = 1, .done = 1 }, .totals_memory = calloc(1, fl_totals_bytes(scenario)) },
    };
    if (overlay->owner == NULL || overlay->there == NULL || overlay->day.totals_memory == NULL) {
        fl_overlay_free(overlay);
        return NULL;
    }
    fl_share_agents(scenario, shares, overlay->owner);
    fl_totals_start(&overlay->day.totals, scenario, overlay->day.totals_memory);
    return overlay;
}

void fl_overlay_free(struct fl_overlay *overlay)
{
    if (overlay == NULL) return;
    fl_slice_free(&overlay->day);
    free(overlay->owner);
    free(overlay->there);
    free(overlay);
}

/* ---- A share ----------------------------------------------------------------------------------- */

static bool is_of_this_day(const struct fl_overlay *overlay, const struct fl_slice *slice)
{
    const struct fl_slice_head *const head = &slice->head;
    if (head->scenario_hash != overlay->scenario->hash || head->done != 1 || head->days != 1 || slice->totals.days != 1 || slice->dates != NULL) return false;
    if (overlay->added == 0) return true;
    for (uint32_t kind = 0; kind < FL_CELLS_KINDS; kind++)
        if ((slice->cells[kind] != NULL) != overlay->cells[kind]) return false;
    return head->seed == overlay->day.head.seed && slice->rows[0]->replication == overlay->replication;
}

/* Everybody who was on duty is of this share. */
static bool agents_hold(const struct fl_overlay *overlay, uint32_t share, const struct fl_totals *totals)
{
    for (uint32_t a = 0; a < totals->agents; a++)
        if (overlay->owner[a] != share && totals->agent[a].count[FL_COUNT_duty_us] > 0) return false;
    return true;
}

enum fl_status fl_overlay_add(struct fl_overlay *overlay, uint32_t share, const struct fl_slice *slice)
{
    struct fl_slice_head *const head = &overlay->day.head;
    if (share >= overlay->shares || !is_of_this_day(overlay, slice) || !agents_hold(overlay, share, &slice->totals)) return FL_ECONFLICT;
    if (overlay->there[share]) return FL_EDUPLICATE;
    if (overlay->added == 0) {
        overlay->replication = slice->rows[0]->replication;
        head->seed = slice->head.seed;
        for (uint32_t kind = 0; kind < FL_CELLS_KINDS; kind++) overlay->cells[kind] = slice->cells[kind] != NULL;
    }
    overlay->there[share] = true;
    overlay->added++;
    fl_totals_merge(&overlay->day.totals, &slice->totals);
    head->cpu_us += slice->head.cpu_us;
    if (slice->head.arena_bytes > head->arena_bytes) head->arena_bytes = slice->head.arena_bytes;
    return FL_OK;
}

/* ---- The day ----------------------------------------------------------------------------------- */

/* What is squared day by day is the square of the sum. */
static void squares_take(const struct fl_totals *totals)
{
    for (uint32_t i = 0; i <= totals->intervals; i++) {
        const uint64_t waiting = totals->snapshot[4 * i], system = waiting + totals->snapshot[4 * i + 1];
        totals->snapshot_square[2 * i] = waiting * waiting;
        totals->snapshot_square[2 * i + 1] = system * system;
    }
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

/* What is kept by agent, as a day keeps it. */
static enum fl_status agents_of(const struct fl_totals *totals, struct fl_day *day)
{
    const size_t agents = totals->agents + (size_t)1;
    day->level_time = malloc(FL_LEVELS * agents * sizeof *day->level_time);
    day->levels_most = malloc(agents * sizeof *day->levels_most);
    day->agent_counts = malloc(FL_AGENT_KINDS * FL_ROUGH_BUCKETS * agents * sizeof *day->agent_counts);
    if (day->level_time == NULL || day->levels_most == NULL || day->agent_counts == NULL) return FL_EFULL;
    for (uint32_t a = 0; a < totals->agents; a++) {
        fl_day_put_levels(day, a, &totals->levels[a]); /* in us, of which only shares are taken */
        for (uint32_t kind = 0; kind < FL_AGENT_KINDS; kind++)
            fl_day_put_agent_buckets(day, a, kind, &totals->agent_counts[((size_t)a * FL_AGENT_KINDS + kind) * FL_ROUGH_BUCKETS]);
    }
    return FL_OK;
}

/* The totals of one day as that day, for who packs days. Also where it fails, its lists of buckets and levels are released by day_free. */
static enum fl_status day_of(const struct fl_totals *totals, struct fl_day *day)
{
    const size_t coarse = (size_t)FL_KINDS * FL_COARSE_BUCKETS;
    *day = (struct fl_day){
        .intervals = totals->intervals, .groups = totals->groups, .intents = totals->intents, .agents = totals->agents,
        .interval_group = totals->interval_group, .group = totals->group, .intent = totals->intent, .agent = totals->agent,
        .duty_agents = totals->duty_agents, .duty = totals->duty,
    };
    enum fl_status status = agents_of(totals, day);
    if (status == FL_OK) status = narrow(totals->interval_group_counts, (size_t)totals->intervals * totals->groups * coarse, &day->interval_group_counts);
    if (status == FL_OK) status = narrow(totals->intent_counts, totals->intents * coarse, &day->intent_counts);
    if (status == FL_OK) status = narrow(totals->group_counts, (size_t)totals->groups * FL_KINDS * FL_FINE_BUCKETS, &day->group_counts);
    return status;
}

static void day_free(struct fl_day *day)
{
    free(day->interval_group_counts);
    free(day->intent_counts);
    free(day->group_counts);
    free(day->level_time);
    free(day->levels_most);
    free(day->agent_counts);
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

static enum fl_status rows_pack(struct fl_overlay *overlay, const struct fl_day *day)
{
    struct fl_row *row = row_open(fl_row_bytes(day), &overlay->day.rows);
    if (row == NULL) return FL_EFULL;
    fl_row_pack(overlay->scenario, day, overlay->replication, row);
    for (uint32_t kind = 0; kind < FL_CELLS_KINDS; kind++) {
        const enum fl_scope scope = fl_cells_scope((enum fl_cells_of)kind);
        if (!overlay->cells[kind]) continue;
        if ((row = row_open(fl_cells_bytes(day, scope), &overlay->day.cells[kind])) == NULL) return FL_EFULL;
        fl_cells_pack(day, scope, overlay->replication, row);
    }
    return FL_OK;
}

enum fl_status fl_overlay_close(struct fl_overlay *overlay, struct fl_slice *out)
{
    struct fl_day day = { 0 };
    enum fl_status status = overlay->added == overlay->shares ? FL_OK : FL_ECONFLICT;
    overlay->day.totals.days = 1;
    squares_take(&overlay->day.totals);
    if (status == FL_OK) status = day_of(&overlay->day.totals, &day);
    if (status == FL_OK) status = rows_pack(overlay, &day);
    day_free(&day);
    if (status == FL_OK) {
        *out = overlay->day;
        overlay->day = (struct fl_slice){ 0 };
    }
    fl_overlay_free(overlay);
    return status;
}
