/* M/M/n+G by its integrals. All integrands are positive: nothing cancels. */
#include "staffing/impatience.h"

#include "core/real.h"
#include "staffing/erlang.h"

#include <math.h>

#define NEGLIGIBLE 42.0   /* exp(-42) is 6e-19 */
#define CLOSE      1e-14  /* two halves against the whole, relative to what has been summed up */
#define HALVINGS   40     /* at most: a panel is then 1e-12 of its segment */
#define BISECTIONS 200
#define BREAKS_MOST 64

/* ---- The weight --------------------------------------------------------------------------------- */

double fl_impatience_stays(const struct fl_impatience *queue, double x)
{
    return queue->patience == NULL ? 1 : fl_distribution_survival(queue->patience, x);
}

double fl_impatience_stay_mean(const struct fl_impatience *queue, double x)
{
    return queue->patience == NULL ? x : fl_distribution_limited_mean(queue->patience, x);
}

static double log_weight(const struct fl_impatience *queue, double x)
{
    return queue->rate * fl_impatience_stay_mean(queue, x) - queue->capacity * x;
}

static bool rises(const struct fl_impatience *queue, double x)
{
    return queue->rate * fl_impatience_stays(queue, x) > queue->capacity;
}

/* Whether x lies before the place that is looked for. */
typedef bool is_before(const struct fl_impatience *queue, double x);

static bool before_negligible(const struct fl_impatience *queue, double x)
{
    return x <= queue->mode || log_weight(queue, x) - queue->log_peak > -NEGLIGIBLE;
}

static bool before_notable(const struct fl_impatience *queue, double x)
{
    return x < queue->mode && log_weight(queue, x) - queue->log_peak < -NEGLIGIBLE;
}

/* The place between low and high, where `before` turns from true to false. */
static double bisect(const struct fl_impatience *queue, is_before *before, double low, double high)
{
    for (int i = 0; i < BISECTIONS; i++) {
        const double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high) break;
        if (before(queue, middle)) low = middle;
        else high = middle;
    }
    return high;
}

static double search(const struct fl_impatience *queue, is_before *before)
{
    double high = 1 / queue->capacity;
    while (isfinite(high) && before(queue, high)) high *= 2;
    return bisect(queue, before, 0, high);
}

enum fl_status fl_impatience_begin(struct fl_impatience *queue, double rate, double capacity, const struct fl_distribution *patience)
{
    if (!(rate > 0 && isfinite(rate) && capacity > 0 && isfinite(capacity))) return FL_ERANGE;
    if (patience == NULL ? rate >= capacity : !isfinite(fl_distribution_mean(patience))) return FL_ERANGE;
    *queue = (struct fl_impatience){ .rate = rate, .capacity = capacity, .patience = patience };
    if (rises(queue, 0)) queue->mode = search(queue, rises);
    queue->log_peak = log_weight(queue, queue->mode);
    queue->to = search(queue, before_negligible);
    queue->from = before_notable(queue, 0) ? bisect(queue, before_notable, 0, queue->mode) : 0;
    return isfinite(queue->to) ? FL_OK : FL_ERANGE;
}

/* ---- Integrals ---------------------------------------------------------------------------------- */

/* Gauss-Legendre of 20 points: the ten abscissae above 0, and their weights. */
static const struct {
    double at, weight;
} gauss[10] = {
    { 0.076526521133497338, 0.15275338713072584 },
    { 0.22778585114164507, 0.14917298647260374 },
    { 0.37370608871541955, 0.14209610931838204 },
    { 0.51086700195082713, 0.13168863844917664 },
    { 0.63605368072651502, 0.11819453196151841 },
    { 0.7463319064601508, 0.10193011981724044 },
    { 0.83911697182221878, 0.083276741576704755 },
    { 0.91223442825132595, 0.062672048334109068 },
    { 0.96397192727791381, 0.040601429800386939 },
    { 0.99312859918509488, 0.017614007139152118 },
};

struct integrand {
    const struct fl_impatience *queue;
    fl_impatience_value *value;
    const void *context;
};

static double weighted(const struct integrand *f, double x)
{
    return f->value(f->context, x) * fl_exp(log_weight(f->queue, x) - f->queue->log_peak);
}

static double panel(const struct integrand *f, double from, double to)
{
    const double centre = from + (to - from) / 2, half = (to - from) / 2;
    double sum = 0;
    for (int i = 9; i >= 0; i--) sum += gauss[i].weight * (weighted(f, centre - half * gauss[i].at) + weighted(f, centre + half * gauss[i].at));
    return sum * half;
}

/* Adds the panel's integral to *sum, halved until its halves say the same. */
static void refine(const struct integrand *f, double from, double to, double whole, int halvings, double *sum)
{
    const double middle = from + (to - from) / 2;
    const double left = panel(f, from, middle), right = panel(f, middle, to), both = left + right;
    if (halvings == 0 || fabs(both - whole) <= CLOSE * (*sum + both)) {
        *sum += both;
        return;
    }
    refine(f, from, middle, left, halvings - 1, sum);
    refine(f, middle, to, right, halvings - 1, sum);
}

struct breaks {
    double at[BREAKS_MOST];
    uint32_t count;
};

