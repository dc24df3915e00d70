/* Rendezvous hashing: the agent with the largest hash of (buyer, agent) times weight. A buyer meets the same agent
 * whenever she can, and only the buyers of an agent who goes away move. O(members of the group). */
#include "routing/policy.h"

#include "core/draw.h"

static enum fl_status sticky_hash_begin(struct fl_arena *arena, const struct fl_roster *roster,
                                        const struct fl_view *view, size_t *state)
{
    (void)arena, (void)roster, (void)view;
    *state = FL_ARENA_NONE; /* remembers nothing */
    return FL_OK;
}

static uint32_t sticky_hash_pick(void *state, const struct fl_roster *roster, const struct fl_view *view,
                                 const struct fl_request *request)
{
    (void)state;
    __extension__ typedef unsigned __int128 score;
    const struct fl_place *const places = fl_roster_places(roster);
    const struct fl_roster_group *const group = fl_roster_group(roster, request->group);
    uint32_t best = FL_NO_AGENT;
    score best_score = 0;
    for (uint32_t p = group->first; p < group->first + group->count; p++) {
        const uint32_t agent = places[p].agent;
        if (agent == request->chat->exclude) continue;
        if (!fl_roster_eligible(roster, view, agent, request->skills, request->ignore_capacity)) continue;
        const uint64_t hash = fl_draw(request->chat->buyer, FL_DRAW_ROUTING, agent);
        const score hers = (score)hash * view->agents[agent].weight;
        if (best != FL_NO_AGENT && hers <= best_score) continue;
        best = agent;
        best_score = hers;
    }
    return best;
}

const struct fl_policy_ops fl_policy_sticky_hash = {
    .name = "sticky_hash",
    .begin = sticky_hash_begin,
    .pick = sticky_hash_pick,
};
