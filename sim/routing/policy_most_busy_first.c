/* Most open chats among those with room: packs the work on few and keeps the others free. The comparison arm of
 * Legros and Jouini, "On the scheduling of operations in a chat contact center". */
#include "routing/ranking.h"

static fl_rank most_busy_first_key(const struct fl_view *view, uint32_t agent, uint64_t remembered)
{
    (void)remembered;
    const uint64_t middle = UINT64_C(1) << 33;
    return fl_rank_of(middle - view->agents[agent].open, fl_rank_tie(view, agent));
}

const struct fl_policy_ops fl_policy_most_busy_first = {
    .name = "most_busy_first",
    .begin = fl_ranking_begin,
    .pick = fl_ranking_pick,
    .notice = fl_ranking_notice,
    .key = most_busy_first_key,
};
