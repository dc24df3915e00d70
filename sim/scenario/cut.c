#include "scenario/cut.h"

#include <stdlib.h>
#include <string.h>

/* Bytes handed out one after the other from one block. */
struct block {
    unsigned char *bytes; /* NULL: only counting */
    size_t used;
};

static void *take(struct block *block, size_t count, size_t each)
{
    void *const at = block->bytes == NULL ? NULL : block->bytes + block->used;
    block->used += (count * each + 15) / 16 * 16;
    return at;
}

struct cutting {
    const struct fl_scenario *whole;
    fl_time from, to;
    struct block block;
    struct fl_scenario *out; /* written on the second pass only */
};

static bool overlaps(const struct cutting *cut, fl_time from, fl_time to)
{
    return from < cut->to && to > cut->from;
}

static fl_time later(fl_time at, fl_time than)
{
    return at > than ? at : than;
}

/* An instant that may be no instant at all. */
static fl_time shifted(const struct cutting *cut, fl_time at)
{
    return at == FL_TIME_NEVER || at == -FL_TIME_NEVER ? at : at - cut->from;
}

static void cut_traffic(struct cutting *cut)
{
    const struct fl_traffic *const whole = &cut->whole->traffic;
    struct fl_promotion *const promotions = take(&cut->block, whole->promotions_count, sizeof *promotions);
    struct fl_push *const pushes = take(&cut->block, whole->pushes_count, sizeof *pushes);
    struct fl_rate_point *const points = take(&cut->block, whole->points_count, sizeof *points);
    if (cut->out == NULL) return;
    struct fl_traffic *const out = &cut->out->traffic;
    for (uint32_t i = 0; i < whole->promotions_count; i++) {
        promotions[i] = whole->promotions[i];
        promotions[i].opens_at -= cut->from;
        promotions[i].closes_at -= cut->from;
    }
    out->replay.begins += cut->from;
    out->pushes_count = 0;
    for (uint32_t i = 0; i < whole->pushes_count; i++) {
        if (whole->pushes[i].at < cut->from || whole->pushes[i].at >= cut->to) continue;
        pushes[out->pushes_count] = whole->pushes[i];
        pushes[out->pushes_count++].at -= cut->from;
    }
    for (uint32_t i = 0; i < whole->points_count; i++) points[i] = (struct fl_rate_point){ whole->points[i].at - cut->from, whole->points[i].per_hour };
    out->promotions = promotions;
    out->pushes = pushes;
    out->points = points;
}

/* What has no length lasts until something else happens: it holds from the start when it came before. */
static void cut_events(struct cutting *cut)
{
    const struct fl_scenario *const whole = cut->whole;
    struct fl_event_def *const events = take(&cut->block, whole->events_count, sizeof *events);
    if (cut->out == NULL) return;
    uint32_t count = 0;
    for (uint32_t i = 0; i < whole->events_count; i++) {
        struct fl_event_def event = whole->events[i];
        const fl_time end = event.at + event.length;
        if (event.at >= cut->to || (event.length > 0 && end <= cut->from)) continue;
        event.at = later(event.at - cut->from, 0);
        if (event.length > 0) event.length = end - cut->from - event.at;
        events[count++] = event;
    }
    cut->out->events = events;
    cut->out->events_count = count;
    cut->out->faults_count = 0; /* of the link to an engine, not of the desk */
}

static void cut_meetings(struct cutting *cut)
{
    const struct fl_desk_def *const whole = &cut->whole->desk;
    struct fl_meeting *const meetings = take(&cut->block, whole->meetings_count, sizeof *meetings);
    if (cut->out == NULL) return;
    uint32_t count = 0;
    for (uint32_t i = 0; i < whole->meetings_count; i++) {
        struct fl_meeting meeting = whole->meetings[i];
        const fl_time end = meeting.at + meeting.length;
        if (!overlaps(cut, meeting.at, end)) continue;
        meeting.at = later(meeting.at - cut->from, 0);
        meeting.length = end - cut->from - meeting.at;
        meetings[count++] = meeting;
    }
    cut->out->desk.meetings = meetings;
    cut->out->desk.meetings_count = count;
}

static void cut_shifts(struct cutting *cut)
{
    const struct fl_desk_def *const whole = &cut->whole->desk;
    struct fl_shift_def *const shifts = take(&cut->block, whole->shifts_count, sizeof *shifts);
    if (cut->out == NULL) return;
    for (uint32_t i = 0; i < whole->shifts_count; i++) {
        shifts[i] = whole->shifts[i];
        if (!shifts[i].once) continue;
        shifts[i].from -= cut->from;
        shifts[i].to -= cut->from;
    }
    cut->out->desk.shifts = shifts;
}

