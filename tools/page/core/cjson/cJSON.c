#include "cjson/cJSON.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *cJSON_malloc(size_t bytes)
{
    return malloc(bytes);
}

void cJSON_free(void *memory)
{
    free(memory);
}

void cJSON_Delete(cJSON *item)
{
    while (item != NULL) {
        cJSON *const next = item->next;
        cJSON_Delete(item->child);
        free(item->valuestring);
        free(item->string);
        free(item);
        item = next;
    }
}

/* ---- What an item is --------------------------------------------------------------------------- */

static bool is(const cJSON *item, int type)
{
    return item != NULL && item->type == type;
}

bool cJSON_IsFalse(const cJSON *item)
{
    return is(item, cJSON_False);
}

bool cJSON_IsTrue(const cJSON *item)
{
    return is(item, cJSON_True);
}

bool cJSON_IsBool(const cJSON *item)
{
    return is(item, cJSON_False) || is(item, cJSON_True);
}

bool cJSON_IsNull(const cJSON *item)
{
    return is(item, cJSON_NULL);
}

bool cJSON_IsNumber(const cJSON *item)
{
    return is(item, cJSON_Number);
}

bool cJSON_IsString(const cJSON *item)
{
    return is(item, cJSON_String);
}

bool cJSON_IsArray(const cJSON *item)
{
    return is(item, cJSON_Array);
}

bool cJSON_IsObject(const cJSON *item)
{
    return is(item, cJSON_Object);
}

int cJSON_GetArraySize(const cJSON *array)
{
    int size = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, array) size++;
    return size;
}

cJSON *cJSON_GetArrayItem(const cJSON *array, int index)
{
    cJSON *item;
    cJSON_ArrayForEach(item, array)
    {
        if (index-- == 0) return item;
    }
    return NULL;
}

cJSON *cJSON_GetObjectItemCaseSensitive(const cJSON *object, const char *name)
{
    cJSON *item;
    cJSON_ArrayForEach(item, object)
    {
        if (item->string != NULL && strcmp(item->string, name) == 0) return item;
    }
    return NULL;
}

/* ---- Building ---------------------------------------------------------------------------------- */

static cJSON *create(int type)
{
    cJSON *const item = calloc(1, sizeof *item);
    if (item != NULL) item->type = type;
    return item;
}

static char *copy(const char *text)
{
    const size_t bytes = strlen(text) + 1;
    char *const own = malloc(bytes);
    return own == NULL ? NULL : memcpy(own, text, bytes);
}

cJSON *cJSON_CreateObject(void)
{
    return create(cJSON_Object);
}

cJSON *cJSON_CreateArray(void)
{
    return create(cJSON_Array);
}

cJSON *cJSON_CreateString(const char *text)
{
    cJSON *const item = create(cJSON_String);
    if (item == NULL || (item->valuestring = copy(text)) != NULL) return item;
    free(item);
    return NULL;
}

bool cJSON_AddItemToArray(cJSON *array, cJSON *item)
{
    if (array == NULL || item == NULL) return false;
    item->next = NULL;
    if (array->child == NULL) {
        array->child = item->prev = item;
    } else {
        cJSON *const last = array->child->prev;
        last->next = item;
        item->prev = last;
        array->child->prev = item;
    }
    return true;
}

bool cJSON_AddItemToObject(cJSON *object, const char *name, cJSON *item)
{
    char *const key = object == NULL || item == NULL ? NULL : copy(name);
    if (key == NULL) return false;
    free(item->string);
    item->string = key;
    return cJSON_AddItemToArray(object, item);
}

bool cJSON_ReplaceItemViaPointer(cJSON *parent, cJSON *item, cJSON *replacement)
{
    if (parent == NULL || item == NULL || replacement == NULL) return false;
    const bool is_first = parent->child == item, is_last = item->next == NULL;
    replacement->next = item->next;
    replacement->prev = is_first && is_last ? replacement : item->prev;
    if (is_first) parent->child = replacement;
    else item->prev->next = replacement;
    if (is_last) parent->child->prev = replacement;
    else item->next->prev = replacement;
    item->next = NULL;
    cJSON_Delete(item);
    return true;
}

static cJSON *add(cJSON *object, const char *name, cJSON *item)
{
    if (cJSON_AddItemToObject(object, name, item)) return item;
    cJSON_Delete(item);
    return NULL;
}

cJSON *cJSON_AddBoolToObject(cJSON *object, const char *name, bool value)
{
    return add(object, name, create(value ? cJSON_True : cJSON_False));
}

cJSON *cJSON_AddNumberToObject(cJSON *object, const char *name, double value)
{
    cJSON *const item = create(cJSON_Number);
    if (item != NULL) item->valuedouble = value;
    return add(object, name, item);
}

cJSON *cJSON_AddStringToObject(cJSON *object, const char *name, const char *value)
{
    return add(object, name, cJSON_CreateString(value));
}

