/* Bursts, rounds and thinking: see behaviour.h. */
#include "fit/behaviour.h"

#include "core/real.h"
#include "core/special.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TURNS 12u /* of expectation and maximisation: by then nothing moves in the fourth digit */

/* ---- Bursts --------------------------------------------------------------------------------------- */

/* Counts other than geometric: the trials, those the reply cut weighed by how likely a message was still to come. */
static void fit_messages(const struct fl_chats *chats, struct fl_rounds_fit *fit)
{
    const struct fl_burst *list = fl_burst_list(chats);
    struct fl_trials trials;
    struct fl_distribution now = { .kind = FL_GEOMETRIC, .a = 1 / (1 - fit->burst.share) };
    for (uint32_t turn = 0; turn < TURNS; turn++) {
        memset(&trials, 0, sizeof trials);
        for (uint32_t i = 0; i < chats->bursts.count; i++) {
            const double goes_on = 1 - fl_count_stops(&now, list[i].messages);
            const double pending = list[i].follows ? 1 : fl_cure_pending(&fit->burst, goes_on, list[i].seconds);
            fl_trials_add(&trials, list[i].messages, 1 - pending, 1);
        }
        fl_trials_fit(&trials, &fit->messages);
        if (!fit->messages.known) return;
        now = fit->messages.best;
    }
    if (now.kind != FL_GEOMETRIC) return;
    fit->messages.best.a = 1 / (1 - fit->burst.share); /* the same, with the error that what was cut adds */
    fit->messages.a_low = 1 / (1 - fit->burst.share_low);
    fit->messages.a_high = 1 / (1 - fit->burst.share_high);
    if (fl_distribution_prepare(&fit->messages.best) != FL_OK) fit->messages.known = false;
}

static enum fl_status fit_bursts(const struct fl_chats *chats, struct fl_rounds_fit *fit)
{
    const struct fl_burst *list = fl_burst_list(chats);
    struct fl_durations *gaps = calloc(1, sizeof *gaps);
    if (gaps == NULL) return FL_EFULL;
    gaps->resolution = fl_fit_resolution(chats);
    gaps->customary = FL_EXPONENTIAL;
    for (uint32_t i = 0; i < chats->bursts.count; i++) fl_durations_add(gaps, list[i].seconds, !list[i].follows, 1);
    fl_cure_fit(gaps, &fit->burst);
    if (fit->burst.known) {
        fit_messages(chats, fit);
    } else if (gaps->seen_total == 0 && gaps->cut_total >= 300) { /* nobody ever writes twice */
        fit->messages = (struct fl_count_fit){ .best = { .kind = FL_CONSTANT, .a = 1 }, .a_low = 1, .a_high = 1, .stops = gaps->cut_total, .p = NAN, .known = true };
    }
    free(gaps);
    return FL_OK;
}

/* ---- Rounds and thinking -------------------------------------------------------------------------- */

struct weighing {
    struct fl_trials trials[FL_FIT_INTENTS + 1];
    struct fl_count_fit now[FL_FIT_INTENTS + 1];
};

static double pending_burst(const struct fl_rounds_fit *fit, const struct fl_after *after)
{
    if (!fit->burst.known || !fit->messages.known || after->messages == 0) return 0;
    return fl_cure_pending(&fit->burst, 1 - fl_count_stops(&fit->messages.best, after->messages), after->quiet_s);
}

static double family_survival(const struct fl_duration_fit *fit, double x)
{
    const struct fl_family *family = &fit->family[fit->best];
    return fl_family_survival(family->kind, family->a, family->b, x);
}

/* The probability that the message lies within one rounding of x: densities compare so, rounded or not. */
static double family_near(const struct fl_duration_fit *fit, double x, double r)
{
    const struct fl_family *family = &fit->family[fit->best];
    if (!(r > 0)) return fl_exp(fl_family_log_density(family->kind, family->a, family->b, fmax(x, 1e-3)));
    return (family_survival(fit, fmax(0, x - r)) - family_survival(fit, x + r)) / (2 * r);
}

