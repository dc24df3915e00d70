/* fenliu drive --replay: the harness's side of a transcript, played to an engine without any desk. */
#include "transcripts.h"
#include "file_lines.h"

#include "engine/replay.h"

#include <stdlib.h>
#include <string.h>

/* Those of a scenario that says nothing of them. */
static const struct fl_engine_def limits = { .timeout = 10 * FL_SECOND, .connect_timeout = 5 * FL_SECOND, .close_timeout = 2 * FL_SECOND,
                                             .retries = 2, .write_buffer = 1u << 20, .http_pipeline = 1 };

/* One engine for each worker of the transcript. */
struct side {
    uv_loop_t loop;
    struct fl_channel *channel;
    struct fl_replay *replay;
};

struct replaying {
    const struct options *options;
    const char *path;
    int64_t timeout_ns;
    bool live, begun, ended;
    uint64_t line;
    struct side *sides[FL_TRANSCRIPT_WORKERS_MAX];
    uint32_t count;
};

static int failed(const char *path, uint64_t line, const char *what)
{
    fprintf(stderr, "%s:%llu: %s\n", path, (unsigned long long)line, what);
    return EXIT_USAGE;
}

/* NULL after saying why; *code is the exit code then. */
static struct side *side_open(struct replaying *r, uint32_t worker, int *code)
{
    struct side *const side = calloc(1, sizeof *side);
    char prefix[32], problem[256] = "";
    *code = EXIT_INTERNAL;
    if (side == NULL) return NULL;
    if (uv_loop_init(&side->loop) != 0) {
        free(side);
        return NULL;
    }
    snprintf(prefix, sizeof prefix, "engine %u", worker);
    const struct fl_channel_setup setup = { r->options->engine, &side->loop, prefix, &interrupted, &limits };
    enum fl_status status = fl_channel_open(&setup, &side->channel, problem);
    if (status == FL_OK) {
        status = fl_replay_open(side->channel, r->live, r->timeout_ns, &interrupted, &side->replay);
        if (status != FL_OK) side->channel->ops->close(side->channel);
    }
    if (status == FL_OK) {
        r->sides[worker] = side;
        r->count++;
        return side;
    }
    if (status == FL_EENGINE) fprintf(stderr, "fenliu drive: the engine %s\n", problem);
    *code = status == FL_EENGINE ? EXIT_ENGINE : run_failed(status, "drive");
    uv_loop_close(&side->loop);
    free(side);
    return NULL;
}

static void side_close(struct side *side)
{
    if (side == NULL) return;
    fl_replay_free(side->replay);
    side->channel->ops->close(side->channel);
    uv_loop_close(&side->loop);
    free(side);
}

static int play_line(struct replaying *r, const struct fl_transcript_line *line)
{
    int code;
    if (line->kind == FL_TRANSCRIPT_END) {
        r->ended = true;
        return EXIT_DONE;
    }
    if (line->kind == FL_TRANSCRIPT_HEAD) {
        if (r->begun) return failed(r->path, r->line, "a second transcript in one file");
        r->begun = true;
        r->live = line->live;
        return EXIT_DONE;
    }
    if (!r->begun) return failed(r->path, r->line, "wanted the first line of a transcript (fenliu drive --record FILE)");
    struct side *side = r->sides[line->worker];
    if (side == NULL && (side = side_open(r, line->worker, &code)) == NULL) return code;
    const enum fl_status status = fl_replay_line(side->replay, line);
    if (status == FL_OK) return EXIT_DONE;
    const char *const problem = fl_replay_result(side->replay)->problem;
    if (status == FL_ESYNTAX) return failed(r->path, r->line, problem);
    if (status != FL_EENGINE) return run_failed(status, "drive");
    fprintf(stderr, "fenliu drive: %s\n", problem);
    return EXIT_ENGINE;
}

