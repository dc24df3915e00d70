/* The best routing setting for the advised roster, by ranking and selection; what it saves, in words and as JSON. */
#include "staff_levers.h"
#include "staff_risk.h"

#include "core/special.h"
#include "measure/selection.h"
#include "routing/policy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SCREEN_FROM 3000000u /* days of its own for each step, none of them a proof's or a search's */
#define SELECT_FROM 4000000u
#define CHECK_FROM 5000000u
#define SCREEN_BATCHES 10u
#define SCREEN_BATCH_DAYS 2u
#define SELECT_FIRST 10u     /* n0 of KN */
#define SELECT_BATCHES_MAX 60u
#define BATCH_DAYS 8u
#define CHECK_BATCHES 25u
#define EXCESS_MOST 10.0     /* ten times as much as is allowed, or no figure at all: worse makes no difference */

/* ---- Settings ---------------------------------------------------------------------------------- */

/* Policies that want nothing but what every desk has. */
static const enum fl_policy_id plain_policies[] = { FL_POLICY_LEAST_ACTIVE,       FL_POLICY_FEWEST_AWAITING,           FL_POLICY_SHORTEST_EXPECTED_DELAY,
                                                    FL_POLICY_ROUND_ROBIN,        FL_POLICY_FEWEST_TODAY,              FL_POLICY_LONGEST_SINCE_ASSIGNMENT,
                                                    FL_POLICY_LONGEST_AVAILABLE };
static const enum fl_policy_id weighted_policies[] = { FL_POLICY_WEIGHTED_LEAST_ACTIVE, FL_POLICY_SMOOTH_WRR };
#define PLAIN_COUNT (sizeof plain_policies / sizeof *plain_policies)
#define WEIGHTED_COUNT (sizeof weighted_policies / sizeof *weighted_policies)
#define WEIGHTS_COUNT 3u
#define CAPS_MAX 8u
_Static_assert((PLAIN_COUNT + (WEIGHTED_COUNT + 1) * WEIGHTS_COUNT) * CAPS_MAX <= LEVERS_MAX, "all settings fit");

static bool goes_by_weight(enum fl_policy_id policy)
{
    return policy == FL_POLICY_WEIGHTED_LEAST_ACTIVE || policy == FL_POLICY_SMOOTH_WRR || policy == FL_POLICY_WEIGHTED_RANDOM;
}

static uint32_t weight_of(const struct fl_scenario *scenario, const struct fl_agent_def *def, enum lever_weights weights)
{
    if (weights == WEIGHTS_GIVEN) return def->weight;
    if (weights == WEIGHTS_EQUAL) return 100;
    const double weight = floor(100 * staff_desk_speed(scenario, def) + 0.5);
    return weight < 1 ? 1 : weight > 1000 ? 1000 : (uint32_t)weight;
}

/* Whether two ways to weigh send the same share to everybody. */
static bool weigh_alike(const struct fl_scenario *scenario, enum lever_weights a, enum lever_weights b)
{
    const struct fl_agent_def *const agents = scenario->desk.agents;
    for (uint32_t d = 1; d < scenario->desk.agents_count; d++)
        if ((uint64_t)weight_of(scenario, &agents[d], a) * weight_of(scenario, &agents[0], b) !=
            (uint64_t)weight_of(scenario, &agents[d], b) * weight_of(scenario, &agents[0], a)) return false;
    return true;
}

/* Ways to weigh that differ. The given one first; FL_POLICY_WEIGHTED_LEAST_ACTIVE with equal weights is least_active, which is among the plain ones. */
static uint32_t find_weights(const struct fl_scenario *scenario, enum lever_weights out[WEIGHTS_COUNT])
{
    uint32_t count = 1;
    out[0] = WEIGHTS_GIVEN;
    if (!weigh_alike(scenario, WEIGHTS_EQUAL, WEIGHTS_GIVEN)) out[count++] = WEIGHTS_EQUAL;
    if (!weigh_alike(scenario, WEIGHTS_BY_SPEED, WEIGHTS_GIVEN) && !weigh_alike(scenario, WEIGHTS_BY_SPEED, WEIGHTS_EQUAL)) out[count++] = WEIGHTS_BY_SPEED;
    return count;
}

