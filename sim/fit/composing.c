/* What replies take: see behaviour.h. A regression on names: every record touches one column for its intent, and one each for class, agent
 * and number of open chats where these are not the usual ones. */
#include "fit/behaviour.h"

#include "core/real.h"
#include "core/special.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AGENTS_MAX  150u /* told apart */
#define AGENT_WANTED 30u /* replies of one */
#define OPEN_WANTED  40u /* replies with so many open */
#define PASSES        6u
#define AWAY          4.0 /* standard deviations */
#define NONE UINT32_MAX

struct regression {
    const struct fl_chats *chats;
    const struct fl_composing *list;
    uint32_t n, columns;
    bool opens_told; /* the log shows assignments and closes */
    uint32_t intent_at[FL_FIT_INTENTS + 1], class_at[FL_FIT_CLASSES], open_group[FL_FIT_OPENS], open_at[FL_FIT_OPENS];
    uint32_t *agent_at;   /* [agents] */
    double *y, *fitted;   /* [n] */
    bool *aside;          /* [n] */
    double *a, *inverse, *meat, *b; /* [columns * columns], [columns] */
    double spread[FL_FIT_INTENTS + 1];
};

static uint32_t open_level(uint32_t open)
{
    return open == 0 ? 0 : open - 1 < FL_FIT_OPENS ? open - 1 : FL_FIT_OPENS - 1;
}

/* The columns of a record; how many. */
static uint32_t columns_of(const struct regression *r, const struct fl_composing *one, uint32_t at[4])
{
    uint32_t n = 0;
    at[n++] = r->intent_at[fl_fit_intent(r->chats, one->intent)];
    if (one->class < FL_FIT_CLASSES && r->class_at[one->class] != NONE) at[n++] = r->class_at[one->class];
    if (one->agent < r->chats->agents.count && r->agent_at[one->agent] != NONE) at[n++] = r->agent_at[one->agent];
    const uint32_t open = r->open_at[open_level(one->open)];
    if (r->opens_told && open != NONE) at[n++] = open;
    return n;
}

/* ---- Columns --------------------------------------------------------------------------------------- */

static uint32_t largest(const double *count, uint32_t n)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < n; i++)
        if (count[i] > count[best]) best = i;
    return best;
}

/* Numbers of open chats: each its own level where it was seen often, neighbours together where not. */
static void group_opens(struct regression *r, const double count[FL_FIT_OPENS], struct fl_composing_fit *fit)
{
    double run = 0;
    uint32_t group = 0, last_full = NONE;
    for (uint32_t k = 0; k < FL_FIT_OPENS; k++) {
        r->open_group[k] = group;
        run += count[k];
        if (run < OPEN_WANTED) continue;
        fit->alone[k] = k < FL_FIT_OPENS - 1 && (k == 0 || r->open_group[k - 1] != group);
        last_full = group++;
        run = 0;
    }
    for (uint32_t k = 0; k < FL_FIT_OPENS; k++)
        if (last_full != NONE && r->open_group[k] > last_full) { /* the rest joins the last that had enough, which is no number of its own then */
            r->open_group[k] = last_full;
            if (count[k] > 0)
                for (uint32_t j = 0; j < FL_FIT_OPENS; j++)
                    if (r->open_group[j] == last_full) fit->alone[j] = false;
        }
    fit->has_opens = last_full != NONE && last_full > 0;
    fit->opens = 0;
    if (last_full != NONE)
        while (fit->opens < FL_FIT_OPENS && (fit->opens == 0 || r->open_group[fit->opens] != r->open_group[fit->opens - 1] || r->open_group[fit->opens] < last_full)) fit->opens++;
}

