/* Round robin (轮流) as a rotating list: the agent nearest to its front, who then goes to its end (Chatwoot). A
 * position is a number that only grows, so moving to the end is taking the next number. Any chat of the group
 * moves her. Away agents keep their place, or go to the end when they come back (rejoin_tail). */
#include "routing/ranking.h"

static fl_rank round_robin_key(const struct fl_view *view, uint32_t agent, uint64_t remembered)
{
    (void)view, (void)agent;
    return fl_rank_of(remembered, 0);
}

static uint8_t *present_of(struct fl_ranking *ranking)
{
    return fl_beside(ranking, ranking->extra);
}

static enum fl_status round_robin_begin(struct fl_arena *arena, const struct fl_roster *roster,
                                        const struct fl_view *view, size_t *state)
{
    if (fl_ranking_begin(arena, roster, view, state) != FL_OK) return FL_EFULL;
    const size_t present = fl_arena_take(arena, (size_t)roster->agents_count + 1, 1);
    if (present == FL_ARENA_NONE) return FL_EFULL;
    struct fl_ranking *const ranking = fl_arena_at(arena, *state);
    ranking->extra = present - *state;
    uint64_t *const position = fl_ranking_memory(ranking);
    for (uint32_t p = 0; p < roster->places_count; p++) position[p] = ranking->counter++;
    for (uint32_t a = 0; a < roster->agents_count; a++) present_of(ranking)[a] = view->agents[a].state == FL_AVAILABLE;
    fl_ranking_refresh_all(ranking, roster, view);
    return FL_OK;
}

/* Coming back for the first time counts too: she joins at the end. */
static void note_presence(struct fl_ranking *ranking, const struct fl_roster *roster, const struct fl_view *view,
                          uint32_t agent)
{
    const bool present = view->agents[agent].state == FL_AVAILABLE;
    if (present && !present_of(ranking)[agent] && view->scenario->routing.rejoin_tail) {
        uint32_t count;
        const uint32_t *const mine = fl_roster_of_agent(roster, agent, &count);
        for (uint32_t i = 0; i < count; i++) fl_ranking_memory(ranking)[mine[i]] = ranking->counter++;
    }
    present_of(ranking)[agent] = present;
}

static void round_robin_notice(void *state, const struct fl_roster *roster, const struct fl_view *view,
                               enum fl_notice what, uint32_t agent, uint32_t chat, uint32_t group)
{
    (void)chat;
    struct fl_ranking *const ranking = state;
    note_presence(ranking, roster, view, agent);
    if (what == FL_NOTICE_ASSIGNED) {
        const uint32_t place = fl_roster_place(roster, agent, group);
        if (place != FL_NONE) fl_ranking_memory(ranking)[place] = ranking->counter++;
    }
    fl_ranking_refresh(ranking, roster, view, agent);
}

const struct fl_policy_ops fl_policy_round_robin = {
    .name = "round_robin",
    .begin = round_robin_begin,
    .pick = fl_ranking_pick,
    .notice = round_robin_notice,
    .key = round_robin_key,
};
