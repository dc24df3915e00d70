#include "report.h"

#include <string.h>

struct line {
    const char *name; /* of the figure, as in results */
    const char *words[2];
};

static const struct line desk_lines[] = {
    { "chats_offered", { "buyers who wrote", "询单买家" } },
    { "chats_answered", { "  answered", "  接待" } },
    { "chats_abandoned", { "  left without a reply", "  没等到就走" } },
    { "chats_abandoned_silent", { "    of them silently", "    其中默默离开" } },
    { "leave_messages", { "  found nobody, left a message", "  留言" } },
    { "chats_rejected", { "  refused", "  被拒" } },
    { "bot_resolved", { "  resolved by the bot", "  机器人解决" } },
    { "chats_unserved", { "  still unanswered at the end", "  结束时仍未回复" } },
    { "abandonment", { "share who left", "流失率" } },
    { "first_response_s.mean", { "first response, mean", "首次响应 平均" } },
    { "first_response_s.p50", { "  half of the buyers within", "  一半买家" } },
    { "first_response_s.p90", { "  nine of ten within", "  九成买家" } },
    { "first_response_s.p99", { "  99 of 100 within", "  百分之九十九" } },
    { "response_s.mean", { "every response, mean", "平均响应时间" } },
    { "response_s.p90", { "  nine of ten within", "  九成回复" } },
    { "reply_latency_s.mean", { "agent's own latency, mean", "客服自身用时 平均" } },
    { "wait_for_agent_s.mean", { "wait for an agent, mean", "等待分配 平均" } },
    { "waited", { "share not assigned at once", "未立即分配" } },
    { "reply_rate_3min", { "3-minute reply rate", "3分钟人工响应率" } },
    { "platform_reply_rate_3min", { "  as the platform counts it", "  平台口径" } },
    { "first_reply_rate_30s", { "first reply within 30 s", "首响30秒率" } },
    { "answer_ratio", { "answer ratio", "答问比" } },
    { "transfers", { "transfers", "转接" } },
    { "reopened", { "reopened", "再次进线" } },
    { "queue_length", { "buyers waiting for an agent, mean", "排队人数 平均" } },
    { "occupancy", { "occupancy (composing)", "工时利用率" } },
    { "concurrency", { "open chats per agent, mean", "同时接待 平均" } },
    { "open_chats.p95", { "  95 % of the time at most", "  95%时间不超过" } },
    { "queue_depth.mean", { "chats waiting for her reply, mean", "待回复 平均" } },
    { "queue_depth.p95", { "  95 % of the time at most", "  95%时间不超过" } },
    { "chats_per_agent_day", { "chats per agent and 8 hours", "人均日接待 (8小时)" } },
    { "conversion", { "conversion", "询单转化率" } },
    { "sales_cny", { "sales, CNY", "销售额 (元)" } },
    { "lost_sales_cny", { "lost sales, CNY", "流失销售额 (元)" } },
    { "wages_cny", { "wages, CNY", "工资 (元)" } },
    { "penalties_cny", { "platform penalties, CNY", "平台赔付 (元)" } },
    { "profit_cny", { "left after labour, CNY", "扣除人工后 (元)" } },
    { "satisfaction", { "satisfaction", "满意度" } },
};

void report_figure(const struct fl_figure *figure, const struct fl_metric *metric, char *out, size_t size)
{
    if (!figure->known) snprintf(out, size, "-");
    else if (metric->kind == FL_METRIC_SHARE) snprintf(out, size, "%.1f %%", 100 * figure->value);
    else if (fl_metric_is_of_engine(metric)) snprintf(out, size, "%.0f us", figure->value);
    else if (metric->kind == FL_METRIC_DISTRIBUTION) snprintf(out, size, "%.1f s", figure->value);
    else if (metric->kind == FL_METRIC_COUNT) snprintf(out, size, "%.1f", figure->value);
    else snprintf(out, size, "%.2f", figure->value);
}

/* `days` many, with which a percentile of too few samples still has no interval. */
static void add_range(struct fl_text *out, const struct fl_figure *figure, const struct fl_metric *metric, const char *statistic, uint32_t days,
                      enum language language)
{
    char low[32], high[32];
    if (!figure->sure && days > 1 && metric->kind == FL_METRIC_DISTRIBUTION && fl_percentile_share(statistic) > 0)
        fl_text_add(out, language == LANGUAGE_ZH ? "   样本太少,没有区间" : "   too few samples for an interval");
    if (!figure->sure) return;
    const struct fl_figure ends[2] = { { .value = figure->low, .known = true }, { .value = figure->high, .known = true } };
    report_figure(&ends[0], metric, low, sizeof low);
    report_figure(&ends[1], metric, high, sizeof high);
    fl_text_add(out, "   %s .. %s", low, high);
}

