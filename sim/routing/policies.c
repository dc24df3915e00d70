/* The table of policies. */
#include "routing/policy.h"

static const struct fl_policy_ops *const policies[FL_POLICIES_COUNT] = {
#define FL_POLICY_ROW(upper, lower) [FL_POLICY_##upper] = &fl_policy_##lower,
    FL_POLICIES(FL_POLICY_ROW)
#undef FL_POLICY_ROW
};

const struct fl_policy_ops *fl_policy(enum fl_policy_id id)
{
    FL_ASSERT((uint32_t)id < FL_POLICIES_COUNT);
    return policies[id];
}
