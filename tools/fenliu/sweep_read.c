/* A sweep's store as runs to compare: its points that are done, each with its days. */
#include "compare_many.h"
#include "sweep.h"

#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define DAYS_BYTES_MAX ((size_t)1 << 32)

struct sweep_reader {
    sqlite3 *db;
    const char *path;
    struct options options; /* without overrides: the store's texts have them */
    uint64_t seed;
    uint32_t count;
    int64_t *runs;          /* [count] */
    char **labels;          /* [count] */
    char **paths;           /* [paths_count] */
    char **values;          /* [count x paths_count] */
    uint32_t paths_count;
};

static sqlite3_stmt *ask(struct sweep_reader *reader, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(reader->db, sql, -1, &statement, NULL) != SQLITE_OK) fprintf(stderr, "fenliu compare: %s: %s\n", reader->path, sqlite3_errmsg(reader->db));
    return statement;
}

static char *text_copy(sqlite3_stmt *row, int column)
{
    const char *const text = (const char *)sqlite3_column_text(row, column);
    return strdup(text != NULL ? text : "");
}

/* The rows of a column of text; *count of them. NULL after saying why. */
static char **texts_of(struct sweep_reader *reader, const char *sql, uint32_t *count)
{
    sqlite3_stmt *const row = ask(reader, sql);
    char **list = NULL;
    bool ok = row != NULL;
    *count = 0;
    while (ok && sqlite3_step(row) == SQLITE_ROW) {
        char **const larger = realloc(list, ((size_t)*count + 1) * sizeof *list);
        if (larger != NULL) list = larger;
        ok = larger != NULL && (list[*count] = text_copy(row, 0)) != NULL;
        if (ok) ++*count;
    }
    sqlite3_finalize(row);
    if (ok && list == NULL) list = calloc(1, sizeof *list);
    return ok ? list : (free(list), NULL);
}

static bool read_runs(struct sweep_reader *reader, const char *where)
{
    char *const sql = sqlite3_mprintf("SELECT run_id, label FROM runs WHERE done AND run_id IN (SELECT run_id FROM overview WHERE %s) ORDER BY run_id",
                                      where != NULL ? where : "1");
    sqlite3_stmt *const row = sql == NULL ? NULL : ask(reader, sql);
    bool ok = row != NULL;
    int step = SQLITE_DONE;
    while (ok && (step = sqlite3_step(row)) == SQLITE_ROW) {
        const size_t room = (size_t)reader->count + 1;
        int64_t *const runs = realloc(reader->runs, room * sizeof *runs);
        if (runs != NULL) reader->runs = runs;
        char **const labels = realloc(reader->labels, room * sizeof *labels);
        if (labels != NULL) reader->labels = labels;
        ok = runs != NULL && labels != NULL && (labels[reader->count] = text_copy(row, 1)) != NULL;
        if (ok) reader->runs[reader->count++] = sqlite3_column_int64(row, 0);
    }
    if (ok && step != SQLITE_DONE) fprintf(stderr, "fenliu compare: %s: %s\n", reader->path, sqlite3_errmsg(reader->db));
    sqlite3_finalize(row);
    sqlite3_free(sql);
    return ok && step == SQLITE_DONE;
}

static bool read_parameters(struct sweep_reader *reader)
{
    const char *const sql = "SELECT path FROM parameters WHERE run_id = 0 ORDER BY position";
    reader->paths = texts_of(reader, sql, &reader->paths_count);
    if (reader->paths == NULL) return false;
    reader->values = calloc((size_t)reader->count * reader->paths_count + 1, sizeof *reader->values);
    sqlite3_stmt *const row = ask(reader, "SELECT value FROM parameters WHERE run_id = ? ORDER BY position");
    bool ok = row != NULL && reader->values != NULL;
    for (uint32_t i = 0; ok && i < reader->count; i++) {
        sqlite3_bind_int64(row, 1, reader->runs[i]);
        for (uint32_t p = 0; ok && p < reader->paths_count; p++)
            ok = sqlite3_step(row) == SQLITE_ROW && (reader->values[i * reader->paths_count + p] = text_copy(row, 0)) != NULL;
        sqlite3_reset(row);
    }
    sqlite3_finalize(row);
    return ok;
}

