/* Duties are in the order of their start, and those that one person cannot both work are a stretch of that order: from a duty on, all
 * that begin before she has rested or that count for the same day. So conflicts are those of intervals over the duties' numbers, the
 * largest sets in conflict are found in one walk, and a duty is in a run of neighbouring ones. */
#include "staffing/team.h"

#include "core/draw.h"
#include "staffing/sparse.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CELLS_MAX 4000000u /* members x duties */
#define UNITS_MAX 4000u
#define HEAD_COST 1e-3     /* in the objective alone: of equally cheap teams the one with fewer people */
#define WEEK_DAYS 7u
#define ATTEMPTS 100u      /* to deal a week day by day before a programme has to; a fraction of a millisecond each */
#define DEAL_NODES 30u
#define SHUFFLE_MINUTES 240u
#define LENGTHS_MAX 8u     /* more are left to the sum of hours */

/* ---- Units: people alike -------------------------------------------------------------------------- */

struct unit {
    uint32_t first, members; /* of the order of members */
    uint32_t person;         /* taken apart: the one person that it is; FL_NONE: all of its members' */
    uint32_t count;          /* people in it, at most as many as there are places */
    uint32_t heads;          /* of the solution */
};

/* What the programme is asked for. */
enum goal { GOAL_CHEAPEST, GOAL_FEWEST_OPEN, GOAL_FEWEST_PEOPLE_MORE, GOAL_FEWEST_AWAY, GOAL_ANY };

struct team {
    const struct fl_team_problem *problem;
    uint32_t places, weeks;
    uint32_t *order; /* [members] members alike are neighbours */
    struct unit *units;
    uint32_t units_count, units_room;
    uint32_t *work;   /* [units_room x duties] people of each unit on each duty: the solution */
    uint32_t *reach;  /* [duties] scratch: the last duty that one conflicts with, of the unit at hand */
    uint32_t *before; /* [duties + 1] scratch: its sets in conflict that are full before a duty */
    bool *ends;       /* [duties] scratch */
};

static const struct fl_team_member *member_of(const struct team *t, const struct unit *unit)
{
    return &t->problem->members[t->order[unit->first]];
}

static size_t cell(const struct team *t, const struct unit *unit, uint32_t duty)
{
    return (size_t)t->order[unit->first] * t->problem->duties_count + duty;
}

static bool are_alike(const struct fl_team_problem *p, uint32_t a, uint32_t b)
{
    const struct fl_team_member *const x = &p->members[a], *const y = &p->members[b];
    const size_t n = p->duties_count, at_a = a * n, at_b = b * n;
    if (x->hired != y->hired || x->hire_cost != y->hire_cost || x->rest != y->rest || x->hours_day != y->hours_day ||
        x->hours_week != y->hours_week || x->days_week != y->days_week)
        return false;
    return memcmp(p->cost + at_a, p->cost + at_b, n * sizeof *p->cost) == 0 &&
           (p->wish == NULL || memcmp(p->wish + at_a, p->wish + at_b, n * sizeof *p->wish) == 0) &&
           (p->away == NULL || memcmp(p->away + at_a, p->away + at_b, n * sizeof *p->away) == 0);
}

static uint32_t sum_capped(uint32_t a, uint32_t b, uint32_t most)
{
    return a >= most || b >= most - a ? most : a + b;
}

static void find_units(struct team *t)
{
    const struct fl_team_problem *const p = t->problem;
    uint32_t ordered = 0;
    for (uint32_t m = 0; m < p->members_count; m++) {
        bool known = false;
        for (uint32_t i = 0; i < ordered && !known; i++) known = t->order[i] == m;
        if (known) continue;
        struct unit *const unit = &t->units[t->units_count++];
        *unit = (struct unit){ .first = ordered, .person = FL_NONE };
        for (uint32_t other = m; other < p->members_count; other++) {
            if (!are_alike(p, m, other)) continue;
            t->order[ordered++] = other;
            unit->members++;
            unit->count = sum_capped(unit->count, p->members[other].count, t->places);
        }
    }
}

/* Its people become units of one. */
static bool take_apart(struct team *t, uint32_t number)
{
    const struct unit whole = t->units[number];
    if (t->units_count + whole.count > t->units_room) return false;
    uint32_t left = whole.count;
    bool is_first = true;
    for (uint32_t i = 0; i < whole.members; i++) {
        const uint32_t people = t->problem->members[t->order[whole.first + i]].count;
        for (uint32_t person = 0; person < people && left > 0; person++, left--) {
            struct unit *const one = is_first ? &t->units[number] : &t->units[t->units_count++];
            *one = (struct unit){ .first = whole.first + i, .members = 1, .person = person, .count = 1 };
            is_first = false;
        }
    }
    return true;
}

/* ---- The programme -------------------------------------------------------------------------------- */

static bool can_work(const struct team *t, const struct unit *unit, uint32_t duty, enum goal goal)
{
    const struct fl_team_problem *const p = t->problem;
    if (p->duties[duty].people == 0 || isinf(p->cost[cell(t, unit, duty)])) return false;
    if (p->duties[duty].worked > member_of(t, unit)->hours_day) return false;
    return p->away == NULL || goal == GOAL_FEWEST_AWAY || !p->away[cell(t, unit, duty)];
}

/* The last duty that whoever has this rest cannot work beside it. */
static uint32_t reach_of(const struct fl_team_problem *p, uint32_t duty, fl_time rest)
{
    uint32_t last = duty;
    while (last + 1 < p->duties_count && (p->duties[last + 1].day == p->duties[duty].day || p->duties[last + 1].from < p->duties[duty].to + rest)) last++;
    return last;
}

