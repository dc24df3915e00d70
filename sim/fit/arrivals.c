/* The steps of a fit in the order they are made; `struct fitting` is what they hand on. */
#include "fit/arrivals.h"

#include "core/real.h"
#include "core/special.h"
#include "fit/busyness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S 86400u
#define WEEKDAYS 7u
#define GRAIN_LEAST_S 900u        /* finer counts are taken together: what makes a quarter of an hour busy lasts longer than minutes */
#define SHAPE_GRAIN_S 1800u       /* shapes of weekdays are told apart by half hours */
#define STEP_COUNT_LEAST 400.0    /* chats in a step of the shape over the log: 5 % */
#define SHAPE_DAYS_LEAST 8u       /* of each weekday, for a shape of its own */
#define PART_LEAST 0.75           /* of a usual day, for a day that the log has in part */
#define BLOCK_DAYS 7u

struct fitting {
    const struct fl_counts *counts;
    const struct fl_arrivals_options *options;
    struct fl_arrivals *out;
    uint32_t days, cells;     /* cells of the grain of busyness a day */
    uint32_t grain_s;
    double *x;                /* [days * cells] owned: counts by grain; of ordinary days, missing cells as the shape expects them */
    uint8_t *known;           /* [days * cells] owned */
    uint32_t *ordinary;       /* [n] owned: days */
    uint32_t n, block_days, blocks;
    double *sums;             /* [blocks * 7 * cells] owned: of ordinary days */
    uint32_t *sums_days;      /* [blocks * 7] owned */
    double shape_shrink[DAY_S / SHAPE_GRAIN_S]; /* how far a weekday's own shape is believed, by part of the day */
    uint32_t shape_parts;
    double factor_shrink;     /* the same of its factor */
};

/* A day's mean by weekday and grain, made from some blocks of ordinary days. */
struct means {
    uint32_t days[WEEKDAYS];
    double level, factor[WEEKDAYS];
    double *mean; /* [7 * cells] owned */
    double *sum;  /* [7 * cells] owned: room */
};

/* ---- Days ----------------------------------------------------------------------------------------- */

/* Counts by grain. */
static void gather(struct fitting *f)
{
    const struct fl_counts *const counts = f->counts;
    for (uint32_t d = 0; d < f->days; d++) {
        for (uint32_t c = 0; c < f->cells; c++) f->known[(size_t)d * f->cells + c] = 1;
        for (uint32_t i = 0; i < counts->per_day; i++) {
            const size_t to = (size_t)d * f->cells + (uint64_t)i * counts->interval_s / f->grain_s;
            const size_t from = (size_t)d * counts->per_day + i;
            f->x[to] += counts->count[from];
            if (counts->state[from] == FL_COUNT_MISSING) f->known[to] = 0;
        }
    }
}

static bool is_whole(const struct fitting *f, uint32_t day)
{
    for (uint32_t c = 0; c < f->cells; c++)
        if (!f->known[(size_t)day * f->cells + c]) return false;
    return true;
}

/* What part of a usual day each cell is, by whole days; false: there is none, or nobody came on it. */
static bool usual_shares(const struct fitting *f, double shares[])
{
    double all = 0;
    memset(shares, 0, f->cells * sizeof *shares);
    for (uint32_t d = 0; d < f->days; d++) {
        if (!is_whole(f, d)) continue;
        for (uint32_t c = 0; c < f->cells; c++) {
            shares[c] += f->x[(size_t)d * f->cells + c];
            all += f->x[(size_t)d * f->cells + c];
        }
    }
    for (uint32_t c = 0; c < f->cells; c++) shares[c] /= all;
    return all > 0;
}

