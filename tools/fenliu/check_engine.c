/* fenliu check --engine URL: a new engine is walked through the protocol, one thing at a time.
 *
 * Each step has a session of its own (a process, a connection), so that what breaks in one is not held against the next. The desk
 * behind it is the smallest there can be: two agents, two chats each, one group, and buyers who come when a step wants them. Whatever
 * the engine decides takes effect here and is judged as the harness would; a step then looks for what it is about. An engine that
 * wants loads, verdicts or the scenario gets them. */
#include "check.h"

#include "engine/channel.h"
#include "engine/tell.h"
#include "routing/view.h"
#include "scenario/reader.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define AGENTS 2u
#define CAPACITY 2u
#define CHATS 16u
#define WAKES 64u
#define LINES_KEPT 8u
#define FOLLOW_UPS 64u          /* events that follow from decisions on each other: beyond, it goes in circles */
#define LONG_LINE 65000u        /* bytes of a member: the line has less than 64 KiB */
#define SEGMENT_LINES 2000u     /* unknown lines in one write: some 60 KB */
#define SILENT_STEPS 3u         /* in a row: an engine that answers nothing need not be waited for twenty times */
#define CLOSE_NS (2 * FL_SECOND)
#define CLOSE_SOON_NS (FL_SECOND / 2) /* in the steps that are not about it: an engine that stays need not be waited for twenty times */

static const char desk_text[] =
    "{\"fenliu\":1,\"name\":\"a walk\",\"start\":\"2026-06-17T10:00\",\"duration\":\"1h\",\"interval\":\"30m\",\"replications\":1,\"traffic\":"
    "{\"rate\":{\"points\":[[\"+0h\",60],[\"+1h\",60]]}},\"buyers\":{\"intents\":[{\"name\":\"size\",\"phase\":\"pre_sale\",\"share\":1,\"rounds\":"
    "{\"geometric\":3},\"reply\":{\"total\":{\"exponential\":\"30s\"}}}],\"think_time\":{\"exponential\":\"40s\"}},\"desk\":{\"shifts\":[{\"name\":"
    "\"all\",\"from\":\"10:00\",\"to\":\"11:00\"}],\"agents\":[{\"name\":\"小美\",\"shift\":\"all\",\"max_chats\":2},{\"name\":"
    "\"O\\\"Neil \\\\ 阿强\",\"shift\":\"all\",\"max_chats\":2}],\"offline\":\"pool\"},\"routing\":{\"policy\":\"least_active\"}}";
static const char *const names[AGENTS] = { "小美", "O\"Neil \\ 阿强" };

enum whose { NOBODYS, ENGINES, AGENTS_OWN };

struct walk_chat {
    enum whose whose;
    uint32_t agent, exclude;
};

struct wake {
    fl_time at;
    int64_t hint;
};

struct walk {
    const struct walk_options *options;
    bool zh;
    bool sees_it_out; /* the step is about how the engine goes */
    struct fl_scenario *scenario;
    struct fl_agent agents[AGENTS], told[AGENTS];
    struct fl_view view;
    uv_loop_t loop;
    struct fl_channel *channel; /* NULL: no session */
    bool wants_load, wants_scenario, wants_verdict;
    char name[FL_PROTOCOL_NAME_MAX + 1];
    int64_t event;
    struct walk_chat chats[CHATS]; /* by number */
    struct wake wakes[WAKES];
    uint32_t wakes_count;
    bool changed[AGENTS];       /* by the engine: an event is due */
    uint8_t before[AGENTS];
    bool ended;
    struct fl_lines out;
    size_t pieces;              /* bytes at the beginning of the next event that leave one by one */
    /* of the step */
    bool failed, unreachable, silent;
    char problem[256]; /* why it is unreachable */
    char expected[320], came[512];
    char kept[LINES_KEPT][200];
    uint32_t kept_count;
};

/* ---- What is said of a step ---------------------------------------------------------------------- */

static void expect(struct walk *w, const char *en, const char *zh)
{
    snprintf(w->expected, sizeof w->expected, "%s", w->zh ? zh : en);
}

/* The step has failed; the first reason stands. Always false. */
static bool came(struct walk *w, const char *en, const char *zh, ...) __attribute__((format(printf, 2, 4), format(printf, 3, 4)));

static bool came(struct walk *w, const char *en, const char *zh, ...)
{
    if (w->failed) return false;
    va_list arguments;
    va_start(arguments, zh);
    vsnprintf(w->came, sizeof w->came, w->zh ? zh : en, arguments);
    va_end(arguments);
    w->failed = true;
    return false;
}

static void keep(struct walk *w, char side, const char *line, size_t length)
{
    char *const to = w->kept[w->kept_count++ % LINES_KEPT];
    size_t shown = length < 180 ? length : 180;
    while (shown < length && shown > 0 && (line[shown] & 0xC0) == 0x80) shown--; /* not inside a character */
    snprintf(to, sizeof w->kept[0], "%c %.*s%s", side, (int)shown, line, shown < length ? "..." : "");
    for (char *c = to; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 127) *c = '?';
}

static void keep_all(struct walk *w, const char *lines, size_t length)
{
    for (const char *const end = lines + length; lines < end;) {
        const char *const newline = memchr(lines, '\n', (size_t)(end - lines)), *const to = newline != NULL ? newline : end;
        keep(w, '>', lines, (size_t)(to - lines));
        lines = to + 1;
    }
}

/* ---- The link ------------------------------------------------------------------------------------- */

static int64_t deadline_of(const struct walk *w)
{
    return fl_clock_ns() + w->options->timeout_ns;
}

