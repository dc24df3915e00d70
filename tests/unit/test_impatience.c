#include "staffing/impatience.h"

#include "staffing/erlang.h"
#include "staffing_truth.h"

#include <string.h>

static struct fl_distribution prepared(struct fl_distribution law)
{
    cr_assert_eq(fl_distribution_prepare(&law), FL_OK);
    return law;
}

/* The three laws of the table, by its own words. */
static struct fl_distribution law_of(const char *words)
{
    static struct fl_distribution parts[2];
    static const double weights[2] = { 0.5, 0.5 };
    if (strcmp(words, "exponential(mean 4)") == 0) return prepared((struct fl_distribution){ .kind = FL_EXPONENTIAL, .a = 4 });
    if (strcmp(words, "uniform(0,2)") == 0) return prepared((struct fl_distribution){ .kind = FL_UNIFORM, .a = 0, .b = 2 });
    cr_assert_str_eq(words, "hyperexp(p=.5,rates 4 & 4/7; mean 1)");
    parts[0] = prepared((struct fl_distribution){ .kind = FL_EXPONENTIAL, .a = 0.25 });
    parts[1] = prepared((struct fl_distribution){ .kind = FL_EXPONENTIAL, .a = 1.75 });
    return prepared((struct fl_distribution){ .kind = FL_MIXTURE, .count = 2, .values = weights, .parts = parts });
}

Test(impatience, has_the_ten_digits_of_the_tables)
{
    cJSON *const truth = truth_read("mmn_g.json");
    const cJSON *item, *row;
    int cases = 0;

    cJSON_ArrayForEach(item, truth_member(truth, "cases"))
    {
        const cJSON *const params = truth_member(item, "params"), *const values = truth_member(item, "values");
        const uint32_t servers = (uint32_t)truth_number(params, "n");
        const double rate = truth_number(params, "lambda_"), service_rate = truth_number(params, "mu");
        const char *const words = truth_member(params, "patience")->valuestring;
        const struct fl_distribution patience = law_of(words);
        struct fl_erlang_g queue;
        cr_assert_eq(fl_erlang_g(rate, service_rate, servers, &patience, &queue), FL_OK);
        truth_expect(queue.p_wait, values, "p_offered_wait_pos", words);
        truth_expect(queue.p_abandon, values, "p_abandon", words);
        truth_expect(queue.offered_mean, values, "mean_offered_wait", words);
        truth_expect(queue.wait_mean, values, "mean_wait_all", words);
        truth_expect(queue.queue_mean, values, "Lq", words);
        truth_expect(queue.occupancy, values, "occupancy", words);
        cJSON_ArrayForEach(row, truth_member(values, "p_wait_gt_T"))
        {
            double p;
            cr_assert_eq(fl_erlang_g_exceeds(rate, service_rate, servers, &patience, truth_number(row, "T"), &p), FL_OK);
            truth_expect(p, row, "p", words);
        }
        cases++;
    }

    cr_expect_eq(cases, 21);
    cJSON_Delete(truth);
}

static void expect_close(double got, double want, double relative, const char *what)
{
    cr_expect(fabs(got - want) <= relative * fabs(want) + 1e-300, "%s: wanted %.15g, got %.15g", what, want, got);
}

/* Two ways to the same numbers: the chain of Erlang A, and the integrals. */
Test(impatience, of_the_exponential_is_erlang_a)
{
    static const struct {
        double rate, leave_rate;
        uint32_t servers;
    } desks[] = { { 0.1, 0.01, 1 }, { 9, 0.25, 10 }, { 30, 0.001, 10 }, { 300, 2, 250 }, { 5000, 0.1, 4000 }, { 90, 40, 100 }, { 1, 1, 200 } };
    for (size_t i = 0; i < sizeof desks / sizeof *desks; i++) {
        const struct fl_distribution patience = prepared((struct fl_distribution){ .kind = FL_EXPONENTIAL, .a = 1 / desks[i].leave_rate });
        struct fl_erlang_g general;
        struct fl_erlang_a chain;
        cr_assert_eq(fl_erlang_g(desks[i].rate, 1, desks[i].servers, &patience, &general), FL_OK);
        cr_assert_eq(fl_erlang_a(desks[i].rate, 1, desks[i].leave_rate, desks[i].servers, &chain), FL_OK);
        expect_close(general.p_wait, chain.p_wait, 1e-10, "p_wait");
        expect_close(general.p_abandon, chain.p_abandon, 1e-10, "p_abandon");
        expect_close(general.wait_mean, chain.wait_mean, 1e-10, "wait_mean");
    }
}

Test(impatience, of_the_patient_is_erlang_c)
{
    struct fl_erlang_g general;
    struct fl_erlang_c chain;
    cr_assert_eq(fl_erlang_g(9, 1, 10, NULL, &general), FL_OK);
    cr_assert_eq(fl_erlang_c(9, 1, 10, &chain), FL_OK);
    expect_close(general.p_wait, chain.p_wait, 1e-11, "p_wait");
    expect_close(general.wait_mean, chain.wait_mean, 1e-11, "wait_mean");
    cr_expect_eq(general.p_abandon, 0);
    cr_expect_eq(fl_erlang_g(10, 1, 10, NULL, &general), FL_ERANGE, "never settles");
}

/* n = 10, rate 12, mean patience 1: the law matters (SCIENCE: 0.2136, 0.1986, 0.1774). */
Test(impatience, depends_on_the_law_of_patience)
{
    const struct fl_distribution laws[] = { prepared((struct fl_distribution){ .kind = FL_EXPONENTIAL, .a = 1 }),
                                            prepared((struct fl_distribution){ .kind = FL_GAMMA, .a = 1, .b = sqrt(0.5) }),
                                            prepared((struct fl_distribution){ .kind = FL_CONSTANT, .a = 1 }),
                                            prepared((struct fl_distribution){ .kind = FL_WEIBULL, .a = 1, .b = 1 }) };
    static const double abandon[] = { 0.2136, 0.1986, 0.1774, 0.2136 };
    for (int i = 0; i < 4; i++) {
        struct fl_erlang_g queue;
        cr_assert_eq(fl_erlang_g(12, 1, 10, &laws[i], &queue), FL_OK);
        cr_expect(fabs(queue.p_abandon - abandon[i]) < 0.00005, "%d: %.6f", i, queue.p_abandon);
        expect_close(queue.occupancy, 1.2 * (1 - abandon[i]), 1e-4, "who does not leave is served");
        if (i % 3 == 0) expect_close(queue.wait_mean, queue.p_abandon, 1e-10, "at a leaving rate of 1 there leave as many as wait");
    }
}

Test(impatience, refuses_what_is_no_queue)
{
    const struct fl_distribution patience = prepared((struct fl_distribution){ .kind = FL_EXPONENTIAL, .a = 1 });
    struct fl_erlang_g queue;
    double p;
    cr_expect_eq(fl_erlang_g(0, 1, 1, &patience, &queue), FL_ERANGE);
    cr_expect_eq(fl_erlang_g(1, 0, 1, &patience, &queue), FL_ERANGE);
    cr_expect_eq(fl_erlang_g(1, 1, 0, &patience, &queue), FL_ERANGE);
    cr_expect_eq(fl_erlang_g(NAN, 1, 1, &patience, &queue), FL_ERANGE);
    cr_expect_eq(fl_erlang_g(INFINITY, 1, 1, &patience, &queue), FL_ERANGE);
    cr_expect_eq(fl_erlang_g_exceeds(1, 1, 1, &patience, -1, &p), FL_ERANGE);
}
