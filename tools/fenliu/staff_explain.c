/* fenliu staff --explain: why so many, what may go wrong, what it earns, what else could be done, and why rules of thumb differ. */
#include "staff_money.h"

#include <math.h>
#include <string.h>

#define BAR_CELLS 20 /* of the tornado: five days in a hundred each */

static double in_100(double share)
{
    return floor(1000 * share + 0.5) / 10;
}

static void add_title(const char *title, struct fl_text *out)
{
    fl_text_add(out, "\n%s\n", title);
}

/* ---- In words ---------------------------------------------------------------------------------- */

/* People busy composing, at most over the intervals. */
static double most_busy(const struct staff_report *report, uint32_t *interval)
{
    const uint32_t groups = report->scenario->desk.groups_count;
    double most = -1;
    for (uint32_t i = 0; i < report->scenario->intervals_count; i++) {
        double busy = 0;
        for (uint32_t g = 0; g < groups; g++) busy += report->answer->load[(size_t)i * groups + g];
        if (busy <= most) continue;
        most = busy;
        *interval = i;
    }
    return most;
}

static void add_need(const struct staff_report *report, bool zh, struct fl_text *out)
{
    const struct staff_row *row = &report->rows[ROW_ANSWER];
    uint32_t interval = 0;
    char at[16], busiest[16];
    const double busy = most_busy(report, &interval);
    staff_clock(report->scenario, report->peak_at, at);
    staff_clock(report->scenario, (fl_time)interval * report->scenario->interval, busiest);
    fl_text_add(out, zh ? "预计 %.0f 个询单,最忙一小时 %.0f 个(%s 起);" : "%.0f chats are expected, %.0f in the busiest hour (from %s);", report->chats,
                      report->peak_per_hour, at);
    fl_text_add(out, zh ? "一条回复平均 %.0f 秒," : " a reply takes %.0f s;", report->reply_s);
    fl_text_add(out, zh ? "所以光是打字,%s 前后就要 %.1f 个人不停手。" : " so at the busiest, around %s, composing alone keeps %.1f people busy.", busiest, busy);
    fl_text_add(out, zh ? "但买家扎堆来、一人要同时顾几个会话," : " Buyers come in bunches and every agent has several at once,");
    fl_text_add(out, zh ? "没有余量就会有人等不及走掉:" : " and without a margin some would not wait:");
    fl_text_add(out, zh ? "最紧时要 %u 人在岗,全天排 %u 人。" : " it takes %u on duty at the tightest and %u in all.", row->peak, row->people);
}

static void add_proof(const struct staff_report *report, bool zh, struct fl_text *out)
{
    const struct staff_row *row = &report->rows[ROW_ANSWER];
    if (report->scenario->staffing.judge == FL_JUDGE_MEAN) {
        fl_text_add(out, zh ? "模拟 %u 天,合计%s。" : " Of %u days simulated, taken together, the objectives are %s.", row->days,
                          report->answer->proven ? (zh ? "达标" : "met") : (zh ? "未达标" : "not met"));
        return;
    }
    fl_text_add(out, zh ? "这样排,%u 天里 %u 天达标" : " Of %u days simulated with them %u pass", row->days, row->days_met);
    fl_text_add(out, zh ? "(把握 95%% 的区间:%.1f%%–%.1f%%)。" : " (95%% sure: %.1f%% to %.1f%%).", 100 * row->met.low, 100 * row->met.high);
    const struct staff_row *fewer = &report->rows[ROW_FEWER];
    if (fewer->known) fl_text_add(out, zh ? "少一人,100 天里只剩 %.4g 天。" : " With one fewer, %.4g of 100.", in_100(fewer->met.value));
}

