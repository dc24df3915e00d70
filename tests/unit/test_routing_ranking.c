/* The ranking against plain scans, its fractions against cross-multiplication, and the sum tree of the lottery. */
#include "routing_desk.h"

#include "routing/lottery.h"
#include "routing/ranking.h"

#include <criterion/criterion.h>

static int sign_of(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static void expect_exact(uint32_t a, uint32_t b, uint32_t c, uint32_t d, unsigned bits)
{
    const int exact = sign_of((uint64_t)a * d, (uint64_t)c * b);
    const int mapped = sign_of(fl_rank_fraction(a, b, bits), fl_rank_fraction(c, d, bits));
    cr_assert_eq(mapped, exact, "%u/%u and %u/%u at 2^%u", a, b, c, d, bits);
}

Test(ranking, fractions_over_all_small_weights_sort_as_by_cross_multiplication)
{
    for (uint32_t b = 1; b <= 24; b++)
        for (uint32_t d = 1; d <= 24; d++)
            for (uint32_t a = 0; a <= 30; a++)
                for (uint32_t c = 0; c <= 30; c++) expect_exact(a, b, c, d, FL_WEIGHT_BITS);
}

/* The closest fractions that there are, neighbours in a Farey sequence: they differ by exactly 1/(bd). */
Test(ranking, the_closest_fractions_stay_apart_and_equal_ones_equal)
{
    expect_exact(998, 999, 999, 1000, FL_WEIGHT_BITS);
    expect_exact(1, 999, 1, 1000, FL_WEIGHT_BITS);
    expect_exact(499, 999, 500, 1000, FL_WEIGHT_BITS);
    expect_exact(5, 10, 500, 1000, FL_WEIGHT_BITS);
    const uint32_t most = UINT32_C(1) << 20;
    expect_exact(most - 2, most - 1, most - 1, most, FL_CAPACITY_BITS);
    expect_exact(1, most - 1, 1, most, FL_CAPACITY_BITS);
    expect_exact(1, 2, most / 2, most, FL_CAPACITY_BITS);
}

Test(ranking, a_million_drawn_fractions_sort_as_by_cross_multiplication)
{
    uint64_t bits = 42;
    for (int i = 0; i < 1000000; i++) {
        bits = fl_mix(bits + 1);
        const uint32_t b = 1 + bits % 1000, d = 1 + (bits >> 10) % 1000;
        const uint32_t a = (bits >> 20) % (2 * b), c = (uint32_t)((uint64_t)a * d / b) + (bits >> 40) % 2;
        expect_exact(a, b, c, d, FL_WEIGHT_BITS);
        const uint32_t B = 1 + bits % (1 << 20), D = 1 + (bits >> 22) % (1 << 20);
        const uint32_t A = (bits >> 42) % (2 * B), C = (uint32_t)((uint64_t)A * D / B) + (bits >> 63);
        expect_exact(A, B, C, D, FL_CAPACITY_BITS);
    }
}

Test(ranking, ranks_stay_below_the_marks)
{
    cr_expect_lt(fl_rank_fraction(UINT32_MAX, 1, FL_CAPACITY_BITS), UINT64_C(1) << 62);
    cr_expect_lt(fl_rank_fraction(UINT32_MAX, 1, FL_WEIGHT_BITS), UINT64_C(1) << 62);
    cr_expect_lt(fl_rank_time(FL_TIME_LONGEST), UINT64_C(1) << 62);
    cr_expect_lt(fl_rank_time(-1), fl_rank_time(0));
}

/* The definition of weighted_least_active, by scanning. */
static uint32_t scan(const struct desk *desk, const struct fl_request *request)
{
    uint32_t best = FL_NO_AGENT;
    for (uint32_t a = 0; a < desk->view.agents_count; a++) {
        const struct fl_agent *const her = &desk->agents[a];
        if ((her->groups >> request->group & 1) == 0 || her->state != FL_AVAILABLE) continue;
        if (a == request->chat->exclude || (!request->ignore_capacity && her->open >= her->capacity)) continue;
        if ((request->skills & 1) != 0 && desk->definitions[a].skill[0] == 0) continue;
        if (best == FL_NO_AGENT) {
            best = a;
            continue;
        }
        const struct fl_agent *const his = &desk->agents[best];
        const int load = sign_of((uint64_t)her->open * his->weight, (uint64_t)his->open * her->weight);
        if (load < 0 || (load == 0 && her->last_assigned_at < his->last_assigned_at)) best = a;
    }
    return best;
}

Test(ranking, agrees_with_a_scan_over_any_history_of_changes)
{
    struct desk *const desk = desk_create(37, FL_POLICY_WEIGHTED_LEAST_ACTIVE);
    desk->scenario.desk.groups_count = 3;
    desk->scenario.skills_count = 1;
    for (uint32_t a = 0; a < 37; a++) {
        const uint64_t bits = fl_mix(a + 77);
        desk->agents[a].groups = 1 + bits % 7;
        desk->agents[a].weight = 1 + (bits >> 8) % 5;
        desk->agents[a].capacity = (bits >> 16) % 6;
        desk->definitions[a].skill[0] = (double)(bits >> 24 & 1);
    }
    cr_assert_eq(desk_begin(desk), FL_OK);
    size_t at, state;
    cr_assert_eq(fl_roster_create(&desk->arena, &desk->view, &at), FL_OK);
    const struct fl_roster *const roster = fl_arena_at(&desk->arena, at);
    cr_assert_eq(fl_ranking_begin(&desk->arena, roster, &desk->view, &state), FL_OK);
    struct fl_ranking *const ranking = fl_arena_at(&desk->arena, state);
    struct fl_chat_view chat = { .exclude = FL_NO_AGENT };
    uint32_t found = 0;
    for (uint32_t i = 0; i < 50000; i++) {
        const uint64_t bits = fl_mix(i + 5);
        const uint32_t a = bits % 37;
        struct fl_agent *const her = &desk->agents[a];
        if ((bits >> 8) % 8 == 0) her->state = her->state == FL_AVAILABLE ? FL_ON_BREAK : FL_AVAILABLE;
        else her->open = (bits >> 16) % 8;
        her->last_assigned_at = (fl_time)((bits >> 24) % 4);
        fl_ranking_refresh(ranking, roster, &desk->view, a);
        chat.exclude = (bits >> 32) % 2 == 0 ? FL_NO_AGENT : (uint32_t)((bits >> 33) % 37);
        const struct fl_request request = { .chat = &chat, .group = (bits >> 40) % 3, .skills = bits >> 44 & 1,
                                            .ignore_capacity = false };

        const uint32_t picked = fl_ranking_pick(ranking, roster, &desk->view, &request);

        cr_assert_eq(picked, scan(desk, &request), "step %u", i);
        if (picked != FL_NO_AGENT) {
            found++;
            continue;
        }
        struct fl_request anyway = request; /* asked only when nobody has room */
        anyway.ignore_capacity = true;
        cr_assert_eq(fl_ranking_pick(ranking, roster, &desk->view, &anyway), scan(desk, &anyway), "step %u", i);
    }
    cr_expect(found > 20000 && found < 50000, "both outcomes were met, %u", found);
    desk_free(desk);
}

Test(lottery, every_number_below_the_total_falls_on_its_agent)
{
    struct desk *const desk = desk_create(5, FL_POLICY_RANDOM);
    desk->scenario.skills_count = 1;
    for (uint32_t a = 0; a < 5; a++) desk->agents[a].weight = a + 1;
    desk->definitions[3].skill[0] = 0;
    desk->agents[1].state = FL_OFFLINE;
    cr_assert_eq(desk_begin(desk), FL_OK);
    size_t at, state;
    cr_assert_eq(fl_roster_create(&desk->arena, &desk->view, &at), FL_OK);
    const struct fl_roster *const roster = fl_arena_at(&desk->arena, at);
    cr_assert_eq(fl_lottery_begin(&desk->arena, roster, &desk->view, &state), FL_OK);
    struct fl_lottery *const lottery = fl_arena_at(&desk->arena, state);
    lottery->weighted = true;
    fl_lottery_refresh_all(lottery, roster, &desk->view);
    const struct fl_chat_view chat = { .exclude = 0 };
    const struct fl_request request = { .chat = &chat, .skills = 1 };
    uint32_t got[5] = { 0 };

    fl_lottery_prepare(lottery, roster, &request);
    const uint64_t total = fl_lottery_total(lottery, roster, &request);
    for (uint64_t n = 0; n < total; n++) got[fl_lottery_place(lottery, roster, &request, n)]++;
    fl_lottery_restore(lottery, roster, &desk->view);

    cr_expect_eq(total, 8);
    cr_expect_eq(got[2], 3);
    cr_expect_eq(got[4], 5);
    cr_expect_eq(fl_lottery_total(lottery, roster, &request), 1 + 3 + 4 + 5, "everybody is back but who is offline");
    desk_free(desk);
}
