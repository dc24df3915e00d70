/* A baseline: a finished run as one file, small enough to be committed.
 *
 *   "fenliu baseline 1\n"
 *   one line of JSON: the key (scenario hash, version of the model, engine, seed), the days, and the bytes of the three parts
 *   the scenario, days.bin, cells.bin (may be empty)
 *   XXH64 of all before, 8 bytes, least first
 * The same run packs into the same bytes. */
#include "compare.h"
#include "record/days.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static const char magic[] = "fenliu baseline 1\n";
#define MAGIC_BYTES (sizeof magic - 1)
#define HASH_BYTES 8u

bool baseline_is_one(const char *path)
{
    char begins[MAGIC_BYTES];
    FILE *file = fopen(path, "rb");
    if (file == NULL) return false;
    const bool is = fread(begins, 1, MAGIC_BYTES, file) == MAGIC_BYTES && memcmp(begins, magic, MAGIC_BYTES - 2) == 0;
    fclose(file);
    return is;
}

/* ---- Reading ----------------------------------------------------------------------------------- */

struct parts {
    const char *scenario, *days, *cells;
    size_t scenario_bytes, days_bytes, cells_bytes;
    uint64_t hash;
};

static bool size_of(const cJSON *json, const char *name, size_t *out)
{
    const cJSON *size = cJSON_GetObjectItemCaseSensitive(json, name);
    const bool ok = cJSON_IsNumber(size) && size->valuedouble >= 0 && size->valuedouble <= 1e9;
    *out = ok ? (size_t)size->valuedouble : 0;
    return ok;
}

static bool text_of(const cJSON *json, const char *name, char *out, size_t size)
{
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(json, name);
    snprintf(out, size, "%s", cJSON_IsString(text) ? text->valuestring : "");
    return cJSON_IsString(text);
}

static bool head_read(struct side *side, const char *bytes, size_t length, struct parts *parts)
{
    const char *line = bytes + MAGIC_BYTES, *end = memchr(line, '\n', length - MAGIC_BYTES - HASH_BYTES);
    if (end == NULL) return false;
    cJSON *json = cJSON_ParseWithLength(line, (size_t)(end - line));
    char seed[24], hash[24];
    bool ok = text_of(json, "version", side->version, sizeof side->version) && text_of(json, "engine", side->engine, sizeof side->engine) &&
              text_of(json, "command", side->command, sizeof side->command) && text_of(json, "seed", seed, sizeof seed) &&
              text_of(json, "scenario_hash", hash, sizeof hash) && size_of(json, "scenario_bytes", &parts->scenario_bytes) &&
              size_of(json, "days_bytes", &parts->days_bytes) && size_of(json, "cells_bytes", &parts->cells_bytes);
    side->desk_shards = side_desk_shards(json);
    cJSON_Delete(json);
    ok = ok && (size_t)(end + 1 - bytes) + parts->scenario_bytes + parts->days_bytes + parts->cells_bytes + HASH_BYTES == length;
    if (!ok) return false;
    parts->scenario = end + 1;
    parts->days = parts->scenario + parts->scenario_bytes;
    parts->cells = parts->days + parts->days_bytes;
    side->seed = strtoull(seed, NULL, 10);
    parts->hash = strtoull(hash, NULL, 16);
    return true;
}

static bool is_whole(const char *bytes, size_t length)
{
    uint64_t hash = 0;
    if (length < MAGIC_BYTES + HASH_BYTES) return false;
    for (uint32_t i = 0; i < HASH_BYTES; i++) hash |= (uint64_t)(unsigned char)bytes[length - HASH_BYTES + i] << 8 * i;
    return XXH64(bytes, length - HASH_BYTES, 0) == hash;
}

static int refuse(const struct side *side, const char *why)
{
    fprintf(stderr, "fenliu compare: %s: %s\n", side->path, why);
    return EXIT_USAGE;
}

/* The scenario of a baseline, which the hash of the file has vouched for. */
static struct fl_scenario *scenario_of(const char *path, const char *text, size_t bytes)
{
    struct fl_scenario *scenario = NULL;
    struct fl_errors *errors = calloc(1, sizeof *errors);
    if (errors != NULL && fl_scenario_read(path, text, bytes, NULL, 0, &scenario, errors) != FL_OK) {
        char line[1024];
        fl_error_format(&errors->list[0], path, line, sizeof line);
        fprintf(stderr, "%s\n", line);
        scenario = NULL;
    }
    free(errors);
    return scenario;
}

static int parts_take(struct side *side, const struct parts *parts, bool cells)
{
    side->scenario = scenario_of(side->path, parts->scenario, parts->scenario_bytes);
    if (side->scenario == NULL) return refuse(side, "its scenario is none to this version; pack it again");
    if (side->scenario->hash != parts->hash) return refuse(side, "its scenario is not that of its key");
    side->scenario_text = strndup(parts->scenario, parts->scenario_bytes);
    if (side->scenario_text == NULL) return run_failed(FL_EFULL, "compare");
    const bool finer = cells && parts->cells_bytes > 0;
    return side_take_days(side, parts->days, parts->days_bytes, finer ? parts->cells : NULL, parts->cells_bytes) ? EXIT_DONE : EXIT_USAGE;
}

