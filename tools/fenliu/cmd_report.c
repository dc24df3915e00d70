/* fenliu report: a finished run, or two, as one page for people. */
#include "compare.h"
#include "page.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char usage[] =
    "usage: fenliu report [options] DIR [DIR2]\n"
    "Writes one HTML file that shows a finished run, or two side by side: it opens by a double click, prints on A4, and asks for no network.\n"
    "  -o, --out FILE           write it there (default: DIR/report.html; - for stdout)\n"
    "      --lang zh|en         the language it opens in (default: the reader's browser's); the page has a switch\n"
    "DIR is what simulate, drive or staff wrote with --out; they write the same page at once with --report.\n"
    "example: fenliu staff scenarios/618-opening.json --out 618.run && fenliu report 618.run\n"
    "exit: 0 written, 2 bad usage, no run directory, a damaged one, or a build without the page, 4 not written, 5 internal\n";

/* On the terminal where it is, unless it went there itself. */
static int write_page(const char *path, const struct fl_text *page)
{
    if (strcmp(path, "-") == 0) return text_print(page);
    const int code = file_put("report", path, page->bytes, page->length);
    if (code == EXIT_DONE) printf("%s\n", path);
    return code;
}

static bool is_directory(const char *path)
{
    struct stat info;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) return true;
    fprintf(stderr, "fenliu report: %s: wanted a run directory, written by fenliu simulate, drive or staff with --out\n", path);
    return false;
}

int cmd_report(int argc, char **argv)
{
    struct options options;
    char path[4200];
    if (!options_read(&options, argc, argv, NULL, NULL)) return EXIT_USAGE;
    if (options.help) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    if (options.files_count < 1 || options.files_count > 2 || options.overrides_count > 0 || options.json || options.has_seed || options.replications > 0) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (!page_is_built("report")) return EXIT_USAGE;
    for (uint32_t i = 0; i < options.files_count; i++)
        if (!is_directory(options.files[i])) return EXIT_USAGE;
    snprintf(path, sizeof path, "%.4096s/report.html", options.files[0]);
    struct fl_text page = { 0 };
    int code = page_make(options.files, options.files, options.files_count, &options, &page);
    if (code == EXIT_DONE) code = write_page(options.out != NULL ? options.out : path, &page);
    fl_text_free(&page);
    return code;
}
