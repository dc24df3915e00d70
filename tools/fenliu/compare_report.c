/* What a gate found: as a table with sentences, Markdown for a pull request, JSON, and JUnit XML for a build server. */
#include "compare.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TOLD 3u /* cells of one gate that get a sentence each */

/* ---- What is said first ------------------------------------------------------------------------ */

void add_keys(struct fl_text *out, const struct side *a, const struct side *b, const char *mark, enum language language)
{
    const bool zh = language == LANGUAGE_ZH;
    if (!a->is_finished && !b->is_finished) return; /* two scenarios are given because they differ */
    if (a->scenario->hash != b->scenario->hash)
        fl_text_add(out, zh ? "%s注意:场景不同 (%016" PRIx64 " 与 %016" PRIx64 ")\n" : "%sNOTE: the scenarios differ (%016" PRIx64 " and %016" PRIx64 ")\n",
                    mark, a->scenario->hash, b->scenario->hash);
    if (strcmp(a->version, b->version) != 0)
        fl_text_add(out, zh ? "%s注意:模型版本不同 (%s 与 %s)\n" : "%sNOTE: simulated by different versions of the model (%s and %s)\n", mark, a->version,
                    b->version);
    if (strcmp(a->engine, b->engine) != 0)
        fl_text_add(out, zh ? "%s注意:引擎不同 (%s 与 %s)\n" : "%sNOTE: the engines differ (%s and %s)\n", mark, a->engine[0] != '\0' ? a->engine : "?",
                    b->engine[0] != '\0' ? b->engine : "?");
    if (a->desk_shards != b->desk_shards)
        fl_text_add(out, zh ? "%s注意:客服台分成的份数不同 (%u 与 %u):一份的买家得不到另一份的客服,差别也来自于此\n"
                            : "%sNOTE: the desk was divided among %u and %u machines: a buyer of one is not helped by agents of another, which makes differences too\n",
                    mark, a->desk_shards, b->desk_shards);
}

void add_pairing(struct fl_text *out, const struct side *a, const struct side *b, const struct fl_pairing *pairing, const char *mark,
                 enum language language)
{
    const bool zh = language == LANGUAGE_ZH;
    if (pairing->paired) return;
    fl_text_add(out, zh ? "%s未配对:" : "%sNOT PAIRED: ", mark);
    if (a->seed != b->seed)
        fl_text_add(out, zh ? "种子不同 (%" PRIu64 " 与 %" PRIu64 ")" : "the seeds differ (%" PRIu64 " and %" PRIu64 ")", a->seed, b->seed);
    else if (pairing->day != FL_NONE)
        fl_text_add(out, zh ? "第 %u 天 A 有 %" PRIu64 " 个买家,B 有 %" PRIu64 " 个" : "on day %u A has %" PRIu64 " buyers and B has %" PRIu64,
                    pairing->day, pairing->chats_a, pairing->chats_b);
    else
        fl_text_add(out, zh ? "天数不同 (%u 与 %u)" : "they are other days (%u and %u of them)", a->days.count, b->days.count);
    fl_text_add(out, zh ? "。按两组独立的日子比较 (Welch),要看清差别得多得多的天数。\n"
                        : ". Compared as independent days (Welch): it takes many more of them to see a difference.\n");
}

static void add_sides(struct fl_text *out, const struct gate_run *run, const char *mark, enum language language)
{
    const bool zh = language == LANGUAGE_ZH;
    const struct side *sides[2] = { run->a, run->b };
    add_keys(out, run->a, run->b, mark, language);
    add_pairing(out, run->a, run->b, &run->pairing, mark, language);
    for (int i = 0; i < 2; i++)
        fl_text_add(out, zh ? "%s%s  %s  %s  分流 %s\n" : "%s%s  %s  %s  routing %s\n", mark, i == 0 ? "A" : "B", sides[i]->path, sides[i]->scenario->name,
                    sides[i]->engine[0] != '\0' ? sides[i]->engine : "?");
}

static void add_days(struct fl_text *out, const struct gate_run *run, const char *mark, enum language language)
{
    const bool zh = language == LANGUAGE_ZH;
    if (run->pairing.paired)
        fl_text_add(out, zh ? "%s同样的 %u 天、同样的买家,逐日配对 (种子 %" PRIu64 "),至多 %u 天\n"
                            : "%sthe same %u days of the same buyers, paired day by day (seed %" PRIu64 "), %u at most\n",
                    mark, run->days, run->a->seed, run->most);
    const uint32_t left_out = run->left_out_a + run->left_out_b;
    if (left_out > 0)
        fl_text_add(out, zh ? "%s只有一边有的天不算:A %u 天,B %u 天\n" : "%sdays that only one side has are left out: %u of A, %u of B\n", mark, run->left_out_a,
                    run->left_out_b);
}

