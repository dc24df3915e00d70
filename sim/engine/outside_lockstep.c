/* The order of things. An event is written when the desk calls, at once with all it says, and sent when all events
 * before it have their ack. A decision may make the desk call again (suspending somebody re-routes her chats): that event
 * waits its turn in `lines` and is sent before the outer call returns, so the engine sees one event at a time, in order.
 *
 * An engine that wants verdicts waits for the answer to each of its decisions. For it nothing is put off: what follows from a
 * decision is sent, and acked, before that decision's verdict, as deep as it goes. It hears what a router in this process would,
 * in the same order. */
#include "engine/outside_state.h"

#include <stdio.h>

#define EVENTS_AT_ONCE_MAX (1u << 16) /* that may follow from each other at one instant: beyond, the engine goes in circles */
#define WAKES_IN_A_ROW_MAX (1u << 17) /* one a second for a day and a half: beyond, the engine waits for itself */
#define NESTED_MAX 256u /* events that follow from decisions on events that follow from decisions... */

/* It is shown as far as it is fit to be. */
enum fl_status lockstep_scan(struct fl_outside *o, char *line, size_t length, struct fl_message *message)
{
    char head[49], what[200];
    size_t shown = 0;
    for (; shown < length && shown < sizeof head - 1; shown++) head[shown] = line[shown] < ' ' || line[shown] == 127 ? '?' : line[shown];
    while (shown < length && shown > 0 && (line[shown] & 0xC0) == 0x80) shown--; /* not inside a character */
    head[shown] = '\0';
    if (fl_message_scan(line, length, message) == FL_OK) return FL_OK;
    snprintf(what, sizeof what, "sent a line that is no flat JSON object (%s): %s%s", message->problem, head, shown < length ? "..." : "");
    return outside_fail(o, what);
}

static enum fl_status hear_ack(struct fl_outside *o, const struct fl_message *message, bool *acked)
{
    if (outside_is_live(o)) return realtime_hear_ack(o, message, acked);
    const uint64_t number = outside_event_number(o);
    const struct fl_field *const n = fl_message_find(message, "n");
    if (n == NULL || n->kind != FL_FIELD_INTEGER) return outside_fail(o, "sent an ack without the number of an event");
    if (n->integer < 1 || (uint64_t)n->integer > number) return outside_fail(o, "sent an ack for an event that has not been");
    *acked = (uint64_t)n->integer == number;
    return *acked ? FL_OK : decision_refuse(o, FL_BREACH_ACK_TWICE, 0, FL_NO_AGENT);
}

static enum fl_status hear_until_ack(struct fl_outside *o, int64_t deadline_ns)
{
    struct fl_message message;
    bool acked = false;
    while (!acked) {
        char *line;
        size_t length;
        enum fl_status status = o->channel->ops->line(o->channel, &line, &length, deadline_ns);
        if (status != FL_OK) return outside_pass_on(o, status);
        status = lockstep_scan(o, line, length, &message);
        if (status != FL_OK) return status;
        const struct fl_field *const type = fl_message_find(&message, "t");
        if (fl_field_is(type, "hello") && o->session > 0) continue; /* of an engine that was begun anew, in real time */
        status = fl_field_is(type, "ack") ? hear_ack(o, &message, &acked) : decision_hear(o, &message, type);
        if (status != FL_OK) return status;
        if (!acked && fl_clock_ns() >= deadline_ns) return outside_fail(o, "goes on without an ack");
    }
    return FL_OK;
}

static enum fl_status deliver_one(struct fl_outside *o)
{
    const struct event event = o->events[o->events_next];
    const int64_t sent_ns = fl_clock_ns(), deadline_ns = sent_ns + o->timeout_ns;
    enum fl_status status = o->channel->ops->send(o->channel, o->lines.bytes + event.from, event.to - event.from, deadline_ns);
    if (status != FL_OK) return outside_pass_on(o, status);
    if (event.slot != NO_SLOT && o->slots[event.slot].turn == TURN_TOLD) chat_take_turn(o, &o->slots[event.slot], TURN_ENGINE);
    status = hear_until_ack(o, deadline_ns);
    if (status != FL_OK || event.slot == NO_SLOT) return status;
    fl_histogram_record(&o->day.latency, o->day.latency_counts, FL_HISTOGRAM_FINE, fl_clock_ns() - sent_ns);
    if (o->slots[event.slot].turn == TURN_ENGINE) chat_enqueue(o, &o->slots[event.slot]); /* undecided is waiting */
    return FL_OK;
}

/* Sends the last event that was written, within the one under way. */
static enum fl_status deliver_within(struct fl_outside *o)
{
    const uint32_t outer = o->events_next;
    const bool refused = o->refused;
    if (++o->nested > NESTED_MAX) return outside_fail(o, "goes in circles at one instant");
    o->events_next = o->events_count - 1;
    const enum fl_status status = deliver_one(o);
    if (status != FL_OK) return status;
    o->lines.length = o->events[o->events_next].from;
    o->events_count = o->events_next;
    o->events_next = outer;
    o->refused = refused;
    o->nested--;
    return FL_OK;
}

enum fl_status lockstep_deliver(struct fl_outside *o)
{
    enum fl_status status = FL_OK;
    if (o->delivering) return o->wants & WANTS_VERDICT ? deliver_within(o) : FL_OK; /* else in its turn, by the caller above us */
    o->delivering = true;
    while (o->events_next < o->events_count) {
        status = o->events_next >= EVENTS_AT_ONCE_MAX     ? outside_fail(o, "goes in circles at one instant")
                 : o->wakes_in_a_row > WAKES_IN_A_ROW_MAX ? outside_fail(o, "asks for wake after wake and nothing else happens")
                                                          : deliver_one(o);
        if (status != FL_OK) break;
        o->events_next++;
    }
    o->delivering = false;
    o->nested = 0;
    o->events_count = o->events_next = 0;
    o->lines.length = 0;
    return outside_is_full(o) ? FL_EFULL : status;
}
