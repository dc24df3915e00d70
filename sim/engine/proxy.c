/* A chat has a connection of its buyer from its `chat` line on, and one of an agent from the moment when an agent's connection names
 * that very connection by its serial. Both are forgotten at once when the chat is told anew or closed; what then still arrives with an
 * old serial is a ghost: the balancer went on with a buyer who had gone.
 *
 * Words to the harness wait in a ring and are written when they are asked for, so the loop's callbacks allocate nothing else. */
#include "engine/proxy.h"

#include "engine/lookup.h"
#include "engine/protocol.h"
#include "engine/proxy_links.h"
#include "engine/wire.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct chat {
    struct fl_link *buyer, *agent; /* NULL: none, or lost */
    uint64_t serial;               /* of the buyer's connection; 0: no chat */
    uint64_t key;                  /* the buyer's */
    uint32_t group;
    bool cut;                      /* counted */
};

/* What may go wrong with a chat, counted over a day. */
enum trouble { TROUBLE_REFUSED, TROUBLE_LATE, TROUBLE_CLOSED, TROUBLE_ANSWERED, TROUBLE_AWAY, TROUBLE_CUT, TROUBLE_GHOST, TROUBLES };

static const char *const trouble_words[TROUBLES] = {
    [TROUBLE_REFUSED] = "connections refused by the front",
    [TROUBLE_LATE] = "connections not accepted by the front in time",
    [TROUBLE_CLOSED] = "connections closed by the front before an agent had them",
    [TROUBLE_ANSWERED] = "connections answered by the front itself",
    [TROUBLE_AWAY] = "chats sent to an agent who had gone, connected anew",
    [TROUBLE_CUT] = "connections of chats cut by the balancer",
    [TROUBLE_GHOST] = "connections that reached an agent after their buyer had gone",
};

enum word_kind { WORD_HELLO, WORD_ASSIGN, WORD_REJECT, WORD_TROUBLE, WORD_ACK };

struct word {
    enum word_kind kind;
    uint32_t chat, agent; /* of a trouble: its kind and count */
    uint64_t event;
};

struct proxy {
    struct fl_channel channel; /* first: the channel's address is ours */
    struct fl_waiter waiter;
    struct fl_links links;
    struct addrinfo *front, *desk;
    struct fl_address address;
    char host[64];

    uint32_t agents_count;
    bool *available;          /* [agents_count] */
    bool opening;             /* the day has begun and nobody's state is told yet: all listen */
    uint64_t begins;          /* the event whose ack waits for ready_ns; 0: none */
    int64_t ready_ns;

    struct chat *chats;       /* [chats_room] by number */
    uint32_t chats_room;
    uint64_t serial;          /* the last one given */
    uint32_t troubles[TROUBLES];
    int error;                /* of libuv, of the last connection that was refused */
    char answer[48];          /* the first that the front gave */

    struct word *words;       /* ring of words_room */
    uint32_t words_room;
    uint64_t head, tail;
    char *line;               /* of the harness, while it is scanned */
    size_t line_room;
    struct fl_lines out;      /* the word handed out last */
};

/* ---- Words to the harness ---------------------------------------------------------------------------------------------- */

static void fail_memory(struct proxy *proxy)
{
    (void)fl_channel_fail(&proxy->channel, "cannot be played to: out of memory");
}

static void speak(struct proxy *proxy, struct word word)
{
    if (proxy->tail - proxy->head == proxy->words_room) {
        const uint32_t room = proxy->words_room == 0 ? 256 : 2 * proxy->words_room;
        struct word *const words = malloc(room * sizeof *words);
        if (words == NULL) {
            fail_memory(proxy);
            return;
        }
        for (uint64_t i = proxy->head; i < proxy->tail; i++) words[i % room] = proxy->words[i % proxy->words_room];
        free(proxy->words);
        proxy->words = words;
        proxy->words_room = room;
    }
    proxy->words[proxy->tail++ % proxy->words_room] = word;
}

