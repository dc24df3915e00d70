#include "command.h"
#include "replay_log.h"
#include "page.h"

#include "record/days.h"
#include "record/hlog.h"
#include "routing/policy.h"
#include "run/gather.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- Options ----------------------------------------------------------------------------------- */

const char *option_value(int argc, char **argv, int *i, const char *name)
{
    const size_t length = strlen(name);
    const bool is_letter = name[1] != '-';
    if (strncmp(argv[*i], name, length) != 0) return NULL;
    if (argv[*i][length] == '=') return argv[*i] + length + 1;
    if (argv[*i][length] != '\0') return is_letter ? argv[*i] + length : NULL;
    if (*i + 1 < argc) return argv[++*i];
    fprintf(stderr, "fenliu: %s wants a value\n", name);
    return "";
}

static bool number_of(const char *name, const char *value, uint64_t least, uint64_t most, uint64_t *out)
{
    char *end;
    errno = 0;
    const uint64_t number = strtoull(value, &end, 10);
    if (errno != 0 || end == value || *end != '\0' || value[0] == '-' || number < least || number > most) {
        fprintf(stderr, "fenliu: %s: wanted a whole number from %llu to %llu, got \"%s\"\n", name, (unsigned long long)least,
                (unsigned long long)most, value);
        return false;
    }
    *out = number;
    return true;
}

/* What --set was given lives as long as the process, and stays reachable for leak checkers. */
struct kept {
    struct kept *previous;
    char text[];
};
static struct kept *kept_overrides;

static char *keep(const char *text)
{
    const size_t bytes = strlen(text) + 1;
    struct kept *const kept = malloc(sizeof *kept + bytes);
    if (kept == NULL) return NULL;
    kept->previous = kept_overrides;
    kept_overrides = kept;
    return memcpy(kept->text, text, bytes);
}

bool override_add(struct options *options, const char *value)
{
    char *copy = keep(value), *equals = copy == NULL ? NULL : strchr(copy, '=');
    if (equals == NULL || equals == copy || options->overrides_count == 64) {
        fprintf(stderr, "fenliu: --set: wanted PATH=VALUE%s, got \"%s\"\n", options->overrides_count == 64 ? ", at most 64 times" : "", value);
        return false;
    }
    *equals = '\0';
    options->overrides[options->overrides_count++] = (struct fl_override){ copy, equals + 1 };
    return true;
}

enum language language_of_locale(void)
{
    const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };
    for (int i = 0; i < 3; i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != '\0') return strncmp(value, "zh", 2) == 0 ? LANGUAGE_ZH : LANGUAGE_EN;
    }
    return LANGUAGE_EN;
}

static int take_common(struct options *options, int argc, char **argv, int *i)
{
    int taken;
    const char *value;
    uint64_t number = 0;
    if (strcmp(argv[*i], "--json") == 0) options->json = true;
    else if (strcmp(argv[*i], "--quiet") == 0 || strcmp(argv[*i], "-q") == 0) options->quiet = true;
    else if (strcmp(argv[*i], "--help") == 0 || strcmp(argv[*i], "-h") == 0) options->help = true;
    else if ((value = option_value(argc, argv, i, "--set")) != NULL) return override_add(options, value) ? 1 : -1;
    else if ((taken = replay_take(options, argc, argv, i)) != 0) return taken;
    else if ((value = option_value(argc, argv, i, "--seed")) != NULL || (value = option_value(argc, argv, i, "-s")) != NULL) {
        options->has_seed = true;
        return number_of("--seed", value, 0, UINT64_MAX, &options->seed) ? 1 : -1;
    } else if ((value = option_value(argc, argv, i, "--replications")) != NULL || (value = option_value(argc, argv, i, "-n")) != NULL) {
        if (!number_of("--replications", value, 1, 10000000, &number)) return -1;
        options->replications = (uint32_t)number;
    } else if ((value = option_value(argc, argv, i, "--jobs")) != NULL || (value = option_value(argc, argv, i, "-j")) != NULL) {
        if (!number_of("--jobs", value, 1, 1024, &number)) return -1;
        options->jobs = (uint32_t)number;
    } else if ((value = option_value(argc, argv, i, "--out")) != NULL || (value = option_value(argc, argv, i, "-o")) != NULL) {
        if (value[0] == '\0') return -1;
        options->out = value;
    } else if ((value = option_value(argc, argv, i, "--lang")) != NULL) {
        if (strcmp(value, "zh") != 0 && strcmp(value, "en") != 0) {
            fprintf(stderr, "fenliu: --lang: wanted zh or en, got \"%s\"\n", value);
            return -1;
        }
        options->language = strcmp(value, "zh") == 0 ? LANGUAGE_ZH : LANGUAGE_EN;
        options->has_language = true;
    } else {
        return 0;
    }
    return 1;
}

