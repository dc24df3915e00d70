/* A sweep from its points to its store: reads every point's scenario before anything is simulated, spreads units, joins them, keeps them. */
#include "sweep.h"

#include "replay_log.h"
#include "run/workers.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What a crash may cost is what was done since the last commit: as little as a fiftieth of the time for commits allows. */
#define COMMIT_SHARE 50u
#define COMMIT_LEAST_NS 50000000u
#define COMMIT_MOST_NS 2000000000u

/* The units of a point while it is not complete. */
struct pending {
    struct fl_text *units; /* [blocks]; bytes NULL: not there yet */
    bool *stored;          /* [blocks]: in the store already */
    uint32_t blocks, have, block_days;
};

struct sweep {
    const struct options *options;
    struct sweep_points points;
    struct sweep_columns columns;
    char **texts;             /* [files] with --set applied */
    char **names;             /* [files] */
    uint64_t *hashes;         /* [points] */
    uint64_t seed;
    uint32_t replications;
    uint32_t shard, shards;   /* shards 1: the whole sweep */
    struct pending *pending;  /* [points] */
    struct unit *units;
    uint32_t units_count, kept, simulated;
    struct sweep_store *store;
    struct fl_workers *lock;  /* between whoever takes units: guards pending, the store, progress */
    struct progress progress;
    uint32_t days_done, days_all;
    uint64_t committed_ns, commit_took_ns;
};

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- Scenarios -------------------------------------------------------------------------------------- */

/* The recording of a point whose traffic is replayed. What of a log is left out is said when the file is opened. */
static enum fl_status attach_log(const struct sweep *sweep, const char *file, struct fl_scenario **scenario)
{
    struct options quiet = *sweep->options;
    quiet.quiet = true;
    char *const log = replay_log_of(&quiet, *scenario, file);
    const bool ok = log != NULL && replay_attach(&quiet, *scenario, log);
    free(log);
    if (ok) return FL_OK;
    fl_scenario_free(*scenario);
    *scenario = NULL;
    return FL_EIO;
}

static enum fl_status read_point(const struct sweep *sweep, uint32_t point, struct fl_scenario **out, struct fl_errors *errors)
{
    const char *values[SWEEP_PATHS_MAX];
    struct fl_override overrides[SWEEP_PATHS_MAX];
    const char *const file = sweep_point_values(&sweep->points, point, values);
    uint32_t index = 0;
    while (sweep->points.files[index] != file) index++;
    for (uint32_t i = 0; i < sweep->points.paths_count; i++) overrides[i] = (struct fl_override){ sweep->points.paths[i], values[i] };
    const enum fl_status status = fl_scenario_read(file, sweep->texts[index], strlen(sweep->texts[index]), overrides, sweep->points.paths_count, out, errors);
    if (status != FL_OK || (*out)->traffic.replay.log == NULL) return status;
    return attach_log(sweep, file, out);
}

static struct fl_scenario *open_point(void *context, uint32_t point)
{
    struct fl_errors *const errors = calloc(1, sizeof *errors);
    struct fl_scenario *scenario = NULL;
    if (errors != NULL && read_point(context, point, &scenario, errors) != FL_OK) scenario = NULL;
    free(errors);
    return scenario;
}

/* Every file with --set, as it is before anything varies. */
static int open_files(struct sweep *sweep)
{
    int code = EXIT_DONE;
    sweep->texts = calloc(sweep->points.files_count, sizeof *sweep->texts);
    sweep->names = calloc(sweep->points.files_count, sizeof *sweep->names);
    if (sweep->texts == NULL || sweep->names == NULL) return run_failed(FL_EFULL, "sweep");
    for (uint32_t i = 0; i < sweep->points.files_count; i++) {
        struct fl_scenario *const scenario = scenario_open(sweep->options, sweep->points.files[i], &sweep->texts[i]);
        if (scenario == NULL) code = EXIT_USAGE;
        if (scenario != NULL && i == 0) {
            sweep->seed = sweep->options->has_seed ? sweep->options->seed : scenario->seed;
            sweep->replications = sweep->options->replications > 0 ? sweep->options->replications : scenario->replications;
        }
        if (scenario != NULL) sweep->names[i] = strdup(scenario->name != NULL ? scenario->name : "");
        if (scenario != NULL && (sweep->names[i] == NULL || sweep->texts[i] == NULL)) code = run_failed(FL_EFULL, "sweep");
        fl_scenario_free(scenario);
    }
    return code;
}

