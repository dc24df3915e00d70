/* Risk and money as JSON. Figures without an interval have null in its place; what was not reckoned is null. */
#include "staff_money.h"

#include <math.h>

void staff_json_number(struct fl_text *out, const char *key, double value)
{
    fl_text_add(out, "\"%s\":", key);
    fl_text_add_number(out, value);
}

static void add_range(struct fl_text *out, bool sure, double low, double high)
{
    if (!sure) {
        fl_text_add(out, ",\"ci95\":null");
        return;
    }
    fl_text_add(out, ",\"ci95\":[");
    fl_text_add_number(out, low);
    fl_text_add(out, ",");
    fl_text_add_number(out, high);
    fl_text_add(out, "]");
}

static void add_figure(struct fl_text *out, const char *key, const struct fl_figure *figure)
{
    if (!figure->known) {
        fl_text_add(out, "\"%s\":null", key);
        return;
    }
    fl_text_add(out, "\"%s\":{", key);
    staff_json_number(out, "mean", figure->value);
    add_range(out, figure->sure, figure->low, figure->high);
    fl_text_add(out, "}");
}

void staff_json_difference(struct fl_text *out, const char *key, const struct fl_difference *difference)
{
    if (!difference->known) {
        fl_text_add(out, "\"%s\":null", key);
        return;
    }
    fl_text_add(out, "\"%s\":{", key);
    staff_json_number(out, "mean", difference->value);
    add_range(out, difference->sure, difference->low, difference->high);
    fl_text_add(out, "}");
}

static void add_instant(struct fl_text *out, const char *key, const struct fl_scenario *scenario, fl_time at)
{
    char text[32];
    fl_instant_format(scenario, at, text);
    fl_text_add(out, "\"%s\":\"%s\"", key, text);
}

static void add_worst(const struct fl_worst_expected *worst, const struct fl_scenario *scenario, struct fl_text *out)
{
    if (!worst->known) {
        fl_text_add(out, "\"worst_interval\":null");
        return;
    }
    fl_text_add(out, "\"worst_interval\":{");
    staff_json_number(out, "minutes", fl_time_to_s(scenario->interval) / 60);
    fl_text_add(out, ",\"left\":{");
    staff_json_number(out, "mean", worst->left);
    add_range(out, isfinite(worst->left_high), worst->left_low, worst->left_high);
    fl_text_add(out, "},");
    staff_json_number(out, "left_p90", worst->left_p90);
    fl_text_add(out, ",");
    staff_json_number(out, "share_left", worst->share);
    fl_text_add(out, ",");
    staff_json_number(out, "first_response_s", worst->first_s);
    fl_text_add(out, ",");
    add_instant(out, "mostly_at", scenario, (fl_time)worst->interval * scenario->interval);
    fl_text_add(out, ",\"days_there\":%u}", worst->days_there);
}

void staff_json_outcome(const struct staff_outcome *outcome, bool is_base, const struct fl_scenario *scenario, struct fl_text *out)
{
    fl_text_add(out, "\"holds\":%s,\"probability_met\":{", outcome->holds ? "true" : "false");
    staff_json_number(out, "mean", outcome->met.value);
    add_range(out, true, outcome->met.low, outcome->met.high);
    fl_text_add(out, ",\"days\":%u,\"days_met\":%u},", outcome->days, outcome->days_met);
    add_figure(out, "abandonment", &outcome->abandonment);
    fl_text_add(out, ",");
    add_figure(out, "profit_cny", &outcome->profit);
    fl_text_add(out, ",");
    add_worst(&outcome->worst, scenario, out);
    if (is_base) return;
    fl_text_add(out, ",\"change\":{");
    staff_json_difference(out, "probability_met", &outcome->met_change);
    fl_text_add(out, ",");
    staff_json_difference(out, "abandonment", &outcome->left_change);
    fl_text_add(out, ",");
    staff_json_difference(out, "profit_cny", &outcome->profit_change);
    fl_text_add(out, "}");
}

/* ---- Risk -------------------------------------------------------------------------------------- */

