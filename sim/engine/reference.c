#include "engine/reference.h"

#include "desk/desk.h"
#include "engine/protocol.h"
#include "engine/tell.h"
#include "routing/engine.h"
#include "routing/policy.h"
#include "scenario/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Of address space: of the engine's books only what is used is there. */
#define ARENA_BYTES (SIZE_MAX > UINT32_MAX ? (size_t)4 << 30 : (size_t)256 << 20)

/* What is known of the chat in a slot. */
struct held {
    struct fl_chat_view chat;    /* as last told */
    uint32_t agent;              /* who has it, + 1; 0: nobody */
    bool awaits;                 /* her reply; real time only */
};

struct reference {
    const struct fl_reference_setup *setup;
    struct fl_channel *channel;
    struct fl_lines out;
    char *text;                  /* the scenario's, as it comes in parts */
    size_t text_length;
    struct fl_scenario *scenario;
    struct fl_arena arena, names_arena;
    struct fl_engine engine;
    struct fl_view view;
    struct fl_agent *agents;
    struct fl_port port;
    uint32_t *slot_of;           /* [numbers_room] by chat number */
    uint32_t *number_of;         /* [slots_room] by slot */
    struct held *held;           /* [slots_room] */
    bool live;                   /* real time: the books of what agents hold are our own */
    uint32_t numbers_room, slots_room;
    uint64_t event;              /* under way */
    enum fl_status failed;
    char *problem;               /* [512] */
};

/* ---- Failing ----------------------------------------------------------------------------------- */

static enum fl_status fail(struct reference *r, enum fl_status status, const char *what)
{
    if (r->failed != FL_OK) return r->failed;
    snprintf(r->problem, 512, "%s", what);
    return r->failed = status;
}

static enum fl_status full(struct reference *r)
{
    return fail(r, FL_EFULL, "out of memory");
}

/* ---- Reading ----------------------------------------------------------------------------------- */

/* In line, so that the bucket of a key is known before the program runs: an event has some twenty of them. */
FL_ALWAYS_INLINE int64_t integer_of(const struct fl_message *message, const char *key, int64_t otherwise)
{
    const struct fl_field *const field = fl_message_find(message, key);
    return field != NULL && field->kind == FL_FIELD_INTEGER ? field->integer : otherwise;
}

static uint64_t hex_of(const struct fl_message *message, const char *key)
{
    const struct fl_field *const field = fl_message_find(message, key);
    uint64_t value = 0;
    if (field == NULL || field->kind != FL_FIELD_TEXT) return 0;
    for (uint32_t i = 0; i < field->text_length; i++) {
        const unsigned c = (unsigned char)field->text[i];
        value = value << 4 | ((c & 15) + 9 * (c >> 6)); /* digits lie at 0x30, letters from 0x61 on */
    }
    return value;
}

/* An agent named by a member; FL_NO_AGENT when it is not there. */
FL_ALWAYS_INLINE uint32_t agent_of(const struct reference *r, const struct fl_message *message, const char *key)
{
    const int64_t agent = integer_of(message, key, -1);
    return agent >= 0 && agent < r->view.agents_count ? (uint32_t)agent : FL_NO_AGENT;
}

/* ---- Chats, by number on the wire and by slot here ---------------------------------------------- */

static bool room_for(void **array, uint32_t *room, uint32_t wanted, size_t each, int blank)
{
    uint32_t larger = *room == 0 ? 1024 : *room;
    while (larger <= wanted) larger *= 2;
    if (larger == *room) return true;
    void *const moved = realloc(*array, larger * each);
    if (moved == NULL) return false;
    memset((unsigned char *)moved + *room * each, blank, (larger - *room) * each);
    *array = moved;
    *room = larger;
    return true;
}

static bool know(struct reference *r, uint32_t number, uint32_t slot)
{
    uint32_t held_room = r->slots_room;
    if (!room_for((void **)&r->slot_of, &r->numbers_room, number, sizeof *r->slot_of, 255)) return false;
    if (!room_for((void **)&r->held, &held_room, slot, sizeof *r->held, 0)) return false;
    if (!room_for((void **)&r->number_of, &r->slots_room, slot, sizeof *r->number_of, 0)) return false;
    r->slot_of[number] = slot;
    r->number_of[slot] = number;
    r->held[slot] = (struct held){ 0 };
    return true;
}