static bool send_bytes(struct walk *w, const char *bytes, size_t length)
{
    if (w->channel->ops->send(w->channel, bytes, length, deadline_of(w)) == FL_OK) return true;
    return came(w, "the engine %s", "引擎 %s", w->channel->problem);
}

/* What has been written leaves: the first `pieces` bytes one by one, the rest in one write. */
static bool send_out(struct walk *w)
{
    size_t at = 0;
    bool well = !w->out.full || came(w, "there is no memory", "内存不足");
    keep_all(w, w->out.bytes, w->out.length);
    for (; well && at < w->pieces && at < w->out.length; at++) {
        well = send_bytes(w, w->out.bytes + at, 1);
        if (at < 32) uv_sleep(1); /* so that the first of them are read one by one */
    }
    if (well && at < w->out.length) well = send_bytes(w, w->out.bytes + at, w->out.length - at);
    w->pieces = 0;
    w->out.length = 0;
    return well;
}

/* The last object that was written gets members that no engine knows. */
static void add_unknown_members(struct walk *w)
{
    static const char more[] = ",\"x_future\":{\"a\":[1,{\"b\":\"}\"}]},\"x_other\":null}\n";
    if (w->out.length < 2) return;
    w->out.length -= 2; /* "}\n" */
    fl_lines_add_bytes(&w->out, more, sizeof more - 1);
}

static void add_unknown_lines(struct walk *w, uint32_t count)
{
    static const char line[] = "{\"t\":\"x_future\",\"v\":[1,2]}\n";
    for (uint32_t i = 0; i < count; i++) fl_lines_add_bytes(&w->out, line, sizeof line - 1);
}

/* ---- Decisions ------------------------------------------------------------------------------------- */

static void release(struct walk *w, struct walk_chat *chat)
{
    if (chat->whose == AGENTS_OWN) {
        struct fl_agent *const her = &w->agents[chat->agent];
        her->open--;
        her->awaiting--;
        her->recent_active--;
        if (her->awaiting == 0) her->oldest_unanswered_at = FL_TIME_NEVER;
        her->touched_at = w->view.now;
    }
    chat->whose = NOBODYS;
}

static void assign(struct walk *w, struct walk_chat *chat, uint32_t agent)
{
    struct fl_agent *const her = &w->agents[agent];
    release(w, chat);
    *chat = (struct walk_chat){ AGENTS_OWN, agent, chat->exclude };
    her->open++;
    her->awaiting++;
    her->recent_active++;
    her->assigned_today++;
    her->last_assigned_at = her->touched_at = w->view.now;
    if (her->oldest_unanswered_at == FL_TIME_NEVER) her->oldest_unanswered_at = w->view.now;
}

/* Of the `agent` member: an index, or AGENTS when there is none such. */
static uint32_t agent_of(const struct fl_message *message)
{
    const struct fl_field *const who = fl_message_find(message, "agent");
    if (who == NULL) return AGENTS;
    if (who->kind == FL_FIELD_INTEGER) return who->integer >= 0 && who->integer < AGENTS ? (uint32_t)who->integer : AGENTS;
    uint32_t a = 0;
    while (a < AGENTS && !fl_field_is(who, names[a])) a++;
    return a;
}

static struct walk_chat *chat_of(struct walk *w, const struct fl_message *message, int64_t *number)
{
    const struct fl_field *const chat = fl_message_find(message, "chat");
    *number = chat != NULL && chat->kind == FL_FIELD_INTEGER ? chat->integer : -1;
    return *number >= 1 && *number < CHATS ? &w->chats[*number] : NULL;
}

static bool hear_assign(struct walk *w, const struct fl_message *message, bool moves)
{
    int64_t number;
    struct walk_chat *const chat = chat_of(w, message, &number);
    const uint32_t agent = agent_of(message);
    if (chat == NULL || (chat->whose != ENGINES && !(moves && chat->whose == AGENTS_OWN)))
        return came(w, "an agent for chat %lld, which is not the engine's to decide", "给会话 %lld 派了客服,而它不归引擎决定", (long long)number);
    if (agent == AGENTS) return came(w, "chat %lld for an agent that does not exist", "把会话 %lld 派给不存在的客服", (long long)number);
    const struct fl_agent *const her = &w->agents[agent];
    if (her->state == FL_OFFLINE) return came(w, "chat %lld for agent %u, who is offline", "把会话 %lld 派给离线的客服 %u", (long long)number, agent);
    if (her->state != FL_AVAILABLE)
        return came(w, "chat %lld for agent %u, who takes no new ones", "把会话 %lld 派给不接新客的客服 %u", (long long)number, agent);
    if (her->open >= CAPACITY) return came(w, "chat %lld for agent %u, who is at capacity", "把会话 %lld 派给已满的客服 %u", (long long)number, agent);
    if (chat->exclude == agent)
        return came(w, "chat %lld back to agent %u, who has just given it up", "把会话 %lld 派回刚放手的客服 %u", (long long)number, agent);
    assign(w, chat, agent);
    return true;
}

/* queue, reject, leave, bot, close */
static bool hear_about_chat(struct walk *w, const struct fl_message *message, const char *type)
{
    int64_t number;
    struct walk_chat *const chat = chat_of(w, message, &number);
    if (strcmp(type, "bot") == 0) return came(w, "chat %lld for the bot of a desk that has none", "把会话 %lld 交给不存在的机器人", (long long)number);
    if (strcmp(type, "close") == 0) return came(w, "the close of chat %lld, where the rule is to queue", "关闭会话 %lld,而这里的规则是排队", (long long)number);
    if (chat == NULL || chat->whose != ENGINES)
        return came(w, "a decision on chat %lld, which is not the engine's", "对会话 %lld 作决定,而它不归引擎", (long long)number);
    if (strcmp(type, "queue") != 0) chat->whose = NOBODYS;
    return true;
}

