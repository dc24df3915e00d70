/* The policies through the real engine: printed sequences, edge cases, and the shares of the random ones. */
#include "routing_desk.h"

#include "routing/policy.h"

#include <criterion/criterion.h>

static struct desk *desk_with(enum fl_policy_id policy, uint32_t agents, const uint32_t weights[],
                              const uint32_t capacities[])
{
    struct desk *const desk = desk_create(agents, policy);
    for (uint32_t a = 0; a < agents; a++) {
        if (weights != NULL) desk->agents[a].weight = weights[a];
        if (capacities != NULL) desk->agents[a].capacity = capacities[a];
    }
    cr_assert_eq(desk_begin(desk), FL_OK);
    return desk;
}

Test(policies, every_policy_is_in_the_table_under_its_own_name)
{
    static const char *const names[] = {
#define NAME(upper, lower) #lower,
        FL_POLICIES(NAME)
#undef NAME
    };
    for (uint32_t i = 0; i < FL_POLICIES_COUNT; i++) {
        const struct fl_policy_ops *const policy = fl_policy((enum fl_policy_id)i);

        cr_expect_str_eq(policy->name, names[i]);
        cr_expect(policy->begin != NULL && policy->pick != NULL);
    }
}

Test(policies, smooth_wrr_of_5_1_1_is_aabacaa)
{
    struct desk *const desk = desk_with(FL_POLICY_SMOOTH_WRR, 3, (const uint32_t[]){ 5, 1, 1 }, NULL);

    cr_expect_str_eq(desk_letters(desk, 14), "AABACAAAABACAA");

    desk_free(desk);
}

Test(policies, weighted_least_active_of_3_1_without_departures_is_abaabaaa)
{
    struct desk *const desk = desk_with(FL_POLICY_WEIGHTED_LEAST_ACTIVE, 2, (const uint32_t[]){ 3, 1 }, NULL);

    cr_expect_str_eq(desk_letters(desk, 8), "ABAABAAA");

    desk_free(desk);
}

Test(policies, most_spare_of_capacities_10_and_5_is_aaaaabab)
{
    struct desk *const desk = desk_with(FL_POLICY_MOST_SPARE, 2, NULL, (const uint32_t[]){ 10, 5 });

    cr_expect_str_eq(desk_letters(desk, 8), "AAAAABAB");

    desk_free(desk);
}

Test(policies, least_utilization_of_capacities_10_and_5_is_abab)
{
    struct desk *const desk = desk_with(FL_POLICY_LEAST_UTILIZATION, 2, NULL, (const uint32_t[]){ 10, 5 });

    cr_expect_str_eq(desk_letters(desk, 2), "AB");
    /* 1/10 against 1/5, then 2/10 against 1/5: equal, and A was assigned more recently. */
    cr_expect_str_eq(desk_letters(desk, 4), "ABAA");

    desk_free(desk);
}

/* JD: fewest receptions for the weight; equal weights, fewest receptions; all equal, longest without a buyer. */
Test(policies, weighted_least_active_follows_the_rule_of_jd)
{
    struct desk *const desk = desk_with(FL_POLICY_WEIGHTED_LEAST_ACTIVE, 3, (const uint32_t[]){ 100, 100, 200 }, NULL);

    cr_expect_str_eq(desk_letters(desk, 4), "ABCC");
    desk_close(desk, 1);
    desk_close(desk, 0);
    desk_close(desk, 2);
    desk_close(desk, 3);
    cr_expect_str_eq(desk_letters(desk, 3), "ABC"); /* all empty: A got hers longest ago, wherever she stands */

    desk_free(desk);
}

/* Salesforce's example: A got work 10 minutes ago and closed it 2 minutes ago, B got hers 8 minutes ago and closed
 * it 5 minutes ago; A is next, because receiving counts and closing does not. */
Test(policies, least_active_breaks_ties_by_the_oldest_assignment)
{
    struct desk *const desk = desk_with(FL_POLICY_LEAST_ACTIVE, 2, NULL, NULL);
    cr_assert_eq(desk_chat(desk), 0);
    desk_advance(desk, 2 * FL_MINUTE);
    cr_assert_eq(desk_chat(desk), 1);
    desk_advance(desk, 3 * FL_MINUTE);
    desk_close(desk, 1);
    desk_advance(desk, 3 * FL_MINUTE);
    desk_close(desk, 0);
    desk_advance(desk, 2 * FL_MINUTE);

    cr_expect_eq(desk_chat(desk), 0);

    desk_free(desk);
}

