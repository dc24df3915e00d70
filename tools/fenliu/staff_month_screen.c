/* The plan of a period: on the screen, 80 columns, in Chinese and English; and as JSON. */
#include "staff_month.h"

#include <math.h>
#include <string.h>

#define SHOWN_DATES 62u

/* ---- Small words -------------------------------------------------------------------------------- */

static const char *const weekdays[][2] = { { "Mon", "一" }, { "Tue", "二" }, { "Wed", "三" }, { "Thu", "四" }, { "Fri", "五" }, { "Sat", "六" }, { "Sun", "日" } };

/* "06-18" */
static const char *date_of(const struct staff_month *month, fl_time at, char out[8])
{
    char whole[32];
    fl_instant_format(month->staff->scenario, at, whole);
    snprintf(out, 8, "%.5s", whole + 5);
    return out;
}

static bool is_proven(const struct staff_month *month, uint32_t date)
{
    const struct month_kind *const kind = &month->kinds[month->date[date].kind];
    return kind->searched && kind->staff.answer.proven;
}

static uint32_t dates_that_hold(const struct staff_month *month)
{
    uint32_t hold = 0;
    for (uint32_t d = 0; d < month->dates; d++) hold += staff_month_holds(month, d);
    return hold;
}

static const char *hire_name(const struct staff_month *month, const struct month_source *source)
{
    return source->hire != FL_NONE ? month->staff->scenario->staffing.hire[source->hire].name : month->desk.extra_name;
}

static uint32_t busiest(const struct staff_month *month)
{
    uint32_t most = 0;
    for (uint32_t d = 1; d < month->dates; d++)
        if (month->date[d].peak > month->date[most].peak) most = d;
    return most;
}

/* ---- Paragraphs --------------------------------------------------------------------------------- */

static void add_head(const struct staff_month *month, bool zh, struct fl_text *out)
{
    const struct fl_scenario *const base = month->staff->scenario;
    char first[8], last[8], peak[8];
    const uint32_t top = busiest(month);
    date_of(month, 0, first);
    date_of(month, (month->dates - 1) * FL_DAY, last);
    fl_text_add(out, zh ? "%s:%s 至 %s,共 %u 天,逐日排。\n\n" : "%s: %s to %s, %u dates, planned date by date.\n\n", base->name, first, last, month->dates);
    if (!month->team.known) {
        if (month->kinds_count > 0 && month->shifts_count > 0) fl_text_add(out, zh ? "人数  最忙是 %s,同时 %u 人在岗。\n" : "People  most on %s: %u at once.\n", date_of(month, top * FL_DAY, peak), month->date[top].peak);
        return;
    }
    fl_text_add(out, zh ? "人数  一共 %u 人:现有的 %u 人,另招 %u 人;最忙是 %s,\n  当天 %u 人上班,同时 %u 人在岗。\n" : "People  %u take part: %u of yours, %u taken on. The busiest date is %s:\n  %u people, %u places at once.\n",
                month->team.own + month->team.hired, month->team.own, month->team.hired, date_of(month, top * FL_DAY, peak), month->date[top].people, month->date[top].peak);
}

static void add_hiring(const struct staff_month *month, bool zh, struct fl_text *out)
{
    const struct fl_scenario *const base = month->staff->scenario;
    uint32_t said = 0;
    for (uint32_t s = 0; s < month->sources_count; s++) {
        const struct month_source *const source = &month->sources[s];
        char from[8], ready[8];
        if (source->definition != FL_NONE || source->works == 0) continue;
        fl_text_add(out, said++ == 0 ? (zh ? "招人  " : "Take on  ") : (zh ? ",\n      " : ",\n         "));
        date_of(month, source->def.from, from);
        fl_text_add(out, zh ? "%.60s %u 人,%s 前到岗" : "%.60s %u by %s", hire_name(month, source), source->works, from);
        if (source->def.training > 0) fl_text_add(out, zh ? ",%s 能上岗" : ", trained by %s", date_of(month, source->def.from + source->def.training, ready));
        if (source->def.has_learning) fl_text_add(out, zh ? "(起初手速 %.0f%%)" : " (at first %.0f%% as fast)", 100 * source->def.learning_speed);
    }
    fl_text_add(out, said > 0 ? (zh ? "。\n" : ".\n") : (zh ? "招人  不用招。\n" : "Take on  nobody.\n"));
    if (month->missing > 0) fl_text_add(out, zh ? "缺人  还有 %u 个班没人可招:放宽 staffing.hire。\n" : "Missing  %u shifts for which nobody can be had: widen staffing.hire.\n", month->missing);
    if (base->desk.has_attrition)
        fl_text_add(out, zh ? "离职  按离职率,估计走 %.1f 人;走了的不补,下面的达标率已算进去。\n" : "Leaving  by the attrition given %.1f of them leave within the period; nobody takes\n  their shifts over, which the shares below count in.\n", month->leaving);
    for (uint32_t i = 0; i < month->leavers_count; i++) {
        const struct month_leaver *const leaver = &month->leavers[i];
        char at[8];
        fl_text_add(out, zh ? "  %.40s %s 走:论手速,起初要 %u 个新人顶,两周后 %u 个。\n" : "  %.40s leaves on %s: by speed %u newcomers make up for her at first,\n    %u two weeks on.\n",
                    base->desk.agents[leaver->definition].name, date_of(month, leaver->at, at), leaver->at_first, leaver->later);
    }
}

