/* Families, censoring, rounding, counts: samples of known laws, whose fits must hold what they were drawn from. Seeds are fixed. */
#include "fit/counts_of.h"
#include "fit/cure.h"
#include "fit/durations.h"

#include "core/draw.h"
#include "scatter.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#define N 20000

static struct fl_distribution prepared(enum fl_distribution_kind kind, double a, double b)
{
    struct fl_distribution distribution = { .kind = kind, .a = a, .b = b };
    cr_assert_eq(fl_distribution_prepare(&distribution), FL_OK);
    return distribution;
}

static double drawn(const struct fl_distribution *distribution, uint64_t key, uint32_t i)
{
    return fl_distribution_value(distribution, fl_draw(fl_mix(key), FL_DRAW_THINKING, i));
}

/* Within four standard errors: 2.156 of them are half the interval. */
static void holds(const struct fl_family *family, double a, double b)
{
    cr_expect(fabs(log(family->a / a)) < 4 / FL_FIT_Z * log(family->a_high / family->a), "a %g for %g", family->a, a);
    if (b > 0) cr_expect(fabs(log(family->b / b)) < 4 / FL_FIT_Z * log(family->b_high / family->b), "b %g for %g", family->b, b);
}

Test(fit_durations, every_family_is_told_from_the_others_and_given_back)
{
    static const struct {
        enum fl_distribution_kind kind;
        double a, b;
    } laws[] = { { FL_EXPONENTIAL, 60, 0 }, { FL_WEIBULL, 188, 2 }, { FL_GAMMA, 50, 0.5 }, { FL_LOGNORMAL, 40, 1.06 } };
    struct fl_durations *durations = malloc(sizeof *durations);
    for (size_t k = 0; k < sizeof laws / sizeof *laws; k++) {
        const struct fl_distribution law = prepared(laws[k].kind, laws[k].a, laws[k].b);
        *durations = (struct fl_durations){ .resolution = 0 };
        for (uint32_t i = 0; i < N; i++) { /* half of them cut at some time of their own */
            const double x = drawn(&law, 1 + k, i), cut = i % 2 == 0 ? INFINITY : drawn(&law, 10 + k, i);
            fl_durations_add(durations, fmin(x, cut), x > cut, 1);
        }
        struct fl_duration_fit fit;

        fl_durations_fit(durations, &fit);

        cr_assert(fit.known);
        cr_expect_eq(fit.family[fit.best].kind, laws[k].kind);
        holds(&fit.family[fit.best], laws[k].a, laws[k].b);
        cr_expect_gt(fit.p, 0.001);
        cr_expect_lt(fit.ks, 0.03);
    }
    free(durations);
}

/* Thirty samples a law, half of whose values are cut: intervals of FL_FIT_Z standard errors are so many standard deviations of the estimates, which
 * thirty tell to 13 %; four of these. */
#define SAMPLES 30u
#define SCATTER_PART 0.52

Test(fit_durations, intervals_are_as_wide_as_estimates_scatter)
{
    static const struct {
        enum fl_distribution_kind kind;
        double a, b;
    } laws[] = { { FL_EXPONENTIAL, 60, 0 }, { FL_WEIBULL, 188, 2 }, { FL_GAMMA, 50, 0.5 }, { FL_LOGNORMAL, 40, 1.06 } };
    struct fl_durations *durations = malloc(sizeof *durations);
    for (size_t k = 0; k < sizeof laws / sizeof *laws; k++) {
        const struct fl_distribution law = prepared(laws[k].kind, laws[k].a, laws[k].b);
        struct scatter of_a = { 0 }, of_b = { 0 };
        for (uint32_t sample = 0; sample < SAMPLES; sample++) {
            struct fl_duration_fit fit;
            *durations = (struct fl_durations){ .resolution = 0 };
            for (uint32_t i = 0; i < 2000; i++) {
                const double x = drawn(&law, 1000 + sample, i), cut = i % 2 == 0 ? INFINITY : drawn(&law, 2000 + sample, i);
                fl_durations_add(durations, fmin(x, cut), x > cut, 1);
            }
            fl_durations_fit(durations, &fit);
            const struct fl_family *own = NULL;
            for (uint32_t f = 0; f < FL_FAMILIES; f++)
                if (fit.family[f].kind == laws[k].kind) own = &fit.family[f];
            cr_assert(own != NULL && own->fitted);
            scatter_add(&of_a, log(own->a), log(own->a_low), log(own->a_high));
            if (laws[k].b > 0) scatter_add(&of_b, log(own->b), log(own->b_low), log(own->b_high));
        }
        scatter_expect(&of_a, FL_FIT_Z, SCATTER_PART, "a");
        if (laws[k].b > 0) scatter_expect(&of_b, FL_FIT_Z, SCATTER_PART, "b");
    }
    free(durations);
}

