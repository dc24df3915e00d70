/* How far objectives are from being met, and where. */
#include "staffing/staff.h"

#include <math.h>
#include <string.h>

static double tail_of(const char *statistic)
{
    return strcmp(statistic, "p50") == 0 ? 0.50 : strcmp(statistic, "p90") == 0 ? 0.10 : strcmp(statistic, "p95") == 0 ? 0.05 : 0.01;
}

/* Misses over what the objective allows: shares of misses where there are any, else the figure over its bound. */
static double excess_of(const struct fl_objective *objective, const struct fl_metric *metric, double value)
{
    const bool wants_more = objective->comparison == FL_AT_LEAST || objective->comparison == FL_ABOVE;
    if (wants_more && metric->kind == FL_METRIC_SHARE) return objective->bound < 1 ? (1 - value) / (1 - objective->bound) : 0;
    if (objective->bound > 0 && value > 0) return wants_more ? objective->bound / value : value / objective->bound;
    /* No ratio says how far it is from or to the other side of zero: the distance does. */
    const double missing = wants_more ? objective->bound - value : value - objective->bound;
    return missing > 0 ? 1 + missing / fmax(fabs(objective->bound), 1) : 0;
}

static double stress_of(const struct fl_results *results, uint32_t cell, const struct fl_objective *objective)
{
    const char *statistic;
    const struct fl_metric *metric = fl_metric_find(objective->name, &statistic);
    if (metric == NULL) return 0;
    if (metric->kind == FL_METRIC_DISTRIBUTION && statistic[0] == 'p') {
        const struct fl_figure beyond = fl_figure_beyond(results, FL_SCOPE_INTERVAL_GROUP, cell, metric, objective->bound);
        return beyond.known ? beyond.value / tail_of(statistic) : 0;
    }
    const struct fl_figure figure = fl_figure(results, FL_SCOPE_INTERVAL_GROUP, cell, metric, statistic);
    return figure.known ? excess_of(objective, metric, figure.value) : 0;
}

double fl_staff_excess(const struct fl_results *results, uint32_t objective, struct fl_objective_result *judged)
{
    const char *statistic;
    const struct fl_metric *metric = fl_metric_find(results->scenario->objectives[objective].name, &statistic);
    fl_objective_judge(results, objective, judged);
    if (!judged->judged) return 0;
    return metric != NULL && judged->figure.known ? excess_of(&results->scenario->objectives[objective], metric, judged->figure.value) : INFINITY;
}

void fl_staff_stress(const struct fl_results *results, double stress[])
{
    const uint32_t cells = results->totals.intervals * results->totals.groups;
    for (uint32_t cell = 0; cell < cells; cell++) {
        stress[cell] = 0;
        for (uint32_t i = 0; i < results->scenario->objectives_count; i++) {
            const double own = stress_of(results, cell, &results->scenario->objectives[i]);
            if (own > stress[cell]) stress[cell] = own;
        }
    }
}
