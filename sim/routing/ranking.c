#include "routing/ranking.h"

#include "core/draw.h"

static const struct fl_policy_ops *policy_of(const struct fl_view *view)
{
    return fl_policy(view->scenario->routing.policy);
}

/* One group's tree. */
struct tree {
    fl_rank *rank;    /* [leaves] */
    uint32_t *winner; /* [2 x leaves] */
    uint32_t leaves;
};

static struct tree tree_of(const struct fl_ranking *ranking, const struct fl_roster_group *group)
{
    return (struct tree){ .rank = (fl_rank *)fl_beside(ranking, ranking->ranks) + group->nodes / 2,
                          .winner = (uint32_t *)fl_beside(ranking, ranking->winners) + group->nodes, .leaves = group->leaves };
}

/* Puts a leaf's rank right in all nodes above it. On equal ranks the left child wins, which is the smaller agent index; so a rival
 * on the left of the climber wins with an equal rank too. A node whose winner was the rival all along ends the climb: above it
 * nothing has changed. Who wins cannot be foreseen, and a branch on it would be mispredicted at every other level: the winner
 * travels in registers and is selected by masks. */
static void climb(const struct tree *tree, uint32_t leaf, fl_rank rank)
{
    fl_rank *const ranks = tree->rank;
    uint32_t *const winner = tree->winner;
    if (ranks[leaf] == rank) return;
    ranks[leaf] = rank;
    uint64_t high = (uint64_t)(rank >> 64), low = (uint64_t)rank;
    uint32_t at = leaf, node = tree->leaves + leaf;
    while (node > 1) {
        const uint32_t rival = winner[node ^ 1];
        const uint64_t rival_high = (uint64_t)(ranks[rival] >> 64), rival_low = (uint64_t)ranks[rival];
        const bool lost = ranks[rival] < fl_rank_of(high, low + (node & 1)); /* nobody's second half is the largest number */
        node >>= 1;
        high = lost ? rival_high : high;
        low = lost ? rival_low : low;
        at = lost ? rival : at;
        winner[node] = at;
    }
}

static fl_rank rank_of(const struct fl_policy_ops *policy, const struct fl_roster *roster, const struct fl_view *view,
                       uint32_t agent, uint64_t remembered)
{
    if (!fl_roster_open(roster, view, agent)) return FL_RANK_OUT;
    const struct fl_agent *const her = &view->agents[agent];
    const fl_rank rank = policy->key(view, agent, remembered);
    return fl_agent_load(her, view->scenario->routing.counts) < her->capacity ? rank : rank | FL_RANK_FULL;
}

void fl_ranking_refresh(struct fl_ranking *ranking, const struct fl_roster *roster, const struct fl_view *view,
                        uint32_t agent)
{
    const struct fl_policy_ops *const policy = policy_of(view);
    const struct fl_place *const places = fl_roster_places(roster);
    const uint64_t *const memory = fl_ranking_memory(ranking);
    uint32_t count;
    const uint32_t *const mine = fl_roster_of_agent(roster, agent, &count);
    for (uint32_t i = 0; i < count; i++) {
        const struct fl_roster_group *const group = fl_roster_group(roster, places[mine[i]].group);
        const struct tree tree = tree_of(ranking, group);
        climb(&tree, mine[i] - group->first, rank_of(policy, roster, view, agent, memory[mine[i]]));
    }
}

void fl_ranking_refresh_all(struct fl_ranking *ranking, const struct fl_roster *roster, const struct fl_view *view)
{
    for (uint32_t a = 0; a < roster->agents_count; a++) fl_ranking_refresh(ranking, roster, view, a);
}

enum fl_status fl_ranking_begin(struct fl_arena *arena, const struct fl_roster *roster, const struct fl_view *view,
                                size_t *state)
{
    const size_t at = fl_arena_take(arena, 1, sizeof(struct fl_ranking));
    const size_t ranks_at = fl_arena_take(arena, roster->nodes_count / 2, sizeof(fl_rank));
    const size_t winners_at = fl_arena_take(arena, roster->nodes_count, sizeof(uint32_t));
    const size_t memory_at = fl_arena_take(arena, (size_t)roster->places_count + 1, sizeof(uint64_t));
    if (at == FL_ARENA_NONE || ranks_at == FL_ARENA_NONE || winners_at == FL_ARENA_NONE || memory_at == FL_ARENA_NONE) return FL_EFULL;
    struct fl_ranking *const ranking = fl_arena_at(arena, at);
    *ranking = (struct fl_ranking){ .ranks = ranks_at - at, .winners = winners_at - at, .memory = memory_at - at };
    for (uint32_t g = 0; g < roster->groups_count; g++) {
        const struct fl_roster_group *const group = fl_roster_group(roster, g);
        const struct tree tree = tree_of(ranking, group);
        for (uint32_t i = 0; i < group->leaves; i++) tree.rank[i] = FL_RANK_OUT;
        for (uint32_t i = 2 * group->leaves; i-- > 1;) tree.winner[i] = i < group->leaves ? tree.winner[2 * i] : i - group->leaves;
    }
    fl_ranking_refresh_all(ranking, roster, view);
    *state = at;
    return FL_OK;
}