/* How much dearer than the cheapest it may be, as far as that was shown. */
static void add_gap(const struct staff_report *report, bool zh, struct fl_text *out)
{
    const struct fl_staff_answer *answer = report->answer;
    if (!answer->proven || report->curve.reason != CURVE_NONE) return; /* the curve's roster was chosen otherwise */
    if (answer->cheapest) fl_text_add(out, zh ? "更省的排法都排除了。" : " Every cheaper roster was ruled out.");
    else if (answer->bound > 0)
        fl_text_add(out, zh ? "比能达标的任何排法最多贵 %.1f%%。" : " It is at most %.1f%% dearer than any that passes.", ceil(1000 * (answer->cost / answer->bound - 1)) / 10);
    else
        fl_text_add(out, zh ? "可选的班有 %u 种,有没有更省的排法没能证明。" : " With %u shifts to choose from, whether a cheaper one passes could not be shown.",
                    report->desk->shifts_count);
}

/* One fewer for an interval alone. What is asked of the whole day is seldom missed for that: then it is the day that has a person to spare for so
 * long, not every interval at once. */
static void add_one_fewer(const struct staff_report *report, bool zh, struct fl_text *out)
{
    const struct fl_scenario *scenario = report->scenario;
    const double minutes = fl_time_to_s(scenario->interval) / 60;
    uint32_t count[4] = { 0 }, staffed = 0; /* by enum fl_judgement */
    if (report->one_fewer == NULL) return;
    for (uint32_t i = 0; i < scenario->intervals_count * scenario->desk.groups_count; i++) {
        count[report->one_fewer[i]] += report->answer->on_duty[i] > 0;
        staffed += report->answer->on_duty[i] > 0;
    }
    const bool many = scenario->desk.groups_count > 1;
    fl_text_add(out, zh ? "单单一个时段(%.4g 分钟)少一人:有人在岗的 %u 个时段%s里,%u 个已证明不行"
                        : " One fewer in a single interval of %.4g minutes: of %u with people on duty%s it was shown to miss in %u",
                minutes, staffed, many ? (zh ? "×组" : ", group by group,") : "", count[FL_MISSES]);
    if (count[FL_MEETS] > 0) fl_text_add(out, zh ? ",%u 个已证明还行" : ", to do all the same in %u", count[FL_MEETS]);
    if (count[FL_UNDECIDED] > 0) fl_text_add(out, zh ? ",%u 个没能证明" : ", in %u neither could be shown", count[FL_UNDECIDED]);
    if (count[FL_UNTRIED] > 0) fl_text_add(out, zh ? ",更松的 %u 个没再试" : "; the calmer %u were not tried", count[FL_UNTRIED]);
    fl_text_add(out, zh ? "。" : ".");
}

/* What may go wrong, the worst of it first. */
static void add_fears(const struct staff_report *report, bool zh, struct fl_text *out)
{
    const struct staff_risk *risk = report->risk;
    for (uint32_t i = 0; i < staff_fears(risk); i++) {
        const struct staff_bar *bar = &risk->bars[i];
        fl_text_add(out, zh ? "%s%s(" : "%s%s (", i == 0 ? (zh ? "最怕" : " What hurts most: ") : (zh ? ";其次" : "; then "), staff_doubt_words(bar->doubt, bar->more_is_worse, zh));
        staff_add_met(report, staff_bar_worse(bar), zh, out);
        if (bar->takes.known && !bar->takes.impossible) fl_text_add(out, zh ? ",要守住得有 %u 人在岗" : "; it takes %u on duty", bar->takes.people);
        else if (bar->takes.known) fl_text_add(out, zh ? ",加人也守不住" : "; no headcount mends it");
        fl_text_add(out, ")");
    }
    if (staff_fears(risk) == 0) fl_text_add(out, zh ? "哪一项差两成都无妨" : " Nothing that is a fifth off does harm");
    fl_text_add(out, zh ? "。" : ".");
    if (risk->high.known)
        fl_text_add(out, zh ? "各天走掉多少不一样,其中 %.0f%% 是因为大促倍数说不准,其余是当天的运气。"
                            : " Of how days differ in buyers lost, %.0f%% is the promotion's multiplier, the rest chance.",
                    100 * risk->split.share);
    if (!risk->has_buffer) return;
    if (!zh) fl_text_add(out, " ");
    staff_add_buffer(report, zh, out);
}

