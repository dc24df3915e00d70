/* A scenario: everything that is known before the first buyer writes.
 *
 * The reader turns JSON text into this plain struct; everything after it only reads. Durations are ns,
 * instants are ns from the scenario's start (`start`, local shop time) and may be negative. An absent
 * block is neutral, never a realistic default. All arrays and texts lie in the scenario's own block of
 * memory and live as long as the scenario. Keys, units, ranges and sources: scenarios/README.md.
 *
 * Names in this file are the JSON keys; where a name differs it says so. */
#ifndef FL_SCENARIO_SCENARIO_H
#define FL_SCENARIO_SCENARIO_H

#include "core/distribution.h"
#include "core/status.h"
#include "core/time.h"
#include "scenario/recording.h"

#define FL_NONE UINT32_MAX          /* no such index */
#define FL_UNLIMITED (UINT32_C(1) << 24) /* what null means for a capacity or length */
#define FL_AGENTS_MAX 20000u
#define FL_GROUPS_MAX 64u
#define FL_INTENTS_MAX 64u
#define FL_CLASSES_MAX 32u
#define FL_SKILLS_MAX 64u
#define FL_INTERVALS_MAX 2000u
#define FL_BREAK_RULES_MAX 4u

/* ---- Traffic --------------------------------------------------------------------------------- */

enum fl_phase { FL_PRE_SALE, FL_IN_SALE, FL_AFTER_SALE, FL_PHASES };

/* A named 24-hour shape, {"hourly": [24 shares]}, or finer {"steps": [n shares]}; normalised so that the shares' mean is 1. */
struct fl_profile {
    double hourly[24];   /* of steps: their means */
    uint32_t steps_count; /* 0: as hourly says; else a multiple of 24 that divides 1440 */
    const double *steps; /* constant within each of these equal parts of the day */
};
#define FL_PROFILE_STEPS_MAX 1440u

/* Shape of a promotion: by which factor each hour after the opening is raised over an ordinary day, per phase. */
enum fl_promotion_shape { FL_SHAPE_DOUBLE12, FL_SHAPE_STEP, FL_SHAPE_DECAY, FL_SHAPE_HOURLY };

#define FL_CHATS_PER_DAY_MAX        1e8
#define FL_PROMOTION_MULTIPLIER_MAX 1000.0

struct fl_promotion {
    const char *name;
    fl_time opens_at, closes_at;
    double multiplier;       /* the 24 hours from opens_at bring that many ordinary days' chats; 0 to FL_PROMOTION_MULTIPLIER_MAX */
    double multiplier_sigma; /* sigma of the lognormal factor (mean 1) on the excess, drawn once a day; 0: certain */
    enum fl_promotion_shape shape;
    double hourly[24];       /* FL_SHAPE_HOURLY: relative excess in each hour from the opening */
    fl_time decay;           /* FL_SHAPE_DECAY: time constant of the excess */
    bool eve;                /* the measured ramp before the opening; default true for double12 */
};

struct fl_push {
    fl_time at;
    uint32_t buyers; /* expected number */
    fl_time spread;  /* the buyers come over this time, evenly; 0: at once */
    uint32_t intent; /* index, or FL_NONE: drawn as for everybody */
    const char *name;
};

/* Piecewise linear rate, chats per hour: {"rate": {"points": [["+0h", 120], ...]}}. Two points at one instant
 * are a jump; before the first and after the last point the rate stays as there. */
struct fl_rate_point {
    fl_time at;
    double per_hour;
};

struct fl_busyness {
    bool gamma;   /* gamma with mean 1 and cv `spread`; else lognormal with mean 1 and sigma `spread` */
    double spread; /* 0: none */
    double correlation; /* of one interval's factor with the next one's, in their normal scores; lognormal intervals only, else 0 */
};

#define FL_REPLAY_SCALE_MAX 64 /* copies of a recorded day */

/* Recorded buyers as the traffic. The reader keeps where the log lies; whoever opens the scenario reads that file and hands over what
 * it holds by fl_scenario_attach. */
struct fl_traffic_replay {
    const char *log;  /* a path, by the folder of the scenario's file; NULL: no replay */
    const char *preset, *columns; /* how the log is read, as fenliu fit's --preset and --columns; NULL: by its own names */
    bool has_from;
    fl_time from;     /* the recorded instant that becomes the scenario's start, as an instant of the scenario (so negative for last year) */
    uint32_t days;    /* replication k plays the stretch that begins k mod days days later; default 1 */
    const struct fl_recording *recording; /* NULL until attached */
    fl_time begins;   /* on the recording's clock: the scenario's start */
};

