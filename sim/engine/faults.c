#include "engine/faults.h"

#include "core/draw.h"
#include "engine/protocol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX 10000u
#define SLOW_BYTES_A_SECOND 4096
#define TRY_AGAIN_NS INT64_C(100000000) /* between two attempts to make the link anew */
#define DAMAGE_LASTS_NS INT64_C(1000000000) /* a line hit at the last moment may be answered so much later: chosen */
#define LINES_HELD_MAX 65536u

/* A line of the engine that is here, but not for the user yet. */
struct held {
    struct held *next;
    int64_t due_ns;
    size_t length, said;   /* what is left of it, and what it was */
    enum fl_fault garbled; /* by whom; FL_FAULTS_COUNT: it is as it was */
    bool again;            /* its second coming */
    char bytes[];          /* [length], and from [said] on the [said] as they were said */
};

struct faulty {
    struct fl_channel channel; /* first: the channel's address is ours */
    struct fl_faulty_setup setup;
    struct fl_engine_def limits; /* of the links made anew: they are not waited for long */
    struct fl_channel *link;   /* NULL: cut */
    struct fl_fault_def *plan; /* [setup.defs_count] by instant */
    uint32_t planned;          /* of them begun today */
    int64_t origin_ns;         /* of the day that they are counted for */
    struct fl_fault_entry *entries; /* [entries_room] */
    uint32_t entries_count, entries_room;
    uint32_t settled;          /* of these, the first so many are over and have recovered */
    fl_fault_told *told;       /* NULL: nobody listens */
    void *told_context;
    struct fl_fault_entry nowhere; /* for what is beyond the room */
    struct fl_fault_def now[FL_FAULTS_COUNT];
    uint32_t are_on;           /* bit by enum fl_fault */
    int32_t on[FL_FAULTS_COUNT];  /* its entry, or -1 */
    struct held *first, *last;
    uint32_t held_count;
    struct held *current;      /* the line that was handed out */
    struct held *waits;        /* to change places with the next */
    struct fl_lines out;       /* of ours, held back */
    size_t out_sent;
    int64_t out_due_ns, in_due_ns;
    uint64_t lines_in;
    uint32_t undecided, retries_left;
    int64_t try_ns;
    bool lost;                 /* for good */
};

static struct faulty *faulty_of(struct fl_channel *channel)
{
    return (struct faulty *)channel;
}

static const char *const texts[FL_FAULTS_COUNT][2] = {
#define FL_FAULT_TEXTS(name, word, sentence) { word, sentence },
    FL_FAULTS(FL_FAULT_TEXTS)
#undef FL_FAULT_TEXTS
    { "link_lost", "the link broke without being asked to" },
};

const char *fl_fault_word(enum fl_fault fault)
{
    return texts[fault][0];
}

const char *fl_fault_sentence(enum fl_fault fault)
{
    return texts[fault][1];
}

bool fl_fault_harms_lines(enum fl_fault fault)
{
    return fault == FL_FAULT_REORDER || fault == FL_FAULT_DUPLICATE || fault == FL_FAULT_TRUNCATE || fault == FL_FAULT_CORRUPT;
}

const char *fl_fault_act_word(enum fl_fault_act act)
{
    static const char *const words[] = {
#define FL_FAULT_ACT_WORD(name, word) word,
        FL_FAULT_ACTS(FL_FAULT_ACT_WORD)
#undef FL_FAULT_ACT_WORD
    };
    return words[act];
}

/* ---- The books ----------------------------------------------------------------------------------- */

void fl_faulty_tell(struct fl_channel *channel, fl_fault_told *told, void *context)
{
    struct faulty *const f = faulty_of(channel);
    f->told = told;
    f->told_context = context;
}

static void tell(const struct faulty *f, const struct fl_fault_note *note)
{
    if (f->told != NULL) f->told(f->told_context, note);
}

