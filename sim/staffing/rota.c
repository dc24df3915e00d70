/* Builds the covering programme column by column: people of each shift, allocation of the cross-trained, and, when
 * nothing covers everything, shortages. Rows are numbered first. */
#include "staffing/rota.h"

#include "staffing/sparse.h"

#include <math.h>
#include <stdlib.h>

/* ---- Presence ----------------------------------------------------------------------------------- */

static fl_time overlap(fl_time from_a, fl_time to_a, fl_time from_b, fl_time to_b)
{
    const fl_time from = from_a > from_b ? from_a : from_b, to = to_a < to_b ? to_a : to_b;
    return to > from ? to - from : 0;
}

fl_time fl_rota_on_duty(const struct fl_rota_shift *shift, fl_time from, fl_time to)
{
    fl_time on = overlap(shift->from, shift->to, from, to);
    for (uint32_t i = 0; i < shift->breaks_count; i++) {
        const fl_time at = shift->from + shift->breaks[i].at, end = at + shift->breaks[i].length;
        on -= overlap(at, end < shift->to ? end : shift->to, from, to);
    }
    return on;
}

static fl_time interval_end(const struct fl_rota_problem *problem, uint32_t interval)
{
    const fl_time end = (fl_time)(interval + 1) * problem->interval;
    return end < problem->duration ? end : problem->duration;
}

static bool counts_in(const struct fl_rota_problem *problem, const struct fl_rota_shift *shift, uint32_t interval)
{
    const fl_time from = (fl_time)interval * problem->interval, to = interval_end(problem, interval);
    return (double)fl_rota_on_duty(shift, from, to) >= problem->whole_share * (double)(to - from);
}

static bool is_logged_in(const struct fl_rota_shift *shift, fl_time at)
{
    return shift->from <= at && at < shift->to;
}

static bool is_cross_trained(const struct fl_rota_shift *shift)
{
    return (shift->groups & (shift->groups - 1)) != 0;
}

static bool is_of_crew(const struct fl_rota_problem *problem, const struct fl_rota_crew *crew, uint32_t shift)
{
    return shift >= crew->first_shift && shift - crew->first_shift < crew->shifts_count && problem->shifts[shift].from >= crew->from &&
           problem->shifts[shift].from < crew->to;
}

/* ---- What a roster takes -------------------------------------------------------------------------- */

/* Until the next shift begins people only leave, so the most are there where one begins. */
uint32_t fl_rota_seats(const struct fl_rota_problem *problem, const uint32_t people[])
{
    uint32_t most = 0;
    for (uint32_t k = 0; k < problem->shifts_count; k++) {
        const fl_time at = problem->shifts[k].from > 0 ? problem->shifts[k].from : 0;
        uint32_t seated = 0;
        if (people[k] == 0 || at >= problem->duration) continue;
        for (uint32_t j = 0; j < problem->shifts_count; j++) seated += is_logged_in(&problem->shifts[j], at) ? people[j] : 0;
        if (seated > most) most = seated;
    }
    return most;
}

static double seats_cost(const struct fl_rota_problem *problem, uint32_t seats)
{
    return problem->seat_cost > 0 && seats > problem->seats_held ? problem->seat_cost * (seats - problem->seats_held) : 0;
}

double fl_rota_cost(const struct fl_rota_problem *problem, const uint32_t people[])
{
    double cost = 0;
    for (uint32_t j = 0; j < problem->shifts_count; j++) cost += problem->shifts[j].cost * people[j];
    return problem->seat_cost > 0 ? cost + seats_cost(problem, fl_rota_seats(problem, people)) : cost;
}

bool fl_rota_keeps_limits(const struct fl_rota_problem *problem, const uint32_t people[])
{
    uint64_t all = 0;
    for (uint32_t j = 0; j < problem->shifts_count; j++) {
        if (people[j] > problem->shifts[j].people_max) return false;
        all += people[j];
    }
    if (problem->people_max != FL_NONE && all > problem->people_max) return false;
    for (uint32_t c = 0; c < problem->crews_count; c++) {
        uint64_t crew = 0;
        for (uint32_t j = 0; j < problem->shifts_count; j++) crew += is_of_crew(problem, &problem->crews[c], j) ? people[j] : 0;
        if (crew > problem->crews[c].people_max) return false;
    }
    return problem->seats == FL_NONE || fl_rota_seats(problem, people) <= problem->seats;
}

