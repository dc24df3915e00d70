#include "shard.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int shard_take(struct fl_slice_head *shard, int argc, char **argv, int *i)
{
    const char *const value = option_value(argc, argv, i, "--shard");
    unsigned index = 0, of = 0;
    int length = 0;
    if (value == NULL) return 0;
    if (sscanf(value, "%9u/%9u%n", &index, &of, &length) != 2 || value[length] != '\0' || strspn(value, "0123456789/") != strlen(value) || index >= of || of > SHARDS_MAX) {
        fprintf(stderr, "fenliu %s: --shard: wanted I/N, whole numbers, N at most %u and I from 0 to N - 1, got \"%s\"\n", argv[0], SHARDS_MAX, value);
        return -1;
    }
    shard->shard = index;
    shard->shards = of;
    return 1;
}

bool shard_has_place(const struct options *options)
{
    if (options->out != NULL && !options->report) return true;
    fprintf(stderr, "fenliu %s: --shard %s\n", options->command,
            options->report ? "has no --report: give it to fenliu merge" : "wants --out DIR, which fenliu merge then reads");
    return false;
}

bool shard_holds(struct fl_slice_head *shard, const struct options *options, const struct fl_scenario *scenario, uint64_t seed, uint32_t replications)
{
    if (!shard_has_place(options)) return false;
    if (shard->shards > replications) {
        fprintf(stderr, "fenliu %s: --shard %u/%u: a run of %u day%s has at most %u shard%s\n", options->command, shard->shard, shard->shards,
                replications, replications == 1 ? "" : "s", replications, replications == 1 ? "" : "s");
        return false;
    }
    fl_slice_of_shard(shard, shard->shard, shard->shards, replications);
    shard->scenario_hash = scenario->hash;
    shard->seed = seed;
    return true;
}

void shard_report(const struct fl_slice_head *shard, const struct options *options, const struct fl_run *run, struct fl_text *out)
{
    const uint32_t done = run->results.rows_count;
    if (options->json) {
        fl_text_add(out, "{\"fenliu\":1,\"command\":\"%s\",\"shard\":{\"index\":%u,\"of\":%u,\"first\":%u,\"days\":%u,\"done\":%u,\"replications\":%u},\"out\":",
                    options->command, shard->shard, shard->shards, shard->first, shard->days, done, shard->replications);
        fl_text_add_json(out, options->out);
        fl_text_add(out, "}\n");
        return;
    }
    fl_text_add(out, options->language == LANGUAGE_ZH ? "分片 %u/%u:共 %u 天中的第 %u 至 %u 天" : "shard %u/%u: of %u days, %u to %u", shard->shard, shard->shards,
                shard->replications, shard->first, shard->first + shard->days - 1);
    if (done < shard->days) fl_text_add(out, options->language == LANGUAGE_ZH ? ",只完成 %u 天" : ", interrupted after %u", done);
    fl_text_add(out, options->language == LANGUAGE_ZH ? ",在 %s 里;fenliu merge 合并\n" : ", in %s; fenliu merge puts them together\n", options->out);
}

bool shard_is_one(const char *path)
{
    char file[4200];
    snprintf(file, sizeof file, "%.4096s/shard.bin", path);
    return access(file, F_OK) == 0;
}
