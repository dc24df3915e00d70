/* Lines of an event gather in a frame until its ack: what was told, what the engine said, what it was answered, in their order. Then
 * the frame is played: what was told leaves, what was said is waited for. With verdicts a frame holds whole events within it. */
#include "engine/replay.h"

#include "engine/loop.h"
#include "record/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAME_BYTES_MAX ((size_t)64 << 20) /* 65 536 events may follow from each other: some 20 MB */
#define OPEN_EVENTS_MAX 257u
#define CHATS_MAX (1u << 26)
#define SILENCE_NS INT64_C(1000000000)     /* real time: so long an engine is waited for that says nothing: chosen */
#define SILENCE_AFTER_NS INT64_C(50000000) /* and so long when it has differed before */

struct item {
    size_t from, length; /* of frame.bytes */
    bool said;           /* by the engine */
};

struct known_chat {
    char *line; /* its last `chat` event, owned; NULL: closed or never */
    int64_t event, at;
    uint64_t recorded, now; /* in real time: fingerprints of what was decided on it */
};

struct known_agent {
    char *name, *line; /* owned; the last line that told of her */
};

enum kind { KIND_NONE, KIND_ACK, KIND_CHAT, KIND_AGENT, KIND_WAKE, KIND_ERROR, KIND_OTHER };

/* What an engine said, by its meaning. */
struct decision {
    enum kind kind;
    char type[16];
    int64_t chat, agent, number; /* agent: index, -1 none or not known; number: an ack's n, a wake's at_ns */
    int64_t hint;
    char text[64];               /* an agent's name that nobody has; an error's text */
};

struct fl_replay {
    struct fl_channel *channel;
    bool live, verdicts, greeted;
    int64_t timeout_ns;
    struct fl_waiter waiter;   /* real time */
    unsigned waiter_open;
    struct fl_replay_result result;
    char wants[64];
    struct fl_lines frame, copy, answer;
    struct item *items;
    uint32_t items_count, items_room;
    bool framed;
    int64_t frame_event;
    size_t open[OPEN_EVENTS_MAX]; /* items that are events and wait for acks */
    uint32_t open_count;
    uint32_t day;
    int64_t event, at, end_event; /* last told; end_event: number of the day's end, 0 before */
    struct known_chat *chats;
    uint32_t chats_room;
    struct known_agent *agents;
    uint32_t agents_count;
};

static enum fl_status fail(struct fl_replay *r, enum fl_status status, const char *what)
{
    if (r->result.problem[0] == '\0')
        snprintf(r->result.problem, sizeof r->result.problem, "%s%s: day %u, event %lld (+%lld.%09lld s)", status == FL_EENGINE ? "the engine " : "", what,
                 r->day, (long long)r->event, (long long)(r->at / FL_SECOND), (long long)(r->at % FL_SECOND));
    return status;
}

static enum fl_status pass_on(struct fl_replay *r, enum fl_status status)
{
    return status == FL_EENGINE ? fail(r, status, r->channel->problem) : status;
}

/* ---- Lines ----------------------------------------------------------------------------------------- */

/* Scans a copy, as scanning changes a line; what is found lives until the next. */
static enum fl_status scan(struct fl_replay *r, const char *text, size_t length, struct fl_message *message)
{
    r->copy.length = 0;
    fl_lines_add_bytes(&r->copy, text, length);
    if (r->copy.full) return FL_EFULL;
    return fl_event_scan(r->copy.bytes, length, message) == FL_OK ? FL_OK : fail(r, FL_ESYNTAX, message->problem);
}

static int64_t integer_of(const struct fl_message *message, const char *key, int64_t otherwise)
{
    const struct fl_field *const field = fl_message_find(message, key);
    return field != NULL && field->kind == FL_FIELD_INTEGER ? field->integer : otherwise;
}

static bool is(const struct fl_message *message, const char *type)
{
    return fl_field_is(fl_message_find(message, "t"), type);
}

static bool is_event(const struct fl_message *message)
{
    return fl_message_find(message, "n") != NULL && fl_message_find(message, "at_ns") != NULL && !is(message, "error") && !is(message, "verdict");
}

