/* The "traffic" block. */
#include "scenario/read.h"

#include <math.h>
#include <string.h>

static const char *const shape_names[] = { "double12", "step", "decay", "hourly", NULL };

/* 24 shares, normalised so that their mean is 1. */
static bool read_hourly(struct reader *r, const cJSON *json, const struct fl_at *at, double hourly[24])
{
    const int size = cJSON_IsArray(json) ? cJSON_GetArraySize(json) : 0;
    if (size != 24)
        return fl_note(r, json, at, FL_ETYPE, "wanted an array of 24 shares, one for each hour, got %s",
                       fl_show(json).text);
    bool ok = true;
    double sum = 0;
    uint32_t hour = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, json)
    {
        const struct fl_at item_at = { .up = at, .index = hour };
        ok &= fl_read_number(r, item, &item_at, 0, 1e9, &hourly[hour]);
        sum += hourly[hour++];
    }
    if (ok && sum <= 0) return fl_note(r, json, at, FL_ERANGE, "wanted shares that sum to more than 0, got 0");
    for (hour = 0; ok && hour < 24; hour++) hourly[hour] *= 24 / sum;
    return ok;
}

/* ---- Profiles --------------------------------------------------------------------------------- */

/* Shares of equal parts of the day, normalised so that their mean is 1; hours get the means of theirs. */
static bool read_steps(struct reader *r, const cJSON *json, const struct fl_at *at, struct fl_profile *profile)
{
    const int size = cJSON_IsArray(json) ? cJSON_GetArraySize(json) : 0;
    if (size <= 0 || size % 24 != 0 || FL_PROFILE_STEPS_MAX % (unsigned)size != 0)
        return fl_note(r, json, at, FL_ETYPE, "wanted an array of shares, 24 or a multiple of it that divides 1440, got %s", fl_show(json).text);
    double *const steps = fl_reader_take(r, (size_t)size, sizeof *steps);
    if (steps == NULL) return false;
    bool ok = true;
    double sum = 0;
    uint32_t index = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, json)
    {
        const struct fl_at item_at = { .up = at, .index = index };
        ok &= fl_read_number(r, item, &item_at, 0, 1e9, &steps[index]);
        sum += steps[index++];
    }
    if (ok && sum <= 0) return fl_note(r, json, at, FL_ERANGE, "wanted shares that sum to more than 0, got 0");
    const uint32_t an_hour = index / 24;
    for (uint32_t i = 0; ok && i < index; i++) {
        steps[i] *= index / sum;
        profile->hourly[i / an_hour] += steps[i] / an_hour;
    }
    profile->steps = steps;
    profile->steps_count = index;
    return ok;
}

static void take_shape(struct fl_profile *profile, const double shares[24])
{
    double sum = 0;
    *profile = (struct fl_profile){ .steps_count = 0 };
    for (int hour = 0; hour < 24; hour++) sum += shares[hour];
    for (int hour = 0; hour < 24; hour++) profile->hourly[hour] = shares[hour] * 24 / sum;
}

static const struct fl_key shape_keys[] = { { .name = "hourly", .kind = FL_KEY_IGNORED }, { .name = "steps", .kind = FL_KEY_IGNORED } };
static const struct fl_object shape_object = { .keys = shape_keys, .keys_count = FL_COUNTOF(shape_keys) };

/* {"hourly": [...]} or {"steps": [...]}. */
static bool read_own_shape(struct reader *r, const cJSON *json, const struct fl_at *at, struct fl_profile *own)
{
    const struct fl_at hourly_at = { .up = at, .key = "hourly" }, steps_at = { .up = at, .key = "steps" };
    const cJSON *const hourly = fl_member(json, "hourly"), *const steps = fl_member(json, "steps");
    if (!fl_refuse_unknown(r, json, at, &shape_object)) return false;
    if (hourly != NULL && steps != NULL) return fl_note_key(r, steps, &steps_at, FL_ECONFLICT, "wanted either hourly or steps, got both");
    if (hourly == NULL && steps == NULL) return fl_note(r, json, &hourly_at, FL_EMISSING, "wanted this key, got none");
    return steps != NULL ? read_steps(r, steps, &steps_at, own) : read_hourly(r, hourly, &hourly_at, own->hourly);
}

