/* From the places of a period's dates to people: who is there, who is taken on and when, who works when. */
#include "scenario/tenure.h"
#include "staff_month.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WHOLE 0.95         /* who is worth less of a place shares one with others */
#define STAR 2.0           /* who is worth so much takes that many places, whole ones */
#define STAR_OVERLAP 0.75  /* of a place's hours have to be hers */
#define SLOW 0.75          /* who is worth less answers so slowly that it shows in the date's figures */
#define TRAINING_HOURS 8.0 /* paid on each day of training */
#define HIRE_EVERY 7u      /* days between two dates on which people of a kind may begin */
#define BEGIN_MOST 8u      /* such dates of a kind */
#define PLANS_MAX 5u       /* hiring plans, each for what the team before had left open */
#define HIRING_NODES 500u
#define WEEKS_LATER (14 * FL_DAY)

enum { FOR_ALL, FOR_LEARNERS, FOR_STAR /* the source that is to be added */ };

/* ---- Sources ------------------------------------------------------------------------------------ */

static double full_speed(const struct staff_month *month, const struct fl_agent_def *def)
{
    return staff_desk_speed(month->staff->scenario, def);
}

/* What one of a source is worth of a place, learned as far as she has on a date; a place takes one person, however fast. */
static double worth_of(const struct staff_month *month, const struct month_source *source, fl_time at)
{
    const struct people_kind *const own = &month->desk.kinds[source->kind];
    const uint32_t groups = month->staff->scenario->desk.groups_count;
    double needed = INFINITY;
    for (uint32_t g = 0; g < groups; g++)
        if (own->groups >> g & 1) needed = fmin(needed, month->desk.template_speed[g]);
    return full_speed(month, &source->def) * fl_agent_learned(&source->def, at) / needed;
}

/* She alone can be given a shift of her own, and so several places. */
static bool may_be_star(const struct month_source *source)
{
    return source->count == 1 && source->definition != FL_NONE;
}

/* Places that one of a source can be planned to fill: one, however fast she is, until she is worth several. */
static double places_of(const struct month_source *source, double worth)
{
    return worth >= STAR && may_be_star(source) ? floor(worth + 1e-9) : fmin(1, worth);
}

static bool leaves_before(const struct fl_scenario *base, uint32_t definition, fl_time at)
{
    for (uint32_t e = 0; e < base->events_count; e++)
        if (base->events[e].agent == definition && base->events[e].what == FL_DO_LEAVE && base->events[e].at <= at) return true;
    return false;
}

static bool is_away(const struct staff_month *month, const struct month_source *source, fl_time from, fl_time to)
{
    const struct fl_scenario *const base = month->staff->scenario;
    bool away = from >= source->def.until || to <= source->def.from;
    for (uint32_t i = 0; i < source->def.away_count; i++) away |= source->def.away[i].from < to && source->def.away[i].to > from;
    if (source->def.from > -FL_TIME_NEVER && from < source->def.from + source->def.training) away = true;
    return away || (source->definition != FL_NONE && leaves_before(base, source->definition, from));
}

/* Away on all of a date: then nobody plans with her. */
static bool is_away_on(const struct staff_month *month, const struct month_source *source, uint32_t date)
{
    const struct fl_scenario *const base = month->staff->scenario;
    const struct fl_person_def *const person = source->definition == FL_NONE ? NULL : staff_person_of(base, source->definition);
    const fl_time noon = date * FL_DAY + FL_DAY / 2;
    bool away = is_away(month, source, noon, noon + 1);
    for (uint32_t i = 0; person != NULL && i < person->away_count; i++)
        away |= !person->away[i].daily && person->away[i].from <= noon && person->away[i].to > noon;
    return away;
}

/* Share of a source who are still there on a date, by chance alone. */
static double survives(const struct staff_month *month, const struct month_source *source, uint32_t date)
{
    const struct fl_desk_def *const desk = &month->staff->scenario->desk;
    const bool newcomer = source->def.from > -FL_TIME_NEVER;
    const fl_time at = (fl_time)date * FL_DAY, begins = newcomer ? source->def.from : 0;
    if (!desk->has_attrition || at <= begins) return 1;
    const fl_time from = begins < 0 ? -begins : 0; /* her tenure when the period begins */
    return fl_attrition_survival(&desk->attrition, newcomer, from, newcomer ? at - begins : at);
}

static void add_source(struct staff_month *month, const struct month_source *source)
{
    month->sources[month->sources_count++] = *source;
}

static void add_existing(struct staff_month *month)
{
    const struct fl_scenario *const base = month->staff->scenario;
    for (uint32_t d = 0; d < base->desk.agents_count; d++) {
        const struct fl_agent_def *const def = &base->desk.agents[d];
        if (def->count == 0 || month->desk.kind_of[d] == FL_NONE) continue;
        add_source(month, &(struct month_source){ .def = *def, .definition = d, .hire = FL_NONE, .kind = month->desk.kind_of[d], .count = def->count, .taken = def->count });
    }
}

/* A kind to hire may begin at its notice and every week after; without any kinds, as many more as it takes like those who are there, from
 * the first day. */
