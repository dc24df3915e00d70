/* Erlang B, C and A. Every sum here has positive terms only, so nothing cancels, and every product that can
 * leave the range of a double is rescaled by powers of two, which are exact. */
#include "staffing/erlang.h"

#include "core/real.h"
#include "core/special.h"

#include <float.h>
#include <math.h>

#define LN_2      0.69314718055994530942
#define SQRT_2_PI 2.5066282746310005024

/* Beyond this a running value is divided by it; a power of two, far from both ends of a double's range. */
#define RESCALE_AT   0x1p512
#define RESCALE_BITS 512

/* What a sum may still miss, relative to it: below the rounding of its terms. */
#define TAIL 1e-18

static bool is_positive(double x)
{
    return x > 0 && isfinite(x);
}

static double erlang_b_next(double b, double load, uint32_t servers)
{
    return load * b / ((double)servers + load * b);
}

double fl_erlang_b(double load, uint32_t servers)
{
    double b = 1;
    for (uint32_t k = 1; k <= servers && b > 0; k++) b = erlang_b_next(b, load, k);
    return b;
}

double fl_erlang_b_log(double load, uint32_t servers)
{
    /* 1/B(k) = 1 + k/A 1/B(k-1), with the 1 rescaled along */
    double inverse = 1, one = 1, scalings = 0;
    for (uint32_t k = 1; k <= servers; k++) {
        inverse = one + (double)k / load * inverse;
        if (inverse > RESCALE_AT) {
            inverse *= 1 / RESCALE_AT;
            one *= 1 / RESCALE_AT;
            scalings++;
        }
    }
    return -(fl_log(inverse) + scalings * RESCALE_BITS * LN_2);
}

/* e^x x^-s Gamma(s, x), 0 <= s < 1, x > 0, by Legendre's continued fraction (Lentz's evaluation). */
static double gamma_upper_scaled(double s, double x)
{
    double b = x + 1 - s, c = INFINITY, d = 1 / b, fraction = d;
    for (double n = 1; n < 1e6; n++) {
        const double a = -n * (n - s);
        b += 2;
        d = 1 / (a * d + b);
        c = b + a / c;
        const double step = c * d;
        fraction *= step;
        if (fabs(step - 1) < 1e-16) break;
    }
    return fraction;
}

double fl_erlang_b_real(double load, double servers)
{
    const double part = servers - floor(servers);
    double b = 1 / (1 + part * gamma_upper_scaled(part, load));
    for (double k = part + 1; k <= servers && b > 0; k++) b = load * b / (k + load * b);
    return b;
}

/* ---- Erlang C --------------------------------------------------------------------------------- */

static void erlang_c_from_b(double rate, double service_rate, uint32_t servers, double b, struct fl_erlang_c *out)
{
    const double capacity = (double)servers * service_rate;
    const double drain = capacity - rate;
    out->p_wait = b * capacity / (drain + rate * b);
    out->drain = drain;
    out->wait_mean = out->p_wait / drain;
    out->queue_mean = rate * out->wait_mean;
    out->wait_variance = out->p_wait * (2 - out->p_wait) / (drain * drain);
    out->occupancy = rate / capacity;
}

enum fl_status fl_erlang_c(double rate, double service_rate, uint32_t servers, struct fl_erlang_c *out)
{
    if (!is_positive(rate) || !is_positive(service_rate)) return FL_ERANGE;
    if (rate >= (double)servers * service_rate) return FL_ERANGE;
    erlang_c_from_b(rate, service_rate, servers, fl_erlang_b(rate / service_rate, servers), out);
    return FL_OK;
}

double fl_erlang_c_within(const struct fl_erlang_c *queue, double limit)
{
    return 1 - queue->p_wait * fl_exp(-queue->drain * limit);
}

double fl_erlang_c_quantile(const struct fl_erlang_c *queue, double p)
{
    const double beyond = 1 - p;
    if (queue->p_wait <= beyond) return 0;
    return fl_log(queue->p_wait / beyond) / queue->drain;
}

/* ---- Erlang A --------------------------------------------------------------------------------- */

