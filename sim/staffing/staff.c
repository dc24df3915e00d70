#include "staffing/staff.h"

#include "core/special.h"
#include "staffing/chat_desk.h"
#include "staffing/refine.h"
#include "staffing/rules_of_thumb.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PROOFS_MAX 12u
#define RAISES_MAX 64
#define SEARCH_FLATTERS 0.75 /* standard errors. Measured on the shipped scenarios: at 0 three proofs in four fail, at 0.75 every other */
#define SEEN_MAX 128u /* a search has some thirty trials; those beyond are only not remembered */

struct search {
    const struct fl_staff_problem *problem;
    struct fl_staff_answer *answer;
    uint32_t cells;
    double *required, *stress;
    double *wanted, *shortage, *on_duty; /* of the rota, [parts of intervals x groups] */
    uint32_t *people, *best;
    uint32_t *seen_people; /* [SEEN_MAX x shifts] rosters that were simulated, and what came of it */
    struct fl_staff_trial seen[SEEN_MAX];
    uint32_t seen_count;
    uint32_t search_misses; /* allowed on search_days */
    bool best_known;
    bool decides; /* rosters can be decided, and there is a budget for it */
    struct fl_decider decider;
    uint32_t fewer; /* the shift that misses one person least */
    double best_cost, best_safety;
};

bool fl_staff_shown(uint32_t met, uint32_t days, double wanted, double confidence)
{
    return days > 0 && fl_binomial_lower(met, days, 1 - confidence) >= wanted;
}

uint32_t fl_staff_days_needed(uint32_t days, double wanted, double confidence)
{
    if (!fl_staff_shown(days, days, wanted, confidence)) return FL_NONE;
    uint32_t low = 0, high = days; /* low does not show it, high does */
    while (high - low > 1) {
        const uint32_t middle = low + (high - low) / 2;
        if (fl_staff_shown(middle, days, wanted, confidence)) high = middle;
        else low = middle;
    }
    return high;
}

static uint32_t people_sum(const struct fl_staff_problem *problem, const uint32_t people[])
{
    uint32_t sum = 0;
    for (uint32_t s = 0; s < problem->shifts_count; s++) sum += people[s];
    return sum;
}

/* Seats there may be in all; FL_NONE: any number. */
static uint32_t seats_max(const struct fl_scenario *scenario)
{
    const uint32_t held = scenario->desk.seats, more = scenario->staffing.more_seats;
    return held == FL_NONE || more == FL_NONE ? FL_NONE : held + more;
}

uint32_t fl_staff_at_once_max(const struct fl_scenario *scenario)
{
    const uint32_t seats = seats_max(scenario), people = scenario->staffing.max_agents;
    return seats < people ? seats : people;
}

struct fl_rota_problem fl_staff_rota(const struct fl_staff_problem *problem)
{
    const struct fl_scenario *scenario = problem->scenario;
    const bool sold = scenario->desk.seats != FL_NONE && scenario->money.seat_cny > 0;
    return (struct fl_rota_problem){
        .duration = scenario->duration, .groups_count = scenario->desk.groups_count, .shifts_count = problem->shifts_count,
        .shifts = problem->shifts, .people_max = FL_NONE, .seats = seats_max(scenario), .seats_held = sold ? scenario->desk.seats : 0,
        .seat_cost = sold ? scenario->money.seat_cny / 30 * ((double)scenario->duration / FL_DAY) : 0,
        .crews_count = problem->crews_count, .crews = problem->crews, .whole_share = 0.5, .gap = FL_ROTA_GAP, .nodes_max = 2000,
    };
}

static uint32_t most_at_once(const struct fl_staff_problem *problem, const uint32_t people[])
{
    const struct fl_rota_problem rota = fl_staff_rota(problem);
    return fl_rota_seats(&rota, people);
}

static double cost_of(const struct fl_staff_problem *problem, const uint32_t people[])
{
    const struct fl_rota_problem rota = fl_staff_rota(problem);
    return fl_rota_cost(&rota, people);
}

