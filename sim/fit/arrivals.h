/* Counts to arrivals: how many come on an ordinary day, when, and how far days and intervals differ from it. */
#ifndef FL_FIT_ARRIVALS_H
#define FL_FIT_ARRIVALS_H

#include "fit/counts.h"
#include "fit/estimate.h"

struct fl_arrivals {
    double chats_per_day;          /* of an ordinary week, its days alike */
    double hourly[24];             /* shares of a day, their mean 1 */
    double weekdays[7];            /* factors, Monday first, their mean over the weekdays seen 1; NaN: never seen */
};

/* Fits them and adds what was found, path by path, to the estimates. FL_EMISSING: the series has no whole day; FL_EFULL: no memory. */
FL_MUST_CHECK enum fl_status fl_arrivals_fit(const struct fl_counts *counts, struct fl_arrivals *arrivals, struct fl_estimates *estimates);

#endif