Test(fit_durations, a_wrong_family_is_found_out)
{
    struct fl_durations *durations = calloc(1, sizeof *durations);
    for (uint32_t i = 0; i < N; i++) fl_durations_add(durations, i % 2 == 0 ? 10 + 0.0001 * i : 100 + 0.0001 * i, false, 1);
    struct fl_duration_fit fit;

    fl_durations_fit(durations, &fit);

    cr_expect(fit.known && fit.p < 1e-6);
    free(durations);
}

Test(fit_durations, whole_minutes_are_not_taken_at_their_word)
{
    struct fl_durations *durations = calloc(1, sizeof *durations);
    const struct fl_distribution law = prepared(FL_LOGNORMAL, 70, 0.9);
    durations->resolution = 60;
    for (uint32_t i = 0; i < N; i++) {
        const double from = 86400 * fl_uniform(fl_draw(fl_mix(5), FL_DRAW_ARRIVAL, i)), to = from + drawn(&law, 6, i);
        fl_durations_add(durations, 60 * (floor(to / 60) - floor(from / 60)), false, 1);
    }
    struct fl_duration_fit fit;

    fl_durations_fit(durations, &fit);

    cr_expect_eq(fit.family[fit.best].kind, FL_LOGNORMAL);
    holds(&fit.family[fit.best], 70, 0.9);
    free(durations);
}

Test(fit_durations, too_few_are_not_fitted_but_counted)
{
    struct fl_durations *durations = calloc(1, sizeof *durations);
    struct fl_estimates estimates = { 0 };
    struct fl_duration_fit fit;
    for (uint32_t i = 0; i < FL_DURATIONS_WANTED - 1; i++) fl_durations_add(durations, 1 + i, false, 1);

    fl_durations_fit(durations, &fit);
    fl_duration_fit_tell(&fit, durations, "some.thing", &estimates);

    cr_assert_eq(estimates.count, 1);
    cr_expect_not(estimates.list[0].known);
    cr_expect_eq(estimates.list[0].had, FL_DURATIONS_WANTED - 1);
    fl_estimates_free(&estimates);
    free(durations);
}

Test(fit_durations, kaplan_meier_on_four_by_hand)
{
    struct fl_durations *durations = calloc(1, sizeof *durations);
    fl_durations_add(durations, 1, false, 1);
    fl_durations_add(durations, 2, true, 1);
    fl_durations_add(durations, 3, false, 1);
    fl_durations_add(durations, 4, true, 1);

    cr_expect_float_eq(fl_durations_survival(durations, 1.5), 0.75, 1e-12);
    cr_expect_float_eq(fl_durations_survival(durations, 3.5), 0.375, 1e-12); /* 3/4 of 1/2 */
    cr_expect_float_eq(fl_durations_quantile(durations, 0.5), 3, 1e-12);
    cr_expect(isnan(fl_durations_quantile(durations, 0.9)));
    free(durations);
}

