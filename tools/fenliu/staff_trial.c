/* Simulating for fenliu staff: trials of rosters while searching, and the days of the proof. */
#include "ranks.h"
#include "staff.h"

#include "core/special.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SEARCH_FROM 1000000u /* search days have numbers of their own: the final check is made of others */
#define WEIGH_FROM 2000000u /* and so have those that rosters are decided by */
#define MEAN_BATCH 20u /* a value of a t-test */
#define BATCH_MOST 10u /* days of a trial between two questions whether it is decided */
#define BATCH_LEAST 6u
#define FIRST_LOOK 200u   /* days of the proof before it is asked whether it can still succeed; as many as a row of the table has */
#define NEXT_LOOK 100u
#define HOPELESS 0.01     /* a proof is given up when a roster that deserved it would look like this so seldom; a trial ends when one that did not would */

/* ---- Days -------------------------------------------------------------------------------------- */

static enum fl_status run(const struct staff *staff, const struct fl_scenario *scenario, struct fl_run_options how, struct fl_run **out)
{
    how.seed = staff->report.seed;
    how.jobs = staff->options.jobs;
    how.stop = &interrupted;
    const enum fl_status status = ranks_run(scenario, &how, out);
    if (status == FL_OK && (*out)->partial) {
        fl_run_free(*out);
        *out = NULL;
        return FL_EINTERRUPTED;
    }
    return status;
}

enum fl_status staff_days(const struct staff *staff, const struct fl_scenario *scenario, uint32_t days, struct fl_run **out)
{
    return run(staff, scenario, (struct fl_run_options){ .replications = days }, out);
}

enum fl_status staff_days_from(const struct staff *staff, const struct fl_scenario *scenario, uint32_t first, uint32_t days, struct fl_run **out)
{
    return run(staff, scenario, (struct fl_run_options){ .first = first, .replications = days }, out);
}

