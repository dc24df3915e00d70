/* fenliu compare: is B better than A, or was it luckier? */
#include "compare_many.h"
#include "report.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: fenliu compare [options] A [B ...] | STORE\n"
    "Compares scenarios, run directories or baselines, paired day by day: who is better off, and is it more than chance? Many, or the points of a\n"
    "store of fenliu sweep, against the first of them.\n"
    "      --gate FILE          only judge B by the margins of a gate file (tools/ci/README.md), in as many days as it takes\n"
    "      --strict             a gate without enough evidence is missed\n"
    "      --junit FILE, --markdown FILE   write the gate's report there too\n"
    "      --pack FILE          pack A, a run directory or scenario, into a baseline below 1 MB; no B\n"
    "      --set PATH=VALUE     override a value in both scenarios (repeatable)\n"
    "      --set-a, --set-b PATH=VALUE   in one of them; with one of these B may be left out and is A\n"
    "      --all-pairs          of many: every pair;  --figures LIST: only these (abandonment,first_response_s.p90)\n"
    "      --best FIGURE        of many: the best, by as few days as it takes (KN, 95 %); --within DELTA: what does not matter (0.01 or 5%)\n"
    "      --effects FIGURE     of a store: what each parameter does, and which two do more together than apart\n"
    "      --where CONDITION    of a store: only points for which this SQL over its view overview holds\n"
    "      --report FILE.html   of many: the pictures, as one page\n"
    "  -n, --replications N     days to simulate, with --gate at most (default: a run's, the gate's, else the scenario's)\n"
    "  -s, --seed N             seed of both (default: a run directory's, else the scenario's)\n"
    "  -j, --jobs N             threads (default: one a core); results do not depend on it\n"
    "      --json               one JSON object on stdout, nothing else\n"
    "      --lang zh|en         language of the table (default: the locale's)\n"
    "  -q, --quiet              no progress\n"
    "\"More than chance\" holds for all figures shown together (Holm, 5 %); intervals are 95 % each.\n"
    "example: fenliu compare scenarios/618-opening.json --set-b desk.agents[0].count=7 -n 200\n"
    "exit: 0 compared, 1 gate missed, 2 bad usage or input, 4 not written, 5 internal, 130 interrupted\n";

/* ---- The two sides ----------------------------------------------------------------------------- */

/* Simulates what is a scenario: with the seed and days of the other when that is a finished run. */
static int sides_run(struct side side[2], const struct options *options)
{
    const struct side *model = side[0].is_finished ? &side[0] : side[1].is_finished ? &side[1] : NULL;
    const uint32_t days = options->replications > 0 ? options->replications : model != NULL ? model->days.count : side[0].scenario->replications;
    const uint32_t n = days > 0 ? days : 1;
    uint32_t *numbers = calloc(n, sizeof *numbers);
    if (numbers == NULL) return run_failed(FL_EFULL, "compare");
    for (uint32_t i = 0; i < n; i++) numbers[i] = model != NULL && i < model->days.count ? model->days.rows[FL_SCOPE_GROUP][i]->replication : i;
    int code = EXIT_DONE;
    for (int i = 0; i < 2 && code == EXIT_DONE; i++)
        if (!side[i].is_finished) code = side_simulate(&side[i], i == 0 ? "compare: A" : "compare: B", numbers, n, false);
    free(numbers);
    return code;
}

/* Reads both and settles the seed of what will be simulated. */
static int sides_open(struct side side[2], const char *const paths[2], const struct options options[2], bool cells)
{
    for (int i = 0; i < 2; i++) {
        const int code = side_open(&side[i], paths[i], &options[i], cells);
        if (code != EXIT_DONE) return code;
    }
    const struct side *model = side[0].is_finished ? &side[0] : side[1].is_finished ? &side[1] : NULL;
    const uint64_t seed = options[0].has_seed ? options[0].seed : model != NULL ? model->seed : side[0].scenario->seed;
    for (int i = 0; i < 2; i++)
        if (!side[i].is_finished) side[i].seed = seed;
    return EXIT_DONE;
}

/* ---- What is compared -------------------------------------------------------------------------- */

