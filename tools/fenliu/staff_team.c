/* The answer's shifts dealt to people by name, over the days of a week or a month. */
#include "staff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_DAYS 7u    /* on the screen; all of them are in the CSV and the JSON */
#define SHOWN_PEOPLE 20u

/* ---- The problem -------------------------------------------------------------------------------- */

static uint32_t day_of(const struct fl_rota_shift *shift)
{
    return shift->from > 0 ? (uint32_t)(shift->from / FL_DAY) : 0;
}

static int by_start(const void *a, const void *b)
{
    const struct fl_rota_shift *const x = *(const struct fl_rota_shift *const *)a, *const y = *(const struct fl_rota_shift *const *)b;
    if (x->from != y->from) return x->from < y->from ? -1 : 1;
    return x < y ? -1 : x > y; /* both in one array: the order of the candidates */
}

/* The roster's shifts, repeated day after day until all days are filled. */
static bool write_duties(const struct staff_desk *desk, const uint32_t people[], struct staff_team *team)
{
    const uint32_t pattern = (uint32_t)((desk->base->duration + FL_DAY - 1) / FL_DAY);
    const struct fl_rota_shift **const used = malloc((desk->shifts_count + 1) * sizeof *used);
    uint32_t used_count = 0;
    for (uint32_t s = 0; used != NULL && s < desk->shifts_count; s++)
        if (people[s] > 0) used[used_count++] = &desk->shifts[s];
    const size_t most = (size_t)team->days * used_count + 1;
    struct fl_team_duty *const duties = malloc(most * sizeof *duties);
    team->shift_of = malloc(most * sizeof *team->shift_of);
    team->problem.duties = duties;
    if (used == NULL || duties == NULL || team->shift_of == NULL) {
        free(used);
        return false;
    }
    qsort(used, used_count, sizeof *used, by_start);
    for (uint32_t day = 0; day < team->days; day++) {
        for (uint32_t i = 0; i < used_count; i++) {
            const uint32_t s = (uint32_t)(used[i] - desk->shifts), own = day_of(used[i]);
            const fl_time later = ((fl_time)day - own) * FL_DAY;
            if (own != day % pattern) continue;
            team->shift_of[team->problem.duties_count] = s;
            team->places_count += people[s];
            duties[team->problem.duties_count++] =
                (struct fl_team_duty){ .from = used[i]->from + later, .to = used[i]->to + later, .worked = used[i]->paid, .day = day, .people = people[s] };
        }
    }
    free(used);
    return true;
}

const struct fl_person_def *staff_person_of(const struct fl_scenario *base, uint32_t definition)
{
    for (uint32_t i = 0; i < base->staffing.people_count; i++)
        if (base->staffing.people[i].agent == definition) return &base->staffing.people[i];
    return NULL;
}

static struct fl_team_member member_of(const struct fl_labour *labour, uint32_t count)
{
    return (struct fl_team_member){ .count = count, .rest = labour->rest, .hours_day = labour->hours_day, .hours_week = labour->hours_week,
                                    .days_week = labour->days_week };
}