static void tell_link(const struct faulty *f, enum fl_fault what, enum fl_fault_act act, const char *problem)
{
    tell(f, &(struct fl_fault_note){ .what = what, .act = act, .problem = problem });
}

static void tell_line(const struct faulty *f, enum fl_fault what, enum fl_fault_act act, const char *bytes, size_t length)
{
    tell(f, &(struct fl_fault_note){ .what = what, .act = act, .bytes = bytes, .length = length });
}

static int32_t entry_add(struct faulty *f, enum fl_fault what, fl_time at)
{
    if (f->entries_count == f->entries_room) {
        const uint32_t room = f->entries_room == 0 ? 16 : 2 * f->entries_room;
        struct fl_fault_entry *const entries = f->entries_count == ENTRIES_MAX ? NULL : realloc(f->entries, room * sizeof *entries);
        if (entries == NULL) return -1;
        f->entries = entries;
        f->entries_room = room;
    }
    f->entries[f->entries_count] = (struct fl_fault_entry){ .what = what, .at = at, .began_ns = fl_clock_ns(), .undecided_before = f->undecided,
                                                            .first_word_ns = -1, .recovered_ns = -1 };
    return (int32_t)f->entries_count++;
}

static struct fl_fault_entry *entry_of(struct faulty *f, enum fl_fault what)
{
    return f->on[what] >= 0 ? &f->entries[f->on[what]] : &f->nowhere;
}

/* Number of the chat that a line of the engine decides on; 0: none. */
static uint32_t chat_of(const char *line, size_t length)
{
    static const char key[] = "\"chat\":";
    const char *const at = memmem(line, length, key, sizeof key - 1);
    uint32_t number = 0;
    if (at == NULL) return 0;
    for (const char *digit = at + sizeof key - 1; digit < line + length; digit++) {
        if (*digit == ' ' && number == 0) continue;
        if (*digit < '0' || *digit > '9' || number > 100000000) break;
        number = number * 10 + (uint32_t)(*digit - '0');
    }
    return number;
}

/* Once a line, whatever is done to it. */
static void count_lost(struct fl_fault_entry *entry, const char *line, size_t length)
{
    const uint32_t chat = chat_of(line, length);
    entry->lost_in++;
    if (chat == 0) return;
    if (entry->chats_count < FL_FAULT_CHATS_NAMED) entry->chats[entry->chats_count] = chat;
    entry->chats_count++;
}

static const char *as_said(const struct held *held)
{
    return held->bytes + held->said;
}

static void lose_held(struct faulty *f, enum fl_fault what, const struct held *held)
{
    if (held->again) return; /* its first coming is lost, or was heard */
    if (held->garbled == FL_FAULTS_COUNT) count_lost(entry_of(f, what), as_said(held), held->said);
    tell_line(f, what, FL_ACT_LOST, as_said(held), held->said);
}

/* Whole lines. */
static void lose_out(struct faulty *f, enum fl_fault what, const char *bytes, size_t length)
{
    for (const char *const end = bytes + length; bytes < end;) {
        const char *const newline = memchr(bytes, '\n', (size_t)(end - bytes)), *const to = newline != NULL ? newline : end;
        entry_of(f, what)->lost_out++;
        tell(f, &(struct fl_fault_note){ .what = what, .act = FL_ACT_LOST, .ours = true, .bytes = bytes, .length = (size_t)(to - bytes) });
        bytes = to + (newline != NULL);
    }
}

static bool is_settled(const struct fl_fault_entry *entry)
{
    return entry->ended_ns != 0 && entry->first_word_ns >= 0 && entry->recovered_ns >= 0;
}

/* The engine has said something: those faults that are over have had their first word since. */
static void note_word(struct faulty *f)
{
    if (f->settled == f->entries_count) return;
    const int64_t now_ns = fl_clock_ns();
    for (uint32_t i = f->settled; i < f->entries_count; i++) {
        struct fl_fault_entry *const entry = &f->entries[i];
        if (entry->ended_ns != 0 && entry->first_word_ns < 0) entry->first_word_ns = now_ns - entry->ended_ns;
    }
}

