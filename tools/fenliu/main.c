/* fenliu: one program, a subcommand a question. */
#include "command.h"
#include "ranks.h"
#ifdef FENLIU_SERVE
#include "serve/child.h"
#endif

#include <string.h>

static const char usage[] =
    "usage: fenliu COMMAND [options] ...\n"
    "Simulates the chat desk of an online shop, drives routing engines with the same buyers, says how many people it takes.\n"
    "  staff SCENARIO      how many people, on which shifts, and what one fewer costs\n"
    "  simulate SCENARIO   the desk as given: response times, reply rates, who left, by group, agent, interval\n"
    "  merge -o DIR SHARD...   the shards of a run (simulate --shard i/n) as the run that one machine would have written\n"
    "  drive SCENARIO --engine URL   the same buyers against an outside routing engine\n"
    "  engine              the built-in routing engine, to be driven like any other\n"
    "  compare A B         two scenarios or two results, paired day by day\n"
    "  sweep SCENARIO --vary PATH=A,B,C   a grid of scenarios into one results store\n"
    "  report DIR [DIR2]   a finished run, or two, as one page for people\n"
    "  serve [FOLDER]      the page in a browser on this machine, with runs at native speed\n"
    "  log SCENARIO        the synthetic chat log, JSON lines or CSV\n"
    "  fit LOG...          a recorded log to a scenario: messages, or counts per interval\n"
    "  check FILE...       validates scenarios\n"
    "  erlang              a headcount from formulas alone, beside what the classic ones say\n"
    "  init [FILE]         a scenario to start from\n"
    "Each has its own --help.\n"
    "example: fenliu staff scenarios/618-opening.json --lang en\n"
    "exit: 0 done, 1 objective missed, 2 bad usage or input, 3 network or engine, 4 not written, 5 internal, 130 interrupted\n";

struct subcommand {
    const char *name;
    int (*run)(int argc, char **argv);
};

static const struct subcommand subcommands[] = {
    { "init", cmd_init }, { "simulate", cmd_simulate }, { "merge", cmd_merge }, { "drive", cmd_drive }, { "compare", cmd_compare }, { "log", cmd_log }, { "check", cmd_check },
    { "engine", cmd_engine },
#ifndef FENLIU_CORE
    { "staff", cmd_staff }, { "fit", cmd_fit }, { "erlang", cmd_erlang }, { "report", cmd_report }, { "serve", cmd_serve }, { "sweep", cmd_sweep },
#endif
};

int main(int argc, char **argv)
{
    if (argc < 2) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("fenliu " FENLIU_VERSION);
        return EXIT_DONE;
    }
#ifdef FENLIU_SERVE
    child_begin();
#endif
    interrupts_watch();
    int code = EXIT_USAGE;
    if (ranks_enter(argc - 1, argv + 1, &code)) return code;
    for (size_t i = 0; i < sizeof subcommands / sizeof *subcommands; i++) {
        if (strcmp(argv[1], subcommands[i].name) != 0) continue;
        code = subcommands[i].run(argc - 1, argv + 1);
        ranks_leave();
        return code;
    }
    fprintf(stderr, "fenliu: no command \"%s\"; see fenliu --help\n", argv[1]);
    return EXIT_USAGE;
}
