/* What a well-formed scenario turns into. What is refused: test_refused.c. */
#include "scenario/metrics.h"
#include "scenario/reader.h"

#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fl_errors errors;

static const char smallest[] =
    "{\"fenliu\":1,\"traffic\":{\"chats_per_day\":500},\"buyers\":{\"intents\":[{\"name\":\"size\"}]},"
    "\"desk\":{\"agents\":[{\"name\":\"mei\"}]}}";

static struct fl_scenario *read_with(const char *text, const struct fl_override overrides[], uint32_t count)
{
    struct fl_scenario *scenario = NULL;
    const enum fl_status status =
        fl_scenario_read("test.json", text, strlen(text), overrides, count, &scenario, &errors);
    cr_assert_eq(status, FL_OK, "%s: %s", errors.list[0].path, errors.list[0].text);
    return scenario;
}

/* The smallest scenario with one value more. */
static struct fl_scenario *read_set(const char *path, const char *value)
{
    const struct fl_override override = { path, value };
    return read_with(smallest, &override, 1);
}

static bool is_refused(const char *path, const char *value)
{
    const struct fl_override override = { path, value };
    struct fl_scenario *scenario = NULL;
    const enum fl_status status =
        fl_scenario_read("test.json", smallest, strlen(smallest), &override, 1, &scenario, &errors);
    fl_scenario_free(scenario);
    return status != FL_OK;
}

Test(reader, absent_blocks_are_neutral)
{
    struct fl_scenario *const s = read_with(smallest, NULL, 0);

    cr_expect_eq(s->start_s, INT64_C(1767225600));
    cr_expect_eq(s->duration, FL_DAY);
    cr_expect_eq(s->intervals_count, 96);
    cr_expect_eq(s->seed, 1);
    cr_expect_str_eq(s->platform.name, "none");
    cr_expect(isnan(s->platform.reply_rate_min));
    cr_expect_eq(s->buyers.classes_count, 1);
    cr_expect_str_eq(s->buyers.classes[0].name, "all");
    cr_expect_eq(s->buyers.classes[0].share, 1);
    cr_expect_eq(s->buyers.intents[0].rounds.a, 1);
    cr_expect_eq(s->buyers.intents[0].reply.needs_tool, 1);
    cr_expect_not(s->buyers.intents[0].reply.has_total);
    cr_expect(s->buyers.intents[0].is_inquiry);
    cr_expect(isnan(s->buyers.intents[0].conversion));
    cr_expect_not(s->buyers.patience.has_first);
    cr_expect_eq(s->buyers.come_back.visits_max, 3);
    cr_expect_eq(s->desk.seats, FL_NONE);
    cr_expect_str_eq(s->desk.groups[0].name, "all");
    cr_expect_eq(s->desk.agents[0].groups, 1);
    cr_expect_eq(s->desk.agents[0].weight, 100);
    cr_expect_eq(s->desk.agents[0].max_chats, FL_UNLIMITED);
    cr_expect_eq(s->desk.agents[0].typing_cpm, 60);
    cr_expect_eq(s->desk.agents[0].skill[63], 1);
    cr_expect(s->desk.agents[0].main_account);
    cr_expect_eq(s->desk.multitasking.speeds_count, 1);
    cr_expect_eq(s->desk.multitasking.speed_by_open[0], 1);
    cr_expect_eq(s->desk.close_when_done, 0);
    cr_expect_eq(s->desk.close_silence, FL_TIME_NEVER);
    cr_expect_eq(s->desk.auto_suspend.at_open, FL_NONE);
    cr_expect_eq(s->desk.hop_limit, 3);
    cr_expect_eq(s->routing.policy, FL_POLICY_LEAST_ACTIVE);
    cr_expect_not(s->routing.recent_agent);
    cr_expect(s->routing.available_resets_on_close);
    cr_expect_eq(s->routing.queue_max, FL_UNLIMITED);
    cr_expect_eq(s->routing.queue_max_wait, FL_TIME_NEVER);
    cr_expect_not(s->ordinary_day.given);
    cr_expect(isnan(s->money.conversion));
    cr_expect_float_eq(s->money.unserved, 1 / 1.16, 1e-15);
    cr_expect_float_eq(s->staffing.new_hire_speed, 1 / 2.3, 1e-15);
    cr_expect_eq(s->staffing.length_max, 8 * FL_HOUR);
    fl_scenario_free(s);
}

