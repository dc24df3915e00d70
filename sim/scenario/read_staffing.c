/* The "staffing" block: what staff may choose from, and how sure it must be. */
#include "scenario/read.h"

#include <math.h>
#include <string.h>

static const char *const judge_names[] = { "days", "mean", NULL };
static const char *const existing_names[] = { "by_price", "first", NULL };

/* ---- Shifts as listed ---------------------------------------------------------------------------- */

static bool read_moment(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key,
                        void *field)
{
    (void)key;
    if (cJSON_IsString(json) && fl_looks_like_instant(json->valuestring)) return fl_read_instant(r, json, at, field);
    if (cJSON_IsString(json) && fl_parse_clock(json->valuestring, field)) return true;
    return fl_note(r, json, at, FL_ETYPE,
                   "wanted an instant such as \"+2h\" or a time of day such as \"17:00\", got %s", fl_show(json).text);
}

static bool read_staff_breaks(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key,
                              void *field)
{
    (void)key;
    struct fl_staff_shift *const shift = field;
    return fl_read_breaks(r, json, at, false, &shift->breaks, &shift->breaks_count);
}

/* Times of day become instants: the shift of the scenario's first day, or of the next when that one is over
 * before the scenario starts. */
static bool check_staff_shift(struct reader *r, const cJSON *json, const struct fl_at *at, void *out)
{
    struct fl_staff_shift *const shift = out;
    const struct fl_at to_at = { .up = at, .key = "to" };
    const cJSON *const from = fl_member(json, "from");
    const cJSON *const to = fl_member(json, "to");
    const bool instant = fl_looks_like_instant(from->valuestring);
    if (instant != fl_looks_like_instant(to->valuestring)) {
        return fl_note(r, to, &to_at, FL_ECONFLICT, "wanted %s as in \"from\", got %s",
                       instant ? "an instant" : "a time of day", fl_show(to).text);
    }
    if (!instant) {
        const fl_time midnight = -(r->scenario->start_s % 86400) * FL_SECOND;
        if (shift->to <= shift->from) shift->to += FL_DAY;
        const fl_time days = midnight + shift->to <= 0 ? midnight + FL_DAY : midnight;
        shift->from += days;
        shift->to += days;
    }
    if (shift->to <= shift->from)
        return fl_note(r, to, &to_at, FL_ECONFLICT, "wanted an instant after \"from\", got %s", fl_show(to).text);
    if (shift->to - shift->from > 2 * FL_DAY)
        return fl_note(r, to, &to_at, FL_ERANGE, "wanted a shift of at most 48 hours, got %s", fl_show(to).text);
    return true;
}

static const struct fl_staff_shift staff_shift_neutral = { .group = FL_NONE, .cost_cny = NAN };
#define FL_HERE struct fl_staff_shift
static const struct fl_key staff_shift_keys[] = {
    NAMED(),
    NEEDED_CUSTOM("from", from, read_moment),
    NEEDED_CUSTOM("to", to, read_moment),
    NAME_OF("group", group, FL_NAMES_GROUPS),
    NUMBER("cost_cny", cost_cny, 0, 1e6),
    { .name = "breaks", .kind = FL_KEY_CUSTOM, .read = read_staff_breaks },
};
#undef FL_HERE
static const struct fl_object staff_shift_object = { staff_shift_keys, FL_COUNTOF(staff_shift_keys),
                                                     sizeof(struct fl_staff_shift), &staff_shift_neutral,
                                                     check_staff_shift };

/* ---- People ----------------------------------------------------------------------------------------- */

/* Where a person or kind has no limit of her own; filled in from staffing.labour when all has been read. */
#define FROM_STAFFING INT64_C(-1)

static bool check_absence(struct reader *r, const cJSON *json, const struct fl_at *at, void *out)
{
    struct fl_absence *const absence = out;
    const struct fl_at to_at = { .up = at, .key = "to" };
    const cJSON *const from = fl_member(json, "from"), *const to = fl_member(json, "to");
    absence->daily = !fl_looks_like_instant(from->valuestring);
    if (absence->daily == fl_looks_like_instant(to->valuestring))
        return fl_note(r, to, &to_at, FL_ECONFLICT, "wanted %s as in \"from\", got %s", absence->daily ? "a time of day" : "an instant",
                       fl_show(to).text);
    if (!absence->daily && absence->to <= absence->from)
        return fl_note(r, to, &to_at, FL_ECONFLICT, "wanted an instant after \"from\", got %s", fl_show(to).text);
    return true;
}

