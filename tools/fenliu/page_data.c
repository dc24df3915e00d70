/* What the page of a run is drawn from: the files of its directory, cut down to what is shown. */
#include "page_data.h"

#include "compare.h"
#include "core/special.h"
#include "page_table.h"
#include "shard.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A run directory that is being read. */
struct source {
    const char *directory, *name;
    const struct options *options;
    struct fl_text *out;
    double replications; /* as the manifest has them */
    uint32_t agents, intervals, groups; /* as the scenario has them */
    bool by_date;        /* several dates, which are drawn each as a whole */
};

/* ---- Files ------------------------------------------------------------------------------------- */

static bool damaged(const struct source *source, const char *file, const char *wanted)
{
    fprintf(stderr, "fenliu %s: %s/%s: damaged: wanted %s\n", source->options->command, source->name, file, wanted);
    return false;
}

/* The bytes of a file, to be freed. NULL after saying why, and silently when it is not there and need not be. */
static char *read_file(const struct source *source, const char *file, bool needed, size_t *length)
{
    char path[4400];
    snprintf(path, sizeof path, "%.4096s/%s", source->directory, file);
    char *const bytes = file_bytes(path, length);
    if (bytes != NULL || (!needed && errno == ENOENT)) return bytes;
    fprintf(stderr, "fenliu %s: cannot read %s/%s: %s%s\n", source->options->command, source->name, file, strerror(errno),
            shard_is_one(source->directory)          ? SHARD_HINT
            : errno == ENOENT || errno == ENOTDIR ? " (a run directory is written by fenliu simulate, drive or staff with --out)" : "");
    errno = EIO; /* whatever it was, it has been said */
    return NULL;
}

/* The end of a JSON string that begins at `at`: behind its closing quote, or where the text ends. */
static char *string_end(char *at)
{
    for (at++; *at != '"' && *at != '\0'; at++)
        if (*at == '\\' && at[1] != '\0') at++;
    return at + (*at == '"');
}

/* Makes the array that a member of the outermost object holds an empty one, before anybody takes it apart: of thousands of agents it is
 * megabytes. A text that is not well formed stays so. */
static void empty_array(char *bytes, size_t length, const char *member)
{
    const size_t wanted = strlen(member);
    char *from = NULL;
    uint32_t depth = 0;
    for (char *at = bytes; *at != '\0'; at++) {
        if (*at == '"') {
            char *const end = string_end(at);
            const bool named = depth == 1 && (size_t)(end - at) == wanted + 2 && memcmp(at + 1, member, wanted) == 0;
            if (named && end[0] == ':' && end[1] == '[') from = end + 1;
            at = end - 1;
            continue;
        }
        depth += *at == '{' || *at == '[';
        depth -= depth > 0 && (*at == '}' || *at == ']');
        if (from == NULL || depth != 1 || *at != ']') continue;
        memmove(from + 1, at, (size_t)(bytes + length - at) + 1);
        return;
    }
}

/* A file that is one JSON object; *json stays NULL where it is not there and need not be. `array`: a member that is left empty. */
static bool read_json_without(const struct source *source, const char *file, const char *array, bool needed, cJSON **json)
{
    size_t length;
    *json = NULL;
    errno = 0;
    char *const bytes = read_file(source, file, needed, &length);
    if (bytes == NULL) return !needed && errno == ENOENT;
    const bool whole = strlen(bytes) == length;
    if (whole && array != NULL) empty_array(bytes, length, array);
    if (whole) *json = cJSON_Parse(bytes);
    free(bytes);
    if (cJSON_IsObject(*json)) return true;
    cJSON_Delete(*json);
    *json = NULL;
    return damaged(source, file, "one JSON object");
}

static bool read_json(const struct source *source, const char *file, bool needed, cJSON **json)
{
    return read_json_without(source, file, NULL, needed, json);
}

static bool read_table(const struct source *source, const char *file, bool needed, struct page_table *table)
{
    size_t length;
    *table = (struct page_table){ 0 };
    errno = 0;
    char *const bytes = read_file(source, file, needed, &length);
    if (bytes == NULL) return !needed && errno == ENOENT;
    if (page_table_read(table, bytes, length)) return true;
    page_table_free(table);
    return damaged(source, file, "a header and rows of as many fields");
}

