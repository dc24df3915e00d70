/* A scenario sent to another process gives the same days there, and an image that is cut is refused. */
#include "record/days.h"
#include "record/results.h"
#include "run/run.h"
#include "scenario/image.h"
#include "scenario/reader.h"

#include <criterion/criterion.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fl_scenario *scenario_in(const char *name)
{
    char path[512];
    struct fl_scenario *scenario = NULL;
    static struct fl_errors errors;
    snprintf(path, sizeof path, FENLIU_SOURCE_DIR "/%s", name);
    FILE *const file = fopen(path, "rb");
    cr_assert_not_null(file, "%s", path);
    char *const text = malloc(1 << 20);
    const size_t length = fread(text, 1, 1 << 20, file);
    fclose(file);
    cr_assert_eq(fl_scenario_read(path, text, length, NULL, 0, &scenario, &errors), FL_OK, "%s: %s", path, errors.list[0].text);
    free(text);
    return scenario;
}

static void add_names(const struct fl_scenario *s, struct fl_text *text)
{
    fl_text_add(text, "%s %s %s %s %016llx", s->name, s->about, s->file, s->platform.name, (unsigned long long)s->hash);
    for (uint32_t i = 0; i < s->skills_count; i++) fl_text_add(text, " %s", s->skills[i]);
    for (uint32_t i = 0; i < s->buyers.classes_count; i++) fl_text_add(text, " %s", s->buyers.classes[i].name);
    for (uint32_t i = 0; i < s->buyers.order_statuses_count; i++) fl_text_add(text, " %s", s->buyers.order_statuses[i]);
    for (uint32_t i = 0; i < s->buyers.entry_points_count; i++) fl_text_add(text, " %s %g", s->buyers.entry_points[i].name, s->buyers.entry_points[i].share);
    for (uint32_t i = 0; i < s->buyers.devices_count; i++) fl_text_add(text, " %s %g", s->buyers.devices[i].name, s->buyers.devices[i].share);
    for (uint32_t i = 0; i < s->desk.shifts_count; i++) fl_text_add(text, " %s", s->desk.shifts[i].name);
    for (uint32_t i = 0; i < s->faults_count; i++) fl_text_add(text, " %lld", (long long)s->faults[i].at);
}

/* All that is said of a day of it, with all its names. */
static struct fl_text day_of(const struct fl_scenario *scenario)
{
    struct fl_run *run = NULL;
    struct fl_text text = { 0 };
    const struct fl_run_options options = { .seed = 3, .replications = 1, .jobs = 1, .cells = true };
    cr_assert_eq(fl_run(scenario, &options, &run), FL_OK);
    const struct fl_results_head head = { .command = "simulate", .policy = "policy", .seed = run->seed, .partial = run->partial };
    fl_results_json(&run->results, &head, &text);
    fl_results_intervals_csv(&run->results, &text);
    fl_results_agents_csv(&run->results, &text);
    fl_days_write(run->results.rows, run->results.rows_count, &text);
    fl_cells_write(&run->results.cells, run->results.rows_count, &text);
    add_names(scenario, &text);
    cr_assert_not(text.full);
    fl_run_free(run);
    return text;
}

/* In another process nothing of the scenario is there: it is given back before the image is opened, and what is given back is overwritten, so that
 * a pointer that was not sent is followed in vain. The bytes are moved, too. */
static void expect_same_day(struct fl_scenario *scenario, const char *name)
{
    struct fl_scenario *opened = NULL;
    void *bytes = NULL;
    size_t length = 0;
    mallopt(M_PERTURB, 0xA5);
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    const void *const platform = scenario->platform.name; /* a constant of the program, which lies elsewhere in another process */
    struct fl_text here = day_of(scenario);
    cr_assert_eq(fl_image_make(scenario, &bytes, &length), FL_OK);
    fl_scenario_free(scenario);
    char *const moved = malloc(length);
    memcpy(moved, bytes, length);
    free(bytes);

    cr_assert_eq(fl_image_open(moved, length, &opened), FL_OK);
    free(moved);

    struct fl_text there = day_of(opened);
    cr_expect(opened->platform.name != platform, "%s", name);
    cr_expect_eq(here.length, there.length, "%s", name);
    cr_expect_eq(memcmp(here.bytes, there.bytes, here.length < there.length ? here.length : there.length), 0, "%s", name);
    fl_text_free(&here);
    fl_text_free(&there);
    free(opened);
}

