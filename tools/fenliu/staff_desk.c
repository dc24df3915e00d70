/* Rosters as desks: candidates of shifts, and the scenario in which a roster works. */
#include "staff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double speed_of(const struct fl_scenario *scenario, uint32_t definition)
{
    const struct fl_agent_def *def = &scenario->desk.agents[definition];
    return def->speed * (def->grade == FL_NONE ? 1 : scenario->desk.grades[def->grade].speed);
}

static double wage_of(const struct fl_scenario *scenario, uint32_t definition)
{
    const struct fl_agent_def *def = &scenario->desk.agents[definition];
    if (!isnan(def->wage_cny_per_hour)) return def->wage_cny_per_hour;
    if (def->grade != FL_NONE && !isnan(scenario->desk.grades[def->grade].wage_cny_per_hour))
        return scenario->desk.grades[def->grade].wage_cny_per_hour;
    return scenario->money.wage_cny_per_hour;
}

/* Definitions that answer the same groups are one kind. */
static void find_kinds(struct staff_desk *desk)
{
    const struct fl_scenario *base = desk->base;
    const uint64_t all = base->desk.groups_count >= 64 ? UINT64_MAX : (UINT64_C(1) << base->desk.groups_count) - 1;
    for (uint32_t d = 0; d < base->desk.agents_count; d++) {
        const uint64_t groups = base->desk.agents[d].groups & all;
        bool known = groups == 0;
        for (uint32_t k = 0; k < desk->kinds_count; k++) known |= desk->kinds[k].groups == groups;
        if (!known && desk->kinds_count < KINDS_MAX) desk->kinds[desk->kinds_count++] = (struct people_kind){ .groups = groups, .definition = d };
    }
    for (uint32_t g = 0; g < base->desk.groups_count; g++) { /* a group's own people count before cross-trained ones */
        desk->template_speed[g] = 1;
        int fewest = 65;
        for (uint32_t k = 0; k < desk->kinds_count; k++) {
            const int size = __builtin_popcountll(desk->kinds[k].groups);
            if (!(desk->kinds[k].groups >> g & 1) || size >= fewest) continue;
            fewest = size;
            desk->template_speed[g] = speed_of(base, desk->kinds[k].definition);
        }
    }
}

bool staff_desk_open(struct staff_desk *desk, const struct fl_scenario *base, enum language language)
{
    *desk = (struct staff_desk){ .base = base, .speed_factor = 1, .extra_name = language == LANGUAGE_ZH ? "加人" : "added" };
    find_kinds(desk);
    for (int pass = 0; pass < 2; pass++) { /* count, then fill */
        uint32_t total = 0;
        for (uint32_t k = 0; k < desk->kinds_count; k++) {
            struct people_kind *kind = &desk->kinds[k];
            const double speed = speed_of(base, kind->definition), wage = wage_of(base, kind->definition);
            kind->first_shift = total;
            kind->shifts_count = fl_rota_candidates(&base->staffing, base->duration, kind->groups, speed, wage,
                                                    pass == 0 ? 0 : desk->shifts_count - total, pass == 0 ? NULL : desk->shifts + total);
            total += kind->shifts_count;
        }
        if (pass == 1) break;
        desk->shifts_count = total;
        desk->shifts = calloc(total > 0 ? total : 1, sizeof *desk->shifts);
        if (desk->shifts == NULL) return false;
    }
    return true;
}

void staff_desk_close(struct staff_desk *desk)
{
    free(desk->shifts);
    desk->shifts = NULL;
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
static uint32_t place_existing(struct maker *maker, uint32_t d, uint32_t shift, uint32_t count)
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
    maker->out->existing += taken;
    return taken;
}

static void place(struct maker *maker, const struct people_kind *kind, uint32_t shift, uint32_t count)
{
    const struct fl_scenario *base = maker->desk->base;
    for (uint32_t d = 0; d < base->desk.agents_count && count > 0; d++)
        if ((base->desk.agents[d].groups & kind->groups) == kind->groups && base->desk.agents[d].groups == base->desk.agents[kind->definition].groups)
            count -= place_existing(maker, d, shift, count);
    if (count == 0) return;
    struct fl_agent_def *def = &maker->agents[maker->agents_count++];
    *def = base->desk.agents[kind->definition];
    def->name = maker->desk->extra_name;
    def->count = count;
    def->shift = shift;
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
                         base->desk.agents_count * sizeof(uint32_t) + used * 40;
    out->memory = calloc(1, bytes);
    if (out->memory == NULL) return false;
    struct maker maker = { .desk = desk, .agents = out->memory, .agents_count = base->desk.agents_count, .out = out };
    maker.shifts = (struct fl_shift_def *)(maker.agents + room);
    struct fl_break *next_break = (struct fl_break *)(maker.shifts + used + 1);
    maker.left = (uint32_t *)(next_break + breaks + 1);
    char *names = (char *)(maker.left + base->desk.agents_count);
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
            place(&maker, &desk->kinds[k], maker.shifts_count++, people[s]);
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
    const uint64_t all = scenario->desk.groups_count >= 64 ? UINT64_MAX : (UINT64_C(1) << scenario->desk.groups_count) - 1;
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

bool roster_json(const struct roster_scenario *roster, struct fl_text *shifts, struct fl_text *agents)
{
    const struct fl_scenario *scenario = &roster->scenario;
    fl_text_add(shifts, "[");
    for (uint32_t s = 0; s < scenario->desk.shifts_count; s++) {
        const struct fl_shift_def *shift = &scenario->desk.shifts[s];
        fl_text_add(shifts, "%s{\"name\":\"%s\",\"from\":", s > 0 ? "," : "", shift->name);
        add_offset(shifts, shift->from);
        fl_text_add(shifts, ",\"to\":");
        add_offset(shifts, shift->to);
        fl_text_add(shifts, ",\"breaks\":[");
        for (uint32_t b = 0; b < shift->breaks_count; b++)
            fl_text_add(shifts, "%s[\"%02d:%02d:%02d\",\"%.10gs\"]", b > 0 ? "," : "", (int)(shift->breaks[b].at / FL_HOUR),
                        (int)(shift->breaks[b].at / FL_MINUTE % 60), (int)(shift->breaks[b].at / FL_SECOND % 60), fl_time_to_s(shift->breaks[b].length));
        fl_text_add(shifts, "]}");
    }
    fl_text_add(shifts, "]");
    fl_text_add(agents, "[");
    for (uint32_t d = 0; d < scenario->desk.agents_count; d++) {
        const struct fl_agent_def *def = &scenario->desk.agents[d];
        char name[256];
        uint32_t same = 0; /* a definition that was split over shifts has further ones of its name */
        for (uint32_t e = 0; e < d; e++) same += strcmp(scenario->desk.agents[e].name, def->name) == 0;
        snprintf(name, sizeof name, same > 0 ? "%.200s %u" : "%.200s", def->name, same + 1);
        fl_text_add(agents, "%s{\"name\":", d > 0 ? "," : "");
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
        fl_text_add(agents, "}");
    }
    fl_text_add(agents, "]");
    return !shifts->full && !agents->full;
}
