/* fenliu staff: how many people, on which shifts, and what one fewer costs. The main job. */
#include "page.h"
#include "report.h"
#include "staff_levers.h"
#include "staff_month.h"
#include "staff_risk.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
    "usage: fenliu staff [options] SCENARIO\n"
    "Recommends headcount and shifts, proves them by simulation, and says what one fewer costs.\n"
    "A scenario of more than 48 hours is planned date by date, with whom to take on and who works when.\n"
    "      --set PATH=VALUE     override a scenario value (repeatable)\n"
    "      --recorded LOG       recorded buyers instead of the scenario's traffic (traffic.replay.log)\n"
    "  -s, --seed N             seed (default: the scenario's, 1)\n"
    "  -n, --replications N     days of the final check (default: staffing.replications, 1000)\n"
    "  -j, --jobs N             threads (default: one a core); the answer does not depend on it\n"
    "      --plan FILE          write the plan there as a scenario (default: NAME.plan.json in the current folder; - for none)\n"
    "  -o, --out DIR            write the run of the plan there (as of simulate), with the answer as staff.json\n"
    "      --report             and report.html, a page for people, into DIR\n"
    "      --roster FILE        write who works when there, as CSV; needs staffing.labour or staffing.people\n"
    "      --full               meet the objectives even where the last people bring little\n"
    "      --levers             find the best routing, chats at once and weights for it, and say what they save; of a day\n"
    "      --explain            say why: in words, every risk, the money, and what else could be done; of a month the first three\n"
    "      --json               the answer as one JSON object on stdout, nothing else\n"
    "      --lang zh|en         language (default: the locale's)\n"
    "  -q, --quiet              no progress\n"
    "example: fenliu staff scenarios/618-opening.json --lang en\n"
    "exit: 0 the plan meets the objectives, 1 it does not, nobody is found for it or the ordinary day does not match, 2 bad usage or input, 4 not written,\n"
    "130 interrupted (the best roster so far is printed, and written as the plan; DIR is not)\n";

