/* The "desk" block. */
#include "scenario/read.h"

#include <math.h>
#include <string.h>

static const char *const reply_order_names[] = {
    "oldest_first", "new_buyers_first", "newest_first", "round_robin", "shortest_first", "interleaved", NULL
};
static const char *const bot_mode_names[] = { "off", "bot_first", "agent_first", "mixed", NULL };
static const char *const offline_names[] = { "pool", "proxy", "main", "reject", NULL };
static const char *const shift_end_names[] = { "finish", "return_to_queue", NULL };

/* ---- Groups ----------------------------------------------------------------------------------- */

static const struct fl_group_def group_neutral = { .name = "all", .overflow = FL_NONE };
#define FL_HERE struct fl_group_def
static const struct fl_key group_keys[] = {
    NAMED(),
    CHOICES("phases", phases, fl_phase_names),
    NAMES_OF("intents", intents, FL_NAMES_INTENTS),
    { .name = "classes", .kind = FL_KEY_NAMES32, .offset = FL_OFFSET(FL_HERE, classes), .names = FL_NAMES_CLASSES },
    NAMES_OF("entry_points", entry_points, FL_NAMES_ENTRY_POINTS),
    NAMES_OF("order_statuses", order_statuses, FL_NAMES_ORDER_STATUSES),
    NAME_OF("overflow", overflow, FL_NAMES_GROUPS),
    BOOLEAN("bot", bot),
};
#undef FL_HERE

static bool check_group(struct reader *r, const cJSON *json, const struct fl_at *at, void *out)
{
    const struct fl_group_def *const group = out;
    const struct fl_at overflow_at = { .up = at, .key = "overflow" };
    if (group->overflow == FL_NONE || group->overflow != fl_names_find(&r->names[FL_NAMES_GROUPS], group->name))
        return true;
    const cJSON *const overflow = fl_member(json, "overflow");
    return fl_note(r, overflow, &overflow_at, FL_ECONFLICT, "wanted another group, got %s itself",
                   fl_show(overflow).text);
}

static const struct fl_object group_object = { group_keys, FL_COUNTOF(group_keys), sizeof(struct fl_group_def),
                                               &group_neutral, check_group };

/* ---- Shifts and breaks ------------------------------------------------------------------------- */

/* A time of day, or an instant; check_shift tells which by the text. */
static bool read_moment(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key,
                        void *field)
{
    (void)key;
    if (cJSON_IsString(json) && fl_looks_like_instant(json->valuestring)) return fl_read_instant(r, json, at, field);
    if (cJSON_IsString(json) && fl_parse_clock(json->valuestring, field)) return true;
    return fl_note(r, json, at, FL_ETYPE,
                   "wanted a time of day such as \"17:00\" or an instant such as \"+2h\", got %s", fl_show(json).text);
}

static bool read_break(struct reader *r, const cJSON *json, const struct fl_at *at, bool clock, struct fl_break *out)
{
    if (!cJSON_IsArray(json) || cJSON_GetArraySize(json) != 2) {
        return fl_note(r, json, at, FL_ETYPE, "wanted [%s], got %s",
                       clock ? "time of day, length] such as [\"20:00\", \"20m\""
                             : "time after the shift's start, length] such as [\"2h\", \"20m\"",
                       fl_show(json).text);
    }
    const struct fl_at when_at = { .up = at, .index = 0 }, length_at = { .up = at, .index = 1 };
    bool ok = clock ? fl_read_clock(r, json->child, &when_at, &out->at)
                    : fl_read_duration(r, json->child, &when_at, 0, 86400, &out->at);
    ok &= fl_read_duration(r, json->child->next, &length_at, 1, 86400, &out->length);
    return ok;
}

