/* A transcript: every line between the harness and an engine, with its time. JSON lines, one a wire line:
 *
 *   {"fenliu_transcript":1,"harness":"fenliu 0.1.0","scenario":"618","hash":"9f...","seed":"1","mode":"lockstep"}
 *   {"w":0,"ns":81250,"to":{"t":"hello",...}}
 *   {"w":0,"ns":120711,"from":{"t":"hello",...}}
 *   {"w":0,"ns":130204,"from_bytes":"54726163..."}    what is no flat object, as hexadecimal digits
 *   {"w":0,"ns":130990,"gone":"exited with status 1"} the link failed
 *   {"w":0,"ns":130995,"fault":"cut","did":"began"}   what a fault of the link did (faults.h), to it or to one line
 *   {"w":0,"ns":130997,"fault":"cut","did":"lost","to":{"t":"chat",...}}
 *   {"end":"done","lines":4}                          the last line: why there are no more, and how many stood between
 *
 * `w` is the worker, each of which has an engine or a connection of its own; a worker's lines stand in their order, those of
 * several workers in blocks behind one another. `ns` is wall clock since the recording began: of a line to the engine when it was
 * handed to the kernel, of one from it when the harness took it up. The wire's own objects stand unchanged, byte for byte.
 *
 * Here: recording (a channel around a channel) and reading one line. Rules are checked in transcript_check.h. */
#ifndef FL_ENGINE_TRANSCRIPT_H
#define FL_ENGINE_TRANSCRIPT_H

#include "engine/channel.h"
#include "engine/faults.h"
#include "engine/protocol.h"

#define FL_TRANSCRIPT_VERSION 1
#define FL_TRANSCRIPT_LINE_MAX ((size_t)1 << 20) /* bytes of a line with its newline; a reader may refuse longer ones */
#define FL_TRANSCRIPT_WORKERS_MAX 4096u

/* ---- Recording --------------------------------------------------------------------------------- */

/* Where the bytes go; whole lines, in blocks. Called from any worker's thread, by one at a time. false: nothing more is wanted. */
struct fl_transcript_sink {
    bool (*put)(void *context, const char *bytes, size_t length);
    void *context; /* borrowed until fl_transcript_end */
};

struct fl_transcript; /* what the workers share */

/* Writes the first line. mode: "lockstep" or "realtime". FL_EFULL, FL_EIO. */
FL_MUST_CHECK enum fl_status fl_transcript_start(const struct fl_transcript_sink *sink, const struct fl_scenario *scenario, uint64_t seed,
                                                 const char *mode, struct fl_transcript **transcript);

/* A channel that is used in the place of `within`, which belongs to it from then on and is closed with it. It does what that one
 * does and keeps what was said, some 128 KiB of it before it goes to the sink. When the sink has failed every call returns FL_EIO:
 * a run that is to be recorded ends where the recording does. FL_EFULL (`within` is then still the caller's). */
FL_MUST_CHECK enum fl_status fl_transcript_wrap(struct fl_transcript *transcript, uint32_t worker, struct fl_channel *within,
                                                struct fl_channel **channel);

/* Keeps what a fault of the link did; recorder is the channel that fl_transcript_wrap gave, on whose thread this is (fl_faulty_tell). */
void fl_transcript_note_fault(void *recorder, const struct fl_fault_note *note);

/* After all channels have been closed: the last line, with why there are no more ("done"). Releases the transcript. false: the
 * sink has failed, now or before. NULL is fine. */
bool fl_transcript_end(struct fl_transcript *transcript, const char *why);

/* ---- Reading ----------------------------------------------------------------------------------- */

enum fl_transcript_kind { FL_TRANSCRIPT_HEAD, FL_TRANSCRIPT_TO, FL_TRANSCRIPT_FROM, FL_TRANSCRIPT_BYTES, FL_TRANSCRIPT_GONE, FL_TRANSCRIPT_FAULT, FL_TRANSCRIPT_END };

struct fl_transcript_line {
    enum fl_transcript_kind kind;
    uint32_t worker;           /* all but the first and the last */
    int64_t ns;
    char *text;                /* within the line: TO, FROM the object as it stood on the wire; BYTES the digits; GONE, END why; FAULT as `hit` */
    size_t length;
    enum fl_fault fault;       /* FAULT: which, and what it did */
    enum fl_fault_act act;
    enum fl_transcript_kind hit; /* FAULT: the line it did that to: TO, FROM, BYTES; FAULT: none, GONE: none, text says how the link broke */
    int64_t lines;             /* END */
    bool live;                 /* HEAD: mode realtime */
    struct fl_message members; /* of the line itself, in escapes resolved; borrowed from it */
};

/* Whether a file that begins so is a transcript. */
bool fl_transcript_is(const char *bytes, size_t length);

/* Reads one line, without its newline, in place; the wire's objects within are not scanned yet (fl_event_scan, fl_message_scan).
 * FL_ESYNTAX with the problem, a phrase ("wanted ..., got ..."). */
FL_MUST_CHECK enum fl_status fl_transcript_scan(char *line, size_t length, struct fl_transcript_line *out, char problem[160]);

#endif
