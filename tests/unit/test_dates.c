/* Scenarios of several dates, a date being 24 hours from the start: who is there, how fast she is, who has left, what a date brings the
 * next one, and what each is measured by. */
#include "run/run.h"
#include "scenario/reader.h"
#include "scenario/tenure.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct log {
    struct fl_log_event *event;
    size_t count, room;
};

static bool keep_event(void *context, const struct fl_log_event *event)
{
    struct log *log = context;
    if (log->count == log->room) {
        log->room = log->room == 0 ? 1024 : 2 * log->room;
        log->event = realloc(log->event, log->room * sizeof *log->event);
        cr_assert_not_null(log->event);
    }
    log->event[log->count++] = *event;
    return true;
}

/* Blocks written with ' for "; starts on Monday 2026-06-01 at midnight. */
static struct fl_scenario *scenario_of(const char *head, const char *traffic, const char *buyers, const char *desk, const char *more)
{
    static struct fl_errors errors;
    char text[8192];
    struct fl_scenario *scenario = NULL;
    snprintf(text, sizeof text, "{'fenliu':1,'start':'2026-06-01T00:00',%s,'traffic':{%s},'buyers':{%s},'desk':{%s}%s}", head, traffic, buyers, desk, more);
    for (char *at = text; *at != '\0'; at++)
        if (*at == '\'') *at = '"';
    cr_assert_eq(fl_scenario_read("test", text, strlen(text), NULL, 0, &scenario, &errors), FL_OK, "%s %s\n%s", errors.list[0].path,
                 errors.list[0].text, text);
    return scenario;
}

static struct fl_run *run_of(const struct fl_scenario *scenario, uint32_t replications, struct log *log)
{
    struct fl_run *run;
    const struct fl_run_options options = { .seed = 7, .replications = replications, .jobs = 1, .on_log = log == NULL ? NULL : keep_event,
                                            .log_context = log };
    cr_assert_eq(fl_run(scenario, &options, &run), FL_OK);
    return run;
}

static void free_both(struct fl_run *run, struct fl_scenario *scenario)
{
    fl_run_free(run);
    fl_scenario_free(scenario);
}

static double figure(const struct fl_run *run, uint32_t date, const char *name)
{
    const struct fl_figure found = fl_figure_named(&run->results, FL_SCOPE_DATE, date, name);
    cr_assert(found.known, "%s of date %u", name, date);
    return found.value;
}

static double count(const struct fl_run *run, uint32_t date, enum fl_count what)
{
    return (double)run->results.totals.date[date].count[what];
}

static const char questions[] = "'intents':[{'name':'size','reply':{'total':'60s'}}]";

/* ---- People ------------------------------------------------------------------------------------ */

Test(dates, learning_halves_what_is_missing_after_the_training)
{
    const struct fl_agent_def agent = { .from = 2 * FL_DAY, .until = 90 * FL_DAY, .training = 7 * FL_DAY, .has_learning = true,
                                        .learning_speed = 0.4, .learning_half = 20 * FL_DAY };

    cr_expect_eq(fl_agent_learned(&agent, 2 * FL_DAY - 1), 0);
    cr_expect_eq(fl_agent_learned(&agent, 9 * FL_DAY - 1), 0);
    cr_expect_float_eq(fl_agent_learned(&agent, 9 * FL_DAY), 0.4, 1e-12);
    cr_expect_float_eq(fl_agent_learned(&agent, 29 * FL_DAY), 0.7, 1e-12);
    cr_expect_float_eq(fl_agent_learned(&agent, 69 * FL_DAY), 0.925, 1e-12);
    cr_expect_eq(fl_agent_learned(&agent, 90 * FL_DAY), 0);
    cr_expect_eq(fl_agent_learned(&(struct fl_agent_def){ .from = -FL_TIME_NEVER, .until = FL_TIME_NEVER }, 0), 1);
}

