#include "staffing/refine.h"

#include "core/special.h"
#include "staffing/rules_of_thumb.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_LOOK   10u    /* days */
#define LOOK_LEAST   20u    /* of a glance that more days might decide */
#define REPLY_WORK   0.25   /* of simulating a chat's coming and going */
#define WRONG        0.0001 /* a roster that meets the objectives is called missed so seldom at each look: hundreds are looked at */
#define DOUBT        0.02   /* one that misses is called met so seldom; it still has to stand the proof */
#define GLANCE_PART  16.0   /* of a close look */
#define CLOSE_PART   12.0   /* of the budget */
#define CLOSE_MOST   100.0  /* times the scenario's replications */
#define SHORT_LOOK   200u   /* days */
#define CLOSE_LOOKS_LEAST 3.0
#define SHIFTS_MOST  24u    /* that overlap: beyond, the largest rosters that miss are too many to find */
#define STRESS_LEAST 0.1    /* where nothing is amiss a person is worth something all the same */
#define BEFORE_OTHERS 1e12  /* more than any saving */
#define PROOFS_MANY  10.0   /* in the budget: below, moves have a twentieth of it instead of half */
#define MOVES_MOST   20000u
#define ROUNDS_MAX   400u
#define AMPLE_SAFETY 4.0    /* people beyond load + 4 sqrt(load) + 3 help nobody: in a pool without waiting one buyer in 30 000 would find so many busy */
#define HOPE         1.5    /* standard errors that a roster may be better than its days so far: by 1, one in six that does is not looked at again */
#define PROOF_HOPE   1.0    /* the same of one that may stand the longest proof: by 0, one that does on 81 % of days, 80 % wanted, was given up */
#define PROOF_DAYS   12800u /* at most, or the scenario's replications: half a gigabyte of them */

/* ---- What is known of rosters -------------------------------------------------------------------- */

struct known {
    uint64_t digest;
    uint32_t days, days_met;
    uint32_t refused; /* days of the longest proof that it did not stand */
};

struct fl_looks {
    struct known *list;
    uint32_t *people; /* [count x shifts] */
    uint32_t count, room;
};

static uint64_t digest_of(const uint32_t people[], uint32_t shifts)
{
    uint64_t digest = 0xcbf29ce484222325; /* FNV-1a; only spares comparisons */
    for (uint32_t s = 0; s < shifts; s++) digest = (digest ^ people[s]) * 0x100000001b3;
    return digest;
}

/* NULL: nothing is known of it. */
static struct known *recall(const struct fl_decider *decider, const uint32_t people[])
{
    const struct fl_looks *looks = decider->looks;
    const uint32_t shifts = decider->problem->shifts_count;
    const uint64_t digest = digest_of(people, shifts);
    for (uint32_t i = 0; i < looks->count; i++)
        if (looks->list[i].digest == digest && memcmp(looks->people + (size_t)i * shifts, people, shifts * sizeof *people) == 0) return &looks->list[i];
    return NULL;
}

static bool enlarge(struct fl_looks *looks, uint32_t shifts)
{
    const uint32_t room = looks->room > 0 ? 2 * looks->room : 64;
    struct known *const list = realloc(looks->list, room * sizeof *list);
    if (list == NULL) return false;
    looks->list = list;
    uint32_t *const people = realloc(looks->people, (size_t)room * shifts * sizeof *people);
    if (people == NULL) return false;
    looks->people = people;
    looks->room = room;
    return true;
}

/* Keeps the evidence of this roster. Without memory it is only not remembered. */
static void remember(struct fl_decider *decider, const uint32_t people[])
{
    struct fl_looks *looks = decider->looks;
    const uint32_t shifts = decider->problem->shifts_count;
    struct known *known = recall(decider, people);
    if (known == NULL) {
        if (looks->count == looks->room && !enlarge(looks, shifts)) return;
        memcpy(looks->people + (size_t)looks->count * shifts, people, shifts * sizeof *people);
        known = &looks->list[looks->count++];
        *known = (struct known){ .digest = digest_of(people, shifts) };
    }
    known->days = decider->evidence.days;
    known->days_met = decider->evidence.days_met;
}

/* ---- Deciding ------------------------------------------------------------------------------------ */