/* A table that has a row for everything it is about. One that was cut between two rows looks whole. */
static bool read_whole_table(const struct source *source, const char *file, double rows, const char *wanted, struct page_table *table)
{
    if (!read_table(source, file, true, table)) return false;
    if (table->rows == rows) return true;
    page_table_free(table);
    return damaged(source, file, wanted);
}

static bool add_json(struct fl_text *out, const char *key, cJSON *json)
{
    char *const text = json == NULL ? NULL : cJSON_PrintUnformatted(json);
    fl_text_add(out, ",\n\"%s\":%s", key, text == NULL ? "null" : "");
    if (text != NULL) fl_text_add_bytes(out, text, strlen(text));
    if (json != NULL && text == NULL) out->full = true;
    cJSON_free(text);
    cJSON_Delete(json);
    return true;
}

static bool add_file(const struct source *source, const char *key, const char *file)
{
    cJSON *json;
    return read_json(source, file, false, &json) && add_json(source->out, key, json);
}

/* What was run: the page shows how to repeat it. */
static bool add_manifest(struct source *source)
{
    cJSON *json;
    if (!read_json(source, "manifest.json", true, &json)) return false;
    const cJSON *const words = cJSON_GetObjectItemCaseSensitive(json, "command_line"), *const days = cJSON_GetObjectItemCaseSensitive(json, "replications");
    if (!cJSON_IsArray(words) || !cJSON_IsNumber(days)) {
        cJSON_Delete(json);
        return damaged(source, "manifest.json", "\"command_line\" and \"replications\"");
    }
    source->replications = days->valuedouble;
    return add_json(source->out, "manifest", json);
}

/* Agents have a table of their own, and are thousands; states are for checks against queues. */
static bool add_summary(const struct source *source)
{
    cJSON *json;
    if (!read_json_without(source, "summary.json", "agents", true, &json)) return false;
    if (!cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(json, "totals"))) {
        cJSON_Delete(json);
        return damaged(source, "summary.json", "\"totals\"");
    }
    cJSON_DeleteItemFromObjectCaseSensitive(json, "agents");
    cJSON_DeleteItemFromObjectCaseSensitive(json, "states");
    return add_json(source->out, "summary", json);
}

/* ---- The scenario ------------------------------------------------------------------------------ */

static void add_seconds(struct fl_text *out, const char *key, fl_time time)
{
    fl_text_add(out, ",\"%s\":", key);
    fl_text_add_number(out, time == FL_TIME_NEVER ? NAN : fl_time_to_s(time));
}

static void add_platform(const struct fl_scenario *scenario, struct fl_text *out)
{
    const struct fl_platform *platform = &scenario->platform;
    fl_text_add(out, ",\"platform\":{\"name\":");
    fl_text_add_json(out, platform->name);
    fl_text_add(out, ",\"days\":%u,\"rounds_min\":%u,\"reply_rate_min\":", platform->days, platform->rounds_min);
    fl_text_add_number(out, platform->reply_rate_min);
    fl_text_add(out, ",\"penalty_cny\":");
    fl_text_add_number(out, platform->penalty_cny);
    add_seconds(out, "reply_within_s", platform->reply_within);
    add_seconds(out, "from_s", platform->window.from);
    add_seconds(out, "to_s", platform->window.to);
    fl_text_add(out, "}");
}