/* ---- The programme under construction ------------------------------------------------------------- */

/* What is minimised: the cost; what is missing; or by how much one limit is exceeded, GOAL_WIDEN + the limit. */
enum goal { GOAL_CHEAPEST, GOAL_LEAST_SHORTAGE, GOAL_WIDEN };

struct builder {
    const struct fl_rota_problem *problem;
    unsigned goal;
    uint64_t *pools; /* [pools_count] distinct sets of groups of the cross-trained */
    uint32_t pools_count;
    fl_time *sittings; /* [sittings_count] when somebody logs in; none where seats are not limited */
    uint32_t sittings_count;
    uint32_t *cell_row; /* [intervals x groups] requirement row, or FL_NONE */
    uint32_t *pool_row; /* [pools x intervals] row that limits what the pool can give, or FL_NONE */
    uint32_t cuts_row, people_row, crews_row, seats_row; /* first row of each kind; a row of seats each sitting */
    uint32_t *steps; /* ascending for each shift: numbers of people that lead out of a barred roster */
    uint32_t *step_start; /* [shifts + 1] where a shift's begin */
    uint32_t steps_row, order_row, barred_row; /* first row of each kind: a row a shift, a step, a barred roster */
    struct fl_sparse programme;
    double *cut_weight; /* [cuts] scratch of one column */
    bool failed;        /* memory ran out, but for the programme's, which tells when it is solved */
};

static void *take(struct builder *b, size_t count, size_t bytes)
{
    void *const memory = calloc(count ? count : 1, bytes);
    if (memory == NULL) b->failed = true;
    return memory;
}

static void builder_free(struct builder *b)
{
    free(b->pools);
    free(b->sittings);
    free(b->cell_row);
    free(b->pool_row);
    free(b->steps);
    free(b->step_start);
    free(b->cut_weight);
    fl_sparse_free(&b->programme);
}

static void find_pools(struct builder *b)
{
    const struct fl_rota_problem *const p = b->problem;
    b->pools = take(b, p->shifts_count, sizeof *b->pools);
    for (uint32_t j = 0; !b->failed && j < p->shifts_count; j++) {
        uint32_t i = 0;
        while (i < b->pools_count && b->pools[i] != p->shifts[j].groups) i++;
        if (i == b->pools_count && is_cross_trained(&p->shifts[j])) b->pools[b->pools_count++] = p->shifts[j].groups;
    }
}

/* Whether seats are of any consequence. */
static bool seats_count(const struct builder *b)
{
    return b->problem->seats != FL_NONE || (b->problem->seat_cost > 0 && b->goal == GOAL_CHEAPEST);
}

/* Seats are counted whenever somebody logs in: until the next one does, people only leave. Counted by intervals, two
 * shifts that hand over within one would take two seats. */
static void find_sittings(struct builder *b)
{
    const struct fl_rota_problem *const p = b->problem;
    b->sittings = take(b, p->shifts_count, sizeof *b->sittings);
    for (uint32_t j = 0; !b->failed && seats_count(b) && j < p->shifts_count; j++) {
        if (overlap(p->shifts[j].from, p->shifts[j].to, 0, p->duration) == 0) continue;
        const fl_time at = p->shifts[j].from > 0 ? p->shifts[j].from : 0;
        uint32_t i = 0;
        while (i < b->sittings_count && b->sittings[i] != at) i++;
        if (i == b->sittings_count) b->sittings[b->sittings_count++] = at;
    }
}

static uint32_t add_row(struct builder *b, double low, double high)
{
    return fl_sparse_row(&b->programme, low, high);
}

static void add_column(struct builder *b, double cost, double high, bool whole)
{
    (void)fl_sparse_column(&b->programme, cost, high, whole);
}

/* One more entry of the newest column. */
static void add_entry(struct builder *b, uint32_t row, double value)
{
    fl_sparse_entry(&b->programme, row, value);
}

static bool pool_is_on(const struct builder *b, uint32_t pool, uint32_t interval)
{
    const struct fl_rota_problem *const p = b->problem;
    for (uint32_t j = 0; j < p->shifts_count; j++) {
        if (p->shifts[j].groups == b->pools[pool] && counts_in(p, &p->shifts[j], interval)) return true;
    }
    return false;
}