struct line {
    const char *name;     /* of the figure; "days_met" is the share of days on which all objectives held */
    int better;           /* 1: more is better, -1: less is, 0: neither */
    bool by_group;        /* shown for every group too */
    const char *words[2];
};

static const struct line lines[] = {
    { "first_response_s.mean", -1, false, { "first response, mean", "首次响应 平均" } },
    { "first_response_s.p50", -1, false, { "first response, p50", "首次响应 一半买家" } },
    { "first_response_s.p90", -1, true, { "first response, p90", "首次响应 九成买家" } },
    { "first_response_s.p99", -1, false, { "first response, p99", "首次响应 百分之九十九" } },
    { "response_s.mean", -1, true, { "every response, mean", "平均响应时间" } },
    { "response_s.p90", -1, false, { "every response, p90", "响应时间 九成" } },
    { "wait_for_agent_s.mean", -1, false, { "wait for an agent, mean", "等待分配 平均" } },
    { "waited", -1, false, { "share not assigned at once", "未立即分配" } },
    { "abandonment", -1, true, { "share who left", "流失率" } },
    { "no_service_rate", -1, false, { "share without service", "人工不服务率" } },
    { "reply_rate_3min", 1, true, { "3-minute reply rate", "3分钟人工响应率" } },
    { "first_reply_rate_30s", 1, false, { "first reply within 30 s", "首响30秒率" } },
    { "days_met", 1, false, { "days with all objectives met", "目标全达标的天数" } },
    { "chats_answered", 1, false, { "buyers answered", "接待买家" } },
    { "chats_abandoned", -1, false, { "buyers who left unanswered", "没等到就走的买家" } },
    { "leave_messages", -1, false, { "leave-messages", "留言" } },
    { "chats_rejected", -1, false, { "buyers refused", "被拒买家" } },
    { "bot_resolved", 0, false, { "resolved by the bot", "机器人解决" } },
    { "transfers", -1, false, { "transfers", "转接" } },
    { "answer_ratio", 0, false, { "answer ratio", "答问比" } },
    { "occupancy", 0, true, { "occupancy (composing)", "工时利用率" } },
    { "concurrency", 0, false, { "open chats per agent", "同时接待" } },
    { "chats_per_agent_day", 0, false, { "chats per agent and 8 hours", "人均日接待 (8小时)" } },
    { "conversion", 1, false, { "conversion", "询单转化率" } },
    { "sales_cny", 1, false, { "sales, CNY", "销售额 (元)" } },
    { "lost_sales_cny", -1, false, { "lost sales, CNY", "流失销售额 (元)" } },
    { "satisfaction", 1, false, { "satisfaction", "满意度" } },
};
#define LINES (sizeof lines / sizeof *lines)

struct claim {
    const struct line *line;
    const char *group;       /* NULL: the desk */
    const struct fl_metric *metric; /* NULL: a share of days */
    const char *statistic;
    struct fl_difference difference;
    bool more_than_chance;
    bool one_day;            /* of either side */
};

struct comparison {
    const struct side *a, *b;
    struct fl_side days_a, days_b;
    struct fl_pairing pairing;
    struct claim *claims;    /* [claims_count], the desk's first */
    uint32_t claims_count;
};

static void add_claim(struct comparison *all, const struct line *line, const char *group, uint32_t group_a, uint32_t group_b)
{
    const struct fl_side *a = &all->days_a, *b = &all->days_b;
    struct claim claim = { .line = line, .group = group, .statistic = "", .one_day = a->rows_count < 2 || b->rows_count < 2 };
    if (strcmp(line->name, "days_met") == 0) {
        claim.difference = fl_compare_days_met(a, b, all->pairing.paired);
    } else {
        claim.metric = fl_metric_find(line->name, &claim.statistic);
        claim.difference = fl_compare(a, group_a, b, group_b, all->pairing.paired, claim.metric, claim.statistic);
    }
    const bool idle = claim.difference.a == 0 && claim.difference.b == 0; /* never happens here */
    if (claim.difference.known && !idle) all->claims[all->claims_count++] = claim;
}

