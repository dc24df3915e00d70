/* The order of things. An event is written when the desk calls, at once with all it says, and sent when all events
 * before it have their ack. A decision may make the desk call again (suspending somebody re-routes her chats): that event
 * waits its turn in `lines` and is sent before the outer call returns, so the engine sees one event at a time, in order.
 *
 * An engine that wants verdicts waits for the answer to each of its decisions. For it nothing is put off: what follows from a
 * decision is sent, and acked, before that decision's verdict, as deep as it goes. It hears what a router in this process would,
 * in the same order.
 *
 * In real time nothing waits for an ack but the day's begin and end. Lines gather while several events are due and leave in one
 * write; what the engine says is taken up between two events of the desk, at the instant that the wall clock shows then.
 *
 * A chat is the engine's (TURN_ENGINE) from its `chat` event until a decision takes it away. Only then does a decision on it
 * reach the desk: whatever is said of other chats is refused here, so a confused engine cannot reach into the
 * desk's lists. */
#include "engine/outside.h"

#include "engine/judge.h"
#include "engine/pace.h"
#include "engine/tell.h"
#include "record/results.h"
#include "routing/engine.h"
#include "routing/policy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS_AT_ONCE_MAX (1u << 16) /* that may follow from each other at one instant: beyond, the engine goes in circles */
#define WAKES_IN_A_ROW_MAX (1u << 17) /* one a second for a day and a half: beyond, the engine waits for itself */
#define WAKES_PENDING_MAX 65536u
#define NESTED_MAX 256u /* events that follow from decisions on events that follow from decisions... */
#define NO_SLOT UINT32_MAX
#define EVENTS_A_TURN 64u   /* that are due together leave in one write, and the engine is listened to after them */
#define ASKED (1u << 16)    /* chat events whose ack may still come, in real time */
#define CROSSING_NS INT64_C(1000000000) /* a decision and an event may have crossed on the wire for so long: chosen */

/* What an engine may subscribe to. */
enum wants { WANTS_MESSAGE = 1, WANTS_REPLY = 2, WANTS_LOAD = 4, WANTS_SCENARIO = 8, WANTS_VERDICT = 16 };

enum turn {
    TURN_NOBODY,  /* closed, refused, with the bot, a leave-message */
    TURN_TOLD,    /* the event is written but not sent yet */
    TURN_ENGINE,  /* to be decided by the engine, or waiting in its queue */
    TURN_AGENT,   /* assigned */
};

/* What is known of the chat in a slot of the desk. */
struct slot {
    struct fl_chat_view chat; /* as last routed */
    fl_time told_at;
    uint32_t number;          /* 0: never used */
    uint32_t group;
    uint32_t agent;           /* TURN_AGENT; before, whoever is excluded from having it */
    uint64_t event;           /* by which the engine was told */
    int64_t due_ns;           /* in real time: when it was to be told, on the wall clock */
    uint8_t turn;             /* enum turn */
    bool answered;            /* the engine has said something on it since */
    bool queued;              /* the desk has been told that it waits */
};

struct event {
    size_t from, to;  /* of lines */
    fl_time at;
    uint64_t number;
    uint32_t slot;    /* whose chat is to be decided, or NO_SLOT */
    const char *type;
};

struct name {
    const char *text; /* owned */
    uint32_t agent;
};

/* Real time only. */
struct live {
    struct fl_pace *pace;     /* borrowed; NULL: lockstep */
    uint32_t window;          /* chats that may be undecided before time stands still */
    uint32_t undecided;
    bool (*on_turn)(struct fl_channel *context, uint32_t undecided); /* optional */
    struct fl_channel *turn_context;
    bool damaged;             /* what arrives may not be what was said */
    int64_t damaged_ns;       /* what was told up to then may have been lost */
    uint32_t burst;           /* events since the engine was last listened to */
    int64_t heard_ns;         /* when that was */
    int64_t waits_ns;         /* since when the window is full */
    char *line;               /* of the engine, to be taken up; NULL: none */
    size_t length;
    enum fl_status status;    /* of the link, for the desk to hear */
    uint32_t asked[ASKED];    /* slot of chat event n, at n mod ASKED */
    int64_t *agent_changed_ns; /* [agents] her last change of state was told */
    int64_t *closed_ns;       /* [numbers_room] by chat number */
};

struct fl_outside {
    const struct fl_scenario *scenario;
    struct fl_channel *channel;
    uint64_t seed;
    int64_t timeout_ns;
    const char *prefix;
    const struct fl_port *port;   /* of the day */
    const struct fl_view *view;
    char name[FL_PROTOCOL_NAME_MAX + 1];
    unsigned wants; /* enum wants */
    bool described, failed;

    struct fl_lines lines;
    struct event *events;         /* [events_room], a line of waiting events */
    uint32_t events_room, events_count, events_next;
    bool delivering;
    bool waits_for_ack;           /* in real time: of the day's begin and end */
    bool refused;                 /* the decision under way */
    uint32_t nested;              /* events under way within others */
    struct live live;
    const char *scenario_text;    /* borrowed */
    uint32_t session;             /* of the channel, that the engine has been told everything in */
    struct fl_agent *told;        /* [agents] as the engine knows them; with WANTS_LOAD */
    struct fl_lines answer;       /* an error line or a verdict, while it is built */
    uint64_t events_today;
    uint32_t wakes_pending;       /* asked for and not come yet */
    uint32_t wakes_in_a_row;      /* since any other event */

    struct slot *slots;           /* by the desk's slot */
    uint32_t slots_count;
    uint32_t *slot_of;            /* [numbers_room]: by chat number; a slot may have another chat since */
    uint32_t numbers, numbers_room;
    uint32_t waiting;             /* chats that are the engine's */
    struct fl_queue_judge judge;        /* of these, who has been waiting since the ack of the event that told of her */
    bool judge_full;              /* its memory is used up */

    struct name *names;           /* sorted */
    uint32_t names_count;

