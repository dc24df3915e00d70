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

bool fl_lines_grow(struct fl_lines *lines, size_t bytes)
{
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

static inline bool has_room(struct fl_lines *lines, size_t bytes)
{
    return lines->room - lines->length >= bytes || fl_lines_grow(lines, bytes);
}

static inline void put(struct fl_lines *lines, const char *bytes, size_t length)
{
    if (!has_room(lines, length)) return;
    memcpy(lines->bytes + lines->length, bytes, length);
    lines->length += length;
}

static bool is_plain(char c)
{
    return (unsigned char)c >= ' ' && c != '"' && c != '\\';
}

/* The text behind its first bytes, which needed no escape. */
static void put_escaped(struct fl_lines *lines, const char *text)
{
    for (const char *from = text;;) {
        const char *to = from;
        while (is_plain(*to)) to++;
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

void fl_lines_put_text(struct fl_lines *lines, const char *text)
{
    const size_t length = strlen(text);
    if (!has_room(lines, length + 2)) return;
    char *const to = lines->bytes + lines->length;
    size_t i = 0;
    to[0] = '"';
    for (; i < length && is_plain(text[i]); i++) to[1 + i] = text[i];
    lines->length += 1 + i;
    if (i < length) {
        put_escaped(lines, text + i);
    } else {
        to[1 + i] = '"';
        lines->length++;
    }
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

void fl_lines_put_integer(struct fl_lines *lines, int64_t value)
{
    enum { MOST = 20 }; /* of 64 bits, with a sign */
    static const char pairs[] = "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849"
                                "5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";
    char digits[2 * MOST]; /* as many behind the last one, so that a number of any length is copied as one of that many */
    size_t at = MOST;
    uint64_t rest = value < 0 ? UINT64_C(0) - (uint64_t)value : (uint64_t)value;
    for (; rest >= 100; rest /= 100) memcpy(digits + (at -= 2), pairs + 2 * (rest % 100), 2);
    if (rest >= 10) memcpy(digits + (at -= 2), pairs + 2 * rest, 2);
    else digits[--at] = (char)('0' + rest);
    if (value < 0) digits[--at] = '-';
    if (!has_room(lines, MOST)) return;
    memcpy(lines->bytes + lines->length, digits + at, MOST);
    lines->length += MOST - at;
}

void fl_lines_put_hex(struct fl_lines *lines, uint64_t value)
{
    if (!has_room(lines, 18)) return;
    char *const to = lines->bytes + lines->length;
    to[0] = to[17] = '"';
    for (int i = 16; i > 0; i--, value >>= 4) to[i] = "0123456789abcdef"[value & 15];
    lines->length += 18;
}

void fl_lines_hex_bytes(struct fl_lines *lines, const char *key, const char *bytes, size_t length)
{
    fl_lines_key(lines, key);
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

/* ---- Scanning ----------------------------------------------------------------------------------
 *
 * Each step takes the place it begins at and returns the place behind what it has read, or NULL with the fault noted. Places are passed
 * by value, since what is written through a char pointer might be anything, and a place in memory would be read again for every byte. */

struct scanner {
    const char *start;
    char *end;
    struct fl_message *message;
    bool may_nest;
    enum fl_status status; /* FL_OK until something was refused */
};

#define NESTED_DEEPEST 32
#define SAFE_DIGITS 18 /* a number of so many fits into 63 bits */

static char *refuse(struct scanner *s, const char *at, enum fl_status status, const char *wanted)
{
    snprintf(s->message->problem, sizeof s->message->problem, "byte %zu: %s", (size_t)(at - s->start) + 1, wanted);
    s->status = status;
    return NULL;
}

static char peek(const struct scanner *s, const char *at)
{
    return at < s->end ? *at : '\0'; /* a NUL in the line is refused wherever it stands: it begins nothing */
}

static inline char *skip_blanks(const struct scanner *s, char *at)
{
    if (at < s->end && (unsigned char)*at > ' ') return at; /* as nearly always */
    while (at < s->end && (*at == ' ' || *at == '\t' || *at == '\r')) at++;
    return at;
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

/* `at` stands on the backslash; what it means goes to *to, never longer than the escape. */
static char *scan_escape(struct scanner *s, char *at, char **to)
{
    static const char from_letter[] = "\"\\/bfnrt", meaning[] = "\"\\/\b\f\n\r\t";
    const char letter = peek(s, at + 1);
    const char *const simple = letter == '\0' ? NULL : strchr(from_letter, letter);
    if (simple != NULL) {
        *(*to)++ = meaning[simple - from_letter];
        return at + 2;
    }
    const int32_t unit = letter == 'u' ? hex_unit(s, at + 2) : -1;
    if (unit < 0) return refuse(s, at, FL_ESYNTAX, "no escape of JSON");
    if (unit == 0) return refuse(s, at, FL_ESYNTAX, "a NUL in a string");
    if (unit >= 0xDC00 && unit < 0xE000) return refuse(s, at, FL_ESYNTAX, "half a surrogate pair");
    char *after = at + 6;
    uint32_t point = (uint32_t)unit;
    if (unit >= 0xD800 && unit < 0xDC00) {
        const bool escaped = s->end - after >= 6 && after[0] == '\\' && after[1] == 'u';
        const int32_t low = escaped ? hex_unit(s, after + 2) : -1;
        if (low < 0xDC00 || low >= 0xE000) return refuse(s, at, FL_ESYNTAX, "half a surrogate pair");
        point = 0x10000 + (((uint32_t)unit - 0xD800) << 10 | ((uint32_t)low - 0xDC00));
        after += 6;
    }
    *to = put_utf8(*to, point);
    return after;
}

/* Bytes of the well-formed UTF-8 character at a place whose first byte is not ASCII; 0: none. Unicode table 3-7. */
static int utf8_bytes(const struct scanner *s, const char *at)
{
    const unsigned char *const b = (const unsigned char *)at;
    const ptrdiff_t left = s->end - at;
    const int length = b[0] >= 0xC2 && b[0] <= 0xDF ? 2 : b[0] >= 0xE0 && b[0] <= 0xEF ? 3 : b[0] >= 0xF0 && b[0] <= 0xF4 ? 4 : 0;
    if (length == 0 || left < length) return 0;
    const unsigned char least = b[0] == 0xE0 ? 0xA0 : b[0] == 0xF0 ? 0x90 : 0x80, most = b[0] == 0xED ? 0x9F : b[0] == 0xF4 ? 0x8F : 0xBF;
    if (b[1] < least || b[1] > most) return 0;
    for (int i = 2; i < length; i++)
        if (b[i] < 0x80 || b[i] > 0xBF) return 0;
    return length;
}

#define EIGHT(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Of eight bytes side by side, the highest bit of each that is not taken as it stands in a string: a quote, a backslash, a control
 * character, or part of a character beyond ASCII. Exact: nothing is carried from a byte into the next one. */
static uint64_t special_of(uint64_t eight)
{
    const uint64_t low = eight & EIGHT(0x7F), from_blank = low + EIGHT(0x80 - ' ');
    const uint64_t not_quote = (low ^ EIGHT('"')) + EIGHT(0x7F), not_backslash = (low ^ EIGHT('\\')) + EIGHT(0x7F);
    return (~(from_blank & not_quote & not_backslash) | eight) & EIGHT(0x80);
}

static uint32_t first_of(uint64_t bits)
{
    return (uint32_t)(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_ctzll(bits) : __builtin_clzll(bits)) / 8;
}

/* Behind all that stands for itself. */
static inline char *skip_plain(char *at, const char *end)
{
    for (uint64_t eight; end - at >= 8; at += 8) {
        memcpy(&eight, at, 8);
        const uint64_t special = special_of(eight);
        if (special != 0) return at + first_of(special);
    }
    while (at < end && is_plain(*at) && (unsigned char)*at < 0x80) at++;
    return at;
}

/* The rest of a string, from the first place on that does not stand for itself. */
static char *scan_rest(struct scanner *s, char *at, const char *text, uint32_t *length)
{
    char *to = at;
    for (;;) {
        if (at == s->end) return refuse(s, at, FL_ESYNTAX, "a string without its end");
        const unsigned char c = (unsigned char)*at;
        if (c == '"') break;
        if (c == '\\') {
            at = scan_escape(s, at, &to);
            if (at == NULL) return NULL;
        } else if (c < ' ') {
            return refuse(s, at, FL_ESYNTAX, "a control character in a string");
        } else if (c >= 0x80) {
            const int bytes = utf8_bytes(s, at);
            if (bytes == 0) return refuse(s, at, FL_ESYNTAX, "not UTF-8");
            for (int i = 0; i < bytes; i++) *to++ = *at++;
        }
        char *const from = at;
        at = skip_plain(from, s->end);
        if (to != from) memmove(to, from, (size_t)(at - from)); /* behind an escape, which was longer than what it stands for */
        to += at - from;
    }
    *length = (uint32_t)(to - text);
    return at + 1;
}

/* `at` stands behind the opening quote. */
static inline char *scan_string(struct scanner *s, char *at, const char **text, uint32_t *length)
{
    char *const end = skip_plain(at, s->end);
    *text = at;
    if (end == s->end || *end != '"') return scan_rest(s, end, at, length);
    *length = (uint32_t)(end - at);
    return end + 1;
}

/* The number that eight digits are, the first of them in the lowest byte. Each step joins neighbours: digits to pairs, pairs to fours,
 * fours to eight. Bytes of zero count as digits of zero. */
static inline uint64_t joined(uint64_t eight)
{
    eight = (eight & EIGHT(0x0F)) * (10 << 8 | 1) >> 8;
    eight = (eight & UINT64_C(0x00FF00FF00FF00FF)) * (100 << 16 | 1) >> 16;
    return (eight & UINT64_C(0x0000FFFF0000FFFF)) * (UINT64_C(10000) << 32 | 1) >> 32;
}

/* Digits up to what is none; the value is that of the last 64 bits. */
static inline char *take_digits(char *at, const char *end, uint64_t *value)
{
    static const uint32_t powers[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000 };
    *value = 0;
    for (uint64_t eight; end - at >= 8; at += 8) {
        memcpy(&eight, at, 8);
        if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__) eight = __builtin_bswap64(eight);
        /* Of the first byte that is no digit something is left; what is carried from it does no harm to those before. */
        const uint64_t others = ((eight & EIGHT(0xF0)) ^ EIGHT('0')) | (((eight + EIGHT(6)) & EIGHT(0xF0)) ^ EIGHT('0'));
        if (others == 0) {
            *value = *value * 100000000 + joined(eight);
            continue;
        }
        const uint32_t count = (uint32_t)__builtin_ctzll(others) / 8;
        if (count > 0) *value = *value * powers[count] + joined(eight << (64 - 8 * count));
        return at + count;
    }
    for (; at < end && *at >= '0' && *at <= '9'; at++) *value = *value * 10 + (uint64_t)(*at - '0');
    return at;
}

static char *skip_digits(const struct scanner *s, char *at)
{
    const char *const end = s->end;
    while (at < end && *at >= '0' && *at <= '9') at++;
    return at;
}

/* Whether a number of more digits than is safe does. */
static bool value_fits(const char *digit, const char *end)
{
    uint64_t value = 0;
    for (; digit < end; digit++)
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, (uint64_t)(*digit - '0'), &value)) return false;
    return value <= INT64_MAX;
}

/* What stands behind the whole part: its value is not kept then. */
static char *scan_fraction(struct scanner *s, char *at)
{
    if (peek(s, at) == '.') {
        char *const digits = at + 1;
        at = skip_digits(s, digits);
        if (at == digits) return refuse(s, at, FL_ESYNTAX, "wanted a digit behind the point");
    }
    if (peek(s, at) == 'e' || peek(s, at) == 'E') {
        at++;
        at += peek(s, at) == '+' || peek(s, at) == '-';
        char *const digits = at;
        at = skip_digits(s, digits);
        if (at == digits) return refuse(s, at, FL_ESYNTAX, "wanted a digit in the exponent");
    }
    return at;
}

static char *scan_number(struct scanner *s, char *at, struct fl_field *field)
{
    const bool negative = *at == '-';
    at += negative;
    const char *const digits = at;
    uint64_t value;
    at = take_digits(at, s->end, &value);
    if (at == digits) return refuse(s, at, FL_ESYNTAX, "wanted a digit");
    if (*digits == '0' && at - digits > 1) return refuse(s, at, FL_ESYNTAX, "a leading zero");
    bool fits = at - digits <= SAFE_DIGITS || value_fits(digits, at);
    const char next = peek(s, at);
    if (next == '.' || next == 'e' || next == 'E') {
        fits = false;
        at = scan_fraction(s, at);
    }
    field->kind = fits ? FL_FIELD_INTEGER : FL_FIELD_REAL;
    field->integer = !fits ? 0 : negative ? -(int64_t)value : (int64_t)value;
    return at;
}

/* Passes over an array or object: its brackets close in order, and its strings end. */
static char *scan_nested(struct scanner *s, char *at, struct fl_field *field)
{
    char closing[NESTED_DEEPEST];
    uint32_t depth = 0;
    field->kind = FL_FIELD_NESTED;
    field->text = at;
    do {
        if (at == s->end) return refuse(s, at, FL_ESYNTAX, "an array or object without its end");
        const char c = *at++;
        if (c == '"') {
            while (at < s->end && *at != '"') at += *at == '\\' && s->end - at > 1 ? 2 : 1;
            if (at >= s->end) return refuse(s, at, FL_ESYNTAX, "a string without its end");
            at++;
        } else if (c == '{' || c == '[') {
            if (depth == NESTED_DEEPEST) return refuse(s, at, FL_EFULL, "too deep");
            closing[depth++] = c == '{' ? '}' : ']';
        } else if ((c == '}' || c == ']') && closing[--depth] != c) {
            return refuse(s, at, FL_ESYNTAX, "a bracket that closes another");
        }
    } while (depth > 0);
    field->text_length = (uint32_t)(at - field->text);
    return at;
}

static char *scan_word(struct scanner *s, char *at, const char *word)
{
    const size_t length = strlen(word);
    if ((size_t)(s->end - at) < length || memcmp(at, word, length) != 0) return refuse(s, at, FL_ESYNTAX, "wanted a value");
    return at + length;
}

static char *scan_value(struct scanner *s, char *at, struct fl_field *field)
{
    switch (peek(s, at)) {
    case '"':
        field->kind = FL_FIELD_TEXT;
        return scan_string(s, at + 1, &field->text, &field->text_length);
    case '{':
    case '[':
        if (s->may_nest) return scan_nested(s, at, field);
        return refuse(s, at, FL_ETYPE, "wanted a number, a string, true, false or null; objects and arrays do not nest here");
    case 't': field->kind = FL_FIELD_TRUE; return scan_word(s, at, "true");
    case 'f': field->kind = FL_FIELD_FALSE; return scan_word(s, at, "false");
    case 'n': field->kind = FL_FIELD_NULL; return scan_word(s, at, "null");
    case '-':
    case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
        return scan_number(s, at, field);
    }
    return refuse(s, at, FL_ESYNTAX, "wanted a value");
}

/* Into its bucket, unless the key is there already. */
static inline bool enter(struct fl_message *message, struct fl_field *field)
{
    uint8_t *const bucket = &message->buckets[fl_key_bucket(field->key, field->key_length)];
    for (uint32_t i = *bucket; i > 0; i = message->fields[i - 1].next) {
        const struct fl_field *const other = &message->fields[i - 1];
        if (other->key_length == field->key_length && memcmp(other->key, field->key, field->key_length) == 0) return false;
    }
    field->next = *bucket;
    *bucket = (uint8_t)(message->count + 1);
    return true;
}

FL_ALWAYS_INLINE char *scan_member(struct scanner *s, char *at)
{
    struct fl_message *const message = s->message;
    if (message->count == FL_PROTOCOL_FIELDS_MAX) return refuse(s, at, FL_EFULL, "too many members");
    struct fl_field *const field = &message->fields[message->count];
    *field = (struct fl_field){ .key = NULL };
    if (peek(s, at) != '"') return refuse(s, at, FL_ESYNTAX, "wanted a key");
    at = scan_string(s, at + 1, &field->key, &field->key_length);
    if (at == NULL) return NULL;
    if (!enter(message, field)) return refuse(s, at, FL_EDUPLICATE, "a key that stands twice");
    at = skip_blanks(s, at);
    if (peek(s, at) != ':') return refuse(s, at, FL_ESYNTAX, "wanted ':'");
    at = scan_value(s, skip_blanks(s, at + 1), field);
    if (at == NULL) return NULL;
    message->count++;
    return skip_blanks(s, at);
}

/* Behind the brace that closes them. */
static char *scan_members(struct scanner *s, char *at)
{
    if (peek(s, at) == '}') return at + 1;
    for (;;) {
        at = scan_member(s, at);
        if (at == NULL) return NULL;
        const char next = peek(s, at);
        if (next == '}') return at + 1;
        if (next != ',') return refuse(s, at, FL_ESYNTAX, "wanted ',' or '}'");
        at = skip_blanks(s, at + 1);
    }
}

static enum fl_status scan_line(char *line, size_t length, struct fl_message *message, bool may_nest)
{
    struct scanner s = { .start = line, .end = line + length, .message = message, .may_nest = may_nest };
    message->count = 0;
    memset(message->buckets, 0, sizeof message->buckets);
    message->problem[0] = '\0';
    char *at = skip_blanks(&s, line);
    if (peek(&s, at) == '{') at = scan_members(&s, skip_blanks(&s, at + 1));
    else at = refuse(&s, at, FL_ESYNTAX, "wanted a JSON object");
    if (at == NULL) return s.status;
    at = skip_blanks(&s, at);
    if (at != s.end) refuse(&s, at, FL_ESYNTAX, "wanted nothing behind the object");
    return s.status;
}

enum fl_status fl_message_scan(char *line, size_t length, struct fl_message *message)
{
    return scan_line(line, length, message, false);
}

enum fl_status fl_event_scan(char *line, size_t length, struct fl_message *message)
{
    return scan_line(line, length, message, true);
}
