#include "staffing/cheapest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NEAR 1e-9 /* costs that differ by less are equal: sums in another order */

/* Rosters of one kind, one after the other. */
struct rosters {
    uint32_t *people;
    uint32_t count, room;
};

struct search {
    const struct fl_cheapest_problem *problem;
    struct fl_cheapest *out;
    uint32_t shifts;
    struct rosters barred; /* FL_NONE where they reach what is ample */
    struct rosters doing;  /* shown to do */
    struct rosters open;   /* not shown to miss at a glance */
    uint32_t *tried, *grown; /* [shifts] */
    double *cells;           /* of the rota's answer */
    double doubt;            /* cost of the cheapest that could not be decided */
    bool in_doubt;           /* what is grown could not be decided, instead of being shown not to do */
};

static double cost_of(const struct search *search, const uint32_t people[])
{
    return fl_rota_cost(search->problem->rota, people);
}

static bool is_within(uint32_t shifts, const uint32_t inner[], const uint32_t outer[])
{
    for (uint32_t s = 0; s < shifts; s++)
        if (inner[s] > outer[s]) return false;
    return true;
}

static bool add(struct search *search, struct rosters *rosters, const uint32_t people[])
{
    if (rosters->count == rosters->room) {
        const uint32_t room = rosters->room > 0 ? 2 * rosters->room : 32;
        uint32_t *const larger = realloc(rosters->people, (size_t)room * search->shifts * sizeof *larger);
        if (larger == NULL) return false;
        rosters->people = larger;
        rosters->room = room;
    }
    memcpy(rosters->people + (size_t)rosters->count++ * search->shifts, people, search->shifts * sizeof *people);
    return true;
}

/* What follows from rosters tried before; FL_UNTRIED: nothing. */
static enum fl_judgement known(const struct search *search, const uint32_t people[])
{
    for (uint32_t i = 0; i < search->barred.count; i++)
        if (is_within(search->shifts, people, search->barred.people + (size_t)i * search->shifts)) return FL_MISSES;
    for (uint32_t i = 0; i < search->doing.count; i++)
        if (is_within(search->shifts, search->doing.people + (size_t)i * search->shifts, people)) return FL_MEETS;
    return FL_UNTRIED;
}

/* Whether a roster within this one was not shown to miss at a glance: with more people it is less likely to be. */
static bool is_open(const struct search *search, const uint32_t people[])
{
    for (uint32_t i = 0; i < search->open.count; i++)
        if (is_within(search->shifts, search->open.people + (size_t)i * search->shifts, people)) return true;
    return false;
}

static enum fl_status attempt(struct search *search, const uint32_t people[], enum fl_try how, enum fl_judgement *judgement)
{
    *judgement = known(search, people);
    if (*judgement == FL_MISSES || (*judgement == FL_MEETS && how != FL_AS_ANSWER)) return FL_OK;
    if (how == FL_GLANCE && is_open(search, people)) {
        *judgement = FL_UNDECIDED;
        return FL_OK;
    }
    const enum fl_status status = search->problem->attempt(search->problem->context, people, how, judgement);
    if (status != FL_OK) return status;
    if (*judgement == FL_MEETS && !add(search, &search->doing, people)) return FL_EFULL;
    if (*judgement == FL_UNDECIDED && how == FL_GLANCE && !add(search, &search->open, people)) return FL_EFULL;
    return FL_OK;
}

/* ---- The largest that does not ------------------------------------------------------------------- */

/* Of what was shown not to do, a glance shows most of what does not either. What could not be decided is only left out: anything around it
 * that cannot be shown to do may be left out with it, but to be left out for not having looked closely would lose answers. */
static enum fl_status still_misses(struct search *search, bool *misses)
{
    enum fl_judgement judgement;
    const enum fl_status status = attempt(search, search->grown, search->in_doubt ? FL_CLOSE_LOOK : FL_GLANCE, &judgement);
    *misses = judgement == FL_MISSES || (search->in_doubt && judgement == FL_UNDECIDED);
    return status;
}

/* As many on one shift as it still misses with; all that are ample is known to be too many. */
static enum fl_status grow_one(struct search *search, uint32_t shift)
{
    uint32_t low = search->grown[shift], high = search->problem->ample[shift];
    for (uint32_t reach = 1; high - low > 1; reach *= 2) { /* it is seldom far: 1, 2, 4... beyond what is known, then halves */
        const uint32_t middle = low + (reach < (high - low) / 2 ? reach : (high - low) / 2);
        bool misses;
        search->grown[shift] = middle;
        const enum fl_status status = still_misses(search, &misses);
        if (status != FL_OK) return status;
        if (misses) low = middle;
        else high = middle;
    }
    search->grown[shift] = low;
    return FL_OK;
}