static bool is_of_means(const struct fl_decider *decider)
{
    return decider->problem->scenario->staffing.judge == FL_JUDGE_MEAN;
}

bool fl_can_decide(const struct fl_scenario *scenario)
{
    for (uint32_t i = 0; i < scenario->objectives_count; i++)
        if (scenario->objectives[i].per == FL_PER_AGENT) return false;
    return scenario->objectives_count > 0;
}

double fl_work_of_a_day(const struct fl_scenario *scenario)
{
    const struct fl_desk_facts facts = fl_desk_facts_of(scenario, scenario->traffic.chats_per_day, 0, 1);
    return fmax(fl_traffic_expected(scenario, 0, scenario->duration) * (1 + REPLY_WORK * facts.replies_per_chat), 1);
}

bool fl_decider_open(struct fl_decider *decider, const struct fl_staff_problem *problem)
{
    const struct fl_scenario *scenario = problem->scenario;
    *decider = (struct fl_decider){ .problem = problem, .work_a_day = fl_work_of_a_day(scenario), .work_left = problem->work_max };
    decider->evidence.cells = fl_evidence_cells(scenario, 0);
    decider->evidence.sum = calloc(2 * (size_t)decider->evidence.cells + 1, sizeof *decider->evidence.sum);
    decider->evidence.square = decider->evidence.sum + decider->evidence.cells;
    decider->looks = calloc(1, sizeof *decider->looks);
    return decider->evidence.sum != NULL && decider->looks != NULL;
}

void fl_decider_close(struct fl_decider *decider)
{
    free(decider->evidence.sum);
    if (decider->looks == NULL) return;
    free(decider->looks->list);
    free(decider->looks->people);
    free(decider->looks);
}

static uint32_t days_for(const struct fl_decider *decider, double replies, double most)
{
    const double days = fmin(fmax(replies / decider->work_a_day, LOOK_LEAST), most);
    return (uint32_t)days / 2 * 2; /* even, so that two threads end together */
}

static uint32_t close_days(const struct fl_decider *decider)
{
    const double replications = decider->problem->scenario->staffing.replications;
    const uint32_t days = days_for(decider, decider->problem->work_max / CLOSE_PART, CLOSE_MOST * replications);
    return days > replications ? days : (uint32_t)replications;
}

static void forget(struct fl_decider *decider)
{
    struct fl_evidence *evidence = &decider->evidence;
    evidence->days = evidence->days_met = evidence->batches = 0;
    memset(evidence->sum, 0, 2 * (size_t)evidence->cells * sizeof *evidence->sum);
}

/* Looks at this roster until so many of its days are known. */
static enum fl_status look_on(struct fl_decider *decider, const uint32_t people[], uint32_t until)
{
    const struct fl_staff_problem *problem = decider->problem;
    const uint32_t first = decider->evidence.days, days = until - first;
    decider->work_left -= days * decider->work_a_day;
    decider->days += days;
    return problem->weigh(problem->context, people, first, days, &decider->evidence);
}

static enum fl_status look(struct fl_decider *decider, const uint32_t people[], uint32_t days)
{
    forget(decider);
    decider->rosters++;
    return look_on(decider, people, days);
}

/* Whether a look that goes on will hardly show what is asked of it: a glance a miss, a close look that is only to find what may be taken, that it
 * does. */
static bool is_futile(const struct fl_decider *decider, enum fl_try how, uint32_t whole)
{
    const struct fl_evidence *evidence = &decider->evidence;
    const double wanted = decider->problem->scenario->staffing.day_probability;
    if (how == FL_GLANCE) return fl_evidence_is_futile(evidence, decider->problem->scenario, whole, WRONG);
    return decider->takes_only && !is_of_means(decider) && evidence->days > 0 && fl_binomial_lower(fl_evidence_foresees_in(evidence, HOPE, whole), whole, DOUBT) < wanted;
}

