/* Pictures as SVG in a page that stands alone: no script, no font, nothing fetched. Dark where the reader's screen is. */
#include "compare_many.h"

#include <math.h>
#include <string.h>

#define WIDTH 860.
#define ROW 40.   /* of a ranking: a label, and its point below */
#define MARKS 24. /* the numbers below it */

static void add_html(struct fl_text *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '<') fl_text_add(out, "&lt;");
        else if (*text == '>') fl_text_add(out, "&gt;");
        else if (*text == '&') fl_text_add(out, "&amp;");
        else if (*text == '"') fl_text_add(out, "&quot;");
        else fl_text_add_bytes(out, text, 1);
    }
}

void picture_begin(struct fl_text *out, const char *title, const char *about, enum language language)
{
    fl_text_add(out, "<!doctype html>\n<html lang=\"%s\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n"
                     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<title>",
                language == LANGUAGE_ZH ? "zh" : "en");
    add_html(out, title);
    fl_text_add(out, "</title>\n<style>\n"
                     ":root{color-scheme:light dark;--ink:#1c1e21;--soft:#6b7280;--line:#d4d7dc;--good:#127a4b;--bad:#b3261e;--calm:#3d6fb4;"
                     "--s0:#3d6fb4;--s1:#c2571a;--s2:#127a4b;--s3:#8a3ffc;--s4:#9a6700;--s5:#0b7285;--paper:#fff}\n"
                     "@media (prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#9aa0a6;--line:#3c4043;--good:#5bd69a;--bad:#ff8a80;--calm:#8ab4f8;"
                     "--s0:#8ab4f8;--s1:#fbb078;--s2:#5bd69a;--s3:#c9a6ff;--s4:#ffd866;--s5:#6fd3e3;--paper:#17191c}}\n"
                     "body{font:15px/1.55 system-ui,'Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif;color:var(--ink);background:var(--paper);"
                     "max-width:900px;margin:1.5rem auto;padding:0 1rem}\n"
                     "h1{font-size:1.5rem}h2{font-size:1.1rem;margin:1.6rem 0 .3rem}p{color:var(--soft);margin:.3rem 0}\n"
                     "svg{width:100%%;height:auto;display:block}text{fill:var(--ink);font-size:13px}.soft{fill:var(--soft);font-size:12px}"
                     ".grid{stroke:var(--line)}.zero{stroke:var(--soft);stroke-dasharray:3 3}\n</style>\n<h1>");
    add_html(out, title);
    fl_text_add(out, "</h1>\n");
    picture_paragraph(out, about);
}

void picture_end(struct fl_text *out)
{
    fl_text_add(out, "</html>\n");
}

void picture_heading(struct fl_text *out, const char *text)
{
    fl_text_add(out, "<h2>");
    add_html(out, text);
    fl_text_add(out, "</h2>\n");
}

void picture_paragraph(struct fl_text *out, const char *text)
{
    fl_text_add(out, "<p>");
    add_html(out, text);
    fl_text_add(out, "</p>\n");
}

/* ---- Scales --------------------------------------------------------------------------------------- */

struct scale {
    double low, high, step; /* of the values; step between marks: 1, 2 or 5 times a power of ten */
    double from, to;        /* of the picture */
};

static void widen(struct scale *scale, double value)
{
    if (!isfinite(value)) return;
    if (value < scale->low) scale->low = value;
    if (value > scale->high) scale->high = value;
}

static void settle(struct scale *scale)
{
    if (!(scale->high > scale->low)) {
        const double room = fabs(scale->low) > 0 ? fabs(scale->low) * 0.1 : 1;
        scale->low -= room;
        scale->high += room;
    }
    const double rough = (scale->high - scale->low) / 6;
    double power = 1;
    while (power * 10 <= rough) power *= 10;
    while (power > rough) power /= 10;
    scale->step = power * (rough > 5 * power ? 10 : rough > 2 * power ? 5 : rough > power ? 2 : 1);
    scale->low = floor(scale->low / scale->step) * scale->step;
    scale->high = ceil(scale->high / scale->step) * scale->step;
}