/* Day totals; what is missing of a day is made up from the usual shares, or the day is unseen where that is much. */
static void take_totals(struct fitting *f, const double shares[])
{
    for (uint32_t d = 0; d < f->days; d++) {
        double sum = 0, part = 0;
        double *const x = &f->x[(size_t)d * f->cells];
        const uint8_t *const known = &f->known[(size_t)d * f->cells];
        for (uint32_t c = 0; c < f->cells; c++) {
            if (!known[c]) continue;
            sum += x[c];
            part += shares[c];
        }
        const bool seen = is_whole(f, d) || part >= PART_LEAST;
        f->out->day_kind[d] = !seen ? FL_FIT_DAY_UNSEEN : sum > 0 ? FL_FIT_DAY_ORDINARY : FL_FIT_DAY_CLOSED;
        f->out->day_total[d] = seen ? sum / fmax(part, PART_LEAST) : NAN;
        if (is_whole(f, d)) f->out->day_total[d] = sum;
        for (uint32_t c = 0; c < f->cells; c++)
            if (!known[c]) x[c] = seen ? f->out->day_total[d] * shares[c] : 0;
    }
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median_of(double values[], uint32_t count)
{
    qsort(values, count, sizeof *values, compare_doubles);
    return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static bool is_told(const struct fitting *f, uint32_t day)
{
    for (uint32_t i = 0; i < f->options->promotions_count; i++)
        if (f->options->promotions[i] == f->counts->first_s + (int64_t)day * DAY_S) return true;
    return false;
}

/* Median logarithm of the totals of a weekday's days, or of all days where it has few. */
static double usual_log(const struct fitting *f, uint32_t weekday, double room[])
{
    uint32_t count = 0;
    for (int pass = 0; pass < 2 && count < 3; pass++) {
        count = 0;
        for (uint32_t d = 0; d < f->days; d++)
            if (f->out->day_kind[d] == FL_FIT_DAY_ORDINARY && (pass == 1 || fl_counts_weekday(f->counts, d) == weekday)) room[count++] = fl_log(f->out->day_total[d]);
    }
    return count > 0 ? median_of(room, count) : 0;
}

/* Sets extraordinary days apart: those more than five median absolute deviations (in units of sigma) from the median of their weekday, and by a
 * quarter at least; of a promotion's neighbours, its eve and its tail, three are enough. */
static void tell_days_apart(struct fitting *f, double room[], double distance[])
{
    double usual[WEEKDAYS], level = 0;
    uint32_t count = 0;
    uint8_t *const kind = f->out->day_kind;
    for (uint32_t w = 0; w < WEEKDAYS; w++) usual[w] = usual_log(f, w, room);
    for (uint32_t d = 0; d < f->days; d++) {
        if (kind[d] != FL_FIT_DAY_ORDINARY) continue;
        distance[d] = fl_log(f->out->day_total[d]) - usual[fl_counts_weekday(f->counts, d)];
        room[count++] = fabs(distance[d]);
        level += f->out->day_total[d];
    }
    if (count == 0) return;
    const double sigma = fmax(1.4826 * median_of(room, count), sqrt(count / level)); /* no smaller than Poisson */
    for (uint32_t d = 0; d < f->days; d++) {
        if (kind[d] != FL_FIT_DAY_ORDINARY) continue;
        if (is_told(f, d)) kind[d] = FL_FIT_DAY_PROMOTION;
        if (count < 8) continue; /* too few to say what is usual */
        if (distance[d] > fmax(5 * sigma, 0.22)) kind[d] = FL_FIT_DAY_PROMOTION;
        if (distance[d] < -fmax(5 * sigma, 0.4) && !is_told(f, d)) kind[d] = FL_FIT_DAY_QUIET;
    }
    for (uint32_t d = 0; d < f->days && count >= 8; d++) {
        const bool beside = (d > 0 && kind[d - 1] == FL_FIT_DAY_PROMOTION && f->out->day_total[d - 1] > f->out->day_total[d]) ||
                            (d + 1 < f->days && kind[d + 1] == FL_FIT_DAY_PROMOTION && f->out->day_total[d + 1] > f->out->day_total[d]);
        if (kind[d] == FL_FIT_DAY_ORDINARY && beside && distance[d] > fmax(3 * sigma, 0.1)) kind[d] = FL_FIT_DAY_PROMOTION;
    }
}

/* ---- Means ---------------------------------------------------------------------------------------- */

/* Blocks of neighbouring ordinary days: about ten or more, of a week at most. */
static void settle_blocks(struct fitting *f)
{
    f->block_days = f->n / 10 < 1 ? 1 : f->n / 10 > BLOCK_DAYS ? BLOCK_DAYS : f->n / 10;
    f->blocks = (f->n + f->block_days - 1) / f->block_days;
}

static void sum_blocks(struct fitting *f)
{
    for (uint32_t o = 0; o < f->n; o++) {
        const uint32_t day = f->ordinary[o], at = o / f->block_days * WEEKDAYS + fl_counts_weekday(f->counts, day);
        f->sums_days[at]++;
        for (uint32_t c = 0; c < f->cells; c++) f->sums[(size_t)at * f->cells + c] += f->x[(size_t)day * f->cells + c];
    }
}

/* Which blocks make the means: all but one, or the even or odd ones of these. */
enum blocks_of { BLOCKS_ALL, BLOCKS_EVEN, BLOCKS_ODD };

static uint32_t part_of(const struct fitting *f, uint32_t cell)
{
    return (uint32_t)((uint64_t)cell * f->grain_s * f->shape_parts / DAY_S);
}

static double sum_of(const double *values, uint32_t count)
{
    double sum = 0;
    for (uint32_t i = 0; i < count; i++) sum += values[i];
    return sum;
}

/* Factors and level from sums by weekday. Weekdays without a day have factor 1 here. */
static void make_factors(const struct fitting *f, struct means *means, const double totals[WEEKDAYS])
{
    double of_weekdays = 0, all = 0, weights = 0;
    uint32_t seen = 0;
    for (uint32_t w = 0; w < WEEKDAYS; w++) {
        if (means->days[w] == 0) continue;
        of_weekdays += totals[w] / means->days[w];
        seen++;
    }
    const double middle = seen > 0 ? of_weekdays / seen : 0;
    for (uint32_t w = 0; w < WEEKDAYS; w++) {
        means->factor[w] = means->days[w] > 0 && middle > 0 ? 1 + f->factor_shrink * (totals[w] / means->days[w] / middle - 1) : 1;
        all += totals[w];
        weights += means->days[w] * means->factor[w];
    }
    means->level = weights > 0 ? all / weights : 0;
}

/* Shape of each weekday: the common one, with deviations by part of the day as far as they are believed. */
static void make_shapes(const struct fitting *f, struct means *means, const double totals[WEEKDAYS])
{
    double part[DAY_S / SHAPE_GRAIN_S] = { 0 }, all = 0;
    for (uint32_t c = 0; c < f->cells; c++)
        for (uint32_t w = 0; w < WEEKDAYS; w++) part[part_of(f, c)] += means->sum[w * f->cells + c];
    all = sum_of(totals, WEEKDAYS);
    for (uint32_t w = 0; w < WEEKDAYS; w++) {
        double own[DAY_S / SHAPE_GRAIN_S] = { 0 }, norm = 0;
        double *const mean = &means->mean[w * f->cells];
        for (uint32_t c = 0; c < f->cells; c++) own[part_of(f, c)] += means->sum[w * f->cells + c];
        for (uint32_t p = 0; p < f->shape_parts; p++) {
            const bool told = part[p] > 0 && totals[w] > 0;
            own[p] = told ? 1 + f->shape_shrink[p] * (own[p] / totals[w] / (part[p] / all) - 1) : 1;
        }
        for (uint32_t c = 0; c < f->cells; c++) {
            mean[c] = 0;
            for (uint32_t other = 0; other < WEEKDAYS; other++) mean[c] += means->sum[other * f->cells + c];
            mean[c] *= own[part_of(f, c)];
            norm += mean[c];
        }
        for (uint32_t c = 0; c < f->cells; c++) mean[c] *= norm > 0 ? means->level * means->factor[w] / norm : 0;
    }
}

static void make_means(const struct fitting *f, uint32_t without, enum blocks_of which, struct means *means)
{
    double totals[WEEKDAYS];
    memset(means->days, 0, sizeof means->days);
    memset(means->sum, 0, (size_t)WEEKDAYS * f->cells * sizeof *means->sum);
    for (uint32_t b = 0; b < f->blocks; b++) {
        if (b == without || (which == BLOCKS_EVEN && b % 2 != 0) || (which == BLOCKS_ODD && b % 2 == 0)) continue;
        for (uint32_t w = 0; w < WEEKDAYS; w++) means->days[w] += f->sums_days[b * WEEKDAYS + w];
        for (size_t i = 0; i < (size_t)WEEKDAYS * f->cells; i++) means->sum[i] += f->sums[(size_t)b * WEEKDAYS * f->cells + i];
    }
    for (uint32_t w = 0; w < WEEKDAYS; w++) totals[w] = sum_of(&means->sum[w * f->cells], f->cells);
    make_factors(f, means, totals);
    make_shapes(f, means, totals);
}

static bool means_start(const struct fitting *f, struct means *means)
{
    *means = (struct means){ .mean = calloc((size_t)WEEKDAYS * f->cells, sizeof(double)), .sum = calloc((size_t)WEEKDAYS * f->cells, sizeof(double)) };
    return means->mean != NULL && means->sum != NULL;
}

static void means_free(struct means *means)
{
    free(means->mean);
    free(means->sum);
}

/* ---- How far weekdays are believed to differ -------------------------------------------------------- */

/* P(F > f) with d1 and d2 degrees of freedom. */
static double f_upper(double f, double d1, double d2)
{
    return f > 0 ? fl_beta_lower(d2 / 2, d1 / 2, d2 / (d2 + d1 * f)) : 1;
}

struct between {
    double f, d1, d2; /* variance between weekdays over that within */
};

/* One-way analysis of variance over ordinary days. */
static struct between variance_between(const struct fitting *f, const double of_day[])
{
    double sum[WEEKDAYS] = { 0 }, all = 0, within = 0, among = 0;
    uint32_t days[WEEKDAYS] = { 0 }, groups = 0;
    for (uint32_t o = 0; o < f->n; o++) {
        const uint32_t w = fl_counts_weekday(f->counts, f->ordinary[o]);
        sum[w] += of_day[o];
        days[w]++;
        all += of_day[o];
    }
    for (uint32_t o = 0; o < f->n; o++) {
        const uint32_t w = fl_counts_weekday(f->counts, f->ordinary[o]);
        within += (of_day[o] - sum[w] / days[w]) * (of_day[o] - sum[w] / days[w]);
    }
    for (uint32_t w = 0; w < WEEKDAYS; w++) {
        if (days[w] == 0) continue;
        among += days[w] * (sum[w] / days[w] - all / f->n) * (sum[w] / days[w] - all / f->n);
        groups++;
    }
    struct between b = { .d1 = groups - 1.0, .d2 = (double)f->n - groups };
    b.f = b.d1 > 0 && b.d2 > 0 && within > 0 ? among / b.d1 / (within / b.d2) : 0;
    return b;
}

static double shrink_of(double f_ratio)
{
    return f_ratio > 1 ? 1 - 1 / f_ratio : 0;
}

/* Factors: where the variance between weekdays is no chance at 1 %. */
static void believe_factors(struct fitting *f, double room[])
{
    for (uint32_t o = 0; o < f->n; o++) room[o] = f->out->day_total[f->ordinary[o]];
    const struct between b = variance_between(f, room);
    f->factor_shrink = b.f > 0 && f_upper(b.f, b.d1, b.d2) < 0.01 ? shrink_of(b.f) : 0;
}

/* Shapes: where every weekday has days enough, and the mean ratio over the parts of the day is far from 1. */
static void believe_shapes(struct fitting *f, double room[])
{
    double ratios[DAY_S / SHAPE_GRAIN_S] = { 0 }, sum = 0;
    uint32_t parts = 0, fewest = UINT32_MAX, days[WEEKDAYS] = { 0 };
    for (uint32_t o = 0; o < f->n; o++) days[fl_counts_weekday(f->counts, f->ordinary[o])]++;
    for (uint32_t w = 0; w < WEEKDAYS; w++)
        if (days[w] > 0 && days[w] < fewest) fewest = days[w];
    if (fewest < SHAPE_DAYS_LEAST || fewest == UINT32_MAX) return;
    for (uint32_t p = 0; p < f->shape_parts; p++) {
        double all = 0;
        for (uint32_t o = 0; o < f->n; o++) {
            room[o] = 0;
            for (uint32_t c = 0; c < f->cells; c++)
                if (part_of(f, c) == p) room[o] += f->x[(size_t)f->ordinary[o] * f->cells + c];
            all += room[o];
            room[o] /= f->out->day_total[f->ordinary[o]];
        }
        if (!(all > 0)) continue;
        ratios[p] = variance_between(f, room).f;
        sum += ratios[p];
        parts++;
    }
    f->out->profiles_differ = parts > 0 && sum / parts > 1.6; /* 1 by chance alone, with a standard deviation below 0.3 for ten parts of the day */
    for (uint32_t p = 0; f->out->profiles_differ && p < f->shape_parts; p++) f->shape_shrink[p] = shrink_of(ratios[p]);
}

/* ---- The shape of a day ----------------------------------------------------------------------------- */

/* Chats of ordinary whole days in each of so many steps of the day, those of a longer interval spread evenly. */
static void fill_steps(const struct fitting *f, uint32_t steps, double out[])
{
    const struct fl_counts *const counts = f->counts;
    const double step_s = (double)DAY_S / steps, interval_s = counts->interval_s;
    memset(out, 0, steps * sizeof *out);
    for (uint32_t o = 0; o < f->n; o++) {
        const uint32_t day = f->ordinary[o];
        if (!is_whole(f, day)) continue;
        for (uint32_t i = 0; i < counts->per_day; i++) {
            const double from = i * interval_s, to = from + interval_s, count = counts->count[(size_t)day * counts->per_day + i];
            for (uint32_t s = (uint32_t)(from / step_s); s < steps && s * step_s < to; s++)
                out[s] += count * (fmin(to, (s + 1) * step_s) - fmax(from, s * step_s)) / interval_s;
        }
    }
}

/* The finest steps that the log has and that are not thin. */
static uint32_t settle_steps(const struct fitting *f)
{
    static const uint32_t an_hour[] = { 60, 30, 20, 15, 12, 10, 6, 5, 4, 3, 2 };
    double chats = 0;
    uint32_t open = 0;
    for (uint32_t o = 0; o < f->n; o++) chats += f->out->day_total[f->ordinary[o]];
    for (uint32_t i = 0; i < f->counts->per_day; i++) open += f->counts->state[(size_t)f->ordinary[0] * f->counts->per_day + i] != FL_COUNT_CLOSED;
    const double open_hours = open * (double)f->counts->interval_s / 3600;
    for (size_t i = 0; i < sizeof an_hour / sizeof *an_hour; i++)
        if (3600 / an_hour[i] % f->counts->interval_s == 0 && chats / (open_hours * an_hour[i]) >= STEP_COUNT_LEAST) return an_hour[i] * 24;
    return 24;
}

static void make_profile(struct fitting *f, const struct means *means)
{
    struct fl_arrivals *const out = f->out;
    fill_steps(f, out->steps_count, out->steps);
    const double all = sum_of(out->steps, out->steps_count);
    for (uint32_t s = 0; s < out->steps_count; s++) out->steps[s] *= all > 0 ? out->steps_count / all : 0;
    for (uint32_t w = 0; w < WEEKDAYS; w++) {
        double *const own = &out->weekday_steps[(size_t)w * out->steps_count];
        double common[DAY_S / SHAPE_GRAIN_S] = { 0 }, here[DAY_S / SHAPE_GRAIN_S] = { 0 }, norm = 0, total = 0, of_weekday = 0;
        for (uint32_t c = 0; c < f->cells; c++) {
            for (uint32_t other = 0; other < WEEKDAYS; other++) common[part_of(f, c)] += means->sum[other * f->cells + c];
            here[part_of(f, c)] += means->mean[w * f->cells + c];
        }
        total = sum_of(common, f->shape_parts);
        of_weekday = sum_of(here, f->shape_parts);
        for (uint32_t s = 0; s < out->steps_count; s++) {
            const uint32_t p = (uint32_t)((uint64_t)s * f->shape_parts / out->steps_count);
            own[s] = out->steps[s] * (common[p] > 0 && of_weekday > 0 ? here[p] / of_weekday / (common[p] / total) : 1);
            norm += own[s];
        }
        for (uint32_t s = 0; s < out->steps_count; s++) own[s] *= norm > 0 ? out->steps_count / norm : 0;
    }
}

double fl_arrivals_expected(const struct fl_arrivals *arrivals, uint32_t weekday, double from_s, double to_s)
{
    const double step_s = (double)DAY_S / arrivals->steps_count;
    const double *const steps = arrivals->profiles_differ ? &arrivals->weekday_steps[(size_t)weekday * arrivals->steps_count] : arrivals->steps;
    double sum = 0;
    for (uint32_t s = (uint32_t)(from_s / step_s); s < arrivals->steps_count && s * step_s < to_s; s++)
        sum += steps[s] * (fmin(to_s, (s + 1) * step_s) - fmax(from_s, s * step_s));
    return arrivals->chats_per_day * arrivals->weekdays[weekday] * sum / DAY_S;
}

/* ---- Estimates with intervals ------------------------------------------------------------------------ */

/* Leaves out one block after the other: of level, factors and hours. */
struct errors {
    double level, factor[WEEKDAYS], hour[24];
};

static void hours_of(const struct fitting *f, const struct means *means, double hours[24])
{
    double all = 0;
    memset(hours, 0, 24 * sizeof *hours);
    for (uint32_t c = 0; c < f->cells; c++) {
        double sum = 0;
        for (uint32_t w = 0; w < WEEKDAYS; w++) sum += means->sum[w * f->cells + c];
        const double from = c * (double)f->grain_s / 3600, to = from + f->grain_s / 3600.0;
        for (uint32_t h = (uint32_t)from; h < 24 && h < to; h++) hours[h] += sum * (fmin(to, h + 1.0) - fmax(from, h)) / (to - from);
        all += sum;
    }
    for (uint32_t h = 0; h < 24; h++) hours[h] *= all > 0 ? 24 / all : 0;
}

static void jackknife_means(const struct fitting *f, struct means *room, struct errors *errors)
{
    double mean[1 + WEEKDAYS + 24] = { 0 }, squares[1 + WEEKDAYS + 24] = { 0 };
    for (uint32_t b = 0; b < f->blocks; b++) {
        double value[1 + WEEKDAYS + 24];
        make_means(f, b, BLOCKS_ALL, room);
        value[0] = room->level;
        memcpy(&value[1], room->factor, sizeof room->factor);
        hours_of(f, room, &value[1 + WEEKDAYS]);
        for (uint32_t i = 0; i < 1 + WEEKDAYS + 24; i++) {
            const double from = value[i] - mean[i];
            mean[i] += from / (b + 1);
            squares[i] += from * (value[i] - mean[i]);
        }
    }
    const double scale = (double)(f->blocks - 1) / f->blocks;
    errors->level = sqrt(squares[0] * scale);
    for (uint32_t w = 0; w < WEEKDAYS; w++) errors->factor[w] = sqrt(squares[1 + w] * scale);
    for (uint32_t h = 0; h < 24; h++) errors->hour[h] = sqrt(squares[1 + WEEKDAYS + h] * scale);
}

static void add_value(struct fl_estimates *estimates, const char *path, const char *unit, double value, double half, uint64_t n, uint32_t wanted)
{
    struct fl_estimate e = fl_estimate_of(path, unit, value, isnan(half) ? NAN : fmax(0, value - half), value + half, n); /* NaN: one block alone */
    if (n < wanted) {
        e.sure = false;
        e.why = "few_days";
        e.had = (double)n;
        e.wanted = wanted;
    }
    fl_estimates_add(estimates, &e);
}

static void add_means(const struct fitting *f, const struct means *means, const struct errors *errors, struct fl_estimates *estimates)
{
    const double t = f->blocks > 1 ? fl_student_quantile(0.975, f->blocks - 1) : NAN;
    double hours[24];
    char path[64];
    add_value(estimates, "traffic.chats_per_day", "chats", means->level, t * errors->level, f->n, FL_FIT_DAYS_WANTED);
    for (uint32_t w = 0; w < WEEKDAYS && f->factor_shrink > 0; w++) {
        snprintf(path, sizeof path, "traffic.weekdays[%u]", w);
        if (means->days[w] == 0) {
            const struct fl_estimate none = fl_estimate_unknown(path, "1", "never_weekday", NAN, NAN);
            fl_estimates_add(estimates, &none);
        } else {
            add_value(estimates, path, "1", means->factor[w], t * errors->factor[w], means->days[w], SHAPE_DAYS_LEAST);
        }
    }
    hours_of(f, means, hours);
    for (uint32_t h = 0; h < 24; h++) {
        snprintf(path, sizeof path, "traffic.profile.hourly[%u]", h);
        add_value(estimates, path, "1", hours[h], t * errors->hour[h], f->n, FL_FIT_DAYS_WANTED);
    }
}

/* How much busier each week is than the one before, with its interval. */
static void add_trend(const struct fitting *f, const struct means *means, struct fl_estimates *estimates)
{
    double slopes = 0, mean = 0, squares = 0, whole = 0;
    if (f->n < FL_FIT_DAYS_WANTED) return;
    for (uint32_t left_out = 0; left_out <= f->blocks; left_out++) {
        double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
        for (uint32_t o = 0; o < f->n; o++) {
            const double x = f->ordinary[o] / 7.0;
            const double y = f->out->day_total[f->ordinary[o]] / (means->level * means->factor[fl_counts_weekday(f->counts, f->ordinary[o])]);
            if (o / f->block_days == left_out) continue;
            n++;
            sx += x;
            sy += y;
            sxx += x * x;
            sxy += x * y;
        }
        const double slope = (n * sxy - sx * sy) / (n * sxx - sx * sx);
        if (left_out == f->blocks) {
            whole = slope;
            break;
        }
        const double from = slope - mean;
        slopes++;
        mean += from / slopes;
        squares += from * (slope - mean);
    }
    const double half = fl_student_quantile(0.975, slopes - 1) * sqrt(squares * (slopes - 1) / slopes);
    const struct fl_estimate e = fl_estimate_of("trend_per_week", "1", whole, whole - half, whole + half, f->n);
    fl_estimates_add(estimates, &e);
}

/* ---- Busyness ---------------------------------------------------------------------------------------- */

/* Covariances of all ordinary days, each held to the means of two halves of the other blocks. */
static bool gather_covariances(const struct fitting *f, struct fl_covariances *covariances)
{
    struct means u = { .mean = NULL }, v = { .mean = NULL };
    const bool good = means_start(f, &u) && means_start(f, &v);
    for (uint32_t b = 0; good && b < f->blocks; b++) {
        make_means(f, b, BLOCKS_EVEN, &u);
        make_means(f, b, BLOCKS_ODD, &v);
        for (uint32_t o = b * f->block_days; o < f->n && o / f->block_days == b; o++) {
            const uint32_t day = f->ordinary[o], w = fl_counts_weekday(f->counts, day);
            if (f->factor_shrink > 0 && (u.days[w] == 0 || v.days[w] == 0)) continue; /* nothing to hold it to */
            fl_covariances_add(covariances, b, f->cells, &f->x[(size_t)day * f->cells], &u.mean[w * f->cells], &v.mean[w * f->cells],
                               &f->known[(size_t)day * f->cells]);
        }
    }
    means_free(&u);
    means_free(&v);
    return good;
}

static void add_part(struct fl_estimates *estimates, const char *path, const struct fl_busyness_part *part, uint64_t n, const char *why)
{
    struct fl_estimate e = fl_estimate_of(path, "1", part->value, part->low, part->high, n);
    if (!part->shown) {
        e.sure = false;
        e.why = why;
    }
    fl_estimates_add(estimates, &e);
}

static void add_busyness(const struct fitting *f, const struct fl_busyness_fit *fit, struct fl_estimates *estimates)
{
    add_part(estimates, "traffic.busyness.day.lognormal_sigma", &fit->day, f->n, fit->correlated ? "hours_or_days" : "not_above_chance");
    if (f->cells < 4) return;
    if (fit->correlated) {
        add_part(estimates, "traffic.busyness.interval.lognormal_sigma", &fit->interval, f->n, "not_above_chance");
        add_part(estimates, "traffic.busyness.interval.correlation", &fit->phi, f->n, "not_above_chance");
    } else { /* as scenarios usually say it: cv of the factor, sqrt(exp(sigma^2) - 1) */
        struct fl_busyness_part cv = fit->interval;
        cv.value = sqrt(fl_expm1(cv.value * cv.value));
        cv.low = sqrt(fl_expm1(cv.low * cv.low));
        cv.high = sqrt(fl_expm1(cv.high * cv.high));
        add_part(estimates, "traffic.busyness.interval.gamma_cv", &cv, f->n, "not_above_chance");
    }
    const struct fl_goodness poisson = { .name = "variance_over_poisson", .value = fit->over_poisson, .low = NAN, .high = NAN, .p = fit->over_poisson_p,
                                         .n = f->n, .good = true };
    const struct fl_goodness days = { .name = "day_variance_seen_over_fitted", .value = fit->modelled_days, .low = 0.6, .high = 1.6, .p = NAN, .n = f->n,
                                      .good = fit->modelled_days > 0.6 && fit->modelled_days < 1.6 };
    fl_goodness_add(estimates, &poisson);
    if (!isnan(fit->modelled_days)) fl_goodness_add(estimates, &days);
}

static enum fl_status keep_curve(struct fl_arrivals *out, const struct fl_covariances *covariances, const struct fl_busyness_fit *fit)
{
    out->seen_by_lag = calloc(covariances->lags, sizeof *out->seen_by_lag);
    out->fitted_by_lag = calloc(covariances->lags, sizeof *out->fitted_by_lag);
    if (out->seen_by_lag == NULL || out->fitted_by_lag == NULL) return FL_EFULL;
    /* As far as there are pairs to speak of: a twentieth of what neighbours have. */
    while (out->lags < covariances->lags && fl_busyness_weight(covariances, out->lags) > fl_busyness_weight(covariances, 0) / 20) out->lags++;
    for (uint32_t k = 0; k < out->lags; k++) {
        out->seen_by_lag[k] = fl_busyness_seen(covariances, k);
        out->fitted_by_lag[k] = fl_busyness_fitted(fit, k);
    }
    return FL_OK;
}

static enum fl_status fit_busyness(struct fitting *f, struct fl_estimates *estimates)
{
    struct fl_covariances covariances = { .blocks = 0 };
    struct fl_busyness_fit fit;
    if (f->n < FL_FIT_DAYS_WANTED) {
        static const char *const paths[] = { "traffic.busyness.day.lognormal_sigma", "traffic.busyness.interval.lognormal_sigma" };
        for (int i = 0; i < 2; i++) {
            const struct fl_estimate none = fl_estimate_unknown(paths[i], "1", "few_days", f->n, FL_FIT_DAYS_WANTED);
            fl_estimates_add(estimates, &none);
        }
        return FL_OK;
    }
    enum fl_status status = fl_covariances_create(f->blocks, f->cells, &covariances);
    if (status != FL_OK) return status;
    status = gather_covariances(f, &covariances) ? fl_busyness_estimate(&covariances, &fit) : FL_EFULL;
    if (status == FL_OK) {
        add_busyness(f, &fit, estimates);
        f->out->busyness_known = true;
        f->out->correlated = fit.correlated;
        f->out->day_sigma = fit.day.value;
        f->out->interval_sigma = fit.interval.value;
        f->out->correlation = fit.phi.value;
        status = keep_curve(f->out, &covariances, &fit);
    }
    fl_covariances_free(&covariances);
    return status;
}

/* ---- How ordinary days follow each other -------------------------------------------------------------- */

static void add_days_goodness(const struct fitting *f, const struct means *means, double room[], struct fl_estimates *estimates)
{
    double mean = 0, squares = 0, products = 0;
    if (f->n < FL_FIT_DAYS_WANTED) return;
    for (uint32_t o = 0; o < f->n; o++) {
        room[o] = fl_log(f->out->day_total[f->ordinary[o]] / (means->level * means->factor[fl_counts_weekday(f->counts, f->ordinary[o])]));
        mean += room[o] / f->n;
    }
    for (uint32_t o = 0; o < f->n; o++) {
        squares += (room[o] - mean) * (room[o] - mean);
        if (o > 0) products += (room[o] - mean) * (room[o - 1] - mean);
    }
    if (!(squares > 0)) return;
    const double r = products / squares, z = r * sqrt(f->n);
    const struct fl_goodness follow = { .name = "correlation_of_following_days", .value = r, .low = -1.96 / sqrt(f->n), .high = 1.96 / sqrt(f->n),
                                        .p = 2 * fl_normal_cdf(-fabs(z)), .n = f->n, .good = fabs(z) < 1.96 };
    fl_goodness_add(estimates, &follow);
    /* Kolmogorov and Smirnov's distance to the normal with mean and variance of the sample; the critical value at 5 % by Lilliefors, "On the
     * Kolmogorov-Smirnov test for normality with mean and variance unknown", JASA 62, 1967. */
    const double sigma = sqrt(squares / (f->n - 1));
    double distance = 0;
    qsort(room, f->n, sizeof *room, compare_doubles);
    for (uint32_t o = 0; o < f->n; o++) {
        const double p = fl_normal_cdf((room[o] - mean) / sigma);
        distance = fmax(distance, fmax(p - (double)o / f->n, (o + 1.0) / f->n - p));
    }
    const double critical = 0.886 / sqrt(f->n);
    const struct fl_goodness normal = { .name = "days_lognormal_distance", .value = distance, .low = NAN, .high = critical, .p = NAN, .n = f->n,
                                        .good = distance <= critical };
    fl_goodness_add(estimates, &normal);
}

/* ---- Promotions --------------------------------------------------------------------------------------- */

/* Relative variance of an ordinary day's total around what is expected of it. */
static double day_spread(const struct fitting *f, const struct means *means)
{
    double squares = 0;
    for (uint32_t o = 0; o < f->n; o++) {
        const double r = f->out->day_total[f->ordinary[o]] / (means->level * means->factor[fl_counts_weekday(f->counts, f->ordinary[o])]) - 1;
        squares += r * r;
    }
    return f->n > 1 ? sqrt(squares / (f->n - 1)) : 0;
}

static void measure_promotion(const struct fitting *f, uint32_t day, double spread, struct fl_fit_promotion *promotion)
{
    const struct fl_counts *const counts = f->counts;
    const uint32_t weekday = fl_counts_weekday(counts, day);
    const double interval_s = counts->interval_s, level = f->out->chats_per_day;
    *promotion = (struct fl_fit_promotion){ .opens_s = counts->first_s + (int64_t)day * DAY_S, .told = is_told(f, day) };
    for (uint32_t i = 0; i < counts->per_day; i++) {
        const double from = i * interval_s / 3600, to = from + interval_s / 3600, count = counts->count[(size_t)day * counts->per_day + i];
        for (uint32_t h = (uint32_t)from; h < 24 && h < to; h++) promotion->seen[h] += count * (fmin(to, h + 1.0) - fmax(from, h)) / (to - from);
    }
    double expected = 0;
    for (uint32_t h = 0; h < 24; h++) {
        promotion->expected[h] = fl_arrivals_expected(f->out, weekday, h * 3600.0, (h + 1) * 3600.0);
        expected += promotion->expected[h];
    }
    const double total = f->out->day_total[day], half = fl_normal_quantile(0.975) * spread * expected / level;
    promotion->multiplier = 1 + (total - expected) / level;
    promotion->low = fmax(0, promotion->multiplier - half);
    promotion->high = promotion->multiplier + half;
}

static void fit_promotions(struct fitting *f, const struct means *means, struct fl_estimates *estimates)
{
    const double spread = day_spread(f, means);
    for (uint32_t d = 0; d < f->days && f->out->promotions_count < FL_FIT_PROMOTIONS_MAX; d++) {
        if (f->out->day_kind[d] != FL_FIT_DAY_PROMOTION) continue;
        struct fl_fit_promotion *const promotion = &f->out->promotions[f->out->promotions_count++];
        char path[64];
        measure_promotion(f, d, spread, promotion);
        snprintf(path, sizeof path, "traffic.promotions[%u].multiplier", f->out->promotions_count - 1);
        const struct fl_estimate e = fl_estimate_of(path, "1", promotion->multiplier, promotion->low, promotion->high, 1);
        fl_estimates_add(estimates, &e);
    }
    if (f->out->promotions_count == 0) return;
    const struct fl_estimate sigma = fl_estimate_unknown("traffic.promotions[0].multiplier_sigma", "1", "one_promotion", NAN, NAN);
    fl_estimates_add(estimates, &sigma);
}

/* ---- All of it ---------------------------------------------------------------------------------------- */

static void publish_means(struct fitting *f, const struct means *means)
{
    struct fl_arrivals *const out = f->out;
    uint32_t seen = 0;
    for (uint32_t w = 0; w < WEEKDAYS; w++) {
        out->weekday_days[w] = means->days[w];
        seen += means->days[w] > 0;
        out->weekdays[w] = means->days[w] > 0 ? means->factor[w] : 0;
    }
    const bool few = f->n < 2 * WEEKDAYS; /* a weekday that a short log lacks is not known to be closed */
    for (uint32_t w = 0; w < WEEKDAYS && few; w++)
        if (means->days[w] == 0) out->weekdays[w] = 1;
    out->weekdays_differ = f->factor_shrink > 0 || (seen < WEEKDAYS && !few);
    out->chats_per_day = means->level;
    out->ordinary_days = f->n;
}

/* Of a day: those of the level, and of its weekday's factor, weekdays as they came. */
static void publish_errors(struct fitting *f, const struct means *means, const struct errors *errors)
{
    const double level = errors->level / fmax(means->level, 1e-9);
    double squares = 0;
    for (uint32_t w = 0; w < WEEKDAYS; w++) squares += means->days[w] * errors->factor[w] * errors->factor[w] / f->n;
    f->out->caution = f->n > 2 ? fl_student_quantile(0.975, f->n - 1.0) / fl_normal_quantile(0.975) : 1;
    f->out->level_error = f->blocks > 1 ? sqrt(level * level + squares) : 0;
}

static enum fl_status fit_ordinary(struct fitting *f, double room[], struct fl_estimates *estimates)
{
    struct means means = { .mean = NULL }, without = { .mean = NULL };
    struct errors errors = { .level = 0 };
    enum fl_status status = means_start(f, &means) && means_start(f, &without) ? FL_OK : FL_EFULL;
    if (status == FL_OK) {
        believe_factors(f, room);
        believe_shapes(f, room);
        make_means(f, UINT32_MAX, BLOCKS_ALL, &means);
        publish_means(f, &means);
        f->out->steps_count = settle_steps(f);
        f->out->weekday_steps = calloc((size_t)WEEKDAYS * f->out->steps_count, sizeof *f->out->weekday_steps);
        status = f->out->weekday_steps != NULL ? FL_OK : FL_EFULL;
    }
    if (status == FL_OK) {
        make_profile(f, &means);
        jackknife_means(f, &without, &errors);
        add_means(f, &means, &errors, estimates);
        publish_errors(f, &means, &errors);
        add_trend(f, &means, estimates);
        status = fit_busyness(f, estimates);
    }
    if (status == FL_OK) {
        for (uint32_t d = 0; d < f->days; d++) f->out->day_expected[d] = means.level * f->out->weekdays[fl_counts_weekday(f->counts, d)];
        add_days_goodness(f, &means, room, estimates);
        fit_promotions(f, &means, estimates);
    }
    means_free(&means);
    means_free(&without);
    return status;
}

static bool fitting_start(struct fitting *f)
{
    const size_t cells = (size_t)f->days * f->cells;
    f->x = calloc(cells, sizeof *f->x);
    f->known = calloc(cells, sizeof *f->known);
    f->ordinary = calloc(f->days, sizeof *f->ordinary);
    f->out->day_kind = calloc(f->days, sizeof *f->out->day_kind);
    f->out->day_total = calloc(f->days, sizeof *f->out->day_total);
    f->out->day_expected = calloc(f->days, sizeof *f->out->day_expected);
    return f->x != NULL && f->known != NULL && f->ordinary != NULL && f->out->day_kind != NULL && f->out->day_total != NULL && f->out->day_expected != NULL;
}

static enum fl_status fit_days(struct fitting *f, double room[], struct fl_estimates *estimates)
{
    gather(f);
    if (!usual_shares(f, room)) return FL_EMISSING;
    take_totals(f, room);
    tell_days_apart(f, room, room + f->days);
    for (uint32_t d = 0; d < f->days; d++)
        if (f->out->day_kind[d] == FL_FIT_DAY_ORDINARY) f->ordinary[f->n++] = d;
    if (f->n == 0) return FL_EMISSING;
    settle_blocks(f);
    f->sums = calloc((size_t)f->blocks * WEEKDAYS * f->cells, sizeof *f->sums);
    f->sums_days = calloc((size_t)f->blocks * WEEKDAYS, sizeof *f->sums_days);
    if (f->sums == NULL || f->sums_days == NULL) return FL_EFULL;
    sum_blocks(f);
    return fit_ordinary(f, room, estimates);
}

enum fl_status fl_arrivals_fit(const struct fl_counts *counts, const struct fl_arrivals_options *options, struct fl_arrivals *arrivals,
                               struct fl_estimates *estimates)
{
    struct fl_arrivals out = { .chats_per_day = 0 };
    struct fl_estimates found = { .list = NULL };
    struct fitting f = { .counts = counts, .options = options, .out = &out };
    f.days = options->to_day > 0 && options->to_day < counts->days ? options->to_day : counts->days;
    f.grain_s = counts->interval_s > GRAIN_LEAST_S ? counts->interval_s : GRAIN_LEAST_S;
    if (options->busyness_interval_s >= counts->interval_s && options->busyness_interval_s % counts->interval_s == 0 && DAY_S % options->busyness_interval_s == 0)
        f.grain_s = options->busyness_interval_s;
    if (f.grain_s % counts->interval_s != 0) f.grain_s = counts->interval_s; /* an odd interval below the least grain */
    f.cells = DAY_S / f.grain_s;
    f.shape_parts = f.grain_s <= SHAPE_GRAIN_S && SHAPE_GRAIN_S % f.grain_s == 0 ? DAY_S / SHAPE_GRAIN_S : f.cells <= DAY_S / SHAPE_GRAIN_S ? f.cells : 24;
    out.days = f.days;
    out.busyness_interval_s = f.grain_s;
    double *const room = calloc((size_t)f.days * 2 + f.cells, sizeof *room);
    enum fl_status status = fitting_start(&f) && room != NULL ? fit_days(&f, room, &found) : FL_EFULL;
    if (found.full) status = FL_EFULL;
    for (size_t i = 0; status == FL_OK && i < found.count; i++) fl_estimates_add(estimates, &found.list[i]);
    for (size_t i = 0; status == FL_OK && i < found.goodness_count; i++) fl_goodness_add(estimates, &found.goodness[i]);
    fl_estimates_free(&found);
    free(room);
    free(f.x);
    free(f.known);
    free(f.ordinary);
    free(f.sums);
    free(f.sums_days);
    if (status == FL_OK) *arrivals = out;
    else fl_arrivals_free(&out);
    return status;
}

void fl_arrivals_free(struct fl_arrivals *arrivals)
{
    free(arrivals->weekday_steps);
    free(arrivals->day_kind);
    free(arrivals->day_total);
    free(arrivals->day_expected);
    free(arrivals->seen_by_lag);
    free(arrivals->fitted_by_lag);
    *arrivals = (struct fl_arrivals){ .chats_per_day = 0 };
}
