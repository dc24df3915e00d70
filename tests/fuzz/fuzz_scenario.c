/* Fuzz target: any bytes are a scenario or are refused with their faults, and what is read holds what its header says.
 *
 * Input: the file's text, then, each behind a NUL, the path and the value of one override.
 * Run: fuzz_scenario -dict=tests/fuzz/scenario.dict -max_total_time=60 CORPUS tests/fuzz/scenario_corpus */
#include "scenario/reader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fl_errors errors;

static void check_faults(const char *text, size_t bytes)
{
    uint32_t lines = 1;
    char line[1024];
    for (size_t i = 0; i < bytes; i++) lines += text[i] == '\n';
    FL_ASSERT(errors.count >= 1 && errors.count <= FL_ERRORS_MAX);
    FL_ASSERT(errors.more == 0 || errors.count == FL_ERRORS_MAX);
    for (uint32_t i = 0; i < errors.count; i++) {
        const struct fl_error *const error = &errors.list[i];
        FL_ASSERT(error->status != FL_OK && error->text[0] != '\0');
        FL_ASSERT(error->line <= lines && (error->line == 0) == (error->column == 0));
        FL_ASSERT(i == 0 || error->line > errors.list[i - 1].line ||
                  (error->line == errors.list[i - 1].line && error->column >= errors.list[i - 1].column));
        const int n = fl_error_format(error, "file", line, sizeof line);
        FL_ASSERT(n > 0 && (size_t)n < sizeof line && strchr(line, '\n') == NULL);
    }
}

static void check_distribution(const struct fl_distribution *d)
{
    FL_ASSERT(isfinite(fl_distribution_mean(d)) && fl_distribution_mean(d) >= 0);
    const double value = fl_distribution_value(d, UINT64_C(0x9E3779B97F4A7C15));
    FL_ASSERT(value >= 0);
}

static void check_scenario(const struct fl_scenario *s)
{
    double shares = 0;
    FL_ASSERT(s->duration > 0 && s->interval > 0 && s->warmup >= 0 && s->warmup < s->duration);
    FL_ASSERT(s->intervals_count >= 1 && s->intervals_count <= FL_INTERVALS_MAX);
    FL_ASSERT((fl_time)s->intervals_count * s->interval >= s->duration);
    FL_ASSERT(s->name != NULL && s->about != NULL && s->file != NULL && s->platform.name != NULL);
    FL_ASSERT(fl_scenario_agents_count(s) >= 1 && fl_scenario_agents_count(s) <= FL_AGENTS_MAX);
    FL_ASSERT(s->buyers.classes_count >= 1 && s->buyers.intents_count >= 1 && s->desk.groups_count >= 1);
    for (uint32_t i = 0; i < s->buyers.intents_count; i++) {
        const struct fl_intent *const intent = &s->buyers.intents[i];
        shares += intent->share;
        check_distribution(&intent->rounds);
        check_distribution(&intent->reply.total);
        check_distribution(&intent->reply.chars);
        FL_ASSERT(intent->transfer_to == FL_NONE || intent->transfer_to < s->desk.groups_count);
        FL_ASSERT(intent->order_status == FL_NONE || intent->order_status < s->buyers.order_statuses_count);
    }
    FL_ASSERT(fabs(shares - 1) < 1e-9);
    check_distribution(&s->buyers.think_time);
    check_distribution(&s->buyers.patience.first);
    uint32_t mains = 0;
    for (uint32_t i = 0; i < s->desk.agents_count; i++) {
        const struct fl_agent_def *const agent = &s->desk.agents[i];
        FL_ASSERT(agent->weight >= 1 && agent->weight <= 1000 && agent->typing_cpm >= 1 && agent->groups != 0);
        FL_ASSERT(agent->grade == FL_NONE || agent->grade < s->desk.grades_count);
        FL_ASSERT(agent->shift == FL_NONE || agent->shift < s->desk.shifts_count);
        mains += agent->main_account ? 1 : 0;
    }
    FL_ASSERT(mains == 1);
    for (uint32_t i = 0; i < s->traffic.promotions_count; i++)
        FL_ASSERT(s->traffic.promotions[i].opens_at < s->traffic.promotions[i].closes_at);
    for (uint32_t i = 1; i < s->traffic.points_count; i++)
        FL_ASSERT(s->traffic.points[i - 1].at <= s->traffic.points[i].at);
    for (uint32_t i = 0; i < s->objectives_count; i++) FL_ASSERT(isfinite(s->objectives[i].bound));
    for (int64_t hour = -30; hour < 30; hour++) {
        const fl_time at = fl_time_of_day(s, hour * FL_HOUR);
        FL_ASSERT(at >= 0 && at < FL_DAY);
    }
}

/* Written out and read again, it is the same scenario. */
static void check_again(const struct fl_scenario *first, const char *text, size_t bytes,
                        const struct fl_override *override, uint32_t count)
{
    struct fl_scenario *second = NULL;
    char *const again = fl_scenario_text(text, bytes, override, count);
    FL_ASSERT(again != NULL);
    const enum fl_status status = fl_scenario_read("again", again, strlen(again), NULL, 0, &second, &errors);
    FL_ASSERT(status == FL_OK);
    FL_ASSERT(second->hash == first->hash && second->duration == first->duration);
    fl_scenario_free(second);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* A text of exactly its size, so that reading one byte more is seen. */
    const uint8_t *const end = size == 0 ? NULL : memchr(data, '\0', size);
    const size_t bytes = end == NULL ? size : (size_t)(end - data), left = end == NULL ? 0 : size - bytes - 1;
    char *const text = malloc(bytes + (bytes == 0)), *const rest = calloc(1, left + 2);
    if (text == NULL || rest == NULL) abort();
    if (bytes > 0) memcpy(text, data, bytes);
    if (left > 0) memcpy(rest, end + 1, left);
    const struct fl_override override = { rest, rest + strlen(rest) + 1 };
    const uint32_t count = left > 0 ? 1 : 0;
    struct fl_scenario *scenario = NULL;

    if (fl_scenario_read("file", text, bytes, &override, count, &scenario, &errors) == FL_OK) {
        check_scenario(scenario);
        check_again(scenario, text, bytes, &override, count);
        fl_scenario_free(scenario);
    } else {
        FL_ASSERT(scenario == NULL);
        check_faults(text, bytes);
    }
    free(rest);
    free(text);
    return 0;
}
