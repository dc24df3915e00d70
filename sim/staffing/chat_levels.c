/* States by counts, elimination in a band, the queue as a closed sum. */
#include "staffing/chat_levels.h"

#include "staffing/impatience.h"

#include <math.h>
#include <string.h>

/* ---- States: how many agents hold 0, 1, ... slots chats ------------------------------------------ */

struct space {
    uint32_t agents, slots, states;
    uint64_t *ways;     /* [agents + 1][slots + 2]: states of so many agents over so many levels */
    uint16_t *count;    /* [states][slots + 1], in the order of the chats on the desk */
    uint32_t *place_of; /* [states]: place of the state with that rank */
};

static uint64_t ways(const struct space *space, uint32_t agents, uint32_t levels)
{
    return space->ways[agents * (space->slots + 2) + levels];
}

/* C(agents + levels - 1, levels - 1), by Pascal's rule; numbers beyond the limit are cut there. */
static void count_ways(struct space *space)
{
    for (uint32_t n = 0; n <= space->agents; n++) {
        space->ways[n * (space->slots + 2)] = n == 0;
        for (uint32_t levels = 1; levels <= space->slots + 1; levels++) {
            const uint64_t sum = ways(space, n, levels - 1) + (n > 0 ? ways(space, n - 1, levels) : 0);
            space->ways[n * (space->slots + 2) + levels] = sum < FL_CHAT_LEVELS_STATES_MAX ? sum : FL_CHAT_LEVELS_STATES_MAX + 1;
        }
    }
}

/* Its number among all states, those with fewer agents at level 0 first, then at level 1, ... */
static uint32_t rank_of(const struct space *space, const uint16_t count[])
{
    uint64_t rank = 0;
    uint32_t left = space->agents;
    for (uint32_t level = 0; level < space->slots; level++) {
        for (uint32_t fewer = 0; fewer < count[level]; fewer++) rank += ways(space, left - fewer, space->slots - level);
        left -= count[level];
    }
    return (uint32_t)rank;
}

/* The state that follows in the order of ranks; false after the last. */
static bool next_state(const struct space *space, uint16_t count[])
{
    const uint32_t last = space->slots;
    uint32_t level = last;
    uint16_t rest = count[last];
    while (level > 0 && rest == 0) rest = count[--level];
    /* `level` is the highest with somebody: one of them goes down a level, the others up to the last */
    if (level == 0) return false;
    count[level] = 0;
    count[level - 1]++;
    count[last] = (uint16_t)(rest - 1);
    return true;
}

static uint32_t chats_of(const struct space *space, const uint16_t count[])
{
    uint32_t chats = 0;
    for (uint32_t level = 1; level <= space->slots; level++) chats += level * count[level];
    return chats;
}

static void *take(struct fl_arena *arena, size_t count, size_t bytes_each)
{
    const size_t at = fl_arena_take(arena, count, bytes_each);
    return at == FL_ARENA_NONE ? NULL : fl_arena_at(arena, at);
}

/* Lists all states, sorted by their chats; within a number of chats by rank. */
static enum fl_status space_begin(struct fl_arena *arena, const struct fl_chat_pool *pool, struct space *space)
{
    const uint32_t levels = pool->slots + 1, totals = pool->agents * pool->slots + 1;
    *space = (struct space){ .agents = pool->agents, .slots = pool->slots };
    space->ways = take(arena, (size_t)(pool->agents + 1) * (levels + 1), sizeof *space->ways);
    if (space->ways == NULL) return FL_EFULL;
    count_ways(space);
    if (ways(space, pool->agents, levels) > FL_CHAT_LEVELS_STATES_MAX) return FL_ERANGE;
    space->states = (uint32_t)ways(space, pool->agents, levels);
    space->count = take(arena, (size_t)space->states * levels, sizeof *space->count);
    space->place_of = take(arena, space->states, sizeof *space->place_of);
    uint32_t *const begin = take(arena, totals + 1, sizeof *begin);
    if (space->count == NULL || space->place_of == NULL || begin == NULL) return FL_EFULL;
    uint16_t count[FL_CHAT_LEVELS_SLOTS_MAX + 1];
    for (int pass = 0; pass < 2; pass++) {
        memset(count, 0, sizeof count);
        count[pool->slots] = (uint16_t)pool->agents;
        do {
            const uint32_t chats = chats_of(space, count);
            if (pass == 0) begin[chats + 1]++;
            else {
                const uint32_t place = begin[chats]++;
                memcpy(&space->count[(size_t)place * levels], count, levels * sizeof *count);
                space->place_of[rank_of(space, count)] = place;
            }
        } while (next_state(space, count));
        for (uint32_t chats = 0; pass == 0 && chats < totals; chats++) begin[chats + 1] += begin[chats];
    }
    return FL_OK;
}

