/* Waiting, leaving, coming back: see behaviour.h. */
#include "fit/behaviour.h"

#include "core/real.h"
#include "core/special.h"
#include "fit/maximum.h"

#include <math.h>
#include <stdio.h>
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
    fit->silent_low = fl_binomial_lower(chats->left_silent, all, FL_FIT_TAIL);
    fit->silent_high = fl_binomial_upper(chats->left_silent, all, FL_FIT_TAIL);
}

/* ---- Silent leavers that the log does not show ------------------------------------------------------ */

/* What a wait of w came to. Without good-bye until w, she has left with probability l = s F / (s F + S), F the patience of its round, and then
 * writes again with the probability c that those who said good-bye do; else she is done with probability d. Cells hold like waits. */
#define WAIT_CELLS 96u
#define CELL_WIDTH 0.12 /* of the logarithm of seconds */
#define CELL_FIRST 1.0  /* second */

struct cell {
    double writes, nothing; /* after the reply */
    double said;            /* good-byes within the cell */
    double seconds;         /* sum of the waits */
};

#define LONGEST_SHARE 0.015 /* chosen */

struct leaving {
    struct cell cell[2][FL_FIT_INTENTS + 1][WAIT_CELLS]; /* [first] */
    bool filled[FL_FIT_INTENTS + 1], held[2];            /* held: so many of these rounds that their patience can be asked for */
    double done[FL_FIT_INTENTS + 1];                     /* logit of d */
    double back;
    bool says;                                           /* some leavers say so; else all are silent */
    double weight;
};

static double logistic(double x)
{
    return 1 / (1 + fl_exp(-x));
}

static uint32_t cell_of(double seconds)
{
    const double at = seconds > CELL_FIRST ? fl_log(seconds / CELL_FIRST) / CELL_WIDTH : 0;
    return at < WAIT_CELLS - 1 ? (uint32_t)at : WAIT_CELLS - 1;
}

/* theta: ln scale and ln shape of first and later patience, logit of the silent share, shift of the logits of being done. */
static double log_of_leaving(const void *context, const double theta[])
{
    const struct leaving *leaving = context;
    double sum = 0;
    for (uint32_t i = 0; i < 5; i++)
        if (fabs(theta[i]) > (i % 2 == 1 && i < 4 ? 2.5 : 16)) return NAN;
    const double silent = leaving->says ? logistic(theta[4]) : 1;
    for (uint32_t first = 0; first < 2; first++) {
        const double scale = fl_exp(theta[2 * (1 - first)]), shape = fl_exp(theta[2 * (1 - first) + 1]);
        for (uint32_t k = 0; k <= FL_FIT_INTENTS; k++) {
            if (!leaving->filled[k]) continue;
            const double done = logistic(leaving->done[k] + theta[5]);
            for (uint32_t j = 0; j < WAIT_CELLS; j++) {
                const struct cell *cell = &leaving->cell[first][k][j];
                const double all = cell->writes + cell->nothing + cell->said;
                if (!(all > 0)) continue;
                const double w = cell->seconds / all, stays = fl_family_survival(FL_WEIBULL, scale, shape, w), gone = silent * (1 - stays);
                sum += cell->writes * fl_log(fmax(stays * (1 - done) + gone * leaving->back, 1e-300));
                sum += cell->nothing * fl_log(fmax(stays * done + gone * (1 - leaving->back), 1e-300));
                if (cell->said > 0) sum += cell->said * (fl_log(fmax(1 - silent, 1e-12)) + fl_family_log_density(FL_WEIBULL, scale, shape, w));
            }
        }
    }
    for (uint32_t i = 0; i < 2; i++) /* kept near what is usual where there is nothing to go by, so that the rest can be found */
        if (!leaving->held[i]) sum -= 50 * (theta[2 - 2 * i] - 6) * (theta[2 - 2 * i] - 6) + 50 * theta[3 - 2 * i] * theta[3 - 2 * i];
    if (!leaving->says) sum -= 50 * theta[4] * theta[4];
    return sum;
}

/* The longest waits are left out: of whom a log does not tell to have left and come back they are waits that nobody waited. How she goes on is asked
 * given her wait, so leaving out by the wait alone bends nothing. */
