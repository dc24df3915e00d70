/* fenliu drive: the same buyers against an outside routing engine. */
#include "command.h"
#include "report.h"

#include "engine/channel.h"
#include "engine/outside.h"
#include "engine/pace.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_VIOLATIONS 20u

static const char usage[] =
    "usage: fenliu drive [options] SCENARIO --engine URL\n"
    "Plays a scenario's buyers against a routing engine, judges its decisions, prints what buyers and agents saw.\n"
    "      --engine URL         exec:COMMAND, tcp://HOST:PORT, unix:PATH or http://HOST:PORT/PATH (sim/engine/PROTOCOL.md)\n"
    "      --lockstep           simulated time waits for the engine (default): a regression test, the same bytes every time\n"
    "      --speed X            real time instead, X instants of the day a second: a load test; what is due leaves whether the engine is\n"
    "                           ready or not. \"max\": as fast as --window lets it\n"
    "      --window N           time stands still while the engine has not said a word on N chats (default with max: 256, else none)\n"
    "      --timeout SECONDS    for all that the engine does on one event (default: the scenario's, 10)\n"
    "      --set PATH=VALUE     override a scenario value (repeatable)\n"
    "  -n, --replications N     days to play (default: the scenario's, 20)\n"
    "  -s, --seed N             seed (default: the scenario's, 1)\n"
    "  -j, --jobs N             engines, or connections to it (default: one a core); results do not depend on it\n"
    "  -o, --out DIR            write the run there, with engine.json\n"
    "      --json               the summary as one JSON object on stdout, with \"engine\"\n"
    "      --lang zh|en         language of the table (default: the locale's)\n"
    "  -q, --quiet              no progress\n"
    "Latency is wall clock, in microseconds: in lockstep from sending a chat to its ack, and all other figures repeat if the engine does;\n"
    "in real time from the instant the chat was due, so that a stalled engine cannot hide those who waited meanwhile.\n"
    "example: fenliu drive scenarios/618-opening.json --engine 'exec:python3 tests/engine/least_open.py'\n"
    "exit: 0 objectives met, 1 one missed, 2 bad usage or input, 3 engine failed, 4 not written, 5 internal, 130 interrupted\n";

/* ---- Options ----------------------------------------------------------------------------------- */

struct drive {
    const char *url;
    int64_t timeout_ns; /* of --timeout; 0: the scenario's */
    bool live;       /* real time */
    double speed;    /* INFINITY: as fast as the window allows */
    uint32_t window; /* 0: none */
    const struct fl_scenario *scenario;
    const char *text; /* of the scenario, overrides applied */
    uint64_t seed;
    struct engine *engines; /* [jobs] */
    uint32_t jobs;
};

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

static int take_drive_option(void *context, struct options *options, int argc, char **argv, int *i)
{
    struct drive *drive = context;
    const char *value;
    if (strcmp(argv[*i], "--lockstep") == 0) options->lockstep = true;
    else if ((value = option_value(argc, argv, i, "--engine")) != NULL) return take_engine(options->engine = value) ? 1 : -1;
    else if ((value = option_value(argc, argv, i, "--timeout")) != NULL) return take_timeout(drive, value) ? 1 : -1;
    else if ((value = option_value(argc, argv, i, "--speed")) != NULL) return take_speed(drive, value) ? 1 : -1;
    else if ((value = option_value(argc, argv, i, "--window")) != NULL) return take_window(drive, value) ? 1 : -1;
    else return 0;
    return 1;
}

/* ---- One engine a worker ------------------------------------------------------------------------ */

struct engine {
    uv_loop_t loop; /* the channel's */
    struct fl_channel *channel;
    struct fl_pace pace;    /* in real time */
    struct fl_outside *outside;
    char prefix[32];
    char problem[512]; /* a whole sentence; "" while all is well */
    struct fl_ledger ledger;
    char name[FL_PROTOCOL_NAME_MAX + 1];
};

