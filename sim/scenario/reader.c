/* From text to scenario: check the text, parse it, note where everything stands, apply overrides, collect
 * names, read by tables, check the whole. */
#include "scenario/reader.h"

#include "core/draw.h"
#include "scenario/read.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEED_MAX_PLAIN 9007199254740992.0 /* 2^53: larger numbers are not exact in JSON */

static const char *const end_names[] = { "stop", "drain", NULL };

/* ---- The root ---------------------------------------------------------------------------------- */

bool fl_read_version(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key, void *field)
{
    (void)key;
    (void)field;
    if (cJSON_IsNumber(json) && json->valuedouble == 1) return true;
    return fl_note(r, json, at, FL_ERANGE, "wanted 1, the version of this format, got %s", fl_show(json).text);
}

static bool parse_seed(const char *text, uint64_t *out)
{
    uint64_t seed = 0;
    const size_t length = strlen(text);
    if (length == 0 || length > 20 || text[strspn(text, "0123456789")] != '\0') return false;
    for (const char *p = text; *p != '\0'; p++) {
        const uint64_t digit = (uint64_t)(*p - '0');
        if (seed > (UINT64_MAX - digit) / 10) return false;
        seed = seed * 10 + digit;
    }
    *out = seed;
    return true;
}

static bool read_seed(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key,
                      void *field)
{
    (void)key;
    if (cJSON_IsString(json) && parse_seed(json->valuestring, field)) return true;
    if (cJSON_IsNumber(json) && json->valuedouble >= 0 && json->valuedouble <= SEED_MAX_PLAIN &&
        floor(json->valuedouble) == json->valuedouble) {
        *(uint64_t *)field = (uint64_t)json->valuedouble;
        return true;
    }
    return fl_note(r, json, at, FL_ETYPE,
                   "wanted a whole number up to 2^53, or up to 2^64 - 1 as a text of digits, got %s",
                   fl_show(json).text);
}

static bool read_start(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key,
                       void *field)
{
    (void)key;
    if (cJSON_IsString(json) && fl_parse_date(json->valuestring, field)) return true;
    return fl_note(r, json, at, FL_ETYPE, "wanted a local date and time such as \"2026-06-17T18:00\", got %s",
                   fl_show(json).text);
}

bool fl_read_texts(struct reader *r, const cJSON *json, const struct fl_at *at, uint32_t most, const char *const **out,
                   uint32_t *count)
{
    const int size = cJSON_IsArray(json) ? cJSON_GetArraySize(json) : -1;
    if (size < 0) return fl_note(r, json, at, FL_ETYPE, "wanted an array of texts, got %s", fl_show(json).text);
    if (size > (int)most) return fl_note(r, json, at, FL_ERANGE, "wanted 0 to %u items, got %d", most, size);
    const char **const texts = fl_reader_take(r, (size_t)size, sizeof *texts);
    if (texts == NULL) return false;
    uint32_t index = 0;
    bool ok = true;
    const cJSON *item;
    cJSON_ArrayForEach(item, json)
    {
        const struct fl_at item_at = { .up = at, .index = index };
        const size_t length = cJSON_IsString(item) ? strlen(item->valuestring) : 0;
        if (length < 1 || length > 200)
            ok = fl_note(r, item, &item_at, FL_ETYPE, "wanted a text of 1 to 200 bytes, got %s", fl_show(item).text);
        else
            texts[index] = fl_reader_text(r, item->valuestring);
        index++;
    }
    *out = texts;
    *count = index;
    return ok;
}

static bool read_skills(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key,
                        void *field)
{
    (void)key;
    struct fl_scenario *const scenario = field;
    return fl_read_texts(r, json, at, FL_SKILLS_MAX, &scenario->skills, &scenario->skills_count);
}

static bool check_period(struct reader *r, const cJSON *json, const struct fl_at *at, void *out)
{
    struct fl_scenario *const s = out;
    const struct fl_at warmup_at = { .up = at, .key = "warmup" }, interval_at = { .up = at, .key = "interval" };
    const cJSON *const warmup = fl_member(json, "warmup");
    const cJSON *const interval = fl_member(json, "interval");
    const fl_time intervals = (s->duration + s->interval - 1) / s->interval;
    bool ok = true;
    if (s->warmup >= s->duration)
        ok =
            fl_note(r, warmup, &warmup_at, FL_ECONFLICT, "wanted less than the duration, got %s", fl_show(warmup).text);
    if (intervals > FL_INTERVALS_MAX) {
        ok = fl_note(r, interval != NULL ? interval : json, &interval_at, FL_EFULL,
                     "wanted an interval that cuts the duration into at most 2000, got %lld of them",
                     (long long)intervals);
    }
    s->intervals_count = (uint32_t)intervals;
    return ok;
}

