#include "measure/compare.h"

#include "core/special.h"

#include <math.h>
#include <string.h>

#define CONFIDENCE_TAIL 0.975

/* ---- Students ---------------------------------------------------------------------------------- */

/* Interval and probability of a difference whose error is t-distributed. */
static void judge(struct fl_difference *out, double error, double degrees)
{
    out->sure = true;
    out->low = out->high = out->value;
    out->p = out->value == 0 ? 1 : 0;
    if (!(error > 0)) return; /* the same on every day */
    const double half = fl_student_quantile(CONFIDENCE_TAIL, degrees) * error;
    out->low = out->value - half;
    out->high = out->value + half;
    out->p = 2 * fl_student_cdf(-fabs(out->value) / error, degrees);
}

/* What the days add to the error of a mean: of a sum of n parts around their mean. */
struct spread {
    double sum, squares;
    uint32_t n;
};

static void spread_add(struct spread *spread, double part)
{
    spread->sum += part;
    spread->squares += part * part;
    spread->n++;
}

/* Variance of the mean of the parts. */
static double spread_of_mean(const struct spread *spread)
{
    const double n = spread->n, mean = spread->sum / n;
    const double variance = (spread->squares - n * mean * mean) / (n - 1);
    return variance > 0 ? variance / n : 0;
}

static void judge_paired(struct fl_difference *out, const struct spread *difference)
{
    if (difference->n >= 2) judge(out, sqrt(spread_of_mean(difference)), difference->n - 1);
}

/* B. L. Welch, "The Generalization of Student's Problem...", Biometrika 34, 1947, 28-35; degrees by Satterthwaite. */
static void judge_welch(struct fl_difference *out, const struct spread *a, const struct spread *b)
{
    if (a->n < 2 || b->n < 2) return;
    const double of_a = spread_of_mean(a), of_b = spread_of_mean(b), both = of_a + of_b;
    const double below = of_a * of_a / (a->n - 1) + of_b * of_b / (b->n - 1);
    judge(out, sqrt(both), below > 0 ? both * both / below : 1);
}

static struct fl_difference unknown(void)
{
    return (struct fl_difference){ .p = 1 };
}

/* ---- Ratios ------------------------------------------------------------------------------------ */

typedef bool day_part(const struct fl_side *side, uint32_t day, const void *which, double *above, double *below);

struct ratio_of_side {
    double value, mean_below;
};

static bool sum_up(const struct fl_side *side, day_part *part, const void *which, struct ratio_of_side *out)
{
    double above = 0, below = 0;
    for (uint32_t i = 0; i < side->rows_count; i++) {
        double day_above, day_below;
        if (!part(side, i, which, &day_above, &day_below)) return false;
        above += day_above;
        below += day_below;
    }
    if (!(below > 0)) return false;
    *out = (struct ratio_of_side){ above / below, below / side->rows_count };
    return true;
}

static double residual(const struct fl_side *side, day_part *part, const void *which, const struct ratio_of_side *ratio, uint32_t day)
{
    double above = 0, below = 0;
    (void)part(side, day, which, &above, &below);
    return (above - ratio->value * below) / ratio->mean_below;
}

static struct fl_difference compare_ratio(const struct fl_side *a, const void *which_a, const struct fl_side *b, const void *which_b,
                                          bool paired, day_part *part)
{
    struct fl_difference out = unknown();
    struct ratio_of_side of_a, of_b;
    if (!sum_up(a, part, which_a, &of_a) || !sum_up(b, part, which_b, &of_b)) return out;
    out = (struct fl_difference){ .a = of_a.value, .b = of_b.value, .value = of_b.value - of_a.value, .p = 1, .known = true };
    struct spread spread[3] = { 0 }; /* of a, of b, of the difference */
    for (uint32_t i = 0; i < a->rows_count; i++) {
        const double in_a = residual(a, part, which_a, &of_a, i);
        spread_add(&spread[0], in_a);
        if (paired) spread_add(&spread[2], residual(b, part, which_b, &of_b, i) - in_a);
    }
    for (uint32_t i = 0; i < b->rows_count && !paired; i++) spread_add(&spread[1], residual(b, part, which_b, &of_b, i));
    if (paired) judge_paired(&out, &spread[2]);
    else judge_welch(&out, &spread[0], &spread[1]);
    return out;
}

struct figure_of {
    const struct fl_metric *metric;
    const char *statistic;
    uint32_t group;
};

