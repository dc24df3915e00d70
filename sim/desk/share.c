#include "desk/share.h"

#include "measure/day.h"

#include <stdio.h>

/* ---- Dealing the agents out -------------------------------------------------------------------- */

static uint32_t first_group(const struct fl_scenario *scenario, uint32_t definition)
{
    const uint64_t groups = scenario->desk.agents[definition].groups;
    return groups == 0 ? 0 : (uint32_t)__builtin_ctzll(groups);
}

/* Whom the same shift brings; those with a rota are by themselves. */
static uint32_t shift_of(const struct fl_scenario *scenario, uint32_t definition)
{
    const struct fl_agent_def *const def = &scenario->desk.agents[definition];
    return def->rota_count > 0 ? scenario->desk.shifts_count + definition : def->shift;
}

static bool are_together(const struct fl_scenario *scenario, uint32_t a, uint32_t b)
{
    return first_group(scenario, a) == first_group(scenario, b) && shift_of(scenario, a) == shift_of(scenario, b);
}

/* Agents of the same group who are dealt before this definition's first. */
static uint32_t dealt_before(const struct fl_scenario *scenario, uint32_t definition)
{
    uint32_t before = 0;
    for (uint32_t d = 0; d < scenario->desk.agents_count; d++) {
        if (first_group(scenario, d) != first_group(scenario, definition)) continue;
        const uint32_t shift = shift_of(scenario, d), own = shift_of(scenario, definition);
        if (shift < own || (shift == own && d < definition)) before += scenario->desk.agents[d].count;
    }
    return before;
}

void fl_share_agents(const struct fl_scenario *scenario, uint32_t of, uint32_t share[])
{
    uint32_t a = 0;
    for (uint32_t d = 0; d < scenario->desk.agents_count; d++) {
        const uint32_t before = dealt_before(scenario, d);
        for (uint32_t i = 0; i < scenario->desk.agents[d].count; i++) share[a++] = of < 2 ? 0 : (before + i) % of;
    }
}

/* ---- Whether it can be right ------------------------------------------------------------------- */

/* The groups of a share's agents; *together: of these, how many are of the definition's group and shift. */
static uint64_t groups_of_share(const struct fl_scenario *scenario, const uint32_t share[], uint32_t index, uint32_t definition, uint32_t *together)
{
    uint64_t groups = 0;
    uint32_t a = 0;
    *together = 0;
    for (uint32_t d = 0; d < scenario->desk.agents_count; d++) {
        for (uint32_t i = 0; i < scenario->desk.agents[d].count; i++, a++) {
            if (share[a] != index) continue;
            groups |= scenario->desk.agents[d].groups;
            *together += are_together(scenario, d, definition);
        }
    }
    return groups;
}

static const char *what_is_one(const struct fl_scenario *scenario)
{
    if (scenario->desk.offline == FL_OFFLINE_MAIN || scenario->desk.offline == FL_OFFLINE_PROXY)
        return "desk.offline gives leave-messages to one account, which only one of the shards has";
    if (scenario->routing.policy == FL_POLICY_MAIN_ONLY) return "routing.policy main_only gives all chats to one account, which only one of the shards has";
    if (fl_day_dates(scenario) > 0) return "the day of a shard is one date, without agents in training or on leave, and the scenario's has several or such agents";
    return NULL;
}

static uint32_t agents_together(const struct fl_scenario *scenario, uint32_t definition)
{
    uint32_t agents = 0;
    for (uint32_t d = 0; d < scenario->desk.agents_count; d++)
        if (are_together(scenario, d, definition)) agents += scenario->desk.agents[d].count;
    return agents;
}

/* A share without anybody of some group and shift. They are dealt in turn: where there are as many as shares, each has one. */
static uint32_t find_lacking(const struct fl_scenario *scenario, uint32_t of, const uint32_t share[])
{
    for (uint32_t d = 0; d < scenario->desk.agents_count; d++) {
        const uint32_t agents = agents_together(scenario, d);
        for (uint32_t s = 0; s < of && agents > 0 && agents < of; s++) {
            uint32_t together;
            (void)groups_of_share(scenario, share, s, d, &together);
            if (together == 0) return s;
        }
    }
    return FL_NONE;
}

bool fl_share_holds(const struct fl_scenario *scenario, uint32_t of, const uint32_t share[], char problem[256], uint32_t *lacking)
{
    const char *const one = what_is_one(scenario);
    uint64_t all = 0;
    for (uint32_t d = 0; d < scenario->desk.agents_count; d++)
        if (scenario->desk.agents[d].count > 0) all |= scenario->desk.agents[d].groups;
    if (one != NULL) {
        snprintf(problem, 256, "%s", one);
        return false;
    }
    for (uint32_t s = 0; s < of; s++) {
        uint32_t together;
        const uint64_t missing = all & ~groups_of_share(scenario, share, s, 0, &together);
        if (missing == 0) continue;
        snprintf(problem, 256, "group \"%.100s\" would be without agents in shard %u/%u: fewer shards, or more agents",
                 scenario->desk.groups[__builtin_ctzll(missing)].name, s, of);
        return false;
    }
    *lacking = find_lacking(scenario, of, share);
    return true;
}
