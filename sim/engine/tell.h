/* What the harness says of desk, buyers and agents, as lines. PROTOCOL.md is the text to it; nothing here knows of events,
 * acks or channels. */
#ifndef FL_ENGINE_TELL_H
#define FL_ENGINE_TELL_H

#include "engine/protocol.h"
#include "routing/router.h"
#include "desk/share.h"

/* The words of the wire, by their enums. */
extern const char *const fl_state_words[5];  /* enum fl_agent_state */
extern const char *const fl_why_words[6];    /* enum fl_route_why */
extern const char *const fl_close_words[6];  /* enum fl_close_reason */

/* Place of a word in a list of them, or `count`. */
uint32_t fl_word_index(const char *const *words, uint32_t count, const struct fl_field *field);

/* What a session is of. */
struct fl_tell_session {
    const struct fl_scenario *scenario;
    uint64_t seed;
    const char *mode;       /* "lockstep", "realtime" */
    struct fl_share share;  /* of the desk; of 0: all of it */
};

/* `hello`: version, mode, seed, the desk's size and what the scenario asks of a router. */
void fl_tell_hello(struct fl_lines *lines, const struct fl_tell_session *session);

/* `group` and `member` lines. */
void fl_tell_desk(struct fl_lines *lines, const struct fl_view *view);

/* `scenario` lines: the whole text, in parts that fit a line. */
void fl_tell_scenario(struct fl_lines *lines, const char *text);

/* The members of a `chat` event; `full` adds what only a policy of ours asks for. `group` is where she is to be served. */
void fl_tell_chat(struct fl_lines *lines, const struct fl_scenario *scenario, const struct fl_chat_view *chat, uint32_t number, uint32_t group, bool full);

/* The members that tell an agent's load. */
void fl_tell_load(struct fl_lines *lines, const struct fl_view *view, uint32_t agent);

/* A `load` line: all that is known of an agent. */
void fl_tell_agent(struct fl_lines *lines, const struct fl_agent *agent, uint32_t index);

#endif