static void add_to_hire(struct staff_month *month)
{
    const struct fl_scenario *const base = month->staff->scenario;
    for (uint32_t k = 0; k < month->desk.kinds_count; k++) {
        const struct people_kind *const kind = &month->desk.kinds[k];
        const struct fl_hire_def *const hire = kind->hire == FL_NONE ? NULL : &base->staffing.hire[kind->hire];
        if (hire == NULL && base->staffing.hire_count > 0) continue;
        struct fl_agent_def def = staff_desk_person(&month->desk, kind);
        const fl_time first = hire != NULL ? hire->notice : 0, training = hire != NULL ? hire->training : 0;
        def.count = 1;
        def.until = FL_TIME_NEVER;
        def.rota_count = def.away_count = 0;
        def.training = training;
        def.has_learning = hire != NULL && hire->has_learning;
        def.absent = 0;
        if (hire != NULL) {
            def.learning_speed = hire->learning_speed;
            def.learning_half = hire->learning_half;
        }
        if (hire == NULL) def.name = month->desk.extra_name;
        for (uint32_t i = 0; i < (hire == NULL ? 1 : BEGIN_MOST); i++) {
            def.from = first + (fl_time)i * HIRE_EVERY * FL_DAY;
            if (def.from + training >= base->duration) break;
            add_source(month, &(struct month_source){ .def = def, .definition = FL_NONE, .hire = kind->hire, .kind = k, .count = kind->people_max });
        }
    }
}

static void find_leavers(struct staff_month *month)
{
    const struct fl_scenario *const base = month->staff->scenario;
    const struct month_source *newcomer = NULL;
    for (uint32_t s = 0; s < month->sources_count; s++)
        if (month->sources[s].hire != FL_NONE && newcomer == NULL) newcomer = &month->sources[s];
    for (uint32_t s = 0; s < month->sources_count && month->leavers_count < MONTH_LEAVERS_MAX; s++) {
        const struct month_source *const source = &month->sources[s];
        fl_time at = source->def.until;
        if (source->definition == FL_NONE || source->count != 1) continue;
        for (uint32_t e = 0; e < base->events_count; e++)
            if (base->events[e].agent == source->definition && base->events[e].what == FL_DO_LEAVE && base->events[e].at < at) at = base->events[e].at;
        if (at <= 0 || at >= base->duration) continue;
        const double worth = worth_of(month, source, at - 1);
        double first = base->staffing.new_hire_speed, later = first;
        if (newcomer != NULL) {
            const fl_time begins = newcomer->def.from + newcomer->def.training;
            first = worth_of(month, newcomer, begins);
            later = worth_of(month, newcomer, begins + WEEKS_LATER);
        }
        month->leavers[month->leavers_count++] = (struct month_leaver){ .definition = source->definition, .at = at, .worth = worth,
                                                                        .at_first = (uint32_t)ceil(worth / first - 1e-9), .later = (uint32_t)ceil(worth / later - 1e-9) };
    }
}

enum fl_status staff_month_people(struct staff_month *month)
{
    const struct fl_scenario *const base = month->staff->scenario;
    const size_t room = base->desk.agents_count + (size_t)month->desk.kinds_count * BEGIN_MOST + 1;
    month->sources = calloc(room, sizeof *month->sources);
    if (month->sources == NULL) return FL_EFULL;
    add_existing(month);
    add_to_hire(month);
    const size_t cells = (size_t)month->dates * month->pools_count, sources = month->sources_count;
    month->survival = malloc((sources * month->dates + 1) * sizeof *month->survival);
    month->star_on = malloc((sources * month->dates + 1) * sizeof *month->star_on);
    month->star_off = calloc(sources * month->dates + 1, sizeof *month->star_off);
    month->wanted_more = calloc(cells + 1, sizeof *month->wanted_more);
    month->hiring = (struct fl_hiring){ .taken = calloc(sources + 1, sizeof *month->hiring.taken), .at_work = calloc(sources * cells + 1, sizeof *month->hiring.at_work),
                                        .missing = calloc(cells + 1, sizeof *month->hiring.missing) };
    if (month->survival == NULL || month->star_on == NULL || month->star_off == NULL || month->wanted_more == NULL || month->hiring.taken == NULL || month->hiring.at_work == NULL || month->hiring.missing == NULL) return FL_EFULL;
    for (uint32_t s = 0; s < sources; s++)
        for (uint32_t d = 0; d < month->dates; d++) month->survival[(size_t)s * month->dates + d] = survives(month, &month->sources[s], d);
    find_leavers(month);
    return FL_OK;
}

/* ---- The hiring plan ---------------------------------------------------------------------------- */

static const struct fl_labour *labour_of(const struct staff_month *month, const struct month_source *source)
{
    const struct fl_scenario *const base = month->staff->scenario;
    if (source->hire != FL_NONE) return &base->staffing.hire[source->hire].labour;
    const struct fl_person_def *const person = source->definition == FL_NONE ? NULL : staff_person_of(base, source->definition);
    return person != NULL ? &person->labour : &base->staffing.labour;
}

/* What the rota is told of a source: those who are there have their own wages. */
static struct fl_rota_people rota_people(const struct staff_month *month, const struct month_source *source)
{
    struct fl_rota_people people = staff_desk_rota_people(&month->desk, &month->desk.kinds[source->kind]);
    people.groups = source->def.groups;
    people.speed = INFINITY; /* how fast she is says how many of them a place takes, not whether she may work there */
    if (source->definition != FL_NONE) people.wage_cny_per_hour = staff_desk_wage(&month->desk, &source->def);
    return people;
}

