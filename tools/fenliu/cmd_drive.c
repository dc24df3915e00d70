/* fenliu drive: the same buyers against an outside routing engine. */
#include "drive.h"
#include "page.h"
#include "shard.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char usage[] =
    "usage: fenliu drive [options] SCENARIO --engine URL\n"
    "       fenliu drive --replay FILE --engine URL\n"
    "Plays a scenario's buyers against a routing engine, judges its decisions, prints what buyers and agents saw.\n"
    "      --engine URL         exec:COMMAND, tcp://HOST:PORT, unix:PATH or http://HOST:PORT/PATH (sim/engine/PROTOCOL.md)\n"
    "                           proxy+tcp://FRONT:PORT?agents=HOST:BASE or proxy+http://...: a load balancer, with --speed; agent i is BASE + i\n"
    "      --lockstep           simulated time waits for the engine (default): a regression test, the same bytes every time\n"
    "      --speed X            real time instead, X instants of the day a second: a load test; what is due leaves whether the engine is\n"
    "                           ready or not. \"max\": as fast as --window lets it\n"
    "      --window N           time stands still while the engine has not said a word on N chats (default with max: 256, else none)\n"
    "      --find-limit         raises the speed from --speed on (default 1) until the engine no longer decides in time\n"
    "      --max-latency TIME   in time: 99 % of the decisions within that (default 10ms)\n"
    "      --step TIME          how long a step of the search lasts, at most the day (default 10s)\n"
    "      --start-at INSTANT   begins then, 2026-06-18T12:00:00Z; with --start-in TIME that much from now: several machines at once (tools/cluster)\n"
    "      --shard I/N          shard I (0 to N - 1) of a run, into --out DIR; fenliu merge makes the run of all N. In lockstep a shard is a block of the\n"
    "                           days; in real time it is a share of the day's buyers and of the desk's agents (one engine may serve all shards)\n"
    "      --metrics [HOST:]PORT  OpenMetrics of a run in real time (HOST: 127.0.0.1)\n"
    "      --record FILE        every line with its time (fenliu check FILE; compressed when the name ends in .zst)\n"
    "      --replay FILE        what such a file told its engine, to this one: the first decision that differs\n"
    "      --timeout SECONDS    for all that the engine does on one event (default: the scenario's, 10)\n"
    "      --set PATH=VALUE     override a scenario value (repeatable)\n"
    "      --recorded LOG       recorded buyers instead of the scenario's traffic (traffic.replay.log)\n"
    "  -n, --replications N     days to play (default: the scenario's, 20)\n"
    "  -s, --seed N             seed (default: the scenario's, 1)\n"
    "  -j, --jobs N             engines, or connections to it (default: one a core); results do not depend on it\n"
    "  -o, --out DIR            write the run there, with engine.json\n"
    "      --report             and report.html, a page for people, into DIR\n"
    "      --json               the summary as one JSON object on stdout, with \"engine\"\n"
    "      --lang zh|en         language of the table (default: the locale's)\n"
    "  -q, --quiet              no progress\n"
    "Latency is wall clock, in microseconds: in lockstep from sending a chat to its ack, and all other figures repeat if the engine does;\n"
    "in real time from the instant the chat was due, so that a stalled engine cannot hide those who waited meanwhile.\n"
    "example: fenliu drive scenarios/618-opening.json --engine 'exec:python3 tests/engine/least_open.py'\n"
    "exit: 0 objectives met, 1 one missed (--replay: some decision differs), 2 bad usage or input, 3 engine failed, 4 not written, 5 internal, 130 interrupted\n";

/* ---- Options ----------------------------------------------------------------------------------- */

static bool take_engine(const char *url)
{
    char problem[256];
    if (fl_channel_knows(url, problem)) return true;
    fprintf(stderr, "fenliu drive: --engine: %s\n", problem);
    return false;
}

static bool take_timeout(struct drive *drive, const char *value)
{
    char *end;
    const double seconds = strtod(value, &end);
    const bool unit = strcmp(end, "s") == 0 || *end == '\0';
    if (end == value || !unit || !(seconds >= 0.001 && seconds <= 86400)) {
        fprintf(stderr, "fenliu drive: --timeout: wanted seconds from 0.001 to 86400, got \"%s\"\n", value);
        return false;
    }
    drive->timeout_ns = fl_time_from_s(seconds);
    return true;
}

