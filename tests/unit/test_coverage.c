/* How often a 95 % interval of a rate, a count or a mean holds what is true: 1 000 made runs a case, of days whose truth is known exactly.
 *
 * Each coverage has a standard error of 0.7 points. It is to be 93 to 97 %, give or take one of these errors, and on average over the
 * cases of a table 94 to 97 %. Where fewer than 25 groups of events are expected in a run, how many there are is too coarse a number for
 * 95 %, and the intervals are to be safe: 93 % or more. */
#include "core/draw.h"
#include "core/real.h"
#include "core/special.h"
#include "measure/summary.h"
#include "scenario/reader.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS = 1000, COARSE = 25, LEVELS = 256, DAYS = 100, MEMORY = 8 << 20 };

static const char plain[] = "{\"fenliu\":1,\"duration\":\"1h\",\"interval\":\"1h\",\"traffic\":{\"chats_per_day\":480},"
                            "\"buyers\":{\"intents\":[{\"name\":\"size\"}]},\"desk\":{\"agents\":[{\"name\":\"a\"}]}}";

/* ---- Days -------------------------------------------------------------------------------------- */

/* Days of `buyers` on average, each times a gamma-distributed busyness. Something happens to each buyer alone, with the
 * probability `share` on average, each day times a gamma-distributed factor of its own and the busyness to the power of `strain`.
 * All distributions are taken at LEVELS even quantiles, so that sums over these are the truth. */
struct made {
    double buyers, busyness_cv, share, days_cv, strain;
};

struct population {
    double z[LEVELS], busy[LEVELS], factor[LEVELS]; /* busy, factor: mean about 1 */
    struct made of;
    double scale, truth, buyers, groups_a_day;      /* buyers: of a day; groups: independent ones that the events of a day are worth */
};

/* x with P(Gamma(shape, mean 1) <= x) = p. */
static double gamma_quantile(double shape, double p)
{
    double low = 0, high = 60;
    for (int i = 0; i < 60; i++) {
        const double middle = (low + high) / 2;
        if (fl_gamma_lower(shape, shape * middle) < p) low = middle;
        else high = middle;
    }
    return high;
}

static void fill_gamma(double out[LEVELS], double cv)
{
    for (uint32_t i = 0; i < LEVELS; i++) out[i] = cv > 0 ? gamma_quantile(1 / (cv * cv), (i + 0.5) / LEVELS) : 1;
}

static uint32_t buyers_on(const struct population *of, uint32_t busy, uint32_t z)
{
    const double mean = of->of.buyers * of->busy[busy];
    return (uint32_t)fmax(0, mean + sqrt(mean) * of->z[z] + 0.5);
}

static double chance_on(const struct population *of, uint32_t busy, uint32_t factor)
{
    const double strained = of->of.strain > 0 ? fl_pow(of->busy[busy], of->of.strain) : 1;
    return fmin(1, of->scale * strained * of->factor[factor]);
}

/* Sets the share of all buyers to whom it happens, and the number of groups that the events of a day come in: 1 over the square of the
 * relative error that one day has. */
static void sum_up(struct population *of)
{
    double events = 0, buyers = 0, within = 0, chance_squares = 0, chances = 0, squares = 0;
    for (uint32_t b = 0; b < LEVELS; b++) {
        double mean = 0, square = 0, chance = 0, chance_square = 0;
        for (uint32_t i = 0; i < LEVELS; i++) {
            const double n = buyers_on(of, b, i), p = chance_on(of, b, i);
            mean += n / LEVELS;
            square += n * n / LEVELS;
            chance += p / LEVELS;
            chance_square += p * p / LEVELS;
        }
        events += mean * chance;
        buyers += mean;
        within += mean * (chance - chance_square);
        chance_squares += square * chance_square;
        chances += square * chance;
        squares += square;
    }
    of->truth = events / buyers;
    of->buyers = buyers / LEVELS;
    const double variance = (within + chance_squares - 2 * of->truth * chances + of->truth * of->truth * squares) / LEVELS;
    of->groups_a_day = (events / LEVELS) * (events / LEVELS) / variance;
}

static void populate(struct population *of, const struct made *made)
{
    of->of = *made;
    for (uint32_t i = 0; i < LEVELS; i++) of->z[i] = fl_normal_quantile((i + 0.5) / LEVELS);
    fill_gamma(of->busy, made->busyness_cv);
    fill_gamma(of->factor, made->days_cv);
    of->scale = made->share;
    sum_up(of);
    of->scale *= made->share / of->truth;
    sum_up(of);
}

static uint32_t pick(uint64_t *state)
{
    return (uint32_t)(fl_mix(++*state) % LEVELS);
}