/* Indented by two, broken where lines end. */
static void add_lines(struct fl_text *text, struct fl_text *out)
{
    fl_text_add(out, "  ");
    if (text->bytes != NULL) staff_add_wrapped(out, 2, text->bytes);
    fl_text_add(out, "\n");
    fl_text_free(text);
}

static void add_paragraph(const struct staff_report *report, bool zh, struct fl_text *out)
{
    struct fl_text text = { 0 };
    add_title(zh ? "为什么是这个人数" : "Why so many", out);
    add_need(report, zh, &text);
    add_proof(report, zh, &text);
    add_gap(report, zh, &text);
    add_one_fewer(report, zh, &text);
    add_fears(report, zh, &text);
    add_lines(&text, out);
}

/* ---- The tornado ------------------------------------------------------------------------------- */

static void add_cell(const char *text, uint32_t width, struct fl_text *out)
{
    text_add_padded(out, text, width, true);
}

static void add_outcome_cells(const struct staff_report *report, const struct staff_outcome *outcome, bool zh, struct fl_text *out)
{
    char text[64];
    if (report->scenario->staffing.judge == FL_JUDGE_MEAN) snprintf(text, sizeof text, "%s", outcome->holds ? (zh ? "达标" : "met") : (zh ? "未达标" : "not met"));
    else snprintf(text, sizeof text, "%.4g%%", in_100(outcome->met.value));
    add_cell(text, 9, out);
    snprintf(text, sizeof text, "%.1f%%", 100 * outcome->abandonment.value);
    add_cell(text, 8, out);
    if (outcome->worst.known) snprintf(text, sizeof text, "%.1f", outcome->worst.left);
    else snprintf(text, sizeof text, "-");
    add_cell(text, 8, out);
}

/* From the fewest days that pass to the most: ".....=====|==....", the plan's own at |. */
static void add_drawn(const struct staff_risk *risk, const struct staff_bar *bar, struct fl_text *out)
{
    const double low = fmin(bar->less.met.value, bar->more.met.value), high = fmax(bar->less.met.value, bar->more.met.value);
    char cells[BAR_CELLS + 2];
    const int plan = (int)floor(risk->base.met.value * BAR_CELLS + 0.5);
    for (int i = 0; i <= BAR_CELLS; i++) {
        const double here = (double)i / BAR_CELLS, half = 0.5 / BAR_CELLS;
        cells[i] = i == plan ? '|' : here >= low - half && here <= high + half ? '=' : '.';
    }
    cells[BAR_CELLS + 1] = '\0';
    fl_text_add(out, "  %s", cells);
}

static void add_row_of(const struct staff_report *report, const char *name, const struct staff_outcome *outcome, bool zh, struct fl_text *out)
{
    fl_text_add(out, "  ");
    text_add_padded(out, name, 28, false);
    add_outcome_cells(report, outcome, zh, out);
}

static void add_bar(const struct staff_report *report, const struct staff_bar *bar, bool more, bool zh, struct fl_text *out)
{
    const bool by_day = report->scenario->staffing.judge == FL_JUDGE_DAYS;
    const struct staff_outcome *side = more ? &bar->more : &bar->less;
    add_row_of(report, staff_doubt_words(bar->doubt, more, zh), side, zh, out);
    if (bar->doubt == FL_DOUBT_CONVERSION) { /* moves no day, only money */
        if (side->profit.known) fl_text_add(out, zh ? "  利润 ¥%.0f" : "  profit CNY %.0f", side->profit.value);
    } else if (by_day && bar->more_is_worse == more) add_drawn(report->risk, bar, out);
    fl_text_add(out, "\n");
}

