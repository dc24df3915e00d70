#include "staffing/knee.h"

#define STEPS_PER_DESK 20u /* chosen: what an owner of forty still feels, two people, and no headline for one of four hundred */

uint32_t fl_knee_step(uint32_t people)
{
    return people >= 2 * STEPS_PER_DESK ? people / STEPS_PER_DESK : 1;
}

static bool brings_little(const struct fl_knee_point *from, const struct fl_knee_point *to, const struct fl_knee_rule *rule)
{
    const double steps = (double)(to->people - from->people) / fl_knee_step(from->people);
    if (from->excess - to->excess >= rule->least_excess * steps) return false;
    return rule->pooled || to->share - from->share < rule->least_share * steps;
}

/* More people may even do worse: beyond the best there is nothing to look for. */
static uint32_t best_of(uint32_t count, const struct fl_knee_point points[], const struct fl_knee_rule *rule)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < count; i++) {
        const bool same = rule->pooled || points[i].share == points[best].share;
        if ((!rule->pooled && points[i].share > points[best].share) || (same && points[i].excess < points[best].excess)) best = i;
    }
    return best;
}

uint32_t fl_knee_find(uint32_t count, const struct fl_knee_point points[], const struct fl_knee_rule *rule)
{
    const uint32_t best = best_of(count, points, rule);
    for (uint32_t k = 0; k < best; k++) {
        bool little = true;
        for (uint32_t i = k + 1; i <= best && little; i++) little = brings_little(&points[k], &points[i], rule);
        if (little) return k;
    }
    return best;
}
