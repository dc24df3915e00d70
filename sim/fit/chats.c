/* Chats of a log as they go: see chats.h. What is open lies in one table by conversation and in one list by the last time something was
 * written; each agent has a list of the chats that wait for her, in the order in which they came to her, as the simulator's agents do. */
#include "fit/chats.h"

#include "core/real.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define NO_CHAT  UINT32_MAX
#define NO_AGENT UINT32_MAX
#define UNANSWERED_MAX (24 * FL_HOUR) /* a round that stays open longer is given up by us */
#define KEPT_MAX (1u << 17)              /* chats beyond which those that are over are no longer followed for all of `silence` ... */
#define FOLLOWED_MIN (20 * FL_MINUTE)    /* ... but for this long at least */
#define SESSION_GAP    (4 * FL_HOUR)
#define WEEK (7 * FL_DAY)

struct chat {
    uint64_t key, buyer, line;
    int64_t opened, last_buyer, answered, left_at, entered, assigned, last; /* ns */
    uint32_t agent;
    uint32_t newer, older;       /* by `last` */
    uint32_t next, previous;     /* in the agent's inbox */
    float waited_s, quiet_s;     /* of the round last answered */
    uint16_t rounds;
    uint8_t messages, answered_messages, intent, class;
    bool used, in_round, pending /* a reply, and nothing since */, first, replied, left, away /* left a message */, at_bot, bot, in_inbox, by_desk, again /* she asks once more what she had left over, and in one message */;
};

struct agent_now {
    uint32_t first, last;      /* inbox */
    uint32_t composing;        /* chat; NO_CHAT: none that we know of */
    uint32_t open_then;        /* her open chats when she began */
    int64_t since, free;       /* began; her last message */
    int64_t session_from, session_to;
    int64_t idle;              /* the half hour in which the session began, or her last reply to a leave-message before the first live one */
    bool no_live_yet;
    bool known, for_nobody;    /* she has done something; she may be at a reply whose buyer has gone */
};

/* ---- Records -------------------------------------------------------------------------------------- */

static void *record(struct fl_chats *chats, struct fl_records *records)
{
    if (records->stride == 0) records->stride = 1;
    if (records->all++ % records->stride != 0) return NULL;
    char *list = records->list;
    if (records->count == FL_RECORDS_MAX) {
        for (uint32_t i = 0; i < FL_RECORDS_MAX / 2; i++) memcpy(list + (size_t)i * records->size, list + (size_t)2 * i * records->size, records->size);
        records->count /= 2;
        records->stride *= 2;
    }
    if (records->count == records->room) {
        const uint32_t room = records->room == 0 ? 1024 : records->room * 2;
        list = realloc(records->list, (size_t)room * records->size);
        if (list == NULL) {
            chats->full = true;
            return NULL;
        }
        records->list = list;
        records->room = room;
    }
    return list + (size_t)records->count++ * records->size;
}

static void add_after(struct fl_chats *chats, const struct chat *chat, int64_t until, bool writes)
{
    struct fl_after *after = record(chats, &chats->after);
    if (after == NULL) return;
    *after = (struct fl_after){ .waited_s = chat->waited_s, .quiet_s = chat->quiet_s, .gap_s = (float)((double)(until - chat->answered) / 1e9),
                                .round = chat->rounds, .messages = chat->answered_messages, .intent = chat->intent, .class = chat->class,
                                .writes = writes, .first = chat->first };
}

/* The date of an instant; NULL: before the first chat, too far on, or no memory. */
static struct fl_date_seen *date_of(struct fl_chats *chats, int64_t at)
{
    const int64_t day = (at / (FL_ARRIVAL_CELL_S * FL_SECOND) - chats->first_cell) / (86400 / FL_ARRIVAL_CELL_S);
    if (chats->arrival_cells == 0 || day < 0 || day >= 4000) return NULL;
    if (day >= chats->dates) {
        const uint32_t dates = (uint32_t)day + 32;
        struct fl_date_seen *larger = realloc(chats->date, dates * sizeof *larger);
        if (larger == NULL) {
            chats->full = true;
            return NULL;
        }
        memset(larger + chats->dates, 0, (dates - chats->dates) * sizeof *larger);
        chats->date = larger;
        chats->dates = dates;
    }
    return &chats->date[day];
}

static void count_wait(struct fl_chats *chats, const struct chat *chat, double seconds, enum fl_wait_end end)
{
    struct fl_date_seen *const date = end == FL_WAIT_OPEN ? NULL : date_of(chats, chat->opened);
    if (date == NULL) return;
    if (end != FL_WAIT_REPLIED) {
        date->given_up++;
        return;
    }
    date->replies++;
    date->reply_s += seconds;
    date->in_time += seconds <= 180;
    if (chat->rounds > 0) return;
    date->firsts++;
    date->first_s += seconds;
}

