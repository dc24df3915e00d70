/* fenliu merge, of shards of fenliu drive: the books of the engines, their logs, and days that were divided.
 *
 * Books are added up exactly: counts by sums, latencies by their buckets, so that a percentile of the merged run is that of all samples. What
 * cannot be added (which machine was late, which chat was wrong) keeps the number of the shard that it comes from. */
#include "merge.h"

#include "compare.h"
#include "drive.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Books ---------------------------------------------------------------------------------------- */

bool merge_has_books(const char *path)
{
    char file[4200];
    snprintf(file, sizeof file, "%.4096s/" SHARD_BOOKS, path);
    return access(file, F_OK) == 0;
}

bool merge_divides_desk(const struct merge *merge)
{
    return merge->books != NULL && merge->books[0]->divided == FL_DIVIDED_DESK;
}

/* Whether both files of the shard are of the same part of the same run. */
static bool books_are_the_slices(const struct fl_books *books, const struct fl_slice_head *head)
{
    if (books->scenario_hash != head->scenario_hash || books->seed != head->seed) return false;
    if (books->divided == FL_DIVIDED_DESK) return head->shards == 1 && head->replications == 1 && head->days == 1;
    return books->shard == head->shard && books->shards == head->shards;
}

static void mode_describe(const struct fl_books *books, char out[160])
{
    char window[32] = "";
    if (books->window > 0) snprintf(window, sizeof window, ", --window %u", books->window);
    if (!books->live) snprintf(out, 160, "in lockstep (--timeout %g s)", fl_time_to_s(books->timeout_ns));
    else if (isinf(books->speed)) snprintf(out, 160, "at --speed max%s (--timeout %g s)", window, fl_time_to_s(books->timeout_ns));
    else snprintf(out, 160, "at --speed %g%s (--timeout %g s)", books->speed, window, fl_time_to_s(books->timeout_ns));
}

static bool books_fit(const struct merge *merge, const char *path, const struct fl_books *books)
{
    const struct fl_books *const first = merge->books[0];
    char own[160], wanted[160];
    mode_describe(books, own);
    mode_describe(first, wanted);
    if (strcmp(own, wanted) != 0) fprintf(stderr, "fenliu merge: %s: driven %s, not %s as %s\n", path, own, wanted, merge->options->files[0]);
    else if (strcmp(books->engine, first->engine) != 0)
        fprintf(stderr, "fenliu merge: %s: of engine \"%s\", not \"%s\" as %s\n", path, books->engine, first->engine, merge->options->files[0]);
    else return true;
    return false;
}

static int books_open(const char *path, struct fl_books *books)
{
    char file[4200];
    size_t length;
    snprintf(file, sizeof file, "%.4096s/" SHARD_BOOKS, path);
    char *const bytes = file_bytes(file, &length);
    if (bytes == NULL) return merge_refuse(path, "cannot read " SHARD_BOOKS);
    const enum fl_status status = fl_books_read(bytes, length, books);
    free(bytes);
    return status == FL_OK ? EXIT_DONE : merge_refuse_damaged(path, SHARD_BOOKS, status);
}

int merge_books_take(struct merge *merge, uint32_t number, struct fl_slice_head *head)
{
    const char *const path = merge->options->files[number];
    struct fl_books *const books = calloc(1, sizeof *books);
    if (books == NULL) return run_failed(FL_EFULL, "merge");
    merge->books[number] = books;
    const int code = books_open(path, books);
    if (code != EXIT_DONE) return code;
    if (!books_are_the_slices(books, head) || books->shards > SHARDS_MAX) return merge_refuse(path, "shard.bin and " SHARD_BOOKS " are of different shards");
    head->shard = books->shard;
    head->shards = books->shards;
    return books_fit(merge, path, books) ? EXIT_DONE : EXIT_USAGE;
}

/* ---- Logs of every second ------------------------------------------------------------------------- */

