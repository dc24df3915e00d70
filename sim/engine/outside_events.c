/* Writing the line of an event, with the loads that have changed before it. */
#include "engine/outside_state.h"

#include "engine/tell.h"

#include <stdlib.h>

void event_forget_loads(struct fl_outside *o, const struct fl_view *view)
{
    if ((o->wants & WANTS_LOAD) == 0) return;
    for (uint32_t a = 0; a < view->agents_count; a++) o->told[a] = (struct fl_agent){ .assigned_today = UINT32_MAX };
}

static bool stands_as_told(const struct fl_agent *now, const struct fl_agent *told)
{
    return now->oldest_unanswered_at == told->oldest_unanswered_at && now->mean_reply_ns == told->mean_reply_ns && now->awaiting == told->awaiting &&
           now->open == told->open && now->state == told->state && now->composing == told->composing && now->recent_active == told->recent_active &&
           now->capacity == told->capacity && now->assigned_today == told->assigned_today && now->last_assigned_at == told->last_assigned_at &&
           now->touched_at == told->touched_at && now->available_since == told->available_since;
}

void event_add_loads(struct fl_outside *o, struct fl_lines *lines)
{
    for (uint32_t a = 0; a < o->view->agents_count; a++) {
        if (stands_as_told(&o->view->agents[a], &o->told[a])) continue;
        o->told[a] = o->view->agents[a];
        fl_tell_agent(lines, &o->told[a], a);
    }
}

bool event_open(struct fl_outside *o, const char *type, const struct fl_view *view, uint32_t slot)
{
    if (o->events_count == o->events_room) {
        const uint32_t room = o->events_room == 0 ? 16 : 2 * o->events_room;
        struct event *const events = realloc(o->events, room * sizeof *events);
        if (events == NULL) return false;
        o->events = events;
        o->events_room = room;
    }
    o->view = view;
    o->day.events++;
    o->wakes_in_a_row = 0; /* one that is a wake counts itself again */
    o->events[o->events_count++] = (struct event){ .from = o->lines.length, .at = view->now, .number = ++o->events_today, .slot = slot, .type = type };
    if (o->wants & WANTS_LOAD) event_add_loads(o, &o->lines);
    fl_lines_open(&o->lines, type);
    fl_lines_integer(&o->lines, "n", (int64_t)o->events_today);
    fl_lines_integer(&o->lines, "at_ns", view->now);
    return true;
}

/* Only of the day's begin and end is the ack waited for in real time. */
static enum fl_status deliver(struct fl_outside *o)
{
    if (o->lines.full) return FL_EFULL;
    return outside_is_live(o) && !o->waits_for_ack ? realtime_gather(o) : lockstep_deliver(o);
}

enum fl_status event_close(struct fl_outside *o)
{
    fl_lines_close(&o->lines);
    o->events[o->events_count - 1].to = o->lines.length;
    return deliver(o);
}

enum fl_status event_agent(struct fl_outside *o, uint32_t agent, enum fl_agent_state before)
{
    const struct fl_agent *const her = &o->view->agents[agent];
    if (!event_open(o, "agent", o->view, NO_SLOT)) return FL_EFULL;
    fl_tell_load(&o->lines, o->view, agent);
    fl_lines_text(&o->lines, "state", fl_state_words[her->state]);
    fl_lines_text(&o->lines, "before", fl_state_words[before]);
    fl_lines_integer(&o->lines, "assigned_today", her->assigned_today);
    if (her->last_assigned_at >= 0) fl_lines_integer(&o->lines, "last_assigned_at_ns", her->last_assigned_at);
    return event_close(o);
}