/* A reply of a minute takes a minute over what she has learned; within 2 %, for replies that last over midnight. */
Test(dates, a_newcomer_is_rated_anew_on_each_date)
{
    struct fl_scenario *scenario = scenario_of("'duration':'6d','interval':'1h'", "'chats_per_day':150", questions,
        "'agents':[{'name':'new','speed':2,'from':'+0h','training':'1d','learning':{'speed':0.5,'half':'2d'}}]", "");
    struct fl_run *run = run_of(scenario, 1, NULL);

    cr_expect_eq(count(run, 0, FL_COUNT_busy_us), 0, "she is trained");
    for (int date = 1; date < 6; date++) {
        const double left = date == 1 ? count(run, 0, FL_COUNT_replies) : 0; /* messages of before, answered now */
        const double takes = count(run, (uint32_t)date, FL_COUNT_busy_us) / 1e6 / (count(run, (uint32_t)date, FL_COUNT_replies) + left);
        const double wanted = 60 / 2. / (1 - 0.5 * pow(2, -(date - 1) / 2.));
        cr_expect_float_eq(takes, wanted, 0.02 * wanted, "date %d: %g s, wanted %g s", date, takes, wanted);
    }
    free_both(run, scenario);
}

Test(dates, stays_are_the_inverse_of_survival)
{
    const struct fl_attrition attrition = { .yearly = 0.35, .early = 0.45, .early_for = 90 * FL_DAY };
    const struct fl_attrition alike = { .yearly = 0.35, .early = NAN, .early_for = 90 * FL_DAY };

    cr_expect_float_eq(fl_attrition_survival(&attrition, true, 0, 90 * FL_DAY), 0.55, 1e-12);
    cr_expect_float_eq(fl_attrition_survival(&attrition, false, 0, 365 * FL_DAY), 0.65, 1e-12);
    cr_expect_float_eq(fl_attrition_survival(&attrition, true, 90 * FL_DAY, 455 * FL_DAY), 0.65, 1e-12);
    cr_expect_float_eq(fl_attrition_survival(&alike, true, 0, 365 * FL_DAY), 0.65, 1e-12);
    cr_expect_float_eq(fl_attrition_survival(&attrition, true, 45 * FL_DAY, 45 * FL_DAY + 365 * FL_DAY),
                       sqrt(0.55) * pow(0.65, 320. / 365), 1e-12);
    for (double u = 0.05; u < 1; u += 0.1) {
        for (fl_time tenure = 0; tenure <= 120 * FL_DAY; tenure += 60 * FL_DAY) {
            const fl_time stays = fl_attrition_stays(&attrition, true, tenure, u);
            cr_expect_float_eq(fl_attrition_survival(&attrition, true, tenure, tenure + stays), u, 1e-9);
        }
    }
    cr_expect_eq(fl_attrition_stays(&(struct fl_attrition){ .early = NAN }, false, 0, 0.5), FL_TIME_LONGEST, "nobody leaves");
}

/* 2000 of each; who is on duty on the last date's shift is there by survival to its start, within 4 standard errors. Seed 7. */
Test(dates, people_leave_as_their_hazard_says_and_not_within_a_shift)
{
    struct fl_scenario *scenario = scenario_of("'duration':'30d','interval':'4h'", "'chats_per_day':1", questions,
        "'attrition':{'yearly':0.9,'early':0.45},'shifts':[{'name':'day','from':'10:00','to':'18:00'},{'name':'night','from':'22:00','to':'06:00'}],"
        "'agents':[{'name':'new','count':2000,'from':'-10d','shift':'day'},{'name':'old','count':2000,'shift':'night'}]", "");
    struct fl_run *run = run_of(scenario, 1, NULL);
    const struct fl_attrition *attrition = &scenario->desk.attrition;
    const double still_new = fl_attrition_survival(attrition, true, 10 * FL_DAY, 39 * FL_DAY + 10 * FL_HOUR);
    const double still_old = fl_attrition_survival(attrition, false, 0, 29 * FL_DAY + 22 * FL_HOUR - FL_DAY);
    const uint64_t *on_duty = run->results.totals.snapshot;

    /* intervals of 4 hours: the 29th date's noon, and the end of its first night shift at 04:00 */
    cr_expect_float_eq((double)on_duty[4 * (29 * 6 + 3) + 2], 2000 * still_new, 4 * sqrt(2000 * still_new * (1 - still_new)));
    cr_expect_float_eq((double)on_duty[4 * (29 * 6 + 1) + 2], 2000 * still_old, 4 * sqrt(2000 * still_old * (1 - still_old)));
    for (uint32_t date = 1; date < 29; date++) { /* at midnight and at 04:00 the same night shift is on duty */
        cr_expect_eq(on_duty[4 * (date * 6) + 2], on_duty[4 * (date * 6 + 1) + 2], "date %u", date);
        cr_expect_leq(on_duty[4 * (date * 6 + 7) + 2], on_duty[4 * (date * 6 + 1) + 2]);
    }
    free_both(run, scenario);
}