/* Whether so many days would decide, were they like those so far: a miss, or what the longest proof may then show as well. */
static bool is_promising(const struct fl_decider *decider, uint32_t days)
{
    const struct fl_staffing_def *staffing = &decider->problem->scenario->staffing;
    const uint64_t met = fl_evidence_foresees_in(&decider->evidence, 0, days);
    if (is_of_means(decider)) return false;
    if (fl_binomial_upper(met, days, WRONG) < staffing->day_probability) return true;
    return fl_binomial_lower(met, days, DOUBT) >= staffing->day_probability &&
           fl_staff_shown((uint32_t)fl_evidence_foresees(&decider->evidence, PROOF_HOPE, PROOF_DAYS), PROOF_DAYS, staffing->day_probability, staffing->confidence);
}

/* Days that a look may take in all; `affordable` of them can be paid. */
static uint32_t days_of_look(const struct fl_decider *decider, enum fl_try how, uint32_t affordable)
{
    const uint32_t close = close_days(decider), so_far = decider->evidence.days;
    if (how == FL_GLANCE) return days_for(decider, close / GLANCE_PART * decider->work_a_day, INFINITY);
    const bool goes_on = decider->persists && how == FL_AS_ANSWER && so_far >= close && affordable > so_far && is_promising(decider, affordable);
    return goes_on ? affordable : close;
}

/* Days after which it is asked again whether that is enough. */
static uint32_t next_look(const struct fl_decider *decider)
{
    uint32_t look = is_of_means(decider) ? SHORT_LOOK : FIRST_LOOK;
    while (look <= decider->evidence.days) look *= 2;
    return look;
}

/* The evidence becomes what is known of this roster. Returns the days of the longest proof that it did not stand. */
static uint32_t begin(struct fl_decider *decider, const uint32_t people[])
{
    const struct known *known = recall(decider, people);
    forget(decider);
    if (known == NULL) {
        decider->rosters++;
        return 0;
    }
    decider->evidence.days = known->days;
    decider->evidence.days_met = known->days_met;
    return known->refused;
}

enum fl_status fl_decide(struct fl_decider *decider, const uint32_t people[], enum fl_try how, enum fl_judgement *judgement)
{
    const struct fl_scenario *scenario = decider->problem->scenario;
    const struct fl_evidence *evidence = &decider->evidence;
    const double doubt = is_of_means(decider) ? 1 - scenario->staffing.confidence : DOUBT;
    const uint32_t refused = begin(decider, people);
    const uint32_t affordable = evidence->days + (decider->work_left > 0 ? days_for(decider, decider->work_left, UINT32_MAX / 4) : 0);
    for (;;) {
        *judgement = fl_evidence_weigh(evidence, scenario, doubt, WRONG);
        if (*judgement == FL_MISSES || (*judgement == FL_MEETS && (how != FL_AS_ANSWER || evidence->days > refused))) break;
        if (*judgement == FL_MEETS) *judgement = FL_UNDECIDED; /* more days than these have refused it */
        const uint32_t whole = days_of_look(decider, how, affordable);
        if (evidence->days >= whole || is_futile(decider, how, whole)) break;
        if (evidence->days >= affordable) {
            *judgement = FL_UNTRIED;
            break;
        }
        const uint32_t most = whole < affordable ? whole : affordable, next = next_look(decider);
        const enum fl_status status = look_on(decider, people, next < most ? next : most);
        if (status != FL_OK) return status;
    }
    if (!is_of_means(decider)) remember(decider, people);
    return FL_OK;
}

uint32_t fl_decider_proof_days(const struct fl_decider *decider)
{
    const struct fl_staffing_def *staffing = &decider->problem->scenario->staffing;
    const struct fl_evidence *evidence = &decider->evidence;
    if (staffing->judge == FL_JUDGE_MEAN) return evidence->days > staffing->replications ? evidence->days : staffing->replications;
    if (evidence->days == 0) return staffing->replications;
    const double share = (double)evidence->days_met / evidence->days;
    uint32_t days = staffing->replications;
    for (; 2 * days <= PROOF_DAYS; days *= 2) {
        const double likely = share * days - 1.28 * sqrt(share * (1 - share) * days); /* or more in nine proofs of ten */
        if (fl_staff_shown((uint32_t)fmax(0, likely), days, staffing->day_probability, staffing->confidence)) break;
        if (2.0 * days * decider->work_a_day > fmax(decider->problem->work_max / 2, decider->persists ? decider->work_left : 0)) break;
    }
    return days;
}