static void write_hello(struct proxy *proxy, struct fl_lines *out)
{
    char name[FL_PROTOCOL_NAME_MAX + 1];
    const char *const kind = proxy->links.http ? "http" : "tcp";
    if (proxy->address.agents.name[0] != '\0') snprintf(name, sizeof name, "%s", proxy->address.agents.name);
    else snprintf(name, sizeof name, "proxy+%s %.48s", kind, proxy->host);
    fl_lines_integer(out, "proto", FL_PROTOCOL_VERSION);
    fl_lines_text(out, "engine", name);
}

static void write_trouble(const struct proxy *proxy, const struct word *word, struct fl_lines *out)
{
    const enum trouble trouble = (enum trouble)word->chat;
    const char *why = "";
    char text[256];
    if (trouble == TROUBLE_REFUSED) why = uv_strerror(proxy->error);
    if (trouble == TROUBLE_ANSWERED) why = proxy->answer;
    snprintf(text, sizeof text, "%u %s%s%s%s", word->agent, trouble_words[trouble], why[0] != '\0' ? " (" : "", why, why[0] != '\0' ? ")" : "");
    fl_lines_text(out, "text", text);
}

static void write_word(struct proxy *proxy, const struct word *word)
{
    static const char *const types[] = { "hello", "assign", "reject", "error", "ack" };
    struct fl_lines *const out = &proxy->out;
    out->length = 0;
    fl_lines_open(out, types[word->kind]);
    if (word->kind == WORD_HELLO) write_hello(proxy, out);
    if (word->kind == WORD_TROUBLE) write_trouble(proxy, word, out);
    if (word->kind == WORD_ASSIGN || word->kind == WORD_REJECT) fl_lines_integer(out, "chat", word->chat);
    if (word->kind == WORD_ASSIGN) fl_lines_integer(out, "agent", word->agent);
    if (word->kind == WORD_ACK) fl_lines_integer(out, "n", (int64_t)word->event);
    fl_lines_close(out);
}

/* ---- Chats --------------------------------------------------------------------------------------------------------------- */

static struct chat *chat_at(struct proxy *proxy, int64_t number)
{
    if (number < 1 || number >= UINT32_MAX) return NULL;
    if (number >= proxy->chats_room) {
        uint32_t room = proxy->chats_room == 0 ? 1024 : proxy->chats_room;
        while (room <= number) room = room < UINT32_MAX / 2 ? 2 * room : UINT32_MAX;
        struct chat *const chats = realloc(proxy->chats, room * sizeof *chats);
        if (chats == NULL) {
            fail_memory(proxy);
            return NULL;
        }
        memset(chats + proxy->chats_room, 0, (room - proxy->chats_room) * sizeof *chats);
        proxy->chats = chats;
        proxy->chats_room = room;
    }
    return &proxy->chats[number];
}

/* Nobody holds it any longer: her agent hangs up, or the buyer who waits does. */
static void drop(struct chat *chat)
{
    if (chat->agent != NULL) fl_link_finish(chat->agent);
    if (chat->buyer != NULL && chat->agent != NULL) fl_link_leave(chat->buyer);
    else if (chat->buyer != NULL) fl_link_close(chat->buyer);
    chat->agent = chat->buyer = NULL;
    chat->serial = 0;
}

static void reject(struct proxy *proxy, uint32_t number, enum trouble trouble)
{
    proxy->troubles[trouble]++;
    speak(proxy, (struct word){ .kind = WORD_REJECT, .chat = number });
}

static void fail_descriptors(struct proxy *proxy)
{
    (void)fl_channel_fail(&proxy->channel, "needs two files a chat: %u chats are open, %llu files allowed (ulimit -n)", proxy->links.buyers,
                          (unsigned long long)proxy->links.descriptors);
}

static void connect_chat(struct proxy *proxy, uint32_t number)
{
    struct chat *const chat = &proxy->chats[number];
    int error = 0;
    if (!fl_links_have_room(&proxy->links)) {
        fail_descriptors(proxy);
        return;
    }
    chat->serial = ++proxy->serial;
    chat->cut = false;
    chat->buyer = fl_links_dial(&proxy->links, number, chat->serial, chat->group, chat->key, &error);
    if (chat->buyer != NULL) return;
    if (error == UV_EMFILE || error == UV_ENFILE) {
        fail_descriptors(proxy);
        return;
    }
    proxy->error = error;
    chat->serial = 0;
    reject(proxy, number, TROUBLE_REFUSED);
}