/* Those who are there, then those to be had: the kinds to hire, or as many more of each kind as it takes. */
static bool write_members(const struct staff_desk *desk, struct staff_team *team)
{
    const struct fl_scenario *const base = desk->base;
    const uint32_t most = base->desk.agents_count + desk->kinds_count;
    struct fl_team_member *const members = malloc((most + 1) * sizeof *members);
    team->problem.members = members;
    team->definition_of = malloc((2 * (size_t)most + 1) * sizeof *team->definition_of);
    if (members == NULL || team->definition_of == NULL) return false;
    team->kind_of = team->definition_of + most;
    uint32_t count = 0;
    for (uint32_t d = 0; d < base->desk.agents_count; d++) {
        const struct fl_person_def *const person = staff_person_of(base, d);
        if (base->desk.agents[d].count == 0 || desk->kind_of[d] == FL_NONE) continue;
        members[count] = member_of(person != NULL ? &person->labour : &base->staffing.labour, base->desk.agents[d].count);
        team->definition_of[count] = d;
        team->kind_of[count++] = desk->kind_of[d];
    }
    for (uint32_t k = 0; k < desk->kinds_count; k++) {
        const struct people_kind *const kind = &desk->kinds[k];
        const struct fl_hire_def *const hire = kind->hire == FL_NONE ? NULL : &base->staffing.hire[kind->hire];
        if (hire == NULL && base->staffing.hire_count > 0) continue;
        members[count] = member_of(hire != NULL ? &hire->labour : &base->staffing.labour, hire != NULL ? hire->count_max : FL_NONE);
        members[count].hired = true;
        members[count].hire_cost = hire != NULL ? hire->hire_cny : 0;
        team->definition_of[count] = FL_NONE;
        team->kind_of[count++] = k;
    }
    team->problem.members_count = count;
    return true;
}

static bool touches(const struct fl_scenario *base, const struct fl_absence *absence, const struct fl_team_duty *duty)
{
    if (!absence->daily) return duty->from < absence->to && absence->from < duty->to;
    const fl_time length = absence->to > absence->from ? absence->to - absence->from : absence->to + FL_DAY - absence->from;
    const fl_time into = (fl_time_of_day(base, duty->from) - absence->from + FL_DAY) % FL_DAY; /* since it last began */
    return into < length || into + (duty->to - duty->from) > FL_DAY;
}

bool staff_is_skilled(const struct staff_desk *desk, const struct fl_agent_def *own, const struct people_kind *kind)
{
    const struct fl_agent_def *const wanted = &desk->base->desk.agents[kind->definition];
    for (uint32_t i = 0; i < desk->base->skills_count; i++)
        if (own->skill[i] < wanted->skill[i]) return false;
    return true;
}

/* CNY of one of them on the shift of a duty, hours where no wage is given; INFINITY: it is not for them. Those who are there have their own
 * wages even where the roster counts them as one kind. */
static double cost_of(const struct staff_desk *desk, const struct staff_team *team, uint32_t m, uint32_t duty)
{
    const uint32_t s = team->shift_of[duty], definition = team->definition_of[m];
    const struct people_kind *const kind = &desk->kinds[team->kind_of[m]], *const wanted = staff_desk_kind(desk, s);
    struct fl_rota_people people = staff_desk_rota_people(desk, kind);
    struct fl_agent_def own = staff_desk_person(desk, kind);
    if (definition != FL_NONE) {
        own = desk->base->desk.agents[definition];
        people.wage_cny_per_hour = staff_desk_wage(desk, &own);
    }
    if (kind != wanted && (!fl_rota_suits(desk->base, &people, &desk->shifts[s]) || !staff_is_skilled(desk, &own, wanted))) return INFINITY;
    if (staff_prices(desk->base) > 0 && isnan(people.shift_cny) && !isnan(desk->pay[s])) return desk->pay[s]; /* the shift's own price */
    return fl_rota_price(&people, &desk->shifts[s]);
}

bool staff_team_cells(const struct fl_scenario *base, struct staff_team *team, double **cost, bool **away)
{
    const uint32_t duties = team->problem.duties_count;
    const size_t cells = (size_t)team->problem.members_count * duties + 1;
    double *const wish = calloc(cells, sizeof *wish);
    team->problem.cost = *cost = malloc(cells * sizeof **cost);
    team->problem.away = *away = calloc(cells, sizeof **away);
    team->problem.wish = wish;
    if (*cost == NULL || wish == NULL || *away == NULL) return false;
    for (uint32_t m = 0; m < team->problem.members_count; m++) {
        const struct fl_person_def *const person = team->definition_of[m] == FL_NONE ? NULL : staff_person_of(base, team->definition_of[m]);
        for (uint32_t d = 0; person != NULL && d < duties; d++) {
            const size_t at = (size_t)m * duties + d;
            for (uint32_t i = 0; i < person->away_count; i++) (*away)[at] |= touches(base, &person->away[i], &team->problem.duties[d]);
            for (uint32_t i = 0; i < person->wishes_count; i++)
                if (touches(base, &person->wishes[i], &team->problem.duties[d])) wish[at] += person->wishes[i].weight_cny;
        }
    }
    return true;
}

