/* Shards: a run in parts, each made by a process of its own, on whatever machine. `--shard I/N` makes one, `fenliu merge` the whole.
 *
 * A shard's directory holds manifest.json (with "shard"), scenario.json and shard.bin (record/slice.h), and nothing that could be taken for
 * the figures of a run. A shard of `fenliu drive` has books.bin (engine/books.h) as well, and in real time its logs of latency and lateness. */
#ifndef FENLIU_SHARD_H
#define FENLIU_SHARD_H

#include "command.h"

/* Takes --shard I/N: shard and shards of the head. As take_option. */
int shard_take(struct fl_slice_head *shard, int argc, char **argv, int *i);

/* Whether the options say where a shard is to be written, and that no page is wanted; else it has been said. */
bool shard_has_place(const struct options *options);

/* Completes the head for a run of that many days. false when the options do not go together, which has been said. */
bool shard_holds(struct fl_slice_head *shard, const struct options *options, const struct fl_scenario *scenario, uint64_t seed, uint32_t replications);

/* What a shard says instead of figures. */
void shard_report(const struct fl_slice_head *shard, const struct options *options, const struct fl_run *run, struct fl_text *out);

/* Whether a directory is a shard's, and what is said where a run was wanted. */
bool shard_is_one(const char *path);
/* Where a shard of `fenliu drive` keeps its engine's books. */
#define SHARD_BOOKS "books.bin"
#define SHARD_HINT " (it is a shard of a run: fenliu merge puts shards together)"

/* The most shards of a run: as many as one command line can name. */
#define SHARDS_MAX FILES_MAX

#endif