bool fl_faulty_note_undecided(struct fl_channel *channel, uint32_t undecided)
{
    struct faulty *const f = faulty_of(channel);
    f->undecided = undecided;
    if (f->entries_count == 0) return false;
    const int64_t now_ns = fl_clock_ns();
    bool damaged = false;
    for (uint32_t i = f->settled; i < f->entries_count; i++) {
        struct fl_fault_entry *const entry = &f->entries[i];
        if (entry->ended_ns != 0 && entry->recovered_ns < 0 && undecided <= entry->undecided_before) entry->recovered_ns = now_ns - entry->ended_ns;
    }
    while (f->settled < f->entries_count && is_settled(&f->entries[f->settled])) f->settled++;
    for (int i = 0; i < FL_FAULTS_COUNT; i++) { /* earlier ones of a kind were over when the later began */
        const struct fl_fault_entry *const entry = entry_of(f, (enum fl_fault)i);
        damaged |= f->on[i] >= 0 && (entry->ended_ns == 0 || now_ns - entry->ended_ns < DAMAGE_LASTS_NS);
    }
    return damaged;
}

const struct fl_fault_entry *fl_faulty_entries(const struct fl_channel *channel, uint32_t *count)
{
    const struct faulty *const f = (const struct faulty *)channel;
    *count = f->entries_count;
    return f->entries;
}

/* ---- The link ------------------------------------------------------------------------------------- */

static void held_free(struct held **held)
{
    while (*held != NULL) {
        struct held *const next = (*held)->next;
        free(*held);
        *held = next;
    }
}

/* What was under way on it is lost with it. */
static void link_close(struct faulty *f, enum fl_fault why)
{
    if (f->link == NULL) return;
    for (const struct held *held = f->first; held != NULL; held = held->next) lose_held(f, why, held);
    if (f->waits != NULL) lose_held(f, why, f->waits);
    if (f->out.bytes != NULL) lose_out(f, why, f->out.bytes + f->out_sent, f->out.length - f->out_sent);
    held_free(&f->first);
    held_free(&f->waits);
    f->last = NULL;
    f->held_count = 0;
    f->out.length = f->out_sent = 0;
    f->link->ops->close(f->link);
    f->link = NULL;
    f->try_ns = 0;
}

/* Broken without being asked to. */
static void link_lost(struct faulty *f)
{
    char problem[256];
    memcpy(problem, f->link->problem, sizeof problem);
    f->on[FL_FAULT_LOST] = entry_add(f, FL_FAULT_LOST, fl_pace_instant(f->setup.pace, fl_clock_ns()));
    struct fl_fault_entry *const entry = entry_of(f, FL_FAULT_LOST);
    memcpy(entry->problem, problem, sizeof problem);
    tell_link(f, FL_FAULT_LOST, FL_ACT_BEGAN, problem);
    link_close(f, FL_FAULT_LOST);
    f->lost = f->retries_left == 0;
    if (!f->lost) f->retries_left--;
    memcpy(f->channel.problem, problem, sizeof problem);
}

static bool is_on(const struct faulty *f, enum fl_fault what)
{
    return f->are_on >> what & 1;
}

static void switch_to(struct faulty *f, enum fl_fault what, bool on)
{
    f->are_on = on ? f->are_on | 1u << what : f->are_on & ~(1u << what);
}

static void is_over(struct faulty *f, enum fl_fault what)
{
    entry_of(f, what)->ended_ns = fl_clock_ns();
    tell_link(f, what, FL_ACT_ENDED, NULL);
}

static void ends(struct faulty *f, enum fl_fault what)
{
    is_over(f, what);
    switch_to(f, what, false);
    if (what != FL_FAULT_SLOW_WRITER) return;
    for (struct held *held = f->first; held != NULL; held = held->next) held->due_ns = 0; /* the way is free again */
    f->in_due_ns = 0;
}

