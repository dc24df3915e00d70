/* fenliu log: the synthetic chat log of one day.
 *
 * One thread simulates, others make lines of its events, one writes them: log.h. Nothing of the day is kept. */
#include "command.h"
#include "log.h"

#include "core/arena.h"
#include "record/chatlog.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
    "usage: fenliu log [options] SCENARIO\n"
    "Writes the chat log of one simulated day: every message and change of state, a line each.\n"
    "      --replication K      which day (default 0); the same as that day of fenliu simulate\n"
    "      --format jsonl|csv   JSON lines or CSV (default: by the name of --out, else jsonl)\n"
    "      --zstd               compress (default where the name of --out ends in .zst)\n"
    "  -o, --out FILE           write there, whole or not at all (default: stdout)\n"
    "      --set PATH=VALUE     override a scenario value (repeatable)\n"
    "      --recorded LOG       recorded buyers instead of the scenario's traffic (traffic.replay.log)\n"
    "  -s, --seed N             seed (default: the scenario's, 1)\n"
    "  -q, --quiet              no closing line on stderr\n"
    "Columns: t, at_s, chat, buyer, agent, kind, intent, class, round, chars, text.\n"
    "example: fenliu log scenarios/618-opening.json -o 618.jsonl.zst\n"
    "exit: 0 done, 2 bad usage or input, 4 not written, 5 internal, 130 interrupted\n";

/* ---- Lines ------------------------------------------------------------------------------------- */

struct log_writer {
    struct sink sink;
    struct lines lines;
    struct fl_log_event before; /* the last one given */
};

/* Her agent's account greets a buyer whose first message finds somebody at once: automatic, takes no time and closes no round,
 * so the simulation knows nothing of it. Who waits in a queue or left a message is not greeted. */
static bool is_greeted(const struct fl_log_event *before, const struct fl_log_event *event)
{
    return event->kind == FL_LOG_ASSIGNED && event->round == 1 && before->kind == FL_LOG_BUYER_MESSAGE && before->chat_id == event->chat_id &&
           before->message_index == 0 && before->at == event->at;
}

static bool on_event(void *context, const struct fl_log_event *event)
{
    struct log_writer *log = context;
    const bool greeted = is_greeted(&log->before, event);
    log->before = *event;
    if (!lines_put(&log->lines, event)) return false;
    if (!greeted) return true;
    struct fl_log_event greeting = *event;
    greeting.kind = FL_LOG_GREETING;
    greeting.chars = 0;
    return lines_put(&log->lines, &greeting);
}

/* ---- The command ------------------------------------------------------------------------------- */

struct log_options {
    uint32_t replication;
    bool zstd;
    line_writer *format;
};

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

static int take_log_option(void *context, struct options *options, int argc, char **argv, int *i)
{
    struct log_options *log = context;
    const char *value;
    (void)options;
    if (strcmp(argv[*i], "--zstd") == 0) {
        log->zstd = true;
    } else if ((value = option_value(argc, argv, i, "--format")) != NULL) {
        if (strcmp(value, "jsonl") != 0 && strcmp(value, "csv") != 0) {
            fprintf(stderr, "fenliu log: --format: wanted jsonl or csv, got \"%s\"\n", value);
            return -1;
        }
        log->format = value[0] == 'c' ? fl_chatlog_csv : fl_chatlog_json;
    } else if ((value = option_value(argc, argv, i, "--replication")) != NULL) {
        char *end;
        const unsigned long long number = strtoull(value, &end, 10);
        if (value[0] < '0' || value[0] > '9' || *end != '\0' || number > 9999999) {
            fprintf(stderr, "fenliu log: --replication: wanted a whole number from 0 to 9999999, got \"%s\"\n", value);
            return -1;
        }
        log->replication = (uint32_t)number;
    } else {
        return 0;
    }
    return 1;
}

