/* Best of d random: draws d different eligible agents and takes the one with the fewest open chats, ties by the
 * chain. With d at or above their number it is least_active. */
#include "routing/lottery.h"

#include "core/draw.h"

static bool is_less_active(const struct fl_view *view, uint64_t tie_key, uint32_t a, uint32_t b)
{
    const struct fl_agent *const left = &view->agents[a], *const right = &view->agents[b];
    if (left->open != right->open) return left->open < right->open;
    if (view->scenario->routing.tie == FL_TIE_SEEDED_RANDOM) {
        const uint64_t a_bits = fl_draw(tie_key, FL_DRAW_TIE, a), b_bits = fl_draw(tie_key, FL_DRAW_TIE, b);
        return a_bits != b_bits ? a_bits < b_bits : a < b;
    }
    if (left->last_assigned_at != right->last_assigned_at) return left->last_assigned_at < right->last_assigned_at;
    return a < b;
}

static uint32_t power_of_d_pick(void *state, const struct fl_roster *roster, const struct fl_view *view,
                                const struct fl_request *request)
{
    const struct fl_chat_view *const chat = request->chat;
    const uint64_t bits = fl_draw(chat->key, FL_DRAW_ROUTING, chat->decision);
    uint32_t best = FL_NO_AGENT;
    fl_lottery_prepare(state, roster, request);
    for (uint32_t i = 0; i < view->scenario->routing.d; i++) {
        const uint64_t left = fl_lottery_total(state, roster, request);
        if (left == 0) break;
        const uint64_t number = fl_uniform_below(fl_draw_again(bits, i), left);
        const uint32_t place = fl_lottery_place(state, roster, request, number);
        const uint32_t agent = fl_roster_places(roster)[place].agent;
        if (best == FL_NO_AGENT || is_less_active(view, chat->key ^ fl_mix(view->seed), agent, best)) best = agent;
        fl_lottery_set_aside(state, roster, place); /* drawn once only */
    }
    fl_lottery_restore(state, roster, view);
    return best;
}

const struct fl_policy_ops fl_policy_power_of_d = {
    .name = "power_of_d",
    .begin = fl_lottery_begin,
    .pick = power_of_d_pick,
    .notice = fl_lottery_notice,
};
