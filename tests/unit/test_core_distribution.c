/* Every kind against its own mean, variance and survival function; seeds are fixed, so a pass stays one. */
#include "core/distribution.h"
#include "core/draw.h"
#include "core/special.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TRIES 400000

static const double measured[] = { 0, 1.5, 1.5, 4, 30 };
static const double weights[] = { 0.25, 0.75 };
static struct fl_distribution parts[] = {
    { .kind = FL_UNIFORM, .a = 1, .b = 3 },
    { .kind = FL_EXPONENTIAL, .a = 7 },
};

/* Fourth moments must be modest where the variance's own error is estimated from the sample. */
static struct fl_distribution all[] = {
    { .kind = FL_CONSTANT, .a = 3.25 },
    { .kind = FL_UNIFORM, .a = 2, .b = 5 },
    { .kind = FL_EXPONENTIAL, .a = 12 },
    { .kind = FL_LOGNORMAL, .a = 20, .b = 0.6 },
    { .kind = FL_LOGNORMAL, .a = 20, .b = 0 },
    { .kind = FL_GAMMA, .a = 10, .b = 0.2 },
    { .kind = FL_GAMMA, .a = 10, .b = 1 },
    { .kind = FL_GAMMA, .a = 10, .b = 1.9 },
    { .kind = FL_WEIBULL, .a = 5, .b = 1 },
    { .kind = FL_WEIBULL, .a = 5, .b = 2 },
    { .kind = FL_WEIBULL, .a = 5, .b = 0.8 },
    { .kind = FL_EMPIRICAL, .count = 5, .values = measured },
    { .kind = FL_MIXTURE, .count = 2, .values = weights, .parts = parts },
    { .kind = FL_GEOMETRIC, .a = 1 },
    { .kind = FL_GEOMETRIC, .a = 6.5 },
    { .kind = FL_POISSON, .a = 0 },
    { .kind = FL_POISSON, .a = 0.3 },
    { .kind = FL_POISSON, .a = 9.99 },
    { .kind = FL_POISSON, .a = 10 },
    { .kind = FL_POISSON, .a = 345.6 },
    { .kind = FL_POISSON, .a = 1e7 },
    { .kind = FL_NEGATIVE_BINOMIAL, .a = 4, .b = 0.8 },
    { .kind = FL_NEGATIVE_BINOMIAL, .a = 2000, .b = 0.1 },
};
#define KINDS (sizeof all / sizeof *all)

static void prepare_all(void)
{
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) cr_assert_eq(fl_distribution_prepare(&parts[i]), FL_OK);
    for (size_t i = 0; i < KINDS; i++) cr_assert_eq(fl_distribution_prepare(&all[i]), FL_OK, "%zu", i);
}

TestSuite(core_distribution, .init = prepare_all);

static uint64_t bits_of(uint64_t i)
{
    return fl_draw(2024, FL_DRAW_TEXT, (uint32_t)i);
}