static enum fl_status send_line(struct fl_replay *r, const char *text, size_t length)
{
    r->answer.length = 0;
    fl_lines_add_bytes(&r->answer, text, length);
    fl_lines_add_bytes(&r->answer, "\n", 1);
    if (r->answer.full) return FL_EFULL;
    return pass_on(r, r->channel->ops->send(r->channel, r->answer.bytes, r->answer.length, fl_clock_ns() + r->timeout_ns));
}

/* ---- Decisions -------------------------------------------------------------------------------------- */

static void copy_text(char to[64], const struct fl_field *field)
{
    size_t length = field != NULL && field->kind == FL_FIELD_TEXT ? field->text_length : 0;
    if (length > 63) length = 63;
    while (length > 0 && field->text_length > length && (field->text[length] & 0xC0) == 0x80) length--; /* not inside a character */
    if (length > 0) memcpy(to, field->text, length);
    to[length] = '\0';
}

static int64_t agent_of(const struct fl_replay *r, const struct fl_field *field)
{
    if (field == NULL) return -1;
    if (field->kind == FL_FIELD_INTEGER) return field->integer;
    for (uint32_t a = 0; field->kind == FL_FIELD_TEXT && a < r->agents_count; a++)
        if (r->agents[a].name != NULL && fl_field_is(field, r->agents[a].name)) return a;
    return -1;
}

static struct decision decision_of(const struct fl_replay *r, const struct fl_message *message)
{
    static const struct {
        const char *type;
        enum kind kind;
    } types[] = { { "ack", KIND_ACK }, { "assign", KIND_CHAT }, { "move", KIND_CHAT }, { "queue", KIND_CHAT }, { "reject", KIND_CHAT },
                  { "leave", KIND_CHAT }, { "bot", KIND_CHAT }, { "close", KIND_CHAT }, { "suspend", KIND_AGENT }, { "resume", KIND_AGENT },
                  { "wake", KIND_WAKE }, { "error", KIND_ERROR } };
    const struct fl_field *const type = fl_message_find(message, "t"), *const agent = fl_message_find(message, "agent");
    struct decision d = { .kind = KIND_OTHER, .chat = integer_of(message, "chat", 0), .agent = agent_of(r, agent) };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (fl_field_is(type, types[i].type)) d.kind = types[i].kind;
    const bool fit = type != NULL && type->kind == FL_FIELD_TEXT && type->text_length < sizeof d.type;
    snprintf(d.type, sizeof d.type, "%.*s", fit ? (int)type->text_length : 1, fit ? type->text : "?");
    d.number = integer_of(message, d.kind == KIND_ACK ? "n" : "at_ns", 0);
    d.hint = integer_of(message, "hint", 0);
    copy_text(d.text, d.kind == KIND_ERROR ? fl_message_find(message, "text") : d.agent < 0 ? agent : NULL);
    return d;
}

static bool is_same(const struct decision *a, const struct decision *b)
{
    return a->kind == b->kind && strcmp(a->type, b->type) == 0 && a->chat == b->chat && a->agent == b->agent && a->number == b->number &&
           a->hint == b->hint && strcmp(a->text, b->text) == 0;
}

static bool decides_nothing(const struct fl_replay *r, const struct decision *d)
{
    return !r->verdicts && strcmp(d->type, "queue") == 0;
}

static void add_agent(const struct fl_replay *r, struct fl_text *to, const struct decision *d)
{
    if (d->agent < 0) fl_text_add(to, "\"%s\"", d->text);
    else fl_text_add(to, "agent %lld", (long long)d->agent);
    if (d->agent >= 0 && d->agent < r->agents_count && r->agents[d->agent].name != NULL) fl_text_add(to, " (%s)", r->agents[d->agent].name);
}

