/* One block of memory for one replication, handed out from front to back and given back by one reset.
 *
 * What lives in an arena refers to its neighbours by index or by offset, never by address, so a whole
 * replication can be copied with one memcpy and continued elsewhere. */
#ifndef FL_CORE_ARENA_H
#define FL_CORE_ARENA_H

#include "core/status.h"

struct fl_arena {
    unsigned char *base; /* borrowed, 64-byte aligned; lives as long as the arena */
    size_t size;
    size_t used; /* <= size; bytes of the block that were never given out hold anything */
    size_t high; /* most ever used, over all resets */
};

#define FL_ARENA_NONE 0 /* offset 0 is never given out */

/* Lends the block to an arena; `base` must be aligned to 64 bytes. */
void fl_arena_start(struct fl_arena *arena, void *base, size_t size);

/* Offset of `bytes` zeroed bytes, aligned to 64; FL_ARENA_NONE when the block is used up, which the
 * caller reports as FL_EFULL so that the replication can be run again in a larger block. */
FL_MUST_CHECK size_t fl_arena_take(struct fl_arena *arena, size_t count, size_t bytes_each);

static inline void *fl_arena_at(const struct fl_arena *arena, size_t offset)
{
    return arena->base + offset;
}

void fl_arena_reset(struct fl_arena *arena);

#endif