struct fl_traffic {
    double chats_per_day; /* an ordinary day's, at most FL_CHATS_PER_DAY_MAX; 0 when points are given */
    uint32_t points_count;
    const struct fl_rate_point *points;
    struct fl_profile profile[FL_PHASES]; /* "profile": one for all phases, or named "marketplace" pairs */
    bool has_weekday_profile[7];          /* "weekday_profiles", Monday first: that day's instead of `profile`, for all phases */
    struct fl_profile weekday_profile[7];
    double scale;                         /* "scale": factor on everything, default 1 (sensitivity) */
    bool has_weekdays;
    double weekdays[7]; /* Monday first: factor on the ordinary chats of that day, not on promotions, pushes or points */
    uint32_t promotions_count, pushes_count;
    const struct fl_promotion *promotions;
    const struct fl_push *pushes;
    struct fl_busyness day, interval;
    struct fl_traffic_replay replay; /* instead of everything above but `scale` and the pushes */
};

/* ---- Buyers ---------------------------------------------------------------------------------- */

struct fl_buyer_class {
    const char *name;
    double share;            /* normalised to sum 1 */
    int32_t priority;        /* -1000 to 1000, default 0; higher goes first */
    double patience_scale;   /* default 1 */
    double effort_scale;     /* on composing time; default 1 (difficult buyers: more) */
    double rounds_scale;     /* on a buyer's rounds, before they are rounded; default 1 */
    double value_scale;      /* on order value; default 1 */
    double conversion_scale; /* default 1 */
    double recent_agent;     /* probability that she has a recent agent from before the scenario; default 0 */
    struct fl_distribution recent_age; /* how long ago, seconds */
    double dedicated_agent;  /* probability of a dedicated agent; default 0 */
    uint32_t dedicated_to;   /* agent index all of them belong to, or FL_NONE: drawn among all */
};

/* What an answer takes. All in seconds at speed 1, except chars (characters) and quick_phrase (share). */
struct fl_reply_def {
    bool has_total;
    struct fl_distribution total; /* replaces the parts */
    struct fl_distribution read, think, tool, chars;
    double quick_phrase;      /* share of replies sent as a quick phrase, which need no typing but `quick_phrase_time` */
    fl_time quick_phrase_time; /* default 0 */
    double needs_tool;        /* share of replies that need the tool, default 1 */
};

struct fl_intent {
    const char *name;
    enum fl_phase phase;
    double share; /* normalised over all intents */
    int32_t priority;
    struct fl_distribution rounds;
    struct fl_reply_def reply;
    double bot_can_answer;     /* probability */
    bool has_think_time, has_patience, has_messages;
    struct fl_distribution think_time, messages_per_round, patience /* of the first round */; /* override the buyers' */
    uint64_t skills;           /* bit i: needs skill i (names in scenario.skills) */
    double transfer;           /* probability that the first agent must transfer it ("transfer": {"probability", "to"}) */
    uint32_t transfer_to;      /* group index, or FL_NONE: another agent of the same group */
    uint32_t order_status;     /* index into order_statuses, or FL_NONE */
    bool is_inquiry;           /* counts as 询单: default true for pre_sale */
    double conversion;         /* base probability of an order; NaN: not given */
    struct fl_distribution order_value; /* CNY */
    bool has_order_value;
};

enum fl_patience_applies { FL_UNTIL_REPLY, FL_UNTIL_ASSIGNED };

struct fl_patience {
    bool has_first, has_later;             /* false: infinite */
    struct fl_distribution first, later;   /* from the opening of the round; later absent: as first? no: infinite */
    double silent_share;                   /* of leavers, 0 to 1 */
    enum fl_patience_applies applies;
    bool has_finds_out;                    /* the agent's time on a buyer who has silently left; absent: a full reply */
    struct fl_distribution finds_out;      /* after it she closes the chat at once */
};

struct fl_come_back {
    double probability; /* after giving up or finding nobody; 0: off */
    struct fl_distribution after;
    uint32_t visits_max; /* default 3 further visits */
};

/* Writing again after a chat that was served, with a new question: she has a recent agent then. */
struct fl_next_visit {
    double probability; /* 0: off */
    struct fl_distribution after; /* seconds from the end of the chat */
};

struct fl_entry_point {
    const char *name;
    double share;
};

