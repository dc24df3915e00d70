#include "staffing/rules_of_thumb.h"

#include "staffing/erlang.h"

#include <math.h>

/* The quoted desk of the trade formula. */
#define QUOTED_REPLIES 10
#define QUOTED_REPLY_S 5
#define QUOTED_HOURS   8

#define DAILY_MOST  120
#define HOURLY_MOST 18
#define DIVISOR     1.6

/* The goal that call centres quote with Erlang C: 80 % within 20 s. */
static const struct fl_erlang_goal eighty_in_twenty = { .measure = FL_ERLANG_WITHIN, .bound = 0.8, .limit = 20 };

static const char *const rule_names[] = {
#define FL_RULE_NAME(upper, lower) #lower,
    FL_RULES(FL_RULE_NAME)
#undef FL_RULE_NAME
};

static const char *const reason_names[] = {
#define FL_RULE_REASON_NAME(upper, lower) #lower,
    FL_RULE_REASONS(FL_RULE_REASON_NAME)
#undef FL_RULE_REASON_NAME
};

const char *fl_rule_name(enum fl_rule rule)
{
    return rule < FL_RULES_COUNT ? rule_names[rule] : "unknown";
}

const char *fl_rule_reason_name(enum fl_rule_reason reason)
{
    return reason < FL_RULE_REASONS_COUNT ? reason_names[reason] : "unknown";
}

/* ---- Facts -------------------------------------------------------------------------------------- */

double fl_desk_chat_s(const struct fl_desk_facts *facts)
{
    return facts->replies_per_chat * facts->reply_s + (facts->replies_per_chat - 1) * facts->think_s;
}

/* Seconds a character takes to type, the mean over the people. */
static double s_per_char(const struct fl_desk_def *desk)
{
    double sum = 0, people = 0;
    for (uint32_t i = 0; i < desk->agents_count; i++) {
        const struct fl_agent_def *const agent = &desk->agents[i];
        double cpm = agent->typing_cpm;
        if (isnan(cpm) && agent->grade != FL_NONE) cpm = desk->grades[agent->grade].typing_cpm;
        sum += agent->count * 60 / (isnan(cpm) ? 60 : cpm);
        people += agent->count;
    }
    return people > 0 ? sum / people : 1;
}

/* Mean composing time, without the quick phrases, which cost a difficult buyer no more than any other. */
static double composing_s(const struct fl_reply_def *reply, double char_s)
{
    if (reply->has_total) return fl_distribution_mean(&reply->total);
    return fl_distribution_mean(&reply->read) + fl_distribution_mean(&reply->think) +
           reply->needs_tool * fl_distribution_mean(&reply->tool) +
           (1 - reply->quick_phrase) * char_s * fl_distribution_mean(&reply->chars);
}

static double phrase_s(const struct fl_reply_def *reply)
{
    return reply->has_total ? 0 : reply->quick_phrase * fl_time_to_s(reply->quick_phrase_time);
}

struct fl_desk_facts fl_desk_facts_of(const struct fl_scenario *scenario, double chats_per_day, double peak_per_hour,
                                      double chats_at_once)
{
    const struct fl_buyers *const buyers = &scenario->buyers;
    const double char_s = s_per_char(&scenario->desk);
    double share = 0, rounds = 0, composing = 0, phrases = 0, thinking = 0;
    for (uint32_t i = 0; i < buyers->intents_count; i++) {
        const struct fl_intent *const intent = &buyers->intents[i];
        const double here = intent->share * fl_distribution_mean(&intent->rounds);
        share += intent->share;
        rounds += here;
        composing += here * composing_s(&intent->reply, char_s);
        phrases += here * phrase_s(&intent->reply);
        thinking += here * fl_distribution_mean(intent->has_think_time ? &intent->think_time : &buyers->think_time);
    }
    double classes = 0, more_rounds = 0, more_effort = 0;
    for (uint32_t i = 0; i < buyers->classes_count; i++) {
        const struct fl_buyer_class *const class = &buyers->classes[i];
        classes += class->share;
        more_rounds += class->share * class->rounds_scale;
        more_effort += class->share * class->rounds_scale * class->effort_scale;
    }
    return (struct fl_desk_facts){ .chats_per_day = chats_per_day,
                                   .peak_per_hour = peak_per_hour,
                                   .hours_per_day = 8,
                                   .replies_per_chat = rounds / share * (more_rounds / classes),
                                   .reply_s = (composing * (more_effort / more_rounds) + phrases) / rounds,
                                   .think_s = thinking / rounds,
                                   .chats_at_once = chats_at_once };
}

