/* Objectives, thresholds, the platform's figures, the owner's ordinary day, events and faults. */
#include "scenario/read.h"

#include "scenario/metrics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Objectives -------------------------------------------------------------------------------- */

static const char *const per_names[] = { "day", "interval", "group", "agent", "date", NULL };

bool fl_note_metric(struct reader *r, const cJSON *json, const struct fl_at *at, const char *name, bool is_key)
{
    static const char *const statistics[] = { "", ".mean", ".p50", ".p90", ".p95", ".p99", ".max" };
    struct fl_nearest nearest = fl_nearest_start(r, name);
    char full[FL_COUNTOF(statistics)][48], best[48], shown[40];
    uint32_t count;
    const struct fl_metric *const metrics = fl_metrics(&count);
    const char *unused;
    for (uint32_t i = 0; i < count; i++) {
        const bool distribution = metrics[i].kind == FL_METRIC_DISTRIBUTION;
        if (strcmp(metrics[i].name, name) == 0) { /* it is one, but of several values */
            return (is_key ? fl_note_key : fl_note)(r, json, at, FL_EMISSING, "wanted a statistic behind the name (%s), got none",
                               distribution ? ".mean .p50 .p90 .p95 .p99 .max" : ".mean .p95 .p99 .max");
        }
        for (uint32_t s = 0; s < FL_COUNTOF(statistics); s++) {
            snprintf(full[s], sizeof full[s], "%s%s", metrics[i].name, statistics[s]);
            if (fl_metric_find(full[s], &unused) != NULL) fl_nearest_offer(&nearest, full[s]);
        }
        if (nearest.best != NULL && nearest.best != best) {
            memcpy(best, nearest.best, sizeof best); /* full[] is written again for the next metric */
            nearest.best = best;
        }
    }
    fl_text_show(shown, sizeof shown, name);
    return (is_key ? fl_note_key : fl_note)(r, json, at, FL_EUNKNOWN, "wanted the name of a known figure, got \"%s\"%s", shown,
                       fl_nearest_hint(&nearest).text);
}

/* "0.8", "80%" for a share, "60", "60s" or "1m" for seconds, "-100" for what can be negative. */
static bool parse_bound(const char *text, const struct fl_metric *metric, double *bound)
{
    fl_time length;
    double least, most;
    fl_metric_range(metric, &least, &most);
    const size_t sign = text[0] == '-' && least < 0, digits = strspn(text + sign, "0123456789.");
    char *end;
    if (digits == 0 || digits > 40) return false;
    if (strcmp(metric->unit, "s") == 0 && fl_parse_duration(text, &length)) {
        *bound = fl_time_to_s(length);
        return true;
    }
    *bound = strtod(text, &end);
    if (end != text + sign + digits) return false;
    if (metric->kind == FL_METRIC_SHARE && strcmp(end, "%") == 0)
        *bound /= 100;
    else if (*end != '\0')
        return false;
    return metric->kind != FL_METRIC_SHARE || *bound <= most;
}

static bool parse_want(const char *text, const struct fl_metric *metric, struct fl_objective *out)
{
    static const struct {
        const char *sign;
        enum fl_comparison comparison;
    } signs[] = {
        { ">=", FL_AT_LEAST },
        { "<=", FL_AT_MOST },
        { ">", FL_ABOVE },
        { "<", FL_BELOW },
    };
    for (uint32_t i = 0; i < FL_COUNTOF(signs); i++) {
        const size_t length = strlen(signs[i].sign);
        if (strncmp(text, signs[i].sign, length) != 0) continue;
        out->comparison = signs[i].comparison;
        return parse_bound(text + length + strspn(text + length, " "), metric, &out->bound);
    }
    return false;
}

static bool read_want(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_metric *metric,
                      struct fl_objective *out)
{
    if (!cJSON_IsString(json) || !parse_want(json->valuestring, metric, out)) {
        const bool seconds = strcmp(metric->unit, "s") == 0;
        return fl_note(r, json, at, FL_ETYPE, "wanted a condition such as \"%s\" (>= <= > <)%s, got %s",
                       metric->kind == FL_METRIC_SHARE ? ">= 0.80"
                       : seconds                       ? "<= 60"
                                                       : "<= 100",
                       metric->kind == FL_METRIC_SHARE ? " on a share from 0 to 1"
                       : seconds                       ? " on seconds"
                                                       : "",
                       fl_show(json).text);
    }
    out->want = fl_reader_text(r, json->valuestring);
    return true;
}