Test(policies, longest_available_counts_from_the_last_close_unless_told_otherwise)
{
    for (int resets = 0; resets <= 1; resets++) {
        struct desk *const desk = desk_create(2, FL_POLICY_LONGEST_AVAILABLE);
        desk->scenario.routing.available_resets_on_close = resets;
        cr_assert_eq(desk_begin(desk), FL_OK);
        cr_assert_eq(desk_chat(desk), 0);
        cr_assert_eq(desk_chat(desk), 1);
        desk_close(desk, 1);
        desk_close(desk, 0);

        cr_expect_eq(desk_chat(desk), resets ? 1 : 0);

        desk_free(desk);
    }
}

Test(policies, least_active_can_count_the_chats_of_one_group_only)
{
    for (int group_only = 0; group_only <= 1; group_only++) {
        struct desk *const desk = desk_create(2, FL_POLICY_LEAST_ACTIVE);
        desk->scenario.desk.groups_count = 2;
        desk->groups[0].intents = 1; /* intent 0 */
        desk->agents[0].groups = 3;
        desk->agents[1].groups = 2;
        desk->scenario.routing.count_group_only = group_only;
        cr_assert_eq(desk_begin(desk), FL_OK);
        cr_assert_str_eq(desk_letters(desk, 2), "AA"); /* group 0 is A alone */
        uint32_t chat[2];
        for (int i = 0; i < 2; i++) {
            chat[i] = desk_new(desk);
            desk->chats[chat[i]].intent = 1; /* group 1 */
            cr_assert_eq(desk_route(desk, chat[i]), FL_OK);
        }

        cr_expect_eq(desk->holder[chat[0]], 1);
        cr_expect_eq(desk->holder[chat[1]], group_only ? 0 : 1);

        desk_free(desk);
    }
}

Test(policies, round_robin_rotates_whatever_the_load)
{
    struct desk *const desk = desk_with(FL_POLICY_ROUND_ROBIN, 3, NULL, NULL);

    cr_expect_str_eq(desk_letters(desk, 2), "AB");
    desk_close(desk, 0);
    desk_close(desk, 1);
    cr_expect_str_eq(desk_letters(desk, 4), "CABC");

    desk_free(desk);
}

Test(policies, a_returning_agent_keeps_her_place_in_the_rotation_or_joins_at_its_end)
{
    for (int tail = 0; tail <= 1; tail++) {
        struct desk *const desk = desk_create(3, FL_POLICY_ROUND_ROBIN);
        desk->scenario.routing.rejoin_tail = tail;
        cr_assert_eq(desk_begin(desk), FL_OK);
        desk_state(desk, 0, FL_OFFLINE);
        cr_assert_str_eq(desk_letters(desk, 3), "BCB");
        desk_state(desk, 0, FL_AVAILABLE);

        cr_expect_str_eq(desk_letters(desk, 3), tail ? "CBA" : "ACB");

        desk_free(desk);
    }
}

/* A counter modulo the number of candidates favours whoever follows an agent that comes and goes. Here B is away on
 * every second chat, and the rotation, which serves A and C equally, is unfair to C under the cursor. */
Test(policies, the_cursor_round_robin_is_biased_when_the_list_changes)
{
    uint32_t got[2][3] = { { 0 } };
    const enum fl_policy_id policies[2] = { FL_POLICY_ROUND_ROBIN, FL_POLICY_ROUND_ROBIN_CURSOR };
    for (int i = 0; i < 2; i++) {
        struct desk *const desk = desk_with(policies[i], 3, NULL, NULL);
        for (int chat = 0; chat < 600; chat++) {
            desk_state(desk, 1, chat % 2 == 0 ? FL_ON_BREAK : FL_AVAILABLE);
            got[i][desk_chat(desk)]++;
        }
        desk_free(desk);
    }

    cr_expect_eq(got[0][0], got[0][2], "the rotation is fair to those who stay: %u and %u", got[0][0], got[0][2]);
    cr_expect_gt(got[1][0], 3 * got[1][2] / 2, "the cursor is not: %u and %u", got[1][0], got[1][2]);
}

