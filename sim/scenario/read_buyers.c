/* The "buyers" block. */
#include "scenario/read.h"

#include <math.h>
#include <string.h>

const char *const fl_phase_names[] = { "pre_sale", "in_sale", "after_sale", NULL };
static const char *const applies_names[] = { "until_reply", "until_assigned", NULL };

static bool read_unique_texts(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key,
                              void *field)
{
    return fl_read_texts(r, json, at, (uint32_t)key->most, (const char *const **)field,
                         (uint32_t *)(void *)((char *)field - key->offset + key->offset_count));
}

static const struct fl_buyer_class class_neutral = { .name = "all",
                                                     .share = 1,
                                                     .patience_scale = 1,
                                                     .effort_scale = 1,
                                                     .rounds_scale = 1,
                                                     .value_scale = 1,
                                                     .conversion_scale = 1,
                                                     .dedicated_to = FL_NONE };

#define FL_HERE struct fl_buyer_class
static const struct fl_key class_keys[] = {
    NAMED(),
    NUMBER("share", share, 0, 1e9),
    INTEGER("priority", priority, -1000, 1000),
    NUMBER("patience_scale", patience_scale, 0.001, 1000),
    NUMBER("effort_scale", effort_scale, 0, 1000),
    NUMBER("rounds_scale", rounds_scale, 0, 1000),
    NUMBER("value_scale", value_scale, 0, 1000),
    NUMBER("conversion_scale", conversion_scale, 0, 1000),
    NUMBER("recent_agent", recent_agent, 0, 1),
    DRAW_TIME("recent_age", recent_age),
    NUMBER("dedicated_agent", dedicated_agent, 0, 1),
    NAME_OF("dedicated_to", dedicated_to, FL_NAMES_AGENTS),
};
#undef FL_HERE
static const struct fl_object class_object = { class_keys, FL_COUNTOF(class_keys), sizeof(struct fl_buyer_class),
                                               &class_neutral, NULL };

#define FL_HERE struct fl_reply_def
static const struct fl_key reply_keys[] = {
    DRAW_TIME_HAS("total", total, has_total),
    DRAW_TIME("read", read),
    DRAW_TIME("think", think),
    DRAW_TIME("tool", tool),
    DRAW_COUNT("chars", chars, 0),
    NUMBER("quick_phrase", quick_phrase, 0, 1),
    DURATION("quick_phrase_time", quick_phrase_time, 0, 86400),
    NUMBER("needs_tool", needs_tool, 0, 1),
};
#undef FL_HERE
static const struct fl_object reply_object = { .keys = reply_keys, .keys_count = FL_COUNTOF(reply_keys) };

#define FL_HERE struct fl_intent
static const struct fl_key transfer_keys[] = {
    NEEDED_NUMBER("probability", transfer, 0, 1),
    NAME_OF("to", transfer_to, FL_NAMES_GROUPS),
};
static const struct fl_object transfer_object = { .keys = transfer_keys, .keys_count = FL_COUNTOF(transfer_keys) };

static bool check_intent(struct reader *r, const cJSON *json, const struct fl_at *at, void *out)
{
    (void)r;
    (void)at;
    struct fl_intent *const intent = out;
    if (fl_member(json, "is_inquiry") == NULL) intent->is_inquiry = intent->phase == FL_PRE_SALE;
    return true;
}

/* The structs hold distributions whose neutral value, a constant 0, is all bits zero; a constant 1 is not. */
static const struct fl_intent intent_neutral = {
    .name = "",
    .phase = FL_PRE_SALE,
    .share = 1,
    .rounds = { .kind = FL_CONSTANT, .a = 1 },
    .reply = { .needs_tool = 1 },
    .transfer_to = FL_NONE,
    .order_status = FL_NONE,
    .conversion = NAN,
};
static const struct fl_key intent_keys[] = {
    NAMED(),
    CHOICE("phase", phase, fl_phase_names),
    NUMBER("share", share, 0, 1e9),
    INTEGER("priority", priority, -1000, 1000),
    DRAW_COUNT("rounds", rounds, 1),
    OBJECT_AT("reply", reply, reply_object),
    NUMBER("bot_can_answer", bot_can_answer, 0, 1),
    DRAW_TIME_HAS("think_time", think_time, has_think_time),
    DRAW_TIME_HAS("patience", patience, has_patience),
    { .name = "messages_per_round",
      .kind = FL_KEY_DRAW_COUNT,
      .flags = FL_KEY_NULL,
      .offset = FL_OFFSET(FL_HERE, messages_per_round),
      .offset_count = 1 + FL_OFFSET(FL_HERE, has_messages),
      .least = 1 },
    NAMES_OF("skills", skills, FL_NAMES_SKILLS),
    OBJECT("transfer", transfer_object),
    NAME_OF("order_status", order_status, FL_NAMES_ORDER_STATUSES),
    BOOLEAN("is_inquiry", is_inquiry),
    NUMBER("conversion", conversion, 0, 1),
    { .name = "order_value",
      .kind = FL_KEY_DRAW_NUMBER,
      .flags = FL_KEY_NULL,
      .offset = FL_OFFSET(FL_HERE, order_value),
      .offset_count = 1 + FL_OFFSET(FL_HERE, has_order_value) },
};
#undef FL_HERE
static const struct fl_object intent_object = { intent_keys, FL_COUNTOF(intent_keys), sizeof(struct fl_intent),
                                                &intent_neutral, check_intent };

#define FL_HERE struct fl_patience
static const struct fl_key patience_keys[] = {
    DRAW_TIME_HAS("first", first, has_first),
    DRAW_TIME_HAS("later", later, has_later),
    NUMBER("silent_share", silent_share, 0, 1),
    CHOICE("applies", applies, applies_names),
    DRAW_TIME_HAS("finds_out", finds_out, has_finds_out),
};
#undef FL_HERE
static const struct fl_object patience_object = { .keys = patience_keys, .keys_count = FL_COUNTOF(patience_keys) };

