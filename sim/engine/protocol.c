#include "engine/protocol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Writing ----------------------------------------------------------------------------------- */

void fl_lines_free(struct fl_lines *lines)
{
    free(lines->bytes);
    *lines = (struct fl_lines){ 0 };
}

static bool has_room(struct fl_lines *lines, size_t bytes)
{
    if (lines->room - lines->length >= bytes) return true;
    size_t room = lines->room == 0 ? 4096 : lines->room;
    while (room - lines->length < bytes) room *= 2;
    char *const larger = lines->full ? NULL : realloc(lines->bytes, room);
    if (larger == NULL) {
        lines->full = true;
        return false;
    }
    lines->bytes = larger;
    lines->room = room;
    return true;
}

static void put(struct fl_lines *lines, const char *bytes, size_t length)
{
    if (!has_room(lines, length)) return;
    memcpy(lines->bytes + lines->length, bytes, length);
    lines->length += length;
}

static void put_key(struct fl_lines *lines, const char *key)
{
    if (lines->length > 0 && lines->bytes[lines->length - 1] != '{') put(lines, ",", 1);
    put(lines, "\"", 1);
    put(lines, key, strlen(key));
    put(lines, "\":", 2);
}

static void put_text(struct fl_lines *lines, const char *text)
{
    put(lines, "\"", 1);
    for (const char *from = text;;) {
        const char *to = from;
        while ((unsigned char)*to >= ' ' && *to != '"' && *to != '\\') to++;
        put(lines, from, (size_t)(to - from));
        if (*to == '\0') break;
        char escape[8];
        const int length = *to == '"' || *to == '\\' ? snprintf(escape, sizeof escape, "\\%c", *to)
                                                     : snprintf(escape, sizeof escape, "\\u%04x", (unsigned)*to);
        put(lines, escape, (size_t)length);
        from = to + 1;
    }
    put(lines, "\"", 1);
}

void fl_lines_open(struct fl_lines *lines, const char *type)
{
    put(lines, "{\"t\":\"", 6);
    put(lines, type, strlen(type));
    put(lines, "\"", 1);
}

void fl_lines_start(struct fl_lines *lines)
{
    put(lines, "{", 1);
}

void fl_lines_integer(struct fl_lines *lines, const char *key, int64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    uint64_t rest = value < 0 ? UINT64_C(0) - (uint64_t)value : (uint64_t)value;
    do digits[--at] = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (value < 0) digits[--at] = '-';
    put_key(lines, key);
    put(lines, digits + at, sizeof digits - at);
}

void fl_lines_hex(struct fl_lines *lines, const char *key, uint64_t value)
{
    char digits[18] = { '"', [17] = '"' };
    for (int i = 0; i < 16; i++) digits[1 + i] = "0123456789abcdef"[value >> (60 - 4 * i) & 15];
    put_key(lines, key);
    put(lines, digits, sizeof digits);
}

void fl_lines_boolean(struct fl_lines *lines, const char *key, bool value)
{
    fl_lines_raw(lines, key, value ? "true" : "false");
}

void fl_lines_text(struct fl_lines *lines, const char *key, const char *value)
{
    put_key(lines, key);
    put_text(lines, value);
}

void fl_lines_raw(struct fl_lines *lines, const char *key, const char *json)
{
    put_key(lines, key);
    put(lines, json, strlen(json));
}

void fl_lines_raw_bytes(struct fl_lines *lines, const char *key, const char *json, size_t length)
{
    put_key(lines, key);
    put(lines, json, length);
}