/* Owned by the caller; NULL without memory. */
static char *in_words(const struct fl_replay *r, const struct decision *d)
{
    struct fl_text to = { 0 };
    const bool about = d->kind == KIND_CHAT;
    if (d->kind == KIND_NONE) fl_text_add(&to, "nothing");
    else if (d->kind == KIND_ACK) fl_text_add(&to, "nothing more: what is undecided waits");
    else if (d->kind == KIND_WAKE) fl_text_add(&to, "to be woken at +%.9g s, hint %lld", (double)d->number * 1e-9, (long long)d->hint);
    else if (d->kind == KIND_ERROR) fl_text_add(&to, "an error: %s", d->text);
    else fl_text_add(&to, "%s", d->type);
    if (about) fl_text_add(&to, " chat %lld", (long long)d->chat);
    if (d->kind == KIND_AGENT) fl_text_add(&to, " ");
    if (about && (strcmp(d->type, "assign") == 0 || strcmp(d->type, "move") == 0)) fl_text_add(&to, " to ");
    if (d->kind == KIND_AGENT || (about && (d->type[0] == 'a' || d->type[0] == 'm'))) add_agent(r, &to, d);
    if (to.full) fl_text_free(&to);
    return to.bytes;
}

/* ---- What the engine has been told ------------------------------------------------------------------ */

static void keep_line(char **to, const char *text, size_t length)
{
    free(*to);
    *to = strndup(text, length); /* without memory nothing is known of it, which costs the report a line */
}

static struct known_chat *chat_at(struct fl_replay *r, int64_t number)
{
    if (number < 1 || number >= CHATS_MAX) return NULL;
    if (number >= r->chats_room) {
        uint32_t room = r->chats_room == 0 ? 256 : r->chats_room;
        while (room <= number) room *= 2;
        struct known_chat *const chats = realloc(r->chats, room * sizeof *chats);
        if (chats == NULL) return NULL;
        memset(chats + r->chats_room, 0, (room - r->chats_room) * sizeof *chats);
        r->chats = chats;
        r->chats_room = room;
    }
    return &r->chats[number];
}

static void forget_chats(struct fl_replay *r)
{
    for (uint32_t c = 0; c < r->chats_room; c++) {
        r->result.differ += r->live && r->chats[c].recorded != r->chats[c].now;
        free(r->chats[c].line);
        r->chats[c] = (struct known_chat){ .line = NULL };
    }
}

/* false: no memory. */
static bool meet_agent(struct fl_replay *r, const struct fl_message *message)
{
    const int64_t index = integer_of(message, "agent", -1);
    const struct fl_field *const name = fl_message_find(message, "name");
    if (index != r->agents_count || name == NULL || name->kind != FL_FIELD_TEXT) return true; /* not one that could be: names stay unknown */
    struct known_agent *const agents = realloc(r->agents, ((size_t)r->agents_count + 1) * sizeof *agents);
    if (agents == NULL) return false;
    r->agents = agents;
    r->agents[r->agents_count++] = (struct known_agent){ .name = strndup(name->text, name->text_length) };
    return true;
}

static void learn(struct fl_replay *r, const struct fl_message *message, const char *text, size_t length)
{
    const int64_t number = integer_of(message, "chat", 0), agent = integer_of(message, "agent", -1);
    if (is_event(message)) {
        r->event = integer_of(message, "n", 0);
        r->at = integer_of(message, "at_ns", 0);
        r->result.events++;
    }
    if (is(message, "begin")) {
        forget_chats(r);
        r->day = (uint32_t)integer_of(message, "day", 0);
        r->end_event = 0;
        r->result.days++;
    }
    if (is(message, "end")) r->end_event = r->event;
    if (r->result.first.found && !r->live) return;
    if (agent >= 0 && agent < r->agents_count && fl_message_find(message, "open") != NULL) keep_line(&r->agents[agent].line, text, length);
    struct known_chat *const chat = number > 0 && is(message, "chat") ? chat_at(r, number) : NULL;
    if (chat == NULL) return;
    keep_line(&chat->line, text, length);
    chat->event = r->event;
    chat->at = r->at;
}

static void add_known_agent(const struct fl_replay *r, struct fl_text *to, int64_t agent)
{
    if (agent < 0 || agent >= r->agents_count) return;
    const struct known_agent *const her = &r->agents[agent];
    fl_text_add(to, "agent %lld (%s): %s\n", (long long)agent, her->name != NULL ? her->name : "?", her->line != NULL ? her->line : "offline, as nothing was said of her");
}

