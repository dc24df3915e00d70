/* Money: the curve of profit over headcounts around the answer, and what else a shop could do. */
#ifndef FENLIU_STAFF_MONEY_H
#define FENLIU_STAFF_MONEY_H

#include "staff_risk.h"

#define PROFIT_POINTS 13u
#define PROFIT_REACH 3      /* steps on either side of the answer; further while the best lies at an end */

/* A headcount near the answer: people taken where they are missed least, or put where they help most. A roster made for that headcount may
 * be a little better, never worse. */
struct profit_point {
    uint32_t people, peak;
    int change;                    /* against the answer */
    struct staff_outcome outcome;
    struct fl_difference of_best;  /* the best point's profit less this one's, paired */
};

/* X(upper, lower): what a shop could do, id and name in results. policy_*: that routing instead of the given one. */
#define MEASURES(X) X(ONE_MORE, one_more) X(BOT, bot) X(QUICK_PHRASES, quick_phrases) X(LEAST_ACTIVE, policy_least_active) \
    X(FEWEST_AWAITING, policy_fewest_awaiting) X(HOUR_BEFORE, hour_before_opening)

enum measure {
#define MEASURE_ID(upper, lower) MEASURE_##upper,
    MEASURES(MEASURE_ID)
#undef MEASURE_ID
    MEASURES_COUNT
};
const char *measure_name(enum measure measure);

#define MORE_QUICK_PHRASES 0.2 /* of all replies */

struct measure_worth {
    bool tried;       /* false: nothing to be pulled, or nothing to reckon it from */
    bool is_on;       /* it is there already; the outcome is that without it, the other way round */
    uint32_t people;  /* whom it concerns, where it is people */
    struct staff_outcome outcome;
};

struct staff_money {
    bool known;              /* profit is: wages, conversion and order value are given */
    bool needs_wage, needs_conversion, needs_order_value;
    struct profit_point points[PROFIT_POINTS]; /* by headcount */
    uint32_t count, answer, best;
    bool decided;            /* the best is more than chance better than its neighbours */
    bool at_the_end;         /* nobody more can be had, or so many were tried: the best may lie beyond */
    bool measures_asked;
    struct measure_worth measures[MEASURES_COUNT];
};

/* A day of the proof, or a month, CNY; NaN: not known. wages + commission + bonuses + seats is labour; margin x sales + later - labour -
 * penalties - advertising is profit. */
struct money_parts {
    double wages, overtime /* of the wages, by the roster; 0 where that is not looked at */, commission, bonuses, seats, penalties, sales, lost_sales;
    double advertising; /* spent on buyers who were lost */
    double later;       /* margin of later days' traffic that the service score brings or costs */
    double profit;
};
struct money_parts staff_money_parts(const struct staff_report *report);
/* Means of the replications of any results, overtime left out. */
struct money_parts staff_money_parts_of(const struct fl_results *results);

/* Fills in staff->risk->money. Levers take --explain. */
enum fl_status staff_money_assess(struct staff *staff);

/* What a measure is worth in CNY a day, where profit is known, with *cny; else in buyers a day who do not leave. false: not known. */
bool staff_measure_worth(const struct measure_worth *measure, const struct staff_outcome *base, struct fl_difference *out, bool *cny);

/* ---- staff_explain.c ----------------------------------------------------------------------------- */

/* The parts that the scenario's money has, in words: "wages CNY 931; the platform's penalties CNY 20; ...", without an end. */
void staff_add_money_parts(const struct fl_money *rules, const struct money_parts *parts, bool zh, struct fl_text *out);
/* After the first screen: the answer in a paragraph, every risk, the money, the measures, and why rules of thumb differ. */
void staff_explain(const struct staff_report *report, bool zh, struct fl_text *out);
/* One line for the first screen: the headcount that earns most, beside the one that meets the objectives. Nothing without profit. */
void staff_profit_line(const struct staff_report *report, bool zh, struct fl_text *out);
/* ,"wages_cny":{...},... with what the parts say besides. */
void staff_json_money_parts(const struct fl_results *results, const struct money_parts *parts, struct fl_text *out);
/* ,"money":{...} */
void staff_money_json(const struct staff_report *report, struct fl_text *out);

#endif