static void add_wait(struct fl_chats *chats, const struct chat *chat, int64_t until, enum fl_wait_end end)
{
    const double seconds = (double)(until - chat->opened) / 1e9;
    const bool left = end == FL_WAIT_SAID || end == FL_WAIT_SILENT;
    if (chat->away || chat->at_bot) return;
    if (end == FL_WAIT_REPLIED) fl_durations_add(chat->replied ? chats->response : chats->first_response, seconds, false, 1);
    if (left) fl_durations_add(chat->replied ? chats->response : chats->first_response, seconds, true, 1);
    count_wait(chats, chat, seconds, end);
    struct fl_wait *wait = record(chats, &chats->waits);
    if (wait == NULL) return;
    const double assigned = chat->agent == NO_AGENT ? NAN : fmax(0, (double)(chat->assigned - chat->opened) / 1e9);
    *wait = (struct fl_wait){ .seconds = (float)seconds, .assigned_s = (float)assigned, .end = (uint8_t)end, .intent = chat->intent, .class = chat->class, .first = !chat->replied };
}

static void add_burst(struct fl_chats *chats, const struct chat *chat, int64_t until, bool follows)
{
    if (chat->away || chat->at_bot || chat->by_desk || chat->again) return;
    struct fl_burst *burst = record(chats, &chats->bursts);
    if (burst == NULL) return;
    *burst = (struct fl_burst){ .seconds = (float)((double)(until - chat->last_buyer) / 1e9), .messages = chat->messages, .intent = chat->intent,
                                .follows = follows };
}

/* ---- Names ---------------------------------------------------------------------------------------- */

static bool names_grow(struct fl_name_list *names)
{
    const uint32_t room = names->room == 0 ? 16 : names->room * 2, slots = room * 4;
    void *name = realloc(names->name, room * sizeof *names->name);
    if (name != NULL) names->name = name;
    uint64_t *hash = realloc(names->hash, room * sizeof *hash);
    if (hash != NULL) names->hash = hash;
    uint64_t *seen = realloc(names->seen, room * sizeof *seen);
    if (seen != NULL) names->seen = seen;
    uint32_t *slot = calloc(slots, sizeof *slot);
    if (name == NULL || hash == NULL || seen == NULL || slot == NULL) {
        free(slot);
        return false;
    }
    free(names->slot);
    names->slot = slot;
    names->slots = slots;
    names->room = room;
    for (uint32_t i = 0; i < names->count; i++) {
        uint32_t s = (uint32_t)names->hash[i] & (slots - 1);
        while (slot[s] != 0) s = (s + 1) & (slots - 1);
        slot[s] = i + 1;
    }
    return true;
}

/* A name too long is cut and ends in its hash: names of one long beginning stay apart. */
static void copy_name(char to[FL_NAME_BYTES], struct fl_bytes from, uint64_t hash)
{
    const uint32_t most = FL_NAME_BYTES - 1, tail = 9; /* "#12345678" */
    uint32_t n = from.count <= most ? from.count : most - tail;
    if (n < from.count)
        while (n > 0 && (from.at[n] & 0xC0) == 0x80) n--; /* not within a character */
    memcpy(to, from.at, n);
    to[n] = '\0';
    if (from.count > most) snprintf(to + n, FL_NAME_BYTES - n, "#%08x", (unsigned)(hash & 0xFFFFFFFF));
}

/* The index of a name, new ones at the end; UINT32_MAX: no memory. */
static uint32_t name_index(struct fl_name_list *names, struct fl_bytes name, bool *is_new)
{
    const uint64_t hash = XXH3_64bits(name.at, name.count);
    *is_new = false;
    if (names->slots > 0) {
        for (uint32_t s = (uint32_t)hash & (names->slots - 1); names->slot[s] != 0; s = (s + 1) & (names->slots - 1))
            if (names->hash[names->slot[s] - 1] == hash) return names->slot[s] - 1;
    }
    if (names->count == names->most) {
        names->over = true;
        return names->count - 1;
    }
    if (names->count == names->room && !names_grow(names)) return UINT32_MAX;
    uint32_t s = (uint32_t)hash & (names->slots - 1);
    while (names->slot[s] != 0) s = (s + 1) & (names->slots - 1);
    names->slot[s] = names->count + 1;
    names->hash[names->count] = hash;
    names->seen[names->count] = 0;
    copy_name(names->name[names->count], name, hash);
    *is_new = true;
    return names->count++;
}

static void names_free(struct fl_name_list *names)
{
    free(names->name);
    free(names->hash);
    free(names->seen);
    free(names->slot);
}

static uint8_t small_name(struct fl_chats *chats, struct fl_name_list *names, struct fl_bytes name)
{
    bool is_new;
    if (name.count == 0) return 255;
    const uint32_t index = name_index(names, name, &is_new);
    chats->full |= index == UINT32_MAX;
    return index == UINT32_MAX ? 255 : (uint8_t)index;
}

/* ---- Agents --------------------------------------------------------------------------------------- */

