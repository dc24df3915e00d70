/* fenliu merge: the shards of a run as the run that one machine would have written.
 *
 * Nothing is guessed: a shard that is missing, given twice, unfinished, damaged or of another run is named, and nothing is written. */
#include "compare_many.h"
#include "merge.h"
#include "page.h"
#include "report.h"
#include "run/overlay.h"
#ifdef FENLIU_SQLITE
#include "sweep.h"
#endif

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char usage[] =
    "usage: fenliu merge [options] -o DIR SHARD...\n"
    "Puts the shards of a run (fenliu simulate or drive --shard I/N -o SHARD) together: DIR is what one machine would have written. Of a day driven\n"
    "in real time that is one run of all buyers and agents: counts and latencies are those of all machines together (histograms are added up bucket\n"
    "by bucket), rules broken, faults and lateness say which shard they come from. Stores of fenliu sweep --shard I/N are put together in the same\n"
    "way: DIR is then a store.\n"
    "  -o, --out DIR            write the run there\n"
    "      --report             and report.html, a page for people, into DIR\n"
    "      --json               the summary as one JSON object on stdout, nothing else\n"
    "      --lang zh|en         language of the table (default: the locale's)\n"
    "Shards that are missing, given twice, unfinished, damaged or of another scenario, seed, engine, speed or version are refused by name.\n"
    "example: for i in 0 1 2 3; do fenliu simulate scenarios/618-opening.json -n 200 --shard $i/4 -o part$i.run & done; wait\n"
    "         fenliu merge -o 618.run part?.run\n"
    "exit: as fenliu simulate and drive: 0 objectives met, 1 one missed or a measurement not valid, 2 bad usage or shards, 3 a link broke, 4 not\n"
    "written, 5 internal\n";

int merge_refuse(const char *path, const char *why)
{
    fprintf(stderr, "fenliu merge: %s: %s\n", path, why);
    return EXIT_USAGE;
}

/* ---- Looking at the shards --------------------------------------------------------------------- */

static char *shard_bytes(const char *path, size_t *length)
{
    char file[4200];
    snprintf(file, sizeof file, "%.4096s/shard.bin", path);
    char *const bytes = file_bytes(file, length);
    if (bytes == NULL)
        fprintf(stderr, "fenliu merge: cannot read %s: %s%s\n", file, strerror(errno),
                errno == ENOENT ? " (a shard is written by fenliu simulate or drive, --shard I/N --out DIR)" : "");
    return bytes;
}

int merge_refuse_damaged(const char *path, const char *file, enum fl_status status)
{
    const char *const what = status == FL_EUNKNOWN    ? " is of another version of fenliu"
                             : status == FL_ECONFLICT ? " and scenario.json are of different scenarios"
                                                      : " is damaged or cut short";
    if (status == FL_EFULL) return run_failed(status, "merge");
    fprintf(stderr, "fenliu merge: %s: %s%s\n", path, file, what);
    return EXIT_USAGE;
}

/* Whether the shard is of the same run as the first. */
static bool is_of_this_run(const struct merge *merge, const char *path, const struct fl_slice_head *head)
{
    const struct fl_slice_head *const first = &merge->first;
    const char *const with = merge->options->files[0];
    if (head->scenario_hash != first->scenario_hash)
        fprintf(stderr, "fenliu merge: %s: of another scenario than %s (hash %016llx, not %016llx)\n", path, with, (unsigned long long)head->scenario_hash,
                (unsigned long long)first->scenario_hash);
    else if (head->seed != first->seed)
        fprintf(stderr, "fenliu merge: %s: of seed %llu, not %llu as %s\n", path, (unsigned long long)head->seed, (unsigned long long)first->seed, with);
    else if (merge_divides_desk(merge) && head->shards != first->shards)
        fprintf(stderr, "fenliu merge: %s: one of %u shares of the desk, not of %u as %s\n", path, head->shards, first->shards, with);
    else if (head->replications != first->replications || head->shards != first->shards)
        fprintf(stderr, "fenliu merge: %s: one of %u shards of %u days, not of %u of %u as %s\n", path, head->shards, head->replications, first->shards,
                first->replications, with);
    else return true;
    return false;
}