/* Nothing to say of what never happens here. */
static bool is_idle(const struct fl_figure *figure, const char *name)
{
    static const char *const quiet[] = { "leave_messages", "chats_rejected", "bot_resolved", "transfers", "reopened", "chats_unserved",
                                         "chats_abandoned_silent", "penalties_cny" };
    if (!figure->known) return true;
    for (size_t i = 0; i < sizeof quiet / sizeof *quiet; i++)
        if (strcmp(name, quiet[i]) == 0) return figure->value == 0;
    return false;
}

/* First responses are those of buyers who had one; who never had one is told beside them. */
static void add_unanswered(const struct fl_results *results, enum language language, struct fl_text *out)
{
    static const char *const names[] = { "chats_abandoned", "chats_rejected", "chats_unserved" };
    struct fl_results pooled = *results;
    pooled.rows = NULL; /* without intervals */
    double never = 0;
    char value[32];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) never += fl_figure_named(&pooled, FL_SCOPE_DESK, 0, names[i]).value;
    if (!(never > 0)) return;
    snprintf(value, sizeof value, "%.1f", never);
    text_add_padded(out, language == LANGUAGE_ZH ? "  始终没有首次响应的买家" : "  buyers who never had one", 36, false);
    text_add_padded(out, value, 12, true);
    fl_text_add(out, "\n");
}

static void add_desk(const struct fl_results *results, enum language language, struct fl_text *out)
{
    for (size_t i = 0; i < sizeof desk_lines / sizeof *desk_lines; i++) {
        const char *statistic;
        const struct fl_metric *metric = fl_metric_find(desk_lines[i].name, &statistic);
        const struct fl_figure figure = fl_figure(results, FL_SCOPE_DESK, 0, metric, statistic);
        char value[32];
        if (is_idle(&figure, desk_lines[i].name)) continue;
        report_figure(&figure, metric, value, sizeof value);
        text_add_padded(out, desk_lines[i].words[language], 36, false);
        text_add_padded(out, value, 12, true);
        add_range(out, &figure, metric, statistic, results->rows_count, language);
        fl_text_add(out, "\n");
        if (strcmp(desk_lines[i].name, "first_response_s.mean") == 0) add_unanswered(results, language, out);
    }
}

/* The platform's own figure, and what this day does to it. */
static void add_platform(const struct fl_results *results, enum language language, struct fl_text *out)
{
    const struct fl_platform *platform = &results->scenario->platform;
    const struct fl_figure rate = fl_figure_named(results, FL_SCOPE_DESK, 0, "platform_reply_rate_3min");
    if (strcmp(platform->name, "none") == 0 || !rate.known) return;
    const double rounds = (double)rate.n / results->totals.days;
    if (platform->reply_rate_min > 0) {
        fl_text_add(out, language == LANGUAGE_ZH ? "平台 %s:近 %u 天 %.0f 秒内回复不低于 %.0f%%;这一天 %.1f%%,约 %.0f 轮,%s。\n"
                                                 : "platform %s: of %u days, answered within %.0f s at least %.0f %%; this day %.1f %% of about %.0f rounds: %s.\n",
                    platform->name, platform->days, fl_time_to_s(platform->reply_within), 100 * platform->reply_rate_min, 100 * rate.value, rounds,
                    rate.value >= platform->reply_rate_min ? (language == LANGUAGE_ZH ? "拉高" : "it helps") : (language == LANGUAGE_ZH ? "拉低" : "it hurts"));
    }
    if (platform->rounds_min > rounds * platform->days)
        fl_text_add(out, language == LANGUAGE_ZH ? "  不足 %u 轮,平台不考核。\n" : "  fewer than %u rounds are not judged.\n", platform->rounds_min);
}

static const char *const table_figures[] = { "chats_answered", "abandonment", "first_response_s.p90", "response_s.mean", "reply_rate_3min",
                                             "concurrency", "queue_depth.mean", "occupancy" };
