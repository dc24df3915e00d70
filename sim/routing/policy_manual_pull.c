/* Manual routing: nobody is given a chat. All queue; agents with room take the first after a pick-up delay, and
 * whoever is quickest gets it (Zammad, Rocket.Chat). The engine keeps the delays. */
#include "routing/policy.h"

static enum fl_status manual_pull_begin(struct fl_arena *arena, const struct fl_roster *roster,
                                        const struct fl_view *view, size_t *state)
{
    (void)arena, (void)roster, (void)view;
    *state = FL_ARENA_NONE;
    return FL_OK;
}

static uint32_t manual_pull_pick(void *state, const struct fl_roster *roster, const struct fl_view *view,
                                 const struct fl_request *request)
{
    (void)state, (void)roster, (void)view, (void)request;
    return FL_NO_AGENT;
}

const struct fl_policy_ops fl_policy_manual_pull = {
    .name = "manual_pull",
    .begin = manual_pull_begin,
    .pick = manual_pull_pick,
    .pulls = true,
};
