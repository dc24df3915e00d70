/* The set of pending events: one slot for each entity that can have one.
 *
 * An entity (a chat, an agent, a stream of arrivals) owns a slot. Rescheduling is setting the slot again, cancelling is clearing it:
 * no handles, no dead entries. The next event is taken out, and its slot is then empty.
 *
 * A timing wheel (Varghese and Lauck, "Hashed and hierarchical timing wheels", SOSP 1987) before a tournament tree. The wheel's
 * buckets cover the span ahead that the caller expects most events in; a bucket is a short list, earliest first. With four to eight
 * buckets a slot most lists hold one event, and whether a second comes before or behind it is no branch. Setting and taking touch the
 * slot's own record, a list's head and sometimes a neighbour, however many slots there are. What is next is looked for when its
 * predecessor is taken, not when it is asked for: the search is a chain of loads, each of which waits for the one before, and runs
 * beside whatever the caller does with the event.
 *
 * What lies beyond the span, or late in a bucket that has grown long, is in the tree: a slot is a leaf of a full binary tree, each inner
 * node holds the earlier of its two children, so the root is the next event of those. A set replays every match from leaf
 * to root. Where an event is kept changes what it costs, never its order. The events of one or two slots are kept in their order
 * instead: at addresses that do not depend on which is next, so that nothing waits for that.
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
#define FL_EVENTS_FEW 2u /* so many slots need no wheel and no tree */

__extension__ typedef unsigned __int128 fl_event_key; /* time << 64 | class << 62 | sequence << 24 | slot */

/* Later than any event; its time is FL_TIME_NEVER. */
#define FL_NO_EVENT ((fl_event_key)(uint64_t)FL_TIME_NEVER << 64 | UINT64_MAX)

/* A slot: when it is due and, in the wheel, who follows in its bucket. */
struct fl_event_place {
    fl_event_key key;
    uint32_t next; /* a place; 0: the last of its list; FL_EVENT_LATE: not in the wheel */
};
#define FL_EVENT_LATE UINT32_MAX

struct fl_event_tree {
    fl_event_key *node; /* node[1] is the root, node[i] has the children 2i and 2i + 1 */
    uint32_t leaves;    /* a power of two; slot s is node[leaves + s] */
};

struct fl_events {
    struct fl_event_place *place; /* [slots + 1], slot s is place[s + 1]; place[0] stands for nobody and is never due */
    uint32_t *first;              /* [buckets] head of the list, a place; 0: empty */
    uint64_t *filled;             /* bit per bucket that is not empty */
    uint64_t base;                /* time >> shift of the last event taken; everything in the wheel lies in [base, base + buckets) */
    uint32_t buckets;             /* a power of two, >= 64; 0: so few slots that `next` and `other` are all there is */
    uint32_t shift;               /* a bucket is 2^shift ns wide */
    uint32_t slots;
    fl_event_key next;            /* the earliest of all */
    fl_event_key other;           /* of two slots: the other one, or FL_NO_EVENT */
    uint32_t few_pending;         /* of one or two slots: bit per slot */
    uint64_t sequence;            /* of the next set; below 2^38 */
    struct fl_event_tree late;    /* what is not in the wheel */
};

/* Bytes of the memory for that many slots. */
size_t fl_events_bytes(uint32_t slots);

/* Starts an empty set over `memory`, which has fl_events_bytes(slots) bytes and is aligned to 16; 1 <= slots <= 2^24. `span`: how
 * far ahead most events are set, > 0; too short or too long a span is only slower. */
void fl_events_start(struct fl_events *events, void *memory, uint32_t slots, fl_time span);

/* Moves the pending events of `from` into the empty `to`, which has no fewer slots; slots keep their numbers. */
void fl_events_move(struct fl_events *to, const struct fl_events *from);

static inline fl_time fl_event_at(fl_event_key event)
{
    return (fl_time)(uint64_t)(event >> 64);
}

static inline uint32_t fl_event_slot(fl_event_key event)
{
    return (uint32_t)event & (FL_EVENTS_SLOTS_MAX - 1);
}