static const struct fl_scenario scenario_neutral = {
    .name = "",
    .about = "",
    .start_s = INT64_C(1767225600) /* 2026-01-01T00:00 */,
    .duration = FL_DAY,
    .interval = 15 * FL_MINUTE,
    .seed = 1,
    .replications = 20,
};

#define FL_HERE struct fl_scenario
static const struct fl_key root_keys[] = {
    { .name = "$schema",
      .kind = FL_KEY_TEXT,
      .offset = FL_OFFSET(FL_HERE, file),
      .most = 1000 }, /* for editors; `file` is set after reading */
    { .name = "fenliu", .kind = FL_KEY_CUSTOM, .flags = FL_KEY_REQUIRED, .read = fl_read_version },
    TEXT("name", name),
    { .name = "about", .kind = FL_KEY_TEXT, .offset = FL_OFFSET(FL_HERE, about), .most = 10000 },
    CUSTOM("start", start_s, read_start),
    DURATION("duration", duration, 1, 366 * 86400.0),
    DURATION("interval", interval, 1, 366 * 86400.0),
    DURATION("warmup", warmup, 0, 366 * 86400.0),
    CUSTOM("seed", seed, read_seed),
    COUNT("replications", replications, 1, 1000000),
    { .name = "platform",
      .kind = FL_KEY_CUSTOM,
      .offset = FL_OFFSET(FL_HERE, platform),
      .choices = fl_platform_names,
      .object = &fl_platform_object,
      .read = fl_read_platform },
    { .name = "skills", .kind = FL_KEY_CUSTOM, .read = read_skills },
    { .name = "traffic",
      .kind = FL_KEY_OBJECT,
      .flags = FL_KEY_REQUIRED,
      .offset = FL_OFFSET(FL_HERE, traffic),
      .object = &fl_traffic_object },
    { .name = "buyers",
      .kind = FL_KEY_OBJECT,
      .flags = FL_KEY_REQUIRED,
      .offset = FL_OFFSET(FL_HERE, buyers),
      .object = &fl_buyers_object },
    { .name = "desk",
      .kind = FL_KEY_OBJECT,
      .flags = FL_KEY_REQUIRED,
      .offset = FL_OFFSET(FL_HERE, desk),
      .object = &fl_desk_object },
    OBJECT_AT("routing", routing, fl_routing_object),
    LIST("events", events, 0, 10000, fl_event_object),
    LIST("faults", faults, 0, 10000, fl_fault_object),
    OBJECT_AT("engine", engine, fl_engine_object),
    { .name = "objectives", .kind = FL_KEY_CUSTOM, .read = fl_read_objectives },
    LIST("thresholds", thresholds, 0, 100, fl_threshold_object),
    OBJECT_AT("ordinary_day", ordinary_day, fl_ordinary_day_object),
    CHOICE("end", end, end_names),
    OBJECT_AT("money", money, fl_money_object),
    OBJECT_AT("staffing", staffing, fl_staffing_object),
};
#undef FL_HERE
static const struct fl_object root_object = { root_keys, FL_COUNTOF(root_keys), sizeof(struct fl_scenario),
                                              &scenario_neutral, check_period };

/* ---- What blocks say about each other ------------------------------------------------------------ */

static bool is_given(const cJSON *json)
{
    return json != NULL && !cJSON_IsNull(json);
}

static bool has_patience(const cJSON *buyers)
{
    const cJSON *const patience = fl_member(buyers, "patience");
    if (is_given(fl_member(patience, "first")) || is_given(fl_member(patience, "later"))) return true;
    const cJSON *intent;
    cJSON_ArrayForEach(intent, fl_member(buyers, "intents"))
    {
        if (is_given(fl_member(intent, "patience"))) return true;
    }
    return false;
}

/* Silent leavers need something that ends their chats. Asks the tree, not the structs, so that it is told even
 * when other things are wrong. */