/* ---- A cell in figures ------------------------------------------------------------------------- */

/* Bounds of b - a: as far as the verdict goes, not as an interval of its own. */
struct change {
    double value, low, high;
};

static struct change change_of(const struct fl_gate *gate, const struct fl_excess *excess)
{
    const double low = excess->low + excess->allowed, high = excess->high + excess->allowed;
    if (gate->worse == FL_WORSE_HIGHER) return (struct change){ excess->b - excess->a, low, high };
    return (struct change){ excess->b - excess->a, -high, -low };
}

static bool is_known(const struct fl_excess *excess)
{
    return excess->known_a && excess->known_b;
}

struct cell_words {
    char a[48], b[48], change[80], range[112], allowed[48];
};

static void allowed_words(const struct fl_gate *gate, enum language language, char *out, size_t size)
{
    const double sign = gate->worse == FL_WORSE_HIGHER ? 1 : -1;
    if (!isnan(gate->relative)) snprintf(out, size, "%+.4g %%", sign * 100 * gate->relative);
    else value_words(gate->metric, sign * gate->absolute, true, language, out, size);
}

static struct cell_words words_of(const struct fl_gate *gate, const struct fl_excess *excess, enum language language)
{
    struct cell_words words = { "-", "-", "", "", "" };
    const struct change change = change_of(gate, excess);
    if (excess->known_a) value_words(gate->metric, excess->a, false, language, words.a, sizeof words.a);
    if (excess->known_b) value_words(gate->metric, excess->b, false, language, words.b, sizeof words.b);
    allowed_words(gate, language, words.allowed, sizeof words.allowed);
    if (!is_known(excess)) return words;
    char value[48], low[48], high[48];
    value_words(gate->metric, change.value, true, language, value, sizeof value);
    if (excess->a != 0) snprintf(words.change, sizeof words.change, "%s (%+.1f %%)", value, 100 * change.value / fabs(excess->a));
    else snprintf(words.change, sizeof words.change, "%s", value);
    if (!excess->sure) return words;
    value_words(gate->metric, change.low, true, language, low, sizeof low);
    value_words(gate->metric, change.high, true, language, high, sizeof high);
    low[strcspn(low, " ")] = '\0'; /* the unit stands once */
    snprintf(words.range, sizeof words.range, "%s .. %s", low, high);
    return words;
}

static const char *verdict_words(const struct gate_result *result, enum language language)
{
    static const char *const words[][2] = { { "passed", "通过" }, { "FAILED", "不通过" }, { "undecided", "证据不足" }, { "FAILED", "不通过" } };
    return words[result->verdict][language];
}

/* The row's name: the gate's own, or its figure in words; of several cells the worst, which is shown. */
static void row_name(const struct gate_result *result, enum language language, char *out, size_t size)
{
    const struct fl_gate *gate = result->gate;
    const bool zh = language == LANGUAGE_ZH;
    char figure[112], where[128] = "";
    if (strcmp(gate->name, gate->figure) == 0) figure_words(gate->metric, gate->statistic, language, figure, sizeof figure);
    else snprintf(figure, sizeof figure, "%.*s", 100, gate->name);
    if (gate->per != FL_GATE_DESK && result->cells_count > 0) {
        const uint32_t cells = result->cells_count - result->empty_count;
        if (cells > 1) snprintf(where, sizeof where, zh ? ",%u 个里最差:%s" : ", worst of %u: %s", cells, result->cells[0].where);
        else snprintf(where, sizeof where, zh ? ",%s" : ", %s", result->cells[0].where);
    }
    snprintf(out, size, "%s%s", figure, where);
}

/* ---- Sentences --------------------------------------------------------------------------------- */

