/* Parts of fenliu staff that a day and a month share: believing the scenario, the problem handed to the search, its answer. */
#include "staff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define REPLAY_DAYS 60u
#define MATCH_WITHIN 0.15 /* a replayed ordinary day closer than this to the panel is believed as it stands */
#define FIT_LEAST 0.5     /* reply times are fitted between half and twice the scenario's */
#define FIT_MOST 2.0

/* ---- Believe first ----------------------------------------------------------------------------- */

/* The owner's ordinary day: its chats over the day's profile, its people through its hours, nothing else. */
static struct fl_scenario ordinary_day(const struct staff *staff, struct fl_agent_def agents[1], struct fl_shift_def shifts[1], double speed)
{
    const struct fl_scenario *base = staff->scenario;
    struct fl_scenario day = *base;
    const struct fl_window hours = base->ordinary_day.hours;
    day.start_s = base->start_s - base->start_s % 86400;
    day.duration = FL_DAY;
    day.interval = FL_HOUR;
    day.intervals_count = 24;
    day.warmup = 0;
    day.traffic.chats_per_day = base->ordinary_day.inquiries;
    day.traffic.points_count = day.traffic.promotions_count = day.traffic.pushes_count = 0;
    day.traffic.scale = 1;
    day.events_count = day.objectives_count = day.thresholds_count = 0;
    day.desk.meetings_count = 0;
    agents[0] = base->desk.agents[0];
    agents[0].count = base->ordinary_day.agents;
    agents[0].groups = UINT64_MAX;
    agents[0].speed *= speed;
    agents[0].shift = hours.from == hours.to ? FL_NONE : 0;
    shifts[0] = (struct fl_shift_def){ .name = "ordinary", .from = hours.from, .to = hours.to };
    day.desk.agents = agents;
    day.desk.agents_count = 1;
    day.desk.shifts = shifts;
    day.desk.shifts_count = 1;
    if (hours.from != hours.to) {
        day.desk.has_open = true;
        day.desk.open = hours;
    }
    return day;
}

static enum fl_status replay(const struct staff *staff, double speed, double *response_s)
{
    struct fl_agent_def agents[1];
    struct fl_shift_def shifts[1];
    const struct fl_scenario day = ordinary_day(staff, agents, shifts, speed);
    struct fl_run *run = NULL;
    const enum fl_status status = staff_days(staff, &day, REPLAY_DAYS, &run);
    if (status != FL_OK) return status;
    const struct fl_figure mean = fl_figure_named(&run->results, FL_SCOPE_DESK, 0, "response_s.mean");
    *response_s = mean.known ? mean.value : INFINITY;
    fl_run_free(run);
    return FL_OK;
}

/* Replays the ordinary day; where it is off, scales the reply times until it matches. */
enum fl_status staff_believe(struct staff *staff)
{
    struct staff_report *report = &staff->report;
    const double seen = staff->scenario->ordinary_day.response_s;
    report->believed = true;
    if (!staff->scenario->ordinary_day.given) return FL_OK;
    enum fl_status status = replay(staff, 1, &report->replay_response_s);
    if (status != FL_OK || fabs(report->replay_response_s / seen - 1) <= MATCH_WITHIN) return status;
    double low = 1 / FIT_MOST, high = 1 / FIT_LEAST, middle = 1; /* speeds; the response falls as they rise */
    for (int i = 0; i < 10; i++) {
        middle = sqrt(low * high);
        status = replay(staff, middle, &report->fitted_response_s);
        if (status != FL_OK) return status;
        if (report->fitted_response_s > seen) low = middle;
        else high = middle;
    }
    report->fitted = true;
    report->believed = fabs(report->fitted_response_s / seen - 1) <= MATCH_WITHIN / 3;
    staff->desk.speed_factor = middle;
    return FL_OK;
}

/* ---- The search -------------------------------------------------------------------------------- */

/* The traffic plan of a scenario, in memory of its own. */
bool staff_traffic_plan(const struct fl_scenario *scenario, struct fl_traffic_plan *plan, void **memory)
{
    for (size_t bytes = (size_t)1 << 20; bytes <= (size_t)1 << 28; bytes *= 4) {
        struct fl_arena arena;
        *memory = aligned_alloc(64, bytes);
        if (*memory == NULL) return false;
        fl_arena_start(&arena, *memory, bytes);
        if (fl_traffic_plan_build(&arena, scenario, plan) == FL_OK) return true;
        free(*memory);
    }
    *memory = NULL;
    return false;
}

/* What is asked of every interval is held in every interval: there is no mean of the day to be content with less of. */
bool staff_asks_of_intervals(const struct fl_scenario *scenario)
{
    for (uint32_t i = 0; i < scenario->objectives_count; i++)
        if (scenario->objectives[i].per == FL_PER_INTERVAL) return true;
    return false;
}

/* The problem of the desk's world; free *memory. */
bool staff_problem_make(struct staff *staff, bool quick, struct fl_traffic_plan *plan, void **memory, struct fl_staff_problem *out)
{
    if (!staff_traffic_plan(staff->desk.base, plan, memory)) return false;
    *out = (struct fl_staff_problem){
        .scenario = staff->desk.base, .plan = plan, .shifts_count = staff->desk.shifts_count, .shifts = staff->desk.shifts,
        .crews_count = staff->desk.crews_count, .crews = staff->desk.crews,
        .template_speed = staff->desk.template_speed, .simulate = staff_simulate, .weigh = staff_weigh, .context = staff, .on_trial = staff_on_trial,
        .work_max = quick ? 0 : (staff->work_share > 0 ? staff->work_share : 1) *
                    (staff->scenario->staffing.judge == FL_JUDGE_MEAN && staff_asks_of_intervals(staff->scenario) ? INTERVALS_WORK_MAX : WORK_MAX),
        .doubt_max = quick ? 0 : (staff->work_share > 0 ? staff->work_share : 1) * DOUBT_WORK_MAX,
        .work_scale = 1 / staff->desk.speed_factor, .search_days = SEARCH_DAYS, .screen_days = SCREEN_DAYS, .quick = quick,
        .first_safety = quick ? staff->answer.safety : NAN,
    };
    return true;
}

enum fl_status staff_search(struct staff *staff, bool quick, struct fl_staff_answer *answer)
{
    struct fl_traffic_plan plan;
    struct fl_staff_problem problem;
    void *memory = NULL;
    if (!staff_problem_make(staff, quick, &plan, &memory, &problem)) return FL_EFULL;
    const enum fl_status status = fl_staff_search(&problem, answer);
    free(memory);
    return status;
}

bool staff_answer_open(struct fl_staff_answer *answer, const struct staff *staff)
{
    const size_t cells = (size_t)staff->scenario->intervals_count * staff->scenario->desk.groups_count;
    answer->people = calloc(staff->desk.shifts_count + 1, sizeof *answer->people);
    answer->load = calloc(3 * cells, sizeof *answer->load);
    answer->one_fewer = malloc(staff->desk.shifts_count + 1);
    if (answer->people == NULL || answer->load == NULL || answer->one_fewer == NULL) return false;
    memset(answer->one_fewer, FL_UNTRIED, staff->desk.shifts_count);
    answer->required = answer->load + cells;
    answer->on_duty = answer->load + 2 * cells;
    return true;
}

void staff_answer_close(struct fl_staff_answer *answer)
{
    free(answer->people);
    free(answer->load);
    free(answer->one_fewer);
}