static double place(const struct scale *scale, double value)
{
    return scale->from + (value - scale->low) / (scale->high - scale->low) * (scale->to - scale->from);
}

static double mark_at(const struct scale *scale, uint32_t i)
{
    const double value = scale->low + i * scale->step;
    return fabs(value) < scale->step * 1e-9 ? 0 : value;
}

static uint32_t marks_of(const struct scale *scale)
{
    return (uint32_t)((scale->high - scale->low) / scale->step + 1.5);
}

/* ---- Rankings ---------------------------------------------------------------------------------------- */

static const char *tone_of(int tone)
{
    return tone > 0 ? "var(--good)" : tone < 0 ? "var(--bad)" : "var(--soft)";
}

static void open_picture(struct fl_text *out, const char *title, const char *unit, double height)
{
    fl_text_add(out, "<h2>");
    add_html(out, title);
    if (unit[0] != '\0') fl_text_add(out, " (");
    add_html(out, unit);
    fl_text_add(out, "%s</h2>\n<svg role=\"img\" viewBox=\"0 0 %.0f %.0f\"><title>", unit[0] != '\0' ? ")" : "", WIDTH, height);
    add_html(out, title);
    fl_text_add(out, "</title>\n");
}

/* At most so many columns of a label; its end is cut off. */
static void add_label(struct fl_text *out, const char *label, uint32_t columns)
{
    struct fl_text cut = { 0 };
    uint32_t used = 0;
    for (const char *at = label; *at != '\0'; at++) {
        if (((unsigned char)*at & 0xC0) != 0x80) used += (unsigned char)*at >= 0xE3 ? 2 : 1;
        if (used > columns) break;
        fl_text_add_bytes(&cut, at, 1);
    }
    add_html(out, cut.bytes != NULL ? cut.bytes : "");
    if (used > columns) fl_text_add(out, "…");
    fl_text_free(&cut);
}

void picture_ranking(struct fl_text *out, const char *title, const char *unit, const struct picture_point points[], uint32_t count, double zero)
{
    const double bottom = count * ROW + 6, height = bottom + MARKS;
    struct scale scale = { .low = INFINITY, .high = -INFINITY, .from = 24, .to = WIDTH - 24 };
    for (uint32_t i = 0; i < count; i++) {
        widen(&scale, points[i].value);
        if (isfinite(points[i].low)) widen(&scale, points[i].low);
        if (isfinite(points[i].low)) widen(&scale, points[i].high);
    }
    widen(&scale, zero);
    if (!isfinite(scale.low)) return;
    settle(&scale);
    open_picture(out, title, unit, height);
    for (uint32_t i = 0; i < marks_of(&scale); i++) {
        const double x = place(&scale, mark_at(&scale, i));
        fl_text_add(out, "<line class=\"grid\" x1=\"%.1f\" y1=\"0\" x2=\"%.1f\" y2=\"%.0f\"/><text class=\"soft\" text-anchor=\"middle\" x=\"%.1f\" y=\"%.0f\">%.6g</text>\n", x,
                    x, bottom, x, bottom + 0.7 * MARKS, mark_at(&scale, i));
    }
    if (isfinite(zero)) fl_text_add(out, "<line class=\"zero\" x1=\"%.1f\" y1=\"0\" x2=\"%.1f\" y2=\"%.0f\"/>\n", place(&scale, zero), place(&scale, zero), bottom);
    for (uint32_t i = 0; i < count; i++) {
        const double y = (i + 0.75) * ROW;
        fl_text_add(out, "<text x=\"24\" y=\"%.1f\"><title>", y - 12);
        add_html(out, points[i].label);
        fl_text_add(out, "</title>");
        add_label(out, points[i].label, 110);
        fl_text_add(out, "</text>");
        if (isfinite(points[i].low))
            fl_text_add(out, "<line stroke=\"%s\" stroke-width=\"3\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>", tone_of(points[i].tone),
                        place(&scale, points[i].low), y, place(&scale, points[i].high), y);
        fl_text_add(out, "<circle fill=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"5\"><title>%.6g</title></circle>\n", tone_of(points[i].tone), place(&scale, points[i].value), y,
                    points[i].value);
    }
    fl_text_add(out, "</svg>\n");
}

