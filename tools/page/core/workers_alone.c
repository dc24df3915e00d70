/* run/workers.h where there is one thread, and one memory that grows and never shrinks. */
#include "run/workers.h"

#include <stdlib.h>

struct fl_workers {
    bool locked;
};

struct fl_workers *fl_workers_open(void)
{
    return calloc(1, sizeof(struct fl_workers));
}

void fl_workers_close(struct fl_workers *workers)
{
    free(workers);
}

void fl_workers_lock(struct fl_workers *workers)
{
    FL_ASSERT(!workers->locked); /* nobody else could ever unlock it */
    workers->locked = true;
}

void fl_workers_unlock(struct fl_workers *workers)
{
    workers->locked = false;
}

enum fl_status fl_workers_run(struct fl_workers *workers, uint32_t count, void (*work)(void *context, uint32_t index), void *context)
{
    (void)workers;
    for (uint32_t i = 0; i < count; i++) work(context, i);
    return FL_OK;
}

uint32_t fl_workers_cores(void)
{
    return 1;
}

void *fl_block_open(size_t bytes)
{
    return aligned_alloc(64, bytes);
}

void fl_block_close(void *block, size_t bytes)
{
    (void)bytes;
    free(block);
}
