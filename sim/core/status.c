#include "core/status.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* For the message of a failed assertion only; no result depends on it. */
static _Thread_local struct {
    bool known;
    uint32_t replication;
    uint64_t seed;
} noted_run;

const char *fl_status_sentence(enum fl_status status)
{
    static const char *const sentences[] = {
#define STATUS_SENTENCE(name, sentence) [name] = sentence,
        FL_STATUSES(STATUS_SENTENCE)
#undef STATUS_SENTENCE
    };
    const size_t i = (size_t)status;
    return i < sizeof sentences / sizeof *sentences ? sentences[i] : "unknown status";
}

void fl_assert_note_run(uint64_t seed, uint32_t replication)
{
    noted_run.known = true;
    noted_run.seed = seed;
    noted_run.replication = replication;
}

void fl_assert_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s:%d: broken invariant: %s\n", file, line, condition);
    if (noted_run.known)
        fprintf(stderr, "seed %" PRIu64 ", replication %" PRIu32 "\n", noted_run.seed, noted_run.replication);
    abort();
}
