/* Risk: a fifth off in every figure that may be wrong, an unlucky promotion, somebody who does not come; and the people on call that
 * follow from it. */
#include "staff_risk.h"

#include "staff_money.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_STEPS 6u /* sizes of a buffer that are tried */
#define FEARS_NAMED 2u  /* bars; they are asked how many people they take, too */

/* ---- Worlds ------------------------------------------------------------------------------------ */

struct scaled {
    enum fl_doubt doubt;
    double factor;
};

static enum fl_status make_scaled(struct fl_arena *arena, const struct fl_scenario *base, const void *context, struct fl_scenario *out)
{
    const struct scaled *how = context;
    return fl_world_scale(arena, base, how->doubt, how->factor, out);
}

enum fl_status staff_world_scaled(const struct fl_scenario *base, enum fl_doubt doubt, double factor, struct staff_world *world)
{
    const struct scaled how = { doubt, factor };
    return staff_world_open(base, make_scaled, &how, world);
}

static enum fl_status make_multiplier(struct fl_arena *arena, const struct fl_scenario *base, const void *context, struct fl_scenario *out)
{
    return fl_world_multiplier(arena, base, *(const double *)context, out);
}

static enum fl_status outcome_in(const struct staff *staff, const struct fl_scenario *roster, staff_world_make *make, const void *context,
                                 struct staff_outcome *out, struct fl_run **run)
{
    struct staff_world world;
    enum fl_status status = staff_world_open(roster, make, context, &world);
    if (status != FL_OK) return status;
    status = staff_outcome_of(staff, &world.scenario, staff->risk->days, staff->risk->base_run, out, run);
    if (status == FL_OK && run != NULL) (*run)->results.scenario = roster; /* what is asked of it; the world ends here */
    free(world.memory);
    return status;
}

/* ---- The tornado ------------------------------------------------------------------------------- */

/* How much harm a side does: days that no longer hold, then buyers who leave, then money. */
static int compare_harm(const struct staff_outcome *a, const struct staff_outcome *b)
{
    if (a->days_met != b->days_met) return a->days_met < b->days_met ? 1 : -1;
    if (a->abandonment.value != b->abandonment.value) return a->abandonment.value > b->abandonment.value ? 1 : -1;
    const double by = a->profit.known && b->profit.known ? b->profit.value - a->profit.value : 0;
    return (by > 0) - (by < 0);
}

const struct staff_outcome *staff_bar_worse(const struct staff_bar *bar)
{
    return bar->more_is_worse ? &bar->more : &bar->less;
}

uint32_t staff_fears(const struct staff_risk *risk)
{
    uint32_t fears = 0;
    while (fears < risk->bars_count && fears < FEARS_NAMED && compare_harm(staff_bar_worse(&risk->bars[fears]), &risk->base) > 0) fears++;
    return fears;
}

static void put_in_place(struct staff_risk *risk, const struct staff_bar *bar)
{
    uint32_t at = risk->bars_count++;
    for (; at > 0 && compare_harm(staff_bar_worse(bar), staff_bar_worse(&risk->bars[at - 1])) > 0; at--) risk->bars[at] = risk->bars[at - 1];
    risk->bars[at] = *bar;
}

static enum fl_status draw_bars(struct staff *staff)
{
    const struct fl_scenario *roster = &staff->proof.roster.scenario;
    enum fl_status status = FL_OK;
    for (uint32_t d = 0; d < FL_DOUBTS_COUNT && status == FL_OK; d++) {
        struct staff_bar bar = { .doubt = (enum fl_doubt)d };
        const struct scaled less = { bar.doubt, 1 - DOUBT }, more = { bar.doubt, 1 + DOUBT };
        if (!fl_doubt_applies(roster, bar.doubt)) continue;
        status = outcome_in(staff, roster, make_scaled, &less, &bar.less, NULL);
        if (status == FL_OK) status = outcome_in(staff, roster, make_scaled, &more, &bar.more, NULL);
        bar.more_is_worse = compare_harm(&bar.more, &bar.less) > 0;
        if (status == FL_OK) put_in_place(staff->risk, &bar);
    }
    return status;
}

