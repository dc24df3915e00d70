/* The search for a roster, in a world whose days are known: a day is met when enough people are on duty in every interval. */
#include "run/run.h"
#include "scenario/reader.h"
#include "staffing/staff.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHIFTS 3u
#define TRIALS 400u

struct world {
    struct fl_scenario *scenario;
    struct fl_traffic_plan plan;
    void *memory;
    struct fl_rota_shift shifts[SHIFTS];
    double template_speed[1], hardest; /* people that the easiest day wants: 6, the hardest: 6 x this */
    double proof_harder;                       /* the days of the proof want so many times more */
    double late_harder;                        /* and that many times more again in their second half */
    bool gives_up;                             /* after half the days of a proof */
    uint32_t tried[TRIALS][SHIFTS], tried_days[TRIALS], tried_count, proofs, most_at_once;
    bool tried_last[TRIALS];
};

static void world_open(struct world *world, const char *more)
{
    static struct fl_errors errors;
    static const struct fl_rota_shift shifts[SHIFTS] = {
        { .from = 0, .to = 4 * FL_HOUR, .groups = 1, .cost = 4, .speed = 1, .people_max = FL_NONE },
        { .from = 4 * FL_HOUR, .to = 8 * FL_HOUR, .groups = 1, .cost = 4, .speed = 1, .people_max = FL_NONE },
        { .from = 0, .to = 8 * FL_HOUR, .groups = 1, .cost = 8, .speed = 1, .people_max = FL_NONE },
    };
    char text[2048];
    snprintf(text, sizeof text,
             "{\"fenliu\":1,\"start\":\"2026-06-18T10:00\",\"duration\":\"8h\",\"interval\":\"1h\","
             "\"traffic\":{\"rate\":{\"points\":[[\"+0h\",360]]}},\"buyers\":{\"intents\":[{\"name\":\"size\",\"reply\":{\"total\":\"50s\"}}],"
             "\"think_time\":\"1s\"},\"desk\":{\"agents\":[{\"name\":\"mei\"}]},\"objectives\":{\"abandonment\":\"<= 0.05\"},\"staffing\":{%s}}",
             more);
    *world = (struct world){ .hardest = 1.5, .proof_harder = 1, .late_harder = 1, .template_speed = { 1 } };
    cr_assert_eq(fl_scenario_read("test", text, strlen(text), NULL, 0, &world->scenario, &errors), FL_OK, "%s", errors.list[0].text);
    memcpy(world->shifts, shifts, sizeof shifts);
    struct fl_arena arena;
    world->memory = aligned_alloc(64, 1 << 20);
    fl_arena_start(&arena, world->memory, 1 << 20);
    cr_assert_eq(fl_traffic_plan_build(&arena, world->scenario, &world->plan), FL_OK);
}

static void world_close(struct world *world)
{
    fl_scenario_free(world->scenario);
    free(world->memory);
}

/* What a day wants, spread evenly over the days and in no order. */
static double wanted_on(const struct world *world, uint32_t day, uint32_t days, bool last)
{
    const uint32_t place = (day * 37 + (last ? 11 : 0)) % days;
    return 6 * (1 + (world->hardest - 1) * place / (days - 1)) * (last ? world->proof_harder : 1);
}

static enum fl_status simulate(void *context, const uint32_t people[], uint32_t days, struct fl_staff_trial *trial)
{
    struct world *world = context;
    const uint32_t early = people[0] + people[2], late = people[1] + people[2];
    const double late_harder = trial->stress != NULL ? world->late_harder : 1, fewest = fmin(early, late / late_harder);
    cr_assert_lt(world->tried_count, TRIALS);
    memcpy(world->tried[world->tried_count], people, sizeof world->tried[0]);
    world->tried_days[world->tried_count] = days;
    world->tried_last[world->tried_count++] = trial->stress != NULL;
    world->proofs += trial->stress != NULL;
    if (early > world->most_at_once) world->most_at_once = early;
    if (late > world->most_at_once) world->most_at_once = late;
    for (uint32_t d = 0; d < days && trial->days - trial->days_met <= trial->misses_allowed; d++) {
        trial->days_met += fewest >= wanted_on(world, d, days, trial->stress != NULL);
        trial->days++;
        if (world->gives_up && trial->stress != NULL && trial->days == days / 2) break;
    }
    for (uint32_t i = 0; trial->stress != NULL && i < 8; i++) trial->stress[i] = i < 4 ? 10.0 / early : 10.0 * late_harder / late;
    return FL_OK;
}