static bool take_speed(struct drive *drive, const char *value)
{
    char *end = NULL;
    const bool most = strcmp(value, "max") == 0;
    const double speed = most ? INFINITY : strtod(value, &end);
    if (!most && (end == value || *end != '\0' || !(speed >= 1e-3 && speed <= 1e6))) {
        fprintf(stderr, "fenliu drive: --speed: wanted a number from 0.001 to 1000000, or max, got \"%s\"\n", value);
        return false;
    }
    drive->live = true;
    drive->speed = speed;
    return true;
}

static bool take_window(struct drive *drive, const char *value)
{
    char *end;
    const unsigned long window = strtoul(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || window < 1 || window > 1000000) {
        fprintf(stderr, "fenliu drive: --window: wanted a whole number from 1 to 1000000, got \"%s\"\n", value);
        return false;
    }
    drive->window = (uint32_t)window;
    return true;
}

/* "10ms", "2s": a number and its unit. */
static bool take_span(const char *option, const char *value, int64_t *out)
{
    static const struct {
        const char *unit;
        double ns;
    } units[] = { { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 }, { "m", 60e9 } };
    char *end;
    const double number = strtod(value, &end);
    for (size_t i = 0; end != value && i < sizeof units / sizeof *units; i++) {
        if (strcmp(end, units[i].unit) != 0 || !(number * units[i].ns >= 1e3 && number * units[i].ns <= 86400e9)) continue;
        *out = (int64_t)(number * units[i].ns);
        return true;
    }
    fprintf(stderr, "fenliu drive: %s: wanted a time such as 10ms or 2s, got \"%s\"\n", option, value);
    return false;
}

/* An instant of UTC that is still to come. */
static bool take_start(const char *value, int64_t *out)
{
    struct tm parts = { 0 };
    const char *const end = strptime(value, "%Y-%m-%dT%H:%M:%SZ", &parts);
    if (end == NULL || *end != '\0') {
        fprintf(stderr, "fenliu drive: --start-at: wanted an instant of UTC such as 2026-06-18T12:00:00Z, got \"%s\"\n", value);
        return false;
    }
    const time_t at = timegm(&parts), now = time(NULL);
    *out = (int64_t)at * FL_SECOND;
    if (at > now) return true;
    fprintf(stderr, "fenliu drive: --start-at: %s has passed, %lld s ago\n", value, (long long)(now - at));
    return false;
}

static int64_t wall_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * FL_SECOND + now.tv_nsec;
}

static bool take_start_in(const char *value, int64_t *out)
{
    int64_t span;
    if (!take_span("--start-in", value, &span)) return false;
    *out = wall_ns() + span;
    return true;
}

/* Waits for the instant. false: interrupted meanwhile. */
static bool wait_for_start(const struct drive *drive)
{
    const struct timespec until = { .tv_sec = drive->start_ns / FL_SECOND, .tv_nsec = drive->start_ns % FL_SECOND };
    while (drive->start_ns > 0 && !interrupted)
        if (clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL) == 0) break;
    return !interrupted;
}

static int take_drive_option(void *context, struct options *options, int argc, char **argv, int *i)
{
    struct drive *drive = context;
    const char *value;
    const int shard = shard_take(&drive->shard, argc, argv, i);
    if (shard != 0) return shard;
    if (page_take(options, argv[*i])) return 1;
    if (strcmp(argv[*i], "--lockstep") == 0) drive->lockstep = true;
    else if ((value = option_value(argc, argv, i, "--engine")) != NULL) return take_engine(options->engine = value) ? 1 : -1;
    else if ((value = option_value(argc, argv, i, "--timeout")) != NULL) return take_timeout(drive, value) ? 1 : -1;
    else if ((value = option_value(argc, argv, i, "--speed")) != NULL) return take_speed(drive, value) ? 1 : -1;
    else if ((value = option_value(argc, argv, i, "--window")) != NULL) return take_window(drive, value) ? 1 : -1;
    else if ((value = option_value(argc, argv, i, "--max-latency")) != NULL) return take_span("--max-latency", value, &drive->latency_ns) ? 1 : -1;
    else if ((value = option_value(argc, argv, i, "--step")) != NULL) return take_span("--step", value, &drive->step_ns) ? 1 : -1;
    else if ((value = option_value(argc, argv, i, "--start-at")) != NULL) return take_start(value, &drive->start_ns) ? 1 : -1;
    else if ((value = option_value(argc, argv, i, "--start-in")) != NULL) return take_start_in(value, &drive->start_ns) ? 1 : -1;
    else if ((value = option_value(argc, argv, i, "--metrics")) != NULL) drive->metrics = value;
    else if ((value = option_value(argc, argv, i, "--record")) != NULL) drive->record = value;
    else if ((value = option_value(argc, argv, i, "--replay")) != NULL) drive->replay = value;
    else if (strcmp(argv[*i], "--find-limit") == 0) drive->live = drive->finds_limit = true;
    else return 0;
    return 1;
}