static void lay_columns(struct regression *r, struct fl_composing_fit *fit, bool with_agents)
{
    double intent[FL_FIT_INTENTS + 1] = { 0 }, class[FL_FIT_CLASSES] = { 0 }, open[FL_FIT_OPENS] = { 0 };
    const uint32_t agents = r->chats->agents.count;
    double *agent = calloc(agents + 1, sizeof *agent);
    r->columns = 0;
    for (uint32_t i = 0; i < r->n; i++) {
        intent[fl_fit_intent(r->chats, r->list[i].intent)]++;
        if (r->list[i].class < FL_FIT_CLASSES) class[r->list[i].class]++;
        if (r->opens_told) open[open_level(r->list[i].open)]++;
        if (agent != NULL && r->list[i].agent < agents) agent[r->list[i].agent]++;
    }
    for (uint32_t k = 0; k <= FL_FIT_INTENTS; k++) r->intent_at[k] = intent[k] > 0 ? r->columns++ : NONE;
    fit->class_usual = largest(class, FL_FIT_CLASSES);
    for (uint32_t k = 0; k < FL_FIT_CLASSES; k++) r->class_at[k] = k != fit->class_usual && class[k] >= AGENT_WANTED ? r->columns++ : NONE;
    group_opens(r, open, fit);
    for (uint32_t k = 0; k < FL_FIT_OPENS; k++) {
        const bool begins = k > 0 && r->open_group[k] != r->open_group[k - 1];
        r->open_at[k] = !fit->has_opens || r->open_group[k] == 0 ? NONE : begins ? r->columns++ : r->open_at[k - 1];
    }
    fit->agents = 0;
    for (uint32_t k = 0; k < agents; k++) r->agent_at[k] = NONE;
    fit->agent_usual = agent != NULL ? largest(agent, agents) : 0;
    for (uint32_t k = 0; with_agents && agent != NULL && k < agents && fit->agents < AGENTS_MAX; k++) {
        if (k == fit->agent_usual || agent[k] < AGENT_WANTED) continue;
        r->agent_at[k] = r->columns++;
        fit->agents++;
    }
    free(agent);
}

/* ---- Least squares --------------------------------------------------------------------------------- */

/* The inverse of a symmetric positive definite matrix by Gauss and Jordan without exchanges; a column that nothing tells from the others
 * is left out (its row and column become zero). */
static void invert(uint32_t n, const double *a, double *work, double *inverse)
{
    memcpy(work, a, (size_t)n * n * sizeof *work);
    memset(inverse, 0, (size_t)n * n * sizeof *inverse);
    for (uint32_t i = 0; i < n; i++) inverse[i * n + i] = 1;
    for (uint32_t k = 0; k < n; k++) {
        const double pivot = work[k * n + k];
        if (pivot < 1e-9 * (a[k * n + k] + 1)) {
            for (uint32_t j = 0; j < n; j++) work[k * n + j] = work[j * n + k] = inverse[k * n + j] = 0;
            continue;
        }
        for (uint32_t j = 0; j < n; j++) {
            work[k * n + j] /= pivot;
            inverse[k * n + j] /= pivot;
        }
        for (uint32_t i = 0; i < n; i++) {
            const double by = work[i * n + k];
            if (i == k || by == 0) continue;
            for (uint32_t j = 0; j < n; j++) {
                work[i * n + j] -= by * work[k * n + j];
                inverse[i * n + j] -= by * inverse[k * n + j];
            }
        }
    }
}

static void solve(struct regression *r)
{
    const uint32_t p = r->columns;
    memset(r->a, 0, (size_t)p * p * sizeof *r->a);
    double *right = calloc(p, sizeof *right);
    if (right == NULL) return;
    for (uint32_t i = 0; i < r->n; i++) {
        uint32_t at[4];
        if (r->aside[i]) continue;
        const uint32_t m = columns_of(r, &r->list[i], at);
        for (uint32_t j = 0; j < m; j++) {
            right[at[j]] += r->y[i];
            for (uint32_t k = 0; k < m; k++) r->a[at[j] * p + at[k]]++;
        }
    }
    invert(p, r->a, r->meat, r->inverse);
    for (uint32_t j = 0; j < p; j++) {
        r->b[j] = 0;
        for (uint32_t k = 0; k < p; k++) r->b[j] += r->inverse[j * p + k] * right[k];
    }
    for (uint32_t i = 0; i < r->n; i++) {
        uint32_t at[4];
        const uint32_t m = columns_of(r, &r->list[i], at);
        r->fitted[i] = 0;
        for (uint32_t j = 0; j < m; j++) r->fitted[i] += r->b[at[j]];
    }
    free(right);
}