/* A new session, when the time for it has come. */
static enum fl_status link_renew(struct faulty *f)
{
    if (f->link != NULL || f->lost || is_on(f, FL_FAULT_CUT)) return FL_OK;
    char problem[256];
    const int64_t now_ns = fl_clock_ns();
    if (now_ns < f->try_ns) return FL_OK;
    f->try_ns = now_ns + TRY_AGAIN_NS;
    struct fl_channel_setup again = f->setup.link;
    again.limits = &f->limits;
    const enum fl_status status = fl_channel_open(&again, &f->link, problem);
    if (status != FL_OK) {
        f->link = NULL;
        return status == FL_EENGINE ? FL_OK : status;
    }
    f->channel.session++;
    for (int i = 0; i < FL_FAULTS_COUNT; i++) {
        const bool cuts = i == FL_FAULT_CUT || i == FL_FAULT_HALF_OPEN || i == FL_FAULT_RESTART || i == FL_FAULT_LOST;
        if (cuts && f->on[i] >= 0 && !is_on(f, (enum fl_fault)i) && entry_of(f, (enum fl_fault)i)->ended_ns == 0) is_over(f, (enum fl_fault)i);
    }
    return FL_OK;
}

/* ---- The schedule --------------------------------------------------------------------------------- */

static void begins(struct faulty *f, const struct fl_fault_def *def)
{
    const enum fl_fault what = (enum fl_fault)def->what;
    if (f->on[what] >= 0 && entry_of(f, what)->ended_ns == 0) ends(f, what); /* two of a kind: the later one goes on */
    f->on[what] = entry_add(f, what, def->at);
    f->now[what] = *def;
    switch_to(f, what, true);
    tell_link(f, what, FL_ACT_BEGAN, NULL);
    if (what == FL_FAULT_CUT || what == FL_FAULT_RESTART) link_close(f, what);
    if (what == FL_FAULT_RESTART) switch_to(f, what, false); /* over when the new session stands */
}

/* Faults begin and end by the day's clock, which nobody has to look at where none is on and none is to come. */
static void advance(struct faulty *f)
{
    if (f->setup.defs_count == 0 || f->setup.pace->origin_ns == 0) return; /* none, or the day has not begun */
    if (f->setup.pace->origin_ns != f->origin_ns) { /* another has: what was on is over with the last */
        f->origin_ns = f->setup.pace->origin_ns;
        f->planned = 0;
    }
    if (f->are_on == 0 && f->planned == f->setup.defs_count) return;
    const fl_time now = fl_pace_instant(f->setup.pace, fl_clock_ns());
    while (f->planned < f->setup.defs_count && f->plan[f->planned].at <= now) begins(f, &f->plan[f->planned++]);
    for (int i = 0; i < FL_FAULTS_COUNT; i++) {
        const enum fl_fault what = (enum fl_fault)i;
        const bool waits = f->now[i].length == 0 && fl_fault_harms_lines(what); /* for the line that it hits */
        if (!is_on(f, what) || (now < f->setup.day && (now < f->now[i].at + f->now[i].length || waits))) continue;
        if (what == FL_FAULT_HALF_OPEN) {
            switch_to(f, what, false);
            link_close(f, what);
        } else if (what == FL_FAULT_CUT) {
            switch_to(f, what, false); /* over when the new session stands */
        } else {
            ends(f, what);
        }
    }
}

/* ---- Ours to the engine ---------------------------------------------------------------------------- */