static bool passes(const struct search *search, const struct fl_staff_trial *trial)
{
    if (search->problem->scenario->staffing.judge == FL_JUDGE_MEAN) return trial->days_met == trial->days;
    return trial->days - trial->days_met <= trial->misses_allowed;
}

/* A trial of this roster that says as much as one of so many days: a failure always does, a pass on as many days. */
static const struct fl_staff_trial *recall(const struct search *search, const uint32_t people[], uint32_t days)
{
    const uint32_t shifts = search->problem->shifts_count;
    for (uint32_t i = 0; i < search->seen_count; i++)
        if (memcmp(search->seen_people + (size_t)i * shifts, people, shifts * sizeof *people) == 0 &&
            (search->seen[i].days_asked >= days || !passes(search, &search->seen[i])))
            return &search->seen[i];
    return NULL;
}

static void remember(struct search *search, const uint32_t people[], const struct fl_staff_trial *trial)
{
    const uint32_t shifts = search->problem->shifts_count;
    if (search->seen_count == SEEN_MAX) return;
    memcpy(search->seen_people + (size_t)search->seen_count * shifts, people, shifts * sizeof *people);
    search->seen[search->seen_count++] = *trial;
}

static enum fl_status simulate(struct search *search, const uint32_t people[], uint32_t days, struct fl_staff_trial *trial)
{
    const struct fl_staff_problem *problem = search->problem;
    const enum fl_status status = problem->simulate(problem->context, people, days, trial);
    if (status != FL_OK) return status;
    search->answer->trials++;
    search->answer->trial_days += trial->days;
    if (problem->on_trial != NULL && !problem->on_trial(problem->context, trial, people_sum(problem, people))) return FL_EINTERRUPTED;
    return FL_OK;
}

/* A trial while searching, on the hardest days. What more people than there may be would do is not asked: they fail. */
static enum fl_status try_people(struct search *search, const uint32_t people[], uint32_t days, struct fl_staff_trial *trial)
{
    *trial = (struct fl_staff_trial){ .misses_allowed = search->search_misses, .days_asked = days };
    if (most_at_once(search->problem, people) > fl_staff_at_once_max(search->problem->scenario)) {
        trial->days = trial->misses_allowed + 1;
        return FL_OK;
    }
    const struct fl_staff_trial *known = recall(search, people, days);
    if (known != NULL) {
        *trial = *known;
        return FL_OK;
    }
    const enum fl_status status = simulate(search, people, days, trial);
    if (status == FL_OK) remember(search, people, trial);
    return status;
}

/* People wanted: the load with its safety, at least one where anybody writes, in people of speed 1. */
static void require(struct search *search, double safety)
{
    const uint32_t groups = search->problem->scenario->desk.groups_count;
    for (uint32_t i = 0; i < search->cells; i++) {
        const double speed = search->problem->template_speed[i % groups], load = search->answer->load[i] / speed;
        const double wanted = load > 1e-9 && safety > -INFINITY ? ceil(load + safety * sqrt(load) - 1e-9) : 0;
        search->required[i] = (load > 1e-9 && wanted < 1 ? 1 : wanted) * speed;
    }
}

/* Parts of an interval that the rota covers one by one: where intervals are longer than the step of the shifts, a shift that is there
 * for half of one would leave the other half to nobody. */
static uint32_t parts_of(const struct fl_scenario *scenario)
{
    uint32_t parts = scenario->staffing.step > 0 ? (uint32_t)((scenario->interval + scenario->staffing.step - 1) / scenario->staffing.step) : 1;
    const uint32_t most = FL_INTERVALS_MAX / scenario->intervals_count;
    if (parts > most) parts = most;
    while (parts > 1 && scenario->interval % parts != 0) parts--;
    return parts > 1 ? parts : 1;
}

