#include "core/distribution.h"

#include "core/draw.h"
#include "core/real.h"
#include "core/special.h"
#include "core/tables.h"

#include <math.h>
#include <stdbool.h>

/* Attempts of fl_draw_again. The bits of one value branch like a tree, and no two branches of a node
 * share a number, or what ought to be independent would not be. Part of every result: never renumber. */
enum attempt {
    AGAIN_HEIGHT = 1, /* height of a place in a ziggurat, and what follows its tail */
    AGAIN_START,      /* the whole method, after a rejection */
    AGAIN_TAIL_PLACE, /* of the normal */
    AGAIN_TAIL_HEIGHT,
    AGAIN_TAIL_START,
    AGAIN_GAMMA_HEIGHT,
    AGAIN_GAMMA_START,
    AGAIN_GAMMA_BOOST,
    AGAIN_MIXTURE_PART,
    AGAIN_COMPOUND, /* the count given its rate */
    AGAIN_POISSON_HEIGHT,
    AGAIN_POISSON_START,
};

/* Ranges. Within them every mean and variance is finite and every method below is accurate. */
static const double value_most = 1e18;
static const double sigma_most = 10;
static const double shape_least = 0.05, shape_most = 1000;   /* Weibull */
static const double variation_least = 1e-4, variation_most = 20; /* so a gamma's shape is 0.0025 to 1e8 */
static const double count_mean_most = 1e7;
static const uint32_t count_most = UINT32_C(1) << 24;

double fl_exponential_edge(uint64_t bits)
{
    double behind = 0; /* an exponential is one again beyond any point */
    for (;;) {
        const unsigned i = bits & (FL_ZIGGURAT_LAYERS - 1);
        const struct fl_ziggurat_layer layer = fl_exponential_layers[i];
        const uint64_t place = bits >> 8;
        const double x = (double)place * layer.width;
        if (place < layer.inside) return behind + x;
        const uint64_t more = fl_draw_again(bits, AGAIN_HEIGHT);
        if (i == 0) {
            behind += fl_exponential_tail;
            bits = more;
            continue;
        }
        const double below = fl_exponential_densities[i], above = fl_exponential_densities[i - 1];
        if (below + fl_uniform(more) * (above - below) < fl_exp(-x)) return behind + x;
        bits = fl_draw_again(bits, AGAIN_START);
    }
}

/* Marsaglia, "Generating a variable from the tail of the normal distribution", Technometrics 6, 1964. */
static double normal_tail(uint64_t bits)
{
    for (;;) {
        const double beyond = fl_exponential(fl_draw_again(bits, AGAIN_TAIL_PLACE)) / fl_normal_tail;
        const double height = fl_exponential(fl_draw_again(bits, AGAIN_TAIL_HEIGHT));
        if (2 * height > beyond * beyond) return fl_normal_tail + beyond;
        bits = fl_draw_again(bits, AGAIN_TAIL_START);
    }
}

/* 8 bits for the layer, one for the sign, 55 for the place. */
double fl_normal(uint64_t bits)
{
    for (;;) {
        const unsigned i = bits & (FL_ZIGGURAT_LAYERS - 1);
        const struct fl_ziggurat_layer layer = fl_normal_layers[i];
        const double sign = bits >> 8 & 1 ? -1 : 1;
        const uint64_t place = bits >> 9;
        const double x = (double)(int64_t)place * layer.width;
        if (place < layer.inside) return sign * x;
        if (i == 0) return sign * normal_tail(bits);
        const double below = fl_normal_densities[i], above = fl_normal_densities[i - 1];
        const double height = fl_uniform(fl_draw_again(bits, AGAIN_HEIGHT));
        if (below + height * (above - below) < fl_exp(-0.5 * x * x)) return sign * x;
        bits = fl_draw_again(bits, AGAIN_START);
    }
}

