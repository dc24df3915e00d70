#include "routing/policy.h"

bool fl_view_serves_group(const struct fl_view *view, uint32_t agent, uint32_t group)
{
    const struct fl_desk_def *const desk = &view->scenario->desk;
    if (fl_policy(view->scenario->routing.policy)->main_only) return agent == view->main_account;
    for (uint32_t steps = 0; group != FL_NONE && steps <= desk->groups_count; steps++) {
        if (view->agents[agent].groups >> group & 1) return true;
        group = view->scenario->routing.overflow == FL_OVERFLOW_GROUP ? desk->groups[group].overflow : FL_NONE;
    }
    return false;
}

bool fl_view_has_skills(const struct fl_view *view, uint32_t agent, uint64_t skills)
{
    const struct fl_agent_def *const her = &view->scenario->desk.agents[view->agents[agent].definition];
    for (; skills != 0; skills &= skills - 1)
        if (!(her->skill[__builtin_ctzll(skills)] > 0)) return false;
    return true;
}
