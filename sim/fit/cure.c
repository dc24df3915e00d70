#include "fit/cure.h"

#include "core/real.h"
#include "fit/maximum.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct cure {
    const struct fl_durations *durations;
    enum fl_distribution_kind kind;
};

static double logistic(double x)
{
    return 1 / (1 + fl_exp(-x));
}

static double likelihood(const void *context, const double theta[])
{
    const struct cure *cure = context;
    const struct fl_durations *d = cure->durations;
    const bool two = cure->kind != FL_EXPONENTIAL;
    if (fabs(theta[0]) > 15 || fabs(theta[1]) > 30 || (two && fabs(theta[2]) > 3.5)) return NAN;
    const double p = logistic(theta[0]), a = fl_exp(theta[1]), b = two ? fl_exp(theta[2]) : 0;
    struct fl_distribution distribution = { .kind = cure->kind, .a = a, .b = b };
    if (fl_distribution_prepare(&distribution) != FL_OK) return NAN;
    double sum = d->seen_total * fl_log(p);
    for (uint32_t i = 0; i < FL_DURATION_BINS; i++) {
        if (d->seen[i] > 0) {
            const double x = d->seen_sum[i] / d->seen[i];
            sum += d->seen[i] * (d->resolution > 0 ? fl_family_rounded_log(&distribution, x, d->resolution)
                                                   : fl_family_log_density(cure->kind, a, b, fmax(x, 1e-3)));
        }
        if (d->cut[i] > 0) {
            const double x = d->cut_sum[i] / d->cut[i];
            sum += d->cut[i] * fl_log(fmax((1 - p) + p * fl_family_survival(cure->kind, a, b, x), 1e-300));
        }
    }
    return sum;
}

static double start_share(const struct fl_durations *d)
{
    const double seen = d->seen_total / (d->seen_total + d->cut_total);
    return fl_log(fmin(fmax(seen, 0.01), 0.99) / (1 - fmin(fmax(seen, 0.01), 0.99)));
}

static void fit_family(const struct fl_durations *durations, const struct fl_family *start, struct fl_family *family, struct fl_cure_fit *fit)
{
    struct cure cure = { durations, family->kind };
    const bool two = family->kind != FL_EXPONENTIAL;
    const double from[3] = { start_share(durations), fl_log(start->a), two ? fl_log(start->b) : 0 };
    struct fl_maximum maximum;
    family->fitted = false;
    if (!start->fitted || fl_maximise(two ? 3 : 2, from, likelihood, &cure, &maximum) != FL_OK || !maximum.peaked) return;
    const double z = FL_FIT_Z;
    double s[3] = { 0 };
    for (uint32_t i = 0; i < (two ? 3u : 2u); i++) s[i] = z * sqrt(maximum.covariance[i][i]);
    *family = (struct fl_family){ .kind = family->kind, .fitted = true, .log_likelihood = maximum.value, .aic = (two ? 6 : 4) - 2 * maximum.value,
                                  .a = fl_exp(maximum.theta[1]), .a_low = fl_exp(maximum.theta[1] - s[1]), .a_high = fl_exp(maximum.theta[1] + s[1]) };
    if (two) {
        family->b = fl_exp(maximum.theta[2]);
        family->b_low = fl_exp(maximum.theta[2] - s[2]);
        family->b_high = fl_exp(maximum.theta[2] + s[2]);
    }
    fit->share = logistic(maximum.theta[0]);
    fit->share_low = logistic(maximum.theta[0] - s[0]);
    fit->share_high = logistic(maximum.theta[0] + s[0]);
}

/* The goodness of the durations themselves, those who never do it left out: each of the cut counts by the chance that it is still to come. */
static void look_again(const struct fl_durations *durations, struct fl_cure_fit *fit)
{
    struct fl_durations *weighted = calloc(1, sizeof *weighted);
    if (weighted == NULL) return;
    memcpy(weighted->seen, durations->seen, sizeof weighted->seen);
    memcpy(weighted->seen_sum, durations->seen_sum, sizeof weighted->seen_sum);
    weighted->seen_total = durations->seen_total;
    weighted->resolution = durations->resolution;
    weighted->customary = durations->customary;
    for (uint32_t i = 0; i < FL_DURATION_BINS; i++) {
        if (!(durations->cut[i] > 0)) continue;
        const double x = durations->cut_sum[i] / durations->cut[i];
        fl_durations_add(weighted, x, true, durations->cut[i] * fl_cure_pending(fit, fit->share, x));
    }
    struct fl_duration_fit plain;
    fl_durations_fit(weighted, &plain);
    if (plain.known && plain.family[plain.best].kind == fit->after.family[fit->after.best].kind) {
        fit->after.chi_square = plain.chi_square;
        fit->after.degrees = plain.degrees;
        fit->after.p = plain.p;
        fit->after.ks = plain.ks;
    }
    free(weighted);
}

void fl_cure_fit(const struct fl_durations *durations, struct fl_cure_fit *fit)
{
    *fit = (struct fl_cure_fit){ .after = { .p = NAN } };
    for (uint32_t i = 0; i < FL_FAMILIES; i++) fit->after.family[i].kind = (enum fl_distribution_kind[]){ FL_EXPONENTIAL, FL_WEIBULL, FL_GAMMA, FL_LOGNORMAL }[i];
    if (durations->seen_total < FL_DURATIONS_WANTED) return;
    struct fl_durations *seen = malloc(sizeof *seen); /* those it happened to give the start */
    if (seen == NULL) return;
    memcpy(seen, durations, sizeof *seen);
    memset(seen->cut, 0, sizeof seen->cut);
    memset(seen->cut_sum, 0, sizeof seen->cut_sum);
    seen->cut_total = 0;
    struct fl_duration_fit start;
    fl_durations_fit(seen, &start);
    free(seen);
    struct fl_cure_fit of_family[FL_FAMILIES] = { 0 };
    for (uint32_t i = 0; i < FL_FAMILIES; i++) fit_family(durations, &start.family[i], &fit->after.family[i], &of_family[i]);
    const uint32_t best = fl_family_choose(fit->after.family, durations->customary);
    if (best == FL_FAMILIES) return;
    fit->share = of_family[best].share;
    fit->share_low = of_family[best].share_low;
    fit->share_high = of_family[best].share_high;
    fit->after.best = best;
    fit->after.known = fit->known = true;
    look_again(durations, fit);
}

double fl_cure_pending(const struct fl_cure_fit *fit, double share, double x)
{
    const struct fl_family *family = &fit->after.family[fit->after.best];
    const double still = share * fl_family_survival(family->kind, family->a, family->b, x);
    return still > 0 ? still / (1 - share + still) : 0;
}
