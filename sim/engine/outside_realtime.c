/* Real time. Nothing waits for an ack but the day's begin and end. Lines gather while several events are due and leave in one
 * write; what the engine says is taken up between two events of the desk, at the instant that the wall clock shows then.
 *
 * The desk asks fl_outside_pace before each of its events: either its instant has come, or a line has, or the loop turns until one of them
 * does. Latencies begin when a chat was due, not when its line left. */
#include "engine/outside_state.h"

#include "engine/pace.h"
#include "engine/tell.h"

#include <math.h>

#define EVENTS_A_TURN 64u /* that are due together leave in one write, and the engine is listened to after them */
#define CROSSING_NS INT64_C(1000000000) /* a decision and an event may have crossed on the wire for so long: chosen */

void realtime_begin(struct fl_outside *o, const struct fl_view *view)
{
    struct live *const live = &o->live;
    live->undecided = live->burst = live->gathered = 0;
    live->waits_ns = 0;
    live->damaged_ns = INT64_MIN;
    live->status = FL_OK;
    live->line = NULL;
    for (uint32_t a = 0; a < view->agents_count; a++) live->agent_changed_ns[a] = INT64_MIN;
    for (uint32_t n = 0; n < ASKED; n++) live->asked[n] = NO_SLOT;
    fl_pace_start(live->pace, view->now);
    live->heard_ns = fl_clock_ns();
}

/* ---- What can be held against the engine ----------------------------------------------------------------- */

bool realtime_has_crossed(const struct fl_outside *o, enum fl_breach breach, uint32_t number, uint32_t agent)
{
    if (!outside_is_live(o)) return false;
    const int64_t since_ns = o->live.heard_ns - CROSSING_NS;
    switch (breach) {
    case FL_BREACH_UNKNOWN_CHAT: return number > 0 && number <= o->numbers && o->live.closed_ns[number] > since_ns;
    case FL_BREACH_AGENT_OFFLINE:
    case FL_BREACH_SUSPENDED: return agent != FL_NO_AGENT && o->live.agent_changed_ns[agent] > since_ns;
    case FL_BREACH_CAPACITY: /* buyers' messages count, and come unasked; and so do leave-messages, of which an `agent` event tells */
        return o->scenario->routing.counts != FL_COUNTS_OPEN || o->live.agent_changed_ns[agent] > since_ns;
    case FL_BREACH_TOO_LATE:     /* the day ended, */
    case FL_BREACH_NOT_WAITING:  /* a reply was sent, */
    case FL_BREACH_NOT_TO_CLOSE: /* or the chat closed, meanwhile */
        return true;
    default: return false;
    }
}

struct fl_known realtime_known(const struct fl_outside *o)
{
    if (!outside_is_live(o)) return (struct fl_known){ INT64_MIN, INT64_MAX };
    return (struct fl_known){ o->live.damaged_ns, o->live.heard_ns - CROSSING_NS };
}

int64_t realtime_known_ns(const struct fl_outside *o)
{
    return !outside_is_live(o) ? 0 : o->live.heard_ns;
}

/* ---- How long it took ------------------------------------------------------------------------------------ */

void realtime_answered(struct fl_outside *o, struct slot *slot)
{
    if (!outside_is_live(o) || slot->answered || slot->turn != TURN_ENGINE) return;
    slot->answered = true;
    o->live.undecided--;
    fl_histogram_record(&o->day.latency, o->day.latency_counts, FL_HISTOGRAM_FINE, o->live.heard_ns - slot->due_ns);
}

void realtime_unanswered(struct fl_outside *o, struct slot *slot)
{
    if (!outside_is_live(o)) return;
    if (slot->number != 0) o->live.closed_ns[slot->number] = o->live.heard_ns;
    if (slot->turn != TURN_ENGINE || slot->answered) return;
    slot->answered = true;
    o->live.undecided--;
    o->day.unanswered++;
}

/* ---- Events out ------------------------------------------------------------------------------------------ */

