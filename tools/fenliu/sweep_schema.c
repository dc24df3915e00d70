/* The tables of a sweep's store, as SQL. What stands here is what `fenliu sweep --schema` prints and what every store is made with. */
#include "sweep.h"

#include <string.h>

static const char head[] =
    "-- The store of a sweep: SQLite 3. One row of `runs` a point of the grid; every other table has its run_id.\n"
    "--\n"
    "-- All runs were simulated with the same seed and the same days (meta), so day d of one run has the buyers of day d of every other one and\n"
    "-- differences may be taken day by day. A figure is called as in scenarios and summary.json (\"first_response_s.p90\") where it is a value,\n"
    "-- and with _ for . where it is a column (first_response_s_p90). Shares are from 0 to 1, times in seconds, money in CNY a day. NULL: not\n"
    "-- known (no such thing happened, or the scenario does not give it). Intervals are 95 %; NULL where the days cannot tell.\n"
    "-- Rows are the same, and the finished file is the same to the byte, whatever --jobs was and however often the sweep was broken off.\n"
    "--\n"
    "-- Questions and where they are answered:\n"
    "--   the whole grid at a glance                      SELECT * FROM overview\n"
    "--   which point is best by a figure                 SELECT * FROM best WHERE figure = 'abandonment' LIMIT 5\n"
    "--   all objectives met with the fewest people       SELECT * FROM met_with_fewest LIMIT 1\n"
    "--   a figure by the values of a parameter           SELECT * FROM metric_by_parameter WHERE figure = 'first_response_s.p90'\n"
    "--   two points, paired day by day                   SELECT a.day, b.abandonment - a.abandonment FROM days a JOIN days b USING (day)\n"
    "--                                                     WHERE a.run_id = 0 AND b.run_id = 1\n"
    "-- With intervals and Holm's correction: fenliu compare STORE.\n"
    "\n";

static const char narrow[] =
    "-- format, fenliu (version), seed, replications, runs, state: 'running', or 'finished' when every run is there.\n"
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;\n"
    "\n"
    "-- The scenario files with --set applied, but none of the values that vary.\n"
    "CREATE TABLE scenarios (scenario_id INTEGER PRIMARY KEY, file TEXT NOT NULL, name TEXT, text TEXT NOT NULL);\n"
    "\n"
    "-- The points. scenario_hash is that of the scenario with the point's values; a row is there from the start, its figures come when it is done.\n"
    "-- agents: sub-accounts in the scenario; on_duty_max: most people on duty in an interval, mean of the days; objectives_met: all of them, by the\n"
    "-- pooled figures; days_met: on how many of `replications` days.\n"
    "CREATE TABLE runs (run_id INTEGER PRIMARY KEY, scenario_id INTEGER NOT NULL REFERENCES scenarios, label TEXT NOT NULL, scenario_hash TEXT NOT NULL,\n"
    "    done INTEGER NOT NULL, policy TEXT, replications INTEGER, agents INTEGER, on_duty_max REAL, objectives_met INTEGER, days_met INTEGER);\n"
    "\n"
    "-- What varies: value as given, and as a number where it is one (durations in seconds).\n"
    "CREATE TABLE parameters (run_id INTEGER NOT NULL REFERENCES runs, position INTEGER NOT NULL, path TEXT NOT NULL, value TEXT NOT NULL, number REAL,\n"
    "    PRIMARY KEY (run_id, position)) WITHOUT ROWID;\n"
    "\n"
    "-- The figures. better: 1 more is, -1 less is, 0 neither; column_name: of the wide tables.\n"
    "CREATE TABLE figures (figure TEXT PRIMARY KEY, position INTEGER NOT NULL, column_name TEXT NOT NULL, unit TEXT NOT NULL, better INTEGER NOT NULL) WITHOUT ROWID;\n"
    "\n"
    "-- Figures of the desk, and of its groups, over all days. n: days behind a count, events behind a share or time.\n"
    "CREATE TABLE metrics (run_id INTEGER NOT NULL REFERENCES runs, figure TEXT NOT NULL REFERENCES figures, value REAL, ci95_low REAL, ci95_high REAL,\n"
    "    n INTEGER NOT NULL, PRIMARY KEY (run_id, figure)) WITHOUT ROWID;\n"
    "CREATE TABLE group_metrics (run_id INTEGER NOT NULL REFERENCES runs, desk_group TEXT NOT NULL, figure TEXT NOT NULL REFERENCES figures, value REAL,\n"
    "    ci95_low REAL, ci95_high REAL, n INTEGER NOT NULL, PRIMARY KEY (run_id, desk_group, figure)) WITHOUT ROWID;\n"
    "\n"
    "-- worst_at: the interval, group or agent whose figure `got` is, for objectives per such; days_met_*: share of days, 95 %. met is NULL, and so is\n"
    "-- days_met, where an outside engine is judged and none was driven.\n"
    "CREATE TABLE objectives (run_id INTEGER NOT NULL REFERENCES runs, position INTEGER NOT NULL, objective TEXT NOT NULL, want TEXT NOT NULL,\n"
    "    per TEXT NOT NULL, got REAL, ci95_low REAL, ci95_high REAL, worst_at TEXT, met INTEGER, days_met INTEGER, days_met_low REAL,\n"
    "    days_met_high REAL, PRIMARY KEY (run_id, position)) WITHOUT ROWID;\n"
    "\n";

