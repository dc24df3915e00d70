/* A link that goes wrong on schedule: a channel around another, which stalls, loses, doubles, reorders and garbles what passes, cuts
 * the connection and makes it anew, at the instants that the scenario's `faults` name. Real time only.
 *
 * What a fault did to whom is known exactly here, since it is done here: lines that were lost are counted, the chats of lost
 * decisions named, and each act told as it is done, so that a transcript has what was said beside what arrived. A link that breaks without being asked to is an entry too, and is made anew as often as engine.retries says.
 *
 * A new connection is a new session (struct fl_channel): whoever uses the channel then begins anew with hello. `send` and `line`, which wait,
 * end with FL_EENGINE when the session that they were called in does.
 *
 * Faults are a day's: each day has all of them, and none lasts beyond its end. */
#ifndef FL_ENGINE_FAULTS_H
#define FL_ENGINE_FAULTS_H

#include "engine/channel.h"
#include "engine/pace.h"

const char *fl_fault_word(enum fl_fault fault);
const char *fl_fault_sentence(enum fl_fault fault);

/* Whether it is done to single lines of the engine: a load balancer, which says none, cannot suffer it. */
bool fl_fault_harms_lines(enum fl_fault fault);

#define FL_FAULT_CHATS_NAMED 16u

/* One that has begun. Of those that garble or reorder, half the lines are hit, drawn by the seed; a `for` of 0 hits the next one. */
struct fl_fault_entry {
    enum fl_fault what;
    fl_time at;                      /* as planned; of a lost link when it broke */
    int64_t began_ns, ended_ns;      /* wall clock; ended 0: goes on */
    uint64_t lost_in, lost_out;      /* lines of the engine, and of ours, that never arrived whole */
    uint64_t doubled, displaced, delayed;
    uint32_t undecided_before;       /* chats on which the engine had not said a word */
    int64_t first_word_ns;           /* from its end to the engine's next line; -1: none came */
    int64_t recovered_ns;            /* from its end until no more were undecided than before; -1: never */
    uint32_t chats[FL_FAULT_CHATS_NAMED]; /* of lost decisions, the first of them */
    uint32_t chats_count;            /* of all: may be more than are named */
    char problem[256];               /* of a lost link */
};

struct fl_faulty_setup {
    struct fl_channel_setup link;    /* what it refers to is borrowed while the channel is open */
    const struct fl_fault_def *defs; /* borrowed, in any order */
    uint32_t defs_count;
    struct fl_pace *pace;            /* borrowed; on the link's loop */
    fl_time day;                     /* how long a day is */
    uint64_t seed;
};

/* What a fault does, to the link or to one line. */
#define FL_FAULT_ACTS(X)                                                                        \
    X(BEGAN, "began") X(ENDED, "ended")                                                         \
    X(LOST, "lost")           /* the line does not arrive */                                    \
    X(GARBLED, "garbled")     /* it is handed out next, as what is left of it */                \
    X(DOUBLED, "doubled")     /* it has been handed out, and is handed out next once more */    \
    X(DISPLACED, "displaced") /* it arrives behind one that was said after it */
enum fl_fault_act {
#define FL_FAULT_ACT_NAME(name, word) FL_ACT_##name,
    FL_FAULT_ACTS(FL_FAULT_ACT_NAME)
#undef FL_FAULT_ACT_NAME
    FL_FAULT_ACTS_COUNT
};
const char *fl_fault_act_word(enum fl_fault_act act);

struct fl_fault_note {
    enum fl_fault what;
    enum fl_fault_act act;
    bool ours;           /* the line was to the engine, not from it */
    const char *bytes;   /* the line as it was said, without its newline; NULL: of the link as a whole */
    size_t length;
    const char *problem; /* of a lost link that began; else NULL */
};

typedef void fl_fault_told(void *context, const struct fl_fault_note *note);

/* Opens the link and the channel around it. As fl_channel_open. */
FL_MUST_CHECK enum fl_status fl_faulty_open(const struct fl_faulty_setup *setup, struct fl_channel **channel, char problem[256]);

/* Who hears of each act, within the call in which it is done. Set once, before anything is said. */
void fl_faulty_tell(struct fl_channel *channel, fl_fault_told *told, void *context);

/* To be told every turn, for `recovered_ns`, how many chats are undecided. Says whether what the engine says may be held against it
 * wrongly, as it or we were heard too late, twice, garbled or not at all: a fault is on, or was less than a second ago. */
bool fl_faulty_note_undecided(struct fl_channel *channel, uint32_t undecided);

/* What went wrong so far, in order; valid until the channel is closed. */
const struct fl_fault_entry *fl_faulty_entries(const struct fl_channel *channel, uint32_t *count);

#endif
