#include "staffing/rota.h"
#include "staffing/solver.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#define INTERVALS_MAX   6
#define GROUPS_TEST_MAX 3
#define CELLS_MAX       (INTERVALS_MAX * GROUPS_TEST_MAX)
#define SHIFTS_TEST_MAX 8

/* Room for an answer. */
struct room {
    uint32_t people[64];
    double on_duty[1024], shortage[1024];
    struct fl_rota roster;
};

static void room_open(struct room *room)
{
    memset(room, 0, sizeof *room);
    room->roster = (struct fl_rota){ .people = room->people, .on_duty = room->on_duty, .shortage = room->shortage };
}

static struct fl_rota_shift shift(int from_h, int to_h, uint64_t groups, double cost)
{
    return (struct fl_rota_shift){ .from = from_h * FL_HOUR,
                                   .to = to_h * FL_HOUR,
                                   .groups = groups,
                                   .cost = cost,
                                   .speed = 1,
                                   .people_max = FL_NONE };
}

static struct fl_rota_problem problem(uint32_t hours, uint32_t groups, const double *required, uint32_t shifts_count,
                                      const struct fl_rota_shift *shifts)
{
    return (struct fl_rota_problem){ .interval = FL_HOUR,
                                     .duration = hours * FL_HOUR,
                                     .intervals_count = hours,
                                     .groups_count = groups,
                                     .required = required,
                                     .shifts_count = shifts_count,
                                     .shifts = shifts,
                                     .whole_share = 1,
                                     .people_max = FL_NONE,
                                     .seats = FL_NONE,
                                     .nodes_max = FL_ROTA_NODES_MAX };
}

/* ---- Brute force --------------------------------------------------------------------------------- */

/* Whether the people on duty can be divided so that every group has enough: by Hall's condition, every set of groups
 * needs at most what all who answer any of them can give. */
static bool can_cover(const struct fl_rota_problem *p, const uint32_t people[], uint32_t hour)
{
    for (uint64_t set = 1; set < UINT64_C(1) << p->groups_count; set++) {
        double wanted = 0, given = 0;
        for (uint32_t g = 0; g < p->groups_count; g++)
            wanted += set >> g & 1 ? p->required[hour * p->groups_count + g] : 0;
        for (uint32_t j = 0; j < p->shifts_count; j++) {
            const struct fl_rota_shift *const s = &p->shifts[j];
            const bool on = s->from <= hour * FL_HOUR && s->to >= (hour + 1) * FL_HOUR;
            bool rests = false;
            for (uint32_t i = 0; i < s->breaks_count; i++) rests |= (s->from + s->breaks[i].at) / FL_HOUR == hour;
            if (on && !rests && s->groups & set) given += s->speed * people[j];
        }
        if (given < wanted - 1e-9) return false;
    }
    return true;
}

static bool keeps_limits(const struct fl_rota_problem *p, const uint32_t people[])
{
    uint32_t all = 0;
    for (uint32_t j = 0; j < p->shifts_count; j++) all += people[j];
    if (all > p->people_max) return false;
    for (uint32_t t = 0; t < p->intervals_count; t++) {
        uint32_t seated = 0;
        for (uint32_t j = 0; j < p->shifts_count; j++)
            seated += p->shifts[j].from < (t + 1) * FL_HOUR && p->shifts[j].to > t * FL_HOUR ? people[j] : 0;
        if (seated > p->seats) return false;
    }
    return true;
}

/* Only for problems whose cuts speak of groups nobody shares. */
static bool keeps_cuts(const struct fl_rota_problem *p, const uint32_t people[])
{
    for (uint32_t c = 0; c < p->cuts_count; c++) {
        double sum = 0;
        for (uint32_t i = 0; i < p->cuts[c].terms_count; i++) {
            const struct fl_rota_term *const term = &p->cuts[c].terms[i];
            for (uint32_t j = 0; j < p->shifts_count; j++) {
                const struct fl_rota_shift *const s = &p->shifts[j];
                const fl_time from = term->interval * FL_HOUR;
                if (s->groups >> term->group & 1 && fl_rota_on_duty(s, from, from + FL_HOUR) == FL_HOUR)
                    sum += term->weight * s->speed * people[j];
            }
        }
        if (sum < p->cuts[c].at_least - 1e-9) return false;
    }
    return true;
}

/* One of its shifts has more people than the barred roster. */
static bool is_barred(const struct fl_rota_problem *p, const uint32_t people[])
{
    for (uint32_t k = 0; k < p->barred_count; k++) {
        bool within = true;
        for (uint32_t j = 0; j < p->shifts_count; j++) {
            const uint32_t most = p->barred[k * p->shifts_count + j];
            within &= most == FL_NONE || people[j] <= most;
        }
        if (within) return true;
    }
    return false;
}

