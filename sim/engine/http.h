/* An engine behind a web server: one POST an event.
 *
 * The body of a request is a JSON array of lines of the protocol: those that want no answer, where there are any, and then the one
 * that does. The response holds the decisions, as lines or as a JSON array (http_response.h); its end is the ack, so an `ack` of the
 * same number in it is passed over. Lines that want no answer wait for the next that does, so over http an engine hears of what it
 * did wrong with the next event; and it cannot have verdicts, which it would have to hear in the middle of its answer.
 *
 * Each request carries the name of its session (Fenliu-Session), one a channel: days are played side by side, and an engine keeps
 * the books of each apart. One connection, kept alive where the server does, with up to http_pipeline requests under way, answered
 * in their order. It is opened again when the server has closed it. A request whose connection is lost before a byte of its
 * response comes is sent again, up to `retries` times: an engine that knows the number of the event already answers as it did. */
#ifndef FL_ENGINE_HTTP_H
#define FL_ENGINE_HTTP_H

#include "engine/address.h"
#include "engine/channel.h"

/* As fl_channel_open, for FL_SCHEME_HTTP. */
FL_MUST_CHECK enum fl_status fl_http_open(const struct fl_channel_setup *setup, const struct fl_address *address, struct fl_channel **channel,
                                          char problem[256]);

#endif