static bool write_cells(const struct staff_desk *desk, struct staff_team *team)
{
    const uint32_t duties = team->problem.duties_count;
    double *cost;
    bool *away;
    if (!staff_team_cells(desk->base, team, &cost, &away)) return false;
    for (uint32_t m = 0; m < team->problem.members_count; m++)
        for (uint32_t d = 0; d < duties; d++) cost[(size_t)m * duties + d] = cost_of(desk, team, m, d);
    return true;
}

static void count_up(const struct staff_desk *desk, struct staff_team *team)
{
    team->cost = team->team.cost;
    for (uint32_t s = 0; s < desk->shifts_count; s++)
        if (isnan(desk->pay[s])) team->cost = NAN; /* somebody's wage is not given */
    for (uint32_t i = 0; i < team->places_count; i++) {
        const struct fl_team_place *const place = &team->team.places[i];
        if (place->member != FL_NONE) team->wishes_broken += team->problem.wish[(size_t)place->member * team->problem.duties_count + place->duty] > 0;
    }
    for (uint32_t m = 0; m < team->problem.members_count; m++) {
        if (team->problem.members[m].hired) team->hired += team->team.heads[m];
        else team->own += team->team.heads[m];
    }
}

enum fl_status staff_team_solve(const struct staff_desk *desk, struct staff_team *team)
{
    if (team->places_count == 0 || team->problem.members_count == 0) return FL_OK;
    team->team.places = malloc(team->places_count * sizeof *team->team.places);
    team->team.heads = malloc(team->problem.members_count * sizeof *team->team.heads);
    if (team->team.places == NULL || team->team.heads == NULL) return FL_EFULL;
    enum fl_status status = fl_team_solve(&team->problem, &team->team);
    team->filled = status == FL_OK;
    if (status == FL_EINFEASIBLE) status = fl_team_explain(&team->problem, team->more);
    if (status != FL_OK) return status;
    team->known = true;
    count_up(desk, team);
    return FL_OK;
}

enum fl_status staff_team_make(const struct staff_desk *desk, const uint32_t people[], struct staff_team *out)
{
    const struct fl_staffing_def *const staffing = &desk->base->staffing;
    *out = (struct staff_team){ .problem = { .gap = FL_ROTA_GAP, .nodes_max = STAFF_TEAM_NODES } };
    out->days = staffing->over_days > 0 ? staffing->over_days : (uint32_t)((desk->base->duration + FL_DAY - 1) / FL_DAY);
    out->problem.days = out->days;
    if (!write_duties(desk, people, out) || !write_members(desk, out) || !write_cells(desk, out)) return FL_EFULL;
    return staff_team_solve(desk, out);
}

void staff_team_close(struct staff_team *team)
{
    free((void *)(uintptr_t)team->problem.duties); /* made here: const is for the solver */
    free((void *)(uintptr_t)team->problem.members);
    free((void *)(uintptr_t)team->problem.cost);
    free((void *)(uintptr_t)team->problem.wish);
    free((void *)(uintptr_t)team->problem.away);
    free(team->team.places);
    free(team->team.heads);
    free(team->shift_of);
    free(team->definition_of);
    free(team->first_of);
    *team = (struct staff_team){ 0 };
}

/* ---- By person ---------------------------------------------------------------------------------- */

