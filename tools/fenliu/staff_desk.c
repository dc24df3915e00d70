/* Rosters as desks: candidates of shifts, and the scenario in which a roster works. */
#include "staff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define AFTER_THE_OTHERS 0.01 /* of their wages is what those who are there cost the search, where they are to go first */

double staff_desk_speed(const struct fl_scenario *scenario, const struct fl_agent_def *def)
{
    return def->speed * (def->grade == FL_NONE ? 1 : scenario->desk.grades[def->grade].speed);
}

static double wage_of(const struct fl_scenario *scenario, const struct fl_agent_def *def)
{
    if (!isnan(def->wage_cny_per_hour)) return def->wage_cny_per_hour;
    if (def->grade != FL_NONE && !isnan(scenario->desk.grades[def->grade].wage_cny_per_hour))
        return scenario->desk.grades[def->grade].wage_cny_per_hour;
    return scenario->money.wage_cny_per_hour;
}

double staff_desk_wage(const struct staff_desk *desk, const struct fl_agent_def *def)
{
    return wage_of(desk->base, def);
}

const struct people_kind *staff_desk_kind(const struct staff_desk *desk, uint32_t shift)
{
    uint32_t k = 0;
    while (shift - desk->kinds[k].first_shift >= desk->kinds[k].shifts_count) k++;
    return &desk->kinds[k];
}

static const struct fl_hire_def *hire_of(const struct staff_desk *desk, const struct people_kind *kind)
{
    return kind->hire == FL_NONE ? NULL : &desk->base->staffing.hire[kind->hire];
}

const char *staff_desk_hire(const struct staff_desk *desk, const struct people_kind *kind)
{
    const struct fl_hire_def *const hire = hire_of(desk, kind);
    return hire == NULL ? NULL : hire->name;
}

struct fl_agent_def staff_desk_person(const struct staff_desk *desk, const struct people_kind *kind)
{
    const struct fl_hire_def *const hire = hire_of(desk, kind);
    struct fl_agent_def def = desk->base->desk.agents[kind->definition];
    def.groups = kind->groups;
    if (hire == NULL) return def;
    def.name = hire->name;
    def.count = 1;
    if (hire->grade != FL_NONE) {
        def.grade = hire->grade;
        def.wage_cny_per_hour = NAN; /* the grade's */
    }
    def.speed *= hire->speed;
    if (!isnan(hire->wage_cny_per_hour)) def.wage_cny_per_hour = hire->wage_cny_per_hour;
    def.main_account = def.proxy_account = false;
    def.outsourced = hire->outsourced;
    return def;
}

/* Whether somebody is of a kind: where it is said who can be hired, those there are counted and have to be told apart. */
static bool is_of_kind(const struct fl_scenario *base, uint32_t definition, uint64_t groups, const struct people_kind *kind)
{
    if (kind->hire != FL_NONE || kind->groups != groups) return false;
    if (base->staffing.hire_count == 0) return true;
    const struct fl_agent_def *const a = &base->desk.agents[definition], *const b = &base->desk.agents[kind->definition];
    const double wage_a = wage_of(base, a), wage_b = wage_of(base, b);
    for (uint32_t i = 0; i < base->skills_count; i++)
        if (a->skill[i] != b->skill[i]) return false;
    return staff_desk_speed(base, a) == staff_desk_speed(base, b) && (wage_a == wage_b || (isnan(wage_a) && isnan(wage_b)));
}