/* ---- Everybody at once --------------------------------------------------------------------------- */

static bool is_on(const struct fl_rota_shift *shift, const struct fl_scenario *scenario, uint32_t interval)
{
    const fl_time from = (fl_time)interval * scenario->interval;
    return fl_rota_on_duty(shift, from, from + scenario->interval) > 0;
}

/* Binds the shifts that spared somebody in vain: those on duty in an interval that is not shown to be met, or else those of the interval before.
 * How many more are bound now. */
static uint32_t bind(const struct fl_decider *decider, const uint32_t fewer[], const uint32_t people[], bool bound[])
{
    const struct fl_staff_problem *problem = decider->problem;
    const struct fl_scenario *scenario = problem->scenario;
    const double doubt = 1 - scenario->staffing.confidence;
    uint32_t more = 0;
    for (uint32_t o = 0; o < scenario->objectives_count; o++) {
        for (uint32_t i = 0; i < scenario->intervals_count; i++) {
            if (fl_evidence_shows(&decider->evidence, scenario, o, i, doubt)) continue;
            uint32_t here = 0;
            for (uint32_t before = 0; here == 0 && before <= i; before++) {
                for (uint32_t s = 0; s < problem->shifts_count; s++) {
                    if (fewer[s] == people[s] || !is_on(&problem->shifts[s], scenario, i - before)) continue;
                    more += !bound[s];
                    bound[s] = true;
                    here++;
                }
            }
        }
    }
    return more;
}

static bool is_per_interval(const struct fl_scenario *scenario)
{
    for (uint32_t i = 0; i < scenario->objectives_count; i++)
        if (scenario->objectives[i].per != FL_PER_INTERVAL) return false;
    return scenario->staffing.judge == FL_JUDGE_MEAN;
}

struct descent {
    struct fl_decider *decider;
    uint32_t *people, *fewer;
    bool *bound;
    uint32_t look_days;
    double reserve; /* of the budget, for what follows */
};

/* Takes a person off every shift of a class that is not bound, and puts back those that were missed. What is shown with fewer people is shown with
 * those put back as well, so it need not be looked at again. *spared: how many were not missed. */
static enum fl_status spare(struct descent *descent, uint32_t class, uint32_t classes, uint32_t *spared)
{
    struct fl_decider *decider = descent->decider;
    const uint32_t shifts = decider->problem->shifts_count;
    uint32_t tried = 0;
    *spared = 0;
    for (uint32_t s = 0; s < shifts; s++) {
        const bool one = s % classes == class && !descent->bound[s] && descent->people[s] > 0;
        descent->fewer[s] = descent->people[s] - one;
        tried += one;
    }
    if (tried == 0 || decider->work_left - descent->look_days * decider->work_a_day < descent->reserve) return FL_OK;
    const enum fl_status status = look(decider, descent->fewer, descent->look_days);
    if (status != FL_OK) return status;
    *spared = tried - bind(decider, descent->fewer, descent->people, descent->bound);
    for (uint32_t s = 0; s < shifts; s++)
        if (!descent->bound[s]) descent->people[s] = descent->fewer[s];
    return FL_OK;
}

static enum fl_status spare_all(struct descent *descent, uint32_t class, uint32_t classes)
{
    uint32_t spared = 1;
    enum fl_status status = FL_OK;
    memset(descent->bound, 0, descent->decider->problem->shifts_count * sizeof *descent->bound);
    while (status == FL_OK && spared > 0) status = spare(descent, class, classes, &spared);
    return status;
}

/* All shifts together; then every third one, since a shift that spares somebody makes the next one busier. */
static enum fl_status descend_by_looks(struct descent *descent)
{
    enum fl_status status = spare_all(descent, 0, 1);
    for (uint32_t class = 0; status == FL_OK && class < 3; class++) status = spare_all(descent, class, 3);
    return status;
}

