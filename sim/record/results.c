#include "record/results.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Civil date of days since 1970-01-01; H. Hinnant, "chrono-compatible low-level date algorithms". */
static void civil(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    days += 719468;
    const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    const unsigned of_era = (unsigned)(days - era * 146097);
    const unsigned year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const unsigned of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const unsigned shifted = (5 * of_year + 2) / 153;
    *day = of_year - (153 * shifted + 2) / 5 + 1;
    *month = shifted < 10 ? shifted + 3 : shifted - 9;
    *year = (int64_t)year_of_era + era * 400 + (*month <= 2);
}

void fl_instant_format(const struct fl_scenario *scenario, fl_time at, char out[32])
{
    int64_t seconds = scenario->start_s + (at >= 0 ? at / FL_SECOND : -((-at + FL_SECOND - 1) / FL_SECOND));
    const int64_t days = seconds >= 0 ? seconds / 86400 : -((-seconds + 86399) / 86400);
    int64_t year;
    unsigned month, day;
    seconds -= days * 86400;
    civil(days, &year, &month, &day);
    const unsigned s = (unsigned)seconds;
    if (s % 60 == 0) snprintf(out, 32, "%04d-%02u-%02uT%02u:%02u", (int)year, month % 100, day % 100, s / 3600, s / 60 % 60);
    else snprintf(out, 32, "%04d-%02u-%02uT%02u:%02u:%02u", (int)year, month % 100, day % 100, s / 3600, s / 60 % 60, s % 60);
}

/* ---- summary.json ------------------------------------------------------------------------------ */

static void add_interval(struct fl_text *out, const char *key, const struct fl_figure *figure)
{
    fl_text_add_string(out, ",");
    fl_text_add_key(out, key);
    if (!figure->sure) {
        fl_text_add_string(out, "null");
        return;
    }
    fl_text_add_string(out, "[");
    fl_text_add_number(out, figure->low);
    fl_text_add_string(out, ",");
    fl_text_add_number(out, figure->high);
    fl_text_add_string(out, "]");
}

static void add_value(struct fl_text *out, const char *key, const struct fl_figure *figure)
{
    fl_text_add_key(out, key);
    fl_text_add_number(out, figure->known ? figure->value : NAN);
}

static void add_metric(struct fl_text *out, const struct fl_results *results, enum fl_scope scope, uint32_t index,
                       const struct fl_metric *metric, bool with_intervals)
{
    uint32_t count;
    const char *const *const statistics = fl_metric_statistics(metric, &count);
    const struct fl_figure mean = fl_figure(results, scope, index, metric, statistics[0]);
    fl_text_add_key(out, metric->name);
    fl_text_add_string(out, "{");
    add_value(out, "mean", &mean);
    if (with_intervals) add_interval(out, "ci95", &mean);
    fl_text_add_string(out, ",\"n\":");
    fl_text_add_count(out, mean.n);
    for (uint32_t i = 1; i < count; i++) {
        const struct fl_figure figure = fl_figure(results, scope, index, metric, statistics[i]);
        char key[16];
        fl_text_add_string(out, ",");
        add_value(out, statistics[i], &figure);
        if (!with_intervals || statistics[i][0] != 'p' || metric->kind != FL_METRIC_DISTRIBUTION) continue;
        snprintf(key, sizeof key, "%s_ci95", statistics[i]);
        add_interval(out, key, &figure);
    }
    fl_text_add_string(out, "}");
}

static void add_totals(struct fl_text *out, const struct fl_results *results, enum fl_scope scope, uint32_t index)
{
    uint32_t count;
    const struct fl_metric *metrics = fl_metrics(&count);
    const bool with_intervals = scope == FL_SCOPE_DESK || scope == FL_SCOPE_GROUP || scope == FL_SCOPE_DATE;
    bool first = true;
    fl_text_add(out, "\"totals\":{");
    for (uint32_t i = 0; i < count; i++) {
        if (fl_metric_is_of_engine(&metrics[i])) continue;
        if (!first) fl_text_add_string(out, ",");
        first = false;
        add_metric(out, results, scope, index, &metrics[i], with_intervals);
    }
    fl_text_add(out, "}");
}