static void add_row(const struct staff_month *month, uint32_t d, bool zh, struct fl_text *out)
{
    const struct month_date *const date = &month->date[d];
    char day[8];
    const char *const week = weekdays[fl_time_weekday(month->staff->scenario, d * FL_DAY)][zh];
    if (!month->kinds[date->kind].searched) {
        fl_text_add(out, zh ? "  %s %s %7.0f  还没算完\n" : "  %s %s %7.0f  not worked out\n", date_of(month, d * FL_DAY, day), week, date->chats);
        return;
    }
    fl_text_add(out, "%c %s %s %7.0f %8u %8u %8u ", staff_month_holds(month, d) ? ' ' : '!', date_of(month, d * FL_DAY, day), week, date->chats, date->places, date->people, date->peak);
    if (month->months > 0) fl_text_add(out, "%7.0f%%", 100.0 * date->days_met / month->months);
    else fl_text_add(out, "%8s", "");
    if (!is_proven(month, d)) fl_text_add(out, zh ? "  单看这天也未证明" : "  not shown by itself");
    else if (date->open > 0) fl_text_add(out, zh ? "  有班没人上" : "  some have nobody");
    else if (date->more > 0) fl_text_add(out, zh ? "  比单看这天多 %u 个班" : "  %u more than by itself", date->more);
    fl_text_add(out, "\n");
}

static void add_dates(const struct staff_month *month, bool zh, struct fl_text *out)
{
    fl_text_add(out, zh ? "\n  日期         询单   班次数   上班人 同时在岗   达标率\n" : "\n  date        chats   shifts   people  at once     pass\n");
    for (uint32_t d = 0; d < month->dates && d < SHOWN_DATES; d++) add_row(month, d, zh, out);
    if (month->dates > SHOWN_DATES) fl_text_add(out, zh ? "  (共 %u 天:--json 看全部)\n" : "  (%u dates: all of them with --json)\n", month->dates);
}

static void add_judgement(const struct staff_month *month, bool zh, struct fl_text *out)
{
    const double wanted = 100 * staff_month_wanted(month);
    if (!staff_add_wanted(month->staff->scenario, zh, out)) fl_text_add(out, zh ? ",每天都要" : ", on every date");
    fl_text_add(out, zh ? "。\n" : ".\n");
    if (month->months == 0) {
        fl_text_add(out, zh ? "还没按人名模拟。\n" : "Not simulated by name yet.\n");
        return;
    }
    fl_text_add(out, zh ? "按这些人把整段时间模拟了 %u 遍,隔夜的留言、走人、学手速都算:\n  %u 天里 %u 天有 %.0f%% 的把握达标,其余的前面有 !。\n"
                        : "Simulated: the whole period with these people, %u times, with what is left over\n  from day to day, leaving and learning: of %u dates %u pass as often as wanted\n  (%.0f%%); the others are marked !.\n",
                month->months, month->dates, dates_that_hold(month), wanted);
}

void staff_month_screen(const struct staff_month *month, enum language language, struct fl_text *out)
{
    const bool zh = language == LANGUAGE_ZH;
    const char *const plan = month->staff->report.plan_path;
    add_head(month, zh, out);
    if (month->team.known) add_hiring(month, zh, out);
    if (month->shifts_count > 0) add_dates(month, zh, out);
    add_judgement(month, zh, out);
    fl_text_add(out, "\n");
    staff_team_screen(&month->team, &month->desk, zh, out);
    if (!month->staff->scenario->staffing.has_labour && month->team.known)
        fl_text_add(out, zh ? "没写工时和休息的上限(staffing.labour):按人人天天可以上班排的。\n" : "No limits of hours and days were given (staffing.labour): anybody may work\n  every day.\n");
    staff_month_doubts(month, zh, out);
    staff_month_money(month, zh, out);
    if (plan != NULL) fl_text_add(out, zh ? "方案  %s(可直接模拟)  种子 %llu\n" : "Plan  %s (a scenario)  seed %llu\n", plan, (unsigned long long)month->staff->report.seed);
    if (month->staff->explain) staff_month_explain(month, zh, out);
}

/* ---- JSON --------------------------------------------------------------------------------------- */