static uint32_t agent_of(struct fl_chats *chats, struct fl_bytes name)
{
    bool is_new;
    const uint32_t before = chats->agents.room;
    if (name.count == 0) return NO_AGENT;
    const uint32_t a = name_index(&chats->agents, name, &is_new);
    if (a == UINT32_MAX) {
        chats->full = true;
        return NO_AGENT;
    }
    if (chats->agents.room != before) {
        struct fl_agent_seen *seen = realloc(chats->agent, chats->agents.room * sizeof *seen);
        if (seen != NULL) chats->agent = seen;
        struct agent_now *now = realloc(chats->now, chats->agents.room * sizeof *now);
        if (now != NULL) chats->now = now;
        if (seen == NULL || now == NULL) {
            chats->full = true;
            chats->agents.most = chats->agents.count = before; /* as many as there is room for */
            return NO_AGENT;
        }
    }
    if (is_new) {
        chats->agent[a] = (struct fl_agent_seen){ .replies = 0 };
        chats->now[a] = (struct agent_now){ .first = NO_CHAT, .last = NO_CHAT, .composing = NO_CHAT };
    }
    return a;
}

static void session_end(struct fl_chats *chats, uint32_t a)
{
    const struct agent_now *now = &chats->now[a];
    if (!now->known) return;
    struct fl_session *session = record(chats, &chats->sessions);
    if (session != NULL) *session = (struct fl_session){ a, now->session_from / FL_SECOND, now->session_to / FL_SECOND };
}

static void agent_active(struct fl_chats *chats, uint32_t a, int64_t at)
{
    struct agent_now *now = &chats->now[a];
    if (now->known && at - now->session_to < SESSION_GAP) {
        now->session_to = at;
        return;
    }
    session_end(chats, a);
    now->known = true;
    now->session_from = now->session_to = at;
    now->idle = at - at % (1800 * FL_SECOND);
    now->no_live_yet = true;
}

/* Her open chats change at an instant. */
static void open_changes(struct fl_chats *chats, uint32_t a, int64_t at, int by)
{
    struct fl_agent_seen *seen = &chats->agent[a];
    const double s = (double)(at - seen->open_since_ns) / 1e9;
    if (seen->open > 0) {
        seen->open_s += s * seen->open;
        seen->busy_s += s;
    }
    seen->open_since_ns = at;
    if (by > 0) seen->open++;
    else if (seen->open > 0) seen->open--;
    if (seen->open > seen->open_most) seen->open_most = seen->open;
    if (chats->now[a].since == at) chats->now[a].open_then = seen->open; /* a close at the instant she begins comes first */
}

static void begin_composing(struct fl_chats *chats, uint32_t a, uint32_t c, int64_t at)
{
    struct agent_now *now = &chats->now[a];
    now->composing = c;
    now->since = at;
    now->open_then = chats->agent[a].open;
}

static void inbox_add(struct fl_chats *chats, uint32_t a, uint32_t c, int64_t at)
{
    struct agent_now *now = &chats->now[a];
    struct chat *chat = &chats->chat[c];
    if (chat->in_inbox) return;
    chat->in_inbox = true;
    chat->entered = at;
    chat->next = NO_CHAT;
    chat->previous = now->last;
    if (now->last != NO_CHAT) chats->chat[now->last].next = c;
    else now->first = c;
    now->last = c;
    if (now->composing == NO_CHAT && !now->for_nobody) begin_composing(chats, a, c, at);
}

static void inbox_remove(struct fl_chats *chats, uint32_t a, uint32_t c)
{
    struct agent_now *now = &chats->now[a];
    struct chat *chat = &chats->chat[c];
    if (!chat->in_inbox) return;
    chat->in_inbox = false;
    if (chat->previous != NO_CHAT) chats->chat[chat->previous].next = chat->next;
    else now->first = chat->next;
    if (chat->next != NO_CHAT) chats->chat[chat->next].previous = chat->previous;
    else now->last = chat->previous;
}

static void add_composing(struct fl_chats *chats, uint32_t a, const struct chat *chat, int64_t since, int64_t at, uint32_t chars, bool cut)
{
    struct fl_composing *composing = record(chats, &chats->composings);
    if (composing == NULL) return;
    const uint32_t open = chats->now[a].open_then;
    *composing = (struct fl_composing){ .seconds = (float)((double)(at - since) / 1e9), .agent = (uint16_t)(a < 65535 ? a : 65535),
                                        .chars = (uint16_t)(chars < 65535 ? chars : 65535), .open = (uint16_t)(open < 65535 ? open : 65535),
                                        .intent = chat->intent, .class = chat->class, .cut = cut };
}

/* She sends: what she was at is done, and the chat that has waited for her longest is next. */
static void agent_sends(struct fl_chats *chats, uint32_t a, int64_t at)
{
    struct agent_now *now = &chats->now[a];
    now->free = at;
    now->for_nobody = false;
    now->composing = NO_CHAT;
    if (now->first != NO_CHAT) begin_composing(chats, a, now->first, at);
}