/* A and B have 13 and 10 today when C logs in. Without a cure C gets the next five. From the least count, 10, C and B
 * alternate, C first because she never had a chat; from the mean, 11, B is first. */
Test(policies, fewest_today_floods_a_late_log_in_and_late_join_cures_it)
{
    static const char *const next[] = { [FL_LATE_ZERO] = "CCCCC", [FL_LATE_GROUP_MIN] = "CBCBC",
                                        [FL_LATE_GROUP_MEAN] = "BCBCB" };
    for (uint32_t late = FL_LATE_ZERO; late <= FL_LATE_GROUP_MEAN; late++) {
        struct desk *const desk = desk_create(3, FL_POLICY_FEWEST_TODAY);
        desk->scenario.routing.late_join = (enum fl_late_join)late;
        desk->agents[2].state = FL_OFFLINE;
        desk->agents[0].assigned_today = 13;
        desk->agents[1].assigned_today = 9;
        cr_assert_eq(desk_begin(desk), FL_OK);
        cr_assert_eq(desk_chat(desk), 1);
        desk_state(desk, 2, FL_AVAILABLE);

        cr_expect_str_eq(desk_letters(desk, 5), next[late]);

        desk_free(desk);
    }
}

Test(policies, fewest_today_begins_anew_at_midnight_with_credits_forgotten)
{
    struct desk *const desk = desk_create(3, FL_POLICY_FEWEST_TODAY);
    desk->scenario.start_s = 23 * 3600;
    desk->scenario.routing.late_join = FL_LATE_GROUP_MIN;
    desk->agents[2].state = FL_OFFLINE;
    cr_assert_eq(desk_begin(desk), FL_OK);
    cr_assert_str_eq(desk_letters(desk, 5), "ABABA");
    desk_state(desk, 2, FL_AVAILABLE);
    desk_advance(desk, FL_HOUR);
    for (int a = 0; a < 3; a++) desk->agents[a].assigned_today = 0;

    /* All have received nothing: who was assigned longest ago is first, C never was. */
    cr_expect_str_eq(desk_letters(desk, 6), "CBACBA");

    desk_free(desk);
}

Test(policies, fewest_awaiting_prefers_the_youngest_wait_then_the_fewest_open)
{
    struct desk *const desk = desk_create(3, FL_POLICY_FEWEST_AWAITING);
    for (uint32_t a = 0; a < 3; a++) desk->agents[a].awaiting = desk->agents[a].open = 2;
    desk->agents[0].oldest_unanswered_at = 10;
    desk->agents[1].oldest_unanswered_at = 30;
    desk->agents[2].oldest_unanswered_at = 20;
    cr_assert_eq(desk_begin(desk), FL_OK);
    cr_expect_eq(desk_chat(desk), 1);
    cr_expect_eq(desk_chat(desk), 2);

    desk->agents[0].awaiting = desk->agents[1].awaiting = 0; /* open stays 2 and 3 */
    cr_assert_eq(fl_engine_ops.reply(&desk->engine, &desk->view, 0, 0), FL_OK);
    cr_assert_eq(fl_engine_ops.reply(&desk->engine, &desk->view, 1, 1), FL_OK);

    cr_expect_eq(desk_chat(desk), 0);

    desk_free(desk);
}

Test(policies, fewest_awaiting_settles_equal_ages_by_the_oldest_assignment)
{
    struct desk *const desk = desk_create(3, FL_POLICY_FEWEST_AWAITING);
    for (uint32_t a = 0; a < 3; a++) {
        desk->agents[a].awaiting = 1;
        desk->agents[a].oldest_unanswered_at = 10;
        desk->agents[a].last_assigned_at = 9 - a;
    }
    cr_assert_eq(desk_begin(desk), FL_OK);

    cr_expect_eq(desk_chat(desk), 2);

    desk_free(desk);
}