/* The queue part of the chain, states c, c + 1, ..., in multiples of one common weight. */
struct queue_walk {
    double rate, capacity, leave_rate;
    double weight; /* of the state with `waiting` customers in queue */
    double one;    /* of the state in which all servers are busy and nobody waits */
    double total;  /* of the states up to and including this one */
    double waiting;
};

static struct queue_walk walk_start(double rate, double capacity, double leave_rate)
{
    return (struct queue_walk){
        .rate = rate, .capacity = capacity, .leave_rate = leave_rate, .weight = 1, .one = 1, .total = 1
    };
}

/* Total rate at which the line before a customer who finds the present state moves, she herself included. */
static double walk_moves(const struct queue_walk *walk)
{
    return walk->capacity + (walk->waiting + 1) * walk->leave_rate;
}

/* Goes on by one customer; returns the factor by which the caller must rescale the sums it keeps. */
static double walk_step(struct queue_walk *walk)
{
    walk->weight *= walk->rate / walk_moves(walk);
    walk->waiting++;
    walk->total += walk->weight;
    if (walk->total < RESCALE_AT) return 1;
    walk->weight *= 1 / RESCALE_AT;
    walk->total *= 1 / RESCALE_AT;
    walk->one *= 1 / RESCALE_AT;
    return 1 / RESCALE_AT;
}

/* Whether what follows this state adds nothing to a sum in which a state weighs at most waiting^2. The ratio of
 * neighbours only falls, so what follows is below a geometric series. */
static bool walk_is_done(const struct queue_walk *walk, double sum)
{
    const double ratio = walk->rate / walk_moves(walk);
    const double heft = (walk->waiting + 1) / (1 - ratio);
    return walk->weight < DBL_MIN || (ratio < 1 && walk->weight * heft * heft < TAIL * sum);
}

static void erlang_a_from_b(double rate, double service_rate, double leave_rate, uint32_t servers, double b,
                            struct fl_erlang_a *out)
{
    const double capacity = (double)servers * service_rate;
    struct queue_walk walk = walk_start(rate, capacity, leave_rate);
    double queue = 0, served = 0, abandoned = 0;
    double moved = 0, places = 0; /* sums of 1/r(i) and (i + 1)/r(i) over the places before her */
    for (;;) {
        const double moves = walk_moves(&walk);
        moved += 1 / moves;
        places += (walk.waiting + 1) / moves;
        queue += walk.waiting * walk.weight;
        served += walk.weight * capacity / moves * moved;
        abandoned += walk.weight * leave_rate / moves * places;
        if (walk.waiting > 0 && walk_is_done(&walk, queue)) break;
        const double scale = walk_step(&walk);
        queue *= scale;
        served *= scale;
        abandoned *= scale;
    }
    /* the states below c together weigh (1 - B) / B times the state c */
    const double all = (1 - b) * walk.one + b * walk.total, share = b / all;
    out->p_wait = b * walk.total / all; /* in this order it cannot round to more than 1 */
    out->queue_mean = share * queue;
    out->wait_mean = out->queue_mean / rate;
    out->p_abandon = leave_rate * out->wait_mean;
    out->wait_served = share * served / (1 - out->p_abandon);
    out->wait_abandoned = queue > 0 ? abandoned * rate / (leave_rate * queue) : 0;
    const double busy = rate * (1 - out->p_abandon) / service_rate;
    out->occupancy = busy / (double)servers;
    out->in_system_mean = busy + out->queue_mean;
}

static bool erlang_a_is_defined(double rate, double service_rate, double leave_rate, uint32_t servers)
{
    return is_positive(rate) && is_positive(service_rate) && is_positive(leave_rate) && servers >= 1;
}

enum fl_status fl_erlang_a(double rate, double service_rate, double leave_rate, uint32_t servers,
                           struct fl_erlang_a *out)
{
    if (!erlang_a_is_defined(rate, service_rate, leave_rate, servers)) return FL_ERANGE;
    erlang_a_from_b(rate, service_rate, leave_rate, servers, fl_erlang_b(rate / service_rate, servers), out);
    return FL_OK;
}

/* I_x(a, k + 1) for k = 0, 1, ...: x^a sum_{j <= k} (a)_j / j! (1 - x)^j, x = exp(-decay). */
struct beta_walk {
    double a, complement; /* 1 - x */
    double term, sum, j;
    double scalings; /* the true term is term x 2^(-512 scalings); while positive, the sum is still 0 */
};

