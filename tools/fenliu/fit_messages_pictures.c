/* The pictures of a fitted message log: what is still to come after so long, as it was seen and as it was fitted. */
#include "fit_chart.h"
#include "fit_messages.h"

#include "core/real.h"

#include <math.h>
#include <stdio.h>

#define POINTS 120u

static bool zh(const struct fit_answer *answer)
{
    return answer->language == LANGUAGE_ZH;
}

/* Two or three whole values on the axis, in the unit that suits its length. */
static void time_ticks(struct fit_chart *chart, double longest_s, bool chinese)
{
    const double unit = longest_s > 7200 ? 3600 : longest_s > 240 ? 60 : 1;
    const char *const word = unit == 3600 ? (chinese ? "小时" : "h") : unit == 60 ? (chinese ? "分" : "min") : (chinese ? "秒" : "s");
    const double most = longest_s / unit;
    double step = 1;
    while (most / step > 6) step *= step == 1 || step == 10 || step == 100 ? 5 : 2;
    for (double at = 0; at <= most; at += step) {
        char label[32];
        snprintf(label, sizeof label, "%g %s", at, word);
        fit_chart_tick(chart, at * unit, label);
    }
}

/* The share that lasts longer than x: Kaplan and Meier's, and the chosen family's. */
static void picture_survival(struct fit_answer *answer, const char *title, const struct fl_durations *durations, const struct fl_duration_fit *fit)
{
    struct fit_chart chart;
    double x[POINTS], seen[POINTS], fitted[POINTS];
    char about[200];
    if (!fit->known || durations->seen_total < FL_DURATIONS_WANTED) return;
    const struct fl_family *family = &fit->family[fit->best];
    double longest = 1;
    while (fl_family_survival(family->kind, family->a, family->b, longest) > 0.02 && longest < 1e6) longest *= 1.1;
    double followed = 0; /* the curve ends where nobody was followed further */
    for (uint32_t i = 0; i < FL_DURATION_BINS; i++) {
        if (durations->seen[i] > 0) followed = fmax(followed, durations->seen_sum[i] / durations->seen[i]);
        if (durations->cut[i] > 0) followed = fmax(followed, durations->cut_sum[i] / durations->cut[i]);
    }
    for (uint32_t i = 0; i < POINTS; i++) {
        x[i] = longest * i / (POINTS - 1);
        seen[i] = x[i] <= followed ? fl_durations_survival(durations, x[i]) : NAN;
        fitted[i] = fl_family_survival(family->kind, family->a, family->b, x[i]);
    }
    static const char *const words[] = { [FL_EXPONENTIAL] = "exponential", [FL_LOGNORMAL] = "lognormal", [FL_GAMMA] = "gamma", [FL_WEIBULL] = "weibull" };
    snprintf(about, sizeof about, zh(answer) ? "超过该时长的比例;%.0f 次见到结尾,%.0f 次未见。拟合:%s,最大距离 %.3f。" :
             "The share that lasts longer: %.0f seen to their end, %.0f cut before. Fitted: %s, largest distance %.3f.",
             durations->seen_total, durations->cut_total, words[family->kind], fit->ks);
    fit_chart_begin(&chart, &answer->pictures, title, about, 0, longest, 0, 1);
    time_ticks(&chart, longest, zh(answer));
    fit_chart_line(&chart, FIT_MARK_SEEN, POINTS, x, seen);
    fit_chart_line(&chart, FIT_MARK_FITTED, POINTS, x, fitted);
    fit_chart_end(&chart, zh(answer) ? "实际" : "seen", zh(answer) ? "拟合" : "fitted", NULL);
}

/* An agent's speed by her open chats, with its intervals. */
static void picture_speeds(struct fit_answer *answer, const struct fl_composing_fit *fit)
{
    struct fit_chart chart;
    double x[FL_FIT_OPENS], speed[FL_FIT_OPENS], low[FL_FIT_OPENS], high[FL_FIT_OPENS], top = 1;
    if (!fit->known || !fit->has_opens) return;
    for (uint32_t k = 0; k < fit->opens; k++) {
        x[k] = k + 1;
        speed[k] = fl_exp(-fit->log_open[k]);
        low[k] = speed[k] * fl_exp(-FL_FIT_Z * fit->log_open_se[k]);
        high[k] = speed[k] * fl_exp(FL_FIT_Z * fit->log_open_se[k]);
        top = fmax(top, high[k]);
    }
    fit_chart_begin(&chart, &answer->pictures, zh(answer) ? "同时会话与速度" : "Speed by open chats",
                    zh(answer) ? "回复速度与只有一个会话时之比,及 95% 区间。" : "How fast an agent replies with so many chats open, to how fast with one; 95 % intervals.", 1,
                    fit->opens > 1 ? fit->opens : 2, 0, top);
    for (uint32_t k = 1; k <= fit->opens; k++) {
        char label[16];
        snprintf(label, sizeof label, "%u", k);
        fit_chart_tick(&chart, k, label);
    }
    fit_chart_band(&chart, fit->opens, x, low, high);
    fit_chart_points(&chart, FIT_MARK_FITTED, fit->opens, x, speed);
    fit_chart_end(&chart, NULL, zh(answer) ? "拟合" : "fitted", NULL);
}

void fit_messages_pictures(const struct message_fit *fit, struct fit_answer *answer)
{
    const bool chinese = zh(answer);
    char title[160];
    picture_survival(answer, chinese ? "思考时间" : "Thinking before the next question", fit->rounds.think_times, &fit->rounds.think);
    if (!fit->patience.is_model) {
        picture_survival(answer, chinese ? "首轮耐心" : "Patience before the first reply", fit->patience.first_waits, &fit->patience.first);
        picture_survival(answer, chinese ? "后续耐心" : "Patience later on", fit->patience.later_waits, &fit->patience.later);
    }
    for (uint32_t k = 0; k <= FL_FIT_INTENTS; k++) {
        if (fit->composing.times[k] == NULL || (k == FL_FIT_INTENTS && fit->chats.intents.count > 0)) continue;
        snprintf(title, sizeof title, chinese ? "回复用时:%s" : "What a reply takes: %s", k < fit->chats.intents.count ? fit->chats.intents.name[k] : chinese ? "全部" : "all");
        picture_survival(answer, title, fit->composing.times[k], &fit->composing.total[k]);
    }
    picture_speeds(answer, &fit->composing);
}
