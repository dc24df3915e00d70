/* What the engine says, applied: a decision is held to the scenario's rules, taken to the desk or refused. What cannot be is refused; what
 * the rules forbid takes effect, and is counted. */
#include "engine/outside_state.h"

#include "routing/policy.h"

#include <stdio.h>

#define WAKES_PENDING_MAX 65536u

/* ---- Breaches ---------------------------------------------------------------------------------------- */

/* `overtaken`: the chat that should have been first; 0: none. */
static bool note_about(struct fl_outside *o, enum fl_breach breach, uint32_t number, uint32_t agent, uint32_t overtaken)
{
    struct fl_ledger *const day = &o->day;
    if (o->live.damaged || realtime_has_crossed(o, breach, number, agent)) {
        *(o->live.damaged ? &day->damaged : &day->crossed) += 1;
        return false;
    }
    day->violations[breach]++;
    if (day->kept == FL_VIOLATIONS_KEPT) return true;
    day->first[day->kept++] = (struct fl_violation){ .at = o->view->now, .event = outside_event_number(o), .agent = agent, .replication = o->replication,
                                                      .chat = number, .overtaken = overtaken, .breach = breach };
    return true;
}

bool breach_note(struct fl_outside *o, enum fl_breach breach, uint32_t number, uint32_t agent)
{
    return note_about(o, breach, number, agent, 0);
}

static enum fl_status answer_send(struct fl_outside *o)
{
    if (o->answer.full) return FL_EFULL;
    if (outside_is_live(o) && !o->delivering) { /* goes out with the events, in their order */
        fl_lines_append(&o->lines, &o->answer);
        return FL_OK;
    }
    const enum fl_status status = o->channel->ops->send(o->channel, o->answer.bytes, o->answer.length, fl_clock_ns() + o->timeout_ns);
    return status == FL_OK ? FL_OK : outside_pass_on(o, status);
}

enum fl_status decision_refuse(struct fl_outside *o, enum fl_breach breach, uint32_t number, uint32_t agent)
{
    o->refused = true;
    const bool violates = breach_note(o, breach, number, agent);
    o->answer.length = 0;
    fl_lines_open(&o->answer, "error");
    fl_lines_integer(&o->answer, "n", (int64_t)outside_event_number(o));
    fl_lines_text(&o->answer, "rule", fl_breach_name(breach));
    if (number != 0) fl_lines_integer(&o->answer, "chat", number);
    fl_lines_text(&o->answer, "text", fl_breach_sentence(breach));
    if (!violates) fl_lines_boolean(&o->answer, "crossed", true);
    fl_lines_close(&o->answer);
    return answer_send(o);
}

/* ---- Judging assignments ---------------------------------------------------------------------------- */

static const struct fl_routing_def *routing_of(const struct fl_outside *o)
{
    return &o->scenario->routing;
}

/* The recent agent within her window may be had where strangers may not. */
static bool is_recent(const struct fl_outside *o, const struct fl_chat_view *chat, uint32_t agent)
{
    return routing_of(o)->recent_agent && chat->recent_agent == agent && o->view->now - chat->recent_at <= routing_of(o)->recent_window;
}

static bool may_be_suspended(const struct fl_outside *o, const struct fl_chat_view *chat, uint32_t agent)
{
    const struct fl_routing_def *const routing = routing_of(o);
    if (!is_recent(o, chat, agent)) return false;
    if (o->view->agents[agent].state == FL_AUTO_SUSPENDED) return true;
    return o->view->agents[agent].state == FL_SUSPENDED && routing->suspend == FL_SUSPEND_STICKY &&
           o->view->now - chat->recent_at <= routing->recent_ignores_suspend;
}

static bool may_be_full(const struct fl_outside *o, const struct fl_chat_view *chat, uint32_t agent)
{
    return routing_of(o)->overflow == FL_OVERFLOW_ASSIGN_ANYWAY || (routing_of(o)->recent_ignores_capacity && is_recent(o, chat, agent));
}

static bool is_in_group(const struct fl_outside *o, const struct slot *slot, uint32_t agent)
{
    const struct fl_desk_def *const desk = &o->scenario->desk;
    const bool dedicated = routing_of(o)->dedicated_agent && slot->chat.dedicated_agent == agent;
    uint32_t group = slot->group;
    if (fl_policy(routing_of(o)->policy)->main_only && agent == o->view->main_account) return true; /* she serves all groups */
    if (dedicated || is_recent(o, &slot->chat, agent)) return true;
    for (uint32_t steps = 0; group != FL_NONE && steps <= desk->groups_count; steps++) {
        if (o->view->agents[agent].groups >> group & 1) return true;
        group = routing_of(o)->overflow == FL_OVERFLOW_GROUP ? desk->groups[group].overflow : FL_NONE;
    }
    return false;
}

