#include "fit/counts_of.h"

#include "core/real.h"
#include "core/special.h"
#include "fit/maximum.h"

#include <math.h>
#include <stdio.h>

void fl_trials_add(struct fl_trials *trials, uint32_t at, double stopped, double weight)
{
    const uint32_t j = at < FL_TRIALS ? at : FL_TRIALS - 1;
    trials->came[j] += weight;
    trials->stopped[j] += stopped * weight;
}

double fl_count_stops(const struct fl_distribution *distribution, uint32_t j)
{
    if (distribution->kind == FL_GEOMETRIC) return 1 / distribution->a;
    const double from = j <= 1 ? 1 : fl_distribution_survival(distribution, (double)j - 1), beyond = fl_distribution_survival(distribution, (double)j);
    return from > 1e-300 ? 1 - beyond / from : 1;
}

struct trial {
    const struct fl_trials *trials;
    enum fl_distribution_kind kind;
    uint32_t last; /* that anybody came to */
};

static double log_of_trials(const struct fl_trials *trials, uint32_t last, const struct fl_distribution *distribution)
{
    double sum = 0;
    for (uint32_t j = 1; j <= last; j++) {
        if (!(trials->came[j] > 0)) continue;
        const double stops = fmin(fmax(fl_count_stops(distribution, j), 1e-12), 1 - 1e-12);
        sum += trials->stopped[j] * fl_log(stops) + (trials->came[j] - trials->stopped[j]) * fl_log1p(-stops);
    }
    return sum;
}

static bool distribution_of(enum fl_distribution_kind kind, const double theta[], struct fl_distribution *distribution)
{
    *distribution = (struct fl_distribution){ .kind = kind, .a = fl_exp(theta[0]) };
    if (kind == FL_GEOMETRIC) distribution->a = 1 + fl_exp(theta[0]);
    if (kind == FL_NEGATIVE_BINOMIAL) distribution->b = sqrt(1 / distribution->a + fl_exp(theta[1])); /* cv^2 > 1 / mean */
    return fl_distribution_prepare(distribution) == FL_OK;
}

static double likelihood(const void *context, const double theta[])
{
    const struct trial *trial = context;
    struct fl_distribution distribution;
    if (fabs(theta[0]) > 12 || (trial->kind == FL_NEGATIVE_BINOMIAL && fabs(theta[1]) > 8)) return NAN;
    if (!distribution_of(trial->kind, theta, &distribution)) return NAN;
    return log_of_trials(trial->trials, trial->last, &distribution);
}

static void set_geometric(double came, double stopped, struct fl_count_fit *fit)
{
    const double p = stopped / came, z = FL_FIT_Z;
    const double se = z * sqrt((1 - p) / stopped); /* of ln p: sqrt((1 - p) / (n p)) */
    fit->best = (struct fl_distribution){ .kind = FL_GEOMETRIC, .a = 1 / p };
    fit->a_low = fmax(1, 1 / p * fl_exp(-se));
    fit->a_high = 1 / p * fl_exp(se);
}

static bool fit_kind(struct trial *trial, double mean, struct fl_count_fit *fit, double *value)
{
    const double start[2] = { fl_log(fmax(mean, 0.05)), fl_log(0.3) };
    const uint32_t n = trial->kind == FL_NEGATIVE_BINOMIAL ? 2 : 1;
    const double z = FL_FIT_Z;
    struct fl_maximum maximum;
    if (fl_maximise(n, start, likelihood, trial, &maximum) != FL_OK || !maximum.peaked) return false;
    if (!distribution_of(trial->kind, maximum.theta, &fit->best)) return false;
    const double sa = z * sqrt(maximum.covariance[0][0]);
    fit->a_low = fit->best.a * fl_exp(-sa);
    fit->a_high = fit->best.a * fl_exp(sa);
    if (n == 2) { /* cv = sqrt(1/m + e^t): its error by the derivatives in both */
        const double extra = fl_exp(maximum.theta[1]), by_m = -1 / fit->best.a / (2 * fit->best.b), by_t = extra / (2 * fit->best.b);
        const double variance = by_m * by_m * maximum.covariance[0][0] + 2 * by_m * by_t * maximum.covariance[0][1] +
                                by_t * by_t * maximum.covariance[1][1];
        fit->b_low = fmax(0, fit->best.b - z * sqrt(variance));
        fit->b_high = fit->best.b + z * sqrt(variance);
    }
    *value = maximum.value;
    return true;
}

