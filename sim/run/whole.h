/* What a run owns, for those who make one: run.c by simulating it, part.c from its parts. fl_run_free releases it. */
#ifndef FL_RUN_WHOLE_H
#define FL_RUN_WHOLE_H

#include "run/run.h"

struct fl_whole {
    struct fl_run run; /* first: fl_run_free gets its address */
    void *totals_memory, *plan_memory;
    struct fl_row **rows, **cells[FL_CELLS_KINDS], **dates; /* [run.results.rows_count] owned rows; lists of kinds that are not kept are NULL */
};

#endif
