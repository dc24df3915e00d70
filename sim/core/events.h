/* The set of pending events: one slot for each entity that can have one, in two parts.
 *
 * An entity (a chat, an agent, a stream of arrivals) owns a slot. Rescheduling is setting the slot again, cancelling is setting it
 * to FL_TIME_NEVER: no handles, no dead entries. The next event is the earliest of both parts.
 *
 * Near: slots below `near`, for the few that are set often. A tournament tree: a slot is a leaf of a full binary tree, each inner
 * node holds the earlier of its two children, so the root is the next event. log2(slots) matches a set, no branch that depends on
 * the times; a set replays every match from leaf to root. (Stopping where the winner stays the same was tried: nobody can predict
 * the stop, and it cost a fifth of the speed at 50 slots.) Against a binary heap it was twice as fast on M/M/c (tools/bench).
 *
 * Far: all others, of which there may be many. A timing wheel (Varghese and Lauck, "Hashed and hierarchical timing wheels", SOSP
 * 1987) before a tournament tree. The wheel's buckets cover the span ahead that the caller expects most events in; a bucket is a
 * short list, of which the earliest is looked for when its turn comes. What lies beyond the span, or in a bucket that has grown
 * long, is in the tree. Where an event is kept changes what it costs, never its order. Setting a slot in the wheel touches
 * its own record and one or two others, however many slots there are, where a tree of 16384 touches fourteen.
 *
 * Order: (time, class, sequence), sequence being the order of scheduling; exactly one event is next. All three and the slot lie in
 * one 128-bit key, so a match is one comparison.
 *
 * Nothing here holds an address of an event; the memory may be copied with its arena. */
#ifndef FL_CORE_EVENTS_H
#define FL_CORE_EVENTS_H

#include "core/arena.h"
#include "core/time.h"

#include <stdbool.h>

/* At one instant: what frees capacity, then what changes a state, then who arrives. */
enum fl_event_class { FL_CLASS_RELEASE, FL_CLASS_STATE, FL_CLASS_ARRIVAL };

#define FL_EVENTS_SLOTS_MAX (UINT32_C(1) << 24)

__extension__ typedef unsigned __int128 fl_event_key; /* time << 64 | class << 62 | sequence << 24 | slot */

struct fl_event_tree {
    fl_event_key *node; /* node[1] is the root, node[i] has the children 2i and 2i + 1 */
    uint32_t leaves;    /* a power of two; slot s is node[leaves + s - first slot] */
};

/* A far slot: when it is due and, in the wheel, its neighbours in the bucket. */
struct fl_event_place {
    fl_event_key key;
    uint32_t next, previous; /* places + 1; 0: none */
    uint32_t bucket;         /* + 1; 0: not in the wheel, but in the tree or not pending */
};

struct fl_event_wheel {
    struct fl_event_place *place;
    uint32_t *first;   /* [buckets] place + 1 of the list's head, 0: empty */
    uint64_t *filled;  /* bit per bucket that is not empty */
    fl_event_key next; /* the earliest in the wheel */
    uint64_t base;     /* time >> shift, rounded down: everything in the wheel lies in [base, base + buckets) */
    uint32_t buckets;  /* a power of two, >= 64 */
    uint32_t count;    /* in the wheel */
    uint32_t shift;    /* a bucket is 2^shift ns wide */
};

struct fl_events {
    struct fl_event_tree near, far;
    struct fl_event_wheel wheel;
    fl_event_key far_next; /* the earlier of the wheel's next and the far tree's root */
    uint32_t near_slots, far_slots;
    uint64_t sequence; /* of the next set; below 2^38 */
};

/* Bytes of the memory for that many slots. */
size_t fl_events_bytes(uint32_t near, uint32_t far);

/* Starts an empty set over `memory`, which has fl_events_bytes(near, far) bytes and is aligned to 16: slots 0 to near - 1, and near
 * to near + far - 1. 1 <= near + far <= 2^24. `span`: how far ahead most far events are set, > 0; too short or too long a span is
 * only slower. */
void fl_events_start(struct fl_events *events, void *memory, uint32_t near, uint32_t far, fl_time span);