static bool hear_about_agent(struct walk *w, const struct fl_message *message, bool suspend)
{
    const uint32_t agent = agent_of(message);
    if (agent == AGENTS) return came(w, "suspend or resume of an agent that does not exist", "挂起或恢复不存在的客服");
    struct fl_agent *const her = &w->agents[agent];
    const enum fl_agent_state from = suspend ? FL_AVAILABLE : FL_SUSPENDED, to = suspend ? FL_SUSPENDED : FL_AVAILABLE;
    if (her->state != from) return true;
    if (!w->changed[agent]) w->before[agent] = her->state;
    w->changed[agent] = true;
    her->state = (uint8_t)to;
    return true;
}

static bool hear_wake(struct walk *w, const struct fl_message *message)
{
    const struct fl_field *const at = fl_message_find(message, "at_ns"), *const hint = fl_message_find(message, "hint");
    if (at == NULL || at->kind != FL_FIELD_INTEGER || at->integer < w->view.now)
        return came(w, "a wake without an instant, or for one that has passed", "要求在没有写明或已过去的时刻唤醒");
    if (w->wakes_count == WAKES) return came(w, "more wakes than anybody needs", "要求的唤醒太多");
    w->wakes[w->wakes_count++] = (struct wake){ at->integer, hint != NULL && hint->kind == FL_FIELD_INTEGER ? hint->integer : 0 };
    return true;
}

/* A line for each agent of whom something has changed since she was last told of. What lies between the members of a struct may
 * make it one too many, which does no harm. */
static void add_loads(struct walk *w)
{
    for (uint32_t a = 0; w->wants_load && a < AGENTS; a++) {
        if (memcmp(&w->told[a], &w->agents[a], sizeof w->told[a]) == 0) continue;
        w->told[a] = w->agents[a];
        fl_tell_agent(&w->out, &w->agents[a], a);
    }
}

static bool hear_decision(struct walk *w, const struct fl_message *message)
{
    const struct fl_field *const field = fl_message_find(message, "t");
    char type[16] = "";
    if (field != NULL && field->kind == FL_FIELD_TEXT && field->text_length < sizeof type) memcpy(type, field->text, field->text_length);
    const bool on_chat = strcmp(type, "queue") == 0 || strcmp(type, "reject") == 0 || strcmp(type, "leave") == 0 || strcmp(type, "bot") == 0 ||
                         strcmp(type, "close") == 0;
    bool well;
    if (w->ended) return came(w, "a decision after the day has ended: %s", "一天结束之后的决定:%s", type);
    if (strcmp(type, "assign") == 0) well = hear_assign(w, message, false);
    else if (strcmp(type, "move") == 0) well = hear_assign(w, message, true);
    else if (on_chat) well = hear_about_chat(w, message, type);
    else if (strcmp(type, "suspend") == 0 || strcmp(type, "resume") == 0) well = hear_about_agent(w, message, type[0] == 's');
    else if (strcmp(type, "wake") == 0) well = hear_wake(w, message);
    else if (strcmp(type, "error") == 0) well = came(w, "an error that the engine reports itself", "引擎自己报告的错误");
    else well = came(w, "a message of a type that does not exist: \"%s\"", "不存在的消息类型:\"%s\"", type);
    if (!well || !w->wants_verdict) return well;
    add_loads(w);
    fl_lines_open(&w->out, "verdict");
    fl_lines_integer(&w->out, "n", w->event);
    fl_lines_boolean(&w->out, "ok", true);
    fl_lines_close(&w->out);
    return send_out(w);
}

static bool hear_line(struct walk *w, char **line, size_t *length, struct fl_message *message)
{
    if (w->channel->ops->line(w->channel, line, length, deadline_of(w)) != FL_OK) {
        w->silent = strcmp(w->channel->problem, "does not answer") == 0;
        return came(w, "the engine %s", "引擎 %s", w->channel->problem);
    }
    keep(w, '<', *line, *length);
    return fl_message_scan(*line, *length, message) == FL_OK || came(w, "a line that is no flat JSON object (%s)", "不是扁平 JSON 对象的一行(%s)", message->problem);
}

static bool hear_until_ack(struct walk *w)
{
    struct fl_message message;
    char *line;
    size_t length;
    for (;;) {
        if (!hear_line(w, &line, &length, &message)) return false;
        if (!fl_field_is(fl_message_find(&message, "t"), "ack")) {
            if (!hear_decision(w, &message)) return false;
            continue;
        }
        const struct fl_field *const n = fl_message_find(&message, "n");
        if (n == NULL || n->kind != FL_FIELD_INTEGER) return came(w, "an ack without \"n\"", "没有 \"n\" 的 ack");
        if (n->integer == w->event) return true;
        return came(w, "an ack of event %lld, while event %lld waits for one", "对事件 %lld 的 ack,而等着的是事件 %lld", (long long)n->integer, (long long)w->event);
    }
}

/* ---- Events ----------------------------------------------------------------------------------------- */

static bool event_open(struct walk *w, const char *type)
{
    char *line = NULL;
    size_t length;
    if (w->failed) return false;
    /* In lockstep nobody speaks between two events. */
    if (w->channel->ops->next(w->channel, &line, &length) != FL_OK) return came(w, "the engine %s", "引擎 %s", w->channel->problem);
    if (line != NULL) {
        keep(w, '<', line, length);
        return came(w, "a line that nobody had asked for, behind the ack of event %lld", "事件 %lld 的 ack 之后多出一行", (long long)w->event);
    }
    add_loads(w);
    fl_lines_open(&w->out, type);
    fl_lines_integer(&w->out, "n", ++w->event);
    fl_lines_integer(&w->out, "at_ns", w->view.now);
    return true;
}