static bool check_silence(struct reader *r, const cJSON *root, const struct fl_at *at)
{
    const struct fl_at buyers_at = { .up = at, .key = "buyers" }, patience_at = { .up = &buyers_at, .key = "patience" },
                       share_at = { .up = &patience_at, .key = "silent_share" };
    const cJSON *const patience = fl_member(fl_member(root, "buyers"), "patience");
    const cJSON *const share = fl_member(patience, "silent_share");
    const cJSON *const close = fl_member(fl_member(root, "desk"), "close");
    const cJSON *const silence = fl_member(close, "silence");
    const cJSON *const finds_out = fl_member(patience, "finds_out");
    if (!cJSON_IsNumber(share) || share->valuedouble <= 0 || share->valuedouble > 1 ||
        !has_patience(fl_member(root, "buyers")))
        return true;
    if (is_given(silence) || is_given(finds_out)) return true;
    return fl_note(r, share, &share_at, FL_ECONFLICT,
                   "wanted desk.close.silence or finds_out beside it (silent leavers would hold their slots for ever), "
                   "got neither");
}

/* More seats than how many? Asks the tree, as check_silence() does. */
static bool check_more_seats(struct reader *r, const cJSON *root, const struct fl_at *at)
{
    const struct fl_at staffing_at = { .up = at, .key = "staffing" }, more_at = { .up = &staffing_at, .key = "more_seats" };
    const cJSON *const more = fl_member(fl_member(root, "staffing"), "more_seats");
    if (!cJSON_IsNumber(more) || is_given(fl_member(fl_member(root, "desk"), "seats"))) return true;
    return fl_note_key(r, more, &more_at, FL_ECONFLICT, "wanted desk.seats beside it, got none");
}

/* "dedicated_to" names a definition; what belongs together is an agent, the first of that definition. */
static bool resolve_dedicated(struct reader *r, const cJSON *root)
{
    struct fl_buyer_class *const classes =
        (struct fl_buyer_class *)(uintptr_t)r->scenario->buyers.classes; /* the reader's own memory */
    const struct fl_desk_def *const desk = &r->scenario->desk;
    const cJSON *const list = fl_member(fl_member(root, "buyers"), "classes");
    bool ok = true;
    for (uint32_t i = 0; i < r->scenario->buyers.classes_count; i++) {
        const uint32_t definition = classes[i].dedicated_to;
        if (definition == FL_NONE) continue;
        uint32_t agent = 0;
        for (uint32_t d = 0; d < definition; d++) agent += desk->agents[d].count;
        classes[i].dedicated_to = agent;
        if (desk->agents[definition].count > 0) continue;
        const struct fl_at buyers_at = { .key = "buyers" }, list_at = { .up = &buyers_at, .key = "classes" };
        const struct fl_at item_at = { .up = &list_at, .index = i }, to_at = { .up = &item_at, .key = "dedicated_to" };
        const cJSON *const to = fl_member(cJSON_GetArrayItem(list, (int)i), "dedicated_to");
        ok = fl_note(r, to, &to_at, FL_ECONFLICT, "wanted an agent who is there, got %s with a count of 0",
                     fl_show(to).text);
    }
    return ok;
}

/* A key that stands twice in one object; in large objects by sorting. */
static int compare_members(const void *a, const void *b)
{
    const cJSON *const x = *(const cJSON *const *)a, *const y = *(const cJSON *const *)b;
    const int order = strcmp(x->string, y->string);
    return order != 0 ? order : x->valueint < y->valueint ? -1 : x->valueint > y->valueint;
}

static bool refuse_repeats_here(struct reader *r, const cJSON *object, const struct fl_at *at)
{
    const size_t count = (size_t)cJSON_GetArraySize(object);
    const cJSON *few[32], **members = count <= FL_COUNTOF(few) ? few : malloc(count * sizeof *members);
    if (members == NULL) {
        r->out_of_memory = true;
        return false;
    }
    size_t n = 0;
    bool ok = true;
    const cJSON *member;
    cJSON_ArrayForEach(member, object) members[n++] = member;
    qsort(members, n, sizeof *members, compare_members);
    for (size_t i = 1; i < n; i++) {
        if (strcmp(members[i - 1]->string, members[i]->string) != 0) continue;
        const struct fl_at member_at = { .up = at, .key = members[i]->string };
        ok = fl_note_key(r, members[i], &member_at, FL_EDUPLICATE, "wanted this key once, got it a second time");
    }
    if (members != few) free(members);
    return ok;
}

