/* A recording becomes the traffic of its scenario. */
#include "scenario/reader.h"


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
    traffic->chats_per_day = 0;
    traffic->points_count = traffic->promotions_count = 0;
    traffic->has_weekdays = false;
    traffic->day = traffic->interval = (struct fl_busyness){ .spread = 0 };
    scenario->buyers.next_visit.probability = 0; /* further visits are recorded themselves */
    return FL_OK;
}