static void test(const struct fl_trials *trials, uint32_t last, struct fl_count_fit *fit)
{
    double came = 0, stopped = 0, expected = 0, spread = 0;
    uint32_t classes = 0;
    for (uint32_t j = 1; j <= last; j++) {
        const double stops = fl_count_stops(&fit->best, j);
        came += trials->came[j];
        stopped += trials->stopped[j];
        expected += trials->came[j] * stops;
        spread += trials->came[j] * stops * (1 - stops);
        if (expected < 10 || came - expected < 10 || !(spread > 0)) continue;
        fit->chi_square += (stopped - expected) * (stopped - expected) / spread;
        classes++;
        came = stopped = expected = spread = 0;
    }
    fit->degrees = (double)classes - (fit->best.kind == FL_NEGATIVE_BINOMIAL ? 2 : 1);
    fit->p = fit->degrees >= 1 ? fl_gamma_upper(fit->degrees / 2, fit->chi_square / 2) : NAN;
}

void fl_trials_fit(const struct fl_trials *trials, struct fl_count_fit *fit)
{
    double came = 0, stopped = 0;
    uint32_t last = 0, only = 0, places = 0;
    *fit = (struct fl_count_fit){ .p = NAN, .geometric = NAN };
    for (uint32_t j = 1; j < FL_TRIALS; j++) {
        if (trials->came[j] > 0) last = j;
        came += trials->came[j];
        stopped += trials->stopped[j];
        if (trials->stopped[j] > 0.5) {
            only = j;
            places++;
        }
    }
    fit->stops = stopped;
    if (stopped < FL_STOPS_WANTED) return;
    fit->known = true;
    if (places == 1 && only == last && trials->came[only] - trials->stopped[only] < 0.5) { /* all alike */
        fit->best = (struct fl_distribution){ .kind = FL_CONSTANT, .a = only };
        fit->a_low = fit->a_high = only;
        return;
    }
    set_geometric(came, stopped, fit);
    struct trial trial = { trials, FL_POISSON, last };
    const double mean = fit->best.a, geometric = log_of_trials(trials, last, &fit->best);
    const struct fl_count_fit plain = *fit;
    struct fl_count_fit other = *fit;
    double best = geometric, value;
    if (fit_kind(&trial, mean, &other, &value) && value > best) {
        *fit = other;
        best = value;
    }
    trial.kind = FL_NEGATIVE_BINOMIAL;
    other = *fit;
    if (fit_kind(&trial, mean, &other, &value) && value > best + 2.3 + 1) {
        *fit = other;
        best = value - 1; /* as AIC counts its second parameter */
    }
    if (fit->best.kind != FL_GEOMETRIC) fit->as_likely = best - geometric < 3;
    fit->geometric = plain.best.a;
    fit->geometric_low = plain.a_low;
    fit->geometric_high = plain.a_high;
    if (fl_distribution_prepare(&fit->best) != FL_OK) fit->known = false;
    test(trials, last, fit);
}

void fl_count_fit_tell(const struct fl_count_fit *fit, const char *path, struct fl_estimates *estimates)
{
    char full[160];
    if (!fit->known) {
        const struct fl_estimate none = fl_estimate_unknown(path, "1", "few_counts", fit->stops, FL_STOPS_WANTED);
        fl_estimates_add(estimates, &none);
        return;
    }
    const bool two = fit->best.kind == FL_NEGATIVE_BINOMIAL;
    const char *const word = two ? "negative_binomial.mean" : fit->best.kind == FL_POISSON ? "poisson" : fit->best.kind == FL_CONSTANT ? "constant" : "geometric";
    snprintf(full, sizeof full, "%s.%s", path, word);
    const struct fl_estimate a = fl_estimate_of(full, "1", fit->best.a, fit->a_low, fit->a_high, (uint64_t)(fit->stops + 0.5));
    fl_estimates_add(estimates, &a);
    if (two) {
        snprintf(full, sizeof full, "%s.negative_binomial.cv", path);
        const struct fl_estimate b = fl_estimate_of(full, "1", fit->best.b, fit->b_low, fit->b_high, (uint64_t)(fit->stops + 0.5));
        fl_estimates_add(estimates, &b);
    }
    if (fit->as_likely) {
        snprintf(full, sizeof full, "%s.geometric", path);
        struct fl_estimate other = fl_estimate_of(full, "1", fit->geometric, fit->geometric_low, fit->geometric_high, (uint64_t)(fit->stops + 0.5));
        other.sure = false;
        other.why = "as_likely";
        fl_estimates_add(estimates, &other);
    }
    if (isnan(fit->p)) return;
    struct fl_goodness goodness = { .value = fit->chi_square, .low = NAN, .high = NAN, .p = fit->p, .n = (uint64_t)(fit->stops + 0.5), .good = fit->p >= 0.01 };
    snprintf(goodness.name, sizeof goodness.name, "%s chi_square", path);
    fl_goodness_add(estimates, &goodness);
}