/* ---- Lines ---------------------------------------------------------------------------------------------- */

#define LINES_HEIGHT 300.
#define SERIES_COLOURS 6u

void picture_lines(struct fl_text *out, const char *title, const char *unit, const char *const levels[], uint32_t levels_count, const char *const series[],
                   uint32_t series_count, const double values[], const double low[], const double high[])
{
    struct scale scale = { .low = INFINITY, .high = -INFINITY, .from = LINES_HEIGHT - 40, .to = 12 };
    const double left = 70, right = series_count > 1 ? WIDTH - 230 : WIDTH - 30, step = (right - left) / (levels_count > 1 ? levels_count : 1);
    for (uint32_t i = 0; i < series_count * levels_count; i++) {
        widen(&scale, values[i]);
        if (low != NULL) widen(&scale, low[i]);
        if (low != NULL) widen(&scale, high[i]);
    }
    if (!isfinite(scale.low)) return;
    settle(&scale);
    open_picture(out, title, unit, LINES_HEIGHT);
    for (uint32_t i = 0; i < marks_of(&scale); i++) {
        const double y = place(&scale, mark_at(&scale, i));
        fl_text_add(out, "<line class=\"grid\" x1=\"%.0f\" y1=\"%.1f\" x2=\"%.0f\" y2=\"%.1f\"/><text class=\"soft\" text-anchor=\"end\" x=\"%.0f\" y=\"%.1f\">%.6g</text>\n", left,
                    y, right, y, left - 6, y + 4, mark_at(&scale, i));
    }
    for (uint32_t l = 0; l < levels_count; l++) {
        fl_text_add(out, "<text class=\"soft\" text-anchor=\"middle\" x=\"%.1f\" y=\"%.0f\">", left + (l + 0.5) * step, LINES_HEIGHT - 18);
        add_label(out, levels[l], levels_count > 6 ? 9 : 18);
        fl_text_add(out, "</text>\n");
    }
    for (uint32_t s = 0; s < series_count; s++) {
        const uint32_t colour = s % SERIES_COLOURS;
        fl_text_add(out, "<polyline fill=\"none\" stroke-width=\"2\" stroke=\"var(--s%u)\"%s points=\"", colour, s >= SERIES_COLOURS ? " stroke-dasharray=\"6 3\"" : "");
        for (uint32_t l = 0; l < levels_count; l++) fl_text_add(out, "%.1f,%.1f ", left + (l + 0.5) * step, place(&scale, values[s * levels_count + l]));
        fl_text_add(out, "\"/>\n");
        for (uint32_t l = 0; l < levels_count; l++) {
            const uint32_t i = s * levels_count + l;
            const double x = left + (l + 0.5) * step;
            if (low != NULL && isfinite(low[i]))
                fl_text_add(out, "<line stroke=\"var(--s%u)\" stroke-width=\"2\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>", colour, x, place(&scale, low[i]), x,
                            place(&scale, high[i]));
            fl_text_add(out, "<circle fill=\"var(--s%u)\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"><title>%.6g</title></circle>\n", colour, x, place(&scale, values[i]), values[i]);
        }
        if (series_count < 2) continue;
        fl_text_add(out, "<line stroke=\"var(--s%u)\" stroke-width=\"3\" x1=\"%.0f\" y1=\"%.0f\" x2=\"%.0f\" y2=\"%.0f\"/><text x=\"%.0f\" y=\"%.0f\">", colour, right + 14,
                    20 + s * 18., right + 34, 20 + s * 18., right + 40, 24 + s * 18.);
        add_label(out, series[s], 22);
        fl_text_add(out, "</text>\n");
    }
    fl_text_add(out, "</svg>\n");
}
