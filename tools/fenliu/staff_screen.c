/* The first screen of fenliu staff, 80 columns, in Chinese and English; and the same answer as JSON. */
#include "staff.h"

#include "report.h"

#include <math.h>
#include <string.h>

/* ---- Small words ------------------------------------------------------------------------------- */

static void clock_time(const struct fl_scenario *scenario, fl_time at, char out[8])
{
    const fl_time of_day = fl_time_of_day(scenario, at);
    snprintf(out, 8, "%02u:%02u", (unsigned)(of_day / FL_HOUR) % 24, (unsigned)(of_day / FL_MINUTE) % 60);
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

static uint32_t new_hires(const struct staff_report *report)
{
    return (uint32_t)ceil(report->added / report->scenario->staffing.new_hire_speed - 1e-9);
}

static double shown_of_20(const struct staff_row *row)
{
    return floor(20.0 * row->days_met / row->days + 0.5);
}

/* ---- Parts of the screen ----------------------------------------------------------------------- */

static void add_title(const struct staff_report *report, bool zh, struct fl_text *out)
{
    char from[32], to[32], at[8];
    fl_instant_format(report->scenario, 0, from);
    fl_instant_format(report->scenario, report->scenario->duration, to);
    clock_time(report->scenario, report->peak_at, at);
    fl_text_add(out, "%s  %.10s %s–%s%s  (%s)\n", report->scenario->name, from, from + 11, strncmp(from, to, 10) != 0 ? (zh ? "次日" : "next day ") : "",
                to + 11, report->scenario->platform.name);
    fl_text_add(out, zh ? "预计 %.0f 个询单,高峰 %.0f 个/小时(%s 起)\n\n" : "%.0f chats expected, at the peak %.0f an hour (from %s)\n\n", report->chats,
                report->peak_per_hour, at);
}

static void add_conclusion(const struct staff_report *report, bool zh, struct fl_text *out)
{
    const struct staff_row *row = &report->rows[ROW_ANSWER];
    const uint32_t have = fl_scenario_agents_count(report->scenario), need = payroll(report);
    if (report->now_passes) {
        const struct staff_row *now = &report->rows[ROW_NOW];
        fl_text_add(out, zh ? "结论:现有 %u 人照现在的班次已经够(%u 天里 %u 天达标)。\n" : "Answer: the %u you have, as they work now, are enough (%u days, %u passed).\n", have,
                    now->days, now->days_met);
        if (!isnan(row->cost) && !isnan(now->cost) && row->cost < now->cost)
            fl_text_add(out, zh ? "更省的排班:同时在岗最多 %u 人,共 %u 人,工资 ¥%.0f,现在 ¥%.0f。\n"
                                : "Cheaper: at most %u on duty at once, %u in all, wages CNY %.0f instead of %.0f.\n",
                        row->peak, need, row->cost, now->cost);
        else
            fl_text_add(out, zh ? "也可以这样排:同时在岗最多 %u 人,共 %u 人。\n" : "Another roster that passes: at most %u on duty at once, %u in all.\n", row->peak, need);
        return;
    }
    fl_text_add(out, zh ? "结论:同时在岗最多 %u 人,共排 %u 人;" : "Answer: at most %u people on duty at once, %u in all; ", row->peak, need);
    if (need > have)
        fl_text_add(out, zh ? "现有 %u 名,还差 %u 名(若是新手,约 %u 名)。\n" : "you have %u, %u short (about %u if new hires).\n", have,
                    need - have, new_hires(report));
    else
        fl_text_add(out, zh ? "现有 %u 名,够用。\n" : "you have %u, which is enough.\n", have);
    const uint32_t seats = report->scenario->desk.seats;
    if (seats == FL_NONE) return;
    if (row->peak > seats) fl_text_add(out, zh ? "  子账号现有 %u 个,再加 %u 个。\n" : "  Sub-accounts: you hold %u, add %u.\n", seats, row->peak - seats);
    else fl_text_add(out, zh ? "  子账号 %u 个,够用。\n" : "  Sub-accounts: the %u you hold are enough.\n", seats);
}

/* Stretches of equal headcount. */
static void add_levels(const struct staff_report *report, bool zh, struct fl_text *out)
{
    const struct fl_scenario *scenario = report->scenario;
    uint32_t columns = 0;
    fl_text_add(out, zh ? "  在岗 " : "  on duty ");
    columns = zh ? 7 : 10;
    for (uint32_t i = 0; i < scenario->intervals_count;) {
        uint32_t end = i + 1;
        char from[8], to[8], piece[64];
        const long people = lround(people_on(report, i));
        while (end < scenario->intervals_count && lround(people_on(report, end)) == people) end++;
        clock_time(scenario, (fl_time)i * scenario->interval, from);
        clock_time(scenario, end < scenario->intervals_count ? (fl_time)end * scenario->interval : scenario->duration, to);
        snprintf(piece, sizeof piece, zh ? " %s–%s %ld人" : " %s–%s %ld", from, to, people);
        if (columns + text_columns(piece) > 78) {
            fl_text_add(out, "\n%*s", zh ? 7 : 10, "");
            columns = zh ? 7 : 10;
        }
        fl_text_add(out, "%s ", piece);
        columns += text_columns(piece) + 1;
        i = end;
    }
    fl_text_add(out, "\n");
}

static void add_shifts(const struct staff_report *report, bool zh, struct fl_text *out)
{
    uint32_t columns = zh ? 7 : 10;
    fl_text_add(out, zh ? "  排班 " : "  shifts  ");
    for (uint32_t s = 0; s < report->desk->shifts_count; s++) {
        const struct fl_rota_shift *shift = &report->desk->shifts[s];
        const uint32_t people = report->answer->people[s];
        char from[8], to[8], piece[160], groups[96] = "";
        if (people == 0) continue;
        clock_time(report->scenario, shift->from, from);
        clock_time(report->scenario, shift->to, to);
        if (report->desk->kinds_count > 1)
            for (uint32_t g = 0; g < report->scenario->desk.groups_count; g++)
                if (shift->groups >> g & 1)
                    snprintf(groups + strlen(groups), sizeof groups - strlen(groups), "%s%.24s", groups[0] == '\0' ? " " : "+", report->scenario->desk.groups[g].name);
        snprintf(piece, sizeof piece, zh ? " %s–%s%s %u人" : " %s–%s%s %u", from, to, groups, people);
        if (columns + text_columns(piece) > 78) {
            fl_text_add(out, "\n%*s", zh ? 7 : 10, "");
            columns = zh ? 7 : 10;
        }
        fl_text_add(out, "%s ", piece);
        columns += text_columns(piece) + 1;
    }
    fl_text_add(out, "\n\n");
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

static void add_row(const struct staff_report *report, enum row_id id, bool zh, struct fl_text *out)
{
    static const char *const names[ROWS_COUNT][2] = { { "  now", "  现在" }, { "  one fewer", "  少一人" }, { "> advised", "> 建议" }, { "  one more", "  多一人" } };
    const struct staff_row *row = &report->rows[id];
    char value[64];
    if (!row->known) return;
    text_add_padded(out, names[id][zh], 12, false);
    snprintf(value, sizeof value, "%u/%u", row->peak, row->people);
    text_add_padded(out, value, 8, true);
    snprintf(value, sizeof value, "%.1f%%", 100 * row->abandonment.value);
    text_add_padded(out, value, 13, true);
    snprintf(value, sizeof value, zh ? "%.0f 秒" : "%.0f s", row->first_p90.value);
    text_add_padded(out, value, 16, true);
    snprintf(value, sizeof value, "%.1f%%", 100 * row->reply_rate.value);
    text_add_padded(out, value, 13, true);
    snprintf(value, sizeof value, zh ? "%.0f 个达标" : "%.0f pass", shown_of_20(row));
    text_add_padded(out, value, 16, true);
    fl_text_add(out, "\n");
}

static void add_table(const struct staff_report *report, bool zh, struct fl_text *out)
{
    text_add_padded(out, "", 12, false);
    text_add_padded(out, zh ? "在岗/共" : "peak/all", 8, true);
    text_add_padded(out, zh ? "没等到就走" : "left", 13, true);
    text_add_padded(out, zh ? "首响(九成买家)" : "first, 9 of 10", 16, true);
    text_add_padded(out, zh ? "3分钟回复率" : "3-min rate", 13, true);
    text_add_padded(out, zh ? "20个这样的日子" : "of 20 such days", 16, true);
    fl_text_add(out, "\n");
    for (int id = 0; id < ROWS_COUNT; id++) add_row(report, (enum row_id)id, zh, out);
    fl_text_add(out, zh ? "达标:" : "To pass:");
    for (uint32_t i = 0; i < report->scenario->objectives_count; i++)
        fl_text_add(out, "%s %s %s", i > 0 ? "," : "", report->scenario->objectives[i].name, report->scenario->objectives[i].want);
    fl_text_add(out, zh ? ";\n  留言、排队、挂起的买家都算。" : ";\n  leave-messages, queued and suspended-away buyers count too. ");
    fl_text_add(out, zh ? "%u 天模拟中 %u 天达标,要求 %.0f%% 的日子、%.0f%% 的把握:%s。\n" :
                          "%u days simulated, %u passed;\n  wanted %.0f%% of days, %.0f%% sure: %s.\n",
                report->rows[ROW_ANSWER].days, report->rows[ROW_ANSWER].days_met, 100 * report->scenario->staffing.day_probability,
                100 * report->scenario->staffing.confidence, report->answer->proven ? (zh ? "已证实" : "shown") : (zh ? "未能证实" : "NOT shown"));
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
                        : "Tightest %s–%s: %.1f chats open and %.1f waiting per agent; %.0f chats each in all.\n\n",
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
    if (isnan(answer->cost)) fl_text_add(out, zh ? "没填工资,未算;" : "no wages given; ");
    else if (isnan(now->cost)) fl_text_add(out, zh ? "这一天工资 ¥%.0f;" : "wages CNY %.0f; ", answer->cost);
    else fl_text_add(out, zh ? "工资 ¥%.0f(现在 ¥%.0f);" : "wages CNY %.0f (now %.0f); ", answer->cost, now->cost);
    const double fewer = now->lost.value - answer->lost.value;
    if (fewer >= 0) fl_text_add(out, zh ? "少走约 %.0f 位买家。" : "about %.0f fewer buyers leave. ", fewer);
    else fl_text_add(out, zh ? "多走约 %.0f 位买家,仍达标。" : "about %.0f more buyers leave, within the objectives. ", -fewer);
    if (sales.known) fl_text_add(out, zh ? "销售额约 ¥%.0f。\n" : "Sales about CNY %.0f.\n", sales.value);
    else fl_text_add(out, zh ? "\n  销售额未算:请填询单转化率、客单价。\n" : "\n  Sales are not reckoned: give conversion and order value.\n");
}

static void add_settings(const struct staff_report *report, bool zh, struct fl_text *out)
{
    const struct fl_scenario *scenario = report->scenario;
    char policy[96];
    policy_describe(scenario, policy, sizeof policy);
    fl_text_add(out, zh ? "千牛照填  分流 %s" : "Set in Qianniu  routing %s", policy);
    for (uint32_t g = 0; g < scenario->desk.grades_count && g < 4; g++)
        if (scenario->desk.grades[g].weight > 0)
            fl_text_add(out, zh ? "%s%s 权重 %u" : "%s%s weight %u", g == 0 ? (zh ? ":" : ": ") : (zh ? "、" : ", "), scenario->desk.grades[g].name, scenario->desk.grades[g].weight);
    if (scenario->desk.close_silence != FL_TIME_NEVER)
        fl_text_add(out, zh ? ";自动关闭 %.0f 秒" : ";\n  auto-close %.0f s", fl_time_to_s(scenario->desk.close_silence));
    fl_text_add(out, zh ? ";高峰不要挂起。\n" : "; do not suspend at the peak.\n");
}

void staff_screen(const struct staff_report *report, enum language language, struct fl_text *out)
{
    const bool zh = language == LANGUAGE_ZH;
    add_title(report, zh, out);
    add_conclusion(report, zh, out);
    add_levels(report, zh, out);
    add_shifts(report, zh, out);
    add_belief(report, zh, out);
    add_table(report, zh, out);
    add_tightest(report, zh, out);
    add_rules(report, zh, out);
    add_doubts(report, zh, out);
    add_money(report, zh, out);
    add_settings(report, zh, out);
    if (report->plan_path != NULL) fl_text_add(out, zh ? "方案 %s(可再模拟)  " : "Plan %s (a scenario)  ", report->plan_path);
    fl_text_add(out, zh ? "模拟 %u 天,种子 %llu\n" : "%u days simulated, seed %llu\n", report->rows[ROW_ANSWER].days, (unsigned long long)report->seed);
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
        fl_text_add(out, "}}");
    }
    fl_text_add(out, "]");
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
            fl_text_add(out, ",\"agents\":%u}", report->answer->people[s]);
        }
    }
    fl_text_add(out, "]");
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
    fl_text_add(out, ",\"proven\":%s,\"now_passes\":%s", report->answer->proven ? "true" : "false", report->now_passes ? "true" : "false");
    add_json_roster(report, out);
    add_json_intervals(report, out);
    add_json_met(out, "probability_met", answer);
    fl_text_add(out, ",");
    add_number(out, "cost_cny", answer->cost);
    fl_text_add(out, ",\n\"curve\":[");
    bool first = true;
    for (int id = 0; id < ROWS_COUNT; id++) {
        const struct staff_row *row = &report->rows[id];
        if (!row->known) continue;
        fl_text_add(out, "%s\n{\"plan\":\"%s\",\"on_duty_at_once\":%u,\"payroll\":%u,", first ? "" : ",", row_names[id], row->peak, row->people);
        first = false;
        add_number(out, "cost_cny", row->cost);
        add_json_figure(out, "abandonment", &row->abandonment);
        add_json_figure(out, "first_response_s.p90", &row->first_p90);
        add_json_figure(out, "reply_rate_3min", &row->reply_rate);
        add_json_met(out, "probability_met", row);
        fl_text_add(out, "}");
    }
    fl_text_add(out, "],\n\"rules_of_thumb\":[");
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
    fl_text_add(out, "],\n\"ordinary_day\":{\"given\":%s,", report->scenario->ordinary_day.given ? "true" : "false");
    add_number(out, "response_s", report->scenario->ordinary_day.given ? report->scenario->ordinary_day.response_s : NAN);
    fl_text_add(out, ",");
    add_number(out, "replayed_response_s", report->scenario->ordinary_day.given ? report->replay_response_s : NAN);
    fl_text_add(out, ",");
    add_number(out, "reply_time_factor", 1 / report->desk->speed_factor);
    fl_text_add(out, "}}\n");
}
