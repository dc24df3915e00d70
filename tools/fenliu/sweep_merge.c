/* The stores of a sweep's shards as the store that one machine would have written. */
#include "sweep.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct merging {
    const struct options *options;
    sqlite3 *db; /* of the part that becomes the store */
    char hidden[4104];
};

static int failed(const struct merging *merging)
{
    fprintf(stderr, "fenliu merge: cannot write %s: %s\n", merging->options->out, sqlite3_errmsg(merging->db));
    return EXIT_UNWRITTEN;
}

static bool run_sql(const struct merging *merging, const char *sql)
{
    return sqlite3_exec(merging->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* The number that a query has in its first row; -1 when it cannot be asked, as of what is no store. */
static int64_t number_of(const struct merging *merging, const char *sql)
{
    sqlite3_stmt *row = NULL;
    int64_t number = -1;
    if (sqlite3_prepare_v2(merging->db, sql, -1, &row, NULL) == SQLITE_OK && sqlite3_step(row) == SQLITE_ROW) number = sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    return number;
}

/* The first becomes the store. */
static int copy_first(struct merging *merging)
{
    sqlite3 *first = NULL;
    char *sql = sqlite3_mprintf("VACUUM INTO %Q", merging->hidden);
    unlink(merging->hidden);
    bool ok = sql != NULL && sqlite3_open_v2(merging->options->files[0], &first, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK;
    const bool copied = ok && sqlite3_exec(first, sql, NULL, NULL, NULL) == SQLITE_OK;
    if (!copied) fprintf(stderr, "fenliu merge: cannot copy %s to %s: %s\n", merging->options->files[0], merging->hidden, sqlite3_errmsg(first));
    sqlite3_close(first);
    sqlite3_free(sql);
    if (!copied) return EXIT_UNWRITTEN;
    return sqlite3_open_v2(merging->hidden, &merging->db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK ? EXIT_DONE : failed(merging);
}

/* Whether the attached store `other` is of the same sweep. */
static bool is_of_this_sweep(const struct merging *merging, const char *path)
{
    static const char *const same[] = {
        "SELECT count(*) FROM (SELECT key, value FROM meta WHERE key <> 'state' EXCEPT SELECT key, value FROM other.meta)",
        "SELECT count(*) FROM (SELECT run_id, label, scenario_hash FROM runs EXCEPT SELECT run_id, label, scenario_hash FROM other.runs)",
        "SELECT count(*) FROM (SELECT scenario_id, text FROM scenarios EXCEPT SELECT scenario_id, text FROM other.scenarios)",
    };
    static const char *const what[] = { "of another version, seed or number of days", "of another grid", "of another scenario" };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        const int64_t differ = number_of(merging, same[i]);
        if (differ == 0) continue;
        fprintf(stderr, "fenliu merge: %s is %s than %s\n", path, differ < 0 ? "no store of a sweep, rather" : what[i], merging->options->files[0]);
        return false;
    }
    return true;
}

/* Adds the points that the attached store has and this one lacks. */
static int take_points(const struct merging *merging)
{
    static const char *const tables[] = { "metrics", "group_metrics", "objectives", "intervals", "agents", "intents", "days", "packed_days" };
    bool ok = run_sql(merging, "BEGIN") && run_sql(merging, "CREATE TEMP TABLE new_runs AS SELECT run_id FROM other.runs WHERE done AND run_id IN (SELECT run_id FROM runs WHERE NOT done)");
    for (size_t i = 0; i < sizeof tables / sizeof *tables && ok; i++) {
        char sql[160];
        snprintf(sql, sizeof sql, "INSERT INTO main.%s SELECT * FROM other.%s WHERE run_id IN (SELECT run_id FROM new_runs)", tables[i], tables[i]);
        ok = run_sql(merging, sql);
    }
    ok = ok && run_sql(merging, "REPLACE INTO main.runs SELECT * FROM other.runs WHERE run_id IN (SELECT run_id FROM new_runs)") &&
         run_sql(merging, "DROP TABLE temp.new_runs") && run_sql(merging, "COMMIT");
    return ok ? EXIT_DONE : failed(merging);
}

static int add_store(const struct merging *merging, const char *path)
{
    if (access(path, R_OK) != 0) {
        fprintf(stderr, "fenliu merge: cannot read %s\n", path);
        return EXIT_USAGE;
    }
    char *const sql = sqlite3_mprintf("ATTACH %Q AS other", path);
    const bool attached = sql != NULL && run_sql(merging, sql);
    sqlite3_free(sql);
    if (!attached) return failed(merging);
    const int code = is_of_this_sweep(merging, path) ? take_points(merging) : EXIT_USAGE;
    if (code == EXIT_DONE && !run_sql(merging, "DETACH other")) return failed(merging);
    return code;
}

/* Which points none of the stores has. */
static bool are_all_there(const struct merging *merging)
{
    sqlite3_stmt *row = NULL;
    const int64_t missing = number_of(merging, "SELECT count(*) FROM runs WHERE NOT done");
    if (missing == 0) return true;
    if (sqlite3_prepare_v2(merging->db, "SELECT run_id, label FROM runs WHERE NOT done ORDER BY run_id LIMIT 1", -1, &row, NULL) == SQLITE_OK &&
        sqlite3_step(row) == SQLITE_ROW)
        fprintf(stderr, "fenliu merge: %lld of the points are in none of these stores; the first is run %lld (%s)\n", (long long)missing,
                (long long)sqlite3_column_int64(row, 0), (const char *)sqlite3_column_text(row, 1));
    sqlite3_finalize(row);
    return false;
}

static int open_first(struct merging *merging)
{
    const char *const path = merging->options->files[0];
    sqlite3 *first = NULL;
    const bool ok = sqlite3_open_v2(path, &first, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK;
    merging->db = first;
    const bool is_store = ok && number_of(merging, "SELECT count(*) FROM runs JOIN meta ON key = 'runs'") > 0;
    merging->db = NULL;
    sqlite3_close(first);
    if (!is_store) fprintf(stderr, "fenliu merge: %s is no store of a sweep\n", path);
    return is_store ? copy_first(merging) : EXIT_USAGE;
}

int sweep_merge(const struct options *options)
{
    struct merging merging = { .options = options };
    snprintf(merging.hidden, sizeof merging.hidden, "%.4096s.merge", options->out);
    if (access(options->out, F_OK) == 0) {
        fprintf(stderr, "fenliu merge: %s is there; remove it, or name another with -o\n", options->out);
        return EXIT_USAGE;
    }
    int code = open_first(&merging);
    for (uint32_t i = 1; i < options->files_count && code == EXIT_DONE; i++) code = add_store(&merging, options->files[i]);
    if (code == EXIT_DONE && !are_all_there(&merging)) code = EXIT_USAGE;
    const int64_t points = code == EXIT_DONE ? number_of(&merging, "SELECT count(*) FROM runs") : 0;
    if (merging.db != NULL && sqlite3_close(merging.db) != SQLITE_OK && code == EXIT_DONE) code = EXIT_INTERNAL;
    if (code == EXIT_DONE) code = sweep_store_settle(merging.hidden, options->out);
    unlink(merging.hidden);
    return code == EXIT_DONE ? sweep_screen(options->out, options, 0, (uint32_t)points) : code;
}