/* ---- Rows of the table ------------------------------------------------------------------------- */

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
    const enum fl_status status = staff_days(staff, &now, days, &run);
    if (status == FL_OK) {
        struct fl_objective_result judged;
        staff_row_fill(staff, NULL, &run->results, row);
        fl_objective_judge(&run->results, staff->report.curve.objective, &judged);
        staff->report.now_main = judged.figure;
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

/* One person fewer, or more, on a shift. The days of the proof before are taken where they are of that very roster. */
static enum fl_status row_beside(struct staff *staff, enum row_id id, uint32_t shift, int change, uint32_t days)
{
    const struct staff_proof *before = &staff->proof_before;
    const size_t bytes = staff->desk.shifts_count * sizeof *before->people;
    uint32_t *people = malloc(bytes);
    if (people == NULL) return FL_EFULL;
    memcpy(people, staff->answer.people, bytes);
    people[shift] += (uint32_t)change;
    enum fl_status status = FL_OK;
    if (before->results.rows_count >= days && memcmp(people, before->people, bytes) == 0)
        staff_row_fill(staff, people, &before->results, &staff->report.rows[id]);
    else
        status = staff_row_of_roster(staff, people, days, &staff->report.rows[id]);
    free(people);
    return status;
}

static enum fl_status fill_rows(struct staff *staff)
{
    const struct fl_staff_answer *answer = &staff->answer;
    const uint32_t final = staff->scenario->staffing.replications, days = final < ROW_DAYS_MAX ? final : ROW_DAYS_MAX;
    enum fl_status status = row_of_now(staff, days);
    staff->report.now_passes = status == FL_OK && row_passes(staff, &staff->report.rows[ROW_NOW]);
    if (status == FL_OK && answer->fewer != FL_NONE && answer->people[answer->fewer] > 0) status = row_beside(staff, ROW_FEWER, answer->fewer, -1, days);
    if (status == FL_OK && answer->more != FL_NONE) status = row_beside(staff, ROW_MORE, answer->more, 1, days);
    return status;
}

/* What the answer becomes in another world, with replies so many times as long. Counted as the most on duty at once. `required`, where it is
 * not NULL, receives what its roster was made for [intervals x groups]. */
static enum fl_status ask_world(struct staff *staff, const struct fl_scenario *other, double reply, struct what_if *out, double required[])
{
    const struct fl_scenario *base = staff->desk.base;
    const double speed = staff->desk.speed_factor;
    struct fl_staff_answer answer = { 0 };
    if (!staff_answer_open(&answer, staff)) {
        staff_answer_close(&answer);
        return FL_EFULL;
    }
    staff->desk.base = other;
    staff->desk.speed_factor = speed / reply;
    const enum fl_status status = staff_search(staff, true, &answer);
    staff->desk.base = base;
    staff->desk.speed_factor = speed;
    if (status == FL_OK) *out = (struct what_if){ .known = true, .people = roster_peak(&staff->desk, answer.people) };
    else if (status == FL_EINFEASIBLE) *out = (struct what_if){ .known = true, .impossible = true };
    for (uint32_t i = 0; required != NULL && i < staff->scenario->intervals_count * staff->scenario->desk.groups_count; i++) required[i] = answer.required[i];
    staff_answer_close(&answer);
    return status == FL_EINFEASIBLE ? FL_OK : status;
}

enum fl_status staff_ask_world(struct staff *staff, const struct fl_scenario *other, double reply, struct what_if *out)
{
    return ask_world(staff, other, reply, out, NULL);
}

/* More traffic, slower replies. */
static enum fl_status what_if(struct staff *staff, double traffic, double reply, struct what_if *out)
{
    struct fl_scenario other = *staff->scenario;
    other.traffic.scale *= traffic;
    return ask_world(staff, &other, reply, out, NULL);
}

/* By how much a limit would have to give way at least, so that the shifts cover what passed without it. */
static enum fl_status explain(struct staff *staff, const double required[], enum fl_rota_limit limit, struct what_if *out)
{
    struct fl_traffic_plan plan;
    struct fl_staff_problem problem;
    uint32_t more[FL_ROTA_LIMITS_COUNT];
    void *memory = NULL;
    if (!out->known || out->impossible) return FL_OK;
    if (!staff_problem_make(staff, true, &plan, &memory, &problem)) return FL_EFULL;
    const enum fl_status status = fl_staff_explain(&problem, required, more);
    if (status == FL_OK) out->more = more[limit] == FL_NONE ? 0 : more[limit];
    free(memory);
    return status;
}

/* Where no headcount passes: whether one does with as many seats as it takes, or as many people, each by itself, else both. */
static enum fl_status ask_for_more(struct staff *staff)
{
    struct staff_report *report = &staff->report;
    struct fl_scenario free_seats = *staff->scenario;
    const uint32_t crews = staff->desk.crews_count;
    const bool seats_limited = staff->scenario->staffing.more_seats != FL_NONE;
    double *required = malloc((size_t)staff->scenario->intervals_count * staff->scenario->desk.groups_count * sizeof *required);
    if (required == NULL) return FL_EFULL;
    enum fl_status status = FL_OK;
    free_seats.staffing.more_seats = FL_NONE;
    if (seats_limited) status = ask_world(staff, &free_seats, 1, &report->seats_free, required);
    if (status == FL_OK) status = explain(staff, required, FL_ROTA_SEATS, &report->seats_free);
    staff->desk.crews_count = 0;
    if (status == FL_OK && crews > 0) status = ask_world(staff, staff->scenario, 1, &report->people_free, required);
    const bool neither = report->seats_free.impossible && report->people_free.impossible;
    if (status == FL_OK && neither) status = ask_world(staff, &free_seats, 1, &report->both_free, NULL);
    staff->desk.crews_count = crews;
    if (status == FL_OK) status = explain(staff, required, FL_ROTA_CREWS, &report->people_free);
    free(required);
    return status;
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
    const enum fl_status status = staff_days(staff, &trade, WHAT_IF_DAYS, &run);
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

/* Under its name only when it is whole; what is there and no regular file (a device, a pipe) is written to, not replaced. text NULL: there was no
 * memory for it. */
int staff_file_write(const char *path, const char *text, const char *end)
{
    char hidden[600];
    struct stat info;
    const bool renames = stat(path, &info) != 0 || S_ISREG(info.st_mode) || S_ISDIR(info.st_mode);
    snprintf(hidden, sizeof hidden, renames ? "%.500s.%ld.part" : "%.500s", path, (long)getpid());
    FILE *file = text == NULL ? NULL : fopen(hidden, "wb");
    bool good = file != NULL && fputs(text, file) >= 0 && fputs(end, file) >= 0 && fflush(file) == 0 && (!renames || fsync(fileno(file)) == 0);
    if (file != NULL && fclose(file) != 0) good = false;
    good = good && (!renames || rename(hidden, path) == 0);
    if (good) return EXIT_DONE;
    fprintf(stderr, "fenliu staff: cannot write %s: %s\n", path, strerror(errno));
    if (file != NULL && renames) unlink(hidden);
    return EXIT_UNWRITTEN;
}

const char *staff_plan_path(const struct staff *staff)
{
    static char path[512];
    const char *const own = staff->plan_option;
    if (own != NULL) return strcmp(own, "-") == 0 ? NULL : own;
    const char *file = strrchr(staff->options.files[0], '/');
    file = file == NULL ? staff->options.files[0] : file + 1;
    const size_t stem = strcspn(file, ".");
    snprintf(path, sizeof path, "%.*s.plan.json", stem > 0 ? (int)(stem < 200 ? stem : 200) : 4, stem > 0 ? file : "plan");
    return path;
}

/* The plan as a scenario, to be freed; NULL: no memory. */
static char *plan_text(const struct staff *staff)
{
    struct roster_scenario roster;
    struct fl_text shifts = { 0 }, agents = { 0 };
    char *text = NULL;
    if (roster_scenario_make(&staff->desk, staff->answer.people, &roster)) {
        bool full;
        void *const labels = staff_team_relabel(&staff->team, &staff->desk, &roster, &full);
        if (!full && staff_desk_json(&roster.scenario, &shifts, &agents)) {
            char seed[32], days[16]; /* the very days of the proof, so that simulating the plan gives the answer's row */
            snprintf(seed, sizeof seed, "\"%llu\"", (unsigned long long)staff->report.seed);
            const uint32_t shown = staff->report.rows[ROW_ANSWER].days; /* none where the search was stopped */
            snprintf(days, sizeof days, "%u", shown > 0 ? shown : staff->scenario->staffing.replications);
            const struct fl_override overrides[] = { { "desk.shifts", shifts.bytes }, { "desk.agents", agents.bytes }, { "seed", seed },
                                                     { "replications", days } };
            text = fl_scenario_text(staff->text, strlen(staff->text), overrides, 4);
        }
        free(labels);
        free(roster.memory);
    }
    fl_text_free(&shifts);
    fl_text_free(&agents);
    return text;
}

static int plan_write(struct staff *staff, const char *text)
{
    const char *const own = staff_plan_path(staff);
    if (own == NULL) return EXIT_DONE;
    staff->report.plan_path = own;
    return staff_file_write(own, text, "\n");
}

/* ---- Who works when ---------------------------------------------------------------------------- */

static enum fl_status make_team(struct staff *staff)
{
    staff->report.team = &staff->team;
    return staff->scenario->staffing.has_labour ? staff_team_make(&staff->desk, staff->answer.people, &staff->team) : FL_OK;
}

static int roster_write(const struct staff *staff)
{
    struct fl_text text = { 0 };
    if (staff->roster_option == NULL) return EXIT_DONE;
    staff_team_csv(&staff->team, &staff->desk, &text);
    const int code = staff_file_write(staff->roster_option, text.full ? NULL : text.bytes, "");
    fl_text_free(&text);
    return code;
}

/* ---- The command ------------------------------------------------------------------------------- */

/* The days of the proof are those of the answer. Where one fewer was put to the proof last, in vain, the answer's is the one before. */
static void take_answer(struct staff *staff)
{
    const size_t bytes = staff->desk.shifts_count * sizeof *staff->answer.people;
    if (memcmp(staff->proof.people, staff->answer.people, bytes) != 0) {
        const struct staff_proof fewer = staff->proof;
        staff->proof = staff->proof_before;
        staff->proof_before = fewer;
    }
    staff_row_fill(staff, staff->answer.people, &staff->proof.results, &staff->report.rows[ROW_ANSWER]);
    staff->report.results = &staff->proof.results;
    staff->report.existing = staff->proof.roster.existing;
    staff->report.added = staff->proof.roster.added;
}

/* ---- The knee ---------------------------------------------------------------------------------- */

/* The advised roster of the curve becomes the answer: it too is simulated on the days of the proof, all of them. */
static enum fl_status advise_knee(struct staff *staff, const struct fl_staff_problem *problem)
{
    const struct staff_curve *curve = &staff->report.curve;
    const struct fl_staffing_def *staffing = &staff->scenario->staffing;
    struct fl_staff_answer *answer = &staff->answer;
    enum fl_status status = fl_staff_roster(problem, curve->safety[curve->knee], answer);
    double *stress = calloc((size_t)staff->scenario->intervals_count * staff->scenario->desk.groups_count, sizeof *stress);
    if (stress == NULL) return FL_EFULL;
    answer->days_needed = fl_staff_days_needed(staffing->replications, staffing->day_probability, staffing->confidence);
    answer->final = (struct fl_staff_trial){ .stress = stress, .misses_allowed = staffing->replications };
    if (status == FL_OK) status = staff_simulate(staff, answer->people, staffing->replications, &answer->final);
    answer->proven = status == FL_OK && (staffing->judge == FL_JUDGE_MEAN ? answer->final.days_met == answer->final.days
                                         : answer->days_needed != FL_NONE && answer->final.days_met >= answer->days_needed);
    answer->final.stress = NULL;
    free(stress);
    if (status == FL_OK) take_answer(staff);
    return status;
}

/* Where the objectives can be met, a person or two are not worth missing them for. */
static bool is_worth_saying(const struct staff_curve *curve, enum curve_reason reason)
{
    if (curve->count == 0) return false;
    if (reason == CURVE_UNREACHABLE) return true;
    const uint32_t knee = curve->rows[curve->knee].people, full = curve->rows[curve->count - 1].people;
    return full >= knee + 2 * fl_knee_step(knee) && 10 * knee <= 9 * full;
}

static enum fl_status draw_curve(struct staff *staff, const uint32_t meets[], enum curve_reason reason)
{
    struct staff_curve *curve = &staff->report.curve;
    struct fl_traffic_plan plan;
    struct fl_staff_problem problem;
    struct fl_staff_answer spare = { 0 };
    void *memory = NULL;
    enum fl_status status = staff_answer_open(&spare, staff) && staff_problem_make(staff, false, &plan, &memory, &problem) ? FL_OK : FL_EFULL;
    if (status == FL_OK) status = staff_curve_draw(staff, &problem, &spare, meets);
    if (status == FL_OK && is_worth_saying(curve, reason)) {
        curve->reason = reason;
        curve->full = staff->report.rows[ROW_ANSWER];
        staff->report.rows[ROW_FEWER].known = staff->report.rows[ROW_MORE].known = false; /* the curve says it */
        status = advise_knee(staff, &problem);
    }
    staff_answer_close(&spare);
    free(memory);
    return status;
}

/* Days that the answer meets of those that one person fewer was tried on too. */
static double share_on_same_days(const struct staff *staff)
{
    const struct staff_row *fewer = &staff->report.rows[ROW_FEWER];
    struct fl_results same = staff->proof.results;
    if (fewer->days < same.rows_count) same.rows_count = fewer->days;
    return (double)fl_days_met(&same) / same.rows_count;
}

/* Whether the last person brought so little that the curve has to be looked at. */
static bool looks_flat(const struct staff *staff)
{
    const struct staff_row *fewer = &staff->report.rows[ROW_FEWER], *answer = &staff->report.rows[ROW_ANSWER];
    if (!fewer->known || staff->full || staff->report.now_passes) return false;
    if (staff->scenario->staffing.judge == FL_JUDGE_MEAN) return !staff_asks_of_intervals(staff->scenario);
    return (share_on_same_days(staff) - fewer->met.value) * fl_knee_step(answer->people) < KNEE_LEAST_MISSED * (1 - staff->scenario->staffing.day_probability);
}

/* The roster that meets the objectives, unless its last people bring little. */
static enum fl_status advise(struct staff *staff)
{
    const size_t bytes = staff->desk.shifts_count * sizeof *staff->answer.people;
    take_answer(staff);
    enum fl_status status = fill_rows(staff);
    if (status != FL_OK || !looks_flat(staff)) return status;
    uint32_t *meets = malloc(bytes);
    if (meets == NULL) return FL_EFULL;
    memcpy(meets, staff->answer.people, bytes);
    status = draw_curve(staff, meets, CURVE_FLAT);
    free(meets);
    return status;
}

/* No headcount meets the objectives: as many people as still bring something. */
static enum fl_status advise_short(struct staff *staff)
{
    const uint32_t final = staff->scenario->staffing.replications;
    enum fl_status status = draw_curve(staff, NULL, CURVE_UNREACHABLE);
    if (status != FL_OK) return status;
    if (staff->report.curve.reason == CURVE_NONE) { /* nothing to advise */
        staff_proof_close(&staff->proof);
        return FL_OK;
    }
    status = row_of_now(staff, final < ROW_DAYS_MAX ? final : ROW_DAYS_MAX);
    return status == FL_OK ? staff_beyond(staff) : status;
}

static enum fl_status complete_report(struct staff *staff)
{
    ask_rules(staff);
    enum fl_status status = try_trade_formula(staff);
    if (status == FL_OK && staff->report.curve.reason == CURVE_UNREACHABLE) status = ask_for_more(staff);
    else {
        if (status == FL_OK) status = what_if(staff, 1.2, 1, &staff->report.traffic_up);
        if (status == FL_OK) status = what_if(staff, 1, 1.2, &staff->report.reply_up);
    }
    return status == FL_OK ? staff_risk_assess(staff) : status;
}

static int staff_say(struct staff *staff)
{
    struct fl_text out = { 0 }, answer = { 0 };
    char *const plan = plan_text(staff);
    int code = plan_write(staff, plan);
    if (code == EXIT_DONE) code = roster_write(staff);
    if (staff->options.json || staff->options.out != NULL) staff_json(&staff->report, &answer);
    if (code == EXIT_DONE && staff->options.out != NULL) code = staff_record_proof(staff, plan, &answer);
    if (!staff->options.json) staff_screen(&staff->report, staff->options.language, &out);
    if (!staff->options.json) page_name(&staff->options, &out);
    if (code == EXIT_DONE) code = text_print(staff->options.json ? &answer : &out);
    fl_text_free(&out);
    fl_text_free(&answer);
    free(plan);
    const bool missed = !staff->answer.proven || (staff->team.known && !staff->team.filled);
    return code == EXIT_DONE && missed ? EXIT_MISSED : code;
}

void staff_says_unrecorded(const struct staff *staff)
{
    if (staff->options.out != NULL) fprintf(stderr, "fenliu staff: no plan was proven, so there is no run of one: %s is not written\n", staff->options.out);
}

/* Stopped: the best roster so far is an answer too. */
static int say_so_far(struct staff *staff)
{
    struct fl_text out = { 0 };
    char *const plan = plan_text(staff);
    int code = plan_write(staff, plan);
    free(plan);
    staff_says_unrecorded(staff);
    if (staff->options.json) staff_json_so_far(&staff->report, &out);
    else staff_screen_so_far(&staff->report, staff->options.language, &out);
    if (code == EXIT_DONE) code = text_print(&out);
    fl_text_free(&out);
    return code == EXIT_DONE ? EXIT_INTERRUPTED : code;
}

static int say_disbelief(const struct staff *staff)
{
    const struct fl_ordinary_day *day = &staff->scenario->ordinary_day;
    staff_says_unrecorded(staff);
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

enum fl_status staff_roster_find(struct staff *staff)
{
    enum fl_status status = staff_ceiling(staff);
    if (status == FL_OK) status = staff_search(staff, false, &staff->answer);
    if (status == FL_OK) take_answer(staff);
    return status == FL_EINFEASIBLE ? draw_curve(staff, NULL, CURVE_UNREACHABLE) : status;
}

/* Where everybody misses, fewer may still do: an objective of each agent has more samples then. So the search is asked all the same. */
static enum fl_status find_answer(struct staff *staff)
{
    enum fl_status status = staff_ceiling(staff);
    if (status == FL_OK) status = staff_search(staff, false, &staff->answer);
    if (status == FL_OK && (staff->answer.proven || staff->answer.days_needed == FL_NONE)) return advise(staff);
    return status == FL_OK || status == FL_EINFEASIBLE ? advise_short(staff) : status;
}

static int staff_run(struct staff *staff)
{
    staff->report = (struct staff_report){ .scenario = staff->scenario, .desk = &staff->desk, .answer = &staff->answer, .levers = staff->levers, .explain = staff->explain,
                                           .seed = staff->options.has_seed ? staff->options.seed : staff->scenario->seed };
    staff->report.chats = fl_traffic_expected(staff->scenario, 0, staff->scenario->duration);
    staff->report.peak_per_hour = fl_traffic_peak_per_hour(staff->scenario, &staff->report.peak_at);
    enum fl_status status = staff_believe(staff);
    if (status == FL_OK && !staff->report.believed) return say_disbelief(staff);
    if (status == FL_OK && staff->scenario->duration > MONTH_MORE_THAN) return staff_month_run(staff);
    if (status == FL_OK) status = find_answer(staff);
    if (status == FL_OK && staff->proof.results.rows_count == 0) {
        fprintf(stderr, "fenliu staff: the shifts on offer have no roster: widen staffing.shifts, or raise staffing.max_agents%s%s\n",
                staff->scenario->staffing.more_seats == FL_NONE ? "" : " or staffing.more_seats",
                staff->desk.crews_count == 0 ? "" : " or count_max of staffing.hire");
        staff_says_unrecorded(staff);
        return EXIT_MISSED;
    }
    if (status == FL_OK) status = complete_report(staff);
    if (status == FL_OK && staff->explain) status = staff_one_fewer(staff);
    if (status == FL_OK) status = make_team(staff);
    if (status == FL_OK && staff->levers != NULL) status = staff_levers_find(staff, staff->levers);
    progress_end(&staff->progress);
    if (status == FL_EINTERRUPTED && staff->answer.cost > 0) return say_so_far(staff);
    return status == FL_OK ? staff_say(staff) : run_failed(status, "staff");
}

static int take_own(void *context, struct options *options, int argc, char **argv, int *i)
{
    struct staff *staff = context;
    if (page_take(options, argv[*i])) return 1;
    if (strcmp(argv[*i], "--full") == 0) {
        staff->full = true;
        return 1;
    }
    if (strcmp(argv[*i], "--levers") == 0) {
        staff->asks_levers = true;
        return 1;
    }
    if (strcmp(argv[*i], "--explain") == 0) {
        staff->explain = true;
        return 1;
    }
    const char *value = option_value(argc, argv, i, "--roster");
    if (value != NULL) {
        staff->roster_option = value;
        return value[0] != '\0' ? 1 : -1;
    }
    value = option_value(argc, argv, i, "--plan");
    if (value == NULL) return 0;
    staff->plan_option = value;
    return value[0] != '\0' ? 1 : -1;
}

static bool levers_open(struct staff *staff)
{
    if (staff->asks_levers) staff->levers = calloc(1, sizeof *staff->levers);
    return !staff->asks_levers || staff->levers != NULL;
}

/* How fast an outside engine decides is nothing that people could meet. */
static void drop_engine_objectives(struct fl_scenario *scenario)
{
    struct fl_objective *const objectives = (struct fl_objective *)scenario->objectives;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < scenario->objectives_count; i++) {
        const char *statistic;
        if (!fl_metric_is_of_engine(fl_metric_find(objectives[i].name, &statistic))) objectives[kept++] = objectives[i];
    }
    scenario->objectives_count = kept;
}

int cmd_staff(int argc, char **argv)
{
    struct staff staff = { .argc = argc, .argv = argv };
    if (!options_read(&staff.options, argc, argv, take_own, &staff) || !page_option_holds(&staff.options)) return EXIT_USAGE;
    if (staff.options.help) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    if (staff.options.files_count != 1) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    struct fl_scenario *const scenario = scenario_open(&staff.options, staff.options.files[0], &staff.text);
    if (scenario == NULL) return EXIT_USAGE;
    drop_engine_objectives(scenario);
    staff.scenario = scenario;
    if (staff.scenario->objectives_count == 0) {
        fprintf(stderr, "%s: $.objectives: wanted at least one objective to staff for, got none\n", staff.options.files[0]);
        fl_scenario_free(scenario);
        free(staff.text);
        return EXIT_USAGE;
    }
    if (staff.asks_levers && staff.scenario->duration > MONTH_MORE_THAN) {
        fprintf(stderr, "%s: $.duration: wanted at most 48 hours for --levers, which tries its settings on one day, got a period that is planned date by date\n",
                staff.options.files[0]);
        fl_scenario_free(staff.scenario);
        free(staff.text);
        return EXIT_USAGE;
    }
    if (staff.roster_option != NULL && !staff.scenario->staffing.has_labour && staff.scenario->duration <= MONTH_MORE_THAN) {
        fprintf(stderr, "%s: $.staffing: wanted \"labour\" or \"people\" for --roster, got neither\n", staff.options.files[0]);
        fl_scenario_free(staff.scenario);
        free(staff.text);
        return EXIT_USAGE;
    }
    if (staff.options.replications > 0) staff.scenario->staffing.replications = staff.options.replications;
    progress_start(&staff.progress, &staff.options, "staff");
    int code = EXIT_INTERNAL;
    const enum fl_status opened = staff_desk_open(&staff.desk, staff.scenario);
    if (opened == FL_ERANGE) {
        fprintf(stderr, "%s: $.staffing: wanted at most %u shifts to choose from, got more: coarser steps, fewer lengths or break grids\n", staff.options.files[0],
                SHIFTS_MAX);
        code = EXIT_USAGE;
    } else if (opened == FL_OK && staff_answer_open(&staff.answer, &staff) && levers_open(&staff)) {
        code = staff_run(&staff);
    }
    staff_answer_close(&staff.answer);
    staff_team_close(&staff.team);
    free(staff.levers);
    free(staff.one_fewer);
    staff_desk_close(&staff.desk);
    staff_risk_free(staff.risk);
    staff_proof_close(&staff.proof);
    staff_proof_close(&staff.proof_before);
    fl_scenario_free(staff.scenario);
    free(staff.text);
    return code;
}
