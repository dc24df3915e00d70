/* fenliu compare STORE --effects: what each parameter of a sweep does to a figure, and which two do more together than apart. */
#include "compare_many.h"
#include "sweep.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One claim: a level's main effect, a cell's interaction, or a coefficient. */
struct term {
    uint32_t a, b;             /* factors or columns; b FL_NONE: a main effect */
    uint32_t level_a, level_b;
    struct fl_effect effect;
    bool more_than_chance;
};

/* The levels of a path, in the order in which they first stand. */
struct factor {
    const char *path;
    const char **levels; /* owned [count] */
    uint32_t count;
};

struct effects {
    struct sweep_reader *reader;
    const struct options *options;
    struct many_figure figure;
    struct factor factors[SWEEP_PATHS_MAX];
    uint32_t factors_count, points, days, left_out;
    uint32_t levels[SWEEP_PATHS_MAX];
    struct fl_factorial design;
    bool factorial;
    double *y;                /* [points x days] */
    struct term *terms;       /* owned */
    uint32_t terms_count;
    struct fl_effect *shares; /* factorial: as of fl_effect_shares */
    double explained;         /* regression */
    struct column {
        uint32_t a, b;        /* path, and a second one or FL_NONE */
        uint32_t level;       /* of a path that is no number: this level against the mean of all; FL_NONE: a number */
        double mean, spread;
    } *columns;               /* owned: regression */
    uint32_t columns_count;
};

/* ---- The design --------------------------------------------------------------------------------------- */

static uint32_t level_at(const struct factor *factor, const char *value)
{
    uint32_t i = 0;
    while (i < factor->count && strcmp(factor->levels[i], value) != 0) i++;
    return i;
}

static bool find_factors(struct effects *effects)
{
    const char *const *paths;
    const uint32_t count = sweep_reader_paths(effects->reader, &paths);
    for (uint32_t f = 0; f < count; f++) {
        struct factor factor = { .path = paths[f], .levels = calloc(effects->points, sizeof *factor.levels) };
        if (factor.levels == NULL) return false;
        for (uint32_t p = 0; p < effects->points; p++) {
            const char *const value = sweep_reader_value(effects->reader, p, f);
            const uint32_t level = level_at(&factor, value);
            factor.levels[level] = value;
            if (level == factor.count) factor.count++;
        }
        if (factor.count > 1) effects->factors[effects->factors_count++] = factor;
        else free(factor.levels);
    }
    return true;
}

static uint32_t path_index(const struct effects *effects, uint32_t factor)
{
    const char *const *paths;
    const uint32_t count = sweep_reader_paths(effects->reader, &paths);
    uint32_t i = 0;
    while (i < count && paths[i] != effects->factors[factor].path) i++;
    return i;
}

/* Whether the points are all combinations, the last factor fastest. */
static bool is_factorial(struct effects *effects)
{
    uint64_t points = 1;
    for (uint32_t f = 0; f < effects->factors_count; f++) {
        effects->levels[f] = effects->factors[f].count;
        points *= effects->levels[f];
        if (points > effects->points) return false;
    }
    effects->design = (struct fl_factorial){ effects->factors_count, effects->levels };
    if (points != effects->points || effects->factors_count == 0) return false;
    for (uint32_t p = 0; p < effects->points; p++) {
        uint32_t rest = p;
        for (uint32_t f = effects->factors_count; f-- > 0; rest /= effects->levels[f])
            if (level_at(&effects->factors[f], sweep_reader_value(effects->reader, p, path_index(effects, f))) != rest % effects->levels[f]) return false;
    }
    return true;
}

/* ---- Factorial ------------------------------------------------------------------------------------------ */

static void add_main_terms(struct effects *effects, double parts[])
{
    for (uint32_t f = 0; f < effects->factors_count; f++) {
        for (uint32_t l = 0; l < effects->levels[f]; l++) {
            fl_effect_main(&effects->design, effects->days, effects->y, f, l, parts);
            effects->terms[effects->terms_count++] = (struct term){ f, FL_NONE, l, 0, fl_effect_estimate(effects->days, parts), false };
        }
    }
}

