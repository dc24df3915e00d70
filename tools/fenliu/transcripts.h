/* fenliu drive --record and --replay: what is said on the wire, kept and played again. */
#ifndef FENLIU_TRANSCRIPTS_H
#define FENLIU_TRANSCRIPTS_H

#include "command.h"
#include "log.h"

#include "engine/transcript.h"

/* ---- drive_record.c ---------------------------------------------------------------------------- */

struct recording {
    struct sink sink;
    struct fl_transcript *transcript; /* NULL: nothing is recorded */
};

/* EXIT_DONE, or another exit code after saying why. path NULL: nothing to record. A name that ends in .zst is compressed. */
int recording_open(struct recording *recording, const char *path, const struct fl_scenario *scenario, uint64_t seed, bool live);
/* After all channels have been closed. The file takes its name, whatever became of the run: why says that; only a file that could
 * not be written whole is taken away. The exit code. */
int recording_close(struct recording *recording, const char *why);

/* ---- drive_replay.c ---------------------------------------------------------------------------- */

/* fenliu drive --replay FILE --engine URL. timeout_ns 0: 10 s. The exit code: 0 no decision differs, 1 one does. */
int drive_replay(const char *path, const struct options *options, int64_t timeout_ns);

#endif
