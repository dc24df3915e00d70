/* From what was learned of a log's chats to the values of a scenario: how buyers write, think, wait and leave, and how agents answer.
 *
 * Each part is one file: rounds.c (bursts, rounds, thinking), patience.c (waiting, leaving, coming back), composing.c (what replies take,
 * agents' speeds, several chats at once), people.c (closing, sessions, concurrency). What cannot be known is not filled in: the estimate
 * that says so has the reason. */
#ifndef FL_FIT_BEHAVIOUR_H
#define FL_FIT_BEHAVIOUR_H

#include "fit/chats.h"
#include "fit/counts_of.h"
#include "fit/cure.h"

#define FL_FIT_INTENTS 64u
#define FL_FIT_CLASSES 32u
#define FL_FIT_OPENS   24u /* numbers of open chats told apart; more count as the last */

/* ---- Buyers ---------------------------------------------------------------------------------------- */

/* The reply may overtake the rest of a burst, which then opens a round that is not another question. So bursts come first: whether a
 * message is followed, and after how long, the reply cutting the wait (cure.h; for other counts than geometric by expectation over what
 * was cut). Then every message after a reply is the rest of a burst with the probability that follows from how long she had been quiet,
 * and otherwise a next question after thinking; a chat in which nothing followed was done, or still thinking when the log ended. Both are
 * weighed until the weights no longer change (expectation-maximisation). */
struct fl_rounds_fit {
    struct fl_count_fit messages;      /* messages_per_round */
    struct fl_cure_fit burst;          /* burst_gap */
    struct fl_count_fit rounds[FL_FIT_INTENTS + 1]; /* by intent; last: all chats together */
    /* Of a class its rounds_scale: what its buyers' rounds are multiplied by before they are rounded; NaN: too few, or the usual. */
    double class_scale[FL_FIT_CLASSES], class_low[FL_FIT_CLASSES], class_high[FL_FIT_CLASSES];
    bool class_apart[FL_FIT_CLASSES]; /* it differs from the usual one, so the rounds by intent are without it */
    uint32_t class_usual;
    struct fl_duration_fit think;
    struct fl_durations *think_times;  /* owned: what was fitted */
    double overtaken;                  /* share of messages after a reply that belonged to a burst */
};
FL_MUST_CHECK enum fl_status fl_rounds_fit(const struct fl_chats *chats, struct fl_rounds_fit *fit);
void fl_rounds_fit_free(struct fl_rounds_fit *fit);
void fl_rounds_fit_tell(const struct fl_rounds_fit *fit, const struct fl_chats *chats, struct fl_estimates *estimates);

/* With leavings in the log: waits end by leaving, or are cut by the reply. Silent leavings that the log does not show are told from chats
 * that were simply done by a model (`is_model`): after a reply that took w nothing follows either because she had been done (probability
 * d) or because she had left before it (silent share s of those whose patience, of the fitted family, is below w). */
struct fl_patience_fit {
    struct fl_duration_fit first, later;
    struct fl_durations *first_waits, *later_waits; /* owned */
    double silent, silent_low, silent_high;
    double said, left;           /* how many said so; left in all, by expectation where it is a model */
    bool silent_known, is_model, until_assigned;
    bool asked[2];               /* a model: there were enough first and later rounds to look for leavers */
    double done_shift, done_shift_se; /* a model: by how much the logit of being done changes once leavers are taken out */
    struct fl_cure_fit come_back;
    struct fl_cure_fit next_visit;
};
FL_MUST_CHECK enum fl_status fl_patience_fit(const struct fl_chats *chats, const struct fl_rounds_fit *rounds, struct fl_patience_fit *fit);
/* Rounds were counted as if everybody in whose chat nothing followed had been done: with a model of leavers, geometric ones are longer. */
void fl_rounds_without_leavers(struct fl_rounds_fit *rounds, const struct fl_patience_fit *patience);
void fl_patience_fit_free(struct fl_patience_fit *fit);
void fl_patience_fit_tell(const struct fl_patience_fit *fit, const struct fl_chats *chats, struct fl_estimates *estimates);

/* ---- Agents ---------------------------------------------------------------------------------------- */

/* What a reply takes is a product: the work of the intent, the buyer's class, the agent's slowness, and what having so many chats open at
 * once costs. So the logarithms of composing times are a sum, found by least squares with errors that hold for unequal spreads (White,
 * Econometrica 48, 1980); replies that nobody got (her buyer had left) are known to have taken longer than that, and times beyond four
 * standard deviations are put aside: she was away. What is left over, per intent, is then a distribution of its own. */