static void add_pair_terms(struct effects *effects, double parts[])
{
    for (uint32_t a = 0; a < effects->factors_count; a++) {
        for (uint32_t b = a + 1; b < effects->factors_count; b++) {
            for (uint32_t cell = 0; cell < effects->levels[a] * effects->levels[b]; cell++) {
                const uint32_t la = cell / effects->levels[b], lb = cell % effects->levels[b];
                fl_effect_pair(&effects->design, effects->days, effects->y, a, la, b, lb, parts);
                effects->terms[effects->terms_count++] = (struct term){ a, b, la, lb, fl_effect_estimate(effects->days, parts), false };
            }
        }
    }
}

static bool analyse_factorial(struct effects *effects)
{
    size_t terms = 0;
    for (uint32_t a = 0; a < effects->factors_count; a++) {
        terms += effects->levels[a];
        for (uint32_t b = a + 1; b < effects->factors_count; b++) terms += (size_t)effects->levels[a] * effects->levels[b];
    }
    double *const parts = calloc(effects->days, sizeof *parts), *const scratch = calloc(fl_effect_scratch(&effects->design, effects->days), sizeof *scratch);
    effects->terms = calloc(terms + 1, sizeof *effects->terms);
    effects->shares = calloc(fl_effect_terms(&effects->design) + 1, sizeof *effects->shares);
    const bool ok = parts != NULL && scratch != NULL && effects->terms != NULL && effects->shares != NULL;
    if (ok) {
        add_main_terms(effects, parts);
        add_pair_terms(effects, parts);
        fl_effect_shares(&effects->design, effects->days, effects->y, effects->shares, scratch);
    }
    free(parts);
    free(scratch);
    return ok;
}

/* ---- Regression ------------------------------------------------------------------------------------------ */

static bool is_numeric(const struct effects *effects, uint32_t factor)
{
    for (uint32_t l = 0; l < effects->factors[factor].count; l++)
        if (!isfinite(sweep_number(effects->factors[factor].levels[l]))) return false;
    return true;
}

/* A column's value at a point, before it is centred; numbers of a pair are standardised first. */
static double raw_value(const struct effects *effects, const struct column *column, uint32_t point)
{
    const char *const value = sweep_reader_value(effects->reader, point, path_index(effects, column->a));
    if (column->level != FL_NONE) return strcmp(value, effects->factors[column->a].levels[column->level]) == 0;
    if (column->b == FL_NONE) return sweep_number(value);
    double product = 1;
    for (uint32_t c = 0; c < effects->columns_count; c++) {
        const struct column *const of = &effects->columns[c];
        if (of->b != FL_NONE || of->level != FL_NONE || (of->a != column->a && of->a != column->b)) continue;
        product *= (raw_value(effects, of, point) - of->mean) / of->spread;
    }
    return product;
}

static void standardise(struct effects *effects, struct column *column)
{
    double squares = 0;
    column->mean = 0;
    for (uint32_t p = 0; p < effects->points; p++) column->mean += raw_value(effects, column, p) / effects->points;
    for (uint32_t p = 0; p < effects->points; p++) {
        const double part = raw_value(effects, column, p) - column->mean;
        squares += part * part / effects->points;
    }
    column->spread = squares > 0 ? sqrt(squares) : 1;
}

static void add_column(struct effects *effects, uint32_t a, uint32_t b, uint32_t level)
{
    struct column column = { a, b, level, 0, 1 };
    standardise(effects, &column);
    effects->columns[effects->columns_count++] = column;
}

/* Numbers as they are, other values one column a level but the first; then products of numbers, as long as points are three times as many. */
static bool list_columns(struct effects *effects)
{
    size_t most = 1;
    for (uint32_t f = 0; f < effects->factors_count; f++) most += effects->factors[f].count + effects->factors_count;
    effects->columns = calloc(most, sizeof *effects->columns);
    if (effects->columns == NULL) return false;
    for (uint32_t f = 0; f < effects->factors_count; f++) {
        if (is_numeric(effects, f)) add_column(effects, f, FL_NONE, FL_NONE);
        else for (uint32_t l = 1; l < effects->factors[f].count; l++) add_column(effects, f, FL_NONE, l);
    }
    for (uint32_t a = 0; a < effects->factors_count; a++)
        for (uint32_t b = a + 1; b < effects->factors_count; b++)
            if (is_numeric(effects, a) && is_numeric(effects, b) && 3 * (effects->columns_count + 1) < effects->points) add_column(effects, a, b, FL_NONE);
    return true;
}