Test(dates, a_rota_repeats_from_the_calendar_day_of_the_start)
{
    struct fl_scenario *scenario = scenario_of("'duration':'7d','interval':'1h'", "'chats_per_day':1", questions,
        "'shifts':[{'name':'day','from':'10:00','to':'18:00'},{'name':'night','from':'20:00','to':'02:00'}],"
        "'agents':[{'name':'mei','rota':['day',null,'night']},{'name':'li','shift':'day'}]", "");
    struct fl_run *run = run_of(scenario, 1, NULL);

    for (uint32_t date = 0; date < 7; date++) {
        const double day = date % 3 == 0 ? 8 : 0, evening = date % 3 == 2 ? 4 : 0, morning = date % 3 == 0 ? 2 : 0; /* of the night before, too */
        cr_expect_float_eq(count(run, date, FL_COUNT_duty_us) / 3.6e9, 8 + day + evening + morning, 1e-6, "date %u", date);
    }
    free_both(run, scenario);
}

Test(dates, training_and_paid_leave_are_paid_but_nobody_is_there)
{
    struct fl_scenario *scenario = scenario_of("'duration':'7d','interval':'1h'", "'chats_per_day':100", questions,
        "'shift_end':'return_to_queue','shifts':[{'name':'day','from':'09:00','to':'17:00','breaks':[['12:00','1h']]}],"
        "'agents':[{'name':'mei','shift':'day','from':'-3d','until':'2026-06-07T12:00','away':[{'from':'2026-06-03T00:00','to':'2026-06-04T00:00'},"
        "{'from':'2026-06-04T15:00','to':'2026-06-06T00:00','paid':false}]},{'name':'new','shift':'day','from':'2026-06-02T13:00','training':'1d'}]",
        ",'money':{'wage_cny_per_hour':10,'bonus_cny':300}");
    struct fl_run *run = run_of(scenario, 1, NULL);
    static const double on_duty[7] = { 8, 8, 4, 14, 8, 16, 11 }, paid[7] = { 0, 4, 12, 0, 0, 0, 0 };
    double wages = 0;

    for (uint32_t date = 0; date < 7; date++) {
        cr_expect_float_eq(count(run, date, FL_COUNT_duty_us) / 3.6e9, on_duty[date], 1e-6, "date %u", date);
        cr_expect_float_eq(figure(run, date, "wages_cny"), 10 * (on_duty[date] + paid[date]), 1e-6, "date %u", date);
        wages += figure(run, date, "wages_cny");
    }
    cr_expect_float_eq(fl_figure_named(&run->results, FL_SCOPE_DESK, 0, "wages_cny").value, wages, 1e-6);
    /* bonus: mei for six days and a half, the newcomer from noon of the second date on */
    cr_expect_float_eq(fl_figure_named(&run->results, FL_SCOPE_DESK, 0, "labour_cny").value - wages, 10 * (6.5 + 5 + 11 / 24.), 1e-6);
    free_both(run, scenario);
}