/* Shards are of simulate or of drive, all alike. */
static int books_place(struct merge *merge, uint32_t number, struct fl_slice_head *head)
{
    const char *const path = merge->options->files[number];
    const bool has_books = merge_has_books(path);
    if (number == 0 && has_books && (merge->books = calloc(merge->options->files_count, sizeof(struct fl_books *))) == NULL) return run_failed(FL_EFULL, "merge");
    if (has_books && merge->books == NULL) return merge_refuse(path, "a shard of fenliu drive, and the first is one of fenliu simulate");
    if (!has_books && merge->books != NULL) return merge_refuse(path, "a shard of fenliu simulate, and the first is one of fenliu drive (or " SHARD_BOOKS " is gone)");
    return has_books ? merge_books_take(merge, number, head) : EXIT_DONE;
}

static int shard_place(struct merge *merge, uint32_t number)
{
    const char *const path = merge->options->files[number];
    struct fl_slice_head head;
    size_t length;
    char *const bytes = shard_bytes(path, &length);
    if (bytes == NULL) return EXIT_USAGE;
    const enum fl_status status = fl_slice_read_head(bytes, length, &head);
    free(bytes);
    if (status != FL_OK || head.shards > SHARDS_MAX) return merge_refuse_damaged(path, "shard.bin", status == FL_OK ? FL_ESYNTAX : status);
    const int books = books_place(merge, number, &head);
    if (books != EXIT_DONE) return books;
    if (number == 0) {
        merge->first = head;
        merge->place = malloc(head.shards * sizeof *merge->place);
        if (merge->place == NULL) return run_failed(FL_EFULL, "merge");
        for (uint32_t i = 0; i < head.shards; i++) merge->place[i] = FL_NONE;
    }
    if (!is_of_this_run(merge, path, &head)) return EXIT_USAGE;
    if (head.done < head.days) {
        fprintf(stderr, "fenliu merge: %s: shard %u/%u was interrupted after %u of %u days: make it again\n", path, head.shard, head.shards, head.done, head.days);
        return EXIT_USAGE;
    }
    if (merge->place[head.shard] != FL_NONE) {
        fprintf(stderr, "fenliu merge: %s and %s are both shard %u/%u\n", merge->options->files[merge->place[head.shard]], path, head.shard, head.shards);
        return EXIT_USAGE;
    }
    merge->place[head.shard] = number;
    return EXIT_DONE;
}

static bool are_all_there(const struct merge *merge)
{
    uint32_t missing = 0;
    for (uint32_t i = 0; i < merge->first.shards; i++) {
        struct fl_slice_head head = { 0 };
        if (merge->place[i] != FL_NONE) continue;
        fl_slice_of_shard(&head, i, merge->first.shards, merge->first.replications);
        if (missing++ >= 10) continue;
        if (merge_divides_desk(merge)) fprintf(stderr, "fenliu merge: shard %u/%u is missing\n", i, merge->first.shards);
        else fprintf(stderr, "fenliu merge: shard %u/%u is missing (days %u to %u)\n", i, head.shards, head.first, head.first + head.days - 1);
    }
    if (missing > 10) fprintf(stderr, "fenliu merge: and %u more\n", missing - 10);
    return missing == 0;
}

/* The run takes its directory's place, so that must not be one of the shards. */
static bool spares_shards(const struct options *options)
{
    struct stat out, shard;
    if (stat(options->out, &out) != 0) return true;
    for (uint32_t i = 0; i < options->files_count; i++) {
        if (stat(options->files[i], &shard) != 0 || shard.st_dev != out.st_dev || shard.st_ino != out.st_ino) continue;
        fprintf(stderr, "fenliu merge: %s is one of the shards; name another directory with -o\n", options->out);
        return false;
    }
    return true;
}

