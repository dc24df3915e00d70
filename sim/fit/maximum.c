#include "fit/maximum.h"

#include <math.h>
#include <string.h>

#define WIDTH 1e-4
#define STEPS_MAX 200u
#define FULL_STEP 1.0 /* no parameter moves further at once: logarithms, so a factor of e */

typedef double matrix[FL_MAXIMUM_DIMENSIONS][FL_MAXIMUM_DIMENSIONS];

static bool factor(uint32_t n, matrix a)
{
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t j = 0; j <= i; j++) {
            double sum = a[i][j];
            for (uint32_t k = 0; k < j; k++) sum -= a[i][k] * a[j][k];
            if (i != j) a[i][j] = sum / a[j][j];
            else if (sum > 0 && isfinite(sum)) a[i][i] = sqrt(sum);
            else return false;
        }
    }
    return true;
}

static void substitute(uint32_t n, matrix a, double b[])
{
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t k = 0; k < i; k++) b[i] -= a[i][k] * b[k];
        b[i] /= a[i][i];
    }
    for (uint32_t i = n; i-- > 0;) {
        for (uint32_t k = i + 1; k < n; k++) b[i] -= a[k][i] * b[k];
        b[i] /= a[i][i];
    }
}

bool fl_solve(uint32_t n, matrix a, double b[])
{
    if (!factor(n, a)) return false;
    substitute(n, a, b);
    return true;
}

struct climb {
    uint32_t n;
    fl_likelihood *likelihood;
    const void *context;
    double theta[FL_MAXIMUM_DIMENSIONS], value, slope[FL_MAXIMUM_DIMENSIONS];
    matrix bend; /* the negative second derivatives */
};

static double at_moved(const struct climb *climb, uint32_t i, double by_i, uint32_t j, double by_j)
{
    double theta[FL_MAXIMUM_DIMENSIONS];
    memcpy(theta, climb->theta, sizeof theta);
    theta[i] += by_i;
    theta[j] += by_j;
    return climb->likelihood(climb->context, theta);
}

static void derive(struct climb *climb)
{
    const double h = WIDTH;
    double up[FL_MAXIMUM_DIMENSIONS], down[FL_MAXIMUM_DIMENSIONS];
    for (uint32_t i = 0; i < climb->n; i++) {
        up[i] = at_moved(climb, i, h, i, 0);
        down[i] = at_moved(climb, i, -h, i, 0);
        climb->slope[i] = (up[i] - down[i]) / (2 * h);
        climb->bend[i][i] = -(up[i] - 2 * climb->value + down[i]) / (h * h);
    }
    for (uint32_t i = 0; i < climb->n; i++) {
        for (uint32_t j = 0; j < i; j++) {
            const double both = at_moved(climb, i, h, j, h) + at_moved(climb, i, -h, j, -h);
            climb->bend[i][j] = climb->bend[j][i] = -(both - up[i] - down[i] - up[j] - down[j] + 2 * climb->value) / (2 * h * h);
        }
    }
}

/* A Newton step with enough added to the diagonal that it climbs; false: none does. */
static bool step(struct climb *climb, double *damping)
{
    for (uint32_t tries = 0; tries < 40; tries++) {
        matrix a;
        double move[FL_MAXIMUM_DIMENSIONS];
        double longest = 0;
        memcpy(a, climb->bend, sizeof a);
        memcpy(move, climb->slope, sizeof move);
        for (uint32_t i = 0; i < climb->n; i++) a[i][i] += *damping * (fabs(a[i][i]) + 1);
        if (fl_solve(climb->n, a, move)) {
            for (uint32_t i = 0; i < climb->n; i++) longest = fmax(longest, fabs(move[i]));
            const double shrink = longest > FULL_STEP ? FULL_STEP / longest : 1;
            double theta[FL_MAXIMUM_DIMENSIONS];
            for (uint32_t i = 0; i < climb->n; i++) theta[i] = climb->theta[i] + shrink * move[i];
            const double value = climb->likelihood(climb->context, theta);
            if (value >= climb->value) {
                memcpy(climb->theta, theta, climb->n * sizeof *theta);
                const bool moved = value - climb->value > 1e-9 * (1 + 1e-6 * fabs(value));
                climb->value = value;
                *damping = *damping > 1e-9 ? *damping / 10 : 0;
                return moved;
            }
        }
        *damping = *damping > 0 ? *damping * 10 : 1e-4;
    }
    return false;
}

static bool invert(uint32_t n, matrix bend, matrix covariance)
{
    matrix a;
    memcpy(a, bend, sizeof a);
    if (!factor(n, a)) return false;
    for (uint32_t i = 0; i < n; i++) {
        double unit[FL_MAXIMUM_DIMENSIONS] = { 0 };
        unit[i] = 1;
        substitute(n, a, unit);
        for (uint32_t j = 0; j < n; j++) covariance[j][i] = unit[j];
    }
    return true;
}

enum fl_status fl_maximise(uint32_t n, const double start[], fl_likelihood *likelihood, const void *context, struct fl_maximum *maximum)
{
    struct climb climb = { .n = n, .likelihood = likelihood, .context = context };
    double damping = 0;
    memcpy(climb.theta, start, n * sizeof *start);
    climb.value = likelihood(context, climb.theta);
    if (!isfinite(climb.value)) return FL_ERANGE;
    for (uint32_t i = 0; i < STEPS_MAX; i++) {
        derive(&climb);
        if (!step(&climb, &damping)) break;
    }
    derive(&climb);
    *maximum = (struct fl_maximum){ .value = climb.value };
    memcpy(maximum->theta, climb.theta, n * sizeof *start);
    maximum->peaked = invert(n, climb.bend, maximum->covariance);
    return FL_OK;
}