/* Spreads by intent; what was cut is expected where the rest of its bell lies; whoever took far too long was away. */
static void adjust(struct regression *r)
{
    double squares[FL_FIT_INTENTS + 1] = { 0 }, count[FL_FIT_INTENTS + 1] = { 0 };
    for (uint32_t i = 0; i < r->n; i++) {
        const uint32_t k = fl_fit_intent(r->chats, r->list[i].intent);
        if (r->aside[i] || r->list[i].cut) continue;
        squares[k] += (r->y[i] - r->fitted[i]) * (r->y[i] - r->fitted[i]);
        count[k]++;
    }
    for (uint32_t k = 0; k <= FL_FIT_INTENTS; k++) r->spread[k] = count[k] > 1 ? sqrt(squares[k] / count[k]) : 1;
    for (uint32_t i = 0; i < r->n; i++) {
        const double s = r->spread[fl_fit_intent(r->chats, r->list[i].intent)], y = fl_log(fmax(r->list[i].seconds, 1e-3));
        const double z = (y - r->fitted[i]) / s;
        r->aside[i] = z > AWAY;
        if (!r->list[i].cut || r->aside[i]) continue;
        const double beyond = fl_normal_cdf(-z);
        r->y[i] = r->fitted[i] + s * fl_exp(-0.5 * z * z) / 2.5066282746310002 / fmax(beyond, 1e-300);
    }
}

/* White's errors, into inverse: A^-1 (sum of e^2 x x') A^-1. */
static void errors(struct regression *r)
{
    const uint32_t p = r->columns;
    double *half = calloc((size_t)p * p, sizeof *half);
    if (half == NULL) return;
    memset(r->meat, 0, (size_t)p * p * sizeof *r->meat);
    for (uint32_t i = 0; i < r->n; i++) {
        uint32_t at[4];
        if (r->aside[i]) continue;
        const double e = r->y[i] - r->fitted[i];
        const uint32_t m = columns_of(r, &r->list[i], at);
        for (uint32_t j = 0; j < m; j++)
            for (uint32_t k = 0; k < m; k++) r->meat[at[j] * p + at[k]] += e * e;
    }
    for (uint32_t i = 0; i < p; i++)
        for (uint32_t k = 0; k < p; k++) {
            if (r->inverse[i * p + k] == 0) continue;
            for (uint32_t j = 0; j < p; j++) half[i * p + j] += r->inverse[i * p + k] * r->meat[k * p + j];
        }
    memcpy(r->a, r->inverse, (size_t)p * p * sizeof *r->a);
    memset(r->inverse, 0, (size_t)p * p * sizeof *r->inverse);
    for (uint32_t i = 0; i < p; i++)
        for (uint32_t k = 0; k < p; k++) {
            if (half[i * p + k] == 0) continue;
            for (uint32_t j = 0; j < p; j++) r->inverse[i * p + j] += half[i * p + k] * r->a[k * p + j];
        }
    free(half);
}

static bool make_room(struct regression *r)
{
    const size_t square = (size_t)r->columns * r->columns;
    r->a = calloc(square, sizeof *r->a);
    r->inverse = calloc(square, sizeof *r->inverse);
    r->meat = calloc(square, sizeof *r->meat);
    r->b = calloc(r->columns, sizeof *r->b);
    return r->a != NULL && r->inverse != NULL && r->meat != NULL && r->b != NULL;
}

static void give_room_back(struct regression *r)
{
    free(r->a);
    free(r->inverse);
    free(r->meat);
    free(r->b);
    r->a = r->inverse = r->meat = r->b = NULL;
}

static bool regress(struct regression *r, struct fl_composing_fit *fit, bool with_agents)
{
    lay_columns(r, fit, with_agents);
    give_room_back(r);
    if (!make_room(r)) return false;
    for (uint32_t i = 0; i < r->n; i++) {
        r->y[i] = fl_log(fmax(r->list[i].seconds, 1e-3));
        r->aside[i] = false;
    }
    for (uint32_t pass = 0; pass < PASSES; pass++) {
        solve(r);
        if (pass + 1 < PASSES) adjust(r);
    }
    errors(r);
    return true;
}

/* ---- What comes of it ------------------------------------------------------------------------------ */