/* The cap that all have; CAP_GIVEN: they have different ones. */
static uint32_t common_cap(const struct fl_scenario *scenario)
{
    const struct fl_agent_def *const agents = scenario->desk.agents;
    for (uint32_t d = 1; d < scenario->desk.agents_count; d++)
        if (agents[d].max_chats != agents[0].max_chats) return CAP_GIVEN;
    return agents[0].max_chats;
}

/* The given cap, none, and steps around what an agent holds when she holds many, or around the cap where that is less. */
static uint32_t find_caps(const struct staff_report *report, uint32_t out[CAPS_MAX])
{
    static const double steps[] = { 0.25, 0.5, 0.75, 1, 1.5, 2 };
    const struct fl_figure open = fl_figure_named(report->results, FL_SCOPE_DESK, 0, "open_chats.p95");
    const uint32_t given = common_cap(report->scenario);
    double middle = open.known && open.value > 2 ? ceil(open.value) : 2;
    if (given != CAP_GIVEN && given < middle) middle = given;
    uint32_t count = 1;
    out[0] = CAP_GIVEN;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        const uint32_t cap = middle * steps[i] < 1 ? 1 : (uint32_t)floor(middle * steps[i] + 0.5);
        if (cap != given && cap != out[count - 1]) out[count++] = cap;
    }
    if (given != FL_UNLIMITED) out[count++] = FL_UNLIMITED;
    return count;
}

static void add_settings(struct staff_levers *levers, enum fl_policy_id policy, enum lever_weights weights, const uint32_t caps[], uint32_t caps_count)
{
    for (uint32_t c = 0; c < caps_count; c++)
        levers->settings[levers->settings_count++] = (struct lever_setting){ policy, caps[c], weights };
}

/* All combinations that differ, the given one first. */
static void list_settings(const struct staff_report *report, struct staff_levers *levers)
{
    const enum fl_policy_id given = report->scenario->routing.policy;
    enum lever_weights weights[WEIGHTS_COUNT];
    uint32_t caps[CAPS_MAX];
    const uint32_t caps_count = find_caps(report, caps), weights_count = find_weights(report->scenario, weights);
    const bool is_even = weights_count == 1 && weigh_alike(report->scenario, WEIGHTS_EQUAL, WEIGHTS_GIVEN); /* then weights tell nobody apart */
    levers->settings_count = 0;
    for (uint32_t w = 0; w < (goes_by_weight(given) ? weights_count : 1); w++) add_settings(levers, given, weights[w], caps, caps_count);
    for (size_t p = 0; p < PLAIN_COUNT; p++)
        if (plain_policies[p] != given) add_settings(levers, plain_policies[p], WEIGHTS_GIVEN, caps, caps_count);
    for (size_t p = 0; p < WEIGHTED_COUNT && !is_even; p++)
        for (uint32_t w = 0; w < weights_count; w++)
            if (weighted_policies[p] != given) add_settings(levers, weighted_policies[p], weights[w], caps, caps_count);
}

/* The scenario with a setting. It shares everything else with the base; free *agents. */
static bool setting_apply(const struct fl_scenario *base, const struct lever_setting *setting, struct fl_scenario *out, struct fl_agent_def **agents)
{
    *agents = malloc(base->desk.agents_count * sizeof **agents);
    if (*agents == NULL) return false;
    memcpy(*agents, base->desk.agents, base->desk.agents_count * sizeof **agents);
    for (uint32_t d = 0; d < base->desk.agents_count; d++) {
        if (setting->max_chats != CAP_GIVEN) (*agents)[d].max_chats = setting->max_chats;
        (*agents)[d].weight = weight_of(base, &base->desk.agents[d], setting->weights);
    }
    *out = *base;
    out->desk.agents = *agents;
    out->routing.policy = setting->policy;
    return true;
}

/* ---- Simulating -------------------------------------------------------------------------------- */

