/* A recording becomes the traffic of its scenario. */
#include "scenario/reader.h"

#include "core/draw.h"


/* The last instant on the recording's clock, at or before its first buyer, that has the scenario's time of day. */
static fl_time same_clock(const struct fl_scenario *scenario, const struct fl_recording *recording)
{
    const fl_time first = recording->chats_count > 0 ? recording->chats[0].at : 0;
    const fl_time ahead = (scenario->start_s - recording->origin_s) % 86400 * FL_SECOND; /* of the recording's origin, within a day */
    const fl_time days = (first - ahead) >= 0 ? (first - ahead) / FL_DAY : -((ahead - first + FL_DAY - 1) / FL_DAY);
    return ahead + days * FL_DAY;
}

static bool anybody_leaves_silently(const struct fl_recording *recording)
{
    for (uint32_t i = 0; i < recording->rounds_count; i++)
        if (recording->rounds[i].end == FL_RECORDED_LEFT_SILENT) return true;
    return false;
}

static uint64_t with(uint64_t hash, uint64_t value)
{
    return fl_mix(hash + value * UINT64_C(0x9E3779B97F4A7C15));
}

/* The recorded buyers are part of what the scenario is. */
static uint64_t with_recording(uint64_t hash, const struct fl_recording *recording)
{
    for (uint32_t i = 0; i < recording->chats_count; i++) {
        const struct fl_recorded_chat *chat = &recording->chats[i];
        hash = with(with(with(hash, (uint64_t)chat->at), chat->rounds_from), chat->intent | chat->buyer_class << 8 | (unsigned)chat->open_ended << 16);
    }
    for (uint32_t i = 0; i < recording->rounds_count; i++) {
        const struct fl_recorded_round *round = &recording->rounds[i];
        hash = with(with(with(hash, (uint64_t)round->think), (uint64_t)round->waited), (uint64_t)round->chars << 32 | round->end);
    }
    for (uint32_t i = 0; i < recording->gaps_count; i++) hash = with(hash, (uint64_t)recording->gaps[i]);
    return with(hash, (uint64_t)recording->origin_s);
}

enum fl_status fl_scenario_attach(struct fl_scenario *scenario, struct fl_recording *recording)
{
    struct fl_traffic *const traffic = &scenario->traffic;
    struct fl_traffic_replay *const replay = &traffic->replay;
    const bool finds_out = scenario->desk.close_silence != FL_TIME_NEVER || scenario->buyers.patience.has_finds_out;
    replay->recording = recording;
    replay->begins = replay->has_from ? (scenario->start_s - recording->origin_s) * FL_SECOND + replay->from : same_clock(scenario, recording);
    if (traffic->scale > FL_REPLAY_SCALE_MAX) return FL_ERANGE;
    if (!finds_out && anybody_leaves_silently(recording)) return FL_ECONFLICT;
    const uint32_t first = fl_recording_find(recording, replay->begins);
    if (first == fl_recording_find(recording, replay->begins + scenario->duration)) return FL_EMISSING;
    scenario->hash = with_recording(scenario->hash, recording);
    traffic->chats_per_day = 0;
    traffic->points_count = traffic->promotions_count = 0;
    traffic->has_weekdays = false;
    traffic->day = traffic->interval = (struct fl_busyness){ .spread = 0 };
    scenario->buyers.next_visit.probability = 0; /* further visits are recorded themselves */
    return FL_OK;
}