static uint32_t slot_of(const struct reference *r, const struct fl_message *message)
{
    const int64_t number = integer_of(message, "chat", -1);
    return number > 0 && number < r->numbers_room ? r->slot_of[number] : FL_NO_CHAT;
}

/* ---- Deciding ---------------------------------------------------------------------------------- */

static enum fl_status flush(struct reference *r)
{
    if (r->out.full) return full(r);
    if (r->out.length == 0) return FL_OK;
    const enum fl_status status = r->channel->ops->send(r->channel, r->out.bytes, r->out.length, INT64_MAX);
    r->out.length = 0;
    return status == FL_OK ? FL_OK : fail(r, status, r->channel->problem);
}

static void write_decision(struct reference *r, const struct fl_decision *decision)
{
    static const char *const words[] = { [FL_ASSIGN] = "assign", [FL_ENQUEUE] = "queue", [FL_REJECT] = "reject", [FL_TO_BOT] = "bot",
                                         [FL_LEAVE_MESSAGE] = "leave", [FL_CLOSE] = "close", [FL_SUSPEND] = "suspend", [FL_RESUME] = "resume",
                                         [FL_WAKE] = "wake" };
    const bool about_agent = decision->kind == FL_SUSPEND || decision->kind == FL_RESUME, assigns = decision->kind == FL_ASSIGN;
    const bool about_chat = !about_agent && decision->kind != FL_WAKE;
    struct fl_lines *const out = &r->out;
    fl_lines_open(out, assigns && r->held[decision->chat].agent != 0 ? "move" : words[decision->kind]);
    if (about_chat) fl_lines_integer(out, "chat", r->number_of[decision->chat]);
    if (assigns || about_agent) fl_lines_integer(out, "agent", decision->agent);
    if (decision->kind == FL_WAKE) {
        fl_lines_integer(out, "at_ns", decision->at < r->view.now ? r->view.now : decision->at);
        fl_lines_integer(out, "hint", decision->hint);
    }
    fl_lines_close(out);
}

/* ---- Our own books, in real time ------------------------------------------------------------------ */

static void lets_go(struct reference *r, struct held *held)
{
    if (held->agent == 0) return;
    struct fl_agent *const her = &r->agents[held->agent - 1];
    if (r->live) {
        her->open--;
        her->recent_active--;
        her->awaiting -= held->awaits;
        her->touched_at = r->view.now;
    }
    held->agent = 0;
    held->awaits = false;
}

static void takes(struct reference *r, struct held *held, uint32_t agent)
{
    lets_go(r, held);
    held->agent = agent + 1;
    if (!r->live) return;
    struct fl_agent *const her = &r->agents[agent];
    held->awaits = true;
    her->open++;
    her->recent_active++;
    her->awaiting++;
    her->assigned_today++;
    her->last_assigned_at = her->touched_at = r->view.now;
}

static void writes(struct reference *r, struct held *held, bool buyer)
{
    if (!r->live || held->agent == 0 || held->awaits == buyer) return;
    held->awaits = buyer;
    r->agents[held->agent - 1].awaiting += buyer ? 1 : UINT32_MAX;
}

static enum fl_status hear(struct reference *r, bool *verdict, bool *accepted);

/* In lockstep as on a desk of this process: what follows from the decision has been told when this returns. */
static enum fl_verdict decide(void *self, const struct fl_decision *decision)
{
    struct reference *const r = self;
    bool verdict = false, accepted = false;
    if (r->failed != FL_OK) return FL_UNKNOWN_CHAT;
    write_decision(r, decision);
    if (decision->kind == FL_ASSIGN) takes(r, &r->held[decision->chat], decision->agent);
    if (r->live) return FL_ACCEPTED;
    if (flush(r) != FL_OK) return FL_UNKNOWN_CHAT;
    while (!verdict)
        if (hear(r, &verdict, &accepted) != FL_OK) return FL_UNKNOWN_CHAT;
    return accepted ? FL_ACCEPTED : FL_UNKNOWN_CHAT;
}

/* ---- The start --------------------------------------------------------------------------------- */

