/* fenliu compare --best: the best of many, by as few days as it takes (measure/selection.h). */
#include "compare_many.h"
#include "measure/selection.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A batch of days is an observation: closer to normal than a day, and a share or percentile of it closer to that of all days. */
#define BATCH_DAYS 5u
#define FIRST_BATCHES 10u
#define MORE_BATCHES 5u  /* simulated at a time, so that all cores have something to do */
#define DAYS_MOST 10000u /* of one scenario, unless -n says otherwise */
#define RUNS_MOST 512u
#define ALPHA 0.05
#define WITHIN 0.05      /* of the first run's figure, where --within does not say */

struct contest {
    const struct many_source *source;
    const struct options *options;
    struct many_figure figure;
    struct side *sides; /* [systems] */
    uint32_t systems, opened, days_most;
    double *values;     /* [systems] */
    struct fl_selection selection;
    double delta;
    bool default_delta, short_of_days; /* a finished run has no more days */
    uint64_t simulated;                /* days */
};

static const char *label_of(const struct contest *contest, uint32_t i)
{
    return contest->source->label(contest->source->context, i);
}

/* The figure of some days; NaN where they have none. */
static double figure_of(const struct contest *contest, uint32_t system, uint32_t from, uint32_t days)
{
    const struct side *const side = &contest->sides[system];
    const struct fl_side some = { side->scenario, side->days.rows[FL_SCOPE_GROUP] + from, days };
    const struct fl_difference same = contest->figure.metric == NULL ? fl_compare_days_met(&some, &some, true)
                                                                     : fl_compare(&some, FL_NONE, &some, FL_NONE, true, contest->figure.metric, contest->figure.statistic);
    return same.known ? same.a : NAN;
}

/* Less is better for a selection. */
static double sign_of(const struct contest *contest)
{
    return contest->figure.better > 0 ? -1 : 1;
}

/* Simulates a scenario up to that many days. */
static int simulate_to(struct contest *contest, uint32_t system, uint32_t days)
{
    struct side *const side = &contest->sides[system];
    const uint32_t have = side->days.count;
    uint32_t *const numbers = calloc(days - have, sizeof *numbers);
    char what[64];
    if (numbers == NULL) return run_failed(FL_EFULL, "compare");
    for (uint32_t i = have; i < days; i++) numbers[i - have] = i;
    snprintf(what, sizeof what, "compare: run %u", system);
    const int code = side_simulate(side, what, numbers, days - have, false);
    contest->simulated += days - have;
    free(numbers);
    return code;
}

/* The next batch of a system that is in; short_of_days where it cannot be had. */
static int observe(struct contest *contest, uint32_t system)
{
    const uint32_t from = contest->selection.taken * BATCH_DAYS, to = from + BATCH_DAYS;
    struct side *const side = &contest->sides[system];
    int code = EXIT_DONE;
    if (to > contest->days_most || (side->is_finished && side->days.count < to)) {
        contest->short_of_days = true;
        return code;
    }
    if (side->days.count < to) {
        const uint32_t batches = contest->selection.taken == 0 ? FIRST_BATCHES : MORE_BATCHES, most = from + batches * BATCH_DAYS;
        code = simulate_to(contest, system, most < contest->days_most ? most : contest->days_most);
    }
    if (code != EXIT_DONE) return code;
    contest->values[system] = sign_of(contest) * figure_of(contest, system, from, BATCH_DAYS);
    if (isfinite(contest->values[system])) return code;
    fprintf(stderr, "fenliu compare: --best: %s has no %s on days %u to %u\n", label_of(contest, system), contest->figure.name, from, to - 1);
    return EXIT_USAGE;
}

static int hold(struct contest *contest)
{
    struct fl_selection *const selection = &contest->selection;
    int code = EXIT_DONE;
    while (code == EXIT_DONE && !fl_selection_ended(selection) && !contest->short_of_days) {
        for (uint32_t i = 0; i < contest->systems && code == EXIT_DONE && !contest->short_of_days; i++)
            if (selection->in[i]) code = observe(contest, i);
        if (code == EXIT_DONE && interrupted) code = EXIT_INTERRUPTED;
        if (code == EXIT_DONE && !contest->short_of_days) fl_selection_add(selection, contest->values);
    }
    return code;
}

/* ---- What matters ------------------------------------------------------------------------------------- */

/* --within "0.01", in the figure's unit, or "5%" of the first run's figure on its first days. */
static int read_within(struct contest *contest, const char *within)
{
    char *end = NULL;
    const double number = within != NULL ? strtod(within, &end) : WITHIN;
    const bool relative = within == NULL || (end != within && strcmp(end, "%") == 0);
    if (within != NULL && (end == within || (*end != '\0' && !relative) || !(number > 0) || !isfinite(number))) {
        fprintf(stderr, "fenliu compare: --within: wanted a number above 0, or per cent of the first run's figure, got \"%s\"\n", within);
        return EXIT_USAGE;
    }
    contest->default_delta = within == NULL;
    contest->delta = number;
    if (!relative) return EXIT_DONE;
    const uint32_t days = FIRST_BATCHES * BATCH_DAYS;
    int code = EXIT_DONE;
    if (!contest->sides[0].is_finished && contest->days_most >= days) code = simulate_to(contest, 0, days);
    const uint32_t there = contest->sides[0].days.count;
    const double base = code == EXIT_DONE && there > 0 ? fabs(figure_of(contest, 0, 0, there < days ? there : days)) : NAN;
    contest->delta = base * (within == NULL ? number : number / 100);
    if (code == EXIT_DONE && !(contest->delta > 0)) {
        fprintf(stderr, "fenliu compare: --best: the first run's %s is 0 or unknown; say with --within NUMBER what matters\n", contest->figure.name);
        code = EXIT_USAGE;
    }
    return code;
}

