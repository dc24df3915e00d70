/* fenliu fit: what the parts of the command share. cmd_fit.c tells what a log is and hands it on; fit_counts.c and fit_messages.c fill
 * an answer; fit_scenario.c and fit_answer.c write it. */
#ifndef FENLIU_FIT_H
#define FENLIU_FIT_H

#include "command.h"
#include "fit/arrivals.h"
#include "fit/estimate.h"

#include <cjson/cJSON.h>

#define FIT_WHERES_MAX     8u
#define FIT_PROMOTIONS_MAX 16u

struct fit_options {
    const struct options *common; /* the logs, --out, --json, --quiet, --lang */
    const char *format;           /* "counts" or "messages"; NULL: by the content */
    const char *preset;           /* of message logs; NULL: by the content */
    const char *columns;          /* "time=..,count=.."; NULL: by their names */
    const char *base;             /* a scenario that gives what the log does not; NULL: left neutral */
    const char *hold_out;         /* "4w", "20d"; NULL: no back-test */
    uint32_t hold_out_days;
    uint32_t busyness_interval_s; /* --grain; 0: by the log */
    const char *report;           /* an HTML file; NULL: none */
    const char *where[FIT_WHERES_MAX];          /* COLUMN=VALUE: only such rows */
    const char *promotions[FIT_PROMOTIONS_MAX]; /* told dates */
    uint32_t wheres_count, promotions_count;
};

/* Something the reader should know about the input, or about the fit. */
struct fit_note {
    const char *file; /* borrowed; NULL: of no place */
    uint64_t line;    /* 0: of no line */
    char text[400];   /* in the answer's language */
};

/* What a fit has found. Starts as {0} with `language` set; fit_answer_free. */
struct fit_answer {
    const char *kind;              /* "counts", "messages" */
    enum language language;
    struct fl_estimates estimates;
    struct fit_note *notes;        /* owned */
    size_t notes_count, notes_room;
    cJSON *fitted;                 /* owned: what goes into the scenario, laid over the base; objects are merged, all else replaces */
    cJSON *more;                   /* owned: further members of the answer's JSON, as "back_test" */
    struct fl_text screen;         /* further lines of the screen, after the estimates */
    struct fl_text pictures;       /* HTML of the report's pictures: <figure>s of inline SVG */
};

/* Both say their own faults on stderr and return an exit code; the answer holds what was found where that is EXIT_DONE. */
int fit_counts(const struct fit_options *options, struct fit_answer *answer);
int fit_messages(const struct fit_options *options, struct fit_answer *answer);

/* Arrivals into `fitted`, the same for both kinds of log: traffic, which takes the place of all the base has there, and the interval of its
 * busyness. false: no memory. */
bool fit_arrivals_to_scenario(const struct fl_arrivals *arrivals, cJSON *fitted);
/* The scenario begins at that midnight. false: no memory. */
bool fit_start(cJSON *fitted, int64_t start_s);
/* A scenario of these arrivals alone, so many dates from a midnight. NULL after saying why. */
struct fl_scenario *fit_scenario_of_arrivals(const struct fl_arrivals *arrivals, int64_t start_s, uint32_t dates);

/* Simulates the days of the series from arrivals->days on and says which share of them, and of their intervals, lies within the middle 95 %
 * of what was simulated: goodness "held_out_inside_95_*", JSON "back_test". An exit code. */
int fit_back_test(const struct fit_options *options, const struct fl_counts *counts, const struct fl_arrivals *arrivals, struct fit_answer *answer);

/* The pictures of arrivals into the answer; after the back-test, which has one. false: no memory. */
bool fit_arrivals_pictures(const struct fl_counts *counts, const struct fl_arrivals *arrivals, struct fit_answer *answer);

/* A look at the fit in words, with its figures: one table for both kinds of log; a name that is not in it stands as it is. */
void fit_goodness_words(enum language language, const struct fl_goodness *goodness, char *out, size_t size);
/* The text of a reason (fl_estimate.why) with its numbers, in a language: one table for both kinds of log. */
void fit_reason(enum language language, const struct fl_estimate *estimate, char *out, size_t size);

/* A note in the answer's language; both formats take the same arguments in the same order. */
__attribute__((format(printf, 4, 6), format(printf, 5, 6)))
void fit_note(struct fit_answer *answer, const char *file, uint64_t line, const char *en, const char *zh, ...);

/* The fitted scenario's text: `fitted` over the base, valid by `fenliu check`; free() it. NULL after saying why (the base cannot be read,
 * or what came of it is refused: the latter is our bug and says so). from_base (optional) receives the top-level keys taken from it. */
char *fit_scenario_text(const struct fit_options *options, const struct fit_answer *answer, char from_base[256]);
/* Writes it where -o says, whole or not at all, and notes in the answer what comes from the base or was left neutral. An exit code. */
int fit_scenario_write(const struct fit_options *options, struct fit_answer *answer);

/* The page of --report, whole or not at all. An exit code. */
int fit_report_write(const struct fit_options *options, const struct fit_answer *answer);

/* The answer on stdout: a screen, or with --json one object. An exit code. */
int fit_answer_print(const struct fit_options *options, const struct fit_answer *answer);
void fit_answer_free(struct fit_answer *answer);

#endif