/* Cheapest cost with up to `most` people on each shift; infinite when nothing covers. */
static double cheapest(const struct fl_rota_problem *p, uint32_t most)
{
    uint32_t people[SHIFTS_TEST_MAX] = { 0 };
    double best = INFINITY;
    for (;;) {
        double cost = 0;
        bool ok = true;
        for (uint32_t j = 0; j < p->shifts_count; j++) {
            cost += p->shifts[j].cost * people[j];
            ok &= people[j] <= p->shifts[j].people_max;
        }
        if (cost < best && ok && keeps_limits(p, people) && keeps_cuts(p, people) && !is_barred(p, people)) {
            for (uint32_t t = 0; ok && t < p->intervals_count; t++) ok = can_cover(p, people, t);
            if (ok) best = cost;
        }
        uint32_t j = 0;
        while (j < p->shifts_count && people[j] == most) people[j++] = 0;
        if (j == p->shifts_count) return best;
        people[j]++;
    }
}

/* A small generator of test cases: Numerical Recipes' quick and dirty one suffices. */
static uint32_t any_of(uint32_t *state, uint32_t n)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 16) % n;
}

static void expect_covered(const struct fl_rota_problem *p, const struct room *room, uint32_t seed)
{
    double cost = 0;
    for (uint32_t j = 0; j < p->shifts_count; j++) cost += p->shifts[j].cost * room->people[j];
    cr_expect_float_eq(cost, room->roster.cost, 1e-9, "seed %u", seed);
    for (uint32_t i = 0; i < p->intervals_count * p->groups_count; i++) {
        cr_expect_geq(room->on_duty[i], p->required[i] - 1e-6, "seed %u, cell %u", seed, i);
        cr_expect_eq(room->shortage[i], 0.0);
    }
    cr_expect(keeps_limits(p, room->people) && keeps_cuts(p, room->people) && !is_barred(p, room->people), "seed %u", seed);
}

Test(rota, costs_what_brute_force_finds_on_random_desks)
{
    int feasible = 0, infeasible = 0, crossed = 0, barring = 0;
    for (uint32_t seed = 1; seed <= 100; seed++) {
        uint32_t dice = seed;
        const uint32_t hours = 3 + any_of(&dice, 3), groups = 1 + any_of(&dice, 3), count = 4 + any_of(&dice, 3);
        double required[CELLS_MAX];
        struct fl_rota_shift shifts[SHIFTS_TEST_MAX];
        const struct fl_break rest = { .at = FL_HOUR, .length = 20 * FL_MINUTE };
        for (uint32_t i = 0; i < hours * groups; i++) required[i] = any_of(&dice, 3);
        bool cross = false;
        for (uint32_t j = 0; j < count; j++) {
            /* every other desk has somebody for each group all day, so that it can be covered */
            const bool all_day = seed % 2 && j < groups;
            const uint32_t from = all_day ? 0 : any_of(&dice, hours),
                           length = all_day ? hours : 1 + any_of(&dice, hours - from);
            const uint64_t answers = all_day ? UINT64_C(1) << j : 1 + any_of(&dice, (1u << groups) - 1);
            shifts[j] = shift((int)from, (int)(from + length), answers, 3 + any_of(&dice, 10));
            const bool crossed_here = (answers & (answers - 1)) != 0;
            cross |= crossed_here;
            /* nobody is ever needed more than 6 times, which is where brute force stops */
            if (!crossed_here && any_of(&dice, 4) == 0) shifts[j].speed = 0.5;
            if (!all_day && any_of(&dice, 5) == 0) shifts[j].people_max = 1;
            if (length >= 3 && !all_day && any_of(&dice, 2) == 0) {
                shifts[j].breaks = &rest;
                shifts[j].breaks_count = 1;
            }
        }
        struct fl_rota_problem p = problem(hours, groups, required, count, shifts);
        if (any_of(&dice, 3) == 0) p.people_max = 3 + any_of(&dice, 6);
        if (any_of(&dice, 3) == 0) p.seats = 2 + any_of(&dice, 5);
        const struct fl_rota_term terms[] = { { 0, 0, 1 }, { hours - 1, groups - 1, 2 } };
        const struct fl_rota_cut cut = { .terms_count = 2, .terms = terms, .at_least = any_of(&dice, 4) };
        if (!cross) {
            p.cuts = &cut;
            p.cuts_count = 1;
        }
        uint32_t barred[3 * SHIFTS_TEST_MAX];
        p.barred = barred;
        p.barred_count = any_of(&dice, 2) == 0 ? 1 + any_of(&dice, 3) : 0;
        for (uint32_t i = 0; i < p.barred_count * count; i++) barred[i] = any_of(&dice, 3) == 0 ? FL_NONE : any_of(&dice, 4);
        const double want = cheapest(&p, 6);
        struct room room;
        room_open(&room);

        const enum fl_status status = fl_rota_solve(&p, &room.roster);

        if (isinf(want)) {
            infeasible++;
            cr_expect_eq(status, FL_EINFEASIBLE, "seed %u: %d", seed, (int)status);
            cr_expect(room.roster.short_interval != FL_NONE || room.roster.short_cut != FL_NONE || p.barred_count > 0, "seed %u", seed);
            continue;
        }
        feasible++;
        crossed += cross;
        barring += p.barred_count > 0;
        cr_assert_eq(status, FL_OK, "seed %u: %d", seed, (int)status);
        cr_expect_float_eq(room.roster.cost, want, 1e-6, "seed %u: wanted %g, got %g", seed, want, room.roster.cost);
        cr_expect(room.roster.proven);
        cr_expect_float_eq(room.roster.bound, want, 1e-4, "seed %u: bound %g", seed, room.roster.bound);
        expect_covered(&p, &room, seed);
    }
    cr_expect_geq(feasible, 30);
    cr_expect_geq(infeasible, 5);
    cr_expect_geq(crossed, 10);
    cr_expect_geq(barring, 10);
}

