/* Risk in words, for the first screen of fenliu staff. */
#include "staff_risk.h"

#include <math.h>
#include <string.h>

const char *staff_doubt_words(enum fl_doubt doubt, bool more, bool zh)
{
    static const char *const words[FL_DOUBTS_COUNT][2][2] = {
        [FL_DOUBT_TRAFFIC] = { { "a fifth fewer buyers", "少来两成" }, { "a fifth more buyers", "多来两成" } },
        [FL_DOUBT_REPLY_TIME] = { { "replies a fifth faster", "回复快两成" }, { "replies a fifth slower", "回复慢两成" } },
        [FL_DOUBT_PATIENCE] = { { "buyers a fifth less patient", "买家耐心少两成" }, { "buyers a fifth more patient", "买家耐心多两成" } },
        [FL_DOUBT_THINK_TIME] = { { "buyers think a fifth shorter", "买家想得快两成" }, { "buyers think a fifth longer", "买家想得慢两成" } },
        [FL_DOUBT_CONVERSION] = { { "conversion a fifth lower", "转化率低两成" }, { "conversion a fifth higher", "转化率高两成" } },
    };
    return words[doubt][more][zh];
}

/* ---- Lines ------------------------------------------------------------------------------------- */

#define LINE_END 78u
#define CHARACTER_MAX 5 /* bytes, with its end */

static uint32_t bytes_of(const char *at)
{
    uint32_t bytes = 1;
    while (((unsigned char)at[bytes] & 0xC0) == 0x80) bytes++;
    return bytes;
}

static bool is_wide(const char *at)
{
    char one[CHARACTER_MAX] = "";
    memcpy(one, at, bytes_of(at) < CHARACTER_MAX ? bytes_of(at) : CHARACTER_MAX - 1);
    return text_columns(one) == 2;
}

static bool is_one_of(const char *at, const char *const marks[])
{
    for (; *marks != NULL; marks++)
        if (strncmp(at, *marks, strlen(*marks)) == 0) return true;
    return false;
}

/* Whether a line may end before `next`, whose neighbour is `last`. Marks stay with what they close or open, a number with its unit. */
static bool may_end(const char *last, const char *next)
{
    static const char *const closes[] = { ",", ".", ";", ":", ")", "%", "。", "、", "”", NULL }, *const opens[] = { "(", "“", NULL };
    if (*next == ' ') return !(*last >= '0' && *last <= '9' && is_wide(next + 1));
    return (is_wide(last) || is_wide(next)) && !is_one_of(next, closes) && !is_one_of(last, opens) && *last != ' ';
}

void staff_add_wrapped(struct fl_text *out, uint32_t column, const char *text)
{
    while (*text != '\0') {
        const char *last = text, *end = text + bytes_of(text);
        char piece[400];
        for (; *end != '\0' && !may_end(last, end); end += bytes_of(end)) last = end;
        snprintf(piece, sizeof piece, "%.*s", (int)(end - text), text);
        const bool is_full = column + text_columns(piece) > LINE_END && column > 2;
        const char *shown = is_full && piece[0] == ' ' ? piece + 1 : piece;
        if (is_full) fl_text_add(out, "\n  ");
        column = (is_full ? 2 : column) + text_columns(shown);
        fl_text_add(out, "%s", shown);
        text = end;
    }
}

/* ---- Words ------------------------------------------------------------------------------------- */

void staff_clock(const struct fl_scenario *scenario, fl_time at, char out[16])
{
    char whole[32];
    fl_instant_format(scenario, at, whole); /* 2026-06-18T20:00 */
    if (scenario->duration > FL_DAY) snprintf(out, 16, "%.5s %.5s", whole + 5, whole + 11);
    else snprintf(out, 16, "%.5s", whole + 11);
}

/* Days in a hundred, whole ones where it comes to that. */
static double in_100(double share)
{
    return floor(1000 * share + 0.5) / 10;
}

void staff_add_met(const struct staff_report *report, const struct staff_outcome *outcome, bool zh, struct fl_text *out)
{
    const double left = 100 * outcome->abandonment.value, planned = 100 * report->risk->base.abandonment.value;
    if (report->scenario->staffing.judge == FL_JUDGE_MEAN)
        fl_text_add(out, zh ? "%s、走掉 %.1f%%" : "%s, %.1f%% leave", outcome->holds ? (zh ? "达标" : "met") : (zh ? "未达标" : "not met"), left);
    else if (report->risk->base.days_met == 0) fl_text_add(out, zh ? "走掉 %.1f%% 而非 %.1f%%" : "%.1f%% leave, not %.1f%%", left, planned);
    else fl_text_add(out, zh ? "100 天里 %.4g 天" : "%.4g of 100 days", in_100(outcome->met.value));
}