static bool policy_listens(const char *name)
{
    for (uint32_t i = 0; i < FL_POLICIES_COUNT; i++)
        if (strcmp(fl_policies[i]->name, name) == 0) return fl_policies[i]->wants_messages;
    return true; /* another name of one of them */
}

/* Whether routing by these rules has to hear of messages and replies, which are most of the traffic. The built-in engine's own rule
 * (engine.c), read off the hints. */
static bool must_listen(const struct fl_message *hello, const char *policy)
{
    const struct fl_field *const offline = fl_message_find(hello, "offline");
    return policy_listens(policy) || !fl_field_is(fl_message_find(hello, "capacity_counts"), "open") || fl_field_is(offline, "proxy") ||
           fl_field_is(offline, "main") || fl_field_is(fl_message_find(hello, "overflow"), "close_oldest") ||
           fl_message_find(hello, "accept_timeout_ns") != NULL;
}

static enum fl_status hear_hello(struct reference *r, const struct fl_message *message)
{
    const struct fl_field *const seed = fl_message_find(message, "seed");
    if (integer_of(message, "proto", 0) != FL_PROTOCOL_VERSION) return fail(r, FL_EENGINE, "the harness speaks another version of the protocol");
    r->live = fl_field_is(fl_message_find(message, "mode"), "realtime");
    for (uint32_t i = 0; seed != NULL && seed->kind == FL_FIELD_TEXT && i < seed->text_length; i++)
        r->view.seed = r->view.seed * 10 + (uint64_t)(seed->text[i] - '0');
    char name[FL_PROTOCOL_NAME_MAX + 1], own[40];
    const struct fl_field *const policy = fl_message_find(message, "policy");
    const bool told = policy != NULL && policy->kind == FL_FIELD_TEXT;
    if (r->setup->policy != NULL) snprintf(own, sizeof own, "%s", r->setup->policy);
    else snprintf(own, sizeof own, "%.*s", told ? (int)policy->text_length : 0, told ? policy->text : "");
    snprintf(name, sizeof name, "fenliu " FENLIU_VERSION " %s", own);
    fl_lines_open(&r->out, "hello");
    fl_lines_integer(&r->out, "proto", FL_PROTOCOL_VERSION);
    fl_lines_text(&r->out, "engine", name);
    fl_lines_text(&r->out, "wants", !r->live ? "message reply load scenario verdict" : must_listen(message, own) ? "message reply scenario" : "scenario");
    fl_lines_close(&r->out);
    return FL_OK;
}

/* Agents as they are before anything happens: what of them comes from the scenario. */
static enum fl_status people(struct reference *r)
{
    const struct fl_desk_def *const desk = &r->scenario->desk;
    r->view.agents_count = fl_scenario_agents_count(r->scenario);
    r->agents = calloc((size_t)r->view.agents_count + 1, sizeof *r->agents);
    if (r->agents == NULL) return full(r);
    r->view.agents = r->agents;
    uint32_t a = 0;
    for (uint32_t d = 0; d < desk->agents_count; d++)
        for (uint32_t i = 0; i < desk->agents[d].count; i++)
            r->agents[a++] = (struct fl_agent){ .groups = desk->agents[d].groups, .weight = desk->agents[d].weight, .definition = d,
                                                .capacity = desk->agents[d].max_chats };
    r->view.names = fl_desk_agent_names(&r->names_arena, r->scenario);
    return r->view.names == NULL ? full(r) : FL_OK;
}

static enum fl_status read_scenario(struct reference *r)
{
    struct fl_errors *const errors = calloc(1, sizeof *errors);
    char policy[80];
    if (errors == NULL) return full(r);
    snprintf(policy, sizeof policy, "\"%s\"", r->setup->policy != NULL ? r->setup->policy : "");
    const struct fl_override override = { "routing.policy", policy };
    const enum fl_status status =
        fl_scenario_read("the harness's scenario", r->text, r->text_length, &override, r->setup->policy != NULL ? 1 : 0, &r->scenario, errors);
    if (status != FL_OK) {
        char line[480];
        fl_error_format(&errors->list[0], "the harness's scenario", line, sizeof line);
        fail(r, FL_EENGINE, line);
    }
    free(errors);
    if (status != FL_OK) return r->failed;
    r->view.scenario = r->scenario;
    return people(r);
}