static const struct fl_key objective_keys[] = {
    { .name = "want", .kind = FL_KEY_IGNORED, .flags = FL_KEY_REQUIRED },
    { .name = "per", .kind = FL_KEY_CHOICE, .offset = FL_OFFSET(struct fl_objective, per), .choices = per_names },
};
const struct fl_object fl_objective_object = { .keys = objective_keys, .keys_count = FL_COUNTOF(objective_keys) };

/* What is not kept of such parts could never hold. */
static bool check_per(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_metric *metric, const char *statistic,
                      enum fl_objective_per per)
{
    static const enum fl_kept_by parts[] = { [FL_PER_DAY] = FL_BY_DESK, [FL_PER_INTERVAL] = FL_BY_INTERVAL, [FL_PER_GROUP] = FL_BY_GROUP,
                                          [FL_PER_AGENT] = FL_BY_AGENT, [FL_PER_DATE] = FL_BY_DATE };
    const struct fl_at per_at = { .up = at, .key = "per" };
    const char *const why = fl_metric_absence(metric, statistic, parts[per]);
    if (why == NULL) return true;
    return fl_note(r, fl_member(json, "per"), &per_at, FL_ERANGE, "wanted a figure that is kept per %s, got %s: %s", per_names[per], json->string,
                   why);
}

static bool read_objective(struct reader *r, const cJSON *json, const struct fl_at *at, struct fl_objective *out)
{
    const char *statistic;
    const struct fl_metric *const metric = fl_metric_find(json->string, &statistic);
    const struct fl_at want_at = { .up = at, .key = "want" };
    if (metric == NULL) return fl_note_metric(r, json, at, json->string, true);
    out->name = fl_reader_text(r, json->string);
    if (!cJSON_IsObject(json)) return read_want(r, json, at, metric, out);
    bool ok = fl_read_members(r, json, at, &fl_objective_object, out) && check_per(r, json, at, metric, statistic, out->per);
    const cJSON *const want = fl_member(json, "want");
    return want != NULL && (read_want(r, want, &want_at, metric, out) && ok);
}

bool fl_read_objectives(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key,
                        void *field)
{
    (void)key;
    struct fl_scenario *const scenario = field;
    if (!cJSON_IsObject(json))
        return fl_note(r, json, at, FL_ETYPE, "wanted an object such as {\"reply_rate_3min\": \">= 0.80\"}, got %s",
                       fl_show(json).text);
    const int size = cJSON_GetArraySize(json);
    if (size > 100) return fl_note(r, json, at, FL_ERANGE, "wanted at most 100 objectives, got %d", size);
    struct fl_objective *const objectives = fl_reader_take(r, (size_t)size, sizeof *objectives);
    if (objectives == NULL) return false;
    uint32_t count = 0;
    bool ok = true;
    const cJSON *member;
    cJSON_ArrayForEach(member, json)
    {
        const struct fl_at member_at = { .up = at, .key = member->string };
        ok &= read_objective(r, member, &member_at, &objectives[count++]);
    }
    scenario->objectives = objectives;
    scenario->objectives_count = count;
    return ok;
}

static bool check_threshold(struct reader *r, const cJSON *json, const struct fl_at *at, void *out)
{
    const struct fl_threshold *const threshold = out;
    const struct fl_at measure_at = { .up = at, .key = "measure" };
    const cJSON *const measure = fl_member(json, "measure");
    uint32_t count;
    const struct fl_metric *const metrics = fl_metrics(&count);
    struct fl_nearest nearest = fl_nearest_start(r, threshold->measure);
    for (uint32_t i = 0; i < count; i++) {
        if (metrics[i].kind != FL_METRIC_DISTRIBUTION || strcmp(metrics[i].unit, "s") != 0) continue;
        if (strcmp(metrics[i].name, threshold->measure) == 0) return true;
        fl_nearest_offer(&nearest, metrics[i].name);
    }
    return fl_note(r, measure, &measure_at, FL_EUNKNOWN, "wanted the name of a known time in seconds, got %s%s",
                   fl_show(measure).text, fl_nearest_hint(&nearest).text);
}

#define FL_HERE struct fl_threshold
static const struct fl_key threshold_keys[] = {
    NEEDED_TEXT("measure", measure, 1, 64),
    NEEDED_NUMBER("seconds", seconds, 0, 1e6),
};
#undef FL_HERE
const struct fl_object fl_threshold_object = { threshold_keys, FL_COUNTOF(threshold_keys), sizeof(struct fl_threshold),
                                               NULL, check_threshold };

/* ---- Platform ---------------------------------------------------------------------------------- */