void staff_team_name(const struct staff_team *team, const struct staff_desk *desk, uint32_t member, uint32_t person, char *out, size_t size)
{
    const uint32_t definition = team->definition_of[member];
    const char *const hire = definition == FL_NONE ? staff_desk_hire(desk, &desk->kinds[team->kind_of[member]]) : NULL;
    const char *const name = definition != FL_NONE ? desk->base->desk.agents[definition].name : hire != NULL ? hire : desk->extra_name;
    const uint32_t number = person + (team->first_of == NULL ? 0 : team->first_of[member]);
    if (team->problem.members[member].count > 1 || number > 0) snprintf(out, size, "%.200s %u", name, number + 1);
    else snprintf(out, size, "%.200s", name);
}

uint32_t staff_team_place(const struct staff_team *team, uint32_t member, uint32_t person, uint32_t day)
{
    for (uint32_t i = 0; i < team->places_count; i++) {
        const struct fl_team_place *const place = &team->team.places[i];
        if (place->member == member && place->person == person && team->problem.duties[place->duty].day == day) return i;
    }
    return FL_NONE;
}

/* Highest number of a member's people who works, plus one. */
static uint32_t persons_of(const struct staff_team *team, uint32_t member)
{
    uint32_t most = 0;
    for (uint32_t i = 0; i < team->places_count; i++)
        if (team->team.places[i].member == member && team->team.places[i].person >= most) most = team->team.places[i].person + 1;
    return most;
}

static void hours_and_minutes(const struct fl_scenario *base, fl_time at, char out[8])
{
    const fl_time of_day = fl_time_of_day(base, at);
    const unsigned hours = (unsigned)(of_day / FL_HOUR), minutes = (unsigned)(of_day / FL_MINUTE % 60);
    if (minutes == 0) snprintf(out, 8, "%02u", hours % 24);
    else snprintf(out, 8, "%02u%02u", hours % 24, minutes % 60);
}

/* "18-22", "1830-22", or a dot on a day off. */
static void add_cell(const struct staff_team *team, const struct staff_desk *desk, uint32_t member, uint32_t person, uint32_t day, struct fl_text *out)
{
    const uint32_t place = staff_team_place(team, member, person, day);
    char from[8], to[8], both[20] = "·";
    if (place != FL_NONE) {
        const struct fl_team_duty *const duty = &team->problem.duties[team->team.places[place].duty];
        hours_and_minutes(desk->base, duty->from, from);
        hours_and_minutes(desk->base, duty->to, to);
        snprintf(both, sizeof both, "%s-%s", from, to);
    }
    text_add_padded(out, both, 9, true);
}

static void add_table(const struct staff_team *team, const struct staff_desk *desk, bool zh, struct fl_text *out)
{
    const uint32_t days = team->days < SHOWN_DAYS ? team->days : SHOWN_DAYS;
    uint32_t shown = 0, all = 0;
    text_add_padded(out, "", 14, false);
    for (uint32_t day = 0; day < days; day++) {
        char whole[32], date[8];
        fl_instant_format(desk->base, day * FL_DAY, whole);
        snprintf(date, sizeof date, "%.5s", whole + 5);
        text_add_padded(out, date, 9, true);
    }
    fl_text_add(out, "\n");
    for (uint32_t m = 0; m < team->problem.members_count; m++) {
        for (uint32_t person = 0; person < persons_of(team, m); person++, all++) {
            char name[256], indented[300];
            if (shown == SHOWN_PEOPLE) continue;
            staff_team_name(team, desk, m, person, name, sizeof name);
            snprintf(indented, sizeof indented, "  %.40s", name);
            text_add_padded(out, indented, 14, false);
            for (uint32_t day = 0; day < days; day++) add_cell(team, desk, m, person, day, out);
            fl_text_add(out, "\n");
            shown++;
        }
    }
    if (shown < all || days < team->days) fl_text_add(out, zh ? "  (共 %u 人 %u 天:--roster 文件 看全部)\n" : "  (%u people, %u days: all of them with --roster FILE)\n", all, team->days);
}

/* ---- The plan by name --------------------------------------------------------------------------- */

static bool names_mean_more(const struct fl_scenario *base)
{
    for (uint32_t c = 0; c < base->buyers.classes_count; c++)
        if (base->buyers.classes[c].dedicated_to != FL_NONE) return true;
    for (uint32_t d = 0; d < base->desk.agents_count; d++)
        if (base->desk.agents[d].absent > 0) return true;
    return base->events_count > 0;
}

