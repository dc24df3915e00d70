#include "staffing/chat_reply.h"

#include "staffing_truth.h"

static struct fl_distribution patience_of(double leave_rate)
{
    struct fl_distribution law = { .kind = FL_EXPONENTIAL, .a = 1 / leave_rate };
    cr_assert_eq(fl_distribution_prepare(&law), FL_OK);
    return law;
}

static void expect_close(double got, double want, double relative, const char *what)
{
    cr_expect(fabs(got - want) <= relative * fabs(want), "%s: wanted %.12g, got %.12g", what, want, got);
}

/* The same pool by another way: a birth and death chain whose queue is summed up state by state. */
Test(chat_reply, of_the_exponential_is_the_chain_of_the_desk)
{
    static const struct {
        uint32_t agents, slots;
        double load, leave_rate;
    } desks[] = { { 1, 1, 0.9, 0.05 }, { 3, 4, 0.7, 0.2 }, { 10, 5, 1.2, 0.01 }, { 200, 20, 0.98, 0.05 }, { 50, 3, 0.2, 1 }, { 2000, 10, 0.5, 0.1 } };
    for (size_t i = 0; i < sizeof desks / sizeof *desks; i++) {
        double rate[32];
        struct fl_chat_load load = { .work = { .reply_rate = 1, .think_rate = 0.5, .p_end = 0.2, .switch_cost = 0.02 }, .slots = desks[i].slots };
        fl_chat_rates(&load.work, load.slots, rate);
        load.arrivals = desks[i].load * desks[i].agents * rate[load.slots];
        const struct fl_distribution patience = patience_of(desks[i].leave_rate);
        load.patience = &patience;
        const struct fl_chat_pool pool = { desks[i].agents, load.slots, rate, load.arrivals, desks[i].leave_rate };
        struct fl_chat_desk chain;
        struct fl_chat_reply reply;
        cr_assert_eq(fl_chat_desk(&pool, &chain), FL_OK);
        cr_assert_eq(fl_chat_reply(&load, desks[i].agents, &reply), FL_OK);
        if (chain.p_wait > 1e-100) {
            expect_close(reply.p_wait, chain.p_wait, 1e-9, "p_wait");
            expect_close(reply.p_abandon, chain.p_abandon, 1e-9, "p_abandon");
            expect_close(reply.wait_mean, chain.wait_mean, 1e-9, "wait_mean");
        }
        double levels = reply.p_wait;
        for (uint32_t l = 0; l < load.slots; l++) levels += reply.level[l];
        expect_close(levels, 1, 1e-12, "levels");
    }
}

/* Mean first answer after the assignment, of one agent, against the chain of every state. */
Test(chat_reply, first_answers_of_one_agent_come_near_the_message_level_desk)
{
    cJSON *const truth = truth_read("chat_message.json");
    const cJSON *item;
    int cases = 0;
    double worst = 0;

    cJSON_ArrayForEach(item, truth_member(truth, "cases"))
    {
        const cJSON *const params = truth_member(item, "params"), *const values = truth_member(item, "values");
        const struct fl_distribution patience = patience_of(truth_number(params, "theta"));
        const struct fl_chat_load load = { .work = { .reply_rate = truth_number(params, "reply_rate"), .think_rate = truth_number(params, "think_rate"),
                                                     .p_end = truth_number(params, "p_end_after_reply") },
                                           .slots = (uint32_t)truth_number(params, "K"), .arrivals = truth_number(params, "lambda_"), .patience = &patience };
        struct fl_chat_reply reply;
        cr_assert_eq(fl_chat_reply(&load, 1, &reply), FL_OK);
        const double want = truth_number(values, "mean_first_reply_after_assignment"), off = fabs(reply.answer_mean / want - 1);
        if (off > worst) worst = off;
        cases++;
    }
    cr_expect_eq(cases, 27);
    cr_expect(worst < 0.004, "%.5f", worst);
    cJSON_Delete(truth);
}

/* Two drowned desks whose agents do as much with any number of chats, by the chain of all their levels (solved state by state): which level a buyer
 * joins. Without the agent who has just ended a chat, a level below the others, the first would be off by 0.06. */
Test(chat_reply, buyers_join_whoever_has_just_ended_a_chat)
{
    static const struct {
        uint32_t agents, slots;
        double level[4];
    } desks[] = { { 5, 3, { 0.04986, 0.12498, 0.19364 } }, { 2, 4, { 0.06432, 0.10097, 0.14009, 0.17498 } } };
    const struct fl_distribution patience = patience_of(0.5);
    for (size_t i = 0; i < sizeof desks / sizeof *desks; i++) {
        const struct fl_chat_load load = { .work = { .reply_rate = 5, .think_rate = INFINITY, .p_end = 0.2 }, .slots = desks[i].slots,
                                           .arrivals = 1.2 * desks[i].agents, .patience = &patience };
        struct fl_chat_reply reply;
        cr_assert_eq(fl_chat_reply(&load, desks[i].agents, &reply), FL_OK);
        for (uint32_t l = 0; l < desks[i].slots; l++)
            cr_expect_float_eq(reply.level[l], desks[i].level[l], 0.02, "%u agents, level %u: %g", desks[i].agents, l, reply.level[l]);
    }
}

