/* Shortest expected delay: (chats awaiting her + 1) x her mean reply time, prior_reply_ms before she has replied. */
#include "routing/ranking.h"

static fl_rank shortest_expected_delay_key(const struct fl_view *view, uint32_t agent, uint64_t remembered)
{
    (void)remembered;
    const struct fl_agent *const her = &view->agents[agent];
    const uint64_t prior_ns = view->scenario->routing.prior_reply_ms * (uint64_t)FL_MILLISECOND;
    const uint64_t reply_ns = her->mean_reply_ns != 0 ? her->mean_reply_ns : prior_ns;
    __extension__ const unsigned __int128 delay = ((unsigned __int128)her->awaiting + 1) * reply_ns;
    const uint64_t most = (UINT64_C(1) << 62) - 1;
    return fl_rank_of(delay < most ? (uint64_t)delay : most, fl_rank_tie(view, agent));
}

const struct fl_policy_ops fl_policy_shortest_expected_delay = {
    .name = "shortest_expected_delay",
    .begin = fl_ranking_begin,
    .pick = fl_ranking_pick,
    .notice = fl_ranking_notice,
    .key = shortest_expected_delay_key,
    .wants_messages = true,
};
