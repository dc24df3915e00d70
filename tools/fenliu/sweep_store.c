/* The store of a sweep while it grows, and its final form.
 *
 * Units of points that are not complete lie in a table of their own, `work`, which the final form has not. A rollback journal, not a write-ahead
 * log, which file systems of clusters cannot share. One process at a time: it holds a lock on STORE.lock, which the system lets go of when
 * the process ends, however it ends. */
#include "sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define STORE_FORMAT 2
#define APPLICATION_ID 0x666c7377 /* "flsw" */

struct sweep_store {
    sqlite3 *db;
    int lock;           /* descriptor of STORE.lock */
    char path[4096], lock_path[4104], hidden[4104];
    char problem[512];  /* of the first failure */
    bool *has;          /* [points] */
    uint32_t points;
    bool finished, in_transaction;
};

/* ---- SQLite --------------------------------------------------------------------------------------- */

static bool fail(struct sweep_store *store)
{
    if (store->problem[0] == '\0') snprintf(store->problem, sizeof store->problem, "%.400s", sqlite3_errmsg(store->db));
    return false;
}

static bool run_sql(struct sweep_store *store, const char *sql)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK || fail(store);
}

static sqlite3_stmt *prepare(struct sweep_store *store, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) != SQLITE_OK) fail(store);
    return statement;
}

/* Binds what differs from row to row and inserts; ready for the next row. */
static bool insert(struct sweep_store *store, sqlite3_stmt *statement)
{
    const bool ok = sqlite3_step(statement) == SQLITE_DONE;
    if (!ok) fail(store);
    sqlite3_reset(statement);
    return ok;
}

static void bind_number(sqlite3_stmt *statement, int at, double number)
{
    if (isfinite(number)) sqlite3_bind_double(statement, at, number);
    else sqlite3_bind_null(statement, at);
}

static void bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    if (text != NULL) sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
    else sqlite3_bind_null(statement, at);
}

/* After a failure nothing more is written: SQLite may have ended the transaction by itself, and each row would be one of its own. */
static bool begin(struct sweep_store *store)
{
    if (store->problem[0] != '\0') return false;
    if (!store->in_transaction) store->in_transaction = run_sql(store, "BEGIN IMMEDIATE");
    return store->in_transaction;
}