#define FL_HERE struct fl_platform
static const struct fl_key platform_keys[] = {
    { .name = "name",
      .kind = FL_KEY_IGNORED,
      .choices = fl_platform_names }, /* read first: the preset that the other keys override */
    WINDOW("window", window),
    DURATION("reply_within", reply_within, 1, 86400),
    NUMBER("reply_rate_min", reply_rate_min, 0, 1),
    COUNT("days", days, 1, 366),
    COUNT("rounds_min", rounds_min, 0, 1000000),
    NUMBER("penalty_cny", penalty_cny, 0, 1e6),
};
#undef FL_HERE
const struct fl_object fl_platform_object = { .keys = platform_keys, .keys_count = FL_COUNTOF(platform_keys) };

bool fl_read_platform(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key,
                      void *field)
{
    (void)key;
    struct fl_platform *const platform = field;
    const struct fl_at inner = { .up = at, .key = "name" };
    const cJSON *const name = cJSON_IsObject(json) ? fl_member(json, "name") : json;
    uint32_t preset = 0;
    bool ok = name == NULL || fl_read_choice(r, name, name == json ? at : &inner, fl_platform_names, &preset);
    *platform = *fl_platform_preset(fl_platform_names[preset]);
    if (cJSON_IsObject(json)) ok &= fl_read_members(r, json, at, &fl_platform_object, platform);
    return ok;
}

/* ---- The ordinary day, events, faults ----------------------------------------------------------- */

static bool check_ordinary_day(struct reader *r, const cJSON *json, const struct fl_at *at, void *out)
{
    (void)r;
    (void)json;
    (void)at;
    ((struct fl_ordinary_day *)out)->given = true;
    return true;
}

#define FL_HERE struct fl_ordinary_day
static const struct fl_key ordinary_day_keys[] = {
    NEEDED_NUMBER("inquiries", inquiries, 1, 1e7),
    NEEDED_COUNT("agents", agents, 1, FL_AGENTS_MAX),
    NEEDED_NUMBER("response_s", response_s, 0.1, 86400),
    WINDOW("hours", hours),
};
#undef FL_HERE
const struct fl_object fl_ordinary_day_object = { .keys = ordinary_day_keys,
                                                  .keys_count = FL_COUNTOF(ordinary_day_keys),
                                                  .check = check_ordinary_day };

static const char *const do_names[] = { "leave", "suspend", "resume", "offline", "online", "break", NULL };

static bool read_event_agent(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key,
                             void *field)
{
    (void)key;
    if (cJSON_IsString(json) && strcmp(json->valuestring, "*") == 0) return true;
    return fl_read_name(r, json, at, FL_NAMES_AGENTS, field);
}

static bool check_event(struct reader *r, const cJSON *json, const struct fl_at *at, void *out)
{
    const struct fl_event_def *const event = out;
    const struct fl_at for_at = { .up = at, .key = "for" };
    const cJSON *const length = fl_member(json, "for");
    const bool forever = event->what == FL_DO_LEAVE || event->what == FL_DO_RESUME || event->what == FL_DO_ONLINE;
    if (length != NULL && forever)
        return fl_note_key(r, length, &for_at, FL_ECONFLICT, "wanted \"for\" only with suspend, offline or break");
    if (event->what == FL_DO_BREAK && event->length == 0)
        return fl_note(r, json, &for_at, FL_EMISSING, "wanted the length of the break, got none");
    return true;
}

static const struct fl_event_def event_neutral = { .agent = FL_NONE };
#define FL_HERE struct fl_event_def
static const struct fl_key event_keys[] = {
    NEEDED_INSTANT("at", at),
    NEEDED_CUSTOM("agent", agent, read_event_agent),
    NEEDED_CHOICE("do", what, do_names),
    DURATION("for", length, 0, 30 * 86400.0),
};
#undef FL_HERE
const struct fl_object fl_event_object = { event_keys, FL_COUNTOF(event_keys), sizeof(struct fl_event_def),
                                           &event_neutral, check_event };

static const char *const fault_names[] = {
#define FL_FAULT_WORD(name, word, sentence) word,
    FL_FAULTS(FL_FAULT_WORD)
#undef FL_FAULT_WORD
    "engine_stall", NULL
};

static bool check_fault(struct reader *r, const cJSON *json, const struct fl_at *at, void *out)
{
    (void)r;
    (void)json;
    (void)at;
    struct fl_fault_def *const fault = out;
    if (fault->what >= FL_FAULT_LOST) fault->what = FL_FAULT_STALL; /* its other name */
    return true;
}

#define FL_HERE struct fl_fault_def
static const struct fl_key fault_keys[] = {
    NEEDED_INSTANT("at", at),
    NEEDED_CHOICE("do", what, fault_names),
    DURATION("for", length, 0, 86400),
};
#undef FL_HERE
const struct fl_object fl_fault_object = { fault_keys, FL_COUNTOF(fault_keys), sizeof(struct fl_fault_def), NULL,
                                           check_fault };
