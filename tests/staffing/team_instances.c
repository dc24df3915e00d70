/* Random teams and what fl_team_solve() makes of them, one JSON object a line, for team_oracle.mjs to judge.
 *
 * Each problem has rather too few than too many people, so that some have no team; whether it has one is for the solvers to say. Problem I
 * of seed S is the same alone as among others. */
#include "core/draw.h"
#include "staffing/team.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAYS_MAX    14u
#define SHIFTS_MAX  4u
#define DUTIES_MAX  (DAYS_MAX * SHIFTS_MAX)
#define MEMBERS_MAX 10u
#define PLACES_MAX  (DUTIES_MAX * 4u)
#define NODES_MAX   2000u

struct instance {
    struct fl_team_problem problem;
    struct fl_team_duty duties[DUTIES_MAX];
    struct fl_team_member members[MEMBERS_MAX];
    double cost[MEMBERS_MAX * DUTIES_MAX], wish[MEMBERS_MAX * DUTIES_MAX];
    bool away[MEMBERS_MAX * DUTIES_MAX];
};

struct dice {
    uint64_t state;
};

static uint32_t below(struct dice *dice, uint32_t n)
{
    dice->state += UINT64_C(0x9E3779B97F4A7C15);
    return (uint32_t)fl_uniform_below(fl_mix(dice->state), n);
}

static bool chance(struct dice *dice, uint32_t percent)
{
    return below(dice, 100) < percent;
}

static uint32_t between(struct dice *dice, uint32_t low, uint32_t high)
{
    return low + below(dice, high - low + 1);
}

/* ---- The problem --------------------------------------------------------------------------------- */

/* The same shifts every day, some of them left out, each a quarter of an hour's multiple and rather long. */
static void draw_duties(struct instance *in, struct dice *dice)
{
    struct fl_team_problem *const p = &in->problem;
    uint32_t from[SHIFTS_MAX], length[SHIFTS_MAX], people[SHIFTS_MAX];
    const uint32_t shifts = between(dice, 1, SHIFTS_MAX);
    uint32_t start = between(dice, 0, 9);
    for (uint32_t s = 0; s < shifts; s++) {
        from[s] = start;
        length[s] = between(dice, 3, 10) * 60 + (chance(dice, 30) ? 30 : 0);
        people[s] = between(dice, 1, 3);
        start += between(dice, 1, 5);
    }
    p->days = between(dice, 2, DAYS_MAX);
    for (uint32_t day = 0; day < p->days; day++) {
        for (uint32_t s = 0; s < shifts; s++) {
            if (chance(dice, 8)) continue;
            struct fl_team_duty *const duty = &in->duties[p->duties_count++];
            const fl_time at = day * FL_DAY + from[s] * FL_HOUR, lasts = length[s] * FL_MINUTE;
            *duty = (struct fl_team_duty){ .from = at, .to = at + lasts, .worked = lasts, .day = day, .people = people[s] - (people[s] > 1 && chance(dice, 20)) };
            if (lasts >= 6 * FL_HOUR && chance(dice, 50)) duty->worked -= 30 * FL_MINUTE;
        }
    }
    if (p->duties_count == 0) in->duties[p->duties_count++] = (struct fl_team_duty){ 0, FL_HOUR, FL_HOUR, 0, 1 };
}

static void draw_member(struct instance *in, struct dice *dice, uint32_t m)
{
    static const uint32_t rests[] = { 0, 8, 11, 12 }, weeks[] = { 20, 36, 40, 44, 60 };
    const struct fl_team_problem *const p = &in->problem;
    const bool crowd = chance(dice, 35);
    const double wage = between(dice, 18, 32);
    in->members[m] = (struct fl_team_member){ .count = crowd ? between(dice, 2, 4) : 1, .hired = chance(dice, 30), .rest = rests[below(dice, 4)] * FL_HOUR,
                                              .hours_day = chance(dice, 15) ? 8 * FL_HOUR : FL_TIME_NEVER,
                                              .hours_week = chance(dice, 60) ? weeks[below(dice, 5)] * FL_HOUR : FL_TIME_NEVER,
                                              .days_week = chance(dice, 60) ? between(dice, 4, 6) : 7 };
    if (in->members[m].hired) in->members[m].hire_cost = chance(dice, 70) ? 50 * below(dice, 20) : 0;
    const uint32_t unable = chance(dice, 40) ? below(dice, SHIFTS_MAX) : SHIFTS_MAX;
    for (uint32_t d = 0; d < p->duties_count; d++) {
        const size_t at = (size_t)m * p->duties_count + d;
        in->cost[at] = d % SHIFTS_MAX == unable ? (double)INFINITY : (double)(uint64_t)(wage * (double)in->duties[d].worked / (double)FL_HOUR * 10) / 10;
        in->wish[at] = !crowd && chance(dice, 10) ? 10 * between(dice, 1, 20) : 0;
    }
    for (uint32_t i = 0; i < 2 && !crowd; i++) {
        const uint32_t day = below(dice, 2 * p->days);
        for (uint32_t d = 0; d < p->duties_count; d++) in->away[(size_t)m * p->duties_count + d] |= in->duties[d].day == day;
    }
}