static void note_difference(struct fl_replay *r, const struct decision *recorded, const struct decision *now, const char *line, size_t length)
{
    struct fl_replay_difference *const first = &r->result.first;
    if (first->found) return;
    const int64_t chat = recorded->chat != 0 ? recorded->chat : now->chat;
    const struct known_chat *const known = chat > 0 && chat < r->chats_room ? &r->chats[chat] : NULL;
    struct fl_text knew = { 0 };
    *first = (struct fl_replay_difference){ .found = true, .day = r->day, .event = r->event, .at_ns = r->at, .chat = chat,
                                            .recorded = in_words(r, recorded), .now = in_words(r, now) };
    if (r->live && known != NULL && known->line != NULL) {
        first->event = known->event;
        first->at_ns = known->at;
        line = known->line;
        length = strlen(line);
    }
    if (length > 0) first->line = strndup(line, length);
    if (known != NULL && known->line != NULL)
        fl_text_add(&knew, "chat %lld, told at event %lld (+%.9g s): %s\n", (long long)chat, (long long)known->event, (double)known->at * 1e-9, known->line);
    add_known_agent(r, &knew, recorded->agent);
    if (now->agent != recorded->agent) add_known_agent(r, &knew, now->agent);
    first->knew = knew.bytes;
}

/* ---- Lockstep ---------------------------------------------------------------------------------------- */

/* The engine's next word, in its form. */
static enum fl_status hear(struct fl_replay *r, struct decision *d)
{
    struct fl_message message;
    char *line;
    size_t length;
    const enum fl_status status = r->channel->ops->line(r->channel, &line, &length, fl_clock_ns() + r->timeout_ns);
    if (status != FL_OK) return pass_on(r, status);
    if (fl_message_scan(line, length, &message) != FL_OK) return fail(r, FL_EENGINE, "sent a line that is no flat JSON object");
    *d = decision_of(r, &message);
    return FL_OK;
}

static enum fl_status tell_item(struct fl_replay *r, uint32_t i)
{
    struct fl_message message;
    const char *const text = r->frame.bytes + r->items[i].from;
    enum fl_status status = scan(r, text, r->items[i].length, &message);
    if (status != FL_OK) return status;
    learn(r, &message, text, r->items[i].length);
    if (is_event(&message)) {
        if (r->open_count == OPEN_EVENTS_MAX) return fail(r, FL_ESYNTAX, "too many events within each other");
        r->open[r->open_count++] = i;
    }
    return send_line(r, text, r->items[i].length);
}

static enum fl_status number_of_item(struct fl_replay *r, size_t i, int64_t *number)
{
    struct fl_message message;
    const enum fl_status status = scan(r, r->frame.bytes + r->items[i].from, r->items[i].length, &message);
    if (status == FL_OK) *number = integer_of(&message, "n", 0);
    return status;
}

/* The engine goes its own way until it has acked all it was told; `d` is what it has said last. Its decisions are taken as good. */
static enum fl_status let_go_on(struct fl_replay *r, struct decision *d)
{
    for (;;) {
        int64_t number = 0;
        enum fl_status status = number_of_item(r, r->open[r->open_count - 1], &number);
        if (status != FL_OK) return status;
        if (d->kind == KIND_ACK) {
            if (d->number != number) return fail(r, FL_EENGINE, "acks another event than the one it was told");
            if (--r->open_count == 0) return FL_OK;
        } else if (r->verdicts && d->kind != KIND_ERROR) {
            char verdict[96];
            const int length = snprintf(verdict, sizeof verdict, "{\"t\":\"verdict\",\"n\":%lld,\"ok\":true}", (long long)number);
            status = send_line(r, verdict, (size_t)length);
            if (status != FL_OK) return status;
        }
        status = hear(r, d);
        if (status != FL_OK) return status;
    }
}

/* What the recorded decisions led to at once is told all the same, when the engine has ended what it does otherwise. */
static enum fl_status play_rest(struct fl_replay *r, uint32_t from)
{
    for (uint32_t i = from; i < r->items_count; i++) {
        struct fl_message message;
        struct decision d;
        if (r->items[i].said) continue;
        enum fl_status status = scan(r, r->frame.bytes + r->items[i].from, r->items[i].length, &message);
        if (status != FL_OK) return status;
        if (is(&message, "verdict") || is(&message, "error")) continue;
        status = tell_item(r, i);
        if (status == FL_OK && r->open_count > 0) status = hear(r, &d);
        if (status == FL_OK && r->open_count > 0) status = let_go_on(r, &d);
        if (status != FL_OK) return status;
    }
    return FL_OK;
}

