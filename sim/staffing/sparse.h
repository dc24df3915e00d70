/* A programme for the solver, built column by column: rows first, then each column with its entries. Memory that runs out is noted and
 * told once, when the programme is solved. Start with a zeroed one. */
#ifndef FL_STAFFING_SPARSE_H
#define FL_STAFFING_SPARSE_H

#include "staffing/solver.h"

struct fl_sparse {
    uint32_t columns, rows, entries;
    uint32_t columns_room, rows_room, entries_room;
    double *cost, *high, *value, *row_low, *row_high;
    bool *whole;
    uint32_t *start, *row; /* start has one more than columns_room */
    bool failed;
};

/* The number of the new row. */
uint32_t fl_sparse_row(struct fl_sparse *s, double low, double high);
/* The number of the new column, at least 0 and at most `high`, which may be infinite. */
uint32_t fl_sparse_column(struct fl_sparse *s, double cost, double high, bool whole);
/* One more entry of the newest column. */
void fl_sparse_entry(struct fl_sparse *s, uint32_t row, double value);

/* As fl_solver_minimise, FL_EFULL also when memory ran out before. *x is allocated, [columns], and to be freed even on failure. */
FL_MUST_CHECK enum fl_status fl_sparse_minimise(const struct fl_sparse *s, const struct fl_solver_limits *limits, double **x,
                                                struct fl_solution *out);

void fl_sparse_free(struct fl_sparse *s);

#endif
