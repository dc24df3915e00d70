#include "core/real.h"

#include "core/tables.h"

#include <math.h>
#include <string.h>

static uint64_t to_bits(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double from_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* 2^n for -1022 <= n <= 1023. */
static double power_of_two(int n)
{
    return from_bits((uint64_t)(1023 + n) << 52);
}

/* log x = n log 2 + log z with z in [0.6875, 1.375), and log z = log(z c) - log c with a tabled c near
 * 1/z. About 1, c is 1: log z is then as accurate, relatively, as elsewhere. */
double fl_log(double x)
{
    static const uint64_t first_bits = UINT64_C(0x3FE6000000000000); /* 0.6875 */
    static const double log2_high = 0x1.62e42fefa3800p-1, log2_low = 0x1.ef35793c76730p-45;

    int exponent = 0;
    if (!(x >= 0x1p-1022 && x < HUGE_VAL)) {
        if (x == 0) return -HUGE_VAL;
        if (!(x > 0)) return NAN;
        if (x == HUGE_VAL) return x;
        x *= 0x1p52; /* a subnormal */
        exponent = -52;
    }
    const uint64_t bits = to_bits(x);
    const uint64_t offset = bits - first_bits;
    const int octave = (int)((int64_t)offset >> 52);
    const struct fl_log_cell *const cell = &fl_log_cells[(offset >> 45) % FL_LOG_CELLS];
    exponent += octave;

    /* r = z c - 1: exact for the upper 26 bits of z, and then rounded once. */
    const uint64_t z_bits = bits - ((uint64_t)octave << 52);
    const double z = from_bits(z_bits), z_high = from_bits(z_bits & ~UINT64_C(0x7FFFFFF));
    const double r = (z_high * cell->inverse - 1) + (z - z_high) * cell->inverse;

    const double whole = exponent * log2_high + cell->log_high; /* exact */
    const double high = whole + r;
    const double low = (whole - high) + r + (exponent * log2_low + cell->log_low);
    const double r2 = r * r;
    /* log(1 + r) - r; |r| < 2^-7, so the first term left out is below 2^-59 of r. */
    const double upper = 1. / 5 - r * (1. / 6) + r2 * (1. / 7 - r * (1. / 8));
    const double curve = r2 * (-0.5 + r * (1. / 3 - r * (1. / 4) + r2 * upper));
    return high + (low + curve);
}

/* e^x = 2^octave x high x (1 + rest), |rest| < 0.003; |x| <= 1100. */
struct parted {
    int octave;
    double high, rest;
};

static struct parted part_exp(double x)
{
    static const double cells_per_unit = 0x1.71547652b82fep+7; /* 128 / log 2 */
    static const double cell_high = 0x1.62e42fefa0000p-8, cell_low = 0x1.cf79abc9e3b3ap-47;
    static const double rounder = 0x1.8p52; /* adding it leaves a whole number in the low bits */

    const double shifted = x * cells_per_unit + rounder;
    const double cells = shifted - rounder;
    const int64_t n = (int64_t)(to_bits(shifted) - to_bits(rounder));
    const struct fl_exp_cell *const cell = &fl_exp_cells[(uint64_t)n % FL_EXP_CELLS];
    const double r = (x - cells * cell_high) - cells * cell_low; /* the first product is exact */
    const double r2 = r * r;
    const double curve = r2 * (0.5 + r * (1. / 6) + r2 * (1. / 24 + r * (1. / 120)));
    return (struct parted){ (int)(n >> 7), cell->high, r + (curve + cell->low) };
}

double fl_exp(double x)
{
    static const double least = -0x1.6232bdd7abcd2p+9, most = 0x1.62e42fefa39efp+9; /* log of 2^-1022 and of 2^1024 */
    if (!(x >= least && x <= most)) return x < least ? 0 : x > most ? HUGE_VAL : x;
    const struct parted e = part_exp(x);
    const double scaled = e.high + e.high * e.rest;
    if (e.octave > -1022 && e.octave < 1024) return scaled * power_of_two(e.octave);
    const double value = scaled * power_of_two(e.octave / 2) * power_of_two(e.octave - e.octave / 2);
    return value < 0x1p-1022 ? 0 : value;
}

double fl_expm1(double x)
{
    if (!(x > -40 && x < 40)) return x <= -40 ? -1 : fl_exp(x);
    if (fabs(x) < 0x1p-60) return x;
    const struct parted e = part_exp(x);
    const double scale = e.high * power_of_two(e.octave);
    return (scale - 1) + scale * e.rest;
}

double fl_pow(double x, double y)
{
    if (y == 0) return 1;
    return fl_exp(y * fl_log(x));
}

/* log(1 + x) = log(u) + (1 + x - u) / u to first order in what u = 1 + x lost to rounding. */
double fl_log1p(double x)
{
    const double u = 1 + x;
    if (!(u > 0 && u < HUGE_VAL)) return fl_log(u);
    const double lost = x < 1 ? x - (u - 1) : 1 - (u - x);
    return fl_log(u) + lost / u;
}