static struct beta_walk beta_start(double a, double decay)
{
    /* x^a may underflow although later terms do not: its power of two is kept apart */
    const double exponent = a * decay;
    const double scalings = floor(exponent / (RESCALE_BITS * LN_2));
    struct beta_walk walk = { .a = a, .complement = -fl_expm1(-decay), .scalings = scalings };
    walk.term = fl_exp(-(exponent - scalings * (RESCALE_BITS * LN_2)));
    walk.sum = scalings > 0 ? 0 : walk.term;
    return walk;
}

static void beta_step(struct beta_walk *walk)
{
    walk->term *= (walk->a + walk->j) / (walk->j + 1) * walk->complement;
    walk->j++;
    if (walk->scalings > 0 && walk->term > 1) {
        walk->term *= 1 / RESCALE_AT;
        walk->scalings--;
    }
    if (walk->scalings <= 0) walk->sum += walk->term;
}

static double beta_term(const struct beta_walk *walk)
{
    return walk->scalings > 0 ? 0 : walk->term;
}

/* The sum of all later terms: as what is missing to 1 while that is plenty, else term by term. */
static double beta_rest(struct beta_walk *walk)
{
    if (walk->sum < 0.5) return 1 - walk->sum;
    double rest = 0;
    do {
        beta_step(walk);
        rest += walk->term;
    } while (walk->term > TAIL * rest && walk->term > DBL_MIN);
    return rest;
}

static void erlang_a_service_from_b(double rate, double service_rate, double leave_rate, uint32_t servers, double limit,
                                    double b, struct fl_erlang_service *out)
{
    const double capacity = (double)servers * service_rate;
    const double decay = leave_rate * limit, x = fl_exp(-decay), a = capacity / leave_rate;
    struct queue_walk walk = walk_start(rate, capacity, leave_rate);
    struct beta_walk offered = beta_start(a, decay), served = beta_start(a + 1, decay);
    double good = 0, early = 0, exceeds = 0, answered = 0;
    for (;;) {
        /* sum_k w(k) sum_{j > k} t(j), the other way round: 1 - I would lose the rare who are served in time */
        good += beta_term(&served) * answered;
        const double answer = capacity / walk_moves(&walk); /* she is served in the end */
        answered += walk.weight * answer;
        early += walk.weight * ((1 - answer) - (x * offered.sum - answer * served.sum));
        exceeds += walk.weight * offered.sum;
        if (walk.waiting > 0 && walk_is_done(&walk, exceeds < walk.total ? exceeds : walk.total)) break;
        const double scale = walk_step(&walk);
        good *= scale;
        early *= scale;
        exceeds *= scale;
        answered *= scale;
        beta_step(&offered);
        beta_step(&served);
    }
    good += answered * beta_rest(&served);
    const double all = (1 - b) * walk.one + b * walk.total, share = b / all;
    const double at_once = (1 - b) * walk.one / all;
    out->served_within = at_once + share * good;
    out->abandoned_within = share * early;
    out->p_offered_wait_exceeds = share * exceeds;
    out->level[FL_LEVEL_OF_OFFERED] = out->served_within;
    out->level[FL_LEVEL_LESS_EARLY] = out->served_within / (1 - out->abandoned_within);
    out->level[FL_LEVEL_EARLY_COUNTS_GOOD] = out->served_within + out->abandoned_within;
    out->level[FL_LEVEL_OF_ANSWERED] = out->served_within / (at_once + share * answered);
}

enum fl_status fl_erlang_a_service(double rate, double service_rate, double leave_rate, uint32_t servers, double limit,
                                   struct fl_erlang_service *out)
{
    if (!erlang_a_is_defined(rate, service_rate, leave_rate, servers)) return FL_ERANGE;
    if (!(limit >= 0) || !isfinite(limit)) return FL_ERANGE;
    const double b = fl_erlang_b(rate / service_rate, servers);
    erlang_a_service_from_b(rate, service_rate, leave_rate, servers, limit, b, out);
    return FL_OK;
}

/* ---- The fewest servers ------------------------------------------------------------------------ */

