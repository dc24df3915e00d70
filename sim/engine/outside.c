/* The router: the handshake, days, and what the desk calls. outside_state.h shows how the parts hang together. */
#include "engine/outside_state.h"

#include "engine/tell.h"
#include "record/results.h"
#include "routing/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Failing -------------------------------------------------------------------------------------- */

enum fl_status outside_fail(struct fl_outside *o, const char *what)
{
    o->failed = true;
    if (o->view == NULL) {
        snprintf(o->problem, sizeof o->problem, "the engine %s, in answer to hello", what);
        return FL_EENGINE;
    }
    char instant[32];
    const fl_time now = o->view->now;
    const struct event desk = { .type = "description of the desk" }, *const event = o->delivering ? &o->events[o->events_next] : &desk;
    fl_instant_format(o->scenario, now, instant);
    snprintf(o->problem, sizeof o->problem, "the engine %s: day %u, %s (+%lld.%09lld s), event %llu (%s)", what, o->replication, instant,
             (long long)(now / FL_SECOND), (long long)(now % FL_SECOND), (unsigned long long)event->number, event->type);
    return FL_EENGINE;
}

enum fl_status outside_pass_on(struct fl_outside *o, enum fl_status status)
{
    o->failed = true;
    return status == FL_EENGINE ? outside_fail(o, o->channel->problem) : status;
}

uint64_t outside_event_number(const struct fl_outside *o)
{
    return outside_is_live(o) && !o->delivering ? o->events_today : o->events[o->events_next].number;
}

/* ---- The handshake ------------------------------------------------------------------------------------- */

/* A name that can stand in a table. */
static bool take_name(struct fl_outside *o, const struct fl_field *field)
{
    if (field == NULL || field->kind != FL_FIELD_TEXT || field->text_length == 0 || field->text_length > FL_PROTOCOL_NAME_MAX) return false;
    for (uint32_t i = 0; i < field->text_length; i++)
        if ((unsigned char)field->text[i] < ' ' || field->text[i] == 127) return false;
    memcpy(o->name, field->text, field->text_length);
    o->name[field->text_length] = '\0';
    return true;
}

/* Words apart by blanks. */
static bool take_wants(struct fl_outside *o, const struct fl_field *field)
{
    static const struct {
        const char *word;
        enum wants wants;
    } known[] = { { "message", WANTS_MESSAGE }, { "reply", WANTS_REPLY }, { "load", WANTS_LOAD }, { "scenario", WANTS_SCENARIO }, { "verdict", WANTS_VERDICT } };
    if (field == NULL) return true;
    if (field->kind != FL_FIELD_TEXT) return false;
    for (const char *at = field->text, *const end = field->text + field->text_length; at < end;) {
        const char *const from = at;
        while (at < end && *at != ' ') at++;
        const size_t length = (size_t)(at - from);
        size_t k = 0;
        while (k < sizeof known / sizeof *known && (strlen(known[k].word) != length || memcmp(from, known[k].word, length) != 0)) k++;
        if (length > 0 && k == sizeof known / sizeof *known) return false;
        if (length > 0) o->wants |= known[k].wants;
        at += at < end;
    }
    return true;
}

void outside_tell_hello(struct fl_outside *o)
{
    const struct fl_tell_session session = { o->scenario, o->seed, outside_is_live(o) ? "realtime" : "lockstep", o->share };
    fl_tell_hello(&o->lines, &session);
}

static enum fl_status shake_hands(struct fl_outside *o)
{
    const int64_t deadline_ns = fl_clock_ns() + o->timeout_ns;
    struct fl_message message;
    char *line;
    size_t length;
    outside_tell_hello(o);
    if (o->lines.full) return FL_EFULL;
    enum fl_status status = o->channel->ops->send(o->channel, o->lines.bytes, o->lines.length, deadline_ns);
    o->lines.length = 0;
    if (status == FL_OK) status = o->channel->ops->line(o->channel, &line, &length, deadline_ns);
    if (status != FL_OK) return outside_pass_on(o, status);
    status = lockstep_scan(o, line, length, &message);
    if (status != FL_OK) return status;
    const struct fl_field *const proto = fl_message_find(&message, "proto");
    if (!fl_field_is(fl_message_find(&message, "t"), "hello")) return outside_fail(o, "did not say hello first");
    if (proto == NULL || proto->kind != FL_FIELD_INTEGER) return outside_fail(o, "said hello without \"proto\", the version it speaks");
    if (proto->integer != FL_PROTOCOL_VERSION) {
        char what[96];
        snprintf(what, sizeof what, "speaks version %lld of the protocol, we speak %d", (long long)proto->integer, FL_PROTOCOL_VERSION);
        return outside_fail(o, what);
    }
    if (!take_name(o, fl_message_find(&message, "engine"))) return outside_fail(o, "said hello without \"engine\", a name of 1 to 64 bytes that can be printed");
    if (!take_wants(o, fl_message_find(&message, "wants"))) return outside_fail(o, "wants something else than message, reply, load, scenario, verdict");
    if (outside_is_live(o) && o->wants & WANTS_VERDICT) return outside_fail(o, "wants verdicts, which there are in lockstep alone");
    return FL_OK;
}

