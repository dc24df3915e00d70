/* Reads objects by their tables of keys, and keeps the faults found in order of place. */
#include "scenario/read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES ((size_t)64 << 10)

void *fl_reader_take(struct reader *r, size_t count, size_t bytes_each)
{
    const size_t bytes = (count * bytes_each + 15) / 16 * 16; /* both are bounded by the text's size */
    if (r->chunk == NULL || r->chunk->size - r->chunk->used < bytes) {
        const size_t size = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
        struct fl_chunk *const chunk = calloc(1, sizeof *chunk + size);
        if (chunk == NULL) {
            r->out_of_memory = true;
            return NULL;
        }
        chunk->size = size;
        if (r->first == NULL)
            r->first = chunk;
        else {
            chunk->next = r->first->next;
            r->first->next = chunk;
        }
        r->chunk = chunk;
    }
    void *const taken = r->chunk->bytes + r->chunk->used;
    r->chunk->used += bytes;
    return taken;
}

const char *fl_reader_text(struct reader *r, const char *text)
{
    const size_t bytes = strlen(text) + 1;
    char *const copy = fl_reader_take(r, bytes, 1);
    return copy == NULL ? "" : memcpy(copy, text, bytes);
}

/* ---- Faults ----------------------------------------------------------------------------------- */