Test(policies, shortest_expected_delay_multiplies_queue_and_speed)
{
    struct desk *const desk = desk_create(3, FL_POLICY_SHORTEST_EXPECTED_DELAY);
    desk->agents[0].mean_reply_ns = 10 * (uint64_t)FL_SECOND;
    desk->agents[1].mean_reply_ns = 45 * (uint64_t)FL_SECOND; /* C has replied to nobody: 20 s assumed */
    cr_assert_eq(desk_begin(desk), FL_OK);

    /* 10 45 20, 20 45 20 (C never assigned), 20 45 40, 30 45 40, 40 45 40 (C longer ago), 40 45 60, 50 45 60 */
    cr_expect_str_eq(desk_letters(desk, 7), "ACAACAB");

    desk_free(desk);
}

Test(policies, fastest_response_starves_the_others_until_capacity_binds)
{
    struct desk *const desk = desk_create(2, FL_POLICY_FASTEST_RESPONSE);
    desk->agents[1].mean_reply_ns = 10 * (uint64_t)FL_SECOND;
    desk->agents[1].capacity = 3;
    cr_assert_eq(desk_begin(desk), FL_OK);

    cr_expect_str_eq(desk_letters(desk, 5), "BBBAA");

    desk_free(desk);
}

Test(policies, most_busy_first_packs)
{
    struct desk *const desk = desk_with(FL_POLICY_MOST_BUSY_FIRST, 3, NULL, (const uint32_t[]){ 2, 3, 1 });

    cr_expect_str_eq(desk_letters(desk, 7), "AABBBC-");

    desk_free(desk);
}

Test(policies, threshold_fills_everyone_to_the_level_first)
{
    struct desk *const desk = desk_create(2, FL_POLICY_THRESHOLD_TWO_LEVEL);
    desk->scenario.routing.level = 2;
    cr_assert_eq(desk_begin(desk), FL_OK);
    cr_assert_str_eq(desk_letters(desk, 3), "ABA"); /* A 2, B 1: only B is below the level */
    cr_expect_str_eq(desk_letters(desk, 3), "BAB");

    desk_free(desk);
}

Test(policies, threshold_keeps_the_last_slots_for_the_reserved_class)
{
    struct desk *const desk = desk_create(2, FL_POLICY_THRESHOLD_TWO_LEVEL);
    desk->scenario.routing.reserved = 1;
    desk->scenario.routing.reserved_class = 1;
    desk->agents[0].capacity = desk->agents[1].capacity = 2;
    cr_assert_eq(desk_begin(desk), FL_OK);
    cr_assert_str_eq(desk_letters(desk, 3), "AB-");

    const uint32_t vip = desk_new(desk);
    desk->chats[vip].buyer_class = 1;
    cr_assert_eq(desk_route(desk, vip), FL_OK);
    cr_expect_eq(desk->holder[vip], 0);
    cr_expect_eq(desk_waiting(desk), 1);

    desk_close(desk, vip); /* a reserved slot comes free: not for the ordinary buyer who waits */
    cr_expect_eq(desk->holder[2], FL_NO_AGENT);
    desk_close(desk, 0); /* an ordinary one */
    cr_expect_eq(desk->holder[2], 0);

    desk_free(desk);
}

Test(policies, power_of_d_with_d_at_the_number_of_agents_is_least_active)
{
    struct desk *const all = desk_create(5, FL_POLICY_POWER_OF_D);
    all->scenario.routing.d = 5;
    cr_assert_eq(desk_begin(all), FL_OK);
    struct desk *const least = desk_with(FL_POLICY_LEAST_ACTIVE, 5, NULL, NULL);
    for (uint32_t i = 0; i < 300; i++) {
        cr_assert_eq(desk_chat(all), desk_chat(least), "chat %u", i);
        if (i % 3 != 2) continue;
        desk_close(all, i / 2 - i / 2 % 2 + i % 2);
        desk_close(least, i / 2 - i / 2 % 2 + i % 2);
    }
    desk_free(all);
    desk_free(least);
}