/* The agent whom she was sent to is not there. */
static void connect_anew(struct proxy *proxy, uint32_t number)
{
    proxy->troubles[TROUBLE_AWAY]++;
    drop(&proxy->chats[number]);
    connect_chat(proxy, number);
}

static void on_line(void *context, struct fl_link *link)
{
    struct proxy *const proxy = context;
    struct chat *const chat = link->chat < proxy->chats_room ? &proxy->chats[link->chat] : NULL;
    if (chat == NULL || chat->serial != link->serial) {
        proxy->troubles[TROUBLE_GHOST]++;
        fl_link_finish(link);
        return;
    }
    const uint32_t agent = link->agent;
    if (chat->agent != NULL) { /* delivered twice: it is told, and judged */
        fl_link_finish(link);
    } else if (!proxy->available[agent] && !proxy->opening) {
        fl_link_finish(link);
        connect_anew(proxy, link->chat);
        return;
    } else {
        chat->agent = link;
    }
    speak(proxy, (struct word){ .kind = WORD_ASSIGN, .chat = link->chat, .agent = agent });
}

/* The first words of a front that answers itself, as far as they can be shown. */
static void keep_answer(struct proxy *proxy, const struct fl_link *link)
{
    uint32_t i = 0;
    if (proxy->answer[0] != '\0') return;
    for (; i < link->head_length && i < sizeof proxy->answer - 1 && link->head[i] >= ' ' && link->head[i] < 127; i++) proxy->answer[i] = link->head[i];
    proxy->answer[i] = '\0';
}

/* Nothing has ever answered at the front: the name's next address, or there is no balancer. */
static bool tries_on(struct proxy *proxy, uint32_t number)
{
    if (proxy->links.stood > 0) return false;
    if (proxy->links.front->ai_next == NULL) {
        (void)fl_channel_fail(&proxy->channel, "cannot be reached at %s: %s", proxy->host, uv_strerror(proxy->error));
        return true;
    }
    proxy->links.front = proxy->links.front->ai_next;
    connect_chat(proxy, number);
    return true;
}

static void buyer_ended(struct proxy *proxy, struct chat *chat, struct fl_link *link, enum fl_link_end why)
{
    static const enum trouble troubles[] = { [FL_LINK_CLOSED] = TROUBLE_CLOSED, [FL_LINK_REFUSED] = TROUBLE_REFUSED, [FL_LINK_LATE] = TROUBLE_LATE,
                                             [FL_LINK_ANSWERED] = TROUBLE_ANSWERED };
    chat->buyer = NULL;
    if (chat->agent != NULL) {
        proxy->troubles[TROUBLE_CUT] += !chat->cut;
        chat->cut = true;
        return;
    }
    chat->serial = 0;
    if (why == FL_LINK_ANSWERED) keep_answer(proxy, link);
    if (why == FL_LINK_REFUSED) proxy->error = link->error;
    if (why == FL_LINK_LATE) proxy->error = UV_ETIMEDOUT;
    if ((why == FL_LINK_REFUSED || why == FL_LINK_LATE) && tries_on(proxy, link->chat)) return;
    reject(proxy, link->chat, troubles[why]);
}

static void on_end(void *context, struct fl_link *link, enum fl_link_end why)
{
    struct proxy *const proxy = context;
    struct chat *const chat = link->chat > 0 && link->chat < proxy->chats_room ? &proxy->chats[link->chat] : NULL;
    if (chat == NULL) return;
    if (chat->buyer == link) {
        buyer_ended(proxy, chat, link, why);
    } else if (chat->agent == link) {
        chat->agent = NULL; /* should the balancer bring her to another agent, that is told */
        proxy->troubles[TROUBLE_CUT] += !chat->cut;
        chat->cut = true;
    }
}

/* ---- Lines of the harness -------------------------------------------------------------------------------------------------- */