/* What was held back leaves, as far as it may by now. */
static enum fl_status let_out(struct faulty *f)
{
    if (f->link == NULL || f->out.length == 0 || is_on(f, FL_FAULT_STALL)) return FL_OK;
    size_t until = f->out.length;
    if (is_on(f, FL_FAULT_SLOW_READER)) {
        const int64_t now_ns = fl_clock_ns();
        const size_t may = now_ns <= f->out_due_ns ? 0 : (size_t)((now_ns - f->out_due_ns) * SLOW_BYTES_A_SECOND / 1000000000);
        const size_t most = f->out_sent + may < f->out.length ? f->out_sent + may : f->out.length;
        until = f->out_sent;
        for (const char *end; until < most && (end = memchr(f->out.bytes + until, '\n', most - until)) != NULL;) until = (size_t)(end - f->out.bytes) + 1;
        if (until == f->out_sent) return FL_OK;
        f->out_due_ns += (int64_t)(until - f->out_sent) * 1000000000 / SLOW_BYTES_A_SECOND;
    }
    const enum fl_status status = f->link->ops->post(f->link, f->out.bytes + f->out_sent, until - f->out_sent);
    if (status == FL_EFULL) return FL_OK; /* it goes another time */
    if (status != FL_OK) {
        link_lost(f);
        return FL_OK;
    }
    f->out_sent = until;
    if (f->out_sent == f->out.length) f->out.length = f->out_sent = 0;
    return FL_OK;
}

static enum fl_status hold_back(struct faulty *f, const char *bytes, size_t length, enum fl_fault what)
{
    if (f->out.length - f->out_sent + length > f->setup.link.limits->write_buffer) return FL_EFULL;
    if (f->out.length == 0) f->out_due_ns = fl_clock_ns();
    for (size_t i = 0; i < length; i++) entry_of(f, what)->delayed += bytes[i] == '\n';
    const struct fl_lines more = { .bytes = (char *)(uintptr_t)bytes, .length = length };
    fl_lines_append(&f->out, &more);
    return f->out.full ? FL_EFULL : FL_OK;
}

static enum fl_status faulty_post(struct fl_channel *channel, const char *bytes, size_t length)
{
    struct faulty *const f = faulty_of(channel);
    advance(f);
    if (f->lost) return FL_EENGINE;
    if (f->link == NULL || is_on(f, FL_FAULT_HALF_OPEN)) {
        const enum fl_fault why = is_on(f, FL_FAULT_HALF_OPEN) ? FL_FAULT_HALF_OPEN : is_on(f, FL_FAULT_CUT) ? FL_FAULT_CUT : FL_FAULT_LOST;
        lose_out(f, why, bytes, length);
        return FL_OK;
    }
    if (is_on(f, FL_FAULT_STALL)) return hold_back(f, bytes, length, FL_FAULT_STALL);
    if (is_on(f, FL_FAULT_SLOW_READER) || f->out.length > 0) return hold_back(f, bytes, length, FL_FAULT_SLOW_READER);
    const enum fl_status status = f->link->ops->post(f->link, bytes, length);
    if (status != FL_EENGINE) return status;
    link_lost(f);
    return f->lost ? FL_EENGINE : FL_OK;
}

/* ---- The engine's to us ---------------------------------------------------------------------------- */

/* With a copy of how it was said. NULL: no memory. */
static struct held *held_new(const char *line, size_t length, const char *said, size_t said_length)
{
    struct held *const held = malloc(sizeof *held + 2 * said_length);
    if (held == NULL) return NULL;
    *held = (struct held){ .length = length, .said = said_length, .garbled = FL_FAULTS_COUNT };
    memcpy(held->bytes, line, length);
    memcpy(held->bytes + said_length, said, said_length);
    return held;
}

/* Owns it then. */
static enum fl_status keep(struct faulty *f, struct held *held)
{
    if (f->held_count == LINES_HELD_MAX) {
        held_free(&held);
        return FL_EFULL;
    }
    if (f->last != NULL) f->last->next = held;
    else f->first = held;
    f->last = held;
    f->held_count++;
    return FL_OK;
}