static enum fl_status engine_open(void *context, uint32_t worker, struct fl_router *router)
{
    struct drive *drive = context;
    struct engine *engine = &drive->engines[worker];
    char what[256] = "";
    snprintf(engine->prefix, sizeof engine->prefix, "engine %u", worker);
    if (uv_loop_init(&engine->loop) != 0) return FL_EFULL;
    const struct fl_channel_setup link = { drive->url, &engine->loop, engine->prefix, &interrupted, &drive->scenario->engine };
    enum fl_status status = fl_channel_open(&link, &engine->channel, what);
    if (status != FL_OK) {
        uv_loop_close(&engine->loop);
        snprintf(engine->problem, sizeof engine->problem, "the engine %s", what);
        return status;
    }
    if (drive->live) status = fl_pace_open(&engine->pace, &engine->loop, drive->speed, &interrupted, engine->problem);
    const struct fl_outside_setup setup = { drive->scenario, drive->text, drive->seed, drive->timeout_ns, engine->prefix,
                                            drive->live ? &engine->pace : NULL, drive->window };
    if (status == FL_OK) status = fl_outside_open(&setup, engine->channel, &engine->outside, engine->problem);
    if (status != FL_OK) {
        engine->channel->ops->close(engine->channel);
        if (engine->pace.loop != NULL) fl_pace_close(&engine->pace);
        uv_loop_close(&engine->loop);
        return status;
    }
    snprintf(engine->name, sizeof engine->name, "%s", fl_outside_name(engine->outside));
    *router = (struct fl_router){ &fl_outside_ops, engine->outside };
    return FL_OK;
}

static void engine_close(void *context, uint32_t worker)
{
    struct engine *engine = &((struct drive *)context)->engines[worker];
    engine->channel->ops->close(engine->channel);
    if (engine->pace.loop != NULL) fl_pace_close(&engine->pace);
    uv_loop_close(&engine->loop);
    snprintf(engine->problem, sizeof engine->problem, "%s", fl_outside_problem(engine->outside));
    engine->ledger = *fl_outside_ledger(engine->outside);
    fl_outside_free(engine->outside);
}

/* The only worker's: with real time there is one. */
static bool engine_paces(void *context, fl_time at, fl_time *now)
{
    const struct drive *const drive = context;
    return fl_outside_pace(drive->engines[0].outside, at, now);
}

static int drive_failed(const struct drive *drive, enum fl_status status)
{
    for (uint32_t i = 0; status == FL_EENGINE && i < drive->jobs; i++) {
        if (drive->engines[i].problem[0] == '\0') continue;
        fprintf(stderr, "fenliu drive: %s\n", drive->engines[i].problem);
        return EXIT_ENGINE;
    }
    return run_failed(status, "drive");
}

/* ---- What the engine did ------------------------------------------------------------------------- */

struct latency {
    double mean_us, p50_us, p90_us, p99_us, p999_us, most_us;
};

static struct latency latency_of(const struct fl_histogram *head, const uint32_t *narrow)
{
    static const double shares[] = { 0.5, 0.9, 0.99, 0.999 };
    uint64_t counts[FL_HISTOGRAM_BUCKETS(FL_HISTOGRAM_FINE)];
    double at[4];
    for (uint32_t i = 0; i < FL_HISTOGRAM_BUCKETS(FL_HISTOGRAM_FINE); i++) counts[i] = narrow[i];
    for (int i = 0; i < 4; i++)
        at[i] = fl_histogram_percentile_s(head, counts, 0, FL_HISTOGRAM_BUCKETS(FL_HISTOGRAM_FINE), FL_HISTOGRAM_FINE, shares[i]) * 1e6;
    const double mean = head->count == 0 ? 0 : (double)head->sum_ns / (double)head->count / 1e3;
    return (struct latency){ mean, at[0], at[1], at[2], at[3], (double)head->most_ns / 1e3 };
}

static void add_violation_json(struct fl_text *out, const struct fl_violation *violation, const char *const *names)
{
    fl_text_add(out, "{\"day\":%u,\"at_ns\":%lld,\"event\":%llu,\"rule\":\"%s\"", violation->replication, (long long)violation->at,
                (unsigned long long)violation->event, fl_breach_name(violation->breach));
    if (violation->chat != 0) fl_text_add(out, ",\"chat\":%u", violation->chat);
    if (violation->agent != FL_NO_AGENT) {
        fl_text_add(out, ",\"agent\":%u,\"name\":", violation->agent);
        fl_text_add_json(out, names[violation->agent]);
    }
    fl_text_add(out, "}");
}