static void add_named(struct fl_text *out, const struct fl_results *results, const char *key, enum fl_scope scope, uint32_t count,
                      const char *(*name_of)(const struct fl_results *, uint32_t))
{
    fl_text_add(out, ",\n\"%s\":[", key);
    for (uint32_t i = 0; i < count; i++) {
        fl_text_add(out, "%s\n{\"name\":", i > 0 ? "," : "");
        fl_text_add_json(out, name_of(results, i));
        fl_text_add(out, ",");
        add_totals(out, results, scope, i);
        fl_text_add(out, "}");
    }
    fl_text_add(out, "]");
}

static const char *group_name(const struct fl_results *results, uint32_t i)
{
    return results->scenario->desk.groups[i].name;
}

static const char *agent_name(const struct fl_results *results, uint32_t i)
{
    return results->agent_names[i];
}

static const char *intent_name(const struct fl_results *results, uint32_t i)
{
    return results->scenario->buyers.intents[i].name;
}

static const char *per_name(enum fl_objective_per per)
{
    static const char *const names[] = { "day", "interval", "group", "agent", "date" };
    return names[per];
}

static void add_where(struct fl_text *out, const struct fl_results *results, const struct fl_objective *objective, uint32_t where)
{
    char at[32];
    if (where == FL_NONE) return;
    fl_text_add(out, ",\"where\":");
    if (objective->per == FL_PER_INTERVAL || objective->per == FL_PER_DATE) {
        fl_instant_format(results->scenario, (fl_time)where * (objective->per == FL_PER_DATE ? FL_DAY : results->scenario->interval), at);
        fl_text_add_json(out, at);
    } else {
        fl_text_add_json(out, objective->per == FL_PER_GROUP ? group_name(results, where) : agent_name(results, where));
    }
}

/* Where there are several: each 24 hours from the start. weekday: 1 is Monday, as in ISO 8601. */
static void add_dates(struct fl_text *out, const struct fl_results *results)
{
    const uint32_t count = fl_dates_count(results);
    if (count < 2) return;
    fl_text_add(out, ",\n\"dates\":[");
    for (uint32_t date = 0; date < count; date++) {
        char from[32];
        fl_instant_format(results->scenario, (fl_time)date * FL_DAY, from);
        fl_text_add(out, "%s\n{\"from\":\"%s\",\"weekday\":%u,\"days_met\":%u,\"on_duty\":", date > 0 ? "," : "", from,
                    fl_time_weekday(results->scenario, (fl_time)date * FL_DAY) + 1, fl_dates_met(results, date));
        fl_text_add_number(out, fl_date_on_duty(results, date));
        fl_text_add(out, ",");
        add_totals(out, results, FL_SCOPE_DATE, date);
        fl_text_add(out, "}");
    }
    fl_text_add(out, "]");
}

static void add_objectives(struct fl_text *out, const struct fl_results *results)
{
    fl_text_add(out, ",\n\"objectives\":[");
    for (uint32_t i = 0; i < results->scenario->objectives_count; i++) {
        const struct fl_objective *objective = &results->scenario->objectives[i];
        struct fl_objective_result judged;
        fl_objective_judge(results, i, &judged);
        fl_text_add(out, "%s\n{\"name\":", i > 0 ? "," : "");
        fl_text_add_json(out, objective->name);
        fl_text_add(out, ",\"want\":");
        fl_text_add_json(out, objective->want);
        fl_text_add(out, ",\"per\":\"%s\",", per_name(objective->per));
        add_value(out, "got", &judged.figure);
        add_interval(out, "ci95", &judged.figure);
        add_where(out, results, objective, judged.where);
        fl_text_add(out, ",\"met\":%s,", !judged.judged ? "null" : judged.met ? "true" : "false");
        if (judged.by_days) fl_text_add(out, "\"days_met\":%u,\"days_met_ci95\":", judged.days_met);
        else fl_text_add(out, "\"days_met\":null,\"days_met_ci95\":");
        if (judged.by_days && results->rows_count > 1) {
            fl_text_add(out, "[");
            fl_text_add_number(out, judged.days_met_low);
            fl_text_add(out, ",");
            fl_text_add_number(out, judged.days_met_high);
            fl_text_add(out, "]}");
        } else {
            fl_text_add(out, "null}");
        }
    }
    fl_text_add(out, "]");
}

