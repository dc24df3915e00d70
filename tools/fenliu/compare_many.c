/* fenliu compare A B C ...: many runs against the first, or every pair, with one error for all that is claimed. */
#include "compare_many.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PAIRS_RUNS_MAX 64u /* held at once for all pairs */

bool store_is_one(const char *path)
{
    char head[16] = "";
    FILE *const file = fopen(path, "rb");
    const bool ok = file != NULL && fread(head, 1, sizeof head, file) == sizeof head && memcmp(head, "SQLite format 3", sizeof head) == 0;
    if (file != NULL) fclose(file);
    return ok;
}

/* ---- Figures ------------------------------------------------------------------------------------- */

/* The constant text of a statistic: what fl_metric_find gives lies within the name it was given. */
static const char *lasting(const struct fl_metric *metric, const char *statistic)
{
    uint32_t count;
    const char *const *const list = fl_metric_statistics(metric, &count);
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(list[i], statistic) == 0) return list[i];
    return "";
}

bool many_figures_read(const char *list, struct many_figure figures[MANY_FIGURES_MAX], uint32_t *count)
{
    static const char usual[] = "abandonment,first_response_s.mean,first_response_s.p90,response_s.mean,reply_rate_3min,days_met,occupancy,wages_cny,profit_cny";
    *count = 0;
    for (const char *at = list != NULL ? list : usual; *at != '\0';) {
        const size_t length = strcspn(at, ",");
        struct many_figure figure = { .statistic = "", .better = 1 };
        snprintf(figure.name, sizeof figure.name, "%.*s", (int)(length < sizeof figure.name ? length : 0), at);
        if (strcmp(figure.name, "days_met") != 0) {
            figure.metric = fl_metric_find(figure.name, &figure.statistic);
            if (figure.metric == NULL || fl_metric_is_of_engine(figure.metric) || *count == MANY_FIGURES_MAX) {
                fprintf(stderr, "fenliu compare: wanted a figure such as abandonment or first_response_s.p90, got \"%.*s\"\n", (int)length, at);
                return false;
            }
            figure.statistic = lasting(figure.metric, figure.statistic);
            figure.better = fl_metric_better(figure.metric);
        }
        if (*count < MANY_FIGURES_MAX) figures[(*count)++] = figure;
        at += length + (at[length] == ',');
    }
    return true;
}

int many_verdict(const struct many_figure figures[], const struct many_claim *claim)
{
    if (!claim->more_than_chance || claim->difference.value == 0) return 0;
    return claim->difference.value > 0 ? figures[claim->figure].better : -figures[claim->figure].better;
}

/* ---- What is compared ------------------------------------------------------------------------------ */

struct many {
    const struct many_source *source;
    const struct options *options;
    struct many_figure figures[MANY_FIGURES_MAX];
    uint32_t figures_count, days, unpaired; /* unpaired: of the pairs of runs */
    struct many_claim *claims;              /* owned: by figure, then by pair */
    uint32_t claims_count;
    uint64_t seed;
};

static struct fl_difference difference_of(const struct many_figure *figure, const struct side *a, const struct side *b, bool paired)
{
    const struct fl_side of_a = side_days(a, FL_SCOPE_GROUP, a->days.count), of_b = side_days(b, FL_SCOPE_GROUP, b->days.count);
    return figure->metric == NULL ? fl_compare_days_met(&of_a, &of_b, paired)
                                  : fl_compare(&of_a, FL_NONE, &of_b, FL_NONE, paired, figure->metric, figure->statistic);
}

bool many_paired(const struct side *a, const struct side *b, uint32_t days)
{
    bool same = a->seed == b->seed;
    for (uint32_t d = 0; d < days && same; d++) same = a->days.rows[FL_SCOPE_GROUP][d]->replication == b->days.rows[FL_SCOPE_GROUP][d]->replication;
    return same;
}

static void compare_pair(struct many *many, uint32_t a, const struct side *side_a, uint32_t b, const struct side *side_b)
{
    const bool paired = side_a->days.count == side_b->days.count && many_paired(side_a, side_b, side_a->days.count);
    if (!paired) many->unpaired++;
    for (uint32_t f = 0; f < many->figures_count; f++) {
        const struct fl_difference difference = difference_of(&many->figures[f], side_a, side_b, paired);
        if (difference.known) many->claims[many->claims_count++] = (struct many_claim){ f, a, b, difference, false, paired };
    }
}