void staff_add_shifts_of(const struct staff_report *report, const uint32_t people[], bool zh, struct fl_text *out)
{
    bool first = true;
    for (uint32_t s = 0; s < report->desk->shifts_count; s++) {
        char from[16], to[16];
        if (people[s] == 0) continue;
        staff_clock(report->scenario, report->desk->shifts[s].from, from);
        staff_clock(report->scenario, report->desk->shifts[s].to, to);
        fl_text_add(out, zh ? "%s%s–%s %u人" : "%s%s–%s %u", first ? "" : zh ? "、" : ", ", from, to, people[s]);
        first = false;
    }
}

/* ---- The first screen -------------------------------------------------------------------------- */

static void add_worst(const struct staff_report *report, bool zh, struct fl_text *out)
{
    const struct fl_worst_expected *worst = &report->risk->base.worst;
    char at[16];
    if (!worst->known) return;
    const double minutes = fl_time_to_s(report->scenario->interval) / 60;
    staff_clock(report->scenario, (fl_time)worst->interval * report->scenario->interval, at);
    fl_text_add(out, zh ? "一天里最差的 %.4g 分钟(多在 %s)" : "the day's worst %.4g minutes, mostly at %s,", minutes, at);
    fl_text_add(out, zh ? "平均走掉 %.1f 位,占那时的 %.0f%%" : " lose %.1f buyers, %.0f%% of them", worst->left, 100 * worst->share);
    fl_text_add(out, zh ? ";十天里有一天超过 %.0f 位。" : "; one day in ten more than %.0f.", worst->left_p90);
}

/* The two worst, where they do harm, and who does not come. */
static void add_worst_bars(const struct staff_report *report, bool zh, struct fl_text *out)
{
    const struct staff_risk *risk = report->risk;
    const uint32_t fears = staff_fears(risk);
    if (fears == 0) fl_text_add(out, zh ? "哪一项差两成都无妨" : "nothing that is a fifth off does harm");
    for (uint32_t i = 0; i < fears; i++) {
        const struct staff_bar *bar = &risk->bars[i];
        fl_text_add(out, zh ? "%s%s:" : "%s%s: ", i == 0 ? "" : zh ? ";" : "; ", staff_doubt_words(bar->doubt, bar->more_is_worse, zh));
        staff_add_met(report, staff_bar_worse(bar), zh, out);
    }
    if (risk->absent.known) {
        fl_text_add(out, zh ? ";缺一人:" : "; one absent: ");
        staff_add_met(report, &risk->absent, zh, out);
    }
    fl_text_add(out, zh ? "。" : ".");
}

static uint32_t on_call(const struct staff_report *report)
{
    uint32_t people = 0;
    for (uint32_t s = 0; s < report->desk->shifts_count; s++) people += report->risk->on_call[s];
    return people;
}

void staff_add_buffer(const struct staff_report *report, bool zh, struct fl_text *out)
{
    const struct staff_risk *risk = report->risk;
    const uint32_t people = on_call(report);
    const bool no_high = risk->buffer_high == NO_BUFFER;
    if (people == 0) {
        fl_text_add(out, zh ? "不用另备人:缺一人也守得住" : "Nobody more is wanted on call: it holds with one absent");
        if (risk->high.known && !no_high) fl_text_add(out, zh ? ",大促倍数高到十次一遇也守得住" : " and with a promotion as large as one in ten");
    } else {
        fl_text_add(out, zh ? "备 %u 人待命(" : "Keep %u on call (", people);
        staff_add_shifts_of(report, risk->on_call, zh, out);
        fl_text_add(out, zh ? "):" : "): ");
        if (risk->buffer_absent > 0) fl_text_add(out, zh ? "有人缺勤时顶上" : "one to stand in for who is absent");
        if (risk->buffer_high > 0 && !no_high)
            fl_text_add(out, zh ? "%s大促倍数高到十次一遇时要 %u 人" : "%sa promotion as large as one in ten takes %u", risk->buffer_absent == 0 ? "" : zh ? ";" : "; ",
                        risk->buffer_high);
    }
    if (risk->buffer_both != NO_BUFFER && risk->buffer_both > people)
        fl_text_add(out, zh ? ";两样碰在一起要 %u 人" : "; both at once take %u", risk->buffer_both);
    if (no_high) fl_text_add(out, zh ? ";倍数高到十次一遇时,试过的加法都守不住" : "; against a promotion as large as one in ten no number tried will do");
    fl_text_add(out, zh ? "。" : ".");
}

static void end_line(struct fl_text *out, uint32_t column, struct fl_text *line)
{
    if (line->bytes != NULL) staff_add_wrapped(out, column, line->bytes);
    fl_text_add(out, "\n");
    fl_text_free(line);
    *line = (struct fl_text){ 0 };
}

void staff_risk_lines(const struct staff_report *report, bool zh, struct fl_text *out)
{
    struct fl_text line = { 0 };
    fl_text_add(out, zh ? "风险    " : "Risk  ");
    add_worst(report, zh, &line);
    end_line(out, zh ? 8 : 6, &line);
    fl_text_add(out, "  ");
    add_worst_bars(report, zh, &line);
    end_line(out, 2, &line);
    if (!report->risk->has_buffer) return;
    fl_text_add(out, "  ");
    staff_add_buffer(report, zh, &line);
    end_line(out, 2, &line);
}
