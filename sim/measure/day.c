#include "measure/day.h"

#include <string.h>

static void *take(struct fl_arena *arena, size_t count, size_t bytes_each, bool *full)
{
    const size_t at = fl_arena_take(arena, count > 0 ? count : 1, bytes_each);
    if (at == FL_ARENA_NONE) *full = true;
    return at == FL_ARENA_NONE ? NULL : fl_arena_at(arena, at);
}

enum fl_status fl_day_create(struct fl_arena *arena, const struct fl_scenario *scenario, uint32_t agents, struct fl_day *day)
{
    const size_t intervals = scenario->intervals_count, groups = scenario->desk.groups_count;
    const size_t intents = scenario->buyers.intents_count, coarse = FL_KINDS * FL_COARSE_BUCKETS * sizeof(uint32_t);
    bool full = false;
    const struct fl_day made = {
        .intervals = (uint32_t)intervals,
        .groups = (uint32_t)groups,
        .intents = (uint32_t)intents,
        .agents = agents,
        .interval_group = take(arena, intervals * groups, sizeof(struct fl_cell), &full),
        .group = take(arena, groups, sizeof(struct fl_cell), &full),
        .intent = take(arena, intents, sizeof(struct fl_cell), &full),
        .agent = take(arena, agents, sizeof(struct fl_cell), &full),
        .levels = take(arena, agents, sizeof(struct fl_levels), &full),
        .snapshot = take(arena, intervals + 1, sizeof(struct fl_snapshot), &full),
        .interval_group_counts = take(arena, intervals * groups, coarse, &full),
        .intent_counts = take(arena, intents, coarse, &full),
        .agent_counts = take(arena, agents, FL_AGENT_KINDS * FL_ROUGH_BUCKETS * sizeof(uint32_t), &full),
        .group_counts = take(arena, groups, FL_KINDS * FL_FINE_BUCKETS * sizeof(uint32_t), &full),
        .noted = take(arena, FL_NOTES, sizeof(struct fl_note), &full),
    };
    if (full) return FL_EFULL;
    *day = made;
    return FL_OK;
}

static inline void head_enter(struct fl_histogram *head, fl_time value)
{
    head->sum_ns += value;
    head->most_ns = value > head->most_ns ? value : head->most_ns;
}

static inline size_t agent_bucket(const struct fl_note *note)
{
    return ((size_t)note->agent * FL_AGENT_KINDS + note->kind) * FL_ROUGH_BUCKETS + note->rough;
}

/* The cells of intervals, groups and intents, which are few; those of the agents are sent for meanwhile. */
static void enter_shared(struct fl_day *day, struct fl_note *note)
{
    const uint64_t units = fl_histogram_units(note->value);
    const uint32_t highest_bit = 63u - (uint32_t)__builtin_clzll(units | 1);
    const uint32_t coarse = fl_histogram_bucket_of(units, highest_bit, FL_HISTOGRAM_COARSE);
    const uint32_t fine = fl_histogram_bucket_of(units, highest_bit, FL_HISTOGRAM_FINE);
    note->rough = (uint16_t)fl_histogram_bucket_of(units, highest_bit, FL_HISTOGRAM_ROUGH);
    if (note->agent != FL_NONE) {
        __builtin_prefetch(&day->agent[note->agent].head[note->kind], 1);
        if (note->kind < FL_AGENT_KINDS) __builtin_prefetch(&day->agent_counts[agent_bucket(note)], 1);
    }
    day->interval_group_counts[((size_t)note->cell * FL_KINDS + note->kind) * FL_COARSE_BUCKETS + coarse]++;
    head_enter(&day->interval_group[note->cell].head[note->kind], note->value);
    day->group_counts[((size_t)note->group * FL_KINDS + note->kind) * FL_FINE_BUCKETS + fine]++;
    day->intent_counts[((size_t)note->intent * FL_KINDS + note->kind) * FL_COARSE_BUCKETS + coarse]++;
    head_enter(&day->intent[note->intent].head[note->kind], note->value);
}

