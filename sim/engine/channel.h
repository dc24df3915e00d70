/* How lines reach an engine and come back: what a transport is.
 *
 * A transport is a struct that begins with a struct fl_channel. exec.h opens the one to a child process; a socket would be
 * another, over the same stream of lines (stream.h). Calls come from one thread. */
#ifndef FL_ENGINE_CHANNEL_H
#define FL_ENGINE_CHANNEL_H

#include "core/status.h"

#include <stddef.h>
#include <stdint.h>

struct fl_channel;

struct fl_channel_ops {
    /* Sends all bytes, which are whole lines. Takes in what the engine says meanwhile, so two sides that both write do
     * not wait for each other for ever. */
    enum fl_status (*send)(struct fl_channel *channel, const char *bytes, size_t length, int64_t deadline_ns);
    /* The next line without its newline, which may be changed in place and lives until the next call. */
    enum fl_status (*line)(struct fl_channel *channel, char **line, size_t *length, int64_t deadline_ns);
    /* Ends the connection, releases all, the channel included. Bounded in time. */
    void (*close)(struct fl_channel *channel);
};

/* Both calls return FL_EENGINE with the problem when the other side is gone, silent beyond the deadline (fl_clock_ns), or
 * says too long a line; FL_EINTERRUPTED when the run is to stop. The channel is of no use afterwards but to be closed. */
struct fl_channel {
    const struct fl_channel_ops *ops;
    char problem[256]; /* "exited with status 3", "sent nothing for 10 s" */
};

/* The clock of deadlines and latencies: ns that never run backwards. */
int64_t fl_clock_ns(void);

#endif