/* Gamma of scale 1. Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS
 * 26(3), 2000; below shape 1, a gamma of shape + 1 times U^(1/shape), their section 6. */
static double gamma_value(double shape, uint64_t bits)
{
    const double boost = shape < 1 ? fl_exp(-fl_exponential(fl_draw_again(bits, AGAIN_GAMMA_BOOST)) / shape) : 1;
    const double d = (shape < 1 ? shape + 1 : shape) - 1. / 3;
    const double c = 1 / sqrt(9 * d);
    for (;;) {
        const double x = fl_normal(bits);
        const double root = 1 + c * x;
        const double v = root * root * root;
        if (v > 0) {
            const double height = fl_uniform_open(fl_draw_again(bits, AGAIN_GAMMA_HEIGHT));
            const double x2 = x * x;
            if (height < 1 - 0.0331 * x2 * x2) return boost * d * v;
            if (fl_log(height) < 0.5 * x2 + d * (1 - v + fl_log(v))) return boost * d * v;
        }
        bits = fl_draw_again(bits, AGAIN_GAMMA_START);
    }
}

/* By inversion, term by term; for means below 10. */
static double poisson_small(double mean, uint64_t bits)
{
    double left = fl_uniform(bits), term = fl_exp(-mean);
    uint32_t k = 0;
    while (left >= term && k < 100) { /* P(X >= 100) < 1e-60; rounding could leave a rest forever */
        left -= term;
        k++;
        term *= mean / k;
    }
    return k;
}

/* PTRS: Hörmann, "The transformed rejection method for generating Poisson random variables", Insurance:
 * Mathematics and Economics 12, 1993; the constants are the paper's. For means of 10 and more. */
static double poisson_large(double mean, uint64_t bits)
{
    const double b = 0.931 + 2.53 * sqrt(mean), a = -0.059 + 0.02483 * b;
    const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    const double surely = 0.9277 - 3.6224 / (b - 2);
    for (;; bits = fl_draw_again(bits, AGAIN_POISSON_START)) {
        const double u = fl_uniform_open(bits) - 0.5;
        const double v = fl_uniform_open(fl_draw_again(bits, AGAIN_POISSON_HEIGHT));
        const double margin = 0.5 - fabs(u);
        const double k = floor((2 * a / margin + b) * u + mean + 0.43);
        if (margin >= 0.07 && v <= surely) return k;
        if (k < 0 || (margin < 0.013 && v > margin)) continue;
        if (fl_log(v * inverse_alpha / (a / (margin * margin) + b)) <= fl_poisson_log_mass(k, mean)) return k;
    }
}

static double poisson_value(double mean, uint64_t bits)
{
    return mean < 10 ? poisson_small(mean, bits) : poisson_large(mean, bits);
}

static double weibull_value(const struct fl_distribution *d, uint64_t bits)
{
    const double e = fl_exponential(bits);
    if (d->b == 1) return d->a * e;
    if (d->b == 2) return d->a * sqrt(e);
    return d->a * fl_pow(e, d->derived);
}

static double mixture_value(const struct fl_distribution *d, uint64_t bits)
{
    double left = fl_uniform(bits);
    uint32_t i = 0;
    while (i + 1 < d->count && left >= d->values[i]) left -= d->values[i++];
    return fl_distribution_value(&d->parts[i], fl_draw_again(bits, AGAIN_MIXTURE_PART));
}