Test(fit_cure, share_and_delay_are_told_apart_though_many_are_cut)
{
    struct fl_durations *durations = calloc(1, sizeof *durations);
    const struct fl_distribution law = prepared(FL_EXPONENTIAL, 20, 0), sight = prepared(FL_EXPONENTIAL, 30, 0);
    struct fl_cure_fit fit;
    for (uint32_t i = 0; i < N; i++) {
        const bool does = fl_uniform(fl_draw(fl_mix(7), FL_DRAW_COME_BACK, i)) < 0.3;
        const double x = does ? drawn(&law, 8, i) : INFINITY, cut = drawn(&sight, 9, i);
        fl_durations_add(durations, fmin(x, cut), x > cut, 1);
    }

    fl_cure_fit(durations, &fit);

    cr_assert(fit.known);
    cr_expect(fit.share_low < 0.3 && 0.3 < fit.share_high, "%g to %g", fit.share_low, fit.share_high);
    cr_expect_eq(fit.after.family[fit.after.best].kind, FL_EXPONENTIAL);
    holds(&fit.after.family[fit.after.best], 20, 0);
    cr_expect_float_eq(fit.share, 0.3, 0.02, "%g", fit.share);
    cr_expect_float_eq(fl_cure_pending(&fit, 0.5, 0), 0.5, 1e-12);
    cr_expect_float_eq(fl_cure_pending(&fit, 0.5, fit.after.family[fit.after.best].a * log(2)), 1. / 3, 1e-9, "half of a half is still to come");
    free(durations);
}

Test(fit_cure, the_interval_of_the_share_is_as_wide_as_it_scatters)
{
    struct fl_durations *durations = malloc(sizeof *durations);
    const struct fl_distribution law = prepared(FL_EXPONENTIAL, 20, 0), sight = prepared(FL_EXPONENTIAL, 30, 0);
    struct scatter shares = { 0 }, means = { 0 };
    for (uint32_t sample = 0; sample < SAMPLES; sample++) {
        struct fl_cure_fit fit;
        *durations = (struct fl_durations){ .resolution = 0 };
        for (uint32_t i = 0; i < 4000; i++) {
            const bool does = fl_uniform(fl_draw(fl_mix(3000 + sample), FL_DRAW_COME_BACK, i)) < 0.3;
            const double x = does ? drawn(&law, 4000 + sample, i) : INFINITY, cut = drawn(&sight, 5000 + sample, i);
            fl_durations_add(durations, fmin(x, cut), x > cut, 1);
        }
        fl_cure_fit(durations, &fit);
        cr_assert(fit.known);
        const struct fl_family *const family = &fit.after.family[0]; /* the exponential */
        if (fit.after.best != 0) continue;
        scatter_add(&shares, fit.share, fit.share_low, fit.share_high);
        scatter_add(&means, log(family->a), log(family->a_low), log(family->a_high));
    }
    cr_expect_geq(shares.n, SAMPLES * 9 / 10);
    scatter_expect(&shares, FL_FIT_Z, SCATTER_PART, "share");
    scatter_expect(&means, FL_FIT_Z, SCATTER_PART, "mean");
    free(durations);
}

Test(fit_counts_of, families_of_counts_are_told_apart)
{
    static const struct {
        enum fl_distribution_kind kind;
        double a, b;
    } laws[] = { { FL_GEOMETRIC, 5, 0 }, { FL_POISSON, 4, 0 }, { FL_NEGATIVE_BINOMIAL, 6, 0.6 } };
    for (size_t k = 0; k < sizeof laws / sizeof *laws; k++) {
        const struct fl_distribution law = prepared(laws[k].kind, laws[k].a, laws[k].b);
        struct fl_trials trials = { 0 };
        struct fl_count_fit fit;
        for (uint32_t i = 0; i < N; i++) {
            uint32_t count = fl_distribution_count(&law, fl_draw(fl_mix(20 + k), FL_DRAW_ROUNDS, i));
            if (count < 1) count = 1;
            const uint32_t seen = i % 3 == 0 ? 3 : 1000; /* a third is not followed beyond the third */
            for (uint32_t j = 1; j <= count && j <= seen; j++) fl_trials_add(&trials, j, j == count ? 1 : 0, 1);
        }

        fl_trials_fit(&trials, &fit);

        cr_assert(fit.known);
        cr_expect_eq(fit.best.kind, laws[k].kind);
        cr_expect(fabs(log(fit.best.a / laws[k].a)) < 2 * log(fit.a_high / fit.best.a), "%g for %g", fit.best.a, laws[k].a);
        cr_expect_gt(fit.p, 0.001);
    }
}

