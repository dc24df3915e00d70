#include "core/special.h"

#include "core/real.h"
#include "core/tables.h"

#include <float.h>
#include <math.h>

static const double pi = 0x1.921fb54442d18p+1;
static const double half_log_two_pi = 0x1.d67f1c864beb5p-1;
static const double normal_density_0 = 0x1.9884533d43651p-2; /* 1 / sqrt(2 pi) */

/* ---- Gamma function ---- */

/* ln Gamma(x) - [(x - 1/2) ln x - x + ln(2 pi)/2] for x >= 12, by Stirling's series (Abramowitz and
 * Stegun 6.1.41); the first term left out is below 1e-17. */
static double stirling_rest(double x)
{
    const double y = 1 / (x * x);
    const double upper = 1. / 1680 - y * (1. / 1188 - y * (691. / 360360 - y * (1. / 156)));
    return (1. / 12 - y * (1. / 360 - y * (1. / 1260 - y * upper))) / x;
}

double fl_log_gamma(double x)
{
    double product = 1;
    for (; x < 12; x++) product *= x;
    return (x - 0.5) * fl_log(x) - x + half_log_two_pi + stirling_rest(x) - fl_log(product);
}

/* The same rest for any x > 0. */
static double stirling_error(double x)
{
    return x >= 12 ? stirling_rest(x) : fl_log_gamma(x) - ((x - 0.5) * fl_log(x) - x + half_log_two_pi);
}

/* x ln(x / m) + m - x, without cancellation near x = m. This and the way it is used: Loader, "Fast and
 * accurate computation of binomial probabilities", 2000. */
static double deviance(double x, double m)
{
    if (x == 0) return m;
    const double difference = x - m;
    if (fabs(difference) > 0.1 * (x + m)) return x * fl_log(x / m) + m - x;
    const double v = difference / (x + m), v2 = v * v;
    double sum = difference * v, term = 2 * x * v;
    for (int k = 3;; k += 2) {
        term *= v2;
        const double next = sum + term / k;
        if (next == sum) return sum;
        sum = next;
    }
}

/* ln(m^x e^-m / Gamma(x + 1)), x > 0. */
static double log_poisson_term(double x, double m)
{
    return -stirling_error(x) - deviance(x, m) - 0.5 * fl_log(x) - half_log_two_pi;
}

double fl_poisson_log_mass(double k, double mean)
{
    return k == 0 ? -mean : log_poisson_term(k, mean);
}

/* ---- Incomplete gamma function: series below the mean, continued fraction above ---- */

#define STEPS_MAX 1000000 /* about 6 sqrt(a) are needed */

static double gamma_series(double a, double x)
{
    double sum = 1, term = 1;
    for (int n = 1; n < STEPS_MAX && term > 0x1p-56 * sum; n++) {
        term *= x / (a + n);
        sum += term;
    }
    return fl_exp(log_poisson_term(a, x)) * sum;
}

/* The modified method of Lentz: value of b0 + a1 / (b1 + a2 / (b2 + ...)), one step at a time. */
struct fraction {
    double value, c, d;
};

static double away_from_zero(double x)
{
    return fabs(x) < 1e-300 ? 1e-300 : x;
}

/* Returns the factor by which the value changed. */
static double fraction_step(struct fraction *f, double a, double b)
{
    f->d = 1 / away_from_zero(b + a * f->d);
    f->c = away_from_zero(b + a / f->c);
    f->value *= f->c * f->d;
    return f->c * f->d;
}

static struct fraction fraction_start(double b0)
{
    const double b = away_from_zero(b0);
    return (struct fraction){ b, b, 0 };
}

static double gamma_fraction(double a, double x)
{
    struct fraction f = fraction_start(x + 1 - a);
    for (int n = 1; n < STEPS_MAX; n++)
        if (fabs(fraction_step(&f, n * (a - n), x + 1 - a + 2 * n) - 1) < DBL_EPSILON) break;
    return fl_exp(log_poisson_term(a, x)) * a / f.value;
}

