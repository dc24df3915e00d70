/* The back-test: the fitted scenario's own arrivals, many days of them, against the part of the log that was held out. */
#include "fit.h"
#include "fit/counts_csv.h"

#include "core/arena.h"
#include "traffic/traffic.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S 86400
#define REPLICATIONS 400u
#define ARRIVALS_MOST 4e8 /* some 10 s */
#define REPLICATIONS_LEAST 80u
#define GRAINS 7u
#define PROMOTION_LEAST 1.5 /* ordinary days' chats, from which on a held-out day is no ordinary one */
#define BESIDE_LEAST 1.2    /* the same of its eve and its tail */

struct simulated {
    uint32_t replications, dates, per_day;
    uint32_t *count; /* [replication][date][cell] owned */
};

struct tally {
    uint32_t interval_s;
    uint64_t n, inside;
    double simulated_inside; /* sum of the simulated shares within the same bounds: counts are whole numbers, so it is 95 % or more */
};

/* ---- Simulating ------------------------------------------------------------------------------------ */

static bool plan_arrivals(const struct fl_scenario *scenario, struct fl_traffic_plan *plan, void **memory)
{
    for (size_t bytes = (size_t)4 << 20; bytes <= (size_t)1 << 30; bytes *= 4) {
        struct fl_arena arena;
        *memory = aligned_alloc(64, bytes);
        if (*memory == NULL) return false;
        fl_arena_start(&arena, *memory, bytes);
        if (fl_traffic_plan_build(&arena, scenario, plan) == FL_OK) return true;
        free(*memory);
        *memory = NULL;
    }
    return false;
}

static void count_replication(const struct fl_traffic_plan *plan, uint64_t seed, uint32_t replication, uint32_t interval_s, uint32_t *count)
{
    struct fl_traffic_day day;
    fl_traffic_day_begin(plan, seed, replication, &day);
    for (uint32_t s = 0; s < plan->streams_count; s++) {
        struct fl_stream stream;
        fl_stream_begin(plan, &day, s, &stream);
        for (fl_time at = fl_stream_next(plan, &day, &stream); at != FL_TIME_NEVER; at = fl_stream_next(plan, &day, &stream))
            count[at / ((fl_time)interval_s * FL_SECOND)]++;
    }
}

/* A week of dates, or fewer, from the scenario's start. An exit code. */
static int simulate(const struct fit_options *options, const struct fl_scenario *scenario, double chats, uint32_t dates, uint32_t interval_s,
                    struct simulated *out)
{
    struct fl_traffic_plan plan;
    struct progress progress;
    void *memory = NULL;
    const double many = chats * dates > 0 ? ARRIVALS_MOST / (chats * dates) : REPLICATIONS;
    *out = (struct simulated){ .dates = dates, .per_day = DAY_S / interval_s };
    out->replications = many >= REPLICATIONS ? REPLICATIONS : many > REPLICATIONS_LEAST ? (uint32_t)many / 40 * 40 : REPLICATIONS_LEAST;
    const size_t a_week = (size_t)dates * out->per_day;
    out->count = calloc(a_week * out->replications, sizeof *out->count);
    if (out->count == NULL || !plan_arrivals(scenario, &plan, &memory)) return run_failed(FL_EFULL, "fit");
    progress_start(&progress, options->common, "back-test");
    const uint64_t seed = options->common->has_seed ? options->common->seed : 1;
    for (uint32_t r = 0; r < out->replications && !interrupted; r++) {
        count_replication(&plan, seed, r, interval_s, &out->count[r * a_week]);
        progress_step(&progress, r + 1, out->replications);
    }
    progress_end(&progress);
    free(memory);
    return interrupted ? EXIT_INTERRUPTED : EXIT_DONE;
}

/* ---- Comparing ------------------------------------------------------------------------------------- */