static void add_culprits(struct fl_text *out, const struct fl_gate *gate, const struct gate_cell *cell, enum language language)
{
    static const char *const intro[5][2] = { { "", "" }, { " groups ", "组 " }, { " agents ", "客服 " }, { " intents ", "问题 " },
                                             { " worst at ", "最重的时段 " } };
    const bool zh = language == LANGUAGE_ZH;
    if (cell->culprits_count > 0 && cell->culprits_by_mean) fl_text_add(out, zh ? "按平均:" : " By the mean:");
    else if (cell->culprits_count > 0) fl_text_add(out, zh ? "其中:" : " In particular:");
    for (uint32_t i = 0; i < cell->culprits_count; i++) {
        const struct culprit *culprit = &cell->culprits[i];
        const bool begins = i == 0 || cell->culprits[i - 1].per != culprit->per;
        const bool ends = i + 1 == cell->culprits_count || cell->culprits[i + 1].per != culprit->per;
        char by[48];
        value_words(gate->metric, culprit->difference, true, language, by, sizeof by);
        fl_text_add(out, "%s", begins ? intro[culprit->per][language] : zh ? "、" : ", ");
        if (culprit->per == FL_GATE_INTERVAL) fl_text_add(out, zh ? "%s(最多 %s)" : "%s (up to %s)", culprit->where, by);
        else fl_text_add(out, "%s %s", culprit->where, by);
        if (ends && i + 1 < cell->culprits_count) fl_text_add(out, ";");
    }
    if (cell->culprits_more > 0) fl_text_add(out, zh ? ";另有 %u 个也变差" : "; %u more got worse", cell->culprits_more);
    if (cell->culprits_count > 0) fl_text_add(out, zh ? "。" : ".");
}

static void add_change(struct fl_text *out, const struct fl_gate *gate, const struct gate_cell *cell, const char *figure, const char *whom,
                       enum language language)
{
    const struct fl_excess *excess = &cell->judged.excess;
    const struct cell_words words = words_of(gate, excess, language);
    const struct change change = change_of(gate, excess);
    const bool zh = language == LANGUAGE_ZH;
    char by[48], percent[32] = "";
    value_words(gate->metric, fabs(change.value), true, language, by, sizeof by);
    if (excess->a != 0) snprintf(percent, sizeof percent, zh ? "(%.1f%%)" : " (%.1f %%)", 100 * fabs(change.value / excess->a));
    const char *size = by[0] == '+' ? by + 1 : by;
    if (change.value == 0) fl_text_add(out, zh ? "%s,%s:没有变化" : "%s %s: no change", figure, whom);
    else if (zh) fl_text_add(out, "%s,%s:%s %s%s", figure, whom, change_word(gate->metric, change.value > 0, language), size, percent);
    else fl_text_add(out, "%s: %s%s %s %s", figure, size, percent, change_word(gate->metric, change.value > 0, language), whom);
    fl_text_add(out, zh ? "(%s -> %s" : " (%s -> %s", words.a, words.b);
}

/* How sure, of how much at least; what would have been allowed. */
static void add_certainty(struct fl_text *out, const struct fl_gate *gate, const struct gate_cell *cell, enum language language)
{
    const struct change change = change_of(gate, &cell->judged.excess);
    const bool zh = language == LANGUAGE_ZH, higher = gate->worse == FL_WORSE_HIGHER;
    char at_least[48], allowed[48];
    value_words(gate->metric, fabs(higher ? change.low : change.high), true, language, at_least, sizeof at_least);
    allowed_words(gate, language, allowed, sizeof allowed);
    fl_text_add(out, zh ? ";有 %.4g%% 把握至少 %s,只许 %s)。" : "; with %.4g %% confidence at least %s, allowed %s).", 100 * gate->confidence,
                at_least[0] == '+' ? at_least + 1 : at_least, allowed);
}

static void add_undecided(struct fl_text *out, const struct gate_result *result, const struct gate_cell *cell,
                          enum language language)
{
    const struct cell_words words = words_of(result->gate, &cell->judged.excess, language);
    const bool zh = language == LANGUAGE_ZH;
    if (cell->judged.excess.sure) fl_text_add(out, zh ? ";可能在 %s,只许 %s)" : "; could be %s, allowed %s)", words.range, words.allowed);
    else fl_text_add(out, zh ? ";样本太少)" : "; too few samples to tell)");
    fl_text_add(out, zh ? ":%u 天证据不足。" : ": not enough evidence in %u days.", result->days);
}

