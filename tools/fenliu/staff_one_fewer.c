/* fenliu staff --explain: the plan with one person fewer in a single interval, for every interval and group. */
#include "staff.h"

#include "staffing/one_fewer.h"
#include "staffing/refine.h"

#include <stdlib.h>
#include <string.h>

#define DAYS_WORK 10e6     /* chats and replies simulated, as WORK_MAX: some seconds */
#define INTERVALS_WORK 60e6 /* as INTERVALS_WORK_MAX */
#define UNSEEN 1000000u  /* days from here on no plan of means has been chosen by */

/* ---- A roster without somebody ------------------------------------------------------------------ */

static fl_time later(fl_time a, fl_time b)
{
    return a > b ? a : b;
}

static fl_time earlier(fl_time a, fl_time b)
{
    return a < b ? a : b;
}

/* The shift that gives up somebody from `from` to `to`: one that is there for most of it; of equals with the slowest people, then the first. FL_NONE: none. */
static uint32_t shift_to_spare(const struct staff_desk *desk, const uint32_t people[], uint32_t group, fl_time from, fl_time to)
{
    uint32_t best = FL_NONE;
    fl_time most = 0;
    for (uint32_t s = 0; s < desk->shifts_count; s++) {
        const struct fl_rota_shift *shift = &desk->shifts[s];
        const fl_time on = people[s] > 0 && (shift->groups >> group & 1) ? fl_rota_on_duty(shift, from, to) : 0;
        if (on < most || on == 0 || (on == most && shift->speed >= desk->shifts[best].speed)) continue;
        best = s;
        most = on;
    }
    return best;
}

/* The desk with room for two more definitions and shifts; one block. */
static bool copy_desk(struct fl_desk_def *desk, void **memory)
{
    const size_t agents = (size_t)(desk->agents_count + 2) * sizeof *desk->agents, shifts = (size_t)(desk->shifts_count + 2) * sizeof *desk->shifts;
    char *const block = malloc(agents + shifts);
    if (block == NULL) return false;
    memcpy(block, desk->agents, desk->agents_count * sizeof *desk->agents);
    memcpy(block + agents, desk->shifts, desk->shifts_count * sizeof *desk->shifts);
    desk->agents = (struct fl_agent_def *)block;
    desk->shifts = (struct fl_shift_def *)(block + agents);
    *memory = block;
    return true;
}

/* The shift of the scenario that is this candidate. */
static uint32_t place_of(const struct roster_scenario *roster, uint32_t candidate)
{
    uint32_t place = 0;
    while (roster->candidate_of[place] != candidate) place++;
    return place;
}

/* Somebody of a shift is away from `from` to `to`: her shift ends then, by the desk's own rule, and what is left of it begins anew, so that nobody
 * keeps chats waiting who is not there. Free *memory before the roster's. false: out of memory. */
static bool send_away(const struct roster_scenario *roster, uint32_t candidate, fl_time from, fl_time to, struct fl_scenario *out, void **memory)
{
    *out = roster->scenario;
    if (!copy_desk(&out->desk, memory)) return false;
    struct fl_agent_def *const agents = (struct fl_agent_def *)out->desk.agents;
    struct fl_shift_def *const shifts = (struct fl_shift_def *)out->desk.shifts;
    const uint32_t place = place_of(roster, candidate);
    uint32_t d = out->desk.agents_count - 1;
    while (agents[d].count == 0 || agents[d].shift != place) d--;
    agents[d].count--;
    const struct fl_shift_def whole = shifts[place];
    const fl_time spans[2][2] = { { whole.from, earlier(from, whole.to) }, { later(to, whole.from), whole.to } };
    for (int part = 0; part < 2; part++) {
        if (spans[part][0] >= spans[part][1]) continue;
        struct fl_shift_def *const rest = &shifts[out->desk.shifts_count];
        *rest = whole;
        rest->from = spans[part][0];
        rest->to = spans[part][1];
        agents[out->desk.agents_count] = agents[d];
        agents[out->desk.agents_count].count = 1;
        agents[out->desk.agents_count++].shift = out->desk.shifts_count++;
    }
    return true;
}

/* ---- Asked of every interval --------------------------------------------------------------------- */

static enum fl_status weigh(void *context, uint32_t interval, uint32_t group, uint32_t first, uint32_t days, struct fl_evidence *evidence)
{
    struct staff *staff = context;
    if (staff->scenario->staffing.judge == FL_JUDGE_MEAN) first += UNSEEN;
    if (interval == FL_NONE) return staff_weigh_scenario(staff, &staff->proof.roster.scenario, first, days, evidence);
    const fl_time from = (fl_time)interval * staff->scenario->interval, to = earlier(from + staff->scenario->interval, staff->scenario->duration);
    const uint32_t candidate = shift_to_spare(&staff->desk, staff->answer.people, group, from, to);
    struct fl_scenario without;
    void *memory;
    FL_ASSERT(candidate != FL_NONE); /* somebody is on duty */
    if (!send_away(&staff->proof.roster, candidate, from, to, &without, &memory)) return FL_EFULL;
    const enum fl_status status = staff_weigh_scenario(staff, &without, first, days, evidence);
    free(memory);
    return status;
}

enum fl_status staff_one_fewer(struct staff *staff)
{
    const struct fl_scenario *scenario = staff->scenario;
    const uint32_t cells = scenario->intervals_count * scenario->desk.groups_count;
    if (staff->report.curve.reason != CURVE_NONE || !staff->answer.proven || !fl_can_decide(scenario)) return FL_OK;
    const bool by_interval = scenario->staffing.judge == FL_JUDGE_MEAN && staff_asks_of_intervals(scenario);
    double *const stress = malloc(cells * sizeof *stress);
    staff->one_fewer = malloc(cells);
    enum fl_status status = stress != NULL && staff->one_fewer != NULL ? FL_OK : FL_EFULL;
    if (status == FL_OK) {
        fl_staff_stress(&staff->proof.results, stress);
        const struct fl_one_fewer problem = {
            .scenario = scenario, .on_duty = staff->answer.on_duty, .stress = stress, .weigh = weigh, .context = staff,
            .work_a_day = fl_work_of_a_day(scenario), .work_max = by_interval ? INTERVALS_WORK : DAYS_WORK,
        };
        status = fl_one_fewer_by_interval(&problem, staff->one_fewer);
    }
    free(stress);
    staff->report.one_fewer = status == FL_OK ? staff->one_fewer : NULL;
    return status;
}