static bool event_close(struct walk *w)
{
    fl_lines_close(&w->out);
    return send_out(w) && hear_until_ack(w);
}

static bool tell_agent(struct walk *w, uint32_t agent, enum fl_agent_state before)
{
    const struct fl_agent *const her = &w->agents[agent];
    if (!event_open(w, "agent")) return false;
    fl_tell_load(&w->out, &w->view, agent);
    fl_lines_text(&w->out, "state", fl_state_words[her->state]);
    fl_lines_text(&w->out, "before", fl_state_words[before]);
    fl_lines_integer(&w->out, "assigned_today", her->assigned_today);
    if (her->last_assigned_at >= 0) fl_lines_integer(&w->out, "last_assigned_at_ns", her->last_assigned_at);
    return event_close(w);
}

/* What decisions have led to. */
static bool follow_up(struct walk *w)
{
    for (uint32_t i = 0; i < FOLLOW_UPS; i++) {
        uint32_t a = 0;
        while (a < AGENTS && !w->changed[a]) a++;
        if (a == AGENTS) return true;
        w->changed[a] = false;
        if (!tell_agent(w, a, (enum fl_agent_state)w->before[a])) return false;
    }
    return came(w, "suspending and resuming in circles", "没完没了地挂起又恢复");
}

/* Wakes that are due until then, at their instants. */
static bool pass_time(struct walk *w, fl_time until)
{
    for (uint32_t left = FOLLOW_UPS; left > 0; left--) {
        uint32_t first = w->wakes_count;
        for (uint32_t i = 0; i < w->wakes_count; i++)
            if (w->wakes[i].at <= until && (first == w->wakes_count || w->wakes[i].at < w->wakes[first].at)) first = i;
        if (first == w->wakes_count) {
            w->view.now = until;
            return true;
        }
        const struct wake due = w->wakes[first];
        w->wakes[first] = w->wakes[--w->wakes_count];
        if (due.at > w->view.now) w->view.now = due.at;
        if (!event_open(w, "wake")) return false;
        fl_lines_integer(&w->out, "hint", due.hint);
        if (!event_close(w) || !follow_up(w)) return false;
    }
    w->wakes_count = 0; /* an engine that ticks goes on ticking: that is its right, and enough of it has been seen */
    w->view.now = until;
    return true;
}

static bool a_second_later(struct walk *w)
{
    return !w->failed && pass_time(w, w->view.now + FL_SECOND);
}

static bool set_state(struct walk *w, uint32_t agent, enum fl_agent_state state)
{
    if (!a_second_later(w)) return false;
    const enum fl_agent_state before = (enum fl_agent_state)w->agents[agent].state;
    w->agents[agent].state = (uint8_t)state;
    if (state == FL_AVAILABLE) w->agents[agent].available_since = w->agents[agent].touched_at = w->view.now;
    return tell_agent(w, agent, before) && follow_up(w);
}

/* `note`: bytes of a member that no engine knows; 0: none. */
static bool tell_chat(struct walk *w, uint32_t number, enum fl_route_why why, uint32_t exclude, size_t note)
{
    const struct fl_chat_view chat = { .key = number, .buyer = UINT64_C(0x9E3779B97F4A7C15) * number, .opened_at = w->view.now, .active_at = w->view.now,
                                       .index = number - 1, .recent_agent = FL_NO_AGENT, .dedicated_agent = FL_NO_AGENT, .exclude = exclude,
                                       .to_group = FL_NONE, .why = (uint8_t)why, .entry_point = 255, .device = 255, .order_status = 255 };
    w->chats[number] = (struct walk_chat){ ENGINES, FL_NO_AGENT, exclude };
    if (!event_open(w, "chat")) return false;
    fl_tell_chat(&w->out, w->scenario, &chat, number, 0, w->wants_load || w->wants_scenario);
    if (note > 0) {
        char *const text = malloc(note + 1);
        if (text == NULL) return came(w, "there is no memory", "内存不足");
        memset(text, 'x', note);
        text[note] = '\0';
        fl_lines_text(&w->out, "x_note", text);
        free(text);
    }
    return event_close(w) && follow_up(w);
}

static bool new_chat(struct walk *w, uint32_t number)
{
    return a_second_later(w) && tell_chat(w, number, FL_WHY_NEW, FL_NO_AGENT, 0);
}

static bool close_chat(struct walk *w, uint32_t number, enum fl_close_reason why)
{
    struct walk_chat *const chat = &w->chats[number];
    const bool had = chat->whose == AGENTS_OWN;
    const uint32_t agent = chat->agent;
    release(w, chat);
    if (!event_open(w, "closed")) return false;
    fl_lines_integer(&w->out, "chat", number);
    fl_lines_text(&w->out, "why", fl_close_words[why]);
    if (had) fl_tell_load(&w->out, &w->view, agent);
    return event_close(w) && follow_up(w);
}

static bool is_with(struct walk *w, uint32_t number, uint32_t agent)
{
    if (w->failed) return false;
    const struct walk_chat *const chat = &w->chats[number];
    if (chat->whose == AGENTS_OWN && chat->agent == agent) return true;
    if (chat->whose == AGENTS_OWN) return came(w, "chat %u was given to agent %u", "会话 %u 派给了客服 %u", number, chat->agent);
    return came(w, "chat %u was given to nobody", "会话 %u 没有派给任何人", number);
}

static void stand_afresh(struct walk *w)
{
    for (uint32_t a = 0; a < AGENTS; a++)
        w->agents[a] = (struct fl_agent){ .oldest_unanswered_at = FL_TIME_NEVER, .capacity = CAPACITY, .last_assigned_at = -1, .groups = 1, .weight = 100,
                                          .definition = a };
    memset(w->chats, 0, sizeof w->chats);
    memset(w->changed, 0, sizeof w->changed);
    w->wakes_count = 0;
    w->view.now = 0;
    w->event = 0;
    w->ended = false;
}

