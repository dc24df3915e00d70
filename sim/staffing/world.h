/* The same scenario where one thing is otherwise: a fifth more buyers, less patience, a bot that answers first.
 *
 * What is drawn is addressed (core/draw.h), so a world has the days of its base: the same buyers with the same questions, but for what was
 * changed. Two worlds are therefore compared day by day. Pure; takes memory from an arena and shares all else with the base, which must
 * outlive the world. */
#ifndef FL_STAFFING_WORLD_H
#define FL_STAFFING_WORLD_H

#include "core/arena.h"
#include "scenario/scenario.h"

/* What may be so many times as large, id and name in results:
 *
 * traffic     chats, of all kinds and at all times
 * reply_time  composing a reply, by people; the bot's is as it was
 * patience    of buyers before and after the first reply
 * think_time  of buyers between a reply and their next question
 * conversion  the chance of an order; 1 at most */
#define FL_DOUBTS(X) X(TRAFFIC, traffic) X(REPLY_TIME, reply_time) X(PATIENCE, patience) X(THINK_TIME, think_time) X(CONVERSION, conversion)

enum fl_doubt {
#define FL_DOUBT_ID(upper, lower) FL_DOUBT_##upper,
    FL_DOUBTS(FL_DOUBT_ID)
#undef FL_DOUBT_ID
    FL_DOUBTS_COUNT
};

/* Name in results. Never NULL. */
const char *fl_doubt_name(enum fl_doubt doubt);

/* Whether the scenario says anything of it: who never leaves has no patience to be wrong about. */
bool fl_doubt_applies(const struct fl_scenario *base, enum fl_doubt doubt);

/* The base with this `factor` times as large, factor > 0. FL_EFULL: the arena is too small. */
FL_MUST_CHECK enum fl_status fl_world_scale(struct fl_arena *arena, const struct fl_scenario *base, enum fl_doubt doubt, double factor,
                                            struct fl_scenario *out);

/* Whether a promotion's multiplier is uncertain. */
bool fl_multiplier_is_uncertain(const struct fl_scenario *base);

/* The base where every promotion's uncertain factor is known: that of standard normal `z` (0: the middle, 1.2816: exceeded one time in
 * ten). Several promotions are high or low together. FL_EFULL. */
FL_MUST_CHECK enum fl_status fl_world_multiplier(struct fl_arena *arena, const struct fl_scenario *base, double z, struct fl_scenario *out);

/* The base with `more` of all replies sent as quick phrases, as far as there are replies to type. *changed: whether any was. FL_EFULL. */
FL_MUST_CHECK enum fl_status fl_world_quick_phrases(struct fl_arena *arena, const struct fl_scenario *base, double more, struct fl_scenario *out,
                                                    bool *changed);

/* Whether a bot answers anybody, and whether it could: some intent says what it can answer. */
bool fl_bot_is_on(const struct fl_scenario *base);
bool fl_bot_could_answer(const struct fl_scenario *base);

/* The base with the bot answering everybody first, or (on false) nobody. FL_EFULL. */
FL_MUST_CHECK enum fl_status fl_world_bot(struct fl_arena *arena, const struct fl_scenario *base, bool on, struct fl_scenario *out);

/* The base where everybody whose shift begins within `around` of the instant `at` begins it `earlier`; shifts are those that take place
 * once. *people: how many that are; 0: nobody, as where the scenario would have to begin before itself. FL_EFULL. */
FL_MUST_CHECK enum fl_status fl_world_earlier(struct fl_arena *arena, const struct fl_scenario *base, fl_time at, fl_time around, fl_time earlier,
                                              struct fl_scenario *out, uint32_t *people);

#endif