/* Faults of the points: each said once, with the first point that has it and how many have. */
struct fault {
    char line[1024];
    uint32_t first, points;
};
#define FAULTS_SHOWN 100u

static void note_fault(struct fault faults[], uint32_t *count, uint32_t *more, uint32_t point, const char *line)
{
    for (uint32_t i = 0; i < *count; i++) {
        if (strcmp(faults[i].line, line) != 0) continue;
        faults[i].points++;
        return;
    }
    if (*count == FAULTS_SHOWN) {
        ++*more;
        return;
    }
    faults[*count].first = point;
    faults[*count].points = 1;
    snprintf(faults[(*count)++].line, sizeof faults->line, "%s", line);
}

static void say_faults(const struct sweep *sweep, const struct fault faults[], uint32_t count, uint32_t more)
{
    for (uint32_t i = 0; i < count; i++) {
        struct fl_text label = { 0 };
        sweep_point_label(&sweep->points, faults[i].first, &label);
        fprintf(stderr, "%s  (%s", faults[i].line, label.bytes);
        if (faults[i].points > 1) fprintf(stderr, "; %u points in all", faults[i].points);
        fputs(")\n", stderr);
        fl_text_free(&label);
    }
    if (more > 0) fprintf(stderr, "fenliu sweep: and %u more\n", more);
}

/* Reads the scenario of every point; all their faults at once. */
static int check_points(struct sweep *sweep)
{
    struct fl_errors *const errors = calloc(1, sizeof *errors);
    struct fault *const faults = calloc(FAULTS_SHOWN, sizeof *faults);
    uint32_t count = 0, more = 0;
    enum fl_status status = FL_OK;
    sweep->hashes = calloc(sweep->points.count, sizeof *sweep->hashes);
    if (errors == NULL || faults == NULL || sweep->hashes == NULL) status = FL_EFULL;
    for (uint32_t p = 0; p < sweep->points.count && status != FL_EFULL && !interrupted; p++) {
        const char *values[SWEEP_PATHS_MAX];
        struct fl_scenario *scenario = NULL;
        memset(errors, 0, sizeof *errors);
        status = read_point(sweep, p, &scenario, errors);
        if (status == FL_OK) sweep->hashes[p] = scenario->hash;
        if (status == FL_EIO) note_fault(faults, &count, &more, p, "its log cannot be replayed");
        for (uint32_t i = 0; i < errors->count && status != FL_OK; i++) {
            char line[1024];
            fl_error_format(&errors->list[i], sweep_point_values(&sweep->points, p, values), line, sizeof line);
            note_fault(faults, &count, &more, p, line);
        }
        fl_scenario_free(scenario);
    }
    if (count > 0) say_faults(sweep, faults, count, more);
    free(errors);
    free(faults);
    return status == FL_EFULL ? run_failed(status, "sweep") : count > 0 ? EXIT_USAGE : interrupted ? run_failed(FL_EINTERRUPTED, "sweep") : EXIT_DONE;
}

/* ---- Units ------------------------------------------------------------------------------------------ */

