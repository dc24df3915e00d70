/* Fewest open chats (当前接待最少): Rocket.Chat, Intercom, Salesforce, Taobao 2012. With count_group_only it is
 * the chats of this group alone that count, which the ranking's memory keeps. */
#include "routing/ranking.h"

static fl_rank least_active_key(const struct fl_view *view, uint32_t agent, uint64_t remembered)
{
    const uint64_t open = view->scenario->routing.count_group_only ? remembered : view->agents[agent].open;
    return fl_rank_of(open, fl_rank_tie(view, agent));
}

static void least_active_notice(void *state, const struct fl_roster *roster, const struct fl_view *view,
                                enum fl_notice what, uint32_t agent, uint32_t chat, uint32_t group)
{
    (void)chat;
    const bool counts = view->scenario->routing.count_group_only && group != FL_NONE;
    if (counts && (what == FL_NOTICE_ASSIGNED || what == FL_NOTICE_CLOSED)) {
        const uint32_t place = fl_roster_place(roster, agent, group);
        if (place != FL_NONE) fl_ranking_memory(state)[place] += what == FL_NOTICE_ASSIGNED ? 1 : UINT64_MAX;
    }
    fl_ranking_refresh(state, roster, view, agent);
}

const struct fl_policy_ops fl_policy_least_active = {
    .name = "least_active",
    .begin = fl_ranking_begin,
    .pick = fl_ranking_pick,
    .notice = least_active_notice,
    .key = least_active_key,
};
