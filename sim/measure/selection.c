/* The best of several systems: subset selection by paired t, and the procedure KN. */
#include "measure/selection.h"

#include "core/real.h"
#include "core/special.h"

#include <math.h>
#include <string.h>

/* Sample variance of the differences of two systems. The mean is taken off first: what they have in common may be far larger. */
static double variance_of_difference(uint32_t systems, uint32_t count, const double values[], uint32_t a, uint32_t b, double *mean)
{
    double sum = 0, squares = 0;
    for (uint32_t o = 0; o < count; o++) sum += values[(size_t)o * systems + a] - values[(size_t)o * systems + b];
    *mean = sum / count;
    for (uint32_t o = 0; o < count; o++) {
        const double part = values[(size_t)o * systems + a] - values[(size_t)o * systems + b] - *mean;
        squares += part * part;
    }
    return squares / (count - 1);
}

/* Whether `mean`, of system a less system b, puts a out when `width` is granted. Of equals with nothing granted the later goes. */
static bool is_beyond(double mean, double width, uint32_t a, uint32_t b)
{
    return mean > width || (mean == 0 && width == 0 && b < a);
}

void fl_selection_screen(uint32_t systems, uint32_t count, const double values[], double alpha, bool in[])
{
    const double t = systems > 1 ? fl_student_quantile(1 - alpha / (systems - 1), count - 1) : 0;
    for (uint32_t a = 0; a < systems; a++) {
        in[a] = true;
        for (uint32_t b = 0; b < systems && in[a]; b++) {
            double mean;
            if (a == b) continue;
            const double variance = variance_of_difference(systems, count, values, a, b, &mean);
            in[a] = !is_beyond(mean, t * sqrt(variance / count), a, b);
        }
    }
}

size_t fl_selection_bytes(uint32_t systems, uint32_t first)
{
    return (size_t)systems * (((size_t)first + systems + 1) * sizeof(double) + sizeof(uint32_t) + sizeof(bool));
}

enum fl_status fl_selection_start(struct fl_selection *selection, uint32_t systems, uint32_t first, double delta, double alpha, void *memory)
{
    if (systems == 0 || first < 2 || !(delta > 0) || !isfinite(delta)) return FL_ERANGE;
    if (systems > 1 && !(alpha > 0 && alpha < (systems - 1.) / systems)) return FL_ERANGE;
    *selection = (struct fl_selection){ .systems = systems, .first = first, .left = systems, .delta = delta };
    if (systems > 1) selection->h2 = (first - 1) * (fl_pow(2 * alpha / (systems - 1), -2. / (first - 1)) - 1);
    selection->values = memory;
    selection->variance = selection->values + (size_t)first * systems;
    selection->sum = selection->variance + (size_t)systems * systems;
    selection->counted = (uint32_t *)(selection->sum + systems);
    selection->in = (bool *)(selection->counted + systems);
    memset(memory, 0, fl_selection_bytes(systems, first));
    for (uint32_t i = 0; i < systems; i++) selection->in[i] = true;
    return FL_OK;
}

static void find_variances(struct fl_selection *selection)
{
    const uint32_t systems = selection->systems;
    for (uint32_t a = 0; a < systems; a++) {
        for (uint32_t b = 0; b < a; b++) {
            double mean;
            const double variance = variance_of_difference(systems, selection->first, selection->values, a, b, &mean);
            selection->variance[(size_t)a * systems + b] = selection->variance[(size_t)b * systems + a] = variance;
        }
    }
}

/* W of the paper: how far a may lie behind b after so many observations. */
static double continuation_width(const struct fl_selection *selection, uint32_t a, uint32_t b)
{
    const double r = selection->taken, delta = selection->delta;
    const double ends_at = selection->h2 * selection->variance[(size_t)a * selection->systems + b] / (delta * delta);
    return fmax(0, delta / (2 * r) * (ends_at - r));
}

/* All are held against those who were in before this observation, so that the order of the systems decides nothing. */
static void put_out(struct fl_selection *selection)
{
    for (uint32_t a = 0; a < selection->systems; a++) {
        if (selection->counted[a] < selection->taken) continue; /* out before */
        for (uint32_t b = 0; b < selection->systems && selection->in[a]; b++) {
            if (a == b || selection->counted[b] < selection->taken) continue;
            const double mean = (selection->sum[a] - selection->sum[b]) / selection->taken;
            selection->in[a] = !is_beyond(mean, continuation_width(selection, a, b), a, b);
        }
        selection->left -= !selection->in[a];
    }
}

void fl_selection_add(struct fl_selection *selection, const double values[])
{
    if (fl_selection_ended(selection)) return;
    if (selection->taken < selection->first) memcpy(selection->values + (size_t)selection->taken * selection->systems, values, selection->systems * sizeof *values);
    selection->taken++;
    for (uint32_t i = 0; i < selection->systems; i++) {
        if (!selection->in[i]) continue;
        selection->sum[i] += values[i];
        selection->counted[i]++;
    }
    if (selection->taken == selection->first) find_variances(selection);
    if (selection->taken >= selection->first) put_out(selection);
}

double fl_selection_mean(const struct fl_selection *selection, uint32_t system)
{
    return selection->counted[system] == 0 ? NAN : selection->sum[system] / selection->counted[system];
}

uint32_t fl_selection_best(const struct fl_selection *selection)
{
    uint32_t best = UINT32_MAX;
    for (uint32_t i = 0; i < selection->systems; i++)
        if (selection->in[i] && (best == UINT32_MAX || selection->sum[i] < selection->sum[best])) best = i; /* all in are counted alike */
    return best;
}

uint64_t fl_selection_most(const struct fl_selection *selection)
{
    double most = 0;
    if (selection->systems == 1 || selection->taken < selection->first) return 0;
    for (uint32_t a = 0; a < selection->systems; a++)
        for (uint32_t b = 0; b < a; b++) most = fmax(most, selection->variance[(size_t)a * selection->systems + b]);
    most = floor(most * selection->h2 / (selection->delta * selection->delta)) + 1;
    return most > selection->first ? (uint64_t)fmin(most, 1e18) : selection->first;
}
