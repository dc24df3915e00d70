/* What an ended chat is worth, by what was made of it: shares of some forty thousand buyers within four standard errors of those worked out by hand. */
#include "run/run.h"
#include "scenario/reader.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define DAYS 20u

/* Twenty days of 2 000 buyers, whom nobody keeps waiting. Blocks are written with ' for ". */
static struct fl_run *run_of(const char *reply, const char *desk, const char *money, struct fl_scenario **scenario)
{
    static struct fl_errors errors;
    char text[2048];
    struct fl_run *run;
    snprintf(text, sizeof text,
             "{'fenliu':1,'duration':'24h','interval':'1h','traffic':{'chats_per_day':2000},'buyers':{'intents':[{'name':'size','reply':{'total':'%s'}%s,"
             "'end':'drain','money':{%s}}", reply, desk, money);
    for (char *at = text; *at != '\0'; at++)
        if (*at == '\'') *at = '"';
    cr_assert_eq(fl_scenario_read("test", text, strlen(text), NULL, 0, scenario, &errors), FL_OK, "%s %s", errors.list[0].path, errors.list[0].text);
    cr_assert_eq(fl_run(*scenario, &(struct fl_run_options){ .seed = 7, .replications = DAYS, .jobs = 1 }, &run), FL_OK);
    return run;
}

static double count(const struct fl_run *run, enum fl_count what)
{
    return (double)run->results.totals.group[0].count[what] + (run->results.totals.groups > 1 ? (double)run->results.totals.group[1].count[what] : 0);
}

static void expect_share(double part, double whole, double wanted, const char *what)
{
    cr_expect_geq(whole, 10000, "%s: %g", what, whole);
    cr_expect_float_eq(part / whole, wanted, 4 * sqrt(wanted * (1 - wanted) / whole), "%s: %g of %g, wanted %g", what, part, whole, wanted);
}

static const char many[] = "}]},'desk':{'agents':[{'name':'a','count':400,'max_chats':1}]}";

/* A reply is there after two minutes. */
Test(outcome, orders_fall_with_the_minutes_of_the_first_and_of_the_mean_response)
{
    struct fl_scenario *scenario;
    struct fl_run *run = run_of("2m", many, "'order_value_cny':100,'conversion':{'base':0.8,'first_response_loss_per_min':0.1,'response_loss_per_min':0.2}", &scenario);
    const double inquiries = count(run, FL_COUNT_inquiries), chance = 0.8 * 0.9 * 0.9 * 0.8 * 0.8;

    expect_share(count(run, FL_COUNT_orders), inquiries, chance, "orders");
    cr_expect_eq(count(run, FL_COUNT_sales_fen), 10000 * count(run, FL_COUNT_orders));
    expect_share(count(run, FL_COUNT_lost_sales_fen) / 10000, inquiries, 0.8 - chance, "orders lost: who would have bought at once");
    fl_run_free(run);
    fl_scenario_free(scenario);
}

Test(outcome, orders_fall_with_each_transfer_and_where_nobody_answers_and_rise_with_more_answers_than_questions)
{
    static const struct {
        const char *reply, *desk, *conversion;
        double chance;
    } desks[] = {
        { "1s", ",'transfer':{'probability':1,'to':'second'}}]},'desk':{'groups':[{'name':'first','phases':['pre_sale']},{'name':'second'}],"
          "'agents':[{'name':'a','count':20,'groups':['first']},{'name':'b','count':20,'groups':['second']}]}", "'base':0.8,'transfer_loss':0.25", 0.6 },
        { "1s", "}]},'desk':{'agents':[{'name':'a','count':40}],'depth':{'per_chat':1,'time':'1s'},'close':{'when_done':'5m'}}", "'base':0.4,'answer_ratio_gain':0.5", 0.6 },
        { "2m", "}],'patience':{'first':'30s'}},'desk':{'agents':[{'name':'a','count':400,'max_chats':1}]}", "'base':0.8,'unserved':0.5", 0.4 },
    };
    for (size_t i = 0; i < sizeof desks / sizeof *desks; i++) {
        char money[128];
        struct fl_scenario *scenario;
        snprintf(money, sizeof money, "'order_value_cny':100,'conversion':{%s}", desks[i].conversion);
        struct fl_run *run = run_of(desks[i].reply, desks[i].desk, money, &scenario);
        expect_share(count(run, FL_COUNT_orders), count(run, FL_COUNT_inquiries), desks[i].chance, desks[i].conversion);
        fl_run_free(run);
        fl_scenario_free(scenario);
    }
}

/* Half of them rate. Of the satisfied four of five give 5 points, the others 4; of the others as many 3, 2 and 1. */
Test(outcome, ratings_fall_with_the_minutes_that_an_answer_takes)
{
    struct fl_scenario *scenario;
    struct fl_run *run = run_of("2m", many, "'satisfaction':{'base':0.9,'loss_per_min':0.1,'rates_share':0.5}", &scenario);
    const double ratings = count(run, FL_COUNT_ratings), satisfied = 0.9 * 0.9 * 0.9, points = 4.8 * satisfied + 2 * (1 - satisfied);

    expect_share(ratings, count(run, FL_COUNT_chats_offered), 0.5, "ratings");
    expect_share(count(run, FL_COUNT_satisfied), ratings, satisfied, "satisfied");
    cr_expect_float_eq(count(run, FL_COUNT_dsr_points) / ratings, points, 4 * 1.4 / sqrt(ratings), "points have a standard deviation of 1.34");
    fl_run_free(run);
    fl_scenario_free(scenario);
}