/* Whether more people on this shift lead out of a barred roster. */
static bool leads_out(const struct fl_rota_problem *p, uint32_t barred, uint32_t shift)
{
    const uint32_t people = p->barred[(size_t)barred * p->shifts_count + shift], most = p->shifts[shift].people_max;
    return people != FL_NONE && (most == FL_NONE || people < most);
}

static void find_steps(struct builder *b)
{
    const struct fl_rota_problem *const p = b->problem;
    b->steps = take(b, (size_t)p->shifts_count * p->barred_count, sizeof *b->steps);
    b->step_start = take(b, p->shifts_count + 1, sizeof *b->step_start);
    for (uint32_t j = 0, count = 0; !b->failed && j < p->shifts_count; j++) {
        for (uint32_t k = 0; k < p->barred_count; k++) {
            if (!leads_out(p, k, j)) continue;
            const uint32_t step = p->barred[(size_t)k * p->shifts_count + j] + 1;
            uint32_t at = b->step_start[j];
            while (at < count && b->steps[at] < step) at++;
            if (at < count && b->steps[at] == step) continue;
            for (uint32_t i = count++; i > at; i--) b->steps[i] = b->steps[i - 1];
            b->steps[at] = step;
        }
        b->step_start[j + 1] = count;
    }
}

/* A 0/1 column says that a step of a shift is reached. People are at least the steps reached, none is reached before the one below it, and out of
 * every barred roster one is. Steps that are shared and ordered leave the solver far less to guess than a choice of its own for each roster. */
static void number_barred_rows(struct builder *b)
{
    const struct fl_rota_problem *const p = b->problem;
    b->steps_row = b->programme.rows;
    for (uint32_t j = 0; j < p->shifts_count; j++) (void)add_row(b, 0, INFINITY);
    b->order_row = b->programme.rows;
    for (uint32_t i = 0; i < b->step_start[p->shifts_count]; i++) (void)add_row(b, 0, INFINITY);
    b->barred_row = b->programme.rows;
    for (uint32_t k = 0; k < p->barred_count; k++) (void)add_row(b, 1, INFINITY);
}

/* Seats that cost nothing more. */
static uint32_t seats_free(const struct builder *b)
{
    const struct fl_rota_problem *const p = b->problem;
    return p->seat_cost > 0 && b->goal == GOAL_CHEAPEST && p->seats_held < p->seats ? p->seats_held : p->seats;
}

/* What cannot be covered is said of the requirement and the cuts alone: no shortage makes up for a barred roster. */
static void number_rows(struct builder *b)
{
    const struct fl_rota_problem *const p = b->problem;
    const size_t cells = (size_t)p->intervals_count * p->groups_count,
                 pools = (size_t)b->pools_count * p->intervals_count;
    b->cell_row = take(b, cells, sizeof *b->cell_row);
    b->pool_row = take(b, pools, sizeof *b->pool_row);
    b->cut_weight = take(b, p->cuts_count, sizeof *b->cut_weight);
    if (b->failed) return;
    for (size_t i = 0; i < cells; i++)
        b->cell_row[i] = p->required[i] > 0 ? add_row(b, p->required[i], INFINITY) : FL_NONE;
    for (uint32_t k = 0; k < b->pools_count; k++) {
        for (uint32_t t = 0; t < p->intervals_count; t++) {
            b->pool_row[k * p->intervals_count + t] = pool_is_on(b, k, t) ? add_row(b, 0, INFINITY) : FL_NONE;
        }
    }
    b->cuts_row = b->programme.rows;
    for (uint32_t c = 0; c < p->cuts_count; c++) (void)add_row(b, p->cuts[c].at_least, INFINITY);
    b->people_row = p->people_max == FL_NONE ? FL_NONE : add_row(b, -INFINITY, p->people_max);
    b->crews_row = b->programme.rows;
    for (uint32_t c = 0; c < p->crews_count; c++) (void)add_row(b, -INFINITY, p->crews[c].people_max);
    b->seats_row = b->programme.rows;
    for (uint32_t i = 0; i < b->sittings_count; i++) (void)add_row(b, -INFINITY, seats_free(b));
    if (b->goal == GOAL_CHEAPEST && p->barred_count > 0) number_barred_rows(b);
}

/* Notes what `people` of this cell add to the cuts; add_cut_entries() then writes the column's sums. */
static void weigh_cuts(struct builder *b, uint32_t interval, uint32_t group, double people)
{
    for (uint32_t c = 0; c < b->problem->cuts_count; c++) {
        const struct fl_rota_cut *const cut = &b->problem->cuts[c];
        for (uint32_t i = 0; i < cut->terms_count; i++) {
            if (cut->terms[i].interval == interval && cut->terms[i].group == group)
                b->cut_weight[c] += cut->terms[i].weight * people;
        }
    }
}

