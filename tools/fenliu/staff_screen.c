/* The first screen of fenliu staff, 80 columns, in Chinese and English; and the same answer as JSON. */
#include "report.h"
#include "staff_levers.h"
#include "staff_money.h"

#include <math.h>
#include <string.h>

/* ---- Small words ------------------------------------------------------------------------------- */

static void clock_time(const struct fl_scenario *scenario, fl_time at, char out[8])
{
    const fl_time of_day = fl_time_of_day(scenario, at);
    snprintf(out, 8, "%02u:%02u", (unsigned)(of_day / FL_HOUR) % 24, (unsigned)(of_day / FL_MINUTE) % 60);
}

/* The same with its date where a scenario has several days. */
static void dated_time(const struct fl_scenario *scenario, fl_time at, char out[16])
{
    char whole[32];
    fl_instant_format(scenario, at, whole); /* 2026-06-18T20:00 */
    if (scenario->duration > FL_DAY) snprintf(out, 16, "%.5s %.5s", whole + 5, whole + 11);
    else snprintf(out, 16, "%.5s", whole + 11);
}

/* Pieces of a list, broken before column 78. */
static void add_piece(struct fl_text *out, uint32_t *columns, uint32_t indent, const char *piece)
{
    if (*columns + text_columns(piece) > 78) {
        fl_text_add(out, "\n%*s", (int)indent, "");
        *columns = indent;
    }
    fl_text_add(out, "%s", piece);
    *columns += text_columns(piece);
}

static double people_on(const struct staff_report *report, uint32_t interval)
{
    const uint32_t groups = report->scenario->desk.groups_count;
    double people = 0;
    for (uint32_t g = 0; g < groups; g++) people += report->answer->on_duty[(size_t)interval * groups + g];
    return people;
}

/* The people to have on the payroll of such a night: everyone works one of the shifts. */
static uint32_t payroll(const struct staff_report *report)
{
    return report->rows[ROW_ANSWER].people;
}

/* Where it is said who can be hired: those the roster takes. Else as many as make up for them by their speed. */
static uint32_t new_hires(const struct staff_report *report)
{
    uint32_t hired = 0;
    for (uint32_t k = 0; k < report->desk->kinds_count; k++)
        if (staff_desk_hire(report->desk, &report->desk->kinds[k]) != NULL) hired += staff_desk_people(report->desk, report->answer->people, &report->desk->kinds[k]);
    if (report->scenario->staffing.hire_count > 0) return hired;
    const uint32_t have = fl_scenario_agents_count(report->scenario), need = payroll(report);
    const uint32_t added = report->scenario->duration <= FL_DAY ? report->added : need > have ? need - have : 0; /* over days people work again */
    return (uint32_t)ceil(added / report->scenario->staffing.new_hire_speed - 1e-9);
}

/* Most people there can be at once, with all who can be hired. */
static uint32_t most_people(const struct staff_report *report)
{
    const uint32_t most = fl_staff_at_once_max(report->scenario);
    uint64_t all = 0;
    for (uint32_t k = 0; k < report->desk->kinds_count; k++) all += report->desk->kinds[k].people_max;
    return all < most ? (uint32_t)all : most;
}

static double shown_of_20(const struct staff_row *row)
{
    return floor(20.0 * row->days_met / row->days + 0.5);
}

/* ---- Objectives in words ------------------------------------------------------------------------ */

struct spoken {
    const char *name, *zh, *en;
};

static const struct spoken spoken[] = {
    { "abandonment", "走掉", "left" },
    { "reply_rate_3min", "3分钟回复率", "answered in 3 min" },
    { "first_reply_rate_30s", "30秒应答率", "first reply in 30 s" },
    { "first_response_s.p90", "九成首响", "first reply, 9 of 10" },
    { "first_response_s.mean", "平均首响", "first reply, mean" },
    { "response_s.mean", "平均响应", "response, mean" },
    { "response_s.p90", "九成响应", "response, 9 of 10" },
    { "answer_ratio", "问答比", "answer ratio" },
    { "no_service_rate", "未服务率", "never served" },
    { "satisfaction", "满意度", "satisfied" },
};

static void add_bound(const struct fl_metric *metric, double bound, bool zh, struct fl_text *out)
{
    if (metric->kind == FL_METRIC_SHARE) fl_text_add(out, "%.4g%%", 100 * bound);
    else if (metric->kind == FL_METRIC_DISTRIBUTION) fl_text_add(out, zh ? "%.4g秒" : "%.4g s", bound);
    else fl_text_add(out, "%.6g", bound);
}

/* "走掉≤5%(每组)" */
static void add_objective(const struct fl_objective *objective, double bound, bool zh, struct fl_text *out)
{
    static const char *const signs[] = { "≥", "≤", ">", "<" }, *const plain[] = { ">=", "<=", ">", "<" };
    static const char *const per[][2] = { { "", "" }, { " in every interval", "(每个时段)" }, { " in every group", "(每个组)" },
                                          { " of every agent", "(每个客服)" }, { " on every date", "(每天)" } };
    const char *statistic, *name = objective->name;
    const struct fl_metric *metric = fl_metric_find(objective->name, &statistic);
    for (size_t i = 0; i < sizeof spoken / sizeof *spoken; i++)
        if (strcmp(spoken[i].name, name) == 0) {
            name = zh ? spoken[i].zh : spoken[i].en;
            break;
        }
    fl_text_add(out, zh ? "%s%s" : "%s %s ", name, zh ? signs[objective->comparison] : plain[objective->comparison]);
    add_bound(metric, bound, zh, out);
    fl_text_add(out, "%s", per[objective->per][zh]);
}

/* A bound that is no stricter than this one, to so many parts of one. */
static double round_to_reach(const struct fl_objective *objective, double bound, double parts)
{
    const bool wants_more = objective->comparison == FL_AT_LEAST || objective->comparison == FL_ABOVE;
    return (wants_more ? floor(bound * parts) : ceil(bound * parts)) / parts;
}

/* ---- Parts of the screen ----------------------------------------------------------------------- */

static void add_title(const struct staff_report *report, bool zh, struct fl_text *out)
{
    char from[32], to[32], at[8];
    fl_instant_format(report->scenario, 0, from);
    fl_instant_format(report->scenario, report->scenario->duration, to);
    clock_time(report->scenario, report->peak_at, at);
    char date[16] = "";
    if (report->scenario->duration > FL_DAY) snprintf(date, sizeof date, "%.5s ", to + 5);
    else if (strncmp(from, to, 10) != 0) snprintf(date, sizeof date, "%s", zh ? "次日" : "next day ");
    fl_text_add(out, "%s  %.10s %s–%s%s  (%s)\n", report->scenario->name, from, from + 11, date, to + 11, report->scenario->platform.name);
    fl_text_add(out, zh ? "预计 %.0f 个询单,高峰 %.0f 个/小时(%s 起)\n\n" : "%.0f chats expected, at the peak %.0f an hour (from %s)\n\n", report->chats,
                report->peak_per_hour, at);
}

/* Days in a hundred, whole ones where it comes to that. */
static double in_100(double share)
{
    return floor(1000 * share + 0.5) / 10;
}

/* Sub-accounts beyond those held, with their price where one is given. */
static void add_more_seats(const struct staff_report *report, uint32_t more, bool zh, struct fl_text *out)
{
    const double each = report->scenario->money.seat_cny;
    fl_text_add(out, zh ? "  子账号现有 %u 个,再加 %u 个" : "  Sub-accounts: you hold %u, add %u", report->scenario->desk.seats, more);
    if (each > 0) fl_text_add(out, zh ? ",每月多 ¥%.6g" : ", CNY %.6g more a month", each * more);
    fl_text_add(out, zh ? "。\n" : ".\n");
}