/* The rota of a safety; borrows the search's arrays. */
static struct fl_rota_problem rota_for(struct search *search, double safety)
{
    const struct fl_scenario *scenario = search->problem->scenario;
    const uint32_t groups = scenario->desk.groups_count, parts = parts_of(scenario);
    struct fl_rota_problem rota = fl_staff_rota(search->problem);
    rota.interval = scenario->interval / parts;
    rota.intervals_count = (uint32_t)((scenario->duration + rota.interval - 1) / rota.interval);
    rota.required = search->wanted;
    require(search, safety);
    for (uint32_t i = 0; i < rota.intervals_count * groups; i++) search->wanted[i] = search->required[i / groups / parts * groups + i % groups];
    return rota;
}

static enum fl_status roster_for(struct search *search, double safety, uint32_t people[])
{
    const struct fl_rota_problem rota = rota_for(search, safety);
    struct fl_rota out = { .people = people, .on_duty = search->on_duty, .shortage = search->shortage };
    const enum fl_status status = fl_rota_solve(&rota, &out);
    return status == FL_EINFEASIBLE ? FL_OK : status; /* as much as the shifts allow; the simulation judges */
}

static void keep(struct search *search, const uint32_t people[], double safety)
{
    memcpy(search->best, people, search->problem->shifts_count * sizeof *people);
    search->best_known = true;
    search->best_cost = cost_of(search->problem, people);
    search->best_safety = safety;
}

/* One step: the roster of a safety, on so many days. */
static enum fl_status step(struct search *search, double safety, uint32_t days, bool *passed)
{
    struct fl_staff_trial trial;
    enum fl_status status = roster_for(search, safety, search->people);
    if (status == FL_OK) status = try_people(search, search->people, days, &trial);
    if (status != FL_OK) return status;
    *passed = passes(search, &trial);
    if (*passed && (!search->best_known || cost_of(search->problem, search->people) < search->best_cost)) keep(search, search->people, safety);
    return FL_OK;
}

/* Where to begin: the safety at which the chat desk's mu(k) answers within half of a minute. */
static double first_safety(const struct search *search)
{
    double most = 0, at = 0;
    for (uint32_t i = 0; i < search->cells; i++)
        if (search->answer->load[i] > most) most = search->answer->load[i];
    if (!(most > 0)) return 1;
    const struct fl_scenario *scenario = search->problem->scenario;
    struct fl_desk_facts facts = fl_desk_facts_of(scenario, scenario->traffic.chats_per_day, 0, 1);
    facts.reply_s *= search->problem->work_scale;
    const struct fl_chat_work work = { .reply_rate = 1 / facts.reply_s, .think_rate = facts.think_s > 0 ? 1 / facts.think_s : 1e9,
                                       .p_end = 1 / facts.replies_per_chat };
    const uint32_t slots = fl_chat_slots_within(&work, 2 * facts.reply_s, 200);
    const double rate = fl_chat_rate(&work, slots), chats = most / (facts.reply_s * facts.replies_per_chat);
    const double people = chats / rate;
    at = (people - most) / sqrt(most);
    return at > 0.25 && at < 6 ? at : 1;
}

/* How far apart the rosters of two safeties are, in the number that is asked for. */
static uint32_t headcount(const struct search *search)
{
    return search->problem->quick ? most_at_once(search->problem, search->people) : people_sum(search->problem, search->people);
}

/* Brackets and bisects the safety: the least whose roster passes the screen. Once a single person lies between, what is left to
 * gain is the descent's. */
