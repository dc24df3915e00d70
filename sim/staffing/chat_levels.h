/* The exact chain of a small pool of agents who share themselves among their chats: limited processor sharing.
 *
 * Agents hold up to `slots` chats, one with k chats completes them at rate[k], every chat's work is exponential, buyers queue first come
 * first served while every slot is taken, and leave the queue. A state is how many agents hold 0, 1, ... slots chats, so alike agents
 * are not told apart, and how many buyers queue. The states without a queue are solved by the elimination of Grassmann, Taksar and
 * Heyman ("Regenerative analysis and steady state distributions for Markov chains", Oper. Res. 33(5), 1985), which never subtracts,
 * in the order of the chats on the desk, which leaves a band; the queue grows out of the full state alone and is a closed sum.
 *
 * chat_desk.h has the approximation for pools of any size; this is what it is measured by, and the answer to how much the routing among
 * small teams matters. Rates are per unit of time, the unit the caller's. Results are the same bits on every machine. */
#ifndef FL_STAFFING_CHAT_LEVELS_H
#define FL_STAFFING_CHAT_LEVELS_H

#include "core/arena.h"
#include "staffing/chat_desk.h"

#define FL_CHAT_LEVELS_SLOTS_MAX 32u
#define FL_CHAT_LEVELS_STATES_MAX 20000u

/* Whose a new chat is, of those with a free slot. */
enum fl_level_routing {
    FL_TO_LEAST_LOADED,
    FL_TO_MOST_LOADED,
    FL_TO_ANYONE, /* each as likely */
};

struct fl_chat_levels {
    struct fl_chat_desk desk;
    double level[FL_CHAT_LEVELS_SLOTS_MAX + 1]; /* share of the agents who hold so many chats */
};

/* The stationary state. Takes its memory from the arena (8 bytes x states x band) and leaves it there. FL_ERANGE, *out untouched, for a pool out
 * of range (fl_chat_desk), more than FL_CHAT_LEVELS_SLOTS_MAX slots or more states, C(agents + slots, slots), than
 * FL_CHAT_LEVELS_STATES_MAX; FL_EFULL when the arena is used up. O(states x band^2), a band being the states of two numbers of chats. */
FL_MUST_CHECK enum fl_status fl_chat_levels(struct fl_arena *arena, const struct fl_chat_pool *pool, enum fl_level_routing routing,
                                            struct fl_chat_levels *out);

struct fl_pool_service {
    double offered_wait_exceeds; /* a buyer of endless patience would queue longer than the limit */
    double served_within;        /* of all, those an agent has within the limit */
};

/* Service within `limit` >= 0 of a pool of whose buyers a share p_wait queues, by either model. FL_ERANGE as fl_chat_desk. */
FL_MUST_CHECK enum fl_status fl_pool_service(const struct fl_chat_pool *pool, double p_wait, double limit, struct fl_pool_service *out);

#endif