/* With two choices the largest excess over the mean stays tiny, with one it does not: 1000 chats over 20 agents. */
Test(policies, two_choices_balance_far_better_than_one)
{
    uint32_t most[3] = { 0 };
    for (uint32_t d = 1; d <= 2; d++) {
        struct desk *const desk = desk_create(20, FL_POLICY_POWER_OF_D);
        desk->scenario.routing.d = d;
        cr_assert_eq(desk_begin(desk), FL_OK);
        desk_letters(desk, 1000);
        for (uint32_t a = 0; a < 20; a++) most[d] = desk->agents[a].open > most[d] ? desk->agents[a].open : most[d];
        desk_free(desk);
    }
    cr_expect_leq(most[2], 53);
    cr_expect_geq(most[1], 58);
}

/* Chi-square with 3 degrees of freedom stays below 16.27 in 999 of 1000 seeds; 4000 chats, the fixed keys of the
 * test desk. Weights 500 and 100: five times the probability, as Pinduoduo puts it. */
Test(policies, weighted_random_follows_the_weights)
{
    static const uint32_t weights[4] = { 500, 100, 300, 100 };
    struct desk *const desk = desk_with(FL_POLICY_WEIGHTED_RANDOM, 4, weights, NULL);
    desk_letters(desk, 4000);
    double chi_square = 0;
    for (uint32_t a = 0; a < 4; a++) {
        const double expected = 4000.0 * weights[a] / 1000, off = desk->agents[a].open - expected;
        chi_square += off * off / expected;
    }

    cr_expect_lt(chi_square, 16.27);

    desk_free(desk);
}

Test(policies, random_draws_evenly_among_the_eligible_only)
{
    struct desk *const desk = desk_with(FL_POLICY_RANDOM, 5, NULL, (const uint32_t[]){ 4096, 4096, 0, 4096, 4096 });
    desk_state(desk, 4, FL_SUSPENDED);
    desk_letters(desk, 3000);
    double chi_square = 0;
    for (uint32_t a = 0; a < 4; a++) {
        if (a != 2) chi_square += (desk->agents[a].open - 1000.0) * (desk->agents[a].open - 1000.0) / 1000.0;
    }

    cr_expect_eq(desk->agents[2].open, 0);
    cr_expect_eq(desk->agents[4].open, 0);
    cr_expect_lt(chi_square, 13.82); /* 2 degrees of freedom, 1 in 1000 */

    desk_free(desk);
}

Test(policies, sticky_hash_moves_only_the_buyers_of_who_went_away)
{
    struct desk *const desk = desk_with(FL_POLICY_STICKY_HASH, 8, NULL, NULL);
    uint32_t before[500];
    for (uint32_t i = 0; i < 500; i++) before[i] = desk_chat(desk);
    desk_state(desk, 3, FL_OFFLINE);

    uint32_t moved = 0, hers = 0;
    for (uint32_t i = 0; i < 500; i++) {
        const uint32_t again = desk_new(desk);
        desk->chats[again].buyer = desk->chats[i].buyer;
        cr_assert_eq(desk_route(desk, again), FL_OK);
        hers += before[i] == 3;
        moved += desk->holder[again] != before[i];
    }

    cr_expect_eq(moved, hers);
    cr_expect(hers > 30 && hers < 95, "an eighth of 500, got %u", hers);
    desk_free(desk);
}

Test(policies, skill_best_takes_the_most_proficient_and_refuses_who_lacks_a_skill)
{
    struct desk *const desk = desk_create(3, FL_POLICY_SKILL_BEST);
    desk->scenario.skills_count = 2;
    desk->intents[0].skills = 3;
    desk->definitions[0].skill[0] = 0.9, desk->definitions[0].skill[1] = 0.3;
    desk->definitions[1].skill[0] = 0.5, desk->definitions[1].skill[1] = 0.8;
    desk->definitions[2].skill[0] = 1.0, desk->definitions[2].skill[1] = 0.0;
    desk->agents[1].capacity = 2;
    cr_assert_eq(desk_begin(desk), FL_OK);

    cr_expect_str_eq(desk_letters(desk, 4), "BBAA");

    desk_free(desk);
}

