/* --report: the answer as one page that needs nothing else, with its pictures. */
#include "fit.h"
#include "fit_chart.h"
#include "log.h"

#include <math.h>
#include <string.h>

static const char style[] =
    "body{font:15px/1.5 system-ui,\"Noto Sans CJK SC\",sans-serif;color:#1c1917;background:#fff;max-width:760px;margin:2em auto;padding:0 1em}"
    "h1{font-size:1.5em}h2{font-size:1.2em;margin-top:2em}h3{font-size:1em;margin:0}figure{margin:1.5em 0}figure p{margin:0;color:#57534e;font-size:.9em}"
    "svg{width:100%;height:auto}svg text{font-size:11px;fill:#57534e}.x{text-anchor:middle}.y{text-anchor:end}.g{stroke:#e7e5e4;fill:none}"
    "path.s,path.f,path.o{fill:none;stroke-width:1.8}path.s{stroke:#0f766e}path.f{stroke:#b45309}path.o{stroke:#78716c;stroke-dasharray:5 3}"
    "circle.s{fill:#0f766e}circle.o{fill:none;stroke:#b91c1c;stroke-width:1.4}.b{fill:#fde68a;stroke:none;opacity:.7}.k{width:26px;height:10px;margin:0 .3em 0 .8em}"
    "figcaption{font-size:.9em;color:#57534e}table{border-collapse:collapse;width:100%;font-size:.9em}td,th{padding:.2em .5em;border-bottom:1px solid #e7e5e4;"
    "text-align:left}td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}";

static const char *say(const struct fit_answer *answer, const char *en, const char *zh)
{
    return answer->language == LANGUAGE_ZH ? zh : en;
}

static void add_estimates(struct fl_text *out, const struct fit_answer *answer)
{
    fl_text_add(out, "<h2>%s</h2><table><tr><th>%s</th><th>%s</th><th>%s</th><th>n</th><th></th></tr>\n", say(answer, "Values", "各项数值"),
                say(answer, "value", "项目"), say(answer, "fitted", "拟合"), say(answer, "95 % interval", "95% 区间"));
    for (size_t i = 0; i < answer->estimates.count; i++) {
        const struct fl_estimate *const e = &answer->estimates.list[i];
        char reason[400] = "";
        if (e->why != NULL) fit_reason(answer->language, e, reason, sizeof reason);
        fl_text_add(out, "<tr><td>");
        fit_html_add(out, e->path);
        fl_text_add(out, "</td><td class=\"n\">");
        if (e->known) fl_text_add(out, "%.4g %s", e->value, strcmp(e->unit, "1") == 0 ? "" : e->unit);
        fl_text_add(out, "</td><td class=\"n\">");
        if (e->known && !isnan(e->low)) fl_text_add(out, "%.4g – %.4g", e->low, e->high);
        fl_text_add(out, "</td><td class=\"n\">%llu</td><td>", (unsigned long long)e->n);
        fit_html_add(out, reason);
        fl_text_add(out, "</td></tr>\n");
    }
    fl_text_add(out, "</table>\n");
}

static void add_goodness(struct fl_text *out, const struct fit_answer *answer)
{
    if (answer->estimates.goodness_count == 0) return;
    fl_text_add(out, "<h2>%s</h2><table>\n", say(answer, "How well it fits", "拟合得如何"));
    for (size_t i = 0; i < answer->estimates.goodness_count; i++) {
        char line[400];
        fit_goodness_words(answer->language, &answer->estimates.goodness[i], line, sizeof line);
        fl_text_add(out, "<tr><td>");
        fit_html_add(out, line);
        fl_text_add(out, "</td></tr>\n");
    }
    fl_text_add(out, "</table>\n");
}

static void add_page(struct fl_text *out, const struct fit_options *options, const struct fit_answer *answer)
{
    fl_text_add(out, "<!doctype html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">",
                say(answer, "en", "zh"));
    fl_text_add(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"><title>fenliu fit</title><style>%s</style>",
                style);
    fl_text_add(out, "</head>\n<body><h1>");
    fit_html_add(out, options->common->files[0]);
    if (options->common->files_count > 1) fl_text_add(out, " + %u", options->common->files_count - 1);
    fl_text_add(out, "</h1>\n<ul>\n");
    for (size_t i = 0; i < answer->notes_count; i++) {
        const struct fit_note *const note = &answer->notes[i];
        fl_text_add(out, "<li>");
        if (note->file != NULL) {
            fit_html_add(out, note->file);
            if (note->line > 0) fl_text_add(out, ":%llu", (unsigned long long)note->line);
            fl_text_add(out, ": ");
        }
        fit_html_add(out, note->text);
        fl_text_add(out, "</li>\n");
    }
    fl_text_add(out, "</ul>\n<h2>%s</h2>\n", say(answer, "Pictures", "图"));
    if (answer->pictures.bytes != NULL) fl_text_add_bytes(out, answer->pictures.bytes, answer->pictures.length);
    add_goodness(out, answer);
    add_estimates(out, answer);
    fl_text_add(out, "</body></html>\n");
}

int fit_report_write(const struct fit_options *options, const struct fit_answer *answer)
{
    struct fl_text out = { 0 };
    struct sink sink;
    add_page(&out, options, answer);
    if (out.full || answer->pictures.full) {
        fl_text_free(&out);
        return run_failed(FL_EFULL, "fit");
    }
    const bool written = sink_open(&sink, "fit", options->report, false) && sink_put(&sink, out.bytes, out.length);
    fl_text_free(&out);
    return sink_close(&sink, written);
}
