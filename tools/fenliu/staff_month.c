/* A week or a month: kinds of day, their rosters, the months that try them. */
#include "staff_month.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ALIKE_MORE 1.02   /* an hour of a date may bring this much more than that of the date whose roster it shares ... */
#define ALIKE_LEAST 0.93  /* ... and all of it no less than this share, else it has a roster of its own */
#define ALIKE_CHATS 0.5   /* differences of fewer chats in an hour say nothing */
#define MONTH_CHATS 4e6   /* simulated, at most about: some seconds */
#define MONTHS_LEAST 20u
#define MONTHS_MOST 200u
#define REPAIRS_MAX 8u    /* times that dates which miss are mended */
#define SLOW_SHARE 0.2    /* what learners may fill of a date that misses, before it is nothing */
#define REPAIR_PART 4u    /* of the months are simulated before the last time */
#define CELLS (24u * FL_PHASES)

/* ---- Dates -------------------------------------------------------------------------------------- */

struct profile {
    double cell[CELLS], sum; /* expected chats by hour and phase */
};

static struct profile profile_of(const struct fl_traffic_plan *plan, uint32_t date)
{
    struct profile profile = { .sum = 0 };
    const fl_time end = plan->scenario->duration;
    for (uint32_t i = 0; i < CELLS; i++) {
        const fl_time from = date * FL_DAY + i / FL_PHASES * FL_HOUR, to = from + FL_HOUR < end ? from + FL_HOUR : end;
        if (from >= end) break;
        profile.cell[i] = fl_traffic_expected_phase(plan, i % FL_PHASES, from, to);
        profile.sum += profile.cell[i];
    }
    return profile;
}

/* Something happens on it that other dates do not have: pushes, meetings, what befalls everybody; or it is shorter. */
static bool is_special(const struct fl_scenario *base, uint32_t date)
{
    const fl_time from = date * FL_DAY, to = from + FL_DAY;
    bool special = to > base->duration || (date == 0 && base->desk.backlog > 0);
    for (uint32_t i = 0; i < base->traffic.pushes_count; i++) special |= base->traffic.pushes[i].at >= from && base->traffic.pushes[i].at < to;
    for (uint32_t i = 0; i < base->desk.meetings_count; i++) special |= base->desk.meetings[i].at >= from && base->desk.meetings[i].at < to;
    for (uint32_t i = 0; i < base->events_count; i++)
        special |= base->events[i].agent == FL_NONE && base->events[i].at < to && base->events[i].at + base->events[i].length > from;
    return special;
}

/* The uncertainty of promotions differs where the same chats come from another mixture. */
static bool is_uncertain(const struct fl_scenario *base, uint32_t date)
{
    bool uncertain = false;
    for (uint32_t i = 0; i < base->traffic.promotions_count; i++) {
        const struct fl_promotion *const promotion = &base->traffic.promotions[i];
        uncertain |= promotion->multiplier_sigma > 0 && promotion->opens_at < (date + 1) * FL_DAY && promotion->closes_at > date * FL_DAY;
    }
    return uncertain;
}

static bool is_alike(const struct profile *leader, const struct profile *other)
{
    if (other->sum < ALIKE_LEAST * leader->sum) return false;
    for (uint32_t i = 0; i < CELLS; i++)
        if (other->cell[i] > ALIKE_MORE * leader->cell[i] + ALIKE_CHATS) return false;
    return true;
}

/* The busiest first, each takes those that are like it and no busier: a date is never planned with the roster of a quieter one. */
static void find_kinds(struct staff_month *month, const struct profile profiles[])
{
    const struct fl_scenario *const base = month->staff->scenario;
    for (uint32_t d = 0; d < month->dates; d++) {
        month->date[d].kind = FL_NONE;
        month->date[d].slow_share = 1;
    }
    for (;;) {
        uint32_t leader = FL_NONE;
        for (uint32_t d = 0; d < month->dates; d++)
            if (month->date[d].kind == FL_NONE && (leader == FL_NONE || profiles[d].sum > profiles[leader].sum)) leader = d;
        if (leader == FL_NONE) return;
        struct month_kind *const kind = &month->kinds[month->kinds_count];
        kind->date = leader;
        for (uint32_t d = 0; d < month->dates; d++) {
            const bool same = d == leader || (!is_special(base, leader) && !is_special(base, d) && is_uncertain(base, leader) == is_uncertain(base, d) &&
                                              is_alike(&profiles[leader], &profiles[d]));
            if (month->date[d].kind == FL_NONE && same) month->date[d].kind = month->kinds_count;
        }
        month->kinds_count++;
    }
}

