/* The gate: reads its file, simulates and looks until everything is decided, finds out whom it hurts, reports. */
#include "compare.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static enum fl_scope scope_of(enum fl_gate_per per)
{
    static const enum fl_scope scopes[] = { FL_SCOPE_DESK, FL_SCOPE_GROUP, FL_SCOPE_AGENT, FL_SCOPE_INTENT, FL_SCOPE_INTERVAL };
    return scopes[per];
}

static bool same_days(const struct gate_run *run)
{
    return !run->other_seeds;
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- The gate file ----------------------------------------------------------------------------- */

/* The names of both sides, once each; NULL-terminated; NULL: no memory. */
static const char **names_of(const struct side *a, const struct side *b, enum fl_scope scope)
{
    const uint32_t of_a = side_count(a, scope), of_b = side_count(b, scope);
    const char **names = calloc((size_t)of_a + of_b + 1, sizeof *names);
    for (uint32_t i = 0; names != NULL && i < of_a; i++) names[i] = side_name(a, scope, i);
    for (uint32_t i = 0; names != NULL && i < of_b; i++) names[of_a + i] = side_name(b, scope, i);
    return names;
}

static void print_errors(const struct fl_errors *errors, const char *file)
{
    for (uint32_t i = 0; i < errors->count; i++) {
        char line[1024];
        fl_error_format(&errors->list[i], file, line, sizeof line);
        fprintf(stderr, "%s\n", line);
    }
    if (errors->more > 0) fprintf(stderr, "%s: and %u more\n", file, errors->more);
}

static int gates_open(struct gate_run *run)
{
    size_t bytes;
    char *text = file_bytes(run->file, &bytes);
    if (text == NULL) {
        fprintf(stderr, "fenliu compare: cannot read %s: %s\n", run->file, strerror(errno));
        return EXIT_USAGE;
    }
    const char **groups = names_of(run->a, run->b, FL_SCOPE_GROUP), **agents = names_of(run->a, run->b, FL_SCOPE_AGENT),
               **intents = names_of(run->a, run->b, FL_SCOPE_INTENT);
    struct fl_errors *errors = calloc(1, sizeof *errors);
    int code = EXIT_DONE;
    if (groups == NULL || agents == NULL || intents == NULL || errors == NULL) {
        code = run_failed(FL_EFULL, "compare");
    } else if (fl_gates_read(text, bytes, &(struct fl_gate_names){ groups, agents, intents }, &run->gates, errors) != FL_OK) {
        print_errors(errors, run->file);
        code = EXIT_USAGE;
    } else {
        run->results = calloc(run->gates->count, sizeof *run->results);
        if (run->results == NULL) code = run_failed(FL_EFULL, "compare");
        for (uint32_t i = 0; code == EXIT_DONE && i < run->gates->count; i++)
            run->results[i] = (struct gate_result){ .gate = &run->gates->list[i], .verdict = FL_GATE_UNDECIDED };
    }
    free(groups);
    free(agents);
    free(intents);
    free(errors);
    free(text);
    return code;
}

/* ---- Cells ------------------------------------------------------------------------------------- */

static uint32_t index_of(const struct side *side, enum fl_scope scope, const char *name)
{
    for (uint32_t i = 0; i < side_count(side, scope); i++)
        if (strcmp(side_name(side, scope, i), name) == 0) return i;
    return FL_NONE;
}

static void interval_words(const struct side *side, uint32_t first, uint32_t last, char *out, size_t size)
{
    char from[32], to[32];
    const fl_time end = (fl_time)(last + 1) * side->scenario->interval;
    clock_words(side->scenario, (fl_time)first * side->scenario->interval, from, sizeof from);
    clock_words(side->scenario, end < side->scenario->duration ? end : side->scenario->duration, to, sizeof to);
    snprintf(out, size, "%s-%s", from, to);
}

static void name_cell(const struct gate_run *run, enum fl_gate_per per, struct gate_cell *cell)
{
    const bool in_a = cell->judged.a != FL_NONE;
    const struct side *side = in_a ? run->a : run->b;
    const uint32_t index = in_a ? cell->judged.a : cell->judged.b;
    if (per == FL_GATE_INTERVAL) interval_words(side, index, index, cell->where, sizeof cell->where);
    else if (per != FL_GATE_DESK) snprintf(cell->where, sizeof cell->where, "%s", side_name(side, scope_of(per), index));
}

static bool cells_make(const struct gate_run *run, struct gate_result *result)
{
    const enum fl_gate_per per = result->gate->per;
    const enum fl_scope scope = scope_of(per);
    const uint32_t of_a = side_count(run->a, scope), of_b = side_count(run->b, scope);
    result->cells = calloc((size_t)of_a + of_b, sizeof *result->cells);
    if (result->cells == NULL) return false;
    for (uint32_t i = 0; i < of_a + of_b; i++) {
        struct gate_cell cell = { .judged = { .a = FL_NONE, .b = FL_NONE } };
        if (per == FL_GATE_DESK && i > 0) break;
        if (per == FL_GATE_INTERVAL) {
            if (i >= of_a && i >= of_b) break;
            cell.judged.a = i < of_a ? i : FL_NONE;
            cell.judged.b = i < of_b ? i : FL_NONE;
        } else if (per != FL_GATE_DESK && i < of_a) {
            cell.judged.a = i;
            cell.judged.b = index_of(run->b, scope, side_name(run->a, scope, i));
        } else if (per != FL_GATE_DESK) {
            cell.judged.b = i - of_a;
            if (index_of(run->a, scope, side_name(run->b, scope, i - of_a)) != FL_NONE) continue;
        }
        name_cell(run, per, &cell);
        if (result->gate->only != NULL && strcmp(result->gate->only, cell.where) != 0) continue;
        result->cells[result->cells_count++] = cell;
    }
    return true;
}

/* ---- Looking ----------------------------------------------------------------------------------- */

/* The worst first: failed before undecided before passed, then by how far beyond the margin; then as they were. */
static int compare_cells(const void *x, const void *y)
{
    static const int rank[] = { [FL_GATE_FAILED] = 0, [FL_GATE_UNDECIDED] = 1, [FL_GATE_PASSED] = 2, [FL_GATE_EMPTY] = 3 };
    const struct fl_gate_cell *a = &((const struct gate_cell *)x)->judged, *b = &((const struct gate_cell *)y)->judged;
    if (rank[a->verdict] != rank[b->verdict]) return rank[a->verdict] - rank[b->verdict];
    if (a->excess.value != b->excess.value) return a->excess.value > b->excess.value ? -1 : 1;
    if (a->a != b->a) return a->a < b->a ? -1 : 1;
    return a->b < b->b ? -1 : a->b > b->b;
}

static bool look_at(const struct gate_run *run, struct gate_result *result, uint32_t days, double share, bool identical)
{
    const enum fl_scope scope = scope_of(result->gate->per);
    const uint32_t days_a = same_days(run) ? days : run->a->days.count, days_b = same_days(run) ? days : run->b->days.count;
    const struct fl_side a = side_days(run->a, scope, days_a), b = side_days(run->b, scope, days_b);
    struct fl_gate_cell *cells = calloc(result->cells_count, sizeof *cells);
    if (cells == NULL) return false;
    for (uint32_t i = 0; i < result->cells_count; i++) cells[i] = result->cells[i].judged;
    result->verdict = fl_gate_judge(result->gate, &a, &b, run->pairing.paired, share, result->cells_count, cells);
    result->days = days;
    result->identical = identical;
    if (identical && result->verdict == FL_GATE_UNDECIDED) result->verdict = FL_GATE_PASSED; /* there is nothing to be uncertain of */
    result->empty_count = 0;
    for (uint32_t i = 0; i < result->cells_count; i++) {
        struct fl_excess *excess = &cells[i].excess;
        if (identical && cells[i].verdict == FL_GATE_UNDECIDED) cells[i].verdict = FL_GATE_PASSED;
        if (identical) excess->low = excess->high = excess->value;
        result->cells[i].judged = cells[i];
        result->empty_count += cells[i].verdict == FL_GATE_EMPTY;
    }
    free(cells);
    qsort(result->cells, result->cells_count, sizeof *result->cells, compare_cells);
    return true;
}

static bool are_identical(const struct gate_run *run, uint32_t days)
{
    const struct fl_side a = side_days(run->a, FL_SCOPE_GROUP, days), b = side_days(run->b, FL_SCOPE_GROUP, days);
    for (uint32_t i = 0; i < days; i++)
        if (!fl_row_equal(a.rows[i], b.rows[i])) return false;
    return days > 0;
}

static void pair(struct gate_run *run, uint32_t days)
{
    const struct fl_side a = side_days(run->a, FL_SCOPE_GROUP, same_days(run) ? days : run->a->days.count);
    const struct fl_side b = side_days(run->b, FL_SCOPE_GROUP, same_days(run) ? days : run->b->days.count);
    run->pairing = fl_pair(&a, &b);
    if (!same_days(run)) run->pairing.paired = false;
}

static bool has_undecided(const struct gate_run *run)
{
    for (uint32_t i = 0; i < run->gates->count; i++)
        if (run->results[i].verdict == FL_GATE_UNDECIDED) return true;
    return false;
}

static bool look(struct gate_run *run, uint32_t days)
{
    const double share = fl_look_share(run->days, days, run->most);
    pair(run, days);
    const bool identical = run->pairing.paired && are_identical(run, days);
    bool ok = true;
    for (uint32_t i = 0; i < run->gates->count && ok; i++)
        if (run->results[i].verdict == FL_GATE_UNDECIDED) ok = look_at(run, &run->results[i], days, share, identical);
    run->days = days;
    return ok;
}

/* ---- Days -------------------------------------------------------------------------------------- */

static uint32_t replication(const struct side *side, uint32_t i)
{
    return side->days.rows[FL_SCOPE_GROUP][i]->replication;
}

/* Two finished runs: the days that both have. */
static int align(struct gate_run *run, struct side side[2])
{
    uint32_t *common = calloc((size_t)side[0].days.count + 1, sizeof *common), n = 0;
    if (common == NULL) return run_failed(FL_EFULL, "compare");
    for (uint32_t i = 0, j = 0; i < side[0].days.count && j < side[1].days.count;) {
        const uint32_t a = replication(&side[0], i), b = replication(&side[1], j);
        if (a == b) common[n++] = a;
        i += a <= b;
        j += b <= a;
    }
    if (n == 0) {
        fprintf(stderr, "fenliu compare: %s and %s have no day in common\n", side[0].path, side[1].path);
    } else {
        run->left_out_a = side[0].days.count - n;
        run->left_out_b = side[1].days.count - n;
        for (int i = 0; i < 2; i++) side_keep(&side[i], common, n);
    }
    free(common);
    return n == 0 ? EXIT_USAGE : EXIT_DONE;
}

/* Simulates a scenario up to `days` days: those of the other side where that is a finished run. */
static int grow(struct side *side, const struct side *other, const char *what, uint32_t days)
{
    const uint32_t have = side->days.count, n = days - have;
    if (side->is_finished || have >= days) return EXIT_DONE;
    uint32_t *numbers = calloc(n, sizeof *numbers);
    if (numbers == NULL) return run_failed(FL_EFULL, what);
    for (uint32_t i = 0; i < n; i++) numbers[i] = other->is_finished ? replication(other, have + i) : have + i;
    const int code = side_simulate(side, what, numbers, n, true);
    free(numbers);
    return code;
}

static int grow_both(struct side side[2], uint32_t days)
{
    for (int i = 0; i < 2; i++) {
        const int code = grow(&side[i], &side[1 - i], i == 0 ? "compare: A" : "compare: B", days);
        if (code != EXIT_DONE) return code;
        if (!side_fold(&side[i])) return run_failed(FL_EFULL, "compare");
    }
    return EXIT_DONE;
}

/* Gates per agent and the like need days that are kept so. */
static int check_kept(const struct gate_run *run)
{
    static const char *const nouns[] = { "", "", "agent", "intent", "interval" };
    for (uint32_t i = 0; i < run->gates->count; i++) {
        const enum fl_gate_per per = run->gates->list[i].per;
        const enum fl_scope scope = scope_of(per);
        const struct side *lacks = per <= FL_GATE_GROUP                     ? NULL
                                   : run->a->days.rows[scope] == NULL ? run->a
                                   : run->b->days.rows[scope] == NULL ? run->b
                                                                      : NULL;
        if (lacks == NULL) continue;
        fprintf(stderr, "fenliu compare: %s: gates[%u] is per %s, but %s has no days by %s%s\n", run->file, i, nouns[per], lacks->path, nouns[per],
                lacks->is_finished ? "; simulate or pack it again, with fewer days" : ": there are more than 1024 of them");
        return EXIT_USAGE;
    }
    return EXIT_DONE;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* The first look and the last one. */
static void plan(const struct gate_run *run, const struct side side[2], const struct options *options, uint32_t *first, uint32_t *most)
{
    const bool both = side[0].is_finished && side[1].is_finished;
    const uint32_t there = !both && side[0].is_finished ? side[0].days.count : !both && side[1].is_finished ? side[1].days.count : UINT32_MAX;
    *most = options->replications > 0 ? options->replications : run->gates->days_most;
    *first = run->gates->days_first;
    if (both) *first = *most = least(options->replications > 0 ? options->replications : UINT32_MAX, least(side[0].days.count, side[1].days.count));
    *most = least(*most, there);
    *first = least(*first, *most);
}

static int look_until_decided(struct gate_run *run, struct side side[2], const struct options *options)
{
    uint32_t first, most;
    const bool both = side[0].is_finished && side[1].is_finished;
    run->other_seeds = side[0].seed != side[1].seed;
    if (both && !run->other_seeds) {
        const int code = align(run, side);
        if (code != EXIT_DONE) return code;
    }
    plan(run, side, options, &first, &most);
    run->most = most;
    if (most == 0) {
        fprintf(stderr, "fenliu compare: %s has no days\n", side[0].is_finished ? side[0].path : side[1].path);
        return EXIT_USAGE;
    }
    for (uint32_t days = fl_look_next(first, most, 0); days > 0; days = fl_look_next(first, most, days)) {
        int code = grow_both(side, days);
        if (code == EXIT_DONE && run->days == 0) code = check_kept(run);
        if (code != EXIT_DONE) return code;
        if (!look(run, days)) return run_failed(FL_EFULL, "compare");
        if (!has_undecided(run)) break;
    }
    return EXIT_DONE;
}

/* ---- Whom it hurts ----------------------------------------------------------------------------- */

struct candidate {
    enum fl_gate_per per;
    uint32_t index; /* in A's rows */
    struct fl_difference difference;
    bool guilty;
};

struct inquiry {
    struct candidate *list;
    uint32_t count, room;
    const char *statistic; /* of the gate's figure, or the mean where a percentile's days do not tell */
    bool any;              /* somebody is guilty */
};

static void suspect(struct inquiry *inquiry, const struct gate_run *run, const struct gate_result *result, enum fl_gate_per per, enum fl_scope scope,
                    uint32_t group)
{
    const struct fl_gate *gate = result->gate;
    const struct fl_side a = side_days(run->a, scope, run->days), b = side_days(run->b, scope, run->days); /* all there are by now */
    const uint32_t groups_a = run->a->scenario->desk.groups_count, groups_b = run->b->scenario->desk.groups_count;
    const bool by_group = scope == FL_SCOPE_INTERVAL_GROUP;
    const uint32_t count = side_count(run->a, by_group ? FL_SCOPE_INTERVAL : scope);
    const uint32_t other = by_group ? index_of(run->b, FL_SCOPE_GROUP, side_name(run->a, FL_SCOPE_GROUP, group)) : 0;
    if (a.rows == NULL || b.rows == NULL || fl_gate_refusal(gate->metric, inquiry->statistic, per) != NULL || other == FL_NONE) return;
    for (uint32_t i = 0; i < count && count > 1 && inquiry->count < inquiry->room; i++) {
        uint32_t j = i;
        if (per != FL_GATE_INTERVAL) j = index_of(run->b, scope, side_name(run->a, scope, i));
        else if (i >= side_count(run->b, FL_SCOPE_INTERVAL)) j = FL_NONE;
        if (j == FL_NONE) continue;
        const struct fl_difference difference = fl_compare(&a, by_group ? i * groups_a + group : i, &b, by_group ? j * groups_b + other : j,
                                                           run->pairing.paired, gate->metric, inquiry->statistic);
        if (difference.known && difference.sure) inquiry->list[inquiry->count++] = (struct candidate){ per, i, difference, false };
    }
}

/* Which of them got worse, by Holm's procedure at the gate's own confidence. */
static bool find_guilty(struct inquiry *inquiry, const struct fl_gate *gate)
{
    double *p = calloc(inquiry->count + 1u, sizeof *p);
    uint32_t *order = calloc(inquiry->count + 1u, sizeof *order);
    bool *more = calloc(inquiry->count + 1u, sizeof *more);
    const bool ok = p != NULL && order != NULL && more != NULL;
    for (uint32_t i = 0; ok && i < inquiry->count; i++) p[i] = inquiry->list[i].difference.p;
    if (ok) fl_holm(inquiry->count, p, 1 - gate->confidence, order, more);
    for (uint32_t i = 0; ok && i < inquiry->count; i++) {
        const double value = inquiry->list[i].difference.value;
        inquiry->list[i].guilty = more[i] && (gate->worse == FL_WORSE_HIGHER ? value > 0 : value < 0);
        inquiry->any |= inquiry->list[i].guilty;
    }
    free(p);
    free(order);
    free(more);
    return ok;
}

/* The guiltiest of a kind that has not been told yet; NULL: none. */
static struct candidate *guiltiest(struct inquiry *inquiry, enum fl_gate_per per)
{
    struct candidate *worst = NULL;
    for (uint32_t i = 0; i < inquiry->count; i++) {
        struct candidate *candidate = &inquiry->list[i];
        if (!candidate->guilty || candidate->per != per) continue;
        if (worst == NULL || fabs(candidate->difference.value) > fabs(worst->difference.value)) worst = candidate;
    }
    return worst;
}

static void accuse(struct gate_cell *cell, enum fl_gate_per per, const char *where, double difference)
{
    struct culprit *culprit = &cell->culprits[cell->culprits_count++];
    *culprit = (struct culprit){ .per = per, .difference = difference };
    snprintf(culprit->where, sizeof culprit->where, "%s", where);
}

/* The worst interval, with its neighbours as far as they got worse too. */
static void accuse_intervals(struct inquiry *inquiry, const struct gate_run *run, struct gate_cell *cell)
{
    struct candidate *worst = guiltiest(inquiry, FL_GATE_INTERVAL);
    char where[96];
    if (worst == NULL) return;
    const struct candidate *first = worst, *last = worst;
    while (first > inquiry->list && first[-1].guilty && first[-1].per == FL_GATE_INTERVAL && first[-1].index + 1 == first->index) first--;
    while (last + 1 < inquiry->list + inquiry->count && last[1].guilty && last[1].per == FL_GATE_INTERVAL && last[1].index == last->index + 1) last++;
    interval_words(run->a, first->index, last->index, where, sizeof where);
    accuse(cell, FL_GATE_INTERVAL, where, worst->difference.value);
}

static void accuse_some(struct inquiry *inquiry, const struct gate_run *run, struct gate_cell *cell, enum fl_gate_per per)
{
    struct candidate *worst;
    for (uint32_t told = 0; (worst = guiltiest(inquiry, per)) != NULL; told++) {
        worst->guilty = false;
        if (told < 3 && cell->culprits_count < CULPRITS) accuse(cell, per, side_name(run->a, scope_of(per), worst->index), worst->difference.value);
        else cell->culprits_more++;
    }
}

static bool question(struct inquiry *inquiry, const struct gate_run *run, const struct gate_result *result, const struct gate_cell *cell)
{
    inquiry->count = 0;
    if (result->gate->per == FL_GATE_DESK) {
        suspect(inquiry, run, result, FL_GATE_INTERVAL, FL_SCOPE_INTERVAL, 0);
        suspect(inquiry, run, result, FL_GATE_GROUP, FL_SCOPE_GROUP, 0);
        suspect(inquiry, run, result, FL_GATE_AGENT, FL_SCOPE_AGENT, 0);
        suspect(inquiry, run, result, FL_GATE_INTENT, FL_SCOPE_INTENT, 0);
    } else {
        suspect(inquiry, run, result, FL_GATE_INTERVAL, FL_SCOPE_INTERVAL_GROUP, cell->judged.a);
    }
    return find_guilty(inquiry, result->gate);
}

static bool inquire(const struct gate_run *run, const struct gate_result *result, struct gate_cell *cell)
{
    const struct fl_gate *gate = result->gate;
    struct inquiry inquiry = { .room = 5 * FL_CELLS_MAX, .statistic = gate->statistic };
    if (gate->metric == NULL || gate->per > FL_GATE_GROUP) return true; /* nothing finer is known */
    inquiry.list = calloc(inquiry.room, sizeof *inquiry.list);
    bool ok = inquiry.list != NULL && question(&inquiry, run, result, cell);
    if (ok && !inquiry.any && gate->statistic[0] == 'p') { /* a tail of few values tells little of a quarter of an hour */
        inquiry.statistic = "mean";
        cell->culprits_by_mean = true;
        ok = question(&inquiry, run, result, cell);
    }
    if (ok) {
        accuse_intervals(&inquiry, run, cell);
        accuse_some(&inquiry, run, cell, FL_GATE_GROUP);
        accuse_some(&inquiry, run, cell, FL_GATE_AGENT);
        accuse_some(&inquiry, run, cell, FL_GATE_INTENT);
    }
    free(inquiry.list);
    return ok;
}

static bool inquire_all(struct gate_run *run)
{
    for (uint32_t i = 0; i < run->gates->count; i++) {
        struct gate_result *result = &run->results[i];
        for (uint32_t c = 0; c < result->cells_count && same_days(run); c++) {
            if (result->cells[c].judged.verdict != FL_GATE_FAILED || !result->cells[c].judged.excess.sure) continue;
            if (!inquire(run, result, &result->cells[c])) return false;
        }
    }
    return true;
}

/* ---- The whole --------------------------------------------------------------------------------- */

bool gate_missed(const struct gate_run *run, const struct gate_result *result)
{
    return result->verdict == FL_GATE_FAILED || result->verdict == FL_GATE_EMPTY || (result->verdict == FL_GATE_UNDECIDED && run->strict);
}

static int put(const char *path, struct fl_text *text)
{
    int code = EXIT_UNWRITTEN;
    if (text->full) fprintf(stderr, "fenliu compare: cannot write %s: %s\n", path, strerror(ENOMEM));
    else code = file_put("compare", path, text->bytes, text->length);
    fl_text_free(text);
    return code;
}

/* The files first: whoever reads the screen can rely on them. */
static int report(const struct gate_run *run, const struct options *options, const struct gate_options *wanted)
{
    struct fl_text text = { 0 };
    int code = EXIT_DONE;
    if (wanted->junit != NULL) {
        gate_junit(&text, run, options->language);
        code = put(wanted->junit, &text);
    }
    if (wanted->markdown != NULL && code == EXIT_DONE) {
        gate_markdown(&text, run, options->language);
        code = put(wanted->markdown, &text);
    }
    if (code != EXIT_DONE) return code;
    if (options->json) gate_json(&text, run);
    else gate_table(&text, run, options->language);
    code = text_print(&text);
    fl_text_free(&text);
    for (uint32_t i = 0; i < run->gates->count && code == EXIT_DONE; i++)
        if (gate_missed(run, &run->results[i])) code = EXIT_MISSED;
    return code;
}

int gate_main(struct side side[2], const struct options *options, const struct gate_options *wanted)
{
    const double began = now_s();
    struct gate_run run = { .file = wanted->file, .a = &side[0], .b = &side[1] };
    int code = gates_open(&run);
    for (uint32_t i = 0; code == EXIT_DONE && i < run.gates->count; i++)
        if (!cells_make(&run, &run.results[i])) code = run_failed(FL_EFULL, "compare");
    if (code == EXIT_DONE) {
        run.strict = wanted->strict || run.gates->strict;
        code = look_until_decided(&run, side, options);
    }
    if (code == EXIT_DONE && !inquire_all(&run)) code = run_failed(FL_EFULL, "compare");
    run.wall_s = now_s() - began;
    if (code == EXIT_DONE) code = report(&run, options, wanted);
    for (uint32_t i = 0; run.results != NULL && i < run.gates->count; i++) free(run.results[i].cells);
    free(run.results);
    fl_gates_free(run.gates);
    return code;
}
