/* A gate file: how much worse than before an engine or a plan may be.
 *
 * A list of figures with a margin each. Which way is worse follows from the figure where it can (a longer wait is); it must be
 * said of those that are neither (occupancy). Read with the machinery of scenarios: every fault is reported, with line, column
 * and path. tools/ci/README.md documents every key, tools/ci/gate.schema.json describes the file to editors, and measure/gate.h tells what
 * is done with it. */
#ifndef FL_SCENARIO_GATE_H
#define FL_SCENARIO_GATE_H

#include "scenario/metrics.h"
#include "scenario/reader.h"

#define FL_GATES_MAX 100u

/* In order of the file's words: desk, group, agent, intent, interval. */
enum fl_gate_per { FL_GATE_DESK, FL_GATE_GROUP, FL_GATE_AGENT, FL_GATE_INTENT, FL_GATE_INTERVAL };
enum fl_worse { FL_WORSE_UNSAID, FL_WORSE_HIGHER, FL_WORSE_LOWER };

struct fl_gate {
    const char *name;               /* what it is called in reports; its metric where the file gives none */
    const char *figure;             /* "first_response_s.p95" */
    const struct fl_metric *metric; /* NULL: "days_met", the share of days on which all objectives held */
    const char *statistic;          /* "p95", "" */
    enum fl_gate_per per;
    const char *only;               /* the one group, agent or intent that is judged; NULL: each */
    double relative, absolute;      /* the margin: a share of A's figure, or in the figure's unit; the other one is NaN */
    enum fl_worse worse;            /* said or implied */
    double confidence;              /* that a failure is none of chance's */
    uint32_t min_samples;           /* cells with fewer on both sides are left out */
};

struct fl_gates {
    const char *about;
    const struct fl_gate *list;
    uint32_t count;
    uint32_t days_first, days_most; /* looked at first, and at most; first <= most */
    bool strict;                    /* too little evidence misses the gate */
};

/* Names that "only" may be, of either side; NULL members: unknown, so any is taken. */
struct fl_gate_names {
    const char *const *groups, *const *agents, *const *intents; /* each ends in NULL */
};

/* Reads `bytes` bytes of text, as fl_scenario_read does. *out is released by fl_gates_free. */
FL_MUST_CHECK enum fl_status fl_gates_read(const char *text, size_t bytes, const struct fl_gate_names *names, struct fl_gates **out,
                                           struct fl_errors *errors);
void fl_gates_free(struct fl_gates *gates);

/* Every key the reader knows, as fl_scenario_keys tells them. */
void fl_gate_keys(void (*on_key)(void *context, const char *path), void *context);

/* Which way a figure gets worse; FL_WORSE_UNSAID where neither is worse of itself. */
enum fl_worse fl_metric_worse(const struct fl_metric *metric);

/* NULL when days can be compared by this figure in cells of this kind, or the reason why not: "a maximum has no error to judge it by". */
const char *fl_gate_refusal(const struct fl_metric *metric, const char *statistic, enum fl_gate_per per);

#endif