static void add_tornado(const struct staff_report *report, bool zh, struct fl_text *out)
{
    const struct staff_risk *risk = report->risk;
    char title[160];
    snprintf(title, sizeof title, zh ? "风险:同样的 %u 天,每次只有一项差两成" : "Risk: the same %u days, one thing a fifth off at a time", risk->days);
    add_title(title, out);
    fl_text_add(out, "  ");
    text_add_padded(out, "", 28, false);
    add_cell(zh ? "达标" : "pass", 9, out);
    add_cell(zh ? "走掉" : "leave", 8, out);
    add_cell(zh ? "最差段" : "worst", 8, out);
    if (report->scenario->staffing.judge == FL_JUDGE_DAYS) fl_text_add(out, zh ? "  0%%      达标的天  100%%" : "  0%%   days passed   100%%");
    fl_text_add(out, "\n");
    add_row_of(report, zh ? "照计划" : "as planned", &risk->base, zh, out);
    fl_text_add(out, "\n");
    for (uint32_t i = 0; i < risk->bars_count; i++) {
        const struct staff_bar *bar = &risk->bars[i];
        add_bar(report, bar, bar->more_is_worse, zh, out);
        add_bar(report, bar, !bar->more_is_worse, zh, out);
    }
    if (risk->absent.known) {
        add_row_of(report, zh ? "缺一人(最缺不得的一班)" : "one absent, where missed most", &risk->absent, zh, out);
        fl_text_add(out, "\n");
    }
    fl_text_add(out, zh ? "  最差段:一天里走掉最多的 %.4g 分钟,平均走掉几位。\n" : "  worst: buyers lost in the %.4g minutes of a day that lose most, on average.\n",
                fl_time_to_s(report->scenario->interval) / 60);
    for (uint32_t i = 0; i < risk->bars_count; i++)
        if (risk->bars[i].doubt == FL_DOUBT_CONVERSION) return;
    fl_text_add(out, zh ? "  转化率没填,没有摇它:填 money.conversion。\n" : "  Conversion is not given and was left out: give money.conversion.\n");
}

static void add_multiplier(const struct staff_report *report, bool zh, struct fl_text *out)
{
    const struct staff_risk *risk = report->risk;
    static const char *const names[][2] = { { "1 in 10 as small or smaller", "十次里最低的一次" }, { "the middle", "中间" },
                                            { "1 in 10 as large or larger", "十次里最高的一次" } };
    const struct staff_outcome *const outcomes[] = { &risk->low, &risk->middle, &risk->high };
    add_title(zh ? "大促倍数说不准,与当天的运气分开看" : "The promotion's multiplier, apart from the day's chance", out);
    if (!risk->high.known) {
        fl_text_add(out, zh ? "  倍数没有写明误差(promotions[].multiplier_sigma),各天的差别全是运气。\n"
                            : "  No multiplier is uncertain (promotions[].multiplier_sigma): days differ by chance alone.\n");
        return;
    }
    for (int m = 0; m < 3; m++) {
        add_row_of(report, names[m][zh], outcomes[m], zh, out);
        fl_text_add(out, "\n");
    }
    fl_text_add(out, zh ? "  走掉多少的天与天之差:%.0f%% 来自倍数,%.0f%% 来自运气。\n" : "  How days differ in buyers lost: %.0f%% by the multiplier, %.0f%% by chance.\n",
                100 * risk->split.share, 100 * (1 - risk->split.share));
}

/* ---- Money ------------------------------------------------------------------------------------- */

static void add_missing(const struct staff_money *money, bool zh, struct fl_text *out)
{
    fl_text_add(out, zh ? "  利润未算,请填:" : "  Profit is not reckoned; give:");
    if (money->needs_wage) fl_text_add(out, " money.wage_cny_per_hour");
    if (money->needs_conversion) fl_text_add(out, " money.conversion");
    if (money->needs_order_value) fl_text_add(out, " money.order_value_cny");
    fl_text_add(out, "\n");
}

static void add_part(double cny, const char *zh_words, const char *en_words, bool zh, struct fl_text *out)
{
    if (isnan(cny)) return;
    if (zh) fl_text_add(out, "%s%s ¥%.0f", out->length > 0 ? ";" : "", zh_words, cny);
    else fl_text_add(out, "%s%s CNY %.0f", out->length > 0 ? "; " : "", en_words, cny);
}

