/* What a fit has found, as a screen or as JSON; its notes and the words of its reasons. */
#include "fit.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void fit_note(struct fit_answer *answer, const char *file, uint64_t line, const char *en, const char *zh, ...)
{
    if (answer->notes_count == answer->notes_room) {
        const size_t room = answer->notes_room == 0 ? 16 : answer->notes_room * 2;
        struct fit_note *const larger = realloc(answer->notes, room * sizeof *larger);
        if (larger == NULL) {
            answer->estimates.full = true;
            return;
        }
        answer->notes = larger;
        answer->notes_room = room;
    }
    struct fit_note *const note = &answer->notes[answer->notes_count++];
    *note = (struct fit_note){ .file = file, .line = line };
    va_list values;
    va_start(values, zh);
    vsnprintf(note->text, sizeof note->text, answer->language == LANGUAGE_ZH ? zh : en, values);
    va_end(values);
}

void fit_answer_free(struct fit_answer *answer)
{
    fl_estimates_free(&answer->estimates);
    free(answer->notes);
    cJSON_Delete(answer->fitted);
    cJSON_Delete(answer->more);
    fl_text_free(&answer->screen);
    fl_text_free(&answer->pictures);
}

/* ---- Reasons -------------------------------------------------------------------------------------- */

/* Both sentences take `had` and `wanted`, in this order, or neither. */
static const struct {
    const char *key, *en, *zh;
} reasons[] = {
    { "never_weekday", "never in the log", "记录里从没有" },
    { "not_above_chance", "no more than chance would make", "不超出偶然" },
    { "hours_or_days", "hardly told apart from busyness that lasts for hours", "与持续数小时的忙闲难以分开" },
    { "one_promotion", "one promotion of a kind is too few", "同类大促只有一次" },
    { "few_days", "not enough data: %.0f days, %.0f wanted", "数据不够:有 %.0f 天,要 %.0f 天" },
    { "within_a_minute", "whole minutes hardly tell a round's messages from the next question, which the interval leaves out", "时间只到分钟,难分同一轮的消息与下一个问题,区间没有包含这一误差" },
    { "no_whole_day", "the log has no whole day; the scenario has the rates of the stretch it covers", "日志没有完整的一天;方案用的是所覆盖时段的到达率" },
    { "few_durations", "not enough data: seen %.0f times, %.0f wanted", "数据不够:见到 %.0f 次,要 %.0f 次" },
    { "few_counts", "not enough data: %.0f ended, %.0f wanted", "数据不够:%.0f 个有结尾,要 %.0f 个" },
    { "few_left", "not enough data: %.0f left, %.0f wanted", "数据不够:%.0f 人离开,要 %.0f 人" },
    { "few_open", "agents never had several chats open often enough to compare", "客服很少同时有多个会话,无从比较" },
    { "as_likely", "another family, which the log does not rule out", "另一分布,日志不能排除" },
    { "few_sessions", "not enough data: %.0f beginnings of shifts, %.0f wanted", "数据不够:有 %.0f 次上班,要 %.0f 次" },
    { "model_of_leaving", "a model: silent leavers are told from those who were done by how long they had waited", "由模型得出:按等待长短区分静默离开与问完了" },
    { "leaving_does_not_show", "after long waits chats go on as after short ones: leaving does not show", "等得久也照样继续问:看不出离开" },
    { "no_buyers", "the log does not tell buyers from conversations, or shows no closes", "日志没有买家标识,或没有关闭记录" },
    { "whole_minutes", "a reply takes less than the minute that times are given to", "时间只到分钟,而一条回复用不了一分钟" },
    { "no_agents", "the log names no agents", "日志没有客服姓名" },
    { "no_assignments", "the log does not show assignments and closes", "日志没有分配和关闭记录" },
    { "no_closes", "the log shows no closes", "日志没有关闭记录" },
    { "no_cluster", "closes do not cluster at a time after the last reply", "关闭时间没有集中在某个时长" },
    { "capacity_not_shown", "a log shows how many chats were open, not how many may be", "日志只显示同时接待数,不显示上限" },
};

