/* A date cut out of a scenario is the same date. */
#include "scenario/cut.h"

#include "scenario/reader.h"
#include "scenario/tenure.h"
#include "traffic/traffic.h"

#include <criterion/criterion.h>
#include <string.h>

static const char text[] =
    "{\"fenliu\":1,\"start\":\"2026-06-15T08:00\",\"duration\":\"84h\",\"interval\":\"1h\",\"warmup\":\"2h\","
    "\"traffic\":{\"chats_per_day\":1000,\"profile\":\"marketplace\",\"weekdays\":[1.5,1,1,0.5,1,1,1],"
    "\"promotions\":[{\"name\":\"618\",\"opens_at\":\"2026-06-16T20:00\",\"closes_at\":\"2026-06-18T00:00\",\"multiplier\":4,\"shape\":\"double12\"}],"
    "\"pushes\":[{\"name\":\"one\",\"at\":\"+1h\",\"buyers\":5},{\"name\":\"two\",\"at\":\"+25h\",\"buyers\":7}]},"
    "\"buyers\":{\"intents\":[{\"name\":\"size\",\"share\":6,\"reply\":{\"total\":\"5s\"}},{\"name\":\"refund\",\"share\":4,\"phase\":\"after_sale\",\"reply\":{\"total\":\"5s\"}}]},"
    "\"desk\":{\"backlog\":9,\"shifts\":[{\"name\":\"early\",\"from\":\"08:00\",\"to\":\"16:00\"},{\"name\":\"once\",\"from\":\"+26h\",\"to\":\"+30h\"}],"
    "\"meetings\":[{\"at\":\"+23h\",\"length\":\"2h\"},{\"at\":\"+50h\",\"length\":\"1h\"}],"
    "\"agents\":[{\"name\":\"a\",\"rota\":[\"early\",null,null]},{\"name\":\"b\",\"from\":\"+30h\",\"until\":\"+60h\",\"learning\":{\"speed\":0.5,\"half\":\"24h\"},"
    "\"away\":[{\"from\":\"+40h\",\"to\":\"+44h\"}]},{\"name\":\"c\",\"shift\":\"once\"}]},"
    "\"events\":[{\"at\":\"+10h\",\"agent\":\"a\",\"do\":\"leave\"},{\"at\":\"+20h\",\"agent\":\"*\",\"do\":\"break\",\"for\":\"6h\"},{\"at\":\"+3h\",\"agent\":\"*\",\"do\":\"break\",\"for\":\"1h\"},"
    "{\"at\":\"+70h\",\"agent\":\"c\",\"do\":\"suspend\"}],"
    "\"staffing\":{\"shifts\":[{\"name\":\"x\",\"from\":\"+25h\",\"to\":\"+30h\"},{\"name\":\"y\",\"from\":\"+2h\",\"to\":\"+30h\"}],"
    "\"people\":[{\"agent\":\"a\",\"away\":[{\"from\":\"+24h\",\"to\":\"+48h\"}],\"wishes\":[{\"from\":\"12:00\",\"to\":\"13:00\"}]}]}}";

static const char rated[] = "{\"fenliu\":1,\"duration\":\"84h\",\"interval\":\"1h\",\"traffic\":{\"rate\":{\"points\":[[\"+0h\",10],[\"+30h\",40],[\"+30h\",5],[\"+80h\",90]]}},"
                            "\"buyers\":{\"intents\":[{\"name\":\"size\"}]},\"desk\":{\"agents\":[{\"name\":\"a\"}]}}";

static struct fl_scenario *read_of(const char *of)
{
    static struct fl_errors errors;
    struct fl_scenario *scenario = NULL;
    cr_assert_eq(fl_scenario_read("test", of, strlen(of), NULL, 0, &scenario, &errors), FL_OK, "%s", errors.list[0].text);
    return scenario;
}

static struct fl_scenario *whole(void)
{
    return read_of(text);
}

