/* The desk's own state. Private to sim/desk.
 *
 * Chats and agents are plain records in the arena, known by index; the struct of pointers below is outside and is
 * refreshed when the arrays of chats grow. */
#ifndef FL_DESK_STATE_H
#define FL_DESK_STATE_H

#include "core/draw.h"
#include "core/events.h"
#include "desk/desk.h"

#define NOT_COUNTED FL_UNCOUNTED
#define SLOW_ROUND (100 * FL_SECOND) /* rounds that took as long or longer are counted as slow */

enum chat_state {
    CHAT_FREE,
    CHAT_ROUTING,  /* handed to the router, not assigned: it waits in the router's queue */
    CHAT_AT_BOT,
    CHAT_LEFT_MESSAGE, /* in the offline pool */
    CHAT_WAITING,  /* in her agent's inbox */
    CHAT_THINKING, /* answered; she will write again, or has silently gone */
    CHAT_DONE,     /* answered, nothing more to ask; the close is pending */
    CHAT_AWAY,     /* closed; she will write again, in the same chat or on her next visit */
};

enum chat_timer { TIMER_NONE, TIMER_MESSAGE, TIMER_LEAVES, TIMER_CLOSE_DONE, TIMER_CLOSE_SILENCE, TIMER_BOT, TIMER_BOT_ASKS, TIMER_NEXT_VISIT };

enum chat_flag {
    FLAG_GONE = 1,            /* she has silently left; nobody knows */
    FLAG_SETTLED = 2,         /* her outcome (answered, abandoned, rejected, resolved by the bot) is counted */
    FLAG_ABANDONED = 4,       /* that outcome was leaving */
    FLAG_JUDGED = 8,          /* arrived in opening hours */
    FLAG_ROUND_OPEN = 16,     /* a round waits for its reply */
    FLAG_ROUND_JUDGED = 32,   /* it opened in opening hours */
    FLAG_ROUND_PLATFORM = 64, /* it opened in the platform's window */
    FLAG_LEFT_MESSAGE = 128,  /* found nobody once */
    FLAG_BOT_CAN = 256,
    FLAG_REPLIED = 512,       /* by a human, on this visit */
    FLAG_WAIT_KNOWN = 1024,   /* wait_for_agent_s is recorded */
    FLAG_COMES_BACK = 2048,   /* writes_at is her coming back after giving up */
    FLAG_TRANSFERRED = 4096,  /* the first agent has handed her over */
    FLAG_ROUND_BY_DESK = 8192, /* a transfer opened it, not a message of hers */
    FLAG_PATIENCE_KEPT = 16384, /* an agent has her and her clock stands */
    FLAG_ASKS_NEXT = 524288,   /* with FLAG_COMES_BACK: not the same question again */
    FLAG_DRAWN = 262144,       /* the durations of her next round */
    FLAG_INTERRUPTED = 131072, /* her reply is done in part */
    FLAG_NOT_THERE = 65536,   /* left a message: she reads the answer later, and does not write on */
    FLAG_POOLED = 32768,      /* left a message that nobody has taken up yet */
};

#define FLAGS_OF_ROUND (FLAG_ROUND_OPEN | FLAG_ROUND_JUDGED | FLAG_ROUND_PLATFORM | FLAG_ROUND_BY_DESK)