static void note_first(struct fl_chats *chats, struct agent_now *now, const struct chat *chat, int64_t at)
{
    if (chat->away) {
        now->idle = at;
        return;
    }
    now->no_live_yet = false;
    if (!chat->in_inbox) return;
    struct fl_first_reply *const first = record(chats, &chats->first_replies);
    const int64_t entered = chat->entered > now->idle ? chat->entered - now->idle : 0;
    if (first != NULL) *first = (struct fl_first_reply){ (float)((double)(at - now->idle) / 1e9), (float)((double)entered / 1e9) };
}

static void agent_replies(struct fl_chats *chats, uint32_t a, uint32_t c, int64_t at, uint32_t chars)
{
    struct agent_now *now = &chats->now[a];
    const struct chat *chat = &chats->chat[c];
    uint16_t *const replies_at = &chats->agent[a].replies_at[at / (300 * FL_SECOND) % 288];
    chats->agent[a].replies++;
    *replies_at += *replies_at < UINT16_MAX;
    if (now->no_live_yet) note_first(chats, now, chat, at);
    if (chat->in_inbox) {
        const bool expected = now->composing == c;
        if (expected) add_composing(chats, a, chat, now->since, at, chars, false);
        else if (!now->for_nobody) add_composing(chats, a, chat, now->free > chat->entered ? now->free : chat->entered, at, chars, false);
        if (now->composing != NO_CHAT) *(expected ? &chats->in_order : &chats->out_of_order) += 1;
        inbox_remove(chats, a, c);
    } else if (chat->in_round) { /* logs without assignments: she took it when she was free */
        add_composing(chats, a, chat, now->free > chat->opened ? now->free : chat->opened, at, chars, false);
    }
    agent_sends(chats, a, at);
}

/* The chat no longer waits for its agent: it was closed, moved on, or its buyer said good-bye. If she was at its reply she finishes
 * it for nobody and the log does not say when: her next reply's time is not known. */
static void agent_loses(struct fl_chats *chats, uint32_t c, int64_t at, bool finishes)
{
    struct chat *chat = &chats->chat[c];
    const uint32_t a = chat->agent;
    if (a == NO_AGENT || !chat->in_inbox) return;
    struct agent_now *now = &chats->now[a];
    const bool was = now->composing == c;
    inbox_remove(chats, a, c);
    if (!was) return;
    if (finishes) add_composing(chats, a, chat, now->since, at, 0, true);
    now->composing = NO_CHAT;
    now->for_nobody = finishes;
    if (!finishes && now->first != NO_CHAT) begin_composing(chats, a, now->first, at);
}

static void attach(struct fl_chats *chats, uint32_t c, uint32_t a, int64_t at)
{
    struct chat *chat = &chats->chat[c];
    if (chat->agent == a) return;
    if (chat->agent != NO_AGENT) {
        agent_loses(chats, c, at, false);
        open_changes(chats, chat->agent, at, -1);
    }
    chat->agent = a;
    chat->assigned = at;
    if (a == NO_AGENT) return;
    open_changes(chats, a, at, 1);
    chats->agent[a].assigned++;
}

/* ---- The table ------------------------------------------------------------------------------------ */

static uint32_t find(const struct fl_chats *chats, uint64_t key)
{
    for (uint32_t s = (uint32_t)key & (chats->table_slots - 1);; s = (s + 1) & (chats->table_slots - 1)) {
        const uint32_t c = chats->table[s];
        if (c == 0) return NO_CHAT;
        if (chats->chat[c - 1].key == key) return c - 1;
    }
}

static void table_put(struct fl_chats *chats, uint32_t c)
{
    uint32_t s = (uint32_t)chats->chat[c].key & (chats->table_slots - 1);
    while (chats->table[s] != 0) s = (s + 1) & (chats->table_slots - 1);
    chats->table[s] = c + 1;
}

/* Linear probing without marks: what stands behind the gap moves up if it may. */
static void table_remove(struct fl_chats *chats, uint32_t c)
{
    const uint32_t mask = chats->table_slots - 1;
    uint32_t gap = (uint32_t)chats->chat[c].key & mask;
    while (chats->table[gap] != c + 1) gap = (gap + 1) & mask;
    for (uint32_t s = (gap + 1) & mask; chats->table[s] != 0; s = (s + 1) & mask) {
        const uint32_t home = (uint32_t)chats->chat[chats->table[s] - 1].key & mask;
        if (((s - home) & mask) < ((s - gap) & mask)) continue;
        chats->table[gap] = chats->table[s];
        gap = s;
    }
    chats->table[gap] = 0;
}

static void age_remove(struct fl_chats *chats, uint32_t c)
{
    const struct chat *chat = &chats->chat[c];
    if (chat->older != NO_CHAT) chats->chat[chat->older].newer = chat->newer;
    else chats->oldest = chat->newer;
    if (chat->newer != NO_CHAT) chats->chat[chat->newer].older = chat->older;
    else chats->newest = chat->older;
}