static const struct fl_absence wish_neutral = { .weight_cny = 50 };
#define FL_HERE struct fl_absence
static const struct fl_key absence_keys[] = {
    NEEDED_CUSTOM("from", from, read_moment),
    NEEDED_CUSTOM("to", to, read_moment),
    NUMBER("weight_cny", weight_cny, 0, 1e6), /* last: absences have none */
};
#undef FL_HERE
static const struct fl_object away_object = { absence_keys, FL_COUNTOF(absence_keys) - 1, sizeof(struct fl_absence), NULL, check_absence };
static const struct fl_object wish_object = { absence_keys, FL_COUNTOF(absence_keys), sizeof(struct fl_absence), &wish_neutral, check_absence };

#define LABOUR_UNSAID { .hours_day = FROM_STAFFING, .hours_week = FROM_STAFFING, .rest = FROM_STAFFING, .days_week = 0 }
#define LABOUR_KEYS(prefix)                                                                                                        \
    DURATION_OR_NEVER("hours_day", prefix hours_day, 900, 86400), DURATION_OR_NEVER("hours_week", prefix hours_week, 900, 7 * 86400), \
        DURATION("rest", prefix rest, 0, 86400), COUNT("days_week", prefix days_week, 1, 7)

static const struct fl_person_def person_neutral = { .labour = LABOUR_UNSAID };
#define FL_HERE struct fl_person_def
static const struct fl_key person_keys[] = {
    { .name = "agent", .kind = FL_KEY_NAME, .flags = FL_KEY_REQUIRED, .offset = FL_OFFSET(FL_HERE, agent), .names = FL_NAMES_AGENTS },
    LABOUR_KEYS(labour.),
    LIST("away", away, 0, 366, away_object),
    LIST("wishes", wishes, 0, 366, wish_object),
};
#undef FL_HERE
static const struct fl_object person_object = { person_keys, FL_COUNTOF(person_keys), sizeof(struct fl_person_def),
                                                &person_neutral, NULL };

static struct fl_labour complete(struct fl_labour own, const struct fl_labour *common)
{
    if (own.hours_day == FROM_STAFFING) own.hours_day = common->hours_day;
    if (own.hours_week == FROM_STAFFING) own.hours_week = common->hours_week;
    if (own.rest == FROM_STAFFING) own.rest = common->rest;
    if (own.days_week == 0) own.days_week = common->days_week;
    return own;
}

static void complete_people(struct fl_staffing_def *s)
{
    struct fl_person_def *const people = (struct fl_person_def *)(uintptr_t)s->people; /* the reader's own memory */
    struct fl_hire_def *const hire = (struct fl_hire_def *)(uintptr_t)s->hire;
    for (uint32_t i = 0; i < s->people_count; i++) people[i].labour = complete(people[i].labour, &s->labour);
    for (uint32_t i = 0; i < s->hire_count; i++) hire[i].labour = complete(hire[i].labour, &s->labour);
}

static bool check_people_names(struct reader *r, const cJSON *people, const struct fl_at *at, const struct fl_staffing_def *s)
{
    bool ok = true;
    for (uint32_t i = 1; i < s->people_count; i++) {
        const struct fl_at item_at = { .up = at, .index = i }, agent_at = { .up = &item_at, .key = "agent" };
        uint32_t first = 0;
        while (s->people[first].agent != s->people[i].agent) first++;
        if (first == i) continue;
        const cJSON *const agent = fl_member(cJSON_GetArrayItem(people, (int)i), "agent");
        ok = fl_note(r, agent, &agent_at, FL_EDUPLICATE, "wanted each agent once, got %s a second time", fl_show(agent).text);
    }
    return ok;
}