/* Those there who are rostered, then whom to hire: "现有 3 名,另招 兼职 2、外包 1". */
static void add_hires(const struct staff_report *report, bool zh, struct fl_text *out)
{
    const struct staff_desk *desk = report->desk;
    uint32_t own = 0, hired = 0;
    for (uint32_t k = 0; k < desk->kinds_count; k++)
        own += staff_desk_hire(desk, &desk->kinds[k]) == NULL ? staff_desk_people(desk, report->answer->people, &desk->kinds[k]) : 0;
    fl_text_add(out, zh ? "现有的用 %u 名" : "%u of yours", own);
    for (uint32_t k = 0; k < desk->kinds_count; k++) {
        const char *name = staff_desk_hire(desk, &desk->kinds[k]);
        const uint32_t people = name == NULL ? 0 : staff_desk_people(desk, report->answer->people, &desk->kinds[k]);
        if (people == 0) continue;
        fl_text_add(out, hired == 0 ? (zh ? ",另招 " : ", and hire ") : (zh ? "、" : ", "));
        fl_text_add(out, "%.60s %u", name, people);
        hired += people;
    }
    if (hired == 0) fl_text_add(out, zh ? ",不用招人" : ", nobody to hire");
}

/* The people wanted and those at hand. */
static void add_headcount(const struct staff_report *report, const char *what, bool zh, struct fl_text *out)
{
    const struct staff_row *row = &report->rows[ROW_ANSWER];
    const uint32_t have = fl_scenario_agents_count(report->scenario), need = payroll(report), seats = report->scenario->desk.seats;
    fl_text_add(out, zh ? "%s:同时在岗最多 %u 人,共排 %u 人;" : "%s: at most %u people on duty at once, %u in all; ", what, row->peak, need);
    if (report->scenario->staffing.hire_count > 0) {
        if (!zh) fl_text_add(out, "\n  ");
        add_hires(report, zh, out);
        fl_text_add(out, zh ? "。\n" : ".\n");
    } else if (need > have)
        fl_text_add(out, zh ? "现有 %u 名,还差 %u 名(若是新手,约 %u 名)。\n" : "you have %u, %u short\n  (about %u if new hires).\n", have,
                    need - have, new_hires(report));
    else
        fl_text_add(out, zh ? "现有 %u 名,够用。\n" : "you have %u, which is enough.\n", have);
    if (seats == FL_NONE) return;
    if (row->peak > seats) add_more_seats(report, row->peak - seats, zh, out);
    else fl_text_add(out, zh ? "  子账号 %u 个,够用。\n" : "  Sub-accounts: the %u you hold are enough.\n", seats);
}

/* The desk as it is does; another roster may be cheaper, and may want people who are not there. */
static void add_enough(const struct staff_report *report, bool zh, struct fl_text *out)
{
    const struct staff_row *row = &report->rows[ROW_ANSWER], *now = &report->rows[ROW_NOW];
    const uint32_t have = fl_scenario_agents_count(report->scenario), need = payroll(report);
    fl_text_add(out, zh ? "结论:现有 %u 人照现在的班次已经够" : "Answer: the %u you have, as they work now, are enough", have);
    if (report->scenario->staffing.judge == FL_JUDGE_MEAN) fl_text_add(out, zh ? "(%u 天合计达标)。\n" : " (%u days together).\n", now->days);
    else fl_text_add(out, zh ? "(%u 天里 %u 天达标)。\n" : " (%u days, %u passed).\n", now->days, now->days_met);
    const bool cheaper = !isnan(row->cost) && !isnan(now->cost) && row->cost < now->cost;
    if (!cheaper && need >= have && row->peak >= now->peak) {
        fl_text_add(out, zh ? "没有找到更省的排法;下面是同样达标的一种。\n" : "No cheaper roster was found; below is another that passes.\n");
        return;
    }
    fl_text_add(out, zh ? "%s:同时在岗最多 %u 人,共 %u 人" : "%s: at most %u on duty at once, %u in all", cheaper ? (zh ? "更省的排班" : "Cheaper") : (zh ? "也可以这样排" : "Or"),
                row->peak, need);
    if (cheaper) fl_text_add(out, zh ? ",工资 ¥%.0f(现在 ¥%.0f,省 ¥%.0f)" : ",\n  wages CNY %.0f (now %.0f, saves %.0f)", row->cost, now->cost, now->cost - row->cost);
    if (report->scenario->staffing.hire_count > 0) {
        fl_text_add(out, zh ? ";\n  " : ";\n  ");
        add_hires(report, zh, out);
    } else if (need > have) fl_text_add(out, zh ? ";\n  但比现在多要 %u 个人(班短、人多),招不到就照旧" : ";\n  but it wants %u more on the payroll than you have: shorter shifts, more people",
                                 need - have);
    fl_text_add(out, zh ? "。\n" : ".\n");
    if (row->peak > report->scenario->desk.seats && report->scenario->money.seat_cny > 0)
        add_more_seats(report, row->peak - report->scenario->desk.seats, zh, out);
}

static bool would_do(const struct what_if *lifted)
{
    return lifted->known && !lifted->impossible;
}

/* Buyers of such a day where the objective may be missed for less than two of them, so that one or two decide the day whoever is there; else 0. */
static uint32_t deciding_few(const struct staff_report *report, const struct fl_objective *objective)
{
    const char *statistic;
    const struct fl_metric *metric = fl_metric_find(objective->name, &statistic);
    const bool at_most = objective->comparison == FL_AT_MOST || objective->comparison == FL_BELOW;
    if (metric == NULL || objective->per != FL_PER_DAY || report->scenario->staffing.judge == FL_JUDGE_MEAN) return 0;
    double missed = 1;
    if (metric->kind == FL_METRIC_SHARE) missed = at_most ? objective->bound : 1 - objective->bound;
    else if (metric->kind == FL_METRIC_DISTRIBUTION && fl_percentile_share(statistic) > 0) missed = 1 - fl_percentile_share(statistic);
    return report->chats * missed < 2 - 1e-9 ? (uint32_t)(report->chats + 0.5) : 0;
}

/* What stops at the knee says so first: what was asked for, why not more, and what more would take. */
static void add_short(const struct staff_report *report, bool zh, struct fl_text *out)
{
    const struct staff_curve *curve = &report->curve;
    const struct fl_objective *objective = &report->scenario->objectives[curve->objective];
    const struct staff_row *knee = &curve->rows[curve->knee];
    const bool pooled = report->scenario->staffing.judge == FL_JUDGE_MEAN;
    const uint32_t step = fl_knee_step(knee->people);
    if (curve->reason == CURVE_UNREACHABLE) {
        fl_text_add(out, zh ? "结论:加到 %u 人,没有哪种人数能达标" : "Answer: no headcount up to %u reaches the objectives", most_people(report));
        const double asked = report->scenario->staffing.day_probability;
        if (!pooled) fl_text_add(out, zh ? ":\n  最好时 100 天里 %.4g 天达标,要求 %.4g 天" : ": at best\n  %.4g of 100 days pass, wanted %.4g", in_100(curve->best_share), 100 * asked);
        if (!pooled && curve->best_share >= asked) fl_text_add(out, zh ? ",余地太小,证实不了" : ", which is too close to be shown");
        fl_text_add(out, zh ? "。\n  卡在:" : ".\n  In the way: ");
        add_objective(objective, objective->bound, zh, out);
        const bool by_limit = would_do(&report->seats_free) || would_do(&report->people_free) || would_do(&report->both_free);
        const uint32_t few = deciding_few(report, objective);
        if (few > 0) fl_text_add(out, zh ? "。\n  这一天太小,看不出人数够不够:约 %u 位买家,一两位就定了成败;\n  可以按多天合计来考核(staffing.judge 填 \"mean\")。\n"
                                         : ".\n  Such a day is too small to judge: of its %u buyers one or two decide it;\n  judge the days together (staffing.judge \"mean\").\n", few);
        else if (by_limit) fl_text_add(out, zh ? "。\n" : ".\n");
        else fl_text_add(out, zh ? "。人数解决不了。\n" : ". Headcount cannot mend that.\n");
    } else {
        fl_text_add(out, zh ? "结论:要达标得排 %u 人,但最后 %u 人换来的很少" : "Answer: the objectives take %u people, but the last %u of them bring little",
                    curve->full.people, curve->full.people - report->rows[ROW_ANSWER].people);
        if (!pooled) fl_text_add(out, zh ? ":100 天里只多 %.4g 天达标" : ":\n  %.4g more days in 100", in_100(curve->full.met.value - report->rows[ROW_ANSWER].met.value));
        fl_text_add(out, zh ? "。\n" : ".\n");
    }
    add_headcount(report, zh ? "建议排到这里为止" : "Advised, and no more", zh, out);
    if (knee->peak >= most_people(report)) return; /* there cannot be more */
    if (zh) fl_text_add(out, "  再往上,每多 %u 人", step);
    else if (step == 1) fl_text_add(out, "  Beyond that each further person brings ");
    else fl_text_add(out, "  Beyond that every %u further people bring ", step);
    const uint32_t of = 100 * curve->least_share >= 1 - 1e-9 ? 100 : 1000;
    if (!pooled && zh) fl_text_add(out, ",%u 天里多达标的不到 %.4g 天", of, of * curve->least_share);
    else if (!pooled) fl_text_add(out, "less than %.4g of %u days more\n  and ", of * curve->least_share, of);
    fl_text_add(out, zh ? ",最差的一项离目标近不到 %.4g%%。\n" : pooled ? "the worst objective\n  less than %.4g%% closer to its bound.\n"
                                                                     : "the worst objective less than %.4g%% closer to its bound.\n", 100 * curve->least_excess);
}

