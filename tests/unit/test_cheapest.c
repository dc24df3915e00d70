/* The cheapest roster that does, in worlds where that is known: a roster does when it has enough for each of some demands. */
#include "staffing/cheapest.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#define SHIFTS  4u
#define DEMANDS 4u
#define MOST    5u /* people on a shift */
#ifdef __SANITIZE_ADDRESS__
#define DESKS   12u
#else
#define DESKS   40u
#endif

struct world {
    struct fl_rota_shift shifts[SHIFTS];
    uint32_t worth[DEMANDS][SHIFTS], wanted[DEMANDS];
    uint32_t vague;         /* a roster within so much of a demand cannot be decided */
    uint32_t glance_vague;  /* at a glance */
    uint32_t left, attempts, closely;
    uint32_t met[SHIFTS]; /* tried as an answer last, and met */
    bool twice;
    uint32_t seen[4096][SHIFTS];
    enum fl_try seen_how[4096];
};

static uint32_t any_of(uint32_t *state, uint32_t n)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 16) % n;
}

/* Demands that a bit of everybody can meet, and some of which no single shift does. */
static void world_make(struct world *world, uint32_t seed)
{
    uint32_t dice = seed;
    *world = (struct world){ .left = UINT32_MAX };
    for (uint32_t s = 0; s < SHIFTS; s++)
        world->shifts[s] = (struct fl_rota_shift){ .from = 0, .to = FL_HOUR, .groups = 1, .cost = 3 + any_of(&dice, 9), .speed = 1, .people_max = MOST };
    for (uint32_t d = 0; d < DEMANDS; d++) {
        uint32_t all = 0;
        for (uint32_t s = 0; s < SHIFTS; s++) {
            world->worth[d][s] = any_of(&dice, 3) == 0 ? 0 : any_of(&dice, 5);
            all += world->worth[d][s] * MOST;
        }
        world->wanted[d] = all == 0 ? 0 : any_of(&dice, all + 1);
    }
}

/* By how much the demand that is met least is met. */
static int32_t margin(const struct world *world, const uint32_t people[])
{
    int32_t least = INT32_MAX;
    for (uint32_t d = 0; d < DEMANDS; d++) {
        int32_t sum = -(int32_t)world->wanted[d];
        for (uint32_t s = 0; s < SHIFTS; s++) sum += (int32_t)(people[s] * world->worth[d][s]);
        if (sum < least) least = sum;
    }
    return least;
}

static enum fl_status attempt(void *context, const uint32_t people[], enum fl_try how, enum fl_judgement *judgement)
{
    struct world *world = context;
    for (uint32_t i = 0; i < world->attempts; i++)
        world->twice |= memcmp(world->seen[i], people, sizeof world->seen[0]) == 0 && world->seen_how[i] == how;
    memcpy(world->seen[world->attempts], people, sizeof world->seen[0]);
    world->seen_how[world->attempts++] = how;
    cr_assert_lt(world->attempts, 4096);
    world->closely += how != FL_GLANCE;
    for (uint32_t s = 0; s < SHIFTS; s++) cr_expect_leq(people[s], MOST);
    const int32_t at = margin(world, people), vague = (int32_t)(how == FL_GLANCE ? world->glance_vague : world->vague);
    *judgement = world->left == 0 ? FL_UNTRIED : at >= -vague && at < vague ? FL_UNDECIDED : at >= 0 ? FL_MEETS : FL_MISSES;
    if (world->left > 0) world->left--;
    if (*judgement == FL_MEETS && how == FL_AS_ANSWER) memcpy(world->met, people, sizeof world->met);
    return FL_OK;
}

static double cheapest_by_force(const struct world *world, int32_t least)
{
    double best = INFINITY;
    for (uint32_t i = 0; i < 6 * 6 * 6 * 6; i++) {
        const uint32_t people[SHIFTS] = { i % 6, i / 6 % 6, i / 36 % 6, i / 216 };
        double cost = 0;
        for (uint32_t s = 0; s < SHIFTS; s++) cost += people[s] * world->shifts[s].cost;
        if (cost < best && margin(world, people) >= least) best = cost;
    }
    return best;
}

