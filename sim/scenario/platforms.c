/* The platforms' own figures, each dated: they change nearly every year, so they are data and never constants
 * of the model. A scenario may override any of them. */
#include "scenario/read.h"

#include <math.h>
#include <string.h>

#define HOURS(from_h, to_h)                                                                                            \
    {                                                                                                                  \
        (from_h) * FL_HOUR, (to_h)*FL_HOUR                                                                             \
    }

static const struct fl_platform presets[] = {
    { .name = "none",
      .window = { 0, 0 },
      .reply_within = 180 * FL_SECOND,
      .reply_rate_min = NAN,
      .days = 30,
      .rounds_min = 0,
      .penalty_cny = NAN },
    /* 3-minute human reply rate at least 80 % over 30 days, rounds opened 08:00-23:00, from 100 rounds on;
     * 3, 20 or 300 CNY a case, of which the lowest is taken. ipseo.net 2025-10 (grade B). */
    { .name = "taobao-2025",
      .window = HOURS(8, 23),
      .reply_within = 180 * FL_SECOND,
      .reply_rate_min = 0.80,
      .days = 30,
      .rounds_min = 100,
      .penalty_cny = 3 },
    /* At least 90 %, 09:00-23:00. snsmcma.cn 2023-05 (grade B). */
    { .name = "taobao-2023",
      .window = HOURS(9, 23),
      .reply_within = 180 * FL_SECOND,
      .reply_rate_min = 0.90,
      .days = 30,
      .rounds_min = 100,
      .penalty_cny = NAN },
    /* First answer within 30 s of chats begun 09:00-23:00 ranks a shop; no threshold is published. maijiaw.com
     * 505791 (grade B). */
    { .name = "jd",
      .window = HOURS(9, 23),
      .reply_within = 30 * FL_SECOND,
      .reply_rate_min = NAN,
      .days = 30,
      .rounds_min = 0,
      .penalty_cny = NAN },
    /* 3-minute human reply rate, 08:00-23:00; the thresholds quoted (50 to 90 %) contradict each other, so
     * none is taken. Grade C. */
    { .name = "pdd",
      .window = HOURS(8, 23),
      .reply_within = 180 * FL_SECOND,
      .reply_rate_min = NAN,
      .days = 30,
      .rounds_min = 0,
      .penalty_cny = NAN },
    /* 60 % is "qualified", 08:00-23:00. xhstdz.com 6080 (grade B), xiaofanwenku.com (grade C). */
    { .name = "douyin",
      .window = HOURS(8, 23),
      .reply_within = 180 * FL_SECOND,
      .reply_rate_min = 0.60,
      .days = 30,
      .rounds_min = 0,
      .penalty_cny = NAN },
    /* 3-minute human reply rate, 08:00-23:00; no threshold. snsmcma.cn 2023-03 (grade B). */
    { .name = "kuaishou",
      .window = HOURS(8, 23),
      .reply_within = 180 * FL_SECOND,
      .reply_rate_min = NAN,
      .days = 30,
      .rounds_min = 0,
      .penalty_cny = NAN },
};

const char *const fl_platform_names[] = {
    "none", "taobao-2025", "taobao-2023", "jd", "pdd", "douyin", "kuaishou", NULL
};

const struct fl_platform *fl_platform_preset(const char *name)
{
    for (uint32_t i = 0; i < FL_COUNTOF(presets); i++) {
        if (strcmp(presets[i].name, name) == 0) return &presets[i];
    }
    return NULL;
}