#define FL_HERE struct fl_staffing_def
static const struct fl_key labour_keys[] = {
    LABOUR_KEYS(labour.),
    COUNT("days", over_days, 1, 366),
};
#undef FL_HERE
static const struct fl_object labour_object = { .keys = labour_keys, .keys_count = FL_COUNTOF(labour_keys) };

/* ---- Shifts as generated ------------------------------------------------------------------------- */

static bool read_start(struct reader *r, const cJSON *json, const struct fl_at *at, struct fl_window *out)
{
    if (!cJSON_IsArray(json) || cJSON_GetArraySize(json) != 2)
        return fl_note(r, json, at, FL_ETYPE, "wanted [time of day, time of day] such as [\"08:00\", \"10:00\"], got %s",
                       fl_show(json).text);
    const struct fl_at from_at = { .up = at, .index = 0 }, to_at = { .up = at, .index = 1 };
    const bool ok = fl_read_clock(r, json->child, &from_at, &out->from);
    return fl_read_clock(r, json->child->next, &to_at, &out->to) && ok;
}

static bool read_starts(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_window **out,
                        uint32_t *count)
{
    const int size = cJSON_IsArray(json) ? cJSON_GetArraySize(json) : -1;
    if (size < 0 || size > 24)
        return fl_note(r, json, at, FL_ETYPE, "wanted an array of at most 24 windows, got %s", fl_show(json).text);
    struct fl_window *const starts = fl_reader_take(r, (size_t)size, sizeof *starts);
    if (starts == NULL) return false;
    uint32_t index = 0;
    bool ok = true;
    const cJSON *item;
    cJSON_ArrayForEach(item, json)
    {
        const struct fl_at item_at = { .up = at, .index = index };
        ok &= read_start(r, item, &item_at, &starts[index++]);
    }
    *out = starts;
    *count = index;
    return ok;
}

static bool read_staffing_starts(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key,
                                 void *field)
{
    (void)key;
    struct fl_staffing_def *const def = field;
    return read_starts(r, json, at, &def->starts, &def->starts_count);
}

static bool check_break_rule(struct reader *r, const cJSON *json, const struct fl_at *at, void *out)
{
    struct fl_break_rule *const rule = out;
    const struct fl_at to_at = { .up = at, .key = "to" }, least_at = { .up = at, .key = "at_least" };
    const cJSON *const to = fl_member(json, "to"), *const least = fl_member(json, "at_least");
    if (to == NULL) rule->to = rule->from;
    if (rule->to < rule->from) return fl_note(r, to, &to_at, FL_ECONFLICT, "wanted at least \"from\", got %s", fl_show(to).text);
    if (least == NULL) rule->at_least = rule->to + rule->length;
    if (rule->at_least > rule->from + rule->length || least == NULL) return true;
    return fl_note(r, least, &least_at, FL_ECONFLICT, "wanted more than \"from\" and \"length\" together, so that the break lies in the shift, got %s",
                   fl_show(least).text);
}

static const struct fl_break_rule break_rule_neutral = { .every = 30 * FL_MINUTE, .paid = true };
#define FL_HERE struct fl_break_rule
static const struct fl_key break_rule_keys[] = {
    NEEDED_DURATION("length", length, 60, 86400), NEEDED_DURATION("from", from, 60, 86400),
    DURATION("to", to, 60, 86400),                DURATION("every", every, 60, 86400),
    DURATION("at_least", at_least, 900, 86400),   BOOLEAN("paid", paid),
};
#undef FL_HERE
static const struct fl_object break_rule_object = { break_rule_keys, FL_COUNTOF(break_rule_keys),
                                                    sizeof(struct fl_break_rule), &break_rule_neutral,
                                                    check_break_rule };

/* ---- People who can be had ------------------------------------------------------------------------ */

static bool read_hire_starts(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key,
                             void *field)
{
    (void)key;
    struct fl_hire_def *const hire = field;
    return read_starts(r, json, at, &hire->starts, &hire->starts_count);
}

