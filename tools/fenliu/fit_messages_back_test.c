/* The back-test of a message log: days that were held out against days simulated by what was fitted without them. */
#include "fit_messages.h"
#include "fit/counts_csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define REPLICATIONS 200u
#define TAIL 5u /* of 200 days so many lie beyond either end of the middle 95 % */

enum { FIGURES = 4 };
static const char *const names[FIGURES] = { "chats_offered", "first_response_s.mean", "response_s.mean", "reply_rate_3min" };

struct simulated {
    double value[FIGURES][REPLICATIONS]; /* sorted */
    uint32_t count[FIGURES];
    bool made;
};

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* The figures of a held-out date; NaN: nothing to reckon it from. */
static void figures_of(const struct fl_date_seen *date, double out[FIGURES])
{
    const uint32_t rounds = date->replies + date->given_up;
    out[0] = date->chats;
    out[1] = date->firsts > 0 ? date->first_s / date->firsts : NAN;
    out[2] = date->replies > 0 ? date->reply_s / date->replies : NAN;
    out[3] = rounds > 0 ? (double)date->in_time / rounds : NAN;
}

/* Days of one weekday by the fitted scenario, begun at that date's midnight. An exit code. */
static int simulate(const struct fit_options *options, struct fit_answer *answer, int64_t midnight_s, struct simulated *out)
{
    char date[32];
    fl_civil_format(midnight_s, date);
    if (strlen(date) == 10) strcat(date, "T00:00");
    cJSON *const start = cJSON_CreateString(date), *const before = cJSON_DetachItemFromObjectCaseSensitive(answer->fitted, "start");
    cJSON_AddItemToObject(answer->fitted, "start", start);
    char *const text = fit_scenario_text(options, answer, NULL);
    cJSON_DeleteItemFromObjectCaseSensitive(answer->fitted, "start");
    if (before != NULL) cJSON_AddItemToObject(answer->fitted, "start", before);
    struct fl_errors *const errors = calloc(1, sizeof *errors);
    struct fl_scenario *scenario = NULL;
    struct fl_run *run = NULL;
    const struct fl_run_options how = { .seed = 1, .replications = REPLICATIONS, .jobs = options->common->jobs, .stop = &interrupted };
    if (text == NULL || errors == NULL || fl_scenario_read("fitted", text, strlen(text), NULL, 0, &scenario, errors) != FL_OK) {
        free(text);
        free(errors);
        return EXIT_INTERNAL;
    }
    const enum fl_status status = fl_run(scenario, &how, &run);
    for (uint32_t i = 0; status == FL_OK && i < run->results.rows_count; i++) {
        for (uint32_t f = 0; f < FIGURES; f++) {
            const char *statistic;
            const struct fl_metric *const metric = fl_metric_find(names[f], &statistic);
            const struct fl_figure figure = fl_row_figure(scenario, run->results.rows[i], FL_NONE, metric, statistic);
            if (figure.known) out->value[f][out->count[f]++] = figure.value;
        }
    }
    for (uint32_t f = 0; f < FIGURES; f++) qsort(out->value[f], out->count[f], sizeof *out->value[f], compare_doubles);
    out->made = true;
    const bool partial = status == FL_OK && run->partial;
    if (status == FL_OK) fl_run_free(run);
    fl_scenario_free(scenario);
    free(text);
    free(errors);
    return status != FL_OK ? run_failed(status, "fit") : partial ? EXIT_INTERRUPTED : EXIT_DONE;
}

static bool compare(const struct simulated *simulated, uint32_t f, double seen, cJSON *day)
{
    if (isnan(seen) || simulated->count[f] < REPLICATIONS) return false;
    const double low = simulated->value[f][TAIL - 1], high = simulated->value[f][REPLICATIONS - TAIL];
    cJSON *const one = cJSON_AddObjectToObject(day, names[f]);
    cJSON_AddNumberToObject(one, "seen", seen);
    cJSON_AddNumberToObject(one, "low", low);
    cJSON_AddNumberToObject(one, "high", high);
    cJSON_AddBoolToObject(one, "inside", seen >= low && seen <= high);
    return true;
}

int fit_messages_back_test(const struct fit_options *options, const struct message_fit *fit, const struct fl_chats *held, struct fit_answer *answer)
{
    struct simulated *const weekday = calloc(7, sizeof *weekday);
    uint32_t n[FIGURES] = { 0 }, inside[FIGURES] = { 0 };
    int code = EXIT_DONE;
    if (weekday == NULL) return run_failed(FL_EFULL, "fit");
    cJSON *const json = cJSON_AddObjectToObject(answer->more, "back_test"), *const days = cJSON_AddArrayToObject(json, "days");
    cJSON_AddNumberToObject(json, "replications", REPLICATIONS);
    if (!fit->has_arrivals) fit_note(answer, NULL, 0, "no back-test: the log does not cover whole days", "不做回测:日志没有完整的一天");
    for (uint32_t d = 0; fit->has_arrivals && d < held->dates && code == EXIT_DONE; d++) {
        if (held->date[d].chats == 0) continue;
        const int64_t midnight_s = held->first_cell * FL_ARRIVAL_CELL_S + (int64_t)d * 86400;
        struct simulated *const simulated = &weekday[(midnight_s / 86400 + 3) % 7];
        if (!simulated->made) code = simulate(options, answer, midnight_s, simulated);
        if (code != EXIT_DONE) break;
        double seen[FIGURES];
        char date[32];
        cJSON *const day = cJSON_CreateObject();
        fl_civil_format(midnight_s, date);
        date[10] = '\0'; /* the day alone */
        cJSON_AddStringToObject(day, "date", date);
        figures_of(&held->date[d], seen);
        for (uint32_t f = 0; f < FIGURES; f++) {
            if (!compare(simulated, f, seen[f], day)) continue;
            n[f]++;
            inside[f] += cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(day, names[f]), "inside"));
        }
        cJSON_AddItemToArray(days, day);
    }
    for (uint32_t f = 0; f < FIGURES; f++) {
        if (n[f] == 0) continue;
        const double share = (double)inside[f] / n[f];
        struct fl_goodness goodness = { .value = share, .low = 0.9, .high = NAN, .p = NAN, .n = n[f], .good = share >= 0.9 };
        snprintf(goodness.name, sizeof goodness.name, "held_out_inside_95_%s", names[f]);
        fl_goodness_add(&answer->estimates, &goodness);
    }
    free(weekday);
    return code;
}
