/* Whom one misses, the worst interval, whose luck it is: against figures worked out by hand. */
#include "run/run.h"
#include "scenario/reader.h"
#include "staffing/risk.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

Test(risk, people_short_is_half_the_spread_at_the_load_and_falls_from_there)
{
    cr_expect_float_eq(fl_people_short(4, 4), 2 * 0.3989422804014327, 1e-12); /* E[Z+] = 1 / sqrt(2 pi), spread 2 */
    cr_expect_float_eq(fl_people_short(4, 6), 2 * 0.0833154705876862, 1e-12); /* E[(Z - 1)+] = phi(1) - (1 - Phi(1)) */
    cr_expect_float_eq(fl_people_short(100, 0), 100, 1e-6);
    cr_expect_eq(fl_people_short(0, 0), 0);
    for (double on = 0; on < 12; on++) {
        const double first = fl_people_short(4, on) - fl_people_short(4, on + 1), next = fl_people_short(4, on + 1) - fl_people_short(4, on + 2);
        cr_expect(first > next && next > 0, "%g people: each further one helps, and less", on);
    }
}

Test(money, hours_beyond_a_working_day_are_paid_at_the_rate_of_overtime)
{
    const struct fl_money plain = { .overtime_after = FL_TIME_NEVER, .overtime_rate = 1.5 }, paid = { .overtime_after = 8 * FL_HOUR, .overtime_rate = 1.5 };

    cr_expect_eq(fl_money_hours(&plain, 12), 12);
    cr_expect_eq(fl_money_hours(&paid, 8), 8);
    cr_expect_float_eq(fl_money_hours(&paid, 10), 11, 1e-12);
}

Test(risk, the_variance_of_what_follows_the_factor_alone_is_all_the_factors)
{
    const double low[] = { 10 - 3 * FL_Z_90, 10 - 3 * FL_Z_90 }, middle[] = { 10, 10 }, high[] = { 10 + 3 * FL_Z_90, 10 + 3 * FL_Z_90 };

    const struct fl_variance_split split = fl_variance_split(2, low, middle, high);

    cr_expect_float_eq(split.factor, 9, 1e-9); /* of 10 + 3 Z */
    cr_expect_float_eq(split.chance, 0, 1e-9);
    cr_expect_float_eq(split.share, 1, 1e-9);
}

Test(risk, the_variance_of_what_the_factor_does_not_touch_is_all_chance)
{
    const double days[] = { 2, 4, 6 };

    const struct fl_variance_split split = fl_variance_split(3, days, days, days);

    cr_expect_float_eq(split.factor, 0, 1e-12);
    cr_expect_float_eq(split.chance, 4, 1e-12);
    cr_expect_eq(split.share, 0);
}

Test(risk, both_stand_side_by_side)
{
    const double low[] = { 8 - 2 * FL_Z_90, 12 - 2 * FL_Z_90 }, middle[] = { 8, 12 }, high[] = { 8 + 2 * FL_Z_90, 12 + 2 * FL_Z_90 };

    const struct fl_variance_split split = fl_variance_split(2, low, middle, high);

    cr_expect_float_eq(split.factor, 4, 1e-9);
    cr_expect_float_eq(split.chance, 8, 1e-9); /* of 8 and 12 */
    cr_expect_float_eq(split.share, 1. / 3, 1e-9);
}

Test(risk, days_are_pooled_and_the_commonest_interval_is_named)
{
    struct fl_worst_interval worst[] = { { .interval = 3, .left = 2, .wrote = 20, .answered = 18, .wait_s = 360 },
                                         { .interval = 5, .left = 6, .wrote = 30, .answered = 24, .wait_s = 960 },
                                         { .interval = 5, .left = 4, .wrote = 30, .answered = 18, .wait_s = 480 },
                                         { .interval = FL_NONE } };

    const struct fl_worst_expected expected = fl_worst_expect(4, worst);

    cr_expect(expected.known);
    cr_expect_float_eq(expected.left, 3, 1e-12);
    cr_expect_float_eq(expected.share, 12. / 80, 1e-12);
    cr_expect_float_eq(expected.first_s, 30, 1e-12);
    cr_expect_float_eq(expected.left_p90, 6, 1e-12);
    cr_expect_float_eq(expected.left_high - expected.left, 3.182446305 * sqrt(20. / 3 / 4), 1e-6); /* Student's t of 3 degrees */
    cr_expect_eq(expected.left_low, 0); /* 3 less 4.1 */
    const struct fl_worst_expected narrow = fl_worst_expect(3, (struct fl_worst_interval[]){ { .interval = 1, .left = 9, .wrote = 20 }, { .interval = 1, .left = 10, .wrote = 20 },
                                                                                               { .interval = 1, .left = 11, .wrote = 20 } });
    cr_expect_float_eq(narrow.left - narrow.left_low, 4.302652730 * sqrt(1. / 3), 1e-6); /* of 2 degrees */
    cr_expect_eq(expected.interval, 5);
    cr_expect_eq(expected.days_there, 2);
}

Test(risk, a_day_without_buyers_has_no_worst_interval)
{
    struct fl_worst_interval worst[] = { { .interval = FL_NONE } };

    cr_expect_not(fl_worst_expect(1, worst).known);
}

/* An hour in which one agent, a minute a reply, has far too much from the third quarter on. */
Test(risk, the_worst_quarter_is_where_most_leave)
{
    static const char text[] = "{\"fenliu\":1,\"duration\":\"1h\",\"interval\":\"15m\",\"traffic\":{\"rate\":{\"points\":[[\"+0h\",8],[\"+30m\",8],[\"+30m\",240],[\"+45m\",240],"
                               "[\"+45m\",8]]}},\"buyers\":{\"intents\":[{\"name\":\"size\",\"reply\":{\"total\":\"60s\"}}],\"patience\":{\"first\":\"90s\"}},"
                               "\"desk\":{\"groups\":[{\"name\":\"a\"}],\"agents\":[{\"name\":\"mei\"}]}}";
    struct fl_scenario *scenario = NULL;
    struct fl_errors errors = { 0 };
    struct fl_run *run = NULL;
    cr_assert_eq(fl_scenario_read("test", text, strlen(text), NULL, 0, &scenario, &errors), FL_OK, "%s", errors.list[0].text);
    const struct fl_run_options options = { .seed = 3, .replications = 5, .jobs = 1, .cells = true };
    cr_assert_eq(fl_run(scenario, &options, &run), FL_OK);
    double left = 0;
    for (uint32_t i = 0; i < 5; i++) {
        const struct fl_worst_interval worst = fl_worst_interval(scenario, run->results.cells.rows[FL_CELLS_INTERVALS][i], 1);
        cr_expect_eq(worst.interval, 2, "day %u: %u", i, worst.interval);
        cr_expect(worst.left > 0 && worst.left < worst.wrote && worst.wait_s <= 90 * worst.answered);
        left += worst.left;
    }

    const struct fl_figure third = fl_figure_named(&run->results, FL_SCOPE_INTERVAL, 2, "abandonment");

    cr_expect_float_eq(left, third.value * (double)third.n, 1e-6); /* what the interval's own figure says */
    fl_run_free(run);
    fl_scenario_free(scenario);
}
