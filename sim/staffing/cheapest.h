/* The cheapest roster that does, where only trying one tells whether it does.
 *
 * More people are taken to do no harm: with one more on a shift, a roster that does still does. So no roster within one that does not
 * does either, and what does is what is not within any of the largest that do not. Those are found one at a time:
 *
 *   the cheapest roster not barred yet is tried     (rota: an integer programme)
 *   it does: it is the cheapest, since all that costs less is barred
 *   it does not: people are added to it, shift after shift, as long as it still does not; what comes of it is barred
 *
 * An answer needs as many rounds as there are such largest rosters below it: a few for each shift where shifts stand beside each other, many
 * where they overlap. What was reached when the trying ends is a bound: nothing cheaper does. Sources: Gunopulos et al., "Discovering all most
 * specific sentences", ACM TODS 28(2), 2003 (dualize and advance); Codato and Fischetti, "Combinatorial Benders' cuts", Oper. Res. 54(4), 2006.
 *
 * Allocates while it runs and frees all of it; calls must not overlap (solver.h). */
#ifndef FL_STAFFING_CHEAPEST_H
#define FL_STAFFING_CHEAPEST_H

#include "measure/evidence.h"
#include "staffing/rota.h"

/* How hard a roster is tried: a glance shows what is clear, a close look decides as much as it can, and what is to be the answer may have to
 * stand more than that: it is tried as an answer even where it is known to do. */
enum fl_try { FL_GLANCE, FL_CLOSE_LOOK, FL_AS_ANSWER };

struct fl_cheapest_problem {
    const struct fl_rota_problem *rota; /* what a roster may be; its gap is how far from the cheapest the answer may be; no barred ones */
    const uint32_t *ample;              /* [shifts] as many as help, at least those of the roster to begin with: more are never tried */
    /* FL_UNTRIED: no trying is left. A status other than FL_OK ends the search. */
    enum fl_status (*attempt)(void *context, const uint32_t people[], enum fl_try how, enum fl_judgement *judgement);
    void *context;
    uint32_t rounds_max;
};

struct fl_cheapest {
    uint32_t *people; /* [shifts] the caller's array; in: a roster that does; out: the cheapest found */
    double cost;      /* of it, fl_rota_cost */
    double bound;     /* no roster that costs less does */
    bool proven;      /* cost <= (1 + gap) x bound */
    uint32_t rounds, undecided; /* rosters cheaper than the answer that a close look could not decide */
};

/* FL_OK: *out is filled in. FL_EFULL: out of memory, *out is as it was. Others are those of `attempt`; *out then holds what was reached. */
FL_MUST_CHECK enum fl_status fl_cheapest(const struct fl_cheapest_problem *problem, struct fl_cheapest *out);

#endif
