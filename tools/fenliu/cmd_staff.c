/* fenliu staff: how many people, on which shifts, and what one fewer costs. The main job. */
#include "report.h"
#include "staff.h"

#include "core/special.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: fenliu staff [options] SCENARIO\n"
    "Recommends headcount and shifts, proves them by simulation, and says what one fewer costs.\n"
    "      --set PATH=VALUE     override a scenario value (repeatable)\n"
    "  -s, --seed N             seed (default: the scenario's, 1)\n"
    "  -n, --replications N     days of the final check (default: staffing.replications, 1000)\n"
    "  -j, --jobs N             threads (default: one a core); the answer does not depend on it\n"
    "      --plan FILE          write the plan there as a scenario (default: NAME.plan.json in the current folder; - for none)\n"
    "      --json               the answer as one JSON object on stdout, nothing else\n"
    "      --lang zh|en         language (default: the locale's)\n"
    "  -q, --quiet              no progress\n"
    "example: fenliu staff scenarios/618-opening.json --lang en\n"
    "exit: 0 a plan meets the objectives, 1 none does or the ordinary day does not match, 2 bad usage or input, 4 not written\n";

#define SEARCH_DAYS 100u
#define SEARCH_FROM 1000000u /* search days have numbers of their own: the final check is made of others */
#define BATCH_DAYS 10u
#define ROW_DAYS_MAX 200u
#define WHAT_IF_DAYS 40u
#define REPLAY_DAYS 60u
#define MATCH_WITHIN 0.15 /* a replayed ordinary day closer than this to the panel is believed as it stands */
#define FIT_LEAST 0.5     /* reply times are fitted between half and twice the scenario's */
#define FIT_MOST 2.0

struct staff {
    struct options options;
    const char *plan_option;
    struct fl_scenario *scenario;
    char *text;
    struct staff_desk desk;
    struct staff_report report;
    struct fl_staff_answer answer;
    struct roster_scenario roster; /* of the last roster that was put to the proof */
    struct fl_run *run;            /* its days */
    struct progress progress;
    uint32_t trials;
    uint32_t missed[SEARCH_DAYS]; /* how often each search day was missed: the hard ones are tried first */
};

/* ---- Simulating -------------------------------------------------------------------------------- */

static enum fl_status run_numbered(const struct staff *staff, const struct fl_scenario *scenario, const uint32_t numbers[], uint32_t days,
                                   struct fl_run **run)
{
    const struct fl_run_options how = {
        .seed = staff->options.has_seed ? staff->options.seed : staff->scenario->seed, .replications = days, .days = numbers,
        .jobs = staff->options.jobs, .stop = &interrupted,
    };
    const enum fl_status status = fl_run(scenario, &how, run);
    if (status == FL_OK && (*run)->partial) {
        fl_run_free(*run);
        return FL_EINTERRUPTED;
    }
    return status;
}

static enum fl_status run_days(const struct staff *staff, const struct fl_scenario *scenario, uint32_t days, struct fl_run **run)
{
    return run_numbered(staff, scenario, NULL, days, run);
}

static bool pooled_met(const struct fl_results *results)
{
    for (uint32_t i = 0; i < results->scenario->objectives_count; i++) {
        struct fl_objective_result judged;
        fl_objective_judge(results, i, &judged);
        if (!judged.met) return false;
    }
    return true;
}

static uint32_t days_met(const struct fl_run *run)
{
    if (run->results.scenario->staffing.judge == FL_JUDGE_DAYS) return fl_days_met(&run->results);
    struct fl_results pooled = run->results;
    pooled.rows = NULL;
    return pooled_met(&pooled) ? pooled.rows_count : 0;
}

/* All days at once, pooled. */
static enum fl_status try_pooled(const struct staff *staff, const struct fl_scenario *scenario, uint32_t days, struct fl_staff_trial *trial)
{
    struct fl_run *run = NULL;
    const enum fl_status status = run_days(staff, scenario, days, &run);
    if (status != FL_OK) return status;
    trial->days = run->results.rows_count;
    trial->days_met = days_met(run);
    fl_run_free(run);
    return FL_OK;
}

