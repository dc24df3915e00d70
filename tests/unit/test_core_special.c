/* core/special.h against published values and against itself. */
#include "core/real.h"
#include "core/special.h"

#include <criterion/criterion.h>
#include <math.h>

#define EXPECT_NEAR(got, want, relative) \
    cr_expect_lt(fabs((got) - (want)), (relative)*fabs(want), "%.17g, wanted %.17g", (double)(got), (double)(want))

Test(core_special, normal_cdf_is_accurate_down_to_37_below)
{
    double most = 0;
    for (double z = -37; z < 9; z += 0x1p-9) {
        const long double want = 0.5L * erfcl(-(long double)z / sqrtl(2));
        most = fmax(most, (double)fabsl((fl_normal_cdf(z) - want) / want));
    }
    cr_expect_lt(most, 1e-15, "%g", most);
    cr_expect_lt(fabs(fl_normal_cdf(0) - 0.5), 2e-16);
    cr_expect_eq(fl_normal_cdf(-INFINITY), 0);
    cr_expect_eq(fl_normal_cdf(INFINITY), 1);
}

Test(core_special, normal_quantile_undoes_the_cdf)
{
    EXPECT_NEAR(fl_normal_quantile(0.975), 1.959963984540054, 1e-14);
    EXPECT_NEAR(fl_normal_quantile(1e-300), -37.0471, 1e-4);
    cr_expect_lt(fabs(fl_normal_quantile(0.5)), 1e-15);
    for (double p = 1e-300; p < 0.5; p *= 1.7) {
        const double z = fl_normal_quantile(p);
        EXPECT_NEAR(fl_normal_cdf(z), p, 1e-13 * (1 + fabs(z)));
    }
}

/* Tables of the t distribution; the last digit of each is as published. */
Test(core_special, student_quantiles_are_those_of_the_tables)
{
    EXPECT_NEAR(fl_student_quantile(0.975, 1), 12.706204736174694, 1e-12);
    EXPECT_NEAR(fl_student_quantile(0.975, 2), 4.302652729749464, 1e-12);
    EXPECT_NEAR(fl_student_quantile(0.975, 9), 2.2621571627982049, 1e-12);
    EXPECT_NEAR(fl_student_quantile(0.995, 30), 2.7499956535672, 1e-12);
    EXPECT_NEAR(fl_student_quantile(0.025, 9), -2.2621571627982049, 1e-12);
    /* Hill's expansion, z + (z^3 + z) / (4 n) + ..., of which the next term is 5e-12 here. */
    const double z = fl_normal_quantile(0.975);
    EXPECT_NEAR(fl_student_quantile(0.975, 1e6), z + (z * z * z + z) / 4e6, 1e-11);
    cr_expect_eq(fl_student_quantile(0.5, 7), 0);
}

Test(core_special, student_quantile_undoes_the_cdf_for_1_to_a_million_degrees)
{
    static const double degrees[] = { 1, 1.5, 2, 3, 9, 29, 100, 1000, 31623, 1e6 };
    static const double tails[] = { 1e-9, 1e-4, 0.005, 0.025, 0.0999, 0.1001, 0.25, 0.4999999 };
    for (size_t d = 0; d < sizeof degrees / sizeof *degrees; d++)
        for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
            const double t = fl_student_quantile(tails[i], degrees[d]);
            EXPECT_NEAR(fl_student_cdf(t, degrees[d]), tails[i], 1e-11);
            EXPECT_NEAR(fl_student_cdf(-t, degrees[d]), 1 - tails[i], 1e-11);
        }
}

/* With one degree it is the Cauchy distribution, with two t / sqrt(2 + t^2). */
Test(core_special, student_cdf_has_its_closed_forms)
{
    for (double t = -20; t < 20; t += 0.37) {
        EXPECT_NEAR(fl_student_cdf(t, 1), 0.5 + atan(t) / M_PI, 1e-13);
        EXPECT_NEAR(fl_student_cdf(t, 2), 0.5 + 0.5 * t / sqrt(2 + t * t), 1e-12);
    }
}

