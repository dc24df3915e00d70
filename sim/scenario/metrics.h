/* The figures that objectives and thresholds can name, as they are called in results. */
#ifndef FL_SCENARIO_METRICS_H
#define FL_SCENARIO_METRICS_H

#include <stdbool.h>
#include <stdint.h>

enum fl_metric_kind {
    FL_METRIC_COUNT,        /* a total of the day */
    FL_METRIC_SHARE,        /* 0 to 1 */
    FL_METRIC_NUMBER,       /* in its unit */
    FL_METRIC_DISTRIBUTION, /* needs .mean .p50 .p90 .p95 .p99 or .max behind its name */
    FL_METRIC_LEVEL,        /* time-weighted: .mean .p95 .p99 or .max */
};

/* X(name, unit, kind)
 *
 * first_response_s is the time from a buyer's first message to the first human reply, of buyers who had one: who left, was refused or
 * still waits has no such time, and is in chats_abandoned, chats_rejected or chats_unserved instead. So a p90 of it improves when the
 * slowest leave; abandonment, first_reply_rate_30s and reply_rate_3min count them. */
#define FL_METRICS(X)                                        \
    X(chats_offered, "chats", COUNT)                         \
    X(chats_answered, "chats", COUNT)                        \
    X(chats_abandoned, "chats", COUNT)                       \
    X(chats_abandoned_silent, "chats", COUNT)                \
    X(chats_rejected, "chats", COUNT)                        \
    X(chats_unserved, "chats", COUNT)                        \
    X(chats_left_later, "chats", COUNT)                      \
    X(rounds_opened, "rounds", COUNT)                        \
    X(rounds_given_up, "rounds", COUNT)                      \
    X(replies, "replies", COUNT)                             \
    X(bot_replies, "replies", COUNT)                         \
    X(drained_replies, "replies", COUNT)                     \
    X(wasted_replies, "replies", COUNT)                      \
    X(extra_turns, "messages", COUNT)                        \
    X(reopened, "chats", COUNT)                              \
    X(leave_messages, "chats", COUNT)                        \
    X(bot_resolved, "chats", COUNT)                          \
    X(transfers, "transfers", COUNT)                         \
    X(first_response_s, "s", DISTRIBUTION)                   \
    X(response_s, "s", DISTRIBUTION)                         \
    X(reply_latency_s, "s", DISTRIBUTION)                    \
    X(wait_for_agent_s, "s", DISTRIBUTION)                   \
    X(chat_duration_s, "s", DISTRIBUTION)                    \
    X(reply_rate_3min, "", SHARE)                            \
    X(platform_reply_rate_3min, "", SHARE)                   \
    X(slow_response_share, "", SHARE)                        \
    X(first_reply_rate_30s, "", SHARE)                       \
    X(no_service_rate, "", SHARE)                            \
    X(abandonment, "", SHARE)                                \
    X(waited, "", SHARE)                                     \
    X(answer_ratio, "messages per message", NUMBER)          \
    X(queue_depth, "chats", LEVEL)                           \
    X(open_chats, "chats", LEVEL)                            \
    X(queue_length, "chats", NUMBER)                         \
    X(chats_in_hand, "chats", NUMBER)                        \
    X(occupancy, "", SHARE)                                  \
    X(concurrency, "chats", NUMBER)                          \
    X(orders, "orders", COUNT)                               \
    X(conversion, "", SHARE)                                 \
    X(sales_cny, "CNY", NUMBER)                              \
    X(lost_sales_cny, "CNY", NUMBER)                         \
    X(wages_cny, "CNY", NUMBER)                              \
    X(labour_cny, "CNY", NUMBER)                             \
    X(penalties_cny, "CNY", NUMBER)                          \
    X(profit_cny, "CNY", NUMBER)                             \
    X(satisfaction, "", SHARE)                               \
    X(dsr_service, "points", NUMBER)                         \
    X(chats_per_agent_day, "chats", NUMBER)                  \
    X(load_band, "0 to 4", NUMBER)                           \
    X(decision_latency_us, "us", DISTRIBUTION)               \
    X(harness_lateness_us, "us", DISTRIBUTION)

struct fl_metric {
    const char *name, *unit;
    enum fl_metric_kind kind;
};

/* What a figure cannot fall below or rise above: 0 and 1 for shares, 1 and 5 for a score, nothing for what is left after costs, and
 * for all others 0 and infinity. */
void fl_metric_range(const struct fl_metric *metric, double *least, double *most);

/* All of them; `count` of them in *count. */
const struct fl_metric *fl_metrics(uint32_t *count);

/* What may stand behind its name, in the order of the columns of results; one empty text for what is no distribution and no level. */
const char *const *fl_metric_statistics(const struct fl_metric *metric, uint32_t *count);

/* Whether it is measured of outside engines only. */
bool fl_metric_is_of_engine(const struct fl_metric *metric);

/* What results are of. */
enum fl_kept_by { FL_BY_DESK, FL_BY_GROUP, FL_BY_AGENT, FL_BY_INTENT, FL_BY_INTERVAL, FL_BY_DATE };

/* NULL when the figure is kept of such parts, or why it is not: "an agent's hours are no intent's". What is not kept of a part is not known
 * there; it is never 0. */
const char *fl_metric_absence(const struct fl_metric *metric, const char *statistic, enum fl_kept_by by);

/* 1: more of it is better, -1: less is, 0: neither. */
int fl_metric_better(const struct fl_metric *metric);

/* The metric of a full name: "abandonment", "first_response_s.p90". *statistic is what stands behind the dot, ""
 * for none. NULL when there is no such metric, or it needs another statistic. */
const struct fl_metric *fl_metric_find(const char *full_name, const char **statistic);

#endif
