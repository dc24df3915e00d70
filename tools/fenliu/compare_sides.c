/* Where the days of a comparison come from: simulated, from a run directory, or from a baseline. */
#include "compare.h"
#include "record/days.h"
#include "shard.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Files ------------------------------------------------------------------------------------- */

char *file_bytes(const char *path, size_t *length)
{
    char *bytes = NULL;
    size_t room = 1 << 16;
    bool whole = false;
    FILE *file = fopen(path, "rb");
    *length = 0;
    while (file != NULL && !whole) {
        char *larger = realloc(bytes, room + 1);
        if (larger == NULL) break;
        bytes = larger;
        errno = 0;
        *length += fread(bytes + *length, 1, room - *length, file);
        whole = *length < room;
        room *= 2;
    }
    const int why = file == NULL || (whole && ferror(file)) ? errno : whole ? 0 : ENOMEM;
    if (file != NULL) fclose(file);
    if (why != 0) {
        free(bytes);
        errno = why;
        return NULL;
    }
    bytes[*length] = '\0';
    return bytes;
}

int file_put(const char *command, const char *path, const void *bytes, size_t length)
{
    char hidden[4200];
    struct stat info;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) snprintf(hidden, sizeof hidden, "%s", path); /* a pipe, a terminal */
    else snprintf(hidden, sizeof hidden, "%.4096s.%ld.part", path, (long)getpid());
    const bool renames = strcmp(hidden, path) != 0;
    FILE *file = fopen(hidden, "wb");
    bool good = file != NULL && fwrite(bytes, 1, length, file) == length && fflush(file) == 0 && (!renames || fsync(fileno(file)) == 0);
    int why = good ? 0 : errno;
    if (file != NULL && fclose(file) != 0 && good) {
        good = false;
        why = errno;
    }
    if (good && renames && rename(hidden, path) != 0) {
        good = false;
        why = errno;
    }
    if (good) return EXIT_DONE;
    fprintf(stderr, "fenliu %s: cannot write %s: %s\n", command, path, strerror(why));
    if (file != NULL && renames) unlink(hidden);
    return EXIT_UNWRITTEN;
}

/* ---- Days -------------------------------------------------------------------------------------- */

bool days_append(struct days *days, enum fl_scope scope, const struct fl_row *const rows[], uint32_t n)
{
    if (days->count > 0 && days->rows[scope] == NULL) return true; /* not kept from the beginning on */
    const struct fl_row **larger = realloc(days->rows[scope], ((size_t)days->count + n + 1) * sizeof *larger);
    if (larger == NULL) return false;
    if (n > 0) memcpy(larger + days->count, rows, n * sizeof *rows);
    days->rows[scope] = larger;
    return true;
}

struct fl_side side_days(const struct side *side, enum fl_scope scope, uint32_t n)
{
    return (struct fl_side){ side->scenario, side->days.rows[scope == FL_SCOPE_DESK ? FL_SCOPE_GROUP : scope], n };
}

void side_keep(struct side *side, const uint32_t replications[], uint32_t n)
{
    for (uint32_t i = 0, at = 0; i < n; i++, at++) {
        while (side->days.rows[FL_SCOPE_GROUP][at]->replication != replications[i]) at++;
        for (int scope = 0; scope < SCOPES; scope++)
            if (side->days.rows[scope] != NULL) side->days.rows[scope][i] = side->days.rows[scope][at];
    }
    side->days.count = n;
}

bool side_fold(struct side *side)
{
    const struct fl_row *const *rows = side->days.rows[FL_SCOPE_INTERVAL_GROUP];
    const uint32_t groups = side->scenario->desk.groups_count, have = side->folded_count;
    if (rows == NULL) return true;
    const struct fl_row **list = realloc(side->days.rows[FL_SCOPE_INTERVAL], ((size_t)side->days.count + 1) * sizeof *list);
    struct fl_row **folded = realloc(side->folded, ((size_t)side->days.count + 1) * sizeof *folded);
    if (list != NULL) side->days.rows[FL_SCOPE_INTERVAL] = list;
    if (folded != NULL) side->folded = folded;
    if (list == NULL || folded == NULL) return false;
    for (uint32_t i = have; i < side->days.count; i++) {
        folded[i] = malloc(fl_cells_fold_bytes(rows[i], groups));
        if (folded[i] == NULL) return false;
        fl_cells_fold(rows[i], groups, folded[i]);
        list[i] = folded[i];
        side->folded_count = i + 1;
    }
    return true;
}