static enum fl_status bracket_safety(struct search *search, uint32_t days, double *found)
{
    const struct fl_staff_problem *problem = search->problem;
    bool passed = false;
    double low = NAN, high = 0, safety = isnan(problem->first_safety) ? first_safety(search) : problem->first_safety;
    uint32_t low_people = 0, high_people = 0;
    for (int i = 0; i < 16 && !passed; i++) { /* up until it passes */
        const enum fl_status status = step(search, safety, days, &passed);
        if (status != FL_OK) return status;
        if (passed) break;
        low = safety;
        low_people = headcount(search);
        if (people_sum(problem, search->people) > 4 * problem->scenario->staffing.max_agents) return FL_EINFEASIBLE;
        safety += 0.5 + 0.3 * fabs(safety);
    }
    if (!passed) return FL_EINFEASIBLE;
    high = safety;
    high_people = headcount(search);
    for (double down = high - 0.5; isnan(low) && down > -3; down -= 0.75) { /* down until it fails */
        const enum fl_status status = step(search, down, days, &passed);
        if (status != FL_OK) return status;
        if (passed) high = down, high_people = headcount(search);
        else low = down, low_people = headcount(search);
    }
    if (isnan(low)) low = -3;
    for (int i = 0; i < 6 && high - low > 0.06 && high_people > low_people + 1; i++) {
        const double middle = (low + high) / 2;
        const enum fl_status status = step(search, middle, days, &passed);
        if (status != FL_OK) return status;
        if (passed) high = middle, high_people = headcount(search);
        else low = middle, low_people = headcount(search);
    }
    *found = high;
    return FL_OK;
}

/* What passed the screen has to pass on all days of the search, and is raised a little until it does. */
static enum fl_status search_safety(struct search *search)
{
    const struct fl_staff_problem *problem = search->problem;
    const bool pooled = problem->scenario->staffing.judge == FL_JUDGE_MEAN;
    const uint32_t all = problem->search_days, screen = pooled || problem->screen_days > all ? all : problem->screen_days;
    double safety = 0;
    enum fl_status status = bracket_safety(search, screen, &safety);
    if (status != FL_OK || problem->quick || screen == all) return status;
    struct fl_staff_trial trial;
    status = try_people(search, search->best, all, &trial);
    if (status != FL_OK || passes(search, &trial)) return status;
    search->best_known = false;
    bool passed = false;
    for (int i = 0; i < RAISES_MAX && !passed && people_sum(problem, search->people) <= 4 * problem->scenario->staffing.max_agents; i++) {
        safety += i < RAISES_MAX / 2 ? 0.12 : 0.5; /* a desk of one or two is alike at many safeties: those are not simulated again */
        status = step(search, safety, all, &passed);
        if (status != FL_OK) return status;
    }
    return passed ? FL_OK : FL_EINFEASIBLE;
}

/* Takes people away one at a time, from the dearest shifts first, as long as the days still pass. A shift that misses one is not
 * tried again: with fewer people elsewhere it would miss her more. */
static enum fl_status descend(struct search *search)
{
    const struct fl_staff_problem *problem = search->problem;
    const size_t bytes = problem->shifts_count * sizeof *search->best;
    uint64_t longest = 0; /* how long the best of those that fail held out, then on how many days */
    double before = INFINITY; /* cost of the shift tried last; ties go by number */
    uint32_t last = FL_NONE;
    for (;;) {
        uint32_t next = FL_NONE;
        for (uint32_t s = 0; s < problem->shifts_count; s++) {
            const double cost = problem->shifts[s].cost;
            if (search->best[s] == 0 || cost > before || (cost == before && s <= last && last != FL_NONE)) continue;
            if (next == FL_NONE || cost > problem->shifts[next].cost) next = s;
        }
        if (next == FL_NONE) return FL_OK;
        struct fl_staff_trial trial;
        memcpy(search->people, search->best, bytes);
        search->people[next]--;
        const enum fl_status status = try_people(search, search->people, problem->search_days, &trial);
        if (status != FL_OK) return status;
        const uint64_t held = (uint64_t)trial.days << 32 | trial.days_met;
        if (passes(search, &trial)) {
            keep(search, search->people, search->best_safety); /* and once more from the same shift */
            continue;
        }
        if (search->fewer == FL_NONE || held > longest) {
            longest = held;
            search->fewer = next;
        }
        before = problem->shifts[next].cost;
        last = next;
    }
}

static bool one_more_fits(const struct search *search, uint32_t shift)
{
    const struct fl_rota_problem rota = fl_staff_rota(search->problem);
    search->best[shift]++;
    const bool fits = fl_rota_keeps_limits(&rota, search->best) && fl_rota_seats(&rota, search->best) <= fl_staff_at_once_max(search->problem->scenario);
    search->best[shift]--;
    return fits;
}

