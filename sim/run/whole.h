/* What a run owns, for those who make one: run.c by simulating it, gather.c from slices of it. fl_run_free releases it. */
#ifndef FL_RUN_WHOLE_H
#define FL_RUN_WHOLE_H

#include "run/run.h"

struct fl_whole {
    struct fl_run run; /* first: fl_run_free gets its address */
    void *totals_memory, *plan_memory;
    struct fl_row **rows, **cells[FL_CELLS_KINDS], **dates; /* [rows_room] each, owned; lists of kinds that are not kept are NULL */
    uint32_t rows_room;
};

/* Its lists for so many days: finer rows of those kinds of which there are not too many. false: no memory. */
FL_MUST_CHECK bool fl_whole_lists(struct fl_whole *whole, const struct fl_scenario *scenario, uint32_t replications, bool cells);

/* The results' rows are those that are there, without gaps, in order; the run is partial when some are not. */
void fl_whole_close(struct fl_whole *whole);

#endif
