#include "measure/compare.h"

#include "core/real.h"
#include "core/special.h"

#include <math.h>
#include <string.h>

#define CONFIDENCE_TAIL 0.975

/* ---- Students ---------------------------------------------------------------------------------- */

/* How the error of a difference is distributed: Student's t, and where a few days bring most of the difference, t of fewer degrees that
 * leans to their side. The end there is moved out by (2 t^2 + 1) lean errors; lean is the skewness of the days over 6 sqrt(n) (N. J.
 * Johnson, JASA 73, 1978, 536-544; the other end stays, which is safe). */
struct law {
    double error, degrees, lean, far_degrees; /* lean > 0: up; far_degrees: on that side */
};

/* Interval and probability by that law. What differs by the same on every day has no error to measure it by: the chance is then that
 * of n signs, or of n labels, falling so (`exact`), and not that of an infinite t. */
static void judge(struct fl_difference *out, const struct law *law, double exact)
{
    const bool is_same = !(law->error > 1e-12 * fmax(fabs(out->a), fabs(out->b))); /* below is rounding */
    out->sure = true;
    out->low = out->high = out->value;
    out->p = out->value == 0 ? 1 : exact;
    if (is_same) return;
    const double t = fl_student_quantile(CONFIDENCE_TAIL, law->degrees), far_t = fl_student_quantile(CONFIDENCE_TAIL, law->far_degrees);
    const double far = (far_t + (2 * far_t * far_t + 1) * fabs(law->lean)) * law->error;
    out->low = out->value - (law->lean < 0 ? far : t * law->error);
    out->high = out->value + (law->lean > 0 ? far : t * law->error);
    const double to_zero = fmax(0, out->value > 0 ? -law->lean : law->lean); /* on the side of 0; there t + (2 t^2 + 1) lean is what was seen */
    const double seen = fmax(0, fabs(out->value) / law->error - to_zero);
    if (to_zero > 0) out->p = 2 * fl_student_cdf(-(sqrt(1 + 8 * to_zero * seen) - 1) / (4 * to_zero), law->far_degrees);
    else out->p = 2 * fl_student_cdf(-seen, law->degrees);
}

/* ln of n over k. */
static double log_choose(uint32_t n, uint32_t k)
{
    return fl_log_gamma(n + 1.) - fl_log_gamma(k + 1.) - fl_log_gamma(n - k + 1.);
}

/* What the days add to the error of a mean: of a sum of n parts around their mean. */
struct spread {
    double sum, squares, cubes, fourths;
    uint32_t n;
};

static void spread_add(struct spread *spread, double part)
{
    spread->sum += part;
    spread->squares += part * part;
    spread->cubes += part * part * part;
    spread->fourths += part * part * part * part;
    spread->n++;
}

/* Variance of the mean of the parts. */
static double spread_of_mean(const struct spread *spread)
{
    const double n = spread->n, mean = spread->sum / n;
    const double variance = (spread->squares - n * mean * mean) / (n - 1);
    return variance > 0 ? variance / n : 0;
}

/* How far t leans, for parts whose mean is 0. */
static double lean_of(const struct spread *parts)
{
    const double n = parts->n, deviation = sqrt(parts->squares / n);
    return deviation > 0 ? parts->cubes / n / (deviation * deviation * deviation) / (6 * sqrt(n)) : 0;
}

static void judge_paired(struct fl_difference *out, const struct spread *difference)
{
    if (difference->n < 2) return;
    const double signs = ldexp(1, 1 - (int)(difference->n < 1000 ? difference->n : 1000)); /* all alike, either way */
    const struct law law = { sqrt(spread_of_mean(difference)), difference->n - 1, lean_of(difference),
                             fl_degrees_of_days(difference->n, difference->squares, difference->fourths) };
    judge(out, &law, signs);
}

/* B. L. Welch, "The Generalization of Student's Problem...", Biometrika 34, 1947, 28-35; degrees by Satterthwaite. */
struct welch {
    double error, degrees;
    double labels; /* chance that all of one side are above all of the other, either way */
};

static struct welch welch_of(const struct spread *a, const struct spread *b)
{
    const double of_a = spread_of_mean(a), of_b = spread_of_mean(b), both = of_a + of_b;
    const double below = of_a * of_a / (a->n - 1) + of_b * of_b / (b->n - 1);
    return (struct welch){ sqrt(both), below > 0 ? both * both / below : 1, fmin(1, 2 * fl_exp(-log_choose(a->n + b->n, a->n))) };
}

