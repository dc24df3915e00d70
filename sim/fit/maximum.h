/* The largest value of a smooth function of a few parameters, and how sharply it peaks there: maximum likelihood with its errors. */
#ifndef FL_FIT_MAXIMUM_H
#define FL_FIT_MAXIMUM_H

#include "core/status.h"

#define FL_MAXIMUM_DIMENSIONS 8u

/* The function to be made large, usually a log likelihood; -infinity and NaN are places to keep away from. */
typedef double fl_likelihood(const void *context, const double theta[]);

struct fl_maximum {
    double theta[FL_MAXIMUM_DIMENSIONS];
    double covariance[FL_MAXIMUM_DIMENSIONS][FL_MAXIMUM_DIMENSIONS]; /* of theta: the inverse of the negative second derivatives */
    double value;
    bool peaked;    /* the covariance is one: the function falls off in every direction */
};

/* Climbs from `start` by damped Newton steps with central differences of width 1e-4, so parameters are best of the order of 1, as the
 * logarithms of scales and shapes are. Ends when a step changes the value by less than 1e-9, at the latest after 200 steps. Costs
 * some 2 n^2 evaluations a step. FL_ERANGE: the function is not finite at the start. */
FL_MUST_CHECK enum fl_status fl_maximise(uint32_t n, const double start[], fl_likelihood *likelihood, const void *context, struct fl_maximum *maximum);

/* Solves a x = b for a symmetric positive definite a by Cholesky's method, in place; false: it is not. */
bool fl_solve(uint32_t n, double a[FL_MAXIMUM_DIMENSIONS][FL_MAXIMUM_DIMENSIONS], double b[]);

#endif