/* Beyond KINDS_MAX somebody counts as one of the last kind that answers her groups. */
static void find_existing_kinds(struct staff_desk *desk, uint64_t all)
{
    const struct fl_scenario *const base = desk->base;
    for (uint32_t d = 0; d < base->desk.agents_count; d++) {
        const uint64_t groups = base->desk.agents[d].groups & all;
        uint32_t kind = FL_NONE;
        for (uint32_t k = 0; k < desk->kinds_count && kind == FL_NONE; k++)
            if (is_of_kind(base, d, groups, &desk->kinds[k])) kind = k;
        if (kind == FL_NONE && groups != 0 && desk->kinds_count + base->staffing.hire_count < KINDS_MAX) {
            kind = desk->kinds_count++;
            desk->kinds[kind] = (struct people_kind){ .groups = groups, .definition = d, .hire = FL_NONE,
                                                      .people_max = base->staffing.hire_count > 0 ? 0 : FL_NONE };
        }
        for (uint32_t k = 0; k < desk->kinds_count && kind == FL_NONE; k++)
            if (desk->kinds[k].groups == groups) kind = k;
        desk->kind_of[d] = kind;
        if (kind != FL_NONE && base->staffing.hire_count > 0) desk->kinds[kind].people_max += base->desk.agents[d].count;
    }
}

uint64_t staff_all_groups(const struct fl_scenario *base)
{
    return base->desk.groups_count >= 64 ? UINT64_MAX : (UINT64_C(1) << base->desk.groups_count) - 1;
}

void staff_desk_add_hires(struct staff_desk *desk)
{
    const struct fl_scenario *const base = desk->base;
    const uint64_t all = staff_all_groups(base);
    for (uint32_t h = 0; h < base->staffing.hire_count; h++) {
        const struct fl_hire_def *const hire = &base->staffing.hire[h];
        const uint32_t like = hire->like == FL_NONE ? 0 : hire->like;
        const uint64_t groups = (hire->groups != 0 ? hire->groups : base->desk.agents[like].groups) & all;
        if (groups == 0 || hire->count_max == 0) continue;
        desk->kinds[desk->kinds_count++] = (struct people_kind){ .groups = groups, .definition = like, .hire = h, .people_max = hire->count_max };
    }
}

static void find_kinds(struct staff_desk *desk)
{
    const struct fl_scenario *base = desk->base;
    find_existing_kinds(desk, staff_all_groups(base));
    staff_desk_add_hires(desk);
    for (uint32_t g = 0; g < base->desk.groups_count; g++) { /* a group's own people count before cross-trained ones */
        desk->template_speed[g] = 1;
        int fewest = 65;
        for (uint32_t k = 0; k < desk->kinds_count; k++) {
            const int size = __builtin_popcountll(desk->kinds[k].groups);
            if (!(desk->kinds[k].groups >> g & 1) || size >= fewest) continue;
            const struct fl_agent_def def = staff_desk_person(desk, &desk->kinds[k]);
            fewest = size;
            desk->template_speed[g] = staff_desk_speed(base, &def);
        }
    }
}

struct fl_rota_people staff_desk_rota_people(const struct staff_desk *desk, const struct people_kind *kind)
{
    const struct fl_hire_def *const hire = hire_of(desk, kind);
    const struct fl_agent_def def = staff_desk_person(desk, kind);
    struct fl_rota_people people = { .groups = kind->groups, .speed = staff_desk_speed(desk->base, &def), .wage_cny_per_hour = wage_of(desk->base, &def),
                                     .money = &desk->base->money, .shift_cny = NAN };
    const fl_time hours = hire == NULL ? desk->base->staffing.labour.hours_day : hire->labour.hours_day;
    people.hours_day = hours == FL_TIME_NEVER ? 0 : hours;
    if (hire == NULL) return people;
    people.shift_cny = hire->shift_cny;
    people.extra_hours = hire->stand_by_share * ((double)hire->stand_by / FL_HOUR);
    people.length_min = hire->length_min;
    people.length_max = hire->length_max;
    people.starts = hire->starts;
    people.starts_count = hire->starts_count;
    return people;
}

static uint32_t write_candidates(struct staff_desk *desk, uint32_t room)
{
    const uint32_t rules = desk->base->staffing.breaks_count;
    uint32_t total = 0;
    for (uint32_t k = 0; k < desk->kinds_count && total <= SHIFTS_MAX; k++) {
        struct people_kind *kind = &desk->kinds[k];
        const struct fl_rota_people people = staff_desk_rota_people(desk, kind);
        kind->first_shift = total;
        kind->shifts_count = fl_rota_candidates(desk->base, &people, room == 0 ? 0 : room - total, room == 0 ? NULL : desk->shifts + total,
                                                room == 0 ? NULL : desk->breaks + (size_t)total * rules);
        total += kind->shifts_count;
    }
    return total;
}