cJSON *cJSON_AddObjectToObject(cJSON *object, const char *name)
{
    return add(object, name, cJSON_CreateObject());
}

cJSON *cJSON_AddArrayToObject(cJSON *object, const char *name)
{
    return add(object, name, cJSON_CreateArray());
}

/* ---- Reading ----------------------------------------------------------------------------------- */

#define NUMBER_MAX 63u /* characters; scenario/text.h lets no longer ones pass */

struct text {
    const char *at, *end;
};

static char peek(const struct text *text)
{
    return text->at < text->end ? *text->at : '\0';
}

static void skip_space(struct text *text)
{
    while (text->at < text->end && (unsigned char)*text->at <= ' ') text->at++;
}

static bool take(struct text *text, const char *word)
{
    const size_t length = strlen(word);
    if ((size_t)(text->end - text->at) < length || memcmp(text->at, word, length) != 0) return false;
    text->at += length;
    return true;
}

/* Four hexadecimal digits; 0, which no text may hold, when they are not. */
static uint32_t take_unit(struct text *text)
{
    char digits[5] = { 0 }, *end;
    if (text->end - text->at < 4) return 0;
    memcpy(digits, text->at, 4);
    text->at += 4;
    const unsigned long unit = strtoul(digits, &end, 16);
    return end == digits + 4 ? (uint32_t)unit : 0;
}