static inline enum fl_event_class fl_event_class_of(fl_event_key event)
{
    return (enum fl_event_class)((uint64_t)event >> 62);
}

/* When the slot's event is due; FL_TIME_NEVER: none is pending. */
fl_time fl_events_at(const struct fl_events *events, uint32_t slot);

/* The rarer parts: a place whose key lies outside the wheel; one that comes behind `link`'s; one that is pending; the next event, which
 * is not in the wheel; the event of one of few slots. */
void fl_events_put_late(struct fl_events *events, uint32_t place);
void fl_events_put_behind(struct fl_events *events, uint32_t place, uint32_t *link);
void fl_events_take_out(struct fl_events *events, uint32_t place);
void fl_events_take_late(struct fl_events *events);
void fl_events_take_out_of_few(struct fl_events *events, uint32_t slot);

/* ---- Few slots --------------------------------------------------------------------------------- */

static inline void fl_events_cancel_of_few(struct fl_events *events, uint32_t slot)
{
    if (events->few_pending >> slot & 1) fl_events_take_out_of_few(events, slot);
}

/* Of a slot that is empty. */
static inline void fl_events_put_to_few(struct fl_events *events, uint32_t slot, fl_event_key key)
{
    const fl_event_key before = events->next;
    events->next = key < before ? key : before;
    events->other = key < before ? before : key;
    events->few_pending |= UINT32_C(1) << slot;
}

static inline void fl_events_take_of_few(struct fl_events *events)
{
    events->few_pending &= ~(UINT32_C(1) << fl_event_slot(events->next));
    events->next = events->other;
    events->other = FL_NO_EVENT;
}

/* For callers who know that they have more slots, before they set or take: it need not be asked each time. */
static inline void fl_events_are_many(const struct fl_events *events)
{
    FL_ASSERT_DEV(events->buckets > 0);
    if (events->buckets == 0) __builtin_unreachable();
}

/* ---- Setting and taking ------------------------------------------------------------------------ */

static inline void fl_events_cancel(struct fl_events *events, uint32_t slot)
{
    if (events->buckets == 0) fl_events_cancel_of_few(events, slot);
    else if (fl_event_at(events->place[slot + 1].key) != FL_TIME_NEVER) fl_events_take_out(events, slot + 1);
}

/* Of a slot that is empty. */
FL_ALWAYS_INLINE void fl_events_put(struct fl_events *events, uint32_t slot, fl_event_key key)
{
    if (events->buckets == 0) {
        fl_events_put_to_few(events, slot, key);
        return;
    }
    struct fl_event_place *const own = &events->place[slot + 1];
    const uint64_t turn = (uint64_t)fl_event_at(key) >> events->shift;
    own->key = key;
    if (__builtin_expect(key < events->next, 0)) events->next = key;
    if (__builtin_expect(turn - events->base >= events->buckets, 0)) {
        fl_events_put_late(events, slot + 1);
        return;
    }
    const uint32_t bucket = (uint32_t)turn & (events->buckets - 1);
    uint32_t *const head = &events->first[bucket];
    uint32_t *const link = key < events->place[*head].key ? head : &events->place[*head].next; /* nobody's key is later than any */
    if (__builtin_expect(events->place[*link].key < key, 0)) {
        fl_events_put_behind(events, slot + 1, link);
        return;
    }
    own->next = *link;
    *link = slot + 1;
    events->filled[bucket / 64] |= UINT64_C(1) << bucket % 64;
}

/* Sets the event of a slot that has none; at < FL_TIME_NEVER. */
FL_ALWAYS_INLINE void fl_events_add(struct fl_events *events, uint32_t slot, fl_time at, enum fl_event_class class)
{
    FL_ASSERT_DEV(fl_events_at(events, slot) == FL_TIME_NEVER && at < FL_TIME_NEVER);
    fl_events_put(events, slot, (fl_event_key)(uint64_t)at << 64 | (uint64_t)class << 62 | events->sequence++ << 24 | slot);
}

