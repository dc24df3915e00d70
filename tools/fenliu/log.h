/* fenliu log: events of the simulation become lines on several threads and leave in their order through one.
 *
 * The simulation fills blocks of events. Threads turn whole blocks into text, each whichever is next; one more sends finished blocks
 * to the sink, by number. A line is a function of its event alone (record/chatlog.h) and blocks are cut by counting events, so the
 * bytes are the same for any number of threads. The blocks are a ring: when all are on their way, the simulation waits. */
#ifndef FENLIU_LOG_H
#define FENLIU_LOG_H

#include "measure/log_event.h"
#include "scenario/scenario.h"

#include <stddef.h>

/* ---- log_sink.c: where the bytes go ------------------------------------------------------------ */

/* A file is written under a hidden name beside its place and renamed when all of it is on the disk. One thread at a time. */
struct sink {
    int file;
    const char *command, *name; /* for messages: "log", the file */
    const char *final;       /* takes this name when all is written; NULL: a stream or device */
    char hidden[4096];
    uint64_t bytes, written; /* given, and gone out */
    uint64_t due;            /* of written, what the disk has been asked to write */
    int error;               /* errno of the first failure; nothing is written after it */
    void *zstd, *packed;     /* compression; NULL: as it is */
};

/* For `fenliu COMMAND`. path NULL: stdout. A regular file gets a hidden neighbour; what is there and no regular file (a device, a pipe) is written to.
 * false: see `error`, and close it all the same. */
bool sink_open(struct sink *sink, const char *command, const char *path, bool compress);
/* false when this or anything before could not be written. */
bool sink_put(struct sink *sink, const char *bytes, size_t length);
/* Sends the rest and gives the file its name, or (keep false, or after a failure) takes it away. The exit code, having said why. */
int sink_close(struct sink *sink, bool keep);

/* ---- log_lines.c: from events to lines --------------------------------------------------------- */
/* tools/page/core/ has one without threads. */

typedef size_t line_writer(const struct fl_scenario *scenario, const char *const agent_names[], const struct fl_log_event *event,
                           char *line, size_t size);

struct blocks; /* of events on their way, and the threads that work on them */

struct lines {
    const struct fl_scenario *scenario;
    const char *const *agent_names;
    line_writer *write;
    struct sink *sink;     /* the threads' while they run */
    uint64_t count;        /* events given */
    struct blocks *blocks; /* owned while it runs */
    bool running;
    int error;             /* errno of lines_start */
};

/* Starts the threads: `makers` of them, or fewer, as more than a few would wait for the simulation. scenario, agent_names, write and
 * sink have been set, the rest is 0. false: `error` is set and nothing runs. */
bool lines_start(struct lines *lines, uint32_t makers);
/* Copies an event. false when what was given before has failed; then always, and nothing is copied: a simulation that is told goes on
 * to the end of its instant. */
bool lines_put(struct lines *lines, const struct fl_log_event *event);
/* Ends the threads: with `keep` when all has been sent, else at once. The sink's error tells of any failure. */
void lines_end(struct lines *lines, bool keep);

#endif