/* Whose people are asked to work under a setting. */
struct contest {
    const struct staff *staff;
    const uint32_t *people; /* [shifts] */
};

/* The roster of a contest under a setting; free agents and roster.memory. */
struct trial_desk {
    struct fl_scenario scenario;
    struct fl_agent_def *agents;
    struct roster_scenario roster;
};

static bool trial_open(const struct contest *contest, const struct lever_setting *setting, struct trial_desk *out)
{
    *out = (struct trial_desk){ .agents = NULL };
    if (!setting_apply(contest->staff->scenario, setting, &out->scenario, &out->agents)) return false;
    struct staff_desk desk = contest->staff->desk;
    desk.base = &out->scenario;
    return roster_scenario_make(&desk, contest->people, &out->roster);
}

static void trial_close(struct trial_desk *trial)
{
    free(trial->agents);
    free(trial->roster.memory);
}

static double worst_excess(const struct fl_results *results)
{
    double worst = 0;
    for (uint32_t i = 0; i < results->scenario->objectives_count; i++) {
        struct fl_objective_result judged;
        worst = fmax(worst, fl_staff_excess(results, i, &judged));
    }
    return fmin(worst, EXCESS_MOST);
}

/* What a setting makes of a batch of days. *run (optional) is the caller's to free. */
static enum fl_status observe(const struct staff *staff, const struct trial_desk *trial, uint32_t first, uint32_t days, double *excess, struct fl_run **run)
{
    struct fl_run *found = NULL;
    const enum fl_status status = staff_days_from(staff, &trial->roster.scenario, first, days, &found);
    if (status != FL_OK) return status;
    *excess = worst_excess(&found->results);
    if (run != NULL) *run = found;
    else fl_run_free(found);
    return FL_OK;
}

static void tell(const struct staff *staff, const char *what, uint32_t done, uint32_t all)
{
    if (!staff->progress.quiet && staff->progress.terminal) fprintf(stderr, "\rstaff: %s, %u of %u   ", what, done, all);
}

/* ---- Screening and selection ------------------------------------------------------------------- */

/* Marks the settings that can be the best; values is scratch [SCREEN_BATCHES x settings], mean [settings] their means. */
static enum fl_status screen(const struct contest *contest, const struct staff_levers *levers, double values[], double mean[], bool in[])
{
    const uint32_t settings = levers->settings_count;
    for (uint32_t s = 0; s < settings; s++) {
        struct trial_desk trial;
        enum fl_status status = trial_open(contest, &levers->settings[s], &trial) ? FL_OK : FL_EFULL;
        mean[s] = 0;
        for (uint32_t b = 0; status == FL_OK && b < SCREEN_BATCHES; b++) {
            double *const value = &values[(size_t)b * settings + s];
            status = observe(contest->staff, &trial, SCREEN_FROM + b * SCREEN_BATCH_DAYS, SCREEN_BATCH_DAYS, value, NULL);
            if (status == FL_OK) mean[s] += *value / SCREEN_BATCHES;
        }
        trial_close(&trial);
        if (status != FL_OK) return status;
        tell(contest->staff, "trying settings", s + 1, settings);
    }
    fl_selection_screen(settings, SCREEN_BATCHES, values, LEVER_ALPHA / 2, in);
    return FL_OK;
}

/* The given setting and the best of those kept, by number. */
static void choose_compared(struct staff_levers *levers, const double mean[], const bool in[])
{
    bool chosen[LEVERS_MAX] = { true };
    uint32_t count = 1;
    levers->kept = 0;
    for (uint32_t s = 0; s < levers->settings_count; s++) levers->kept += in[s];
    for (; count < LEVERS_COMPARED; count++) {
        uint32_t next = FL_NONE;
        for (uint32_t s = 0; s < levers->settings_count; s++)
            if (in[s] && !chosen[s] && (next == FL_NONE || mean[s] < mean[next])) next = s;
        if (next == FL_NONE) break;
        chosen[next] = true;
    }
    levers->compared_count = 0;
    for (uint32_t s = 0; s < levers->settings_count; s++)
        if (chosen[s]) levers->compared[levers->compared_count++].setting = s;
}