/* Sums of the Poisson law for whole a; erfc for a = 1/2. The two large cases were computed with mpmath. */
Test(core_special, incomplete_gamma_has_its_closed_forms)
{
    for (double x = 0.01; x < 300; x *= 1.3) {
        EXPECT_NEAR(fl_gamma_upper(1, x), exp(-x), 1e-12);
        EXPECT_NEAR(fl_gamma_upper(0.5, x), erfc(sqrt(x)), 1e-12);
        double sum = 0, term = exp(-x);
        for (int k = 0; k < 20; k++, term *= x / k) sum += term;
        EXPECT_NEAR(fl_gamma_upper(20, x), sum, 1e-12);
        EXPECT_NEAR(fl_gamma_lower(0.5, x), erf(sqrt(x)), 1e-12);
    }
    EXPECT_NEAR(fl_gamma_upper(1e6, 1001000), 0.1586552136316597083724, 1e-12);
    EXPECT_NEAR(fl_beta_lower(50, 60, 0.45), 0.4642352914306036286654, 1e-12);
    cr_expect_eq(fl_gamma_upper(3, 0), 1);
    cr_expect_eq(fl_gamma_upper(3, INFINITY), 0);
}

Test(core_special, incomplete_beta_is_symmetric_and_has_its_closed_forms)
{
    for (double x = 0.001; x < 1; x += 0.0137) {
        EXPECT_NEAR(fl_beta_lower(1, 1, x), x, 1e-13);
        EXPECT_NEAR(fl_beta_lower(7, 1, x), pow(x, 7), 1e-12);
        EXPECT_NEAR(fl_beta_lower(0.5, 0.5, x), 2 / M_PI * asin(sqrt(x)), 1e-12);
        EXPECT_NEAR(fl_beta_lower(3.3, 41, x) + fl_beta_lower(41, 3.3, 1 - x), 1., 1e-12);
    }
    cr_expect_eq(fl_beta_lower(2, 3, 0), 0);
    cr_expect_eq(fl_beta_lower(2, 3, 1), 1);
}

Test(core_special, log_gamma_agrees_with_factorials_and_recursion)
{
    double log_factorial = 0;
    for (int n = 1; n < 150; n++) {
        log_factorial += log(n);
        cr_expect_lt(fabs(fl_log_gamma(n + 1) - log_factorial), 1e-14 * (1 + log_factorial), "%d", n);
    }
    cr_expect_lt(fabs(fl_log_gamma(1)), 1e-14);
    cr_expect_lt(fabs(fl_log_gamma(2)), 1e-14);
    EXPECT_NEAR(fl_log_gamma(0.5), 0.5 * log(M_PI), 1e-14);
    for (double x = 0.01; x < 1e7; x *= 1.9) {
        const double next = fl_log_gamma(x + 1);
        cr_expect_lt(fabs(next - fl_log_gamma(x) - log(x)), 2e-14 * (1 + fabs(next)), "%g", x);
    }
}

Test(core_special, poisson_masses_add_up_to_1_at_any_mean)
{
    static const double means[] = { 0.3, 5, 40, 1e4, 1e7 };
    for (size_t m = 0; m < sizeof means / sizeof *means; m++) {
        const double spread = 12 * sqrt(means[m]) + 30;
        double sum = 0;
        for (double k = fmax(0, floor(means[m] - spread)); k < means[m] + spread; k++)
            sum += exp(fl_poisson_log_mass(k, means[m]));
        cr_expect_lt(fabs(sum - 1), 1e-12, "%g: %g", means[m], sum - 1);
    }
}

/* Clopper and Pearson, Biometrika 26, 1934: the bounds put just `tail` beyond what was seen. */
Test(core_special, binomial_bounds_are_clopper_pearsons)
{
    EXPECT_NEAR(fl_binomial_lower(3, 10, 0.025), 0.0667395111777345, 1e-11);
    EXPECT_NEAR(fl_binomial_upper(3, 10, 0.025), 0.6524528500599973, 1e-11);
    EXPECT_NEAR(fl_binomial_upper(0, 20, 0.025), 1 - pow(0.025, 1. / 20), 1e-12);
    EXPECT_NEAR(fl_binomial_lower(20, 20, 0.025), pow(0.025, 1. / 20), 1e-12);
    cr_expect_eq(fl_binomial_lower(0, 20, 0.025), 0);
    cr_expect_eq(fl_binomial_upper(20, 20, 0.025), 1);
    static const uint64_t seen[][2] = { { 1, 2 }, { 1, 1000000000 }, { 999, 1000 }, { 500000, 1000000 }, { 17, 40 } };
    for (size_t i = 0; i < sizeof seen / sizeof *seen; i++) {
        const double k = (double)seen[i][0], n = (double)seen[i][1];
        EXPECT_NEAR(fl_beta_lower(k, n - k + 1, fl_binomial_lower(seen[i][0], seen[i][1], 0.005)), 0.005, 1e-9);
        EXPECT_NEAR(fl_beta_lower(k + 1, n - k, fl_binomial_upper(seen[i][0], seen[i][1], 0.005)), 0.995, 1e-9);
    }
}
