/* Results as text: summary.json, days.csv, intervals.csv, agents.csv, load.csv. Formats: DESIGN section 9 of the project's
 * documentation, sim/record/README.md. Everything is a function of the results alone: no clock, no path, no number of
 * workers, so the same run gives the same bytes. */
#ifndef FL_RECORD_RESULTS_H
#define FL_RECORD_RESULTS_H

#include "measure/summary.h"
#include "record/text.h"

struct fl_results_head {
    const char *command; /* "simulate", "drive" */
    const char *policy;  /* the concrete policy, or the outside engine's name */
    uint64_t seed;
    bool partial;
    bool without_agents; /* fl_results_json leaves them out: of thousands they are megabytes */
};

/* {"fenliu":1,"command","scenario","seed","replications","policy","totals":{NAME:{"mean","ci95",...}},"groups","agents",
 *  "intents","dates","objectives","thresholds","states"}; "dates" where a scenario has several (24 hours from its start each): "from",
 *  "weekday" (1: Monday), "days_met" (on how many of the days simulated the date met all objectives), "on_duty" (people, at most), "totals".
 *  A figure without samples is null with "n" 0. An interval is null with one day, where
 *  the days cannot support one (percentiles of few samples; counts and means that are 0 on every day) and where a figure is pooled
 *  without its days (intervals, agents); of objectives, "days_met_ci95" is that of the share of days on which it held, and "ci95" of a
 *  worst group that of the worst of all groups (measure/summary.h). "met" and "days_met" are null for an outside engine's times where
 *  none were measured, "days_met" alone where they were: they are judged over all days. */
void fl_results_json(const struct fl_results *results, const struct fl_results_head *head, struct fl_text *out);

/* One row a day: replication, then every figure that one day has, then met_all; desk only. */
void fl_results_days_csv(const struct fl_results *results, struct fl_text *out);
/* One row an interval and group, "*" being the whole desk. */
void fl_results_intervals_csv(const struct fl_results *results, struct fl_text *out);
void fl_results_agents_csv(const struct fl_results *results, struct fl_text *out);
/* Who was on duty in every interval, and with how much: columns from, to, group, agent, agents, on_duty, occupancy, concurrency, queue_depth,
 * waiting. First the desk ("*", "*"), then every group (agent "*"), then agent by agent (group "*"): where there are more than are kept by
 * interval (FL_DUTY_ROWS), `agents` of them in the order of agents.csv share a row under the name of the first. on_duty: people, the mean of
 * all days over the part of the interval that counts; occupancy, concurrency, queue_depth: as elsewhere, means over their time on duty;
 * waiting: chats that wait for an agent to be found, on average; not of agents. Empty: nobody was on duty, or nothing of the interval counts. */
void fl_results_load_csv(const struct fl_results *results, struct fl_text *out);

/* Local shop time of an instant: "2026-06-17T20:00". */
void fl_instant_format(const struct fl_scenario *scenario, fl_time at, char out[32]);

#endif