static enum fl_status screen_settings(const struct contest *contest, struct staff_levers *levers)
{
    double mean[LEVERS_MAX];
    bool in[LEVERS_MAX];
    double *const values = malloc((size_t)SCREEN_BATCHES * levers->settings_count * sizeof *values);
    if (values == NULL) return FL_EFULL;
    const enum fl_status status = screen(contest, levers, values, mean, in);
    free(values);
    if (status == FL_OK) choose_compared(levers, mean, in);
    return status;
}

/* The next batch of days for all that are in. */
static enum fl_status observe_all(const struct contest *contest, const struct trial_desk trials[], struct fl_selection *selection)
{
    double values[LEVERS_COMPARED] = { 0 };
    enum fl_status status = FL_OK;
    for (uint32_t i = 0; status == FL_OK && i < selection->systems; i++)
        if (selection->in[i]) status = observe(contest->staff, &trials[i], SELECT_FROM + selection->taken * BATCH_DAYS, BATCH_DAYS, &values[i], NULL);
    if (status == FL_OK) fl_selection_add(selection, values);
    return status;
}

static void take_selection(struct staff_levers *levers, const struct fl_selection *selection)
{
    for (uint32_t i = 0; i < selection->systems; i++) {
        levers->compared[i].excess = fl_selection_mean(selection, i);
        levers->compared[i].days = selection->counted[i] * BATCH_DAYS;
        levers->compared[i].in = selection->in[i];
    }
    levers->left = selection->left;
    levers->best = levers->compared[fl_selection_best(selection)].setting;
}

static enum fl_status select_setting(const struct contest *contest, struct staff_levers *levers)
{
    struct trial_desk trials[LEVERS_COMPARED];
    struct fl_selection selection;
    const uint32_t count = levers->compared_count;
    enum fl_status status = FL_OK;
    uint32_t opened = 0;
    void *const memory = malloc(fl_selection_bytes(count, SELECT_FIRST));
    if (memory == NULL) return FL_EFULL;
    for (; status == FL_OK && opened < count; opened++)
        if (!trial_open(contest, &levers->settings[levers->compared[opened].setting], &trials[opened])) status = FL_EFULL;
    if (status == FL_OK) status = fl_selection_start(&selection, count, SELECT_FIRST, LEVER_DELTA, LEVER_ALPHA / 2, memory);
    while (status == FL_OK && !fl_selection_ended(&selection) && selection.taken < SELECT_BATCHES_MAX) {
        status = observe_all(contest, trials, &selection);
        tell(contest->staff, "comparing settings, left", selection.left, count);
    }
    if (status == FL_OK) take_selection(levers, &selection);
    for (uint32_t i = 0; i < opened; i++) trial_close(&trials[i]);
    free(memory);
    return status;
}

/* ---- Against the given setting ----------------------------------------------------------------- */

struct check_side {
    struct trial_desk trial;
    struct fl_run *runs[CHECK_BATCHES];
    const struct fl_row *rows[CHECK_BATCHES * BATCH_DAYS];
    double excess[CHECK_BATCHES];
    uint32_t count; /* runs */
};

static enum fl_status side_run(const struct contest *contest, const struct lever_setting *setting, struct check_side *side)
{
    if (!trial_open(contest, setting, &side->trial)) return FL_EFULL;
    for (side->count = 0; side->count < CHECK_BATCHES; side->count++) {
        const uint32_t first = side->count * BATCH_DAYS;
        struct fl_run **const run = &side->runs[side->count];
        const enum fl_status status = observe(contest->staff, &side->trial, CHECK_FROM + first, BATCH_DAYS, &side->excess[side->count], run);
        if (status != FL_OK) return status;
        memcpy(side->rows + first, (*run)->results.rows, BATCH_DAYS * sizeof *side->rows);
        tell(contest->staff, "checking the best setting", side->count + 1, CHECK_BATCHES);
    }
    return FL_OK;
}

static void side_close(struct check_side *side)
{
    for (uint32_t i = 0; i < side->count; i++) fl_run_free(side->runs[i]);
    trial_close(&side->trial);
}