/* Numbers the largest sets of duties in conflict: one is full where a duty's reach ends and another has begun since the last. Returns how
 * many there are; a duty d is in those from before[d] to before[reach[d] + 1] - 1, where before[point] counts the sets full before it. */
static uint32_t find_conflicts(struct team *t, const struct unit *unit, enum goal goal)
{
    const uint32_t n = t->problem->duties_count;
    uint32_t sets = 0;
    bool begun = false;
    memset(t->ends, 0, n * sizeof *t->ends);
    for (uint32_t d = 0; d < n; d++) {
        t->reach[d] = reach_of(t->problem, d, member_of(t, unit)->rest);
        if (can_work(t, unit, d, goal)) t->ends[t->reach[d]] = true;
    }
    for (uint32_t point = 0; point < n; point++) {
        t->before[point] = sets;
        begun |= can_work(t, unit, point, goal);
        if (!t->ends[point] || !begun) continue;
        sets++;
        begun = false;
    }
    t->before[n] = sets;
    return sets;
}

/* One person works whole shifts, and of unequal ones hours and days a week allow fewer than their sums over a unit do: of 8 and 5 hours
 * within 44 and six days five long ones, or four and two. So each length has two rules, for every week: how many there may be of that
 * length or more, and how much these, counted twice, and shorter ones come to. They bring the programme near to what can be dealt. */
struct week_rule {
    fl_time long_from;
    uint32_t long_weight, short_weight, most;
};

struct week_rules {
    struct week_rule rules[2 * LENGTHS_MAX];
    uint32_t count;
};

/* The distinct lengths that a unit can work, longest first; those beyond LENGTHS_MAX count as taking no time, which rules out nothing that
 * can be. Returns how many. */
static uint32_t find_lengths(const struct team *t, const struct unit *unit, enum goal goal, fl_time lengths[LENGTHS_MAX])
{
    uint32_t count = 0;
    for (uint32_t d = 0; d < t->problem->duties_count; d++) {
        const fl_time worked = t->problem->duties[d].worked;
        uint32_t at = 0;
        while (at < count && lengths[at] > worked) at++;
        if (at == LENGTHS_MAX || (at < count && lengths[at] == worked) || !can_work(t, unit, d, goal)) continue;
        if (count < LENGTHS_MAX) count++;
        for (uint32_t i = count - 1; i > at; i--) lengths[i] = lengths[i - 1];
        lengths[at] = worked;
    }
    if (count == LENGTHS_MAX) lengths[LENGTHS_MAX - 1] = 0;
    return count;
}

/* The most that one person's week comes to by a rule. */
static uint32_t most_of(const struct week_rule *rule, const fl_time lengths[], uint32_t count, fl_time hours, uint32_t days)
{
    uint32_t most = 0;
    if (count == 0) return 0;
    for (uint32_t n = 0; n <= days && n * lengths[0] <= hours; n++) {
        const uint32_t own = n * (lengths[0] >= rule->long_from ? rule->long_weight : rule->short_weight);
        const uint32_t all = own + most_of(rule, lengths + 1, count - 1, hours - n * lengths[0], days - n);
        if (all > most) most = all;
    }
    return most;
}

static void find_rules(const struct team *t, const struct unit *unit, enum goal goal, struct week_rules *out)
{
    const struct fl_team_member *const member = member_of(t, unit);
    fl_time lengths[LENGTHS_MAX];
    const uint32_t count = member->hours_week == FL_TIME_NEVER ? 0 : find_lengths(t, unit, goal, lengths);
    out->count = 0;
    for (uint32_t i = 0; i < 2 * count; i++) {
        struct week_rule rule = { lengths[i / 2], 1 + i % 2, i % 2, 0 };
        rule.most = most_of(&rule, lengths, count, member->hours_week, member->days_week);
        if (rule.most < rule.long_weight * member->days_week) out->rules[out->count++] = rule;
    }
}

static uint32_t weight_of(const struct week_rule *rule, fl_time worked)
{
    return worked >= rule->long_from ? rule->long_weight : rule->short_weight;
}

/* Rows of a unit: the sets in conflict, then its weeks' hours, their days, and their rules. */
struct unit_rows {
    uint32_t sets, hours, days, rules;
};

static struct unit_rows number_rows(struct team *t, struct fl_sparse *s, const struct unit *unit, enum goal goal)
{
    const struct fl_team_member *const member = member_of(t, unit);
    const double there = member->hired ? 0 : unit->count;
    const uint32_t sets = find_conflicts(t, unit, goal);
    struct unit_rows rows = { .sets = s->rows, .hours = FL_NONE, .days = FL_NONE };
    struct week_rules week;
    for (uint32_t i = 0; i < sets; i++) (void)fl_sparse_row(s, -INFINITY, there);
    if (member->hours_week != FL_TIME_NEVER) {
        rows.hours = s->rows;
        for (uint32_t w = 0; w < t->weeks; w++) (void)fl_sparse_row(s, -INFINITY, there * fl_time_to_s(member->hours_week));
    }
    if (member->days_week < WEEK_DAYS) {
        rows.days = s->rows;
        for (uint32_t w = 0; w < t->weeks; w++) (void)fl_sparse_row(s, -INFINITY, there * member->days_week);
    }
    rows.rules = s->rows;
    find_rules(t, unit, goal, &week);
    for (uint32_t i = 0; i < week.count; i++)
        for (uint32_t w = 0; w < t->weeks; w++) (void)fl_sparse_row(s, -INFINITY, there * week.rules[i].most);
    return rows;
}