enum fl_status fl_descend_together(struct fl_decider *decider, uint32_t people[])
{
    const uint32_t shifts = decider->problem->shifts_count;
    if (!is_per_interval(decider->problem->scenario)) return FL_OK;
    struct descent descent = { .decider = decider, .people = people, .fewer = malloc(shifts * sizeof *people), .bound = calloc(shifts, sizeof(bool)),
                               .reserve = decider->work_left / 8 };
    enum fl_status status = descent.fewer != NULL && descent.bound != NULL ? FL_OK : FL_EFULL;
    const uint32_t most = close_days(decider);
    for (uint32_t part = 16; status == FL_OK && part > 0; part /= 4) { /* short looks spare whoever is plainly too many */
        descent.look_days = most / part > SHORT_LOOK ? most / part : SHORT_LOOK;
        status = descend_by_looks(&descent);
    }
    free(descent.fewer), free(descent.bound);
    return status;
}

/* ---- Refining ------------------------------------------------------------------------------------ */

struct refinement {
    struct fl_decider *decider;
    const double *load, *stress;
    enum fl_status (*prove)(void *context, const uint32_t people[], uint32_t days, bool *proven);
    void *context;
};

/* A proof of the days that were decided by; where a shorter one was refused, of twice as many as that. FL_UNDECIDED: it was not stood. */
static enum fl_status stand_proof(struct refinement *refinement, const uint32_t people[], enum fl_judgement *judgement)
{
    struct fl_decider *decider = refinement->decider;
    struct known *const known = recall(decider, people);
    const uint32_t refused = known == NULL ? 0 : known->refused;
    uint32_t days = fl_decider_proof_days(decider);
    bool proven = false;
    enum fl_status status = FL_OK;
    if (days < 2 * refused) days = 2 * refused;
    if (refused == 0 || days <= PROOF_DAYS) {
        decider->work_left -= days * decider->work_a_day;
        status = refinement->prove(refinement->context, people, days, &proven);
        if (known != NULL && !proven) known->refused = days;
    }
    if (!proven) *judgement = FL_UNDECIDED;
    return status;
}

/* What is decided to do but does not stand its proof is looked at longer, since it may have been called so by luck, and then put to a longer one. */
static enum fl_status attempt(void *context, const uint32_t people[], enum fl_try how, enum fl_judgement *judgement)
{
    struct refinement *refinement = context;
    uint32_t looked_before = FL_NONE, refused_before = FL_NONE;
    for (;;) {
        enum fl_status status = fl_decide(refinement->decider, people, how, judgement);
        if (status != FL_OK || *judgement != FL_MEETS || how != FL_AS_ANSWER) return status;
        const uint32_t looked = refinement->decider->evidence.days;
        status = stand_proof(refinement, people, judgement);
        if (status != FL_OK || *judgement == FL_MEETS || recall(refinement->decider, people) == NULL || looked >= PROOF_DAYS) return status;
        const uint32_t refused = recall(refinement->decider, people)->refused;
        if (looked == looked_before && refused == refused_before) return status; /* neither looked at longer nor put to a longer proof: it stays in doubt */
        looked_before = looked;
        refused_before = refused;
    }
}

/* More people on a shift than any of its intervals can keep busy help nobody. */
static void find_ample(const struct fl_staff_problem *problem, const double load[], const uint32_t people[], uint32_t ample[])
{
    const struct fl_scenario *scenario = problem->scenario;
    const uint32_t groups = scenario->desk.groups_count;
    for (uint32_t s = 0; s < problem->shifts_count; s++) {
        const struct fl_rota_shift *shift = &problem->shifts[s];
        double most = 0;
        for (uint32_t i = 0; i < scenario->intervals_count; i++) {
            const fl_time from = (fl_time)i * scenario->interval;
            if (fl_rota_on_duty(shift, from, from + scenario->interval) == 0) continue;
            double here = 0;
            for (uint32_t g = 0; g < groups; g++) here += shift->groups >> g & 1 ? load[(size_t)i * groups + g] : 0;
            most = fmax(most, here);
        }
        most = ceil(most / shift->speed + AMPLE_SAFETY * sqrt(most / shift->speed) + 3);
        ample[s] = most < shift->people_max ? (uint32_t)most : shift->people_max;
        if (ample[s] < people[s]) ample[s] = people[s];
    }
}