bool fl_refuse_repeats(struct reader *r, const cJSON *json, const struct fl_at *at)
{
    bool ok = !cJSON_IsObject(json) || refuse_repeats_here(r, json, at);
    uint32_t index = 0;
    const cJSON *child;
    cJSON_ArrayForEach(child, json)
    {
        const struct fl_at child_at = { .up = at,
                                        .key = cJSON_IsObject(json) ? child->string : NULL,
                                        .index = index++ };
        if (child->child != NULL) ok &= fl_refuse_repeats(r, child, &child_at);
    }
    return ok;
}

/* ---- From text to tree --------------------------------------------------------------------------- */

static void note_text_fault(struct reader *r, const struct fl_error *error)
{
    r->found.list[0] = *error;
    r->found.count = 1;
    r->order[0] = 0;
    r->place[0] = -1; /* it has its line and column already */
}

cJSON *fl_reader_parse(struct reader *r, const char *text, size_t bytes)
{
    struct fl_error error;
    if (fl_text_check(text, bytes, &error) != FL_OK) {
        note_text_fault(r, &error);
        return NULL;
    }
    const char *end;
    cJSON *const root = cJSON_ParseWithLengthOpts(text, bytes, &end, 0);
    if (root == NULL)
        r->out_of_memory = true; /* the text is good, so nothing else can be wrong */
    else
        fl_text_note_places(text, root);
    return root;
}

static bool apply_overrides(struct reader *r, cJSON *root, const struct fl_override overrides[], uint32_t count)
{
    bool ok = true;
    for (uint32_t i = 0; i < count; i++) ok &= fl_override_apply(r, root, &overrides[i]);
    return ok;
}

void fl_reader_faults(struct reader *r, struct fl_errors *errors)
{
    errors->count = r->found.count;
    errors->more = r->found.more;
    struct fl_text_cursor cursor = { 0, 1, 1 }; /* faults are in order of place, so the text is walked once */
    for (uint32_t i = 0; i < r->found.count; i++) {
        errors->list[i] = r->found.list[r->order[i]];
        const int64_t place = r->place[r->order[i]];
        if (place < 0) continue;
        fl_text_advance(r->text, &cursor, (size_t)place);
        errors->list[i].line = cursor.line;
        errors->list[i].column = cursor.column;
    }
}

/* ---- Reading -------------------------------------------------------------------------------------- */

static void start_scenario(struct reader *r)
{
    struct fl_scenario *const s = fl_reader_take(r, 1, sizeof *s);
    r->scenario = s;
    if (s == NULL) return;
    *s = scenario_neutral;
    s->traffic = fl_traffic_neutral;
    s->buyers = fl_buyers_neutral;
    s->desk = fl_desk_neutral;
    s->routing = fl_routing_neutral;
    s->money = fl_money_neutral;
    s->staffing = fl_staffing_neutral;
    s->engine = fl_engine_neutral;
    s->platform = *fl_platform_preset("none");
}

static uint64_t hash_tree(struct reader *r, const cJSON *root)
{
    char *const text = cJSON_PrintUnformatted(root);
    if (text == NULL) {
        r->out_of_memory = true;
        return 0;
    }
    const uint64_t hash = fl_hash_text(text);
    cJSON_free(text);
    return hash;
}

static bool read_tree(struct reader *r, const cJSON *root, const char *file)
{
    const cJSON *const start = fl_member(root, "start");
    struct fl_scenario *const s = r->scenario;
    if (cJSON_IsString(start))
        (void)fl_parse_date(start->valuestring, &s->start_s); /* instants need it, wherever it stands */
    bool ok = fl_refuse_repeats(r, root, NULL);
    ok &= fl_names_collect(r, root);
    ok &= fl_read_members(r, root, NULL, &root_object, s);
    ok &= check_silence(r, root, NULL);
    ok &= check_more_seats(r, root, NULL);
    if (!ok || r->out_of_memory || !resolve_dedicated(r, root)) return false;
    fl_buyers_complete(r, &s->buyers);
    fl_desk_complete(r, &s->desk);
    if (s->ordinary_day.given && s->ordinary_day.hours.from == s->ordinary_day.hours.to)
        s->ordinary_day.hours = s->desk.open;
    s->file = fl_reader_text(r, file);
    s->hash = hash_tree(r, root);
    return !r->out_of_memory;
}

void fl_chunks_free(struct fl_chunk *chunk)
{
    while (chunk != NULL) {
        struct fl_chunk *const next = chunk->next;
        free(chunk);
        chunk = next;
    }
}

