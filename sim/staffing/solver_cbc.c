/* CBC (EPL-1.0), the only file that knows it. Settings that keep results repeatable: one thread, no clock. */
#include "staffing/solver.h"

#include <Cbc_C_Interface.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* A solution whose whole numbers are off by more than this is not one. CBC's own tolerance is 1e-6. */
#define WHOLE_WITHIN 1e-5

static int *ints_of(const uint32_t numbers[], uint32_t count)
{
    int *const ints = malloc((count ? count : 1) * sizeof *ints);
    for (uint32_t i = 0; ints != NULL && i < count; i++) ints[i] = (int)numbers[i];
    return ints;
}

static bool load(Cbc_Model *model, const struct fl_program *program)
{
    /* CBC takes `int` positions where the programme has unsigned ones */
    int *const start = ints_of(program->start, program->columns + 1);
    int *const row = ints_of(program->row, program->start[program->columns]);
    const bool ok = start != NULL && row != NULL;
    if (ok) {
        Cbc_loadProblem(model, (int)program->columns, (int)program->rows, start, row, program->value, NULL,
                        program->high, program->cost, program->row_low, program->row_high);
        for (uint32_t j = 0; j < program->columns; j++) {
            if (program->whole[j]) Cbc_setInteger(model, (int)j);
        }
    }
    free(start);
    free(row);
    return ok;
}

static void configure(Cbc_Model *model, const struct fl_solver_limits *limits)
{
    char number[64];
    Cbc_setLogLevel(model, 0);
    Cbc_setParameter(model, "slogLevel", "0"); /* the inner linear programmes have a log of their own */
    /* With it, 2.10.8 loses cheapest solutions of small programmes and calls dearer ones proven. */
    Cbc_setParameter(model, "preprocess", "off");
    /* CBC's ratio is one of the solution's cost, ours one of the bound */
    snprintf(number, sizeof number, "%.17g", limits->gap / (1 + limits->gap));
    Cbc_setParameter(model, "ratioGap", number);
    Cbc_setParameter(model, "allowableGap", "1e-9"); /* absolute; its default of 1e-10 loses to rounding */
    snprintf(number, sizeof number, "%u", limits->nodes_max < INT_MAX ? limits->nodes_max : (uint32_t)INT_MAX);
    Cbc_setParameter(model, "maxNodes", number);
}

static enum fl_status take(Cbc_Model *model, const struct fl_program *program, double gap, double x[],
                           struct fl_solution *out)
{
    if (Cbc_isProvenInfeasible(model)) return FL_EINFEASIBLE;
    if (Cbc_isContinuousUnbounded(model)) return FL_ERANGE;
    bool whole = false;
    for (uint32_t j = 0; j < program->columns; j++) whole |= program->whole[j];
    /* a programme without whole numbers is not searched: its solution is that of its linear programme */
    const double *const best = whole ? Cbc_bestSolution(model) : Cbc_isProvenOptimal(model) ? Cbc_getColSolution(model) : NULL;
    if (best == NULL) return FL_EFULL;
    for (uint32_t j = 0; j < program->columns; j++) {
        const double near = floor(best[j] + 0.5);
        FL_ASSERT(!program->whole[j] || fabs(best[j] - near) < WHOLE_WITHIN);
        x[j] = program->whole[j] ? near : best[j] > 0 ? best[j] : 0;
    }
    double cost = 0;
    for (uint32_t j = 0; j < program->columns; j++) cost += program->cost[j] * x[j];
    /* CBC drops branches that promise less than the gap; when none is left it takes the solution's own cost for a bound */
    const double bound = Cbc_getBestPossibleObjValue(model), dropped = cost - gap / (1 + gap) * fabs(cost);
    out->cost = cost;
    out->bound = !whole ? cost : bound < dropped ? bound : dropped;
    out->proven = Cbc_isProvenOptimal(model) != 0;
    return FL_OK;
}

enum fl_status fl_solver_minimise(const struct fl_program *program, const struct fl_solver_limits *limits, double x[],
                                  struct fl_solution *out)
{
    if (program->columns >= INT_MAX || program->rows >= INT_MAX) return FL_ERANGE;
    if (program->start[program->columns] >= INT_MAX) return FL_ERANGE;
    Cbc_Model *const model = Cbc_newModel();
    if (model == NULL) return FL_EFULL;
    enum fl_status status = FL_EFULL;
    if (load(model, program)) {
        configure(model, limits);
        Cbc_solve(model);
        status = take(model, program, limits->gap, x, out);
    }
    Cbc_deleteModel(model);
    return status;
}
