/* Messages to chats and rounds, and to the durations and choices that the estimators need.
 *
 * A round opens at the first buyer message after the start or after a human reply and closes at the next human reply; messages in between
 * do not restart it, bots and greetings close none: the very definitions that the simulator measures by (measure/log_event.h). Where the
 * log tells of assignments, closes and leavings they are used; where it does not, an agent is who answers, and a chat is over when
 * nothing has been written for `silence`.
 *
 * Messages come in the order of time, chat by chat at least; what agents do (composing, sessions, open chats) is only right as far as those of
 * different chats do too, and `late` counts those that do not. What is kept grows with the chats that are not yet over, and with the names of
 * agents; of what is learned, counts and bins are kept, and of the records below at most FL_RECORDS_MAX each: when that is reached every
 * second is dropped and from then on only every second taken, and so on, which favours none. */
#ifndef FL_FIT_CHATS_H
#define FL_FIT_CHATS_H

#include "fit/durations.h"
#include "fit/message.h"
#include "fit/visits.h"

#define FL_RECORDS_MAX (1u << 17)

/* Records of a fixed size, thinned as they become many. */
struct fl_records {
    void *list;        /* owned */
    uint32_t size;     /* bytes of one */
    uint32_t count, room;
    uint64_t all;      /* offered */
    uint32_t stride;   /* every so many is kept */
};

/* What came after a reply. */
struct fl_after {
    float waited_s;  /* the round's opening to the reply */
    float quiet_s;   /* her last message to the reply */
    float gap_s;     /* the reply to her next message; to the end of sight where there is none */
    uint16_t round;  /* answered rounds of the chat so far, this one included */
    uint8_t messages; /* of the round, cut at 255; 0: she was back to ask again, in one message */
    uint8_t intent, class;
    bool writes;     /* there was a next message */
    bool first;      /* the first reply of this visit */
};

/* The waits of rounds, and how they ended. */
enum fl_wait_end { FL_WAIT_REPLIED, FL_WAIT_OPEN /* at the end of sight */, FL_WAIT_SAID, FL_WAIT_SILENT };
struct fl_wait {
    float seconds;
    float assigned_s; /* when an agent had her, from the opening on; NaN: nobody had */
    uint8_t end, intent, class;
    bool first;
};

/* A message of a round: the next one followed within the round, or the reply (or the end) came first. */
struct fl_burst {
    float seconds;
    uint8_t messages; /* so far in the round, this one included; cut at 255 */
    uint8_t intent;
    bool follows;
};

/* An agent's time on a reply: from when she was free for it to when it was sent. */
struct fl_composing {
    float seconds;
    uint16_t agent, chars;
    uint16_t open;    /* her open chats when she began; means something where the log has assignments and closes */
    uint8_t intent, class;
    bool cut;         /* the buyer left, and said so, before it was sent */
};

/* Agents. A session is a stretch of her activity without a gap of four hours. */
struct fl_session {
    uint32_t agent;
    int64_t from_s, to_s;
};

/* The first reply of a session to somebody who is at her screen: counted from the half hour in which the session began, or from the last
 * leave-message that was worked off before it. */
struct fl_first_reply {
    float sent_s, entered_s; /* sent; when that chat came to the agent, 0 at the least */
};

/* A date as its panel would show it: chats by their beginning, rounds by their opening; leave-messages are no rounds here. */
struct fl_date_seen {
    uint32_t chats, firsts, replies, in_time /* within 3 minutes */, given_up;
    double first_s, reply_s; /* sums */
};

#define FL_NAME_BYTES 64u
struct fl_name_list {
    char (*name)[FL_NAME_BYTES]; /* [count] owned; a long one cut at a character, its hash behind */
    uint64_t *hash;              /* [count] owned */
    uint64_t *seen;              /* [count] owned: chats or replies */
    uint32_t *slot;              /* [slots] owned: 1 + index */
    uint32_t count, room, slots, most;
    bool over; /* more names than `most`: the rest share the last */
};

struct fl_agent_seen {
    uint64_t replies, assigned;
    uint32_t open, open_most;
    int64_t open_since_ns;
    double open_s, busy_s;  /* integral of open over time; time with at least one open */
    uint16_t replies_at[288]; /* in each five minutes of the day, all days together */
};