bool fl_read_breaks(struct reader *r, const cJSON *json, const struct fl_at *at, bool clock,
                    const struct fl_break **out, uint32_t *count)
{
    const int size = cJSON_IsArray(json) ? cJSON_GetArraySize(json) : -1;
    if (size < 0 || size > 24)
        return fl_note(r, json, at, FL_ETYPE, "wanted an array of at most 24 breaks, got %s", fl_show(json).text);
    struct fl_break *const breaks = fl_reader_take(r, (size_t)size, sizeof *breaks);
    if (breaks == NULL) return false;
    uint32_t index = 0;
    bool ok = true;
    const cJSON *item;
    cJSON_ArrayForEach(item, json)
    {
        const struct fl_at item_at = { .up = at, .index = index };
        ok &= read_break(r, item, &item_at, clock, &breaks[index++]);
    }
    *out = breaks;
    *count = index;
    return ok;
}

static bool read_shift_breaks(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key,
                              void *field)
{
    (void)key;
    struct fl_shift_def *const shift = field;
    return fl_read_breaks(r, json, at, true, &shift->breaks, &shift->breaks_count);
}

static bool check_shift(struct reader *r, const cJSON *json, const struct fl_at *at, void *out)
{
    struct fl_shift_def *const shift = out;
    const struct fl_at to_at = { .up = at, .key = "to" };
    const cJSON *const from = fl_member(json, "from");
    const cJSON *const to = fl_member(json, "to");
    shift->once = fl_looks_like_instant(from->valuestring);
    if (shift->once != fl_looks_like_instant(to->valuestring)) {
        return fl_note(r, to, &to_at, FL_ECONFLICT, "wanted %s as in \"from\", got %s",
                       shift->once ? "an instant" : "a time of day", fl_show(to).text);
    }
    if (shift->once && shift->to <= shift->from)
        return fl_note(r, to, &to_at, FL_ECONFLICT, "wanted an instant after \"from\", got %s", fl_show(to).text);
    return true;
}

#define FL_HERE struct fl_shift_def
static const struct fl_key shift_keys[] = {
    NAMED(),
    NEEDED_CUSTOM("from", from, read_moment),
    NEEDED_CUSTOM("to", to, read_moment),
    { .name = "breaks", .kind = FL_KEY_CUSTOM, .read = read_shift_breaks },
};
#undef FL_HERE
static const struct fl_object shift_object = { shift_keys, FL_COUNTOF(shift_keys), sizeof(struct fl_shift_def), NULL,
                                               check_shift };

/* ---- Grades and agents ------------------------------------------------------------------------- */

static const struct fl_grade_def grade_neutral = {
    .name = "", .speed = 1, .typing_cpm = NAN, .wage_cny_per_hour = NAN, .conversion_scale = 1
};
#define FL_HERE struct fl_grade_def
static const struct fl_key grade_keys[] = {
    NAMED(),
    NUMBER("speed", speed, 0.01, 100),
    NUMBER("typing_cpm", typing_cpm, 1, 1000),
    NUMBER("wage_cny_per_hour", wage_cny_per_hour, 0, 1e6),
    COUNT("weight", weight, 1, 1000),
    NUMBER("conversion_scale", conversion_scale, 0, 1000),
};
#undef FL_HERE
static const struct fl_object grade_object = { grade_keys, FL_COUNTOF(grade_keys), sizeof(struct fl_grade_def),
                                               &grade_neutral, NULL };

static bool read_skill(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key,
                       void *field)
{
    (void)key;
    double *const skill = field;
    if (!cJSON_IsObject(json))
        return fl_note(r, json, at, FL_ETYPE, "wanted an object such as {\"english\": 0.8}, got %s",
                       fl_show(json).text);
    for (uint32_t i = 0; i < FL_SKILLS_MAX; i++) skill[i] = 0; /* who names skills has no others */
    bool ok = true;
    const cJSON *member;
    cJSON_ArrayForEach(member, json)
    {
        const struct fl_at member_at = { .up = at, .key = member->string };
        const uint32_t index = fl_names_find(&r->names[FL_NAMES_SKILLS], member->string);
        double proficiency = 0;
        if (index == FL_NONE) {
            struct fl_nearest nearest = fl_nearest_start(r, member->string);
            for (uint32_t i = 0; i < r->names[FL_NAMES_SKILLS].count; i++)
                fl_nearest_offer(&nearest, r->names[FL_NAMES_SKILLS].list[i].text);
            char shown[40];
            fl_text_show(shown, sizeof shown, member->string);
            ok = fl_note_key(r, member, &member_at, FL_EUNKNOWN, "wanted the name of a known skill, got \"%s\"%s",
                             shown, fl_nearest_hint(&nearest).text);
        } else if (!fl_read_number(r, member, &member_at, 0, 1, &proficiency)) {
            ok = false;
        } else if (index < FL_SKILLS_MAX) {
            skill[index] = proficiency;
        }
    }
    return ok;
}

