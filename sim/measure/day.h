/* What one simulated day is measured by: exact counts and histograms, per cell.
 *
 * A cell is a corner of the day: a group in an interval, a group, an intent, an agent. The desk's figures are
 * the sums over its groups. Everything is whole numbers, so cells add up exactly in any order. A chat counts in
 * the interval of its arrival, a round in the interval of its opening, both only within [warmup, end).
 *
 * Rounds: DOMAIN 2.5. Every reply falls into exactly one of the kinds below, so recording it is one increment per
 * cell; the three published measures are sums of kinds:
 *   first_response_s = FIRST_SAME + FIRST_DESK           response_s = first_response_s + LATER_SAME + LATER_DESK
 *   reply_latency_s  = FIRST_SAME + LATER_SAME + AGENT
 * SAME: the round opened after the assignment, so the buyer's wait and the agent's latency are one value. */
#ifndef FL_MEASURE_DAY_H
#define FL_MEASURE_DAY_H

#include "core/arena.h"
#include "core/histogram.h"
#include "scenario/scenario.h"

#define FL_COUNTS_LIST(X)                                                                                       \
    /* Of these seven only what is out of the ordinary is counted as it happens, see fl_day_finish. */          \
    X(rounds_opened)          /* counted where and with whom the round ended */                                 \
    X(buyer_messages) X(agent_messages) X(replies)                                                              \
    X(rounds_judged) X(rounds_in_3min)       /* opened in opening hours; settled, or overdue at the end */      \
    X(platform_rounds) X(platform_in_3min)   /* opened in the platform's window */                              \
    X(chats_offered)          /* first visits: every buyer who wrote; of an agent: who were hers when they had their outcome */ \
    X(chats_answered)         /* had a human reply before she left */                                           \
    X(chats_abandoned)        /* left before a first reply (until_assigned: before assignment) */               \
    X(chats_abandoned_silent) /* of those, without a word */                                                    \
    X(offered_when_closed) X(abandoned_when_closed) /* of chats_offered and chats_abandoned, who wrote out of opening hours */ \
    X(chats_rejected) X(bot_resolved)                                                                           \
    X(leave_messages)         /* found nobody; whether worked off later or not */                               \
    X(left_in_hours)          /* of those, in opening hours and without an answer before */                     \
    X(chats_unserved)         /* at the end none of answered, abandoned, rejected, bot_resolved */              \
    X(reopened) X(transfers) X(chats_left_later) /* gave up after a first reply */                              \
    X(chats_no_service)       /* left a message, were refused, or had no reply when they ended */               \
    X(chats_waited)           /* not assigned at once */                                                        \
    X(chats_judged)           /* wrote in opening hours; first reply settled, or overdue at the end */          \
    X(first_in_30s) X(slow_rounds) /* waited 100 s or more */                                  \
    X(rounds_given_up) X(wasted_replies) X(extra_turns) X(bot_replies)                         \
    X(inquiries) X(orders) X(sales_fen) X(lost_sales_fen) X(ratings) X(satisfied)                               \
    X(dsr_points) /* sum of 1 to 5 over ratings */                                                              \
    /* What follows is no buyer's, and stands in no intent's cell. */                                              \
    X(drained_replies) /* sent after the end, when what is open is worked off */                                          \
    /* Time in microseconds: 64 bits of nanoseconds are 584 years, which a hundred agents on duty for days without number exceed. */ \
    X(busy_us) X(duty_us) X(open_us) X(depth_us) X(queue_us)

enum fl_count {
#define FL_COUNT_NAME(name) FL_COUNT_##name,
    FL_COUNTS_LIST(FL_COUNT_NAME)
#undef FL_COUNT_NAME
    FL_COUNTS
};

enum fl_kind { FL_KIND_FIRST_SAME, FL_KIND_LATER_SAME, FL_KIND_FIRST_DESK, FL_KIND_LATER_DESK, FL_KIND_AGENT,
               FL_KIND_WAIT /* wait_for_agent_s */, FL_KIND_DURATION /* chat_duration_s */, FL_KINDS };

struct fl_cell {
    uint64_t count[FL_COUNTS];
    struct fl_histogram head[FL_KINDS];
};

/* Queue depth and open chats are kept as time spent at each level; the last level stands for itself and all above. */
#define FL_LEVELS 128
struct fl_level_time {
    uint64_t depth, open; /* nanoseconds in a day; microseconds where days are pooled */
};
struct fl_levels_most {
    uint32_t depth, open; /* as they come only of those that the last level stands for; fl_day_finish knows the others */
};
/* Of one agent, or of several. */
struct fl_levels {
    struct fl_level_time at[FL_LEVELS];
    struct fl_levels_most most;
};

