/* Agents of each group in the order a policy wants them: a tournament tree per group.
 *
 * A leaf is an agent's place and has a rank, a node names the leaf with the least rank under it, so the root is the agent
 * who is next. A change climbs towards the root and stops where the winner stays the same: O(log members).
 * The next agent is read off in O(1), or found in O(k log members) past k agents that the chat cannot have.
 *
 * An agent at capacity stays in the tree, marked FL_RANK_FULL, behind everybody with room: no-queue mode
 * picks among them by the same order.
 *
 * A ranking is a whole policy but for the key: use fl_ranking_begin, _pick and _notice in its table. */
#ifndef FL_ROUTING_RANKING_H
#define FL_ROUTING_RANKING_H

#include "routing/policy.h"

#define FL_RANK_OUT (~(fl_rank)1)            /* not to be had; one below the largest number, see climb() */
#define FL_RANK_FULL ((fl_rank)1 << 127)     /* at capacity */
#define FL_RANK_RESERVED ((fl_rank)1 << 126) /* for policies: has room, but only for some chats */

struct fl_ranking {
    size_t ranks;   /* [roster.nodes_count / 2] fl_rank, of each group's leaves */
    size_t winners; /* [roster.nodes_count] uint32_t, a leaf of the group for each node; the root of a group is its node 1 */
    size_t memory; /* [places_count] uint64_t, what the policy remembers of a place */
    uint64_t counter; /* for policies */
    size_t extra;     /* for policies: distance of further memory, 0: none */
};

/* secondary < 2^64 - 1 */
static inline fl_rank fl_rank_of(uint64_t primary, uint64_t secondary)
{
    return (fl_rank)primary << 64 | secondary;
}

/* An instant as a number that sorts the same, below 2^62; simulated time stays within 2^59 (FL_TIME_LONGEST). */
static inline uint64_t fl_rank_time(fl_time at)
{
    return (uint64_t)at + (UINT64_C(1) << 61);
}

/* The second half of a rank: the tie chain's last assignment, or nothing when ties are drawn. */
static inline uint64_t fl_rank_tie(const struct fl_view *view, uint32_t agent)
{
    return view->scenario->routing.tie == FL_TIE_SEEDED_RANDOM ? 0 : fl_rank_time(view->agents[agent].last_assigned_at);
}

/* Fractions as whole numbers: floor(a x 2^bits / b), b >= 1. Two different fractions with denominators up to D
 * differ by at least 1/D^2; so when 2^bits >= D^2, their images differ by at least 1 and sort the same, and
 * equal fractions have equal images. The result stays below 2^62 (a is cut: nobody holds 4 million chats). */
#define FL_WEIGHT_BITS 20   /* weights up to 1000 */
#define FL_CAPACITY_BITS 40 /* capacities up to 2^20 */
static inline uint64_t fl_rank_fraction(uint32_t a, uint32_t b, unsigned bits)
{
    const uint64_t most = UINT64_C(1) << (62 - bits);
    return ((a < most ? a : most - 1) << bits) / b;
}

static inline uint64_t *fl_ranking_memory(struct fl_ranking *ranking)
{
    return fl_beside(ranking, ranking->memory);
}

enum fl_status fl_ranking_begin(struct fl_arena *arena, const struct fl_roster *roster, const struct fl_view *view,
                                size_t *state);

/* Reads an agent's rank anew in all her groups, or everybody's. */
void fl_ranking_refresh(struct fl_ranking *ranking, const struct fl_roster *roster, const struct fl_view *view,
                        uint32_t agent);
void fl_ranking_refresh_all(struct fl_ranking *ranking, const struct fl_roster *roster, const struct fl_view *view);

/* The first agent whose rank is below `limit` and whom the chat can have, ties decided; FL_NO_AGENT: none. */
uint32_t fl_ranking_least(const struct fl_ranking *ranking, const struct fl_roster *roster, const struct fl_view *view,
                          const struct fl_request *request, fl_rank limit);

uint32_t fl_ranking_pick(void *state, const struct fl_roster *roster, const struct fl_view *view,
                         const struct fl_request *request);
void fl_ranking_notice(void *state, const struct fl_roster *roster, const struct fl_view *view, enum fl_notice what,
                       uint32_t agent, uint32_t chat, uint32_t group);

#endif