static void add_cut_entries(struct builder *b)
{
    for (uint32_t c = 0; c < b->problem->cuts_count; c++) {
        if (b->cut_weight[c] != 0) add_entry(b, b->cuts_row + c, b->cut_weight[c]);
        b->cut_weight[c] = 0;
    }
}

static uint32_t pool_of(const struct builder *b, uint64_t groups)
{
    uint32_t i = 0;
    while (b->pools[i] != groups) i++;
    return i;
}

/* People of a shift, at most so many. */
static void add_shift(struct builder *b, uint32_t number, double cost, double high)
{
    const struct fl_rota_problem *const p = b->problem;
    const struct fl_rota_shift *const shift = &p->shifts[number];
    const bool cross = is_cross_trained(shift);
    const uint32_t group = (uint32_t)__builtin_ctzll(shift->groups);
    const uint32_t pool = cross ? pool_of(b, shift->groups) : 0;
    add_column(b, cost, high, true);
    for (uint32_t t = 0; t < p->intervals_count; t++) {
        if (!counts_in(p, shift, t)) continue;
        if (cross) {
            add_entry(b, b->pool_row[pool * p->intervals_count + t], shift->speed);
            continue;
        }
        const uint32_t row = b->cell_row[t * p->groups_count + group];
        if (row != FL_NONE) add_entry(b, row, shift->speed);
        weigh_cuts(b, t, group, shift->speed);
    }
    add_cut_entries(b);
    for (uint32_t i = 0; i < b->sittings_count; i++) {
        if (is_logged_in(shift, b->sittings[i])) add_entry(b, b->seats_row + i, 1);
    }
    for (uint32_t c = 0; c < p->crews_count; c++) {
        if (is_of_crew(p, &p->crews[c], number)) add_entry(b, b->crews_row + c, 1);
    }
    if (b->people_row != FL_NONE) add_entry(b, b->people_row, 1);
    if (b->goal == GOAL_CHEAPEST && p->barred_count > 0) add_entry(b, b->steps_row + number, 1);
}

/* What each pool gives to each of its groups in each interval, in the order of pool, interval, group. */
static void add_allocations(struct builder *b)
{
    const struct fl_rota_problem *const p = b->problem;
    for (uint32_t k = 0; k < b->pools_count; k++) {
        for (uint32_t t = 0; t < p->intervals_count; t++) {
            const uint32_t pool_row = b->pool_row[k * p->intervals_count + t];
            if (pool_row == FL_NONE) continue;
            for (uint32_t g = 0; g < p->groups_count; g++) {
                if (!(b->pools[k] >> g & 1)) continue;
                add_column(b, 0, INFINITY, false);
                add_entry(b, pool_row, -1);
                const uint32_t row = b->cell_row[t * p->groups_count + g];
                if (row != FL_NONE) add_entry(b, row, 1);
                weigh_cuts(b, t, g, 1);
                add_cut_entries(b);
            }
        }
    }
}

static void add_steps(struct builder *b)
{
    const struct fl_rota_problem *const p = b->problem;
    for (uint32_t j = 0; p->barred_count > 0 && j < p->shifts_count; j++) {
        for (uint32_t i = b->step_start[j]; i < b->step_start[j + 1]; i++) {
            const bool first = i == b->step_start[j];
            add_column(b, 0, 1, true);
            add_entry(b, b->steps_row + j, -(double)(b->steps[i] - (first ? 0 : b->steps[i - 1])));
            if (!first) add_entry(b, b->order_row + i, -1);
            if (i + 1 < b->step_start[j + 1]) add_entry(b, b->order_row + i + 1, 1);
            for (uint32_t k = 0; k < p->barred_count; k++)
                if (leads_out(p, k, j) && p->barred[(size_t)k * p->shifts_count + j] + 1 == b->steps[i]) add_entry(b, b->barred_row + k, 1);
        }
    }
}