/* How far t leans, for the difference b - a of two means of independent days. */
static double lean_apart(const struct spread *a, const struct spread *b)
{
    const double variance = a->squares / a->n / a->n + b->squares / b->n / b->n, error = sqrt(variance);
    const double cubes = b->cubes / b->n / b->n / b->n - a->cubes / a->n / a->n / a->n;
    return error > 0 ? cubes / (error * error * error) / 6 : 0;
}

static void judge_welch(struct fl_difference *out, const struct spread *a, const struct spread *b)
{
    if (a->n < 2 || b->n < 2) return;
    const struct welch welch = welch_of(a, b);
    const struct law law = { welch.error, welch.degrees, lean_apart(a, b), welch.degrees };
    judge(out, &law, welch.labels);
}

static struct fl_difference unknown(void)
{
    return (struct fl_difference){ .p = 1 };
}

/* An interval ends where the difference itself does: two shares differ by no more than 1. */
static void clip(struct fl_difference *difference, const struct fl_metric *metric)
{
    double least, most;
    fl_metric_range(metric, &least, &most);
    difference->low = fmax(difference->low, fmin(least - most, difference->value));
    difference->high = fmin(difference->high, fmax(most - least, difference->value));
}

/* ---- Ratios ------------------------------------------------------------------------------------ */

struct figure_of {
    const struct fl_metric *metric;
    const char *statistic;
    uint32_t group;
};

/* Money of a whole desk is an amount a day. */
static bool money_part(const struct fl_side *side, const struct figure_of *figure, uint32_t day, double *above, double *below)
{
    if (figure->group != FL_NONE || strcmp(figure->metric->unit, "CNY") != 0) return false;
    const struct fl_figure amount = fl_row_figure(side->scenario, side->rows[day], FL_NONE, figure->metric, figure->statistic);
    *above = amount.value;
    *below = 1;
    return amount.known;
}

static bool day_part(const struct fl_side *side, const struct figure_of *figure, uint32_t day, double *above, double *below)
{
    if (money_part(side, figure, day, above, below)) return true;
    return fl_row_ratio(side->scenario, side->rows[day], figure->group, figure->metric, figure->statistic, above, below);
}

struct ratio_of_side {
    double value, mean_below;
};

static bool sum_up(const struct fl_side *side, const struct figure_of *which, struct ratio_of_side *out)
{
    double above = 0, below = 0;
    for (uint32_t i = 0; i < side->rows_count; i++) {
        double day_above, day_below;
        if (!day_part(side, which, i, &day_above, &day_below)) return false;
        above += day_above;
        below += day_below;
    }
    if (!(below > 0)) return false;
    *out = (struct ratio_of_side){ above / below, below / side->rows_count };
    return true;
}

static double residual(const struct fl_side *side, const struct figure_of *which, const struct ratio_of_side *ratio, uint32_t day)
{
    double above = 0, below = 0;
    (void)day_part(side, which, day, &above, &below);
    return (above - ratio->value * below) / ratio->mean_below;
}

/* What the days of both sides have to do with the error of b - scale x a. */
struct parts {
    struct spread a, b, both; /* both: paired; else a and b */
    double value_a, value_b, samples_a, samples_b;
    bool known_a, known_b, sure;
};

static void gather_ratio(const struct fl_side *a, const struct figure_of *which_a, const struct fl_side *b, const struct figure_of *which_b,
                         bool paired, double scale, struct parts *out)
{
    struct ratio_of_side of_a = { 0 }, of_b = { 0 };
    out->known_a = sum_up(a, which_a, &of_a);
    out->known_b = sum_up(b, which_b, &of_b);
    out->value_a = of_a.value;
    out->value_b = of_b.value;
    out->samples_a = of_a.mean_below * a->rows_count;
    out->samples_b = of_b.mean_below * b->rows_count;
    if (!out->known_a || !out->known_b) return;
    out->sure = true;
    for (uint32_t i = 0; i < a->rows_count; i++) {
        const double in_a = scale * residual(a, which_a, &of_a, i);
        spread_add(&out->a, in_a);
        if (paired) spread_add(&out->both, residual(b, which_b, &of_b, i) - in_a);
    }
    for (uint32_t i = 0; i < b->rows_count && !paired; i++) spread_add(&out->b, residual(b, which_b, &of_b, i));
}

/* ---- Days met ---------------------------------------------------------------------------------- */