/* Whether the agents differ at all: their coefficients in units of their errors, as a chi-square (Wald). */
static void judge_agents(const struct regression *r, struct fl_composing_fit *fit)
{
    const uint32_t m = fit->agents, p = r->columns;
    fit->agents_alike = true;
    fit->agents_p = NAN;
    if (m == 0) return;
    uint32_t *at = calloc(m, sizeof *at);
    double *part = calloc((size_t)m * m, sizeof *part), *work = calloc((size_t)m * m, sizeof *work), *inverse = calloc((size_t)m * m, sizeof *inverse);
    if (at != NULL && part != NULL && work != NULL && inverse != NULL) {
        uint32_t n = 0;
        for (uint32_t k = 0; k < r->chats->agents.count; k++)
            if (r->agent_at[k] != NONE) at[n++] = r->agent_at[k];
        for (uint32_t i = 0; i < m; i++)
            for (uint32_t j = 0; j < m; j++) part[i * m + j] = r->inverse[at[i] * p + at[j]] * 1e6; /* so that its size is that of counts */
        invert(m, part, work, inverse);
        double sum = 0;
        for (uint32_t i = 0; i < m; i++)
            for (uint32_t j = 0; j < m; j++) sum += r->b[at[i]] * inverse[i * m + j] * r->b[at[j]] * 1e6;
        fit->agents_p = fl_gamma_upper(0.5 * m, 0.5 * sum);
        fit->agents_alike = fit->agents_p > 0.05;
    }
    free(at);
    free(part);
    free(work);
    free(inverse);
}

static void take_effects(const struct regression *r, struct fl_composing_fit *fit)
{
    const uint32_t p = r->columns;
    for (uint32_t k = 0; k < FL_FIT_OPENS; k++) {
        const uint32_t at = r->open_at[k];
        fit->log_open[k] = at == NONE ? 0 : r->b[at];
        fit->log_open_se[k] = at == NONE ? 0 : sqrt(r->inverse[at * p + at]);
    }
    for (uint32_t k = 0; k < FL_FIT_CLASSES; k++) {
        const uint32_t at = r->class_at[k];
        fit->log_class[k] = at == NONE ? NAN : r->b[at];
        fit->log_class_se[k] = at == NONE ? NAN : sqrt(r->inverse[at * p + at]);
    }
    for (uint32_t k = 0; k < r->chats->agents.count; k++) {
        const uint32_t at = r->agent_at[k];
        fit->log_agent[k] = at == NONE ? 0 : r->b[at];
        fit->log_agent_se[k] = at == NONE ? NAN : sqrt(r->inverse[at * p + at]);
    }
}

/* Composing times as they would be of the usual agent and class with one chat open, by intent; what the effects' errors add to the
 * error of their level is that of their mean over the intent's replies. */
