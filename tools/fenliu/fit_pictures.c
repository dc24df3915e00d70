/* The pictures of fitted arrivals: the day, the days, promotions, how busyness lasts, the back-test. */
#include "fit.h"
#include "fit/counts_csv.h"
#include "fit_chart.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S 86400

static bool zh(const struct fit_answer *answer)
{
    return answer->language == LANGUAGE_ZH;
}

static const char *say(const struct fit_answer *answer, const char *en, const char *chinese)
{
    return zh(answer) ? chinese : en;
}

static void hour_ticks(struct fit_chart *chart)
{
    char label[16];
    for (int h = 0; h <= 24; h += 3) {
        snprintf(label, sizeof label, "%d:00", h);
        fit_chart_tick(chart, h, label);
    }
}

/* About eight dates along the axis. */
static void date_ticks(struct fit_chart *chart, int64_t first_s, uint32_t days)
{
    const uint32_t step = days > 8 ? (days + 7) / 8 : 1;
    char date[24];
    for (uint32_t d = 0; d < days; d += step) {
        fl_civil_format(first_s + (int64_t)d * DAY_S, date);
        fit_chart_tick(chart, d, date + 5);
    }
}

/* ---- The day ---------------------------------------------------------------------------------------- */

/* Mean chats an hour of the ordinary days seen, over the log's own intervals; NaN: none. */
static void seen_by_cell(const struct fl_counts *counts, const struct fl_arrivals *arrivals, double x[], double y[])
{
    for (uint32_t c = 0; c < counts->per_day; c++) {
        double sum = 0, days = 0;
        for (uint32_t d = 0; d < arrivals->days; d++) {
            const size_t i = (size_t)d * counts->per_day + c;
            if (arrivals->day_kind[d] != FL_FIT_DAY_ORDINARY || counts->state[i] == FL_COUNT_MISSING) continue;
            sum += counts->count[i];
            days++;
        }
        x[c] = (c + 0.5) * counts->interval_s / 3600;
        y[c] = days > 0 ? sum / days * 3600 / counts->interval_s : NAN;
    }
}

static void picture_day(const struct fl_counts *counts, const struct fl_arrivals *arrivals, double room[], struct fit_answer *answer)
{
    struct fit_chart chart;
    double *const x = room, *const y = x + counts->per_day, *const edges = y + counts->per_day, *const fitted = edges + arrivals->steps_count + 1;
    double top = 0;
    seen_by_cell(counts, arrivals, x, y);
    for (uint32_t c = 0; c < counts->per_day; c++) top = fmax(top, isnan(y[c]) ? 0 : y[c]);
    for (uint32_t s = 0; s <= arrivals->steps_count; s++) edges[s] = 24.0 * s / arrivals->steps_count;
    for (uint32_t s = 0; s < arrivals->steps_count; s++) fitted[s] = arrivals->chats_per_day / 24 * arrivals->steps[s];
    fit_chart_begin(&chart, &answer->pictures, say(answer, "The ordinary day", "平日的一天"),
                    say(answer, "Chats an hour by the time of day: means over the ordinary days of the log, and the fitted shape.",
                        "一天中每小时的来量:记录里平日的平均,与拟合的走势。"), 0, 24, 0, top);
    hour_ticks(&chart);
    fit_chart_points(&chart, FIT_MARK_SEEN, counts->per_day, x, y);
    fit_chart_steps(&chart, FIT_MARK_FITTED, arrivals->steps_count, edges, fitted);
    fit_chart_end(&chart, say(answer, "seen", "实际"), say(answer, "fitted", "拟合"), NULL);
}

