/* Machine repair inside an agent, birth and death of chats around all agents. Sums of positive terms only. */
#include "staffing/chat_desk.h"

#include <float.h>
#include <math.h>

#define CHATS_MAX  (1u << 24)
#define RESCALE_AT 0x1p512
#define TAIL       1e-18

/* The finite-source queue of one agent with k chats: states by the number that wait for a reply. */
struct repair {
    double p_busy;  /* at least one waits */
    double waiting; /* mean number of them */
};

static struct repair repair_of(const struct fl_chat_work *work, uint32_t k)
{
    const double more = work->think_rate / (fl_chat_reply_rate(work, k) * (1 - work->p_end));
    if (!isfinite(more)) return (struct repair){ .p_busy = 1, .waiting = k };
    double weight = 1, idle = 1, busy = 0, waiting = 0;
    for (uint32_t i = 0; i < k; i++) {
        weight *= (double)(k - i) * more;
        busy += weight;
        waiting += (double)(i + 1) * weight;
        if (busy < RESCALE_AT) continue;
        weight *= 1 / RESCALE_AT;
        idle *= 1 / RESCALE_AT;
        busy *= 1 / RESCALE_AT;
        waiting *= 1 / RESCALE_AT;
    }
    return (struct repair){ .p_busy = busy / (idle + busy), .waiting = waiting / (idle + busy) };
}

double fl_chat_rate(const struct fl_chat_work *work, uint32_t k)
{
    if (k == 0) return 0;
    return fl_chat_reply_rate(work, k) * work->p_end * repair_of(work, k).p_busy;
}

void fl_chat_rates(const struct fl_chat_work *work, uint32_t slots, double rate[])
{
    for (uint32_t k = 0; k <= slots; k++) rate[k] = fl_chat_rate(work, k);
}

double fl_chat_reply_mean(const struct fl_chat_work *work, uint32_t k)
{
    const struct repair repair = repair_of(work, k);
    return repair.waiting / (fl_chat_reply_rate(work, k) * repair.p_busy);
}

uint32_t fl_chat_slots_within(const struct fl_chat_work *work, double limit, uint32_t slots_max)
{
    uint32_t slots = 1;
    while (slots < slots_max && fl_chat_reply_mean(work, slots + 1) <= limit) slots++;
    return slots;
}

/* ---- The pool ----------------------------------------------------------------------------------- */

bool fl_chat_pool_is_defined(const struct fl_chat_pool *pool)
{
    if (!(pool->arrivals > 0) || !isfinite(pool->arrivals)) return false;
    if (!(pool->leave_rate >= 0) || !isfinite(pool->leave_rate) || pool->slots == 0) return false;
    for (uint32_t k = 1; k <= pool->slots; k++) {
        if (!(pool->rate[k] > 0) || !isfinite(pool->rate[k])) return false;
    }
    return true;
}

bool fl_chat_pool_settles(const struct fl_chat_pool *pool, uint32_t agents)
{
    return pool->leave_rate > 0 || pool->arrivals < (double)agents * pool->rate[pool->slots];
}

/* Completions of the whole desk with n chats spread evenly. */
static double desk_rate(const struct fl_chat_pool *pool, uint32_t agents, uint32_t n)
{
    const uint32_t level = n / agents, above = n % agents;
    if (above == 0) return (double)agents * pool->rate[level];
    return (double)(agents - above) * pool->rate[level] + (double)above * pool->rate[level + 1];
}

/* Averages over the states in which nobody queues, each state kept as its share of those before it, so that nothing
 * overflows: B(n) = a B(n-1) / (D(n) + a B(n-1)), the recursion of Erlang B with other death rates. */
struct inside {
    double full; /* probability of the state with every slot taken */
    double open, completed, idle;
};

static struct inside inside_of(const struct fl_chat_pool *pool, uint32_t agents)
{
    struct inside in = { .full = 1, .idle = 1 };
    const uint32_t chats = agents * pool->slots;
    for (uint32_t n = 1; n <= chats; n++) {
        const double rate = desk_rate(pool, agents, n), flow = pool->arrivals * in.full;
        in.full = flow / (rate + flow);
        const double idle = n < agents ? (double)(agents - n) / (double)agents : 0;
        in.open += in.full * ((double)n - in.open);
        in.completed += in.full * (rate - in.completed);
        in.idle += in.full * (idle - in.idle);
    }
    return in;
}