/* Sends one or two people away, or puts fewer or as many on other shifts in their place, as long as that costs less and is proven to do. Few shifts:
 * one person before two, what takes most off the cost first, and never two for two: what is cheaper is ruled out anyway. Many: they have too many
 * moves for the budget, and what takes most off for the harm that is to be expected comes first. Where the budget ends before every cheaper
 * roster is ruled out, the answer is at least one that no move that was tried betters. */
struct move {
    double rank;                      /* the highest first */
    uint32_t first, second, to, also; /* shifts; second FL_NONE: one person only, to FL_NONE: nobody in her place, also FL_NONE: one in theirs */
};

static int compare_moves(const void *a, const void *b)
{
    const struct move *one = a, *other = b;
    if (one->rank != other->rank) return one->rank > other->rank ? -1 : 1;
    if (one->first != other->first) return one->first < other->first ? -1 : 1;
    if (one->second != other->second) return one->second < other->second ? -1 : 1;
    if (one->to != other->to) return one->to < other->to ? -1 : 1;
    return one->also < other->also ? -1 : one->also > other->also;
}

struct moves {
    struct move *list;
    uint32_t count, room;
    double *harm;   /* [shifts] of a person fewer there */
    double *weight; /* [cells] of the problem: what a person there is worth */
};

/* The harm of a person fewer on each shift, to be expected from the days so far: buyers who are hard to please where they write, over those
 * who are there for them. */
static void weigh_harm(const struct fl_staff_problem *problem, const double load[], const double stress[], const uint32_t people[], struct moves *moves)
{
    const struct fl_scenario *scenario = problem->scenario;
    const uint32_t groups = scenario->desk.groups_count, intervals = scenario->intervals_count;
    for (int pass = 0; pass < 2; pass++) { /* who is there, then what each of them is worth */
        if (pass == 0) memset(moves->weight, 0, (size_t)intervals * groups * sizeof *moves->weight);
        for (uint32_t s = 0; s < problem->shifts_count; s++) {
            const struct fl_rota_shift *shift = &problem->shifts[s];
            if (pass == 1) moves->harm[s] = 0;
            for (uint32_t i = 0; i < intervals; i++) {
                const fl_time from = (fl_time)i * scenario->interval;
                const double on = shift->speed * (double)fl_rota_on_duty(shift, from, from + scenario->interval) / (double)scenario->interval /
                                  __builtin_popcountll(shift->groups);
                for (uint32_t g = 0; on > 0 && g < groups; g++) {
                    const size_t cell = (size_t)i * groups + g;
                    if (!(shift->groups >> g & 1)) continue;
                    if (pass == 0) moves->weight[cell] += on * people[s];
                    else moves->harm[s] += on * moves->weight[cell];
                }
            }
        }
        for (size_t cell = 0; pass == 0 && cell < (size_t)intervals * groups; cell++)
            moves->weight[cell] = load[cell] * (stress[cell] + STRESS_LEAST) / fmax(moves->weight[cell], STRESS_LEAST);
    }
}

/* What a move takes off: the values of those who go, less of those who come. */
static double taken_off(const struct move *move, double (*value)(const void *of, uint32_t shift), const void *of)
{
    double sum = value(of, move->first);
    if (move->second != FL_NONE) sum += value(of, move->second);
    if (move->to != FL_NONE) sum -= value(of, move->to);
    if (move->also != FL_NONE) sum -= value(of, move->also);
    return sum;
}

static double cost_on(const void *rota, uint32_t shift)
{
    return ((const struct fl_rota_problem *)rota)->shifts[shift].cost;
}

static double harm_on(const void *moves, uint32_t shift)
{
    return ((const struct moves *)moves)->harm[shift];
}

/* Adds a move that costs less, at its place in the order. */
static void add_move(const struct fl_rota_problem *rota, struct move move, struct moves *moves)
{
    const double saving = taken_off(&move, cost_on, rota), harm = taken_off(&move, harm_on, moves);
    if (moves->count == moves->room || !(saving > 0)) return;
    if (rota->shifts_count <= SHIFTS_MOST) move.rank = move.second == FL_NONE ? saving : saving - BEFORE_OTHERS;
    else move.rank = harm > 0 ? saving / harm : BEFORE_OTHERS + saving;
    moves->list[moves->count++] = move;
}

