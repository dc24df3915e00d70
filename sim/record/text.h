/* A text that grows: what result writers append to. Bytes out; files are somebody else's business.
 *
 * Appending never fails half-way: when memory runs out `full` is set, the text stays as it was, and the writer's caller looks
 * once at the end. Numbers are printed the same everywhere (C locale, no thousands marks). */
#ifndef FL_RECORD_TEXT_H
#define FL_RECORD_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fl_text {
    char *bytes; /* owned; NUL-terminated; NULL while empty */
    size_t length, room;
    bool full;   /* memory ran out: not all was appended */
};

void fl_text_free(struct fl_text *text);
void fl_text_add(struct fl_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void fl_text_add_bytes(struct fl_text *text, const char *bytes, size_t length);
/* A string as it is. */
void fl_text_add_string(struct fl_text *text, const char *string);
/* A key of a JSON object that needs no escapes, with its quotes and colon. */
void fl_text_add_key(struct fl_text *text, const char *key);
/* A JSON string with its quotes; ill-formed UTF-8 becomes U+FFFD. */
void fl_text_add_json(struct fl_text *text, const char *string);
/* A CSV field, quoted when it has to be. */
void fl_text_add_csv(struct fl_text *text, const char *string);
/* A number with ten significant digits, or null when it is not finite. */
void fl_text_add_number(struct fl_text *text, double number);
/* A whole number with all its digits. */
void fl_text_add_count(struct fl_text *text, uint64_t count);

#endif
