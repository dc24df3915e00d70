/* A strict JSON checker over bytes, and places. Recursion is bounded by FL_TEXT_DEPTH_MAX. */
#include "scenario/text.h"

#include "scenario/reader.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct checker {
    const char *text;
    size_t at, bytes;
    uint32_t depth, values;
    struct fl_error *error;
};

void fl_text_advance(const char *text, struct fl_text_cursor *cursor, size_t place)
{
    for (; cursor->place < place; cursor->place++) {
        const unsigned char byte = (unsigned char)text[cursor->place];
        if (byte == '\n') {
            cursor->line++;
            cursor->column = 1;
        } else if ((byte & 0xC0) != 0x80) {
            cursor->column++; /* continuation bytes belong to the character before them */
        }
    }
}

/* Bytes of the well-formed UTF-8 character at `p`, of which `left` >= 1 bytes exist; 0 when it is not one.
 * The table is that of Unicode 15, table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF. */
static size_t character_bytes(const unsigned char *p, size_t left)
{
    if (p[0] < 0x80) return 1;
    const size_t n = p[0] >= 0xC2 && p[0] <= 0xDF   ? 2
                     : p[0] >= 0xE0 && p[0] <= 0xEF ? 3
                     : p[0] >= 0xF0 && p[0] <= 0xF4 ? 4
                                                    : 0;
    if (n == 0 || n > left) return 0;
    const unsigned char least = p[0] == 0xE0 ? 0xA0 : p[0] == 0xF0 ? 0x90 : 0x80;
    const unsigned char most = p[0] == 0xED ? 0x9F : p[0] == 0xF4 ? 0x8F : 0xBF;
    if (p[1] < least || p[1] > most) return 0;
    for (size_t i = 2; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80) return 0;
    }
    return n;
}

bool fl_text_is_utf8(const char *text, size_t bytes)
{
    for (size_t i = 0, n; i < bytes; i += n) {
        n = character_bytes((const unsigned char *)text + i, bytes - i);
        if (n == 0 || text[i] == '\0') return false;
    }
    return true;
}

size_t fl_text_show(char *to, size_t size, const char *from)
{
    const size_t length = strlen(from);
    size_t used = 0, fits = 0; /* fits: how much can stay when "..." must follow */
    for (size_t i = 0; i < length;) {
        const unsigned char c = (unsigned char)from[i];
        char piece[8];
        size_t from_bytes = character_bytes((const unsigned char *)from + i, length - i), piece_bytes;
        if (from_bytes == 0 || c < 0x20 || c == 0x7F) {
            from_bytes = 1;
            piece_bytes = (size_t)snprintf(piece, sizeof piece, "\\x%02X", c);
        } else {
            memcpy(piece, from + i, from_bytes);
            piece_bytes = from_bytes;
        }
        if (used + piece_bytes + 1 > size) {
            memcpy(to + fits, "...", 4);
            return fits + 3;
        }
        memcpy(to + used, piece, piece_bytes);
        used += piece_bytes;
        i += from_bytes;
        if (used + 4 <= size) fits = used;
    }
    to[used] = '\0';
    return used;
}

static bool fault_at(struct checker *c, size_t place, enum fl_status status, const char *sentence)
{
    memset(c->error, 0, sizeof *c->error);
    c->error->status = status;
    struct fl_text_cursor cursor = { 0, 1, 1 };
    fl_text_advance(c->text, &cursor, place);
    c->error->line = cursor.line;
    c->error->column = cursor.column;
    snprintf(c->error->text, sizeof c->error->text, "%s", sentence);
    return false;
}

/* "wanted X, got Y", where Y is what stands at the current place. */
static bool unexpected(struct checker *c, const char *wanted)
{
    char sentence[sizeof c->error->text];
    if (c->at >= c->bytes) {
        snprintf(sentence, sizeof sentence, "wanted %s, got the end of the text", wanted);
    } else if (c->text[c->at] == '/' && c->at + 1 < c->bytes &&
               (c->text[c->at + 1] == '/' || c->text[c->at + 1] == '*')) {
        snprintf(sentence, sizeof sentence, "wanted %s, got a comment; JSON has none (\"about\" holds remarks)",
                 wanted);
    } else {
        char character[5] = { 0 }, shown[16];
        const size_t n = character_bytes((const unsigned char *)c->text + c->at, c->bytes - c->at);
        memcpy(character, c->text + c->at, n == 0 ? 1 : n);
        fl_text_show(shown, sizeof shown, character);
        snprintf(sentence, sizeof sentence, "wanted %s, got '%s'", wanted, shown);
    }
    return fault_at(c, c->at, FL_ESYNTAX, sentence);
}

static char peek(const struct checker *c)
{
    return c->at < c->bytes ? c->text[c->at] : '\0';
}

