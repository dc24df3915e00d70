/* When a buyer of a chat desk has her first answer: queue, inbox and composing together, for any law of patience.
 *
 * The pool is that of chat_desk.h: chats spread evenly over agents, completions mu(k) of an agent with k chats, buyers who queue while
 * every slot is taken. To it this adds
 *
 * - the queue under any law of patience (impatience.h; the states without a queue stand where Erlang B stands in M/M/n+G),
 * - the inbox: a buyer who joins an agent with k others waits for those of them who wait for an answer, as many as at a random moment
 *   of an agent who always has k; one who queued joins at the end of somebody's chat, so others wait as they do when a reply
 *   is sent. She is answered after them, each reply exponential.
 *
 * - the unevenness that a first answer profits from: who has just ended a chat is a level below the others until the next buyer is hers.
 *
 * Approximate, as agents drift further from their even level than that and an inbox lags behind its agent's number of chats. Measured: the
 * mean first answer of single agents is within 0.4 % of the exact chain of every state (tests/theory/truth, chat_message.json); on fifteen
 * desks of 1 to 80 people, idle and drowned, shares are within one point of the simulation and first answers (mean, median, P90, P95)
 * within 7 %, most within 2 % (tests/cli/erlang.py). For quick questions and the start of searches; simulation decides.
 *
 * Rates per unit of time, the unit is the patience's. Pure; work, patience are borrowed for as long as the answer is asked. */
#ifndef FL_STAFFING_CHAT_REPLY_H
#define FL_STAFFING_CHAT_REPLY_H

#include "staffing/chat_desk.h"
#include "staffing/impatience.h"

#define FL_CHAT_REPLY_SLOTS_MAX 256u

struct fl_chat_load {
    struct fl_chat_work work;
    uint32_t slots;                          /* chats an agent holds at most, 1 to FL_CHAT_REPLY_SLOTS_MAX */
    double arrivals;                         /* chats per unit of time, > 0 */
    const struct fl_distribution *patience; /* until an agent has her; NULL: endless */
};

struct fl_chat_reply {
    double p_wait;       /* finds every slot taken */
    double p_abandon;    /* leaves the queue */
    double wait_mean;    /* in the queue, of all, leavers included */
    double busy;         /* share of time an agent composes */
    double answer_mean;  /* from the assignment to the first answer, of those who are assigned */
    double first_mean;   /* from her arrival to it */
    /* for the functions below: */
    struct fl_chat_load load;
    double level[FL_CHAT_REPLY_SLOTS_MAX]; /* she joins an agent with that many others; sums to 1 - p_wait */
    struct fl_impatience queue;
    double each; /* what an integral over the queue is multiplied by */
};

/* FL_ERANGE, *out untouched, when a number is out of its range, agents x slots above 2^24, or buyers of endless patience arrive faster than
 * full agents complete. O(agents x slots), and the integrals. */
FL_MUST_CHECK enum fl_status fl_chat_reply(const struct fl_chat_load *load, uint32_t agents, struct fl_chat_reply *out);

/* Share of those who are answered whose first answer takes longer than `limit` >= 0; and the time that a share p in [0, 1) of them does
 * not exceed, by bisection to nine digits. */
double fl_chat_reply_exceeds(const struct fl_chat_reply *reply, double limit);
double fl_chat_reply_quantile(const struct fl_chat_reply *reply, double p);

enum fl_chat_measure {
    FL_CHAT_WAITED,      /* at most `bound` of the buyers queue */
    FL_CHAT_ABANDONED,   /* at most `bound` leave the queue */
    FL_CHAT_FIRST_REPLY, /* a share `p` of the answered have their first answer within `bound` */
    FL_CHAT_FIRST_MEAN,  /* their mean is within `bound` */
};

struct fl_chat_goal {
    enum fl_chat_measure measure;
    double bound; /* > 0 */
    double p;     /* FL_CHAT_FIRST_REPLY: 0 < p < 1 */
};

/* Whether all goals hold. */
bool fl_chat_goals_hold(const struct fl_chat_reply *reply, const struct fl_chat_goal goals[], uint32_t goals_count);

/* Fewest agents, up to agents_max, with whom all goals hold. FL_ERANGE when a number is out of its range; FL_EINFEASIBLE when agents_max do
 * not reach them: alone with an agent a buyer still waits for one reply. */
FL_MUST_CHECK enum fl_status fl_chat_people(const struct fl_chat_load *load, const struct fl_chat_goal goals[], uint32_t goals_count,
                                            uint32_t agents_max, uint32_t *agents);

#endif