/* CNY of one of them on a shift, hours where no wage is given; INFINITY: it is not for them. */
static double cost_of(const struct staff_month *month, const struct month_source *source, uint32_t shift)
{
    const struct fl_rota_people people = rota_people(month, source);
    if (!staff_is_skilled(&month->desk, &source->def, &month->desk.kinds[month->shifts[shift].pool]) || !fl_rota_suits(month->staff->scenario, &people, &month->desk.shifts[shift])) return INFINITY;
    if (staff_prices(month->staff->scenario) > 0 && isnan(people.shift_cny) && !isnan(month->desk.pay[shift])) return month->desk.pay[shift];
    return fl_rota_price(&people, &month->desk.shifts[shift]);
}

/* Arrays of a hiring problem. */
struct demand {
    struct fl_hiring_problem problem;
    struct fl_hiring_source *sources;
    double *places, *hours, *there, *worth, *cost, *slow_most;
};

static void demand_close(struct demand *demand)
{
    free(demand->sources);
    free(demand->places);
    free(demand->hours);
    free(demand->there);
    free(demand->worth);
    free(demand->cost);
    free(demand->slow_most);
}

/* Means over the pool's shifts; a pool none of whose shifts is for them they do not work in. */
static void price_source(const struct staff_month *month, uint32_t s, struct demand *demand)
{
    const struct month_source *const source = &month->sources[s];
    for (uint32_t k = 0; k < month->pools_count; k++) {
        double sum = 0, people = 0;
        for (uint32_t i = 0; i < month->shifts_count; i++) {
            if (month->shifts[i].pool != k) continue;
            const double cost = cost_of(month, source, i);
            if (isinf(cost)) continue;
            sum += month->shifts[i].people * cost;
            people += month->shifts[i].people;
        }
        if (people > 0) demand->sources[s].pools |= UINT64_C(1) << k;
        demand->cost[(size_t)s * month->pools_count + k] = people > 0 ? sum / people : 0;
    }
}

/* Of each week the dates on which a star is wanted most, as many as she may work: what she leaves to others on a day off are several places. */
static void choose_dates(const struct staff_month *month, uint32_t s, struct demand *demand)
{
    double *const there = demand->there + (size_t)s * month->dates, longest = 0;
    const double *const worth = demand->worth + (size_t)s * month->dates;
    uint32_t most = demand->sources[s].days_week;
    for (uint32_t i = 0; i < month->shifts_count; i++)
        if (!isinf(cost_of(month, &month->sources[s], i))) longest = fmax(longest, (double)month->desk.shifts[i].paid / FL_HOUR);
    if (longest * most > demand->sources[s].hours_week) most = (uint32_t)floor(demand->sources[s].hours_week / longest + 1e-9);
    for (uint32_t first = 0; first < month->dates; first += 7) {
        const uint32_t end = first + 7 < month->dates ? first + 7 : month->dates;
        uint32_t works = 0;
        for (uint32_t d = first; d < end; d++) works += there[d] > 0 && worth[d] >= STAR;
        for (; works > most; works--) {
            uint32_t quietest = FL_NONE;
            for (uint32_t d = first; d < end; d++)
                if (there[d] > 0 && worth[d] >= STAR && (quietest == FL_NONE || month->date[d].places <= month->date[quietest].places)) quietest = d; /* the later, when more have been taken on */
            there[quietest] = 0;
        }
    }
}

static void describe_source(const struct staff_month *month, uint32_t s, struct demand *demand)
{
    const struct fl_scenario *const base = month->staff->scenario;
    const struct month_source *const source = &month->sources[s];
    const struct fl_hire_def *const hire = source->hire == FL_NONE ? NULL : &base->staffing.hire[source->hire];
    const struct fl_labour *const labour = labour_of(month, source);
    const double wage = staff_desk_wage(&month->desk, &source->def), hourly = isnan(wage) ? 1 : wage;
    struct fl_hiring_source *const out = &demand->sources[s];
    *out = (struct fl_hiring_source){ .count = source->count, .kind = source->kind, .hired = source->definition == FL_NONE, .days_week = labour->days_week,
                                      .hours_week = labour->hours_week == FL_TIME_NEVER ? INFINITY : (double)labour->hours_week / FL_HOUR,
                                      .paid_hours = hire == NULL ? 0 : (double)hire->paid_hours_week / FL_HOUR, .wage = hourly };
    out->price = hourly; /* nobody is taken on for nothing */
    if (hire != NULL) out->price += hire->hire_cny + hourly * TRAINING_HOURS * ((double)hire->training / FL_DAY);
    price_source(month, s, demand);
    for (uint32_t d = 0; d < month->dates; d++) {
        const size_t at = (size_t)s * month->dates + d;
        const fl_time from = d * FL_DAY, begins = source->def.from > from ? source->def.from + source->def.training : from;
        demand->there[at] = is_away_on(month, source, d) || month->star_off[at] ? 0 : month->survival[at];
        demand->worth[at] = places_of(source, worth_of(month, source, begins));
    }
    if (may_be_star(source)) choose_dates(month, s, demand);
}

