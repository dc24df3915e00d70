/* A month's doubts and money on the screen and as JSON, and --explain: why so many, in a paragraph. */
#include "staff_money.h"
#include "staff_month.h"

#include <math.h>

#define NAMED_MOST 6u /* dates that are named one by one */

/* "06-18" */
static void add_date(const struct staff_month *month, uint32_t date, struct fl_text *out)
{
    char whole[32];
    fl_instant_format(month->staff->scenario, (fl_time)date * FL_DAY, whole);
    fl_text_add(out, "%.5s", whole + 5);
}

static void end_line(struct fl_text *line, uint32_t column, struct fl_text *out)
{
    if (line->bytes != NULL) staff_add_wrapped(out, column, line->bytes);
    fl_text_add(out, "\n");
    fl_text_free(line);
}

/* ---- Doubts -------------------------------------------------------------------------------------- */

/* "23 of 30 dates pass (not 06-17, 06-18)": those that passed as planned and do not now. */
static void add_world(const struct staff_month *month, const struct month_world *world, bool zh, struct fl_text *out)
{
    uint32_t named = 0, missed = 0;
    fl_text_add(out, zh ? "%u 天里 %u 天达标" : "%u of %u dates pass", zh ? month->dates : world->dates_held, zh ? world->dates_held : month->dates);
    for (uint32_t d = 0; d < month->dates; d++) missed += world->misses[d] && !month->risk.base.misses[d];
    if (missed == 0) return;
    fl_text_add(out, zh ? "(" : " (");
    for (uint32_t d = 0; d < month->dates && named < NAMED_MOST; d++) {
        if (!world->misses[d] || month->risk.base.misses[d]) continue;
        fl_text_add(out, named++ == 0 ? (zh ? "守不住 " : "not ") : zh ? "、" : ", ");
        add_date(month, d, out);
    }
    if (missed > named) fl_text_add(out, zh ? " 等 %u 天" : " and %u more", zh ? missed : missed - named);
    fl_text_add(out, ")");
}

static void add_takes(const struct staff_month *month, bool zh, struct fl_text *out)
{
    const struct month_needs *const takes = &month->risk.takes;
    if (month->risk.traffic.dates_held >= month->risk.base.dates_held) return; /* these people do */
    if (!takes->possible) {
        fl_text_add(out, zh ? ",有的日子加人也守不住" : ", on some no headcount does");
        return;
    }
    fl_text_add(out, zh ? ",要守住得一共 %u 人(另招 %u 人),最多同时 %u 人在岗" : ", for all of them it takes %u people, %u of them taken on, and at most %u at once", takes->payroll,
                takes->hired, takes->at_once);
    if (takes->open > 0) fl_text_add(out, zh ? ",还有 %u 个班招不到人来上" : ", and %u shifts have nobody even so", takes->open);
}

static void add_doubts(const struct staff_month *month, bool zh, struct fl_text *out)
{
    const struct month_risk *const risk = &month->risk;
    fl_text_add(out, zh ? "多来两成:" : "a fifth more buyers: ");
    add_world(month, &risk->traffic, zh, out);
    add_takes(month, zh, out);
    fl_text_add(out, zh ? ";回复慢两成:" : "; replies a fifth slower: ");
    add_world(month, &risk->replies, zh, out);
    fl_text_add(out, zh ? ";天天缺一人(人最少的一班):" : "; one absent on every date, of the shift with the fewest: ");
    add_world(month, &risk->absent, zh, out);
    fl_text_add(out, zh ? "。" : ".");
}

void staff_month_doubts(const struct staff_month *month, bool zh, struct fl_text *out)
{
    struct fl_text line = { 0 };
    if (!month->risk.known) return;
    fl_text_add(out, zh ? "拿不准  " : "In doubt  ");
    add_doubts(month, zh, &line);
    end_line(&line, zh ? 8 : 10, out);
}

/* ---- Money --------------------------------------------------------------------------------------- */

/* What people are paid and what they bring in the simulated months; agencies and training come on top. */
static void add_money(const struct staff_month *month, bool zh, struct fl_text *out)
{
    const struct money_parts parts = staff_money_parts_of(&month->run->results);
    staff_add_money_parts(&month->staff->scenario->money, &parts, zh, out);
    if (month->hiring_cny > 0) fl_text_add(out, zh ? "%s招人另付 ¥%.0f" : "%sbesides, for hiring, CNY %.0f", out->length > 0 ? (zh ? ";" : "; ") : "", month->hiring_cny);
}

void staff_month_money(const struct staff_month *month, bool zh, struct fl_text *out)
{
    struct fl_text line = { 0 };
    if (month->run == NULL) return;
    add_money(month, zh, &line);
    if (line.length == 0) {
        fl_text_free(&line);
        return;
    }
    fl_text_add(&line, zh ? "。" : ".");
    fl_text_add(out, zh ? "钱  " : "Money  ");
    end_line(&line, zh ? 4 : 7, out);
}

