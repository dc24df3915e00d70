#include "fit/busyness.h"

#include "core/real.h"
#include "core/special.h"

#include <math.h>
#include <stdlib.h>

#define PHI_STEPS 50u

enum fl_status fl_covariances_create(uint32_t blocks, uint32_t lags, struct fl_covariances *covariances)
{
    struct fl_covariances made = { .blocks = blocks, .lags = lags };
    made.products = calloc((size_t)blocks * lags, sizeof *made.products);
    made.means = calloc((size_t)blocks * lags, sizeof *made.means);
    made.counts = calloc(blocks, sizeof *made.counts);
    if (made.products == NULL || made.means == NULL || made.counts == NULL) {
        fl_covariances_free(&made);
        return FL_EFULL;
    }
    *covariances = made;
    return FL_OK;
}

void fl_covariances_free(struct fl_covariances *covariances)
{
    free(covariances->products);
    free(covariances->means);
    free(covariances->counts);
    *covariances = (struct fl_covariances){ 0 };
}

void fl_covariances_add(struct fl_covariances *covariances, uint32_t block, uint32_t cells, const double count[], const double u[], const double v[],
                        const uint8_t used[])
{
    double *const products = &covariances->products[(size_t)block * covariances->lags], *const means = &covariances->means[(size_t)block * covariances->lags];
    for (uint32_t c = 0; c < cells; c++) {
        if (!used[c]) continue;
        const double from_u = count[c] - u[c], from_v = count[c] - v[c];
        covariances->counts[block] += count[c];
        products[0] += from_u * from_v - count[c]; /* a Poisson count's variance is its mean */
        means[0] += u[c] * v[c];
        for (uint32_t k = 1; k < covariances->lags && c + k < cells; k++) {
            if (!used[c + k]) continue;
            products[k] += (from_u * (count[c + k] - v[c + k]) + from_v * (count[c + k] - u[c + k])) / 2;
            means[k] += (u[c] * v[c + k] + v[c] * u[c + k]) / 2;
        }
    }
}

/* ---- The curve ------------------------------------------------------------------------------------ */

struct curve {
    uint32_t lags;
    double *y, *weight; /* [lags] */
};

struct coefficients {
    double day, interval, phi, misfit;
};

static double seen_of(double product, double mean)
{
    return mean > 0 ? fl_log1p(fmax(product / mean, -0.9)) : 0;
}

/* The curve of all blocks but one. */
static void curve_without(const struct fl_covariances *all, uint32_t left_out, struct curve *curve)
{
    for (uint32_t k = 0; k < all->lags; k++) {
        double product = 0, mean = 0;
        for (uint32_t b = 0; b < all->blocks; b++) {
            if (b == left_out) continue;
            product += all->products[(size_t)b * all->lags + k];
            mean += all->means[(size_t)b * all->lags + k];
        }
        curve->y[k] = seen_of(product, mean);
        curve->weight[k] = mean;
    }
}

/* The best day and interval parts for one phi; neither below 0. */
static struct coefficients solve(const struct curve *curve, double phi)
{
    double w = 0, wx = 0, wxx = 0, wy = 0, wxy = 0, wyy = 0, x = 1;
    for (uint32_t k = 0; k < curve->lags; k++, x *= phi) {
        const double weight = curve->weight[k], y = curve->y[k];
        w += weight;
        wx += weight * x;
        wxx += weight * x * x;
        wy += weight * y;
        wxy += weight * x * y;
        wyy += weight * y * y;
    }
    const double determinant = w * wxx - wx * wx;
    struct coefficients best = { .phi = phi };
    if (curve->lags > 1 && determinant > 1e-12 * w * wxx) {
        best.day = (wxx * wy - wx * wxy) / determinant;
        best.interval = (w * wxy - wx * wy) / determinant;
    } else {
        best.day = w > 0 ? wy / w : 0;
    }
    if (best.day < 0 && best.interval > 0) best = (struct coefficients){ .phi = phi, .interval = wxx > 0 ? wxy / wxx : 0 };
    if (best.interval < 0) best = (struct coefficients){ .phi = phi, .day = w > 0 ? wy / w : 0 };
    best.misfit = wyy - 2 * (best.day * wy + best.interval * wxy) + best.day * best.day * w + 2 * best.day * best.interval * wx +
                  best.interval * best.interval * wxx;
    return best;
}