/* What an owner sets in the back office: by kind of agent, as she is defined. */
static void add_settings(const struct fl_scenario *scenario, struct fl_text *out)
{
    const struct fl_desk_def *desk = &scenario->desk;
    static const char *const suspend[] = { "sticky", "strict", "reroute_recent" };
    char policy[96];
    policy_describe(scenario, policy, sizeof policy);
    fl_text_add(out, ",\"settings\":{\"policy\":");
    fl_text_add_json(out, policy);
    fl_text_add(out, ",\"suspend\":\"%s\",\"recent_agent\":%s", suspend[scenario->routing.suspend], scenario->routing.recent_agent ? "true" : "false");
    add_seconds(out, "close_silence_s", desk->close_silence);
    add_seconds(out, "close_when_done_s", desk->close_when_done);
    fl_text_add(out, ",\"auto_suspend_at\":");
    fl_text_add_number(out, desk->auto_suspend.at_open == FL_NONE ? NAN : desk->auto_suspend.at_open);
    fl_text_add(out, ",\"grades\":[");
    bool first = true;
    for (uint32_t g = 0; g < desk->grades_count; g++) {
        if (desk->grades[g].weight == 0) continue;
        fl_text_add(out, first ? "{\"name\":" : ",{\"name\":");
        fl_text_add_json(out, desk->grades[g].name);
        fl_text_add(out, ",\"weight\":%u}", desk->grades[g].weight);
        first = false;
    }
    fl_text_add(out, "],\"kinds\":[");
    /* Alike in grade, weight and chats at once: one line. */
    first = true;
    for (uint32_t d = 0; d < desk->agents_count; d++) {
        const struct fl_agent_def *def = &desk->agents[d];
        uint32_t people = 0;
        bool earlier = false;
        for (uint32_t e = 0; e < desk->agents_count; e++) {
            const struct fl_agent_def *other = &desk->agents[e];
            if (other->grade != def->grade || other->weight != def->weight || other->max_chats != def->max_chats) continue;
            earlier |= e < d;
            people += other->count;
        }
        if (earlier || people == 0) continue;
        fl_text_add(out, "%s{\"grade\":", first ? "" : ",");
        first = false;
        if (def->grade == FL_NONE) fl_text_add(out, "null");
        else fl_text_add_json(out, desk->grades[def->grade].name);
        fl_text_add(out, ",\"people\":%u,\"weight\":%u,\"max_chats\":", people, def->weight);
        fl_text_add_number(out, def->max_chats == FL_UNLIMITED ? NAN : def->max_chats);
        fl_text_add(out, "}");
    }
    fl_text_add(out, "]}");
}

static void add_world(const struct fl_scenario *scenario, struct fl_text *out)
{
    const struct fl_traffic *traffic = &scenario->traffic;
    char at[32];
    fl_text_add(out, ",\n\"world\":{\"name\":");
    fl_text_add_json(out, scenario->name);
    fl_instant_format(scenario, 0, at);
    fl_text_add(out, ",\"start\":\"%s\"", at);
    add_seconds(out, "duration_s", scenario->duration);
    add_seconds(out, "interval_s", scenario->interval);
    add_seconds(out, "warmup_s", scenario->warmup);
    fl_text_add(out, ",\"intervals\":%u,\"agents\":%u,\"groups\":[", scenario->intervals_count, fl_scenario_agents_count(scenario));
    for (uint32_t g = 0; g < scenario->desk.groups_count; g++) {
        fl_text_add(out, g > 0 ? "," : "");
        fl_text_add_json(out, scenario->desk.groups[g].name);
    }
    fl_text_add(out, "],\"day_probability\":%.10g,\"openings\":[", scenario->staffing.day_probability);
    for (uint32_t p = 0; p < traffic->promotions_count; p++) {
        fl_instant_format(scenario, traffic->promotions[p].opens_at, at);
        fl_text_add(out, "%s{\"name\":", p > 0 ? "," : "");
        fl_text_add_json(out, traffic->promotions[p].name);
        fl_text_add(out, ",\"at\":\"%s\"}", at);
    }
    fl_text_add(out, "]");
    add_platform(scenario, out);
    add_settings(scenario, out);
    fl_text_add(out, "}");
}

static bool add_scenario(struct source *source)
{
    char path[4400];
    size_t length;
    struct options plain = *source->options;
    plain.overrides_count = 0;
    char *const bytes = read_file(source, "scenario.json", true, &length);
    free(bytes);
    if (bytes == NULL) return false;
    snprintf(path, sizeof path, "%.4096s/scenario.json", source->directory);
    struct fl_scenario *const scenario = scenario_read(&plain, path, NULL);
    if (scenario == NULL) return false;
    add_world(scenario, source->out);
    source->by_date = fl_scenario_dates(scenario) > 2;
    source->agents = fl_scenario_agents_count(scenario);
    source->intervals = scenario->intervals_count;
    source->groups = scenario->desk.groups_count;
    fl_scenario_free(scenario);
    return true;
}

/* ---- Tables ------------------------------------------------------------------------------------ */

static const char *const day_columns[] = { "replication", "met", "chats_offered", "chats_abandoned", "abandonment", "first_response_s.mean", "first_response_s.p90",
                                           "reply_rate_3min" };
static const char *const interval_columns[] = { "from", "group", "chats_offered", "chats_answered", "chats_abandoned", "leave_messages", "first_response_s.mean",
                                                "first_response_s.p90", "response_s.mean", "reply_rate_3min", "abandonment", "queue_length" };