static bool works_alike(const struct fl_agent_def *a, const struct fl_agent_def *b)
{
    return a->groups == b->groups && a->grade == b->grade && a->weight == b->weight && a->max_chats == b->max_chats && a->speed == b->speed &&
           a->typing_cpm == b->typing_cpm && memcmp(a->skill, b->skill, sizeof a->skill) == 0;
}

/* The next place of a shift on the roster's own days, from *from on; FL_NONE: none, or nobody is on it. */
static uint32_t next_on(const struct staff_team *team, const struct staff_desk *desk, uint32_t candidate, uint32_t *from)
{
    for (; *from < team->places_count; ++*from) {
        const struct fl_team_place *const place = &team->team.places[*from];
        const fl_time at = team->problem.duties[place->duty].from;
        if (team->shift_of[place->duty] != candidate || at != desk->shifts[candidate].from) continue;
        return place->member == FL_NONE ? FL_NONE : (*from)++;
    }
    return FL_NONE;
}

struct relabelled {
    struct fl_agent_def *agents;
    char *names; /* NAME_ROOM each */
    uint32_t count;
};

#define NAME_ROOM 240u

/* One definition for each of a definition's people. false where somebody else would stand for her. */
static bool relabel(const struct staff_team *team, const struct staff_desk *desk, const struct fl_agent_def *def, uint32_t candidate, uint32_t *from,
                    struct relabelled *out)
{
    for (uint32_t i = 0; i < def->count; i++) {
        const uint32_t number = next_on(team, desk, candidate, from);
        if (number == FL_NONE) return false;
        const struct fl_team_place *const place = &team->team.places[number];
        struct fl_agent_def own = staff_desk_person(desk, &desk->kinds[team->kind_of[place->member]]);
        if (team->definition_of[place->member] != FL_NONE) own = desk->base->desk.agents[team->definition_of[place->member]];
        own.speed *= desk->speed_factor;
        if (!works_alike(&own, def)) return false;
        struct fl_agent_def *const made = &out->agents[out->count];
        char *const name = out->names + (size_t)out->count++ * NAME_ROOM;
        if (place->person == 0 && team->definition_of[place->member] != FL_NONE) /* the scenario may speak of her by this name */
            snprintf(name, NAME_ROOM, "%.200s", desk->base->desk.agents[team->definition_of[place->member]].name);
        else staff_team_name(team, desk, place->member, place->person, name, NAME_ROOM);
        *made = *def;
        made->name = name;
        made->count = 1;
        made->main_account = def->main_account && def->count == 1;
    }
    return true;
}

static bool is_named(const struct relabelled *made, const char *name, uint32_t except)
{
    for (uint32_t i = 0; i < made->count; i++)
        if (i != except && strcmp(made->agents[i].name, name) == 0) return true;
    return false;
}

/* The scenario may speak of those who have no shift: a definition without people has the name of one of them, its own if it can, and those
 * still missing get one each. */
static void name_idle(const struct staff_desk *desk, struct relabelled *made)
{
    const struct fl_desk_def *const base = &desk->base->desk;
    uint32_t missing = 0;
    const uint32_t given = made->count;
    for (uint32_t i = 0; i < given; i++) {
        struct fl_agent_def *const idle = &made->agents[i];
        if (idle->count > 0 || !is_named(made, idle->name, i)) continue;
        while (missing < base->agents_count && is_named(made, base->agents[missing].name, FL_NONE)) missing++;
        if (missing < base->agents_count) {
            idle->name = base->agents[missing].name;
            continue;
        }
        char *const name = made->names + (size_t)i * NAME_ROOM;
        snprintf(name, NAME_ROOM, "%.200s (%u)", idle->name, i);
        idle->name = name;
    }
    for (uint32_t d = 0; d < base->agents_count; d++) {
        if (is_named(made, base->agents[d].name, FL_NONE)) continue;
        struct fl_agent_def *const idle = &made->agents[made->count++];
        *idle = base->agents[d];
        idle->count = 0;
        idle->shift = FL_NONE;
        idle->speed *= desk->speed_factor;
        idle->main_account = idle->proxy_account = false;
    }
}