/* Moves the pending events of `from` into the empty `to`, which has as many near slots and no fewer far ones; slots keep
 * their numbers. */
void fl_events_move(struct fl_events *to, const struct fl_events *from);

/* The next event of all. */
static inline fl_event_key fl_events_next(const struct fl_events *events)
{
    const fl_event_key near = events->near.node[1], far = events->far_next;
    return far < near ? far : near;
}

static inline fl_time fl_event_at(fl_event_key event)
{
    return (fl_time)(uint64_t)(event >> 64);
}

static inline uint32_t fl_event_slot(fl_event_key event)
{
    return (uint32_t)event & (FL_EVENTS_SLOTS_MAX - 1);
}

static inline fl_event_key fl_events_key(struct fl_events *events, uint32_t slot, fl_time at, enum fl_event_class class)
{
    return (fl_event_key)(uint64_t)at << 64 | (uint64_t)class << 62 | events->sequence++ << 24 | slot;
}

/* Replays the matches of a slot, upwards. Nodes are counted in bytes here, which spares four instructions a level. */
static inline void fl_event_tree_set(const struct fl_event_tree *tree, uint32_t slot, fl_event_key winner)
{
    unsigned char *const node = (unsigned char *)tree->node;
    const size_t one = sizeof winner;
    size_t i = ((size_t)tree->leaves + slot) * one;
    *(fl_event_key *)(node + i) = winner;
    while (i > one) {
        const fl_event_key rival = *(fl_event_key *)(node + (i ^ one));
        winner = rival < winner ? rival : winner;
        i = i / 2 & ~(one - 1);
        *(fl_event_key *)(node + i) = winner;
    }
}

/* Of a slot that is far. */
void fl_events_set_far(struct fl_events *events, uint32_t slot, fl_time at, enum fl_event_class class);
void fl_events_cancel_far(struct fl_events *events, uint32_t slot);

static inline void fl_events_set(struct fl_events *events, uint32_t slot, fl_time at, enum fl_event_class class)
{
    if (slot < events->near_slots) fl_event_tree_set(&events->near, slot, fl_events_key(events, slot, at, class));
    else fl_events_set_far(events, slot, at, class);
}

static inline void fl_events_cancel(struct fl_events *events, uint32_t slot)
{
    if (slot < events->near_slots) fl_event_tree_set(&events->near, slot, fl_events_key(events, slot, FL_TIME_NEVER, FL_CLASS_RELEASE));
    else fl_events_cancel_far(events, slot);
}

/* When the slot's event is due. */
static inline fl_time fl_events_at(const struct fl_events *events, uint32_t slot)
{
    if (slot < events->near_slots) return fl_event_at(events->near.node[events->near.leaves + slot]);
    return fl_event_at(events->wheel.place[slot - events->near_slots].key);
}

/* For callers who send for their records ahead: a slot from each of the two buckets of the wheel that follow its first, whose events
 * most likely come after the next; FL_EVENTS_SLOTS_MAX where none is found at once. */
static inline void fl_events_upcoming(const struct fl_events *events, uint32_t slots[2])
{
    const struct fl_event_wheel *const wheel = &events->wheel;
    slots[0] = slots[1] = FL_EVENTS_SLOTS_MAX;
    if (wheel->count == 0) return;
    const uint32_t first = (uint32_t)((uint64_t)fl_event_at(wheel->next) >> wheel->shift) & (wheel->buckets - 1), word = first / 64;
    uint64_t bits = wheel->filled[word] & ~UINT64_C(1) << first % 64;
    for (int i = 0; i < 2 && bits != 0; i++, bits &= bits - 1)
        slots[i] = events->near_slots + wheel->first[word * 64 + (uint32_t)__builtin_ctzll(bits)] - 1;
}

/* Of the next event. */
static inline fl_time fl_events_next_at(const struct fl_events *events)
{
    return fl_event_at(fl_events_next(events));
}

static inline uint32_t fl_events_next_slot(const struct fl_events *events)
{
    return fl_event_slot(fl_events_next(events));
}

static inline enum fl_event_class fl_events_next_class(const struct fl_events *events)
{
    return (enum fl_event_class)((uint64_t)fl_events_next(events) >> 62);
}

#endif
