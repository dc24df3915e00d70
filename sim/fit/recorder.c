#include "fit/recorder.h"

#include <stdlib.h>
#include <string.h>

#define NOBODY UINT32_MAX
#define COUNT_MAX (UINT32_C(1) << 31)

enum said_what { SAID_QUESTION, SAID_REPLY, SAID_LEFT, SAID_LEFT_SILENT, SAID_LEFT_MESSAGE, SAID_CLOSED };

struct said {
    int64_t at_ns;
    uint32_t chat, order; /* order: of the log, where instants are equal */
    uint32_t chars;
    uint8_t what;
};

struct talk {
    uint64_t key;
    uint32_t said; /* messages of it */
    uint8_t intent, buyer_class;
};

struct fl_recorder {
    const struct fl_scenario *scenario;
    struct said *said;
    struct talk *talks;
    uint32_t *slots; /* open addressing: index of a talk, or NOBODY; a power of two, at most half full */
    uint32_t said_count, said_room, talks_count, talks_room, slots_count;
    uint32_t unknown_intents, unknown_classes;
    int64_t last_ns;
    bool tells_leaving, tells_closing;
};

struct fl_recorder *fl_recorder_open(const struct fl_scenario *scenario)
{
    struct fl_recorder *const recorder = calloc(1, sizeof *recorder);
    if (recorder != NULL) *recorder = (struct fl_recorder){ .scenario = scenario, .last_ns = INT64_MIN };
    return recorder;
}

void fl_recorder_free(struct fl_recorder *recorder)
{
    if (recorder == NULL) return;
    free(recorder->said);
    free(recorder->talks);
    free(recorder->slots);
    free(recorder);
}

/* ---- Conversations ----------------------------------------------------------------------------- */

static uint32_t *slot_of(uint32_t *slots, uint32_t slots_count, const struct talk *talks, uint64_t key)
{
    uint32_t at = (uint32_t)(key ^ key >> 32) & (slots_count - 1); /* keys are hashes */
    while (slots[at] != NOBODY && talks[slots[at]].key != key) at = (at + 1) & (slots_count - 1);
    return &slots[at];
}

static bool enlarge_slots(struct fl_recorder *r)
{
    const uint32_t count = r->slots_count == 0 ? 1024 : r->slots_count * 2;
    uint32_t *const slots = malloc(count * sizeof *slots);
    if (slots == NULL) return false;
    memset(slots, 0xFF, count * sizeof *slots);
    for (uint32_t i = 0; i < r->talks_count; i++) *slot_of(slots, count, r->talks, r->talks[i].key) = i;
    free(r->slots);
    r->slots = slots;
    r->slots_count = count;
    return true;
}

static bool is_name(const char *name, struct fl_bytes bytes)
{
    return strlen(name) == bytes.count && memcmp(name, bytes.at, bytes.count) == 0;
}

static uint8_t intent_of(struct fl_recorder *r, struct fl_bytes name)
{
    const struct fl_buyers *buyers = &r->scenario->buyers;
    for (uint32_t i = 0; i < buyers->intents_count; i++)
        if (is_name(buyers->intents[i].name, name)) return (uint8_t)i;
    r->unknown_intents += name.count > 0;
    return FL_RECORDED_UNKNOWN;
}

static uint8_t class_of(struct fl_recorder *r, struct fl_bytes name)
{
    const struct fl_buyers *buyers = &r->scenario->buyers;
    for (uint32_t i = 0; i < buyers->classes_count; i++)
        if (is_name(buyers->classes[i].name, name)) return (uint8_t)i;
    r->unknown_classes += name.count > 0;
    return FL_RECORDED_UNKNOWN;
}

/* The conversation's index, a new one where it is new; NOBODY: out of memory. */
static uint32_t talk_of(struct fl_recorder *r, const struct fl_logged *message)
{
    const uint64_t key = message->conversation != 0 ? message->conversation : message->buyer;
    if (r->talks_count * 2 >= r->slots_count && !enlarge_slots(r)) return NOBODY;
    uint32_t *const slot = slot_of(r->slots, r->slots_count, r->talks, key);
    if (*slot != NOBODY) return *slot;
    if (r->talks_count == r->talks_room) {
        const uint32_t room = r->talks_room == 0 ? 1024 : r->talks_room * 2;
        struct talk *const talks = r->talks_count < COUNT_MAX ? realloc(r->talks, room * sizeof *talks) : NULL;
        if (talks == NULL) return NOBODY;
        r->talks = talks;
        r->talks_room = room;
    }
    r->talks[r->talks_count] = (struct talk){ key, 0, intent_of(r, message->intent), class_of(r, message->class) };
    return *slot = r->talks_count++;
}