/* The stress from which on an interval wants relief: any, or where means are missed only what is missed. */
static double least_stress(const struct search *search)
{
    double most = 0;
    for (uint32_t i = 0; i < search->cells; i++) most = fmax(most, search->stress[i]);
    return search->problem->scenario->staffing.judge == FL_JUDGE_MEAN && most > 1 ? 1 : 0;
}

/* The shift on which one person more relieves most of the stress for its cost; FL_NONE when there is none. */
static uint32_t where_it_hurts(const struct search *search)
{
    const struct fl_staff_problem *problem = search->problem;
    const struct fl_scenario *scenario = problem->scenario;
    const double least = least_stress(search);
    double best = 0;
    uint32_t chosen = FL_NONE;
    for (uint32_t s = 0; s < problem->shifts_count; s++) {
        const struct fl_rota_shift *shift = &problem->shifts[s];
        double relief = 0;
        for (uint32_t i = 0; i < scenario->intervals_count; i++) {
            const fl_time from = i * scenario->interval;
            const double on = (double)fl_rota_on_duty(shift, from, from + scenario->interval) / (double)scenario->interval;
            for (uint32_t g = 0; g < scenario->desk.groups_count; g++) {
                const double stress = search->stress[(size_t)i * scenario->desk.groups_count + g];
                const double load = search->answer->load[(size_t)i * scenario->desk.groups_count + g];
                if ((shift->groups >> g & 1) && stress > least) relief += on * stress * stress * load;
            }
        }
        relief /= shift->cost > 0 ? shift->cost : 1;
        if (relief > best && one_more_fits(search, s)) {
            best = relief;
            chosen = s;
        }
    }
    return chosen;
}

/* Puts a roster to the proof, on so many other days. */
static enum fl_status put_to_proof(struct search *search, const uint32_t people[], uint32_t days, struct fl_staff_trial *trial, bool *proven)
{
    const struct fl_staffing_def *staffing = &search->problem->scenario->staffing;
    const uint32_t needed = fl_staff_days_needed(days, staffing->day_probability, staffing->confidence);
    *trial = (struct fl_staff_trial){ .stress = search->stress, .misses_allowed = needed == FL_NONE ? days : days - needed };
    const enum fl_status status = simulate(search, people, days, trial);
    *proven = status == FL_OK && trial->days == days && passes(search, trial) && (staffing->judge == FL_JUDGE_MEAN || needed != FL_NONE);
    return status;
}

/* A person more wherever the days miss, until the bound holds. */
static enum fl_status prove_upwards(struct search *search, uint32_t days, uint32_t *proofs)
{
    struct fl_staff_answer *answer = search->answer;
    for (;;) {
        const enum fl_status status = put_to_proof(search, search->best, days, &answer->final, &answer->proven);
        if (status != FL_OK) return status;
        answer->more = where_it_hurts(search);
        if (++*proofs == PROOFS_MAX || answer->proven || answer->more == FL_NONE || answer->days_needed == FL_NONE) return FL_OK;
        search->best[answer->more]++;
        answer->fewer = answer->more; /* one fewer there has just been tried */
    }
}

/* What was shown at the first attempt may be more than is wanted: a person is taken away as long as the bound still holds. */
static enum fl_status prove_downwards(struct search *search)
{
    struct fl_staff_answer *answer = search->answer;
    while (answer->fewer != FL_NONE && search->best[answer->fewer] > 0) {
        struct fl_staff_trial trial;
        bool proven;
        search->best[answer->fewer]--;
        const enum fl_status status = put_to_proof(search, search->best, search->problem->scenario->staffing.replications, &trial, &proven);
        if (status != FL_OK) return status;
        if (!proven) {
            search->best[answer->fewer]++;
            return FL_OK;
        }
        answer->final = trial;
        answer->more = answer->fewer;
    }
    return FL_OK;
}

