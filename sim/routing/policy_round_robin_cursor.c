/* The naive round robin (Bytedesk): a counter modulo the number of eligible agents at this moment. Biased as soon
 * as that number changes; kept so that a simulation can show it. */
#include "routing/lottery.h"

static uint32_t round_robin_cursor_pick(void *state, const struct fl_roster *roster, const struct fl_view *view,
                                        const struct fl_request *request)
{
    struct fl_lottery *const lottery = state;
    uint64_t *const cursor = &fl_lottery_memory(lottery)[fl_roster_group(roster, request->group)->first];
    uint32_t agent = FL_NO_AGENT;
    fl_lottery_prepare(lottery, roster, request);
    const uint64_t total = fl_lottery_total(lottery, roster, request);
    if (total > 0)
        agent = fl_roster_places(roster)[fl_lottery_place(lottery, roster, request, (*cursor)++ % total)].agent;
    fl_lottery_restore(lottery, roster, view);
    return agent;
}

const struct fl_policy_ops fl_policy_round_robin_cursor = {
    .name = "round_robin_cursor",
    .begin = fl_lottery_begin,
    .pick = round_robin_cursor_pick,
    .notice = fl_lottery_notice,
};