static bool read_seed(struct sweep_reader *reader)
{
    sqlite3_stmt *const row = ask(reader, "SELECT value FROM meta WHERE key = 'seed'");
    const bool ok = row != NULL && sqlite3_step(row) == SQLITE_ROW;
    if (ok) reader->seed = strtoull((const char *)sqlite3_column_text(row, 0), NULL, 10);
    sqlite3_finalize(row);
    return ok;
}

int sweep_reader_open(const char *path, const char *where, const struct options *options, struct sweep_reader **out)
{
    struct sweep_reader *const reader = calloc(1, sizeof *reader);
    if (reader == NULL) return run_failed(FL_EFULL, "compare");
    reader->path = path;
    reader->options = *options;
    reader->options.overrides_count = 0;
    bool ok = sqlite3_open_v2(path, &reader->db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK;
    if (!ok) fprintf(stderr, "fenliu compare: cannot read %s: %s\n", path, sqlite3_errmsg(reader->db));
    if (ok) sqlite3_busy_timeout(reader->db, 10000);
    ok = ok && read_seed(reader) && read_runs(reader, where) && read_parameters(reader);
    if (ok && reader->count == 0) fprintf(stderr, "fenliu compare: %s has no finished point%s\n", path, where != NULL ? " for which --where holds" : "");
    if (ok && reader->count > 0) *out = reader;
    else sweep_reader_close(reader);
    return ok && *out != NULL ? EXIT_DONE : EXIT_USAGE;
}

void sweep_reader_close(struct sweep_reader *reader)
{
    if (reader == NULL) return;
    sqlite3_close(reader->db);
    for (uint32_t i = 0; i < reader->count; i++) free(reader->labels[i]);
    for (uint32_t i = 0; reader->paths != NULL && i < reader->paths_count; i++) free(reader->paths[i]);
    for (size_t i = 0; reader->values != NULL && i < (size_t)reader->count * reader->paths_count; i++) free(reader->values[i]);
    free(reader->runs);
    free(reader->labels);
    free(reader->paths);
    free(reader->values);
    free(reader);
}

/* ---- Runs -------------------------------------------------------------------------------------------- */

/* The scenario of a point: the file's text with the point's values. */
static struct fl_scenario *scenario_of(struct sweep_reader *reader, uint32_t i)
{
    struct fl_override overrides[SWEEP_PATHS_MAX];
    struct fl_errors *const errors = calloc(1, sizeof *errors);
    struct fl_scenario *scenario = NULL;
    sqlite3_stmt *const row = ask(reader, "SELECT s.text FROM runs r JOIN scenarios s USING (scenario_id) WHERE r.run_id = ?");
    for (uint32_t p = 0; p < reader->paths_count && p < SWEEP_PATHS_MAX; p++)
        overrides[p] = (struct fl_override){ reader->paths[p], reader->values[(size_t)i * reader->paths_count + p] };
    bool ok = errors != NULL && row != NULL && sqlite3_bind_int64(row, 1, reader->runs[i]) == SQLITE_OK && sqlite3_step(row) == SQLITE_ROW;
    const char *const text = ok ? (const char *)sqlite3_column_text(row, 0) : NULL;
    ok = text != NULL && fl_scenario_read(reader->path, text, strlen(text), overrides, reader->paths_count, &scenario, errors) == FL_OK;
    if (!ok) fprintf(stderr, "fenliu compare: %s: run %lld has no scenario that can be read\n", reader->path, (long long)reader->runs[i]);
    sqlite3_finalize(row);
    free(errors);
    return ok ? scenario : NULL;
}

static bool take_packed(struct side *side, const void *packed, size_t length)
{
    const unsigned long long plain = ZSTD_getFrameContentSize(packed, length);
    char *const days = plain > DAYS_BYTES_MAX ? NULL : malloc((size_t)plain + 1);
    const bool ok = days != NULL && !ZSTD_isError(ZSTD_decompress(days, (size_t)plain, packed, length)) && side_take_days(side, days, (size_t)plain, NULL, 0);
    free(days);
    return ok;
}

static int open_run(void *context, uint32_t i, struct side *side)
{
    struct sweep_reader *const reader = context;
    *side = (struct side){ .path = reader->labels[i], .options = &reader->options, .seed = reader->seed, .desk_shards = 1, .is_finished = true };
    snprintf(side->version, sizeof side->version, "%s", FENLIU_VERSION);
    snprintf(side->command, sizeof side->command, "sweep");
    side->scenario = scenario_of(reader, i);
    if (side->scenario == NULL) return EXIT_USAGE;
    policy_describe(side->scenario, side->engine, 96);
    sqlite3_stmt *const row = ask(reader, "SELECT bytes FROM packed_days WHERE run_id = ?");
    bool ok = row != NULL && sqlite3_bind_int64(row, 1, reader->runs[i]) == SQLITE_OK && sqlite3_step(row) == SQLITE_ROW;
    if (ok) {
        const void *const bytes = sqlite3_column_blob(row, 0);
        ok = take_packed(side, bytes, (size_t)sqlite3_column_bytes(row, 0));
    }
    if (!ok) fprintf(stderr, "fenliu compare: %s: the days of run %lld cannot be read\n", reader->path, (long long)reader->runs[i]);
    sqlite3_finalize(row);
    if (!ok) side_close(side);
    return ok ? EXIT_DONE : EXIT_USAGE;
}

static const char *label_of(void *context, uint32_t i)
{
    return ((struct sweep_reader *)context)->labels[i];
}

struct many_source sweep_reader_source(struct sweep_reader *reader)
{
    return (struct many_source){ .count = reader->count, .open = open_run, .label = label_of, .context = reader };
}

/* ---- Responses ------------------------------------------------------------------------------------------ */

uint32_t sweep_reader_paths(const struct sweep_reader *reader, const char *const **paths)
{
    *paths = (const char *const *)reader->paths;
    return reader->paths_count;
}

const char *sweep_reader_value(const struct sweep_reader *reader, uint32_t point, uint32_t path)
{
    return reader->values[(size_t)point * reader->paths_count + path];
}

/* The figure of every day of every point; NaN where a day has none. */
static double *days_of(struct sweep_reader *reader, const char *column, uint32_t *days)
{
    char *const sql = sqlite3_mprintf("SELECT \"%w\" FROM days WHERE run_id = ? ORDER BY day", column);
    sqlite3_stmt *const row = sql == NULL ? NULL : ask(reader, sql);
    double *values = NULL;
    uint32_t room = 0;
    bool ok = row != NULL;
    sqlite3_free(sql);
    *days = 0;
    for (uint32_t i = 0; ok && i < reader->count; i++) {
        uint32_t d = 0;
        sqlite3_bind_int64(row, 1, reader->runs[i]);
        for (; sqlite3_step(row) == SQLITE_ROW; d++) {
            const bool more = i == 0 && d == room;
            if (more) room = 2 * room + 64;
            double *const larger = more ? realloc(values, (size_t)room * reader->count * sizeof *values) : values;
            ok = larger != NULL;
            if (!ok) break;
            values = larger;
            if (i > 0 && d >= *days) continue;
            values[i == 0 ? d : (size_t)i * *days + d] = sqlite3_column_type(row, 0) == SQLITE_NULL ? NAN : sqlite3_column_double(row, 0);
        }
        if (i == 0) *days = d;
        else if (d != *days) ok = false;
        sqlite3_reset(row);
    }
    sqlite3_finalize(row);
    if (ok && *days > 0) return values;
    if (row != NULL) fprintf(stderr, "fenliu compare: %s: the points do not have the same days\n", reader->path);
    free(values);
    return NULL;
}

double *sweep_reader_responses(struct sweep_reader *reader, const char *figure, uint32_t *days, uint32_t *left_out)
{
    char column[64];
    uint32_t all, kept = 0;
    snprintf(column, sizeof column, "%s", strcmp(figure, "days_met") == 0 ? "met" : figure);
    if (strchr(column, '.') != NULL) *strchr(column, '.') = '_';
    double *const values = days_of(reader, column, &all);
    if (values == NULL) return NULL;
    double *const kept_values = malloc(((size_t)all * reader->count + 1) * sizeof *kept_values);
    bool *const whole = calloc(all, sizeof *whole);
    for (uint32_t d = 0; whole != NULL && d < all; d++) {
        whole[d] = true;
        for (uint32_t i = 0; i < reader->count; i++) whole[d] &= isfinite(values[(size_t)i * all + d]);
        kept += whole[d];
    }
    for (uint32_t i = 0; whole != NULL && kept_values != NULL && i < reader->count; i++)
        for (uint32_t d = 0, to = 0; d < all; d++)
            if (whole[d]) kept_values[(size_t)i * kept + to++] = values[(size_t)i * all + d];
    const bool ok = whole != NULL && kept_values != NULL;
    free(whole);
    free(values);
    *days = kept;
    *left_out = all - kept;
    return ok ? kept_values : (free(kept_values), NULL);
}
