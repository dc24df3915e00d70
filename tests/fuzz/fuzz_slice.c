/* Fuzz target: a slice of a run with any changes, and a hash that is right for them, is refused, or what is read can be worked with.
 *
 * The input is changes to a sound slice: three bytes each, two of a place and one of what stands there then. Run:
 * fuzz_slice -max_total_time=60 CORPUS */
#include "record/leb.h"
#include "record/results.h"
#include "run/gather.h"
#include "scenario/reader.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char text[] = "{\"fenliu\":1,\"duration\":\"48h\",\"interval\":\"12h\",\"traffic\":{\"chats_per_day\":40},\"buyers\":{\"intents\":[{\"name\":\"size\"}]},"
                           "\"desk\":{\"agents\":[{\"name\":\"a\",\"count\":2,\"wage_cny_per_hour\":25.5}]},\"objectives\":{\"abandonment\":\"<= 0.05\"}}";
static struct fl_scenario *scenario;
static struct fl_text sound;
static struct fl_errors errors;
static const struct fl_run_options how = { .seed = 7, .replications = 2, .jobs = 1, .cells = true };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    struct fl_run *run = NULL;
    struct fl_slice_head head = { .seed = how.seed };
    FL_ASSERT(fl_scenario_read("text", text, strlen(text), NULL, 0, &scenario, &errors) == FL_OK);
    FL_ASSERT(fl_run(scenario, &how, &run) == FL_OK);
    head.scenario_hash = scenario->hash;
    fl_slice_of_shard(&head, 0, 1, how.replications);
    fl_slice_write(&head, &run->results, &sound);
    FL_ASSERT(!sound.full);
    fl_run_free(run);
    return 0;
}

static void work_with(const struct fl_slice *slice)
{
    struct fl_gather *const gather = fl_gather_open(scenario, &how);
    struct fl_run *run = NULL;
    struct fl_text out = { 0 };
    FL_ASSERT(gather != NULL);
    if (fl_gather_add(gather, slice) != FL_OK) {
        fl_gather_free(gather);
        return;
    }
    FL_ASSERT(fl_gather_close(gather, &run) == FL_OK);
    const struct fl_results_head head = { .command = "simulate", .policy = "p", .seed = run->seed, .partial = run->partial };
    fl_results_json(&run->results, &head, &out);
    fl_results_days_csv(&run->results, &out);
    fl_results_intervals_csv(&run->results, &out);
    fl_results_agents_csv(&run->results, &out);
    fl_results_load_csv(&run->results, &out);
    fl_text_free(&out);
    fl_run_free(run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fl_text changed = { 0 };
    struct fl_slice slice;
    fl_text_add_bytes(&changed, sound.bytes, sound.length - FL_LEB_HASH_BYTES);
    for (size_t i = 0; i + 3 <= size && !changed.full; i += 3) changed.bytes[(data[i] | (size_t)data[i + 1] << 8) % changed.length] = (char)data[i + 2];
    if (size % 3 == 1 && changed.length > data[size - 1]) changed.length -= data[size - 1]; /* cut short */
    fl_leb_add_hash(&changed);
    if (!changed.full && fl_slice_read(changed.bytes, changed.length, scenario, &slice) == FL_OK) {
        work_with(&slice);
        fl_slice_free(&slice);
    }
    fl_text_free(&changed);
    return 0;
}
