/* Fuzz target: any bytes are a message log or have faulty lines; what is read ends, adds up, and is fitted to numbers within their intervals.
 *
 * Run: fuzz_message -max_total_time=60 CORPUS tests/fuzz/message_corpus */
#include "fit/behaviour.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_lines(struct fl_log_reader *reader, struct fl_chats *chats, const char *at, const char *end)
{
    uint64_t read = 0;
    while (at < end) {
        const char *const newline = memchr(at, '\n', (size_t)(end - at));
        const char *const stop = newline == NULL ? end : newline;
        struct fl_logged message;
        (void)fl_log_is_open(reader, at, (size_t)(stop - at), read % 2 > 0);
        if (fl_log_read(reader, at, (size_t)(stop - at), &message) == FL_LINE_READ) {
            FL_ASSERT(message.kind < FL_LOG_KINDS_COUNT);
            FL_ASSERT(message.conversation != 0 || message.buyer != 0);
            if (fl_chats_take(chats, &message) == FL_LINE_READ) read++;
        }
        at = stop + 1;
    }
    FL_ASSERT(chats->messages <= read);
    FL_ASSERT(chats->rounds_answered <= chats->agent_messages);
}

static void fit(const struct fl_chats *chats)
{
    struct fl_estimates estimates = { 0 };
    struct fl_rounds_fit *rounds = calloc(1, sizeof *rounds);
    struct fl_patience_fit patience;
    struct fl_composing_fit composing;
    struct fl_people_fit people;
    if (fl_rounds_fit(chats, rounds) == FL_OK) fl_rounds_fit_tell(rounds, chats, &estimates);
    if (fl_patience_fit(chats, rounds, &patience) == FL_OK) fl_patience_fit_tell(&patience, chats, &estimates);
    if (fl_composing_fit(chats, &composing) == FL_OK) fl_composing_fit_tell(&composing, chats, &estimates);
    fl_people_fit(chats, &composing, &people);
    fl_people_fit_tell(&people, chats, &estimates);
    for (size_t i = 0; i < estimates.count; i++) {
        const struct fl_estimate *const e = &estimates.list[i];
        FL_ASSERT(!e->known || (isfinite(e->value) && !(e->low > e->value) && !(e->high < e->value)));
    }
    fl_rounds_fit_free(rounds);
    fl_patience_fit_free(&patience);
    fl_composing_fit_free(&composing);
    fl_estimates_free(&estimates);
    free(rounds);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fl_log_reader reader;
    struct fl_chats chats;
    const char *missing;
    if (size == 0) return 0;
    const char *const text = (const char *)data, *const newline = memchr(text, '\n', size);
    const size_t first = newline == NULL ? size : (size_t)(newline - text);
    if (fl_log_reader_start(NULL, &reader) != FL_OK || fl_log_reader_begin(&reader, text, first, &missing) != FL_OK) return 0;
    if (fl_chats_start(&chats) != FL_OK) return 0;
    fl_chats_next_file(&chats);
    take_lines(&reader, &chats, reader.csv && newline != NULL ? newline + 1 : text, text + size);
    fl_chats_end(&chats);
    FL_ASSERT(chats.chats_open == 0);
    fit(&chats);
    fl_chats_free(&chats);
    return 0;
}