/* Whether the harness was punctual enough for its figures to be the engine's: what it adds to a decision is little beside what is
 * measured, or below a millisecond. A harness that is late asks fewer questions at once than the plan has. */
static bool is_valid(const struct fl_ledger *ledger)
{
    const struct latency own = latency_of(&ledger->lateness, ledger->lateness_counts), all = latency_of(&ledger->latency, ledger->latency_counts);
    return own.p99_us < 1000 || own.p99_us < all.p99_us / 10;
}

static void add_latency_json(struct fl_text *out, const char *key, const struct fl_histogram *head, const uint32_t *counts)
{
    const struct latency latency = latency_of(head, counts);
    fl_text_add(out, ",\"%s\":{\"n\":%llu,\"mean\":%.3f,\"p50\":%.3f,\"p90\":%.3f,\"p99\":%.3f,\"p999\":%.3f,\"max\":%.3f}", key,
                (unsigned long long)head->count, latency.mean_us, latency.p50_us, latency.p90_us, latency.p99_us, latency.p999_us, latency.most_us);
}

/* {"name","protocol","mode","events","chats","decisions","moves","never_assigned","violations":{"total",RULE:n,...},"first":[...],
 *  "decision_latency_us":{...}}; in real time also "speed", "crossed", "unanswered", "own_lateness_us":{...} and "valid" */
static void engine_json(const struct drive *drive, const struct fl_ledger *ledger, const char *name, const char *const *names, struct fl_text *out)
{
    fl_text_add(out, "{\"name\":");
    fl_text_add_json(out, name);
    fl_text_add(out, ",\"protocol\":%d,\"mode\":\"%s\",\"events\":%llu,\"chats\":%llu,\"decisions\":%llu,\"moves\":%llu,\"never_assigned\":%llu", FL_PROTOCOL_VERSION,
                drive->live ? "realtime" : "lockstep", (unsigned long long)ledger->events, (unsigned long long)ledger->chats, (unsigned long long)ledger->decisions,
                (unsigned long long)ledger->moves, (unsigned long long)ledger->never_assigned);
    fl_text_add(out, ",\"violations\":{\"total\":%llu", (unsigned long long)fl_ledger_violations(ledger));
    for (int i = 0; i < FL_BREACHES_COUNT; i++)
        fl_text_add(out, ",\"%s\":%llu", fl_breach_name((enum fl_breach)i), (unsigned long long)ledger->violations[i]);
    fl_text_add(out, "},\"first\":[");
    for (uint32_t i = 0; i < ledger->kept; i++) {
        if (i > 0) fl_text_add(out, ",");
        add_violation_json(out, &ledger->first[i], names);
    }
    fl_text_add(out, "]");
    add_latency_json(out, "decision_latency_us", &ledger->latency, ledger->latency_counts);
    if (drive->live) {
        fl_text_add(out, ",\"speed\":");
        if (isfinite(drive->speed)) fl_text_add(out, "%.6g", drive->speed);
        else fl_text_add(out, "\"max\"");
        fl_text_add(out, ",\"crossed\":%llu,\"unanswered\":%llu", (unsigned long long)ledger->crossed, (unsigned long long)ledger->unanswered);
        add_latency_json(out, "own_lateness_us", &ledger->lateness, ledger->lateness_counts);
        fl_text_add(out, ",\"valid\":%s", is_valid(ledger) ? "true" : "false");
    }
    fl_text_add(out, "}");
}

