/* Who works when: the cheapest team, by name, within everybody's limits, and why there is none. */
#include "staffing/team.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#define DUTIES_MAX  400u
#define MEMBERS_MAX 60u
#define PLACES_MAX  2000u

struct world {
    struct fl_team_problem problem;
    struct fl_team_duty duties[DUTIES_MAX];
    struct fl_team_member members[MEMBERS_MAX];
    double cost[MEMBERS_MAX * DUTIES_MAX], wish[MEMBERS_MAX * DUTIES_MAX];
    bool away[MEMBERS_MAX * DUTIES_MAX];
    struct fl_team_place places[PLACES_MAX];
    uint32_t heads[MEMBERS_MAX];
    struct fl_team team;
};

/* Each of `days` has these shifts: hours from and to, and people. */
struct shift {
    int from, to;
    uint32_t people;
};

static struct world *world_of(uint32_t days, const struct shift shifts[], uint32_t shifts_count)
{
    struct world *const w = calloc(1, sizeof *w);
    w->problem = (struct fl_team_problem){ .days = days, .duties = w->duties, .members = w->members, .cost = w->cost, .wish = w->wish, .away = w->away,
                                           .gap = 0, .nodes_max = 2000 };
    for (uint32_t day = 0; day < days; day++) {
        for (uint32_t s = 0; s < shifts_count; s++) {
            const fl_time from = day * FL_DAY + shifts[s].from * FL_HOUR, to = day * FL_DAY + shifts[s].to * FL_HOUR;
            w->duties[w->problem.duties_count++] = (struct fl_team_duty){ from, to, to - from, day, shifts[s].people };
        }
    }
    w->team.places = w->places;
    w->team.heads = w->heads;
    return w;
}

/* After the duties. */
static uint32_t add_member(struct world *w, uint32_t count, double wage)
{
    const uint32_t m = w->problem.members_count++;
    w->members[m] = (struct fl_team_member){ .count = count, .hours_day = FL_TIME_NEVER, .hours_week = FL_TIME_NEVER, .days_week = 7 };
    for (uint32_t d = 0; d < w->problem.duties_count; d++)
        w->cost[m * w->problem.duties_count + d] = wage * (double)w->duties[d].worked / (double)FL_HOUR;
    return m;
}

static void mark(struct world *w, uint32_t m, uint32_t day, bool away, double wish)
{
    for (uint32_t d = 0; d < w->problem.duties_count; d++) {
        if (w->duties[d].day != day) continue;
        w->away[m * w->problem.duties_count + d] = away;
        w->wish[m * w->problem.duties_count + d] = wish;
    }
}

static uint32_t shifts_of(const struct world *w, uint32_t m, uint32_t day)
{
    uint32_t shifts = 0, place = 0;
    for (uint32_t d = 0; d < w->problem.duties_count; d++)
        for (uint32_t i = 0; i < w->duties[d].people; i++, place++)
            shifts += w->places[place].member == m && (day == FL_NONE || w->duties[d].day == day);
    return shifts;
}

Test(team, a_day_off_a_week_takes_more_people_than_a_day_has_shifts)
{
    const struct shift day[] = { { 9, 17, 10 } };
    struct world *const w = world_of(7, day, 1);
    add_member(w, 100, 25);
    w->members[0].hired = true;
    w->members[0].days_week = 6;

    cr_assert_eq(fl_team_solve(&w->problem, &w->team), FL_OK);

    cr_expect_eq(w->heads[0], 12); /* 70 shifts by sixes */
    cr_expect_float_eq(w->team.cost, 70 * 200, 1e-6);
    cr_expect(w->team.proven && fl_team_keeps_limits(&w->problem, w->places));
    free(w);
}

Test(team, the_cheaper_are_taken_first_and_hiring_has_its_price)
{
    const struct shift day[] = { { 9, 17, 2 } };
    struct world *const w = world_of(5, day, 1);
    add_member(w, 1, 30);
    const uint32_t temp = add_member(w, 9, 20);
    w->members[temp].hired = true;
    w->members[temp].hire_cost = 350; /* five days at 20 instead of 30 save 400 */
    const uint32_t spare = add_member(w, 1, 30);
    w->members[spare].days_week = 4;

    cr_assert_eq(fl_team_solve(&w->problem, &w->team), FL_OK);

    cr_expect_eq(w->heads[temp], 2);
    cr_expect_float_eq(w->team.cost, 10 * 160 + 2 * 350, 1e-6);

    w->members[temp].hire_cost = 401;
    cr_assert_eq(fl_team_solve(&w->problem, &w->team), FL_OK);
    cr_expect_eq(w->heads[temp], 1); /* the two there cannot do it all */
    free(w);
}