/* Sets the slot's event, or sets it anew; at FL_TIME_NEVER it has none. */
static inline void fl_events_set(struct fl_events *events, uint32_t slot, fl_time at, enum fl_event_class class)
{
    fl_events_cancel(events, slot);
    if (at != FL_TIME_NEVER) fl_events_add(events, slot, at, class);
}

/* What is next, when the wheel's word `word` holds `bits` at or after base. */
FL_ALWAYS_INLINE void fl_events_find_from(struct fl_events *events, uint32_t word, uint64_t bits)
{
    const fl_event_key late = events->late.node[1];
    for (uint32_t left = events->buckets / 64; bits == 0; left--) {
        if (left == 0) { /* once round, and back at what lies before base in its word */
            events->next = late;
            return;
        }
        word = (word + 1) & (events->buckets / 64 - 1);
        bits = events->filled[word];
    }
    const fl_event_key wheel = events->place[events->first[word * 64 + (uint32_t)__builtin_ctzll(bits)]].key;
    events->next = __builtin_expect(wheel < late, 1) ? wheel : late;
}

/* Whether some event is due before `until`. */
static inline bool fl_events_due(const struct fl_events *events, fl_time until)
{
    return fl_event_at(events->next) < until;
}

/* Takes the next event out; there is one. Which is next then is looked for at once, while the caller is busy with this one. */
FL_ALWAYS_INLINE fl_event_key fl_events_take(struct fl_events *events)
{
    const fl_event_key next = events->next;
    if (events->buckets == 0) {
        fl_events_take_of_few(events);
        return next;
    }
    struct fl_event_place *const own = &events->place[fl_event_slot(next) + 1];
    if (__builtin_expect(own->next == FL_EVENT_LATE, 0)) {
        fl_events_take_late(events);
        return next;
    }
    events->base = (uint64_t)fl_event_at(next) >> events->shift;
    const uint32_t bucket = (uint32_t)events->base & (events->buckets - 1), follows = own->next;
    own->key = FL_NO_EVENT;
    events->first[bucket] = follows; /* lists are sorted: she was their first */
    const uint64_t filled = events->filled[bucket / 64] ^ (uint64_t)(follows == 0) << bucket % 64;
    events->filled[bucket / 64] = filled;
    fl_events_find_from(events, bucket / 64, filled & UINT64_MAX << bucket % 64);
    return next;
}

/* For callers who send for their records ahead: slots whose events most likely come after the next one, the second and the fourth of
 * the buckets that are filled within 64 of the last event taken; FL_EVENTS_SLOTS_MAX where there are fewer. */
static inline void fl_events_upcoming(const struct fl_events *events, uint32_t slots[2])
{
    slots[0] = slots[1] = FL_EVENTS_SLOTS_MAX;
    if (events->buckets == 0) return;
    const uint32_t from = (uint32_t)(events->base + 1) & (events->buckets - 1), word = from / 64, after = (word + 1) & (events->buckets / 64 - 1);
    uint64_t ahead = events->filled[word] >> from % 64 | events->filled[after] << 1 << (63 - from % 64);
    ahead &= ahead - 1; /* the first is next, and too late to send for */
    if (ahead == 0) return;
    slots[0] = events->first[(from + (uint32_t)__builtin_ctzll(ahead)) & (events->buckets - 1)] - 1;
    ahead &= ahead - 1;
    ahead &= ahead - 1;
    if (ahead == 0) return;
    slots[1] = events->first[(from + (uint32_t)__builtin_ctzll(ahead)) & (events->buckets - 1)] - 1;
}

/* For callers who know which slot they will set next, and at what time: sends for what lies there. */
static inline void fl_events_expect(const struct fl_events *events, uint32_t slot)
{
    __builtin_prefetch(&events->place[slot + 1], 1);
}

static inline void fl_events_expect_at(const struct fl_events *events, fl_time at)
{
    __builtin_prefetch(&events->first[(uint64_t)at >> events->shift & (events->buckets - 1)], 1);
}

#endif