/* The proof. Its roster and days are kept: those of the last one are the answer's. */
static enum fl_status try_last(struct staff *staff, const uint32_t people[], uint32_t days, struct fl_staff_trial *trial)
{
    fl_run_free(staff->run);
    free(staff->roster.memory);
    staff->run = NULL;
    if (!roster_scenario_make(&staff->desk, people, &staff->roster)) return FL_EFULL;
    const enum fl_status status = run_days(staff, &staff->roster.scenario, days, &staff->run);
    if (status != FL_OK) return status;
    trial->days = staff->run->results.rows_count;
    trial->days_met = days_met(staff->run);
    fl_staff_stress(&staff->run->results, trial->stress);
    return FL_OK;
}

/* The search days, most often missed first; equals by number. */
static void hard_first(const struct staff *staff, uint32_t days, uint32_t numbers[])
{
    for (uint32_t i = 0; i < days; i++) {
        uint32_t at = i;
        for (; at > 0 && staff->missed[numbers[at - 1]] < staff->missed[i]; at--) numbers[at] = numbers[at - 1];
        numbers[at] = i;
    }
    for (uint32_t i = 0; i < days; i++) numbers[i] += SEARCH_FROM;
}

/* Batch by batch, until it is decided. The batches do not depend on the number of threads. */
static enum fl_status try_batches(struct staff *staff, const struct fl_scenario *scenario, uint32_t days, struct fl_staff_trial *trial)
{
    uint32_t numbers[SEARCH_DAYS];
    const double wanted = staff->scenario->staffing.day_probability;
    const uint64_t all = scenario->objectives_count >= 64 ? UINT64_MAX : (UINT64_C(1) << scenario->objectives_count) - 1;
    hard_first(staff, days, numbers);
    for (uint32_t from = 0; from < days; from += BATCH_DAYS) {
        struct fl_run *run = NULL;
        const uint32_t batch = days - from < BATCH_DAYS ? days - from : BATCH_DAYS;
        const enum fl_status status = run_numbered(staff, scenario, numbers + from, batch, &run);
        if (status != FL_OK) return status;
        for (uint32_t i = 0; i < batch; i++) {
            const bool met = (run->results.rows[i]->met & all) == all;
            trial->days_met += met;
            staff->missed[run->results.rows[i]->replication - SEARCH_FROM] += !met;
        }
        trial->days += batch;
        fl_run_free(run);
        if (trial->days - trial->days_met > (1 - wanted) * days) break; /* it cannot pass any more */
    }
    return FL_OK;
}

static enum fl_status simulate(void *context, const uint32_t people[], uint32_t days, struct fl_staff_trial *trial)
{
    struct staff *staff = context;
    struct roster_scenario roster;
    if (trial->stress != NULL) return try_last(staff, people, days, trial);
    if (!roster_scenario_make(&staff->desk, people, &roster)) return FL_EFULL;
    const bool by_day = staff->scenario->staffing.judge == FL_JUDGE_DAYS;
    const enum fl_status status = by_day && days <= SEARCH_DAYS ? try_batches(staff, &roster.scenario, days, trial)
                                                                         : try_pooled(staff, &roster.scenario, days, trial);
    free(roster.memory);
    return status;
}

static bool on_trial(void *context, const struct fl_staff_trial *trial, uint32_t people)
{
    struct staff *staff = context;
    staff->trials++;
    if (!staff->progress.quiet && staff->progress.terminal)
        fprintf(stderr, "\rstaff: trial %u, %u people, %u of %u days pass   ", staff->trials, people, trial->days_met, trial->days);
    staff->progress.shown_ns = 1;
    return !interrupted;
}

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
    const enum fl_status status = run_days(staff, &day, REPLAY_DAYS, &run);
    if (status != FL_OK) return status;
    const struct fl_figure mean = fl_figure_named(&run->results, FL_SCOPE_DESK, 0, "response_s.mean");
    *response_s = mean.known ? mean.value : INFINITY;
    fl_run_free(run);
    return FL_OK;
}

