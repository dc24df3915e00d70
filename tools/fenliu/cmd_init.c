/* fenliu init: a scenario to start from, with realistic values and their sources. */
#include "command.h"
#include "template_scenario.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: fenliu init [FILE]\n"
    "Writes a scenario to start from: an ordinary day of a small shop, with realistic values. Put in your own: chats a day, people,\n"
    "shifts, reply times; scenarios/README.md explains every key.\n"
    "  -h, --help   this text\n"
    "Without FILE it goes to stdout. A file that exists is not overwritten.\n"
    "example: fenliu init my-shop.json && fenliu check my-shop.json\n"
    "exit: 0 done, 2 bad usage, 4 not written\n";

static int write_new(const char *path)
{
    FILE *file = fopen(path, "wbx");
    bool good = file != NULL && fwrite(template_scenario, 1, sizeof template_scenario, file) == sizeof template_scenario && fflush(file) == 0;
    const int why = errno;
    if (file != NULL && fclose(file) != 0) good = false;
    if (good) return EXIT_DONE;
    fprintf(stderr, "fenliu init: cannot write %s: %s\n", path, strerror(why));
    if (file != NULL) unlink(path);
    return EXIT_UNWRITTEN;
}

int cmd_init(int argc, char **argv)
{
    struct options options;
    if (!options_read(&options, argc, argv, NULL, NULL)) return EXIT_USAGE;
    if (options.help) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    if (options.files_count > 1) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (options.files_count == 1) return write_new(options.files[0]);
    struct fl_text text = { 0 };
    fl_text_add_bytes(&text, (const char *)template_scenario, sizeof template_scenario);
    const int code = text_print(&text);
    fl_text_free(&text);
    return code;
}
