/* The figures of one point of a sweep. */
#include "sweep.h"

#include "record/days.h"
#include "scenario/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

void sweep_columns_list(struct sweep_columns *columns)
{
    uint32_t count;
    const struct fl_metric *const metrics = fl_metrics(&count);
    columns->count = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t statistics;
        const char *const *const names = fl_metric_statistics(&metrics[i], &statistics);
        if (fl_metric_is_of_engine(&metrics[i])) continue;
        for (uint32_t k = 0; k < statistics; k++) {
            FL_ASSERT(columns->count < sizeof columns->metric / sizeof *columns->metric);
            columns->metric[columns->count] = &metrics[i];
            columns->statistic[columns->count++] = names[k];
        }
    }
}

/* ---- Tables --------------------------------------------------------------------------------------- */

static double known_value(const struct fl_figure *figure)
{
    return figure->known ? figure->value : NAN;
}

/* Pooled figures of the cells of a scope, `stride` rows apart, from row `first` on. Without the days, which no interval is asked of. */
static void fill_scope(const struct fl_results *results, const struct sweep_columns *columns, enum fl_scope scope, uint32_t cells, double *table)
{
    struct fl_results pooled = *results;
    pooled.rows = NULL;
    for (uint32_t i = 0; i < cells; i++) {
        for (uint32_t c = 0; c < columns->count; c++) {
            const struct fl_figure figure = fl_figure(&pooled, scope, i, columns->metric[c], columns->statistic[c]);
            table[(size_t)i * columns->count + c] = known_value(&figure);
        }
    }
}

/* Interval by interval: the desk, then its groups. */
static void fill_intervals(const struct fl_results *results, const struct sweep_columns *columns, double *table)
{
    struct fl_results pooled = *results;
    const uint32_t groups = results->totals.groups;
    pooled.rows = NULL;
    for (uint32_t i = 0; i < results->totals.intervals; i++) {
        for (uint32_t g = 0; g <= groups; g++) {
            for (uint32_t c = 0; c < columns->count; c++) {
                const struct fl_figure figure = g == 0 ? fl_figure(&pooled, FL_SCOPE_INTERVAL, i, columns->metric[c], columns->statistic[c])
                                                       : fl_figure(&pooled, FL_SCOPE_INTERVAL_GROUP, i * groups + g - 1, columns->metric[c], columns->statistic[c]);
                *table++ = known_value(&figure);
            }
        }
    }
}

static void fill_days(const struct fl_results *results, const struct sweep_columns *columns, struct sweep_result *result)
{
    const uint32_t objectives = results->scenario->objectives_count;
    const uint64_t all = objectives >= 64 ? UINT64_MAX : (UINT64_C(1) << objectives) - 1;
    for (uint32_t d = 0; d < results->rows_count; d++) {
        const struct fl_row *const row = results->rows[d];
        result->day_numbers[d] = row->replication;
        result->day_met[d] = (row->met & all) == all;
        for (uint32_t c = 0; c < columns->count; c++) {
            const struct fl_figure figure = fl_row_figure(results->scenario, row, FL_NONE, columns->metric[c], columns->statistic[c]);
            result->days[(size_t)d * columns->count + c] = known_value(&figure);
        }
    }
}

static void fill_objectives(const struct fl_results *results, struct sweep_result *result)
{
    static const char *const per[] = { "day", "interval", "group", "agent", "date" };
    result->objectives_met = true;
    for (uint32_t i = 0; i < results->scenario->objectives_count; i++) {
        const struct fl_objective *const objective = &results->scenario->objectives[i];
        struct sweep_objective *const to = &result->objectives[i];
        *to = (struct sweep_objective){ .name = objective->name, .want = objective->want, .per = per[objective->per] };
        fl_objective_judge(results, i, &to->judged);
        result->objectives_met &= to->judged.met;
        const uint32_t where = to->judged.where;
        if (where == FL_NONE) continue;
        if (objective->per == FL_PER_GROUP) snprintf(to->where, sizeof to->where, "%s", results->scenario->desk.groups[where].name);
        else if (objective->per == FL_PER_AGENT) snprintf(to->where, sizeof to->where, "%s", results->agent_names[where]);
        else fl_instant_format(results->scenario, (fl_time)where * (objective->per == FL_PER_DATE ? FL_DAY : results->scenario->interval), to->where);
    }
}

