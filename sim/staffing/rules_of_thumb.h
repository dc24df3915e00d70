/* What the rules of thumb say, to be printed beside the simulated answer with the reason why they differ.
 *
 * None of them is used to staff anything. They disagree by a factor of four to five on the same desk, because each
 * leaves out something else: pauses, the hour, the buyer's thinking, the price of holding several chats. Pure. */
#ifndef FL_STAFFING_RULES_OF_THUMB_H
#define FL_STAFFING_RULES_OF_THUMB_H

#include "scenario/scenario.h"

/* What the rules ask about a desk. A fact that is not known is NaN; the rules that need it then have no answer. */
struct fl_desk_facts {
    double chats_per_day;
    double peak_per_hour;    /* chats in the busiest hour */
    double hours_per_day;    /* an agent is on duty, 8 */
    double replies_per_chat; /* mean number of rounds */
    double reply_s;          /* mean composing time of one reply, by an agent of speed 1 */
    double think_s;          /* mean time until the buyer writes again */
    double chats_at_once;    /* an agent holds, >= 1 */
};

/* Mean time from the first message to the last reply when nobody waits: every reply, and the thinking between them. */
double fl_desk_chat_s(const struct fl_desk_facts *facts);

/* Takes replies, reply and thinking times from a scenario, as means over intents (by share, the replies also by rounds)
 * and classes (by share). A character takes the mean time of the desk's people, by head. The bot and the tail of a
 * burst are not in it. chats_per_day, peak_per_hour and chats_at_once are the caller's, hours_per_day is set to 8.
 * O(intents). */
struct fl_desk_facts fl_desk_facts_of(const struct fl_scenario *scenario, double chats_per_day, double peak_per_hour,
                                      double chats_at_once);

/* The rules, id and name in results:
 *
 * trade_quoted      10 replies of 5 s, 8 hours without a pause: 576 chats a day (39zn.cn, article 89975)
 * trade_own         the same with the desk's own replies and times
 * daily_120         "more than 120 a day, and people must be added" (a practitioner's load bands)
 * hourly_18         18 to 25 chats an hour can be sustained at peak (qdjiaoyu.cn 3580); the careful end
 * erlang_c          every chat a telephone call: 80 % within 20 s
 * erlang_c_divided  Erlang C with a chat's length divided by the chats at once
 * erlang_c_factor   divided by 1, 1.7, 2.5, 2.9, 3.5 for 1 to 5 at once (contactcentrehelper.com)
 * divide_by_1_6     Erlang C's people divided by 1.6 (passed on by word of mouth, no source found)
 * square_root       load + sqrt(load), the load divided by the chats at once (Halfin and Whitt 1981) */
#define FL_RULES(X)                                                                                                    \
    X(TRADE_QUOTED, trade_quoted)                                                                                      \
    X(TRADE_OWN, trade_own)                                                                                            \
    X(DAILY_120, daily_120)                                                                                            \
    X(HOURLY_18, hourly_18)                                                                                            \
    X(ERLANG_C, erlang_c)                                                                                              \
    X(ERLANG_C_DIVIDED, erlang_c_divided)                                                                              \
    X(ERLANG_C_FACTOR, erlang_c_factor)                                                                                \
    X(DIVIDE_BY_1_6, divide_by_1_6)                                                                                    \
    X(SQUARE_ROOT, square_root)

enum fl_rule {
#define FL_RULE_ID(upper, lower) FL_RULE_##upper,
    FL_RULES(FL_RULE_ID)
#undef FL_RULE_ID
        FL_RULES_COUNT
};

/* Why a rule differs from the simulation; a renderer has the words:
 *
 * never_idle     takes everyone for busy without a second's pause, and buyers for evenly spread
 * day_total      looks at the day's total, not at when the buyers come
 * any_chat       looks at the peak, not at how long a chat takes
 * one_at_a_time  has an agent do nothing while a buyer thinks
 * no_slowdown    takes several chats at once to slow each other down by nothing
 * fixed_factor   takes the gain from several chats at once for the same at any load and length */
#define FL_RULE_REASONS(X)                                                                                             \
    X(NEVER_IDLE, never_idle)                                                                                          \
    X(DAY_TOTAL, day_total)                                                                                            \
    X(ANY_CHAT, any_chat)                                                                                              \
    X(ONE_AT_A_TIME, one_at_a_time)                                                                                    \
    X(NO_SLOWDOWN, no_slowdown)                                                                                        \
    X(FIXED_FACTOR, fixed_factor)

enum fl_rule_reason {
#define FL_RULE_REASON_ID(upper, lower) FL_RULE_REASON_##upper,
    FL_RULE_REASONS(FL_RULE_REASON_ID)
#undef FL_RULE_REASON_ID
        FL_RULE_REASONS_COUNT
};

struct fl_rule_answer {
    uint32_t people; /* on duty */
    double figure;   /* what it reckons with: chats a day or an hour that one person does, the length of a chat in s
                      * (Erlang), the divisor (1.6), or the load in people (square root) */
    enum fl_rule_reason reason;
};

/* Asks one rule. False, and *out untouched, when a fact it needs is missing or not positive. */
FL_MUST_CHECK bool fl_rule_ask(enum fl_rule rule, const struct fl_desk_facts *facts, struct fl_rule_answer *out);

/* Chats that one person does in a day by the trade formula: 3600 x hours / (replies x seconds each). 576 for 10, 5
 * and 8. */
double fl_trade_chats_per_day(double replies_per_chat, double reply_s, double hours_per_day);

/* What several chats at once are worth by the table of FL_RULE_ERLANG_C_FACTOR, at_once >= 1; linear between its whole
 * numbers; beyond 5 its last value, for it says no more. */
double fl_concurrency_factor(double at_once);

/* Names in results, "trade_quoted", "never_idle". Never NULL. */
const char *fl_rule_name(enum fl_rule rule);
const char *fl_rule_reason_name(enum fl_rule_reason reason);

#endif
