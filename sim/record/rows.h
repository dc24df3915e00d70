/* Packed days (measure/summary.h, struct fl_row) as bytes: what days.bin, cells.bin and the part of a run have in common.
 *
 * Numbers as in record/leb.h. Each row: replication (as the step from the one before), intervals, met (bits of the objectives), then
 *   counts [cells][FL_COUNTS], of other cells than groups with runs of zeros
 *   [cells][FL_KINDS]: number n of buckets; when n > 0 sum (to 126 bits), least, most - least (ns), and the n counts from the bucket of
 *   `least` on, a run of zeros written as 0 and its length
 *   of dates: [cells] wages (a binary64, 8 bytes, least first), met
 * A row's wages are not among it. */
#ifndef FL_RECORD_ROWS_H
#define FL_RECORD_ROWS_H

#include "measure/summary.h"
#include "record/leb.h"

/* Hash of the names of the counts and of the histogram's layout: what is of another version of the model is refused, not misread. */
uint64_t fl_rows_layout(void);

void fl_rows_write(const struct fl_row *const rows[], uint32_t rows_count, struct fl_text *out);

/* Reads `rows_count` rows of that many cells. *rows and the rows are one block of memory, to be freed by free(). FL_ESYNTAX: no such
 * rows; FL_EFULL: no memory. */
FL_MUST_CHECK enum fl_status fl_rows_read(struct fl_leb *in, size_t rows_count, enum fl_scope scope, uint32_t cells, const struct fl_row ***rows);

/* A binary64, exactly. */
void fl_rows_add_double(struct fl_text *out, double number);
double fl_rows_double(struct fl_leb *in);

#endif
