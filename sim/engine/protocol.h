/* The lines of the engine protocol: writing ours, scanning the engine's. PROTOCOL.md says what they mean.
 *
 * Both sides are written by hand. A line is one flat JSON object of some hundred bytes, there are two or three for every
 * decision, and a tree of it (cJSON) costs as much as all the rest of the exchange.
 *
 * Nothing here reads a clock or a file. */
#ifndef FL_ENGINE_PROTOCOL_H
#define FL_ENGINE_PROTOCOL_H

#include "core/status.h"
#include "core/time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define FL_PROTOCOL_VERSION 1
#define FL_PROTOCOL_LINE_MAX 65536u /* bytes of a line from the engine, its newline included */
#define FL_PROTOCOL_FIELDS_MAX 32u  /* members of an object from the engine */
#define FL_PROTOCOL_NAME_MAX 64u    /* bytes of the engine's name */

/* ---- Writing ----------------------------------------------------------------------------------- */

/* Lines one behind the other, to be sent. Like a text that grows: when memory runs out `full` is set and the writer's
 * caller looks once, at the end. Starts as { 0 }. */
struct fl_lines {
    char *bytes; /* owned; NULL while empty */
    size_t length, room;
    bool full;
};

void fl_lines_free(struct fl_lines *lines);
/* Room for so many bytes more; false when there is no memory. */
bool fl_lines_grow(struct fl_lines *lines, size_t bytes);
/* Bytes as they stand. */
void fl_lines_add_bytes(struct fl_lines *lines, const char *bytes, size_t length);

/* {"t":"<type>" ; the members follow, then the end. Keys and types are ours and need no escapes. */
void fl_lines_open(struct fl_lines *lines, const char *type);
/* {  for an object without a type; at least one member follows. */
void fl_lines_start(struct fl_lines *lines);
/* A key, behind what its object has already; its value follows. In line: of a key that is written out the compiler knows the length, and there
 * are some twenty to an event. */
static inline void fl_lines_key(struct fl_lines *lines, const char *key)
{
    const size_t length = strlen(key);
    if (lines->room - lines->length < length + 4 && !fl_lines_grow(lines, length + 4)) return;
    char *at = lines->bytes + lines->length;
    if (lines->length > 0 && at[-1] != '{') *at++ = ',';
    *at++ = '"';
    memcpy(at, key, length);
    at[length] = '"';
    at[length + 1] = ':';
    lines->length = (size_t)(at + length + 2 - lines->bytes);
}

/* A value alone. */
void fl_lines_put_integer(struct fl_lines *lines, int64_t value);
void fl_lines_put_hex(struct fl_lines *lines, uint64_t value); /* 16 digits in quotes: 64 bits are too many for a double */
void fl_lines_put_text(struct fl_lines *lines, const char *text); /* well-formed UTF-8; quotes, backslashes and control characters are escaped */

/* A member with its key. */
static inline void fl_lines_integer(struct fl_lines *lines, const char *key, int64_t value)
{
    fl_lines_key(lines, key);
    fl_lines_put_integer(lines, value);
}

static inline void fl_lines_hex(struct fl_lines *lines, const char *key, uint64_t value)
{
    fl_lines_key(lines, key);
    fl_lines_put_hex(lines, value);
}

static inline void fl_lines_text(struct fl_lines *lines, const char *key, const char *value)
{
    fl_lines_key(lines, key);
    fl_lines_put_text(lines, value);
}

/* A member that stands as JSON already. */
static inline void fl_lines_raw_bytes(struct fl_lines *lines, const char *key, const char *json, size_t length)
{
    fl_lines_key(lines, key);
    fl_lines_add_bytes(lines, json, length);
}

static inline void fl_lines_raw(struct fl_lines *lines, const char *key, const char *json)
{
    fl_lines_raw_bytes(lines, key, json, strlen(json));
}

static inline void fl_lines_boolean(struct fl_lines *lines, const char *key, bool value)
{
    fl_lines_raw(lines, key, value ? "true" : "false");
}

/* Any bytes, two hexadecimal digits each, in quotes. */
void fl_lines_hex_bytes(struct fl_lines *lines, const char *key, const char *bytes, size_t length);
void fl_lines_close(struct fl_lines *lines);
/* Whole lines of another. */
void fl_lines_append(struct fl_lines *lines, const struct fl_lines *more);

/* ---- Scanning ---------------------------------------------------------------------------------- */

enum fl_field_kind { FL_FIELD_NULL, FL_FIELD_FALSE, FL_FIELD_TRUE, FL_FIELD_INTEGER, FL_FIELD_REAL /* its value is not kept */, FL_FIELD_TEXT,
                     FL_FIELD_NESTED /* an array or object, whose text is kept as it stands */ };

struct fl_field {
    const char *key, *text;           /* borrowed from the line, escapes resolved; not terminated */
    uint32_t key_length, text_length; /* bytes */
    enum fl_field_kind kind;
    uint8_t next;                     /* the next one of its bucket, + 1; 0: none */
    int64_t integer;                  /* FL_FIELD_INTEGER: a number without fraction and exponent that fits */
};

#define FL_PROTOCOL_BUCKETS 64u

struct fl_message {
    struct fl_field fields[FL_PROTOCOL_FIELDS_MAX]; /* in the order of the line */
    uint32_t count;
    uint8_t buckets[FL_PROTOCOL_BUCKETS]; /* of keys: the last member that fell into it, + 1; 0: none */
    char problem[96]; /* what was wanted, and at which byte, when scanning failed */
};

/* Scans one line without its newline, resolving escapes in place. Strict: one object of RFC 8259 whose members are numbers,
 * strings, true, false or null; well-formed UTF-8, no byte below a blank except the white space of JSON, no key twice, no
 * lone surrogate, no NUL even as an escape. FL_ESYNTAX, FL_ETYPE (an array or object inside), FL_EDUPLICATE, FL_EFULL (too
 * many members) with the problem; the line is then in no particular state. Linear in bytes. */
FL_MUST_CHECK enum fl_status fl_message_scan(char *line, size_t length, struct fl_message *message);

/* The same for the harness's lines: arrays and objects may stand inside, up to 32 deep. What they hold is passed over, not read. */
FL_MUST_CHECK enum fl_status fl_event_scan(char *line, size_t length, struct fl_message *message);

/* The bucket of a key, which the compiler knows of one that is written out. Factors chosen by search: in the lines of an event and of a
 * decision at most two keys share a bucket. */
static inline uint32_t fl_key_bucket(const char *key, size_t length)
{
    if (length == 0) return 0;
    return ((unsigned char)key[0] * 7u + (unsigned char)key[length - 1] * 15u + (uint32_t)length * 12u) % FL_PROTOCOL_BUCKETS;
}

/* The member of that name, or NULL. O(1). */
static inline const struct fl_field *fl_message_find(const struct fl_message *message, const char *key)
{
    const size_t length = strlen(key);
    for (uint32_t i = message->buckets[fl_key_bucket(key, length)]; i > 0; i = message->fields[i - 1].next) {
        const struct fl_field *const field = &message->fields[i - 1];
        if (field->key_length == length && memcmp(field->key, key, length) == 0) return field;
    }
    return NULL;
}

/* Whether a field is this very text; false for NULL. */
static inline bool fl_field_is(const struct fl_field *field, const char *text)
{
    return field != NULL && field->kind == FL_FIELD_TEXT && field->text_length == strlen(text) && memcmp(field->text, text, field->text_length) == 0;
}

#endif
