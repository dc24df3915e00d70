#include "core/events.h"

static uint32_t leaves_for(uint32_t slots)
{
    uint32_t leaves = 1;
    while (leaves < slots) leaves *= 2;
    return leaves;
}

static void play_all(struct fl_event_tree *tree)
{
    fl_event_key *const node = tree->node;
    for (uint32_t i = tree->leaves; --i >= 1;)
        node[i] = node[2 * i] < node[2 * i + 1] ? node[2 * i] : node[2 * i + 1];
}

size_t fl_events_bytes(uint32_t near, uint32_t far)
{
    return 2 * ((size_t)leaves_for(near) + leaves_for(far)) * sizeof(fl_event_key);
}

static void start_tree(struct fl_event_tree *tree, uint32_t first_slot)
{
    tree->node[0] = 0; /* unused, but copied with the rest */
    for (uint32_t s = 0; s < tree->leaves; s++)
        tree->node[tree->leaves + s] = (fl_event_key)(uint64_t)FL_TIME_NEVER << 64 | (first_slot + s);
    play_all(tree);
}

void fl_events_start(struct fl_events *events, void *memory, uint32_t near, uint32_t far)
{
    FL_ASSERT(near + far >= 1 && near <= FL_EVENTS_SLOTS_MAX && far <= FL_EVENTS_SLOTS_MAX - near);
    fl_event_key *const node = memory;
    *events = (struct fl_events){ .near_slots = near,
                                  .near = { .node = node, .leaves = leaves_for(near) },
                                  .far = { .node = node + 2 * (size_t)leaves_for(near), .leaves = leaves_for(far) } };
    start_tree(&events->near, 0);
    start_tree(&events->far, near);
}

static void move_tree(struct fl_event_tree *to, const struct fl_event_tree *from)
{
    FL_ASSERT(to->leaves >= from->leaves);
    for (uint32_t s = 0; s < from->leaves; s++) to->node[to->leaves + s] = from->node[from->leaves + s];
    play_all(to);
}

void fl_events_move(struct fl_events *to, const struct fl_events *from)
{
    FL_ASSERT(to->near_slots == from->near_slots);
    move_tree(&to->near, &from->near);
    move_tree(&to->far, &from->far);
    to->sequence = from->sequence;
}
