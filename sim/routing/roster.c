#include "routing/roster.h"

uint32_t fl_roster_place(const struct fl_roster *roster, uint32_t agent, uint32_t group)
{
    const struct fl_place *const places = fl_roster_places(roster);
    uint32_t count;
    const uint32_t *const mine = fl_roster_of_agent(roster, agent, &count);
    for (uint32_t i = 0; i < count; i++) {
        if (places[mine[i]].group == group) return mine[i];
    }
    return FL_NONE;
}

static uint64_t skills_of(const struct fl_agent_def *definition, uint32_t skills_count)
{
    uint64_t skills = 0;
    for (uint32_t s = 0; s < skills_count; s++) {
        if (definition->skill[s] > 0) skills |= UINT64_C(1) << s;
    }
    return skills;
}

static bool is_member(const struct fl_agent *agent, uint32_t group)
{
    return (agent->groups >> group & 1) != 0;
}

static uint32_t places_needed(const struct fl_view *view, uint32_t groups_count)
{
    uint32_t count = 0;
    for (uint32_t a = 0; a < view->agents_count; a++) {
        for (uint32_t g = 0; g < groups_count; g++) count += is_member(&view->agents[a], g);
    }
    return count;
}

static void fill_groups(struct fl_roster *roster, const struct fl_view *view)
{
    struct fl_roster_group *const groups = fl_beside(roster, roster->groups);
    struct fl_place *const places = fl_beside(roster, roster->places);
    const uint64_t *const skills = fl_beside(roster, roster->skills);
    uint32_t place = 0;
    for (uint32_t g = 0; g < roster->groups_count; g++) {
        struct fl_roster_group *const group = &groups[g];
        *group = (struct fl_roster_group){ .first = place, .leaves = 1, .nodes = roster->nodes_count, .skills = ~UINT64_C(0) };
        for (uint32_t a = 0; a < roster->agents_count; a++) {
            if (!is_member(&view->agents[a], g)) continue;
            places[place++] = (struct fl_place){ .agent = a, .group = g };
            group->skills &= skills[a];
        }
        group->count = place - group->first;
        while (group->leaves < group->count) group->leaves *= 2;
        roster->nodes_count += 2 * group->leaves;
    }
}

static void fill_agents(struct fl_roster *roster)
{
    const struct fl_place *const places = fl_beside(roster, roster->places);
    uint32_t *const first = fl_beside(roster, roster->agent_first);
    uint32_t *const of_agent = fl_beside(roster, roster->agent_places);
    for (uint32_t p = 0; p < roster->places_count; p++) first[places[p].agent + 1]++;
    for (uint32_t a = 0; a < roster->agents_count; a++) first[a + 1] += first[a];
    /* Each start moves up while its agent's places are filled in, and ends where the next agent's began. */
    for (uint32_t p = 0; p < roster->places_count; p++) of_agent[first[places[p].agent]++] = p;
    for (uint32_t a = roster->agents_count; a > 0; a--) first[a] = first[a - 1];
    first[0] = 0;
}

enum fl_status fl_roster_create(struct fl_arena *arena, const struct fl_view *view, size_t *offset)
{
    const uint32_t agents = view->agents_count, groups = view->scenario->desk.groups_count;
    const uint32_t places = places_needed(view, groups);
    const size_t at = fl_arena_take(arena, 1, sizeof(struct fl_roster));
    const size_t groups_at = fl_arena_take(arena, groups, sizeof(struct fl_roster_group));
    const size_t places_at = fl_arena_take(arena, (size_t)places + 1, sizeof(struct fl_place));
    const size_t first_at = fl_arena_take(arena, (size_t)agents + 1, sizeof(uint32_t));
    const size_t of_agent_at = fl_arena_take(arena, (size_t)places + 1, sizeof(uint32_t));
    const size_t skills_at = fl_arena_take(arena, (size_t)agents + 1, sizeof(uint64_t));
    const size_t held_at = fl_arena_take(arena, (size_t)agents + 1, 1);
    if (at == FL_ARENA_NONE || groups_at == FL_ARENA_NONE || places_at == FL_ARENA_NONE || first_at == FL_ARENA_NONE ||
        of_agent_at == FL_ARENA_NONE || skills_at == FL_ARENA_NONE || held_at == FL_ARENA_NONE)
        return FL_EFULL;
    struct fl_roster *const roster = fl_arena_at(arena, at);
    *roster = (struct fl_roster){ .agents_count = agents, .groups_count = groups, .places_count = places,
                                  .groups = groups_at - at, .places = places_at - at, .agent_first = first_at - at,
                                  .agent_places = of_agent_at - at, .skills = skills_at - at, .held = held_at - at };
    uint64_t *const skills = fl_beside(roster, roster->skills);
    for (uint32_t a = 0; a < agents; a++)
        skills[a] = skills_of(&view->scenario->desk.agents[view->agents[a].definition], view->scenario->skills_count);
    fill_groups(roster, view);
    fill_agents(roster);
    *offset = at;
    return FL_OK;
}
