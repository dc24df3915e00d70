#include "fit/durations.h"

#include "core/real.h"
#include "core/special.h"
#include "fit/maximum.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define BIN_WIDTH 0.005  /* of the logarithm */
#define SHORTEST  1e-3   /* seconds: what is shorter shares the first bin */

/* ---- Bins ----------------------------------------------------------------------------------------- */

static uint32_t bin_of(double seconds)
{
    if (!(seconds > SHORTEST)) return 0;
    const double at = fl_log(seconds / SHORTEST) / BIN_WIDTH + 1;
    return at < FL_DURATION_BINS - 1 ? (uint32_t)at : FL_DURATION_BINS - 1;
}

void fl_durations_add(struct fl_durations *durations, double seconds, bool cut, double weight)
{
    const uint32_t bin = bin_of(seconds);
    (cut ? durations->cut : durations->seen)[bin] += weight;
    (cut ? durations->cut_sum : durations->seen_sum)[bin] += weight * seconds;
    *(cut ? &durations->cut_total : &durations->seen_total) += weight;
}

double fl_durations_mean(const struct fl_durations *durations)
{
    double sum = 0;
    for (uint32_t i = 0; i < FL_DURATION_BINS; i++) sum += durations->seen_sum[i];
    return sum / durations->seen_total;
}

double fl_durations_survival(const struct fl_durations *durations, double x)
{
    double left = 1, at_risk = durations->seen_total + durations->cut_total;
    const uint32_t last = bin_of(x);
    for (uint32_t i = 0; i <= last; i++) {
        if (durations->seen[i] > 0 && at_risk > 0) left *= fmax(0, 1 - durations->seen[i] / at_risk);
        at_risk -= durations->seen[i] + durations->cut[i];
    }
    return left;
}

double fl_durations_quantile(const struct fl_durations *durations, double p)
{
    double left = 1, at_risk = durations->seen_total + durations->cut_total;
    for (uint32_t i = 0; i < FL_DURATION_BINS; i++) {
        if (durations->seen[i] > 0 && at_risk > 0) {
            left *= fmax(0, 1 - durations->seen[i] / at_risk);
            if (1 - left >= p) return durations->seen_sum[i] / durations->seen[i];
        }
        at_risk -= durations->seen[i] + durations->cut[i];
    }
    return NAN;
}

void fl_durations_quantile_interval(const struct fl_durations *durations, double p, double *low, double *high)
{
    double left = 1, at_risk = durations->seen_total + durations->cut_total, greenwood = 0;
    *low = *high = NAN;
    for (uint32_t i = 0; i < FL_DURATION_BINS; i++) {
        if (durations->seen[i] > 0 && at_risk > durations->seen[i]) {
            left *= 1 - durations->seen[i] / at_risk;
            greenwood += durations->seen[i] / (at_risk * (at_risk - durations->seen[i]));
            const double se = FL_FIT_Z * left * sqrt(greenwood), x = durations->seen_sum[i] / durations->seen[i];
            if (isnan(*low) && 1 - (left - se) >= p) *low = x;
            if (isnan(*high) && 1 - (left + se) >= p) *high = x;
        }
        at_risk -= durations->seen[i] + durations->cut[i];
    }
}

/* ---- Families ------------------------------------------------------------------------------------- */

double fl_family_log_density(enum fl_distribution_kind kind, double a, double b, double x)
{
    switch (kind) {
    case FL_EXPONENTIAL: return -fl_log(a) - x / a;
    case FL_LOGNORMAL: {
        const double z = fl_log(x / a) / b;
        return -0.91893853320467274178 - fl_log(b * x) - 0.5 * z * z; /* ln sqrt(2 pi) */
    }
    case FL_GAMMA: {
        const double shape = 1 / (b * b), scale = a * b * b;
        return (shape - 1) * fl_log(x) - x / scale - shape * fl_log(scale) - fl_log_gamma(shape);
    }
    case FL_WEIBULL: {
        const double y = fl_log(x / a);
        return fl_log(b / a) + (b - 1) * y - fl_exp(b * y);
    }
    default: return NAN;
    }
}

