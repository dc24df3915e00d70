/* Charts of a fit as inline SVG: no script, no font, no colour that alone tells two things apart (lines are dashed, points are hollow).
 *
 * A chart is begun with its ranges, drawn into, and ended; every function appends to the text of the page. Values beyond the ranges are cut
 * at the edge, those that are no numbers break a line. */
#ifndef FENLIU_FIT_CHART_H
#define FENLIU_FIT_CHART_H

#include "record/text.h"

#include <stdint.h>

struct fit_chart {
    struct fl_text *out;
    double x_low, x_high, y_low, y_high;
};

enum fit_mark { FIT_MARK_SEEN, FIT_MARK_FITTED, FIT_MARK_OTHER };

/* x_high > x_low; y runs from 0, or from y_low where that is below, to a round number at or above y_high. `title` and `about` are plain text. */
void fit_chart_begin(struct fit_chart *chart, struct fl_text *out, const char *title, const char *about, double x_low, double x_high, double y_low, double y_high);
/* A tick under the x axis. */
void fit_chart_tick(struct fit_chart *chart, double x, const char *label);
void fit_chart_line(struct fit_chart *chart, enum fit_mark mark, uint32_t count, const double x[], const double y[]);
/* Level from each x to the next one: n values, n + 1 edges. */
void fit_chart_steps(struct fit_chart *chart, enum fit_mark mark, uint32_t count, const double edges[], const double y[]);
void fit_chart_points(struct fit_chart *chart, enum fit_mark mark, uint32_t count, const double x[], const double y[]);
/* Between low and high. */
void fit_chart_band(struct fit_chart *chart, uint32_t count, const double x[], const double low[], const double high[]);
/* What each mark is, under the chart; NULL: not drawn. */
void fit_chart_end(struct fit_chart *chart, const char *seen, const char *fitted, const char *other);

/* Plain text into HTML. */
void fit_html_add(struct fl_text *out, const char *plain);

#endif
