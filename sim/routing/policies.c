/* The table of policies. */
#include "routing/policy.h"

const struct fl_policy_ops *const fl_policies[FL_POLICIES_COUNT] = {
#define FL_POLICY_ROW(upper, lower) [FL_POLICY_##upper] = &fl_policy_##lower,
    FL_POLICIES(FL_POLICY_ROW)
#undef FL_POLICY_ROW
};