static struct fl_staff_problem problem_of(struct world *world)
{
    return (struct fl_staff_problem){
        .scenario = world->scenario, .plan = &world->plan, .shifts_count = SHIFTS, .shifts = world->shifts, .template_speed = world->template_speed,
        .simulate = simulate, .context = world, .search_days = 100, .screen_days = 40, .work_scale = 1, .first_safety = NAN,
    };
}

static void answer_of(struct fl_staff_answer *answer, uint32_t people[SHIFTS])
{
    static double cells[3][8];
    *answer = (struct fl_staff_answer){ .people = people, .load = cells[0], .required = cells[1], .on_duty = cells[2] };
}

static enum fl_status search(struct world *world, struct fl_staff_answer *answer, uint32_t people[SHIFTS])
{
    const struct fl_staff_problem problem = problem_of(world);
    answer_of(answer, people);
    return fl_staff_search(&problem, answer);
}

Test(staff, the_answer_is_the_fewest_that_the_proof_can_show)
{
    struct world world;
    struct fl_staff_answer answer;
    uint32_t people[SHIFTS];
    world_open(&world, "\"replications\":500");

    cr_assert_eq(search(&world, &answer, people), FL_OK);

    /* 462 of 500 days have to be met: 6 x (1 + 0.5 x 461 / 499) = 8.8 people, all day long */
    cr_expect_eq(answer.days_needed, 462);
    cr_expect(answer.proven);
    cr_expect_eq(people[0] + people[2], 9);
    cr_expect_eq(people[1] + people[2], 9);
    cr_expect_geq(answer.final.days_met, answer.days_needed);
    world_close(&world);
}

Test(staff, no_roster_is_simulated_twice_on_the_same_days)
{
    struct world world;
    struct fl_staff_answer answer;
    uint32_t people[SHIFTS];
    world_open(&world, "\"replications\":500");

    cr_assert_eq(search(&world, &answer, people), FL_OK);

    for (uint32_t i = 0; i < world.tried_count; i++)
        for (uint32_t j = 0; j < i; j++)
            cr_expect(memcmp(world.tried[i], world.tried[j], sizeof world.tried[0]) != 0 || world.tried_days[i] != world.tried_days[j] ||
                          world.tried_last[i] != world.tried_last[j], "trials %u and %u are the same", j, i);
    cr_expect_leq(world.proofs, 3);
    world_close(&world);
}

Test(staff, a_proof_that_was_given_up_shows_nothing)
{
    struct world world;
    struct fl_staff_answer answer;
    uint32_t people[SHIFTS];
    world_open(&world, "\"replications\":500");
    world.gives_up = true;

    cr_assert_eq(search(&world, &answer, people), FL_OK);

    cr_expect_not(answer.proven);
    cr_expect_lt(answer.final.days - answer.final.days_met, 500 - answer.days_needed); /* few enough misses, but of too few days */
    world_close(&world);
}

Test(staff, the_proof_adds_people_where_they_are_wanted_but_none_beyond_what_there_may_be)
{
    struct world world;
    struct fl_staff_answer answer;
    uint32_t people[SHIFTS];
    world_open(&world, "\"replications\":500,\"max_agents\":10");
    world.proof_harder = 1.1;
    cr_assert_eq(search(&world, &answer, people), FL_OK);
    cr_expect(answer.proven);
    cr_expect_eq(people[0] + people[2], 10);
    cr_expect_eq(people[1] + people[2], 10);
    world.proof_harder = 1.3;

    cr_assert_eq(search(&world, &answer, people), FL_OK);

    cr_expect_not(answer.proven);
    cr_expect_eq(world.most_at_once, 10);
    world_close(&world);
}

/* 8.8 people are wanted in the first half and 1.2 times as many in the second; nobody is added to the first, nor all day long for twice the cost. */
Test(staff, the_proof_adds_people_where_it_hurts)
{
    struct world world;
    struct fl_staff_answer answer;
    uint32_t people[SHIFTS];
    world_open(&world, "\"replications\":500");
    world.late_harder = 1.2;

    cr_assert_eq(search(&world, &answer, people), FL_OK);

    cr_expect(answer.proven);
    cr_expect_eq(people[0] + people[2], 9);
    cr_expect_eq(people[1] + people[2], 11);
    for (uint32_t i = 0; i < world.tried_count; i++)
        cr_expect(!world.tried_last[i] || world.tried[i][0] + world.tried[i][2] == 9, "proof of %u and %u", world.tried[i][0] + world.tried[i][2], world.tried[i][1] + world.tried[i][2]);
    world_close(&world);
}

