#include "engine/tell.h"

#include "routing/policy.h"
#include "record/text.h"

#include <stdio.h>
#include <string.h>

#define SCENARIO_PART_BYTES 8192u /* of text; escaped it may take six times as much, and a line has 64 KiB for most */

const char *const fl_state_words[5] = { "offline", "available", "suspended", "auto_suspended", "on_break" };
const char *const fl_why_words[6] = { "new", "return", "bot", "transfer", "pool", "reassign" };
const char *const fl_close_words[6] = { "done", "silence", "left", "left_queue", "forced", "away" };

uint32_t fl_word_index(const char *const *words, uint32_t count, const struct fl_field *field)
{
    uint32_t i = 0;
    while (i < count && !fl_field_is(field, words[i])) i++;
    return i;
}

/* ---- Hello ----------------------------------------------------------------------------------------- */

static const char *const tie_names[] = { "oldest_assignment", "seeded_random" };
static const char *const suspend_names[] = { "sticky", "strict", "reroute_recent" };
static const char *const counts_names[] = { "open", "awaiting", "recent_active" };
static const char *const overflow_names[] = { "queue", "assign_anyway", "group", "offline", "close_oldest" };
static const char *const discipline_names[] = { "fifo", "priority_fifo", "priority_aging", "lifo", "longest_waiting", "edf" };
static const char *const offline_names[] = { "pool", "proxy", "main", "reject" };

static void add_duration(struct fl_lines *lines, const char *key, fl_time duration)
{
    if (duration != FL_TIME_NEVER) fl_lines_integer(lines, key, duration);
}

/* What the scenario asks of a router: hints for an engine that can do more than one thing. */
static void add_policy(struct fl_lines *lines, const struct fl_scenario *scenario)
{
    const struct fl_routing_def *const routing = &scenario->routing;
    fl_lines_text(lines, "policy", fl_policy(routing->policy)->name);
    fl_lines_text(lines, "tie", tie_names[routing->tie]);
    fl_lines_text(lines, "capacity_counts", counts_names[routing->counts]);
    fl_lines_text(lines, "suspend", suspend_names[routing->suspend]);
    fl_lines_text(lines, "overflow", overflow_names[routing->overflow]);
    fl_lines_text(lines, "offline", offline_names[scenario->desk.offline]);
    fl_lines_text(lines, "discipline", discipline_names[routing->discipline]);
    if (routing->discipline == FL_PRIORITY_AGING) add_duration(lines, "priority_credit_ns", routing->priority_credit);
    if (routing->discipline == FL_EDF) add_duration(lines, "due_ns", routing->due);
    if (routing->queue_max < FL_UNLIMITED) fl_lines_integer(lines, "queue_max", routing->queue_max);
    add_duration(lines, "queue_max_wait_ns", routing->queue_max_wait);
    add_duration(lines, "accept_timeout_ns", routing->accept_timeout);
    if (routing->rate_limit < FL_UNLIMITED) {
        fl_lines_integer(lines, "rate_limit", routing->rate_limit);
        fl_lines_integer(lines, "rate_window_ns", routing->rate_window);
    }
    fl_lines_boolean(lines, "dedicated_agent", routing->dedicated_agent);
    fl_lines_boolean(lines, "recent_agent", routing->recent_agent);
    if (!routing->recent_agent) return;
    fl_lines_integer(lines, "recent_window_ns", routing->recent_window);
    fl_lines_integer(lines, "recent_ignores_suspend_ns", routing->recent_ignores_suspend);
    fl_lines_boolean(lines, "recent_ignores_capacity", routing->recent_ignores_capacity);
}

void fl_tell_hello(struct fl_lines *lines, const struct fl_tell_session *session)
{
    const struct fl_scenario *const scenario = session->scenario;
    char digits[24];
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)session->seed);
    fl_lines_open(lines, "hello");
    fl_lines_integer(lines, "proto", FL_PROTOCOL_VERSION);
    fl_lines_text(lines, "mode", session->mode);
    fl_lines_text(lines, "harness", "fenliu " FENLIU_VERSION);
    fl_lines_text(lines, "scenario", scenario->name);
    fl_lines_text(lines, "seed", digits);
    fl_lines_integer(lines, "start_s", scenario->start_s);
    fl_lines_integer(lines, "agents", fl_scenario_agents_count(scenario));
    fl_lines_integer(lines, "groups", scenario->desk.groups_count);
    if (session->share.of > 1) {
        fl_lines_integer(lines, "share", session->share.index);
        fl_lines_integer(lines, "shares", session->share.of);
    }
    add_policy(lines, scenario);
    fl_lines_close(lines);
}

