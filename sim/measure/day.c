#include "measure/day.h"

#include <string.h>

static void *take(struct fl_arena *arena, size_t count, size_t bytes_each, bool *full)
{
    const size_t at = fl_arena_take(arena, count > 0 ? count : 1, bytes_each);
    if (at == FL_ARENA_NONE) *full = true;
    return at == FL_ARENA_NONE ? NULL : fl_arena_at(arena, at);
}

uint32_t fl_day_dates(const struct fl_scenario *scenario)
{
    bool elsewhere = false;
    for (uint32_t d = 0; d < scenario->desk.agents_count; d++) {
        const struct fl_agent_def *def = &scenario->desk.agents[d];
        elsewhere |= def->training > 0;
        for (uint32_t i = 0; i < def->away_count; i++) elsewhere |= def->away[i].paid;
    }
    const uint32_t dates = scenario->interval > FL_DAY ? 1 : fl_scenario_dates(scenario);
    return elsewhere || dates > 1 ? dates : 0;
}

uint32_t fl_duty_agents(const struct fl_scenario *scenario, uint32_t agents)
{
    const uint32_t fit = FL_DUTY_CELLS / scenario->intervals_count, rows = fit < 1 ? 1 : fit < FL_DUTY_ROWS ? fit : FL_DUTY_ROWS;
    return agents > rows ? (agents + rows - 1) / rows : 1;
}

bool fl_day_row_suffices(const struct fl_scenario *scenario)
{
    for (uint32_t i = 0; i < scenario->objectives_count; i++)
        if (scenario->objectives[i].per == FL_PER_INTERVAL || scenario->objectives[i].per == FL_PER_DATE) return false;
    return fl_day_dates(scenario) == 0;
}

enum fl_status fl_day_create(struct fl_arena *arena, const struct fl_scenario *scenario, uint32_t agents, uint32_t left_out, struct fl_day *day)
{
    const size_t intervals = scenario->intervals_count, groups = scenario->desk.groups_count;
    const size_t intents = scenario->buyers.intents_count, coarse = FL_KINDS * FL_COARSE_BUCKETS * sizeof(uint32_t);
    const size_t dates = fl_day_dates(scenario), by_agent = dates * agents;
    const uint32_t duty_agents = fl_duty_agents(scenario, agents);
    const bool by_agent_kept = !(left_out & FL_DAY_NO_REPLIES_BY_AGENT), intervals_kept = !(left_out & FL_DAY_NO_INTERVALS);
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
        .level_time = take(arena, (size_t)FL_LEVELS * agents, sizeof(struct fl_level_time), &full),
        .levels_most = take(arena, agents, sizeof(struct fl_levels_most), &full),
        .snapshot = take(arena, intervals + 1, sizeof(struct fl_snapshot), &full),
        .duty_agents = duty_agents,
        .duty = take(arena, fl_duty_rows(agents, duty_agents) * intervals, sizeof(struct fl_duty), &full),
        .interval_group_counts = intervals_kept ? take(arena, intervals * groups, coarse, &full) : NULL,
        .intent_counts = intervals_kept ? take(arena, intents, coarse, &full) : NULL,
        .agent_counts = by_agent_kept ? take(arena, agents, FL_AGENT_KINDS * FL_ROUGH_BUCKETS * sizeof(uint32_t), &full) : NULL,
        .group_counts = take(arena, groups, FL_KINDS * FL_FINE_BUCKETS * sizeof(uint32_t), &full),
        .interval_group_tally = take(arena, intervals * groups * FL_KINDS, sizeof(struct fl_tally), &full),
        .intent_tally = take(arena, intents * FL_KINDS, sizeof(struct fl_tally), &full),
        .agent_tally = take(arena, (size_t)agents * FL_KINDS, sizeof(struct fl_tally), &full),
        .noted = take(arena, FL_KINDS * FL_NOTES, sizeof(struct fl_note), &full),
        .added = take(arena, FL_ADDITIONS, sizeof(struct fl_addition), &full),
        .dates = (uint32_t)dates,
        .date = dates > 0 ? take(arena, dates, sizeof(struct fl_cell), &full) : NULL,
        .date_counts = dates > 0 ? take(arena, dates, coarse, &full) : NULL,
        .date_duty_us = dates > 0 ? take(arena, by_agent, sizeof(uint64_t), &full) : NULL,
        .date_paid_us = dates > 0 ? take(arena, by_agent, sizeof(uint64_t), &full) : NULL,
    };
    if (full) return FL_EFULL;
    *day = made;
    for (uint32_t kind = 0; kind < FL_KINDS; kind++) day->noted_next[kind] = kind * FL_NOTES;
    return FL_OK;
}

