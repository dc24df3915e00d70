/* Who belongs to which group, and who is eligible: the part of the desk that every policy looks at.
 *
 * An agent has a place in each of her groups. Places are numbered by group, then by agent, so the places of
 * a group are consecutive and the smaller place is the smaller agent index. A roster is fixed for a
 * replication but for `held`. It lies in the arena and knows its arrays by their distance from itself. */
#ifndef FL_ROUTING_ROSTER_H
#define FL_ROUTING_ROSTER_H

#include "core/arena.h"
#include "routing/view.h"

struct fl_roster_group {
    uint32_t first, count;  /* its places */
    uint32_t leaves, nodes; /* a tree over it: leaves is a power of two >= count, >= 1; first of its 2 x leaves nodes */
    uint64_t skills;        /* that every member has */
};

struct fl_place {
    uint32_t agent, group;
};

struct fl_roster {
    uint32_t agents_count, groups_count, places_count, nodes_count;
    size_t groups;       /* [groups_count] struct fl_roster_group */
    size_t places;       /* [places_count] struct fl_place */
    size_t agent_first;  /* [agents_count + 1] into agent_places */
    size_t agent_places; /* [places_count] place numbers, by agent */
    size_t skills;       /* [agents_count] bit per skill with a proficiency above 0 */
    size_t held;         /* [agents_count] bytes; 1: beyond her rate limit */
};

/* What lies `distance` bytes behind `base` in the same arena. */
static inline void *fl_beside(const void *base, size_t distance)
{
    return (unsigned char *)(uintptr_t)base + distance;
}

static inline const struct fl_roster_group *fl_roster_group(const struct fl_roster *roster, uint32_t group)
{
    return (const struct fl_roster_group *)fl_beside(roster, roster->groups) + group;
}

static inline const struct fl_place *fl_roster_places(const struct fl_roster *roster)
{
    return fl_beside(roster, roster->places);
}

static inline uint8_t *fl_roster_held(const struct fl_roster *roster)
{
    return fl_beside(roster, roster->held);
}

static inline bool fl_roster_has_skills(const struct fl_roster *roster, uint32_t agent, uint64_t skills)
{
    return (skills & ~((const uint64_t *)fl_beside(roster, roster->skills))[agent]) == 0;
}

/* The places of an agent: *count of them, numbers into fl_roster_places. */
static inline const uint32_t *fl_roster_of_agent(const struct fl_roster *roster, uint32_t agent, uint32_t *count)
{
    const uint32_t *const first = (const uint32_t *)fl_beside(roster, roster->agent_first) + agent;
    *count = first[1] - first[0];
    return (const uint32_t *)fl_beside(roster, roster->agent_places) + first[0];
}

/* The agent's place in a group, or FL_NONE. */
uint32_t fl_roster_place(const struct fl_roster *roster, uint32_t agent, uint32_t group);

/* Available and within the rate limit: all that eligibility asks but room and skills. */
static inline bool fl_roster_open(const struct fl_roster *roster, const struct fl_view *view, uint32_t agent)
{
    return view->agents[agent].state == FL_AVAILABLE && !fl_roster_held(roster)[agent];
}

/* Whether an agent can be given a chat that needs those skills. */
static inline bool fl_roster_eligible(const struct fl_roster *roster, const struct fl_view *view, uint32_t agent,
                                      uint64_t skills, bool ignore_capacity)
{
    const struct fl_agent *const her = &view->agents[agent];
    return fl_roster_open(roster, view, agent) && fl_roster_has_skills(roster, agent, skills) &&
           (ignore_capacity || fl_agent_load(her, view->scenario->routing.counts) < her->capacity);
}

/* Builds the roster; *offset is its place in the arena. FL_EFULL when the arena is used up. */
FL_MUST_CHECK enum fl_status fl_roster_create(struct fl_arena *arena, const struct fl_view *view, size_t *offset);

#endif