/* ---- One engine a worker ------------------------------------------------------------------------ */

/* In real time the link may break and be made anew, with or without the scenario's asking. */
static enum fl_status open_live(const struct drive *drive, struct engine *engine, const struct fl_channel_setup *link, char problem[256])
{
    const struct fl_faulty_setup setup = { *link, drive->scenario->faults, drive->scenario->faults_count, &engine->pace, drive->scenario->duration,
                                           drive->seed };
    return fl_faulty_open(&setup, &engine->faulty, problem);
}

static void keep_faults(struct engine *engine)
{
    const struct fl_fault_entry *const entries = fl_faulty_entries(engine->faulty, &engine->faults_count);
    engine->faults = malloc((engine->faults_count + 1) * sizeof *engine->faults);
    if (engine->faults == NULL) engine->faults_count = 0;
    else if (engine->faults_count > 0) memcpy(engine->faults, entries, engine->faults_count * sizeof *engine->faults);
}

/* The channel, recorded if that is wanted. */
static enum fl_status link_open(struct drive *drive, struct engine *engine, uint32_t worker, char what[256])
{
    const struct fl_channel_setup link = { drive->url, &engine->loop, engine->prefix, &interrupted, &drive->scenario->engine };
    struct fl_channel *bare;
    enum fl_status status = drive->live ? fl_pace_open(&engine->pace, &engine->loop, drive->speed, &drive->stop, what) : FL_OK;
    if (status == FL_OK) status = drive->live ? open_live(drive, engine, &link, what) : fl_channel_open(&link, &bare, what);
    if (status != FL_OK) return status;
    if (drive->live) bare = engine->faulty;
    engine->channel = bare;
    if (drive->recording.transcript == NULL) return FL_OK;
    status = fl_transcript_wrap(drive->recording.transcript, worker, bare, &engine->channel);
    if (status != FL_OK) bare->ops->close(bare);
    else if (drive->live) fl_faulty_tell(engine->faulty, fl_transcript_note_fault, engine->channel);
    return status;
}

/* In real time a shard is a share of the desk. */
static struct fl_share desk_share(const struct drive *drive)
{
    return drive->live ? (struct fl_share){ drive->shard.shard, drive->shard.shards } : (struct fl_share){ 0, 0 };
}

static enum fl_status engine_open(void *context, uint32_t worker, struct fl_router *router)
{
    struct drive *drive = context;
    struct engine *engine = &drive->engines[worker];
    char what[256] = "";
    if (drive->shard.shards > 0) snprintf(engine->prefix, sizeof engine->prefix, "shard %u engine %u", drive->shard.shard, worker);
    else snprintf(engine->prefix, sizeof engine->prefix, "engine %u", worker);
    if (uv_loop_init(&engine->loop) != 0) return FL_EFULL;
    enum fl_status status = link_open(drive, engine, worker, what);
    if (status != FL_OK) {
        if (engine->pace.loop != NULL) fl_pace_close(&engine->pace);
        uv_loop_close(&engine->loop);
        snprintf(engine->problem, sizeof engine->problem, "the engine %s", what);
        return status;
    }
    const struct fl_outside_setup setup = { drive->scenario, drive->text, drive->seed, drive->timeout_ns, engine->prefix,
                                            drive->live ? &engine->pace : NULL, drive->live ? fl_faulty_note_undecided : NULL,
                                            engine->faulty, drive->window, desk_share(drive) };
    if (status == FL_OK) status = fl_outside_open(&setup, engine->channel, &engine->outside, engine->problem);
    if (status != FL_OK) {
        engine->channel->ops->close(engine->channel);
        if (engine->pace.loop != NULL) fl_pace_close(&engine->pace);
        uv_loop_close(&engine->loop);
        return status;
    }
    snprintf(engine->name, sizeof engine->name, "%s", fl_outside_name(engine->outside));
    if (drive->live && (engine->view = live_view_open(drive, engine)) == NULL) {
        snprintf(engine->problem, sizeof engine->problem, "no view of the run");
        fl_outside_free(engine->outside);
        engine->channel->ops->close(engine->channel);
        fl_pace_close(&engine->pace);
        uv_loop_close(&engine->loop);
        return FL_EENGINE;
    }
    *router = (struct fl_router){ &fl_outside_ops, engine->outside };
    return FL_OK;
}