static void add_thresholds(struct fl_text *out, const struct fl_results *results)
{
    fl_text_add(out, ",\n\"thresholds\":[");
    for (uint32_t i = 0; i < results->scenario->thresholds_count; i++) {
        const struct fl_threshold *threshold = &results->scenario->thresholds[i];
        const char *statistic;
        char name[64];
        snprintf(name, sizeof name, "%s.mean", threshold->measure);
        const struct fl_metric *metric = fl_metric_find(name, &statistic);
        struct fl_figure beyond = { 0 };
        if (metric != NULL) beyond = fl_figure_beyond(results, FL_SCOPE_DESK, 0, metric, threshold->seconds);
        fl_text_add(out, "%s\n{\"measure\":", i > 0 ? "," : "");
        fl_text_add_json(out, threshold->measure);
        fl_text_add(out, ",\"seconds\":");
        fl_text_add_number(out, threshold->seconds);
        fl_text_add(out, ",");
        add_value(out, "share_beyond", &beyond);
        add_interval(out, "ci95", &beyond);
        fl_text_add(out, ",\"n\":%llu}", (unsigned long long)beyond.n);
    }
    fl_text_add(out, "]");
}

/* The desk at the beginning of every interval, averaged over days: for checks against time-varying queues. */
static void add_states(struct fl_text *out, const struct fl_results *results)
{
    const struct fl_totals *totals = &results->totals;
    const double days = totals->days;
    fl_text_add(out, ",\n\"states\":[");
    for (uint32_t i = 0; i <= totals->intervals; i++) {
        const uint64_t *sum = &totals->snapshot[4 * i], *square = &totals->snapshot_square[2 * i];
        const fl_time at = i < totals->intervals ? (fl_time)i * results->scenario->interval : results->scenario->duration;
        const double waiting = (double)sum[0] / days, system = (double)(sum[0] + sum[1]) / days;
        fl_text_add(out, "%s\n{\"at_s\":", i > 0 ? "," : "");
        fl_text_add_number(out, fl_time_to_s(at));
        const char *const names[] = { "waiting", "in_system", "on_duty", "busy", "waiting_var", "in_system_var" };
        const double values[] = { waiting, system, (double)sum[2] / days, (double)sum[3] / days,
                                  days > 1 ? ((double)square[0] - days * waiting * waiting) / (days - 1) : NAN,
                                  days > 1 ? ((double)square[1] - days * system * system) / (days - 1) : NAN };
        for (int k = 0; k < 6; k++) {
            fl_text_add(out, ",\"%s\":", names[k]);
            fl_text_add_number(out, values[k]);
        }
        fl_text_add(out, "}");
    }
    fl_text_add(out, "]");
}

void fl_results_json(const struct fl_results *results, const struct fl_results_head *head, struct fl_text *out)
{
    const struct fl_scenario *scenario = results->scenario;
    fl_text_add(out, "{\"fenliu\":1,\"command\":");
    fl_text_add_json(out, head->command);
    fl_text_add(out, ",\"scenario\":");
    fl_text_add_json(out, scenario->name);
    const char *quote = head->seed < UINT64_C(1) << 53 ? "" : "\""; /* what a double cannot hold travels as a string */
    fl_text_add(out, ",\"scenario_hash\":\"%016llx\",\"seed\":%s%llu%s,\"replications\":%u,\"partial\":%s,\"policy\":",
                (unsigned long long)scenario->hash, quote, (unsigned long long)head->seed, quote, results->totals.days,
                head->partial ? "true" : "false");
    fl_text_add_json(out, head->policy);
    fl_text_add(out, ",\"days_met\":%u,\n", fl_days_met(results));
    add_totals(out, results, FL_SCOPE_DESK, 0);
    add_named(out, results, "groups", FL_SCOPE_GROUP, results->totals.groups, group_name);
    if (!head->without_agents) add_named(out, results, "agents", FL_SCOPE_AGENT, results->totals.agents, agent_name);
    add_named(out, results, "intents", FL_SCOPE_INTENT, results->totals.intents, intent_name);
    add_dates(out, results);
    add_objectives(out, results);
    add_thresholds(out, results);
    add_states(out, results);
    fl_text_add(out, "}\n");
}

