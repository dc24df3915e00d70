/* What may go wrong on a day that was staffed for. */
#include "staffing/risk.h"

#include "core/real.h"
#include "core/special.h"

#include <math.h>
#include <stdlib.h>

double fl_people_short(double load, double on_duty)
{
    if (!(load > 0)) return 0;
    const double spread = sqrt(load), z = (on_duty - load) / spread;
    const double density = fl_exp(-z * z / 2) * 0.3989422804014327; /* 1 / sqrt(2 pi) */
    return spread * (density - z * fl_normal_cdf(-z));
}

/* ---- The worst interval ------------------------------------------------------------------------ */

/* What is asked of a cell; names are looked up once a day. */
struct asked {
    const struct fl_metric *left, *first;
    const char *mean, *none;
};

static void add_left(const struct fl_scenario *scenario, const struct fl_row *cells, uint32_t cell, const struct asked *asked, struct fl_worst_interval *to)
{
    double above, below;
    if (!fl_row_ratio(scenario, cells, cell, asked->left, asked->none, &above, &below)) return;
    to->left += above;
    to->wrote += below;
}

static void add_waits(const struct fl_scenario *scenario, const struct fl_row *cells, uint32_t cell, const struct asked *asked, struct fl_worst_interval *to)
{
    double above, below;
    if (!fl_row_ratio(scenario, cells, cell, asked->first, asked->mean, &above, &below)) return;
    to->wait_s += above;
    to->answered += below;
}

struct fl_worst_interval fl_worst_interval(const struct fl_scenario *scenario, const struct fl_row *cells, uint32_t groups)
{
    struct fl_worst_interval worst = { .interval = FL_NONE };
    struct asked asked;
    asked.left = fl_metric_find("abandonment", &asked.none);
    asked.first = fl_metric_find("first_response_s.mean", &asked.mean);
    for (uint32_t i = 0; i < cells->groups / groups; i++) {
        struct fl_worst_interval here = { .interval = i };
        for (uint32_t g = 0; g < groups; g++) add_left(scenario, cells, i * groups + g, &asked, &here);
        if (!(here.wrote > 0) || (worst.interval != FL_NONE && here.left < worst.left)) continue;
        for (uint32_t g = 0; g < groups; g++) add_waits(scenario, cells, i * groups + g, &asked, &here); /* asked of few */
        if (worst.interval == FL_NONE || here.left > worst.left || (here.left == worst.left && here.wait_s > worst.wait_s)) worst = here;
    }
    return worst;
}

static int by_left(const void *a, const void *b)
{
    const struct fl_worst_interval *x = a, *y = b;
    if (x->left != y->left) return x->left < y->left ? -1 : 1;
    return (x->interval > y->interval) - (x->interval < y->interval);
}

/* The interval that most of the days have; of equals the earliest. */
static void find_mode(uint32_t days, const struct fl_worst_interval worst[], struct fl_worst_expected *out)
{
    for (uint32_t i = 0; i < days; i++) {
        uint32_t here = 0;
        for (uint32_t j = 0; j < days; j++) here += worst[j].interval == worst[i].interval;
        if (worst[i].interval == FL_NONE || here < out->days_there) continue;
        if (here == out->days_there && worst[i].interval >= out->interval) continue;
        out->interval = worst[i].interval;
        out->days_there = here;
    }
}

struct fl_worst_expected fl_worst_expect(uint32_t days, struct fl_worst_interval worst[])
{
    struct fl_worst_expected out = { .interval = FL_NONE, .first_s = NAN };
    double left = 0, squares = 0, wrote = 0, answered = 0, wait_s = 0;
    for (uint32_t i = 0; i < days; i++) {
        left += worst[i].left;
        wrote += worst[i].wrote;
        answered += worst[i].answered;
        wait_s += worst[i].wait_s;
    }
    find_mode(days, worst, &out);
    if (out.interval == FL_NONE) return out;
    out.known = true;
    out.left = left / days;
    out.share = wrote > 0 ? left / wrote : 0;
    if (answered > 0) out.first_s = wait_s / answered;
    for (uint32_t i = 0; i < days; i++) squares += (worst[i].left - out.left) * (worst[i].left - out.left);
    const double half = days < 2 ? INFINITY : fl_student_quantile(0.975, days - 1) * sqrt(squares / (days - 1) / days);
    out.left_low = fmax(0, out.left - half);
    out.left_high = out.left + half;
    qsort(worst, days, sizeof *worst, by_left);
    out.left_p90 = worst[(uint32_t)ceil(0.9 * days) - 1].left;
    return out;
}

/* ---- Whose luck it is -------------------------------------------------------------------------- */

struct fl_variance_split fl_variance_split(uint32_t days, const double low[], const double middle[], const double high[])
{
    const double outer = 1 / (2 * FL_Z_90 * FL_Z_90), weight[3] = { outer, 1 - 2 * outer, outer };
    const double *const figure[3] = { low, middle, high };
    struct fl_variance_split out = { 0 };
    double mean[3] = { 0 }, all = 0;
    if (days < 2) return out;
    for (int m = 0; m < 3; m++) {
        double squares = 0;
        for (uint32_t i = 0; i < days; i++) mean[m] += figure[m][i] / days;
        for (uint32_t i = 0; i < days; i++) squares += (figure[m][i] - mean[m]) * (figure[m][i] - mean[m]);
        out.chance += weight[m] * squares / (days - 1);
        all += weight[m] * mean[m];
    }
    for (int m = 0; m < 3; m++) out.factor += weight[m] * (mean[m] - all) * (mean[m] - all);
    if (out.factor + out.chance > 0) out.share = out.factor / (out.factor + out.chance);
    return out;
}