static void add_shortages(struct builder *b)
{
    const struct fl_rota_problem *const p = b->problem;
    for (uint32_t i = 0; i < p->intervals_count * p->groups_count; i++) {
        if (b->cell_row[i] == FL_NONE) continue;
        add_column(b, 1, INFINITY, false);
        add_entry(b, b->cell_row[i], 1);
    }
    for (uint32_t c = 0; c < p->cuts_count; c++) {
        add_column(b, 1, INFINITY, false);
        add_entry(b, b->cuts_row + c, 1);
    }
}

/* Seats beyond the limit of every sitting, for so much each. */
static void add_seats(struct builder *b, double cost, double high)
{
    add_column(b, cost, high, true);
    for (uint32_t i = 0; i < b->sittings_count; i++) add_entry(b, b->seats_row + i, -1);
}

/* What goes beyond a limit, one each. */
static void widen(struct builder *b, enum fl_rota_limit limit)
{
    const struct fl_rota_problem *const p = b->problem;
    if (limit == FL_ROTA_SEATS) add_seats(b, 1, INFINITY);
    if (limit == FL_ROTA_PEOPLE) {
        add_column(b, 1, INFINITY, true);
        add_entry(b, b->people_row, -1);
    }
    for (uint32_t c = 0; limit == FL_ROTA_CREWS && c < p->crews_count; c++) {
        add_column(b, 1, INFINITY, true);
        add_entry(b, b->crews_row + c, -1);
    }
    for (uint32_t j = 0; limit == FL_ROTA_SHIFTS && j < p->shifts_count; j++) {
        if (p->shifts[j].people_max != FL_NONE) add_shift(b, j, 1, INFINITY);
    }
}

static void build(struct builder *b)
{
    const struct fl_rota_problem *const p = b->problem;
    find_pools(b);
    if (!b->failed) find_sittings(b);
    if (!b->failed) find_steps(b);
    if (!b->failed) number_rows(b);
    if (b->failed) return;
    for (uint32_t j = 0; j < p->shifts_count; j++) {
        const uint32_t most = p->shifts[j].people_max;
        add_shift(b, j, b->goal == GOAL_CHEAPEST ? p->shifts[j].cost : 0, most == FL_NONE ? INFINITY : most);
    }
    add_allocations(b);
    if (b->goal == GOAL_LEAST_SHORTAGE) add_shortages(b);
    if (b->goal >= GOAL_WIDEN) widen(b, (enum fl_rota_limit)(b->goal - GOAL_WIDEN));
    if (b->goal != GOAL_CHEAPEST) return;
    add_steps(b);
    if (p->seat_cost > 0 && seats_free(b) < p->seats) add_seats(b, p->seat_cost, p->seats == FL_NONE ? INFINITY : p->seats - seats_free(b));
}

/* ---- The answer ---------------------------------------------------------------------------------- */

static void read_people(const struct builder *b, const double x[], struct fl_rota *out)
{
    const struct fl_rota_problem *const p = b->problem;
    const size_t cells = (size_t)p->intervals_count * p->groups_count;
    for (size_t i = 0; i < cells; i++) out->on_duty[i] = out->shortage[i] = 0;
    for (uint32_t j = 0; j < p->shifts_count; j++) {
        const struct fl_rota_shift *const shift = &p->shifts[j];
        out->people[j] = (uint32_t)x[j];
        if (is_cross_trained(shift)) continue;
        const uint32_t group = (uint32_t)__builtin_ctzll(shift->groups);
        for (uint32_t t = 0; t < p->intervals_count; t++) {
            if (counts_in(p, shift, t)) out->on_duty[t * p->groups_count + group] += shift->speed * x[j];
        }
    }
    out->cost = fl_rota_cost(p, out->people);
}

/* Adds the cross-trained: what each group is allotted, and an even part of what nobody needs. Returns the next column.
 */
static uint32_t read_allocations(const struct builder *b, const double x[], struct fl_rota *out)
{
    const struct fl_rota_problem *const p = b->problem;
    uint32_t column = p->shifts_count;
    for (uint32_t k = 0; k < b->pools_count; k++) {
        const uint32_t groups = (uint32_t)__builtin_popcountll(b->pools[k]);
        for (uint32_t t = 0; t < p->intervals_count; t++) {
            if (b->pool_row[k * p->intervals_count + t] == FL_NONE) continue;
            double spare = 0;
            for (uint32_t j = 0; j < p->shifts_count; j++) {
                if (p->shifts[j].groups == b->pools[k] && counts_in(p, &p->shifts[j], t))
                    spare += p->shifts[j].speed * x[j];
            }
            for (uint32_t i = 0; i < groups; i++) spare -= x[column + i];
            for (uint32_t g = 0; g < p->groups_count; g++) {
                if (b->pools[k] >> g & 1)
                    out->on_duty[t * p->groups_count + g] += x[column++] + (spare > 0 ? spare / groups : 0);
            }
        }
    }
    return column;
}

