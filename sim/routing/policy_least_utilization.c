/* Lowest share of the capacity in use (接待不饱和优先): Douyin, Azure, Zendesk per cent, Freshchat.
 * Capacities 10 and 5: ABAB. Whoever has no capacity of her own counts with capacity_default. */
#include "routing/ranking.h"

static fl_rank least_utilization_key(const struct fl_view *view, uint32_t agent, uint64_t remembered)
{
    (void)remembered;
    const struct fl_agent *const her = &view->agents[agent];
    const struct fl_routing_def *const routing = &view->scenario->routing;
    const uint32_t capacity = her->capacity < FL_UNLIMITED ? her->capacity : routing->capacity_default;
    if (capacity == 0) return FL_RANK_OUT;
    return fl_rank_of(fl_rank_fraction(fl_agent_load(her, routing->counts), capacity, FL_CAPACITY_BITS),
                      fl_rank_tie(view, agent));
}

const struct fl_policy_ops fl_policy_least_utilization = {
    .name = "least_utilization",
    .begin = fl_ranking_begin,
    .pick = fl_ranking_pick,
    .notice = fl_ranking_notice,
    .key = least_utilization_key,
};