static void add_instant(const struct staff_month *month, const char *key, fl_time at, struct fl_text *out)
{
    char text[32];
    fl_instant_format(month->staff->scenario, at, text);
    fl_text_add(out, "\"%s\":\"%s\"", key, text);
}

static void add_json_roster(const struct staff_month *month, uint32_t d, struct fl_text *out)
{
    bool first = true;
    fl_text_add(out, ",\"roster\":[");
    for (uint32_t i = 0; i < month->shifts_count; i++) {
        const struct month_shift *const shift = &month->shifts[i];
        if (shift->date != d) continue;
        fl_text_add(out, first ? "{" : ",{");
        add_instant(month, "from", month->desk.shifts[i].from, out);
        fl_text_add(out, ",");
        add_instant(month, "to", month->desk.shifts[i].to, out);
        fl_text_add(out, ",\"places\":%u,\"replaced\":%u,\"learners\":%u,\"people\":%u,\"open\":%u}", shift->people, shift->replaced, shift->learners, shift->works, shift->open);
        first = false;
    }
    fl_text_add(out, "]");
}

static void add_json_dates(const struct staff_month *month, struct fl_text *out)
{
    fl_text_add(out, "\"dates\":[");
    for (uint32_t d = 0; d < month->dates; d++) {
        const struct month_date *const date = &month->date[d];
        fl_text_add(out, "%s\n{", d > 0 ? "," : "");
        add_instant(month, "from", d * FL_DAY, out);
        fl_text_add(out, ",\"weekday\":%u,\"chats\":%.10g,\"kind\":%u,\"shifts\":%u,\"people\":%u,\"at_once\":%u,\"added\":%u,\"open\":%u,\"proven_by_itself\":%s,\"days\":%u,\"days_met\":%u,\"holds\":%s",
                    fl_time_weekday(month->staff->scenario, d * FL_DAY) + 1, date->chats, date->kind, date->places, date->people, date->peak, date->more, date->open,
                    is_proven(month, d) ? "true" : "false", month->months, date->days_met, staff_month_holds(month, d) ? "true" : "false");
        add_json_roster(month, d, out);
        fl_text_add(out, "}");
    }
    fl_text_add(out, "]");
}

static void add_json_hiring(const struct staff_month *month, struct fl_text *out)
{
    bool first = true;
    fl_text_add(out, ",\n\"hiring\":{\"take_on\":[");
    for (uint32_t s = 0; s < month->sources_count; s++) {
        const struct month_source *const source = &month->sources[s];
        if (source->definition != FL_NONE || source->works == 0) continue;
        fl_text_add(out, first ? "{\"kind\":" : ",{\"kind\":");
        fl_text_add_json(out, hire_name(month, source));
        fl_text_add(out, ",\"people\":%u,", source->works);
        add_instant(month, "by", source->def.from, out);
        fl_text_add(out, ",");
        add_instant(month, "trained_by", source->def.from + source->def.training, out);
        fl_text_add(out, ",\"expected_to_stay\":%.6g}", month->survival[(size_t)s * month->dates + month->dates - 1]);
        first = false;
    }
    fl_text_add(out, "],\"cost_cny\":");
    fl_text_add_number(out, month->hiring_cny);
    fl_text_add(out, ",\"shifts_nobody_can_be_had_for\":%u,\"expected_to_leave\":%.6g,\"leavers\":[", month->missing, month->leaving);
    for (uint32_t i = 0; i < month->leavers_count; i++) {
        const struct month_leaver *const leaver = &month->leavers[i];
        fl_text_add(out, i > 0 ? ",{\"name\":" : "{\"name\":");
        fl_text_add_json(out, month->staff->scenario->desk.agents[leaver->definition].name);
        fl_text_add(out, ",");
        add_instant(month, "at", leaver->at, out);
        fl_text_add(out, ",\"worth\":%.6g,\"newcomers_at_first\":%u,\"newcomers_after_two_weeks\":%u}", leaver->worth, leaver->at_first, leaver->later);
    }
    fl_text_add(out, "]}");
}

void staff_month_json(const struct staff_month *month, struct fl_text *out)
{
    fl_text_add(out, "{\"scenario\":");
    fl_text_add_json(out, month->staff->scenario->name);
    fl_text_add(out, ",\"seed\":\"%llu\",\"months\":%u,\"kinds_of_day\":%u,\"dates_held\":%u,\"wages_cny\":", (unsigned long long)month->staff->report.seed, month->months,
                month->kinds_count, dates_that_hold(month));
    fl_text_add_number(out, month->wages);
    fl_text_add(out, ",\n");
    add_json_dates(month, out);
    if (month->team.known) add_json_hiring(month, out);
    staff_team_json(&month->team, &month->desk, out);
    staff_month_risk_json(month, out);
    fl_text_add(out, "}\n");
}