/* Sorted by how often it is touched: the first two cache lines serve the messages of a chat. */
struct chat {
    _Alignas(64) uint64_t key; /* draw key of this visit */
    fl_time opened_at;       /* opening of the present round, or of the last */
    fl_time entered_at;      /* into her agent's inbox, with this round */
    fl_time leaves_at;       /* end of her patience in this round; FL_TIME_NEVER */
    fl_time writes_at;       /* her next message; FL_TIME_NEVER */
    union {
        struct fl_where round; /* the figures of her present round go there */
        struct {
            uint32_t agent;
            uint16_t round_interval; /* of the round's opening */
            uint8_t group, intent;
        };
    };
    uint32_t next, previous; /* neighbours in the inbox, or in the pool */
    uint32_t flags;          /* enum chat_flag */
    uint8_t state, timer, buyer_class, hops;
    /* ---- */
    fl_time active_at;       /* last message of either side */
    fl_time responses_sum;
    double reply_s;          /* work of this round's reply, without what depends on the agent; of the next, while she thinks */
    fl_time think;           /* how long she will think after it */
    uint32_t question;       /* asked so far */
    uint32_t questions_left; /* after the present one */
    uint32_t messages, answers, replies; /* buyer's, agents'; rounds closed */
    uint32_t reply_chars;    /* to be typed */
    uint16_t burst_left;     /* messages of the present question not yet written */
    uint16_t extra_round;    /* rounds opened in this question beyond the first */
    uint16_t interval;       /* of the chat's arrival */
    uint8_t extras_left, visit;
    /* ---- once or twice a chat ---- */
    fl_time arrived_at;
    fl_time recent_at;
    fl_time first_response;  /* when replies > 0 */
    double work_left;        /* with FLAG_INTERRUPTED: share of her reply still to do */
    fl_time patience_left;   /* with FLAG_PATIENCE_KEPT: what was left when an agent took her */
    double tag;              /* interleaved: attained service at which her reply is done */
    uint64_t ordinal;
    uint32_t stream;
    uint32_t sibling_next, sibling_previous; /* among the open chats of her agent */
    uint32_t recent_agent, dedicated_agent;
    uint32_t message_index, rounds; /* of the log; rounds opened */
    uint32_t decisions;
    uint32_t recorded;       /* her place in the recording, FL_NONE: she is drawn */
    uint32_t visits_before;  /* of her earlier chats: the first of this one has that number */
    uint32_t visit_id;       /* of a chat on a next visit, in the log; 0: it is her first */
    uint8_t entry_point, device, bot_rounds;
    uint8_t counts_active;   /* within her agent's recent_active */
    /* An odd number of lines, so that the first two of all chats spread over all sets of the cache. */
    _Alignas(64) uint8_t apart[64];
};

enum compose_kind { COMPOSE_NOTHING, COMPOSE_REPLY, COMPOSE_EXTRA, COMPOSE_BACKLOG, COMPOSE_DUTIES };

/* The first cache line serves the messages and replies. */
struct desk_agent {
    _Alignas(64) uint32_t inbox_first;
    uint32_t inbox_last;
    uint32_t chat;           /* being composed for, or FL_NO_CHAT */
    uint8_t compose;         /* enum compose_kind */
    bool terse;              /* the reply under way is a bare yes or no */
    bool on_duties, finishing;
    double slowness;         /* 1 / (speed x grade) */
    fl_time composing_since;
    fl_time depth_from;      /* accounting up to here */
    fl_time duty_from;       /* -1: off duty */
    uint64_t busy_ns, depth_ns; /* since the last interval boundary */
    /* ---- */
    uint64_t open_ns, duty_ns; /* the same */
    uint32_t first_chat;     /* of her open chats */
    bool shift_on, left, offline, suspended, auto_suspended, draining, short_break, absent;
    uint8_t away;            /* breaks and meetings under way */
    fl_time open_from;
    fl_time duty_since;      /* start of this stretch of duty, for tiredness */
    /* ---- */
    uint64_t history;        /* her last 64 rounds, newest in bit 0: within 3 minutes; kept when she may be suspended by it */
    uint32_t history_count;
    uint32_t group;          /* her first: where her time is counted */
    uint32_t turn;           /* round_robin reply order: the chat after which to go on */
    double s_per_char;
    /* interleaved: attained service of each waiting chat, ns at speed 1 */
    double attained;
    fl_time attained_at;
    uint64_t key;            /* of her draws */
    fl_time gone_at;         /* she begins no shift from then on: she has left for good; FL_TIME_NEVER */
};