/* People that the unit has beyond those that are in its rows already: hired, or more than there are. */
static void add_people(struct team *t, struct fl_sparse *s, const struct unit *unit, const struct unit_rows *rows,
                       const struct week_rules *week, double cost, double high)
{
    const struct fl_team_member *const member = member_of(t, unit);
    (void)fl_sparse_column(s, cost, high, true);
    for (uint32_t i = 0; i < t->before[t->problem->duties_count]; i++) fl_sparse_entry(s, rows->sets + i, -1);
    for (uint32_t w = 0; w < t->weeks && rows->hours != FL_NONE; w++) fl_sparse_entry(s, rows->hours + w, -fl_time_to_s(member->hours_week));
    for (uint32_t w = 0; w < t->weeks && rows->days != FL_NONE; w++) fl_sparse_entry(s, rows->days + w, -(double)member->days_week);
    for (uint32_t i = 0; i < week->count; i++)
        for (uint32_t w = 0; w < t->weeks; w++) fl_sparse_entry(s, rows->rules + i * t->weeks + w, -(double)week->rules[i].most);
}

/* Of one more person hired; who is not needed is not had even where places are counted alone. */
static double heads_cost(const struct fl_team_member *member, enum goal goal)
{
    if (goal == GOAL_CHEAPEST) return member->hire_cost + HEAD_COST;
    return goal == GOAL_FEWEST_OPEN ? HEAD_COST / UNITS_MAX : 0;
}

static double work_cost(const struct team *t, const struct unit *unit, uint32_t duty, enum goal goal)
{
    const struct fl_team_problem *const p = t->problem;
    const size_t at = cell(t, unit, duty);
    if (goal == GOAL_CHEAPEST) return p->cost[at] + (p->wish == NULL ? 0 : p->wish[at]);
    return goal == GOAL_FEWEST_AWAY && p->away != NULL && p->away[at] ? 1 : 0;
}

static void add_work(struct team *t, struct fl_sparse *s, const struct unit *unit, const struct unit_rows *rows, const struct week_rules *rules,
                     enum goal goal)
{
    const struct fl_team_problem *const p = t->problem;
    for (uint32_t d = 0; d < p->duties_count; d++) {
        const struct fl_team_duty *const duty = &p->duties[d];
        const uint32_t week = duty->day / WEEK_DAYS;
        if (!can_work(t, unit, d, goal)) continue;
        (void)fl_sparse_column(s, work_cost(t, unit, d, goal), duty->people, true);
        fl_sparse_entry(s, d, 1);
        for (uint32_t i = t->before[d]; i < t->before[t->reach[d] + 1]; i++) fl_sparse_entry(s, rows->sets + i, 1);
        if (rows->hours != FL_NONE) fl_sparse_entry(s, rows->hours + week, fl_time_to_s(duty->worked));
        if (rows->days != FL_NONE) fl_sparse_entry(s, rows->days + week, 1);
        for (uint32_t i = 0; i < rules->count; i++) {
            const uint32_t weight = weight_of(&rules->rules[i], duty->worked);
            if (weight > 0) fl_sparse_entry(s, rows->rules + i * t->weeks + week, weight);
        }
    }
}

/* Row d: the places of duty d. Columns, unit after unit: people hired, people more, then the work, in the order of the duties; last, places
 * left open. All rows come before the columns, so units are walked twice. */
static void build(struct team *t, struct fl_sparse *s, enum goal goal, struct unit_rows rows[])
{
    const struct fl_team_problem *const p = t->problem;
    for (uint32_t d = 0; d < p->duties_count; d++) (void)fl_sparse_row(s, p->duties[d].people, p->duties[d].people);
    for (uint32_t u = 0; u < t->units_count; u++) rows[u] = number_rows(t, s, &t->units[u], goal);
    for (uint32_t u = 0; u < t->units_count; u++) {
        const struct unit *const unit = &t->units[u];
        struct week_rules week;
        (void)find_conflicts(t, unit, goal);
        find_rules(t, unit, goal, &week);
        if (member_of(t, unit)->hired) add_people(t, s, unit, &rows[u], &week, heads_cost(member_of(t, unit), goal), unit->count);
        if (goal == GOAL_FEWEST_PEOPLE_MORE) add_people(t, s, unit, &rows[u], &week, 1, INFINITY);
        add_work(t, s, unit, &rows[u], &week, goal);
    }
    for (uint32_t d = 0; d < p->duties_count && goal == GOAL_FEWEST_OPEN; d++) {
        (void)fl_sparse_column(s, 1, p->duties[d].people, true);
        fl_sparse_entry(s, d, 1);
    }
}

/* What the units do in a solution. */
static void read_work(struct team *t, const double x[], enum goal goal)
{
    uint32_t column = 0;
    memset(t->work, 0, (size_t)t->units_count * t->problem->duties_count * sizeof *t->work);
    for (uint32_t u = 0; u < t->units_count; u++) {
        struct unit *const unit = &t->units[u];
        unit->heads = member_of(t, unit)->hired ? (uint32_t)x[column++] : unit->count;
        for (uint32_t d = 0; d < t->problem->duties_count; d++)
            if (can_work(t, unit, d, goal)) t->work[(size_t)u * t->problem->duties_count + d] = (uint32_t)x[column++];
    }
}