/* Replays the ordinary day; where it is off, scales the reply times until it matches. */
static enum fl_status believe(struct staff *staff)
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

/* ---- The floor --------------------------------------------------------------------------------- */

/* Everybody the scenario allows, all the time: what even they miss no headcount can mend. */
static enum fl_status try_floor(struct staff *staff, const char **objective, struct fl_figure *got, bool *holds)
{
    const struct fl_scenario *base = staff->scenario;
    struct fl_agent_def agents[KINDS_MAX];
    struct fl_scenario all = *base;
    for (uint32_t k = 0; k < staff->desk.kinds_count; k++) {
        agents[k] = base->desk.agents[staff->desk.kinds[k].definition];
        agents[k].count = (base->staffing.max_agents + staff->desk.kinds_count - 1) / staff->desk.kinds_count;
        agents[k].shift = FL_NONE;
        agents[k].speed *= staff->desk.speed_factor;
    }
    all.desk.agents = agents;
    all.desk.agents_count = staff->desk.kinds_count;
    all.events_count = 0;
    struct fl_run *run = NULL;
    const enum fl_status status = run_days(staff, &all, WHAT_IF_DAYS, &run);
    if (status != FL_OK) return status;
    *holds = base->staffing.judge == FL_JUDGE_MEAN ? days_met(run) > 0 : days_met(run) >= base->staffing.day_probability * run->results.rows_count;
    uint32_t worst = UINT32_MAX;
    for (uint32_t i = 0; i < base->objectives_count; i++) {
        struct fl_objective_result judged;
        fl_objective_judge(&run->results, i, &judged);
        if (judged.days_met >= worst) continue;
        worst = judged.days_met;
        *objective = base->objectives[i].name;
        *got = judged.figure;
    }
    fl_run_free(run);
    return FL_OK;
}

static int say_floor(const struct staff *staff, const char *objective, const struct fl_figure *got)
{
    const char *statistic;
    const struct fl_metric *metric = fl_metric_find(objective, &statistic);
    char value[32];
    report_figure(got, metric, value, sizeof value);
    if (staff->options.language == LANGUAGE_ZH)
        printf("加到 %u 人也达不到:%s 仍为 %s。人数解决不了,先看回复用时、同时接待上限或目标本身。\n", staff->scenario->staffing.max_agents, objective, value);
    else
        printf("Even %u people miss %s: it stays at %s. Headcount cannot mend that: look at reply times, chats at once, or the objective.\n",
               staff->scenario->staffing.max_agents, objective, value);
    return EXIT_MISSED;
}

/* ---- Rows of the table ------------------------------------------------------------------------- */

static void row_fill(struct staff_row *row, const struct fl_run *run)
{
    const struct fl_results *results = &run->results;
    row->known = true;
    row->abandonment = fl_figure_named(results, FL_SCOPE_DESK, 0, "abandonment");
    row->first_p90 = fl_figure_named(results, FL_SCOPE_DESK, 0, "first_response_s.p90");
    row->reply_rate = fl_figure_named(results, FL_SCOPE_DESK, 0, "reply_rate_3min");
    row->lost = fl_figure_named(results, FL_SCOPE_DESK, 0, "chats_abandoned");
    row->days = results->rows_count;
    row->days_met = days_met(run);
    row->met = (struct fl_figure){ .value = (double)row->days_met / row->days, .n = row->days, .known = true, .sure = true,
                                   .low = fl_binomial_lower(row->days_met, row->days, 0.025),
                                   .high = fl_binomial_upper(row->days_met, row->days, 0.025) };
}

static double roster_cost(const struct staff_desk *desk, const uint32_t people[])
{
    double cost = 0;
    for (uint32_t s = 0; s < desk->shifts_count; s++)
        if (people[s] > 0) cost += people[s] * desk->shifts[s].cost;
    return cost;
}