static enum fl_status search(struct world *world, struct fl_cheapest *out, uint32_t people[SHIFTS])
{
    static const uint32_t ample[SHIFTS] = { MOST, MOST, MOST, MOST };
    static const double required[1] = { 0 };
    const struct fl_rota_problem rota = { .interval = FL_HOUR, .duration = FL_HOUR, .intervals_count = 1, .groups_count = 1, .required = required,
                                          .shifts_count = SHIFTS, .shifts = world->shifts, .whole_share = 1, .people_max = FL_NONE, .seats = FL_NONE,
                                          .nodes_max = FL_ROTA_NODES_MAX };
    const struct fl_cheapest_problem problem = { .rota = &rota, .ample = ample, .attempt = attempt, .context = world, .rounds_max = 1000 };
    *out = (struct fl_cheapest){ .people = people };
    for (uint32_t s = 0; s < SHIFTS; s++) people[s] = MOST;
    return fl_cheapest(&problem, out);
}

Test(cheapest, is_what_brute_force_finds)
{
    uint32_t most_rounds = 0;
    for (uint32_t seed = 1; seed <= DESKS; seed++) {
        struct world world;
        struct fl_cheapest out;
        uint32_t people[SHIFTS];
        world_make(&world, seed);
        const double want = cheapest_by_force(&world, 0);

        cr_assert_eq(search(&world, &out, people), FL_OK, "seed %u", seed);

        cr_expect_float_eq(out.cost, want, 1e-9, "seed %u: %g, wanted %g", seed, out.cost, want);
        cr_expect_float_eq(out.bound, want, 1e-6, "seed %u: bound %g, wanted %g", seed, out.bound, want);
        cr_expect(out.proven, "seed %u", seed);
        cr_expect_geq(margin(&world, people), 0, "seed %u", seed);
        cr_expect_not(world.twice, "seed %u: a roster was tried twice", seed);
        const bool is_first = people[0] + people[1] + people[2] + people[3] == SHIFTS * MOST;
        cr_expect(is_first || memcmp(world.met, people, sizeof world.met) == 0, "seed %u: an answer that was not tried as one", seed);
        if (out.rounds > most_rounds) most_rounds = out.rounds;
    }
    cr_expect_gt(most_rounds, 5); /* some are no matter of a glance */
}

Test(cheapest, what_a_glance_leaves_open_takes_more_rounds_and_gives_the_same)
{
    for (uint32_t seed = 1; seed <= DESKS / 3; seed++) {
        struct world world;
        struct fl_cheapest out;
        uint32_t people[SHIFTS];
        world_make(&world, seed);
        world.glance_vague = 1;

        cr_assert_eq(search(&world, &out, people), FL_OK);

        cr_expect_float_eq(out.cost, cheapest_by_force(&world, 0), 1e-9, "seed %u", seed);
        cr_expect(out.proven, "seed %u", seed);
    }
}

Test(cheapest, what_cannot_be_decided_stands_between_bound_and_answer)
{
    uint32_t in_doubt = 0;
    for (uint32_t seed = 1; seed <= DESKS + 10; seed++) {
        struct world world;
        struct fl_cheapest out;
        uint32_t people[SHIFTS];
        world_make(&world, seed);
        world.vague = world.glance_vague = 1;
        if (margin(&world, (uint32_t[]){ MOST, MOST, MOST, MOST }) < 1) continue; /* nothing to begin with */

        cr_assert_eq(search(&world, &out, people), FL_OK);

        cr_expect_float_eq(out.cost, cheapest_by_force(&world, 1), 1e-9, "seed %u: surely does", seed);
        cr_expect_float_eq(out.bound, cheapest_by_force(&world, -1), 1e-6, "seed %u: may do", seed);
        cr_expect_eq(out.proven, out.bound > out.cost - 1e-6, "seed %u", seed);
        cr_expect_eq(out.undecided > 0, !out.proven, "seed %u", seed);
        in_doubt += !out.proven;
    }
    cr_expect_gt(in_doubt, DESKS / 10);
}

Test(cheapest, when_trying_ends_the_bound_still_holds)
{
    uint32_t stopped = 0;
    for (uint32_t seed = 1; seed <= DESKS + 10; seed++) {
        struct world world;
        struct fl_cheapest out;
        uint32_t people[SHIFTS];
        world_make(&world, seed);
        world.left = seed % 20;
        const double want = cheapest_by_force(&world, 0);

        cr_assert_eq(search(&world, &out, people), FL_OK);

        cr_expect_leq(out.bound, want + 1e-6, "seed %u", seed);
        cr_expect_geq(out.cost, want - 1e-9, "seed %u", seed);
        cr_expect(!out.proven || out.cost < want + 1e-6, "seed %u", seed);
        cr_expect_geq(margin(&world, people), 0, "seed %u", seed);
        stopped += !out.proven;
    }
    cr_expect_gt(stopped, DESKS / 5);
}