/* Leave and the rota of an agent. */
static bool check_leave(struct reader *r, const cJSON *json, const struct fl_at *at, void *out)
{
    const struct fl_leave *const leave = out;
    const struct fl_at to_at = { .up = at, .key = "to" };
    const cJSON *const to = fl_member(json, "to");
    return leave->to > leave->from ||
           fl_note(r, to, &to_at, FL_ECONFLICT, "wanted an instant after \"from\", got %s", fl_show(to).text);
}

static const struct fl_leave leave_neutral = { .paid = true };
#define FL_HERE struct fl_leave
static const struct fl_key leave_keys[] = {
    NEEDED_INSTANT("from", from),
    NEEDED_INSTANT("to", to),
    BOOLEAN("paid", paid),
};
#undef FL_HERE
static const struct fl_object leave_object = { leave_keys, FL_COUNTOF(leave_keys), sizeof(struct fl_leave), &leave_neutral,
                                               check_leave };

#define ROTA_MAX 366
static bool read_rota(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key, void *field)
{
    (void)key;
    struct fl_agent_def *const agent = field;
    const int size = cJSON_IsArray(json) ? cJSON_GetArraySize(json) : 0;
    if (size < 1 || size > ROTA_MAX)
        return fl_note(r, json, at, FL_ETYPE, "wanted an array of 1 to 366 names of a known shift or null, one a day, got %s",
                       fl_show(json).text);
    uint32_t *const rota = fl_reader_take(r, (size_t)size, sizeof *rota);
    if (rota == NULL) return false;
    bool ok = true;
    uint32_t day = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, json)
    {
        const struct fl_at item_at = { .up = at, .index = day };
        rota[day] = FL_NONE;
        if (!cJSON_IsNull(item)) ok &= fl_read_name(r, item, &item_at, FL_NAMES_SHIFTS, &rota[day]);
        day++;
    }
    agent->rota = rota;
    agent->rota_count = day;
    return ok;
}

#define FL_HERE struct fl_agent_def
static const struct fl_key learning_keys[] = {
    NEEDED_NUMBER("speed", learning_speed, 0.01, 1),
    NEEDED_DURATION("half", learning_half, 3600, 366 * 86400.0),
};
#undef FL_HERE

static bool check_learning(struct reader *r, const cJSON *json, const struct fl_at *at, void *out)
{
    (void)r;
    (void)json;
    (void)at;
    ((struct fl_agent_def *)out)->has_learning = true;
    return true;
}

static const struct fl_object learning_object = { .keys = learning_keys,
                                                  .keys_count = FL_COUNTOF(learning_keys),
                                                  .check = check_learning };

static bool check_agent(struct reader *r, const cJSON *json, const struct fl_at *at, void *out)
{
    const struct fl_agent_def *const agent = out;
    const struct fl_at until_at = { .up = at, .key = "until" }, training_at = { .up = at, .key = "training" },
                       learning_at = { .up = at, .key = "learning" }, rota_at = { .up = at, .key = "rota" };
    const cJSON *const until = fl_member(json, "until");
    const bool hired = fl_member(json, "from") != NULL;
    bool ok = true;
    if (agent->until <= agent->from)
        ok = fl_note(r, until, &until_at, FL_ECONFLICT, "wanted an instant after \"from\", got %s", fl_show(until).text);
    if (agent->training > 0 && !hired)
        ok = fl_note_key(r, fl_member(json, "training"), &training_at, FL_ECONFLICT, "wanted \"from\" beside it, got none");
    if (agent->has_learning && !hired)
        ok = fl_note_key(r, fl_member(json, "learning"), &learning_at, FL_ECONFLICT, "wanted \"from\" beside it, got none");
    if (agent->rota_count > 0 && agent->shift != FL_NONE)
        ok = fl_note_key(r, fl_member(json, "rota"), &rota_at, FL_ECONFLICT, "wanted either a shift or a rota, got both");
    return ok;
}

