/* The hiring plan: how many of whom to take on, and when, so that every date has its people.
 *
 * A date wants so many places of each pool (people who answer the same groups). They are filled by those who are there and by those who are
 * taken on, each source being people alike who came on the same date. Of one of them it is known how much of her there is on a date (she
 * may not have begun, be in training, be away, or have left: the share that is still there is her survival), and what she is worth in
 * places (who is still learning is slower). The plan is the cheapest in expectation:
 *
 *   minimise   sum of taken on x price  +  shifts worked x price of a shift  +  hours paid for and not worked x wage
 *   so that    on every date and in every pool, worth x people at work there, summed over sources, fills its places;
 *              the slow fill no more of them than they may, unless nobody else is there; no more are at work on a date than are there; nobody works more days or hours
 *              a week than she may.
 *
 * Whole numbers are taken on; who works where may be shared. It says how many there must be; who works when, person by person, is team.h. A
 * date's shortfall by chance (more have left than expected) is not in it: that is for the simulation to see, and to ask for more places.
 *
 * Weeks are sevens from the first date, as in team.h. Manpower planning of this form: C. C. Holt et al., "Planning Production, Inventories,
 * and Work Force", 1960; N. Gans and Y.-P. Zhou, "Managing Learning and Turnover in Employee Staffing", Operations Research 50(6), 2002.
 * Allocates while it solves and frees all of it. Calls must not overlap (solver.h). */
#ifndef FL_STAFFING_HIRING_H
#define FL_STAFFING_HIRING_H

#include "core/status.h"

#include <stdbool.h>
#include <stdint.h>

#define FL_HIRING_POOLS_MAX 64u

struct fl_hiring_source {
    uint32_t count;        /* who are there; of those to be taken on: how many there may be, FL_NONE: any number ... */
    uint32_t kind;         /* ... of all sources of this kind together */
    bool hired;            /* are taken on as far as needed; else they are there anyhow */
    double price;          /* of each taken on, once: agency, pay while in training. >= 0 */
    uint64_t pools;        /* bit per pool that they can work in */
    uint32_t days_week;    /* 1 to 7 */
    double hours_week;     /* worked, at most; infinite: no limit */
    double paid_hours;     /* a week that are paid for even if not worked, from the week they are there all through; 0: none */
    double wage;           /* of an hour that is not worked, >= 0 */
};

struct fl_hiring_problem {
    uint32_t dates, pools_count, sources_count;
    const double *places;  /* [dates x pools] places to be filled, >= 0 */
    const double *hours;   /* [dates x pools] worked on one of them, >= 0 */
    const struct fl_hiring_source *sources;
    const double *there;   /* [sources x dates] of one of them: how much is expected to be there and able to work, 0 to 1 */
    const double *worth;   /* [sources x dates] what one who is there fills of a place, >= 0 */
    const double *cost;    /* [sources x pools] of one on a place for a date, >= 0 */
    double slow;           /* who is worth less is slow: however many of them answer, each answer takes long ... */
    const double *slow_most; /* [dates x pools] ... so that they are to fill at most so many of the places, more only where nobody else is; NULL: any number */
    double gap;            /* 0 to 1 */
    uint32_t nodes_max;    /* of a search tree, >= 1 */
};

struct fl_hiring {
    uint32_t *taken;   /* [sources] the caller's array: how many are taken on; of those who are there: their count */
    double *at_work;   /* [sources x dates x pools] the caller's array: how many of them are at work there */
    double *missing;   /* [dates x pools] the caller's array: places that nobody fills; 0 unless infeasible */
    double cost;       /* expected */
    bool proven;       /* at most gap above the cheapest */
};

/* FL_OK: every place is filled. FL_EINFEASIBLE: they cannot be, and *out is the plan that leaves the fewest open. FL_ERANGE: the problem is
 * out of its range; FL_EFULL: nothing found within nodes_max, or out of memory. One programme of sources x dates x pools columns. */
FL_MUST_CHECK enum fl_status fl_hiring_plan(const struct fl_hiring_problem *problem, struct fl_hiring *out);

#endif