/* ---- Messages ---------------------------------------------------------------------------------- */

/* What a message is to a recording; false: nothing. */
static bool what_of(const struct fl_logged *message, enum said_what *what)
{
    switch ((enum fl_log_kind)message->kind) {
    case FL_LOG_BUYER_MESSAGE: *what = SAID_QUESTION; return true;
    case FL_LOG_AGENT_REPLY: *what = SAID_REPLY; return true;
    case FL_LOG_ABANDONED: *what = SAID_LEFT; return true;
    case FL_LOG_ABANDONED_SILENT: *what = SAID_LEFT_SILENT; return true;
    case FL_LOG_LEAVE_MESSAGE: *what = SAID_LEFT_MESSAGE; return true;
    case FL_LOG_CLOSED: *what = SAID_CLOSED; return true;
    case FL_LOG_CHAT_OPENED:
    case FL_LOG_AGENT_EXTRA:
    case FL_LOG_BOT_REPLY:
    case FL_LOG_GREETING:
    case FL_LOG_ASSIGNED:
    case FL_LOG_QUEUED:
    case FL_LOG_TRANSFERRED:
    case FL_LOG_REJECTED:
    case FL_LOG_REOPENED:
    case FL_LOG_KINDS_COUNT: break;
    }
    return false;
}

enum fl_status fl_recorder_add(struct fl_recorder *r, const struct fl_logged *message)
{
    enum said_what what;
    if (message->at_ns > r->last_ns) r->last_ns = message->at_ns;
    if (!what_of(message, &what)) return FL_OK;
    const uint32_t talk = talk_of(r, message);
    if (talk == NOBODY) return FL_EFULL;
    if (r->said_count == r->said_room) {
        const uint32_t room = r->said_room == 0 ? 4096 : r->said_room * 2;
        struct said *const said = r->said_count < COUNT_MAX ? realloc(r->said, room * sizeof *said) : NULL;
        if (said == NULL) return FL_EFULL;
        r->said = said;
        r->said_room = room;
    }
    r->tells_leaving |= what == SAID_LEFT || what == SAID_LEFT_SILENT;
    r->tells_closing |= what == SAID_CLOSED;
    r->talks[talk].said++;
    r->said[r->said_count] = (struct said){ message->at_ns, talk, r->said_count, message->chars, (uint8_t)what };
    r->said_count++;
    return FL_OK;
}

/* ---- The recording ----------------------------------------------------------------------------- */

static int by_talk_and_time(const void *a, const void *b)
{
    const struct said *const first = a, *const second = b;
    if (first->chat != second->chat) return first->chat < second->chat ? -1 : 1;
    if (first->at_ns != second->at_ns) return first->at_ns < second->at_ns ? -1 : 1;
    return first->order < second->order ? -1 : 1;
}

/* A chat in the making: rounds and gaps are rooms for all messages of one. */
struct making {
    struct fl_recorded_round *rounds;
    fl_time *gaps;
    uint32_t rounds_count, gaps_count;
    int64_t opened_ns, written_ns, replied_ns; /* of the round; her last message; the last reply, her leaving */
    bool open, left_message, gone, came_back, closed;
    bool away; /* the last round was a left message: she was not there to ask on */
};

static void round_ends(struct making *m, enum fl_recorded_end end, int64_t at_ns, uint32_t chars)
{
    struct fl_recorded_round *const round = &m->rounds[m->rounds_count - 1];
    round->end = (uint8_t)end;
    round->waited = m->left_message ? 0 : at_ns - m->opened_ns; /* she was not there to wait */
    round->chars = chars;
    m->away = m->left_message;
    m->open = m->left_message = false;
    m->replied_ns = at_ns;
}

static void take_question(struct making *m, int64_t at_ns)
{
    if (m->open) {
        m->rounds[m->rounds_count - 1].messages++;
        m->gaps[m->gaps_count++] = at_ns - m->written_ns;
    } else {
        m->rounds[m->rounds_count++] = (struct fl_recorded_round){ .think = m->rounds_count == 0 ? 0 : at_ns - m->replied_ns, .messages = 1 };
        m->opened_ns = at_ns;
        m->open = true;
    }
    m->written_ns = at_ns;
}

