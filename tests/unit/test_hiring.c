/* How many to take on and when: by hand, and against trying every number of them. */
#include "staffing/hiring.h"

#include "core/draw.h"
#include "scenario/scenario.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DATES_MAX   31u
#define POOLS_MAX   3u
#define SOURCES_MAX 6u

struct world {
    struct fl_hiring_problem problem;
    struct fl_hiring_source sources[SOURCES_MAX];
    double places[DATES_MAX * POOLS_MAX], hours[DATES_MAX * POOLS_MAX];
    double there[SOURCES_MAX * DATES_MAX], worth[SOURCES_MAX * DATES_MAX], cost[SOURCES_MAX * POOLS_MAX];
    uint32_t taken[SOURCES_MAX];
    double at_work[SOURCES_MAX * DATES_MAX * POOLS_MAX], missing[DATES_MAX * POOLS_MAX];
    struct fl_hiring plan;
};

static struct world *world_of(uint32_t dates, uint32_t pools, double places)
{
    struct world *const w = calloc(1, sizeof *w);
    w->problem = (struct fl_hiring_problem){ .dates = dates, .pools_count = pools, .places = w->places, .hours = w->hours, .sources = w->sources,
                                             .there = w->there, .worth = w->worth, .cost = w->cost, .gap = 0, .nodes_max = 2000 };
    w->plan = (struct fl_hiring){ .taken = w->taken, .at_work = w->at_work, .missing = w->missing };
    for (uint32_t i = 0; i < dates * pools; i++) {
        w->places[i] = places;
        w->hours[i] = 8;
    }
    return w;
}

/* Always there, worth a place, in every pool, 200 a shift. */
static uint32_t add_source(struct world *w, uint32_t count, bool hired)
{
    const uint32_t s = w->problem.sources_count++;
    w->sources[s] = (struct fl_hiring_source){ .count = count, .kind = s, .hired = hired, .pools = UINT64_MAX, .days_week = 7, .hours_week = INFINITY };
    for (uint32_t d = 0; d < w->problem.dates; d++) w->there[s * w->problem.dates + d] = w->worth[s * w->problem.dates + d] = 1;
    for (uint32_t k = 0; k < w->problem.pools_count; k++) w->cost[s * w->problem.pools_count + k] = 200;
    return s;
}

Test(hiring, whoever_is_missing_is_taken_on)
{
    struct world *const w = world_of(10, 1, 5);
    add_source(w, 3, false);
    add_source(w, FL_NONE, true);
    w->sources[1].price = 500;
    cr_assert_eq(fl_hiring_plan(&w->problem, &w->plan), FL_OK);
    cr_assert_eq(w->taken[0], 3);
    cr_assert_eq(w->taken[1], 2);
    cr_assert_float_eq(w->plan.cost, 2 * 500 + 10 * 5 * 200, 1e-6);
    for (uint32_t d = 0; d < 10; d++) {
        cr_assert_float_eq(w->at_work[d], 3, 1e-6);
        cr_assert_float_eq(w->at_work[10 + d], 2, 1e-6);
        cr_assert_eq(w->missing[d], 0);
    }
    free(w);
}

Test(hiring, slow_newcomers_fill_less_and_leavers_are_made_up_for)
{
    struct world *const w = world_of(4, 1, 10);
    add_source(w, 8, false);
    const uint32_t hired = add_source(w, FL_NONE, true);
    w->sources[hired].price = 1;
    for (uint32_t d = 0; d < 4; d++) w->worth[hired * 4 + d] = 0.4;
    cr_assert_eq(fl_hiring_plan(&w->problem, &w->plan), FL_OK);
    cr_assert_eq(w->taken[hired], 5); /* 2 places at 0.4 */
    for (uint32_t d = 0; d < 4; d++) w->there[d] = 0.9; /* of the 8 there are 7.2 */
    cr_assert_eq(fl_hiring_plan(&w->problem, &w->plan), FL_OK);
    cr_assert_eq(w->taken[hired], 7); /* 2.8 places at 0.4 */
    free(w);
}

Test(hiring, days_off_and_hours_take_more_people)
{
    struct world *const w = world_of(7, 1, 6);
    const uint32_t s = add_source(w, FL_NONE, true);
    w->sources[s].price = 1;
    w->sources[s].days_week = 6;
    cr_assert_eq(fl_hiring_plan(&w->problem, &w->plan), FL_OK);
    cr_assert_eq(w->taken[s], 7);
    w->sources[s].hours_week = 40; /* five of the 42 shifts of 8 hours each */
    cr_assert_eq(fl_hiring_plan(&w->problem, &w->plan), FL_OK);
    cr_assert_eq(w->taken[s], 9);
    free(w);
}