static void add_side(const struct staff_report *report, const struct staff_bar *bar, bool more, bool first, struct fl_text *out)
{
    const bool worse = bar->more_is_worse == more;
    fl_text_add(out, "%s\n{\"what\":\"%s\",\"factor\":%s,\"worse\":%s,", first ? "" : ",", fl_doubt_name(bar->doubt), more ? "1.2" : "0.8", worse ? "true" : "false");
    if (worse && bar->takes.known && !bar->takes.impossible) fl_text_add(out, "\"on_duty_it_takes\":%u,", bar->takes.people);
    else fl_text_add(out, "\"on_duty_it_takes\":null,");
    staff_json_outcome(more ? &bar->more : &bar->less, false, report->scenario, out);
    fl_text_add(out, "}");
}

static void add_multiplier(const struct staff_report *report, struct fl_text *out)
{
    const struct staff_risk *risk = report->risk;
    const struct staff_outcome *const outcomes[] = { &risk->low, &risk->middle, &risk->high };
    static const char *const names[] = { "p10", "p50", "p90" };
    fl_text_add(out, ",\n\"multiplier\":");
    if (!risk->high.known) {
        fl_text_add(out, "null");
        return;
    }
    fl_text_add(out, "{");
    for (int m = 0; m < 3; m++) {
        fl_text_add(out, "\"%s\":{", names[m]);
        staff_json_outcome(outcomes[m], false, report->scenario, out);
        fl_text_add(out, "},\n");
    }
    fl_text_add(out, "\"variance_of_abandonment\":{");
    staff_json_number(out, "by_multiplier", risk->split.factor);
    fl_text_add(out, ",");
    staff_json_number(out, "by_chance", risk->split.chance);
    fl_text_add(out, ",");
    staff_json_number(out, "share_of_multiplier", risk->split.share);
    fl_text_add(out, "}}");
}

static void add_shift(const struct staff_report *report, uint32_t shift, struct fl_text *out)
{
    add_instant(out, "from", report->scenario, report->desk->shifts[shift].from);
    fl_text_add(out, ",");
    add_instant(out, "to", report->scenario, report->desk->shifts[shift].to);
}

static void add_buffer(const struct staff_report *report, struct fl_text *out)
{
    const struct staff_risk *risk = report->risk;
    uint32_t people = 0;
    bool first = true;
    if (!risk->has_buffer) {
        fl_text_add(out, ",\n\"buffer\":null");
        return;
    }
    for (uint32_t s = 0; s < report->desk->shifts_count; s++) people += risk->on_call[s];
    fl_text_add(out, ",\n\"buffer\":{\"people\":%u,\"for_one_absent\":", people);
    if (risk->absent.known) fl_text_add(out, "%u", risk->buffer_absent);
    else fl_text_add(out, "null");
    fl_text_add(out, ",\"for_multiplier_p90\":");
    if (risk->high.known && risk->buffer_high != NO_BUFFER) fl_text_add(out, "%u", risk->buffer_high);
    else fl_text_add(out, "null");
    fl_text_add(out, ",\"for_both\":");
    if (risk->buffer_both != NO_BUFFER) fl_text_add(out, "%u", risk->buffer_both);
    else fl_text_add(out, "null");
    fl_text_add(out, ",\"on_call\":[");
    for (uint32_t s = 0; s < report->desk->shifts_count; s++) {
        if (risk->on_call[s] == 0) continue;
        fl_text_add(out, "%s{", first ? "" : ",");
        add_shift(report, s, out);
        fl_text_add(out, ",\"people\":%u}", risk->on_call[s]);
        first = false;
    }
    fl_text_add(out, "]}");
}

void staff_risk_json(const struct staff_report *report, struct fl_text *out)
{
    const struct staff_risk *risk = report->risk;
    fl_text_add(out, ",\n\"risk\":{\"days\":%u,\"as_planned\":{", risk->days);
    staff_json_outcome(&risk->base, true, report->scenario, out);
    fl_text_add(out, "},\n\"tornado\":[");
    for (uint32_t i = 0; i < risk->bars_count; i++) {
        add_side(report, &risk->bars[i], false, i == 0, out);
        add_side(report, &risk->bars[i], true, false, out);
    }
    fl_text_add(out, "]");
    add_multiplier(report, out);
    fl_text_add(out, ",\n\"one_absent\":");
    if (risk->absent.known) {
        fl_text_add(out, "{");
        add_shift(report, risk->absent_shift, out);
        fl_text_add(out, ",");
        staff_json_outcome(&risk->absent, false, report->scenario, out);
        fl_text_add(out, "}");
    } else {
        fl_text_add(out, "null");
    }
    add_buffer(report, out);
    fl_text_add(out, "}");
    staff_money_json(report, out);
}