static bool is_alone(const struct fl_outside *o, uint32_t agent, uint32_t group)
{
    if (fl_policy(routing_of(o)->policy)->main_only) return agent == o->view->main_account;
    for (uint32_t a = 0; a < o->view->agents_count; a++)
        if (a != agent && (o->view->agents[a].groups >> group & 1)) return false;
    return true;
}

/* Who has just given a chat up may not get it back while anybody else is there; who merely went away, when she is back. Once
 * somebody else has had it that is over. */
static bool is_excluded(const struct fl_outside *o, const struct slot *slot, uint32_t agent)
{
    if (slot->chat.exclude != agent || slot->turn == TURN_AGENT) return false;
    const bool still = slot->chat.why == FL_WHY_TRANSFER || slot->told_at == o->view->now;
    return still && !is_alone(o, agent, slot->group);
}

/* ---- Decisions -------------------------------------------------------------------------------------- */

/* Number of the chat that should have been this agent's before this one; 0: none. A chat that an agent has is moved out of turn. */
static uint32_t overtaken(const struct fl_outside *o, const struct slot *slot, uint32_t agent)
{
    if (slot->turn != TURN_ENGINE) return 0;
    const uint32_t first = fl_queue_judge_overtaken(&o->judge, o->view, &slot->chat, slot->group, agent, realtime_known(o));
    return first == FL_NO_CHAT ? 0 : o->slots[first].number;
}

/* To an agent: from the engine's queue, or by a move from another agent. */
static enum fl_status apply_assign(struct fl_outside *o, uint32_t index, uint32_t agent)
{
    const struct slot slot = o->slots[index]; /* a copy: a decision may bring new chats and move the table */
    const struct fl_agent *const her = &o->view->agents[agent];
    if (her->state == FL_OFFLINE) return decision_refuse(o, FL_BREACH_AGENT_OFFLINE, slot.number, agent);
    /* Judged by how things are before it takes effect, counted only if it does. */
    const bool suspended = her->state != FL_AVAILABLE && !may_be_suspended(o, &slot.chat, agent);
    const bool full = fl_agent_load(her, routing_of(o)->counts) >= her->capacity && !may_be_full(o, &slot.chat, agent);
    const bool stranger = !is_in_group(o, &slot, agent), excluded = is_excluded(o, &slot, agent);
    const uint32_t other = overtaken(o, &slot, agent);
    chat_take_turn(o, &o->slots[index], TURN_AGENT);
    o->slots[index].agent = agent;
    const enum fl_verdict verdict =
        o->port->decide(o->port->desk, &(struct fl_decision){ .kind = FL_ASSIGN, .chat = slot.chat.index, .agent = agent });
    if (verdict == FL_ACCEPTED) {
        if (suspended) breach_note(o, FL_BREACH_SUSPENDED, slot.number, agent);
        if (full) breach_note(o, FL_BREACH_CAPACITY, slot.number, agent);
        if (stranger) breach_note(o, FL_BREACH_GROUP, slot.number, agent);
        if (excluded) breach_note(o, FL_BREACH_EXCLUDED, slot.number, agent);
        if (other != 0) note_about(o, FL_BREACH_OVERTAKEN, slot.number, agent, other);
        o->day.moves += slot.turn == TURN_AGENT;
        return FL_OK;
    }
    chat_take_turn(o, &o->slots[index], (enum turn)slot.turn);
    o->slots[index].agent = slot.agent;
    const enum fl_breach breach = verdict == FL_AGENT_OFFLINE    ? FL_BREACH_AGENT_OFFLINE
                                  : verdict == FL_ASSIGNED_TWICE ? FL_BREACH_NOT_WAITING
                                                                 : FL_BREACH_UNKNOWN_CHAT;
    return decision_refuse(o, breach, slot.number, agent);
}

/* The proxy or main account may get her: then the engine learns of it, if by nothing else. */
static enum fl_status apply_leave(struct fl_outside *o, uint32_t index)
{
    const enum fl_offline_rule rule = o->scenario->desk.offline;
    const uint32_t to = rule == FL_OFFLINE_PROXY ? o->view->proxy_account : rule == FL_OFFLINE_MAIN ? o->view->main_account : FL_NO_AGENT;
    chat_take_turn(o, &o->slots[index], to == FL_NO_AGENT ? TURN_NOBODY : TURN_AGENT);
    o->slots[index].agent = to;
    (void)o->port->decide(o->port->desk, &(struct fl_decision){ .kind = FL_LEAVE_MESSAGE, .chat = index, .agent = FL_NO_AGENT });
    const bool learns = to != FL_NO_AGENT && (o->wants & WANTS_LOAD) == 0;
    return learns ? event_agent(o, to, (enum fl_agent_state)o->view->agents[to].state) : FL_OK;
}