static bool is_plain_key(const char *key)
{
    if (key[0] == '\0') return false;
    for (const char *c = key; *c != '\0'; c++) {
        const bool letter =
            (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || *c == '_' || (unsigned char)*c >= 0x80;
        if (!letter && !(c > key && *c >= '0' && *c <= '9')) return false;
    }
    return true;
}

static size_t write_path(char *to, size_t size, const struct fl_at *at)
{
    if (at == NULL) return (size_t)snprintf(to, size, "$");
    size_t used = write_path(to, size, at->up);
    if (used >= size - 1) return size - 1;
    if (at->key == NULL) {
        used += (size_t)snprintf(to + used, size - used, "[%u]", at->index);
    } else {
        char shown[64];
        fl_text_show(shown, sizeof shown, at->key);
        used += (size_t)snprintf(to + used, size - used, is_plain_key(shown) ? ".%s" : "[\"%s\"]", shown);
    }
    return used < size ? used : size - 1;
}

/* A text cut by snprintf may end inside a character. */
static void end_whole(char *text)
{
    size_t n = strlen(text);
    while (n > 0 && !fl_text_is_utf8(text, n)) text[--n] = '\0';
}

/* Room for a fault at a place, or NULL when FL_ERRORS_MAX faults stand before it. */
static struct fl_error *make_room(struct reader *r, int64_t place)
{
    uint32_t slot = r->found.count, last = r->found.count;
    if (slot == FL_ERRORS_MAX) {
        r->found.more++;
        slot = r->order[--last];
        if (place >= r->place[slot]) return NULL;
    } else {
        r->found.count++;
    }
    uint32_t i = last;
    for (; i > 0 && r->place[r->order[i - 1]] > place; i--) r->order[i] = r->order[i - 1];
    r->order[i] = slot;
    r->place[slot] = place;
    memset(&r->found.list[slot], 0, sizeof r->found.list[slot]);
    return &r->found.list[slot];
}

static void write_error(struct fl_error *error, enum fl_status status, const char *sentence, va_list values)
{
    error->status = status;
    vsnprintf(error->text, sizeof error->text, sentence, values);
    end_whole(error->text);
}

bool fl_note(struct reader *r, const cJSON *json, const struct fl_at *at, enum fl_status status, const char *sentence,
             ...)
{
    struct fl_error *const error = make_room(r, json->valueint);
    if (error == NULL) return false;
    va_list values;
    va_start(values, sentence);
    write_error(error, status, sentence, values);
    va_end(values);
    write_path(error->path, sizeof error->path, at);
    end_whole(error->path);
    return false;
}

bool fl_note_key(struct reader *r, const cJSON *json, const struct fl_at *at, enum fl_status status,
                 const char *sentence, ...)
{
    struct fl_error *const error =
        make_room(r, json->valueint < 0 ? -1 : (int64_t)fl_text_key_place(r->text, (size_t)json->valueint));
    if (error == NULL) return false;
    va_list values;
    va_start(values, sentence);
    write_error(error, status, sentence, values);
    va_end(values);
    write_path(error->path, sizeof error->path, at);
    end_whole(error->path);
    return false;
}

bool fl_note_override(struct reader *r, const char *path, enum fl_status status, const char *sentence)
{
    struct fl_error *const error = make_room(r, -1);
    if (error == NULL) return false;
    char shown[200];
    fl_text_show(shown, sizeof shown, path);
    error->status = status;
    snprintf(error->path, sizeof error->path, "$.%s", shown);
    snprintf(error->text, sizeof error->text, "%s", sentence);
    return false;
}

/* ---- Kinds ------------------------------------------------------------------------------------ */

static bool read_text(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key,
                      const char **out)
{
    const size_t most = key->most > 0 ? (size_t)key->most : 200;
    const size_t length = cJSON_IsString(json) ? strlen(json->valuestring) : 0;
    if (!cJSON_IsString(json)) return fl_note(r, json, at, FL_ETYPE, "wanted a text, got %s", fl_show(json).text);
    if (length < (size_t)key->least || length > most) {
        return fl_note(r, json, at, FL_ERANGE, "wanted a text of %u to %u bytes, got %u", (unsigned)key->least,
                       (unsigned)most, (unsigned)length);
    }
    *out = fl_reader_text(r, json->valuestring);
    return true;
}

static bool read_window(struct reader *r, const cJSON *json, const struct fl_at *at, struct fl_window *out)
{
    if (!cJSON_IsArray(json) || cJSON_GetArraySize(json) != 2) {
        return fl_note(r, json, at, FL_ETYPE, "wanted two times of day such as [\"08:00\", \"23:00\"], got %s",
                       fl_show(json).text);
    }
    struct fl_window window = { 0 };
    const struct fl_at from_at = { .up = at, .index = 0 }, to_at = { .up = at, .index = 1 };
    bool ok = fl_read_clock(r, json->child, &from_at, &window.from);
    ok &= fl_read_clock(r, json->child->next, &to_at, &window.to);
    if (ok) *out = window;
    return ok;
}

static bool read_choices(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key,
                         uint32_t *out)
{
    if (!cJSON_IsArray(json) || json->child == NULL)
        return fl_note(r, json, at, FL_ETYPE, "wanted an array of one or more texts, got %s", fl_show(json).text);
    uint32_t bits = 0, index = 0, bit = 0;
    bool ok = true;
    const cJSON *item;
    cJSON_ArrayForEach(item, json)
    {
        const struct fl_at item_at = { .up = at, .index = index++ };
        if (fl_read_choice(r, item, &item_at, key->choices, &bit))
            bits |= 1u << bit;
        else
            ok = false;
    }
    if (ok) *out = bits;
    return ok;
}

static bool read_names(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key,
                       uint64_t *out)
{
    if (!cJSON_IsArray(json) || json->child == NULL) {
        return fl_note(r, json, at, FL_ETYPE, "wanted an array of one or more names of a known %s, got %s",
                       fl_names_noun[key->names], fl_show(json).text);
    }
    uint64_t bits = 0;
    uint32_t index = 0, name = 0;
    bool ok = true;
    const cJSON *item;
    cJSON_ArrayForEach(item, json)
    {
        const struct fl_at item_at = { .up = at, .index = index++ };
        if (!fl_read_name(r, item, &item_at, key->names, &name))
            ok = false;
        else if (name < 64)
            bits |= UINT64_C(1) << name; /* more than 64 are refused where they are listed */
    }
    if (ok) *out = bits;
    return ok;
}

static bool read_numbers(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key,
                         char *out)
{
    const int size = cJSON_IsArray(json) ? cJSON_GetArraySize(json) : 0;
    if (size < 1 || size > 1000)
        return fl_note(r, json, at, FL_ETYPE, "wanted an array of 1 to 1000 numbers, got %s", fl_show(json).text);
    double *const values = fl_reader_take(r, (size_t)size, sizeof *values);
    if (values == NULL) return false;
    uint32_t index = 0;
    bool ok = true;
    const cJSON *item;
    cJSON_ArrayForEach(item, json)
    {
        const struct fl_at item_at = { .up = at, .index = index };
        ok &= fl_read_number(r, item, &item_at, key->least, key->most, &values[index++]);
    }
    *(const double **)(void *)(out + key->offset) = values;
    *(uint32_t *)(void *)(out + key->offset_count) = index;
    return ok;
}

static bool read_list(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key, char *out)
{
    if (!cJSON_IsArray(json)) return fl_note(r, json, at, FL_ETYPE, "wanted an array, got %s", fl_show(json).text);
    const int size = cJSON_GetArraySize(json);
    if (size < key->least || size > key->most) {
        return fl_note(r, json, at, FL_ERANGE, "wanted %u to %u items, got %d", (unsigned)key->least,
                       (unsigned)key->most, size);
    }
    if (size == 0) return true;
    char *const items = fl_reader_take(r, (size_t)size, key->object->size);
    if (items == NULL) return false;
    uint32_t index = 0;
    bool ok = true;
    const cJSON *item;
    cJSON_ArrayForEach(item, json)
    {
        const struct fl_at item_at = { .up = at, .index = index };
        char *const place = items + index * key->object->size;
        if (key->object->neutral != NULL) memcpy(place, key->object->neutral, key->object->size);
        ok &= fl_read_members(r, item, &item_at, key->object, place);
        index++;
    }
    *(void **)(void *)(out + key->offset) = items;
    *(uint32_t *)(void *)(out + key->offset_count) = index;
    return ok;
}

static bool read_draw(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key, char *out)
{
    static const enum fl_draw_unit units[] = { FL_DRAW_IN_SECONDS, FL_DRAW_IN_COUNTS, FL_DRAW_IN_NUMBERS };
    const bool ok = fl_read_draw(r, json, at, units[key->kind - FL_KEY_DRAW_TIME], key->least,
                                 (struct fl_distribution *)(void *)(out + key->offset));
    if (ok && key->offset_count != 0) *(bool *)(out + key->offset_count - 1) = true;
    return ok;
}

bool fl_read_key(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key, void *base)
{
    char *const out = base;
    void *const field = out + key->offset;
    double number = 0;
    uint32_t index = 0;
    uint64_t bits = 0;
    bool ok = true;
    if (cJSON_IsNull(json) && (key->flags & FL_KEY_NULL) != 0) {
        if (key->kind == FL_KEY_COUNT) *(uint32_t *)field = key->null_count;
        if (key->kind == FL_KEY_DURATION) *(fl_time *)field = FL_TIME_NEVER;
        return true; /* for the other kinds: as if absent */
    }
    switch (key->kind) {
    case FL_KEY_NUMBER: return fl_read_number(r, json, at, key->least, key->most, field);
    case FL_KEY_COUNT:
        ok = fl_read_whole(r, json, at, key->least, key->most, &number);
        if (ok) *(uint32_t *)field = (uint32_t)number;
        return ok;
    case FL_KEY_INTEGER:
        ok = fl_read_whole(r, json, at, key->least, key->most, &number);
        if (ok) *(int32_t *)field = (int32_t)number;
        return ok;
    case FL_KEY_BOOL:
        if (!cJSON_IsBool(json))
            return fl_note(r, json, at, FL_ETYPE, "wanted true or false, got %s", fl_show(json).text);
        *(bool *)field = cJSON_IsTrue(json);
        return true;
    case FL_KEY_TEXT: return read_text(r, json, at, key, field);
    case FL_KEY_DURATION: return fl_read_duration(r, json, at, key->least, key->most, field);
    case FL_KEY_INSTANT: return fl_read_instant(r, json, at, field);
    case FL_KEY_CLOCK: return fl_read_clock(r, json, at, field);
    case FL_KEY_WINDOW:
        ok = read_window(r, json, at, field);
        if (ok && key->offset_count != 0) *(bool *)(out + key->offset_count - 1) = true;
        return ok;
    case FL_KEY_DRAW_TIME:
    case FL_KEY_DRAW_COUNT:
    case FL_KEY_DRAW_NUMBER: return read_draw(r, json, at, key, out);
    case FL_KEY_CHOICE:
        ok = fl_read_choice(r, json, at, key->choices, &index);
        if (ok) *(uint32_t *)field = index; /* every enum here is as wide as an unsigned */
        return ok;
    case FL_KEY_CHOICES: return read_choices(r, json, at, key, field);
    case FL_KEY_NAME: return fl_read_name(r, json, at, key->names, field);
    case FL_KEY_NAMES: return read_names(r, json, at, key, field);
    case FL_KEY_NAMES32:
        ok = read_names(r, json, at, key, &bits);
        if (ok) *(uint32_t *)field = (uint32_t)bits;
        return ok;
    case FL_KEY_NUMBERS: return read_numbers(r, json, at, key, out);
    case FL_KEY_OBJECT: return fl_read_members(r, json, at, key->object, field);
    case FL_KEY_LIST: return read_list(r, json, at, key, out);
    case FL_KEY_CUSTOM: return key->read(r, json, at, key, field);
    case FL_KEY_IGNORED: return true;
    }
    return false;
}

static const struct fl_key *find_key(const struct fl_object *object, const char *name)
{
    for (uint32_t i = 0; i < object->keys_count; i++) {
        if (strcmp(object->keys[i].name, name) == 0) return &object->keys[i];
    }
    return NULL;
}

static bool note_unknown(struct reader *r, const cJSON *member, const struct fl_at *at, const struct fl_object *object)
{
    if (r->found.count == FL_ERRORS_MAX && member->valueint > r->place[r->order[FL_ERRORS_MAX - 1]]) {
        r->found
            .more++; /* a sentence that nobody will read is not worth its time: a file may hold a million of these */
        return false;
    }
    struct fl_nearest nearest = fl_nearest_start(r, member->string);
    char shown[40];
    fl_text_show(shown, sizeof shown, member->string);
    for (uint32_t i = 0; i < object->keys_count; i++) fl_nearest_offer(&nearest, object->keys[i].name);
    if (nearest.best != NULL) {
        return fl_note_key(r, member, at, FL_EUNKNOWN, "wanted a known key, got \"%s\"%s", shown,
                           fl_nearest_hint(&nearest).text);
    }
    char list[160] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < object->keys_count; i++) {
        const int n = snprintf(list + used, sizeof list - used, "%s%s", i == 0 ? "" : ", ", object->keys[i].name);
        if (used + (size_t)n + 6 > sizeof list) {
            snprintf(list + used, sizeof list - used, ", ...");
            break;
        }
        used += (size_t)n;
    }
    return fl_note_key(r, member, at, FL_EUNKNOWN, "wanted one of the keys %s, got \"%s\"", list, shown);
}

