/* One fewer in an interval, where means are judged; a part of one_fewer.h. */
#ifndef FL_STAFFING_ONE_FEWER_MEANS_H
#define FL_STAFFING_ONE_FEWER_MEANS_H

#include "staffing/one_fewer.h"

#define FL_ONE_FEWER_WRONG 0.0001 /* a plan that still does is called missed so seldom at each look: a hundred intervals are looked at */

/* Tries order[count], cells of intervals x groups; of them the first `asked` before all others. judged[order[i]] is written where it was begun. */
FL_MUST_CHECK enum fl_status fl_one_fewer_means(const struct fl_one_fewer *problem, const uint32_t order[], uint32_t count, uint32_t asked, uint8_t judged[]);

#endif