/* A name, {"hourly": [...]} or {"steps": [...]}, into the phases [first, last]. */
static bool read_shape(struct reader *r, const cJSON *json, const struct fl_at *at,
                       struct fl_profile profile[FL_PHASES], uint32_t first, uint32_t last)
{
    struct fl_profile own = { .steps_count = 0 };
    uint32_t name = 0;
    const bool named = !cJSON_IsObject(json);
    if (named) {
        if (!fl_read_choice(r, json, at, fl_profile_names, &name)) return false;
    } else if (!read_own_shape(r, json, at, &own)) {
        return false;
    }
    for (uint32_t phase = first; phase <= last; phase++) {
        if (named)
            take_shape(&profile[phase], fl_profile_hourly(fl_profile_names[name], (enum fl_phase)phase));
        else
            profile[phase] = own;
    }
    return true;
}

static bool read_phase_shape(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key,
                             void *field)
{
    const uint32_t phase = (uint32_t)key->least;
    return read_shape(r, json, at, field, phase, phase);
}

static bool read_ignored_hourly(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key,
                                void *field)
{
    (void)key;
    (void)field;
    return fl_note_key(r, json, at, FL_ECONFLICT, "wanted either one shape for all or a shape for each phase");
}

static const struct fl_key profile_keys[] = {
    { .name = "pre_sale",
      .kind = FL_KEY_CUSTOM,
      .least = FL_PRE_SALE,
      .choices = fl_profile_names,
      .object = &shape_object,
      .read = read_phase_shape },
    { .name = "in_sale",
      .kind = FL_KEY_CUSTOM,
      .least = FL_IN_SALE,
      .choices = fl_profile_names,
      .object = &shape_object,
      .read = read_phase_shape },
    { .name = "after_sale",
      .kind = FL_KEY_CUSTOM,
      .least = FL_AFTER_SALE,
      .choices = fl_profile_names,
      .object = &shape_object,
      .read = read_phase_shape },
    { .name = "hourly", .kind = FL_KEY_CUSTOM, .read = read_ignored_hourly },
    { .name = "steps", .kind = FL_KEY_CUSTOM, .read = read_ignored_hourly },
};
static const struct fl_object profile_object = { .keys = profile_keys, .keys_count = FL_COUNTOF(profile_keys) };

static bool read_profile(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key,
                         void *field)
{
    (void)key;
    const char *const first = cJSON_IsObject(json) && json->child != NULL ? json->child->string : "";
    if (cJSON_IsObject(json) && strcmp(first, "hourly") != 0 && strcmp(first, "steps") != 0) {
        return fl_read_members(r, json, at, &profile_object, field);
    }
    return read_shape(r, json, at, field, FL_PRE_SALE, FL_AFTER_SALE);
}

/* Shapes by weekday, Monday first; null: that day is as the profile says. */
static bool read_weekday_profiles(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key, void *field)
{
    (void)key;
    struct fl_traffic *const traffic = field;
    if (!cJSON_IsArray(json) || cJSON_GetArraySize(json) != 7)
        return fl_note(r, json, at, FL_ETYPE, "wanted an array of 7 shapes, Monday first, got %s", fl_show(json).text);
    bool ok = true;
    uint32_t day = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, json)
    {
        const struct fl_at item_at = { .up = at, .index = day };
        struct fl_profile shape[FL_PHASES] = { { .steps_count = 0 } };
        const bool given = !cJSON_IsNull(item);
        if (given) ok &= read_shape(r, item, &item_at, shape, FL_PRE_SALE, FL_PRE_SALE);
        traffic->has_weekday_profile[day] = given;
        traffic->weekday_profile[day++] = shape[FL_PRE_SALE];
    }
    return ok;
}

/* ---- Rates ------------------------------------------------------------------------------------ */