static bool patient_reaches(double rate, double service_rate, uint32_t servers, double b,
                            const struct fl_erlang_goal *goal)
{
    if (rate >= (double)servers * service_rate) return false;
    struct fl_erlang_c queue;
    erlang_c_from_b(rate, service_rate, servers, b, &queue);
    if (goal->measure == FL_ERLANG_P_WAIT) return queue.p_wait <= goal->bound;
    return fl_erlang_c_within(&queue, goal->limit) >= goal->bound;
}

static bool impatient_reaches(double rate, double service_rate, double leave_rate, uint32_t servers, double b,
                              const struct fl_erlang_goal *goal)
{
    if (goal->measure == FL_ERLANG_WITHIN) {
        struct fl_erlang_service service;
        erlang_a_service_from_b(rate, service_rate, leave_rate, servers, goal->limit, b, &service);
        return service.level[goal->level] >= goal->bound;
    }
    struct fl_erlang_a queue;
    erlang_a_from_b(rate, service_rate, leave_rate, servers, b, &queue);
    return (goal->measure == FL_ERLANG_P_WAIT ? queue.p_wait : queue.p_abandon) <= goal->bound;
}

static bool goal_is_defined(const struct fl_erlang_goal *goal, double leave_rate)
{
    if (!(goal->bound > 0 && goal->bound < 1)) return false;
    if (goal->measure == FL_ERLANG_P_ABANDON) return leave_rate > 0;
    if (goal->measure == FL_ERLANG_WITHIN)
        return goal->limit >= 0 && isfinite(goal->limit) && goal->level < FL_ERLANG_LEVELS;
    return true;
}

enum fl_status fl_erlang_servers(double rate, double service_rate, double leave_rate, const struct fl_erlang_goal *goal,
                                 uint32_t *servers)
{
    if (!(rate >= 0) || !isfinite(rate) || !is_positive(service_rate)) return FL_ERANGE;
    if (!(leave_rate >= 0) || !isfinite(leave_rate) || !goal_is_defined(goal, leave_rate)) return FL_ERANGE;
    if (rate == 0) {
        *servers = 0;
        return FL_OK;
    }
    double b = 1;
    for (uint32_t c = 1; c <= FL_ERLANG_SERVERS_MAX; c++) {
        b = erlang_b_next(b, rate / service_rate, c);
        const bool reached = leave_rate > 0 ? impatient_reaches(rate, service_rate, leave_rate, c, b, goal)
                                            : patient_reaches(rate, service_rate, c, b, goal);
        if (!reached) continue;
        *servers = c;
        return FL_OK;
    }
    return FL_EINFEASIBLE;
}

/* ---- Square-root staffing ---------------------------------------------------------------------- */

/* phi(x) / (1 - Phi(x)), the hazard of the standard normal. */
static double normal_hazard(double x)
{
    if (x > 36) { /* phi soon underflows; 1 - Phi = phi/x (1 - 1/x^2 + 3/x^4 - ...) has 12 digits from here on */
        const double y = 1 / (x * x);
        return x / (1 - y * (1 - 3 * y * (1 - 5 * y * (1 - 7 * y))));
    }
    return fl_exp(-x * x / 2) / SQRT_2_PI / fl_normal_cdf(-x);
}

double fl_square_root_wait(double beta, double leave_ratio)
{
    if (leave_ratio > 0) {
        const double stretch = sqrt(leave_ratio);
        return 1 / (1 + stretch * normal_hazard(beta / stretch) / normal_hazard(-beta));
    }
    if (beta <= 0) return 1;
    return 1 / (1 + beta / normal_hazard(-beta));
}

double fl_square_root_beta(double p_wait, double leave_ratio)
{
    double low = leave_ratio > 0 ? -10 : 0, high = 40;
    for (;;) {
        const double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high) return high;
        if (fl_square_root_wait(middle, leave_ratio) > p_wait) {
            low = middle;
        } else {
            high = middle;
        }
    }
}

uint32_t fl_square_root_servers(double load, double beta)
{
    const double servers = ceil(load + beta * sqrt(load));
    if (!(servers > 1)) return 1;
    return servers < FL_ERLANG_SERVERS_MAX ? (uint32_t)servers : FL_ERLANG_SERVERS_MAX;
}