#define MANY_AGENTS 128u /* whose cells do not stay in the cache */

static inline void tally(struct fl_tally *of, fl_time value)
{
    of->sum_ns += (uint64_t)value;
    if (__builtin_expect(value > of->most_ns, 0)) of->most_ns = value; /* ever more rarely: foreseen, and no store */
    if (__builtin_expect(UINT64_MAX - (uint64_t)value > of->least_to, 0)) of->least_to = UINT64_MAX - (uint64_t)value;
}

static void tally_add(struct fl_tally *to, const struct fl_tally *from)
{
    to->sum_ns += from->sum_ns;
    if (from->most_ns > to->most_ns) to->most_ns = from->most_ns;
    if (from->least_to > to->least_to) to->least_to = from->least_to;
}

/* Buckets of a value in the three resolutions. From 2^FINE units on the coarser ones follow from the finest: the same octave,
 * fewer of its leading bits. */
struct buckets {
    uint32_t fine, coarse, rough;
};

static inline struct buckets buckets_of(fl_time value)
{
    enum { FINE = FL_HISTOGRAM_FINE, COARSE = FL_HISTOGRAM_COARSE, ROUGH = FL_HISTOGRAM_ROUGH };
    const uint64_t units = fl_histogram_units(value);
    const uint32_t highest_bit = 63u ^ (uint32_t)__builtin_clzll(units | 1); /* one instruction, which 63 - is not */
    if (highest_bit < FINE)
        return (struct buckets){ fl_histogram_bucket_of(units, highest_bit, FINE), fl_histogram_bucket_of(units, highest_bit, COARSE),
                                 fl_histogram_bucket_of(units, highest_bit, ROUGH) };
    const uint32_t octave = highest_bit - FINE, fine = (octave << FINE) + (uint32_t)(units >> octave);
    return (struct buckets){ fine, (fine >> (FINE - COARSE)) + ((FINE - COARSE) << COARSE), (fine >> (FINE - ROUGH)) + ((FINE - ROUGH) << ROUGH) };
}

/* Where the figures of one kind go: in each table the first cell's row of that kind. */
struct rows {
    uint32_t *interval_group; /* NULL: no buckets of intervals and intents are kept */
    uint32_t *group;
    uint32_t *intent; /* NULL, too: there is only one, which is summed up at the end */
    uint32_t *agent;  /* NULL: agents keep none of this kind */
    struct fl_tally *interval_group_tally, *intent_tally, *agent_tally;
    uint32_t groups, agents;
};

static bool keeps_intervals(const struct fl_day *day)
{
    return day->interval_group_counts != NULL;
}

static struct rows rows_of(const struct fl_day *day, enum fl_kind kind)
{
    return (struct rows){
        .interval_group = keeps_intervals(day) ? day->interval_group_counts + kind * FL_COARSE_BUCKETS : NULL,
        .group = day->group_counts + kind * FL_FINE_BUCKETS,
        .intent = day->intents > 1 && keeps_intervals(day) ? day->intent_counts + kind * FL_COARSE_BUCKETS : NULL,
        .agent = kind < FL_AGENT_KINDS && day->agent_counts != NULL ? day->agent_counts + (size_t)kind * FL_ROUGH_BUCKETS * day->agents : NULL,
        .interval_group_tally = day->interval_group_tally + kind, .intent_tally = day->intent_tally + kind,
        .agent_tally = day->agent_tally + kind, .groups = day->groups, .agents = day->agents,
    };
}

static inline uint32_t *agent_bucket(const struct rows *rows, uint32_t agent, uint32_t rough)
{
    return &rows->agent[((size_t)(rough / FL_BLOCK) * rows->agents + agent) * FL_BLOCK + rough % FL_BLOCK];
}