static bool part_of_figure(const struct fl_side *side, uint32_t day, const void *which, double *above, double *below)
{
    const struct figure_of *figure = which;
    return fl_row_ratio(side->scenario, side->rows[day], figure->group, figure->metric, figure->statistic, above, below);
}

static bool part_of_days_met(const struct fl_side *side, uint32_t day, const void *which, double *above, double *below)
{
    const uint32_t count = side->scenario->objectives_count;
    const uint64_t all = count >= 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
    (void)which;
    *above = (side->rows[day]->met & all) == all;
    *below = 1;
    return count > 0;
}

struct fl_difference fl_compare_days_met(const struct fl_side *a, const struct fl_side *b, bool paired)
{
    return compare_ratio(a, NULL, b, NULL, paired, part_of_days_met);
}

/* ---- Percentiles ------------------------------------------------------------------------------- */

struct pool {
    const struct fl_side *side;
    const struct figure_of *figure;
    struct fl_histogram head;
    double value, share;
    uint64_t buckets[FL_FINE_BUCKETS];
};

static double pool_percentile(const struct pool *pool)
{
    const uint32_t first = fl_histogram_bucket(pool->head.least_ns, FL_HISTOGRAM_FINE);
    const uint32_t n = fl_histogram_bucket(pool->head.most_ns, FL_HISTOGRAM_FINE) - first + 1;
    return fl_histogram_percentile_s(&pool->head, pool->buckets + first, first, n, FL_HISTOGRAM_FINE, pool->share);
}

static bool pool_fill(struct pool *pool, const struct fl_side *side, const struct figure_of *figure)
{
    memset(pool, 0, sizeof *pool);
    pool->side = side;
    pool->figure = figure;
    pool->share = fl_percentile_share(figure->statistic);
    for (uint32_t i = 0; i < side->rows_count; i++) fl_row_apply(side->rows[i], figure->group, figure->metric, 1, &pool->head, pool->buckets);
    if (pool->head.count == 0) return false;
    pool->value = pool_percentile(pool);
    return true;
}

/* How far the percentile moves when a day is left out, as a pseudo-value less the pooled value. */
static double pool_shift(struct pool *pool, uint32_t day)
{
    const struct fl_row *row = pool->side->rows[day];
    const struct fl_histogram whole = pool->head;
    fl_row_apply(row, pool->figure->group, pool->figure->metric, -1, &pool->head, pool->buckets);
    const double without = pool->head.count == 0 ? pool->value : pool_percentile(pool);
    fl_row_apply(row, pool->figure->group, pool->figure->metric, 1, &pool->head, pool->buckets);
    pool->head = whole;
    return (pool->side->rows_count - 1) * (pool->value - without);
}

static struct fl_difference compare_percentile(const struct fl_side *a, const struct figure_of *which_a, const struct fl_side *b,
                                               const struct figure_of *which_b, bool paired)
{
    struct fl_difference out = unknown();
    struct pool of_a, of_b;
    if (!pool_fill(&of_a, a, which_a) || !pool_fill(&of_b, b, which_b)) return out;
    out = (struct fl_difference){ .a = of_a.value, .b = of_b.value, .value = of_b.value - of_a.value, .p = 1, .known = true };
    struct spread spread[3] = { 0 };
    for (uint32_t i = 0; i < a->rows_count; i++) {
        const double in_a = pool_shift(&of_a, i);
        spread_add(&spread[0], in_a);
        if (paired) spread_add(&spread[2], pool_shift(&of_b, i) - in_a);
    }
    for (uint32_t i = 0; i < b->rows_count && !paired; i++) spread_add(&spread[1], pool_shift(&of_b, i));
    if (paired) judge_paired(&out, &spread[2]);
    else judge_welch(&out, &spread[0], &spread[1]);
    return out;
}

struct fl_difference fl_compare(const struct fl_side *a, uint32_t group_a, const struct fl_side *b, uint32_t group_b, bool paired,
                                const struct fl_metric *metric, const char *statistic)
{
    const struct figure_of which_a = { metric, statistic, group_a }, which_b = { metric, statistic, group_b };
    if (metric->kind == FL_METRIC_DISTRIBUTION && fl_percentile_share(statistic) > 0)
        return compare_percentile(a, &which_a, b, &which_b, paired);
    return compare_ratio(a, &which_a, b, &which_b, paired, part_of_figure);
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
