/* What simulated days show of whether the objectives are met, and how surely.
 *
 * judge days   days are met or not: the exact binomial bounds of Clopper and Pearson against the share of days that is wanted.
 * judge mean   every objective in every cell is a bound on a ratio of sums: met when above - bound x below is at most 0 on average. Batches
 *              of days give that difference, whose mean is held against 0 by Student's t. That all are met is shown when each is (an
 *              intersection-union test, Berger, Technometrics 24(4), 1982: no correction is due); that some are not when one is, at a level divided
 *              by their number (Bonferroni).
 *
 * Days are added batch by batch and may be of any number; a batch is one value of a t-test, so batches of one evidence are alike. */
#ifndef FL_MEASURE_EVIDENCE_H
#define FL_MEASURE_EVIDENCE_H

#include "measure/summary.h"

enum fl_judgement {
    FL_MISSES,    /* shown not to be met */
    FL_UNDECIDED, /* neither is shown */
    FL_MEETS,     /* shown to be met */
    FL_UNTRIED,   /* there are no days */
};

struct fl_evidence {
    uint32_t days, days_met, batches;
    uint32_t cells;       /* fl_evidence_cells */
    double *sum, *square; /* [cells] the caller's, zeroed: of the differences; judge mean */
};

/* Cells of all objectives together, with so many agents. */
uint32_t fl_evidence_cells(const struct fl_scenario *scenario, uint32_t agents);

/* Whether this cell is one of the interval, or of no interval at all: of the day, a date, group or agent. */
bool fl_evidence_is_of(const struct fl_scenario *scenario, uint32_t cell, uint32_t interval);

/* Adds the days of a run. O(cells x buckets), judge days O(days). */
void fl_evidence_add(struct fl_evidence *evidence, const struct fl_results *batch);

/* `doubt`: the probability of calling something met that is not; `wrong`: of calling something missed that is met. Both in (0, 0.5). */
enum fl_judgement fl_evidence_weigh(const struct fl_evidence *evidence, const struct fl_scenario *scenario, double doubt, double wrong);

/* Days met of so many to come, were the share of those so far off by so many standard errors. judge days, with a day at least. */
uint64_t fl_evidence_foresees(const struct fl_evidence *evidence, double errors, uint32_t days);

/* The same of so many in all, of which those so far are known: it is the others of which so many standard errors more or less are met, of how well
 * the share is known and of chance. */
uint64_t fl_evidence_foresees_in(const struct fl_evidence *evidence, double errors, uint32_t days);

/* Whether so many days in all will hardly show a miss: not even with a standard error fewer met among those to come. judge mean: false. */
bool fl_evidence_is_futile(const struct fl_evidence *evidence, const struct fl_scenario *scenario, uint32_t days, double wrong);

/* Whether one cell of one objective is shown to be met, judge mean. */
bool fl_evidence_shows(const struct fl_evidence *evidence, const struct fl_scenario *scenario, uint32_t objective, uint32_t cell, double doubt);

#endif