struct fl_buyers {
    uint32_t classes_count, intents_count, entry_points_count, devices_count, order_statuses_count;
    const struct fl_buyer_class *classes; /* at least one: {"name": "all"} when absent */
    const struct fl_intent *intents;
    const struct fl_entry_point *entry_points, *devices; /* may be none */
    const char *const *order_statuses;
    struct fl_distribution messages_per_round; /* constant 1 when absent */
    struct fl_distribution burst_gap;          /* seconds between the messages of one question; 0 when absent */
    struct fl_distribution think_time;         /* 0 when absent */
    struct fl_patience patience;
    struct fl_come_back come_back;
    struct fl_next_visit next_visit;
};

/* ---- The desk -------------------------------------------------------------------------------- */

/* A window of the day, from and to in ns after local midnight; to <= from runs past midnight. */
struct fl_window {
    fl_time from, to;
};

struct fl_group_def {
    const char *name;
    uint32_t phases;       /* bit per fl_phase; 0: any */
    uint64_t intents;      /* bit per intent; 0: any */
    uint32_t classes;      /* bit per class; 0: any */
    uint64_t entry_points; /* bit per entry point; 0: any */
    uint64_t order_statuses; /* 0: any */
    uint32_t overflow;     /* group index, or FL_NONE */
    bool bot;              /* the group's bot answers first */
};

struct fl_break {
    fl_time at;     /* local time of day */
    fl_time length;
};

struct fl_shift_def {
    const char *name;
    fl_time from, to; /* local time of day; to <= from ends the next day. Repeats daily */
    uint32_t breaks_count;
    const struct fl_break *breaks;
    bool once;            /* "from" and "to" were instants: this one span only, from/to in ns from the start */
};

struct fl_grade_def {
    const char *name;
    double speed;      /* default 1 */
    double typing_cpm; /* NaN: the agent's own or the default */
    double wage_cny_per_hour; /* NaN: not given */
    uint32_t weight;   /* 0: not given */
    double conversion_scale; /* default 1 */
};

/* Leave: not there in [from, to), ns from the start. */
struct fl_leave {
    fl_time from, to;
    bool paid; /* the shifts she would have worked are paid; default true */
};

struct fl_agent_def {
    const char *name;
    uint32_t count;     /* how many like this one, >= 0 */
    uint64_t groups;    /* bit per group; all groups when absent */
    uint32_t grade;     /* index, or FL_NONE */
    uint32_t weight;    /* 1 to 1000, default 100 */
    uint32_t max_chats; /* default FL_UNLIMITED */
    double speed;       /* times the grade's, default 1 */
    double typing_cpm;  /* characters a minute, default 60 */
    uint32_t shift;     /* index, or FL_NONE: always on */
    double skill[FL_SKILLS_MAX]; /* proficiency 0 to 1 per skill; 1 for every skill when none is given */
    bool main_account;  /* receives what "main" means; the first agent when nobody says so */
    bool proxy_account;
    bool outsourced;
    double wage_cny_per_hour; /* NaN: the grade's, then money's */
    double absent;      /* probability of not showing up for a shift, drawn for each 24 hours from the start; default 0 */
    fl_time from, until; /* on the payroll in [from, until); absent: -FL_TIME_NEVER (an old hand) and FL_TIME_NEVER */
    fl_time training;   /* from `from` on: her shifts are paid, but she is not at the desk; default 0. Needs from */
    bool has_learning;  /* fl_agent_learned in tenure.h. Needs from */
    double learning_speed; /* share of her speed at the end of her training ... */
    fl_time learning_half; /* ... of which half of what is missing is learned in this time */
    uint32_t rota_count;
    const uint32_t *rota; /* shift of each day from the calendar day of the start, repeated; FL_NONE: off. 0 of them: `shift` daily */
    uint32_t away_count;
    const struct fl_leave *away;
};

enum fl_reply_order { FL_OLDEST_FIRST, FL_NEW_BUYERS_FIRST, FL_NEWEST_FIRST, FL_REPLY_ROUND_ROBIN, FL_SHORTEST_FIRST, FL_INTERLEAVED };

enum fl_bot_mode { FL_BOT_OFF, FL_BOT_FIRST, FL_AGENT_FIRST, FL_BOT_MIXED };

struct fl_bot {
    enum fl_bot_mode mode;
    double share;                   /* FL_BOT_MIXED: of buyers that start at the bot */
    struct fl_distribution reply;   /* seconds a bot answer takes */
    struct fl_distribution rounds;  /* bot rounds before it hands over what it cannot answer; default 1 */
};