static uint32_t group_of(const struct fl_scenario *scenario, const char *name)
{
    for (uint32_t g = 0; g < scenario->desk.groups_count; g++)
        if (strcmp(scenario->desk.groups[g].name, name) == 0) return g;
    return FL_NONE;
}

static bool compare_all(struct comparison *all)
{
    const struct fl_scenario *a = all->a->scenario, *b = all->b->scenario;
    const size_t most = LINES * (1 + (size_t)a->desk.groups_count);
    all->claims = calloc(most, sizeof *all->claims);
    double *p = calloc(most, sizeof *p);
    uint32_t *order = calloc(most, sizeof *order);
    bool *more = calloc(most, sizeof *more);
    const bool ok = all->claims != NULL && p != NULL && order != NULL && more != NULL;
    if (ok) {
        for (size_t i = 0; i < LINES; i++) add_claim(all, &lines[i], NULL, FL_NONE, FL_NONE);
        for (uint32_t g = 0; g < a->desk.groups_count && a->desk.groups_count + b->desk.groups_count > 2; g++) {
            const uint32_t other = group_of(b, a->desk.groups[g].name);
            for (size_t i = 0; i < LINES && other != FL_NONE; i++)
                if (lines[i].by_group) add_claim(all, &lines[i], a->desk.groups[g].name, g, other);
        }
        for (uint32_t i = 0; i < all->claims_count; i++) p[i] = all->claims[i].difference.p;
        fl_holm(all->claims_count, p, 0.05, order, more);
        for (uint32_t i = 0; i < all->claims_count; i++) all->claims[i].more_than_chance = more[i];
    }
    free(p);
    free(order);
    free(more);
    return ok;
}

/* 1: B is better, -1: worse, 0: neither, or nothing to say. */
static int verdict(const struct claim *claim)
{
    if (!claim->more_than_chance || claim->difference.value == 0) return 0;
    return claim->difference.value > 0 ? claim->line->better : -claim->line->better;
}

/* ---- In words ---------------------------------------------------------------------------------- */

static enum fl_metric_kind kind_of(const struct claim *claim)
{
    return claim->metric == NULL ? FL_METRIC_SHARE : claim->metric->kind;
}

static void value_text(const struct claim *claim, double value, bool is_difference, enum language language, char *out, size_t size)
{
    value_words(claim->metric, value, is_difference, language, out, size);
}

static const char *chance_words(const struct claim *claim, enum language language)
{
    static const char *const words[][2] = { { "no difference", "没有差别" }, { "could be chance", "可能是偶然" }, { "more than chance", "不是偶然" },
                                            { "one day says nothing", "一天说明不了" }, { "BETTER, more than chance", "变好,不是偶然" },
                                            { "WORSE, more than chance", "变差,不是偶然" },
                                            { "too few samples to tell", "样本太少,说不准" } };
    const struct fl_difference *d = &claim->difference;
    const int judged = verdict(claim);
    const int at = !d->sure ? (claim->one_day ? 3 : 6) : d->value == 0 && d->low == 0 && d->high == 0 ? 0 : !claim->more_than_chance ? 1 : judged == 0 ? 2 : judged > 0 ? 4 : 5;
    return words[at][language];
}

static void add_row(struct fl_text *out, const struct claim *claim, enum language language)
{
    const struct fl_difference *d = &claim->difference;
    char a[48], b[48], difference[48], range[112] = "";
    value_text(claim, d->a, false, language, a, sizeof a);
    value_text(claim, d->b, false, language, b, sizeof b);
    value_text(claim, d->value, true, language, difference, sizeof difference);
    if (d->sure) {
        char low[48], high[48];
        value_text(claim, d->low, true, language, low, sizeof low);
        value_text(claim, d->high, true, language, high, sizeof high);
        low[strcspn(low, " ")] = '\0'; /* the unit stands once */
        snprintf(range, sizeof range, "%s .. %s", low, high);
    }
    text_add_padded(out, claim->line->words[language], 29, false);
    text_add_padded(out, a, 10, true);
    text_add_padded(out, b, 10, true);
    text_add_padded(out, difference, 11, true);
    text_add_padded(out, range, 21, true);
    fl_text_add(out, "   %s\n", chance_words(claim, language));
}