static bool read_point(struct reader *r, const cJSON *json, const struct fl_at *at, struct fl_rate_point *out)
{
    if (!cJSON_IsArray(json) || cJSON_GetArraySize(json) != 2) {
        return fl_note(r, json, at, FL_ETYPE, "wanted [instant, chats per hour] such as [\"+2h\", 900], got %s",
                       fl_show(json).text);
    }
    const struct fl_at time_at = { .up = at, .index = 0 }, rate_at = { .up = at, .index = 1 };
    bool ok = fl_read_instant(r, json->child, &time_at, &out->at);
    ok &= fl_read_number(r, json->child->next, &rate_at, 0, 1e8, &out->per_hour);
    return ok;
}

static bool read_points(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key,
                        void *field)
{
    (void)key;
    struct fl_traffic *const traffic = field;
    const int size = cJSON_IsArray(json) ? cJSON_GetArraySize(json) : 0;
    if (size < 1 || size > 100000)
        return fl_note(r, json, at, FL_ETYPE, "wanted an array of 1 to 100000 [instant, chats per hour], got %s",
                       fl_show(json).text);
    struct fl_rate_point *const points = fl_reader_take(r, (size_t)size, sizeof *points);
    if (points == NULL) return false;
    bool ok = true;
    uint32_t index = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, json)
    {
        const struct fl_at item_at = { .up = at, .index = index };
        const bool read = read_point(r, item, &item_at, &points[index]);
        if (read && ok && index > 0 && points[index].at < points[index - 1].at) {
            ok = fl_note(r, item, &item_at, FL_ECONFLICT, "wanted instants in order of time, got %s after a later one",
                         fl_show(item->child).text);
        }
        ok &= read;
        index++;
    }
    traffic->points = points;
    traffic->points_count = index;
    return ok;
}

static const struct fl_key rate_keys[] = {
    { .name = "points", .kind = FL_KEY_CUSTOM, .flags = FL_KEY_REQUIRED, .read = read_points },
};
static const struct fl_object rate_object = { .keys = rate_keys, .keys_count = FL_COUNTOF(rate_keys) };

/* ---- Promotions, pushes, busyness -------------------------------------------------------------- */

static bool read_excess(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key,
                        void *field)
{
    (void)key;
    return read_hourly(r, json, at, field);
}

static bool check_promotion(struct reader *r, const cJSON *json, const struct fl_at *at, void *out)
{
    struct fl_promotion *const p = out;
    const struct fl_at closes_at = { .up = at, .key = "closes_at" }, hourly_at = { .up = at, .key = "hourly" },
                       decay_at = { .up = at, .key = "decay" };
    const cJSON *const closes = fl_member(json, "closes_at");
    const cJSON *const hourly = fl_member(json, "hourly");
    const cJSON *const decay = fl_member(json, "decay");
    bool ok = true;
    if (closes == NULL) p->closes_at = p->opens_at + FL_DAY;
    if (p->opens_at >= p->closes_at)
        ok = fl_note(r, closes, &closes_at, FL_ECONFLICT, "wanted an instant after opens_at, got %s",
                     fl_show(closes).text);
    if ((p->shape == FL_SHAPE_HOURLY) != (hourly != NULL)) {
        ok = fl_note(r, hourly != NULL ? hourly : json, &hourly_at, hourly != NULL ? FL_ECONFLICT : FL_EMISSING,
                     hourly != NULL ? "wanted \"hourly\" only with \"shape\": \"hourly\""
                                    : "wanted 24 relative shares with \"shape\": \"hourly\", got none");
    }
    if ((p->shape == FL_SHAPE_DECAY) != (decay != NULL)) {
        ok = fl_note(r, decay != NULL ? decay : json, &decay_at, decay != NULL ? FL_ECONFLICT : FL_EMISSING,
                     decay != NULL ? "wanted \"decay\" only with \"shape\": \"decay\""
                                   : "wanted a time constant with \"shape\": \"decay\", got none");
    }
    if (fl_member(json, "eve") == NULL) p->eve = p->shape == FL_SHAPE_DOUBLE12;
    return ok;
}