static const struct fl_chat_work shop = { .reply_rate = 1 / 25., .think_rate = 1 / 40., .p_end = 1 / 6. };

/* The mean is the integral of what exceeds; the quantile is where it crosses. */
Test(chat_reply, mean_and_quantiles_are_of_one_law)
{
    const struct fl_distribution patience = patience_of(1 / 120.);
    const struct fl_chat_load load = { .work = shop, .slots = 5, .arrivals = 300 / 3600., .patience = &patience };
    struct fl_chat_reply reply;
    cr_assert_eq(fl_chat_reply(&load, 12, &reply), FL_OK);
    double sum = 0;
    const double step = 0.5;
    for (double t = 0; t < 2000; t += step) sum += 0.5 * step * (fl_chat_reply_exceeds(&reply, t) + fl_chat_reply_exceeds(&reply, t + step));
    expect_close(sum, reply.first_mean, 1e-4, "mean");
    expect_close(fl_chat_reply_exceeds(&reply, 0), 1, 1e-9, "nobody is answered at once");
    for (double p = 0.05; p < 1; p += 0.1) expect_close(fl_chat_reply_exceeds(&reply, fl_chat_reply_quantile(&reply, p)), 1 - p, 1e-7, "quantile");
}

Test(chat_reply, fewest_people_hold_the_goals_and_one_fewer_does_not)
{
    const struct fl_distribution patience = patience_of(1 / 120.);
    const struct fl_chat_goal goals[] = { { FL_CHAT_FIRST_REPLY, 60, 0.9 }, { FL_CHAT_WAITED, 0.2, 0 }, { FL_CHAT_ABANDONED, 0.03, 0 }, { FL_CHAT_FIRST_MEAN, 40, 0 } };
    for (double per_hour = 20; per_hour < 20000; per_hour *= 4) {
        struct fl_chat_load load = { .work = shop, .slots = 5, .arrivals = per_hour / 3600, .patience = &patience };
        for (uint32_t g = 0; g < 4; g++) {
            uint32_t people;
            struct fl_chat_reply reply;
            cr_assert_eq(fl_chat_people(&load, &goals[g], 1, 10000, &people), FL_OK);
            cr_assert_eq(fl_chat_reply(&load, people, &reply), FL_OK);
            cr_expect(fl_chat_goals_hold(&reply, &goals[g], 1));
            if (people == 1) continue;
            cr_expect(fl_chat_reply(&load, people - 1, &reply) != FL_OK || !fl_chat_goals_hold(&reply, &goals[g], 1), "%.0f an hour, goal %u, %u people",
                      per_hour, g, people);
        }
    }
}

/* Even an agent of her own needs 25 s on average: nine in ten within 20 s cannot be had. */
Test(chat_reply, says_what_nobody_can_reach)
{
    const struct fl_chat_load load = { .work = shop, .slots = 5, .arrivals = 0.1 };
    uint32_t people;
    cr_expect_eq(fl_chat_people(&load, &(struct fl_chat_goal){ FL_CHAT_FIRST_REPLY, 20, 0.9 }, 1, 1000, &people), FL_EINFEASIBLE);
    cr_expect_eq(fl_chat_people(&load, &(struct fl_chat_goal){ FL_CHAT_FIRST_REPLY, 60, 1 }, 1, 1000, &people), FL_ERANGE);
    cr_expect_eq(fl_chat_people(&load, &(struct fl_chat_goal){ FL_CHAT_WAITED, -1, 0 }, 1, 1000, &people), FL_ERANGE);
}

Test(chat_reply, refuses_what_is_no_desk)
{
    struct fl_chat_reply reply;
    struct fl_chat_load load = { .work = shop, .slots = 5, .arrivals = 0.1 };
    cr_expect_eq(fl_chat_reply(&load, 0, &reply), FL_ERANGE);
    cr_expect_eq(fl_chat_reply(&load, 1, &reply), FL_ERANGE, "endless patience, and too few people");
    cr_expect_eq(fl_chat_reply(&load, 100, &reply), FL_OK);
    load.slots = 0;
    cr_expect_eq(fl_chat_reply(&load, 100, &reply), FL_ERANGE);
    load.slots = FL_CHAT_REPLY_SLOTS_MAX + 1;
    cr_expect_eq(fl_chat_reply(&load, 100, &reply), FL_ERANGE);
    load = (struct fl_chat_load){ .work = { .reply_rate = 1, .think_rate = INFINITY, .p_end = 1 }, .slots = 3, .arrivals = NAN };
    cr_expect_eq(fl_chat_reply(&load, 100, &reply), FL_ERANGE);
    load.arrivals = 1;
    cr_expect_eq(fl_chat_reply(&load, 100, &reply), FL_OK, "one reply a chat, and no thinking");
}
