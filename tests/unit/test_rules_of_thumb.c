#include "staffing/erlang.h"
#include "staffing/rules_of_thumb.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static const struct fl_desk_facts quoted = { .chats_per_day = 2500,
                                             .peak_per_hour = 225,
                                             .hours_per_day = 8,
                                             .replies_per_chat = 10,
                                             .reply_s = 5,
                                             .think_s = 40,
                                             .chats_at_once = 3 };

static struct fl_rule_answer ask(enum fl_rule rule, const struct fl_desk_facts *facts)
{
    struct fl_rule_answer answer;
    cr_assert(fl_rule_ask(rule, facts, &answer), "%s", fl_rule_name(rule));
    return answer;
}

Test(rules_of_thumb, trade_formula_gives_576_a_day_and_five_people)
{
    cr_expect_float_eq(fl_trade_chats_per_day(10, 5, 8), 576, 1e-9);
    for (int rule = FL_RULE_TRADE_QUOTED; rule <= FL_RULE_TRADE_OWN; rule++) {
        const struct fl_rule_answer answer = ask((enum fl_rule)rule, &quoted);
        cr_expect_float_eq(answer.figure, 576, 1e-9);
        cr_expect_eq(answer.people, 5);
        cr_expect_eq(answer.reason, FL_RULE_REASON_NEVER_IDLE);
    }
}

Test(rules_of_thumb, the_practitioner_wants_twenty_one)
{
    const struct fl_rule_answer answer = ask(FL_RULE_DAILY_120, &quoted);

    cr_expect_eq(answer.people, 21);
    cr_expect_eq(answer.reason, FL_RULE_REASON_DAY_TOTAL);
    cr_expect_eq(ask(FL_RULE_HOURLY_18, &quoted).people, 13);
}

Test(rules_of_thumb, own_times_move_the_trade_formula_and_not_the_quoted_one)
{
    struct fl_desk_facts slow = quoted;
    slow.reply_s = 20;

    cr_expect_float_eq(ask(FL_RULE_TRADE_OWN, &slow).figure, 144, 1e-9);
    cr_expect_eq(ask(FL_RULE_TRADE_OWN, &slow).people, 18);
    cr_expect_eq(ask(FL_RULE_TRADE_QUOTED, &slow).people, 5);
}

Test(rules_of_thumb, erlang_takes_the_whole_chat_and_divides_it_in_its_ways)
{
    const double length = 10 * 5 + 9 * 40; /* replies, and the thinking between them */
    const struct fl_erlang_goal goal = { .measure = FL_ERLANG_WITHIN, .bound = 0.8, .limit = 20 };
    uint32_t one, three, factor;
    cr_assert_eq(fl_erlang_servers(225.0 / 3600, 1 / length, 0, &goal, &one), FL_OK);
    cr_assert_eq(fl_erlang_servers(225.0 / 3600, 3 / length, 0, &goal, &three), FL_OK);
    cr_assert_eq(fl_erlang_servers(225.0 / 3600, 2.5 / length, 0, &goal, &factor), FL_OK);

    cr_expect_float_eq(fl_desk_chat_s(&quoted), length, 1e-9);
    cr_expect_eq(ask(FL_RULE_ERLANG_C, &quoted).people, one);
    cr_expect_eq(ask(FL_RULE_ERLANG_C_DIVIDED, &quoted).people, three);
    cr_expect_eq(ask(FL_RULE_ERLANG_C_FACTOR, &quoted).people, factor);
    cr_expect_eq(ask(FL_RULE_DIVIDE_BY_1_6, &quoted).people, (uint32_t)ceil(one / 1.6));
    const double load = 225.0 / 3600 * length / 3;
    cr_expect_eq(ask(FL_RULE_SQUARE_ROOT, &quoted).people, (uint32_t)ceil(load + sqrt(load)));
    cr_expect(one > factor && factor >= three);
}

Test(rules_of_thumb, the_concurrency_table_is_as_printed_and_ends_at_five)
{
    static const double want[] = { 1, 1.7, 2.5, 2.9, 3.5, 3.5 };

    for (int k = 1; k <= 6; k++) cr_expect_float_eq(fl_concurrency_factor(k), want[k - 1], 1e-12);
    cr_expect_float_eq(fl_concurrency_factor(2.5), 2.1, 1e-12);
    cr_expect_float_eq(fl_concurrency_factor(4.75), 3.35, 1e-12);
}

