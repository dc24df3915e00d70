/* Closed answers of the classical staffing queues: Erlang B, Erlang C, Erlang A, and the searches for the
 * fewest servers.
 *
 * One server is one person with one customer at a time: a telephone. A chat desk is not that; chat_desk.h
 * has its model. These are here for what is a telephone, for the comparison with the rules of thumb, and
 * as the exact answers a simulation is tested against.
 *
 * Rates are per unit of time and the unit is the caller's: arrivals `rate`, services `service_rate` of one
 * busy server, leavers `leave_rate` of one waiting customer. The offered load, rate / service_rate, is in
 * erlangs. All functions are pure, allocate nothing, keep no pointer and may run on any thread. Results
 * are the same bits on every machine and have some twelve correct digits (tests/theory/truth). */
#ifndef FL_STAFFING_ERLANG_H
#define FL_STAFFING_ERLANG_H

#include "core/status.h"

/* The most servers a search goes to. */
#define FL_ERLANG_SERVERS_MAX (UINT32_C(1) << 24)

/* ---- Erlang B: no waiting room --------------------------------------------------------------- */

/* Probability that an arrival finds all servers busy and is lost, for any law of service.
 * load > 0, in erlangs. 0 when the probability lies below the smallest double. O(servers).
 * Source: the recursion B(k) = A B(k-1) / (k + A B(k-1)); no factorials, so no overflow (Gans, Koole and
 * Mandelbaum, "Telephone Call Centers", M&SOM 5(2), 2003). */
double fl_erlang_b(double load, uint32_t servers);

/* Its natural logarithm, also where the probability itself underflows. */
double fl_erlang_b_log(double load, uint32_t servers);

/* The continuation to a real number of servers >= 0, 1/B = A int exp(-A t) (1 + t)^c dt (Jagerman, "Some
 * properties of the Erlang loss function", BSTJ 53, 1974): its fractional part by the continued fraction of the
 * incomplete gamma function, then the recursion upward. */
double fl_erlang_b_real(double load, double servers);

/* ---- Erlang C: everybody waits ----------------------------------------------------------------- */

struct fl_erlang_c {
    double p_wait;     /* probability of waiting at all */
    double drain;      /* servers x service_rate - rate: the wait of those who wait is exponential with it */
    double queue_mean; /* customers waiting */
    double wait_mean;  /* over all customers */
    double wait_variance;
    double occupancy; /* share of time a server is busy */
};

/* M/M/c with unlimited waiting and patience. FL_ERANGE, and *out untouched, unless rate > 0,
 * service_rate > 0 and rate < servers x service_rate (else the queue never settles). O(servers).
 * Source: Erlang C from B, C = B / (1 - rho (1 - B)). */
FL_MUST_CHECK enum fl_status fl_erlang_c(double rate, double service_rate, uint32_t servers, struct fl_erlang_c *out);

/* P(wait <= limit). */
double fl_erlang_c_within(const struct fl_erlang_c *queue, double limit);

/* The wait that a share p in [0, 1) of all customers does not exceed; 0 when that many do not wait at all. */
double fl_erlang_c_quantile(const struct fl_erlang_c *queue, double p);

/* ---- Erlang A: the impatient leave ------------------------------------------------------------ */

struct fl_erlang_a {
    double p_wait;         /* probability of waiting at all */
    double p_abandon;      /* of leaving before service */
    double queue_mean;     /* customers waiting */
    double wait_mean;      /* over all customers, leavers included */
    double wait_served;    /* over those who are served */
    double wait_abandoned; /* over those who leave */
    double occupancy;      /* share of time a server is busy */
    double in_system_mean; /* waiting or served */
};

/* M/M/c with exponential patience (M/M/c+M, Palm 1957). FL_ERANGE, *out untouched, unless all rates are
 * positive and finite and servers >= 1. O(servers + (rate + leave_rate) / leave_rate).
 * Source: birth and death chain. A customer who finds k waiting leaves, with leave_rate / r(k) each, from
 * any of the k + 1 places before her, r(i) = c mu + (i + 1) theta, which gives the two conditional means. */
FL_MUST_CHECK enum fl_status fl_erlang_a(double rate, double service_rate, double leave_rate, uint32_t servers,
                                         struct fl_erlang_a *out);

/* The four ways in which the trade divides; for one and the same desk they differ by up to 3.5 points, so
 * say which. good: served within the limit; early: left within the limit. */
enum fl_erlang_level {
    FL_LEVEL_OF_OFFERED,        /* good / offered */
    FL_LEVEL_LESS_EARLY,        /* good / (offered - early) */
    FL_LEVEL_EARLY_COUNTS_GOOD, /* (good + early) / offered */
    FL_LEVEL_OF_ANSWERED,       /* good / answered */
    FL_ERLANG_LEVELS
};

struct fl_erlang_service {
    double served_within;          /* of all offered: served after a wait <= limit */
    double abandoned_within;       /* of all offered: left after a wait <= limit */
    double p_offered_wait_exceeds; /* a customer of endless patience would wait longer than the limit */
    double level[FL_ERLANG_LEVELS];
};

/* Service within `limit` >= 0 of the same queue. FL_ERANGE as above.
 * Source: the wait offered to one who finds k waiting is -ln Beta(c mu / theta, k + 1) / theta, so every
 * figure is an incomplete beta function with a whole second argument, a finite sum of positive terms. */
FL_MUST_CHECK enum fl_status fl_erlang_a_service(double rate, double service_rate, double leave_rate, uint32_t servers,
                                                 double limit, struct fl_erlang_service *out);

/* ---- The fewest servers ------------------------------------------------------------------------ */

enum fl_erlang_measure {
    FL_ERLANG_P_WAIT,    /* at most `bound` have to wait */
    FL_ERLANG_P_ABANDON, /* at most `bound` leave; needs leave_rate > 0 */
    FL_ERLANG_WITHIN,    /* at least `bound` are served within `limit`, counted as `level` says */
};

struct fl_erlang_goal {
    enum fl_erlang_measure measure;
    double bound;               /* 0 < bound < 1 */
    double limit;               /* >= 0; FL_ERLANG_WITHIN only */
    enum fl_erlang_level level; /* FL_ERLANG_WITHIN with leave_rate > 0 only */
};

/* Smallest number of servers that reaches the goal, by Erlang A, or by Erlang C when leave_rate is 0. The
 * recursion for B is carried from one number to the next, never restarted. A rate of 0 needs nobody.
 * FL_ERANGE when a rate is negative or not finite, service_rate is 0, or the goal is out of its range;
 * FL_EINFEASIBLE when FL_ERLANG_SERVERS_MAX servers do not reach it. */
FL_MUST_CHECK enum fl_status fl_erlang_servers(double rate, double service_rate, double leave_rate,
                                               const struct fl_erlang_goal *goal, uint32_t *servers);

/* ---- Square-root staffing ---------------------------------------------------------------------- */

/* Limit, for many servers, of the probability of waiting with load + beta sqrt(load) of them.
 * leave_ratio is leave_rate / service_rate; 0 for endless patience, and then beta > 0 is needed (1 otherwise).
 * Source: Halfin and Whitt, Oper. Res. 29(3), 1981; Garnett, Mandelbaum and Reiman, M&SOM 4(3), 2002. */
double fl_square_root_wait(double beta, double leave_ratio);

/* The beta for a probability of waiting 0 < p_wait < 1, by bisection to the last bit or within [-10, 40]. */
double fl_square_root_beta(double p_wait, double leave_ratio);

/* load + beta sqrt(load), rounded up; at least 1. */
uint32_t fl_square_root_servers(double load, double beta);

#endif
