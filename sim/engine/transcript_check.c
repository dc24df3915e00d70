/* One small machine for each worker: what may come next depends on who has spoken last, on the events that wait for their acks (more
 * than one with verdicts), and on whose each chat is. A fault never stops the machine; it takes the line as said and goes on, so that
 * one mistake is one fault and not one for every line behind it. */
#include "engine/transcript_check.h"

#include "engine/ledger.h"
#include "engine/tell.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPEN_EVENTS_MAX 257u             /* that wait for their acks within each other: 256, and the outermost */
#define CROSSING_NS INT64_C(1000000000)  /* as outside_realtime.c */
#define UNTOLD_MAX 65536                 /* chats whose first telling left for a link that was not there any more: chosen, beyond what waits */

enum stage { STAGE_NEW, STAGE_GREETED, STAGE_DESK, STAGE_DAY, STAGE_OVER };
enum wants { WANTS_MESSAGE = 1, WANTS_REPLY = 2, WANTS_LOAD = 4, WANTS_SCENARIO = 8, WANTS_VERDICT = 16 };
enum whose { NOBODYS, ENGINES, AGENTS };

struct chat {
    uint8_t whose, before; /* enum whose; before: the last decision on it, which may turn out to have been refused */
    int64_t changed_ns;  /* when it was last told to be another's */
    bool hurt;           /* by a fault of the link: the two sides do not know the same of it */
};

struct worker {
    uint8_t stage;           /* enum stage */
    unsigned wants;          /* enum wants */
    bool gone, owes_verdict; /* a decision is to be answered by a verdict */
    bool said;               /* what is wrong with the last decision has been said */
    bool anew;               /* in real time: the link was made anew, and all is told once more */
    bool renewed;            /* that has been so today */
    bool hit;                /* the engine's next line is not what it said, or is said twice, by a fault of the link */
    bool silenced;           /* a fault of the link was done to the ack that was waited for */
    unsigned faults_on;      /* bit of enum fl_fault */
    int64_t troubled_from, troubled_until; /* by faults of the link, the last or present stretch; until: INT64_MAX while it goes on */
    int64_t ns;              /* of the last line */
    int64_t agents, groups, members, groups_told;
    int64_t event, at;       /* the last one of the day */
    int64_t open[OPEN_EVENTS_MAX]; /* events that wait for an ack; the last is the innermost */
    uint32_t open_count;
    struct chat *chats;      /* [chats_room] by number */
    uint32_t chats_count, chats_room;
};

struct fl_transcript_check {
    fl_transcript_fault *on_fault;
    void *context;
    struct fl_transcript_counts counts;
    struct worker *workers[FL_TRANSCRIPT_WORKERS_MAX];
    uint64_t wire_lines;
    bool ended, full;
    bool excused; /* what is wrong now is the doing of a fault of the link */
};