/* ---- In words --------------------------------------------------------------------------------------------- */

/* How a system fared against the best, on the days that both have. */
static struct fl_difference behind(const struct contest *contest, uint32_t system, uint32_t best)
{
    const uint32_t a = contest->selection.counted[best] * BATCH_DAYS, b = contest->selection.counted[system] * BATCH_DAYS, days = a < b ? a : b;
    const struct fl_side of_best = side_days(&contest->sides[best], FL_SCOPE_GROUP, days), of_system = side_days(&contest->sides[system], FL_SCOPE_GROUP, days);
    const bool paired = many_paired(&contest->sides[best], &contest->sides[system], days);
    return contest->figure.metric == NULL ? fl_compare_days_met(&of_best, &of_system, paired)
                                          : fl_compare(&of_best, FL_NONE, &of_system, FL_NONE, paired, contest->figure.metric, contest->figure.statistic);
}

static void add_verdict(struct fl_text *out, const struct contest *contest, uint32_t best)
{
    const bool zh = contest->options->language == LANGUAGE_ZH;
    char title[96], delta[48];
    figure_words(contest->figure.metric, contest->figure.statistic, contest->options->language, title, sizeof title);
    value_words(contest->figure.metric, contest->delta, true, contest->options->language, delta, sizeof delta);
    if (delta[0] == '+') memmove(delta, delta + 1, strlen(delta));
    if (fl_selection_ended(&contest->selection)) {
        fl_text_add(out, zh ? "最好的是:%s\n%s,差 %s 以内不计%s,有 95%% 的把握 (KN)\n" : "the best: %s\nby %s; a difference within %s does not matter%s; 95 %% certain (KN)\n",
                    label_of(contest, best), title, delta, contest->default_delta ? (zh ? "(第一个的 5%,--within 可改)" : " (5 % of the first run's; --within)") : "");
        return;
    }
    const uint64_t most = fl_selection_most(&contest->selection) * BATCH_DAYS;
    fl_text_add(out, zh ? "天数不够,还分不出最好的:剩 %u 个。到目前为止最好:%s\n%s,差 %s 以内不计 (KN)\n"
                        : "too few days to tell the best: %u are still in. The best so far: %s\nby %s; a difference within %s does not matter (KN)\n",
                contest->selection.left, label_of(contest, best), title, delta);
    if (most > 0) fl_text_add(out, zh ? "最多 %llu 天能分出来。\n" : "It takes %llu days at most.\n", (unsigned long long)most);
}

static void add_screen(struct fl_text *out, const struct contest *contest, uint32_t best)
{
    const bool zh = contest->options->language == LANGUAGE_ZH;
    const struct fl_selection *const selection = &contest->selection;
    add_verdict(out, contest, best);
    fl_text_add(out, "\n");
    text_add_padded(out, zh ? "天数" : "days", 6, true);
    text_add_padded(out, zh ? "平均" : "mean", 12, true);
    text_add_padded(out, zh ? "比最好的" : "to the best", 13, true);
    fl_text_add(out, "\n");
    for (uint32_t i = 0; i < contest->systems; i++) {
        char days[16], mean[48], difference[48] = "";
        const struct fl_difference d = behind(contest, i, best);
        snprintf(days, sizeof days, "%u", selection->counted[i] * BATCH_DAYS);
        value_words(contest->figure.metric, sign_of(contest) * fl_selection_mean(selection, i), false, contest->options->language, mean, sizeof mean);
        if (i != best && d.known) value_words(contest->figure.metric, d.value, true, contest->options->language, difference, sizeof difference);
        text_add_padded(out, days, 6, true);
        text_add_padded(out, selection->counted[i] > 0 ? mean : "-", 12, true);
        text_add_padded(out, difference, 13, true);
        fl_text_add(out, "  %s %s\n", i == best ? ">" : selection->in[i] ? "?" : " ", label_of(contest, i));
    }
}