static bool demand_open(const struct staff_month *month, struct demand *demand)
{
    const size_t cells = (size_t)month->dates * month->pools_count, sources = month->sources_count;
    *demand = (struct demand){ .sources = calloc(sources + 1, sizeof *demand->sources), .places = calloc(cells + 1, sizeof *demand->places),
                               .hours = calloc(cells + 1, sizeof *demand->hours), .there = calloc(sources * month->dates + 1, sizeof *demand->there),
                               .worth = calloc(sources * month->dates + 1, sizeof *demand->worth), .cost = calloc(sources * month->pools_count + 1, sizeof *demand->cost),
                               .slow_most = calloc(cells + 1, sizeof *demand->slow_most) };
    if (demand->sources == NULL || demand->places == NULL || demand->hours == NULL || demand->there == NULL || demand->worth == NULL || demand->cost == NULL || demand->slow_most == NULL) return false;
    for (uint32_t i = 0; i < month->shifts_count; i++) {
        const size_t cell = (size_t)month->shifts[i].date * month->pools_count + month->shifts[i].pool;
        demand->places[cell] += month->shifts[i].people;
        demand->hours[cell] += month->shifts[i].people * ((double)month->desk.shifts[i].paid / FL_HOUR);
    }
    for (size_t i = 0; i < cells; i++) {
        if (demand->places[i] > 0) demand->hours[i] /= demand->places[i];
        demand->slow_most[i] = demand->places[i] * month->date[i / month->pools_count].slow_share;
        demand->places[i] += month->wanted_more[i];
    }
    for (uint32_t s = 0; s < sources; s++) describe_source(month, s, demand);
    demand->problem = (struct fl_hiring_problem){ .dates = month->dates, .pools_count = month->pools_count, .sources_count = month->sources_count, .places = demand->places,
                                                  .hours = demand->hours, .sources = demand->sources, .there = demand->there, .worth = demand->worth, .cost = demand->cost,
                                                  .slow = SLOW, .slow_most = demand->slow_most,
                                                  .gap = FL_ROTA_GAP, .nodes_max = HIRING_NODES };
    return true;
}

/* ---- Stars and learners ------------------------------------------------------------------------- */

static double overlap(const struct fl_rota_shift *a, const struct fl_rota_shift *b)
{
    const fl_time from = a->from > b->from ? a->from : b->from, to = a->to < b->to ? a->to : b->to;
    return to > from ? (double)(to - from) / (double)(b->to - b->from) : 0;
}

static bool is_open(const struct month_shift *shift, uint32_t date, uint32_t pool)
{
    return shift->date == date && shift->pool == pool && shift->people > shift->replaced;
}

/* How many places lie beside a shift, its own included. */
static double beside(const struct staff_month *month, uint32_t own)
{
    double sum = 0;
    for (uint32_t n = 0; n < month->shifts_count; n++) {
        const struct month_shift *const other = &month->shifts[n];
        if (is_open(other, month->shifts[own].date, month->shifts[own].pool)) sum += (other->people - other->replaced) * overlap(&month->desk.shifts[own], &month->desk.shifts[n]);
    }
    return sum;
}

static bool may_lead(const struct staff_month *month, uint32_t s, const struct demand *demand, uint32_t shift)
{
    const struct month_shift *const own = &month->shifts[shift];
    const struct fl_rota_shift *const times = &month->desk.shifts[shift];
    const size_t at = (size_t)s * month->dates + own->date;
    return demand->worth[at] >= STAR && demand->there[at] > 0 && is_open(own, own->date, own->pool) && !isinf(cost_of(month, &month->sources[s], shift)) &&
           !is_away(month, &month->sources[s], times->from, times->to);
}

/* One shift for each of her dates, with her rest between them: those beside which most places lie, in all. A date on which none fits is left out.
 * By dynamic programming over the shifts, which are in the order of their dates: all[i] is the most that ends with shift i, top[i] the shift that
 * ends the most of those up to i. */
static enum fl_status choose_star_shifts(struct staff_month *month, uint32_t s, const struct demand *demand)
{
    const fl_time rest = labour_of(month, &month->sources[s])->rest;
    const uint32_t count = month->shifts_count;
    double *const all = malloc((count + 1) * sizeof *all);
    uint32_t *const before = malloc(2 * ((size_t)count + 1) * sizeof *before), *const top = before + count;
    uint32_t last = FL_NONE;
    for (uint32_t i = 0; all != NULL && before != NULL && i < count; i++) {
        top[i] = last;
        if (!may_lead(month, s, demand, i)) continue;
        uint32_t first = i; /* of the date */
        while (first > 0 && month->shifts[first - 1].date == month->shifts[i].date) first--;
        uint32_t latest = FL_NONE;
        for (uint32_t n = first; n > 0; n--) {
            const uint32_t earlier = n - 1;
            if (top[earlier] == FL_NONE) break;
            if ((month->shifts[earlier].date + 2) * FL_DAY + rest <= month->desk.shifts[i].from) { /* and so are all before it */
                if (latest == FL_NONE || all[top[earlier]] > all[latest]) latest = top[earlier];
                break;
            }
            if (!may_lead(month, s, demand, earlier) || month->desk.shifts[earlier].to + rest > month->desk.shifts[i].from) continue;
            if (latest == FL_NONE || all[earlier] > all[latest]) latest = earlier;
        }
        before[i] = latest;
        all[i] = beside(month, i) + (latest == FL_NONE ? 0 : all[latest]);
        if (last == FL_NONE || all[i] > all[last]) last = i;
        top[i] = last;
    }
    for (; all != NULL && before != NULL && last != FL_NONE; last = before[last]) month->star_on[(size_t)s * month->dates + month->shifts[last].date] = last;
    const bool done = all != NULL && before != NULL;
    free(all);
    free(before);
    return done ? FL_OK : FL_EFULL;
}