static bool begin_day(struct walk *w, uint32_t day)
{
    stand_afresh(w);
    memset(w->told, 0xFF, sizeof w->told); /* as nobody stands: everybody is told of anew */
    if (!event_open(w, "begin")) return false;
    fl_lines_integer(&w->out, "day", day);
    return event_close(w);
}

/* ---- Sessions --------------------------------------------------------------------------------------- */

static bool link_up(struct walk *w)
{
    const struct fl_engine_def limits = { .timeout = 10 * FL_SECOND, .connect_timeout = 5 * FL_SECOND, .write_buffer = 1u << 20,
                                          .close_timeout = w->sees_it_out ? CLOSE_NS : CLOSE_SOON_NS, .retries = 2, .http_pipeline = 1 };
    const struct fl_channel_setup setup = { w->options->url, &w->loop, "engine", &interrupted, &limits };
    if (fl_channel_open(&setup, &w->channel, w->problem) == FL_OK) return true;
    w->channel = NULL;
    w->unreachable = true;
    return came(w, "the engine %s", "引擎 %s", w->problem);
}

static bool has_word(const struct fl_field *wants, const char *word)
{
    const size_t length = strlen(word);
    for (uint32_t i = 0; wants != NULL && wants->kind == FL_FIELD_TEXT && i + length <= wants->text_length; i++)
        if (memcmp(wants->text + i, word, length) == 0) return true;
    return false;
}

static bool hear_hello(struct walk *w)
{
    struct fl_message message;
    char *line;
    size_t length;
    if (!hear_line(w, &line, &length, &message)) return false;
    const struct fl_field *const proto = fl_message_find(&message, "proto"), *const name = fl_message_find(&message, "engine");
    const struct fl_field *const wants = fl_message_find(&message, "wants");
    if (!fl_field_is(fl_message_find(&message, "t"), "hello")) return came(w, "something else than hello", "不是 hello");
    if (proto == NULL || proto->kind != FL_FIELD_INTEGER || proto->integer != FL_PROTOCOL_VERSION)
        return came(w, "a hello whose \"proto\" is not 1", "hello 的 \"proto\" 不是 1");
    bool fit = name != NULL && name->kind == FL_FIELD_TEXT && name->text_length > 0 && name->text_length <= FL_PROTOCOL_NAME_MAX;
    for (uint32_t i = 0; fit && i < name->text_length; i++) fit = (unsigned char)name->text[i] >= ' ' && name->text[i] != 127;
    if (!fit) return came(w, "a hello without \"engine\", a name of 1 to 64 bytes", "hello 没有 \"engine\"(1 至 64 字节的名字)");
    snprintf(w->name, sizeof w->name, "%.*s", (int)name->text_length, name->text);
    w->wants_load = has_word(wants, "load");
    w->wants_scenario = has_word(wants, "scenario");
    w->wants_verdict = has_word(wants, "verdict");
    return true;
}

static bool greet(struct walk *w, bool future)
{
    if (!link_up(w)) return false;
    stand_afresh(w);
    fl_tell_hello(&w->out, &(struct fl_tell_session){ .scenario = w->scenario, .seed = 1, .mode = "lockstep" });
    if (future) add_unknown_members(w);
    return send_out(w) && hear_hello(w);
}

static void describe(struct walk *w)
{
    fl_tell_desk(&w->out, &w->view);
    if (w->wants_scenario) fl_tell_scenario(&w->out, desk_text);
}

/* Up to the first day's begin, and agent 0 (with `both`, agent 1 too) is there. */
static bool session(struct walk *w, bool both)
{
    if (!greet(w, false)) return false;
    describe(w);
    return begin_day(w, 0) && set_state(w, 0, FL_AVAILABLE) && (!both || set_state(w, 1, FL_AVAILABLE));
}

/* How long the other side took to go, ns. */
static int64_t hang_up(struct walk *w)
{
    const int64_t from_ns = fl_clock_ns();
    if (w->channel != NULL) w->channel->ops->close(w->channel);
    w->channel = NULL;
    w->out.length = 0;
    return fl_clock_ns() - from_ns;
}

/* ---- The steps -------------------------------------------------------------------------------------- */

static void step_hello(struct walk *w)
{
    expect(w, "a hello with \"proto\":1 and \"engine\", its name, within the time-out", "限时内回一行 hello,带 \"proto\":1 和名字 \"engine\"");
    (void)greet(w, false);
}

static void step_one_agent(struct walk *w)
{
    expect(w, "chat 1 for agent 0, the only one who is there", "把会话 1 派给唯一在线的客服 0");
    if (session(w, false) && new_chat(w, 1)) (void)is_with(w, 1, 0);
}

static void step_future(struct walk *w)
{
    expect(w, "members and lines of a type it does not know passed over, and chat 1 for agent 0", "忽略不认识的成员和类型,把会话 1 派给客服 0");
    if (!greet(w, true)) return;
    describe(w);
    add_unknown_members(w);
    add_unknown_lines(w, 1);
    if (begin_day(w, 0) && set_state(w, 0, FL_AVAILABLE) && a_second_later(w)) {
        add_unknown_lines(w, 1);
        if (!tell_chat(w, 1, FL_WHY_NEW, FL_NO_AGENT, 8)) return;
        (void)is_with(w, 1, 0);
    }
}

static void step_bytes(struct walk *w)
{
    expect(w, "a line put together from single bytes, then chat 1 for agent 0", "把逐字节到达的一行拼起来,再把会话 1 派给客服 0");
    if (!session(w, false) || !a_second_later(w)) return;
    w->pieces = 4096;
    if (tell_chat(w, 1, FL_WHY_NEW, FL_NO_AGENT, 0)) (void)is_with(w, 1, 0);
}