bool options_read(struct options *options, int argc, char **argv, take_option *more, void *context)
{
    *options = (struct options){ .command = argv[0], .seed = 1, .language = language_of_locale() };
    bool only_files = false;
    for (int i = 1; i < argc; i++) {
        if (only_files || argv[i][0] != '-' || argv[i][1] == '\0') {
            if (options->files_count == FILES_MAX) {
                fprintf(stderr, "fenliu %s: at most %u files\n", argv[0], FILES_MAX);
                return false;
            }
            options->files[options->files_count++] = argv[i];
            continue;
        }
        if (strcmp(argv[i], "--") == 0) {
            only_files = true;
            continue;
        }
        const char *option = argv[i];
        int taken = more != NULL ? more(context, options, argc, argv, &i) : 0;
        if (taken == 0) taken = take_common(options, argc, argv, &i);
        if (taken < 0) return false;
        if (taken == 0) {
            fprintf(stderr, "fenliu %s: unknown option %s; see fenliu %s --help\n", argv[0], option, argv[0]);
            return false;
        }
    }
    return true;
}

/* ---- Scenarios --------------------------------------------------------------------------------- */

static char *read_all(FILE *file, size_t *bytes)
{
    size_t room = 1 << 16, used = 0;
    char *text = malloc(room);
    while (text != NULL) {
        used += fread(text + used, 1, room - used, file);
        if (used < room || used > FL_SCENARIO_BYTES_MAX) break; /* the reader refuses what is too long */
        char *larger = realloc(text, room *= 2);
        if (larger == NULL) free(text);
        text = larger;
    }
    if (text != NULL && ferror(file)) {
        free(text);
        text = NULL;
    }
    *bytes = used;
    return text;
}

struct fl_scenario *scenario_read(const struct options *options, const char *path, char **text)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    size_t bytes = 0;
    char *bytes_read = file == NULL ? NULL : read_all(file, &bytes);
    if (bytes_read == NULL) fprintf(stderr, "fenliu %s: cannot read %s: %s\n", options->command, path, strerror(errno));
    if (file != NULL && file != stdin) fclose(file);
    if (bytes_read == NULL) return NULL;
    struct fl_scenario *scenario = NULL;
    struct fl_errors *errors = calloc(1, sizeof *errors);
    if (errors == NULL || fl_scenario_read(path, bytes_read, bytes, options->overrides, options->overrides_count, &scenario, errors) != FL_OK) {
        for (uint32_t i = 0; errors != NULL && i < errors->count; i++) {
            char line[1024];
            fl_error_format(&errors->list[i], path, line, sizeof line);
            fprintf(stderr, "%s\n", line);
        }
        if (errors != NULL && errors->more > 0) fprintf(stderr, "%s: and %u more\n", path, errors->more);
        scenario = NULL;
    } else if (text != NULL) {
        *text = fl_scenario_text(bytes_read, bytes, options->overrides, options->overrides_count);
    }
    free(errors);
    free(bytes_read);
    return scenario;
}

