/* What a store says: the screen after a sweep, and its tables as CSV. */
#include "sweep.h"

#include "compare.h"

#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

static sqlite3 *open_to_read(const char *path)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    bool ok = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK && sqlite3_busy_timeout(db, 10000) == SQLITE_OK &&
              sqlite3_prepare_v2(db, "SELECT count(*) FROM meta", -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW;
    if (!ok) fprintf(stderr, "fenliu sweep: cannot read %s as a store of a sweep: %s\n", path, sqlite3_errmsg(db));
    sqlite3_finalize(statement);
    if (ok) return db;
    sqlite3_close(db);
    return NULL;
}

static sqlite3_stmt *ask(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) fprintf(stderr, "fenliu sweep: %s\n", sqlite3_errmsg(db));
    return statement;
}

static const char *text_at(sqlite3_stmt *row, int column)
{
    const char *const text = (const char *)sqlite3_column_text(row, column);
    return text != NULL ? text : "";
}

static double number_at(sqlite3_stmt *row, int column)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL ? NAN : sqlite3_column_double(row, column);
}

/* ---- CSV ------------------------------------------------------------------------------------------- */

/* Whether the store has a table or view of that name; says which there are when not. */
static bool is_there(sqlite3 *db, const char *name)
{
    sqlite3_stmt *const statement = ask(db, "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT IN ('work', 'packed_days') ORDER BY rowid");
    struct fl_text names = { 0 };
    bool found = false;
    while (statement != NULL && sqlite3_step(statement) == SQLITE_ROW) {
        found |= strcmp(text_at(statement, 0), name) == 0;
        fl_text_add(&names, "%s%s", names.length > 0 ? " " : "", text_at(statement, 0));
    }
    if (!found) fprintf(stderr, "fenliu sweep: --export: no table or view \"%s\"; there are: %s\n", name, names.bytes != NULL ? names.bytes : "none");
    sqlite3_finalize(statement);
    fl_text_free(&names);
    return found;
}

static void add_cell(struct fl_text *out, sqlite3_stmt *row, int column)
{
    switch (sqlite3_column_type(row, column)) {
    case SQLITE_NULL: break;
    case SQLITE_FLOAT: fl_text_add_number(out, sqlite3_column_double(row, column)); break;
    default: fl_text_add_csv(out, text_at(row, column));
    }
}

int sweep_export(const char *store, const char *name, const char *out)
{
    sqlite3 *const db = open_to_read(store);
    struct fl_text csv = { 0 };
    if (db == NULL || !is_there(db, name)) {
        sqlite3_close(db);
        return EXIT_USAGE;
    }
    char *const sql = sqlite3_mprintf("SELECT * FROM \"%w\"", name);
    sqlite3_stmt *const row = sql == NULL ? NULL : ask(db, sql);
    int code = row == NULL ? EXIT_INTERNAL : EXIT_DONE, step = SQLITE_DONE;
    const int columns = row == NULL ? 0 : sqlite3_column_count(row);
    for (int c = 0; c < columns; c++) {
        if (c > 0) fl_text_add(&csv, ",");
        fl_text_add_csv(&csv, sqlite3_column_name(row, c));
    }
    fl_text_add(&csv, "\n");
    while (row != NULL && (step = sqlite3_step(row)) == SQLITE_ROW) {
        for (int c = 0; c < columns; c++) {
            if (c > 0) fl_text_add(&csv, ",");
            add_cell(&csv, row, c);
        }
        fl_text_add(&csv, "\n");
    }
    if (step != SQLITE_DONE) {
        fprintf(stderr, "fenliu sweep: cannot read %s: %s\n", store, sqlite3_errmsg(db));
        code = EXIT_USAGE;
    }
    if (code == EXIT_DONE) code = out == NULL || csv.full ? text_print(&csv) : file_put("sweep", out, csv.bytes, csv.length);
    sqlite3_finalize(row);
    sqlite3_free(sql);
    sqlite3_close(db);
    fl_text_free(&csv);
    return code;
}