static double uniform(uint64_t *state)
{
    return ((double)(fl_mix(++*state) >> 12) + 0.5) * 0x1p-52;
}

/* Of n buyers, to how many it happens; rare events by the gaps between them. */
static uint32_t binomial(uint32_t n, double p, uint64_t *state)
{
    uint32_t events = 0;
    if (p > 0.1) {
        for (uint32_t i = 0; i < n; i++) events += uniform(state) < p;
        return events;
    }
    const double log_no = fl_log1p(-p);
    for (double at = fl_log(uniform(state)) / log_no; at < n; at += 1 + floor(fl_log(uniform(state)) / log_no)) events++;
    return events;
}

/* ---- Runs -------------------------------------------------------------------------------------- */

/* Results over rows whose counts are written anew for every run. */
struct bench {
    struct fl_scenario *scenario;
    struct fl_results results;
    struct fl_row *rows[DAYS];
    void *memory, *totals;
};

static void bench_start(struct bench *bench)
{
    struct fl_errors errors = { 0 };
    struct fl_arena arena;
    struct fl_day day;
    *bench = (struct bench){ .memory = aligned_alloc(64, MEMORY) };
    cr_assert_eq(fl_scenario_read("test", plain, strlen(plain), NULL, 0, &bench->scenario, &errors), FL_OK, "%s", errors.list[0].text);
    fl_arena_start(&arena, bench->memory, MEMORY);
    cr_assert_eq(fl_day_create(&arena, bench->scenario, fl_scenario_agents_count(bench->scenario), FL_DAY_WHOLE, &day), FL_OK);
    for (uint32_t i = 0; i < DAYS; i++) {
        bench->rows[i] = aligned_alloc(8, fl_row_bytes(&day));
        fl_row_pack(bench->scenario, &day, i, bench->rows[i]);
    }
    bench->totals = calloc(1, fl_totals_bytes(bench->scenario));
    bench->results = (struct fl_results){ .scenario = bench->scenario, .rows = (const struct fl_row *const *)bench->rows };
    fl_totals_start(&bench->results.totals, bench->scenario, bench->totals);
}

static void bench_end(struct bench *bench)
{
    for (uint32_t i = 0; i < DAYS; i++) free(bench->rows[i]);
    free(bench->totals);
    free(bench->memory);
    fl_scenario_free(bench->scenario);
}

static void set_counts(struct bench *bench, uint32_t day, uint64_t events, uint64_t buyers)
{
    uint64_t *const count = (uint64_t *)(bench->rows[day] + 1); /* fl_row_count, to be written */
    uint64_t *const total = bench->results.totals.group[0].count;
    cr_assert_eq((const uint64_t *)count, fl_row_count(bench->rows[day], 0));
    count[FL_COUNT_chats_offered] = buyers;
    count[FL_COUNT_chats_abandoned] = events;
    total[FL_COUNT_chats_offered] += buyers;
    total[FL_COUNT_chats_abandoned] += events;
}

/* `others`: it happens to all but those whom it is drawn for. */
static void draw_run(struct bench *bench, const struct population *of, uint32_t days, bool others, uint64_t *state)
{
    memset(bench->results.totals.group[0].count, 0, sizeof bench->results.totals.group[0].count);
    bench->results.rows_count = bench->results.totals.days = days;
    for (uint32_t i = 0; i < days; i++) {
        const uint32_t busy = pick(state), z = pick(state), factor = pick(state);
        const uint32_t buyers = buyers_on(of, busy, z), events = binomial(buyers, chance_on(of, busy, factor), state);
        set_counts(bench, i, others ? buyers - events : events, buyers);
    }
}

struct coverage {
    uint32_t given, below, above; /* below, above: the truth lies there */
};

static void cover(struct coverage *seen, const struct fl_figure *figure, double truth)
{
    seen->given += figure->sure;
    seen->below += figure->sure && truth < figure->low * (1 - 1e-12);
    seen->above += figure->sure && truth > figure->high * (1 + 1e-12);
}

static double percent(const struct coverage *seen)
{
    return 100 - 100. * (seen->below + seen->above) / seen->given;
}

/* ---- Rates ------------------------------------------------------------------------------------- */

static const uint32_t days_of[] = { 10, 20, 30, 100 };
enum { DAYS_OF = sizeof days_of / sizeof *days_of };

/* The coverages of a table's cases. */
struct table {
    double sum;
    uint32_t cases;
};

