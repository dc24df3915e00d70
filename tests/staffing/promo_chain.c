/* The promotion of tests/theory/truth/derived_promo_staffing.json as an exact chain: M_t/M/s_t+M from its stationary state, who is cut
 * returns her chat to the queue. Prints, per interval of 30 minutes, the share of buyers who find everybody busy.
 *
 *     promo_chain SCALE INTERVALS PLAN...    of this plan: the shares, one a line
 *     promo_chain SCALE INTERVALS            the cheapest plan that keeps every interval within 0.20
 *
 * SCALE multiplies the arrivals. The cheapest: the fewest in each interval after the fewest in those before it; then one to three more in an
 * interval are tried for what they save in the later ones. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATES    280   /* buyers in the system; the peak has 106 servers */
#define INTERVALS 12
#define STEPS     600   /* of an interval, Runge and Kutta's fourth order */
#define MINUTES   30.0
#define TARGET    0.20

static double scale = 1;
static int intervals = INTERVALS;

static double arrivals(double t)
{
    return scale * (2 + (t >= 90 ? 6 * exp(-(t - 90) / 45) : 0));
}

/* Completions in 12 minutes, patience of 24. */
static double departures(int buyers, int servers)
{
    return buyers < servers ? buyers / 12.0 : servers / 12.0 + (buyers - servers) / 24.0;
}

static void derive(double t, int servers, const double p[STATES], double out[STATES])
{
    const double rate = arrivals(t);
    for (int n = 0; n < STATES; n++) {
        out[n] = -((n + 1 < STATES ? rate : 0) + departures(n, servers)) * p[n];
        if (n > 0) out[n] += rate * p[n - 1];
        if (n + 1 < STATES) out[n] += departures(n + 1, servers) * p[n + 1];
    }
}

static void advance(double t, double dt, int servers, double p[STATES])
{
    static const double at[4] = { 0, 0.5, 0.5, 1 }, weight[4] = { 1, 2, 2, 1 };
    double slope[STATES] = { 0 }, probe[STATES], sum[STATES] = { 0 };
    for (int k = 0; k < 4; k++) {
        for (int n = 0; n < STATES; n++) probe[n] = p[n] + at[k] * dt * slope[n];
        derive(t + at[k] * dt, servers, probe, slope);
        for (int n = 0; n < STATES; n++) sum[n] += weight[k] * slope[n];
    }
    for (int n = 0; n < STATES; n++) p[n] += dt / 6 * sum[n];
}

static double busy(int servers, const double p[STATES])
{
    double sum = 0;
    for (int n = servers; n < STATES; n++) sum += p[n];
    return sum;
}

static void stationary(int servers, double p[STATES])
{
    double sum = p[0] = 1;
    for (int n = 1; n < STATES; n++) sum += p[n] = p[n - 1] * arrivals(0) / departures(n, servers);
    for (int n = 0; n < STATES; n++) p[n] /= sum;
}

/* Shares of buyers who wait, by interval, up to and with `last`. */
static void waited(const int plan[INTERVALS], int last, double share[INTERVALS])
{
    double p[STATES];
    stationary(plan[0], p);
    for (int k = 0; k <= last; k++) {
        double waits = 0, all = 0;
        for (int i = 0; i < STEPS; i++) {
            const double dt = MINUTES / STEPS, t = k * MINUTES + i * dt + 1e-9; /* just after a jump of the arrivals */
            waits += busy(plan[k], p) * arrivals(t) / 2;
            advance(t, dt, plan[k], p);
            waits += busy(plan[k], p) * arrivals(t + dt - 2e-9) / 2;
            all += (arrivals(t) + arrivals(t + dt - 2e-9)) / 2;
        }
        share[k] = waits / all;
    }
}

static int holds(const int plan[INTERVALS], int last)
{
    double share[INTERVALS];
    waited(plan, last, share);
    for (int k = 0; k <= last; k++)
        if (share[k] > TARGET) return 0;
    return 1;
}

/* The fewest from interval `first` on, each after those before it. */
static int fewest(int plan[INTERVALS], int first)
{
    int sum = 0;
    for (int k = first; k < intervals; k++) {
        int low = 0, high = 110; /* low does not hold */
        while (high - low > 1) {
            plan[k] = (low + high) / 2;
            if (plan[k] > 0 && holds(plan, k)) high = plan[k];
            else low = plan[k];
        }
        plan[k] = high;
    }
    for (int k = 0; k < intervals; k++) sum += plan[k];
    return sum;
}

int main(int count, char **words)
{
    int plan[INTERVALS] = { 0 }, other[INTERVALS];
    double share[INTERVALS];
    if (count < 3) return 2;
    scale = atof(words[1]);
    intervals = atoi(words[2]);
    if (!(scale > 0) || intervals < 1 || intervals > INTERVALS || (count != 3 && count != 3 + intervals)) return 2;
    if (count > 3) {
        for (int k = 0; k < intervals; k++) plan[k] = atoi(words[3 + k]);
        waited(plan, intervals - 1, share);
        for (int k = 0; k < intervals; k++) printf("%.6f\n", share[k]);
        return 0;
    }
    int sum = fewest(plan, 0);
    for (int k = 0; k + 1 < intervals; k++) {
        for (int more = 1; more <= 3; more++) {
            memcpy(other, plan, sizeof other);
            other[k] += more;
            const int less = fewest(other, k + 1);
            if (less >= sum) continue;
            sum = less;
            memcpy(plan, other, sizeof plan);
        }
    }
    for (int k = 0; k < intervals; k++) printf("%d\n", plan[k]);
    return 0;
}