static struct coefficients solve_with_phi(const struct curve *curve)
{
    struct coefficients best = solve(curve, 0.5 / PHI_STEPS);
    uint32_t at = 0;
    for (uint32_t i = 1; i < PHI_STEPS; i++) {
        const struct coefficients other = solve(curve, (i + 0.5) / PHI_STEPS);
        if (other.misfit < best.misfit) best = other, at = i;
    }
    double low = at > 0 ? (at - 0.5) / PHI_STEPS : 0, high = at + 1 < PHI_STEPS ? (at + 1.5) / PHI_STEPS : 0.998;
    for (uint32_t i = 0; i < 40; i++) { /* golden section */
        const double part = 0.3819660112501051 * (high - low);
        const struct coefficients left = solve(curve, low + part), right = solve(curve, high - part);
        if (left.misfit < right.misfit) high -= part;
        else low += part;
        if (left.misfit < best.misfit) best = left;
        if (right.misfit < best.misfit) best = right;
    }
    return best;
}

/* ---- Intervals of confidence ----------------------------------------------------------------------- */

/* Running mean and squares of what leaving out each block gives. */
struct spread {
    double mean, squares;
    uint32_t count;
};

static void spread_add(struct spread *spread, double value)
{
    const double from = value - spread->mean;
    spread->count++;
    spread->mean += from / spread->count;
    spread->squares += from * (value - spread->mean);
}

/* Standard error by the delete-one-block jackknife: Efron and Stein, "The jackknife estimate of variance", Ann. Statist. 9, 1981. */
static double spread_error(const struct spread *spread)
{
    return sqrt(spread->squares * (spread->count - 1) / spread->count);
}

/* A variance with its standard error as a sigma with its interval: on the scale of logarithms where that is well above 0. */
static struct fl_busyness_part sigma_of(double variance, double error, double t)
{
    const double kept = fmax(variance, 0);
    struct fl_busyness_part part = { .value = sqrt(kept), .low = sqrt(fmax(0, variance - t * error)), .high = sqrt(fmax(0, variance + t * error)) };
    part.shown = variance - t * error > 0;
    if (part.shown) {
        part.low = part.value * fl_exp(-t * error / (2 * variance));
        part.high = part.value * fl_exp(t * error / (2 * variance));
    }
    return part;
}

static void estimate_with(const struct fl_covariances *all, struct curve *curve, bool with_phi, struct fl_busyness_fit *fit)
{
    struct spread day = { 0 }, interval = { 0 }, phi = { 0 };
    const double t = fl_student_quantile(0.975, all->blocks - 1);
    for (uint32_t b = 0; b < all->blocks; b++) {
        curve_without(all, b, curve);
        const struct coefficients c = with_phi ? solve_with_phi(curve) : solve(curve, 0);
        spread_add(&day, c.day);
        spread_add(&interval, c.interval);
        spread_add(&phi, c.phi);
    }
    curve_without(all, all->blocks, curve);
    const struct coefficients c = with_phi ? solve_with_phi(curve) : solve(curve, 0);
    fit->day_variance = fmax(0, c.day);
    fit->interval_variance = fmax(0, c.interval);
    fit->day = sigma_of(c.day, spread_error(&day), t);
    fit->interval = sigma_of(c.interval, spread_error(&interval), t);
    const double error = spread_error(&phi);
    fit->phi = (struct fl_busyness_part){ .value = c.phi, .low = fmax(0, c.phi - t * error), .high = fmin(1, c.phi + t * error),
                                          .shown = c.phi - t * error > 0 };
}

/* By how much neighbours vary together more than cells of a day that lie half a day's cells apart. */
static double nearness(const struct curve *curve)
{
    double near = 0, near_weight = 0, far = 0, far_weight = 0;
    for (uint32_t k = 1; k < curve->lags; k++) {
        if (k <= 2) near += curve->weight[k] * curve->y[k], near_weight += curve->weight[k];
        if (k >= 4 && k >= curve->lags / 6) far += curve->weight[k] * curve->y[k], far_weight += curve->weight[k];
    }
    return near_weight > 0 && far_weight > 0 ? near / near_weight - far / far_weight : 0;
}

