/* One programme: a column for those taken on of each source, then for each source, date and pool where it can work. */
#include "staffing/hiring.h"

#include "scenario/scenario.h"
#include "staffing/sparse.h"

#include <math.h>
#include <stdlib.h>

#define WEEK 7u

struct programme {
    const struct fl_hiring_problem *problem;
    struct fl_sparse sparse;
    uint32_t weeks;
    double open_price;    /* of a place that nobody fills: more than anything else */
    uint32_t places_row;  /* first of [dates x pools] */
    uint32_t slow_row;    /* the same */
    uint32_t there_row;   /* first of [sources x dates] */
    uint32_t days_row, hours_row, paid_row; /* first of [sources x weeks] each */
    uint32_t count_row;   /* first of [sources]: those who are there are there; of a kind, there are so many: in the row of its first source */
    uint32_t taken_column;                  /* first of [sources] */
    uint32_t *at_work_column;               /* [sources x dates x pools] FL_NONE: they do not work there */
    uint32_t missing_column;                /* first of [dates x pools] */
};

static double there(const struct fl_hiring_problem *problem, uint32_t source, uint32_t date)
{
    return problem->there[(size_t)source * problem->dates + date];
}

static bool is_in_range(const struct fl_hiring_problem *problem)
{
    bool ok = problem->dates >= 1 && problem->pools_count >= 1 && problem->pools_count <= FL_HIRING_POOLS_MAX && problem->nodes_max >= 1 &&
              problem->gap >= 0 && problem->gap <= 1;
    const size_t cells = (size_t)problem->dates * problem->pools_count;
    for (size_t i = 0; ok && i < cells; i++) ok = problem->places[i] >= 0 && isfinite(problem->places[i]) && problem->hours[i] >= 0 && (problem->slow_most == NULL || problem->slow_most[i] >= 0);
    for (uint32_t s = 0; ok && s < problem->sources_count; s++) {
        const struct fl_hiring_source *const source = &problem->sources[s];
        ok = source->days_week >= 1 && source->days_week <= WEEK && source->price >= 0 && source->hours_week >= 0 && source->paid_hours >= 0 && source->wage >= 0;
        for (uint32_t d = 0; ok && d < problem->dates; d++)
            ok = there(problem, s, d) >= 0 && there(problem, s, d) <= 1 && problem->worth[(size_t)s * problem->dates + d] >= 0;
        for (uint32_t k = 0; ok && k < problem->pools_count; k++) ok = problem->cost[(size_t)s * problem->pools_count + k] >= 0;
    }
    return ok;
}

/* Dearer than to fill the place in any way there is: a bound on what one more person taken on and all her shifts may cost. */
static double dearest(const struct fl_hiring_problem *problem)
{
    double most = 1;
    for (uint32_t s = 0; s < problem->sources_count; s++) {
        const struct fl_hiring_source *const source = &problem->sources[s];
        double all = source->price + source->wage * source->paid_hours * ((problem->dates + WEEK - 1) / WEEK), shift = 0;
        for (uint32_t k = 0; k < problem->pools_count; k++) shift = fmax(shift, problem->cost[(size_t)s * problem->pools_count + k]);
        all += shift * problem->dates;
        most = fmax(most, all);
    }
    return 20 * most; /* 20: who is worth a twentieth of a place is still taken rather than nobody */
}

