/* How many came in each interval: a regular series over whole days, made by a counts file or from the chats of a message log.
 *
 * Day d and cell c of it are at [d * per_day + c]. A series begins at a midnight and ends at one, so that every day has all its cells;
 * what the log does not cover is missing. Times are civil local seconds since 1970-01-01T00:00, as a scenario's start is. */
#ifndef FL_FIT_COUNTS_H
#define FL_FIT_COUNTS_H

#include "core/status.h"

enum fl_count_state {
    FL_COUNT_MISSING, /* the log does not say */
    FL_COUNT_KNOWN,
    FL_COUNT_CLOSED,  /* nobody ever writes then, as at night: no count, and none is expected */
};

struct fl_counts {
    int64_t first_s;     /* a midnight */
    uint32_t interval_s; /* 60 to 86400, divides 86400 */
    uint32_t days, per_day;
    uint32_t *count;     /* [days * per_day] owned; 0 where not known */
    uint8_t *state;      /* [days * per_day] owned; enum fl_count_state */
};

#define FL_COUNTS_DAYS_MAX 4000u

/* A series of that many days, all missing; days 1 to FL_COUNTS_DAYS_MAX. FL_ERANGE: not such a series; FL_EFULL: no memory. */
FL_MUST_CHECK enum fl_status fl_counts_create(int64_t first_s, uint32_t interval_s, uint32_t days, struct fl_counts *counts);
void fl_counts_free(struct fl_counts *counts);

/* Adds n to the cell that holds an instant and makes it known; false: outside the series, or 2^32 are too many. For logs of single
 * events the caller makes known first what the log covers (fl_counts_cover). */
bool fl_counts_add(struct fl_counts *counts, int64_t at_s, uint32_t n);
/* Cells wholly in [from_s, to_s) become known, with 0 where nothing was added. */
void fl_counts_cover(struct fl_counts *counts, int64_t from_s, int64_t to_s);

/* Cells of the day in which nobody ever came become closed, on all days, where even a twentieth of the mean rate would have brought
 * somebody but for one chance in a million. Returns how many cells of the day. */
uint32_t fl_counts_close_quiet_hours(struct fl_counts *counts);

/* 0: Monday. */
static inline uint32_t fl_counts_weekday(const struct fl_counts *counts, uint32_t day)
{
    return (uint32_t)((counts->first_s / 86400 + 3 + day) % 7); /* 1970-01-01 was a Thursday */
}

#endif