    uint32_t replication;
    bool day_open, day_ended;     /* `day` holds something; its day came to its end */
    bool repeats;                 /* the same day once more */
    bool ended;                   /* the engine has been told of the end: no more decisions */
    struct fl_ledger total, day;
    char problem[512];
};

/* ---- Failing -------------------------------------------------------------------------------------- */

/* The engine is of no use any more: what it did, when, on which event. */
static enum fl_status fail(struct fl_outside *o, const char *what)
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

static enum fl_status pass_on(struct fl_outside *o, enum fl_status status)
{
    o->failed = true;
    return status == FL_EENGINE ? fail(o, o->channel->problem) : status;
}

/* ---- Violations ----------------------------------------------------------------------------------- */

/* The event under way; in real time the last one that was told. */
static uint64_t event_number(const struct fl_outside *o)
{
    return o->live.pace != NULL && !o->delivering ? o->events_today : o->events[o->events_next].number;
}

/* In real time a decision may have been made in ignorance of an event that met it on its way: nobody's fault. */
static bool has_crossed(const struct fl_outside *o, enum fl_breach breach, uint32_t number, uint32_t agent)
{
    if (o->live.pace == NULL) return false;
    const int64_t since_ns = o->live.heard_ns - CROSSING_NS;
    switch (breach) {
    case FL_BREACH_UNKNOWN_CHAT: return number > 0 && number <= o->numbers && o->live.closed_ns[number] > since_ns;
    case FL_BREACH_AGENT_OFFLINE:
    case FL_BREACH_SUSPENDED: return agent != FL_NO_AGENT && o->live.agent_changed_ns[agent] > since_ns;
    case FL_BREACH_CAPACITY: return o->scenario->routing.counts != FL_COUNTS_OPEN; /* buyers' messages count, and come unasked */
    case FL_BREACH_TOO_LATE:     /* the day ended, */
    case FL_BREACH_NOT_WAITING:  /* a reply was sent, */
    case FL_BREACH_NOT_TO_CLOSE: /* or the chat closed, meanwhile */
        return true;
    default: return false;
    }
}

/* `overtaken`: the chat that should have been first; 0: none. */
static bool note_about(struct fl_outside *o, enum fl_breach breach, uint32_t number, uint32_t agent, uint32_t overtaken)
{
    struct fl_ledger *const day = &o->day;
    if (o->live.damaged || has_crossed(o, breach, number, agent)) {
        *(o->live.damaged ? &day->damaged : &day->crossed) += 1;
        return false;
    }
    day->violations[breach]++;
    if (day->kept == FL_VIOLATIONS_KEPT) return true;
    day->first[day->kept++] = (struct fl_violation){ .at = o->view->now, .event = event_number(o), .agent = agent, .replication = o->replication,
                                                      .chat = number, .overtaken = overtaken, .breach = breach };
    return true;
}

static bool note(struct fl_outside *o, enum fl_breach breach, uint32_t number, uint32_t agent)
{
    return note_about(o, breach, number, agent, 0);
}

static enum fl_status send_answer(struct fl_outside *o)
{
    if (o->answer.full) return FL_EFULL;
    if (o->live.pace != NULL && !o->delivering) { /* goes out with the events, in their order */
        fl_lines_append(&o->lines, &o->answer);
        return FL_OK;
    }
    const enum fl_status status = o->channel->ops->send(o->channel, o->answer.bytes, o->answer.length, fl_clock_ns() + o->timeout_ns);
    return status == FL_OK ? FL_OK : pass_on(o, status);
}

/* Refused: the engine is told, and needs no ack for it. */
static enum fl_status refuse(struct fl_outside *o, enum fl_breach breach, uint32_t number, uint32_t agent)
{
    o->refused = true;
    const bool violates = note(o, breach, number, agent);
    o->answer.length = 0;
    fl_lines_open(&o->answer, "error");
    fl_lines_integer(&o->answer, "n", (int64_t)event_number(o));
    fl_lines_text(&o->answer, "rule", fl_breach_name(breach));
    if (number != 0) fl_lines_integer(&o->answer, "chat", number);
    fl_lines_text(&o->answer, "text", fl_breach_sentence(breach));
    if (!violates) fl_lines_boolean(&o->answer, "crossed", true);
    fl_lines_close(&o->answer);
    return send_answer(o);
}

/* ---- Chats and agents by their names on the wire -------------------------------------------------- */

static struct slot *slot_at(struct fl_outside *o, uint32_t slot)
{
    if (slot >= o->slots_count) {
        uint32_t count = o->slots_count == 0 ? 256 : o->slots_count;
        while (count <= slot) count *= 2;
        struct slot *const slots = realloc(o->slots, count * sizeof *slots);
        if (slots == NULL) return NULL;
        memset(slots + o->slots_count, 0, (count - o->slots_count) * sizeof *slots);
        o->slots = slots;
        o->slots_count = count;
    }
    return &o->slots[slot];
}

/* A number for a chat that was not seen before today. */
static bool give_number(struct fl_outside *o, struct slot *slot, uint32_t index)
{
    if (o->numbers + 1 >= o->numbers_room) {
        const uint32_t room = o->numbers_room == 0 ? 1024 : 2 * o->numbers_room;
        uint32_t *const slot_of = realloc(o->slot_of, room * sizeof *slot_of);
        if (slot_of == NULL) return false;
        o->slot_of = slot_of;
        int64_t *const closed_ns = realloc(o->live.closed_ns, room * sizeof *closed_ns);
        if (closed_ns == NULL) return false;
        o->live.closed_ns = closed_ns;
        o->numbers_room = room;
    }
    slot->number = ++o->numbers;
    o->slot_of[slot->number] = index;
    o->live.closed_ns[slot->number] = INT64_MIN;
    return true;
}

static struct slot *slot_of_number(struct fl_outside *o, int64_t number)
{
    if (number < 1 || number > o->numbers) return NULL;
    struct slot *const slot = &o->slots[o->slot_of[number]];
    return slot->number == (uint32_t)number ? slot : NULL;
}