static bool has_bot(const struct fl_outside *o, const struct slot *slot)
{
    return o->scenario->desk.bot.mode != FL_BOT_OFF || o->scenario->desk.groups[slot->group].bot;
}

/* Ends a chat that an agent has. While the desk walks through an agent's chats it looks for others only when it routes one. */
static enum fl_status apply_close(struct fl_outside *o, uint32_t number)
{
    struct slot *const slot = chat_of_number(o, number);
    const bool at_chat = outside_is_live(o) || o->events[o->events_next].slot != NO_SLOT;
    if (slot == NULL || slot->turn != TURN_AGENT || !at_chat) return decision_refuse(o, FL_BREACH_NOT_TO_CLOSE, number, FL_NO_AGENT);
    const enum fl_verdict verdict =
        o->port->decide(o->port->desk, &(struct fl_decision){ .kind = FL_CLOSE, .chat = slot->chat.index, .agent = slot->agent });
    return verdict == FL_ACCEPTED ? FL_OK : decision_refuse(o, FL_BREACH_NOT_TO_CLOSE, number, FL_NO_AGENT);
}

enum decision { DECIDE_ASSIGN, DECIDE_MOVE, DECIDE_QUEUE, DECIDE_REJECT, DECIDE_LEAVE, DECIDE_BOT, DECIDE_CLOSE };

/* By name or index; FL_NO_AGENT: nobody. */
static uint32_t agent_named(const struct fl_outside *o, const struct fl_field *who)
{
    if (who->kind == FL_FIELD_TEXT) return agent_of_name(o, who);
    return who->integer >= 0 && who->integer < o->view->agents_count ? (uint32_t)who->integer : FL_NO_AGENT;
}

static enum fl_status decide_chat(struct fl_outside *o, const struct fl_message *message, enum decision what)
{
    const struct fl_field *const chat = fl_message_find(message, "chat"), *const who = fl_message_find(message, "agent");
    const bool has_chat = chat != NULL && chat->kind == FL_FIELD_INTEGER && chat->integer > 0 && chat->integer < UINT32_MAX;
    const bool has_agent = who != NULL && (who->kind == FL_FIELD_INTEGER || who->kind == FL_FIELD_TEXT);
    const uint32_t number = has_chat ? (uint32_t)chat->integer : 0;
    const bool names_agent = what == DECIDE_ASSIGN || what == DECIDE_MOVE;
    if (!has_chat || (names_agent && !has_agent)) return decision_refuse(o, FL_BREACH_BAD_FIELD, number, FL_NO_AGENT);
    if (what == DECIDE_CLOSE) return apply_close(o, number);
    struct slot *const slot = chat_of_number(o, number);
    uint32_t agent = FL_NO_AGENT;
    if (names_agent) {
        agent = agent_named(o, who);
        if (agent == FL_NO_AGENT) return decision_refuse(o, FL_BREACH_UNKNOWN_AGENT, number, FL_NO_AGENT);
    }
    if (slot == NULL || (slot->turn != TURN_ENGINE && slot->turn != TURN_AGENT)) return decision_refuse(o, FL_BREACH_UNKNOWN_CHAT, number, agent);
    realtime_answered(o, slot);
    const bool moves = what == DECIDE_MOVE && slot->agent != agent;
    if (slot->turn == TURN_AGENT && !moves) return decision_refuse(o, FL_BREACH_ASSIGNED_TWICE, number, agent);
    const uint32_t index = slot->chat.index;
    switch (what) {
    case DECIDE_ASSIGN:
    case DECIDE_MOVE: return apply_assign(o, index, agent);
    case DECIDE_QUEUE: chat_enqueue(o, slot); return FL_OK;
    case DECIDE_LEAVE: return apply_leave(o, index);
    case DECIDE_REJECT:
    case DECIDE_CLOSE: break;
    case DECIDE_BOT:
        if (!has_bot(o, slot)) return decision_refuse(o, FL_BREACH_NO_BOT, number, FL_NO_AGENT);
    }
    const enum fl_decision_kind kind = what == DECIDE_BOT ? FL_TO_BOT : FL_REJECT;
    chat_take_turn(o, slot, TURN_NOBODY);
    (void)o->port->decide(o->port->desk, &(struct fl_decision){ .kind = kind, .chat = index, .agent = FL_NO_AGENT });
    return FL_OK;
}

