#include "fit/counts.h"

#include <stdlib.h>

#define DAY_S 86400

enum fl_status fl_counts_create(int64_t first_s, uint32_t interval_s, uint32_t days, struct fl_counts *counts)
{
    if (first_s < 0 || first_s % DAY_S != 0 || interval_s < 60 || interval_s > DAY_S || DAY_S % interval_s != 0 || days == 0 ||
        days > FL_COUNTS_DAYS_MAX)
        return FL_ERANGE;
    struct fl_counts made = { .first_s = first_s, .interval_s = interval_s, .days = days, .per_day = DAY_S / interval_s };
    made.count = calloc((size_t)days * made.per_day, sizeof *made.count);
    made.state = calloc((size_t)days * made.per_day, sizeof *made.state);
    if (made.count == NULL || made.state == NULL) {
        fl_counts_free(&made);
        return FL_EFULL;
    }
    *counts = made;
    return FL_OK;
}

void fl_counts_free(struct fl_counts *counts)
{
    free(counts->count);
    free(counts->state);
    *counts = (struct fl_counts){ 0 };
}

bool fl_counts_add(struct fl_counts *counts, int64_t at_s, uint32_t n)
{
    if (at_s < counts->first_s || at_s - counts->first_s >= (int64_t)counts->days * DAY_S) return false;
    const size_t i = (size_t)((at_s - counts->first_s) / counts->interval_s);
    if (n > UINT32_MAX - counts->count[i]) return false;
    counts->count[i] += n;
    counts->state[i] = FL_COUNT_KNOWN;
    return true;
}

void fl_counts_cover(struct fl_counts *counts, int64_t from_s, int64_t to_s)
{
    const int64_t step = counts->interval_s, all = (int64_t)counts->days * counts->per_day;
    int64_t from = from_s > counts->first_s ? (from_s - counts->first_s + step - 1) / step : 0;
    int64_t to = to_s > counts->first_s ? (to_s - counts->first_s) / step : 0;
    if (to > all) to = all;
    for (; from < to; from++)
        if (counts->state[from] == FL_COUNT_MISSING) counts->state[from] = FL_COUNT_KNOWN;
}

uint32_t fl_counts_close_quiet_hours(struct fl_counts *counts)
{
    double sum = 0;
    uint64_t known = 0;
    const size_t all = (size_t)counts->days * counts->per_day;
    for (size_t i = 0; i < all; i++) {
        sum += counts->count[i];
        known += counts->state[i] == FL_COUNT_KNOWN;
    }
    uint32_t closed = 0;
    for (uint32_t c = 0; c < counts->per_day; c++) {
        uint64_t here = 0;
        double came = 0;
        for (size_t i = c; i < all; i += counts->per_day) {
            here += counts->state[i] == FL_COUNT_KNOWN;
            came += counts->count[i];
        }
        /* A twentieth of the mean rate would have brought somebody but for one chance in a million: ln 10^6 = 13.8. */
        if (came > 0 || here == 0 || sum / (double)known / 20 * (double)here < 13.8) continue;
        closed++;
        for (size_t i = c; i < all; i += counts->per_day)
            if (counts->state[i] == FL_COUNT_KNOWN) counts->state[i] = FL_COUNT_CLOSED;
    }
    return closed;
}
