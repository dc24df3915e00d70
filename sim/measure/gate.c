#include "measure/gate.h"

#include <math.h>

uint32_t fl_look_next(uint32_t first, uint32_t most, uint32_t days)
{
    if (days >= most) return 0;
    const uint32_t next = days < first ? first : days > most / 2 ? most : 2 * days;
    return next < most ? next : most;
}

double fl_look_share(uint32_t before, uint32_t days, uint32_t most)
{
    return (double)(days - before) / most;
}

static struct fl_excess excess_of(const struct fl_gate *gate, const struct fl_side *a, const struct fl_side *b, bool paired,
                                  const struct fl_gate_cell *cell, double tail_low, double tail_high)
{
    const struct fl_margin margin = { isnan(gate->relative) ? 0 : gate->relative, isnan(gate->absolute) ? 0 : gate->absolute,
                                      gate->worse == FL_WORSE_HIGHER };
    return fl_compare_excess(a, cell->a, b, cell->b, paired, gate->metric, gate->statistic, &margin, tail_low, tail_high);
}

/* What A has of a cell that B lacks. */
static struct fl_excess excess_without_b(const struct fl_gate *gate, const struct fl_side *a, const struct fl_gate_cell *cell)
{
    const struct fl_gate_cell own = { .a = cell->a, .b = cell->a };
    const struct fl_excess with_itself = excess_of(gate, a, a, true, &own, 0.5, 0.5);
    return (struct fl_excess){ .a = with_itself.a, .samples_a = with_itself.samples_a, .known_a = with_itself.known_a };
}

static enum fl_gate_verdict verdict_of(const struct fl_excess *excess)
{
    if (!excess->sure) return FL_GATE_UNDECIDED;
    return excess->low > 0 ? FL_GATE_FAILED : excess->high <= 0 ? FL_GATE_PASSED : FL_GATE_UNDECIDED;
}

/* What can be said of a cell without comparing: FL_GATE_PASSED stands for "compare it". */
static enum fl_gate_verdict verdict_on_samples(const struct fl_gate *gate, const struct fl_gate_cell *cell)
{
    const struct fl_excess *excess = &cell->excess;
    const double a = excess->known_a ? excess->samples_a : 0, b = excess->known_b ? excess->samples_b : 0;
    if (gate->per == FL_GATE_DESK) return a < gate->min_samples && b < gate->min_samples ? FL_GATE_EMPTY : a > 0 && b > 0 ? FL_GATE_PASSED : FL_GATE_FAILED;
    if (cell->a == FL_NONE || (a < gate->min_samples && b < gate->min_samples)) return FL_GATE_EMPTY;
    if (cell->b == FL_NONE) return FL_GATE_FAILED;
    if (a > 0 && b > 0) return FL_GATE_PASSED;
    return fmax(a, b) >= FL_GATE_SILENCE ? FL_GATE_FAILED : FL_GATE_UNDECIDED;
}

enum fl_gate_verdict fl_gate_judge(const struct fl_gate *gate, const struct fl_side *a, const struct fl_side *b, bool paired, double share,
                                   uint32_t cells_count, struct fl_gate_cell cells[])
{
    const double error = (1 - gate->confidence) * share;
    const bool is_desk = gate->per == FL_GATE_DESK;
    uint32_t compared = 0, failed = 0, undecided = 0;
    for (uint32_t i = 0; i < cells_count; i++) {
        struct fl_gate_cell *cell = &cells[i];
        cell->excess = (struct fl_excess){ 0 };
        if (is_desk || (cell->a != FL_NONE && cell->b != FL_NONE)) cell->excess = excess_of(gate, a, b, paired, cell, error, error);
        else if (cell->a != FL_NONE) cell->excess = excess_without_b(gate, a, cell);
        cell->verdict = verdict_on_samples(gate, cell);
        compared += cell->verdict == FL_GATE_PASSED;
    }
    const uint32_t sharers = compared;
    for (uint32_t i = 0; i < cells_count; i++) {
        struct fl_gate_cell *cell = &cells[i];
        if (cell->verdict == FL_GATE_PASSED) {
            if (sharers > 1) cell->excess = excess_of(gate, a, b, paired, cell, error / sharers, error);
            cell->verdict = verdict_of(&cell->excess);
        }
        failed += cell->verdict == FL_GATE_FAILED;
        undecided += cell->verdict == FL_GATE_UNDECIDED;
    }
    return failed > 0 ? FL_GATE_FAILED : undecided > 0 ? FL_GATE_UNDECIDED : compared > 0 ? FL_GATE_PASSED : FL_GATE_EMPTY;
}