/* 300 days of 10 dates: who is always on and absent on a third of the dates. Her presence on one date tells nothing of the next. */
Test(dates, absence_is_drawn_for_each_date)
{
    struct fl_scenario *scenario = scenario_of("'duration':'10d','interval':'12h'", "'chats_per_day':1", questions,
        "'shifts':[{'name':'day','from':'09:00','to':'17:00'}],'agents':[{'name':'mei','absent':0.3333},{'name':'li','shift':'day','absent':0.3333}]", "");
    struct fl_run *run = run_of(scenario, 300, NULL);
    double there = 0, both = 0;

    for (uint32_t i = 0; i < 300; i++) {
        for (uint32_t date = 0; date < 10; date++) {
            const uint64_t *counts = fl_row_count(run->results.dates[i], date);
            const double hours = (double)counts[FL_COUNT_duty_us] / 3.6e9;
            cr_assert(hours < 0.1 || fabs(hours - 8) < 0.1 || fabs(hours - 24) < 0.1 || fabs(hours - 32) < 0.1, "%g", hours); /* a last chat is finished */
            there += hours > 20;
            if (date > 0) both += hours > 20 && (double)fl_row_count(run->results.dates[i], date - 1)[FL_COUNT_duty_us] / 3.6e9 > 20;
        }
    }

    cr_expect_float_eq(there / 3000, 0.6667, 4 * sqrt(0.6667 * 0.3333 / 3000));
    cr_expect_float_eq(both / 2700, 0.6667 * 0.6667, 4 * sqrt(0.4444 * 0.5556 / 2700));
    free_both(run, scenario);
}

/* ---- From date to date -------------------------------------------------------------------------- */

static void stream_of(const struct fl_scenario *scenario, bool doubles, fl_time instants[], uint32_t *instants_count)
{
    struct fl_traffic_plan plan;
    struct fl_traffic_day day;
    struct fl_stream stream;
    struct fl_arena arena;
    void *const memory = aligned_alloc(64, 1 << 20);
    fl_arena_start(&arena, memory, 1 << 20);
    cr_assert_eq(fl_traffic_plan_build(&arena, scenario, &plan), FL_OK);
    fl_traffic_day_begin(&plan, 7, 0, &day);
    if (doubles) day.dates_known = 1;
    fl_stream_begin(&plan, &day, 0, &stream);
    *instants_count = 0;
    fl_time at = fl_stream_next(&plan, &day, &stream), ends = FL_DAY;
    while (at != FL_TIME_NEVER || ends < scenario->duration) {
        if (doubles && at > ends && ends < scenario->duration) {
            day.score_factor *= 2;
            day.dates_known++;
            ends += FL_DAY;
            (void)fl_stream_again(&plan, &day, &stream, &at);
            continue;
        }
        if (at == FL_TIME_NEVER) break;
        instants[(*instants_count)++] = at;
        cr_assert_lt(*instants_count, 6000);
        at = fl_stream_next(&plan, &day, &stream);
    }
    free(memory);
}

/* The very instants of a rate that doubles at each midnight, also when nobody comes for days. */
Test(dates, a_factor_that_is_known_at_midnight_holds_from_midnight_on)
{
    static fl_time followed[6000], foreseen[6000];
    static const struct {
        const char *before, *after;
    } rates[] = {
        { "'rate':{'points':[['+0h',30]]}", "'rate':{'points':[['+0h',30],['+24h',30],['+24h',60],['+48h',60],['+48h',120]]}" },
        { "'rate':{'points':[['+0h',0.02]]}", "'rate':{'points':[['+0h',0.02],['+24h',0.02],['+24h',0.04],['+48h',0.04],['+48h',0.08]]}" },
    };
    for (int i = 0; i < 2; i++) {
        struct fl_scenario *plain = scenario_of("'duration':'3d','interval':'1h'", rates[i].before, questions, "'agents':[{'name':'a'}]", "");
        struct fl_scenario *doubled = scenario_of("'duration':'3d','interval':'1h'", rates[i].after, questions, "'agents':[{'name':'a'}]", "");
        uint32_t n, m;
        stream_of(plain, true, followed, &n);
        stream_of(doubled, false, foreseen, &m);

        cr_assert_eq(n, m, "%u and %u", n, m);
        for (uint32_t k = 0; k < n; k++) cr_expect_leq(llabs(followed[k] - foreseen[k]), 1000, "buyer %u", k);
        free_both(NULL, plain);
        free_both(NULL, doubled);
    }
}