static void add_rows(struct programme *p)
{
    const struct fl_hiring_problem *const problem = p->problem;
    p->places_row = p->sparse.rows;
    for (uint32_t i = 0; i < problem->dates * problem->pools_count; i++) (void)fl_sparse_row(&p->sparse, problem->places[i], INFINITY);
    p->slow_row = p->sparse.rows;
    for (uint32_t i = 0; i < problem->dates * problem->pools_count; i++)
        (void)fl_sparse_row(&p->sparse, -INFINITY, problem->slow_most == NULL ? INFINITY : problem->slow_most[i]);
    p->there_row = p->sparse.rows; /* at work - there x taken on <= 0 */
    for (uint32_t i = 0; i < problem->sources_count * problem->dates; i++) (void)fl_sparse_row(&p->sparse, -INFINITY, 0);
    p->days_row = p->sparse.rows;
    for (uint32_t i = 0; i < problem->sources_count * p->weeks; i++) (void)fl_sparse_row(&p->sparse, -INFINITY, 0);
    p->hours_row = p->sparse.rows;
    for (uint32_t s = 0; s < problem->sources_count; s++)
        for (uint32_t w = 0; w < p->weeks; w++) (void)fl_sparse_row(&p->sparse, -INFINITY, isinf(problem->sources[s].hours_week) ? INFINITY : 0);
    p->paid_row = p->sparse.rows; /* worked + not worked - paid for x taken on >= 0 */
    for (uint32_t s = 0; s < problem->sources_count; s++)
        for (uint32_t w = 0; w < p->weeks; w++) (void)fl_sparse_row(&p->sparse, problem->sources[s].paid_hours > 0 ? 0 : -INFINITY, INFINITY);
    p->count_row = p->sparse.rows;
    for (uint32_t s = 0; s < problem->sources_count; s++)
        (void)fl_sparse_row(&p->sparse, problem->sources[s].hired ? 0 : problem->sources[s].count,
                            problem->sources[s].count == FL_NONE ? INFINITY : problem->sources[s].count);
}

/* The first source that counts with this one: those to be taken on share their number. */
static uint32_t counted_with(const struct fl_hiring_problem *problem, uint32_t source)
{
    uint32_t first = 0;
    while (problem->sources[source].hired && first < source && !(problem->sources[first].hired && problem->sources[first].kind == problem->sources[source].kind)) first++;
    return problem->sources[source].hired ? first : source;
}

/* Of a week's dates: the most and the mean of how much of one of them is there. A week cut short at the end gives days off in proportion. */
static void look_at_week(const struct fl_hiring_problem *problem, uint32_t source, uint32_t week, double *days, double *least)
{
    const uint32_t from = week * WEEK, to = from + WEEK < problem->dates ? from + WEEK : problem->dates;
    double most = 0;
    *least = 1;
    for (uint32_t d = from; d < to; d++) {
        most = fmax(most, there(problem, source, d));
        *least = fmin(*least, there(problem, source, d));
    }
    const uint32_t worked = problem->sources[source].days_week < to - from ? problem->sources[source].days_week : to - from;
    *days = most * worked;
}

static void add_taken(struct programme *p)
{
    const struct fl_hiring_problem *const problem = p->problem;
    p->taken_column = p->sparse.columns;
    for (uint32_t s = 0; s < problem->sources_count; s++) {
        const struct fl_hiring_source *const source = &problem->sources[s];
        (void)fl_sparse_column(&p->sparse, source->hired ? source->price : 0, INFINITY, source->hired);
        fl_sparse_entry(&p->sparse, p->count_row + counted_with(problem, s), 1);
        for (uint32_t d = 0; d < problem->dates; d++)
            if (there(problem, s, d) > 0) fl_sparse_entry(&p->sparse, p->there_row + s * problem->dates + d, -there(problem, s, d));
        for (uint32_t w = 0; w < p->weeks; w++) {
            double days, least;
            look_at_week(problem, s, w, &days, &least);
            if (days > 0) fl_sparse_entry(&p->sparse, p->days_row + s * p->weeks + w, -days);
            if (days > 0 && !isinf(source->hours_week)) fl_sparse_entry(&p->sparse, p->hours_row + s * p->weeks + w, -source->hours_week * days / source->days_week);
            if (least > 0 && source->paid_hours > 0) fl_sparse_entry(&p->sparse, p->paid_row + s * p->weeks + w, -source->paid_hours * least);
        }
    }
}

static void add_at_work(struct programme *p)
{
    const struct fl_hiring_problem *const problem = p->problem;
    for (uint32_t s = 0; s < problem->sources_count; s++) {
        for (uint32_t d = 0; d < problem->dates; d++) {
            const double worth = problem->worth[(size_t)s * problem->dates + d];
            for (uint32_t k = 0; k < problem->pools_count; k++) {
                const size_t cell = (size_t)d * problem->pools_count + k;
                uint32_t *const column = &p->at_work_column[((size_t)s * problem->dates + d) * problem->pools_count + k];
                *column = FL_NONE;
                if (!(problem->sources[s].pools >> k & 1) || !(there(problem, s, d) > 0) || !(worth > 0) || !(problem->places[cell] > 0)) continue;
                *column = fl_sparse_column(&p->sparse, problem->cost[(size_t)s * problem->pools_count + k], INFINITY, false);
                fl_sparse_entry(&p->sparse, p->places_row + (uint32_t)cell, worth);
                if (worth < problem->slow) fl_sparse_entry(&p->sparse, p->slow_row + (uint32_t)cell, worth);
                fl_sparse_entry(&p->sparse, p->there_row + s * problem->dates + d, 1);
                fl_sparse_entry(&p->sparse, p->days_row + s * p->weeks + d / WEEK, 1);
                if (!(problem->hours[cell] > 0)) continue;
                if (!isinf(problem->sources[s].hours_week)) fl_sparse_entry(&p->sparse, p->hours_row + s * p->weeks + d / WEEK, problem->hours[cell]);
                if (problem->sources[s].paid_hours > 0) fl_sparse_entry(&p->sparse, p->paid_row + s * p->weeks + d / WEEK, problem->hours[cell]);
            }
        }
    }
}