static bool take_times(const struct regression *r, struct fl_composing_fit *fit)
{
    const uint32_t p = r->columns;
    double *mean = calloc((size_t)(FL_FIT_INTENTS + 1) * p, sizeof *mean);
    double count[FL_FIT_INTENTS + 1] = { 0 }, sum[FL_FIT_INTENTS + 1] = { 0 }, squares[FL_FIT_INTENTS + 1] = { 0 };
    if (mean == NULL) return false;
    for (uint32_t k = 0; k <= FL_FIT_INTENTS; k++) {
        if (r->intent_at[k] == NONE && k < FL_FIT_INTENTS) continue;
        fit->times[k] = calloc(1, sizeof *fit->times[k]);
        if (fit->times[k] == NULL) {
            free(mean);
            return false;
        }
        fit->times[k]->resolution = fl_fit_resolution(r->chats);
        fit->times[k]->customary = FL_LOGNORMAL;
    }
    for (uint32_t i = 0; i < r->n; i++) {
        uint32_t at[4];
        if (r->aside[i]) {
            fit->aside++;
            continue;
        }
        const uint32_t k = fl_fit_intent(r->chats, r->list[i].intent), m = columns_of(r, &r->list[i], at);
        const double seconds = r->list[i].seconds * fl_exp(r->b[r->intent_at[k]] - r->fitted[i]);
        fl_durations_add(fit->times[k], seconds, r->list[i].cut, 1);
        if (k < FL_FIT_INTENTS) fl_durations_add(fit->times[FL_FIT_INTENTS], seconds, r->list[i].cut, 1);
        for (uint32_t j = 1; j < m; j++) mean[k * p + at[j]]++;
        count[k]++;
        sum[k] += seconds;
        squares[k] += seconds * seconds;
        fit->replies++;
    }
    for (uint32_t k = 0; k <= FL_FIT_INTENTS; k++) {
        if (fit->times[k] == NULL) continue;
        fl_durations_fit(fit->times[k], &fit->total[k]);
        double variance = 0;
        for (uint32_t i = 0; i < p && count[k] > 0; i++)
            for (uint32_t j = 0; j < p && mean[k * p + i] > 0; j++) variance += mean[k * p + i] / count[k] * r->inverse[i * p + j] * mean[k * p + j] / count[k];
        const double extra = fmax(variance, 0);
        for (uint32_t f = 0; f < FL_FAMILIES; f++) { /* wider by that, on the scale */
            struct fl_family *family = &fit->total[k].family[f];
            if (!family->fitted) continue;
            const double own = fl_log(family->a_high / family->a), both = sqrt(own * own + FL_FIT_Z * FL_FIT_Z * extra);
            family->a_low = family->a * fl_exp(-both);
            family->a_high = family->a * fl_exp(both);
        }
        if (count[k] < 2) continue;
        const double m = sum[k] / count[k], own = (squares[k] / count[k] - m * m) / count[k];
        fit->mean_s[k] = m;
        fit->mean_se[k] = sqrt(fmax(own, 0) + m * m * extra);
    }
    free(mean);
    return true;
}

enum fl_status fl_composing_fit(const struct fl_chats *chats, struct fl_composing_fit *fit)
{
    *fit = (struct fl_composing_fit){ .oldest_first = NAN, .agents_p = NAN, .agents_alike = true };
    struct regression r = { .chats = chats, .list = fl_composing_list(chats), .n = chats->composings.count,
                            .opens_told = chats->has_assigned && chats->has_closed };
    const uint64_t choices = chats->in_order + chats->out_of_order;
    if (choices >= 100) fit->oldest_first = (double)chats->in_order / (double)choices;
    if (r.n < FL_DURATIONS_WANTED || chats->resolution == FL_TIMES_MINUTES) return FL_OK; /* a reply takes less than a minute */
    r.agent_at = calloc(chats->agents.count + 1, sizeof *r.agent_at);
    r.y = calloc(r.n, sizeof *r.y);
    r.fitted = calloc(r.n, sizeof *r.fitted);
    r.aside = calloc(r.n, sizeof *r.aside);
    fit->log_agent = calloc(chats->agents.count + 1, sizeof *fit->log_agent);
    fit->log_agent_se = calloc(chats->agents.count + 1, sizeof *fit->log_agent_se);
    bool well = r.agent_at != NULL && r.y != NULL && r.fitted != NULL && r.aside != NULL && fit->log_agent != NULL && fit->log_agent_se != NULL;
    well = well && regress(&r, fit, true);
    if (well) judge_agents(&r, fit);
    if (well) take_effects(&r, fit);
    if (well && fit->agents_alike && fit->agents > 0) { /* one kind of agent: the others are told by more */
        const uint32_t agents = fit->agents;
        double *const log_agent = fit->log_agent, *const se = fit->log_agent_se;
        double *const keep = calloc(chats->agents.count + 1, sizeof *keep), *const keep_se = calloc(chats->agents.count + 1, sizeof *keep_se);
        well = keep != NULL && keep_se != NULL;
        if (well) {
            memcpy(keep, log_agent, chats->agents.count * sizeof *keep);
            memcpy(keep_se, se, chats->agents.count * sizeof *keep);
            well = regress(&r, fit, false);
        }
        if (well) {
            take_effects(&r, fit);
            memcpy(log_agent, keep, chats->agents.count * sizeof *keep);
            memcpy(se, keep_se, chats->agents.count * sizeof *keep);
            fit->agents = agents;
        }
        free(keep);
        free(keep_se);
    }
    well = well && take_times(&r, fit);
    fit->known = well && fit->replies >= FL_DURATIONS_WANTED;
    give_room_back(&r);
    free(r.agent_at);
    free(r.y);
    free(r.fitted);
    free(r.aside);
    return well ? FL_OK : FL_EFULL;
}

