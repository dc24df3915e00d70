#include "engine/transcript.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)128 << 10) /* chosen: a few writes a second at the speed of lockstep */

/* ---- Recording --------------------------------------------------------------------------------- */

struct fl_transcript {
    struct fl_transcript_sink sink;
    int64_t start_ns;
    uv_mutex_t mutex;        /* guards the sink and `lines` */
    uint64_t lines;
    atomic_bool failed;
};

/* A worker's. */
struct recorder {
    struct fl_channel channel; /* first: the channel's address is ours */
    struct fl_channel *within; /* owned */
    struct fl_transcript *transcript;
    uint32_t worker;
    struct fl_lines block;
    uint64_t lines;            /* in the block */
    char *copy;                /* [FL_PROTOCOL_LINE_MAX] of a line, which scanning changes */
    bool gone;                 /* and said so */
};

enum fl_status fl_transcript_start(const struct fl_transcript_sink *sink, const struct fl_scenario *scenario, uint64_t seed, const char *mode,
                                   struct fl_transcript **transcript)
{
    struct fl_transcript *const t = calloc(1, sizeof *t);
    if (t == NULL) return FL_EFULL;
    if (uv_mutex_init(&t->mutex) != 0) {
        free(t);
        return FL_EFULL;
    }
    t->sink = *sink;
    t->start_ns = fl_clock_ns();
    char digits[24];
    struct fl_lines head = { 0 };
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)seed);
    fl_lines_start(&head);
    fl_lines_integer(&head, "fenliu_transcript", FL_TRANSCRIPT_VERSION);
    fl_lines_text(&head, "harness", "fenliu " FENLIU_VERSION);
    fl_lines_text(&head, "scenario", scenario->name);
    fl_lines_hex(&head, "hash", scenario->hash);
    fl_lines_text(&head, "seed", digits);
    fl_lines_text(&head, "mode", mode);
    fl_lines_close(&head);
    t->failed = head.full || !sink->put(sink->context, head.bytes, head.length);
    const bool full = head.full, failed = t->failed;
    fl_lines_free(&head);
    if (!failed) {
        *transcript = t;
        return FL_OK;
    }
    uv_mutex_destroy(&t->mutex);
    free(t);
    return full ? FL_EFULL : FL_EIO;
}

static void flush(struct recorder *r)
{
    struct fl_transcript *const t = r->transcript;
    uv_mutex_lock(&t->mutex);
    if (r->block.full) t->failed = true;
    if (!t->failed && r->block.length > 0) {
        t->lines += r->lines;
        if (!t->sink.put(t->sink.context, r->block.bytes, r->block.length)) t->failed = true;
    }
    uv_mutex_unlock(&t->mutex);
    r->block.length = 0;
    r->lines = 0;
}

static void begin_line(struct recorder *r)
{
    fl_lines_start(&r->block);
    fl_lines_integer(&r->block, "w", r->worker);
    fl_lines_integer(&r->block, "ns", fl_clock_ns() - r->transcript->start_ns);
}

static void end_line(struct recorder *r)
{
    fl_lines_close(&r->block);
    r->lines++;
    if (r->block.length >= BLOCK_BYTES) flush(r);
}

static void note_to(struct recorder *r, const char *bytes, size_t length)
{
    for (const char *const end = bytes + length; bytes < end;) {
        const char *const newline = memchr(bytes, '\n', (size_t)(end - bytes)), *const to = newline != NULL ? newline : end;
        begin_line(r);
        fl_lines_raw_bytes(&r->block, "to", bytes, (size_t)(to - bytes));
        end_line(r);
        bytes = to + (newline != NULL);
    }
}

static void add_from(struct recorder *r, const char *line, size_t length)
{
    struct fl_message message;
    memcpy(r->copy, line, length);
    if (fl_message_scan(r->copy, length, &message) == FL_OK) fl_lines_raw_bytes(&r->block, "from", line, length);
    else fl_lines_hex_bytes(&r->block, "from_bytes", line, length);
}

static void note_from(struct recorder *r, const char *line, size_t length)
{
    begin_line(r);
    add_from(r, line, length);
    end_line(r);
}

void fl_transcript_note_fault(void *recorder, const struct fl_fault_note *note)
{
    struct recorder *const r = recorder;
    begin_line(r);
    fl_lines_text(&r->block, "fault", fl_fault_word(note->what));
    fl_lines_text(&r->block, "did", fl_fault_act_word(note->act));
    if (note->bytes != NULL && note->ours) fl_lines_raw_bytes(&r->block, "to", note->bytes, note->length);
    else if (note->bytes != NULL) add_from(r, note->bytes, note->length);
    else if (note->problem != NULL) fl_lines_text(&r->block, "gone", note->problem);
    end_line(r);
}