enum timeline_what { LINE_WINDOWS, LINE_MIDNIGHT, LINE_DATE, LINE_SHIFT_END, LINE_AWAY_END, LINE_SHIFT_START, LINE_DRAIN, LINE_AWAY, LINE_EVENT, LINE_EVENT_END };

struct timeline_entry {
    fl_time at;
    uint32_t agent;  /* or FL_NONE */
    uint32_t event;  /* index of the scenario's event, for LINE_EVENT */
    uint32_t what;
};

struct wake {
    fl_time at;
    uint64_t sequence;
    uint32_t hint;
};

#define SLOT_TIMELINE 0u
#define SLOT_WAKE 1u
#define SLOT_ACTIVITY 2u
#define SLOT_STREAMS 3u

/* A message, whose chat counts as active until some time after. */
struct activity {
    fl_time at;
    uint32_t chat;
};

/* The entries in order of time; capacity is a power of two. */
struct activity_ring {
    struct activity *entry;
    uint32_t capacity, first, count;
};

struct fl_desk {
    const struct fl_desk_setup *setup;
    const struct fl_scenario *scenario;
    struct fl_arena *arena;
    struct fl_day *day;
    const struct fl_router_ops *ops;
    void *router;
    struct fl_view view;
    struct fl_port port;

    fl_time now, boundary; /* next end of an interval */
    fl_time counted_from;  /* the last one: what agents did before is booked */
    uint16_t interval;     /* counted interval of now, or NOT_COUNTED */
    uint16_t interval_index;
    bool open_hours, platform_hours, ended, any_extras;
    bool stopped; /* ended or failed */
    bool has_patience_first, has_patience_later; /* before, after a first reply; of some intent at least */
    bool single_messages; /* every question is one message */
    const struct fl_recording *recording; /* NULL: no buyer is a recorded one */
    bool transfers;       /* some intent's chats are handed over */
    bool has_parts;       /* some intent's replies are given by their parts, not as a total */
    bool oldest_first;    /* the reply order */
    bool even_speed;     /* neither tiredness nor multitasking */
    bool tells_messages; /* the router wants to hear of messages and replies */
    bool interleaved;    /* agents share their speed among all who wait */
    bool watches_load;   /* agents are suspended by load or reply rate */
    bool follows_score;  /* each date's traffic follows the ratings of the dates before */
    bool logs;
    bool next_visits;     /* who was served may write again */
    bool messages_heeded, replies_heeded; /* some of these must hear of each: log, router, counts of recent chats, auto-suspend */
    uint16_t round_flags;  /* what a round that opens now is judged by */
    fl_time reply_within, ordinary_within; /* in time; in time and not slow either */

    struct fl_events events;
    fl_time events_span; /* within which most chats' next events lie */
    uint32_t slot_agents, slot_chats, streams_count;

    struct fl_agent *agents;
    struct desk_agent *own; /* [agents] */
    const uint32_t *share;  /* [agents] which share of a divided desk each is in; NULL: all of it is here */
    struct chat *chats;
    uint32_t chats_capacity, chats_free /* head of the free list, by next */, chats_used /* ever */;
    struct fl_stream *streams;
    struct fl_traffic_day traffic_day;
    struct timeline_entry *timeline;
    uint32_t timeline_count, timeline_next;
    struct wake *wakes;
    uint32_t wakes_count, wakes_capacity;
    uint64_t wakes_sequence;
    bool counts_recent; /* capacity counts recently active chats */
    struct activity_ring activity;
    uint32_t *waiting; /* [groups] chats in the router's queue */
    fl_time *waiting_from;
    uint64_t *queue_ns;
    uint32_t waiting_total;
    uint32_t pool_first, pool_last, backlog_left;
    uint32_t *pooled;       /* [groups] chats in the pool */
    uint64_t pooled_groups; /* bit per group that has some there */
    uint64_t *serves;       /* [agents] bit per group whose chats are hers to serve */
    uint32_t pool_added;    /* messages so far, */
    uint32_t *pool_seen;    /* [agents] as many when she last found none of hers: nothing that leaves the pool makes one so */
    bool newly_left, leaves_beside_idle;
    uint32_t available_count;
    double *class_until; /* cumulated shares */
    enum fl_status failed;
    uint64_t unsettled; /* chats counted as offered whose outcome is open */
    uint32_t visits_used; /* next visits so far */
};