/* A search through one group's tree for the least agent that passes. */
struct search {
    const struct fl_roster *roster;
    const struct fl_view *view;
    const struct fl_request *request;
    struct tree tree;
    const struct fl_place *places; /* of the group */
};

static fl_rank rank_at(const struct search *search, uint32_t node)
{
    return search->tree.rank[search->tree.winner[node]];
}

static uint32_t agent_at(const struct search *search, uint32_t node)
{
    return search->places[search->tree.winner[node]].agent;
}

static bool passes(const struct search *search, uint32_t agent)
{
    return agent != search->request->chat->exclude && fl_roster_has_skills(search->roster, agent, search->request->skills);
}

/* The node of the least agent under `node` that passes and ranks below `limit`; 0: none. Whoever fails is
 * passed by looking into the two halves of every subtree that she had won. */
static uint32_t least_under(const struct search *search, uint32_t node, fl_rank limit)
{
    if (rank_at(search, node) >= limit) return 0;
    if (passes(search, agent_at(search, node))) return node;
    if (node >= search->tree.leaves) return 0;
    const uint32_t left = least_under(search, 2 * node, limit);
    const uint32_t right = least_under(search, 2 * node + 1, left != 0 ? rank_at(search, left) : limit);
    return right != 0 ? right : left;
}

static bool is_before(const struct search *search, uint32_t a, uint32_t b)
{
    const struct fl_view *const view = search->view;
    if (view->scenario->routing.tie == FL_TIE_SEEDED_RANDOM) {
        const uint64_t key = search->request->chat->key ^ fl_mix(view->seed);
        const uint64_t a_bits = fl_draw(key, FL_DRAW_TIE, a), b_bits = fl_draw(key, FL_DRAW_TIE, b);
        return a_bits != b_bits ? a_bits < b_bits : a < b;
    }
    const fl_time a_at = view->agents[a].last_assigned_at, b_at = view->agents[b].last_assigned_at;
    return a_at != b_at ? a_at < b_at : a < b;
}

/* Of those under `node` that rank exactly `rank` and pass, and of `best`, the one before all others. */
static uint32_t first_of_equals(const struct search *search, uint32_t node, fl_rank rank, uint32_t best)
{
    if (rank_at(search, node) > rank) return best;
    if (node < search->tree.leaves) {
        best = first_of_equals(search, 2 * node, rank, best);
        return first_of_equals(search, 2 * node + 1, rank, best);
    }
    const uint32_t agent = agent_at(search, node);
    if (rank_at(search, node) != rank || !passes(search, agent)) return best;
    return best == FL_NO_AGENT || is_before(search, agent, best) ? agent : best;
}

uint32_t fl_ranking_least(const struct fl_ranking *ranking, const struct fl_roster *roster, const struct fl_view *view,
                          const struct fl_request *request, fl_rank limit)
{
    const struct fl_roster_group *const group = fl_roster_group(roster, request->group);
    const struct search search = { .roster = roster, .view = view, .request = request,
                                   .tree = tree_of(ranking, group), .places = fl_roster_places(roster) + group->first };
    if (rank_at(&search, 1) >= limit) return FL_NO_AGENT;
    uint32_t node = 1;
    if (request->chat->exclude != FL_NO_AGENT || (request->skills & ~group->skills) != 0)
        node = least_under(&search, 1, limit);
    if (node == 0) return FL_NO_AGENT;
    if (view->scenario->routing.tie == FL_TIE_SEEDED_RANDOM || policy_of(view)->ties_by_chain)
        return first_of_equals(&search, 1, rank_at(&search, node), FL_NO_AGENT);
    return agent_at(&search, node);
}

uint32_t fl_ranking_pick(void *state, const struct fl_roster *roster, const struct fl_view *view,
                         const struct fl_request *request)
{
    return fl_ranking_least(state, roster, view, request, request->ignore_capacity ? FL_RANK_OUT : FL_RANK_FULL);
}

void fl_ranking_notice(void *state, const struct fl_roster *roster, const struct fl_view *view, enum fl_notice what,
                       uint32_t agent, uint32_t chat, uint32_t group)
{
    (void)what, (void)chat, (void)group; /* the view says it all */
    fl_ranking_refresh(state, roster, view, agent);
}
