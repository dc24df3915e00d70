#include "core/events.h"

#include <string.h>

#define NOTHING ((fl_event_key)(uint64_t)FL_TIME_NEVER << 64 | UINT64_MAX) /* later than any event, and than any slot without one */
#define BUCKETS_A_SLOT 4u /* so that most lists hold one event, whenever most of the slots are pending */
#define LIST_MOST 24u     /* of a bucket whose turn has come; what is longer goes to the tree */

/* ---- Starting ---------------------------------------------------------------------------------- */

static uint32_t power_for(uint32_t count)
{
    uint32_t power = 1;
    while (power < count) power *= 2;
    return power;
}

static uint32_t buckets_for(uint32_t far)
{
    const uint32_t wanted = power_for(far) * BUCKETS_A_SLOT;
    return wanted < 64 ? 64 : wanted;
}

size_t fl_events_bytes(uint32_t near, uint32_t far)
{
    const size_t nodes = 2 * ((size_t)power_for(near) + power_for(far)), buckets = buckets_for(far);
    return nodes * sizeof(fl_event_key) + far * sizeof(struct fl_event_place) + buckets / 64 * sizeof(uint64_t) + buckets * sizeof(uint32_t);
}

static void start_tree(struct fl_event_tree *tree)
{
    for (uint32_t i = 0; i < 2 * tree->leaves; i++) tree->node[i] = NOTHING;
}

void fl_events_start(struct fl_events *events, void *memory, uint32_t near, uint32_t far, fl_time span)
{
    FL_ASSERT(near + far >= 1 && near <= FL_EVENTS_SLOTS_MAX && far <= FL_EVENTS_SLOTS_MAX - near);
    FL_ASSERT(span > 0);
    memset(memory, 0, fl_events_bytes(near, far));
    *events = (struct fl_events){ .near_slots = near, .far_slots = far, .far_next = NOTHING, .wheel = { .next = NOTHING, .buckets = buckets_for(far) } };
    events->near = (struct fl_event_tree){ .node = memory, .leaves = power_for(near) };
    events->far = (struct fl_event_tree){ .node = events->near.node + 2 * (size_t)events->near.leaves, .leaves = power_for(far) };
    struct fl_event_wheel *const wheel = &events->wheel;
    wheel->place = (struct fl_event_place *)(void *)(events->far.node + 2 * (size_t)events->far.leaves);
    wheel->filled = (uint64_t *)(void *)(wheel->place + far);
    wheel->first = (uint32_t *)(void *)(wheel->filled + wheel->buckets / 64);
    while ((fl_time)1 << wheel->shift < span / wheel->buckets) wheel->shift++;
    start_tree(&events->near);
    start_tree(&events->far);
    for (uint32_t p = 0; p < far; p++) wheel->place[p].key = NOTHING;
}

/* ---- The wheel --------------------------------------------------------------------------------- */

static inline void link_in(struct fl_event_wheel *wheel, uint32_t p, uint32_t bucket)
{
    struct fl_event_place *const place = &wheel->place[p];
    const uint32_t next = wheel->first[bucket];
    place->next = next;
    place->previous = 0;
    place->bucket = bucket + 1;
    if (next != 0) wheel->place[next - 1].previous = p + 1;
    wheel->first[bucket] = p + 1;
    wheel->filled[bucket / 64] |= UINT64_C(1) << bucket % 64;
    wheel->count++;
}

static inline void link_out(struct fl_event_wheel *wheel, struct fl_event_place *place)
{
    const uint32_t bucket = place->bucket - 1, next = place->next, previous = place->previous;
    if (next != 0) wheel->place[next - 1].previous = previous;
    if (previous != 0) {
        wheel->place[previous - 1].next = next;
    } else {
        wheel->first[bucket] = next;
        wheel->filled[bucket / 64] &= ~((uint64_t)(next == 0) << bucket % 64);
    }
    place->bucket = 0;
    wheel->count--;
}

/* The first bucket at or after base that holds something; the wheel is not empty. */
static inline uint32_t first_filled(const struct fl_event_wheel *wheel)
{
    const uint32_t from = (uint32_t)wheel->base & (wheel->buckets - 1), words = wheel->buckets / 64;
    uint32_t word = from / 64;
    uint64_t bits = wheel->filled[word] & UINT64_MAX << from % 64;
    while (bits == 0) {
        word = (word + 1) & (words - 1);
        bits = wheel->filled[word];
    }
    return word * 64 + (uint32_t)__builtin_ctzll(bits);
}