/* Sub-accounts that would do: no more than the cheapest roster without the limit takes. */
static uint32_t seats_wanted(const struct staff_report *report)
{
    const uint32_t most = fl_staff_at_once_max(report->scenario), least = most + report->seats_free.more;
    return report->seats_free.more > 0 && least < report->seats_free.people ? least : report->seats_free.people;
}

/* What is in the way that the owner has set himself. */
static void add_limits(const struct staff_report *report, bool zh, struct fl_text *out)
{
    if (would_do(&report->seats_free))
        fl_text_add(out, zh ? "卡在子账号:能有 %u 个,有 %u 个就能达标;\n  " : "sub-accounts are in the way: there may be %u, with %u the objectives hold;\n  ",
                    fl_staff_at_once_max(report->scenario), seats_wanted(report));
    if (would_do(&report->people_free)) {
        fl_text_add(out, zh ? "卡在人手:能招的不够" : "people are in the way: there are too few to be had");
        if (report->people_free.more > 0) fl_text_add(out, zh ? ",至少再要 %u 人" : ", at least %u more", report->people_free.more);
        fl_text_add(out, zh ? ",同时在岗 %u 人就能达标;\n  " : ";\n  with %u on duty at once the objectives hold;\n  ", report->people_free.people);
    }
    if (would_do(&report->both_free))
        fl_text_add(out, zh ? "子账号和人手要一起放宽:同时在岗 %u 人就能达标;\n  " : "sub-accounts and people are both in the way: with %u on duty at once the objectives hold;\n  ",
                    report->both_free.people);
}

static void add_beyond(const struct staff_report *report, bool zh, struct fl_text *out)
{
    const struct staff_curve *curve = &report->curve;
    const struct fl_objective *objective = &report->scenario->objectives[curve->objective];
    const char *statistic;
    const struct fl_metric *metric = fl_metric_find(objective->name, &statistic);
    fl_text_add(out, zh ? "要更好  " : "To do better  ");
    if (curve->reason == CURVE_FLAT) {
        const struct staff_row *answer = &report->rows[ROW_ANSWER];
        fl_text_add(out, zh ? "再加 %u 人(共 %u 人,同时在岗 %u 人)" : "%u more people (%u in all, %u on duty at once)", curve->full.people - answer->people,
                    curve->full.people, curve->full.peak);
        if (!isnan(curve->full.cost) && !isnan(answer->cost)) fl_text_add(out, zh ? ",每天多 ¥%.0f" : ",\n  CNY %.0f more a day", curve->full.cost - answer->cost);
        fl_text_add(out, zh ? ":加 --full 再算。\n\n" : ": ask with --full.\n\n");
        return;
    }
    add_limits(report, zh, out);
    if (curve->faster_holds) fl_text_add(out, zh ? "每条回复快两成(%.0f 秒变 %.0f 秒)就能达到" : "replies a fifth faster (%.0f s to %.0f s) can reach them", report->reply_s, 0.8 * report->reply_s);
    else fl_text_add(out, zh ? "每条回复快两成也达不到" : "replies a fifth faster do not reach them either");
    if (!isnan(curve->reachable) && metric != NULL) {
        fl_text_add(out, zh ? ";\n  或把目标定为 " : ";\n  or an objective of ");
        add_objective(objective, metric->kind == FL_METRIC_SHARE ? round_to_reach(objective, curve->reachable, 1000) : round_to_reach(objective, curve->reachable, 10), zh, out);
        fl_text_add(out, zh ? ",建议的人数就做得到" : ",\n  which the advised people reach");
    } else if (objective->per != FL_PER_DAY) {
        fl_text_add(out, zh ? ";\n  或改为全天合计来考核:" : ";\n  or judge the day as a whole: ");
        fl_text_add(out, zh ? "小范围里人少,一两个买家就定了成败" : "in small parts one or two buyers decide");
    }
    fl_text_add(out, zh ? "。\n\n" : ".\n\n");
}

static void add_conclusion(const struct staff_report *report, bool zh, struct fl_text *out)
{
    if (report->curve.reason != CURVE_NONE) add_short(report, zh, out);
    else if (report->now_passes) add_enough(report, zh, out);
    else add_headcount(report, zh ? "结论" : "Answer", zh, out);
}

/* Nobody is wanted while the shop is closed. */
static bool is_closed(const struct fl_scenario *scenario, uint32_t interval)
{
    const fl_time middle = (fl_time)interval * scenario->interval + scenario->interval / 2;
    return scenario->desk.has_open && !fl_window_holds(&scenario->desk.open, fl_time_of_day(scenario, middle));
}

/* Stretches of equal headcount. */
static void add_levels(const struct staff_report *report, bool zh, struct fl_text *out)
{
    const struct fl_scenario *scenario = report->scenario;
    const uint32_t indent = zh ? 7 : 10;
    uint32_t columns = indent;
    fl_text_add(out, zh ? "  在岗 " : "  on duty ");
    for (uint32_t i = 0; i < scenario->intervals_count;) {
        uint32_t end = i + 1;
        char from[16], to[8], piece[64];
        const long people = lround(people_on(report, i));
        while (end < scenario->intervals_count && lround(people_on(report, end)) == people) end++;
        dated_time(scenario, (fl_time)i * scenario->interval, from);
        clock_time(scenario, end < scenario->intervals_count ? (fl_time)end * scenario->interval : scenario->duration, to);
        snprintf(piece, sizeof piece, zh ? " %s–%s %ld人 " : " %s–%s %ld ", from, to, people);
        if (people > 0 || !is_closed(scenario, i)) add_piece(out, &columns, indent, piece);
        i = end;
    }
    fl_text_add(out, "\n");
}