static int play(struct replaying *r, struct file_lines *lines)
{
    struct fl_transcript_line line;
    char *text, problem[160];
    size_t length;
    int code = EXIT_DONE;
    while (code == EXIT_DONE && !interrupted && file_lines_next(lines, &text, &length)) {
        r->line++;
        code = fl_transcript_scan(text, length, &line, problem) == FL_OK ? play_line(r, &line) : failed(r->path, r->line, problem);
    }
    if (code != EXIT_DONE) return code;
    if (interrupted) return run_failed(FL_EINTERRUPTED, "drive");
    if (lines->problem[0] != '\0') return failed(r->path, r->line + 1, lines->problem);
    if (!r->begun) return failed(r->path, 1, "wanted a transcript, got an empty file");
    if (!r->ended) fprintf(stderr, "fenliu drive: %s is cut off; played as far as it goes\n", r->path);
    return EXIT_DONE;
}

/* ---- What differs ------------------------------------------------------------------------------- */

struct outcome {
    uint64_t days, events, decisions, differ;
    const struct fl_replay_result *first; /* of all workers, by day and event; NULL: none differs */
    const struct fl_replay_result *any;
};

static struct outcome sum_up(const struct replaying *r)
{
    struct outcome sum = { 0 };
    for (uint32_t w = 0; w < FL_TRANSCRIPT_WORKERS_MAX; w++) {
        if (r->sides[w] == NULL) continue;
        const struct fl_replay_result *const one = fl_replay_result(r->sides[w]->replay);
        sum.days += one->days;
        sum.events += one->events;
        sum.decisions += one->decisions;
        sum.differ += one->differ;
        if (sum.any == NULL) sum.any = one;
        const struct fl_replay_difference *const a = &one->first, *const b = sum.first != NULL ? &sum.first->first : NULL;
        if (a->found && (b == NULL || a->day < b->day || (a->day == b->day && a->event < b->event))) sum.first = one;
    }
    return sum;
}

static const char *or_nothing(const char *text)
{
    return text != NULL ? text : "";
}

static void outcome_json(const struct replaying *r, const struct outcome *sum, struct fl_text *out)
{
    fl_text_add(out, "{\"fenliu\":1,\"command\":\"drive\",\"replay\":{\"transcript\":");
    fl_text_add_json(out, r->path);
    fl_text_add(out, ",\"mode\":\"%s\",\"engine\":", r->live ? "realtime" : "lockstep");
    fl_text_add_json(out, sum->any != NULL ? sum->any->engine : "");
    fl_text_add(out, ",\"recorded_engine\":");
    fl_text_add_json(out, sum->any != NULL ? sum->any->recorded_engine : "");
    fl_text_add(out, ",\"days\":%llu,\"events\":%llu,\"decisions\":%llu,\"differ\":%llu", (unsigned long long)sum->days, (unsigned long long)sum->events,
                (unsigned long long)sum->decisions, (unsigned long long)sum->differ);
    if (sum->first != NULL) {
        const struct fl_replay_difference *const first = &sum->first->first;
        fl_text_add(out, ",\"first\":{\"day\":%u,\"event\":%lld,\"at_ns\":%lld,\"chat\":%lld,\"recorded\":", first->day, (long long)first->event,
                    (long long)first->at_ns, (long long)first->chat);
        fl_text_add_json(out, or_nothing(first->recorded));
        fl_text_add(out, ",\"now\":");
        fl_text_add_json(out, or_nothing(first->now));
        fl_text_add(out, ",\"line\":");
        fl_text_add_json(out, or_nothing(first->line));
        fl_text_add(out, ",\"knew\":");
        fl_text_add_json(out, or_nothing(first->knew));
        fl_text_add(out, "}");
    }
    fl_text_add(out, "}}\n");
}

/* Every line of a text, moved in. */
static void add_indented(struct fl_text *out, const char *text)
{
    for (const char *at = or_nothing(text); *at != '\0';) {
        const size_t length = strcspn(at, "\n");
        fl_text_add(out, "    ");
        fl_text_add_bytes(out, at, length);
        fl_text_add(out, "\n");
        at += length + (at[length] == '\n');
    }
}