/* In the text the log of a replay has its whole path: whoever keeps the text may keep it elsewhere. */
static bool text_names_log(const char *log, char **text)
{
    const struct fl_override whole = { "traffic.replay.log", log }; /* no JSON begins with a slash: it is taken as a text */
    char *const other = fl_scenario_text(*text, strlen(*text), &whole, 1);
    free(*text);
    *text = other;
    return other != NULL;
}

struct fl_scenario *scenario_open(const struct options *options, const char *path, char **text)
{
    struct fl_scenario *scenario = scenario_read(options, path, text);
    if (scenario == NULL || scenario->traffic.replay.log == NULL) return scenario;
    char *const log = replay_log_of(options, scenario, path);
    const bool ok = log != NULL && replay_attach(options, scenario, log) && (text == NULL || *text == NULL || text_names_log(log, text));
    free(log);
    if (ok) return scenario;
    if (text != NULL) {
        free(*text);
        *text = NULL;
    }
    fl_scenario_free(scenario);
    return NULL;
}

/* ---- Progress ---------------------------------------------------------------------------------- */

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void progress_start(struct progress *progress, const struct options *options, const char *what)
{
    *progress = (struct progress){ .quiet = options->quiet, .terminal = isatty(STDERR_FILENO), .what = what, .started_ns = now_ns() };
}

void progress_step(void *self, uint32_t done, uint32_t all)
{
    struct progress *progress = self;
    const uint64_t now = now_ns();
    const double spent = (double)(now - progress->started_ns) * 1e-9;
    if (progress->quiet) return;
    if (progress->terminal) {
        if (now - progress->shown_ns < 100000000u && done < all) return;
        progress->shown_ns = now;
        char bar[31];
        const uint32_t full = (uint32_t)((uint64_t)done * 30 / all);
        for (uint32_t i = 0; i < 30; i++) bar[i] = i < full ? '#' : '.';
        bar[30] = '\0';
        fprintf(stderr, "\r%s [%s] %u/%u  %.0f/s  %.0f s left ", progress->what, bar, done, all, done / (spent > 0 ? spent : 1e-9),
                spent / done * (all - done));
    } else if (spent > 2 && (uint64_t)done * 10 / all > progress->tenth) {
        progress->tenth = (uint32_t)((uint64_t)done * 10 / all);
        fprintf(stderr, "%s: %u of %u, %.0f s\n", progress->what, done, all, spent);
    }
}

void progress_end(struct progress *progress)
{
    if (!progress->quiet && progress->terminal && progress->shown_ns > 0) fprintf(stderr, "\r\033[K");
}

/* ---- Results ----------------------------------------------------------------------------------- */

int run_failed(enum fl_status status, const char *what)
{
    if (status == FL_EINTERRUPTED) {
        fprintf(stderr, "fenliu: interrupted before a day was done; nothing was written\n");
        return EXIT_INTERRUPTED;
    }
    fprintf(stderr, "fenliu: %s: %s\n", what, status == FL_EFULL ? "a day needs more memory than there is" : fl_status_sentence(status));
    return status == FL_EENGINE ? EXIT_ENGINE : EXIT_INTERNAL;
}

int text_print(const struct fl_text *text)
{
    errno = ENOMEM;
    if (text->full || fwrite(text->bytes, 1, text->length, stdout) != text->length || fflush(stdout) != 0) {
        fprintf(stderr, "fenliu: cannot write the answer: %s\n", strerror(errno));
        return EXIT_UNWRITTEN;
    }
    return EXIT_DONE;
}

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