static void expect_same_chats(const char *of)
{
    struct fl_scenario *const scenario = read_of(of);
    for (uint32_t day = 0; day < 4; day++) {
        struct fl_cut cut;
        cr_assert(fl_scenario_cut(scenario, day * FL_DAY, FL_DAY, &cut));
        cr_expect_eq(cut.scenario.duration, day < 3 ? FL_DAY : 12 * FL_HOUR);
        cr_expect_eq(cut.scenario.intervals_count, day < 3 ? 24 : 12);
        for (fl_time at = 0; at < cut.scenario.duration; at += FL_HOUR)
            cr_expect_float_eq(fl_traffic_expected(&cut.scenario, at, at + FL_HOUR), fl_traffic_expected(scenario, day * FL_DAY + at, day * FL_DAY + at + FL_HOUR), 1e-9,
                               "day %u, hour %d", day, (int)(at / FL_HOUR));
        fl_cut_free(&cut);
    }
    fl_scenario_free(scenario);
}

Test(cut, every_hour_brings_the_same_chats)
{
    expect_same_chats(text);
    expect_same_chats(rated);
}

Test(cut, what_is_dated_moves_and_what_is_over_goes)
{
    struct fl_scenario *const scenario = whole();
    struct fl_cut cut;
    cr_assert(fl_scenario_cut(scenario, FL_DAY, FL_DAY, &cut));
    const struct fl_scenario *const day = &cut.scenario;
    cr_expect_eq(day->start_s, scenario->start_s + 86400);
    cr_expect_eq(day->warmup, 0);
    cr_expect_eq(day->desk.backlog, 0);
    cr_assert_eq(day->traffic.pushes_count, 1);
    cr_expect_str_eq(day->traffic.pushes[0].name, "two");
    cr_expect_eq(day->traffic.pushes[0].at, FL_HOUR);
    cr_assert_eq(day->desk.meetings_count, 1);
    cr_expect_eq(day->desk.meetings[0].at, 0); /* half of it is over */
    cr_expect_eq(day->desk.meetings[0].length, FL_HOUR);
    cr_expect_eq(day->desk.shifts[0].from, 8 * FL_HOUR); /* daily */
    cr_expect_eq(day->desk.shifts[0].to, 16 * FL_HOUR);
    cr_expect_eq(day->desk.shifts[1].from, 2 * FL_HOUR);
    cr_expect_eq(day->desk.shifts[1].to, 6 * FL_HOUR);
    cr_assert_eq(day->events_count, 2);
    cr_expect_eq(day->events[0].what, FL_DO_LEAVE); /* she has left */
    cr_expect_eq(day->events[0].at, 0);
    cr_expect_eq(day->events[1].length, 2 * FL_HOUR);
    cr_assert_eq(day->staffing.shifts_count, 1);
    cr_expect_eq(day->staffing.shifts[0].from, FL_HOUR);
    cr_expect_eq(day->staffing.shifts[0].to, 6 * FL_HOUR);
    cr_expect_eq(day->staffing.people[0].away[0].from, 0);
    cr_expect_eq(day->staffing.people[0].away[0].to, FL_DAY);
    cr_expect_eq(day->staffing.people[0].wishes[0].from, 12 * FL_HOUR); /* of every day */
    cr_expect_eq(day->staffing.people[0].wishes[0].to, 13 * FL_HOUR);
    fl_cut_free(&cut);
    fl_scenario_free(scenario);
}

Test(cut, people_are_as_far_as_they_are_on_that_date)
{
    struct fl_scenario *const scenario = whole();
    struct fl_cut cut;
    cr_assert(fl_scenario_cut(scenario, 2 * FL_DAY, FL_DAY, &cut));
    const struct fl_agent_def *const agents = cut.scenario.desk.agents, *const before = scenario->desk.agents;
    for (uint32_t i = 0; i < 3; i++) cr_expect_eq(agents[0].rota[i], before[0].rota[(i + 2) % 3]);
    cr_expect_eq(agents[0].from, -FL_TIME_NEVER);
    cr_expect_eq(agents[1].from, -18 * FL_HOUR);
    cr_expect_eq(agents[1].until, 12 * FL_HOUR);
    cr_expect_eq(agents[1].away[0].from, -8 * FL_HOUR);
    cr_expect_eq(agents[1].away[0].to, -4 * FL_HOUR);
    for (fl_time at = 0; at < FL_DAY; at += FL_HOUR) cr_expect_eq(fl_agent_learned(&agents[1], at), fl_agent_learned(&before[1], 2 * FL_DAY + at));
    fl_cut_free(&cut);
    fl_scenario_free(scenario);
}