static int by_figure(const void *a, const void *b)
{
    const struct many_claim *const x = a, *const y = b;
    if (x->figure != y->figure) return x->figure < y->figure ? -1 : 1;
    if (x->a != y->a) return x->a < y->a ? -1 : 1;
    return x->b < y->b ? -1 : x->b > y->b;
}

static bool judge(struct many *many)
{
    const uint32_t n = many->claims_count;
    double *const p = calloc(n + 1, sizeof *p);
    uint32_t *const order = calloc(n + 1, sizeof *order);
    bool *const more = calloc(n + 1, sizeof *more);
    const bool ok = p != NULL && order != NULL && more != NULL;
    qsort(many->claims, n, sizeof *many->claims, by_figure);
    for (uint32_t i = 0; i < n && ok; i++) p[i] = many->claims[i].difference.p;
    if (ok) fl_holm(n, p, 0.05, order, more);
    for (uint32_t i = 0; i < n && ok; i++) many->claims[i].more_than_chance = more[i];
    free(p);
    free(order);
    free(more);
    return ok;
}

static int open_run(struct many *many, uint32_t i, struct side *side)
{
    const int code = many->source->open(many->source->context, i, side);
    if (code != EXIT_DONE || side->days.count > 0) return code;
    fprintf(stderr, "fenliu compare: %s has no days\n", many->source->label(many->source->context, i));
    side_close(side);
    return EXIT_USAGE;
}

/* The first against each of the others, which are opened one at a time. */
static int against_first(struct many *many)
{
    struct side first = { 0 }, other = { 0 };
    int code = open_run(many, 0, &first);
    many->days = first.days.count;
    many->seed = first.seed;
    for (uint32_t i = 1; code == EXIT_DONE && i < many->source->count; i++) {
        code = open_run(many, i, &other);
        if (code != EXIT_DONE) break;
        compare_pair(many, 0, &first, i, &other);
        side_close(&other);
        if (interrupted) code = EXIT_INTERRUPTED;
    }
    if (first.scenario != NULL) side_close(&first);
    return code;
}

static int every_pair(struct many *many)
{
    const uint32_t n = many->source->count;
    struct side *const sides = calloc(n, sizeof *sides);
    uint32_t opened = 0;
    int code = sides == NULL ? run_failed(FL_EFULL, "compare") : EXIT_DONE;
    while (code == EXIT_DONE && opened < n) {
        code = open_run(many, opened, &sides[opened]);
        if (code == EXIT_DONE) opened++;
    }
    for (uint32_t a = 0; code == EXIT_DONE && a < n; a++)
        for (uint32_t b = a + 1; b < n && !interrupted; b++) compare_pair(many, a, &sides[a], b, &sides[b]);
    if (code == EXIT_DONE && interrupted) code = EXIT_INTERRUPTED;
    if (code == EXIT_DONE) {
        many->days = sides[0].days.count;
        many->seed = sides[0].seed;
    }
    for (uint32_t i = 0; i < opened; i++) side_close(&sides[i]);
    free(sides);
    return code;
}

/* ---- In words -------------------------------------------------------------------------------------- */

static const char *label_of(const struct many *many, uint32_t run)
{
    return many->source->label(many->source->context, run);
}

static const char *verdict_words(const struct many *many, const struct many_claim *claim, bool zh)
{
    static const char *const words[][2] = { { "no difference", "没有差别" }, { "could be chance", "可能是偶然" }, { "more than chance", "不是偶然" },
                                            { "too few samples to tell", "样本太少,说不准" }, { "BETTER, more than chance", "变好,不是偶然" },
                                            { "WORSE, more than chance", "变差,不是偶然" } };
    const struct fl_difference *const d = &claim->difference;
    const int judged = many_verdict(many->figures, claim);
    const int at = !d->sure ? 3 : d->value == 0 && d->low == 0 && d->high == 0 ? 0 : !claim->more_than_chance ? 1 : judged == 0 ? 2 : judged > 0 ? 4 : 5;
    return words[at][zh];
}

