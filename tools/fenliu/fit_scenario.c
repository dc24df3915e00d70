/* The fitted scenario: what was fitted, laid over a base, or over the least that a scenario must have. */
#include "fit.h"
#include "fit/counts_csv.h"
#include "log.h"

#include "core/real.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char least_scenario[] =
    "{\"fenliu\":1,\"name\":\"fitted\",\"traffic\":{},\"buyers\":{\"intents\":[{\"name\":\"chat\",\"phase\":\"pre_sale\",\"share\":1}]},"
    "\"desk\":{\"agents\":[{\"name\":\"agent\",\"count\":1}]}}";

/* Objects are merged, key by key; anything else of `over` takes the place of what was there. false: no memory. */
static bool lay_over(cJSON *base, const cJSON *over)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, over)
    {
        cJSON *const there = cJSON_GetObjectItemCaseSensitive(base, item->string);
        if (cJSON_IsObject(there) && cJSON_IsObject(item)) {
            if (!lay_over(there, item)) return false;
            continue;
        }
        cJSON *const copy = cJSON_Duplicate(item, true);
        if (copy == NULL) return false;
        if (there != NULL ? !cJSON_ReplaceItemInObjectCaseSensitive(base, item->string, copy) : !cJSON_AddItemToObject(base, item->string, copy)) {
            cJSON_Delete(copy);
            return false;
        }
    }
    return true;
}

/* ---- Arrivals -------------------------------------------------------------------------------------- */

/* Six digits: what was fitted is known to three at best, and files stay readable. */
static double rounded(double value)
{
    char text[40];
    snprintf(text, sizeof text, "%.6g", value);
    return strtod(text, NULL);
}

static bool add_number(cJSON *to, const char *key, double value)
{
    return cJSON_AddNumberToObject(to, key, rounded(value)) != NULL;
}

static bool add_numbers(cJSON *to, const char *key, const double values[], uint32_t count)
{
    cJSON *const array = to != NULL ? cJSON_AddArrayToObject(to, key) : NULL;
    bool good = array != NULL;
    for (uint32_t i = 0; good && i < count; i++) {
        cJSON *const number = cJSON_CreateNumber(rounded(values[i]));
        good = number != NULL && cJSON_AddItemToArray(array, number);
    }
    return good;
}

static bool add_steps(cJSON *shape, const double steps[], uint32_t count)
{
    return add_numbers(shape, count == 24 ? "hourly" : "steps", steps, count);
}

static bool add_weekday_profiles(cJSON *traffic, const struct fl_arrivals *arrivals)
{
    cJSON *const all = cJSON_AddArrayToObject(traffic, "weekday_profiles");
    bool good = all != NULL;
    for (uint32_t w = 0; good && w < 7; w++) {
        const bool own = arrivals->weekday_days[w] > 0;
        cJSON *const shape = own ? cJSON_CreateObject() : cJSON_CreateNull();
        good = shape != NULL && cJSON_AddItemToArray(all, shape);
        if (good && own) good = add_steps(shape, &arrivals->weekday_steps[(size_t)w * arrivals->steps_count], arrivals->steps_count);
    }
    return good;
}

/* A day to come is off by its own busyness and by how far its mean is known: both are in what the scenario is given, which is therefore
 * somewhat more than what was estimated. */
static bool add_busyness(cJSON *traffic, const struct fl_arrivals *arrivals)
{
    const double sigma = arrivals->caution * sqrt(arrivals->day_sigma * arrivals->day_sigma + arrivals->level_error * arrivals->level_error);
    const double of_interval = arrivals->caution * arrivals->interval_sigma;
    if (!arrivals->busyness_known || (sigma < 1e-6 && of_interval < 1e-6)) return true;
    cJSON *const busyness = cJSON_AddObjectToObject(traffic, "busyness");
    cJSON *const day = sigma >= 1e-6 ? cJSON_AddObjectToObject(busyness, "day") : NULL;
    cJSON *const interval = of_interval >= 1e-6 ? cJSON_AddObjectToObject(busyness, "interval") : NULL;
    bool good = busyness != NULL;
    if (sigma >= 1e-6) good &= day != NULL && add_number(day, "lognormal_sigma", fmin(sigma, 3));
    if (of_interval < 1e-6) return good;
    if (!arrivals->correlated)
        return good && interval != NULL && add_number(interval, "gamma_cv", fmin(sqrt(fl_expm1(of_interval * of_interval)), 5));
    return good && interval != NULL && add_number(interval, "lognormal_sigma", fmin(of_interval, 3)) &&
           add_number(interval, "correlation", fmin(arrivals->correlation, 0.999));
}