int baseline_open(struct side *side, bool cells)
{
    size_t length;
    struct parts parts;
    char *bytes = file_bytes(side->path, &length);
    if (bytes == NULL) return refuse(side, strerror(errno));
    int code = EXIT_USAGE;
    if (!is_whole(bytes, length)) code = refuse(side, "damaged or cut short");
    else if (memcmp(bytes, magic, MAGIC_BYTES) != 0) code = refuse(side, "packed by another version; pack it again");
    else if (!head_read(side, bytes, length, &parts)) code = refuse(side, "damaged");
    else code = parts_take(side, &parts, cells);
    free(bytes);
    return code;
}

/* ---- Writing ----------------------------------------------------------------------------------- */

static void pack(const struct side *side, uint32_t days, uint32_t kinds, struct fl_text *out)
{
    struct fl_text rows = { 0 }, finer = { 0 };
    struct fl_cells cells = { 0 };
    for (uint32_t kind = 0; kind < kinds; kind++) cells.rows[kind] = side_days(side, fl_cells_scope((enum fl_cells_of)kind), days).rows;
    fl_days_write(side_days(side, FL_SCOPE_GROUP, days).rows, days, &rows);
    if (kinds > 0) fl_cells_write(&cells, days, &finer);
    out->length = 0;
    fl_text_add(out, "%s{\"fenliu\":1,\"scenario\":", magic);
    fl_text_add_json(out, side->scenario->name);
    fl_text_add(out, ",\"scenario_hash\":\"%016" PRIx64 "\",\"version\":", side->scenario->hash);
    fl_text_add_json(out, side->version);
    fl_text_add(out, ",\"engine\":");
    fl_text_add_json(out, side->engine);
    fl_text_add(out, ",\"command\":");
    fl_text_add_json(out, side->command);
    if (side->desk_shards > 1) fl_text_add(out, ",\"desk_shards\":%u", side->desk_shards);
    fl_text_add(out, ",\"seed\":\"%" PRIu64 "\",\"days\":%u,\"scenario_bytes\":%zu,\"days_bytes\":%zu,\"cells_bytes\":%zu}\n", side->seed, days,
                strlen(side->scenario_text), rows.length, finer.length);
    fl_text_add_bytes(out, side->scenario_text, strlen(side->scenario_text));
    fl_text_add_bytes(out, rows.bytes, rows.length);
    if (finer.length > 0) fl_text_add_bytes(out, finer.bytes, finer.length);
    out->full |= rows.full || finer.full;
    fl_text_free(&rows);
    fl_text_free(&finer);
    if (out->full) return;
    const uint64_t hash = XXH64(out->bytes, out->length, 0);
    char bytes[HASH_BYTES];
    for (uint32_t i = 0; i < HASH_BYTES; i++) bytes[i] = (char)(hash >> 8 * i & 255);
    fl_text_add_bytes(out, bytes, HASH_BYTES);
}

int baseline_write(const struct side *side, const char *path, uint32_t days)
{
    static const char *const left_out[] = { "by agent, intent and interval", "by intent and interval", "by interval" };
    struct fl_text out = { 0 };
    uint32_t kinds = FL_CELLS_KINDS, kept = days;
    pack(side, kept, kinds, &out);
    while (!out.full && out.length > BASELINE_BYTES_MAX && (kinds > 0 || kept > 2)) {
        if (kinds > 0) kinds--;
        else kept = kept - (kept / 16 > 0 ? kept / 16 : 1);
        pack(side, kept, kinds, &out);
    }
    int code = EXIT_DONE;
    if (out.full) {
        code = run_failed(FL_EFULL, "compare --pack");
    } else if (out.length > BASELINE_BYTES_MAX) {
        fprintf(stderr, "fenliu compare: %s: two days alone are more than a baseline's %u bytes\n", side->path, BASELINE_BYTES_MAX);
        code = EXIT_USAGE;
    } else {
        code = file_put("compare", path, out.bytes, out.length);
    }
    if (code == EXIT_DONE) {
        if (kinds < FL_CELLS_KINDS) fprintf(stderr, "%s: left out, to stay below 1 MB: the days %s\n", path, left_out[kinds]);
        if (kept < days) fprintf(stderr, "%s: left out, to stay below 1 MB: %u of %u days\n", path, days - kept, days);
        fprintf(stderr, "%s: %u days, %zu bytes, scenario %016" PRIx64 ", model %s, engine %s, seed %" PRIu64 "\n", path, kept, out.length,
                side->scenario->hash, side->version, side->engine[0] != '\0' ? side->engine : "?", side->seed);
    }
    fl_text_free(&out);
    return code;
}
