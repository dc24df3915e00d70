/* Closing, sessions, shares: see behaviour.h. */
#include "fit/behaviour.h"

#include "core/real.h"
#include "core/special.h"

#include <math.h>
#include <stdio.h>

/* The fullest bin with its two neighbours, but for those around `but`; NaN: it holds fewer than `least`. */
static double fullest(const struct fl_durations *closes, double but, double least, double *weight)
{
    double best = 0, value = NAN;
    for (uint32_t i = 1; i + 1 < FL_DURATION_BINS; i++) {
        const double w = closes->seen[i - 1] + closes->seen[i] + closes->seen[i + 1];
        const double sum = closes->seen_sum[i - 1] + closes->seen_sum[i] + closes->seen_sum[i + 1];
        if (w <= best || closes->seen[i] == 0) continue;
        if (!isnan(but) && fabs(sum / w - but) < 0.05 * but) continue;
        best = w;
        value = sum / w;
    }
    *weight = best;
    return best >= least ? value : NAN;
}

static void fit_closes(const struct fl_chats *chats, struct fl_people_fit *fit)
{
    double most, second;
    if (chats->closes->seen_total < FL_STOPS_WANTED) return;
    const double one = fullest(chats->closes, NAN, 20, &most);
    if (isnan(one) || most < 0.2 * chats->closes->seen_total) return; /* they do not cluster: people close by hand */
    const double other = fullest(chats->closes, one, fmax(5, 0.002 * chats->closes->seen_total), &second);
    if (isnan(other)) {
        fit->when_done_s = one;
        return;
    }
    fit->when_done_s = fmin(one, other);
    fit->silence_s = fmax(one, other);
}

/* ---- Duties at the start --------------------------------------------------------------------------- */

#define DUTIES_STEP 5.0
#define DUTIES_MAX  3600.0
#define SESSIONS_WANTED 10u
#define WHENEVER 0.1 /* share of first replies that nothing is said about */

static double duties_likelihood(const struct fl_chats *chats, const struct fl_family *composing, double duties)
{
    const struct fl_first_reply *list = chats->first_replies.list;
    double sum = 0;
    for (uint32_t i = 0; i < chats->first_replies.count; i++) {
        const double took = list[i].sent_s - fmax(duties, list[i].entered_s);
        const double density = took > 0 ? fl_exp(fl_family_log_density(composing->kind, composing->a, composing->b, took)) : 0;
        sum += fl_log((1 - WHENEVER) * density + WHENEVER / DUTIES_MAX);
    }
    return sum;
}

static void fit_duties(const struct fl_chats *chats, const struct fl_composing_fit *composing, struct fl_people_fit *fit)
{
    const struct fl_duration_fit *all = &composing->total[FL_FIT_INTENTS];
    if (!chats->has_assigned || chats->first_replies.count < SESSIONS_WANTED || !composing->known || !all->known) return;
    const struct fl_family *family = &all->family[all->best];
    const double none = duties_likelihood(chats, family, 0);
    double best = none;
    fit->duties_s = 0;
    for (double d = DUTIES_STEP; d <= DUTIES_MAX; d += DUTIES_STEP) {
        const double value = duties_likelihood(chats, family, d);
        if (value <= best) continue;
        best = value;
        fit->duties_s = d;
    }
    if (best - none < 5) fit->duties_s = 0; /* chosen: two first replies that came late by chance do as much */
    if (fit->duties_s == 0) return;
    fit->duties_low_s = fit->duties_high_s = fit->duties_s;
    for (double d = DUTIES_STEP; d <= DUTIES_MAX; d += DUTIES_STEP) {
        if (duties_likelihood(chats, family, d) < best - 1.92) continue;
        fit->duties_low_s = fmin(fit->duties_low_s, d - DUTIES_STEP);
        fit->duties_high_s = fmax(fit->duties_high_s, d + DUTIES_STEP);
    }
}