/* She takes her own place and those that lie in her hours, as many as she is worth. */
static void take_places(struct staff_month *month, uint32_t own, uint32_t worth)
{
    struct month_shift *const shift = &month->shifts[own];
    shift->replaced++;
    for (uint32_t taken = 1; taken < worth; taken++) {
        uint32_t best = FL_NONE;
        double most = STAR_OVERLAP;
        for (uint32_t n = 0; n < month->shifts_count; n++) {
            if (!is_open(&month->shifts[n], shift->date, shift->pool)) continue;
            const double part = overlap(&month->desk.shifts[own], &month->desk.shifts[n]);
            if (part < most || (best != FL_NONE && part == most)) continue;
            most = part;
            best = n;
        }
        if (best == FL_NONE) return;
        month->shifts[best].replaced++;
    }
}

static enum fl_status place_stars(struct staff_month *month, const struct demand *demand)
{
    enum fl_status status = FL_OK;
    for (uint32_t i = 0; i < month->sources_count * month->dates; i++) month->star_on[i] = FL_NONE;
    for (uint32_t s = 0; status == FL_OK && s < month->sources_count; s++) {
        if (!may_be_star(&month->sources[s])) continue;
        status = choose_star_shifts(month, s, demand);
        for (uint32_t d = 0; status == FL_OK && d < month->dates; d++) {
            const size_t at = (size_t)s * month->dates + d;
            if (month->star_on[at] != FL_NONE) take_places(month, month->star_on[at], (uint32_t)demand->worth[at]);
        }
    }
    return status;
}

/* Those who are still learning take places together: of each date and pool as many as the plan has them at work, where most colleagues are. */
static void place_learners(struct staff_month *month, const struct demand *demand)
{
    for (uint32_t d = 0; d < month->dates; d++) {
        month->date[d].slow = false;
        for (uint32_t k = 0; k < month->pools_count; k++) {
            double heads = 0, worth = 0;
            for (uint32_t s = 0; s < month->sources_count; s++) {
                const size_t at = (size_t)s * month->dates + d;
                const double at_work = month->hiring.at_work[at * month->pools_count + k];
                if (demand->worth[at] >= WHOLE) continue;
                heads += at_work;
                worth += at_work * demand->worth[at];
                month->date[d].slow |= demand->worth[at] < SLOW && at_work > 0.01;
            }
            uint32_t replaced = (uint32_t)ceil(worth - 0.25); /* a quarter of a place is carried by the others */
            uint32_t left = replaced == 0 ? 0 : (uint32_t)ceil(replaced * heads / worth - 1e-6);
            while (replaced > 0) {
                struct month_shift *most = NULL;
                for (uint32_t i = 0; i < month->shifts_count; i++) {
                    struct month_shift *const shift = &month->shifts[i];
                    if (shift->date != d || shift->pool != k || shift->people <= shift->replaced) continue;
                    if (most == NULL || shift->people - shift->replaced > most->people - most->replaced) most = shift;
                }
                if (most == NULL) break;
                const uint32_t here = (left + replaced - 1) / replaced;
                most->replaced++;
                most->learners += here;
                left -= here;
                replaced--;
            }
        }
    }
}

static enum fl_status plan_hiring(struct staff_month *month)
{
    struct demand demand;
    enum fl_status status = demand_open(month, &demand) ? fl_hiring_plan(&demand.problem, &month->hiring) : FL_EFULL;
    if (status == FL_OK || status == FL_EINFEASIBLE) {
        for (uint32_t s = 0; s < month->sources_count; s++) month->sources[s].taken = month->hiring.taken[s];
        for (uint32_t i = 0; i < month->shifts_count; i++) month->shifts[i].learners = month->shifts[i].replaced = 0;
        status = place_stars(month, &demand);
        place_learners(month, &demand);
    }
    demand_close(&demand);
    return status;
}

/* ---- Who works when ----------------------------------------------------------------------------- */

static uint32_t calendar_day(const struct fl_scenario *base, fl_time at)
{
    return (uint32_t)((base->start_s % 86400 * FL_SECOND + at) / FL_DAY);
}

static int by_start(const void *a, const void *b)
{
    const struct fl_team_duty *const x = a, *const y = b;
    if (x->from != y->from) return x->from < y->from ? -1 : 1;
    return x->to != y->to ? (x->to < y->to ? -1 : 1) : 0;
}

/* Duties with the shift they are of and whom they are for, to be sorted together. */
struct numbered_duty {
    struct fl_team_duty duty;
    uint32_t shift, whom;
};

static int numbered_by_start(const void *a, const void *b)
{
    const struct numbered_duty *const x = a, *const y = b;
    const int order = by_start(&x->duty, &y->duty);
    if (order != 0) return order;
    return x->shift != y->shift ? (x->shift < y->shift ? -1 : 1) : (x->whom > y->whom) - (x->whom < y->whom);
}

