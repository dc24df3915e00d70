/* Shortest mean reply time, prior_reply_ms before she has replied. Starves the others unless capacities bind. */
#include "routing/ranking.h"

static fl_rank fastest_response_key(const struct fl_view *view, uint32_t agent, uint64_t remembered)
{
    (void)remembered;
    const uint64_t prior_ns = view->scenario->routing.prior_reply_ms * (uint64_t)FL_MILLISECOND;
    const uint64_t reply_ns = view->agents[agent].mean_reply_ns;
    return fl_rank_of(reply_ns != 0 ? reply_ns : prior_ns, fl_rank_tie(view, agent));
}

const struct fl_policy_ops fl_policy_fastest_response = {
    .name = "fastest_response",
    .begin = fl_ranking_begin,
    .pick = fl_ranking_pick,
    .notice = fl_ranking_notice,
    .key = fastest_response_key,
    .wants_messages = true,
};