int side_simulate(struct side *side, const char *what, const uint32_t replications[], uint32_t n, bool cells)
{
    struct progress progress;
    struct fl_run **larger = realloc(side->runs, ((size_t)side->runs_count + 1) * sizeof *larger);
    if (larger == NULL) return run_failed(FL_EFULL, what);
    side->runs = larger;
    progress_start(&progress, side->options, what);
    const struct fl_run_options how = {
        .seed = side->seed, .replications = n, .days = replications, .jobs = side->options->jobs, .on_progress = progress_step,
        .progress_context = &progress, .stop = &interrupted, .cells = cells,
    };
    struct fl_run *run = NULL;
    const enum fl_status status = fl_run(side->scenario, &how, &run);
    progress_end(&progress);
    if (status != FL_OK) return run_failed(status, what);
    side->runs[side->runs_count++] = run;
    if (run->partial) return EXIT_INTERRUPTED;
    bool ok = days_append(&side->days, FL_SCOPE_GROUP, run->results.rows, n);
    for (uint32_t kind = 0; kind < FL_CELLS_KINDS && ok; kind++)
        if (run->results.cells.rows[kind] != NULL)
            ok = days_append(&side->days, fl_cells_scope((enum fl_cells_of)kind), run->results.cells.rows[kind], n);
    if (!ok) return run_failed(FL_EFULL, what);
    side->days.count += n;
    return EXIT_DONE;
}

bool side_take_days(struct side *side, const void *days, size_t days_bytes, const void *cells, size_t cells_bytes)
{
    const struct fl_row **rows = NULL, **finer[FL_CELLS_KINDS] = { 0 };
    uint32_t count = 0, finer_count = 0;
    const char *file = "days.bin";
    enum fl_status status = fl_days_read(days, days_bytes, &rows, &count);
    if (status == FL_OK) side->stored[0] = rows;
    if (status == FL_OK && cells != NULL) {
        file = "cells.bin";
        status = fl_cells_read(cells, cells_bytes, finer, &finer_count);
    }
    const struct fl_desk_def *desk = &side->scenario->desk;
    const uint32_t wanted[FL_CELLS_KINDS] = { fl_scenario_agents_count(side->scenario), side->scenario->buyers.intents_count,
                                              side->scenario->intervals_count * desk->groups_count };
    bool fits = status == FL_OK && (count == 0 || rows[0]->groups == desk->groups_count) && (cells == NULL || finer_count == count);
    for (uint32_t kind = 0; kind < FL_CELLS_KINDS && status == FL_OK; kind++) {
        side->stored[1 + kind] = finer[kind];
        for (uint32_t i = 0; i < count && fits && finer[kind] != NULL; i++)
            fits = finer[kind][i]->groups == wanted[kind] && finer[kind][i]->replication == rows[i]->replication;
    }
    if (!fits) {
        fprintf(stderr, "fenliu %s: %s: %s: %s\n", side->options->command, side->path, file,
                status == FL_EUNKNOWN ? "written by another version; simulate again" : status == FL_OK ? "of another scenario" : "damaged");
        return false;
    }
    bool ok = days_append(&side->days, FL_SCOPE_GROUP, rows, count);
    for (uint32_t kind = 0; kind < FL_CELLS_KINDS && ok; kind++)
        if (finer[kind] != NULL) ok = days_append(&side->days, fl_cells_scope((enum fl_cells_of)kind), finer[kind], count);
    side->days.count = count;
    if (!ok) fprintf(stderr, "fenliu %s: %s\n", side->options->command, fl_status_sentence(FL_EFULL));
    return ok;
}

/* ---- Run directories --------------------------------------------------------------------------- */

/* A file of a run directory; NULL after saying why. */
static char *run_file(const struct side *side, const char *name, size_t *length)
{
    char path[4200];
    snprintf(path, sizeof path, "%.4096s/%s", side->path, name);
    char *bytes = file_bytes(path, length);
    if (bytes == NULL)
        fprintf(stderr, "fenliu %s: cannot read %s: %s%s\n", side->options->command, path, strerror(errno),
                errno != ENOENT ? "" : shard_is_one(side->path) ? SHARD_HINT : " (a run directory is written by fenliu simulate --out)");
    return bytes;
}

static void copy_text(char *out, size_t size, const cJSON *json, const char *other)
{
    snprintf(out, size, "%s", cJSON_IsString(json) ? json->valuestring : other);
}

uint32_t side_desk_shards(const cJSON *json)
{
    const cJSON *const shards = cJSON_GetObjectItemCaseSensitive(json, "desk_shards");
    return cJSON_IsNumber(shards) && shards->valuedouble >= 1 && shards->valuedouble < 1e6 ? (uint32_t)shards->valuedouble : 1;
}

