/* What may go wrong with a month's plan: the same months and people where something is otherwise, and whom it takes where more buyers come. */
#include "staff_money.h"
#include "staff_month.h"

#include <stdlib.h>
#include <string.h>

/* ---- Figures of a world ------------------------------------------------------------------------- */

static bool world_fill(const struct staff_month *month, const struct fl_results *results, uint32_t months, struct month_world *out)
{
    struct fl_results first = *results; /* the same months of every world */
    first.rows_count = months;
    out->misses = calloc(month->dates + 1, sizeof *out->misses);
    if (out->misses == NULL) return false;
    for (uint32_t d = 0; d < month->dates; d++) {
        const uint32_t met = fl_dates_met(&first, d);
        out->misses[d] = met < staff_month_wanted(month) * months - 1e-9;
        out->dates_held += !out->misses[d];
        out->dates_met += (double)met / months;
    }
    out->abandonment = fl_figure_named(results, FL_SCOPE_DESK, 0, "abandonment");
    out->profit = fl_figure_named(results, FL_SCOPE_DESK, 0, "profit_cny");
    out->known = true;
    return true;
}

static enum fl_status world_of(const struct staff_month *month, const struct fl_scenario *scenario, struct month_world *out)
{
    struct fl_run *run = NULL;
    enum fl_status status = staff_days(month->staff, scenario, month->risk.months, &run);
    if (status != FL_OK) return status;
    if (!world_fill(month, &run->results, month->risk.months, out)) status = FL_EFULL;
    fl_run_free(run);
    return status;
}

/* ---- A fifth off -------------------------------------------------------------------------------- */

static enum fl_status scaled(const struct staff_month *month, enum fl_doubt doubt, struct month_world *out)
{
    struct staff_world world;
    enum fl_status status = staff_world_scaled(&month->named, doubt, 1 + DOUBT, &world);
    if (status != FL_OK) return status;
    status = world_of(month, &world.scenario, out);
    free(world.memory);
    return status;
}

/* ---- One absent --------------------------------------------------------------------------------- */

/* The place of a date whose person is missed most: on the shift with the fewest people, the first of equals. FL_NONE: nobody works. */
static uint32_t place_missed(const struct staff_month *month, uint32_t date)
{
    uint32_t best = FL_NONE, fewest = FL_NONE;
    for (uint32_t i = 0; i < month->team.places_count; i++) {
        const struct fl_team_place *const place = &month->team.team.places[i];
        const struct month_shift *const shift = &month->shifts[month->team.shift_of[place->duty]];
        if (place->member == FL_NONE || shift->date != date || (best != FL_NONE && shift->works >= fewest)) continue;
        best = i;
        fewest = shift->works;
    }
    return best;
}

/* The months in which one person is absent on every date. */
static enum fl_status one_absent(const struct staff_month *month, struct month_world *out)
{
    struct fl_scenario without = month->named;
    const uint32_t agents = without.desk.agents_count, days = month->team.days;
    struct fl_agent_def *const defs = malloc(agents * sizeof *defs);
    uint32_t *const rotas = malloc(((size_t)agents * days + 1) * sizeof *rotas);
    enum fl_status status = defs != NULL && rotas != NULL ? FL_OK : FL_EFULL;
    if (status == FL_OK) {
        memcpy(defs, without.desk.agents, agents * sizeof *defs);
        for (uint32_t a = 0; a < agents; a++) {
            if (defs[a].rota_count == 0) continue;
            memcpy(rotas + (size_t)a * days, defs[a].rota, days * sizeof *rotas);
            defs[a].rota = rotas + (size_t)a * days;
        }
        for (uint32_t d = 0; d < month->dates; d++) {
            const uint32_t missed = place_missed(month, d);
            if (missed == FL_NONE) continue;
            const struct fl_team_place *const place = &month->team.team.places[missed];
            rotas[(size_t)staff_month_agent(month, place->member, place->person) * days + month->team.problem.duties[place->duty].day] = FL_NONE;
        }
        without.desk.agents = defs;
        status = world_of(month, &without, out);
    }
    free(defs);
    free(rotas);
    return status;
}

/* ---- Whom it takes ------------------------------------------------------------------------------ */

/* Whether some date of a kind holds as planned and not where more buyers come. */
static bool is_missed(const struct staff_month *month, uint32_t kind)
{
    bool missed = false;
    for (uint32_t d = 0; d < month->dates; d++) missed |= month->date[d].kind == kind && month->risk.traffic.misses[d] && !month->risk.base.misses[d];
    return missed;
}

/* The roster of each kind of day where so many times the buyers come: its own where that holds all the same, else found as a what-if is.
 * *possible: each has one. */
