/* How lines reach an engine and come back: what a transport is, and opening one by its address.
 *
 * A channel lives on a libuv loop that the caller gives it and keeps. Nothing goes in or out but while that loop runs: the
 * blocking calls run it themselves, turn by turn, and whoever uses the others runs it (uv_run), with handles of his own
 * beside the channel's. Blocking calls and `close` are not for callbacks of the loop. All calls come from one thread.
 *
 * The program ignores SIGPIPE: a peer that is gone is an answer, not a signal. */
#ifndef FL_ENGINE_CHANNEL_H
#define FL_ENGINE_CHANNEL_H

#include "core/status.h"
#include "scenario/scenario.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct fl_channel;

/* Lines are ended by '\n' and have at most FL_PROTOCOL_LINE_MAX bytes with it when they come from the engine. All but `close`
 * return FL_EENGINE, with the channel's problem, when the other side is gone, silent beyond the deadline (of fl_clock_ns;
 * INT64_MAX: none), or says too long a line; FL_EINTERRUPTED when the run is to stop; FL_EFULL without memory. After these the
 * channel is of no use but to be closed. What arrived before the other side went is handed out first. */
struct fl_channel_ops {
    /* Sends all bytes, which are whole lines, and returns when the kernel has them. Takes in what the engine says meanwhile,
     * so two sides that both write do not wait for each other for ever. One write when the kernel takes it all. */
    enum fl_status (*send)(struct fl_channel *channel, const char *bytes, size_t length, int64_t deadline_ns);
    /* The next line without its newline, which may be changed in place and lives until the next call on the channel or turn
     * of its loop. */
    enum fl_status (*line)(struct fl_channel *channel, char **line, size_t *length, int64_t deadline_ns);
    /* Never waits: writes at once what the kernel takes, the rest as the loop runs. FL_EFULL when more than `write_buffer`
     * bytes would wait; nothing of these bytes has then been sent, and the channel goes on. */
    enum fl_status (*post)(struct fl_channel *channel, const char *bytes, size_t length);
    /* A line that is here already, as `line`, or *line = NULL. Never waits, nor runs the loop. */
    enum fl_status (*next)(struct fl_channel *channel, char **line, size_t *length);
    /* Ends the connection, releases all, the channel included. Bounded by close_timeout and, for a child process, by another
     * second until it is killed. Lines that wait to be sent still go, unless the channel has failed. */
    void (*close)(struct fl_channel *channel);
};

struct fl_channel {
    const struct fl_channel_ops *ops;
    uv_loop_t *loop;   /* borrowed */
    const struct fl_channel *within; /* that this one is around; NULL: none */
    uint32_t session;  /* one more with every connection made anew: the other side then knows nothing (faults.h) */
    bool ended;        /* the other side has closed in good order, and all it said has been handed out */
    char problem[256]; /* without its subject: "exited with status 3", "does not answer" */
};

/* The session of the innermost, whose connection it is. */
static inline uint32_t fl_channel_session(const struct fl_channel *channel)
{
    while (channel->within != NULL) channel = channel->within;
    return channel->session;
}

struct fl_channel_setup {
    const char *url;
    uv_loop_t *loop;          /* borrowed: must outlive the channel */
    const char *prefix;       /* copied (31 bytes); names the engine on stderr */
    const atomic_bool *stop;  /* optional, borrowed: ends every wait within 0.2 s */
    const struct fl_engine_def *limits; /* borrowed for the call */
};

/* Opens a channel to an engine:
 *
 *   exec:COMMAND            a child process (exec.h)
 *   tcp://HOST:PORT         HOST a name, an IPv4 address, or an IPv6 address in brackets (socket.h)
 *   unix:PATH               a socket in the file system
 *   http://HOST[:PORT]/PATH one POST an event (http.h); port 80 where none is given
 *   proxy+tcp://FRONT:PORT?agents=HOST:BASE, proxy+http://...   a load balancer between buyers and agents (proxy.h)
 *
 * Waits until the connection stands, at most connect_timeout. FL_EENGINE with the problem, a sentence without its subject
 * ("cannot be reached at tcp://...: connection refused"); FL_ESYNTAX with the problem ("wanted ..., got ..."); FL_EINTERRUPTED;
 * FL_EFULL. */
FL_MUST_CHECK enum fl_status fl_channel_open(const struct fl_channel_setup *setup, struct fl_channel **channel, char problem[256]);

/* Whether fl_channel_open would know what to do with it; otherwise false, with the problem as above. */
bool fl_channel_knows(const char *url, char problem[256]);

/* Whether what is at that address lives in real time alone: a balancer, which waits for nobody. */
bool fl_channel_lives(const char *url);

/* The clock of deadlines and latencies: ns that never run backwards. */
int64_t fl_clock_ns(void);

#endif
