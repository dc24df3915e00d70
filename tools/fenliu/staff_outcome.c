/* What the advised roster does in some world: the same days, one thing changed. */
#include "ranks.h"
#include "staff_risk.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum fl_status staff_world_open(const struct fl_scenario *base, staff_world_make *make, const void *context, struct staff_world *world)
{
    enum fl_status status = FL_EFULL;
    for (size_t bytes = (size_t)1 << 20; bytes <= (size_t)1 << 28 && status == FL_EFULL; bytes *= 4) {
        struct fl_arena arena;
        world->memory = aligned_alloc(64, bytes);
        if (world->memory == NULL) return FL_EFULL;
        fl_arena_start(&arena, world->memory, bytes);
        status = make(&arena, base, context, &world->scenario);
        if (status == FL_OK) return FL_OK;
        free(world->memory);
    }
    world->memory = NULL;
    return status;
}

/* ---- Figures of a world ------------------------------------------------------------------------ */

static enum fl_status run_days(const struct staff *staff, const struct fl_scenario *scenario, uint32_t days, struct fl_run **run)
{
    const struct fl_run_options how = { .seed = staff->report.seed, .replications = days, .jobs = staff->options.jobs, .stop = &interrupted, .cells = true };
    const enum fl_status status = ranks_run(scenario, &how, run);
    if (status == FL_OK && (*run)->partial) {
        fl_run_free(*run);
        *run = NULL;
        return FL_EINTERRUPTED;
    }
    return status;
}

/* Unknown where there are more intervals and groups than are kept by day. */
static struct fl_worst_expected worst_of(const struct fl_run *run)
{
    const struct fl_results *results = &run->results;
    const struct fl_row *const *cells = results->cells.rows[FL_CELLS_INTERVALS];
    struct fl_worst_expected out = { .interval = FL_NONE };
    struct fl_worst_interval *worst = cells == NULL ? NULL : calloc(results->rows_count, sizeof *worst);
    if (worst == NULL) return out;
    for (uint32_t i = 0; i < results->rows_count; i++) worst[i] = fl_worst_interval(results->scenario, cells[i], results->totals.groups);
    out = fl_worst_expect(results->rows_count, worst);
    free(worst);
    return out;
}

static struct fl_side side_of(const struct fl_run *run)
{
    return (struct fl_side){ run->results.scenario, run->results.rows, run->results.rows_count };
}

static struct fl_difference change(const struct fl_run *base, const struct fl_run *run, const char *name)
{
    const char *statistic;
    const struct fl_metric *metric = fl_metric_find(name, &statistic);
    const struct fl_side a = side_of(base), b = side_of(run);
    return fl_compare(&a, FL_NONE, &b, FL_NONE, true, metric, statistic);
}

static void fill(const struct staff *staff, const struct fl_run *run, const struct fl_run *base, struct staff_outcome *out)
{
    const struct fl_results *results = &run->results;
    const struct fl_staffing_def *staffing = &staff->scenario->staffing;
    struct staff_row row = { 0 };
    staff_row_fill(staff, NULL, results, &row);
    *out = (struct staff_outcome){ .known = true, .days = row.days, .days_met = row.days_met, .met = row.met, .abandonment = row.abandonment,
                                   .worst = worst_of(run) };
    out->profit = fl_figure_named(results, FL_SCOPE_DESK, 0, "profit_cny");
    out->buyers = row.abandonment.known ? (double)row.abandonment.n / row.days : 0;
    double wanted = staffing->day_probability * row.days;
    if (base != NULL) {
        const struct fl_side a = side_of(base), b = side_of(run);
        wanted = fmin(wanted, staff_days_met(&base->results));
        out->met_change = fl_compare_days_met(&a, &b, true);
        out->left_change = change(base, run, "abandonment");
        out->profit_change = change(base, run, "profit_cny");
    }
    out->holds = staffing->judge == FL_JUDGE_MEAN ? row.days_met == row.days : row.days_met >= wanted - 1e-9;
}

enum fl_status staff_outcome_of(const struct staff *staff, const struct fl_scenario *scenario, uint32_t days, const struct fl_run *base,
                                struct staff_outcome *out, struct fl_run **kept)
{
    struct fl_run *run = NULL;
    const enum fl_status status = run_days(staff, scenario, days, &run);
    if (status != FL_OK) return status;
    fill(staff, run, base, out);
    if (kept != NULL) *kept = run;
    else fl_run_free(run);
    return FL_OK;
}

enum fl_status staff_outcome_of_roster(const struct staff *staff, const uint32_t people[], uint32_t days, const struct fl_run *base,
                                       struct staff_outcome *out)
{
    struct roster_scenario roster;
    if (!roster_scenario_make(&staff->desk, people, &roster)) return FL_EFULL;
    const enum fl_status status = staff_outcome_of(staff, &roster.scenario, days, base, out, NULL);
    free(roster.memory);
    return status;
}

/* ---- One more, one fewer ----------------------------------------------------------------------- */

