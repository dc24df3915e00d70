/* Modified offered load: how busy ample staff would be at each moment, and the people each interval then needs.
 *
 * A promotion's load lags behind its arrivals, for a chat that came in minutes ago is still open. Staffing each
 * interval by its own arrivals therefore misses (P(wait) up to 0.83 for a target of 0.20 in a fourfold spike); taking
 * the mean number of busy servers if there were no limit, m(t), as the load comes within 0.4 % of the best plan
 * (tests/theory/truth/derived_promo_staffing.json).
 *
 * Source: Jennings, Mandelbaum, Massey and Whitt, "Server staffing to meet time-varying demand", Management Science
 * 42(10), 1996; m(t) of the infinite-server queue: Eick, Massey and Whitt, Oper. Res. 41(4), 1993.
 *
 * All arrays are the caller's, nothing is allocated, no pointer is kept. Times and rates in one unit of the caller's.
 */
#ifndef FL_STAFFING_OFFERED_LOAD_H
#define FL_STAFFING_OFFERED_LOAD_H

#include "scenario/scenario.h"
#include "staffing/chat_desk.h"
#include "staffing/erlang.h"

/* Arrivals over a grid: linear within each cell, with jumps only between cells. */
struct fl_load_grid {
    uint32_t cells;     /* >= 1 */
    double cell;        /* length of one, > 0 */
    const double *from; /* [cells] arrivals per unit of time just after each cell's start */
    const double *to;   /* [cells] and just before its end */
    double before;      /* arrivals per unit of time for ever before the grid; 0: empty at its start */
};

/* The rate of a scenario's points (chats per hour; two at one instant are a jump) as chats per second over `cells`
 * cells of `cell` ns from `start`. Exact where the points lie on the edges of cells. points_count >= 1, sorted by time.
 * O(cells + points_count). */
void fl_load_rates(const struct fl_rate_point points[], uint32_t points_count, fl_time start, fl_time cell,
                   uint32_t cells, double from[], double to[]);

/* m at the edges of the cells, load[cells + 1], for exponential service; exact for such arrivals: on each cell the
 * solution of m' = rate(t) - service_rate m. O(cells). */
void fl_offered_load_exponential(const struct fl_load_grid *grid, double service_rate, double load[]);

/* P(service lasts longer than x >= 0), from 1 down to 0. */
typedef double fl_survival(const void *context, double x);

/* The same for any law of service, m(t) = int rate(t - x) P(S > x) dx, with the survival integrated over each cell by
 * four Gauss points: exact to rounding where it is smooth within cells; a jump of the survival inside a cell costs up
 * to rate x cell. mean is E[S]; it is used for the load from before the grid. weights: room for 2 x cells. O(cells^2).
 */
void fl_offered_load(const struct fl_load_grid *grid, fl_survival *survival, const void *context, double mean,
                     double weights[], double load[]);

/* The largest load of each interval, its edges included. Interval i reaches from cell i * cells_each to the next one;
 * the last may be shorter. intervals = cells / cells_each, rounded up. */
void fl_load_peaks(const double load[], uint32_t cells, uint32_t cells_each, double peak[]);

/* People per interval, by Erlang A (Erlang C when leave_rate is 0): peak load x service_rate is taken for the rate of
 * arrivals of a desk in balance. Errors are those of fl_erlang_servers; people is then unspecified. */
FL_MUST_CHECK enum fl_status fl_requirement_erlang(uint32_t intervals, const double peak[], double service_rate,
                                                   double leave_rate, const struct fl_erlang_goal *goal,
                                                   uint32_t people[]);

/* People per interval of a chat desk, so that at most p_wait of the buyers queue, by fl_chat_agents. chat_mean is the
 * mean time of a chat that `peak` was computed with: peak / chat_mean is taken for the rate of arrivals. The shortest,
 * 1 / pool->rate[1], is the safe choice: chats that last longer only flatten the peak. pool->agents and pool->arrivals
 * are not read. Errors are those of fl_chat_agents; people is then unspecified. */
FL_MUST_CHECK enum fl_status fl_requirement_chat(uint32_t intervals, const double peak[], double chat_mean,
                                                 const struct fl_chat_pool *pool, double p_wait, uint32_t agents_max,
                                                 uint32_t people[]);

#endif