/* A scenario of nothing but its time and what staff may choose from. */
static struct fl_scenario staffed(fl_time duration)
{
    return (struct fl_scenario){ .start_s = 18 * 3600, /* 18:00 */
                                 .duration = duration,
                                 .staffing = { .step = FL_HOUR, .length_min = 4 * FL_HOUR, .length_max = 8 * FL_HOUR } };
}

static struct fl_rota_people people_of(uint64_t groups, double speed, double wage)
{
    return (struct fl_rota_people){ .groups = groups, .speed = speed, .wage_cny_per_hour = wage, .shift_cny = NAN };
}

/* ---- What each part does ------------------------------------------------------------------------- */

Test(rota, says_which_interval_and_group_nobody_can_cover)
{
    const double required[] = { 1, 1, 1, 3, 1, 1 };
    const struct fl_rota_shift shifts[] = { shift(0, 3, 1, 10), shift(0, 1, 2, 5), shift(2, 3, 2, 5) };
    const struct fl_rota_problem p = problem(3, 2, required, 3, shifts);
    struct room room;
    room_open(&room);

    cr_assert_eq(fl_rota_solve(&p, &room.roster), FL_EINFEASIBLE);

    cr_expect_eq(room.roster.short_interval, 1);
    cr_expect_eq(room.roster.short_group, 1);
    cr_expect_float_eq(room.shortage[3], 3, 1e-6);
    for (int i = 0; i < 6; i++)
        if (i != 3) cr_expect_eq(room.shortage[i], 0.0, "cell %d", i);
    cr_expect_geq(room.people[0], 1);
}

Test(rota, says_what_is_missing_when_there_are_too_few_people)
{
    const double required[] = { 2, 5, 2 };
    const struct fl_rota_shift shifts[] = { shift(0, 3, 1, 10) };
    struct fl_rota_problem p = problem(3, 1, required, 1, shifts);
    p.people_max = 4;
    struct room room;
    room_open(&room);

    cr_assert_eq(fl_rota_solve(&p, &room.roster), FL_EINFEASIBLE);

    cr_expect_eq(room.people[0], 4);
    cr_expect_eq(room.roster.short_interval, 1);
    cr_expect_float_eq(room.shortage[1], 1, 1e-6);
    cr_expect_eq(room.roster.short_cut, FL_NONE);
}

Test(rota, one_who_answers_both_groups_serves_whichever_is_short)
{
    const double required[] = { 1, 0, 0, 1 };
    const struct fl_rota_shift shifts[] = { shift(0, 2, 1, 10), shift(0, 2, 2, 10), shift(0, 2, 3, 15) };
    const struct fl_rota_problem p = problem(2, 2, required, 3, shifts);
    struct room room;
    room_open(&room);

    cr_assert_eq(fl_rota_solve(&p, &room.roster), FL_OK);

    cr_expect_float_eq(room.roster.cost, 15, 1e-9);
    cr_expect_eq(room.people[2], 1);
    cr_expect_float_eq(room.on_duty[0] + room.on_duty[1], 1, 1e-6); /* she is counted once */
}

