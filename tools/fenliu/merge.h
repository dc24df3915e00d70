/* What the parts of `fenliu merge` share. */
#ifndef FENLIU_MERGE_H
#define FENLIU_MERGE_H

#include "engine/books.h"
#include "shard.h"

#include "run/gather.h"

/* What is being put together. */
struct merge {
    const struct options *options;
    struct fl_slice_head first;  /* of the first shard */
    uint32_t *place;             /* [first.shards] which of options->files is the shard, FL_NONE: none yet */
    struct fl_books **books;     /* [options->files_count] of each file, owned; NULL: shards of `fenliu simulate` */
    struct fl_scenario *scenario;
    char *scenario_text;
    double wall_s;               /* the longest */
    uint32_t jobs;               /* all */
};

int merge_refuse(const char *path, const char *why);
int merge_refuse_damaged(const char *path, const char *file, enum fl_status status); /* file: of the shard's directory */

/* ---- merge_drive.c: shards of `fenliu drive` ---- */

/* Whether the directory is such a shard. */
bool merge_has_books(const char *path);

/* Reads the books of file `number` and holds them to its slice and to the first file's books. head->shard and shards are then those of
 * the shard, of whatever it is. The exit code, not 0 after saying what does not fit. */
int merge_books_take(struct merge *merge, uint32_t number, struct fl_slice_head *head);

/* Whether the shards are shares of the desk, not blocks of days. */
bool merge_divides_desk(const struct merge *merge);

/* Writes and prints the run and what came of the engine; the exit code. */
int merge_drive_conclude(const struct merge *merge, const struct fl_run *run, int argc, char **argv);

#endif