static bool check_hire(struct reader *r, const cJSON *json, const struct fl_at *at, void *out)
{
    const struct fl_hire_def *const hire = out;
    const struct fl_at price_at = { .up = at, .key = "shift_cny" }, length_at = { .up = at, .key = "length_max" },
                       share_at = { .up = at, .key = "stand_by_share" };
    const cJSON *const price = fl_member(json, "shift_cny"), *const wage = fl_member(json, "wage_cny_per_hour");
    bool ok = true;
    if (price != NULL && wage != NULL)
        ok = fl_note_key(r, price, &price_at, FL_ECONFLICT, "wanted a wage by the hour or a price a shift, got both");
    if (price != NULL && hire->stand_by > 0)
        ok = fl_note_key(r, price, &price_at, FL_ECONFLICT, "wanted it without \"stand_by\", which is a share of the wage by the hour");
    if (hire->length_max > 0 && hire->length_max < hire->length_min)
        ok = fl_note(r, fl_member(json, "length_max"), &length_at, FL_ECONFLICT, "wanted length_max at least length_min");
    if (fl_member(json, "stand_by_share") != NULL && hire->stand_by == 0)
        ok = fl_note_key(r, fl_member(json, "stand_by_share"), &share_at, FL_ECONFLICT, "wanted \"stand_by\" beside it, got none");
    return ok;
}

static bool check_hire_learning(struct reader *r, const cJSON *json, const struct fl_at *at, void *out)
{
    (void)r, (void)json, (void)at;
    ((struct fl_hire_def *)out)->has_learning = true;
    return true;
}

static const struct fl_hire_def hire_neutral = {
    .labour = LABOUR_UNSAID, .like = FL_NONE, .count_max = FL_NONE, .grade = FL_NONE, .speed = 1, .wage_cny_per_hour = NAN, .shift_cny = NAN, .stand_by_share = 1
};
#define FL_HERE struct fl_hire_def
static const struct fl_key hire_learning_keys[] = {
    NEEDED_NUMBER("speed", learning_speed, 0.01, 1),
    NEEDED_DURATION("half", learning_half, 3600, 366 * 86400.0),
};
static const struct fl_object hire_learning_object = { .keys = hire_learning_keys,
                                                       .keys_count = FL_COUNTOF(hire_learning_keys),
                                                       .check = check_hire_learning };
static const struct fl_key hire_keys[] = {
    NAMED(),
    NAME_OF("like", like, FL_NAMES_AGENTS),
    COUNT_OR("count_max", count_max, 0, FL_AGENTS_MAX, FL_NONE),
    NAMES_OF("groups", groups, FL_NAMES_GROUPS),
    NAME_OF("grade", grade, FL_NAMES_GRADES),
    NUMBER("speed", speed, 0.01, 100),
    NUMBER("wage_cny_per_hour", wage_cny_per_hour, 0, 1e6),
    NUMBER("shift_cny", shift_cny, 0, 1e6),
    DURATION("length_min", length_min, 900, 86400),
    DURATION("length_max", length_max, 900, 86400),
    { .name = "starts", .kind = FL_KEY_CUSTOM, .read = read_hire_starts },
    BOOLEAN("outsourced", outsourced),
    DURATION("stand_by", stand_by, 0, 86400),
    NUMBER("stand_by_share", stand_by_share, 0, 1),
    NUMBER("hire_cny", hire_cny, 0, 1e6),
    DURATION("notice", notice, 0, 366 * 86400.0),
    DURATION("training", training, 0, 366 * 86400.0),
    OBJECT("learning", hire_learning_object),
    DURATION("paid_hours_week", paid_hours_week, 0, 7 * 86400.0),
    LABOUR_KEYS(labour.),
};
#undef FL_HERE
static const struct fl_object hire_object = { hire_keys, FL_COUNTOF(hire_keys), sizeof(struct fl_hire_def),
                                              &hire_neutral, check_hire };

/* ---- The block ------------------------------------------------------------------------------------ */

