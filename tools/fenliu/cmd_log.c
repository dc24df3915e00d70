/* fenliu log: the synthetic chat log of one day.
 *
 * Lines go from the simulation straight into a large buffer; a second thread sends the full one to the file, compressed if
 * wanted, while the next one fills. Nothing of the day is kept. A file is written under a hidden name beside its place and
 * renamed when all of it is on the disk. */
#include "command.h"

#include "core/arena.h"
#include "record/chatlog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>
#ifndef FENLIU_CORE
#include <zstd.h>
#endif

static const char usage[] =
    "usage: fenliu log [options] SCENARIO\n"
    "Writes the chat log of one simulated day: every message and change of state, a line each.\n"
    "      --replication K      which day (default 0); the same as that day of fenliu simulate\n"
    "      --format jsonl|csv   JSON lines or CSV (default: by the name of --out, else jsonl)\n"
    "      --zstd               compress (default where the name of --out ends in .zst)\n"
    "  -o, --out FILE           write there, whole or not at all (default: stdout)\n"
    "      --set PATH=VALUE     override a scenario value (repeatable)\n"
    "  -s, --seed N             seed (default: the scenario's, 1)\n"
    "  -q, --quiet              no closing line on stderr\n"
    "Columns: t, at_s, chat, buyer, agent, kind, intent, class, round, chars, text.\n"
    "example: fenliu log scenarios/618-opening.json -o 618.jsonl.zst\n"
    "exit: 0 done, 2 bad usage or input, 4 not written, 5 internal, 130 interrupted\n";

/* ---- Where the bytes go ------------------------------------------------------------------------ */

#define SINK_BYTES ((size_t)4 << 20) /* chosen: beyond 1 MiB larger writes gain nothing measurable */

struct sink {
    int file;
    const char *name;        /* for messages */
    const char *final;       /* takes this name when all is written; NULL: a stream or device */
    char hidden[4096];
    char *buffer;            /* [SINK_BYTES] being filled */
    size_t used;
    uint64_t bytes, written; /* given, and gone out */
    uv_thread_t sender;
    uv_mutex_t mutex;        /* guards what follows, and error while the sender runs */
    uv_cond_t changed;
    char *full;              /* [SINK_BYTES] being sent while `sending` */
    size_t full_bytes;
    bool started, sending, last, done;
    int error;               /* errno of the first failure */
#ifndef FENLIU_CORE
    ZSTD_CCtx *zstd;         /* NULL: as it is */
    char *packed;            /* [SINK_BYTES] */
#endif
};

static bool write_out(struct sink *sink, const char *bytes, size_t length)
{
    while (sink->error == 0 && length > 0) {
        const ssize_t n = write(sink->file, bytes, length);
        if (n < 0 && errno == EINTR && !interrupted) continue;
        if (n < 0) {
            sink->error = errno;
            break;
        }
        bytes += n;
        length -= (size_t)n;
        sink->written += (uint64_t)n;
    }
    return sink->error == 0;
}