static int analyse_regression(struct effects *effects)
{
    if (!list_columns(effects)) return run_failed(FL_EFULL, "compare");
    const uint32_t terms = effects->columns_count;
    double *const x = calloc((size_t)effects->points * terms + 1, sizeof *x), *const coefficients = calloc((size_t)terms * effects->days + 1, sizeof *coefficients);
    double *const scratch = calloc((size_t)terms * terms + 1, sizeof *scratch);
    effects->terms = calloc(terms + 1, sizeof *effects->terms);
    int code = x == NULL || coefficients == NULL || scratch == NULL || effects->terms == NULL ? run_failed(FL_EFULL, "compare") : EXIT_DONE;
    for (uint32_t p = 0; code == EXIT_DONE && p < effects->points; p++)
        for (uint32_t t = 0; t < terms; t++)
            x[(size_t)p * terms + t] = (raw_value(effects, &effects->columns[t], p) - effects->columns[t].mean) / effects->columns[t].spread;
    if (code == EXIT_DONE && fl_effect_regress(effects->points, terms, x, effects->days, effects->y, coefficients, scratch) != FL_OK) {
        fprintf(stderr, "fenliu compare: --effects: %u points are too few for %u parameters, or some of these always change together\n", effects->points, terms);
        code = EXIT_USAGE;
    }
    for (uint32_t t = 0; code == EXIT_DONE && t < terms; t++) {
        const struct column *const column = &effects->columns[t];
        effects->terms[effects->terms_count++] =
            (struct term){ column->a, column->b, column->level, 0, fl_effect_estimate(effects->days, coefficients + (size_t)t * effects->days), false };
    }
    if (code == EXIT_DONE) effects->explained = fl_effect_explained(effects->points, terms, x, effects->days, effects->y, coefficients);
    free(x);
    free(coefficients);
    free(scratch);
    return code;
}

static bool judge(struct effects *effects)
{
    const uint32_t n = effects->terms_count;
    double *const p = calloc(n + 1, sizeof *p);
    uint32_t *const order = calloc(n + 1, sizeof *order);
    bool *const more = calloc(n + 1, sizeof *more);
    const bool ok = p != NULL && order != NULL && more != NULL;
    for (uint32_t i = 0; ok && i < n; i++) p[i] = effects->terms[i].effect.p;
    if (ok) fl_holm(n, p, 0.05, order, more);
    for (uint32_t i = 0; ok && i < n; i++) effects->terms[i].more_than_chance = more[i];
    free(p);
    free(order);
    free(more);
    return ok;
}

/* ---- In words --------------------------------------------------------------------------------------------- */

static void term_label(const struct effects *effects, const struct term *term, struct fl_text *out)
{
    const struct factor *const a = &effects->factors[term->a];
    const struct factor *const b = term->b == FL_NONE ? NULL : &effects->factors[term->b];
    if (!effects->factorial) {
        fl_text_add(out, term->level_a != FL_NONE ? "%s=%s" : "%s", a->path, term->level_a != FL_NONE ? a->levels[term->level_a] : "");
        if (b != NULL) fl_text_add(out, " x %s", b->path);
        return;
    }
    fl_text_add(out, "%s=%s", a->path, a->levels[term->level_a]);
    if (b != NULL) fl_text_add(out, " x %s=%s", b->path, b->levels[term->level_b]);
}