static void instance_draw(struct instance *in, uint64_t seed, uint32_t index)
{
    struct dice dice = { fl_mix(fl_mix(seed) + index) };
    memset(in, 0, sizeof *in);
    in->problem = (struct fl_team_problem){ .duties = in->duties, .members = in->members, .cost = in->cost, .wish = in->wish, .away = in->away,
                                            .gap = index % 4 == 3 ? 0 : 0.005, .nodes_max = NODES_MAX };
    draw_duties(in, &dice);
    in->problem.members_count = between(&dice, 2, MEMBERS_MAX);
    for (uint32_t m = 0; m < in->problem.members_count; m++) draw_member(in, &dice, m);
    if (chance(&dice, 30)) { /* two who are alike in all */
        const uint32_t last = in->problem.members_count - 1, n = in->problem.duties_count;
        in->members[last] = in->members[0];
        for (uint32_t d = 0; d < n; d++) {
            in->cost[last * n + d] = in->cost[d];
            in->wish[last * n + d] = in->wish[d];
            in->away[last * n + d] = in->away[d];
        }
    }
}

/* ---- On paper ------------------------------------------------------------------------------------ */

static void print_time(const char *name, fl_time value)
{
    if (value == FL_TIME_NEVER) printf(",\"%s\":null", name);
    else printf(",\"%s\":%" PRId64, name, value);
}

static void print_row(const char *name, const double values[], uint32_t count)
{
    printf(",\"%s\":[", name);
    for (uint32_t i = 0; i < count; i++) {
        if (values[i] > 1e300) printf("%snull", i ? "," : "");
        else printf("%s%.17g", i ? "," : "", values[i]);
    }
    printf("]");
}

static void print_problem(const struct instance *in, uint32_t index)
{
    const struct fl_team_problem *const p = &in->problem;
    printf("{\"index\":%" PRIu32 ",\"days\":%" PRIu32 ",\"gap\":%.17g,\"duties\":[", index, p->days, p->gap);
    for (uint32_t d = 0; d < p->duties_count; d++)
        printf("%s{\"from\":%" PRId64 ",\"to\":%" PRId64 ",\"worked\":%" PRId64 ",\"day\":%" PRIu32 ",\"people\":%" PRIu32 "}", d ? "," : "", in->duties[d].from,
               in->duties[d].to, in->duties[d].worked, in->duties[d].day, in->duties[d].people);
    printf("],\"members\":[");
    for (uint32_t m = 0; m < p->members_count; m++) {
        const struct fl_team_member *const member = &in->members[m];
        printf("%s{\"count\":%" PRIu32 ",\"hired\":%s,\"hire_cost\":%.17g,\"days_week\":%" PRIu32, m ? "," : "", member->count, member->hired ? "true" : "false",
               member->hire_cost, member->days_week);
        print_time("rest", member->rest);
        print_time("hours_day", member->hours_day);
        print_time("hours_week", member->hours_week);
        print_row("cost", in->cost + (size_t)m * p->duties_count, p->duties_count);
        print_row("wish", in->wish + (size_t)m * p->duties_count, p->duties_count);
        printf(",\"away\":[");
        for (uint32_t d = 0; d < p->duties_count; d++) printf("%s%d", d ? "," : "", in->away[(size_t)m * p->duties_count + d]);
        printf("]}");
    }
    printf("]");
}

static void print_reasons(const struct fl_team_problem *p)
{
    static const char *const names[FL_TEAM_LIMITS_COUNT] = { "people", "away", "rest", "hours_day", "hours_week", "days_week" };
    fl_time more[FL_TEAM_LIMITS_COUNT];
    const enum fl_status status = fl_team_explain(p, more);
    printf(",\"explained\":{\"status\":\"%s\"", fl_status_sentence(status));
    for (uint32_t i = 0; status == FL_OK && i < FL_TEAM_LIMITS_COUNT; i++) print_time(names[i], more[i]);
    printf("}");
}

static void answer(const struct instance *in, uint32_t index)
{
    static struct fl_team_place places[PLACES_MAX];
    static uint32_t heads[MEMBERS_MAX];
    struct fl_team team = { .places = places, .heads = heads };
    const struct fl_team_problem *const p = &in->problem;

    const enum fl_status status = fl_team_solve(p, &team);

    print_problem(in, index);
    printf(",\"answer\":{\"status\":\"%s\"", status == FL_OK ? "filled" : status == FL_EINFEASIBLE ? "infeasible" : fl_status_sentence(status));
    if (status == FL_OK || status == FL_EINFEASIBLE) {
        uint32_t count = 0;
        for (uint32_t d = 0; d < p->duties_count; d++) count += p->duties[d].people;
        printf(",\"cost\":%.17g,\"wishes\":%.17g,\"bound\":%.17g,\"proven\":%s,\"open\":%" PRIu32 ",\"kept\":%s,\"places\":[", team.cost, team.wishes, team.bound,
               team.proven ? "true" : "false", team.open, fl_team_keeps_limits(p, places) ? "true" : "false");
        for (uint32_t i = 0; i < count; i++)
            printf("%s[%" PRIu32 ",%" PRId64 ",%" PRId64 "]", i ? "," : "", places[i].duty, places[i].member == FL_NONE ? -1 : (int64_t)places[i].member,
                   places[i].member == FL_NONE ? -1 : (int64_t)places[i].person);
        printf("],\"heads\":[");
        for (uint32_t m = 0; m < p->members_count; m++) printf("%s%" PRIu32, m ? "," : "", heads[m]);
        printf("]");
        if (status == FL_EINFEASIBLE) print_reasons(p);
    }
    printf("}}\n");
}

int main(int argc, char *argv[])
{
    if (argc != 4) {
        fprintf(stderr, "usage: team_instances SEED FIRST COUNT\n");
        return 2;
    }
    const uint64_t seed = strtoull(argv[1], NULL, 10);
    const uint32_t first = (uint32_t)strtoul(argv[2], NULL, 10), count = (uint32_t)strtoul(argv[3], NULL, 10);
    static struct instance in;
    for (uint32_t i = first; i < first + count; i++) {
        instance_draw(&in, seed, i);
        answer(&in, i);
    }
    return fflush(stdout) == 0 ? 0 : 4;
}
