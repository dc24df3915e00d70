/* What the command has where there are sockets, processes and signals, and not here. */
#include "check.h"

atomic_bool interrupted;

void interrupts_watch(void)
{
}

static int refuse(const char *what)
{
    fprintf(stderr, "fenliu: no %s in a browser; the installed program has it\n", what);
    return EXIT_USAGE;
}

int cmd_drive(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return refuse("drive");
}

int cmd_engine(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return refuse("engine");
}

int cmd_compare(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return refuse("compare");
}

int check_engine(const struct walk_options *options)
{
    (void)options;
    return refuse("check --engine");
}

/* A transcript is held for a scenario, and refused as one. */
bool check_transcript(struct file_lines *lines, const char *path, bool quiet, cJSON *report, bool *ok)
{
    (void)lines;
    (void)path;
    (void)quiet;
    (void)report;
    (void)ok;
    return false;
}
