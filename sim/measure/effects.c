#include "measure/effects.h"

#include "core/special.h"
#include "measure/summary.h"

#include <math.h>
#include <string.h>

uint32_t fl_factorial_points(const struct fl_factorial *design)
{
    uint32_t points = 1;
    for (uint32_t f = 0; f < design->factors; f++) points *= design->levels[f];
    return points;
}

/* How many points one step of a factor's level is. */
static uint32_t stride_of(const struct fl_factorial *design, uint32_t factor)
{
    uint32_t stride = 1;
    for (uint32_t f = factor + 1; f < design->factors; f++) stride *= design->levels[f];
    return stride;
}

static uint32_t level_of(const struct fl_factorial *design, uint32_t factor, uint32_t point)
{
    return point / stride_of(design, factor) % design->levels[factor];
}

/* ---- Effects of a day ------------------------------------------------------------------------------ */

void fl_effect_main(const struct fl_factorial *design, uint32_t days, const double y[], uint32_t factor, uint32_t level, double parts[])
{
    const uint32_t points = fl_factorial_points(design);
    memset(parts, 0, days * sizeof *parts);
    for (uint32_t p = 0; p < points; p++) {
        const double weight = (level_of(design, factor, p) == level ? (double)design->levels[factor] : 0.0) - 1;
        for (uint32_t d = 0; d < days; d++) parts[d] += weight * y[(size_t)p * days + d];
    }
    for (uint32_t d = 0; d < days; d++) parts[d] /= points;
}

void fl_effect_pair(const struct fl_factorial *design, uint32_t days, const double y[], uint32_t factor_a, uint32_t level_a, uint32_t factor_b,
                    uint32_t level_b, double parts[])
{
    const uint32_t points = fl_factorial_points(design);
    memset(parts, 0, days * sizeof *parts);
    for (uint32_t p = 0; p < points; p++) {
        const double a = level_of(design, factor_a, p) == level_a ? (double)design->levels[factor_a] : 0.0;
        const double b = level_of(design, factor_b, p) == level_b ? (double)design->levels[factor_b] : 0.0;
        const double weight = (a - 1) * (b - 1); /* the cell's mean, less those of its row and column, and the mean of all */
        for (uint32_t d = 0; d < days; d++) parts[d] += weight * y[(size_t)p * days + d];
    }
    for (uint32_t d = 0; d < days; d++) parts[d] /= points;
}

/* ---- How sure ---------------------------------------------------------------------------------------- */

struct fl_effect fl_effect_estimate(uint32_t days, const double parts[])
{
    struct fl_effect effect = { .p = 1 };
    double squares = 0, fourths = 0;
    for (uint32_t d = 0; d < days; d++) effect.value += parts[d] / days;
    effect.low = effect.high = effect.value;
    if (days < 2) return effect;
    for (uint32_t d = 0; d < days; d++) {
        const double part = parts[d] - effect.value;
        squares += part * part;
        fourths += part * part * part * part;
    }
    const double error = sqrt(squares / (days - 1) / days), scale = fabs(effect.value);
    effect.sure = true;
    if (error <= 1e-12 * scale || error == 0) { /* the same on every day: as often as so many signs fall alike */
        effect.p = effect.value == 0 ? 1 : fmin(1, ldexp(2, -(int)(days < 1000 ? days : 1000)));
        return effect;
    }
    const double degrees = fl_degrees_of_days(days, squares, fourths), t = fl_student_quantile(0.975, degrees);
    effect.low = effect.value - t * error;
    effect.high = effect.value + t * error;
    effect.p = fmin(1, 2 * fl_student_cdf(-fabs(effect.value) / error, degrees));
    return effect;
}

/* ---- Shares ------------------------------------------------------------------------------------------ */

uint32_t fl_effect_terms(const struct fl_factorial *design)
{
    return design->factors + design->factors * (design->factors - 1) / 2;
}