/* Where weekdays have shapes of their own: each against the common one. */
static void picture_weekdays(const struct fl_arrivals *arrivals, double room[], struct fit_answer *answer)
{
    static const char *const names[2][7] = { { "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday" },
                                             { "周一", "周二", "周三", "周四", "周五", "周六", "周日" } };
    double *const edges = room, *const own = edges + arrivals->steps_count + 1, *const common = own + arrivals->steps_count;
    for (uint32_t s = 0; s <= arrivals->steps_count; s++) edges[s] = 24.0 * s / arrivals->steps_count;
    for (uint32_t w = 0; w < 7; w++) {
        struct fit_chart chart;
        char about[160];
        double top = 0;
        if (arrivals->weekday_days[w] == 0) continue;
        for (uint32_t s = 0; s < arrivals->steps_count; s++) {
            own[s] = arrivals->weekday_steps[(size_t)w * arrivals->steps_count + s] * arrivals->chats_per_day * arrivals->weekdays[w] / 24;
            common[s] = arrivals->steps[s] * arrivals->chats_per_day / 24;
            top = fmax(top, fmax(own[s], common[s]));
        }
        snprintf(about, sizeof about, say(answer, "Chats an hour; factor %.3f, %u ordinary days.", "每小时来量;系数 %.3f,%u 个平日。"), arrivals->weekdays[w],
                 arrivals->weekday_days[w]);
        fit_chart_begin(&chart, &answer->pictures, names[zh(answer)][w], about, 0, 24, 0, top);
        hour_ticks(&chart);
        fit_chart_steps(&chart, FIT_MARK_OTHER, arrivals->steps_count, edges, common);
        fit_chart_steps(&chart, FIT_MARK_FITTED, arrivals->steps_count, edges, own);
        fit_chart_end(&chart, NULL, say(answer, "this weekday, fitted", "这一天,拟合"), say(answer, "all ordinary days", "全部平日"));
    }
}

/* ---- The days --------------------------------------------------------------------------------------- */

static void picture_days(const struct fl_counts *counts, const struct fl_arrivals *arrivals, double room[], struct fit_answer *answer)
{
    struct fit_chart chart;
    double *const x = room, *const seen = x + arrivals->days, *const expected = seen + arrivals->days, *const extraordinary = expected + arrivals->days;
    double top = 0;
    for (uint32_t d = 0; d < arrivals->days; d++) {
        const bool ordinary = arrivals->day_kind[d] == FL_FIT_DAY_ORDINARY;
        x[d] = d;
        seen[d] = ordinary ? arrivals->day_total[d] : NAN;
        extraordinary[d] = ordinary ? NAN : arrivals->day_total[d];
        expected[d] = arrivals->day_kind[d] == FL_FIT_DAY_UNSEEN ? NAN : arrivals->day_expected[d];
        if (isfinite(arrivals->day_total[d])) top = fmax(top, arrivals->day_total[d]);
    }
    fit_chart_begin(&chart, &answer->pictures, say(answer, "The days", "逐日"),
                    say(answer, "Chats of each day of the log, and what an ordinary day of its weekday would bring.", "记录里每天的来量,与同一星期几的平日应有的量。"), 0,
                    fmax(1, arrivals->days - 1.0), 0, top);
    date_ticks(&chart, counts->first_s, arrivals->days);
    fit_chart_line(&chart, FIT_MARK_FITTED, arrivals->days, x, expected);
    fit_chart_points(&chart, FIT_MARK_SEEN, arrivals->days, x, seen);
    fit_chart_points(&chart, FIT_MARK_OTHER, arrivals->days, x, extraordinary);
    fit_chart_end(&chart, say(answer, "seen", "实际"), say(answer, "fitted", "拟合"), say(answer, "seen, kept out of the ordinary day", "实际,不计入平日"));
}

static void picture_promotion(const struct fl_fit_promotion *promotion, struct fit_answer *answer)
{
    struct fit_chart chart;
    char date[24], title[64], about[200];
    double edges[25], top = 0;
    for (int h = 0; h <= 24; h++) edges[h] = h;
    for (int h = 0; h < 24; h++) top = fmax(top, fmax(promotion->seen[h], promotion->expected[h]));
    fl_civil_format(promotion->opens_s, date);
    snprintf(title, sizeof title, say(answer, "Promotion of %s", "大促 %s"), date);
    snprintf(about, sizeof about, say(answer, "Chats an hour: %.2f ordinary days in 24 hours (%.2f to %.2f).", "每小时来量:24 小时相当于平日的 %.2f 倍(%.2f 至 %.2f)。"),
             promotion->multiplier, promotion->low, promotion->high);
    fit_chart_begin(&chart, &answer->pictures, title, about, 0, 24, 0, top);
    hour_ticks(&chart);
    fit_chart_steps(&chart, FIT_MARK_SEEN, 24, edges, promotion->seen);
    fit_chart_steps(&chart, FIT_MARK_OTHER, 24, edges, promotion->expected);
    fit_chart_end(&chart, say(answer, "seen, and what the scenario has", "实际,也是方案所用"), NULL, say(answer, "an ordinary day", "平日"));
}

/* ---- Busyness --------------------------------------------------------------------------------------- */

