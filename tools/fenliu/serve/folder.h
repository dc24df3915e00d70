/* The folder that serve works in, and the results in it. Every path that comes from outside is walked part by part from an open directory: no
 * part is a link, leads up or begins with a dot, so whatever a request names lies below that directory, also where somebody swaps folders
 * meanwhile. */
#ifndef FENLIU_SERVE_FOLDER_H
#define FENLIU_SERVE_FOLDER_H

#include "record/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define FOLDER_NAME_MOST 200u   /* bytes of one part of a path */
#define FOLDER_PATH_MOST 1000u  /* of all of it */
#define FOLDER_LISTED_MOST 64u  /* files of one run that are listed */

struct folder {
    int root, results;      /* directories, open as long as serve runs */
    char results_path[4200]; /* where children work; absolute */
};

/* Opens it, makes its runs/ and locks that, as two of serve in one folder would clear away each other's runs; removes what a run that was
 * broken off has left. Says why not, and returns false. */
bool folder_open(struct folder *folder, const char *path);
void folder_close(struct folder *folder);

/* One part of a path that may be named from outside: no slash, no control character, not hidden, no option. */
bool folder_name_holds(const char *name);

/* A regular file below a directory, to be read; -1 with errno: ELOOP for links and ENOENT for what may not be named. */
int folder_file(int directory, const char *path);
/* The same for a directory. */
int folder_directory(int directory, const char *path);

/* All of a file; false with errno, EFBIG where it has more than `most` bytes. */
bool folder_read(int directory, const char *path, size_t most, struct fl_text *out);
/* A new file with these bytes; false with errno. */
bool folder_write(int directory, const char *name, const char *bytes, size_t length);

/* A directory and all in it; what cannot be removed stays. */
void folder_remove(int directory, const char *name);

/* Appends the files of a run, [{"name":"run/days.csv","bytes":1},...] by name, those one level down included. */
void folder_list(int directory, struct fl_text *out);

/* The names of finished runs, newest first, at most `most`; each to be freed. Returns how many. */
uint32_t folder_runs(const struct folder *folder, char **names, uint32_t most);

/* Whether this names a run, as serve names them: 20260617-180000-1. */
bool folder_run_name_holds(const char *name);

/* Within a finished run the directory that simulate, drive or staff wrote with --out: its name in `out`, or false. */
bool folder_run_directory(const struct folder *folder, const char *run, char out[FOLDER_NAME_MOST + 1]);

#endif