/* ---- CSV --------------------------------------------------------------------------------------- */

/* Calls `add` for every figure of the table, in the order of its columns. */
static void each_column(void (*add)(void *context, const struct fl_metric *metric, const char *statistic), void *context)
{
    uint32_t count;
    const struct fl_metric *metrics = fl_metrics(&count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t n;
        const char *const *const statistics = fl_metric_statistics(&metrics[i], &n);
        if (fl_metric_is_of_engine(&metrics[i])) continue;
        for (uint32_t k = 0; k < n; k++) add(context, &metrics[i], statistics[k]);
    }
}

struct table_row {
    struct fl_text *out;
    const struct fl_results *results;
    const struct fl_row *row; /* a day, or NULL: a scope of the totals */
    enum fl_scope scope;
    uint32_t index;
};

static void add_column_name(void *context, const struct fl_metric *metric, const char *statistic)
{
    fl_text_add((struct fl_text *)context, ",%s%s%s", metric->name, statistic[0] != '\0' ? "." : "", statistic);
}

static void add_column_value(void *context, const struct fl_metric *metric, const char *statistic)
{
    const struct table_row *at = context;
    const struct fl_figure figure = at->row != NULL ? fl_row_figure(at->results->scenario, at->row, FL_NONE, metric, statistic)
                                                    : fl_figure(at->results, at->scope, at->index, metric, statistic);
    fl_text_add(at->out, ",");
    if (figure.known) fl_text_add_number(at->out, figure.value);
}

void fl_results_days_csv(const struct fl_results *results, struct fl_text *out)
{
    const uint32_t count = results->scenario->objectives_count;
    const uint64_t all = count >= 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
    fl_text_add(out, "replication,met");
    each_column(add_column_name, out);
    fl_text_add(out, "\n");
    for (uint32_t i = 0; i < results->rows_count; i++) {
        struct table_row at = { .out = out, .results = results, .row = results->rows[i] };
        fl_text_add(out, "%u,%d", at.row->replication, (at.row->met & all) == all);
        each_column(add_column_value, &at);
        fl_text_add(out, "\n");
    }
}

/* Pooled figures of one scope without intervals: the rows are left out, which saves a pass over the days. */
static void add_scope_row(struct fl_text *out, const struct fl_results *results, enum fl_scope scope, uint32_t index)
{
    struct fl_results pooled = *results;
    pooled.rows = NULL;
    struct table_row at = { .out = out, .results = &pooled, .scope = scope, .index = index };
    each_column(add_column_value, &at);
    fl_text_add(out, "\n");
}

static void interval_bounds(const struct fl_results *results, uint32_t interval, char from[32], char to[32])
{
    const fl_time end = (fl_time)(interval + 1) * results->scenario->interval;
    fl_instant_format(results->scenario, (fl_time)interval * results->scenario->interval, from);
    fl_instant_format(results->scenario, end < results->scenario->duration ? end : results->scenario->duration, to);
}

void fl_results_intervals_csv(const struct fl_results *results, struct fl_text *out)
{
    fl_text_add(out, "from,to,group");
    each_column(add_column_name, out);
    fl_text_add(out, "\n");
    for (uint32_t i = 0; i < results->totals.intervals; i++) {
        char from[32], to[32];
        interval_bounds(results, i, from, to);
        fl_text_add(out, "%s,%s,*", from, to);
        add_scope_row(out, results, FL_SCOPE_INTERVAL, i);
        for (uint32_t g = 0; g < results->totals.groups; g++) {
            fl_text_add(out, "%s,%s,", from, to);
            fl_text_add_csv(out, group_name(results, g));
            add_scope_row(out, results, FL_SCOPE_INTERVAL_GROUP, i * results->totals.groups + g);
        }
    }
}

void fl_results_agents_csv(const struct fl_results *results, struct fl_text *out)
{
    fl_text_add(out, "agent");
    each_column(add_column_name, out);
    fl_text_add(out, "\n");
    for (uint32_t a = 0; a < results->totals.agents; a++) {
        fl_text_add_csv(out, agent_name(results, a));
        add_scope_row(out, results, FL_SCOPE_AGENT, a);
    }
}