/* What the worst would take. Traffic and replies a fifth up have been asked before. */
static enum fl_status ask_bars(struct staff *staff)
{
    enum fl_status status = FL_OK;
    if (staff->report.curve.reason == CURVE_UNREACHABLE) return FL_OK; /* no headcount does even without it */
    for (uint32_t i = 0; i < staff_fears(staff->risk) && status == FL_OK; i++) {
        struct staff_bar *bar = &staff->risk->bars[i];
        struct staff_world world;
        if (staff_bar_worse(bar)->holds) continue;
        if (bar->doubt == FL_DOUBT_TRAFFIC && bar->more_is_worse) bar->takes = staff->report.traffic_up;
        else if (bar->doubt == FL_DOUBT_REPLY_TIME && bar->more_is_worse) bar->takes = staff->report.reply_up;
        else if ((status = staff_world_scaled(staff->scenario, bar->doubt, bar->more_is_worse ? 1 + DOUBT : 1 - DOUBT, &world)) == FL_OK) {
            status = staff_ask_world(staff, &world.scenario, 1, &bar->takes);
            free(world.memory);
        }
    }
    return status;
}

/* ---- The multiplier ---------------------------------------------------------------------------- */

/* Of every day, the share of its buyers who left. */
static double *left_by_day(const struct fl_results *results)
{
    const char *none;
    const struct fl_metric *left = fl_metric_find("abandonment", &none);
    double *out = calloc(results->rows_count + 1, sizeof *out);
    for (uint32_t i = 0; out != NULL && i < results->rows_count; i++) {
        const struct fl_figure figure = fl_row_figure(results->scenario, results->rows[i], FL_NONE, left, none);
        out[i] = figure.known ? figure.value : 0;
    }
    return out;
}

static enum fl_status split_luck(struct staff *staff)
{
    static const double z[3] = { -FL_Z_90, 0, FL_Z_90 };
    struct staff_outcome *const outcome[3] = { &staff->risk->low, &staff->risk->middle, &staff->risk->high };
    double *left[3] = { NULL };
    enum fl_status status = FL_OK;
    if (!fl_multiplier_is_uncertain(staff->scenario)) return FL_OK;
    for (int m = 0; m < 3 && status == FL_OK; m++) {
        struct fl_run *run = NULL;
        status = outcome_in(staff, &staff->proof.roster.scenario, make_multiplier, &z[m], outcome[m], &run);
        if (status != FL_OK) break;
        left[m] = left_by_day(&run->results);
        if (left[m] == NULL) status = FL_EFULL;
        fl_run_free(run);
    }
    if (status == FL_OK) staff->risk->split = fl_variance_split(staff->risk->days, left[0], left[1], left[2]);
    for (int m = 0; m < 3; m++) free(left[m]);
    return status;
}

/* ---- Who does not come, and who is on call ----------------------------------------------------- */

static enum fl_status lose_one(struct staff *staff)
{
    struct staff_risk *risk = staff->risk;
    const uint32_t shifts = staff->desk.shifts_count;
    risk->absent_shift = staff_shift_missed(staff, staff->answer.people, false);
    if (risk->absent_shift == FL_NONE) return FL_OK;
    uint32_t *people = malloc((shifts + 1) * sizeof *people);
    if (people == NULL) return FL_EFULL;
    memcpy(people, staff->answer.people, shifts * sizeof *people);
    people[risk->absent_shift]--;
    const enum fl_status status = staff_outcome_of_roster(staff, people, risk->days, risk->base_run, &risk->absent);
    free(people);
    risk->buffer_absent = risk->absent.holds ? 0 : 1; /* with her replaced it is the roster that was proven */
    return status;
}

/* Chats at the multiplier's 90th percentile, over those at its mean. */
static double high_load(const struct staff *staff, const struct fl_scenario *high)
{
    const double chats = fl_traffic_expected(staff->scenario, 0, staff->scenario->duration);
    return chats > 0 ? fl_traffic_expected(high, 0, high->duration) / chats : 1;
}

/* How these people do on days of the multiplier's 90th percentile. */
static enum fl_status outcome_at_high(const struct staff *staff, const uint32_t people[], struct staff_outcome *out)
{
    static const double z = FL_Z_90;
    struct roster_scenario roster;
    if (!roster_scenario_make(&staff->desk, people, &roster)) return FL_EFULL;
    const enum fl_status status = outcome_in(staff, &roster.scenario, make_multiplier, &z, out, NULL);
    free(roster.memory);
    return status;
}