static void add_range(const struct fl_metric *metric, const struct fl_difference *d, enum language language, char *out, size_t size)
{
    char low[48], high[48];
    out[0] = '\0';
    if (!d->sure) return;
    value_words(metric, d->low, true, language, low, sizeof low);
    value_words(metric, d->high, true, language, high, sizeof high);
    low[strcspn(low, " ")] = '\0'; /* the unit stands once */
    snprintf(out, size, "%s .. %s", low, high);
}

static void add_claim(struct fl_text *out, const struct many *many, const struct many_claim *claim, bool pairs)
{
    const enum language language = many->options->language;
    const struct fl_metric *const metric = many->figures[claim->figure].metric;
    char value[48], difference[48], range[112];
    value_words(metric, claim->difference.b, false, language, value, sizeof value);
    value_words(metric, claim->difference.value, true, language, difference, sizeof difference);
    add_range(metric, &claim->difference, language, range, sizeof range);
    text_add_padded(out, value, 10, true);
    text_add_padded(out, difference, 11, true);
    text_add_padded(out, range, 21, true);
    fl_text_add(out, "   ");
    text_add_padded(out, verdict_words(many, claim, language == LANGUAGE_ZH), 26, false);
    if (pairs) fl_text_add(out, "  %s  ->  %s\n", label_of(many, claim->a), label_of(many, claim->b));
    else fl_text_add(out, "  %s\n", label_of(many, claim->b));
}

static void add_screen(struct fl_text *out, const struct many *many, bool pairs)
{
    const bool zh = many->options->language == LANGUAGE_ZH;
    uint32_t figure = UINT32_MAX;
    if (!pairs) fl_text_add(out, zh ? "都与第一个比:%s\n" : "all against the first: %s\n", label_of(many, 0));
    if (many->unpaired == 0)
        fl_text_add(out, zh ? "同样的 %u 天,逐日配对 (种子 %" PRIu64 ")\n" : "the same %u days, paired day by day (seed %" PRIu64 ")\n",
                    many->days, many->seed);
    else
        fl_text_add(out, zh ? "%u 对的天或种子不同,按互不相干的天比\n" : "%u pairs are of other days or seeds, and compared as such\n", many->unpaired);
    for (uint32_t i = 0; i < many->claims_count; i++) {
        const struct many_claim *const claim = &many->claims[i];
        if (claim->figure != figure) {
            char title[96], first[48];
            figure = claim->figure;
            figure_words(many->figures[figure].metric, many->figures[figure].statistic, many->options->language, title, sizeof title);
            value_words(many->figures[figure].metric, claim->difference.a, false, many->options->language, first, sizeof first);
            if (pairs) fl_text_add(out, "\n%s\n", title);
            else fl_text_add(out, zh ? "\n%s  第一个 %s\n" : "\n%s  the first: %s\n", title, first);
        }
        add_claim(out, many, claim, pairs);
    }
    fl_text_add(out, zh ? "\n“不是偶然”对这里的全部 %u 项一起成立 (Holm,5%%);区间各为 95%%。\n"
                        : "\n\"More than chance\" holds for all %u differences here together (Holm, 5 %%); intervals are 95 %% each.\n", many->claims_count);
}

static void add_json(struct fl_text *out, const struct many *many)
{
    fl_text_add(out, "{\"fenliu\":1,\"command\":\"compare\",\"days\":%u,\"seed\":\"%" PRIu64 "\",\"unpaired\":%u,\n\"runs\":[", many->days, many->seed, many->unpaired);
    for (uint32_t i = 0; i < many->source->count; i++) {
        fl_text_add(out, i > 0 ? ",\n" : "\n");
        fl_text_add_json(out, label_of(many, i));
    }
    fl_text_add(out, "],\n\"differences\":[");
    for (uint32_t i = 0; i < many->claims_count; i++) {
        const struct many_claim *const claim = &many->claims[i];
        const struct fl_difference *const d = &claim->difference;
        const int judged = many_verdict(many->figures, claim);
        fl_text_add(out, "%s\n{\"figure\":\"%s\",\"a_run\":%u,\"b_run\":%u,\"paired\":%s", i > 0 ? "," : "", many->figures[claim->figure].name, claim->a, claim->b,
                    claim->paired ? "true" : "false");
        add_difference(out, d, claim->more_than_chance, judged);
        fl_text_add(out, "}");
    }
    fl_text_add(out, "]}\n");
}