static bool is_met(const struct fl_side *side, uint32_t day)
{
    const uint32_t count = side->scenario->objectives_count;
    const uint64_t all = count >= 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
    return (side->rows[day]->met & all) == all;
}

/* Chance of `few` or fewer of n fair coins, either way. */
static double sign_test(uint32_t few, uint32_t n)
{
    double sum = 0;
    for (uint32_t k = 0; k <= few; k++) sum += fl_exp(log_choose(n, k) - n * fl_log(2));
    return fmin(1, 2 * sum);
}

/* Fisher's exact test, either way: x of n on one side, y of m on the other. Twice the smaller tail. */
static double fisher_test(uint32_t x, uint32_t n, uint32_t y, uint32_t m)
{
    const uint32_t both = x + y, least = both > m ? both - m : 0, most = both < n ? both : n;
    double below = 0, above = 0;
    for (uint32_t k = least; k <= most; k++) {
        const double mass = fl_exp(log_choose(n, k) + log_choose(m, both - k) - log_choose(n + m, both));
        if (k <= x) below += mass;
        if (k >= x) above += mass;
    }
    return fmin(1, 2 * fmin(below, above));
}

static void set_around(struct fl_difference *out, double middle, double variance)
{
    const double half = fl_normal_quantile(CONFIDENCE_TAIL) * sqrt(variance);
    out->low = fmax(-1, fmin(middle - half, out->value));
    out->high = fmin(1, fmax(middle + half, out->value));
    out->sure = true;
}

struct days_met {
    uint32_t days_a, days_b, met_a, met_b, only_a, only_b; /* only: paired, on that side and not on the other */
};

static struct days_met count_met(const struct fl_side *a, const struct fl_side *b, bool paired)
{
    struct days_met out = { .days_a = a->rows_count, .days_b = b->rows_count };
    for (uint32_t i = 0; i < a->rows_count; i++) out.met_a += is_met(a, i);
    for (uint32_t i = 0; i < b->rows_count; i++) out.met_b += is_met(b, i);
    for (uint32_t i = 0; i < a->rows_count && paired; i++) {
        out.only_a += is_met(a, i) && !is_met(b, i);
        out.only_b += is_met(b, i) && !is_met(a, i);
    }
    return out;
}

/* Where an interval of b - a has its middle, and the square of its error. */
static void spread_of_days(const struct days_met *met, double *middle, double *variance)
{
    const double wide = met->days_a + 2., a = (met->only_a + 1) / wide, b = (met->only_b + 1) / wide;
    *middle = b - a;
    *variance = (a + b - (b - a) * (b - a)) / wide;
}

static void spread_of_days_apart(const struct days_met *met, double *middle, double *variance)
{
    const double wide_a = met->days_a + 2., wide_b = met->days_b + 2., a = (met->met_a + 1) / wide_a, b = (met->met_b + 1) / wide_b;
    *middle = b - a;
    *variance = a * (1 - a) / wide_a + b * (1 - b) / wide_b;
}

/* Only days on which one side held and the other did not say anything. */
static void judge_paired_days(struct fl_difference *out, const struct days_met *met)
{
    double middle, variance;
    const uint32_t either = met->only_a + met->only_b;
    out->sure = true;
    if (either == 0) return; /* the same on every day */
    out->p = sign_test(met->only_a < met->only_b ? met->only_a : met->only_b, either);
    spread_of_days(met, &middle, &variance);
    set_around(out, middle, variance);
}

static void judge_days_apart(struct fl_difference *out, const struct days_met *met)
{
    double middle, variance;
    out->p = fisher_test(met->met_a, met->days_a, met->met_b, met->days_b);
    spread_of_days_apart(met, &middle, &variance);
    set_around(out, middle, variance);
}

struct fl_difference fl_compare_days_met(const struct fl_side *a, const struct fl_side *b, bool paired)
{
    if (a->scenario->objectives_count == 0 || b->scenario->objectives_count == 0 || a->rows_count == 0 || b->rows_count == 0) return unknown();
    const struct days_met met = count_met(a, b, paired);
    struct fl_difference out = { .a = (double)met.met_a / met.days_a, .b = (double)met.met_b / met.days_b, .p = 1, .known = true };
    out.value = out.b - out.a;
    if (met.days_a < 2 || met.days_b < 2) return out;
    if (paired) judge_paired_days(&out, &met);
    else judge_days_apart(&out, &met);
    return out;
}

/* ---- Percentiles ------------------------------------------------------------------------------- */