static void leave_out_longest(struct leaving *leaving, uint32_t first, double answered)
{
    double beyond = 0;
    for (uint32_t j = WAIT_CELLS; j-- > 0 && beyond < LONGEST_SHARE * answered;) {
        for (uint32_t k = 0; k <= FL_FIT_INTENTS; k++) {
            struct cell *const cell = &leaving->cell[first][k][j];
            beyond += cell->writes + cell->nothing;
            if (cell->said > 0) continue; /* an instant, not only a wait */
            *cell = (struct cell){ 0 };
        }
    }
}

static void fill_cells(const struct fl_chats *chats, const struct fl_rounds_fit *rounds, struct leaving *leaving)
{
    const struct fl_after *after = fl_after_list(chats);
    const struct fl_wait *wait = fl_wait_list(chats);
    double n[2] = { 0 };
    for (uint32_t i = 0; i < chats->after.count; i++) {
        const uint32_t k = fl_fit_intent(chats, after[i].intent);
        struct cell *cell = &leaving->cell[after[i].first][k][cell_of(after[i].waited_s)];
        *(after[i].writes ? &cell->writes : &cell->nothing) += 1;
        cell->seconds += after[i].waited_s;
        leaving->filled[k] = true;
        n[after[i].first]++;
    }
    for (uint32_t i = 0; i < chats->waits.count; i++) {
        if (wait[i].end != FL_WAIT_SAID) continue;
        struct cell *cell = &leaving->cell[wait[i].first][fl_fit_intent(chats, wait[i].intent)][cell_of(wait[i].seconds)];
        cell->said++;
        cell->seconds += wait[i].seconds;
        leaving->says = true;
    }
    for (uint32_t first = 0; first < 2 && !leaving->says; first++) leave_out_longest(leaving, first, n[first]);
    leaving->held[0] = n[0] >= 500;
    leaving->held[1] = n[1] >= 500;
    for (uint32_t k = 0; k <= FL_FIT_INTENTS; k++) {
        const struct fl_count_fit *of = rounds->rounds[k].known ? &rounds->rounds[k] : &rounds->rounds[FL_FIT_INTENTS];
        const double d = of->known ? fmin(0.98, fmax(0.02, 1 / fmax(1.02, fl_distribution_mean(&of->best)))) : 0.3;
        leaving->done[k] = fl_log(d / (1 - d));
    }
}

static void take_family(const struct fl_maximum *maximum, uint32_t at, struct fl_duration_fit *fit)
{
    struct fl_family *family = &fit->family[1];
    const double sa = FL_FIT_Z * sqrt(maximum->covariance[at][at]), sb = FL_FIT_Z * sqrt(maximum->covariance[at + 1][at + 1]);
    *fit = (struct fl_duration_fit){ .best = 1, .known = sa < 1.5 && sb < 1.5, .p = NAN, .ks = NAN };
    *family = (struct fl_family){ .kind = FL_WEIBULL, .fitted = true, .a = fl_exp(maximum->theta[at]), .b = fl_exp(maximum->theta[at + 1]) };
    family->a_low = family->a * fl_exp(-sa);
    family->a_high = family->a * fl_exp(sa);
    family->b_low = family->b * fl_exp(-sb);
    family->b_high = family->b * fl_exp(sb);
}

static enum fl_status fit_model(const struct fl_chats *chats, const struct fl_rounds_fit *rounds, struct fl_patience_fit *fit)
{
    struct leaving *leaving = calloc(1, sizeof *leaving);
    struct fl_maximum maximum;
    if (leaving == NULL) return FL_EFULL;
    fill_cells(chats, rounds, leaving);
    const double back = chats->come_back->seen_total, all = back + chats->come_back->cut_total;
    leaving->back = fit->come_back.known ? fit->come_back.share : all >= FL_STOPS_WANTED ? back / all : 0;
    const double start[6] = { fl_log(200), 0.4, fl_log(400), 0.4, 0, -0.3 };
    const bool asked = leaving->held[0] || leaving->held[1];
    if (asked && fl_maximise(6, start, log_of_leaving, leaving, &maximum) == FL_OK && maximum.peaked) {
        fit->is_model = true;
        take_family(&maximum, 0, &fit->first);
        take_family(&maximum, 2, &fit->later);
        fit->asked[0] = leaving->held[1];
        fit->asked[1] = leaving->held[0];
        fit->first.known &= leaving->held[1];
        fit->later.known &= leaving->held[0];
        const double s = FL_FIT_Z * sqrt(maximum.covariance[4][4]);
        fit->silent = leaving->says ? logistic(maximum.theta[4]) : 1;
        fit->silent_low = leaving->says ? logistic(maximum.theta[4] - s) : NAN;
        fit->silent_high = leaving->says ? logistic(maximum.theta[4] + s) : NAN;
        fit->silent_known = fit->first.known || fit->later.known;
        fit->done_shift = maximum.theta[5];
        fit->done_shift_se = sqrt(maximum.covariance[5][5]);
    }
    free(leaving);
    return FL_OK;
}

