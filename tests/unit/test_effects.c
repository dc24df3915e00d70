/* Effects of factors on made responses, reckoned by hand. */
#include "measure/effects.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#define NEAR(a, b, within) cr_expect(fabs((a) - (b)) <= (within), "%.12g, not %.12g", (double)(a), (double)(b))

/* Two by three: y = 10 + 2 a + b + ab + day, a in { -1, 1 }, b in { -3, 0, 3 } ; no noise besides the days, which all points have in common. */
static void fill(double y[], uint32_t days)
{
    static const double b[] = { -3, 0, 3 };
    for (uint32_t p = 0; p < 6; p++)
        for (uint32_t d = 0; d < days; d++) {
            const double a = p / 3 == 0 ? -1 : 1;
            y[p * days + d] = 10 + 2 * a + b[p % 3] + a * b[p % 3] + 7.0 * d;
        }
}

Test(effects, of_a_factorial_are_those_it_was_made_of)
{
    static const uint32_t levels[] = { 2, 3 };
    const struct fl_factorial design = { 2, levels };
    double y[6 * 5], parts[5];
    fill(y, 5);
    cr_assert_eq(fl_factorial_points(&design), 6);

    fl_effect_main(&design, 5, y, 0, 1, parts);
    const struct fl_effect a = fl_effect_estimate(5, parts);
    fl_effect_main(&design, 5, y, 1, 0, parts);
    const struct fl_effect b = fl_effect_estimate(5, parts);
    fl_effect_pair(&design, 5, y, 0, 1, 1, 2, parts);
    const struct fl_effect ab = fl_effect_estimate(5, parts);

    NEAR(a.value, 2, 1e-12);
    NEAR(b.value, -3, 1e-12);
    NEAR(ab.value, 3, 1e-12);
    NEAR(a.p, 2.0 / 32, 1e-12); /* the same on all five days */
    cr_expect(a.sure && a.high - a.low < 1e-10);
}

Test(effects, shares_are_the_parts_of_the_variance)
{
    static const uint32_t levels[] = { 2, 3 };
    const struct fl_factorial design = { 2, levels };
    double y[6 * 5], *const scratch = calloc(fl_effect_scratch(&design, 5), sizeof *scratch);
    struct fl_effect shares[4];
    fill(y, 5);
    cr_assert_eq(fl_effect_terms(&design), 3);

    fl_effect_shares(&design, 5, y, shares, scratch);

    /* Variances: a 4, b (9 + 0 + 9) / 3 = 6, ab 6; 16 in all. */
    NEAR(shares[0].value, 4. / 16, 1e-12);
    NEAR(shares[1].value, 6. / 16, 1e-12);
    NEAR(shares[2].value, 6. / 16, 1e-12);
    NEAR(shares[3].value, 0, 1e-12);
    free(scratch);
}

/* Two by two, y = +-a +-b with a of 3, 4, 5 on the three days and b of 1, 2, 3. Squares of means less their noise, (sum^2 - squares) / 6: of a
 * (144 - 50) / 6 = 47 / 3, of b (36 - 14) / 6 = 11 / 3. Without one day, (sum^2 - squares) / 2: a 20, 15, 12 and b 6, 3, 2; the jackknife of their
 * shares by t of 2 degrees. */