/* How well the roster decided last did: by the share of its days, where means are judged by how many days it took. */
static double held_out(const struct search *search, enum fl_judgement judgement)
{
    const struct fl_evidence *evidence = &search->decider.evidence;
    if (judgement == FL_UNTRIED) return 0;
    return search->problem->scenario->staffing.judge == FL_JUDGE_MEAN ? evidence->days : (evidence->days_met + 0.5) / (evidence->days + 1.0);
}

/* What one person fewer on each shift does, as far as a glance tells, and the shift on which it hurts least. */
static enum fl_status judge_one_fewer(struct search *search)
{
    struct fl_staff_answer *answer = search->answer;
    const struct fl_staff_problem *problem = search->problem;
    double best = -1;
    search->decider.work_left = fmax(search->decider.work_left, problem->work_max / 10); /* its own, where ruling out cheaper ones took all */
    for (uint32_t s = 0; s < problem->shifts_count; s++) {
        enum fl_judgement judgement;
        if (search->best[s] == 0) continue;
        search->best[s]--;
        const enum fl_status status = fl_decide(&search->decider, search->best, FL_GLANCE, &judgement);
        search->best[s]++;
        if (status != FL_OK) return status;
        const double held = held_out(search, judgement);
        if (answer->one_fewer != NULL) answer->one_fewer[s] = answer->cheapest && problem->shifts[s].cost > 0 ? FL_MISSES : judgement;
        if (held > best) best = held, search->fewer = s;
    }
    return FL_OK;
}

/* Means are no matter of days that pass: a roster whose means hold on some days may owe it to luck. It is raised until that they hold is shown,
 * all intervals give up whom they can spare, and the proof takes as many days as showing it did. */
static enum fl_status prove_means(struct search *search)
{
    struct fl_staff_answer *answer = search->answer;
    enum fl_judgement judgement = FL_UNDECIDED;
    enum fl_status status = FL_OK;
    for (double safety = search->best_safety; status == FL_OK && safety < search->best_safety + 4; safety += 0.15) {
        status = fl_decide(&search->decider, search->best, FL_CLOSE_LOOK, &judgement);
        if (status != FL_OK || judgement == FL_MEETS || judgement == FL_UNTRIED) break;
        status = roster_for(search, safety + 0.15, search->best);
    }
    if (status == FL_OK && judgement == FL_MEETS) status = fl_descend_together(&search->decider, search->best);
    if (status != FL_OK) return status;
    uint32_t proofs = 0;
    status = prove_upwards(search, fl_decider_proof_days(&search->decider), &proofs);
    answer->proven &= judgement == FL_MEETS; /* of the roster, or of one within it */
    return status;
}

/* A proof of as many days as are asked for; the answer's is taken over only where it is proven. */
static enum fl_status prove_other(void *context, const uint32_t people[], uint32_t days, bool *proven)
{
    struct search *search = context;
    struct fl_staff_trial trial;
    const enum fl_status status = put_to_proof(search, people, days, &trial, proven);
    if (*proven) {
        search->answer->final = trial;
        search->answer->days_needed = trial.days - trial.misses_allowed;
    }
    return status;
}

/* Where people have stopped helping, what does by little may still stand a longer proof, which asks for less of a margin. */
static enum fl_status prove_longer(struct search *search)
{
    enum fl_judgement judgement;
    if (!search->decides || search->answer->days_needed == FL_NONE) return FL_OK; /* no more days than asked for, where none of those could show it */
    const enum fl_status status = fl_decide(&search->decider, search->best, FL_CLOSE_LOOK, &judgement);
    if (status != FL_OK || judgement != FL_MEETS) return status;
    const uint32_t days = fl_decider_proof_days(&search->decider);
    return days > search->problem->scenario->staffing.replications ? prove_other(search, search->best, days, &search->answer->proven) : FL_OK;
}