static enum fl_status differs(struct fl_replay *r, uint32_t i, const struct decision *recorded, struct decision *now)
{
    const struct item *const event = &r->items[r->open[r->open_count - 1]];
    note_difference(r, recorded, now, r->frame.bytes + event->from, event->length);
    r->result.differ++;
    for (uint32_t j = i + 1; j < r->items_count; j++) {
        struct fl_message message;
        if (r->items[j].said && scan(r, r->frame.bytes + r->items[j].from, r->items[j].length, &message) == FL_OK)
            r->result.decisions += !is(&message, "ack");
    }
    const enum fl_status status = let_go_on(r, now);
    return status == FL_OK ? play_rest(r, i + 1) : status;
}

static enum fl_status play_frame(struct fl_replay *r)
{
    for (uint32_t i = 0; i < r->items_count; i++) {
        if (!r->items[i].said) {
            const enum fl_status status = tell_item(r, i);
            if (status != FL_OK) return status;
            continue;
        }
        struct fl_message message;
        struct decision now;
        enum fl_status status = scan(r, r->frame.bytes + r->items[i].from, r->items[i].length, &message);
        if (status != FL_OK) return status;
        const struct decision recorded = decision_of(r, &message);
        r->result.decisions += recorded.kind != KIND_ACK;
        if (decides_nothing(r, &recorded)) continue;
        if (r->open_count == 0) return fail(r, FL_ESYNTAX, "the engine speaks while no event is to be answered");
        do status = hear(r, &now);
        while (status == FL_OK && decides_nothing(r, &now));
        if (status != FL_OK) return status;
        if (!is_same(&recorded, &now)) return differs(r, i, &recorded, &now);
        if (now.kind == KIND_ACK) r->open_count--;
    }
    return FL_OK;
}

static enum fl_status end_frame(struct fl_replay *r)
{
    const enum fl_status status = play_frame(r);
    r->items_count = 0;
    r->frame.length = 0;
    r->framed = false;
    r->open_count = 0;
    return status;
}

static enum fl_status add_item(struct fl_replay *r, const char *text, size_t length, bool said)
{
    if (r->items_count == r->items_room) {
        const uint32_t room = r->items_room == 0 ? 64 : 2 * r->items_room;
        struct item *const items = realloc(r->items, room * sizeof *items);
        if (items == NULL) return FL_EFULL;
        r->items = items;
        r->items_room = room;
    }
    r->items[r->items_count++] = (struct item){ r->frame.length, length, said };
    fl_lines_add_bytes(&r->frame, text, length);
    if (r->frame.full) return FL_EFULL;
    return r->frame.length <= FRAME_BYTES_MAX ? FL_OK : fail(r, FL_ESYNTAX, "an event without its ack");
}

/* ---- Real time --------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t print, const struct decision *d)
{
    uint64_t next = print * UINT64_C(6364136223846793005) + (uint64_t)d->agent * UINT64_C(1442695040888963407) + (unsigned char)d->type[0] + 1;
    return next ^ next >> 29;
}

static void count_live(struct fl_replay *r, const struct decision *d, bool recorded)
{
    struct known_chat *const chat = d->kind == KIND_CHAT && strcmp(d->type, "queue") != 0 ? chat_at(r, d->chat) : NULL;
    if (chat == NULL) return;
    uint64_t *const print = recorded ? &chat->recorded : &chat->now;
    *print = mix(*print, d);
}

static bool counts_live(const struct fl_replay *r, const struct decision *d)
{
    return d->kind != KIND_ACK && !decides_nothing(r, d);
}

/* The engine's next word, or KIND_NONE when it says none for so long. */
static enum fl_status hear_live(struct fl_replay *r, int64_t deadline_ns, struct decision *d)
{
    struct fl_message message;
    char *line;
    size_t length;
    bool late = false;
    *d = (struct decision){ .kind = KIND_NONE, .agent = -1 };
    for (;;) {
        enum fl_status status = r->channel->ops->next(r->channel, &line, &length);
        if (status != FL_OK) return pass_on(r, status);
        if (line != NULL) break;
        if (late) return FL_OK;
        status = fl_waiter_turn(&r->waiter, deadline_ns, &late);
        if (status != FL_OK) return status;
    }
    if (fl_message_scan(line, length, &message) != FL_OK) return fail(r, FL_EENGINE, "sent a line that is no flat JSON object");
    *d = decision_of(r, &message);
    return FL_OK;
}