/* The rota begins with the calendar day of the start. */
static uint32_t days_before(const struct cutting *cut)
{
    return (uint32_t)((cut->whole->start_s % 86400 * FL_SECOND + cut->from) / FL_DAY);
}

static void cut_agents(struct cutting *cut)
{
    const struct fl_desk_def *const whole = &cut->whole->desk;
    struct fl_agent_def *const agents = take(&cut->block, whole->agents_count, sizeof *agents);
    for (uint32_t d = 0; d < whole->agents_count; d++) {
        const struct fl_agent_def *const def = &whole->agents[d];
        uint32_t *const rota = take(&cut->block, def->rota_count, sizeof *rota);
        struct fl_leave *const away = take(&cut->block, def->away_count, sizeof *away);
        if (cut->out == NULL) continue;
        agents[d] = *def;
        agents[d].from = shifted(cut, def->from);
        agents[d].until = shifted(cut, def->until);
        for (uint32_t i = 0; i < def->rota_count; i++) rota[i] = def->rota[(i + days_before(cut)) % def->rota_count];
        for (uint32_t i = 0; i < def->away_count; i++)
            away[i] = (struct fl_leave){ .from = def->away[i].from - cut->from, .to = def->away[i].to - cut->from, .paid = def->away[i].paid };
        agents[d].rota = rota;
        agents[d].away = away;
    }
    if (cut->out != NULL) cut->out->desk.agents = agents;
}

static void cut_listed_shifts(struct cutting *cut)
{
    const struct fl_staffing_def *const whole = &cut->whole->staffing;
    struct fl_staff_shift *const shifts = take(&cut->block, whole->shifts_count, sizeof *shifts);
    if (cut->out == NULL) return;
    uint32_t count = 0;
    for (uint32_t i = 0; i < whole->shifts_count; i++) {
        if (whole->shifts[i].from < cut->from || whole->shifts[i].from >= cut->to) continue;
        shifts[count] = whole->shifts[i];
        shifts[count].from -= cut->from;
        shifts[count++].to -= cut->from;
    }
    cut->out->staffing.shifts = shifts;
    cut->out->staffing.shifts_count = count;
}

static const struct fl_absence *cut_absences(struct cutting *cut, const struct fl_absence *whole, uint32_t count)
{
    struct fl_absence *const absences = take(&cut->block, count, sizeof *absences);
    for (uint32_t i = 0; cut->out != NULL && i < count; i++) {
        absences[i] = whole[i];
        if (whole[i].daily) continue;
        absences[i].from -= cut->from;
        absences[i].to -= cut->from;
    }
    return absences;
}

static void cut_people(struct cutting *cut)
{
    const struct fl_staffing_def *const whole = &cut->whole->staffing;
    struct fl_person_def *const people = take(&cut->block, whole->people_count, sizeof *people);
    for (uint32_t i = 0; i < whole->people_count; i++) {
        const struct fl_absence *const away = cut_absences(cut, whole->people[i].away, whole->people[i].away_count);
        const struct fl_absence *const wishes = cut_absences(cut, whole->people[i].wishes, whole->people[i].wishes_count);
        if (cut->out == NULL) continue;
        people[i] = whole->people[i];
        people[i].away = away;
        people[i].wishes = wishes;
    }
    if (cut->out != NULL) cut->out->staffing.people = people;
}

static void cut_all(struct cutting *cut)
{
    cut_traffic(cut);
    cut_events(cut);
    cut_meetings(cut);
    cut_shifts(cut);
    cut_agents(cut);
    cut_listed_shifts(cut);
    cut_people(cut);
}

bool fl_scenario_cut(const struct fl_scenario *whole, fl_time from, fl_time length, struct fl_cut *out)
{
    struct cutting cut = { .whole = whole, .from = from, .to = from + length < whole->duration ? from + length : whole->duration };
    *out = (struct fl_cut){ .scenario = *whole };
    cut_all(&cut);
    out->memory = calloc(1, cut.block.used + 16);
    if (out->memory == NULL) return false;
    cut.block = (struct block){ .bytes = out->memory };
    cut.out = &out->scenario;
    out->scenario.start_s += from / FL_SECOND;
    out->scenario.duration = cut.to - from;
    out->scenario.intervals_count = (uint32_t)((out->scenario.duration + whole->interval - 1) / whole->interval);
    out->scenario.warmup = whole->warmup > from ? whole->warmup - from : 0;
    if (from > 0) out->scenario.desk.backlog = 0;
    cut_all(&cut);
    return true;
}

void fl_cut_free(struct fl_cut *cut)
{
    free(cut->memory);
    cut->memory = NULL;
}
