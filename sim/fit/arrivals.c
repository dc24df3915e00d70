#include "fit/arrivals.h"

#include <math.h>

/* Whether the log covers a day from end to end. */
static bool is_whole(const struct fl_counts *counts, uint32_t day)
{
    const uint8_t *const state = &counts->state[(size_t)day * counts->per_day];
    for (uint32_t c = 0; c < counts->per_day; c++)
        if (state[c] == FL_COUNT_MISSING) return false;
    return true;
}

enum fl_status fl_arrivals_fit(const struct fl_counts *counts, struct fl_arrivals *arrivals, struct fl_estimates *estimates)
{
    struct fl_arrivals fitted = { 0 };
    double sum = 0, squares = 0, of_weekday[7] = { 0 };
    uint32_t whole = 0, weekday_days[7] = { 0 }, weekdays_seen = 0;
    for (uint32_t d = 0; d < counts->days; d++) {
        if (!is_whole(counts, d)) continue;
        double total = 0;
        for (uint32_t c = 0; c < counts->per_day; c++) {
            const uint32_t n = counts->count[(size_t)d * counts->per_day + c];
            total += n;
            fitted.hourly[(uint64_t)c * counts->interval_s / 3600] += n;
        }
        sum += total;
        squares += total * total;
        whole++;
        of_weekday[fl_counts_weekday(counts, d)] += total;
        weekday_days[fl_counts_weekday(counts, d)]++;
    }
    if (whole == 0) return FL_EMISSING;
    double week = 0;
    for (uint32_t w = 0; w < 7; w++) {
        fitted.weekdays[w] = weekday_days[w] > 0 ? of_weekday[w] / weekday_days[w] : NAN;
        if (weekday_days[w] > 0) week += fitted.weekdays[w];
        weekdays_seen += weekday_days[w] > 0;
    }
    fitted.chats_per_day = week / weekdays_seen;
    for (uint32_t w = 0; w < 7; w++) fitted.weekdays[w] /= fitted.chats_per_day > 0 ? fitted.chats_per_day : 1;
    for (uint32_t h = 0; h < 24; h++) fitted.hourly[h] *= sum > 0 ? 24 / sum : 1;
    const double mean = sum / whole, variance = whole > 1 ? (squares - sum * mean) / (whole - 1) : NAN;
    const double error = 1.96 * sqrt(fmax(0, variance) / whole);
    struct fl_estimate e = fl_estimate_of("traffic.chats_per_day", "chats", fitted.chats_per_day, fitted.chats_per_day - error,
                                          fitted.chats_per_day + error, whole);
    fl_estimates_add(estimates, &e);
    *arrivals = fitted;
    return estimates->full ? FL_EFULL : FL_OK;
}
