/* By how much limits would have to give way for a requirement to be covered. */
#include "staffing/staff.h"

#include <stdlib.h>

enum fl_status fl_staff_explain(const struct fl_staff_problem *problem, const double required[], uint32_t more[FL_ROTA_LIMITS_COUNT])
{
    const struct fl_scenario *const scenario = problem->scenario;
    const uint32_t groups = scenario->desk.groups_count;
    const fl_time step = scenario->staffing.step;
    /* a long interval is covered in parts, as in the search */
    const bool in_parts = scenario->interval > step && scenario->interval % step == 0 && scenario->duration / step < FL_INTERVALS_MAX;
    const uint32_t parts = in_parts ? (uint32_t)(scenario->interval / step) : 1;
    struct fl_rota_problem rota = fl_staff_rota(problem);
    rota.interval = scenario->interval / parts;
    rota.intervals_count = (uint32_t)((scenario->duration + rota.interval - 1) / rota.interval);
    double *const wanted = malloc((size_t)rota.intervals_count * groups * sizeof *wanted);
    if (wanted == NULL) return FL_EFULL;
    for (uint32_t i = 0; i < rota.intervals_count * groups; i++)
        wanted[i] = required[i / groups / parts * groups + i % groups] * problem->template_speed[i % groups];
    rota.required = wanted;
    const enum fl_status status = fl_rota_explain(&rota, more);
    free(wanted);
    return status;
}
