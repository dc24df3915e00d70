/* Several days planned as one: fenliu staff for a scenario of more than 48 hours.
 *
 *   dates     each 24 hours from the start, cut out as scenarios of their own; those that ask for the same share a kind of day
 *   rosters   of the busiest date of each kind, by the search of a day: places to be filled, in people like the template
 *   taking on how many of whom, and from when: hiring.h, with what is known of learning, leaving, absences
 *   team      who works when, by name: staffing/team.h; where people are still learning, several of them take one place
 *   months    the whole period simulated with these people, what is carried from day to day and chance of leaving included
 * Dates that miss their objectives in the months get a place more, and what depends on it is done again.
 *
 * Whoever leaves by chance is not replaced in the rota: the months say what that does. */
#ifndef FENLIU_STAFF_MONTH_H
#define FENLIU_STAFF_MONTH_H

#include "scenario/cut.h"
#include "staff.h"
#include "staffing/hiring.h"

#define MONTH_MORE_THAN (2 * FL_DAY) /* what lasts longer is planned date by date */

struct month_date {
    uint32_t kind;
    double chats;          /* expected */
    uint32_t places, peak; /* shifts that begin on it, in people like the template; most at once */
    uint32_t people;       /* who work on it */
    uint32_t more;         /* places that the months have added */
    double slow_share;     /* of its places that people may fill who are still slow: the months lower it where it misses */
    bool slow;             /* such people are at work on it */
    uint32_t open;         /* places that nobody fills */
    uint32_t days_met;     /* of the months simulated */
};

/* Dates that share a roster. */
struct month_kind {
    uint32_t date; /* the busiest of them, which it is made for */
    struct fl_cut cut;
    struct fl_objective *objectives; /* the scenario's, of a day */
    struct staff staff;
    bool searched;
};

/* People who are there, or who begin on the same date, alike in all. */
struct month_source {
    struct fl_agent_def def; /* full speed; from, training and learning as they apply */
    uint32_t definition;     /* of those who are there; FL_NONE: of a kind to hire ... */
    uint32_t hire;           /* ... this one of staffing.hire; FL_NONE: more like the first of a pool */
    uint32_t kind;           /* of month.desk */
    uint32_t count, taken;   /* there; taken on by the hiring plan */
    uint32_t works;          /* those with a shift */
};

/* A shift of a date, and how many places it has. */
struct month_shift {
    uint32_t date, pool, candidate; /* the candidate of its kind of day */
    uint32_t people;
    uint32_t learners; /* who share places */
    uint32_t replaced; /* of the people: places that learners share, and that stars take */
    uint32_t works, open; /* who are on it by name; and places of those that nobody takes */
};

/* Somebody leaves within the period, and how many newcomers do what she did, by their speed. */
struct month_leaver {
    uint32_t definition;
    fl_time at;
    double worth;              /* of a place */
    uint32_t at_first, later;  /* newcomers who make up for her at once, and two weeks on */
};

#define MONTH_LEAVERS_MAX 16u

/* The months with these people where something is otherwise. */
struct month_world {
    bool known;
    uint32_t dates_held;            /* met as often as wanted ... */
    double dates_met;               /* ... and dates of a month that are met, on average */
    bool *misses;                   /* [dates] those not met as often as wanted; owned */
    struct fl_figure abandonment, profit; /* of a month */
};

/* Whom a month takes. */
struct month_needs {
    bool known, possible; /* possible: every date has a roster */
    uint32_t payroll, hired, at_once;
    uint32_t open; /* places that nobody can be had for all the same: in time, or within the limits */
};

struct month_risk {
    bool known;
    uint32_t months;        /* the first so many of those simulated, in every world */
    struct month_world base;
    struct month_world traffic, replies; /* a fifth more buyers; replies that take a fifth longer */
    struct month_world absent;           /* one person absent on every date, of the shift that has the fewest */
    struct month_needs takes;            /* with a fifth more buyers */
};

