#include "staffing/chat_desk.h"
#include "staffing/erlang.h"
#include "staffing_truth.h"

#include <string.h>

static struct fl_chat_work work_of(const cJSON *params)
{
    return (struct fl_chat_work){ .reply_rate = truth_number(params, "reply_rate"),
                                  .think_rate = truth_number(params, "think_rate"),
                                  .p_end = truth_number(params, "p_end_after_reply") };
}

Test(chat_desk, completion_rate_has_the_ten_digits_of_the_saturated_agent)
{
    cJSON *const truth = truth_read("chat_message.json");
    const cJSON *item, *value;
    int levels = 0;

    cJSON_ArrayForEach(item, truth_member(truth, "cases"))
    {
        const struct fl_chat_work work = work_of(truth_member(item, "params"));
        uint32_t k = 0;
        cJSON_ArrayForEach(value, truth_member(truth_member(item, "values"), "saturated_mu_of_k"))
        {
            const double got = fl_chat_rate(&work, k);
            cr_expect(fabs(got - value->valuedouble) <= 1e-10 * value->valuedouble, "k %u: wanted %.12g, got %.12g", k,
                      value->valuedouble, got);
            k++;
            levels++;
        }
    }

    cr_expect_eq(levels, 123);
    cJSON_Delete(truth);
}

Test(chat_desk, evenly_spread_chats_come_within_one_percent_of_the_message_level_desk)
{
    cJSON *const truth = truth_read("derived_lps_vs_message.json");
    const cJSON *item;
    double wait_worst = 0, abandon_worst = 0;

    cJSON_ArrayForEach(item, truth_member(truth, "cases"))
    {
        const cJSON *const params = truth_member(item, "params"), *const exact = truth_member(item, "exact");
        const struct fl_chat_work work = work_of(params);
        double rate[16];
        const uint32_t slots = (uint32_t)truth_number(params, "K");
        fl_chat_rates(&work, slots, rate);
        const struct fl_chat_pool pool = { .agents = (uint32_t)truth_number(params, "N"),
                                           .slots = slots,
                                           .rate = rate,
                                           .arrivals = truth_number(params, "lambda_"),
                                           .leave_rate = truth_number(params, "theta") };
        struct fl_chat_desk desk;
        cr_assert_eq(fl_chat_desk(&pool, &desk), FL_OK);
        if (pool.agents == 1) { /* then the balanced chain is limited processor sharing itself */
            const cJSON *const same = truth_member(item, "lps_machine_repair");
            truth_expect(desk.p_wait, same, "p_wait", "one agent");
            truth_expect(desk.p_abandon, same, "p_abandon", "one agent");
            truth_expect(desk.queue_mean, same, "Lq", "one agent");
        }
        const double wait = truth_number(exact, "p_wait"), abandon = truth_number(exact, "p_abandon");
        if (slots > 1) wait_worst = fmax(wait_worst, fabs(desk.p_wait / wait - 1));
        abandon_worst = fmax(abandon_worst, fabs(desk.p_abandon - abandon));
    }

    cr_expect_leq(wait_worst, 0.01);
    cr_expect_leq(abandon_worst, 0.007);
    cJSON_Delete(truth);
}