/* ---- Transitions --------------------------------------------------------------------------------- */

typedef void on_transition(void *context, uint32_t from, uint32_t to, double rate);

/* From a state, when one agent goes from `level` to `other`. */
static uint32_t neighbour(const struct space *space, uint32_t state, uint32_t level, uint32_t other)
{
    uint16_t count[FL_CHAT_LEVELS_SLOTS_MAX + 1];
    memcpy(count, &space->count[(size_t)state * (space->slots + 1)], (space->slots + 1) * sizeof *count);
    count[level]--;
    count[other]++;
    return space->place_of[rank_of(space, count)];
}

static void arrivals(const struct space *space, const struct fl_chat_pool *pool, enum fl_level_routing routing, uint32_t state, on_transition *on,
                     void *context)
{
    const uint16_t *const count = &space->count[(size_t)state * (space->slots + 1)];
    const uint32_t free = space->agents - count[space->slots];
    if (free == 0) return; /* she queues */
    if (routing == FL_TO_ANYONE) {
        for (uint32_t level = 0; level < space->slots; level++)
            if (count[level] > 0) on(context, state, neighbour(space, state, level, level + 1), pool->arrivals * count[level] / free);
        return;
    }
    uint32_t level = routing == FL_TO_LEAST_LOADED ? 0 : space->slots - 1;
    while (count[level] == 0) level += routing == FL_TO_LEAST_LOADED ? 1 : UINT32_MAX;
    on(context, state, neighbour(space, state, level, level + 1), pool->arrivals);
}

static void transitions(const struct space *space, const struct fl_chat_pool *pool, enum fl_level_routing routing, on_transition *on, void *context)
{
    for (uint32_t state = 0; state < space->states; state++) {
        const uint16_t *const count = &space->count[(size_t)state * (space->slots + 1)];
        arrivals(space, pool, routing, state, on, context);
        for (uint32_t level = 1; level <= space->slots; level++)
            if (count[level] > 0) on(context, state, neighbour(space, state, level, level - 1), count[level] * pool->rate[level]);
    }
}

/* ---- The stationary state ------------------------------------------------------------------------ */

/* rate[i][j] for |i - j| <= width. */
struct band {
    double *rate;
    uint32_t states, width;
};

static double *at(const struct band *band, uint32_t i, uint32_t j)
{
    return &band->rate[(size_t)i * (2 * band->width + 1) + (j + band->width - i)];
}

static void widen(void *context, uint32_t from, uint32_t to, double rate)
{
    struct band *const band = context;
    const uint32_t apart = from < to ? to - from : from - to;
    (void)rate;
    if (apart > band->width) band->width = apart;
}

static void enter(void *context, uint32_t from, uint32_t to, double rate)
{
    *at(context, from, to) += rate;
}

/* Takes out the states from the last to the second, sending what passes through each past it; then the shares, from the first on. */
static void solve(const struct band *band, double share[])
{
    for (uint32_t n = band->states - 1; n > 0; n--) {
        const uint32_t first = n > band->width ? n - band->width : 0;
        double out = 0;
        for (uint32_t j = first; j < n; j++) out += *at(band, n, j);
        for (uint32_t i = first; i < n; i++) {
            double *const in = at(band, i, n);
            if (*in == 0) continue;
            *in /= out;
            for (uint32_t j = first; j < n; j++)
                if (j != i) *at(band, i, j) += *in * *at(band, n, j);
        }
    }
    double sum = share[0] = 1;
    for (uint32_t n = 1; n < band->states; n++) {
        share[n] = 0;
        for (uint32_t i = n > band->width ? n - band->width : 0; i < n; i++) share[n] += share[i] * *at(band, i, n);
        sum += share[n];
    }
    for (uint32_t n = 0; n < band->states; n++) share[n] /= sum;
}

