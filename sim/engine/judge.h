/* Who waits for an outside engine, in the order that the scenario's discipline states, and what may be held against the engine for
 * it: that somebody who came later was served before, and that somebody waited to the end though she could have been served.
 *
 * A chat is only held to have been passed over by an agent who could have had her then: available, with room, of her group (or of one that
 * it overflows to), with all her skills, and not the one who has just given her up. Where a scenario lets an agent do more (skills that
 * relax with time), that is no fault of the engine's either way. The order is that of the built-in queue (routing/queue.h), so the
 * built-in engine behind the protocol is without a fault.
 *
 * Lies in the replication's arena; O(log waiting) for who comes and goes, and for an assignment O(groups) and what has to be looked at
 * of those who wait longer but are not for this agent. */
#ifndef FL_ENGINE_JUDGE_H
#define FL_ENGINE_JUDGE_H

#include "routing/queue.h"

/* Of whom the engine may be held to know, ns of the wall clock: told after the one and up to the other instant. What was told while a link
 * did damage, or before it was made anew, may have been lost. */
struct fl_known {
    int64_t after_ns, until_ns;
};

struct fl_queue_judge {
    struct fl_arena *arena; /* borrowed: the replication's */
    struct fl_queue queue;  /* by the desk's slot */
    size_t entries;         /* offset of [entries_count] */
    uint32_t entries_count;
};

/* A day begins: nobody waits. */
void fl_queue_judge_begin(struct fl_queue_judge *judge, struct fl_arena *arena);

/* A chat waits from now on, in the queue of her group; known_ns: on the wall clock, when the engine was told. FL_EFULL. */
FL_MUST_CHECK enum fl_status fl_queue_judge_waits(struct fl_queue_judge *judge, const struct fl_view *view, const struct fl_chat_view *chat, uint32_t group,
                                            int64_t known_ns);
/* She does no more. Fine when she did not. */
void fl_queue_judge_gone(struct fl_queue_judge *judge, uint32_t slot);
/* The same chat again, at the place she had: what took her away was refused. FL_EFULL. */
FL_MUST_CHECK enum fl_status fl_queue_judge_waits_again(struct fl_queue_judge *judge, uint32_t slot, int64_t known_ns);

/* The slot of who should have been served before this chat (who waits, or comes just now) by this agent, as things are before the
 * assignment takes effect; FL_NO_CHAT: nobody. Who knows her agent (recent, dedicated) goes first by the scenario's own rule. */
uint32_t fl_queue_judge_overtaken(const struct fl_queue_judge *judge, const struct fl_view *view, const struct fl_chat_view *chat, uint32_t group, uint32_t agent,
                                    struct fl_known known);

/* Whether a chat that waits could be served now by somebody. Never under pull routing, where agents come for the chats, nor under a
 * rate limit, which is not counted here. O(agents). */
bool fl_queue_judge_could_be_served(const struct fl_queue_judge *judge, const struct fl_view *view, uint32_t slot, struct fl_known known);

#endif