static void skip_space(struct checker *c)
{
    while (c->at < c->bytes &&
           (c->text[c->at] == ' ' || c->text[c->at] == '\n' || c->text[c->at] == '\r' || c->text[c->at] == '\t'))
        c->at++;
}

static int hex_digit(char h)
{
    return h >= '0' && h <= '9'   ? h - '0'
           : h >= 'a' && h <= 'f' ? h - 'a' + 10
           : h >= 'A' && h <= 'F' ? h - 'A' + 10
                                  : -1;
}

/* The four digits of \uXXXX from the current place on; -1 when they are not four. */
static int32_t hex_unit(struct checker *c)
{
    int32_t unit = 0;
    for (size_t i = 0; i < 4; i++) {
        const int digit = c->at + i < c->bytes ? hex_digit(c->text[c->at + i]) : -1;
        if (digit < 0) return -1;
        unit = unit << 4 | digit;
    }
    c->at += 4;
    return unit;
}

static bool check_escape(struct checker *c)
{
    const size_t start = c->at++;
    const char kind = peek(c);
    if (kind != '\0' && strchr("\"\\/bfnrt", kind) != NULL) {
        c->at++;
        return true;
    }
    if (kind != 'u')
        return fault_at(c, start, FL_ESYNTAX, "wanted an escape of JSON (\\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX)");
    c->at++;
    const int32_t unit = hex_unit(c);
    if (unit < 0) return fault_at(c, start, FL_ESYNTAX, "wanted four hexadecimal digits after \\u");
    if (unit == 0) return fault_at(c, start, FL_ESYNTAX, "wanted a text without NUL, got \\u0000");
    if (unit < 0xD800 || unit > 0xDFFF) return true;
    if (unit > 0xDBFF || peek(c) != '\\')
        return fault_at(c, start, FL_ESYNTAX, "wanted a pair of surrogates, got half of one");
    c->at++;
    if (peek(c) != 'u') return fault_at(c, start, FL_ESYNTAX, "wanted a pair of surrogates, got half of one");
    c->at++;
    const int32_t low = hex_unit(c);
    if (low < 0xDC00 || low > 0xDFFF)
        return fault_at(c, start, FL_ESYNTAX, "wanted a pair of surrogates, got half of one");
    return true;
}

static bool check_string(struct checker *c)
{
    const size_t start = c->at++;
    while (c->at < c->bytes) {
        const char byte = c->text[c->at];
        if (byte == '"') {
            c->at++;
            return true;
        }
        if (byte == '\\') {
            if (!check_escape(c)) return false;
        } else if ((unsigned char)byte < 0x20) {
            return fault_at(c, c->at, FL_ESYNTAX,
                            "wanted a text within one line, got a raw control character (write \\n, \\t or \\uXXXX)");
        } else {
            c->at++;
        }
    }
    return fault_at(c, start, FL_ESYNTAX, "wanted a closing quotation mark, got the end of the text");
}

