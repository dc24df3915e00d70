#include "staffing/offered_load.h"
#include "staffing_truth.h"

#include <string.h>

static double survive_exponential(const void *context, double x)
{
    (void)context;
    return exp(-x);
}

static double survive_one(const void *context, double x)
{
    (void)context;
    return x < 1 ? 1 : 0;
}

static double survive_uniform(const void *context, double x)
{
    (void)context;
    return x < 2 ? 1 - x / 2 : 0;
}

static double survive_hyperexponential(const void *context, double x)
{
    (void)context;
    return 0.5 * exp(-2 * x) + 0.5 * exp(-2 * x / 3);
}

static const struct {
    const char *name;
    fl_survival *survival;
} services[] = { { "exp(1)", survive_exponential },
                 { "deterministic(1)", survive_one },
                 { "uniform(0,2)", survive_uniform },
                 { "hyperexp(.5;2,2/3)", survive_hyperexponential } };

#define PER_UNIT 512 /* cells */
#define CELLS    (8 * PER_UNIT)

/* 10 + 30 exp(-(t - 3)) from t = 3 on, empty at 0 */
static struct fl_load_grid spike(double from[], double to[])
{
    for (uint32_t i = 0; i < CELLS; i++) {
        const double start = (double)i / PER_UNIT, end = (double)(i + 1) / PER_UNIT;
        from[i] = 10 + (start >= 3 ? 30 * exp(3 - start) : 0);
        to[i] = 10 + (end > 3 ? 30 * exp(3 - end) : 0);
    }
    return (struct fl_load_grid){ .cells = CELLS, .cell = 1.0 / PER_UNIT, .from = from, .to = to };
}

Test(offered_load, of_a_spike_is_that_of_the_table_up_to_the_chords_of_its_rate)
{
    static double from[CELLS], to[CELLS], weights[2 * CELLS], load[4][CELLS + 1];
    const struct fl_load_grid grid = spike(from, to);
    cJSON *const truth = truth_read("mt_g_inf.json");
    const cJSON *item;
    int cases = 0;

    for (int s = 0; s < 4; s++) fl_offered_load(&grid, services[s].survival, NULL, 1, weights, load[s]);

    cJSON_ArrayForEach(item, truth_member(truth, "cases"))
    {
        const cJSON *const params = truth_member(item, "params");
        const uint32_t edge = (uint32_t)(truth_number(params, "t") * PER_UNIT);
        const double want = truth_number(truth_member(item, "values"), "m");
        for (int s = 0; s < 4; s++) {
            if (strcmp(services[s].name, truth_member(params, "service")->valuestring) != 0) continue;
            /* chords lie above a convex rate by at most 30 h^2 / 12 in all */
            cr_expect_float_eq(load[s][edge], want, 30.0 / PER_UNIT / PER_UNIT / 12, "%s at %u", services[s].name,
                               edge);
            cases++;
        }
    }

    cr_expect_eq(cases, 12);
    cJSON_Delete(truth);
}

Test(offered_load, exponential_service_has_ten_digits_where_the_rate_is_linear)
{
    /* rate 2 + 3t on [0, 1], then 1: m by hand, from 4/mu in balance before */
    const double from[] = { 2, 1 }, to[] = { 5, 1 };
    const struct fl_load_grid grid = { .cells = 2, .cell = 1, .from = from, .to = to, .before = 4 };
    const double mu = 0.7;
    const double at_1 = 4 / mu * exp(-mu) + 2 / mu * (1 - exp(-mu)) + 3 * (1 / mu - (1 - exp(-mu)) / (mu * mu));
    double load[3];

    fl_offered_load_exponential(&grid, mu, load);

    cr_expect_float_eq(load[0], 4 / mu, 1e-13);
    cr_expect_float_eq(load[1], at_1, 1e-10);
    cr_expect_float_eq(load[2], at_1 * exp(-mu) + (1 - exp(-mu)) / mu, 1e-10);
}

Test(offered_load, both_ways_agree_for_exponential_service_that_began_in_balance)
{
    static double from[CELLS], to[CELLS], weights[2 * CELLS], general[CELLS + 1], exact[CELLS + 1];
    struct fl_load_grid grid = spike(from, to);
    grid.before = 10;

    fl_offered_load(&grid, survive_exponential, NULL, 1, weights, general);
    fl_offered_load_exponential(&grid, 1, exact);

    for (uint32_t i = 0; i <= CELLS; i += 64) cr_expect_float_eq(general[i], exact[i], 1e-10, "edge %u", i);
    cr_expect_float_eq(exact[PER_UNIT], 10, 1e-10); /* in balance until the spike */
}

Test(offered_load, of_one_hour_chats_is_the_arrivals_of_the_last_hour)
{
    const double from[] = { 3, 5, 0, 7 }, to[] = { 3, 5, 0, 9 };
    const struct fl_load_grid grid = { .cells = 4, .cell = 0.5, .from = from, .to = to, .before = 2 };
    double weights[8], load[5];

    fl_offered_load(&grid, survive_one, NULL, 1, weights, load);

    const double want[] = { 2, 2.5, 4, 2.5, 4 };
    for (int i = 0; i < 5; i++) cr_expect_float_eq(load[i], want[i], 1e-12, "edge %d", i);
}

