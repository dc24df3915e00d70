/* Fuzz target: any bytes are responses or are refused, no line is longer than lines are, and however the bytes are cut, the
 * same lines and ends come out. The first byte says how to cut, the second whether the connection ends.
 *
 * Run: fuzz_http_response -max_total_time=60 CORPUS tests/fuzz/http_response_corpus */
#include "engine/http_response.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* All that came of the bytes, put into one number, and how it ended. */
struct outcome {
    uint64_t lines, ends, hash;
    enum fl_status status;
};

static void mix(struct outcome *outcome, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) outcome->hash = (outcome->hash ^ (unsigned char)bytes[i]) * UINT64_C(1099511628211);
}

static void note(struct outcome *outcome, const struct fl_http_response *response, enum fl_http_got got)
{
    if (got == FL_HTTP_LINE) {
        FL_ASSERT(response->line_length > 0 && response->line_length < FL_PROTOCOL_LINE_MAX);
        FL_ASSERT(memchr(response->line, '\n', response->line_length) == NULL || response->line[0] == '{');
        mix(outcome, response->line, response->line_length);
        outcome->lines++;
    }
    if (got == FL_HTTP_END) {
        mix(outcome, response->keeps ? "." : "!", 1);
        outcome->ends++;
    }
}

static void read_piece(struct fl_http_response *response, const uint8_t *data, size_t size, struct outcome *outcome)
{
    enum fl_http_got got = FL_HTTP_LINE;
    /* A piece of exactly its size, so that reading one byte more is seen. */
    char *const piece = malloc(size + (size == 0));
    size_t at = 0, used;
    if (piece == NULL) abort();
    memcpy(piece, data, size);
    while (outcome->status == FL_OK && got != FL_HTTP_MORE) {
        outcome->status = fl_http_read(response, piece + at, size - at, &used, &got);
        FL_ASSERT(used <= size - at);
        at += used;
        if (outcome->status == FL_OK) note(outcome, response, got);
    }
    FL_ASSERT(outcome->status != FL_OK || at == size);
    FL_ASSERT((outcome->status == FL_OK) == (response->problem[0] == '\0'));
    free(piece);
}

static struct outcome read_all(const uint8_t *data, size_t size, size_t cut, bool end)
{
    struct fl_http_response response = { .line = malloc(FL_PROTOCOL_LINE_MAX) };
    struct outcome outcome = { .hash = UINT64_C(14695981039346656037) };
    enum fl_http_got got = FL_HTTP_LINE;
    if (response.line == NULL) abort();
    for (size_t at = 0; at < size && outcome.status == FL_OK; at += cut) read_piece(&response, data + at, size - at < cut ? size - at : cut, &outcome);
    while (end && outcome.status == FL_OK && got != FL_HTTP_MORE) {
        outcome.status = fl_http_read_end(&response, &got);
        if (outcome.status == FL_OK) note(&outcome, &response, got);
    }
    free(response.line);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) return 0;
    const size_t cut = data[0] + (size_t)1;
    const bool end = data[1] & 1;

    const struct outcome whole = read_all(data + 2, size - 2, size, end);
    const struct outcome cut_up = read_all(data + 2, size - 2, cut, end);

    FL_ASSERT(whole.status == cut_up.status && whole.hash == cut_up.hash);
    FL_ASSERT(whole.lines == cut_up.lines && whole.ends == cut_up.ends);
    return 0;
}
