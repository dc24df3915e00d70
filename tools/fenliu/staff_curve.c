/* The ceiling of all headcounts, and the curve up to it: for desks that cannot reach their objectives, or pay much for little. */
#include "staff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CURVE_DAYS 100u
#define CURVE_REFINE 3      /* headcounts tried between the knee and the one before */
#define FASTER 0.8          /* of the reply times: what is tried beyond the knee */
#define LEAST_EXCESS 0.02   /* or to bring the worst objective closer by this share of what it allows */

/* ---- The ceiling ------------------------------------------------------------------------------- */

/* Everybody the scenario allows, all the time. */
static enum fl_status run_ceiling(const struct staff *staff, double reply, struct fl_run **run)
{
    const struct fl_scenario *base = staff->scenario;
    struct fl_agent_def agents[KINDS_MAX];
    struct fl_scenario all = *base;
    for (uint32_t k = 0; k < staff->desk.kinds_count; k++) {
        const struct people_kind *kind = &staff->desk.kinds[k];
        const uint32_t share = (fl_staff_at_once_max(base) + staff->desk.kinds_count - 1) / staff->desk.kinds_count;
        agents[k] = staff_desk_person(&staff->desk, kind);
        agents[k].count = kind->people_max < share ? kind->people_max : share;
        agents[k].shift = FL_NONE;
        agents[k].speed *= staff->desk.speed_factor / reply;
    }
    all.desk.agents = agents;
    all.desk.agents_count = staff->desk.kinds_count;
    all.events_count = 0;
    const enum fl_status status = staff_days(staff, &all, WHAT_IF_DAYS, run);
    if (status == FL_OK) (*run)->results.scenario = base; /* what is asked of it; `all` ends here */
    return status;
}

static bool holds(const struct fl_results *results)
{
    const struct fl_staffing_def *staffing = &results->scenario->staffing;
    const uint32_t met = staff_days_met(results);
    return staffing->judge == FL_JUDGE_MEAN ? met > 0 : met >= staffing->day_probability * results->rows_count;
}

enum fl_status staff_ceiling(struct staff *staff)
{
    struct staff_curve *curve = &staff->report.curve;
    struct fl_run *run = NULL;
    const enum fl_status status = run_ceiling(staff, 1, &run);
    if (status != FL_OK) return status;
    double most = -1;
    uint32_t worst = UINT32_MAX;
    for (uint32_t i = 0; i < staff->scenario->objectives_count; i++) {
        struct fl_objective_result judged;
        const double excess = fl_staff_excess(&run->results, i, &judged);
        if (judged.days_met > worst || (judged.days_met == worst && excess <= most)) continue;
        worst = judged.days_met;
        most = excess;
        curve->objective = i;
    }
    curve->best_share = (double)staff_days_met(&run->results) / run->results.rows_count;
    fl_run_free(run);
    return FL_OK;
}

/* ---- The curve --------------------------------------------------------------------------------- */

static struct fl_knee_rule rule_of(const struct fl_scenario *scenario)
{
    return (struct fl_knee_rule){ .least_share = KNEE_LEAST_MISSED * (1 - scenario->staffing.day_probability), .least_excess = LEAST_EXCESS,
                                  .pooled = scenario->staffing.judge == FL_JUDGE_MEAN };
}

static uint32_t find_knee(const struct staff *staff)
{
    const struct staff_curve *curve = &staff->report.curve;
    const struct fl_knee_rule rule = rule_of(staff->scenario);
    struct fl_knee_point points[CURVE_MAX];
    for (uint32_t i = 0; i < curve->count; i++)
        points[i] = (struct fl_knee_point){ curve->rows[i].people, curve->rows[i].met.value, curve->excess[i] };
    return fl_knee_find(curve->count, points, &rule);
}

/* Simulates a roster and puts it on the curve, by its headcount; false when that headcount is already there. */
static enum fl_status add_point(struct staff *staff, const uint32_t people[], double safety, bool *added)
{
    struct staff_curve *curve = &staff->report.curve;
    const uint32_t headcount = roster_people(&staff->desk, people);
    uint32_t at = curve->count;
    *added = false;
    while (at > 0 && curve->rows[at - 1].people >= headcount) at--;
    if (curve->count == CURVE_MAX || headcount == 0 || (at < curve->count && curve->rows[at].people == headcount)) return FL_OK;
    struct roster_scenario roster;
    struct fl_run *run = NULL;
    if (!roster_scenario_make(&staff->desk, people, &roster)) return FL_EFULL;
    const enum fl_status status = staff_search_days(staff, &roster.scenario, CURVE_DAYS, &run);
    if (status == FL_OK) {
        struct fl_objective_result judged;
        for (uint32_t i = curve->count; i > at; i--) {
            curve->rows[i] = curve->rows[i - 1];
            curve->safety[i] = curve->safety[i - 1];
            curve->excess[i] = curve->excess[i - 1];
            curve->main[i] = curve->main[i - 1];
        }
        staff_row_fill(staff, people, &run->results, &curve->rows[at]);
        curve->safety[at] = safety;
        curve->excess[at] = 0;
        for (uint32_t i = 0; i < staff->scenario->objectives_count; i++)
            curve->excess[at] = fmax(curve->excess[at], fl_staff_excess(&run->results, i, &judged));
        fl_objective_judge(&run->results, curve->objective, &judged);
        curve->main[at] = judged.figure;
        curve->count++;
        *added = true;
        fl_run_free(run);
    }
    free(roster.memory);
    return status;
}