void *staff_team_relabel(const struct staff_team *team, const struct staff_desk *desk, struct roster_scenario *roster, bool *full)
{
    struct fl_desk_def *const own = &roster->scenario.desk;
    *full = false;
    if (!team->known || !team->filled || names_mean_more(desk->base)) return NULL;
    const size_t room = own->agents_count + (size_t)fl_scenario_agents_count(&roster->scenario) + desk->base->desk.agents_count;
    unsigned char *const memory = calloc(room, sizeof(struct fl_agent_def) + NAME_ROOM);
    uint32_t *const from = calloc(desk->shifts_count + 1, sizeof *from); /* where a shift's next person is looked for */
    struct relabelled made = { .agents = (struct fl_agent_def *)(void *)memory, .names = memory == NULL ? NULL : (char *)memory + room * sizeof(struct fl_agent_def) };
    bool done = memory != NULL && from != NULL;
    *full = !done;
    for (uint32_t d = 0; done && d < own->agents_count; d++) {
        const struct fl_agent_def *const def = &own->agents[d];
        if (def->count == 0) made.agents[made.count++] = *def;
        else done = def->shift != FL_NONE && relabel(team, desk, def, roster->candidate_of[def->shift], &from[roster->candidate_of[def->shift]], &made);
    }
    free(from);
    if (!done) {
        free(memory);
        return NULL;
    }
    name_idle(desk, &made);
    own->agents = made.agents;
    own->agents_count = made.count;
    return memory;
}

/* ---- Why there is none -------------------------------------------------------------------------- */

static void add_way(enum fl_team_limit limit, fl_time more, bool zh, struct fl_text *out)
{
    const double hours = (double)more / FL_HOUR;
    const long long count = (long long)more;
    switch (limit) {
    case FL_TEAM_PEOPLE: fl_text_add(out, zh ? "再要 %lld 人" : "%lld more people", count); break;
    case FL_TEAM_AWAY: fl_text_add(out, zh ? "请假的人来上 %lld 个班" : "%lld shifts by people who are away", count); break;
    case FL_TEAM_REST: fl_text_add(out, zh ? "两班之间少休 %.4g 小时" : "%.4g h less rest between shifts", hours); break;
    case FL_TEAM_HOURS_DAY: fl_text_add(out, zh ? "每天多上 %.4g 小时" : "%.4g h more a day", hours); break;
    case FL_TEAM_HOURS_WEEK: fl_text_add(out, zh ? "每周多上 %.4g 小时" : "%.4g h more a week", hours); break;
    default: fl_text_add(out, zh ? "每周多上 %lld 天" : "%lld more days a week", count); break;
    }
}

static void add_reasons(const struct staff_team *team, bool zh, struct fl_text *out)
{
    uint32_t ways = 0;
    fl_text_add(out, zh ? "  排到人  %u 天里有 %u 个班没人上。" : "  by name  %u days leave %u shifts to nobody.", team->days, team->team.open);
    for (unsigned limit = 0; limit < FL_TEAM_LIMITS_COUNT; limit++) {
        if (team->more[limit] <= 0 || team->more[limit] == FL_TIME_NEVER) continue;
        if (ways++ == 0) fl_text_add(out, zh ? "下面任一条就够:\n    " : " Any one of these would do:\n    ");
        else fl_text_add(out, zh ? ";" : "; ");
        add_way((enum fl_team_limit)limit, team->more[limit], zh, out);
    }
    if (ways == 0) fl_text_add(out, zh ? "单独放宽哪一条都不够。\n" : " No limit alone is in the way.\n");
    else fl_text_add(out, zh ? "。\n" : ".\n");
}