void staff_add_money_parts(const struct fl_money *rules, const struct money_parts *parts, bool zh, struct fl_text *out)
{
    add_part(parts->wages, "工资", "wages", zh, out);
    if (parts->overtime > 0) add_part(parts->overtime, "其中加班费", "of which overtime", zh, out);
    if (rules->commission > 0) add_part(parts->commission, "提成", "commission", zh, out);
    if (rules->bonus_cny > 0) add_part(parts->bonuses, "奖金", "bonuses", zh, out);
    if (parts->seats >= 0.5) add_part(parts->seats, "加子账号", "further sub-accounts", zh, out);
    add_part(parts->penalties, "平台罚款", "the platform's penalties", zh, out);
    add_part(parts->sales, "销售额", "sales", zh, out);
    add_part(parts->lost_sales, "丢掉的订单", "orders lost", zh, out);
    add_part(rules->margin * parts->lost_sales, "其中毛利", "their margin", zh, out);
    if (rules->lost_contact_cny > 0) add_part(parts->advertising, "白花的引流费", "advertising wasted on who was lost", zh, out);
    if (rules->score_traffic > 0) add_part(parts->later, "服务分对以后流量的影响", "later traffic by the service score", zh, out);
    add_part(parts->profit, "剩下", "left over", zh, out);
}

static void add_parts(const struct staff_report *report, bool zh, struct fl_text *out)
{
    const struct fl_money *rules = &report->scenario->money;
    const struct money_parts parts = staff_money_parts(report);
    struct fl_text text = { 0 };
    staff_add_money_parts(rules, &parts, zh, &text);
    fl_text_add(&text, zh ? "。" : ".");
    add_lines(&text, out);
    if (rules->score_traffic > 0) return;
    fl_text_add(out, zh ? "  服务分怎样影响以后的流量没有算:填 money.service_score 和 money.satisfaction。\n"
                        : "  The service score's effect on later traffic is left out: give\n  money.service_score and money.satisfaction.\n");
}

static void add_points(const struct staff_report *report, bool zh, struct fl_text *out)
{
    const struct staff_money *money = report->risk->money;
    char text[64];
    fl_text_add(out, "  ");
    text_add_padded(out, "", 12, false);
    add_cell(zh ? "在岗/共" : "peak/all", 9, out);
    add_cell(zh ? "达标" : "pass", 9, out);
    add_cell(zh ? "走掉" : "leave", 8, out);
    add_cell(zh ? "最差段" : "worst", 8, out);
    add_cell(zh ? "利润 ¥" : "profit", 10, out);
    add_cell(zh ? "比最好的少" : "below the best", 22, out);
    fl_text_add(out, "\n");
    for (uint32_t i = 0; i < money->count; i++) {
        const struct profit_point *point = &money->points[i];
        fl_text_add(out, i == money->answer ? "> " : "  ");
        text_add_padded(out, i == money->best ? (zh ? "最赚" : "earns most") : i == money->answer ? (zh ? "建议" : "advised") : "", 12, false);
        snprintf(text, sizeof text, "%u/%u", point->peak, point->people);
        add_cell(text, 9, out);
        add_outcome_cells(report, &point->outcome, zh, out);
        snprintf(text, sizeof text, "%.0f", point->outcome.profit.value);
        add_cell(text, 10, out);
        if (i == money->best) snprintf(text, sizeof text, "%s", "");
        else if (point->of_best.sure) snprintf(text, sizeof text, "%.0f (%.0f .. %.0f)", point->of_best.value, point->of_best.low, point->of_best.high);
        else snprintf(text, sizeof text, "%.0f", point->of_best.value);
        add_cell(text, 22, out);
        fl_text_add(out, "\n");
    }
    staff_profit_line(report, zh, out);
}