static void add_moves_from(const struct fl_rota_problem *rota, const uint32_t people[], uint32_t first, uint32_t second, struct moves *moves)
{
    if (second == FL_NONE) add_move(rota, (struct move){ 0, first, second, FL_NONE, FL_NONE }, moves);
    for (uint32_t t = 0; t < rota->shifts_count; t++)
        if (people[t] < rota->shifts[t].people_max && t != first && t != second) add_move(rota, (struct move){ 0, first, second, t, FL_NONE }, moves);
}

/* Two for two. */
static void add_swaps_of(const struct fl_rota_problem *rota, const uint32_t people[], uint32_t first, uint32_t second, struct moves *moves)
{
    for (uint32_t t = 0; t < rota->shifts_count; t++)
        for (uint32_t v = t; v < rota->shifts_count; v++)
            if (t != first && t != second && v != first && v != second && people[t] + (t == v) < rota->shifts[t].people_max && people[v] < rota->shifts[v].people_max)
                add_move(rota, (struct move){ 0, first, second, t, v }, moves);
}

typedef void add_moves_of(const struct fl_rota_problem *rota, const uint32_t people[], uint32_t first, uint32_t second, struct moves *moves);

static void add_pairs(const struct fl_rota_problem *rota, const uint32_t people[], add_moves_of *add, struct moves *moves)
{
    for (uint32_t s = 0; s < rota->shifts_count; s++)
        for (uint32_t u = s; people[s] > 0 && u < rota->shifts_count; u++)
            if (people[u] > (u == s)) add(rota, people, s, u, moves);
}

static void list_moves(const struct fl_rota_problem *rota, const uint32_t people[], bool swaps, struct moves *moves)
{
    moves->count = 0;
    for (uint32_t s = 0; s < rota->shifts_count; s++)
        if (people[s] > 0 && !swaps) add_moves_from(rota, people, s, FL_NONE, moves);
    add_pairs(rota, people, swaps ? add_swaps_of : add_moves_from, moves);
    qsort(moves->list, moves->count, sizeof *moves->list, compare_moves);
}

static void make_move(uint32_t people[], const struct move *move, uint32_t forth, uint32_t back)
{
    people[move->first] += back - forth;
    if (move->second != FL_NONE) people[move->second] += back - forth;
    if (move->to != FL_NONE) people[move->to] += forth - back;
    if (move->also != FL_NONE) people[move->also] += forth - back;
}

/* Whether somebody is there wherever the rota wants somebody; moves only ask for rotas that want no more than that. */
static bool is_covered(const struct fl_rota_problem *rota, const uint32_t people[])
{
    for (uint32_t i = 0; i < rota->intervals_count; i++) {
        const fl_time from = (fl_time)i * rota->interval, to = from + rota->interval < rota->duration ? from + rota->interval : rota->duration;
        for (uint32_t g = 0; g < rota->groups_count; g++) {
            bool covered = !(rota->required[(size_t)i * rota->groups_count + g] > 0);
            for (uint32_t s = 0; !covered && s < rota->shifts_count; s++)
                covered = people[s] > 0 && (rota->shifts[s].groups >> g & 1) &&
                          (double)fl_rota_on_duty(&rota->shifts[s], from, to) >= rota->whole_share * (double)(to - from);
            if (!covered) return false;
        }
    }
    return true;
}

static enum fl_status make_moves(struct refinement *refinement, const struct fl_rota_problem *rota, struct moves *moves, uint32_t people[])
{
    struct fl_decider *decider = refinement->decider;
    const double proof = decider->problem->scenario->staffing.replications * decider->work_a_day; /* every move that is taken costs one */
    const double reserve = decider->work_left * (rota->shifts_count <= SHIFTS_MOST || decider->work_left > PROOFS_MANY * proof ? 0.5 : 0.95);
    bool swaps = false; /* two for two, once nothing else helps */
    for (;;) {
        bool moved = false;
        weigh_harm(decider->problem, refinement->load, refinement->stress, people, moves);
        list_moves(rota, people, swaps, moves);
        for (uint32_t i = 0; i < moves->count && !moved && decider->work_left > reserve; i++) {
            const struct move *const move = &moves->list[i];
            enum fl_judgement judgement = FL_MISSES;
            make_move(people, move, 1, 0);
            enum fl_status status = FL_OK;
            if (fl_rota_keeps_limits(rota, people) && is_covered(rota, people)) status = attempt(refinement, people, FL_AS_ANSWER, &judgement);
            moved = status == FL_OK && judgement == FL_MEETS;
            if (!moved) make_move(people, move, 0, 1);
            if (status != FL_OK) return status;
        }
        if (!moved && (swaps || rota->shifts_count <= SHIFTS_MOST || decider->work_left <= reserve)) return FL_OK;
        swaps = !moved;
    }
}