Test(hiring, the_slow_fill_no_more_than_they_may)
{
    struct world *const w = world_of(4, 1, 10);
    static const double most[4] = { 10, 2, 1, 0 };
    add_source(w, 8, false);
    const uint32_t slow = add_source(w, FL_NONE, true), quick = add_source(w, FL_NONE, true);
    w->sources[slow].price = 1;
    w->sources[quick].price = 1000;
    for (uint32_t d = 0; d < 4; d++) w->worth[slow * 4 + d] = 0.5;
    cr_assert_eq(fl_hiring_plan(&w->problem, &w->plan), FL_OK);
    cr_assert_eq(w->taken[slow], 4);
    cr_assert_eq(w->taken[quick], 0);
    w->problem.slow = 0.75;
    w->problem.slow_most = most;
    cr_assert_eq(fl_hiring_plan(&w->problem, &w->plan), FL_OK);
    cr_assert_eq(w->taken[quick], 2); /* the last date has no room for them */
    for (uint32_t d = 0; d < 4; d++) cr_assert_leq(0.5 * w->at_work[slow * 4 + d], most[d] + 1e-9);
    w->sources[quick].count = 1; /* then the slow have to, rather than nobody */
    cr_assert_eq(fl_hiring_plan(&w->problem, &w->plan), FL_OK);
    cr_assert_eq(w->taken[quick], 1);
    cr_assert_eq(w->taken[slow], 2);
    cr_assert_float_eq(w->plan.cost, 1000 + 2 * 1 + 200 * (4 * 8 + 4 * 1 + 4 * 2), 1e-5);
    free(w);
}

Test(hiring, there_are_only_so_many_of_a_kind_whenever_they_begin)
{
    struct world *const w = world_of(4, 1, 3);
    const uint32_t first = add_source(w, 2, true), then = add_source(w, 2, true);
    w->sources[first].kind = w->sources[then].kind = 7;
    for (uint32_t d = 0; d < 2; d++) w->there[then * 4 + d] = 0;
    cr_assert_eq(fl_hiring_plan(&w->problem, &w->plan), FL_EINFEASIBLE);
    cr_assert_eq(w->taken[first] + w->taken[then], 2);
    w->sources[then].kind = 8;
    cr_assert_eq(fl_hiring_plan(&w->problem, &w->plan), FL_EINFEASIBLE);
    cr_assert_eq(w->taken[first], 2);
    cr_assert_geq(w->taken[then], 1);
    free(w);
}

/* From the tenth date on there is more to do. Who starts earlier is paid while she waits, who starts later has not learned yet. */
Test(hiring, when_to_begin_is_weighed_by_what_waiting_costs)
{
    struct world *const w = world_of(14, 1, 0);
    const uint32_t early = add_source(w, FL_NONE, true), late = add_source(w, FL_NONE, true);
    for (uint32_t d = 7; d < 14; d++) {
        w->places[d] = 4;
        w->worth[late * 14 + d] = 0.5;
    }
    for (uint32_t d = 0; d < 7; d++) w->there[late * 14 + d] = 0;
    w->sources[early].price = w->sources[late].price = 1000;
    w->sources[early].paid_hours = w->sources[late].paid_hours = 48;
    w->sources[early].wage = w->sources[late].wage = 5; /* a week of waiting: 240 */
    cr_assert_eq(fl_hiring_plan(&w->problem, &w->plan), FL_OK);
    cr_assert_eq(w->taken[early], 4);
    cr_assert_eq(w->taken[late], 0);
    cr_assert_float_eq(w->plan.cost, 4 * (1000 + 240) + 7 * 4 * 200, 1e-6);
    w->sources[early].wage = 100; /* 4800 */
    cr_assert_eq(fl_hiring_plan(&w->problem, &w->plan), FL_OK);
    cr_assert_eq(w->taken[early], 0);
    cr_assert_eq(w->taken[late], 8);
    free(w);
}

