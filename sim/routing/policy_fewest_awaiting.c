/* Fewest chats that wait for her reply; among equals, whose oldest has waited least. With nobody waiting, the
 * fewest open. Of the age and the tie chain only one fits into a rank: equal ages are settled by the chain
 * afterwards, which happens only when two chats came in at the same nanosecond. */
#include "routing/ranking.h"

static fl_rank fewest_awaiting_key(const struct fl_view *view, uint32_t agent, uint64_t remembered)
{
    (void)remembered;
    const struct fl_agent *const her = &view->agents[agent];
    const uint64_t awaiting = (uint64_t)her->awaiting << 24;
    if (awaiting == 0) return fl_rank_of(her->open, fl_rank_tie(view, agent));
    return fl_rank_of(awaiting, UINT64_MAX - fl_rank_time(her->oldest_unanswered_at)); /* the youngest first */
}

const struct fl_policy_ops fl_policy_fewest_awaiting = {
    .name = "fewest_awaiting",
    .begin = fl_ranking_begin,
    .pick = fl_ranking_pick,
    .notice = fl_ranking_notice,
    .key = fewest_awaiting_key,
    .wants_messages = true,
    .ties_by_chain = true,
};