Test(rota, a_cut_raises_what_the_requirement_left_too_low)
{
    const double required[] = { 2, 2 };
    const struct fl_rota_shift shifts[] = { shift(0, 2, 1, 10), shift(0, 1, 1, 6), shift(1, 2, 1, 7) };
    const struct fl_rota_term terms[] = { { 0, 0, 0.5 }, { 0, 0, 0.5 }, { 1, 0, 1 } };
    const struct fl_rota_cut cut = { .terms_count = 3, .terms = terms, .at_least = 5 };
    struct fl_rota_problem p = problem(2, 1, required, 3, shifts);
    struct room room;
    room_open(&room);
    cr_assert_eq(fl_rota_solve(&p, &room.roster), FL_OK);
    cr_expect_float_eq(room.roster.cost, 20, 1e-9);

    p.cuts = &cut;
    p.cuts_count = 1;
    cr_assert_eq(fl_rota_solve(&p, &room.roster), FL_OK);

    cr_expect_float_eq(room.roster.cost, 26, 1e-9); /* one more in the first hour is the cheapest fifth */
    cr_expect_float_eq(room.on_duty[0], 3, 1e-9);

    const struct fl_rota_cut vain = { .terms_count = 0, .at_least = 1 };
    p.cuts = &vain;
    cr_assert_eq(fl_rota_solve(&p, &room.roster), FL_EINFEASIBLE);
    cr_expect_eq(room.roster.short_cut, 0);
    cr_expect_eq(room.roster.short_interval, FL_NONE);
}

Test(rota, new_hires_count_by_their_speed)
{
    const double required[] = { 2 };
    struct fl_rota_shift shifts[] = { shift(0, 1, 1, 30), shift(0, 1, 1, 10) };
    shifts[1].speed = 1 / 2.3;
    const struct fl_rota_problem p = problem(1, 1, required, 2, shifts);
    struct room room;
    room_open(&room);

    cr_assert_eq(fl_rota_solve(&p, &room.roster), FL_OK);

    cr_expect_eq(room.people[0], 0);
    cr_expect_eq(room.people[1], 5); /* 4.6 rounded up, 50 against 60 */
}

Test(rota, a_break_leaves_its_interval_to_others_unless_most_of_it_is_worked)
{
    const double required[] = { 1, 1, 1 };
    const struct fl_break rest = { .at = 80 * FL_MINUTE, .length = 20 * FL_MINUTE };
    struct fl_rota_shift shifts[] = { shift(0, 3, 1, 10), shift(1, 2, 1, 4) };
    shifts[0].breaks = &rest;
    shifts[0].breaks_count = 1;
    struct fl_rota_problem p = problem(3, 1, required, 2, shifts);
    struct room room;
    room_open(&room);

    cr_expect_eq(fl_rota_on_duty(&shifts[0], 0, 3 * FL_HOUR), 160 * FL_MINUTE);
    cr_expect_eq(fl_rota_on_duty(&shifts[0], 90 * FL_MINUTE, 2 * FL_HOUR), 20 * FL_MINUTE);
    cr_assert_eq(fl_rota_solve(&p, &room.roster), FL_OK);
    cr_expect_float_eq(room.roster.cost, 14, 1e-9);
    p.whole_share = 0.6;
    cr_assert_eq(fl_rota_solve(&p, &room.roster), FL_OK);
    cr_expect_float_eq(room.roster.cost, 10, 1e-9);
}

Test(rota, a_seat_passes_to_the_next_shift_within_an_interval)
{
    const double required[] = { 1, 0, 1 };
    struct fl_rota_shift shifts[] = { shift(0, 2, 1, 10), shift(1, 3, 1, 10), shift(-1, 3, 1, 25) };
    shifts[0].to -= 30 * FL_MINUTE;
    shifts[1].from += 30 * FL_MINUTE;
    struct fl_rota_problem p = problem(3, 1, required, 3, shifts);
    p.seats = 1;
    struct room room;
    room_open(&room);

    cr_assert_eq(fl_rota_solve(&p, &room.roster), FL_OK);
    cr_expect_float_eq(room.roster.cost, 20, 1e-9); /* one goes at half past, as the other comes */

    shifts[0].to += FL_MINUTE; /* two at once, if only for a minute */
    cr_assert_eq(fl_rota_solve(&p, &room.roster), FL_OK);
    cr_expect_float_eq(room.roster.cost, 25, 1e-9);
}

Test(rota, who_rests_keeps_her_seat)
{
    const double required[] = { 1, 1, 1 };
    const struct fl_break rest = { .at = FL_HOUR, .length = FL_HOUR };
    struct fl_rota_shift shifts[] = { shift(0, 3, 1, 10), shift(1, 2, 1, 4) };
    shifts[0].breaks = &rest;
    shifts[0].breaks_count = 1;
    struct fl_rota_problem p = problem(3, 1, required, 2, shifts);
    struct room room;
    room_open(&room);

    p.seats = 2;
    cr_expect_eq(fl_rota_solve(&p, &room.roster), FL_OK);
    p.seats = 1;
    cr_expect_eq(fl_rota_solve(&p, &room.roster), FL_EINFEASIBLE);
}

