/* What the command has where there are sockets, processes and signals, and not here. */
#include "check.h"
#include "page.h"
#include "ranks.h"
#include "replay_log.h"

atomic_bool interrupted;

void interrupts_watch(void)
{
}

bool ranks_enter(int argc, char **argv, int *code)
{
    (void)argc, (void)argv, (void)code;
    return false;
}

enum fl_status ranks_run(const struct fl_scenario *scenario, const struct fl_run_options *options, struct fl_run **out)
{
    return fl_run(scenario, options, out);
}

void ranks_leave(void)
{
}

static int refuse(const char *what)
{
    fprintf(stderr, "fenliu: no %s in a browser; the installed program has it\n", what);
    return EXIT_USAGE;
}

#define ABSENT(name)                        \
    int cmd_##name(int argc, char **argv)   \
    {                                       \
        (void)argc, (void)argv;             \
        return refuse(#name);               \
    }
ABSENT(fit)
ABSENT(merge)
ABSENT(drive)
ABSENT(engine)
ABSENT(compare)
ABSENT(report)
ABSENT(serve)

int page_take(struct options *options, const char *argument)
{
    (void)options;
    (void)argument;
    return 0;
}

bool page_option_holds(const struct options *options)
{
    (void)options;
    return true;
}

void page_name(const struct options *options, struct fl_text *out)
{
    (void)options;
    (void)out;
}

int page_make(const char *const directories[], const char *const names[], uint32_t count, const struct options *options, struct fl_text *out)
{
    (void)directories;
    (void)names;
    (void)count;
    (void)options;
    (void)out;
    return refuse("report");
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

int replay_take(struct options *options, int argc, char **argv, int *i)
{
    (void)options, (void)argc, (void)argv, (void)i;
    return 0;
}

char *replay_log_of(const struct options *options, const struct fl_scenario *scenario, const char *scenario_path)
{
    (void)options, (void)scenario, (void)scenario_path;
    (void)refuse("recorded traffic");
    return NULL;
}

bool replay_attach(const struct options *options, struct fl_scenario *scenario, const char *log)
{
    (void)options, (void)scenario, (void)log;
    return false;
}