static void report_violations(const struct fl_ledger *ledger, const struct fl_results *results, bool zh, struct fl_text *out)
{
    const uint64_t total = fl_ledger_violations(ledger);
    if (total == 0) return;
    fl_text_add(out, zh ? "\n违规 %llu 次\n" : "\nviolations: %llu\n", (unsigned long long)total);
    for (int i = 0; i < FL_BREACHES_COUNT; i++)
        if (ledger->violations[i] > 0)
            fl_text_add(out, "  %8llu  %-16s %s\n", (unsigned long long)ledger->violations[i], fl_breach_name((enum fl_breach)i), fl_breach_sentence((enum fl_breach)i));
    fl_text_add(out, zh ? "\n  天   时刻                   +秒            会话  客服            违反\n" : "\n  day  instant                +seconds       chat  agent           rule\n");
    const uint32_t shown = ledger->kept < SHOWN_VIOLATIONS ? ledger->kept : SHOWN_VIOLATIONS;
    for (uint32_t i = 0; i < shown; i++) {
        const struct fl_violation *violation = &ledger->first[i];
        char instant[32];
        fl_instant_format(results->scenario, violation->at, instant);
        fl_text_add(out, "  %-4u %-19s %14.3f %8u  ", violation->replication, instant, fl_time_to_s(violation->at), violation->chat);
        text_add_padded(out, violation->agent == FL_NO_AGENT ? "-" : results->agent_names[violation->agent], 14, false);
        fl_text_add(out, "  %s\n", fl_breach_name(violation->breach));
    }
    if (total > shown) fl_text_add(out, zh ? "  … 共 %llu 次,前 100 次见 engine.json\n" : "  ... of %llu; the first 100 are in engine.json\n", (unsigned long long)total);
}

static void report_live(const struct fl_ledger *ledger, bool zh, struct fl_text *out)
{
    const struct latency own = latency_of(&ledger->lateness, ledger->lateness_counts);
    fl_text_add(out, zh ? "  自身迟到(微秒)            平均 %.1f  一半 %.1f  九成 %.1f  百分之九十九 %.1f  千分之九百九十九 %.1f  最长 %.1f\n"
                        : "  own lateness (us)                  mean %.1f  p50 %.1f  p90 %.1f  p99 %.1f  p99.9 %.1f  max %.1f\n",
                own.mean_us, own.p50_us, own.p90_us, own.p99_us, own.p999_us, own.most_us);
    fl_text_add(out, zh ? "  与事件交错的决定 %llu  未得答复的会话 %llu\n" : "  decisions that crossed an event %llu  chats that ended unanswered %llu\n",
                (unsigned long long)ledger->crossed, (unsigned long long)ledger->unanswered);
    if (!is_valid(ledger))
        fl_text_add(out, zh ? "  测量无效:瓶颈在本机,不在引擎(自身迟到过大)\n" : "  measurement not valid: this machine was the bottleneck, not the engine (own lateness is too large)\n");
}

static void report_engine(const struct drive *drive, const struct fl_ledger *ledger, const char *name, uint32_t processes, const struct fl_results *results, enum language language,
                          struct fl_text *out)
{
    const bool zh = language == LANGUAGE_ZH;
    const struct latency latency = latency_of(&ledger->latency, ledger->latency_counts);
    fl_text_add(out, zh ? "\n引擎 %s  进程 %u  事件 %llu  决定 %llu  从未分配 %llu  违规 %llu\n" : "\nengine %s  processes %u  events %llu  decisions %llu  never assigned %llu  violations %llu\n", name,
                processes, (unsigned long long)ledger->events, (unsigned long long)ledger->decisions, (unsigned long long)ledger->never_assigned,
                (unsigned long long)fl_ledger_violations(ledger));
    fl_text_add(out, zh ? "  决定耗时(实际时间,微秒)  平均 %.1f  一半 %.1f  九成 %.1f  百分之九十九 %.1f  千分之九百九十九 %.1f  最长 %.1f\n"
                        : "  decision latency (wall clock, us)  mean %.1f  p50 %.1f  p90 %.1f  p99 %.1f  p99.9 %.1f  max %.1f\n",
                latency.mean_us, latency.p50_us, latency.p90_us, latency.p99_us, latency.p999_us, latency.most_us);
    if (drive->live) report_live(ledger, zh, out);
    report_violations(ledger, results, zh, out);
}

/* ---- The command --------------------------------------------------------------------------------- */

/* The summary with one member more. */
static void summary_json(const struct fl_results *results, const struct fl_results_head *head, const struct fl_text *engine, struct fl_text *out)
{
    fl_results_json(results, head, out);
    if (!out->full && out->length >= 2) out->length -= 2; /* "}\n" */
    fl_text_add(out, ",\"engine\":");
    fl_text_add_bytes(out, engine->bytes, engine->length);
    fl_text_add(out, "}\n");
    out->full |= engine->full;
}

