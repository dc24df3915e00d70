/* The team: who works which of the shifts of several days, so that payroll is a number of people and not only of shifts.
 *
 * Given the places to be filled (so many on a shift of a day) and the people, by name or as a kind of which there may be several, it finds
 * who works when at the least cost, wishes weighed against money, within the limits of each: rest between two shifts, hours and days a
 * week, hours a day, one shift a day. People alike in all are one unit with whole numbers of shifts, and the units' programme is solved as
 * one (integer programme; conflicts of shifts are those of intervals on a line, so that a row for each largest set of them says all). The
 * units' shifts are then dealt to their people day by day, by matching, the least busy first; where that does not come out even there is
 * one more of a kind to hire, or the unit is taken apart and the programme solved again. Ernst, Jiang, Krishnamoorthy and Sier, "Staff
 * scheduling and rostering: A review", EJOR 153, 2004, has the field.
 *
 * Weeks are counted in sevens from the first day. Allocates while it solves and frees all of it. Calls must not overlap (solver.h). */
#ifndef FL_STAFFING_TEAM_H
#define FL_STAFFING_TEAM_H

#include "scenario/scenario.h"

#define FL_TEAM_DAYS_MAX   366u
#define FL_TEAM_DUTIES_MAX 20000u

/* A shift of one day and how many it wants. In the order of their start. */
struct fl_team_duty {
    fl_time from, to;   /* ns, from < to */
    fl_time worked;     /* ns that count as hours worked, 0 to to - from: breaks not paid are taken off */
    uint32_t day;       /* that it counts for, from 0; not falling */
    uint32_t people;
};

/* A person, or people alike. */
struct fl_team_member {
    uint32_t count;     /* how many; of those to hire: how many there may be. At least 1 */
    bool hired;         /* is had only as far as needed, for hire_cost each; else there anyhow */
    double hire_cost;   /* >= 0 */
    fl_time rest;       /* at least between the end of a shift and the start of the next; 0: none */
    fl_time hours_day, hours_week; /* worked, at most; FL_TIME_NEVER: no limit */
    uint32_t days_week; /* 1 to 7 */
};

struct fl_team_problem {
    uint32_t days, duties_count, members_count;
    const struct fl_team_duty *duties;
    const struct fl_team_member *members;
    const double *cost;  /* [members x duties] of one of them on it, >= 0; INFINITY: cannot do it */
    const double *wish;  /* [members x duties] what it weighs that she would rather not, >= 0, in the unit of cost; NULL: no wishes */
    const bool *away;    /* [members x duties] she is not there; NULL: everybody always is */
    double gap;          /* 0 to 1 */
    uint32_t nodes_max;  /* of a search tree, >= 1 */
};

/* Somebody on a shift: the `person`-th of a member, from 0. */
struct fl_team_place {
    uint32_t duty, member, person; /* FL_NONE: nobody */
};

struct fl_team {
    struct fl_team_place *places; /* [sum of people] the caller's array: in the order of the duties */
    uint32_t *heads;              /* [members] the caller's array: how many of each work at all */
    double cost;                  /* of the shifts and of hiring */
    double wishes;                /* weight of those that are not kept */
    double bound;                 /* cost and wishes are nowhere less in all */
    bool proven;                  /* cost + wishes <= (1 + gap) x bound */
    uint32_t open;                /* places that nobody takes; 0 unless infeasible */
};

/* Solves the problem. FL_OK: every place is filled. FL_EINFEASIBLE: they cannot be, and *out holds a team that leaves as few places open as
 * could be found (bound 0). FL_ERANGE: the problem is out of its range; FL_EFULL: nothing found within nodes_max, or out of memory; *out is
 * unspecified then. */
FL_MUST_CHECK enum fl_status fl_team_solve(const struct fl_team_problem *problem, struct fl_team *out);

/* What may be in the way, each by itself. */
enum fl_team_limit {
    FL_TEAM_PEOPLE,     /* there are too few: how many more, of whatever member */
    FL_TEAM_AWAY,       /* absences: how many shifts would have to be worked by somebody who is away */
    FL_TEAM_REST,       /* how much less rest, ns; whole half hours */
    FL_TEAM_HOURS_DAY,  /* how much more a day, ns; whole half hours */
    FL_TEAM_HOURS_WEEK, /* how much more a week, ns; whole hours */
    FL_TEAM_DAYS_WEEK,  /* how many days more a week */
    FL_TEAM_LIMITS_COUNT
};

/* Why there is no team: by how much each limit would have to give way, for everybody alike, if all the others stay as they are. 0 where
 * nobody has that limit, FL_TIME_NEVER where it alone does not do, as far as nodes_max sees. Judged by units (see above), so that it may
 * take a little more. FL_ERANGE and FL_EFULL as fl_team_solve. */
FL_MUST_CHECK enum fl_status fl_team_explain(const struct fl_team_problem *problem, fl_time more[FL_TEAM_LIMITS_COUNT]);

/* Whether a team keeps every limit and fills every place but those it leaves open. For tests, and for teams changed by hand. O(places^2). */
bool fl_team_keeps_limits(const struct fl_team_problem *problem, const struct fl_team_place places[]);

#endif