static enum fl_status hear_scenario(struct reference *r, const struct fl_message *message)
{
    const struct fl_field *const part = fl_message_find(message, "text"), *const more = fl_message_find(message, "more");
    if (part == NULL || part->kind != FL_FIELD_TEXT || r->scenario != NULL) return fail(r, FL_EENGINE, "a scenario line that does not fit");
    char *const text = r->text_length + part->text_length > FL_SCENARIO_BYTES_MAX ? NULL : realloc(r->text, r->text_length + part->text_length + 1);
    if (text == NULL) return full(r);
    memcpy(text + r->text_length, part->text, part->text_length);
    r->text = text;
    r->text_length += part->text_length;
    text[r->text_length] = '\0';
    return more != NULL && more->kind == FL_FIELD_TRUE ? FL_OK : read_scenario(r);
}

/* Which agent stands for the shop; the rest of the line is in the scenario. */
static void hear_member(struct reference *r, const struct fl_message *message)
{
    const struct fl_field *const main = fl_message_find(message, "main_account"), *const proxy = fl_message_find(message, "proxy_account");
    const uint32_t agent = (uint32_t)integer_of(message, "agent", 0);
    if (main != NULL && main->kind == FL_FIELD_TRUE) r->view.main_account = agent;
    if (proxy != NULL && proxy->kind == FL_FIELD_TRUE) r->view.proxy_account = agent;
}

/* ---- What the harness tells ---------------------------------------------------------------------- */

static enum fl_status hear_load(struct reference *r, const struct fl_message *message)
{
    const uint32_t agent = agent_of(r, message, "agent"), state = fl_word_index(fl_state_words, 5, fl_message_find(message, "state"));
    if (agent == FL_NO_AGENT || state == 5) return fail(r, FL_EENGINE, "a load line of nobody, or without a state");
    struct fl_agent *const her = &r->agents[agent];
    her->state = (uint8_t)state;
    her->open = (uint32_t)integer_of(message, "open", 0);
    her->awaiting = (uint32_t)integer_of(message, "awaiting", 0);
    her->recent_active = (uint32_t)integer_of(message, "recent_active", 0);
    her->composing = (uint8_t)integer_of(message, "composing", 0);
    her->capacity = (uint32_t)integer_of(message, "capacity", FL_UNLIMITED);
    her->assigned_today = (uint32_t)integer_of(message, "assigned_today", 0);
    her->oldest_unanswered_at = integer_of(message, "oldest_unanswered_at_ns", FL_TIME_NEVER);
    her->mean_reply_ns = (uint64_t)integer_of(message, "mean_reply_ns", 0);
    her->last_assigned_at = integer_of(message, "last_assigned_at_ns", -1);
    her->touched_at = integer_of(message, "touched_at_ns", 0);
    her->available_since = integer_of(message, "available_since_ns", 0);
    return FL_OK;
}

/* In real time an agent is offline until we are told otherwise. */
static void stand_afresh(struct fl_agent *her)
{
    her->state = FL_OFFLINE;
    her->open = her->awaiting = her->recent_active = her->assigned_today = 0;
    her->composing = 0;
    her->oldest_unanswered_at = FL_TIME_NEVER;
    her->mean_reply_ns = 0;
    her->last_assigned_at = -1;
    her->touched_at = her->available_since = 0;
}

static enum fl_status day_begins(struct reference *r, const struct fl_message *message)
{
    r->view.replication = (uint32_t)integer_of(message, "day", 0);
    fl_arena_reset(&r->arena);
    r->engine = (struct fl_engine){ 0 };
    if (r->numbers_room > 0) memset(r->slot_of, 255, r->numbers_room * sizeof *r->slot_of); /* FL_NO_CHAT */
    if (r->live) {
        for (uint32_t a = 0; a < r->view.agents_count; a++) stand_afresh(&r->agents[a]);
    }
    return fl_engine_ops.begin(&r->engine, &r->arena, &r->view, &r->port);
}

static uint32_t intent_of(const struct fl_buyers *buyers, const struct fl_field *name)
{
    uint32_t i = 0;
    while (i < buyers->intents_count && !fl_field_is(name, buyers->intents[i].name)) i++;
    return i;
}

