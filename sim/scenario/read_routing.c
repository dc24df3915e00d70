/* The "routing" block. */
#include "scenario/read.h"

#include <string.h>

static const char *const policy_names[] = {
#define POLICY_NAME(upper, lower) #lower,
    FL_POLICIES(POLICY_NAME)
#undef POLICY_NAME
        "average",
    "weighted", NULL
};
static const char *const tie_names[] = { "oldest_assignment", "seeded_random", NULL };
static const char *const late_join_names[] = { "zero", "group_min", "group_mean", NULL };
static const char *const rejoin_names[] = { "keep", "tail", NULL };
static const char *const suspend_names[] = { "sticky", "strict", "reroute_recent", NULL };
static const char *const counts_names[] = { "open", "awaiting", "recent_active", NULL };
static const char *const overflow_names[] = { "queue",        "assign_anyway", "overflow_group", "offline_rule",
                                              "close_oldest", "group",         "offline",        NULL };
static const char *const discipline_names[] = { "fifo", "priority_fifo",   "priority_aging",
                                                "lifo", "longest_waiting", "edf",
                                                NULL };

#define FL_HERE struct fl_routing_def

static bool read_overflow(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key,
                          void *field)
{
    static const enum fl_overflow meaning[] = { FL_OVERFLOW_QUEUE,   FL_OVERFLOW_ASSIGN_ANYWAY, FL_OVERFLOW_GROUP,
                                                FL_OVERFLOW_OFFLINE, FL_OVERFLOW_CLOSE_OLDEST,  FL_OVERFLOW_GROUP,
                                                FL_OVERFLOW_OFFLINE };
    uint32_t index = 0;
    if (!fl_read_choice(r, json, at, key->choices, &index)) return false;
    *(enum fl_overflow *)field = meaning[index];
    return true;
}

static bool read_rejoin(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key,
                        void *field)
{
    uint32_t index = 0;
    if (!fl_read_choice(r, json, at, key->choices, &index)) return false;
    *(bool *)field = index == 1;
    return true;
}

static const struct fl_key recent_agent_keys[] = {
    DURATION("window", recent_window, 0, 365 * 86400.0),
    DURATION("ignores_suspend", recent_ignores_suspend, 0, 365 * 86400.0),
    BOOLEAN("ignores_capacity", recent_ignores_capacity),
};
static const struct fl_object recent_agent_object = { .keys = recent_agent_keys,
                                                      .keys_count = FL_COUNTOF(recent_agent_keys) };

static bool read_recent_agent(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key,
                              void *field)
{
    struct fl_routing_def *const routing = field;
    routing->recent_agent = true;
    return fl_read_members(r, json, at, key->object, routing);
}

static const struct fl_key capacity_keys[] = {
    CHOICE("counts", counts, counts_names),
    DURATION("active_within", counts_within, 1, 86400),
    COUNT("default", capacity_default, 1, FL_UNLIMITED),
};

static bool check_capacity(struct reader *r, const cJSON *json, const struct fl_at *at, void *out)
{
    const struct fl_routing_def *const routing = out;
    const struct fl_at within_at = { .up = at, .key = "active_within" };
    const cJSON *const within = fl_member(json, "active_within");
    if (within == NULL || routing->counts == FL_COUNTS_RECENT_ACTIVE) return true;
    return fl_note_key(r, within, &within_at, FL_ECONFLICT,
                       "wanted \"active_within\" only with \"counts\": \"recent_active\"");
}

static const struct fl_object capacity_object = { .keys = capacity_keys,
                                                  .keys_count = FL_COUNTOF(capacity_keys),
                                                  .check = check_capacity };

static const struct fl_key queue_keys[] = {
    CHOICE("discipline", discipline, discipline_names),
    COUNT_OR("max_length", queue_max, 0, FL_UNLIMITED, FL_UNLIMITED),
    DURATION_OR_NEVER("max_wait", queue_max_wait, 0, 30 * 86400.0),
    DURATION("credit", priority_credit, 0, 86400),
    DURATION("due", due, 0, 86400),
};
static const struct fl_object queue_object = { .keys = queue_keys, .keys_count = FL_COUNTOF(queue_keys) };