struct fl_auto_suspend {
    uint32_t at_open, release_open;    /* suspend at n open chats, back below release; FL_NONE: off */
    double below_reply_rate, release_reply_rate; /* own 3-minute rate over the last `rounds`; NaN: off */
    uint32_t rounds;                   /* window, default 20 */
};

/* Discretionary turns: agent-initiated messages (recommend, cross-sell, remind of payment) made only when nobody waits. */
struct fl_depth {
    double per_chat;            /* mean number of such turns per chat when there is time; 0: off */
    struct fl_distribution time; /* seconds each takes at speed 1 */
    uint32_t terse_above;       /* own queue depth beyond which an answer is a bare yes or no; FL_NONE: never */
    double terse_scale;         /* on composing time then, default 1 */
};

struct fl_tiredness {
    fl_time after;       /* on duty, then composing slows */
    double per_hour;     /* +x a further hour; 0: off */
};

struct fl_multitasking {
    uint32_t speeds_count;
    const double *speed_by_open; /* [0]: with one chat open; the last holds beyond; 1.0 when absent */
};

enum fl_offline_rule { FL_OFFLINE_POOL, FL_OFFLINE_PROXY, FL_OFFLINE_MAIN, FL_OFFLINE_REJECT };
enum fl_shift_end { FL_SHIFT_FINISH, FL_SHIFT_RETURN_TO_QUEUE };

struct fl_start_duties {
    fl_time length;  /* fixed work at log-in (refunds, forms) before the first chat; leave-messages come before it */
};

struct fl_meeting {
    fl_time at;      /* instant */
    fl_time length;
    uint64_t groups; /* bit per group, 0: all */
};

/* Leaving for good: a hazard that is constant up to a tenure of early_for, and another after it (tenure.h). */
struct fl_attrition {
    double yearly;     /* share who leave within 365 days, 0 to 0.99 */
    double early;      /* share of newcomers who leave within early_for; NaN: as yearly says */
    fl_time early_for; /* default 90 days */
};

struct fl_desk_def {
    uint32_t seats;      /* sub-accounts the shop holds; FL_NONE: not given */
    bool has_open;
    struct fl_window open; /* opening hours; absent: always */
    uint32_t groups_count, shifts_count, grades_count, agents_count /* definitions */, meetings_count;
    const struct fl_group_def *groups; /* at least one: "all" when absent */
    const struct fl_shift_def *shifts;
    const struct fl_grade_def *grades;
    const struct fl_agent_def *agents;
    const struct fl_meeting *meetings;
    struct fl_multitasking multitasking;
    enum fl_reply_order reply_order;
    struct fl_bot bot;
    struct fl_auto_suspend auto_suspend;
    struct fl_depth depth;
    struct fl_tiredness tiredness;
    fl_time close_when_done; /* default 0; FL_TIME_NEVER: null */
    fl_time close_silence;   /* default FL_TIME_NEVER */
    enum fl_offline_rule offline;
    enum fl_shift_end shift_end;
    fl_time drain;           /* no new buyers this long before the shift ends, default 0 */
    struct fl_start_duties start_duties;
    uint32_t backlog;        /* leave-messages waiting at the start, default 0 */
    bool has_leave_reply;
    struct fl_distribution leave_reply; /* seconds to work off one leave-message; absent: one reply of its intent */
    uint32_t hop_limit;      /* transfers a chat can have, default 3 */
    bool one_stop;           /* true: first agent resolves, intents' transfer probabilities are ignored */
    bool has_attrition;
    struct fl_attrition attrition;
};

/* ---- Routing --------------------------------------------------------------------------------- */

#define FL_POLICIES(X)                                                                                   \
    X(ROUND_ROBIN, round_robin) X(ROUND_ROBIN_CURSOR, round_robin_cursor) X(SMOOTH_WRR, smooth_wrr)      \
    X(WEIGHTED_RANDOM, weighted_random) X(FEWEST_TODAY, fewest_today) X(LEAST_ACTIVE, least_active)      \
    X(WEIGHTED_LEAST_ACTIVE, weighted_least_active) X(LEAST_UTILIZATION, least_utilization)              \
    X(MOST_SPARE, most_spare) X(LONGEST_SINCE_ASSIGNMENT, longest_since_assignment)                      \
    X(LONGEST_AVAILABLE, longest_available) X(FEWEST_AWAITING, fewest_awaiting)                          \
    X(SHORTEST_EXPECTED_DELAY, shortest_expected_delay) X(MOST_BUSY_FIRST, most_busy_first)              \
    X(THRESHOLD_TWO_LEVEL, threshold_two_level) X(POWER_OF_D, power_of_d) X(STICKY_HASH, sticky_hash)    \
    X(FASTEST_RESPONSE, fastest_response) X(SKILL_BEST, skill_best) X(SKILL_BULLSEYE, skill_bullseye)    \
    X(MANUAL_PULL, manual_pull) X(RANDOM, random) X(MAIN_ONLY, main_only)