static uint32_t class_of(const struct fl_buyers *buyers, const struct fl_field *name)
{
    uint32_t i = 0;
    while (i < buyers->classes_count && !fl_field_is(name, buyers->classes[i].name)) i++;
    return i;
}

/* 255: none, as for the desk. */
static uint8_t entry_of(const struct fl_entry_point *list, uint32_t count, const struct fl_field *name)
{
    for (uint32_t i = 0; i < count; i++)
        if (fl_field_is(name, list[i].name)) return (uint8_t)i;
    return 255;
}

static uint8_t order_status_of(const struct fl_buyers *buyers, const struct fl_field *name)
{
    for (uint32_t i = 0; i < buyers->order_statuses_count; i++)
        if (fl_field_is(name, buyers->order_statuses[i])) return (uint8_t)i;
    return 255;
}

/* A chat that she had from elsewhere, before we were there or as a leave-message: her place is free now. */
static void loses_stranger(struct reference *r, uint32_t agent)
{
    struct fl_agent *const her = &r->agents[agent];
    her->open -= her->open > 0;
    her->recent_active -= her->recent_active > 0;
    her->touched_at = r->view.now;
}

static enum fl_status chat_comes(struct reference *r, const struct fl_message *message)
{
    const struct fl_buyers *const buyers = &r->scenario->buyers;
    const int64_t number = integer_of(message, "chat", -1), slot = integer_of(message, "slot", -1);
    const uint32_t intent = intent_of(buyers, fl_message_find(message, "intent")), class = class_of(buyers, fl_message_find(message, "class"));
    const uint32_t why = fl_word_index(fl_why_words, 6, fl_message_find(message, "why"));
    if (number <= 0 || slot < 0 || slot > 1 << 24 || number > UINT32_MAX / 4 || intent == buyers->intents_count || class == buyers->classes_count || why == 6)
        return fail(r, FL_EENGINE, "a chat that is not of this scenario");
    if (!know(r, (uint32_t)number, (uint32_t)slot)) return full(r);
    const int64_t to_group = integer_of(message, "to_group", -1);
    const struct fl_chat_view view = {
        .key = hex_of(message, "draws"), .buyer = hex_of(message, "buyer"),
        .opened_at = integer_of(message, "opened_at_ns", 0), .active_at = integer_of(message, "active_at_ns", 0),
        .recent_at = integer_of(message, "recent_at_ns", 0), .index = (uint32_t)slot,
        .recent_agent = agent_of(r, message, "recent_agent"), .dedicated_agent = agent_of(r, message, "dedicated_agent"),
        .exclude = agent_of(r, message, "exclude"), .to_group = to_group < 0 ? FL_NONE : (uint32_t)to_group,
        .priority = (int32_t)integer_of(message, "priority", 0), .decision = (uint32_t)integer_of(message, "decision", 0),
        .intent = (uint8_t)intent, .buyer_class = (uint8_t)class, .why = (uint8_t)why,
        .entry_point = entry_of(buyers->entry_points, buyers->entry_points_count, fl_message_find(message, "entry_point")),
        .device = entry_of(buyers->devices, buyers->devices_count, fl_message_find(message, "device")),
        .order_status = order_status_of(buyers, fl_message_find(message, "order_status")),
    };
    const bool leave_message = r->live && view.why == FL_WHY_TRANSFER && view.exclude != FL_NO_AGENT && r->held[slot].agent == 0;
    if (leave_message) loses_stranger(r, view.exclude);
    r->held[slot].chat = view;
    return fl_engine_ops.chat(&r->engine, &r->view, &view);
}

static enum fl_status stranger_closed(struct reference *r, uint32_t agent)
{
    loses_stranger(r, agent);
    return fl_engine_ops.agent(&r->engine, &r->view, agent, (enum fl_agent_state)r->agents[agent].state);
}

static enum fl_status chat_closed(struct reference *r, const struct fl_message *message)
{
    const uint32_t slot = slot_of(r, message), agent = agent_of(r, message, "agent");
    const uint32_t why = fl_word_index(fl_close_words, 6, fl_message_find(message, "why"));
    if (slot == FL_NO_CHAT && r->live && agent != FL_NO_AGENT) return stranger_closed(r, agent);
    if (slot == FL_NO_CHAT && r->live) return FL_OK;
    if (slot == FL_NO_CHAT || why == 6) return fail(r, FL_EENGINE, "the close of a chat that was not told of");
    if (r->live && r->held[slot].agent == 0 && agent != FL_NO_AGENT) loses_stranger(r, agent);
    lets_go(r, &r->held[slot]);
    return fl_engine_ops.closed(&r->engine, &r->view, slot, agent, (enum fl_close_reason)why);
}

