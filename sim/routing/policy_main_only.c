/* No routing at all: everything goes to the main account, which needs to be in no group. */
#include "routing/policy.h"

static enum fl_status main_only_begin(struct fl_arena *arena, const struct fl_roster *roster,
                                      const struct fl_view *view, size_t *state)
{
    (void)arena, (void)roster, (void)view;
    *state = FL_ARENA_NONE;
    return FL_OK;
}

static uint32_t main_only_pick(void *state, const struct fl_roster *roster, const struct fl_view *view,
                               const struct fl_request *request)
{
    (void)state;
    const uint32_t agent = view->main_account;
    if (agent == FL_NO_AGENT || agent == request->chat->exclude) return FL_NO_AGENT;
    return fl_roster_eligible(roster, view, agent, request->skills, request->ignore_capacity) ? agent : FL_NO_AGENT;
}

const struct fl_policy_ops fl_policy_main_only = {
    .name = "main_only",
    .begin = main_only_begin,
    .pick = main_only_pick,
    .main_only = true,
};
