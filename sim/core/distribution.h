/* The distributions of a scenario: durations in seconds, counts in whole numbers.
 *
 * A sample is a function of 64 random bits (and of the bits derived from them when a method rejects),
 * so it is as addressed as its bits. No result depends on the C library. */
#ifndef FL_CORE_DISTRIBUTION_H
#define FL_CORE_DISTRIBUTION_H

#include "core/status.h"
#include "core/time.h"

enum fl_distribution_kind {
    FL_CONSTANT,          /* a: value */
    FL_UNIFORM,           /* a: from, b: to */
    FL_EXPONENTIAL,       /* a: mean */
    FL_LOGNORMAL,         /* a: median, b: sigma of the logarithm */
    FL_GAMMA,             /* a: mean, b: coefficient of variation */
    FL_WEIBULL,           /* a: scale, b: shape */
    FL_EMPIRICAL,         /* values[values_count], each as likely */
    FL_MIXTURE,           /* parts[parts_count], with weights[parts_count] that sum to 1 */
    FL_GEOMETRIC,         /* a: mean >= 1; values from 1 */
    FL_POISSON,           /* a: mean */
    FL_NEGATIVE_BINOMIAL, /* a: mean, b: coefficient of variation; cv^2 > 1/mean */
};

/* Plain data; values and parts are borrowed and live as long as the scenario. */
struct fl_distribution {
    enum fl_distribution_kind kind;
    uint32_t count; /* of values, or of parts */
    double a, b;
    double derived; /* set by fl_distribution_prepare: 1/shape, ln(1 - 1/mean), ... */
    const double *values; /* EMPIRICAL: values; MIXTURE: weights */
    const struct fl_distribution *parts;
};

/* Checks the parameters' ranges and sets `derived`; must be called once before sampling, and for the
 * parts of a mixture as well. FL_ERANGE when they cannot be sampled: values from 0 to 1e18, sigma to 10,
 * shape of Weibull 0.05 to 1000, coefficient of variation of gamma 1e-4 to 20, means of counts to 1e7. */
FL_MUST_CHECK enum fl_status fl_distribution_prepare(struct fl_distribution *distribution);

/* One layer of a ziggurat: the density is covered by 256 layers of equal area, so that about 99 draws in
 * 100 cost one comparison and one product. Marsaglia and Tsang, "The Ziggurat Method for Generating
 * Random Variables", Journal of Statistical Software 5(8), 2000. */
#define FL_ZIGGURAT_LAYERS 256
struct fl_ziggurat_layer {
    uint64_t inside; /* places below this are surely under the curve */
    double width;    /* of one place */
};
extern const struct fl_ziggurat_layer fl_exponential_layers[FL_ZIGGURAT_LAYERS];

/* The draws near the edge of a layer; the whole function, only slower. */
double fl_exponential_edge(uint64_t bits);

/* Standard exponential (mean 1). The low 8 bits choose the layer and the other 56 the place in it, so
 * layer and place are independent; a rejected place draws again by fl_draw_again. */
static inline double fl_exponential(uint64_t bits)
{
    const struct fl_ziggurat_layer *const layer = &fl_exponential_layers[bits & (FL_ZIGGURAT_LAYERS - 1)];
    const uint64_t place = bits >> 8;
    if (__builtin_expect(place < layer->inside, 1)) return (double)(int64_t)place * layer->width;
    return fl_exponential_edge(bits);
}

/* Standard normal, by a ziggurat as well. */
double fl_normal(uint64_t bits);

/* The kinds that fl_distribution_value does not inline. */
double fl_distribution_value_other(const struct fl_distribution *distribution, uint64_t bits);

/* A value >= 0, in the distribution's own unit (seconds, or a count). */
static inline double fl_distribution_value(const struct fl_distribution *distribution, uint64_t bits)
{
    if (distribution->kind == FL_EXPONENTIAL) return distribution->a * fl_exponential(bits);
    if (distribution->kind == FL_CONSTANT) return distribution->a;
    return fl_distribution_value_other(distribution, bits);
}

/* A duration; values are seconds, rounded to the nanosecond and cut at FL_TIME_LONGEST. */
static inline fl_time fl_distribution_time(const struct fl_distribution *distribution, uint64_t bits)
{
    return fl_time_from_s(fl_distribution_value(distribution, bits));
}

/* A count from 0 to 2^24, rounded to the nearest whole number. */
uint32_t fl_distribution_count(const struct fl_distribution *distribution, uint64_t bits);

/* Mean and variance, exact. +infinity never occurs: every kind here has both. */
double fl_distribution_mean(const struct fl_distribution *distribution);
double fl_distribution_variance(const struct fl_distribution *distribution);

/* P(X > x), by the closed form or, for gamma, an incomplete gamma function; 1 for x < 0. */
double fl_distribution_survival(const struct fl_distribution *distribution, double x);

/* E[min(X, x)], the integral of the survival up to x >= 0; the mean when x is infinite. Closed forms; of a count O(x). */
double fl_distribution_limited_mean(const struct fl_distribution *distribution, double x);

#endif