/* Whether this line is hit: half of them while the fault lasts, or the next one. */
static bool is_hit(struct faulty *f, enum fl_fault what)
{
    if (!is_on(f, what)) return false;
    if (f->now[what].length == 0) {
        ends(f, what);
        return true;
    }
    return fl_mix(f->setup.seed ^ (f->lines_in << 8 | (uint64_t)what)) & 1;
}

static void garble(struct faulty *f, struct held *held)
{
    if (is_hit(f, FL_FAULT_TRUNCATE)) {
        count_lost(entry_of(f, FL_FAULT_TRUNCATE), as_said(held), held->said);
        held->garbled = FL_FAULT_TRUNCATE;
        held->length /= 2;
    }
    if (is_hit(f, FL_FAULT_CORRUPT) && held->length > 0) {
        if (held->garbled == FL_FAULTS_COUNT) count_lost(entry_of(f, FL_FAULT_CORRUPT), as_said(held), held->said);
        held->garbled = FL_FAULT_CORRUPT;
        const uint64_t bits = fl_mix(f->setup.seed + f->lines_in);
        char *const at = &held->bytes[bits % held->length];
        *at = (char)(*at ^ (char)(1u << (bits >> 32) % 7));
        if (*at == '\n') *at = ' ';
    }
}

static int64_t slowed(struct faulty *f, int64_t now_ns, size_t length)
{
    if (!is_on(f, FL_FAULT_SLOW_WRITER)) return now_ns;
    const int64_t from_ns = f->in_due_ns > now_ns ? f->in_due_ns : now_ns;
    entry_of(f, FL_FAULT_SLOW_WRITER)->delayed++;
    return f->in_due_ns = from_ns + (int64_t)(length + 1) * 1000000000 / SLOW_BYTES_A_SECOND;
}

/* A line that may come twice, and behind it the one that was to change places with it. */
static enum fl_status keep_hit(struct faulty *f, struct held *held)
{
    const int64_t due_ns = held->due_ns;
    struct held *again = NULL;
    if (is_hit(f, FL_FAULT_DUPLICATE)) {
        again = held_new(held->bytes, held->length, as_said(held), held->said);
        if (again != NULL) {
            again->due_ns = due_ns;
            again->again = true;
            entry_of(f, FL_FAULT_DUPLICATE)->doubled++;
        }
    }
    enum fl_status status = keep(f, held);
    if (status == FL_OK && again != NULL) status = keep(f, again);
    else held_free(&again);
    if (status != FL_OK || f->waits == NULL) return status;
    struct held *const late = f->waits;
    f->waits = NULL;
    late->due_ns = due_ns;
    return keep(f, late);
}

/* One line through all that is on. */
static enum fl_status pass(struct faulty *f, const char *line, size_t length)
{
    struct held *const held = held_new(line, length, line, length);
    if (held == NULL) return FL_EFULL;
    const int64_t now_ns = fl_clock_ns();
    f->lines_in++;
    garble(f, held);
    held->due_ns = slowed(f, now_ns, held->length);
    if (f->waits == NULL && is_hit(f, FL_FAULT_REORDER)) {
        entry_of(f, FL_FAULT_REORDER)->displaced++;
        tell_line(f, FL_FAULT_REORDER, FL_ACT_DISPLACED, as_said(held), held->said);
        held->due_ns = now_ns + TRY_AGAIN_NS;
        f->waits = held;
        return FL_OK;
    }
    return keep_hit(f, held);
}

static bool tampers(const struct faulty *f)
{
    return is_on(f, FL_FAULT_REORDER) || is_on(f, FL_FAULT_DUPLICATE) || is_on(f, FL_FAULT_TRUNCATE) || is_on(f, FL_FAULT_CORRUPT) ||
           is_on(f, FL_FAULT_SLOW_WRITER) || f->first != NULL || f->waits != NULL;
}

/* A line that has waited for its next long enough goes alone. */
static enum fl_status release_waiting(struct faulty *f)
{
    if (f->waits == NULL || (f->waits->due_ns > fl_clock_ns() && is_on(f, FL_FAULT_REORDER))) return FL_OK;
    struct held *const late = f->waits;
    f->waits = NULL;
    late->due_ns = fl_clock_ns();
    return keep(f, late);
}