/* Adds people on the shifts from first to end: everybody at once, or else half of the shifts and then the other half. */
static enum fl_status grow(struct search *search, uint32_t first, uint32_t end)
{
    uint32_t open = 0, last = first;
    for (uint32_t s = first; s < end; s++)
        if (search->grown[s] < search->problem->ample[s]) open++, last = s;
    if (open == 0) return FL_OK;
    uint32_t *const before = malloc((end - first) * sizeof *before);
    if (before == NULL) return FL_EFULL;
    memcpy(before, search->grown + first, (end - first) * sizeof *before);
    bool misses;
    for (uint32_t s = first; s < end; s++)
        if (search->grown[s] < search->problem->ample[s]) search->grown[s] = search->problem->ample[s];
    enum fl_status status = still_misses(search, &misses);
    if (status != FL_OK || !misses) memcpy(search->grown + first, before, (end - first) * sizeof *before);
    free(before);
    if (status != FL_OK || misses) return status;
    if (open == 1) return grow_one(search, last);
    const uint32_t middle = first + (end - first) / 2;
    status = grow(search, first, middle);
    return status == FL_OK ? grow(search, middle, end) : status;
}

/* Bars a roster that does not do, and with it the largest one around it that is found not to. */
static enum fl_status bar_grown(struct search *search, const uint32_t people[], bool in_doubt)
{
    search->in_doubt = in_doubt;
    memcpy(search->grown, people, search->shifts * sizeof *people);
    const enum fl_status status = grow(search, 0, search->shifts);
    if (status != FL_OK) return status;
    for (uint32_t s = 0; s < search->shifts; s++)
        if (search->grown[s] >= search->problem->ample[s]) search->grown[s] = FL_NONE;
    return add(search, &search->barred, search->grown) ? FL_OK : FL_EFULL;
}

/* ---- Rounds -------------------------------------------------------------------------------------- */

/* The cheapest that is not barred. FL_EINFEASIBLE: none. */
static enum fl_status propose(struct search *search, double *bound)
{
    struct fl_rota_problem rota = *search->problem->rota;
    const size_t cells = (size_t)rota.intervals_count * rota.groups_count;
    struct fl_rota found = { .people = search->tried, .on_duty = search->cells, .shortage = search->cells + cells };
    rota.barred = search->barred.people;
    rota.barred_count = search->barred.count;
    const enum fl_status status = fl_rota_solve(&rota, &found);
    *bound = found.bound;
    return status;
}

static void take(struct search *search, const uint32_t people[])
{
    memcpy(search->out->people, people, search->shifts * sizeof *people);
    search->out->cost = cost_of(search, people);
}

static bool is_near(const struct search *search, double bound)
{
    return search->out->cost <= (1 + search->problem->rota->gap) * bound * (1 + NEAR) + NEAR;
}

/* One round; *over when there is nothing left to find, or to find it with. */
static enum fl_status round_of(struct search *search, bool *over)
{
    struct fl_cheapest *const out = search->out;
    double bound = out->cost;
    enum fl_judgement judgement;
    enum fl_status status = propose(search, &bound);
    if (status == FL_EINFEASIBLE) { /* whatever does costs no less than what we have, or is in doubt */
        out->bound = fmin(search->doubt, out->cost);
        *over = true;
        return FL_OK;
    }
    if (status != FL_OK) { /* too hard for the programme's nodes: what was proven so far holds */
        *over = true;
        return status == FL_EFULL ? FL_OK : status;
    }
    out->bound = fmin(fmin(bound, search->doubt), out->cost);
    *over = is_near(search, bound) || cost_of(search, search->tried) >= out->cost * (1 - NEAR);
    if (*over) return FL_OK;
    status = attempt(search, search->tried, FL_AS_ANSWER, &judgement);
    if (status != FL_OK) return status;
    *over = judgement == FL_MEETS || judgement == FL_UNTRIED;
    if (judgement == FL_MEETS) take(search, search->tried);
    if (*over) return FL_OK;
    if (judgement == FL_UNDECIDED) {
        out->undecided++;
        search->doubt = fmin(search->doubt, cost_of(search, search->tried));
    }
    return bar_grown(search, search->tried, judgement == FL_UNDECIDED);
}

static bool open_search(struct search *search)
{
    const struct fl_rota_problem *const rota = search->problem->rota;
    search->tried = calloc(2 * (size_t)search->shifts, sizeof *search->tried);
    search->cells = calloc(2 * (size_t)rota->intervals_count * rota->groups_count, sizeof *search->cells);
    search->grown = search->tried + search->shifts;
    return search->tried != NULL && search->cells != NULL && add(search, &search->doing, search->out->people);
}

static void close_search(struct search *search)
{
    free(search->tried);
    free(search->cells);
    free(search->barred.people);
    free(search->doing.people);
    free(search->open.people);
}

enum fl_status fl_cheapest(const struct fl_cheapest_problem *problem, struct fl_cheapest *out)
{
    struct search search = { .problem = problem, .out = out, .shifts = problem->rota->shifts_count, .doubt = INFINITY };
    bool over = false;
    enum fl_status status = open_search(&search) ? FL_OK : FL_EFULL;
    if (status == FL_OK) {
        out->cost = cost_of(&search, out->people);
        out->bound = 0;
        out->rounds = out->undecided = 0;
        while (status == FL_OK && !over && out->rounds++ < problem->rounds_max) status = round_of(&search, &over);
        out->proven = is_near(&search, out->bound);
    }
    close_search(&search);
    return status;
}
