/* Names that can be referred to, and the nearest name to one that nobody has. */
#include "scenario/read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EDITED_MAX 48u /* longer texts get no suggestion */

const char *const fl_names_noun[FL_NAMES_TABLES] = {
    "buyer class", "intent", "entry point", "order status", "group", "shift", "grade", "agent", "skill",
};

static const char *const name_paths[FL_NAMES_TABLES][2] = {
    { "buyers", "classes" },        { "buyers", "intents" }, { "buyers", "entry_points" },
    { "buyers", "order_statuses" }, { "desk", "groups" },    { "desk", "shifts" },
    { "desk", "grades" },           { "desk", "agents" },    { "skills", NULL },
};

static int compare_names(const void *a, const void *b)
{
    const struct fl_name *const x = a, *const y = b;
    const int order = strcmp(x->text, y->text);
    return order != 0 ? order : x->index < y->index ? -1 : 1;
}

static bool note_repeats(struct reader *r, enum fl_names_of table)
{
    const struct fl_names *const names = &r->names[table];
    bool ok = true;
    for (uint32_t i = 1; i < names->count; i++) {
        if (strcmp(names->list[i - 1].text, names->list[i].text) != 0) continue;
        const struct fl_at block = { .key = name_paths[table][0] };
        const struct fl_at list = { .up = &block, .key = name_paths[table][1] };
        const struct fl_at item = { .up = name_paths[table][1] != NULL ? &list : &block,
                                    .index = names->list[i].index };
        const struct fl_at name = { .up = &item, .key = "name" };
        const bool plain = table == FL_NAMES_SKILLS || table == FL_NAMES_ORDER_STATUSES;
        ok = fl_note(r, names->list[i].json, plain ? &item : &name, FL_EDUPLICATE,
                     "wanted a name of its own, got %s a second time", fl_show(names->list[i].json).text);
    }
    return ok;
}

static bool collect(struct reader *r, const cJSON *array, enum fl_names_of table)
{
    struct fl_names *const names = &r->names[table];
    const int size = cJSON_IsArray(array) ? cJSON_GetArraySize(array) : 0;
    if (size == 0) return true;
    names->list = calloc((size_t)size, sizeof *names->list);
    if (names->list == NULL) {
        r->out_of_memory = true;
        return false;
    }
    uint32_t index = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, array)
    {
        const cJSON *const name = cJSON_IsObject(item) ? fl_member(item, "name") : item;
        if (cJSON_IsString(name)) names->list[names->count++] = (struct fl_name){ name->valuestring, index, name };
        index++;
    }
    qsort(names->list, names->count, sizeof *names->list, compare_names);
    return note_repeats(r, table);
}

bool fl_names_collect(struct reader *r, const cJSON *root)
{
    bool ok = true;
    for (uint32_t i = 0; i < FL_NAMES_TABLES; i++) {
        const cJSON *list = fl_member(root, name_paths[i][0]);
        if (name_paths[i][1] != NULL) list = fl_member(list, name_paths[i][1]);
        ok &= collect(r, list, (enum fl_names_of)i);
    }
    return ok;
}

void fl_names_free(struct reader *r)
{
    for (uint32_t i = 0; i < FL_NAMES_TABLES; i++) free(r->names[i].list);
}

uint32_t fl_names_find(const struct fl_names *names, const char *text)
{
    uint32_t from = 0, to = names->count;
    while (from < to) {
        const uint32_t middle = from + (to - from) / 2;
        if (strcmp(names->list[middle].text, text) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from < names->count && strcmp(names->list[from].text, text) == 0 ? names->list[from].index : FL_NONE;
}

bool fl_read_name(struct reader *r, const cJSON *json, const struct fl_at *at, enum fl_names_of table, uint32_t *out)
{
    if (!cJSON_IsString(json)) {
        return fl_note(r, json, at, FL_ETYPE, "wanted the name of a known %s, got %s", fl_names_noun[table],
                       fl_show(json).text);
    }
    const struct fl_names *const names = &r->names[table];
    const uint32_t index = fl_names_find(names, json->valuestring);
    if (index != FL_NONE) {
        *out = index;
        return true;
    }
    struct fl_nearest nearest = fl_nearest_start(r, json->valuestring);
    for (uint32_t i = 0; i < names->count && i < 1000; i++) fl_nearest_offer(&nearest, names->list[i].text);
    return fl_note(r, json, at, FL_EUNKNOWN, "wanted the name of a known %s, got %s%s", fl_names_noun[table],
                   fl_show(json).text, fl_nearest_hint(&nearest).text);
}

/* Insertions, deletions, replacements and swaps of neighbours that lead from a to b (Damerau 1964, optimal
 * string alignment). Bytes, both at most EDITED_MAX. */
static uint32_t edits_between(const char *a, const char *b)
{
    const size_t n = strlen(a), m = strlen(b);
    uint32_t row[3][EDITED_MAX + 1];
    for (uint32_t j = 0; j <= m; j++) row[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        uint32_t *const now = row[i % 3];
        const uint32_t *const last = row[(i + 2) % 3], *const before = row[(i + 1) % 3];
        now[0] = (uint32_t)i;
        for (size_t j = 1; j <= m; j++) {
            uint32_t best = last[j - 1] + (a[i - 1] != b[j - 1]);
            if (last[j] + 1 < best) best = last[j] + 1;
            if (now[j - 1] + 1 < best) best = now[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            now[j] = best;
        }
    }
    return row[n % 3][m];
}

struct fl_nearest fl_nearest_start(const struct reader *r, const char *wanted)
{
    const size_t length = strlen(wanted);
    struct fl_nearest nearest = { .wanted = wanted };
    /* Beyond the room for faults nobody reads the hint, and a large file may hold very many. */
    if (length <= EDITED_MAX && r->found.count < FL_ERRORS_MAX)
        nearest.edits = (uint32_t)(length < 3 ? 1 : length / 3) + 1;
    return nearest;
}

void fl_nearest_offer(struct fl_nearest *nearest, const char *candidate)
{
    if (nearest->edits == 0 || strlen(candidate) > EDITED_MAX) return;
    const uint32_t edits = edits_between(nearest->wanted, candidate);
    if (edits >= nearest->edits) return; /* of equally near ones the first */
    nearest->edits = edits;
    nearest->best = candidate;
}

struct fl_shown fl_nearest_hint(const struct fl_nearest *nearest)
{
    struct fl_shown shown = { .text = "" };
    if (nearest->best == NULL) return shown;
    char name[40];
    fl_text_show(name, sizeof name, nearest->best);
    snprintf(shown.text, sizeof shown.text, " (did you mean \"%s\"?)", name);
    return shown;
}
