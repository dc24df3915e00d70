/* Whether B is worse than A by more than a margin, when one looks again after every batch of days.
 *
 * A gate fails when the lower bound of how much worse B is lies beyond its margin, passes when the upper bound lies within, and wants
 * more days otherwise, up to a cap. Days are looked at when there are `first` of them and then whenever they have doubled. Every look
 * is a chance to be wrong, so the error 1 - confidence is spent over the looks: the look at n days may spend the share
 * (n - days at the look before) / most of it, on either side. All shares add up to 1, and by Bonferroni's inequality the chance of a
 * false failure at any of the looks is at most 1 - confidence, whatever the looks have to do with each other; so is that of a false
 * pass. Doubling makes the last look's share a half: what looking early costs in power is little.
 *
 * Sources: spending K. K. G. Lan and D. L. DeMets, "Discrete Sequential Boundaries for Clinical Trials", Biometrika 70, 1983, 659-663; in
 * proportion to the days K. Kim and D. L. DeMets, "Design and Analysis of Group Sequential Tests Based on the Type I Error Spending Rate
 * Function", Biometrika 74, 1987, 149-154 (rho = 1). They solve for the joint law of the looks, which makes the boundaries narrower by
 * some percent; the inequality needs none of its assumptions.
 *
 * A gate of many cells (every agent) fails for one of them: each gets its part of the error (Bonferroni). It passes when every
 * one passes, for which each may have the whole (R. L. Berger, "Multiparameter Hypothesis Testing and Acceptance Sampling",
 * Technometrics 24, 1982, 295-300). Gates of one file do not share: ten of them may fail falsely ten times as often as one. */
#ifndef FL_MEASURE_GATE_H
#define FL_MEASURE_GATE_H

#include "measure/compare.h"
#include "scenario/gate.h"

/* Days of the look after the one at `days` (0: none yet): first, twice as many, ..., most. 0 after the look at `most`. */
uint32_t fl_look_next(uint32_t first, uint32_t most, uint32_t days);

/* Share of the error that the look at `days` may spend, `before` being the days of the look before. */
double fl_look_share(uint32_t before, uint32_t days, uint32_t most);

enum fl_gate_verdict {
    FL_GATE_PASSED,
    FL_GATE_FAILED,
    FL_GATE_UNDECIDED, /* not enough evidence yet */
    FL_GATE_EMPTY,     /* no samples: of a whole gate a failure, of a cell among others nothing */
};

/* A group, agent, intent or interval by its index in the rows of either side; FL_NONE: that side has no such thing. */
struct fl_gate_cell {
    uint32_t a, b;
    enum fl_gate_verdict verdict; /* out, as what follows */
    struct fl_excess excess;
};

/* Looks once: `share` as of fl_look_share. The rows of both sides are of the gate's kind of cells, and for the desk there is one cell,
 * { FL_NONE, FL_NONE }. A cell in which both sides have fewer samples than the gate's min_samples is FL_GATE_EMPTY; one that has none
 * on one side only fails where the other has FL_GATE_SILENCE of them or more, or where it is the desk, or where side B lacks the cell.
 * A cell that is new in B is FL_GATE_EMPTY. Cost: fl_compare_excess for each cell, twice for several. */
enum fl_gate_verdict fl_gate_judge(const struct fl_gate *gate, const struct fl_side *a, const struct fl_side *b, bool paired, double share,
                                   uint32_t cells_count, struct fl_gate_cell cells[]);

#define FL_GATE_SILENCE 100u /* chosen: far beyond what the same law could leave empty on one side */

#endif