/* Solves for a goal; the work of the units is read for the cheapest and the fewest open. */
static enum fl_status solve(struct team *t, enum goal goal, struct fl_solution *solution)
{
    const struct fl_team_problem *const p = t->problem;
    const struct fl_solver_limits limits = { .gap = goal == GOAL_CHEAPEST ? p->gap : 0, .nodes_max = p->nodes_max };
    struct unit_rows *const rows = calloc(t->units_count, sizeof *rows);
    struct fl_sparse s = { .failed = rows == NULL };
    double *x = NULL;
    if (rows != NULL) build(t, &s, goal, rows);
    const bool nobody = !s.failed && s.columns == 0; /* can do anything at all */
    const enum fl_status status = nobody ? FL_EINFEASIBLE : fl_sparse_minimise(&s, &limits, &x, solution);
    if (status == FL_OK && (goal == GOAL_CHEAPEST || goal == GOAL_FEWEST_OPEN)) read_work(t, x, goal);
    free(x);
    free(rows);
    fl_sparse_free(&s);
    return status;
}

/* ---- Dealing a unit's shifts to its people --------------------------------------------------------- */

struct person {
    uint32_t last;    /* duty worked last, FL_NONE: none yet */
    uint32_t week;    /* that the next two are of */
    uint32_t days;
    fl_time worked;
    fl_time total;    /* over all weeks */
    uint64_t rank;    /* of today's order: by the week's work, then all work, then number; tries after the first shuffle it a little */
    uint32_t today;   /* place in the day's list, FL_NONE: free */
    bool tried;       /* by the augmenting path at hand */
};

struct deal {
    const struct team *t;
    const struct unit *unit;
    const uint32_t *work; /* [duties] how many of the unit work each */
    const struct fl_team_member *member;
    struct person *people, *before; /* `before`: at the start of the week */
    uint32_t heads;
    uint32_t *by_work; /* [heads] the least busy first */
    uint32_t *today;   /* duties of the day, one entry each place */
    uint32_t today_count, attempt;
};

static bool is_free(const struct deal *deal, const struct person *person, uint32_t duty)
{
    const struct fl_team_duty *const next = &deal->t->problem->duties[duty];
    if (person->last != FL_NONE && deal->t->reach[person->last] >= duty) return false;
    const bool same_week = person->week == next->day / WEEK_DAYS;
    const fl_time worked = same_week ? person->worked : 0;
    if ((same_week ? person->days : 0) >= deal->member->days_week) return false;
    return deal->member->hours_week == FL_TIME_NEVER || worked + next->worked <= deal->member->hours_week;
}

/* Finds somebody for a place, moving others of the day where needed (Kuhn's augmenting paths). */
static bool find_person(struct deal *deal, uint32_t place)
{
    for (uint32_t i = 0; i < deal->heads; i++) {
        struct person *const person = &deal->people[deal->by_work[i]];
        if (person->tried || !is_free(deal, person, deal->today[place])) continue;
        person->tried = true;
        if (person->today != FL_NONE && !find_person(deal, person->today)) continue;
        person->today = place;
        return true;
    }
    return false;
}

/* The least busy first. Which of equals gets which shift decides what can follow, and nobody knows beforehand; later attempts try others. */
static void rank(struct deal *deal, uint32_t day)
{
    const uint32_t week = day / WEEK_DAYS;
    for (uint32_t i = 0; i < deal->heads; i++) {
        struct person *const person = &deal->people[i];
        const uint64_t minutes = (uint64_t)((person->week == week ? person->worked : 0) / FL_MINUTE), total = (uint64_t)(person->total / FL_MINUTE);
        const uint64_t shuffle = deal->attempt == 0 ? 0 : fl_mix(fl_mix(fl_mix(deal->attempt) + day) + i) % (SHUFFLE_MINUTES * (1 + deal->attempt % 3));
        person->rank = (minutes + shuffle) << 24 | (total < 0xFFFFFF ? total : 0xFFFFFF);
    }
    for (uint32_t i = 1; i < deal->heads; i++) { /* insertion: the order hardly changes from day to day */
        const uint32_t moved = deal->by_work[i];
        uint32_t at = i;
        for (; at > 0; at--) {
            const uint32_t other = deal->by_work[at - 1];
            if (deal->people[other].rank < deal->people[moved].rank || (deal->people[other].rank == deal->people[moved].rank && other < moved)) break;
            deal->by_work[at] = other;
        }
        deal->by_work[at] = moved;
    }
}

static void put_on(struct deal *deal, uint32_t p, uint32_t duty)
{
    struct person *const person = &deal->people[p];
    const struct fl_team_duty *const at = &deal->t->problem->duties[duty];
    const uint32_t week = at->day / WEEK_DAYS;
    if (person->week != week) person->days = 0, person->worked = 0;
    person->week = week;
    person->days++;
    person->worked += at->worked;
    person->total += at->worked;
    person->last = duty;
}

/* Places of the dealt team name the person, and for the member nobody yet. */
static bool deal_day(struct deal *deal, uint32_t day, struct fl_team_place places[])
{
    rank(deal, day);
    for (uint32_t p = 0; p < deal->heads; p++) deal->people[p].today = FL_NONE;
    for (uint32_t i = 0; i < deal->today_count; i++) {
        const uint32_t place = deal->attempt % 2 == 0 ? i : deal->today_count - 1 - i;
        for (uint32_t p = 0; p < deal->heads; p++) deal->people[p].tried = false;
        if (!find_person(deal, place)) return false;
    }
    for (uint32_t p = 0; p < deal->heads; p++) {
        const uint32_t place = deal->people[p].today;
        if (place == FL_NONE) continue;
        places[place] = (struct fl_team_place){ deal->today[place], FL_NONE, p };
        put_on(deal, p, deal->today[place]);
    }
    return true;
}

