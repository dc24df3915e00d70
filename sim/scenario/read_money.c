/* The "money" and "staffing" blocks. */
#include "scenario/read.h"

#include <math.h>
#include <string.h>

#define FL_HERE struct fl_money
static const struct fl_key conversion_keys[] = {
    NUMBER("base", conversion, 0, 1),
    NUMBER("unserved", unserved, 0, 1),
    NUMBER("first_response_loss_per_min", first_response_loss_per_min, 0, 1),
    NUMBER("response_loss_per_min", response_loss_per_min, 0, 1),
    NUMBER("answer_ratio_gain", answer_ratio_gain, 0, 10),
    NUMBER("transfer_loss", transfer_loss, 0, 1),
};
static const struct fl_object conversion_object = { .keys = conversion_keys,
                                                    .keys_count = FL_COUNTOF(conversion_keys) };

/* The base alone, or an object. */
static bool read_conversion(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key,
                            void *field)
{
    struct fl_money *const money = field;
    if (cJSON_IsNumber(json)) return fl_read_number(r, json, at, 0, 1, &money->conversion);
    return fl_read_members(r, json, at, key->object, money);
}

static const struct fl_key satisfaction_keys[] = {
    NUMBER("base", satisfaction_base, 0, 1),
    NUMBER("loss_per_min", satisfaction_loss_per_min, 0, 1),
    NUMBER("transfer_loss", satisfaction_transfer_loss, 0, 1),
    NUMBER("rates_share", rates_share, 0, 1),
};
static const struct fl_object satisfaction_object = { .keys = satisfaction_keys,
                                                      .keys_count = FL_COUNTOF(satisfaction_keys) };

/* unserved: chat raised purchases by some 16 % (Tan, Wang and Tan 2019), so who is not served still buys
 * with 1 / 1.16 of the base. */
const struct fl_money fl_money_neutral = {
    .wage_cny_per_hour = NAN,
    .conversion = NAN,
    .unserved = 1 / 1.16,
    .order_value_cny = NAN,
    .margin = 1,
    .satisfaction_base = NAN,
    .rates_share = 0.1,
};

static const struct fl_key money_keys[] = {
    NUMBER("wage_cny_per_hour", wage_cny_per_hour, 0, 1e6),
    { .name = "conversion", .kind = FL_KEY_CUSTOM, .object = &conversion_object, .read = read_conversion },
    NUMBER("order_value_cny", order_value_cny, 0, 1e9),
    NUMBER("margin", margin, 0, 1),
    NUMBER("commission", commission, 0, 1),
    NUMBER("bonus_cny", bonus_cny, 0, 1e6),
    OBJECT("satisfaction", satisfaction_object),
    NUMBER("penalty_cny_per_case", penalty_cny_per_case, 0, 1e6),
    NUMBER("seat_cny", seat_cny, 0, 1e6),
    NUMBER("lost_contact_cny", lost_contact_cny, 0, 1e6),
};
#undef FL_HERE
const struct fl_object fl_money_object = { .keys = money_keys, .keys_count = FL_COUNTOF(money_keys) };

/* ---- Staffing ----------------------------------------------------------------------------------- */

static const char *const judge_names[] = { "days", "mean", NULL };

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

static bool check_staffing(struct reader *r, const cJSON *json, const struct fl_at *at, void *out)
{
    const struct fl_staffing_def *const s = out;
    const struct fl_at max_at = { .up = at, .key = "length_max" };
    const cJSON *const most = fl_member(json, "length_max");
    const cJSON *const least = fl_member(json, "length_min");
    if (s->length_max >= s->length_min) return true;
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
};

#define FL_HERE struct fl_staffing_def
static const struct fl_key staffing_keys[] = {
    LIST("shifts", shifts, 0, 200, staff_shift_object), DURATION("step", step, 60, 86400),
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