enum fl_policy_id {
#define FL_POLICY_ID(upper, lower) FL_POLICY_##upper,
    FL_POLICIES(FL_POLICY_ID)
#undef FL_POLICY_ID
    FL_POLICIES_COUNT
};

enum fl_tie { FL_TIE_OLDEST_ASSIGNMENT, FL_TIE_SEEDED_RANDOM };
enum fl_late_join { FL_LATE_ZERO, FL_LATE_GROUP_MIN, FL_LATE_GROUP_MEAN };
enum fl_suspend_rule { FL_SUSPEND_STICKY, FL_SUSPEND_STRICT, FL_SUSPEND_REROUTE_RECENT /* Taobao 2012: recent buyers re-routed, open chats stay */ };
enum fl_capacity_counts { FL_COUNTS_OPEN, FL_COUNTS_AWAITING, FL_COUNTS_RECENT_ACTIVE };
enum fl_overflow { FL_OVERFLOW_QUEUE, FL_OVERFLOW_ASSIGN_ANYWAY, FL_OVERFLOW_GROUP, FL_OVERFLOW_OFFLINE, FL_OVERFLOW_CLOSE_OLDEST };
enum fl_discipline { FL_FIFO, FL_PRIORITY_FIFO, FL_PRIORITY_AGING, FL_LIFO, FL_LONGEST_WAITING, FL_EDF };

struct fl_routing_def {
    enum fl_policy_id policy; /* "average" reads as fewest_today with late_join group_min, "weighted" as weighted_least_active */
    enum fl_tie tie;
    enum fl_late_join late_join;  /* fewest_today; default zero */
    bool rejoin_tail;             /* round_robin: a returning agent goes to the end; default keeps her place */
    bool count_group_only;        /* least_active: count only chats of this group; default all */
    bool available_resets_on_close; /* longest_available: default true, resets at assignment and at close */
    uint32_t d;                   /* power_of_d, default 2 */
    uint32_t level, reserved;     /* threshold_two_level: fill to level first (default 1); last `reserved` slots for... */
    uint32_t reserved_class;      /* ...this class index, FL_NONE: nobody */
    uint32_t prior_reply_ms;      /* shortest_expected_delay, fastest_response: mean reply before any is known; default 20000 */
    fl_time ring;                 /* skill_bullseye: time-out per ring, default 30 s */
    struct fl_distribution pick_up; /* manual_pull: delay before an agent takes a chat, seconds */
    /* recent agent */
    bool recent_agent;            /* "recent_agent": {...} given */
    fl_time recent_window;        /* default 72 h */
    fl_time recent_ignores_suspend; /* default 24 h */
    bool recent_ignores_capacity; /* default false */
    bool dedicated_agent;         /* direct connection enabled, default false */
    enum fl_suspend_rule suspend;
    enum fl_capacity_counts counts; /* "capacity": {"counts", "active_within", "default"} */
    fl_time counts_within;        /* recent_active: default 5 min */
    uint32_t capacity_default;    /* least_utilization: cap of agents who have none, default 50 */
    enum fl_overflow overflow;
    enum fl_discipline discipline; /* "queue": {"discipline", "max_length", "max_wait", "credit", "due"} */
    uint32_t queue_max;           /* FL_UNLIMITED */
    fl_time queue_max_wait;       /* then the offline rule applies; FL_TIME_NEVER */
    fl_time priority_credit;      /* priority_aging: head start per unit of priority, default 90 s */
    fl_time due;                  /* edf: after the round's opening, default 180 s */
    uint32_t rate_limit;          /* assignments per agent within rate_window; FL_UNLIMITED: off */
    fl_time rate_window;
    fl_time accept_timeout;       /* not answered within: re-assigned to somebody else; FL_TIME_NEVER: off */
};

/* ---- The rest -------------------------------------------------------------------------------- */

