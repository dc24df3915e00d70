/* What a run takes from the machine: workers side by side, a lock between them, large blocks of memory.
 *
 * workers_uv.c has threads of libuv and pages of the system. Where a program has one thread and one memory, as in a browser,
 * another file stands in its place: workers are then called one after the other, which no result depends on. */
#ifndef FL_RUN_WORKERS_H
#define FL_RUN_WORKERS_H

#include "core/status.h"

#include <stddef.h>

struct fl_workers; /* those of one run, and their lock */

/* Calls work(context, index) for each index below count and returns when all have returned. One worker runs on the calling
 * thread. Several may be fewer than asked for when there are no more threads. FL_EFULL: not even one could be started. */
FL_MUST_CHECK enum fl_status fl_workers_run(struct fl_workers *workers, uint32_t count, void (*work)(void *context, uint32_t index), void *context);

/* Owned by the caller; NULL when memory ran out. */
struct fl_workers *fl_workers_open(void);
void fl_workers_close(struct fl_workers *workers); /* NULL is fine */

/* Between them one worker at a time. */
void fl_workers_lock(struct fl_workers *workers);
void fl_workers_unlock(struct fl_workers *workers);

/* Processors this process may use, at least 1. */
uint32_t fl_workers_cores(void);

/* A block for an arena, aligned to 64 bytes; what it holds is unspecified. NULL when there is no such memory. */
void *fl_block_open(size_t bytes);
void fl_block_close(void *block, size_t bytes); /* NULL is fine */

#endif
