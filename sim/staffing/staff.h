/* How many people, on which shifts: the search for the cheapest roster whose simulated days meet the objectives.
 *
 *   load         the work that arrives, in people busy composing, lagged by the length of a chat (modified offered load)
 *   requirement  load + safety x sqrt(load) in every interval and group: square-root staffing, one number to search
 *   roster       the cheapest shifts that cover it (rota, integer programme)
 *   simulation   of that very roster, the same days for every candidate (common random numbers)
 * The safety is bisected until the roster passes; the start is the chat desk's own mu(k). Then one fewer is tried on every
 * shift, and what still passes is kept; last, the answer is judged on many more days, and a person is put back where
 * the days miss until the lower confidence bound holds. While searching a roster must already pass on the share of days that the
 * proof will ask for and a little more, else most proofs would fail; what is shown at once is tried with one fewer. No roster is simulated twice on the same days. Sources: SCIENCE sections 1.2, 1.4, 1.5 of the project's notes;
 * Jennings et al. 1996 (modified offered load), Halfin and Whitt 1981 (square-root staffing), Atlason, Epelman and Henderson
 * 2008 (simulation and cutting planes).
 *
 * Pure: it simulates through a function it is handed. Allocates while it runs and frees all of it. */
#ifndef FL_STAFFING_STAFF_H
#define FL_STAFFING_STAFF_H

#include "measure/evidence.h"
#include "staffing/rota.h"
#include "traffic/traffic.h"

/* What a simulated roster did. */
struct fl_staff_trial {
    uint32_t misses_allowed; /* given: with more missed days than that the roster does not pass */
    uint32_t days, days_met; /* simulated; judge mean: days_met is days when the pooled figures hold, else 0 */
    uint32_t days_asked;     /* while searching: of which those simulated decide */
    /* In a last trial, [intervals x groups] to be filled in: how much worse than allowed the worst objective was, 1 being just
     * met, 0 nothing amiss. NULL while searching. */
    double *stress;
};

/* Simulates `people` [shifts_count] on the candidate shifts for so many days: always of the same ones, those that were missed most
 * often so far first, but others in a last trial than while searching, so that the proof is not made of what the answer was
 * chosen by. It may stop as soon as it is clear that more than misses_allowed days will miss, while searching also that no more will; `days`
 * then says how many it took. The answer is one of the last two rosters of a last trial. */
typedef enum fl_status fl_staff_simulate(void *context, const uint32_t people[], uint32_t days, struct fl_staff_trial *trial);

/* Simulates days first to first + days - 1 of those that rosters are decided by, again others, and adds them to the evidence. */
typedef enum fl_status fl_staff_weigh(void *context, const uint32_t people[], uint32_t first, uint32_t days, struct fl_evidence *evidence);

struct fl_staff_problem {
    const struct fl_scenario *scenario;
    const struct fl_traffic_plan *plan;
    uint32_t shifts_count;
    const struct fl_rota_shift *shifts; /* candidates, costs set */
    uint32_t crews_count;
    const struct fl_rota_crew *crews;   /* people of the candidates who share a limit */
    const double *template_speed;       /* [groups] speed of the people the answer is counted in */
    fl_staff_simulate *simulate;
    fl_staff_weigh *weigh;
    void *context;
    double work_max;                    /* to decide which cheaper rosters do: chats simulated, a reply a quarter of one, at most about; 0: none */
    double doubt_max;                   /* as many again for rosters that are left in doubt, as far as more days promise to decide them; 0: none */
    double work_scale;                  /* how many times longer than the scenario says a reply takes, e.g. fitted; 1 */
    uint32_t search_days;               /* of one trial while searching, e.g. 100 */
    uint32_t screen_days;               /* of them, the hardest: what a roster is screened with, e.g. 40; judge mean takes all */
    bool quick;                         /* only the safety is searched: for what-if answers */
    double first_safety;                /* where the search begins; NaN: by the chat desk's mu(k) */
    /* Optional: told of each trial. false stops with FL_EINTERRUPTED. */
    bool (*on_trial)(void *context, const struct fl_staff_trial *trial, uint32_t people);
};