Test(team, rests_between_a_late_and_an_early_shift)
{
    const struct shift day[] = { { 6, 14, 1 }, { 16, 24, 1 } };
    struct world *const w = world_of(4, day, 2);
    add_member(w, 2, 25);
    w->members[0].rest = 8 * FL_HOUR;

    cr_assert_eq(fl_team_solve(&w->problem, &w->team), FL_OK); /* one has the early shifts, one the late ones */
    cr_expect(fl_team_keeps_limits(&w->problem, w->places));

    w->members[0].rest = 12 * FL_HOUR;
    cr_assert_eq(fl_team_solve(&w->problem, &w->team), FL_OK); /* either has 16 hours after a shift to the same one */
    cr_expect(fl_team_keeps_limits(&w->problem, w->places));
    w->members[0].rest = 17 * FL_HOUR;
    cr_expect_eq(fl_team_solve(&w->problem, &w->team), FL_EINFEASIBLE);
    cr_expect_eq(w->team.open, 2); /* each can come every other day, or early and late on two in a row */
    cr_expect(fl_team_keeps_limits(&w->problem, w->places));
    free(w);
}

Test(team, wishes_weigh_against_money)
{
    const struct shift day[] = { { 9, 17, 1 } };
    struct world *const w = world_of(3, day, 1);
    const uint32_t mei = add_member(w, 1, 20), lan = add_member(w, 1, 25);
    mark(w, mei, 1, false, 39); /* her day off is worth 39 of the 40 that it costs */
    mark(w, mei, 2, false, 41);

    cr_assert_eq(fl_team_solve(&w->problem, &w->team), FL_OK);

    cr_expect_eq(shifts_of(w, mei, 1), 1);
    cr_expect_eq(shifts_of(w, lan, 2), 1);
    cr_expect_float_eq(w->team.cost, 160 + 160 + 200, 1e-6);
    cr_expect_float_eq(w->team.wishes, 39, 1e-6);
    cr_expect_float_eq(w->team.bound, 559, 0.01);

    mark(w, lan, 2, true, 0);
    cr_assert_eq(fl_team_solve(&w->problem, &w->team), FL_OK);
    cr_expect_eq(shifts_of(w, mei, 2), 1); /* there is nobody else */
    free(w);
}

Test(team, explains_what_is_in_the_way_each_limit_by_itself)
{
    const struct shift day[] = { { 9, 18, 2 } };
    struct world *const w = world_of(7, day, 1);
    fl_time more[FL_TEAM_LIMITS_COUNT];
    add_member(w, 2, 25);
    w->members[0].days_week = 6;
    w->members[0].hours_week = 63 * FL_HOUR;

    cr_assert_eq(fl_team_solve(&w->problem, &w->team), FL_EINFEASIBLE);
    cr_expect_eq(w->team.open, 2);
    cr_assert_eq(fl_team_explain(&w->problem, more), FL_OK);

    cr_expect_eq(more[FL_TEAM_PEOPLE], 1);
    cr_expect_eq(more[FL_TEAM_DAYS_WEEK], 1);
    cr_expect_eq(more[FL_TEAM_HOURS_WEEK], FL_TIME_NEVER); /* the seventh day is in the way */
    cr_expect_eq(more[FL_TEAM_REST], 0);
    cr_expect_eq(more[FL_TEAM_HOURS_DAY], 0);
    cr_expect_eq(more[FL_TEAM_AWAY], FL_TIME_NEVER);

    w->members[0].days_week = 7;
    w->members[0].hours_week = 60 * FL_HOUR;
    w->members[0].hours_day = 8 * FL_HOUR;
    cr_assert_eq(fl_team_explain(&w->problem, more), FL_OK);
    cr_expect_eq(more[FL_TEAM_HOURS_DAY], FL_TIME_NEVER);
    w->members[0].hours_week = FL_TIME_NEVER;
    cr_assert_eq(fl_team_explain(&w->problem, more), FL_OK);
    cr_expect_eq(more[FL_TEAM_HOURS_DAY], FL_HOUR);
    w->members[0].hours_day = FL_TIME_NEVER;
    w->members[0].hours_week = 60 * FL_HOUR;
    cr_assert_eq(fl_team_explain(&w->problem, more), FL_OK);
    cr_expect_eq(more[FL_TEAM_HOURS_WEEK], 3 * FL_HOUR);
    free(w);
}

Test(team, people_whose_hours_do_not_come_out_even_are_looked_at_one_by_one)
{
    /* 60 hours of 9 and 3: three people of 20 hours have them in sum, but two nines leave 2 hours over */
    const struct shift day[] = { { 8, 17, 1 }, { 12, 15, 1 } };
    struct world *const w = world_of(5, day, 2);
    add_member(w, 3, 25);
    w->members[0].hours_week = 20 * FL_HOUR;

    cr_assert_eq(fl_team_solve(&w->problem, &w->team), FL_EINFEASIBLE);
    cr_expect_eq(w->team.open, 1); /* a nine */
    cr_expect(fl_team_keeps_limits(&w->problem, w->places));

    w->members[0].hours_week = 21 * FL_HOUR;
    cr_assert_eq(fl_team_solve(&w->problem, &w->team), FL_OK);
    cr_expect(fl_team_keeps_limits(&w->problem, w->places) && w->team.proven);
    free(w);
}

