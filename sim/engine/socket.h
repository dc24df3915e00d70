/* An engine at the other end of a socket: lines over tcp:// and unix:.
 *
 * tcp: the name is looked up, and its addresses are tried in order, each for its share of what is left of connect_timeout; small
 * writes go at once (TCP_NODELAY), and a peer that vanished without a word is noticed after a minute and a half of silence
 * (keep-alive). A connection that is refused, or a socket file that is not there yet, is tried again `retries` times, 0.2 s apart:
 * engines are often started a moment before.
 *
 * At the end our side is closed when all is sent, for which there is close_timeout; then the engine has 0.2 s to close its own. */
#ifndef FL_ENGINE_SOCKET_H
#define FL_ENGINE_SOCKET_H

#include "engine/address.h"
#include "engine/wire.h"

/* As fl_channel_open, for FL_SCHEME_TCP and FL_SCHEME_UNIX. */
FL_MUST_CHECK enum fl_status fl_socket_open(const struct fl_channel_setup *setup, const struct fl_address *address, struct fl_channel **channel,
                                            char problem[256]);

/* The same over a connection that stands already, as a listener accepts them (server.h): a connected stream socket, which is the
 * channel's from now on, also on failure. FL_EFULL, FL_EENGINE with the problem. */
FL_MUST_CHECK enum fl_status fl_socket_adopt(const struct fl_channel_setup *setup, int fd, struct fl_channel **channel, char problem[256]);

/* The options of a connection: TCP_NODELAY, keep-alive. */
void fl_socket_set(uv_tcp_t *tcp);

/* Connects the wire's `in` handle; nothing is read yet. What http shares with tcp. As fl_channel_open, the problem being the
 * channel's; without it the handle is closed again. */
FL_MUST_CHECK enum fl_status fl_socket_connect(struct fl_wire *wire, const struct fl_address *address, const struct fl_engine_def *limits);

#endif
