#include "routing/ranking.h"

#include "core/draw.h"

static const struct fl_policy_ops *policy_of(const struct fl_view *view)
{
    return fl_policy(view->scenario->routing.policy);
}

static struct fl_ranking_node *tree_of(const struct fl_ranking *ranking, const struct fl_roster_group *group)
{
    return (struct fl_ranking_node *)fl_beside(ranking, ranking->nodes) + group->nodes;
}

/* On equal ranks the left child wins, which is the smaller agent index; so a rival on the left of the climber wins
 * with an equal rank too. A node whose winner was the rival all along ends the climb: above it nothing has changed. Who wins
 * cannot be foreseen, and a branch on it would be mispredicted at every other level: the winner travels in registers and is
 * selected by masks, a quarter faster than copying nodes. */
static void climb(struct fl_ranking_node *tree, uint32_t node, fl_rank rank)
{
    if (tree[node].rank == rank) return;
    tree[node].rank = rank;
    uint64_t high = (uint64_t)(rank >> 64), low = (uint64_t)rank, at = tree[node].at;
    while (node > 1) {
        const struct fl_ranking_node *const rival = &tree[node ^ 1];
        const uint64_t rival_high = (uint64_t)(rival->rank >> 64), rival_low = (uint64_t)rival->rank, rival_at = rival->at;
        const fl_rank bar = fl_rank_of(high, low) + (node & 1);
        const uint64_t lost = -(uint64_t)(rival->rank < bar);
        node >>= 1;
        if (((rival_at ^ tree[node].at) | ~lost) == 0) return;
        high ^= (high ^ rival_high) & lost;
        low ^= (low ^ rival_low) & lost;
        at ^= (at ^ rival_at) & lost;
        tree[node].rank = fl_rank_of(high, low);
        tree[node].at = (uint32_t)at;
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
        climb(tree_of(ranking, group), group->leaves + (mine[i] - group->first),
              rank_of(policy, roster, view, agent, memory[mine[i]]));
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
    const size_t nodes_at = fl_arena_take(arena, roster->nodes_count, sizeof(struct fl_ranking_node));
    const size_t memory_at = fl_arena_take(arena, (size_t)roster->places_count + 1, sizeof(uint64_t));
    if (at == FL_ARENA_NONE || nodes_at == FL_ARENA_NONE || memory_at == FL_ARENA_NONE) return FL_EFULL;
    struct fl_ranking *const ranking = fl_arena_at(arena, at);
    *ranking = (struct fl_ranking){ .nodes = nodes_at - at, .memory = memory_at - at };
    for (uint32_t g = 0; g < roster->groups_count; g++) {
        const struct fl_roster_group *const group = fl_roster_group(roster, g);
        struct fl_ranking_node *const tree = tree_of(ranking, group);
        for (uint32_t i = 1; i < 2 * group->leaves; i++)
            tree[i] = (struct fl_ranking_node){ .rank = FL_RANK_OUT, .at = i < group->leaves ? 0 : i - group->leaves };
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
    const struct fl_ranking_node *tree;
    const struct fl_place *places; /* of the group */
    uint32_t leaves;
};

static uint32_t agent_at(const struct search *search, uint32_t node)
{
    return search->places[search->tree[node].at].agent;
}

static bool passes(const struct search *search, uint32_t agent)
{
    return agent != search->request->chat->exclude && fl_roster_has_skills(search->roster, agent, search->request->skills);
}

/* The node of the least agent under `node` that passes and ranks below `limit`; 0: none. Whoever fails is
 * passed by looking into the two halves of every subtree that she had won. */
static uint32_t least_under(const struct search *search, uint32_t node, fl_rank limit)
{
    if (search->tree[node].rank >= limit) return 0;
    if (passes(search, agent_at(search, node))) return node;
    if (node >= search->leaves) return 0;
    const uint32_t left = least_under(search, 2 * node, limit);
    const uint32_t right = least_under(search, 2 * node + 1, left != 0 ? search->tree[left].rank : limit);
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
    if (search->tree[node].rank > rank) return best;
    if (node < search->leaves) {
        best = first_of_equals(search, 2 * node, rank, best);
        return first_of_equals(search, 2 * node + 1, rank, best);
    }
    const uint32_t agent = agent_at(search, node);
    if (search->tree[node].rank != rank || !passes(search, agent)) return best;
    return best == FL_NO_AGENT || is_before(search, agent, best) ? agent : best;
}

uint32_t fl_ranking_least(const struct fl_ranking *ranking, const struct fl_roster *roster, const struct fl_view *view,
                          const struct fl_request *request, fl_rank limit)
{
    const struct fl_roster_group *const group = fl_roster_group(roster, request->group);
    const struct search search = { .roster = roster, .view = view, .request = request, .leaves = group->leaves,
                                   .tree = tree_of(ranking, group), .places = fl_roster_places(roster) + group->first };
    if (search.tree[1].rank >= limit) return FL_NO_AGENT;
    uint32_t node = 1;
    if (request->chat->exclude != FL_NO_AGENT || (request->skills & ~group->skills) != 0)
        node = least_under(&search, 1, limit);
    if (node == 0) return FL_NO_AGENT;
    if (view->scenario->routing.tie == FL_TIE_SEEDED_RANDOM || policy_of(view)->ties_by_chain)
        return first_of_equals(&search, 1, search.tree[node].rank, FL_NO_AGENT);
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
