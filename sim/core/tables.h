/* Constant tables of real.c, distribution.c and special.c. Other files have no business with them;
 * distribution.h names the one that its inline function needs. tables.c is written by core_tables.py. */
#ifndef FL_CORE_TABLES_H
#define FL_CORE_TABLES_H

#include "core/distribution.h"

#define FL_LOG_CELLS 128
#define FL_EXP_CELLS 128
#define FL_MILLS_TERMS 32

/* For arguments about 1 / inverse: -log(inverse) = log_high + log_low. */
struct fl_log_cell {
    double inverse;  /* a multiple of 2^-9, so products with 26 bits are exact */
    double log_high; /* a multiple of 2^-42, so sums with the exponent's part are exact */
    double log_low;
};
extern const struct fl_log_cell fl_log_cells[FL_LOG_CELLS];

/* 2^(i/128) = high x (1 + low). */
struct fl_exp_cell {
    double high, low;
};
extern const struct fl_exp_cell fl_exp_cells[FL_EXP_CELLS];

/* Density at the outer edge of a layer; of layer 0 the top of the curve, 1. */
extern const double fl_exponential_densities[FL_ZIGGURAT_LAYERS];
extern const double fl_exponential_tail; /* where layer 0 goes over into the tail */

extern const struct fl_ziggurat_layer fl_normal_layers[FL_ZIGGURAT_LAYERS];
extern const double fl_normal_densities[FL_ZIGGURAT_LAYERS];
extern const double fl_normal_tail;

/* Chebyshev series of (1 + z) P(Z > z) / density(z), z >= 0, in t = (z - 4) / (z + 4). */
extern const double fl_mills_coefficients[FL_MILLS_TERMS];

#endif