#define ONES_8 1, 1, 1, 1, 1, 1, 1, 1
static const struct fl_agent_def agent_neutral = {
    .name = "",
    .count = 1,
    .groups = UINT64_MAX,
    .grade = FL_NONE,
    .max_chats = FL_UNLIMITED,
    .speed = 1,
    .typing_cpm = NAN,
    .shift = FL_NONE,
    .skill = { ONES_8, ONES_8, ONES_8, ONES_8, ONES_8, ONES_8, ONES_8, ONES_8 },
    .wage_cny_per_hour = NAN,
    .from = -FL_TIME_NEVER,
    .until = FL_TIME_NEVER,
};
#define FL_HERE struct fl_agent_def
static const struct fl_key agent_keys[] = {
    NAMED(),
    COUNT("count", count, 0, FL_AGENTS_MAX),
    NAMES_OF("groups", groups, FL_NAMES_GROUPS),
    NAME_OF("grade", grade, FL_NAMES_GRADES),
    COUNT("weight", weight, 1, 1000),
    COUNT_OR("max_chats", max_chats, 1, FL_UNLIMITED, FL_UNLIMITED),
    NUMBER("speed", speed, 0.01, 100),
    NUMBER("typing_cpm", typing_cpm, 1, 1000),
    NAME_OF("shift", shift, FL_NAMES_SHIFTS),
    CUSTOM("skill", skill, read_skill),
    BOOLEAN("main_account", main_account),
    BOOLEAN("proxy_account", proxy_account),
    BOOLEAN("outsourced", outsourced),
    NUMBER("wage_cny_per_hour", wage_cny_per_hour, 0, 1e6),
    NUMBER("absent", absent, 0, 1),
    INSTANT("from", from),
    INSTANT("until", until),
    DURATION("training", training, 0, 366 * 86400.0),
    OBJECT("learning", learning_object),
    { .name = "rota", .kind = FL_KEY_CUSTOM, .read = read_rota },
    LIST("away", away, 0, 366, leave_object),
};
#undef FL_HERE
static const struct fl_object agent_object = { agent_keys, FL_COUNTOF(agent_keys), sizeof(struct fl_agent_def),
                                               &agent_neutral, check_agent };

/* ---- The rest of the desk ---------------------------------------------------------------------- */

#define FL_HERE struct fl_meeting
static const struct fl_key meeting_keys[] = {
    NEEDED_INSTANT("at", at),
    NEEDED_DURATION("length", length, 1, 86400),
    NAMES_OF("groups", groups, FL_NAMES_GROUPS),
};
#undef FL_HERE
static const struct fl_object meeting_object = { meeting_keys, FL_COUNTOF(meeting_keys), sizeof(struct fl_meeting),
                                                 NULL, NULL };

#define FL_HERE struct fl_desk_def
static const struct fl_key multitasking_keys[] = {
    { .name = "speed_by_open",
      .kind = FL_KEY_NUMBERS,
      .flags = FL_KEY_REQUIRED,
      .offset = FL_OFFSET(FL_HERE, multitasking.speed_by_open),
      .offset_count = FL_OFFSET(FL_HERE, multitasking.speeds_count),
      .least = 0.001,
      .most = 1000 },
};
static const struct fl_object multitasking_object = { .keys = multitasking_keys,
                                                      .keys_count = FL_COUNTOF(multitasking_keys) };

static const struct fl_key close_keys[] = {
    DURATION_OR_NEVER("when_done", close_when_done, 0, 30 * 86400.0),
    DURATION_OR_NEVER("silence", close_silence, 0, 30 * 86400.0),
};
static const struct fl_object close_object = { .keys = close_keys, .keys_count = FL_COUNTOF(close_keys) };
#undef FL_HERE

#define FL_HERE struct fl_bot
static const struct fl_key bot_keys[] = {
    CHOICE("mode", mode, bot_mode_names),
    NUMBER("share", share, 0, 1),
    DRAW_TIME("reply", reply),
    DRAW_COUNT("rounds", rounds, 1),
};
#undef FL_HERE