/* false: no values. */
static bool quantile_of(const struct fl_side *side, const struct figure_of *figure, struct fl_quantile *out, double *samples)
{
    struct fl_histogram head = { 0 };
    uint64_t buckets[FL_FINE_BUCKETS] = { 0 };
    for (uint32_t i = 0; i < side->rows_count; i++) fl_row_apply(side->rows[i], figure->group, figure->metric, 1, &head, buckets);
    *samples = (double)head.count;
    if (head.count == 0) return false;
    fl_quantile_find(side->rows, side->rows_count, figure->group, figure->metric, fl_percentile_share(figure->statistic), &head, buckets, out);
    return true;
}

static double part_of(const struct fl_side *side, const struct figure_of *figure, const struct fl_quantile *quantile, uint32_t day)
{
    return fl_quantile_part(quantile, side->rows[day], figure->group, figure->metric);
}

static void gather_percentile(const struct fl_side *a, const struct figure_of *which_a, const struct fl_side *b, const struct figure_of *which_b,
                              bool paired, double scale, struct parts *out)
{
    struct fl_quantile of_a = { 0 }, of_b = { 0 };
    out->known_a = quantile_of(a, which_a, &of_a, &out->samples_a);
    out->known_b = quantile_of(b, which_b, &of_b, &out->samples_b);
    out->value_a = of_a.value;
    out->value_b = of_b.value;
    out->sure = of_a.sure && of_b.sure;
    for (uint32_t i = 0; i < a->rows_count && out->sure; i++) {
        const double in_a = scale * part_of(a, which_a, &of_a, i);
        spread_add(&out->a, in_a);
        if (paired) spread_add(&out->both, part_of(b, which_b, &of_b, i) - in_a);
    }
    for (uint32_t i = 0; i < b->rows_count && out->sure && !paired; i++) spread_add(&out->b, part_of(b, which_b, &of_b, i));
}

static bool is_percentile(const struct fl_metric *metric, const char *statistic)
{
    return metric->kind == FL_METRIC_DISTRIBUTION && fl_percentile_share(statistic) > 0;
}

static struct parts gather(const struct fl_side *a, uint32_t group_a, const struct fl_side *b, uint32_t group_b, bool paired, double scale,
                           const struct fl_metric *metric, const char *statistic)
{
    const struct figure_of which_a = { metric, statistic, group_a }, which_b = { metric, statistic, group_b };
    struct parts parts = { 0 };
    (is_percentile(metric, statistic) ? gather_percentile : gather_ratio)(a, &which_a, b, &which_b, paired, scale, &parts);
    return parts;
}

struct fl_difference fl_compare(const struct fl_side *a, uint32_t group_a, const struct fl_side *b, uint32_t group_b, bool paired,
                                const struct fl_metric *metric, const char *statistic)
{
    const struct parts parts = gather(a, group_a, b, group_b, paired, 1, metric, statistic);
    if (!parts.known_a || !parts.known_b) return unknown();
    struct fl_difference out = { .a = parts.value_a, .b = parts.value_b, .value = parts.value_b - parts.value_a, .p = 1, .known = true };
    if (!parts.sure) return out;
    if (paired) judge_paired(&out, &parts.both);
    else judge_welch(&out, &parts.a, &parts.b);
    if (out.sure) clip(&out, metric);
    return out;
}

/* ---- Beyond a margin --------------------------------------------------------------------------- */

/* One-sided bounds of an excess with a t-distributed error. `alike` is the chance of as many signs, or labels, falling alike as there
 * are days: what differs by the same on every day has no error to measure it by. */
static void bound(struct fl_excess *out, double error, double degrees, double lean, double alike, double tail_low, double tail_high)
{
    out->low = out->high = out->value;
    out->sure = alike <= fmin(tail_low, tail_high);
    if (!(error > 1e-12 * fmax(fabs(out->a), fabs(out->b)))) return; /* below is rounding */
    const double low = -fl_student_quantile(tail_low, degrees), high = -fl_student_quantile(tail_high, degrees);
    out->low = out->value - (low + (2 * low * low + 1) * fmax(0, -lean)) * error;
    out->high = out->value + (high + (2 * high * high + 1) * fmax(0, lean)) * error;
    out->sure = true;
}