/* ---- The screen -------------------------------------------------------------------------------------- */

#define SHOWN 20 /* points on the screen; the store has them all */

static const char points_sql[] =
    "SELECT r.run_id, r.label, r.on_duty_max, r.objectives_met, r.days_met, r.replications, a.value, f.value, t.value FROM runs r "
    "LEFT JOIN metrics a ON a.run_id = r.run_id AND a.figure = 'abandonment' LEFT JOIN metrics f ON f.run_id = r.run_id AND f.figure = 'first_response_s.p90' "
    "LEFT JOIN metrics t ON t.run_id = r.run_id AND t.figure = 'reply_rate_3min' WHERE r.done ORDER BY r.run_id";

static void add_padded(struct fl_text *out, const char *text, uint32_t columns)
{
    fl_text_add(out, "  ");
    text_add_padded(out, text, columns, true);
}

static void add_figure(struct fl_text *out, double value, double scale, const char *unit, uint32_t columns)
{
    char text[32] = "-";
    if (isfinite(value)) snprintf(text, sizeof text, "%.1f%s", value * scale, unit);
    add_padded(out, text, columns);
}

static void add_point(struct fl_text *out, sqlite3_stmt *row, bool zh)
{
    char days[32];
    snprintf(days, sizeof days, "%d/%d", sqlite3_column_int(row, 4), sqlite3_column_int(row, 5));
    fl_text_add(out, "%5d", sqlite3_column_int(row, 0));
    add_figure(out, number_at(row, 2), 1, "", 7);
    add_figure(out, number_at(row, 6), 100, "%", 7);
    add_figure(out, number_at(row, 7), 1, zh ? "秒" : " s", 9);
    add_figure(out, number_at(row, 8), 100, "%", 10);
    add_padded(out, days, 9);
    fl_text_add(out, "  %s %s\n", sqlite3_column_int(row, 3) ? "*" : " ", text_at(row, 1));
}

static void add_table(struct fl_text *out, sqlite3 *db, bool zh)
{
    static const char *const heads[][2] = { { "on duty", "在岗" }, { "left", "没等到" }, { "first p90", "首响p90" }, { "3-min rate", "3分钟率" }, { "days met", "达标天" } };
    static const uint32_t widths[] = { 7, 7, 9, 10, 9 };
    sqlite3_stmt *const row = ask(db, points_sql);
    uint32_t count = 0;
    text_add_padded(out, zh ? "点" : "run", 5, true);
    for (int i = 0; i < 5; i++) add_padded(out, heads[i][zh], widths[i]);
    fl_text_add(out, "\n");
    while (row != NULL && sqlite3_step(row) == SQLITE_ROW)
        if (count++ < SHOWN) add_point(out, row, zh);
    if (count > SHOWN) fl_text_add(out, zh ? "  … 另有 %u 个点\n" : "  ... and %u more\n", count - SHOWN);
    fl_text_add(out, zh ? "  * 各目标合并计算都达标\n" : "  * all objectives met, by the figures over all days\n");
    sqlite3_finalize(row);
}

/* The first row of a query of run, label and a number, as a line. */
static void add_first(struct fl_text *out, sqlite3 *db, const char *sql, const char *words, const char *none, double scale, const char *unit)
{
    sqlite3_stmt *const row = ask(db, sql);
    if (row != NULL && sqlite3_step(row) == SQLITE_ROW)
        fl_text_add(out, "%s %d  %s  (%.1f%s)\n", words, sqlite3_column_int(row, 0), text_at(row, 1), sqlite3_column_double(row, 2) * scale, unit);
    else if (none != NULL) fl_text_add(out, "%s\n", none);
    sqlite3_finalize(row);
}

