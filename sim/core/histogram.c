#include "core/histogram.h"

fl_time fl_histogram_edge(uint32_t bucket, uint32_t sub_bits)
{
    const uint32_t row = bucket >> sub_bits;
    const uint32_t octave = row > 0 ? row - 1 : 0;
    const uint64_t units = (uint64_t)(bucket - (octave << sub_bits)) << octave;
    return (fl_time)(units << FL_HISTOGRAM_UNIT_BITS);
}

/* The share `part` of the way through a bucket, of which only what lies between the smallest and the
 * largest value can be filled. The last bucket also holds the values that were cut; the first is one unit wide, and what lies
 * there is nothing as a rule (who is served at once), so it stands for the smallest value and not for half a unit. */
static double inside_bucket_s(const struct fl_histogram *head, uint32_t bucket, uint32_t sub_bits, double part)
{
    if (bucket == 0) return fl_time_to_s(head->least_ns);
    const bool is_last = bucket + 1 == (uint32_t)FL_HISTOGRAM_BUCKETS(sub_bits);
    fl_time from = fl_histogram_edge(bucket, sub_bits), to = fl_histogram_edge(bucket + 1, sub_bits);
    if (head->least_ns > from) from = head->least_ns;
    if (head->most_ns < to || is_last) to = head->most_ns;
    return fl_time_to_s(from) + part * (fl_time_to_s(to) - fl_time_to_s(from));
}

double fl_histogram_percentile_s(const struct fl_histogram *head, const uint64_t counts[], uint32_t first,
                                 uint32_t n, uint32_t sub_bits, double share)
{
    if (head->count == 0) return 0;
    const double wanted = share * (double)head->count;
    uint64_t below = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (counts[i] == 0) continue;
        if ((double)(below + counts[i]) >= wanted) {
            const double part = (wanted - (double)below) / (double)counts[i];
            return inside_bucket_s(head, first + i, sub_bits, part > 0 ? part : 0);
        }
        below += counts[i];
    }
    return fl_time_to_s(head->most_ns);
}
