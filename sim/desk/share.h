/* One day divided: a share of the desk, which is played by itself, on a machine of its own.
 *
 * A share is a desk: some of the agents, and the buyers who write to it. Nothing passes between shares, so each can be played in real time,
 * where the others are too far away to be asked. All shares know of all agents under the same names and indexes; those of another share are
 * offline all day.
 *
 * Agents are dealt out in turn, group by group and shift by shift, so that of each shift of a group shares have the same number, to within
 * one. A buyer belongs to the share of the agent she knows (dedicated, else recent), and who knows none to one that is drawn for her
 * (FL_DRAW_SHARE). So every buyer is in exactly one share, at the instant and with the questions, patience and work that she has in the
 * whole, and shares add up to the whole in buyers, agents, and leave-messages of the night before. What does not add up is what comes of it:
 * a buyer of one share cannot be helped by an agent of another, so somewhat more of them wait than at the one large desk. Limits of a
 * queue (routing.queue_max) hold for each share. */
#ifndef FL_DESK_SHARE_H
#define FL_DESK_SHARE_H

#include "scenario/scenario.h"

struct fl_share {
    uint32_t index, of; /* index < of; of 0 or 1: all of the desk */
};

/* share [agents]: which share each agent is in. O(agents + definitions squared). */
void fl_share_agents(const struct fl_scenario *scenario, uint32_t of, uint32_t share[]);

/* Whether a scenario can be played in so many shares, share[] being those of its agents; else why not, as a sentence without a full stop. Not
 * with what is one for the whole desk (a main or proxy account that takes leave-messages, traffic that follows the score) or for several dates,
 * nor when a group would be without agents in some share. *lacking is one of those shares that have nobody in a shift in which others have
 * somebody of the same group, FL_NONE when there is none: its buyers then find nobody. */
bool fl_share_holds(const struct fl_scenario *scenario, uint32_t of, const uint32_t share[], char problem[256], uint32_t *lacking);

/* The leave-messages of the night before that a share has, and the number within the whole (from 1) of its last of `left`. */
static inline uint32_t fl_share_backlog(const struct fl_share *share, uint32_t backlog)
{
    return share->of < 2 ? backlog : (backlog + share->of - 1 - share->index) / share->of;
}
static inline uint32_t fl_share_backlog_number(const struct fl_share *share, uint32_t left)
{
    return share->of < 2 ? left : (left - 1) * share->of + share->index + 1;
}

#endif