Test(rota, a_seat_beyond_those_held_is_bought_only_where_it_is_cheaper_than_doing_without)
{
    const double required[] = { 2, 2, 2 };
    /* two at once all day, or one seat and somebody who does the work of two */
    struct fl_rota_shift shifts[] = { shift(0, 3, 1, 10), shift(0, 3, 1, 15) };
    shifts[1].speed = 2;
    struct fl_rota_problem p = problem(3, 1, required, 2, shifts);
    struct room room;
    p.seats_held = 1;
    p.seat_cost = 4;
    shifts[1].cost = 23;
    room_open(&room);
    cr_assert_eq(fl_rota_solve(&p, &room.roster), FL_OK);
    cr_expect_eq(room.people[1], 1);
    cr_expect_eq(room.roster.cost, 23);

    shifts[1].cost = 25;
    cr_assert_eq(fl_rota_solve(&p, &room.roster), FL_OK);

    cr_expect_eq(room.people[0], 2);
    cr_expect_eq(room.roster.cost, 24); /* 2 x 10 and a seat */
    cr_expect_eq(fl_rota_seats(&p, room.people), 2);
    cr_expect_eq(fl_rota_cost(&p, room.people), 24);
}

Test(rota, a_crew_shares_its_limit_over_the_shifts_of_its_day)
{
    const double required[] = { 1, 1, 1, 1 };
    struct fl_rota_shift shifts[] = { shift(0, 1, 1, 1), shift(1, 2, 1, 1), shift(2, 4, 1, 2), shift(0, 2, 1, 9) };
    const struct fl_rota_crew crew = { .first_shift = 0, .shifts_count = 3, .from = 0, .to = 2 * FL_HOUR, .people_max = 1 };
    struct fl_rota_problem p = problem(4, 1, required, 4, shifts);
    p.crews = &crew;
    p.crews_count = 1;
    struct room room;
    room_open(&room);

    cr_assert_eq(fl_rota_solve(&p, &room.roster), FL_OK);

    cr_expect_eq(room.people[2], 1); /* starts after the crew's day */
    cr_expect_eq(room.people[3], 1); /* the other two would be two of the crew */
    cr_expect_eq(room.roster.cost, 11);
    const uint32_t both[] = { 1, 1, 1, 0 };
    cr_expect(fl_rota_keeps_limits(&p, room.people) && !fl_rota_keeps_limits(&p, both));
}

Test(rota, explains_which_limit_alone_would_do_and_by_how_much)
{
    const double required[] = { 3, 5, 3 };
    struct fl_rota_shift shifts[] = { shift(0, 3, 1, 3), shift(1, 2, 1, 2) };
    const struct fl_rota_crew crew = { .first_shift = 0, .shifts_count = 2, .from = 0, .to = FL_DAY, .people_max = 9 };
    struct fl_rota_problem p = problem(3, 1, required, 2, shifts);
    uint32_t more[FL_ROTA_LIMITS_COUNT];
    p.seats = 4;
    p.crews = &crew;
    p.crews_count = 1;

    cr_assert_eq(fl_rota_explain(&p, more), FL_OK);

    cr_expect_eq(more[FL_ROTA_SEATS], 1);
    cr_expect_eq(more[FL_ROTA_CREWS], FL_NONE); /* more people have nowhere to sit */
    cr_expect_eq(more[FL_ROTA_PEOPLE], 0);      /* there is no such limit */
    cr_expect_eq(more[FL_ROTA_SHIFTS], 0);

    p.seats = FL_NONE;
    shifts[0].people_max = shifts[1].people_max = 2;
    cr_assert_eq(fl_rota_explain(&p, more), FL_OK);
    cr_expect_eq(more[FL_ROTA_SHIFTS], 1);
    cr_expect_eq(more[FL_ROTA_CREWS], FL_NONE);
}

Test(rota, the_last_interval_may_be_shorter_than_the_others)
{
    const double required[] = { 1, 1 };
    const struct fl_rota_shift shifts[] = {
        { .from = 0, .to = 90 * FL_MINUTE, .groups = 1, .cost = 3, .speed = 1, .people_max = FL_NONE }
    };
    struct fl_rota_problem p = problem(2, 1, required, 1, shifts);
    p.duration = 90 * FL_MINUTE;
    struct room room;
    room_open(&room);

    cr_assert_eq(fl_rota_solve(&p, &room.roster), FL_OK);

    cr_expect_eq(room.people[0], 1);
}