static void add_head(struct fl_text *out, const struct comparison *all, enum language language)
{
    const bool zh = language == LANGUAGE_ZH;
    const struct side *sides[2] = { all->a, all->b };
    add_keys(out, all->a, all->b, "", language);
    add_pairing(out, all->a, all->b, &all->pairing, "", language);
    for (int i = 0; i < 2; i++)
        fl_text_add(out, zh ? "%s  %s  %s  分流 %s\n" : "%s  %s  %s  routing %s\n", i == 0 ? "A" : "B", sides[i]->path, sides[i]->scenario->name,
                    sides[i]->engine[0] != '\0' ? sides[i]->engine : "?");
    if (all->pairing.paired)
        fl_text_add(out, zh ? "同样的 %u 天、同样的买家,逐日配对 (种子 %" PRIu64 ")\n" : "the same %u days of the same buyers, paired day by day (seed %" PRIu64 ")\n",
                    all->a->days.count, all->a->seed);
}

static void add_table_head(struct fl_text *out, const char *title, enum language language)
{
    static const char *const heads[][2] = { { "A", "A" }, { "B", "B" }, { "B - A", "B - A" }, { "95 % interval", "95% 区间" } };
    static const uint32_t widths[] = { 10, 10, 11, 21 };
    fl_text_add(out, "\n");
    text_add_padded(out, title, 29, false);
    for (int i = 0; i < 4; i++) text_add_padded(out, heads[i][language], widths[i], true);
    fl_text_add(out, "\n");
}

/* "first response, p90: 52.1 s -> 48.0 s, 4.1 s shorter (2.9 .. 5.3): more than chance" */
static void add_sentence(struct fl_text *out, const struct claim *claim, enum language language)
{
    const struct fl_difference *d = &claim->difference;
    static const char *const more[3][2] = { { "longer", "变长" }, { "more", "变多" }, { "higher", "变高" } };
    static const char *const less[3][2] = { { "shorter", "变短" }, { "fewer", "变少" }, { "lower", "变低" } };
    const enum fl_metric_kind kind = kind_of(claim);
    const int word = kind == FL_METRIC_DISTRIBUTION ? 0 : kind == FL_METRIC_COUNT ? 1 : 2;
    char a[48], b[48], by[48], low[48], high[48];
    const bool up = d->value > 0;
    value_text(claim, d->a, false, language, a, sizeof a);
    value_text(claim, d->b, false, language, b, sizeof b);
    value_text(claim, fabs(d->value), true, language, by, sizeof by);
    value_text(claim, up ? d->low : -d->high, true, language, low, sizeof low);
    value_text(claim, up ? d->high : -d->low, true, language, high, sizeof high);
    low[strcspn(low, " ")] = high[strcspn(high, " ")] = '\0';
    fl_text_add(out, "  %s%s%s: %s -> %s, ", claim->group != NULL ? claim->group : "", claim->group != NULL ? " " : "", claim->line->words[language], a, b);
    if (language == LANGUAGE_ZH) fl_text_add(out, "%s %s", up ? more[word][1] : less[word][1], by + 1);
    else fl_text_add(out, "%s %s", by + 1, up ? more[word][0] : less[word][0]);
    fl_text_add(out, " (%s .. %s)\n", low[0] == '+' ? low + 1 : low, high[0] == '+' ? high + 1 : high);
}

static void add_verdicts(struct fl_text *out, const struct comparison *all, enum language language)
{
    static const char *const titles[2][2] = { { "\nworse in B, more than chance:\n", "\nB 变差,不是偶然:\n" },
                                              { "\nbetter in B, more than chance:\n", "\nB 变好,不是偶然:\n" } };
    uint32_t said = 0;
    for (int good = 0; good < 2; good++) {
        bool any = false;
        for (uint32_t i = 0; i < all->claims_count; i++) {
            if (verdict(&all->claims[i]) != (good ? 1 : -1)) continue;
            if (!any) fl_text_add(out, "%s", titles[good][language]);
            any = true;
            said++;
            add_sentence(out, &all->claims[i], language);
        }
    }
    if (said > 0) return;
    fl_text_add(out, language == LANGUAGE_ZH ? "\n没有一项变好或变差得超出偶然。\n" : "\nNothing is better or worse by more than chance.\n");
}