/* What falls short by less than this is the solver's rounding. */
#define NOTHING 1e-6

static void read_shortages(const struct builder *b, const double x[], uint32_t column, struct fl_rota *out)
{
    const struct fl_rota_problem *const p = b->problem;
    double worst = NOTHING;
    for (uint32_t i = 0; i < p->intervals_count * p->groups_count; i++) {
        if (b->cell_row[i] == FL_NONE) continue;
        const double missing = x[column++];
        if (missing > NOTHING) out->shortage[i] = missing;
        if (missing <= worst) continue;
        worst = missing;
        out->short_interval = i / p->groups_count;
        out->short_group = i % p->groups_count;
    }
    worst = NOTHING;
    for (uint32_t c = 0; c < p->cuts_count; c++) {
        const double missing = x[column++];
        if (missing <= worst) continue;
        worst = missing;
        out->short_cut = c;
    }
}

/* Solves for a goal; x is of b's columns and to be freed with it. */
static enum fl_status minimise(struct builder *b, double **x, struct fl_solution *solution)
{
    const struct fl_solver_limits limits = { .gap = b->goal >= GOAL_WIDEN ? 0 : b->problem->gap, .nodes_max = b->problem->nodes_max };
    build(b);
    return b->failed ? FL_EFULL : fl_sparse_minimise(&b->programme, &limits, x, solution);
}

static enum fl_status solve(const struct fl_rota_problem *problem, bool with_shortage, struct fl_rota *out)
{
    struct builder b = { .problem = problem, .goal = with_shortage ? GOAL_LEAST_SHORTAGE : GOAL_CHEAPEST };
    double *x = NULL;
    struct fl_solution solution;
    const enum fl_status status = minimise(&b, &x, &solution);
    if (status == FL_OK) {
        out->short_interval = out->short_group = out->short_cut = FL_NONE;
        read_people(&b, x, out);
        const uint32_t column = read_allocations(&b, x, out);
        if (with_shortage) read_shortages(&b, x, column, out);
        out->bound = with_shortage ? 0 : solution.bound;
        out->proven = solution.proven;
    }
    free(x);
    builder_free(&b);
    return status;
}

static bool shift_is_defined(const struct fl_rota_problem *p, const struct fl_rota_shift *shift)
{
    if (shift->from >= shift->to || shift->groups == 0) return false;
    if (p->groups_count < 64 && shift->groups >> p->groups_count != 0) return false;
    return shift->cost >= 0 && isfinite(shift->cost) && shift->speed > 0 && isfinite(shift->speed);
}

static bool cut_is_defined(const struct fl_rota_problem *p, const struct fl_rota_cut *cut)
{
    for (uint32_t i = 0; i < cut->terms_count; i++) {
        const struct fl_rota_term *const term = &cut->terms[i];
        if (term->interval >= p->intervals_count || term->group >= p->groups_count || !isfinite(term->weight))
            return false;
    }
    return isfinite(cut->at_least);
}

static bool problem_is_defined(const struct fl_rota_problem *p)
{
    if (p->interval <= 0 || p->intervals_count == 0 || p->intervals_count > FL_INTERVALS_MAX) return false;
    if (p->duration <= (fl_time)(p->intervals_count - 1) * p->interval) return false;
    if (p->groups_count == 0 || p->groups_count > FL_GROUPS_MAX || p->shifts_count == 0 || p->nodes_max == 0)
        return false;
    if (!(p->whole_share > 0 && p->whole_share <= 1) || !(p->gap >= 0 && p->gap <= 1)) return false;
    if (!(p->seat_cost >= 0) || !isfinite(p->seat_cost)) return false;
    for (uint32_t i = 0; i < p->intervals_count * p->groups_count; i++) {
        if (!(p->required[i] >= 0) || !isfinite(p->required[i])) return false;
    }
    for (uint32_t j = 0; j < p->shifts_count; j++) {
        if (!shift_is_defined(p, &p->shifts[j])) return false;
    }
    for (uint32_t c = 0; c < p->cuts_count; c++) {
        if (!cut_is_defined(p, &p->cuts[c])) return false;
    }
    for (uint32_t c = 0; c < p->crews_count; c++) {
        if (p->crews[c].first_shift > p->shifts_count || p->crews[c].shifts_count > p->shifts_count - p->crews[c].first_shift) return false;
    }
    return true;
}