static int compare_counts(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* The middle 95 % of what was simulated for cells [from, to) of a date: of 400 replications the 10th and the 391st. Returns which share of the
 * simulated ones it holds, bounds included. */
static double bounds_of(const struct simulated *s, uint32_t date, uint32_t from, uint32_t to, uint64_t room[], uint64_t *low, uint64_t *high)
{
    uint32_t inside = 0;
    for (uint32_t r = 0; r < s->replications; r++) {
        const uint32_t *const count = &s->count[((size_t)r * s->dates + date) * s->per_day];
        room[r] = 0;
        for (uint32_t c = from; c < to; c++) room[r] += count[c];
    }
    qsort(room, s->replications, sizeof *room, compare_counts);
    const uint32_t tail = s->replications / 40;
    *low = room[tail - 1];
    *high = room[s->replications - tail];
    for (uint32_t r = 0; r < s->replications; r++) inside += room[r] >= *low && room[r] <= *high;
    return (double)inside / s->replications;
}

/* Sum of known cells; false: some are missing, or nobody is expected. */
static bool seen_in(const struct fl_counts *counts, uint32_t day, uint32_t from, uint32_t to, uint64_t *sum)
{
    bool open = false;
    *sum = 0;
    for (uint32_t c = from; c < to; c++) {
        const size_t i = (size_t)day * counts->per_day + c;
        if (counts->state[i] == FL_COUNT_MISSING) return false;
        open |= counts->state[i] == FL_COUNT_KNOWN;
        *sum += counts->count[i];
    }
    return open;
}

static uint32_t settle_grains(uint32_t interval_s, struct tally tallies[GRAINS])
{
    static const uint32_t usual[] = { 900, 1800, 3600, 3 * 3600, DAY_S };
    uint32_t count = 0;
    tallies[count++] = (struct tally){ .interval_s = interval_s };
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (usual[i] > interval_s && usual[i] % interval_s == 0) tallies[count++] = (struct tally){ .interval_s = usual[i] };
    return count;
}

/* Chats of a day over those of an ordinary one of its weekday; 0: not seen as a whole, or not within the series. */
static double times_ordinary(const struct fl_counts *counts, const struct fl_arrivals *arrivals, uint32_t day)
{
    uint64_t seen;
    if (day >= counts->days || !seen_in(counts, day, 0, counts->per_day, &seen)) return 0;
    const double expected = arrivals->chats_per_day * arrivals->weekdays[fl_counts_weekday(counts, day)];
    return expected > 0 ? (double)seen / expected : 0;
}

/* Why a held-out day says nothing about the ordinary day; NULL: it does. */
static const char *why_not(const struct fit_options *options, const struct fl_counts *counts, const struct fl_arrivals *arrivals, uint32_t day)
{
    const uint32_t weekday = fl_counts_weekday(counts, day);
    uint64_t seen;
    char date[24];
    fl_civil_format(counts->first_s + (int64_t)day * DAY_S, date);
    for (uint32_t i = 0; i < options->promotions_count; i++)
        if (strcmp(options->promotions[i], date) == 0) return "promotion";
    if (!seen_in(counts, day, 0, counts->per_day, &seen)) return "not_whole";
    if (arrivals->weekdays[weekday] == 0) return "weekday_unknown";
    if (seen == 0) return "closed";
    const double times = times_ordinary(counts, arrivals, day);
    if (times > PROMOTION_LEAST) return "promotion";
    const bool beside = times_ordinary(counts, arrivals, day + 1) > PROMOTION_LEAST || times_ordinary(counts, arrivals, day - 1) > PROMOTION_LEAST;
    return beside && times > BESIDE_LEAST ? "beside_promotion" : NULL;
}

static void compare_day(const struct fl_counts *counts, const struct simulated *s, uint32_t day, uint32_t date, struct tally tallies[], uint32_t grains,
                        uint64_t room[], cJSON *json)
{
    uint64_t seen, low = 0, high = 0;
    for (uint32_t g = 0; g < grains; g++) {
        const uint32_t cells = tallies[g].interval_s / counts->interval_s;
        for (uint32_t c = 0; c < counts->per_day; c += cells) {
            if (!seen_in(counts, day, c, c + cells, &seen)) continue;
            tallies[g].simulated_inside += bounds_of(s, date, c, c + cells, room, &low, &high);
            tallies[g].n++;
            tallies[g].inside += seen >= low && seen <= high;
        }
    }
    (void)seen_in(counts, day, 0, counts->per_day, &seen);
    (void)bounds_of(s, date, 0, counts->per_day, room, &low, &high);
    cJSON_AddNumberToObject(json, "seen", (double)seen);
    cJSON_AddNumberToObject(json, "low", (double)low);
    cJSON_AddNumberToObject(json, "high", (double)high);
    cJSON_AddBoolToObject(json, "inside", seen >= low && seen <= high);
}

static void say_grain(struct fit_answer *answer, cJSON *json, const struct tally *tally)
{
    const double share = tally->n > 0 ? (double)tally->inside / (double)tally->n : NAN;
    struct fl_goodness goodness = { .value = share, .low = 0.90, .high = 0.97, .p = NAN, .n = tally->n, .good = share >= 0.90 };
    snprintf(goodness.name, sizeof goodness.name, "held_out_inside_95_%us", tally->interval_s);
    if (tally->n == 0) return;
    fl_goodness_add(&answer->estimates, &goodness);
    cJSON *const item = cJSON_CreateObject();
    cJSON_AddNumberToObject(item, "interval_s", tally->interval_s);
    cJSON_AddNumberToObject(item, "n", (double)tally->n);
    cJSON_AddNumberToObject(item, "inside", (double)tally->inside);
    cJSON_AddNumberToObject(item, "coverage", share);
    cJSON_AddNumberToObject(item, "expected_coverage", tally->simulated_inside / (double)tally->n);
    cJSON_AddItemToArray(json, item);
}

static int compare(const struct fit_options *options, const struct fl_counts *counts, const struct fl_arrivals *arrivals, const struct simulated *s,
                   struct fit_answer *answer)
{
    struct tally tallies[GRAINS];
    const uint32_t grains = settle_grains(counts->interval_s, tallies);
    uint64_t *const room = calloc(s->replications, sizeof *room);
    cJSON *const json = cJSON_AddObjectToObject(answer->more, "back_test");
    cJSON *const of_grains = cJSON_AddArrayToObject(json, "intervals"), *const of_days = cJSON_AddArrayToObject(json, "days");
    if (room == NULL || of_days == NULL || of_grains == NULL) {
        free(room);
        return run_failed(FL_EFULL, "fit");
    }
    cJSON_AddNumberToObject(json, "replications", s->replications);
    for (uint32_t day = arrivals->days; day < counts->days; day++) {
        char date[24];
        const char *const why = why_not(options, counts, arrivals, day);
        cJSON *const item = cJSON_CreateObject();
        fl_civil_format(counts->first_s + (int64_t)day * DAY_S, date);
        cJSON_AddStringToObject(item, "date", date);
        if (why != NULL) cJSON_AddStringToObject(item, "left_out", why);
        else compare_day(counts, s, day, (day - arrivals->days) % 7, tallies, grains, room, item);
        cJSON_AddItemToArray(of_days, item);
    }
    free(room);
    for (uint32_t g = 0; g < grains; g++) say_grain(answer, of_grains, &tallies[g]);
    return EXIT_DONE;
}

int fit_back_test(const struct fit_options *options, const struct fl_counts *counts, const struct fl_arrivals *arrivals, struct fit_answer *answer)
{
    const uint32_t held = counts->days - arrivals->days, dates = held < 7 ? held : 7;
    struct fl_scenario *const scenario = fit_scenario_of_arrivals(arrivals, counts->first_s + (int64_t)arrivals->days * DAY_S, dates);
    struct simulated simulated = { .count = NULL };
    if (scenario == NULL) return EXIT_INTERNAL;
    int code = simulate(options, scenario, arrivals->chats_per_day, dates, counts->interval_s, &simulated);
    if (code == EXIT_DONE) code = compare(options, counts, arrivals, &simulated, answer);
    free(simulated.count);
    fl_scenario_free(scenario);
    return code;
}