/* Of a kind, those who are away all day, as far as the scenario has it. */
static uint32_t away_on(const struct staff_desk *desk, uint32_t kind, uint32_t day)
{
    const struct fl_scenario *const base = desk->base;
    const fl_time from = day * FL_DAY, to = from + FL_DAY < base->duration ? from + FL_DAY : base->duration;
    uint32_t away = 0;
    for (uint32_t i = 0; i < base->staffing.people_count; i++) {
        const struct fl_person_def *const person = &base->staffing.people[i];
        bool all_day = false;
        if (desk->kind_of[person->agent] != kind) continue;
        for (uint32_t k = 0; k < person->away_count; k++)
            all_day |= !person->away[k].daily && person->away[k].from <= from && person->away[k].to >= to;
        away += all_day ? base->desk.agents[person->agent].count : 0;
    }
    return away;
}

/* A crew for each day of each kind that is limited: everybody works one shift a day, unless she is away. */
static void write_crews(struct staff_desk *desk, uint32_t days)
{
    for (uint32_t k = 0; k < desk->kinds_count; k++) {
        const struct people_kind *const kind = &desk->kinds[k];
        for (uint32_t d = 0; d < days && kind->people_max != FL_NONE; d++)
            desk->crews[desk->crews_count++] = (struct fl_rota_crew){ .first_shift = kind->first_shift, .shifts_count = kind->shifts_count,
                                                                      .from = d == 0 ? INT64_MIN : d * FL_DAY, .to = (d + 1) * FL_DAY,
                                                                      .people_max = kind->people_max - (kind->hire == FL_NONE ? away_on(desk, k, d) : 0) };
    }
}

static void write_pay(struct staff_desk *desk)
{
    for (uint32_t k = 0; k < desk->kinds_count; k++) {
        const struct people_kind *const kind = &desk->kinds[k];
        const struct fl_rota_people people = staff_desk_rota_people(desk, kind);
        for (uint32_t s = kind->first_shift; s < kind->first_shift + kind->shifts_count; s++) {
            desk->pay[s] = isnan(people.wage_cny_per_hour) && isnan(people.shift_cny) && staff_prices(desk->base) == 0 ? NAN : desk->shifts[s].cost;
            if (kind->hire == FL_NONE && desk->base->staffing.hire_count > 0 && desk->base->staffing.existing == FL_EXISTING_FIRST)
                desk->shifts[s].cost *= AFTER_THE_OTHERS;
        }
    }
}

/* What people are called who stand in no definition. Their name is the address of their draws, so it goes by the scenario's own names and not
 * by the language of the answer: a plan is the same in both. */
static const char *extra_name(const struct fl_scenario *base)
{
    for (uint32_t i = 0; i < base->desk.agents_count; i++)
        for (const char *c = base->desk.agents[i].name; *c != '\0'; c++)
            if ((unsigned char)*c >= 0x80) return "加人";
    return "added";
}

enum fl_status staff_desk_open(struct staff_desk *desk, const struct fl_scenario *base)
{
    const uint32_t days = (uint32_t)((base->duration + FL_DAY - 1) / FL_DAY);
    *desk = (struct staff_desk){ .base = base, .speed_factor = 1, .extra_name = extra_name(base) };
    desk->kind_of = malloc(base->desk.agents_count * sizeof *desk->kind_of);
    if (desk->kind_of == NULL) return FL_EFULL;
    find_kinds(desk);
    desk->shifts_count = write_candidates(desk, 0);
    if (desk->shifts_count > SHIFTS_MAX) return FL_ERANGE;
    desk->shifts = calloc(desk->shifts_count + 1, sizeof *desk->shifts);
    desk->pay = calloc(desk->shifts_count + 1, sizeof *desk->pay);
    desk->breaks = calloc((size_t)desk->shifts_count * base->staffing.breaks_count + 1, sizeof *desk->breaks);
    desk->crews = calloc((size_t)desk->kinds_count * days + 1, sizeof *desk->crews);
    if (desk->shifts == NULL || desk->pay == NULL || desk->breaks == NULL || desk->crews == NULL) return FL_EFULL;
    if (desk->shifts_count > 0) (void)write_candidates(desk, desk->shifts_count);
    write_pay(desk);
    write_crews(desk, days);
    return FL_OK;
}

