#include "staffing/chat_levels.h"

#include "staffing_truth.h"

#include <string.h>

#define MEMORY ((size_t)64 << 20)

static struct fl_arena arena;

static void begin(void)
{
    fl_arena_start(&arena, aligned_alloc(64, MEMORY), MEMORY);
}

static void end(void)
{
    free(fl_arena_at(&arena, 0));
}

TestSuite(chat_levels, .init = begin, .fini = end);

static void expect_case(const struct fl_chat_pool *pool, enum fl_level_routing routing, const cJSON *values, const char *what)
{
    struct fl_chat_levels levels;
    struct fl_pool_service service;
    fl_arena_reset(&arena);
    cr_assert_eq(fl_chat_levels(&arena, pool, routing, &levels), FL_OK, "%s", what);
    cr_assert_eq(fl_pool_service(pool, levels.desk.p_wait, truth_number(values, "T"), &service), FL_OK);
    truth_expect(levels.desk.p_wait, values, "p_wait", what);
    truth_expect(levels.desk.p_abandon, values, "p_abandon", what);
    truth_expect(levels.desk.queue_mean, values, "Lq", what);
    truth_expect(levels.desk.wait_mean, values, "mean_wait_all", what);
    truth_expect(levels.desk.open_mean, values, "mean_in_service", what);
    truth_expect(levels.desk.chat_mean, values, "mean_time_in_service_served", what);
    truth_expect(levels.desk.throughput, values, "throughput", what);
    truth_expect(levels.desk.p_idle, values, "p_agent_idle", what);
    truth_expect(service.offered_wait_exceeds, values, "p_virtual_wait_gt_T", what);
    truth_expect(service.served_within, values, "sl_offered_T", what);
    const cJSON *share;
    uint32_t level = 0;
    cJSON_ArrayForEach(share, truth_member(values, "agent_level_dist"))
    {
        cr_expect(fabs(levels.level[level] - share->valuedouble) <= 1e-10 * share->valuedouble + 1e-13, "%s: level %u", what, level);
        level++;
    }
    cr_expect_eq(level, pool->slots + 1);
}

Test(chat_levels, has_the_ten_digits_of_the_tables)
{
    static const char *const names[] = { "least", "most", "random" };
    cJSON *const truth = truth_read("chat_lps.json");
    const cJSON *item;
    int solved = 0;

    cJSON_ArrayForEach(item, truth_member(truth, "cases"))
    {
        const cJSON *const params = truth_member(item, "params"), *const values = truth_member(item, "values"), *rate;
        double rates[FL_CHAT_LEVELS_SLOTS_MAX + 1];
        uint32_t level = 0;
        cJSON_ArrayForEach(rate, truth_member(params, "mu_total_by_level")) rates[level++] = rate->valuedouble;
        const struct fl_chat_pool pool = { (uint32_t)truth_number(params, "N"), (uint32_t)truth_number(params, "K"), rates,
                                           truth_number(params, "lambda_"), truth_number(params, "theta") };
        for (int routing = 0; routing < 3; routing++) {
            if (!cJSON_HasObjectItem(values, names[routing])) continue;
            char what[200];
            snprintf(what, sizeof what, "%u x %u, %s, load %g, leaving %g, %s", pool.agents, pool.slots,
                     truth_member(params, "shape")->valuestring, truth_number(params, "load"), pool.leave_rate, names[routing]);
            expect_case(&pool, (enum fl_level_routing)routing, truth_member(values, names[routing]), what);
            solved++;
        }
    }

    cr_expect_eq(solved, 290);
    cJSON_Delete(truth);
}

