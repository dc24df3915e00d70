/* A slice of a run: some of its days with all that is pooled of them, exactly, as bytes. What a machine hands to another.
 *
 * From the slices of a run comes the run that one machine would have made, to the byte (run/gather.h). A shard's directory holds one as
 * shard.bin. The same days give the same bytes on every machine, but for what it took.
 *
 * Layout, numbers as in record/leb.h:
 *   "fenliu slice 1\n"
 *   hash of the layout of rows (record/rows.h); length of the version's name, and that
 *   scenario's hash, seed, shard, shards, replications, first, days, processor time in us, the longest arena in bytes, days done
 *   groups, the days' rows, and each day's wages (binary64)
 *   agents, intents, intervals x groups: cells (0: not kept), then the days' rows
 *   dates (0: not kept), then the days' rows
 *   1 when the days are pooled, else 0; then every whole number of struct fl_totals in the order of its fields, runs of zeros written as 0
 *   and their length, least and most of a histogram as they are, its sum as two words
 *   XXH64 of all before, 8 bytes, least first
 *
 * The hash is against damage, not against malice; but whatever the bytes are, what is read holds together: histograms add up to their
 * counts, pooled groups to their days, and every number of cells is the scenario's. */
#ifndef FL_RECORD_SLICE_H
#define FL_RECORD_SLICE_H

#include "measure/summary.h"
#include "record/text.h"

struct fl_slice_head {
    uint64_t scenario_hash, seed;
    uint32_t shard, shards;  /* shard < shards; 0 and 1 of what is no shard */
    uint32_t replications;   /* of the whole run */
    uint32_t first, days;    /* the days of the run that this slice is of: the first-th and those after it, first + days <= replications */
    uint64_t cpu_us, arena_bytes; /* what it took, of which no result depends */
    uint32_t done;           /* as many of them are in it; fewer when it was interrupted */
};

struct fl_slice {
    struct fl_slice_head head;
    const struct fl_row **rows;                  /* [done], wages included */
    const struct fl_row **cells[FL_CELLS_KINDS]; /* the same, or NULL */
    const struct fl_row **dates;                 /* the same */
    struct fl_totals totals;                     /* of these days; 0 days where they were not pooled */
    void *totals_memory;
};

/* The days of shard i of n: a block of days one after another, so that what is missing can be named in a line and a shard is itself a
 * run of the days first, first + 1, ...; sizes differ by one day at most. */
void fl_slice_of_shard(struct fl_slice_head *head, uint32_t shard, uint32_t shards, uint32_t replications);

/* head->done is taken from the results. */
void fl_slice_write(const struct fl_slice_head *head, const struct fl_results *results, struct fl_text *out);

/* The head alone, to see what a slice is of. FL_ESYNTAX: damaged or cut short; FL_EUNKNOWN: of another version. */
FL_MUST_CHECK enum fl_status fl_slice_read_head(const void *bytes, size_t length, struct fl_slice_head *head);

/* All of it. Errors as above, FL_ECONFLICT: of another scenario, FL_EFULL: no memory; there is then nothing to free. */
FL_MUST_CHECK enum fl_status fl_slice_read(const void *bytes, size_t length, const struct fl_scenario *scenario, struct fl_slice *out);
void fl_slice_free(struct fl_slice *slice);

#endif