/* What the store kept of a point that is not complete; of another division it is done again. */
static bool take_kept(void *context, const struct unit *unit, const void *bytes, size_t length)
{
    struct sweep *const sweep = context;
    struct fl_part_head head;
    if (unit->point >= sweep->points.count || sweep->pending[unit->point].blocks == 0) return true; /* done, or another shard's */
    struct pending *const pending = &sweep->pending[unit->point];
    const uint32_t block = unit->first / pending->block_days;
    if (unit->first % pending->block_days != 0 || block >= pending->blocks || pending->units[block].bytes != NULL) return true;
    if (fl_part_head(bytes, length, &head) != FL_OK || head.scenario_hash != sweep->hashes[unit->point] || head.seed != sweep->seed || head.first != unit->first ||
        head.days != unit->days)
        return true;
    const uint32_t left = sweep->replications - unit->first;
    if (unit->days != (left < pending->block_days ? left : pending->block_days)) return true;
    fl_text_add_bytes(&pending->units[block], bytes, length);
    pending->stored[block] = true;
    pending->have++;
    return !pending->units[block].full;
}

static bool open_pending(struct sweep *sweep, uint32_t point)
{
    struct pending *const pending = &sweep->pending[point];
    struct fl_scenario *const scenario = open_point(sweep, point);
    if (scenario == NULL) return false;
    pending->block_days = unit_days(scenario, sweep->replications, sweep->points.count);
    pending->blocks = (sweep->replications + pending->block_days - 1) / pending->block_days;
    pending->units = calloc(pending->blocks, sizeof *pending->units);
    pending->stored = calloc(pending->blocks, sizeof *pending->stored);
    fl_scenario_free(scenario);
    return pending->units != NULL && pending->stored != NULL;
}

/* The units that are left to do, point after point. A point whose units were all kept has its last one done again: whoever takes the last
 * unit completes the point. */
static bool list_units(struct sweep *sweep)
{
    uint64_t room = 0;
    sweep->pending = calloc(sweep->points.count, sizeof *sweep->pending);
    if (sweep->pending == NULL) return false;
    for (uint32_t p = 0; p < sweep->points.count; p++) {
        if (p % sweep->shards != sweep->shard || sweep_store_has(sweep->store, p)) continue;
        if (!open_pending(sweep, p)) return false;
        room += sweep->pending[p].blocks;
    }
    if (!sweep_store_units(sweep->store, take_kept, sweep)) return false;
    sweep->units = calloc(room + 1, sizeof *sweep->units);
    for (uint32_t p = 0; sweep->units != NULL && p < sweep->points.count; p++) {
        struct pending *const pending = &sweep->pending[p];
        if (pending->blocks > 0 && pending->have == pending->blocks) {
            fl_text_free(&pending->units[--pending->have]);
            pending->stored[pending->have] = false;
        }
        for (uint32_t b = 0; b < pending->blocks; b++) {
            const uint32_t first = b * pending->block_days, left = sweep->replications - first;
            if (pending->units[b].bytes != NULL) continue;
            sweep->units[sweep->units_count++] = (struct unit){ p, first, left < pending->block_days ? left : pending->block_days };
            sweep->days_all += sweep->units[sweep->units_count - 1].days;
        }
    }
    return sweep->units != NULL;
}

/* ---- Taking ------------------------------------------------------------------------------------------ */

/* Keeps what is there of points that are not complete, and commits. */
static bool commit(struct sweep *sweep)
{
    const uint64_t began = now_ns();
    bool ok = true;
    for (uint32_t p = 0; ok && p < sweep->points.count; p++) {
        struct pending *const pending = &sweep->pending[p];
        for (uint32_t b = 0; ok && b < pending->blocks; b++) {
            if (pending->units[b].bytes == NULL || pending->stored[b]) continue;
            const uint32_t first = b * pending->block_days, left = sweep->replications - first;
            const struct unit unit = { p, first, left < pending->block_days ? left : pending->block_days };
            ok = sweep_store_keep(sweep->store, &unit, pending->units[b].bytes, pending->units[b].length);
            pending->stored[b] = true;
        }
    }
    ok = sweep_store_commit(sweep->store) && ok;
    sweep->committed_ns = now_ns();
    sweep->commit_took_ns = sweep->committed_ns - began;
    return ok;
}

static bool commit_sometimes(struct sweep *sweep)
{
    uint64_t wait = COMMIT_SHARE * sweep->commit_took_ns;
    if (wait < COMMIT_LEAST_NS) wait = COMMIT_LEAST_NS;
    if (wait > COMMIT_MOST_NS) wait = COMMIT_MOST_NS;
    return now_ns() - sweep->committed_ns < wait || commit(sweep);
}