static void add_missing(struct fl_text *out, const struct gate_cell *cell, const char *figure, const char *whom, enum fl_gate_per per, enum language language)
{
    const struct fl_excess *excess = &cell->judged.excess;
    const bool zh = language == LANGUAGE_ZH, in_a = excess->known_a && excess->samples_a > 0, in_b = excess->known_b && excess->samples_b > 0;
    if (per != FL_GATE_DESK && cell->judged.b == FL_NONE)
        fl_text_add(out, zh ? "%s,%s:B 里没有「%s」。" : "%s %s: B has no %s.", figure, whom, cell->where);
    else if (!in_a && !in_b) fl_text_add(out, zh ? "%s,%s:A 和 B 都没有样本。" : "%s %s: no samples in A or B.", figure, whom);
    else fl_text_add(out, zh ? "%s,%s:%s 没有样本(%s 有 %.0f 个)。" : "%s %s: no samples in %s (%s has %.0f).", figure, whom, in_a ? "B" : "A", in_a ? "A" : "B",
                     in_a ? excess->samples_a : excess->samples_b);
}

void gate_sentence(struct fl_text *out, const struct gate_result *result, const struct gate_cell *cell, enum language language)
{
    const struct fl_gate *gate = result->gate;
    const bool zh = language == LANGUAGE_ZH;
    char figure[112], whom[192];
    figure_words(gate->metric, gate->statistic, language, figure, sizeof figure);
    whom_words(gate->metric, gate->per, cell->where, language, whom, sizeof whom);
    if (!is_known(&cell->judged.excess) || cell->judged.verdict == FL_GATE_EMPTY) {
        add_missing(out, cell, figure, whom, gate->per, language);
        return;
    }
    add_change(out, gate, cell, figure, whom, language);
    if (cell->judged.verdict == FL_GATE_FAILED) {
        add_certainty(out, gate, cell, language);
        add_culprits(out, gate, cell, language);
    } else if (cell->judged.verdict == FL_GATE_UNDECIDED) {
        add_undecided(out, result, cell, language);
    } else {
        fl_text_add(out, zh ? ")。" : ").");
    }
}

/* The sentences of one gate: of the cells that made its verdict, some of them. */
static void add_sentences(struct fl_text *out, const struct gate_result *result, const char *mark, enum language language)
{
    static const struct gate_cell none = { .judged = { FL_NONE, FL_NONE, FL_GATE_EMPTY, { 0 } } };
    const bool zh = language == LANGUAGE_ZH;
    uint32_t of_verdict = 0;
    while (of_verdict < result->cells_count && result->cells[of_verdict].judged.verdict == result->cells[0].judged.verdict) of_verdict++;
    const uint32_t told = of_verdict < TOLD ? of_verdict : TOLD;
    for (uint32_t i = 0; i < told && result->verdict != FL_GATE_EMPTY; i++) {
        fl_text_add(out, "%s", mark);
        gate_sentence(out, result, &result->cells[i], language);
        fl_text_add(out, "\n");
    }
    if (result->verdict == FL_GATE_EMPTY) {
        fl_text_add(out, "%s", mark);
        gate_sentence(out, result, result->cells_count > 0 ? &result->cells[0] : &none, language);
        fl_text_add(out, "\n");
    } else if (of_verdict > told) {
        fl_text_add(out, zh ? "%s另有 %u 个也是。\n" : "%sand %u more like it.\n", mark, of_verdict - told);
    }
}

/* ---- The whole --------------------------------------------------------------------------------- */

struct score {
    uint32_t passed, failed, undecided;
};

static struct score score_of(const struct gate_run *run)
{
    struct score score = { 0 };
    for (uint32_t i = 0; i < run->gates->count; i++) {
        score.passed += run->results[i].verdict == FL_GATE_PASSED;
        score.undecided += run->results[i].verdict == FL_GATE_UNDECIDED;
    }
    score.failed = run->gates->count - score.passed - score.undecided;
    return score;
}

/* "gate FAILED: 1 of 4 got worse by more than its margin, 1 undecided" */
static void add_verdict(struct fl_text *out, const struct gate_run *run, enum language language)
{
    const struct score score = score_of(run);
    const bool zh = language == LANGUAGE_ZH, strict = run->strict && score.undecided > 0;
    const bool missed = score.failed > 0 || strict;
    fl_text_add(out, zh ? "闸门%s" : "gate %s", missed ? (zh ? "不通过" : "FAILED") : score.undecided > 0 ? (zh ? "未定" : "undecided") : zh ? "通过" : "passed");
    fl_text_add(out, zh ? ":通过 %u 项,不通过 %u 项,证据不足 %u 项%s" : ": %u passed, %u failed, %u undecided%s", score.passed, score.failed, score.undecided,
                strict ? (zh ? "(strict:算不通过)" : " (strict: that misses it)") : "");
    if (run->results[0].identical) fl_text_add(out, zh ? ";A 与 B 在 %u 天里分毫不差" : "; A and B are the same in every value on all %u days", run->results[0].days);
    if (score.undecided > 0 && !run->a->is_finished && !run->b->is_finished)
        fl_text_add(out, zh ? ";加大 days.most 可以多模拟几天" : "; a larger days.most simulates more");
    fl_text_add(out, zh ? "。\n" : ".\n");
}