static void share_label(const struct effects *effects, uint32_t term, bool zh, struct fl_text *out)
{
    uint32_t at = effects->factors_count;
    if (term < effects->factors_count) {
        fl_text_add(out, "%s", effects->factors[term].path);
        return;
    }
    for (uint32_t a = 0; a < effects->factors_count; a++)
        for (uint32_t b = a + 1; b < effects->factors_count; b++, at++)
            if (at == term) fl_text_add(out, "%s x %s", effects->factors[a].path, effects->factors[b].path);
    if (at == term) fl_text_add(out, zh ? "更多参数的交互" : "interactions of more");
}

static void add_term(struct fl_text *out, const struct effects *effects, const struct term *term)
{
    const bool zh = effects->options->language == LANGUAGE_ZH;
    const struct fl_metric *const metric = effects->figure.metric;
    const int judged = !term->more_than_chance ? 0 : term->effect.value > 0 ? effects->figure.better : -effects->figure.better;
    char value[48], low[48], high[48], range[112] = "";
    struct fl_text label = { 0 };
    value_words(metric, term->effect.value, true, effects->options->language, value, sizeof value);
    value_words(metric, term->effect.low, true, effects->options->language, low, sizeof low);
    value_words(metric, term->effect.high, true, effects->options->language, high, sizeof high);
    low[strcspn(low, " ")] = '\0';
    if (term->effect.sure) snprintf(range, sizeof range, "%s .. %s", low, high);
    term_label(effects, term, &label);
    text_add_padded(out, value, 12, true);
    text_add_padded(out, range, 22, true);
    fl_text_add(out, "   ");
    text_add_padded(out, !term->effect.sure ? (zh ? "一天说明不了" : "one day says nothing") : !term->more_than_chance ? (zh ? "可能是偶然" : "could be chance")
                         : judged > 0 ? (zh ? "更好,不是偶然" : "BETTER, more than chance") : judged < 0 ? (zh ? "更差,不是偶然" : "WORSE, more than chance")
                                                                                            : (zh ? "不是偶然" : "more than chance"), 24, false);
    fl_text_add(out, "  %s\n", label.bytes != NULL ? label.bytes : "");
    fl_text_free(&label);
}

static void add_shares(struct fl_text *out, const struct effects *effects, bool zh)
{
    fl_text_add(out, zh ? "\n各参数解释了多少差别 (各点方差的份额,95%% 区间)\n" : "\nshare of what the points differ by (variance, 95 %% interval)\n");
    if (effects->days < 2) {
        fl_text_add(out, zh ? "  一天说明不了\n" : "  one day says nothing\n");
        return;
    }
    for (uint32_t t = 0; t <= fl_effect_terms(&effects->design); t++) {
        struct fl_text label = { 0 };
        share_label(effects, t, zh, &label);
        char range[48] = "";
        if (effects->shares[t].sure) snprintf(range, sizeof range, "%5.1f .. %5.1f", 100 * effects->shares[t].low, 100 * effects->shares[t].high);
        fl_text_add(out, "%7.1f %%  %14s   %s\n", 100 * effects->shares[t].value, range, label.bytes != NULL ? label.bytes : "");
        fl_text_free(&label);
    }
}

static void design_words(const struct effects *effects, struct fl_text *out)
{
    const bool zh = effects->options->language == LANGUAGE_ZH;
    char title[96];
    figure_words(effects->figure.metric, effects->figure.statistic, effects->options->language, title, sizeof title);
    fl_text_add(out, zh ? "%s:%u 个点、%u 天,逐日比较(每日数值的平均)" : "%s: %u points, %u days, compared day by day (means of the days' figures)", title, effects->points,
                effects->days);
    if (effects->left_out > 0) fl_text_add(out, zh ? ";%u 天有的点没有这个数,不算" : "; %u days are left out, on which some points have no such figure", effects->left_out);
    fl_text_add(out, effects->factorial ? (zh ? "。全因子设计:主效应是该取值各点的平均减全部点的平均。" : ". Full factorial: a main effect is the mean of the points with that value less the mean of all.")
                                        : (zh ? "。不是全因子设计:按标准化的参数做回归,数值是参数变动一个标准差的效果。"
                                              : ". No full factorial: regression on standardised parameters; a figure is what one standard deviation of the parameter does."));
}