static bool add_promotion(cJSON *promotions, const struct fl_fit_promotion *promotion)
{
    double excess[24], sum = 0;
    char date[24], instant[40];
    for (int h = 0; h < 24; h++) sum += excess[h] = fmax(0, promotion->seen[h] - promotion->expected[h]);
    if (!(sum > 0) || !(promotion->multiplier > 1)) return true; /* told, but there was none */
    for (int h = 0; h < 24; h++) excess[h] *= 24 / sum;
    fl_civil_format(promotion->opens_s, date);
    snprintf(instant, sizeof instant, "%sT00:00", date);
    cJSON *const item = cJSON_CreateObject();
    if (item == NULL || !cJSON_AddItemToArray(promotions, item)) {
        cJSON_Delete(item);
        return false;
    }
    return cJSON_AddStringToObject(item, "name", date) != NULL && cJSON_AddStringToObject(item, "opens_at", instant) != NULL &&
           add_number(item, "multiplier", promotion->multiplier) && cJSON_AddStringToObject(item, "shape", "hourly") != NULL &&
           add_numbers(item, "hourly", excess, 24);
}

bool fit_start(cJSON *fitted, int64_t start_s)
{
    char date[24], instant[40];
    fl_civil_format(start_s, date);
    snprintf(instant, sizeof instant, "%sT00:00", date);
    return cJSON_AddStringToObject(fitted, "start", instant) != NULL;
}

/* The interval of busyness is that of the scenario. */
static bool add_interval(cJSON *fitted, const struct fl_arrivals *arrivals)
{
    char interval[24];
    if (!arrivals->busyness_known || arrivals->interval_sigma < 1e-6) return true;
    snprintf(interval, sizeof interval, "%um", arrivals->busyness_interval_s / 60);
    return cJSON_AddStringToObject(fitted, "interval", interval) != NULL;
}

bool fit_arrivals_to_scenario(const struct fl_arrivals *arrivals, cJSON *fitted)
{
    cJSON *traffic = cJSON_GetObjectItemCaseSensitive(fitted, "traffic");
    if (traffic == NULL) traffic = cJSON_AddObjectToObject(fitted, "traffic");
    if (traffic == NULL || !add_number(traffic, "chats_per_day", arrivals->chats_per_day)) return false;
    cJSON *const profile = cJSON_AddObjectToObject(traffic, "profile");
    bool good = profile != NULL && add_steps(profile, arrivals->steps, arrivals->steps_count);
    if (arrivals->weekdays_differ) good &= add_numbers(traffic, "weekdays", arrivals->weekdays, 7);
    if (arrivals->profiles_differ) good &= add_weekday_profiles(traffic, arrivals);
    good &= add_busyness(traffic, arrivals) && add_interval(fitted, arrivals);
    if (arrivals->promotions_count > 0) {
        cJSON *const promotions = cJSON_AddArrayToObject(traffic, "promotions");
        for (uint32_t i = 0; promotions != NULL && i < arrivals->promotions_count; i++) good &= add_promotion(promotions, &arrivals->promotions[i]);
        good &= promotions != NULL;
    }
    return good;
}

/* ---- The whole scenario ----------------------------------------------------------------------------- */

/* The base as JSON; NULL after saying why. It is read as a scenario first, so that its faults are told with their place. */
static cJSON *base_json(const struct fit_options *options)
{
    if (options->base == NULL) return cJSON_Parse(least_scenario);
    char *text = NULL;
    struct fl_scenario *const scenario = scenario_read(options->common, options->base, &text);
    cJSON *const json = text != NULL ? cJSON_Parse(text) : NULL;
    if (scenario != NULL && json == NULL) run_failed(FL_EFULL, "fit");
    fl_scenario_free(scenario);
    free(text);
    return json;
}

static void note_base_keys(const cJSON *base, const cJSON *fitted, char out[256])
{
    size_t used = 0;
    const cJSON *item;
    out[0] = '\0';
    cJSON_ArrayForEach(item, base)
    {
        const bool value = cJSON_IsObject(item) || cJSON_IsArray(item);
        if (!value || cJSON_GetObjectItemCaseSensitive(fitted, item->string) != NULL) continue;
        const int n = snprintf(out + used, 256 - used, "%s%s", used > 0 ? " " : "", item->string);
        if (n < 0 || (size_t)n >= 256 - used) break;
        used += (size_t)n;
    }
    out[used] = '\0';
}