void staff_desk_close(struct staff_desk *desk)
{
    free(desk->kind_of);
    free(desk->shifts);
    free(desk->pay);
    free(desk->breaks);
    free(desk->crews);
    *desk = (struct staff_desk){ 0 };
}

uint32_t staff_desk_people(const struct staff_desk *desk, const uint32_t people[], const struct people_kind *kind)
{
    uint32_t most = 0;
    for (fl_time day = 0; day < desk->base->duration; day += FL_DAY) {
        uint32_t sum = 0;
        for (uint32_t s = kind->first_shift; s < kind->first_shift + kind->shifts_count; s++)
            if (desk->shifts[s].from >= day && desk->shifts[s].from < day + FL_DAY) sum += people[s];
        if (sum > most) most = sum;
    }
    return most;
}

uint32_t roster_people(const struct staff_desk *desk, const uint32_t people[])
{
    uint32_t most = 0;
    for (fl_time day = 0; day < desk->base->duration; day += FL_DAY) {
        uint32_t sum = 0;
        for (uint32_t s = 0; s < desk->shifts_count; s++)
            if (desk->shifts[s].from >= day && desk->shifts[s].from < day + FL_DAY) sum += people[s];
        if (sum > most) most = sum;
    }
    return most;
}

uint32_t roster_peak(const struct staff_desk *desk, const uint32_t people[])
{
    uint32_t peak = 0;
    for (uint32_t at = 0; at < desk->shifts_count; at++) { /* the level only rises where a shift starts */
        uint32_t on = 0;
        for (uint32_t s = 0; s < desk->shifts_count; s++)
            if (desk->shifts[s].from <= desk->shifts[at].from && desk->shifts[at].from < desk->shifts[s].to) on += people[s];
        if (on > peak) peak = on;
    }
    return peak;
}

struct maker {
    const struct staff_desk *desk;
    struct fl_agent_def *agents;
    struct fl_shift_def *shifts;
    uint32_t agents_count, shifts_count;
    uint32_t *left; /* [base definitions] existing people not yet placed */
    struct roster_scenario *out;
};

/* Places up to `count` existing people of a definition on a shift: in the definition itself the first time, so that the scenario's
 * events still find it, in a further one after that. */
static uint32_t place_existing(struct maker *maker, uint32_t d, uint32_t shift, uint32_t count, double wage)
{
    const uint32_t taken = maker->left[d] < count ? maker->left[d] : count;
    if (taken == 0) return 0;
    maker->left[d] -= taken;
    struct fl_agent_def *def = &maker->agents[d];
    if (def->count > 0) {
        def = &maker->agents[maker->agents_count++];
        *def = maker->agents[d];
        def->main_account = def->proxy_account = false;
    }
    def->count = taken;
    def->shift = shift;
    def->wage_cny_per_hour = wage;
    maker->out->existing += taken;
    return taken;
}

/* What an hour on the shift costs, breaks not paid taken off and all that is paid beside it put on: simulated wages then come to the
 * shift's pay. Where nothing of the kind is said it is the wage itself. */
static double hourly(const struct staff_desk *desk, const struct people_kind *kind, uint32_t shift, double wage)
{
    const struct fl_hire_def *const hire = hire_of(desk, kind);
    bool by_pay = hire != NULL && (!isnan(hire->shift_cny) || hire->stand_by > 0);
    for (uint32_t i = 0; i < desk->base->staffing.breaks_count; i++) by_pay |= !desk->base->staffing.breaks[i].paid;
    if (!by_pay || isnan(desk->pay[shift])) return wage;
    return desk->pay[shift] / fl_money_hours(&desk->base->money, (double)(desk->shifts[shift].to - desk->shifts[shift].from) / FL_HOUR);
}