static void add_screen(struct fl_text *out, const struct effects *effects)
{
    const bool zh = effects->options->language == LANGUAGE_ZH;
    uint32_t hidden = 0;
    design_words(effects, out);
    fl_text_add(out, "\n");
    if (effects->factorial) add_shares(out, effects, zh);
    else fl_text_add(out, zh ? "回归解释了各点差别的 %.1f %%\n" : "the regression explains %.1f %% of what the points differ by\n", 100 * effects->explained);
    fl_text_add(out, zh ? "\n主效应\n" : "\nmain effects\n");
    for (uint32_t i = 0; i < effects->terms_count; i++)
        if (effects->terms[i].b == FL_NONE) add_term(out, effects, &effects->terms[i]);
    fl_text_add(out, zh ? "\n两个参数的交互(超出各自效应之和的部分)\n" : "\ninteractions of two: what they do together beyond the sum of both\n");
    for (uint32_t i = 0; i < effects->terms_count; i++) {
        if (effects->terms[i].b == FL_NONE) continue;
        if (effects->terms[i].more_than_chance) add_term(out, effects, &effects->terms[i]);
        else hidden++;
    }
    if (hidden > 0) fl_text_add(out, zh ? "  其余 %u 项可能是偶然 (--json 有全部)\n" : "  the other %u could be chance (--json has all)\n", hidden);
    fl_text_add(out, zh ? "\n“不是偶然”对全部 %u 项一起成立 (Holm,5%%)。\n" : "\n\"More than chance\" holds for all %u effects together (Holm, 5 %%); intervals are 95 %% each.\n",
                effects->terms_count);
}

static void add_range(struct fl_text *out, const struct fl_effect *effect)
{
    fl_text_add_number(out, effect->value);
    if (!effect->sure) {
        fl_text_add(out, ",\"ci95\":null");
        return;
    }
    fl_text_add(out, ",\"ci95\":[");
    fl_text_add_number(out, effect->low);
    fl_text_add(out, ",");
    fl_text_add_number(out, effect->high);
    fl_text_add(out, "]");
}

static void add_json(struct fl_text *out, const struct effects *effects)
{
    fl_text_add(out, "{\"fenliu\":1,\"command\":\"compare\",\"effects\":\"%s\",\"design\":\"%s\",\"points\":%u,\"days\":%u,\"days_left_out\":%u,\"shares\":[", effects->figure.name,
                effects->factorial ? "factorial" : "regression", effects->points, effects->days, effects->left_out);
    for (uint32_t t = 0; effects->factorial && t <= fl_effect_terms(&effects->design); t++) {
        struct fl_text label = { 0 };
        share_label(effects, t, false, &label);
        fl_text_add(out, "%s\n{\"of\":", t > 0 ? "," : "");
        fl_text_add_json(out, label.bytes != NULL ? label.bytes : "");
        fl_text_add(out, ",\"share\":");
        add_range(out, &effects->shares[t]);
        fl_text_add(out, "}");
        fl_text_free(&label);
    }
    fl_text_add(out, "],\"explained\":");
    fl_text_add_number(out, effects->factorial ? NAN : effects->explained);
    fl_text_add(out, ",\n\"terms\":[");
    for (uint32_t i = 0; i < effects->terms_count; i++) {
        const struct term *const term = &effects->terms[i];
        struct fl_text label = { 0 };
        term_label(effects, term, &label);
        fl_text_add(out, "%s\n{\"term\":", i > 0 ? "," : "");
        fl_text_add_json(out, label.bytes != NULL ? label.bytes : "");
        fl_text_add(out, ",\"interaction\":%s,\"effect\":", term->b == FL_NONE ? "false" : "true");
        add_range(out, &term->effect);
        fl_text_add(out, ",\"p\":");
        fl_text_add_number(out, term->effect.sure ? term->effect.p : NAN);
        fl_text_add(out, ",\"more_than_chance\":%s}", term->more_than_chance ? "true" : "false");
        fl_text_free(&label);
    }
    fl_text_add(out, "]}\n");
}

/* ---- As a page ---------------------------------------------------------------------------------------------- */