static void add_row(struct fl_text *out, const struct gate_result *result, enum language language)
{
    static const struct fl_excess none;
    char name[240], days[16];
    const struct fl_excess *excess = result->cells_count > 0 ? &result->cells[0].judged.excess : &none;
    const struct cell_words words = words_of(result->gate, excess, language);
    row_name(result, language, name, sizeof name);
    snprintf(days, sizeof days, "%u", result->days);
    text_add_padded(out, verdict_words(result, language), 10, false);
    text_add_padded(out, name, 48, false);
    text_add_padded(out, words.a, 10, true);
    text_add_padded(out, words.b, 10, true);
    text_add_padded(out, words.change, 22, true);
    text_add_padded(out, words.range, 22, true);
    text_add_padded(out, words.allowed, 10, true);
    text_add_padded(out, days, 6, true);
    fl_text_add(out, "\n");
}

static void add_head_row(struct fl_text *out, enum language language)
{
    static const char *const heads[][2] = { { "gate", "闸门" }, { "", "" }, { "A", "A" }, { "B", "B" }, { "B - A", "B - A" }, { "bounds", "上下界" },
                                            { "allowed", "只许" }, { "days", "天数" } };
    static const uint32_t widths[] = { 10, 48, 10, 10, 22, 22, 10, 6 };
    for (int i = 0; i < 8; i++) text_add_padded(out, heads[i][language], widths[i], i > 1);
    fl_text_add(out, "\n");
}

/* Sentences of all gates with a verdict, under a title. */
static void add_told(struct fl_text *out, const struct gate_run *run, bool missed, const char *title, const char *mark, enum language language)
{
    bool any = false;
    for (uint32_t i = 0; i < run->gates->count; i++) {
        const struct gate_result *result = &run->results[i];
        const bool wanted = missed ? result->verdict == FL_GATE_FAILED || result->verdict == FL_GATE_EMPTY : result->verdict == FL_GATE_UNDECIDED;
        if (!wanted) continue;
        if (!any) fl_text_add(out, "%s", title);
        any = true;
        add_sentences(out, result, mark, language);
    }
}

void gate_table(struct fl_text *out, const struct gate_run *run, enum language language)
{
    const bool zh = language == LANGUAGE_ZH;
    add_sides(out, run, "", language);
    add_days(out, run, "", language);
    fl_text_add(out, "\n");
    add_head_row(out, language);
    for (uint32_t i = 0; i < run->gates->count; i++) add_row(out, &run->results[i], language);
    add_told(out, run, true, zh ? "\n变差,超出所许:\n" : "\nworse than allowed:\n", "  ", language);
    add_told(out, run, false, zh ? "\n证据不足:\n" : "\nnot enough evidence:\n", "  ", language);
    fl_text_add(out, "\n");
    add_verdict(out, run, language);
}

/* ---- Markdown ---------------------------------------------------------------------------------- */

/* A table's cell: what Markdown would read as its own is escaped. */
static void add_cell(struct fl_text *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (strchr("|\\`*_<>[]#", *text) != NULL) fl_text_add(out, "\\");
        fl_text_add_bytes(out, *text == '\n' ? " " : text, 1);
    }
}

static void add_markdown_row(struct fl_text *out, const struct gate_result *result, enum language language)
{
    static const struct fl_excess none;
    static const char *const marks[] = { "✅", "❌", "❔", "❌" };
    const struct cell_words words = words_of(result->gate, result->cells_count > 0 ? &result->cells[0].judged.excess : &none, language);
    char name[240];
    row_name(result, language, name, sizeof name);
    fl_text_add(out, "| %s %s | ", marks[result->verdict], verdict_words(result, language));
    add_cell(out, name);
    fl_text_add(out, " | %s | %s | %s | %s | %s | %u |\n", words.a, words.b, words.change, words.range, words.allowed, result->days);
}

static void add_quoted(struct fl_text *out, const struct fl_text *lines)
{
    const char *line = lines->bytes;
    while (line != NULL && *line != '\0') {
        const size_t length = strcspn(line, "\n");
        char *copy = strndup(line, length);
        if (copy == NULL) {
            out->full = true;
            return;
        }
        fl_text_add(out, "- ");
        add_cell(out, copy);
        fl_text_add(out, "\n");
        free(copy);
        line += length + (line[length] == '\n');
    }
    out->full |= lines->full;
}