/* A row of sums of squares for every term and for all points: of all days, then without each. */
size_t fl_effect_scratch(const struct fl_factorial *design, uint32_t days)
{
    return 2 * (size_t)days + ((size_t)fl_effect_terms(design) + 1) * (days + 1);
}

/* Adds weight x the square of the mean of the parts, the noise of that mean taken off: of all days, then without each of them. */
static void add_square(uint32_t days, const double parts[], double weight, double sums[])
{
    double sum = 0, squares = 0;
    for (uint32_t d = 0; d < days; d++) {
        sum += parts[d];
        squares += parts[d] * parts[d];
    }
    /* mean^2 - s^2 / n = (sum^2 - squares) / (n (n - 1)) */
    const double n = days;
    sums[0] += weight * (sum * sum - squares) / (n * (n - 1));
    for (uint32_t d = 0; d < days && days > 2; d++) {
        const double less = sum - parts[d];
        sums[1 + d] += weight * (less * less - (squares - parts[d] * parts[d])) / ((n - 1) * (n - 2));
    }
}

static void add_points(const struct fl_factorial *design, uint32_t days, const double y[], double parts[], double means[], double sums[])
{
    const uint32_t points = fl_factorial_points(design);
    for (uint32_t p = 0; p < points; p++)
        for (uint32_t d = 0; d < days; d++) means[d] += y[(size_t)p * days + d] / points;
    for (uint32_t p = 0; p < points; p++) {
        for (uint32_t d = 0; d < days; d++) parts[d] = y[(size_t)p * days + d] - means[d];
        add_square(days, parts, 1.0 / points, sums);
    }
}

static void add_terms(const struct fl_factorial *design, uint32_t days, const double y[], double parts[], double sums[])
{
    const uint32_t *const levels = design->levels;
    for (uint32_t a = 0; a < design->factors; a++, sums += days + 1) {
        for (uint32_t l = 0; l < levels[a]; l++) {
            fl_effect_main(design, days, y, a, l, parts);
            add_square(days, parts, 1.0 / levels[a], sums);
        }
    }
    for (uint32_t a = 0; a < design->factors; a++) {
        for (uint32_t b = a + 1; b < design->factors; b++, sums += days + 1) {
            for (uint32_t cell = 0; cell < levels[a] * levels[b]; cell++) {
                fl_effect_pair(design, days, y, a, cell / levels[b], b, cell % levels[b], parts);
                add_square(days, parts, 1.0 / levels[a] / levels[b], sums);
            }
        }
    }
}

/* A term's part of the whole; of what is left, the rest of all terms. */
static double share_of(uint32_t terms, uint32_t term, const double sums[], size_t step, uint32_t at)
{
    const double all = sums[terms * step + at];
    if (!(all > 0)) return 0;
    if (term < terms) return fmin(1, fmax(0, sums[term * step + at] / all));
    double rest = 1;
    for (uint32_t t = 0; t < terms; t++) rest -= fmax(0, sums[t * step + at] / all);
    return fmax(0, rest);
}

void fl_effect_shares(const struct fl_factorial *design, uint32_t days, const double y[], struct fl_effect shares[], double scratch[])
{
    const uint32_t terms = fl_effect_terms(design);
    const size_t step = (size_t)days + 1;
    double *const parts = scratch, *const means = scratch + days, *const sums = scratch + 2 * (size_t)days;
    memset(scratch, 0, fl_effect_scratch(design, days) * sizeof *scratch);
    for (uint32_t t = 0; t <= terms; t++) shares[t] = (struct fl_effect){ .value = NAN, .low = NAN, .high = NAN, .p = 1 };
    if (days < 2) return; /* what is chance is not told from what is not */
    add_terms(design, days, y, parts, sums);
    add_points(design, days, y, parts, means, sums + terms * step);
    for (uint32_t t = 0; t <= terms; t++) {
        const double value = share_of(terms, t, sums, step, 0);
        double mean = 0, squares = 0;
        shares[t] = (struct fl_effect){ .value = value, .low = value, .high = value, .p = 1, .sure = days > 2 };
        for (uint32_t d = 0; d < days && days > 2; d++) mean += share_of(terms, t, sums, step, 1 + d) / days;
        for (uint32_t d = 0; d < days && days > 2; d++) squares += (share_of(terms, t, sums, step, 1 + d) - mean) * (share_of(terms, t, sums, step, 1 + d) - mean);
        const double width = days > 2 ? fl_student_quantile(0.975, days - 1) * sqrt(squares * (days - 1) / days) : 0;
        shares[t].low = fmax(0, value - width);
        shares[t].high = fmin(1, value + width);
    }
}