static double scale_of(const struct effects *effects)
{
    return effects->figure.metric == NULL || effects->figure.metric->kind == FL_METRIC_SHARE ? 100 : 1;
}

/* The mean of all points and days. */
static double grand_mean(const struct effects *effects)
{
    double sum = 0;
    const size_t n = (size_t)effects->points * effects->days;
    for (size_t i = 0; i < n; i++) sum += effects->y[i] / (double)n;
    return sum;
}

static bool draw_main(struct fl_text *page, const struct effects *effects, uint32_t factor, const char *unit)
{
    const uint32_t levels = effects->levels[factor];
    double *const values = calloc(3 * (size_t)levels, sizeof *values);
    const double scale = scale_of(effects), mean = grand_mean(effects);
    if (values == NULL) return false;
    for (uint32_t i = 0; i < effects->terms_count; i++) {
        const struct term *const term = &effects->terms[i];
        if (term->b != FL_NONE || term->a != factor) continue;
        values[term->level_a] = scale * (mean + term->effect.value);
        values[levels + term->level_a] = term->effect.sure ? scale * (mean + term->effect.low) : NAN;
        values[2 * levels + term->level_a] = term->effect.sure ? scale * (mean + term->effect.high) : NAN;
    }
    picture_lines(page, effects->factors[factor].path, unit, effects->factors[factor].levels, levels, NULL, 1, values, values + levels, values + 2 * (size_t)levels);
    free(values);
    return true;
}

/* The cells' means of two factors: parallel lines where they do not interact. */
static bool draw_pair(struct fl_text *page, const struct effects *effects, uint32_t a, uint32_t b, const char *unit)
{
    const uint32_t rows = effects->levels[a], columns = effects->levels[b];
    double *const values = calloc((size_t)rows * columns, sizeof *values);
    struct fl_text title = { 0 };
    const double share = (double)rows * columns / effects->points / effects->days;
    if (values == NULL) return false;
    for (uint32_t p = 0; p < effects->points; p++) {
        uint32_t level[SWEEP_PATHS_MAX], rest = p;
        for (uint32_t f = effects->factors_count; f-- > 0; rest /= effects->levels[f]) level[f] = rest % effects->levels[f];
        for (uint32_t d = 0; d < effects->days; d++)
            values[level[a] * columns + level[b]] += scale_of(effects) * share * effects->y[(size_t)p * effects->days + d];
    }
    fl_text_add(&title, "%s x %s", effects->factors[a].path, effects->factors[b].path);
    picture_lines(page, title.bytes != NULL ? title.bytes : "", unit, effects->factors[b].levels, columns, effects->factors[a].levels, rows, values, NULL, NULL);
    fl_text_free(&title);
    free(values);
    return true;
}

/* Shares, or coefficients: one below the other. */
static bool draw_sizes(struct fl_text *page, const struct effects *effects, const char *unit)
{
    const bool zh = effects->options->language == LANGUAGE_ZH;
    const uint32_t count = effects->factorial ? fl_effect_terms(&effects->design) + 1 : effects->terms_count;
    struct picture_point *const points = calloc(count + 1, sizeof *points);
    struct fl_text *const labels = calloc(count + 1, sizeof *labels);
    if (points != NULL && labels != NULL) {
        for (uint32_t i = 0; i < count; i++) {
            const struct fl_effect *const effect = effects->factorial ? &effects->shares[i] : &effects->terms[i].effect;
            const double scale = effects->factorial ? 100 : scale_of(effects);
            if (effects->factorial) share_label(effects, i, zh, &labels[i]);
            else term_label(effects, &effects->terms[i], &labels[i]);
            const bool sure = !effects->factorial && effects->terms[i].more_than_chance;
            points[i] = (struct picture_point){ labels[i].bytes, scale * effect->value, effect->sure ? scale * effect->low : NAN, scale * effect->high,
                                                !sure ? 0 : effect->value > 0 ? effects->figure.better : -effects->figure.better };
        }
        picture_ranking(page, effects->factorial ? (zh ? "各参数解释了多少差别" : "Share of what the points differ by") : (zh ? "参数变动一个标准差的效果" : "What one standard deviation does"),
                        effects->factorial ? "%" : unit, points, count, 0);
    }
    for (uint32_t i = 0; labels != NULL && i < count; i++) fl_text_free(&labels[i]);
    const bool ok = points != NULL && labels != NULL;
    free(points);
    free(labels);
    return ok;
}