Test(chat_desk, evenly_spread_chats_are_a_little_optimistic_about_least_loaded_routing)
{
    static const struct {
        const char *shape;
        double wait; /* relative, at loads from 0.9 */
    } allowed[] = { { "linear", 1e-10 }, { "sat", 0.033 }, { "hump", 0.062 }, { "ps", 0.25 } };
    cJSON *const truth = truth_read("chat_lps.json");
    const cJSON *item, *level;
    int exact_cases = 0;

    cJSON_ArrayForEach(item, truth_member(truth, "cases"))
    {
        const cJSON *const params = truth_member(item, "params");
        const cJSON *const exact = truth_member(truth_member(item, "values"), "least");
        const char *const shape = truth_member(params, "shape")->valuestring;
        double rate[16];
        uint32_t levels = 0;
        cJSON_ArrayForEach(level, truth_member(params, "mu_total_by_level")) rate[levels++] = level->valuedouble;
        const struct fl_chat_pool pool = { .agents = (uint32_t)truth_number(params, "N"),
                                           .slots = levels - 1,
                                           .rate = rate,
                                           .arrivals = truth_number(params, "lambda_"),
                                           .leave_rate = truth_number(params, "theta") };
        struct fl_chat_desk desk;
        cr_assert_eq(fl_chat_desk(&pool, &desk), FL_OK);
        const double wait = truth_number(exact, "p_wait");
        cr_expect_leq(desk.p_wait, wait * (1 + 1e-10), "%s, %u agents", shape, pool.agents);
        cr_expect_leq(fabs(desk.p_abandon - truth_number(exact, "p_abandon")), 0.0071, "%s", shape);
        for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
            if (strcmp(shape, allowed[i].shape) != 0 || truth_number(params, "load") < 0.9) continue;
            cr_expect_leq(1 - desk.p_wait / wait, allowed[i].wait, "%s, %u agents: %g for %g", shape, pool.agents,
                          desk.p_wait, wait);
        }
        if (pool.agents > 1 && strcmp(shape, "linear") != 0) continue;
        /* the rate of the whole desk is a function of the chats inside, so the chain is exact */
        truth_expect(desk.p_wait, exact, "p_wait", shape);
        truth_expect(desk.p_abandon, exact, "p_abandon", shape);
        truth_expect(desk.queue_mean, exact, "Lq", shape);
        truth_expect(desk.wait_mean, exact, "mean_wait_all", shape);
        truth_expect(desk.throughput, exact, "throughput", shape);
        truth_expect(desk.open_mean, exact, "mean_in_service", shape);
        truth_expect(desk.chat_mean, exact, "mean_time_in_service_served", shape);
        if (pool.agents == 1) truth_expect(desk.p_idle, exact, "p_agent_idle", shape);
        exact_cases++;
    }

    cr_expect_eq(exact_cases, 66);
    cJSON_Delete(truth);
}

Test(chat_desk, one_slot_each_is_erlang_a)
{
    const double rate[] = { 0, 1.0 / 60 };
    const struct fl_chat_pool pool = { .agents = 40, .slots = 1, .rate = rate, .arrivals = 0.7, .leave_rate = 0.005 };
    struct fl_erlang_a want;
    struct fl_chat_desk got;
    cr_assert_eq(fl_erlang_a(0.7, 1.0 / 60, 0.005, 40, &want), FL_OK);

    cr_assert_eq(fl_chat_desk(&pool, &got), FL_OK);

    cr_expect_float_eq(got.p_wait, want.p_wait, 1e-12);
    cr_expect_float_eq(got.p_abandon, want.p_abandon, 1e-12);
    cr_expect_float_eq(got.wait_mean, want.wait_mean, 1e-9);
    cr_expect_float_eq(got.p_idle, 1 - want.occupancy, 1e-12);
    cr_expect_float_eq(got.chat_mean, 60, 1e-9);
}

Test(chat_desk, conserves_chats_however_far_it_is_overloaded)
{
    const struct fl_chat_work work = { .reply_rate = 0.05, .think_rate = 0.02, .p_end = 0.2, .switch_cost = 0.05 };
    double rate[61];
    fl_chat_rates(&work, 60, rate);

    for (double arrivals = 1e-6; arrivals < 1e4; arrivals *= 7) {
        const struct fl_chat_pool pool = {
            .agents = 50, .slots = 60, .rate = rate, .arrivals = arrivals, .leave_rate = 0.005
        };
        struct fl_chat_desk desk;
        cr_assert_eq(fl_chat_desk(&pool, &desk), FL_OK);
        cr_expect_float_eq(desk.throughput / (arrivals * (1 - desk.p_abandon)), 1, 1e-8, "arrivals %g", arrivals);
        cr_expect(desk.p_wait >= 0 && desk.p_wait <= 1);
    }
}

