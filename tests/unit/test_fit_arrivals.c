/* Arrivals made by the program's own traffic, whose truth is known, and what the estimators say of them.
 *
 * A trial is a seed: so many weeks, one fit. In a trial each parameter lies within its stated 95 % interval or does not; FENLIU_FIT_TRIALS says how
 * many trials (default 20; tools/test --long takes 100, and then each parameter must hold in 90). Seeds are fixed, so nothing here flakes. */
#include "core/arena.h"
#include "core/special.h"
#include "fit/arrivals.h"
#include "fit/busyness.h"
#include "scenario/reader.h"
#include "traffic/traffic.h"

#include "scatter.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WEEKS_MAX 30u
#define MONDAY INT64_C(1751241600) /* 2025-06-30T00:00 */

struct world {
    const char *traffic;
    uint32_t weeks, interval_s;
};

static struct fl_scenario *scenario_of(const char *traffic, uint32_t interval_s)
{
    static struct fl_errors errors;
    char text[8192];
    struct fl_scenario *scenario = NULL;
    snprintf(text, sizeof text,
             "{\"fenliu\":1,\"start\":\"2025-06-30T00:00\",\"duration\":\"168h\",\"interval\":\"%us\",\"traffic\":%s,"
             "\"buyers\":{\"intents\":[{\"name\":\"size\"}]},\"desk\":{\"agents\":[{\"name\":\"a\"}]}}",
             interval_s, traffic);
    cr_assert_eq(fl_scenario_read("test", text, strlen(text), NULL, 0, &scenario, &errors), FL_OK, "%s", errors.list[0].text);
    return scenario;
}

/* Weeks of arrivals as a series; a replication is a week. */
static void make_counts(const struct world *world, uint64_t seed, struct fl_counts *counts)
{
    struct fl_scenario *const scenario = scenario_of(world->traffic, world->interval_s);
    struct fl_traffic_plan plan;
    struct fl_arena arena;
    void *const memory = aligned_alloc(64, 1 << 22);
    fl_arena_start(&arena, memory, 1 << 22);
    cr_assert_eq(fl_traffic_plan_build(&arena, scenario, &plan), FL_OK);
    cr_assert_eq(fl_counts_create(MONDAY, world->interval_s, world->weeks * 7, counts), FL_OK);
    fl_counts_cover(counts, MONDAY, MONDAY + world->weeks * INT64_C(604800));
    for (uint32_t week = 0; week < world->weeks; week++) {
        struct fl_traffic_day day;
        fl_traffic_day_begin(&plan, seed, week, &day);
        for (uint32_t s = 0; s < plan.streams_count; s++) {
            struct fl_stream stream;
            fl_stream_begin(&plan, &day, s, &stream);
            for (fl_time at = fl_stream_next(&plan, &day, &stream); at != FL_TIME_NEVER; at = fl_stream_next(&plan, &day, &stream))
                cr_assert(fl_counts_add(counts, MONDAY + week * INT64_C(604800) + at / FL_SECOND, 1));
        }
    }
    free(memory);
    fl_scenario_free(scenario);
}

static void fit(const struct fl_counts *counts, const struct fl_arrivals_options *options, struct fl_arrivals *arrivals, struct fl_estimates *estimates)
{
    *estimates = (struct fl_estimates){ 0 };
    cr_assert_eq(fl_arrivals_fit(counts, options, arrivals, estimates), FL_OK);
}

struct truth {
    const char *path;
    double value;
};

static uint32_t trials_wanted(void)
{
    const char *const text = getenv("FENLIU_FIT_TRIALS");
    return text != NULL ? (uint32_t)strtoul(text, NULL, 10) : 20;
}