/* ---- The desk -------------------------------------------------------------------------------------- */

/* Her skills as a JSON array, when the intent needs some. */
static void add_skills(struct fl_lines *lines, const struct fl_scenario *scenario, uint64_t skills)
{
    if (skills == 0) return;
    struct fl_text text = { 0 };
    fl_text_add(&text, "[");
    for (uint64_t left = skills; left != 0; left &= left - 1) {
        if (left != skills) fl_text_add(&text, ",");
        fl_text_add_json(&text, scenario->skills[__builtin_ctzll(left)]);
    }
    fl_text_add(&text, "]");
    lines->full |= text.full;
    if (!text.full) fl_lines_raw(lines, "skills", text.bytes);
    fl_text_free(&text);
}

static void tell_group(struct fl_lines *lines, const struct fl_group_def *group, uint32_t g)
{
    fl_lines_open(lines, "group");
    fl_lines_integer(lines, "group", g);
    fl_lines_text(lines, "name", group->name);
    if (group->overflow != FL_NONE) fl_lines_integer(lines, "overflow", group->overflow);
    if (group->bot) fl_lines_boolean(lines, "bot", true);
    fl_lines_close(lines);
}

static void tell_member(struct fl_lines *lines, const struct fl_view *view, uint32_t a)
{
    const struct fl_agent *const her = &view->agents[a];
    const struct fl_desk_def *const desk = &view->scenario->desk;
    char groups[4 * FL_GROUPS_MAX] = "[";
    size_t length = 1;
    for (uint32_t g = 0; g < desk->groups_count; g++)
        if (her->groups >> g & 1) length += (size_t)snprintf(groups + length, sizeof groups - length, length > 1 ? ",%u" : "%u", g);
    snprintf(groups + length, sizeof groups - length, "]");
    fl_lines_open(lines, "member");
    fl_lines_integer(lines, "agent", a);
    fl_lines_text(lines, "name", view->names[a]);
    fl_lines_raw(lines, "groups", groups);
    fl_lines_integer(lines, "weight", her->weight);
    if (her->capacity < FL_UNLIMITED) fl_lines_integer(lines, "capacity", her->capacity);
    if (a == view->main_account) fl_lines_boolean(lines, "main_account", true);
    if (a == view->proxy_account) fl_lines_boolean(lines, "proxy_account", true);
    uint64_t skills = 0;
    for (uint32_t s = 0; s < view->scenario->skills_count; s++)
        if (desk->agents[her->definition].skill[s] > 0) skills |= UINT64_C(1) << s;
    add_skills(lines, view->scenario, skills);
    fl_lines_close(lines);
}

void fl_tell_desk(struct fl_lines *lines, const struct fl_view *view)
{
    for (uint32_t g = 0; g < view->scenario->desk.groups_count; g++) tell_group(lines, &view->scenario->desk.groups[g], g);
    for (uint32_t a = 0; a < view->agents_count; a++) tell_member(lines, view, a);
}

/* Cut between characters, so that every part is UTF-8 by itself. */
static size_t part_length(const char *text, size_t left)
{
    if (left <= SCENARIO_PART_BYTES) return left;
    size_t length = SCENARIO_PART_BYTES;
    while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) length--;
    return length;
}

void fl_tell_scenario(struct fl_lines *lines, const char *text)
{
    char part[SCENARIO_PART_BYTES + 1];
    size_t left = strlen(text);
    do {
        const size_t length = part_length(text, left);
        memcpy(part, text, length);
        part[length] = '\0';
        text += length;
        left -= length;
        fl_lines_open(lines, "scenario");
        fl_lines_text(lines, "text", part);
        fl_lines_boolean(lines, "more", left > 0);
        fl_lines_close(lines);
    } while (left > 0);
}

