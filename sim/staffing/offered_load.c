#include "staffing/offered_load.h"

#include "core/real.h"

/* ---- Arrivals ----------------------------------------------------------------------------------- */

/* Rate at `at`, its limit from the right or from the left; *next is the first point after it and only grows. */
static double rate_at(const struct fl_rate_point points[], uint32_t count, fl_time at, bool from_right, uint32_t *next)
{
    while (*next < count && (points[*next].at < at || (from_right && points[*next].at == at))) ++*next;
    if (*next == 0) return points[0].per_hour;
    const struct fl_rate_point *const low = &points[*next - 1];
    if (*next == count) return low->per_hour;
    const struct fl_rate_point *const high = &points[*next];
    const double share = (double)(at - low->at) / (double)(high->at - low->at);
    return low->per_hour + (high->per_hour - low->per_hour) * share;
}

void fl_load_rates(const struct fl_rate_point points[], uint32_t points_count, fl_time start, fl_time cell,
                   uint32_t cells, double from[], double to[])
{
    uint32_t next = 0;
    for (uint32_t i = 0; i < cells; i++) {
        const fl_time at = start + (fl_time)i * cell;
        from[i] = rate_at(points, points_count, at, true, &next) / 3600;
        to[i] = rate_at(points, points_count, at + cell, false, &next) / 3600;
    }
}

/* ---- Load --------------------------------------------------------------------------------------- */

void fl_offered_load_exponential(const struct fl_load_grid *grid, double service_rate, double load[])
{
    const double h = grid->cell, gone = -fl_expm1(-service_rate * h); /* share of the load that ends in a cell */
    double m = grid->before / service_rate;
    load[0] = m;
    for (uint32_t i = 0; i < grid->cells; i++) {
        const double slope = (grid->to[i] - grid->from[i]) / h;
        const double level =
            (grid->from[i] - slope / service_rate) / service_rate; /* what m tends to, less slope t / mu */
        m += (level - m) * gone + slope * h / service_rate;
        load[i + 1] = m;
    }
}

/* Four-point Gauss-Legendre on [0, 1]: places and weights, Abramowitz and Stegun table 25.4. */
static const double gauss_at[4] = { 0.06943184420297371239, 0.33000947820757186760, 0.66999052179242813240,
                                    0.93056815579702628761 };
static const double gauss_weight[4] = { 0.17392742256872692869, 0.32607257743127307131, 0.32607257743127307131,
                                        0.17392742256872692869 };

/* Integrals over cell k of the survival, and of the survival times the way through the cell (0 to 1). */
static void survival_weights(const struct fl_load_grid *grid, fl_survival *survival, const void *context,
                             double weights[])
{
    for (uint32_t k = 0; k < grid->cells; k++) {
        double whole = 0, rising = 0;
        for (int i = 0; i < 4; i++) {
            const double alive = gauss_weight[i] * survival(context, ((double)k + gauss_at[i]) * grid->cell);
            whole += alive;
            rising += alive * gauss_at[i];
        }
        weights[2 * k] = whole * grid->cell;
        weights[2 * k + 1] = rising * grid->cell;
    }
}

void fl_offered_load(const struct fl_load_grid *grid, fl_survival *survival, const void *context, double mean,
                     double weights[], double load[])
{
    survival_weights(grid, survival, context, weights);
    double lived = 0; /* E[min(S, t)] */
    load[0] = grid->before * mean;
    for (uint32_t i = 0; i < grid->cells; i++) {
        lived += weights[2 * i];
        double m = grid->before * (mean > lived ? mean - lived : 0);
        for (uint32_t k = 0; k <= i; k++) { /* who came k cells ago: the later, the younger */
            const double young = grid->to[i - k], old = grid->from[i - k];
            m += young * weights[2 * k] + (old - young) * weights[2 * k + 1];
        }
        load[i + 1] = m;
    }
}

void fl_load_peaks(const double load[], uint32_t cells, uint32_t cells_each, double peak[])
{
    for (uint32_t first = 0; first < cells; first += cells_each) {
        const uint32_t last = cells - first < cells_each ? cells : first + cells_each;
        double most = load[first];
        for (uint32_t i = first + 1; i <= last; i++) most = load[i] > most ? load[i] : most;
        peak[first / cells_each] = most;
    }
}

/* ---- People ------------------------------------------------------------------------------------- */

enum fl_status fl_requirement_erlang(uint32_t intervals, const double peak[], double service_rate, double leave_rate,
                                     const struct fl_erlang_goal *goal, uint32_t people[])
{
    for (uint32_t i = 0; i < intervals; i++) {
        const enum fl_status status =
            fl_erlang_servers(peak[i] * service_rate, service_rate, leave_rate, goal, &people[i]);
        if (status != FL_OK) return status;
    }
    return FL_OK;
}

enum fl_status fl_requirement_chat(uint32_t intervals, const double peak[], double chat_mean,
                                   const struct fl_chat_pool *pool, double p_wait, uint32_t agents_max,
                                   uint32_t people[])
{
    struct fl_chat_pool now = *pool;
    for (uint32_t i = 0; i < intervals; i++) {
        now.arrivals = peak[i] / chat_mean;
        const enum fl_status status = fl_chat_agents(&now, p_wait, agents_max, &people[i]);
        if (status != FL_OK) return status;
    }
    return FL_OK;
}