/* How long of an interval counts, in microseconds of all days. */
static double counted_us(const struct fl_results *results, uint32_t interval)
{
    const struct fl_scenario *scenario = results->scenario;
    const fl_time begins = (fl_time)interval * scenario->interval, ends = begins + scenario->interval;
    const fl_time from = begins > scenario->warmup ? begins : scenario->warmup, to = ends < scenario->duration ? ends : scenario->duration;
    return to > from ? (double)(to - from) / 1000 * results->totals.days : 0;
}

static void add_load(struct fl_text *out, const struct fl_duty *duty, double counted)
{
    const double values[] = { counted > 0 ? (double)duty->duty_us / counted : NAN, (double)duty->busy_us / (double)duty->duty_us,
                              (double)duty->open_us / (double)duty->duty_us, (double)duty->depth_us / (double)duty->duty_us };
    for (int i = 0; i < 4; i++) {
        fl_text_add(out, ",");
        if (isfinite(values[i])) fl_text_add_number(out, values[i]);
    }
}

/* Those whose time is counted there: whose first group it is. */
static uint32_t agents_of_group(const struct fl_scenario *scenario, uint32_t group)
{
    uint32_t agents = 0;
    for (uint32_t d = 0; d < scenario->desk.agents_count; d++) {
        const struct fl_agent_def *def = &scenario->desk.agents[d];
        const uint32_t first = (uint32_t)__builtin_ctzll(def->groups | UINT64_C(1) << 63);
        if ((first < scenario->desk.groups_count ? first : 0) == group) agents += def->count;
    }
    return agents;
}

/* A group's row, or the desk's: cells first to first + count - 1 of the interval. */
static void add_groups_load(struct fl_text *out, const struct fl_results *results, uint32_t interval, uint32_t first, uint32_t count)
{
    const double counted = counted_us(results, interval);
    struct fl_duty sum = { 0 };
    uint64_t queue_us = 0;
    for (uint32_t g = first; g < first + count; g++) {
        const uint64_t *cell = results->totals.interval_group[(size_t)interval * results->totals.groups + g].count;
        sum.duty_us += cell[FL_COUNT_duty_us];
        sum.busy_us += cell[FL_COUNT_busy_us];
        sum.open_us += cell[FL_COUNT_open_us];
        sum.depth_us += cell[FL_COUNT_depth_us];
        queue_us += cell[FL_COUNT_queue_us];
    }
    add_load(out, &sum, counted);
    fl_text_add(out, ",");
    if (counted > 0) fl_text_add_number(out, (double)queue_us / counted);
    fl_text_add(out, "\n");
}

static void add_agents_load(struct fl_text *out, const struct fl_results *results, uint32_t interval, const char *from, const char *to)
{
    const struct fl_totals *totals = &results->totals;
    const double counted = counted_us(results, interval);
    for (uint32_t a = 0; a < totals->agents; a += totals->duty_agents) {
        const uint32_t left = totals->agents - a;
        fl_text_add(out, "%s,%s,*,", from, to);
        fl_text_add_csv(out, agent_name(results, a));
        fl_text_add(out, ",%u", left < totals->duty_agents ? left : totals->duty_agents);
        add_load(out, &totals->duty[(size_t)(a / totals->duty_agents) * totals->intervals + interval], counted);
        fl_text_add(out, ",\n");
    }
}

void fl_results_load_csv(const struct fl_results *results, struct fl_text *out)
{
    const struct fl_totals *totals = &results->totals;
    fl_text_add(out, "from,to,group,agent,agents,on_duty,occupancy,concurrency,queue_depth,waiting\n");
    for (uint32_t i = 0; i < totals->intervals; i++) {
        char from[32], to[32];
        interval_bounds(results, i, from, to);
        fl_text_add(out, "%s,%s,*,*,%u", from, to, totals->agents);
        add_groups_load(out, results, i, 0, totals->groups);
        for (uint32_t g = 0; g < totals->groups; g++) {
            fl_text_add(out, "%s,%s,", from, to);
            fl_text_add_csv(out, group_name(results, g));
            fl_text_add(out, ",*,%u", agents_of_group(results->scenario, g));
            add_groups_load(out, results, i, g, 1);
        }
        add_agents_load(out, results, i, from, to);
    }
}