void fit_reason(enum language language, const struct fl_estimate *estimate, char *out, size_t size)
{
    const char *form = NULL;
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (estimate->why != NULL && strcmp(reasons[i].key, estimate->why) == 0) form = language == LANGUAGE_ZH ? reasons[i].zh : reasons[i].en;
    if (form == NULL) form = estimate->why != NULL ? estimate->why : "";
    snprintf(out, size, form, estimate->had, estimate->wanted);
}

/* ---- Goodness of fit ------------------------------------------------------------------------------ */

/* How a share of held-out intervals is called; all take the minutes of one. */
static const char held_out[] = "held_out_inside_95_";

static const struct {
    const char *name, *en, *zh;
} looks[] = {
    { "variance_over_poisson", "variance of a count over a Poisson one's", "计数方差与泊松之比" },
    { "day_variance_seen_over_fitted", "how day totals vary, over what the fitted busyness makes", "日来量的波动与拟合忙闲之比" },
    { "correlation_of_following_days", "how much a day takes after the one before (the scenario's days are independent)", "相邻两天的相关(方案里各天独立)" },
    { "days_lognormal_distance", "distance of day totals from the lognormal (Kolmogorov-Smirnov)", "日来量与对数正态的距离(KS)" },
};

void fit_goodness_words(enum language language, const struct fl_goodness *g, char *out, size_t size)
{
    const bool zh = language == LANGUAGE_ZH;
    const char *name = g->name;
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++)
        if (strcmp(looks[i].name, name) == 0) name = zh ? looks[i].zh : looks[i].en;
    if (strncmp(g->name, held_out, sizeof held_out - 1) == 0) {
        const double minutes = strtod(g->name + sizeof held_out - 1, NULL) / 60;
        const double share = 100 * g->value, n = (double)g->n;
        if (minutes == 1440)
            snprintf(out, size, zh ? "留出的 %.0f 天里,%.1f%% 落在模拟的中间 95%% 内" : "of %.0f held-out days %.1f %% lie inside the simulated middle 95 %%", n, share);
        else
            snprintf(out, size, zh ? "留出的 %.0f 个 %g 分钟时段里,%.1f%% 落在模拟的中间 95%% 内"
                                   : "of %.0f held-out intervals of %g min %.1f %% lie inside the simulated middle 95 %%", n, minutes, share);
        return;
    }
    size_t used = (size_t)snprintf(out, size, "%s: %.3g", name, g->value);
    if (!isnan(g->low) && !isnan(g->high) && used < size)
        used += (size_t)snprintf(out + used, size - used, zh ? ",宜在 %.2g 至 %.2g" : ", wanted %.2g to %.2g", g->low, g->high);
    else if (!isnan(g->high) && used < size) used += (size_t)snprintf(out + used, size - used, zh ? ",宜不超过 %.2g" : ", wanted at most %.2g", g->high);
    else if (!isnan(g->low) && used < size) used += (size_t)snprintf(out + used, size - used, zh ? ",宜不低于 %.2g" : ", wanted at least %.2g", g->low);
    if (!isnan(g->p) && used < size) used += (size_t)snprintf(out + used, size - used, g->p < 0.001 ? " (p < 0.001)" : " (p = %.3f)", g->p);
    if (!g->good && used < size) snprintf(out + used, size - used, zh ? ":不合" : ": it does not fit here");
}

/* ---- JSON ----------------------------------------------------------------------------------------- */

static void add_interval(struct fl_text *out, double low, double high)
{
    if (isnan(low) && isnan(high)) {
        fl_text_add(out, "null");
        return;
    }
    fl_text_add(out, "[");
    fl_text_add_number(out, low);
    fl_text_add(out, ",");
    fl_text_add_number(out, high);
    fl_text_add(out, "]");
}