static const char *const agent_columns[] = { "agent", "chats_answered", "abandonment", "replies", "first_response_s.mean", "response_s.mean", "response_s.p90",
                                             "reply_rate_3min", "occupancy", "concurrency", "queue_depth.mean", "queue_depth.p95", "chats_per_agent_day", "load_band", "wages_cny" };
#define COLUMNS(list) (sizeof(list) / sizeof *(list))

static void add_columns(struct fl_text *out, const char *const columns[], size_t count)
{
    fl_text_add(out, "{\"columns\":[");
    for (size_t c = 0; c < count; c++) fl_text_add(out, "%s\"%s\"", c > 0 ? "," : "", columns[c]);
    fl_text_add(out, "]");
}

static void add_rows(struct fl_text *out, const struct page_table *table, const char *const columns[], size_t count, uint32_t rows)
{
    fl_text_add(out, ",\"rows\":[");
    for (uint32_t r = 0; r < rows; r++) {
        fl_text_add(out, "%s[", r > 0 ? ",\n" : "");
        for (size_t c = 0; c < count; c++) {
            fl_text_add(out, c > 0 ? "," : "");
            page_table_add(table, r, page_table_column(table, columns[c]), out);
        }
        fl_text_add(out, "]");
    }
    fl_text_add(out, "]");
}

/* How many there are, and the exact interval of the share that met all objectives. */
static void add_met(const struct page_table *table, struct fl_text *out)
{
    const uint32_t column = page_table_column(table, "met");
    uint32_t met = 0;
    for (uint32_t r = 0; r < table->rows; r++) met += page_table_number(table, r, column) == 1;
    fl_text_add(out, ",\"all\":%u,\"met_ci95\":", table->rows);
    if (table->rows < 2) fl_text_add(out, "null");
    else fl_text_add(out, "[%.10g,%.10g]", fl_binomial_lower(met, table->rows, 0.025), fl_binomial_upper(met, table->rows, 0.025));
}

static bool add_days(const struct source *source)
{
    struct page_table table;
    struct fl_text *const out = source->out;
    if (!read_whole_table(source, "days.csv", source->replications, "a row for every day of manifest.json", &table)) return false;
    fl_text_add(out, ",\n\"days\":");
    add_columns(out, day_columns, COLUMNS(day_columns));
    add_met(&table, out);
    add_rows(out, &table, day_columns, COLUMNS(day_columns), table.rows < PAGE_DAYS ? table.rows : PAGE_DAYS);
    fl_text_add(out, "}");
    page_table_free(&table);
    return true;
}

static bool add_intervals(const struct source *source)
{
    struct page_table table;
    struct fl_text *const out = source->out;
    if (!read_whole_table(source, "intervals.csv", (double)source->intervals * (source->groups + 1), "a row for every interval of the desk and of each group", &table)) return false;
    if (table.rows > PAGE_ROWS || source->by_date) {
        fl_text_add(out, ",\n\"intervals\":null");
    } else {
        fl_text_add(out, ",\n\"intervals\":");
        add_columns(out, interval_columns, COLUMNS(interval_columns));
        add_rows(out, &table, interval_columns, COLUMNS(interval_columns), table.rows);
        fl_text_add(out, "}");
    }
    page_table_free(&table);
    return true;
}

/* ---- Agents ------------------------------------------------------------------------------------ */

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of every column the least, p10, p50, p90 and most of all agents who have it. */
static bool add_quantiles(struct fl_text *out, const struct page_table *table)
{
    static const double shares[] = { 0, 0.1, 0.5, 0.9, 1 };
    double *const values = malloc(table->rows * sizeof *values);
    if (values == NULL) return false;
    fl_text_add(out, ",\"quantiles\":[");
    for (size_t c = 1; c < COLUMNS(agent_columns); c++) {
        const uint32_t column = page_table_column(table, agent_columns[c]);
        uint32_t n = 0;
        for (uint32_t r = 0; r < table->rows; r++) {
            values[n] = page_table_number(table, r, column);
            n += !isnan(values[n]);
        }
        qsort(values, n, sizeof *values, by_value);
        fl_text_add(out, "%s[", c > 1 ? "," : "");
        for (int s = 0; s < 5; s++) {
            fl_text_add(out, s > 0 ? "," : "");
            fl_text_add_number(out, n > 0 ? values[(uint32_t)(shares[s] * (n - 1) + 0.5)] : NAN);
        }
        fl_text_add(out, "]");
    }
    fl_text_add(out, "]");
    free(values);
    return true;
}

