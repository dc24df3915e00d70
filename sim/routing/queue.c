#include "routing/queue.h"

#include <string.h>

static fl_queue_order order_from(fl_time first, uint64_t second)
{
    return (fl_queue_order)first * ((fl_queue_order)1 << 64) + second;
}

fl_queue_order fl_queue_order_of(const struct fl_routing_def *routing, const struct fl_chat_view *chat, fl_time now,
                                 uint64_t sequence)
{
    switch (routing->discipline) {
    case FL_FIFO: break;
    case FL_PRIORITY_FIFO: return order_from(-(fl_time)chat->priority, sequence);
    case FL_PRIORITY_AGING: return order_from(now - chat->priority * routing->priority_credit, sequence);
    case FL_LIFO: return order_from(0, UINT64_MAX - sequence);
    case FL_LONGEST_WAITING: return order_from(chat->active_at, sequence);
    case FL_EDF: return order_from(chat->opened_at + routing->due, sequence);
    }
    return order_from(0, sequence);
}

static struct fl_queue_entry *entries_of(const struct fl_arena *arena, const struct fl_queue_heap *heap)
{
    return fl_arena_at(arena, heap->entries);
}

static enum fl_status grow_heap(struct fl_arena *arena, struct fl_queue_heap *heap)
{
    const uint32_t capacity = heap->capacity == 0 ? 64 : 2 * heap->capacity;
    const size_t entries = fl_arena_take(arena, capacity, sizeof(struct fl_queue_entry));
    if (entries == FL_ARENA_NONE) return FL_EFULL;
    if (heap->count > 0)
        memcpy(fl_arena_at(arena, entries), entries_of(arena, heap), heap->count * sizeof(struct fl_queue_entry));
    heap->entries = entries;
    heap->capacity = capacity;
    return FL_OK;
}

static enum fl_status grow_where(struct fl_arena *arena, struct fl_queue *queue, uint32_t chat)
{
    uint32_t chats = queue->chats == 0 ? 256 : queue->chats;
    while (chats <= chat) chats *= 2;
    const size_t where = fl_arena_take(arena, chats, sizeof(uint32_t));
    if (where == FL_ARENA_NONE) return FL_EFULL;
    if (queue->chats > 0)
        memcpy(fl_arena_at(arena, where), fl_arena_at(arena, queue->where), queue->chats * sizeof(uint32_t));
    queue->where = where;
    queue->chats = chats;
    return FL_OK;
}

static void put(struct fl_queue_entry *entries, uint32_t *where, uint32_t at, struct fl_queue_entry entry)
{
    entries[at] = entry;
    where[entry.chat] = at + 1;
}

static void rise(struct fl_queue_entry *entries, uint32_t *where, uint32_t at, struct fl_queue_entry entry)
{
    while (at > 0 && entry.order < entries[(at - 1) / 2].order) {
        put(entries, where, at, entries[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put(entries, where, at, entry);
}

static void sink(struct fl_queue_entry *entries, uint32_t *where, uint32_t count, uint32_t at,
                 struct fl_queue_entry entry)
{
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= count) break;
        if (child + 1 < count && entries[child + 1].order < entries[child].order) child++;
        if (entry.order < entries[child].order) break;
        put(entries, where, at, entries[child]);
        at = child;
    }
    put(entries, where, at, entry);
}

enum fl_status fl_queue_push(struct fl_arena *arena, struct fl_queue *queue, uint32_t group, uint32_t chat,
                             fl_queue_order order)
{
    struct fl_queue_heap *const heap = &queue->heaps[group];
    if (chat >= queue->chats && grow_where(arena, queue, chat) != FL_OK) return FL_EFULL;
    if (heap->count == heap->capacity && grow_heap(arena, heap) != FL_OK) return FL_EFULL;
    FL_ASSERT(!fl_queue_holds(arena, queue, chat));
    rise(entries_of(arena, heap), fl_arena_at(arena, queue->where), heap->count++,
         (struct fl_queue_entry){ .order = order, .chat = chat });
    queue->length++;
    queue->sequence++;
    queue->waiting |= UINT64_C(1) << group;
    return FL_OK;
}

bool fl_queue_holds(const struct fl_arena *arena, const struct fl_queue *queue, uint32_t chat)
{
    return chat < queue->chats && ((const uint32_t *)fl_arena_at(arena, queue->where))[chat] != 0;
}

void fl_queue_remove(struct fl_arena *arena, struct fl_queue *queue, uint32_t group, uint32_t chat)
{
    struct fl_queue_heap *const heap = &queue->heaps[group];
    struct fl_queue_entry *const entries = entries_of(arena, heap);
    uint32_t *const where = fl_arena_at(arena, queue->where);
    FL_ASSERT(fl_queue_holds(arena, queue, chat));
    const uint32_t at = where[chat] - 1;
    FL_ASSERT(at < heap->count && entries[at].chat == chat);
    where[chat] = 0;
    queue->length--;
    if (--heap->count == 0) queue->waiting &= ~(UINT64_C(1) << group);
    if (at == heap->count) return;
    const struct fl_queue_entry last = entries[heap->count];
    if (at > 0 && last.order < entries[(at - 1) / 2].order)
        rise(entries, where, at, last);
    else
        sink(entries, where, heap->count, at, last);
}

struct search {
    const struct fl_queue_entry *entries;
    uint32_t count;
    bool (*fits)(const void *context, uint32_t chat);
    const void *context;
    fl_queue_order before;
    uint32_t chat;
};

/* Under a chat that fits, or comes after one found, nothing is earlier. */
static void search_under(struct search *search, uint32_t at)
{
    if (at >= search->count || search->entries[at].order >= search->before) return;
    if (search->fits(search->context, search->entries[at].chat)) {
        search->before = search->entries[at].order;
        search->chat = search->entries[at].chat;
        return;
    }
    search_under(search, 2 * at + 1);
    search_under(search, 2 * at + 2);
}

uint32_t fl_queue_first(const struct fl_arena *arena, const struct fl_queue *queue, uint32_t group,
                        bool (*fits)(const void *context, uint32_t chat), const void *context, fl_queue_order *before)
{
    const struct fl_queue_heap *const heap = &queue->heaps[group];
    if (heap->count == 0) return FL_NO_CHAT;
    struct search search = { .entries = entries_of(arena, heap), .count = heap->count, .fits = fits,
                             .context = context, .before = *before, .chat = FL_NO_CHAT };
    search_under(&search, 0);
    *before = search.before;
    return search.chat;
}