static enum fl_status row_of_roster(struct staff *staff, enum row_id id, const uint32_t people[], uint32_t days)
{
    struct staff_row *row = &staff->report.rows[id];
    struct roster_scenario roster;
    struct fl_run *run = NULL;
    if (!roster_scenario_make(&staff->desk, people, &roster)) return FL_EFULL;
    const enum fl_status status = run_days(staff, &roster.scenario, days, &run);
    if (status == FL_OK) {
        row_fill(row, run);
        row->people = roster_people(&staff->desk, people);
        row->peak = roster_peak(&staff->desk, people);
        row->cost = roster_cost(&staff->desk, people);
        fl_run_free(run);
    }
    free(roster.memory);
    return status;
}

/* The desk as the scenario has it. */
static enum fl_status row_of_now(struct staff *staff, uint32_t days)
{
    struct staff_row *row = &staff->report.rows[ROW_NOW];
    const struct fl_desk_def *desk = &staff->scenario->desk;
    struct fl_scenario now = *staff->scenario;
    struct fl_agent_def *agents = malloc(desk->agents_count * sizeof *agents);
    struct fl_run *run = NULL;
    if (agents == NULL) return FL_EFULL;
    memcpy(agents, desk->agents, desk->agents_count * sizeof *agents);
    for (uint32_t d = 0; d < desk->agents_count; d++) agents[d].speed *= staff->desk.speed_factor;
    now.desk.agents = agents;
    const enum fl_status status = run_days(staff, &now, days, &run);
    if (status == FL_OK) {
        row_fill(row, run);
        row->people = fl_scenario_agents_count(staff->scenario);
        const struct fl_figure wages = fl_figure_named(&run->results, FL_SCOPE_DESK, 0, "wages_cny");
        row->cost = wages.known ? wages.value : NAN;
        for (uint32_t i = 0; i <= run->results.totals.intervals; i++) {
            const uint32_t on = (uint32_t)((double)run->results.totals.snapshot[4 * i + 2] / run->results.totals.days + 0.5);
            if (on > row->peak) row->peak = on;
        }
        fl_run_free(run);
    }
    free(agents);
    return status;
}

static bool row_passes(const struct staff *staff, const struct staff_row *row)
{
    const struct fl_staffing_def *staffing = &staff->scenario->staffing;
    if (staffing->judge == FL_JUDGE_MEAN) return row->days_met == row->days;
    return fl_staff_shown(row->days_met, row->days, staffing->day_probability, staffing->confidence);
}

static enum fl_status fill_rows(struct staff *staff)
{
    const uint32_t final = staff->scenario->staffing.replications, days = final < ROW_DAYS_MAX ? final : ROW_DAYS_MAX;
    uint32_t *people = malloc((staff->desk.shifts_count + 1) * sizeof *people);
    if (people == NULL) return FL_EFULL;
    const size_t bytes = staff->desk.shifts_count * sizeof *people;
    enum fl_status status = row_of_now(staff, days);
    staff->report.now_passes = status == FL_OK && row_passes(staff, &staff->report.rows[ROW_NOW]);
    if (status == FL_OK && staff->answer.fewer != FL_NONE && staff->answer.people[staff->answer.fewer] > 0) {
        memcpy(people, staff->answer.people, bytes);
        people[staff->answer.fewer]--;
        status = row_of_roster(staff, ROW_FEWER, people, days);
    }
    if (status == FL_OK && staff->answer.more != FL_NONE) {
        memcpy(people, staff->answer.people, bytes);
        people[staff->answer.more]++;
        status = row_of_roster(staff, ROW_MORE, people, days);
    }
    free(people);
    return status;
}

/* ---- The search -------------------------------------------------------------------------------- */

/* The traffic plan of a scenario, in memory of its own. */
static bool plan_make(const struct fl_scenario *scenario, struct fl_traffic_plan *plan, void **memory)
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