void fl_lines_hex_bytes(struct fl_lines *lines, const char *key, const char *bytes, size_t length)
{
    put_key(lines, key);
    put(lines, "\"", 1);
    for (size_t i = 0; i < length; i++) {
        const unsigned char byte = (unsigned char)bytes[i];
        put(lines, (const char[2]){ "0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15] }, 2);
    }
    put(lines, "\"", 1);
}

void fl_lines_close(struct fl_lines *lines)
{
    put(lines, "}\n", 2);
}

void fl_lines_add_bytes(struct fl_lines *lines, const char *bytes, size_t length)
{
    put(lines, bytes, length);
}

void fl_lines_append(struct fl_lines *lines, const struct fl_lines *more)
{
    put(lines, more->bytes, more->length);
    lines->full |= more->full;
}

/* ---- Scanning ---------------------------------------------------------------------------------- */

struct scanner {
    char *start, *at, *end;
    struct fl_message *message;
    bool may_nest;
};

#define NESTED_DEEPEST 32

static enum fl_status refuse(const struct scanner *s, enum fl_status status, const char *wanted)
{
    snprintf(s->message->problem, sizeof s->message->problem, "byte %zu: %s", (size_t)(s->at - s->start) + 1, wanted);
    return status;
}

static char peek(const struct scanner *s)
{
    return s->at < s->end ? *s->at : '\0'; /* a NUL in the line is refused wherever it stands: it begins nothing */
}

static void skip_blanks(struct scanner *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\r')) s->at++;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Four digits behind \u; -1 when they are not. */
static int32_t hex_unit(const struct scanner *s, const char *digits)
{
    int32_t unit = 0;
    if (s->end - digits < 4) return -1;
    for (int i = 0; i < 4; i++) {
        const int digit = hex_digit(digits[i]);
        if (digit < 0) return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

static char *put_utf8(char *to, uint32_t point)
{
    if (point < 0x80) {
        *to++ = (char)point;
        return to;
    }
    const int more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = { 0, 0xC0, 0xE0, 0xF0 };
    *to++ = (char)(lead[more] | point >> 6 * more);
    for (int i = more - 1; i >= 0; i--) *to++ = (char)(0x80 | (point >> 6 * i & 0x3F));
    return to;
}

/* s->at stands on the backslash; what it means goes to *to, never longer than the escape. */
static enum fl_status scan_escape(struct scanner *s, char **to)
{
    static const char from_letter[] = "\"\\/bfnrt", meaning[] = "\"\\/\b\f\n\r\t";
    const char letter = s->at + 1 < s->end ? s->at[1] : '\0';
    const char *const simple = letter == '\0' ? NULL : strchr(from_letter, letter);
    if (simple != NULL) {
        *(*to)++ = meaning[simple - from_letter];
        s->at += 2;
        return FL_OK;
    }
    int32_t unit = letter == 'u' ? hex_unit(s, s->at + 2) : -1;
    if (unit < 0) return refuse(s, FL_ESYNTAX, "no escape of JSON");
    if (unit == 0) return refuse(s, FL_ESYNTAX, "a NUL in a string");
    if (unit >= 0xDC00 && unit < 0xE000) return refuse(s, FL_ESYNTAX, "half a surrogate pair");
    char *after = s->at + 6;
    uint32_t point = (uint32_t)unit;
    if (unit >= 0xD800 && unit < 0xDC00) {
        const bool escaped = s->end - after >= 6 && after[0] == '\\' && after[1] == 'u';
        const int32_t low = escaped ? hex_unit(s, after + 2) : -1;
        if (low < 0xDC00 || low >= 0xE000) return refuse(s, FL_ESYNTAX, "half a surrogate pair");
        point = 0x10000 + (((uint32_t)unit - 0xD800) << 10 | ((uint32_t)low - 0xDC00));
        after += 6;
    }
    *to = put_utf8(*to, point);
    s->at = after;
    return FL_OK;
}

/* Bytes of the well-formed UTF-8 character at s->at, whose first byte is not ASCII; 0: none. Unicode table 3-7. */
static int utf8_bytes(const struct scanner *s)
{
    const unsigned char *const b = (const unsigned char *)s->at;
    const ptrdiff_t left = s->end - s->at;
    const int length = b[0] >= 0xC2 && b[0] <= 0xDF ? 2 : b[0] >= 0xE0 && b[0] <= 0xEF ? 3 : b[0] >= 0xF0 && b[0] <= 0xF4 ? 4 : 0;
    if (length == 0 || left < length) return 0;
    const unsigned char least = b[0] == 0xE0 ? 0xA0 : b[0] == 0xF0 ? 0x90 : 0x80, most = b[0] == 0xED ? 0x9F : b[0] == 0xF4 ? 0x8F : 0xBF;
    if (b[1] < least || b[1] > most) return 0;
    for (int i = 2; i < length; i++)
        if (b[i] < 0x80 || b[i] > 0xBF) return 0;
    return length;
}

/* s->at stands behind the opening quote. */
static enum fl_status scan_string(struct scanner *s, const char **text, uint32_t *length)
{
    char *to = s->at;
    *text = to;
    while (s->at < s->end && *s->at != '"') {
        const unsigned char c = (unsigned char)*s->at;
        if (c == '\\') {
            const enum fl_status status = scan_escape(s, &to);
            if (status != FL_OK) return status;
        } else if (c < ' ') {
            return refuse(s, FL_ESYNTAX, "a control character in a string");
        } else {
            int bytes = c < 0x80 ? 1 : utf8_bytes(s);
            if (bytes == 0) return refuse(s, FL_ESYNTAX, "not UTF-8");
            while (bytes-- > 0) *to++ = *s->at++;
        }
    }
    if (s->at == s->end) return refuse(s, FL_ESYNTAX, "a string without its end");
    s->at++;
    *length = (uint32_t)(to - *text);
    return FL_OK;
}

static bool skip_digits(struct scanner *s)
{
    const char *const from = s->at;
    while (s->at < s->end && *s->at >= '0' && *s->at <= '9') s->at++;
    return s->at > from;
}

static enum fl_status scan_number(struct scanner *s, struct fl_field *field)
{
    const bool negative = peek(s) == '-';
    bool fits = true;
    s->at += negative;
    const char *const digits = s->at;
    if (!skip_digits(s)) return refuse(s, FL_ESYNTAX, "wanted a digit");
    if (*digits == '0' && s->at - digits > 1) return refuse(s, FL_ESYNTAX, "a leading zero");
    uint64_t value = 0;
    for (const char *d = digits; d < s->at; d++)
        fits = fits && !__builtin_mul_overflow(value, 10, &value) && !__builtin_add_overflow(value, (uint64_t)(*d - '0'), &value);
    fits = fits && value <= INT64_MAX;
    if (peek(s) == '.') {
        s->at++;
        fits = false;
        if (!skip_digits(s)) return refuse(s, FL_ESYNTAX, "wanted a digit behind the point");
    }
    if (peek(s) == 'e' || peek(s) == 'E') {
        s->at++;
        fits = false;
        s->at += peek(s) == '+' || peek(s) == '-';
        if (!skip_digits(s)) return refuse(s, FL_ESYNTAX, "wanted a digit in the exponent");
    }
    field->kind = fits ? FL_FIELD_INTEGER : FL_FIELD_REAL;
    field->integer = !fits ? 0 : negative ? -(int64_t)value : (int64_t)value;
    return FL_OK;
}

static bool scan_word(struct scanner *s, const char *word)
{
    const size_t length = strlen(word);
    if ((size_t)(s->end - s->at) < length || memcmp(s->at, word, length) != 0) return false;
    s->at += length;
    return true;
}

/* Passes over an array or object: its brackets close in order, and its strings end. */
static enum fl_status scan_nested(struct scanner *s, struct fl_field *field)
{
    char closing[NESTED_DEEPEST];
    uint32_t depth = 0;
    field->kind = FL_FIELD_NESTED;
    field->text = s->at;
    do {
        const char c = peek(s);
        if (s->at == s->end) return refuse(s, FL_ESYNTAX, "an array or object without its end");
        s->at++;
        if (c == '"') {
            while (s->at < s->end && *s->at != '"') s->at += *s->at == '\\' && s->end - s->at > 1 ? 2 : 1;
            if (s->at >= s->end) return refuse(s, FL_ESYNTAX, "a string without its end");
            s->at++;
        } else if (c == '{' || c == '[') {
            if (depth == NESTED_DEEPEST) return refuse(s, FL_EFULL, "too deep");
            closing[depth++] = c == '{' ? '}' : ']';
        } else if ((c == '}' || c == ']') && closing[--depth] != c) {
            return refuse(s, FL_ESYNTAX, "a bracket that closes another");
        }
    } while (depth > 0);
    field->text_length = (uint32_t)(s->at - field->text);
    return FL_OK;
}

static enum fl_status scan_value(struct scanner *s, struct fl_field *field)
{
    switch (peek(s)) {
    case '"':
        s->at++;
        field->kind = FL_FIELD_TEXT;
        return scan_string(s, &field->text, &field->text_length);
    case '{':
    case '[':
        if (s->may_nest) return scan_nested(s, field);
        return refuse(s, FL_ETYPE, "wanted a number, a string, true, false or null; objects and arrays do not nest here");
    case 't':
        field->kind = FL_FIELD_TRUE;
        if (scan_word(s, "true")) return FL_OK;
        break;
    case 'f':
        field->kind = FL_FIELD_FALSE;
        if (scan_word(s, "false")) return FL_OK;
        break;
    case 'n':
        field->kind = FL_FIELD_NULL;
        if (scan_word(s, "null")) return FL_OK;
        break;
    case '-':
    case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
        return scan_number(s, field);
    }
    return refuse(s, FL_ESYNTAX, "wanted a value");
}

static bool is_known(const struct fl_message *message, const struct fl_field *field)
{
    for (uint32_t i = 0; i < message->count; i++)
        if (message->fields[i].key_length == field->key_length && memcmp(message->fields[i].key, field->key, field->key_length) == 0) return true;
    return false;
}

static enum fl_status scan_member(struct scanner *s)
{
    struct fl_message *const message = s->message;
    if (message->count == FL_PROTOCOL_FIELDS_MAX) return refuse(s, FL_EFULL, "too many members");
    struct fl_field *const field = &message->fields[message->count];
    *field = (struct fl_field){ .key = NULL };
    if (peek(s) != '"') return refuse(s, FL_ESYNTAX, "wanted a key");
    s->at++;
    enum fl_status status = scan_string(s, &field->key, &field->key_length);
    if (status != FL_OK) return status;
    if (is_known(message, field)) return refuse(s, FL_EDUPLICATE, "a key that stands twice");
    skip_blanks(s);
    if (peek(s) != ':') return refuse(s, FL_ESYNTAX, "wanted ':'");
    s->at++;
    skip_blanks(s);
    status = scan_value(s, field);
    if (status != FL_OK) return status;
    message->count++;
    skip_blanks(s);
    return FL_OK;
}

static enum fl_status scan_line(char *line, size_t length, struct fl_message *message, bool may_nest)
{
    struct scanner s = { line, line, line + length, message, may_nest };
    message->count = 0;
    message->problem[0] = '\0';
    skip_blanks(&s);
    if (peek(&s) != '{') return refuse(&s, FL_ESYNTAX, "wanted a JSON object");
    s.at++;
    skip_blanks(&s);
    if (peek(&s) != '}') {
        for (;;) {
            const enum fl_status status = scan_member(&s);
            if (status != FL_OK) return status;
            if (peek(&s) != ',') break;
            s.at++;
            skip_blanks(&s);
        }
    }
    if (peek(&s) != '}') return refuse(&s, FL_ESYNTAX, "wanted ',' or '}'");
    s.at++;
    skip_blanks(&s);
    return s.at == s.end ? FL_OK : refuse(&s, FL_ESYNTAX, "wanted nothing behind the object");
}

enum fl_status fl_message_scan(char *line, size_t length, struct fl_message *message)
{
    return scan_line(line, length, message, false);
}

enum fl_status fl_event_scan(char *line, size_t length, struct fl_message *message)
{
    return scan_line(line, length, message, true);
}

const struct fl_field *fl_message_find(const struct fl_message *message, const char *key)
{
    const size_t length = strlen(key);
    for (uint32_t i = 0; i < message->count; i++)
        if (message->fields[i].key_length == length && memcmp(message->fields[i].key, key, length) == 0) return &message->fields[i];
    return NULL;
}

bool fl_field_is(const struct fl_field *field, const char *text)
{
    return field != NULL && field->kind == FL_FIELD_TEXT && field->text_length == strlen(text) && memcmp(field->text, text, field->text_length) == 0;
}