enum fl_status realtime_post(struct fl_outside *o)
{
    struct live *const live = &o->live;
    if (o->lines.full) return FL_EFULL;
    if (o->lines.length == 0) return FL_OK;
    const enum fl_status status = o->channel->ops->post(o->channel, o->lines.bytes, o->lines.length);
    if (status == FL_EFULL) return outside_fail(o, "reads too slowly: more lines wait for it than engine.write_buffer holds");
    if (status != FL_OK) return outside_pass_on(o, status);
    if (isfinite(live->pace->speed)) {
        const int64_t now_ns = fl_clock_ns();
        for (uint32_t i = 0; i < o->events_count; i++)
            fl_histogram_record(&o->day.lateness, o->day.lateness_counts, FL_HISTOGRAM_FINE, now_ns - fl_pace_due_ns(live->pace, o->events[i].at));
    }
    o->lines.length = 0;
    o->events_count = o->events_next = 0;
    live->gathered = 0;
    return FL_OK;
}

enum fl_status realtime_gather(struct fl_outside *o)
{
    struct live *const live = &o->live;
    const struct event *const event = &o->events[o->events_count - 1];
    if (event->slot == NO_SLOT) return outside_is_full(o) ? FL_EFULL : FL_OK;
    struct slot *const slot = &o->slots[event->slot];
    slot->event = event->number;
    slot->due_ns = isfinite(live->pace->speed) ? fl_pace_due_ns(live->pace, event->at) : fl_clock_ns();
    slot->answered = false;
    live->undecided++;
    live->asked[event->number % ASKED] = event->slot;
    chat_take_turn(o, slot, TURN_ENGINE);
    chat_enqueue(o, slot);
    if (outside_is_full(o)) return FL_EFULL;
    /* Half of what the window lets through leaves at once: the engine decides on it while the desk goes on, and neither waits for the other.
     * Where the two take turns on one processor that would be a write more. */
    return ++live->gathered >= live->window / 2 && fl_lookout_pays(&live->pace->lookout) ? realtime_post(o) : FL_OK;
}

/* The link was made anew, and whoever is there knows nothing: all that a day's begin tells, as it is now, and the chats that wait. */
static enum fl_status tell_all(struct fl_outside *o)
{
    const struct fl_view *const view = o->view;
    o->session = fl_channel_session(o->channel);
    o->live.damaged_ns = fl_clock_ns() + CROSSING_NS; /* and those who wait are told of in another order */
    o->lines.length = 0;
    o->events_today -= o->events_count; /* what was written and never left takes its numbers back */
    o->day.events -= o->events_count;
    o->events_count = 0;
    outside_tell_hello(o);
    fl_tell_desk(&o->lines, view);
    if (o->wants & WANTS_SCENARIO) fl_tell_scenario(&o->lines, o->scenario_text);
    event_forget_loads(o, view);
    if (!event_open(o, "begin", view, NO_SLOT)) return FL_EFULL;
    fl_lines_integer(&o->lines, "day", view->replication);
    fl_lines_close(&o->lines);
    for (uint32_t a = 0; a < view->agents_count; a++) {
        const enum fl_status status = view->agents[a].state == FL_OFFLINE ? FL_OK : event_agent(o, a, FL_OFFLINE);
        if (status != FL_OK) return status;
    }
    for (uint32_t i = 0; i < o->slots_count; i++) {
        struct slot *const slot = &o->slots[i];
        if (slot->turn != TURN_ENGINE) continue;
        if (!event_open(o, "chat", view, NO_SLOT)) return FL_EFULL; /* not counted once more */
        o->live.asked[o->events_today % ASKED] = i;
        slot->event = o->events_today;
        fl_tell_chat(&o->lines, o->scenario, &slot->chat, slot->number, slot->group, (o->wants & (WANTS_LOAD | WANTS_SCENARIO)) != 0);
        fl_lines_close(&o->lines);
    }
    return o->lines.full ? FL_EFULL : FL_OK;
}

/* ---- Lines in -------------------------------------------------------------------------------------------- */

enum fl_status realtime_hear_ack(struct fl_outside *o, const struct fl_message *message, bool *acked)
{
    const uint64_t number = outside_event_number(o);
    const struct fl_field *const n = fl_message_find(message, "n");
    const bool numbered = n != NULL && n->kind == FL_FIELD_INTEGER && n->integer >= 1 && (uint64_t)n->integer <= number;
    if (!numbered) return decision_refuse(o, FL_BREACH_BAD_FIELD, 0, FL_NO_AGENT);
    *acked = (uint64_t)n->integer == number;
    const uint32_t index = o->live.asked[(uint64_t)n->integer % ASKED];
    if (index < o->slots_count && o->slots[index].event == (uint64_t)n->integer) realtime_answered(o, &o->slots[index]);
    return FL_OK;
}

