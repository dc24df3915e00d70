/* The page itself: the template that the build made, with a run in its data slot. */
#include "page.h"

#include "page_data.h"

#include <stdlib.h>
#include <string.h>

/* ---- The template ------------------------------------------------------------------------------ */

#ifdef FENLIU_PAGE_TEMPLATE
/* Taken in as it is: half a megabyte as a C array would be slow to compile. */
__asm__(".pushsection .rodata\n"
        ".global fenliu_page_template\nfenliu_page_template:\n.incbin \"" FENLIU_PAGE_TEMPLATE "\"\n"
        ".global fenliu_page_template_end\nfenliu_page_template_end:\n.byte 0\n"
        ".popsection\n");
extern const char fenliu_page_template[], fenliu_page_template_end[];
#define TEMPLATE (&fenliu_page_template[0])
#define TEMPLATE_END (&fenliu_page_template_end[0])
#else
#define TEMPLATE ""
#define TEMPLATE_END TEMPLATE
#endif

bool page_is_built(const char *command)
{
#ifdef FENLIU_PAGE_TEMPLATE
    (void)command;
    return true;
#else
    fprintf(stderr, "fenliu %s: this program was built without the report's page: build it with node and -DFENLIU_PAGE=ON \n", command);
    return false;
#endif
}

/* Where the data goes. The template is ours, so that there is such a place. */
static const char *slot(void)
{
    static const char opens[] = "<script type=\"application/json\" id=\"run\">";
    const char *const at = memmem(TEMPLATE, (size_t)(TEMPLATE_END - TEMPLATE), opens, sizeof opens - 1);
    FL_ASSERT(at != NULL);
    return at + sizeof opens - 1;
}

/* JSON that nothing in a script element can end or open: "<" stands in texts alone, and so do the two line ends that scripts know and JSON
 * does not. */
static void add_escaped(struct fl_text *out, const struct fl_text *json)
{
    size_t done = 0;
    for (size_t i = 0; i < json->length; i++) {
        const unsigned char *at = (const unsigned char *)json->bytes + i;
        const bool line_end = i + 2 < json->length && at[0] == 0xE2 && at[1] == 0x80 && (at[2] == 0xA8 || at[2] == 0xA9);
        if (*at != '<' && !line_end) continue;
        fl_text_add_bytes(out, json->bytes + done, i - done);
        fl_text_add(out, line_end ? "\\u202%c" : "\\u003%c", !line_end ? 'c' : at[2] == 0xA8 ? '8' : '9');
        done = i + (line_end ? 3 : 1);
        i = done - 1;
    }
    fl_text_add_bytes(out, json->bytes + done, json->length - done);
}

int page_make(const char *const directories[], const char *const names[], uint32_t count, const struct options *options, struct fl_text *out)
{
    struct fl_text json = { 0 };
    if (!page_is_built(options->command)) return EXIT_USAGE;
    int code = page_data(directories, names, count, options, &json);
    if (code == EXIT_DONE) {
        const char *const at = slot();
        fl_text_add_bytes(out, TEMPLATE, (size_t)(at - TEMPLATE));
        if (!json.full) add_escaped(out, &json);
        fl_text_add_bytes(out, at, (size_t)(TEMPLATE_END - at));
        if (json.full || out->full) code = run_failed(FL_EFULL, options->command);
    }
    fl_text_free(&json);
    return code;
}

/* ---- --report ---------------------------------------------------------------------------------- */

int page_take(struct options *options, const char *argument)
{
    if (strcmp(argument, "--report") != 0) return 0;
    options->report = true;
    return 1;
}

bool page_option_holds(const struct options *options)
{
    if (!options->report) return true;
    if (options->out != NULL) return page_is_built(options->command);
    fprintf(stderr, "fenliu %s: --report wants --out DIR, where the page is written\n", options->command);
    return false;
}

void page_name(const struct options *options, struct fl_text *out)
{
    if (!options->report) return;
    fl_text_add(out, options->language == LANGUAGE_ZH ? "图 %s/report.html(双击打开)\n" : "Report %s/report.html (opens by a double click)\n", options->out);
}