/* Whether that is more than chance. */
static bool is_correlated(const struct fl_covariances *all, struct curve *curve)
{
    struct spread spread = { 0 };
    for (uint32_t b = 0; b < all->blocks; b++) {
        curve_without(all, b, curve);
        spread_add(&spread, nearness(curve));
    }
    curve_without(all, all->blocks, curve);
    return nearness(curve) > fl_student_quantile(0.975, all->blocks - 1) * spread_error(&spread);
}

/* Variance over mean of a count, over all cells; and whether it could be 1. */
static void over_poisson(const struct fl_covariances *all, struct fl_busyness_fit *fit)
{
    struct spread spread = { 0 };
    double product = 0, counts = 0;
    for (uint32_t b = 0; b < all->blocks; b++) {
        product += all->products[(size_t)b * all->lags];
        counts += all->counts[b];
    }
    if (!(counts > 0)) return;
    for (uint32_t b = 0; b < all->blocks; b++) {
        const double left = counts - all->counts[b];
        if (left > 0) spread_add(&spread, (product - all->products[(size_t)b * all->lags]) / left);
    }
    const double error = spread_error(&spread);
    fit->over_poisson = 1 + product / counts;
    fit->over_poisson_p = error > 0 ? 2 * fl_student_cdf(-fabs(product / counts / error), all->blocks - 1) : 1;
}

/* Day totals: all pairs of cells of a day, those apart counted twice. */
static double days_over_model(const struct fl_covariances *all, const struct fl_busyness_fit *fit)
{
    double seen = 0, modelled = 0;
    for (uint32_t k = 0; k < all->lags; k++) {
        double product = 0, mean = 0;
        for (uint32_t b = 0; b < all->blocks; b++) {
            product += all->products[(size_t)b * all->lags + k];
            mean += all->means[(size_t)b * all->lags + k];
        }
        seen += (k == 0 ? 1 : 2) * product;
        modelled += (k == 0 ? 1 : 2) * mean * fl_expm1(fl_busyness_fitted(fit, k));
    }
    return modelled > 0 ? seen / modelled : NAN;
}

enum fl_status fl_busyness_estimate(const struct fl_covariances *covariances, struct fl_busyness_fit *fit)
{
    double *const room = calloc((size_t)covariances->lags * 2, sizeof *room);
    *fit = (struct fl_busyness_fit){ .over_poisson = NAN, .over_poisson_p = NAN, .modelled_days = NAN };
    if (room == NULL) return FL_EFULL;
    struct curve curve = { .lags = covariances->lags, .y = room, .weight = room + covariances->lags };
    fit->correlated = covariances->lags > 6 && is_correlated(covariances, &curve);
    estimate_with(covariances, &curve, fit->correlated, fit);
    if (!fit->correlated) fit->phi = (struct fl_busyness_part){ .value = 0 };
    over_poisson(covariances, fit);
    fit->modelled_days = days_over_model(covariances, fit);
    free(room);
    return FL_OK;
}

double fl_busyness_weight(const struct fl_covariances *covariances, uint32_t lag)
{
    double mean = 0;
    for (uint32_t b = 0; b < covariances->blocks; b++) mean += covariances->means[(size_t)b * covariances->lags + lag];
    return mean;
}

double fl_busyness_seen(const struct fl_covariances *covariances, uint32_t lag)
{
    double product = 0, mean = 0;
    for (uint32_t b = 0; b < covariances->blocks; b++) {
        product += covariances->products[(size_t)b * covariances->lags + lag];
        mean += covariances->means[(size_t)b * covariances->lags + lag];
    }
    return seen_of(product, mean);
}

double fl_busyness_fitted(const struct fl_busyness_fit *fit, uint32_t lag)
{
    if (lag == 0) return fit->day_variance + fit->interval_variance;
    return fit->day_variance + (fit->correlated ? fit->interval_variance * fl_pow(fit->phi.value, lag) : 0);
}
