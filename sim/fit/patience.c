/* Waiting, leaving, coming back: see behaviour.h. */
#include "fit/behaviour.h"

#include "core/real.h"
#include "core/special.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Whether the clock stops once an agent has her: nobody leaves after that, though many waited on. */
static bool stops_when_assigned(const struct fl_chats *chats)
{
    const struct fl_wait *list = fl_wait_list(chats);
    uint32_t before = 0, after = 0;
    for (uint32_t i = 0; i < chats->waits.count; i++) {
        if (list[i].end != FL_WAIT_SAID && list[i].end != FL_WAIT_SILENT) continue;
        *(isnan(list[i].assigned_s) || list[i].assigned_s >= list[i].seconds ? &before : &after) += 1;
    }
    return chats->has_assigned && before >= 20 && after == 0;
}

static void collect(const struct fl_chats *chats, struct fl_patience_fit *fit)
{
    const struct fl_wait *list = fl_wait_list(chats);
    fit->first_waits->resolution = fit->later_waits->resolution = fl_fit_resolution(chats);
    for (uint32_t i = 0; i < chats->waits.count; i++) {
        const bool left = list[i].end == FL_WAIT_SAID || list[i].end == FL_WAIT_SILENT;
        double seconds = list[i].seconds;
        if (!left && fit->until_assigned && !isnan(list[i].assigned_s)) seconds = fmin(seconds, list[i].assigned_s);
        fl_durations_add(list[i].first ? fit->first_waits : fit->later_waits, seconds, !left, 1);
    }
}

static void share_of_silent(const struct fl_chats *chats, struct fl_patience_fit *fit)
{
    const uint64_t all = chats->left_said + chats->left_silent;
    fit->said = (double)chats->left_said;
    fit->left = (double)all;
    fit->silent_known = all >= FL_STOPS_WANTED;
    if (!fit->silent_known) return;
    fit->silent = (double)chats->left_silent / (double)all;
    fit->silent_low = fl_binomial_lower(chats->left_silent, all, 0.025);
    fit->silent_high = fl_binomial_upper(chats->left_silent, all, 0.025);
}

enum fl_status fl_patience_fit(const struct fl_chats *chats, const struct fl_rounds_fit *rounds, struct fl_patience_fit *fit)
{
    (void)rounds;
    *fit = (struct fl_patience_fit){ .said = 0 };
    fit->first_waits = calloc(1, sizeof *fit->first_waits);
    fit->later_waits = calloc(1, sizeof *fit->later_waits);
    if (fit->first_waits == NULL || fit->later_waits == NULL) return FL_EFULL;
    fit->first_waits->customary = fit->later_waits->customary = FL_WEIBULL;
    chats->come_back->customary = FL_EXPONENTIAL;
    fit->until_assigned = stops_when_assigned(chats);
    collect(chats, fit);
    fl_durations_fit(fit->first_waits, &fit->first);
    fl_durations_fit(fit->later_waits, &fit->later);
    share_of_silent(chats, fit);
    fl_cure_fit(chats->come_back, &fit->come_back);
    return FL_OK;
}

void fl_patience_fit_free(struct fl_patience_fit *fit)
{
    free(fit->first_waits);
    free(fit->later_waits);
    fit->first_waits = fit->later_waits = NULL;
}

void fl_patience_fit_tell(const struct fl_patience_fit *fit, const struct fl_chats *chats, struct fl_estimates *estimates)
{
    struct fl_estimate e;
    fl_duration_fit_tell(&fit->first, fit->first_waits, "buyers.patience.first", estimates);
    fl_duration_fit_tell(&fit->later, fit->later_waits, "buyers.patience.later", estimates);
    if (fit->silent_known) e = fl_estimate_of("buyers.patience.silent_share", "1", fit->silent, fit->silent_low, fit->silent_high, (uint64_t)(fit->left + 0.5));
    else e = fl_estimate_unknown("buyers.patience.silent_share", "1", "few_left", fit->left, FL_STOPS_WANTED);
    fl_estimates_add(estimates, &e);
    const struct fl_cure_fit *back = &fit->come_back;
    if (back->known) {
        e = fl_estimate_of("buyers.come_back.probability", "1", back->share, back->share_low, back->share_high,
                           (uint64_t)(chats->come_back->seen_total + chats->come_back->cut_total + 0.5));
        fl_estimates_add(estimates, &e);
        fl_duration_fit_tell(&back->after, chats->come_back, "buyers.come_back.after", estimates);
    } else {
        e = fl_estimate_unknown("buyers.come_back", "1", "few_durations", chats->come_back->seen_total, FL_DURATIONS_WANTED);
        fl_estimates_add(estimates, &e);
    }
}
