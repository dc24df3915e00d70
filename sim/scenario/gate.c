/* Gate files. What cannot be judged is refused here, before anything is simulated. */
#include "scenario/gate.h"

#include "scenario/read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char days_met[] = "days_met";

/* ---- Figures ----------------------------------------------------------------------------------- */

static bool is_one_of(const char *text, const char *const list[])
{
    for (; *list != NULL; list++)
        if (strcmp(*list, text) == 0) return true;
    return false;
}

enum fl_worse fl_metric_worse(const struct fl_metric *metric)
{
    static const char *const higher[] = { "chats_abandoned", "chats_abandoned_silent", "chats_rejected", "chats_unserved", "chats_left_later",
                                          "rounds_given_up", "wasted_replies", "leave_messages", "transfers", "first_response_s", "response_s",
                                          "reply_latency_s", "wait_for_agent_s", "slow_response_share", "no_service_rate", "abandonment", "waited",
                                          "queue_depth", "queue_length", "lost_sales_cny", NULL };
    static const char *const lower[] = { "chats_answered", "reply_rate_3min", "platform_reply_rate_3min", "first_reply_rate_30s", "orders",
                                         "conversion", "sales_cny", "satisfaction", "dsr_service", NULL };
    if (metric == NULL) return FL_WORSE_LOWER; /* days_met */
    return is_one_of(metric->name, higher) ? FL_WORSE_HIGHER : is_one_of(metric->name, lower) ? FL_WORSE_LOWER : FL_WORSE_UNSAID;
}

const char *fl_gate_refusal(const struct fl_metric *metric, const char *statistic, enum fl_gate_per per)
{
    static const char *const money[] = { "wages_cny", "labour_cny", "penalties_cny", "profit_cny", NULL };
    static const char *const clocks[] = { "decision_latency_us", "harness_lateness_us", NULL };
    static const enum fl_kept_by parts[] = { [FL_GATE_DESK] = FL_BY_DESK, [FL_GATE_GROUP] = FL_BY_GROUP, [FL_GATE_AGENT] = FL_BY_AGENT,
                                          [FL_GATE_INTENT] = FL_BY_INTENT, [FL_GATE_INTERVAL] = FL_BY_INTERVAL };
    static const char *const of_span[] = { "queue_length", "chats_in_hand", NULL };
    if (metric == NULL) return per == FL_GATE_DESK ? NULL : "objectives are judged for the whole desk";
    if (strcmp(statistic, "max") == 0) return "a maximum has no error to judge it by";
    if (metric->kind == FL_METRIC_LEVEL && strcmp(statistic, "mean") != 0) return "it is not kept by day; its mean is";
    if (is_one_of(metric->name, money)) return "money is not kept by day";
    if (is_one_of(metric->name, clocks)) return "it is measured by the wall clock, and no two runs pair";
    if (strcmp(metric->name, "load_band") == 0) return "a band has no error to judge it by; chats_per_agent_day has";
    if (per >= FL_GATE_AGENT && is_one_of(metric->name, of_span)) return "it is kept for the desk and its groups";
    return fl_metric_absence(metric, statistic, parts[per]);
}

static bool read_metric(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key, void *field)
{
    (void)key;
    struct fl_gate *const gate = field;
    if (!cJSON_IsString(json)) return fl_note(r, json, at, FL_ETYPE, "wanted the name of a figure, got %s", fl_show(json).text);
    const char *statistic = "";
    const bool is_days = strcmp(json->valuestring, days_met) == 0;
    gate->metric = is_days ? NULL : fl_metric_find(json->valuestring, &statistic);
    if (!is_days && gate->metric == NULL) return fl_note_metric(r, json, at, json->valuestring, false);
    gate->figure = fl_reader_text(r, json->valuestring);
    const char *const dot = strchr(gate->figure, '.');
    gate->statistic = dot != NULL ? dot + 1 : "";
    return true;
}