struct fl_staff_answer {
    uint32_t *people;     /* [shifts] the caller's array */
    double *load;         /* [intervals x groups] the caller's array: people busy composing */
    double *required;     /* [intervals x groups] the caller's array: people wanted on duty */
    double *on_duty;      /* [intervals x groups] the caller's array: by the roster */
    double cost, safety;
    bool proven;          /* the final days show it with the confidence asked for */
    uint32_t days_needed; /* of the final days have to be met for that; FL_NONE: so few days cannot show it */
    double bound;         /* no roster that costs less meets the objectives: shown by simulation, if more people do no harm (cheapest.h); 0: not looked at */
    bool cheapest;        /* bound and cost are the same */
    uint8_t *one_fewer;   /* [shifts] the caller's array, all FL_UNTRIED, or NULL: enum fl_judgement of the answer with one person fewer there;
                           * FL_UNTRIED where nobody is or that was not looked at */
    uint32_t undecided;   /* cheaper rosters that could not be decided */
    uint32_t decided;     /* rosters that were, and on how many days in all */
    uint32_t decided_days;
    uint32_t fewer;       /* the shift on which one fewer hurts least, and more: on which one more helps most; FL_NONE */
    uint32_t more;
    uint32_t trials, trial_days;
    struct fl_staff_trial final;
};

/* FL_OK: *answer holds a roster that passes, on the days of the search at least. FL_EINFEASIBLE: none with at most max_agents on duty at once does, on the shifts on offer;
 * people is then the last roster tried. FL_EINTERRUPTED: *answer holds the best roster so far, if its cost is not 0, proven or not. Other errors
 * are the simulation's. */
FL_MUST_CHECK enum fl_status fl_staff_search(const struct fl_staff_problem *problem, struct fl_staff_answer *answer);

/* The shifts, limits and prices of its rosters, for fl_rota_cost() and fl_rota_keeps_limits(): the crews, and the scenario's seats with the
 * price of those it does not hold, a thirtieth of a month's for each day. Nothing is required yet, and there are no intervals. */
struct fl_rota_problem fl_staff_rota(const struct fl_staff_problem *problem);

/* Most people that may be on duty at once: staffing.max_agents, or the seats there may be if they are fewer. */
uint32_t fl_staff_at_once_max(const struct fl_scenario *scenario);

/* Work that arrives: people busy composing in each interval and group, load[intervals x groups], by the modified offered
 * load. O(cells). FL_EFULL when out of memory. */
FL_MUST_CHECK enum fl_status fl_staff_load(const struct fl_scenario *scenario, const struct fl_traffic_plan *plan, double load[]);

/* The roster of a safety, without a simulation: fills in all of *answer but what trials tell. FL_OK also where the shifts on offer
 * cannot cover it. */
FL_MUST_CHECK enum fl_status fl_staff_roster(const struct fl_staff_problem *problem, double safety, struct fl_staff_answer *answer);

/* By how much each limit alone (seats, crews) would have to give way so that the shifts cover required[intervals x groups], in people like
 * the template; as fl_rota_explain. A requirement that is known to do comes from a search without the limit. */
FL_MUST_CHECK enum fl_status fl_staff_explain(const struct fl_staff_problem *problem, const double required[], uint32_t more[FL_ROTA_LIMITS_COUNT]);

/* How far an objective is from being met, pooled, in its worst cell: misses over what it allows, 1 being just met; infinite when
 * there is no figure. *judged is filled in. */
double fl_staff_excess(const struct fl_results *results, uint32_t objective, struct fl_objective_result *judged);

/* Stress of every interval and group, as in fl_staff_trial, by the objectives of the scenario. O(cells x buckets). */
void fl_staff_stress(const struct fl_results *results, double stress[]);

/* Whether `met` of `days` show a probability of at least `wanted` with this confidence (Clopper and Pearson's lower bound). */
bool fl_staff_shown(uint32_t met, uint32_t days, double wanted, double confidence);

/* The fewest of `days` that have to be met to show it; FL_NONE when even all of them do not. */
uint32_t fl_staff_days_needed(uint32_t days, double wanted, double confidence);

#endif
