#include "staffing/one_fewer_means.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_LOOK 10u    /* days, judge days */
#define DAYS_MOST 500u    /* of one interval, judge days: a plan that passes on 19 days of 20 and one on 17 are told apart */
#define CALM_MOST 16u     /* intervals in a row that were not shown to miss: what is calmer is left untried */

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

/* Cells before those where nothing is amiss at all, as in a warm-up that nothing is asked of. */
static uint32_t cells_asked(const struct cell list[], uint32_t count)
{
    uint32_t asked = 0;
    while (asked < count && list[asked].stress > 0) asked++;
    return asked;
}

static enum fl_status judge(const struct fl_one_fewer *problem, uint32_t cell, double *work_left, uint8_t *judged)
{
    const struct fl_scenario *scenario = problem->scenario;
    const uint32_t groups = scenario->desk.groups_count;
    const double doubt = 1 - scenario->staffing.confidence;
    struct fl_evidence evidence = { 0 };
    enum fl_judgement judgement = FL_UNTRIED;
    for (uint32_t look = FIRST_LOOK; evidence.days < DAYS_MOST && *work_left > 0; look *= 2) {
        const uint32_t until = look < DAYS_MOST ? look : DAYS_MOST, days = until - evidence.days;
        *work_left -= days * problem->work_a_day;
        const enum fl_status status = problem->weigh(problem->context, cell / groups, cell % groups, evidence.days, days, &evidence);
        if (status != FL_OK) return status;
        judgement = fl_evidence_weigh(&evidence, scenario, doubt, FL_ONE_FEWER_WRONG);
        if (judgement != FL_UNDECIDED || fl_evidence_is_futile(&evidence, scenario, DAYS_MOST, FL_ONE_FEWER_WRONG)) break;
    }
    *judged = (uint8_t)judgement;
    return FL_OK;
}

static enum fl_status by_days(const struct fl_one_fewer *problem, const uint32_t order[], uint32_t count, uint8_t judged[])
{
    double work_left = problem->work_max;
    enum fl_status status = FL_OK;
    for (uint32_t i = 0, calm = 0; i < count && status == FL_OK && calm < CALM_MOST; i++) {
        status = judge(problem, order[i], &work_left, &judged[order[i]]);
        calm = judged[order[i]] == FL_MISSES ? 0 : calm + 1;
    }
    return status;
}

enum fl_status fl_one_fewer_by_interval(const struct fl_one_fewer *problem, uint8_t judged[])
{
    const uint32_t cells = problem->scenario->intervals_count * problem->scenario->desk.groups_count;
    struct cell *const list = malloc(cells * sizeof *list);
    uint32_t *const order = malloc(cells * sizeof *order);
    enum fl_status status = list != NULL && order != NULL ? FL_OK : FL_EFULL;
    memset(judged, FL_UNTRIED, cells);
    if (status == FL_OK) {
        const uint32_t count = list_cells(problem, list);
        for (uint32_t i = 0; i < count; i++) order[i] = list[i].index;
        status = problem->scenario->staffing.judge == FL_JUDGE_MEAN ? fl_one_fewer_means(problem, order, count, cells_asked(list, count), judged)
                                                                     : by_days(problem, order, count, judged);
    }
    free(list);
    free(order);
    return status;
}
