#include "fit/visits.h"

#include <stdlib.h>

#define SLOTS (2 * FL_VISITORS_MAX)
#define NONE  UINT32_MAX

struct fl_visitor {
    uint64_t buyer; /* 0: no longer followed */
    int64_t since;
};

enum fl_status fl_visits_start(struct fl_visits *visits)
{
    *visits = (struct fl_visits){ .ring = calloc(FL_VISITORS_MAX, sizeof *visits->ring), .slot = calloc(SLOTS, sizeof *visits->slot),
                                  .after = calloc(1, sizeof *visits->after) };
    if (visits->ring != NULL && visits->slot != NULL && visits->after != NULL) return FL_OK;
    fl_visits_free(visits);
    return FL_EFULL;
}

void fl_visits_free(struct fl_visits *visits)
{
    free(visits->ring);
    free(visits->slot);
    free(visits->after);
    *visits = (struct fl_visits){ .count = 0 };
}

/* The slot of a buyer; NONE: not followed. */
static uint32_t slot_of(const struct fl_visits *visits, uint64_t buyer)
{
    for (uint32_t s = (uint32_t)buyer & (SLOTS - 1); visits->slot[s] != 0; s = (s + 1) & (SLOTS - 1))
        if (visits->ring[visits->slot[s] - 1].buyer == buyer) return s;
    return NONE;
}

/* Her place in the ring stays, empty, until it is the first. */
static void forget(struct fl_visits *visits, uint32_t slot)
{
    uint32_t gap = slot;
    visits->ring[visits->slot[slot] - 1].buyer = 0;
    for (uint32_t s = (gap + 1) & (SLOTS - 1); visits->slot[s] != 0; s = (s + 1) & (SLOTS - 1)) {
        const uint32_t home = (uint32_t)visits->ring[visits->slot[s] - 1].buyer & (SLOTS - 1);
        if (((s - home) & (SLOTS - 1)) < ((s - gap) & (SLOTS - 1))) continue;
        visits->slot[gap] = visits->slot[s];
        gap = s;
    }
    visits->slot[gap] = 0;
}

static void count(struct fl_visits *visits, const struct fl_visitor *visitor, int64_t at, bool cut)
{
    const int64_t followed = at - visitor->since < FL_VISIT_SIGHT ? at - visitor->since : FL_VISIT_SIGHT;
    fl_durations_add(visits->after, (double)followed / 1e9, cut, 1);
}

/* Lets go of the first in the ring. */
static void drop_first(struct fl_visits *visits, int64_t at)
{
    const struct fl_visitor *visitor = &visits->ring[visits->first];
    if (visitor->buyer != 0) {
        count(visits, visitor, at, true);
        forget(visits, slot_of(visits, visitor->buyer));
    }
    visits->first = (visits->first + 1) & (FL_VISITORS_MAX - 1);
    visits->count--;
}

static void drop_old(struct fl_visits *visits, int64_t at)
{
    while (visits->count > 0) {
        const struct fl_visitor *visitor = &visits->ring[visits->first];
        if (visitor->buyer != 0 && at - visitor->since < FL_VISIT_SIGHT) return;
        drop_first(visits, at);
    }
}

void fl_visits_served(struct fl_visits *visits, uint64_t buyer, int64_t at_ns)
{
    if (buyer == 0) return;
    drop_old(visits, at_ns);
    fl_visits_goes_on(visits, buyer);
    if (visits->count == FL_VISITORS_MAX) drop_first(visits, at_ns);
    const uint32_t place = (visits->first + visits->count++) & (FL_VISITORS_MAX - 1);
    visits->ring[place] = (struct fl_visitor){ buyer, at_ns };
    uint32_t s = (uint32_t)buyer & (SLOTS - 1);
    while (visits->slot[s] != 0) s = (s + 1) & (SLOTS - 1);
    visits->slot[s] = place + 1;
}

bool fl_visits_begins(struct fl_visits *visits, uint64_t buyer, int64_t at_ns)
{
    drop_old(visits, at_ns);
    const uint32_t s = buyer == 0 ? NONE : slot_of(visits, buyer);
    if (s == NONE) return false;
    count(visits, &visits->ring[visits->slot[s] - 1], at_ns, false);
    forget(visits, s);
    return true;
}

void fl_visits_goes_on(struct fl_visits *visits, uint64_t buyer)
{
    const uint32_t s = buyer == 0 ? NONE : slot_of(visits, buyer);
    if (s != NONE) forget(visits, s);
}

void fl_visits_end(struct fl_visits *visits, int64_t at_ns)
{
    while (visits->count > 0) drop_first(visits, at_ns);
}
