/* What was read off a log: a value, how far it can be trusted, and why not where it cannot.
 *
 * An estimate is `known` when the log had enough to say something, and `sure` when its interval can be believed. An unknown one has no
 * value and is never written into a scenario: its reason says what was there and what it would have taken. */
#ifndef FL_FIT_ESTIMATE_H
#define FL_FIT_ESTIMATE_H

#include "core/status.h"

struct fl_estimate {
    char path[104];     /* of the scenario's value, "traffic.busyness.day.lognormal_sigma", or a name where it goes nowhere */
    const char *unit;   /* "chats", "s", "1": borrowed, a constant */
    double value, low, high; /* 95 %; low and high NaN where there is no interval */
    uint64_t n;         /* what it rests on: days, chats, gaps */
    bool known, sure;
    const char *why;    /* where unknown or unsure: the key of the reason ("few_days"), borrowed, a constant; else NULL */
    double had, wanted; /* the reason's numbers: 12 days, 20 wanted; NaN: it has none */
};

/* Half an interval in standard errors, and its tail where it is exact: those of 95 %, a tenth wider. The tenth is for what a step takes as known
 * from the step before it; with it 96 to 98 of 100 intervals hold the truth in the round trip (tests/cli/fit_round_trip.py). */
#define FL_FIT_Z    2.156
#define FL_FIT_TAIL 0.0155

/* One look at whether the fitted model can have made the log. */
struct fl_goodness {
    char name[64];
    double value, low, high; /* a statistic and where it is wanted; low, high NaN: open on that side */
    double p;                /* NaN: no test */
    uint64_t n;
    bool good;
};

/* Growing lists; start as {0}, given back by fl_estimates_free. full: there was no memory for some of it. */
struct fl_estimates {
    struct fl_estimate *list;      /* owned */
    struct fl_goodness *goodness;  /* owned */
    size_t count, room, goodness_count, goodness_room;
    bool full;
};

void fl_estimates_add(struct fl_estimates *all, const struct fl_estimate *estimate);
void fl_goodness_add(struct fl_estimates *all, const struct fl_goodness *goodness);
void fl_estimates_free(struct fl_estimates *all);

/* The usual forms. `path` is copied and cut to its room. */
struct fl_estimate fl_estimate_of(const char *path, const char *unit, double value, double low, double high, uint64_t n);
/* Nothing can be said: `had` of the `wanted` that it takes. */
struct fl_estimate fl_estimate_unknown(const char *path, const char *unit, const char *why, double had, double wanted);

/* The entry of a path; NULL: none. */
const struct fl_estimate *fl_estimates_find(const struct fl_estimates *all, const char *path);

#endif