static void add_shifts(const struct staff_report *report, bool zh, struct fl_text *out)
{
    const uint32_t indent = zh ? 7 : 10;
    uint32_t columns = indent;
    fl_text_add(out, zh ? "  排班 " : "  shifts  ");
    for (uint32_t s = 0; s < report->desk->shifts_count; s++) {
        const struct fl_rota_shift *shift = &report->desk->shifts[s];
        const uint32_t people = report->answer->people[s];
        char from[16], to[8], piece[240], groups[160] = "";
        if (people == 0) continue;
        dated_time(report->scenario, shift->from, from);
        clock_time(report->scenario, shift->to, to);
        if (report->desk->kinds_count > 1 && report->scenario->desk.groups_count > 1)
            for (uint32_t g = 0; g < report->scenario->desk.groups_count; g++)
                if (shift->groups >> g & 1)
                    snprintf(groups + strlen(groups), sizeof groups - strlen(groups), "%s%.24s", groups[0] == '\0' ? " " : "+", report->scenario->desk.groups[g].name);
        const char *hire = staff_desk_hire(report->desk, staff_desk_kind(report->desk, s));
        for (uint32_t b = 0; b < shift->breaks_count && report->scenario->staffing.breaks_count > 0; b++) {
            char at[8];
            clock_time(report->scenario, shift->from + shift->breaks[b].at, at);
            snprintf(groups + strlen(groups), sizeof groups - strlen(groups), "%s%s", b > 0 ? "/" : zh ? " 休" : " break ", at);
        }
        if (hire != NULL) snprintf(groups + strlen(groups), sizeof groups - strlen(groups), " %.30s", hire);
        snprintf(piece, sizeof piece, zh ? " %s–%s%s %u人 " : " %s–%s%s %u ", from, to, groups, people);
        add_piece(out, &columns, indent, piece);
    }
    fl_text_add(out, "\n\n");
}

/* Whether somebody could be there for most of an interval. */
static bool is_covered(const struct staff_report *report, uint32_t interval, uint32_t group)
{
    const fl_time from = (fl_time)interval * report->scenario->interval, to = from + report->scenario->interval;
    for (uint32_t s = 0; s < report->desk->shifts_count; s++) {
        const struct fl_rota_shift *shift = &report->desk->shifts[s];
        if ((shift->groups >> group & 1) && 2 * fl_rota_on_duty(shift, from, to) >= to - from) return true;
    }
    return false;
}

/* Times when buyers write and no shift on offer reaches, the first three. */
static void add_uncovered(const struct staff_report *report, bool zh, struct fl_text *out)
{
    const struct fl_scenario *scenario = report->scenario;
    const uint32_t groups = scenario->desk.groups_count;
    uint32_t said = 0;
    for (uint32_t g = 0; g < groups; g++) {
        for (uint32_t i = 0; i < scenario->intervals_count && said < 3; i++) {
            uint32_t end = i;
            while (end < scenario->intervals_count && report->answer->load[(size_t)end * groups + g] > 1e-9 && !is_covered(report, end, g)) end++;
            if (end == i) continue;
            char from[16], to[8];
            dated_time(scenario, (fl_time)i * scenario->interval, from);
            clock_time(scenario, (fl_time)end * scenario->interval < scenario->duration ? (fl_time)end * scenario->interval : scenario->duration, to);
            fl_text_add(out, said++ == 0 ? (zh ? "  注意  没有班次能上 " : "  careful  no shift on offer reaches ") : (zh ? "、" : ", "));
            fl_text_add(out, "%s–%s", from, to);
            if (groups > 1) fl_text_add(out, " %.24s", scenario->desk.groups[g].name);
            i = end;
        }
    }
    if (said > 0) fl_text_add(out, zh ? ",那时来的买家没人接。\n\n" : ": buyers who write then find nobody.\n\n");
}

static void add_belief(const struct staff_report *report, bool zh, struct fl_text *out)
{
    const struct fl_ordinary_day *day = &report->scenario->ordinary_day;
    if (!day->given) {
        fl_text_add(out, zh ? "可信吗  没填平日数据(ordinary_day),未能对照您的店。\n\n"
                            : "Believe it?  No ordinary day was given, so nothing was held against your shop.\n\n");
        return;
    }
    fl_text_add(out, zh ? "可信吗  先重演您的平日:%.0f 个询单、%u 人,平均响应 %.0f 秒;您填 %.0f 秒" :
                          "Believe it?  Your ordinary day replayed: %.0f chats, %u people, mean response\n  %.0f s; you see %.0f s",
                day->inquiries, day->agents, report->replay_response_s, day->response_s);
    if (report->fitted)
        fl_text_add(out, zh ? "。\n  已把回复用时调为 %.2f 倍(调后 %.0f 秒)再算。\n\n" : ".\n  Reply times were scaled by %.2f to match (%.0f s).\n\n",
                    1 / report->desk->speed_factor, report->fitted_response_s);
    else
        fl_text_add(out, zh ? ",吻合。\n\n" : ": it matches.\n\n");
}

/* The column for the main objective of the curve, where it is none of the three that always stand there. */
static bool has_own_column(const struct staff_report *report)
{
    const struct fl_objective *objective = &report->scenario->objectives[report->curve.objective];
    return report->curve.reason != CURVE_NONE && /* pooled figures differ by little: with a decimal */
           (objective->per != FL_PER_DAY || report->scenario->staffing.judge == FL_JUDGE_MEAN || (strcmp(objective->name, "abandonment") != 0 && strcmp(objective->name, "first_response_s.p90") != 0 &&
                                             strcmp(objective->name, "reply_rate_3min") != 0));
}

/* `main`: of the curve's objective; NULL: the 3-minute rate. */
static void add_row(const struct staff_report *report, const char *name, const struct staff_row *row, const struct fl_figure *main, bool zh, struct fl_text *out)
{
    char value[64];
    text_add_padded(out, name, 12, false);
    snprintf(value, sizeof value, "%u/%u", row->peak, row->people);
    text_add_padded(out, value, 8, true);
    snprintf(value, sizeof value, "%.1f%%", 100 * row->abandonment.value);
    text_add_padded(out, value, 13, true);
    snprintf(value, sizeof value, zh ? "%.0f 秒" : "%.0f s", row->first_p90.value);
    text_add_padded(out, value, 16, true);
    snprintf(value, sizeof value, "%.1f%%", 100 * row->reply_rate.value);
    if (main != NULL) {
        const char *statistic;
        report_figure(main, fl_metric_find(report->scenario->objectives[report->curve.objective].name, &statistic), value, sizeof value);
    }
    text_add_padded(out, value, 13, true);
    if (report->scenario->staffing.judge == FL_JUDGE_MEAN) snprintf(value, sizeof value, "%s", row->days_met > 0 ? (zh ? "达标" : "met") : (zh ? "未达标" : "not met"));
    else if (report->curve.reason == CURVE_NONE) snprintf(value, sizeof value, zh ? "%.0f 个达标" : "%.0f pass", shown_of_20(row));
    else snprintf(value, sizeof value, zh ? "%.4g 天达标" : "%.4g pass", in_100(row->met.value));
    text_add_padded(out, value, 16, true);
    fl_text_add(out, "\n");
}

static void add_curve_rows(const struct staff_report *report, bool zh, struct fl_text *out)
{
    const struct staff_curve *curve = &report->curve;
    const uint32_t from = curve->knee > 3 ? curve->knee - 3 : 0;
    for (uint32_t i = from; i < curve->count && i < from + 8; i++)
        add_row(report, i == curve->knee ? (zh ? "> 建议" : "> advised") : "", &curve->rows[i], has_own_column(report) ? &curve->main[i] : NULL, zh, out);
}