enum fl_event_do { FL_DO_LEAVE, FL_DO_SUSPEND, FL_DO_RESUME, FL_DO_OFFLINE, FL_DO_ONLINE, FL_DO_BREAK };

struct fl_event_def {
    fl_time at;
    uint32_t agent; /* definition index, or FL_NONE: everybody ("agent": "*") */
    enum fl_event_do what;
    fl_time length; /* "for"; 0: until something else happens */
};

/* What may go wrong with the link to an outside engine (sim/engine/faults.h plays them). */
#define FL_FAULTS(X)                                                                                              \
    X(STALL, "stall", "nothing passes, either way")                                                               \
    X(SLOW_READER, "slow_reader", "the engine reads 4 kB a second")                                               \
    X(SLOW_WRITER, "slow_writer", "what the engine says arrives at 4 kB a second")                                \
    X(HALF_OPEN, "half_open", "what either side says is lost, and neither sees a connection close; then it is cut") \
    X(CUT, "cut", "the connection is closed, and made anew when the time is over")                                \
    X(RESTART, "restart", "the engine process is ended and started anew; a connection is made anew at once")      \
    X(REORDER, "reorder", "lines of the engine change places with their next ones")                               \
    X(DUPLICATE, "duplicate", "lines of the engine arrive twice")                                                 \
    X(TRUNCATE, "truncate", "lines of the engine lose their second half")                                         \
    X(CORRUPT, "corrupt", "a bit of a line of the engine is another")

enum fl_fault {
#define FL_FAULT_NAME(name, word, sentence) FL_FAULT_##name,
    FL_FAULTS(FL_FAULT_NAME)
#undef FL_FAULT_NAME
    FL_FAULT_LOST, /* not of a scenario: the link broke without being asked to */
    FL_FAULTS_COUNT
};

struct fl_fault_def {
    fl_time at;
    uint32_t what; /* enum fl_fault */
    fl_time length; /* 0: the next line, where lines are hit; at once over, else */
};

/* "engine": the link to an outside engine. */
struct fl_engine_def {
    fl_time connect_timeout; /* 5 s: to look the name up and connect, retries included */
    fl_time timeout;         /* 10 s: for all that the engine does on one event */
    fl_time close_timeout;   /* 2 s: for the engine to end once we have nothing more to say */
    uint32_t write_buffer;   /* 1 MiB: bytes that may wait for an engine that reads too slowly */
    uint32_t retries;        /* 2: further attempts at a refused connection, or a request whose connection was lost */
    uint32_t http_pipeline;  /* "http": {"pipeline": 1}: requests under way at once on a connection */
};

enum fl_comparison { FL_AT_LEAST, FL_AT_MOST, FL_ABOVE, FL_BELOW };
/* FL_PER_DAY: what is simulated as a whole. FL_PER_DATE: each 24 hours from the start by themselves, the last maybe fewer. */
enum fl_objective_per { FL_PER_DAY, FL_PER_INTERVAL, FL_PER_GROUP, FL_PER_AGENT, FL_PER_DATE };

struct fl_objective {
    const char *name; /* "first_response_s.p90" */
    enum fl_comparison comparison;
    double bound;
    enum fl_objective_per per;
    const char *want; /* as written, "<= 60" */
};

/* A dated preset of the platform's own figures, DOMAIN section 2.6. */
struct fl_platform {
    const char *name;       /* "taobao-2025"; "none" when absent */
    struct fl_window window; /* rounds that open in it count */
    fl_time reply_within;   /* 180 s */
    double reply_rate_min;  /* 0.80; NaN: none */
    uint32_t days;          /* 30 */
    uint32_t rounds_min;    /* 100 */
    double penalty_cny;     /* per case, NaN: none */
};

struct fl_ordinary_day {
    bool given;
    double inquiries; /* chats on that day */
    uint32_t agents;  /* people on duty */
    double response_s; /* mean response time shown on the panel */
    struct fl_window hours; /* "hours": ["09:00","24:00"]; the desk's opening hours when absent */
};