static void outcome_table(const struct replaying *r, const struct outcome *sum, bool zh, struct fl_text *out)
{
    const char *const none = "?";
    fl_text_add(out, zh ? "重放 %s(%s)\n录下的引擎 %s;现在的引擎 %s\n" : "replay of %s (%s)\nrecorded engine %s; engine now %s\n", r->path,
                r->live ? (zh ? "实时" : "real time") : (zh ? "同步" : "lockstep"), sum->any != NULL ? sum->any->recorded_engine : none,
                sum->any != NULL ? sum->any->engine : none);
    fl_text_add(out, zh ? "%llu 天,事件 %llu,录下的决定 %llu\n" : "days %llu  events %llu  recorded decisions %llu\n", (unsigned long long)sum->days,
                (unsigned long long)sum->events, (unsigned long long)sum->decisions);
    if (sum->first == NULL) {
        fl_text_add(out, zh ? "\n没有一个决定不同。\n" : "\nno decision differs\n");
        return;
    }
    const struct fl_replay_difference *const first = &sum->first->first;
    const int64_t clock = (sum->first->start_s + first->at_ns / FL_SECOND) % 86400;
    fl_text_add(out, zh ? "\n最先不同:第 %u 天 %02d:%02d:%02d(+%.3f 秒),事件 %lld" : "\nfirst difference: day %u, %02d:%02d:%02d (+%.3f s), event %lld", first->day,
                (int)(clock / 3600), (int)(clock / 60 % 60), (int)(clock % 60), (double)first->at_ns * 1e-9, (long long)first->event);
    if (first->chat != 0) fl_text_add(out, zh ? ",会话 %lld" : ", chat %lld", (long long)first->chat);
    fl_text_add(out, zh ? "\n  当时  %s\n  现在  %s\n  事件\n" : "\n  recorded  %s\n  now       %s\n  the event\n", or_nothing(first->recorded), or_nothing(first->now));
    add_indented(out, first->line);
    fl_text_add(out, zh ? "  引擎当时知道的\n" : "  what the engine knew\n");
    add_indented(out, first->knew);
    if (r->live)
        fl_text_add(out, zh ? "\n决定不同的会话共 %llu 个。实时录制不含引擎自己的时钟:可疑时用同步方式再比。\n"
                            : "\nchats decided otherwise: %llu. An engine's own clock is not recorded in real time: when in doubt, compare in lockstep.\n",
                    (unsigned long long)sum->differ);
    else
        fl_text_add(out, zh ? "\n答复不同的事件共 %llu 个;第一个之后的,引擎所想的一天与录下的已不同。\n"
                            : "\nevents answered otherwise: %llu; after the first the engine's day is another than the recorded one\n",
                    (unsigned long long)sum->differ);
}

int drive_replay(const char *path, const struct options *options, int64_t timeout_ns)
{
    struct replaying *const r = calloc(1, sizeof *r);
    struct file_lines lines;
    if (r == NULL) return run_failed(FL_EFULL, "drive");
    *r = (struct replaying){ .options = options, .path = path, .timeout_ns = timeout_ns > 0 ? timeout_ns : limits.timeout };
    int code = file_lines_open(&lines, path) ? play(r, &lines) : failed(path, 0, lines.problem);
    file_lines_close(&lines);
    if (code == EXIT_DONE) {
        const struct outcome sum = sum_up(r);
        struct fl_text answer = { 0 };
        if (options->json) outcome_json(r, &sum, &answer);
        else outcome_table(r, &sum, options->language == LANGUAGE_ZH, &answer);
        code = text_print(&answer);
        fl_text_free(&answer);
        if (code == EXIT_DONE && sum.first != NULL) code = EXIT_MISSED;
    }
    for (uint32_t w = 0; w < FL_TRANSCRIPT_WORKERS_MAX; w++) side_close(r->sides[w]);
    free(r);
    return code;
}
