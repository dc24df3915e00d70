/* The pool's chain from its full state downward, the queue by integrals, the inbox by the machine-repair model. */
#include "staffing/chat_reply.h"

#include "core/real.h"

#include <math.h>

#define CHATS_MAX  (1u << 24)
#define RESCALE_AT 0x1p512
#define LN_RESCALE (512 * 0.69314718055994530942)
#define DIGITS     1e-10

/* ---- The inbox ---------------------------------------------------------------------------------- */

/* How many of an agent's `k` chats wait for an answer: p[0] to p[k]. */
static void waiting_of(const struct fl_chat_work *work, uint32_t k, double p[])
{
    const double more = work->think_rate / (fl_chat_reply_rate(work, k) * (1 - work->p_end));
    for (uint32_t i = 0; i <= k; i++) p[i] = 0;
    if (!isfinite(more)) {
        p[k] = 1;
        return;
    }
    double sum = p[0] = 1;
    for (uint32_t i = 0; i < k; i++) {
        sum += p[i + 1] = p[i] * (double)(k - i) * more;
        if (sum < RESCALE_AT) continue;
        for (uint32_t j = 0; j <= i + 1; j++) p[j] *= 1 / RESCALE_AT;
        sum *= 1 / RESCALE_AT;
    }
    for (uint32_t i = 0; i <= k; i++) p[i] /= sum;
}

/* The others who wait when she joins an agent with `others` chats; p[0] to p[others]. */
static void ahead_on_arrival(const struct fl_chat_work *work, uint32_t others, double p[])
{
    waiting_of(work, others, p);
}

/* The same when she takes the place of a chat that has just ended: an agent of `slots` chats sent a reply, so one fewer waits than before. */
static void ahead_after_queue(const struct fl_chat_work *work, uint32_t slots, double p[])
{
    double before[FL_CHAT_REPLY_SLOTS_MAX + 1];
    waiting_of(work, slots, before);
    for (uint32_t i = 0; i < slots; i++) p[i] = before[i + 1] / (1 - before[0]);
}

/* P(the answers of those ahead and her own take longer than `time`), each at `rate`: with i ahead an Erlang law of i + 1 stages. */
static double answer_exceeds(const double ahead[], uint32_t most_ahead, double rate, double time)
{
    if (time <= 0) return 1;
    const double x = rate * time;
    double term = fl_exp(-x), stages = 0, sum = 0;
    for (uint32_t i = 0; i <= most_ahead; i++) {
        stages += term;
        sum += ahead[i] * stages;
        term *= x / (double)(i + 1);
    }
    return sum;
}

static double answer_mean(const double ahead[], uint32_t most_ahead, double rate)
{
    double sum = 0;
    for (uint32_t i = 0; i <= most_ahead; i++) sum += ahead[i] * (double)(i + 1);
    return sum / rate;
}

/* ---- The pool ----------------------------------------------------------------------------------- */

static bool load_is_defined(const struct fl_chat_load *load)
{
    const struct fl_chat_work *const work = &load->work;
    return load->slots >= 1 && load->slots <= FL_CHAT_REPLY_SLOTS_MAX && load->arrivals > 0 && isfinite(load->arrivals) &&
           work->reply_rate > 0 && isfinite(work->reply_rate) && work->think_rate > 0 && work->p_end > 0 && work->p_end <= 1 &&
           work->switch_cost >= 0 && isfinite(work->switch_cost);
}

/* What depends on an agent's number of chats. */
struct levels {
    double completes[FL_CHAT_REPLY_SLOTS_MAX + 1], busy[FL_CHAT_REPLY_SLOTS_MAX + 1];
};

static void levels_of(const struct fl_chat_load *load, struct levels *levels)
{
    levels->completes[0] = levels->busy[0] = 0;
    for (uint32_t k = 1; k <= load->slots; k++) {
        levels->completes[k] = fl_chat_rate(&load->work, k);
        levels->busy[k] = levels->completes[k] / (fl_chat_reply_rate(&load->work, k) * load->work.p_end);
    }
}

/* With n chats spread evenly over the agents. */
static double spread(const double by_level[], uint32_t agents, uint32_t n)
{
    const uint32_t level = n / agents, above = n % agents;
    const double low = (double)(agents - above) * by_level[level];
    return above == 0 ? low : low + (double)above * by_level[level + 1];
}

/* The states with a free slot, from the fullest down, as multiples of its probability. */
struct free_states {
    double level[FL_CHAT_REPLY_SLOTS_MAX]; /* sums over the states in which the least busy agent has that many */
    double all, busy;                      /* weights, and composing agents by weight */
    double log_scale;                      /* ln of what all of them have been divided by */
};