static int64_t integer_of(const struct fl_message *message, const char *key, int64_t otherwise)
{
    const struct fl_field *const field = fl_message_find(message, key);
    return field != NULL && field->kind == FL_FIELD_INTEGER ? field->integer : otherwise;
}

static uint64_t hex_of(const struct fl_field *field)
{
    uint64_t value = 0;
    for (uint32_t i = 0; field != NULL && i < field->text_length; i++)
        value = value << 4 | (uint64_t)(field->text[i] <= '9' ? field->text[i] - '0' : field->text[i] - 'a' + 10);
    return value;
}

static void listen_at(struct proxy *proxy, uint32_t agent, bool on)
{
    const int error = fl_links_listen(&proxy->links, agent, on);
    const struct fl_address_agents *const agents = &proxy->address.agents;
    if (error == 0) return;
    if (error == UV_EMFILE || error == UV_ENFILE) fail_descriptors(proxy);
    else (void)fl_channel_fail(&proxy->channel, "cannot be played to: agent %u at %.100s:%u: %s", agent, agents->host, agents->base + agent,
                               uv_strerror(error));
}

static void hear_hello(struct proxy *proxy, const struct fl_message *message)
{
    const int64_t agents = integer_of(message, "agents", 0);
    const struct fl_address_agents *const at = &proxy->address.agents;
    if (!fl_field_is(fl_message_find(message, "mode"), "realtime")) {
        (void)fl_channel_fail(&proxy->channel, "is a balancer, which lives in real time alone");
        return;
    }
    if (agents > 65536 - (int64_t)at->base) {
        (void)fl_channel_fail(&proxy->channel, "cannot be played to: %lld agents have no ports from %u to 65535", (long long)agents, at->base);
        return;
    }
    proxy->available = calloc((size_t)agents + 1, sizeof(bool));
    if (proxy->available == NULL || fl_links_seat(&proxy->links, (uint32_t)agents) != FL_OK) {
        fail_memory(proxy);
        return;
    }
    proxy->agents_count = (uint32_t)agents;
    speak(proxy, (struct word){ .kind = WORD_HELLO });
}

static void forget_all(struct proxy *proxy)
{
    fl_links_hang_up(&proxy->links);
    if (proxy->chats_room > 0) memset(proxy->chats, 0, proxy->chats_room * sizeof *proxy->chats);
    memset(proxy->troubles, 0, sizeof proxy->troubles);
    proxy->answer[0] = '\0';
}

/* Doors open: all listen until the first states are told, so that a balancer which had found nobody finds them all. */
static void hear_begin(struct proxy *proxy, uint64_t event)
{
    forget_all(proxy);
    for (uint32_t a = 0; a < proxy->agents_count && proxy->channel.problem[0] == '\0'; a++) {
        proxy->available[a] = false;
        listen_at(proxy, a, true);
    }
    proxy->opening = true;
    proxy->begins = event;
    proxy->ready_ns = fl_clock_ns() + (int64_t)proxy->address.agents.settle_ms * 1000000;
}

static void hear_agent(struct proxy *proxy, const struct fl_message *message)
{
    const int64_t agent = integer_of(message, "agent", -1);
    if (agent < 0 || agent >= proxy->agents_count) return;
    proxy->available[agent] = fl_field_is(fl_message_find(message, "state"), "available");
    listen_at(proxy, (uint32_t)agent, proxy->available[agent]);
}

static void hear_chat(struct proxy *proxy, const struct fl_message *message)
{
    const int64_t number = integer_of(message, "chat", 0);
    struct chat *const chat = chat_at(proxy, number);
    if (chat == NULL) return;
    drop(chat);
    chat->group = (uint32_t)integer_of(message, "group", 0);
    chat->key = hex_of(fl_message_find(message, "buyer"));
    connect_chat(proxy, (uint32_t)number);
}

static void hear_closed(struct proxy *proxy, const struct fl_message *message)
{
    const int64_t number = integer_of(message, "chat", 0);
    if (number > 0 && number < proxy->chats_room) drop(&proxy->chats[number]);
}

