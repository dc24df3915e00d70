#include "core/draw.h"
#include "core/histogram.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FINE_BUCKETS FL_HISTOGRAM_BUCKETS(FL_HISTOGRAM_FINE)

static int by_size(const void *a, const void *b)
{
    const fl_time x = *(const fl_time *)a, y = *(const fl_time *)b;
    return (x > y) - (x < y);
}

static void record_all(struct fl_histogram *head, uint64_t counts[FINE_BUCKETS], const fl_time values[], uint32_t n)
{
    uint32_t *const small = calloc(FINE_BUCKETS, sizeof *small);
    *head = (struct fl_histogram){ 0 };
    for (uint32_t i = 0; i < n; i++) fl_histogram_record(head, small, FL_HISTOGRAM_FINE, values[i]);
    for (uint32_t b = 0; b < FINE_BUCKETS; b++) counts[b] = small[b];
    free(small);
}

Test(core_histogram, buckets_are_contiguous_and_narrow)
{
    for (uint32_t sub_bits = 0; sub_bits <= 12; sub_bits++) {
        const uint32_t buckets = (uint32_t)FL_HISTOGRAM_BUCKETS(sub_bits);
        cr_assert_eq(fl_histogram_edge(0, sub_bits), 0);
        for (uint32_t b = 0; b < buckets; b++) {
            const fl_time from = fl_histogram_edge(b, sub_bits), to = fl_histogram_edge(b + 1, sub_bits);
            cr_assert_eq(fl_histogram_bucket(from, sub_bits), b);
            cr_assert_eq(fl_histogram_bucket(to - 1, sub_bits), b);
            cr_assert(to - from == 1 << FL_HISTOGRAM_UNIT_BITS || to - from <= from >> sub_bits);
        }
        cr_assert_eq(fl_histogram_edge(buckets, sub_bits), INT64_C(1) << FL_HISTOGRAM_TOP_BITS);
        cr_assert_eq(fl_histogram_bucket(FL_TIME_LONGEST, sub_bits), buckets - 1);
    }
}

Test(core_histogram, a_percentile_is_within_one_bucket_of_the_sorted_values)
{
    enum { N = 20001 };
    fl_time *const values = malloc(N * sizeof *values);
    uint64_t *const counts = calloc(FINE_BUCKETS, sizeof *counts);
    struct fl_histogram head;
    for (uint32_t i = 0; i < N; i++) values[i] = fl_time_from_s(1e-5 * pow(1e9, fl_uniform(fl_mix(i))));
    record_all(&head, counts, values, N);
    qsort(values, N, sizeof *values, by_size);

    double before = 0;
    for (int percent = 0; percent <= 100; percent++) {
        const double got = fl_histogram_percentile_s(&head, counts, 0, FINE_BUCKETS, FL_HISTOGRAM_FINE, percent / 100.);
        const uint32_t rank = (uint32_t)(percent / 100. * N);
        const double want = fl_time_to_s(values[rank < N ? rank : N - 1]);
        cr_expect_lt(fabs(got - want), want / 128 + 1.1e-6, "%d %%: %g, wanted %g", percent, got, want);
        cr_expect_geq(got, before);
        before = got;
    }
    cr_expect_eq(head.least_ns, values[0]);
    cr_expect_eq(head.most_ns, values[N - 1]);
    free(values);
    free(counts);
}

Test(core_histogram, a_percentile_lies_between_the_smallest_and_the_largest)
{
    static const fl_time same[] = { 7 * FL_SECOND + 1, 7 * FL_SECOND + 1, 7 * FL_SECOND + 1 };
    static const fl_time cut[] = { 40 * FL_DAY, 50 * FL_DAY };
    uint64_t counts[FINE_BUCKETS];
    struct fl_histogram head;

    record_all(&head, counts, same, 3);
    for (double share = 0; share <= 1; share += 0.25)
        cr_expect_eq(fl_histogram_percentile_s(&head, counts, 0, FINE_BUCKETS, FL_HISTOGRAM_FINE, share),
                     fl_time_to_s(same[0]));

    record_all(&head, counts, cut, 2);
    cr_expect_eq(fl_histogram_percentile_s(&head, counts, 0, FINE_BUCKETS, FL_HISTOGRAM_FINE, 0), fl_time_to_s(cut[0]));
    cr_expect_eq(fl_histogram_percentile_s(&head, counts, 0, FINE_BUCKETS, FL_HISTOGRAM_FINE, 1), fl_time_to_s(cut[1]));

    head.count = 0;
    cr_expect_eq(fl_histogram_percentile_s(&head, counts, 0, FINE_BUCKETS, FL_HISTOGRAM_FINE, 0.5), 0);
}

/* Of who is served at once the wait is 0, not half the width of a bucket, whatever others waited. */
Test(core_histogram, a_percentile_among_values_of_nothing_is_nothing)
{
    static const fl_time waits[] = { 0, 0, 0, 5 * FL_SECOND };
    uint64_t counts[FINE_BUCKETS];
    struct fl_histogram head;

    for (uint32_t n = 3; n <= 4; n++) {
        record_all(&head, counts, waits, n);
        for (double share = 0; share <= 0.75; share += 0.25)
            cr_expect_eq(fl_histogram_percentile_s(&head, counts, 0, FINE_BUCKETS, FL_HISTOGRAM_FINE, share), 0);
    }
    cr_expect_eq(fl_histogram_percentile_s(&head, counts, 0, FINE_BUCKETS, FL_HISTOGRAM_FINE, 1), 5);
}

/* Ten values spread evenly over a bucket: the median is its middle, not its edge. */
Test(core_histogram, a_percentile_is_interpolated_inside_its_bucket)
{
    const uint32_t bucket = fl_histogram_bucket(10 * FL_SECOND, FL_HISTOGRAM_FINE);
    const fl_time from = fl_histogram_edge(bucket, FL_HISTOGRAM_FINE), to = fl_histogram_edge(bucket + 1, FL_HISTOGRAM_FINE);
    const struct fl_histogram head = { .count = 12, .sum_ns = 0, .least_ns = 0, .most_ns = FL_HOUR };
    const uint64_t counts[] = { 1, 10, 1 };

    const double median = fl_histogram_percentile_s(&head, counts, bucket - 1, 3, FL_HISTOGRAM_FINE, 0.5);

    cr_expect_lt(fabs(median - fl_time_to_s((from + to) / 2)), 1e-9);
}

Test(core_histogram, merging_counts_is_recording_everything_in_one)
{
    enum { N = 5000 };
    fl_time values[N];
    for (uint32_t i = 0; i < N; i++) values[i] = (fl_time)(fl_mix(i) >> (14 + i % 40));
    static uint64_t whole[FINE_BUCKETS], first[FINE_BUCKETS], second[FINE_BUCKETS];
    struct fl_histogram heads[3];
    record_all(&heads[0], whole, values, N);
    record_all(&heads[1], first, values, 1234);
    record_all(&heads[2], second, values + 1234, N - 1234);

    for (uint32_t b = 0; b < FINE_BUCKETS; b++) first[b] += second[b];

    cr_expect_eq(memcmp(whole, first, sizeof whole), 0);
    cr_expect_eq(heads[0].sum_ns, heads[1].sum_ns + heads[2].sum_ns);
    cr_expect_eq(heads[0].count, heads[1].count + heads[2].count);
}