Test(image, the_shipped_scenarios_give_the_same_day)
{
    static const char *const names[] = { "618-opening", "after-sales-wave", "bot-in-front", "double12", "late-login-flood", "ordinary-day",
                                         "promotion-month", "star-quits", "suspend-overload", "valentine" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[64];
        snprintf(path, sizeof path, "scenarios/%s.json", names[i]);
        expect_same_day(scenario_in(path), path);
    }
}

/* Whatever a scenario may point to, in two of them: a rate has no profile. */
static const char *const with_everything[] = {
    "{'fenliu':1,'name':'rates','about':'a','start':'2026-06-15T09:00','duration':'4h','interval':'1h','skills':['english'],'platform':'taobao-2025',"
    "'traffic':{'rate':{'points':[['+0h',30],['+1h',90],['+4h',20]]},'pushes':[{'name':'live','at':'+1h','buyers':40,'spread':'10m'}]},"
    "'buyers':{'classes':[{'name':'new','share':0.5},{'name':'known','share':0.5,'recent_agent':0.5,'recent_age':{'empirical':['1h','9h']}}],'order_statuses':['none','sent'],"
    "'entry_points':[{'name':'page'},{'name':'live'}],'devices':[{'name':'phone'}],"
    "'intents':[{'name':'size','rounds':{'geometric':2},'think_time':{'empirical':['10s','30s']},'reply':{'total':{'mixture':[[1,'20s'],[2,{'exponential':'40s'}]]}}},"
    "{'name':'refund','phase':'after_sale','skills':['english'],'order_status':'sent','patience':{'empirical':['60s','90s']},"
    "'reply':{'read':'2s','think':{'empirical':['3s','5s']},'tool':{'empirical':['2s','9s']},'chars':{'poisson':20}}}],"
    "'patience':{'first':{'empirical':['40s','80s']},'later':{'empirical':['90s','200s']}},"
    "'come_back':{'probability':0.5,'after':{'empirical':['5m','9m']}},'burst_gap':{'empirical':['3s','8s']},'messages_per_round':2},"
    "'desk':{'groups':[{'name':'pre','phases':['pre_sale'],'overflow':'after'},{'name':'after'}],"
    "'shifts':[{'name':'day','from':'09:00','to':'12:00','breaks':[['10:00','20m']]},{'name':'late','from':'10:00','to':'18:00'}],"
    "'grades':[{'name':'junior','speed':0.8}],'meetings':[{'at':'+2h','length':'10m'}],"
    "'agents':[{'name':'mei','count':2,'rota':['day',null]},{'name':'li','grade':'junior','shift':'late','away':[{'from':'+3h','to':'+4h'}]},{'name':'an','skill':{'english':0.5}}],"
    "'multitasking':{'speed_by_open':[1,0.9,0.7]},'depth':{'per_chat':1,'time':{'empirical':['5s','9s']}},'leave_reply':{'empirical':['30s','50s']},'backlog':3},"
    "'events':[{'at':'+90m','agent':'an','do':'break','for':'10m'}],'faults':[{'at':'+2h','do':'engine_stall','for':'5s'}],'routing':{'policy':'manual_pull','pick_up':{'empirical':['1s','4s']}},"
    "'objectives':{'abandonment':'<= 0.2'},'thresholds':[{'measure':'response_s','seconds':60}]}",
    "{'fenliu':1,'name':'dates','start':'2026-06-15T00:00','duration':'3d','interval':'6h',"
    "'traffic':{'chats_per_day':200,'profile':{'steps':[3,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,0,0,0]},"
    "'weekday_profiles':[null,{'steps':[1,2,3,4,5,6,7,8,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9]},null,null,null,null,null],"
    "'promotions':[{'name':'618','opens_at':'+30h','closes_at':'+40h','multiplier':3}]},"
    "'buyers':{'intents':[{'name':'size','reply':{'total':'30s'}}],'next_visit':{'probability':0.3,'after':{'empirical':['1h','1d']}}},"
    "'desk':{'agents':[{'name':'a','count':3}],'bot':{'mode':'mixed','share':0.5,'reply':{'empirical':['1s','6s']}}}}",
};