Test(core_distribution, mean_and_variance_are_within_4_and_a_half_standard_errors)
{
    for (size_t d = 0; d < KINDS; d++) {
        const double mean = fl_distribution_mean(&all[d]), variance = fl_distribution_variance(&all[d]);
        double sum = 0, sum2 = 0, sum4 = 0;
        for (uint64_t i = 0; i < TRIES; i++) {
            const double off = fl_distribution_value(&all[d], bits_of(i)) - mean;
            sum += off;
            sum2 += off * off;
            sum4 += off * off * off * off;
        }
        const double seen = sum2 / TRIES;
        const double mean_error = sqrt(variance / TRIES) + 1e-12 * mean;
        const double variance_error = sqrt(fmax(0, sum4 / TRIES - seen * seen) / TRIES) + 1e-12 * mean;
        cr_expect_leq(fabs(sum / TRIES), 4.5 * mean_error, "%zu: mean off by %g, error %g", d, sum / TRIES, mean_error);
        cr_expect_leq(fabs(seen - variance), 4.5 * variance_error, "%zu: variance %g, wanted %g", d, seen, variance);
    }
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Kolmogorov and Smirnov: sqrt(n) D exceeds 2.2 once in 8000 samples, less often for counts. */
Test(core_distribution, samples_follow_the_survival_function)
{
    double *const seen = malloc(TRIES * sizeof *seen);
    for (size_t d = 0; d < KINDS; d++) {
        for (uint64_t i = 0; i < TRIES; i++) seen[i] = fl_distribution_value(&all[d], bits_of(i));
        qsort(seen, TRIES, sizeof *seen, by_size);
        double most = 0;
        for (size_t i = 0; i < TRIES; i++) {
            if (i + 1 < TRIES && seen[i + 1] == seen[i]) continue; /* a step: compare at its end */
            if (i % 16 != 0 && seen[i] != floor(seen[i])) continue;
            const double above = (double)(TRIES - 1 - i) / TRIES;
            most = fmax(most, fabs(above - fl_distribution_survival(&all[d], seen[i])));
        }
        cr_expect_lt(most * sqrt(TRIES), 2.2, "%zu: %g", d, most * sqrt(TRIES));
        cr_expect_eq(fl_distribution_survival(&all[d], -1), 1);
    }
    free(seen);
}

/* Against the trapezoidal sum of the survival, whose error on steps this small is below the bound. */
Test(core_distribution, limited_mean_is_the_integral_of_the_survival)
{
    enum { STEPS = 200000 };
    for (size_t d = 0; d < KINDS; d++) {
        const double mean = fl_distribution_mean(&all[d]), upto = 1.7 * mean + 0.3, step = upto / STEPS;
        double sum = 0;
        for (int i = 0; i < STEPS; i++)
            sum += 0.5 * step * (fl_distribution_survival(&all[d], i * step) + fl_distribution_survival(&all[d], (i + 1) * step));
        const double got = fl_distribution_limited_mean(&all[d], upto);
        cr_expect(fabs(got - sum) <= 2e-5 * sum + 1e-12, "%zu: %.12g, by steps %.12g", d, got, sum);
        cr_expect_eq(fl_distribution_limited_mean(&all[d], 0), 0);
        cr_expect_eq(fl_distribution_limited_mean(&all[d], INFINITY), mean);
    }
}

Test(core_distribution, exponential_and_normal_are_right_far_out_and_close_in)
{
    static const double levels[] = { 1e-4, 0.01, 0.3, 1, 3, 4.5 };
    enum { LEVELS = sizeof levels / sizeof *levels, MANY = 20000000 };
    uint64_t above[2][LEVELS + 1] = { { 0 } };
    for (uint64_t i = 0; i < MANY; i++) {
        const double e = fl_exponential(bits_of(i)), z = fl_normal(bits_of(i));
        for (int l = 0; l < LEVELS; l++) {
            above[0][l] += e > levels[l];
            above[1][l] += z > levels[l];
        }
        above[0][LEVELS] += e > 12; /* within the tail of the bottom layer */
        above[1][LEVELS] += z < -4;
    }
    for (int l = 0; l <= LEVELS; l++)
        for (int kind = 0; kind < 2; kind++) {
            const double p = kind == 0 ? exp(-(l < LEVELS ? levels[l] : 12)) : fl_normal_cdf(l < LEVELS ? -levels[l] : -4);
            const double error = sqrt(p * (1 - p) / MANY);
            const double off = (double)above[kind][l] / MANY - p;
            cr_expect_lt(fabs(off), 4.5 * error, "kind %d, level %d: %g standard errors", kind, l, off / error);
        }
}

Test(core_distribution, the_same_bits_give_the_same_value_everywhere)
{
    uint64_t hash = 0;
    for (size_t d = 0; d < KINDS; d++)
        for (uint64_t i = 0; i < 20000; i++) {
            const double value = fl_distribution_value(&all[d], bits_of(i));
            uint64_t bits;
            memcpy(&bits, &value, sizeof bits);
            hash = fl_mix(hash ^ bits);
        }
    cr_expect_eq(hash, UINT64_C(0x5EF38344BE97EFBE), "0x%016llX", (unsigned long long)hash);
}

Test(core_distribution, what_cannot_be_sampled_is_refused)
{
    static const double not_1[] = { 0.5, 0.6 }, negative[] = { 1, -1 };
    struct fl_distribution refused[] = {
        { .kind = FL_CONSTANT, .a = -1 },
        { .kind = FL_CONSTANT, .a = NAN },
        { .kind = FL_EXPONENTIAL, .a = INFINITY },
        { .kind = FL_UNIFORM, .a = 3, .b = 2 },
        { .kind = FL_LOGNORMAL, .a = 1, .b = 10.5 },
        { .kind = FL_GAMMA, .a = 1, .b = 0 },
        { .kind = FL_WEIBULL, .a = 1, .b = 0.01 },
        { .kind = FL_EMPIRICAL },
        { .kind = FL_EMPIRICAL, .count = 2, .values = negative },
        { .kind = FL_MIXTURE, .count = 2, .values = not_1, .parts = parts },
        { .kind = FL_GEOMETRIC, .a = 0.9 },
        { .kind = FL_POISSON, .a = 1e8 },
        { .kind = FL_NEGATIVE_BINOMIAL, .a = 4, .b = 0.5 },
        { .kind = (enum fl_distribution_kind)99 },
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        cr_expect_eq(fl_distribution_prepare(&refused[i]), FL_ERANGE, "%zu", i);
}

Test(core_distribution, counts_are_rounded_and_cut)
{
    cr_expect_eq(fl_distribution_count(&(struct fl_distribution){ .kind = FL_CONSTANT, .a = 2.5 }, 0), 3);
    cr_expect_eq(fl_distribution_count(&(struct fl_distribution){ .kind = FL_CONSTANT, .a = 1e12 }, 0), 1u << 24);
}