static enum fl_status find_dates(struct staff_month *month)
{
    struct fl_traffic_plan plan;
    void *memory = NULL;
    struct profile *const profiles = calloc(month->dates, sizeof *profiles);
    enum fl_status status = profiles != NULL && staff_traffic_plan(month->staff->scenario, &plan, &memory) ? FL_OK : FL_EFULL;
    for (uint32_t d = 0; status == FL_OK && d < month->dates; d++) {
        const fl_time to = (d + 1) * FL_DAY < month->staff->scenario->duration ? (d + 1) * FL_DAY : month->staff->scenario->duration;
        profiles[d] = profile_of(&plan, d);
        month->date[d].chats = fl_traffic_expected(month->staff->scenario, d * FL_DAY, to);
    }
    if (status == FL_OK) find_kinds(month, profiles);
    free(profiles);
    free(memory);
    return status;
}

/* ---- Rosters ------------------------------------------------------------------------------------ */

/* Whom the places for some groups are counted in: half of the people who answer them are no slower and half no faster, learners apart; the first
 * of equals. */
static uint32_t typical_of(const struct fl_scenario *base, uint64_t groups)
{
    const uint64_t all = staff_all_groups(base);
    uint32_t best = FL_NONE;
    int64_t least = INT64_MAX;
    bool learns = true;
    for (uint32_t d = 0; d < base->desk.agents_count; d++) {
        const struct fl_agent_def *const def = &base->desk.agents[d];
        int64_t faster = 0; /* people, those who are slower taken off */
        if (((def->groups ^ groups) & all) != 0) continue;
        for (uint32_t e = 0; e < base->desk.agents_count; e++) {
            const struct fl_agent_def *const other = &base->desk.agents[e];
            const double difference = staff_desk_speed(base, other) - staff_desk_speed(base, def);
            if (((other->groups ^ groups) & all) == 0 && !other->has_learning) faster += difference > 0 ? other->count : difference < 0 ? -(int64_t)other->count : 0;
        }
        if (faster < 0) faster = -faster;
        if (best != FL_NONE && (def->has_learning != learns ? def->has_learning : faster >= least)) continue;
        best = d;
        least = faster;
        learns = def->has_learning;
    }
    return best;
}

/* A date's world for planning: places are filled by typical people at their full speed who are there, whoever that will be. */
static void make_plain(const struct fl_scenario *whole, struct fl_scenario *scenario, struct fl_objective objectives[])
{
    struct fl_agent_def *const agents = (struct fl_agent_def *)(uintptr_t)scenario->desk.agents; /* the cut's own copy */
    struct fl_event_def *const events = (struct fl_event_def *)(uintptr_t)scenario->events;
    uint32_t kept = 0;
    for (uint32_t d = 0; d < scenario->desk.agents_count; d++) {
        const struct fl_agent_def own = agents[d];
        agents[d] = whole->desk.agents[typical_of(whole, own.groups)];
        agents[d].name = own.name;
        agents[d].count = own.count;
        agents[d].main_account = own.main_account;
        agents[d].proxy_account = own.proxy_account;
    }
    for (uint32_t d = 0; d < scenario->desk.agents_count; d++) {
        agents[d].from = -FL_TIME_NEVER;
        agents[d].until = FL_TIME_NEVER;
        agents[d].training = 0;
        agents[d].has_learning = false;
        agents[d].rota_count = agents[d].away_count = 0;
    }
    for (uint32_t e = 0; e < scenario->events_count; e++)
        if (events[e].agent == FL_NONE) events[kept++] = events[e];
    scenario->events_count = kept;
    for (uint32_t i = 0; i < scenario->objectives_count; i++) {
        objectives[i] = scenario->objectives[i];
        if (objectives[i].per == FL_PER_DATE) objectives[i].per = FL_PER_DAY; /* it is the day */
    }
    scenario->objectives = objectives;
    /* Who writes again did so on dates before, too: as many as go on being served. */
    scenario->traffic.scale /= 1 - fmin(scenario->buyers.next_visit.probability, 0.9);
    scenario->buyers.next_visit.probability = 0;
    scenario->desk.has_attrition = false;
    scenario->staffing.hire_count = scenario->staffing.people_count = 0;
    scenario->staffing.has_labour = false;
}