void staff_profit_line(const struct staff_report *report, bool zh, struct fl_text *out)
{
    const struct staff_money *money = report->risk->money;
    struct fl_text text = { 0 };
    if (!money->known || money->count == 0) return;
    const struct profit_point *best = &money->points[money->best];
    if (money->best == money->answer) fl_text_add(&text, zh ? "建议的 %u 人也是最赚的" : "The %u advised also earn most", best->people);
    else
        fl_text_add(&text, zh ? "只看利润,最好是 %u 人(比建议的每天多赚 ¥%.0f)" : "By profit alone %u people are best (CNY %.0f a day more than the advised)",
                    best->people, money->points[money->answer].of_best.value);
    if (!money->decided) fl_text_add(&text, zh ? ";与前后差一档的,分不出高下" : "; against a step more or fewer it is undecided");
    if (money->at_the_end) fl_text_add(&text, zh ? ";再远的没试" : "; none beyond was tried");
    fl_text_add(&text, zh ? "。" : ".");
    add_lines(&text, out);
}

static void add_money(const struct staff_report *report, bool zh, struct fl_text *out)
{
    const struct staff_money *money = report->risk->money;
    add_title(zh ? "钱(一天)" : "Money, a day", out);
    add_parts(report, zh, out);
    if (money->known) add_points(report, zh, out);
    else add_missing(money, zh, out);
}

/* ---- Levers ------------------------------------------------------------------------------------ */

static const char *const measure_words[MEASURES_COUNT][2] = {
    [MEASURE_ONE_MORE] = { "one more person", "再加一人" },
    [MEASURE_BOT] = { "the bot answers first", "机器人先答" },
    [MEASURE_QUICK_PHRASES] = { "a fifth more quick phrases", "快捷短语多两成" },
    [MEASURE_LEAST_ACTIVE] = { "routing: least_active", "分流改 least_active" },
    [MEASURE_FEWEST_AWAITING] = { "routing: fewest_awaiting", "分流改 fewest_awaiting" },
    [MEASURE_HOUR_BEFORE] = { "the opening's shift an hour earlier", "开场的班早到一小时" },
};

/* Why a measure was not pulled. */
static const char *why_not(const struct measure_worth *measure, enum measure which, bool zh)
{
    if (measure->is_on && which != MEASURE_BOT) return zh ? "已经是了" : "it is so already";
    switch (which) {
    case MEASURE_ONE_MORE: return zh ? "加不了人了" : "nobody more can be had";
    case MEASURE_BOT: return zh ? "请填 intents[].bot_can_answer" : "give intents[].bot_can_answer";
    case MEASURE_QUICK_PHRASES: return zh ? "请填 intents[].reply.chars" : "give intents[].reply.chars";
    default: return zh ? "没有在开场时上班的人" : "nobody begins at an opening";
    }
}

static void add_measure(const struct staff_report *report, enum measure which, bool zh, struct fl_text *out)
{
    const struct measure_worth *measure = &report->risk->money->measures[which];
    struct fl_difference worth = { 0 };
    bool cny = false;
    fl_text_add(out, "  ");
    text_add_padded(out, measure_words[which][zh], 34, false);
    if (!staff_measure_worth(measure, &report->risk->base, &worth, &cny)) {
        fl_text_add(out, "  %s\n", why_not(measure, which, zh));
        return;
    }
    const bool is_clear = worth.sure && (worth.low > 0 || worth.high < 0);
    if (worth.value == 0 && worth.low == 0 && worth.high == 0) {
        fl_text_add(out, zh ? "  没有差别\n" : "  no difference\n");
        return;
    }
    fl_text_add(out, cny ? (zh ? "  每天 ¥%+.0f" : "  CNY %+.0f a day") : (zh ? "  每天少走 %.1f 位" : "  %.1f fewer leave a day"), worth.value);
    if (worth.sure) fl_text_add(out, cny ? " (%.0f .. %.0f)" : " (%.1f .. %.1f)", worth.low, worth.high);
    if (!is_clear) fl_text_add(out, zh ? ",分不出" : ", undecided");
    if (measure->is_on) fl_text_add(out, zh ? ",已开着" : ", already on");
    fl_text_add(out, "\n");
}