/* By quadrature, Gauss's with three points on either side. */
static double rounded_log_of_smooth(const struct fl_distribution *d, double x, double r)
{
    static const double at[] = { 0.11270166537925831, 0.5, 0.88729833462074169 }, weight[] = { 5. / 18, 8. / 18, 5. / 18 };
    const double middle = fl_family_log_density(d->kind, d->a, d->b, x);
    double sum = 0;
    for (uint32_t i = 0; i < 3; i++)
        sum += weight[i] * (1 - at[i]) * (fl_exp(fl_family_log_density(d->kind, d->a, d->b, x - r * at[i]) - middle) +
                                          fl_exp(fl_family_log_density(d->kind, d->a, d->b, x + r * at[i]) - middle));
    return middle + fl_log(r * sum);
}

/* Near 0 the density may have no bound, and with L(z) = E[min(X, z)] the triangle weighs (2 L(x) - L(x - r) - L(x + r)) / r. Far from it these are
 * equal to the last digits, and the density is smooth. Which of the two is used does not depend on the parameters: the likelihood has no steps. */
double fl_family_rounded_log(const struct fl_distribution *distribution, double x, double r)
{
    if (x >= 4 * r) return rounded_log_of_smooth(distribution, x, r);
    const double middle = fl_distribution_limited_mean(distribution, x), above = fl_distribution_limited_mean(distribution, x + r);
    const double below = x >= r ? fl_distribution_limited_mean(distribution, x - r) : x - r;
    return fl_log(fmax((2 * middle - above - below) / r, 1e-300));
}

double fl_family_survival(enum fl_distribution_kind kind, double a, double b, double x)
{
    if (!(x > 0)) return 1;
    switch (kind) {
    case FL_EXPONENTIAL: return fl_exp(-x / a);
    case FL_LOGNORMAL: return fl_normal_cdf(-fl_log(x / a) / b);
    case FL_GAMMA: return fl_gamma_upper(1 / (b * b), x / (a * b * b));
    case FL_WEIBULL: return fl_exp(-fl_pow(x / a, b));
    default: return NAN;
    }
}

static const enum fl_distribution_kind kinds[FL_FAMILIES] = { FL_EXPONENTIAL, FL_WEIBULL, FL_GAMMA, FL_LOGNORMAL };

static uint32_t parameters_of(enum fl_distribution_kind kind)
{
    return kind == FL_EXPONENTIAL ? 1 : 2;
}

/* ---- Likelihood ----------------------------------------------------------------------------------- */

/* The bins that hold something, and nothing else. */
struct dense {
    uint32_t seen_count, cut_count;
    double seen[FL_DURATION_BINS], seen_at[FL_DURATION_BINS], cut[FL_DURATION_BINS], cut_at[FL_DURATION_BINS];
    double resolution;
    enum fl_distribution_kind kind;
};

static void make_dense(const struct fl_durations *durations, struct dense *dense)
{
    dense->seen_count = dense->cut_count = 0;
    dense->resolution = durations->resolution;
    for (uint32_t i = 0; i < FL_DURATION_BINS; i++) {
        if (durations->seen[i] > 0) {
            dense->seen[dense->seen_count] = durations->seen[i];
            dense->seen_at[dense->seen_count++] = durations->seen_sum[i] / durations->seen[i];
        }
        if (durations->cut[i] > 0) {
            dense->cut[dense->cut_count] = durations->cut[i];
            dense->cut_at[dense->cut_count++] = durations->cut_sum[i] / durations->cut[i];
        }
    }
}

static double rounded_likelihood(const struct dense *dense, double a, double b)
{
    struct fl_distribution distribution = { .kind = dense->kind, .a = a, .b = b };
    double sum = 0;
    if (fl_distribution_prepare(&distribution) != FL_OK) return NAN;
    for (uint32_t i = 0; i < dense->seen_count; i++) {
        sum += dense->seen[i] * fl_family_rounded_log(&distribution, dense->seen_at[i], dense->resolution);
    }
    return sum;
}