static void send_out(struct sink *sink, bool last)
{
#ifndef FENLIU_CORE
    if (sink->zstd != NULL) {
        ZSTD_inBuffer in = { sink->full, sink->full_bytes, 0 };
        for (bool more = true; more && sink->error == 0;) {
            ZSTD_outBuffer out = { sink->packed, SINK_BYTES, 0 };
            const size_t left = ZSTD_compressStream2(sink->zstd, &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
            if (ZSTD_isError(left)) sink->error = ENOMEM; /* the only way it can fail on memory of ours */
            else write_out(sink, sink->packed, out.pos);
            more = last ? left > 0 : in.pos < in.size;
        }
        return;
    }
#endif
    (void)last;
    write_out(sink, sink->full, sink->full_bytes);
}

static void sender_main(void *argument)
{
    struct sink *sink = argument;
    uv_mutex_lock(&sink->mutex);
    for (;;) {
        while (!sink->sending && !sink->done) uv_cond_wait(&sink->changed, &sink->mutex);
        if (!sink->sending) break;
        const bool last = sink->last;
        uv_mutex_unlock(&sink->mutex); /* the filler leaves `full` and `error` alone until `sending` is over */
        send_out(sink, last);
        uv_mutex_lock(&sink->mutex);
        sink->sending = false;
        uv_cond_broadcast(&sink->changed);
    }
    uv_mutex_unlock(&sink->mutex);
}

/* Hands the buffer over and goes on with the other; with `last` waits until all is out. false: what was sent before has failed. */
static bool sink_flush(struct sink *sink, bool last)
{
    uv_mutex_lock(&sink->mutex);
    while (sink->sending) uv_cond_wait(&sink->changed, &sink->mutex);
    const bool well = sink->error == 0; /* so far; what is handed over now shows the next time */
    char *const filled = sink->buffer;
    sink->buffer = sink->full;
    sink->full = filled;
    sink->full_bytes = sink->used;
    sink->bytes += sink->used;
    sink->used = 0;
    sink->last = last;
    sink->sending = true;
    uv_cond_broadcast(&sink->changed);
    while (last && sink->sending) uv_cond_wait(&sink->changed, &sink->mutex);
    uv_mutex_unlock(&sink->mutex);
    return well;
}

static void sender_stop(struct sink *sink)
{
    if (!sink->started) return;
    uv_mutex_lock(&sink->mutex);
    sink->done = true;
    uv_cond_broadcast(&sink->changed);
    uv_mutex_unlock(&sink->mutex);
    uv_thread_join(&sink->sender);
    uv_mutex_destroy(&sink->mutex);
    uv_cond_destroy(&sink->changed);
}

static void sender_start(struct sink *sink)
{
    int failed = uv_mutex_init(&sink->mutex);
    if (failed == 0 && (failed = uv_cond_init(&sink->changed)) != 0) uv_mutex_destroy(&sink->mutex);
    if (failed == 0 && (failed = uv_thread_create(&sink->sender, sender_main, sink)) != 0) {
        uv_cond_destroy(&sink->changed);
        uv_mutex_destroy(&sink->mutex);
    }
    sink->started = failed == 0;
    if (failed != 0) sink->error = -failed; /* libuv's codes are errno's, negated */
}

/* A regular file gets a hidden neighbour; what is there and no regular file (a device, a pipe) is written to. */
static bool sink_open(struct sink *sink, const char *path, bool compress)
{
    struct stat info;
    *sink = (struct sink){ .file = STDOUT_FILENO, .name = path != NULL ? path : "stdout", .buffer = malloc(SINK_BYTES), .full = malloc(SINK_BYTES) };
    if (sink->buffer == NULL || sink->full == NULL) sink->error = ENOMEM;
#ifndef FENLIU_CORE
    if (compress) {
        sink->zstd = ZSTD_createCCtx();
        sink->packed = malloc(SINK_BYTES);
        if (sink->zstd == NULL || sink->packed == NULL) sink->error = ENOMEM;
        else ZSTD_CCtx_setParameter(sink->zstd, ZSTD_c_checksumFlag, 1);
    }
#else
    (void)compress;
#endif
    if (path == NULL || sink->error != 0) return sink->error == 0;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
        sink->file = open(path, O_WRONLY | O_CLOEXEC);
    } else {
        const char *slash = strrchr(path, '/');
        const int stem = slash == NULL ? 0 : (int)(slash - path) + 1;
        const int n = snprintf(sink->hidden, sizeof sink->hidden, "%.*s.%s.%ld.part", stem, path, path + stem, (long)getpid());
        errno = ENAMETOOLONG;
        sink->file = n < (int)sizeof sink->hidden ? open(sink->hidden, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;
        sink->final = path;
    }
    if (sink->file < 0) {
        sink->error = errno;
        sink->final = NULL;
    }
    return sink->error == 0;
}

/* Sends the rest and gives the file its name, or takes it away. The exit code. */
static int sink_close(struct sink *sink, bool keep)
{
    if (keep && sink->started) sink_flush(sink, true);
    sender_stop(sink);
    if (sink->final != NULL) {
        if (keep && sink->error == 0 && fsync(sink->file) != 0) sink->error = errno;
        if (close(sink->file) != 0 && sink->error == 0) sink->error = errno;
        if (keep && sink->error == 0 && rename(sink->hidden, sink->final) != 0) sink->error = errno;
        if (!keep || sink->error != 0) unlink(sink->hidden);
    } else if (sink->file > STDOUT_FILENO && close(sink->file) != 0 && sink->error == 0) {
        sink->error = errno;
    }
    free(sink->buffer);
    free(sink->full);
#ifndef FENLIU_CORE
    ZSTD_freeCCtx(sink->zstd);
    free(sink->packed);
#endif
    if (sink->error == 0) return EXIT_DONE;
    fprintf(stderr, "fenliu log: cannot write %s: %s\n", sink->name, strerror(sink->error));
    return EXIT_UNWRITTEN;
}

/* ---- Lines ------------------------------------------------------------------------------------- */

typedef size_t line_writer(const struct fl_scenario *scenario, const char *const agent_names[], const struct fl_log_event *event,
                           char *line, size_t size);

struct log_writer {
    struct sink sink;
    const struct fl_scenario *scenario;
    const char *const *agent_names;
    line_writer *write;
    uint64_t lines;
    struct fl_log_event before; /* the last one written */
};

static bool put_event(struct log_writer *log, const struct fl_log_event *event)
{
    struct sink *sink = &log->sink;
    for (int attempt = 0; attempt < 2; attempt++) {
        const size_t room = SINK_BYTES - sink->used;
        const size_t n = log->write(log->scenario, log->agent_names, event, sink->buffer + sink->used, room);
        if (n <= room) {
            sink->used += n;
            log->lines++;
            return true;
        }
        if (!sink_flush(sink, false)) return false;
    }
    sink->error = EMSGSIZE; /* names of a megabyte: the reader allows none */
    return false;
}

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
    if (!put_event(log, event)) return false;
    if (!greeted) return true;
    struct fl_log_event greeting = *event;
    greeting.kind = FL_LOG_GREETING;
    greeting.chars = 0;
    return put_event(log, &greeting);
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
            (unsigned long long)log->lines, megabytes);
    if (which->zstd) fprintf(stderr, " as %.1f MB", (double)log->sink.written * 1e-6);
    fprintf(stderr, " in %.2f s, %.0f MB/s\n", spent, megabytes / (spent > 0 ? spent : 1e-9));
}

