/* A part of a scenario as a scenario of its own: a date of a month, to be planned or simulated by itself.
 *
 * All that lies at an instant is counted from the part's start: promotions, pushes, rates, events, meetings, dated shifts, absences, who joins
 * and leaves. What began before and is not over holds from the start; what is over or comes later is left out, but for promotions, whose curves
 * reach in from both sides. What was carried over from before (open chats, leave-messages) is not known to it: `desk.backlog` stays with
 * the part that starts with the scenario. Random numbers are those of a day of its own. */
#ifndef FL_SCENARIO_CUT_H
#define FL_SCENARIO_CUT_H

#include "scenario/scenario.h"

struct fl_cut {
    struct fl_scenario scenario; /* shares with the whole whatever does not change with time */
    void *memory;
};

/* The part [from, from + length) of a scenario, from >= 0 a multiple of its interval and of a second, and not beyond its end; one that would
 * reach beyond ends with it. The whole must outlive it; free with fl_cut_free. false: out of memory. */
FL_MUST_CHECK bool fl_scenario_cut(const struct fl_scenario *whole, fl_time from, fl_time length, struct fl_cut *out);
void fl_cut_free(struct fl_cut *cut);

#endif