/* ---- Chats and agents ------------------------------------------------------------------------------ */

static void add_who(struct fl_lines *lines, const char *key, uint32_t agent)
{
    if (agent != FL_NO_AGENT) fl_lines_integer(lines, key, agent);
}

void fl_tell_chat(struct fl_lines *lines, const struct fl_scenario *scenario, const struct fl_chat_view *chat, uint32_t number, uint32_t group, bool full)
{
    const struct fl_buyers *const buyers = &scenario->buyers;
    fl_lines_integer(lines, "chat", number);
    fl_lines_text(lines, "why", fl_why_words[chat->why]);
    fl_lines_integer(lines, "group", group);
    fl_lines_text(lines, "intent", buyers->intents[chat->intent].name);
    fl_lines_text(lines, "class", buyers->classes[chat->buyer_class].name);
    fl_lines_hex(lines, "buyer", chat->buyer);
    fl_lines_integer(lines, "priority", chat->priority);
    fl_lines_integer(lines, "opened_at_ns", chat->opened_at);
    add_skills(lines, scenario, buyers->intents[chat->intent].skills);
    if (chat->recent_agent != FL_NO_AGENT) {
        fl_lines_integer(lines, "recent_agent", chat->recent_agent);
        fl_lines_integer(lines, "recent_at_ns", chat->recent_at);
    }
    add_who(lines, "dedicated_agent", chat->dedicated_agent);
    add_who(lines, "exclude", chat->exclude);
    if (chat->entry_point < buyers->entry_points_count) fl_lines_text(lines, "entry_point", buyers->entry_points[chat->entry_point].name);
    if (chat->device < buyers->devices_count) fl_lines_text(lines, "device", buyers->devices[chat->device].name);
    if (chat->order_status < buyers->order_statuses_count) fl_lines_text(lines, "order_status", buyers->order_statuses[chat->order_status]);
    if (full || scenario->routing.discipline == FL_LONGEST_WAITING) fl_lines_integer(lines, "active_at_ns", chat->active_at);
    if (!full) return;
    fl_lines_hex(lines, "draws", chat->key);
    fl_lines_integer(lines, "decision", chat->decision);
    fl_lines_integer(lines, "slot", chat->index);
    if (chat->to_group != FL_NONE) fl_lines_integer(lines, "to_group", chat->to_group);
}

void fl_tell_load(struct fl_lines *lines, const struct fl_view *view, uint32_t agent)
{
    const struct fl_agent *const her = &view->agents[agent];
    fl_lines_integer(lines, "agent", agent);
    fl_lines_integer(lines, "open", her->open);
    fl_lines_integer(lines, "awaiting", her->awaiting);
    if (view->scenario->routing.counts == FL_COUNTS_RECENT_ACTIVE) fl_lines_integer(lines, "recent_active", her->recent_active);
}

void fl_tell_agent(struct fl_lines *lines, const struct fl_agent *her, uint32_t index)
{
    fl_lines_open(lines, "load");
    fl_lines_integer(lines, "agent", index);
    fl_lines_text(lines, "state", fl_state_words[her->state]);
    fl_lines_integer(lines, "open", her->open);
    fl_lines_integer(lines, "awaiting", her->awaiting);
    fl_lines_integer(lines, "recent_active", her->recent_active);
    fl_lines_integer(lines, "composing", her->composing);
    if (her->capacity < FL_UNLIMITED) fl_lines_integer(lines, "capacity", her->capacity);
    fl_lines_integer(lines, "assigned_today", her->assigned_today);
    if (her->oldest_unanswered_at != FL_TIME_NEVER) fl_lines_integer(lines, "oldest_unanswered_at_ns", her->oldest_unanswered_at);
    fl_lines_integer(lines, "mean_reply_ns", (int64_t)her->mean_reply_ns);
    if (her->last_assigned_at >= 0) fl_lines_integer(lines, "last_assigned_at_ns", her->last_assigned_at);
    fl_lines_integer(lines, "touched_at_ns", her->touched_at);
    fl_lines_integer(lines, "available_since_ns", her->available_since);
    fl_lines_close(lines);
}