void fl_people_fit(const struct fl_chats *chats, const struct fl_composing_fit *composing, struct fl_people_fit *fit)
{
    *fit = (struct fl_people_fit){ .when_done_s = NAN, .silence_s = NAN, .closes = (uint64_t)(chats->closes->seen_total + 0.5),
                                   .duties_s = NAN, .duties_low_s = NAN, .duties_high_s = NAN };
    fit_closes(chats, fit);
    fit_duties(chats, composing, fit);
}

/* ---- Breaks ---------------------------------------------------------------------------------------- */

#define CELL_S 300
#define SURE   14.0 /* expected replies in a silence: e^-14 is below one in a million */

uint32_t fl_breaks_seen(const struct fl_agent_seen *agent, int64_t from_s, int64_t length_s, struct fl_break_seen out[], uint32_t room)
{
    const uint32_t cells = (uint32_t)(length_s / CELL_S), first = (uint32_t)(from_s / CELL_S % 288);
    uint32_t count = 0, run = 0;
    double all = 0;
    for (uint32_t i = 0; i < cells && i < 288; i++) all += agent->replies_at[(first + i) % 288];
    const double each = cells > 0 ? all / cells : 0;
    for (uint32_t i = 0; i < cells && i < 288; i++) {
        if (agent->replies_at[(first + i) % 288] == 0) {
            run++;
            continue;
        }
        if (run >= 3 && run < i && run * each >= SURE && count < room) { /* what begins the stretch is no break: she came later */
            uint32_t from = i - run;
            if (agent->replies_at[(first + from - 1) % 288] < 0.4 * each) from--; /* it began within: a reply under way was finished */
            out[count++] = (struct fl_break_seen){ (int64_t)((first + from) % 288) * CELL_S, (int64_t)(i - from) * CELL_S };
        }
        run = 0;
    }
    return count;
}

static void tell_quantile(const char *path, const struct fl_durations *durations, double p, struct fl_estimates *estimates)
{
    double low, high;
    const double value = fl_durations_quantile(durations, p);
    const bool known = durations->seen_total >= FL_DURATIONS_WANTED && !isnan(value);
    fl_durations_quantile_interval(durations, p, &low, &high);
    if (isnan(low) || isnan(high)) low = high = NAN; /* all alike, or nobody was followed that long: open at one end, so none */
    const double r = durations->resolution;
    const struct fl_estimate e = known ? fl_estimate_of(path, "s", value, isnan(low) ? NAN : fmax(0, low - r), high + r, (uint64_t)(durations->seen_total + 0.5))
                                       : fl_estimate_unknown(path, "s", "few_durations", durations->seen_total, FL_DURATIONS_WANTED);
    fl_estimates_add(estimates, &e);
}

void fl_responses_tell(const struct fl_chats *chats, struct fl_estimates *estimates)
{
    chats->first_response->resolution = chats->response->resolution = fl_fit_resolution(chats);
    tell_quantile("first_response_s.p50", chats->first_response, 0.5, estimates);
    tell_quantile("first_response_s.p90", chats->first_response, 0.9, estimates);
    tell_quantile("later_response_s.p50", chats->response, 0.5, estimates);
    tell_quantile("later_response_s.p90", chats->response, 0.9, estimates);
    if (chats->chats == 0) return;
    const struct fl_estimate e = fl_estimate_of("chats.never_answered", "1", (double)chats->never_answered / (double)chats->chats,
                                                fl_binomial_lower(chats->never_answered, chats->chats, FL_FIT_TAIL),
                                                fl_binomial_upper(chats->never_answered, chats->chats, FL_FIT_TAIL), chats->chats);
    fl_estimates_add(estimates, &e);
}

static void tell_time(const char *path, double seconds, uint64_t n, const char *why, struct fl_estimates *estimates)
{
    const struct fl_estimate e = isnan(seconds) ? fl_estimate_unknown(path, "s", why, (double)n, FL_STOPS_WANTED)
                                                : fl_estimate_of(path, "s", seconds, seconds - 0.01, seconds + 0.01, n);
    fl_estimates_add(estimates, &e);
}

