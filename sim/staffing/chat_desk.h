/* A chat desk as a queue: agents who hold several chats at once, the analytic start of every search.
 *
 * Dividing Erlang by the number of chats at once is wrong: on all slots at the one-chat rate it understates
 * the chance of waiting by up to 97 %, at the full-load rate it overstates it threefold. Two steps replace it.
 *
 * 1. How fast an agent who holds k chats completes them, mu(k): she answers one message at a time, the other
 *    buyers think meanwhile: the machine-repair model, a closed form.
 * 2. How many chats there are: a birth and death chain with up to `agents` x `slots` chats inside and a queue of
 *    impatient buyers outside, in which the chats are spread evenly, as least-active routing keeps them: with n
 *    chats inside every agent holds floor(n / agents) or one more. For one agent that is exact limited processor
 *    sharing; for more it is an approximation of least-loaded routing, because agents drift apart between arrivals.
 *    Even levels complete the most a concave mu(k) allows, so it is a little optimistic. Measured on
 *    tests/theory/truth: against the exact message-level desk (derived_lps_vs_message.json) P(wait) is within 1.0 %
 *    (more than one slot) and P(abandon) within 0.7 points; against the exact chain over all agents' levels
 *    (chat_lps.json) P(abandon) is within 0.71 points and P(wait) exact where mu(k) is linear, at most 3.3 % low at
 *    loads from 0.9 where a second chat adds 70 %, 6.2 % low where a fourth chat slows the agent down, and as much as
 * 25 % low where a second chat adds nothing at all, which no desk would allow.
 *
 * Rates are per unit of time, the unit the caller's. Pure: nothing is allocated, no pointer is kept. */
#ifndef FL_STAFFING_CHAT_DESK_H
#define FL_STAFFING_CHAT_DESK_H

#include "core/status.h"

/* A conversation as the agent sees it. */
struct fl_chat_work {
    double reply_rate;  /* replies per unit of time while composing, > 0: 1 / mean composing time */
    double think_rate;  /* 1 / the buyer's mean thinking time, > 0; infinite when she writes again at once */
    double p_end;       /* a reply is the chat's last with this probability, (0, 1]: 1 / mean number of rounds */
    double switch_cost; /* composing takes 1 + switch_cost (k - 1) times as long with k chats open, >= 0; 0.05 to
                         * 0.2 fits the +18 % a message that multitasking cost in Goes et al. (2018) */
};

/* Replies per unit of time while composing, with k chats open. */
static inline double fl_chat_reply_rate(const struct fl_chat_work *work, uint32_t k)
{
    return work->reply_rate / (1 + work->switch_cost * (double)(k > 0 ? k - 1 : 0));
}

/* Chats per unit of time that an agent completes who always holds k: m p (1 - p0), where p0 is the probability
 * that all k buyers think, 1/p0 = sum_i k!/(k-i)! (d / (m (1-p)))^i: i waiting for a reply, more at rate (k-i) d,
 * fewer at m (1-p), since an ended chat makes room for another that needs a reply. Concave in k and below m p while
 * there is no switching cost. k = 0 gives 0. O(k). Source: the machine-repair (finite-source) queue. */
double fl_chat_rate(const struct fl_chat_work *work, uint32_t k);

/* rate[0] to rate[slots]. O(slots^2). */
void fl_chat_rates(const struct fl_chat_work *work, uint32_t slots, double rate[]);

/* Mean time from a buyer's message to the agent's reply, with k >= 1 chats always open: by Little's law, those who
 * wait for a reply over replies per unit of time. */
double fl_chat_reply_mean(const struct fl_chat_work *work, uint32_t k);

/* The most chats an agent can always hold with a mean reply time within `limit`, from 1 to slots_max; what stands in
 * for the slots of a desk that has none. 1 even when one chat alone takes longer. O(slots_max^2). */
uint32_t fl_chat_slots_within(const struct fl_chat_work *work, double limit, uint32_t slots_max);

/* A pool of alike agents. */
struct fl_chat_pool {
    uint32_t agents;    /* >= 1 */
    uint32_t slots;     /* chats an agent can hold, >= 1; agents x slots <= 2^24 */
    const double *rate; /* [slots + 1] borrowed: completions of one agent with k chats; rate[0] 0, others > 0 */
    double arrivals;    /* > 0 */
    double leave_rate;  /* of one queued buyer, 1 / mean patience; 0: endless patience */
};

struct fl_chat_desk {
    double p_wait;     /* an arrival finds every slot taken */
    double p_abandon;  /* leaves the queue */
    double queue_mean; /* buyers queued */
    double wait_mean;  /* until assignment or leaving, over all */
    double open_mean;  /* chats inside */
    double throughput; /* chats completed per unit of time */
    double chat_mean;  /* time from assignment to the end of a chat */
    double p_idle;     /* share of an agent's time without a chat */
};

/* Whether the numbers are in range, and whether so many agents keep up in the long run. */
bool fl_chat_pool_is_defined(const struct fl_chat_pool *pool);
bool fl_chat_pool_settles(const struct fl_chat_pool *pool, uint32_t agents);

/* The states with every slot of `agents` taken: their total weight and that times the mean queue, as the first of them, in which nobody queues,
 * weighs `first` (1 but for what had to be divided away). The pool settles. O(arrivals / leave_rate). */
struct fl_chat_queue {
    double first, total, queue;
};
struct fl_chat_queue fl_chat_queue(const struct fl_chat_pool *pool, uint32_t agents);

/* The balanced chain in its stationary state. FL_ERANGE, and *out untouched, when the pool is out of its range, or its
 * buyers have endless patience and arrive faster than full agents complete. O(agents x slots + arrivals / leave_rate).
 */
FL_MUST_CHECK enum fl_status fl_chat_desk(const struct fl_chat_pool *pool, struct fl_chat_desk *out);

/* Fewest agents, up to agents_max, with which at most p_wait of the buyers have to queue; pool->agents is not read.
 * More agents never make more wait, so it is found by bisection. 0 arrivals need nobody. FL_ERANGE for a pool or a
 * p_wait (0 < p_wait < 1) out of range; FL_EINFEASIBLE when agents_max do not reach it, *agents untouched. */
FL_MUST_CHECK enum fl_status fl_chat_agents(const struct fl_chat_pool *pool, double p_wait, uint32_t agents_max,
                                            uint32_t *agents);

#endif