static bool add_agents(const struct source *source)
{
    struct page_table table;
    struct fl_text *const out = source->out;
    if (!read_whole_table(source, "agents.csv", source->agents, "a row for every agent of scenario.json", &table)) return false;
    const uint32_t band_column = page_table_column(&table, "load_band");
    uint32_t bands[5] = { 0 };
    for (uint32_t r = 0; r < table.rows; r++) {
        const double band = page_table_number(&table, r, band_column);
        if (band >= 0 && band < 5) bands[(int)band]++;
    }
    fl_text_add(out, ",\n\"agents\":");
    add_columns(out, agent_columns, COLUMNS(agent_columns));
    fl_text_add(out, ",\"all\":%u,\"bands\":[%u,%u,%u,%u,%u]", table.rows, bands[0], bands[1], bands[2], bands[3], bands[4]);
    if (table.rows <= PAGE_AGENTS) add_rows(out, &table, agent_columns, COLUMNS(agent_columns), table.rows);
    else if (!add_quantiles(out, &table)) out->full = true;
    fl_text_add(out, "}");
    page_table_free(&table);
    return true;
}

/* ---- load.csv ---------------------------------------------------------------------------------- */

/* The rows of an interval follow one another: the desk, its groups, its agents. */
struct load {
    struct page_table table;
    uint32_t from, to, group, agent, agents, on_duty, occupancy, concurrency, depth, waiting; /* columns */
    uint32_t steps, each;     /* intervals; rows of one */
    uint32_t first_agent;     /* of them */
};

static bool load_open(const struct source *source, struct load *load)
{
    struct page_table *const table = &load->table;
    if (!read_table(source, "load.csv", false, table)) return false;
    if (table->fields == NULL) return true;
    uint32_t *const columns[] = { &load->from, &load->to, &load->group, &load->agent, &load->agents, &load->on_duty, &load->occupancy, &load->concurrency, &load->depth,
                                  &load->waiting };
    static const char *const names[] = { "from", "to", "group", "agent", "agents", "on_duty", "occupancy", "concurrency", "queue_depth", "waiting" };
    bool known = table->rows > 0;
    for (size_t c = 0; c < COLUMNS(names); c++) known &= (*columns[c] = page_table_column(table, names[c])) != UINT32_MAX;
    while (known && load->each < table->rows && strcmp(page_table_at(table, load->each, load->from), page_table_at(table, 0, load->from)) == 0) load->each++;
    while (known && load->first_agent < load->each && strcmp(page_table_at(table, load->first_agent, load->agent), "*") == 0) load->first_agent++;
    if (known && load->first_agent > 0 && load->first_agent < load->each && table->rows == (uint64_t)load->each * source->intervals) {
        load->steps = source->intervals;
        return true;
    }
    page_table_free(table);
    return damaged(source, "load.csv", "the desk, its groups and its agents in every interval");
}

/* One of the desk's or a group's figures at every step. */
static void add_series(struct fl_text *out, const struct load *load, const char *key, uint32_t column, uint32_t row)
{
    fl_text_add(out, ",\"%s\":[", key);
    for (uint32_t s = 0; s < load->steps; s++) {
        fl_text_add(out, s > 0 ? "," : "");
        page_table_add(&load->table, s * load->each + row, column, out);
    }
    fl_text_add(out, "]");
}

/* The mean queue depth of agents [first, last) in the steps [from, to), by the time they were on duty; null: nobody was. */
static void add_depth(struct fl_text *out, const struct load *load, uint32_t first, uint32_t last, uint32_t from, uint32_t to)
{
    double duty = 0, depth = 0;
    for (uint32_t s = from; s < to; s++) {
        for (uint32_t a = first; a < last; a++) {
            const uint32_t row = s * load->each + load->first_agent + a;
            const double on = page_table_number(&load->table, row, load->on_duty), own = page_table_number(&load->table, row, load->depth);
            if (isnan(on) || isnan(own)) continue;
            duty += on;
            depth += on * own;
        }
    }
    if (duty > 0) fl_text_add(out, "%.3g", depth / duty);
    else fl_text_add(out, "null");
}