Test(reader, durations_are_exact_to_the_nanosecond)
{
    static const struct {
        const char *text;
        fl_time ns;
    } cases[] = {
        { "90s", 90 * FL_SECOND },
        { "1h30m", 90 * FL_MINUTE },
        { "500ms", FL_SECOND / 2 },
        { "0.1s", FL_SECOND / 10 },
        { "1.5h", 90 * FL_MINUTE },
        { "2us", 2000 },
        { "7ns", 7 },
        { "1d2h3m4s5ms6us7ns", FL_DAY + 2 * FL_HOUR + 3 * FL_MINUTE + 4 * FL_SECOND + 5006007 },
        { "0.0000000005s", 1 },
        { "0.0000000004s", 0 },
        { "0.3333333333s", 333333333 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fl_scenario *const s = read_set("desk.close.when_done", cases[i].text);

        cr_expect_eq(s->desk.close_when_done, cases[i].ns, "%s gives %lld", cases[i].text,
                     (long long)s->desk.close_when_done);
        fl_scenario_free(s);
    }
    static const char *const bad[] = { "",
                                       "s",
                                       "1",
                                       "1 s",
                                       " 1s",
                                       "1s ",
                                       "1.s",
                                       ".5s",
                                       "-1s",
                                       "+1s",
                                       "1e3s",
                                       "1S",
                                       "1min",
                                       "1h-1m",
                                       "1.5.5s",
                                       "0x1s",
                                       "0.1234567890123456789s" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect(is_refused("desk.close.when_done", bad[i]), "\"%s\" is accepted", bad[i]);
}

Test(reader, instants_count_from_the_start_wherever_it_stands)
{
    static const char text[] = "{\"fenliu\":1,\"traffic\":{\"pushes\":[{\"at\":\"2026-06-18T20:00\",\"buyers\":3},{"
                               "\"at\":\"-30m\",\"buyers\":1},"
                               "{\"at\":\"2028-02-29T23:59:59\",\"buyers\":1}]},"
                               "\"buyers\":{\"intents\":[{\"name\":\"a\"}]},\"desk\":{\"agents\":[{\"name\":\"b\"}]},"
                               "\"start\":\"2026-06-17T18:00\"}";

    struct fl_scenario *const s = read_with(text, NULL, 0);

    cr_expect_eq(s->start_s, INT64_C(1781719200)); /* date -u -d 2026-06-17T18:00 +%s */
    cr_expect_eq(s->traffic.pushes[0].at, 26 * FL_HOUR);
    cr_expect_eq(s->traffic.pushes[1].at, -30 * FL_MINUTE);
    cr_expect_eq(s->traffic.pushes[2].at, (INT64_C(1835481599) - INT64_C(1781719200)) * FL_SECOND);
    cr_expect_eq(s->traffic.pushes[0].intent, FL_NONE);
    fl_scenario_free(s);
}

Test(reader, dates_that_no_calendar_has_are_refused)
{
    static const char *const bad[] = { "2026-02-29T00:00",  "2026-04-31T00:00", "2026-13-01T00:00", "2026-00-01T00:00",
                                       "2026-01-00T00:00",  "1969-12-31T00:00", "2200-01-01T00:00", "2100-02-29T00:00",
                                       "2026-01-01T24:01",  "2026-01-01 00:00", "2026-1-1T00:00",   "2026-01-01",
                                       "2026-01-01T00:00Z", "2026-01-01T0:00",  "2026-01-01T00:00:" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect(is_refused("start", bad[i]), "%s is accepted", bad[i]);
    static const char *const good[] = { "2000-02-29T00:00", "1970-01-01T00:00", "2199-12-31T24:00",
                                        "2026-01-01T00:00:59" };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        cr_expect_not(is_refused("start", good[i]), "%s is refused", good[i]);
}

Test(reader, every_kind_of_distribution_is_read)
{
    static const struct {
        const char *json;
        enum fl_distribution_kind kind;
        double a, b;
    } cases[] = {
        { "5s", FL_CONSTANT, 5, 0 },
        { "{\"constant\":\"5s\"}", FL_CONSTANT, 5, 0 },
        { "{\"uniform\":[\"1s\",\"9s\"]}", FL_UNIFORM, 1, 9 },
        { "{\"exponential\":\"60s\"}", FL_EXPONENTIAL, 60, 0 },
        { "{\"lognormal\":{\"median\":\"40s\",\"sigma\":1.06}}", FL_LOGNORMAL, 40, 1.06 },
        { "{\"gamma\":{\"mean\":\"60s\",\"cv\":0.8}}", FL_GAMMA, 60, 0.8 },
        { "{\"weibull\":{\"scale\":\"188s\",\"shape\":2}}", FL_WEIBULL, 188, 2 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fl_scenario *const s = read_set("buyers.think_time", cases[i].json);

        cr_expect_eq(s->buyers.think_time.kind, cases[i].kind, "%s", cases[i].json);
        cr_expect_eq(s->buyers.think_time.a, cases[i].a, "%s", cases[i].json);
        cr_expect_eq(s->buyers.think_time.b, cases[i].b, "%s", cases[i].json);
        fl_scenario_free(s);
    }
    static const struct {
        const char *json;
        enum fl_distribution_kind kind;
        double a, b;
    } counts[] = {
        { "3", FL_CONSTANT, 3, 0 },
        { "{\"geometric\":5}", FL_GEOMETRIC, 5, 0 },
        { "{\"poisson\":3}", FL_POISSON, 3, 0 },
        { "{\"negative_binomial\":{\"mean\":20,\"cv\":0.8}}", FL_NEGATIVE_BINOMIAL, 20, 0.8 },
    };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct fl_scenario *const s = read_set("buyers.intents[0].rounds", counts[i].json);

        cr_expect_eq(s->buyers.intents[0].rounds.kind, counts[i].kind, "%s", counts[i].json);
        cr_expect_eq(s->buyers.intents[0].rounds.a, counts[i].a, "%s", counts[i].json);
        cr_expect_eq(s->buyers.intents[0].rounds.b, counts[i].b, "%s", counts[i].json);
        fl_scenario_free(s);
    }
}

Test(reader, mixtures_are_normalised_and_prepared)
{
    struct fl_scenario *const s =
        read_set("buyers.think_time", "{\"mixture\":[[3,\"2s\"],[1,{\"empirical\":[\"1s\",\"5s\"]}]]}");
    const struct fl_distribution *const d = &s->buyers.think_time;

    cr_expect_eq(d->kind, FL_MIXTURE);
    cr_expect_eq(d->count, 2);
    cr_expect_eq(d->values[0], 0.75);
    cr_expect_eq(d->parts[1].count, 2);
    cr_expect_float_eq(fl_distribution_mean(d), 0.75 * 2 + 0.25 * 3, 1e-12);
    fl_scenario_free(s);
}

Test(reader, profiles_have_the_mean_1_and_the_measured_peak)
{
    struct fl_scenario *const s = read_set("traffic.profile", "marketplace");
    double sum[FL_PHASES] = { 0 };
    for (int phase = 0; phase < FL_PHASES; phase++) {
        for (int hour = 0; hour < 24; hour++) sum[phase] += s->traffic.profile[phase].hourly[hour];
        cr_expect_float_eq(sum[phase], 24, 1e-9);
    }
    cr_expect_float_eq(s->traffic.profile[FL_PRE_SALE].hourly[21], 2.16, 0.01); /* 9.00 % of a day's clicks */
    cr_expect_float_eq(s->traffic.profile[FL_IN_SALE].hourly[21], 7.63 * 0.24, 0.01);
    cr_expect_arr_eq(s->traffic.profile[FL_IN_SALE].hourly, s->traffic.profile[FL_AFTER_SALE].hourly,
                     sizeof s->traffic.profile[0].hourly);
    fl_scenario_free(s);
}

Test(reader, each_phase_can_have_a_profile)
{
    struct fl_scenario *const s =
        read_set("traffic.profile", "{\"pre_sale\":\"marketplace-buys\",\"after_sale\":{\"hourly\":[1,0,0,0,0,0,0,0,0,"
                                    "0,0,0,0,0,0,0,0,0,0,0,0,0,0,3]}}");

    cr_expect_float_eq(s->traffic.profile[FL_PRE_SALE].hourly[0], 2.66 * 0.24, 0.01);
    cr_expect_eq(s->traffic.profile[FL_IN_SALE].hourly[7], 1);
    cr_expect_eq(s->traffic.profile[FL_AFTER_SALE].hourly[23], 18);
    fl_scenario_free(s);
}

Test(reader, a_platform_starts_from_its_preset)
{
    struct fl_scenario *const s = read_set("platform", "{\"name\":\"taobao-2025\",\"reply_rate_min\":0.85}");

    cr_expect_str_eq(s->platform.name, "taobao-2025");
    cr_expect_eq(s->platform.reply_rate_min, 0.85);
    cr_expect_eq(s->platform.window.from, 8 * FL_HOUR);
    cr_expect_eq(s->platform.window.to, 23 * FL_HOUR);
    cr_expect_eq(s->platform.reply_within, 180 * FL_SECOND);
    cr_expect_eq(s->platform.rounds_min, 100);
    fl_scenario_free(s);
}

Test(reader, names_are_resolved_forward)
{
    static const char text[] =
        "{\"fenliu\":1,\"skills\":[\"english\",\"stock\"],\"traffic\":{\"pushes\":[{\"at\":\"+0h\",\"buyers\":1,"
        "\"intent\":\"refund\"}]},"
        "\"buyers\":{\"classes\":[{\"name\":\"new\",\"share\":3},{\"name\":\"vip\",\"dedicated_agent\":1,\"dedicated_"
        "to\":\"star\"}],"
        "\"order_statuses\":[\"none\",\"shipped\"],\"entry_points\":[{\"name\":\"page\"},{\"name\":\"live\"}],"
        "\"intents\":[{\"name\":\"size\",\"skills\":[\"stock\"]},{\"name\":\"refund\",\"phase\":\"after_sale\",\"order_"
        "status\":\"shipped\",\"transfer\":{\"probability\":0.5,\"to\":\"after\"}}]},"
        "\"desk\":{\"groups\":[{\"name\":\"pre\",\"phases\":[\"pre_sale\",\"in_sale\"],\"overflow\":\"after\"},{"
        "\"name\":\"after\",\"intents\":[\"refund\"],\"classes\":[\"vip\"],\"entry_points\":[\"live\"],\"order_"
        "statuses\":[\"shipped\"]}],"
        "\"grades\":[{\"name\":\"junior\"},{\"name\":\"senior\",\"weight\":130,\"typing_cpm\":90,\"speed\":1.3}],"
        "\"shifts\":[{\"name\":\"late\",\"from\":\"17:00\",\"to\":\"01:00\",\"breaks\":[[\"20:00\",\"20m\"]]},{"
        "\"name\":\"rush\",\"from\":\"+2h\",\"to\":\"+4h\"}],"
        "\"agents\":[{\"name\":\"temp\",\"count\":6,\"shift\":\"rush\"},{\"name\":\"star\",\"groups\":[\"after\"],"
        "\"grade\":\"senior\",\"shift\":\"late\",\"skill\":{\"stock\":0.5}}]},"
        "\"events\":[{\"at\":\"+1h\",\"agent\":\"star\",\"do\":\"leave\"},{\"at\":\"+1h\",\"agent\":\"*\",\"do\":"
        "\"break\",\"for\":\"10m\"}],"
        "\"routing\":{\"reserved_class\":\"vip\"}}";

    struct fl_scenario *const s = read_with(text, NULL, 0);

    cr_expect_eq(s->traffic.pushes[0].intent, 1);
    cr_expect_eq(s->buyers.classes[0].share, 0.75);
    cr_expect_eq(s->buyers.classes[1].dedicated_to, 6, "the first agent of the second definition");
    cr_expect_eq(s->buyers.intents[0].skills, 2);
    cr_expect_eq(s->buyers.intents[1].order_status, 1);
    cr_expect_eq(s->buyers.intents[1].transfer, 0.5);
    cr_expect_eq(s->buyers.intents[1].transfer_to, 1);
    cr_expect_not(s->buyers.intents[1].is_inquiry);
    cr_expect_eq(s->desk.groups[0].phases, 3);
    cr_expect_eq(s->desk.groups[0].overflow, 1);
    cr_expect_eq(s->desk.groups[1].intents, 2);
    cr_expect_eq(s->desk.groups[1].classes, 2);
    cr_expect_eq(s->desk.groups[1].entry_points, 2);
    cr_expect_eq(s->desk.groups[1].order_statuses, 2);
    cr_expect_not(s->desk.shifts[0].once);
    cr_expect_eq(s->desk.shifts[0].breaks[0].at, 20 * FL_HOUR);
    cr_expect(s->desk.shifts[1].once);
    cr_expect_eq(s->desk.shifts[1].from, 2 * FL_HOUR);
    cr_expect_eq(s->desk.agents[0].groups, 3);
    cr_expect(s->desk.agents[0].main_account);
    cr_expect_eq(s->desk.agents[1].groups, 2);
    cr_expect_eq(s->desk.agents[1].grade, 1);
    cr_expect_eq(s->desk.agents[1].weight, 130);
    cr_expect_eq(s->desk.agents[1].typing_cpm, 90);
    cr_expect_eq(s->desk.agents[1].speed, 1, "the grade's speed stays the grade's");
    cr_expect_eq(s->desk.agents[1].skill[0], 0);
    cr_expect_eq(s->desk.agents[1].skill[1], 0.5);
    cr_expect_eq(s->events[0].agent, 1);
    cr_expect_eq(s->events[1].agent, FL_NONE);
    cr_expect_eq(s->routing.reserved_class, 1);
    cr_expect_eq(fl_scenario_agents_count(s), 7);
    fl_scenario_free(s);
}

Test(reader, aliases_name_a_policy_and_its_option)
{
    struct fl_scenario *s = read_set("routing.policy", "average");
    cr_expect_eq(s->routing.policy, FL_POLICY_FEWEST_TODAY);
    cr_expect_eq(s->routing.late_join, FL_LATE_GROUP_MIN);
    fl_scenario_free(s);

    s = read_set("routing", "{\"late_join\":\"zero\",\"policy\":\"average\"}");
    cr_expect_eq(s->routing.late_join, FL_LATE_ZERO);
    fl_scenario_free(s);

    s = read_set("routing.policy", "weighted");
    cr_expect_eq(s->routing.policy, FL_POLICY_WEIGHTED_LEAST_ACTIVE);
    fl_scenario_free(s);
}

Test(reader, objectives_take_shares_seconds_and_intervals)
{
    struct fl_scenario *const s = read_set(
        "objectives", "{\"reply_rate_3min\":\">= 80%\",\"first_response_s.p90\":\"<=1m\",\"abandonment\":{\"want\":\"< "
                      "0.05\",\"per\":\"interval\"},\"queue_depth.max\":\"> 3\"}");

    cr_assert_eq(s->objectives_count, 4);
    cr_expect_eq(s->objectives[0].comparison, FL_AT_LEAST);
    cr_expect_eq(s->objectives[0].bound, 0.8);
    cr_expect_str_eq(s->objectives[1].name, "first_response_s.p90");
    cr_expect_eq(s->objectives[1].comparison, FL_AT_MOST);
    cr_expect_eq(s->objectives[1].bound, 60);
    cr_expect_str_eq(s->objectives[1].want, "<=1m");
    cr_expect_eq(s->objectives[2].comparison, FL_BELOW);
    cr_expect_eq(s->objectives[2].per, FL_PER_INTERVAL);
    cr_expect_eq(s->objectives[3].comparison, FL_ABOVE);
    cr_expect_eq(s->objectives[3].bound, 3);
    fl_scenario_free(s);
}

Test(reader, an_objective_may_be_negative_where_the_figure_may_be)
{
    struct fl_scenario *const s = read_set("objectives", "{\"profit_cny\":\">= -100\",\"wages_cny\":\"<= 100\"}");

    cr_assert_eq(s->objectives_count, 2);
    cr_expect_eq(s->objectives[0].bound, -100);
    cr_expect_eq(s->objectives[1].bound, 100);
    fl_scenario_free(s);
}

Test(reader, a_metric_that_is_a_distribution_needs_a_statistic)
{
    const char *statistic;
    cr_expect_not_null(fl_metric_find("first_response_s.p90", &statistic));
    cr_expect_str_eq(statistic, "p90");
    cr_expect_not_null(fl_metric_find("abandonment", &statistic));
    cr_expect_str_eq(statistic, "");
    cr_expect_null(fl_metric_find("first_response_s", &statistic));
    cr_expect_null(fl_metric_find("abandonment.mean", &statistic));
    cr_expect_null(fl_metric_find("abandonment.", &statistic));
    cr_expect_null(fl_metric_find("queue_depth.p50", &statistic));
    cr_expect_null(fl_metric_find("", &statistic));
}

Test(reader, staff_shifts_by_time_of_day_lie_on_the_first_day)
{
    static const struct fl_override overrides[] = {
        { "start", "2026-06-17T18:00" },
        { "staffing.shifts", "[{\"name\":\"late\",\"from\":\"17:00\",\"to\":\"01:00\"},{\"name\":\"morning\",\"from\":"
                             "\"08:00\",\"to\":\"12:00\",\"breaks\":[[\"2h\",\"20m\"]]}]" },
    };

    struct fl_scenario *const s = read_with(smallest, overrides, 2);

    cr_expect_eq(s->staffing.shifts[0].from, -FL_HOUR);
    cr_expect_eq(s->staffing.shifts[0].to, 7 * FL_HOUR);
    cr_expect_eq(s->staffing.shifts[1].from, 14 * FL_HOUR, "that morning is over, so it is the next");
    cr_expect_eq(s->staffing.shifts[1].breaks[0].at, 2 * FL_HOUR);
    fl_scenario_free(s);
}

Test(reader, null_means_never_without_limit_or_as_if_absent)
{
    static const struct fl_override overrides[] = {
        { "desk.close", "{\"when_done\":null,\"silence\":null}" },
        { "desk.agents[0].max_chats", "null" },
        { "buyers.patience", "null" },
        { "routing.queue", "{\"max_length\":null,\"max_wait\":null}" },
        { "routing.recent_agent", "null" },
        { "traffic.replay", "null" },
        { "buyers.intents[0].reply.total", "null" },
        { "desk.bot", "null" },
        { "desk.seats", "null" },
    };

    struct fl_scenario *const s = read_with(smallest, overrides, sizeof overrides / sizeof *overrides);

    cr_expect_eq(s->desk.close_when_done, FL_TIME_NEVER);
    cr_expect_eq(s->desk.close_silence, FL_TIME_NEVER);
    cr_expect_eq(s->desk.agents[0].max_chats, FL_UNLIMITED);
    cr_expect_eq(s->routing.queue_max, FL_UNLIMITED);
    cr_expect_not(s->routing.recent_agent);
    cr_expect_not(s->buyers.intents[0].reply.has_total);
    fl_scenario_free(s);
}

Test(reader, overrides_replace_make_and_find_by_name)
{
    static const struct fl_override overrides[] = {
        { "traffic.chats_per_day", "5000" },
        { "desk.agents[mei].count", "8" },
        { "desk.agents[0].speed", "1.5" },
        { "money.conversion.base", "0.4" },
        { "objectives.first_response_s.p90", "<= 60" },
        { "objectives.abandonment.want", "<= 0.1" },
        { "objectives[waited]", "<= 0.5" },
        { "name", "618 夜" },
        { "seed", "\"18446744073709551615\"" },
    };

    struct fl_scenario *const s = read_with(smallest, overrides, sizeof overrides / sizeof *overrides);

    cr_expect_eq(s->traffic.chats_per_day, 5000);
    cr_expect_eq(s->desk.agents[0].count, 8);
    cr_expect_eq(s->desk.agents[0].speed, 1.5);
    cr_expect_eq(s->money.conversion, 0.4);
    cr_assert_eq(s->objectives_count, 3);
    cr_expect_str_eq(s->objectives[0].name, "first_response_s.p90");
    cr_expect_str_eq(s->objectives[1].name, "abandonment");
    cr_expect_str_eq(s->name, "618 夜");
    cr_expect_eq(s->seed, UINT64_MAX);
    fl_scenario_free(s);
}

Test(reader, a_fault_in_an_override_has_no_line)
{
    cr_assert(is_refused("desk.agents[0].weight", "0"));
    cr_expect_eq(errors.count, 1);
    cr_expect_eq(errors.list[0].line, 0);
    cr_expect_str_eq(errors.list[0].path, "$.desk.agents[0].weight");
    static const char *const bad[] = { "",
                                       ".",
                                       "desk.",
                                       "desk..agents",
                                       "desk.agents[",
                                       "desk.agents[]",
                                       "desk.agents[1].count",
                                       "desk.agents[nobody].count",
                                       "fenliu.x",
                                       "desk.agents[0]count" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_expect(is_refused(bad[i], "1"), "\"%s\" is accepted", bad[i]);
        cr_expect_eq(errors.list[0].line, 0);
    }
    cr_expect(is_refused("name", "\xff"));
}

Test(reader, the_hash_sees_values_and_not_the_layout)
{
    static const char spread_out[] =
        "{ \"fenliu\" : 1,\n\t\"traffic\":{\"chats_per_day\":5e2},\"buyers\":{\"intents\":[{\"name\":\"si\\u007ae\"}]},"
        "\"desk\":{\"agents\":[{\"name\":\"mei\"}]}}\n";
    struct fl_scenario *const a = read_with(smallest, NULL, 0), *const b = read_with(spread_out, NULL, 0),
                              *const c = read_set("traffic.chats_per_day", "501");

    cr_expect_eq(a->hash, b->hash);
    cr_expect_neq(a->hash, c->hash);
    fl_scenario_free(a);
    fl_scenario_free(b);
    fl_scenario_free(c);
}

Test(reader, the_text_after_overrides_reads_as_the_same_scenario)
{
    const struct fl_override override = { "desk.agents[mei].count", "8" };
    struct fl_scenario *const a = read_with(smallest, &override, 1);
    char *const text = fl_scenario_text(smallest, strlen(smallest), &override, 1);
    cr_assert_not_null(text);

    struct fl_scenario *const b = read_with(text, NULL, 0);

    cr_expect_eq(a->hash, b->hash);
    cr_expect_eq(b->desk.agents[0].count, 8);
    cr_expect_null(fl_scenario_text("{", 1, NULL, 0));
    free(text);
    fl_scenario_free(a);
    fl_scenario_free(b);
}

Test(reader, faults_beyond_the_room_are_counted_and_the_first_by_place_stay)
{
    /* 300 unknown keys before 300 more: the first 100 of them are told. */
    char *const text = malloc(40000);
    size_t used = (size_t)sprintf(text, "{");
    for (int i = 0; i < 600; i++) used += (size_t)sprintf(text + used, "\n\"unknown_%d\":0,", i);
    sprintf(text + used, "%s", smallest + 1);
    struct fl_scenario *scenario = NULL;

    const enum fl_status status = fl_scenario_read("test.json", text, strlen(text), NULL, 0, &scenario, &errors);

    cr_expect_neq(status, FL_OK);
    cr_expect_null(scenario);
    cr_expect_eq(errors.count, FL_ERRORS_MAX);
    cr_expect_eq(errors.more, 500);
    for (uint32_t i = 0; i < errors.count; i++) cr_expect_eq(errors.list[i].line, i + 2);
    free(text);
}

Test(reader, columns_count_characters)
{
    static const char text[] = "{\"fenliu\":1,\"name\":\"小美小美\",\"x\":0}";
    struct fl_scenario *scenario = NULL;

    const enum fl_status status = fl_scenario_read("test.json", text, strlen(text), NULL, 0, &scenario, &errors);

    cr_expect_eq(status, errors.list[0].status);
    cr_expect_str_eq(errors.list[3].path, "$.x");
    cr_expect_eq(errors.list[3].column, 27);
}

Test(reader, the_text_needs_no_end_and_the_limit_is_16_mib)
{
    const size_t bytes = FL_SCENARIO_BYTES_MAX + 1;
    char *const text = malloc(bytes);
    memset(text, ' ', bytes);
    memcpy(text, smallest, strlen(smallest));
    struct fl_scenario *scenario = NULL;

    cr_expect_eq(fl_scenario_read("test.json", text, bytes, NULL, 0, &scenario, &errors), FL_EFULL);
    cr_expect_str_eq(errors.list[0].text, "wanted at most 16777216 bytes (16 MiB)");
    cr_expect_eq(fl_scenario_read("test.json", text, bytes - 1, NULL, 0, &scenario, &errors), FL_OK);
    fl_scenario_free(scenario);
    free(text);
}

static void count_key(void *context, const char *path)
{
    (void)path;
    ++*(unsigned *)context;
}

Test(reader, all_keys_are_told)
{
    unsigned count = 0;
    fl_scenario_keys(count_key, &count);
    cr_expect_gt(count, 250);
}

Test(reader, an_intent_can_have_its_own_patience)
{
    struct fl_scenario *const s = read_set("buyers.intents[0].patience", "{\"exponential\":\"90s\"}");
    static const struct fl_override silent[] = { { "buyers.intents[0].patience", "90s" },
                                                 { "buyers.patience.silent_share", "0.5" } };
    struct fl_scenario *refused = NULL;

    cr_expect(s->buyers.intents[0].has_patience);
    cr_expect_eq(s->buyers.intents[0].patience.a, 90);
    cr_expect_eq(fl_scenario_read("test", smallest, strlen(smallest), silent, 2, &refused, &errors), FL_ECONFLICT);
    cr_expect_null(refused);
    fl_scenario_free(s);
}

Test(reader, people_and_kinds_to_hire_have_the_limits_of_all_where_they_have_none_of_their_own)
{
    static const char text[] =
        "{\"fenliu\":1,\"traffic\":{\"chats_per_day\":500},\"buyers\":{\"intents\":[{\"name\":\"size\"}]},"
        "\"desk\":{\"agents\":[{\"name\":\"mei\"},{\"name\":\"lan\"}]},\"staffing\":{"
        "\"people\":[{\"agent\":\"lan\",\"hours_week\":\"20h\",\"away\":[{\"from\":\"+1d\",\"to\":\"+2d\"}],\"wishes\":[{\"from\":\"22:00\",\"to\":\"08:00\"}]}],"
        "\"hire\":[{\"name\":\"temp\",\"days_week\":3,\"hours_week\":null,\"starts\":[[\"08:00\",\"10:00\"]]}],"
        "\"breaks\":[{\"length\":\"30m\",\"from\":\"2h\",\"to\":\"4h\"}],"
        "\"labour\":{\"hours_week\":\"44h\",\"rest\":\"11h\",\"days_week\":6,\"days\":30}}}";
    struct fl_scenario *s = NULL;
    static struct fl_errors found;

    cr_assert_eq(fl_scenario_read("people", text, strlen(text), NULL, 0, &s, &found), FL_OK, "%s", found.list[0].text);

    const struct fl_person_def *const lan = &s->staffing.people[0];
    const struct fl_hire_def *const temp = &s->staffing.hire[0];
    cr_expect(s->staffing.has_labour);
    cr_expect_eq(s->staffing.over_days, 30);
    cr_expect_eq(lan->agent, 1);
    cr_expect_eq(lan->labour.hours_week, 20 * FL_HOUR);
    cr_expect_eq(lan->labour.rest, 11 * FL_HOUR);
    cr_expect_eq(lan->labour.hours_day, FL_TIME_NEVER);
    cr_expect_eq(lan->labour.days_week, 6);
    cr_expect(!lan->away[0].daily && lan->away[0].from == FL_DAY);
    cr_expect(lan->wishes[0].daily && lan->wishes[0].to == 8 * FL_HOUR && lan->wishes[0].weight_cny == 50);
    cr_expect_eq(temp->labour.days_week, 3);
    cr_expect_eq(temp->labour.hours_week, FL_TIME_NEVER, "null: no limit, whatever the others have");
    cr_expect_eq(temp->labour.rest, 11 * FL_HOUR);
    cr_expect_eq(temp->starts[0].to, 10 * FL_HOUR);
    cr_expect_eq(s->staffing.breaks[0].at_least, 4 * FL_HOUR + 30 * FL_MINUTE);
    cr_expect(s->staffing.breaks[0].paid && s->staffing.breaks[0].every == 30 * FL_MINUTE);
    fl_scenario_free(s);
}