static void add_markdown_part(struct fl_text *out, const struct gate_run *run, bool missed, const char *title, enum language language)
{
    struct fl_text lines = { 0 };
    add_told(&lines, run, missed, "", "", language);
    if (lines.length > 0) fl_text_add(out, "\n**%s**\n\n", title);
    add_quoted(out, &lines);
    fl_text_free(&lines);
}

void gate_markdown(struct fl_text *out, const struct gate_run *run, enum language language)
{
    const bool zh = language == LANGUAGE_ZH;
    struct fl_text lines = { 0 };
    fl_text_add(out, "### ");
    add_verdict(out, run, language);
    fl_text_add(out, zh ? "\n| 闸门 | 指标 | A | B | B - A | 上下界 | 只许 | 天数 |\n" : "\n| gate | figure | A | B | B - A | bounds | allowed | days |\n");
    fl_text_add(out, "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n");
    for (uint32_t i = 0; i < run->gates->count; i++) add_markdown_row(out, &run->results[i], language);
    add_markdown_part(out, run, true, zh ? "变差,超出所许" : "Worse than allowed", language);
    add_markdown_part(out, run, false, zh ? "证据不足" : "Not enough evidence", language);
    fl_text_add(out, "\n<details><summary>%s</summary>\n\n", zh ? "比的是什么" : "What was compared");
    add_sides(&lines, run, "", language);
    add_days(&lines, run, "", language);
    add_quoted(out, &lines);
    fl_text_free(&lines);
    fl_text_add(out, "\n</details>\n");
}

/* ---- JSON -------------------------------------------------------------------------------------- */

static const char *const verdict_names[] = { "passed", "failed", "undecided", "no_samples" };
static const char *const per_names[] = { "desk", "group", "agent", "intent", "interval" };

static void add_member(struct fl_text *out, const char *name, double number)
{
    fl_text_add(out, ",\"%s\":", name);
    fl_text_add_number(out, number);
}

static void add_side_json(struct fl_text *out, const char *key, const struct side *side, uint32_t left_out)
{
    fl_text_add(out, ",\n\"%s\":{\"file\":", key);
    fl_text_add_json(out, side->path);
    fl_text_add(out, ",\"scenario\":");
    fl_text_add_json(out, side->scenario->name);
    fl_text_add(out, ",\"scenario_hash\":\"%016" PRIx64 "\",\"seed\":\"%" PRIu64 "\",\"version\":", side->scenario->hash, side->seed);
    fl_text_add_json(out, side->version);
    fl_text_add(out, ",\"engine\":");
    fl_text_add_json(out, side->engine);
    if (side->desk_shards > 1) fl_text_add(out, ",\"desk_shards\":%u", side->desk_shards);
    fl_text_add(out, ",\"days_left_out\":%u}", left_out);
}

static void add_culprits_json(struct fl_text *out, const struct gate_cell *cell)
{
    fl_text_add(out, ",\"for_whom_by\":\"%s\",\"for_whom\":[", cell->culprits_by_mean ? "mean" : "figure");
    for (uint32_t i = 0; i < cell->culprits_count; i++) {
        fl_text_add(out, "%s{\"per\":\"%s\",\"where\":", i > 0 ? "," : "", per_names[cell->culprits[i].per]);
        fl_text_add_json(out, cell->culprits[i].where);
        add_member(out, "difference", cell->culprits[i].difference);
        fl_text_add(out, "}");
    }
    fl_text_add(out, "]");
}

static void add_cell_json(struct fl_text *out, const struct gate_result *result, const struct gate_cell *cell)
{
    const struct fl_excess *excess = &cell->judged.excess;
    const struct change change = change_of(result->gate, excess);
    struct fl_text sentence = { 0 };
    fl_text_add(out, "\n  {\"where\":");
    if (cell->where[0] != '\0') fl_text_add_json(out, cell->where);
    else fl_text_add(out, "null");
    fl_text_add(out, ",\"verdict\":\"%s\"", verdict_names[cell->judged.verdict]);
    add_member(out, "a", excess->known_a ? excess->a : NAN);
    add_member(out, "b", excess->known_b ? excess->b : NAN);
    add_member(out, "samples_a", excess->known_a ? excess->samples_a : 0);
    add_member(out, "samples_b", excess->known_b ? excess->samples_b : 0);
    add_member(out, "difference", is_known(excess) ? change.value : NAN);
    add_member(out, "low", excess->sure ? change.low : NAN);
    add_member(out, "high", excess->sure ? change.high : NAN);
    add_member(out, "allowed", is_known(excess) ? excess->allowed : NAN);
    add_culprits_json(out, cell);
    gate_sentence(&sentence, result, cell, LANGUAGE_EN);
    fl_text_add(out, ",\"sentence\":");
    fl_text_add_json(out, sentence.bytes != NULL ? sentence.bytes : "");
    fl_text_add(out, "}");
    out->full |= sentence.full;
    fl_text_free(&sentence);
}