/* The mean of the paired differences with Student's interval. */
static void weigh_check(struct staff_levers *levers, const struct check_side sides[2])
{
    double sum[2] = { 0 }, squares = 0;
    for (uint32_t b = 0; b < CHECK_BATCHES; b++)
        for (int i = 0; i < 2; i++) sum[i] += sides[i].excess[b];
    for (int i = 0; i < 2; i++) levers->excess[i] = sum[i] / CHECK_BATCHES;
    levers->less = levers->excess[0] - levers->excess[1];
    for (uint32_t b = 0; b < CHECK_BATCHES; b++) {
        const double part = sides[0].excess[b] - sides[1].excess[b] - levers->less;
        squares += part * part;
    }
    const double half = fl_student_quantile(0.975, CHECK_BATCHES - 1) * sqrt(squares / (CHECK_BATCHES - 1) / CHECK_BATCHES);
    levers->less_low = levers->less - half;
    levers->less_high = levers->less + half;
    levers->better = levers->less > LEVER_DELTA && levers->less_low > 0;
    levers->check_days = CHECK_BATCHES * BATCH_DAYS;
}

static enum fl_status check_best(const struct contest *contest, struct staff_levers *levers)
{
    struct check_side *const sides = calloc(2, sizeof *sides);
    const char *statistic;
    if (sides == NULL) return FL_EFULL;
    enum fl_status status = side_run(contest, &levers->settings[0], &sides[0]);
    if (status == FL_OK) status = side_run(contest, &levers->settings[levers->best], &sides[1]);
    if (status == FL_OK) {
        struct fl_side of[2];
        for (int i = 0; i < 2; i++) of[i] = (struct fl_side){ &sides[i].trial.roster.scenario, sides[i].rows, CHECK_BATCHES * BATCH_DAYS };
        const struct fl_metric *const metric = fl_metric_find("abandonment", &statistic);
        weigh_check(levers, sides);
        levers->abandonment = fl_compare(&of[0], FL_NONE, &of[1], FL_NONE, true, metric, statistic);
    }
    for (int i = 0; i < 2; i++) side_close(&sides[i]);
    free(sides);
    return status;
}

static enum fl_status ask_people(struct staff *staff, struct staff_levers *levers)
{
    struct fl_scenario scenario;
    struct fl_agent_def *agents;
    if (!setting_apply(staff->scenario, &levers->settings[levers->best], &scenario, &agents)) return FL_EFULL;
    enum fl_status status = staff_ask_world(staff, staff->scenario, 1, &levers->people[0]);
    if (status == FL_OK) status = staff_ask_world(staff, &scenario, 1, &levers->people[1]);
    free(agents);
    return status;
}

static enum fl_status find_with(const struct staff *staff, const uint32_t people[], struct staff_levers *levers)
{
    const struct contest contest = { staff, people };
    enum fl_status status = screen_settings(&contest, levers);
    if (status == FL_OK) status = select_setting(&contest, levers);
    if (status == FL_OK && levers->best != 0) status = check_best(&contest, levers);
    return status;
}

/* The same with one person fewer, on the shift where that hurts least: where people have time to spare all settings look alike. Taken
 * where one is better there. */
static enum fl_status find_with_fewer(const struct staff *staff, struct staff_levers *levers)
{
    const struct fl_staff_answer *const answer = &staff->answer;
    const size_t bytes = staff->desk.shifts_count * sizeof *answer->people;
    if (answer->fewer == FL_NONE || answer->people[answer->fewer] == 0 || roster_people(&staff->desk, answer->people) < 2) return FL_OK;
    uint32_t *const people = malloc(bytes);
    if (people == NULL) return FL_EFULL;
    memcpy(people, answer->people, bytes);
    people[answer->fewer]--;
    struct staff_levers tight = *levers;
    tight.one_fewer = true;
    tight.check_days = 0;
    const enum fl_status status = find_with(staff, people, &tight);
    if (status == FL_OK && tight.better) *levers = tight;
    free(people);
    return status;
}

