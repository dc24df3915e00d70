/* A directory of results, written whole: files go into a hidden neighbour, which takes the final name only when all of
 * them are on the disk. A full disk, a closed pipe or a kill leaves nothing under the final name. */
#ifndef FL_RUN_RUNDIR_H
#define FL_RUN_RUNDIR_H

#include "core/status.h"

#include <stdio.h>

struct fl_rundir {
    char final[4096], hidden[4096];
    char problem[512]; /* of the first failure: "cannot write PATH: No space left on device"; "" while all is well */
};

/* Begins a directory that will be called `path`. A run directory of that name (one with a manifest.json) will be replaced;
 * anything else there is refused. FL_EIO with the problem. */
FL_MUST_CHECK enum fl_status fl_rundir_open(struct fl_rundir *dir, const char *path);

/* One file with these bytes. */
FL_MUST_CHECK enum fl_status fl_rundir_write(struct fl_rundir *dir, const char *name, const void *bytes, size_t length);

/* A file to be streamed into; NULL on failure. The caller closes it with fl_rundir_end. */
FILE *fl_rundir_begin(struct fl_rundir *dir, const char *name);
FL_MUST_CHECK enum fl_status fl_rundir_end(struct fl_rundir *dir, const char *name, FILE *file);

/* Gives the directory its name. On failure it is removed. */
FL_MUST_CHECK enum fl_status fl_rundir_close(struct fl_rundir *dir);

/* Removes what was written. */
void fl_rundir_abandon(struct fl_rundir *dir);

#endif