struct fl_chat_queue fl_chat_queue(const struct fl_chat_pool *pool, uint32_t agents)
{
    const double capacity = (double)agents * pool->rate[pool->slots];
    struct fl_chat_queue out = { .first = 1, .total = 1 };
    double weight = 1;
    for (double queued = 1;; queued++) {
        const double ratio = pool->arrivals / (capacity + queued * pool->leave_rate);
        weight *= ratio;
        out.total += weight;
        out.queue += queued * weight;
        /* the ratio only falls: what follows is below a geometric series */
        const double heft = (queued + 1) / (1 - ratio);
        if (ratio < 1 && (weight < DBL_MIN || weight * heft * heft < TAIL * out.queue)) return out;
        if (out.total < RESCALE_AT) continue;
        weight *= 1 / RESCALE_AT;
        out.first *= 1 / RESCALE_AT;
        out.total *= 1 / RESCALE_AT;
        out.queue *= 1 / RESCALE_AT;
    }
}

static void desk_of(const struct fl_chat_pool *pool, uint32_t agents, struct fl_chat_desk *out)
{
    const struct inside in = inside_of(pool, agents);
    const struct fl_chat_queue wait = fl_chat_queue(pool, agents);
    /* `in` is normalised to the states without a queue, among which the full one has probability in.full */
    const double all = (1 - in.full) * wait.first + in.full * wait.total;
    const double share_inside = wait.first / all, share_queue = in.full / all;
    const double chats = (double)agents * (double)pool->slots;
    const double queued = share_queue * (wait.total - wait.first); /* somebody queues */
    out->p_wait = in.full * wait.total / all;                      /* in this order it cannot round to more than 1 */
    out->queue_mean = share_queue * wait.queue;
    out->wait_mean = out->queue_mean / pool->arrivals;
    out->p_abandon = pool->leave_rate * out->wait_mean;
    out->open_mean = share_inside * in.open + queued * chats;
    out->throughput = share_inside * in.completed + queued * (double)agents * pool->rate[pool->slots];
    out->chat_mean = out->open_mean / out->throughput;
    out->p_idle = share_inside * in.idle;
}

enum fl_status fl_chat_desk(const struct fl_chat_pool *pool, struct fl_chat_desk *out)
{
    if (pool->agents == 0 || !fl_chat_pool_is_defined(pool) || pool->agents > CHATS_MAX / pool->slots) return FL_ERANGE;
    if (!fl_chat_pool_settles(pool, pool->agents)) return FL_ERANGE;
    desk_of(pool, pool->agents, out);
    return FL_OK;
}

static bool agents_reach(const struct fl_chat_pool *pool, uint32_t agents, double p_wait)
{
    if (!fl_chat_pool_settles(pool, agents)) return false;
    struct fl_chat_desk desk;
    desk_of(pool, agents, &desk);
    return desk.p_wait <= p_wait;
}

enum fl_status fl_chat_agents(const struct fl_chat_pool *pool, double p_wait, uint32_t agents_max, uint32_t *agents)
{
    if (pool->arrivals == 0) {
        *agents = 0;
        return FL_OK;
    }
    if (!(p_wait > 0 && p_wait < 1) || !fl_chat_pool_is_defined(pool)) return FL_ERANGE;
    const uint32_t most = agents_max < CHATS_MAX / pool->slots ? agents_max : CHATS_MAX / pool->slots;
    uint32_t misses = 0, holds = 1; /* doubling first, for the cost of a step grows with the agents */
    while (holds < most && !agents_reach(pool, holds, p_wait)) {
        misses = holds;
        holds = holds > most / 2 ? most : 2 * holds;
    }
    if (most == 0 || (holds == most && !agents_reach(pool, most, p_wait))) return FL_EINFEASIBLE;
    while (holds - misses > 1) {
        const uint32_t middle = misses + (holds - misses) / 2;
        if (agents_reach(pool, middle, p_wait)) {
            holds = middle;
        } else {
            misses = middle;
        }
    }
    *agents = holds;
    return FL_OK;
}
