/* Quantiles and tails that confidence intervals need. Reproducible: built on core/real.h.
 * Errors are absolute unless said, and hold over the whole stated range. */
#ifndef FL_CORE_SPECIAL_H
#define FL_CORE_SPECIAL_H

#include <stdint.h>

/* Standard normal: P(Z <= z), within 1e-15 relative in the lower tail down to z = -37. */
double fl_normal_cdf(double z);
/* z with P(Z <= z) = p, 0 < p < 1, within 1e-13. */
double fl_normal_quantile(double p);
/* t with P(T <= t) = p for `degrees` >= 1 degrees of freedom, relative error below 1e-10. */
double fl_student_quantile(double p, double degrees);
/* P(T <= t). */
double fl_student_cdf(double t, double degrees);
/* Regularised incomplete gamma Q(a, x) = P(Gamma(a) > x) and beta I_x(a, b), for a and b from
 * 0.0025 to 1e6; relative error 1e-12, but absolute where the other tail is the small one. */
double fl_gamma_upper(double a, double x);
double fl_beta_lower(double a, double b, double x);
/* P(a, x) = 1 - Q(a, x), as accurate where it is small. */
double fl_gamma_lower(double a, double x);
/* ln P(Poisson(mean) = k), whole k >= 0, mean > 0; absolute error 1e-14 near the mean, however large. */
double fl_poisson_log_mass(double k, double mean);
/* ln Gamma(x), x > 0, within 1e-14 x (1 + |ln Gamma(x)|). */
double fl_log_gamma(double x);
/* Clopper-Pearson bounds for `successes` of `trials`, each side with probability `tail`. */
double fl_binomial_lower(uint64_t successes, uint64_t trials, double tail);
double fl_binomial_upper(uint64_t successes, uint64_t trials, double tail);

#endif
