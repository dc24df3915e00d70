/* Whether intervals are as wide as what they are of scatters. That they hold the truth does not tell: wide enough, they always do. */
#ifndef TESTS_SCATTER_H
#define TESTS_SCATTER_H

#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>

/* Estimates of one thing from samples alike. */
struct scatter {
    double sum, squares, widths; /* of the values; widths: of half the intervals */
    uint32_t n;
};

static inline void scatter_add(struct scatter *scatter, double value, double low, double high)
{
    scatter->sum += value;
    scatter->squares += value * value;
    scatter->widths += (high - low) / 2;
    scatter->n++;
}

/* Half an interval, on average, in standard deviations of the estimates. */
static inline double scatter_errors(const struct scatter *scatter)
{
    const double mean = scatter->sum / scatter->n;
    return scatter->widths / scatter->n / sqrt((scatter->squares - scatter->n * mean * mean) / (scatter->n - 1));
}

/* That many, within a part: a standard deviation of n has itself a relative error of 1 / sqrt(2 (n - 1)). */
static inline void scatter_expect(const struct scatter *scatter, double errors, double part, const char *what)
{
    const double got = scatter_errors(scatter);
    cr_expect(fabs(got / errors - 1) <= part, "%s: half an interval is %.2f standard deviations, not %.2f", what, got, errors);
}

#endif
