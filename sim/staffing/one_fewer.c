#include "staffing/one_fewer.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_LOOK 10u    /* days, judge days */
#define FIRST_MEANS 200u  /* days, judge mean: ten batches, fewer say little of their spread */
#define DAYS_MOST 500u    /* of one interval, judge days: a plan that passes on 19 days of 20 and one on 17 are told apart */
#define CALM_MOST 16u     /* intervals in a row that were not shown to miss: what is calmer is left untried */
#define WRONG 0.0001      /* a plan that still does is called missed so seldom at each look: a hundred intervals are looked at */

struct cell {
    uint32_t index;
    double stress;
};

/* Most in need first; of equals the earlier one. */
static int compare_cells(const void *a, const void *b)
{
    const struct cell *one = a, *other = b;
    if (one->stress != other->stress) return one->stress > other->stress ? -1 : 1;
    return one->index < other->index ? -1 : one->index > other->index;
}

static uint32_t list_cells(const struct fl_one_fewer *problem, struct cell list[])
{
    const uint32_t cells = problem->scenario->intervals_count * problem->scenario->desk.groups_count;
    uint32_t count = 0;
    for (uint32_t i = 0; i < cells; i++)
        if (problem->on_duty[i] > 0) list[count++] = (struct cell){ i, problem->stress[i] };
    qsort(list, count, sizeof *list, compare_cells);
    return count;
}

static bool is_of_means(const struct fl_one_fewer *problem)
{
    return problem->scenario->staffing.judge == FL_JUDGE_MEAN;
}

/* Days that the next of so many cells may take, of what is left. */
static uint32_t days_most(const struct fl_one_fewer *problem, double work_left, uint32_t cells)
{
    if (!is_of_means(problem)) return DAYS_MOST;
    const double days = work_left / cells / problem->work_a_day;
    return days < 1e9 ? (uint32_t)days : 1000000000u;
}

/* Cells from this one on among whom the work is divided: where nothing is amiss at all, as in a warm-up that nothing is asked of, they wait
 * until the others have been looked at. */
static uint32_t cells_left(const struct cell list[], uint32_t count, uint32_t from)
{
    uint32_t left = from;
    while (left < count && list[left].stress > 0) left++;
    return left > from ? left - from : count - from;
}

static enum fl_status judge(const struct fl_one_fewer *problem, uint32_t cell, uint32_t most, double *work_left, struct fl_evidence *evidence, uint8_t *judged)
{
    const struct fl_scenario *scenario = problem->scenario;
    const uint32_t groups = scenario->desk.groups_count;
    const double doubt = 1 - scenario->staffing.confidence;
    evidence->days = evidence->days_met = evidence->batches = 0;
    memset(evidence->sum, 0, 2 * (size_t)evidence->cells * sizeof *evidence->sum);
    enum fl_judgement judgement = FL_UNTRIED;
    for (uint32_t look = is_of_means(problem) ? FIRST_MEANS : FIRST_LOOK; evidence->days < most && *work_left > 0; look *= 2) {
        const uint32_t until = look < most ? look : most, days = until - evidence->days;
        *work_left -= days * problem->work_a_day;
        const enum fl_status status = problem->weigh(problem->context, cell / groups, cell % groups, evidence->days, days, evidence);
        if (status != FL_OK) return status;
        judgement = fl_evidence_weigh(evidence, scenario, doubt, WRONG);
        if (judgement != FL_UNDECIDED || fl_evidence_is_futile(evidence, scenario, most, WRONG)) break;
    }
    *judged = (uint8_t)judgement;
    return FL_OK;
}

enum fl_status fl_one_fewer_by_interval(const struct fl_one_fewer *problem, uint8_t judged[])
{
    const uint32_t cells = problem->scenario->intervals_count * problem->scenario->desk.groups_count;
    struct fl_evidence evidence = { .cells = fl_evidence_cells(problem->scenario, 0) };
    struct cell *const list = malloc(cells * sizeof *list);
    double work_left = problem->work_max;
    uint32_t calm = 0;
    evidence.sum = calloc(2 * (size_t)evidence.cells + 1, sizeof *evidence.sum);
    evidence.square = evidence.sum + evidence.cells;
    enum fl_status status = list != NULL && evidence.sum != NULL ? FL_OK : FL_EFULL;
    memset(judged, FL_UNTRIED, cells);
    const uint32_t count = status == FL_OK ? list_cells(problem, list) : 0;
    for (uint32_t i = 0; i < count && status == FL_OK && (calm < CALM_MOST || is_of_means(problem)); i++) {
        const uint32_t most = days_most(problem, work_left, cells_left(list, count, i));
        status = judge(problem, list[i].index, most, &work_left, &evidence, &judged[list[i].index]);
        calm = judged[list[i].index] == FL_MISSES ? 0 : calm + 1;
    }
    free(list);
    free(evidence.sum);
    return status;
}
