#include "staffing/erlang.h"
#include "staffing_truth.h"

static void describe(char text[200], const cJSON *params)
{
    char *const json = cJSON_PrintUnformatted(params);
    snprintf(text, 200, "%s", json);
    free(json);
}

Test(erlang, b_has_the_ten_digits_of_the_tables)
{
    cJSON *const truth = truth_read("erlang_b.json");
    const cJSON *item;
    int whole = 0, real = 0;

    cJSON_ArrayForEach(item, truth_member(truth, "cases"))
    {
        const cJSON *const params = truth_member(item, "params"), *const values = truth_member(item, "values");
        const double load = truth_number(params, "A"), servers = truth_number(params, "c");
        char what[200];
        describe(what, params);
        if (cJSON_HasObjectItem(values, "continuous")) {
            truth_expect(fl_erlang_b_real(load, servers), values, "B", what);
            real++;
            continue;
        }
        const double b = fl_erlang_b(load, (uint32_t)servers);
        if (truth_number(values, "B") > 1e-290) {
            truth_expect(b, values, "B", what);
            truth_expect(fl_erlang_b_real(load, servers), values, "B", what);
        }
        truth_expect(load * (1 - b), values, "carried", what);
        truth_expect(fl_erlang_b_log(load, (uint32_t)servers) / log(10), values, "log10_B", what);
        whole++;
    }

    cr_expect_eq(whole, 103);
    cr_expect_eq(real, 3);
    cJSON_Delete(truth);
}

Test(erlang, c_has_the_ten_digits_of_the_tables)
{
    cJSON *const truth = truth_read("erlang_c_grid.json");
    const cJSON *item, *row;
    int cases = 0;

    cJSON_ArrayForEach(item, truth_member(truth, "cases"))
    {
        const cJSON *const params = truth_member(item, "params"), *const values = truth_member(item, "values");
        const uint32_t servers = (uint32_t)truth_number(params, "c");
        const double rate = truth_number(params, "lambda_");
        struct fl_erlang_c queue;
        char what[200];
        describe(what, params);
        cr_assert_eq(fl_erlang_c(rate, 1, servers, &queue), FL_OK);
        truth_expect(queue.p_wait, values, "p_wait", what);
        truth_expect(queue.queue_mean, values, "Lq", what);
        truth_expect(queue.wait_mean, values, "Wq", what);
        truth_expect(queue.wait_mean + 1, values, "W", what);
        truth_expect(queue.queue_mean + rate, values, "L", what);
        truth_expect(1 / queue.drain, values, "mean_wait_given_wait", what);
        truth_expect(queue.wait_variance, values, "var_wait", what);
        cJSON_ArrayForEach(row, truth_member(values, "sl"))
            truth_expect(fl_erlang_c_within(&queue, truth_number(row, "T")), row, "p_wait_le_T", what);
        cJSON_ArrayForEach(row, truth_member(values, "wait_q"))
        {
            /* at the edge of the atom at 0 the quantile is a difference of equal numbers */
            const double want = truth_number(row, "t"), got = fl_erlang_c_quantile(&queue, truth_number(row, "p"));
            cr_expect(fabs(got - want) <= 1e-10 * want + 1e-14, "%s: wanted %.12g, got %.12g", what, want, got);
        }
        cases++;
    }

    cr_expect_eq(cases, 102);
    cJSON_Delete(truth);
}