double fl_distribution_value_other(const struct fl_distribution *d, uint64_t bits)
{
    switch (d->kind) {
    case FL_CONSTANT: return d->a;
    case FL_UNIFORM: return d->a + (d->b - d->a) * fl_uniform(bits);
    case FL_EXPONENTIAL: return d->a * fl_exponential(bits);
    case FL_LOGNORMAL: return d->a * fl_exp(d->b * fl_normal(bits));
    case FL_GAMMA: return d->a / d->derived * gamma_value(d->derived, bits);
    case FL_WEIBULL: return weibull_value(d, bits);
    case FL_EMPIRICAL: return d->values[fl_uniform_below(bits, d->count)];
    case FL_MIXTURE: return mixture_value(d, bits);
    case FL_GEOMETRIC: return 1 + floor(fl_exponential(bits) * d->derived);
    case FL_POISSON: return poisson_value(d->a, bits);
    case FL_NEGATIVE_BINOMIAL:
        return poisson_value(d->a / d->derived * gamma_value(d->derived, bits), fl_draw_again(bits, AGAIN_COMPOUND));
    }
    FL_ASSERT(!"a known kind of distribution");
}

uint32_t fl_distribution_count(const struct fl_distribution *distribution, uint64_t bits)
{
    const double value = fl_distribution_value(distribution, bits);
    return value < count_most ? (uint32_t)(value + 0.5) : count_most;
}

static bool is_within(double x, double least, double most)
{
    return x >= least && x <= most; /* false for NaN */
}

static bool are_values_possible(const struct fl_distribution *d)
{
    for (uint32_t i = 0; i < d->count; i++)
        if (!is_within(d->values[i], 0, value_most)) return false;
    return d->count > 0;
}

static bool are_weights_possible(const struct fl_distribution *d)
{
    double sum = 0;
    for (uint32_t i = 0; i < d->count; i++) {
        if (!is_within(d->values[i], 0, 1)) return false;
        sum += d->values[i];
    }
    return d->count > 0 && fabs(sum - 1) < 1e-9;
}

static bool is_possible(const struct fl_distribution *d)
{
    switch (d->kind) {
    case FL_CONSTANT:
    case FL_EXPONENTIAL: return is_within(d->a, 0, value_most);
    case FL_UNIFORM: return is_within(d->a, 0, value_most) && is_within(d->b, d->a, value_most);
    case FL_LOGNORMAL: return is_within(d->a, 0, value_most) && is_within(d->b, 0, sigma_most);
    case FL_GAMMA: return is_within(d->a, 0, value_most) && is_within(d->b, variation_least, variation_most);
    case FL_WEIBULL: return is_within(d->a, 0, value_most) && is_within(d->b, shape_least, shape_most);
    case FL_EMPIRICAL: return are_values_possible(d);
    case FL_MIXTURE: return are_weights_possible(d);
    case FL_GEOMETRIC: return is_within(d->a, 1, count_mean_most);
    case FL_POISSON: return is_within(d->a, 0, count_mean_most);
    case FL_NEGATIVE_BINOMIAL:
        return is_within(d->a, 1e-9, count_mean_most) && is_within(d->b, 0, 1e6) &&
               is_within(d->b * d->b - 1 / d->a, 1e-8, variation_most * variation_most);
    }
    return false;
}

enum fl_status fl_distribution_prepare(struct fl_distribution *d)
{
    if (!is_possible(d)) return FL_ERANGE;
    switch (d->kind) {
    case FL_GAMMA: d->derived = 1 / (d->b * d->b); break;
    case FL_WEIBULL: d->derived = 1 / d->b; break;
    case FL_GEOMETRIC: d->derived = d->a > 1 ? -1 / fl_log1p(-1 / d->a) : 0; break;
    case FL_NEGATIVE_BINOMIAL: d->derived = 1 / (d->b * d->b - 1 / d->a); break;
    default: d->derived = 0; break;
    }
    return FL_OK;
}

static double empirical_mean(const struct fl_distribution *d)
{
    double sum = 0;
    for (uint32_t i = 0; i < d->count; i++) sum += d->values[i];
    return sum / d->count;
}

static double mixture_mean(const struct fl_distribution *d)
{
    double sum = 0;
    for (uint32_t i = 0; i < d->count; i++) sum += d->values[i] * fl_distribution_mean(&d->parts[i]);
    return sum;
}

