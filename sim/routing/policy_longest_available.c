/* Longest idle: Amazon Connect, Twilio. The clock starts when she becomes available and starts again when she
 * gets a chat and, unless available_resets_on_close is off, when she ends one. */
#include "routing/ranking.h"

static fl_rank longest_available_key(const struct fl_view *view, uint32_t agent, uint64_t remembered)
{
    (void)remembered;
    const struct fl_agent *const her = &view->agents[agent];
    const fl_time assigned = her->last_assigned_at > her->available_since ? her->last_assigned_at : her->available_since;
    return fl_rank_of(fl_rank_time(view->scenario->routing.available_resets_on_close ? her->touched_at : assigned), 0);
}

const struct fl_policy_ops fl_policy_longest_available = {
    .name = "longest_available",
    .begin = fl_ranking_begin,
    .pick = fl_ranking_pick,
    .notice = fl_ranking_notice,
    .key = longest_available_key,
};