static enum fl_status agent_changed(struct reference *r, const struct fl_message *message)
{
    const uint32_t agent = agent_of(r, message, "agent"), before = fl_word_index(fl_state_words, 5, fl_message_find(message, "before"));
    const uint32_t state = fl_word_index(fl_state_words, 5, fl_message_find(message, "state"));
    if (agent == FL_NO_AGENT || before == 5 || state == 5) return fail(r, FL_EENGINE, "a change of state of nobody");
    if (r->live) {
        if (state == FL_AVAILABLE && r->agents[agent].state != FL_AVAILABLE) r->agents[agent].available_since = r->agents[agent].touched_at = r->view.now;
        if (before == FL_OFFLINE && r->agents[agent].open == 0) /* what she has had since before we were there */
            r->agents[agent].open = r->agents[agent].recent_active = (uint32_t)integer_of(message, "open", 0);
        if (before == state && r->scenario->routing.counts == FL_COUNTS_OPEN) { /* she has taken a leave-message */
            r->agents[agent].open++;
            r->agents[agent].recent_active++;
        }
        r->agents[agent].state = (uint8_t)state;
    }
    return fl_engine_ops.agent(&r->engine, &r->view, agent, (enum fl_agent_state)before);
}

static enum fl_status talk(struct reference *r, const struct fl_message *message)
{
    const uint32_t slot = slot_of(r, message), agent = agent_of(r, message, "agent");
    const bool buyer = fl_field_is(fl_message_find(message, "t"), "message");
    if (slot == FL_NO_CHAT && r->live) return FL_OK;
    if (slot == FL_NO_CHAT || agent == FL_NO_AGENT) return fail(r, FL_EENGINE, "a message of a chat that was not told of");
    writes(r, &r->held[slot], buyer);
    if (!fl_engine_ops.wants_messages(&r->engine)) return FL_OK;
    return buyer ? fl_engine_ops.message(&r->engine, &r->view, slot, agent) : fl_engine_ops.reply(&r->engine, &r->view, slot, agent);
}

/* FL_OK too when it is no event: then *is_event is false. What the line says is taken out of it before anything is decided, since
 * by the next line it is gone. */
static enum fl_status hear_event(struct reference *r, const struct fl_message *message, const struct fl_field *type, bool *is_event)
{
    enum fl_status (*const take)(struct reference *r, const struct fl_message *message) = fl_field_is(type, "chat")      ? chat_comes
                                                                                          : fl_field_is(type, "closed")  ? chat_closed
                                                                                          : fl_field_is(type, "agent")   ? agent_changed
                                                                                          : fl_field_is(type, "message") ? talk
                                                                                          : fl_field_is(type, "reply")   ? talk
                                                                                          : fl_field_is(type, "begin")   ? day_begins
                                                                                                                         : NULL;
    const bool wakes = fl_field_is(type, "wake"), ends = fl_field_is(type, "end");
    *is_event = take != NULL || wakes || ends;
    if (!*is_event) return FL_OK;
    if (r->scenario == NULL) return fail(r, FL_EENGINE, "an event before the scenario");
    r->view.now = integer_of(message, "at_ns", 0);
    const enum fl_status status = take != NULL ? take(r, message)
                                  : wakes      ? fl_engine_ops.wake(&r->engine, &r->view, (uint32_t)integer_of(message, "hint", 0))
                                               : FL_OK;
    if (ends) fl_engine_ops.end(&r->engine, &r->view);
    return status == FL_OK || r->failed != FL_OK ? r->failed : full(r);
}

/* In real time only the day's begin and end want one: our first word on a chat is a decision. */
static enum fl_status ack(struct reference *r, const struct fl_field *type, int64_t event)
{
    if (r->live && !fl_field_is(type, "begin") && !fl_field_is(type, "end")) return FL_OK;
    fl_lines_open(&r->out, "ack");
    fl_lines_integer(&r->out, "n", event);
    fl_lines_close(&r->out);
    return FL_OK;
}

