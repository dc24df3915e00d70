/* fenliu check: what its files share. */
#ifndef FENLIU_CHECK_H
#define FENLIU_CHECK_H

#include "command.h"
#include "file_lines.h"

#include <cjson/cJSON.h>

/* check_transcript.c. Whether the open file is a transcript; it is then held to the rules, and every fault (the first hundred) said on
 * stderr or added to the report. *ok: there was none. */
bool check_transcript(struct file_lines *lines, const char *path, bool quiet, cJSON *report, bool *ok);

/* check_engine.c. Walks an engine through the protocol. The exit code; json: one object on stdout, else a table. */
struct walk_options {
    const char *url;
    int64_t timeout_ns; /* for each answer */
    bool json, quiet;
    enum language language;
};
int check_engine(const struct walk_options *options);

#endif
