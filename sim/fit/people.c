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

void fl_people_fit(const struct fl_chats *chats, struct fl_people_fit *fit)
{
    double most, second;
    *fit = (struct fl_people_fit){ .when_done_s = NAN, .silence_s = NAN, .closes = (uint64_t)(chats->closes->seen_total + 0.5) };
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
        if (run >= 3 && run < i && run * each >= SURE && count < room) /* what begins the stretch is no break: she came later */
            out[count++] = (struct fl_break_seen){ (int64_t)((first + i - run) % 288) * CELL_S, (int64_t)run * CELL_S };
        run = 0;
    }
    return count;
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
    for (uint32_t a = 0; a < chats->agents.count && a < 200; a++) {
        const struct fl_agent_seen *seen = &chats->agent[a];
        snprintf(path, sizeof path, "agents[%s].open_chats.max", chats->agents.name[a]);
        e = fl_estimate_of(path, "chats", seen->open_most, NAN, NAN, seen->assigned);
        fl_estimates_add(estimates, &e);
    }
    e = fl_estimate_unknown("desk.agents.max_chats", "chats", "capacity_not_shown", NAN, NAN);
    fl_estimates_add(estimates, &e);
}

void fl_shares_tell(const struct fl_names *names, const char *path, struct fl_estimates *estimates)
{
    char full[160];
    uint64_t all = 0;
    for (uint32_t k = 0; k < names->count; k++) all += names->seen[k];
    if (all == 0) return;
    for (uint32_t k = 0; k < names->count; k++) {
        const uint64_t n = names->seen[k];
        snprintf(full, sizeof full, "%s[%s].share", path, names->name[k]);
        const struct fl_estimate e = fl_estimate_of(full, "1", (double)n / (double)all, fl_binomial_lower(n, all, 0.025), fl_binomial_upper(n, all, 0.025), all);
        fl_estimates_add(estimates, &e);
    }
}