static double likelihood(const void *context, const double theta[])
{
    const struct dense *dense = context;
    const bool two = parameters_of(dense->kind) == 2;
    if (fabs(theta[0]) > 30 || (two && fabs(theta[1]) > 3.5)) return NAN;
    const double a = fl_exp(theta[0]), b = two ? fl_exp(theta[1]) : 0;
    double sum = 0;
    if (dense->resolution > 0) {
        sum = rounded_likelihood(dense, a, b);
    } else {
        for (uint32_t i = 0; i < dense->seen_count; i++)
            sum += dense->seen[i] * fl_family_log_density(dense->kind, a, b, fmax(dense->seen_at[i], SHORTEST));
    }
    for (uint32_t i = 0; i < dense->cut_count; i++)
        sum += dense->cut[i] * fl_log(fmax(fl_family_survival(dense->kind, a, b, dense->cut_at[i]), 1e-300));
    return sum;
}

/* The logarithms' mean and spread give every family a start. */
static void start_of(const struct dense *dense, double start[2])
{
    double weight = 0, sum = 0, mean = 0, squares = 0;
    for (uint32_t i = 0; i < dense->seen_count; i++) {
        const double y = fl_log(fmax(dense->seen_at[i], fmax(SHORTEST, dense->resolution / 2)));
        weight += dense->seen[i];
        sum += dense->seen[i] * y;
        squares += dense->seen[i] * y * y;
        mean += dense->seen[i] * dense->seen_at[i];
    }
    double cut = 0;
    for (uint32_t i = 0; i < dense->cut_count; i++) {
        cut += dense->cut[i];
        mean += dense->cut[i] * dense->cut_at[i];
    }
    const double spread = sqrt(fmax(squares / weight - sum / weight * (sum / weight), 0.01));
    const double total = fl_log(fmax(mean / weight, 1e-3)); /* time at risk for each one seen: the exponential's own estimate */
    switch (dense->kind) {
    case FL_LOGNORMAL:
        start[0] = cut > weight ? total : sum / weight;
        start[1] = fl_log(fmin(spread, 5));
        break;
    case FL_WEIBULL:
        start[0] = total;
        start[1] = fmax(-1.5, fmin(1.5, fl_log(1.28 / spread))); /* sd of ln X is pi / sqrt(6) over the shape */
        break;
    case FL_GAMMA:
        start[0] = total;
        start[1] = fmax(-1.5, fmin(1, fl_log(spread)));
        break;
    default: start[0] = total; start[1] = 0;
    }
}

static void fit_family(struct dense *dense, struct fl_family *family)
{
    double start[2];
    struct fl_maximum maximum;
    dense->kind = family->kind;
    start_of(dense, start);
    const uint32_t n = parameters_of(family->kind);
    if (fl_maximise(n, start, likelihood, dense, &maximum) != FL_OK || !maximum.peaked) return;
    const double z = FL_FIT_Z;
    const double sa = z * sqrt(maximum.covariance[0][0]), sb = n == 2 ? z * sqrt(maximum.covariance[1][1]) : 0;
    *family = (struct fl_family){ .kind = family->kind, .fitted = true, .log_likelihood = maximum.value, .aic = 2 * n - 2 * maximum.value };
    family->a = fl_exp(maximum.theta[0]);
    family->a_low = fl_exp(maximum.theta[0] - sa);
    family->a_high = fl_exp(maximum.theta[0] + sa);
    if (n == 1) return;
    family->b = fl_exp(maximum.theta[1]);
    family->b_low = fl_exp(maximum.theta[1] - sb);
    family->b_high = fl_exp(maximum.theta[1] + sb);
}

/* ---- Choice and goodness -------------------------------------------------------------------------- */

#define RATIO_1_PERCENT 6.634896601 /* chi-square with one degree of freedom, upper 1 % */