static void picture_lags(const struct fl_arrivals *arrivals, double room[], struct fit_answer *answer)
{
    struct fit_chart chart;
    double *const x = room;
    const uint32_t lags = arrivals->lags;
    double least = 0, most = 0;
    for (uint32_t k = 0; k < lags; k++) {
        x[k] = k * arrivals->busyness_interval_s / 3600.0;
        least = fmin(least, fmin(arrivals->seen_by_lag[k], arrivals->fitted_by_lag[k]));
        most = fmax(most, fmax(arrivals->seen_by_lag[k], arrivals->fitted_by_lag[k]));
    }
    fit_chart_begin(&chart, &answer->pictures, say(answer, "How long busyness lasts", "忙闲能持续多久"),
                    say(answer, "How intervals of a day vary together, by the hours between them: ln(1 + covariance / product of means), Poisson chance taken away. "
                                "What is left far to the right is the day's own busyness.",
                        "同一天内相隔若干小时的时段如何一起忙闲:ln(1 + 协方差 / 均值之积),已去掉泊松偶然。远端剩下的是整天的忙闲。"),
                    0, fmax(x[lags - 1], 1e-9), least, most);
    for (uint32_t h = 0; h <= 24; h += 2) {
        char label[16];
        if (h > x[lags - 1]) break;
        snprintf(label, sizeof label, "%u h", h);
        fit_chart_tick(&chart, h, label);
    }
    fit_chart_points(&chart, FIT_MARK_SEEN, lags, x, arrivals->seen_by_lag);
    fit_chart_line(&chart, FIT_MARK_FITTED, lags, x, arrivals->fitted_by_lag);
    fit_chart_end(&chart, say(answer, "seen", "实际"), say(answer, "fitted", "拟合"), NULL);
}

/* ---- The back-test ----------------------------------------------------------------------------------- */

static double number_of(const cJSON *item, const char *key)
{
    const cJSON *const number = cJSON_GetObjectItemCaseSensitive(item, key);
    return cJSON_IsNumber(number) ? number->valuedouble : NAN;
}

/* Of the JSON that the back-test left in the answer; nothing without one. */
static void picture_back_test(const struct fl_counts *counts, const struct fl_arrivals *arrivals, double room[], struct fit_answer *answer)
{
    const cJSON *const days = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(answer->more, "back_test"), "days"), *item;
    const uint32_t count = (uint32_t)cJSON_GetArraySize(days);
    struct fit_chart chart;
    double *const x = room, *const seen = x + count, *const low = seen + count, *const high = low + count;
    double top = 0;
    uint32_t d = 0;
    if (count < 2) return;
    cJSON_ArrayForEach(item, days)
    {
        x[d] = d;
        seen[d] = number_of(item, "seen");
        low[d] = number_of(item, "low");
        high[d] = number_of(item, "high");
        top = fmax(top, fmax(isnan(high[d]) ? 0 : high[d], isnan(seen[d]) ? 0 : seen[d]));
        d++;
    }
    fit_chart_begin(&chart, &answer->pictures, say(answer, "Back-test: the held-out days", "回测:留出的日子"),
                    say(answer, "Chats of each held-out day, and the middle 95 % of the days simulated by the fitted scenario.",
                        "留出的每天的来量,与拟合方案所模拟日子的中间 95%。"), 0, count - 1.0, 0, top);
    date_ticks(&chart, counts->first_s + (int64_t)arrivals->days * DAY_S, count);
    fit_chart_band(&chart, count, x, low, high);
    fit_chart_points(&chart, FIT_MARK_SEEN, count, x, seen);
    fit_chart_end(&chart, say(answer, "seen", "实际"), NULL, NULL);
}

bool fit_arrivals_pictures(const struct fl_counts *counts, const struct fl_arrivals *arrivals, struct fit_answer *answer)
{
    double *const room = calloc((size_t)4 * FL_COUNTS_DAYS_MAX + 2 * counts->per_day + 3 * FL_FIT_STEPS_MAX + arrivals->lags + 8, sizeof *room);
    if (room == NULL) return false;
    picture_day(counts, arrivals, room, answer);
    if (arrivals->profiles_differ) picture_weekdays(arrivals, room, answer);
    picture_days(counts, arrivals, room, answer);
    for (uint32_t i = 0; i < arrivals->promotions_count; i++) picture_promotion(&arrivals->promotions[i], answer);
    if (arrivals->lags > 6) picture_lags(arrivals, room, answer);
    picture_back_test(counts, arrivals, room, answer);
    free(room);
    return true;
}
