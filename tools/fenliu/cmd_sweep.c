/* fenliu sweep: a grid of scenarios into one store. */
#include "shard.h"
#include "sweep.h"

#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: fenliu sweep [options] SCENARIO... -o STORE.sqlite\n"
    "Simulates a scenario at every point of a grid, the same days with the same buyers at each, into one SQLite store.\n"
    "      --vary PATH=A,B,C    values of a path, as --set takes them; a comma within quotes or brackets belongs to the value (repeatable: all\n"
    "                           combinations); also LO:HI:STEP, linspace:LO:HI:N, logspace:LO:HI:N, bounds with a unit: 60s:300s:60s\n"
    "      --list FILE.csv      points from a table: a path in each column of the first line, one point a line (repeatable)\n"
    "      --sample latin:N     N points of a Latin hypercube instead of the grid of --vary, whose ranges are then LO:HI or logspace:LO:HI:1\n"
    "      --points             only check the points and print them as CSV\n"
    "      --set PATH=VALUE     override a value at all points (repeatable)\n"
    "  -o, --out STORE          the store; one that is there is gone on with, and of another sweep refused\n"
    "  -n, --replications N     days at each point (default: the first scenario's, 20)\n"
    "  -s, --seed N             seed (default: the first scenario's, 1)\n"
    "  -j, --jobs N             threads (default: one a core); the store does not depend on it\n"
    "      --json, --lang zh|en, -q, --quiet   as elsewhere\n"
    "      --shard I/N          only every N-th point, from I = 0 on, into a store of its own; fenliu merge -o STORE SHARD... puts them together\n"
    "      --export NAME STORE  a table or view of a store as CSV, to -o FILE or standard output\n"
    "      --schema             print the store's tables and views, with what they hold\n"
    "Broken off, by Ctrl-C or a crash, the same command goes on where it was. Several scenarios are one more axis.\n"
    "example: fenliu sweep scenarios/618-opening.json --vary desk.agents[0].count=2:6:1 --vary routing.policy=round_robin,least_active -o s.sqlite\n"
    "exit: 0 done, 2 bad usage or input, 4 not written (what is done is kept), 5 internal, 130 interrupted (what is done is kept)\n";

#ifdef FENLIU_SQLITE

struct own_options {
    struct sweep_plan plan;
    struct fl_slice_head shard;
    const char *export;
    bool schema, points;
};

static bool add_to(const char *list[], uint32_t *count, const char *name, const char *value)
{
    if (value[0] == '\0') return false;
    if (*count == SWEEP_PATHS_MAX) {
        fprintf(stderr, "fenliu sweep: %s: at most %u times\n", name, SWEEP_PATHS_MAX);
        return false;
    }
    list[(*count)++] = value;
    return true;
}

static bool read_sample(const char *value, struct sweep_plan *plan)
{
    char *end = NULL;
    const unsigned long n = strncmp(value, "latin:", 6) == 0 && value[6] >= '0' && value[6] <= '9' ? strtoul(value + 6, &end, 10) : 0;
    if (n >= 1 && n <= SWEEP_POINTS_MAX && *end == '\0') {
        plan->latin = (uint32_t)n;
        return true;
    }
    fprintf(stderr, "fenliu sweep: --sample: wanted latin:N with N from 1 to %u, got \"%s\"\n", SWEEP_POINTS_MAX, value);
    return false;
}

static int take_sweep_option(void *context, struct options *options, int argc, char **argv, int *i)
{
    struct own_options *const own = context;
    const char *value;
    (void)options;
    if (strcmp(argv[*i], "--schema") == 0) return own->schema = true, 1;
    if (strcmp(argv[*i], "--points") == 0) return own->points = true, 1;
    if ((value = option_value(argc, argv, i, "--vary")) != NULL) return add_to(own->plan.vary, &own->plan.vary_count, "--vary", value) ? 1 : -1;
    if ((value = option_value(argc, argv, i, "--list")) != NULL) return add_to(own->plan.lists, &own->plan.lists_count, "--list", value) ? 1 : -1;
    if ((value = option_value(argc, argv, i, "--sample")) != NULL) return read_sample(value, &own->plan) ? 1 : -1;
    const int shard = shard_take(&own->shard, argc, argv, i);
    if (shard != 0) return shard;
    if ((value = option_value(argc, argv, i, "--export")) != NULL) return own->export = value, value[0] != '\0' ? 1 : -1;
    return 0;
}

static int print_schema(void)
{
    struct sweep_columns columns;
    struct fl_text out = { 0 };
    sweep_columns_list(&columns);
    sweep_schema(&columns, NULL, &out);
    const int code = text_print(&out);
    fl_text_free(&out);
    return code;
}

static int refuse(const char *why)
{
    fprintf(stderr, "fenliu sweep: %s; see fenliu sweep --help\n", why);
    return EXIT_USAGE;
}

int cmd_sweep(int argc, char **argv)
{
    struct options options;
    struct own_options own = { 0 };
    if (!options_read(&options, argc, argv, take_sweep_option, &own)) return EXIT_USAGE;
    if (options.help) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    if (own.schema) return print_schema();
    if (own.export != NULL) return options.files_count == 1 ? sweep_export(options.files[0], own.export, options.out) : refuse("--export wants one store");
    if (options.files_count == 0) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (own.plan.latin > 0 && own.plan.vary_count == 0) return refuse("--sample wants --vary PATH=LO:HI");
    if (options.overrides_count + SWEEP_PATHS_MAX > 2 * SWEEP_PATHS_MAX) return refuse("too many overrides");
    if (!own.points && options.out == NULL) return refuse("where to? -o STORE.sqlite");
    own.plan.shard = own.shard.shard;
    own.plan.shards = own.shard.shards;
    return sweep_run(&options, &own.plan, own.points);
}

#else

int cmd_sweep(int argc, char **argv)
{
    struct options options;
    if (!options_read(&options, argc, argv, NULL, NULL)) return EXIT_USAGE;
    if (options.help) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    fputs("fenliu sweep: this build is without SQLite; install libsqlite3-dev and build again\n", stderr);
    return EXIT_USAGE;
}

#endif