static void age_append(struct fl_chats *chats, uint32_t c)
{
    struct chat *chat = &chats->chat[c];
    chat->newer = NO_CHAT;
    chat->older = chats->newest;
    if (chats->newest != NO_CHAT) chats->chat[chats->newest].newer = c;
    else chats->oldest = c;
    chats->newest = c;
}

static bool grow(struct fl_chats *chats)
{
    const uint32_t room = chats->chats_room * 2, slots = room * 2;
    struct chat *chat = realloc(chats->chat, room * sizeof *chat);
    if (chat != NULL) chats->chat = chat;
    uint32_t *table = calloc(slots, sizeof *table);
    if (chat == NULL || table == NULL) {
        free(table);
        return false;
    }
    for (uint32_t c = room; c-- > chats->chats_room;) {
        chat[c].used = false;
        chat[c].next = chats->free;
        chats->free = c;
    }
    free(chats->table);
    chats->table = table;
    chats->table_slots = slots;
    for (uint32_t c = 0; c < chats->chats_room; c++)
        if (chat[c].used) table_put(chats, c);
    chats->chats_room = room;
    return true;
}

/* Nothing more is looked for: at `until`. */
static void chat_end(struct fl_chats *chats, uint32_t c, int64_t until)
{
    struct chat *chat = &chats->chat[c];
    if (chat->left) fl_durations_add(chats->come_back, (double)(until - chat->left_at) / 1e9, true, 1);
    else if (chat->pending) add_after(chats, chat, until, false);
    if (chat->in_round && !chat->left) {
        add_wait(chats, chat, until, FL_WAIT_OPEN);
        add_burst(chats, chat, until, false);
    }
    chats->never_answered += chat->opened != 0 && chat->rounds == 0;
    attach(chats, c, NO_AGENT, until);
    table_remove(chats, c);
    age_remove(chats, c);
    chat->used = false;
    chat->next = chats->free;
    chats->free = c;
    chats->chats_open--;
}

/* Room for another chat by following one less long that is over and with nobody, as most are: the oldest of them that is soon found. */
static void give_up_oldest(struct fl_chats *chats)
{
    uint32_t tries = 0;
    for (uint32_t c = chats->oldest; c != NO_CHAT && tries < 64; c = chats->chat[c].newer, tries++) {
        const struct chat *chat = &chats->chat[c];
        if (chat->agent != NO_AGENT || (chat->in_round && !chat->left) || chats->clock_ns - chat->last < FOLLOWED_MIN) continue;
        chat_end(chats, c, chats->clock_ns);
        return;
    }
}

static uint32_t chat_begin(struct fl_chats *chats, uint64_t key)
{
    if (chats->free == NO_CHAT && chats->chats_room >= KEPT_MAX) give_up_oldest(chats);
    if (chats->free == NO_CHAT && !grow(chats)) {
        chats->full = true;
        return NO_CHAT;
    }
    const uint32_t c = chats->free;
    struct chat *chat = &chats->chat[c];
    chats->free = chat->next;
    *chat = (struct chat){ .key = key, .used = true, .agent = NO_AGENT, .next = NO_CHAT, .previous = NO_CHAT, .intent = 255, .class = 255 };
    table_put(chats, c);
    age_append(chats, c);
    if (++chats->chats_open > chats->chats_most) chats->chats_most = chats->chats_open;
    return c;
}

static void end_the_silent(struct fl_chats *chats, int64_t now)
{
    while (chats->oldest != NO_CHAT) {
        const uint32_t c = chats->oldest;
        struct chat *chat = &chats->chat[c];
        if (now - chat->last < chats->silence_ns) return;
        if (chat->in_round && !chat->left && now - chat->opened < UNANSWERED_MAX) { /* she still waits for an answer */
            age_remove(chats, c);
            chat->last = now;
            age_append(chats, c);
            continue;
        }
        chat_end(chats, c, chat->last + chats->silence_ns);
    }
}

/* ---- What happens --------------------------------------------------------------------------------- */

static void count_arrival(struct fl_chats *chats, int64_t at, bool again)
{
    const int64_t cell = at / (FL_ARRIVAL_CELL_S * FL_SECOND);
    if (chats->arrival_cells == 0) chats->first_cell = cell - cell % (86400 / FL_ARRIVAL_CELL_S);
    if (cell < chats->first_cell || cell - chats->first_cell > 4000 * (86400 / FL_ARRIVAL_CELL_S)) return;
    const uint32_t index = (uint32_t)(cell - chats->first_cell);
    while (index >= chats->arrival_room) {
        const uint32_t room = chats->arrival_room == 0 ? 8 * 288 : chats->arrival_room * 2;
        uint32_t *arrivals = realloc(chats->arrivals, room * sizeof *arrivals);
        if (arrivals != NULL) chats->arrivals = arrivals;
        uint32_t *visits = realloc(chats->again, room * sizeof *visits);
        if (visits != NULL) chats->again = visits;
        if (arrivals == NULL || visits == NULL) {
            chats->full = true;
            return;
        }
        memset(arrivals + chats->arrival_room, 0, (room - chats->arrival_room) * sizeof *arrivals);
        memset(visits + chats->arrival_room, 0, (room - chats->arrival_room) * sizeof *visits);
        chats->arrival_room = room;
    }
    if (index >= chats->arrival_cells) chats->arrival_cells = index + 1;
    chats->arrivals[index]++;
    chats->again[index] += again;
}

