/* Fuzz target: any bytes are a transcript or have faults, each at a line that is there; and played to an engine they end, with or without
 * a problem, in order. The engine acks whatever it is told, and has no opinion.
 *
 * Run: fuzz_transcript -max_total_time=60 CORPUS tests/fuzz/transcript_corpus */
#include "engine/replay.h"
#include "engine/transcript_check.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- An engine in memory -------------------------------------------------------------------------- */

struct meek {
    struct fl_channel channel; /* first */
    struct fl_lines says, copy;
    size_t said;
};

static void hear(struct meek *meek, const char *line, size_t length)
{
    struct fl_message message;
    meek->copy.length = 0;
    fl_lines_add_bytes(&meek->copy, line, length);
    FL_ASSERT(fl_event_scan(meek->copy.bytes, length, &message) == FL_OK); /* a replay says nothing that is no line */
    const struct fl_field *const n = fl_message_find(&message, "n");
    if (fl_field_is(fl_message_find(&message, "t"), "hello")) {
        static const char hello[] = "{\"t\":\"hello\",\"proto\":1,\"engine\":\"meek\"}\n";
        fl_lines_add_bytes(&meek->says, hello, sizeof hello - 1);
    } else if (n != NULL && n->kind == FL_FIELD_INTEGER && fl_message_find(&message, "at_ns") != NULL) {
        fl_lines_open(&meek->says, "ack");
        fl_lines_integer(&meek->says, "n", n->integer);
        fl_lines_close(&meek->says);
    }
}

static enum fl_status meek_send(struct fl_channel *channel, const char *bytes, size_t length, int64_t deadline_ns)
{
    (void)deadline_ns;
    for (const char *const end = bytes + length; bytes < end;) {
        const char *const newline = memchr(bytes, '\n', (size_t)(end - bytes));
        FL_ASSERT(newline != NULL);
        hear((struct meek *)channel, bytes, (size_t)(newline - bytes));
        bytes = newline + 1;
    }
    return FL_OK;
}

static enum fl_status meek_next(struct fl_channel *channel, char **line, size_t *length)
{
    struct meek *const meek = (struct meek *)channel;
    *line = NULL;
    if (meek->said == meek->says.length) return FL_OK;
    char *const from = meek->says.bytes + meek->said, *const newline = memchr(from, '\n', meek->says.length - meek->said);
    *line = from;
    *length = (size_t)(newline - from);
    meek->said += *length + 1;
    return FL_OK;
}

static enum fl_status meek_line(struct fl_channel *channel, char **line, size_t *length, int64_t deadline_ns)
{
    (void)deadline_ns;
    const enum fl_status status = meek_next(channel, line, length);
    return *line != NULL ? status : FL_EENGINE; /* it will never say anything */
}

static const struct fl_channel_ops meek_ops = { .send = meek_send, .line = meek_line, .next = meek_next };

/* ---- Both readers --------------------------------------------------------------------------------- */

/* Calls for each line, a copy of exactly its size, so that reading one byte more is seen. Whether the last one had no newline. */
static bool each_line(const uint8_t *data, size_t size, bool (*take)(void *context, char *line, size_t length), void *context)
{
    for (size_t from = 0; from < size;) {
        const uint8_t *const newline = memchr(data + from, '\n', size - from);
        const size_t length = newline != NULL ? (size_t)(newline - data) - from : size - from;
        char *const line = malloc(length + (length == 0));
        if (line == NULL) abort();
        if (length > 0) memcpy(line, data + from, length);
        const bool goes_on = take(context, line, length);
        free(line);
        if (!goes_on) return false;
        if (newline == NULL) return true;
        from += length + 1;
    }
    return false;
}

struct faults {
    struct fl_transcript_check *check;
    uint64_t count, lines;
};

static void on_fault(void *context, uint64_t line, const char *text)
{
    struct faults *const faults = context;
    FL_ASSERT(line <= faults->lines && text[0] != '\0');
    faults->count++;
}

static bool check_line(void *context, char *line, size_t length)
{
    struct faults *const faults = context;
    faults->lines++;
    return fl_transcript_check_line(faults->check, line, length) == FL_OK;
}

static void check(const uint8_t *data, size_t size)
{
    struct faults faults = { .count = 0 };
    if (fl_transcript_check_open(on_fault, &faults, &faults.check) != FL_OK) abort();
    fl_transcript_check_end(faults.check, each_line(data, size, check_line, &faults));
    const struct fl_transcript_counts *const counts = fl_transcript_check_counts(faults.check);
    FL_ASSERT(counts->faults == faults.count && counts->lines == faults.lines && counts->chats <= counts->events);
    fl_transcript_check_free(faults.check);
}

struct playing {
    struct meek meek;
    struct fl_replay *replay;
};

/* Of the first worker, in lockstep: in real time a replay waits, and a fuzzer has no time. */
static bool play_line(void *context, char *text, size_t length)
{
    struct playing *const playing = context;
    struct fl_transcript_line line;
    char problem[160] = "";
    if (fl_transcript_scan(text, length, &line, problem) != FL_OK) {
        FL_ASSERT(problem[0] != '\0');
        return false;
    }
    if (line.kind == FL_TRANSCRIPT_HEAD || line.kind == FL_TRANSCRIPT_END || line.worker != 0) return true;
    const enum fl_status status = fl_replay_line(playing->replay, &line);
    FL_ASSERT(status == FL_OK || status == FL_EFULL || fl_replay_result(playing->replay)->problem[0] != '\0');
    return status == FL_OK;
}

static void play(const uint8_t *data, size_t size, uv_loop_t *loop)
{
    struct playing playing = { .meek = { .channel = { .ops = &meek_ops, .loop = loop } } };
    if (fl_replay_open(&playing.meek.channel, false, FL_SECOND, NULL, &playing.replay) != FL_OK) abort();
    (void)each_line(data, size, play_line, &playing);
    const struct fl_replay_result *const result = fl_replay_result(playing.replay);
    FL_ASSERT(result->differ <= result->events && (result->differ == 0) == !result->first.found);
    fl_replay_free(playing.replay);
    fl_lines_free(&playing.meek.says);
    fl_lines_free(&playing.meek.copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uv_loop_t loop;
    if (uv_loop_init(&loop) != 0) abort();
    check(data, size);
    play(data, size, &loop);
    FL_ASSERT(uv_loop_close(&loop) == 0);
    return 0;
}