static void expect_coverage(struct table *table, const struct coverage *seen, bool is_coarse, const char *what, const char *figure, double truth,
                            uint32_t days)
{
    const double got = percent(seen), error = 100 * sqrt(0.95 * 0.05 / RUNS);
    cr_expect(got >= 93 - error, "%s, %s %g, %u days: %.1f %% held, below %u, above %u", what, figure, truth, days, got, seen->below, seen->above);
    if (is_coarse) return;
    cr_expect(got <= 97 + error, "%s, %s %g, %u days: %.1f %% held, below %u, above %u", what, figure, truth, days, got, seen->below, seen->above);
    table->sum += got;
    table->cases++;
}

static void expect_average(const struct table *table, const char *what, const char *figures)
{
    const double average = table->sum / table->cases;
    cr_expect(94 <= average && average <= 97, "%s, %s: %.2f %% on average over %u cases", what, figures, average, table->cases);
}

static void expect_rates(double buyers, double busyness_cv, double days_cv, double strain, const char *what)
{
    static const double shares[] = { 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.5 };
    struct population *of = malloc(sizeof *of);
    struct bench bench;
    struct table rates = { 0 }, counts = { 0 };
    bench_start(&bench);
    for (size_t s = 0; s < sizeof shares / sizeof *shares; s++) {
        if (days_cv * shares[s] > 0.3) continue; /* a third of the days would be at 100 % */
        populate(of, &(struct made){ buyers, busyness_cv, shares[s], days_cv, strain });
        for (uint32_t d = 0; d < DAYS_OF; d++) {
            const bool others = (s + d) % 2 == 1 && shares[s] < 0.5; /* 0.1 % and 99.9 % alike */
            uint64_t state = (uint64_t)(s + 1) << 50 | (uint64_t)(d + 1) << 40;
            const double truth = others ? 1 - of->truth : of->truth;
            struct coverage rate = { 0 }, count = { 0 };
            for (uint32_t run = 0; run < RUNS; run++) {
                draw_run(&bench, of, days_of[d], others, &state);
                const struct fl_figure share = fl_figure_named(&bench.results, FL_SCOPE_DESK, 0, "abandonment");
                const struct fl_figure offered = fl_figure_named(&bench.results, FL_SCOPE_DESK, 0, "chats_offered");
                cr_assert(share.low >= 0 && share.low <= share.value && share.value <= share.high && share.high <= 1);
                cover(&rate, &share, truth);
                cover(&count, &offered, of->buyers);
            }
            expect_coverage(&rates, &rate, of->groups_a_day * days_of[d] < COARSE, what, "rate", truth, days_of[d]);
            expect_coverage(&counts, &count, false, what, "buyers", of->buyers, days_of[d]);
        }
    }
    expect_average(&rates, what, "rates");
    expect_average(&counts, what, "buyers");
    bench_end(&bench);
    free(of);
}

Test(coverage, rates_of_days_alike)
{
    expect_rates(150, 0, 0, 0, "days alike, 150 buyers");
    expect_rates(1500, 0, 0, 0, "days alike, 1500 buyers");
}

/* Busyness of 15 %, and what happens goes with its third power. */
Test(coverage, rates_of_busy_and_quiet_days)
{
    expect_rates(150, 0.15, 0, 3, "busyness, 150 buyers");
    expect_rates(1500, 0.15, 0, 3, "busyness, 1500 buyers");
}

/* As exponentially distributed: on two days in three hardly anything happens. */
Test(coverage, rates_of_events_that_cluster_by_day)
{
    expect_rates(150, 0.15, 1, 3, "clusters, 150 buyers");
    expect_rates(1500, 0.15, 1, 3, "clusters, 1500 buyers");
}

/* One day in ten brings more than half of it. */
Test(coverage, rates_of_events_of_a_few_bad_days)
{
    expect_rates(150, 0.15, 2, 0, "bad days, 150 buyers");
    expect_rates(1500, 0.15, 2, 0, "bad days, 1500 buyers");
}

/* ---- Means and percentiles --------------------------------------------------------------------- */

enum { VALUES = 1 << 12 };

/* Reply times at even quantiles of a lognormal distribution with a median of 20 s and sigma 1; on a day of level z each times
 * exp(spread z), and the buyers times exp(busyness z). */
struct replies {
    double values_s[VALUES], z[LEVELS], level[LEVELS], buyers[LEVELS];
};

static void reply(struct replies *of, double spread, double busyness, double buyers)
{
    for (uint32_t i = 0; i < VALUES; i++) of->values_s[i] = 20 * fl_exp(fl_normal_quantile((i + 0.5) / VALUES));
    for (uint32_t i = 0; i < LEVELS; i++) {
        of->z[i] = fl_normal_quantile((i + 0.5) / LEVELS);
        of->level[i] = fl_exp(spread * of->z[i]);
        of->buyers[i] = floor(buyers * fl_exp(busyness * of->z[i]));
    }
}