static void add_tables(struct fl_text *out, const struct comparison *all, enum language language)
{
    const char *group = NULL;
    add_table_head(out, language == LANGUAGE_ZH ? "全店" : "desk", language);
    for (uint32_t i = 0; i < all->claims_count; i++) {
        const struct claim *claim = &all->claims[i];
        if (claim->group != group) add_table_head(out, claim->group, language);
        group = claim->group;
        add_row(out, claim, language);
    }
}

/* ---- As JSON ----------------------------------------------------------------------------------- */

static void add_side_json(struct fl_text *out, const char *key, const struct side *side)
{
    fl_text_add(out, ",\"%s\":{\"file\":", key);
    fl_text_add_json(out, side->path);
    fl_text_add(out, ",\"scenario\":");
    fl_text_add_json(out, side->scenario->name);
    fl_text_add(out, ",\"scenario_hash\":\"%016" PRIx64 "\",\"seed\":\"%" PRIu64 "\",\"replications\":%u,\"version\":", side->scenario->hash,
                side->seed, side->days.count);
    fl_text_add_json(out, side->version);
    fl_text_add(out, ",\"policy\":");
    fl_text_add_json(out, side->engine);
    if (side->desk_shards > 1) fl_text_add(out, ",\"desk_shards\":%u", side->desk_shards);
    fl_text_add(out, "}");
}

static void add_named_number(struct fl_text *out, const char *name, double number)
{
    fl_text_add(out, ",\"%s\":", name);
    fl_text_add_number(out, number);
}

void add_difference(struct fl_text *out, const struct fl_difference *d, bool more_than_chance, int judged)
{
    add_named_number(out, "a", d->a);
    add_named_number(out, "b", d->b);
    add_named_number(out, "difference", d->value);
    if (d->sure) {
        fl_text_add(out, ",\"ci95\":[");
        fl_text_add_number(out, d->low);
        fl_text_add(out, ",");
        fl_text_add_number(out, d->high);
        fl_text_add(out, "]");
        add_named_number(out, "p", d->p);
    } else {
        fl_text_add(out, ",\"ci95\":null,\"p\":null");
    }
    fl_text_add(out, ",\"more_than_chance\":%s,\"better\":%s", more_than_chance ? "true" : "false",
                judged == 0 ? "null" : judged > 0 ? "\"b\"" : "\"a\"");
}

static void add_claim_json(struct fl_text *out, const struct claim *claim)
{
    const struct fl_difference *d = &claim->difference;
    const int judged = verdict(claim);
    fl_text_add(out, "\n{\"group\":");
    if (claim->group != NULL) fl_text_add_json(out, claim->group);
    else fl_text_add(out, "null");
    fl_text_add(out, ",\"figure\":\"%s\"", claim->line->name);
    add_difference(out, d, claim->more_than_chance, judged);
    fl_text_add(out, "}");
}

static void comparison_json(struct fl_text *out, const struct comparison *all)
{
    fl_text_add(out, "{\"fenliu\":1,\"command\":\"compare\",\"paired\":%s,\"days\":%u", all->pairing.paired ? "true" : "false",
                all->a->days.count);
    add_side_json(out, "a", all->a);
    add_side_json(out, "b", all->b);
    fl_text_add(out, ",\n\"differences\":[");
    for (uint32_t i = 0; i < all->claims_count; i++) {
        if (i > 0) fl_text_add(out, ",");
        add_claim_json(out, &all->claims[i]);
    }
    fl_text_add(out, "]}\n");
}

/* ---- The command ------------------------------------------------------------------------------- */

struct own_options {
    struct options side[2]; /* only their overrides are used */
    struct gate_options gate;
    struct many_options many;
    const char *pack;
};