/* ---- Figures ------------------------------------------------------------------------------------- */

static bool pool_is_small(const struct fl_chat_pool *pool)
{
    return pool->agents >= 1 && pool->agents <= UINT16_MAX && pool->slots <= FL_CHAT_LEVELS_SLOTS_MAX;
}

static void figures(const struct space *space, const struct fl_chat_pool *pool, const double share[], struct fl_chat_levels *out)
{
    const struct fl_chat_queue queue = fl_chat_queue(pool, pool->agents);
    const double full = share[space->states - 1] / queue.first, free = 1 - share[space->states - 1], all = free + full * queue.total;
    struct fl_chat_levels levels = { .desk.p_wait = full * queue.total / all, .desk.queue_mean = full * queue.queue / all };
    for (uint32_t state = 0; state < space->states; state++) {
        const uint16_t *const count = &space->count[(size_t)state * (space->slots + 1)];
        const double p = (state + 1 == space->states ? full * queue.total : share[state]) / all;
        for (uint32_t level = 0; level <= space->slots; level++) levels.level[level] += p * count[level] / space->agents;
    }
    for (uint32_t level = 1; level <= space->slots; level++) {
        levels.desk.open_mean += space->agents * levels.level[level] * level;
        levels.desk.throughput += space->agents * levels.level[level] * pool->rate[level];
    }
    levels.desk.wait_mean = levels.desk.queue_mean / pool->arrivals;
    levels.desk.p_abandon = pool->leave_rate * levels.desk.wait_mean;
    levels.desk.chat_mean = levels.desk.open_mean / levels.desk.throughput;
    levels.desk.p_idle = levels.level[0];
    *out = levels;
}

enum fl_status fl_chat_levels(struct fl_arena *arena, const struct fl_chat_pool *pool, enum fl_level_routing routing, struct fl_chat_levels *out)
{
    if (!pool_is_small(pool) || !fl_chat_pool_is_defined(pool) || !fl_chat_pool_settles(pool, pool->agents)) return FL_ERANGE;
    struct space space;
    const enum fl_status status = space_begin(arena, pool, &space);
    if (status != FL_OK) return status;
    struct band band = { .states = space.states };
    transitions(&space, pool, routing, widen, &band);
    band.rate = take(arena, (size_t)space.states * (2 * band.width + 1), sizeof *band.rate);
    double *const share = take(arena, space.states, sizeof *share);
    if (band.rate == NULL || share == NULL) return FL_EFULL;
    transitions(&space, pool, routing, enter, &band);
    solve(&band, share);
    figures(&space, pool, share, out);
    return FL_OK;
}

/* ---- Service within a time ----------------------------------------------------------------------- */

enum fl_status fl_pool_service(const struct fl_chat_pool *pool, double p_wait, double limit, struct fl_pool_service *out)
{
    struct fl_impatience queue;
    struct fl_distribution patience = { .kind = FL_EXPONENTIAL, .a = 1 / pool->leave_rate };
    const bool leave = pool->leave_rate > 0;
    if (!(limit >= 0) || (leave && fl_distribution_prepare(&patience) != FL_OK)) return FL_ERANGE;
    const enum fl_status status = fl_impatience_begin(&queue, pool->arrivals, pool->agents * pool->rate[pool->slots], leave ? &patience : NULL);
    if (status != FL_OK) return status;
    const double each = p_wait / fl_impatience_integral(&queue, 0, INFINITY, fl_impatience_any, NULL);
    out->offered_wait_exceeds = each * fl_impatience_integral(&queue, limit, INFINITY, fl_impatience_any, NULL);
    out->served_within = 1 - p_wait + each * fl_impatience_integral(&queue, 0, limit, fl_impatience_serves, &queue);
    return FL_OK;
}