static void fault(struct fl_transcript_check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void fault(struct fl_transcript_check *check, const char *format, ...)
{
    char text[320];
    va_list arguments;
    if (check->excused) {
        check->counts.excused++;
        return;
    }
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    check->counts.faults++;
    check->on_fault(check->context, check->counts.lines, text);
}

/* ---- Members ------------------------------------------------------------------------------------- */

static bool is_integer(const struct fl_message *message, const char *key, int64_t least, int64_t most, int64_t *value)
{
    const struct fl_field *const field = fl_message_find(message, key);
    if (field == NULL || field->kind != FL_FIELD_INTEGER || field->integer < least || field->integer > most) return false;
    *value = field->integer;
    return true;
}

static bool want_integer(struct fl_transcript_check *check, const struct fl_message *message, const char *type, const char *key, int64_t least,
                         int64_t most, int64_t *value)
{
    if (is_integer(message, key, least, most, value)) return true;
    if (most == INT64_MAX) fault(check, "%s: wanted \"%s\" as a whole number from %lld on", type, key, (long long)least);
    else fault(check, "%s: wanted \"%s\" as a whole number from %lld to %lld", type, key, (long long)least, (long long)most);
    return false;
}

static void want_word(struct fl_transcript_check *check, const struct fl_message *message, const char *type, const char *key,
                      const char *const *words, uint32_t count)
{
    if (fl_word_index(words, count, fl_message_find(message, key)) == count) fault(check, "%s: \"%s\" is none of the words it may be", type, key);
}

static bool want_text(struct fl_transcript_check *check, const struct fl_message *message, const char *type, const char *key)
{
    const struct fl_field *const field = fl_message_find(message, key);
    if (field != NULL && field->kind == FL_FIELD_TEXT) return true;
    fault(check, "%s: wanted \"%s\" as a text", type, key);
    return false;
}

static const char *type_of(const struct fl_message *message, char to[24])
{
    const struct fl_field *const type = fl_message_find(message, "t");
    const bool fit = type != NULL && type->kind == FL_FIELD_TEXT && type->text_length < 24;
    snprintf(to, 24, "%.*s", fit ? (int)type->text_length : 0, fit ? type->text : "");
    return to;
}

/* ---- Chats ---------------------------------------------------------------------------------------- */

/* Numbers are given in turn, so a new one is the next; but for a link that was made anew they come in any order, and some never, as
 * their buyers had left by then. NULL: none such, which has been said, or no memory. */
static struct chat *chat_told(struct fl_transcript_check *check, struct worker *w, int64_t number)
{
    if (number > (int64_t)w->chats_count + 1 + (w->renewed ? UNTOLD_MAX : 0)) {
        fault(check, "chat: number %lld, and %u is the last before it", (long long)number, w->chats_count);
        return NULL;
    }
    if ((uint32_t)number + 1 > w->chats_room) {
        uint32_t room = w->chats_room == 0 ? 256 : 2 * w->chats_room;
        while (room < (uint32_t)number + 1) room *= 2;
        struct chat *const chats = realloc(w->chats, room * sizeof *chats);
        if (chats == NULL) {
            check->full = true;
            return NULL;
        }
        w->chats = chats;
        w->chats_room = room;
    }
    while (number > (int64_t)w->chats_count) w->chats[++w->chats_count] = (struct chat){ .whose = NOBODYS };
    return &w->chats[number];
}

static struct chat *chat_known(const struct worker *w, int64_t number)
{
    return number >= 1 && number <= w->chats_count ? &w->chats[number] : NULL;
}

static void give(struct worker *w, struct chat *chat, enum whose whose)
{
    chat->before = chat->whose;
    chat->whose = (uint8_t)whose;
    chat->changed_ns = w->ns;
}

/* ---- To the engine -------------------------------------------------------------------------------- */

static void harness_hello(struct fl_transcript_check *check, struct worker *w, const struct fl_message *message)
{
    int64_t version;
    const bool anew = w->stage != STAGE_NEW && check->counts.live;
    if (w->stage != STAGE_NEW && !anew) fault(check, "hello: said before");
    if (want_integer(check, message, "hello", "proto", 1, INT64_MAX, &version) && version != FL_PROTOCOL_VERSION)
        fault(check, "hello: version %lld of the protocol; wanted %d", (long long)version, FL_PROTOCOL_VERSION);
    if (!fl_field_is(fl_message_find(message, "mode"), check->counts.live ? "realtime" : "lockstep"))
        fault(check, "hello: wanted the mode of the transcript's first line, %s", check->counts.live ? "realtime" : "lockstep");
    want_text(check, message, "hello", "seed");
    (void)want_integer(check, message, "hello", "agents", 0, UINT32_MAX, &w->agents);
    (void)want_integer(check, message, "hello", "groups", 0, UINT32_MAX, &w->groups);
    w->anew |= anew && w->stage == STAGE_DAY;
    w->stage = anew ? STAGE_DESK : STAGE_GREETED; /* nothing is waited for then */
    w->members = w->groups_told = 0;
}

static void harness_desk(struct fl_transcript_check *check, struct worker *w, const struct fl_message *message, bool member)
{
    const char *const type = member ? "member" : "group";
    int64_t *const told = member ? &w->members : &w->groups_told, of = member ? w->agents : w->groups;
    int64_t index;
    if (w->stage != STAGE_DESK) fault(check, "%s: its place is between the engine's hello and the first day", type);
    if (want_integer(check, message, type, member ? "agent" : "group", 0, of - 1, &index) && index != *told)
        fault(check, "%s: number %lld, and %lld was next", type, (long long)index, (long long)*told);
    (*told)++;
    (void)want_text(check, message, type, "name");
}

static void harness_event(struct fl_transcript_check *check, struct worker *w, const struct fl_message *message, const char *type)
{
    int64_t number = w->event + 1, at = w->at;
    const bool begins = strcmp(type, "begin") == 0;
    if (w->stage < STAGE_DESK) fault(check, "%s: before the engine's hello", type);
    if (begins) {
        if (w->stage == STAGE_DESK && (w->members != w->agents || w->groups_told != w->groups))
            fault(check, "begin: hello promised %lld agents and %lld groups, told were %lld and %lld", (long long)w->agents, (long long)w->groups,
                  (long long)w->members, (long long)w->groups_told);
        const bool once_more = w->anew && w->event == 1 && is_integer(message, "n", 1, 1, &at); /* the first time nobody may have heard it */
        at = w->at;
        if (once_more) number = 1;
        else if (!w->anew) {
            w->event = 0;
            w->at = at = 0;
            w->chats_count = 0;
            number = 1;
            check->counts.days++;
        }
        w->renewed = w->anew; /* in the middle of the day: numbers go on */
        w->anew = false;
        w->stage = STAGE_DAY;
    } else if (w->stage != STAGE_DAY) {
        fault(check, "%s: outside of a day", type);
    }
    const int64_t expected = number;
    if (want_integer(check, message, type, "n", 1, INT64_MAX, &number) && number != expected)
        fault(check, "%s: event %lld, and %lld was next", type, (long long)number, (long long)expected);
    if (want_integer(check, message, type, "at_ns", 0, INT64_MAX, &at) && at < w->at) fault(check, "%s: time runs backwards", type);
    w->event = number;
    w->at = at;
    check->counts.events++;
    if (check->counts.live && !begins && strcmp(type, "end") != 0) return;
    w->silenced = false;
    const bool within = w->open_count > 0 && w->wants & WANTS_VERDICT && w->owes_verdict;
    if (w->open_count > 0 && !within) {
        if (!check->counts.live) fault(check, "%s: event %lld waits for its ack still", type, (long long)w->open[w->open_count - 1]);
        w->open_count = 0;
    }
    if (w->open_count == OPEN_EVENTS_MAX) fault(check, "%s: more than 256 events within each other", type);
    else w->open[w->open_count++] = number;
    w->owes_verdict = false;
}

static void harness_chat(struct fl_transcript_check *check, struct worker *w, const struct fl_message *message)
{
    int64_t number, ignored;
    check->counts.chats++;
    want_word(check, message, "chat", "why", fl_why_words, 6);
    (void)want_integer(check, message, "chat", "group", 0, w->groups - 1, &ignored);
    (void)want_integer(check, message, "chat", "opened_at_ns", INT64_MIN, INT64_MAX, &ignored);
    (void)want_text(check, message, "chat", "intent");
    (void)want_text(check, message, "chat", "buyer");
    if (!want_integer(check, message, "chat", "chat", 1, UINT32_MAX / 4, &number)) return;
    struct chat *const chat = chat_told(check, w, number);
    if (chat == NULL) return;
    give(w, chat, ENGINES);
    chat->hurt = false;
}

static void harness_closed(struct fl_transcript_check *check, struct worker *w, const struct fl_message *message)
{
    int64_t number, ignored;
    want_word(check, message, "closed", "why", fl_close_words, 6);
    if (fl_message_find(message, "agent") != NULL) (void)want_integer(check, message, "closed", "agent", 0, w->agents - 1, &ignored);
    if (!want_integer(check, message, "closed", "chat", 0, UINT32_MAX / 4, &number)) return;
    struct chat *const chat = chat_known(w, number);
    if (chat != NULL) give(w, chat, NOBODYS);
    else if (number != 0) fault(check, "closed: chat %lld was not told of", (long long)number);
}

static void harness_talk(struct fl_transcript_check *check, struct worker *w, const struct fl_message *message, bool buyer)
{
    const char *const type = buyer ? "message" : "reply";
    int64_t ignored;
    if ((w->wants & (buyer ? WANTS_MESSAGE : WANTS_REPLY)) == 0) fault(check, "%s: the engine did not want it", type);
    (void)want_integer(check, message, type, "chat", 0, UINT32_MAX / 4, &ignored);
    (void)want_integer(check, message, type, "agent", 0, w->agents - 1, &ignored);
}

/* Refused for what stands in no transcript, an agent who is offline, say: the chat is whose it was. */
static void take_back(struct worker *w, const struct fl_message *message, enum fl_breach rule)
{
    int64_t number;
    struct chat *const chat = is_integer(message, "chat", 1, UINT32_MAX, &number) ? chat_known(w, number) : NULL;
    const bool undone = rule == FL_BREACH_AGENT_OFFLINE || rule == FL_BREACH_UNKNOWN_AGENT || rule == FL_BREACH_NO_BOT || rule == FL_BREACH_NOT_TO_CLOSE;
    if (chat != NULL && undone) chat->whose = chat->before;
}

static void harness_error(struct fl_transcript_check *check, struct worker *w, const struct fl_message *message)
{
    const struct fl_field *const rule = fl_message_find(message, "rule");
    int i = 0;
    int64_t ignored;
    check->counts.refusals++;
    while (i < FL_BREACHES_COUNT && !fl_field_is(rule, fl_breach_name((enum fl_breach)i))) i++;
    if (i == FL_BREACHES_COUNT) fault(check, "error: \"rule\" is none of the rules");
    else if (!w->said && fl_message_find(message, "crossed") == NULL) fault(check, "the harness refused a decision: %s", fl_breach_sentence((enum fl_breach)i));
    w->said = false;
    take_back(w, message, (enum fl_breach)i);
    (void)want_integer(check, message, "error", "n", 0, w->event, &ignored);
    (void)want_text(check, message, "error", "text");
}

static void harness_verdict(struct fl_transcript_check *check, struct worker *w, const struct fl_message *message)
{
    int64_t number;
    if (!w->owes_verdict) fault(check, "verdict: on no decision");
    w->owes_verdict = false;
    if (want_integer(check, message, "verdict", "n", 0, INT64_MAX, &number) && w->open_count > 0 && number != w->open[w->open_count - 1])
        fault(check, "verdict: of event %lld, wanted %lld", (long long)number, (long long)w->open[w->open_count - 1]);
}

static void harness_agent(struct fl_transcript_check *check, struct worker *w, const struct fl_message *message)
{
    int64_t ignored;
    (void)want_integer(check, message, "agent", "agent", 0, w->agents - 1, &ignored);
    (void)want_integer(check, message, "agent", "open", 0, UINT32_MAX, &ignored);
    want_word(check, message, "agent", "state", fl_state_words, 5);
    want_word(check, message, "agent", "before", fl_state_words, 5);
}

/* One that is not known may be of a later harness: passed over. */
static void check_to(struct fl_transcript_check *check, struct worker *w, const struct fl_message *message)
{
    static const char *const events[] = { "begin", "agent", "chat", "closed", "message", "reply", "wake", "end" };
    char type[24];
    int64_t ignored;
    type_of(message, type);
    if (type[0] == '\0') fault(check, "a line without \"t\", its type");
    if (w->stage == STAGE_NEW && strcmp(type, "hello") != 0) fault(check, "%s: before hello", type);
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (strcmp(type, events[i]) == 0) harness_event(check, w, message, type);
    if (strcmp(type, "hello") == 0) harness_hello(check, w, message);
    else if (strcmp(type, "member") == 0) harness_desk(check, w, message, true);
    else if (strcmp(type, "group") == 0) harness_desk(check, w, message, false);
    else if (strcmp(type, "chat") == 0) harness_chat(check, w, message);
    else if (strcmp(type, "closed") == 0) harness_closed(check, w, message);
    else if (strcmp(type, "message") == 0) harness_talk(check, w, message, true);
    else if (strcmp(type, "reply") == 0) harness_talk(check, w, message, false);
    else if (strcmp(type, "agent") == 0) harness_agent(check, w, message);
    else if (strcmp(type, "wake") == 0) (void)want_integer(check, message, "wake", "hint", 0, UINT32_MAX, &ignored);
    else if (strcmp(type, "error") == 0) harness_error(check, w, message);
    else if (strcmp(type, "verdict") == 0) harness_verdict(check, w, message);
    else if (strcmp(type, "load") == 0) (void)want_integer(check, message, "load", "agent", 0, w->agents - 1, &ignored);
    else if (strcmp(type, "scenario") == 0) (void)want_text(check, message, "scenario", "text");
    if (strcmp(type, "end") == 0) w->stage = STAGE_OVER;
}

/* ---- From the engine ------------------------------------------------------------------------------- */

static unsigned wants_of(struct fl_transcript_check *check, const struct fl_field *field)
{
    static const char *const words[] = { "message", "reply", "load", "scenario", "verdict" };
    unsigned wants = 0;
    if (field != NULL && field->kind != FL_FIELD_TEXT) fault(check, "hello: wanted \"wants\" as a text");
    if (field == NULL || field->kind != FL_FIELD_TEXT) return 0;
    for (const char *at = field->text, *const end = at + field->text_length; at < end;) {
        const char *const blank = memchr(at, ' ', (size_t)(end - at)), *const to = blank != NULL ? blank : end;
        uint32_t i = 0;
        while (i < 5 && (strlen(words[i]) != (size_t)(to - at) || memcmp(words[i], at, (size_t)(to - at)) != 0)) i++;
        if (i < 5) wants |= 1u << i;
        else if (to > at) fault(check, "hello: the engine wants something else than message, reply, load, scenario, verdict");
        at = to + (to < end);
    }
    return wants;
}

static void engine_hello(struct fl_transcript_check *check, struct worker *w, const struct fl_message *message)
{
    const struct fl_field *const name = fl_message_find(message, "engine");
    int64_t version;
    if (w->stage != STAGE_GREETED && !check->counts.live) fault(check, "hello: not in answer to the harness's");
    else if (w->stage == STAGE_GREETED) w->stage = STAGE_DESK;
    if (want_integer(check, message, "hello", "proto", 1, INT64_MAX, &version) && version != FL_PROTOCOL_VERSION)
        fault(check, "hello: the engine speaks version %lld of the protocol; wanted %d", (long long)version, FL_PROTOCOL_VERSION);
    if (name == NULL || name->kind != FL_FIELD_TEXT || name->text_length == 0 || name->text_length > FL_PROTOCOL_NAME_MAX)
        fault(check, "hello: wanted \"engine\", a name of 1 to %u bytes", FL_PROTOCOL_NAME_MAX);
    else if (check->counts.engine[0] == '\0')
        snprintf(check->counts.engine, sizeof check->counts.engine, "%.*s", (int)name->text_length, name->text);
    w->wants = wants_of(check, fl_message_find(message, "wants"));
    if (check->counts.live && w->wants & WANTS_VERDICT) fault(check, "hello: verdicts are wanted, which there are in lockstep alone");
}

static void engine_ack(struct fl_transcript_check *check, struct worker *w, const struct fl_message *message)
{
    int64_t number;
    if (!want_integer(check, message, "ack", "n", 1, INT64_MAX, &number)) return;
    if (check->counts.live) {
        if (number > w->event) fault(check, "ack: of event %lld, and %lld is the last that has been", (long long)number, (long long)w->event);
        if (w->open_count > 0 && number == w->open[0]) w->open_count = 0;
        return;
    }
    w->said = w->open_count == 0 || number != w->open[w->open_count - 1];
    if (w->open_count == 0) fault(check, "ack: no event waits for one");
    else if (w->said) fault(check, "ack: of event %lld, wanted %lld", (long long)number, (long long)w->open[w->open_count - 1]);
    else {
        w->open_count--;
        w->owes_verdict = w->open_count > 0; /* of the decision that this event followed from */
    }
}

/* A chat that was not the engine's. In real time it may have ceased to be while the decision was on its way. */
static bool is_crossed(const struct fl_transcript_check *check, const struct worker *w, const struct chat *chat)
{
    return check->counts.live && chat != NULL && w->ns - chat->changed_ns <= CROSSING_NS;
}

/* A fault of the link is the reason: what was said of the chat did not arrive, or was on its way for as long as the fault lasted. */
static bool is_excused(const struct worker *w, const struct chat *chat)
{
    const bool held_up = w->ns <= w->troubled_until && chat != NULL && chat->changed_ns >= w->troubled_from - CROSSING_NS;
    return chat != NULL && (chat->hurt || held_up);
}

/* `reach`: it may name a chat that an agent has. A chat that is left may come to the proxy account, who has it then without a word. */
static void engine_chat(struct fl_transcript_check *check, struct worker *w, const struct fl_message *message, const char *type, bool names_agent,
                        bool reach, enum whose then)
{
    const struct fl_field *const agent = fl_message_find(message, "agent");
    int64_t number;
    if (!want_integer(check, message, type, "chat", 1, UINT32_MAX, &number)) return;
    if (names_agent && (agent == NULL || (agent->kind != FL_FIELD_INTEGER && agent->kind != FL_FIELD_TEXT)))
        fault(check, "%s: wanted \"agent\" as an index or a name", type);
    else if (names_agent && agent->kind == FL_FIELD_INTEGER && (agent->integer < 0 || agent->integer >= w->agents))
        fault(check, "%s: agent %lld, and there are %lld", type, (long long)agent->integer, (long long)w->agents);
    struct chat *const chat = chat_known(w, number);
    const bool may = chat != NULL && (chat->whose == ENGINES || (chat->whose == AGENTS && reach));
    if (!may && !is_crossed(check, w, chat)) {
        const bool excused = check->excused;
        check->excused |= is_excused(w, chat);
        fault(check, "%s: chat %lld is not the engine's to decide", type, (long long)number);
        check->excused = excused;
    }
    if (chat != NULL && check->excused) chat->hurt = true; /* the harness has heard what the engine has not said */
    if (may) give(w, chat, then);
}

static void engine_decides(struct fl_transcript_check *check, struct worker *w, const struct fl_message *message, const char *type)
{
    const struct fl_field *const agent = fl_message_find(message, "agent");
    const uint64_t faults = check->counts.faults + check->counts.excused;
    int64_t value;
    check->counts.decisions++;
    if (!check->counts.live && w->open_count == 0) fault(check, "%s: while no event was to be answered", type);
    if (w->owes_verdict) fault(check, "%s: before the verdict on the decision before", type);
    if (w->stage != STAGE_DAY && !check->counts.live) fault(check, "%s: outside of a day", type);
    if (strcmp(type, "assign") == 0) engine_chat(check, w, message, type, true, false, AGENTS);
    else if (strcmp(type, "move") == 0) engine_chat(check, w, message, type, true, true, AGENTS);
    else if (strcmp(type, "queue") == 0) engine_chat(check, w, message, type, false, false, ENGINES);
    else if (strcmp(type, "reject") == 0 || strcmp(type, "bot") == 0 || strcmp(type, "leave") == 0)
        engine_chat(check, w, message, type, false, false, type[0] == 'l' ? AGENTS : NOBODYS);
    else if (strcmp(type, "close") == 0) engine_chat(check, w, message, type, false, true, NOBODYS);
    else if (strcmp(type, "wake") == 0) {
        if (want_integer(check, message, type, "at_ns", INT64_MIN, INT64_MAX, &value) && value < w->at && !check->counts.live)
            fault(check, "wake: for an instant that has passed");
    } else if (agent == NULL || (agent->kind != FL_FIELD_INTEGER && agent->kind != FL_FIELD_TEXT)) {
        fault(check, "%s: wanted \"agent\" as an index or a name", type);
    }
    w->owes_verdict = (w->wants & WANTS_VERDICT) != 0;
    w->said = check->counts.faults + check->counts.excused > faults;
}

static void check_from(struct fl_transcript_check *check, struct worker *w, const struct fl_message *message)
{
    static const char *const decisions[] = { "assign", "move", "queue", "reject", "leave", "bot", "close", "suspend", "resume", "wake" };
    char type[24];
    type_of(message, type);
    if (w->stage == STAGE_NEW) fault(check, "the engine speaks before the harness's hello");
    if (w->stage == STAGE_GREETED && strcmp(type, "hello") != 0) fault(check, "the engine did not say hello first");
    for (size_t i = 0; i < sizeof decisions / sizeof *decisions; i++) {
        if (strcmp(type, decisions[i]) != 0) continue;
        engine_decides(check, w, message, type);
        return;
    }
    if (strcmp(type, "hello") == 0) engine_hello(check, w, message);
    else if (strcmp(type, "ack") == 0) engine_ack(check, w, message);
    else if (strcmp(type, "error") == 0) (void)want_text(check, message, type, "text");
    else {
        fault(check, "a message from the engine of a type that does not exist: \"%s\"", type);
        w->said = true;
        w->owes_verdict = (w->wants & WANTS_VERDICT) != 0;
    }
}

/* ---- Lines ------------------------------------------------------------------------------------------ */

static struct worker *worker_at(struct fl_transcript_check *check, uint32_t number)
{
    struct worker **const at = &check->workers[number];
    if (*at == NULL && (*at = calloc(1, sizeof **at)) != NULL) {
        (*at)->troubled_until = INT64_MIN;
        check->counts.workers++;
    }
    check->full |= *at == NULL;
    return *at;
}

static void check_said(struct fl_transcript_check *check, struct worker *w, char *text, size_t length)
{
    struct fl_message message;
    if (length >= FL_PROTOCOL_LINE_MAX) fault(check, "from the engine: a line of more than %u bytes", FL_PROTOCOL_LINE_MAX);
    if (fl_message_scan(text, length, &message) == FL_OK) check_from(check, w, &message);
    else fault(check, "from the engine: %s", message.problem);
}

/* ---- Faults of the link ----------------------------------------------------------------------------- */

static struct chat *chat_named(const struct worker *w, const struct fl_message *message)
{
    int64_t number;
    return is_integer(message, "chat", 1, UINT32_MAX, &number) ? chat_known(w, number) : NULL;
}

/* A line that did not arrive as it was said. The engine has said it none the less, and is held to it; the harness has not heard it. */
static void check_harmed(struct fl_transcript_check *check, struct worker *w, const struct fl_transcript_line *line)
{
    struct fl_message message;
    if (line->hit == FL_TRANSCRIPT_BYTES) {
        fault(check, "from the engine: a line that is no flat JSON object");
        return;
    }
    if (fl_event_scan(line->text, line->length, &message) != FL_OK) {
        fault(check, "a line that a fault of the link was done to: %s", message.problem);
        return;
    }
    w->silenced |= line->hit == FL_TRANSCRIPT_FROM && fl_field_is(fl_message_find(&message, "t"), "ack");
    struct chat *const chat = chat_named(w, &message), was = chat != NULL ? *chat : (struct chat){ .whose = NOBODYS };
    if (line->hit == FL_TRANSCRIPT_FROM && line->act != FL_ACT_DISPLACED && !fl_field_is(fl_message_find(&message, "t"), "hello"))
        check_from(check, w, &message);
    if (chat == NULL) return;
    *chat = was;
    chat->hurt = true;
}

static void check_link(struct fl_transcript_check *check, struct worker *w, const struct fl_transcript_line *line)
{
    const unsigned bit = 1u << line->fault;
    if (!check->counts.live) fault(check, "a fault of the link in lockstep");
    if (line->act == FL_ACT_BEGAN) {
        if (line->fault == FL_FAULT_LOST)
            fault(check, "the link broke without being asked to: the engine %.*s", (int)(line->length < 200 ? line->length : 200), line->length > 0 ? line->text : "");
        check->counts.link_faults++;
        if (w->faults_on == 0 && w->ns > w->troubled_until) w->troubled_from = w->ns;
        w->faults_on |= bit;
        w->troubled_until = INT64_MAX;
        return;
    }
    w->faults_on &= ~bit;
    if (w->faults_on == 0) w->troubled_until = w->ns + CROSSING_NS;
}

static void check_fault(struct fl_transcript_check *check, struct worker *w, const struct fl_transcript_line *line)
{
    struct fl_transcript_counts *const counts = &check->counts;
    counts->lost += line->act == FL_ACT_LOST;
    counts->garbled += line->act == FL_ACT_GARBLED;
    counts->doubled += line->act == FL_ACT_DOUBLED;
    counts->displaced += line->act == FL_ACT_DISPLACED;
    if (line->act == FL_ACT_BEGAN || line->act == FL_ACT_ENDED) check_link(check, w, line);
    else if (line->act != FL_ACT_DOUBLED) check_harmed(check, w, line);
    w->hit |= line->act == FL_ACT_GARBLED || line->act == FL_ACT_DOUBLED;
}

/* ---- Lines, and what stands around them -------------------------------------------------------------- */

static void check_wire_line(struct fl_transcript_check *check, const struct fl_transcript_line *line)
{
    struct fl_message message;
    struct worker *const w = worker_at(check, line->worker);
    if (w == NULL) return;
    check->wire_lines++;
    if (line->ns < w->ns) fault(check, "\"ns\" runs backwards");
    w->ns = line->ns;
    if (w->gone && !check->counts.live) fault(check, "a line of worker %u after its link had failed", line->worker);
    w->gone = false; /* in real time a day may end without a word, and another begin */
    check->excused = w->hit && (line->kind == FL_TRANSCRIPT_FROM || line->kind == FL_TRANSCRIPT_BYTES);
    if (check->excused) w->hit = false;
    switch (line->kind) {
    case FL_TRANSCRIPT_TO:
        if (fl_event_scan(line->text, line->length, &message) == FL_OK) check_to(check, w, &message);
        else fault(check, "to the engine: %s", message.problem);
        break;
    case FL_TRANSCRIPT_FROM: check_said(check, w, line->text, line->length); break;
    case FL_TRANSCRIPT_FAULT: check_fault(check, w, line); break;
    case FL_TRANSCRIPT_BYTES: fault(check, "from the engine: a line that is no flat JSON object"); break;
    case FL_TRANSCRIPT_GONE:
        check->excused = w->silenced;
        fault(check, "the engine %.*s", (int)(line->length < 256 ? line->length : 256), line->text);
        w->gone = true;
        break;
    case FL_TRANSCRIPT_HEAD:
    case FL_TRANSCRIPT_END: break;
    }
    check->excused = false;
}

static void check_head(struct fl_transcript_check *check, const struct fl_transcript_line *line)
{
    const struct fl_field *const scenario = fl_message_find(&line->members, "scenario");
    if (check->counts.lines != 1) fault(check, "the first line once more: two transcripts in one file");
    check->counts.live = line->live;
    if (scenario == NULL || scenario->kind != FL_FIELD_TEXT) fault(check, "wanted \"scenario\", its name");
    else snprintf(check->counts.scenario, sizeof check->counts.scenario, "%.*s", (int)(scenario->text_length < 255 ? scenario->text_length : 255), scenario->text);
}

static void check_last(struct fl_transcript_check *check, const struct fl_transcript_line *line)
{
    if (line->lines != (int64_t)check->wire_lines)
        fault(check, "%lld lines were recorded, %llu are here", (long long)line->lines, (unsigned long long)check->wire_lines);
    check->ended = true;
}

enum fl_status fl_transcript_check_line(struct fl_transcript_check *check, char *text, size_t length)
{
    struct fl_transcript_line line;
    char problem[160];
    check->counts.lines++;
    if (check->ended) fault(check, "a line behind the end");
    if (fl_transcript_scan(text, length, &line, problem) != FL_OK) {
        fault(check, "%s", problem);
        check->wire_lines += check->counts.lines > 1;
    } else {
        if (check->counts.lines == 1 && line.kind != FL_TRANSCRIPT_HEAD) fault(check, "wanted the first line of a transcript");
        if (line.kind == FL_TRANSCRIPT_HEAD) check_head(check, &line);
        else if (line.kind == FL_TRANSCRIPT_END) check_last(check, &line);
        else check_wire_line(check, &line);
    }
    return check->full ? FL_EFULL : FL_OK;
}

void fl_transcript_check_end(struct fl_transcript_check *check, bool cut)
{
    if (cut) fault(check, "the last line is cut off");
    if (check->counts.lines == 0) fault(check, "the file is empty");
    else if (!check->ended) fault(check, "the transcript is cut off: its last line says why there are no more, and is not here");
    for (uint32_t i = 0; check->ended && i < FL_TRANSCRIPT_WORKERS_MAX; i++) {
        const struct worker *const w = check->workers[i];
        if (w == NULL || w->open_count == 0 || w->gone) continue;
        check->excused = w->ns <= w->troubled_until;
        fault(check, "worker %u: event %lld has no ack", i, (long long)w->open[w->open_count - 1]);
        check->excused = false;
    }
}

const struct fl_transcript_counts *fl_transcript_check_counts(const struct fl_transcript_check *check)
{
    return &check->counts;
}

enum fl_status fl_transcript_check_open(fl_transcript_fault *on_fault, void *context, struct fl_transcript_check **check)
{
    *check = calloc(1, sizeof **check);
    if (*check == NULL) return FL_EFULL;
    (*check)->on_fault = on_fault;
    (*check)->context = context;
    return FL_OK;
}

void fl_transcript_check_free(struct fl_transcript_check *check)
{
    if (check == NULL) return;
    for (uint32_t i = 0; i < FL_TRANSCRIPT_WORKERS_MAX; i++) {
        if (check->workers[i] != NULL) free(check->workers[i]->chats);
        free(check->workers[i]);
    }
    free(check);
}