/* Duties first to end - 1, those of a week, day by day. */
static bool deal_days(struct deal *deal, uint32_t first, uint32_t end, struct fl_team_place places[])
{
    const struct fl_team_duty *const duties = deal->t->problem->duties;
    uint32_t dealt = 0;
    for (uint32_t i = 0; i < deal->heads; i++) deal->by_work[i] = i;
    for (uint32_t d = first; d < end;) {
        const uint32_t day = duties[d].day;
        deal->today_count = 0;
        for (; d < end && duties[d].day == day; d++)
            for (uint32_t i = 0; i < deal->work[d]; i++) deal->today[deal->today_count++] = d;
        if (!deal_day(deal, day, places + dealt)) return false;
        dealt += deal->today_count;
    }
    return true;
}

/* The same by a programme of its own, a column for each person and duty: lengths that only fit in one way are beyond dealing by days. */
static bool deal_exactly(struct deal *deal, uint32_t first, uint32_t end, struct fl_team_place places[])
{
    const struct team *const t = deal->t;
    const struct fl_team_duty *const duties = t->problem->duties;
    const struct fl_solver_limits limits = { .gap = 0, .nodes_max = DEAL_NODES };
    struct fl_sparse s = { 0 };
    struct week_rules week;
    uint32_t farthest = end;
    for (uint32_t d = first; d < end; d++) {
        (void)fl_sparse_row(&s, deal->work[d], deal->work[d]);
        if (t->reach[d] + 1 > farthest) farthest = t->reach[d] + 1;
    }
    const uint32_t first_set = t->before[first], sets = t->before[farthest] - first_set;
    find_rules(t, deal->unit, GOAL_CHEAPEST, &week);
    const uint32_t own = sets + 2 + week.count; /* rows of a person */
    for (uint32_t p = 0; p < deal->heads; p++) {
        for (uint32_t i = 0; i < sets; i++) (void)fl_sparse_row(&s, -INFINITY, 1);
        (void)fl_sparse_row(&s, -INFINITY, deal->member->hours_week == FL_TIME_NEVER ? INFINITY : fl_time_to_s(deal->member->hours_week));
        (void)fl_sparse_row(&s, -INFINITY, deal->member->days_week);
        for (uint32_t i = 0; i < week.count; i++) (void)fl_sparse_row(&s, -INFINITY, week.rules[i].most);
    }
    for (uint32_t p = 0; p < deal->heads; p++) {
        const uint32_t rows = end - first + p * own;
        for (uint32_t d = first; d < end; d++) {
            if (deal->work[d] == 0) continue;
            (void)fl_sparse_column(&s, 0, is_free(deal, &deal->people[p], d) ? 1 : 0, true);
            fl_sparse_entry(&s, d - first, 1);
            for (uint32_t i = t->before[d]; i < t->before[t->reach[d] + 1]; i++) fl_sparse_entry(&s, rows + i - first_set, 1);
            fl_sparse_entry(&s, rows + sets, fl_time_to_s(duties[d].worked));
            fl_sparse_entry(&s, rows + sets + 1, 1);
            for (uint32_t i = 0; i < week.count; i++) {
                const uint32_t weight = weight_of(&week.rules[i], duties[d].worked);
                if (weight > 0) fl_sparse_entry(&s, rows + sets + 2 + i, weight);
            }
        }
    }
    double *x = NULL;
    struct fl_solution solution;
    const bool done = fl_sparse_minimise(&s, &limits, &x, &solution) == FL_OK;
    uint32_t column = 0, dealt = 0;
    for (uint32_t p = 0; done && p < deal->heads; p++) {
        for (uint32_t d = first; d < end; d++) {
            if (deal->work[d] == 0 || x[column++] < 0.5) continue;
            places[dealt++] = (struct fl_team_place){ d, FL_NONE, p };
            put_on(deal, p, d);
        }
    }
    free(x);
    fl_sparse_free(&s);
    return done;
}

static bool deal_week(struct deal *deal, uint32_t first, uint32_t end, struct fl_team_place places[])
{
    memcpy(deal->before, deal->people, deal->heads * sizeof *deal->people);
    for (deal->attempt = 0; deal->attempt < ATTEMPTS; deal->attempt++) {
        if (deal_days(deal, first, end, places)) return true;
        memcpy(deal->people, deal->before, deal->heads * sizeof *deal->people);
    }
    return deal_exactly(deal, first, end, places);
}

/* Deals the shifts of a unit to its people, week by week, with one more of those to hire where a week does not come out even. `places`
 * receives them, the unit's number for a member. false where there are no more. */