Test(rules_of_thumb, a_missing_fact_silences_the_rules_that_need_it_and_only_those)
{
    struct fl_desk_facts facts = quoted;
    facts.chats_per_day = NAN;
    facts.chats_at_once = 0;

    for (int rule = 0; rule < FL_RULES_COUNT; rule++) {
        struct fl_rule_answer answer = { .people = 77 };
        const bool speaks = rule == FL_RULE_HOURLY_18 || rule == FL_RULE_ERLANG_C || rule == FL_RULE_DIVIDE_BY_1_6;
        cr_expect_eq(fl_rule_ask((enum fl_rule)rule, &facts, &answer), speaks, "%s", fl_rule_name((enum fl_rule)rule));
        if (!speaks) cr_expect_eq(answer.people, 77);
    }
}

Test(rules_of_thumb, facts_are_means_over_what_the_scenario_brings)
{
    const struct fl_distribution ten = { .kind = FL_CONSTANT, .a = 10 }, two = { .kind = FL_CONSTANT, .a = 2 };
    const struct fl_distribution four = { .kind = FL_CONSTANT, .a = 4 }, thirty = { .kind = FL_CONSTANT, .a = 30 };
    const struct fl_distribution sixty = { .kind = FL_CONSTANT, .a = 60 };
    const struct fl_intent intents[] = {
        /* 2 rounds of 20 s */
        { .share = 0.75, .rounds = two, .reply = { .has_total = true, .total = { .kind = FL_CONSTANT, .a = 20 } } },
        /* 10 rounds: read 4 + think 2 + half of tool 10 + half of 30 chars of 2/3 s + half of a 6 s phrase = 24 s
         */
        { .share = 0.25,
          .rounds = ten,
          .has_think_time = true,
          .think_time = sixty,
          .reply = { .read = four,
                     .think = two,
                     .tool = ten,
                     .needs_tool = 0.5,
                     .chars = thirty,
                     .quick_phrase = 0.5,
                     .quick_phrase_time = 6 * FL_SECOND } },
    };
    const struct fl_buyer_class classes[] = { { .share = 0.5, .rounds_scale = 1, .effort_scale = 1 },
                                              { .share = 0.5, .rounds_scale = 3, .effort_scale = 2 } };
    const struct fl_grade_def grades[] = { { .typing_cpm = 120 } };
    const struct fl_agent_def agents[] = { { .count = 1, .grade = FL_NONE, .typing_cpm = 60 },
                                           { .count = 2, .grade = 0, .typing_cpm = NAN } };
    const struct fl_scenario scenario = {
        .buyers = { .intents_count = 2,
                    .intents = intents,
                    .classes_count = 2,
                    .classes = classes,
                    .think_time = thirty },
        .desk = { .agents_count = 2, .agents = agents, .grades = grades, .grades_count = 1 },
    };

    const struct fl_desk_facts facts = fl_desk_facts_of(&scenario, 500, 60, 4);

    /* rounds: 1.5 + 2.5 = 4, doubled by the classes; effort over rounds: (1 + 6) / (1 + 3), not on phrases */
    cr_expect_float_eq(facts.replies_per_chat, 8, 1e-12);
    cr_expect_float_eq(facts.reply_s, ((1.5 * 20 + 2.5 * 21) * 1.75 + 2.5 * 3) / 4, 1e-12);
    cr_expect_float_eq(facts.think_s, (1.5 * 30 + 2.5 * 60) / 4, 1e-12);
    cr_expect_eq(facts.chats_per_day, 500.0);
    cr_expect_eq(facts.peak_per_hour, 60.0);
    cr_expect_eq(facts.chats_at_once, 4.0);
    cr_expect_eq(facts.hours_per_day, 8.0);
}

Test(rules_of_thumb, every_rule_and_reason_has_its_own_name)
{
    for (int i = 0; i < FL_RULES_COUNT; i++) {
        for (int j = 0; j < i; j++) cr_expect_str_neq(fl_rule_name((enum fl_rule)i), fl_rule_name((enum fl_rule)j));
    }
    cr_expect_str_eq(fl_rule_name(FL_RULE_TRADE_QUOTED), "trade_quoted");
    cr_expect_str_eq(fl_rule_reason_name(FL_RULE_REASON_FIXED_FACTOR), "fixed_factor");
    cr_expect_str_eq(fl_rule_name(FL_RULES_COUNT), "unknown");
}
