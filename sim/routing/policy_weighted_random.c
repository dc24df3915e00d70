/* Weighted random (权重分流): probability weight over the sum of weights, as Pinduoduo documents it. */
#include "routing/lottery.h"

static enum fl_status weighted_random_begin(struct fl_arena *arena, const struct fl_roster *roster,
                                            const struct fl_view *view, size_t *state)
{
    if (fl_lottery_begin(arena, roster, view, state) != FL_OK) return FL_EFULL;
    struct fl_lottery *const lottery = fl_arena_at(arena, *state);
    lottery->weighted = true;
    fl_lottery_refresh_all(lottery, roster, view);
    return FL_OK;
}

const struct fl_policy_ops fl_policy_weighted_random = {
    .name = "weighted_random",
    .begin = weighted_random_begin,
    .pick = fl_lottery_pick,
    .notice = fl_lottery_notice,
};
