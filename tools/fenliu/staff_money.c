/* Money: profit over headcounts around the answer, and the worth of what else a shop could do, on the same days. */
#include "staff_money.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *measure_name(enum measure measure)
{
    static const char *const names[] = {
#define MEASURE_NAME(upper, lower) #lower,
        MEASURES(MEASURE_NAME)
#undef MEASURE_NAME
    };
    return names[measure];
}

/* ---- The curve --------------------------------------------------------------------------------- */

/* What a point was simulated as, kept until all have been compared. */
struct kept {
    struct roster_scenario roster;
    struct fl_run *run;
};

struct curve {
    struct staff *staff;
    struct staff_money *money;
    uint32_t *people;    /* [shifts] the roster at the end that is being drawn */
    struct kept kept[PROFIT_POINTS];
};

/* A step further from the answer. false: nobody more can be had, or nobody is left. */
static bool take_step(const struct staff *staff, uint32_t people[], bool more)
{
    const uint32_t step = fl_knee_step(staff->report.rows[ROW_ANSWER].people);
    for (uint32_t i = 0; i < step; i++) {
        const uint32_t shift = more ? staff_shift_helped(staff, people, 1) : staff_shift_missed(staff, people, true);
        if (shift == FL_NONE) return false;
        people[shift] += more ? 1 : UINT32_MAX;
    }
    return roster_people(&staff->desk, people) > 0;
}

/* Simulates the roster and puts it at that end of the curve. */
static enum fl_status add_point(struct curve *curve, bool more)
{
    struct staff *staff = curve->staff;
    struct staff_money *money = curve->money;
    const uint32_t at = more ? money->count : 0;
    struct kept kept = { 0 };
    struct profit_point point = { .people = roster_people(&staff->desk, curve->people), .peak = roster_peak(&staff->desk, curve->people) };
    point.change = (int)point.people - (int)staff->report.rows[ROW_ANSWER].people;
    if (!roster_scenario_make(&staff->desk, curve->people, &kept.roster)) return FL_EFULL;
    for (uint32_t i = money->count; i > at; i--) {
        money->points[i] = money->points[i - 1];
        curve->kept[i] = curve->kept[i - 1];
    }
    curve->kept[at] = kept;
    money->count++;
    money->answer += !more;
    const enum fl_status status = staff_outcome_of(staff, &curve->kept[at].roster.scenario, staff->risk->days, staff->risk->base_run, &point.outcome,
                                                   &curve->kept[at].run);
    money->points[at] = point;
    if (curve->kept[at].run != NULL) curve->kept[at].run->results.scenario = NULL; /* moves with its entry; set again where it is compared */
    return status;
}

/* Draws one end: `steps` further points. *ended: there are no more. */
static enum fl_status draw_end(struct curve *curve, uint32_t people[], bool more, uint32_t steps, bool *ended)
{
    enum fl_status status = FL_OK;
    for (uint32_t i = 0; i < steps && status == FL_OK && !*ended; i++) {
        curve->people = people;
        *ended = curve->money->count == PROFIT_POINTS || !take_step(curve->staff, people, more);
        if (!*ended) status = add_point(curve, more);
    }
    return status;
}

static void find_best(struct staff_money *money)
{
    money->best = 0;
    for (uint32_t i = 1; i < money->count; i++)
        if (money->points[i].outcome.profit.value > money->points[money->best].outcome.profit.value) money->best = i;
}

static struct fl_side side_of(const struct curve *curve, uint32_t point)
{
    const struct fl_run *run = curve->kept[point].run;
    return (struct fl_side){ &curve->kept[point].roster.scenario, run->results.rows, run->results.rows_count };
}

static void judge_best(struct curve *curve)
{
    struct staff_money *money = curve->money;
    const char *none;
    const struct fl_metric *profit = fl_metric_find("profit_cny", &none);
    const struct fl_side best = side_of(curve, money->best);
    money->decided = true;
    for (uint32_t i = 0; i < money->count; i++) {
        const struct fl_side other = side_of(curve, i);
        money->points[i].of_best = fl_compare(&other, FL_NONE, &best, FL_NONE, true, profit, none);
        const bool beside = i + 1 == money->best || i == money->best + 1;
        if (beside && !(money->points[i].of_best.sure && money->points[i].of_best.low > 0)) money->decided = false;
    }
}

static enum fl_status draw_curve(struct curve *curve, uint32_t fewer[], uint32_t more[])
{
    bool no_fewer = false, no_more = false;
    struct staff_money *money = curve->money;
    curve->people = more;
    enum fl_status status = add_point(curve, true);
    money->answer = 0;
    if (status == FL_OK) status = draw_end(curve, fewer, false, PROFIT_REACH, &no_fewer);
    if (status == FL_OK) status = draw_end(curve, more, true, PROFIT_REACH, &no_more);
    for (;;) {
        find_best(money);
        const bool first = money->best == 0, last = money->best == money->count - 1;
        if (status != FL_OK || !((first && !no_fewer) || (last && !no_more))) break;
        status = first ? draw_end(curve, fewer, false, 1, &no_fewer) : draw_end(curve, more, true, 1, &no_more);
    }
    money->at_the_end = money->count > 1 && (money->best == 0 || money->best == money->count - 1);
    if (status == FL_OK) judge_best(curve);
    return status;
}