enum fl_status fl_outside_open(const struct fl_outside_setup *setup, struct fl_channel *channel, struct fl_outside **outside, char problem[512])
{
    struct fl_outside *const o = calloc(1, sizeof *o);
    if (o == NULL) return FL_EFULL;
    o->scenario = setup->scenario;
    o->seed = setup->seed;
    o->timeout_ns = setup->timeout_ns;
    o->prefix = setup->prefix;
    o->scenario_text = setup->scenario_text;
    o->share = setup->share;
    o->live.pace = setup->pace;
    o->live.on_turn = setup->on_turn;
    o->live.turn_context = setup->turn_context;
    o->live.window = setup->window > 0 ? setup->window : UINT32_MAX;
    o->channel = channel;
    const enum fl_status status = shake_hands(o);
    if (status == FL_OK) {
        *outside = o;
        return FL_OK;
    }
    memcpy(problem, o->problem, sizeof o->problem);
    fl_outside_free(o);
    return status;
}

void fl_outside_free(struct fl_outside *o)
{
    if (o == NULL) return;
    for (uint32_t i = 0; i < o->names_count; i++) free((char *)o->names[i].text);
    free(o->names);
    free(o->slots);
    free(o->slot_of);
    free(o->events);
    free(o->told);
    free(o->live.agent_changed_ns);
    free(o->live.closed_ns);
    fl_lines_free(&o->lines);
    fl_lines_free(&o->answer);
    free(o);
}

const char *fl_outside_name(const struct fl_outside *o)
{
    return o->name;
}

const char *fl_outside_problem(const struct fl_outside *o)
{
    return o->problem;
}

/* ---- Days ------------------------------------------------------------------------------------------------ */

static void close_day(struct fl_outside *o)
{
    if (o->day_open && (o->day_ended || (outside_is_live(o) && !o->repeats))) fl_ledger_add(&o->total, &o->day);
    o->day = (struct fl_ledger){ 0 };
    o->day_open = o->day_ended = o->repeats = false;
}

struct fl_outside_look fl_outside_look(const struct fl_outside *o)
{
    return (struct fl_outside_look){ .view = o->view, .ledger = &o->day, .waiting = o->waiting, .undecided = o->live.undecided };
}

const struct fl_ledger *fl_outside_ledger(struct fl_outside *o)
{
    close_day(o);
    return &o->total;
}

/* Groups and people, once a connection. No ack: these lines ask for nothing. */
static enum fl_status describe_desk(struct fl_outside *o, const struct fl_view *view)
{
    struct fl_lines *const lines = &o->lines;
    if (!agent_names_copy(o, view)) return FL_EFULL;
    if (outside_is_live(o) && (o->live.agent_changed_ns = calloc((size_t)view->agents_count + 1, sizeof(int64_t))) == NULL) return FL_EFULL;
    if (o->wants & WANTS_LOAD && (o->told = calloc((size_t)view->agents_count + 1, sizeof *o->told)) == NULL) return FL_EFULL;
    fl_tell_desk(lines, view);
    if (o->wants & WANTS_SCENARIO) fl_tell_scenario(lines, o->scenario_text);
    if (lines->full) return FL_EFULL;
    const enum fl_status status = o->channel->ops->send(o->channel, lines->bytes, lines->length, fl_clock_ns() + o->timeout_ns);
    lines->length = 0;
    o->described = status == FL_OK;
    return status == FL_OK ? FL_OK : outside_pass_on(o, status);
}

