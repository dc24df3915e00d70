/* Overrides: "desk.agents[temp].count=8" changes the tree before it is read. */
#include "scenario/read.h"

#include <stdlib.h>
#include <string.h>

struct step {
    char name[256];
    bool bracket;
};

/* The value: JSON where it is JSON, else a text. NULL when out of memory. */
static cJSON *make_value(const char *text)
{
    struct fl_error unused;
    const size_t bytes = strlen(text);
    cJSON *value =
        fl_text_check(text, bytes, &unused) == FL_OK ? cJSON_ParseWithLength(text, bytes) : cJSON_CreateString(text);
    if (value != NULL) fl_text_note_nowhere(value);
    return value;
}

/* The next step of *path: "[x]", or a member up to '.' or '['. Below "objectives" a name may hold dots. */
static bool next_step(const char **path, bool dotted, struct step *step)
{
    const char *p = *path, *end;
    step->bracket = *p == '[';
    if (step->bracket) {
        end = strchr(++p, ']');
        if (end == NULL) return false;
        *path = end + 1;
        if (**path == '.')
            (*path)++;
        else if (**path != '\0' && **path != '[')
            return false;
    } else {
        end = p + (dotted ? strlen(p) : strcspn(p, ".["));
        if (dotted && end - p > 5 && strcmp(end - 5, ".want") == 0)
            end -= 5;
        else if (dotted && end - p > 4 && strcmp(end - 4, ".per") == 0)
            end -= 4;
        *path = end + (*end == '.');
        if (*end == '.' && **path == '\0') return false;
    }
    const size_t length = (size_t)(end - p);
    if (length == 0 || length >= sizeof step->name) return false;
    memcpy(step->name, p, length);
    step->name[length] = '\0';
    return true;
}

static cJSON *find_item(cJSON *array, const char *name)
{
    if (name[strspn(name, "0123456789")] == '\0' && strlen(name) < 9) return cJSON_GetArrayItem(array, atoi(name));
    cJSON *item;
    cJSON_ArrayForEach(item, array)
    {
        const cJSON *const own = cJSON_GetObjectItemCaseSensitive(item, "name");
        if (cJSON_IsString(own) && strcmp(own->valuestring, name) == 0) return item;
    }
    return NULL;
}

/* Puts `value` in the place of `item`, or adds it as a member; takes it over, also when memory runs out. */
static bool put(cJSON *parent, cJSON *item, const char *name, cJSON *value)
{
    bool ok = true;
    if (item != NULL && item->string != NULL) {
        /* A replaced member keeps its place among the others, and cJSON leaves its key to us. */
        const size_t bytes = strlen(item->string) + 1;
        value->string = cJSON_malloc(bytes);
        ok = value->string != NULL;
        if (ok) memcpy(value->string, item->string, bytes);
    }
    ok = ok &&
         (item != NULL ? cJSON_ReplaceItemViaPointer(parent, item, value) : cJSON_AddItemToObject(parent, name, value));
    if (!ok) cJSON_Delete(value);
    return ok;
}

bool fl_override_apply(struct reader *r, cJSON *root, const struct fl_override *override)
{
    const char *path = override->path;
    struct step step;
    cJSON *node = root;
    if (!fl_text_is_utf8(path, strlen(path)) || !fl_text_is_utf8(override->value, strlen(override->value)))
        return fl_note_override(r, override->path, FL_ESYNTAX, "wanted a path and a value in UTF-8");
    for (bool dotted = false;;) {
        if (!next_step(&path, dotted, &step))
            return fl_note_override(r, override->path, FL_ESYNTAX,
                                    "wanted a path such as traffic.chats_per_day or desk.agents[temp].count");
        if (!cJSON_IsArray(node) && !cJSON_IsObject(node))
            return fl_note_override(r, override->path, FL_ETYPE,
                                    "wanted a path through objects and arrays, got a value on the way");
        cJSON *const child =
            cJSON_IsArray(node) ? find_item(node, step.name) : cJSON_GetObjectItemCaseSensitive(node, step.name);
        if (child == NULL && cJSON_IsArray(node))
            return fl_note_override(r, override->path, FL_EUNKNOWN,
                                    "wanted the number or name of an item that is there");
        if (*path == '\0') {
            cJSON *const value = make_value(override->value);
            if (value != NULL && put(node, child, step.name, value)) return true;
            r->out_of_memory = true;
            return false;
        }
        dotted = node == root && strcmp(step.name, "objectives") == 0;
        if (child == NULL) {
            cJSON *const made = cJSON_AddObjectToObject(node, step.name);
            if (made == NULL) {
                r->out_of_memory = true;
                return false;
            }
            fl_text_note_nowhere(made);
            node = made;
        } else {
            node = child;
        }
    }
}