static void add_gate_json(struct fl_text *out, const struct gate_run *run, const struct gate_result *result)
{
    const struct fl_gate *gate = result->gate;
    fl_text_add(out, "{\"name\":");
    fl_text_add_json(out, gate->name);
    fl_text_add(out, ",\"metric\":\"%s\",\"per\":\"%s\",\"verdict\":\"%s\",\"missed\":%s,\"days\":%u,\"worse\":\"%s\"", gate->figure, per_names[gate->per],
                verdict_names[result->verdict], gate_missed(run, result) ? "true" : "false", result->days,
                gate->worse == FL_WORSE_HIGHER ? "higher" : "lower");
    add_member(out, "relative", gate->relative);
    add_member(out, "absolute", gate->absolute);
    add_member(out, "confidence", gate->confidence);
    fl_text_add(out, ",\"identical\":%s,\"cells\":[", result->identical ? "true" : "false");
    for (uint32_t i = 0; i < result->cells_count; i++) {
        if (i > 0) fl_text_add(out, ",");
        add_cell_json(out, result, &result->cells[i]);
    }
    fl_text_add(out, "]}");
}

void gate_json(struct fl_text *out, const struct gate_run *run)
{
    const struct score score = score_of(run);
    const bool missed = score.failed > 0 || (run->strict && score.undecided > 0);
    fl_text_add(out, "{\"fenliu\":1,\"command\":\"compare\",\"gate\":");
    fl_text_add_json(out, run->file);
    fl_text_add(out, ",\"verdict\":\"%s\",\"missed\":%s,\"strict\":%s,\"paired\":%s,\"days\":%u,\"days_most\":%u,\"passed\":%u,\"failed\":%u,\"undecided\":%u",
                score.failed > 0 ? "failed" : score.undecided > 0 ? "undecided" : "passed", missed ? "true" : "false", run->strict ? "true" : "false",
                run->pairing.paired ? "true" : "false", run->days, run->most, score.passed, score.failed, score.undecided);
    fl_text_add(out, ",\"same_scenario\":%s,\"same_version\":%s,\"same_engine\":%s", run->a->scenario->hash == run->b->scenario->hash ? "true" : "false",
                strcmp(run->a->version, run->b->version) == 0 ? "true" : "false", strcmp(run->a->engine, run->b->engine) == 0 ? "true" : "false");
    add_side_json(out, "a", run->a, run->left_out_a);
    add_side_json(out, "b", run->b, run->left_out_b);
    fl_text_add(out, ",\n\"gates\":[");
    for (uint32_t i = 0; i < run->gates->count; i++) {
        fl_text_add(out, i > 0 ? ",\n" : "\n");
        add_gate_json(out, run, &run->results[i]);
    }
    fl_text_add(out, "]}\n");
}

/* ---- JUnit XML --------------------------------------------------------------------------------- */

/* Text, or an attribute's value, whose line ends would be read as blanks; what XML 1.0 cannot hold becomes U+FFFD. */
static void add_xml(struct fl_text *out, const char *text, bool is_attribute)
{
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;
        switch (c) {
        case '&': fl_text_add(out, "&amp;"); break;
        case '<': fl_text_add(out, "&lt;"); break;
        case '>': fl_text_add(out, "&gt;"); break;
        case '"': fl_text_add(out, "&quot;"); break;
        case '\n': fl_text_add(out, is_attribute ? "&#10;" : "\n"); break;
        default:
            if (c < 0x20 && c != '\t') fl_text_add(out, "\xEF\xBF\xBD");
            else fl_text_add_bytes(out, text, 1);
        }
    }
}

static void add_property(struct fl_text *out, const char *name, const char *value)
{
    fl_text_add(out, "      <property name=\"%s\" value=\"", name);
    add_xml(out, value, true);
    fl_text_add(out, "\"/>\n");
}