/* Memory ran out: of lines, or in the day's block, which is then run again with a larger one. */
static bool is_full(const struct fl_outside *o)
{
    return o->lines.full || o->judge_full;
}

/* When the engine learns that a chat waits; in lockstep it knows at once. */
static int64_t known_ns(const struct fl_outside *o)
{
    return o->live.pace == NULL ? 0 : fl_clock_ns();
}

static void take_turn(struct fl_outside *o, struct slot *slot, enum turn turn)
{
    if (slot->turn == TURN_ENGINE && turn != TURN_ENGINE) fl_queue_judge_gone(&o->judge, slot->chat.index);
    if (slot->turn != TURN_ENGINE && turn == TURN_ENGINE && slot->queued) /* what took her out of the queue was refused */
        o->judge_full |= fl_queue_judge_waits_again(&o->judge, slot->chat.index, known_ns(o)) != FL_OK;
    o->waiting += (turn == TURN_ENGINE) - (slot->turn == TURN_ENGINE);
    slot->turn = (uint8_t)turn;
}

static int compare_names(const void *a, const void *b)
{
    const struct name *const x = a, *const y = b;
    const int order = strcmp(x->text, y->text);
    return order != 0 ? order : x->agent < y->agent ? -1 : 1;
}

static bool names_copy(struct fl_outside *o, const struct fl_view *view)
{
    o->names = calloc((size_t)view->agents_count + 1, sizeof *o->names);
    if (o->names == NULL) return false;
    for (; o->names_count < view->agents_count; o->names_count++) {
        const char *const text = strdup(view->names[o->names_count]);
        if (text == NULL) return false;
        o->names[o->names_count] = (struct name){ text, o->names_count };
    }
    qsort(o->names, o->names_count, sizeof *o->names, compare_names);
    return true;
}