static void tell_hit(const struct faulty *f, const struct held *held)
{
    if (held->again) tell_line(f, FL_FAULT_DUPLICATE, FL_ACT_DOUBLED, as_said(held), held->said);
    else if (held->garbled != FL_FAULTS_COUNT) tell_line(f, held->garbled, FL_ACT_GARBLED, as_said(held), held->said);
}

static bool take_held(struct faulty *f, char **line, size_t *length)
{
    held_free(&f->current);
    if (f->first == NULL || f->first->due_ns > fl_clock_ns()) return false;
    f->current = f->first;
    f->first = f->first->next;
    if (f->first == NULL) f->last = NULL;
    f->current->next = NULL;
    f->held_count--;
    tell_hit(f, f->current);
    *line = f->current->bytes;
    *length = f->current->length;
    return true;
}

/* Takes lines off the link: one straight to the user, or all of them through the faults. */
static enum fl_status take_off(struct faulty *f, char **line, size_t *length)
{
    for (;;) {
        char *from;
        size_t bytes;
        const enum fl_status status = f->link->ops->next(f->link, &from, &bytes);
        if (status == FL_EENGINE) {
            link_lost(f);
            return f->lost ? FL_EENGINE : FL_OK;
        }
        if (status != FL_OK) return status;
        if (from == NULL) return FL_OK;
        note_word(f);
        if (is_on(f, FL_FAULT_HALF_OPEN)) {
            count_lost(entry_of(f, FL_FAULT_HALF_OPEN), from, bytes);
            tell_line(f, FL_FAULT_HALF_OPEN, FL_ACT_LOST, from, bytes);
            continue;
        }
        if (!tampers(f)) {
            *line = from;
            *length = bytes;
            return FL_OK;
        }
        const enum fl_status passed = pass(f, from, bytes);
        if (passed != FL_OK) return passed;
    }
}

/* The link stands, no fault is on or to come, and nothing of an earlier one is held back: as good as without us. */
static bool is_clear(const struct faulty *f)
{
    return f->link != NULL && f->are_on == 0 && f->planned == f->setup.defs_count && f->out.length == 0 && f->first == NULL && f->waits == NULL &&
           f->current == NULL;
}

static enum fl_status faulty_next(struct fl_channel *channel, char **line, size_t *length)
{
    struct faulty *const f = faulty_of(channel);
    *line = NULL;
    if (is_clear(f)) return take_off(f, line, length);
    advance(f);
    enum fl_status status = link_renew(f);
    if (status == FL_OK) status = let_out(f);
    if (status == FL_OK && f->lost) status = FL_EENGINE;
    if (status == FL_OK) status = release_waiting(f);
    if (status != FL_OK || f->link == NULL || is_on(f, FL_FAULT_STALL)) return status;
    if (take_held(f, line, length)) return FL_OK;
    status = take_off(f, line, length);
    if (status == FL_OK && *line == NULL) (void)take_held(f, line, length);
    return status;
}

/* ---- Blocking calls, and the channel's life ---------------------------------------------------------- */

static enum fl_status turn(struct faulty *f, int64_t deadline_ns)
{
    const int64_t now_ns = fl_clock_ns(), soon_ns = now_ns + 10000000; /* held lines become due without the loop's noticing */
    return fl_pace_turn(f->setup.pace, soon_ns < deadline_ns ? soon_ns : deadline_ns, false);
}

/* The session in which something was to be said or heard is over. */
static bool is_renewed(struct faulty *f, uint32_t session)
{
    if (f->channel.session == session) return false;
    if (f->channel.problem[0] == '\0') snprintf(f->channel.problem, sizeof f->channel.problem, "was cut off by a fault of the link");
    return true;
}