/* ---- Screen, JSON, CSV -------------------------------------------------------------------------- */

/* Those to be hired of a member's kind, where it is the first of them; they may begin at several times. */
static uint32_t hired_of_kind(const struct staff_team *team, uint32_t member)
{
    uint32_t heads = 0;
    for (uint32_t m = 0; m < team->problem.members_count; m++) {
        if (!team->problem.members[m].hired || team->kind_of[m] != team->kind_of[member]) continue;
        if (m < member) return 0;
        heads += team->team.heads[m];
    }
    return heads;
}

static void add_who(const struct staff_team *team, const struct staff_desk *desk, bool zh, struct fl_text *out)
{
    bool first = true;
    fl_text_add(out, zh ? "  排到人  %u 天共要 %u 人:现有的用 %u 名" : "  by name  %u days take %u people: %u of yours", team->days, team->own + team->hired, team->own);
    for (uint32_t m = 0; m < team->problem.members_count; m++) {
        const uint32_t heads = team->problem.members[m].hired ? hired_of_kind(team, m) : 0;
        if (heads == 0) continue;
        const char *const hire = staff_desk_hire(desk, &desk->kinds[team->kind_of[m]]);
        fl_text_add(out, "%s%.60s %u", first ? (zh ? ",另招 " : ", and hire ") : (zh ? "、" : ", "), hire != NULL ? hire : desk->extra_name, heads);
        first = false;
    }
    double hiring = 0;
    for (uint32_t m = 0; m < team->problem.members_count; m++)
        if (team->problem.members[m].hired) hiring += team->problem.members[m].hire_cost * team->team.heads[m];
    if (!isnan(team->cost)) fl_text_add(out, zh ? ";\n    工资 ¥%.0f" : ";\n    wages CNY %.0f", team->cost - hiring);
    if (hiring > 0) fl_text_add(out, zh ? ",招人 ¥%.0f" : ", hiring CNY %.0f", hiring);
    if (team->wishes_broken > 0) fl_text_add(out, zh ? ",%u 个班没依各人的意愿" : ", %u shifts against somebody's wish", team->wishes_broken);
    fl_text_add(out, zh ? "。\n" : ".\n");
}

void staff_team_screen(const struct staff_team *team, const struct staff_desk *desk, bool zh, struct fl_text *out)
{
    if (!team->known) return;
    if (team->filled) add_who(team, desk, zh, out);
    else add_reasons(team, zh, out);
    add_table(team, desk, zh, out);
    fl_text_add(out, "\n");
}

static void add_json_shifts(const struct staff_team *team, const struct staff_desk *desk, uint32_t member, uint32_t person, struct fl_text *out)
{
    char at[32];
    bool first = true;
    fl_text_add(out, "\"shifts\":[");
    for (uint32_t day = 0; day < team->days; day++) {
        const uint32_t place = staff_team_place(team, member, person, day);
        if (place == FL_NONE) continue;
        const struct fl_team_duty *const duty = &team->problem.duties[team->team.places[place].duty];
        fl_instant_format(desk->base, duty->from, at);
        fl_text_add(out, "%s{\"from\":\"%s\",\"to\":", first ? "" : ",", at);
        fl_instant_format(desk->base, duty->to, at);
        fl_text_add(out, "\"%s\"}", at);
        first = false;
    }
    fl_text_add(out, "]");
}

static void add_json_more(const struct staff_team *team, struct fl_text *out)
{
    static const char *const names[FL_TEAM_LIMITS_COUNT] = { "people", "shifts_of_people_away", "less_rest_h", "hours_day", "hours_week", "days_week" };
    fl_text_add(out, ",\"any_of_these_would_do\":{");
    for (unsigned limit = 0, said = 0; limit < FL_TEAM_LIMITS_COUNT; limit++) {
        const bool counts = limit == FL_TEAM_PEOPLE || limit == FL_TEAM_AWAY || limit == FL_TEAM_DAYS_WEEK;
        if (team->filled || team->more[limit] <= 0 || team->more[limit] == FL_TIME_NEVER) continue;
        fl_text_add(out, "%s\"%s\":%.10g", said++ > 0 ? "," : "", names[limit], counts ? (double)team->more[limit] : (double)team->more[limit] / FL_HOUR);
    }
    fl_text_add(out, "}");
}

