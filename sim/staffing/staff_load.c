/* The work that arrives: chats of each intent as people busy composing, by the modified offered load. */
#include "staffing/staff.h"

#include "routing/engine.h"
#include "staffing/offered_load.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Mean composing time of one reply of an intent at speed 1, and of a whole chat. */
static double reply_mean_s(const struct fl_scenario *scenario, const struct fl_intent *intent)
{
    const struct fl_reply_def *reply = &intent->reply;
    double effort = 0;
    for (uint32_t c = 0; c < scenario->buyers.classes_count; c++)
        effort += scenario->buyers.classes[c].share * scenario->buyers.classes[c].effort_scale;
    if (reply->has_total) return fl_distribution_mean(&reply->total) * effort;
    const double cpm = isnan(scenario->desk.agents[0].typing_cpm) ? 60 : scenario->desk.agents[0].typing_cpm;
    const double typed = fl_distribution_mean(&reply->chars) * 60 / cpm;
    return (fl_distribution_mean(&reply->read) + fl_distribution_mean(&reply->think) +
            reply->needs_tool * fl_distribution_mean(&reply->tool) + (1 - reply->quick_phrase) * typed +
            reply->quick_phrase * fl_time_to_s(reply->quick_phrase_time)) * effort;
}

static double think_mean_s(const struct fl_scenario *scenario, const struct fl_intent *intent)
{
    return fl_distribution_mean(intent->has_think_time ? &intent->think_time : &scenario->buyers.think_time);
}

static double rounds_mean(const struct fl_scenario *scenario, const struct fl_intent *intent)
{
    double scale = 0;
    for (uint32_t c = 0; c < scenario->buyers.classes_count; c++)
        scale += scenario->buyers.classes[c].share * scenario->buyers.classes[c].rounds_scale;
    const double mean = fl_distribution_mean(&intent->rounds) * scale;
    return mean > 1 ? mean : 1;
}

static uint32_t group_of(const struct fl_scenario *scenario, uint32_t intent)
{
    const struct fl_chat_view seen = { .intent = (uint8_t)intent, .to_group = FL_NONE, .entry_point = 255, .device = 255,
                                       .order_status = (uint8_t)(scenario->buyers.intents[intent].order_status & 255) };
    return scenario->desk.groups_count == 1 ? 0 : fl_engine_match_group(scenario, &seen);
}

/* Chats of an intent per second over the cells of a grid: its share of its phase's rate, pushes and recorded buyers included. */
static void intent_rates(const struct fl_traffic_plan *plan, uint32_t i, fl_time cell, uint32_t cells, double rate[])
{
    const struct fl_scenario *scenario = plan->scenario;
    const struct fl_intent *intent = &scenario->buyers.intents[i];
    double phase_share = 0;
    for (uint32_t k = 0; k < scenario->buyers.intents_count; k++)
        if (scenario->buyers.intents[k].phase == intent->phase) phase_share += scenario->buyers.intents[k].share;
    const double share = phase_share > 0 ? intent->share / phase_share : 0;
    for (uint32_t c = 0; c < cells; c++) {
        const fl_time from = c * cell, to = from + cell < scenario->duration ? from + cell : scenario->duration;
        rate[c] = 0;
        if (to <= from) continue; /* the last interval may be shorter: nobody writes after the end */
        double chats = fl_traffic_recorded(scenario, i, from, to);
        for (uint32_t s = 0; s < plan->stretches_count; s++) { /* exact on linear stretches: the rate at the middle of the overlap */
            const struct fl_stretch *stretch = &plan->stretches[s];
            const double a = fmax(stretch->from_s, fl_time_to_s(from)), b = fmin(stretch->to_s, fl_time_to_s(to));
            if (!(b > a)) continue;
            const double *ends = &plan->rate[((size_t)s * FL_PHASES + intent->phase) * plan->parts_count * 2];
            const double middle = ((a + b) / 2 - stretch->from_s) / (stretch->to_s - stretch->from_s);
            for (uint32_t p = 0; p < plan->parts_count; p++) chats += share * (ends[2 * p] + middle * (ends[2 * p + 1] - ends[2 * p])) * (b - a);
        }
        for (uint32_t p = 0; p < scenario->traffic.pushes_count; p++) {
            const struct fl_push *push = &scenario->traffic.pushes[p];
            const fl_time spread = push->spread > FL_SECOND ? push->spread : FL_SECOND;
            const fl_time a = push->at > from ? push->at : from, b = push->at + spread < to ? push->at + spread : to;
            const double own = push->intent == FL_NONE ? intent->share : push->intent == i ? 1 : 0;
            if (b > a) chats += push->buyers * own * (double)(b - a) / (double)spread;
        }
        rate[c] = chats / fl_time_to_s(to - from);
    }
}

/* Nobody has to be there when the shop is closed; what is written then is worked off when it opens. */
static bool is_open(const struct fl_scenario *scenario, uint32_t interval)
{
    const fl_time middle = (fl_time)interval * scenario->interval + scenario->interval / 2;
    return !scenario->desk.has_open || fl_window_holds(&scenario->desk.open, fl_time_of_day(scenario, middle));
}

enum fl_status fl_staff_load(const struct fl_scenario *scenario, const struct fl_traffic_plan *plan, double load[])
{
    const uint32_t groups = scenario->desk.groups_count, intervals = scenario->intervals_count;
    const uint32_t each = (uint32_t)(scenario->interval / (scenario->interval > FL_MINUTE ? FL_MINUTE : scenario->interval));
    const fl_time cell = scenario->interval / each;
    const uint32_t cells = intervals * each;
    double *rate = malloc(cells * sizeof *rate), *busy = malloc((cells + 1) * sizeof *busy), *peak = malloc(intervals * sizeof *peak);
    if (rate == NULL || busy == NULL || peak == NULL) {
        free(rate), free(busy), free(peak);
        return FL_EFULL;
    }
    memset(load, 0, (size_t)intervals * groups * sizeof *load);
    for (uint32_t i = 0; i < scenario->buyers.intents_count; i++) {
        const struct fl_intent *intent = &scenario->buyers.intents[i];
        const double rounds = rounds_mean(scenario, intent), reply = reply_mean_s(scenario, intent);
        const double chat_s = rounds * reply + (rounds - 1) * think_mean_s(scenario, intent);
        const uint32_t g = group_of(scenario, i);
        if (!(chat_s > 0) || !(intent->share > 0)) continue;
        intent_rates(plan, i, cell, cells, rate);
        const struct fl_load_grid grid = { cells, fl_time_to_s(cell), rate, rate, scenario->warmup > 0 ? rate[0] : 0 };
        fl_offered_load_exponential(&grid, 1 / chat_s, busy); /* chats open, were there no limit */
        fl_load_peaks(busy, cells, each, peak);
        for (uint32_t k = 0; k < intervals; k++)
            if (is_open(scenario, k)) load[(size_t)k * groups + g] += peak[k] * rounds * reply / chat_s;
    }
    free(rate), free(busy), free(peak);
    return FL_OK;
}