static void pending_free(struct pending *pending)
{
    for (uint32_t b = 0; b < pending->blocks && pending->units != NULL; b++) fl_text_free(&pending->units[b]);
    free(pending->units);
    free(pending->stored);
    *pending = (struct pending){ 0 };
}

/* The run of a point whose units are all there. */
static enum fl_status unit_join(const struct fl_scenario *scenario, const struct pending *pending, struct fl_run **out)
{
    struct fl_part *const parts = calloc(pending->blocks, sizeof *parts);
    if (parts == NULL) return FL_EFULL;
    for (uint32_t b = 0; b < pending->blocks; b++) parts[b] = (struct fl_part){ pending->units[b].bytes, pending->units[b].length };
    const enum fl_status status = fl_parts_join(scenario, parts, pending->blocks, out);
    free(parts);
    return status;
}

/* Joins a point's units, reckons its figures and adds them. Only adding keeps the others waiting. */
static enum fl_status complete_point(struct sweep *sweep, uint32_t point)
{
    struct fl_scenario *const scenario = open_point(sweep, point);
    struct fl_run *run = NULL;
    struct sweep_result result;
    enum fl_status status = scenario == NULL ? FL_EFULL : unit_join(scenario, &sweep->pending[point], &run);
    if (status == FL_OK && !sweep_result_make(&result, &sweep->columns, point, run)) status = FL_EFULL;
    if (status == FL_OK) {
        fl_workers_lock(sweep->lock);
        if (!sweep_store_add(sweep->store, &result, &sweep->columns)) status = FL_EIO;
        pending_free(&sweep->pending[point]);
        if (status == FL_OK) sweep->simulated++;
        if (status == FL_OK && !commit_sometimes(sweep)) status = FL_EIO;
        fl_workers_unlock(sweep->lock);
        sweep_result_free(&result);
    }
    fl_run_free(run);
    fl_scenario_free(scenario);
    return status;
}

static enum fl_status take_unit(void *context, uint32_t index, struct fl_text *bytes)
{
    struct sweep *const sweep = context;
    const struct unit *const unit = &sweep->units[index];
    struct pending *const pending = &sweep->pending[unit->point];
    fl_workers_lock(sweep->lock);
    pending->units[unit->first / pending->block_days] = *bytes;
    *bytes = (struct fl_text){ 0 };
    const bool complete = ++pending->have == pending->blocks;
    sweep->days_done += unit->days;
    progress_step(&sweep->progress, sweep->days_done, sweep->days_all);
    const bool ok = complete || commit_sometimes(sweep);
    fl_workers_unlock(sweep->lock);
    return !ok ? FL_EIO : complete ? complete_point(sweep, unit->point) : FL_OK;
}

/* ---- The whole ---------------------------------------------------------------------------------------- */

static int store_failed(const struct sweep *sweep)
{
    fprintf(stderr, "fenliu sweep: cannot write %s: %s\nWhat was done before is kept: the same command goes on from there.\n", sweep->options->out,
            sweep_store_problem(sweep->store));
    return EXIT_UNWRITTEN;
}

static int simulate(struct sweep *sweep)
{
    const struct unit_work work = { .units = sweep->units, .count = sweep->units_count, .seed = sweep->seed, .stop = &interrupted, .open = open_point,
                                    .take = take_unit, .context = sweep };
    progress_start(&sweep->progress, sweep->options, "sweep");
    sweep->committed_ns = now_ns();
    const enum fl_status status = units_run(&work, sweep->options->jobs);
    progress_end(&sweep->progress);
    if (status == FL_EIO) return store_failed(sweep);
    if (!commit(sweep)) return store_failed(sweep);
    if (status == FL_EINTERRUPTED) {
        fprintf(stderr, "fenliu sweep: interrupted; %u of %u points are in %s, and the same command goes on\n", sweep->kept + sweep->simulated,
                sweep->points.count, sweep->options->out);
        return EXIT_INTERRUPTED;
    }
    return status == FL_OK ? EXIT_DONE : run_failed(status, "sweep");
}

