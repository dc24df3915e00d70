/* An outside engine as a router, from within. Private to the files outside*.c; what it is for others says outside.h.
 *
 *               calls                     an event's line
 *    the desk ---------> outside.c -----> outside_events.c
 *        ^                                       |
 *        | decisions                    lockstep | real time
 *        |                           +-----------+-----------+
 *   outside_decisions.c              v                       v
 *        ^                 outside_lockstep.c      outside_realtime.c
 *        |                  sends it, hears         gathers what is due, posts it in one
 *        |                  until its ack           write; hears between two events
 *        |                           |  ^                    |  ^
 *        |                           v  |                    v  |
 *        |                          the channel's lines, out and in
 *        |                              |                       |
 *        +------------------------------+-----------------------+
 *
 * outside_chats.c keeps what both ways know of chats, and agents by their names; refusals are `error` lines, which go out where events do.
 *
 * A chat is the engine's (TURN_ENGINE) from its `chat` event until a decision takes it away. Only then does a decision on it
 * reach the desk: whatever is said of other chats is refused here, so a confused engine cannot reach into the
 * desk's lists. */
#ifndef FL_ENGINE_OUTSIDE_STATE_H
#define FL_ENGINE_OUTSIDE_STATE_H

#include "engine/judge.h"
#include "engine/outside.h"

#define NO_SLOT UINT32_MAX
#define ASKED (1u << 16) /* chat events whose ack may still come, in real time */

/* What an engine may subscribe to. */
enum wants { WANTS_MESSAGE = 1, WANTS_REPLY = 2, WANTS_LOAD = 4, WANTS_SCENARIO = 8, WANTS_VERDICT = 16 };

enum turn {
    TURN_NOBODY,  /* closed, refused, with the bot, a leave-message */
    TURN_TOLD,    /* the event is written but not sent yet */
    TURN_ENGINE,  /* to be decided by the engine, or waiting in its queue */
    TURN_AGENT,   /* assigned */
};

/* What is known of the chat in a slot of the desk. */
struct slot {
    struct fl_chat_view chat; /* as last routed */
    fl_time told_at;
    uint32_t number;          /* 0: never used */
    uint32_t group;
    uint32_t agent;           /* TURN_AGENT; before, whoever is excluded from having it */
    uint64_t event;           /* by which the engine was told */
    int64_t due_ns;           /* in real time: when it was to be told, on the wall clock */
    uint8_t turn;             /* enum turn */
    bool answered;            /* the engine has said something on it since */
    bool queued;              /* the desk has been told that it waits */
};

struct event {
    size_t from, to;  /* of lines */
    fl_time at;
    uint64_t number;
    uint32_t slot;    /* whose chat is to be decided, or NO_SLOT */
    const char *type;
};

struct name {
    const char *text; /* owned */
    uint32_t agent;
};

/* Real time only. */
struct live {
    struct fl_pace *pace;     /* borrowed; NULL: lockstep */
    uint32_t window;          /* chats that may be undecided before time stands still */
    uint32_t undecided;
    bool (*on_turn)(struct fl_channel *context, uint32_t undecided); /* optional */
    struct fl_channel *turn_context;
    bool damaged;             /* what arrives may not be what was said */
    int64_t damaged_ns;       /* what was told up to then may have been lost */
    uint32_t gathered;        /* chats that are written and not posted */
    uint32_t burst;           /* events since the engine was last listened to */
    int64_t heard_ns;         /* when that was */
    int64_t waits_ns;         /* since when the window is full */
    char *line;               /* of the engine, to be taken up; NULL: none */
    size_t length;
    enum fl_status status;    /* of the link, for the desk to hear */
    uint32_t asked[ASKED];    /* slot of chat event n, at n mod ASKED */
    int64_t *agent_changed_ns; /* [agents] her last change of state was told */
    int64_t *closed_ns;       /* [numbers_room] by chat number */
};

struct fl_outside {
    const struct fl_scenario *scenario;
    struct fl_channel *channel;
    uint64_t seed;
    int64_t timeout_ns;
    const char *prefix;
    const struct fl_port *port;   /* of the day */
    const struct fl_view *view;
    char name[FL_PROTOCOL_NAME_MAX + 1];
    unsigned wants; /* enum wants */
    bool described, failed;

    struct fl_lines lines;
    struct event *events;         /* [events_room], a line of waiting events */
    uint32_t events_room, events_count, events_next;
    bool delivering;
    bool waits_for_ack;           /* in real time: of the day's begin and end */
    bool refused;                 /* the decision under way */
    uint32_t nested;              /* events under way within others */
    struct live live;
    const char *scenario_text;    /* borrowed */
    struct fl_share share;        /* of the desk */
    uint32_t session;             /* of the channel, that the engine has been told everything in */
    struct fl_agent *told;        /* [agents] as the engine knows them; with WANTS_LOAD */
    struct fl_lines answer;       /* an error line or a verdict, while it is built */
    uint64_t events_today;
    uint32_t wakes_pending;       /* asked for and not come yet */
    uint32_t wakes_in_a_row;      /* since any other event */

    struct slot *slots;           /* by the desk's slot */
    uint32_t slots_count;
    uint32_t *slot_of;            /* [numbers_room]: by chat number; a slot may have another chat since */
    uint32_t numbers, numbers_room;
    uint32_t waiting;             /* chats that are the engine's */
    struct fl_queue_judge judge;        /* of these, who has been waiting since the ack of the event that told of her */
    bool judge_full;              /* its memory is used up */

