/* The integer programme solver, behind one door: a sparse programme in, a solution out.
 *
 * Nothing outside solver_cbc.c knows which solver it is. It runs on the calling thread, prints nothing, is stopped by
 * its gap or by a count of nodes and never by a clock, so the same programme gives the same solution. It allocates and
 * frees on its own. Calls must not overlap: the solver's front end is not known to be free of shared state. */
#ifndef FL_STAFFING_SOLVER_H
#define FL_STAFFING_SOLVER_H

#include "core/status.h"

/* minimise cost x, row_low <= A x <= row_high, 0 <= x <= high, some x whole. Columns are kept one after the other.
 * Everything is borrowed for the call. */
struct fl_program {
    uint32_t columns, rows;
    const double *cost;               /* [columns] */
    const double *high;               /* [columns]; infinite: none */
    const bool *whole;                /* [columns] a whole number is wanted */
    const uint32_t *start;            /* [columns + 1] column j has the entries start[j] to start[j + 1] - 1 */
    const uint32_t *row;              /* [entries] */
    const double *value;              /* [entries] */
    const double *row_low, *row_high; /* [rows]; -infinity, +infinity: none */
};

struct fl_solver_limits {
    double gap; /* stop when the best solution is proven to cost at most 1 + gap times the cheapest; 0: cheapest */
    uint32_t nodes_max; /* of the search tree, >= 1 */
};

struct fl_solution {
    double cost;
    double bound; /* no solution costs less; cost - bound is what may be left to gain */
    bool proven;  /* the gap was reached before the limit of nodes */
};

/* Solves the programme. x[columns] receives the solution, whole where asked for. FL_EINFEASIBLE when there is none,
 * FL_EFULL when none was found within nodes_max or memory ran out, FL_ERANGE for a programme that is unbounded or too
 * large; x and *out are untouched then. */
FL_MUST_CHECK enum fl_status fl_solver_minimise(const struct fl_program *program, const struct fl_solver_limits *limits,
                                                double x[], struct fl_solution *out);

#endif