bool sweep_store_commit(struct sweep_store *store)
{
    if (!store->in_transaction) return store->problem[0] == '\0';
    store->in_transaction = false;
    if (store->problem[0] == '\0' && run_sql(store, "COMMIT")) return true; /* half a point is not kept */
    (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

const char *sweep_store_problem(const struct sweep_store *store)
{
    return store->problem;
}

/* Dropped before the final form is written, which may be broken off. */
static const char work_table[] = "CREATE TABLE IF NOT EXISTS work (run_id INTEGER NOT NULL, first INTEGER NOT NULL, days INTEGER NOT NULL, "
                                 "bytes BLOB NOT NULL, PRIMARY KEY (run_id, first)) WITHOUT ROWID";

/* ---- Making it ------------------------------------------------------------------------------------- */

static bool put_meta(struct sweep_store *store, const char *key, const char *value)
{
    sqlite3_stmt *const statement = prepare(store, "INSERT OR REPLACE INTO meta VALUES (?, ?)");
    if (statement == NULL) return false;
    bind_text(statement, 1, key);
    bind_text(statement, 2, value);
    const bool ok = insert(store, statement);
    sqlite3_finalize(statement);
    return ok;
}

static bool put_meta_number(struct sweep_store *store, const char *key, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, number);
    return put_meta(store, key, text);
}

static bool put_scenarios(struct sweep_store *store, const struct sweep_identity *identity)
{
    sqlite3_stmt *const statement = prepare(store, "INSERT INTO scenarios VALUES (?, ?, ?, ?)");
    bool ok = statement != NULL;
    for (uint32_t i = 0; ok && i < identity->points->files_count; i++) {
        sqlite3_bind_int64(statement, 1, i);
        bind_text(statement, 2, identity->points->files[i]);
        bind_text(statement, 3, identity->scenario_names[i]);
        bind_text(statement, 4, identity->scenario_texts[i]);
        ok = insert(store, statement);
    }
    sqlite3_finalize(statement);
    return ok;
}

static bool put_parameters(struct sweep_store *store, sqlite3_stmt *statement, const struct sweep_points *points, uint32_t point, const char *const values[])
{
    for (uint32_t i = 0; i < points->paths_count; i++) {
        sqlite3_bind_int64(statement, 1, point);
        sqlite3_bind_int64(statement, 2, i);
        bind_text(statement, 3, points->paths[i]);
        bind_text(statement, 4, values[i]);
        bind_number(statement, 5, sweep_number(values[i]));
        if (!insert(store, statement)) return false;
    }
    return true;
}

static uint32_t file_of(const struct sweep_points *points, const char *file)
{
    for (uint32_t i = 0; i < points->files_count; i++)
        if (points->files[i] == file) return i;
    return 0;
}

static bool put_points(struct sweep_store *store, const struct sweep_identity *identity)
{
    const struct sweep_points *const points = identity->points;
    sqlite3_stmt *const run = prepare(store, "INSERT INTO runs (run_id, scenario_id, label, scenario_hash, done) VALUES (?, ?, ?, ?, 0)");
    sqlite3_stmt *const parameter = prepare(store, "INSERT INTO parameters VALUES (?, ?, ?, ?, ?)");
    bool ok = run != NULL && parameter != NULL;
    for (uint32_t p = 0; ok && p < points->count; p++) {
        const char *values[SWEEP_PATHS_MAX];
        char hash[24];
        struct fl_text label = { 0 };
        const char *const file = sweep_point_values(points, p, values);
        sweep_point_label(points, p, &label);
        snprintf(hash, sizeof hash, "%016" PRIx64, identity->hashes[p]);
        sqlite3_bind_int64(run, 1, p);
        sqlite3_bind_int64(run, 2, file_of(points, file));
        sqlite3_bind_text(run, 3, label.bytes, (int)label.length, SQLITE_STATIC);
        bind_text(run, 4, hash);
        ok = insert(store, run) && put_parameters(store, parameter, points, p, values);
        sqlite3_clear_bindings(run);
        fl_text_free(&label);
    }
    sqlite3_finalize(run);
    sqlite3_finalize(parameter);
    return ok;
}

static bool put_figures(struct sweep_store *store, const struct sweep_columns *columns)
{
    sqlite3_stmt *const statement = prepare(store, "INSERT INTO figures VALUES (?, ?, ?, ?, ?)");
    bool ok = statement != NULL;
    for (uint32_t c = 0; ok && c < columns->count; c++) {
        struct fl_text column = { 0 };
        char name[64];
        snprintf(name, sizeof name, "%s%s%s", columns->metric[c]->name, columns->statistic[c][0] != '\0' ? "." : "", columns->statistic[c]);
        sweep_add_column(&column, columns->metric[c], columns->statistic[c]);
        bind_text(statement, 1, name);
        sqlite3_bind_int64(statement, 2, c);
        sqlite3_bind_text(statement, 3, column.bytes, (int)column.length, SQLITE_STATIC);
        bind_text(statement, 4, columns->metric[c]->unit);
        sqlite3_bind_int64(statement, 5, fl_metric_better(columns->metric[c]));
        ok = insert(store, statement);
        sqlite3_clear_bindings(statement);
        fl_text_free(&column);
    }
    sqlite3_finalize(statement);
    return ok;
}

/* All that is known before anything is simulated, in one transaction. */
static bool create(struct sweep_store *store, const struct sweep_identity *identity)
{
    struct sweep_columns columns;
    struct fl_text sql = { 0 };
    char pragmas[96];
    sweep_columns_list(&columns);
    sweep_schema(&columns, identity->points, &sql);
    snprintf(pragmas, sizeof pragmas, "PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION_ID, STORE_FORMAT);
    bool ok = !sql.full && begin(store) && run_sql(store, pragmas) && run_sql(store, sql.bytes) && run_sql(store, work_table);
    ok = ok && put_meta_number(store, "format", STORE_FORMAT) && put_meta(store, "fenliu", FENLIU_VERSION) && put_meta_number(store, "seed", identity->seed) &&
         put_meta_number(store, "replications", identity->replications) && put_meta_number(store, "runs", identity->points->count) &&
         put_meta(store, "factorial", identity->points->factorial ? "yes" : "no") && put_meta(store, "state", "running");
    ok = ok && put_scenarios(store, identity) && put_points(store, identity) && put_figures(store, &columns);
    ok = sweep_store_commit(store) && ok;
    fl_text_free(&sql);
    return ok;
}

/* ---- Opening one that is there --------------------------------------------------------------------- */

/* A text of the store; "" where there is none. */
static void get_meta(struct sweep_store *store, const char *key, char *out, size_t size)
{
    sqlite3_stmt *const statement = prepare(store, "SELECT value FROM meta WHERE key = ?");
    out[0] = '\0';
    if (statement == NULL) return;
    bind_text(statement, 1, key);
    if (sqlite3_step(statement) == SQLITE_ROW) snprintf(out, size, "%s", (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
}

static bool same_meta(struct sweep_store *store, const char *key, const char *want)
{
    char got[128];
    get_meta(store, key, got, sizeof got);
    if (strcmp(got, want) == 0) return true;
    fprintf(stderr, "fenliu sweep: %s is of %s %s, not %s; name another store with -o, or remove it\n", store->path, key, got[0] != '\0' ? got : "(none)", want);
    return false;
}

static bool same_meta_number(struct sweep_store *store, const char *key, uint64_t number)
{
    char want[24];
    snprintf(want, sizeof want, "%" PRIu64, number);
    return same_meta(store, key, want);
}

/* Whether the store's points are these; marks those that are done. */
static bool same_points(struct sweep_store *store, const struct sweep_identity *identity)
{
    sqlite3_stmt *const statement = prepare(store, "SELECT run_id, label, scenario_hash, done FROM runs ORDER BY run_id");
    bool ok = statement != NULL;
    for (uint32_t p = 0; ok && p < identity->points->count; p++) {
        struct fl_text label = { 0 };
        char hash[24];
        const bool is_there = sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_int64(statement, 0) == p;
        const char *const got = is_there ? (const char *)sqlite3_column_text(statement, 1) : "nothing";
        const char *const got_hash = is_there ? (const char *)sqlite3_column_text(statement, 2) : "";
        sweep_point_label(identity->points, p, &label);
        snprintf(hash, sizeof hash, "%016" PRIx64, identity->hashes[p]);
        if (strcmp(got, label.bytes) != 0) {
            fprintf(stderr, "fenliu sweep: %s is of another grid: its run %u is %s, not %s; name another store with -o, or remove it\n", store->path, p, got,
                    label.bytes);
            ok = false;
        } else if (strcmp(got_hash, hash) != 0) {
            fprintf(stderr, "fenliu sweep: %s is of another scenario: run %u (%s) has hash %s, not %s; name another store with -o, or remove it\n", store->path,
                    p, got, got_hash, hash);
            ok = false;
        } else {
            store->has[p] = sqlite3_column_int(statement, 3) != 0;
        }
        fl_text_free(&label);
    }
    sqlite3_finalize(statement);
    return ok;
}

/* Nothing else may be called a store. */
static bool is_store(struct sweep_store *store)
{
    sqlite3_stmt *const statement = prepare(store, "PRAGMA application_id");
    const bool ok = statement != NULL && sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_int(statement, 0) == APPLICATION_ID;
    sqlite3_finalize(statement);
    if (!ok) fprintf(stderr, "fenliu sweep: %s is there and is no store of a sweep\n", store->path);
    return ok;
}

static bool identify(struct sweep_store *store, const struct sweep_identity *identity)
{
    char state[16];
    if (!is_store(store) || !same_meta_number(store, "format", STORE_FORMAT) || !same_meta(store, "fenliu", FENLIU_VERSION) ||
        !same_meta_number(store, "seed", identity->seed) || !same_meta_number(store, "replications", identity->replications) ||
        !same_meta_number(store, "runs", identity->points->count) || !same_points(store, identity))
        return false;
    get_meta(store, "state", state, sizeof state);
    store->finished = strcmp(state, "finished") == 0;
    return true;
}

/* ---- The lock --------------------------------------------------------------------------------------- */

/* The file may be removed by whoever held it while we wait for nothing: what is locked must be what the name stands for. */
static int take_lock(struct sweep_store *store)
{
    for (int tries = 0; tries < 100; tries++) {
        struct stat held, named;
        store->lock = open(store->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (store->lock < 0) {
            fprintf(stderr, "fenliu sweep: cannot write %s: %s\n", store->lock_path, strerror(errno));
            return EXIT_UNWRITTEN;
        }
        if (flock(store->lock, LOCK_EX | LOCK_NB) != 0) {
            close(store->lock);
            store->lock = -1;
            fprintf(stderr, "fenliu sweep: another process works on %s; wait for it, or give this one a store of its own with -o\n", store->path);
            return EXIT_USAGE;
        }
        if (fstat(store->lock, &held) == 0 && stat(store->lock_path, &named) == 0 && held.st_ino == named.st_ino && held.st_dev == named.st_dev) return EXIT_DONE;
        close(store->lock);
    }
    store->lock = -1;
    return EXIT_UNWRITTEN;
}

static void let_go(struct sweep_store *store)
{
    if (store->lock < 0) return;
    unlink(store->lock_path);
    close(store->lock);
}

/* ---- Opening and closing --------------------------------------------------------------------------- */

static int unwritten(struct sweep_store *store)
{
    fail(store);
    fprintf(stderr, "fenliu sweep: cannot write %s: %s\n", store->path, store->problem);
    return EXIT_UNWRITTEN;
}

static int open_database(struct sweep_store *store, const struct sweep_identity *identity)
{
    struct stat info;
    const bool has_name = stat(store->path, &info) == 0, is_there = has_name && info.st_size > 0;
    if (has_name && !S_ISREG(info.st_mode)) { /* a device would be taken away when it cannot hold a database */
        fprintf(stderr, "fenliu sweep: %s is there and is no store of a sweep\n", store->path);
        return EXIT_USAGE;
    }
    unlink(store->hidden); /* of a process that ended while it wrote the final form */
    if (sqlite3_open_v2(store->path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) return unwritten(store);
    sqlite3_busy_timeout(store->db, 10000); /* readers may look in meanwhile */
    sqlite3_extended_result_codes(store->db, 1);
    if (is_there && !identify(store, identity)) return EXIT_USAGE;
    if (is_there && !store->finished && !run_sql(store, work_table)) return unwritten(store);
    /* What an interrupted creation left is an empty file: it is one transaction. */
    if (!is_there && !create(store, identity)) {
        const int code = unwritten(store);
        sqlite3_close(store->db);
        store->db = NULL;
        unlink(store->path);
        return code;
    }
    return EXIT_DONE;
}

int sweep_store_open(const char *path, const struct sweep_identity *identity, struct sweep_store **out)
{
    struct sweep_store *const store = calloc(1, sizeof *store);
    bool *const has = calloc(identity->points->count, sizeof *has);
    *out = NULL;
    if (store == NULL || has == NULL || strlen(path) >= sizeof store->path) {
        free(store);
        free(has);
        return run_failed(FL_EFULL, "sweep");
    }
    *store = (struct sweep_store){ .lock = -1, .has = has, .points = identity->points->count };
    snprintf(store->path, sizeof store->path, "%s", path);
    snprintf(store->lock_path, sizeof store->lock_path, "%s.lock", path);
    snprintf(store->hidden, sizeof store->hidden, "%s.part", path);
    int code = take_lock(store);
    if (code == EXIT_DONE) code = open_database(store, identity);
    if (code == EXIT_DONE) *out = store;
    else sweep_store_close(store);
    return code;
}

void sweep_store_close(struct sweep_store *store)
{
    if (store == NULL) return;
    sqlite3_close(store->db);
    let_go(store);
    free(store->has);
    free(store);
}

bool sweep_store_finished(const struct sweep_store *store)
{
    return store->finished;
}

bool sweep_store_has(const struct sweep_store *store, uint32_t point)
{
    return store->has[point];
}

/* ---- Units ------------------------------------------------------------------------------------------ */

bool sweep_store_units(struct sweep_store *store, bool (*on_unit)(void *context, const struct unit *unit, const void *bytes, size_t length), void *context)
{
    sqlite3_stmt *const statement = prepare(store, "SELECT run_id, first, days, bytes FROM work ORDER BY run_id, first");
    bool ok = statement != NULL;
    while (ok && sqlite3_step(statement) == SQLITE_ROW) {
        const struct unit unit = { (uint32_t)sqlite3_column_int64(statement, 0), (uint32_t)sqlite3_column_int64(statement, 1),
                                   (uint32_t)sqlite3_column_int64(statement, 2) };
        const void *const bytes = sqlite3_column_blob(statement, 3);
        ok = on_unit(context, &unit, bytes, (size_t)sqlite3_column_bytes(statement, 3));
    }
    sqlite3_finalize(statement);
    return ok;
}

bool sweep_store_keep(struct sweep_store *store, const struct unit *unit, const void *bytes, size_t length)
{
    if (!begin(store)) return false;
    sqlite3_stmt *const statement = prepare(store, "INSERT OR REPLACE INTO work VALUES (?, ?, ?, ?)");
    if (statement == NULL) return false;
    sqlite3_bind_int64(statement, 1, unit->point);
    sqlite3_bind_int64(statement, 2, unit->first);
    sqlite3_bind_int64(statement, 3, unit->days);
    sqlite3_bind_blob64(statement, 4, bytes, length, SQLITE_STATIC);
    const bool ok = insert(store, statement);
    sqlite3_finalize(statement);
    return ok;
}

/* ---- A point's figures ------------------------------------------------------------------------------- */

/* "INSERT INTO days VALUES (?,?,...)" */
static sqlite3_stmt *prepare_wide(struct sweep_store *store, const char *table, uint32_t columns)
{
    struct fl_text sql = { 0 };
    fl_text_add(&sql, "INSERT INTO %s VALUES (?", table);
    for (uint32_t i = 1; i < columns; i++) fl_text_add(&sql, ",?");
    fl_text_add(&sql, ")");
    sqlite3_stmt *const statement = sql.full ? NULL : prepare(store, sql.bytes);
    fl_text_free(&sql);
    return statement;
}

static void bind_wide(sqlite3_stmt *statement, int from, const double *values, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) bind_number(statement, from + (int)i, values[i]);
}

static bool add_figures(struct sweep_store *store, const struct sweep_result *result, const struct sweep_columns *columns, const char *group,
                        const struct fl_figure figures[])
{
    sqlite3_stmt *const statement = prepare(store, group == NULL ? "INSERT INTO metrics VALUES (?1, ?3, ?4, ?5, ?6, ?7)"
                                                                 : "INSERT INTO group_metrics VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
    bool ok = statement != NULL;
    for (uint32_t c = 0; ok && c < columns->count; c++) {
        const struct fl_figure *const figure = &figures[c];
        char name[64];
        snprintf(name, sizeof name, "%s%s%s", columns->metric[c]->name, columns->statistic[c][0] != '\0' ? "." : "", columns->statistic[c]);
        sqlite3_bind_int64(statement, 1, result->point);
        if (group != NULL) bind_text(statement, 2, group);
        bind_text(statement, 3, name);
        bind_number(statement, 4, figure->known ? figure->value : NAN);
        bind_number(statement, 5, figure->known && figure->sure ? figure->low : NAN);
        bind_number(statement, 6, figure->known && figure->sure ? figure->high : NAN);
        sqlite3_bind_int64(statement, 7, (sqlite3_int64)figure->n);
        ok = insert(store, statement);
        sqlite3_clear_bindings(statement);
    }
    sqlite3_finalize(statement);
    return ok;
}

static bool add_intervals(struct sweep_store *store, const struct sweep_result *result, uint32_t columns)
{
    const struct fl_scenario *const scenario = result->scenario;
    sqlite3_stmt *const statement = prepare_wide(store, "intervals", 4 + columns);
    const double *row = result->intervals;
    bool ok = statement != NULL;
    for (uint32_t i = 0; ok && i < scenario->intervals_count; i++) {
        char from[32], to[32];
        const fl_time ends = (fl_time)(i + 1) * scenario->interval;
        fl_instant_format(scenario, (fl_time)i * scenario->interval, from);
        fl_instant_format(scenario, ends < scenario->duration ? ends : scenario->duration, to);
        for (uint32_t g = 0; ok && g <= scenario->desk.groups_count; g++, row += columns) {
            sqlite3_bind_int64(statement, 1, result->point);
            bind_text(statement, 2, from);
            bind_text(statement, 3, to);
            bind_text(statement, 4, g == 0 ? "*" : scenario->desk.groups[g - 1].name);
            bind_wide(statement, 5, row, columns);
            ok = insert(store, statement);
        }
        if (statement != NULL) sqlite3_clear_bindings(statement);
    }
    sqlite3_finalize(statement);
    return ok;
}

static const char *agent_name(const struct sweep_result *result, uint32_t i)
{
    return result->agent_names[i];
}

static const char *intent_name(const struct sweep_result *result, uint32_t i)
{
    return result->scenario->buyers.intents[i].name;
}

static bool add_named(struct sweep_store *store, const struct sweep_result *result, uint32_t columns, const char *table, const double *rows, uint32_t count,
                      const char *(*name_of)(const struct sweep_result *, uint32_t))
{
    sqlite3_stmt *const statement = prepare_wide(store, table, 3 + columns);
    bool ok = statement != NULL;
    for (uint32_t i = 0; ok && i < count; i++) {
        sqlite3_bind_int64(statement, 1, result->point);
        sqlite3_bind_int64(statement, 2, i);
        bind_text(statement, 3, name_of(result, i));
        bind_wide(statement, 4, rows + (size_t)i * columns, columns);
        ok = insert(store, statement);
    }
    sqlite3_finalize(statement);
    return ok;
}

static bool add_days(struct sweep_store *store, const struct sweep_result *result, uint32_t columns)
{
    sqlite3_stmt *const statement = prepare_wide(store, "days", 3 + columns);
    bool ok = statement != NULL;
    for (uint32_t d = 0; ok && d < result->replications; d++) {
        sqlite3_bind_int64(statement, 1, result->point);
        sqlite3_bind_int64(statement, 2, result->day_numbers[d]);
        sqlite3_bind_int64(statement, 3, result->day_met[d]);
        bind_wide(statement, 4, result->days + (size_t)d * columns, columns);
        ok = insert(store, statement);
    }
    sqlite3_finalize(statement);
    return ok;
}

static bool add_objectives(struct sweep_store *store, const struct sweep_result *result)
{
    sqlite3_stmt *const statement = prepare_wide(store, "objectives", 13);
    bool ok = statement != NULL;
    for (uint32_t i = 0; ok && i < result->scenario->objectives_count; i++) {
        const struct sweep_objective *const objective = &result->objectives[i];
        const struct fl_figure *const got = &objective->judged.figure;
        const double sure[] = { got->known ? got->value : NAN, got->known && got->sure ? got->low : NAN, got->known && got->sure ? got->high : NAN };
        const bool days = result->replications > 1 && objective->judged.by_days;
        sqlite3_bind_int64(statement, 1, result->point);
        sqlite3_bind_int64(statement, 2, i);
        bind_text(statement, 3, objective->name);
        bind_text(statement, 4, objective->want);
        bind_text(statement, 5, objective->per);
        bind_wide(statement, 6, sure, 3);
        bind_text(statement, 9, objective->where[0] != '\0' ? objective->where : NULL);
        bind_number(statement, 10, objective->judged.judged ? objective->judged.met : NAN);
        bind_number(statement, 11, objective->judged.by_days ? objective->judged.days_met : NAN);
        bind_number(statement, 12, days ? objective->judged.days_met_low : NAN);
        bind_number(statement, 13, days ? objective->judged.days_met_high : NAN);
        ok = insert(store, statement);
    }
    sqlite3_finalize(statement);
    return ok;
}

static bool add_packed(struct sweep_store *store, const struct sweep_result *result)
{
    sqlite3_stmt *const statement = prepare(store, "INSERT INTO packed_days VALUES (?, ?)");
    if (statement == NULL) return false;
    sqlite3_bind_int64(statement, 1, result->point);
    sqlite3_bind_blob64(statement, 2, result->packed.bytes, result->packed.length, SQLITE_STATIC);
    const bool ok = insert(store, statement);
    sqlite3_finalize(statement);
    return ok;
}

/* The run is done, and its units are no longer needed. */
static bool complete_run(struct sweep_store *store, const struct sweep_result *result)
{
    sqlite3_stmt *const run = prepare(store, "UPDATE runs SET done = 1, policy = ?2, replications = ?3, agents = ?4, on_duty_max = ?5, objectives_met = ?6, "
                                             "days_met = ?7 WHERE run_id = ?1");
    sqlite3_stmt *const work = prepare(store, "DELETE FROM work WHERE run_id = ?");
    bool ok = run != NULL && work != NULL;
    if (ok) {
        sqlite3_bind_int64(run, 1, result->point);
        bind_text(run, 2, result->policy);
        sqlite3_bind_int64(run, 3, result->replications);
        sqlite3_bind_int64(run, 4, result->agents);
        bind_number(run, 5, result->on_duty_max);
        sqlite3_bind_int64(run, 6, result->objectives_met);
        sqlite3_bind_int64(run, 7, result->days_met);
        sqlite3_bind_int64(work, 1, result->point);
        ok = insert(store, run) && insert(store, work);
    }
    sqlite3_finalize(run);
    sqlite3_finalize(work);
    return ok;
}

bool sweep_store_add(struct sweep_store *store, const struct sweep_result *result, const struct sweep_columns *columns)
{
    const struct fl_scenario *const scenario = result->scenario;
    bool ok = begin(store) && add_figures(store, result, columns, NULL, result->desk);
    for (uint32_t g = 0; ok && g < scenario->desk.groups_count; g++)
        ok = add_figures(store, result, columns, scenario->desk.groups[g].name, result->groups + (size_t)g * columns->count);
    ok = ok && add_intervals(store, result, columns->count) &&
         add_named(store, result, columns->count, "agents", result->agents_table, result->agents, agent_name) &&
         add_named(store, result, columns->count, "intents", result->intents, scenario->buyers.intents_count, intent_name) &&
         add_days(store, result, columns->count) && add_objectives(store, result) && add_packed(store, result) && complete_run(store, result);
    if (ok) store->has[result->point] = true;
    return ok;
}

/* ---- The final form ----------------------------------------------------------------------------------- */

static bool sync_file(struct sweep_store *store, const char *path)
{
    const int file = open(path, O_RDWR | O_CLOEXEC);
    const bool ok = file >= 0 && fsync(file) == 0;
    if (!ok) snprintf(store->problem, sizeof store->problem, "%s", strerror(errno));
    if (file >= 0) close(file);
    return ok;
}

/* The copy becomes the final form by its last change: what is broken off before is still "running", and is finished the next time. The number of
 * changes of the schema would tell how often it was broken off while the work table went and came. */
static bool mark_finished(struct sweep_store *store)
{
    sqlite3 *copy = NULL;
    const bool ok = sqlite3_open_v2(store->hidden, &copy, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
                    sqlite3_exec(copy, "BEGIN; UPDATE meta SET value = 'finished' WHERE key = 'state'; PRAGMA schema_version = 1; COMMIT", NULL, NULL, NULL) == SQLITE_OK;
    if (!ok) snprintf(store->problem, sizeof store->problem, "%.400s", sqlite3_errmsg(copy));
    return sqlite3_close(copy) == SQLITE_OK && ok;
}

static bool write_copy(struct sweep_store *store)
{
    char *const sql = sqlite3_mprintf("VACUUM INTO %Q", store->hidden);
    unlink(store->hidden);
    const bool ok = sql != NULL && run_sql(store, sql);
    sqlite3_free(sql);
    return ok && mark_finished(store) && sync_file(store, store->hidden);
}

/* Tables in the order of the schema, rows in the order of their keys, nothing between them: what the file is does not tell how it came about. */
bool sweep_store_finish(struct sweep_store *store)
{
    bool ok = begin(store) && run_sql(store, "DROP TABLE IF EXISTS work") && sweep_store_commit(store) && write_copy(store);
    if (ok) {
        ok = sqlite3_close(store->db) == SQLITE_OK;
        store->db = NULL;
    }
    if (ok && rename(store->hidden, store->path) != 0) {
        snprintf(store->problem, sizeof store->problem, "%s", strerror(errno));
        ok = false;
    }
    if (!ok) unlink(store->hidden);
    store->finished = ok;
    return ok;
}

int sweep_store_settle(const char *from, const char *path)
{
    struct sweep_store *const store = calloc(1, sizeof *store);
    if (store == NULL) return run_failed(FL_EFULL, "merge");
    store->lock = -1;
    snprintf(store->path, sizeof store->path, "%s", path);
    snprintf(store->hidden, sizeof store->hidden, "%.4095s.part", path);
    bool ok = sqlite3_open_v2(from, &store->db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK || fail(store);
    ok = ok && sweep_store_finish(store);
    if (!ok) fprintf(stderr, "fenliu merge: cannot write %s: %s\n", path, store->problem);
    sweep_store_close(store);
    return ok ? EXIT_DONE : EXIT_UNWRITTEN;
}