double fl_distribution_mean(const struct fl_distribution *d)
{
    switch (d->kind) {
    case FL_CONSTANT:
    case FL_EXPONENTIAL:
    case FL_GAMMA:
    case FL_GEOMETRIC:
    case FL_POISSON:
    case FL_NEGATIVE_BINOMIAL: return d->a;
    case FL_UNIFORM: return 0.5 * (d->a + d->b);
    case FL_LOGNORMAL: return d->a * fl_exp(0.5 * d->b * d->b);
    case FL_WEIBULL: return d->a * fl_exp(fl_log_gamma(1 + d->derived));
    case FL_EMPIRICAL: return empirical_mean(d);
    case FL_MIXTURE: return mixture_mean(d);
    }
    FL_ASSERT(!"a known kind of distribution");
}

static double square(double x)
{
    return x * x;
}

static double empirical_variance(const struct fl_distribution *d)
{
    const double mean = empirical_mean(d);
    double sum = 0;
    for (uint32_t i = 0; i < d->count; i++) sum += square(d->values[i] - mean);
    return sum / d->count;
}

/* Variance within the parts and between their means. */
static double mixture_variance(const struct fl_distribution *d)
{
    const double mean = mixture_mean(d);
    double sum = 0;
    for (uint32_t i = 0; i < d->count; i++) {
        const struct fl_distribution *const part = &d->parts[i];
        sum += d->values[i] * (fl_distribution_variance(part) + square(fl_distribution_mean(part) - mean));
    }
    return sum;
}

/* With g = ln Gamma: a^2 (exp(g(1 + 2/b)) - exp(2 g(1 + 1/b))), without the cancellation. */
static double weibull_variance(const struct fl_distribution *d)
{
    const double twice = 2 * fl_log_gamma(1 + d->derived);
    return square(d->a) * fl_exp(twice) * fl_expm1(fl_log_gamma(1 + 2 * d->derived) - twice);
}

double fl_distribution_variance(const struct fl_distribution *d)
{
    switch (d->kind) {
    case FL_CONSTANT: return 0;
    case FL_UNIFORM: return square(d->b - d->a) / 12;
    case FL_EXPONENTIAL: return square(d->a);
    case FL_LOGNORMAL: return square(d->a) * fl_exp(square(d->b)) * fl_expm1(square(d->b));
    case FL_GAMMA:
    case FL_NEGATIVE_BINOMIAL: return square(d->a * d->b);
    case FL_WEIBULL: return weibull_variance(d);
    case FL_EMPIRICAL: return empirical_variance(d);
    case FL_MIXTURE: return mixture_variance(d);
    case FL_GEOMETRIC: return d->a * (d->a - 1);
    case FL_POISSON: return d->a;
    }
    FL_ASSERT(!"a known kind of distribution");
}

static double empirical_survival(const struct fl_distribution *d, double x)
{
    uint32_t above = 0;
    for (uint32_t i = 0; i < d->count; i++) above += d->values[i] > x;
    return (double)above / d->count;
}

static double mixture_survival(const struct fl_distribution *d, double x)
{
    double sum = 0;
    for (uint32_t i = 0; i < d->count; i++) sum += d->values[i] * fl_distribution_survival(&d->parts[i], x);
    return sum;
}

static double uniform_survival(const struct fl_distribution *d, double x)
{
    if (x < d->a) return 1;
    return x >= d->b ? 0 : (d->b - x) / (d->b - d->a);
}

static double lognormal_survival(const struct fl_distribution *d, double x)
{
    if (x == 0) return d->a > 0;
    if (d->b == 0 || d->a == 0) return d->a > x;
    return fl_normal_cdf(-fl_log(x / d->a) / d->b);
}

