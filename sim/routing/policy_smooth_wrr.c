/* Smooth weighted round robin (权重轮询), the algorithm of nginx's upstream balancing: every candidate's current
 * number grows by her weight, the largest is taken (equal: the smaller index), and pays the sum of the weights.
 * Weights 5, 1, 1: aabacaa. O(members of the group). */
#include "routing/policy.h"

static enum fl_status smooth_wrr_begin(struct fl_arena *arena, const struct fl_roster *roster,
                                       const struct fl_view *view, size_t *state)
{
    (void)view;
    *state = fl_arena_take(arena, (size_t)roster->places_count + 1, sizeof(int64_t)); /* current, by place */
    return *state == FL_ARENA_NONE ? FL_EFULL : FL_OK;
}

static uint32_t smooth_wrr_pick(void *state, const struct fl_roster *roster, const struct fl_view *view,
                                const struct fl_request *request)
{
    int64_t *const current = state;
    const struct fl_place *const places = fl_roster_places(roster);
    const struct fl_roster_group *const group = fl_roster_group(roster, request->group);
    int64_t sum = 0;
    uint32_t best = FL_NONE;
    for (uint32_t p = group->first; p < group->first + group->count; p++) {
        const uint32_t agent = places[p].agent;
        if (agent == request->chat->exclude) continue;
        if (!fl_roster_eligible(roster, view, agent, request->skills, request->ignore_capacity)) continue;
        current[p] += view->agents[agent].weight;
        sum += view->agents[agent].weight;
        if (best == FL_NONE || current[p] > current[best]) best = p;
    }
    if (best == FL_NONE) return FL_NO_AGENT;
    current[best] -= sum;
    return places[best].agent;
}

const struct fl_policy_ops fl_policy_smooth_wrr = {
    .name = "smooth_wrr",
    .begin = smooth_wrr_begin,
    .pick = smooth_wrr_pick,
};