static enum fl_status silent(struct faulty *f, const char *what)
{
    if (!f->lost) snprintf(f->channel.problem, sizeof f->channel.problem, "%s", what);
    return FL_EENGINE;
}

static enum fl_status faulty_line(struct fl_channel *channel, char **line, size_t *length, int64_t deadline_ns)
{
    struct faulty *const f = faulty_of(channel);
    const uint32_t session = channel->session;
    for (;;) {
        enum fl_status status = faulty_next(channel, line, length);
        if (status == FL_OK && is_renewed(f, session)) return FL_EENGINE;
        if (status != FL_OK || *line != NULL) return status;
        if (fl_clock_ns() >= deadline_ns) return silent(f, "does not answer");
        status = turn(f, deadline_ns);
        if (status != FL_OK) return status;
    }
}

static enum fl_status faulty_send(struct fl_channel *channel, const char *bytes, size_t length, int64_t deadline_ns)
{
    struct faulty *const f = faulty_of(channel);
    const uint32_t session = channel->session;
    for (;;) {
        advance(f);
        enum fl_status status = link_renew(f);
        if (status == FL_OK) status = let_out(f);
        if (status == FL_OK && is_renewed(f, session)) return FL_EENGINE;
        if (status != FL_OK) return status;
        if (f->lost) return FL_EENGINE;
        const bool passes = f->link != NULL && f->out.length == 0 && !is_on(f, FL_FAULT_STALL);
        if (passes && !is_on(f, FL_FAULT_HALF_OPEN)) {
            status = f->link->ops->send(f->link, bytes, length, deadline_ns);
            if (status != FL_EENGINE) return status;
            link_lost(f);
        } else if (passes) {
            return faulty_post(channel, bytes, length);
        }
        if (fl_clock_ns() >= deadline_ns) return silent(f, "reads nothing");
        status = turn(f, deadline_ns);
        if (status != FL_OK) return status;
    }
}

static void faulty_close(struct fl_channel *channel)
{
    struct faulty *const f = faulty_of(channel);
    if (f->link != NULL) f->link->ops->close(f->link);
    held_free(&f->first);
    held_free(&f->waits);
    held_free(&f->current);
    fl_lines_free(&f->out);
    free(f->plan);
    free(f->entries);
    free(f);
}

static const struct fl_channel_ops faulty_ops = { .send = faulty_send, .line = faulty_line, .post = faulty_post, .next = faulty_next, .close = faulty_close };

static int compare_instants(const void *a, const void *b)
{
    const struct fl_fault_def *const x = a, *const y = b;
    return x->at != y->at ? (x->at < y->at ? -1 : 1) : (int)x->what - (int)y->what;
}

enum fl_status fl_faulty_open(const struct fl_faulty_setup *setup, struct fl_channel **channel, char problem[256])
{
    struct faulty *const f = calloc(1, sizeof *f);
    if (f == NULL) return FL_EFULL;
    f->setup = *setup;
    f->limits = *setup->link.limits;
    f->limits.connect_timeout = f->limits.close_timeout = TRY_AGAIN_NS; /* the day goes on meanwhile */
    f->limits.retries = 0;
    f->retries_left = setup->link.limits->retries;
    for (int i = 0; i < FL_FAULTS_COUNT; i++) f->on[i] = -1;
    f->plan = calloc((size_t)setup->defs_count + 1, sizeof *f->plan);
    enum fl_status status = f->plan == NULL ? FL_EFULL : fl_channel_open(&setup->link, &f->link, problem);
    if (status != FL_OK) {
        free(f->plan);
        free(f);
        return status;
    }
    if (setup->defs_count > 0) memcpy(f->plan, setup->defs, setup->defs_count * sizeof *f->plan);
    qsort(f->plan, setup->defs_count, sizeof *f->plan, compare_instants);
    f->channel = (struct fl_channel){ .ops = &faulty_ops, .loop = setup->link.loop };
    *channel = &f->channel;
    return FL_OK;
}