/* Adds people where they help most until the days at the multiplier's 90th percentile hold. */
static enum fl_status cover_high(struct staff *staff, double load, uint32_t people[])
{
    struct staff_risk *risk = staff->risk;
    const uint32_t step = fl_knee_step(staff->report.rows[ROW_ANSWER].people);
    enum fl_status status = FL_OK;
    struct staff_outcome outcome = risk->high;
    uint32_t added = 0;
    for (uint32_t tried = 0; !outcome.holds && status == FL_OK && tried < BUFFER_STEPS; tried++) {
        const uint32_t before = added;
        for (uint32_t i = 0; i < step; i++) {
            const uint32_t shift = staff_shift_helped(staff, people, load);
            if (shift == FL_NONE) break;
            people[shift]++;
            added++;
        }
        if (added == before) break;
        status = outcome_at_high(staff, people, &outcome);
    }
    risk->buffer_high = outcome.holds ? added : NO_BUFFER;
    return status;
}

/* One does not come on a day that large: whether those who are there for it do without her, or somebody has to stand in. */
static enum fl_status cover_both(struct staff *staff, uint32_t people[])
{
    struct staff_risk *risk = staff->risk;
    const uint32_t shift = staff_shift_missed(staff, people, false);
    struct staff_outcome outcome;
    if (shift == FL_NONE || risk->buffer_high == NO_BUFFER) return FL_OK;
    people[shift]--;
    const enum fl_status status = outcome_at_high(staff, people, &outcome);
    people[shift]++;
    if (status == FL_OK) risk->buffer_both = risk->buffer_high + (outcome.holds ? 0 : 1);
    return status;
}

/* For the high multiplier: on_call[] becomes whom it takes. */
static enum fl_status size_for_high(struct staff *staff)
{
    struct staff_risk *risk = staff->risk;
    static const double z = FL_Z_90;
    struct staff_world world;
    enum fl_status status = staff_world_open(staff->scenario, make_multiplier, &z, &world);
    if (status != FL_OK) return status;
    const double load = high_load(staff, &world.scenario);
    free(world.memory);
    const uint32_t shifts = staff->desk.shifts_count;
    memcpy(risk->on_call, staff->answer.people, shifts * sizeof *risk->on_call);
    status = cover_high(staff, load, risk->on_call);
    if (status == FL_OK) status = cover_both(staff, risk->on_call);
    for (uint32_t s = 0; s < shifts; s++) risk->on_call[s] = risk->buffer_high == NO_BUFFER ? 0 : risk->on_call[s] - staff->answer.people[s];
    return status;
}

/* The larger buffer; where none does for the high multiplier, that for an absent one. */
static enum fl_status size_buffer(struct staff *staff)
{
    struct staff_risk *risk = staff->risk;
    enum fl_status status = FL_OK;
    risk->on_call = calloc(staff->desk.shifts_count + 1, sizeof *risk->on_call);
    if (risk->on_call == NULL) return FL_EFULL;
    risk->buffer_both = NO_BUFFER;
    risk->has_buffer = risk->base.days_met > 0;
    if (!risk->has_buffer) return FL_OK;
    if (risk->high.known) status = size_for_high(staff);
    const bool is_none = risk->buffer_high == 0 || risk->buffer_high == NO_BUFFER;
    if (status == FL_OK && risk->absent_shift != FL_NONE && is_none) risk->on_call[risk->absent_shift] = risk->buffer_absent;
    return status;
}

/* ---- All of it --------------------------------------------------------------------------------- */

static uint32_t days_of(const struct staff *staff)
{
    const uint32_t proven = staff->proof.results.rows_count;
    double days = RISK_CHATS / fmax(staff->report.chats, 1);
    if (days < RISK_DAYS_LEAST) days = RISK_DAYS_LEAST;
    if (days > RISK_DAYS_MOST) days = RISK_DAYS_MOST;
    return proven < days ? proven : (uint32_t)days;
}

enum fl_status staff_risk_assess(struct staff *staff)
{
    struct staff_risk *risk = staff->risk = calloc(1, sizeof *risk);
    if (risk == NULL) return FL_EFULL;
    risk->absent_shift = FL_NONE;
    risk->days = days_of(staff);
    enum fl_status status = staff_outcome_of(staff, &staff->proof.roster.scenario, risk->days, NULL, &risk->base, &risk->base_run);
    if (status == FL_OK) status = draw_bars(staff);
    if (status == FL_OK) status = split_luck(staff);
    if (status == FL_OK) status = lose_one(staff);
    if (status == FL_OK) status = size_buffer(staff);
    if (status == FL_OK) status = ask_bars(staff);
    if (status == FL_OK) status = staff_money_assess(staff);
    if (status == FL_OK) staff->report.risk = risk; /* all of it or nothing: the answer may be printed without */
    return status;
}

void staff_risk_free(struct staff_risk *risk)
{
    if (risk == NULL) return;
    fl_run_free(risk->base_run);
    free(risk->on_call);
    free(risk->money);
    free(risk);
}