static void place(struct maker *maker, const struct people_kind *kind, uint32_t candidate, uint32_t shift, uint32_t count)
{
    const struct fl_scenario *base = maker->desk->base;
    for (uint32_t d = 0; kind->hire == FL_NONE && d < base->desk.agents_count && count > 0; d++)
        if (maker->desk->kind_of[d] == (uint32_t)(kind - maker->desk->kinds))
            count -= place_existing(maker, d, shift, count, hourly(maker->desk, kind, candidate, base->desk.agents[d].wage_cny_per_hour));
    if (count == 0) return;
    struct fl_agent_def *def = &maker->agents[maker->agents_count++];
    *def = staff_desk_person(maker->desk, kind);
    if (kind->hire == FL_NONE) def->name = maker->desk->extra_name;
    def->count = count;
    def->shift = shift;
    def->wage_cny_per_hour = hourly(maker->desk, kind, candidate, def->wage_cny_per_hour);
    def->main_account = def->proxy_account = false;
    maker->out->added += count;
}

bool roster_scenario_make(const struct staff_desk *desk, const uint32_t people[], struct roster_scenario *out)
{
    const struct fl_scenario *base = desk->base;
    uint32_t used = 0, breaks = 0;
    for (uint32_t s = 0; s < desk->shifts_count; s++) {
        used += people[s] > 0;
        breaks += people[s] > 0 ? desk->shifts[s].breaks_count : 0;
    }
    const uint32_t room = base->desk.agents_count * (used + 1) + used + 1;
    *out = (struct roster_scenario){ .scenario = *base };
    const size_t bytes = room * sizeof(struct fl_agent_def) + (used + 1) * sizeof(struct fl_shift_def) + (breaks + 1) * sizeof(struct fl_break) +
                         (base->desk.agents_count + used) * sizeof(uint32_t) + used * 40;
    out->memory = calloc(1, bytes);
    if (out->memory == NULL) return false;
    struct maker maker = { .desk = desk, .agents = out->memory, .agents_count = base->desk.agents_count, .out = out };
    maker.shifts = (struct fl_shift_def *)(maker.agents + room);
    struct fl_break *next_break = (struct fl_break *)(maker.shifts + used + 1);
    maker.left = (uint32_t *)(next_break + breaks + 1);
    uint32_t *candidate_of = maker.left + base->desk.agents_count;
    char *names = (char *)(candidate_of + used);
    out->candidate_of = candidate_of;
    for (uint32_t d = 0; d < base->desk.agents_count; d++) {
        maker.agents[d] = base->desk.agents[d];
        maker.agents[d].count = 0;
        maker.left[d] = base->desk.agents[d].count;
    }
    for (uint32_t k = 0; k < desk->kinds_count; k++) {
        for (uint32_t s = desk->kinds[k].first_shift; s < desk->kinds[k].first_shift + desk->kinds[k].shifts_count; s++) {
            if (people[s] == 0) continue;
            const struct fl_rota_shift *shift = &desk->shifts[s];
            snprintf(names, 40, "s%u", s);
            maker.shifts[maker.shifts_count] = (struct fl_shift_def){ .name = names, .from = shift->from, .to = shift->to, .once = true,
                                                                      .breaks_count = shift->breaks_count, .breaks = next_break };
            names += 40;
            for (uint32_t b = 0; b < shift->breaks_count; b++)
                *next_break++ = (struct fl_break){ fl_time_of_day(base, shift->from + shift->breaks[b].at), shift->breaks[b].length };
            candidate_of[maker.shifts_count] = s;
            place(&maker, &desk->kinds[k], s, maker.shifts_count++, people[s]);
        }
    }
    for (uint32_t d = 0; d < maker.agents_count; d++) {
        if (maker.agents[d].count == 0) maker.agents[d].shift = FL_NONE;
        maker.agents[d].speed *= desk->speed_factor;
    }
    out->scenario.desk.agents = maker.agents;
    out->scenario.desk.agents_count = maker.agents_count;
    out->scenario.desk.shifts = maker.shifts;
    out->scenario.desk.shifts_count = maker.shifts_count;
    return true;
}

