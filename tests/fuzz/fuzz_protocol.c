/* Fuzz target: any bytes are a flat JSON object or are refused, the fields lie within the line, and what is written again from
 * them is read as the same.
 *
 * Run: fuzz_protocol -max_total_time=60 CORPUS tests/fuzz/protocol_corpus */
#include "engine/protocol.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_within(const char *line, size_t length, const char *text, size_t text_length)
{
    FL_ASSERT(text >= line && text + text_length <= line + length);
    FL_ASSERT(memchr(text, '\0', text_length) == NULL);
}

/* A terminated copy, owned by the caller. */
static char *copy(const char *text, size_t length)
{
    char *const copied = malloc(length + 1);
    if (copied == NULL) abort();
    memcpy(copied, text, length);
    copied[length] = '\0';
    return copied;
}

static void write_again(struct fl_lines *lines, const struct fl_field *field)
{
    static const char *const words[] = { [FL_FIELD_NULL] = "null", [FL_FIELD_FALSE] = "false", [FL_FIELD_TRUE] = "true", [FL_FIELD_REAL] = "0.5" };
    if (field->kind == FL_FIELD_INTEGER) {
        fl_lines_integer(lines, "v", field->integer);
    } else if (field->kind == FL_FIELD_TEXT) {
        char *const text = copy(field->text, field->text_length);
        fl_lines_text(lines, "v", text);
        free(text);
    } else {
        fl_lines_raw(lines, "v", words[field->kind]);
    }
}

static void check_again(const struct fl_field *field)
{
    struct fl_lines lines = { 0 };
    struct fl_message message;
    fl_lines_open(&lines, "x");
    write_again(&lines, field);
    fl_lines_close(&lines);
    FL_ASSERT(!lines.full && lines.bytes[lines.length - 1] == '\n');
    const enum fl_status status = fl_message_scan(lines.bytes, lines.length - 1, &message);
    FL_ASSERT(status == FL_OK && message.count == 2 && fl_field_is(fl_message_find(&message, "t"), "x"));
    const struct fl_field *const again = fl_message_find(&message, "v");
    FL_ASSERT(again->kind == field->kind && again->integer == field->integer && again->text_length == field->text_length);
    FL_ASSERT(field->kind != FL_FIELD_TEXT || memcmp(again->text, field->text, field->text_length) == 0);
    fl_lines_free(&lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* A line of exactly its size, so that reading one byte more is seen. */
    char *const line = malloc(size + (size == 0));
    struct fl_message message;
    if (line == NULL) abort();
    if (size > 0) memcpy(line, data, size);

    const enum fl_status status = fl_message_scan(line, size, &message);

    FL_ASSERT(message.count <= FL_PROTOCOL_FIELDS_MAX);
    FL_ASSERT((status == FL_OK) == (message.problem[0] == '\0'));
    for (uint32_t i = 0; status == FL_OK && i < message.count; i++) {
        const struct fl_field *const field = &message.fields[i];
        check_within(line, size, field->key, field->key_length);
        if (field->kind == FL_FIELD_TEXT) check_within(line, size, field->text, field->text_length);
        check_again(field);
    }
    free(line);
    return 0;
}
