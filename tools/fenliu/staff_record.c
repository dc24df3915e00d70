/* fenliu staff --out: the run of the plan, with the answer beside it as staff.json. */
#include "staff.h"

#include "scenario/reader.h"

#include <stdlib.h>
#include <string.h>

/* The plan as whoever simulates it reads it, so that the directory is that of `fenliu simulate` of the plan. */
struct plan {
    struct fl_scenario *scenario;
    const char *const *agent_names; /* with memory */
    void *memory;
};

static void plan_close(struct plan *plan)
{
    fl_scenario_free(plan->scenario);
    free(plan->memory);
}

static bool plan_open(struct plan *plan, const char *text)
{
    struct fl_errors *errors = calloc(1, sizeof *errors);
    *plan = (struct plan){ 0 };
    if (errors == NULL) return false;
    const enum fl_status status = fl_scenario_read("plan", text, strlen(text), NULL, 0, &plan->scenario, errors);
    free(errors);
    if (status == FL_EFULL) return false;
    FL_ASSERT(status == FL_OK); /* we have written it */
    plan->agent_names = fl_run_agent_names(plan->scenario, &plan->memory);
    return plan->agent_names != NULL;
}

int staff_record_run(const struct staff *staff, const struct fl_run *run, const char *text, const struct fl_text *answer)
{
    struct plan plan;
    char policy[96];
    if (text == NULL || !plan_open(&plan, text)) {
        if (text != NULL) plan_close(&plan);
        return run_failed(FL_EFULL, "staff");
    }
    FL_ASSERT(fl_scenario_agents_count(plan.scenario) == run->results.totals.agents);
    struct fl_run of_plan = *run;
    of_plan.results.scenario = plan.scenario;
    of_plan.results.agent_names = plan.agent_names;
    policy_describe(plan.scenario, policy, sizeof policy);
    const struct fl_results_head head = { .command = "staff", .policy = policy, .seed = run->seed, .partial = run->partial };
    const struct run_record record = { .run = &of_plan, .head = &head, .scenario_text = text, .argc = staff->argc, .argv = staff->argv,
                                       .extras = { { "staff.json", answer } }, .options = &staff->options };
    const int code = run_write(staff->options.out, &record);
    plan_close(&plan);
    return code;
}

/* Days by date of all parts, as one list; NULL where dates are not kept, or without memory. */
static const struct fl_row **dates_of(const struct staff_proof *proof)
{
    if (proof->parts[0]->results.dates == NULL) return NULL;
    const struct fl_row **dates = malloc(proof->results.rows_count * sizeof *dates);
    uint32_t done = 0;
    for (uint32_t p = 0; p < proof->parts_count && dates != NULL; p++) {
        const struct fl_results *part = &proof->parts[p]->results;
        memcpy(dates + done, part->dates, part->rows_count * sizeof *dates);
        done += part->rows_count;
    }
    return dates;
}

int staff_record_proof(const struct staff *staff, const char *text, const struct fl_text *answer)
{
    const struct staff_proof *proof = &staff->proof;
    struct fl_run whole = { .results = proof->results, .seed = staff->report.seed };
    const struct fl_row **dates = dates_of(proof);
    if (proof->parts[0]->results.dates != NULL && dates == NULL) return run_failed(FL_EFULL, "staff");
    whole.results.dates = dates;
    for (uint32_t p = 0; p < proof->parts_count; p++) {
        const struct fl_run *part = proof->parts[p];
        whole.cpu_s += part->cpu_s;
        whole.wall_s += part->wall_s;
        whole.jobs = part->jobs;
        if (part->arena_high > whole.arena_high) whole.arena_high = part->arena_high;
    }
    const int code = staff_record_run(staff, &whole, text, answer);
    free(dates);
    return code;
}