/* Nothing for who answers all groups: that is the default, and the one group of a scenario that names none has no name to go by. */
static void add_names(struct fl_text *out, const char *key, const struct fl_scenario *scenario, uint64_t groups)
{
    const uint64_t all = staff_all_groups(scenario);
    if ((groups & all) == all) return;
    fl_text_add(out, ",\"%s\":[", key);
    bool first = true;
    for (uint32_t g = 0; g < scenario->desk.groups_count; g++) {
        if (!(groups >> g & 1)) continue;
        if (!first) fl_text_add(out, ",");
        first = false;
        fl_text_add_json(out, scenario->desk.groups[g].name);
    }
    fl_text_add(out, "]");
}

static void add_skills(struct fl_text *out, const struct fl_scenario *scenario, const struct fl_agent_def *def)
{
    if (scenario->skills_count == 0) return;
    fl_text_add(out, ",\"skill\":{");
    for (uint32_t i = 0; i < scenario->skills_count; i++) {
        fl_text_add(out, i > 0 ? "," : "");
        fl_text_add_json(out, scenario->skills[i]);
        fl_text_add(out, ":%.10g", def->skill[i]);
    }
    fl_text_add(out, "}");
}

/* An offset from the start, exact. */
static void add_offset(struct fl_text *out, fl_time at)
{
    fl_text_add(out, "\"%s%.10gs\"", at < 0 ? "-" : "+", fl_time_to_s(at < 0 ? -at : at));
}

static void add_breaks(struct fl_text *out, const struct fl_shift_def *shift)
{
    fl_text_add(out, ",\"breaks\":[");
    for (uint32_t b = 0; b < shift->breaks_count; b++)
        fl_text_add(out, "%s[\"%02d:%02d:%02d\",\"%.10gs\"]", b > 0 ? "," : "", (int)(shift->breaks[b].at / FL_HOUR),
                    (int)(shift->breaks[b].at / FL_MINUTE % 60), (int)(shift->breaks[b].at / FL_SECOND % 60), fl_time_to_s(shift->breaks[b].length));
    fl_text_add(out, "]");
}

/* A time of day; midnight as an end is 24:00. */
static void add_clock(struct fl_text *out, fl_time at)
{
    const fl_time minutes = at / FL_MINUTE;
    fl_text_add(out, "\"%02d:%02d\"", (int)(minutes / 60), (int)(minutes % 60));
}

static void add_shift(struct fl_text *out, const struct fl_shift_def *shift)
{
    fl_text_add(out, "{\"name\":\"%s\",\"from\":", shift->name);
    if (shift->once) add_offset(out, shift->from);
    else add_clock(out, shift->from);
    fl_text_add(out, ",\"to\":");
    if (shift->once) add_offset(out, shift->to);
    else add_clock(out, shift->to);
    add_breaks(out, shift);
    fl_text_add(out, "}");
}

static void add_rota(struct fl_text *out, const struct fl_scenario *scenario, const struct fl_agent_def *def)
{
    fl_text_add(out, ",\"rota\":[");
    for (uint32_t day = 0; day < def->rota_count; day++) {
        fl_text_add(out, day > 0 ? "," : "");
        if (def->rota[day] == FL_NONE) fl_text_add(out, "null");
        else fl_text_add(out, "\"%s\"", scenario->desk.shifts[def->rota[day]].name);
    }
    fl_text_add(out, "]");
}