static const char *const table_heads[][2] = { { "answered", "接待" }, { "left", "流失" }, { "first p90", "首响九成" }, { "mean resp.", "平均响应" },
                                              { "3-min", "3分钟率" }, { "open", "同时" }, { "depth", "待回" }, { "busy", "利用率" } };
#define TABLE_COLUMNS (sizeof table_figures / sizeof *table_figures)

static void add_table_head(struct fl_text *out, const char *title, enum language language)
{
    fl_text_add(out, "\n");
    text_add_padded(out, title, 14, false);
    for (size_t i = 0; i < TABLE_COLUMNS; i++) text_add_padded(out, table_heads[i][language], 11, true);
    fl_text_add(out, "\n");
}

static void add_table_row(struct fl_text *out, const struct fl_results *results, enum fl_scope scope, uint32_t index, const char *name)
{
    text_add_padded(out, name, 14, false);
    for (size_t i = 0; i < TABLE_COLUMNS; i++) {
        const char *statistic;
        const struct fl_metric *metric = fl_metric_find(table_figures[i], &statistic);
        const struct fl_figure figure = fl_figure(results, scope, index, metric, statistic);
        char value[32];
        report_figure(&figure, metric, value, sizeof value);
        text_add_padded(out, value, 11, true);
    }
    fl_text_add(out, "\n");
}

static const char *const date_figures[] = { "chats_offered", "abandonment", "reply_rate_3min", "first_response_s.p90", "wages_cny" };
static const char *const date_heads[][2] = { { "chats", "询单" }, { "left", "流失" }, { "3-min", "3分钟率" }, { "first p90", "首响九成" }, { "wages", "工资" } };
static const char *const weekdays[7][2] = { { "Mon", "周一" }, { "Tue", "周二" }, { "Wed", "周三" }, { "Thu", "周四" }, { "Fri", "周五" }, { "Sat", "周六" },
                                            { "Sun", "周日" } };
#define DATE_COLUMNS (sizeof date_figures / sizeof *date_figures)

static void add_date(struct fl_text *out, const struct fl_results *results, uint32_t date, enum language language)
{
    char value[32];
    fl_instant_format(results->scenario, (fl_time)date * FL_DAY, value);
    value[10] = '\0'; /* the date alone */
    text_add_padded(out, value, 12, false);
    text_add_padded(out, weekdays[fl_time_weekday(results->scenario, (fl_time)date * FL_DAY)][language], 5, false);
    snprintf(value, sizeof value, "%.0f", fl_date_on_duty(results, date));
    text_add_padded(out, value, 8, true);
    for (size_t i = 0; i < DATE_COLUMNS; i++) {
        const char *statistic;
        const struct fl_metric *metric = fl_metric_find(date_figures[i], &statistic);
        const struct fl_figure figure = fl_figure(results, FL_SCOPE_DATE, date, metric, statistic);
        report_figure(&figure, metric, value, sizeof value);
        if (figure.known && strcmp(metric->unit, "CNY") == 0) snprintf(value, sizeof value, "%.0f", figure.value);
        text_add_padded(out, value, 10, true);
    }
    snprintf(value, sizeof value, "%u", fl_dates_met(results, date));
    if (results->scenario->objectives_count > 0) text_add_padded(out, value, 5, true);
    fl_text_add(out, "\n");
}

/* Of several dates, each with the days on which it met all objectives. */
static void add_dates(const struct fl_results *results, enum language language, struct fl_text *out)
{
    if (fl_dates_count(results) < 2) return;
    fl_text_add(out, "\n");
    text_add_padded(out, language == LANGUAGE_ZH ? "日期" : "date", 17, false);
    text_add_padded(out, language == LANGUAGE_ZH ? "在岗" : "on duty", 8, true);
    for (size_t i = 0; i < DATE_COLUMNS; i++) text_add_padded(out, date_heads[i][language], 10, true);
    if (results->scenario->objectives_count > 0) text_add_padded(out, language == LANGUAGE_ZH ? "达标" : "met", 5, true);
    fl_text_add(out, "\n");
    for (uint32_t date = 0; date < fl_dates_count(results); date++) add_date(out, results, date, language);
}

