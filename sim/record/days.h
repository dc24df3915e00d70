/* days.bin: the days of a run, exactly, so that it can be compared with another one later.
 *
 * days.csv holds what people read; this holds what a comparison needs: every count and the histogram of every day and group
 * (measure/summary.h, struct fl_row), some 4 KiB a day. The same run gives the same bytes.
 *
 * Layout, integers as LEB128 (7 bits a byte, least first):
 *   "fenliu days 2\n"
 *   hash of the names of the counts and of the histogram's layout: other versions of the model are refused, not misread
 *   days, groups
 *   the days, as in record/rows.h
 *   XXH64 of all before, 8 bytes, least first
 *
 * cells.bin: the same days by agent, by intent, and by interval and group, in coarser buckets, some 10 KiB a day. The same layout, but
 *   "fenliu cells 1\n"
 *   hash, days
 *   for each of the three: cells (0: not kept), then the days' rows */
#ifndef FL_RECORD_DAYS_H
#define FL_RECORD_DAYS_H

#include "measure/summary.h"
#include "record/text.h"

void fl_days_write(const struct fl_row *const rows[], uint32_t rows_count, struct fl_text *out);

/* Reads them back. *rows [*rows_count] and the rows are one block of memory, to be freed by free(). FL_ESYNTAX: damaged or cut short;
 * FL_EUNKNOWN: of another version; FL_EFULL: no memory. */
FL_MUST_CHECK enum fl_status fl_days_read(const void *bytes, size_t length, const struct fl_row ***rows, uint32_t *rows_count);

/* The finer days; nothing is written of kinds that are not kept. */
void fl_cells_write(const struct fl_cells *cells, uint32_t rows_count, struct fl_text *out);

/* Reads them back: rows[kind] [*rows_count], each a block to be freed by free(), NULL where the kind was not kept. Errors as above, and then
 * there is nothing to free. */
FL_MUST_CHECK enum fl_status fl_cells_read(const void *bytes, size_t length, const struct fl_row **rows[FL_CELLS_KINDS], uint32_t *rows_count);

#endif