/* ---- Small readings -------------------------------------------------------------------------- */

static inline uint32_t chat_slot(const struct fl_desk *desk, uint32_t c)
{
    return desk->slot_chats + c;
}

/* A chat's slot holds an event exactly while it has a timer. at < FL_TIME_NEVER. */
FL_ALWAYS_INLINE void chat_arm(struct fl_desk *desk, uint32_t c, enum chat_timer timer, fl_time at)
{
    const bool writes = timer == TIMER_MESSAGE || timer == TIMER_BOT_ASKS || timer == TIMER_NEXT_VISIT;
    if (desk->chats[c].timer != TIMER_NONE) fl_events_cancel(&desk->events, chat_slot(desk, c));
    desk->chats[c].timer = (uint8_t)timer;
    fl_events_are_many(&desk->events);
    fl_events_add(&desk->events, chat_slot(desk, c), at, writes ? FL_CLASS_ARRIVAL : FL_CLASS_RELEASE);
}

static inline void chat_disarm(struct fl_desk *desk, uint32_t c)
{
    if (desk->chats[c].timer == TIMER_NONE) return;
    desk->chats[c].timer = TIMER_NONE;
    fl_events_cancel(&desk->events, chat_slot(desk, c));
}

/* Where the figures of a chat's arrival go; of its present round. */
static inline struct fl_where where_chat(const struct chat *chat)
{
    struct fl_where where = chat->round;
    where.interval = chat->interval;
    return where;
}

static inline struct fl_where where_round(const struct chat *chat)
{
    return chat->round;
}

/* An agent has her: with until_assigned her clock stops. It goes on when she has to queue once more. */
static inline void patience_stop(const struct fl_desk *desk, struct chat *chat)
{
    if (desk->scenario->buyers.patience.applies != FL_UNTIL_ASSIGNED || chat->leaves_at == FL_TIME_NEVER) return;
    chat->patience_left = chat->leaves_at - desk->now;
    chat->flags |= FLAG_PATIENCE_KEPT;
    chat->leaves_at = FL_TIME_NEVER;
}

/* What a reply takes, by its parts: reading, thinking, a tool, a quick phrase. */
struct reply_work {
    double seconds; /* at the standard speed, without typing */
    uint32_t chars; /* to be typed */
    bool quick;
};

/* Index of the draws that belong to the present round. */
static inline uint32_t round_index(const struct chat *chat)
{
    return chat->question << 8 | (chat->extra_round < 255 ? chat->extra_round : 255);
}

/* ---- Between the files ----------------------------------------------------------------------- */

/* chat.c: a buyer's side */
void chat_arrive(struct fl_desk *desk, uint32_t stream);
void chat_timer_fires(struct fl_desk *desk, uint32_t c);
void chat_close(struct fl_desk *desk, uint32_t c, enum fl_close_reason why);
void chat_free(struct fl_desk *desk, uint32_t c);
fl_time chat_patience_until(const struct fl_desk *desk, const struct chat *chat); /* in the round that opens now */
void chat_maybe_come_back(struct fl_desk *desk, struct chat *chat);
void chat_extra_sent(struct fl_desk *desk, uint32_t c);
void chat_leave_pool(struct fl_desk *desk, uint32_t c);
void chat_settle_outcome(struct fl_desk *desk, uint32_t c, enum fl_count outcome);
void chat_judge_round(struct fl_desk *desk, uint32_t c, bool in_time);
void chat_miss_round(struct fl_desk *desk, uint32_t c);
void chat_arm_waiting(struct fl_desk *desk, uint32_t c);
void chat_draw_reply(const struct fl_desk *desk, struct chat *chat, uint32_t round); /* into the chat */
struct reply_work chat_reply_work(const struct fl_desk *desk, const struct chat *chat, uint32_t round); /* where no total is given */
void chats_settle(struct fl_desk *desk);                             /* at the end */
void chat_log_write(struct fl_desk *desk, uint32_t c, uint8_t kind, uint8_t flags, uint32_t chars);

