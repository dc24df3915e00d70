#include "measure/compare.h"

#include "core/real.h"
#include "core/special.h"

#include <math.h>
#include <string.h>

#define CONFIDENCE_TAIL 0.975

/* ---- Students ---------------------------------------------------------------------------------- */

/* Interval and probability of a difference whose error is t-distributed: with lean 0, Student's t. Where a few days bring most
 * of the difference t leans, and the end on their side is moved out by (2 t^2 + 1) lean errors; lean is the skewness of the days over
 * 6 sqrt(n) (N. J. Johnson, JASA 73, 1978, 536-544; the other end stays, which is safe). p goes with it. What differs by the same on every day has no error to measure
 * it by: the chance is then that of n signs, or of n labels, falling so (`exact`), and not that of an infinite t. */
static void judge(struct fl_difference *out, double error, double degrees, double lean, double exact)
{
    const bool is_same = !(error > 1e-12 * fmax(fabs(out->a), fabs(out->b))); /* below is rounding */
    out->sure = true;
    out->low = out->high = out->value;
    out->p = out->value == 0 ? 1 : exact;
    if (is_same) return;
    const double t = fl_student_quantile(CONFIDENCE_TAIL, degrees), more = 2 * t * t + 1;
    out->low = out->value - (t + more * fmax(0, -lean)) * error;
    out->high = out->value + (t + more * fmax(0, lean)) * error;
    const double to_zero = fmax(0, out->value > 0 ? -lean : lean); /* on the side of 0; there t + (2 t^2 + 1) lean is what was seen */
    const double seen = fmax(0, fabs(out->value) / error - to_zero);
    out->p = 2 * fl_student_cdf(to_zero > 0 ? -(sqrt(1 + 8 * to_zero * seen) - 1) / (4 * to_zero) : -seen, degrees);
}

/* ln of n over k. */
static double log_choose(uint32_t n, uint32_t k)
{
    return fl_log_gamma(n + 1.) - fl_log_gamma(k + 1.) - fl_log_gamma(n - k + 1.);
}

/* What the days add to the error of a mean: of a sum of n parts around their mean. */
struct spread {
    double sum, squares, cubes;
    uint32_t n;
};

