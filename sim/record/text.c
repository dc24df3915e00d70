#include "record/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fl_text_free(struct fl_text *text)
{
    free(text->bytes);
    *text = (struct fl_text){ 0 };
}

#define USUAL_LENGTH 128u /* of what one call adds; what is longer is written twice */

static bool make_room(struct fl_text *text, size_t more)
{
    if (text->full) return false;
    if (text->room - text->length > more) return true;
    size_t room = text->room > 0 ? text->room : 1024;
    while (room - text->length <= more) room *= 2;
    char *const larger = realloc(text->bytes, room);
    if (larger == NULL) {
        text->full = true;
        return false;
    }
    text->bytes = larger;
    text->room = room;
    return true;
}

void fl_text_add_bytes(struct fl_text *text, const char *bytes, size_t length)
{
    if (!make_room(text, length)) return;
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

void fl_text_add_string(struct fl_text *text, const char *string)
{
    fl_text_add_bytes(text, string, strlen(string));
}

void fl_text_add_key(struct fl_text *text, const char *key)
{
    const size_t length = strlen(key);
    if (!make_room(text, length + 3)) return;
    char *const to = text->bytes + text->length;
    to[0] = '"';
    memcpy(to + 1, key, length);
    memcpy(to + 1 + length, "\":", 3); /* and the NUL */
    text->length += length + 3;
}

void fl_text_add(struct fl_text *text, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    if (make_room(text, USUAL_LENGTH)) {
        const size_t room = text->room - text->length;
        const int length = vsnprintf(text->bytes + text->length, room, format, arguments);
        const bool fits = length >= 0 && (size_t)length < room;
        if (!fits && length >= 0 && make_room(text, (size_t)length))
            vsnprintf(text->bytes + text->length, (size_t)length + 1, format, again);
        if (length >= 0 && !text->full) text->length += (size_t)length;
        else text->bytes[text->length] = '\0';
    }
    va_end(arguments);
    va_end(again);
}

/* Bytes of the well-formed UTF-8 character at `s`, 0 when there is none. */
static size_t character_bytes(const unsigned char *s)
{
    if (s[0] < 0x80) return 1;
    const size_t n = s[0] >= 0xC2 && s[0] < 0xE0 ? 2 : s[0] >= 0xE0 && s[0] < 0xF0 ? 3 : s[0] >= 0xF0 && s[0] < 0xF5 ? 4 : 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xC0) != 0x80) return 0;
    if (n == 3 && ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F))) return 0;
    if (n == 4 && ((s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F))) return 0;
    return n;
}

/* Bytes from `s` on that stand in a JSON string as they are. */
static size_t plain_bytes(const unsigned char *s)
{
    size_t length = 0;
    while (s[length] >= 0x20 && s[length] != '"' && s[length] != '\\') {
        const size_t n = character_bytes(s + length);
        if (n == 0) break;
        length += n;
    }
    return length;
}

void fl_text_add_json(struct fl_text *text, const char *string)
{
    const unsigned char *s = (const unsigned char *)string;
    fl_text_add_bytes(text, "\"", 1);
    while (*s != '\0') {
        const size_t plain = plain_bytes(s), n = plain > 0 ? 0 : character_bytes(s);
        if (plain > 0) fl_text_add_bytes(text, (const char *)s, plain);
        else if (n == 0) fl_text_add_bytes(text, "\xEF\xBF\xBD", 3);
        else if (*s == '"' || *s == '\\') fl_text_add(text, "\\%c", *s);
        else fl_text_add(text, "\\u%04x", *s);
        s += plain > 0 ? plain : n > 0 ? n : 1;
    }
    fl_text_add_bytes(text, "\"", 1);
}

void fl_text_add_csv(struct fl_text *text, const char *string)
{
    if (strpbrk(string, ",\"\r\n") == NULL) {
        fl_text_add_bytes(text, string, strlen(string));
        return;
    }
    fl_text_add_bytes(text, "\"", 1);
    for (const char *s = string; *s != '\0'; s++) fl_text_add_bytes(text, *s == '"' ? "\"\"" : s, *s == '"' ? 2 : 1);
    fl_text_add_bytes(text, "\"", 1);
}

void fl_text_add_count(struct fl_text *text, uint64_t count)
{
    char digits[20];
    size_t at = sizeof digits;
    do digits[--at] = (char)('0' + count % 10);
    while ((count /= 10) > 0);
    fl_text_add_bytes(text, digits + at, sizeof digits - at);
}

/* Most figures are counts: the digits of a whole number, as %.10g writes it, without the detour. */
static void add_whole(struct fl_text *text, int64_t number)
{
    if (number < 0) fl_text_add_bytes(text, "-", 1);
    fl_text_add_count(text, number < 0 ? -(uint64_t)number : (uint64_t)number);
}

void fl_text_add_number(struct fl_text *text, double number)
{
    if (fabs(number) < 1e10 && number == floor(number) && !(number == 0 && signbit(number))) add_whole(text, (int64_t)number);
    else if (isfinite(number)) fl_text_add(text, "%.10g", number);
    else fl_text_add_bytes(text, "null", 4);
}