static enum fl_status search_kinds(const struct staff_month *month, double traffic, struct month_kind kinds[], bool *possible)
{
    enum fl_status status = FL_OK;
    *possible = true;
    for (uint32_t k = 0; status == FL_OK && *possible && k < month->kinds_count; k++) {
        struct staff *const staff = &month->kinds[k].staff;
        const struct fl_scenario *const base = staff->desk.base;
        struct fl_scenario other = *base;
        struct fl_staff_answer *const answer = &kinds[k].staff.answer;
        other.traffic.scale *= traffic;
        *answer = (struct fl_staff_answer){ 0 };
        if (!staff_answer_open(answer, staff)) return FL_EFULL;
        staff->desk.base = &other;
        if (is_missed(month, k)) status = staff_search(staff, true, answer);
        staff->desk.base = base;
        answer->more = staff->answer.more; /* where the places go that the period has added */
        *possible = status != FL_EINFEASIBLE;
        if (status == FL_EINFEASIBLE) status = FL_OK;
        for (uint32_t s = 0; s < staff->desk.shifts_count; s++) /* a search of its own may find fewer on a quiet shift: nobody is sent home */
            if (answer->people[s] < staff->answer.people[s]) answer->people[s] = staff->answer.people[s];
    }
    return status;
}

/* The month's people anew, for these rosters; what depends on them is another's, the rest is shared. */
static enum fl_status people_for(const struct staff_month *month, struct month_kind kinds[], struct month_needs *out)
{
    const size_t sources = month->sources_count, cells = (size_t)month->dates * month->pools_count;
    struct staff_month other = *month;
    other.kinds = kinds;
    other.team = (struct staff_team){ 0 };
    other.shifts = NULL;
    other.desk.shifts = NULL;
    other.desk.pay = NULL;
    other.whom = NULL;
    other.named_memory = NULL;
    other.date = malloc(month->dates * sizeof *other.date);
    other.sources = malloc((sources + 1) * sizeof *other.sources);
    other.wanted_more = calloc(cells + 1, sizeof *other.wanted_more);
    other.star_on = malloc((sources * month->dates + 1) * sizeof *other.star_on);
    other.star_off = malloc((sources * month->dates + 1) * sizeof *other.star_off);
    other.hiring = (struct fl_hiring){ .taken = calloc(sources + 1, sizeof *other.hiring.taken), .at_work = calloc(sources * cells + 1, sizeof *other.hiring.at_work),
                                       .missing = calloc(cells + 1, sizeof *other.hiring.missing) };
    enum fl_status status = FL_EFULL;
    if (other.date != NULL && other.sources != NULL && other.wanted_more != NULL && other.star_on != NULL && other.star_off != NULL && other.hiring.taken != NULL &&
        other.hiring.at_work != NULL && other.hiring.missing != NULL) {
        memcpy(other.date, month->date, month->dates * sizeof *other.date);
        memcpy(other.sources, month->sources, sources * sizeof *other.sources);
        status = staff_month_shifts(&other);
        if (status == FL_OK) status = staff_month_team(&other);
    }
    if (status == FL_OK) {
        *out = (struct month_needs){ .known = true, .possible = true, .open = other.team.team.open, .payroll = other.team.own + other.team.hired, .hired = other.team.hired };
        for (uint32_t d = 0; d < month->dates; d++) out->at_once = other.date[d].peak > out->at_once ? other.date[d].peak : out->at_once;
    }
    staff_team_close(&other.team);
    free(other.shifts);
    free(other.desk.shifts);
    free(other.desk.pay);
    free(other.whom);
    free(other.named_memory);
    free(other.date);
    free(other.sources);
    free(other.wanted_more);
    free(other.star_on);
    free(other.star_off);
    free(other.hiring.taken);
    free(other.hiring.at_work);
    free(other.hiring.missing);
    return status;
}

static enum fl_status needs_of(const struct staff_month *month, double traffic, struct month_needs *out)
{
    struct month_kind *const kinds = malloc(month->kinds_count * sizeof *kinds);
    bool possible;
    if (kinds == NULL) return FL_EFULL;
    memcpy(kinds, month->kinds, month->kinds_count * sizeof *kinds);
    for (uint32_t k = 0; k < month->kinds_count; k++) kinds[k].staff.answer = (struct fl_staff_answer){ 0 };
    enum fl_status status = search_kinds(month, traffic, kinds, &possible);
    if (status == FL_OK && possible) status = people_for(month, kinds, out);
    else if (status == FL_OK) *out = (struct month_needs){ .known = true };
    for (uint32_t k = 0; k < month->kinds_count; k++) staff_answer_close(&kinds[k].staff.answer);
    free(kinds);
    return status;
}

/* ---- All of it ---------------------------------------------------------------------------------- */

enum fl_status staff_month_assess(struct staff_month *month, uint32_t months)
{
    struct month_risk *const risk = &month->risk;
    if (!month->team.known || month->run == NULL) return FL_OK;
    risk->months = months < month->months ? months : month->months;
    enum fl_status status = world_fill(month, &month->run->results, risk->months, &risk->base) ? FL_OK : FL_EFULL;
    if (status == FL_OK) status = scaled(month, FL_DOUBT_TRAFFIC, &risk->traffic);
    if (status == FL_OK) status = scaled(month, FL_DOUBT_REPLY_TIME, &risk->replies);
    if (status == FL_OK) status = one_absent(month, &risk->absent);
    if (status == FL_OK) status = needs_of(month, 1 + DOUBT, &risk->takes);
    risk->known = status == FL_OK;
    return status;
}

void staff_month_risk_free(struct month_risk *risk)
{
    free(risk->base.misses);
    free(risk->traffic.misses);
    free(risk->replies.misses);
    free(risk->absent.misses);
}
