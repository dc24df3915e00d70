/* Uniform random: the baseline. */
#include "routing/lottery.h"

const struct fl_policy_ops fl_policy_random = {
    .name = "random",
    .begin = fl_lottery_begin,
    .pick = fl_lottery_pick,
    .notice = fl_lottery_notice,
};