static bool write_duties(struct staff_month *month)
{
    struct staff_team *const team = &month->team;
    size_t room = 2 * (size_t)month->shifts_count + 1;
    for (uint32_t i = 0; i < month->sources_count * month->dates; i++) room += month->star_on[i] != FL_NONE;
    struct numbered_duty *const all = calloc(room, sizeof *all);
    struct fl_team_duty *const duties = calloc(room, sizeof *duties);
    uint32_t count = 0;
    free(month->whom);
    month->whom = calloc(room, sizeof *month->whom);
    team->shift_of = calloc(room, sizeof *team->shift_of);
    team->problem.duties = duties;
    if (all == NULL || duties == NULL || month->whom == NULL || team->shift_of == NULL) {
        free(all);
        return false;
    }
    for (uint32_t i = 0; i < month->shifts_count; i++) {
        const struct month_shift *const shift = &month->shifts[i];
        const struct fl_rota_shift *const times = &month->desk.shifts[i];
        struct fl_team_duty duty = { .from = times->from, .to = times->to, .worked = times->paid, .day = calendar_day(month->staff->scenario, times->from) };
        duty.people = shift->people - shift->replaced;
        if (duty.people > 0) all[count++] = (struct numbered_duty){ duty, i, FOR_ALL };
        duty.people = shift->learners;
        if (duty.people > 0) all[count++] = (struct numbered_duty){ duty, i, FOR_LEARNERS };
    }
    for (uint32_t i = 0; i < month->sources_count * month->dates; i++) {
        const uint32_t own = month->star_on[i];
        if (own == FL_NONE) continue;
        const struct fl_rota_shift *const times = &month->desk.shifts[own];
        all[count++] = (struct numbered_duty){ { .from = times->from, .to = times->to, .worked = times->paid, .day = calendar_day(month->staff->scenario, times->from), .people = 1 },
                                               own, FOR_STAR + i / month->dates };
    }
    qsort(all, count, sizeof *all, numbered_by_start);
    for (uint32_t i = 0; i < count; i++) {
        duties[i] = all[i].duty;
        team->shift_of[i] = all[i].shift;
        month->whom[i] = all[i].whom;
        team->places_count += all[i].duty.people;
    }
    team->problem.duties_count = count;
    free(all);
    return true;
}

/* One member for each source that has people, in their order. */
static bool write_members(struct staff_month *month)
{
    struct staff_team *const team = &month->team;
    struct fl_team_member *const members = calloc(month->sources_count + 1, sizeof *members);
    uint32_t *const taken_of_kind = calloc(month->desk.kinds_count + 1, sizeof *taken_of_kind);
    team->problem.members = members;
    team->definition_of = calloc(2 * (size_t)month->sources_count + 1, sizeof *team->definition_of);
    team->first_of = calloc(month->sources_count + 1, sizeof *team->first_of);
    const bool ok = members != NULL && taken_of_kind != NULL && team->definition_of != NULL && team->first_of != NULL;
    uint32_t count = 0;
    for (uint32_t s = 0; ok && s < month->sources_count; s++) {
        const struct month_source *const source = &month->sources[s];
        const struct fl_labour *const labour = labour_of(month, source);
        if (source->taken == 0) continue;
        members[count] = (struct fl_team_member){ .count = source->taken, .hired = source->definition == FL_NONE, .rest = labour->rest, .hours_day = labour->hours_day,
                                                  .hours_week = labour->hours_week, .days_week = labour->days_week };
        team->definition_of[count] = source->definition;
        if (source->definition == FL_NONE) {
            team->first_of[count] = taken_of_kind[source->kind];
            taken_of_kind[source->kind] += source->taken;
        }
        count++;
    }
    team->kind_of = ok ? team->definition_of + month->sources_count : NULL;
    for (uint32_t s = 0, m = 0; ok && s < month->sources_count; s++)
        if (month->sources[s].taken > 0) team->kind_of[m++] = month->sources[s].kind;
    team->problem.members_count = count;
    free(taken_of_kind);
    return ok;
}

static const struct month_source *source_of(const struct staff_month *month, uint32_t member)
{
    uint32_t s = 0;
    for (;; s++) {
        if (month->sources[s].taken == 0) continue;
        if (member-- == 0) return &month->sources[s];
    }
}

/* Learners work where there are places for learners alone, a star where she is to; everybody else may take any other place. */
static bool may_take(const struct staff_month *month, const struct month_source *source, uint32_t duty)
{
    const uint32_t whom = month->whom[duty], s = (uint32_t)(source - month->sources), date = month->shifts[month->team.shift_of[duty]].date;
    if (whom >= FOR_STAR) return whom - FOR_STAR == s;
    if (month->star_on[(size_t)s * month->dates + date] != FL_NONE) return false;
    return whom == FOR_LEARNERS || places_of(source, worth_of(month, source, month->team.problem.duties[duty].from)) >= WHOLE;
}

static bool write_cells(struct staff_month *month)
{
    struct staff_team *const team = &month->team;
    const uint32_t duties = team->problem.duties_count;
    double *cost;
    bool *away;
    if (!staff_team_cells(month->staff->scenario, team, &cost, &away)) return false;
    for (uint32_t m = 0; m < team->problem.members_count; m++) {
        const struct month_source *const source = source_of(month, m);
        for (uint32_t i = 0; i < duties; i++) {
            const size_t at = (size_t)m * duties + i;
            cost[at] = may_take(month, source, i) ? cost_of(month, source, team->shift_of[i]) : INFINITY;
            away[at] |= is_away(month, source, team->problem.duties[i].from, team->problem.duties[i].to);
        }
    }
    return true;
}