enum fl_status fl_patience_fit(const struct fl_chats *chats, const struct fl_rounds_fit *rounds, struct fl_patience_fit *fit)
{
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
    chats->visits.after->customary = FL_EXPONENTIAL;
    fl_cure_fit(chats->visits.after, &fit->next_visit);
    return chats->left_silent == 0 ? fit_model(chats, rounds, fit) : FL_OK;
}

void fl_patience_fit_free(struct fl_patience_fit *fit)
{
    free(fit->first_waits);
    free(fit->later_waits);
    fit->first_waits = fit->later_waits = NULL;
}

/* Coming back after leaving, or again after having been served: how many do, and after how long. */
static void tell_return(const struct fl_cure_fit *fit, const struct fl_durations *durations, const char *path, const char *why, struct fl_estimates *estimates)
{
    char full[80];
    struct fl_estimate e;
    if (!fit->known) {
        e = fl_estimate_unknown(path, "1", why, durations->seen_total, FL_DURATIONS_WANTED);
        fl_estimates_add(estimates, &e);
        return;
    }
    snprintf(full, sizeof full, "%s.probability", path);
    e = fl_estimate_of(full, "1", fit->share, fit->share_low, fit->share_high, (uint64_t)(durations->seen_total + durations->cut_total + 0.5));
    fl_estimates_add(estimates, &e);
    snprintf(full, sizeof full, "%s.after", path);
    fl_duration_fit_tell(&fit->after, durations, full, estimates);
}

void fl_patience_fit_tell(const struct fl_patience_fit *fit, const struct fl_chats *chats, struct fl_estimates *estimates)
{
    struct fl_estimate e;
    const size_t from = estimates->count, from_goodness = estimates->goodness_count;
    fl_duration_fit_tell(&fit->first, fit->first_waits, "buyers.patience.first", estimates);
    fl_duration_fit_tell(&fit->later, fit->later_waits, "buyers.patience.later", estimates);
    if (fit->silent_known) e = fl_estimate_of("buyers.patience.silent_share", "1", fit->silent, fit->silent_low, fit->silent_high, (uint64_t)(fit->left + 0.5));
    else e = fl_estimate_unknown("buyers.patience.silent_share", "1", "few_left", fit->left, FL_STOPS_WANTED);
    fl_estimates_add(estimates, &e);
    for (uint32_t i = 0; fit->is_model && i < 2; i++) { /* asked for, and not told apart from being done */
        const bool missing = !(i == 0 ? fit->first : fit->later).known && fit->asked[i];
        for (size_t j = from; missing && j < estimates->count; j++)
            if (strcmp(estimates->list[j].path, i == 0 ? "buyers.patience.first" : "buyers.patience.later") == 0) estimates->list[j].why = "leaving_does_not_show";
    }
    if (fit->is_model) {
        estimates->goodness_count = from_goodness; /* leavings were not seen: there is nothing to hold the curve against */
        for (size_t i = from; i < estimates->count; i++) {
            if (!estimates->list[i].known) continue;
            estimates->list[i].sure = false;
            estimates->list[i].why = "model_of_leaving";
            estimates->list[i].n = chats->after.count;
        }
    }
    tell_return(&fit->come_back, chats->come_back, "buyers.come_back", "few_durations", estimates);
    tell_return(&fit->next_visit, chats->visits.after, "buyers.next_visit", !chats->has_buyers || !chats->has_closed ? "no_buyers" : "few_durations", estimates);
}