/* The cells of intervals, groups and intents, which are few. */
FL_ALWAYS_INLINE void post_shared(const struct rows *rows, const struct fl_note *note, struct buckets bucket)
{
    const size_t cell = note->where.interval * rows->groups + note->where.group, group = note->where.group, intent = note->where.intent;
    if (rows->interval_group != NULL) rows->interval_group[cell * (FL_KINDS * FL_COARSE_BUCKETS) + bucket.coarse]++;
    rows->group[group * (FL_KINDS * FL_FINE_BUCKETS) + bucket.fine]++;
    tally(&rows->interval_group_tally[cell * FL_KINDS], note->value);
    if (rows->intent == NULL) return;
    rows->intent[intent * (FL_KINDS * FL_COARSE_BUCKETS) + bucket.coarse]++;
    tally(&rows->intent_tally[intent * FL_KINDS], note->value);
}

FL_ALWAYS_INLINE void post_agent(const struct rows *rows, const struct fl_note *note, uint32_t rough)
{
    const uint32_t agent = note->where.agent;
    if (agent == FL_NONE) return;
    if (rows->agent != NULL) ++*agent_bucket(rows, agent, rough);
    tally(&rows->agent_tally[(size_t)agent * FL_KINDS], note->value);
}

/* The agents' cells are sent for while the others are entered. */
static void post_to_many(const struct rows *rows, const struct fl_note *notes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct buckets bucket = buckets_of(notes[i].value);
        if (notes[i].where.agent != FL_NONE) {
            __builtin_prefetch(&rows->agent_tally[(size_t)notes[i].where.agent * FL_KINDS], 1);
            if (rows->agent != NULL) __builtin_prefetch(agent_bucket(rows, notes[i].where.agent, bucket.rough), 1);
        }
        post_shared(rows, &notes[i], bucket);
    }
    for (uint32_t i = 0; i < count; i++) post_agent(rows, &notes[i], fl_histogram_bucket(notes[i].value, FL_HISTOGRAM_ROUGH));
}

void fl_day_post_notes(struct fl_day *day, enum fl_kind kind)
{
    const struct rows rows = rows_of(day, kind);
    const struct fl_note *const notes = &day->noted[kind * FL_NOTES];
    const uint32_t count = day->noted_next[kind] - kind * FL_NOTES;
    if (day->agents > MANY_AGENTS) {
        post_to_many(&rows, notes, count);
    } else {
        for (uint32_t i = 0; i < count; i++) {
            const struct buckets bucket = buckets_of(notes[i].value);
            post_shared(&rows, &notes[i], bucket);
            post_agent(&rows, &notes[i], bucket.rough);
        }
    }
    day->noted_next[kind] = kind * FL_NOTES;
}

void fl_day_post_additions(struct fl_day *day)
{
    struct fl_cell *const agents = day->agent;
    const struct fl_addition *const added = day->added;
    const uint32_t count = day->added_count;
    if (day->agents > MANY_AGENTS)
        for (uint32_t i = 0; i < count; i++) __builtin_prefetch(&agents[added[i].agent].count[added[i].what], 1);
    for (uint32_t i = 0; i < count; i++) agents[added[i].agent].count[added[i].what] += added[i].n;
    day->added_count = 0;
}

static void take_over(struct fl_cell *cells, const struct fl_tally *tallies, size_t cells_count)
{
    for (size_t cell = 0; cell < cells_count; cell++) {
        for (uint32_t kind = 0; kind < FL_KINDS; kind++) {
            cells[cell].head[kind].sum_ns = tallies[cell * FL_KINDS + kind].sum_ns;
            cells[cell].head[kind].most_ns = tallies[cell * FL_KINDS + kind].most_ns;
        }
    }
}

/* The only intent has what all intervals and groups have, but for what is no buyer's. */
static void sum_up_only_intent(struct fl_day *day)
{
    for (size_t cell = 0; cell < (size_t)day->intervals * day->groups; cell++) {
        for (uint32_t c = 0; c < FL_COUNTS; c++) {
            const bool of_desk = c >= FL_COUNT_drained_replies; /* and all times, which follow */
            if (!of_desk) day->intent[0].count[c] += day->interval_group[cell].count[c];
        }
        for (uint32_t kind = 0; kind < FL_KINDS; kind++) tally_add(&day->intent_tally[kind], &day->interval_group_tally[cell * FL_KINDS + kind]);
        for (uint32_t b = 0; b < FL_KINDS * FL_COARSE_BUCKETS; b++)
            day->intent_counts[b] += day->interval_group_counts[cell * FL_KINDS * FL_COARSE_BUCKETS + b];
    }
}