Test(rota, a_day_of_half_hours_and_three_groups_comes_within_its_gap_and_again_the_same)
{
    enum { HALVES = 48, GROUPS = 3 };
    static double required[HALVES * GROUPS];
    static const int shape[] = { 3, 2, 1, 1, 1, 1, 1, 2, 3, 4, 5, 5, 5, 5, 5, 5, 5, 4, 5, 7, 9, 12, 11, 8 };
    for (uint32_t t = 0; t < HALVES; t++) {
        for (uint32_t g = 0; g < GROUPS; g++) required[t * GROUPS + g] = shape[t / 2] * (g + 1) + (t * 7 + g * 5) % 3;
    }
    const struct fl_scenario day = staffed(FL_DAY);
    static struct fl_rota_shift shifts[600];
    uint32_t count = 0;
    for (uint64_t groups = 1; groups < 8; groups += groups == 4 ? 3 : 1) {
        const double wage = 20 + 3 * (__builtin_popcountll(groups) - 1);
        const struct fl_rota_people people = people_of(groups, 1, wage);
        count += fl_rota_candidates(&day, &people, 600 - count, shifts + count, NULL);
    }
    cr_assert_leq(count, 600);
    struct fl_rota_problem p = problem(24, GROUPS, required, count, shifts);
    p.interval = FL_HOUR / 2;
    p.intervals_count = HALVES;
    p.gap = FL_ROTA_GAP;
    static uint32_t people[2][600];
    static double on_duty[HALVES * GROUPS], shortage[HALVES * GROUPS];
    struct fl_rota answer[2];

    for (int i = 0; i < 2; i++) {
        answer[i] = (struct fl_rota){ .people = people[i], .on_duty = on_duty, .shortage = shortage };
        cr_assert_eq(fl_rota_solve(&p, &answer[i]), FL_OK);
    }

    cr_expect(answer[0].proven);
    cr_expect_leq(answer[0].cost, answer[0].bound * (1 + FL_ROTA_GAP) + 1e-6);
    for (uint32_t i = 0; i < HALVES * GROUPS; i++) cr_expect_geq(on_duty[i], required[i] - 1e-6, "cell %u", i);
    cr_expect_arr_eq(people[0], people[1], count * sizeof people[0][0]);
    cr_expect_eq(answer[0].cost, answer[1].cost);
}

Test(rota, candidates_are_every_start_and_length_within_the_scenario)
{
    struct fl_scenario day = staffed(8 * FL_HOUR);
    struct fl_rota_people people = people_of(1, 1, 25);
    struct fl_rota_shift shifts[32];

    /* 8 hours: starts 0 to 4 with 5, 4, 3, 2, 1 lengths */
    cr_assert_eq(fl_rota_candidates(&day, &people, 32, shifts, NULL), 15);
    cr_expect_eq(shifts[0].from, 0);
    cr_expect_eq(shifts[0].to, 4 * FL_HOUR);
    cr_expect_float_eq(shifts[0].cost, 100, 1e-9);
    cr_expect_eq(shifts[14].from, 4 * FL_HOUR);
    cr_expect_eq(shifts[14].to, 8 * FL_HOUR);
    cr_expect_eq(fl_rota_candidates(&day, &people, 0, NULL, NULL), 15);

    /* a scenario shorter than any shift, and one that no whole step ends with */
    people.wage_cny_per_hour = NAN;
    day.duration = 2 * FL_HOUR;
    cr_assert_eq(fl_rota_candidates(&day, &people, 32, shifts, NULL), 1);
    cr_expect_eq(shifts[0].to, 2 * FL_HOUR);
    cr_expect_float_eq(shifts[0].cost, 2, 1e-9);
    day.duration = 5 * FL_HOUR + FL_HOUR / 2;
    cr_assert_eq(fl_rota_candidates(&day, &people, 32, shifts, NULL), 6);
    cr_expect_eq(shifts[2].to, 5 * FL_HOUR + FL_HOUR / 2);
}

Test(rota, part_time_people_start_when_they_can_and_cost_what_they_ask)
{
    const struct fl_window evening = { 19 * FL_HOUR, 20 * FL_HOUR }, night = { 23 * FL_HOUR, FL_HOUR };
    struct fl_scenario day = staffed(8 * FL_HOUR);
    struct fl_rota_people people = people_of(1, 1, 20);
    struct fl_rota_shift shifts[32];
    people.length_min = 2 * FL_HOUR;
    people.length_max = 3 * FL_HOUR;
    people.starts = &evening;
    people.starts_count = 1;
    people.extra_hours = 0.5;

    cr_assert_eq(fl_rota_candidates(&day, &people, 32, shifts, NULL), 4); /* 19:00 and 20:00, two lengths each */
    cr_expect_eq(shifts[0].from, FL_HOUR);
    cr_expect_eq(shifts[3].to, 5 * FL_HOUR);
    cr_expect_float_eq(shifts[0].cost, 50, 1e-9); /* 2 hours and half an hour of standing by */

    people.starts = &night;
    people.shift_cny = 77;
    cr_assert_eq(fl_rota_candidates(&day, &people, 32, shifts, NULL), 3); /* 23:00 for 2 and 3 hours, 00:00 for 2 */
    cr_expect_eq(shifts[2].from, 6 * FL_HOUR);
    cr_expect_eq(shifts[2].cost, 77);
}