double fl_gamma_upper(double a, double x)
{
    if (!(x > 0)) return 1;
    if (x == HUGE_VAL) return 0;
    return x < a + 1 ? 1 - gamma_series(a, x) : gamma_fraction(a, x);
}

double fl_gamma_lower(double a, double x)
{
    if (!(x > 0)) return 0;
    if (x == HUGE_VAL) return 1;
    return x < a + 1 ? gamma_series(a, x) : 1 - gamma_fraction(a, x);
}

/* ---- Incomplete beta function ---- */

/* x^a y^b Gamma(a + b) / (Gamma(a + 1) Gamma(b)), y = 1 - x. */
static double beta_term(double a, double b, double x, double y)
{
    const double n = a + b;
    const double log_term = stirling_error(n) - stirling_error(a) - stirling_error(b) - deviance(a, n * x) -
                            deviance(b, n * y) + 0.5 * fl_log(b / (a * n)) - half_log_two_pi;
    return fl_exp(log_term);
}

/* DiDonato and Morris, "Significant digit computation of the incomplete beta function ratios", ACM TOMS
 * 18(3), 1992, equation 9; for x up to about a / (a + b). The better known fraction 26.5.8 of Abramowitz
 * and Stegun loses 5 digits for x near 1, which is Student's tail at a million degrees. */
static double beta_fraction(double a, double b, double x, double y)
{
    const double lambda = a * y - b * x;
    struct fraction f = fraction_start(a / (a + 1) * (lambda + 1));
    for (int n = 1; n < STEPS_MAX; n++) {
        const double m = a + 2. * n, k = n * (b - n) * x / (m - 1);
        const double alpha = (a + n - 1) * (a + b + n - 1) / (m - 1) * x * k;
        const double beta = n + k + (a + n) / (m + 1) * (lambda + 1 + n * (1 + y));
        if (fabs(fraction_step(&f, alpha, beta) - 1) < DBL_EPSILON) break;
    }
    return beta_term(a, b, x, y) * a / f.value;
}

/* I_x(a, b), given both x and y = 1 - x so that neither loses digits. */
static double beta_both(double a, double b, double x, double y)
{
    if (!(x > 0)) return 0;
    if (!(y > 0)) return 1;
    return x < (a + 1) / (a + b + 2) ? beta_fraction(a, b, x, y) : 1 - beta_fraction(b, a, y, x);
}

double fl_beta_lower(double a, double b, double x)
{
    return beta_both(a, b, x, 1 - x);
}

/* ---- Normal ---- */

/* exp(-z^2 / 2) with the square's lost bits made good. */
static double bell(double z)
{
    const double high = floor(z * 0x1p16) * 0x1p-16; /* so that its square is exact */
    return fl_exp(-0.5 * high * high) * fl_exp(-0.5 * (z - high) * (z + high));
}

/* P(Z > z) / density(z), z >= 0. Clenshaw's sum of the Chebyshev series. */
static double mills_ratio(double z)
{
    const double t = (z - 4) / (z + 4);
    double b1 = 0, b2 = 0;
    for (int j = FL_MILLS_TERMS - 1; j >= 1; j--) {
        const double b0 = fl_mills_coefficients[j] + (2 * t * b1 - b2);
        b2 = b1;
        b1 = b0;
    }
    return (fl_mills_coefficients[0] + (t * b1 - b2)) / (1 + z);
}

double fl_normal_cdf(double z)
{
    const double size = fabs(z);
    if (!(size < 40)) return z > 0 ? 1 : z < 0 ? 0 : z;
    const double tail = mills_ratio(size) * normal_density_0 * bell(size);
    return z > 0 ? 1 - tail : tail;
}

/* z <= 0 with P(Z <= z) = p <= 1/2: Abramowitz and Stegun 26.2.23, which is within 4.5e-4, and then
 * Halley's method, which triples the digits. */