static int fill_store(struct sweep *sweep)
{
    const struct sweep_identity identity = { .seed = sweep->seed, .replications = sweep->replications, .points = &sweep->points, .hashes = sweep->hashes,
                                             .scenario_texts = (const char *const *)sweep->texts, .scenario_names = (const char *const *)sweep->names };
    int code = sweep_store_open(sweep->options->out, &identity, &sweep->store);
    if (code != EXIT_DONE) return code;
    for (uint32_t p = 0; p < sweep->points.count; p++) sweep->kept += sweep_store_has(sweep->store, p);
    if (sweep_store_finished(sweep->store)) return EXIT_DONE;
    sweep->lock = fl_workers_open();
    if (sweep->lock == NULL || !list_units(sweep)) return run_failed(FL_EFULL, "sweep");
    code = simulate(sweep);
    const bool whole = sweep->kept + sweep->simulated == sweep->points.count;
    return code == EXIT_DONE && whole && !sweep_store_finish(sweep->store) ? store_failed(sweep) : code;
}

/* The points as CSV, and nothing else. */
static int print_points(const struct sweep *sweep)
{
    struct fl_text out = { 0 };
    fl_text_add(&out, "run,scenario");
    for (uint32_t i = 0; i < sweep->points.paths_count; i++) {
        fl_text_add(&out, ",");
        fl_text_add_csv(&out, sweep->points.paths[i]);
    }
    fl_text_add(&out, "\n");
    for (uint32_t p = 0; p < sweep->points.count; p++) {
        const char *values[SWEEP_PATHS_MAX];
        fl_text_add(&out, "%u,", p);
        fl_text_add_csv(&out, sweep_point_values(&sweep->points, p, values));
        for (uint32_t i = 0; i < sweep->points.paths_count; i++) {
            fl_text_add(&out, ",");
            fl_text_add_csv(&out, values[i]);
        }
        fl_text_add(&out, "\n");
    }
    const int code = text_print(&out);
    fl_text_free(&out);
    return code;
}

static void close_sweep(struct sweep *sweep)
{
    for (uint32_t p = 0; sweep->pending != NULL && p < sweep->points.count; p++) pending_free(&sweep->pending[p]);
    for (uint32_t i = 0; i < sweep->points.files_count; i++) {
        if (sweep->texts != NULL) free(sweep->texts[i]);
        if (sweep->names != NULL) free(sweep->names[i]);
    }
    fl_workers_close(sweep->lock);
    sweep_store_close(sweep->store);
    sweep_points_free(&sweep->points);
    free(sweep->pending);
    free(sweep->units);
    free(sweep->hashes);
    free(sweep->texts);
    free(sweep->names);
}

int sweep_run(const struct options *options, const struct sweep_plan *plan, bool only_points)
{
    struct sweep sweep = { .options = options, .shard = plan->shard, .shards = plan->shards > 0 ? plan->shards : 1, .points = { .files = options->files, .files_count = options->files_count } };
    sweep_columns_list(&sweep.columns);
    int code = open_files(&sweep);
    if (!sweep_points_make(&sweep.points, plan, options->files, options->files_count, sweep.seed)) code = EXIT_USAGE;
    if (code == EXIT_DONE && sweep.shards > sweep.points.count) {
        fprintf(stderr, "fenliu sweep: --shard %u/%u: %u points make at most as many shards\n", sweep.shard, sweep.shards, sweep.points.count);
        code = EXIT_USAGE;
    }
    if (code == EXIT_DONE) code = check_points(&sweep);
    if (code == EXIT_DONE) code = only_points ? print_points(&sweep) : fill_store(&sweep);
    const uint32_t simulated = sweep.simulated, kept = sweep.kept;
    close_sweep(&sweep);
    return code == EXIT_DONE && !only_points ? sweep_screen(options->out, options, simulated, kept) : code;
}