static enum fl_status search(struct staff *staff, bool quick, struct fl_staff_answer *answer)
{
    struct fl_traffic_plan plan;
    void *memory = NULL;
    if (!plan_make(staff->desk.base, &plan, &memory)) return FL_EFULL;
    const struct fl_staff_problem problem = {
        .scenario = staff->desk.base, .plan = &plan, .shifts_count = staff->desk.shifts_count, .shifts = staff->desk.shifts,
        .template_speed = staff->desk.template_speed, .simulate = simulate, .context = staff, .on_trial = on_trial,
        .search_days = quick ? WHAT_IF_DAYS : SEARCH_DAYS, .quick = quick, .first_safety = quick ? staff->answer.safety : NAN,
    };
    const enum fl_status status = fl_staff_search(&problem, answer);
    free(memory);
    return status;
}

static bool answer_open(struct fl_staff_answer *answer, const struct staff *staff)
{
    const size_t cells = (size_t)staff->scenario->intervals_count * staff->scenario->desk.groups_count;
    answer->people = calloc(staff->desk.shifts_count + 1, sizeof *answer->people);
    answer->load = calloc(3 * cells, sizeof *answer->load);
    if (answer->people == NULL || answer->load == NULL) return false;
    answer->required = answer->load + cells;
    answer->on_duty = answer->load + 2 * cells;
    return true;
}

static void answer_close(struct fl_staff_answer *answer)
{
    free(answer->people);
    free(answer->load);
}

/* What the answer becomes in another world: more traffic, slower replies. Counted as the most on duty at once. */
static enum fl_status what_if(struct staff *staff, double traffic, double reply, struct what_if *out)
{
    struct fl_scenario other = *staff->scenario;
    const struct fl_scenario *base = staff->desk.base;
    const double speed = staff->desk.speed_factor;
    struct fl_staff_answer answer = { 0 };
    if (!answer_open(&answer, staff)) {
        answer_close(&answer);
        return FL_EFULL;
    }
    other.traffic.scale *= traffic;
    staff->desk.base = &other;
    staff->desk.speed_factor = speed / reply;
    const enum fl_status status = search(staff, true, &answer);
    staff->desk.base = base;
    staff->desk.speed_factor = speed;
    if (status == FL_OK) *out = (struct what_if){ true, false, roster_peak(&staff->desk, answer.people) };
    else if (status == FL_EINFEASIBLE) *out = (struct what_if){ true, true, 0 };
    answer_close(&answer);
    return status == FL_EINFEASIBLE ? FL_OK : status;
}

/* What happens with as many people as the trade formula asks for, on duty all the time. */
static enum fl_status try_trade_formula(struct staff *staff)
{
    struct staff_report *report = &staff->report;
    report->trade_abandonment = NAN;
    if (!report->rule_known[FL_RULE_TRADE_QUOTED]) return FL_OK;
    const struct fl_scenario *base = staff->scenario;
    struct fl_agent_def agent = base->desk.agents[0];
    struct fl_scenario trade = *base;
    report->trade_people = agent.count = report->rules[FL_RULE_TRADE_QUOTED].people;
    agent.shift = FL_NONE;
    agent.groups = UINT64_MAX;
    agent.speed *= staff->desk.speed_factor;
    trade.desk.agents = &agent;
    trade.desk.agents_count = 1;
    trade.events_count = 0;
    struct fl_run *run = NULL;
    const enum fl_status status = run_days(staff, &trade, WHAT_IF_DAYS, &run);
    if (status != FL_OK) return status;
    report->trade_abandonment = fl_figure_named(&run->results, FL_SCOPE_DESK, 0, "abandonment").value;
    fl_run_free(run);
    return FL_OK;
}

static void ask_rules(struct staff *staff)
{
    struct staff_report *report = &staff->report;
    const struct fl_figure open = fl_figure_named(report->results, FL_SCOPE_DESK, 0, "open_chats.p95");
    const struct fl_desk_facts facts = fl_desk_facts_of(staff->scenario, report->chats, report->peak_per_hour, open.known && open.value > 1 ? open.value : 1);
    report->reply_s = facts.reply_s / staff->desk.speed_factor;
    for (uint32_t i = 0; i < FL_RULES_COUNT; i++) report->rule_known[i] = fl_rule_ask((enum fl_rule)i, &facts, &report->rules[i]);
}