Test(hiring, what_cannot_be_filled_is_said)
{
    struct world *const w = world_of(3, 2, 2);
    add_source(w, 3, false);
    const uint32_t hired = add_source(w, 2, true);
    w->sources[hired].pools = 1; /* the first pool only */
    w->there[hired * 3 + 1] = 0; /* away on the second date */
    cr_assert_eq(fl_hiring_plan(&w->problem, &w->plan), FL_EINFEASIBLE);
    double missing[3] = { 0 };
    for (uint32_t d = 0; d < 3; d++) missing[d] = w->missing[2 * d] + w->missing[2 * d + 1];
    cr_assert_float_eq(missing[0] + missing[2], 0, 1e-6);
    cr_assert_float_eq(missing[1], 1, 1e-6);
    w->sources[0].pools = 1; /* nobody for the second */
    cr_assert_eq(fl_hiring_plan(&w->problem, &w->plan), FL_EINFEASIBLE);
    for (uint32_t d = 0; d < 3; d++) cr_assert_float_eq(w->missing[2 * d + 1], 2, 1e-6);
    w->problem.sources_count = 1; /* nobody to be had */
    cr_assert_eq(fl_hiring_plan(&w->problem, &w->plan), FL_EINFEASIBLE);
    for (uint32_t d = 0; d < 3; d++) cr_assert_float_eq(w->missing[2 * d + 1], 2, 1e-6);
    w->there[0] = 1.5;
    cr_assert_eq(fl_hiring_plan(&w->problem, &w->plan), FL_ERANGE);
    free(w);
}

/* With so many taken on, each date by itself: the cheapest work first, by what a place costs. One pool, no limits by the week. NaN: a place
 * stays open. */
static double cost_of(const struct world *w, const uint32_t taken[])
{
    double cost = 0;
    for (uint32_t s = 0; s < w->problem.sources_count; s++) cost += w->sources[s].hired ? taken[s] * w->sources[s].price : 0;
    for (uint32_t d = 0; d < w->problem.dates; d++) {
        double open = w->places[d];
        bool used[SOURCES_MAX] = { false };
        for (uint32_t turn = 0; turn < w->problem.sources_count && open > 1e-9; turn++) {
            uint32_t best = FL_NONE;
            double least = INFINITY;
            for (uint32_t s = 0; s < w->problem.sources_count; s++) {
                const double price = w->cost[s] / w->worth[s * w->problem.dates + d];
                if (used[s] || !(price < least)) continue;
                best = s;
                least = price;
            }
            used[best] = true;
            const double filled = fmin(open, taken[best] * w->there[best * w->problem.dates + d] * w->worth[best * w->problem.dates + d]);
            cost += filled * least;
            open -= filled;
        }
        if (open > 1e-7) return NAN;
    }
    return cost;
}

static double uniform(uint64_t key, uint32_t *counter, double low, double high)
{
    return low + (high - low) * fl_uniform(fl_draw(key, 1, (*counter)++));
}

Test(hiring, nothing_cheaper_by_trying_every_number)
{
    uint32_t compared = 0;
    for (uint32_t round = 0; round < 30; round++) {
        uint32_t counter = 0;
        struct world *const w = world_of(6, 1, 0);
        const uint64_t key = fl_key_day(618, round, 7);
        for (uint32_t s = 0; s < 4; s++) {
            add_source(w, s == 0 ? 2 : 4, s > 0);
            w->sources[s].price = uniform(key, &counter, 0, 600);
            w->cost[s] = uniform(key, &counter, 100, 300);
            for (uint32_t d = 0; d < 6; d++) {
                w->there[s * 6 + d] = d < s ? 0 : uniform(key, &counter, 0.5, 1); /* they begin one after the other */
                w->worth[s * 6 + d] = uniform(key, &counter, 0.4, 1);
            }
        }
        for (uint32_t d = 0; d < 6; d++) w->places[d] = floor(uniform(key, &counter, 0, 4));
        double least = INFINITY;
        for (uint32_t code = 0; code < 125; code++) {
            const uint32_t taken[4] = { 2, code % 5, code / 5 % 5, code / 25 };
            const double cost = cost_of(w, taken);
            if (cost < least) least = cost;
        }
        const enum fl_status status = fl_hiring_plan(&w->problem, &w->plan);
        if (isinf(least)) cr_assert_eq(status, FL_EINFEASIBLE, "round %u", round);
        else {
            cr_assert_eq(status, FL_OK, "round %u", round);
            cr_assert_float_eq(w->plan.cost, least, 1e-5 * least + 1e-6, "round %u: %g, the least is %g", round, w->plan.cost, least);
            compared++;
        }
        free(w);
    }
    cr_assert_geq(compared, 10);
}
