/* When nobody is on duty: stretches of the opening hours that shifts, breaks and meetings leave empty, group by group. What a
 * day brings besides (events, people who do not show up) is no part of the plan and is left out. */
#ifndef FENLIU_GAPS_H
#define FENLIU_GAPS_H

#include "scenario/scenario.h"

struct gap {
    fl_time from, to; /* ns from the scenario's start, from < to */
    uint32_t group;
};

struct gaps {
    struct gap *list; /* owned; by start, then group */
    size_t count;
};

/* false when memory runs out. *gaps is to be released by gaps_free in either case. */
bool gaps_find(const struct fl_scenario *scenario, struct gaps *gaps);
void gaps_free(struct gaps *gaps);

#endif
