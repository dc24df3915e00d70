/* Best mean proficiency in the skills that the chat requires, ties by the chain. Proficiencies are read as millionths,
 * so that decisions stay whole numbers. O(members of the group). */
#include "routing/skill.h"

enum fl_status fl_skill_begin(struct fl_arena *arena, const struct fl_roster *roster, const struct fl_view *view,
                              size_t *state)
{
    (void)roster;
    const struct fl_desk_def *const desk = &view->scenario->desk;
    *state = fl_arena_take(arena, (size_t)desk->agents_count * FL_SKILLS_MAX + 1, sizeof(uint32_t));
    if (*state == FL_ARENA_NONE) return FL_EFULL;
    uint32_t *const proficiency = fl_arena_at(arena, *state); /* by definition, then skill */
    for (uint32_t d = 0; d < desk->agents_count; d++) {
        for (uint32_t s = 0; s < view->scenario->skills_count; s++)
            proficiency[d * FL_SKILLS_MAX + s] = (uint32_t)(desk->agents[d].skill[s] * 1e6 + 0.5);
    }
    return FL_OK;
}

/* The sum orders like the mean: all candidates are measured on the same skills. */
static uint64_t proficiency_in(const uint32_t *proficiency, uint32_t definition, uint64_t skills)
{
    uint64_t sum = 0;
    for (; skills != 0; skills &= skills - 1)
        sum += proficiency[definition * FL_SKILLS_MAX + (uint32_t)__builtin_ctzll(skills)];
    return sum;
}

static bool comes_first(const struct fl_view *view, uint64_t tie_key, uint32_t a, uint32_t b)
{
    if (view->scenario->routing.tie == FL_TIE_SEEDED_RANDOM)
        return fl_draw(tie_key, FL_DRAW_TIE, a) < fl_draw(tie_key, FL_DRAW_TIE, b);
    return view->agents[a].last_assigned_at < view->agents[b].last_assigned_at; /* equal: the one met first stays */
}

uint32_t fl_skill_pick(void *state, const struct fl_roster *roster, const struct fl_view *view,
                       const struct fl_request *request)
{
    const struct fl_place *const places = fl_roster_places(roster);
    const struct fl_roster_group *const group = fl_roster_group(roster, request->group);
    const uint64_t tie_key = request->chat->key ^ fl_mix(view->seed);
    uint32_t best = FL_NO_AGENT;
    uint64_t best_sum = 0;
    for (uint32_t p = group->first; p < group->first + group->count; p++) {
        const uint32_t agent = places[p].agent;
        if (agent == request->chat->exclude) continue;
        if (!fl_roster_eligible(roster, view, agent, request->skills, request->ignore_capacity)) continue;
        const uint64_t sum = proficiency_in(state, view->agents[agent].definition, request->skills);
        if (best != FL_NO_AGENT && (sum < best_sum || (sum == best_sum && !comes_first(view, tie_key, agent, best))))
            continue;
        best = agent;
        best_sum = sum;
    }
    return best;
}

const struct fl_policy_ops fl_policy_skill_best = {
    .name = "skill_best",
    .begin = fl_skill_begin,
    .pick = fl_skill_pick,
};