struct fl_composing_fit {
    uint64_t replies, aside;     /* used; put aside as not composing alone */
    bool known, has_opens;
    double log_open[FL_FIT_OPENS], log_open_se[FL_FIT_OPENS];  /* ln of the factor on a reply's time with so many + 1 open; NaN: too few */
    bool alone[FL_FIT_OPENS];    /* so many were seen often enough to have a factor of their own; else it is that of the group around */
    uint32_t opens;              /* the first so many have a factor */
    double log_class[FL_FIT_CLASSES], log_class_se[FL_FIT_CLASSES];
    uint32_t class_usual;
    uint32_t agents;             /* told apart */
    double *log_agent, *log_agent_se; /* [agents] owned; slowness to the one who replied most */
    uint32_t agent_usual;
    bool agents_alike;           /* no more different than chance makes them (5 %) */
    double agents_p;
    struct fl_duration_fit total[FL_FIT_INTENTS + 1]; /* by intent; last: all */
    struct fl_durations *times[FL_FIT_INTENTS + 1];   /* owned; NULL: no such intent */
    double mean_s[FL_FIT_INTENTS + 1], mean_se[FL_FIT_INTENTS + 1]; /* of a reply's time alone, with one chat open */
    double oldest_first;         /* share of replies that went to the chat which had waited longest, where there was a choice; NaN: none */
};
FL_MUST_CHECK enum fl_status fl_composing_fit(const struct fl_chats *chats, struct fl_composing_fit *fit);
void fl_composing_fit_free(struct fl_composing_fit *fit);
void fl_composing_fit_tell(const struct fl_composing_fit *fit, const struct fl_chats *chats, struct fl_estimates *estimates);

/* Times after which chats close: where closes cluster at one or two times after the last reply, the shorter is when_done and the longer
 * silence. NaN: the log shows none.
 *
 * Duties at the start of a shift show as first replies that come too late, though their chats had been there: sent at max(D, entered) plus
 * a composing time of the fitted distribution. D is found by likelihood on a grid of five seconds up to an hour, one first reply in ten
 * being allowed to come whenever; its interval is where the likelihood falls by less than 1.92. 0: nothing of the kind is seen; NaN: fewer
 * than ten sessions. */
struct fl_people_fit {
    double when_done_s, silence_s;
    uint64_t closes;
    double duties_s, duties_low_s, duties_high_s;
};
void fl_people_fit(const struct fl_chats *chats, const struct fl_composing_fit *composing, struct fl_people_fit *fit);

/* Breaks of an agent within a stretch of the day (seconds after midnight, may run past the next): where she never replied on any day,
 * though at her usual rate so long a silence would come about with a chance below one in a million. At least a quarter of an hour, to five
 * minutes. Returns how many, at most `room`. */
struct fl_break_seen {
    int64_t at_s, length_s; /* time of day */
};
uint32_t fl_breaks_seen(const struct fl_agent_seen *agent, int64_t from_s, int64_t length_s, struct fl_break_seen out[], uint32_t room);

/* First and later responses as they were, median and 90th percentile by Kaplan and Meier (who left is cut there) with Greenwood's errors,
 * and the share of chats that nobody answered. */
void fl_responses_tell(const struct fl_chats *chats, struct fl_estimates *estimates);
void fl_people_fit_tell(const struct fl_people_fit *fit, const struct fl_chats *chats, struct fl_estimates *estimates);

/* Shares of names among chats, "buyers.intents[size].share", with intervals by Clopper and Pearson. What is asked differs from day to day by
 * more than chance (an intent has hours of its own, and busy hours are not the same ones every day), so those of intents are as wide as the
 * spread between at least eight days says, where that is more. */
void fl_intent_shares_tell(const struct fl_chats *chats, struct fl_estimates *estimates);
void fl_class_shares_tell(const struct fl_chats *chats, struct fl_estimates *estimates);

static inline uint32_t fl_fit_intent(const struct fl_chats *chats, uint8_t intent)
{
    return intent < chats->intents.count ? intent : FL_FIT_INTENTS;
}

/* Seconds that the log's times are rounded to. */
static inline double fl_fit_resolution(const struct fl_chats *chats)
{
    return chats->resolution == FL_TIMES_MINUTES ? 60 : chats->resolution == FL_TIMES_SECONDS ? 1 : 0;
}

#endif