static const struct fl_promotion promotion_neutral = { .name = "", .multiplier = 1, .shape = FL_SHAPE_STEP };
#define FL_HERE struct fl_promotion
static const struct fl_key promotion_keys[] = {
    TEXT("name", name),
    NEEDED_INSTANT("opens_at", opens_at),
    INSTANT("closes_at", closes_at),
    NEEDED_NUMBER("multiplier", multiplier, 0, FL_PROMOTION_MULTIPLIER_MAX),
    NUMBER("multiplier_sigma", multiplier_sigma, 0, 3),
    CHOICE("shape", shape, shape_names),
    CUSTOM("hourly", hourly, read_excess),
    DURATION("decay", decay, 1, 30 * 86400.0),
    BOOLEAN("eve", eve),
};
#undef FL_HERE
static const struct fl_object promotion_object = { promotion_keys, FL_COUNTOF(promotion_keys),
                                                   sizeof(struct fl_promotion), &promotion_neutral, check_promotion };

static const struct fl_push push_neutral = { .intent = FL_NONE, .name = "" };
#define FL_HERE struct fl_push
static const struct fl_key push_keys[] = {
    NEEDED_INSTANT("at", at),
    NEEDED_COUNT("buyers", buyers, 0, 10000000),
    DURATION("spread", spread, 0, 30 * 86400.0),
    NAME_OF("intent", intent, FL_NAMES_INTENTS),
    TEXT("name", name),
};
#undef FL_HERE
static const struct fl_object push_object = { push_keys, FL_COUNTOF(push_keys), sizeof(struct fl_push), &push_neutral,
                                              NULL };

static bool read_spread(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key,
                        void *field)
{
    struct fl_busyness *const busyness = field;
    if (!fl_read_number(r, json, at, 0, key->most, &busyness->spread)) return false;
    busyness->gamma = key->least > 0;
    return true;
}

static bool check_busyness(struct reader *r, const cJSON *json, const struct fl_at *at, void *out)
{
    (void)out;
    const cJSON *const correlation = fl_member(json, "correlation");
    const struct fl_at correlation_at = { .up = at, .key = "correlation" };
    if (fl_member(json, "lognormal_sigma") != NULL && fl_member(json, "gamma_cv") != NULL)
        return fl_note(r, json, at, FL_ECONFLICT, "wanted either lognormal_sigma or gamma_cv, got both");
    if (correlation != NULL && fl_member(json, "lognormal_sigma") == NULL)
        return fl_note_key(r, correlation, &correlation_at, FL_ECONFLICT, "wanted it beside lognormal_sigma, got none");
    return true;
}

static const struct fl_key spread_keys[] = {
    { .name = "lognormal_sigma", .kind = FL_KEY_CUSTOM, .least = 0, .most = 3, .read = read_spread },
    { .name = "gamma_cv", .kind = FL_KEY_CUSTOM, .least = 1, .most = 5, .read = read_spread },
};
static const struct fl_object spread_object = { .keys = spread_keys,
                                                .keys_count = FL_COUNTOF(spread_keys),
                                                .check = check_busyness };

static bool read_correlation(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key,
                             void *field)
{
    return fl_read_number(r, json, at, 0, key->most, &((struct fl_busyness *)field)->correlation);
}

static const struct fl_key interval_keys[] = {
    { .name = "lognormal_sigma", .kind = FL_KEY_CUSTOM, .least = 0, .most = 3, .read = read_spread },
    { .name = "gamma_cv", .kind = FL_KEY_CUSTOM, .least = 1, .most = 5, .read = read_spread },
    { .name = "correlation", .kind = FL_KEY_CUSTOM, .most = 0.999, .read = read_correlation },
};
static const struct fl_object interval_object = { .keys = interval_keys,
                                                  .keys_count = FL_COUNTOF(interval_keys),
                                                  .check = check_busyness };

#define FL_HERE struct fl_traffic
static const struct fl_key busyness_keys[] = { OBJECT_AT("day", day, spread_object),
                                               OBJECT_AT("interval", interval, interval_object) };
static const struct fl_object busyness_object = { .keys = busyness_keys, .keys_count = FL_COUNTOF(busyness_keys) };

static bool read_weekdays(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key,
                          void *field)
{
    struct fl_traffic *const traffic = field;
    if (!cJSON_IsArray(json) || cJSON_GetArraySize(json) != 7)
        return fl_note(r, json, at, FL_ETYPE, "wanted an array of 7 factors, Monday first, got %s", fl_show(json).text);
    bool ok = true;
    uint32_t day = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, json)
    {
        const struct fl_at item_at = { .up = at, .index = day };
        ok &= fl_read_number(r, item, &item_at, 0, key->most, &traffic->weekdays[day++]);
    }
    traffic->has_weekdays = true;
    return ok;
}

