/* log, exp and pow that give the same bits everywhere.
 *
 * The C library's differ in the last bit between versions and processors (with and without fused
 * multiply-add), which is enough to turn one simulated day into another. These use only + - * / and
 * sqrt, which IEEE 754 fixes, and are built with -ffp-contract=off. */
#ifndef FL_CORE_REAL_H
#define FL_CORE_REAL_H

/* Natural logarithm, within 1 ulp. log(0) is -infinity, of a negative or NaN: NaN. */
double fl_log(double x);

/* e^x, within 1 ulp; overflows to infinity, underflows to 0 (no subnormals are returned). */
double fl_exp(double x);

/* x^y for x >= 0, by exp(y log x): relative error below 1e-13 for results within 1e+-100. */
double fl_pow(double x, double y);

/* log(1 + x) and exp(x) - 1 without loss near 0, relative error below 1e-15. */
double fl_log1p(double x);
double fl_expm1(double x);

#endif