bool fl_refuse_unknown(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_object *object)
{
    bool ok = true;
    const cJSON *member;
    cJSON_ArrayForEach(member, json)
    {
        const struct fl_at member_at = { .up = at, .key = member->string };
        if (find_key(object, member->string) == NULL) ok = note_unknown(r, member, &member_at, object);
    }
    return ok;
}

bool fl_read_members(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_object *object,
                     void *out)
{
    if (!cJSON_IsObject(json)) return fl_note(r, json, at, FL_ETYPE, "wanted an object, got %s", fl_show(json).text);
    bool ok = true;
    uint64_t seen = 0;
    const cJSON *member;
    cJSON_ArrayForEach(member, json)
    {
        const struct fl_at member_at = { .up = at, .key = member->string };
        const struct fl_key *const key = find_key(object, member->string);
        if (key == NULL) {
            ok = note_unknown(r, member, &member_at, object); /* a typo is not a default */
            continue;
        }
        const uint64_t bit = UINT64_C(1) << (key - object->keys);
        if ((seen & bit) != 0) { /* noted as such; read into the same place it would be checked against the wrong one of the two */
            ok = false;
            continue;
        }
        seen |= bit;
        ok &= fl_read_key(r, member, &member_at, key, out);
    }
    for (uint32_t i = 0; i < object->keys_count; i++) {
        const struct fl_at missing_at = { .up = at, .key = object->keys[i].name };
        if ((object->keys[i].flags & FL_KEY_REQUIRED) != 0 && (seen >> i & 1) == 0) {
            ok = fl_note(r, json, &missing_at, FL_EMISSING, "wanted this key, got none");
        }
    }
    return ok && (object->check == NULL || object->check(r, json, at, out));
}
