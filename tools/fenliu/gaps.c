#include "gaps.h"

#include <stdlib.h>

/* A change of one of the numbers that decide whether somebody is there. */
struct edge {
    fl_time at;
    int8_t on, away; /* shifts begun less ended; breaks and meetings likewise */
};

struct edges {
    struct edge *list;
    size_t count, room;
    bool full; /* memory ran out: what follows is dropped, and the search fails */
};

static void add_span(struct edges *edges, fl_time from, fl_time to, int8_t on, int8_t away)
{
    if (edges->count + 2 > edges->room) {
        const size_t room = edges->room == 0 ? 64 : edges->room * 2;
        struct edge *const larger = realloc(edges->list, room * sizeof *larger);
        edges->full |= larger == NULL;
        if (larger == NULL) return;
        edges->list = larger;
        edges->room = room;
    }
    edges->list[edges->count++] = (struct edge){ from, on, away };
    edges->list[edges->count++] = (struct edge){ to, (int8_t)-on, (int8_t)-away };
}

/* Only sums at an instant matter, so equal instants need no order. */
static int by_instant(const void *a, const void *b)
{
    const fl_time x = ((const struct edge *)a)->at, y = ((const struct edge *)b)->at;
    return (x > y) - (x < y);
}

static void sort(struct edges *edges)
{
    if (edges->count > 1) qsort(edges->list, edges->count, sizeof *edges->list, by_instant);
}

/* ---- One agent's plan --------------------------------------------------------------------------- */

static void add_shift(struct edges *edges, const struct fl_shift_def *shift, fl_time from, fl_time to, fl_time midnight)
{
    add_span(edges, from, to, 1, 0);
    for (uint32_t b = 0; b < shift->breaks_count; b++) {
        fl_time at = midnight + shift->breaks[b].at;
        if (at < from) at += FL_DAY; /* past midnight in a night shift */
        if (at < to) add_span(edges, at, at + shift->breaks[b].length, 0, 1);
    }
}

static fl_time midnight_before(const struct fl_scenario *scenario, fl_time at)
{
    return at - fl_time_of_day(scenario, at);
}

static void add_plan(struct edges *edges, const struct fl_scenario *scenario, const struct fl_agent_def *def)
{
    if (def->shift == FL_NONE) {
        add_span(edges, 0, scenario->duration, 1, 0);
    } else {
        const struct fl_shift_def *const shift = &scenario->desk.shifts[def->shift];
        const fl_time length = shift->to > shift->from ? shift->to - shift->from : shift->to - shift->from + FL_DAY;
        if (shift->once) add_shift(edges, shift, shift->from, shift->to, midnight_before(scenario, shift->from));
        for (fl_time day = midnight_before(scenario, 0) - FL_DAY; !shift->once && day < scenario->duration; day += FL_DAY)
            add_shift(edges, shift, day + shift->from, day + shift->from + length, day);
    }
    for (uint32_t m = 0; m < scenario->desk.meetings_count; m++) {
        const struct fl_meeting *const meeting = &scenario->desk.meetings[m];
        if (meeting->groups == 0 || (meeting->groups & def->groups) != 0) add_span(edges, meeting->at, meeting->at + meeting->length, 0, 1);
    }
}

/* Her plan's edges, in order, as spans in which she is there. */
static void add_presence(struct edges *there, const struct edges *plan)
{
    int on = 0, away = 0;
    fl_time since = 0;
    for (size_t i = 0; i < plan->count; i++) {
        const bool before = on > 0 && away == 0;
        on += plan->list[i].on;
        away += plan->list[i].away;
        const bool after = on > 0 && away == 0;
        if (!before && after) since = plan->list[i].at;
        if (before && !after && plan->list[i].at > since) add_span(there, since, plan->list[i].at, 1, 0);
    }
}

/* ---- A group's ---------------------------------------------------------------------------------- */

static bool keep(struct gaps *gaps, fl_time from, fl_time to, uint32_t group)
{
    struct gap *const larger = realloc(gaps->list, (gaps->count + 1) * sizeof *larger);
    if (larger == NULL) return false;
    gaps->list = larger;
    gaps->list[gaps->count++] = (struct gap){ from, to, group };
    return true;
}

/* Opening hours as spans of `away`: the shop is closed in them. */
static void add_closed(struct edges *edges, const struct fl_scenario *scenario)
{
    const struct fl_window *const open = &scenario->desk.open;
    if (!scenario->desk.has_open || open->from == open->to) return;
    for (fl_time day = midnight_before(scenario, 0) - FL_DAY; day < scenario->duration; day += FL_DAY)
        add_span(edges, day + open->to, day + open->from + (open->to <= open->from ? 0 : FL_DAY), 0, 1);
}

/* `edges`, in order: who is there, and when the shop is closed. All of an instant counts at once, so a hand-over is no gap. */
static bool keep_gaps(struct gaps *gaps, const struct edges *edges, fl_time end, uint32_t group)
{
    int there = 0, closed = 0;
    fl_time at = 0, since = 0;
    bool was_gap = false;
    for (size_t i = 0;;) {
        for (; i < edges->count && edges->list[i].at <= at; i++) {
            there += edges->list[i].on;
            closed += edges->list[i].away;
        }
        const bool is_gap = there == 0 && closed == 0;
        if (is_gap && !was_gap) since = at;
        if (!is_gap && was_gap && !keep(gaps, since, at, group)) return false;
        was_gap = is_gap;
        if (i == edges->count || edges->list[i].at >= end) break;
        at = edges->list[i].at;
    }
    return !was_gap || keep(gaps, since, end, group);
}

static bool same_plan(const struct fl_agent_def *a, const struct fl_agent_def *b)
{
    return a->shift == b->shift && a->groups == b->groups && b->count > 0;
}

static bool find_in(const struct fl_scenario *scenario, uint32_t group, struct gaps *gaps)
{
    struct edges there = { 0 }, plan = { 0 };
    for (uint32_t d = 0; d < scenario->desk.agents_count; d++) {
        const struct fl_agent_def *const def = &scenario->desk.agents[d];
        bool known = def->count == 0 || (def->groups >> group & 1) == 0;
        for (uint32_t e = 0; e < d && !known; e++) known = same_plan(def, &scenario->desk.agents[e]);
        if (known) continue;
        plan.count = 0;
        add_plan(&plan, scenario, def);
        sort(&plan);
        add_presence(&there, &plan);
    }
    add_closed(&there, scenario);
    sort(&there);
    const bool ok = !there.full && !plan.full && keep_gaps(gaps, &there, scenario->duration, group);
    free(there.list);
    free(plan.list);
    return ok;
}

static int by_start(const void *a, const void *b)
{
    const struct gap *const x = a, *const y = b;
    if (x->from != y->from) return x->from < y->from ? -1 : 1;
    return (x->group > y->group) - (x->group < y->group);
}

bool gaps_find(const struct fl_scenario *scenario, struct gaps *gaps)
{
    *gaps = (struct gaps){ 0 };
    for (uint32_t g = 0; g < scenario->desk.groups_count; g++)
        if (!find_in(scenario, g, gaps)) return false;
    if (gaps->count > 1) qsort(gaps->list, gaps->count, sizeof *gaps->list, by_start);
    return true;
}

void gaps_free(struct gaps *gaps)
{
    free(gaps->list);
    *gaps = (struct gaps){ 0 };
}