struct log_line {
    double from_s; /* since the log's start */
    double since_s; /* that start, since 1970 */
    uint32_t shard;
    const char *rest; /* from the first comma on */
    int length;
};

struct logs {
    char **texts; /* [shards] owned */
    struct log_line *lines;
    size_t count, room;
    double first_s; /* the earliest start */
};

static bool line_add(struct logs *logs, const struct log_line *line)
{
    if (logs->count == logs->room) {
        const size_t room = logs->room == 0 ? 256 : 2 * logs->room;
        struct log_line *const more = realloc(logs->lines, room * sizeof *more);
        if (more == NULL) return false;
        logs->lines = more;
        logs->room = room;
    }
    logs->lines[logs->count++] = *line;
    return true;
}

/* As drive_live.c has written it. false: it is something else, or there is no memory. */
static bool log_read(struct logs *logs, uint32_t shard, const char *text)
{
    const char *const start = strstr(text, "#[StartTime: ");
    struct log_line line = { .shard = shard };
    if (start == NULL || sscanf(start, "#[StartTime: %lf", &line.since_s) != 1 || !(line.since_s >= 0 && line.since_s < 1e12)) return false;
    if (shard == 0 || line.since_s < logs->first_s) logs->first_s = line.since_s;
    for (const char *at = text, *end; *at != '\0'; at = *end == '\0' ? end : end + 1) {
        char *comma;
        end = strchrnul(at, '\n');
        if (*at == '#' || *at == '"' || at == end) continue;
        line.from_s = strtod(at, &comma);
        if (comma == at || comma >= end || *comma != ',' || !(line.from_s >= 0 && line.from_s < 1e9) || end - comma > INT32_MAX) return false;
        line.rest = comma;
        line.length = (int)(end - comma);
        if (!line_add(logs, &line)) return false;
    }
    return true;
}

static int compare_lines(const void *a, const void *b)
{
    const struct log_line *const x = a, *const y = b;
    const double at = x->since_s + x->from_s, other = y->since_s + y->from_s;
    if (at != other) return at < other ? -1 : 1;
    return x->shard < y->shard ? -1 : x->shard > y->shard;
}

/* The head of the first log, then all lines by time, each with its shard as the tag that such logs may have. */
static void logs_write(const struct logs *logs, struct fl_text *out)
{
    const char *const head = logs->texts[0], *const start = strstr(head, "#[StartTime: "), *const after = strchr(start, '\n');
    const char *const legend = strstr(head, "\"StartTimestamp\"");
    fl_text_add_bytes(out, head, (size_t)(start - head));
    fl_text_add(out, "#[StartTime: %.3f (seconds since epoch, local time)]", logs->first_s);
    if (after != NULL && legend != NULL) fl_text_add_bytes(out, after, strcspn(legend, "\n") + (size_t)(legend - after));
    fl_text_add(out, "\n");
    for (size_t i = 0; i < logs->count; i++) {
        const struct log_line *const line = &logs->lines[i];
        fl_text_add(out, "Tag=shard%u,%.3f%.*s\n", line->shard, line->since_s - logs->first_s + line->from_s, line->length, line->rest);
    }
}

/* One log of all shards. The exit code. */
static int logs_merge(const struct merge *merge, const char *name, struct fl_text *out)
{
    struct logs logs = { .texts = calloc(merge->first.shards, sizeof *logs.texts) };
    int code = logs.texts != NULL ? EXIT_DONE : run_failed(FL_EFULL, "merge");
    for (uint32_t s = 0; s < merge->first.shards && code == EXIT_DONE; s++) {
        const char *const path = merge->options->files[merge->place[s]];
        char file[4200];
        size_t length;
        snprintf(file, sizeof file, "%.4096s/%s", path, name);
        logs.texts[s] = file_bytes(file, &length);
        if (logs.texts[s] != NULL && strlen(logs.texts[s]) == length && log_read(&logs, s, logs.texts[s])) continue;
        fprintf(stderr, "fenliu merge: %s: %s is missing or damaged\n", path, name);
        code = EXIT_USAGE;
    }
    if (code == EXIT_DONE && logs.count > 1) qsort(logs.lines, logs.count, sizeof *logs.lines, compare_lines);
    if (code == EXIT_DONE) logs_write(&logs, out);
    for (uint32_t s = 0; logs.texts != NULL && s < merge->first.shards; s++) free(logs.texts[s]);
    free(logs.texts);
    free(logs.lines);
    return code;
}