/* In order, each once; what does not fit is left to the halving. */
static void break_add(struct breaks *breaks, double at)
{
    uint32_t i = breaks->count;
    if (i == BREAKS_MOST) return;
    while (i > 0 && breaks->at[i - 1] > at) i--;
    if (i > 0 && breaks->at[i - 1] == at) return;
    for (uint32_t k = breaks->count++; k > i; k--) breaks->at[k] = breaks->at[k - 1];
    breaks->at[i] = at;
}

/* Where the survival jumps or has a corner. */
static void breaks_of(const struct fl_distribution *law, struct breaks *breaks)
{
    switch (law->kind) {
    case FL_CONSTANT: break_add(breaks, law->a); break;
    case FL_UNIFORM:
        break_add(breaks, law->a);
        break_add(breaks, law->b);
        break;
    case FL_EMPIRICAL:
        for (uint32_t i = 0; i < law->count; i++) break_add(breaks, law->values[i]);
        break;
    case FL_MIXTURE:
        for (uint32_t i = 0; i < law->count; i++) breaks_of(&law->parts[i], breaks);
        break;
    default: break;
    }
}

double fl_impatience_integral(const struct fl_impatience *queue, double from, double to, fl_impatience_value *value, const void *context)
{
    const struct integrand f = { queue, value, context };
    const double first = from > queue->from ? from : queue->from, last = to < queue->to ? to : queue->to;
    struct breaks breaks = { .count = 0 };
    if (queue->patience != NULL) breaks_of(queue->patience, &breaks);
    if (breaks.count == BREAKS_MOST) breaks.count--; /* the peak is needed more */
    break_add(&breaks, queue->mode);
    double sum = 0, at = first;
    for (uint32_t i = 0; i <= breaks.count && at < last; i++) {
        const double end = i < breaks.count && breaks.at[i] < last ? breaks.at[i] : last;
        if (end <= at) continue;
        refine(&f, at, end, panel(&f, at, end), HALVINGS, &sum);
        at = end;
    }
    return sum;
}

/* ---- M/M/n+G ------------------------------------------------------------------------------------ */

double fl_impatience_any(const void *context, double x)
{
    (void)context, (void)x;
    return 1;
}

double fl_impatience_leaves(const void *context, double x)
{
    const struct fl_impatience *const queue = context;
    return queue->patience == NULL ? 0 : 1 - fl_distribution_survival(queue->patience, x);
}

double fl_impatience_serves(const void *queue, double x)
{
    return fl_impatience_stays(queue, x);
}

double fl_impatience_waits(const void *queue, double x)
{
    return fl_impatience_stay_mean(queue, x);
}

static double itself(const void *context, double x)
{
    (void)context;
    return x;
}

/* rate w(mode) / (E + rate J), E = 1 / B(n - 1): what an integral is multiplied by to become an average over all customers. Through
 * logarithms, as E and the peak are beyond a double on large desks. */
static double per_customer(const struct fl_impatience *queue, uint32_t servers, double service_rate)
{
    const double all = fl_impatience_integral(queue, 0, INFINITY, fl_impatience_any, NULL);
    const double log_free = -fl_erlang_b_log(queue->rate / service_rate, servers - 1);           /* ln E */
    const double log_waits = fl_log(queue->rate) + queue->log_peak + fl_log(all); /* ln rate J */
    const double p_wait = 1 / (1 + fl_exp(log_free - log_waits));
    return p_wait / all;
}

enum fl_status fl_erlang_g(double rate, double service_rate, uint32_t servers, const struct fl_distribution *patience, struct fl_erlang_g *out)
{
    struct fl_impatience queue;
    if (servers == 0) return FL_ERANGE;
    const enum fl_status status = fl_impatience_begin(&queue, rate, servers * service_rate, patience);
    if (status != FL_OK) return status;
    const double each = per_customer(&queue, servers, service_rate);
    out->p_wait = each * fl_impatience_integral(&queue, 0, INFINITY, fl_impatience_any, NULL);
    out->p_abandon = each * fl_impatience_integral(&queue, 0, INFINITY, fl_impatience_leaves, &queue);
    out->offered_mean = each * fl_impatience_integral(&queue, 0, INFINITY, itself, NULL);
    out->wait_mean = each * fl_impatience_integral(&queue, 0, INFINITY, fl_impatience_waits, &queue);
    out->queue_mean = rate * out->wait_mean;
    out->occupancy = rate * (1 - out->p_abandon) / (servers * service_rate);
    return FL_OK;
}

enum fl_status fl_erlang_g_exceeds(double rate, double service_rate, uint32_t servers, const struct fl_distribution *patience, double limit,
                                   double *p)
{
    struct fl_impatience queue;
    if (servers == 0 || !(limit >= 0)) return FL_ERANGE;
    const enum fl_status status = fl_impatience_begin(&queue, rate, servers * service_rate, patience);
    if (status != FL_OK) return status;
    *p = per_customer(&queue, servers, service_rate) * fl_impatience_stays(&queue, limit) *
         fl_impatience_integral(&queue, limit, INFINITY, fl_impatience_any, NULL);
    return FL_OK;
}