Test(effects, shares_of_days_that_differ_are_less_their_noise_and_have_the_intervals_of_the_jackknife)
{
    static const uint32_t levels[] = { 2, 2 };
    static const double a[] = { 3, 4, 5 }, b[] = { 1, 2, 3 }, without[] = { 20. / 26, 15. / 18, 12. / 14 };
    const struct fl_factorial design = { 2, levels };
    double y[4 * 3], *const scratch = calloc(fl_effect_scratch(&design, 3), sizeof *scratch), mean = 0, squares = 0;
    struct fl_effect shares[4];
    for (uint32_t p = 0; p < 4; p++)
        for (uint32_t d = 0; d < 3; d++) y[p * 3 + d] = (p / 2 == 0 ? -a[d] : a[d]) + (p % 2 == 0 ? -b[d] : b[d]);

    fl_effect_shares(&design, 3, y, shares, scratch);

    for (int i = 0; i < 3; i++) mean += without[i] / 3;
    for (int i = 0; i < 3; i++) squares += (without[i] - mean) * (without[i] - mean);
    const double half = 4.302652729749464 * sqrt(squares * 2 / 3);
    NEAR(shares[0].value, 47. / 58, 1e-12);
    NEAR(shares[1].value, 11. / 58, 1e-12);
    NEAR(shares[2].value, 0, 1e-12);
    NEAR(shares[3].value, 0, 1e-12);
    cr_expect(shares[0].sure && shares[1].sure);
    NEAR(shares[0].low, 47. / 58 - half, 1e-12);
    NEAR(shares[0].high, 1, 0); /* 1.04 */
    NEAR(shares[1].low, 0, 0);  /* -0.04 */
    NEAR(shares[1].high, 11. / 58 + half, 1e-12);
    fl_effect_shares(&design, 1, y, shares, scratch);
    cr_expect(isnan(shares[0].value) && !shares[0].sure, "one day does not tell chance from what is not");
    free(scratch);
}

Test(effects, an_estimate_is_students)
{
    /* Mean 3, variance 2.5: error sqrt(0.5). Symmetric and light-tailed, so the degrees are all four: t = 2.7764451052, and
     * P(|T| > 3 / sqrt(0.5)) = 0.0132356 (R: 2 * pt(-3 / sqrt(.5), 4)). */
    static const double parts[] = { 1, 2, 3, 4, 5 };

    const struct fl_effect effect = fl_effect_estimate(5, parts);

    NEAR(effect.value, 3, 1e-12);
    NEAR(effect.high - effect.value, 2.7764451052 * sqrt(0.5), 1e-9);
    NEAR(effect.p, 0.0132356, 1e-6);
    const struct fl_effect one = fl_effect_estimate(1, parts);
    cr_expect(!one.sure && one.p == 1 && one.value == 1);
}

Test(effects, least_squares_finds_the_plane_and_says_when_there_is_none)
{
    /* y = 1 + 2 u - v + day, exactly, on points that are no grid; columns of mean 0. */
    static const double x[] = { -2, 1, -1, -2, 0, 1, 1, -1, 2, 1 };
    double y[5 * 3], coefficients[2 * 3], scratch[4];
    for (uint32_t p = 0; p < 5; p++)
        for (uint32_t d = 0; d < 3; d++) y[p * 3 + d] = 1 + 2 * x[2 * p] - x[2 * p + 1] + d;

    cr_assert_eq(fl_effect_regress(5, 2, x, 3, y, coefficients, scratch), FL_OK);

    for (uint32_t d = 0; d < 3; d++) {
        NEAR(coefficients[d], 2, 1e-12);
        NEAR(coefficients[3 + d], -1, 1e-12);
    }
    NEAR(fl_effect_explained(5, 2, x, 3, y, coefficients), 1, 1e-12);
    /* y = u + u v on a square: half of it goes with the plane. */
    static const double square[] = { -1, -1, -1, 1, 1, -1, 1, 1 }, bent[] = { 0, -2, 0, 2 };
    cr_assert_eq(fl_effect_regress(4, 2, square, 1, bent, coefficients, scratch), FL_OK);
    NEAR(fl_effect_explained(4, 2, square, 1, bent, coefficients), 0.5, 1e-12);
    static const double same[] = { -2, -4, -1, -2, 0, 0, 1, 2, 2, 4 };
    cr_expect_eq(fl_effect_regress(5, 2, same, 3, y, coefficients, scratch), FL_ERANGE);
    cr_expect_eq(fl_effect_regress(2, 2, x, 3, y, coefficients, scratch), FL_ERANGE);
}