/* Everybody rates, and four of five 5, the fifth 4: 4.8 points, so a score of 3.8 is exceeded by one. By hand: traffic x (1 + 0.5). */
Test(dates, later_traffic_follows_the_score_of_the_dates_before)
{
    static const char money[] = ",'money':{'wage_cny_per_hour':0,'conversion':1,'order_value_cny':1,'satisfaction':{'base':1,'rates_share':1},"
                                "'service_score':{'expected':3.8,'traffic_per_point':%s}}";
    char text[400];
    double chats[2][3], profit[2], sales[2];
    for (int follows = 0; follows < 2; follows++) {
        snprintf(text, sizeof text, money, follows ? "0.5" : "0");
        struct fl_scenario *scenario = scenario_of("'duration':'3d','interval':'1h'", "'chats_per_day':4000", questions, "'agents':[{'name':'a','count':40}]", text);
        struct fl_run *run = run_of(scenario, 1, NULL);
        for (uint32_t date = 0; date < 3; date++) chats[follows][date] = figure(run, date, "chats_offered");
        profit[follows] = fl_figure_named(&run->results, FL_SCOPE_DESK, 0, "profit_cny").value;
        sales[follows] = fl_figure_named(&run->results, FL_SCOPE_DESK, 0, "sales_cny").value;
        if (follows) {
            const uint64_t *first = run->results.totals.date[0].count, *second = run->results.totals.date[1].count;
            const double one = (double)first[FL_COUNT_dsr_points] / (double)first[FL_COUNT_ratings];
            const double two = (double)(first[FL_COUNT_dsr_points] + second[FL_COUNT_dsr_points]) / (double)(first[FL_COUNT_ratings] + second[FL_COUNT_ratings]);
            cr_expect_float_eq(one, 4.8, 0.03);
            cr_expect_float_eq(chats[1][1], 4000 * (1 + 0.5 * (one - 3.8)), 4 * sqrt(6000));
            cr_expect_float_eq(chats[1][2], 4000 * (1 + 0.5 * (two - 3.8)), 4 * sqrt(6000));
        }
        free_both(run, scenario);
    }
    cr_expect_eq(chats[0][0], chats[1][0], "nothing is known of the first date's");
    cr_expect_float_eq(chats[0][1], 4000, 4 * sqrt(4000));
    /* what the dates have brought is in their sales; the margin of one mean date more is still to come, and no more than that */
    cr_expect_float_eq(profit[0], sales[0], 1e-6);
    cr_expect_float_eq(profit[1] - sales[1], sales[1] / 3 * 0.5, 0.03 * sales[1] / 6);
}

struct carried {
    uint32_t pooled, across, again, found;
};

/* Replies of half an hour; who was served writes again a day later. */
static struct carried carry_over(const char *shift)
{
    struct log log = { 0 };
    char desk[200];
    snprintf(desk, sizeof desk, "'shifts':[{'name':'s',%s}],'agents':[{'name':'a','count':5,'shift':'s'}]", shift);
    struct fl_scenario *scenario = scenario_of("'duration':'5d','interval':'1h'", "'chats_per_day':60",
        "'intents':[{'name':'size','reply':{'total':'30m'}}],'next_visit':{'probability':0.5,'after':'1d'}", desk,
        ",'routing':{'policy':'random','recent_agent':{'window':'2d'}}");
    struct fl_run *run = run_of(scenario, 1, &log);
    struct carried carried = { 0 };
    for (size_t i = 0; i < log.count; i++) {
        const struct fl_log_event *const event = &log.event[i];
        if (event->kind != FL_LOG_AGENT_REPLY) continue;
        fl_time left = -1, assigned = -1;
        uint32_t before = FL_NO_AGENT;
        for (size_t k = 0; k < i; k++) {
            const struct fl_log_event *const earlier = &log.event[k];
            const bool same = earlier->chat_id == event->chat_id;
            if (!same && earlier->buyer_id == event->buyer_id && earlier->kind == FL_LOG_AGENT_REPLY) before = earlier->agent;
            if (same && earlier->kind == FL_LOG_LEAVE_MESSAGE) left = earlier->at;
            if (same && earlier->kind == FL_LOG_ASSIGNED) assigned = earlier->at;
        }
        carried.pooled += left >= 0 && event->at / FL_DAY > left / FL_DAY;
        carried.across += left < 0 && assigned / FL_DAY < event->at / FL_DAY;
        if (before == FL_NO_AGENT || left >= 0) continue;
        carried.again++;
        carried.found += before == event->agent;
    }
    free(log.event);
    free_both(run, scenario);
    return carried;
}