struct fl_money {
    double wage_cny_per_hour;  /* NaN: not given */
    double conversion;         /* base inquiry conversion; NaN: not given */
    double unserved;           /* "unserved": share of the base that buys without being served; default 1/1.16 */
    double order_value_cny;    /* NaN: not given */
    double margin;             /* of sales, default 1 */
    double commission;         /* of sales, default 0 */
    double bonus_cny;          /* per agent and month of 30 days */
    double first_response_loss_per_min; /* conversion x (1 - loss)^minutes; default 0: off */
    double response_loss_per_min;
    double answer_ratio_gain;  /* per unit of answer ratio above 1; default 0: off */
    double transfer_loss;      /* per transfer, default 0 */
    double satisfaction_base, satisfaction_loss_per_min, satisfaction_transfer_loss; /* share satisfied; base NaN: not given */
    double rates_share;        /* of buyers who rate, default 0.1 */
    double penalty_cny_per_case;
    double seat_cny;           /* one more sub-account, a month */
    double lost_contact_cny;   /* advertising wasted by a lost inquiry, default 0 */
    fl_time overtime_after;    /* "overtime": hours of a working day, FL_TIME_NEVER: none is paid ... */
    double overtime_rate;      /* ... beyond which an hour is paid so many times the wage */
    double score_expected;     /* "service_score": the mean of 1 to 5 at which traffic stays as it is; NaN: not given ... */
    double score_traffic;      /* ... and the share of later traffic that a point more or less brings or costs */
};

/* Hours that are paid for so many on duty on a working day, overtime counted at its rate. */
static inline double fl_money_hours(const struct fl_money *money, double hours)
{
    const double beyond = money->overtime_after == FL_TIME_NEVER ? 0 : hours - fl_time_to_s(money->overtime_after) / 3600;
    return beyond > 0 ? hours + (money->overtime_rate - 1) * beyond : hours;
}

struct fl_staff_shift {
    const char *name;
    fl_time from, to; /* instants, ns from start */
    uint32_t group;   /* FL_NONE: any */
    double cost_cny;  /* NaN: wage x hours */
    uint32_t breaks_count;
    const struct fl_break *breaks; /* at: ns after the shift's start */
};

/* A break of generated shifts, somewhere within [from, to] after their start. */
struct fl_break_rule {
    fl_time length, from, to; /* to: default from */
    fl_time every;            /* grid of its starts, default 30 min */
    fl_time at_least;         /* shifts of this length or more have it; default to + length */
    bool paid;                /* default true */
};

/* Limits on what one person works; a week is seven days from the scenario's first. */
struct fl_labour {
    fl_time hours_day, hours_week; /* FL_TIME_NEVER: no limit */
    fl_time rest;                  /* between two shifts; 0: none */
    uint32_t days_week;            /* 7: no limit */
};

/* A time when somebody is away or would rather not work: a span, or a part of every day. */
struct fl_absence {
    fl_time from, to;  /* ns from the start; daily: times of day, to <= from runs past midnight */
    bool daily;
    double weight_cny; /* of a wish: what it is worth a shift not to have it broken */
};

/* Who is there, by name. */
struct fl_person_def {
    uint32_t agent;          /* definition; what is said holds for each of its people */
    struct fl_labour labour; /* complete: staffing's where she has none of her own */
    uint32_t away_count, wishes_count;
    const struct fl_absence *away, *wishes;
};

/* A kind of people who can be had. */
struct fl_hire_def {
    const char *name;
    uint32_t like;       /* agent definition that she is like in all that is not said here; FL_NONE: the first */
    uint32_t count_max;  /* FL_NONE: as many as wanted */
    uint64_t groups;     /* 0: as `like` */
    uint32_t grade;      /* FL_NONE: as `like` */
    double speed;        /* times that of `like`, default 1 */
    double wage_cny_per_hour; /* NaN: the grade's if one is given, else as `like` */
    double shift_cny;    /* price of a shift of whatever length, instead of the wage; NaN: by the hour */
    fl_time length_min, length_max; /* 0: staffing's */
    uint32_t starts_count;
    const struct fl_window *starts; /* none: staffing's */
    bool outsourced;
    fl_time stand_by;      /* on call beside each shift, default 0 ... */
    double stand_by_share; /* ... for this share of the wage */
    double hire_cny;       /* of each, once: agency, training; default 0 */
    fl_time notice;        /* from the scenario's start until the first can begin, default 0 */
    fl_time training;      /* from then on: paid, answers nobody; default 0 */
    bool has_learning;     /* as in fl_agent_def, from the end of the training on */
    double learning_speed;
    fl_time learning_half;
    fl_time paid_hours_week; /* paid for from her beginning on, worked or not; 0: none */
    struct fl_labour labour; /* as in fl_person_def */
};

enum fl_existing { FL_EXISTING_BY_PRICE, FL_EXISTING_FIRST };