static void add_table(const struct staff_report *report, bool zh, struct fl_text *out)
{
    static const char *const names[ROWS_COUNT][2] = { { "  now", "  现在" }, { "  one fewer", "  少一人" }, { "> advised", "> 建议" }, { "  one more", "  多一人" } };
    static const char *const worst[][2] = { { "objective", "目标" }, { "worst time", "最差时段" }, { "worst group", "最差组" }, { "worst agent", "最差客服" } };
    const bool curve = report->curve.reason != CURVE_NONE, own = has_own_column(report);
    text_add_padded(out, "", 12, false);
    text_add_padded(out, zh ? "在岗/共" : "peak/all", 8, true);
    text_add_padded(out, zh ? "没等到就走" : "left", 13, true);
    text_add_padded(out, zh ? "首响(九成买家)" : "first, 9 of 10", 16, true);
    text_add_padded(out, own ? worst[report->scenario->objectives[report->curve.objective].per][zh] : zh ? "3分钟回复率" : "3-min rate", 13, true);
    if (report->scenario->staffing.judge == FL_JUDGE_MEAN) text_add_padded(out, zh ? "合计" : "all together", 16, true);
    else text_add_padded(out, curve ? (zh ? "100个这样的日子" : "of 100 days") : zh ? "20个这样的日子" : "of 20 such days", 16, true);
    fl_text_add(out, "\n");
    if (report->rows[ROW_NOW].known) add_row(report, names[ROW_NOW][zh], &report->rows[ROW_NOW], own ? &report->now_main : NULL, zh, out);
    if (curve) add_curve_rows(report, zh, out);
    for (int id = ROW_NOW + 1; id < ROWS_COUNT && !curve; id++)
        if (report->rows[id].known) add_row(report, names[id][zh], &report->rows[id], NULL, zh, out);
}

#define BOUND_SAYS 0.8 /* of the cost: a bound further off says nothing */

/* Whether something cheaper would do. The knee is another question: it stops before the objectives are met. */
static void add_cheapest(const struct staff_report *report, bool zh, struct fl_text *out)
{
    const struct fl_staff_answer *answer = report->answer;
    if (answer->decided == 0 || report->curve.reason != CURVE_NONE) return;
    if (answer->cheapest) {
        fl_text_add(out, zh ? "更省的排法都不行:已逐一用模拟排除。\n" : "Nothing cheaper does: every cheaper roster was ruled out by simulation.\n");
        return;
    }
    if (answer->bound > BOUND_SAYS * answer->cost)
        fl_text_add(out, zh ? "更省的排法:省 %.1f%% 以上的都不行;省得更少的,没能全部排除。\n"
                            : "Rosters more than %.1f%% cheaper were ruled out; nearer ones not all.\n", 100 * (1 - answer->bound / answer->cost));
    uint32_t used = 0, missed = 0;
    for (uint32_t s = 0; s < report->desk->shifts_count; s++) {
        used += answer->people[s] > 0;
        missed += answer->people[s] > 0 && answer->one_fewer[s] == FL_MISSES;
    }
    fl_text_add(out, zh ? "少一人:%u 个班里 %u 个已证明不行,其余没能证明。\n" : "One fewer: of %u shifts it was shown to miss on %u, on the others not.\n", used, missed);
}

bool staff_add_wanted(const struct fl_scenario *scenario, bool zh, struct fl_text *out)
{
    bool parts = false;
    fl_text_add(out, zh ? "达标:" : "To pass: ");
    uint32_t columns = zh ? 6 : 9;
    for (uint32_t i = 0; i < scenario->objectives_count; i++) {
        struct fl_text piece = { 0 };
        if (i > 0) fl_text_add(&piece, zh ? "," : ", ");
        add_objective(&scenario->objectives[i], scenario->objectives[i].bound, zh, &piece);
        if (piece.bytes != NULL) add_piece(out, &columns, 2, piece.bytes);
        fl_text_free(&piece);
        parts |= scenario->objectives[i].per != FL_PER_DAY;
    }
    return parts;
}

/* What was judged, on how many days, and how far that is from chance. */
static void add_judgement(const struct staff_report *report, bool zh, struct fl_text *out)
{
    const struct fl_scenario *scenario = report->scenario;
    const struct staff_row *row = &report->rows[ROW_ANSWER];
    const double asked = scenario->staffing.day_probability;
    const bool parts = staff_add_wanted(scenario, zh, out);
    fl_text_add(out, zh ? ";\n  留言、排队、挂起的买家都算。" : ";\n  leave-messages, queued and suspended-away buyers count too.");
    if (parts && scenario->staffing.judge == FL_JUDGE_DAYS)
        fl_text_add(out, zh ? "写明“每个”的,一天里有一处没做到,这天就不算达标。" : " Where it\n  says every, one that misses makes the whole day a miss.");
    if (scenario->staffing.judge == FL_JUDGE_MEAN) {
        fl_text_add(out, zh ? "\n%u 天模拟合在一起看:%s。单独一天能不能达标没有判断。\n" : "\n%u days simulated, judged all together: %s; nothing is said of a single day.\n", row->days,
                    report->answer->proven ? (zh ? "达标" : "met") : (zh ? "未达标" : "NOT met"));
        add_cheapest(report, zh, out);
        return;
    }
    fl_text_add(out, zh ? "\n要求 %.4g%% 的日子达标。模拟了 %u 天,达标 %u 天" : "\nWanted: %.4g%% of days. Simulated: %u days, of which %u passed", 100 * asked, row->days, row->days_met);
    if (report->answer->days_needed == FL_NONE)
        fl_text_add(out, zh ? ";天数太少,全达标也证明不了(多模拟几天:-n 1000)。\n" : ";\n  too few days to show it even if all had passed (try -n 1000).\n");
    else
        fl_text_add(out, zh ? ";\n  至少 %u 天才算数(多出的 %.1f 个百分点防运气,这样才有 %.4g%% 的把握):%s。\n"
                            : "; it takes\n  %u (%.1f points more, against luck: then it is %.4g%% sure): %s.\n",
                    report->answer->days_needed, 100 * ((double)report->answer->days_needed / row->days - asked), 100 * scenario->staffing.confidence,
                    report->answer->proven ? (zh ? "已证实" : "shown") : (zh ? "未能证实" : "NOT shown"));
    add_cheapest(report, zh, out);
}

/* The interval in which an agent has most on her hands. */
static void add_tightest(const struct staff_report *report, bool zh, struct fl_text *out)
{
    const struct fl_results *results = report->results;
    double most = -1;
    uint32_t at = 0;
    char from[8], to[8];
    for (uint32_t i = 0; i < results->totals.intervals; i++) {
        const struct fl_figure depth = fl_figure_named(results, FL_SCOPE_INTERVAL, i, "queue_depth.mean");
        if (depth.known && depth.value > most) {
            most = depth.value;
            at = i;
        }
    }
    const struct fl_figure open = fl_figure_named(results, FL_SCOPE_INTERVAL, at, "concurrency");
    const struct fl_figure answered = fl_figure_named(results, FL_SCOPE_DESK, 0, "chats_answered");
    clock_time(report->scenario, (fl_time)at * report->scenario->interval, from);
    clock_time(report->scenario, (fl_time)(at + 1) * report->scenario->interval, to);
    fl_text_add(out, zh ? "最紧 %s–%s:每人同时 %.1f 个会话、%.1f 个等回复;全程人均 %.0f 个。\n\n"
                        : "Tightest %s–%s: %.1f chats open, %.1f waiting per agent; %.0f chats each in all.\n\n",
                from, to, open.value, most > 0 ? most : 0, answered.value / payroll(report));
}

static void add_rules(const struct staff_report *report, bool zh, struct fl_text *out)
{
    fl_text_add(out, zh ? "经验法  " : "Rules of thumb  ");
    if (report->rule_known[FL_RULE_TRADE_QUOTED]) {
        fl_text_add(out, zh ? "行业公式 %u 人" : "trade formula %u", report->trade_people);
        if (!isnan(report->trade_abandonment))
            fl_text_add(out, zh ? "(会走掉 %.0f%%,它当人一秒不歇、买家均匀来)" : " (%.0f%% would leave: it takes people for never\n  idle, buyers for evenly spread)",
                        100 * report->trade_abandonment);
    }
    if (report->rule_known[FL_RULE_DAILY_120])
        fl_text_add(out, zh ? ";每人 120 个:%u 人" : "; 120 each: %u", report->rules[FL_RULE_DAILY_120].people);
    if (report->rule_known[FL_RULE_ERLANG_C])
        fl_text_add(out, zh ? ";\n  Erlang C %u 人(当一人一次只接一个)" : ";\n  Erlang C %u (one chat at a time)", report->rules[FL_RULE_ERLANG_C].people);
    if (report->rule_known[FL_RULE_ERLANG_C_DIVIDED])
        fl_text_add(out, zh ? ";除以同时接待数 %u 人" : "; divided by chats at once %u", report->rules[FL_RULE_ERLANG_C_DIVIDED].people);
    fl_text_add(out, zh ? "。\n" : ".\n");
}