    struct name *names;           /* sorted */
    uint32_t names_count;

    uint32_t replication;
    bool day_open, day_ended;     /* `day` holds something; its day came to its end */
    bool repeats;                 /* the same day once more */
    bool ended;                   /* the engine has been told of the end: no more decisions */
    struct fl_ledger total, day;
    char problem[512];
};

static inline bool outside_is_live(const struct fl_outside *o)
{
    return o->live.pace != NULL;
}

/* Memory ran out: of lines, or in the day's block, which is then run again with a larger one. */
static inline bool outside_is_full(const struct fl_outside *o)
{
    return o->lines.full || o->judge_full;
}

/* ---- outside.c: opening, days, what the desk calls ------------------------------------------------- */

/* The engine is of no use any more: what it did, when, on which event. FL_EENGINE. */
enum fl_status outside_fail(struct fl_outside *o, const char *what);
/* A failure of the channel as ours. */
enum fl_status outside_pass_on(struct fl_outside *o, enum fl_status status);
/* Our `hello` into the lines. */
void outside_tell_hello(struct fl_outside *o);
/* The event under way; in real time the last one that was told. */
uint64_t outside_event_number(const struct fl_outside *o);

/* ---- outside_chats.c: chats and agents by their names on the wire ---------------------------------- */

struct slot *chat_slot(struct fl_outside *o, uint32_t slot); /* NULL: no memory */
bool chat_give_number(struct fl_outside *o, struct slot *slot, uint32_t index); /* one that was not seen before today */
struct slot *chat_of_number(struct fl_outside *o, int64_t number); /* NULL: none has it, or no more */
void chat_take_turn(struct fl_outside *o, struct slot *slot, enum turn turn);
/* It waits in the engine's queue from now on; the desk and the judge hear of it once. */
void chat_enqueue(struct fl_outside *o, struct slot *slot);
bool agent_names_copy(struct fl_outside *o, const struct fl_view *view);
uint32_t agent_of_name(const struct fl_outside *o, const struct fl_field *field); /* or FL_NO_AGENT */

/* ---- outside_events.c: an event's line -------------------------------------------------------------- */

/* The line begins; its members follow, then its close, which delivers it. False: no memory. */
FL_MUST_CHECK bool event_open(struct fl_outside *o, const char *type, const struct fl_view *view, uint32_t slot);
FL_MUST_CHECK enum fl_status event_close(struct fl_outside *o);
/* All of an `agent` event. */
FL_MUST_CHECK enum fl_status event_agent(struct fl_outside *o, uint32_t agent, enum fl_agent_state before);
/* A line for each agent of whom something has changed since she was last told of. O(agents): only for an engine that asked. */
void event_add_loads(struct fl_outside *o, struct fl_lines *lines);
/* As nobody stands: every agent is told of anew. */
void event_forget_loads(struct fl_outside *o, const struct fl_view *view);

/* ---- outside_decisions.c: what the engine says ------------------------------------------------------ */

/* Anything but an ack. */
FL_MUST_CHECK enum fl_status decision_hear(struct fl_outside *o, const struct fl_message *message, const struct fl_field *type);
/* Refused: the engine is told, and needs no ack for it. */
FL_MUST_CHECK enum fl_status decision_refuse(struct fl_outside *o, enum fl_breach breach, uint32_t number, uint32_t agent);
/* Whether it is held against the engine. */
bool breach_note(struct fl_outside *o, enum fl_breach breach, uint32_t number, uint32_t agent);

/* ---- outside_lockstep.c: simulated time waits ------------------------------------------------------- */

/* Sends what has been written, one event after the other, with those that follow from the answers. */
FL_MUST_CHECK enum fl_status lockstep_deliver(struct fl_outside *o);
/* A line that is no flat object ends the run. */
FL_MUST_CHECK enum fl_status lockstep_scan(struct fl_outside *o, char *line, size_t length, struct fl_message *message);

/* ---- outside_realtime.c: time goes on ---------------------------------------------------------------- */
/* In lockstep realtime_answered and _unanswered do nothing, nothing has crossed, and all is known at once. */

void realtime_begin(struct fl_outside *o, const struct fl_view *view); /* a day */
/* An event that is due has been written. */
FL_MUST_CHECK enum fl_status realtime_gather(struct fl_outside *o);
/* What has gathered leaves; how late that is, is counted. */
FL_MUST_CHECK enum fl_status realtime_post(struct fl_outside *o);
/* Takes up all lines that are here (struct fl_router_ops). */
FL_MUST_CHECK enum fl_status realtime_heard(void *self, const struct fl_view *view);
FL_MUST_CHECK enum fl_status realtime_hear_ack(struct fl_outside *o, const struct fl_message *message, bool *acked);
/* The engine's first word on a chat ends the time it took to decide. */
void realtime_answered(struct fl_outside *o, struct slot *slot);
/* A chat ended, or is told anew, before the engine had said a word on it. */
void realtime_unanswered(struct fl_outside *o, struct slot *slot);
/* A decision may have been made in ignorance of an event that met it on its way: nobody's fault. */
bool realtime_has_crossed(const struct fl_outside *o, enum fl_breach breach, uint32_t number, uint32_t agent);
/* Only what the engine has known for a while can be held against it, and what can have been lost cannot. */
struct fl_known realtime_known(const struct fl_outside *o);
/* When the engine learns that a chat waits, to a turn of the loop. */
int64_t realtime_known_ns(const struct fl_outside *o);

#endif
