/* Worlds in which one thing is otherwise. */
#include "staffing/world.h"

#include "core/real.h"

#include <math.h>
#include <string.h>

const char *fl_doubt_name(enum fl_doubt doubt)
{
    static const char *const names[] = {
#define FL_DOUBT_NAME(upper, lower) #lower,
        FL_DOUBTS(FL_DOUBT_NAME)
#undef FL_DOUBT_NAME
    };
    return names[doubt];
}

/* A copy of count things, or NULL. An empty one has an address all the same. */
static void *copy(struct fl_arena *arena, const void *from, size_t count, size_t bytes_each)
{
    const size_t at = fl_arena_take(arena, count > 0 ? count : 1, bytes_each);
    if (at == FL_ARENA_NONE) return NULL;
    if (count > 0) memcpy(fl_arena_at(arena, at), from, count * bytes_each);
    return fl_arena_at(arena, at);
}

#define COPY(arena, array, count) copy(arena, array, count, sizeof *(array))

/* ---- Distributions ----------------------------------------------------------------------------- */

static enum fl_status scale_distribution(struct fl_arena *arena, struct fl_distribution *d, double factor);

static enum fl_status scale_values(struct fl_arena *arena, struct fl_distribution *d, double factor)
{
    double *values = COPY(arena, d->values, d->count);
    if (values == NULL) return FL_EFULL;
    for (uint32_t i = 0; i < d->count; i++) values[i] *= factor;
    d->values = values;
    return FL_OK;
}

static enum fl_status scale_parts(struct fl_arena *arena, struct fl_distribution *d, double factor)
{
    struct fl_distribution *parts = COPY(arena, d->parts, d->count);
    enum fl_status status = parts == NULL ? FL_EFULL : FL_OK;
    for (uint32_t i = 0; i < d->count && status == FL_OK; i++) status = scale_distribution(arena, &parts[i], factor);
    d->parts = parts;
    return status;
}

/* Of durations: counts do not come here. */
static enum fl_status scale_distribution(struct fl_arena *arena, struct fl_distribution *d, double factor)
{
    enum fl_status status = FL_OK;
    switch (d->kind) {
    case FL_EMPIRICAL: status = scale_values(arena, d, factor); break;
    case FL_MIXTURE: status = scale_parts(arena, d, factor); break;
    case FL_UNIFORM: d->b *= factor; /* fall through */
    default: d->a *= factor; break;
    }
    return status == FL_OK ? fl_distribution_prepare(d) : status;
}

/* ---- Doubts ------------------------------------------------------------------------------------ */

static bool has_patience(const struct fl_scenario *base)
{
    bool has = base->buyers.patience.has_first || base->buyers.patience.has_later;
    for (uint32_t i = 0; i < base->buyers.intents_count; i++) has |= base->buyers.intents[i].has_patience;
    return has;
}

static bool has_thinking(const struct fl_scenario *base)
{
    bool has = fl_distribution_mean(&base->buyers.think_time) > 0;
    for (uint32_t i = 0; i < base->buyers.intents_count; i++) has |= base->buyers.intents[i].has_think_time;
    return has;
}

static bool has_conversion(const struct fl_scenario *base)
{
    bool has = !isnan(base->money.conversion);
    for (uint32_t i = 0; i < base->buyers.intents_count; i++) has |= !isnan(base->buyers.intents[i].conversion);
    return has;
}

bool fl_doubt_applies(const struct fl_scenario *base, enum fl_doubt doubt)
{
    switch (doubt) {
    case FL_DOUBT_PATIENCE: return has_patience(base);
    case FL_DOUBT_THINK_TIME: return has_thinking(base);
    case FL_DOUBT_CONVERSION: return has_conversion(base);
    default: return true;
    }
}

static enum fl_status scale_replies(struct fl_arena *arena, double factor, struct fl_scenario *out)
{
    struct fl_agent_def *agents = COPY(arena, out->desk.agents, out->desk.agents_count);
    if (agents == NULL) return FL_EFULL;
    for (uint32_t d = 0; d < out->desk.agents_count; d++) agents[d].speed /= factor;
    out->desk.agents = agents;
    return FL_OK;
}

static enum fl_status scale_patience(struct fl_arena *arena, double factor, struct fl_scenario *out)
{
    struct fl_buyer_class *classes = COPY(arena, out->buyers.classes, out->buyers.classes_count);
    if (classes == NULL) return FL_EFULL;
    for (uint32_t c = 0; c < out->buyers.classes_count; c++) classes[c].patience_scale *= factor;
    out->buyers.classes = classes;
    return FL_OK;
}

static enum fl_status scale_thinking(struct fl_arena *arena, double factor, struct fl_scenario *out)
{
    struct fl_intent *intents = COPY(arena, out->buyers.intents, out->buyers.intents_count);
    enum fl_status status = intents == NULL ? FL_EFULL : scale_distribution(arena, &out->buyers.think_time, factor);
    for (uint32_t i = 0; i < out->buyers.intents_count && status == FL_OK; i++)
        if (intents[i].has_think_time) status = scale_distribution(arena, &intents[i].think_time, factor);
    out->buyers.intents = intents;
    return status;
}