static void empty_into_tree(struct fl_events *events, uint32_t bucket)
{
    struct fl_event_wheel *const wheel = &events->wheel;
    while (wheel->first[bucket] != 0) {
        const uint32_t p = wheel->first[bucket] - 1;
        link_out(wheel, &wheel->place[p]);
        fl_event_tree_set(&events->far, p, wheel->place[p].key);
    }
}

/* Looks for the earliest of the wheel, from base on. */
static void find_next(struct fl_events *events)
{
    struct fl_event_wheel *const wheel = &events->wheel;
    wheel->next = NOTHING;
    while (wheel->count > 0) {
        const uint32_t bucket = first_filled(wheel);
        fl_event_key earliest = NOTHING;
        uint32_t length = 0;
        for (uint32_t p = wheel->first[bucket]; p != 0; p = wheel->place[p - 1].next, length++) {
            const fl_event_key key = wheel->place[p - 1].key;
            earliest = key < earliest ? key : earliest;
        }
        if (length <= LIST_MOST) {
            wheel->next = earliest;
            return;
        }
        empty_into_tree(events, bucket);
    }
}

/* What is later than anything in the wheel's span, or earlier than its base; an empty wheel begins anew where it is wanted. */
static __attribute__((noinline)) void set_beyond(struct fl_events *events, uint32_t p, fl_event_key key)
{
    struct fl_event_wheel *const wheel = &events->wheel;
    if (wheel->count > 0) {
        fl_event_tree_set(&events->far, p, key);
        return;
    }
    wheel->base = (uint64_t)fl_event_at(key) >> wheel->shift;
    link_in(wheel, p, (uint32_t)wheel->base & (wheel->buckets - 1));
    wheel->next = key;
}

/* Takes out what is pending; the place's key stays. */
static __attribute__((noinline)) void take_out(struct fl_events *events, uint32_t p)
{
    struct fl_event_wheel *const wheel = &events->wheel;
    struct fl_event_place *const place = &wheel->place[p];
    if (place->bucket == 0) {
        fl_event_tree_set(&events->far, p, NOTHING);
        return;
    }
    link_out(wheel, place);
    if (place->key != wheel->next) return;
    wheel->base = (uint64_t)fl_event_at(place->key) >> wheel->shift; /* nothing is earlier than it was */
    find_next(events);
}

static inline void put_in(struct fl_events *events, uint32_t p, fl_event_key key)
{
    struct fl_event_wheel *const wheel = &events->wheel;
    const uint64_t bucket = (uint64_t)fl_event_at(key) >> wheel->shift;
    wheel->place[p].key = key;
    if (bucket - wheel->base >= wheel->buckets) {
        set_beyond(events, p, key);
        return;
    }
    link_in(wheel, p, (uint32_t)bucket & (wheel->buckets - 1));
    wheel->next = key < wheel->next ? key : wheel->next;
}

static inline void settle_next(struct fl_events *events)
{
    const fl_event_key tree = events->far.node[1], wheel = events->wheel.next;
    events->far_next = wheel < tree ? wheel : tree;
}

void fl_events_set_far(struct fl_events *events, uint32_t slot, fl_time at, enum fl_event_class class)
{
    const uint32_t p = slot - events->near_slots;
    if (fl_event_at(events->wheel.place[p].key) != FL_TIME_NEVER) take_out(events, p);
    if (at != FL_TIME_NEVER) put_in(events, p, fl_events_key(events, slot, at, class));
    else events->wheel.place[p].key = NOTHING;
    settle_next(events);
}

void fl_events_cancel_far(struct fl_events *events, uint32_t slot)
{
    const uint32_t p = slot - events->near_slots;
    if (fl_event_at(events->wheel.place[p].key) != FL_TIME_NEVER) take_out(events, p);
    events->wheel.place[p].key = NOTHING;
    settle_next(events);
}

/* ---- Growing ----------------------------------------------------------------------------------- */

void fl_events_move(struct fl_events *to, const struct fl_events *from)
{
    FL_ASSERT(to->near_slots == from->near_slots && to->far_slots >= from->far_slots);
    for (uint32_t s = 0; s < from->near_slots; s++) fl_event_tree_set(&to->near, s, from->near.node[from->near.leaves + s]);
    for (uint32_t p = 0; p < from->far_slots; p++)
        if (fl_event_at(from->wheel.place[p].key) != FL_TIME_NEVER) put_in(to, p, from->wheel.place[p].key);
    settle_next(to);
    to->sequence = from->sequence;
}
