/* A run from its slices: days that other processes or machines have simulated (record/slice.h) become the run that fl_run would have made
 * here, to the byte of everything that is written of it.
 *
 * Parts come in any order, whole, and no day twice. What is pooled is whole numbers, so the order leaves no trace. */
#ifndef FL_RUN_GATHER_H
#define FL_RUN_GATHER_H

#include "record/slice.h"
#include "run/run.h"

/* The head of a run as one slice, the only one of its kind: what it is of, and what it took. */
struct fl_slice_head fl_gather_head(const struct fl_run *run);

struct fl_gather;

/* For a run of so many days, of which day i is `first` + i or days[i]; `cells` as in struct fl_run_options. It borrows the scenario and
 * `days`. NULL: no memory. Owned by the caller until fl_gather_close or fl_gather_free. */
struct fl_gather *fl_gather_open(const struct fl_scenario *scenario, const struct fl_run_options *options);

/* Adds a slice, which stays the caller's. head.first counts within the run. FL_ECONFLICT: of another run, not whole, pooled where others
 * were not, or of other days than its head says; FL_EDUPLICATE: some of its days are there; FL_EFULL: no memory. Nothing has then been added. */
FL_MUST_CHECK enum fl_status fl_gather_add(struct fl_gather *gather, const struct fl_slice *slice);

/* The run of the days that are there, partial when some are not; its wall_s is 0, its jobs 1. Releases the gather. FL_EINTERRUPTED: there
 * is no day. */
FL_MUST_CHECK enum fl_status fl_gather_close(struct fl_gather *gather, struct fl_run **out);
void fl_gather_free(struct fl_gather *gather); /* NULL is fine */

#endif