static bool keeps(const struct world *w, const uint32_t who[], uint32_t count)
{
    struct fl_team_place places[PLACES_MAX];
    for (uint32_t i = 0; i < count; i++) places[i] = (struct fl_team_place){ .duty = i, .member = who[i] };
    return fl_team_keeps_limits(&w->problem, places);
}

/* Two people turn about for nine days. Each limit is tried where it just holds, and where it does not. */
Test(team, a_team_that_breaks_a_limit_is_told_from_one_that_keeps_it)
{
    const struct shift day[] = { { 9, 17, 1 } };
    static const uint32_t turns[9] = { 0, 1, 0, 1, 0, 1, 0, 1, 0 }, fewer[9] = { FL_NONE, 1, 0, 1, 0, 1, 0, 1, 0 };
    struct world *const w = world_of(9, day, 1);
    struct fl_team_member *const mei = &w->members[add_member(w, 1, 25)];
    add_member(w, 1, 25);
    cr_expect(keeps(w, turns, 9) && keeps(w, fewer, 9), "a place may be left open");

    mei->days_week = 4; /* the ninth day is of the second week */
    cr_expect(keeps(w, turns, 9));
    mei->days_week = 3;
    cr_expect(!keeps(w, turns, 9) && keeps(w, fewer, 9));
    mei->days_week = 7;
    mei->hours_week = 32 * FL_HOUR;
    cr_expect(keeps(w, turns, 9));
    mei->hours_week--;
    cr_expect(!keeps(w, turns, 9) && keeps(w, fewer, 9));
    mei->hours_week = FL_TIME_NEVER;
    mei->rest = 40 * FL_HOUR; /* from 17:00 to 09:00 of the day after the next */
    cr_expect(keeps(w, turns, 9));
    mei->rest++;
    cr_expect_not(keeps(w, turns, 9));
    mei->rest = 0;
    mei->hours_day = 8 * FL_HOUR;
    cr_expect(keeps(w, turns, 9));
    mei->hours_day--;
    cr_expect_not(keeps(w, turns, 9));
    mei->hours_day = FL_TIME_NEVER;
    mark(w, 0, 0, true, 0);
    cr_expect(!keeps(w, turns, 9) && keeps(w, fewer, 9), "away");
    mark(w, 0, 0, false, 0);
    w->cost[0] = INFINITY;
    cr_expect(!keeps(w, turns, 9) && keeps(w, fewer, 9), "cannot do it");
    free(w);
}

Test(team, one_person_has_one_shift_a_day_and_who_is_nobody_has_none)
{
    const struct shift day[] = { { 6, 10, 1 }, { 12, 16, 1 } };
    struct world *const w = world_of(1, day, 2);
    add_member(w, 2, 25);
    struct fl_team_place places[2] = { { .duty = 0, .person = 0 }, { .duty = 1, .person = 1 } };

    cr_expect(fl_team_keeps_limits(&w->problem, places));
    places[1].person = 0;
    cr_expect_not(fl_team_keeps_limits(&w->problem, places), "both are hers");
    places[1].person = 2;
    cr_expect_not(fl_team_keeps_limits(&w->problem, places), "there are two of them");
    places[1] = (struct fl_team_place){ .duty = 1, .member = 1 };
    cr_expect_not(fl_team_keeps_limits(&w->problem, places), "nobody");
    places[1] = (struct fl_team_place){ .duty = 0, .person = 1 };
    cr_expect_not(fl_team_keeps_limits(&w->problem, places), "the other shift has no place");
    free(w);
}

Test(team, thirty_days_of_forty_people_take_seconds)
{
    const struct shift day[] = { { 0, 8, 2 }, { 8, 16, 6 }, { 10, 18, 3 }, { 12, 20, 4 }, { 16, 24, 7 }, { 19, 24, 4 } };
    struct world *const w = world_of(30, day, 6);
    uint32_t dice = 7;
    for (uint32_t m = 0; m < 24; m++) {
        add_member(w, 1, 22 + m % 5);
        w->members[m].rest = 11 * FL_HOUR;
        w->members[m].hours_week = 44 * FL_HOUR;
        w->members[m].days_week = 6;
        for (int i = 0; i < 4; i++) {
            dice = dice * 1664525u + 1013904223u;
            mark(w, m, (dice >> 16) % 30, i == 0, i == 0 ? 0 : 30);
        }
    }
    const uint32_t temp = add_member(w, 40, 24);
    w->members[temp] = (struct fl_team_member){ .count = 40, .hired = true, .hire_cost = 500, .rest = 11 * FL_HOUR, .hours_day = FL_TIME_NEVER,
                                                .hours_week = 44 * FL_HOUR, .days_week = 6 };
    w->problem.gap = 0.005;

    cr_assert_eq(fl_team_solve(&w->problem, &w->team), FL_OK);

    cr_expect(fl_team_keeps_limits(&w->problem, w->places));
    cr_expect(w->team.proven, "cost %g wishes %g bound %g", w->team.cost, w->team.wishes, w->team.bound);
    free(w);
}
