/* fenliu staff for several days: plans, writes the plan and the roster, says it. */
#include "page.h"
#include "staff_month.h"

#include <stdlib.h>
#include <string.h>

/* The scenario's events as JSON, where names now stand for one person each. */
static bool events_json(const struct fl_scenario *scenario, struct fl_text *out)
{
    static const char *const does[] = { "leave", "suspend", "resume", "offline", "online", "break" };
    fl_text_add(out, "[");
    for (uint32_t e = 0; e < scenario->events_count; e++) {
        const struct fl_event_def *const event = &scenario->events[e];
        fl_text_add(out, "%s{\"at\":\"%s%.10gs\",\"agent\":", e > 0 ? "," : "", event->at < 0 ? "-" : "+", fl_time_to_s(event->at < 0 ? -event->at : event->at));
        fl_text_add_json(out, event->agent == FL_NONE ? "*" : scenario->desk.agents[event->agent].name);
        fl_text_add(out, ",\"do\":\"%s\"", does[event->what]);
        if (event->length > 0) fl_text_add(out, ",\"for\":\"%.10gs\"", fl_time_to_s(event->length));
        fl_text_add(out, "}");
    }
    fl_text_add(out, "]");
    return !out->full;
}

/* The period with these people as a scenario, to be freed; NULL: no memory. */
static char *plan_text(const struct staff *staff, const struct staff_month *month)
{
    struct fl_text shifts = { 0 }, agents = { 0 }, events = { 0 };
    char *text = NULL, seed[32], months[16];
    snprintf(seed, sizeof seed, "\"%llu\"", (unsigned long long)staff->report.seed);
    snprintf(months, sizeof months, "%u", month->months > 0 ? month->months : 1);
    if (staff_desk_json(&month->named, &shifts, &agents) && events_json(&month->named, &events)) {
        const struct fl_override overrides[] = { { "desk.shifts", shifts.bytes }, { "desk.agents", agents.bytes }, { "events", events.bytes }, { "seed", seed },
                                                 { "replications", months } };
        text = fl_scenario_text(staff->text, strlen(staff->text), overrides, 5);
    }
    fl_text_free(&shifts);
    fl_text_free(&agents);
    fl_text_free(&events);
    return text;
}

static int plan_write(struct staff *staff, const char *text)
{
    const char *const own = staff_plan_path(staff);
    if (own == NULL) return EXIT_DONE;
    staff->report.plan_path = own;
    return staff_file_write(own, text, "\n");
}

static int roster_write(const struct staff *staff, const struct staff_month *month)
{
    struct fl_text text = { 0 };
    if (staff->roster_option == NULL || !month->team.known) return EXIT_DONE;
    staff_team_csv(&month->team, &month->desk, &text);
    const int code = staff_file_write(staff->roster_option, text.full ? NULL : text.bytes, "");
    fl_text_free(&text);
    return code;
}

static int say(struct staff *staff, const struct staff_month *month)
{
    struct fl_text out = { 0 }, answer = { 0 };
    const bool has_plan = month->named_memory != NULL;
    char *const plan = has_plan ? plan_text(staff, month) : NULL;
    int code = has_plan ? plan_write(staff, plan) : EXIT_DONE;
    if (code == EXIT_DONE) code = roster_write(staff, month);
    if (staff->options.json || staff->options.out != NULL) staff_month_json(month, &answer);
    if (!has_plan || month->run == NULL) staff_says_unrecorded(staff);
    else if (code == EXIT_DONE && staff->options.out != NULL) code = staff_record_run(staff, month->run, plan, &answer);
    if (!staff->options.json) staff_month_screen(month, staff->options.language, &out);
    if (!staff->options.json && has_plan && month->run != NULL) page_name(&staff->options, &out);
    if (code == EXIT_DONE) code = text_print(staff->options.json ? &answer : &out);
    fl_text_free(&out);
    fl_text_free(&answer);
    free(plan);
    bool holds = month->team.known && month->team.filled && month->months > 0;
    for (uint32_t d = 0; d < month->dates; d++) holds = holds && staff_month_holds(month, d);
    return code == EXIT_DONE && !holds ? EXIT_MISSED : code;
}

/* Stopped: what was found so far is said. */
int staff_month_run(struct staff *staff)
{
    struct staff_month month;
    int code;
    const enum fl_status status = staff_month_plan(staff, &month);
    progress_end(&staff->progress);
    if (status == FL_OK) code = say(staff, &month);
    else if (status == FL_EINTERRUPTED && month.shifts_count > 0) code = say(staff, &month) == EXIT_UNWRITTEN ? EXIT_UNWRITTEN : EXIT_INTERRUPTED;
    else code = run_failed(status, "staff");
    staff_month_close(&month);
    return code;
}