static void step_segment(struct walk *w)
{
    expect(w, "every line of a write that holds thousands, then chat 1 for agent 0", "读完一次写入的几千行,再把会话 1 派给客服 0");
    if (!session(w, false) || !a_second_later(w)) return;
    add_unknown_lines(w, SEGMENT_LINES);
    if (tell_chat(w, 1, FL_WHY_NEW, FL_NO_AGENT, 0)) (void)is_with(w, 1, 0);
}

static void step_long(struct walk *w)
{
    expect(w, "a line of almost 64 KiB read as any other, then chat 1 for agent 0", "照常读近 64 KiB 的一行,再把会话 1 派给客服 0");
    if (session(w, false) && a_second_later(w) && tell_chat(w, 1, FL_WHY_NEW, FL_NO_AGENT, LONG_LINE)) (void)is_with(w, 1, 0);
}

static void step_nobody(struct walk *w)
{
    expect(w, "chat 1 for nobody while all are offline; if it waits in the engine's queue, for agent 0 when she comes",
           "无人在线时不派会话 1;若在引擎排队,客服 0 上线时派给她");
    if (!greet(w, false)) return;
    describe(w);
    if (!begin_day(w, 0) || !new_chat(w, 1)) return;
    const bool waits = w->chats[1].whose == ENGINES;
    if (set_state(w, 0, FL_AVAILABLE) && waits) (void)is_with(w, 1, 0);
}

static void step_name(struct walk *w)
{
    expect(w, "chat 1 for agent 1, by her index or her name, O\"Neil \\ 阿强, which has a quote and a backslash",
           "把会话 1 派给客服 1,用序号或名字 O\"Neil \\ 阿强(含引号和反斜杠)");
    if (!greet(w, false)) return;
    describe(w);
    if (begin_day(w, 0) && set_state(w, 1, FL_AVAILABLE) && new_chat(w, 1)) (void)is_with(w, 1, 1);
}

static bool fill_her(struct walk *w)
{
    return session(w, false) && new_chat(w, 1) && is_with(w, 1, 0) && new_chat(w, 2) && is_with(w, 2, 0) && new_chat(w, 3);
}

static bool does_wait(struct walk *w, uint32_t number)
{
    if (w->failed) return false;
    return w->chats[number].whose == ENGINES || came(w, "chat %u does not wait", "会话 %u 没有排队", number);
}

static void step_full(struct walk *w)
{
    expect(w, "chats 1 and 2 for agent 0; chat 3 waits, as she is full", "会话 1、2 派给客服 0;她满了,会话 3 排队");
    if (fill_her(w)) (void)does_wait(w, 3);
}

static void step_serves(struct walk *w)
{
    expect(w, "chat 3, which waits, for agent 0 in answer to the close that makes room", "腾出位置的 closed 一到,就把排队的会话 3 派给客服 0");
    if (fill_her(w) && a_second_later(w) && close_chat(w, 1, FL_CLOSED_DONE)) (void)is_with(w, 3, 0);
}

static void step_left(struct walk *w)
{
    expect(w, "nothing for chat 3, whose buyer has left the queue; chat 4, which comes later, for agent 0", "会话 3 的买家已离开,不再派;后来的会话 4 派给客服 0");
    if (fill_her(w) && a_second_later(w) && close_chat(w, 3, FL_CLOSED_LEFT_QUEUE) && close_chat(w, 1, FL_CLOSED_DONE) && new_chat(w, 4)) (void)is_with(w, 4, 0);
}

static void step_order(struct walk *w)
{
    expect(w, "chat 3 before chat 4, which came later: the discipline is fifo", "先派会话 3,再派后来的会话 4:规则是先到先得");
    if (fill_her(w) && new_chat(w, 4) && a_second_later(w) && close_chat(w, 1, FL_CLOSED_DONE)) (void)is_with(w, 3, 0);
}

static void step_away(struct walk *w)
{
    expect(w, "chat 1, whose agent went offline, for the other one who is there", "客服下线后,她的会话 1 派给在线的另一位");
    if (!session(w, true) || !new_chat(w, 1) || w->chats[1].whose != AGENTS_OWN) {
        (void)came(w, "chat 1 was given to nobody", "会话 1 没有派给任何人");
        return;
    }
    const uint32_t first = w->chats[1].agent;
    if (!set_state(w, first, FL_OFFLINE) || !close_chat(w, 1, FL_CLOSED_AWAY)) return;
    if (tell_chat(w, 1, FL_WHY_REASSIGN, first, 0)) (void)is_with(w, 1, 1 - first);
}

static void step_suspended(struct walk *w)
{
    expect(w, "chats 1 and 2 for agent 1: agent 0 is suspended", "客服 0 已挂起,会话 1、2 派给客服 1");
    if (session(w, true) && set_state(w, 0, FL_SUSPENDED) && new_chat(w, 1) && is_with(w, 1, 1) && new_chat(w, 2)) (void)is_with(w, 2, 1);
}

static void step_break(struct walk *w)
{
    expect(w, "chat 1 for agent 1: agent 0 is on a break", "客服 0 在小休,会话 1 派给客服 1");
    if (session(w, true) && set_state(w, 0, FL_ON_BREAK) && new_chat(w, 1)) (void)is_with(w, 1, 1);
}

static void step_return(struct walk *w)
{
    expect(w, "chat 1 for agent 0 again when it returns under the same number", "会话 1 关闭后同号再来,再派给客服 0");
    if (session(w, false) && new_chat(w, 1) && is_with(w, 1, 0) && a_second_later(w) && close_chat(w, 1, FL_CLOSED_DONE) && a_second_later(w) &&
        tell_chat(w, 1, FL_WHY_RETURN, FL_NO_AGENT, 0))
        (void)is_with(w, 1, 0);
}

