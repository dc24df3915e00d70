/* Parts of fenliu staff: the desk of a roster, and the first screen. */
#ifndef FENLIU_STAFF_H
#define FENLIU_STAFF_H

#include "command.h"
#include "staffing/knee.h"
#include "staffing/rules_of_thumb.h"
#include "staffing/staff.h"
#include "staffing/team.h"

/* ---- staff_desk.c: rosters as desks ------------------------------------------------------------- */

#define KINDS_MAX 128u

/* People of one kind answer the same groups, where the owner says whom he can hire also at the same speed, wage and skills; the answer counts people
 * like the first definition of the kind. */
struct people_kind {
    uint64_t groups;
    uint32_t definition; /* the template */
    uint32_t hire;       /* of staffing.hire; FL_NONE: those who are there */
    uint32_t people_max; /* FL_NONE: as many as wanted */
    uint32_t first_shift, shifts_count; /* of the candidates */
};

struct staff_desk {
    const struct fl_scenario *base;
    struct people_kind kinds[KINDS_MAX];
    uint32_t kinds_count;
    uint32_t *kind_of;            /* [definitions] the kind of each; owned */
    struct fl_rota_shift *shifts; /* candidates of all kinds; owned */
    double *pay;                  /* [shifts] CNY of one person; NaN: not known; owned. A shift's cost is what the search goes by */
    struct fl_break *breaks;      /* of the candidates; owned */
    struct fl_rota_crew *crews;   /* those of a kind on a day, where they are limited; owned */
    uint32_t shifts_count, crews_count;
    double template_speed[FL_GROUPS_MAX];
    double speed_factor; /* fitted on the ordinary day; 1: as given */
    const char *extra_name; /* of people who stand in no definition: "added", 加人 where the scenario's names are Chinese */
};

/* Fills in kinds and candidates. FL_ERANGE: more candidates than SHIFTS_MAX; FL_EFULL: out of memory. */
#define SHIFTS_MAX 20000u
enum fl_status staff_desk_open(struct staff_desk *desk, const struct fl_scenario *base);
void staff_desk_close(struct staff_desk *desk);
/* Adds the kinds that can be hired to those there are. */
void staff_desk_add_hires(struct staff_desk *desk);

/* One of a kind, as the desk would have her. */
struct fl_agent_def staff_desk_person(const struct staff_desk *desk, const struct people_kind *kind);
/* What a kind is called: a hire's own name, else NULL. */
const char *staff_desk_hire(const struct staff_desk *desk, const struct people_kind *kind);
/* A bit for each group there is. */
uint64_t staff_all_groups(const struct fl_scenario *base);
/* How fast somebody composes, her grade's speed included. */
double staff_desk_speed(const struct fl_scenario *scenario, const struct fl_agent_def *def);
/* The kind that a candidate is for. */
const struct people_kind *staff_desk_kind(const struct staff_desk *desk, uint32_t shift);
/* What somebody earns an hour: her own, her grade's, the scenario's; NaN: not given. */
double staff_desk_wage(const struct staff_desk *desk, const struct fl_agent_def *def);
/* What the rota is told of a kind. */
struct fl_rota_people staff_desk_rota_people(const struct staff_desk *desk, const struct people_kind *kind);
/* People of a kind that a roster takes: those of its fullest day. */
uint32_t staff_desk_people(const struct staff_desk *desk, const uint32_t people[], const struct people_kind *kind);

/* A scenario whose desk is this roster; shares everything else with the base. Free `memory`. Existing people come first, by
 * their definitions, then new ones like the template. */
struct roster_scenario {
    struct fl_scenario scenario;
    void *memory;
    uint32_t existing, added; /* people used */
    const uint32_t *candidate_of; /* [shifts of the scenario] */
};
bool roster_scenario_make(const struct staff_desk *desk, const uint32_t people[], struct roster_scenario *out);

/* desk.shifts and desk.agents of a scenario as JSON, for plan.json; free both. */
bool staff_desk_json(const struct fl_scenario *scenario, struct fl_text *shifts, struct fl_text *agents);

/* Most people on duty at once. */
uint32_t roster_peak(const struct staff_desk *desk, const uint32_t people[]);
/* People to have: everyone works one shift a day, so those of the fullest day. Rest days are not in it. */
uint32_t roster_people(const struct staff_desk *desk, const uint32_t people[]);

struct staff_levers;
struct staff_risk;

/* ---- The answer, for the screen and for JSON ---------------------------------------------------- */

struct staff_row {
    bool known;
    uint32_t people, peak;
    double cost; /* of such a day, CNY; NaN: not known. Rows may be subtracted */
    struct fl_figure abandonment, first_p90, reply_rate, met; /* met: share of days, with its interval */
    uint32_t days, days_met;
};