double fl_distribution_survival(const struct fl_distribution *d, double x)
{
    if (x < 0) return 1;
    switch (d->kind) {
    case FL_CONSTANT: return d->a > x;
    case FL_UNIFORM: return uniform_survival(d, x);
    case FL_EXPONENTIAL: return d->a > 0 ? fl_exp(-x / d->a) : 0;
    case FL_LOGNORMAL: return lognormal_survival(d, x);
    case FL_GAMMA: return d->a > 0 ? fl_gamma_upper(d->derived, x / d->a * d->derived) : 0;
    case FL_WEIBULL: return d->a > 0 ? fl_exp(-fl_pow(x / d->a, d->b)) : 0;
    case FL_EMPIRICAL: return empirical_survival(d, x);
    case FL_MIXTURE: return mixture_survival(d, x);
    case FL_GEOMETRIC: return x < 1 ? 1 : d->a > 1 ? fl_exp(-floor(x) / d->derived) : 0;
    case FL_POISSON: return d->a > 0 ? fl_gamma_lower(floor(x) + 1, d->a) : 0;
    case FL_NEGATIVE_BINOMIAL: return fl_beta_lower(floor(x) + 1, d->derived, d->a / (d->a + d->derived));
    }
    FL_ASSERT(!"a known kind of distribution");
}

/* ---- The mean of what lies below ---------------------------------------------------------------- */

static double empirical_limited_mean(const struct fl_distribution *d, double x)
{
    double sum = 0;
    for (uint32_t i = 0; i < d->count; i++) sum += d->values[i] < x ? d->values[i] : x;
    return sum / d->count;
}

static double mixture_limited_mean(const struct fl_distribution *d, double x)
{
    double sum = 0;
    for (uint32_t i = 0; i < d->count; i++) sum += d->values[i] * fl_distribution_limited_mean(&d->parts[i], x);
    return sum;
}

static double uniform_limited_mean(const struct fl_distribution *d, double x)
{
    if (x <= d->a) return x;
    return x >= d->b ? 0.5 * (d->a + d->b) : d->a + (x - d->a) * (1 - 0.5 * (x - d->a) / (d->b - d->a));
}

/* E[X; X <= x] of the three laws whose density times x is again of their kind. */
static double mean_below(const struct fl_distribution *d, double x)
{
    const double mean = fl_distribution_mean(d);
    if (d->kind == FL_LOGNORMAL) return mean * fl_normal_cdf(fl_log(x / d->a) / d->b - d->b);
    if (d->kind == FL_GAMMA) return mean * fl_gamma_lower(d->derived + 1, x / d->a * d->derived);
    return mean * fl_gamma_lower(1 + d->derived, fl_pow(x / d->a, d->b));
}

static double count_limited_mean(const struct fl_distribution *d, double x)
{
    double sum = 0, below = 0;
    for (; below + 1 <= x; below++) sum += fl_distribution_survival(d, below);
    return sum + (x - below) * fl_distribution_survival(d, below);
}

double fl_distribution_limited_mean(const struct fl_distribution *d, double x)
{
    if (!(x > 0)) return 0;
    if (isinf(x)) return fl_distribution_mean(d);
    switch (d->kind) {
    case FL_CONSTANT: return x < d->a ? x : d->a;
    case FL_UNIFORM: return uniform_limited_mean(d, x);
    case FL_EXPONENTIAL: return d->a > 0 ? -d->a * fl_expm1(-x / d->a) : 0;
    case FL_LOGNORMAL:
        if (d->b == 0 || d->a == 0) return x < d->a ? x : d->a;
        return x * lognormal_survival(d, x) + mean_below(d, x);
    case FL_GAMMA:
    case FL_WEIBULL: return d->a > 0 ? x * fl_distribution_survival(d, x) + mean_below(d, x) : 0;
    case FL_EMPIRICAL: return empirical_limited_mean(d, x);
    case FL_MIXTURE: return mixture_limited_mean(d, x);
    case FL_GEOMETRIC:
    case FL_POISSON:
    case FL_NEGATIVE_BINOMIAL: return count_limited_mean(d, x);
    }
    FL_ASSERT(!"a known kind of distribution");
}