/* ---- Putting them together --------------------------------------------------------------------- */

static int scenario_take(struct merge *merge)
{
    const char *const path = merge->options->files[0];
    char file[4200];
    snprintf(file, sizeof file, "%.4096s/scenario.json", path);
    merge->scenario = scenario_open(merge->options, file, &merge->scenario_text);
    if (merge->scenario == NULL) return EXIT_USAGE;
    return merge->scenario->hash == merge->first.scenario_hash ? EXIT_DONE : merge_refuse_damaged(path, "shard.bin", FL_ECONFLICT);
}

/* What only a manifest knows of time and machine: where it does not say, nothing is added. */
static void manifest_take(struct merge *merge, const char *path)
{
    char file[4200];
    size_t length;
    snprintf(file, sizeof file, "%.4096s/manifest.json", path);
    char *const text = file_bytes(file, &length);
    cJSON *const json = text == NULL ? NULL : cJSON_ParseWithLength(text, length);
    const cJSON *const wall = cJSON_GetObjectItemCaseSensitive(json, "wall_s"), *const jobs = cJSON_GetObjectItemCaseSensitive(json, "jobs");
    if (cJSON_IsNumber(wall) && wall->valuedouble > merge->wall_s) merge->wall_s = wall->valuedouble;
    if (cJSON_IsNumber(jobs) && jobs->valuedouble > 0 && jobs->valuedouble < 1e6) merge->jobs += (uint32_t)jobs->valuedouble;
    cJSON_Delete(json);
    free(text);
}

static int shard_read(struct merge *merge, uint32_t shard, struct fl_slice *slice)
{
    const char *const path = merge->options->files[merge->place[shard]];
    size_t length;
    char *const bytes = shard_bytes(path, &length);
    if (bytes == NULL) return EXIT_USAGE;
    const enum fl_status status = fl_slice_read(bytes, length, merge->scenario, slice);
    free(bytes);
    if (status != FL_OK) return merge_refuse_damaged(path, "shard.bin", status);
    manifest_take(merge, path);
    return EXIT_DONE;
}

static int shard_add(struct merge *merge, struct fl_gather *gather, uint32_t shard)
{
    struct fl_slice slice = { 0 };
    const int code = shard_read(merge, shard, &slice);
    if (code != EXIT_DONE) return code;
    enum fl_status status = fl_gather_add(gather, &slice);
    if (status == FL_ECONFLICT || status == FL_EDUPLICATE) status = FL_ESYNTAX; /* its head was found good: what follows is not */
    fl_slice_free(&slice);
    return status == FL_OK ? EXIT_DONE : merge_refuse_damaged(merge->options->files[merge->place[shard]], "shard.bin", status);
}

static int share_add(struct merge *merge, struct fl_overlay *overlay, uint32_t shard)
{
    struct fl_slice slice = { 0 };
    const int code = shard_read(merge, shard, &slice);
    if (code != EXIT_DONE) return code;
    const enum fl_status status = fl_overlay_add(overlay, shard, &slice);
    fl_slice_free(&slice);
    return status == FL_OK ? EXIT_DONE : merge_refuse(merge->options->files[merge->place[shard]], "not a share of the same day as the others");
}

/* Shares of one day, which are one day together. */
static int shares_add(struct merge *merge, struct fl_gather *gather)
{
    struct fl_overlay *const overlay = fl_overlay_open(merge->scenario, merge->first.shards);
    struct fl_slice day;
    int code = overlay != NULL ? EXIT_DONE : run_failed(FL_EFULL, "merge");
    for (uint32_t i = 0; i < merge->first.shards && code == EXIT_DONE; i++) code = share_add(merge, overlay, i);
    if (code != EXIT_DONE) {
        fl_overlay_free(overlay);
        return code;
    }
    enum fl_status status = fl_overlay_close(overlay, &day);
    if (status != FL_OK) return run_failed(status, "merge");
    status = fl_gather_add(gather, &day);
    fl_slice_free(&day);
    return status == FL_OK ? EXIT_DONE : run_failed(status, "merge");
}