enum fl_judge { FL_JUDGE_DAYS, FL_JUDGE_MEAN };

struct fl_staffing_def {
    uint32_t shifts_count;
    const struct fl_staff_shift *shifts; /* none: starts every `step`, lengths from length_min to length_max */
    fl_time step, length_min, length_max; /* default 1 h, 4 h, 8 h */
    uint32_t starts_count, breaks_count, hire_count;
    const struct fl_window *starts;     /* times of day at which generated shifts may start, both ends included; none: any */
    const struct fl_break_rule *breaks; /* of generated shifts */
    const struct fl_hire_def *hire;     /* none: as many like those who are there as wanted */
    enum fl_existing existing;          /* with `hire`: whether those who are there go first */
    bool has_labour;                    /* "labour" or "people" given: who works when is worked out by name */
    struct fl_labour labour;
    uint32_t over_days;                 /* labour.days: the roster is repeated until so many are filled; 0: the scenario's own */
    uint32_t people_count;
    const struct fl_person_def *people;
    uint32_t max_agents;      /* default 200 */
    uint32_t more_seats;      /* sub-accounts there may be beyond desk.seats; FL_NONE: any number */
    double day_probability;   /* default 0.9 */
    double confidence;        /* default 0.95 */
    enum fl_judge judge;
    uint32_t replications;    /* of the final check, default 1000 */
    double new_hire_speed;    /* default 1/2.3 */
};

enum fl_end { FL_END_STOP, FL_END_DRAIN };

/* Extra service levels to report: share of chats or rounds within a limit. */
struct fl_threshold {
    const char *measure; /* "wait_for_agent_s", "response_s", ... */
    double seconds;
};

struct fl_scenario {
    const char *name, *about;
    uint64_t hash;        /* of the text as read, overrides included */
    const char *file;     /* as opened */
    int64_t start_s;      /* local seconds since 1970-01-01T00:00, so start_s mod 86400 is the time of day */
    fl_time duration, interval, warmup;
    uint32_t intervals_count; /* duration / interval, rounded up */
    uint64_t seed;        /* default 1 */
    uint32_t replications; /* default 20 */
    struct fl_platform platform;
    struct fl_traffic traffic;
    struct fl_buyers buyers;
    struct fl_desk_def desk;
    struct fl_routing_def routing;
    uint32_t events_count, faults_count, objectives_count, skills_count, thresholds_count;
    const struct fl_event_def *events;
    const struct fl_fault_def *faults;
    const struct fl_objective *objectives;
    const char *const *skills;
    const struct fl_threshold *thresholds;
    struct fl_ordinary_day ordinary_day;
    enum fl_end end;
    struct fl_engine_def engine;
    struct fl_money money;
    struct fl_staffing_def staffing;
};

/* The time of day of an instant, ns after local midnight, 0 <= result < 24 h. */
static inline fl_time fl_time_of_day(const struct fl_scenario *scenario, fl_time at)
{
    const fl_time since = ((scenario->start_s % 86400) * FL_SECOND + at) % FL_DAY;
    return since < 0 ? since + FL_DAY : since;
}

/* The day of the week of an instant, 0: Monday. 1970-01-01 was a Thursday. */
static inline uint32_t fl_time_weekday(const struct fl_scenario *scenario, fl_time at)
{
    const int64_t midnight_s = scenario->start_s - scenario->start_s % 86400;
    const fl_time since = at + (scenario->start_s - midnight_s) * FL_SECOND; /* that midnight */
    const int64_t days = midnight_s / 86400 + (since >= 0 ? since / FL_DAY : -((FL_DAY - 1 - since) / FL_DAY));
    return (uint32_t)(((days + 3) % 7 + 7) % 7);
}

/* How many dates a scenario has: its 24-hour stretches from the start, the last of which may be shorter. */
static inline uint32_t fl_scenario_dates(const struct fl_scenario *scenario)
{
    return (uint32_t)((scenario->duration + FL_DAY - 1) / FL_DAY);
}

/* Whether an instant lies in a daily window; an empty window (from == to) is the whole day. */
static inline bool fl_window_holds(const struct fl_window *window, fl_time time_of_day)
{
    if (window->from == window->to) return true;
    if (window->from < window->to) return time_of_day >= window->from && time_of_day < window->to;
    return time_of_day >= window->from || time_of_day < window->to;
}

/* Agents on the payroll: the sum of the definitions' counts. */
uint32_t fl_scenario_agents_count(const struct fl_scenario *scenario);

#endif