static bool check_hire_names(struct reader *r, const cJSON *hires, const struct fl_at *at,
                             const struct fl_staffing_def *s)
{
    bool ok = true;
    for (uint32_t i = 1; i < s->hire_count; i++) {
        const struct fl_at item_at = { .up = at, .index = i }, name_at = { .up = &item_at, .key = "name" };
        uint32_t first = 0;
        while (strcmp(s->hire[first].name, s->hire[i].name) != 0) first++;
        if (first == i) continue;
        const cJSON *const name = fl_member(cJSON_GetArrayItem(hires, (int)i), "name");
        ok = fl_note(r, name, &name_at, FL_EDUPLICATE, "wanted a name of its own, got %s a second time", fl_show(name).text);
    }
    return ok;
}

/* What is said of generated shifts says nothing of listed ones. */
static bool check_generated(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_staffing_def *s)
{
    static const char *const keys[] = { "starts", "breaks" };
    bool ok = true;
    for (uint32_t i = 0; i < FL_COUNTOF(keys) && s->shifts_count > 0; i++) {
        const struct fl_at key_at = { .up = at, .key = keys[i] };
        const cJSON *const given = fl_member(json, keys[i]);
        if (given != NULL)
            ok = fl_note_key(r, given, &key_at, FL_ECONFLICT, "wanted it without \"shifts\": listed ones are taken as they stand");
    }
    return ok;
}

static bool check_staffing(struct reader *r, const cJSON *json, const struct fl_at *at, void *out)
{
    struct fl_staffing_def *const s = out;
    const struct fl_at max_at = { .up = at, .key = "length_max" };
    const cJSON *const most = fl_member(json, "length_max");
    const cJSON *const least = fl_member(json, "length_min");
    const struct fl_at hire_at = { .up = at, .key = "hire" }, people_at = { .up = at, .key = "people" };
    bool ok = check_hire_names(r, fl_member(json, "hire"), &hire_at, s);
    ok &= check_people_names(r, fl_member(json, "people"), &people_at, s);
    ok &= check_generated(r, json, at, s);
    const cJSON *const labour = fl_member(json, "labour");
    s->has_labour = (labour != NULL && !cJSON_IsNull(labour)) || s->people_count > 0;
    complete_people(s);
    if (s->length_max >= s->length_min) return ok;
    return fl_note(r, most != NULL ? most : least, &max_at, FL_ECONFLICT, "wanted length_max at least length_min");
}

const struct fl_staffing_def fl_staffing_neutral = {
    .step = FL_HOUR,
    .length_min = 4 * FL_HOUR,
    .length_max = 8 * FL_HOUR,
    .max_agents = 200,
    .more_seats = FL_NONE,
    .day_probability = 0.9,
    .confidence = 0.95,
    .replications = 1000,
    .new_hire_speed = 1 / 2.3,
    .labour = { .hours_day = FL_TIME_NEVER, .hours_week = FL_TIME_NEVER, .days_week = 7 },
};

#define FL_HERE struct fl_staffing_def
static const struct fl_key staffing_keys[] = {
    LIST("shifts", shifts, 0, 200, staff_shift_object), DURATION("step", step, 60, 86400),
    { .name = "starts", .kind = FL_KEY_CUSTOM, .read = read_staffing_starts },
    LIST("breaks", breaks, 0, FL_BREAK_RULES_MAX, break_rule_object),
    LIST("hire", hire, 0, 64, hire_object),             CHOICE("existing", existing, existing_names),
    OBJECT("labour", labour_object),                    LIST("people", people, 0, FL_AGENTS_MAX, person_object),
    DURATION("length_min", length_min, 900, 86400),     DURATION("length_max", length_max, 900, 86400),
    COUNT("max_agents", max_agents, 1, FL_AGENTS_MAX),  COUNT_OR("more_seats", more_seats, 0, FL_AGENTS_MAX, FL_NONE),
    NUMBER("day_probability", day_probability, 0.01, 0.999), NUMBER("confidence", confidence, 0.5, 0.999),
    CHOICE("judge", judge, judge_names),                COUNT("replications", replications, 10, 1000000),
    NUMBER("new_hire_speed", new_hire_speed, 0.01, 10),
};
#undef FL_HERE
const struct fl_object fl_staffing_object = { .keys = staffing_keys,
                                              .keys_count = FL_COUNTOF(staffing_keys),
                                              .check = check_staffing };