/* What the channel within has said of itself is said by us. */
static enum fl_status pass_on(struct recorder *r, enum fl_status status)
{
    const bool goes_on = r->channel.session != r->within->session; /* made anew already */
    r->channel.ended = r->within->ended;
    r->channel.session = r->within->session;
    if (r->transcript->failed) return FL_EIO;
    if (status == FL_OK) return FL_OK;
    memcpy(r->channel.problem, r->within->problem, sizeof r->channel.problem);
    if (status != FL_EENGINE || r->gone || goes_on) return status;
    r->gone = true;
    begin_line(r);
    fl_lines_text(&r->block, "gone", r->channel.problem);
    end_line(r);
    return status;
}

/* Noted before they leave: what the engine answers, or a fault does to them, comes later. */
static enum fl_status recorder_send(struct fl_channel *channel, const char *bytes, size_t length, int64_t deadline_ns)
{
    struct recorder *const r = (struct recorder *)channel;
    note_to(r, bytes, length);
    return pass_on(r, r->within->ops->send(r->within, bytes, length, deadline_ns));
}

static enum fl_status recorder_line(struct fl_channel *channel, char **line, size_t *length, int64_t deadline_ns)
{
    struct recorder *const r = (struct recorder *)channel;
    const enum fl_status status = r->within->ops->line(r->within, line, length, deadline_ns);
    if (status == FL_OK) note_from(r, *line, *length);
    return pass_on(r, status);
}

static enum fl_status recorder_post(struct fl_channel *channel, const char *bytes, size_t length)
{
    struct recorder *const r = (struct recorder *)channel;
    note_to(r, bytes, length);
    return pass_on(r, r->within->ops->post(r->within, bytes, length));
}

static enum fl_status recorder_next(struct fl_channel *channel, char **line, size_t *length)
{
    struct recorder *const r = (struct recorder *)channel;
    const enum fl_status status = r->within->ops->next(r->within, line, length);
    if (status == FL_OK && *line != NULL) note_from(r, *line, *length);
    return pass_on(r, status);
}

static void recorder_close(struct fl_channel *channel)
{
    struct recorder *const r = (struct recorder *)channel;
    r->within->ops->close(r->within);
    flush(r);
    fl_lines_free(&r->block);
    free(r->copy);
    free(r);
}

static const struct fl_channel_ops recorder_ops = { recorder_send, recorder_line, recorder_post, recorder_next, recorder_close };

enum fl_status fl_transcript_wrap(struct fl_transcript *transcript, uint32_t worker, struct fl_channel *within, struct fl_channel **channel)
{
    struct recorder *const r = calloc(1, sizeof *r);
    char *const copy = malloc(FL_PROTOCOL_LINE_MAX);
    if (r == NULL || copy == NULL) {
        free(r);
        free(copy);
        return FL_EFULL;
    }
    *r = (struct recorder){ .channel = { .ops = &recorder_ops, .loop = within->loop, .within = within }, .within = within, .transcript = transcript,
                            .worker = worker, .copy = copy };
    *channel = &r->channel;
    return FL_OK;
}

bool fl_transcript_end(struct fl_transcript *t, const char *why)
{
    if (t == NULL) return true;
    struct fl_lines last = { 0 };
    fl_lines_start(&last);
    fl_lines_text(&last, "end", why);
    fl_lines_integer(&last, "lines", (int64_t)t->lines);
    fl_lines_close(&last);
    const bool well = !t->failed && !last.full && t->sink.put(t->sink.context, last.bytes, last.length);
    fl_lines_free(&last);
    uv_mutex_destroy(&t->mutex);
    free(t);
    return well;
}

/* ---- Reading ----------------------------------------------------------------------------------- */

static const char head_starts[] = "{\"fenliu_transcript\":";

bool fl_transcript_is(const char *bytes, size_t length)
{
    return length >= sizeof head_starts - 1 && memcmp(bytes, head_starts, sizeof head_starts - 1) == 0;
}

static enum fl_status refuse(char problem[160], const char *what)
{
    snprintf(problem, 160, "%s", what);
    return FL_ESYNTAX;
}

static bool is_integer(const struct fl_field *field, int64_t least, int64_t most)
{
    return field != NULL && field->kind == FL_FIELD_INTEGER && field->integer >= least && field->integer <= most;
}

static enum fl_status read_head(struct fl_transcript_line *out, char problem[160])
{
    const struct fl_field *const version = fl_message_find(&out->members, "fenliu_transcript"), *const mode = fl_message_find(&out->members, "mode");
    out->kind = FL_TRANSCRIPT_HEAD;
    if (!is_integer(version, FL_TRANSCRIPT_VERSION, FL_TRANSCRIPT_VERSION)) return refuse(problem, "a transcript of a version that is not known; wanted 1");
    out->live = fl_field_is(mode, "realtime");
    return out->live || fl_field_is(mode, "lockstep") ? FL_OK : refuse(problem, "wanted \"mode\" as lockstep or realtime");
}

