#include "traffic/promotion.h"

#include "core/real.h"

/* Share of a day's clicks and buys by hour, percent, and the Double-12 factor on each hour. */
static const double click_share[24] = { 3.99, 2.00, 1.19, 0.81, 0.64, 0.74, 1.41, 2.32, 3.15, 3.85, 4.52, 4.31,
                                        4.46, 4.96, 4.74, 4.83, 4.66, 4.22, 4.53, 6.09, 7.75, 9.00, 8.91, 6.93 };
static const double buy_share[24] = { 2.66, 1.01, 0.53, 0.39, 0.33, 0.33, 0.70, 1.21, 2.36, 4.40, 6.31, 6.11,
                                      6.03, 6.73, 6.49, 6.52, 6.16, 4.97, 4.23, 5.86, 6.69, 7.63, 7.12, 5.25 };
static const double click_factor[24] = { 3.2, 2.9, 2.6, 2.8, 3.1, 2.6, 2.3, 2.3, 2.3, 2.2, 2.0, 1.9,
                                         1.9, 1.9, 1.7, 1.6, 1.7, 1.6, 1.5, 1.4, 1.6, 1.6, 1.6, 1.8 };
static const double buy_factor[24] = { 22.7, 14.1, 12.1, 9.0, 9.1, 13.5, 10.3, 10.0, 7.5, 6.1, 3.8, 3.4,
                                       3.4,  3.0,  2.6,  2.8, 2.6, 3.2,  2.5,  2.7,  3.2, 3.3, 3.4, 6.0 };
/* The eve's clicks: x1.34 over the day, x1.33 at 19 h climbing to x1.75 at 23 h. Buys do not rise before. */
static const double eve_factor_early = 1.30;
static const double eve_factor_late[5] = { 1.33, 1.42, 1.52, 1.63, 1.75 };

#define LAST_HOUR 23
#define EVE_HOURS 24
#define PLATEAU_FROM 19 /* hours 19 to 22 of the measured day: the level a longer promotion holds */
#define AFTER_SALE_FROM 24
#define AFTER_SALE_HOURS 72

static int64_t floor_hours(fl_time span)
{
    return span >= 0 ? span / FL_HOUR : -((-span + FL_HOUR - 1) / FL_HOUR);
}

static int64_t length_hours(const struct fl_promotion *promotion)
{
    return (promotion->closes_at - promotion->opens_at + FL_HOUR - 1) / FL_HOUR;
}

static double eve_excess(int64_t hour)
{
    if (hour < -EVE_HOURS) return 0;
    const double share = click_share[hour + EVE_HOURS] / 100;
    return share * ((hour < -5 ? eve_factor_early : eve_factor_late[hour + 5]) - 1);
}

/* Excess in the given hour after the opening. Past the measured day it holds the evening's level; the last hour before
 * the close is the surge, wherever it falls. */
static double measured_excess(const double share[24], const double factor[24], int64_t hour, int64_t hours)
{
    if (hour < 0 || hour >= hours) return 0;
    if (hour == hours - 1) return share[LAST_HOUR] / 100 * (factor[LAST_HOUR] - 1);
    if (hour < LAST_HOUR) return share[hour] / 100 * (factor[hour] - 1);
    double level = 0;
    for (int h = PLATEAU_FROM; h < LAST_HOUR; h++) level += share[h] / 100 * (factor[h] - 1);
    return level / (LAST_HOUR - PLATEAU_FROM);
}

static double double12_excess(const struct fl_promotion *promotion, enum fl_phase phase, int64_t hour)
{
    const int64_t hours = length_hours(promotion);
    if (phase == FL_PRE_SALE) {
        if (hour < 0) return promotion->eve ? eve_excess(hour) : 0;
        return measured_excess(click_share, click_factor, hour, hours);
    }
    double sum = 0;
    if (phase == FL_IN_SALE) { /* exponential lag of mean two hours, by whole hours */
        const double stay = fl_exp(-0.5);
        double weight = 1 - stay;
        for (int64_t h = hour; h >= 0 && hour - h < 48; h--) {
            sum += weight * measured_excess(buy_share, buy_factor, h, hours);
            weight *= stay;
        }
        return sum;
    }
    for (int64_t h = hour - AFTER_SALE_FROM - AFTER_SALE_HOURS + 1; h <= hour - AFTER_SALE_FROM; h++)
        sum += measured_excess(buy_share, buy_factor, h, hours);
    return sum / AFTER_SALE_HOURS;
}

double fl_promotion_excess(const struct fl_promotion *promotion, enum fl_phase phase, fl_time at)
{
    const fl_time since = at - promotion->opens_at;
    const bool on = since >= 0 && at < promotion->closes_at;
    const int64_t hour = floor_hours(since);
    switch (promotion->shape) {
    case FL_SHAPE_DOUBLE12: return double12_excess(promotion, phase, hour);
    case FL_SHAPE_STEP: return on ? 1.0 / 24 : 0;
    case FL_SHAPE_DECAY:
        return on ? fl_exp(-fl_time_to_s(since) / fl_time_to_s(promotion->decay)) / 24 : 0;
    case FL_SHAPE_HOURLY: return on && hour < 24 ? promotion->hourly[hour] / 24 : 0;
    }
    return 0;
}

fl_time fl_promotion_next_break(const struct fl_promotion *promotion, fl_time at)
{
    const bool curved = promotion->shape == FL_SHAPE_DECAY;
    const fl_time step = curved ? 5 * FL_MINUTE : FL_HOUR;
    const fl_time since = at - promotion->opens_at;
    fl_time next = promotion->opens_at + (since >= 0 ? since / step + 1 : -((-since - 1) / step)) * step;
    if (promotion->closes_at > at && promotion->closes_at < next) next = promotion->closes_at;
    return next;
}
