/* One fewer in an interval, where means are judged: days with and without somebody, side by side.
 *
 * What an interval's buyers wait differs far more from day to day than between a plan and the plan with one fewer on the same day. So the plan
 * itself is simulated on many days, once for all intervals, and each interval on the first of them with one fewer:
 *
 *   mean with one fewer = mean of (with one fewer - c x plan) on the n days of both + c x mean of the plan on the other M - n,  c = (M - n) / M
 *
 * which holds for any c, and for this one has the spread of the plan over M days and of the difference over n. The two means are of different
 * days, so their variances add up, and Welch's t holds their sum against 0. Of the ten intervals of a promotion that miss with one fewer
 * (tests/staffing/promo_chain.py --long) nine are shown to, by as many days in all as showed five when each had its own.
 *
 * Days go where they take most off what is still undecided: to the plan, to one interval, and none to what is decided. An interval is looked at
 * whenever its variance has halved. That it misses may be shown by any objective in any interval: half of the probability of being wrong
 * is given to this interval, the rest to all others together. That it does is shown when each is, at every look with its share of the doubt.
 *
 * Sources: Glasserman, "Monte Carlo Methods in Financial Engineering", 2003, section 4.1 (control variates whose mean is estimated apart); Welch,
 * Biometrika 34, 1947; Berger, Technometrics 24(4), 1982. */
#include "staffing/one_fewer_means.h"

#include "core/special.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 20u         /* days: a value of the test, as elsewhere (staff_trial.c) */
#define FIRST 10u         /* batches: fewer say little of their spread */
#define PLAN_FIRST 20u
#define STEP_PART 8u      /* of the batches there are, so many more at a time */
#define LOOKS_MOST 12u    /* at an interval: from 10 batches to 20 000 */
#define PILOT_PART 0.5    /* of the work at most goes into the first batches of all intervals */
#define VALUES_MOST 4e6   /* batches of the plan times cells, and intervals times cells: 32 MB and 160 MB */

/* Sums over the batches that were simulated with and without somebody. */
struct pair {
    double fewer, fewer_square, plan, plan_square, both;
};

struct candidate {
    uint32_t index;     /* interval x groups + group */
    uint32_t batches, looks;
    double looked;      /* variance at the last look */
    struct pair *pairs; /* [cells] */
    enum fl_judgement judged;
};

struct means {
    const struct fl_one_fewer *problem;
    struct fl_evidence batch; /* the last one */
    uint32_t cells;
    double *plan;             /* [plan_room x cells] the plan's batches */
    double *sum, *square;     /* [cells] of them */
    uint32_t plan_batches, plan_room;
    struct candidate *list;
    uint32_t count;           /* of candidates that have been begun */
    struct pair *pairs;
    double work_left;
};

/* ---- Days ---------------------------------------------------------------------------------------- */

static double work_of(const struct means *means, uint32_t batches)
{
    return batches * (BATCH * means->problem->work_a_day);
}

/* Batches that can be paid, at most so many. */
static uint32_t affordable(const struct means *means, uint32_t batches)
{
    const double most = means->work_left / work_of(means, 1);
    return most >= batches ? batches : most > 0 ? (uint32_t)most : 0;
}

/* One batch into means->batch. */
static enum fl_status simulate(struct means *means, uint32_t interval, uint32_t group, uint32_t number)
{
    struct fl_evidence *const batch = &means->batch;
    batch->days = batch->days_met = batch->batches = 0;
    memset(batch->sum, 0, 2 * (size_t)means->cells * sizeof *batch->sum);
    means->work_left -= work_of(means, 1);
    return means->problem->weigh(means->problem->context, interval, group, number * BATCH, BATCH, batch);
}

static enum fl_status plan_on(struct means *means, uint32_t batches)
{
    for (uint32_t i = 0; i < batches && means->plan_batches < means->plan_room; i++) {
        const enum fl_status status = simulate(means, FL_NONE, 0, means->plan_batches);
        if (status != FL_OK) return status;
        double *const values = &means->plan[(size_t)means->plan_batches++ * means->cells];
        for (uint32_t c = 0; c < means->cells; c++) {
            values[c] = means->batch.sum[c];
            means->sum[c] += values[c];
            means->square[c] += values[c] * values[c];
        }
    }
    return FL_OK;
}

static enum fl_status fewer_on(struct means *means, struct candidate *candidate, uint32_t batches)
{
    const uint32_t groups = means->problem->scenario->desk.groups_count;
    for (uint32_t i = 0; i < batches && candidate->batches < means->plan_batches; i++) {
        const enum fl_status status = simulate(means, candidate->index / groups, candidate->index % groups, candidate->batches);
        if (status != FL_OK) return status;
        const double *const plan = &means->plan[(size_t)candidate->batches++ * means->cells];
        for (uint32_t c = 0; c < means->cells; c++) {
            const double fewer = means->batch.sum[c];
            struct pair *const pair = &candidate->pairs[c];
            pair->fewer += fewer;
            pair->fewer_square += fewer * fewer;
            pair->plan += plan[c];
            pair->plan_square += plan[c] * plan[c];
            pair->both += fewer * plan[c];
        }
    }
    return FL_OK;
}