/* When she came and goes, what she has yet to learn, when she is away. */
static void add_tenure(struct fl_text *out, const struct fl_agent_def *def)
{
    if (def->from > -FL_TIME_NEVER) {
        fl_text_add(out, ",\"from\":");
        add_offset(out, def->from);
    }
    if (def->until < FL_TIME_NEVER) {
        fl_text_add(out, ",\"until\":");
        add_offset(out, def->until);
    }
    if (def->training > 0) fl_text_add(out, ",\"training\":\"%.10gs\"", fl_time_to_s(def->training));
    if (def->has_learning) fl_text_add(out, ",\"learning\":{\"speed\":%.10g,\"half\":\"%.10gs\"}", def->learning_speed, fl_time_to_s(def->learning_half));
    for (uint32_t i = 0; i < def->away_count; i++) {
        fl_text_add(out, i == 0 ? ",\"away\":[{\"from\":" : ",{\"from\":");
        add_offset(out, def->away[i].from);
        fl_text_add(out, ",\"to\":");
        add_offset(out, def->away[i].to);
        fl_text_add(out, ",\"paid\":%s}%s", def->away[i].paid ? "true" : "false", i + 1 == def->away_count ? "]" : "");
    }
}

static void add_agent(struct fl_text *agents, const struct fl_scenario *scenario, uint32_t d)
{
    const struct fl_agent_def *const def = &scenario->desk.agents[d];
    char name[256];
    uint32_t same = 0; /* a definition that was split over shifts has further ones of its name */
    for (uint32_t e = 0; e < d; e++) same += strcmp(scenario->desk.agents[e].name, def->name) == 0;
    snprintf(name, sizeof name, same > 0 ? "%.200s %u" : "%.200s", def->name, same + 1);
    fl_text_add(agents, "{\"name\":");
    fl_text_add_json(agents, name);
    fl_text_add(agents, ",\"count\":%u", def->count);
    add_names(agents, "groups", scenario, def->groups);
    if (def->grade != FL_NONE) {
        fl_text_add(agents, ",\"grade\":");
        fl_text_add_json(agents, scenario->desk.grades[def->grade].name);
    }
    fl_text_add(agents, ",\"weight\":%u", def->weight);
    if (def->max_chats < FL_UNLIMITED) fl_text_add(agents, ",\"max_chats\":%u", def->max_chats);
    fl_text_add(agents, ",\"speed\":%.10g", def->speed);
    if (!isnan(def->typing_cpm)) fl_text_add(agents, ",\"typing_cpm\":%.10g", def->typing_cpm);
    if (!isnan(def->wage_cny_per_hour)) fl_text_add(agents, ",\"wage_cny_per_hour\":%.10g", def->wage_cny_per_hour);
    if (def->absent > 0) fl_text_add(agents, ",\"absent\":%.10g", def->absent);
    /* Who is the main account only because nobody is named may be several, and is so again in the plan: the first who is there. */
    if (def->main_account && def->count <= 1) fl_text_add(agents, ",\"main_account\":true");
    if (def->proxy_account) fl_text_add(agents, ",\"proxy_account\":true");
    if (def->outsourced) fl_text_add(agents, ",\"outsourced\":true");
    add_skills(agents, scenario, def);
    if (def->shift != FL_NONE) fl_text_add(agents, ",\"shift\":\"%s\"", scenario->desk.shifts[def->shift].name);
    if (def->rota_count > 0) add_rota(agents, scenario, def);
    add_tenure(agents, def);
    fl_text_add(agents, "}");
}

bool staff_desk_json(const struct fl_scenario *scenario, struct fl_text *shifts, struct fl_text *agents)
{
    fl_text_add(shifts, "[");
    for (uint32_t s = 0; s < scenario->desk.shifts_count; s++) {
        fl_text_add(shifts, s > 0 ? "," : "");
        add_shift(shifts, &scenario->desk.shifts[s]);
    }
    fl_text_add(shifts, "]");
    fl_text_add(agents, "[");
    for (uint32_t d = 0; d < scenario->desk.agents_count; d++) {
        fl_text_add(agents, d > 0 ? "," : "");
        add_agent(agents, scenario, d);
    }
    fl_text_add(agents, "]");
    return !shifts->full && !agents->full;
}