static bool deal_unit(struct team *t, uint32_t number, struct fl_team_place places[], struct deal *deal, uint32_t *dealt)
{
    const struct fl_team_problem *const p = t->problem;
    struct unit *const unit = &t->units[number];
    deal->unit = unit;
    deal->member = member_of(t, unit);
    deal->work = t->work + (size_t)number * p->duties_count;
    deal->heads = unit->heads;
    *dealt = 0;
    (void)find_conflicts(t, unit, GOAL_CHEAPEST);
    for (uint32_t i = 0; i < unit->count; i++) deal->people[i] = (struct person){ .last = FL_NONE, .week = FL_NONE };
    for (uint32_t d = 0; d < p->duties_count;) {
        const uint32_t first = d, week = p->duties[d].day / WEEK_DAYS;
        uint32_t places_count = 0;
        for (; d < p->duties_count && p->duties[d].day / WEEK_DAYS == week; d++) places_count += deal->work[d];
        while (!deal_week(deal, first, d, places + *dealt)) {
            if (unit->heads >= unit->count) return false;
            deal->heads = ++unit->heads;
        }
        for (uint32_t i = 0; i < places_count; i++) places[*dealt + i].member = number;
        *dealt += places_count;
    }
    return true;
}

/* ---- The whole ------------------------------------------------------------------------------------ */

/* The member and person that the p-th of a unit is. */
static struct fl_team_place name_of(const struct team *t, const struct unit *unit, uint32_t duty, uint32_t p)
{
    uint32_t i = unit->first;
    if (unit->person != FL_NONE) return (struct fl_team_place){ duty, t->order[i], unit->person };
    while (p >= t->problem->members[t->order[i]].count) p -= t->problem->members[t->order[i++]].count;
    return (struct fl_team_place){ duty, t->order[i], p };
}

/* Deals all units. Returns the first whose shifts do not come out even, FL_NONE when all do; `count` receives the places dealt. */
static uint32_t deal_all(struct team *t, struct deal *deal, struct fl_team_place dealt[], uint32_t *count)
{
    *count = 0;
    for (uint32_t u = 0; u < t->units_count; u++) {
        uint32_t own;
        if (!deal_unit(t, u, dealt + *count, deal, &own)) return u;
        *count += own;
    }
    return FL_NONE;
}

static int by_duty(const void *a, const void *b)
{
    const struct fl_team_place *const x = a, *const y = b;
    if (x->duty != y->duty) return x->duty < y->duty ? -1 : 1;
    if (x->member != y->member) return x->member < y->member ? -1 : 1;
    return x->person < y->person ? -1 : x->person > y->person;
}

static int by_person(const void *a, const void *b)
{
    const struct fl_team_place *const x = a, *const y = b;
    if (x->member != y->member) return x->member < y->member ? -1 : 1;
    if (x->person != y->person) return x->person < y->person ? -1 : 1;
    return x->duty < y->duty ? -1 : x->duty > y->duty;
}

static void count_heads(const struct team *t, struct fl_team_place dealt[], uint32_t dealt_count, struct fl_team *out)
{
    const struct fl_team_problem *const p = t->problem;
    memset(out->heads, 0, p->members_count * sizeof *out->heads);
    qsort(dealt, dealt_count, sizeof *dealt, by_person);
    for (uint32_t i = 0; i < dealt_count; i++)
        out->heads[dealt[i].member] += i == 0 || dealt[i - 1].member != dealt[i].member || dealt[i - 1].person != dealt[i].person;
    for (uint32_t m = 0; m < p->members_count; m++)
        if (p->members[m].hired) out->cost += p->members[m].hire_cost * out->heads[m];
}

/* Fills in the caller's places, costs and heads from what was dealt. */
static void write_out(const struct team *t, struct fl_team_place dealt[], uint32_t dealt_count, struct fl_team *out)
{
    const struct fl_team_problem *const p = t->problem;
    uint32_t next = 0, place = 0;
    for (uint32_t i = 0; i < dealt_count; i++) dealt[i] = name_of(t, &t->units[dealt[i].member], dealt[i].duty, dealt[i].person);
    qsort(dealt, dealt_count, sizeof *dealt, by_duty);
    out->cost = out->wishes = 0;
    out->open = t->places - dealt_count;
    for (uint32_t d = 0; d < p->duties_count; d++) {
        for (uint32_t i = 0; i < p->duties[d].people; i++) {
            if (next == dealt_count || dealt[next].duty != d) {
                out->places[place++] = (struct fl_team_place){ d, FL_NONE, FL_NONE };
                continue;
            }
            const size_t at = (size_t)dealt[next].member * p->duties_count + d;
            out->cost += p->cost[at];
            out->wishes += p->wish == NULL ? 0 : p->wish[at];
            out->places[place++] = dealt[next++];
        }
    }
    count_heads(t, dealt, dealt_count, out);
}

/* Solves and deals, taking units apart until their shifts come out even. */
static enum fl_status solve_and_deal(struct team *t, enum goal goal, struct deal *deal, struct fl_team_place dealt[], struct fl_team *out)
{
    double bound = 0, heads = 0;
    uint32_t count;
    for (;;) {
        struct fl_solution solution;
        const enum fl_status status = solve(t, goal, &solution);
        if (status != FL_OK) return status;
        if (solution.bound > bound) bound = solution.bound;
        const uint32_t uneven = deal_all(t, deal, dealt, &count);
        if (uneven == FL_NONE) break;
        if (!take_apart(t, uneven)) return FL_EFULL;
    }
    write_out(t, dealt, count, out);
    for (uint32_t u = 0; u < t->units_count; u++) heads += member_of(t, &t->units[u])->hired ? t->units[u].count : 0;
    out->bound = goal == GOAL_CHEAPEST ? fmax(0, bound - HEAD_COST * heads) : 0;
    const double whole = out->cost + out->wishes;
    out->proven = goal == GOAL_CHEAPEST && whole <= (1 + t->problem->gap) * out->bound + (1 + heads) * HEAD_COST;
    return FL_OK;
}