Test(offered_load, rates_follow_the_points_with_their_jumps)
{
    const struct fl_rate_point points[] = {
        { 0, 3600 }, { 2 * FL_HOUR, 7200 }, { 2 * FL_HOUR, 36000 }, { 3 * FL_HOUR, 0 }
    };
    double from[6], to[6];

    fl_load_rates(points, 4, -FL_HOUR, FL_HOUR, 6, from, to);

    const double want_from[] = { 1, 1, 1.5, 10, 0, 0 }, want_to[] = { 1, 1.5, 2, 0, 0, 0 };
    for (int i = 0; i < 6; i++) {
        cr_expect_float_eq(from[i], want_from[i], 1e-12, "cell %d", i);
        cr_expect_float_eq(to[i], want_to[i], 1e-12, "cell %d", i);
    }
}

Test(offered_load, the_last_interval_may_be_shorter)
{
    const double load[] = { 1, 5, 2, 3, 9, 4 };
    double peak[3];

    fl_load_peaks(load, 5, 2, peak);

    cr_expect_eq(peak[0], 5.0);
    cr_expect_eq(peak[1], 9.0);
    cr_expect_eq(peak[2], 9.0);
}

Test(offered_load, staffs_the_promotion_as_the_table_says)
{
    /* 2 a minute and 6 exp(-(t - 90) / 45) more from minute 90; chats of 12 minutes, patience of 24 */
    enum { CELL_COUNT = 360 * 4 };
    static double from[CELL_COUNT], to[CELL_COUNT], load[CELL_COUNT + 1];
    for (uint32_t i = 0; i < CELL_COUNT; i++) {
        const double start = i / 4.0, end = (i + 1) / 4.0;
        from[i] = 2 + (start >= 90 ? 6 * exp((90 - start) / 45) : 0);
        to[i] = 2 + (end > 90 ? 6 * exp((90 - end) / 45) : 0);
    }
    const struct fl_load_grid grid = { .cells = CELL_COUNT, .cell = 0.25, .from = from, .to = to, .before = 2 };
    const struct fl_erlang_goal goal = { .measure = FL_ERLANG_P_WAIT, .bound = 0.2 };
    double peak[12];
    uint32_t people[12];
    cJSON *const truth = truth_read("derived_promo_staffing.json");
    const cJSON *item;
    int cases = 0;

    fl_offered_load_exponential(&grid, 1.0 / 12, load);
    fl_load_peaks(load, CELL_COUNT, 30 * 4, peak);
    cr_assert_eq(fl_requirement_erlang(12, peak, 1.0 / 12, 1.0 / 24, &goal, people), FL_OK);

    cJSON_ArrayForEach(item, truth_member(truth, "cases"))
    {
        const cJSON *const params = truth_member(item, "params");
        if (strcmp(truth_member(params, "name")->valuestring, "MOL-max") != 0) continue;
        const cJSON *const servers = truth_member(params, "servers_by_30min");
        for (int i = 0; i < 12; i++)
            cr_expect_eq((int)people[i], cJSON_GetArrayItem(servers, i)->valueint, "half hour %d: %u", i, people[i]);
        cases++;
    }
    cr_expect_eq(cases, 1);
    cJSON_Delete(truth);
}

Test(offered_load, a_chat_desk_of_one_slot_each_is_staffed_as_by_erlang_a)
{
    const double peak[] = { 0, 0.3, 24, 60 }, rate[] = { 0, 1.0 / 12 };
    const struct fl_erlang_goal goal = { .measure = FL_ERLANG_P_WAIT, .bound = 0.2 };
    const struct fl_chat_pool pool = { .slots = 1, .rate = rate, .leave_rate = 1.0 / 24 };
    uint32_t want[4], got[4];
    cr_assert_eq(fl_requirement_erlang(4, peak, 1.0 / 12, 1.0 / 24, &goal, want), FL_OK);

    cr_assert_eq(fl_requirement_chat(4, peak, 12, &pool, 0.2, 1000, got), FL_OK);

    for (int i = 0; i < 4; i++) cr_expect_eq(got[i], want[i]);
    cr_expect_eq(fl_requirement_chat(4, peak, 12, &pool, 0.2, 20, got), FL_EINFEASIBLE);
}

Test(offered_load, three_chats_at_once_need_fewer_people_but_more_than_a_third)
{
    const struct fl_chat_work work = { .reply_rate = 1.0 / 20, .think_rate = 1.0 / 40, .p_end = 0.1 };
    double rate[4];
    fl_chat_rates(&work, 3, rate);
    struct fl_chat_pool pool = { .slots = 1, .rate = rate, .leave_rate = 1.0 / 188 };
    const double chat_mean = 1 / rate[1], peak[] = { 0.1 * chat_mean };
    uint32_t one, three;

    cr_assert_eq(fl_requirement_chat(1, peak, chat_mean, &pool, 0.2, 1000, &one), FL_OK);
    pool.slots = 3;
    cr_assert_eq(fl_requirement_chat(1, peak, chat_mean, &pool, 0.2, 1000, &three), FL_OK);

    cr_expect_lt(three, one);
    cr_expect_gt(3 * three, one);
}