static void count_intent(struct fl_chats *chats, int64_t at, uint8_t intent)
{
    const int64_t day = (at / (FL_ARRIVAL_CELL_S * FL_SECOND) - chats->first_cell) / (86400 / FL_ARRIVAL_CELL_S);
    if (day < 0 || day >= 4000) return;
    if (day >= chats->intent_days) {
        const uint32_t days = (uint32_t)day + 32;
        uint32_t *larger = realloc(chats->intents_of_day, (size_t)days * 64 * sizeof *larger);
        if (larger == NULL) {
            chats->full = true;
            return;
        }
        memset(larger + (size_t)chats->intent_days * 64, 0, (size_t)(days - chats->intent_days) * 64 * sizeof *larger);
        chats->intents_of_day = larger;
        chats->intent_days = days;
    }
    chats->intents_of_day[(size_t)day * 64 + intent % 64]++;
}

static void chat_arrives(struct fl_chats *chats, const struct chat *chat, int64_t at)
{
    chats->chats++;
    count_arrival(chats, at, fl_visits_begins(&chats->visits, chat->buyer, at));
    struct fl_date_seen *const date = date_of(chats, at);
    if (date != NULL) date->chats++;
    if (chat->intent != 255) {
        chats->intents.seen[chat->intent]++;
        count_intent(chats, at, chat->intent);
    }
    if (chat->class != 255) chats->classes.seen[chat->class]++;
}

static void open_round(struct fl_chats *chats, uint32_t c, int64_t at)
{
    struct chat *chat = &chats->chat[c];
    chat->in_round = true;
    chat->pending = chat->by_desk = chat->again = false;
    chat->opened = at;
    chat->messages = 1;
    if (chat->agent != NO_AGENT) inbox_add(chats, chat->agent, c, at);
}

static void buyer_writes(struct fl_chats *chats, uint32_t c, int64_t at)
{
    struct chat *chat = &chats->chat[c];
    chats->buyer_messages++;
    if (chat->replied) fl_visits_goes_on(&chats->visits, chat->buyer);
    if (chat->left) { /* back again: another visit, whose patience is new */
        fl_durations_add(chats->come_back, (double)(at - chat->left_at) / 1e9, false, 1);
        chat->left = chat->replied = chat->away = false;
        open_round(chats, c, at);
        chat->again = true;
    } else if (!chat->in_round) {
        if (chat->pending) add_after(chats, chat, at, true);
        if (chat->away) chat->replied = false; /* she had left a message: this is another visit */
        chat->away = false;
        open_round(chats, c, at);
    } else if (chat->at_bot) {
        chat->messages = 1;
    } else {
        add_burst(chats, chat, at, true);
        if (chat->messages < 255) chat->messages++;
        chat->by_desk = chat->again = false;
    }
    chat->last_buyer = at;
}

static void buyer_leaves(struct fl_chats *chats, uint32_t c, int64_t at, bool says_so)
{
    struct chat *chat = &chats->chat[c];
    if (!chat->in_round || chat->left) return;
    *(says_so ? &chats->left_said : &chats->left_silent) += 1;
    add_wait(chats, chat, at, says_so ? FL_WAIT_SAID : FL_WAIT_SILENT);
    add_burst(chats, chat, at, false);
    chat->left = true;
    chat->left_at = at;
    if (!says_so) return; /* her agent does not know, and answers her */
    chat->in_round = false;
    agent_loses(chats, c, at, true);
}

static void reply_comes(struct fl_chats *chats, uint32_t c, uint32_t a, int64_t at, uint32_t chars)
{
    struct chat *chat = &chats->chat[c];
    chats->agent_messages++;
    if (a != NO_AGENT) {
        if (chat->agent != a && chat->in_round) attach(chats, c, a, at);
        if (!chats->has_assigned) agent_active(chats, a, at);
        agent_replies(chats, a, c, at, chars);
    }
    if (!chat->in_round) return; /* a second message of the same answer */
    chat->in_round = false;
    if (chat->left) return; /* said to nobody */
    chats->rounds_answered++;
    add_wait(chats, chat, at, FL_WAIT_REPLIED);
    add_burst(chats, chat, at, false);
    chat->rounds += chat->rounds < 65535;
    chat->pending = !chat->away && !chat->bot;
    chat->first = !chat->replied;
    chat->replied = true;
    chat->answered = at;
    chat->waited_s = (float)((double)(at - chat->opened) / 1e9);
    chat->quiet_s = (float)((double)(at - chat->last_buyer) / 1e9);
    chat->answered_messages = chat->again ? 0 : chat->messages;
}