static bool member_is_defined(const struct fl_team_problem *p, uint32_t m)
{
    const struct fl_team_member *const member = &p->members[m];
    if (member->count == 0 || member->days_week == 0 || member->days_week > WEEK_DAYS || member->rest < 0 || member->hours_day < 0 ||
        member->hours_week < 0 || !(member->hire_cost >= 0) || !isfinite(member->hire_cost))
        return false;
    for (uint32_t d = 0; d < p->duties_count; d++) {
        const size_t at = (size_t)m * p->duties_count + d;
        if (!(p->cost[at] >= 0) || (p->wish != NULL && (!(p->wish[at] >= 0) || !isfinite(p->wish[at])))) return false;
    }
    return true;
}

static bool problem_is_defined(const struct fl_team_problem *p)
{
    if (p->days == 0 || p->days > FL_TEAM_DAYS_MAX || p->duties_count == 0 || p->duties_count > FL_TEAM_DUTIES_MAX) return false;
    if (p->members_count == 0 || p->nodes_max == 0 || !(p->gap >= 0 && p->gap <= 1)) return false;
    if ((uint64_t)p->members_count * p->duties_count > CELLS_MAX) return false;
    uint64_t places = 0;
    for (uint32_t d = 0; d < p->duties_count; d++) {
        const struct fl_team_duty *const duty = &p->duties[d], *const last = d == 0 ? duty : duty - 1;
        if (duty->from >= duty->to || duty->worked < 0 || duty->worked > duty->to - duty->from || duty->day >= p->days) return false;
        if (duty->from < last->from || duty->day < last->day) return false;
        places += duty->people;
    }
    if (places == 0 || places > CELLS_MAX) return false;
    for (uint32_t m = 0; m < p->members_count; m++) {
        if (!member_is_defined(p, m)) return false;
    }
    return true;
}

static bool team_open(struct team *t, const struct fl_team_problem *p)
{
    *t = (struct team){ .problem = p, .weeks = (p->days + WEEK_DAYS - 1) / WEEK_DAYS };
    for (uint32_t d = 0; d < p->duties_count; d++) t->places += p->duties[d].people;
    uint32_t most = p->members_count;
    for (uint32_t m = 0; m < p->members_count; m++) most = sum_capped(most, p->members[m].count < t->places ? p->members[m].count : t->places, UNITS_MAX);
    t->units_room = most < p->members_count ? p->members_count : most;
    t->order = malloc(p->members_count * sizeof *t->order);
    t->units = malloc(t->units_room * sizeof *t->units);
    t->work = malloc((size_t)t->units_room * p->duties_count * sizeof *t->work);
    t->reach = malloc(p->duties_count * sizeof *t->reach);
    t->before = malloc((p->duties_count + 1) * sizeof *t->before);
    t->ends = malloc(p->duties_count * sizeof *t->ends);
    if (t->order == NULL || t->units == NULL || t->work == NULL || t->reach == NULL || t->before == NULL || t->ends == NULL) return false;
    find_units(t);
    return true;
}

static void team_close(struct team *t)
{
    free(t->order);
    free(t->units);
    free(t->work);
    free(t->reach);
    free(t->before);
    free(t->ends);
}

enum fl_status fl_team_solve(const struct fl_team_problem *problem, struct fl_team *out)
{
    if (!problem_is_defined(problem)) return FL_ERANGE;
    struct team t;
    enum fl_status status = FL_EFULL;
    const bool opened = team_open(&t, problem);
    struct deal deal = { .t = &t };
    struct fl_team_place *const dealt = malloc(t.places * sizeof *dealt);
    deal.people = malloc(t.places * sizeof *deal.people);
    deal.before = malloc(t.places * sizeof *deal.before);
    deal.by_work = malloc(t.places * sizeof *deal.by_work);
    deal.today = malloc(t.places * sizeof *deal.today);
    if (opened && dealt != NULL && deal.people != NULL && deal.before != NULL && deal.by_work != NULL && deal.today != NULL) {
        status = solve_and_deal(&t, GOAL_CHEAPEST, &deal, dealt, out);
        if (status == FL_EINFEASIBLE) {
            status = solve_and_deal(&t, GOAL_FEWEST_OPEN, &deal, dealt, out);
            if (status == FL_OK) status = FL_EINFEASIBLE;
        }
    }
    free(dealt);
    free(deal.people);
    free(deal.before);
    free(deal.by_work);
    free(deal.today);
    team_close(&t);
    return status;
}

/* ---- Why there is none ----------------------------------------------------------------------------- */

static const fl_time steps[FL_TEAM_LIMITS_COUNT] = { [FL_TEAM_REST] = FL_HOUR / 2, [FL_TEAM_HOURS_DAY] = FL_HOUR / 2, [FL_TEAM_HOURS_WEEK] = FL_HOUR, [FL_TEAM_DAYS_WEEK] = 1 };

/* A limit that gives way by so much. */
static void loosen(struct fl_team_member *member, enum fl_team_limit limit, fl_time by)
{
    if (limit == FL_TEAM_REST) member->rest = member->rest > by ? member->rest - by : 0;
    if (limit == FL_TEAM_HOURS_DAY && member->hours_day != FL_TIME_NEVER) member->hours_day += by;
    if (limit == FL_TEAM_HOURS_WEEK && member->hours_week != FL_TIME_NEVER) member->hours_week += by;
    if (limit == FL_TEAM_DAYS_WEEK) member->days_week = member->days_week + by < WEEK_DAYS ? member->days_week + (uint32_t)by : WEEK_DAYS;
}