static enum fl_status curve_of(struct staff *staff)
{
    const size_t shifts = staff->desk.shifts_count, bytes = (shifts + 1) * sizeof *staff->answer.people;
    struct curve curve = { .staff = staff, .money = staff->risk->money };
    uint32_t *fewer = malloc(bytes), *more = malloc(bytes);
    enum fl_status status = FL_EFULL;
    if (fewer != NULL && more != NULL) {
        memcpy(fewer, staff->answer.people, shifts * sizeof *fewer);
        memcpy(more, staff->answer.people, shifts * sizeof *more);
        status = draw_curve(&curve, fewer, more);
    }
    for (uint32_t i = 0; i < curve.money->count; i++) {
        fl_run_free(curve.kept[i].run);
        free(curve.kept[i].roster.memory);
    }
    free(fewer);
    free(more);
    return status;
}

/* ---- Levers ------------------------------------------------------------------------------------ */

static fl_time opening(const struct fl_scenario *scenario)
{
    fl_time first = FL_TIME_NEVER;
    for (uint32_t i = 0; i < scenario->traffic.promotions_count; i++) {
        const fl_time at = scenario->traffic.promotions[i].opens_at;
        if (at > 0 && at < scenario->duration && at < first) first = at;
    }
    return first;
}

static enum fl_status make_bot(struct fl_arena *arena, const struct fl_scenario *base, const void *context, struct fl_scenario *out)
{
    return fl_world_bot(arena, base, *(const bool *)context, out);
}

struct phrases {
    bool *changed;
};

static enum fl_status make_phrases(struct fl_arena *arena, const struct fl_scenario *base, const void *context, struct fl_scenario *out)
{
    return fl_world_quick_phrases(arena, base, MORE_QUICK_PHRASES, out, ((const struct phrases *)context)->changed);
}

struct earlier {
    fl_time at;
    uint32_t *people;
    bool *changed;
};

static enum fl_status make_earlier(struct fl_arena *arena, const struct fl_scenario *base, const void *context, struct fl_scenario *out)
{
    const struct earlier *earlier = context;
    const enum fl_status status = fl_world_earlier(arena, base, earlier->at, FL_HOUR / 2, FL_HOUR, out, earlier->people);
    *earlier->changed = *earlier->people > 0;
    return status;
}

/* Makes the world, then simulates it where there is something to be changed, which making it may tell. */
static enum fl_status pull(const struct staff *staff, staff_world_make *make, const void *context, const bool *changed, struct measure_worth *worth)
{
    struct staff_world world;
    enum fl_status status = staff_world_open(&staff->proof.roster.scenario, make, context, &world);
    if (status != FL_OK) return status;
    worth->tried = *changed;
    if (worth->tried) status = staff_outcome_of(staff, &world.scenario, staff->risk->days, staff->risk->base_run, &worth->outcome, NULL);
    free(world.memory);
    return status;
}

static enum fl_status try_bot(const struct staff *staff, struct measure_worth *worth)
{
    const struct fl_scenario *base = &staff->proof.roster.scenario;
    const bool could = fl_bot_could_answer(base), on = !fl_bot_is_on(base);
    worth->is_on = !on;
    return could ? pull(staff, make_bot, &on, &could, worth) : FL_OK;
}

static enum fl_status try_phrases(const struct staff *staff, struct measure_worth *worth)
{
    bool changed = false;
    const struct phrases phrases = { &changed };
    return pull(staff, make_phrases, &phrases, &changed, worth);
}

static enum fl_status try_policy(const struct staff *staff, enum fl_policy_id policy, struct measure_worth *worth)
{
    struct fl_scenario other = staff->proof.roster.scenario;
    worth->is_on = other.routing.policy == policy;
    if (worth->is_on) return FL_OK;
    other.routing.policy = policy;
    worth->tried = true;
    return staff_outcome_of(staff, &other, staff->risk->days, staff->risk->base_run, &worth->outcome, NULL);
}

static enum fl_status try_earlier(const struct staff *staff, struct measure_worth *worth)
{
    bool changed = false;
    const struct earlier earlier = { opening(staff->scenario), &worth->people, &changed };
    return earlier.at == FL_TIME_NEVER ? FL_OK : pull(staff, make_earlier, &earlier, &changed, worth);
}

static enum fl_status try_one_more(const struct staff *staff, struct measure_worth *worth)
{
    const uint32_t shifts = staff->desk.shifts_count, shift = staff_shift_helped(staff, staff->answer.people, 1);
    if (shift == FL_NONE) return FL_OK;
    uint32_t *people = malloc((shifts + 1) * sizeof *people);
    if (people == NULL) return FL_EFULL;
    memcpy(people, staff->answer.people, shifts * sizeof *people);
    people[shift]++;
    worth->tried = true;
    worth->people = 1;
    const enum fl_status status = staff_outcome_of_roster(staff, people, staff->risk->days, staff->risk->base_run, &worth->outcome);
    free(people);
    return status;
}

