/* Which of several systems is the best, by as few simulated days as it takes.
 *
 * A system is a desk with a setting; an observation is what a day, or a batch of days, says of it as one number, and less is better. All
 * systems are observed on the same days (common random numbers), so that what the days have in common cancels.
 *
 *   fl_selection_screen  which of many can still be the best, by the same few observations of each
 *   fl_selection_*       the best of those: Kim and Nelson's fully sequential procedure KN. After each further observation of those still in, a
 *                        system is out once another is ahead of it by more than chance and the difference that matters allow
 *
 * What is promised, of observations that are normal and independent from one to the next, however the systems go together on a day: where
 * the best is better than all others by `delta` or more, it is the one that is left, with probability 1 - alpha at least; where others are
 * closer to it, one that is within `delta` of it. A screening at alpha / 2 and a selection among those it keeps at alpha / 2, each by days of its
 * own, promise it at alpha together. Batches of days are closer to normal than days.
 *
 * Of the same system twice (the very same observations) the first stays: the setting that is there already goes first.
 *
 * Sources: S.-H. Kim and B. L. Nelson, "A Fully Sequential Procedure for Indifference-Zone Selection in Simulation", ACM TOMACS 11(3),
 * 2001, 251-273, with c = 1; for the screening B. L. Nelson, J. Swann, D. Goldsman and W. Song, "Simple Procedures for Selecting the Best
 * Simulated System When the Number of Alternatives Is Large", Oper. Res. 49(6), 2001, 950-963, with Bonferroni's t in place of the one for
 * independent systems. */
#ifndef FL_MEASURE_SELECTION_H
#define FL_MEASURE_SELECTION_H

#include "core/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Marks in[systems] of which can be the best: out is what another is ahead of, in the mean of the observations, by more than the t of so many
 * degrees and a tail of alpha / (systems - 1) allows the difference of the two. Never all of them are out.
 *
 * systems  at least 1
 * count    observations of each, at least 2
 * values   [count x systems], in the unit of the measure, finite; value of system i in observation o at o x systems + i
 * alpha    the probability of losing the best, in (0, 1)
 *
 * O(systems^2 x count). Allocates nothing. */
void fl_selection_screen(uint32_t systems, uint32_t count, const double values[], double alpha, bool in[]);

/* KN. The fields are to be read. */
struct fl_selection {
    uint32_t systems, first; /* first: observations of all, before anything is decided; n0 of the paper */
    uint32_t taken;          /* observations so far of those still in */
    uint32_t left;           /* systems still in, at least 1 */
    double delta;            /* the difference that matters, in the measure's unit */
    double h2;               /* 2 eta (first - 1), eta = ((2 alpha / (systems - 1))^(-2 / (first - 1)) - 1) / 2 */
    double *values;          /* [first x systems] */
    double *variance;        /* [systems x systems] of the differences of each pair, by the first observations */
    double *sum;             /* [systems] of the observations; of those that are out up to when they were put out */
    uint32_t *counted;       /* [systems] how many that were */
    bool *in;                /* [systems] */
};

/* Memory that fl_selection_start wants. */
size_t fl_selection_bytes(uint32_t systems, uint32_t first);

/* Begins with all systems in. `memory` has fl_selection_bytes(), is aligned to 8 and stays the caller's; it is kept until the last call.
 * FL_ERANGE, and nothing is written, unless systems >= 1, first >= 2, delta > 0 and finite, and 0 < alpha < (systems - 1) / systems, the
 * chance of guessing wrong; of a single system, any alpha. It is the best without an observation. */
FL_MUST_CHECK enum fl_status fl_selection_start(struct fl_selection *selection, uint32_t systems, uint32_t first, double delta, double alpha, void *memory);

/* The next observation of every system that is in; values[systems], those of others are not looked at, finite. Once a single one is left nothing
 * changes any more. O(systems^2), with the `first`-th O(systems^2 x first). */
void fl_selection_add(struct fl_selection *selection, const double values[]);

/* One is left. */
static inline bool fl_selection_ended(const struct fl_selection *selection)
{
    return selection->left == 1;
}

/* Of those still in, the one with the least mean so far, of equals the first: the answer once it has ended, before that the best guess. */
uint32_t fl_selection_best(const struct fl_selection *selection);

/* Mean of a system's observations; NaN without any. */
double fl_selection_mean(const struct fl_selection *selection, uint32_t system);

/* The number of observations at which it ends at the latest; 0: not known before the first of them are there. */
uint64_t fl_selection_most(const struct fl_selection *selection);

#endif