Test(erlang, a_has_the_ten_digits_of_the_tables_by_all_four_service_levels)
{
    cJSON *const truth = truth_read("erlang_a.json");
    const cJSON *item, *row;
    int cases = 0;

    cJSON_ArrayForEach(item, truth_member(truth, "cases"))
    {
        const cJSON *const params = truth_member(item, "params"), *const values = truth_member(item, "values");
        const uint32_t servers = (uint32_t)truth_number(params, "c");
        const double rate = truth_number(params, "lambda_"), service = truth_number(params, "mu");
        const double leave = truth_number(params, "theta");
        struct fl_erlang_a queue;
        char what[200];
        describe(what, params);
        cr_assert_eq(fl_erlang_a(rate, service, leave, servers, &queue), FL_OK);
        truth_expect(queue.p_wait, values, "p_wait", what);
        truth_expect(queue.p_abandon, values, "p_abandon", what);
        truth_expect(queue.queue_mean, values, "Lq", what);
        truth_expect(queue.in_system_mean, values, "L", what);
        truth_expect(queue.wait_mean, values, "mean_wait_all", what);
        truth_expect(queue.occupancy, values, "occupancy", what);
        truth_expect(queue.p_abandon / queue.p_wait, values, "p_abandon_given_wait", what);
        truth_expect(queue.wait_mean / queue.p_wait, values, "mean_wait_all_given_wait", what);
        truth_expect(queue.wait_served, values, "mean_wait_served", what);
        truth_expect(queue.wait_abandoned, values, "mean_wait_abandoned", what);
        cJSON_ArrayForEach(row, truth_member(values, "sl"))
        {
            struct fl_erlang_service got;
            cr_assert_eq(fl_erlang_a_service(rate, service, leave, servers, truth_number(row, "T"), &got), FL_OK);
            truth_expect(got.served_within, row, "served_within_T_over_offered", what);
            truth_expect(got.abandoned_within, row, "abandoned_within_T_over_offered", what);
            truth_expect(got.p_offered_wait_exceeds, row, "p_virtual_wait_gt_T", what);
            truth_expect(got.level[FL_LEVEL_OF_OFFERED], row, "sl_offered", what);
            truth_expect(got.level[FL_LEVEL_LESS_EARLY], row, "sl_excl_early_abandons", what);
            truth_expect(got.level[FL_LEVEL_EARLY_COUNTS_GOOD], row, "sl_counting_early_abandons_good", what);
            truth_expect(got.level[FL_LEVEL_OF_ANSWERED], row, "sl_answered", what);
        }
        cases++;
    }

    cr_expect_eq(cases, 107);
    cJSON_Delete(truth);
}

Test(erlang, a_of_a_desk_drowned_beyond_the_range_of_doubles_loses_what_it_cannot_serve)
{
    /* weights of the chain pass 10^308: a thousand times the capacity, patience a thousand services */
    struct fl_erlang_a queue;
    cr_assert_eq(fl_erlang_a(1000, 1, 0.001, 1, &queue), FL_OK);
    cr_expect_float_eq(queue.p_abandon, 0.999, 1e-12);
    cr_expect_float_eq(queue.queue_mean, 999000, 1e-6);

    struct fl_erlang_service service;
    cr_assert_eq(fl_erlang_a_service(1000, 1, 0.001, 1, 2000, &service), FL_OK);
    /* the wait offered is ln(1000) / 0.001 = 6908: nobody is served within 2000, 1 - e^-2 have left */
    cr_expect_lt(service.served_within, 1e-12);
    cr_expect_float_eq(service.abandoned_within, 1 - exp(-2), 1e-9);
}

Test(erlang, fewest_servers_by_c_are_those_of_the_tables_and_one_fewer_misses)
{
    cJSON *const truth = truth_read("staffing_erlang_c.json");
    const cJSON *item;
    int cases = 0;

    cJSON_ArrayForEach(item, truth_member(truth, "cases"))
    {
        const cJSON *const params = truth_member(item, "params"), *const values = truth_member(item, "values");
        const double rate = truth_number(params, "arrivals_per_hour") / 3600, aht = truth_number(params, "aht_s");
        const double target = truth_number(params, "sl_target"), limit = truth_number(params, "T_s");
        const struct fl_erlang_goal goal = { .measure = FL_ERLANG_WITHIN, .bound = target, .limit = limit };
        uint32_t servers = 0;
        char what[200];
        describe(what, params);
        cr_assert_eq(fl_erlang_servers(rate, 1 / aht, 0, &goal, &servers), FL_OK);
        cr_expect_eq(servers, (uint32_t)truth_number(values, "min_agents"), "%s: %u", what, servers);
        struct fl_erlang_c queue;
        cr_assert_eq(fl_erlang_c(rate, 1 / aht, servers, &queue), FL_OK);
        truth_expect(fl_erlang_c_within(&queue, limit), values, "sl", what);
        truth_expect(queue.p_wait, values, "p_wait", what);
        truth_expect(queue.wait_mean, values, "asa_s", what);
        truth_expect(queue.occupancy, values, "occupancy", what);
        const double load = rate * aht, beta = (servers - load) / sqrt(load);
        /* the limit's exponent is some hundreds where nobody waits: its rounding shows in the tenth digit */
        const double want = truth_number(values, "halfin_whitt_p_wait"), got = fl_square_root_wait(beta, 0);
        cr_expect(fabs(got - want) <= 1e-9 * want + 1e-300, "%s: wanted %.12g, got %.12g", what, want, got);
        cases++;
    }

    cr_expect_eq(cases, 150);
    cJSON_Delete(truth);
}