static enum fl_status read_end(struct fl_transcript_line *out, const struct fl_field *why, char problem[160])
{
    const struct fl_field *const lines = fl_message_find(&out->members, "lines");
    out->kind = FL_TRANSCRIPT_END;
    if (why->kind != FL_FIELD_TEXT || !is_integer(lines, 0, INT64_MAX)) return refuse(problem, "wanted an end with why and how many lines");
    out->text = (char *)why->text;
    out->length = why->text_length;
    out->lines = lines->integer;
    return FL_OK;
}

/* What the line carries, and of which kind; `out` keeps its own kind where there is nothing. */
static enum fl_status read_carried(struct fl_transcript_line *out, enum fl_transcript_kind *kind, char problem[160])
{
    static const struct {
        const char *key;
        enum fl_transcript_kind kind;
        enum fl_field_kind holds;
    } kinds[] = { { "to", FL_TRANSCRIPT_TO, FL_FIELD_NESTED }, { "from", FL_TRANSCRIPT_FROM, FL_FIELD_NESTED },
                  { "from_bytes", FL_TRANSCRIPT_BYTES, FL_FIELD_TEXT }, { "gone", FL_TRANSCRIPT_GONE, FL_FIELD_TEXT } };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct fl_field *const field = fl_message_find(&out->members, kinds[i].key);
        if (field == NULL) continue;
        if (out->text != NULL) return refuse(problem, "wanted one of to, from, from_bytes, gone, got two");
        if (field->kind != kinds[i].holds) return refuse(problem, "a line that is no object, or bytes and reasons that are no text");
        out->text = (char *)field->text;
        out->length = field->text_length;
        *kind = kinds[i].kind;
    }
    return FL_OK;
}

static enum fl_status read_fault(struct fl_transcript_line *out, const struct fl_field *which, char problem[160])
{
    const struct fl_field *const did = fl_message_find(&out->members, "did");
    uint32_t fault = 0, act = 0;
    while (fault < FL_FAULTS_COUNT && !fl_field_is(which, fl_fault_word((enum fl_fault)fault))) fault++;
    while (act < FL_FAULT_ACTS_COUNT && !fl_field_is(did, fl_fault_act_word((enum fl_fault_act)act))) act++;
    if (fault == FL_FAULTS_COUNT) return refuse(problem, "\"fault\" is none of the faults that there are");
    if (act == FL_FAULT_ACTS_COUNT) return refuse(problem, "\"did\" is nothing that a fault does");
    out->kind = out->hit = FL_TRANSCRIPT_FAULT;
    out->fault = (enum fl_fault)fault;
    out->act = (enum fl_fault_act)act;
    const enum fl_status status = read_carried(out, &out->hit, problem);
    if (status != FL_OK) return status;
    const bool of_link = act == FL_ACT_BEGAN || act == FL_ACT_ENDED, line = out->hit != FL_TRANSCRIPT_FAULT && out->hit != FL_TRANSCRIPT_GONE;
    return of_link != line ? FL_OK : refuse(problem, "wanted the line that the fault was done to, and none where it began or ended");
}

enum fl_status fl_transcript_scan(char *line, size_t length, struct fl_transcript_line *out, char problem[160])
{
    *out = (struct fl_transcript_line){ .kind = FL_TRANSCRIPT_END };
    if (fl_event_scan(line, length, &out->members) != FL_OK) return refuse(problem, out->members.problem);
    if (fl_message_find(&out->members, "fenliu_transcript") != NULL) return read_head(out, problem);
    const struct fl_field *const end = fl_message_find(&out->members, "end"), *const which = fl_message_find(&out->members, "fault");
    if (end != NULL) return read_end(out, end, problem);
    const struct fl_field *const worker = fl_message_find(&out->members, "w"), *const ns = fl_message_find(&out->members, "ns");
    if (!is_integer(worker, 0, FL_TRANSCRIPT_WORKERS_MAX - 1)) return refuse(problem, "wanted \"w\", a worker from 0 to 4095");
    if (!is_integer(ns, 0, INT64_MAX)) return refuse(problem, "wanted \"ns\", nanoseconds since the recording began");
    out->worker = (uint32_t)worker->integer;
    out->ns = ns->integer;
    if (which != NULL) return read_fault(out, which, problem);
    const enum fl_status status = read_carried(out, &out->kind, problem);
    return status != FL_OK || out->text != NULL ? status : refuse(problem, "wanted one of to, from, from_bytes, gone");
}