static bool check_bot(struct reader *r, const cJSON *json, const struct fl_at *at, void *out)
{
    const struct fl_bot *const bot = out;
    const struct fl_at share_at = { .up = at, .key = "share" };
    const cJSON *const share = fl_member(json, "share");
    if (share == NULL && bot->mode == FL_BOT_MIXED)
        return fl_note(r, json, &share_at, FL_EMISSING,
                       "wanted the share of buyers who start at the bot with \"mode\": \"mixed\", got none");
    if (share != NULL && bot->mode != FL_BOT_MIXED)
        return fl_note_key(r, share, &share_at, FL_ECONFLICT, "wanted \"share\" only with \"mode\": \"mixed\"");
    return true;
}

static const struct fl_object bot_object = { .keys = bot_keys, .keys_count = FL_COUNTOF(bot_keys), .check = check_bot };

#define FL_HERE struct fl_auto_suspend
static const struct fl_key auto_suspend_keys[] = {
    COUNT_OR("at_open", at_open, 1, FL_UNLIMITED, FL_NONE),
    COUNT_OR("release_open", release_open, 0, FL_UNLIMITED, FL_NONE),
    NUMBER("below_reply_rate", below_reply_rate, 0, 1),
    NUMBER("release_reply_rate", release_reply_rate, 0, 1),
    COUNT("rounds", rounds, 1, 64),
};
#undef FL_HERE

static bool check_auto_suspend(struct reader *r, const cJSON *json, const struct fl_at *at, void *out)
{
    struct fl_auto_suspend *const s = out;
    const struct fl_at open_at = { .up = at, .key = "release_open" },
                       rate_at = { .up = at, .key = "release_reply_rate" };
    const cJSON *const open = fl_member(json, "release_open");
    const cJSON *const rate = fl_member(json, "release_reply_rate");
    bool ok = true;
    if (s->at_open != FL_NONE && s->release_open == FL_NONE) s->release_open = s->at_open; /* no hysteresis */
    if (s->release_open != FL_NONE && s->release_open > s->at_open) {
        ok = fl_note(r, open, &open_at, FL_ECONFLICT, "wanted at most at_open, got %s", fl_show(open).text);
    } else if (s->release_open != FL_NONE && s->at_open == FL_NONE) {
        ok = fl_note(r, open, &open_at, FL_ECONFLICT, "wanted at_open beside it, got none");
    }
    if (!isnan(s->below_reply_rate) && isnan(s->release_reply_rate)) s->release_reply_rate = s->below_reply_rate;
    if (isnan(s->below_reply_rate) && rate != NULL) {
        ok = fl_note(r, rate, &rate_at, FL_ECONFLICT, "wanted below_reply_rate beside it, got none");
    } else if (s->release_reply_rate < s->below_reply_rate) {
        ok = fl_note(r, rate, &rate_at, FL_ECONFLICT, "wanted at least below_reply_rate, got %s", fl_show(rate).text);
    }
    return ok;
}

static const struct fl_object auto_suspend_object = { .keys = auto_suspend_keys,
                                                      .keys_count = FL_COUNTOF(auto_suspend_keys),
                                                      .check = check_auto_suspend };

#define FL_HERE struct fl_depth
static const struct fl_key depth_keys[] = {
    NUMBER("per_chat", per_chat, 0, 100),
    DRAW_TIME("time", time),
    COUNT_OR("terse_above", terse_above, 0, FL_UNLIMITED, FL_NONE),
    NUMBER("terse_scale", terse_scale, 0, 1),
};
#undef FL_HERE
static const struct fl_object depth_object = { .keys = depth_keys, .keys_count = FL_COUNTOF(depth_keys) };

#define FL_HERE struct fl_tiredness
static const struct fl_key tiredness_keys[] = {
    DURATION("after", after, 0, 86400),
    NUMBER("per_hour", per_hour, 0, 10),
};
#undef FL_HERE
static const struct fl_object tiredness_object = { .keys = tiredness_keys, .keys_count = FL_COUNTOF(tiredness_keys) };