static enum fl_status prove(struct search *search)
{
    uint32_t proofs = 0;
    if (search->decides && search->problem->scenario->staffing.judge == FL_JUDGE_MEAN) return prove_means(search);
    const enum fl_status status = prove_upwards(search, search->problem->scenario->staffing.replications, &proofs);
    if (status != FL_OK) return status;
    if (!search->answer->proven) return prove_longer(search);
    return proofs == 1 ? prove_downwards(search) : FL_OK;
}

/* ---- The cheapest -------------------------------------------------------------------------------- */

static enum fl_status refine(struct search *search)
{
    struct fl_staff_answer *answer = search->answer;
    struct fl_refined refined;
    if (!search->decides || !answer->proven) return FL_OK;
    const struct fl_rota_problem least = rota_for(search, -INFINITY); /* one person wherever anybody writes */
    const enum fl_status status = fl_refine(&search->decider, &least, answer->load, search->stress, search->best, prove_other, search, &refined);
    if (status != FL_OK) return status;
    answer->bound = refined.bound;
    answer->cheapest = refined.cheapest;
    answer->undecided = refined.undecided;
    if (refined.changed) answer->more = where_it_hurts(search); /* its proof was the last one */
    const enum fl_status judged = judge_one_fewer(search);
    if (refined.changed || answer->fewer == FL_NONE) answer->fewer = search->fewer;
    answer->decided = search->decider.rosters;
    answer->decided_days = search->decider.days;
    return judged;
}

/* Where no headcount leaves the room that a proof wants, one that does on about as many days as are asked for may be all there is to be
 * had: so few days of a search tell little, and a standard error is allowed for. The proof has the last word. */
static enum fl_status search_safety_again(struct search *search)
{
    const struct fl_staff_problem *problem = search->problem;
    const struct fl_staffing_def *staffing = &problem->scenario->staffing;
    const double misses = (1 - staffing->day_probability) * problem->search_days;
    const uint32_t allowed = (uint32_t)floor(misses + sqrt(misses * staffing->day_probability) + 1e-9);
    if (staffing->judge == FL_JUDGE_MEAN || allowed <= search->search_misses) return FL_EINFEASIBLE;
    search->search_misses = allowed;
    search->seen_count = 0; /* what failed may now pass */
    return search_safety(search);
}

static enum fl_status search_all(struct search *search)
{
    enum fl_status status = search_safety(search);
    if (status == FL_EINFEASIBLE) status = search_safety_again(search);
    if (status != FL_OK || search->problem->quick) return status;
    const bool means = search->decides && search->problem->scenario->staffing.judge == FL_JUDGE_MEAN;
    if (!means) status = descend(search);
    search->answer->fewer = search->fewer;
    if (status == FL_OK) status = prove(search);
    return status == FL_OK ? refine(search) : status;
}

/* Misses that the days of the search may have: in the proportion of the proof (or of what is asked, where no proof can be had), less
 * what the search flatters what it finds by: of so many rosters it keeps the luckiest. */
static uint32_t misses_while_searching(const struct fl_staff_problem *problem, uint32_t needed)
{
    const struct fl_staffing_def *staffing = &problem->scenario->staffing;
    const double share = needed == FL_NONE ? 1 - staffing->day_probability : (double)(staffing->replications - needed) / staffing->replications;
    const double misses = share * problem->search_days - SEARCH_FLATTERS * sqrt(share * (1 - share) * problem->search_days);
    return misses > 0 ? (uint32_t)floor(misses + 1e-9) : 0;
}

/* Memory of a search, in two blocks. */
static bool search_open(struct search *search)
{
    const size_t shifts = search->problem->shifts_count;
    search->people = calloc((2 + SEEN_MAX) * shifts, sizeof *search->people);
    const size_t fine = (size_t)search->cells * parts_of(search->problem->scenario);
    search->required = calloc(2 * (size_t)search->cells + 3 * fine, sizeof *search->required);
    if (search->people == NULL || search->required == NULL) return false;
    search->best = search->people + shifts;
    search->seen_people = search->people + 2 * shifts;
    search->stress = search->required + search->cells;
    search->wanted = search->stress + search->cells;
    search->shortage = search->wanted + fine;
    search->on_duty = search->shortage + fine;
    search->decides = !search->problem->quick && search->problem->work_max > 0 && fl_can_decide(search->problem->scenario);
    return !search->decides || fl_decider_open(&search->decider, search->problem);
}