uint32_t fl_family_choose(const struct fl_family family[FL_FAMILIES], enum fl_distribution_kind customary)
{
    uint32_t best = FL_FAMILIES;
    for (uint32_t i = 0; i < FL_FAMILIES; i++)
        if (family[i].fitted && (best == FL_FAMILIES || family[i].aic < family[best].aic)) best = i;
    if (best == FL_FAMILIES) return best;
    double holding = -INFINITY; /* the better one of those that hold the exponential */
    for (uint32_t i = 0; i < FL_FAMILIES; i++)
        if (family[i].fitted && (kinds[i] == FL_WEIBULL || kinds[i] == FL_GAMMA)) holding = fmax(holding, family[i].log_likelihood);
    const bool exponential_best = best == 0 || kinds[best] == FL_WEIBULL || kinds[best] == FL_GAMMA;
    if (exponential_best && family[0].fitted && 2 * (holding - family[0].log_likelihood) < RATIO_1_PERCENT) return 0;
    for (uint32_t i = 0; i < FL_FAMILIES; i++)
        if (kinds[i] == customary && family[i].fitted && family[i].aic < family[best].aic + FL_AIC_CUSTOMARY) best = i;
    return best;
}

static double hazard(const struct fl_family *family, double x)
{
    return -fl_log(fmax(fl_family_survival(family->kind, family->a, family->b, x), 1e-300));
}

#define CLASSES 20u

/* Expected in a class: what hazard those still there went through within it. */
static double expected_between(const struct dense *dense, const struct fl_family *family, double from, double to)
{
    double sum = 0;
    const double h_from = hazard(family, from), h_to = hazard(family, to);
    for (uint32_t i = 0; i < dense->seen_count; i++)
        if (dense->seen_at[i] > from) sum += dense->seen[i] * ((dense->seen_at[i] < to ? hazard(family, dense->seen_at[i]) : h_to) - h_from);
    for (uint32_t i = 0; i < dense->cut_count; i++)
        if (dense->cut_at[i] > from) sum += dense->cut[i] * ((dense->cut_at[i] < to ? hazard(family, dense->cut_at[i]) : h_to) - h_from);
    return sum;
}

/* Classes that hold about as many seen ones each. */
static void test_classes(const struct dense *dense, struct fl_duration_fit *fit)
{
    const struct fl_family *family = &fit->family[fit->best];
    double total = 0, run = 0, from = 0;
    uint32_t classes = 0;
    for (uint32_t i = 0; i < dense->seen_count; i++) total += dense->seen[i];
    const double wanted = fmax(total / CLASSES, 5);
    fit->chi_square = 0;
    for (uint32_t i = 0; i < dense->seen_count; i++) {
        run += dense->seen[i];
        const bool last = i + 1 == dense->seen_count;
        if (run < wanted && !last) continue;
        const double to = last ? INFINITY : 0.5 * (dense->seen_at[i] + dense->seen_at[i + 1]);
        const double expected = expected_between(dense, family, from, last ? 1e300 : to);
        if (expected > 0) fit->chi_square += (run - expected) * (run - expected) / expected;
        classes++;
        run = 0;
        from = to;
    }
    fit->degrees = (double)classes - parameters_of(family->kind);
    fit->p = fit->degrees >= 1 ? fl_gamma_upper(fit->degrees / 2, fit->chi_square / 2) : NAN;
}

static double distance(const struct fl_durations *durations, const struct fl_family *family)
{
    double left = 1, at_risk = durations->seen_total + durations->cut_total, most = 0;
    for (uint32_t i = 0; i < FL_DURATION_BINS && at_risk > 0.5; i++) {
        if (durations->seen[i] > 0) {
            const double model = fl_family_survival(family->kind, family->a, family->b, durations->seen_sum[i] / durations->seen[i]);
            const double before = left;
            left *= fmax(0, 1 - durations->seen[i] / at_risk);
            most = fmax(most, fabs(0.5 * (left + before) - model)); /* the middle of the step, as a bin holds many */
        }
        at_risk -= durations->seen[i] + durations->cut[i];
    }
    return most;
}