#define FL_HERE struct fl_start_duties
static const struct fl_key start_duties_keys[] = { DURATION("length", length, 0, 86400) };
#undef FL_HERE
static const struct fl_object start_duties_object = { .keys = start_duties_keys,
                                                      .keys_count = FL_COUNTOF(start_duties_keys) };

#define FL_HERE struct fl_desk_def
static const struct fl_key attrition_keys[] = {
    NEEDED_NUMBER("yearly", attrition.yearly, 0, 0.99),
    NUMBER("early", attrition.early, 0, 0.99),
    DURATION("early_for", attrition.early_for, 86400, 366 * 86400.0),
};
#undef FL_HERE

static bool check_attrition(struct reader *r, const cJSON *json, const struct fl_at *at, void *out)
{
    const struct fl_at for_at = { .up = at, .key = "early_for" };
    const cJSON *const early_for = fl_member(json, "early_for");
    ((struct fl_desk_def *)out)->has_attrition = true;
    return early_for == NULL || fl_member(json, "early") != NULL ||
           fl_note_key(r, early_for, &for_at, FL_ECONFLICT, "wanted \"early\" beside it, got none");
}

static const struct fl_object attrition_object = { .keys = attrition_keys,
                                                   .keys_count = FL_COUNTOF(attrition_keys),
                                                   .check = check_attrition };

static const double plain_speed[] = { 1 };
const struct fl_desk_def fl_desk_neutral = {
    .seats = FL_NONE,
    .multitasking = { .speeds_count = 1, .speed_by_open = plain_speed },
    .bot = { .rounds = { .kind = FL_CONSTANT, .a = 1 } },
    .auto_suspend = { .at_open = FL_NONE,
                      .release_open = FL_NONE,
                      .below_reply_rate = NAN,
                      .release_reply_rate = NAN,
                      .rounds = 20 },
    .depth = { .terse_above = FL_NONE, .terse_scale = 1 },
    .close_when_done = 0,
    .close_silence = FL_TIME_NEVER,
    .hop_limit = 3,
    .attrition = { .early = NAN, .early_for = 90 * FL_DAY },
};

/* A rota repeats its shifts day by day; those of an instant happen once. */
static bool check_rota(struct reader *r, const cJSON *agent, const struct fl_at *at, const struct fl_desk_def *desk,
                       const struct fl_agent_def *def)
{
    const struct fl_at rota_at = { .up = at, .key = "rota" };
    const cJSON *item = def->rota_count > 0 ? fl_member(agent, "rota")->child : NULL;
    for (uint32_t day = 0; day < def->rota_count; day++, item = item->next) {
        const struct fl_at item_at = { .up = &rota_at, .index = day };
        if (def->rota[day] != FL_NONE && desk->shifts[def->rota[day]].once)
            return fl_note(r, item, &item_at, FL_ECONFLICT, "wanted a shift with times of day, got %s with instants",
                           fl_show(item).text);
    }
    return true;
}

static bool check_desk(struct reader *r, const cJSON *json, const struct fl_at *at, void *out)
{
    const struct fl_desk_def *const desk = out;
    const struct fl_at agents_at = { .up = at, .key = "agents" }, offline_at = { .up = at, .key = "offline" };
    const cJSON *const agents = fl_member(json, "agents");
    uint64_t total = 0;
    uint32_t mains = 0, proxies = 0;
    bool ok = true;
    const cJSON *item = agents->child;
    for (uint32_t i = 0; i < desk->agents_count; i++, item = item->next) {
        const struct fl_at item_at = { .up = &agents_at, .index = i },
                           main_at = { .up = &item_at, .key = "main_account" };
        ok &= check_rota(r, item, &item_at, desk, &desk->agents[i]);
        total += desk->agents[i].count;
        proxies += desk->agents[i].proxy_account;
        if (!desk->agents[i].main_account) continue;
        mains += desk->agents[i].count;
        if (mains > 1)
            ok = fl_note(r, fl_member(item, "main_account"), &main_at, FL_ECONFLICT,
                         "wanted one agent as the main account, got %u", mains);
    }
    if (total > FL_AGENTS_MAX)
        ok = fl_note(r, agents, &agents_at, FL_EFULL, "wanted at most 20000 agents in all, got %llu",
                     (unsigned long long)total);
    if (total == 0)
        ok = fl_note(r, agents, &agents_at, FL_ERANGE, "wanted at least one agent, got counts that sum to 0");
    if (desk->offline == FL_OFFLINE_PROXY && proxies == 0) {
        ok = fl_note(r, fl_member(json, "offline"), &offline_at, FL_ECONFLICT,
                     "wanted an agent with \"proxy_account\": true beside it, got none");
    }
    return ok;
}