/* ---- Regression --------------------------------------------------------------------------------------- */

/* Cholesky's factor of x'x in the lower triangle of `factor`; false when the columns depend on each other. */
static bool factorise(uint32_t points, uint32_t terms, const double x[], double factor[])
{
    for (uint32_t i = 0; i < terms; i++) {
        double size = 0;
        for (uint32_t j = 0; j <= i; j++) {
            double sum = 0;
            for (uint32_t p = 0; p < points; p++) sum += x[(size_t)p * terms + i] * x[(size_t)p * terms + j];
            if (i == j) size = sum;
            for (uint32_t k = 0; k < j; k++) sum -= factor[(size_t)i * terms + k] * factor[(size_t)j * terms + k];
            if (i == j && !(sum > 1e-9 * size)) return false;
            factor[(size_t)i * terms + j] = i == j ? sqrt(sum) : sum / factor[(size_t)j * terms + j];
        }
    }
    return true;
}

enum fl_status fl_effect_regress(uint32_t points, uint32_t terms, const double x[], uint32_t days, const double y[], double coefficients[],
                                 double scratch[])
{
    if (points <= terms || !factorise(points, terms, x, scratch)) return FL_ERANGE;
    for (uint32_t d = 0; d < days; d++) {
        for (uint32_t i = 0; i < terms; i++) {
            double sum = 0;
            for (uint32_t p = 0; p < points; p++) sum += x[(size_t)p * terms + i] * y[(size_t)p * days + d];
            for (uint32_t k = 0; k < i; k++) sum -= scratch[(size_t)i * terms + k] * coefficients[(size_t)k * days + d];
            coefficients[(size_t)i * days + d] = sum / scratch[(size_t)i * terms + i];
        }
        for (uint32_t i = terms; i-- > 0;) {
            double sum = coefficients[(size_t)i * days + d];
            for (uint32_t k = i + 1; k < terms; k++) sum -= scratch[(size_t)k * terms + i] * coefficients[(size_t)k * days + d];
            coefficients[(size_t)i * days + d] = sum / scratch[(size_t)i * terms + i];
        }
    }
    return FL_OK;
}

static double mean_of(uint32_t count, const double values[])
{
    double sum = 0;
    for (uint32_t i = 0; i < count; i++) sum += values[i];
    return sum / count;
}

double fl_effect_explained(uint32_t points, uint32_t terms, const double x[], uint32_t days, const double y[], const double coefficients[])
{
    double all = 0, left = 0, mean = 0;
    for (uint32_t p = 0; p < points; p++) mean += mean_of(days, y + (size_t)p * days) / points;
    for (uint32_t p = 0; p < points; p++) {
        const double from_mean = mean_of(days, y + (size_t)p * days) - mean;
        double predicted = 0;
        for (uint32_t t = 0; t < terms; t++) predicted += x[(size_t)p * terms + t] * mean_of(days, coefficients + (size_t)t * days);
        all += from_mean * from_mean;
        left += (from_mean - predicted) * (from_mean - predicted);
    }
    return all > 0 ? fmin(1, fmax(0, 1 - left / all)) : 0;
}