static const struct fl_key rate_limit_keys[] = {
    NEEDED_COUNT("count", rate_limit, 1, FL_UNLIMITED),
    NEEDED_DURATION("window", rate_window, 0.001, 86400),
};
static const struct fl_object rate_limit_object = { .keys = rate_limit_keys,
                                                    .keys_count = FL_COUNTOF(rate_limit_keys) };

/* The aliases stand for a policy and, for "average", one of its options; the option may still be given. */
static bool check_routing(struct reader *r, const cJSON *json, const struct fl_at *at, void *out)
{
    (void)r;
    (void)at;
    struct fl_routing_def *const routing = out;
    const cJSON *const policy = fl_member(json, "policy");
    if (policy == NULL) return true;
    if (strcmp(policy->valuestring, "weighted") == 0) routing->policy = FL_POLICY_WEIGHTED_LEAST_ACTIVE;
    if (strcmp(policy->valuestring, "average") != 0) return true;
    routing->policy = FL_POLICY_FEWEST_TODAY;
    if (fl_member(json, "late_join") == NULL) routing->late_join = FL_LATE_GROUP_MIN;
    return true;
}

const struct fl_routing_def fl_routing_neutral = {
    .policy = FL_POLICY_LEAST_ACTIVE,
    .available_resets_on_close = true,
    .d = 2,
    .level = 1,
    .reserved_class = FL_NONE,
    .prior_reply_ms = 20000,
    .ring = 30 * FL_SECOND,
    .recent_window = 72 * FL_HOUR,
    .recent_ignores_suspend = 24 * FL_HOUR,
    .counts_within = 5 * FL_MINUTE,
    .capacity_default = 50,
    .queue_max = FL_UNLIMITED,
    .queue_max_wait = FL_TIME_NEVER,
    .priority_credit = 90 * FL_SECOND,
    .due = 180 * FL_SECOND,
    .rate_limit = FL_UNLIMITED,
    .rate_window = FL_MINUTE,
    .accept_timeout = FL_TIME_NEVER,
};

static const struct fl_key routing_keys[] = {
    CHOICE("policy", policy, policy_names),
    CHOICE("tie", tie, tie_names),
    CHOICE("late_join", late_join, late_join_names),
    { .name = "rejoin",
      .kind = FL_KEY_CUSTOM,
      .offset = FL_OFFSET(FL_HERE, rejoin_tail),
      .choices = rejoin_names,
      .read = read_rejoin },
    BOOLEAN("count_group_only", count_group_only),
    BOOLEAN("available_resets_on_close", available_resets_on_close),
    COUNT("d", d, 1, FL_AGENTS_MAX),
    COUNT("level", level, 1, 10000),
    COUNT("reserved", reserved, 0, 10000),
    NAME_OF("reserved_class", reserved_class, FL_NAMES_CLASSES),
    COUNT("prior_reply_ms", prior_reply_ms, 1, 86400000),
    DURATION("ring", ring, 0.001, 86400),
    DRAW_TIME("pick_up", pick_up),
    { .name = "recent_agent",
      .kind = FL_KEY_CUSTOM,
      .flags = FL_KEY_NULL,
      .object = &recent_agent_object,
      .read = read_recent_agent },
    BOOLEAN("dedicated_agent", dedicated_agent),
    CHOICE("suspend", suspend, suspend_names),
    OBJECT("capacity", capacity_object),
    { .name = "overflow",
      .kind = FL_KEY_CUSTOM,
      .offset = FL_OFFSET(FL_HERE, overflow),
      .choices = overflow_names,
      .read = read_overflow },
    OBJECT("queue", queue_object),
    OBJECT("rate_limit", rate_limit_object),
    DURATION_OR_NEVER("accept_timeout", accept_timeout, 0.001, 86400),
};
#undef FL_HERE
const struct fl_object fl_routing_object = { .keys = routing_keys,
                                             .keys_count = FL_COUNTOF(routing_keys),
                                             .size = sizeof(struct fl_routing_def),
                                             .neutral = &fl_routing_neutral,
                                             .check = check_routing };