enum fl_status fl_rota_solve(const struct fl_rota_problem *problem, struct fl_rota *out)
{
    if (!problem_is_defined(problem)) return FL_ERANGE;
    enum fl_status status = solve(problem, false, out);
    if (status != FL_EINFEASIBLE) return status;
    status = solve(problem, true, out);
    return status == FL_OK ? FL_EINFEASIBLE : status;
}

static bool sets_limit(const struct fl_rota_problem *problem, enum fl_rota_limit limit)
{
    if (limit == FL_ROTA_SEATS) return problem->seats != FL_NONE;
    if (limit == FL_ROTA_PEOPLE) return problem->people_max != FL_NONE;
    if (limit == FL_ROTA_CREWS) return problem->crews_count > 0;
    for (uint32_t j = 0; j < problem->shifts_count; j++) {
        if (problem->shifts[j].people_max != FL_NONE) return true;
    }
    return false;
}

enum fl_status fl_rota_explain(const struct fl_rota_problem *problem, uint32_t more[FL_ROTA_LIMITS_COUNT])
{
    if (!problem_is_defined(problem)) return FL_ERANGE;
    for (unsigned limit = 0; limit < FL_ROTA_LIMITS_COUNT; limit++) {
        more[limit] = 0;
        if (!sets_limit(problem, (enum fl_rota_limit)limit)) continue;
        struct builder b = { .problem = problem, .goal = GOAL_WIDEN + limit };
        double *x = NULL;
        struct fl_solution solution;
        const enum fl_status status = minimise(&b, &x, &solution);
        free(x);
        builder_free(&b);
        if (status == FL_OK) more[limit] = (uint32_t)(solution.cost + 0.5);
        else if (status == FL_EINFEASIBLE) more[limit] = FL_NONE;
        else return status;
    }
    return FL_OK;
}

/* ---- Shifts to choose from ------------------------------------------------------------------------ */

static bool is_start(const struct fl_scenario *scenario, const struct fl_rota_people *people, fl_time from)
{
    const struct fl_staffing_def *const def = &scenario->staffing;
    const uint32_t count = people->starts_count > 0 ? people->starts_count : def->starts_count;
    const struct fl_window *const starts = people->starts_count > 0 ? people->starts : def->starts;
    const fl_time at = fl_time_of_day(scenario, from);
    for (uint32_t i = 0; i < count; i++) {
        const bool over_midnight = starts[i].to < starts[i].from;
        if (over_midnight ? at >= starts[i].from || at <= starts[i].to : at >= starts[i].from && at <= starts[i].to) return true;
    }
    return count == 0;
}

static double shift_cost(const struct fl_rota_people *people, double listed, fl_time paid)
{
    const double on = (double)paid / (double)FL_HOUR, hours = (people->money == NULL ? on : fl_money_hours(people->money, on)) + people->extra_hours;
    if (!isnan(people->shift_cny)) return people->shift_cny;
    if (!isnan(listed)) return listed;
    return isnan(people->wage_cny_per_hour) ? hours : hours * people->wage_cny_per_hour;
}

struct candidates {
    const struct fl_scenario *scenario;
    const struct fl_rota_people *people;
    uint32_t room, count;
    struct fl_rota_shift *shifts;
    struct fl_break *breaks;
};

static void offer(struct candidates *c, const struct fl_rota_shift *shift, double listed, fl_time paid)
{
    if (c->people->hours_day > 0 && paid > c->people->hours_day) return;
    if (c->count < c->room) {
        struct fl_rota_shift *const made = &c->shifts[c->count];
        *made = *shift;
        made->cost = shift_cost(c->people, listed, paid);
        made->speed = c->people->speed;
        made->people_max = FL_NONE;
        made->paid = paid;
    }
    c->count++;
}