/* ---- One gate ---------------------------------------------------------------------------------- */

static const char *const per_names[] = { "desk", "group", "agent", "intent", "interval", NULL };
static const char *const worse_names[] = { "higher", "lower", NULL };

static bool read_worse(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key, void *field)
{
    uint32_t index = 0;
    if (!fl_read_choice(r, json, at, key->choices, &index)) return false;
    *(enum fl_worse *)field = index == 0 ? FL_WORSE_HIGHER : FL_WORSE_LOWER;
    return true;
}

static bool check_margin(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_gate *gate)
{
    const bool is_days_met = gate->figure != NULL && gate->metric == NULL;
    const bool is_share = is_days_met || (gate->metric != NULL && gate->metric->kind == FL_METRIC_SHARE);
    const cJSON *const relative = fl_member(json, "relative"), *const absolute = fl_member(json, "absolute");
    const struct fl_at relative_at = { .up = at, .key = "relative" }, absolute_at = { .up = at, .key = "absolute" };
    if (relative != NULL && absolute != NULL)
        return fl_note_key(r, absolute, &absolute_at, FL_ECONFLICT, "wanted one margin, \"relative\" or \"absolute\", got both");
    if (relative == NULL && absolute == NULL)
        return fl_note(r, json, at, FL_EMISSING, "wanted a margin, \"relative\" (0.05 is 5 %%) or \"absolute\" (in the figure's unit), got none");
    if (is_days_met && relative != NULL)
        return fl_note_key(r, relative, &relative_at, FL_ECONFLICT, "wanted \"absolute\" for a share of days, got \"relative\"");
    if (is_share && gate->absolute > 1)
        return fl_note(r, absolute, &absolute_at, FL_ERANGE, "wanted a part of 1 for a share (0.01 is one point), got %s", fl_show(absolute).text);
    return true;
}

static bool check_worse(struct reader *r, const cJSON *json, const struct fl_at *at, struct fl_gate *gate)
{
    const struct fl_at worse_at = { .up = at, .key = "worse" };
    if (gate->worse == FL_WORSE_UNSAID) gate->worse = fl_metric_worse(gate->metric);
    if (gate->worse != FL_WORSE_UNSAID) return true;
    return fl_note(r, json, &worse_at, FL_EMISSING, "wanted \"higher\" or \"lower\": %s is neither better nor worse of itself, got none", gate->figure);
}

/* Where a fault of a member lies. It may not be there: of a list that stands twice one is read and the other looked at here. */
static const cJSON *member_or_whole(const cJSON *json, const char *key)
{
    const cJSON *const member = fl_member(json, key);
    return member != NULL ? member : json;
}

/* What members say about each other, told even when other members are wrong. */
static bool check_gate(struct reader *r, const cJSON *json, const struct fl_at *at, struct fl_gate *gate)
{
    const struct fl_at metric_at = { .up = at, .key = "metric" }, only_at = { .up = at, .key = "only" };
    const cJSON *const only = fl_member(json, "only");
    if (!cJSON_IsObject(json)) return false;
    bool ok = check_margin(r, json, at, gate);
    if (only != NULL && (gate->per == FL_GATE_DESK || gate->per == FL_GATE_INTERVAL))
        ok = fl_note_key(r, only, &only_at, FL_ECONFLICT, "wanted \"only\" with \"per\": \"group\", \"agent\" or \"intent\"");
    if (gate->figure == NULL) return false;
    const char *const refusal = fl_gate_refusal(gate->metric, gate->statistic, gate->per);
    if (refusal != NULL) {
        ok = fl_note(r, member_or_whole(json, "metric"), &metric_at, FL_ECONFLICT, "wanted a figure that days can be compared by per %s, got %s: %s",
                     per_names[gate->per], gate->figure, refusal);
    }
    if (gate->name == NULL) gate->name = gate->figure;
    return check_worse(r, json, at, gate) && ok;
}

