/* Beyond the headcount: what may go wrong with the advised roster, and what money says of it. Everything here is that one roster (or one
 * with a person more or fewer) on the first days of its proof, so that all of it is compared day by day. */
#ifndef FENLIU_STAFF_RISK_H
#define FENLIU_STAFF_RISK_H

#include "measure/compare.h"
#include "staff.h"
#include "staffing/risk.h"
#include "staffing/world.h"

/* ---- staff_outcome.c: a roster in some world ----------------------------------------------------- */

#define RISK_DAYS_LEAST 30u
#define RISK_DAYS_MOST 100u
#define RISK_CHATS 75000.0 /* simulated in a world, about; as many days as that makes */

struct staff_outcome {
    bool known;
    uint32_t days, days_met;
    bool holds;                   /* on as many days as wanted, or as the base holds if those are fewer; judge mean: pooled */
    struct fl_figure met;         /* share of days, with its interval */
    struct fl_figure abandonment, profit;
    struct fl_difference met_change, left_change, profit_change; /* against the base, paired; left: share of buyers */
    double buyers;                /* a day, in opening hours */
    struct fl_worst_expected worst;
};

/* A scenario that is changed, in memory of its own. */
struct staff_world {
    struct fl_scenario scenario;
    void *memory;
};
/* Makes a world in as much memory as it takes; free world->memory. `context` is handed on. */
typedef enum fl_status staff_world_make(struct fl_arena *arena, const struct fl_scenario *base, const void *context, struct fl_scenario *out);
enum fl_status staff_world_open(const struct fl_scenario *base, staff_world_make *make, const void *context, struct staff_world *world);

/* The world in which this is so many times as large. */
enum fl_status staff_world_scaled(const struct fl_scenario *base, enum fl_doubt doubt, double factor, struct staff_world *world);

/* Simulates the first `days` days. base NULL: this is the base. *run (optional) is kept for the caller, who frees it. */
enum fl_status staff_outcome_of(const struct staff *staff, const struct fl_scenario *scenario, uint32_t days, const struct fl_run *base,
                                struct staff_outcome *out, struct fl_run **run);
enum fl_status staff_outcome_of_roster(const struct staff *staff, const uint32_t people[], uint32_t days, const struct fl_run *base,
                                       struct staff_outcome *out);

/* The shift on which one fewer is missed most (or, `least`, least), and the one on which one more helps most while limits allow it, by
 * the people that are short when so many times the load comes. FL_NONE: none. */
uint32_t staff_shift_missed(const struct staff *staff, const uint32_t people[], bool least);
uint32_t staff_shift_helped(const struct staff *staff, const uint32_t people[], double load);

/* ---- staff_risk.c -------------------------------------------------------------------------------- */

#define DOUBT 0.2 /* every figure is taken to be a fifth off, either way */

struct staff_bar {
    enum fl_doubt doubt;
    struct staff_outcome less, more; /* 0.8 and 1.2 times as much */
    bool more_is_worse;
    struct what_if takes;            /* people on duty that the worse side takes; asked of the two worst bars alone */
};

#define NO_BUFFER UINT32_MAX /* as many as were tried do not do */

struct staff_risk {
    uint32_t days;
    struct fl_run *base_run; /* owned */
    struct staff_outcome base;
    struct staff_bar bars[FL_DOUBTS_COUNT]; /* those that apply, the worst first */
    uint32_t bars_count;
    struct staff_outcome low, middle, high; /* of the multiplier; known: it is uncertain */
    struct fl_variance_split split;         /* of the share of buyers who leave */
    struct staff_outcome absent;            /* one person, of the shift where she is missed most */
    uint32_t absent_shift;                  /* FL_NONE: nobody is rostered */
    bool has_buffer;                        /* false: no day holds as planned, so there is nothing to keep up */
    uint32_t buffer_absent, buffer_high;    /* further people who make it hold; NO_BUFFER */
    uint32_t buffer_both;                   /* with one absent on a day that large; NO_BUFFER also where the multiplier is not uncertain */
    uint32_t *on_call;                      /* [shifts] the buffer, the larger of the two; owned */
    struct staff_money *money;              /* owned */
};

/* The side of a bar that does harm. */
const struct staff_outcome *staff_bar_worse(const struct staff_bar *bar);
/* How many of the first bars are worth naming: at most two, and only those that do harm. */
uint32_t staff_fears(const struct staff_risk *risk);

/* Fills in staff->risk; staff_risk_free also takes one that was never filled in. */
enum fl_status staff_risk_assess(struct staff *staff);
void staff_risk_free(struct staff_risk *risk);

/* ---- staff_words.c ------------------------------------------------------------------------------- */

/* What a doubt is called: "replies a fifth slower" for more of reply_time. */
const char *staff_doubt_words(enum fl_doubt doubt, bool more, bool zh);
/* "98 of 100 days"; where days are not judged, or none of the plan's passes, the buyers who leave. */
void staff_add_met(const struct staff_report *report, const struct staff_outcome *outcome, bool zh, struct fl_text *out);
/* Text from that column on, broken before column 78 at blanks and between Chinese characters; further lines begin with two blanks. */
void staff_add_wrapped(struct fl_text *out, uint32_t column, const char *text);
/* "20:00–02:00 2" for every shift of the list; nothing of none. */
void staff_add_shifts_of(const struct staff_report *report, const uint32_t people[], bool zh, struct fl_text *out);
/* With its date where a scenario has several days. */
void staff_clock(const struct fl_scenario *scenario, fl_time at, char out[16]);
/* How many people are on call, and what for. */
void staff_add_buffer(const struct staff_report *report, bool zh, struct fl_text *out);
/* Three lines or so for the first screen. */
void staff_risk_lines(const struct staff_report *report, bool zh, struct fl_text *out);

/* ---- staff_risk_json.c --------------------------------------------------------------------------- */

/* ,"risk":{...} */
void staff_risk_json(const struct staff_report *report, struct fl_text *out);
void staff_json_number(struct fl_text *out, const char *key, double value);
/* "key":{"mean":..,"ci95":[..]}, or null. */
void staff_json_difference(struct fl_text *out, const char *key, const struct fl_difference *difference);
void staff_json_outcome(const struct staff_outcome *outcome, bool is_base, const struct fl_scenario *scenario, struct fl_text *out);

#endif