static double most_on_duty(const struct fl_results *results)
{
    double most = 0;
    for (uint32_t date = 0; date < fl_dates_count(results); date++) most = fmax(most, fl_date_on_duty(results, date));
    return most;
}

/* ---- The whole ------------------------------------------------------------------------------------- */

static bool pack_days(const struct fl_results *results, struct fl_text *out)
{
    struct fl_text plain = { 0 };
    fl_days_write(results->rows, results->rows_count, &plain);
    const size_t room = plain.full ? 0 : ZSTD_compressBound(plain.length);
    out->bytes = room > 0 ? malloc(room) : NULL;
    if (out->bytes != NULL) {
        out->room = room;
        out->length = ZSTD_compress(out->bytes, room, plain.bytes, plain.length, 3);
        if (ZSTD_isError(out->length)) fl_text_free(out);
    }
    fl_text_free(&plain);
    return out->bytes != NULL;
}

static bool tables_open(struct sweep_result *result, const struct fl_results *results, uint32_t columns)
{
    const struct fl_totals *const totals = &results->totals;
    const size_t wide = columns * sizeof(double);
    result->desk = calloc(columns, sizeof *result->desk);
    result->groups = calloc((size_t)columns * totals->groups, sizeof *result->groups);
    result->intervals = calloc((size_t)totals->intervals * (totals->groups + 1), wide);
    result->agents_table = calloc(totals->agents, wide);
    result->intents = calloc(totals->intents, wide);
    result->days = calloc(results->rows_count, wide);
    result->day_numbers = calloc(results->rows_count, sizeof *result->day_numbers);
    result->day_met = calloc(results->rows_count, sizeof *result->day_met);
    result->objectives = calloc(results->scenario->objectives_count + 1, sizeof *result->objectives);
    return result->desk != NULL && result->groups != NULL && result->intervals != NULL && result->agents_table != NULL && result->intents != NULL &&
           result->days != NULL && result->day_numbers != NULL && result->day_met != NULL && result->objectives != NULL;
}

bool sweep_result_make(struct sweep_result *result, const struct sweep_columns *columns, uint32_t point, const struct fl_run *run)
{
    const struct fl_results *const results = &run->results;
    *result = (struct sweep_result){
        .point = point, .replications = results->rows_count, .days_met = fl_days_met(results), .agents = results->totals.agents,
        .on_duty_max = most_on_duty(results), .scenario_hash = results->scenario->hash, .scenario = results->scenario, .agent_names = results->agent_names,
    };
    if (!tables_open(result, results, columns->count) || !pack_days(results, &result->packed)) {
        sweep_result_free(result);
        return false;
    }
    policy_describe(results->scenario, result->policy, sizeof result->policy);
    for (uint32_t c = 0; c < columns->count; c++) {
        result->desk[c] = fl_figure(results, FL_SCOPE_DESK, 0, columns->metric[c], columns->statistic[c]);
        for (uint32_t g = 0; g < results->totals.groups; g++)
            result->groups[(size_t)g * columns->count + c] = fl_figure(results, FL_SCOPE_GROUP, g, columns->metric[c], columns->statistic[c]);
    }
    fill_intervals(results, columns, result->intervals);
    fill_scope(results, columns, FL_SCOPE_AGENT, results->totals.agents, result->agents_table);
    fill_scope(results, columns, FL_SCOPE_INTENT, results->totals.intents, result->intents);
    fill_days(results, columns, result);
    fill_objectives(results, result);
    return true;
}

void sweep_result_free(struct sweep_result *result)
{
    free(result->desk);
    free(result->groups);
    free(result->intervals);
    free(result->agents_table);
    free(result->intents);
    free(result->days);
    free(result->day_numbers);
    free(result->day_met);
    free(result->objectives);
    fl_text_free(&result->packed);
    *result = (struct sweep_result){ 0 };
}
