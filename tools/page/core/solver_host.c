/* staffing/solver.h, solved by whoever runs this program: src/common/solver.ts. */
#include "staffing/solver.h"

#include <math.h>
#include <stdlib.h>

/* The arrays of struct fl_program as they lie in memory. x[columns] and answer[2], cost and bound, are written. An enum fl_status;
 * *proven: within the gap. */
__attribute__((import_module("fenliu"), import_name("minimise"))) int32_t
fl_host_minimise(uint32_t columns, uint32_t rows, const double *cost, const double *high, const bool *whole, const uint32_t *start,
                 const uint32_t *row, const double *value, const double *row_low, const double *row_high, double gap,
                 uint32_t nodes_max, double *x, double *answer);

enum { ANSWER_FOUND, ANSWER_PROVEN, ANSWER_INFEASIBLE, ANSWER_NONE_YET, ANSWER_UNBOUNDED };

enum fl_status fl_solver_minimise(const struct fl_program *program, const struct fl_solver_limits *limits, double x[],
                                  struct fl_solution *out)
{
    double answer[2], *const found = malloc((program->columns ? program->columns : 1) * sizeof *found);
    if (found == NULL) return FL_EFULL;
    const int32_t how = fl_host_minimise(program->columns, program->rows, program->cost, program->high, program->whole, program->start,
                                         program->row, program->value, program->row_low, program->row_high, limits->gap,
                                         limits->nodes_max, found, answer);
    enum fl_status status = how == ANSWER_INFEASIBLE ? FL_EINFEASIBLE : how == ANSWER_UNBOUNDED ? FL_ERANGE : FL_EFULL;
    if (how == ANSWER_FOUND || how == ANSWER_PROVEN) {
        for (uint32_t j = 0; j < program->columns; j++) x[j] = found[j];
        *out = (struct fl_solution){ .cost = answer[0], .bound = answer[1], .proven = how == ANSWER_PROVEN };
        status = FL_OK;
    }
    free(found);
    return status;
}