enum row_id { ROW_NOW, ROW_FEWER, ROW_ANSWER, ROW_MORE, ROWS_COUNT };

struct what_if {
    bool known, impossible; /* impossible: no headcount passes */
    uint32_t people;
    uint32_t more;          /* without a limit: by how much that would have to give way at least; 0: not known */
};

#define CURVE_MAX 16u
#define KNEE_LEAST_MISSED 0.1 /* a step has to mend this share of the days that may be missed: a day in a hundred where nine in ten are asked */

enum curve_reason {
    CURVE_NONE,        /* not drawn, or it still climbs where the objectives are met */
    CURVE_UNREACHABLE, /* no headcount meets the objectives */
    CURVE_FLAT,        /* one does, but its last people bring little */
};

/* Headcounts and what they reach. */
struct staff_curve {
    enum curve_reason reason;
    uint32_t objective;   /* that stands most in the way when everybody is there */
    double best_share;    /* most days met by any headcount that was tried */
    uint32_t count, knee; /* points, by headcount; the one that is advised */
    struct staff_row rows[CURVE_MAX];
    double safety[CURVE_MAX]; /* NaN: of the search's own roster */
    double excess[CURVE_MAX];
    struct fl_figure main[CURVE_MAX];  /* of the objective */
    double least_share, least_excess;  /* a step that brings less is little */
    struct staff_row full;             /* CURVE_FLAT: what meets the objectives */
    bool faster_holds;                 /* CURVE_UNREACHABLE: replies a fifth shorter would do, with everybody */
    double reachable;                  /* CURVE_UNREACHABLE: the bound that the advised roster would meet; NaN: not known */
};

/* Who works when, by name; nothing where the scenario says nothing of labour or people. */
struct staff_team {
    bool known, filled;
    uint32_t days;
    struct fl_team_problem problem; /* its arrays are owned */
    struct fl_team team;
    uint32_t places_count;
    uint32_t *shift_of;             /* [duties] the candidate that each is of; owned */
    uint32_t *definition_of;        /* [members] of who is there, FL_NONE: a kind to hire ... */
    uint32_t *kind_of;              /* [members] ... this one; owned with it */
    uint32_t *first_of;             /* [members] the number in its kind of a member's first person; NULL: 0 of all; owned */
    double cost;                    /* CNY of all days, hiring included; NaN: not known */
    uint32_t wishes_broken;
    uint32_t own, hired;            /* people who work */
    fl_time more[FL_TEAM_LIMITS_COUNT]; /* not filled: what would have to give way */
};

struct staff_report {
    const struct staff_team *team;
    const struct fl_scenario *scenario;
    const struct staff_desk *desk;
    const struct fl_staff_answer *answer;
    struct staff_row rows[ROWS_COUNT];
    const struct fl_results *results; /* of the answer */
    double peak_per_hour, chats;
    fl_time peak_at;
    bool believed, fitted;
    struct fl_figure now_main; /* the curve's objective on the desk as it is */
    bool now_passes; /* the desk as it is has been shown to pass */
    double replay_response_s, fitted_response_s;
    uint32_t existing, added;
    struct what_if traffic_up, reply_up;
    struct what_if seats_free, people_free, both_free; /* CURVE_UNREACHABLE: with as many seats, people, or both, as it takes, where limited */
    struct staff_curve curve;
    double reply_s;
    struct fl_rule_answer rules[FL_RULES_COUNT];
    bool rule_known[FL_RULES_COUNT];
    double trade_abandonment; /* simulated with the trade formula's people; NaN: not tried */
    uint32_t trade_people;
    const char *plan_path;
    uint64_t seed;
    const struct staff_levers *levers; /* staff_levers.h; NULL: not asked for */
    const struct staff_risk *risk; /* staff_risk.h; NULL: not assessed */
    const uint8_t *one_fewer;      /* [intervals x groups] enum fl_judgement of the answer with one fewer in that interval alone; NULL: not asked */
    bool explain;
};

void staff_screen(const struct staff_report *report, enum language language, struct fl_text *out);
void staff_json(const struct staff_report *report, struct fl_text *out);
/* "To pass: ..." with the scenario's objectives, without an end; whether some are asked of parts of the day. */
bool staff_add_wanted(const struct fl_scenario *scenario, bool zh, struct fl_text *out);
/* What a search had found when it was stopped. */
void staff_screen_so_far(const struct staff_report *report, enum language language, struct fl_text *out);
void staff_json_so_far(const struct staff_report *report, struct fl_text *out);

/* ---- staff_trial.c: simulating ----------------------------------------------------------------- */

