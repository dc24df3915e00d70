/* Whether one person fewer in a single interval would do: what a plan says of every interval and group with people on duty.
 *
 * It is the requirement that is tried, not a shift: somebody is away in that interval alone, and the whole day is simulated with it. The
 * intervals most in need come first, by the stress of the plan's own days (fl_staff_stress). Where days are judged, each is looked at on a few days, then
 * on twice as many, until a miss is shown (measure/evidence.h), or that it does, or its days are up, or what was seen says that they will not show a
 * miss. Where means are, the plan is simulated beside it, and all intervals share the days that are left (one_fewer_means.c).
 *
 * What is asked of whole days is seldom missed for one person in one interval. So where a number of intervals in a row were not shown to miss, those
 * that are calmer still are left untried. Where it is asked of intervals, and judged by means, all of them are tried.
 *
 * Pure: it simulates through a function it is handed. Allocates while it runs and frees all of it. */
#ifndef FL_STAFFING_ONE_FEWER_H
#define FL_STAFFING_ONE_FEWER_H

#include "measure/evidence.h"

/* Simulates days first to first + days - 1 of the plan with one person fewer on duty in this interval and group, and adds them to the evidence. An
 * interval of FL_NONE: the plan as it is. For means the days are others than those the plan was chosen by. */
typedef enum fl_status fl_one_fewer_weigh(void *context, uint32_t interval, uint32_t group, uint32_t first, uint32_t days, struct fl_evidence *evidence);

struct fl_one_fewer {
    const struct fl_scenario *scenario;
    const double *on_duty, *stress; /* [intervals x groups] of the plan */
    fl_one_fewer_weigh *weigh;
    void *context;
    double work_a_day, work_max;    /* of simulating a day, and of all that may be simulated, in the same unit */
};

/* judged [intervals x groups], out: enum fl_judgement of the plan with one fewer there; FL_UNTRIED where nobody is, or that was not looked at.
 * FL_EFULL: out of memory; others are those of `weigh`, and what was judged so far stands. */
FL_MUST_CHECK enum fl_status fl_one_fewer_by_interval(const struct fl_one_fewer *problem, uint8_t judged[]);

#endif