/* ---- What they show ------------------------------------------------------------------------------ */

struct estimate {
    double mean;
    double of_pairs, of_plan; /* variances of its two parts */
    double degrees;
};

static double variance_of_mean(double sum, double square, double n)
{
    return fmax(0, square - sum * sum / n) / (n * (n - 1));
}

static struct estimate estimate_of(const struct means *means, const struct candidate *candidate, uint32_t cell)
{
    const struct pair *const pair = &candidate->pairs[cell];
    const double n = candidate->batches, rest = means->plan_batches - n, c = rest >= FIRST ? rest / means->plan_batches : 0;
    const double sum = pair->fewer - c * pair->plan;
    const double square = pair->fewer_square - 2 * c * pair->both + c * c * pair->plan_square;
    struct estimate out = { .mean = sum / n, .of_pairs = variance_of_mean(sum, square, n), .degrees = n - 1 };
    if (c == 0) return out;
    const double others = means->sum[cell] - pair->plan, others_square = means->square[cell] - pair->plan_square;
    out.mean += c * others / rest;
    out.of_plan = c * c * variance_of_mean(others, others_square, rest);
    const double all = out.of_pairs + out.of_plan;
    if (all > 0) out.degrees = all * all / (out.of_pairs * out.of_pairs / (n - 1) + out.of_plan * out.of_plan / (rest - 1));
    return out;
}

static double error_of(const struct estimate *estimate)
{
    return sqrt(estimate->of_pairs + estimate->of_plan);
}

/* The cell that is nearest to being shown to miss, or farthest beyond it. */
static struct estimate worst_of(const struct means *means, const struct candidate *candidate)
{
    struct estimate worst = { .mean = 0 };
    double most = -INFINITY;
    for (uint32_t c = 0; c < means->cells; c++) {
        const struct estimate estimate = estimate_of(means, candidate, c);
        const double error = error_of(&estimate), by = error > 0 ? estimate.mean / error : -INFINITY;
        if (by > most) most = by, worst = estimate;
    }
    return worst;
}

static enum fl_judgement judge(const struct means *means, const struct candidate *candidate)
{
    const struct fl_scenario *const scenario = means->problem->scenario;
    const uint32_t interval = candidate->index / scenario->desk.groups_count;
    uint32_t own = 0;
    for (uint32_t c = 0; c < means->cells; c++) own += fl_evidence_is_of(scenario, c, interval);
    const uint32_t others = means->cells - own;
    const double doubt = (1 - scenario->staffing.confidence) / LOOKS_MOST, part = own > 0 && others > 0 ? FL_ONE_FEWER_WRONG / 2 : FL_ONE_FEWER_WRONG;
    enum fl_judgement judgement = FL_MEETS;
    for (uint32_t c = 0; c < means->cells; c++) {
        const struct estimate estimate = estimate_of(means, candidate, c);
        const double error = error_of(&estimate), wrong = part / (fl_evidence_is_of(scenario, c, interval) ? own : others);
        if (estimate.mean > 0 && estimate.mean >= fl_student_quantile(1 - wrong, estimate.degrees) * error) return FL_MISSES;
        if (estimate.mean > -fl_student_quantile(1 - doubt, estimate.degrees) * error) judgement = FL_UNDECIDED;
    }
    return judgement;
}

static void look(const struct means *means, struct candidate *candidate)
{
    const struct estimate worst = worst_of(means, candidate);
    candidate->looks++;
    candidate->looked = worst.of_pairs + worst.of_plan;
    candidate->judged = judge(means, candidate);
}

/* Looks at all that have become twice as sure; at the end, at all. The last look is kept for that. */
static void look_at_all(const struct means *means, bool last)
{
    for (uint32_t i = 0; i < means->count; i++) {
        struct candidate *const candidate = &means->list[i];
        if (candidate->batches < FIRST || candidate->judged != FL_UNDECIDED || candidate->looks + !last >= LOOKS_MOST) continue;
        const struct estimate worst = worst_of(means, candidate);
        const double now = worst.of_pairs + worst.of_plan;
        if (candidate->looks == 0 || now <= candidate->looked / 2 || (last && now < candidate->looked)) look(means, candidate);
    }
}

/* ---- Where the days go --------------------------------------------------------------------------- */

/* By how much a batch more lessens the variances of all that are undecided, as shares of them: of the plan, or of that interval whose own lessens
 * most. */
struct gain {
    double of_plan, of_pairs;
    struct candidate *best; /* NULL: all are decided */
};