/* The session that was described is over: hello once more, whose answer is not waited for, and everything again. */
static enum fl_status greet_anew(struct fl_outside *o, const struct fl_view *view)
{
    struct fl_lines *const lines = &o->lines;
    o->session = fl_channel_session(o->channel);
    outside_tell_hello(o);
    fl_tell_desk(lines, view);
    if (o->wants & WANTS_SCENARIO) fl_tell_scenario(lines, o->scenario_text);
    if (lines->full) return FL_EFULL;
    const enum fl_status status = o->channel->ops->send(o->channel, lines->bytes, lines->length, fl_clock_ns() + o->timeout_ns);
    lines->length = 0;
    return status == FL_OK ? FL_OK : outside_pass_on(o, status);
}

static enum fl_status tell_begin(struct fl_outside *o, const struct fl_view *view)
{
    event_forget_loads(o, view);
    if (!event_open(o, "begin", view, NO_SLOT)) return FL_EFULL;
    fl_lines_integer(&o->lines, "day", view->replication);
    o->waits_for_ack = true;
    const enum fl_status status = event_close(o);
    o->waits_for_ack = false;
    return status;
}

/* In real time the link may be made anew meanwhile, or have been since the day before ended: then all is told again. */
static enum fl_status tell_begin_until_heard(struct fl_outside *o, const struct fl_view *view)
{
    for (;;) {
        const uint32_t session = fl_channel_session(o->channel);
        enum fl_status status = session == o->session ? FL_OK : greet_anew(o, view);
        if (status == FL_OK) status = tell_begin(o, view);
        if (status != FL_EENGINE || fl_channel_session(o->channel) == session) return status;
        o->failed = false;
        o->problem[0] = '\0';
        o->events_today = o->day.events = 0;
    }
}

static enum fl_status outside_begin(void *self, struct fl_arena *arena, const struct fl_view *view, const struct fl_port *port)
{
    struct fl_outside *const o = self;
    fl_queue_judge_begin(&o->judge, arena); /* the rest of what is kept here is kept from day to day */
    o->judge_full = false;
    /* The same day once more means that its block was too small: what it counted is void. */
    if (o->day_open && o->replication == view->replication) {
        o->day_ended = false;
        o->repeats = true;
    }
    close_day(o);
    o->day_open = true;
    o->replication = view->replication;
    o->view = view;
    o->port = port;
    o->numbers = o->waiting = o->wakes_pending = 0;
    o->events_today = 0;
    o->ended = false;
    if (o->slots_count > 0) memset(o->slots, 0, o->slots_count * sizeof *o->slots);
    enum fl_status status = o->described ? FL_OK : describe_desk(o, view);
    if (status != FL_OK) return status;
    status = tell_begin_until_heard(o, view);
    if (outside_is_live(o)) realtime_begin(o, view);
    if (o->wants & WANTS_LOAD) return status; /* its load lines have told of everybody */
    for (uint32_t a = 0; a < view->agents_count && status == FL_OK; a++)
        if (view->agents[a].state != FL_OFFLINE) status = event_agent(o, a, FL_OFFLINE);
    return status;
}

/* Who waited to the end is counted; where somebody had room for her, it is held against the engine. */
static void judge_end(struct fl_outside *o, const struct fl_view *view)
{
    for (uint32_t i = 0; i < o->slots_count; i++)
        if (o->slots[i].turn == TURN_ENGINE && fl_queue_judge_could_be_served(&o->judge, view, i, realtime_known(o)))
            breach_note(o, FL_BREACH_NEVER_ASSIGNED, o->slots[i].number, FL_NO_AGENT);
}

static void tell_end(struct fl_outside *o, const struct fl_view *view)
{
    o->day.never_assigned = o->waiting;
    o->day.undecided = o->live.undecided;
    o->ended = true;
    if (outside_is_live(o) && realtime_post(o) != FL_OK) return;
    if (!event_open(o, "end", view, NO_SLOT)) return;
    judge_end(o, view);
    o->waits_for_ack = true;
    const enum fl_status status = event_close(o);
    const bool silent = outside_is_live(o) && status == FL_EENGINE; /* its last word is no reason to lose the day */
    o->failed = o->failed && !silent;
    o->day_ended = (status == FL_OK || silent) && view->now >= o->scenario->duration;
    o->waits_for_ack = false;
}

static void outside_end(void *self, const struct fl_view *view)
{
    struct fl_outside *const o = self;
    if (!o->failed) tell_end(o, view);
    if (!o->failed) o->view = NULL; /* the desk is gone with its day */
}

/* ---- What the desk calls --------------------------------------------------------------------------------- */

