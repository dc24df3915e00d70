#include "arguments.h"

#include "folder.h"

#include <stdio.h>
#include <string.h>

enum value { VALUE_NONE, VALUE_ANY, VALUE_NAME }; /* a name is that of a file in the run's own folder */

struct allowed {
    const char *name;
    enum value value;
};

static const struct allowed common[] = {
    { "--set", VALUE_ANY }, { "--seed", VALUE_ANY }, { "-s", VALUE_ANY }, { "--replications", VALUE_ANY }, { "-n", VALUE_ANY }, { "--jobs", VALUE_ANY },
    { "-j", VALUE_ANY }, { "--lang", VALUE_ANY }, { "--json", VALUE_NONE }, { "--quiet", VALUE_NONE }, { "-q", VALUE_NONE }, { NULL, VALUE_NONE },
};
static const struct allowed of_simulate[] = { { "--out", VALUE_NAME }, { "--report", VALUE_NONE }, { "--no-agents", VALUE_NONE }, { NULL, VALUE_NONE } };
static const struct allowed of_staff[] = {
    { "--out", VALUE_NAME }, { "--report", VALUE_NONE }, { "--plan", VALUE_NAME }, { "--roster", VALUE_NAME },
    { "--full", VALUE_NONE }, { "--levers", VALUE_NONE }, { "--explain", VALUE_NONE }, { NULL, VALUE_NONE },
};
static const struct allowed of_log[] = {
    { "--out", VALUE_NAME }, { "--replication", VALUE_ANY }, { "--format", VALUE_ANY }, { "--zstd", VALUE_NONE }, { NULL, VALUE_NONE },
};
static const struct allowed of_report[] = { { "--out", VALUE_NAME }, { NULL, VALUE_NONE } };
static const struct allowed of_others[] = { { NULL, VALUE_NONE } };

struct subcommand {
    const char *name;
    const struct allowed *options;
    enum argument_kind files;
    bool wants_out; /* writes into what it reads otherwise */
};

static const struct subcommand subcommands[] = {
    { "simulate", of_simulate, ARGUMENT_SCENARIO, false }, { "staff", of_staff, ARGUMENT_SCENARIO, false }, { "log", of_log, ARGUMENT_SCENARIO, false },
    { "check", of_others, ARGUMENT_SCENARIO, false },      { "report", of_report, ARGUMENT_RUN, true },
};

static const struct allowed *find(const struct allowed *options, const char *name)
{
    for (; options->name != NULL; options++)
        if (strcmp(options->name, name) == 0) return options;
    return NULL;
}

static bool refuse(char why[256], const char *what, const char *name)
{
    snprintf(why, 256, "%s: %.150s", what, name);
    return false;
}

static bool option_holds(const struct arguments *arguments, uint32_t *i, const struct subcommand *subcommand, bool *has_out, char why[256])
{
    const char *const name = arguments->list[*i];
    const struct allowed *option = find(subcommand->options, name);
    if (option == NULL) option = find(common, name);
    if (option == NULL) return refuse(why, "this option is not allowed here", name);
    if (option->value == VALUE_NONE) return true;
    if (++*i == arguments->count) return refuse(why, "this option wants a value", name);
    if (option->value == VALUE_NAME && !folder_name_holds(arguments->list[*i])) return refuse(why, "wanted a plain file name", arguments->list[*i]);
    *has_out |= strcmp(name, "--out") == 0;
    return true;
}

bool arguments_hold(struct arguments *arguments, char why[256])
{
    const struct subcommand *subcommand = NULL;
    bool has_out = false;
    uint32_t files = 0;
    for (size_t i = 0; arguments->count > 0 && i < sizeof subcommands / sizeof *subcommands; i++)
        if (strcmp(subcommands[i].name, arguments->list[0]) == 0) subcommand = &subcommands[i];
    if (subcommand == NULL) return refuse(why, "wanted simulate, staff, log, check or report", arguments->count > 0 ? arguments->list[0] : "nothing");
    for (uint32_t i = 0; i < arguments->count; i++) arguments->kinds[i] = ARGUMENT_OPTION;
    for (uint32_t i = 1; i < arguments->count; i++) {
        if (arguments->list[i][0] == '-') {
            if (!option_holds(arguments, &i, subcommand, &has_out, why)) return false;
        } else {
            arguments->kinds[i] = subcommand->files;
            files++;
        }
    }
    if (files == 0) return refuse(why, "no file is named for", subcommand->name);
    if (subcommand->wants_out && !has_out) return refuse(why, "wants --out NAME here", subcommand->name);
    return true;
}