static uint32_t agent_of_name(const struct fl_outside *o, const struct fl_field *field)
{
    uint32_t from = 0, to = o->names_count;
    while (from < to) {
        const uint32_t middle = from + (to - from) / 2;
        const size_t length = strlen(o->names[middle].text), shorter = length < field->text_length ? length : field->text_length;
        int order = memcmp(o->names[middle].text, field->text, shorter);
        if (order == 0) order = (length > field->text_length) - (length < field->text_length);
        if (order == 0) return o->names[middle].agent;
        if (order < 0) from = middle + 1;
        else to = middle;
    }
    return FL_NO_AGENT;
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

static void enqueue(struct fl_outside *o, struct slot *slot)
{
    if (slot->queued) return;
    slot->queued = true;
    o->judge_full |= fl_queue_judge_waits(&o->judge, o->view, &slot->chat, slot->group, known_ns(o)) != FL_OK;
    (void)o->port->decide(o->port->desk, &(struct fl_decision){ .kind = FL_ENQUEUE, .chat = slot->chat.index, .agent = FL_NO_AGENT });
}

/* In real time only what the engine has known for a while can be held against it, and what can have been lost cannot. */
static struct fl_known known(const struct fl_outside *o)
{
    if (o->live.pace == NULL) return (struct fl_known){ INT64_MIN, INT64_MAX };
    return (struct fl_known){ o->live.damaged_ns, o->live.heard_ns - CROSSING_NS };
}

/* Number of the chat that should have been this agent's before this one; 0: none. A chat that an agent has is moved out of turn. */
static uint32_t overtaken(const struct fl_outside *o, const struct slot *slot, uint32_t agent)
{
    if (slot->turn != TURN_ENGINE) return 0;
    const uint32_t first = fl_queue_judge_overtaken(&o->judge, o->view, &slot->chat, slot->group, agent, known(o));
    return first == FL_NO_CHAT ? 0 : o->slots[first].number;
}

/* To an agent: from the engine's queue, or by a move from another agent. */
static enum fl_status apply_assign(struct fl_outside *o, uint32_t index, uint32_t agent)
{
    const struct slot slot = o->slots[index]; /* a copy: a decision may bring new chats and move the table */
    const struct fl_agent *const her = &o->view->agents[agent];
    if (her->state == FL_OFFLINE) return refuse(o, FL_BREACH_AGENT_OFFLINE, slot.number, agent);
    /* Judged by how things are before it takes effect, counted only if it does. */
    const bool suspended = her->state != FL_AVAILABLE && !may_be_suspended(o, &slot.chat, agent);
    const bool full = fl_agent_load(her, routing_of(o)->counts) >= her->capacity && !may_be_full(o, &slot.chat, agent);
    const bool stranger = !is_in_group(o, &slot, agent), excluded = is_excluded(o, &slot, agent);
    const uint32_t other = overtaken(o, &slot, agent);
    take_turn(o, &o->slots[index], TURN_AGENT);
    o->slots[index].agent = agent;
    const enum fl_verdict verdict =
        o->port->decide(o->port->desk, &(struct fl_decision){ .kind = FL_ASSIGN, .chat = slot.chat.index, .agent = agent });
    if (verdict == FL_ACCEPTED) {
        if (suspended) note(o, FL_BREACH_SUSPENDED, slot.number, agent);
        if (full) note(o, FL_BREACH_CAPACITY, slot.number, agent);
        if (stranger) note(o, FL_BREACH_GROUP, slot.number, agent);
        if (excluded) note(o, FL_BREACH_EXCLUDED, slot.number, agent);
        if (other != 0) note_about(o, FL_BREACH_OVERTAKEN, slot.number, agent, other);
        o->day.moves += slot.turn == TURN_AGENT;
        return FL_OK;
    }
    take_turn(o, &o->slots[index], (enum turn)slot.turn);
    o->slots[index].agent = slot.agent;
    const enum fl_breach breach = verdict == FL_AGENT_OFFLINE    ? FL_BREACH_AGENT_OFFLINE
                                  : verdict == FL_ASSIGNED_TWICE ? FL_BREACH_NOT_WAITING
                                                                 : FL_BREACH_UNKNOWN_CHAT;
    return refuse(o, breach, slot.number, agent);
}

static enum fl_status tell_agent(struct fl_outside *o, uint32_t agent, enum fl_agent_state before);

/* The proxy or main account may get her: then the engine learns of it, if by nothing else. */
static enum fl_status apply_leave(struct fl_outside *o, uint32_t index)
{
    const enum fl_offline_rule rule = o->scenario->desk.offline;
    const uint32_t to = rule == FL_OFFLINE_PROXY ? o->view->proxy_account : rule == FL_OFFLINE_MAIN ? o->view->main_account : FL_NO_AGENT;
    take_turn(o, &o->slots[index], to == FL_NO_AGENT ? TURN_NOBODY : TURN_AGENT);
    o->slots[index].agent = to;
    (void)o->port->decide(o->port->desk, &(struct fl_decision){ .kind = FL_LEAVE_MESSAGE, .chat = index, .agent = FL_NO_AGENT });
    const bool learns = to != FL_NO_AGENT && (o->wants & WANTS_LOAD) == 0;
    return learns ? tell_agent(o, to, (enum fl_agent_state)o->view->agents[to].state) : FL_OK;
}

static bool has_bot(const struct fl_outside *o, const struct slot *slot)
{
    return o->scenario->desk.bot.mode != FL_BOT_OFF || o->scenario->desk.groups[slot->group].bot;
}

/* Ends a chat that an agent has. While the desk walks through an agent's chats it looks for others only when it routes one. */
static enum fl_status apply_close(struct fl_outside *o, uint32_t number)
{
    struct slot *const slot = slot_of_number(o, number);
    const bool at_chat = o->live.pace != NULL || o->events[o->events_next].slot != NO_SLOT;
    if (slot == NULL || slot->turn != TURN_AGENT || !at_chat) return refuse(o, FL_BREACH_NOT_TO_CLOSE, number, FL_NO_AGENT);
    const enum fl_verdict verdict =
        o->port->decide(o->port->desk, &(struct fl_decision){ .kind = FL_CLOSE, .chat = slot->chat.index, .agent = slot->agent });
    return verdict == FL_ACCEPTED ? FL_OK : refuse(o, FL_BREACH_NOT_TO_CLOSE, number, FL_NO_AGENT);
}

/* The engine's first word on a chat ends the time it took to decide. */
static void answered(struct fl_outside *o, struct slot *slot)
{
    if (o->live.pace == NULL || slot->answered || slot->turn != TURN_ENGINE) return;
    slot->answered = true;
    o->live.undecided--;
    fl_histogram_record(&o->day.latency, o->day.latency_counts, FL_HISTOGRAM_FINE, o->live.heard_ns - slot->due_ns);
}

enum decision { DECIDE_ASSIGN, DECIDE_MOVE, DECIDE_QUEUE, DECIDE_REJECT, DECIDE_LEAVE, DECIDE_BOT, DECIDE_CLOSE };

static enum fl_status decide_chat(struct fl_outside *o, const struct fl_message *message, enum decision what)
{
    const struct fl_field *const chat = fl_message_find(message, "chat"), *const who = fl_message_find(message, "agent");
    const bool has_chat = chat != NULL && chat->kind == FL_FIELD_INTEGER && chat->integer > 0 && chat->integer < UINT32_MAX;
    const bool has_agent = who != NULL && (who->kind == FL_FIELD_INTEGER || who->kind == FL_FIELD_TEXT);
    const uint32_t number = has_chat ? (uint32_t)chat->integer : 0;
    const bool names_agent = what == DECIDE_ASSIGN || what == DECIDE_MOVE;
    if (!has_chat || (names_agent && !has_agent)) return refuse(o, FL_BREACH_BAD_FIELD, number, FL_NO_AGENT);
    if (what == DECIDE_CLOSE) return apply_close(o, number);
    struct slot *const slot = slot_of_number(o, number);
    uint32_t agent = FL_NO_AGENT;
    if (names_agent) {
        const bool in_range = who->kind == FL_FIELD_INTEGER && who->integer >= 0 && who->integer < o->view->agents_count;
        agent = who->kind == FL_FIELD_TEXT ? agent_of_name(o, who) : in_range ? (uint32_t)who->integer : FL_NO_AGENT;
        if (agent == FL_NO_AGENT) return refuse(o, FL_BREACH_UNKNOWN_AGENT, number, FL_NO_AGENT);
    }
    if (slot == NULL || (slot->turn != TURN_ENGINE && slot->turn != TURN_AGENT)) return refuse(o, FL_BREACH_UNKNOWN_CHAT, number, agent);
    answered(o, slot);
    const bool moves = what == DECIDE_MOVE && slot->agent != agent;
    if (slot->turn == TURN_AGENT && !moves) return refuse(o, FL_BREACH_ASSIGNED_TWICE, number, agent);
    const uint32_t index = slot->chat.index;
    switch (what) {
    case DECIDE_ASSIGN:
    case DECIDE_MOVE: return apply_assign(o, index, agent);
    case DECIDE_QUEUE: enqueue(o, slot); return FL_OK;
    case DECIDE_LEAVE: return apply_leave(o, index);
    case DECIDE_REJECT:
    case DECIDE_CLOSE: break;
    case DECIDE_BOT:
        if (!has_bot(o, slot)) return refuse(o, FL_BREACH_NO_BOT, number, FL_NO_AGENT);
    }
    const enum fl_decision_kind kind = what == DECIDE_BOT ? FL_TO_BOT : FL_REJECT;
    take_turn(o, slot, TURN_NOBODY);
    (void)o->port->decide(o->port->desk, &(struct fl_decision){ .kind = kind, .chat = index, .agent = FL_NO_AGENT });
    return FL_OK;
}

static enum fl_status decide_agent(struct fl_outside *o, const struct fl_message *message, enum fl_decision_kind kind)
{
    const struct fl_field *const who = fl_message_find(message, "agent");
    uint32_t agent = FL_NO_AGENT;
    if (who == NULL || (who->kind != FL_FIELD_INTEGER && who->kind != FL_FIELD_TEXT)) return refuse(o, FL_BREACH_BAD_FIELD, 0, FL_NO_AGENT);
    if (who->kind == FL_FIELD_TEXT) agent = agent_of_name(o, who);
    else if (who->integer >= 0 && who->integer < o->view->agents_count) agent = (uint32_t)who->integer;
    if (agent == FL_NO_AGENT) return refuse(o, FL_BREACH_UNKNOWN_AGENT, 0, FL_NO_AGENT);
    (void)o->port->decide(o->port->desk, &(struct fl_decision){ .kind = kind, .chat = FL_NO_CHAT, .agent = agent });
    return FL_OK;
}

static enum fl_status decide_wake(struct fl_outside *o, const struct fl_message *message)
{
    const struct fl_field *const at = fl_message_find(message, "at_ns"), *const hint = fl_message_find(message, "hint");
    const bool has_hint = hint != NULL && hint->kind == FL_FIELD_INTEGER && hint->integer >= 0 && hint->integer <= UINT32_MAX;
    if (at == NULL || at->kind != FL_FIELD_INTEGER || (hint != NULL && !has_hint)) return refuse(o, FL_BREACH_BAD_FIELD, 0, FL_NO_AGENT);
    if (at->integer < o->view->now && o->live.pace == NULL) return refuse(o, FL_BREACH_TOO_LATE, 0, FL_NO_AGENT);
    if (o->wakes_pending == WAKES_PENDING_MAX) return refuse(o, FL_BREACH_TOO_MANY_WAKES, 0, FL_NO_AGENT);
    o->wakes_pending++;
    (void)o->port->decide(o->port->desk, &(struct fl_decision){ .kind = FL_WAKE, .chat = FL_NO_CHAT, .agent = FL_NO_AGENT, .at = at->integer,
                                                                .hint = has_hint ? (uint32_t)hint->integer : 0 });
    return FL_OK;
}

static enum fl_status hear_error(struct fl_outside *o, const struct fl_message *message)
{
    const struct fl_field *const text = fl_message_find(message, "text");
    const bool said = text != NULL && text->kind == FL_FIELD_TEXT;
    note(o, FL_BREACH_ENGINE_ERROR, 0, FL_NO_AGENT);
    fprintf(stderr, "%s: error: %.*s\n", o->prefix, said ? (int)text->text_length : 0, said ? text->text : "");
    return FL_OK;
}

static enum fl_status hear_ack(struct fl_outside *o, const struct fl_message *message, bool *acked)
{
    const uint64_t number = event_number(o);
    const struct fl_field *const n = fl_message_find(message, "n");
    const bool numbered = n != NULL && n->kind == FL_FIELD_INTEGER && n->integer >= 1 && (uint64_t)n->integer <= number;
    if (!numbered && o->live.pace != NULL) return refuse(o, FL_BREACH_BAD_FIELD, 0, FL_NO_AGENT);
    if (n == NULL || n->kind != FL_FIELD_INTEGER) return fail(o, "sent an ack without the number of an event");
    if (!numbered) return fail(o, "sent an ack for an event that has not been");
    *acked = (uint64_t)n->integer == number;
    if (o->live.pace != NULL) {
        const uint32_t index = o->live.asked[(uint64_t)n->integer % ASKED];
        if (index < o->slots_count && o->slots[index].event == (uint64_t)n->integer) answered(o, &o->slots[index]);
        return FL_OK;
    }
    return *acked ? FL_OK : refuse(o, FL_BREACH_ACK_TWICE, 0, FL_NO_AGENT);
}

static enum fl_status decide(struct fl_outside *o, const struct fl_message *message, const struct fl_field *type)
{
    static const struct {
        const char *type;
        enum decision what;
    } about_chats[] = { { "assign", DECIDE_ASSIGN }, { "move", DECIDE_MOVE }, { "queue", DECIDE_QUEUE }, { "reject", DECIDE_REJECT },
                        { "leave", DECIDE_LEAVE },   { "bot", DECIDE_BOT },   { "close", DECIDE_CLOSE } };
    o->day.decisions++;
    if (o->ended) return refuse(o, FL_BREACH_TOO_LATE, 0, FL_NO_AGENT);
    for (size_t i = 0; i < sizeof about_chats / sizeof *about_chats; i++)
        if (fl_field_is(type, about_chats[i].type)) return decide_chat(o, message, about_chats[i].what);
    if (fl_field_is(type, "suspend")) return decide_agent(o, message, FL_SUSPEND);
    if (fl_field_is(type, "resume")) return decide_agent(o, message, FL_RESUME);
    if (fl_field_is(type, "wake")) return decide_wake(o, message);
    o->day.decisions--;
    return refuse(o, FL_BREACH_UNKNOWN_MESSAGE, 0, FL_NO_AGENT);
}

static void add_loads(struct fl_outside *o, struct fl_lines *lines);

/* The agents as the decision has left them, and whether it was taken. */
static enum fl_status send_verdict(struct fl_outside *o)
{
    o->answer.length = 0;
    if (o->wants & WANTS_LOAD) add_loads(o, &o->answer);
    fl_lines_open(&o->answer, "verdict");
    fl_lines_integer(&o->answer, "n", (int64_t)o->events[o->events_next].number);
    fl_lines_boolean(&o->answer, "ok", !o->refused);
    fl_lines_close(&o->answer);
    return send_answer(o);
}

/* Anything but an ack. */
static enum fl_status hear_decision(struct fl_outside *o, const struct fl_message *message, const struct fl_field *type)
{
    if (fl_field_is(type, "error")) return hear_error(o, message);
    o->refused = false;
    const enum fl_status status = decide(o, message, type);
    if (status != FL_OK) return status;
    if (o->failed) return FL_EENGINE; /* on an event that followed from it */
    return o->wants & WANTS_VERDICT ? send_verdict(o) : FL_OK;
}

/* ---- Exchanging lines -------------------------------------------------------------------------------- */

/* A line that is no object is shown as far as it is fit to be. */
static enum fl_status scan(struct fl_outside *o, char *line, size_t length, struct fl_message *message)
{
    char head[49], what[200];
    size_t shown = 0;
    for (; shown < length && shown < sizeof head - 1; shown++) head[shown] = line[shown] < ' ' || line[shown] == 127 ? '?' : line[shown];
    while (shown < length && shown > 0 && (line[shown] & 0xC0) == 0x80) shown--; /* not inside a character */
    head[shown] = '\0';
    if (fl_message_scan(line, length, message) == FL_OK) return FL_OK;
    snprintf(what, sizeof what, "sent a line that is no flat JSON object (%s): %s%s", message->problem, head, shown < length ? "..." : "");
    return fail(o, what);
}

static enum fl_status hear_until_ack(struct fl_outside *o, int64_t deadline_ns)
{
    struct fl_message message;
    bool acked = false;
    while (!acked) {
        char *line;
        size_t length;
        enum fl_status status = o->channel->ops->line(o->channel, &line, &length, deadline_ns);
        if (status != FL_OK) return pass_on(o, status);
        status = scan(o, line, length, &message);
        if (status != FL_OK) return status;
        const struct fl_field *const type = fl_message_find(&message, "t");
        status = fl_field_is(type, "ack") ? hear_ack(o, &message, &acked) : hear_decision(o, &message, type);
        if (status != FL_OK) return status;
        if (!acked && fl_clock_ns() >= deadline_ns) return fail(o, "goes on without an ack");
    }
    return FL_OK;
}

static enum fl_status deliver_one(struct fl_outside *o)
{
    const struct event event = o->events[o->events_next];
    const int64_t sent_ns = fl_clock_ns(), deadline_ns = sent_ns + o->timeout_ns;
    enum fl_status status = o->channel->ops->send(o->channel, o->lines.bytes + event.from, event.to - event.from, deadline_ns);
    if (status != FL_OK) return pass_on(o, status);
    if (event.slot != NO_SLOT && o->slots[event.slot].turn == TURN_TOLD) take_turn(o, &o->slots[event.slot], TURN_ENGINE);
    status = hear_until_ack(o, deadline_ns);
    if (status != FL_OK || event.slot == NO_SLOT) return status;
    fl_histogram_record(&o->day.latency, o->day.latency_counts, FL_HISTOGRAM_FINE, fl_clock_ns() - sent_ns);
    if (o->slots[event.slot].turn == TURN_ENGINE) enqueue(o, &o->slots[event.slot]); /* undecided is waiting */
    return FL_OK;
}

static bool event_open(struct fl_outside *o, const char *type, const struct fl_view *view, uint32_t slot);

/* As nobody stands: every agent is told of anew. */
static void forget_loads(struct fl_outside *o, const struct fl_view *view)
{
    if ((o->wants & WANTS_LOAD) == 0) return;
    for (uint32_t a = 0; a < view->agents_count; a++) o->told[a] = (struct fl_agent){ .assigned_today = UINT32_MAX };
}

/* ---- Real time --------------------------------------------------------------------------------------- */

/* What has gathered leaves; how late that is, is counted. */
static enum fl_status post_lines(struct fl_outside *o)
{
    if (o->lines.full) return FL_EFULL;
    if (o->lines.length == 0) return FL_OK;
    const enum fl_status status = o->channel->ops->post(o->channel, o->lines.bytes, o->lines.length);
    if (status == FL_EFULL) return fail(o, "reads too slowly: more lines wait for it than engine.write_buffer holds");
    if (status != FL_OK) return pass_on(o, status);
    const int64_t now_ns = fl_clock_ns();
    if (isfinite(o->live.pace->speed)) {
        for (uint32_t i = 0; i < o->events_count; i++)
            fl_histogram_record(&o->day.lateness, o->day.lateness_counts, FL_HISTOGRAM_FINE, now_ns - fl_pace_due_ns(o->live.pace, o->events[i].at));
    }
    o->lines.length = 0;
    o->events_count = o->events_next = 0;
    return FL_OK;
}

/* An event that is due has been written. */
static enum fl_status gather(struct fl_outside *o)
{
    const struct event *const event = &o->events[o->events_count - 1];
    if (event->slot == NO_SLOT) return is_full(o) ? FL_EFULL : FL_OK;
    struct slot *const slot = &o->slots[event->slot];
    slot->event = event->number;
    slot->due_ns = isfinite(o->live.pace->speed) ? fl_pace_due_ns(o->live.pace, event->at) : fl_clock_ns();
    slot->answered = false;
    o->live.undecided++;
    o->live.asked[event->number % ASKED] = event->slot;
    take_turn(o, slot, TURN_ENGINE);
    enqueue(o, slot);
    return is_full(o) ? FL_EFULL : FL_OK;
}

/* In real time a line that is none costs its sender that line. */
static enum fl_status hear_line(struct fl_outside *o, char *line, size_t length)
{
    struct fl_message message;
    bool acked;
    if (fl_message_scan(line, length, &message) != FL_OK) return refuse(o, FL_BREACH_GARBLED, 0, FL_NO_AGENT);
    const struct fl_field *const type = fl_message_find(&message, "t");
    if (fl_field_is(type, "hello") && o->session > 0) return FL_OK; /* of an engine that was begun anew */
    return fl_field_is(type, "ack") ? hear_ack(o, &message, &acked) : hear_decision(o, &message, type);
}

/* Takes up all lines that are here. */
static enum fl_status outside_heard(void *self, const struct fl_view *view)
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
        if (status != FL_OK) status = pass_on(o, status);
    }
    if (status == FL_OK && is_full(o)) return FL_EFULL;
    return o->failed && status == FL_OK ? FL_EENGINE : status;
}

