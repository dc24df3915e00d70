/* Capacity that counts recently active chats (routing.capacity: recent_active): a chat counts from its last message of either side
 * until `active_within` has passed. As that time is the same for all, the ends come in the order of the messages: a ring. */
#include "desk/state.h"

static bool ring_grow(struct fl_desk *desk)
{
    struct activity_ring *ring = &desk->activity;
    const uint32_t capacity = ring->capacity * 2;
    const size_t at = fl_arena_take(desk->arena, capacity, sizeof *ring->entry);
    if (at == FL_ARENA_NONE) {
        desk_check(desk, FL_EFULL);
        return false;
    }
    struct activity *entry = fl_arena_at(desk->arena, at);
    for (uint32_t i = 0; i < ring->count; i++) entry[i] = ring->entry[(ring->first + i) & (ring->capacity - 1)];
    *ring = (struct activity_ring){ .entry = entry, .capacity = capacity, .count = ring->count };
    return true;
}

static void arm(struct fl_desk *desk)
{
    const struct activity_ring *ring = &desk->activity;
    const fl_time end = ring->count > 0 ? ring->entry[ring->first].at + desk->scenario->routing.counts_within : FL_TIME_NEVER;
    fl_events_set(&desk->events, SLOT_ACTIVITY, end, FL_CLASS_RELEASE);
}

enum fl_status activity_begin(struct fl_desk *desk)
{
    const uint32_t capacity = 256;
    const size_t at = fl_arena_take(desk->arena, capacity, sizeof(struct activity));
    if (at == FL_ARENA_NONE) return FL_EFULL;
    desk->activity = (struct activity_ring){ .entry = fl_arena_at(desk->arena, at), .capacity = capacity };
    return FL_OK;
}

void activity_note(struct fl_desk *desk, uint32_t c)
{
    struct chat *chat = &desk->chats[c];
    struct activity_ring *ring = &desk->activity;
    if (chat->agent == FL_NO_AGENT) return;
    if (!chat->counts_active) {
        chat->counts_active = 1;
        desk->agents[chat->agent].recent_active++;
    }
    chat->active_at = desk->now;
    if (ring->count == ring->capacity && !ring_grow(desk)) return;
    ring->entry[(ring->first + ring->count++) & (ring->capacity - 1)] = (struct activity){ desk->now, c };
    if (ring->count == 1) arm(desk);
}

void activity_forget(struct fl_desk *desk, uint32_t c)
{
    struct chat *chat = &desk->chats[c];
    if (!chat->counts_active) return;
    chat->counts_active = 0;
    desk->agents[chat->agent].recent_active--;
}

/* The oldest entry's time has come. It means nothing when there was a later message, or the chat has gone. */
void activity_fires(struct fl_desk *desk)
{
    struct activity_ring *ring = &desk->activity;
    const struct activity first = ring->entry[ring->first];
    ring->first = (ring->first + 1) & (ring->capacity - 1);
    ring->count--;
    arm(desk);
    struct chat *chat = &desk->chats[first.chat];
    if (chat->state == CHAT_FREE || !chat->counts_active || chat->active_at != first.at) return;
    const uint32_t a = chat->agent;
    activity_forget(desk, first.chat);
    desk_check(desk, desk->ops->agent(desk->router, &desk->view, a, (enum fl_agent_state)desk->agents[a].state));
    agent_has_room(desk, a);
}