/* ---- In words ------------------------------------------------------------------------------------ */

static uint32_t busiest(const struct staff_month *month)
{
    uint32_t most = 0;
    for (uint32_t d = 1; d < month->dates; d++)
        if (month->date[d].chats > month->date[most].chats) most = d;
    return most;
}

/* People busy composing on a kind of day, at most over its intervals. */
static double most_busy(const struct month_kind *kind)
{
    const uint32_t groups = kind->cut.scenario.desk.groups_count;
    double most = 0;
    for (uint32_t i = 0; i < kind->cut.scenario.intervals_count; i++) {
        double busy = 0;
        for (uint32_t g = 0; g < groups; g++) busy += kind->staff.answer.load[(size_t)i * groups + g];
        most = fmax(most, busy);
    }
    return most;
}

static void add_need(const struct staff_month *month, bool zh, struct fl_text *out)
{
    const uint32_t top = busiest(month);
    double chats = 0;
    uint32_t places = 0, more = 0, low = FL_NONE, high = 0;
    for (uint32_t d = 0; d < month->dates; d++) {
        chats += month->date[d].chats;
        places += month->date[d].places;
        more += month->date[d].more;
        low = month->date[d].peak < low ? month->date[d].peak : low;
        high = month->date[d].peak > high ? month->date[d].peak : high;
    }
    fl_text_add(out, zh ? "预计 %.0f 个询单,分在 %u 天,最忙的 " : "%.0f chats are expected on %u dates; the busiest is ", chats, month->dates);
    add_date(month, top, out);
    fl_text_add(out, zh ? " 有 %.0f 个,光是打字就要 %.1f 个人不停手。" : " with %.0f, when composing alone keeps %.1f people busy.", month->date[top].chats,
                most_busy(&month->kinds[month->date[top].kind]));
    fl_text_add(out, zh ? "询单差不多的日子用同样的班,一共 %u 种日子,单看每一天都模拟过;" : " Dates that ask for the same have the same shifts: %u kinds of day, each simulated by itself;", month->kinds_count);
    if (low == high) fl_text_add(out, zh ? "同时在岗 %u 人" : " they take %u at once", high);
    else fl_text_add(out, zh ? "同时在岗从 %u 人到 %u 人" : " they take from %u to %u at once", low, high);
    fl_text_add(out, zh ? ",共 %u 个班" : ", %u shifts in all", places);
    if (more > 0) fl_text_add(out, zh ? ",其中 %u 个是连起来模拟才看出要加的:新人手慢、有人走、隔夜的留言" : ", of which %u were added because newcomers are slow, people leave and messages are left over from the day before", more);
    fl_text_add(out, zh ? "。" : ".");
}

/* The scenario's limits, as far as there are any. */
static void add_limits(const struct fl_labour *labour, bool zh, struct fl_text *out)
{
    struct fl_text limits = { 0 };
    if (labour->days_week < 7) fl_text_add(&limits, zh ? "一周最多 %u 天" : "at most %u days a week", labour->days_week);
    if (labour->hours_week != FL_TIME_NEVER)
        fl_text_add(&limits, zh ? "%s一周最多 %.4g 小时" : "%sat most %.4g hours a week", limits.length > 0 ? (zh ? "、" : ", ") : "", (double)labour->hours_week / FL_HOUR);
    if (labour->rest > 0)
        fl_text_add(&limits, zh ? "%s两班之间歇 %.4g 小时" : "%s%.4g hours of rest between shifts", limits.length > 0 ? (zh ? "、" : ", ") : "", (double)labour->rest / FL_HOUR);
    if (limits.length > 0) fl_text_add(out, zh ? "每人%s,所以" : " With %s for each of them", limits.bytes);
    else fl_text_add(out, zh ? "人人天天可以上班," : " With nobody's hours and days limited");
    fl_text_free(&limits);
}

static void add_people(const struct staff_month *month, bool zh, struct fl_text *out)
{
    const struct staff_team *const team = &month->team;
    uint32_t most = 0;
    for (uint32_t d = 0; d < month->dates; d++) most = month->date[d].people > most ? month->date[d].people : most;
    add_limits(&month->staff->scenario->staffing.labour, zh, out);
    fl_text_add(out, zh ? "一天最多 %u 人上班,一共要 %u 人:现有的 %u 人,另招 %u 人" : ", and up to %u at work on a date, it takes %u people: %u of yours and %u taken on", most,
                team->own + team->hired, team->own, team->hired);
    for (uint32_t i = 0; i < month->leavers_count; i++) {
        const struct month_leaver *const leaver = &month->leavers[i];
        fl_text_add(out, zh ? ";%.40s " : "; %.40s leaves on ", month->staff->scenario->desk.agents[leaver->definition].name);
        add_date(month, (uint32_t)(leaver->at / FL_DAY), out);
        fl_text_add(out, zh ? " 走,起初要 %u 个新人顶" : ", whom %u newcomers make up for at first", leaver->at_first);
    }
    if (!team->filled) fl_text_add(out, zh ? ";还有 %u 个班没人上" : "; %u shifts have nobody all the same", team->team.open);
    fl_text_add(out, zh ? "。" : ".");
}