static void take_said(struct making *m, const struct said *said)
{
    switch ((enum said_what)said->what) {
    case SAID_QUESTION:
        m->came_back |= m->gone;
        if (!m->gone) take_question(m, said->at_ns);
        break;
    case SAID_REPLY:
        if (m->open) round_ends(m, FL_RECORDED_ANSWERED, said->at_ns, said->chars);
        break;
    case SAID_LEFT:
    case SAID_LEFT_SILENT:
        if (!m->open) break;
        round_ends(m, said->what == SAID_LEFT ? FL_RECORDED_LEFT : FL_RECORDED_LEFT_SILENT, said->at_ns, 0);
        m->gone = true;
        break;
    case SAID_LEFT_MESSAGE: m->left_message |= m->open; break;
    case SAID_CLOSED:
        if (m->open) round_ends(m, FL_RECORDED_CUT, said->at_ns, 0);
        m->closed = true;
        break;
    }
}

/* Messages [from, from + count) are one conversation's. false: no memory. */
static bool make_chat(const struct fl_recorder *r, uint32_t from, uint32_t count, const struct talk *talk, struct making *m,
                      struct fl_recording *recording, struct fl_recorder_notes *notes)
{
    *m = (struct making){ .rounds = m->rounds, .gaps = m->gaps };
    int64_t first_ns = 0;
    for (uint32_t i = from; i < from + count; i++) {
        if (m->rounds_count == 0 && r->said[i].what == SAID_QUESTION) first_ns = r->said[i].at_ns;
        take_said(m, &r->said[i]);
    }
    if (m->rounds_count == 0) return true;
    const bool cut_off = r->tells_closing ? !m->closed : r->last_ns - m->replied_ns < FL_RECORDER_SETTLED;
    const bool unanswered = m->open || m->away || m->rounds[m->rounds_count - 1].end != FL_RECORDED_ANSWERED;
    if (m->open) round_ends(m, FL_RECORDED_CUT, r->tells_leaving ? r->last_ns : m->written_ns, 0);
    const struct fl_recorded_chat chat = { .at = first_ns - recording->origin_s * FL_SECOND, .intent = talk->intent, .buyer_class = talk->buyer_class,
                                           .open_ended = unanswered || cut_off };
    notes->chats++;
    notes->left += m->rounds[m->rounds_count - 1].end == FL_RECORDED_LEFT;
    notes->left_silent += m->rounds[m->rounds_count - 1].end == FL_RECORDED_LEFT_SILENT;
    notes->open_ended += chat.open_ended;
    notes->come_backs += m->came_back;
    return fl_recording_add(recording, &chat, m->rounds, m->rounds_count, m->gaps, m->gaps_count) == FL_OK;
}

static int64_t first_midnight_s(const struct fl_recorder *r)
{
    int64_t first_ns = r->said_count > 0 ? r->said[0].at_ns : 0;
    for (uint32_t i = 1; i < r->said_count; i++)
        if (r->said[i].at_ns < first_ns) first_ns = r->said[i].at_ns;
    const int64_t seconds = first_ns / FL_SECOND - (first_ns % FL_SECOND < 0);
    return seconds - ((seconds % 86400) + 86400) % 86400;
}

struct fl_recording *fl_recorder_end(struct fl_recorder *r, struct fl_recorder_notes *notes)
{
    uint32_t most = 1;
    for (uint32_t i = 0; i < r->talks_count; i++)
        if (r->talks[i].said > most) most = r->talks[i].said;
    struct making making = { .rounds = malloc(most * sizeof *making.rounds), .gaps = malloc(most * sizeof *making.gaps) };
    struct fl_recording *recording = calloc(1, sizeof *recording);
    bool ok = making.rounds != NULL && making.gaps != NULL && recording != NULL;
    *notes = (struct fl_recorder_notes){ .unknown_intents = r->unknown_intents, .unknown_classes = r->unknown_classes };
    if (ok) recording->origin_s = first_midnight_s(r);
    if (r->said_count > 1) qsort(r->said, r->said_count, sizeof *r->said, by_talk_and_time);
    for (uint32_t from = 0; ok && from < r->said_count;) {
        const struct talk *const talk = &r->talks[r->said[from].chat];
        ok = make_chat(r, from, talk->said, talk, &making, recording, notes);
        from += talk->said;
    }
    free(making.rounds);
    free(making.gaps);
    if (ok) {
        fl_recording_sort(recording);
        return recording;
    }
    fl_recording_free(recording);
    return NULL;
}