static bool end_day(struct walk *w)
{
    if (!a_second_later(w) || !event_open(w, "end")) return false;
    w->ended = true;
    return event_close(w);
}

static void step_second_day(struct walk *w)
{
    expect(w, "all of the day before forgotten: her open chats, who waits, who is there; then new chats 1 and 2 for agent 0",
           "忘掉前一天的一切(未结会话、排队、在线状态),再把新的会话 1、2 派给客服 0");
    if (!fill_her(w) || !end_day(w) || !begin_day(w, 1)) return;
    if (set_state(w, 0, FL_AVAILABLE) && new_chat(w, 1) && is_with(w, 1, 0) && new_chat(w, 2)) (void)is_with(w, 2, 0);
}

static void step_error(struct walk *w)
{
    expect(w, "an error line of the harness neither acked nor fatal; chat 2 for agent 0", "收到 error 行不 ack、不退出;会话 2 派给客服 0");
    if (!session(w, false) || !new_chat(w, 1) || !is_with(w, 1, 0)) return;
    fl_lines_open(&w->out, "error");
    fl_lines_integer(&w->out, "n", w->event);
    fl_lines_text(&w->out, "rule", "unknown_chat");
    fl_lines_integer(&w->out, "chat", 99);
    fl_lines_text(&w->out, "text", "a chat that is not the engine's to decide");
    fl_lines_close(&w->out);
    if (send_out(w) && new_chat(w, 2)) (void)is_with(w, 2, 0);
}

static void step_end(struct walk *w)
{
    expect(w, "an ack for the day's end and no decision, though a chat waits", "一天结束只回 ack,不再派仍在排队的会话");
    if (fill_her(w) && does_wait(w, 3)) (void)end_day(w);
}

static void step_closing(struct walk *w)
{
    expect(w, "its exit within 2 s once its input is closed", "输入关闭后 2 秒内退出");
    w->sees_it_out = true;
    if (!session(w, false) || !end_day(w)) return;
    if (hang_up(w) >= CLOSE_NS) (void)came(w, "it was still there after 2 s and had to be told by a signal", "2 秒后仍未退出,只好发信号");
}

static const struct {
    const char *name, *en, *zh;
    void (*walk)(struct walk *w);
    bool streams, processes; /* has a meaning only there */
} steps[] = {
    { "hello", "says hello", "打招呼", step_hello, false, false },
    { "one_agent", "a chat with one agent there", "一人在线,来一个会话", step_one_agent, false, false },
    { "unknown", "members and types it does not know", "不认识的成员和类型", step_future, false, false },
    { "single_bytes", "a line in single bytes", "一行逐字节到达", step_bytes, true, false },
    { "one_segment", "thousands of lines in one segment", "一次收到几千行", step_segment, false, false },
    { "long_line", "a line of almost 64 KiB", "近 64 KiB 的一行", step_long, false, false },
    { "name", "a name with quote, backslash and Chinese", "含引号、反斜杠和汉字的名字", step_name, false, false },
    { "nobody", "a chat with nobody there", "无人在线时来会话", step_nobody, false, false },
    { "full", "capacity", "接待上限", step_full, false, false },
    { "serves_queue", "the queue is served when there is room", "有空位时派发排队会话", step_serves, false, false },
    { "left_queue", "a buyer leaves the queue", "排队的买家离开", step_left, false, false },
    { "fifo", "first come, first served", "先到先得", step_order, false, false },
    { "away", "an agent goes offline with a chat", "客服带着会话下线", step_away, false, false },
    { "suspended", "a suspended agent", "挂起的客服", step_suspended, false, false },
    { "on_break", "an agent on a break", "小休的客服", step_break, false, false },
    { "return", "the same number again", "同号再来", step_return, false, false },
    { "second_day", "a second day", "第二天", step_second_day, false, false },
    { "error_line", "an error line", "error 行", step_error, false, false },
    { "end", "the end of a day", "一天结束", step_end, false, false },
    { "closing", "closing", "收尾退出", step_closing, false, true },
};
#define STEPS (sizeof steps / sizeof *steps)

/* ---- The walk ---------------------------------------------------------------------------------------- */

enum verdict { VERDICT_OK, VERDICT_FAILED, VERDICT_SKIPPED };

struct tally {
    uint32_t counts[3]; /* by verdict */
    struct fl_text out;
};

static void add_lines_json(const struct walk *w, struct fl_text *out)
{
    const uint32_t from = w->kept_count > LINES_KEPT ? w->kept_count - LINES_KEPT : 0;
    for (uint32_t i = from; i < w->kept_count; i++) {
        if (i > from) fl_text_add(out, ",");
        fl_text_add_json(out, w->kept[i % LINES_KEPT]);
    }
}

static void note_json(const struct walk *w, size_t step, enum verdict verdict, struct fl_text *out)
{
    static const char *const words[] = { "ok", "failed", "skipped" };
    fl_text_add(out, "%s{\"step\":\"%s\",\"verdict\":\"%s\"", step > 0 ? "," : "", steps[step].name, words[verdict]);
    if (verdict == VERDICT_FAILED) {
        fl_text_add(out, ",\"expected\":");
        fl_text_add_json(out, w->expected);
        fl_text_add(out, ",\"came\":");
        fl_text_add_json(out, w->came);
        fl_text_add(out, ",\"lines\":[");
        add_lines_json(w, out);
        fl_text_add(out, "]");
    }
    fl_text_add(out, "}");
}

