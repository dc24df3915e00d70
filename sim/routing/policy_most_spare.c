/* Most room left: Zendesk, Salesforce MOST_AVAILABLE. Capacities 10 and 5: AAAAABAB. */
#include "routing/ranking.h"

static fl_rank most_spare_key(const struct fl_view *view, uint32_t agent, uint64_t remembered)
{
    (void)remembered;
    const struct fl_agent *const her = &view->agents[agent];
    const uint64_t middle = UINT64_C(1) << 33; /* keeps the number positive when she holds more than her capacity */
    return fl_rank_of(middle + fl_agent_load(her, view->scenario->routing.counts) - her->capacity,
                      fl_rank_tie(view, agent));
}

const struct fl_policy_ops fl_policy_most_spare = {
    .name = "most_spare",
    .begin = fl_ranking_begin,
    .pick = fl_ranking_pick,
    .notice = fl_ranking_notice,
    .key = most_spare_key,
};
