/* Replay: the harness's side of a transcript, said once more to an engine without any desk, and the engine's decisions held against
 * the recorded ones.
 *
 * In lockstep each event leaves as it was recorded, when the engine has acked the one before. As long as the engine decides as
 * recorded, everything it hears is what it would hear from the desk. From the first decision that differs on it is told of a day
 * that went another way than it thinks: the first difference is exact, those after it only say how far it spreads. `queue` decides
 * nothing (what is undecided waits) and is passed over unless verdicts are wanted.
 *
 * In real time there are no acks to wait for, and the engine's own clock is not recorded. The lines leave in their order, each run
 * of them as soon as the engine has said what it had said before it (or after a second without a word), so an engine that
 * decides by what it is told, in order, decides the same. Whose decisions depend on its clock, or on how many lines it finds at
 * once, differs without having changed; compare such engines in lockstep. */
#ifndef FL_ENGINE_REPLAY_H
#define FL_ENGINE_REPLAY_H

#include "engine/transcript.h"

struct fl_replay;

/* The first decision that differs, of one worker. Texts are owned by the replay. */
struct fl_replay_difference {
    bool found;
    uint32_t day;
    int64_t event, at_ns; /* the event it answered; in real time the chat's */
    int64_t chat;         /* 0: about none */
    char *line;           /* the event as it was sent */
    char *recorded, *now; /* both decisions in words */
    char *knew;           /* what the engine had been told of chat and agents, a line each, ended by newlines */
};

struct fl_replay_result {
    uint64_t days, events, decisions; /* decisions: recorded */
    uint64_t differ;                  /* events answered otherwise; in real time chats decided otherwise */
    struct fl_replay_difference first;
    char engine[FL_PROTOCOL_NAME_MAX + 1], recorded_engine[FL_PROTOCOL_NAME_MAX + 1];
    int64_t start_s;                  /* of the scenario, local shop time since 1970 */
    char problem[512];                /* a whole sentence, after FL_EENGINE, FL_ESYNTAX */
};

/* One engine, for one worker of a transcript; the channel stays the caller's and must outlive it. stop: optional. FL_EFULL. */
FL_MUST_CHECK enum fl_status fl_replay_open(struct fl_channel *channel, bool live, int64_t timeout_ns, const atomic_bool *stop,
                                            struct fl_replay **replay);

/* The worker's next line, changed in place. FL_EENGINE: the engine failed, broke the form of the protocol, or wants to be told other
 * things than the recorded one; FL_ESYNTAX: the transcript is none that could be (`fenliu check` says where); FL_EINTERRUPTED;
 * FL_EFULL. */
FL_MUST_CHECK enum fl_status fl_replay_line(struct fl_replay *replay, const struct fl_transcript_line *line);

const struct fl_replay_result *fl_replay_result(const struct fl_replay *replay);
void fl_replay_free(struct fl_replay *replay);

#endif
