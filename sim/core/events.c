#include "core/events.h"

static uint32_t leaves_for(uint32_t slots)
{
    uint32_t leaves = 1;
    while (leaves < slots) leaves *= 2;
    return leaves;
}

static void play_all(struct fl_events *events)
{
    fl_event_key *const node = events->node;
    for (uint32_t i = events->leaves; --i >= 1;)
        node[i] = node[2 * i] < node[2 * i + 1] ? node[2 * i] : node[2 * i + 1];
}

size_t fl_events_bytes(uint32_t slots)
{
    return 2 * (size_t)leaves_for(slots) * sizeof(fl_event_key);
}

void fl_events_start(struct fl_events *events, void *node, uint32_t slots)
{
    FL_ASSERT(slots >= 1 && slots <= FL_EVENTS_SLOTS_MAX);
    *events = (struct fl_events){ .node = node, .leaves = leaves_for(slots) };
    events->node[0] = 0; /* unused, but copied with the rest */
    for (uint32_t s = 0; s < events->leaves; s++)
        events->node[events->leaves + s] = (fl_event_key)(uint64_t)FL_TIME_NEVER << 64 | s;
    play_all(events);
}

void fl_events_move(struct fl_events *to, const struct fl_events *from)
{
    FL_ASSERT(to->leaves >= from->leaves);
    for (uint32_t s = 0; s < from->leaves; s++) to->node[to->leaves + s] = from->node[from->leaves + s];
    to->sequence = from->sequence;
    play_all(to);
}