/* A decision was refused. When her agent had gone meanwhile the buyer connects again. */
static void hear_error(struct proxy *proxy, const struct fl_message *message)
{
    const int64_t number = integer_of(message, "chat", 0);
    const bool away = fl_field_is(fl_message_find(message, "rule"), "agent_offline");
    if (away && number > 0 && number < proxy->chats_room && proxy->chats[number].serial != 0) connect_anew(proxy, (uint32_t)number);
}

static void hear_end(struct proxy *proxy, uint64_t event)
{
    for (uint32_t i = 0; i < TROUBLES; i++)
        if (proxy->troubles[i] > 0) speak(proxy, (struct word){ .kind = WORD_TROUBLE, .chat = i, .agent = proxy->troubles[i] });
    fl_links_hang_up(&proxy->links);
    if (proxy->chats_room > 0) memset(proxy->chats, 0, proxy->chats_room * sizeof *proxy->chats);
    speak(proxy, (struct word){ .kind = WORD_ACK, .event = event });
}

static void hear(struct proxy *proxy, const struct fl_message *message)
{
    const struct fl_field *const type = fl_message_find(message, "t");
    const uint64_t event = (uint64_t)integer_of(message, "n", 0);
    if (fl_field_is(type, "chat")) hear_chat(proxy, message);
    else if (fl_field_is(type, "closed")) hear_closed(proxy, message);
    else if (fl_field_is(type, "agent")) hear_agent(proxy, message);
    else if (fl_field_is(type, "error")) hear_error(proxy, message);
    else if (fl_field_is(type, "begin")) hear_begin(proxy, event);
    else if (fl_field_is(type, "end")) hear_end(proxy, event);
    else if (fl_field_is(type, "hello")) hear_hello(proxy, message);
}

/* Scanning changes a line, so it is a copy that is scanned. */
static enum fl_status hear_line(struct proxy *proxy, const char *bytes, size_t length)
{
    struct fl_message message;
    if (length > proxy->line_room) {
        char *const line = realloc(proxy->line, 2 * length);
        if (line == NULL) return FL_EFULL;
        proxy->line = line;
        proxy->line_room = 2 * length;
    }
    memcpy(proxy->line, bytes, length);
    if (fl_event_scan(proxy->line, length, &message) == FL_OK) hear(proxy, &message);
    else (void)fl_channel_fail(&proxy->channel, "is sent a line that is no object: %s", message.problem);
    return proxy->channel.problem[0] == '\0' ? FL_OK : FL_EENGINE;
}

/* ---- The channel ----------------------------------------------------------------------------------------------------------- */

static enum fl_status proxy_post(struct fl_channel *channel, const char *bytes, size_t length)
{
    struct proxy *const proxy = (struct proxy *)channel;
    const bool began = proxy->opening && proxy->begins == 0;
    enum fl_status status = channel->problem[0] == '\0' ? FL_OK : FL_EENGINE;
    while (status == FL_OK && length > 0) {
        const char *const newline = memchr(bytes, '\n', length);
        const size_t line = newline != NULL ? (size_t)(newline - bytes) : length;
        status = hear_line(proxy, bytes, line);
        bytes += line + (newline != NULL);
        length -= line + (newline != NULL);
    }
    if (!began || status != FL_OK) return status;
    proxy->opening = false; /* the states of all came with these: who was not named is not there */
    for (uint32_t a = 0; a < proxy->agents_count; a++) listen_at(proxy, a, proxy->available[a]);
    return channel->problem[0] == '\0' ? FL_OK : FL_EENGINE;
}

static enum fl_status proxy_send(struct fl_channel *channel, const char *bytes, size_t length, int64_t deadline_ns)
{
    (void)deadline_ns; /* nothing is waited for */
    return proxy_post(channel, bytes, length);
}

static enum fl_status proxy_next(struct fl_channel *channel, char **line, size_t *length)
{
    struct proxy *const proxy = (struct proxy *)channel;
    *line = NULL;
    if (proxy->begins != 0 && fl_clock_ns() >= proxy->ready_ns) {
        speak(proxy, (struct word){ .kind = WORD_ACK, .event = proxy->begins });
        proxy->begins = 0;
    }
    if (proxy->head == proxy->tail) return channel->problem[0] == '\0' ? FL_OK : FL_EENGINE;
    write_word(proxy, &proxy->words[proxy->head++ % proxy->words_room]);
    if (proxy->out.full) return FL_EFULL;
    *line = proxy->out.bytes;
    *length = proxy->out.length - 1; /* without its newline */
    return FL_OK;
}