static void chat_is_assigned(struct fl_chats *chats, uint32_t c, uint32_t a, int64_t at)
{
    struct chat *chat = &chats->chat[c];
    chats->has_assigned = true;
    if (a == NO_AGENT) return;
    attach(chats, c, a, at);
    agent_active(chats, a, at);
    if (chat->at_bot) { /* her patience with people starts now */
        chat->at_bot = false;
        chat->opened = at;
    }
    if (chat->in_round) inbox_add(chats, a, c, at);
}

static void chat_is_moved(struct fl_chats *chats, uint32_t c, int64_t at)
{
    struct chat *chat = &chats->chat[c];
    chats->transfers++;
    if (!chat->in_round && chat->pending && chat->answered == at) { /* a colleague will help: the question stays open */
        chat->pending = false;
        chat->in_round = chat->by_desk = true;
        chat->opened = at;
        chat->messages = 1;
    }
    attach(chats, c, NO_AGENT, at);
}

static void chat_is_closed(struct fl_chats *chats, uint32_t c, int64_t at)
{
    struct chat *chat = &chats->chat[c];
    chats->has_closed = true;
    if (chat->replied && !chat->left && !chat->in_round) fl_visits_served(&chats->visits, chat->buyer, at);
    if (chat->pending) fl_durations_add(chats->closes, (double)(at - chat->answered) / 1e9, false, 1);
    agent_loses(chats, c, at, false);
    attach(chats, c, NO_AGENT, at);
}

static void chat_at_bot(struct fl_chats *chats, uint32_t c, int64_t at)
{
    struct chat *chat = &chats->chat[c];
    if (!chat->in_round) return;
    if (!chat->bot) chats->bot_chats++;
    chat->bot = chat->at_bot = true;
    chat->opened = chat->last_buyer = at;
}

static void happen(struct fl_chats *chats, uint32_t c, const struct fl_logged *message, int64_t at)
{
    struct chat *chat = &chats->chat[c];
    const uint32_t a = message->agent.count > 0 ? agent_of(chats, message->agent) : NO_AGENT;
    switch ((enum fl_log_kind)message->kind) {
    case FL_LOG_BUYER_MESSAGE: buyer_writes(chats, c, at); return;
    case FL_LOG_AGENT_REPLY: reply_comes(chats, c, a, at, message->chars); return;
    case FL_LOG_AGENT_EXTRA:
        chats->extras++;
        if (a != NO_AGENT) agent_sends(chats, a, at);
        return;
    case FL_LOG_BOT_REPLY: chat_at_bot(chats, c, at); return;
    case FL_LOG_ASSIGNED: chat_is_assigned(chats, c, a, at); return;
    case FL_LOG_TRANSFERRED: chat_is_moved(chats, c, at); return;
    case FL_LOG_ABANDONED: buyer_leaves(chats, c, at, true); return;
    case FL_LOG_ABANDONED_SILENT:
        if (chats->hears_silent) buyer_leaves(chats, c, at, false);
        return;
    case FL_LOG_LEAVE_MESSAGE:
        chats->leave_messages++;
        chat->away = true;
        return;
    case FL_LOG_REJECTED: chat->in_round = false; return;
    case FL_LOG_REOPENED: chats->reopened++; return;
    case FL_LOG_CLOSED: chat_is_closed(chats, c, at); return;
    case FL_LOG_QUEUED:
        if (chat->at_bot) {
            chat->at_bot = false;
            chat->opened = at;
        }
        return;
    case FL_LOG_GREETING: chats->greetings++; return;
    case FL_LOG_CHAT_OPENED:
    case FL_LOG_KINDS_COUNT: return;
    }
}

/* The end of one record: all that is open ends unseen, at its last instant. */
static void end_all(struct fl_chats *chats)
{
    fl_visits_end(&chats->visits, chats->clock_ns);
    struct fl_session *const span = chats->messages > 0 ? record(chats, &chats->spans) : NULL;
    if (span != NULL) *span = (struct fl_session){ NO_AGENT, chats->span_ns / FL_SECOND, chats->clock_ns / FL_SECOND };
    while (chats->oldest != NO_CHAT) chat_end(chats, chats->oldest, chats->clock_ns);
    for (uint32_t a = 0; a < chats->agents.count; a++) {
        session_end(chats, a);
        chats->now[a] = (struct agent_now){ .first = NO_CHAT, .last = NO_CHAT, .composing = NO_CHAT };
        chats->agent[a].open = 0;
    }
}

/* The first message of a file whose dates were had before: on by whole weeks. */
static void settle_shift(struct fl_chats *chats, int64_t at)
{
    chats->shift_ns = 0;
    if (chats->messages == 0 || at >= chats->clock_ns) return;
    end_all(chats);
    chats->shift_ns = (chats->clock_ns - at + WEEK - 1) / WEEK * WEEK;
    chats->span_ns = at + chats->shift_ns;
}

int64_t fl_chats_when(struct fl_chats *chats, const struct fl_logged *message)
{
    if (chats->shift_ns == INT64_MIN) settle_shift(chats, message->at_ns);
    return message->at_ns + chats->shift_ns;
}

