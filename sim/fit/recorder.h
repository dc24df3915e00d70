/* Messages of a log to a recording: what a scenario's traffic is played from (scenario/recording.h).
 *
 * Messages may come in any order between conversations and slightly out of order within one; each conversation is put in order at the end.
 *   a round    her first message that no reply follows yet, and all she writes until the reply; bots' and automatic messages close none
 *   leaving    where the log tells it; what she writes after it is left out, as her coming back follows from the desk that is simulated
 *   a left message (nobody was there)   says nothing of her patience
 *   an unanswered round without a leaving   she was there at least until the chat was closed or the log ends, where the log tells of leaving; else
 *              until her last message
 * What she may still have wanted is open where she left or had left a message, where the log tells of closes and her chat has none, or, in other logs, where it ends
 * within FL_RECORDER_SETTLED of the last reply. Conversations in which no buyer writes are none. */
#ifndef FL_FIT_RECORDER_H
#define FL_FIT_RECORDER_H

#include "fit/message.h"
#include "scenario/scenario.h"

#define FL_RECORDER_SETTLED (10 * FL_MINUTE) /* chosen: who has not written for so long is taken to be done */

struct fl_recorder;

/* The scenario gives the names of intents and classes; it is borrowed until the end. NULL: out of memory. */
struct fl_recorder *fl_recorder_open(const struct fl_scenario *scenario);

/* Takes a message. Some 24 bytes of memory each, and 40 a conversation. FL_EFULL: out of memory, or 2^31 messages or conversations. */
FL_MUST_CHECK enum fl_status fl_recorder_add(struct fl_recorder *recorder, const struct fl_logged *message);

struct fl_recorder_notes {
    uint32_t chats, left, left_silent, open_ended;
    uint32_t unknown_intents, unknown_classes; /* chats whose intent or class the log names and the scenario does not have: drawn */
    uint32_t come_backs;                       /* chats whose buyers wrote on after leaving, which is left out */
};

/* Makes the recording, sorted, to be freed by fl_recording_free or given to fl_scenario_attach; the recorder holds nothing afterwards but is still to be
 * freed. NULL: out of memory. O(n log n). */
struct fl_recording *fl_recorder_end(struct fl_recorder *recorder, struct fl_recorder_notes *notes);
void fl_recorder_free(struct fl_recorder *recorder);

#endif
