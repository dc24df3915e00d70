/* A host's addresses, by getaddrinfo, bounded in time. */
#ifndef FL_ENGINE_LOOKUP_H
#define FL_ENGINE_LOOKUP_H

#include "engine/address.h"
#include "engine/loop.h"

#include <netdb.h>

/* The addresses of tcp and http, in the order in which they are to be tried; to be freed with freeaddrinfo. Numbers cost no
 * time. A name is looked up by a thread of its own, which is left behind when it is not done by the deadline: getaddrinfo
 * cannot be interrupted and takes as long as the resolver's own time-outs. FL_EENGINE with the reason ("name not
 * known"), FL_EINTERRUPTED, FL_EFULL. */
FL_MUST_CHECK enum fl_status fl_lookup(struct fl_waiter *waiter, const struct fl_address *address, int64_t deadline_ns, struct addrinfo **found,
                                       const char **reason);

#endif
