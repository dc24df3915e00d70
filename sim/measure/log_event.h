/* What the simulator tells of a day as it goes: one struct for each message and each change of state of a chat.
 *
 * The desk fills these and hands them to whoever listens, in the order of simulated time; they are the whole
 * of the chat log, which record/chatlog.h turns into text. An event is plain data and keeps no pointer. It holds
 * what the simulation knows (who, when, how many characters), never the words: those are a function of the key
 * and of the event's own fields, so a log costs nothing until somebody writes it down. */
#ifndef FL_MEASURE_LOG_EVENT_H
#define FL_MEASURE_LOG_EVENT_H

#include "core/time.h"

#include <stdint.h>

/* Kinds, and how they are spelled in a log. MESSAGES have words of their own; the others are changes of state. A
 * buyer's message is told before what becomes of it (QUEUED, ASSIGNED, LEAVE_MESSAGE, REJECTED, REOPENED). */
#define FL_LOG_KINDS(X)                                                                                    \
    X(CHAT_OPENED, "chat_opened")           /* her first message is about to come */                       \
    X(BUYER_MESSAGE, "buyer_message")       /* message */                                                  \
    X(AGENT_REPLY, "agent_reply")           /* message; closes the round */                                \
    X(AGENT_EXTRA, "agent_extra")           /* message: recommends, cross-sells, reminds of payment */     \
    X(BOT_REPLY, "bot_reply")               /* message; closes no round */                                 \
    X(GREETING, "greeting")                 /* message, automatic; closes no round */                      \
    X(ASSIGNED, "assigned")                 /* to `agent` */                                               \
    X(QUEUED, "queued")                                                                                    \
    X(TRANSFERRED, "transferred")           /* to `agent`, or FL_NO_AGENT: back to the router */           \
    X(ABANDONED, "abandoned")               /* she leaves and says so: has words, but counts as no message */ \
    X(ABANDONED_SILENT, "abandoned_silent") /* she leaves without a word */                                \
    X(REJECTED, "rejected")                                                                                \
    X(LEAVE_MESSAGE, "leave_message")       /* nobody could take her: the message told before waits in the pool */ \
    X(REOPENED, "reopened")                                                                                \
    X(CLOSED, "closed")

enum fl_log_kind {
#define FL_LOG_KIND_NAME(name, text) FL_LOG_##name,
    FL_LOG_KINDS(FL_LOG_KIND_NAME)
#undef FL_LOG_KIND_NAME
        FL_LOG_KINDS_COUNT
};

enum fl_log_flag {
    FL_LOG_QUICK_PHRASE = 1, /* a canned reply: `chars` does not bind it, as nothing was typed */
    FL_LOG_TERSE = 2,        /* deep in overload: a bare yes or no, whatever `chars` says */
    FL_LOG_FIRST_REPLY = 4,  /* the first human reply of the chat: greets */
    FL_LOG_REVIEW_REPLY = 8, /* the public answer to a review: no two of a log are alike */
};

struct fl_log_event {
    fl_time at;
    uint64_t chat_id;       /* unique in the log, below 2^53 so that every JSON reader keeps it whole */
    uint64_t buyer_id;      /* the same on every visit */
    uint64_t key;           /* draw key of the chat: fixes product, size, order number and every choice of words */
    uint32_t agent;         /* index, or FL_NO_AGENT (routing/view.h) */
    uint32_t message_index; /* of this message within the chat, from 0, below 2^31; no two messages of a chat share one */
    uint32_t round;         /* from 1; 0 before the first */
    uint32_t chars;         /* characters of the reply as simulated, hence its typing time; 0: free */
    uint8_t kind;           /* enum fl_log_kind */
    uint8_t intent;         /* index into scenario->buyers.intents */
    uint8_t buyer_class;    /* index into scenario->buyers.classes */
    uint8_t flags;          /* of enum fl_log_flag */
};

#endif