/* One more look at every reply: how likely what followed was the rest of a burst, and how likely a chat in which nothing followed was done. */
static void weigh(const struct fl_chats *chats, struct fl_rounds_fit *fit, struct weighing *w, bool first)
{
    const struct fl_after *list = fl_after_list(chats);
    const double r = fl_fit_resolution(chats);
    double overtaken = 0, written = 0;
    memset(w->trials, 0, sizeof w->trials);
    memset(fit->think_times, 0, sizeof *fit->think_times);
    fit->think_times->resolution = r;
    fit->think_times->customary = FL_LOGNORMAL;
    for (uint32_t i = 0; i < chats->after.count; i++) {
        const struct fl_after *after = &list[i];
        const uint32_t intent = fl_fit_intent(chats, after->intent);
        const struct fl_count_fit *rounds = w->now[intent].known ? &w->now[intent] : &w->now[FL_FIT_INTENTS];
        const double goes_on = first || !rounds->known ? 0.7 : 1 - fl_count_stops(&rounds->best, after->round);
        const bool apart = after->class < FL_FIT_CLASSES && fit->class_apart[after->class];
        double burst = pending_burst(fit, after);
        if (after->writes) {
            const double quiet = after->quiet_s;
            const double left = burst > 0 ? family_survival(&fit->burst.after, quiet) : 1;
            const double as_burst = burst > 0 && left > 0 ? burst * family_near(&fit->burst.after, quiet + after->gap_s, r) / left : 0;
            const double as_thought = (1 - burst) * goes_on * (first ? 1e-3 : family_near(&fit->think, after->gap_s, r));
            burst = as_burst + as_thought > 0 ? as_burst / (as_burst + as_thought) : 0;
            fl_durations_add(fit->think_times, after->gap_s, false, 1 - burst);
            if (!apart) fl_trials_add(&w->trials[intent], after->round, 0, 1 - burst);
            overtaken += burst;
            written++;
        } else {
            const double thinking = first ? 0 : goes_on * family_survival(&fit->think, after->gap_s);
            const double in_burst = burst > 0 ? burst * family_survival(&fit->burst.after, after->quiet_s + after->gap_s) / fmax(1e-12, family_survival(&fit->burst.after, after->quiet_s)) : 0;
            const double done = (1 - burst) * (1 - goes_on), still = (1 - burst) * thinking;
            const double all = done + still + in_burst;
            if (!(all > 0)) continue;
            if (!apart) fl_trials_add(&w->trials[intent], after->round, done / (done + still + 1e-300), (done + still) / all);
            fl_durations_add(fit->think_times, after->gap_s, true, still / all);
        }
    }
    fit->overtaken = written > 0 ? overtaken / written : 0;
    for (uint32_t k = 0; k < FL_FIT_INTENTS; k++) {
        for (uint32_t j = 1; j < FL_TRIALS; j++) {
            w->trials[FL_FIT_INTENTS].came[j] += w->trials[k].came[j];
            w->trials[FL_FIT_INTENTS].stopped[j] += w->trials[k].stopped[j];
        }
    }
}

/* ---- Classes whose buyers ask more ---------------------------------------------------------------- */

/* The mean of rounds that are geometric with mean m, times s, rounded as the simulator does it: max(1, floor(s G + 1/2)). */
static double mean_scaled(double m, double s)
{
    const double goes_on = 1 - 1 / m;
    double sum = 1;
    for (uint32_t j = 1; j < 2000; j++) {
        const double term = fl_pow(goes_on, ceil((j + 0.5) / s) - 1);
        sum += term;
        if (term < 1e-12) break;
    }
    return sum;
}

/* The scale at which the mean is `ratio` times m. As rounding makes it a function of steps, the scales of a step's both ends are the
 * same to the log: `upper` says which end is wanted. */
static double scale_of(double m, double ratio, bool upper)
{
    double low = 0.1, high = 10;
    for (uint32_t i = 0; i < 60; i++) {
        const double middle = 0.5 * (low + high), mean = mean_scaled(m, middle);
        if (upper ? mean <= ratio * m : mean < ratio * m) low = middle;
        else high = middle;
    }
    return 0.5 * (low + high);
}

/* Stops seen to stops expected by the rounds of each intent: the inverse ratio of means, where stopping is as likely at every round. */
static void compare_classes(const struct fl_chats *chats, struct fl_rounds_fit *fit)
{
    const struct fl_after *list = fl_after_list(chats);
    const double z = FL_FIT_Z;
    double stops[FL_FIT_CLASSES] = { 0 }, expected[FL_FIT_CLASSES] = { 0 };
    const uint32_t classes = chats->classes.count < FL_FIT_CLASSES ? chats->classes.count : FL_FIT_CLASSES, u = fit->class_usual;
    for (uint32_t k = 0; k < FL_FIT_CLASSES; k++) fit->class_scale[k] = fit->class_low[k] = fit->class_high[k] = NAN;
    for (uint32_t i = 0; i < chats->after.count; i++) {
        const uint32_t k = list[i].class, intent = fl_fit_intent(chats, list[i].intent);
        if (k >= classes || !fit->rounds[intent].known) continue;
        const double own = 1 - pending_burst(fit, &list[i]);
        const double stop = fl_count_stops(&fit->rounds[intent].best, list[i].round);
        expected[k] += own * stop;
        if (!list[i].writes) stops[k] += own * stop / (stop + (1 - stop) * family_survival(&fit->think, list[i].gap_s) + 1e-300);
    }
    for (uint32_t k = 0; k < classes; k++) {
        if (k == u || stops[k] < FL_STOPS_WANTED || stops[u] < FL_STOPS_WANTED) continue;
        const double ratio = expected[k] / stops[k] / (expected[u] / stops[u]), by = fl_exp(z * sqrt(1 / stops[k] + 1 / stops[u]));
        const struct fl_count_fit *all = &fit->rounds[FL_FIT_INTENTS];
        const bool rounds_off = all->known && all->best.kind == FL_GEOMETRIC && all->best.a > 1.01;
        fit->class_apart[k] = ratio / by > 1 || ratio * by < 1;
        fit->class_scale[k] = rounds_off ? scale_of(all->best.a, ratio, false) : ratio;
        fit->class_low[k] = rounds_off ? scale_of(all->best.a, ratio / by, false) - 1e-6 : ratio / by;
        fit->class_high[k] = rounds_off ? scale_of(all->best.a, ratio * by, true) + 1e-6 : ratio * by;
    }
}

