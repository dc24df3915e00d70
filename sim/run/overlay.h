/* A day that was played in shares (desk/share.h), as one day: every count, sum and histogram is that of all its buyers and agents, and its
 * objectives are judged anew. Shares come in any order, one at a time, so that no more than one needs to be in memory. */
#ifndef FL_RUN_OVERLAY_H
#define FL_RUN_OVERLAY_H

#include "record/slice.h"

struct fl_overlay;

/* For a day in so many shares; borrows the scenario. NULL: no memory. Owned by the caller until fl_overlay_close or fl_overlay_free. */
struct fl_overlay *fl_overlay_open(const struct fl_scenario *scenario, uint32_t shares);

/* Adds a share: a slice of one day, pooled, which stays the caller's. FL_ECONFLICT: it is no such day, not the one of the others, kept otherwise than
 * they are, or somebody was on duty in it who is of another share; FL_EDUPLICATE: it is there. Nothing has then been added. */
FL_MUST_CHECK enum fl_status fl_overlay_add(struct fl_overlay *overlay, uint32_t share, const struct fl_slice *slice);

/* The day, as a slice that is a run of it by itself, released by fl_slice_free. Releases the overlay. FL_ECONFLICT: a share is missing;
 * FL_EFULL: no memory, or more values than one day can have. There is then nothing to free. */
FL_MUST_CHECK enum fl_status fl_overlay_close(struct fl_overlay *overlay, struct fl_slice *out);
void fl_overlay_free(struct fl_overlay *overlay); /* NULL is fine */

#endif