static enum fl_status search_kind(struct staff_month *month, struct month_kind *kind)
{
    const struct staff *const whole = month->staff;
    struct staff *const staff = &kind->staff;
    kind->objectives = malloc((whole->scenario->objectives_count + 1) * sizeof *kind->objectives);
    if (kind->objectives == NULL || !fl_scenario_cut(whole->scenario, kind->date * FL_DAY, FL_DAY, &kind->cut)) return FL_EFULL;
    make_plain(whole->scenario, &kind->cut.scenario, kind->objectives);
    *staff = (struct staff){ .options = whole->options, .full = true, .scenario = &kind->cut.scenario, .progress = whole->progress,
                             .work_share = 1.0 / month->kinds_count };
    const enum fl_status opened = staff_desk_open(&staff->desk, staff->scenario);
    if (opened != FL_OK) return opened;
    staff->desk.speed_factor = whole->desk.speed_factor;
    staff->report = (struct staff_report){ .scenario = staff->scenario, .desk = &staff->desk, .answer = &staff->answer, .seed = whole->report.seed };
    if (!staff_answer_open(&staff->answer, staff)) return FL_EFULL;
    const enum fl_status status = staff_roster_find(staff);
    kind->searched = status == FL_OK;
    return status;
}

static void kind_close(struct month_kind *kind)
{
    staff_answer_close(&kind->staff.answer);
    staff_proof_close(&kind->staff.proof);
    staff_proof_close(&kind->staff.proof_before);
    staff_desk_close(&kind->staff.desk);
    fl_cut_free(&kind->cut);
    free(kind->objectives);
}

/* ---- The period's shifts ------------------------------------------------------------------------ */

/* Where one more helps most on a date. */
static uint32_t helps_most(const struct month_kind *kind)
{
    const struct fl_staff_answer *const answer = &kind->staff.answer;
    if (answer->more != FL_NONE && answer->more < kind->staff.desk.shifts_count) return answer->more;
    uint32_t most = FL_NONE;
    for (uint32_t s = 0; s < kind->staff.desk.shifts_count; s++)
        if (answer->people[s] > 0 && (most == FL_NONE || answer->people[s] > answer->people[most])) most = s;
    return most;
}

/* The used shift that comes after `last` in the order of people, fewest first: there somebody who is missing is missed most. FL_NONE: none. */
static uint32_t next_fewest(const struct month_kind *kind, uint32_t last)
{
    const uint32_t *const people = kind->staff.answer.people;
    uint32_t best = FL_NONE;
    for (uint32_t s = 0; s < kind->staff.desk.shifts_count; s++) {
        if (people[s] == 0 || (last != FL_NONE && (people[s] < people[last] || (people[s] == people[last] && s <= last)))) continue;
        if (best == FL_NONE || people[s] < people[best]) best = s;
    }
    return best;
}

/* Of the places that a date has been given more, those on a shift: the first where one more helps most, then one on each in turn. */
static uint32_t more_on(const struct month_kind *kind, uint32_t more, uint32_t candidate)
{
    uint32_t on = more > 0 && candidate == helps_most(kind), last = FL_NONE;
    for (uint32_t given = 1; given < more; given++) {
        last = next_fewest(kind, last);
        if (last == FL_NONE) last = next_fewest(kind, last);
        on += last == candidate;
    }
    return on;
}

static uint32_t people_on(const struct staff_month *month, uint32_t date, uint32_t candidate)
{
    const struct month_kind *const kind = &month->kinds[month->date[date].kind];
    return kind->staff.answer.people[candidate] + more_on(kind, month->date[date].more, candidate);
}

static uint32_t peak_of(const struct staff_month *month, uint32_t date)
{
    const struct staff_desk *const desk = &month->kinds[month->date[date].kind].staff.desk;
    uint32_t peak = 0;
    for (uint32_t at = 0; at < desk->shifts_count; at++) {
        uint32_t on = 0;
        for (uint32_t s = 0; s < desk->shifts_count; s++)
            if (desk->shifts[s].from <= desk->shifts[at].from && desk->shifts[at].from < desk->shifts[s].to) on += people_on(month, date, s);
        peak = on > peak ? on : peak;
    }
    return peak;
}

