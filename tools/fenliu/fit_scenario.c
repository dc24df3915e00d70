/* The fitted scenario: what was fitted, laid over a base, or over the least that a scenario must have. */
#include "fit.h"
#include "log.h"

#include <errno.h>
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

/* Whether the reader takes it; what it says is our fault, not the reader's of the log. */
static bool is_valid(const char *text)
{
    struct fl_errors *const errors = calloc(1, sizeof *errors);
    struct fl_scenario *scenario = NULL;
    const bool valid = errors != NULL && fl_scenario_read("fitted", text, strlen(text), NULL, 0, &scenario, errors) == FL_OK;
    for (uint32_t i = 0; !valid && errors != NULL && i < errors->count; i++) {
        char line[1024];
        fl_error_format(&errors->list[i], "the fitted scenario", line, sizeof line);
        fprintf(stderr, "fenliu fit: %s\n", line);
    }
    if (valid) fl_scenario_free(scenario);
    free(errors);
    return valid;
}

char *fit_scenario_text(const struct fit_options *options, const struct fit_answer *answer, char from_base[256])
{
    cJSON *const json = base_json(options);
    if (json == NULL) return NULL;
    if (from_base != NULL) note_base_keys(json, answer->fitted, from_base);
    char *text = lay_over(json, answer->fitted) ? cJSON_Print(json) : NULL;
    cJSON_Delete(json);
    if (text == NULL) {
        run_failed(FL_EFULL, "fit");
    } else if (!is_valid(text)) {
        free(text);
        text = NULL;
    }
    return text;
}

int fit_scenario_write(const struct fit_options *options, const struct fit_answer *answer)
{
    char *const text = fit_scenario_text(options, answer, NULL);
    if (text == NULL) return options->base != NULL ? EXIT_USAGE : EXIT_INTERNAL;
    struct sink sink;
    const bool written = sink_open(&sink, "fit", options->common->out, false) && sink_put(&sink, text, strlen(text)) && sink_put(&sink, "\n", 1);
    free(text);
    return sink_close(&sink, written);
}