static int write_report(const struct effects *effects, const char *path)
{
    const bool zh = effects->options->language == LANGUAGE_ZH;
    const char *const unit = scale_of(effects) != 1 ? "%" : effects->figure.metric->unit;
    struct fl_text page = { 0 }, about = { 0 };
    design_words(effects, &about);
    picture_begin(&page, zh ? "哪个参数起作用" : "What the parameters do", about.bytes != NULL ? about.bytes : "", effects->options->language);
    bool ok = (effects->factorial && effects->days < 2) || draw_sizes(&page, effects, unit); /* one day has no shares */
    if (effects->factorial) picture_paragraph(&page, zh ? "主效应:取该值的各点平均,竖线是 95% 区间。" : "Main effects: mean of the points with that value; bars are 95 % intervals.");
    for (uint32_t f = 0; ok && effects->factorial && f < effects->factors_count; f++) ok = draw_main(&page, effects, f, unit);
    if (effects->factorial && effects->factors_count > 1) picture_paragraph(&page, zh ? "交互:两线平行就没有交互。" : "Interactions: parallel lines have none.");
    for (uint32_t a = 0; ok && effects->factorial && a < effects->factors_count; a++)
        for (uint32_t b = a + 1; ok && b < effects->factors_count; b++) ok = draw_pair(&page, effects, a, b, unit);
    picture_end(&page);
    const int code = !ok || page.full ? run_failed(FL_EFULL, "compare") : file_put("compare", path, page.bytes, page.length);
    fl_text_free(&page);
    fl_text_free(&about);
    return code;
}

/* ---- The command ---------------------------------------------------------------------------------------------- */

static void effects_close(struct effects *effects)
{
    for (uint32_t f = 0; f < effects->factors_count; f++) free(effects->factors[f].levels);
    free(effects->y);
    free(effects->terms);
    free(effects->shares);
    free(effects->columns);
}

static int analyse(struct effects *effects)
{
    if (!find_factors(effects)) return run_failed(FL_EFULL, "compare");
    if (effects->factors_count == 0) {
        fputs("fenliu compare: --effects: nothing varies between these points\n", stderr);
        return EXIT_USAGE;
    }
    effects->y = sweep_reader_responses(effects->reader, effects->figure.name, &effects->days, &effects->left_out);
    if (effects->y == NULL) return EXIT_USAGE;
    if (effects->days == 0) {
        fprintf(stderr, "fenliu compare: --effects: on no day do all points have %s\n", effects->figure.name);
        return EXIT_USAGE;
    }
    effects->factorial = is_factorial(effects);
    int code = effects->factorial ? (analyse_factorial(effects) ? EXIT_DONE : run_failed(FL_EFULL, "compare")) : analyse_regression(effects);
    if (code == EXIT_DONE && !judge(effects)) code = run_failed(FL_EFULL, "compare");
    return code;
}

int effects_main(struct sweep_reader *reader, const struct options *options, const char *figure, const char *report)
{
    struct effects effects = { .reader = reader, .options = options, .points = sweep_reader_source(reader).count };
    struct many_figure figures[MANY_FIGURES_MAX];
    struct fl_text answer = { 0 };
    uint32_t count;
    if (!many_figures_read(figure, figures, &count)) return EXIT_USAGE;
    if (count != 1) {
        fputs("fenliu compare: --effects wants one figure\n", stderr);
        return EXIT_USAGE;
    }
    effects.figure = figures[0];
    int code = analyse(&effects);
    if (code == EXIT_DONE && report != NULL) code = write_report(&effects, report);
    if (code == EXIT_DONE) {
        if (options->json) add_json(&answer, &effects);
        else add_screen(&answer, &effects);
        code = text_print(&answer);
    }
    fl_text_free(&answer);
    effects_close(&effects);
    return code;
}