/* As candidates of the period's desk. */
enum fl_status staff_month_shifts(struct staff_month *month)
{
    uint32_t count = 0;
    for (uint32_t pass = 0; pass < 2; pass++) {
        count = 0;
        for (uint32_t d = 0; d < month->dates; d++) {
            const struct staff_desk *const desk = &month->kinds[month->date[d].kind].staff.desk;
            if (pass == 1) month->date[d].places = 0;
            for (uint32_t s = 0; s < desk->shifts_count; s++) {
                const uint32_t people = people_on(month, d, s);
                if (people == 0) continue;
                if (pass == 1) {
                    month->shifts[count] = (struct month_shift){ .date = d, .pool = (uint32_t)(staff_desk_kind(desk, s) - desk->kinds), .candidate = s, .people = people };
                    month->desk.shifts[count] = desk->shifts[s];
                    month->desk.shifts[count].from += d * FL_DAY;
                    month->desk.shifts[count].to += d * FL_DAY;
                    month->desk.pay[count] = desk->pay[s];
                    month->date[d].places += people;
                }
                count++;
            }
            if (pass == 1) month->date[d].peak = peak_of(month, d);
        }
        if (pass == 1) break;
        free(month->shifts);
        free(month->desk.shifts);
        free(month->desk.pay);
        month->shifts = calloc(count + 1, sizeof *month->shifts);
        month->desk.shifts = calloc(count + 1, sizeof *month->desk.shifts);
        month->desk.pay = calloc(count + 1, sizeof *month->desk.pay);
        if (month->shifts == NULL || month->desk.shifts == NULL || month->desk.pay == NULL) return FL_EFULL;
    }
    month->shifts_count = month->desk.shifts_count = count;
    return FL_OK;
}

/* ---- Months ------------------------------------------------------------------------------------- */

static uint32_t months_of(const struct staff_month *month)
{
    const double chats = fl_traffic_expected(month->staff->scenario, 0, month->staff->scenario->duration);
    const double most = fmin(MONTHS_MOST, month->staff->scenario->staffing.replications);
    return (uint32_t)fmax(fmin(MONTHS_LEAST, most), fmin(most, floor(MONTH_CHATS / fmax(chats, 1))));
}

static enum fl_status simulate_months(struct staff_month *month, uint32_t months)
{
    struct fl_run *run = NULL;
    const enum fl_status status = staff_days(month->staff, &month->named, months, &run);
    if (status != FL_OK) return status;
    month->months = run->results.rows_count;
    for (uint32_t d = 0; d < month->dates; d++) month->date[d].days_met = fl_dates_met(&run->results, d);
    const struct fl_figure wages = fl_figure_named(&run->results, FL_SCOPE_DESK, 0, "wages_cny");
    month->wages = wages.known ? wages.value : NAN;
    fl_run_free(month->run);
    month->run = run;
    return FL_OK;
}

double staff_month_wanted(const struct staff_month *month)
{
    const struct fl_staffing_def *const staffing = &month->staff->scenario->staffing;
    return staffing->judge == FL_JUDGE_MEAN ? 0.5 : staffing->day_probability; /* what holds on average holds on about half of the days */
}

bool staff_month_holds(const struct staff_month *month, uint32_t date)
{
    const double wanted = staff_month_wanted(month);
    const struct month_kind *const kind = &month->kinds[month->date[date].kind];
    if (month->months == 0) return kind->searched && kind->staff.answer.proven;
    return month->date[date].days_met >= wanted * month->months - 1e-9;
}

/* Dates whose own days were shown to hold, and that miss in the months: however many learners there are, each of their answers takes long, so
 * where there are any fewer may fill places; else there is a place more, or two where it misses by far. Where nobody can be had for a place one
 * more is none. */
static bool mend_dates(struct staff_month *month)
{
    const double wanted = staff_month_wanted(month);
    bool any = false;
    for (uint32_t d = 0; d < month->dates; d++) {
        struct month_date *const date = &month->date[d];
        const struct month_kind *const kind = &month->kinds[date->kind];
        if (staff_month_holds(month, d) || !kind->staff.answer.proven || helps_most(kind) == FL_NONE || date->open > 0) continue;
        if (date->slow && date->slow_share > 0) date->slow_share = date->slow_share > SLOW_SHARE ? SLOW_SHARE : 0;
        else date->more += 2 * date->days_met < wanted * month->months ? 2 : 1;
        any = true;
    }
    return any;
}

/* ---- The plan ----------------------------------------------------------------------------------- */

/* The desk of the period: the pools, which are the kinds of every date, and after them the kinds to hire. */
static enum fl_status open_desk(struct staff_month *month)
{
    const struct staff_desk *const day = &month->kinds[0].staff.desk;
    struct staff_desk *const desk = &month->desk;
    *desk = (struct staff_desk){ .base = month->staff->scenario, .speed_factor = month->staff->desk.speed_factor, .extra_name = day->extra_name };
    month->pools_count = day->kinds_count;
    if (month->pools_count > FL_HIRING_POOLS_MAX) return FL_ERANGE;
    memcpy(desk->kinds, day->kinds, day->kinds_count * sizeof *desk->kinds);
    desk->kinds_count = day->kinds_count;
    for (uint32_t k = 0; k < desk->kinds_count; k++) desk->kinds[k].definition = typical_of(desk->base, desk->base->desk.agents[desk->kinds[k].definition].groups);
    memcpy(desk->template_speed, day->template_speed, sizeof desk->template_speed);
    desk->kind_of = malloc(desk->base->desk.agents_count * sizeof *desk->kind_of);
    if (desk->kind_of == NULL) return FL_EFULL;
    memcpy(desk->kind_of, day->kind_of, desk->base->desk.agents_count * sizeof *desk->kind_of);
    staff_desk_add_hires(desk);
    return FL_OK;
}

