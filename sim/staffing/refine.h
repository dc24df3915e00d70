/* From a roster that meets the objectives to the cheapest that does: what can be shown with so much simulation.
 *
 * Rosters are decided by days of their own, other than those they were found by: a look at 10 days, then at twice as many, until what is
 * wanted is shown or refuted (measure/evidence.h), a glance or close look is over, or the days so far say that it will end without a verdict.
 * A roster that comes up again goes on from its last day. What every cheaper roster does follows from few of them (cheapest.h). A roster that
 * is decided to do must then stand the proof like any other answer; one that does not is looked at for longer than its proof took, and put to
 * one of twice as many days. Where cheaper rosters stay in doubt after all that, they go on with a budget of their own as far as more days
 * promise to decide them.
 *
 * The budget is counted in simulated chats and replies, not in seconds: the same desk gets the same answer on every machine. */
#ifndef FL_STAFFING_REFINE_H
#define FL_STAFFING_REFINE_H

#include "staffing/cheapest.h"
#include "staffing/staff.h"

struct fl_decider {
    const struct fl_staff_problem *problem;
    double work_a_day, work_left;       /* of the budget */
    bool takes_only;                    /* a close look ends where it will hardly show that the objectives are met */
    bool persists;                      /* a close look goes on where more days promise to decide, as long as there is a budget */
    struct fl_evidence evidence;        /* of the roster decided last */
    uint32_t rosters, days;             /* decided so far, and simulated for it */
    struct fl_looks *looks;             /* days of all rosters so far: none is simulated twice; judge days */
};

/* Whether more people can only help: not where every agent has an objective of her own, since more people have fewer buyers each. */
bool fl_can_decide(const struct fl_scenario *scenario);

/* Work of simulating a day, in the unit of the budgets: a chat is one, a reply a quarter of it; at least 1. */
double fl_work_of_a_day(const struct fl_scenario *scenario);

/* Of a scenario that can be decided. Memory of its own until fl_decider_close(). false: out of memory. */
bool fl_decider_open(struct fl_decider *decider, const struct fl_staff_problem *problem);
void fl_decider_close(struct fl_decider *decider);

/* Whether a roster meets the objectives. FL_UNTRIED: the budget was used up before it could be decided. Errors are the simulation's. */
FL_MUST_CHECK enum fl_status fl_decide(struct fl_decider *decider, const uint32_t people[], enum fl_try how, enum fl_judgement *judgement);

/* Judge mean, objectives per interval: takes a person off every shift at once and puts back where an interval is not shown to be met any more,
 * until nobody can be spared. One look at the days judges all intervals, so this is far quicker than a shift at a time. people[shifts] has to
 * meet the objectives. */
FL_MUST_CHECK enum fl_status fl_descend_together(struct fl_decider *decider, uint32_t people[]);

/* Days of a proof that a roster stands nine times in ten if it is as good as the days it was decided by: the scenario's replications, doubled
 * as often as that takes, up to 12 800 days or a quarter of the budget, of all of it where the decider persists. Judge mean: as many as it was
 * decided by. */
uint32_t fl_decider_proof_days(const struct fl_decider *decider);

struct fl_refined {
    double bound;       /* nothing cheaper meets the objectives, as surely as fl_decide says so; 0: not looked at */
    bool cheapest;      /* nothing cheaper than the answer does */
    bool changed;       /* the roster is another */
    uint32_t undecided; /* cheaper rosters that a close look could not decide */
};

/* Refines people[shifts], which meets the objectives. `least` is what any roster has to be: somebody wherever buyers write, since what nobody
 * answers is missing from some figures, which would then be better for it. `prove` puts a roster to the proof. load[intervals x groups] as in
 * fl_staff_load, stress as in fl_staff_trial, of the last proof: where there are many shifts it says where to look first. */
FL_MUST_CHECK enum fl_status fl_refine(struct fl_decider *decider, const struct fl_rota_problem *least, const double load[], const double stress[],
                                       uint32_t people[], enum fl_status (*prove)(void *context, const uint32_t people[], uint32_t days, bool *proven), void *context,
                                       struct fl_refined *out);

#endif