static void add_heat(struct fl_text *out, const struct load *load)
{
    const uint32_t agents = load->each - load->first_agent, together = (agents + PAGE_HEAT_ROWS - 1) / PAGE_HEAT_ROWS;
    const uint32_t span = (load->steps + PAGE_HEAT_COLUMNS - 1) / PAGE_HEAT_COLUMNS;
    fl_text_add(out, ",\"depth\":{\"span\":%u,\"agents\":[", span);
    for (uint32_t a = 0; a < agents; a += together) {
        double people = 0;
        for (uint32_t i = a; i < agents && i < a + together; i++) people += page_table_number(&load->table, load->first_agent + i, load->agents);
        fl_text_add(out, a > 0 ? ",[" : "[");
        fl_text_add_json(out, page_table_at(&load->table, load->first_agent + a, load->agent));
        fl_text_add(out, ",%.0f]", people);
    }
    fl_text_add(out, "],\"rows\":[");
    for (uint32_t a = 0; a < agents; a += together) {
        fl_text_add(out, a > 0 ? ",\n[" : "[");
        for (uint32_t s = 0; s < load->steps; s += span) {
            fl_text_add(out, s > 0 ? "," : "");
            add_depth(out, load, a, a + together < agents ? a + together : agents, s, s + span < load->steps ? s + span : load->steps);
        }
        fl_text_add(out, "]");
    }
    fl_text_add(out, "]}");
}

static bool add_load(const struct source *source)
{
    struct load load = { .each = 0 };
    struct fl_text *const out = source->out;
    if (!load_open(source, &load)) return false;
    if (load.table.fields == NULL) {
        fl_text_add(out, ",\n\"load\":null");
        return true;
    }
    fl_text_add(out, ",\n\"load\":{\"steps\":[");
    const bool series = load.steps <= PAGE_ROWS && !source->by_date;
    for (uint32_t s = 0; s < load.steps; s++) {
        fl_text_add(out, s > 0 ? "," : "");
        fl_text_add_json(out, page_table_at(&load.table, s * load.each, load.from));
    }
    fl_text_add(out, "],\"groups\":[");
    for (uint32_t g = 0; g < load.first_agent && series; g++) {
        fl_text_add(out, g > 0 ? ",{\"name\":" : "{\"name\":");
        fl_text_add_json(out, page_table_at(&load.table, g, load.group));
        add_series(out, &load, "on_duty", load.on_duty, g);
        add_series(out, &load, "occupancy", load.occupancy, g);
        add_series(out, &load, "concurrency", load.concurrency, g);
        add_series(out, &load, "queue_depth", load.depth, g);
        add_series(out, &load, "waiting", load.waiting, g);
        fl_text_add(out, "}");
    }
    fl_text_add(out, "]");
    add_heat(out, &load);
    fl_text_add(out, "}");
    page_table_free(&load.table);
    return true;
}

/* ---- Runs -------------------------------------------------------------------------------------- */

static bool add_run(const char *directory, const char *name, const struct options *options, struct fl_text *out)
{
    struct source source = { .directory = directory, .name = name, .options = options, .out = out };
    const char *base = name;
    for (const char *at = name; *at != '\0'; at++)
        if (*at == '/' && at[1] != '/' && at[1] != '\0') base = at + 1;
    fl_text_add(out, "{\"name\":");
    fl_text_add_json(out, base);
    return add_manifest(&source) && add_summary(&source) && add_scenario(&source) && add_days(&source) && add_intervals(&source) &&
           add_load(&source) && add_agents(&source) && add_file(&source, "staff", "staff.json") && add_file(&source, "engine", "engine.json");
}

int page_data(const char *const directories[], const char *const names[], uint32_t count, const struct options *options, struct fl_text *out)
{
    static const char *const languages[] = { "\"en\"", "\"zh\"" };
    fl_text_add(out, "{\"fenliu\":1,\"version\":\"%s\",\"language\":%s,\"runs\":[\n", FENLIU_VERSION, options->has_language ? languages[options->language] : "null");
    for (uint32_t i = 0; i < count; i++) {
        fl_text_add(out, i > 0 ? ",\n" : "");
        if (!add_run(directories[i], names[i], options, out)) return EXIT_USAGE;
        fl_text_add(out, "}");
    }
    fl_text_add(out, "],\n\"comparison\":");
    int code = EXIT_DONE;
    if (count == 2) code = compare_finished(directories, options, out);
    else fl_text_add(out, "null");
    fl_text_add(out, "}");
    return code;
}