static void note_table(const struct walk *w, size_t step, enum verdict verdict, struct fl_text *out)
{
    static const char *const words[][3] = { { "ok    ", "FAIL  ", "-     " }, { "通过  ", "不对  ", "未走  " } };
    fl_text_add(out, "%s%s\n", words[w->zh][verdict], w->zh ? steps[step].zh : steps[step].en);
    if (verdict != VERDICT_FAILED) return;
    fl_text_add(out, w->zh ? "      应当  %s\n      却是  %s\n" : "      expected  %s\n      came      %s\n", w->expected, w->came);
    const uint32_t from = w->kept_count > LINES_KEPT ? w->kept_count - LINES_KEPT : 0;
    for (uint32_t i = from; i < w->kept_count; i++) fl_text_add(out, "        %s\n", w->kept[i % LINES_KEPT]);
}

static enum verdict take_step(struct walk *w, size_t step, bool reached)
{
    const char *const url = w->options->url;
    w->failed = w->silent = false;
    w->kept_count = 0;
    w->came[0] = w->expected[0] = '\0';
    if (!reached || interrupted) return VERDICT_SKIPPED;
    if (steps[step].streams && strncmp(url, "http:", 5) == 0) return VERDICT_SKIPPED;
    if (steps[step].processes && strncmp(url, "exec:", 5) != 0) return VERDICT_SKIPPED;
    steps[step].walk(w);
    (void)hang_up(w);
    return w->failed ? VERDICT_FAILED : VERDICT_OK;
}

static void walk_all(struct walk *w, struct tally *tally)
{
    bool reached = true;
    uint32_t silent = 0; /* steps in a row that ended with the time-out */
    for (size_t step = 0; step < STEPS; step++) {
        const enum verdict verdict = take_step(w, step, reached);
        tally->counts[verdict]++;
        silent = w->silent ? silent + 1 : 0;
        if (silent == SILENT_STEPS) reached = false;
        if (step == 0) reached = verdict == VERDICT_OK; /* without a hello there is nothing to walk */
        if (w->options->json) note_json(w, step, verdict, &tally->out);
        else if (verdict == VERDICT_FAILED || !w->options->quiet) note_table(w, step, verdict, &tally->out);
    }
}

static int walk_end(struct walk *w, struct tally *tally)
{
    struct fl_text answer = { 0 };
    if (w->options->json) {
        fl_text_add(&answer, "{\"fenliu\":1,\"command\":\"check\",\"engine\":");
        fl_text_add_json(&answer, w->name);
        fl_text_add(&answer, ",\"ok\":%u,\"failed\":%u,\"skipped\":%u,\"steps\":[", tally->counts[VERDICT_OK], tally->counts[VERDICT_FAILED], tally->counts[VERDICT_SKIPPED]);
    } else if (!w->options->quiet) {
        fl_text_add(&answer, w->zh ? "引擎 %s\n\n" : "engine %s\n\n", w->name[0] != '\0' ? w->name : "?");
    }
    fl_text_add_bytes(&answer, tally->out.bytes, tally->out.length);
    answer.full |= tally->out.full;
    if (w->options->json) fl_text_add(&answer, "]}\n");
    else
        fl_text_add(&answer, w->zh ? "%s%u 步通过,%u 步不对,%u 步未走\n" : "%s%u ok, %u failed, %u not walked\n", w->options->quiet ? "" : "\n",
                    tally->counts[VERDICT_OK], tally->counts[VERDICT_FAILED], tally->counts[VERDICT_SKIPPED]);
    const int code = text_print(&answer);
    fl_text_free(&answer);
    if (code != EXIT_DONE) return code;
    return interrupted ? EXIT_INTERRUPTED : tally->counts[VERDICT_FAILED] > 0 ? EXIT_MISSED : EXIT_DONE;
}

/* The desk of the walk is ours: that it cannot be read would be our fault. */
static bool walk_open(struct walk *w)
{
    struct fl_errors *const errors = calloc(1, sizeof *errors);
    if (errors == NULL) return false;
    const enum fl_status status = fl_scenario_read("the walk's desk", desk_text, sizeof desk_text - 1, NULL, 0, &w->scenario, errors);
    if (status != FL_OK) {
        char line[640];
        fl_error_format(&errors->list[0], "the walk's desk", line, sizeof line);
        fprintf(stderr, "fenliu check: %s\n", line);
    }
    free(errors);
    if (status != FL_OK) return false;
    w->view = (struct fl_view){ .scenario = w->scenario, .agents = w->agents, .names = names, .agents_count = AGENTS, .main_account = FL_NO_AGENT,
                                .proxy_account = FL_NO_AGENT, .seed = 1 };
    return uv_loop_init(&w->loop) == 0;
}

int check_engine(const struct walk_options *options)
{
    struct walk *const w = calloc(1, sizeof *w);
    struct tally tally = { .out = { 0 } };
    char problem[256];
    if (!fl_channel_knows(options->url, problem)) {
        fprintf(stderr, "fenliu check: --engine: %s\n", problem);
        free(w);
        return EXIT_USAGE;
    }
    if (w == NULL) return run_failed(FL_EFULL, "check");
    w->options = options;
    w->zh = options->language == LANGUAGE_ZH;
    int code = EXIT_INTERNAL;
    if (walk_open(w)) {
        walk_all(w, &tally);
        const bool none = w->unreachable && tally.counts[VERDICT_OK] == 0;
        if (none) fprintf(stderr, "fenliu check: the engine %s\n", w->problem);
        code = none ? EXIT_ENGINE : walk_end(w, &tally);
        uv_loop_close(&w->loop);
    }
    fl_text_free(&tally.out);
    fl_lines_free(&w->out);
    fl_scenario_free(w->scenario);
    free(w);
    return code;
}