static void add_measures(const struct staff_report *report, bool zh, struct fl_text *out)
{
    if (!report->risk->money->measures_asked) return;
    add_title(zh ? "还能做什么(同样的日子里逐天比较,括号里是 95% 区间)" : "What else could be done (the same days, compared day by day; 95% intervals)", out);
    for (int l = 0; l < MEASURES_COUNT; l++) add_measure(report, (enum measure)l, zh, out);
}

/* ---- Rules of thumb ---------------------------------------------------------------------------- */

static const char *const rule_words[FL_RULES_COUNT][2] = {
    [FL_RULE_TRADE_QUOTED] = { "trade formula (576 a day each)", "行业公式(每人每天 576 个)" },
    [FL_RULE_TRADE_OWN] = { "the same with your reply times", "同式,用您的回复用时" },
    [FL_RULE_DAILY_120] = { "120 a day each", "每人每天 120 个" },
    [FL_RULE_HOURLY_18] = { "18 an hour each at the peak", "高峰每人每小时 18 个" },
    [FL_RULE_ERLANG_C] = { "Erlang C", "Erlang C" },
    [FL_RULE_ERLANG_C_DIVIDED] = { "Erlang C, length / chats at once", "Erlang C,时长÷同时接待数" },
    [FL_RULE_ERLANG_C_FACTOR] = { "Erlang C, length / 1.7 .. 3.5", "Erlang C,时长÷1.7至3.5" },
    [FL_RULE_DIVIDE_BY_1_6] = { "Erlang C, people / 1.6", "Erlang C,人数÷1.6" },
    [FL_RULE_SQUARE_ROOT] = { "load + its square root", "负荷+负荷的平方根" },
};

static const char *const reason_words[FL_RULE_REASONS_COUNT][2] = {
    [FL_RULE_REASON_NEVER_IDLE] = { "nobody ever idle, buyers evenly spread", "当人一秒不歇、买家均匀来" },
    [FL_RULE_REASON_DAY_TOTAL] = { "the day's total, not its peak", "只看一天总数,不看高峰" },
    [FL_RULE_REASON_ANY_CHAT] = { "any chat counts alike, long or short", "长短会话一样算" },
    [FL_RULE_REASON_ONE_AT_A_TIME] = { "one chat at a time, idle in between", "一次只接一个,买家想时干等" },
    [FL_RULE_REASON_NO_SLOWDOWN] = { "several at once slow nobody down", "当同时接几个也不变慢" },
    [FL_RULE_REASON_FIXED_FACTOR] = { "the same gain at any load", "不论忙闲都打同样的折" },
};

static void add_rules(const struct staff_report *report, bool zh, struct fl_text *out)
{
    char people[32];
    add_title(zh ? "经验法,和为什么不一样(都按在岗人数)" : "Rules of thumb, and why they differ (people on duty)", out);
    fl_text_add(out, "  ");
    text_add_padded(out, zh ? "模拟的答案" : "this answer, simulated", 34, false);
    snprintf(people, sizeof people, "%u", report->rows[ROW_ANSWER].peak);
    text_add_padded(out, people, 4, true);
    fl_text_add(out, "\n");
    for (uint32_t r = 0; r < FL_RULES_COUNT; r++) {
        if (!report->rule_known[r]) continue;
        fl_text_add(out, "  ");
        text_add_padded(out, rule_words[r][zh], 34, false);
        snprintf(people, sizeof people, "%u", report->rules[r].people);
        text_add_padded(out, people, 4, true);
        fl_text_add(out, "  %s\n", reason_words[report->rules[r].reason][zh]);
    }
}

void staff_explain(const struct staff_report *report, bool zh, struct fl_text *out)
{
    add_paragraph(report, zh, out);
    add_tornado(report, zh, out);
    add_multiplier(report, zh, out);
    add_money(report, zh, out);
    add_measures(report, zh, out);
    add_rules(report, zh, out);
}