#define FL_HERE struct fl_gate
static const struct fl_gate gate_neutral = { .relative = NAN, .absolute = NAN, .confidence = 0.99, .min_samples = 1 };
static const struct fl_key gate_keys[] = {
    { .name = "metric", .kind = FL_KEY_CUSTOM, .flags = FL_KEY_REQUIRED, .read = read_metric },
    { .name = "name", .kind = FL_KEY_TEXT, .offset = FL_OFFSET(FL_HERE, name), .least = 1, .most = 200 },
    CHOICE("per", per, per_names),
    { .name = "only", .kind = FL_KEY_TEXT, .offset = FL_OFFSET(FL_HERE, only), .least = 1, .most = 200 },
    NUMBER("relative", relative, 0, 10),
    NUMBER("absolute", absolute, 0, 1e9),
    { .name = "worse", .kind = FL_KEY_CUSTOM, .offset = FL_OFFSET(FL_HERE, worse), .choices = worse_names, .read = read_worse },
    NUMBER("confidence", confidence, 0.5, 0.99999),
    COUNT("min_samples", min_samples, 1, 1000000000),
};
#undef FL_HERE
static const struct fl_object gate_object = { gate_keys, FL_COUNTOF(gate_keys), sizeof(struct fl_gate), &gate_neutral, NULL };

/* ---- The file ---------------------------------------------------------------------------------- */

static bool check_days(struct reader *r, const cJSON *json, const struct fl_at *at, void *out)
{
    struct fl_gates *const gates = out;
    const cJSON *const first = fl_member(json, "first");
    const struct fl_at first_at = { .up = at, .key = "first" };
    if (gates->days_first <= gates->days_most) return true;
    if (first != NULL)
        return fl_note(r, first, &first_at, FL_ECONFLICT, "wanted no more days at first than at most (%u), got %u", gates->days_most,
                       gates->days_first);
    gates->days_first = gates->days_most;
    return true;
}

#define FL_HERE struct fl_gates
static const struct fl_key days_keys[] = {
    COUNT("first", days_first, 2, 100000),
    COUNT("most", days_most, 2, 100000),
};
static const struct fl_object days_object = { .keys = days_keys, .keys_count = FL_COUNTOF(days_keys), .check = check_days };

static const struct fl_key file_keys[] = {
    { .name = "$schema", .kind = FL_KEY_TEXT, .offset = FL_OFFSET(FL_HERE, about), .most = 1000 }, /* for editors; `about` is set after it */
    { .name = "fenliu", .kind = FL_KEY_CUSTOM, .flags = FL_KEY_REQUIRED, .read = fl_read_version },
    { .name = "about", .kind = FL_KEY_IGNORED },
    OBJECT("days", days_object),
    BOOLEAN("strict", strict),
    { .name = "gates", .kind = FL_KEY_LIST, .flags = FL_KEY_REQUIRED, .offset = FL_OFFSET(FL_HERE, list), .offset_count = FL_OFFSET(FL_HERE, count),
      .least = 1, .most = FL_GATES_MAX, .object = &gate_object },
};
#undef FL_HERE
static const struct fl_object file_object = { file_keys, FL_COUNTOF(file_keys), sizeof(struct fl_gates), NULL, NULL };

static bool read_about(struct reader *r, const cJSON *root, struct fl_gates *gates)
{
    const struct fl_at at = { .key = "about" };
    const cJSON *const about = fl_member(root, "about");
    gates->about = "";
    if (about == NULL) return true;
    if (!cJSON_IsString(about)) return fl_note(r, about, &at, FL_ETYPE, "wanted a text, got %s", fl_show(about).text);
    gates->about = fl_reader_text(r, about->valuestring);
    return true;
}

