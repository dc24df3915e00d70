/* fenliu drive --record: see transcripts.h. */
#include "transcripts.h"

#include <errno.h>
#include <string.h>

static bool put(void *context, const char *bytes, size_t length)
{
    return sink_put(context, bytes, length);
}

static bool is_packed(const char *path)
{
    const size_t length = strlen(path);
    return length >= 4 && strcmp(path + length - 4, ".zst") == 0;
}

int recording_open(struct recording *recording, const char *path, const struct fl_scenario *scenario, uint64_t seed, bool live)
{
    *recording = (struct recording){ .transcript = NULL };
    if (path == NULL) return EXIT_DONE;
#ifdef FENLIU_CORE
    if (is_packed(path)) {
        fprintf(stderr, "fenliu drive: --record: built without zstd (a core build); name a file that does not end in .zst\n");
        return EXIT_USAGE;
    }
#endif
    const struct fl_transcript_sink to = { put, &recording->sink };
    if (sink_open(&recording->sink, "drive", path, is_packed(path)) &&
        fl_transcript_start(&to, scenario, seed, live ? "realtime" : "lockstep", &recording->transcript) == FL_OK)
        return EXIT_DONE;
    if (recording->sink.error == 0) recording->sink.error = ENOMEM;
    return sink_close(&recording->sink, false);
}

int recording_close(struct recording *recording, const char *why)
{
    if (recording->transcript == NULL) return EXIT_DONE;
    const bool well = fl_transcript_end(recording->transcript, why);
    recording->transcript = NULL;
    if (!well && recording->sink.error == 0) recording->sink.error = ENOMEM;
    return sink_close(&recording->sink, true);
}
