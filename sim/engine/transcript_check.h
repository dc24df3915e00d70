/* Whether a transcript is one that the rules of PROTOCOL.md allow: the form of every line on either side, who may speak when, and
 * what may be said. Lines come in one at a time, in the order of the file; nothing is read, printed or waited for here.
 *
 * What faults of the link did is told from what the engine did: an engine is held to what it said, not to what was left of it, and to
 * nothing that came of a line which did not arrive, or not in time. Such breaches are counted as excused, and are no faults.
 *
 * Memory: a few bytes for each chat of the day and worker. Time: O(bytes). */
#ifndef FL_ENGINE_TRANSCRIPT_CHECK_H
#define FL_ENGINE_TRANSCRIPT_CHECK_H

#include "engine/transcript.h"

struct fl_transcript_check;

struct fl_transcript_counts {
    uint64_t lines, faults, days, events, chats, decisions, refusals;
    uint64_t link_faults, excused;             /* faults of the link that began; breaches that are theirs */
    uint64_t lost, garbled, doubled, displaced; /* lines, by faults of the link */
    uint32_t workers;
    bool live;
    char scenario[256], engine[FL_PROTOCOL_NAME_MAX + 1]; /* as said in the first line, and in the first hello */
};

/* Called for each fault: line from 1, one sentence. */
typedef void fl_transcript_fault(void *context, uint64_t line, const char *text);

/* FL_EFULL. */
FL_MUST_CHECK enum fl_status fl_transcript_check_open(fl_transcript_fault *on_fault, void *context, struct fl_transcript_check **check);

/* The next line without its newline, which is changed in place. FL_EFULL when memory runs out: nothing more can be said. */
FL_MUST_CHECK enum fl_status fl_transcript_check_line(struct fl_transcript_check *check, char *line, size_t length);

/* After the last line. cut: it had no newline. Faults may still come. */
void fl_transcript_check_end(struct fl_transcript_check *check, bool cut);

const struct fl_transcript_counts *fl_transcript_check_counts(const struct fl_transcript_check *check);
void fl_transcript_check_free(struct fl_transcript_check *check);

#endif