static void offer_listed(struct candidates *c, const struct fl_staff_shift *listed)
{
    const struct fl_rota_people *const people = c->people;
    const fl_time length = listed->to - listed->from;
    const uint64_t answers = listed->group == FL_NONE ? people->groups : people->groups & UINT64_C(1) << listed->group;
    if (answers == 0 || length < people->length_min || (people->length_max > 0 && length > people->length_max)) return;
    if (people->starts_count > 0 && !is_start(c->scenario, people, listed->from)) return;
    const struct fl_rota_shift shift = {
        .from = listed->from, .to = listed->to, .breaks_count = listed->breaks_count, .breaks = listed->breaks, .groups = answers
    };
    offer(c, &shift, listed->cost_cny, length);
}

/* Whether a break neither overlaps nor adjoins those before it, and ends before the shift does. */
static bool is_apart(const struct fl_break chosen[], uint32_t count, const struct fl_break *next, fl_time length)
{
    for (uint32_t i = 0; i < count; i++) {
        if (next->at <= chosen[i].at + chosen[i].length && chosen[i].at <= next->at + next->length) return false;
    }
    return next->at + next->length < length;
}

/* Every way to place the breaks of the rules from `rule` on; those before it have been placed. */
static void offer_ways(struct candidates *c, const struct fl_rota_shift *shift, uint32_t rule, struct fl_break chosen[], uint32_t chosen_count,
                       fl_time paid)
{
    const struct fl_staffing_def *const def = &c->scenario->staffing;
    const fl_time length = shift->to - shift->from;
    while (rule < def->breaks_count && length < def->breaks[rule].at_least) rule++;
    if (rule == def->breaks_count) {
        struct fl_rota_shift made = *shift;
        made.breaks_count = chosen_count;
        if (chosen_count > 0 && c->count < c->room) {
            struct fl_break *const own = c->breaks + (size_t)c->count * def->breaks_count;
            for (uint32_t i = 0; i < chosen_count; i++) own[i] = chosen[i];
            made.breaks = own;
        }
        offer(c, &made, NAN, paid);
        return;
    }
    const struct fl_break_rule *const at = &def->breaks[rule];
    for (fl_time from = at->from; from <= at->to; from += at->every) {
        const struct fl_break next = { .at = from, .length = at->length };
        if (!is_apart(chosen, chosen_count, &next, length)) continue;
        chosen[chosen_count] = next;
        offer_ways(c, shift, rule + 1, chosen, chosen_count + 1, at->paid ? paid : paid - at->length);
    }
}

static void offer_generated(struct candidates *c)
{
    const struct fl_staffing_def *const def = &c->scenario->staffing;
    const fl_time duration = c->scenario->duration, least = c->people->length_min > 0 ? c->people->length_min : def->length_min;
    const fl_time most = c->people->length_max > 0 ? c->people->length_max : def->length_max > least ? def->length_max : least;
    for (fl_time from = 0; from < duration; from += def->step) {
        if (!is_start(c->scenario, c->people, from)) continue;
        for (fl_time length = least; length <= most; length += def->step) {
            fl_time to = from + length;
            const bool is_only_one = from == 0 && length == least;
            if (to > duration && !is_only_one && to - duration >= def->step) break;
            if (to > duration) to = duration;
            const struct fl_rota_shift shift = { .from = from, .to = to, .groups = c->people->groups };
            struct fl_break chosen[FL_BREAK_RULES_MAX];
            offer_ways(c, &shift, 0, chosen, 0, to - from);
        }
    }
}

uint32_t fl_rota_candidates(const struct fl_scenario *scenario, const struct fl_rota_people *people, uint32_t room,
                            struct fl_rota_shift shifts[], struct fl_break breaks[])
{
    struct candidates c = { .scenario = scenario, .people = people, .room = room, .shifts = shifts, .breaks = breaks };
    for (uint32_t i = 0; i < scenario->staffing.shifts_count; i++) offer_listed(&c, &scenario->staffing.shifts[i]);
    if (scenario->staffing.shifts_count == 0) offer_generated(&c);
    return c.count;
}

bool fl_rota_suits(const struct fl_scenario *scenario, const struct fl_rota_people *people, const struct fl_rota_shift *shift)
{
    const fl_time length = shift->to - shift->from;
    if ((shift->groups & ~people->groups) != 0 || people->speed < shift->speed || length < people->length_min) return false;
    if (people->length_max > 0 && length > people->length_max) return false;
    if (people->hours_day > 0 && shift->paid > people->hours_day) return false;
    return people->starts_count == 0 || is_start(scenario, people, shift->from);
}

double fl_rota_price(const struct fl_rota_people *people, const struct fl_rota_shift *shift)
{
    return shift_cost(people, NAN, shift->paid);
}
