/* What time does to people: learning and leaving. Pure, and the same for the desk and for whoever plans it. */
#ifndef FL_SCENARIO_TENURE_H
#define FL_SCENARIO_TENURE_H

#include "scenario/scenario.h"

/* Share of her full speed that an agent of this definition has at an instant: 0 while she is off the payroll or in training, else
 *
 *     1 - (1 - learning_speed) x 2^-(t / learning_half),   t: since the end of her training
 *
 * and 1 without learning. The definition's and the grade's speed are not in it. The desk takes it once for each 24 hours of the
 * scenario, at their beginning (or when she starts, within them).
 *
 * Source of the shape: learning curves by exponential approach, Mazur and Hastie, "Learning as accumulation", Psychological
 * Bulletin 85(6), 1978, pp. 1256-1274. */
double fl_agent_learned(const struct fl_agent_def *agent, fl_time at);

/* Probability that somebody who is there at a tenure of tenure_from still is at tenure_to >= tenure_from. `newcomer`: the tenure
 * counts from her first day; else she is an old hand, whose hazard is that of `yearly` throughout. */
double fl_attrition_survival(const struct fl_attrition *attrition, bool newcomer, fl_time tenure_from, fl_time tenure_to);

/* How much longer somebody stays who is there at that tenure: the inverse of the survival at u in (0, 1). FL_TIME_LONGEST at most. */
fl_time fl_attrition_stays(const struct fl_attrition *attrition, bool newcomer, fl_time tenure, double u);

#endif