/* Each parameter in so many trials of the world. */
static void hold_to_truth(const struct world *world, const struct truth truths[], uint32_t count)
{
    const uint32_t trials = trials_wanted();
    uint32_t inside[40] = { 0 }, all = 0;
    struct scatter scatter[40] = { { 0 } };
    for (uint32_t t = 0; t < trials; t++) {
        struct fl_counts counts;
        struct fl_arrivals arrivals;
        struct fl_estimates estimates;
        make_counts(world, 1000 + t, &counts);
        fit(&counts, &(struct fl_arrivals_options){ .to_day = 0 }, &arrivals, &estimates);
        for (uint32_t i = 0; i < count; i++) {
            const struct fl_estimate *const e = fl_estimates_find(&estimates, truths[i].path);
            inside[i] += e != NULL && e->known && e->low <= truths[i].value && truths[i].value <= e->high;
            if (e != NULL && e->known) scatter_add(&scatter[i], e->value, e->low, e->high);
        }
        fl_arrivals_free(&arrivals);
        fl_estimates_free(&estimates);
        fl_counts_free(&counts);
    }
    for (uint32_t i = 0; i < count; i++) {
        all += inside[i];
        cr_expect_geq(inside[i], trials >= 50 ? trials * 90 / 100 : trials * 3 / 4, "%s: %u of %u within the interval", truths[i].path, inside[i], trials);
        if (truths[i].value > 0) scatter_expect(&scatter[i], 2.4, 0.65, truths[i].path); /* t of some 12 weeks; of 20 trials, within four errors */
        if (trials >= 50) printf("%-48s %u of %u\n", truths[i].path, inside[i], trials);
    }
    cr_expect_geq(all, count * trials * (trials >= 50 ? 90 : 85) / 100, "%u of %u", all, count * trials);
}

/* ---- True parameters lie within their intervals ------------------------------------------------------ */

Test(fit_arrivals, a_small_shop_is_given_back, .timeout = 600)
{
    static const struct world world = { "{\"chats_per_day\":480,\"profile\":\"marketplace-clicks\",\"busyness\":{\"day\":{\"lognormal_sigma\":0.15},"
                                        "\"interval\":{\"gamma_cv\":0.2}}}", 12, 1800 };
    static const struct truth truths[] = { { "traffic.chats_per_day", 480 }, { "traffic.profile.hourly[4]", 0.1536 }, { "traffic.profile.hourly[13]", 1.1904 },
                                           { "traffic.profile.hourly[21]", 2.16 }, { "traffic.busyness.day.lognormal_sigma", 0.15 },
                                           { "traffic.busyness.interval.gamma_cv", 0.2 } };

    hold_to_truth(&world, truths, sizeof truths / sizeof *truths);
}

Test(fit_arrivals, weekdays_and_lasting_busyness_are_given_back, .timeout = 600)
{
    static const struct world world = { "{\"chats_per_day\":2500,\"weekdays\":[1.3,1.1,1,0.9,0.9,1,0.8],\"busyness\":{\"day\":{\"lognormal_sigma\":0.1},"
                                        "\"interval\":{\"lognormal_sigma\":0.12,\"correlation\":0.8}}}", 16, 900 };
    static const struct truth truths[] = { { "traffic.chats_per_day", 2500 }, { "traffic.weekdays[0]", 1.3 }, { "traffic.weekdays[3]", 0.9 },
                                           { "traffic.weekdays[6]", 0.8 }, { "traffic.profile.hourly[9]", 1 }, { "traffic.busyness.day.lognormal_sigma", 0.1 },
                                           { "traffic.busyness.interval.lognormal_sigma", 0.12 }, { "traffic.busyness.interval.correlation", 0.8 } };

    hold_to_truth(&world, truths, sizeof truths / sizeof *truths);
}

Test(fit_arrivals, what_is_only_poisson_is_not_said_to_be_busier)
{
    static const struct world world = { "{\"chats_per_day\":900}", 8, 1800 };
    static const struct truth truths[] = { { "traffic.chats_per_day", 900 }, { "traffic.busyness.day.lognormal_sigma", 0 },
                                           { "traffic.busyness.interval.gamma_cv", 0 } };

    hold_to_truth(&world, truths, sizeof truths / sizeof *truths);
}

/* ---- What is told apart ------------------------------------------------------------------------------ */

Test(fit_arrivals, few_days_give_no_busyness)
{
    const struct world world = { "{\"chats_per_day\":900,\"busyness\":{\"day\":{\"lognormal_sigma\":0.2}}}", 2, 1800 };
    struct fl_counts counts;
    struct fl_arrivals arrivals;
    struct fl_estimates estimates;
    make_counts(&world, 3, &counts);

    fit(&counts, &(struct fl_arrivals_options){ .to_day = 0 }, &arrivals, &estimates);

    const struct fl_estimate *const day = fl_estimates_find(&estimates, "traffic.busyness.day.lognormal_sigma");
    cr_assert_not_null(day);
    cr_expect(!day->known && isnan(day->value));
    cr_expect_str_eq(day->why, "few_days");
    cr_expect_eq(day->had, 14);
    cr_expect_eq(day->wanted, 20);
    cr_expect_not(arrivals.busyness_known);
    cr_expect_not(fl_estimates_find(&estimates, "traffic.chats_per_day")->sure);
    fl_arrivals_free(&arrivals);
    fl_estimates_free(&estimates);
    fl_counts_free(&counts);
}