static enum fl_status proxy_line(struct fl_channel *channel, char **line, size_t *length, int64_t deadline_ns)
{
    struct proxy *const proxy = (struct proxy *)channel;
    bool late = false;
    for (;;) {
        enum fl_status status = proxy_next(channel, line, length);
        if (status != FL_OK || *line != NULL) return status;
        if (late) return fl_channel_fail(channel, "does not answer");
        const bool settles = proxy->begins != 0 && proxy->ready_ns < deadline_ns;
        bool due;
        status = fl_waiter_turn(&proxy->waiter, settles ? proxy->ready_ns : deadline_ns, &due);
        if (status != FL_OK) return status;
        late = due && !settles;
    }
}

static void proxy_close(struct fl_channel *channel)
{
    struct proxy *const proxy = (struct proxy *)channel;
    unsigned open = 0;
    fl_links_close(&proxy->links);
    fl_handle_close((uv_handle_t *)&proxy->waiter.timer, &open);
    fl_loop_settle(channel->loop, &open);
    if (proxy->front != NULL) freeaddrinfo(proxy->front);
    if (proxy->desk != NULL) freeaddrinfo(proxy->desk);
    fl_lines_free(&proxy->out);
    free(proxy->available);
    free(proxy->chats);
    free(proxy->words);
    free(proxy->line);
    free(proxy);
}

static const struct fl_channel_ops proxy_ops = { proxy_send, proxy_line, proxy_post, proxy_next, proxy_close };

static enum fl_status look_up(struct proxy *proxy, const struct fl_channel_setup *setup)
{
    const struct fl_address *const address = &proxy->address;
    struct fl_address desk = { .scheme = FL_SCHEME_TCP, .brackets = address->agents.brackets, .port = address->agents.base };
    const int64_t deadline_ns = fl_clock_ns() + setup->limits->connect_timeout;
    const char *reason = "";
    memcpy(desk.host, address->agents.host, sizeof desk.host);
    enum fl_status status = fl_lookup(&proxy->waiter, address, deadline_ns, &proxy->front, &reason);
    if (status == FL_EENGINE) return fl_channel_fail(&proxy->channel, "cannot be reached at %s: %s", proxy->host, reason);
    if (status != FL_OK) return status;
    status = fl_lookup(&proxy->waiter, &desk, deadline_ns, &proxy->desk, &reason);
    if (status == FL_EENGINE) return fl_channel_fail(&proxy->channel, "cannot be played to: agents cannot listen at %.100s: %s", desk.host, reason);
    return status;
}

enum fl_status fl_proxy_open(const struct fl_channel_setup *setup, const struct fl_address *address, struct fl_channel **channel, char problem[256])
{
    struct proxy *const proxy = calloc(1, sizeof *proxy);
    if (proxy == NULL) return FL_EFULL;
    proxy->channel.ops = &proxy_ops;
    proxy->channel.loop = setup->loop;
    proxy->address = *address;
    snprintf(proxy->host, sizeof proxy->host, address->brackets ? "[%.50s]:%u" : "%.50s:%u", address->host, address->port);
    fl_waiter_open(&proxy->waiter, setup->loop, setup->stop);
    enum fl_status status = look_up(proxy, setup);
    proxy->links = (struct fl_links){ .loop = setup->loop, .front = proxy->front, .desk = proxy->desk, .host = proxy->host,
                                      .http = address->scheme == FL_SCHEME_PROXY_HTTP, .timeout_ns = setup->limits->connect_timeout,
                                      .context = proxy, .on_line = on_line, .on_end = on_end };
    const enum fl_status room = fl_links_open(&proxy->links);
    if (status == FL_OK) status = room;
    if (status == FL_OK) {
        *channel = &proxy->channel;
        return FL_OK;
    }
    snprintf(problem, 256, "%s", proxy->channel.problem);
    proxy_close(&proxy->channel);
    return status;
}