static void turn(const struct fl_chats *chats, struct fl_rounds_fit *fit, struct weighing *w, bool first)
{
    weigh(chats, fit, w, first);
    fl_durations_fit(fit->think_times, &fit->think);
    for (uint32_t k = 0; k <= FL_FIT_INTENTS; k++)
        if (k == FL_FIT_INTENTS || k < chats->intents.count) fl_trials_fit(&w->trials[k], &w->now[k]);
}

enum fl_status fl_rounds_fit(const struct fl_chats *chats, struct fl_rounds_fit *fit)
{
    *fit = (struct fl_rounds_fit){ .think = { .p = NAN } };
    fit->think_times = calloc(1, sizeof *fit->think_times);
    struct weighing *w = calloc(1, sizeof *w);
    enum fl_status status = fit->think_times == NULL || w == NULL ? FL_EFULL : fit_bursts(chats, fit);
    for (uint32_t k = 0; k < chats->classes.count && k < FL_FIT_CLASSES; k++)
        if (chats->classes.seen[k] > chats->classes.seen[fit->class_usual]) fit->class_usual = k;
    for (uint32_t i = 0; status == FL_OK && i < TURNS && (i == 0 || fit->think.known); i++) {
        turn(chats, fit, w, i == 0);
        memcpy(fit->rounds, w->now, sizeof fit->rounds);
        if (i == TURNS / 2) compare_classes(chats, fit); /* the rest is without those who differ */
    }
    if (status == FL_OK) compare_classes(chats, fit);
    free(w);
    return status;
}

void fl_rounds_without_leavers(struct fl_rounds_fit *rounds, const struct fl_patience_fit *patience)
{
    if (!patience->is_model || patience->said < FL_STOPS_WANTED) return; /* nothing but silence: too little to tell rounds from leaving by */
    for (uint32_t k = 0; k <= FL_FIT_INTENTS; k++) {
        struct fl_count_fit *fit = &rounds->rounds[k];
        if (!fit->known || isnan(fit->geometric) || fit->geometric < 1.02) continue;
        fit->best = (struct fl_distribution){ .kind = FL_GEOMETRIC, .a = fit->geometric }; /* leavers among the done look like another family */
        fit->a_low = fit->geometric_low;
        fit->a_high = fit->geometric_high;
        fit->as_likely = false;
        fit->p = NAN;
        const double done = 1 / fit->best.a, shifted = fl_log(done / (1 - done)) + patience->done_shift;
        const double own = fl_log(fit->a_high / fit->best.a), by = FL_FIT_Z * patience->done_shift_se * (1 - done), both = sqrt(own * own + by * by);
        fit->best.a = 1 + fl_exp(-shifted);
        if (fl_distribution_prepare(&fit->best) != FL_OK) fit->known = false;
        fit->a_low = fmax(1, fit->best.a * fl_exp(-both));
        fit->a_high = fit->best.a * fl_exp(both);
    }
}

void fl_rounds_fit_free(struct fl_rounds_fit *fit)
{
    free(fit->think_times);
    fit->think_times = NULL;
}

void fl_rounds_fit_tell(const struct fl_rounds_fit *fit, const struct fl_chats *chats, struct fl_estimates *estimates)
{
    char path[160];
    fl_count_fit_tell(&fit->messages, "buyers.messages_per_round", estimates);
    if (fit->burst.known) {
        struct fl_durations few = { .seen_total = chats->bursts.count * fit->burst.share };
        fl_duration_fit_tell(&fit->burst.after, &few, "buyers.burst_gap", estimates);
    } else if (!(fit->messages.known && fit->messages.best.kind == FL_CONSTANT)) {
        const struct fl_estimate none = fl_estimate_unknown("buyers.burst_gap", "s", "few_durations", 0, FL_DURATIONS_WANTED);
        fl_estimates_add(estimates, &none);
    }
    fl_duration_fit_tell(&fit->think, fit->think_times, "buyers.think_time", estimates);
    for (uint32_t k = 0; k < chats->intents.count; k++) {
        snprintf(path, sizeof path, "buyers.intents[%s].rounds", chats->intents.name[k]);
        fl_count_fit_tell(&fit->rounds[k], path, estimates);
    }
    if (chats->intents.count == 0) fl_count_fit_tell(&fit->rounds[FL_FIT_INTENTS], "buyers.intents[all].rounds", estimates);
    for (uint32_t k = 0; k < chats->classes.count && k < FL_FIT_CLASSES; k++) {
        if (isnan(fit->class_scale[k])) continue;
        snprintf(path, sizeof path, "buyers.classes[%s].rounds_scale", chats->classes.name[k]);
        const struct fl_estimate ratio = fl_estimate_of(path, "1", fit->class_scale[k], fit->class_low[k], fit->class_high[k], chats->classes.seen[k]);
        fl_estimates_add(estimates, &ratio);
    }
}