static struct gain gain_of(const struct means *means)
{
    struct gain gain = { .of_pairs = -1 };
    for (uint32_t i = 0; i < means->count; i++) {
        struct candidate *const candidate = &means->list[i];
        if (candidate->judged != FL_UNDECIDED || candidate->batches < FIRST) continue;
        const struct estimate worst = worst_of(means, candidate);
        const double all = fmax(worst.of_pairs + worst.of_plan, DBL_MIN), pairs = worst.of_pairs / all / candidate->batches;
        gain.of_plan += worst.of_plan / all / means->plan_batches;
        if (pairs > gain.of_pairs) gain.of_pairs = pairs, gain.best = candidate;
    }
    return gain;
}

/* More days for the plan, of which all that are undecided have a part, or for one interval. */
static enum fl_status step(struct means *means, bool *over)
{
    const struct gain gain = gain_of(means);
    *over = gain.best == NULL;
    if (*over) return FL_OK;
    const uint32_t pairs_left = means->plan_batches - gain.best->batches;
    const bool plan = means->plan_batches < means->plan_room && (pairs_left <= FIRST || gain.of_plan > gain.of_pairs);
    const uint32_t so_far = plan ? means->plan_batches : gain.best->batches, wanted = so_far / STEP_PART > 1 ? so_far / STEP_PART : 1;
    const uint32_t batches = affordable(means, plan || wanted < pairs_left ? wanted : pairs_left);
    *over = batches == 0;
    if (*over) return FL_OK;
    const enum fl_status status = plan ? plan_on(means, batches) : fewer_on(means, gain.best, batches);
    if (status == FL_OK) look_at_all(means, false);
    return status;
}

/* Begins the intervals of the list up to `end`, as far as their part of the work goes, and shares out all of it. */
static enum fl_status decide(struct means *means, uint32_t end)
{
    const double reserve = means->work_left * PILOT_PART;
    enum fl_status status = FL_OK;
    bool over = false;
    if (means->plan_batches == 0) status = plan_on(means, affordable(means, PLAN_FIRST));
    while (status == FL_OK && means->count < end && affordable(means, FIRST) == FIRST && means->work_left > reserve) {
        struct candidate *const begun = &means->list[means->count];
        begun->pairs = means->pairs + (size_t)means->count++ * means->cells;
        begun->judged = FL_UNDECIDED;
        status = fewer_on(means, begun, FIRST);
    }
    if (status == FL_OK) look_at_all(means, false);
    while (status == FL_OK && !over) status = step(means, &over);
    if (status == FL_OK) look_at_all(means, true);
    return status;
}

/* ---- All of it ----------------------------------------------------------------------------------- */

static bool means_open(struct means *means, const struct fl_one_fewer *problem, uint32_t count)
{
    const double batches = problem->work_max / (BATCH * problem->work_a_day);
    means->problem = problem;
    means->cells = fl_evidence_cells(problem->scenario, 0);
    means->work_left = problem->work_max;
    means->plan_room = (uint32_t)fmin(fmax(batches, PLAN_FIRST), fmax(VALUES_MOST / means->cells, PLAN_FIRST));
    means->batch.cells = means->cells;
    means->batch.sum = calloc(4 * (size_t)means->cells + 1, sizeof *means->batch.sum);
    means->batch.square = means->batch.sum + means->cells;
    means->sum = means->batch.sum + 2 * (size_t)means->cells;
    means->square = means->sum + means->cells;
    means->plan = malloc((size_t)means->plan_room * means->cells * sizeof *means->plan + 1);
    means->list = calloc(count + 1, sizeof *means->list);
    means->pairs = calloc((size_t)count * means->cells + 1, sizeof *means->pairs);
    return means->batch.sum != NULL && means->plan != NULL && means->list != NULL && means->pairs != NULL;
}

enum fl_status fl_one_fewer_means(const struct fl_one_fewer *problem, const uint32_t order[], uint32_t count, uint32_t asked, uint8_t judged[])
{
    const double most = VALUES_MOST / fmax(fl_evidence_cells(problem->scenario, 0), 1);
    if (count > most) count = (uint32_t)most;
    struct means means = { .batch = { 0 } };
    enum fl_status status = means_open(&means, problem, count) ? FL_OK : FL_EFULL;
    for (uint32_t i = 0; status == FL_OK && i < count; i++) means.list[i] = (struct candidate){ .index = order[i], .judged = FL_UNTRIED };
    if (status == FL_OK && asked > 0) status = decide(&means, asked < count ? asked : count);
    if (status == FL_OK && means.count == (asked < count ? asked : count)) status = decide(&means, count);
    for (uint32_t i = 0; i < means.count; i++) judged[order[i]] = (uint8_t)means.list[i].judged;
    free(means.batch.sum);
    free(means.plan);
    free(means.list);
    free(means.pairs);
    return status;
}
