/* Fewest open chats for the weight (权重/繁忙度): JD documents it, Qianniu most likely does it.
 * Weights 3 and 1, nobody leaving: ABAABAAA. */
#include "routing/ranking.h"

static fl_rank weighted_least_active_key(const struct fl_view *view, uint32_t agent, uint64_t remembered)
{
    (void)remembered;
    const struct fl_agent *const her = &view->agents[agent];
    return fl_rank_of(fl_rank_fraction(her->open, her->weight, FL_WEIGHT_BITS), fl_rank_tie(view, agent));
}

const struct fl_policy_ops fl_policy_weighted_least_active = {
    .name = "weighted_least_active",
    .begin = fl_ranking_begin,
    .pick = fl_ranking_pick,
    .notice = fl_ranking_notice,
    .key = weighted_least_active_key,
};
