/* A load balancer as the engine: the harness plays buyers before it and agents behind it, and whom it lets a buyer through to is
 * its decision.
 *
 *   proxy+tcp://FRONT:PORT?agents=HOST:BASE     a chat is a connection
 *   proxy+http://FRONT:PORT?agents=HOST:BASE    a chat is a request, answered when it is over
 *
 * Agent i listens at HOST:BASE+i while she is available, and only then: whoever checks her by connecting (or by any GET) sees her
 * state. A `chat` line connects to the front; what its buyer says first (proxy_links.h) reaches an agent, and that is `assign`. From
 * `closed` on an agent's side is closed, from there the balancer closes the buyer's; a buyer who waits and leaves closes her own.
 * What an agent can have at once is the balancer's to know: its own limit, HAProxy's `maxconn`.
 *
 * A chat whose connection is not made, or ends before an agent has heard of it, is rejected: that buyer saw an error page. A connection
 * that is lost later is counted and nothing else, since agent and buyer may go on elsewhere. Chats that reach an agent who has gone
 * meanwhile connect anew. All of these are counted and said at the end of the day, as `error` lines (PROTOCOL.md).
 *
 * While nothing has ever connected, a front that refuses ends the run. So does a port that an agent cannot have, and a process that may
 * not have two descriptors for each open chat; the limit is raised as far as the system allows. */
#ifndef FL_ENGINE_PROXY_H
#define FL_ENGINE_PROXY_H

#include "engine/address.h"
#include "engine/channel.h"

/* As fl_channel_open, for FL_SCHEME_PROXY_TCP and FL_SCHEME_PROXY_HTTP. Looks names up and connects to nothing. Its connections are bound
 * by connect_timeout each; lines are never too many for it. */
FL_MUST_CHECK enum fl_status fl_proxy_open(const struct fl_channel_setup *setup, const struct fl_address *address, struct fl_channel **channel,
                                           char problem[256]);

#endif
