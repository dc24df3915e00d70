/* A run in parts: some of its days as bytes, so that they can be kept, sent to another process, and put together with the others.
 *
 * The parts of a run, joined in the order of their days, are that run: the same rows, the same totals, the same figures to the last bit,
 * however the days were divided and wherever they were simulated. A part is a slice (record/slice.h) by itself; who does not have all parts
 * at hand puts slices together one by one (run/gather.h). */
#ifndef FL_RUN_PART_H
#define FL_RUN_PART_H

#include "record/text.h"
#include "run/run.h"

struct fl_part_head {
    uint64_t scenario_hash, seed;
    uint32_t days, first; /* its days are not said to be without gaps: their rows have their numbers */
};

/* Appends the run as a part to an empty text; look at out->full. The run was not made with rows_only. */
void fl_part_write(const struct fl_run *run, struct fl_text *out);

/* What a part is of. FL_ESYNTAX: damaged or cut short; FL_EUNKNOWN: of another version. */
FL_MUST_CHECK enum fl_status fl_part_head(const void *bytes, size_t length, struct fl_part_head *out);

struct fl_part {
    const void *bytes;
    size_t length;
};

/* Makes one run of parts [count], count >= 1, given in the order of their days, without any twice. What only some have of cells is left
 * out. *out is released by fl_run_free and borrows the scenario, not the parts; its wall_s is 0, its jobs 1. Errors as of fl_part_head,
 * and FL_EUNKNOWN for parts of another scenario or of several seeds, FL_ESYNTAX for days out of order, FL_EFULL without memory. */
FL_MUST_CHECK enum fl_status fl_parts_join(const struct fl_scenario *scenario, const struct fl_part parts[], uint32_t count, struct fl_run **out);

#endif