enum fl_status staff_levers_find(struct staff *staff, struct staff_levers *levers)
{
    *levers = (struct staff_levers){ .settings_count = 0 };
    list_settings(&staff->report, levers);
    enum fl_status status = find_with(staff, staff->answer.people, levers);
    if (status == FL_OK && !levers->better && staff->report.curve.reason != CURVE_UNREACHABLE) status = find_with_fewer(staff, levers);
    if (status == FL_OK && levers->better) status = ask_people(staff, levers);
    staff->progress.shown_ns = 1;
    return status;
}

/* ---- On the screen ----------------------------------------------------------------------------- */

/* "fewest_awaiting、每人最多 3 个会话、权重按快慢" */
static void add_setting(const struct lever_setting *setting, const struct fl_scenario *scenario, bool zh, struct fl_text *out)
{
    const uint32_t cap = setting->max_chats == CAP_GIVEN ? common_cap(scenario) : setting->max_chats;
    fl_text_add(out, "%s", fl_policy(setting->policy)->name);
    if (cap == CAP_GIVEN) fl_text_add(out, zh ? "、会话上限各按现在" : ", chats at once as now");
    else if (cap == FL_UNLIMITED) fl_text_add(out, zh ? "、会话不设上限" : ", no limit of chats");
    else fl_text_add(out, zh ? "、每人最多 %u 个会话" : ", %u chats each at most", cap);
    if (goes_by_weight(setting->policy) && setting->weights == WEIGHTS_EQUAL) fl_text_add(out, zh ? "、权重一样" : ", equal weights");
    if (goes_by_weight(setting->policy) && setting->weights == WEIGHTS_BY_SPEED) fl_text_add(out, zh ? "、权重按快慢" : ", weights by speed");
}

/* What makes the scenario have the setting, as values of --set, each between `before` and `after`. */
static void add_overrides(const struct lever_setting *setting, const struct fl_scenario *scenario, const char *before, const char *after, struct fl_text *out)
{
    const bool is_weighed = goes_by_weight(setting->policy) && setting->weights != WEIGHTS_GIVEN;
    fl_text_add(out, "%srouting.policy=%s%s", before, fl_policy(setting->policy)->name, after);
    for (uint32_t d = 0; d < scenario->desk.agents_count; d++) {
        if (setting->max_chats == FL_UNLIMITED) fl_text_add(out, "%sdesk.agents[%u].max_chats=null%s", before, d, after);
        else if (setting->max_chats != CAP_GIVEN) fl_text_add(out, "%sdesk.agents[%u].max_chats=%u%s", before, d, setting->max_chats, after);
        if (is_weighed) fl_text_add(out, "%sdesk.agents[%u].weight=%u%s", before, d, weight_of(scenario, &scenario->desk.agents[d], setting->weights), after);
    }
}

static void add_people(const struct what_if people[2], bool zh, struct fl_text *out)
{
    if (people[0].impossible && people[1].impossible) fl_text_add(out, zh ? "  人数:改不改,加多少人都达不到。\n" : "  People: no headcount passes either way.\n");
    else if (people[0].impossible) fl_text_add(out, zh ? "  人数:现在加多少人也达不到,改后同时在岗 %u 人就行。\n" : "  People: no headcount passes as it is, %u on duty do with this.\n", people[1].people);
    else if (people[1].impossible) fl_text_add(out, zh ? "  人数:现在同时在岗 %u 人,改后人再多也达不到。\n" : "  People: %u on duty as it is, with this no headcount passes.\n", people[0].people);
    else if (people[0].people == people[1].people) fl_text_add(out, zh ? "  人数一样:同时在岗 %u 人。\n" : "  The same people: %u on duty at once.\n", people[0].people);
    else fl_text_add(out, zh ? "  人数:同时在岗 %u 人 → %u 人。\n" : "  People: %u on duty at once -> %u.\n", people[0].people, people[1].people);
}

