/* A day that was played in shares (desk/share.h), as one day: every count, sum and histogram is that of all its buyers and agents, and its
 * objectives are judged anew. */
#ifndef FL_RUN_OVERLAY_H
#define FL_RUN_OVERLAY_H

#include "record/slice.h"

/* shares [count], in their order: slices of one day each, the same one, pooled. *out is released by fl_slice_free, its head says that it is a
 * run of that day by itself. FL_ECONFLICT: not such a day, of several days or kept differently, or somebody was on duty in a share that is
 * not hers; FL_EFULL: no memory. There is then nothing to free. */
FL_MUST_CHECK enum fl_status fl_shares_overlay(const struct fl_scenario *scenario, const struct fl_slice shares[], uint32_t count, struct fl_slice *out);

#endif
