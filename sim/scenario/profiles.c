/* Named shapes of a day: share of each hour from 0 to 23, in percent as measured.
 *
 * Source: Tianchi mobile log of one marketplace, 2014-11-19 to 2014-12-08 (20 ordinary days), counts per hour of
 * clicks and of buys. Chats are not in it: clicks are the nearest driver of pre-sale questions, buys of
 * those after an order. That mapping is an assumption. */
#include "scenario/read.h"

#include <string.h>

static const double clicks[24] = { 3.99, 2.00, 1.19, 0.81, 0.64, 0.74, 1.41, 2.32, 3.15, 3.85, 4.52, 4.31,
                                   4.46, 4.96, 4.74, 4.83, 4.66, 4.22, 4.53, 6.09, 7.75, 9.00, 8.91, 6.93 };
static const double buys[24] = { 2.66, 1.01, 0.53, 0.39, 0.33, 0.33, 0.70, 1.21, 2.36, 4.40, 6.31, 6.11,
                                 6.03, 6.73, 6.49, 6.52, 6.16, 4.97, 4.23, 5.86, 6.69, 7.63, 7.12, 5.25 };
static const double flat[24] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };

const char *const fl_profile_names[] = { "flat", "marketplace", "marketplace-clicks", "marketplace-buys", NULL };

/* After-sale questions follow buys by a day, which has the same hours; so all after the order share one shape. */
const double *fl_profile_hourly(const char *name, enum fl_phase phase)
{
    if (strcmp(name, "flat") == 0) return flat;
    if (strcmp(name, "marketplace-clicks") == 0) return clicks;
    if (strcmp(name, "marketplace-buys") == 0) return buys;
    if (strcmp(name, "marketplace") == 0) return phase == FL_PRE_SALE ? clicks : buys;
    return NULL;
}