static enum fl_status tell_agent(struct fl_outside *o, uint32_t agent, enum fl_agent_state before);

/* The link was made anew, and whoever is there knows nothing: all that a day's begin tells, as it is now, and the chats that wait. */
static enum fl_status tell_all(struct fl_outside *o)
{
    const struct fl_view *const view = o->view;
    o->session = fl_channel_session(o->channel);
    o->live.damaged_ns = fl_clock_ns() + CROSSING_NS; /* and those who wait are told of in another order */
    o->lines.length = 0;
    o->events_count = 0;
    fl_tell_hello(&o->lines, o->scenario, o->seed, "realtime");
    fl_tell_desk(&o->lines, view);
    if (o->wants & WANTS_SCENARIO) fl_tell_scenario(&o->lines, o->scenario_text);
    forget_loads(o, view);
    if (!event_open(o, "begin", view, NO_SLOT)) return FL_EFULL;
    fl_lines_integer(&o->lines, "day", view->replication);
    fl_lines_close(&o->lines);
    for (uint32_t a = 0; a < view->agents_count; a++) {
        const enum fl_status status = view->agents[a].state == FL_OFFLINE ? FL_OK : tell_agent(o, a, FL_OFFLINE);
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

/* Whether there is something for the desk to hear: a line, or that the link has failed. */
static bool looks_up(struct fl_outside *o)
{
    struct live *const live = &o->live;
    while (live->status == FL_OK && live->line == NULL) {
        const enum fl_status status = o->channel->ops->next(o->channel, &live->line, &live->length);
        if (status != FL_OK) live->status = pass_on(o, status);
        if (status != FL_OK || fl_channel_session(o->channel) == o->session) break;
        live->line = NULL; /* nothing leaves for a new session before it has been told everything */
        live->status = tell_all(o);
    }
    return live->line != NULL || live->status != FL_OK;
}

/* A turn of the loop, after what has gathered was sent. */
static void turn(struct fl_outside *o, int64_t until_ns)
{
    struct live *const live = &o->live;
    live->burst = 0;
    live->status = post_lines(o);
    if (live->status == FL_OK) live->status = fl_pace_turn(live->pace, until_ns);
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
    if (now_ns - live->waits_ns > o->timeout_ns) live->status = fail(o, "decides nothing");
    else turn(o, live->waits_ns + o->timeout_ns + 1);
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
        else if (due_ns > fl_clock_ns()) turn(o, due_ns);
        else if (++live->burst < EVENTS_A_TURN) return true;
        else turn(o, 0);
    }
}

/* ---- Lockstep ---------------------------------------------------------------------------------------- */

/* Sends the last event that was written, within the one under way. */
static enum fl_status deliver_within(struct fl_outside *o)
{
    const uint32_t outer = o->events_next;
    const bool refused = o->refused;
    if (++o->nested > NESTED_MAX) return fail(o, "goes in circles at one instant");
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

/* Sends what has been written, one event after the other, with those that follow from the answers. */
static enum fl_status deliver(struct fl_outside *o)
{
    enum fl_status status = FL_OK;
    if (o->lines.full) return FL_EFULL;
    if (o->live.pace != NULL && !o->waits_for_ack) return gather(o);
    if (o->delivering) return o->wants & WANTS_VERDICT ? deliver_within(o) : FL_OK; /* else in its turn, by the caller above us */
    o->delivering = true;
    while (o->events_next < o->events_count) {
        status = o->events_next >= EVENTS_AT_ONCE_MAX     ? fail(o, "goes in circles at one instant")
                 : o->wakes_in_a_row > WAKES_IN_A_ROW_MAX ? fail(o, "asks for wake after wake and nothing else happens")
                                                          : deliver_one(o);
        if (status != FL_OK) break;
        o->events_next++;
    }
    o->delivering = false;
    o->nested = 0;
    o->events_count = o->events_next = 0;
    o->lines.length = 0;
    return is_full(o) ? FL_EFULL : status;
}

/* ---- Writing events ---------------------------------------------------------------------------------- */

static bool stands_as_told(const struct fl_agent *now, const struct fl_agent *told)
{
    return now->oldest_unanswered_at == told->oldest_unanswered_at && now->mean_reply_ns == told->mean_reply_ns && now->awaiting == told->awaiting &&
           now->open == told->open && now->state == told->state && now->composing == told->composing && now->recent_active == told->recent_active &&
           now->capacity == told->capacity && now->assigned_today == told->assigned_today && now->last_assigned_at == told->last_assigned_at &&
           now->touched_at == told->touched_at && now->available_since == told->available_since;
}

/* A line for each agent of whom something has changed since she was last told of. O(agents): only for an engine that asked. */
static void add_loads(struct fl_outside *o, struct fl_lines *lines)
{
    for (uint32_t a = 0; a < o->view->agents_count; a++) {
        if (stands_as_told(&o->view->agents[a], &o->told[a])) continue;
        o->told[a] = o->view->agents[a];
        fl_tell_agent(lines, &o->told[a], a);
    }
}

static bool event_open(struct fl_outside *o, const char *type, const struct fl_view *view, uint32_t slot)
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
    if (o->wants & WANTS_LOAD) add_loads(o, &o->lines);
    fl_lines_open(&o->lines, type);
    fl_lines_integer(&o->lines, "n", (int64_t)o->events_today);
    fl_lines_integer(&o->lines, "at_ns", view->now);
    return true;
}

static enum fl_status event_close(struct fl_outside *o)
{
    fl_lines_close(&o->lines);
    o->events[o->events_count - 1].to = o->lines.length;
    return deliver(o);
}

static enum fl_status tell_agent(struct fl_outside *o, uint32_t agent, enum fl_agent_state before)
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

static enum fl_status shake_hands(struct fl_outside *o)
{
    const int64_t deadline_ns = fl_clock_ns() + o->timeout_ns;
    struct fl_message message;
    char *line;
    size_t length;
    fl_tell_hello(&o->lines, o->scenario, o->seed, o->live.pace != NULL ? "realtime" : "lockstep");
    if (o->lines.full) return FL_EFULL;
    enum fl_status status = o->channel->ops->send(o->channel, o->lines.bytes, o->lines.length, deadline_ns);
    o->lines.length = 0;
    if (status == FL_OK) status = o->channel->ops->line(o->channel, &line, &length, deadline_ns);
    if (status != FL_OK) return pass_on(o, status);
    status = scan(o, line, length, &message);
    if (status != FL_OK) return status;
    const struct fl_field *const proto = fl_message_find(&message, "proto");
    if (!fl_field_is(fl_message_find(&message, "t"), "hello")) return fail(o, "did not say hello first");
    if (proto == NULL || proto->kind != FL_FIELD_INTEGER) return fail(o, "said hello without \"proto\", the version it speaks");
    if (proto->integer != FL_PROTOCOL_VERSION) {
        char what[96];
        snprintf(what, sizeof what, "speaks version %lld of the protocol, we speak %d", (long long)proto->integer, FL_PROTOCOL_VERSION);
        return fail(o, what);
    }
    if (!take_name(o, fl_message_find(&message, "engine"))) return fail(o, "said hello without \"engine\", a name of 1 to 64 bytes that can be printed");
    if (!take_wants(o, fl_message_find(&message, "wants"))) return fail(o, "wants something else than message, reply, load, scenario, verdict");
    if (o->live.pace != NULL && o->wants & WANTS_VERDICT) return fail(o, "wants verdicts, which there are in lockstep alone");
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
    if (o->day_open && (o->day_ended || (o->live.pace != NULL && !o->repeats))) fl_ledger_add(&o->total, &o->day);
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
    if (!names_copy(o, view)) return FL_EFULL;
    if (o->live.pace != NULL && (o->live.agent_changed_ns = calloc((size_t)view->agents_count + 1, sizeof(int64_t))) == NULL) return FL_EFULL;
    if (o->wants & WANTS_LOAD && (o->told = calloc((size_t)view->agents_count + 1, sizeof *o->told)) == NULL) return FL_EFULL;
    fl_tell_desk(lines, view);
    if (o->wants & WANTS_SCENARIO) fl_tell_scenario(lines, o->scenario_text);
    if (lines->full) return FL_EFULL;
    const enum fl_status status = o->channel->ops->send(o->channel, lines->bytes, lines->length, fl_clock_ns() + o->timeout_ns);
    lines->length = 0;
    o->described = status == FL_OK;
    return status == FL_OK ? FL_OK : pass_on(o, status);
}

static void live_begins(struct fl_outside *o, const struct fl_view *view)
{
    struct live *const live = &o->live;
    live->undecided = live->burst = 0;
    live->waits_ns = 0;
    live->damaged_ns = INT64_MIN;
    live->status = FL_OK;
    live->line = NULL;
    for (uint32_t a = 0; a < view->agents_count; a++) live->agent_changed_ns[a] = INT64_MIN;
    for (uint32_t n = 0; n < ASKED; n++) live->asked[n] = NO_SLOT;
    fl_pace_start(live->pace, view->now);
    live->heard_ns = fl_clock_ns();
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
    forget_loads(o, view);
    if (!event_open(o, "begin", view, NO_SLOT)) return FL_EFULL;
    fl_lines_integer(&o->lines, "day", view->replication);
    o->waits_for_ack = true;
    status = event_close(o);
    o->waits_for_ack = false;
    if (o->live.pace != NULL) live_begins(o, view);
    if (o->wants & WANTS_LOAD) return status; /* its load lines have told of everybody */
    for (uint32_t a = 0; a < view->agents_count && status == FL_OK; a++)
        if (view->agents[a].state != FL_OFFLINE) status = tell_agent(o, a, FL_OFFLINE);
    return status;
}

/* Who waited to the end is counted; where somebody had room for her, it is held against the engine. */
static void judge_end(struct fl_outside *o, const struct fl_view *view)
{
    for (uint32_t i = 0; i < o->slots_count; i++)
        if (o->slots[i].turn == TURN_ENGINE && fl_queue_judge_could_be_served(&o->judge, view, i, known(o)))
            note(o, FL_BREACH_NEVER_ASSIGNED, o->slots[i].number, FL_NO_AGENT);
}

static void tell_end(struct fl_outside *o, const struct fl_view *view)
{
    o->day.never_assigned = o->waiting;
    o->day.undecided = o->live.undecided;
    o->ended = true;
    if (o->live.pace != NULL && post_lines(o) != FL_OK) return;
    if (!event_open(o, "end", view, NO_SLOT)) return;
    judge_end(o, view);
    o->waits_for_ack = true;
    const enum fl_status status = event_close(o);
    const bool silent = o->live.pace != NULL && status == FL_EENGINE; /* its last word is no reason to lose the day */
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

/* In real time: a chat ended, or is told anew, before the engine had said a word on it. */
static void unanswered(struct fl_outside *o, struct slot *slot)
{
    if (o->live.pace == NULL) return;
    if (slot->number != 0) o->live.closed_ns[slot->number] = fl_clock_ns();
    if (slot->turn != TURN_ENGINE || slot->answered) return;
    slot->answered = true;
    o->live.undecided--;
    o->day.unanswered++;
}

static enum fl_status outside_chat(void *self, const struct fl_view *view, const struct fl_chat_view *chat)
{
    struct fl_outside *const o = self;
    struct slot *const slot = slot_at(o, chat->index);
    if (slot == NULL) return FL_EFULL;
    if (o->failed) return FL_EENGINE;
    /* A slot that was given up may hold another chat now. While the chat is open its key alone does not tell: a buyer who had
     * silently gone and comes back to it is on a new visit. */
    unanswered(o, slot);
    const bool another = slot->number == 0 || (slot->turn == TURN_NOBODY && slot->chat.key != chat->key);
    if (another && !give_number(o, slot, chat->index)) return FL_EFULL;
    take_turn(o, slot, TURN_TOLD);
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
    struct slot *const slot = slot_at(o, chat);
    if (slot == NULL || !event_open(o, "closed", view, NO_SLOT)) return FL_EFULL;
    unanswered(o, slot);
    take_turn(o, slot, TURN_NOBODY);
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
    if (o->live.pace != NULL) o->live.agent_changed_ns[agent] = fl_clock_ns();
    return tell_agent(o, agent, before);
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
    .heard = outside_heard,
    .queue_length = outside_queue_length,
};