static enum fl_status outside_chat(void *self, const struct fl_view *view, const struct fl_chat_view *chat)
{
    struct fl_outside *const o = self;
    struct slot *const slot = chat_slot(o, chat->index);
    if (slot == NULL) return FL_EFULL;
    if (o->failed) return FL_EENGINE;
    /* A slot that was given up may hold another chat now. While the chat is open its key alone does not tell: a buyer who had
     * silently gone and comes back to it is on a new visit. */
    realtime_unanswered(o, slot);
    const bool another = slot->number == 0 || (slot->turn == TURN_NOBODY && slot->chat.key != chat->key);
    if (another && !chat_give_number(o, slot, chat->index)) return FL_EFULL;
    chat_take_turn(o, slot, TURN_TOLD);
    slot->chat = *chat;
    slot->told_at = view->now;
    slot->group = chat->to_group != FL_NONE ? chat->to_group : fl_engine_match_group(o->scenario, chat);
    slot->agent = FL_NO_AGENT;
    slot->queued = false;
    o->day.chats++;
    if (!event_open(o, "chat", view, chat->index)) return FL_EFULL;
    fl_tell_chat(&o->lines, o->scenario, &slot->chat, slot->number, slot->group, (o->wants & (WANTS_LOAD | WANTS_SCENARIO)) != 0);
    return event_close(o);
}

static enum fl_status outside_closed(void *self, const struct fl_view *view, uint32_t chat, uint32_t agent, enum fl_close_reason why)
{
    struct fl_outside *const o = self;
    if (o->failed) return FL_EENGINE;
    struct slot *const slot = chat_slot(o, chat);
    if (slot == NULL || !event_open(o, "closed", view, NO_SLOT)) return FL_EFULL;
    realtime_unanswered(o, slot);
    chat_take_turn(o, slot, TURN_NOBODY);
    fl_lines_integer(&o->lines, "chat", slot->number);
    fl_lines_text(&o->lines, "why", fl_close_words[why]);
    if (agent != FL_NO_AGENT) fl_tell_load(&o->lines, view, agent);
    return event_close(o);
}

static enum fl_status outside_agent(void *self, const struct fl_view *view, uint32_t agent, enum fl_agent_state before)
{
    struct fl_outside *const o = self;
    if (o->failed) return FL_EENGINE;
    o->view = view;
    if (outside_is_live(o)) o->live.agent_changed_ns[agent] = fl_clock_ns();
    return event_agent(o, agent, before);
}

static enum fl_status tell_talk(struct fl_outside *o, const char *type, const struct fl_view *view, uint32_t chat, uint32_t agent)
{
    if (o->failed) return FL_EENGINE;
    if (!event_open(o, type, view, NO_SLOT)) return FL_EFULL;
    fl_lines_integer(&o->lines, "chat", chat < o->slots_count ? o->slots[chat].number : 0);
    fl_tell_load(&o->lines, view, agent);
    return event_close(o);
}

static enum fl_status outside_message(void *self, const struct fl_view *view, uint32_t chat, uint32_t agent)
{
    struct fl_outside *const o = self;
    return o->wants & WANTS_MESSAGE ? tell_talk(o, "message", view, chat, agent) : FL_OK;
}

static enum fl_status outside_reply(void *self, const struct fl_view *view, uint32_t chat, uint32_t agent)
{
    struct fl_outside *const o = self;
    return o->wants & WANTS_REPLY ? tell_talk(o, "reply", view, chat, agent) : FL_OK;
}

static bool outside_wants_messages(const void *self)
{
    const struct fl_outside *const o = self;
    return (o->wants & (WANTS_MESSAGE | WANTS_REPLY)) != 0;
}

static enum fl_status outside_wake(void *self, const struct fl_view *view, uint32_t hint)
{
    struct fl_outside *const o = self;
    if (o->failed) return FL_EENGINE;
    const uint32_t in_a_row = o->wakes_in_a_row + 1;
    if (!event_open(o, "wake", view, NO_SLOT)) return FL_EFULL;
    o->wakes_in_a_row = in_a_row;
    o->wakes_pending--;
    fl_lines_integer(&o->lines, "hint", hint);
    return event_close(o);
}

static uint32_t outside_queue_length(const void *self)
{
    return ((const struct fl_outside *)self)->waiting;
}

const struct fl_router_ops fl_outside_ops = {
    .name = "outside",
    .begin = outside_begin,
    .end = outside_end,
    .chat = outside_chat,
    .closed = outside_closed,
    .agent = outside_agent,
    .message = outside_message,
    .reply = outside_reply,
    .wants_messages = outside_wants_messages,
    .wake = outside_wake,
    .heard = realtime_heard,
    .queue_length = outside_queue_length,
};