static void add_json(struct fl_text *out, const struct contest *contest, uint32_t best)
{
    const struct fl_selection *const selection = &contest->selection;
    fl_text_add(out, "{\"fenliu\":1,\"command\":\"compare\",\"best_by\":\"%s\",\"decided\":%s,\"best\":%u,\"within\":", contest->figure.name,
                fl_selection_ended(selection) ? "true" : "false", best);
    fl_text_add_number(out, contest->delta);
    fl_text_add(out, ",\"confidence\":0.95,\"days_at_most\":%llu,\"days_simulated\":%llu,\"runs\":[", (unsigned long long)(fl_selection_most(selection) * BATCH_DAYS),
                (unsigned long long)contest->simulated);
    for (uint32_t i = 0; i < contest->systems; i++) {
        fl_text_add(out, "%s\n{\"label\":", i > 0 ? "," : "");
        fl_text_add_json(out, label_of(contest, i));
        fl_text_add(out, ",\"in\":%s,\"days\":%u,\"mean\":", selection->in[i] ? "true" : "false", selection->counted[i] * BATCH_DAYS);
        fl_text_add_number(out, sign_of(contest) * fl_selection_mean(selection, i));
        fl_text_add(out, "}");
    }
    fl_text_add(out, "]}\n");
}

static int write_report(const struct contest *contest, uint32_t best, const char *path)
{
    const bool zh = contest->options->language == LANGUAGE_ZH;
    const bool is_share = contest->figure.metric == NULL || contest->figure.metric->kind == FL_METRIC_SHARE;
    const double scale = is_share ? 100 : 1;
    struct picture_point *const points = calloc(contest->systems, sizeof *points);
    struct fl_text page = { 0 }, about = { 0 };
    char title[96];
    if (points == NULL) return run_failed(FL_EFULL, "compare");
    for (uint32_t i = 0; i < contest->systems; i++) {
        const struct fl_difference d = behind(contest, i, best);
        points[i] = (struct picture_point){ label_of(contest, i), d.known ? scale * d.value : NAN, i != best && d.sure ? scale * d.low : NAN, scale * d.high,
                                            i == best ? 1 : contest->selection.in[i] ? 0 : -1 };
    }
    figure_words(contest->figure.metric, contest->figure.statistic, contest->options->language, title, sizeof title);
    add_verdict(&about, contest, best);
    picture_begin(&page, zh ? "哪个最好" : "Which is best", about.bytes != NULL ? about.bytes : "", contest->options->language);
    picture_paragraph(&page, zh ? "与最好的之差,共有的天逐日配对,95% 区间;红的已出局,灰的还分不出。"
                                : "Difference to the best, paired over the days both have, 95 % intervals; red is out, grey is still in.");
    picture_ranking(&page, title, is_share ? (zh ? "百分点" : "points") : contest->figure.metric->unit, points, contest->systems, 0);
    picture_end(&page);
    const int code = page.full ? run_failed(FL_EFULL, "compare") : file_put("compare", path, page.bytes, page.length);
    fl_text_free(&page);
    fl_text_free(&about);
    free(points);
    return code;
}

/* ---- The command ---------------------------------------------------------------------------------------------- */

static int enter(struct contest *contest)
{
    int code = EXIT_DONE;
    while (code == EXIT_DONE && contest->opened < contest->systems) {
        code = contest->source->open(contest->source->context, contest->opened, &contest->sides[contest->opened]);
        if (code == EXIT_DONE) contest->opened++;
    }
    return code;
}

int best_main(const struct many_source *source, const struct options *options, const struct many_options *wanted)
{
    struct contest contest = { .source = source, .options = options, .systems = source->count,
                               .days_most = options->replications > 0 ? options->replications : DAYS_MOST };
    struct many_figure figures[MANY_FIGURES_MAX];
    struct fl_text answer = { 0 };
    uint32_t count;
    if (!many_figures_read(wanted->best, figures, &count)) return EXIT_USAGE;
    if (count != 1 || figures[0].better == 0 || source->count < 2 || source->count > RUNS_MOST) {
        fprintf(stderr, "fenliu compare: --best wants one figure that has a better end, and from two to %u runs\n", RUNS_MOST);
        return EXIT_USAGE;
    }
    contest.figure = figures[0];
    contest.sides = calloc(contest.systems, sizeof *contest.sides);
    contest.values = calloc(contest.systems, sizeof *contest.values);
    void *const memory = malloc(fl_selection_bytes(contest.systems, FIRST_BATCHES));
    int code = contest.sides == NULL || contest.values == NULL || memory == NULL ? run_failed(FL_EFULL, "compare") : enter(&contest);
    if (code == EXIT_DONE) code = read_within(&contest, wanted->within);
    if (code == EXIT_DONE && fl_selection_start(&contest.selection, contest.systems, FIRST_BATCHES, contest.delta, ALPHA, memory) != FL_OK) code = EXIT_INTERNAL;
    if (code == EXIT_DONE) code = hold(&contest);
    const uint32_t best = code == EXIT_DONE ? fl_selection_best(&contest.selection) : 0;
    if (code == EXIT_DONE && wanted->report != NULL) code = write_report(&contest, best, wanted->report);
    if (code == EXIT_DONE) {
        if (options->json) add_json(&answer, &contest, best);
        else add_screen(&answer, &contest, best);
        code = text_print(&answer);
    }
    fl_text_free(&answer);
    for (uint32_t i = 0; i < contest.opened; i++) side_close(&contest.sides[i]);
    free(contest.sides);
    free(contest.values);
    free(memory);
    return code;
}
