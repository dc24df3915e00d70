/* Names of figures and their statistics. */
#include "scenario/metrics.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static const struct fl_metric metrics[] = {
#define METRIC(name, unit, kind) { #name, unit, FL_METRIC_##kind },
    FL_METRICS(METRIC)
#undef METRIC
};

#define METRICS_COUNT (sizeof metrics / sizeof *metrics)

const struct fl_metric *fl_metrics(uint32_t *count)
{
    *count = METRICS_COUNT;
    return metrics;
}

void fl_metric_range(const struct fl_metric *metric, double *least, double *most)
{
    const bool is_score = strcmp(metric->name, "dsr_service") == 0;
    *least = strcmp(metric->name, "profit_cny") == 0 ? -INFINITY : is_score ? 1 : 0;
    *most = metric->kind == FL_METRIC_SHARE ? 1 : is_score ? 5 : INFINITY;
}

static const char *const of_distribution[] = { "mean", "p50", "p90", "p95", "p99", "max", NULL };
static const char *const of_level[] = { "mean", "p95", "p99", "max", NULL };

const char *const *fl_metric_statistics(const struct fl_metric *metric, uint32_t *count)
{
    static const char *const of_others[] = { "" };
    *count = metric->kind == FL_METRIC_DISTRIBUTION ? 6 : metric->kind == FL_METRIC_LEVEL ? 4 : 1;
    return metric->kind == FL_METRIC_DISTRIBUTION ? of_distribution : metric->kind == FL_METRIC_LEVEL ? of_level : of_others;
}

bool fl_metric_is_of_engine(const struct fl_metric *metric)
{
    return strcmp(metric->name, "decision_latency_us") == 0 || strcmp(metric->name, "harness_lateness_us") == 0;
}

static bool is_one_of(const char *text, const char *const list[])
{
    for (; *list != NULL; list++) {
        if (strcmp(*list, text) == 0) return true;
    }
    return false;
}

const struct fl_metric *fl_metric_find(const char *full_name, const char **statistic)
{
    const size_t length = strcspn(full_name, ".");
    const char *const rest = full_name[length] == '.' ? full_name + length + 1 : "";
    for (size_t i = 0; i < METRICS_COUNT; i++) {
        if (strlen(metrics[i].name) != length || strncmp(metrics[i].name, full_name, length) != 0) continue;
        *statistic = rest;
        if (metrics[i].kind == FL_METRIC_DISTRIBUTION) return is_one_of(rest, of_distribution) ? &metrics[i] : NULL;
        if (metrics[i].kind == FL_METRIC_LEVEL) return is_one_of(rest, of_level) ? &metrics[i] : NULL;
        return full_name[length] == '\0' ? &metrics[i] : NULL;
    }
    return NULL;
}

const char *fl_metric_absence(const struct fl_metric *metric, const char *statistic, enum fl_kept_by by)
{
    static const char *const of_desk[] = { "labour_cny", "penalties_cny", "profit_cny", NULL };
    static const char *const of_groups[] = { "queue_length", "waited", "wait_for_agent_s", "chat_duration_s", "bot_replies", "bot_resolved",
                                             "leave_messages", "reopened", "drained_replies", NULL };
    static const char *const of_duty[] = { "occupancy", "concurrency", "queue_depth", "open_chats", "chats_in_hand", "chats_per_agent_day", "load_band",
                                           "wages_cny", NULL };
    static const char *const of_time[] = { "queue_length", "drained_replies", NULL };
    const bool is_span = by == FL_BY_INTERVAL || by == FL_BY_DATE;
    if (by == FL_BY_DESK) return NULL;
    if (fl_metric_is_of_engine(metric)) return "it is measured of the engine as a whole";
    if (by != FL_BY_DATE && is_one_of(metric->name, of_desk)) return "it is reckoned for the whole desk";
    if (by == FL_BY_INTERVAL && strcmp(metric->name, "wages_cny") == 0) return "wages are of whole shifts";
    if (by == FL_BY_AGENT && is_one_of(metric->name, of_groups)) return "it is kept for the desk and its groups";
    if (by == FL_BY_INTENT && is_one_of(metric->name, of_duty)) return "an agent's hours are no intent's";
    if (by == FL_BY_INTENT && is_one_of(metric->name, of_time)) return "it is kept for the desk and its groups";
    if (is_span && strcmp(metric->name, "drained_replies") == 0) return "they are sent after the last of them";
    if (is_span && metric->kind == FL_METRIC_LEVEL && strcmp(statistic, "mean") != 0) return "the time at each level is kept for the whole period";
    return NULL;
}

int fl_metric_better(const struct fl_metric *metric)
{
    static const char *const more[] = { "chats_answered", "reply_rate_3min", "platform_reply_rate_3min", "first_reply_rate_30s", "orders", "conversion",
                                        "sales_cny", "profit_cny", "satisfaction", "dsr_service" };
    static const char *const less[] = { "chats_abandoned", "chats_abandoned_silent", "chats_rejected", "chats_unserved", "chats_left_later",
                                        "rounds_given_up", "wasted_replies", "reopened", "leave_messages", "transfers", "first_response_s", "response_s",
                                        "reply_latency_s", "wait_for_agent_s", "slow_response_share", "no_service_rate", "abandonment", "waited",
                                        "queue_depth", "queue_length", "lost_sales_cny", "wages_cny", "labour_cny", "penalties_cny" };
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        if (strcmp(metric->name, more[i]) == 0) return 1;
    for (size_t i = 0; i < sizeof less / sizeof *less; i++)
        if (strcmp(metric->name, less[i]) == 0) return -1;
    return 0;
}