/* ---- plan.json --------------------------------------------------------------------------------- */

static int plan_write(struct staff *staff)
{
    static char path[512];
    const char *own = staff->plan_option;
    if (own != NULL && strcmp(own, "-") == 0) return EXIT_DONE;
    if (own == NULL) {
        const char *file = strrchr(staff->options.files[0], '/');
        file = file == NULL ? staff->options.files[0] : file + 1;
        const size_t stem = strcspn(file, ".");
        snprintf(path, sizeof path, "%.*s.plan.json", stem > 0 ? (int)(stem < 200 ? stem : 200) : 4, stem > 0 ? file : "plan");
        own = path;
    }
    struct roster_scenario roster;
    struct fl_text shifts = { 0 }, agents = { 0 };
    char *text = NULL, hidden[600];
    if (roster_scenario_make(&staff->desk, staff->answer.people, &roster)) {
        if (roster_json(&roster, &shifts, &agents)) {
            char seed[32], days[16]; /* the very days of the proof, so that simulating the plan gives the answer's row */
            snprintf(seed, sizeof seed, "\"%llu\"", (unsigned long long)staff->report.seed);
            snprintf(days, sizeof days, "%u", staff->scenario->staffing.replications);
            const struct fl_override overrides[] = { { "desk.shifts", shifts.bytes }, { "desk.agents", agents.bytes }, { "seed", seed },
                                                     { "replications", days } };
            text = fl_scenario_text(staff->text, strlen(staff->text), overrides, 4);
        }
        free(roster.memory);
    }
    fl_text_free(&shifts);
    fl_text_free(&agents);
    snprintf(hidden, sizeof hidden, "%.500s.%ld.part", own, (long)getpid());
    FILE *file = text == NULL ? NULL : fopen(hidden, "wb");
    bool good = file != NULL && fputs(text, file) >= 0 && fputc('\n', file) != EOF && fflush(file) == 0 && fsync(fileno(file)) == 0;
    if (file != NULL && fclose(file) != 0) good = false;
    good = good && rename(hidden, own) == 0;
    if (!good) {
        fprintf(stderr, "fenliu staff: cannot write %s: %s\n", own, strerror(errno));
        if (file != NULL) unlink(hidden);
    }
    free(text);
    staff->report.plan_path = own;
    return good ? EXIT_DONE : EXIT_UNWRITTEN;
}

/* ---- The command ------------------------------------------------------------------------------- */

/* The days of the proof are those of the answer. */
static void take_answer(struct staff *staff)
{
    struct staff_row *row = &staff->report.rows[ROW_ANSWER];
    row_fill(row, staff->run);
    row->people = roster_people(&staff->desk, staff->answer.people);
    row->peak = roster_peak(&staff->desk, staff->answer.people);
    row->cost = roster_cost(&staff->desk, staff->answer.people);
    staff->report.results = &staff->run->results;
    staff->report.existing = staff->roster.existing;
    staff->report.added = staff->roster.added;
}

static enum fl_status complete_report(struct staff *staff)
{
    enum fl_status status = fill_rows(staff);
    ask_rules(staff);
    if (status == FL_OK) status = try_trade_formula(staff);
    if (status == FL_OK) status = what_if(staff, 1.2, 1, &staff->report.traffic_up);
    if (status == FL_OK) status = what_if(staff, 1, 1.2, &staff->report.reply_up);
    return status;
}

static int staff_say(struct staff *staff)
{
    struct fl_text out = { 0 };
    int code = plan_write(staff);
    if (staff->options.json) staff_json(&staff->report, &out);
    else staff_screen(&staff->report, staff->options.language, &out);
    if (code == EXIT_DONE) code = text_print(&out);
    fl_text_free(&out);
    return code == EXIT_DONE && !staff->answer.proven ? EXIT_MISSED : code;
}