/* A line that is none costs its sender that line. */
static enum fl_status hear_line(struct fl_outside *o, char *line, size_t length)
{
    struct fl_message message;
    bool acked;
    if (fl_message_scan(line, length, &message) != FL_OK) return decision_refuse(o, FL_BREACH_GARBLED, 0, FL_NO_AGENT);
    const struct fl_field *const type = fl_message_find(&message, "t");
    if (fl_field_is(type, "hello") && o->session > 0) return FL_OK; /* of an engine that was begun anew */
    return fl_field_is(type, "ack") ? realtime_hear_ack(o, &message, &acked) : decision_hear(o, &message, type);
}

enum fl_status realtime_heard(void *self, const struct fl_view *view)
{
    struct fl_outside *const o = self;
    struct live *const live = &o->live;
    enum fl_status status = live->status;
    o->view = view;
    while (status == FL_OK && live->line != NULL) {
        if (live->on_turn != NULL) live->damaged = live->on_turn(live->turn_context, live->undecided); /* it may have been this very line */
        status = hear_line(o, live->line, live->length);
        if (status != FL_OK) break;
        status = o->channel->ops->next(o->channel, &live->line, &live->length);
        if (status != FL_OK) status = outside_pass_on(o, status);
    }
    if (status == FL_OK && outside_is_full(o)) return FL_EFULL;
    return o->failed && status == FL_OK ? FL_EENGINE : status;
}

/* ---- The pace of the desk -------------------------------------------------------------------------------- */

/* Whether there is something for the desk to hear: a line, or that the link has failed. */
static bool looks_up(struct fl_outside *o)
{
    struct live *const live = &o->live;
    while (live->status == FL_OK && live->line == NULL) {
        const enum fl_status status = o->channel->ops->next(o->channel, &live->line, &live->length);
        if (status != FL_OK) live->status = outside_pass_on(o, status);
        if (status != FL_OK || fl_channel_session(o->channel) == o->session) break;
        live->line = NULL; /* nothing leaves for a new session before it has been told everything */
        live->status = tell_all(o);
    }
    return live->line != NULL || live->status != FL_OK;
}

/* A turn of the loop, after what has gathered was sent. */
static void turn(struct fl_outside *o, int64_t until_ns, bool soon)
{
    struct live *const live = &o->live;
    live->burst = 0;
    live->status = realtime_post(o);
    if (live->status == FL_OK) live->status = fl_pace_turn(live->pace, until_ns, soon);
    live->heard_ns = fl_clock_ns();
    if (live->on_turn != NULL) live->damaged = live->on_turn(live->turn_context, live->undecided);
    if (live->damaged) live->damaged_ns = live->heard_ns + CROSSING_NS;
}

/* As many chats are undecided as may be: time stands still until the engine says something, within its time-out. */
static void wait_for_room(struct fl_outside *o)
{
    struct live *const live = &o->live;
    const int64_t now_ns = fl_clock_ns();
    if (live->waits_ns == 0) live->waits_ns = now_ns;
    if (now_ns - live->waits_ns > o->timeout_ns) live->status = outside_fail(o, "decides nothing");
    else turn(o, live->waits_ns + o->timeout_ns + 1, true);
}

bool fl_outside_pace(void *self, fl_time at, fl_time *now)
{
    struct fl_outside *const o = self;
    struct live *const live = &o->live;
    for (;;) {
        if (looks_up(o)) {
            const fl_time instant = isfinite(live->pace->speed) ? fl_pace_instant(live->pace, live->heard_ns) : o->view->now;
            *now = instant < o->view->now ? o->view->now : instant < at ? instant : at;
            live->waits_ns = 0;
            return false;
        }
        const int64_t due_ns = fl_pace_due_ns(live->pace, at);
        if (live->undecided >= live->window) wait_for_room(o);
        else if (due_ns > live->heard_ns && due_ns > fl_clock_ns()) turn(o, due_ns, false);
        else if (++live->burst < EVENTS_A_TURN) return true;
        else turn(o, 0, false);
    }
}