static void engine_close(void *context, uint32_t worker)
{
    struct engine *engine = &((struct drive *)context)->engines[worker];
    live_view_logs(engine->view, &engine->logs[0], &engine->logs[1]);
    live_view_close(engine->view);
    if (((struct drive *)context)->live) keep_faults(engine);
    engine->channel->ops->close(engine->channel);
    if (engine->pace.loop != NULL) fl_pace_close(&engine->pace);
    uv_loop_close(&engine->loop);
    snprintf(engine->problem, sizeof engine->problem, "%s", fl_outside_problem(engine->outside));
    engine->ledger = *fl_outside_ledger(engine->outside);
    fl_outside_free(engine->outside);
}

bool drive_is_over(const struct drive *drive)
{
    return interrupted || (drive->finds_limit && fl_clock_ns() - drive->started_ns > drive->step_ns);
}

/* The only worker's: with real time there is one. */
static bool engine_paces(void *context, fl_time at, fl_time *now)
{
    struct drive *const drive = context;
    if (drive_is_over(drive)) drive->stop = true;
    if (drive->began_ns == 0) drive->began_ns = wall_ns();
    return fl_outside_pace(drive->engines[0].outside, at, now);
}

static void engines_free(struct drive *drive)
{
    for (uint32_t i = 0; drive->engines != NULL && i < drive->jobs; i++) {
        fl_text_free(&drive->engines[i].logs[0]);
        fl_text_free(&drive->engines[i].logs[1]);
        free(drive->engines[i].faults);
    }
    free(drive->engines);
    drive->engines = NULL;
}

static bool link_broke(const struct engine *engine)
{
    for (uint32_t i = 0; i < engine->faults_count; i++)
        if (engine->faults[i].what == FL_FAULT_LOST) return true;
    return false;
}

/* What one process has to say of its engines, of which only those of real time, one by one, have faults. */
static struct drive_part part_of(const struct drive *drive, const struct fl_ledger *ledger)
{
    const struct engine *const engine = &drive->engines[0];
    return (struct drive_part){ ledger, engine->faults, engine->faults_count, drive->live && link_broke(engine), drive->began_ns };
}

static struct drive_outcome outcome_of(const struct drive *drive, const struct drive_part *part, uint32_t sessions)
{
    return (struct drive_outcome){ drive->engines[0].name, drive->live, drive->speed, sessions, part->ledger, part, 1 };
}

/* A run in real time that was broken off has something to say of the engine none the less. */
static int broken_off(const struct drive *drive)
{
    const struct drive_part part = part_of(drive, &drive->engines[0].ledger);
    const struct drive_outcome outcome = outcome_of(drive, &part, 1);
    struct fl_text out = { 0 };
    drive_report(&outcome, drive->language, NULL, &out);
    const int code = text_print(&out);
    fl_text_free(&out);
    return code == EXIT_DONE ? EXIT_INTERRUPTED : code;
}

static int drive_failed(const struct drive *drive, const struct options *options, enum fl_status status)
{
    for (uint32_t i = 0; status == FL_EENGINE && i < drive->jobs; i++) {
        if (drive->engines[i].problem[0] == '\0') continue;
        fprintf(stderr, "fenliu drive: %s\n", drive->engines[i].problem);
        return EXIT_ENGINE;
    }
    if (status == FL_EINTERRUPTED && drive->live && !options->json && drive->engines[0].ledger.events > 0) return broken_off(drive);
    return run_failed(status, "drive");
}

/* ---- The command --------------------------------------------------------------------------------- */

