/* A distribution as an HdrHistogram log, which HdrHistogram's own tools in any language read, plot and merge.
 *
 * One line for the whole run, in the log format 1.3: start and length in seconds, largest value in milliseconds, and the
 * histogram in encoding V2, 2 significant digits, values in nanoseconds. The fine histogram of core/histogram.h has that very
 * layout, so nothing is lost. The compressed form wants a zlib stream; ours is of stored blocks, which every reader takes, so
 * that no library and no version of one can change the bytes. Source: HdrHistogram, AbstractHistogram.java and HistogramLogWriter. */
#ifndef FL_RECORD_HLOG_H
#define FL_RECORD_HLOG_H

#include "measure/summary.h"
#include "record/text.h"

/* The head of a log: what it holds, and when it began. */
void fl_hlog_open(struct fl_text *out, const char *what, int64_t start_s);

/* A line of it: the values of `length_s` seconds from `from_s` on; counts are of the fine buckets, and are not 0 beyond the largest's. */
void fl_hlog_line(struct fl_text *out, double from_s, double length_s, fl_time most_ns, const uint64_t counts[]);

/* Appends the log of one of the desk's distributions ("first_response_s"). A distribution without samples is a log without lines. */
void fl_hlog_add(const struct fl_results *results, const char *measure, struct fl_text *out);

#endif
