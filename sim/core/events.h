/* The set of pending events: two tournament trees with one slot for each entity that can have one.
 *
 * An entity (a chat, an agent, a stream of arrivals) owns a slot, which is a leaf of a full binary
 * tree; each inner node holds the earlier of its two children, so the root is the next event.
 * Rescheduling is setting the slot again, cancelling is setting it to FL_TIME_NEVER: no handles, no
 * dead entries. Against a binary heap it was twice as fast on M/M/c (tools/bench).
 *
 * The slots below `near` have a tree of their own, and the next event is the earlier of two roots. The
 * caller puts there the few that are set often (agents), so that they need not climb past the many
 * (chats): a level less for each halving.
 *
 * Order: (time, class, sequence), sequence being the order of scheduling; exactly one event is next.
 * All three and the slot lie in one 128-bit key, so a match is one comparison without a branch. A set
 * replays every match from leaf to root. Stopping where the winner stays the same was tried: the stop
 * is a branch nobody can predict, and cost a fifth of the speed at 50 slots and a few percent at 20000.
 *
 * Cost: log2(slots) matches for a set, one for the next event. Nodes hold no addresses; the trees
 * may be copied with their arena.
 */
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

struct fl_events {
    struct fl_event_tree near, far;
    uint32_t near_slots;
    uint64_t sequence; /* of the next set; below 2^38 */
};

/* Bytes of the memory for that many slots. */
size_t fl_events_bytes(uint32_t near, uint32_t far);

/* Starts an empty set over `memory`, which has fl_events_bytes(near, far) bytes: slots 0 to near - 1, and near to near + far - 1.
 * 1 <= near + far <= 2^24. */
void fl_events_start(struct fl_events *events, void *memory, uint32_t near, uint32_t far);

/* Moves the pending events of `from` into the empty `to`, which has as many near slots and no fewer far ones; slots keep
 * their numbers. */
void fl_events_move(struct fl_events *to, const struct fl_events *from);

/* The next event of all. */
static inline fl_event_key fl_events_next(const struct fl_events *events)
{
    const fl_event_key near = events->near.node[1], far = events->far.node[1];
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

static inline fl_event_key *fl_events_leaf(const struct fl_events *events, uint32_t slot)
{
    if (slot < events->near_slots) return &events->near.node[events->near.leaves + slot];
    return &events->far.node[events->far.leaves + slot - events->near_slots];
}

static inline fl_event_key fl_events_key(struct fl_events *events, uint32_t slot, fl_time at, enum fl_event_class class)
{
    return (fl_event_key)(uint64_t)at << 64 | (uint64_t)class << 62 | events->sequence++ << 24 | slot;
}

/* Replays the matches of a slot, upwards. Nodes are counted in bytes here, which spares four instructions a level. */
static inline void fl_event_tree_set(const struct fl_event_tree *tree, uint32_t slot, fl_event_key winner, bool far)
{
    unsigned char *const node = (unsigned char *)tree->node;
    const size_t one = sizeof winner;
    size_t i = ((size_t)tree->leaves + slot) * one;
    *(fl_event_key *)(node + i) = winner;
    while (i > one) {
        const fl_event_key rival = *(fl_event_key *)(node + (i ^ one));
        winner = rival < winner ? rival : winner;
        i = i / 2 & ~(one - 1);
        if (far && *(fl_event_key *)(node + i) == winner) return;
        *(fl_event_key *)(node + i) = winner;
    }
}

static inline void fl_events_set(struct fl_events *events, uint32_t slot, fl_time at, enum fl_event_class class)
{
    const fl_event_key key = fl_events_key(events, slot, at, class);
    if (slot < events->near_slots) fl_event_tree_set(&events->near, slot, key, false);
    else fl_event_tree_set(&events->far, slot - events->near_slots, key, false);
}

/* The same for a slot that is known to be near. */
static inline void fl_events_set_near(struct fl_events *events, uint32_t slot, fl_time at, enum fl_event_class class)
{
    fl_event_tree_set(&events->near, slot, fl_events_key(events, slot, at, class), false);
}

/* The same for an event that is rarely the next one of many: with many slots it stops climbing where the winner stays as it is,
 * after two or three levels instead of all. Nobody can predict that stop; it cost more than the levels up to some thousand. */
static inline void fl_events_set_far(struct fl_events *events, uint32_t slot, fl_time at, enum fl_event_class class)
{
    if (events->far.leaves <= 4096 || slot < events->near_slots) fl_events_set(events, slot, at, class);
    else fl_event_tree_set(&events->far, slot - events->near_slots, fl_events_key(events, slot, at, class), true);
}

static inline void fl_events_cancel(struct fl_events *events, uint32_t slot)
{
    fl_events_set(events, slot, FL_TIME_NEVER, FL_CLASS_RELEASE);
}

/* When the slot's event is due. */
static inline fl_time fl_events_at(const struct fl_events *events, uint32_t slot)
{
    return fl_event_at(*fl_events_leaf(events, slot));
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