static int drive_finish(const struct drive *drive, const struct options *options, const struct fl_run *run, const struct run_record *plain)
{
    struct fl_ledger *ledger = calloc(1, sizeof *ledger);
    if (ledger == NULL) return run_failed(FL_EFULL, "drive");
    for (uint32_t i = 0; i < run->jobs; i++) fl_ledger_add(ledger, &drive->engines[i].ledger);
    const struct drive_part part = part_of(drive, ledger);
    const struct drive_outcome outcome = outcome_of(drive, &part, run->jobs);
    struct run_record record = *plain;
    if (drive->live) {
        record.extras[0] = (struct run_extra){ "decision_latency.hlog", &drive->engines[0].logs[0] };
        record.extras[1] = (struct run_extra){ "own_lateness.hlog", &drive->engines[0].logs[1] };
    }
    const int code = drive->shard.shards > 0 ? drive_shard_conclude(drive, &outcome, options, &record) : drive_conclude(&outcome, options, &record);
    free(ledger);
    return code;
}

static enum fl_status play(struct drive *drive, uint32_t days, struct progress *progress, struct fl_run **run)
{
    drive->engines = calloc(drive->jobs, sizeof *drive->engines);
    if (drive->engines == NULL) return FL_EFULL;
    drive->started_ns = fl_clock_ns();
    const struct fl_run_options how = {
        .seed = drive->seed, .first = drive->shard.first, .replications = days, .jobs = drive->jobs, .share = desk_share(drive),
        .routers = { engine_open, engine_close, drive },
        .pace = drive->live ? engine_paces : NULL, .pace_context = drive, .on_progress = progress == NULL ? NULL : progress_step,
        .progress_context = progress, .stop = drive->live ? &drive->stop : &interrupted,
    };
    return fl_run(drive->scenario, &how, run);
}

/* A stretch of a day, which ends where it is when its time is over. */
static int play_step(struct drive *drive, double speed, struct fl_ledger *ledger, double *wall_s)
{
    struct fl_run *run = NULL;
    drive->speed = speed;
    drive->stop = false;
    const enum fl_status status = play(drive, 1, NULL, &run);
    *wall_s = (double)(fl_clock_ns() - drive->started_ns) / 1e9;
    if (drive->engines != NULL) *ledger = drive->engines[0].ledger;
    const bool ends = interrupted || (status != FL_OK && status != FL_EINTERRUPTED);
    const int code = !ends ? EXIT_DONE : interrupted ? EXIT_INTERRUPTED : drive_failed(drive, &(struct options){ .json = true }, status);
    fl_run_free(run);
    engines_free(drive);
    return code;
}

/* What a transcript ends with. */
static const char *why_ended(const struct drive *drive, enum fl_status status)
{
    for (uint32_t i = 0; drive->engines != NULL && i < drive->jobs; i++)
        if (status == FL_EENGINE && drive->engines[i].problem[0] != '\0') return drive->engines[i].problem;
    return status == FL_OK ? interrupted ? "interrupted" : "done" : fl_status_sentence(status);
}

static int drive_scenario(struct drive *drive, const struct options *options, const char *text, int argc, char **argv)
{
    const struct fl_scenario *scenario = drive->scenario;
    struct progress progress;
    uint32_t days = options->replications > 0 ? options->replications : drive->live ? 1 : scenario->replications;
    drive->url = options->engine;
    if (drive->timeout_ns == 0) drive->timeout_ns = scenario->engine.timeout;
    drive->seed = options->has_seed ? options->seed : scenario->seed;
    drive->jobs = drive->live ? 1 : options->jobs > 0 ? options->jobs : fl_run_cores();
    if (drive->live && isinf(drive->speed) && drive->window == 0) drive->window = 256;
    if (drive->shard.shards > 0) {
        const int refused = drive_shard_holds(drive, options, days);
        if (refused != EXIT_DONE) return refused;
        days = drive->shard.days;
    }
    if (drive->jobs > days) drive->jobs = days;
    if (drive->finds_limit) return drive_find_limit(drive, options, play_step);
    if (!wait_for_start(drive)) return run_failed(FL_EINTERRUPTED, "drive");
    int code = recording_open(&drive->recording, drive->record, scenario, drive->seed, drive->live);
    if (code != EXIT_DONE) return code;
    progress_start(&progress, options, "drive");
    struct fl_run *run = NULL;
    const enum fl_status status = play(drive, days, drive->live ? NULL : &progress, &run);
    progress_end(&progress);
    code = recording_close(&drive->recording, why_ended(drive, status));
    const bool kept = code == EXIT_DONE; /* else the run is lost with what was to be recorded */
    if (kept && status == FL_OK) {
        const struct fl_results_head head = { .command = "drive", .policy = drive->engines[0].name, .seed = run->seed, .partial = run->partial };
        code = drive_finish(drive, options, run, &(struct run_record){ .run = run, .head = &head, .scenario_text = text, .argc = argc, .argv = argv });
    } else if (kept) {
        code = drive_failed(drive, options, status);
    }
    fl_run_free(run);
    engines_free(drive);
    return code;
}