static double lower_normal_quantile(double p)
{
    const double t = sqrt(-2 * fl_log(p));
    double z = (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t;
    for (int i = 0; i < 3; i++) {
        const double density = normal_density_0 * bell(-z);
        const double step = (fl_normal_cdf(z) - p) / density;
        z -= step / (1 + 0.5 * z * step);
    }
    return z;
}

double fl_normal_quantile(double p)
{
    return p <= 0.5 ? lower_normal_quantile(p) : -lower_normal_quantile(1 - p);
}

/* ---- Student ---- */

/* P(T > t), t >= 0. */
static double student_tail(double t, double degrees)
{
    const double sum = degrees + t * t;
    return 0.5 * beta_both(0.5 * degrees, 0.5, degrees / sum, t * t / sum);
}

/* P(0 < T <= t), t >= 0. */
static double student_centre(double t, double degrees)
{
    const double sum = degrees + t * t;
    return 0.5 * beta_both(0.5, 0.5 * degrees, t * t / sum, degrees / sum);
}

double fl_student_cdf(double t, double degrees)
{
    return t < 0 ? student_tail(-t, degrees) : 1 - student_tail(t, degrees);
}

static double student_density(double t, double degrees)
{
    const double half = 0.5 * degrees;
    const double log_factor = fl_log_gamma(half + 0.5) - fl_log_gamma(half) - 0.5 * fl_log(pi * degrees);
    return fl_exp(log_factor - (half + 0.5) * fl_log1p(t * t / degrees));
}

#define NEWTON_STEPS_MAX 100

/* t > 0 with P(0 < T <= t) = share. That is concave in t, so Newton's method climbs to it from 0. */
static double student_near(double share, double degrees)
{
    double t = 0;
    for (int i = 0; i < NEWTON_STEPS_MAX; i++) {
        const double step = (share - student_centre(t, degrees)) / student_density(t, degrees);
        t += step;
        if (fabs(step) <= 1e-14 * t) break;
    }
    return t;
}

/* t > 0 with P(T > t) = tail. ln tail is concave in ln t, so Newton's method comes down to it from the right. */
static double student_far(double tail, double degrees)
{
    double t = -fl_normal_quantile(tail);
    for (int i = 0; i < NEWTON_STEPS_MAX; i++) {
        const double p = student_tail(t, degrees);
        const double step = fl_log(p / tail) * p / (t * student_density(t, degrees));
        t *= fl_exp(step);
        if (fabs(step) <= 1e-14) break;
    }
    return t;
}

double fl_student_quantile(double p, double degrees)
{
    const double tail = p < 0.5 ? p : 1 - p;
    const double t = tail > 0.1 ? student_near(0.5 - tail, degrees) : student_far(tail, degrees);
    return p < 0.5 ? -t : t;
}

/* ---- Binomial ---- */

/* x with I_x(a, b) = p, by Newton's method on the logarithms, kept inside a shrinking bracket. */
static double beta_quantile(double a, double b, double p)
{
    double least = 0, most = 1, x = a / (a + b);
    for (int i = 0; i < NEWTON_STEPS_MAX; i++) {
        const double value = beta_both(a, b, x, 1 - x);
        if (value < p) least = x;
        else most = x;
        const double slope = a * beta_term(a, b, x, 1 - x) / (value * (1 - x)); /* d ln I / d ln x */
        const double step = fl_log(p / value) / slope;
        double next = x * fl_exp(step);
        if (!(next > least && next < most)) next = 0.5 * (least + most);
        if (fabs(next - x) <= 1e-15 * x) return next;
        x = next;
    }
    return x;
}

double fl_binomial_lower(uint64_t successes, uint64_t trials, double tail)
{
    if (successes == 0) return 0;
    return beta_quantile((double)successes, (double)(trials - successes) + 1, tail);
}

double fl_binomial_upper(uint64_t successes, uint64_t trials, double tail)
{
    return 1 - fl_binomial_lower(trials - successes, trials, tail);
}