void fl_day_post(struct fl_day *day)
{
    for (uint32_t i = 0; i < day->noted_count; i++) enter_shared(day, &day->noted[i]);
    for (uint32_t i = 0; i < day->noted_count; i++) {
        const struct fl_note *const note = &day->noted[i];
        if (note->agent == FL_NONE) continue;
        if (note->kind < FL_AGENT_KINDS) day->agent_counts[agent_bucket(note)]++;
        head_enter(&day->agent[note->agent].head[note->kind], note->value);
    }
    day->noted_count = 0;
}

/* Heads of one row of cells: the count by the buckets, the least by the first bucket that holds something. */
static void complete(struct fl_cell *cells, const uint32_t *counts, size_t cells_count, uint32_t kinds, uint32_t sub_bits)
{
    const uint32_t buckets = FL_HISTOGRAM_BUCKETS(sub_bits);
    for (size_t cell = 0; cell < cells_count; cell++) {
        for (uint32_t kind = 0; kind < kinds; kind++) {
            const uint32_t *own = &counts[(cell * kinds + kind) * buckets];
            struct fl_histogram *head = &cells[cell].head[kind];
            if (head->sum_ns == 0 && own[0] == 0) continue; /* nothing recorded: values of 0 lie in bucket 0 */
            const uint32_t last = fl_histogram_bucket(head->most_ns, sub_bits);
            uint64_t count = 0;
            uint32_t first = last;
            for (uint32_t b = last + 1; b-- > 0;) {
                count += own[b];
                if (own[b] > 0) first = b;
            }
            head->count = count;
            head->least_ns = fl_histogram_edge(first, sub_bits);
        }
    }
}

/* What every reply that was recorded and every round that was opened ordinarily adds. */
static void add_ordinary(struct fl_cell *cells, size_t cells_count)
{
    static const enum fl_count by_reply[] = { FL_COUNT_rounds_opened, FL_COUNT_replies, FL_COUNT_agent_messages, FL_COUNT_rounds_judged, FL_COUNT_rounds_in_3min,
                                              FL_COUNT_platform_rounds, FL_COUNT_platform_in_3min };
    for (size_t i = 0; i < cells_count; i++) {
        uint64_t recorded = 0;
        for (uint32_t kind = FL_KIND_FIRST_SAME; kind <= FL_KIND_LATER_DESK; kind++) recorded += cells[i].head[kind].count;
        for (size_t k = 0; k < sizeof by_reply / sizeof *by_reply; k++) cells[i].count[by_reply[k]] += recorded;
        cells[i].count[FL_COUNT_buyer_messages] += cells[i].count[FL_COUNT_rounds_opened];
    }
}

void fl_day_finish(struct fl_day *day)
{
    fl_day_post(day);
    complete(day->interval_group, day->interval_group_counts, (size_t)day->intervals * day->groups, FL_KINDS, FL_HISTOGRAM_COARSE);
    complete(day->intent, day->intent_counts, day->intents, FL_KINDS, FL_HISTOGRAM_COARSE);
    complete(day->agent, day->agent_counts, day->agents, FL_AGENT_KINDS, FL_HISTOGRAM_ROUGH);
    add_ordinary(day->interval_group, (size_t)day->intervals * day->groups);
    add_ordinary(day->intent, day->intents);
    add_ordinary(day->agent, day->agents);
    for (uint32_t i = 0; i < day->intervals; i++) {
        for (uint32_t g = 0; g < day->groups; g++) {
            const struct fl_cell *from = &day->interval_group[(size_t)i * day->groups + g];
            struct fl_cell *to = &day->group[g];
            for (uint32_t c = 0; c < FL_COUNTS; c++) to->count[c] += from->count[c];
            for (uint32_t kind = 0; kind < FL_KINDS; kind++) {
                to->head[kind].sum_ns += from->head[kind].sum_ns;
                if (from->head[kind].most_ns > to->head[kind].most_ns) to->head[kind].most_ns = from->head[kind].most_ns;
            }
        }
    }
    complete(day->group, day->group_counts, day->groups, FL_KINDS, FL_HISTOGRAM_FINE);
}
