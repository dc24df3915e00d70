/* The set of pending events: a tournament tree with one slot for each entity that can have one.
 *
 * An entity (a chat, an agent, a stream of arrivals) owns a slot, which is a leaf of a full binary
 * tree; each inner node holds the earlier of its two children, so the root is the next event.
 * Rescheduling is setting the slot again, cancelling is setting it to FL_TIME_NEVER: no handles, no
 * dead entries. Against a binary heap it was twice as fast on M/M/c (tools/bench).
 *
 * Order: (time, class, sequence), sequence being the order of scheduling; exactly one event is next.
 * All three and the slot lie in one 128-bit key, so a match is one comparison without a branch. A set
 * replays every match from leaf to root. Stopping where the winner stays the same was tried: the stop
 * is a branch nobody can predict, and cost a fifth of the speed at 50 slots and a few percent at 20000.
 *
 * Cost: log2(slots) matches for a set, nothing for the next event. Keys hold no addresses; the tree
 * may be copied with its arena.
 */
#ifndef FL_CORE_EVENTS_H
#define FL_CORE_EVENTS_H

#include "core/arena.h"
#include "core/time.h"

/* At one instant: what frees capacity, then what changes a state, then who arrives. */
enum fl_event_class { FL_CLASS_RELEASE, FL_CLASS_STATE, FL_CLASS_ARRIVAL };

#define FL_EVENTS_SLOTS_MAX (UINT32_C(1) << 24)

__extension__ typedef unsigned __int128 fl_event_key; /* time << 64 | class << 62 | sequence << 24 | slot */

struct fl_events {
    fl_event_key *node; /* node[1] is the root, node[i] has the children 2i and 2i + 1 */
    uint32_t leaves;    /* a power of two; slot s is node[leaves + s] */
    uint64_t sequence;  /* of the next set; below 2^38 */
};

/* Bytes of the node array for that many slots. */
size_t fl_events_bytes(uint32_t slots);

/* Starts an empty set over `node`, which has fl_events_bytes(slots) bytes. 1 <= slots <= 2^24. */
void fl_events_start(struct fl_events *events, void *node, uint32_t slots);

/* Moves the pending events of `from` into the larger, empty `to`; slots keep their numbers. */
void fl_events_move(struct fl_events *to, const struct fl_events *from);

static inline fl_time fl_events_next_at(const struct fl_events *events)
{
    return (fl_time)(uint64_t)(events->node[1] >> 64);
}

static inline uint32_t fl_events_next_slot(const struct fl_events *events)
{
    return (uint32_t)events->node[1] & (FL_EVENTS_SLOTS_MAX - 1);
}

static inline enum fl_event_class fl_events_next_class(const struct fl_events *events)
{
    return (enum fl_event_class)((uint64_t)events->node[1] >> 62);
}

static inline void fl_events_set(struct fl_events *events, uint32_t slot, fl_time at, enum fl_event_class class)
{
    fl_event_key *const node = events->node;
    fl_event_key winner = (fl_event_key)(uint64_t)at << 64 | (uint64_t)class << 62 | events->sequence++ << 24 | slot;
    uint32_t i = events->leaves + slot;
    node[i] = winner;
    while (i > 1) {
        const fl_event_key rival = node[i ^ 1];
        winner = rival < winner ? rival : winner;
        i >>= 1;
        node[i] = winner;
    }
}

/* The same for an event that is rarely the next one of many: stops climbing where the winner stays as it is. With many slots
 * that is two or three levels instead of all; the branch it takes would be mispredicted where events are near. */
static inline void fl_events_set_far(struct fl_events *events, uint32_t slot, fl_time at, enum fl_event_class class)
{
    fl_event_key *const node = events->node;
    fl_event_key winner = (fl_event_key)(uint64_t)at << 64 | (uint64_t)class << 62 | events->sequence++ << 24 | slot;
    uint32_t i = events->leaves + slot;
    node[i] = winner;
    while (i > 1) {
        const fl_event_key rival = node[i ^ 1];
        winner = rival < winner ? rival : winner;
        i >>= 1;
        if (node[i] == winner) return;
        node[i] = winner;
    }
}

static inline void fl_events_cancel(struct fl_events *events, uint32_t slot)
{
    fl_events_set(events, slot, FL_TIME_NEVER, FL_CLASS_RELEASE);
}

static inline fl_time fl_events_at(const struct fl_events *events, uint32_t slot)
{
    return (fl_time)(uint64_t)(events->node[events->leaves + slot] >> 64);
}

#endif