/* Chats are never quite even: who has just ended one may be a level below the others until the next buyer is hers. The number h of such agents
 * with n chats on the desk is a birth and death chain: more when one of those at the level ends a chat, of whom two fewer are left
 * for each (one below, and one above with the chat that she lacks), fewer when a buyer arrives. P(h > 0). */
static double has_gap(const struct levels *levels, double arrivals, uint32_t agents, uint32_t n)
{
    const uint32_t level = n / agents, above = n % agents;
    if (level == 0) return 0;
    double term = 1, sum = 0;
    for (uint32_t h = 0; 2 * h + 1 < agents - above; h++) {
        term *= (double)(agents - above - 2 * h) * levels->completes[level] / arrivals;
        sum += term;
        if (term < DIGITS * sum || sum > 1 / DIGITS) break;
    }
    return sum / (1 + sum);
}

static void free_states_of(const struct fl_chat_load *load, uint32_t agents, const struct levels *levels, struct free_states *free)
{
    *free = (struct free_states){ .all = 0 };
    double weight = 1;
    for (uint32_t n = agents * load->slots; n-- > 0;) {
        const double gap = has_gap(levels, load->arrivals, agents, n) * weight;
        free->level[n / agents] += weight - gap;
        if (gap > 0) free->level[n / agents - 1] += gap;
        free->all += weight;
        free->busy += weight * spread(levels->busy, agents, n);
        if (n == 0) break;
        weight *= spread(levels->completes, agents, n) / load->arrivals;
        if (free->all < RESCALE_AT && weight < RESCALE_AT) continue;
        weight *= 1 / RESCALE_AT;
        for (uint32_t level = 0; level < load->slots; level++) free->level[level] *= 1 / RESCALE_AT;
        free->all *= 1 / RESCALE_AT;
        free->busy *= 1 / RESCALE_AT;
        free->log_scale += LN_RESCALE;
    }
}

static double stays_times_wait(const void *queue, double x)
{
    return x * fl_impatience_stays(queue, x);
}

static double integral(const struct fl_chat_reply *reply, fl_impatience_value *value)
{
    return reply->each * fl_impatience_integral(&reply->queue, 0, INFINITY, value, &reply->queue);
}

/* From the assignment to the first answer. */
static double answer_mean_of(const struct fl_chat_reply *reply)
{
    const struct fl_chat_load *const load = &reply->load;
    double ahead[FL_CHAT_REPLY_SLOTS_MAX + 1], sum = 0;
    for (uint32_t others = 0; others < load->slots; others++) {
        ahead_on_arrival(&load->work, others, ahead);
        sum += reply->level[others] * answer_mean(ahead, others, fl_chat_reply_rate(&load->work, others + 1));
    }
    ahead_after_queue(&load->work, load->slots, ahead);
    sum += (reply->p_wait - reply->p_abandon) * answer_mean(ahead, load->slots - 1, fl_chat_reply_rate(&load->work, load->slots));
    return sum / (1 - reply->p_abandon);
}

enum fl_status fl_chat_reply(const struct fl_chat_load *load, uint32_t agents, struct fl_chat_reply *out)
{
    if (!load_is_defined(load) || agents == 0 || agents > CHATS_MAX / load->slots) return FL_ERANGE;
    struct levels levels;
    struct free_states free;
    struct fl_chat_reply reply = { .load = *load };
    levels_of(load, &levels);
    const enum fl_status status = fl_impatience_begin(&reply.queue, load->arrivals, agents * levels.completes[load->slots], load->patience);
    if (status != FL_OK) return status;
    free_states_of(load, agents, &levels, &free);
    const double all = fl_impatience_integral(&reply.queue, 0, INFINITY, fl_impatience_any, NULL);
    const double log_free = fl_log(free.all) + free.log_scale;
    const double log_waits = fl_log(load->arrivals) + reply.queue.log_peak + fl_log(all);
    reply.p_wait = 1 / (1 + fl_exp(log_free - log_waits));
    const double p_free = 1 / (1 + fl_exp(log_waits - log_free)); /* not 1 - p_wait, which cancels */
    reply.each = reply.p_wait / all;
    for (uint32_t level = 0; level < load->slots; level++) reply.level[level] = p_free * (free.level[level] / free.all);
    reply.p_abandon = load->patience == NULL ? 0 : integral(&reply, fl_impatience_leaves);
    reply.wait_mean = integral(&reply, fl_impatience_waits);
    reply.busy = p_free * (free.busy / free.all / agents) + reply.p_wait * levels.busy[load->slots];
    reply.answer_mean = answer_mean_of(&reply);
    reply.first_mean = reply.answer_mean + integral(&reply, stays_times_wait) / (1 - reply.p_abandon);
    *out = reply;
    return FL_OK;
}