static void add_slack(struct programme *p)
{
    const struct fl_hiring_problem *const problem = p->problem;
    for (uint32_t s = 0; s < problem->sources_count; s++) {
        for (uint32_t w = 0; w < p->weeks && problem->sources[s].paid_hours > 0; w++) { /* paid for and not worked */
            (void)fl_sparse_column(&p->sparse, problem->sources[s].wage, INFINITY, false);
            fl_sparse_entry(&p->sparse, p->paid_row + s * p->weeks + w, 1);
        }
    }
    for (uint32_t i = 0; i < problem->dates * problem->pools_count && problem->slow_most != NULL; i++) { /* the slow beyond what they may */
        (void)fl_sparse_column(&p->sparse, p->open_price / 4, INFINITY, false);
        fl_sparse_entry(&p->sparse, p->slow_row + i, -1);
    }
    p->missing_column = p->sparse.columns;
    for (uint32_t i = 0; i < problem->dates * problem->pools_count; i++) {
        (void)fl_sparse_column(&p->sparse, p->open_price, INFINITY, false);
        fl_sparse_entry(&p->sparse, p->places_row + i, 1);
    }
}

static bool read_out(const struct programme *p, const double x[], struct fl_hiring *out)
{
    const struct fl_hiring_problem *const problem = p->problem;
    const size_t cells = (size_t)problem->dates * problem->pools_count;
    bool filled = true;
    for (uint32_t s = 0; s < problem->sources_count; s++) out->taken[s] = (uint32_t)lround(x[p->taken_column + s]);
    for (size_t i = 0; i < cells * problem->sources_count; i++) out->at_work[i] = p->at_work_column[i] == FL_NONE ? 0 : fmax(0, x[p->at_work_column[i]]);
    for (size_t i = 0; i < cells; i++) {
        const double missing = x[p->missing_column + i];
        out->missing[i] = missing > 1e-6 ? missing : 0;
        filled = filled && out->missing[i] == 0;
    }
    return filled;
}

enum fl_status fl_hiring_plan(const struct fl_hiring_problem *problem, struct fl_hiring *out)
{
    if (!is_in_range(problem)) return FL_ERANGE;
    const size_t cells = (size_t)problem->dates * problem->pools_count;
    struct programme p = { .problem = problem, .weeks = (problem->dates + WEEK - 1) / WEEK, .open_price = dearest(problem) };
    struct fl_solution solution;
    double *x = NULL;
    p.at_work_column = malloc((cells * problem->sources_count + 1) * sizeof *p.at_work_column);
    if (p.at_work_column == NULL) return FL_EFULL;
    add_rows(&p);
    add_taken(&p);
    add_at_work(&p);
    add_slack(&p);
    const struct fl_solver_limits limits = { .gap = problem->gap, .nodes_max = problem->nodes_max };
    enum fl_status status = fl_sparse_minimise(&p.sparse, &limits, &x, &solution);
    if (status == FL_OK) {
        const bool filled = read_out(&p, x, out);
        out->cost = solution.cost;
        out->proven = solution.proven;
        for (size_t i = 0; i < cells; i++) out->cost -= p.open_price * x[p.missing_column + i];
        for (size_t i = 0; i < cells && problem->slow_most != NULL; i++) out->cost -= p.open_price / 4 * x[p.missing_column - cells + i];
        if (!filled) status = FL_EINFEASIBLE;
    }
    free(x);
    free(p.at_work_column);
    fl_sparse_free(&p.sparse);
    return status;
}