static int shards_gather(struct merge *merge, struct fl_run **run)
{
    const struct fl_run_options how = { .seed = merge->first.seed, .replications = merge->first.replications, .cells = true };
    struct fl_gather *const gather = fl_gather_open(merge->scenario, &how);
    if (gather == NULL) return run_failed(FL_EFULL, "merge");
    int code = merge_divides_desk(merge) ? shares_add(merge, gather) : EXIT_DONE;
    for (uint32_t i = 0; !merge_divides_desk(merge) && i < merge->first.shards && code == EXIT_DONE; i++) code = shard_add(merge, gather, i);
    if (code != EXIT_DONE) {
        fl_gather_free(gather);
        return code;
    }
    const enum fl_status status = fl_gather_close(gather, run);
    if (status != FL_OK) return run_failed(status, "merge");
    (*run)->wall_s = merge->wall_s;
    (*run)->jobs = merge->jobs;
    return EXIT_DONE;
}

static int run_conclude(const struct merge *merge, const struct fl_run *run, int argc, char **argv)
{
    char policy[96];
    policy_describe(merge->scenario, policy, sizeof policy);
    const struct fl_results_head head = { .command = "simulate", .policy = policy, .seed = run->seed, .partial = run->partial };
    const struct run_record record = { .run = run, .head = &head, .scenario_text = merge->scenario_text, .argc = argc, .argv = argv,
                                       .options = merge->options };
    struct fl_text answer = { 0 };
    int code = run_write(merge->options->out, &record);
    if (merge->options->json) fl_results_json(&run->results, &head, &answer);
    else report_simulation(&run->results, &head, merge->options->language, &answer);
    if (!merge->options->json) page_name(merge->options, &answer);
    if (code == EXIT_DONE) code = text_print(&answer);
    if (code == EXIT_DONE && !report_objectives_met(&run->results)) code = EXIT_MISSED;
    fl_text_free(&answer);
    return code;
}

static int take_own(void *context, struct options *options, int argc, char **argv, int *i)
{
    (void)context, (void)argc;
    return page_take(options, argv[*i]);
}

int cmd_merge(int argc, char **argv)
{
    struct options options;
    if (!options_read(&options, argc, argv, take_own, NULL) || !page_option_holds(&options)) return EXIT_USAGE;
    if (options.help) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    if (options.files_count == 0 || options.out == NULL) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (options.overrides_count > 0 || options.has_seed || options.replications > 0) {
        fprintf(stderr, "fenliu merge: scenario, seed and days are the shards' own: --set, --seed and --replications belong to fenliu simulate\n");
        return EXIT_USAGE;
    }
    if (!spares_shards(&options)) return EXIT_USAGE;
#ifdef FENLIU_SQLITE
    if (store_is_one(options.files[0])) return sweep_merge(&options);
#endif
    struct merge merge = { .options = &options };
    struct fl_run *run = NULL;
    int code = EXIT_DONE;
    for (uint32_t i = 0; i < options.files_count && code == EXIT_DONE; i++) code = shard_place(&merge, i);
    if (code == EXIT_DONE && !are_all_there(&merge)) code = EXIT_USAGE;
    if (code == EXIT_DONE) code = scenario_take(&merge);
    if (code == EXIT_DONE) code = shards_gather(&merge, &run);
    if (code == EXIT_DONE) code = merge.books != NULL ? merge_drive_conclude(&merge, run, argc, argv) : run_conclude(&merge, run, argc, argv);
    fl_run_free(run);
    fl_scenario_free(merge.scenario);
    free(merge.scenario_text);
    free(merge.place);
    for (uint32_t i = 0; merge.books != NULL && i < options.files_count; i++) {
        if (merge.books[i] != NULL) fl_books_free(merge.books[i]);
        free(merge.books[i]);
    }
    free(merge.books);
    return code;
}
