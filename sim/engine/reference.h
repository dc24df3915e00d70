/* The built-in routing engine on the far side of the protocol: what an outside engine is held against, and an engine for trying
 * the harness itself.
 *
 * In lockstep it asks for all there is (message, reply, load, scenario, verdict). Its view of the desk is then the desk's own at
 * every call, what follows from a decision comes before that decision returns, and it draws from the buyers' own keys: a run
 * through it gives the same bytes as the same policy in this process. */
#ifndef FL_ENGINE_REFERENCE_H
#define FL_ENGINE_REFERENCE_H

#include "engine/channel.h"

#include <stdbool.h>

struct fl_reference_setup {
    const char *policy; /* borrowed; NULL: the scenario's */
    bool verbose;       /* says on stderr what the harness refused */
};

/* Serves one harness over a channel, which stays the caller's, until that closes its side between two lines. FL_EENGINE: the
 * harness broke off, or said what the protocol does not have; FL_EFULL; the problem is one sentence. */
FL_MUST_CHECK enum fl_status fl_reference_serve(struct fl_channel *channel, const struct fl_reference_setup *setup, char problem[512]);

#endif