static int take_compare_option(void *context, struct options *options, int argc, char **argv, int *i)
{
    struct own_options *own = context;
    const char *value, **file = NULL;
    (void)options;
    for (int s = 0; s < 2; s++)
        if ((value = option_value(argc, argv, i, s == 0 ? "--set-a" : "--set-b")) != NULL) return override_add(&own->side[s], value) ? 1 : -1;
    if (strcmp(argv[*i], "--strict") == 0) {
        own->gate.strict = true;
        return 1;
    }
    if (strcmp(argv[*i], "--all-pairs") == 0) {
        own->many.all_pairs = true;
        return 1;
    }
    if ((value = option_value(argc, argv, i, "--figures")) != NULL) file = &own->many.figures;
    else if ((value = option_value(argc, argv, i, "--best")) != NULL) file = &own->many.best;
    else if ((value = option_value(argc, argv, i, "--within")) != NULL) file = &own->many.within;
    else if ((value = option_value(argc, argv, i, "--effects")) != NULL) file = &own->many.effects;
    else if ((value = option_value(argc, argv, i, "--where")) != NULL) file = &own->many.where;
    else if ((value = option_value(argc, argv, i, "--report")) != NULL) file = &own->many.report;
    else if ((value = option_value(argc, argv, i, "--gate")) != NULL) file = &own->gate.file;
    else if ((value = option_value(argc, argv, i, "--junit")) != NULL) file = &own->gate.junit;
    else if ((value = option_value(argc, argv, i, "--markdown")) != NULL) file = &own->gate.markdown;
    else if ((value = option_value(argc, argv, i, "--pack")) != NULL) file = &own->pack;
    if (file == NULL) return 0;
    *file = value;
    return value[0] != '\0' ? 1 : -1;
}

/* What holds for both, then what holds for one. */
static bool options_of_side(const struct options *both, const struct options *own, struct options *out)
{
    *out = *both;
    if (both->overrides_count + own->overrides_count > sizeof out->overrides / sizeof *out->overrides) {
        fprintf(stderr, "fenliu compare: too many overrides\n");
        return false;
    }
    for (uint32_t i = 0; i < own->overrides_count; i++) out->overrides[out->overrides_count++] = own->overrides[i];
    return true;
}

/* all->claims is to be freed. */
static int comparison_make(const struct side side[2], const struct options *options, struct comparison *all)
{
    *all = (struct comparison){ .a = &side[0], .b = &side[1] };
    all->days_a = side_days(&side[0], FL_SCOPE_GROUP, side[0].days.count);
    all->days_b = side_days(&side[1], FL_SCOPE_GROUP, side[1].days.count);
    all->pairing = fl_pair(&all->days_a, &all->days_b);
    if (side[0].seed != side[1].seed) all->pairing.paired = false;
    return compare_all(all) ? EXIT_DONE : run_failed(FL_EFULL, options->command);
}

int compare_finished(const char *const paths[2], const struct options *options, struct fl_text *out)
{
    const struct options plain[2] = { *options, *options };
    struct side side[2] = { 0 };
    struct comparison all = { .claims = NULL };
    int code = sides_open(side, paths, plain, false);
    for (int i = 0; i < 2 && code == EXIT_DONE; i++) {
        if (side[i].days.count > 0) continue;
        fprintf(stderr, "fenliu %s: %s has no days\n", options->command, paths[i]);
        code = EXIT_USAGE;
    }
    if (code == EXIT_DONE) code = comparison_make(side, options, &all);
    if (code == EXIT_DONE) comparison_json(out, &all);
    free(all.claims);
    side_close(&side[0]);
    side_close(&side[1]);
    return code;
}

static int compare_sides(const struct options *options, struct side side[2])
{
    struct comparison all;
    struct fl_text answer = { 0 };
    int code = comparison_make(side, options, &all);
    if (code == EXIT_DONE && options->json) {
        comparison_json(&answer, &all);
    } else if (code == EXIT_DONE) {
        add_head(&answer, &all, options->language);
        add_tables(&answer, &all, options->language);
        add_verdicts(&answer, &all, options->language);
    }
    if (code == EXIT_DONE) code = text_print(&answer);
    fl_text_free(&answer);
    free(all.claims);
    return code;
}

