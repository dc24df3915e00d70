/* What buyers did on recorded days, to be played again: who wrote when, with how many messages, how long she thought, how long she was
 * seen to wait and where she left. A scenario whose traffic is a recording (`traffic.replay`) holds one.
 *
 * The buyers' side alone is recorded: replies, and so how long each wait is, come from the desk that is simulated. What a log cannot know is
 * drawn from the scenario, given what the log does know:
 *   patience of a round that was answered   more than she was seen to wait
 *   questions of one who left or whose chat the log cuts off   at least as many as she had asked
 *   questions and durations beyond the recorded ones   as of everybody
 * Instants are nanoseconds from the recording's origin, which is an instant of local shop time. */
#ifndef FL_SCENARIO_RECORDING_H
#define FL_SCENARIO_RECORDING_H

#include "core/status.h"
#include "core/time.h"

#include <stdbool.h>

enum fl_recorded_end {
    FL_RECORDED_ANSWERED,
    FL_RECORDED_LEFT,        /* she left in this round, and it was seen */
    FL_RECORDED_LEFT_SILENT, /* she left without a word */
    FL_RECORDED_CUT,         /* the log, or the desk, ended it: she may have had more patience and more to ask */
};

/* A round: her question and the messages it took. */
struct fl_recorded_round {
    fl_time think;      /* from the reply before to its first message; 0 in the first round */
    fl_time waited;     /* from its first message to the reply, her leaving, or the end of what is known */
    uint32_t gaps_from; /* recording->gaps[gaps_from .. gaps_from + messages - 1): between its messages */
    uint32_t messages;  /* at least 1 */
    uint32_t chars;     /* of the reply; 0: not known */
    uint8_t end;        /* enum fl_recorded_end */
};

#define FL_RECORDED_UNKNOWN UINT8_MAX /* intent, class: to be drawn */

struct fl_recorded_chat {
    fl_time at; /* her first message */
    uint32_t rounds_from, rounds; /* recording->rounds[...]; at least one, and only the last may end otherwise than by a reply */
    uint8_t intent, buyer_class;  /* index into the scenario's, or FL_RECORDED_UNKNOWN */
    bool open_ended;              /* she may have had more to ask: she left, or the log ends before it is known */
};

struct fl_recording {
    int64_t origin_s; /* local seconds since 1970-01-01T00:00 */
    uint32_t chats_count, rounds_count, gaps_count;
    struct fl_recorded_chat *chats; /* in order of time; of equals, as they were added */
    struct fl_recorded_round *rounds;
    fl_time *gaps;
    uint32_t chats_room, rounds_room, gaps_room; /* while it is filled */
};

/* Adds a chat at the end: her rounds and all gaps between their messages (sum of messages - 1 of each), copied. FL_EFULL: out of memory, or more
 * than 2^31 of anything. */
FL_MUST_CHECK enum fl_status fl_recording_add(struct fl_recording *recording, const struct fl_recorded_chat *chat,
                                              const struct fl_recorded_round rounds[], uint32_t rounds_count, const fl_time gaps[], uint32_t gaps_count);

/* Puts the chats in order of time. O(n log n). */
void fl_recording_sort(struct fl_recording *recording);

/* The first chat at or after an instant, or chats_count. O(log n) of a sorted one. */
uint32_t fl_recording_find(const struct fl_recording *recording, fl_time at);

/* Frees the recording and what it holds; NULL is fine. It was made by calloc. */
void fl_recording_free(struct fl_recording *recording);

#endif
