#include "scenario/tenure.h"

#include "core/real.h"

#include <math.h>

#define YEAR (365 * FL_DAY)
#define LN_2 0.69314718055994530942

double fl_agent_learned(const struct fl_agent_def *agent, fl_time at)
{
    if (at < agent->from || at >= agent->until) return 0;
    if (agent->from == -FL_TIME_NEVER) return 1; /* neither training nor learning without a first day */
    const fl_time since = at - agent->from - agent->training;
    if (since < 0) return 0;
    if (!agent->has_learning) return 1;
    return 1 - (1 - agent->learning_speed) * fl_exp(-LN_2 * (double)since / (double)agent->learning_half);
}

/* Leavers for each nanosecond among those who are there, in the early time and after it. */
static double hazard_of(double share, fl_time within)
{
    return -fl_log1p(-share) / (double)within;
}

static double early_hazard(const struct fl_attrition *attrition)
{
    return isnan(attrition->early) ? hazard_of(attrition->yearly, YEAR) : hazard_of(attrition->early, attrition->early_for);
}

/* What is left of the early time at that tenure. */
static fl_time early_left(const struct fl_attrition *attrition, bool newcomer, fl_time tenure)
{
    return newcomer && tenure < attrition->early_for ? attrition->early_for - tenure : 0;
}

double fl_attrition_survival(const struct fl_attrition *attrition, bool newcomer, fl_time tenure_from, fl_time tenure_to)
{
    const fl_time length = tenure_to - tenure_from, left = early_left(attrition, newcomer, tenure_from);
    const fl_time early = length < left ? length : left;
    return fl_exp(-early_hazard(attrition) * (double)early - hazard_of(attrition->yearly, YEAR) * (double)(length - early));
}

fl_time fl_attrition_stays(const struct fl_attrition *attrition, bool newcomer, fl_time tenure, double u)
{
    const fl_time left = early_left(attrition, newcomer, tenure);
    const double early = early_hazard(attrition), later = hazard_of(attrition->yearly, YEAR), at = -fl_log(u);
    if (at < early * (double)left) return (fl_time)(at / early);
    const double beyond = at - early * (double)left; /* later 0: she stays */
    return beyond < later * (double)(FL_TIME_LONGEST - left) ? left + (fl_time)(beyond / later) : FL_TIME_LONGEST;
}