/* "only" names something of either side. */
static bool check_name(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_gate *gate, const struct fl_gate_names *names)
{
    const char *const *const lists[] = { NULL, names->groups, names->agents, names->intents, NULL };
    const char *const *const list = lists[gate->per];
    const struct fl_at only_at = { .up = at, .key = "only" };
    if (gate->only == NULL || list == NULL || is_one_of(gate->only, list)) return true;
    struct fl_nearest nearest = fl_nearest_start(r, gate->only);
    for (const char *const *name = list; *name != NULL; name++) fl_nearest_offer(&nearest, *name);
    return fl_note(r, member_or_whole(json, "only"), &only_at, FL_EUNKNOWN, "wanted the name of a known %s, got \"%s\"%s", per_names[gate->per],
                   gate->only, fl_nearest_hint(&nearest).text);
}

static bool check_gates(struct reader *r, const cJSON *root, struct fl_gates *gates, const struct fl_gate_names *names)
{
    struct fl_gate *const list = (struct fl_gate *)(uintptr_t)gates->list; /* the reader's own memory */
    const struct fl_at list_at = { .key = "gates" };
    const cJSON *json = gates->count > 0 ? fl_member(root, "gates")->child : NULL;
    bool ok = true;
    for (uint32_t i = 0; i < gates->count && json != NULL; i++, json = json->next) { /* a key that stands twice may hold two lists */
        const struct fl_at at = { .up = &list_at, .index = i };
        ok &= check_gate(r, json, &at, &list[i]);
        ok &= check_name(r, json, &at, &list[i], names);
    }
    return ok;
}

static struct fl_gates *read_tree(struct reader *r, const cJSON *root, const struct fl_gate_names *names)
{
    struct fl_gates *const gates = fl_reader_take(r, 1, sizeof *gates); /* opens the first chunk: fl_gates_free finds it by this */
    if (gates == NULL) return NULL;
    *gates = (struct fl_gates){ .days_first = 20, .days_most = 320 };
    bool ok = fl_refuse_repeats(r, root, NULL);
    ok &= fl_read_members(r, root, NULL, &file_object, gates);
    if (cJSON_IsObject(root)) ok &= read_about(r, root, gates);
    ok &= check_gates(r, root, gates, names);
    return ok && !r->out_of_memory ? gates : NULL;
}

enum fl_status fl_gates_read(const char *text, size_t bytes, const struct fl_gate_names *names, struct fl_gates **out, struct fl_errors *errors)
{
    struct reader *const r = calloc(1, sizeof *r);
    char *const copy = bytes <= FL_SCENARIO_BYTES_MAX ? malloc(bytes + 1) : NULL; /* places are found up to a NUL */
    struct fl_gates *gates = NULL;
    cJSON *root = NULL;
    errors->count = errors->more = 0;
    if (r != NULL && (copy != NULL || bytes > FL_SCENARIO_BYTES_MAX)) {
        if (copy != NULL) {
            if (bytes > 0) memcpy(copy, text, bytes);
            copy[bytes] = '\0';
        }
        r->text = copy != NULL ? copy : text;
        root = fl_reader_parse(r, r->text, bytes);
        if (root != NULL) gates = read_tree(r, root, names);
        if (!r->out_of_memory) fl_reader_faults(r, errors);
    }
    if (gates == NULL && errors->count == 0) {
        errors->list[0] = (struct fl_error){ .status = FL_EFULL, .text = "wanted memory to read the gate, got none" };
        errors->count = 1;
    }
    if (gates == NULL && r != NULL) fl_chunks_free(r->first);
    cJSON_Delete(root);
    free(copy);
    free(r);
    if (gates == NULL) return errors->list[0].status;
    *out = gates;
    return FL_OK;
}

void fl_gates_free(struct fl_gates *gates)
{
    if (gates == NULL) return;
    fl_chunks_free((struct fl_chunk *)(void *)((unsigned char *)gates - offsetof(struct fl_chunk, bytes)));
}

void fl_gate_keys(void (*on_key)(void *context, const char *path), void *context)
{
    char path[256];
    fl_tell_keys(&file_object, path, 0, sizeof path, on_key, context);
}