/* ---- As a page -------------------------------------------------------------------------------------- */

static void add_picture(struct fl_text *out, const struct many *many, uint32_t figure, struct picture_point points[])
{
    const enum language language = many->options->language;
    const bool is_share = many->figures[figure].metric == NULL || many->figures[figure].metric->kind == FL_METRIC_SHARE;
    const double scale = is_share ? 100 : 1;
    char title[160];
    uint32_t count = 0;
    figure_words(many->figures[figure].metric, many->figures[figure].statistic, language, title, sizeof title);
    for (uint32_t i = 0; i < many->claims_count; i++) {
        const struct many_claim *const claim = &many->claims[i];
        if (claim->figure != figure) continue;
        points[count++] = (struct picture_point){ label_of(many, claim->b), scale * claim->difference.value,
                                                  claim->difference.sure ? scale * claim->difference.low : NAN, scale * claim->difference.high,
                                                  many_verdict(many->figures, claim) };
    }
    const char *const unit = is_share ? (language == LANGUAGE_ZH ? "百分点" : "points") : many->figures[figure].metric->unit;
    if (count > 0) picture_ranking(out, title, unit, points, count, 0);
}

static int write_report(const struct many *many, const char *path)
{
    const bool zh = many->options->language == LANGUAGE_ZH;
    struct fl_text page = { 0 }, about = { 0 };
    struct picture_point *const points = calloc(many->claims_count + 1, sizeof *points);
    fl_text_add(&about, zh ? "每个方案与第一个(%s)之差,%u 天逐日配对;横线是 95%% 区间,有颜色的在全部 %u 项中不是偶然(Holm,5%%)。"
                           : "Each run less the first (%s), paired over %u days; bars are 95 %% intervals, coloured where it is more than chance among all %u differences (Holm, 5 %%).",
                label_of(many, 0), many->days, many->claims_count);
    picture_begin(&page, zh ? "多个方案的比较" : "Many runs compared", about.bytes != NULL ? about.bytes : "", many->options->language);
    for (uint32_t f = 0; f < many->figures_count && points != NULL; f++) add_picture(&page, many, f, points);
    picture_end(&page);
    const int code = points == NULL || page.full ? run_failed(FL_EFULL, "compare") : file_put("compare", path, page.bytes, page.length);
    fl_text_free(&page);
    fl_text_free(&about);
    free(points);
    return code;
}

/* ---- The command ------------------------------------------------------------------------------------- */

int many_main(const struct many_source *source, const struct options *options, const struct many_options *wanted)
{
    struct many many = { .source = source, .options = options };
    struct fl_text answer = { 0 };
    if (source->count < 2) {
        fprintf(stderr, "fenliu compare: wanted at least two runs, got %u\n", source->count);
        return EXIT_USAGE;
    }
    if (wanted->all_pairs && source->count > PAIRS_RUNS_MAX) {
        fprintf(stderr, "fenliu compare: --all-pairs takes at most %u runs; --where can choose among them\n", PAIRS_RUNS_MAX);
        return EXIT_USAGE;
    }
    if (!many_figures_read(wanted->figures, many.figures, &many.figures_count)) return EXIT_USAGE;
    const size_t pairs = wanted->all_pairs ? (size_t)source->count * (source->count - 1) / 2 : source->count - 1;
    many.claims = calloc(pairs * many.figures_count, sizeof *many.claims);
    int code = many.claims == NULL ? run_failed(FL_EFULL, "compare") : wanted->all_pairs ? every_pair(&many) : against_first(&many);
    if (code == EXIT_DONE && !judge(&many)) code = run_failed(FL_EFULL, "compare");
    if (code == EXIT_DONE && wanted->report != NULL) code = write_report(&many, wanted->report);
    if (code == EXIT_DONE) {
        if (options->json) add_json(&answer, &many);
        else add_screen(&answer, &many, wanted->all_pairs);
        code = text_print(&answer);
    }
    fl_text_free(&answer);
    free(many.claims);
    return code;
}