struct wide {
    const char *comment, *name, *keys, *primary;
};
static const struct wide tables[] = {
    { "Every interval of the day over all days; desk_group '*' is the whole desk.", "intervals",
      "starts TEXT NOT NULL, ends TEXT NOT NULL, desk_group TEXT NOT NULL", "run_id, starts, desk_group" },
    { "Every agent over all days, in the order of the scenario.", "agents", "position INTEGER NOT NULL, agent TEXT NOT NULL", "run_id, position" },
    { "Every intent over all days.", "intents", "position INTEGER NOT NULL, intent TEXT NOT NULL", "run_id, position" },
    { "The desk on every day; met: all objectives on that day.", "days", "day INTEGER NOT NULL, met INTEGER NOT NULL", "run_id, day" },
};

static const char tail[] =
    "-- The days exactly, with their histograms: days.bin of a run directory, compressed with zstd. What `fenliu compare STORE` reads.\n"
    "CREATE TABLE packed_days (run_id INTEGER PRIMARY KEY REFERENCES runs, bytes BLOB NOT NULL);\n"
    "\n";

static const char views[] =
    "-- Every figure's ranking, best first; ties share a rank. Figures that have no better end are left out.\n"
    "CREATE VIEW best AS SELECT m.figure, rank() OVER (PARTITION BY m.figure ORDER BY -f.better * m.value) AS rank, m.run_id, r.label, m.value,\n"
    "    m.ci95_low, m.ci95_high, r.objectives_met, r.days_met FROM metrics m JOIN figures f USING (figure) JOIN runs r USING (run_id)\n"
    "    WHERE f.better <> 0 AND m.value IS NOT NULL ORDER BY m.figure, rank, m.run_id;\n"
    "\n"
    "-- Points that meet all objectives, fewest people on duty first, then fewest sub-accounts, then least wages, then most days met.\n"
    "CREATE VIEW met_with_fewest AS SELECT r.run_id, r.label, r.on_duty_max, r.agents, w.value AS wages_cny, r.days_met, r.replications\n"
    "    FROM runs r LEFT JOIN metrics w ON w.run_id = r.run_id AND w.figure = 'wages_cny' WHERE r.objectives_met = 1\n"
    "    ORDER BY r.on_duty_max, r.agents, w.value IS NULL, w.value, -r.days_met, r.run_id;\n"
    "\n"
    "-- Over the points that share a parameter's value: the mean of a figure, its least and its most.\n"
    "CREATE VIEW metric_by_parameter AS SELECT p.path, p.value AS parameter, p.number, m.figure, count(m.value) AS runs, avg(m.value) AS mean,\n"
    "    min(m.value) AS least, max(m.value) AS most FROM parameters p JOIN metrics m USING (run_id) GROUP BY p.path, p.value, m.figure\n"
    "    ORDER BY p.path, p.number, p.value, m.figure;\n";

/* An identifier in quotes. */
static void add_name(struct fl_text *out, const char *name)
{
    fl_text_add(out, "\"");
    for (; *name != '\0'; name++) fl_text_add(out, *name == '"' ? "\"\"" : "%c", *name);
    fl_text_add(out, "\"");
}

void sweep_add_column(struct fl_text *out, const struct fl_metric *metric, const char *statistic)
{
    fl_text_add(out, "%s%s%s", metric->name, statistic[0] != '\0' ? "_" : "", statistic);
}

static void add_wide(struct fl_text *out, const struct wide *table, const struct sweep_columns *columns)
{
    fl_text_add(out, "-- %s\nCREATE TABLE %s (run_id INTEGER NOT NULL REFERENCES runs, %s", table->comment, table->name, table->keys);
    for (uint32_t c = 0; c < columns->count; c++) {
        fl_text_add(out, c % 6 == 0 ? ",\n    " : ", ");
        sweep_add_column(out, columns->metric[c], columns->statistic[c]);
        fl_text_add(out, " REAL");
    }
    fl_text_add(out, ",\n    PRIMARY KEY (%s)) WITHOUT ROWID;\n\n", table->primary);
}

/* The points' values as columns under the names of their paths. */
static void add_overview(struct fl_text *out, const char *const paths[], uint32_t paths_count)
{
    static const char *const figures[] = { "abandonment", "first_response_s.mean", "first_response_s.p90", "response_s.mean", "reply_rate_3min",
                                           "occupancy", "wages_cny", "profit_cny" };
    fl_text_add(out, "-- A row a run: the values that vary, each under its path, whether all objectives are met, and the figures asked for most.\n"
                     "CREATE VIEW overview AS SELECT r.run_id, s.file AS scenario");
    for (uint32_t i = 0; i < paths_count; i++) {
        fl_text_add(out, ",\n    (SELECT coalesce(p.number, p.value) FROM parameters p WHERE p.run_id = r.run_id AND p.position = %u) AS ", i);
        add_name(out, paths[i]);
    }
    fl_text_add(out, ",\n    r.objectives_met, r.days_met, r.replications, r.on_duty_max, r.agents");
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        const char *statistic;
        const struct fl_metric *const metric = fl_metric_find(figures[i], &statistic);
        fl_text_add(out, ",\n    (SELECT m.value FROM metrics m WHERE m.run_id = r.run_id AND m.figure = '%s') AS ", figures[i]);
        sweep_add_column(out, metric, statistic);
    }
    fl_text_add(out, "\n    FROM runs r JOIN scenarios s USING (scenario_id) WHERE r.done ORDER BY r.run_id;\n\n");
}

void sweep_schema(const struct sweep_columns *columns, const struct sweep_points *points, struct fl_text *out)
{
    static const char *const examples[] = { "desk.agents[0].count", "routing.policy" };
    fl_text_add_bytes(out, head, sizeof head - 1);
    fl_text_add_bytes(out, narrow, sizeof narrow - 1);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) add_wide(out, &tables[i], columns);
    fl_text_add_bytes(out, tail, sizeof tail - 1);
    if (points != NULL) add_overview(out, points->paths, points->paths_count);
    else add_overview(out, examples, 2);
    fl_text_add_bytes(out, views, sizeof views - 1);
}