static void add_answers(struct fl_text *out, sqlite3 *db, bool zh)
{
    fl_text_add(out, "\n");
    add_first(out, db, "SELECT run_id, label, on_duty_max FROM met_with_fewest LIMIT 1", zh ? "达标且人最少  点" : "met with the fewest people  run",
              zh ? "没有一个点的目标全部达标" : "no point meets all objectives", 1, zh ? " 人在岗" : " on duty");
    add_first(out, db, "SELECT run_id, label, value FROM best WHERE figure = 'abandonment' AND rank = 1 LIMIT 1", zh ? "走掉的最少    点" : "fewest leave                run",
              NULL, 100, "%");
    add_first(out, db, "SELECT run_id, label, value FROM best WHERE figure = 'first_response_s.p90' AND rank = 1 LIMIT 1",
              zh ? "首响最快      点" : "first reply soonest, p90    run", NULL, 1, zh ? " 秒" : " s");
}

static void add_json(struct fl_text *out, sqlite3 *db, const char *store, uint32_t simulated, uint32_t kept)
{
    sqlite3_stmt *const row = ask(db, points_sql);
    sqlite3_stmt *const fewest = ask(db, "SELECT run_id FROM met_with_fewest LIMIT 1");
    fl_text_add(out, "{\"fenliu\":1,\"command\":\"sweep\",\"store\":");
    fl_text_add_json(out, store);
    fl_text_add(out, ",\"simulated\":%u,\"kept\":%u,\"met_with_fewest\":", simulated, kept);
    if (fewest != NULL && sqlite3_step(fewest) == SQLITE_ROW) fl_text_add(out, "%d", sqlite3_column_int(fewest, 0));
    else fl_text_add(out, "null");
    fl_text_add(out, ",\n\"runs\":[");
    for (uint32_t i = 0; row != NULL && sqlite3_step(row) == SQLITE_ROW; i++) {
        static const char *const names[] = { "abandonment", "first_response_s.p90", "reply_rate_3min" };
        fl_text_add(out, "%s\n{\"run\":%d,\"label\":", i > 0 ? "," : "", sqlite3_column_int(row, 0));
        fl_text_add_json(out, text_at(row, 1));
        fl_text_add(out, ",\"objectives_met\":%s,\"days_met\":%d,\"replications\":%d,\"on_duty_max\":", sqlite3_column_int(row, 3) ? "true" : "false",
                    sqlite3_column_int(row, 4), sqlite3_column_int(row, 5));
        fl_text_add_number(out, number_at(row, 2));
        for (int k = 0; k < 3; k++) {
            fl_text_add(out, ",\"%s\":", names[k]);
            fl_text_add_number(out, number_at(row, 6 + k));
        }
        fl_text_add(out, "}");
    }
    fl_text_add(out, "]}\n");
    sqlite3_finalize(row);
    sqlite3_finalize(fewest);
}

int sweep_screen(const char *store, const struct options *options, uint32_t simulated, uint32_t kept)
{
    const bool zh = options->language == LANGUAGE_ZH;
    sqlite3 *const db = open_to_read(store);
    struct fl_text out = { 0 };
    if (db == NULL) return EXIT_USAGE;
    if (options->json) {
        add_json(&out, db, store, simulated, kept);
    } else {
        fl_text_add(&out, zh ? "%s  共 %u 个点,本次算了 %u 个,原有 %u 个\n\n" : "%s  %u runs: %u simulated now, %u were there\n\n", store, simulated + kept, simulated,
                    kept);
        add_table(&out, db, zh);
        add_answers(&out, db, zh);
        fl_text_add(&out, zh ? "\n表和视图见 fenliu sweep --schema;sqlite3 %s 'SELECT * FROM overview'\n"
                             : "\nTables and views: fenliu sweep --schema; sqlite3 %s 'SELECT * FROM overview'\n", store);
    }
    const int code = text_print(&out);
    fl_text_free(&out);
    sqlite3_close(db);
    return code;
}