static int drive_finish(const struct drive *drive, const struct options *options, const struct fl_run *run, const struct run_record *plain)
{
    struct fl_ledger *ledger = calloc(1, sizeof *ledger);
    if (ledger == NULL) return run_failed(FL_EFULL, "drive");
    for (uint32_t i = 0; i < run->jobs; i++) fl_ledger_add(ledger, &drive->engines[i].ledger);
    struct run_record record = *plain;
    struct fl_text engine = { 0 }, answer = { 0 };
    engine_json(drive, ledger, record.head->policy, run->results.agent_names, &engine);
    record.engine = &engine;
    int code = options->out != NULL ? run_write(options->out, &record) : EXIT_DONE;
    if (options->json) {
        summary_json(&run->results, record.head, &engine, &answer);
    } else {
        report_simulation(&run->results, record.head, options->language, &answer);
        report_engine(drive, ledger, record.head->policy, run->jobs, &run->results, options->language, &answer);
    }
    if (code == EXIT_DONE) code = text_print(&answer);
    if (code == EXIT_DONE && run->partial) code = EXIT_INTERRUPTED;
    if (code == EXIT_DONE && drive->live && !is_valid(ledger)) code = EXIT_MISSED;
    if (code == EXIT_DONE && !report_objectives_met(&run->results)) code = EXIT_MISSED;
    fl_text_free(&answer);
    fl_text_free(&engine);
    free(ledger);
    return code;
}

static int drive_scenario(struct drive *drive, const struct options *options, const char *text, int argc, char **argv)
{
    const struct fl_scenario *scenario = drive->scenario;
    struct progress progress;
    const uint32_t days = options->replications > 0 ? options->replications : drive->live ? 1 : scenario->replications;
    drive->url = options->engine;
    if (drive->timeout_ns == 0) drive->timeout_ns = scenario->engine.timeout;
    drive->seed = options->has_seed ? options->seed : scenario->seed;
    drive->jobs = drive->live ? 1 : options->jobs > 0 ? options->jobs : fl_run_cores();
    if (drive->live && isinf(drive->speed) && drive->window == 0) drive->window = 256;
    if (drive->jobs > days) drive->jobs = days;
    drive->engines = calloc(drive->jobs, sizeof *drive->engines);
    if (drive->engines == NULL) return run_failed(FL_EFULL, "drive");
    progress_start(&progress, options, "drive");
    const struct fl_run_options how = {
        .seed = drive->seed, .replications = days, .jobs = drive->jobs, .routers = { engine_open, engine_close, drive },
        .pace = drive->live ? engine_paces : NULL, .pace_context = drive,
        .on_progress = progress_step, .progress_context = &progress, .stop = &interrupted,
    };
    struct fl_run *run = NULL;
    const enum fl_status status = fl_run(scenario, &how, &run);
    progress_end(&progress);
    int code = EXIT_DONE;
    if (status == FL_OK) {
        const struct fl_results_head head = { "drive", drive->engines[0].name, run->seed, run->partial };
        code = drive_finish(drive, options, run, &(struct run_record){ .run = run, .head = &head, .scenario_text = text, .argc = argc, .argv = argv });
    } else {
        code = drive_failed(drive, status);
    }
    fl_run_free(run);
    free(drive->engines);
    return code;
}

int cmd_drive(int argc, char **argv)
{
    struct options options;
    struct drive drive = { 0 };
    if (!options_read(&options, argc, argv, take_drive_option, &drive)) return EXIT_USAGE;
    if (options.help) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    if (options.files_count != 1 || options.engine == NULL) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    char *text = NULL;
    struct fl_scenario *scenario = scenario_open(&options, options.files[0], &text);
    if (scenario == NULL) return EXIT_USAGE;
    drive.scenario = scenario;
    drive.text = text;
    const int code = drive_scenario(&drive, &options, text, argc, argv);
    fl_scenario_free(scenario);
    free(text);
    return code;
}
