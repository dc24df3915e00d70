/* Figures and differences in words, in English and Chinese. */
#include "compare.h"
#include "record/results.h"

#include <string.h>

struct noun {
    const char *name, *words[2];
};

static const struct noun nouns[] = {
    { "chats_offered", { "buyers who wrote", "来询的买家" } },
    { "chats_answered", { "buyers answered", "接待的买家" } },
    { "chats_abandoned", { "buyers who left unanswered", "没等到就走的买家" } },
    { "chats_abandoned_silent", { "buyers who left unanswered without a word", "不说一声就走的买家" } },
    { "chats_rejected", { "buyers refused", "被拒的买家" } },
    { "chats_unserved", { "buyers still unanswered at the end", "到最后没人接的买家" } },
    { "chats_left_later", { "buyers who left after a first reply", "首响后走掉的买家" } },
    { "rounds_opened", { "rounds opened", "问答轮次" } },
    { "rounds_given_up", { "rounds given up", "放弃的轮次" } },
    { "replies", { "replies", "人工回复" } },
    { "bot_replies", { "replies of the bot", "机器人回复" } },
    { "drained_replies", { "replies after the end", "收尾的回复" } },
    { "wasted_replies", { "replies to nobody", "白回的消息" } },
    { "extra_turns", { "recommendations and reminders", "推荐和催付" } },
    { "reopened", { "chats reopened", "重新打开的会话" } },
    { "leave_messages", { "leave-messages", "留言" } },
    { "bot_resolved", { "buyers resolved by the bot", "机器人解决的买家" } },
    { "transfers", { "transfers", "转接" } },
    { "first_response_s", { "first response", "首次响应" } },
    { "response_s", { "response", "响应时间" } },
    { "reply_latency_s", { "agents' own reply", "客服自己的回复时间" } },
    { "wait_for_agent_s", { "wait for an agent", "等待分配" } },
    { "chat_duration_s", { "chat duration", "会话时长" } },
    { "reply_rate_3min", { "3-minute reply rate", "3分钟人工响应率" } },
    { "platform_reply_rate_3min", { "the platform's 3-minute reply rate", "平台3分钟人工响应率" } },
    { "slow_response_share", { "share of slow responses", "慢响应占比" } },
    { "first_reply_rate_30s", { "first reply within 30 s", "首响30秒率" } },
    { "no_service_rate", { "share without service", "人工不服务率" } },
    { "abandonment", { "share who left", "流失率" } },
    { "waited", { "share not assigned at once", "未立即分配率" } },
    { "answer_ratio", { "answer ratio", "答问比" } },
    { "queue_depth", { "chats waiting for her reply", "待回复会话" } },
    { "open_chats", { "open chats", "打开的会话" } },
    { "queue_length", { "buyers in the queue", "排队买家" } },
    { "chats_in_hand", { "chats in hand", "进行中的会话" } },
    { "occupancy", { "occupancy", "工时利用率" } },
    { "concurrency", { "open chats per agent", "同时接待" } },
    { "orders", { "orders", "订单" } },
    { "conversion", { "conversion", "询单转化率" } },
    { "sales_cny", { "sales", "销售额" } },
    { "lost_sales_cny", { "lost sales", "流失销售额" } },
    { "satisfaction", { "satisfaction", "满意度" } },
    { "dsr_service", { "service score", "服务评分" } },
    { "chats_per_agent_day", { "chats per agent and 8 hours", "人均日接待" } },
};

static const char *noun_of(const struct fl_metric *metric, enum language language)
{
    if (metric == NULL) return language == LANGUAGE_ZH ? "目标全达标的天数" : "days with all objectives met";
    for (size_t i = 0; i < sizeof nouns / sizeof *nouns; i++)
        if (strcmp(nouns[i].name, metric->name) == 0) return nouns[i].words[language];
    return metric->name;
}

void figure_words(const struct fl_metric *metric, const char *statistic, enum language language, char *out, size_t size)
{
    const char *noun = noun_of(metric, language);
    if (statistic[0] == 'p' && language == LANGUAGE_ZH) snprintf(out, size, "%s P%s", noun, statistic + 1);
    else if (statistic[0] == 'p') snprintf(out, size, "P%s of %s", statistic + 1, noun);
    else if (strcmp(statistic, "mean") == 0) snprintf(out, size, language == LANGUAGE_ZH ? "%s 平均" : "mean %s", noun);
    else snprintf(out, size, "%s", noun);
}

static enum fl_metric_kind kind_of(const struct fl_metric *metric)
{
    return metric == NULL ? FL_METRIC_SHARE : metric->kind;
}

void value_words(const struct fl_metric *metric, double value, bool is_difference, enum language language, char *out, size_t size)
{
    const char *sign = is_difference && value > 0 ? "+" : "";
    const enum fl_metric_kind kind = kind_of(metric);
    if (kind == FL_METRIC_SHARE) snprintf(out, size, is_difference ? "%s%.2f %s" : "%s%.1f %s", sign, 100 * value,
                                          !is_difference ? "%" : language == LANGUAGE_ZH ? "点" : "pt");
    else if (kind == FL_METRIC_DISTRIBUTION) snprintf(out, size, "%s%.1f %s", sign, value, language == LANGUAGE_ZH ? "秒" : "s");
    else if (kind == FL_METRIC_COUNT) snprintf(out, size, "%s%.1f", sign, value);
    else snprintf(out, size, is_difference ? "%s%.3f" : "%s%.2f", sign, value);
}

const char *change_word(const struct fl_metric *metric, bool up, enum language language)
{
    static const char *const words[3][2][2] = { { { "shorter", "缩短" }, { "longer", "变长" } },
                                                { { "fewer", "减少" }, { "more", "增多" } },
                                                { { "lower", "下降" }, { "higher", "上升" } } };
    const enum fl_metric_kind kind = kind_of(metric);
    return words[kind == FL_METRIC_DISTRIBUTION ? 0 : kind == FL_METRIC_COUNT ? 1 : 2][up][language];
}

/* Whether a figure is of the agents' work and not of what buyers see. */
static bool is_of_agents(const struct fl_metric *metric)
{
    static const char *const names[] = { "occupancy", "concurrency", "queue_depth", "open_chats", "chats_per_agent_day", "replies",
                                         "wasted_replies", "drained_replies", "extra_turns", "transfers", "answer_ratio" };
    for (size_t i = 0; metric != NULL && i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], metric->name) == 0) return true;
    return false;
}

void whom_words(const struct fl_metric *metric, enum fl_gate_per per, const char *where, enum language language, char *out, size_t size)
{
    static const char *const words[2][5][2] = {
        { { "for all buyers", "全体买家" }, { "for buyers of group %s", "「%s」组的买家" }, { "for buyers of agent %s", "客服 %s 的买家" },
          { "for buyers who ask about %s", "问「%s」的买家" }, { "for buyers who write at %s", "%s 来询的买家" } },
        { { "for all agents", "全体客服" }, { "for agents of group %s", "「%s」组的客服" }, { "for agent %s", "客服 %s" },
          { "on chats about %s", "「%s」的会话" }, { "at %s", "%s" } },
    };
    if (metric == NULL) snprintf(out, size, "%s", language == LANGUAGE_ZH ? "全店" : "for the desk");
    else snprintf(out, size, words[is_of_agents(metric)][per][language], where);
}

void clock_words(const struct fl_scenario *scenario, fl_time at, char *out, size_t size)
{
    char instant[32];
    fl_instant_format(scenario, at, instant);
    snprintf(out, size, "%s", scenario->duration > FL_DAY ? instant + 5 : instant + 11);
}