/* In real time what was refused has to be thought of anew, if the chat is still there: her agent went away meanwhile, say. */
static enum fl_status hear_refusal(struct reference *r, const struct fl_message *message)
{
    const struct fl_field *const text = fl_message_find(message, "text"), *const rule = fl_message_find(message, "rule");
    const bool crossed = fl_message_find(message, "crossed") != NULL;
    if (r->setup->verbose && !crossed && text != NULL && text->kind == FL_FIELD_TEXT)
        fprintf(stderr, "fenliu engine: refused: %.*s\n", (int)text->text_length, text->text);
    const uint32_t slot = slot_of(r, message);
    if (!r->live || slot == FL_NO_CHAT || !fl_field_is(rule, "agent_offline") || r->held[slot].agent == 0) return FL_OK;
    const uint32_t agent = r->held[slot].agent - 1;
    struct fl_chat_view again = r->held[slot].chat;
    again.why = FL_WHY_REASSIGN;
    again.exclude = agent;
    lets_go(r, &r->held[slot]);
    const enum fl_status status = fl_engine_ops.closed(&r->engine, &r->view, slot, agent, FL_CLOSED_AWAY);
    return status == FL_OK ? fl_engine_ops.chat(&r->engine, &r->view, &again) : status;
}

/* One line: an event with all that it leads to, a verdict, or what is told without being asked. */
static enum fl_status hear(struct reference *r, bool *verdict, bool *accepted)
{
    struct fl_message message;
    char *line;
    size_t length;
    enum fl_status status = r->channel->ops->next(r->channel, &line, &length);
    if (status == FL_OK && line == NULL) { /* nothing more for now: what we have said leaves in one write */
        if (flush(r) != FL_OK) return r->failed;
        status = r->channel->ops->line(r->channel, &line, &length, INT64_MAX);
    }
    if (status != FL_OK) return fail(r, status, r->channel->problem);
    if (fl_event_scan(line, length, &message) != FL_OK) return fail(r, FL_EENGINE, message.problem);
    const int64_t n = integer_of(&message, "n", 0);
    const struct fl_field *const type = fl_message_find(&message, "t");
    if (fl_field_is(type, "load")) return r->scenario == NULL ? fail(r, FL_EENGINE, "a load before the scenario") : hear_load(r, &message);
    if (fl_field_is(type, "verdict")) {
        const struct fl_field *const ok = fl_message_find(&message, "ok");
        *verdict = true;
        *accepted = ok != NULL && ok->kind == FL_FIELD_TRUE;
        return FL_OK;
    }
    bool is_event;
    status = hear_event(r, &message, type, &is_event);
    if (status != FL_OK) return status;
    if (is_event) return ack(r, type, n);
    if (fl_field_is(type, "hello")) return hear_hello(r, &message);
    if (fl_field_is(type, "member")) hear_member(r, &message);
    else if (fl_field_is(type, "scenario")) return hear_scenario(r, &message);
    else if (fl_field_is(type, "error")) return hear_refusal(r, &message);
    return FL_OK; /* what it does not know it passes over */
}

enum fl_status fl_reference_serve(struct fl_channel *channel, const struct fl_reference_setup *setup, char problem[512])
{
    struct reference r = { .setup = setup, .channel = channel, .problem = problem };
    r.port = (struct fl_port){ decide, &r };
    r.view.main_account = r.view.proxy_account = FL_NO_AGENT;
    void *const block = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (block == MAP_FAILED) return full(&r);
    fl_arena_start(&r.names_arena, block, ARENA_BYTES / 16);
    fl_arena_start(&r.arena, (unsigned char *)block + ARENA_BYTES / 16, ARENA_BYTES - ARENA_BYTES / 16);
    bool verdict = false, accepted;
    while (hear(&r, &verdict, &accepted) == FL_OK && !verdict) continue;
    if (verdict) fail(&r, FL_EENGINE, "a verdict on nothing");
    munmap(block, ARENA_BYTES);
    fl_scenario_free(r.scenario);
    free(r.agents);
    free(r.text);
    free(r.slot_of);
    free(r.number_of);
    free(r.held);
    fl_lines_free(&r.out);
    return r.failed;
}
