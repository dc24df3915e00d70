#include "measure/evidence.h"

#include "core/special.h"

#include <math.h>

#define BATCHES_LEAST 10u /* fewer say little of their own spread */

static uint32_t cells_of(const struct fl_objective *objective, uint32_t intervals, uint32_t groups, uint32_t agents, uint32_t dates)
{
    switch (objective->per) {
    case FL_PER_DAY: return 1;
    case FL_PER_DATE: return dates > 0 ? dates : 1;
    case FL_PER_INTERVAL: return intervals;
    case FL_PER_GROUP: return groups;
    case FL_PER_AGENT: return agents;
    }
    return 1;
}

uint32_t fl_evidence_cells(const struct fl_scenario *scenario, uint32_t agents)
{
    uint32_t cells = 0;
    for (uint32_t i = 0; i < scenario->objectives_count; i++)
        cells += cells_of(&scenario->objectives[i], scenario->intervals_count, scenario->desk.groups_count, agents, fl_day_dates(scenario));
    return cells;
}

bool fl_evidence_is_of(const struct fl_scenario *scenario, uint32_t cell, uint32_t interval)
{
    for (uint32_t i = 0; i < scenario->objectives_count; i++) {
        const uint32_t cells = cells_of(&scenario->objectives[i], scenario->intervals_count, scenario->desk.groups_count, 0, fl_day_dates(scenario));
        if (cell < cells) return scenario->objectives[i].per != FL_PER_INTERVAL || cell == interval;
        cell -= cells;
    }
    return false;
}

/* By how much a cell exceeds what its objective allows: above - bound x below of the figure's sums, the other way round where more is wanted. A
 * percentile is within its bound when the values beyond it are few enough. */
static double excess(const struct fl_results *batch, const struct fl_objective *objective, uint32_t cell)
{
    const char *statistic;
    const struct fl_metric *metric = fl_metric_find(objective->name, &statistic);
    const enum fl_scope scope = fl_objective_scope(objective);
    const double sign = objective->comparison == FL_AT_LEAST || objective->comparison == FL_ABOVE ? -1 : 1;
    if (metric == NULL) return 1;
    if (metric->kind == FL_METRIC_DISTRIBUTION && statistic[0] == 'p') {
        const struct fl_figure beyond = fl_figure_beyond(batch, scope, cell, metric, objective->bound);
        return beyond.known ? sign * (beyond.value - (1 - fl_percentile_share(statistic))) * (double)beyond.n : 1;
    }
    const struct fl_figure figure = fl_figure(batch, scope, cell, metric, statistic);
    return figure.known ? sign * (figure.value - objective->bound) * (double)figure.n : 1;
}

void fl_evidence_add(struct fl_evidence *evidence, const struct fl_results *batch)
{
    const struct fl_scenario *scenario = batch->scenario;
    evidence->days += batch->rows_count;
    if (scenario->staffing.judge == FL_JUDGE_DAYS) {
        evidence->days_met += fl_days_met(batch);
        return;
    }
    struct fl_results pooled = *batch;
    pooled.rows = NULL; /* no intervals are wanted, which would take the days one by one */
    pooled.rows_count = 0;
    uint32_t at = 0;
    FL_ASSERT(fl_evidence_cells(scenario, batch->totals.agents) <= evidence->cells);
    for (uint32_t i = 0; i < scenario->objectives_count; i++) {
        const struct fl_objective *objective = &scenario->objectives[i];
        const uint32_t cells = cells_of(objective, batch->totals.intervals, batch->totals.groups, batch->totals.agents, batch->totals.dates);
        for (uint32_t cell = 0; cell < cells; cell++, at++) {
            const double own = fl_objective_judges(&pooled, objective, cell) ? excess(&pooled, objective, cell) : 0;
            evidence->sum[at] += own;
            evidence->square[at] += own * own;
        }
    }
    evidence->batches++;
}

/* The mean difference of a cell, and its standard error. */
static double difference(const struct fl_evidence *evidence, uint32_t cell, double *error)
{
    const double n = evidence->batches, mean = evidence->sum[cell] / n;
    *error = sqrt(fmax(0, evidence->square[cell] - n * mean * mean) / (n * (n - 1)));
    return mean;
}

static enum fl_judgement weigh_means(const struct fl_evidence *evidence, double doubt, double wrong)
{
    if (evidence->batches < BATCHES_LEAST) return FL_UNDECIDED;
    const double met = -fl_student_quantile(1 - doubt, evidence->batches - 1);
    const double missed = fl_student_quantile(1 - wrong / evidence->cells, evidence->batches - 1);
    enum fl_judgement judgement = FL_MEETS;
    for (uint32_t i = 0; i < evidence->cells; i++) {
        double error;
        const double mean = difference(evidence, i, &error);
        if (mean > 0 && mean >= missed * error) return FL_MISSES;
        if (mean > met * error) judgement = FL_UNDECIDED;
    }
    return judgement;
}

bool fl_evidence_shows(const struct fl_evidence *evidence, const struct fl_scenario *scenario, uint32_t objective, uint32_t cell, double doubt)
{
    double error;
    if (evidence->batches < BATCHES_LEAST) return false;
    for (uint32_t i = 0; i < objective; i++)
        cell += cells_of(&scenario->objectives[i], scenario->intervals_count, scenario->desk.groups_count, 0, fl_day_dates(scenario));
    const double mean = difference(evidence, cell, &error);
    return mean <= -fl_student_quantile(1 - doubt, evidence->batches - 1) * error;
}

enum fl_judgement fl_evidence_weigh(const struct fl_evidence *evidence, const struct fl_scenario *scenario, double doubt, double wrong)
{
    if (evidence->days == 0) return FL_UNTRIED;
    if (scenario->staffing.judge == FL_JUDGE_MEAN) return weigh_means(evidence, doubt, wrong);
    const double wanted = scenario->staffing.day_probability;
    if (fl_binomial_lower(evidence->days_met, evidence->days, doubt) >= wanted) return FL_MEETS;
    return fl_binomial_upper(evidence->days_met, evidence->days, wrong) < wanted ? FL_MISSES : FL_UNDECIDED;
}

uint64_t fl_evidence_foresees(const struct fl_evidence *evidence, double errors, uint32_t days)
{
    const double share = (evidence->days_met + 0.5) / (evidence->days + 1.0), other = share + errors * sqrt(share * (1 - share) / evidence->days);
    return (uint64_t)(fmin(1, fmax(0, other)) * days);
}

uint64_t fl_evidence_foresees_in(const struct fl_evidence *evidence, double errors, uint32_t days)
{
    if (days <= evidence->days) return evidence->days_met;
    const double share = (evidence->days_met + 0.5) / (evidence->days + 1.0), left = days - evidence->days;
    const double other = share + errors * sqrt(share * (1 - share) * (1.0 / evidence->days + 1 / left));
    return evidence->days_met + (uint64_t)(fmin(1, fmax(0, other)) * left);
}

bool fl_evidence_is_futile(const struct fl_evidence *evidence, const struct fl_scenario *scenario, uint32_t days, double wrong)
{
    if (scenario->staffing.judge == FL_JUDGE_MEAN || evidence->days == 0) return false;
    return fl_binomial_upper(fl_evidence_foresees_in(evidence, -1, days), days, wrong) >= scenario->staffing.day_probability;
}