/* A finished run, or a scenario that is simulated first, as a baseline. */
static int pack_one(const struct options *options, const char *path)
{
    struct side side = { 0 };
    int code = side_open(&side, options->files[0], options, true);
    if (code == EXIT_DONE && !side.is_finished) {
        const uint32_t n = options->replications > 0 ? options->replications : side.scenario->replications;
        uint32_t *numbers = calloc(n, sizeof *numbers);
        side.seed = options->has_seed ? options->seed : side.scenario->seed;
        for (uint32_t i = 0; numbers != NULL && i < n; i++) numbers[i] = i;
        code = numbers == NULL ? run_failed(FL_EFULL, "compare") : side_simulate(&side, "compare: packing", numbers, n, true);
        free(numbers);
    }
    const uint32_t wanted = options->replications > 0 && options->replications < side.days.count ? options->replications : side.days.count;
    if (code == EXIT_DONE && wanted == 0) {
        fprintf(stderr, "fenliu compare: %s has no days to pack\n", options->files[0]);
        code = EXIT_USAGE;
    }
    if (code == EXIT_DONE) code = baseline_write(&side, path, wanted);
    side_close(&side);
    return code;
}

/* ---- Many runs --------------------------------------------------------------------------------- */

/* Runs of the command line, one after another: with the days and the seed of the first. */
struct files {
    const struct options *options;
    uint64_t seed;
    uint32_t *days, days_count; /* owned: the days of the first; of scenarios that are simulated further none */
    bool later;                 /* scenarios are opened and not yet simulated */
};

static int file_open(void *context, uint32_t i, struct side *side)
{
    struct files *files = context;
    int code = side_open(side, files->options->files[i], files->options, false);
    if (code != EXIT_DONE || side->is_finished) {
        if (code == EXIT_DONE && i == 0) files->seed = side->seed;
        return code;
    }
    if (i == 0) files->seed = files->options->has_seed ? files->options->seed : side->scenario->seed;
    side->seed = files->seed;
    if (files->later) return EXIT_DONE;
    const uint32_t n = files->days_count > 0 ? files->days_count : files->options->replications > 0 ? files->options->replications : side->scenario->replications;
    uint32_t *numbers = calloc(n, sizeof *numbers);
    char what[48];
    if (numbers == NULL) return run_failed(FL_EFULL, "compare");
    for (uint32_t d = 0; d < n; d++) numbers[d] = files->days_count > 0 ? files->days[d] : d;
    snprintf(what, sizeof what, "compare: %u", i + 1);
    code = side_simulate(side, what, numbers, n, false);
    free(numbers);
    if (code != EXIT_DONE) side_close(side);
    return code;
}

/* Notes the days of the first, for those that are simulated. */
static int first_open(void *context, uint32_t i, struct side *side)
{
    struct files *files = context;
    int code = file_open(context, i, side);
    if (code != EXIT_DONE || i > 0 || files->later || side->days.count == 0) return code;
    free(files->days);
    files->days_count = 0;
    files->days = calloc(side->days.count, sizeof *files->days);
    if (files->days == NULL) return run_failed(FL_EFULL, "compare");
    for (uint32_t d = 0; d < side->days.count; d++) files->days[files->days_count++] = side->days.rows[FL_SCOPE_GROUP][d]->replication;
    return code;
}

static const char *file_label(void *context, uint32_t i)
{
    return ((struct files *)context)->options->files[i];
}

static int compare_files(const struct options *options, const struct many_options *wanted)
{
    struct files files = { .options = options, .later = wanted->best != NULL };
    const struct many_source source = { .count = options->files_count, .open = first_open, .label = file_label, .context = &files };
    const int code = wanted->best != NULL ? best_main(&source, options, wanted) : many_main(&source, options, wanted);
    free(files.days);
    return code;
}

static int compare_store(const struct options *options, const struct many_options *wanted)
{
#ifdef FENLIU_SQLITE
    struct sweep_reader *reader = NULL;
    int code = sweep_reader_open(options->files[0], wanted->where, options, &reader);
    if (code != EXIT_DONE) return code;
    const struct many_source source = sweep_reader_source(reader);
    if (wanted->effects != NULL) code = effects_main(reader, options, wanted->effects, wanted->report);
    else code = wanted->best != NULL ? best_main(&source, options, wanted) : many_main(&source, options, wanted);
    sweep_reader_close(reader);
    return code;
#else
    (void)wanted;
    fprintf(stderr, "fenliu compare: this build is without SQLite and cannot read %s\n", options->files[0]);
    return EXIT_USAGE;
#endif
}