static enum fl_status make_team(struct staff_month *month)
{
    staff_team_close(&month->team);
    month->team.days = month->team.problem.days = calendar_day(month->staff->scenario, month->staff->scenario->duration - 1) + 1;
    month->team.problem.gap = FL_ROTA_GAP;
    month->team.problem.nodes_max = STAFF_TEAM_NODES;
    if (!write_duties(month) || !write_members(month) || !write_cells(month)) return FL_EFULL;
    return staff_team_solve(&month->desk, &month->team);
}

/* Places that the team leaves open: their pools need more people then; a star who cannot take hers is planned without on that date. false: there
 * are none. */
static bool want_more(struct staff_month *month)
{
    bool any = false;
    for (uint32_t i = 0; i < month->team.places_count; i++) {
        const struct fl_team_place *const place = &month->team.team.places[i];
        if (place->member != FL_NONE) continue;
        const struct month_shift *const shift = &month->shifts[month->team.shift_of[place->duty]];
        const uint32_t whom = month->whom[place->duty];
        if (whom >= FOR_STAR) month->star_off[(size_t)(whom - FOR_STAR) * month->dates + shift->date] = true;
        else month->wanted_more[(size_t)shift->date * month->pools_count + shift->pool] += 1;
        any = true;
    }
    return any;
}

static void count_people(struct staff_month *month)
{
    for (uint32_t d = 0; d < month->dates; d++) {
        month->date[d].people = 0;
        month->date[d].open = 0;
    }
    for (uint32_t i = 0; i < month->shifts_count; i++) month->shifts[i].works = month->shifts[i].open = 0;
    for (uint32_t i = 0; i < month->team.places_count; i++) {
        const struct fl_team_place *const place = &month->team.team.places[i];
        struct month_shift *const shift = &month->shifts[month->team.shift_of[place->duty]];
        uint32_t *const counts = place->member != FL_NONE ? &shift->works : &shift->open;
        ++*counts;
    }
    for (uint32_t i = 0; i < month->shifts_count; i++) {
        month->date[month->shifts[i].date].people += month->shifts[i].works;
        month->date[month->shifts[i].date].open += month->shifts[i].open;
    }
    month->missing = 0; /* of what is open: where the plan had nobody to have; what was wanted beyond the places is no lack */
    for (uint32_t d = 0; d < month->dates; d++) {
        double missing = 0;
        for (uint32_t k = 0; k < month->pools_count; k++) missing += month->hiring.missing[(size_t)d * month->pools_count + k];
        month->missing += (uint32_t)fmin(month->date[d].open, ceil(missing - 1e-6));
    }
    month->leaving = 0;
    for (uint32_t s = 0, m = 0; s < month->sources_count; s++) {
        month->sources[s].works = month->team.known && month->sources[s].taken > 0 ? month->team.team.heads[m++] : 0;
        month->leaving += month->sources[s].works * (1 - month->survival[(size_t)s * month->dates + month->dates - 1]);
    }
    month->hiring_cny = 0;
    for (uint32_t s = 0; s < month->sources_count; s++) {
        const struct month_source *const source = &month->sources[s];
        if (source->hire == FL_NONE) continue;
        month->hiring_cny += source->works * month->staff->scenario->staffing.hire[source->hire].hire_cny;
    }
}

/* ---- The period by name ------------------------------------------------------------------------- */

#define NAME_ROOM 240u

struct naming {
    struct staff_month *month;
    struct fl_agent_def *agents;
    struct fl_shift_def *shifts;
    struct fl_event_def *events;
    struct fl_break *breaks;
    uint32_t *rotas;
    char *names;
    uint32_t agents_count, shifts_count, events_count, breaks_count, days;
};

/* Two shifts are one shift of the desk where they have the same times of day. */
static bool is_same(const struct fl_shift_def *a, const struct fl_shift_def *b)
{
    bool same = a->from == b->from && a->to == b->to && a->breaks_count == b->breaks_count;
    for (uint32_t i = 0; same && i < a->breaks_count; i++) same = a->breaks[i].at == b->breaks[i].at && a->breaks[i].length == b->breaks[i].length;
    return same;
}

static uint32_t shift_named(struct naming *naming, const struct fl_rota_shift *times)
{
    const struct fl_scenario *const base = naming->month->staff->scenario;
    struct fl_shift_def shift = { .from = fl_time_of_day(base, times->from), .to = fl_time_of_day(base, times->to), .breaks_count = times->breaks_count,
                                  .breaks = naming->breaks + naming->breaks_count };
    for (uint32_t b = 0; b < times->breaks_count; b++)
        naming->breaks[naming->breaks_count + b] = (struct fl_break){ fl_time_of_day(base, times->from + times->breaks[b].at), times->breaks[b].length };
    for (uint32_t i = 0; i < naming->shifts_count; i++)
        if (is_same(&naming->shifts[i], &shift)) return i;
    char *const name = naming->names;
    snprintf(name, NAME_ROOM, "s%u", naming->shifts_count);
    naming->names += NAME_ROOM;
    shift.name = name;
    naming->breaks_count += times->breaks_count;
    naming->shifts[naming->shifts_count] = shift;
    return naming->shifts_count++;
}