static bool check_replay(struct reader *r, const cJSON *json, const struct fl_at *at, void *out)
{
    struct fl_traffic_replay *const replay = out;
    (void)r, (void)at;
    replay->has_from = fl_member(json, "from") != NULL;
    return true;
}

#undef FL_HERE
#define FL_HERE struct fl_traffic_replay
static const struct fl_key replay_keys[] = {
    NEEDED_TEXT("log", log, 1, 4000),
    TEXT("preset", preset),
    { .name = "columns", .kind = FL_KEY_TEXT, .offset = FL_OFFSET(FL_HERE, columns), .most = 500 },
    INSTANT("from", from),
    COUNT("days", days, 1, 10000),
};
#undef FL_HERE
#define FL_HERE struct fl_traffic
static const struct fl_object replay_object = { replay_keys, FL_COUNTOF(replay_keys), sizeof(struct fl_traffic_replay), NULL, check_replay };

static bool check_traffic(struct reader *r, const cJSON *json, const struct fl_at *at, void *out)
{
    const struct fl_traffic *const t = out;
    const struct fl_at rate_at = { .up = at, .key = "rate" }, day_at = { .up = at, .key = "chats_per_day" };
    const cJSON *const day = fl_member(json, "chats_per_day");
    const cJSON *const rate = fl_member(json, "rate");
    if (day != NULL && rate != NULL)
        return fl_note_key(r, rate, &rate_at, FL_ECONFLICT, "wanted either chats_per_day or rate, got both");
    if (rate != NULL && t->has_weekdays) {
        const struct fl_at weekdays_at = { .up = at, .key = "weekdays" };
        return fl_note_key(r, fl_member(json, "weekdays"), &weekdays_at, FL_ECONFLICT,
                           "wanted it beside chats_per_day, whose factors these are: a rate says each day's by itself");
    }
    if (day == NULL && t->promotions_count > 0 && t->replay.log == NULL) {
        return fl_note(r, json, &day_at, FL_EMISSING,
                       "wanted chats_per_day beside promotions, which are multiples of an ordinary day, got none");
    }
    if (day == NULL && rate == NULL && t->pushes_count == 0 && t->replay.log == NULL) {
        return fl_note(r, json, &day_at, FL_EMISSING, "wanted chats_per_day, rate, pushes or replay, got none of them");
    }
    return true;
}

#define FLAT                                                                                                           \
    {                                                                                                                  \
        .hourly = {                                                                                                              \
            1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1                                     \
        }                                                                                                              \
    }
const struct fl_traffic fl_traffic_neutral = { .profile = { FLAT, FLAT, FLAT }, .scale = 1, .replay = { .days = 1 } };

static const struct fl_key traffic_keys[] = {
    NUMBER("chats_per_day", chats_per_day, 0, FL_CHATS_PER_DAY_MAX),
    OBJECT("rate", rate_object),
    { .name = "profile",
      .kind = FL_KEY_CUSTOM,
      .offset = FL_OFFSET(FL_HERE, profile),
      .choices = fl_profile_names,
      .object = &profile_object,
      .read = read_profile },
    { .name = "weekdays", .kind = FL_KEY_CUSTOM, .most = 1000, .read = read_weekdays },
    { .name = "weekday_profiles", .kind = FL_KEY_CUSTOM, .choices = fl_profile_names, .read = read_weekday_profiles },
    NUMBER("scale", scale, 0, 1000),
    LIST("promotions", promotions, 0, 64, promotion_object),
    LIST("pushes", pushes, 0, 10000, push_object),
    OBJECT("busyness", busyness_object),
    OBJECT_AT("replay", replay, replay_object),
};
#undef FL_HERE
const struct fl_object fl_traffic_object = { .keys = traffic_keys,
                                             .keys_count = FL_COUNTOF(traffic_keys),
                                             .size = sizeof(struct fl_traffic),
                                             .neutral = &fl_traffic_neutral,
                                             .check = check_traffic };