Test(image, all_that_a_scenario_may_point_to_is_sent)
{
    for (size_t i = 0; i < sizeof with_everything / sizeof *with_everything; i++) {
        static struct fl_errors errors;
        struct fl_scenario *scenario = NULL;
        char *const text = strdup(with_everything[i]);
        for (char *at = text; *at != '\0'; at++)
            if (*at == '\'') *at = '"';
        cr_assert_eq(fl_scenario_read("test", text, strlen(text), NULL, 0, &scenario, &errors), FL_OK, "%s: %s", errors.list[0].path, errors.list[0].text);
        free(text);
        expect_same_day(scenario, i == 0 ? "rates" : "dates");
    }
}

Test(image, a_recording_is_sent_with_it)
{
    struct fl_scenario *const scenario = scenario_in("scenarios/promo-2500.json"), *opened = NULL;
    struct fl_recording *const recording = calloc(1, sizeof *recording);
    const struct fl_recorded_round rounds[] = { { .waited = 30 * FL_SECOND, .messages = 3 }, { .think = 40 * FL_SECOND, .messages = 1, .end = FL_RECORDED_LEFT } };
    const fl_time gaps[] = { 2 * FL_SECOND, 5 * FL_SECOND };
    for (uint32_t i = 0; i < 50; i++) {
        const struct fl_recorded_chat chat = { .at = FL_HOUR * 9 + i * FL_MINUTE, .rounds = 2, .intent = FL_RECORDED_UNKNOWN, .buyer_class = FL_RECORDED_UNKNOWN };
        cr_assert_eq(fl_recording_add(recording, &chat, rounds, 2, gaps, 2), FL_OK);
    }
    void *bytes = NULL;
    size_t length = 0;
    scenario->traffic.replay.recording = recording;
    cr_assert_eq(fl_image_make(scenario, &bytes, &length), FL_OK);
    cr_assert_eq(fl_image_open(bytes, length, &opened), FL_OK);
    free(bytes);
    const struct fl_recording *const sent = opened->traffic.replay.recording;
    cr_assert(sent != recording && sent != NULL);
    cr_expect(sent->chats != recording->chats && sent->rounds != recording->rounds && sent->gaps != recording->gaps, "copies");
    cr_expect_eq(sent->chats_count, recording->chats_count);
    cr_expect_eq(memcmp(sent->chats, recording->chats, recording->chats_count * sizeof *sent->chats), 0);
    cr_expect_eq(memcmp(sent->rounds, recording->rounds, recording->rounds_count * sizeof *sent->rounds), 0);
    cr_expect_eq(memcmp(sent->gaps, recording->gaps, recording->gaps_count * sizeof *sent->gaps), 0);
    free(opened);
    scenario->traffic.replay.recording = NULL;
    fl_recording_free(recording);
    fl_scenario_free(scenario);
}

Test(image, what_is_cut_is_refused)
{
    struct fl_scenario *const scenario = scenario_in("scenarios/618-opening.json"), *opened = NULL;
    void *bytes = NULL;
    size_t length = 0;
    cr_assert_eq(fl_image_make(scenario, &bytes, &length), FL_OK);
    for (size_t cut = 0; cut < length; cut += 16) cr_expect_neq(fl_image_open(bytes, cut, &opened), FL_OK);
    cr_expect_null(opened);
    free(bytes);
    fl_scenario_free(scenario);
}

/* A pointer that image.c does not know would be followed in another process. Whoever makes one of these larger looks whether it is one, and sends it. */
Test(image, what_points_somewhere_is_known)
{
    if (sizeof(void *) != 8) return;
    static const struct {
        const char *name;
        size_t bytes, known;
    } structs[] = {
#define KNOWN(name, bytes) { #name, sizeof(struct name), bytes }
        KNOWN(fl_traffic, 2320), KNOWN(fl_promotion, 256), KNOWN(fl_push, 40), KNOWN(fl_buyers, 496), KNOWN(fl_intent, 608), KNOWN(fl_buyer_class, 136),
        KNOWN(fl_desk_def, 472), KNOWN(fl_group_def, 56), KNOWN(fl_shift_def, 48), KNOWN(fl_grade_def, 48), KNOWN(fl_agent_def, 680), KNOWN(fl_routing_def, 208),
        KNOWN(fl_distribution, 48), KNOWN(fl_objective, 40), KNOWN(fl_threshold, 16), KNOWN(fl_platform, 56), KNOWN(fl_money, 176), KNOWN(fl_event_def, 24),
#undef KNOWN
    };
    for (size_t i = 0; i < sizeof structs / sizeof *structs; i++)
        cr_expect_eq(structs[i].bytes, structs[i].known, "%s, %zu", structs[i].name, structs[i].bytes);
}