static inline void chat_log(struct fl_desk *desk, uint32_t c, uint8_t kind, uint8_t flags, uint32_t chars)
{
    if (desk->logs) chat_log_write(desk, c, kind, flags, chars);
}

/* recorded.c: what a recorded buyer did. Of others, and of what no log knows, everything is as it was drawn. */
void recorded_begin(const struct fl_desk *desk, struct chat *chat); /* intent and class */
uint32_t recorded_questions(const struct fl_desk *desk, const struct chat *chat, uint32_t drawn);
uint32_t recorded_burst(const struct fl_desk *desk, const struct chat *chat, uint32_t drawn); /* messages of the present question */
bool recorded_gap(const struct fl_desk *desk, const struct chat *chat, fl_time *gap);         /* false: to be drawn; so below */
bool recorded_thinking(const struct fl_desk *desk, const struct chat *chat, uint32_t question, fl_time *think); /* after that question's reply */
bool recorded_patience(const struct fl_desk *desk, const struct chat *chat, const struct fl_distribution *drawn /* NULL: infinite */, fl_time *waits);
void recorded_silence(const struct fl_desk *desk, const struct chat *chat, bool *silent);
uint32_t recorded_chars(const struct fl_desk *desk, const struct chat *chat, uint32_t round); /* of the reply; 0: to be drawn */

/* assign.c: between desk and router */
void desk_route(struct fl_desk *desk, uint32_t c, enum fl_route_why why, uint32_t exclude, uint32_t to_group);
enum fl_verdict desk_decide(void *desk, const struct fl_decision *decision);
bool desk_leaves_beside_idle(const struct fl_desk *desk);
void desk_assign(struct fl_desk *desk, uint32_t c, uint32_t a); /* gives a chat that nobody has to an agent, and tells nobody */
void desk_sibling_insert(struct fl_desk *desk, struct desk_agent *own, uint32_t c); /* among her open chats */
void desk_detach(struct fl_desk *desk, uint32_t c); /* takes a chat from its agent, tells nobody */
void desk_dequeued(struct fl_desk *desk, uint32_t c);
void desk_enqueued(struct fl_desk *desk, uint32_t c);
void desk_wait_known(struct fl_desk *desk, struct chat *chat); /* wait_for_agent_s ends now, once */
void desk_check(struct fl_desk *desk, enum fl_status status);
void wake_fires(struct fl_desk *desk);

/* agent.c: an agent at work */
void agent_inbox_remove(struct fl_desk *desk, uint32_t a, uint32_t c);
void agent_interrupt(struct fl_desk *desk, uint32_t a); /* drops the reply under way, keeping what was done */
void agent_round_ends(struct desk_agent *own, bool in_time); /* for her own 3-minute rate, by which she may be suspended */
void agent_share_changes(struct fl_desk *desk, uint32_t a);
void agent_share_changed(struct fl_desk *desk, uint32_t a);
bool agent_duties_continue(struct fl_desk *desk, uint32_t a); /* whether there was one to begin */
uint32_t agent_first_message(const struct fl_desk *desk, uint32_t a); /* the leave-message that is her first duty, or FL_NO_CHAT: O(pool) */
bool agent_leave_message_continue(struct fl_desk *desk, uint32_t a); /* while one is in the pool: whether she takes it, having nothing to answer */
void agent_has_room(struct fl_desk *desk, uint32_t a); /* without a reply of hers: she looks for leave-messages */
void agent_extra_continue(struct fl_desk *desk, uint32_t a);
uint32_t agent_share_place(const struct fl_desk *desk, uint32_t a, struct chat *chat);
void agent_share_ends(struct fl_desk *desk, uint32_t a);
void agent_account(struct fl_desk *desk, uint32_t a);  /* levels and time up to now */
void agent_open_changes(struct fl_desk *desk, uint32_t a); /* the same of her open chats, before their number changes */

