/* A log-linear histogram of durations: exact counts, bounded error, exact merging.
 *
 * Values are cut to whole units of 2^10 ns (about a microsecond). Below 2^(sub_bits + 1) units each value has
 * its own bucket; above, every power of two is cut into 2^sub_bits equal buckets, so a bucket is at most
 * 1 / 2^sub_bits of its value wide: 0.8 % at sub_bits 7, which is HdrHistogram's layout for 2
 * significant digits, so its logs are written without loss. Count, sum, smallest and largest are exact.
 *
 * A percentile is interpolated inside its bucket, the counts taken as spread evenly over it; without
 * that, it and its interval would move in steps. Its error is below one bucket, in practice far less. The values of the
 * first bucket, below one unit, stand for the smallest of all: as a rule they are waits of nothing.
 *
 * The counts are an array of the caller's; the head is plain data. */
#ifndef FL_CORE_HISTOGRAM_H
#define FL_CORE_HISTOGRAM_H

#include "core/time.h"

#include <stdbool.h>
#include <stdint.h>

#define FL_HISTOGRAM_UNIT_BITS 10 /* a unit is 1024 ns */
#define FL_HISTOGRAM_FINE 7       /* sub_bits of desk and group */
#define FL_HISTOGRAM_COARSE 4     /* of intervals and intents: 6 % buckets */
#define FL_HISTOGRAM_ROUGH 3      /* of agents, of whom there may be thousands: 12 % buckets */
#define FL_HISTOGRAM_TOP_BITS 50  /* values are cut at 2^50 ns, 13 days */

/* Buckets for a resolution. */
#define FL_HISTOGRAM_BUCKETS(sub_bits) \
    ((FL_HISTOGRAM_TOP_BITS - FL_HISTOGRAM_UNIT_BITS - (sub_bits) + 1) << (sub_bits))

/* Ten million replies a day for a thousand days overflow 64 bits of nanoseconds. */
__extension__ typedef __int128 fl_histogram_sum;

struct fl_histogram {
    uint64_t count;
    fl_histogram_sum sum_ns;
    fl_time least_ns, most_ns; /* meaningless while count is 0 */
};

static inline uint32_t fl_histogram_bucket(fl_time value, uint32_t sub_bits)
{
    const fl_time top = (INT64_C(1) << FL_HISTOGRAM_TOP_BITS) - 1;
    const uint64_t units = (uint64_t)(value < top ? value : top) >> FL_HISTOGRAM_UNIT_BITS;
    const uint32_t octave = 63u - (uint32_t)__builtin_clzll(units >> sub_bits | 1);
    return (octave << sub_bits) + (uint32_t)(units >> octave);
}

/* The same for several resolutions of one value: units and the place of their highest bit, once. */
static inline uint64_t fl_histogram_units(fl_time value)
{
    const fl_time top = (INT64_C(1) << FL_HISTOGRAM_TOP_BITS) - 1;
    return (uint64_t)(value < top ? value : top) >> FL_HISTOGRAM_UNIT_BITS;
}

static inline uint32_t fl_histogram_bucket_of(uint64_t units, uint32_t highest_bit, uint32_t sub_bits)
{
    const uint32_t octave = highest_bit > sub_bits ? highest_bit - sub_bits : 0;
    return (octave << sub_bits) + (uint32_t)(units >> octave);
}

/* Smallest value, in ns, of a bucket; of bucket + 1 it is the end of this one. */
fl_time fl_histogram_edge(uint32_t bucket, uint32_t sub_bits);

/* Counts one value >= 0. */
static inline void fl_histogram_record(struct fl_histogram *head, uint32_t counts[], uint32_t sub_bits, fl_time value)
{
    counts[fl_histogram_bucket(value, sub_bits)]++;
    head->least_ns = head->count == 0 || value < head->least_ns ? value : head->least_ns;
    head->most_ns = head->count == 0 || value > head->most_ns ? value : head->most_ns;
    head->count++;
    head->sum_ns += value;
}

/* The value below which the given share (0 to 1) of `count` values lies, by the counts of buckets
 * [first, first + n); 0 when count is 0. `least` and `most` bound the result. */
double fl_histogram_percentile_s(const struct fl_histogram *head, const uint64_t counts[], uint32_t first,
                                 uint32_t n, uint32_t sub_bits, double share);

#endif
