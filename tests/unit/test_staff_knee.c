/* Where further people bring too little. */
#include "staffing/knee.h"

#include <criterion/criterion.h>

static const struct fl_knee_rule rule = { .least_share = 0.01, .least_excess = 0.02 };

static uint32_t people_at_knee(uint32_t count, const struct fl_knee_point points[])
{
    return points[fl_knee_find(count, points, &rule)].people;
}

Test(staff_knee, a_curve_that_still_climbs_has_its_knee_at_the_end)
{
    const struct fl_knee_point points[] = { { 5, 0.30, 1.4 }, { 6, 0.60, 1.1 }, { 7, 0.80, 0.9 }, { 8, 0.92, 0.8 } };

    cr_expect_eq(people_at_knee(4, points), 8);
}

Test(staff_knee, a_curve_that_flattens_has_it_where_the_climb_ends)
{
    const struct fl_knee_point points[] = { { 5, 0.30, 1.40 }, { 7, 0.78, 1.05 }, { 9, 0.80, 1.02 }, { 14, 0.82, 1.00 }, { 30, 0.83, 0.99 } };

    cr_expect_eq(people_at_knee(5, points), 9); /* 7 to 9: a day in a hundred a person; 9 to 14: less than half of one */
}

Test(staff_knee, people_are_wanted_while_the_figure_improves_even_if_no_day_passes_yet)
{
    const struct fl_knee_point points[] = { { 5, 0, 9 }, { 6, 0, 5 }, { 7, 0, 3 }, { 8, 0, 2.99 }, { 12, 0, 2.98 } };

    cr_expect_eq(people_at_knee(5, points), 7);
}

Test(staff_knee, a_jump_further_up_is_not_averaged_away)
{
    const struct fl_knee_point points[] = { { 10, 0.50, 1.00 }, { 12, 0.85, 0.99 }, { 60, 0.90, 0.98 } };

    cr_expect_eq(people_at_knee(3, points), 12); /* 10 to 60 alone: 0.8 days in a hundred a person */
}

Test(staff_knee, beyond_the_best_nothing_is_looked_for)
{
    const struct fl_knee_point points[] = { { 5, 0.30, 1.4 }, { 8, 0.80, 0.9 }, { 20, 0.40, 1.3 }, { 40, 0.10, 1.8 } };

    cr_expect_eq(people_at_knee(4, points), 8);
}

Test(staff_knee, a_step_of_a_large_desk_is_a_twentieth)
{
    const struct fl_knee_point points[] = { { 800, 0.40, 1.05 }, { 840, 0.70, 1.00 }, { 880, 0.92, 0.95 } };

    cr_expect_eq(fl_knee_step(3), 1);
    cr_expect_eq(fl_knee_step(39), 1);
    cr_expect_eq(fl_knee_step(800), 40);
    cr_expect_eq(people_at_knee(3, points), 880); /* thirty in a hundred a step, less than one a person */
}

Test(staff_knee, pooled_figures_ignore_the_days)
{
    const struct fl_knee_rule pooled = { .least_share = 0.01, .least_excess = 0.02, .pooled = true };
    const struct fl_knee_point points[] = { { 20, 0, 1.01 }, { 30, 0, 1.005 }, { 40, 1, 0.99 } };

    cr_expect_eq(fl_knee_find(3, points, &pooled), 0); /* 97.9 % wanted, 98.0 % the most there is: twenty people for a tenth of a point */
    cr_expect_eq(fl_knee_find(3, points, &rule), 2);
}