enum fl_line_fault fl_chats_take(struct fl_chats *chats, const struct fl_logged *message)
{
    const int64_t at = fl_chats_when(chats, message);
    if (chats->messages == 0) chats->span_ns = at;
    if (at > chats->clock_ns || chats->messages == 0) {
        chats->clock_ns = at;
        end_the_silent(chats, at);
    }
    const uint64_t key = message->conversation != 0 ? message->conversation : message->buyer;
    uint32_t c = find(chats, key);
    if (c != NO_CHAT && at < chats->chat[c].last) return FL_LINE_BACKWARDS;
    if (c != NO_CHAT && message->line != 0 && message->line == chats->chat[c].line && message->resolution != FL_TIMES_MINUTES) return FL_LINE_TWICE;
    chats->late += at < chats->clock_ns;
    const bool is_new = c == NO_CHAT;
    if (is_new) {
        if (message->kind == FL_LOG_CLOSED) return FL_LINE_READ; /* of a chat from before, or silent for long */
        c = chat_begin(chats, key);
        if (c == NO_CHAT) return FL_LINE_READ;
        chats->chat[c].intent = small_name(chats, &chats->intents, message->intent);
        chats->chat[c].class = small_name(chats, &chats->classes, message->class);
        chats->chat[c].buyer = message->buyer;
        chats->has_buyers |= message->buyer != 0 && message->conversation != 0;
    }
    if (chats->messages++ == 0) chats->first_ns = at;
    if (at > chats->last_ns) chats->last_ns = at;
    if (message->resolution > chats->resolution) chats->resolution = message->resolution;
    struct chat *chat = &chats->chat[c];
    if (!is_new) age_remove(chats, c);
    chat->last = at;
    chat->line = message->line;
    if (!is_new) age_append(chats, c);
    if (message->kind == FL_LOG_BUYER_MESSAGE && !chat->in_round && !chat->replied && !chat->left && chat->opened == 0) {
        chat->opened = at;
        chat_arrives(chats, chat, at);
    }
    happen(chats, c, message, at);
    return FL_LINE_READ;
}

/* ---- Begin and end -------------------------------------------------------------------------------- */

enum fl_status fl_chats_start(struct fl_chats *chats)
{
    const uint32_t room = 1024;
    *chats = (struct fl_chats){ .silence_ns = 3 * FL_HOUR, .hears_silent = true, .oldest = NO_CHAT, .newest = NO_CHAT, .free = NO_CHAT };
    chats->intents.most = 64;
    chats->classes.most = 32;
    chats->agents.most = 20000;
    chats->after.size = sizeof(struct fl_after);
    chats->waits.size = sizeof(struct fl_wait);
    chats->bursts.size = sizeof(struct fl_burst);
    chats->composings.size = sizeof(struct fl_composing);
    chats->first_replies.size = sizeof(struct fl_first_reply);
    chats->sessions.size = chats->spans.size = sizeof(struct fl_session);
    struct fl_durations **const bins[] = { &chats->come_back, &chats->closes, &chats->first_response, &chats->response };
    bool well = true;
    for (uint32_t i = 0; i < sizeof bins / sizeof *bins; i++) {
        *bins[i] = calloc(1, sizeof **bins[i]);
        well &= *bins[i] != NULL;
    }
    well &= fl_visits_start(&chats->visits) == FL_OK;
    chats->chat = calloc(room, sizeof *chats->chat);
    chats->table = calloc(2 * room, sizeof *chats->table);
    if (!well || chats->chat == NULL || chats->table == NULL) {
        fl_chats_free(chats);
        return FL_EFULL;
    }
    chats->chats_room = room;
    chats->table_slots = 2 * room;
    for (uint32_t c = room; c-- > 0;) {
        chats->chat[c].next = chats->free;
        chats->free = c;
    }
    return FL_OK;
}

void fl_chats_free(struct fl_chats *chats)
{
    struct fl_durations *const bins[] = { chats->come_back, chats->closes, chats->first_response, chats->response };
    for (uint32_t i = 0; i < sizeof bins / sizeof *bins; i++) free(bins[i]);
    struct fl_records *const records[] = { &chats->after, &chats->waits, &chats->bursts, &chats->composings, &chats->sessions, &chats->first_replies, &chats->spans };
    for (uint32_t i = 0; i < sizeof records / sizeof *records; i++) free(records[i]->list);
    fl_visits_free(&chats->visits);
    names_free(&chats->intents);
    names_free(&chats->classes);
    names_free(&chats->agents);
    free(chats->agent);
    free(chats->now);
    free(chats->chat);
    free(chats->table);
    free(chats->arrivals);
    free(chats->again);
    free(chats->intents_of_day);
    free(chats->date);
    *chats = (struct fl_chats){ .messages = 0 };
}

void fl_chats_next_file(struct fl_chats *chats)
{
    chats->shift_ns = INT64_MIN;
}

void fl_chats_end(struct fl_chats *chats)
{
    end_all(chats);
}