/* What the reader makes of it; what it says is a fault of ours, or of a base that does not go with the log. */
static struct fl_scenario *read_back(const char *text)
{
    struct fl_errors *const errors = calloc(1, sizeof *errors);
    struct fl_scenario *scenario = NULL;
    const bool valid = errors != NULL && fl_scenario_read("fitted", text, strlen(text), NULL, 0, &scenario, errors) == FL_OK;
    for (uint32_t i = 0; !valid && errors != NULL && i < errors->count; i++) {
        char line[1024];
        fl_error_format(&errors->list[i], "the fitted scenario", line, sizeof line);
        fprintf(stderr, "fenliu fit: %s\n", line);
    }
    if (errors == NULL) run_failed(FL_EFULL, "fit");
    free(errors);
    return valid ? scenario : NULL;
}

/* The fitted traffic stands alone, and its date goes with the base's time of day. */
static bool prepare_base(cJSON *base, const cJSON *fitted)
{
    const cJSON *const traffic = cJSON_GetObjectItemCaseSensitive(fitted, "traffic");
    const cJSON *const date = cJSON_GetObjectItemCaseSensitive(fitted, "start"), *const start = cJSON_GetObjectItemCaseSensitive(base, "start");
    char instant[40];
    if (cJSON_GetObjectItemCaseSensitive(traffic, "chats_per_day") != NULL) cJSON_DeleteItemFromObjectCaseSensitive(base, "traffic");
    if (!cJSON_IsString(date) || !cJSON_IsString(start) || strlen(start->valuestring) < 16) return true;
    snprintf(instant, sizeof instant, "%.10s%s", date->valuestring, start->valuestring + 10);
    cJSON *const merged = cJSON_CreateString(instant);
    return merged != NULL && cJSON_ReplaceItemInObjectCaseSensitive((cJSON *)fitted, "start", merged);
}

char *fit_scenario_text(const struct fit_options *options, const struct fit_answer *answer, char from_base[256])
{
    cJSON *const json = base_json(options);
    if (json == NULL) return NULL;
    if (from_base != NULL) note_base_keys(json, answer->fitted, from_base);
    char *text = prepare_base(json, answer->fitted) && lay_over(json, answer->fitted) ? cJSON_Print(json) : NULL;
    cJSON_Delete(json);
    if (text == NULL) run_failed(FL_EFULL, "fit");
    struct fl_scenario *const scenario = text != NULL ? read_back(text) : NULL;
    if (scenario == NULL) {
        free(text);
        return NULL;
    }
    fl_scenario_free(scenario);
    return text;
}

struct fl_scenario *fit_scenario_of_arrivals(const struct fl_arrivals *arrivals, int64_t start_s, uint32_t dates)
{
    cJSON *const json = cJSON_Parse(least_scenario), *const fitted = cJSON_CreateObject();
    struct fl_scenario *scenario = NULL;
    char duration[24];
    snprintf(duration, sizeof duration, "%uh", dates * 24);
    bool good = json != NULL && fitted != NULL && fit_arrivals_to_scenario(arrivals, fitted);
    good = good && fit_start(fitted, start_s) && cJSON_AddStringToObject(fitted, "duration", duration) != NULL && lay_over(json, fitted);
    char *const text = good ? cJSON_PrintUnformatted(json) : NULL;
    if (text == NULL) run_failed(FL_EFULL, "fit");
    else scenario = read_back(text);
    free(text);
    cJSON_Delete(json);
    cJSON_Delete(fitted);
    return scenario;
}

/* What of a scenario the log did not give. */
static void note_base(const struct fit_options *options, struct fit_answer *answer, const char *from_base)
{
    if (options->base == NULL && strcmp(answer->kind, "counts") == 0)
        fit_note(answer, NULL, 0, "buyers and desk are not in counts and were left neutral; --base SCENARIO gives them", "来量里没有买家和客服,留为中性;可用 --base SCENARIO 给出");
    if (from_base[0] == '\0') return;
    fit_note(answer, NULL, 0, "from %s: %s", "取自 %s:%s", options->base, from_base);
    cJSON *const list = cJSON_AddArrayToObject(answer->more, "from_base");
    for (const char *at = from_base; list != NULL && *at != '\0';) {
        char key[64];
        const size_t length = strcspn(at, " ");
        snprintf(key, sizeof key, "%.*s", (int)length, at);
        cJSON_AddItemToArray(list, cJSON_CreateString(key));
        at += length + (at[length] == ' ');
    }
}

int fit_scenario_write(const struct fit_options *options, struct fit_answer *answer)
{
    char from_base[256] = "";
    char *const text = fit_scenario_text(options, answer, options->base != NULL ? from_base : NULL);
    note_base(options, answer, from_base);
    if (text == NULL) return options->base != NULL ? EXIT_USAGE : EXIT_INTERNAL;
    struct sink sink;
    const bool written = sink_open(&sink, "fit", options->common->out, false) && sink_put(&sink, text, strlen(text)) && sink_put(&sink, "\n", 1);
    free(text);
    return sink_close(&sink, written);
}