static enum fl_status move_people(struct refinement *refinement, const struct fl_rota_problem *rota, uint32_t people[])
{
    const struct fl_scenario *scenario = refinement->decider->problem->scenario;
    struct moves moves = { .list = malloc(MOVES_MOST * sizeof *moves.list), .room = MOVES_MOST,
                           .harm = malloc((rota->shifts_count + (size_t)scenario->intervals_count * scenario->desk.groups_count) * sizeof *moves.harm) };
    enum fl_status status = FL_EFULL;
    if (moves.list != NULL && moves.harm != NULL) {
        moves.weight = moves.harm + rota->shifts_count;
        refinement->decider->takes_only = true;
        status = make_moves(refinement, rota, &moves, people);
        refinement->decider->takes_only = false;
    }
    free(moves.list), free(moves.harm);
    return status;
}

/* Rules out what is cheaper; and once more where some of it was left in doubt: then its days go on, those of the others are known. */
static enum fl_status rule_out(struct refinement *refinement, const struct fl_rota_problem *rota, const uint32_t ample[], struct fl_cheapest *found)
{
    struct fl_decider *decider = refinement->decider;
    const struct fl_cheapest_problem problem = { .rota = rota, .ample = ample, .attempt = attempt, .context = refinement, .rounds_max = ROUNDS_MAX };
    enum fl_status status = fl_cheapest(&problem, found);
    if (status != FL_OK || found->undecided == 0 || is_of_means(decider) || !(decider->problem->doubt_max > 0)) return status;
    const double bound = found->bound;
    decider->work_left = decider->problem->doubt_max;
    decider->persists = true;
    status = fl_cheapest(&problem, found);
    decider->persists = false;
    found->bound = fmax(found->bound, bound);
    return status;
}

enum fl_status fl_refine(struct fl_decider *decider, const struct fl_rota_problem *least, const double load[], const double stress[], uint32_t people[],
                         enum fl_status (*prove)(void *context, const uint32_t people[], uint32_t days, bool *proven), void *context, struct fl_refined *out)
{
    const struct fl_staff_problem *problem = decider->problem;
    const size_t shifts = problem->shifts_count;
    *out = (struct fl_refined){ 0 };
    if (decider->work_left < CLOSE_LOOKS_LEAST * close_days(decider) * decider->work_a_day) return FL_OK; /* too little to decide anything */
    struct refinement refinement = { decider, load, stress, prove, context };
    uint32_t *const ample = malloc(2 * shifts * sizeof *ample), *const before = ample + shifts;
    struct fl_rota_shift *const capped = malloc(shifts * sizeof *capped);
    if (ample == NULL || capped == NULL) {
        free(ample), free(capped);
        return FL_EFULL;
    }
    find_ample(problem, load, people, ample);
    memcpy(before, people, shifts * sizeof *people);
    memcpy(capped, problem->shifts, shifts * sizeof *capped);
    for (size_t s = 0; s < shifts; s++) capped[s].people_max = ample[s];
    struct fl_rota_problem rota = *least;
    rota.shifts = capped;
    rota.seats = fl_staff_at_once_max(problem->scenario);
    rota.gap = 0;
    enum fl_status status = move_people(&refinement, &rota, people);
    struct fl_cheapest found = { .people = people };
    if (status == FL_OK && shifts <= SHIFTS_MOST) status = rule_out(&refinement, &rota, ample, &found);
    *out = (struct fl_refined){ .bound = found.bound, .cheapest = found.proven, .undecided = found.undecided,
                                .changed = memcmp(before, people, shifts * sizeof *people) != 0 };
    free(ample), free(capped);
    return status;
}