/* Before and after open or awaiting change: only who interleaves has a speed that depends on them. */
static inline void agent_speed_changes(struct fl_desk *desk, uint32_t a)
{
    if (desk->interleaved) agent_share_changes(desk, a);
}

static inline void agent_speed_changed(struct fl_desk *desk, uint32_t a)
{
    if (desk->interleaved) agent_share_changed(desk, a);
}

/* Whether she answers chats now: on duty and at the keyboard. After her shift she finishes what she holds. */
static inline bool agent_works(const struct desk_agent *own)
{
    if (own->left | own->offline | (own->away > 0)) return false;
    return (own->shift_on & !own->absent) | own->finishing;
}

/* reply.c: replies */
void agent_continue(struct fl_desk *desk, uint32_t a); /* starts the next thing when she is free */
void agent_compose(struct fl_desk *desk, uint32_t a, enum compose_kind kind, uint32_t c, double seconds);
void agent_compose_ends(struct fl_desk *desk, uint32_t a);
void agent_reply_sent(struct fl_desk *desk, uint32_t a, uint32_t c);

/* tenure.c: what changes from date to date, a date being 24 hours from the scenario's start */
void tenure_begin(struct fl_desk *desk, uint32_t a);           /* draws when she leaves for good, and rates her for the first date */
bool tenure_absent(const struct fl_desk *desk, uint32_t a, fl_time at); /* whether she does not show up for a shift that begins then */
/* How an instant counts for her: she works her shifts, is paid for them elsewhere (training, paid leave), or neither. *until: as long
 * as this holds, FL_TIME_NEVER for ever. */
enum standing { STANDING_OFF, STANDING_PAID, STANDING_WORKS };
enum standing tenure_standing(const struct fl_agent_def *def, fl_time at, fl_time *until);
void tenure_paid(struct fl_desk *desk, uint32_t a, fl_time from, fl_time to); /* books time paid elsewhere */
void tenure_date_begins(struct fl_desk *desk);                 /* rates those who learn; the traffic follows the score */

/* presence.c: who is there when */
enum fl_status presence_begin(struct fl_desk *desk);
void presence_before_start(struct fl_desk *desk);
void presence_fires(struct fl_desk *desk);
void presence_refresh(struct fl_desk *desk, uint32_t a); /* derives her state; tells the router when it changed */
void presence_judge_load(struct fl_desk *desk, uint32_t a); /* auto-suspend by load or reply rate */

static inline void presence_load_changed(struct fl_desk *desk, uint32_t a)
{
    if (desk->watches_load) presence_judge_load(desk, a);
}

void presence_resumed(struct fl_desk *desk, uint32_t a); /* perhaps: suspension or break are over */
void presence_finished(struct fl_desk *desk, uint32_t a); /* her last chat closed after her shift */

/* activity.c: capacity that counts recently active chats; only with desk->counts_recent */
enum fl_status activity_begin(struct fl_desk *desk);
void activity_note(struct fl_desk *desk, uint32_t c);   /* a message of either side */
void activity_forget(struct fl_desk *desk, uint32_t c); /* before her agent lets go of her */
void activity_fires(struct fl_desk *desk);

/* outcome.c: what an ended chat is worth */
void outcome_count(struct fl_desk *desk, uint32_t c);

#endif
