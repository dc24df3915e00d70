/* Shares of each group's eligible agents, for policies that draw lots: a tree of sums per group.
 *
 * A leaf holds an agent's share (1, or her weight), an inner node the sum of its two children; so the k-th
 * of the eligible, or the one whom a number below the total falls on, is found in O(log members), and a
 * change costs the same. Every node holds two sums: of those with room, and of all that no-queue mode may
 * take. */
#ifndef FL_ROUTING_LOTTERY_H
#define FL_ROUTING_LOTTERY_H

#include "routing/policy.h"

struct fl_lottery_node {
    uint64_t share[2]; /* [0] those with room, [1] those at capacity too */
};

struct fl_lottery {
    size_t nodes;     /* [roster.nodes_count] struct fl_lottery_node */
    size_t memory;    /* [places_count] uint64_t, for policies */
    size_t set_aside; /* [places_count + 1] uint32_t, places taken out for the time of a pick */
    uint32_t set_aside_count;
    bool weighted;    /* shares are weights; otherwise 1 */
};

/* A policy's begin with shares of 1; sets *state to a struct fl_lottery. */
enum fl_status fl_lottery_begin(struct fl_arena *arena, const struct fl_roster *roster, const struct fl_view *view,
                                size_t *state);
void fl_lottery_refresh_all(struct fl_lottery *lottery, const struct fl_roster *roster, const struct fl_view *view);
void fl_lottery_notice(void *state, const struct fl_roster *roster, const struct fl_view *view, enum fl_notice what,
                       uint32_t agent, uint32_t chat, uint32_t group);

static inline uint64_t *fl_lottery_memory(struct fl_lottery *lottery)
{
    return fl_beside(lottery, lottery->memory);
}

/* Takes out whom the chat cannot have (O(1), or O(members) when some lack its skills); fl_lottery_restore puts
 * everybody back. In between: the total of the shares, whom a number below it falls on, and taking her out too. */
void fl_lottery_prepare(struct fl_lottery *lottery, const struct fl_roster *roster, const struct fl_request *request);
uint64_t fl_lottery_total(const struct fl_lottery *lottery, const struct fl_roster *roster,
                          const struct fl_request *request);
uint32_t fl_lottery_place(const struct fl_lottery *lottery, const struct fl_roster *roster,
                          const struct fl_request *request, uint64_t number);
void fl_lottery_set_aside(struct fl_lottery *lottery, const struct fl_roster *roster, uint32_t place);
void fl_lottery_restore(struct fl_lottery *lottery, const struct fl_roster *roster, const struct fl_view *view);

/* A pick: an eligible agent with a probability that is her share of the total. */
uint32_t fl_lottery_pick(void *state, const struct fl_roster *roster, const struct fl_view *view,
                         const struct fl_request *request);

#endif