static void add_properties(struct fl_text *out, const struct gate_run *run)
{
    char number[32];
    const struct side *sides[2] = { run->a, run->b };
    fl_text_add(out, "    <properties>\n");
    for (int i = 0; i < 2; i++) {
        add_property(out, i == 0 ? "a.file" : "b.file", sides[i]->path);
        snprintf(number, sizeof number, "%016" PRIx64, sides[i]->scenario->hash);
        add_property(out, i == 0 ? "a.scenario_hash" : "b.scenario_hash", number);
        add_property(out, i == 0 ? "a.version" : "b.version", sides[i]->version);
        add_property(out, i == 0 ? "a.engine" : "b.engine", sides[i]->engine);
        snprintf(number, sizeof number, "%" PRIu64, sides[i]->seed);
        add_property(out, i == 0 ? "a.seed" : "b.seed", number);
    }
    snprintf(number, sizeof number, "%u", run->days);
    add_property(out, "days", number);
    add_property(out, "paired", run->pairing.paired ? "true" : "false");
    fl_text_add(out, "    </properties>\n");
}

static void add_case(struct fl_text *out, const struct gate_run *run, const struct gate_result *result, enum language language)
{
    struct fl_text sentences = { 0 };
    const bool missed = gate_missed(run, result);
    fl_text_add(out, "    <testcase classname=\"fenliu.gate\" name=\"");
    add_xml(out, result->gate->name, true);
    if (result->gate->per != FL_GATE_DESK) fl_text_add(out, " per %s", per_names[result->gate->per]);
    if (result->gate->only != NULL) {
        fl_text_add(out, ": ");
        add_xml(out, result->gate->only, true);
    }
    fl_text_add(out, "\" time=\"0\"");
    if (result->verdict == FL_GATE_PASSED) {
        fl_text_add(out, "/>\n");
        return;
    }
    add_sentences(&sentences, result, "", language);
    const char *said = sentences.bytes != NULL ? sentences.bytes : "";
    char *first = strndup(said, strcspn(said, "\n"));
    fl_text_add(out, ">\n      <%s", missed ? "failure type=\"gate\" message=\"" : "skipped message=\"");
    add_xml(out, first != NULL ? first : "", true);
    if (missed) {
        fl_text_add(out, "\">");
        add_xml(out, said, false);
        fl_text_add(out, "</failure>\n    </testcase>\n");
    } else {
        fl_text_add(out, "\"/>\n    </testcase>\n");
    }
    out->full |= sentences.full || first == NULL;
    free(first);
    fl_text_free(&sentences);
}

/* When it ran: SOURCE_DATE_EPOCH where that is set, so that the same run can give the same bytes. */
static void stamp(char out[32])
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    const time_t at = epoch != NULL ? (time_t)strtoll(epoch, NULL, 10) : time(NULL);
    struct tm tm;
    if (gmtime_r(&at, &tm) == NULL || strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &tm) == 0) snprintf(out, 32, "1970-01-01T00:00:00");
}

void gate_junit(struct fl_text *out, const struct gate_run *run, enum language language)
{
    const struct score score = score_of(run);
    char at[32];
    stamp(at);
    const double wall_s = getenv("SOURCE_DATE_EPOCH") != NULL ? 0 : run->wall_s;
    const uint32_t failures = score.failed + (run->strict ? score.undecided : 0), skipped = run->gates->count - score.passed - failures;
    fl_text_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite id=\"0\" package=\"fenliu\" name=\"");
    add_xml(out, run->file, true);
    fl_text_add(out, "\" timestamp=\"%s\" hostname=\"localhost\" tests=\"%u\" failures=\"%u\" errors=\"0\" skipped=\"%u\" time=\"%.3f\">\n", at,
                run->gates->count, failures, skipped, wall_s);
    add_properties(out, run);
    for (uint32_t i = 0; i < run->gates->count; i++) add_case(out, run, &run->results[i], language);
    struct fl_text notes = { 0 };
    add_sides(&notes, run, "", language);
    add_days(&notes, run, "", language);
    add_verdict(&notes, run, language);
    fl_text_add(out, "    <system-out>");
    add_xml(out, notes.bytes != NULL ? notes.bytes : "", false);
    fl_text_add(out, "</system-out>\n    <system-err></system-err>\n  </testsuite>\n</testsuites>\n");
    out->full |= notes.full;
    fl_text_free(&notes);
}