void fl_desk_complete(struct reader *r, struct fl_desk_def *desk)
{
    if (desk->groups_count == 0) {
        struct fl_group_def *const all = fl_reader_take(r, 1, sizeof *all);
        if (all == NULL) return;
        *all = group_neutral;
        desk->groups = all;
        desk->groups_count = 1;
    }
    const uint64_t groups = desk->groups_count == 64 ? UINT64_MAX : (UINT64_C(1) << desk->groups_count) - 1;
    struct fl_agent_def *const agents = (struct fl_agent_def *)(uintptr_t)desk->agents; /* the reader's own memory */
    bool has_main = false;
    uint32_t first = 0;
    while (agents[first].count == 0) first++; /* there is one: the counts sum to more than 0 */
    for (uint32_t i = 0; i < desk->agents_count; i++) {
        const struct fl_grade_def *const grade = agents[i].grade == FL_NONE ? NULL : &desk->grades[agents[i].grade];
        agents[i].groups &= groups;
        if (agents[i].weight == 0) agents[i].weight = grade != NULL && grade->weight != 0 ? grade->weight : 100;
        if (isnan(agents[i].typing_cpm))
            agents[i].typing_cpm = grade != NULL && !isnan(grade->typing_cpm) ? grade->typing_cpm : 60;
        has_main |= agents[i].main_account;
    }
    if (!has_main) agents[first].main_account = true;
}

#define FL_HERE struct fl_desk_def
static const struct fl_key desk_keys[] = {
    COUNT_OR("seats", seats, 1, FL_AGENTS_MAX, FL_NONE),
    WINDOW_HAS("open", open, has_open),
    LIST("groups", groups, 1, FL_GROUPS_MAX, group_object),
    LIST("shifts", shifts, 0, 1000, shift_object),
    LIST("grades", grades, 0, 64, grade_object),
    { .name = "agents",
      .kind = FL_KEY_LIST,
      .flags = FL_KEY_REQUIRED,
      .offset = FL_OFFSET(FL_HERE, agents),
      .offset_count = FL_OFFSET(FL_HERE, agents_count),
      .least = 1,
      .most = FL_AGENTS_MAX,
      .object = &agent_object },
    LIST("meetings", meetings, 0, 1000, meeting_object),
    OBJECT("multitasking", multitasking_object),
    CHOICE("reply_order", reply_order, reply_order_names),
    OBJECT_AT("bot", bot, bot_object),
    OBJECT_AT("auto_suspend", auto_suspend, auto_suspend_object),
    OBJECT_AT("depth", depth, depth_object),
    OBJECT_AT("tiredness", tiredness, tiredness_object),
    OBJECT("close", close_object),
    CHOICE("offline", offline, offline_names),
    CHOICE("shift_end", shift_end, shift_end_names),
    DURATION("drain", drain, 0, 86400),
    OBJECT_AT("start_duties", start_duties, start_duties_object),
    COUNT("backlog", backlog, 0, 1000000),
    DRAW_TIME_HAS("leave_reply", leave_reply, has_leave_reply),
    COUNT("hop_limit", hop_limit, 0, 100),
    BOOLEAN("one_stop", one_stop),
    OBJECT("attrition", attrition_object),
};
#undef FL_HERE
const struct fl_object fl_desk_object = { .keys = desk_keys,
                                          .keys_count = FL_COUNTOF(desk_keys),
                                          .size = sizeof(struct fl_desk_def),
                                          .neutral = &fl_desk_neutral,
                                          .check = check_desk };