static int say_disbelief(const struct staff *staff)
{
    const struct fl_ordinary_day *day = &staff->scenario->ordinary_day;
    if (staff->options.language == LANGUAGE_ZH)
        printf("对不上:重演您的平日(%.0f 个询单、%u 人),平均响应 %.0f 秒,您填 %.0f 秒;回复用时放宽到一半至两倍也对不上(最近 %.0f 秒)。\n"
               "先核实平日的询单数、在岗人数和每条回复的用时,再来问人数。\n",
               day->inquiries, day->agents, staff->report.replay_response_s, day->response_s, staff->report.fitted_response_s);
    else
        printf("This does not match your shop: your ordinary day (%.0f chats, %u people), replayed, answers in %.0f s on average; you see %.0f s. Reply\n"
               "times between half and twice the scenario's come no closer than %.0f s. Check chats, people on duty and reply times first.\n",
               day->inquiries, day->agents, staff->report.replay_response_s, day->response_s, staff->report.fitted_response_s);
    return EXIT_MISSED;
}

static int staff_run(struct staff *staff)
{
    const char *objective = NULL;
    struct fl_figure got = { 0 };
    bool holds = false;
    staff->report = (struct staff_report){ .scenario = staff->scenario, .desk = &staff->desk, .answer = &staff->answer,
                                           .seed = staff->options.has_seed ? staff->options.seed : staff->scenario->seed };
    staff->report.chats = fl_traffic_expected(staff->scenario, 0, staff->scenario->duration);
    staff->report.peak_per_hour = fl_traffic_peak_per_hour(staff->scenario, &staff->report.peak_at);
    enum fl_status status = believe(staff);
    if (status == FL_OK && !staff->report.believed) return say_disbelief(staff);
    if (status == FL_OK) status = try_floor(staff, &objective, &got, &holds);
    if (status == FL_OK && !holds) return say_floor(staff, objective, &got);
    if (status == FL_OK) status = search(staff, false, &staff->answer);
    if (status == FL_EINFEASIBLE) {
        fprintf(stderr, "fenliu staff: no roster on the shifts on offer passes with at most %u on duty at once: look at reply times and at the\n"
                        "objectives, widen staffing.shifts, or raise staffing.max_agents\n", staff->scenario->staffing.max_agents);
        return EXIT_MISSED;
    }
    if (status == FL_OK) {
        take_answer(staff);
        status = complete_report(staff);
    }
    progress_end(&staff->progress);
    return status == FL_OK ? staff_say(staff) : run_failed(status, "staff");
}

static int take_plan(void *context, struct options *options, int argc, char **argv, int *i)
{
    (void)options;
    const char *value = option_value(argc, argv, i, "--plan");
    if (value == NULL) return 0;
    *(const char **)context = value;
    return value[0] != '\0' ? 1 : -1;
}

int cmd_staff(int argc, char **argv)
{
    struct staff staff = { .plan_option = NULL };
    if (!options_read(&staff.options, argc, argv, take_plan, &staff.plan_option)) return EXIT_USAGE;
    if (staff.options.help) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    if (staff.options.files_count != 1) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    staff.scenario = scenario_open(&staff.options, staff.options.files[0], &staff.text);
    if (staff.scenario == NULL) return EXIT_USAGE;
    if (staff.scenario->objectives_count == 0) {
        fprintf(stderr, "%s: $.objectives: wanted at least one objective to staff for, got none\n", staff.options.files[0]);
        fl_scenario_free(staff.scenario);
        free(staff.text);
        return EXIT_USAGE;
    }
    if (staff.options.replications > 0) staff.scenario->staffing.replications = staff.options.replications;
    progress_start(&staff.progress, &staff.options, "staff");
    int code = EXIT_INTERNAL;
    if (staff_desk_open(&staff.desk, staff.scenario, staff.options.language) && answer_open(&staff.answer, &staff)) code = staff_run(&staff);
    answer_close(&staff.answer);
    staff_desk_close(&staff.desk);
    fl_run_free(staff.run);
    free(staff.roster.memory);
    fl_scenario_free(staff.scenario);
    free(staff.text);
    return code;
}