Test(rota, a_shift_suits_others_who_answer_its_groups_as_fast_and_for_as_long)
{
    const struct fl_window evening = { 19 * FL_HOUR, 20 * FL_HOUR };
    struct fl_scenario day = staffed(8 * FL_HOUR);
    struct fl_rota_people people = people_of(3, 1, 20);
    struct fl_rota_shift late = shift(1, 6, 2, 0);
    late.paid = 4 * FL_HOUR;

    cr_expect(fl_rota_suits(&day, &people, &late));
    cr_expect_float_eq(fl_rota_price(&people, &late), 80, 1e-9);
    late.speed = 1.1;
    cr_expect_not(fl_rota_suits(&day, &people, &late));
    late.speed = 1;
    late.groups = 6;
    cr_expect_not(fl_rota_suits(&day, &people, &late));
    late.groups = 1;
    people.hours_day = 3 * FL_HOUR;
    cr_expect_not(fl_rota_suits(&day, &people, &late));
    cr_expect_eq(fl_rota_candidates(&day, &people, 0, NULL, NULL), 0); /* all of four hours or more */
    people.hours_day = 4 * FL_HOUR;
    cr_expect_eq(fl_rota_candidates(&day, &people, 0, NULL, NULL), 5);
    people.length_max = 4 * FL_HOUR;
    cr_expect_not(fl_rota_suits(&day, &people, &late));
    people.length_max = 0;
    people.starts = &evening; /* the scenario begins at 18:00, the shift at 19:00 */
    people.starts_count = 1;
    cr_expect(fl_rota_suits(&day, &people, &late));
    late.from += 2 * FL_HOUR;
    cr_expect_not(fl_rota_suits(&day, &people, &late));
}

Test(rota, each_way_to_place_the_breaks_is_a_shift_of_its_own)
{
    const struct fl_break_rule rules[] = {
        { .length = 30 * FL_MINUTE, .from = FL_HOUR, .to = 2 * FL_HOUR, .every = 30 * FL_MINUTE, .at_least = 4 * FL_HOUR, .paid = false },
        { .length = 15 * FL_MINUTE, .from = 2 * FL_HOUR, .to = 4 * FL_HOUR, .every = FL_HOUR, .at_least = 5 * FL_HOUR, .paid = true },
    };
    struct fl_scenario day = staffed(5 * FL_HOUR);
    const struct fl_rota_people people = people_of(1, 1, 20);
    struct fl_rota_shift shifts[32];
    struct fl_break breaks[32 * 2];
    day.staffing.breaks = rules;
    day.staffing.breaks_count = 2;

    /* 4 hours at 0 and 1: three ways each; 5 hours: those three times three, but for 1h30m with 2h, which adjoin, and 2h with 2h */
    cr_assert_eq(fl_rota_candidates(&day, &people, 32, shifts, breaks), 3 + 7 + 3);
    cr_expect_eq(shifts[1].breaks_count, 1);
    cr_expect_eq(shifts[1].breaks[0].at, 90 * FL_MINUTE);
    cr_expect_float_eq(shifts[1].cost, 70, 1e-9); /* the half hour is not paid */
    cr_expect_eq(shifts[3].breaks_count, 2);
    cr_expect_eq(shifts[3].breaks[1].at, 2 * FL_HOUR);
    cr_expect_float_eq(shifts[3].cost, 90, 1e-9); /* the quarter is */
    cr_expect_eq(fl_rota_candidates(&day, &people, 0, NULL, NULL), 13);
}