/* What the options leave open follows from the name of the file. false when they cannot be. */
static bool settle_options(const struct options *options, struct log_options *log)
{
    const char *out = options->out != NULL ? options->out : "";
    if (options->replications > 0) {
        fprintf(stderr, "fenliu log: writes one day; which one is --replication K\n");
        return false;
    }
    if (ends_with(out, ".zst")) log->zstd = true;
    if (log->format == NULL) log->format = ends_with(out, ".csv") || ends_with(out, ".csv.zst") ? fl_chatlog_csv : fl_chatlog_json;
#ifdef FENLIU_CORE
    if (log->zstd) {
        fprintf(stderr, "fenliu log: built without zstd (a core build); write it plain and pipe it through the zstd command\n");
        return false;
    }
#endif
    if (log->zstd && options->out == NULL && isatty(STDOUT_FILENO)) {
        fprintf(stderr, "fenliu log: no compressed bytes to a terminal; name a file with --out\n");
        return false;
    }
    return true;
}

static double wall_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void say_speed(const struct log_writer *log, const struct options *options, const struct log_options *which, uint64_t seed, double spent)
{
    if (options->quiet) return;
    const double megabytes = (double)log->sink.bytes * 1e-6;
    fprintf(stderr, "fenliu log: day %u of seed %llu: %llu lines, %.1f MB", which->replication, (unsigned long long)seed,
            (unsigned long long)log->lines.count, megabytes);
    if (which->zstd) fprintf(stderr, " as %.1f MB", (double)log->sink.written * 1e-6);
    fprintf(stderr, " in %.2f s, %.0f MB/s\n", spent, megabytes / (spent > 0 ? spent : 1e-9));
}

/* Opens the sink and starts the threads; a CSV has its header then. */
static bool log_start(struct log_writer *log, const struct options *options, const struct log_options *which)
{
    char header[FL_CHATLOG_LINE];
    if (!sink_open(&log->sink, "log", options->out, which->zstd)) return false;
    if (which->format == fl_chatlog_csv && !sink_put(&log->sink, header, fl_chatlog_csv_header(header, sizeof header))) return false;
    if (!lines_start(&log->lines, options->jobs > 0 ? options->jobs : fl_run_cores())) log->sink.error = log->lines.error;
    return log->lines.running;
}

static int log_day(const struct fl_scenario *scenario, const struct options *options, const struct log_options *which, struct log_writer *log)
{
    const uint64_t seed = options->has_seed ? options->seed : scenario->seed;
    const double from = wall_s();
    if (!log_start(log, options, which)) return sink_close(&log->sink, false);
    const struct fl_run_options how = {
        .seed = seed, .first = which->replication, .replications = 1, .jobs = 1, .stop = &interrupted, .on_log = on_event, .log_context = log,
        .rows_only = true,
    };
    struct fl_run *run = NULL;
    const enum fl_status status = fl_run(scenario, &how, &run);
    fl_run_free(run);
    lines_end(&log->lines, status == FL_OK);
    const int code = sink_close(&log->sink, status == FL_OK);
    if (code != EXIT_DONE) return code;
    if (status != FL_OK) return run_failed(status, "log");
    say_speed(log, options, which, seed, wall_s() - from);
    return EXIT_DONE;
}

int cmd_log(int argc, char **argv)
{
    struct options options;
    struct log_options which = { 0 };
    if (!options_read(&options, argc, argv, take_log_option, &which)) return EXIT_USAGE;
    if (options.help) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    if (options.files_count != 1) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (!settle_options(&options, &which)) return EXIT_USAGE;
    struct fl_scenario *scenario = scenario_open(&options, options.files[0], NULL);
    if (scenario == NULL) return EXIT_USAGE;
    const size_t names_bytes = ((size_t)fl_scenario_agents_count(scenario) + 16) * 320; /* a name has at most 200 bytes */
    void *names = aligned_alloc(64, (names_bytes + 63) & ~(size_t)63);
    struct log_writer log = { .lines = { .scenario = scenario, .write = which.format } };
    log.lines.sink = &log.sink;
    int code;
    if (names != NULL) {
        struct fl_arena arena;
        fl_arena_start(&arena, names, names_bytes);
        log.lines.agent_names = fl_desk_agent_names(&arena, scenario);
    }
    if (log.lines.agent_names == NULL) code = run_failed(FL_EFULL, "log");
    else code = log_day(scenario, &options, &which, &log);
    free(names);
    fl_scenario_free(scenario);
    return code;
}
