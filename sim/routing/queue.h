/* Chats that wait for an agent: a binary heap per group, in the order the discipline wants.
 *
 * A chat's place in the order is fixed when it enters, so that ageing priorities need no re-sorting: a unit
 * of priority is a head start of some seconds. Orders compare across groups. The queue lies in the arena by
 * offsets; it grows by doubling. Pushing and removing cost O(log waiting), the first is O(1). */
#ifndef FL_ROUTING_QUEUE_H
#define FL_ROUTING_QUEUE_H

#include "core/arena.h"
#include "routing/view.h"

__extension__ typedef __int128 fl_queue_order; /* smaller goes first; distinct for all that wait */

struct fl_queue_entry {
    fl_queue_order order;
    uint32_t chat;
};

struct fl_queue_heap {
    size_t entries; /* offset of [capacity] struct fl_queue_entry */
    uint32_t count, capacity;
};

struct fl_queue {
    struct fl_queue_heap heaps[FL_GROUPS_MAX];
    size_t where;          /* offset of [chats] uint32_t: position in the heap, + 1; 0: not waiting */
    uint32_t chats;        /* slots in `where` */
    uint32_t length;       /* waiting, over all groups */
    uint64_t waiting;      /* bit per group whose heap is not empty */
    uint64_t sequence;     /* of the next push */
};

/* The order of a chat that enters now, by the scenario's discipline. Equal: who entered first, for lifo last. */
fl_queue_order fl_queue_order_of(const struct fl_routing_def *routing, const struct fl_chat_view *chat, fl_time now,
                                 uint64_t sequence);

/* Enters a chat that is not waiting. FL_EFULL when the arena is used up; then nothing changed. */
FL_MUST_CHECK enum fl_status fl_queue_push(struct fl_arena *arena, struct fl_queue *queue, uint32_t group,
                                           uint32_t chat, fl_queue_order order);

bool fl_queue_holds(const struct fl_arena *arena, const struct fl_queue *queue, uint32_t chat);

/* Takes a waiting chat out of that group's queue. */
void fl_queue_remove(struct fl_arena *arena, struct fl_queue *queue, uint32_t group, uint32_t chat);

/* The first chat of a group that `fits`, if its order is before *before, which is then lowered to it;
 * otherwise FL_NO_CHAT. O(1) when the first fits, O(k) past k chats that do not. */
uint32_t fl_queue_first(const struct fl_arena *arena, const struct fl_queue *queue, uint32_t group,
                        bool (*fits)(const void *context, uint32_t chat), const void *context, fl_queue_order *before);

#define FL_QUEUE_LAST ((fl_queue_order)INT64_MAX << 64) /* after all that wait */

#endif