/* What befalls a definition befalls each of its people. */
static void repeat_events(struct naming *naming, uint32_t definition, uint32_t agent)
{
    const struct fl_scenario *const base = naming->month->staff->scenario;
    for (uint32_t e = 0; e < base->events_count; e++) {
        if (base->events[e].agent != definition) continue;
        naming->events[naming->events_count] = base->events[e];
        naming->events[naming->events_count++].agent = agent;
    }
}

/* Definitions keep their numbers, for the first of their people; all others follow in their order. */
uint32_t staff_month_agent(const struct staff_month *month, uint32_t member, uint32_t person)
{
    uint32_t others = 0;
    for (uint32_t m = 0; m < member; m++) others += month->team.problem.members[m].count - (month->team.definition_of[m] != FL_NONE);
    if (month->team.definition_of[member] == FL_NONE) return month->staff->scenario->desk.agents_count + others + person;
    return person == 0 ? month->team.definition_of[member] : month->staff->scenario->desk.agents_count + others + person - 1;
}

static void name_person(struct naming *naming, uint32_t member, uint32_t person)
{
    const struct staff_month *const month = naming->month;
    const struct month_source *const source = source_of(month, member);
    const bool itself = source->definition != FL_NONE && person == 0;
    const uint32_t index = staff_month_agent(month, member, person);
    naming->agents_count += !itself;
    struct fl_agent_def *const def = &naming->agents[index];
    *def = source->def;
    def->count = 1;
    def->shift = FL_NONE;
    def->speed *= month->desk.speed_factor;
    if (!itself) {
        char *const name = naming->names;
        staff_team_name(&month->team, &month->desk, member, person, name, NAME_ROOM);
        naming->names += NAME_ROOM;
        def->name = name;
        def->main_account = def->proxy_account = false;
        if (source->definition != FL_NONE) repeat_events(naming, source->definition, index);
    }
    uint32_t *const rota = naming->rotas;
    naming->rotas += naming->days;
    for (uint32_t day = 0; day < naming->days; day++) {
        const uint32_t place = staff_team_place(&month->team, member, person, day);
        rota[day] = place == FL_NONE ? FL_NONE : shift_named(naming, &month->desk.shifts[month->team.shift_of[month->team.team.places[place].duty]]);
    }
    def->rota = rota;
    def->rota_count = naming->days;
}

/* Definitions keep their numbers, so that the scenario's events and dedicated agents mean the same people. */
static enum fl_status name_all(struct staff_month *month)
{
    const struct fl_scenario *const base = month->staff->scenario;
    uint32_t people = 0, breaks = 0;
    for (uint32_t m = 0; m < month->team.problem.members_count; m++) people += month->team.problem.members[m].count;
    for (uint32_t i = 0; i < month->shifts_count; i++) breaks += month->desk.shifts[i].breaks_count;
    const size_t agents = base->desk.agents_count + (size_t)people, shifts = month->shifts_count + 1, events = base->events_count * ((size_t)people + 1) + 1;
    const size_t bytes = agents * sizeof(struct fl_agent_def) + shifts * sizeof(struct fl_shift_def) + events * sizeof(struct fl_event_def) +
                         (breaks + 1) * sizeof(struct fl_break) + (size_t)people * month->team.days * sizeof(uint32_t) + (people + shifts) * (size_t)NAME_ROOM;
    struct naming naming = { .month = month, .agents_count = base->desk.agents_count, .days = month->team.days };
    free(month->named_memory);
    month->named_memory = calloc(1, bytes);
    if (month->named_memory == NULL) return FL_EFULL;
    naming.agents = month->named_memory;
    naming.shifts = (struct fl_shift_def *)(naming.agents + agents);
    naming.events = (struct fl_event_def *)(naming.shifts + shifts);
    naming.breaks = (struct fl_break *)(naming.events + events);
    naming.rotas = (uint32_t *)(naming.breaks + breaks + 1);
    naming.names = (char *)(naming.rotas + (size_t)people * month->team.days);
    for (uint32_t d = 0; d < base->desk.agents_count; d++) {
        naming.agents[d] = base->desk.agents[d];
        naming.agents[d].count = 0;
        naming.agents[d].rota_count = 0;
        naming.agents[d].shift = FL_NONE;
    }
    for (; naming.events_count < base->events_count; naming.events_count++) naming.events[naming.events_count] = base->events[naming.events_count];
    for (uint32_t m = 0; m < month->team.problem.members_count; m++)
        for (uint32_t person = 0; person < month->team.problem.members[m].count; person++) name_person(&naming, m, person);
    month->named = *base;
    month->named.desk.agents = naming.agents;
    month->named.desk.agents_count = naming.agents_count;
    month->named.desk.shifts = naming.shifts;
    month->named.desk.shifts_count = naming.shifts_count;
    month->named.events = naming.events;
    month->named.events_count = naming.events_count;
    return FL_OK;
}

enum fl_status staff_month_team(struct staff_month *month)
{
    enum fl_status status = FL_OK;
    memset(month->wanted_more, 0, (size_t)month->dates * month->pools_count * sizeof *month->wanted_more);
    memset(month->star_off, 0, (size_t)month->sources_count * month->dates * sizeof *month->star_off);
    for (uint32_t plan = 0; status == FL_OK && plan < PLANS_MAX; plan++) {
        status = plan_hiring(month);
        if (status == FL_OK) status = make_team(month);
        if (status != FL_OK || month->team.filled || !want_more(month)) break;
    }
    if (status == FL_OK) count_people(month);
    return status == FL_OK ? name_all(month) : status;
}