/* ---- Rules -------------------------------------------------------------------------------------- */

double fl_trade_chats_per_day(double replies_per_chat, double reply_s, double hours_per_day)
{
    return 3600 * hours_per_day / (replies_per_chat * reply_s);
}

double fl_concurrency_factor(double at_once)
{
    static const double worth[] = { 1, 1.7, 2.5, 2.9, 3.5 };
    const uint32_t last = sizeof worth / sizeof *worth - 1;
    if (at_once >= last + 1) return worth[last];
    const uint32_t below = (uint32_t)at_once - 1;
    return worth[below] + (worth[below + 1] - worth[below]) * (at_once - floor(at_once));
}

static bool is_known(double fact)
{
    return fact > 0 && isfinite(fact);
}

/* People who each do `most` of `chats`. */
static bool share_out(double chats, double most, enum fl_rule_reason reason, struct fl_rule_answer *out)
{
    if (!is_known(chats) || !is_known(most)) return false;
    const double people = ceil(chats / most);
    if (people > FL_ERLANG_SERVERS_MAX) return false;
    *out = (struct fl_rule_answer){ .people = (uint32_t)people, .figure = most, .reason = reason };
    return true;
}

static bool erlang(const struct fl_desk_facts *facts, double divisor, enum fl_rule_reason reason,
                   struct fl_rule_answer *out)
{
    const double length = fl_desk_chat_s(facts) / divisor;
    if (!is_known(facts->peak_per_hour) || !is_known(length)) return false;
    uint32_t people;
    if (fl_erlang_servers(facts->peak_per_hour / 3600, 1 / length, 0, &eighty_in_twenty, &people) != FL_OK)
        return false;
    *out = (struct fl_rule_answer){ .people = people, .figure = length, .reason = reason };
    return true;
}

static bool divide_by_1_6(const struct fl_desk_facts *facts, struct fl_rule_answer *out)
{
    struct fl_rule_answer telephones;
    if (!erlang(facts, 1, FL_RULE_REASON_FIXED_FACTOR, &telephones)) return false;
    return share_out(telephones.people, DIVISOR, FL_RULE_REASON_FIXED_FACTOR, out);
}

static bool square_root(const struct fl_desk_facts *facts, struct fl_rule_answer *out)
{
    const double load = facts->peak_per_hour / 3600 * fl_desk_chat_s(facts) / facts->chats_at_once;
    if (!is_known(load)) return false;
    *out = (struct fl_rule_answer){ .people = fl_square_root_servers(load, 1),
                                    .figure = load,
                                    .reason = FL_RULE_REASON_NO_SLOWDOWN };
    return true;
}

bool fl_rule_ask(enum fl_rule rule, const struct fl_desk_facts *facts, struct fl_rule_answer *out)
{
    const bool knows_at_once = facts->chats_at_once >= 1 && isfinite(facts->chats_at_once);
    switch (rule) {
    case FL_RULE_TRADE_QUOTED:
        return share_out(facts->chats_per_day, fl_trade_chats_per_day(QUOTED_REPLIES, QUOTED_REPLY_S, QUOTED_HOURS),
                         FL_RULE_REASON_NEVER_IDLE, out);
    case FL_RULE_TRADE_OWN:
        return share_out(facts->chats_per_day,
                         fl_trade_chats_per_day(facts->replies_per_chat, facts->reply_s, facts->hours_per_day),
                         FL_RULE_REASON_NEVER_IDLE, out);
    case FL_RULE_DAILY_120: return share_out(facts->chats_per_day, DAILY_MOST, FL_RULE_REASON_DAY_TOTAL, out);
    case FL_RULE_HOURLY_18: return share_out(facts->peak_per_hour, HOURLY_MOST, FL_RULE_REASON_ANY_CHAT, out);
    case FL_RULE_ERLANG_C: return erlang(facts, 1, FL_RULE_REASON_ONE_AT_A_TIME, out);
    case FL_RULE_ERLANG_C_DIVIDED:
        return knows_at_once && erlang(facts, facts->chats_at_once, FL_RULE_REASON_NO_SLOWDOWN, out);
    case FL_RULE_ERLANG_C_FACTOR:
        return knows_at_once &&
               erlang(facts, fl_concurrency_factor(facts->chats_at_once), FL_RULE_REASON_FIXED_FACTOR, out);
    case FL_RULE_DIVIDE_BY_1_6: return divide_by_1_6(facts, out);
    case FL_RULE_SQUARE_ROOT: return knows_at_once && square_root(facts, out);
    case FL_RULES_COUNT: break;
    }
    return false;
}