static void spread_add(struct spread *spread, double part)
{
    spread->sum += part;
    spread->squares += part * part;
    spread->cubes += part * part * part;
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

static void judge_paired(struct fl_difference *out, const struct spread *difference, double lean)
{
    const double signs = ldexp(1, 1 - (int)(difference->n < 1000 ? difference->n : 1000)); /* all alike, either way */
    if (difference->n >= 2) judge(out, sqrt(spread_of_mean(difference)), difference->n - 1, lean, signs);
}

/* B. L. Welch, "The Generalization of Student's Problem...", Biometrika 34, 1947, 28-35; degrees by Satterthwaite. */
static void judge_welch(struct fl_difference *out, const struct spread *a, const struct spread *b)
{
    if (a->n < 2 || b->n < 2) return;
    const double of_a = spread_of_mean(a), of_b = spread_of_mean(b), both = of_a + of_b;
    const double below = of_a * of_a / (a->n - 1) + of_b * of_b / (b->n - 1);
    const double labels = fmin(1, 2 * fl_exp(-log_choose(a->n + b->n, a->n))); /* all of one side above all of the other, either way */
    judge(out, sqrt(both), below > 0 ? both * both / below : 1, 0, labels);
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

static bool day_part(const struct fl_side *side, const struct figure_of *figure, uint32_t day, double *above, double *below)
{
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

static struct fl_difference compare_ratio(const struct fl_side *a, const struct figure_of *which_a, const struct fl_side *b,
                                          const struct figure_of *which_b, bool paired)
{
    struct fl_difference out = unknown();
    struct ratio_of_side of_a, of_b;
    if (!sum_up(a, which_a, &of_a) || !sum_up(b, which_b, &of_b)) return out;
    out = (struct fl_difference){ .a = of_a.value, .b = of_b.value, .value = of_b.value - of_a.value, .p = 1, .known = true };
    struct spread spread[3] = { 0 }; /* of a, of b, of the difference */
    for (uint32_t i = 0; i < a->rows_count; i++) {
        const double in_a = residual(a, which_a, &of_a, i);
        spread_add(&spread[0], in_a);
        if (paired) spread_add(&spread[2], residual(b, which_b, &of_b, i) - in_a);
    }
    for (uint32_t i = 0; i < b->rows_count && !paired; i++) spread_add(&spread[1], residual(b, which_b, &of_b, i));
    if (paired) judge_paired(&out, &spread[2], 0);
    else judge_welch(&out, &spread[0], &spread[1]);
    return out;
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

/* Only days on which one side held and the other did not say anything. */
static void judge_paired_days(struct fl_difference *out, uint32_t days, uint32_t only_a, uint32_t only_b)
{
    const double wide = days + 2., a = (only_a + 1) / wide, b = (only_b + 1) / wide;
    out->sure = true;
    if (only_a + only_b == 0) return; /* the same on every day */
    out->p = sign_test(only_a < only_b ? only_a : only_b, only_a + only_b);
    set_around(out, b - a, (a + b - (b - a) * (b - a)) / wide);
}

static void judge_days_apart(struct fl_difference *out, uint32_t met_a, uint32_t days_a, uint32_t met_b, uint32_t days_b)
{
    const double wide_a = days_a + 2., wide_b = days_b + 2., a = (met_a + 1) / wide_a, b = (met_b + 1) / wide_b;
    out->p = fisher_test(met_a, days_a, met_b, days_b);
    set_around(out, b - a, a * (1 - a) / wide_a + b * (1 - b) / wide_b);
}

struct fl_difference fl_compare_days_met(const struct fl_side *a, const struct fl_side *b, bool paired)
{
    struct fl_difference out = unknown();
    uint32_t met_a = 0, met_b = 0, only_a = 0, only_b = 0;
    if (a->scenario->objectives_count == 0 || b->scenario->objectives_count == 0 || a->rows_count == 0 || b->rows_count == 0) return out;
    for (uint32_t i = 0; i < a->rows_count; i++) met_a += is_met(a, i);
    for (uint32_t i = 0; i < b->rows_count; i++) met_b += is_met(b, i);
    for (uint32_t i = 0; i < a->rows_count && paired; i++) {
        only_a += is_met(a, i) && !is_met(b, i);
        only_b += is_met(b, i) && !is_met(a, i);
    }
    out = (struct fl_difference){ .a = (double)met_a / a->rows_count, .b = (double)met_b / b->rows_count, .p = 1, .known = true };
    out.value = out.b - out.a;
    if (a->rows_count < 2 || b->rows_count < 2) return out;
    if (paired) judge_paired_days(&out, a->rows_count, only_a, only_b);
    else judge_days_apart(&out, met_a, a->rows_count, met_b, b->rows_count);
    return out;
}

/* ---- Percentiles ------------------------------------------------------------------------------- */

static bool quantile_of(const struct fl_side *side, const struct figure_of *figure, struct fl_quantile *out)
{
    struct fl_histogram head = { 0 };
    uint64_t buckets[FL_FINE_BUCKETS] = { 0 };
    for (uint32_t i = 0; i < side->rows_count; i++) fl_row_apply(side->rows[i], figure->group, figure->metric, 1, &head, buckets);
    if (head.count == 0) return false;
    fl_quantile_find(side->rows, side->rows_count, figure->group, figure->metric, fl_percentile_share(figure->statistic), &head, buckets, out);
    return true;
}

static double part_of(const struct fl_side *side, const struct figure_of *figure, const struct fl_quantile *quantile, uint32_t day)
{
    return fl_quantile_part(quantile, side->rows[day], figure->group, figure->metric);
}

static struct fl_difference compare_percentile(const struct fl_side *a, const struct figure_of *which_a, const struct fl_side *b,
                                               const struct figure_of *which_b, bool paired)
{
    struct fl_difference out = unknown();
    struct fl_quantile of_a, of_b;
    if (!quantile_of(a, which_a, &of_a) || !quantile_of(b, which_b, &of_b)) return out;
    out = (struct fl_difference){ .a = of_a.value, .b = of_b.value, .value = of_b.value - of_a.value, .p = 1, .known = true };
    if (!of_a.sure || !of_b.sure) return out;
    struct spread spread[3] = { 0 };
    for (uint32_t i = 0; i < a->rows_count; i++) {
        const double in_a = part_of(a, which_a, &of_a, i);
        spread_add(&spread[0], in_a);
        if (paired) spread_add(&spread[2], part_of(b, which_b, &of_b, i) - in_a);
    }
    for (uint32_t i = 0; i < b->rows_count && !paired; i++) spread_add(&spread[1], part_of(b, which_b, &of_b, i));
    if (paired) judge_paired(&out, &spread[2], lean_of(&spread[2]));
    else judge_welch(&out, &spread[0], &spread[1]);
    return out;
}

struct fl_difference fl_compare(const struct fl_side *a, uint32_t group_a, const struct fl_side *b, uint32_t group_b, bool paired,
                                const struct fl_metric *metric, const char *statistic)
{
    const struct figure_of which_a = { metric, statistic, group_a }, which_b = { metric, statistic, group_b };
    const bool is_percentile = metric->kind == FL_METRIC_DISTRIBUTION && fl_percentile_share(statistic) > 0;
    struct fl_difference out = is_percentile ? compare_percentile(a, &which_a, b, &which_b, paired) : compare_ratio(a, &which_a, b, &which_b, paired);
    if (out.sure) clip(&out, metric);
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