#define FL_HERE struct fl_come_back
static const struct fl_key come_back_keys[] = {
    NUMBER("probability", probability, 0, 1),
    DRAW_TIME("after", after),
    COUNT("visits_max", visits_max, 0, 100),
};
#undef FL_HERE
static const struct fl_object come_back_object = { .keys = come_back_keys, .keys_count = FL_COUNTOF(come_back_keys) };

#define FL_HERE struct fl_next_visit
static const struct fl_key next_visit_keys[] = {
    NEEDED_NUMBER("probability", probability, 0, 0.99),
    NEEDED_DRAW_TIME("after", after),
};
#undef FL_HERE
static const struct fl_object next_visit_object = { .keys = next_visit_keys, .keys_count = FL_COUNTOF(next_visit_keys) };

static const struct fl_entry_point entry_point_neutral = { .name = "", .share = 1 };
#define FL_HERE struct fl_entry_point
static const struct fl_key entry_point_keys[] = { NAMED(), NUMBER("share", share, 0, 1e9) };
#undef FL_HERE
static const struct fl_object entry_point_object = { entry_point_keys, FL_COUNTOF(entry_point_keys),
                                                     sizeof(struct fl_entry_point), &entry_point_neutral, NULL };

static bool check_sum(struct reader *r, const cJSON *json, const struct fl_at *at, const char *key, double sum)
{
    const struct fl_at list_at = { .up = at, .key = key };
    const cJSON *const list = fl_member(json, key);
    if (list == NULL || list->child == NULL || sum > 0) return true;
    return fl_note(r, list, &list_at, FL_ERANGE, "wanted shares that sum to more than 0, got 0");
}

/* Checks the sums of shares, then scales each list to the sum 1. The lists are the reader's own memory. */
static bool check_buyers(struct reader *r, const cJSON *json, const struct fl_at *at, void *out)
{
    struct fl_buyers *const b = out;
    struct fl_buyer_class *const classes = (struct fl_buyer_class *)(uintptr_t)b->classes;
    struct fl_intent *const intents = (struct fl_intent *)(uintptr_t)b->intents;
    struct fl_entry_point *const entries = (struct fl_entry_point *)(uintptr_t)b->entry_points,
                                 *const devices = (struct fl_entry_point *)(uintptr_t)b->devices;
    double sum[4] = { 0 };
    for (uint32_t i = 0; i < b->classes_count; i++) sum[0] += classes[i].share;
    for (uint32_t i = 0; i < b->intents_count; i++) sum[1] += intents[i].share;
    for (uint32_t i = 0; i < b->entry_points_count; i++) sum[2] += entries[i].share;
    for (uint32_t i = 0; i < b->devices_count; i++) sum[3] += devices[i].share;
    bool ok = check_sum(r, json, at, "classes", sum[0]);
    ok &= check_sum(r, json, at, "intents", sum[1]);
    ok &= check_sum(r, json, at, "entry_points", sum[2]);
    ok &= check_sum(r, json, at, "devices", sum[3]);
    for (uint32_t i = 0; ok && i < b->classes_count; i++) classes[i].share /= sum[0];
    for (uint32_t i = 0; ok && i < b->intents_count; i++) intents[i].share /= sum[1];
    for (uint32_t i = 0; ok && i < b->entry_points_count; i++) entries[i].share /= sum[2];
    for (uint32_t i = 0; ok && i < b->devices_count; i++) devices[i].share /= sum[3];
    return ok;
}

void fl_buyers_complete(struct reader *r, struct fl_buyers *buyers)
{
    if (buyers->classes_count > 0) return;
    struct fl_buyer_class *const all = fl_reader_take(r, 1, sizeof *all);
    if (all == NULL) return;
    *all = class_neutral;
    buyers->classes = all;
    buyers->classes_count = 1;
}

const struct fl_buyers fl_buyers_neutral = { .messages_per_round = { .kind = FL_CONSTANT, .a = 1 },
                                             .come_back = { .visits_max = 3 } };

#define FL_HERE struct fl_buyers
static const struct fl_key buyers_keys[] = {
    LIST("classes", classes, 1, FL_CLASSES_MAX, class_object),
    { .name = "intents",
      .kind = FL_KEY_LIST,
      .flags = FL_KEY_REQUIRED,
      .offset = FL_OFFSET(FL_HERE, intents),
      .offset_count = FL_OFFSET(FL_HERE, intents_count),
      .least = 1,
      .most = FL_INTENTS_MAX,
      .object = &intent_object },
    LIST("entry_points", entry_points, 0, 64, entry_point_object),
    LIST("devices", devices, 0, 64, entry_point_object),
    { .name = "order_statuses",
      .kind = FL_KEY_CUSTOM,
      .offset = FL_OFFSET(FL_HERE, order_statuses),
      .offset_count = FL_OFFSET(FL_HERE, order_statuses_count),
      .most = 64,
      .read = read_unique_texts },
    DRAW_COUNT("messages_per_round", messages_per_round, 1),
    DRAW_TIME("burst_gap", burst_gap),
    DRAW_TIME("think_time", think_time),
    OBJECT_AT("patience", patience, patience_object),
    OBJECT_AT("come_back", come_back, come_back_object),
    OBJECT_AT("next_visit", next_visit, next_visit_object),
};
#undef FL_HERE
const struct fl_object fl_buyers_object = { .keys = buyers_keys,
                                            .keys_count = FL_COUNTOF(buyers_keys),
                                            .size = sizeof(struct fl_buyers),
                                            .neutral = &fl_buyers_neutral,
                                            .check = check_buyers };
