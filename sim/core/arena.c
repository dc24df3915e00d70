#include "core/arena.h"

#include <string.h>

static const size_t alignment = 64; /* a cache line */

void fl_arena_start(struct fl_arena *arena, void *base, size_t size)
{
    FL_ASSERT((uintptr_t)base % alignment == 0);
    *arena = (struct fl_arena){ .base = base, .size = size };
    fl_arena_reset(arena);
}

size_t fl_arena_take(struct fl_arena *arena, size_t count, size_t bytes_each)
{
    size_t bytes, rounded;
    if (__builtin_mul_overflow(count, bytes_each, &bytes)) return FL_ARENA_NONE;
    if (__builtin_add_overflow(bytes, alignment - 1, &rounded)) return FL_ARENA_NONE;
    rounded -= rounded % alignment;
    if (arena->used < alignment || rounded > arena->size - arena->used) return FL_ARENA_NONE;

    const size_t offset = arena->used;
    memset(arena->base + offset, 0, rounded);
    arena->used += rounded;
    if (arena->used > arena->high) arena->high = arena->used;
    return offset;
}

/* The first line is kept back, so that offset 0 can mean that there is none. */
void fl_arena_reset(struct fl_arena *arena)
{
    arena->used = arena->size < alignment ? arena->size : alignment;
    if (arena->used > arena->high) arena->high = arena->used;
}
