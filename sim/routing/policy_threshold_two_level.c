/* Fill everyone to a level, then to the next, and so on; the last slots of each agent can be kept for one class of
 * buyers. After Tezcan and Zhang, Operations Research 62(4), 2014 (use two adjacent levels), and Legros and Jouini
 * (reservation). An agent with only reserved slots left ranks behind everyone with free ones. */
#include "routing/ranking.h"

static bool is_reserved(const struct fl_view *view, uint32_t agent)
{
    const struct fl_routing_def *const routing = &view->scenario->routing;
    const struct fl_agent *const her = &view->agents[agent];
    return routing->reserved_class != FL_NONE &&
           (uint64_t)fl_agent_load(her, routing->counts) + routing->reserved >= her->capacity;
}

static bool threshold_admits(const struct fl_view *view, uint32_t agent, const struct fl_chat_view *chat)
{
    return chat->buyer_class == view->scenario->routing.reserved_class || !is_reserved(view, agent);
}

static fl_rank threshold_key(const struct fl_view *view, uint32_t agent, uint64_t remembered)
{
    (void)remembered;
    const uint32_t open = view->agents[agent].open, level = view->scenario->routing.level;
    const fl_rank rank = fl_rank_of(open < level ? 0 : open - level + 1, fl_rank_tie(view, agent));
    return is_reserved(view, agent) ? rank | FL_RANK_RESERVED : rank;
}

static uint32_t threshold_pick(void *state, const struct fl_roster *roster, const struct fl_view *view,
                               const struct fl_request *request)
{
    const bool admitted = request->chat->buyer_class == view->scenario->routing.reserved_class;
    const fl_rank limit = request->ignore_capacity ? FL_RANK_OUT : admitted ? FL_RANK_FULL : FL_RANK_RESERVED;
    return fl_ranking_least(state, roster, view, request, limit);
}

const struct fl_policy_ops fl_policy_threshold_two_level = {
    .name = "threshold_two_level",
    .begin = fl_ranking_begin,
    .pick = threshold_pick,
    .notice = fl_ranking_notice,
    .key = threshold_key,
    .admits = threshold_admits,
};
