/* What changes from date to date in a scenario of several days. A date is 24 hours from the scenario's start. */
#include "desk/state.h"

#include "scenario/tenure.h"

#include <math.h>

static const struct fl_agent_def *def_of(const struct fl_desk *desk, uint32_t a)
{
    return &desk->scenario->desk.agents[desk->agents[a].definition];
}

/* ---- People -------------------------------------------------------------------------------------- */

static double full_speed(const struct fl_desk_def *desk, const struct fl_agent_def *def)
{
    return def->speed * (def->grade == FL_NONE ? 1 : desk->grades[def->grade].speed);
}

/* What she can on a date: as at its beginning, or when her training ends within it. Of no matter while she does not work. */
static void rate(struct fl_desk *desk, uint32_t a, fl_time date)
{
    const struct fl_agent_def *def = def_of(desk, a);
    double learned = 1;
    if (def->has_learning) {
        const fl_time trained = def->from + def->training;
        learned = fl_agent_learned(def, trained > date && trained < date + FL_DAY ? trained : date);
    }
    desk->own[a].slowness = 1 / (full_speed(&desk->scenario->desk, def) * (learned > 0 ? learned : 1));
}

/* Who has a first day is a newcomer from there on, wherever that lies; the others have been there for long. */
static fl_time leaves_for_good(const struct fl_desk *desk, uint32_t a)
{
    const struct fl_agent_def *def = def_of(desk, a);
    if (!desk->scenario->desk.has_attrition) return FL_TIME_NEVER;
    const bool newcomer = def->from != -FL_TIME_NEVER;
    const fl_time since = newcomer && def->from > 0 ? def->from : 0, tenure = newcomer ? since - def->from : 0;
    const double u = fl_uniform_open(fl_draw(desk->own[a].key, FL_DRAW_ATTRITION, 0));
    return since + fl_attrition_stays(&desk->scenario->desk.attrition, newcomer, tenure, u);
}

void tenure_begin(struct fl_desk *desk, uint32_t a)
{
    desk->own[a].gone_at = leaves_for_good(desk, a);
    rate(desk, a, 0);
}

bool tenure_absent(const struct fl_desk *desk, uint32_t a, fl_time at)
{
    const double absent = def_of(desk, a)->absent;
    const uint32_t date = at > 0 ? (uint32_t)(at / FL_DAY) : 0;
    return absent > 0 && fl_uniform(fl_draw(desk->own[a].key, FL_DRAW_ABSENT, date)) < absent;
}

/* The first of two instants that lies after `at`. */
static void nearer(fl_time at, fl_time candidate, fl_time *until)
{
    if (candidate > at && candidate < *until) *until = candidate;
}

static enum standing standing_at(const struct fl_agent_def *def, fl_time at)
{
    if (at < def->from || at >= def->until) return STANDING_OFF;
    for (uint32_t i = 0; i < def->away_count; i++)
        if (at >= def->away[i].from && at < def->away[i].to) return def->away[i].paid ? STANDING_PAID : STANDING_OFF;
    return def->training > 0 && at < def->from + def->training ? STANDING_PAID : STANDING_WORKS;
}

enum standing tenure_standing(const struct fl_agent_def *def, fl_time at, fl_time *until)
{
    const enum standing standing = standing_at(def, at);
    fl_time next = at;
    do {
        *until = FL_TIME_NEVER;
        nearer(next, def->from, until);
        nearer(next, def->until, until);
        if (def->training > 0) nearer(next, def->from + def->training, until);
        for (uint32_t i = 0; i < def->away_count; i++) {
            nearer(next, def->away[i].from, until);
            nearer(next, def->away[i].to, until);
        }
        next = *until;
    } while (next < FL_TIME_NEVER && standing_at(def, next) == standing);
    return standing;
}

void tenure_paid(struct fl_desk *desk, uint32_t a, fl_time from, fl_time to)
{
    const struct fl_scenario *scenario = desk->scenario;
    fl_time at = from > scenario->warmup ? from : scenario->warmup;
    const fl_time end = to < scenario->duration ? to : scenario->duration;
    while (at < end) {
        const fl_time date_ends = (at / FL_DAY + 1) * FL_DAY, until = date_ends < end ? date_ends : end;
        const size_t date = scenario->interval > FL_DAY ? 0 : (size_t)(at / FL_DAY);
        desk->day->date_paid_us[date * desk->day->agents + a] += (uint64_t)((until - at) / 1000);
        at = until;
    }
}

/* ---- Traffic that follows the score ---------------------------------------------------------------- */

/* By the mean of all ratings so far; as it is while there is none. */
static double score_factor(const struct fl_desk *desk)
{
    const struct fl_money *money = &desk->scenario->money;
    uint64_t points = 0, ratings = 0;
    for (size_t i = 0; i < (size_t)desk->day->intervals * desk->day->groups; i++) {
        points += desk->day->interval_group[i].count[FL_COUNT_dsr_points];
        ratings += desk->day->interval_group[i].count[FL_COUNT_ratings];
    }
    if (ratings == 0) return 1;
    return fmax(0, 1 + money->score_traffic * ((double)points / (double)ratings - money->score_expected));
}

/* Streams that have looked ahead into the date that begins now look again. */
static void follow_score(struct fl_desk *desk)
{
    desk->traffic_day.score_factor = score_factor(desk);
    desk->traffic_day.dates_known++;
    for (uint32_t s = 0; s < desk->streams_count; s++) {
        fl_time at;
        if (fl_stream_again(desk->setup->plan, &desk->traffic_day, &desk->streams[s], &at))
            fl_events_set(&desk->events, SLOT_STREAMS + s, at, FL_CLASS_ARRIVAL);
    }
}

void tenure_date_begins(struct fl_desk *desk)
{
    for (uint32_t a = 0; a < desk->view.agents_count; a++)
        if (def_of(desk, a)->has_learning) rate(desk, a, desk->now);
    if (desk->follows_score) follow_score(desk);
}