Test(staff, no_search_goes_beyond_what_there_may_be)
{
    struct world world;
    struct fl_staff_answer answer;
    uint32_t people[SHIFTS];
    world_open(&world, "\"max_agents\":8");

    cr_expect_eq(search(&world, &answer, people), FL_EINFEASIBLE);

    cr_expect_leq(world.most_at_once, 8);
    world_close(&world);
}

Test(staff, too_few_days_show_nothing_and_add_nobody)
{
    struct world world;
    struct fl_staff_answer answer;
    uint32_t people[SHIFTS];
    world_open(&world, "\"replications\":20");

    cr_assert_eq(search(&world, &answer, people), FL_OK);

    cr_expect_eq(answer.days_needed, FL_NONE); /* 0.9^20 is more than 0.05: all 20 do not show nine in ten */
    cr_expect_not(answer.proven);
    cr_expect_eq(world.proofs, 1);
    world_close(&world);
}

Test(staff, days_needed_are_the_fewest_that_show_it)
{
    for (uint32_t days = 29; days < 2000; days += 97) {
        const uint32_t needed = fl_staff_days_needed(days, 0.9, 0.95);

        cr_expect(fl_staff_shown(needed, days, 0.9, 0.95));
        cr_expect_not(fl_staff_shown(needed - 1, days, 0.9, 0.95));
    }
    cr_expect_eq(fl_staff_days_needed(28, 0.9, 0.95), FL_NONE);
}

/* How far the desk's only objective is from held, simulated: one agent for eight hours at CNY 25, and hardly a buyer. */
static double excess_with(const char *objective)
{
    static struct fl_errors errors;
    char text[1024];
    struct fl_scenario *scenario;
    struct fl_run *run;
    struct fl_objective_result judged;
    snprintf(text, sizeof text,
             "{\"fenliu\":1,\"start\":\"2026-06-18T10:00\",\"duration\":\"8h\",\"interval\":\"1h\",\"traffic\":{\"rate\":{\"points\":[[\"+0h\",5]]}},"
             "\"buyers\":{\"intents\":[{\"name\":\"size\",\"reply\":{\"total\":\"50s\"}}],\"think_time\":\"1s\"},"
             "\"desk\":{\"agents\":[{\"name\":\"mei\",\"wage_cny_per_hour\":25}]},\"money\":{\"conversion\":0,\"order_value_cny\":100,\"margin\":0.3},\"objectives\":{%s}}",
             objective);
    cr_assert_eq(fl_scenario_read("test", text, strlen(text), NULL, 0, &scenario, &errors), FL_OK, "%s", errors.list[0].text);
    cr_assert_eq(fl_run(scenario, &(struct fl_run_options){ .seed = 1, .replications = 2, .jobs = 1 }, &run), FL_OK);
    const double excess = fl_staff_excess(&run->results, 0, &judged);
    cr_expect_eq(judged.met, excess <= 1, "%s: %g", objective, excess);
    fl_run_free(run);
    fl_scenario_free(scenario);
    return excess;
}

Test(staff, an_objective_is_missed_by_more_than_one_on_either_side_of_zero)
{
    cr_expect_float_eq(excess_with("\"profit_cny\":\">= -100\""), 2, 1e-9, "a hundred short of a hundred");
    cr_expect_leq(excess_with("\"profit_cny\":\">= -250\""), 1);
    cr_expect_gt(excess_with("\"profit_cny\":\">= 100\""), 1);
    cr_expect_gt(excess_with("\"occupancy\":\"<= 0\""), 1);
    cr_expect_leq(excess_with("\"abandonment\":\"<= 0\""), 1);
}

Test(staff, a_short_last_interval_has_a_load)
{
    struct world world;
    double load[3];
    world_open(&world, "");
    world.scenario->interval = 3 * FL_HOUR; /* three of them, the last of two hours */
    world.scenario->intervals_count = 3;

    cr_assert_eq(fl_staff_load(world.scenario, &world.plan, load), FL_OK);

    for (int i = 0; i < 3; i++) cr_expect_float_eq(load[i], 5, 1e-9, "interval %d: %g", i, load[i]);
    world_close(&world);
}