void staff_team_json(const struct staff_team *team, const struct staff_desk *desk, struct fl_text *out)
{
    bool first = true;
    if (!team->known) return;
    fl_text_add(out, ",\n\"team\":{\"days\":%u,\"payroll\":%u,\"own\":%u,\"hired\":%u,\"filled\":%s,\"open_shifts\":%u,\"wishes_broken\":%u,\"cost_cny\":", team->days,
                team->own + team->hired, team->own, team->hired, team->filled ? "true" : "false", team->team.open, team->wishes_broken);
    fl_text_add_number(out, team->cost);
    fl_text_add(out, ",\"within_gap\":%s", team->team.proven ? "true" : "false");
    add_json_more(team, out);
    fl_text_add(out, ",\"people\":[");
    for (uint32_t m = 0; m < team->problem.members_count; m++) {
        for (uint32_t person = 0; person < persons_of(team, m); person++) {
            char name[256];
            staff_team_name(team, desk, m, person, name, sizeof name);
            fl_text_add(out, "%s\n{\"name\":", first ? "" : ",");
            fl_text_add_json(out, name);
            fl_text_add(out, ",\"hired\":%s,", team->problem.members[m].hired ? "true" : "false");
            add_json_shifts(team, desk, m, person, out);
            fl_text_add(out, "}");
            first = false;
        }
    }
    fl_text_add(out, "]}");
}

/* RFC 4180: quotes around a text that needs them, doubled inside. */
static void add_csv_text(struct fl_text *out, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fl_text_add(out, "%s", text);
        return;
    }
    fl_text_add(out, "\"");
    for (const char *c = text; *c != '\0'; c++) fl_text_add(out, *c == '"' ? "\"\"" : "%c", *c);
    fl_text_add(out, "\"");
}

void staff_team_csv(const struct staff_team *team, const struct staff_desk *desk, struct fl_text *out)
{
    fl_text_add(out, "person,hired,from,to,hours,groups,cost_cny,against_a_wish\n");
    for (uint32_t i = 0; i < team->places_count; i++) {
        const struct fl_team_place *const place = &team->team.places[i];
        const struct fl_team_duty *const duty = &team->problem.duties[place->duty];
        const struct fl_rota_shift *const shift = &desk->shifts[team->shift_of[place->duty]];
        const size_t at = place->member == FL_NONE ? 0 : (size_t)place->member * team->problem.duties_count + place->duty;
        char name[256] = "", from[32], to[32], groups[600] = "";
        if (place->member != FL_NONE) staff_team_name(team, desk, place->member, place->person, name, sizeof name);
        fl_instant_format(desk->base, duty->from, from);
        fl_instant_format(desk->base, duty->to, to);
        for (uint32_t g = 0; g < desk->base->desk.groups_count; g++)
            if (shift->groups >> g & 1) snprintf(groups + strlen(groups), sizeof groups - strlen(groups), "%s%.200s", groups[0] == '\0' ? "" : "+", desk->base->desk.groups[g].name);
        add_csv_text(out, name);
        fl_text_add(out, ",%s,%s,%s,%.10g,", place->member == FL_NONE ? "" : team->problem.members[place->member].hired ? "true" : "false", from, to,
                    (double)duty->worked / FL_HOUR);
        add_csv_text(out, groups);
        if (place->member == FL_NONE || isnan(team->cost)) fl_text_add(out, ",,");
        else fl_text_add(out, ",%.10g,", team->problem.cost[at]);
        fl_text_add(out, "%s\n", place->member == FL_NONE ? "" : team->problem.wish[at] > 0 ? "true" : "false");
    }
}