static void bound_days_met(struct fl_excess *out, const struct fl_side *a, const struct fl_side *b, bool paired, double tail_low, double tail_high)
{
    double middle, variance;
    struct days_met met = count_met(a, b, paired);
    if (paired) spread_of_days(&met, &middle, &variance);
    else spread_of_days_apart(&met, &middle, &variance);
    const double worse = -middle; /* fewer days met are worse */
    out->low = fmax(-1, fmin(worse + fl_normal_quantile(tail_low) * sqrt(variance), out->value + out->allowed)) - out->allowed;
    out->high = fmin(1, fmax(worse - fl_normal_quantile(tail_high) * sqrt(variance), out->value + out->allowed)) - out->allowed;
    out->sure = true;
}

static struct fl_excess excess_of_days_met(const struct fl_side *a, const struct fl_side *b, bool paired, const struct fl_margin *margin,
                                           double tail_low, double tail_high)
{
    struct fl_excess out = { .allowed = margin->absolute, .samples_a = a->rows_count, .samples_b = b->rows_count };
    out.known_a = a->scenario->objectives_count > 0 && a->rows_count > 0;
    out.known_b = b->scenario->objectives_count > 0 && b->rows_count > 0;
    if (!out.known_a || !out.known_b) return out;
    const struct days_met met = count_met(a, b, paired);
    out.a = (double)met.met_a / met.days_a;
    out.b = (double)met.met_b / met.days_b;
    out.value = out.a - out.b - out.allowed;
    if (met.days_a >= 2 && met.days_b >= 2) bound_days_met(&out, a, b, paired, tail_low, tail_high);
    return out;
}

struct fl_excess fl_compare_excess(const struct fl_side *a, uint32_t group_a, const struct fl_side *b, uint32_t group_b, bool paired,
                                   const struct fl_metric *metric, const char *statistic, const struct fl_margin *margin, double tail_low,
                                   double tail_high)
{
    if (metric == NULL) return excess_of_days_met(a, b, paired, margin, tail_low, tail_high);
    const double sign = margin->more_is_worse ? 1 : -1, scale = 1 + sign * margin->relative;
    const struct parts parts = gather(a, group_a, b, group_b, paired, scale, metric, statistic);
    struct fl_excess out = { .a = parts.value_a, .b = parts.value_b, .samples_a = parts.samples_a, .samples_b = parts.samples_b,
                             .known_a = parts.known_a, .known_b = parts.known_b };
    if (!out.known_a || !out.known_b) return out;
    out.allowed = margin->relative * fabs(out.a) + margin->absolute;
    out.value = sign * (out.b - scale * out.a) - margin->absolute;
    if (!parts.sure) return out;
    if (paired && parts.both.n >= 2) {
        const double n = parts.both.n;
        bound(&out, sqrt(spread_of_mean(&parts.both)), n - 1, sign * lean_of(&parts.both), ldexp(1, -(int)fmin(n, 1000)), tail_low, tail_high);
    } else if (!paired && parts.a.n >= 2 && parts.b.n >= 2) {
        const struct welch welch = welch_of(&parts.a, &parts.b);
        bound(&out, welch.error, welch.degrees, sign * lean_apart(&parts.a, &parts.b), welch.labels / 2, tail_low, tail_high);
    }
    return out;
}

/* ---- Days and claims --------------------------------------------------------------------------- */

static uint64_t offered(const struct fl_row *row)
{
    uint64_t chats = 0;
    for (uint32_t g = 0; g < row->groups; g++) chats += fl_row_count(row, g)[FL_COUNT_chats_offered];
    return chats;
}

struct fl_pairing fl_pair(const struct fl_side *a, const struct fl_side *b)
{
    struct fl_pairing out = { .day = FL_NONE };
    if (a->rows_count != b->rows_count) return out;
    for (uint32_t i = 0; i < a->rows_count; i++) {
        if (a->rows[i]->replication != b->rows[i]->replication) return out;
        out.chats_a = offered(a->rows[i]);
        out.chats_b = offered(b->rows[i]);
        if (out.chats_a == out.chats_b) continue;
        out.day = a->rows[i]->replication;
        return out;
    }
    return (struct fl_pairing){ .paired = true, .day = FL_NONE };
}

void fl_holm(uint32_t n, const double p[], double alpha, uint32_t order[], bool more_than_chance[])
{
    for (uint32_t i = 0; i < n; i++) { /* by p, then by index: some dozens, so insertion will do */
        uint32_t at = i;
        while (at > 0 && p[order[at - 1]] > p[i]) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = i;
        more_than_chance[i] = false;
    }
    for (uint32_t i = 0; i < n && p[order[i]] <= alpha / (n - i); i++) more_than_chance[order[i]] = true;
}