/* Upwards, until further people have brought little twice or there may be no more of them; then between the knee and the one
 * before. `most` people end it too: those of a roster that meets the objectives. */
static enum fl_status draw(struct staff *staff, const struct fl_staff_problem *problem, struct fl_staff_answer *spare, uint32_t most)
{
    struct staff_curve *curve = &staff->report.curve;
    bool added = false;
    for (double safety = 0; curve->count < CURVE_MAX - CURVE_REFINE - 1; safety += 0.5 + 0.25 * safety) {
        enum fl_status status = fl_staff_roster(problem, safety, spare);
        if (status != FL_OK) return status;
        if (roster_peak(&staff->desk, spare->people) > fl_staff_at_once_max(staff->scenario)) break;
        if (roster_people(&staff->desk, spare->people) >= most) break;
        status = add_point(staff, spare->people, safety, &added);
        if (status != FL_OK) return status;
        if (curve->count >= 4 && find_knee(staff) + 3 <= curve->count && most == UINT32_MAX) break;
        if (safety > 100) break; /* the shifts on offer cover no more */
    }
    return FL_OK;
}

static enum fl_status refine(struct staff *staff, const struct fl_staff_problem *problem, struct fl_staff_answer *spare)
{
    struct staff_curve *curve = &staff->report.curve;
    for (int i = 0; i < CURVE_REFINE; i++) {
        const uint32_t knee = find_knee(staff);
        bool added = false;
        if (knee == 0 || isnan(curve->safety[knee]) || curve->rows[knee].people - curve->rows[knee - 1].people <= fl_knee_step(curve->rows[knee].people)) break;
        const double middle = (curve->safety[knee - 1] + curve->safety[knee]) / 2;
        enum fl_status status = fl_staff_roster(problem, middle, spare);
        if (status == FL_OK) status = add_point(staff, spare->people, middle, &added);
        if (status != FL_OK) return status;
        if (!added) break;
    }
    return FL_OK;
}

enum fl_status staff_curve_draw(struct staff *staff, const struct fl_staff_problem *problem, struct fl_staff_answer *spare, const uint32_t meets[])
{
    struct staff_curve *curve = &staff->report.curve;
    bool added = false;
    curve->count = 0;
    enum fl_status status = draw(staff, problem, spare, meets == NULL ? UINT32_MAX : roster_people(&staff->desk, meets));
    if (status == FL_OK && meets != NULL) status = add_point(staff, meets, NAN, &added);
    if (status == FL_OK && curve->count > 0) status = refine(staff, problem, spare);
    if (status != FL_OK || curve->count == 0) return status;
    const struct fl_knee_rule rule = rule_of(staff->scenario);
    curve->knee = find_knee(staff);
    curve->least_share = rule.least_share;
    curve->least_excess = rule.least_excess;
    for (uint32_t i = 0; i < curve->count; i++)
        if (curve->rows[i].met.value > curve->best_share) curve->best_share = curve->rows[i].met.value;
    return FL_OK;
}

/* ---- Beyond the knee --------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The bound that the main objective would need so that the advised roster meets it on the share of days that is asked for. */
static double reachable_bound(const struct staff *staff)
{
    const struct fl_objective *objective = &staff->scenario->objectives[staff->report.curve.objective];
    const struct fl_results *results = &staff->proof.results;
    const char *statistic;
    const struct fl_metric *metric = fl_metric_find(objective->name, &statistic);
    double *values = malloc(results->rows_count * sizeof *values);
    double bound = NAN;
    uint32_t known = 0;
    for (uint32_t i = 0; values != NULL && objective->per == FL_PER_DAY && metric != NULL && i < results->rows_count; i++) {
        const struct fl_figure figure = fl_row_figure(staff->scenario, results->rows[i], FL_NONE, metric, statistic);
        if (figure.known) values[known++] = figure.value;
    }
    if (known > 0 && known == results->rows_count) {
        const bool wants_more = objective->comparison == FL_AT_LEAST || objective->comparison == FL_ABOVE;
        const uint32_t within = (uint32_t)ceil(staff->scenario->staffing.day_probability * known);
        qsort(values, known, sizeof *values, by_value);
        bound = wants_more ? values[known - within] : values[within > 0 ? within - 1 : 0];
    }
    free(values);
    return bound;
}

enum fl_status staff_beyond(struct staff *staff)
{
    struct staff_curve *curve = &staff->report.curve;
    struct fl_run *run = NULL;
    const enum fl_status status = run_ceiling(staff, FASTER, &run);
    if (status != FL_OK) return status;
    curve->faster_holds = holds(&run->results);
    fl_run_free(run);
    curve->reachable = staff->scenario->staffing.judge == FL_JUDGE_DAYS ? reachable_bound(staff) : NAN;
    return FL_OK;
}