static void add_estimate(struct fl_text *out, const struct fit_answer *answer, const struct fl_estimate *e)
{
    fl_text_add(out, "{\"path\":");
    fl_text_add_json(out, e->path);
    fl_text_add(out, ",\"unit\":");
    fl_text_add_json(out, e->unit);
    fl_text_add(out, ",\"value\":");
    fl_text_add_number(out, e->known ? e->value : NAN);
    fl_text_add(out, ",\"ci95\":");
    add_interval(out, e->low, e->high);
    fl_text_add(out, ",\"n\":%llu,\"known\":%s,\"sure\":%s,\"why\":", (unsigned long long)e->n, e->known ? "true" : "false", e->sure ? "true" : "false");
    if (e->why == NULL) {
        fl_text_add(out, "null}");
        return;
    }
    char reason[400];
    fit_reason(answer->language, e, reason, sizeof reason);
    fl_text_add_json(out, reason);
    fl_text_add(out, "}");
}

static void add_goodness(struct fl_text *out, const struct fl_goodness *g)
{
    fl_text_add(out, "{\"name\":");
    fl_text_add_json(out, g->name);
    fl_text_add(out, ",\"value\":");
    fl_text_add_number(out, g->value);
    fl_text_add(out, ",\"wanted\":");
    add_interval(out, g->low, g->high);
    fl_text_add(out, ",\"p\":");
    fl_text_add_number(out, g->p);
    fl_text_add(out, ",\"n\":%llu,\"good\":%s}", (unsigned long long)g->n, g->good ? "true" : "false");
}

static void add_note(struct fl_text *out, const struct fit_note *note)
{
    fl_text_add(out, "{\"file\":");
    if (note->file != NULL) fl_text_add_json(out, note->file);
    else fl_text_add(out, "null");
    fl_text_add(out, ",\"line\":");
    if (note->line > 0) fl_text_add(out, "%llu", (unsigned long long)note->line);
    else fl_text_add(out, "null");
    fl_text_add(out, ",\"text\":");
    fl_text_add_json(out, note->text);
    fl_text_add(out, "}");
}

static void add_more(struct fl_text *out, const cJSON *more)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, more)
    {
        char *const text = cJSON_PrintUnformatted(item);
        fl_text_add(out, ",");
        fl_text_add_json(out, item->string);
        fl_text_add(out, ":%s", text != NULL ? text : "null");
        out->full |= text == NULL;
        free(text);
    }
}

static void answer_json(struct fl_text *out, const struct fit_options *options, const struct fit_answer *answer)
{
    fl_text_add(out, "{\"fenliu\":1,\"command\":\"fit\",\"kind\":\"%s\",\"files\":[", answer->kind);
    for (uint32_t i = 0; i < options->common->files_count; i++) {
        if (i > 0) fl_text_add(out, ",");
        fl_text_add_json(out, options->common->files[i]);
    }
    fl_text_add(out, "],\"estimates\":[");
    for (size_t i = 0; i < answer->estimates.count; i++) {
        if (i > 0) fl_text_add(out, ",");
        add_estimate(out, answer, &answer->estimates.list[i]);
    }
    fl_text_add(out, "],\"goodness\":[");
    for (size_t i = 0; i < answer->estimates.goodness_count; i++) {
        if (i > 0) fl_text_add(out, ",");
        add_goodness(out, &answer->estimates.goodness[i]);
    }
    fl_text_add(out, "],\"notes\":[");
    for (size_t i = 0; i < answer->notes_count; i++) {
        if (i > 0) fl_text_add(out, ",");
        add_note(out, &answer->notes[i]);
    }
    fl_text_add(out, "]");
    add_more(out, answer->more);
    fl_text_add(out, "}\n");
}

/* ---- The screen ----------------------------------------------------------------------------------- */

