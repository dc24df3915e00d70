/* fenliu simulate: runs the desk as given. */
#include "command.h"
#include "page.h"
#include "ranks.h"
#include "report.h"
#include "shard.h"

#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: fenliu simulate [options] SCENARIO\n"
    "Runs the desk of a scenario and prints what its buyers and agents saw.\n"
    "      --set PATH=VALUE     override a scenario value (repeatable)\n"
    "      --recorded LOG       recorded buyers instead of the scenario's traffic (traffic.replay.log)\n"
    "  -n, --replications N     days to simulate (default: the scenario's, 20)\n"
    "  -s, --seed N             seed (default: the scenario's, 1)\n"
    "  -j, --jobs N             threads (default: one a core); results do not depend on it\n"
    "  -o, --out DIR            write the run there: summary.json, days.csv, intervals.csv, agents.csv, load.csv\n"
    "      --report             and report.html, a page for people, into DIR\n"
    "      --shard I/N          only the days of shard I (from 0) of N, into DIR; fenliu merge puts them together\n"
    "      --json               the summary as one JSON object on stdout, nothing else\n"
    "      --no-agents          and the agents, of thousands megabytes, left out of it\n"
    "      --lang zh|en         language of the table (default: the locale's)\n"
    "  -q, --quiet              no progress\n"
    "example: fenliu simulate scenarios/618-opening.json -n 200 -o results/618.run\n"
    "exit: 0 objectives met, 1 one missed, 2 bad usage or input, 4 not written, 5 internal, 130 interrupted (what is done is kept)\n";

/* What only this command takes. */
struct own {
    struct fl_slice_head shard;
    bool without_agents;
};

static int take_own(void *context, struct options *options, int argc, char **argv, int *i)
{
    struct own *const own = context;
    const int taken = shard_take(&own->shard, argc, argv, i);
    if (taken != 0) return taken;
    if (strcmp(argv[*i], "--no-agents") == 0) return own->without_agents = true, 1;
    return page_take(options, argv[*i]);
}

/* Says what the run has come to and writes it; the exit code. */
static int conclude(const struct options *options, const struct fl_run *run, const struct own *own, const char *scenario_text, int argc, char **argv)
{
    const struct fl_slice_head *const shard = own->shard.shards > 0 ? &own->shard : NULL;
    char policy[96];
    policy_describe(run->results.scenario, policy, sizeof policy);
    const struct fl_results_head head = { .command = "simulate", .policy = policy, .seed = run->seed, .partial = run->partial };
    struct fl_results_head said = head;
    said.without_agents = own->without_agents;
    const struct run_record record = { .run = run, .head = &head, .scenario_text = scenario_text, .argc = argc, .argv = argv, .options = options,
                                       .shard = shard };
    int code = options->out != NULL ? run_write(options->out, &record) : EXIT_DONE;
    struct fl_text answer = { 0 };
    if (shard != NULL) shard_report(shard, options, run, &answer);
    else if (options->json) fl_results_json(&run->results, &said, &answer);
    else report_simulation(&run->results, &head, options->language, &answer);
    if (shard == NULL && !options->json) page_name(options, &answer);
    if (code == EXIT_DONE) code = text_print(&answer);
    if (code == EXIT_DONE && run->partial) code = EXIT_INTERRUPTED;
    if (code == EXIT_DONE && shard == NULL && !report_objectives_met(&run->results)) code = EXIT_MISSED;
    fl_text_free(&answer);
    return code;
}

int cmd_simulate(int argc, char **argv)
{
    struct options options;
    struct own own = { 0 };
    const struct fl_slice_head *const shard = &own.shard;
    if (!options_read(&options, argc, argv, take_own, &own) || !page_option_holds(&options)) return EXIT_USAGE;
    if (options.help) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    if (options.files_count != 1) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    char *text = NULL;
    struct fl_scenario *scenario = scenario_open(&options, options.files[0], &text);
    if (scenario == NULL) return EXIT_USAGE;

    const bool is_shard = shard->shards > 0;
    struct fl_run_options how = {
        .seed = options.has_seed ? options.seed : scenario->seed,
        .replications = options.replications > 0 ? options.replications : scenario->replications,
        .jobs = options.jobs, .stop = &interrupted, .cells = options.out != NULL,
    };
    int code = is_shard && !shard_holds(&own.shard, &options, scenario, how.seed, how.replications) ? EXIT_USAGE : EXIT_DONE;
    if (is_shard) {
        how.first = shard->first;
        how.replications = shard->days;
    }
    struct fl_run *run = NULL;
    if (code == EXIT_DONE) {
        struct progress progress;
        progress_start(&progress, &options, "simulate");
        how.on_progress = progress_step;
        how.progress_context = &progress;
        const enum fl_status status = ranks_run(scenario, &how, &run);
        progress_end(&progress);
        code = status == FL_OK ? conclude(&options, run, &own, text, argc, argv) : run_failed(status, "simulate");
    }
    fl_run_free(run);
    fl_scenario_free(scenario);
    free(text);
    return code;
}