static void search_close(struct search *search)
{
    fl_decider_close(&search->decider);
    free(search->people);
    free(search->required);
}

/* The load of the problem's world. */
static enum fl_status load_of(const struct fl_staff_problem *problem, uint32_t cells, double load[])
{
    const enum fl_status status = fl_staff_load(problem->scenario, problem->plan, load);
    for (uint32_t i = 0; status == FL_OK && i < cells; i++) load[i] *= problem->work_scale;
    return status;
}

/* What the roster means for every interval and group. */
static void describe(struct search *search, struct fl_staff_answer *made)
{
    const struct fl_staff_problem *problem = search->problem;
    const uint32_t groups = problem->scenario->desk.groups_count;
    require(search, made->safety);
    for (uint32_t i = 0; i < search->cells; i++) {
        made->required[i] = search->required[i] / problem->template_speed[i % groups];
        made->on_duty[i] = 0;
        const fl_time from = (fl_time)(i / groups) * problem->scenario->interval;
        for (uint32_t s = 0; s < problem->shifts_count; s++) {
            const struct fl_rota_shift *shift = &problem->shifts[s];
            if (!(shift->groups >> (i % groups) & 1)) continue;
            const double on = (double)fl_rota_on_duty(shift, from, from + problem->scenario->interval);
            made->on_duty[i] += made->people[s] * on / (double)problem->scenario->interval / __builtin_popcountll(shift->groups);
        }
    }
}

enum fl_status fl_staff_roster(const struct fl_staff_problem *problem, double safety, struct fl_staff_answer *answer)
{
    const uint32_t cells = problem->scenario->intervals_count * problem->scenario->desk.groups_count;
    struct search search = { .problem = problem, .answer = answer, .cells = cells };
    enum fl_status status = search_open(&search) ? load_of(problem, cells, answer->load) : FL_EFULL;
    if (status == FL_OK) status = roster_for(&search, safety, answer->people);
    if (status == FL_OK) {
        answer->safety = safety;
        answer->cost = cost_of(problem, answer->people);
        answer->fewer = answer->more = FL_NONE;
        answer->proven = false;
        describe(&search, answer);
    }
    search_close(&search);
    return status;
}

enum fl_status fl_staff_search(const struct fl_staff_problem *problem, struct fl_staff_answer *answer)
{
    const struct fl_staffing_def *staffing = &problem->scenario->staffing;
    struct fl_staff_answer made = *answer;
    struct search search = { .problem = problem, .answer = &made, .fewer = FL_NONE,
                             .cells = problem->scenario->intervals_count * problem->scenario->desk.groups_count };
    made.trials = made.trial_days = made.undecided = made.decided = made.decided_days = 0;
    made.bound = 0;
    made.cheapest = made.proven = false;
    made.fewer = made.more = FL_NONE;
    made.days_needed = fl_staff_days_needed(staffing->replications, staffing->day_probability, staffing->confidence);
    search.search_misses = misses_while_searching(problem, made.days_needed);
    enum fl_status status = search_open(&search) ? load_of(problem, search.cells, made.load) : FL_EFULL;
    if (status == FL_OK) status = search_all(&search);
    const bool stopped = status == FL_EINTERRUPTED && search.best_known;
    if (status == FL_OK || status == FL_EINFEASIBLE || stopped) {
        memcpy(made.people, search.best_known ? search.best : search.people, problem->shifts_count * sizeof *made.people);
        made.cost = cost_of(problem, made.people);
        made.safety = search.best_safety;
        describe(&search, &made);
        made.final.stress = NULL;
        *answer = made;
    }
    search_close(&search);
    return status;
}