/* What one on a shift is worth in an interval and group. Who answers several groups is with each as much as its load is of theirs. */
static double worth(const struct staff *staff, uint32_t shift, uint32_t interval, uint32_t group)
{
    const struct fl_rota_shift *s = &staff->desk.shifts[shift];
    const uint32_t groups = staff->scenario->desk.groups_count;
    const fl_time from = (fl_time)interval * staff->scenario->interval;
    const double *load = staff->answer.load + (size_t)interval * groups;
    if (!(s->groups >> group & 1)) return 0;
    const double on = (double)fl_rota_on_duty(s, from, from + staff->scenario->interval) / (double)staff->scenario->interval;
    double hers = 0;
    for (uint32_t g = 0; g < groups; g++) hers += s->groups >> g & 1 ? load[g] : 0;
    return on * s->speed * (hers > 0 ? load[group] / hers : 1.0 / __builtin_popcountll(s->groups));
}

/* Intervals that a shift has to do with: [*first, return). */
static uint32_t span(const struct staff *staff, uint32_t shift, uint32_t *first)
{
    const struct fl_rota_shift *s = &staff->desk.shifts[shift];
    const fl_time length = staff->scenario->interval, end = (s->to + length - 1) / length;
    *first = s->from <= 0 ? 0 : (uint32_t)(s->from / length);
    return end < staff->scenario->intervals_count ? (uint32_t)(end > 0 ? end : 0) : staff->scenario->intervals_count;
}

/* People on duty in every interval and group; free it. */
static double *cover_of(const struct staff *staff, const uint32_t people[])
{
    const uint32_t groups = staff->scenario->desk.groups_count;
    double *on = calloc((size_t)staff->scenario->intervals_count * groups, sizeof *on);
    for (uint32_t s = 0; on != NULL && s < staff->desk.shifts_count; s++) {
        uint32_t first, end = people[s] > 0 ? span(staff, s, &first) : 0;
        if (people[s] == 0) continue;
        for (uint32_t i = first; i < end; i++)
            for (uint32_t g = 0; g < groups; g++) on[(size_t)i * groups + g] += people[s] * worth(staff, s, i, g);
    }
    return on;
}

/* How many fewer people are short, summed over intervals, when the shift has `change` more. */
static double relief(const struct staff *staff, const double on[], uint32_t shift, double change, double load)
{
    const uint32_t groups = staff->scenario->desk.groups_count;
    uint32_t first;
    const uint32_t end = span(staff, shift, &first);
    double sum = 0;
    for (uint32_t i = first; i < end; i++) {
        for (uint32_t g = 0; g < groups; g++) {
            const size_t cell = (size_t)i * groups + g;
            const double by = change * worth(staff, shift, i, g), busy = load * staff->answer.load[cell];
            if (by != 0) sum += fl_people_short(busy, on[cell]) - fl_people_short(busy, on[cell] + by);
        }
    }
    return sum;
}

uint32_t staff_shift_missed(const struct staff *staff, const uint32_t people[], bool least)
{
    double *on = cover_of(staff, people), best = 0;
    uint32_t found = FL_NONE;
    for (uint32_t s = 0; on != NULL && s < staff->desk.shifts_count; s++) {
        if (people[s] == 0) continue;
        const double missed = -relief(staff, on, s, -1, 1);
        if (found != FL_NONE && (least ? missed >= best : missed <= best)) continue;
        found = s;
        best = missed;
    }
    free(on);
    return found;
}

static bool is_allowed(const struct staff *staff, uint32_t people[], uint32_t shift)
{
    bool allowed = true;
    people[shift]++;
    for (uint32_t k = 0; k < staff->desk.kinds_count; k++) {
        const struct people_kind *kind = &staff->desk.kinds[k];
        const bool hers = shift >= kind->first_shift && shift - kind->first_shift < kind->shifts_count;
        if (hers && kind->people_max != FL_NONE && staff_desk_people(&staff->desk, people, kind) > kind->people_max) allowed = false;
    }
    if (roster_peak(&staff->desk, people) > fl_staff_at_once_max(staff->scenario)) allowed = false;
    people[shift]--;
    return allowed;
}

uint32_t staff_shift_helped(const struct staff *staff, const uint32_t people[], double load)
{
    const size_t bytes = (staff->desk.shifts_count + 1) * sizeof *people;
    double *on = cover_of(staff, people), best = 0;
    uint32_t *tried = malloc(bytes), found = FL_NONE;
    if (tried != NULL) memcpy(tried, people, staff->desk.shifts_count * sizeof *people);
    for (uint32_t s = 0; on != NULL && tried != NULL && s < staff->desk.shifts_count; s++) {
        if (people[s] == 0) continue;
        const double helped = relief(staff, on, s, 1, load);
        if ((found != FL_NONE && helped <= best) || !is_allowed(staff, tried, s)) continue;
        found = s;
        best = helped;
    }
    free(on);
    free(tried);
    return found;
}