/* Messages left in the evening are worked off in the morning, a chat begun before midnight is answered after it, and a buyer of the day
 * before finds her agent again, among five of whom chance would have given her one. */
Test(dates, what_is_open_at_midnight_goes_on_after_it)
{
    const struct carried by_day = carry_over("'from':'09:00','to':'17:00'"), by_night = carry_over("'from':'14:00','to':'05:00'");

    cr_expect_gt(by_day.pooled, 40, "%u messages left", by_day.pooled);
    cr_expect_gt(by_night.across, 4, "%u chats over midnight", by_night.across);
    cr_expect_gt(by_night.again, 30, "%u next visits", by_night.again);
    cr_expect_eq(by_night.found, by_night.again, "%u of %u find their agent", by_night.found, by_night.again);
}

/* Served at once: each chat brings 0.4 further ones, 1 / 0.6 in all. Nobody is lost, and no two chats have one number. */
Test(dates, who_was_served_comes_again_with_another_question)
{
    struct log log = { 0 };
    struct fl_scenario *scenario = scenario_of("'duration':'20d','interval':'6h'", "'chats_per_day':300",
        "'intents':[{'name':'size','reply':{'total':'5s'}},{'name':'refund','phase':'after_sale','share':3,'reply':{'total':'5s'}}],"
        "'next_visit':{'probability':0.4,'after':{'exponential':'2h'}}", "'agents':[{'name':'a','count':20}]", "");
    struct fl_run *run = run_of(scenario, 1, &log);
    double opened = 0, later = 0, refunds = 0;
    uint64_t last = 0;

    for (size_t i = 0; i < log.count; i++) {
        if (log.event[i].kind != FL_LOG_CHAT_OPENED) continue;
        const bool is_later = log.event[i].chat_id >> 40 == FL_PHASES;
        opened++;
        later += is_later;
        refunds += is_later && log.event[i].intent == 1;
        if (!is_later) continue;
        cr_assert_gt(log.event[i].chat_id, last);
        last = log.event[i].chat_id;
    }

    const struct fl_results *results = &run->results;
    cr_expect_eq(opened, fl_figure_named(results, FL_SCOPE_DESK, 0, "chats_offered").value);
    cr_expect_float_eq(later / opened, 0.4, 4 * sqrt(0.24 / opened) + 0.004, "%g", later / opened); /* some lie beyond the end */
    cr_expect_float_eq(refunds / later, 0.75, 4 * sqrt(0.1875 / later), "%g", refunds / later);
    cr_expect_eq(opened, fl_figure_named(results, FL_SCOPE_DESK, 0, "chats_answered").value +
                             fl_figure_named(results, FL_SCOPE_DESK, 0, "chats_unserved").value);
    free(log.event);
    free_both(run, scenario);
}

/* ---- Measures ------------------------------------------------------------------------------------ */