struct staff_month {
    struct staff *staff;
    uint32_t dates, kinds_count, shifts_count, sources_count;
    struct month_date *date;      /* [dates] */
    struct month_kind *kinds;     /* [dates] as many as there may be */
    struct month_shift *shifts;   /* in the order of date, then candidate */
    struct month_source *sources;
    uint32_t pools_count;         /* the first kinds of the desk: who the places are for */
    struct staff_desk desk;       /* pools and kinds to hire; the period's shifts as its candidates */
    struct fl_hiring hiring;      /* its arrays are owned */
    double *wanted_more;          /* [dates x pools] places beyond the shifts' that people are to be there for */
    struct staff_team team;
    uint32_t *star_on;            /* [sources x dates] the shift on which somebody works who is worth several; FL_NONE: none, or she is not */
    bool *star_off;               /* [sources x dates] such a shift was hers and could not be: she is planned without */
    uint32_t *whom;               /* [duties] of the team: for all, for those who are still learning, for one source */
    double *survival;             /* [sources x dates] expected share who are still there */
    struct fl_scenario named;     /* the period with these people by name */
    void *named_memory;
    struct fl_run *run;           /* with them; owned */
    uint32_t months;              /* simulated so */
    double wages, hiring_cny;     /* CNY of the period; NaN: not known */
    double leaving;               /* people expected to leave by chance */
    struct month_leaver leavers[MONTH_LEAVERS_MAX];
    uint32_t leavers_count;
    uint32_t missing;             /* open places that nobody can be had for */
    struct month_risk risk;
};

/* Plans the period. FL_EINTERRUPTED: *out holds what was found so far. Free with staff_month_close, also on failure. */
enum fl_status staff_month_plan(struct staff *staff, struct staff_month *out);
void staff_month_close(struct staff_month *month);

/* How often a date has to meet them: staffing.day_probability, and half of the days where means are judged. */
double staff_month_wanted(const struct staff_month *month);
/* Whether a date meets its objectives as often as wanted: its share of the months, or where there are none yet that of its own proof. */
bool staff_month_holds(const struct staff_month *month, uint32_t date);

/* The shifts of all dates, by the rosters of their kinds. */
enum fl_status staff_month_shifts(struct staff_month *month);

/* ---- staff_month_team.c: from places to people --------------------------------------------------- */

/* Who there is and can be had, and how much of them on each date. */
enum fl_status staff_month_people(struct staff_month *month);
/* The hiring plan, the team by name, and the scenario with these people. */
enum fl_status staff_month_team(struct staff_month *month);

/* The number among named.desk.agents of somebody of the team. */
uint32_t staff_month_agent(const struct staff_month *month, uint32_t member, uint32_t person);

/* ---- staff_month_risk.c -------------------------------------------------------------------------- */

/* Fills in month->risk from the first `months` of those simulated; nothing where nobody works by name. */
enum fl_status staff_month_assess(struct staff_month *month, uint32_t months);
void staff_month_risk_free(struct month_risk *risk);

/* ---- staff_month_run.c --------------------------------------------------------------------------- */

/* Plans the period, writes plan and roster where they are asked for, and says it; the exit code. */
int staff_month_run(struct staff *staff);

/* ---- staff_month_screen.c ------------------------------------------------------------------------ */

void staff_month_screen(const struct staff_month *month, enum language language, struct fl_text *out);
void staff_month_json(const struct staff_month *month, struct fl_text *out);

/* ---- staff_month_explain.c ----------------------------------------------------------------------- */

/* On the first screen: what may go wrong, and the money. */
void staff_month_doubts(const struct staff_month *month, bool zh, struct fl_text *out);
void staff_month_money(const struct staff_month *month, bool zh, struct fl_text *out);
/* --explain: the answer in a paragraph. */
void staff_month_explain(const struct staff_month *month, bool zh, struct fl_text *out);
/* ,"risk":{...},"money":{...} */
void staff_month_risk_json(const struct staff_month *month, struct fl_text *out);

#endif