static void add_proof(const struct staff_month *month, bool zh, struct fl_text *out)
{
    uint32_t held = 0, worst = 0;
    for (uint32_t d = 0; d < month->dates; d++) {
        held += staff_month_holds(month, d);
        if (month->date[d].days_met < month->date[worst].days_met) worst = d;
    }
    fl_text_add(out, zh ? "按人名把整段时间模拟 %u 遍,达标够多的有 %u 天(共 %u 天),最差的 " : " The whole period was simulated %u times by name: %u of %u dates pass as often as wanted, the worst, ", month->months,
                held, month->dates);
    add_date(month, worst, out);
    fl_text_add(out, zh ? ",%.0f%%。" : ", on %.0f%%.", 100.0 * month->date[worst].days_met / month->months);
}

void staff_month_explain(const struct staff_month *month, bool zh, struct fl_text *out)
{
    struct fl_text text = { 0 };
    if (!month->team.known || month->run == NULL) return;
    fl_text_add(out, zh ? "\n为什么是这些人\n  " : "\nWhy so many\n  ");
    add_need(month, zh, &text);
    add_people(month, zh, &text);
    add_proof(month, zh, &text);
    if (month->risk.known) {
        fl_text_add(&text, zh ? "万一(其中前 %u 遍):" : " If things are otherwise, in the first %u of them: ", month->risk.months);
        add_doubts(month, zh, &text);
    }
    struct fl_text money = { 0 };
    add_money(month, zh, &money);
    if (money.length > 0) fl_text_add(&text, zh ? "整段时间的钱:%s。" : " Money over the period: %s.", money.bytes);
    fl_text_free(&money);
    end_line(&text, 2, out);
}

/* ---- JSON ---------------------------------------------------------------------------------------- */

static void json_world(const struct staff_month *month, const struct month_world *world, struct fl_text *out)
{
    bool first = true;
    fl_text_add(out, "\"dates_held\":%u,\"dates_met\":%.6g,\"abandonment\":", world->dates_held, world->dates_met);
    fl_text_add_number(out, world->abandonment.known ? world->abandonment.value : NAN);
    fl_text_add(out, ",\"profit_cny\":");
    fl_text_add_number(out, world->profit.known ? world->profit.value : NAN);
    fl_text_add(out, ",\"dates_missed\":[");
    for (uint32_t d = 0; d < month->dates; d++) {
        char at[32];
        if (!world->misses[d]) continue;
        fl_instant_format(month->staff->scenario, (fl_time)d * FL_DAY, at);
        fl_text_add(out, "%s\"%.10s\"", first ? "" : ",", at);
        first = false;
    }
    fl_text_add(out, "]");
}

static void json_risk(const struct staff_month *month, struct fl_text *out)
{
    const struct month_risk *const risk = &month->risk;
    const struct month_needs *const takes = &risk->takes;
    if (!risk->known) {
        fl_text_add(out, ",\n\"risk\":null");
        return;
    }
    fl_text_add(out, ",\n\"risk\":{\"months\":%u,\"as_planned\":{", risk->months);
    json_world(month, &risk->base, out);
    fl_text_add(out, "},\n\"doubts\":[{\"what\":\"%s\",\"factor\":%.10g,", fl_doubt_name(FL_DOUBT_TRAFFIC), 1 + DOUBT);
    json_world(month, &risk->traffic, out);
    fl_text_add(out, ",\"takes\":");
    if (takes->possible) fl_text_add(out, "{\"payroll\":%u,\"hired\":%u,\"at_once\":%u,\"open\":%u}", takes->payroll, takes->hired, takes->at_once, takes->open);
    else fl_text_add(out, "null");
    fl_text_add(out, "},\n{\"what\":\"%s\",\"factor\":%.10g,", fl_doubt_name(FL_DOUBT_REPLY_TIME), 1 + DOUBT);
    json_world(month, &risk->replies, out);
    fl_text_add(out, "}],\n\"one_absent\":{");
    json_world(month, &risk->absent, out);
    fl_text_add(out, "}}");
}

void staff_month_risk_json(const struct staff_month *month, struct fl_text *out)
{
    json_risk(month, out);
    if (month->run == NULL) {
        fl_text_add(out, ",\n\"money\":null");
        return;
    }
    const struct money_parts parts = staff_money_parts_of(&month->run->results);
    fl_text_add(out, ",\n\"money\":{\"hiring_cny\":");
    fl_text_add_number(out, month->hiring_cny);
    staff_json_money_parts(&month->run->results, &parts, out);
    fl_text_add(out, "}");
}