static enum fl_status try_measures(struct staff *staff)
{
    struct measure_worth *measures = staff->risk->money->measures;
    staff->risk->money->measures_asked = true;
    enum fl_status status = try_one_more(staff, &measures[MEASURE_ONE_MORE]);
    if (status == FL_OK) status = try_bot(staff, &measures[MEASURE_BOT]);
    if (status == FL_OK) status = try_phrases(staff, &measures[MEASURE_QUICK_PHRASES]);
    if (status == FL_OK) status = try_policy(staff, FL_POLICY_LEAST_ACTIVE, &measures[MEASURE_LEAST_ACTIVE]);
    if (status == FL_OK) status = try_policy(staff, FL_POLICY_FEWEST_AWAITING, &measures[MEASURE_FEWEST_AWAITING]);
    if (status == FL_OK) status = try_earlier(staff, &measures[MEASURE_HOUR_BEFORE]);
    return status;
}

static struct fl_difference turned(struct fl_difference d, double factor)
{
    const double low = d.low * factor + 0., high = d.high * factor + 0.; /* no negative nothing */
    d.value = d.value * factor + 0.;
    d.low = factor < 0 ? high : low;
    d.high = factor < 0 ? low : high;
    return d;
}

bool staff_measure_worth(const struct measure_worth *measure, const struct staff_outcome *base, struct fl_difference *out, bool *cny)
{
    const double sign = measure->is_on ? -1 : 1;
    if (!measure->tried) return false;
    *cny = measure->outcome.profit_change.known;
    *out = *cny ? turned(measure->outcome.profit_change, sign) : turned(measure->outcome.left_change, -sign * base->buyers);
    return out->known;
}

/* ---- Parts of the profit ----------------------------------------------------------------------- */

static double value_of(const struct fl_results *results, const char *name)
{
    const struct fl_figure figure = fl_figure_named(results, FL_SCOPE_DESK, 0, name);
    return figure.known ? figure.value : NAN;
}

/* What is paid for hours beyond a working day beside what they would have cost within it. */
static double overtime_of(const struct staff_report *report)
{
    double sum = 0;
    for (uint32_t s = 0; s < report->desk->shifts_count; s++) {
        const uint32_t people = report->answer->people[s];
        const double hours = (double)report->desk->shifts[s].paid / FL_HOUR;
        if (people > 0 && hours > 0) sum += people * report->desk->pay[s] * (1 - hours / fl_money_hours(&report->scenario->money, hours));
    }
    return sum;
}

struct money_parts staff_money_parts_of(const struct fl_results *results)
{
    const struct fl_money *rules = &results->scenario->money;
    struct money_parts parts = { .wages = value_of(results, "wages_cny"), .penalties = value_of(results, "penalties_cny"), .sales = value_of(results, "sales_cny"),
                                 .lost_sales = value_of(results, "lost_sales_cny"), .profit = value_of(results, "profit_cny") };
    const double lost = value_of(results, "chats_abandoned") + value_of(results, "chats_rejected") + value_of(results, "chats_unserved");
    const double days = fl_time_to_s(results->scenario->duration) / 86400, labour = value_of(results, "labour_cny");
    parts.commission = rules->commission > 0 ? rules->commission * parts.sales : 0;
    parts.bonuses = rules->bonus_cny * fl_scenario_agents_count(results->scenario) * days / 30;
    parts.seats = labour - parts.wages - parts.commission - parts.bonuses;
    parts.advertising = rules->lost_contact_cny * lost;
    parts.later = rules->score_traffic > 0 ? parts.profit - (rules->margin * parts.sales - labour - parts.penalties - parts.advertising) : 0;
    return parts;
}

struct money_parts staff_money_parts(const struct staff_report *report)
{
    struct money_parts parts = staff_money_parts_of(report->results);
    parts.overtime = overtime_of(report);
    return parts;
}

/* ---- All of it --------------------------------------------------------------------------------- */

static bool has_order_value(const struct fl_scenario *scenario)
{
    bool has = !isnan(scenario->money.order_value_cny);
    for (uint32_t i = 0; i < scenario->buyers.intents_count; i++) has |= scenario->buyers.intents[i].has_order_value;
    return has;
}

enum fl_status staff_money_assess(struct staff *staff)
{
    struct staff_money *money = staff->risk->money = calloc(1, sizeof *money);
    if (money == NULL) return FL_EFULL;
    money->needs_wage = !fl_figure_named(&staff->risk->base_run->results, FL_SCOPE_DESK, 0, "wages_cny").known;
    money->needs_conversion = !fl_doubt_applies(staff->scenario, FL_DOUBT_CONVERSION);
    money->needs_order_value = !has_order_value(staff->scenario);
    money->known = staff->risk->base.profit.known;
    enum fl_status status = money->known ? curve_of(staff) : FL_OK;
    if (status == FL_OK && staff->explain) status = try_measures(staff);
    return status;
}