/* State of the desk at the start of an interval, before anything of that instant: for time-varying checks. */
struct fl_snapshot {
    uint32_t waiting, open, on_duty, busy;
};

/* What an agent did in an interval while on duty; of agents who are taken together, the sum. */
struct fl_duty {
    uint64_t duty_us, busy_us, open_us, depth_us; /* on duty; composing; open chats and queue depth times the time they lasted */
};
/* Agents by interval are kept one by one up to this number, and as long as there are not more cells of them than that: what is drawn of
 * them would not show more, and thousands of agents in a month of intervals would take gigabytes. */
#define FL_DUTY_ROWS 256u
#define FL_DUTY_CELLS 131072u

/* Where a chat's or round's figures go: cells of one chat. In eight bytes, as every message has one. */
struct fl_where {
    uint32_t agent;    /* may be FL_NONE */
    uint16_t interval; /* FL_UNCOUNTED: outside [warmup, end), counts nowhere */
    uint8_t group, intent;
};
#define FL_UNCOUNTED UINT16_MAX

/* A duration that is not yet in its cells. The cells of thousands of agents lie far apart: entered one by one, each would be
 * waited for; entered a hundred at a time, they are fetched together. Each kind has its own, as most are long or most are 0, and what
 * is asked of a kind is asked once. */
struct fl_note {
    fl_time value;
    struct fl_where where;
};
#define FL_NOTES 128

/* A count that is not yet in its agent's cell, for the same reason. */
struct fl_addition {
    uint32_t agent;
    enum fl_count what;
    uint64_t n;
};
#define FL_ADDITIONS 64

/* The part of a histogram's head that is kept as values come; fl_day_finish makes the head of it. */
struct fl_tally {
    fl_histogram_sum sum_ns;
    fl_time most_ns;
    uint64_t least_to; /* UINT64_MAX less the least, so that it too grows from 0, which is no value yet */
};

/* The day's cells, all in the arena. */
struct fl_day {
    uint32_t intervals, groups, intents, agents;
    struct fl_cell *interval_group; /* [intervals x groups], cell i * groups + g */
    struct fl_cell *group;          /* [groups] fine */
    struct fl_cell *intent;         /* [intents] */
    struct fl_cell *agent;          /* [agents] */
    /* What is kept by agent and touched at every message lies level by level and block by block, all agents side by side: with a row
     * for each, a desk of thousands touched more pages than the processor knows the places of. */
    struct fl_level_time *level_time;   /* [FL_LEVELS][agents] */
    struct fl_levels_most *levels_most; /* [agents] */
    struct fl_snapshot *snapshot;   /* [intervals + 1] */
    uint32_t duty_agents;           /* so many agents, one after another, share a row of: */
    struct fl_duty *duty;           /* [rows x intervals], cell agent / duty_agents * intervals + i */
    uint32_t *interval_group_counts, *intent_counts; /* [cells][FL_KINDS][coarse buckets]; NULL: not kept */
    uint32_t *agent_counts;                          /* [FL_AGENT_KINDS][rough buckets / FL_BLOCK][agents][FL_BLOCK]; NULL: not kept */
    uint32_t *group_counts;                                          /* [groups][FL_KINDS][fine buckets] */
    struct fl_tally *interval_group_tally, *intent_tally, *agent_tally; /* [cells][FL_KINDS] */
    struct fl_note *noted;          /* [FL_KINDS][FL_NOTES] */
    uint32_t noted_next[FL_KINDS];  /* the kind's next in all of `noted` */
    struct fl_addition *added; /* [FL_ADDITIONS] */
    uint32_t added_count;      /* below FL_ADDITIONS */
    /* By date, 24 hours from the start each; an interval is of the date in which it begins. Kept where fl_day_dates says so. */
    uint32_t dates;
    struct fl_cell *date;                    /* [dates], the desk's; complete by fl_day_finish */
    uint32_t *date_counts;                   /* [dates][FL_KINDS][coarse buckets] */
    uint64_t *date_duty_us, *date_paid_us;   /* [dates x agents], cell date * agents + a: on duty; paid elsewhere, in training or on leave */
};

/* How many dates are kept: all of a scenario that lasts more than one, or in which somebody is paid elsewhere; else 0. Intervals that are
 * longer than a date tell none apart: the whole is then one. */
uint32_t fl_day_dates(const struct fl_scenario *scenario);
/* The date of an interval. */
static inline uint32_t fl_date_of_interval(const struct fl_scenario *scenario, uint32_t interval)
{
    return scenario->interval > FL_DAY ? 0 : (uint32_t)((fl_time)interval * scenario->interval / FL_DAY);
}

