#include "core/events.h"

#include <string.h>

#define MANY_SLOTS 4096u  /* whose buckets do not stay in the cache beside all else: four each, where fewer have eight */
#define LIST_MOST 16u     /* who would come later in a list goes to the tree */

/* ---- Starting ---------------------------------------------------------------------------------- */

static uint32_t power_for(uint32_t count)
{
    uint32_t power = 1;
    while (power < count) power *= 2;
    return power;
}

static uint32_t buckets_for(uint32_t slots)
{
    if (slots <= FL_EVENTS_FEW) return 0;
    const uint32_t wanted = power_for(slots) * (slots < MANY_SLOTS ? 8 : 4);
    return wanted < 64 ? 64 : wanted;
}

size_t fl_events_bytes(uint32_t slots)
{
    const size_t nodes = 2 * (size_t)power_for(slots), buckets = buckets_for(slots);
    return nodes * sizeof(fl_event_key) + (slots + (size_t)1) * sizeof(struct fl_event_place) + buckets / 64 * sizeof(uint64_t) +
           buckets * sizeof(uint32_t);
}

void fl_events_start(struct fl_events *events, void *memory, uint32_t slots, fl_time span)
{
    FL_ASSERT(slots >= 1 && slots <= FL_EVENTS_SLOTS_MAX);
    FL_ASSERT(span > 0);
    memset(memory, 0, fl_events_bytes(slots));
    *events = (struct fl_events){ .slots = slots, .next = FL_NO_EVENT, .other = FL_NO_EVENT, .buckets = buckets_for(slots), .late = { .node = memory, .leaves = power_for(slots) } };
    events->place = (struct fl_event_place *)(void *)(events->late.node + 2 * (size_t)events->late.leaves);
    events->filled = (uint64_t *)(void *)(events->place + slots + 1);
    events->first = (uint32_t *)(void *)(events->filled + events->buckets / 64);
    while (events->buckets > 0 && (fl_time)1 << events->shift < span / events->buckets) events->shift++;
    for (uint32_t i = 0; i < 2 * events->late.leaves; i++) events->late.node[i] = FL_NO_EVENT;
    for (uint32_t p = 0; p <= slots; p++) events->place[p] = (struct fl_event_place){ .key = FL_NO_EVENT };
}

/* FL_NO_EVENT: none is pending. */
static fl_event_key key_of(const struct fl_events *events, uint32_t slot)
{
    if (events->buckets > 0) return events->place[slot + 1].key;
    if (fl_event_slot(events->next) == slot) return events->next;
    return fl_event_slot(events->other) == slot ? events->other : FL_NO_EVENT;
}

fl_time fl_events_at(const struct fl_events *events, uint32_t slot)
{
    return fl_event_at(key_of(events, slot));
}

/* ---- Few slots --------------------------------------------------------------------------------- */

void fl_events_take_out_of_few(struct fl_events *events, uint32_t slot)
{
    if (fl_event_slot(events->next) == slot) events->next = events->other;
    events->other = FL_NO_EVENT;
    events->few_pending &= ~(UINT32_C(1) << slot);
}

/* ---- The tree ---------------------------------------------------------------------------------- */

/* Replays the matches of a slot, upwards. */
static void replay(const struct fl_event_tree *tree, uint32_t slot, fl_event_key winner)
{
    fl_event_key *const node = tree->node;
    uint32_t i = tree->leaves + slot;
    node[i] = winner;
    for (; i > 1; i /= 2) {
        const fl_event_key rival = node[i ^ 1];
        winner = rival < winner ? rival : winner;
        node[i / 2] = winner;
    }
}

void fl_events_put_late(struct fl_events *events, uint32_t place)
{
    events->place[place].next = FL_EVENT_LATE;
    replay(&events->late, place - 1, events->place[place].key);
}

/* ---- The wheel --------------------------------------------------------------------------------- */

/* Behind those of the list that are earlier, from `link` on; the tree takes her when they are many. */
void fl_events_put_behind(struct fl_events *events, uint32_t place, uint32_t *link)
{
    struct fl_event_place *const own = &events->place[place];
    for (uint32_t passed = 1; events->place[*link].key < own->key; passed++) {
        if (passed == LIST_MOST) {
            fl_events_put_late(events, place);
            return;
        }
        link = &events->place[*link].next;
    }
    own->next = *link;
    *link = place;
}

void fl_events_take_out(struct fl_events *events, uint32_t place)
{
    struct fl_event_place *const own = &events->place[place];
    const bool was_next = own->key == events->next;
    if (own->next == FL_EVENT_LATE) {
        replay(&events->late, place - 1, FL_NO_EVENT);
    } else {
        const uint32_t bucket = (uint32_t)((uint64_t)fl_event_at(own->key) >> events->shift) & (events->buckets - 1);
        uint32_t *link = &events->first[bucket];
        while (*link != place) link = &events->place[*link].next;
        *link = own->next;
        events->filled[bucket / 64] &= ~((uint64_t)(events->first[bucket] == 0) << bucket % 64);
    }
    own->key = FL_NO_EVENT;
    if (!was_next) return;
    const uint32_t from = (uint32_t)events->base & (events->buckets - 1);
    fl_events_find_from(events, from / 64, events->filled[from / 64] & UINT64_MAX << from % 64);
}

void fl_events_take_late(struct fl_events *events)
{
    const fl_event_key next = events->next;
    const uint64_t turn = (uint64_t)fl_event_at(next) >> events->shift;
    if (turn > events->base) events->base = turn;
    fl_events_take_out(events, fl_event_slot(next) + 1);
}

/* ---- Growing ----------------------------------------------------------------------------------- */

void fl_events_move(struct fl_events *to, const struct fl_events *from)
{
    FL_ASSERT(to->slots >= from->slots);
    to->base = from->base << from->shift >> to->shift;
    for (uint32_t slot = 0; slot < from->slots; slot++) {
        const fl_event_key key = key_of(from, slot);
        if (key != FL_NO_EVENT) fl_events_put(to, slot, key);
    }
    to->sequence = from->sequence;
}