Test(policies, bullseye_drops_one_skill_per_ring)
{
    struct desk *const desk = desk_create(2, FL_POLICY_SKILL_BULLSEYE);
    desk->scenario.skills_count = 3;
    desk->intents[0].skills = 7;
    desk->definitions[0].skill[1] = 0; /* fits once skill 1 is dropped: in the third ring */
    desk->definitions[1].skill[0] = 0; /* would fit once all are */
    cr_assert_eq(desk_begin(desk), FL_OK);
    cr_assert_eq(desk_chat(desk), FL_NO_AGENT);

    desk_advance(desk, 30 * FL_SECOND);
    cr_expect_eq(desk->holder[0], FL_NO_AGENT);
    desk_advance(desk, 30 * FL_SECOND);
    cr_expect_eq(desk->holder[0], 0);

    desk_free(desk);
}

Test(policies, manual_pull_takes_the_oldest_after_the_delay)
{
    struct desk *const desk = desk_create(2, FL_POLICY_MANUAL_PULL);
    desk->scenario.routing.pick_up = (struct fl_distribution){ .kind = FL_CONSTANT, .a = 5 };
    cr_assert_eq(fl_distribution_prepare(&desk->scenario.routing.pick_up), FL_OK);
    desk->agents[0].capacity = desk->agents[1].capacity = 1;
    cr_assert_eq(desk_begin(desk), FL_OK);
    cr_assert_str_eq(desk_letters(desk, 3), "---");

    desk_advance(desk, 4 * FL_SECOND);
    cr_expect_eq(desk_waiting(desk), 3);
    desk_advance(desk, 2 * FL_SECOND);
    cr_expect_eq(desk_waiting(desk), 1);
    cr_expect_eq(desk->holder[2], FL_NO_AGENT);

    desk_close(desk, 0);
    desk_advance(desk, 4 * FL_SECOND);
    cr_expect_eq(desk_waiting(desk), 1);
    desk_advance(desk, 2 * FL_SECOND);
    cr_expect_eq(desk_waiting(desk), 0);

    desk_free(desk);
}

Test(policies, equally_quick_agents_race_in_a_drawn_order)
{
    uint32_t first[2] = { 0 };
    struct desk *const desk = desk_create(2, FL_POLICY_MANUAL_PULL);
    desk->scenario.routing.pick_up = (struct fl_distribution){ .kind = FL_CONSTANT, .a = 1 };
    cr_assert_eq(fl_distribution_prepare(&desk->scenario.routing.pick_up), FL_OK);
    cr_assert_eq(desk_begin(desk), FL_OK);
    for (uint32_t i = 0; i < 200; i++) {
        desk_chat(desk);
        desk_advance(desk, 5 * FL_SECOND);
        first[desk->holder[i]]++;
    }

    cr_expect(first[0] > 60 && first[1] > 60, "%u and %u", first[0], first[1]);
    desk_free(desk);
}

Test(policies, main_only_gives_everything_to_the_main_account)
{
    struct desk *const desk = desk_create(3, FL_POLICY_MAIN_ONLY);
    desk->view.main_account = 1;
    desk->agents[1].groups = 0;
    desk->agents[1].capacity = 2;
    cr_assert_eq(desk_begin(desk), FL_OK);
    cr_expect_str_eq(desk_letters(desk, 3), "BB-");

    desk_close(desk, 0);
    cr_expect_eq(desk->holder[2], 1);

    desk_free(desk);
}

/* Whoever wins the draw wins it again, and over many chats all agents win. */
Test(policies, drawn_ties_repeat_and_are_fair)
{
    uint32_t got[4] = { 0 };
    for (uint32_t run = 0; run < 2; run++) {
        struct desk *const desk = desk_create(4, FL_POLICY_LEAST_ACTIVE);
        desk->scenario.routing.tie = FL_TIE_SEEDED_RANDOM;
        cr_assert_eq(desk_begin(desk), FL_OK);
        for (uint32_t i = 0; i < 400; i++) {
            got[desk_chat(desk)] += run == 0 ? 1u : UINT32_MAX; /* the second run takes back what the first counted */
            desk_close(desk, i);
            if (run == 0 && i == 399) {
                for (int a = 0; a < 4; a++) cr_expect(got[a] > 65 && got[a] < 135, "%u", got[a]);
            }
        }
        desk_free(desk);
    }
    for (int a = 0; a < 4; a++) cr_expect_eq(got[a], 0);
}