static void add_abandonment(const struct fl_difference *left, bool zh, struct fl_text *out)
{
    if (!left->known) return;
    fl_text_add(out, zh ? "  走掉 %.1f%% → %.1f%%" : "  Left %.1f%% -> %.1f%%", 100 * left->a, 100 * left->b);
    if (left->sure) fl_text_add(out, zh ? "(差 %+.1f 个百分点,95%% 在 %+.1f 到 %+.1f)" : " (%+.1f points, 95%%: %+.1f to %+.1f)", 100 * left->value, 100 * left->low, 100 * left->high);
    fl_text_add(out, zh ? "。\n" : ".\n");
}

static void add_better(const struct staff_levers *levers, const struct fl_scenario *scenario, bool zh, struct fl_text *out)
{
    if (levers->one_fewer) fl_text_add(out, zh ? "  按排好的人数差不多;少排一人时才看得出:\n" : "  With the advised people it hardly matters; with one fewer it does:\n");
    fl_text_add(out, zh ? "  更好:" : "  Better: ");
    add_setting(&levers->settings[levers->best], scenario, zh, out);
    fl_text_add(out, zh ? "。\n  最差的目标(1 为刚好达标,越小越好)%.2f → %.2f,差 %.2f(95%% 在 %.2f–%.2f)。\n"
                        : ".\n  Worst objective (1 just met, less is better) %.2f -> %.2f:\n  %.2f less (95%%: %.2f to %.2f).\n",
                levers->excess[0], levers->excess[1], levers->less, levers->less_low, levers->less_high);
    add_people(levers->people, zh, out);
    add_abandonment(&levers->abandonment, zh, out);
    struct fl_text line = { 0 };
    fl_text_add(&line, zh ? "要用它,这样重排:fenliu staff" : "To use it, plan anew: fenliu staff");
    add_overrides(&levers->settings[levers->best], scenario, " --set ", "", &line);
    fl_text_add(out, "  ");
    if (line.bytes != NULL) staff_add_wrapped(out, 2, line.bytes);
    fl_text_add(out, "\n");
    fl_text_free(&line);
}

void staff_levers_screen(const struct staff_levers *levers, const struct fl_scenario *scenario, bool zh, struct fl_text *out)
{
    fl_text_add(out, zh ? "设置    试了 %u 种(分流方式、会话上限、权重),同一排班、同样的天。\n  现在:" : "Settings  %u tried (routing, chats at once, weights), same people, same days.\n  Now: ",
                levers->settings_count);
    add_setting(&levers->settings[0], scenario, zh, out);
    fl_text_add(out, zh ? "。\n" : ".\n");
    if (levers->better) add_better(levers, scenario, zh, out);
    else fl_text_add(out, zh ? "  没有哪种比它好出 %.0f%% 以上(按最差的目标允许的量算),不用改。\n" : "  None is better by more than %.0f%% of what the worst objective allows: leave it.\n",
                     100 * LEVER_DELTA);
    if (levers->kept > levers->compared_count)
        fl_text_add(out, zh ? "  初筛后还有 %u 种可能最好,细比了其中 %u 种。\n" : "  %u could still be the best after the first days, %u of them were compared.\n", levers->kept, levers->compared_count);
    if (levers->left > 1) fl_text_add(out, zh ? "  有 %u 种模拟了 %u 天仍分不出高下。\n" : "  %u settings could not be told apart in %u days.\n", levers->left, SELECT_BATCHES_MAX * BATCH_DAYS);
}

/* ---- JSON -------------------------------------------------------------------------------------- */

static void add_json_setting(const struct lever_setting *setting, const struct fl_scenario *scenario, struct fl_text *out)
{
    static const char *const weights[] = { [WEIGHTS_GIVEN] = "given", [WEIGHTS_EQUAL] = "equal", [WEIGHTS_BY_SPEED] = "by_speed" };
    const uint32_t cap = setting->max_chats == CAP_GIVEN ? common_cap(scenario) : setting->max_chats;
    fl_text_add(out, "\"policy\":\"%s\",\"max_chats\":", fl_policy(setting->policy)->name);
    if (cap == CAP_GIVEN) fl_text_add(out, "\"given\"");
    else if (cap == FL_UNLIMITED) fl_text_add(out, "null");
    else fl_text_add(out, "%u", cap);
    fl_text_add(out, ",\"weights\":\"%s\"", weights[setting->weights]);
}