static void screen_estimate(struct fl_text *out, const struct fit_answer *answer, const struct fl_estimate *e)
{
    char reason[400] = "";
    if (e->why != NULL) fit_reason(answer->language, e, reason, sizeof reason);
    text_add_padded(out, e->path, 44, false);
    if (e->known) fl_text_add(out, " %10.4g", e->value);
    else fl_text_add(out, "          -");
    if (e->known && !isnan(e->low)) fl_text_add(out, "  [%.4g, %.4g]", e->low, e->high);
    if (e->known && strcmp(e->unit, "1") != 0) fl_text_add(out, " %s", e->unit);
    if (reason[0] != '\0') fl_text_add(out, "  %s", reason);
    fl_text_add(out, "\n");
}

static const char hourly[] = "traffic.profile.hourly[";

/* The shape of the day as four rows of six hours instead of 24 lines. */
static void screen_hours(struct fl_text *out, const struct fit_answer *answer, size_t from)
{
    fl_text_add(out, answer->language == LANGUAGE_ZH ? "traffic.profile.hourly(一小时与平均一小时之比)\n" : "traffic.profile.hourly (each hour over the mean one)\n");
    for (uint32_t h = 0; h < 24 && from + h < answer->estimates.count; h++) {
        if (h % 6 == 0) fl_text_add(out, "  %02u:00", h);
        fl_text_add(out, " %7.3f%s", answer->estimates.list[from + h].value, h % 6 == 5 ? "\n" : "");
    }
}

static void screen_goodness(struct fl_text *out, const struct fit_answer *answer)
{
    if (answer->estimates.goodness_count > 0) fl_text_add(out, answer->language == LANGUAGE_ZH ? "\n拟合得如何\n" : "\nHow well it fits\n");
    for (size_t i = 0; i < answer->estimates.goodness_count; i++) {
        char line[400];
        fit_goodness_words(answer->language, &answer->estimates.goodness[i], line, sizeof line);
        fl_text_add(out, "  %s\n", line);
    }
}

static void answer_screen(struct fl_text *out, const struct fit_options *options, const struct fit_answer *answer)
{
    for (size_t i = 0; i < answer->notes_count; i++) {
        const struct fit_note *const note = &answer->notes[i];
        if (note->file != NULL && note->line > 0) fl_text_add(out, "%s:%llu: ", note->file, (unsigned long long)note->line);
        else if (note->file != NULL) fl_text_add(out, "%s: ", note->file);
        fl_text_add(out, "%s\n", note->text);
    }
    fl_text_add(out, answer->language == LANGUAGE_ZH ? "\n数值与 95%% 区间\n" : "\nValues with 95 %% intervals\n");
    for (size_t i = 0; i < answer->estimates.count; i++) {
        const char *const path = answer->estimates.list[i].path;
        if (strncmp(path, hourly, sizeof hourly - 1) != 0) screen_estimate(out, answer, &answer->estimates.list[i]);
        else if (strcmp(path + sizeof hourly - 1, "0]") == 0) screen_hours(out, answer, i);
    }
    screen_goodness(out, answer);
    if (answer->screen.bytes != NULL) fl_text_add_bytes(out, answer->screen.bytes, answer->screen.length);
    if (options->report != NULL) fl_text_add(out, answer->language == LANGUAGE_ZH ? "图 %s\n" : "report %s\n", options->report);
    if (options->common->out != NULL) fl_text_add(out, answer->language == LANGUAGE_ZH ? "方案 %s\n" : "scenario %s\n", options->common->out);
}

int fit_answer_print(const struct fit_options *options, const struct fit_answer *answer)
{
    struct fl_text out = { 0 };
    if (options->common->json) answer_json(&out, options, answer);
    else answer_screen(&out, options, answer);
    out.full |= answer->estimates.full || answer->screen.full;
    const int code = text_print(&out);
    fl_text_free(&out);
    return code;
}
