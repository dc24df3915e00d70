/* The engine's side of the transports: lines on our own stdin and stdout, and listening for those who connect. */
#ifndef FL_ENGINE_SERVER_H
#define FL_ENGINE_SERVER_H

#include "engine/channel.h"

/* Lines on stdin and stdout, be they pipes, sockets, a terminal or files; of the setup the url is not looked at. They are made
 * non-blocking while the channel is open and put back at its close. FL_EFULL, FL_EENGINE with the problem. */
FL_MUST_CHECK enum fl_status fl_channel_stdio(const struct fl_channel_setup *setup, struct fl_channel **channel, char problem[256]);

struct fl_listener;

/* Listens at tcp://HOST:PORT (port 0: any; HOST a number, or a name whose first address is taken) or unix:PATH. A socket file where
 * nobody listens any more is replaced, any other file is not. FL_ESYNTAX, FL_EENGINE with the problem ("cannot listen at ...:
 * address already in use"), FL_EINTERRUPTED, FL_EFULL. */
FL_MUST_CHECK enum fl_status fl_listener_open(const struct fl_channel_setup *setup, struct fl_listener **listener, char problem[256]);

/* The url to connect to, with the port that was chosen; lives as long as the listener. */
const char *fl_listener_url(const struct fl_listener *listener);

/* Waits for a connection, until the deadline (fl_clock_ns; INT64_MAX: none): *fd is the caller's, for fl_channel_accepted, or -1 when none
 * came in time. FL_EINTERRUPTED; FL_EENGINE with the problem, after which the listener may be asked again (such as when there
 * are too many open files). */
FL_MUST_CHECK enum fl_status fl_listener_accept(struct fl_listener *listener, int64_t deadline_ns, int *fd, char problem[256]);

/* Ends listening; the socket file is removed. Connections that were accepted go on. */
void fl_listener_close(struct fl_listener *listener);

/* The channel of an accepted connection, on the setup's loop, which may be another thread's than the listener's: one connection,
 * one loop, one thread. The connection is the channel's, also on failure. FL_EFULL, FL_EENGINE with the problem. */
FL_MUST_CHECK enum fl_status fl_channel_accepted(const struct fl_channel_setup *setup, int fd, struct fl_channel **channel, char problem[256]);

#endif