static void add_json_change(struct fl_text *out, const char *keys[3], double a, double b, double change, double low, double high)
{
    const double values[] = { a, b, change };
    for (int i = 0; i < 3; i++) {
        fl_text_add(out, "\"%s\":", keys[i]);
        fl_text_add_number(out, values[i]);
        fl_text_add(out, ",");
    }
    fl_text_add(out, "\"ci95\":[");
    fl_text_add_number(out, low);
    fl_text_add(out, ",");
    fl_text_add_number(out, high);
    fl_text_add(out, "]");
}

static void add_json_people(struct fl_text *out, const char *key, const struct what_if *people)
{
    fl_text_add(out, "\"%s\":", key);
    if (people->impossible) fl_text_add(out, "null");
    else fl_text_add(out, "%u", people->people);
}

static void add_json_check(const struct staff_levers *levers, struct fl_text *out)
{
    const struct fl_difference *const left = &levers->abandonment;
    if (levers->check_days == 0) {
        fl_text_add(out, ",\"check\":null");
        return;
    }
    fl_text_add(out, ",\"check\":{\"days\":%u,\"excess\":{", levers->check_days);
    add_json_change(out, (const char *[]){ "given", "best", "less" }, levers->excess[0], levers->excess[1], levers->less, levers->less_low, levers->less_high);
    fl_text_add(out, "},\"abandonment\":{");
    add_json_change(out, (const char *[]){ "given", "best", "change" }, left->known ? left->a : NAN, left->known ? left->b : NAN, left->known ? left->value : NAN,
                    left->sure ? left->low : NAN, left->sure ? left->high : NAN);
    fl_text_add(out, "}}");
}

void staff_levers_json(const struct staff_levers *levers, const struct fl_scenario *scenario, struct fl_text *out)
{
    fl_text_add(out, ",\n\"levers\":{\"measure\":\"worst_objective_excess\",\"delta\":");
    fl_text_add_number(out, LEVER_DELTA);
    fl_text_add(out, ",\"confidence\":");
    fl_text_add_number(out, 1 - LEVER_ALPHA);
    fl_text_add(out, ",\"settings\":%u,\"kept\":%u,\"compared\":[", levers->settings_count, levers->kept);
    for (uint32_t i = 0; i < levers->compared_count; i++) {
        const struct lever_compared *const one = &levers->compared[i];
        fl_text_add(out, "%s\n{", i > 0 ? "," : "");
        add_json_setting(&levers->settings[one->setting], scenario, out);
        fl_text_add(out, ",\"excess\":");
        fl_text_add_number(out, one->excess);
        fl_text_add(out, ",\"days\":%u,\"left\":%s}", one->days, one->in ? "true" : "false");
    }
    fl_text_add(out, "],\n\"given\":{");
    add_json_setting(&levers->settings[0], scenario, out);
    fl_text_add(out, "},\"with\":\"%s\",\"best\":{", levers->one_fewer ? "one_fewer" : "answer");
    add_json_setting(&levers->settings[levers->best], scenario, out);
    fl_text_add(out, "},\"set\":[");
    struct fl_text set = { 0 };
    add_overrides(&levers->settings[levers->best], scenario, ",\"", "\"", &set);
    fl_text_add(out, "%s", set.bytes != NULL ? set.bytes + 1 : ""); /* without the first comma */
    fl_text_free(&set);
    fl_text_add(out, "],\"decided\":%s,\"better\":%s", levers->left == 1 ? "true" : "false", levers->better ? "true" : "false");
    add_json_check(levers, out);
    fl_text_add(out, ",\"on_duty_at_once\":");
    if (!levers->better) {
        fl_text_add(out, "null}");
        return;
    }
    fl_text_add(out, "{");
    add_json_people(out, "given", &levers->people[0]);
    fl_text_add(out, ",");
    add_json_people(out, "best", &levers->people[1]);
    fl_text_add(out, "}}");
}