/* ---- The run -------------------------------------------------------------------------------------- */

static const struct fl_books *books_of(const struct merge *merge, uint32_t shard)
{
    return merge->books[merge->place[shard]];
}

/* Buckets have 32 bits: more samples than that in all could overflow one. */
static bool ledgers_add(const struct merge *merge, struct fl_ledger *sum, uint32_t *sessions)
{
    uint64_t samples = 0, own = 0;
    for (uint32_t s = 0; s < merge->first.shards; s++) {
        const struct fl_books *const books = books_of(merge, s);
        samples += books->ledger.latency.count;
        own += books->ledger.lateness.count;
        if (samples > UINT32_MAX || own > UINT32_MAX) return false;
        fl_ledger_add(sum, &books->ledger);
        *sessions += books->sessions;
    }
    return true;
}

/* Of blocks of days the sum is what one machine would have seen; of shares of the desk each part stays apart. */
static void parts_fill(const struct merge *merge, const struct fl_ledger *sum, struct drive_part parts[])
{
    parts[0] = (struct drive_part){ .ledger = sum };
    for (uint32_t s = 0; merge_divides_desk(merge) && s < merge->first.shards; s++) {
        const struct fl_books *const books = books_of(merge, s);
        parts[s] = (struct drive_part){ &books->ledger, books->faults, books->faults_count, books->link_broke, books->began_ns };
    }
}

static int conclude(const struct merge *merge, const struct drive_outcome *outcome, const struct run_record *plain)
{
    struct run_record record = *plain;
    struct fl_text logs[2] = { { 0 }, { 0 } };
    int code = EXIT_DONE;
    if (outcome->live) {
        record.extras[0] = (struct run_extra){ "decision_latency.hlog", &logs[0] };
        record.extras[1] = (struct run_extra){ "own_lateness.hlog", &logs[1] };
    }
    for (int i = 0; i < 2 && outcome->live && code == EXIT_DONE; i++) code = logs_merge(merge, record.extras[i].name, &logs[i]);
    if (code == EXIT_DONE) code = drive_conclude(outcome, merge->options, &record);
    fl_text_free(&logs[0]);
    fl_text_free(&logs[1]);
    return code;
}

int merge_drive_conclude(const struct merge *merge, const struct fl_run *run, int argc, char **argv)
{
    const struct fl_books *const first = books_of(merge, 0);
    const bool desk = merge_divides_desk(merge);
    const struct fl_results_head head = { .command = "drive", .policy = first->engine, .seed = run->seed, .partial = run->partial };
    const struct run_record record = { .run = run, .head = &head, .scenario_text = merge->scenario_text, .argc = argc, .argv = argv,
                                       .desk_shards = desk ? merge->first.shards : 1 };
    struct fl_ledger *const sum = calloc(1, sizeof *sum);
    struct drive_part *const parts = calloc(merge->first.shards, sizeof *parts);
    uint32_t sessions = 0;
    int code = sum != NULL && parts != NULL ? EXIT_DONE : run_failed(FL_EFULL, "merge");
    if (code == EXIT_DONE && !ledgers_add(merge, sum, &sessions)) code = merge_refuse(merge->options->files[0], "the shards have more decisions together than a histogram counts, 2^32");
    if (code == EXIT_DONE) {
        parts_fill(merge, sum, parts);
        const struct drive_outcome outcome = { first->engine, first->live, first->speed, sessions, sum, parts, desk ? merge->first.shards : 1 };
        code = conclude(merge, &outcome, &record);
    }
    free(sum);
    free(parts);
    return code;
}
