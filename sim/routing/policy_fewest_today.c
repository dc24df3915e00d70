/* Fewest chats received today (平均分流): Douyin's average routing, Rocket.Chat Auto Selection.
 *
 * Whoever logs in late has received least and is flooded until she has caught up. late_join cures it: she is
 * credited, in each group, up to the least or the mean count of those already there. The credit is what the
 * ranking remembers; it ends with the day, as the counts do. Being suspended or on a break is not joining. */
#include "routing/ranking.h"

struct days {
    fl_time midnight;  /* of the day that the credits are of */
    uint8_t present[]; /* [agents_count]: has been available since she was last offline */
};

static fl_rank fewest_today_key(const struct fl_view *view, uint32_t agent, uint64_t remembered)
{
    return fl_rank_of(view->agents[agent].assigned_today + remembered, fl_rank_tie(view, agent));
}

static fl_time midnight_before(const struct fl_view *view)
{
    return view->now - fl_time_of_day(view->scenario, view->now);
}

static enum fl_status fewest_today_begin(struct fl_arena *arena, const struct fl_roster *roster,
                                         const struct fl_view *view, size_t *state)
{
    if (fl_ranking_begin(arena, roster, view, state) != FL_OK) return FL_EFULL;
    const size_t at = fl_arena_take(arena, 1, sizeof(struct days) + roster->agents_count);
    if (at == FL_ARENA_NONE) return FL_EFULL;
    struct days *const days = fl_arena_at(arena, at);
    days->midnight = midnight_before(view);
    for (uint32_t a = 0; a < roster->agents_count; a++) days->present[a] = view->agents[a].state == FL_AVAILABLE;
    ((struct fl_ranking *)fl_arena_at(arena, *state))->extra = at - *state;
    return FL_OK;
}

/* What a place starts from: least or mean count, credits included, of the others there; 0 when there are none. */
static uint64_t reference(struct fl_ranking *ranking, const struct fl_roster *roster, const struct fl_view *view,
                          uint32_t place)
{
    const struct fl_place *const places = fl_roster_places(roster);
    const struct fl_roster_group *const group = fl_roster_group(roster, places[place].group);
    uint64_t least = UINT64_MAX, sum = 0, count = 0;
    for (uint32_t p = group->first; p < group->first + group->count; p++) {
        const struct fl_agent *const other = &view->agents[places[p].agent];
        if (p == place || other->state != FL_AVAILABLE) continue;
        const uint64_t received = other->assigned_today + fl_ranking_memory(ranking)[p];
        least = received < least ? received : least;
        sum += received;
        count++;
    }
    if (count == 0) return 0;
    return view->scenario->routing.late_join == FL_LATE_GROUP_MIN ? least : sum / count;
}

static void join(struct fl_ranking *ranking, const struct fl_roster *roster, const struct fl_view *view, uint32_t agent)
{
    uint32_t count;
    const uint32_t *const mine = fl_roster_of_agent(roster, agent, &count);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t *const credit = &fl_ranking_memory(ranking)[mine[i]];
        const uint64_t received = view->agents[agent].assigned_today + *credit;
        const uint64_t wanted = reference(ranking, roster, view, mine[i]);
        if (wanted > received) *credit += wanted - received;
    }
}

static void fewest_today_notice(void *state, const struct fl_roster *roster, const struct fl_view *view,
                                enum fl_notice what, uint32_t agent, uint32_t chat, uint32_t group)
{
    (void)chat, (void)group;
    struct fl_ranking *const ranking = state;
    struct days *const days = fl_beside(ranking, ranking->extra);
    const enum fl_agent_state now = (enum fl_agent_state)view->agents[agent].state;
    if (what == FL_NOTICE_AGENT && days->midnight != midnight_before(view)) {
        days->midnight = midnight_before(view);
        for (uint32_t p = 0; p < roster->places_count; p++) fl_ranking_memory(ranking)[p] = 0;
    }
    if (now == FL_AVAILABLE && !days->present[agent]) {
        if (view->scenario->routing.late_join != FL_LATE_ZERO) join(ranking, roster, view, agent);
        days->present[agent] = true;
    } else if (now == FL_OFFLINE) {
        days->present[agent] = false;
    }
    fl_ranking_refresh(ranking, roster, view, agent);
}

const struct fl_policy_ops fl_policy_fewest_today = {
    .name = "fewest_today",
    .begin = fewest_today_begin,
    .pick = fl_ranking_pick,
    .notice = fewest_today_notice,
    .key = fewest_today_key,
    .wants_midnight = true,
};