static void add_tables(const struct fl_results *results, enum language language, struct fl_text *out)
{
    struct fl_results pooled = *results;
    pooled.rows = NULL; /* no intervals in these tables */
    if (results->totals.groups > 1) {
        add_table_head(out, language == LANGUAGE_ZH ? "分组" : "group", language);
        for (uint32_t g = 0; g < results->totals.groups; g++)
            add_table_row(out, &pooled, FL_SCOPE_GROUP, g, results->scenario->desk.groups[g].name);
    }
    const uint32_t shown = results->totals.agents < 24 ? results->totals.agents : 24;
    add_table_head(out, language == LANGUAGE_ZH ? "客服" : "agent", language);
    for (uint32_t a = 0; a < shown; a++) add_table_row(out, &pooled, FL_SCOPE_AGENT, a, results->agent_names[a]);
    if (shown < results->totals.agents)
        fl_text_add(out, language == LANGUAGE_ZH ? "… 另有 %u 人,见 agents.csv\n" : "... and %u more, see agents.csv\n", results->totals.agents - shown);
    add_table_head(out, language == LANGUAGE_ZH ? "时段" : "from", language);
    for (uint32_t i = 0; i < results->totals.intervals; i++) {
        char from[32];
        if ((fl_time)(i + 1) * results->scenario->interval <= results->scenario->warmup) continue;
        fl_instant_format(results->scenario, (fl_time)i * results->scenario->interval, from);
        add_table_row(out, &pooled, FL_SCOPE_INTERVAL, i, results->scenario->duration > FL_DAY ? from + 5 : from + 11);
        if (results->totals.intervals > 200 && i == (fl_dates_count(results) > 2 ? 23 : 99)) {
            fl_text_add(out, language == LANGUAGE_ZH ? "… 其余见 intervals.csv\n" : "... the rest is in intervals.csv\n");
            break;
        }
    }
}

static void add_objectives(const struct fl_results *results, enum language language, struct fl_text *out)
{
    static const char *const words[][2] = { { "MISSED", "未达" }, { "met   ", "达标" }, { "-     ", "不考" } };
    if (results->scenario->objectives_count == 0) return;
    fl_text_add(out, language == LANGUAGE_ZH ? "\n目标\n" : "\nobjectives\n");
    for (uint32_t i = 0; i < results->scenario->objectives_count; i++) {
        const struct fl_objective *objective = &results->scenario->objectives[i];
        struct fl_objective_result judged;
        const char *statistic;
        const struct fl_metric *metric = fl_metric_find(objective->name, &statistic);
        char value[32];
        fl_objective_judge(results, i, &judged);
        report_figure(&judged.figure, metric, value, sizeof value);
        fl_text_add(out, "  %s  %-24s %-8s ", words[!judged.judged ? 2 : judged.met][language], objective->name, objective->want);
        text_add_padded(out, value, 10, true);
        if (!judged.judged) fl_text_add(out, language == LANGUAGE_ZH ? "   只考核外部引擎,这里没有测到\n" : "   of outside engines alone: not measured here\n");
        else if (!judged.by_days) fl_text_add(out, language == LANGUAGE_ZH ? "   全部天数合计\n" : "   over all days\n");
        else fl_text_add(out, language == LANGUAGE_ZH ? "   %u/%u 天达标\n" : "   on %u of %u days\n", judged.days_met, results->rows_count);
    }
}

bool report_objectives_met(const struct fl_results *results)
{
    for (uint32_t i = 0; i < results->scenario->objectives_count; i++) {
        struct fl_objective_result judged;
        fl_objective_judge(results, i, &judged);
        if (!judged.met) return false;
    }
    return true;
}

void report_simulation(const struct fl_results *results, const struct fl_results_head *head, enum language language, struct fl_text *out)
{
    const struct fl_scenario *scenario = results->scenario;
    char from[32], to[32];
    fl_instant_format(scenario, 0, from);
    fl_instant_format(scenario, scenario->duration, to);
    fl_text_add(out, language == LANGUAGE_ZH ? "%s  %s 至 %s  分流 %s  模拟 %u 天  种子 %llu%s\n\n" : "%s  %s to %s  routing %s  %u days  seed %llu%s\n\n",
                scenario->name, from, to, head->policy, results->totals.days, (unsigned long long)head->seed,
                head->partial ? (language == LANGUAGE_ZH ? "  (中断,不完整)" : "  (interrupted, partial)") : "");
    add_desk(results, language, out);
    add_platform(results, language, out);
    add_tables(results, language, out);
    add_dates(results, language, out);
    add_objectives(results, language, out);
}