Test(chat_desk, replies_slow_down_with_each_open_chat_and_the_slots_follow_from_a_limit)
{
    const struct fl_chat_work work = { .reply_rate = 0.05, .think_rate = 1.0 / 60, .p_end = 0.2 };

    cr_expect_float_eq(fl_chat_reply_mean(&work, 1), 20, 1e-9);
    /* two chats by hand, r = d / (m (1 - p)) = 5/12: weights 1, 2r, 2r^2 */
    const double r = 1.0 / 60 / (0.05 * 0.8);
    cr_expect_float_eq(fl_chat_reply_mean(&work, 2), (2 * r + 4 * r * r) / (0.05 * (2 * r + 2 * r * r)), 1e-9);
    cr_expect_float_eq(fl_chat_rate(&work, 2), 0.05 * 0.2 * (2 * r + 2 * r * r) / (1 + 2 * r + 2 * r * r), 1e-12);
    const uint32_t slots = fl_chat_slots_within(&work, 60, 200);
    cr_expect_leq(fl_chat_reply_mean(&work, slots), 60);
    cr_expect_gt(fl_chat_reply_mean(&work, slots + 1), 60);
    cr_expect_eq(fl_chat_slots_within(&work, 5, 200), 1);
    cr_expect_eq(fl_chat_slots_within(&work, 1e9, 200), 200);
}

Test(chat_desk, rates_stay_finite_at_the_edges)
{
    const struct fl_chat_work one_reply = { .reply_rate = 2, .think_rate = 0.5, .p_end = 1 };
    const struct fl_chat_work eager = { .reply_rate = 2, .think_rate = INFINITY, .p_end = 0.25 };
    const struct fl_chat_work crowd = { .reply_rate = 1, .think_rate = 1, .p_end = 0.1 };
    const struct fl_chat_work slowed = { .reply_rate = 1, .think_rate = 1, .p_end = 0.1, .switch_cost = 0.5 };

    cr_expect_eq(fl_chat_rate(&one_reply, 0), 0.0);
    cr_expect_eq(fl_chat_rate(&one_reply, 1), 2.0);
    cr_expect_eq(fl_chat_rate(&eager, 3), 0.5);
    cr_expect_float_eq(fl_chat_rate(&crowd, 5000), 0.1, 1e-12); /* 5000! lies far beyond a double */
    cr_expect_lt(fl_chat_rate(&slowed, 8), fl_chat_rate(&slowed, 3));
}

Test(chat_desk, fewest_agents_reach_the_target_and_one_fewer_does_not)
{
    const struct fl_chat_work work = { .reply_rate = 0.05, .think_rate = 0.02, .p_end = 0.2 };
    double rate[6];
    fl_chat_rates(&work, 5, rate);

    for (int patient = 0; patient < 2; patient++) {
        for (double arrivals = 0.001; arrivals < 3; arrivals *= 2.3) {
            struct fl_chat_pool pool = {
                .slots = 5, .rate = rate, .arrivals = arrivals, .leave_rate = patient ? 0 : 0.005
            };
            uint32_t agents = 0;
            cr_assert_eq(fl_chat_agents(&pool, 0.2, 5000, &agents), FL_OK);
            struct fl_chat_desk desk;
            pool.agents = agents;
            cr_assert_eq(fl_chat_desk(&pool, &desk), FL_OK);
            cr_expect_leq(desk.p_wait, 0.2);
            if (agents == 1) continue;
            pool.agents = agents - 1;
            if (fl_chat_desk(&pool, &desk) == FL_OK) cr_expect_gt(desk.p_wait, 0.2);
        }
    }
}

Test(chat_desk, what_cannot_be_is_refused_and_changes_nothing)
{
    const double rate[] = { 0, 1 }, stuck[] = { 0, 0 };
    struct fl_chat_pool pool = { .agents = 3, .slots = 1, .rate = rate, .arrivals = 3 };
    struct fl_chat_desk desk = { .p_wait = -7 };
    uint32_t agents = 77;

    cr_expect_eq(fl_chat_desk(&pool, &desk), FL_ERANGE); /* endless patience, and no spare capacity */
    cr_expect_eq(fl_chat_agents(&pool, 0.2, 3, &agents), FL_EINFEASIBLE);
    cr_expect_eq(fl_chat_agents(&pool, 0.2, 0, &agents), FL_EINFEASIBLE);
    cr_expect_eq(fl_chat_agents(&pool, 1, 9, &agents), FL_ERANGE);
    pool.rate = stuck;
    cr_expect_eq(fl_chat_agents(&pool, 0.2, 9, &agents), FL_ERANGE);

    cr_expect_eq(desk.p_wait, -7.0);
    cr_expect_eq(agents, 77);
}