/* ---- Money ------------------------------------------------------------------------------------- */

static void add_missing(const struct staff_money *money, struct fl_text *out)
{
    bool first = true;
    const struct { bool is_missing; const char *key; } wanted[] = { { money->needs_wage, "wage_cny_per_hour" }, { money->needs_conversion, "conversion" },
                                                                    { money->needs_order_value, "order_value_cny" } };
    fl_text_add(out, "\"missing\":[");
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        if (!wanted[i].is_missing) continue;
        fl_text_add(out, "%s\"money.%s\"", first ? "" : ",", wanted[i].key);
        first = false;
    }
    fl_text_add(out, "]");
}

void staff_json_money_parts(const struct fl_results *results, const struct money_parts *parts, struct fl_text *out)
{
    static const char *const names[] = { "wages_cny", "labour_cny", "penalties_cny", "sales_cny", "lost_sales_cny", "dsr_service", "profit_cny" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct fl_figure figure = fl_figure_named(results, FL_SCOPE_DESK, 0, names[i]);
        fl_text_add(out, ",\n");
        add_figure(out, names[i], &figure);
    }
    const struct { const char *key; double value; } sums[] = { { "overtime_cny", parts->overtime }, { "commission_cny", parts->commission },
                                                               { "bonuses_cny", parts->bonuses }, { "seats_cny", parts->seats },
                                                               { "advertising_cny", parts->advertising }, { "later_traffic_cny", parts->later } };
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
        fl_text_add(out, ",");
        staff_json_number(out, sums[i].key, sums[i].value);
    }
}

static void add_points(const struct staff_report *report, struct fl_text *out)
{
    const struct staff_money *money = report->risk->money;
    fl_text_add(out, ",\n\"headcounts\":");
    if (!money->known) {
        fl_text_add(out, "null,\"profit_best\":null");
        return;
    }
    fl_text_add(out, "[");
    for (uint32_t i = 0; i < money->count; i++) {
        const struct profit_point *point = &money->points[i];
        fl_text_add(out, "%s\n{\"payroll\":%u,\"on_duty_at_once\":%u,\"advised\":%s,", i > 0 ? "," : "", point->people, point->peak, i == money->answer ? "true" : "false");
        staff_json_difference(out, "best_is_better_by_cny", &point->of_best);
        fl_text_add(out, ",");
        staff_json_outcome(&point->outcome, false, report->scenario, out);
        fl_text_add(out, "}");
    }
    fl_text_add(out, "],\n\"profit_best\":{\"payroll\":%u,\"on_duty_at_once\":%u,\"decided\":%s,\"at_the_end\":%s}", money->points[money->best].people,
                money->points[money->best].peak, money->decided ? "true" : "false", money->at_the_end ? "true" : "false");
}

static void add_measures(const struct staff_report *report, struct fl_text *out)
{
    const struct staff_money *money = report->risk->money;
    fl_text_add(out, ",\n\"measures\":");
    if (!money->measures_asked) {
        fl_text_add(out, "null");
        return;
    }
    fl_text_add(out, "[");
    for (int l = 0; l < MEASURES_COUNT; l++) {
        const struct measure_worth *measure = &money->measures[l];
        struct fl_difference worth = { 0 };
        bool cny = false;
        const bool known = staff_measure_worth(measure, &report->risk->base, &worth, &cny);
        fl_text_add(out, "%s\n{\"what\":\"%s\",\"tried\":%s,\"is_on\":%s", l > 0 ? "," : "", measure_name((enum measure)l), measure->tried ? "true" : "false",
                    measure->is_on ? "true" : "false");
        if (known) {
            fl_text_add(out, ",\"unit\":\"%s\",", cny ? "cny_a_day" : "buyers_a_day");
            staff_json_difference(out, "worth", &worth);
            fl_text_add(out, ",");
            staff_json_outcome(&measure->outcome, false, report->scenario, out);
        }
        fl_text_add(out, "}");
    }
    fl_text_add(out, "]");
}

void staff_money_json(const struct staff_report *report, struct fl_text *out)
{
    const struct staff_money *money = report->risk->money;
    fl_text_add(out, ",\n\"money\":{\"profit_known\":%s,", money->known ? "true" : "false");
    add_missing(money, out);
    const struct money_parts parts = staff_money_parts(report);
    staff_json_money_parts(report->results, &parts, out);
    add_points(report, out);
    add_measures(report, out);
    fl_text_add(out, "}");
}