/* From how much on a limit says nothing more, to anybody; 0: nobody has it. */
static fl_time whole_of(const struct fl_team_problem *p, enum fl_team_limit limit)
{
    fl_time whole = 0;
    for (uint32_t m = 0; m < p->members_count; m++) {
        const struct fl_team_member *const member = &p->members[m];
        fl_time own = 0;
        if (limit == FL_TEAM_REST) own = member->rest;
        if (limit == FL_TEAM_HOURS_DAY && member->hours_day < FL_DAY) own = FL_DAY - member->hours_day;
        if (limit == FL_TEAM_HOURS_WEEK && member->hours_week < WEEK_DAYS * FL_DAY) own = WEEK_DAYS * FL_DAY - member->hours_week;
        if (limit == FL_TEAM_DAYS_WEEK) own = WEEK_DAYS - member->days_week;
        if (own > whole) whole = own;
    }
    return whole;
}

static enum fl_status count_for(const struct fl_team_problem *problem, enum goal goal, fl_time *most)
{
    struct team t;
    struct fl_solution solution;
    const enum fl_status status = team_open(&t, problem) ? solve(&t, goal, &solution) : FL_EFULL;
    if (status == FL_OK) *most = goal == GOAL_ANY ? 0 : (fl_time)floor(solution.cost + 0.5);
    team_close(&t);
    return status;
}

/* The least that does, on the limit's grid. */
static enum fl_status search_limit(const struct fl_team_problem *problem, enum fl_team_limit limit, fl_time *more)
{
    const fl_time step = steps[limit], whole = whole_of(problem, limit);
    fl_time low = 0, high = (whole + step - 1) / step; /* low does not do; high may */
    struct fl_team_problem loose = *problem;
    struct fl_team_member *const members = malloc(problem->members_count * sizeof *members);
    enum fl_status status = members == NULL ? FL_EFULL : FL_OK;
    bool does = false;
    loose.members = members;
    for (fl_time by = high; status == FL_OK && high > 0 && (!does || high - low > 1);) {
        fl_time unused;
        memcpy(members, problem->members, problem->members_count * sizeof *members);
        for (uint32_t m = 0; m < problem->members_count; m++) loosen(&members[m], limit, by * step);
        status = count_for(&loose, GOAL_ANY, &unused);
        if (status == FL_OK) high = by;
        else if (status == FL_EINFEASIBLE || status == FL_EFULL) low = by;
        if (status != FL_OK && !does) break;
        status = FL_OK;
        does = true;
        by = low + (high - low) / 2;
    }
    free(members);
    if (status == FL_EINFEASIBLE) status = FL_OK; /* even without the limit there is none */
    *more = does ? high * step : whole == 0 ? 0 : FL_TIME_NEVER;
    return status;
}

enum fl_status fl_team_explain(const struct fl_team_problem *problem, fl_time more[FL_TEAM_LIMITS_COUNT])
{
    if (!problem_is_defined(problem)) return FL_ERANGE;
    for (unsigned limit = 0; limit < FL_TEAM_LIMITS_COUNT; limit++) {
        enum fl_status status = FL_OK;
        more[limit] = 0;
        if (limit == FL_TEAM_PEOPLE) status = count_for(problem, GOAL_FEWEST_PEOPLE_MORE, &more[limit]);
        else if (limit == FL_TEAM_AWAY && problem->away != NULL) status = count_for(problem, GOAL_FEWEST_AWAY, &more[limit]);
        else if (limit != FL_TEAM_AWAY) status = search_limit(problem, (enum fl_team_limit)limit, &more[limit]);
        if (status == FL_EINFEASIBLE) more[limit] = FL_TIME_NEVER;
        else if (status != FL_OK) return status;
    }
    return FL_OK;
}

/* ---- Held against the rules ------------------------------------------------------------------------ */

static bool place_is_kept(const struct fl_team_problem *p, const struct fl_team_place *place)
{
    const struct fl_team_member *const member = &p->members[place->member];
    const size_t at = (size_t)place->member * p->duties_count + place->duty;
    return place->person < member->count && isfinite(p->cost[at]) && (p->away == NULL || !p->away[at]) &&
           p->duties[place->duty].worked <= member->hours_day;
}

bool fl_team_keeps_limits(const struct fl_team_problem *problem, const struct fl_team_place places[])
{
    uint32_t count = 0;
    for (uint32_t d = 0; d < problem->duties_count; d++)
        for (uint32_t i = 0; i < problem->duties[d].people; i++)
            if (places[count++].duty != d) return false;
    for (uint32_t i = 0; i < count; i++) {
        const struct fl_team_place *const own = &places[i];
        const struct fl_team_duty *const duty = &problem->duties[own->duty];
        if (own->member == FL_NONE) continue;
        if (own->member >= problem->members_count || !place_is_kept(problem, own)) return false;
        const struct fl_team_member *const member = &problem->members[own->member];
        fl_time worked = 0;
        uint32_t days = 0;
        for (uint32_t k = 0; k < count; k++) {
            const struct fl_team_duty *const other = &problem->duties[places[k].duty];
            if (places[k].member != own->member || places[k].person != own->person) continue;
            if (other->day / WEEK_DAYS == duty->day / WEEK_DAYS) days++, worked += other->worked;
            if (k > i && (other->day == duty->day || other->from < duty->to + member->rest)) return false;
        }
        if (days > member->days_week || (member->hours_week != FL_TIME_NEVER && worked > member->hours_week)) return false;
    }
    return true;
}
