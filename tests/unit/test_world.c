/* Worlds change what they say and nothing else. */
#include "core/real.h"
#include "scenario/reader.h"
#include "staffing/risk.h"
#include "staffing/world.h"
#include "traffic/traffic.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char text[] =
    "{\"fenliu\":1,\"start\":\"2026-06-17T18:00\",\"duration\":\"8h\",\"traffic\":{\"chats_per_day\":500,\"profile\":\"flat\",\"promotions\":[{\"name\":\"618\","
    "\"opens_at\":\"2026-06-17T20:00\",\"closes_at\":\"2026-06-18T20:00\",\"multiplier\":3,\"multiplier_sigma\":0.2,\"shape\":\"step\"}]},"
    "\"buyers\":{\"classes\":[{\"name\":\"new\",\"share\":0.5},{\"name\":\"old\",\"share\":0.5,\"patience_scale\":2}],"
    "\"intents\":[{\"name\":\"size\",\"bot_can_answer\":0.3,\"reply\":{\"chars\":{\"poisson\":20},\"quick_phrase\":0.9}},"
    "{\"name\":\"urge\",\"conversion\":0.9,\"think_time\":{\"mixture\":[[0.5,\"10s\"],[0.5,{\"empirical\":[\"20s\",\"40s\"]}]]},\"reply\":{\"total\":\"20s\"}}],"
    "\"think_time\":{\"uniform\":[\"10s\",\"30s\"]},\"patience\":{\"first\":\"90s\"}},"
    "\"desk\":{\"shifts\":[{\"name\":\"s\",\"from\":\"2026-06-17T20:00\",\"to\":\"2026-06-18T01:00\"},{\"name\":\"t\",\"from\":\"2026-06-17T18:00\",\"to\":\"2026-06-17T23:00\"}],"
    "\"agents\":[{\"name\":\"a\",\"count\":3,\"speed\":2,\"shift\":\"s\"},{\"name\":\"b\",\"count\":2,\"shift\":\"t\"}]},\"money\":{\"conversion\":0.4}}";

struct made {
    struct fl_scenario *base, out;
    struct fl_arena arena;
    void *memory;
};

static struct made made_open(const char *of)
{
    struct made made = { .memory = aligned_alloc(64, 1 << 20) };
    struct fl_errors errors = { 0 };
    fl_arena_start(&made.arena, made.memory, 1 << 20);
    cr_assert_eq(fl_scenario_read("test", of, strlen(of), NULL, 0, &made.base, &errors), FL_OK, "%s", errors.list[0].text);
    return made;
}

static void made_close(struct made *made)
{
    fl_scenario_free(made->base);
    free(made->memory);
}

static void scale(struct made *made, enum fl_doubt doubt, double factor)
{
    cr_assert_eq(fl_world_scale(&made->arena, made->base, doubt, factor, &made->out), FL_OK);
}

Test(world, traffic_replies_and_patience_are_so_many_times_as_large)
{
    struct made made = made_open(text);

    scale(&made, FL_DOUBT_TRAFFIC, 1.2);
    cr_expect_float_eq(fl_traffic_expected(&made.out, 0, made.out.duration), 1.2 * fl_traffic_expected(made.base, 0, made.base->duration), 1e-6);
    scale(&made, FL_DOUBT_REPLY_TIME, 1.25);
    cr_expect_float_eq(made.out.desk.agents[0].speed, 2 / 1.25, 1e-12);
    cr_expect_float_eq(made.out.desk.agents[1].speed, 1 / 1.25, 1e-12);
    scale(&made, FL_DOUBT_PATIENCE, 0.8);
    cr_expect_float_eq(made.out.buyers.classes[0].patience_scale, 0.8, 1e-12);
    cr_expect_float_eq(made.out.buyers.classes[1].patience_scale, 1.6, 1e-12);
    cr_expect_eq(made.base->buyers.classes[1].patience_scale, 2, "the base is as it was");
    cr_expect_eq(made.base->desk.agents[0].speed, 2, "the base is as it was");
    made_close(&made);
}

Test(world, thinking_is_scaled_through_every_kind_of_distribution)
{
    struct made made = made_open(text);

    scale(&made, FL_DOUBT_THINK_TIME, 1.2);

    cr_expect_float_eq(fl_distribution_mean(&made.out.buyers.think_time), 24, 1e-9);
    cr_expect_float_eq(fl_distribution_mean(&made.out.buyers.intents[1].think_time), 24, 1e-9);
    cr_expect_float_eq(fl_distribution_survival(&made.out.buyers.intents[1].think_time, 47), 0.25, 1e-9); /* 48 s is one of four */
    cr_expect_float_eq(fl_distribution_mean(&made.base->buyers.intents[1].think_time), 20, 1e-9);
    made_close(&made);
}

