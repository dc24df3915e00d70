/* How much whole days and intervals differ from what is expected of them, from how counts vary together.
 *
 * A count is Poisson around mean x B x E(c), where B is one lognormal factor a day and E a lognormal factor an interval, whose normal scores
 * are correlated by phi from one interval to the next. So for counts k intervals apart on the same day
 *   ln(1 + covariance / product of means) = day + interval x phi^k,     k = 0: after taking the Poisson variance away,
 * with day = sigma_B^2 and interval = sigma_E^2: lines in known quantities, fitted by weighted least squares, the weights being the products
 * of means. Covariances are sums over days, so an interval of confidence comes from leaving out one block of days after the other. */
#ifndef FL_FIT_BUSYNESS_H
#define FL_FIT_BUSYNESS_H

#include "core/status.h"

/* Sums by block and lag: products of deviations, and products of means. */
struct fl_covariances {
    uint32_t blocks, lags;
    double *products, *means; /* [block * lags + lag] owned */
    double *counts;           /* [block] owned: of the cells that were used */
};

FL_MUST_CHECK enum fl_status fl_covariances_create(uint32_t blocks, uint32_t lags, struct fl_covariances *covariances);
void fl_covariances_free(struct fl_covariances *covariances);

/* Adds a day. u and v: expected counts, made from two halves of the other days, so that neither their errors nor the day's own enter the
 * products: what is left is unbiased. used[c]: whether the cell is known. Takes O(cells x lags). */
void fl_covariances_add(struct fl_covariances *covariances, uint32_t block, uint32_t cells, const double count[], const double u[], const double v[],
                        const uint8_t used[]);

struct fl_busyness_part {
    double value, low, high; /* of sigma, or of phi; 95 % */
    bool shown;              /* more than chance: the interval is above 0 */
};

struct fl_busyness_fit {
    bool correlated; /* neighbours vary together more than cells far apart; else intervals are taken as independent and phi is 0 */
    struct fl_busyness_part day, interval, phi;
    double day_variance, interval_variance; /* sigma^2, not below 0 */
    double over_poisson, over_poisson_p;    /* variance over mean of a count, 1: Poisson; how likely so far off by chance */
    double modelled_days;                   /* relative variance of day totals, Poisson part left out: seen over modelled */
};

/* blocks >= 4. One lag alone (daily counts) has no interval part. FL_EFULL: no memory. */
FL_MUST_CHECK enum fl_status fl_busyness_estimate(const struct fl_covariances *covariances, struct fl_busyness_fit *fit);

/* How the fit runs with the lag: what is seen and what is fitted, ln(1 + ...), for a picture; and what the seen one rests on. */
double fl_busyness_weight(const struct fl_covariances *covariances, uint32_t lag);
double fl_busyness_seen(const struct fl_covariances *covariances, uint32_t lag);
double fl_busyness_fitted(const struct fl_busyness_fit *fit, uint32_t lag);

#endif