static void add_doubt(const struct what_if *what, bool zh, struct fl_text *out)
{
    if (what->impossible) fl_text_add(out, zh ? "加多少人也达不到;" : "no headcount passes; ");
    else fl_text_add(out, zh ? "在岗 %u 人;" : "%u on duty; ", what->people);
}

static void add_doubts(const struct staff_report *report, bool zh, struct fl_text *out)
{
    fl_text_add(out, zh ? "拿不准  多来两成:" : "In doubt  a fifth more buyers: ");
    add_doubt(&report->traffic_up, zh, out);
    fl_text_add(out, zh ? "每条回复 %.0f 秒而非 %.0f 秒:" : "replies of %.0f s\n  instead of %.0f s: ", report->reply_s * 1.2, report->reply_s);
    add_doubt(&report->reply_up, zh, out);
    fl_text_add(out, zh ? "先核实回复用时。\n" : "check your reply times first.\n");
}

static void add_money(const struct staff_report *report, bool zh, struct fl_text *out)
{
    const struct staff_row *now = &report->rows[ROW_NOW], *answer = &report->rows[ROW_ANSWER];
    const struct fl_figure sales = fl_figure_named(report->results, FL_SCOPE_DESK, 0, "sales_cny");
    fl_text_add(out, zh ? "花费    " : "Cost  ");
    if (isnan(answer->cost)) fl_text_add(out, zh ? "没填工资,未算。" : "No wages given. ");
    else if (isnan(now->cost)) fl_text_add(out, zh ? "这一天工资 ¥%.0f。" : "Wages CNY %.0f. ", answer->cost);
    else fl_text_add(out, zh ? "工资 ¥%.0f(现在 ¥%.0f)。" : "Wages CNY %.0f (now %.0f). ", answer->cost, now->cost);
    /* As the table has it: a share of those who write in opening hours, who are not all of the day's. */
    const double buyers = answer->days > 0 ? (double)answer->abandonment.n / answer->days : 0;
    const double fewer = floor((now->abandonment.value - answer->abandonment.value) * buyers + 0.5);
    if (fewer > 0) fl_text_add(out, zh ? "少走约 %.0f 位买家。" : "About %.0f fewer buyers leave. ", fewer);
    else if (fewer < 0) fl_text_add(out, zh ? "多走约 %.0f 位买家%s。" : "About %.0f more buyers leave%s. ", -fewer,
                                    !report->answer->proven ? "" : zh ? ",仍达标" : ", within the objectives");
    if (sales.known) fl_text_add(out, zh ? "销售额约 ¥%.0f。\n" : "Sales about CNY %.0f.\n", sales.value);
    else fl_text_add(out, zh ? "\n  销售额未算:请填询单转化率、客单价。\n" : "\n  Sales are not reckoned: give conversion and order value.\n");
}

/* Where an owner sets such things. */
static const char *back_office(const char *platform, bool zh)
{
    static const char *const names[][3] = { { "taobao", "Qianniu", "千牛" }, { "jd", "Jingmai", "京麦" }, { "pdd", "Pinduoduo", "拼多多后台" }, { "douyin", "Feige", "飞鸽" } };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(platform, names[i][0], strlen(names[i][0])) == 0) return names[i][1 + zh];
    return zh ? "客服后台" : "your desk";
}

static void add_settings(const struct staff_report *report, bool zh, struct fl_text *out)
{
    const struct fl_scenario *scenario = report->scenario;
    char policy[96];
    policy_describe(scenario, policy, sizeof policy);
    fl_text_add(out, zh ? "%s照填  分流 %s" : "Set in %s  routing %s", back_office(scenario->platform.name, zh), policy);
    for (uint32_t g = 0; g < scenario->desk.grades_count && g < 4; g++)
        if (scenario->desk.grades[g].weight > 0)
            fl_text_add(out, zh ? "%s%s 权重 %u" : "%s%s weight %u", g == 0 ? (zh ? ":" : ": ") : (zh ? "、" : ", "), scenario->desk.grades[g].name, scenario->desk.grades[g].weight);
    if (scenario->desk.close_silence != FL_TIME_NEVER)
        fl_text_add(out, zh ? ";自动关闭 %.0f 秒" : ";\n  auto-close %.0f s", fl_time_to_s(scenario->desk.close_silence));
    fl_text_add(out, zh ? ";高峰不要挂起。\n" : "; do not suspend at the peak.\n");
}

/* Pieces end in a blank for the next; the last on a line has none. */
static void trim_lines(struct fl_text *out)
{
    size_t kept = 0;
    for (size_t i = 0; i < out->length; i++) {
        if (out->bytes[i] == '\n')
            while (kept > 0 && out->bytes[kept - 1] == ' ') kept--;
        out->bytes[kept++] = out->bytes[i];
    }
    if (out->length > 0) out->bytes[out->length = kept] = '\0';
}

void staff_screen(const struct staff_report *report, enum language language, struct fl_text *out)
{
    const bool zh = language == LANGUAGE_ZH;
    add_title(report, zh, out);
    add_conclusion(report, zh, out);
    add_levels(report, zh, out);
    add_shifts(report, zh, out);
    add_uncovered(report, zh, out);
    staff_team_screen(report->team, report->desk, zh, out);
    add_belief(report, zh, out);
    add_table(report, zh, out);
    add_judgement(report, zh, out);
    if (report->curve.reason != CURVE_NONE) add_beyond(report, zh, out);
    add_tightest(report, zh, out);
    add_rules(report, zh, out);
    if (report->traffic_up.known) add_doubts(report, zh, out);
    if (report->risk != NULL) staff_risk_lines(report, zh, out);
    add_money(report, zh, out);
    if (report->risk != NULL) staff_profit_line(report, zh, out);
    add_settings(report, zh, out);
    if (report->levers != NULL) staff_levers_screen(report->levers, report->scenario, zh, out);
    if (report->plan_path != NULL) fl_text_add(out, zh ? "方案 %s(可再模拟)  " : "Plan %s (a scenario)  ", report->plan_path);
    fl_text_add(out, zh ? "模拟 %u 天,种子 %llu\n" : "%u days simulated, seed %llu\n", report->rows[ROW_ANSWER].days, (unsigned long long)report->seed);
    if (report->risk != NULL && report->explain) staff_explain(report, zh, out);
    trim_lines(out);
}

/* Rosters that passed the search's days, and may fail the proof's. */
void staff_screen_so_far(const struct staff_report *report, enum language language, struct fl_text *out)
{
    const bool zh = language == LANGUAGE_ZH;
    const uint32_t peak = roster_peak(report->desk, report->answer->people), people = roster_people(report->desk, report->answer->people);
    add_title(report, zh, out);
    fl_text_add(out, zh ? "已中断。到目前为止最好的:同时在岗最多 %u 人,一共 %u 人;\n  %s。\n" : "Stopped. The best so far: at most %u people on duty at once, %u in all;\n  %s.\n", peak, people,
                report->answer->proven ? (zh ? "已证实达标" : "shown to pass") : (zh ? "找的时候那些天都达标,还没有另外证实" : "it passed while searching and is not proven"));
    add_levels(report, zh, out);
    add_shifts(report, zh, out);
    if (report->plan_path != NULL) fl_text_add(out, zh ? "方案 %s(可再模拟)\n" : "Plan %s (a scenario)\n", report->plan_path);
    trim_lines(out);
}

/* ---- JSON -------------------------------------------------------------------------------------- */