struct chat; /* chats.c */
struct agent_now;

struct fl_chats {
    /* asked for */
    int64_t silence_ns;  /* a chat is over after this; and what comes after a reply is not looked for longer */
    bool hears_silent;   /* whether `abandoned_silent` is believed where the log has it */

    /* learned */
    uint64_t messages, chats, rounds_answered, buyer_messages, agent_messages;
    uint64_t leave_messages, reopened, transfers, extras, bot_chats, greetings;
    uint64_t left_said, left_silent;
    uint64_t late;                   /* messages earlier than one before them, of another chat */
    uint64_t never_answered;         /* chats that ended, or went out of sight, without a reply of an agent */
    uint64_t in_order, out_of_order; /* replies to her oldest waiting chat, and to another */
    bool has_assigned, has_closed, has_kinds, has_intents, has_classes;
    uint8_t resolution;              /* enum fl_times: the finest seen */
    int64_t first_ns, last_ns;
    struct fl_name_list intents, classes, agents;
    struct fl_agent_seen *agent;     /* [agents.room] owned */
    struct fl_records after, waits, bursts, composings, sessions, first_replies, spans /* fl_session, of no agent: what the files cover */;
    struct fl_durations *come_back;  /* leaving to the next message; cut: to the end of sight */
    struct fl_durations *closes; /* last reply to the close, of chats with nothing in between */
    struct fl_visits visits;         /* buyers who were served and write again in another chat */
    bool has_buyers;                 /* the log tells buyers apart from conversations */
    struct fl_durations *first_response, *response; /* answered, or cut by leaving */
    uint32_t *arrivals;              /* [arrival_cells] owned: chats that began in each five minutes from first_cell */
    uint32_t *again;                 /* [arrival_cells] owned: of these, who had been served before and came once more */
    int64_t first_cell;
    uint32_t arrival_cells, arrival_room;
    uint32_t *intents_of_day;        /* [arrival days * 64] owned: chats of each intent in each day from first_cell */
    uint32_t intent_days;
    struct fl_date_seen *date;       /* [dates] owned: from first_cell's day on */
    uint32_t dates;
    bool full;                       /* there was no memory for some of it */

    /* under way */
    struct chat *chat;               /* owned */
    struct agent_now *now;           /* [agents.room] owned */
    uint32_t *table;                 /* [table_slots] owned */
    uint32_t chats_room, table_slots, free, oldest, newest, chats_open, chats_most;
    int64_t shift_ns;                /* of the file being read */
    int64_t clock_ns, span_ns; /* the latest instant; the first of the record being read */
};

#define FL_ARRIVAL_CELL_S 300

/* Zeroed, with rooms made. FL_EFULL: no memory. */
FL_MUST_CHECK enum fl_status fl_chats_start(struct fl_chats *chats);
void fl_chats_free(struct fl_chats *chats);

/* A further file begins. One that begins before the last one ended is another record of the same dates (as replications are): what was
 * open ends unseen, and its times are moved on by whole weeks. */
void fl_chats_next_file(struct fl_chats *chats);
/* When a message is taken to be, this file's weeks added; settles them where it is the first of its file. */
int64_t fl_chats_when(struct fl_chats *chats, const struct fl_logged *message);
/* One message. FL_LINE_BACKWARDS: earlier than what its chat has seen; FL_LINE_TWICE: the line its chat has just seen, where times are finer than
 * minutes. Nothing was changed then. */
enum fl_line_fault fl_chats_take(struct fl_chats *chats, const struct fl_logged *message);
/* The log is at its end: what is open ends unseen. */
void fl_chats_end(struct fl_chats *chats);

static inline const struct fl_after *fl_after_list(const struct fl_chats *chats) { return chats->after.list; }
static inline const struct fl_wait *fl_wait_list(const struct fl_chats *chats) { return chats->waits.list; }
static inline const struct fl_burst *fl_burst_list(const struct fl_chats *chats) { return chats->bursts.list; }
static inline const struct fl_composing *fl_composing_list(const struct fl_chats *chats) { return chats->composings.list; }
static inline const struct fl_session *fl_span_list(const struct fl_chats *chats) { return chats->spans.list; }
static inline const struct fl_session *fl_session_list(const struct fl_chats *chats) { return chats->sessions.list; }

#endif