/* How many agents share a row of duty: 1, or as few as keep within the limits above. */
uint32_t fl_duty_agents(const struct fl_scenario *scenario, uint32_t agents);
static inline uint32_t fl_duty_rows(uint32_t agents, uint32_t duty_agents)
{
    return (agents + duty_agents - 1) / duty_agents;
}

/* Agents keep the kinds of rounds only. */
#define FL_AGENT_KINDS (FL_KIND_AGENT + 1)
#define FL_ROUGH_BUCKETS FL_HISTOGRAM_BUCKETS(FL_HISTOGRAM_ROUGH)
#define FL_BLOCK (1u << FL_HISTOGRAM_ROUGH) /* buckets of one octave */
#define FL_COARSE_BUCKETS FL_HISTOGRAM_BUCKETS(FL_HISTOGRAM_COARSE)
#define FL_FINE_BUCKETS FL_HISTOGRAM_BUCKETS(FL_HISTOGRAM_FINE)

/* What may be left out of a day that is simulated for its row alone: of agents the durations of replies, and what is counted by them, which
 * are 6 of their 9 kB, where no objective is one of agents; of intervals and intents the buckets, most of the memory of a short day (three groups, 96
 * intervals: 4.8 MB), and their cells are not completed, where fl_day_row_suffices. */
enum fl_day_left_out { FL_DAY_WHOLE = 0, FL_DAY_NO_REPLIES_BY_AGENT = 1, FL_DAY_NO_INTERVALS = 2 }; /* may be added up */

/* No objective is one of intervals or dates, and no dates are kept. */
bool fl_day_row_suffices(const struct fl_scenario *scenario);

/* Takes the day's memory from the arena; FL_EFULL. left_out: a sum of enum fl_day_left_out. */
FL_MUST_CHECK enum fl_status fl_day_create(struct fl_arena *arena, const struct fl_scenario *scenario,
                                           uint32_t agents, uint32_t left_out, struct fl_day *day);

/* Enters the noted durations of one kind into their cells; the additions. */
void fl_day_post_notes(struct fl_day *day, enum fl_kind kind);
void fl_day_post_additions(struct fl_day *day);

/* The level's times of an agent. */
static inline struct fl_level_time *fl_day_level(const struct fl_day *day, uint32_t level, uint32_t agent)
{
    return &day->level_time[(size_t)level * day->agents + agent];
}

/* Collected from where they lie: an agent's levels; her buckets of one kind, 0 beyond the largest value. */
void fl_day_levels(const struct fl_day *day, uint32_t agent, struct fl_levels *out);
void fl_day_agent_buckets(const struct fl_day *day, uint32_t agent, uint32_t kind, uint32_t out[FL_ROUGH_BUCKETS]);
/* Put back there. */
void fl_day_put_levels(const struct fl_day *day, uint32_t agent, const struct fl_levels *levels);
void fl_day_put_agent_buckets(const struct fl_day *day, uint32_t agent, uint32_t kind, const uint32_t own[FL_ROUGH_BUCKETS]);

/* Counts for the agent of `where` alone, if there is one. */
static inline void fl_day_add_to_agent(struct fl_day *day, const struct fl_where *where, enum fl_count what, uint64_t n)
{
    if (where->interval == FL_UNCOUNTED || where->agent == FL_NONE) return;
    day->added[day->added_count] = (struct fl_addition){ where->agent, what, n };
    if (++day->added_count == FL_ADDITIONS) fl_day_post_additions(day);
}

static inline void fl_day_add(struct fl_day *day, const struct fl_where *where, enum fl_count what, uint64_t n)
{
    if (where->interval == FL_UNCOUNTED) return;
    day->interval_group[where->interval * day->groups + where->group].count[what] += n;
    if (day->intents > 1) day->intent[where->intent].count[what] += n;
    fl_day_add_to_agent(day, where, what, n);
}

/* Notes a duration of one kind for all cells of `where`; fl_day_post_notes enters it. */
static inline void fl_day_record(struct fl_day *day, const struct fl_where *where, enum fl_kind kind, fl_time value)
{
    if (where->interval == FL_UNCOUNTED) return;
    const uint32_t next = day->noted_next[kind]++;
    day->noted[next] = (struct fl_note){ value, *where };
    if (next % FL_NOTES == FL_NOTES - 1) fl_day_post_notes(day, kind);
}

/* Completes the cells, once, at the end: heads (count) from the buckets, groups from their intervals, and the ordinary part
 * of seven counts. An ordinary round is opened by one message in opening hours and in the platform's window, and answered within
 * three minutes by one reply: its record in FIRST or LATER is all that is kept of it as it happens. The simulation counts
 * only the exceptions, taking away (adding 2^64 - 1) what did not happen. */
void fl_day_finish(const struct fl_scenario *scenario, struct fl_day *day);

#endif