static enum fl_status scale_conversion(struct fl_arena *arena, double factor, struct fl_scenario *out)
{
    struct fl_intent *intents = COPY(arena, out->buyers.intents, out->buyers.intents_count);
    if (intents == NULL) return FL_EFULL;
    for (uint32_t i = 0; i < out->buyers.intents_count; i++)
        if (!isnan(intents[i].conversion)) intents[i].conversion = fmin(1, factor * intents[i].conversion);
    out->buyers.intents = intents;
    if (!isnan(out->money.conversion)) out->money.conversion = fmin(1, factor * out->money.conversion);
    return FL_OK;
}

enum fl_status fl_world_scale(struct fl_arena *arena, const struct fl_scenario *base, enum fl_doubt doubt, double factor, struct fl_scenario *out)
{
    *out = *base;
    switch (doubt) {
    case FL_DOUBT_TRAFFIC: out->traffic.scale *= factor; return FL_OK;
    case FL_DOUBT_REPLY_TIME: return scale_replies(arena, factor, out);
    case FL_DOUBT_PATIENCE: return scale_patience(arena, factor, out);
    case FL_DOUBT_THINK_TIME: return scale_thinking(arena, factor, out);
    case FL_DOUBT_CONVERSION: return scale_conversion(arena, factor, out);
    case FL_DOUBTS_COUNT: break;
    }
    return FL_ERANGE;
}

/* ---- The multiplier ---------------------------------------------------------------------------- */

bool fl_multiplier_is_uncertain(const struct fl_scenario *base)
{
    for (uint32_t i = 0; i < base->traffic.promotions_count; i++)
        if (base->traffic.promotions[i].multiplier_sigma > 0 && base->traffic.promotions[i].multiplier != 1) return true;
    return false;
}

enum fl_status fl_world_multiplier(struct fl_arena *arena, const struct fl_scenario *base, double z, struct fl_scenario *out)
{
    *out = *base;
    struct fl_promotion *promotions = COPY(arena, base->traffic.promotions, base->traffic.promotions_count);
    if (promotions == NULL) return FL_EFULL;
    for (uint32_t i = 0; i < base->traffic.promotions_count; i++) {
        struct fl_promotion *const promotion = &promotions[i];
        const double sigma = promotion->multiplier_sigma;
        promotion->multiplier = 1 + (promotion->multiplier - 1) * fl_exp(sigma * z - sigma * sigma / 2); /* the factor is on the excess */
        promotion->multiplier_sigma = 0;
    }
    out->traffic.promotions = promotions;
    return FL_OK;
}

/* ---- What a shop could do ---------------------------------------------------------------------- */

enum fl_status fl_world_quick_phrases(struct fl_arena *arena, const struct fl_scenario *base, double more, struct fl_scenario *out, bool *changed)
{
    *out = *base;
    *changed = false;
    struct fl_intent *intents = COPY(arena, base->buyers.intents, base->buyers.intents_count);
    if (intents == NULL) return FL_EFULL;
    for (uint32_t i = 0; i < base->buyers.intents_count; i++) {
        struct fl_reply_def *const reply = &intents[i].reply;
        if (reply->has_total || reply->quick_phrase >= 1 || !(fl_distribution_mean(&reply->chars) > 0)) continue;
        reply->quick_phrase = fmin(1, reply->quick_phrase + more);
        *changed = true;
    }
    out->buyers.intents = intents;
    return FL_OK;
}

bool fl_bot_is_on(const struct fl_scenario *base)
{
    bool on = base->desk.bot.mode != FL_BOT_OFF;
    for (uint32_t g = 0; g < base->desk.groups_count; g++) on |= base->desk.groups[g].bot;
    return on;
}

bool fl_bot_could_answer(const struct fl_scenario *base)
{
    for (uint32_t i = 0; i < base->buyers.intents_count; i++)
        if (base->buyers.intents[i].bot_can_answer > 0) return true;
    return false;
}

enum fl_status fl_world_bot(struct fl_arena *arena, const struct fl_scenario *base, bool on, struct fl_scenario *out)
{
    *out = *base;
    struct fl_group_def *groups = COPY(arena, base->desk.groups, base->desk.groups_count);
    if (groups == NULL) return FL_EFULL;
    for (uint32_t g = 0; g < base->desk.groups_count; g++) groups[g].bot = false;
    out->desk.groups = groups;
    out->desk.bot.mode = on ? FL_BOT_FIRST : FL_BOT_OFF;
    return FL_OK;
}

enum fl_status fl_world_earlier(struct fl_arena *arena, const struct fl_scenario *base, fl_time at, fl_time around, fl_time earlier,
                                struct fl_scenario *out, uint32_t *people)
{
    *out = *base;
    *people = 0;
    struct fl_shift_def *shifts = COPY(arena, base->desk.shifts, base->desk.shifts_count);
    if (shifts == NULL) return FL_EFULL;
    for (uint32_t s = 0; s < base->desk.shifts_count; s++) {
        const fl_time off = shifts[s].from > at ? shifts[s].from - at : at - shifts[s].from;
        if (!shifts[s].once || off > around || shifts[s].from < earlier) continue;
        shifts[s].from -= earlier;
        for (uint32_t d = 0; d < base->desk.agents_count; d++)
            if (base->desk.agents[d].shift == s) *people += base->desk.agents[d].count;
    }
    out->desk.shifts = shifts;
    return FL_OK;
}