/* Of an escape whose backslash has been taken, the bytes it stands for; NULL when it is none. */
static char *take_escape(struct text *text, char *to)
{
    static const char kinds[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    const char kind = peek(text), *const found = kind == '\0' ? NULL : strchr(kinds, kind);
    text->at++;
    if (found != NULL) {
        *to = meant[found - kinds];
        return to + 1;
    }
    if (kind != 'u') return NULL;
    uint32_t point = take_unit(text);
    if (point >= 0xD800 && point <= 0xDBFF && take(text, "\\u")) point = 0x10000 + ((point - 0xD800) << 10) + (take_unit(text) - 0xDC00);
    if (point == 0 || point > 0x10FFFF) return NULL;
    const int further = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = { 0x00, 0xC0, 0xE0, 0xF0 };
    *to++ = (char)(lead[further] | point >> (6 * further));
    for (int i = further - 1; i >= 0; i--) *to++ = (char)(0x80 | (point >> (6 * i) & 0x3F));
    return to;
}

/* A string from its opening quote on, as an owned text; NULL: no memory, or no string. */
static char *take_string(struct text *text)
{
    const char *end = ++text->at;
    while (end < text->end && *end != '"') end += *end == '\\' ? 2 : 1;
    char *const own = end < text->end ? malloc((size_t)(end - text->at) + 1) : NULL; /* escapes only shrink */
    char *to = own;
    while (to != NULL && text->at < end) {
        const char byte = *text->at++;
        if (byte == '\\') to = take_escape(text, to);
        else *to++ = byte;
    }
    if (to == NULL) {
        free(own);
        return NULL;
    }
    *to = '\0';
    text->at++;
    return own;
}

static bool take_number(struct text *text, double *out)
{
    char number[NUMBER_MAX + 1], *end;
    size_t length = 0;
    while (length < NUMBER_MAX && text->at + length < text->end && text->at[length] != '\0' && strchr("+-.0123456789eE", text->at[length]) != NULL)
        length++;
    memcpy(number, text->at, length);
    number[length] = '\0';
    *out = strtod(number, &end);
    text->at += end - number;
    return end != number;
}

static bool take_value(struct text *text, cJSON *item);

/* The members of an array or object, from its bracket on. */
static bool take_members(struct text *text, cJSON *parent, char close)
{
    text->at++;
    skip_space(text);
    while (peek(text) != close) {
        if (parent->child != NULL && !take(text, ",")) return false;
        cJSON *const item = create(cJSON_NULL);
        if (!cJSON_AddItemToArray(parent, item)) return false;
        skip_space(text);
        if (parent->type == cJSON_Object) {
            if (peek(text) != '"' || (item->string = take_string(text)) == NULL) return false;
            skip_space(text);
            if (!take(text, ":")) return false;
            skip_space(text);
        }
        if (!take_value(text, item)) return false;
        skip_space(text);
    }
    text->at++;
    return true;
}

static bool take_value(struct text *text, cJSON *item)
{
    switch (peek(text)) {
    case '{': item->type = cJSON_Object; return take_members(text, item, '}');
    case '[': item->type = cJSON_Array; return take_members(text, item, ']');
    case '"': item->type = cJSON_String; return (item->valuestring = take_string(text)) != NULL;
    case 't': item->type = cJSON_True; return take(text, "true");
    case 'f': item->type = cJSON_False; return take(text, "false");
    case 'n': item->type = cJSON_NULL; return take(text, "null");
    default: item->type = cJSON_Number; return take_number(text, &item->valuedouble);
    }
}

cJSON *cJSON_ParseWithLengthOpts(const char *text, size_t bytes, const char **end, int to_the_end)
{
    struct text rest = { text, text + bytes };
    cJSON *const item = create(cJSON_NULL);
    skip_space(&rest);
    bool ok = item != NULL && take_value(&rest, item);
    if (ok && to_the_end) {
        skip_space(&rest);
        ok = rest.at == rest.end;
    }
    if (end != NULL) *end = rest.at;
    if (ok) return item;
    cJSON_Delete(item);
    return NULL;
}

cJSON *cJSON_ParseWithLength(const char *text, size_t bytes)
{
    return cJSON_ParseWithLengthOpts(text, bytes, NULL, 0);
}

/* ---- Printing ---------------------------------------------------------------------------------- */

struct printed {
    char *bytes;
    size_t length, room;
    bool formatted, full; /* full: memory ran out, nothing is added any more */
};

static void put(struct printed *out, const char *bytes, size_t length)
{
    if (out->full) return;
    if (out->length + length + 1 > out->room) {
        size_t room = out->room > 0 ? out->room * 2 : 256;
        while (room < out->length + length + 1) room *= 2;
        char *const larger = realloc(out->bytes, room);
        out->full = larger == NULL;
        if (out->full) return;
        out->bytes = larger;
        out->room = room;
    }
    memcpy(out->bytes + out->length, bytes, length);
    out->length += length;
    out->bytes[out->length] = '\0';
}

static void put_text(struct printed *out, const char *text)
{
    put(out, text, strlen(text));
}

static void put_string(struct printed *out, const char *text)
{
    static const char meant[] = "\"\\\b\f\n\r\t", kinds[] = "\"\\bfnrt";
    put(out, "\"", 1);
    for (; *text != '\0'; text++) {
        char escape[8];
        const char *const found = strchr(meant, *text);
        if (found != NULL) snprintf(escape, sizeof escape, "\\%c", kinds[found - meant]);
        else if ((unsigned char)*text < 0x20) snprintf(escape, sizeof escape, "\\u%04x", (unsigned)(unsigned char)*text);
        else snprintf(escape, sizeof escape, "%c", *text);
        put_text(out, escape);
    }
    put(out, "\"", 1);
}

static bool is_near(double a, double b)
{
    const double larger = fabs(a) > fabs(b) ? fabs(a) : fabs(b);
    return fabs(a - b) <= larger * DBL_EPSILON;
}

static void put_number(struct printed *out, double number)
{
    char digits[32] = "null";
    if (isfinite(number)) {
        snprintf(digits, sizeof digits, "%1.15g", number);
        if (!is_near(strtod(digits, NULL), number)) snprintf(digits, sizeof digits, "%1.17g", number);
    }
    put_text(out, digits);
}

static void put_value(struct printed *out, const cJSON *item, int depth);

static void put_tabs(struct printed *out, int count)
{
    for (int i = 0; i < count; i++) put(out, "\t", 1);
}

static void put_object(struct printed *out, const cJSON *object, int depth)
{
    put_text(out, out->formatted ? "{\n" : "{");
    const cJSON *item;
    cJSON_ArrayForEach(item, object)
    {
        if (out->formatted) put_tabs(out, depth + 1);
        put_string(out, item->string);
        put_text(out, out->formatted ? ":\t" : ":");
        put_value(out, item, depth + 1);
        if (item->next != NULL) put(out, ",", 1);
        if (out->formatted) put(out, "\n", 1);
    }
    if (out->formatted) put_tabs(out, depth);
    put(out, "}", 1);
}

static void put_array(struct printed *out, const cJSON *array, int depth)
{
    put(out, "[", 1);
    const cJSON *item;
    cJSON_ArrayForEach(item, array)
    {
        put_value(out, item, depth + 1);
        if (item->next != NULL) put_text(out, out->formatted ? ", " : ",");
    }
    put(out, "]", 1);
}

static void put_value(struct printed *out, const cJSON *item, int depth)
{
    switch (item->type) {
    case cJSON_Object: put_object(out, item, depth); break;
    case cJSON_Array: put_array(out, item, depth); break;
    case cJSON_String: put_string(out, item->valuestring); break;
    case cJSON_Number: put_number(out, item->valuedouble); break;
    default: put_text(out, item->type == cJSON_True ? "true" : item->type == cJSON_False ? "false" : "null"); break;
    }
}

static char *print(const cJSON *item, bool formatted)
{
    struct printed out = { .formatted = formatted };
    if (item != NULL) put_value(&out, item, 0);
    if (!out.full) return out.bytes;
    free(out.bytes);
    return NULL;
}

char *cJSON_Print(const cJSON *item)
{
    return print(item, true);
}

char *cJSON_PrintUnformatted(const cJSON *item)
{
    return print(item, false);
}