static void manifest_add(struct fl_text *out, const struct run_record *record)
{
    const struct fl_run *run = record->run;
    fl_text_add(out, "{\"fenliu\":1,\"version\":\"%s\",\"compiler\":", FENLIU_VERSION);
    fl_text_add_json(out, COMPILER);
    fl_text_add(out, ",\"command_line\":[");
    for (int i = 0; i < record->argc; i++) {
        fl_text_add(out, i > 0 ? "," : "\"fenliu\",");
        fl_text_add_json(out, record->argv[i]);
    }
    fl_text_add(out, "],\"command\":\"%s\",\"engine\":", record->head->command);
    fl_text_add_json(out, record->head->policy);
    fl_text_add(out, ",\"seed\":\"%llu\",\"scenario_hash\":\"%016llx\",\"replications\":%u,\"partial\":%s,\"jobs\":%u,",
                (unsigned long long)run->seed, (unsigned long long)run->results.scenario->hash, run->results.rows_count,
                run->partial ? "true" : "false", run->jobs);
    if (record->shard != NULL)
        fl_text_add(out, "\"shard\":{\"index\":%u,\"of\":%u,%s\"first\":%u,\"days\":%u,\"replications\":%u},", record->shard->shard, record->shard->shards,
                    record->divides_desk ? "\"divided\":\"desk\"," : "", record->shard->first, record->shard->days, record->shard->replications);
    if (record->desk_shards > 1) fl_text_add(out, "\"desk_shards\":%u,", record->desk_shards);
    fl_text_add(out, "\"wall_s\":%.3f,\"cpu_s\":%.3f,\"arena_bytes\":%zu}\n", run->wall_s, run->cpu_s, run->arena_high);
}

static enum fl_status write_text(struct fl_rundir *dir, const char *name, struct fl_text *text)
{
    enum fl_status status = FL_EFULL;
    if (!text->full) status = fl_rundir_write(dir, name, text->bytes, text->length);
    else snprintf(dir->problem, sizeof dir->problem, "cannot write %s: out of memory", name);
    fl_text_free(text);
    return status;
}

static enum fl_status write_extras(struct fl_rundir *dir, const struct run_record *record)
{
    enum fl_status status = FL_OK;
    for (size_t i = 0; i < sizeof record->extras / sizeof *record->extras && status == FL_OK && record->extras[i].name != NULL; i++) {
        struct fl_text text = { 0 };
        fl_text_add_bytes(&text, record->extras[i].text->bytes, record->extras[i].text->length);
        text.full |= record->extras[i].text->full;
        status = write_text(dir, record->extras[i].name, &text);
    }
    return status;
}

static enum fl_status write_all(struct fl_rundir *dir, const struct run_record *record)
{
    struct fl_text text = { 0 };
    const struct fl_results *results = &record->run->results;
    manifest_add(&text, record);
    enum fl_status status = write_text(dir, "manifest.json", &text);
    if (status == FL_OK && record->scenario_text != NULL) {
        fl_text_add(&text, "%s", record->scenario_text);
        status = write_text(dir, "scenario.json", &text);
    }
    if (record->shard != NULL) {
        const struct fl_slice_head took = fl_gather_head(record->run);
        struct fl_slice_head slice = *record->shard;
        slice.cpu_us = took.cpu_us;
        slice.arena_bytes = took.arena_bytes;
        if (record->divides_desk) fl_slice_of_shard(&slice, 0, 1, slice.replications);
        fl_slice_write(&slice, results, &text);
        if (status == FL_OK) status = write_text(dir, "shard.bin", &text);
        if (status == FL_OK) status = write_extras(dir, record);
        fl_text_free(&text);
        return status;
    }
    fl_results_json(results, record->head, &text);
    if (status == FL_OK) status = write_text(dir, "summary.json", &text);
    fl_results_days_csv(results, &text);
    if (status == FL_OK) status = write_text(dir, "days.csv", &text);
    fl_days_write(results->rows, results->rows_count, &text);
    if (status == FL_OK) status = write_text(dir, "days.bin", &text);
    if (results->cells.rows[0] != NULL || results->cells.rows[1] != NULL || results->cells.rows[2] != NULL) {
        fl_cells_write(&results->cells, results->rows_count, &text);
        if (status == FL_OK) status = write_text(dir, "cells.bin", &text);
    }
    fl_results_intervals_csv(results, &text);
    if (status == FL_OK) status = write_text(dir, "intervals.csv", &text);
    fl_results_agents_csv(results, &text);
    if (status == FL_OK) status = write_text(dir, "agents.csv", &text);
    fl_results_load_csv(results, &text);
    if (status == FL_OK) status = write_text(dir, "load.csv", &text);
    static const char *const measures[] = { "first_response_s", "response_s", "reply_latency_s", "wait_for_agent_s", "chat_duration_s" };
    for (size_t i = 0; i < sizeof measures / sizeof *measures && status == FL_OK; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s.hlog", measures[i]);
        fl_hlog_add(results, measures[i], &text);
        status = write_text(dir, name, &text);
    }
    if (record->engine != NULL) {
        fl_text_add_bytes(&text, record->engine->bytes, record->engine->length);
        fl_text_add(&text, "\n");
        text.full |= record->engine->full;
        if (status == FL_OK) status = write_text(dir, "engine.json", &text);
    }
    if (status == FL_OK) status = write_extras(dir, record);
    fl_text_free(&text);
    return status;
}