#define SEARCH_DAYS 100u
#define SCREEN_DAYS 40u
#define ROW_DAYS_MAX 200u
#define WHAT_IF_DAYS 40u
#define WORK_MAX 20e6     /* chats simulated to decide which cheaper rosters do: some seconds */
#define DOUBT_WORK_MAX 30e6 /* again, where rosters are left in doubt that more days promise to decide: ten seconds or two */
#define INTERVALS_WORK_MAX 60e6 /* the means of intervals are decided on many more days: a minute */
#define PROOF_PARTS_MAX 32u

/* The days of a proof, simulated part by part. */
struct staff_proof {
    uint32_t *people;              /* [shifts] whom it is about; owned */
    struct roster_scenario roster;
    struct fl_run *parts[PROOF_PARTS_MAX];
    uint32_t parts_count;
    const struct fl_row **rows;    /* of all parts */
    struct fl_results results;     /* of all parts; rows_count 0: none yet */
    bool stands;                   /* the objectives are met on as many days as they have to be */
};

struct staff {
    struct options options;
    int argc;
    char **argv;
    const char *plan_option, *roster_option;
    bool full; /* the whole objective, however little its last people bring */
    bool asks_levers;
    struct staff_levers *levers; /* owned; NULL: not asked for */
    bool explain; /* why, and what else could be done */
    double work_share;  /* of the work that goes into what costs less; 0: all of it */
    struct fl_scenario *scenario;
    char *text;
    struct staff_desk desk;
    struct staff_report report;
    struct fl_staff_answer answer;
    struct staff_team team;
    struct staff_proof proof, proof_before; /* of the last roster put to the proof, and of the one before it */
    struct staff_risk *risk; /* owned */
    uint8_t *one_fewer;      /* owned; the report's */
    struct progress progress;
    uint32_t trials;
    uint32_t missed[SEARCH_DAYS], tried[SEARCH_DAYS]; /* how often each search day was: the hard ones are tried first */
};

/* Days 0 to days - 1 of a scenario, with the seed and the threads of the options. */
enum fl_status staff_days(const struct staff *staff, const struct fl_scenario *scenario, uint32_t days, struct fl_run **out);
/* Days first to first + days - 1. */
enum fl_status staff_days_from(const struct staff *staff, const struct fl_scenario *scenario, uint32_t first, uint32_t days, struct fl_run **out);
/* The same of days that no proof is made of. */
enum fl_status staff_search_days(const struct staff *staff, const struct fl_scenario *scenario, uint32_t days, struct fl_run **out);
/* Days that meet the objectives; judge mean: all of them or none. */
uint32_t staff_days_met(const struct fl_results *results);
void staff_proof_close(struct staff_proof *proof);

/* Adds days first to first + days - 1 of those that rosters are decided by to the evidence. */
enum fl_status staff_weigh_scenario(const struct staff *staff, const struct fl_scenario *scenario, uint32_t first, uint32_t days, struct fl_evidence *evidence);

/* As in fl_staff_problem; the context is the struct staff. */
fl_staff_simulate staff_simulate;
fl_staff_weigh staff_weigh;
bool staff_on_trial(void *context, const struct fl_staff_trial *trial, uint32_t people);

/* Listed shifts that have a price of their own. */
uint32_t staff_prices(const struct fl_scenario *scenario);
/* A row of the table from simulated days of this roster; people NULL: of the desk as it is. */
void staff_row_fill(const struct staff *staff, const uint32_t people[], const struct fl_results *results, struct staff_row *row);
enum fl_status staff_row_of_roster(const struct staff *staff, const uint32_t people[], uint32_t days, struct staff_row *row);

/* ---- staff_team.c ------------------------------------------------------------------------------- */

/* Works out who works the answer's shifts. Free with staff_team_close, also on failure. */
enum fl_status staff_team_make(const struct staff_desk *desk, const uint32_t people[], struct staff_team *out);
void staff_team_close(struct staff_team *team);
/* The last step of it: solves a team whose problem is written. */
#define STAFF_TEAM_NODES 200u
enum fl_status staff_team_solve(const struct staff_desk *desk, struct staff_team *team);
/* What is said of an agent definition by name; NULL: nothing. */
const struct fl_person_def *staff_person_of(const struct fl_scenario *base, uint32_t definition);
/* Makes the arrays of who may take what, duties and members written: absences and wishes as they are given by name; costs are the caller's to
 * write, and what further absences there are. false: out of memory. */
