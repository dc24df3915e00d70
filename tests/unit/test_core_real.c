/* core/real.h against the C library in extended precision, and against itself on other machines. */
#include "core/draw.h"
#include "core/real.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

#define TRIES 300000

static double ulps_off(double got, long double want)
{
    const double near = fabs((double)want);
    return (double)(fabsl((long double)got - want) / (nextafter(near, INFINITY) - near));
}

static double off(double got, long double want)
{
    return (double)fabsl(((long double)got - want) / want);
}

static double between(uint64_t i, double from, double to)
{
    return from + (to - from) * fl_uniform(fl_mix(i + 1));
}

Test(core_real, log_is_within_1_ulp_over_all_exponents_and_near_1)
{
    double most = 0;
    for (uint64_t i = 0; i < TRIES; i++) {
        const double any = ldexp(between(i, 1, 2), (int)(fl_mix(~i) % 2090) - 1070);
        const double near_1 = 1 + ldexp(between(i, -1, 1), -1 - (int)(i % 50));
        most = fmax(most, fmax(ulps_off(fl_log(any), logl(any)), near_1 == 1 ? 0 : ulps_off(fl_log(near_1), logl(near_1))));
    }
    cr_expect_lt(most, 1, "%g", most);
    cr_expect_eq(fl_log(1), 0);
}

Test(core_real, exp_is_within_1_ulp_where_it_is_a_normal_number)
{
    double most = 0;
    for (uint64_t i = 0; i < TRIES; i++) {
        const double far = between(i, -708.39, 709.78), near = ldexp(between(i, -1, 1), 2 - (int)(i % 60));
        most = fmax(most, fmax(ulps_off(fl_exp(far), expl(far)), ulps_off(fl_exp(near), expl(near))));
    }
    cr_expect_lt(most, 1, "%g", most);
    cr_expect_eq(fl_exp(0), 1);
}

Test(core_real, pow_is_within_1e_13_for_results_within_1e_100)
{
    double most = 0;
    for (uint64_t i = 0; i < TRIES; i++) {
        const double x = ldexp(between(i, 1, 2), (int)(i % 200) - 100);
        const double y = between(~i, -230, 230) / fmax(fabs(log(x)), 0.01);
        most = fmax(most, off(fl_pow(x, y), powl(x, y)));
    }
    cr_expect_lt(most, 1e-13, "%g", most);
}

Test(core_real, log1p_and_expm1_lose_nothing_near_0)
{
    double most = 0;
    for (uint64_t i = 0; i < TRIES; i++) {
        const double x = ldexp(between(i, -1, 1), 5 - (int)(i % 70));
        most = fmax(most, off(fl_expm1(x), expm1l(x)));
        if (x > -1) most = fmax(most, off(fl_log1p(x), log1pl(x)));
    }
    cr_expect_lt(most, 1e-15, "%g", most);
    cr_expect_eq(fl_log1p(0), 0);
    cr_expect_eq(fl_expm1(0), 0);
}

Test(core_real, the_ends_of_the_range_are_as_stated)
{
    cr_expect_eq(fl_log(0), -INFINITY);
    cr_expect(isnan(fl_log(-1)) && isnan(fl_log(NAN)) && isnan(fl_exp(NAN)) && isnan(fl_expm1(NAN)));
    cr_expect_eq(fl_log(INFINITY), INFINITY);
    cr_expect_eq(fl_exp(709.79), INFINITY);
    cr_expect_eq(fl_exp(INFINITY), INFINITY);
    cr_expect_eq(fl_exp(-INFINITY), 0);
    cr_expect_eq(fl_exp(-708.4), 0, "no subnormals");
    cr_expect_geq(fl_exp(-708.396), DBL_MIN);
    cr_expect_eq(fl_pow(0, 2), 0);
    cr_expect_eq(fl_pow(0, 0), 1);
    cr_expect_eq(fl_pow(0, -1), INFINITY);
    cr_expect_eq(fl_log1p(-1), -INFINITY);
    cr_expect_eq(fl_expm1(-50), -1);
    cr_expect_eq(fl_expm1(800), INFINITY);
}

/* Any change of a bit, by a compiler or by an edit, changes every result of the simulator. */
Test(core_real, a_million_results_are_the_same_bits_everywhere)
{
    uint64_t hash = 0;
    for (uint64_t i = 0; i < 200000; i++) {
        const double x = between(i, -40, 40), up = ldexp(between(i, 1, 2), (int)(i % 100) - 50);
        const double results[] = { fl_exp(x), fl_log(up), fl_pow(up, x / 40), fl_log1p(up), fl_expm1(x / 8) };
        for (size_t j = 0; j < sizeof results / sizeof *results; j++) {
            uint64_t bits;
            memcpy(&bits, &results[j], sizeof bits);
            hash = fl_mix(hash ^ bits);
        }
    }
    cr_expect_eq(hash, UINT64_C(0x45E52B4E4C727D4E), "0x%016llX", (unsigned long long)hash);
}