/* All it says until it acks the day's end. */
static enum fl_status hear_day_out(struct fl_replay *r)
{
    struct decision d;
    do {
        const enum fl_status status = hear_live(r, fl_clock_ns() + r->timeout_ns, &d);
        if (status != FL_OK) return status;
        if (d.kind == KIND_NONE) return fail(r, FL_EENGINE, "does not ack the end of the day");
        count_live(r, &d, false);
        if (counts_live(r, &d)) note_difference(r, &(struct decision){ .kind = KIND_NONE, .agent = -1 }, &d, NULL, 0);
    } while (d.kind != KIND_ACK || d.number != r->end_event);
    forget_chats(r);
    return FL_OK;
}

static enum fl_status said_live(struct fl_replay *r, const struct fl_message *message)
{
    struct decision now;
    const struct decision recorded = decision_of(r, message);
    count_live(r, &recorded, true);
    r->result.decisions += recorded.kind != KIND_ACK;
    if (recorded.kind == KIND_ACK && r->end_event != 0 && recorded.number == r->end_event) return hear_day_out(r);
    if (!counts_live(r, &recorded)) return FL_OK;
    const int64_t deadline_ns = fl_clock_ns() + (r->result.first.found ? SILENCE_AFTER_NS : SILENCE_NS);
    do {
        const enum fl_status status = hear_live(r, deadline_ns, &now);
        if (status != FL_OK) return status;
        count_live(r, &now, false);
    } while (now.kind != KIND_NONE && !counts_live(r, &now));
    if (!is_same(&recorded, &now)) note_difference(r, &recorded, &now, NULL, 0);
    return FL_OK;
}

/* ---- Both -------------------------------------------------------------------------------------------- */

static void take_name(char to[FL_PROTOCOL_NAME_MAX + 1], const struct fl_message *message)
{
    const struct fl_field *const name = fl_message_find(message, "engine");
    const bool fit = name != NULL && name->kind == FL_FIELD_TEXT && name->text_length <= FL_PROTOCOL_NAME_MAX;
    snprintf(to, FL_PROTOCOL_NAME_MAX + 1, "%.*s", fit ? (int)name->text_length : 0, fit ? name->text : "");
}

static enum fl_status greet(struct fl_replay *r, const char *text, size_t length)
{
    struct fl_message message;
    char *line;
    size_t heard;
    enum fl_status status = send_line(r, text, length);
    if (status == FL_OK) status = pass_on(r, r->channel->ops->line(r->channel, &line, &heard, fl_clock_ns() + r->timeout_ns));
    if (status != FL_OK) return status;
    if (fl_message_scan(line, heard, &message) != FL_OK || !is(&message, "hello")) return fail(r, FL_EENGINE, "did not say hello first");
    if (integer_of(&message, "proto", 0) != FL_PROTOCOL_VERSION) return fail(r, FL_EENGINE, "speaks another version of the protocol");
    take_name(r->result.engine, &message);
    copy_text(r->wants, fl_message_find(&message, "wants"));
    return FL_OK;
}

/* Words apart by blanks, in any order, as bits of their place in the list. */
static unsigned wants_bits(const char *wants)
{
    static const char *const words[] = { "message", "reply", "load", "scenario", "verdict" };
    unsigned bits = 0;
    for (unsigned i = 0; i < 5; i++)
        if (strstr(wants, words[i]) != NULL) bits |= 1u << i;
    return bits;
}