Test(dates, are_judged_each_by_itself)
{
    struct fl_scenario *scenario = scenario_of("'duration':'60h','interval':'2h'", "'chats_per_day':200,'weekdays':[1,0.9,0.8,1,1,1,1]", questions,
        "'agents':[{'name':'a','count':3}]", ",'objectives':{'chats_offered':{'want':'>= 180','per':'date'},'first_response_s.p90':'<= 60.5'}");
    struct fl_run *run = run_of(scenario, 40, NULL);
    const struct fl_results *results = &run->results;
    struct fl_objective_result judged;
    uint32_t busy_days = 0;
    double chats = 0;

    cr_assert_eq(fl_dates_count(results), 3);
    for (uint32_t date = 0; date < 3; date++) {
        uint32_t busy = 0, met = 0;
        for (uint32_t i = 0; i < 40; i++) {
            const bool enough = fl_row_count(results->dates[i], date)[FL_COUNT_chats_offered] >= 180;
            const struct fl_date *day = fl_row_date(results->dates[i], date);
            cr_expect_eq(enough, day->met & 1, "day %u, date %u", i, date);
            busy += enough;
            met += (day->met & 3) == 3;
        }
        cr_expect_eq(fl_dates_met(results, date), met);
        cr_expect_leq(met, busy);
        chats += figure(run, date, "chats_offered");
    }
    for (uint32_t i = 0; i < 40; i++) {
        bool all = true;
        for (uint32_t date = 0; date < 3; date++) all &= fl_row_count(results->dates[i], date)[FL_COUNT_chats_offered] >= 180;
        busy_days += all;
        cr_expect_eq(all, results->rows[i]->met & 1);
    }
    fl_objective_judge(results, 0, &judged);
    cr_expect_eq(judged.days_met, busy_days);
    cr_expect_eq(judged.where, 2, "half a Wednesday has the fewest");
    cr_expect_not(judged.met);
    cr_expect_eq(judged.figure.value, figure(run, 2, "chats_offered"));
    cr_expect(judged.figure.sure && judged.figure.low < 80 && judged.figure.high > 80);
    cr_expect_gt(fl_dates_met(results, 0), 0, "some Monday holds both");
    cr_expect_eq(fl_dates_met(results, 2), 0);
    const struct fl_figure whole = fl_figure_named(results, FL_SCOPE_DESK, 0, "chats_offered");
    cr_expect_float_eq(chats, whole.value, 1e-9);
    const struct fl_figure monday = fl_figure_named(results, FL_SCOPE_DATE, 0, "first_response_s.p90");
    cr_expect(monday.sure && monday.low <= monday.value && monday.value <= monday.high);
    free_both(run, scenario);
}

/* After-sales people come on the second date only; before it their buyers leave, and the group misses, as does every interval. */
Test(dates, are_judged_by_their_groups_intervals_and_agents)
{
    static const char *const per[] = { "group", "interval", "agent" };
    for (int i = 0; i < 3; i++) {
        char more[200];
        snprintf(more, sizeof more, ",'objectives':{'%s':{'want':'%s','per':'%s'}}", i == 2 ? "replies" : "abandonment", i == 2 ? ">= 1" : "<= 0.3", per[i]);
        struct fl_scenario *scenario = scenario_of("'duration':'2d','interval':'12h'", "'chats_per_day':400",
            "'intents':[{'name':'size','reply':{'total':'1s'}},{'name':'refund','phase':'after_sale','reply':{'total':'1s'}}],"
            "'patience':{'first':'60s'}",
            "'groups':[{'name':'sales','phases':['pre_sale']},{'name':'after','phases':['after_sale']}],"
            "'agents':[{'name':'a','groups':['sales']},{'name':'b','groups':['after'],'from':'+1d'}]", more);
        struct fl_run *run = run_of(scenario, 5, NULL);

        cr_expect_eq(fl_dates_met(&run->results, 0), i == 2 ? 5 : 0, "per %s", per[i]);
        cr_expect_eq(fl_dates_met(&run->results, 1), 5, "per %s", per[i]);
        free_both(run, scenario);
    }
}

/* A single date is the day itself. */
Test(dates, of_one_day_are_not_kept_and_mean_the_desk)
{
    struct fl_scenario *scenario = scenario_of("'duration':'24h'", "'chats_per_day':100", questions, "'agents':[{'name':'a'}]",
        ",'objectives':{'chats_offered':{'want':'>= 100','per':'date'}}");
    struct fl_run *run = run_of(scenario, 10, NULL);
    struct fl_objective_result judged;

    fl_objective_judge(&run->results, 0, &judged);

    cr_expect_null(run->results.dates);
    cr_expect_eq(fl_dates_count(&run->results), 1);
    cr_expect_eq(fl_dates_met(&run->results, 0), fl_days_met(&run->results));
    cr_expect_eq(judged.where, FL_NONE);
    cr_expect_eq(figure(run, 0, "chats_offered"), fl_figure_named(&run->results, FL_SCOPE_DESK, 0, "chats_offered").value);
    free_both(run, scenario);
}