/* 360 an hour, three of four with one reply of 50 s and one with two of 80 s and 40 s between them; half of the buyers take twice the effort. 270 / 3600 x
 * 75 s is 5.625 people, 90 / 3600 x 240 s is 6; a push of 60 in the fifth hour 1.25 more. One of 60 in ten
 * minutes of the third, whose chats last 280 s: 24 x (1 - exp(-600 / 280)) more. From 17:00 on it is closed. */
Test(staff, the_load_is_of_each_group_with_its_replies_pushes_and_hours)
{
    static const char text[] =
        "{\"fenliu\":1,\"start\":\"2026-06-18T10:00\",\"duration\":\"8h\",\"interval\":\"1h\",\"traffic\":{\"rate\":{\"points\":[[\"+0h\",360]]},"
        "\"pushes\":[{\"at\":\"+4h\",\"buyers\":60,\"spread\":\"1h\",\"intent\":\"size\"},{\"at\":\"+2h\",\"buyers\":60,\"spread\":\"10m\",\"intent\":\"refund\"}]},"
        "\"buyers\":{\"classes\":[{\"name\":\"easy\",\"share\":1},{\"name\":\"hard\",\"share\":1,\"effort_scale\":2}],\"think_time\":\"40s\","
        "\"intents\":[{\"name\":\"size\",\"share\":3,\"reply\":{\"total\":\"50s\"}},{\"name\":\"refund\",\"share\":1,\"rounds\":2,\"reply\":{\"total\":\"80s\"}}]},"
        "\"desk\":{\"open\":[\"10:00\",\"17:00\"],\"groups\":[{\"name\":\"first\",\"intents\":[\"size\"]},{\"name\":\"other\"}],\"agents\":[{\"name\":\"mei\"}]}}";
    const double first[] = { 5.625, 5.625, 5.625, 5.625, 6.875, 6.875, 5.625, 0 }, other[] = { 6, 6, 6 + 24 * (1 - exp(-600. / 280)), 6, 6, 6, 6, 0 };
    static struct fl_errors errors;
    struct fl_scenario *scenario;
    struct fl_traffic_plan plan;
    struct fl_arena arena;
    void *const memory = aligned_alloc(64, 1 << 20);
    double load[8][2];
    cr_assert_eq(fl_scenario_read("test", text, strlen(text), NULL, 0, &scenario, &errors), FL_OK, "%s", errors.list[0].text);
    fl_arena_start(&arena, memory, 1 << 20);
    cr_assert_eq(fl_traffic_plan_build(&arena, scenario, &plan), FL_OK);

    cr_assert_eq(fl_staff_load(scenario, &plan, load[0]), FL_OK);

    for (int i = 0; i < 8; i++) { /* the sixth hour begins with what the push has left */
        cr_expect_float_eq(load[i][0], first[i], 1e-3, "hour %d: %g", i, load[i][0]);
        cr_expect_float_eq(load[i][1], other[i], 1e-3, "hour %d: %g", i, load[i][1]);
    }
    free(memory);
    fl_scenario_free(scenario);
}

Test(staff, no_part_of_a_long_interval_is_left_to_nobody)
{
    static const struct fl_rota_shift shifts[SHIFTS] = {
        { .from = 0, .to = 3 * FL_HOUR, .groups = 1, .cost = 3, .speed = 1, .people_max = FL_NONE },
        { .from = 4 * FL_HOUR, .to = 8 * FL_HOUR, .groups = 1, .cost = 4, .speed = 1, .people_max = FL_NONE },
        { .from = 3 * FL_HOUR, .to = 8 * FL_HOUR, .groups = 1, .cost = 5, .speed = 1, .people_max = FL_NONE },
    };
    struct world world;
    struct fl_staff_answer answer;
    uint32_t people[SHIFTS];
    world_open(&world, "\"step\":\"1h\"");
    world.scenario->interval = 2 * FL_HOUR;
    world.scenario->intervals_count = 4;
    memcpy(world.shifts, shifts, sizeof shifts);
    const struct fl_staff_problem problem = problem_of(&world);

    answer_of(&answer, people);
    cr_assert_eq(fl_staff_roster(&problem, 1, &answer), FL_OK);

    cr_expect_eq(people[1], 0); /* cheaper, but from 3 to 4 there would be nobody */
    cr_expect_gt(people[2], 0);
    world_close(&world);
}
