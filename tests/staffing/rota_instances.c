/* Random staffing problems and what fl_rota_solve() makes of them, one JSON object a line, for rota_oracle.mjs to judge.
 *
 * Each problem hides a roster: its requirement, its limits and its cuts are what that roster just keeps, so that it can be solved and yet
 * leaves little room. One in five is then spoilt, in one of six ways; whether that made it infeasible is for the solvers to say. Problem I
 * of seed S is the same alone as among others. */
#include "core/draw.h"
#include "staffing/rota.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INTERVALS_MAX 96
#define GROUPS_MAX    3
#define SHIFTS_MAX    60
#define BREAKS_MAX    2
#define CUTS_MAX      3
#define TERMS_MAX     6
#define CREWS_MAX     3
#define CELLS_MAX     (INTERVALS_MAX * GROUPS_MAX)
#define NODES_MAX     1000 /* some seconds at most; where it does not suffice the answer is not proven, and says so */

struct instance {
    struct fl_rota_problem problem;
    double required[CELLS_MAX];
    struct fl_rota_shift shifts[SHIFTS_MAX];
    struct fl_break breaks[SHIFTS_MAX][BREAKS_MAX];
    struct fl_rota_cut cuts[CUTS_MAX];
    struct fl_rota_term terms[CUTS_MAX][TERMS_MAX];
    struct fl_rota_crew crews[CREWS_MAX];
    uint32_t crowd;              /* most people on a shift of the hidden roster */
    uint32_t hidden[SHIFTS_MAX]; /* the roster that the problem was made from */
    double given[CELLS_MAX];     /* whom it has on duty, the cross-trained divided at random */
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

static void draw_size(struct instance *in, struct dice *dice, uint32_t index)
{
    static const fl_time lengths[] = { 15 * FL_MINUTE, 30 * FL_MINUTE, FL_HOUR };
    static const double shares[] = { 1, 1, 0.5, 0.75, 2.0 / 3 };
    struct fl_rota_problem *const p = &in->problem;
    p->interval = lengths[below(dice, 3)];
    const uint32_t day = (uint32_t)(FL_DAY / p->interval);
    p->intervals_count = between(dice, 8, day < INTERVALS_MAX ? day : INTERVALS_MAX);
    p->duration = p->intervals_count * p->interval - (chance(dice, 25) ? p->interval / 3 : 0);
    p->groups_count = 1 + index % GROUPS_MAX;
    p->required = in->required;
    p->shifts_count = 5 + below(dice, 1 + below(dice, SHIFTS_MAX - 4)); /* rather few than many */
    p->shifts = in->shifts;
    p->cuts = in->cuts;
    p->whole_share = shares[below(dice, 5)];
    p->people_max = p->seats = FL_NONE;
    in->crowd = chance(dice, 40) ? 40 : 5; /* in a crowd the gap leaves something to choose */
    p->gap = index % 4 == 3 ? 0 : FL_ROTA_GAP;
    p->nodes_max = NODES_MAX;
}

/* Up to two breaks, one in each half of the shift. */
static void draw_breaks(struct fl_rota_shift *shift, struct fl_break breaks[], struct dice *dice)
{
    const fl_time half = (shift->to - shift->from) / 2;
    shift->breaks = breaks;
    for (uint32_t i = 0; i < BREAKS_MAX; i++) {
        const fl_time length = between(dice, 1, 9) * 5 * FL_MINUTE, room = half - length;
        if (room < 0 || chance(dice, 45)) continue;
        const fl_time at = i * half + below(dice, (uint32_t)(room / (5 * FL_MINUTE)) + 1) * 5 * FL_MINUTE;
        breaks[shift->breaks_count++] = (struct fl_break){ .at = at, .length = length };
    }
}

/* The first shifts are a group's own and long, so that hardly a cell is out of everybody's reach. */
static void draw_shift(struct instance *in, struct dice *dice, uint32_t j)
{
    static const double speeds[] = { 0.5, 1 / 2.3, 1.25 };
    const struct fl_rota_problem *const p = &in->problem;
    struct fl_rota_shift *const shift = &in->shifts[j];
    const fl_time quarter = 15 * FL_MINUTE;
    const uint32_t quarters = (uint32_t)(p->duration / quarter), all = (1u << p->groups_count) - 1;
    const bool grid = chance(dice, 50); /* starts and ends with an interval */
    const fl_time step = grid ? p->interval : quarter;
    *shift = (struct fl_rota_shift){ .people_max = FL_NONE };
    shift->from = ((fl_time)below(dice, quarters + 8) - 8) * quarter / step * step; /* from two hours before the start on */
    shift->to = shift->from + (between(dice, 4, 36) * quarter + step - 1) / step * step;
    shift->groups = chance(dice, 30) ? 1 + below(dice, all) : UINT64_C(1) << below(dice, p->groups_count);
    shift->speed = chance(dice, 20) ? speeds[below(dice, 3)] : 1;
    if (j < 2 * p->groups_count) {
        shift->groups = UINT64_C(1) << j % p->groups_count;
        shift->from = j < p->groups_count ? 0 : p->duration / 2 / step * step;
        shift->to = j < p->groups_count ? shift->from + p->duration / 2 / step * step + step : p->duration;
    }
    draw_breaks(shift, in->breaks[j], dice);
    const double hours = (double)(shift->to - shift->from) / (double)FL_HOUR, skills = __builtin_popcountll(shift->groups);
    const double wage = between(dice, 18, 30) + 3 * (skills - 1);
    shift->cost = (double)(uint64_t)(hours * wage * shift->speed * 10) / 10;
    in->hidden[j] = chance(dice, 55) ? between(dice, 1, in->crowd) : 0;
    if (chance(dice, 15)) shift->people_max = in->hidden[j] + below(dice, 2);
    if (chance(dice, 8)) { /* those who are there already cost nothing more */
        shift->cost = 0;
        shift->people_max = in->hidden[j];
    }
}

/* ---- What the hidden roster gives ---------------------------------------------------------------- */

static fl_time end_of(const struct fl_rota_problem *p, uint32_t interval)
{
    const fl_time end = (fl_time)(interval + 1) * p->interval;
    return end < p->duration ? end : p->duration;
}

/* Which of the groups in `groups`, the `nth` of them. */
static uint32_t nth_group(uint64_t groups, uint32_t nth)
{
    while (nth-- > 0) groups &= groups - 1;
    return (uint32_t)__builtin_ctzll(groups);
}

static void put_on_duty(struct instance *in, struct dice *dice)
{
    const struct fl_rota_problem *const p = &in->problem;
    for (uint32_t t = 0; t < p->intervals_count; t++) {
        const fl_time from = t * p->interval, to = end_of(p, t);
        for (uint32_t j = 0; j < p->shifts_count; j++) {
            const struct fl_rota_shift *const shift = &in->shifts[j];
            if ((double)fl_rota_on_duty(shift, from, to) < p->whole_share * (double)(to - from)) continue;
            const uint32_t skills = (uint32_t)__builtin_popcountll(shift->groups);
            for (uint32_t i = 0; i < in->hidden[j]; i++) {
                const uint32_t group = nth_group(shift->groups, below(dice, skills));
                in->given[t * p->groups_count + group] += shift->speed;
            }
        }
    }
}

/* Whole people for half of the problems, tenths for the others. */
static void draw_requirement(struct instance *in, struct dice *dice)
{
    const uint32_t parts = chance(dice, 50) ? 1 : 10, least = between(dice, 60, 95);
    for (uint32_t i = 0; i < in->problem.intervals_count * in->problem.groups_count; i++) {
        const double wanted = in->given[i] * between(dice, least, 100) / 100;
        in->required[i] = chance(dice, 5) ? 0 : (double)(uint32_t)(wanted * parts) / parts;
    }
}

static uint32_t most_at_once(const struct instance *in)
{
    uint32_t most = 0;
    for (uint32_t k = 0; k < in->problem.shifts_count; k++) {
        uint32_t seated = 0;
        const fl_time at = in->shifts[k].from > 0 ? in->shifts[k].from : 0;
        for (uint32_t j = 0; at < in->problem.duration && j < in->problem.shifts_count; j++)
            seated += in->shifts[j].from <= at && in->shifts[j].to > at ? in->hidden[j] : 0;
        if (seated > most) most = seated;
    }
    return most;
}

static void draw_limits(struct instance *in, struct dice *dice)
{
    struct fl_rota_problem *const p = &in->problem;
    uint32_t people = 0;
    for (uint32_t j = 0; j < p->shifts_count; j++) people += in->hidden[j];
    if (chance(dice, 40)) p->people_max = people - people * below(dice, 25) / 100;
    if (chance(dice, 50)) p->seats = most_at_once(in) + below(dice, 2);
}

/* Crews just large enough, and seats of which some have to be bought. */
static void draw_crews_and_seats(struct instance *in, struct dice *dice)
{
    struct fl_rota_problem *const p = &in->problem;
    p->crews = in->crews;
    p->crews_count = chance(dice, 50) ? between(dice, 1, CREWS_MAX) : 0;
    for (uint32_t c = 0; c < p->crews_count; c++) {
        struct fl_rota_crew *const crew = &in->crews[c];
        crew->first_shift = below(dice, p->shifts_count);
        crew->shifts_count = 1 + below(dice, p->shifts_count - crew->first_shift);
        crew->from = chance(dice, 50) ? INT64_MIN : (fl_time)below(dice, p->intervals_count) * p->interval;
        crew->to = chance(dice, 50) ? INT64_MAX : p->duration / 2;
        for (uint32_t j = crew->first_shift; j < crew->first_shift + crew->shifts_count; j++)
            crew->people_max += in->shifts[j].from >= crew->from && in->shifts[j].from < crew->to ? in->hidden[j] : 0;
    }
    if (chance(dice, 50)) return;
    p->seats_held = most_at_once(in) * between(dice, 30, 100) / 100;
    p->seat_cost = between(dice, 1, 400);
}

static void draw_cuts(struct instance *in, struct dice *dice)
{
    struct fl_rota_problem *const p = &in->problem;
    p->cuts_count = chance(dice, 50) ? between(dice, 1, CUTS_MAX) : 0;
    for (uint32_t c = 0; c < p->cuts_count; c++) {
        struct fl_rota_cut *const cut = &in->cuts[c];
        *cut = (struct fl_rota_cut){ .terms_count = between(dice, 1, TERMS_MAX), .terms = in->terms[c] };
        double given = 0;
        for (uint32_t i = 0; i < cut->terms_count; i++) {
            struct fl_rota_term *const term = &in->terms[c][i];
            *term = (struct fl_rota_term){ .interval = below(dice, p->intervals_count),
                                           .group = below(dice, p->groups_count),
                                           .weight = between(dice, 1, 8) * 0.25 };
            if (i > 0 && chance(dice, 15)) *term = in->terms[c][0]; /* a cell may stand twice */
            given += term->weight * in->given[term->interval * p->groups_count + term->group];
        }
        cut->at_least = given * between(dice, 85, 100) / 100;
    }
}

static void spoil(struct instance *in, struct dice *dice)
{
    struct fl_rota_problem *const p = &in->problem;
    const uint32_t cells = p->intervals_count * p->groups_count, way = below(dice, 6);
    if (way == 0) p->people_max = 1 + below(dice, 4);
    if (way == 1) p->seats = 1 + most_at_once(in) / 2;
    if (way == 2) { /* one cell wants more than its group's own shifts may have */
        in->required[below(dice, cells)] += 40;
        for (uint32_t j = 0; j < p->shifts_count; j++) in->shifts[j].people_max = in->hidden[j] + 1;
    }
    if (way == 3) {
        in->cuts[p->cuts_count < CUTS_MAX ? p->cuts_count++ : 0] = (struct fl_rota_cut){ .terms_count = 0, .at_least = 1 };
    }
    if (way == 4) {
        for (uint32_t j = 0; j < p->shifts_count; j++)
            if (in->shifts[j].people_max == FL_NONE) in->shifts[j].people_max = in->hidden[j] - in->hidden[j] / 3;
    }
    if (way == 5) {
        in->crews[0] = (struct fl_rota_crew){ .shifts_count = p->shifts_count, .from = INT64_MIN, .to = INT64_MAX, .people_max = 1 + below(dice, 4) };
        if (p->crews_count == 0) p->crews_count = 1;
    }
}

static void instance_draw(struct instance *in, uint64_t seed, uint32_t index)
{
    struct dice dice = { fl_mix(fl_mix(seed) + index) };
    memset(in, 0, sizeof *in);
    draw_size(in, &dice, index);
    for (uint32_t j = 0; j < in->problem.shifts_count; j++) draw_shift(in, &dice, j);
    put_on_duty(in, &dice);
    draw_requirement(in, &dice);
    draw_limits(in, &dice);
    draw_cuts(in, &dice);
    draw_crews_and_seats(in, &dice);
    if (index % 5 == 4) spoil(in, &dice);
}

/* ---- On paper ------------------------------------------------------------------------------------ */

static void print_number(const char *name, double value)
{
    printf(",\"%s\":%.17g", name, value);
}

static void print_count(const char *name, uint32_t value)
{
    if (value == FL_NONE) printf(",\"%s\":null", name);
    else printf(",\"%s\":%" PRIu32, name, value);
}

static void print_numbers(const char *name, const double values[], uint32_t count)
{
    printf(",\"%s\":[", name);
    for (uint32_t i = 0; i < count; i++) printf("%s%.17g", i ? "," : "", values[i]);
    printf("]");
}

static void print_shift(const struct fl_rota_shift *shift)
{
    printf("{\"from\":%" PRId64 ",\"to\":%" PRId64 ",\"groups\":%" PRIu64, shift->from, shift->to, shift->groups);
    print_number("cost", shift->cost);
    print_number("speed", shift->speed);
    print_count("people_max", shift->people_max);
    printf(",\"breaks\":[");
    for (uint32_t i = 0; i < shift->breaks_count; i++)
        printf("%s{\"at\":%" PRId64 ",\"length\":%" PRId64 "}", i ? "," : "", shift->breaks[i].at, shift->breaks[i].length);
    printf("]}");
}

static void print_cut(const struct fl_rota_cut *cut)
{
    printf("{\"at_least\":%.17g,\"terms\":[", cut->at_least);
    for (uint32_t i = 0; i < cut->terms_count; i++) {
        printf("%s{\"interval\":%" PRIu32 ",\"group\":%" PRIu32, i ? "," : "", cut->terms[i].interval, cut->terms[i].group);
        print_number("weight", cut->terms[i].weight);
        printf("}");
    }
    printf("]}");
}

static void print_crews(const struct fl_rota_problem *p)
{
    printf(",\"crews\":[");
    for (uint32_t c = 0; c < p->crews_count; c++) {
        const struct fl_rota_crew *const crew = &p->crews[c];
        printf("%s{\"first\":%" PRIu32 ",\"from\":", c ? "," : "", crew->first_shift);
        if (crew->from == INT64_MIN) printf("null");
        else printf("%" PRId64, crew->from);
        if (crew->to == INT64_MAX) printf(",\"to\":null");
        else printf(",\"to\":%" PRId64, crew->to);
        print_count("count", crew->shifts_count);
        print_count("people_max", crew->people_max);
        printf("}");
    }
    printf("]");
}

static void print_problem(const struct fl_rota_problem *p, uint32_t index)
{
    printf("{\"index\":%" PRIu32 ",\"interval\":%" PRId64 ",\"duration\":%" PRId64, index, p->interval, p->duration);
    print_count("intervals_count", p->intervals_count);
    print_count("groups_count", p->groups_count);
    print_number("whole_share", p->whole_share);
    print_count("people_max", p->people_max);
    print_count("seats", p->seats);
    print_count("seats_held", p->seats_held);
    print_number("seat_cost", p->seat_cost);
    print_number("gap", p->gap);
    print_numbers("required", p->required, p->intervals_count * p->groups_count);
    printf(",\"shifts\":[");
    for (uint32_t j = 0; j < p->shifts_count; j++) {
        if (j > 0) printf(",");
        print_shift(&p->shifts[j]);
    }
    printf("],\"cuts\":[");
    for (uint32_t c = 0; c < p->cuts_count; c++) {
        if (c > 0) printf(",");
        print_cut(&p->cuts[c]);
    }
    printf("]");
    print_crews(p);
}

static void print_roster(const struct fl_rota_problem *p, const struct fl_rota *roster)
{
    const uint32_t cells = p->intervals_count * p->groups_count;
    printf(",\"people\":[");
    for (uint32_t j = 0; j < p->shifts_count; j++) printf("%s%" PRIu32, j ? "," : "", roster->people[j]);
    printf("]");
    print_numbers("on_duty", roster->on_duty, cells);
    print_numbers("shortage", roster->shortage, cells);
    print_number("cost", roster->cost);
    print_number("bound", roster->bound);
    printf(",\"proven\":%s", roster->proven ? "true" : "false");
    print_count("short_interval", roster->short_interval);
    print_count("short_group", roster->short_group);
    print_count("short_cut", roster->short_cut);
}

/* What it would take to cover it, each limit by itself; null: it alone does not do. */
static void print_reasons(const struct fl_rota_problem *p)
{
    static const char *const names[FL_ROTA_LIMITS_COUNT] = { "seats", "people", "crews", "shifts" };
    uint32_t more[FL_ROTA_LIMITS_COUNT];
    const enum fl_status status = fl_rota_explain(p, more);
    printf(",\"explained\":{\"status\":\"%s\"", fl_status_sentence(status));
    for (uint32_t i = 0; status == FL_OK && i < FL_ROTA_LIMITS_COUNT; i++) print_count(names[i], more[i]);
    printf("}");
}

static void answer(const struct fl_rota_problem *p, uint32_t index)
{
    static uint32_t people[SHIFTS_MAX];
    static double on_duty[CELLS_MAX], shortage[CELLS_MAX];
    struct fl_rota roster = { .people = people, .on_duty = on_duty, .shortage = shortage };

    const enum fl_status status = fl_rota_solve(p, &roster);

    print_problem(p, index);
    printf(",\"answer\":{\"status\":\"%s\"",
           status == FL_OK           ? "covered"
           : status == FL_EINFEASIBLE ? "infeasible"
                                      : fl_status_sentence(status));
    if (status == FL_OK || status == FL_EINFEASIBLE) print_roster(p, &roster);
    if (status == FL_EINFEASIBLE) print_reasons(p);
    printf("}}\n");
}

int main(int argc, char *argv[])
{
    if (argc != 4) {
        fprintf(stderr, "usage: rota_instances SEED FIRST COUNT\n");
        return 2;
    }
    const uint64_t seed = strtoull(argv[1], NULL, 10);
    const uint32_t first = (uint32_t)strtoul(argv[2], NULL, 10), count = (uint32_t)strtoul(argv[3], NULL, 10);
    static struct instance in;
    for (uint32_t i = first; i < first + count; i++) {
        instance_draw(&in, seed, i);
        answer(&in.problem, i);
    }
    return fflush(stdout) == 0 ? 0 : 4;
}
