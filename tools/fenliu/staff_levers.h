/* Levers other than people: the best routing policy, chats at once and routing weights for the advised roster, and what they save.
 *
 * Settings are compared by the excess of the worst objective: misses over what it allows, 1 being just met, less is better (fl_staff_excess, pooled
 * over a batch of days). Every scenario with objectives has it. LEVER_DELTA is the difference that matters. A few days of each screen the
 * settings, KN selects among those that are kept (measure/selection.h), and the one that is left is held against the given setting on further
 * days. All are simulated on the same days of the advised roster, and where that tells none apart, of the same with one person fewer.
 *
 * The one that is left is the best, or within LEVER_DELTA of it, with probability 1 - LEVER_ALPHA: of all settings where no more than
 * LEVERS_COMPARED are kept, else of those compared. Where several are left the days there are for it could not tell. */
#ifndef FENLIU_STAFF_LEVERS_H
#define FENLIU_STAFF_LEVERS_H

#include "measure/compare.h"
#include "staff.h"

#define LEVER_DELTA 0.05     /* a twentieth of what the worst objective allows: 3 s of 60, a quarter of a point of 5 % */
#define LEVER_ALPHA 0.05     /* of the answer; half of it is for the screening */
#define LEVERS_MAX 128u      /* settings */
#define LEVERS_COMPARED 12u  /* most that KN selects among */

enum lever_weights { WEIGHTS_GIVEN, WEIGHTS_EQUAL, WEIGHTS_BY_SPEED };

#define CAP_GIVEN 0u

struct lever_setting {
    enum fl_policy_id policy;
    uint32_t max_chats; /* of everybody; CAP_GIVEN: as the scenario has them, FL_UNLIMITED: none */
    enum lever_weights weights;
};

struct lever_compared {
    uint32_t setting;
    double excess;      /* mean */
    uint32_t days;      /* until it was out */
    bool in;
};

struct staff_levers {
    struct lever_setting settings[LEVERS_MAX]; /* [0] is the given one */
    uint32_t settings_count, kept;     /* kept: by the screening, the given one not counted if it was not */
    struct lever_compared compared[LEVERS_COMPARED]; /* the given one and the best of those kept, the given one first */
    uint32_t compared_count, left;     /* left: more than one where the days there are for it cannot tell them apart */
    uint32_t best;                     /* of settings; with the least excess of those left */
    bool one_fewer;                    /* found with one person fewer than advised, where nothing is better with those: all below is of that roster */
    bool better;                       /* than the given one by more than LEVER_DELTA, by the days of its own, and by more than chance */
    uint32_t check_days;               /* of its own; 0: the best is the given setting */
    double excess[2], less, less_low, less_high; /* on them: given and best, the difference and its 95 % interval, paired by batches of days */
    struct fl_difference abandonment;  /* on them: b is the best, a the given */
    struct what_if people[2];          /* on duty at once by a quick search, as for what-if answers: given, best; known where it is better */
};

/* Finds the best setting for the advised roster. Simulates some two to six thousand days, and two quick searches for the headcounts. */
enum fl_status staff_levers_find(struct staff *staff, struct staff_levers *levers);

void staff_levers_screen(const struct staff_levers *levers, const struct fl_scenario *scenario, bool zh, struct fl_text *out);
void staff_levers_json(const struct staff_levers *levers, const struct fl_scenario *scenario, struct fl_text *out);

#endif