/* The page of what has just been written, under the name that it will have. */
static enum fl_status write_page(struct fl_rundir *dir, const struct run_record *record)
{
#ifdef FENLIU_CORE
    (void)dir, (void)record;
    return FL_OK;
#else
    const char *const directory = dir->hidden, *const name = dir->final;
    struct fl_text page = { 0 };
    if (page_make(&directory, &name, 1, record->options, &page) == EXIT_DONE) return write_text(dir, "report.html", &page);
    fl_text_free(&page);
    snprintf(dir->problem, sizeof dir->problem, "cannot make report.html");
    return FL_EIO;
#endif
}

int run_write(const char *path, const struct run_record *record)
{
    struct fl_rundir dir;
    enum fl_status status = fl_rundir_open(&dir, path);
    if (status == FL_OK) {
        status = write_all(&dir, record);
        if (status == FL_OK && record->options->report) status = write_page(&dir, record);
        if (status == FL_OK) status = fl_rundir_close(&dir);
        else fl_rundir_abandon(&dir);
    }
    if (status == FL_OK) return EXIT_DONE;
    fprintf(stderr, "fenliu: %s\n", dir.problem);
    return EXIT_UNWRITTEN;
}

void policy_describe(const struct fl_scenario *scenario, char *out, size_t size)
{
    const struct fl_routing_def *routing = &scenario->routing;
    const char *late = routing->policy != FL_POLICY_FEWEST_TODAY ? ""
                       : routing->late_join == FL_LATE_GROUP_MIN ? " (late_join group_min)"
                       : routing->late_join == FL_LATE_GROUP_MEAN ? " (late_join group_mean)"
                                                                  : "";
    snprintf(out, size, "%s%s", fl_policy(routing->policy)->name, late);
}

/* ---- Columns ----------------------------------------------------------------------------------- */

uint32_t text_columns(const char *utf8)
{
    uint32_t columns = 0;
    for (const unsigned char *s = (const unsigned char *)utf8; *s != '\0'; s++) {
        if ((*s & 0xC0) == 0x80) continue;
        const bool wide = *s >= 0xE3; /* CJK, kana, full-width punctuation start at U+3000 */
        columns += wide ? 2 : 1;
    }
    return columns;
}

void text_add_padded(struct fl_text *text, const char *utf8, uint32_t columns, bool right)
{
    const uint32_t own = text_columns(utf8), pad = own < columns ? columns - own : 0;
    fl_text_add(text, "%*s%s%*s", right ? (int)pad : 0, "", utf8, right ? 0 : (int)pad, "");
}