enum fl_status fl_scenario_read(const char *file, const char *text, size_t bytes, const struct fl_override overrides[],
                                uint32_t overrides_count, struct fl_scenario **out, struct fl_errors *errors)
{
    struct reader *const r = calloc(1, sizeof *r);
    char *const copy = bytes <= FL_SCENARIO_BYTES_MAX ? malloc(bytes + 1) : NULL; /* places are found up to a NUL */
    cJSON *root = NULL;
    bool ok = false;
    errors->count = errors->more = 0;
    if (r != NULL && (copy != NULL || bytes > FL_SCENARIO_BYTES_MAX)) {
        if (copy != NULL) {
            if (bytes > 0) memcpy(copy, text, bytes);
            copy[bytes] = '\0';
        }
        r->text = copy != NULL ? copy : text;
        root = fl_reader_parse(r, r->text, bytes);
        start_scenario(r);
        if (root != NULL && r->scenario != NULL) {
            ok = apply_overrides(r, root, overrides, overrides_count);
            ok = !r->out_of_memory && (read_tree(r, root, file) && ok);
        }
        if (!r->out_of_memory) fl_reader_faults(r, errors); /* else some of them are its doing */
    }
    enum fl_status status = ok ? FL_OK : errors->count > 0 ? errors->list[0].status : FL_EFULL;
    if (!ok && errors->count == 0) {
        errors->list[0] =
            (struct fl_error){ .status = FL_EFULL, .text = "wanted memory to read the scenario, got none" };
        errors->count = 1;
    }
    if (ok) *out = r->scenario;
    if (r != NULL) {
        if (!ok) fl_chunks_free(r->first);
        fl_names_free(r);
    }
    cJSON_Delete(root);
    free(copy);
    free(r);
    return status;
}

void fl_scenario_free(struct fl_scenario *scenario)
{
    if (scenario == NULL) return;
    fl_recording_free((struct fl_recording *)(uintptr_t)scenario->traffic.replay.recording); /* attached for good, read-only from then on */
    /* The scenario is the first thing in its first chunk. */
    fl_chunks_free((struct fl_chunk *)(void *)((unsigned char *)scenario - offsetof(struct fl_chunk, bytes)));
}

char *fl_scenario_text(const char *text, size_t bytes, const struct fl_override overrides[], uint32_t overrides_count)
{
    struct fl_error error;
    struct reader *const r = calloc(1, sizeof *r);
    char *printed = NULL;
    if (r == NULL) return NULL;
    cJSON *const root = fl_text_check(text, bytes, &error) == FL_OK ? cJSON_ParseWithLength(text, bytes) : NULL;
    if (root != NULL) fl_text_note_nowhere(root);
    if (root != NULL && apply_overrides(r, root, overrides, overrides_count)) printed = cJSON_Print(root);
    cJSON_Delete(root);
    free(r);
    return printed;
}

int fl_error_format(const struct fl_error *error, const char *file, char *line, size_t size)
{
    const char *const gap = error->path[0] != '\0' ? ": " : "";
    return snprintf(line, size, "%s:%u:%u: %s%s%s", file, error->line, error->column, error->path, gap, error->text);
}

uint32_t fl_scenario_agents_count(const struct fl_scenario *scenario)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < scenario->desk.agents_count; i++) count += scenario->desk.agents[i].count;
    return count;
}

void fl_tell_keys(const struct fl_object *object, char *path, size_t used, size_t size, void (*on_key)(void *, const char *), void *context)
{
    for (uint32_t i = 0; i < object->keys_count; i++) {
        const struct fl_key *const key = &object->keys[i];
        const int n = snprintf(path + used, size - used, "%s%s%s", used == 0 ? "" : ".", key->name,
                               key->kind == FL_KEY_LIST ? "[]" : "");
        FL_ASSERT(n > 0 && used + (size_t)n < size);
        on_key(context, path);
        for (uint32_t c = 0; key->choices != NULL && key->choices[c] != NULL; c++) {
            snprintf(path + used + n, size - used - (size_t)n, "=%s", key->choices[c]);
            on_key(context, path);
        }
        path[used + (size_t)n] = '\0';
        if (key->object != NULL) fl_tell_keys(key->object, path, used + (size_t)n, size, on_key, context);
    }
}

void fl_scenario_keys(void (*on_key)(void *context, const char *path), void *context)
{
    char path[256];
    fl_tell_keys(&root_object, path, 0, sizeof path, on_key, context);
    snprintf(path, sizeof path, "objectives.*");
    fl_tell_keys(&fl_objective_object, path, strlen(path), sizeof path, on_key, context);
}