static void skip_digits(struct checker *c)
{
    while (c->at < c->bytes && c->text[c->at] >= '0' && c->text[c->at] <= '9') c->at++;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool check_number(struct checker *c)
{
    const size_t start = c->at;
    if (peek(c) == '-') c->at++;
    if (!is_digit(peek(c))) return unexpected(c, "a digit");
    if (peek(c) == '0') {
        c->at++;
        if (is_digit(peek(c))) return fault_at(c, start, FL_ESYNTAX, "wanted a number without leading zeros");
        if (peek(c) == 'x' || peek(c) == 'X')
            return fault_at(c, start, FL_ESYNTAX, "wanted a decimal number, got a hexadecimal one");
    }
    skip_digits(c);
    if (peek(c) == '.') {
        c->at++;
        if (!is_digit(peek(c))) return unexpected(c, "a digit after the decimal point");
        skip_digits(c);
    }
    if (peek(c) == 'e' || peek(c) == 'E') {
        c->at++;
        if (peek(c) == '+' || peek(c) == '-') c->at++;
        if (!is_digit(peek(c))) return unexpected(c, "a digit in the exponent");
        skip_digits(c);
    }
    char number[FL_TEXT_NUMBER_MAX + 1];
    const size_t length = c->at - start;
    if (length > FL_TEXT_NUMBER_MAX) return fault_at(c, start, FL_ERANGE, "wanted a number of at most 63 characters");
    memcpy(number, c->text + start, length);
    number[length] = '\0';
    if (!isfinite(strtod(number, NULL)))
        return fault_at(c, start, FL_ERANGE, "wanted a number that a double can hold (below 1.8e308)");
    return true;
}

static bool check_word(struct checker *c, const char *word)
{
    const size_t length = strlen(word);
    if (c->bytes - c->at < length || memcmp(c->text + c->at, word, length) != 0) return unexpected(c, "a JSON value");
    c->at += length;
    return true;
}

static bool check_value(struct checker *c);

static bool check_members(struct checker *c, char close, bool keyed)
{
    c->at++;
    if (++c->depth > FL_TEXT_DEPTH_MAX) return fault_at(c, c->at - 1, FL_ERANGE, "wanted at most 32 levels of nesting");
    skip_space(c);
    if (peek(c) == close) {
        c->at++;
        c->depth--;
        return true;
    }
    for (;;) {
        skip_space(c);
        if (keyed) {
            if (peek(c) != '"') return unexpected(c, "a key in quotation marks");
            if (!check_string(c)) return false;
            skip_space(c);
            if (peek(c) != ':') return unexpected(c, "':'");
            c->at++;
            skip_space(c);
        }
        if (!check_value(c)) return false;
        skip_space(c);
        if (peek(c) == close) break;
        if (peek(c) != ',') return unexpected(c, keyed ? "',' or '}'" : "',' or ']'");
        c->at++;
    }
    c->at++;
    c->depth--;
    return true;
}

static bool check_value(struct checker *c)
{
    if (++c->values > FL_TEXT_VALUES_MAX) return fault_at(c, c->at, FL_EFULL, "wanted at most 2097152 values in all");
    switch (peek(c)) {
    case '{': return check_members(c, '}', true);
    case '[': return check_members(c, ']', false);
    case '"': return check_string(c);
    case 't': return check_word(c, "true");
    case 'f': return check_word(c, "false");
    case 'n': return check_word(c, "null");
    default: break;
    }
    if (peek(c) == '-' || is_digit(peek(c))) return check_number(c);
    return unexpected(c, "a JSON value");
}

/* What concerns bytes, before anything about JSON. */
static bool check_bytes(struct checker *c)
{
    if (c->bytes > FL_SCENARIO_BYTES_MAX) return fault_at(c, 0, FL_EFULL, "wanted at most 16777216 bytes (16 MiB)");
    if (c->bytes >= 3 && memcmp(c->text, "\xEF\xBB\xBF", 3) == 0) {
        return fault_at(c, 0, FL_ESYNTAX, "wanted plain UTF-8, got a byte order mark; save the file without one");
    }
    for (size_t i = 0, n; i < c->bytes; i += n) {
        if (c->text[i] == '\0') return fault_at(c, i, FL_ESYNTAX, "wanted text, got a NUL byte");
        n = character_bytes((const unsigned char *)c->text + i, c->bytes - i);
        if (n == 0) return fault_at(c, i, FL_ESYNTAX, "wanted well-formed UTF-8");
    }
    return true;
}

enum fl_status fl_text_check(const char *text, size_t bytes, struct fl_error *error)
{
    struct checker c = { .text = text, .bytes = bytes, .error = error };
    if (!check_bytes(&c)) return error->status;
    skip_space(&c);
    if (!check_value(&c)) return error->status;
    skip_space(&c);
    if (c.at < c.bytes && !unexpected(&c, "the end of the text")) return error->status;
    return FL_OK;
}

static const char *skip_filler(const char *p)
{
    while (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t' || *p == ',' || *p == ':') p++;
    return p;
}

static const char *skip_string(const char *p)
{
    for (p++; *p != '"'; p++) {
        if (*p == '\\') p++;
    }
    return p + 1;
}

static const char *note_places(const char *text, const char *p, cJSON *node)
{
    p = skip_filler(p);
    node->valueint = (int)(p - text);
    if (*p == '"') return skip_string(p);
    if (*p != '{' && *p != '[') {
        while (*p != '\0' && strchr(" \n\r\t,:]}", *p) == NULL) p++;
        return p;
    }
    const bool keyed = *p++ == '{';
    for (cJSON *child = node->child; child != NULL; child = child->next) {
        if (keyed) p = skip_string(skip_filler(p));
        p = note_places(text, p, child);
    }
    return skip_filler(p) + 1;
}

void fl_text_note_places(const char *text, cJSON *root)
{
    note_places(text, text, root);
}

void fl_text_note_nowhere(cJSON *root)
{
    root->valueint = -1;
    for (cJSON *child = root->child; child != NULL; child = child->next) fl_text_note_nowhere(child);
}

size_t fl_text_key_place(const char *text, size_t place)
{
    size_t i = place;
    while (i > 0 && text[i - 1] != '"') i--; /* over ':' and white space, behind the key's closing quote */
    if (i < 2) return place;
    for (i -= 2; i > 0; i--) {
        if (text[i] != '"') continue;
        size_t slashes = 0;
        while (slashes < i && text[i - 1 - slashes] == '\\') slashes++;
        if (slashes % 2 == 0) break; /* inside a text a quotation mark is always escaped */
    }
    return i;
}