static double true_mean(const struct replies *of)
{
    double sum = 0, all = 0, each = 0;
    for (uint32_t i = 0; i < VALUES; i++) each += of->values_s[i] / VALUES;
    for (uint32_t i = 0; i < LEVELS; i++) {
        sum += of->buyers[i] * of->level[i] * each;
        all += of->buyers[i];
    }
    return sum / all;
}

static double share_within(const struct replies *of, double limit_s)
{
    double within = 0, all = 0;
    for (uint32_t i = 0; i < LEVELS; i++) {
        uint32_t low = 0, high = VALUES;
        while (low < high) {
            const uint32_t middle = (low + high) / 2;
            if (of->values_s[middle] * of->level[i] <= limit_s) low = middle + 1;
            else high = middle;
        }
        within += of->buyers[i] * low / VALUES;
        all += of->buyers[i];
    }
    return within / all;
}

static double true_percentile(const struct replies *of, double share)
{
    double low = 0, high = 1e5;
    for (int i = 0; i < 50; i++) {
        const double middle = (low + high) / 2;
        if (share_within(of, middle) < share) low = middle;
        else high = middle;
    }
    return high;
}

/* Days of replies, as rows and in the totals. */
static void draw_replies(struct bench *bench, const struct replies *of, uint32_t days, uint64_t *state)
{
    memset(bench->totals, 0, fl_totals_bytes(bench->scenario));
    bench->results.rows_count = days;
    bench->results.totals.days = 0;
    for (uint32_t i = 0; i < days; i++) {
        const uint32_t z = pick(state);
        struct fl_arena arena;
        struct fl_day day;
        fl_arena_start(&arena, bench->memory, MEMORY);
        cr_assert_eq(fl_day_create(&arena, bench->scenario, fl_scenario_agents_count(bench->scenario), FL_DAY_WHOLE, &day), FL_OK);
        for (uint32_t k = 0; k < of->buyers[z]; k++)
            fl_histogram_record(&day.group[0].head[FL_KIND_FIRST_SAME], &day.group_counts[FL_KIND_FIRST_SAME * FL_FINE_BUCKETS], FL_HISTOGRAM_FINE,
                                fl_time_from_s(of->level[z] * of->values_s[fl_mix(++*state) % VALUES]));
        fl_totals_add(&bench->results.totals, bench->scenario, &day);
        free(bench->rows[i]);
        bench->rows[i] = aligned_alloc(8, fl_row_bytes(&day));
        fl_row_pack(bench->scenario, &day, i, bench->rows[i]);
    }
}

/* P95 of ten days is not always given. */
static void expect_replies(double spread, double busyness, const char *what)
{
    static const char *const names[] = { "first_response_s.mean", "first_response_s.p50", "first_response_s.p90", "first_response_s.p95" };
    struct replies *of = malloc(sizeof *of);
    struct bench bench;
    struct table table = { 0 };
    bench_start(&bench);
    reply(of, spread, busyness, 100);
    const double truth[] = { true_mean(of), true_percentile(of, 0.5), true_percentile(of, 0.9), true_percentile(of, 0.95) };
    for (uint32_t d = 0; d < DAYS_OF; d++) {
        uint64_t state = (uint64_t)(d + 1) << 40;
        struct coverage seen[4] = { 0 };
        for (uint32_t run = 0; run < RUNS; run++) {
            draw_replies(&bench, of, days_of[d], &state);
            for (int k = 0; k < 4; k++) {
                const struct fl_figure figure = fl_figure_named(&bench.results, FL_SCOPE_DESK, 0, names[k]);
                cover(&seen[k], &figure, truth[k]);
            }
        }
        for (int k = 0; k < 4; k++) {
            const uint32_t least = days_of[d] > 10 ? RUNS : 9 * RUNS / 10;
            cr_expect_geq(seen[k].given, least, "%s, %s, %u days: given %u times", what, names[k], days_of[d], seen[k].given);
            expect_coverage(&table, &seen[k], false, what, names[k], truth[k], days_of[d]);
        }
    }
    expect_average(&table, what, "replies");
    bench_end(&bench);
    free(of);
}

Test(coverage, means_and_percentiles_of_days_alike)
{
    expect_replies(0, 0, "days alike");
}

/* Reply times 20 % up or down and buyers 15 %, together. */
Test(coverage, means_and_percentiles_of_busy_and_quiet_days)
{
    expect_replies(0.2, 0.15, "busyness");
}
