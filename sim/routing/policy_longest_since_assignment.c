/* Load rotation: who got a chat longest ago, whatever she holds. Rocket.Chat, Zendesk round robin. */
#include "routing/ranking.h"

static fl_rank longest_since_assignment_key(const struct fl_view *view, uint32_t agent, uint64_t remembered)
{
    (void)remembered;
    return fl_rank_of(fl_rank_time(view->agents[agent].last_assigned_at), 0);
}

const struct fl_policy_ops fl_policy_longest_since_assignment = {
    .name = "longest_since_assignment",
    .begin = fl_ranking_begin,
    .pick = fl_ranking_pick,
    .notice = fl_ranking_notice,
    .key = longest_since_assignment_key,
};