static enum fl_status decide_agent(struct fl_outside *o, const struct fl_message *message, enum fl_decision_kind kind)
{
    const struct fl_field *const who = fl_message_find(message, "agent");
    if (who == NULL || (who->kind != FL_FIELD_INTEGER && who->kind != FL_FIELD_TEXT)) return decision_refuse(o, FL_BREACH_BAD_FIELD, 0, FL_NO_AGENT);
    const uint32_t agent = agent_named(o, who);
    if (agent == FL_NO_AGENT) return decision_refuse(o, FL_BREACH_UNKNOWN_AGENT, 0, FL_NO_AGENT);
    (void)o->port->decide(o->port->desk, &(struct fl_decision){ .kind = kind, .chat = FL_NO_CHAT, .agent = agent });
    return FL_OK;
}

static enum fl_status decide_wake(struct fl_outside *o, const struct fl_message *message)
{
    const struct fl_field *const at = fl_message_find(message, "at_ns"), *const hint = fl_message_find(message, "hint");
    const bool has_hint = hint != NULL && hint->kind == FL_FIELD_INTEGER && hint->integer >= 0 && hint->integer <= UINT32_MAX;
    if (at == NULL || at->kind != FL_FIELD_INTEGER || (hint != NULL && !has_hint)) return decision_refuse(o, FL_BREACH_BAD_FIELD, 0, FL_NO_AGENT);
    if (at->integer < o->view->now && !outside_is_live(o)) return decision_refuse(o, FL_BREACH_TOO_LATE, 0, FL_NO_AGENT);
    if (o->wakes_pending == WAKES_PENDING_MAX) return decision_refuse(o, FL_BREACH_TOO_MANY_WAKES, 0, FL_NO_AGENT);
    o->wakes_pending++;
    (void)o->port->decide(o->port->desk, &(struct fl_decision){ .kind = FL_WAKE, .chat = FL_NO_CHAT, .agent = FL_NO_AGENT, .at = at->integer,
                                                                .hint = has_hint ? (uint32_t)hint->integer : 0 });
    return FL_OK;
}

static enum fl_status hear_error(struct fl_outside *o, const struct fl_message *message)
{
    const struct fl_field *const text = fl_message_find(message, "text");
    const bool said = text != NULL && text->kind == FL_FIELD_TEXT;
    breach_note(o, FL_BREACH_ENGINE_ERROR, 0, FL_NO_AGENT);
    fprintf(stderr, "%s: error: %.*s\n", o->prefix, said ? (int)text->text_length : 0, said ? text->text : "");
    return FL_OK;
}

static enum fl_status decide(struct fl_outside *o, const struct fl_message *message, const struct fl_field *type)
{
    static const struct {
        const char *type;
        enum decision what;
    } about_chats[] = { { "assign", DECIDE_ASSIGN }, { "move", DECIDE_MOVE }, { "queue", DECIDE_QUEUE }, { "reject", DECIDE_REJECT },
                        { "leave", DECIDE_LEAVE },   { "bot", DECIDE_BOT },   { "close", DECIDE_CLOSE } };
    o->day.decisions++;
    if (o->ended) return decision_refuse(o, FL_BREACH_TOO_LATE, 0, FL_NO_AGENT);
    for (size_t i = 0; i < sizeof about_chats / sizeof *about_chats; i++)
        if (fl_field_is(type, about_chats[i].type)) return decide_chat(o, message, about_chats[i].what);
    if (fl_field_is(type, "suspend")) return decide_agent(o, message, FL_SUSPEND);
    if (fl_field_is(type, "resume")) return decide_agent(o, message, FL_RESUME);
    if (fl_field_is(type, "wake")) return decide_wake(o, message);
    o->day.decisions--;
    return decision_refuse(o, FL_BREACH_UNKNOWN_MESSAGE, 0, FL_NO_AGENT);
}

/* The agents as the decision has left them, and whether it was taken. */
static enum fl_status send_verdict(struct fl_outside *o)
{
    o->answer.length = 0;
    if (o->wants & WANTS_LOAD) event_add_loads(o, &o->answer);
    fl_lines_open(&o->answer, "verdict");
    fl_lines_integer(&o->answer, "n", (int64_t)o->events[o->events_next].number);
    fl_lines_boolean(&o->answer, "ok", !o->refused);
    fl_lines_close(&o->answer);
    return answer_send(o);
}

enum fl_status decision_hear(struct fl_outside *o, const struct fl_message *message, const struct fl_field *type)
{
    if (fl_field_is(type, "error")) return hear_error(o, message);
    o->refused = false;
    const enum fl_status status = decide(o, message, type);
    if (status != FL_OK) return status;
    if (o->failed) return FL_EENGINE; /* on an event that followed from it */
    return o->wants & WANTS_VERDICT ? send_verdict(o) : FL_OK;
}
