/* Waiting of the impatient, whatever the law of their patience: M/M/n+G and what is built on it.
 *
 * Arrivals come at `rate`, and while somebody waits service ends at `capacity` a unit of time. The wait that is offered, V, then has
 * a density proportional to
 *
 *     w(x) = exp(rate H(x) - capacity x),   H(x) = int_0^x P(patience > u) du = E[min(patience, x)],
 *
 * on x > 0, and every figure is a ratio of integrals over w: of those who wait, a customer offered x leaves with 1 - P(patience > x).
 * Source: Baccelli and Hebuterne, "On queues with impatient customers", Performance '81; Zeltyn and Mandelbaum, "Call centers with
 * impatient customers: many-server asymptotics of the M/M/n+G queue", Queueing Systems 51, 2005.
 *
 * The exponent is concave, so w has one peak; it is integrated there by adaptive Gauss-Legendre panels, relative to the peak,
 * which may lie beyond the range of a double. Some twelve digits for the laws of a scenario, six where patience takes listed
 * values. Rates are per unit of time, the unit is that of the patience. Pure; the law is borrowed. */
#ifndef FL_STAFFING_IMPATIENCE_H
#define FL_STAFFING_IMPATIENCE_H

#include "core/distribution.h"

struct fl_impatience {
    double rate, capacity;
    const struct fl_distribution *patience; /* NULL: endless */
    /* set by fl_impatience_begin: */
    double mode;     /* where w is greatest */
    double log_peak; /* ln w(mode); may be far above 700 */
    double from, to; /* beyond which w is below 1e-18 of its peak */
};

/* FL_ERANGE unless rate > 0 and capacity > 0 are finite and w can be integrated: with endless patience only when rate < capacity, and
 * otherwise with a patience whose mean is finite. */
FL_MUST_CHECK enum fl_status fl_impatience_begin(struct fl_impatience *queue, double rate, double capacity,
                                                 const struct fl_distribution *patience);

/* P(patience > x), and H(x). */
double fl_impatience_stays(const struct fl_impatience *queue, double x);
double fl_impatience_stay_mean(const struct fl_impatience *queue, double x);

typedef double fl_impatience_value(const void *context, double wait);

/* The usual values, with the queue for context: 1, P(she leaves), P(she stays), how long she waits whether she stays or leaves. */
fl_impatience_value fl_impatience_any, fl_impatience_leaves, fl_impatience_serves, fl_impatience_waits;

/* int_from^to value(x) w(x) / w(mode) dx, 0 <= from <= to, `to` may be infinite. value is smooth but for where the patience jumps.
 * Some hundred to ten thousand evaluations. */
double fl_impatience_integral(const struct fl_impatience *queue, double from, double to, fl_impatience_value *value, const void *context);

/* ---- M/M/n+G ------------------------------------------------------------------------------------ */

struct fl_erlang_g {
    double p_wait;       /* the offered wait is above 0 */
    double p_abandon;    /* of all */
    double offered_mean; /* offered wait, of all */
    double wait_mean;    /* of all, leavers included */
    double queue_mean;   /* customers waiting */
    double occupancy;    /* share of time a server is busy */
};

/* FL_ERANGE, *out untouched, as fl_impatience_begin, or when servers is 0. O(servers), and the integrals. */
FL_MUST_CHECK enum fl_status fl_erlang_g(double rate, double service_rate, uint32_t servers, const struct fl_distribution *patience,
                                         struct fl_erlang_g *out);

/* P(wait > limit), the waits of those who leave counted; limit >= 0. FL_ERANGE as above. */
FL_MUST_CHECK enum fl_status fl_erlang_g_exceeds(double rate, double service_rate, uint32_t servers, const struct fl_distribution *patience,
                                                 double limit, double *p);

#endif
