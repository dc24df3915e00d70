/* The rota: how many people on each shift, at the least cost, so that every interval and group has whom it needs.
 *
 * Set covering over explicit shifts with their breaks (Dantzig, "A comment on Edie's traffic delays at toll booths",
 * Oper. Res. 2, 1954). People of several groups are divided among them in each interval by allocation variables, which
 * need not be whole: routing hands out chats, not people. Rows learnt from a simulation are added as cuts (Atlason,
 * Epelman and Henderson, Management Science 54(2), 2008; Cezik and L'Ecuyer, same issue) and the programme is solved
 * again. A roster that is known not to do bars every roster with no more people on any shift: one of its shifts has to have
 * more, which takes a 0/1 column for each number of people that leads out of one.
 *
 * One shift costs about half a percent of a day, so a gap of 0.005 is where searching stops paying; a gap of 0 proves
 * the cheapest. Allocates while it solves and frees all of it. Calls must not overlap (solver.h). */
#ifndef FL_STAFFING_ROTA_H
#define FL_STAFFING_ROTA_H

#include "scenario/scenario.h"

#define FL_ROTA_GAP       0.005
#define FL_ROTA_NODES_MAX 200000u

struct fl_rota_shift {
    fl_time from, to; /* ns from the scenario's start, from < to; may reach beyond the scenario */
    uint32_t breaks_count;
    const struct fl_break *breaks; /* borrowed; at: ns after `from`; they do not overlap */
    uint64_t groups;               /* bit per group that its people answer, not 0; more than one: cross-trained */
    double cost;                   /* of one person, >= 0 */
    double speed;                  /* what one person is worth in required people, > 0; a new hire 1/2.3 */
    uint32_t people_max;           /* FL_NONE: as many as wanted */
    fl_time paid;                  /* of candidates: their length, breaks that are not paid taken off */
};

/* sum of weight x people on duty >= at_least, people counted by their speed. */
struct fl_rota_term {
    uint32_t interval, group;
    double weight;
};

struct fl_rota_cut {
    uint32_t terms_count;
    const struct fl_rota_term *terms; /* borrowed; a cell may stand twice, weights then add */
    double at_least;
};

/* People who share a limit: those on the shifts first_shift to first_shift + shifts_count - 1 that start in [from, to), e.g. all of one
 * kind on one day, where each works one shift a day. */
struct fl_rota_crew {
    uint32_t first_shift, shifts_count;
    fl_time from, to;
    uint32_t people_max;
};

struct fl_rota_problem {
    fl_time interval, duration;
    uint32_t intervals_count; /* duration / interval, rounded up; the last may be shorter */
    uint32_t groups_count;    /* 1 to FL_GROUPS_MAX */
    const double *required;   /* [intervals x groups] at [interval * groups_count + group]: people of speed 1, >= 0 */
    uint32_t shifts_count, cuts_count, barred_count;
    const struct fl_rota_shift *shifts;
    const struct fl_rota_cut *cuts;
    const uint32_t *barred; /* [barred x shifts] rosters that do not do, nor does any within them; FL_NONE: however many on that shift */
    double whole_share;  /* a shift counts in an interval when on duty for at least this share of it, (0, 1]. 1 is the
                          * strict reading: a break, however short, leaves the interval to others */
    uint32_t people_max; /* over all shifts; FL_NONE: no limit */
    uint32_t seats;      /* people logged in at the same instant, those on a break included; who leaves frees her
                          * seat for whoever begins then; FL_NONE: no limit */
    uint32_t seats_held; /* seats beyond these cost ... */
    double seat_cost;    /* ... so much each, once; 0: nothing, and seats_held says nothing */
    uint32_t crews_count;
    const struct fl_rota_crew *crews; /* borrowed; they may overlap */
    double gap;          /* 0 to 1 */
    uint32_t nodes_max;  /* of the search tree, >= 1 */
};

struct fl_rota {
    uint32_t *people; /* [shifts] the caller's array */
    double *on_duty; /* [intervals x groups] the caller's array: by speed; cross-trained people where they are allotted,
                      * those nobody needs divided evenly among their groups */
    double *shortage;   /* [intervals x groups] the caller's array: what is missing; 0 unless infeasible */
    double cost, bound; /* seats beyond seats_held included; no roster costs less than bound */
    bool proven;        /* cost <= (1 + gap) x bound was reached within the limit of nodes */
    uint32_t short_interval, short_group; /* where most is missing, the earliest of equals; FL_NONE: nowhere */
    uint32_t short_cut;                   /* the cut that is missed most; FL_NONE: none */
};