static enum fl_status hear_recorded_hello(struct fl_replay *r, const struct fl_message *message)
{
    char wants[64], what[256];
    take_name(r->result.recorded_engine, message);
    copy_text(wants, fl_message_find(message, "wants"));
    r->verdicts = strstr(wants, "verdict") != NULL;
    if (wants_bits(wants) == wants_bits(r->wants)) return FL_OK;
    snprintf(what, sizeof what, "wants to be told \"%s\", the recorded one \"%s\": what it would hear is not in the transcript", r->wants, wants);
    return fail(r, FL_EENGINE, what);
}

static enum fl_status told(struct fl_replay *r, const char *text, size_t length)
{
    struct fl_message message;
    enum fl_status status = scan(r, text, length, &message);
    if (status != FL_OK) return status;
    if (is(&message, "hello")) {
        if (r->greeted) return fail(r, FL_ESYNTAX, "the link was made anew here, which a replay cannot do");
        r->greeted = true;
        r->result.start_s = integer_of(&message, "start_s", 0);
        return greet(r, text, length);
    }
    if (is(&message, "member") && !meet_agent(r, &message)) return FL_EFULL;
    const bool at_once = is(&message, "member") || is(&message, "group") || is(&message, "scenario");
    if (r->live && !at_once) learn(r, &message, text, length);
    if (r->live || at_once) return send_line(r, text, length);
    if (is_event(&message) && !r->framed) {
        r->framed = true;
        r->frame_event = integer_of(&message, "n", 0);
    }
    return add_item(r, text, length, false);
}

static enum fl_status said(struct fl_replay *r, const char *text, size_t length)
{
    struct fl_message message;
    enum fl_status status = scan(r, text, length, &message);
    if (status != FL_OK) return status;
    if (is(&message, "hello")) return hear_recorded_hello(r, &message);
    if (r->live) return said_live(r, &message);
    const bool ends = r->framed && is(&message, "ack") && integer_of(&message, "n", 0) == r->frame_event;
    if (!r->framed) return fail(r, FL_ESYNTAX, "the recorded engine speaks while no event is to be answered");
    status = add_item(r, text, length, true);
    return status == FL_OK && ends ? end_frame(r) : status;
}

enum fl_status fl_replay_line(struct fl_replay *r, const struct fl_transcript_line *line)
{
    if (line->kind == FL_TRANSCRIPT_TO) return told(r, line->text, line->length);
    if (line->kind == FL_TRANSCRIPT_FROM) return said(r, line->text, line->length);
    const bool harms = line->kind == FL_TRANSCRIPT_FAULT && line->act != FL_ACT_BEGAN && line->act != FL_ACT_ENDED;
    if (harms) return fail(r, FL_ESYNTAX, "a fault of the link was played here, and what it lost, doubled or garbled cannot be played again");
    return FL_OK; /* what the recorded engine broke off with ends its worker */
}

const struct fl_replay_result *fl_replay_result(const struct fl_replay *replay)
{
    return &replay->result;
}

enum fl_status fl_replay_open(struct fl_channel *channel, bool live, int64_t timeout_ns, const atomic_bool *stop, struct fl_replay **replay)
{
    struct fl_replay *const r = calloc(1, sizeof *r);
    if (r == NULL) return FL_EFULL;
    r->channel = channel;
    r->live = live;
    r->timeout_ns = timeout_ns;
    fl_waiter_open(&r->waiter, channel->loop, stop);
    *replay = r;
    return FL_OK;
}

void fl_replay_free(struct fl_replay *r)
{
    if (r == NULL) return;
    fl_handle_close((uv_handle_t *)&r->waiter.timer, &r->waiter_open);
    fl_loop_settle(r->channel->loop, &r->waiter_open);
    forget_chats(r);
    free(r->chats);
    for (uint32_t a = 0; a < r->agents_count; a++) {
        free(r->agents[a].name);
        free(r->agents[a].line);
    }
    free(r->agents);
    free(r->items);
    free(r->result.first.line);
    free(r->result.first.recorded);
    free(r->result.first.now);
    free(r->result.first.knew);
    fl_lines_free(&r->frame);
    fl_lines_free(&r->copy);
    fl_lines_free(&r->answer);
    free(r);
}