static int log_day(const struct fl_scenario *scenario, const struct options *options, const struct log_options *which, struct log_writer *log)
{
    const uint64_t seed = options->has_seed ? options->seed : scenario->seed;
    const double from = wall_s();
    if (sink_open(&log->sink, options->out, which->zstd)) sender_start(&log->sink);
    if (!log->sink.started) return sink_close(&log->sink, false);
    if (which->format == fl_chatlog_csv) log->sink.used = fl_chatlog_csv_header(log->sink.buffer, SINK_BYTES);
    const struct fl_run_options how = {
        .seed = seed, .first = which->replication, .replications = 1, .jobs = 1, .stop = &interrupted, .on_log = on_event, .log_context = log,
    };
    struct fl_run *run = NULL;
    const enum fl_status status = fl_run(scenario, &how, &run);
    fl_run_free(run);
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
    struct log_writer log = { .scenario = scenario, .write = which.format };
    int code;
    if (names != NULL) {
        struct fl_arena arena;
        fl_arena_start(&arena, names, names_bytes);
        log.agent_names = fl_desk_agent_names(&arena, scenario);
    }
    if (log.agent_names == NULL) code = run_failed(FL_EFULL, "log");
    else code = log_day(scenario, &options, &which, &log);
    free(names);
    fl_scenario_free(scenario);
    return code;
}