/* Solves the problem. FL_OK: everything is covered. FL_EINFEASIBLE: it cannot be, and *out holds the roster with the
 * least total shortage, with the shortage and its worst place filled in (cost is that roster's, bound 0). FL_ERANGE:
 * the problem is out of its range; FL_EFULL: no roster found within nodes_max, or out of memory; *out is unspecified
 * then. */
FL_MUST_CHECK enum fl_status fl_rota_solve(const struct fl_rota_problem *problem, struct fl_rota *out);

/* What cannot be widened for free, and what a problem without a roster may be short of. */
enum fl_rota_limit { FL_ROTA_SEATS, FL_ROTA_PEOPLE, FL_ROTA_CREWS, FL_ROTA_SHIFTS, FL_ROTA_LIMITS_COUNT };

/* Why there is no roster, each limit by itself: more[limit] is how many more seats, people in all, people of the crews together or people
 * on the shifts together it takes at least when all other limits stay as they are; 0 where the problem does not set that limit, FL_NONE
 * where it alone does not help. All of them FL_NONE or 0: the shifts on offer do not reach what is required, however many people there are;
 * fl_rota_solve says where. Called for problems that fl_rota_solve calls infeasible; any other needs no more of anything. FL_ERANGE and
 * FL_EFULL as there. At most as many programmes are solved as there are limits. */
FL_MUST_CHECK enum fl_status fl_rota_explain(const struct fl_rota_problem *problem, uint32_t more[FL_ROTA_LIMITS_COUNT]);

/* Most people logged in at once within the duration, those on a break included: the seats of a roster. O(shifts^2). */
uint32_t fl_rota_seats(const struct fl_rota_problem *problem, const uint32_t people[]);

/* What a roster costs: its shifts, and the seats beyond those held. */
double fl_rota_cost(const struct fl_rota_problem *problem, const uint32_t people[]);

/* Whether a roster keeps the limits: of shifts, crews, seats and people. Coverage is not looked at. */
bool fl_rota_keeps_limits(const struct fl_rota_problem *problem, const uint32_t people[]);

/* Time on duty of a shift between two instants, its breaks taken off. */
fl_time fl_rota_on_duty(const struct fl_rota_shift *shift, fl_time from, fl_time to);

/* Who shifts are for, and what one of them costs. */
struct fl_rota_people {
    uint64_t groups; /* bit per group that they answer */
    double speed;
    double wage_cny_per_hour;       /* NaN: cost counts hours */
    double shift_cny;               /* of a shift of whatever length, instead of the wage; NaN: by the hour */
    double extra_hours;             /* paid beside each shift: standing by */
    const struct fl_money *money;   /* borrowed: what overtime costs; NULL: nothing more */
    fl_time length_min, length_max; /* 0: the scenario's; listed shifts outside them are not theirs */
    fl_time hours_day;              /* most paid hours of a shift, ns; 0: no limit */
    uint32_t starts_count;
    const struct fl_window *starts; /* times of day at which they may start, both ends included; none: the scenario's */
};

/* The shifts to choose from, for such people. Those that the scenario lists are taken as they stand, those of a single group only when
 * it is among theirs; a listed cost goes before the wage, a price of their own before both. A wage counts from start to end, unpaid breaks
 * taken off. When the scenario lists none: one every `step` from the start, each length from the least to the most by `step`, within
 * [0, duration]; one that would end less than a step late ends with the scenario, and a scenario shorter than the least length has one
 * shift. Each of those comes once for every way to place the breaks that the scenario's rules give to its length, a way being a place on
 * each break's grid so that none touches another nor the shift's end; with no way there is no such shift. Writes up to `room` of them, in
 * the order of start, length and breaks, and returns how many there are; shift i's breaks stand in breaks[i x staffing.breaks_count] on,
 * which has room for all of them. */
uint32_t fl_rota_candidates(const struct fl_scenario *scenario, const struct fl_rota_people *people, uint32_t room,
                            struct fl_rota_shift shifts[], struct fl_break breaks[]);

/* Whether a candidate of somebody else suits such people too: they answer its groups, are no slower, and take its length, hours and start. */
bool fl_rota_suits(const struct fl_scenario *scenario, const struct fl_rota_people *people, const struct fl_rota_shift *shift);

/* What one of such people costs on it, where the shift has no price of its own. */
double fl_rota_price(const struct fl_rota_people *people, const struct fl_rota_shift *shift);

#endif