/* What buckets first to last hold. Four sums do not wait for each other. */
static uint64_t held(const uint32_t own[], uint32_t first, uint32_t last)
{
    uint64_t sum[4] = { 0 };
    uint32_t b = first;
    for (; b + 4 <= last + 1; b += 4)
        for (uint32_t i = 0; i < 4; i++) sum[i] += own[b + i];
    for (; b <= last; b++) sum[0] += own[b];
    return sum[0] + sum[1] + sum[2] + sum[3];
}

/* A head: the count by the buckets from that of the least value to that of the most. All others are empty, and most of a day's memory: they are
 * not read. */
static void complete_head(struct fl_histogram *head, const struct fl_tally *tally, const uint32_t *own, uint32_t sub_bits)
{
    if (tally->least_to == 0) return;
    const uint32_t first = fl_histogram_bucket((fl_time)(UINT64_MAX - tally->least_to), sub_bits);
    head->count = held(own, first, fl_histogram_bucket(head->most_ns, sub_bits));
    head->least_ns = fl_histogram_edge(first, sub_bits);
}

#define BLOCKS (FL_ROUGH_BUCKETS / FL_BLOCK)

static uint32_t *agent_block(const struct fl_day *day, uint32_t agent, uint32_t kind, uint32_t block)
{
    return &day->agent_counts[((size_t)(kind * BLOCKS + block) * day->agents + agent) * FL_BLOCK];
}

void fl_day_agent_buckets(const struct fl_day *day, uint32_t agent, uint32_t kind, uint32_t out[FL_ROUGH_BUCKETS])
{
    const uint32_t held = fl_histogram_bucket(day->agent[agent].head[kind].most_ns, FL_HISTOGRAM_ROUGH) / FL_BLOCK + 1;
    for (uint32_t b = 0; b < held; b++) memcpy(out + b * FL_BLOCK, agent_block(day, agent, kind, b), FL_BLOCK * sizeof *out);
    memset(out + held * FL_BLOCK, 0, (size_t)(BLOCKS - held) * FL_BLOCK * sizeof *out);
}

void fl_day_put_agent_buckets(const struct fl_day *day, uint32_t agent, uint32_t kind, const uint32_t own[FL_ROUGH_BUCKETS])
{
    for (uint32_t b = 0; b < BLOCKS; b++) memcpy(agent_block(day, agent, kind, b), own + b * FL_BLOCK, FL_BLOCK * sizeof *own);
}