bool staff_team_cells(const struct fl_scenario *base, struct staff_team *team, double **cost, bool **away);
/* Whether somebody has every skill as well as those of a kind. */
bool staff_is_skilled(const struct staff_desk *desk, const struct fl_agent_def *own, const struct people_kind *kind);
/* What a person is called: "mei", "mei 2", "temp 3". */
void staff_team_name(const struct staff_team *team, const struct staff_desk *desk, uint32_t member, uint32_t person, char *out, size_t size);
/* The shift that somebody has on a day, as a place; FL_NONE: none. */
uint32_t staff_team_place(const struct staff_team *team, uint32_t member, uint32_t person, uint32_t day);
/* Names those who work a roster's shifts on the team's days, so that the plan is one by name: one definition a person, in the same places, so
 * that it is the same desk. Left as it is where a name means more than itself (events, absences drawn by name, dedicated agents) or somebody
 * would stand for another kind of agent. Returns what to free after the roster, NULL where nothing changed; *full: memory ran out. */
void *staff_team_relabel(const struct staff_team *team, const struct staff_desk *desk, struct roster_scenario *roster, bool *full);
/* On the screen, as JSON, and as lines of CSV. */
void staff_team_screen(const struct staff_team *team, const struct staff_desk *desk, bool zh, struct fl_text *out);
void staff_team_json(const struct staff_team *team, const struct staff_desk *desk, struct fl_text *out);
void staff_team_csv(const struct staff_team *team, const struct staff_desk *desk, struct fl_text *out);

/* ---- staff_search.c ----------------------------------------------------------------------------- */

/* Replays the ordinary day; where it is off, scales the reply times until it matches. report.believed says whether it does. */
enum fl_status staff_believe(struct staff *staff);
/* What is asked of every interval is held in every interval: there is no mean of the day to be content with less of. */
bool staff_asks_of_intervals(const struct fl_scenario *scenario);
/* The traffic plan of a scenario, in memory of its own: free *memory. false: out of memory. */
bool staff_traffic_plan(const struct fl_scenario *scenario, struct fl_traffic_plan *plan, void **memory);
/* The arrays of an answer, for the staff's candidates; close it also where this failed. */
bool staff_answer_open(struct fl_staff_answer *answer, const struct staff *staff);
void staff_answer_close(struct fl_staff_answer *answer);
/* The problem of the desk's world; free *memory. false: out of memory. */
bool staff_problem_make(struct staff *staff, bool quick, struct fl_traffic_plan *plan, void **memory, struct fl_staff_problem *out);
/* Looks for the cheapest roster; quick: only as good as a what-if needs. */
enum fl_status staff_search(struct staff *staff, bool quick, struct fl_staff_answer *answer);

/* ---- staff_record.c ----------------------------------------------------------------------------- */

/* Writes --out: the days of the plan `text` as a run directory, with the answer (`fenliu staff --json`) as staff.json; the days of the proof,
 * or those of a run. text NULL: there was no memory for it. The exit code. */
int staff_record_proof(const struct staff *staff, const char *text, const struct fl_text *answer);
int staff_record_run(const struct staff *staff, const struct fl_run *run, const char *text, const struct fl_text *answer);

/* ---- staff_one_fewer.c -------------------------------------------------------------------------- */

/* Judges the answer with one fewer in each interval and group alone, for the report; not asked where nothing is proven or more people may do harm. */
enum fl_status staff_one_fewer(struct staff *staff);

/* ---- cmd_staff.c -------------------------------------------------------------------------------- */

/* What the answer becomes in another world, with replies so many times as long. Counted as the most on duty at once. */
enum fl_status staff_ask_world(struct staff *staff, const struct fl_scenario *other, double reply, struct what_if *out);

/* The cheapest roster that meets the objectives, in staff->answer, with its proof; where none does, the one that is worth having (the curve's
 * reason then says so). Nothing beside it: no rows, no what-ifs. */
enum fl_status staff_roster_find(struct staff *staff);
/* Under its name only when it is whole. text NULL: there was no memory for it. */
int staff_file_write(const char *path, const char *text, const char *end);
/* Where the plan goes; NULL: nowhere. */
const char *staff_plan_path(const struct staff *staff);
/* Says on stderr that --out is not written, where there is no answer to write. */
void staff_says_unrecorded(const struct staff *staff);

/* ---- staff_curve.c ------------------------------------------------------------------------------ */

/* Simulates everybody there may be: how many days that meets, and which objective stands in the way. */
enum fl_status staff_ceiling(struct staff *staff);
/* Draws the curve and finds its knee, up to a roster that meets the objectives if there is one (`meets`, else NULL). `spare` is
 * overwritten. count 0 afterwards: the shifts on offer have no roster. */
enum fl_status staff_curve_draw(struct staff *staff, const struct fl_staff_problem *problem, struct fl_staff_answer *spare, const uint32_t meets[]);
/* What it would take where no headcount does; after the advised roster's proof. */
enum fl_status staff_beyond(struct staff *staff);

#endif