Test(world, conversion_ends_at_one)
{
    struct made made = made_open(text);

    scale(&made, FL_DOUBT_CONVERSION, 1.2);

    cr_expect_float_eq(made.out.money.conversion, 0.48, 1e-12);
    cr_expect_eq(made.out.buyers.intents[1].conversion, 1);
    cr_expect(isnan(made.out.buyers.intents[0].conversion), "what is money's stays so");
    made_close(&made);
}

Test(world, what_a_scenario_does_not_say_cannot_be_off)
{
    struct made made = made_open("{\"fenliu\":1,\"traffic\":{\"chats_per_day\":10},\"buyers\":{\"intents\":[{\"name\":\"a\"}]},\"desk\":{\"agents\":[{\"name\":\"b\"}]}}");

    cr_expect(fl_doubt_applies(made.base, FL_DOUBT_TRAFFIC) && fl_doubt_applies(made.base, FL_DOUBT_REPLY_TIME));
    cr_expect_not(fl_doubt_applies(made.base, FL_DOUBT_PATIENCE) || fl_doubt_applies(made.base, FL_DOUBT_THINK_TIME) || fl_doubt_applies(made.base, FL_DOUBT_CONVERSION));
    cr_expect_not(fl_multiplier_is_uncertain(made.base) || fl_bot_could_answer(made.base) || fl_bot_is_on(made.base));
    made_close(&made);
}

/* Of a lognormal factor with mean 1 on the excess, whatever the draw of the day would have been. */
Test(world, a_known_multiplier_has_its_percentile_and_no_chance)
{
    struct made made = made_open(text);
    cr_assert(fl_multiplier_is_uncertain(made.base));

    cr_assert_eq(fl_world_multiplier(&made.arena, made.base, FL_Z_90, &made.out), FL_OK);

    cr_expect_float_eq(made.out.traffic.promotions[0].multiplier, 1 + 2 * fl_exp(0.2 * FL_Z_90 - 0.02), 1e-12);
    cr_expect_not(fl_multiplier_is_uncertain(&made.out));
    cr_assert_eq(fl_world_multiplier(&made.arena, made.base, 0.1, &made.out), FL_OK); /* sigma / 2: the mean */
    cr_expect_float_eq(made.out.traffic.promotions[0].multiplier, 3, 1e-12);
    made_close(&made);
}

Test(world, phrases_are_added_where_there_is_something_to_type)
{
    struct made made = made_open(text);
    bool changed = false;

    cr_assert_eq(fl_world_quick_phrases(&made.arena, made.base, 0.05, &made.out, &changed), FL_OK);
    cr_expect(changed);
    cr_expect_float_eq(made.out.buyers.intents[0].reply.quick_phrase, 0.95, 1e-12);

    cr_assert_eq(fl_world_quick_phrases(&made.arena, made.base, 0.2, &made.out, &changed), FL_OK);

    cr_expect(changed);
    cr_expect_eq(made.out.buyers.intents[0].reply.quick_phrase, 1, "no more than all");
    cr_expect_eq(made.out.buyers.intents[1].reply.quick_phrase, 0, "a total has no characters");
    made_close(&made);
}

Test(world, a_bot_is_switched_on_and_off)
{
    struct made made = made_open(text);
    cr_expect(fl_bot_could_answer(made.base) && !fl_bot_is_on(made.base));

    cr_assert_eq(fl_world_bot(&made.arena, made.base, true, &made.out), FL_OK);
    cr_expect(fl_bot_is_on(&made.out));

    struct fl_scenario off;
    cr_assert_eq(fl_world_bot(&made.arena, &made.out, false, &off), FL_OK);
    cr_expect_not(fl_bot_is_on(&off));
    made_close(&made);
}

Test(world, who_begins_at_the_opening_begins_earlier_but_not_before_the_scenario)
{
    struct made made = made_open(text);
    uint32_t people = 0;

    cr_assert_eq(fl_world_earlier(&made.arena, made.base, 2 * FL_HOUR, FL_HOUR / 2, FL_HOUR, &made.out, &people), FL_OK);

    cr_expect_eq(people, 3);
    cr_expect_eq(made.out.desk.shifts[0].from, FL_HOUR);
    cr_expect_eq(made.out.desk.shifts[0].to, made.base->desk.shifts[0].to);
    cr_expect_eq(made.out.desk.shifts[1].from, 0);
    cr_assert_eq(fl_world_earlier(&made.arena, made.base, 0, FL_HOUR / 2, FL_HOUR, &made.out, &people), FL_OK);
    cr_expect_eq(people, 0);
    made_close(&made);
}

Test(world, too_small_an_arena_is_said)
{
    struct made made = made_open(text);
    struct fl_arena none;
    fl_arena_start(&none, made.memory, 64);

    cr_expect_eq(fl_world_scale(&none, made.base, FL_DOUBT_THINK_TIME, 1.2, &made.out), FL_EFULL);
    cr_expect_eq(fl_world_multiplier(&none, made.base, 0, &made.out), FL_EFULL);
    made_close(&made);
}