static void complete_agents(const struct fl_day *day)
{
    uint32_t own[FL_ROUGH_BUCKETS];
    for (uint32_t a = 0; a < day->agents; a++) {
        for (uint32_t kind = 0; kind < FL_AGENT_KINDS; kind++) {
            fl_day_agent_buckets(day, a, kind, own);
            complete_head(&day->agent[a].head[kind], &day->agent_tally[(size_t)a * FL_KINDS + kind], own, FL_HISTOGRAM_ROUGH);
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

void fl_day_levels(const struct fl_day *day, uint32_t agent, struct fl_levels *out)
{
    for (uint32_t l = 0; l < FL_LEVELS; l++) out->at[l] = *fl_day_level(day, l, agent);
    out->most = day->levels_most[agent];
}

void fl_day_put_levels(const struct fl_day *day, uint32_t agent, const struct fl_levels *levels)
{
    for (uint32_t l = 0; l < FL_LEVELS; l++) *fl_day_level(day, l, agent) = levels->at[l];
    day->levels_most[agent] = levels->most;
}

/* The highest levels that lasted. */
static void find_most(const struct fl_day *day)
{
    for (uint32_t l = FL_LEVELS; l-- > 0;) {
        for (uint32_t a = 0; a < day->agents; a++) {
            const struct fl_level_time *const time = fl_day_level(day, l, a);
            struct fl_levels_most *const most = &day->levels_most[a];
            if (most->depth == 0 && time->depth > 0) most->depth = l;
            if (most->open == 0 && time->open > 0) most->open = l;
        }
    }
}

/* Adds what an interval and group has, but for what is ordinary. */
static void add_up(const struct fl_day *day, size_t cell, struct fl_cell *to, struct fl_tally tallies[FL_KINDS])
{
    for (uint32_t c = 0; c < FL_COUNTS; c++) to->count[c] += day->interval_group[cell].count[c];
    for (uint32_t kind = 0; kind < FL_KINDS; kind++) tally_add(&tallies[kind], &day->interval_group_tally[cell * FL_KINDS + kind]);
}

static void finish(struct fl_cell *cells, const struct fl_tally *tallies, const uint32_t *counts, size_t cells_count, uint32_t sub_bits)
{
    const uint32_t buckets = FL_HISTOGRAM_BUCKETS(sub_bits);
    take_over(cells, tallies, cells_count);
    for (size_t i = 0; i < cells_count * FL_KINDS; i++) complete_head(&cells[i / FL_KINDS].head[i % FL_KINDS], &tallies[i], &counts[i * buckets], sub_bits);
    add_ordinary(cells, cells_count);
}

static void finish_agents(const struct fl_day *day)
{
    take_over(day->agent, day->agent_tally, day->agents);
    if (day->agent_counts != NULL) complete_agents(day);
    add_ordinary(day->agent, day->agents);
    for (uint32_t a = 0; a < day->agents; a++) {
        uint64_t *const count = day->agent[a].count;
        count[FL_COUNT_chats_offered] = count[FL_COUNT_chats_answered] + count[FL_COUNT_chats_abandoned] + count[FL_COUNT_chats_rejected] +
                                        count[FL_COUNT_chats_unserved];
    }
}

static void finish_group(const struct fl_day *day, uint32_t group)
{
    struct fl_tally tallies[FL_KINDS] = { 0 };
    for (uint32_t i = 0; i < day->intervals; i++) add_up(day, (size_t)i * day->groups + group, &day->group[group], tallies);
    finish(&day->group[group], tallies, &day->group_counts[(size_t)group * FL_KINDS * FL_FINE_BUCKETS], 1, FL_HISTOGRAM_FINE);
}

/* The date that begins with interval *next; *next becomes that of the date after it. */
static void finish_date(const struct fl_scenario *scenario, const struct fl_day *day, uint32_t date, uint32_t *next)
{
    struct fl_tally tallies[FL_KINDS] = { 0 };
    uint32_t *const buckets = &day->date_counts[(size_t)date * FL_KINDS * FL_COARSE_BUCKETS];
    for (; *next < day->intervals && fl_date_of_interval(scenario, *next) == date; ++*next) {
        for (uint32_t g = 0; g < day->groups; g++) {
            const size_t cell = (size_t)*next * day->groups + g;
            const uint32_t *const own = &day->interval_group_counts[cell * FL_KINDS * FL_COARSE_BUCKETS];
            add_up(day, cell, &day->date[date], tallies);
            for (uint32_t b = 0; b < FL_KINDS * FL_COARSE_BUCKETS; b++) buckets[b] += own[b];
        }
    }
    finish(&day->date[date], tallies, buckets, 1, FL_HISTOGRAM_COARSE);
}

void fl_day_finish(const struct fl_scenario *scenario, struct fl_day *day)
{
    for (uint32_t kind = 0; kind < FL_KINDS; kind++) fl_day_post_notes(day, kind);
    fl_day_post_additions(day);
    find_most(day);
    finish_agents(day);
    for (uint32_t g = 0; g < day->groups; g++) finish_group(day, g); /* before anything ordinary is added to their intervals */
    if (!keeps_intervals(day)) return;
    if (day->intents == 1) sum_up_only_intent(day);
    for (uint32_t date = 0, next = 0; date < day->dates; date++) finish_date(scenario, day, date, &next);
    finish(day->interval_group, day->interval_group_tally, day->interval_group_counts, (size_t)day->intervals * day->groups, FL_HISTOGRAM_COARSE);
    finish(day->intent, day->intent_tally, day->intent_counts, day->intents, FL_HISTOGRAM_COARSE);
}