/* A Thursday of the third week brings 2.5 ordinary days, most of it in its first hours; a Tuesday of the second nearly nobody. */
Test(fit_arrivals, a_promotion_is_found_measured_and_kept_out_of_the_ordinary_day)
{
    const struct world world = { "{\"chats_per_day\":2000,\"busyness\":{\"day\":{\"lognormal_sigma\":0.05}}}", 5, 3600 };
    struct fl_counts counts;
    struct fl_arrivals arrivals;
    struct fl_estimates estimates;
    make_counts(&world, 5, &counts);
    const uint32_t promotion = 2 * 7 + 3, quiet = 8;
    for (uint32_t h = 0; h < 24; h++) {
        counts.count[promotion * 24 + h] += h < 4 ? 600 : 30;
        counts.count[quiet * 24 + h] /= 10;
    }

    fit(&counts, &(struct fl_arrivals_options){ .to_day = 0 }, &arrivals, &estimates);

    cr_assert_eq(arrivals.promotions_count, 1);
    const struct fl_fit_promotion *const p = &arrivals.promotions[0];
    cr_expect_eq(p->opens_s, MONDAY + promotion * INT64_C(86400));
    cr_expect_not(p->told);
    cr_expect_float_eq(p->multiplier, 2.5, 0.15, "%g", p->multiplier);
    cr_expect(p->low < 2.5 && p->high > 2.5, "%g to %g", p->low, p->high);
    /* days vary by 5 % and by chance; 33 of them tell that to 12 %, and four of these */
    const double half = 1.96 * sqrt(0.05 * 0.05 + 1. / 2000);
    cr_expect_float_eq((p->high - p->low) / 2, half, 0.5 * half, "%g to %g", p->low, p->high);
    cr_expect_float_eq(p->seen[0] - p->expected[0], 600, 60);
    cr_expect_eq(arrivals.day_kind[quiet], FL_FIT_DAY_QUIET);
    cr_expect_eq(arrivals.ordinary_days, 33);
    cr_expect_float_eq(arrivals.chats_per_day, 2000, 60, "%g", arrivals.chats_per_day);
    fl_arrivals_free(&arrivals);
    fl_estimates_free(&estimates);
    fl_counts_free(&counts);
}

Test(fit_arrivals, a_told_promotion_is_one_whatever_it_brought)
{
    const struct world world = { "{\"chats_per_day\":2000,\"busyness\":{\"day\":{\"lognormal_sigma\":0.05}}}", 5, 3600 };
    const int64_t told = MONDAY + 20 * INT64_C(86400);
    struct fl_counts counts;
    struct fl_arrivals arrivals;
    struct fl_estimates estimates;
    make_counts(&world, 5, &counts);

    fit(&counts, &(struct fl_arrivals_options){ .promotions = &told, .promotions_count = 1 }, &arrivals, &estimates);

    cr_assert_eq(arrivals.promotions_count, 1);
    cr_expect(arrivals.promotions[0].told);
    cr_expect_eq(arrivals.day_kind[20], FL_FIT_DAY_PROMOTION);
    fl_arrivals_free(&arrivals);
    fl_estimates_free(&estimates);
    fl_counts_free(&counts);
}

/* Saturdays come in the evening, all other days evenly. */
Test(fit_arrivals, weekdays_with_shapes_of_their_own_are_seen_and_others_are_not)
{
    static const char differ[] = "{\"chats_per_day\":2400,\"weekday_profiles\":[null,null,null,null,null,{\"hourly\":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,4,4,4,4,4,4]},null]}";
    const struct world worlds[2] = { { "{\"chats_per_day\":2400}", 12, 3600 }, { differ, 12, 3600 } };
    for (int i = 0; i < 2; i++) {
        struct fl_counts counts;
        struct fl_arrivals arrivals;
        struct fl_estimates estimates;
        make_counts(&worlds[i], 11, &counts);

        fit(&counts, &(struct fl_arrivals_options){ .to_day = 0 }, &arrivals, &estimates);

        cr_expect_eq(arrivals.profiles_differ, i == 1);
        cr_expect_not(arrivals.weekdays_differ);
        const double saturday = fl_arrivals_expected(&arrivals, 5, 18 * 3600, 24 * 3600) / fl_arrivals_expected(&arrivals, 5, 0, 24 * 3600);
        cr_expect_float_eq(saturday, i == 1 ? 24.0 / 42 : 0.25, 0.02, "%g", saturday);
        fl_arrivals_free(&arrivals);
        fl_estimates_free(&estimates);
        fl_counts_free(&counts);
    }
}