void fl_people_fit_tell(const struct fl_people_fit *fit, const struct fl_chats *chats, struct fl_estimates *estimates)
{
    struct fl_estimate e;
    char path[160];
    const char *const why = chats->has_closed ? "no_cluster" : "no_closes";
    tell_time("desk.close.when_done", fit->when_done_s, fit->closes, why, estimates);
    tell_time("desk.close.silence", fit->silence_s, fit->closes, why, estimates);
    if (!chats->has_assigned) {
        e = fl_estimate_unknown("desk.shifts", "1", "no_assignments", NAN, NAN);
        fl_estimates_add(estimates, &e);
        e = fl_estimate_unknown("desk.agents.max_chats", "chats", "no_assignments", NAN, NAN);
        fl_estimates_add(estimates, &e);
        return;
    }
    if (isnan(fit->duties_s)) e = fl_estimate_unknown("desk.start_duties.length", "s", "few_sessions", chats->first_replies.count, SESSIONS_WANTED);
    else e = fl_estimate_of("desk.start_duties.length", "s", fit->duties_s, fit->duties_low_s, fit->duties_high_s, chats->first_replies.count);
    fl_estimates_add(estimates, &e);
    for (uint32_t a = 0; a < chats->agents.count && a < 200; a++) {
        const struct fl_agent_seen *seen = &chats->agent[a];
        snprintf(path, sizeof path, "agents[%s].open_chats.max", chats->agents.name[a]);
        e = fl_estimate_of(path, "chats", seen->open_most, NAN, NAN, seen->assigned);
        fl_estimates_add(estimates, &e);
    }
    e = fl_estimate_unknown("desk.agents.max_chats", "chats", "capacity_not_shown", NAN, NAN);
    fl_estimates_add(estimates, &e);
}

#define SHARE_DAYS 8u

/* Standard error of an intent's share from its chats of each day, days being independent: of a ratio of sums. NaN: too few days. */
static double error_by_day(const struct fl_chats *chats, uint32_t k, double share, uint64_t all)
{
    double sum = 0;
    uint32_t days = 0;
    for (uint32_t d = 0; d < chats->intent_days; d++) {
        const uint32_t *of_day = &chats->intents_of_day[(size_t)d * 64];
        double n = 0;
        for (uint32_t i = 0; i < 64; i++) n += of_day[i];
        if (n == 0) continue;
        sum += (of_day[k] - share * n) * (of_day[k] - share * n);
        days++;
    }
    return days >= SHARE_DAYS ? sqrt(sum * days / (days - 1)) / (double)all : NAN;
}

static void tell_shares(const struct fl_chats *chats, const struct fl_name_list *names, const char *path, bool by_day, struct fl_estimates *estimates)
{
    char full[160];
    uint64_t all = 0;
    for (uint32_t k = 0; k < names->count; k++) all += names->seen[k];
    for (uint32_t k = 0; all > 0 && k < names->count; k++) {
        const uint64_t n = names->seen[k];
        const double share = (double)n / (double)all;
        double low = fl_binomial_lower(n, all, FL_FIT_TAIL), high = fl_binomial_upper(n, all, FL_FIT_TAIL);
        const double error = by_day ? FL_FIT_Z * error_by_day(chats, k, share, all) : NAN;
        if (error > 0) {
            low = fmin(low, fmax(0, share - error));
            high = fmax(high, fmin(1, share + error));
        }
        snprintf(full, sizeof full, "%s[%s].share", path, names->name[k]);
        const struct fl_estimate e = fl_estimate_of(full, "1", share, low, high, all);
        fl_estimates_add(estimates, &e);
    }
}

void fl_intent_shares_tell(const struct fl_chats *chats, struct fl_estimates *estimates)
{
    tell_shares(chats, &chats->intents, "buyers.intents", true, estimates);
}

void fl_class_shares_tell(const struct fl_chats *chats, struct fl_estimates *estimates)
{
    tell_shares(chats, &chats->classes, "buyers.classes", false, estimates);
}
