/* A run as a page for people: one HTML file with the run's figures in it. tools/page/src/report draws them; here they are gathered.
 *
 * The page is the template that tools/page's build makes and this program carries, with one JSON object in its data slot:
 *   {"fenliu":1,"version","language":"zh"|"en"|null,"runs":[RUN] or [RUN, RUN],"comparison":as `fenliu compare --json`, or null}
 *   RUN = {"name","manifest","summary","world","days","intervals","load","agents","staff","engine"}
 * manifest, summary, staff and engine are the run directory's files, staff and engine null where there are none; of the summary agents and
 * states are left out. `world` is what the scenario says that people ask about. The others are tables, {"columns":[...],"rows":[[...]]}:
 *   days       at most PAGE_DAYS of them, "all" says how many there are, "met_ci95" how many met all objectives
 *   intervals  of the desk and of its groups; null where there are more than PAGE_ROWS rows, or more than two dates
 *   load       {"steps":[...],"desk":{...},"depth":{"agents":[[name, how many]],"rows":[[...]]}}: load.csv, of agents the queue depth alone,
 *              taken together until it is a picture of at most PAGE_HEAT_ROWS x PAGE_HEAT_COLUMNS; null where the run has no load.csv
 *   agents     one row each; of more than PAGE_AGENTS, "quantiles" of each column and "bands", how many are in each load band */
#ifndef FENLIU_PAGE_H
#define FENLIU_PAGE_H

#include "command.h"

#define PAGE_DAYS 1000u
#define PAGE_ROWS 3000u
#define PAGE_AGENTS 120u
#define PAGE_HEAT_ROWS 40u
#define PAGE_HEAT_COLUMNS 96u

#ifdef FENLIU_CORE
/* The core build has no page: --report is no option there. */
static inline int page_take(struct options *options, const char *argument) { return (void)options, (void)argument, 0; }
static inline bool page_option_holds(const struct options *options) { return (void)options, true; }
static inline void page_name(const struct options *options, struct fl_text *out) { (void)options, (void)out; }
#else
/* --report, as one more option: 1 when it is that. */
int page_take(struct options *options, const char *argument);
/* Whether --report can be done: it wants --out, and a program with a template. Says what is wrong. */
bool page_option_holds(const struct options *options);
/* The last line of an answer: where the page is; nothing without --report. */
void page_name(const struct options *options, struct fl_text *out);

/* Whether this program carries a template; says in one sentence when not. */
bool page_is_built(const char *command);
/* The page of a run directory, or of two, appended to out. directories: where the files are; names: what they are called in it.
 * EXIT_DONE, or the exit code after saying why. */
int page_make(const char *const directories[], const char *const names[], uint32_t count, const struct options *options, struct fl_text *out);
#endif

#endif