/* What a command line may not say together, once all of it is known. */
static bool options_agree(struct drive *drive, const struct options *options)
{
    const char *wrong = NULL;
    if (drive->lockstep && drive->live) wrong = "--lockstep and real time (--speed, --find-limit) exclude each other";
    else if (fl_channel_lives(options->engine) && (!drive->live || isinf(drive->speed) || drive->window > 0))
        wrong = "a balancer waits for nobody: wanted --speed X with a number, without --window";
    else if (!drive->live && drive->window > 0) wrong = "--window is for real time: --speed";
    else if (!drive->live && drive->start_ns != 0) wrong = "--start-at and --start-in are for real time: --speed";
    else if (drive->finds_limit && drive->start_ns != 0) wrong = "--find-limit begins at once";
    else if (!drive->live && drive->metrics != NULL) wrong = "--metrics is for real time: --speed";
    else if (drive->finds_limit && drive->shard.shards > 0) wrong = "--find-limit has no shards: each machine would go its own way";
    else if (drive->finds_limit && isinf(drive->speed)) wrong = "--find-limit wants a speed to begin with, not max";
    else if (drive->finds_limit && options->out != NULL) wrong = "--find-limit writes no run directory";
    else if (drive->shard.shards > 0 && fl_channel_lives(options->engine))
        wrong = "--shard: behind one balancer any chat may come out at any agent, also at another machine's";
    else if (drive->finds_limit && drive->record != NULL) wrong = "--find-limit records nothing";
    if (wrong != NULL) fprintf(stderr, "fenliu drive: %s\n", wrong);
    if (drive->latency_ns == 0) drive->latency_ns = 10000000;
    if (drive->step_ns == 0) drive->step_ns = 10 * FL_SECOND;
    if (drive->finds_limit && drive->speed == 0) drive->speed = 1;
    return wrong == NULL;
}

/* Faults of the link are played where there is a link in real time, those of lines where lines are said. */
static bool faults_fit(const struct drive *drive, const struct options *options)
{
    const struct fl_scenario *const scenario = drive->scenario;
    if (!drive->live && scenario->faults_count > 0)
        fprintf(stderr, "fenliu drive: note: the %u faults of the link are not played in simulated time (wanted --speed X)\n", scenario->faults_count);
    for (uint32_t i = 0; fl_channel_lives(options->engine) && i < scenario->faults_count; i++) {
        const enum fl_fault what = (enum fl_fault)scenario->faults[i].what;
        if (!fl_fault_harms_lines(what)) continue;
        fprintf(stderr, "fenliu drive: %s: $.faults[%u].do: %s is done to an engine's lines, and a balancer says none: wanted stall, slow_reader, "
                        "slow_writer, half_open, cut or restart (or --set faults=[])\n", options->files[0], i, fl_fault_word(what));
        return false;
    }
    return true;
}

int cmd_drive(int argc, char **argv)
{
    struct options options;
    struct drive drive = { 0 };
    if (!options_read(&options, argc, argv, take_drive_option, &drive) || !page_option_holds(&options)) return EXIT_USAGE;
    if (options.help) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    if (drive.replay != NULL && options.files_count == 0 && options.engine != NULL && drive.record == NULL)
        return drive_replay(drive.replay, &options, drive.timeout_ns);
    if (options.files_count != 1 || options.engine == NULL || drive.replay != NULL) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    drive.quiet = options.quiet;
    drive.language = options.language;
    if (!options_agree(&drive, &options)) return EXIT_USAGE;
    char *text = NULL;
    struct fl_scenario *scenario = scenario_open(&options, options.files[0], &text);
    if (scenario == NULL) return EXIT_USAGE;
    drive.scenario = scenario;
    drive.text = text;
    const int code = faults_fit(&drive, &options) ? drive_scenario(&drive, &options, text, argc, argv) : EXIT_USAGE;
    fl_scenario_free(scenario);
    free(text);
    return code;
}