static void say_progress(const struct staff_month *month, uint32_t done)
{
    if (month->staff->progress.quiet) return;
    fprintf(stderr, month->staff->progress.terminal ? "\rstaff: %u of %u kinds of day have a roster                    " : "staff: %u of %u kinds of day have a roster\n", done,
            month->kinds_count);
}

static enum fl_status search_kinds(struct staff_month *month)
{
    enum fl_status status = FL_OK;
    for (uint32_t k = 0; status == FL_OK && k < month->kinds_count; k++) {
        say_progress(month, k);
        status = search_kind(month, &month->kinds[k]);
    }
    return status;
}

/* People for the shifts as they stand, and the months with them. */
static enum fl_status try_people(struct staff_month *month, uint32_t months)
{
    enum fl_status status = staff_month_shifts(month);
    if (status == FL_OK) status = staff_month_team(month);
    return status == FL_OK ? simulate_months(month, months) : status;
}

/* How near the dates are to being met as often as wanted, in dates. */
static double how_good(const struct staff_month *month)
{
    const double wanted = staff_month_wanted(month);
    double good = 0;
    for (uint32_t d = 0; d < month->dates; d++) good += fmin(1, (double)month->date[d].days_met / month->months / wanted);
    return good;
}

/* Mends what misses, again and again; what was best is taken, since each time everybody's shifts are dealt anew. */
static enum fl_status mend(struct staff_month *month, uint32_t months)
{
    const size_t bytes = month->dates * sizeof *month->date;
    struct month_date *const best = malloc(bytes);
    if (best == NULL) return FL_EFULL;
    double most = how_good(month);
    bool last_is_best = true;
    enum fl_status status = FL_OK;
    memcpy(best, month->date, bytes);
    for (uint32_t round = 0; round < REPAIRS_MAX && status == FL_OK && mend_dates(month); round++) {
        status = try_people(month, months);
        last_is_best = status == FL_OK && how_good(month) > most;
        if (!last_is_best) continue;
        most = how_good(month);
        memcpy(best, month->date, bytes);
    }
    if (status == FL_OK && !last_is_best) {
        memcpy(month->date, best, bytes);
        status = try_people(month, months);
    }
    free(best);
    return status;
}

enum fl_status staff_month_plan(struct staff *staff, struct staff_month *out)
{
    *out = (struct staff_month){ .staff = staff, .dates = fl_scenario_dates(staff->scenario), .wages = NAN, .hiring_cny = NAN };
    out->date = calloc(out->dates, sizeof *out->date);
    out->kinds = calloc(out->dates, sizeof *out->kinds);
    if (out->date == NULL || out->kinds == NULL) return FL_EFULL;
    const uint32_t months = months_of(out), few = months / REPAIR_PART > MONTHS_LEAST ? months / REPAIR_PART : months;
    enum fl_status status = find_dates(out);
    if (status == FL_OK) status = search_kinds(out);
    if (status == FL_EINTERRUPTED && out->kinds[0].staff.answer.people != NULL && open_desk(out) == FL_OK) (void)staff_month_shifts(out); /* what there is so far */
    if (status == FL_OK) status = open_desk(out);
    if (status == FL_OK) status = staff_month_people(out);
    if (status == FL_OK) status = try_people(out, few);
    if (status == FL_OK) status = mend(out, few);
    if (status == FL_OK && few < months) status = simulate_months(out, months);
    return status == FL_OK ? staff_month_assess(out, few) : status;
}

void staff_month_close(struct staff_month *month)
{
    for (uint32_t k = 0; k < month->kinds_count; k++) kind_close(&month->kinds[k]);
    fl_run_free(month->run);
    staff_month_risk_free(&month->risk);
    staff_team_close(&month->team);
    staff_desk_close(&month->desk);
    free(month->date);
    free(month->kinds);
    free(month->shifts);
    free(month->sources);
    free(month->hiring.taken);
    free(month->hiring.at_work);
    free(month->hiring.missing);
    free(month->wanted_more);
    free(month->star_on);
    free(month->star_off);
    free(month->whom);
    free(month->survival);
    free(month->named_memory);
    *month = (struct staff_month){ 0 };
}