Test(fit_counts_of, intervals_are_as_wide_as_estimates_scatter)
{
    static const struct {
        enum fl_distribution_kind kind;
        double a, b;
    } laws[] = { { FL_GEOMETRIC, 5, 0 }, { FL_POISSON, 4, 0 }, { FL_NEGATIVE_BINOMIAL, 6, 0.6 } };
    for (size_t k = 0; k < sizeof laws / sizeof *laws; k++) {
        const struct fl_distribution law = prepared(laws[k].kind, laws[k].a, laws[k].b);
        struct scatter of_a = { 0 }, of_b = { 0 };
        for (uint32_t sample = 0; sample < 4 * SAMPLES; sample++) {
            struct fl_trials trials = { 0 };
            struct fl_count_fit fit;
            for (uint32_t i = 0; i < 4000; i++) {
                uint32_t count = fl_distribution_count(&law, fl_draw(fl_mix(6000 + 1000 * k + sample), FL_DRAW_ROUNDS, i));
                if (count < 1) count = 1;
                for (uint32_t j = 1; j <= count; j++) fl_trials_add(&trials, j, j == count ? 1 : 0, 1);
            }
            fl_trials_fit(&trials, &fit);
            cr_assert(fit.known);
            if (fit.best.kind != laws[k].kind) continue;
            scatter_add(&of_a, log(fit.best.a), log(fit.a_low), log(fit.a_high));
            if (laws[k].b > 0) scatter_add(&of_b, fit.best.b, fit.b_low, fit.b_high);
        }
        cr_expect_geq(of_a.n, 4 * SAMPLES * 9 / 10);
        scatter_expect(&of_a, FL_FIT_Z, SCATTER_PART / 2, "a"); /* of four times as many */
        if (laws[k].b > 0) scatter_expect(&of_b, FL_FIT_Z, SCATTER_PART / 2, "b");
    }
}

Test(fit_counts_of, all_alike_is_a_constant)
{
    struct fl_trials trials = { 0 };
    struct fl_count_fit fit;
    for (uint32_t i = 0; i < 100; i++)
        for (uint32_t j = 1; j <= 3; j++) fl_trials_add(&trials, j, j == 3 ? 1 : 0, 1);

    fl_trials_fit(&trials, &fit);

    cr_expect(fit.known && fit.best.kind == FL_CONSTANT && fit.best.a == 3);
}

/* Far out, where differences of limited means are all rounding, and just beyond where these are left. */
Test(fit_durations, whole_minutes_weigh_a_tail_by_its_density)
{
    static const struct fl_distribution families[] = { { .kind = FL_EXPONENTIAL, .a = 40 }, { .kind = FL_WEIBULL, .a = 60, .b = 0.8 },
                                                       { .kind = FL_GAMMA, .a = 50, .b = 0.7 }, { .kind = FL_LOGNORMAL, .a = 30, .b = 1.2 } };
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        struct fl_distribution d = families[i];
        cr_assert_eq(fl_distribution_prepare(&d), FL_OK);
        const double r = 10, x = 4 * r, closed = log((2 * fl_distribution_limited_mean(&d, x) - fl_distribution_limited_mean(&d, x - r) -
                                                      fl_distribution_limited_mean(&d, x + r)) / r);
        cr_expect(fabs(fl_family_rounded_log(&d, x, r) - closed) < 1e-5, "family %u: %.9g instead of %.9g", d.kind, fl_family_rounded_log(&d, x, r), closed);
        const double far = 8000, density = fl_family_log_density(d.kind, d.a, d.b, far) + log(r); /* but for its bend over the triangle */
        cr_expect(fabs(fl_family_rounded_log(&d, far, r) - density) < 0.02, "family %u far out: %.9g instead of %.9g", d.kind, fl_family_rounded_log(&d, far, r), density);
    }
}