/* ---- The first answer --------------------------------------------------------------------------- */

/* Who was offered a wait and stayed, and then is not answered within what is left of the limit. */
struct late {
    const struct fl_chat_reply *reply;
    double ahead[FL_CHAT_REPLY_SLOTS_MAX + 1];
    double rate, limit;
};

static double stays_and_is_late(const void *context, double wait)
{
    const struct late *const late = context;
    return fl_impatience_stays(&late->reply->queue, wait) *
           answer_exceeds(late->ahead, late->reply->load.slots - 1, late->rate, late->limit - wait);
}

double fl_chat_reply_exceeds(const struct fl_chat_reply *reply, double limit)
{
    const struct fl_chat_load *const load = &reply->load;
    struct late late = { .reply = reply, .rate = fl_chat_reply_rate(&load->work, load->slots), .limit = limit };
    double ahead[FL_CHAT_REPLY_SLOTS_MAX + 1], sum = 0;
    for (uint32_t others = 0; others < load->slots; others++) {
        if (reply->level[others] == 0) continue;
        ahead_on_arrival(&load->work, others, ahead);
        sum += reply->level[others] * answer_exceeds(ahead, others, fl_chat_reply_rate(&load->work, others + 1), limit);
    }
    ahead_after_queue(&load->work, load->slots, late.ahead);
    sum += reply->each * fl_impatience_integral(&reply->queue, 0, limit, stays_and_is_late, &late);
    sum += reply->each * fl_impatience_integral(&reply->queue, limit, INFINITY, stays_and_is_late, &late);
    return sum / (1 - reply->p_abandon);
}

double fl_chat_reply_quantile(const struct fl_chat_reply *reply, double p)
{
    double low = 0, high = reply->first_mean;
    while (isfinite(high) && fl_chat_reply_exceeds(reply, high) > 1 - p) {
        low = high;
        high *= 2;
    }
    while (high - low > DIGITS * high) {
        const double middle = low + (high - low) / 2;
        if (fl_chat_reply_exceeds(reply, middle) > 1 - p) low = middle;
        else high = middle;
    }
    return high;
}

/* ---- The fewest people -------------------------------------------------------------------------- */

static bool goal_is_defined(const struct fl_chat_goal *goal)
{
    if (!(goal->bound > 0) || !isfinite(goal->bound)) return false;
    return goal->measure != FL_CHAT_FIRST_REPLY || (goal->p > 0 && goal->p < 1);
}

static bool goal_holds(const struct fl_chat_reply *reply, const struct fl_chat_goal *goal)
{
    switch (goal->measure) {
    case FL_CHAT_WAITED: return reply->p_wait <= goal->bound;
    case FL_CHAT_ABANDONED: return reply->p_abandon <= goal->bound;
    case FL_CHAT_FIRST_REPLY: return fl_chat_reply_exceeds(reply, goal->bound) <= 1 - goal->p;
    case FL_CHAT_FIRST_MEAN: return reply->first_mean <= goal->bound;
    }
    return false;
}

bool fl_chat_goals_hold(const struct fl_chat_reply *reply, const struct fl_chat_goal goals[], uint32_t goals_count)
{
    for (uint32_t g = 0; g < goals_count; g++)
        if (!goal_holds(reply, &goals[g])) return false;
    return true;
}

/* A desk that never settles holds no goal. */
static bool people_hold(const struct fl_chat_load *load, const struct fl_chat_goal goals[], uint32_t goals_count, uint32_t agents)
{
    struct fl_chat_reply reply;
    return fl_chat_reply(load, agents, &reply) == FL_OK && fl_chat_goals_hold(&reply, goals, goals_count);
}

enum fl_status fl_chat_people(const struct fl_chat_load *load, const struct fl_chat_goal goals[], uint32_t goals_count, uint32_t agents_max,
                              uint32_t *agents)
{
    if (!load_is_defined(load)) return FL_ERANGE;
    for (uint32_t g = 0; g < goals_count; g++)
        if (!goal_is_defined(&goals[g])) return FL_ERANGE;
    const uint32_t most = agents_max < CHATS_MAX / load->slots ? agents_max : CHATS_MAX / load->slots;
    uint32_t misses = 0, holds = 1;
    while (holds < most && !people_hold(load, goals, goals_count, holds)) {
        misses = holds;
        holds = holds > most / 2 ? most : 2 * holds;
    }
    if (most == 0 || (holds == most && !people_hold(load, goals, goals_count, most))) return FL_EINFEASIBLE;
    while (holds - misses > 1) {
        const uint32_t middle = misses + (holds - misses) / 2;
        if (people_hold(load, goals, goals_count, middle)) holds = middle;
        else misses = middle;
    }
    *agents = holds;
    return FL_OK;
}