static void add_number(struct fl_text *out, const char *key, double value)
{
    fl_text_add(out, "\"%s\":", key);
    fl_text_add_number(out, value);
}

static void add_json_figure(struct fl_text *out, const char *key, const struct fl_figure *figure)
{
    fl_text_add(out, ",\"%s\":{", key);
    add_number(out, "mean", figure->known ? figure->value : NAN);
    if (figure->sure) {
        fl_text_add(out, ",\"ci95\":[");
        fl_text_add_number(out, figure->low);
        fl_text_add(out, ",");
        fl_text_add_number(out, figure->high);
        fl_text_add(out, "]}");
    } else {
        fl_text_add(out, ",\"ci95\":null}");
    }
}

/* Clopper and Pearson's interval of a share of days. */
static void add_json_met(struct fl_text *out, const char *key, const struct staff_row *row)
{
    fl_text_add(out, ",\"%s\":{", key);
    add_number(out, "mean", row->met.value);
    fl_text_add(out, ",\"ci95\":[");
    fl_text_add_number(out, row->met.low);
    fl_text_add(out, ",");
    fl_text_add_number(out, row->met.high);
    fl_text_add(out, "],\"days\":%u,\"days_met\":%u}", row->days, row->days_met);
}

static const char *judgement_word(enum fl_judgement judgement)
{
    static const char *const words[] = { [FL_MISSES] = "\"misses\"", [FL_UNDECIDED] = "\"undecided\"", [FL_MEETS] = "\"meets\"", [FL_UNTRIED] = "null" };
    return words[judgement];
}

static void add_json_intervals(const struct staff_report *report, struct fl_text *out)
{
    const struct fl_scenario *scenario = report->scenario;
    const uint32_t groups = scenario->desk.groups_count;
    fl_text_add(out, ",\n\"intervals\":[");
    for (uint32_t i = 0; i < scenario->intervals_count * groups; i++) {
        char from[32], to[32];
        const struct fl_figure first = fl_figure_named(report->results, FL_SCOPE_INTERVAL_GROUP, i, "first_response_s.p90");
        const struct fl_figure left = fl_figure_named(report->results, FL_SCOPE_INTERVAL_GROUP, i, "abandonment");
        const struct fl_figure rate = fl_figure_named(report->results, FL_SCOPE_INTERVAL_GROUP, i, "reply_rate_3min");
        fl_instant_format(scenario, (fl_time)(i / groups) * scenario->interval, from);
        fl_instant_format(scenario, (fl_time)(i / groups + 1) * scenario->interval, to);
        fl_text_add(out, "%s\n{\"from\":\"%s\",\"to\":\"%s\",\"group\":", i > 0 ? "," : "", from, to);
        fl_text_add_json(out, scenario->desk.groups[i % groups].name);
        fl_text_add(out, ",");
        add_number(out, "load", report->answer->load[i]);
        fl_text_add(out, ",");
        add_number(out, "required", report->answer->required[i]);
        fl_text_add(out, ",");
        add_number(out, "scheduled", report->answer->on_duty[i]);
        fl_text_add(out, ",\"attained\":{");
        add_number(out, "first_response_s.p90", first.known ? first.value : NAN);
        fl_text_add(out, ",");
        add_number(out, "abandonment", left.known ? left.value : NAN);
        fl_text_add(out, ",");
        add_number(out, "reply_rate_3min", rate.known ? rate.value : NAN);
        fl_text_add(out, "}");
        if (report->one_fewer != NULL) fl_text_add(out, ",\"one_fewer\":%s", judgement_word(report->one_fewer[i]));
        fl_text_add(out, "}");
    }
    fl_text_add(out, "]");
}

/* Where the scenario has rules for them. */
static void add_json_breaks(const struct staff_report *report, const struct fl_rota_shift *shift, struct fl_text *out)
{
    char at[32];
    if (report->scenario->staffing.breaks_count == 0) return;
    fl_text_add(out, ",\"breaks\":[");
    for (uint32_t b = 0; b < shift->breaks_count; b++) {
        fl_instant_format(report->scenario, shift->from + shift->breaks[b].at, at);
        fl_text_add(out, "%s{\"from\":\"%s\",\"to\":", b > 0 ? "," : "", at);
        fl_instant_format(report->scenario, shift->from + shift->breaks[b].at + shift->breaks[b].length, at);
        fl_text_add(out, "\"%s\"}", at);
    }
    fl_text_add(out, "]");
}

static void add_json_hires(const struct staff_report *report, struct fl_text *out)
{
    bool first = true;
    if (report->scenario->staffing.hire_count == 0) return;
    fl_text_add(out, ",\"hire\":[");
    for (uint32_t k = 0; k < report->desk->kinds_count; k++) {
        const struct people_kind *kind = &report->desk->kinds[k];
        if (kind->hire == FL_NONE) continue;
        fl_text_add(out, "%s{\"name\":", first ? "" : ",");
        fl_text_add_json(out, staff_desk_hire(report->desk, kind));
        fl_text_add(out, ",\"people\":%u}", staff_desk_people(report->desk, report->answer->people, kind));
        first = false;
    }
    if (would_do(&report->people_free)) fl_text_add(out, "],\"on_duty_it_takes\":%u,\"people_it_takes_more\":%u", report->people_free.people, report->people_free.more);
    else fl_text_add(out, "],\"on_duty_it_takes\":null,\"people_it_takes_more\":null");
}

/* What one person fewer on a shift was seen to do; the knee's roster was not asked. */
static const char *one_fewer_word(const struct staff_report *report, uint32_t shift)
{
    return judgement_word(report->curve.reason == CURVE_NONE ? report->answer->one_fewer[shift] : FL_UNTRIED);
}

static void add_json_roster(const struct staff_report *report, struct fl_text *out)
{
    bool first = true;
    fl_text_add(out, ",\n\"roster\":[");
    for (uint32_t k = 0; k < report->desk->kinds_count; k++) {
        const struct people_kind *kind = &report->desk->kinds[k];
        const uint32_t grade = report->scenario->desk.agents[kind->definition].grade;
        for (uint32_t s = kind->first_shift; s < kind->first_shift + kind->shifts_count; s++) {
            char from[32], to[32];
            if (report->answer->people[s] == 0) continue;
            fl_instant_format(report->scenario, report->desk->shifts[s].from, from);
            fl_instant_format(report->scenario, report->desk->shifts[s].to, to);
            fl_text_add(out, "%s\n{\"shift\":\"%s/%s\",\"from\":\"%s\",\"to\":\"%s\",\"group\":", first ? "" : ",", from, to, from, to);
            first = false;
            char groups[512] = "";
            for (uint32_t g = 0; g < report->scenario->desk.groups_count; g++)
                if (kind->groups >> g & 1)
                    snprintf(groups + strlen(groups), sizeof groups - strlen(groups), "%s%.200s", groups[0] == '\0' ? "" : "+", report->scenario->desk.groups[g].name);
            fl_text_add_json(out, groups);
            fl_text_add(out, ",\"grade\":");
            if (grade == FL_NONE) fl_text_add(out, "null");
            else fl_text_add_json(out, report->scenario->desk.grades[grade].name);
            if (kind->hire != FL_NONE) {
                fl_text_add(out, ",\"hire\":");
                fl_text_add_json(out, staff_desk_hire(report->desk, kind));
            }
            add_json_breaks(report, &report->desk->shifts[s], out);
            fl_text_add(out, ",\"agents\":%u,\"one_fewer\":%s}", report->answer->people[s], one_fewer_word(report, s));
        }
    }
    fl_text_add(out, "]");
}

static void add_json_row(const struct staff_row *row, struct fl_text *out)
{
    fl_text_add(out, "\"on_duty_at_once\":%u,\"payroll\":%u,", row->peak, row->people);
    add_number(out, "cost_cny", row->cost);
    add_json_figure(out, "abandonment", &row->abandonment);
    add_json_figure(out, "first_response_s.p90", &row->first_p90);
    add_json_figure(out, "reply_rate_3min", &row->reply_rate);
    add_json_met(out, "probability_met", row);
}