Test(rota, listed_shifts_are_taken_as_they_stand_by_those_who_answer_their_group)
{
    const struct fl_break rest = { .at = FL_HOUR, .length = FL_MINUTE };
    const struct fl_staff_shift listed[] = {
        { .name = "evening",
          .from = 0,
          .to = 6 * FL_HOUR,
          .group = FL_NONE,
          .cost_cny = NAN,
          .breaks_count = 1,
          .breaks = &rest },
        { .name = "after", .from = FL_HOUR, .to = 5 * FL_HOUR, .group = 1, .cost_cny = 90 },
    };
    struct fl_scenario day = staffed(8 * FL_HOUR);
    struct fl_rota_people both = people_of(3, 0.5, 20), one = people_of(1, 1, 20);
    struct fl_rota_shift shifts[2];
    day.staffing = (struct fl_staffing_def){ .shifts_count = 2, .shifts = listed };

    cr_assert_eq(fl_rota_candidates(&day, &both, 2, shifts, NULL), 2);
    cr_expect_eq(shifts[0].groups, 3);
    cr_expect_eq(shifts[0].breaks_count, 1);
    cr_expect_float_eq(shifts[0].cost, 120, 1e-9);
    cr_expect_eq(shifts[0].speed, 0.5);
    cr_expect_eq(shifts[1].groups, 2);
    cr_expect_float_eq(shifts[1].cost, 90, 1e-9);
    cr_expect_eq(fl_rota_candidates(&day, &one, 2, shifts, NULL), 1);
    both.length_max = 5 * FL_HOUR; /* part-time */
    cr_assert_eq(fl_rota_candidates(&day, &both, 2, shifts, NULL), 1);
    cr_expect_eq(shifts[0].to, 5 * FL_HOUR);
}

Test(rota, what_is_out_of_range_is_refused)
{
    const double required[] = { 1, NAN };
    struct fl_rota_shift shifts[] = { shift(0, 2, 1, 10) };
    struct fl_rota_problem p = problem(1, 1, required, 1, shifts);
    struct room room;
    room_open(&room);
    cr_assert_eq(fl_rota_solve(&p, &room.roster), FL_OK);

    p.duration = 2 * FL_HOUR;
    p.intervals_count = 2;
    cr_expect_eq(fl_rota_solve(&p, &room.roster), FL_ERANGE);
    p = problem(1, 1, required, 1, shifts);
    shifts[0].groups = 2;
    cr_expect_eq(fl_rota_solve(&p, &room.roster), FL_ERANGE);
    shifts[0].groups = 1;
    shifts[0].speed = 0;
    cr_expect_eq(fl_rota_solve(&p, &room.roster), FL_ERANGE);
}

Test(solver, tells_infeasible_from_unbounded_and_leaves_the_solution_alone)
{
    const double cost[] = { 1 }, gain[] = { -1 }, high[] = { INFINITY }, value[] = { 1 };
    const bool whole[] = { true };
    const uint32_t start[] = { 0, 1 }, row[] = { 0 };
    const double low[] = { 0.25 }, most[] = { 0.75 }, none[] = { INFINITY };
    struct fl_program program = { 1, 1, cost, high, whole, start, row, value, low, most };
    const struct fl_solver_limits limits = { .gap = 0, .nodes_max = 1000 };
    struct fl_solution solution = { .cost = -7 };
    double x[] = { -7 };

    cr_expect_eq(fl_solver_minimise(&program, &limits, x, &solution), FL_EINFEASIBLE); /* though 0.5 would do */
    program.row_high = none;
    program.cost = gain;
    cr_expect_eq(fl_solver_minimise(&program, &limits, x, &solution), FL_ERANGE);
    cr_expect_eq(x[0], -7.0);
    cr_expect_eq(solution.cost, -7.0);
    program.cost = cost;
    cr_expect_eq(fl_solver_minimise(&program, &limits, x, &solution), FL_OK);
    cr_expect_eq(x[0], 1.0);
    cr_expect_eq(solution.cost, 1.0);
}

/* Found by tests/staffing/rota_oracle.mjs, and made small: 14790 was called proven. */
Test(rota, the_cheapest_roster_is_not_lost_where_four_shifts_overlap)
{
    static double required[42];
    required[14] = 26.8;
    required[23] = 40.9;
    required[32] = 62;
    const struct fl_break rest = { .at = 0, .length = 5 * FL_MINUTE };
    struct fl_rota_shift shifts[] = { shift(0, 11, 1, 215), shift(10, 21, 1, 273), shift(11, 16, 1, 150),
                                      shift(6, 13, 1, 135) };
    shifts[0].to -= 15 * FL_MINUTE;
    shifts[1].from += 30 * FL_MINUTE;
    shifts[2].from += 30 * FL_MINUTE;
    shifts[2].to += 30 * FL_MINUTE;
    shifts[2].breaks = &rest;
    shifts[2].breaks_count = 1;
    shifts[3].to -= 15 * FL_MINUTE;
    struct fl_rota_problem p = problem(42, 1, required, 4, shifts);
    p.interval = FL_HOUR / 2;
    p.duration = 21 * FL_HOUR;
    p.seats = 121;
    struct room room;
    room_open(&room);

    cr_assert_eq(fl_rota_solve(&p, &room.roster), FL_OK);

    cr_expect(room.roster.proven);
    cr_expect_float_eq(room.roster.cost, 14 * 273 + 48 * 150 + 27 * 135, 1e-6);
}