/* One cell in ten is missing from every day: neither level nor busyness may follow it. */
Test(fit_arrivals, missing_intervals_are_allowed_for)
{
    const struct world world = { "{\"chats_per_day\":1000,\"busyness\":{\"day\":{\"lognormal_sigma\":0.1}}}", 10, 1800 };
    struct fl_counts counts;
    struct fl_arrivals arrivals;
    struct fl_estimates estimates;
    make_counts(&world, 17, &counts);
    for (uint32_t i = 48 * 7; i < counts.days * counts.per_day; i++) {
        if (i * UINT32_C(2654435761) >> 16 > 6553) continue;
        counts.state[i] = FL_COUNT_MISSING;
        counts.count[i] = 0;
    }

    fit(&counts, &(struct fl_arrivals_options){ .to_day = 0 }, &arrivals, &estimates);

    cr_expect_eq(arrivals.ordinary_days, 70);
    cr_expect_float_eq(arrivals.chats_per_day, 1000, 40, "%g", arrivals.chats_per_day);
    cr_expect_float_eq(arrivals.day_sigma, 0.1, 0.03, "%g", arrivals.day_sigma);
    cr_expect_lt(arrivals.interval_sigma, 0.12, "%g", arrivals.interval_sigma);
    fl_arrivals_free(&arrivals);
    fl_estimates_free(&estimates);
    fl_counts_free(&counts);
}

Test(fit_arrivals, a_log_without_a_whole_day_cannot_be_fitted)
{
    struct fl_counts counts;
    struct fl_arrivals arrivals;
    struct fl_estimates estimates = { 0 };
    cr_assert_eq(fl_counts_create(MONDAY, 3600, 3, &counts), FL_OK);
    fl_counts_cover(&counts, MONDAY + 3600, MONDAY + 20 * 3600);

    cr_expect_eq(fl_arrivals_fit(&counts, &(struct fl_arrivals_options){ .to_day = 0 }, &arrivals, &estimates), FL_EMISSING);
    fl_counts_cover(&counts, MONDAY, MONDAY + 86400);
    cr_expect_eq(fl_arrivals_fit(&counts, &(struct fl_arrivals_options){ .to_day = 0 }, &arrivals, &estimates), FL_EMISSING, "nobody came");
    cr_expect_eq(estimates.count, 0);
    fl_counts_free(&counts);
}

/* ---- Busyness alone ----------------------------------------------------------------------------------- */

/* Products of deviations made to be exactly those of day 0.01, interval 0.02 and phi 0.7. */
Test(fit_busyness, exact_covariances_give_exact_parameters)
{
    struct fl_covariances covariances;
    struct fl_busyness_fit fit_of;
    cr_assert_eq(fl_covariances_create(8, 20, &covariances), FL_OK);
    for (uint32_t b = 0; b < 8; b++) {
        covariances.counts[b] = 1000;
        for (uint32_t k = 0; k < 20; k++) {
            covariances.means[b * 20 + k] = 1000.0 * (20 - k);
            covariances.products[b * 20 + k] = covariances.means[b * 20 + k] * expm1(0.01 + 0.02 * pow(0.7, k));
        }
    }

    cr_assert_eq(fl_busyness_estimate(&covariances, &fit_of), FL_OK);

    cr_expect(fit_of.correlated);
    cr_expect_float_eq(fit_of.day.value, 0.1, 1e-6, "%.9g", fit_of.day.value);
    cr_expect_float_eq(fit_of.interval.value, sqrt(0.02), 1e-6, "%.9g", fit_of.interval.value);
    cr_expect_float_eq(fit_of.phi.value, 0.7, 1e-5, "%.9g", fit_of.phi.value);
    cr_expect_float_eq(fit_of.modelled_days, 1, 1e-6);
    cr_expect_float_eq(fl_busyness_seen(&covariances, 3), fl_busyness_fitted(&fit_of, 3), 1e-7);
    fl_covariances_free(&covariances);
}