void fl_composing_fit_free(struct fl_composing_fit *fit)
{
    for (uint32_t k = 0; k <= FL_FIT_INTENTS; k++) free(fit->times[k]);
    free(fit->log_agent);
    free(fit->log_agent_se);
    *fit = (struct fl_composing_fit){ .replies = 0 };
}

/* ---- Telling --------------------------------------------------------------------------------------- */

/* exp of a coefficient, times -1 where it is a slowness and a speed is wanted. */
static void tell_factor(const char *path, double log_factor, double se, double sign, uint64_t n, struct fl_estimates *estimates)
{
    const double z = FL_FIT_Z;
    const struct fl_estimate e = fl_estimate_of(path, "1", fl_exp(sign * log_factor), fl_exp(sign * log_factor - z * se), fl_exp(sign * log_factor + z * se), n);
    fl_estimates_add(estimates, &e);
}

static void tell_intent(const struct fl_composing_fit *fit, uint32_t k, const char *name, struct fl_estimates *estimates)
{
    char path[160];
    const double z = FL_FIT_Z;
    if (fit->times[k] == NULL) return;
    snprintf(path, sizeof path, "buyers.intents[%s].reply.total", name);
    fl_duration_fit_tell(&fit->total[k], fit->times[k], path, estimates);
    if (!fit->total[k].known) return;
    snprintf(path, sizeof path, "intents[%s].reply_s.mean", name);
    const struct fl_estimate e = fl_estimate_of(path, "s", fit->mean_s[k], fit->mean_s[k] - z * fit->mean_se[k], fit->mean_s[k] + z * fit->mean_se[k],
                                                (uint64_t)(fit->times[k]->seen_total + 0.5));
    fl_estimates_add(estimates, &e);
}

void fl_composing_fit_tell(const struct fl_composing_fit *fit, const struct fl_chats *chats, struct fl_estimates *estimates)
{
    char path[160];
    struct fl_estimate e;
    if (!fit->known) {
        e = fl_estimate_unknown("buyers.intents.reply", "s", chats->agents.count == 0 ? "no_agents" : chats->resolution == FL_TIMES_MINUTES ? "whole_minutes" : "few_durations", (double)fit->replies, FL_DURATIONS_WANTED);
        fl_estimates_add(estimates, &e);
        e = fl_estimate_unknown("desk.multitasking.speed_by_open", "1", e.why, e.had, e.wanted);
        fl_estimates_add(estimates, &e);
        return;
    }
    for (uint32_t k = 0; k < chats->intents.count; k++) tell_intent(fit, k, chats->intents.name[k], estimates);
    if (chats->intents.count == 0) tell_intent(fit, FL_FIT_INTENTS, "all", estimates);
    for (uint32_t k = 0; k < chats->classes.count && k < FL_FIT_CLASSES; k++) {
        if (isnan(fit->log_class[k])) continue;
        snprintf(path, sizeof path, "buyers.classes[%s].effort_scale", chats->classes.name[k]);
        tell_factor(path, fit->log_class[k], fit->log_class_se[k], 1, chats->classes.seen[k], estimates);
    }
    for (uint32_t k = 1; fit->has_opens && k < fit->opens; k++) {
        if (!fit->alone[k]) continue;
        snprintf(path, sizeof path, "desk.multitasking.speed_by_open[%u]", k);
        tell_factor(path, fit->log_open[k], fit->log_open_se[k], -1, fit->replies, estimates);
    }
    if (!fit->has_opens) {
        e = fl_estimate_unknown("desk.multitasking.speed_by_open", "1", chats->has_assigned && chats->has_closed ? "few_open" : "no_assignments", NAN, NAN);
        fl_estimates_add(estimates, &e);
    }
    for (uint32_t k = 0; k < chats->agents.count && fit->agents > 0; k++) {
        if (isnan(fit->log_agent_se[k]) || k == fit->agent_usual) continue;
        snprintf(path, sizeof path, "desk.agents[%s].speed", chats->agents.name[k]);
        tell_factor(path, fit->log_agent[k], fit->log_agent_se[k], -1, chats->agent[k].replies, estimates);
    }
}