static bool manifest_read(struct side *side)
{
    size_t length;
    char *text = run_file(side, "manifest.json", &length);
    if (text == NULL) return false;
    cJSON *json = cJSON_ParseWithLength(text, length);
    const cJSON *seed = cJSON_GetObjectItemCaseSensitive(json, "seed"), *version = cJSON_GetObjectItemCaseSensitive(json, "version");
    const bool ok = cJSON_IsString(seed) && cJSON_IsString(version);
    if (ok) {
        side->seed = strtoull(seed->valuestring, NULL, 10);
        copy_text(side->version, sizeof side->version, version, "");
        copy_text(side->engine, sizeof side->engine, cJSON_GetObjectItemCaseSensitive(json, "engine"), "");
        copy_text(side->command, sizeof side->command, cJSON_GetObjectItemCaseSensitive(json, "command"), "simulate");
        side->desk_shards = side_desk_shards(json);
    } else {
        fprintf(stderr, "fenliu %s: %s/manifest.json: wanted \"seed\" and \"version\"\n", side->options->command, side->path);
    }
    cJSON_Delete(json);
    free(text);
    return ok;
}

static bool run_open(struct side *side, bool cells)
{
    char path[4200];
    size_t days_bytes, cells_bytes = 0;
    struct options plain = *side->options;
    plain.overrides_count = 0;
    if (!manifest_read(side)) return false;
    snprintf(path, sizeof path, "%.4096s/scenario.json", side->path);
    side->scenario = scenario_read(&plain, path, &side->scenario_text);
    if (side->scenario == NULL) return false;
    char *days = run_file(side, "days.bin", &days_bytes), *finer = NULL;
    snprintf(path, sizeof path, "%.4096s/cells.bin", side->path);
    if (days != NULL && cells) {
        finer = file_bytes(path, &cells_bytes);
        if (finer == NULL && errno != ENOENT) fprintf(stderr, "fenliu %s: cannot read %s: %s\n", side->options->command, path, strerror(errno));
    }
    const bool ok = days != NULL && side_take_days(side, days, days_bytes, finer, cells_bytes);
    free(days);
    free(finer);
    return ok;
}

/* ---- Sides ------------------------------------------------------------------------------------- */

int side_open(struct side *side, const char *path, const struct options *options, bool cells)
{
    struct stat info;
    const bool is_directory = stat(path, &info) == 0 && S_ISDIR(info.st_mode), is_baseline = !is_directory && baseline_is_one(path);
    *side = (struct side){ .path = path, .options = options, .desk_shards = 1, .is_finished = is_directory || is_baseline };
    snprintf(side->version, sizeof side->version, "%s", FENLIU_VERSION);
    snprintf(side->command, sizeof side->command, "simulate");
    if (side->is_finished && options->overrides_count > 0) {
        fprintf(stderr, "fenliu compare: %s is a finished run: --set wants a scenario file\n", path);
        return EXIT_USAGE;
    }
    if (is_directory) {
        if (!run_open(side, cells)) return EXIT_USAGE;
    } else if (is_baseline) {
        const int code = baseline_open(side, cells);
        if (code != EXIT_DONE) return code;
    } else {
        side->scenario = scenario_open(options, path, &side->scenario_text);
        if (side->scenario == NULL) return EXIT_USAGE;
        policy_describe(side->scenario, side->engine, 96);
    }
    side->agent_names = fl_run_agent_names(side->scenario, &side->names_memory);
    return side->agent_names != NULL ? EXIT_DONE : run_failed(FL_EFULL, options->command);
}

void side_close(struct side *side)
{
    for (uint32_t i = 0; i < side->runs_count; i++) fl_run_free(side->runs[i]);
    for (uint32_t i = 0; i < side->folded_count; i++) free(side->folded[i]);
    for (int scope = 0; scope < SCOPES; scope++) free(side->days.rows[scope]);
    for (int i = 0; i < 1 + FL_CELLS_KINDS; i++) free(side->stored[i]);
    free(side->folded);
    free(side->runs);
    free(side->names_memory);
    free(side->scenario_text);
    fl_scenario_free(side->scenario);
    *side = (struct side){ 0 };
}

uint32_t side_count(const struct side *side, enum fl_scope scope)
{
    const struct fl_scenario *scenario = side->scenario;
    switch (scope) {
    case FL_SCOPE_GROUP: return scenario->desk.groups_count;
    case FL_SCOPE_AGENT: return fl_scenario_agents_count(scenario);
    case FL_SCOPE_INTENT: return scenario->buyers.intents_count;
    case FL_SCOPE_INTERVAL: return scenario->intervals_count;
    case FL_SCOPE_INTERVAL_GROUP: return scenario->intervals_count * scenario->desk.groups_count;
    default: return 1;
    }
}

const char *side_name(const struct side *side, enum fl_scope scope, uint32_t index)
{
    return scope == FL_SCOPE_GROUP    ? side->scenario->desk.groups[index].name
           : scope == FL_SCOPE_AGENT  ? side->agent_names[index]
           : scope == FL_SCOPE_INTENT ? side->scenario->buyers.intents[index].name
                                      : NULL;
}