/* One server that all share, at most `cap` at once; and R servers that all share, as one agent whom each chat up to R makes faster. */
Test(chat_levels, has_the_digits_of_capacitated_sharing)
{
    cJSON *const truth = truth_read("capacitated_ps.json");
    const cJSON *item;
    int cases = 0;

    cJSON_ArrayForEach(item, truth_member(truth, "cases"))
    {
        const cJSON *const params = truth_member(item, "params"), *const values = truth_member(item, "values");
        const char *const model = truth_member(params, "model")->valuestring;
        const bool limited = strncmp(model, "LPS", 3) == 0;
        const uint32_t servers = limited ? 1 : (uint32_t)truth_number(params, "R"), slots = limited ? (uint32_t)truth_number(params, "cap") : 16;
        double rates[FL_CHAT_LEVELS_SLOTS_MAX + 1] = { 0 };
        for (uint32_t k = 1; k <= slots; k++) rates[k] = (k < servers ? k : servers) * truth_number(params, "mu");
        const struct fl_chat_pool pool = { 1, slots, rates, truth_number(params, "lambda_"), 0 };
        struct fl_chat_levels levels;
        fl_arena_reset(&arena);
        cr_assert_eq(fl_chat_levels(&arena, &pool, FL_TO_LEAST_LOADED, &levels), FL_OK);
        const double length = levels.desk.open_mean + levels.desk.queue_mean;
        truth_expect(length, values, "L", model);
        truth_expect(length / pool.arrivals, values, "mean_sojourn", model);
        if (limited) {
            truth_expect(levels.desk.p_wait, values, "p_wait", model);
            truth_expect(levels.desk.queue_mean, values, "Lq", model);
            truth_expect(levels.desk.wait_mean, values, "mean_wait_for_slot", model);
        } else {
            const cJSON *p;
            uint32_t level = 0;
            cJSON_ArrayForEach(p, truth_member(values, "p"))
            {
                cr_expect(fabs(levels.level[level] - p->valuedouble) <= 1e-10 * p->valuedouble, "%u", level);
                level++;
            }
        }
        cases++;
    }

    cr_expect_eq(cases, 3);
    cJSON_Delete(truth);
}

/* Thousands of states: chats are conserved, and who spreads them completes more where a further chat adds less and less. */
Test(chat_levels, conserves_chats_on_larger_pools)
{
    static const double rates[] = { 0, 1, 1.7, 2.1, 2.3, 2.4 };
    const struct fl_chat_pool pool = { 9, 5, rates, 9 * 2.2, 0.3 };
    double wait[3];
    for (int routing = 0; routing < 3; routing++) {
        struct fl_chat_levels levels;
        fl_arena_reset(&arena);
        cr_assert_eq(fl_chat_levels(&arena, &pool, (enum fl_level_routing)routing, &levels), FL_OK);
        double agents = 0;
        for (uint32_t k = 0; k <= pool.slots; k++) agents += levels.level[k];
        cr_expect(fabs(agents - 1) < 1e-12);
        cr_expect(fabs(levels.desk.throughput + levels.desk.p_abandon * pool.arrivals - pool.arrivals) < 1e-9 * pool.arrivals);
        wait[routing] = levels.desk.p_wait;
    }
    cr_expect_lt(wait[FL_TO_LEAST_LOADED], wait[FL_TO_ANYONE]);
    cr_expect_lt(wait[FL_TO_ANYONE], wait[FL_TO_MOST_LOADED]);
}

Test(chat_levels, refuses_what_is_too_large_or_no_pool)
{
    static const double rates[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8 };
    struct fl_chat_levels levels;
    struct fl_chat_pool pool = { 30, 8, rates, 1, 1 };
    cr_expect_eq(fl_chat_levels(&arena, &pool, FL_TO_ANYONE, &levels), FL_ERANGE, "too many states");
    pool = (struct fl_chat_pool){ 2, 2, rates, 5, 0 };
    cr_expect_eq(fl_chat_levels(&arena, &pool, FL_TO_ANYONE, &levels), FL_ERANGE, "never settles");
    pool.arrivals = 0;
    cr_expect_eq(fl_chat_levels(&arena, &pool, FL_TO_ANYONE, &levels), FL_ERANGE);
    _Alignas(64) static unsigned char little[4096];
    struct fl_arena small;
    fl_arena_start(&small, little, sizeof little);
    pool = (struct fl_chat_pool){ 10, 4, rates, 5, 1 };
    cr_expect_eq(fl_chat_levels(&small, &pool, FL_TO_ANYONE, &levels), FL_EFULL);
}