void fl_durations_fit(const struct fl_durations *durations, struct fl_duration_fit *fit)
{
    *fit = (struct fl_duration_fit){ .p = NAN };
    for (uint32_t i = 0; i < FL_FAMILIES; i++) fit->family[i].kind = kinds[i];
    if (durations->seen_total < FL_DURATIONS_WANTED) return;
    struct dense dense;
    make_dense(durations, &dense);
    for (uint32_t i = 0; i < FL_FAMILIES; i++) fit_family(&dense, &fit->family[i]);
    fit->best = fl_family_choose(fit->family, durations->customary);
    fit->known = fit->best < FL_FAMILIES;
    if (!fit->known) {
        fit->best = 0;
        return;
    }
    fit->ks = distance(durations, &fit->family[fit->best]);
    if (durations->resolution > 0) return; /* classes would have to be whole roundings: only the distance is told */
    test_classes(&dense, fit);
}

struct fl_distribution fl_duration_fit_distribution(const struct fl_duration_fit *fit)
{
    const struct fl_family *family = &fit->family[fit->best];
    struct fl_distribution distribution = { .kind = family->kind, .a = family->a, .b = family->b };
    if (fl_distribution_prepare(&distribution) != FL_OK) distribution = (struct fl_distribution){ .kind = FL_CONSTANT, .a = family->a };
    return distribution;
}

static void tell_family(const struct fl_family *family, const char *path, uint64_t n, bool as_likely, struct fl_estimates *estimates)
{
    static const struct {
        const char *a, *b;
    } words[] = { [FL_EXPONENTIAL] = { "exponential", NULL },
                  [FL_LOGNORMAL] = { "lognormal.median", "lognormal.sigma" },
                  [FL_GAMMA] = { "gamma.mean", "gamma.cv" },
                  [FL_WEIBULL] = { "weibull.scale", "weibull.shape" } };
    char full[160];
    for (uint32_t i = 0; i < parameters_of(family->kind); i++) {
        snprintf(full, sizeof full, "%s.%s", path, i == 0 ? words[family->kind].a : words[family->kind].b);
        struct fl_estimate e = i == 0 ? fl_estimate_of(full, "s", family->a, family->a_low, family->a_high, n)
                                      : fl_estimate_of(full, "1", family->b, family->b_low, family->b_high, n);
        if (as_likely) {
            e.sure = false;
            e.why = "as_likely";
        }
        fl_estimates_add(estimates, &e);
    }
}

void fl_duration_fit_tell(const struct fl_duration_fit *fit, const struct fl_durations *durations, const char *path, struct fl_estimates *estimates)
{
    const uint64_t n = (uint64_t)(durations->seen_total + 0.5);
    double least = INFINITY;
    if (!fit->known) {
        const struct fl_estimate none = fl_estimate_unknown(path, "s", "few_durations", durations->seen_total, FL_DURATIONS_WANTED);
        fl_estimates_add(estimates, &none);
        return;
    }
    tell_family(&fit->family[fit->best], path, n, false, estimates);
    for (uint32_t i = 0; i < FL_FAMILIES; i++)
        if (fit->family[i].fitted) least = fmin(least, fit->family[i].aic);
    for (uint32_t i = 0; i < FL_FAMILIES; i++)
        if (i != fit->best && fit->family[i].fitted && fit->family[i].aic < least + FL_AIC_AS_LIKELY) tell_family(&fit->family[i], path, n, true, estimates);
    struct fl_goodness goodness = { .value = fit->chi_square, .low = NAN, .high = NAN, .p = fit->p, .n = n, .good = !(fit->p < 0.01) };
    if (isnan(fit->p)) {
        goodness.value = fit->ks;
        goodness.high = 0.05;
        goodness.good = fit->ks <= 0.05;
    }
    snprintf(goodness.name, sizeof goodness.name, "%s %s", path, isnan(fit->p) ? "distance" : "chi_square");
    fl_goodness_add(estimates, &goodness);
}