Test(erlang, fewest_servers_by_a_reach_each_goal_and_one_fewer_does_not)
{
    for (int measure = FL_ERLANG_P_WAIT; measure <= FL_ERLANG_WITHIN; measure++) {
        for (int level = 0; level < FL_ERLANG_LEVELS; level++) {
            const struct fl_erlang_goal goal = { .measure = (enum fl_erlang_measure)measure,
                                                 .bound = measure == FL_ERLANG_WITHIN ? 0.9 : 0.05,
                                                 .limit = 20,
                                                 .level = (enum fl_erlang_level)level };
            uint32_t servers = 0;
            cr_assert_eq(fl_erlang_servers(2, 1.0 / 60, 1.0 / 120, &goal, &servers), FL_OK);
            double figure[2];
            for (uint32_t fewer = 0; fewer < 2; fewer++) {
                struct fl_erlang_a queue;
                struct fl_erlang_service service;
                cr_assert_eq(fl_erlang_a(2, 1.0 / 60, 1.0 / 120, servers - fewer, &queue), FL_OK);
                cr_assert_eq(fl_erlang_a_service(2, 1.0 / 60, 1.0 / 120, servers - fewer, 20, &service), FL_OK);
                figure[fewer] = measure == FL_ERLANG_P_WAIT      ? 1 - queue.p_wait
                                : measure == FL_ERLANG_P_ABANDON ? 1 - queue.p_abandon
                                                                 : service.level[level];
            }
            const double want = measure == FL_ERLANG_WITHIN ? 0.9 : 0.95;
            cr_expect_geq(figure[0], want, "measure %d, level %d", measure, level);
            cr_expect_lt(figure[1], want, "measure %d, level %d", measure, level);
        }
    }
}

Test(erlang, what_is_out_of_range_is_refused_and_changes_nothing)
{
    struct fl_erlang_c c = { .p_wait = -7 };
    struct fl_erlang_a a = { .p_wait = -7 };
    uint32_t servers = 77;
    const struct fl_erlang_goal goal = { .measure = FL_ERLANG_P_ABANDON, .bound = 0.1 };
    const struct fl_erlang_goal certain = { .measure = FL_ERLANG_P_WAIT, .bound = 0 };

    cr_expect_eq(fl_erlang_c(3, 1, 3, &c), FL_ERANGE);
    cr_expect_eq(fl_erlang_c(NAN, 1, 3, &c), FL_ERANGE);
    cr_expect_eq(fl_erlang_a(3, 1, 0, 3, &a), FL_ERANGE);
    cr_expect_eq(fl_erlang_a(3, 1, 1, 0, &a), FL_ERANGE);
    cr_expect_eq(fl_erlang_servers(3, 1, 0, &goal, &servers), FL_ERANGE);
    cr_expect_eq(fl_erlang_servers(3, 1, 1, &certain, &servers), FL_ERANGE);

    cr_expect_eq(c.p_wait, -7.0);
    cr_expect_eq(a.p_wait, -7.0);
    cr_expect_eq(servers, 77);
}

Test(erlang, nobody_is_needed_for_no_arrivals)
{
    const struct fl_erlang_goal goal = { .measure = FL_ERLANG_P_WAIT, .bound = 0.1 };
    uint32_t servers = 77;

    cr_assert_eq(fl_erlang_servers(0, 1, 0, &goal, &servers), FL_OK);

    cr_expect_eq(servers, 0);
}

Test(erlang, square_root_staffing_inverts_its_wait_and_approaches_the_exact_chain)
{
    for (double ratio = 0; ratio <= 2; ratio += 0.5) {
        const double beta = fl_square_root_beta(0.2, ratio);
        cr_expect_float_eq(fl_square_root_wait(beta, ratio), 0.2, 1e-12);

        const uint32_t servers = fl_square_root_servers(10000, beta);
        const double settled = (servers - 10000.0) / 100;
        double exact;
        if (ratio > 0) {
            struct fl_erlang_a queue;
            cr_assert_eq(fl_erlang_a(10000, 1, ratio, servers, &queue), FL_OK);
            exact = queue.p_wait;
        } else {
            struct fl_erlang_c queue;
            cr_assert_eq(fl_erlang_c(10000, 1, servers, &queue), FL_OK);
            exact = queue.p_wait;
        }
        /* the limit is approached as 1/sqrt(load), which is 1 % here */
        cr_expect_float_eq(exact, fl_square_root_wait(settled, ratio), 0.01);
    }
    cr_expect_eq(fl_square_root_servers(0.1, 0.5), 1);
}