enum fl_status staff_search_days(const struct staff *staff, const struct fl_scenario *scenario, uint32_t days, struct fl_run **out)
{
    return run(staff, scenario, (struct fl_run_options){ .first = SEARCH_FROM, .replications = days }, out);
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

uint32_t staff_days_met(const struct fl_results *results)
{
    if (results->scenario->staffing.judge == FL_JUDGE_DAYS) return fl_days_met(results);
    struct fl_results pooled = *results;
    pooled.rows = NULL; /* no intervals are wanted, which would take the days one by one */
    pooled.rows_count = 0;
    return pooled_met(&pooled) ? results->rows_count : 0;
}

void staff_proof_close(struct staff_proof *proof)
{
    for (uint32_t i = 0; i < proof->parts_count; i++) fl_run_free(proof->parts[i]);
    free(proof->rows);
    free(proof->people);
    free(proof->roster.memory);
    *proof = (struct staff_proof){ 0 };
}

/* Adds the days that follow. All sums are of whole numbers, so parts add up to what one run would have given. */
static enum fl_status proof_extend(const struct staff *staff, struct staff_proof *proof, uint32_t days)
{
    struct fl_run *part = NULL;
    const uint32_t first = proof->results.rows_count;
    if (proof->parts_count == PROOF_PARTS_MAX) return FL_EFULL;
    const enum fl_status status = run(staff, &proof->roster.scenario, (struct fl_run_options){ .first = first, .replications = days }, &part);
    if (status != FL_OK) return status;
    proof->parts[proof->parts_count++] = part;
    memcpy(proof->rows + first, part->results.rows, days * sizeof *proof->rows);
    if (first == 0) proof->results = part->results;
    else fl_totals_merge(&proof->results.totals, &part->results.totals);
    proof->results.rows = proof->rows;
    proof->results.rows_count = first + days;
    return FL_OK;
}

/* Whether more than `allowed` of all the days will miss, as far as one can see: even with as few misses as the days so far leave
 * possible. It can only refuse what a longer look might have shown, never show what it would have refused. */
static bool is_hopeless(uint32_t missed, uint32_t days, uint32_t all, uint32_t allowed)
{
    return missed > allowed || missed + fl_binomial_lower(missed, days, HOPELESS) * (all - days) > allowed;
}

/* Whether no more than `allowed` of all the days will miss, as far as one can see: even with as many misses as the days so far leave possible
 * (as few would have been seen so seldom). While searching, those that are left are missed more seldom still. */
static bool is_safe(uint32_t missed, uint32_t days, uint32_t all, uint32_t allowed)
{
    return days > 0 && missed + fl_binomial_upper(missed, days, HOPELESS) * (all - days) <= allowed;
}

/* The proof. The roster before is kept beside it: it is the one with one fewer. */
static enum fl_status try_last(struct staff *staff, const uint32_t people[], uint32_t days, struct fl_staff_trial *trial)
{
    struct staff_proof *proof = &staff->proof;
    const size_t bytes = (staff->desk.shifts_count + 1) * sizeof *people;
    const bool by_day = staff->scenario->staffing.judge == FL_JUDGE_DAYS;
    /* Of the two before, the answer's is kept: the last that was proven. */
    if (proof->stands || !staff->proof_before.stands) {
        staff_proof_close(&staff->proof_before);
        staff->proof_before = *proof;
    } else staff_proof_close(proof);
    *proof = (struct staff_proof){ .people = malloc(bytes), .rows = malloc((size_t)days * sizeof *proof->rows) };
    if (proof->people == NULL || proof->rows == NULL) return FL_EFULL;
    memcpy(proof->people, people, staff->desk.shifts_count * sizeof *people);
    if (!roster_scenario_make(&staff->desk, people, &proof->roster)) return FL_EFULL;
    const uint32_t steady = days / (PROOF_PARTS_MAX - 1) + 1;
    while (proof->results.rows_count < days) {
        const uint32_t done = proof->results.rows_count, look = done == 0 ? FIRST_LOOK : NEXT_LOOK > steady ? NEXT_LOOK : steady;
        const enum fl_status status = proof_extend(staff, proof, by_day && days - done > look ? look : days - done);
        if (status != FL_OK) return status;
        trial->days = proof->results.rows_count;
        trial->days_met = staff_days_met(&proof->results);
        if (by_day && is_hopeless(trial->days - trial->days_met, trial->days, days, trial->misses_allowed)) break;
    }
    proof->stands = trial->days == days && (by_day ? trial->days - trial->days_met <= trial->misses_allowed : trial->days_met == trial->days);
    fl_staff_stress(&proof->results, trial->stress);
    return FL_OK;
}

/* ---- Trials ------------------------------------------------------------------------------------ */

/* The search days, most often missed first; of equals the one tried least often, then by number. */
static bool is_harder(const struct staff *staff, uint32_t a, uint32_t b)
{
    if (staff->missed[a] != staff->missed[b]) return staff->missed[a] > staff->missed[b];
    if (staff->tried[a] != staff->tried[b]) return staff->tried[a] < staff->tried[b];
    return a < b;
}

static void hard_first(const struct staff *staff, uint32_t numbers[SEARCH_DAYS])
{
    for (uint32_t i = 0; i < SEARCH_DAYS; i++) {
        uint32_t at = i;
        for (; at > 0 && is_harder(staff, i, numbers[at - 1]); at--) numbers[at] = numbers[at - 1];
        numbers[at] = i;
    }
    for (uint32_t i = 0; i < SEARCH_DAYS; i++) numbers[i] += SEARCH_FROM;
}

/* All days at once, pooled. */
static enum fl_status try_pooled(const struct staff *staff, const struct fl_scenario *scenario, uint32_t days, struct fl_staff_trial *trial)
{
    struct fl_run *found = NULL;
    const enum fl_status status = staff_search_days(staff, scenario, days, &found);
    if (status != FL_OK) return status;
    trial->days = found->results.rows_count;
    trial->days_met = staff_days_met(&found->results);
    fl_run_free(found);
    return FL_OK;
}

/* Days of the next batch: as many as may decide, were all of them missed, since those missed most often come first. */
static uint32_t batch_of(const struct fl_staff_trial *trial, uint32_t days)
{
    const uint32_t missed = trial->days - trial->days_met, left = days - trial->days;
    uint32_t batch = (trial->misses_allowed + 2 - missed) / 2 * 2; /* even, so that two threads end together */
    if (batch < BATCH_LEAST) batch = BATCH_LEAST;
    if (batch > BATCH_MOST) batch = BATCH_MOST;
    return batch < left ? batch : left;
}

/* Batch by batch, until it is decided. The batches do not depend on the number of threads. */
static enum fl_status try_batches(struct staff *staff, const struct fl_scenario *scenario, uint32_t days, struct fl_staff_trial *trial)
{
    uint32_t numbers[SEARCH_DAYS];
    const uint64_t all = scenario->objectives_count >= 64 ? UINT64_MAX : (UINT64_C(1) << scenario->objectives_count) - 1;
    hard_first(staff, numbers);
    while (trial->days < days && trial->days - trial->days_met <= trial->misses_allowed &&
           !is_safe(trial->days - trial->days_met, trial->days, days, trial->misses_allowed)) {
        struct fl_run *found = NULL;
        const uint32_t batch = batch_of(trial, days);
        const struct fl_run_options how = { .days = numbers + trial->days, .replications = batch, .rows_only = true };
        const enum fl_status status = run(staff, scenario, how, &found);
        if (status != FL_OK) return status;
        for (uint32_t i = 0; i < batch; i++) {
            const bool met = (found->results.rows[i]->met & all) == all;
            const uint32_t number = found->results.rows[i]->replication - SEARCH_FROM;
            trial->days_met += met;
            staff->tried[number]++;
            staff->missed[number] += !met;
        }
        trial->days += batch;
        fl_run_free(found);
    }
    return FL_OK;
}

enum fl_status staff_simulate(void *context, const uint32_t people[], uint32_t days, struct fl_staff_trial *trial)
{
    struct staff *staff = context;
    struct roster_scenario roster;
    if (trial->stress != NULL) return try_last(staff, people, days, trial);
    if (!roster_scenario_make(&staff->desk, people, &roster)) return FL_EFULL;
    const enum fl_status status = staff->scenario->staffing.judge == FL_JUDGE_DAYS ? try_batches(staff, &roster.scenario, days, trial)
                                                                                   : try_pooled(staff, &roster.scenario, days, trial);
    free(roster.memory);
    return status;
}

/* Means are weighed by batches, days one by one. */
enum fl_status staff_weigh_scenario(const struct staff *staff, const struct fl_scenario *scenario, uint32_t first, uint32_t days, struct fl_evidence *evidence)
{
    const bool means = scenario->staffing.judge == FL_JUDGE_MEAN;
    const uint32_t batch = means ? MEAN_BATCH : days;
    for (uint32_t done = 0; done < days; done += batch) {
        struct fl_run *found = NULL;
        const struct fl_run_options how = { .first = WEIGH_FROM + first + done, .replications = days - done < batch ? days - done : batch, .rows_only = !means };
        const enum fl_status status = run(staff, scenario, how, &found);
        if (status != FL_OK) return status;
        fl_evidence_add(evidence, &found->results);
        fl_run_free(found);
    }
    return interrupted ? FL_EINTERRUPTED : FL_OK;
}

enum fl_status staff_weigh(void *context, const uint32_t people[], uint32_t first, uint32_t days, struct fl_evidence *evidence)
{
    struct staff *staff = context;
    struct roster_scenario roster;
    if (!roster_scenario_make(&staff->desk, people, &roster)) return FL_EFULL;
    const enum fl_status status = staff_weigh_scenario(staff, &roster.scenario, first, days, evidence);
    free(roster.memory);
    if (status == FL_OK && !staff->progress.quiet && staff->progress.terminal)
        fprintf(stderr, "\rstaff: deciding what costs less, %u days   ", first + days);
    return status;
}

bool staff_on_trial(void *context, const struct fl_staff_trial *trial, uint32_t people)
{
    struct staff *staff = context;
    staff->trials++;
    if (!staff->progress.quiet && staff->progress.terminal)
        fprintf(stderr, "\rstaff: trial %u, %u people, %u of %u days pass   ", staff->trials, people, trial->days_met, trial->days);
    staff->progress.shown_ns = 1;
    return !interrupted;
}

/* ---- Rows of the table ------------------------------------------------------------------------- */

static void row_fill(struct staff_row *row, const struct fl_results *results)
{
    row->known = true;
    row->abandonment = fl_figure_named(results, FL_SCOPE_DESK, 0, "abandonment");
    row->first_p90 = fl_figure_named(results, FL_SCOPE_DESK, 0, "first_response_s.p90");
    row->reply_rate = fl_figure_named(results, FL_SCOPE_DESK, 0, "reply_rate_3min");
    row->days = results->rows_count;
    row->days_met = staff_days_met(results);
    row->met = (struct fl_figure){ .value = (double)row->days_met / row->days, .n = row->days, .known = true, .sure = true,
                                   .low = fl_binomial_lower(row->days_met, row->days, 0.025),
                                   .high = fl_binomial_upper(row->days_met, row->days, 0.025) };
}

uint32_t staff_prices(const struct fl_scenario *scenario)
{
    uint32_t prices = 0;
    for (uint32_t s = 0; s < scenario->staffing.shifts_count; s++) prices += !isnan(scenario->staffing.shifts[s].cost_cny);
    return prices;
}

/* Wages as simulated, by hours on duty, for every row: so any two may be subtracted. Where shifts have prices of their own a roster
 * costs what is listed, and the desk as it is, which works no listed shift, has no cost that compares. */
static double cost_of(const struct staff *staff, const struct fl_results *results, const uint32_t people[])
{
    const struct fl_figure wages = fl_figure_named(results, FL_SCOPE_DESK, 0, "wages_cny");
    const uint32_t prices = staff_prices(staff->scenario);
    if (prices == 0) return wages.known ? wages.value : NAN;
    if (people == NULL || (prices < staff->scenario->staffing.shifts_count && !wages.known)) return NAN;
    double cost = 0;
    for (uint32_t s = 0; s < staff->desk.shifts_count; s++)
        if (people[s] > 0) cost += people[s] * staff->desk.shifts[s].cost;
    return cost;
}

void staff_row_fill(const struct staff *staff, const uint32_t people[], const struct fl_results *results, struct staff_row *row)
{
    row_fill(row, results);
    row->cost = cost_of(staff, results, people);
    if (people != NULL) {
        row->people = roster_people(&staff->desk, people);
        row->peak = roster_peak(&staff->desk, people);
        return;
    }
    row->people = fl_scenario_agents_count(staff->scenario);
    row->peak = 0;
    for (uint32_t i = 0; i <= results->totals.intervals; i++) {
        const uint32_t on = (uint32_t)((double)results->totals.snapshot[4 * i + 2] / results->totals.days + 0.5);
        if (on > row->peak) row->peak = on;
    }
}

enum fl_status staff_row_of_roster(const struct staff *staff, const uint32_t people[], uint32_t days, struct staff_row *row)
{
    struct roster_scenario roster;
    struct fl_run *found = NULL;
    if (!roster_scenario_make(&staff->desk, people, &roster)) return FL_EFULL;
    const enum fl_status status = staff_days(staff, &roster.scenario, days, &found);
    if (status == FL_OK) staff_row_fill(staff, people, &found->results, row);
    if (status == FL_OK) fl_run_free(found);
    free(roster.memory);
    return status;
}