/* null where the curve was not needed. */
static void add_json_knee(const struct staff_report *report, struct fl_text *out)
{
    const struct staff_curve *curve = &report->curve;
    if (curve->reason == CURVE_NONE) {
        fl_text_add(out, ",\n\"knee\":null");
        return;
    }
    const struct fl_objective *objective = &report->scenario->objectives[curve->objective];
    fl_text_add(out, ",\n\"knee\":{\"why\":\"%s\",\"objective\":", curve->reason == CURVE_FLAT ? "little_gain" : "unreachable");
    fl_text_add_json(out, objective->name);
    fl_text_add(out, ",\"step_people\":%u,", fl_knee_step(curve->rows[curve->knee].people));
    add_number(out, "least_days_share", curve->least_share);
    fl_text_add(out, ",");
    add_number(out, "least_excess", curve->least_excess);
    fl_text_add(out, ",");
    add_number(out, "most_days_share", curve->best_share);
    fl_text_add(out, ",\"headcounts\":[");
    for (uint32_t i = 0; i < curve->count; i++) {
        fl_text_add(out, "%s\n{\"advised\":%s,", i > 0 ? "," : "", i == curve->knee ? "true" : "false");
        add_number(out, "objective_value", curve->main[i].known ? curve->main[i].value : NAN);
        fl_text_add(out, ",");
        add_json_row(&curve->rows[i], out);
        fl_text_add(out, "}");
    }
    fl_text_add(out, "],\"beyond\":{");
    if (curve->reason == CURVE_FLAT) {
        add_json_row(&curve->full, out);
    } else {
        fl_text_add(out, "\"replies_a_fifth_faster_do\":%s,\"too_small_to_judge\":%s,", curve->faster_holds ? "true" : "false",
                    deciding_few(report, &report->scenario->objectives[curve->objective]) > 0 ? "true" : "false");
        add_number(out, "reachable_bound", curve->reachable);
    }
    fl_text_add(out, "}}");
}

void staff_json_so_far(const struct staff_report *report, struct fl_text *out)
{
    const uint32_t *people = report->answer->people;
    fl_text_add(out, "{\"fenliu\":1,\"command\":\"staff\",\"partial\":true,\"scenario\":");
    fl_text_add_json(out, report->scenario->name);
    fl_text_add(out, ",\"seed\":\"%llu\",\"headcount\":{\"on_duty_at_once\":%u,\"payroll\":%u},\"proven\":%s", (unsigned long long)report->seed,
                roster_peak(report->desk, people), roster_people(report->desk, people), report->answer->proven ? "true" : "false");
    add_json_roster(report, out);
    fl_text_add(out, "}\n");
}

void staff_json(const struct staff_report *report, struct fl_text *out)
{
    static const char *const row_names[ROWS_COUNT] = { "now", "one_fewer", "answer", "one_more" };
    const struct staff_row *answer = &report->rows[ROW_ANSWER];
    fl_text_add(out, "{\"fenliu\":1,\"command\":\"staff\",\"scenario\":");
    fl_text_add_json(out, report->scenario->name);
    fl_text_add(out, ",\"seed\":\"%llu\",\"headcount\":{\"on_duty_at_once\":%u,\"payroll\":%u,\"more_than_today\":%d,\"new_hires\":%u,\"sub_accounts\":%u},",
                (unsigned long long)report->seed, answer->peak, answer->people,
                (int)answer->people - (int)fl_scenario_agents_count(report->scenario), new_hires(report), answer->peak);
    add_number(out, "peak_chats_per_hour", report->peak_per_hour);
    char needed[16] = "null";
    if (report->answer->days_needed != FL_NONE) snprintf(needed, sizeof needed, "%u", report->answer->days_needed);
    fl_text_add(out, ",\"proven\":%s,\"days_needed\":%s,\"now_passes\":%s", report->answer->proven ? "true" : "false", needed, report->now_passes ? "true" : "false");
    if (report->scenario->desk.seats != FL_NONE && (report->scenario->money.seat_cny > 0 || report->scenario->staffing.more_seats != FL_NONE)) {
        const uint32_t held = report->scenario->desk.seats, more = answer->peak > held ? answer->peak - held : 0;
        fl_text_add(out, ",\"seats\":{\"held\":%u,\"more\":%u,", held, more);
        add_number(out, "more_cny_a_month", report->scenario->money.seat_cny * more);
        if (would_do(&report->seats_free)) fl_text_add(out, ",\"it_takes\":%u}", seats_wanted(report));
        else fl_text_add(out, ",\"it_takes\":null}");
    }
    add_json_hires(report, out);
    fl_text_add(out, ",\"search\":{\"trials\":%u,\"days\":%u,\"decided\":%u,\"decided_days\":%u,", report->answer->trials, report->answer->trial_days, /* the proofs included */
                report->answer->decided, report->answer->decided_days);
    add_number(out, "bound_cny", report->answer->bound > 0 ? report->answer->bound : NAN);
    fl_text_add(out, ",\"cheapest\":%s,\"undecided\":%u}", report->answer->cheapest ? "true" : "false", report->answer->undecided);
    add_json_roster(report, out);
    staff_team_json(report->team, report->desk, out);
    add_json_intervals(report, out);
    add_json_met(out, "probability_met", answer);
    fl_text_add(out, ",");
    add_number(out, "cost_cny", answer->cost);
    fl_text_add(out, ",\n\"curve\":[");
    bool first = true;
    for (int id = 0; id < ROWS_COUNT; id++) {
        const struct staff_row *row = &report->rows[id];
        if (!row->known) continue;
        fl_text_add(out, "%s\n{\"plan\":\"%s\",", first ? "" : ",", row_names[id]);
        first = false;
        add_json_row(row, out);
        fl_text_add(out, "}");
    }
    fl_text_add(out, "]");
    add_json_knee(report, out);
    fl_text_add(out, ",\n\"rules_of_thumb\":[");
    first = true;
    for (uint32_t i = 0; i < FL_RULES_COUNT; i++) {
        if (!report->rule_known[i]) continue;
        fl_text_add(out, "%s\n{\"rule\":\"%s\",\"people\":%u,\"why_it_differs\":\"%s\"}", first ? "" : ",", fl_rule_name((enum fl_rule)i),
                    report->rules[i].people, fl_rule_reason_name(report->rules[i].reason));
        first = false;
    }
    fl_text_add(out, "],\n\"sensitivity\":[");
    if (report->traffic_up.known) fl_text_add(out, "{\"what\":\"traffic\",\"factor\":1.2,\"possible\":%s,\"on_duty_at_once\":%u}",
                                              report->traffic_up.impossible ? "false" : "true", report->traffic_up.people);
    if (report->reply_up.known)
        fl_text_add(out, "%s{\"what\":\"reply\",\"factor\":1.2,\"possible\":%s,\"on_duty_at_once\":%u}", report->traffic_up.known ? "," : "",
                    report->reply_up.impossible ? "false" : "true", report->reply_up.people);
    fl_text_add(out, "]");
    if (report->levers != NULL) staff_levers_json(report->levers, report->scenario, out);
    fl_text_add(out, ",\n\"ordinary_day\":{\"given\":%s,", report->scenario->ordinary_day.given ? "true" : "false");
    add_number(out, "response_s", report->scenario->ordinary_day.given ? report->scenario->ordinary_day.response_s : NAN);
    fl_text_add(out, ",");
    add_number(out, "replayed_response_s", report->scenario->ordinary_day.given ? report->replay_response_s : NAN);
    fl_text_add(out, ",");
    add_number(out, "reply_time_factor", 1 / report->desk->speed_factor);
    fl_text_add(out, "}");
    if (report->risk != NULL) staff_risk_json(report, out);
    fl_text_add(out, "}\n");
}