static bool is_many(const struct options *options, const struct own_options *own)
{
    const struct many_options *many = &own->many;
    return options->files_count > 2 || many->best != NULL || many->effects != NULL || many->all_pairs || many->figures != NULL || many->report != NULL ||
           (options->files_count == 1 && store_is_one(options->files[0]));
}

static int compare_many(const struct options *options, const struct own_options *own)
{
    const bool is_store = options->files_count == 1 && store_is_one(options->files[0]), varied = own->side[0].overrides_count + own->side[1].overrides_count > 0;
    const char *wrong = varied                                                    ? "--set-a and --set-b are for two"
                        : own->pack != NULL || own->gate.file != NULL             ? "--pack and --gate are for two"
                        : own->many.best != NULL && own->many.effects != NULL     ? "--best or --effects, not both"
                        : own->many.within != NULL && own->many.best == NULL      ? "--within belongs to --best"
                        : !is_store && own->many.effects != NULL                  ? "--effects wants a store of fenliu sweep"
                        : !is_store && own->many.where != NULL                    ? "--where wants a store of fenliu sweep"
                        : !is_store && options->files_count < 2                   ? "wanted two or more runs, or a store of fenliu sweep"
                        : own->many.report != NULL && own->many.all_pairs         ? "--report shows all against the first: without --all-pairs"
                                                                                  : NULL;
    if (wrong != NULL) {
        fprintf(stderr, "fenliu compare: %s; see fenliu compare --help\n", wrong);
        return EXIT_USAGE;
    }
    return is_store ? compare_store(options, &own->many) : compare_files(options, &own->many);
}

/* Which options go together. */
static bool is_usage(const struct options *options, const struct own_options *own)
{
    const bool varied = own->side[0].overrides_count + own->side[1].overrides_count > 0;
    const bool reports = own->gate.junit != NULL || own->gate.markdown != NULL || own->gate.strict;
    if (own->many.where != NULL || own->many.within != NULL) return false;
    if (own->pack != NULL) return options->files_count == 1 && !varied && own->gate.file == NULL && !reports && !options->json;
    if (reports && own->gate.file == NULL) return false;
    return options->files_count == 2 || (options->files_count == 1 && varied);
}

static int compare_two(const struct options *options, const struct own_options *own)
{
    struct options of_side[2];
    struct side side[2] = { 0 };
    const char *const paths[2] = { options->files[0], options->files[options->files_count - 1] };
    const bool gated = own->gate.file != NULL;
    for (int i = 0; i < 2; i++)
        if (!options_of_side(options, &own->side[i], &of_side[i])) return EXIT_USAGE;
    int code = sides_open(side, paths, of_side, gated);
    if (code == EXIT_DONE && gated) code = gate_main(side, options, &own->gate);
    if (code == EXIT_DONE && !gated) code = sides_run(side, options);
    if (code == EXIT_DONE && !gated) code = compare_sides(options, side);
    side_close(&side[0]);
    side_close(&side[1]);
    return code;
}

int cmd_compare(int argc, char **argv)
{
    struct options options;
    struct own_options *own = calloc(1, sizeof *own);
    if (own == NULL) return run_failed(FL_EFULL, "compare");
    int code = options_read(&options, argc, argv, take_compare_option, own) ? EXIT_DONE : EXIT_USAGE;
    if (code == EXIT_DONE && options.help) {
        fputs(usage, stdout);
    } else if (code == EXIT_DONE && is_many(&options, own)) {
        code = compare_many(&options, own);
    } else if (code == EXIT_DONE && !is_usage(&options, own)) {
        fputs(usage, stderr);
        code = EXIT_USAGE;
    } else if (code == EXIT_DONE) {
        code = own->pack != NULL ? pack_one(&options, own->pack) : compare_two(&options, own);
    }
    free(own);
    return code;
}
