#include "fit_chart.h"

#include <math.h>

#define WIDTH  720.0
#define HEIGHT 240.0
#define LEFT   56.0
#define RIGHT  24.0
#define TOP    10.0
#define BOTTOM 24.0

void fit_html_add(struct fl_text *out, const char *plain)
{
    for (; *plain != '\0'; plain++) {
        switch (*plain) {
        case '<': fl_text_add(out, "&lt;"); break;
        case '>': fl_text_add(out, "&gt;"); break;
        case '&': fl_text_add(out, "&amp;"); break;
        case '"': fl_text_add(out, "&quot;"); break;
        default: fl_text_add_bytes(out, plain, 1); break;
        }
    }
}

static double within(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

static double at_x(const struct fit_chart *chart, double x)
{
    return LEFT + (within(x, chart->x_low, chart->x_high) - chart->x_low) / (chart->x_high - chart->x_low) * (WIDTH - LEFT - RIGHT);
}

static double at_y(const struct fit_chart *chart, double y)
{
    return HEIGHT - BOTTOM - (within(y, chart->y_low, chart->y_high) - chart->y_low) / (chart->y_high - chart->y_low) * (HEIGHT - TOP - BOTTOM);
}

/* 1, 2 or 5 times a power of ten, so that four or so of them span the range. */
static double round_step(double range)
{
    double step = 1e-9;
    static const double next[] = { 2, 2.5, 2 };
    for (int i = 0; step * 5 < range && i < 60; i++) step *= next[i % 3];
    return step;
}

void fit_chart_begin(struct fit_chart *chart, struct fl_text *out, const char *title, const char *about, double x_low, double x_high, double y_low, double y_high)
{
    const double low = y_low < 0 ? y_low : 0, step = round_step(fmax(y_high - low, 1e-9));
    *chart = (struct fit_chart){ .out = out, .x_low = x_low, .x_high = x_high, .y_low = floor(low / step) * step, .y_high = ceil(y_high / step) * step };
    if (!(chart->y_high > chart->y_low)) chart->y_high = chart->y_low + step;
    fl_text_add(out, "<figure><h3>");
    fit_html_add(out, title);
    fl_text_add(out, "</h3><p>");
    fit_html_add(out, about);
    fl_text_add(out, "</p><svg viewBox=\"0 0 %g %g\" role=\"img\"><title>", WIDTH, HEIGHT);
    fit_html_add(out, title);
    fl_text_add(out, "</title>");
    for (double y = chart->y_low; y <= chart->y_high + step / 2; y += step) {
        fl_text_add(out, "<path class=\"g\" d=\"M%g %.1fH%g\"/>", LEFT, at_y(chart, y), WIDTH - RIGHT);
        fl_text_add(out, "<text x=\"%g\" y=\"%.1f\" class=\"y\">%.6g</text>", LEFT - 6, at_y(chart, y) + 4, fabs(y) < step / 1e6 ? 0 : y);
    }
}

void fit_chart_tick(struct fit_chart *chart, double x, const char *label)
{
    fl_text_add(chart->out, "<text x=\"%.1f\" y=\"%g\" class=\"x\">", at_x(chart, x), HEIGHT - 6);
    fit_html_add(chart->out, label);
    fl_text_add(chart->out, "</text>");
}

static const char *class_of(enum fit_mark mark)
{
    return mark == FIT_MARK_SEEN ? "s" : mark == FIT_MARK_FITTED ? "f" : "o";
}

void fit_chart_line(struct fit_chart *chart, enum fit_mark mark, uint32_t count, const double x[], const double y[])
{
    bool down = false;
    fl_text_add(chart->out, "<path class=\"%s\" d=\"", class_of(mark));
    for (uint32_t i = 0; i < count; i++) {
        if (isfinite(y[i])) fl_text_add(chart->out, "%c%.1f %.1f", down ? 'L' : 'M', at_x(chart, x[i]), at_y(chart, y[i]));
        down = isfinite(y[i]);
    }
    fl_text_add(chart->out, "\"/>");
}

void fit_chart_steps(struct fit_chart *chart, enum fit_mark mark, uint32_t count, const double edges[], const double y[])
{
    fl_text_add(chart->out, "<path class=\"%s\" d=\"", class_of(mark));
    for (uint32_t i = 0; i < count; i++)
        fl_text_add(chart->out, "%c%.1f %.1fH%.1f", i > 0 ? 'L' : 'M', at_x(chart, edges[i]), at_y(chart, y[i]), at_x(chart, edges[i + 1]));
    fl_text_add(chart->out, "\"/>");
}

void fit_chart_points(struct fit_chart *chart, enum fit_mark mark, uint32_t count, const double x[], const double y[])
{
    for (uint32_t i = 0; i < count; i++)
        if (isfinite(y[i])) fl_text_add(chart->out, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.6\"/>", class_of(mark), at_x(chart, x[i]), at_y(chart, y[i]));
}

void fit_chart_band(struct fit_chart *chart, uint32_t count, const double x[], const double low[], const double high[])
{
    bool down = false;
    fl_text_add(chart->out, "<path class=\"b\" d=\"");
    for (uint32_t i = 0; i < count; i++) {
        if (!isfinite(high[i])) continue;
        fl_text_add(chart->out, "%c%.1f %.1f", down ? 'L' : 'M', at_x(chart, x[i]), at_y(chart, high[i]));
        down = true;
    }
    for (uint32_t i = count; i-- > 0;)
        if (isfinite(low[i])) fl_text_add(chart->out, "L%.1f %.1f", at_x(chart, x[i]), at_y(chart, low[i]));
    fl_text_add(chart->out, down ? "Z\"/>" : "\"/>");
}

static void add_key(struct fl_text *out, const char *class, const char *what)
{
    if (what == NULL) return;
    fl_text_add(out, "<svg class=\"k\" viewBox=\"0 0 26 10\"><path class=\"%s\" d=\"M0 5H26\"/></svg>", class);
    fit_html_add(out, what);
    fl_text_add(out, " ");
}

void fit_chart_end(struct fit_chart *chart, const char *seen, const char *fitted, const char *other)
{
    fl_text_add(chart->out, "</svg><figcaption>");
    add_key(chart->out, "s", seen);
    add_key(chart->out, "f", fitted);
    add_key(chart->out, "o", other);
    fl_text_add(chart->out, "</figcaption></figure>\n");
}
