/* The run of one day: setting up, the loop over events, the intervals, the end. */
#include "desk/desk.h"

#include "desk/inbox.h"

#include <math.h>
#include <string.h>

#define CHATS_AT_FIRST 64u
#define AGENTS_NEAR_MOST 512u /* the records of more do not stay in the cache */
#define DRAIN_LONGEST (48 * FL_HOUR) /* working off what is open ends then at the latest */

/* ---- Setting up -------------------------------------------------------------------------------- */

static void *take(struct fl_desk *desk, size_t count, size_t bytes_each)
{
    const size_t at = fl_arena_take(desk->arena, count > 0 ? count : 1, bytes_each);
    if (at == FL_ARENA_NONE) {
        desk_check(desk, FL_EFULL);
        return NULL;
    }
    return fl_arena_at(desk->arena, at);
}

static double or_else(double value, double other)
{
    return isnan(value) ? other : value;
}

static void agent_begin(struct fl_desk *desk, uint32_t a, uint32_t definition, uint32_t ordinal)
{
    const struct fl_desk_def *desk_def = &desk->scenario->desk;
    const struct fl_agent_def *def = &desk_def->agents[definition];
    const struct fl_grade_def *grade = def->grade == FL_NONE ? NULL : &desk_def->grades[def->grade];
    const double cpm = grade != NULL ? or_else(def->typing_cpm, or_else(grade->typing_cpm, 60)) : or_else(def->typing_cpm, 60);
    const uint64_t key = fl_key_agent(desk->setup->seed, desk->setup->replication, fl_hash_text(def->name), ordinal);
    desk->agents[a] = (struct fl_agent){
        .groups = def->groups, .last_assigned_at = -1, .oldest_unanswered_at = FL_TIME_NEVER, .capacity = def->max_chats,
        .weight = def->weight, .definition = definition, .state = FL_OFFLINE,
    };
    desk->own[a] = (struct desk_agent){
        .inbox_first = FL_NO_CHAT, .inbox_last = FL_NO_CHAT, .chat = FL_NO_CHAT, .first_chat = FL_NO_CHAT, .turn = FL_NO_CHAT,
        .s_per_char = 60 / cpm, .duty_from = -1, .group = (uint32_t)__builtin_ctzll(def->groups | UINT64_C(1) << 63), .key = key,
    };
    tenure_begin(desk, a);
    if (desk->own[a].group >= desk_def->groups_count) desk->own[a].group = 0;
    if (def->main_account && desk->view.main_account == FL_NO_AGENT) desk->view.main_account = a;
    if (def->proxy_account && desk->view.proxy_account == FL_NO_AGENT) desk->view.proxy_account = a;
}

static uint64_t groups_served(const struct fl_desk *desk, uint32_t a)
{
    uint64_t served = 0;
    for (uint32_t g = 0; g < desk->day->groups; g++) served |= (uint64_t)fl_view_serves_group(&desk->view, a, g) << g;
    return served;
}

static void agents_begin(struct fl_desk *desk)
{
    uint32_t a = 0;
    desk->view.main_account = desk->view.proxy_account = FL_NO_AGENT;
    for (uint32_t d = 0; d < desk->scenario->desk.agents_count; d++)
        for (uint32_t i = 0; i < desk->scenario->desk.agents[d].count; i++) agent_begin(desk, a++, d, i);
    if (desk->view.main_account == FL_NO_AGENT && a > 0) desk->view.main_account = 0;
    if (desk->view.proxy_account == FL_NO_AGENT) desk->view.proxy_account = desk->view.main_account;
    const uint32_t apart = desk->view.main_account; /* under main_only she serves all groups, and nobody else any */
    for (a = 0; a < desk->view.agents_count; a++) {
        const bool alike = a > 0 && desk->agents[a].definition == desk->agents[a - 1].definition && a != apart && a - 1 != apart;
        desk->serves[a] = alike ? desk->serves[a - 1] : groups_served(desk, a);
    }
}

const char *const *fl_desk_agent_names(struct fl_arena *arena, const struct fl_scenario *scenario)
{
    const uint32_t agents = fl_scenario_agents_count(scenario);
    const size_t names_at = fl_arena_take(arena, agents > 0 ? agents : 1, sizeof(char *));
    if (names_at == FL_ARENA_NONE) return NULL;
    const char **names = fl_arena_at(arena, names_at);
    uint32_t a = 0;
    for (uint32_t d = 0; d < scenario->desk.agents_count; d++) {
        const struct fl_agent_def *def = &scenario->desk.agents[d];
        for (uint32_t i = 1; i <= def->count; i++) {
            names[a++] = def->name;
            if (def->count == 1) break;
            const size_t length = strlen(def->name), at = fl_arena_take(arena, length + 12, 1);
            if (at == FL_ARENA_NONE) return NULL;
            char *name = fl_arena_at(arena, at);
            memcpy(name, def->name, length);
            name[length] = '#';
            char digits[10];
            uint32_t n = 0;
            for (uint32_t rest = i; rest > 0; rest /= 10) digits[n++] = (char)('0' + rest % 10);
            for (uint32_t k = 0; k < n; k++) name[length + 1 + k] = digits[n - 1 - k];
            name[length + 1 + n] = '\0';
            names[a - 1] = name;
        }
    }
    return names;
}

/* false: the arena is too small. */
static bool share_begin(struct fl_desk *desk)
{
    uint32_t *const share = take(desk, desk->view.agents_count, sizeof *share);
    if (share == NULL) return false;
    fl_share_agents(desk->scenario, desk->setup->share.of, share);
    desk->share = share;
    return true;
}

static uint16_t counted_interval(const struct fl_desk *desk)
{
    return desk->now >= desk->scenario->warmup && !desk->ended ? desk->interval_index : NOT_COUNTED;
}

static fl_time next_boundary(const struct fl_desk *desk)
{
    const struct fl_scenario *scenario = desk->scenario;
    fl_time next = (fl_time)(desk->interval_index + 1) * scenario->interval;
    if (desk->now < scenario->warmup && scenario->warmup < next) next = scenario->warmup;
    return next < scenario->duration ? next : scenario->duration;
}

static void snapshot(struct fl_desk *desk, uint32_t index)
{
    struct fl_snapshot *snap = &desk->day->snapshot[index];
    *snap = (struct fl_snapshot){ .waiting = desk->waiting_total };
    for (uint32_t a = 0; a < desk->view.agents_count; a++) {
        snap->open += desk->agents[a].open;
        snap->on_duty += desk->own[a].duty_from >= 0 && !desk->own[a].finishing;
        snap->busy += desk->own[a].compose != COMPOSE_NOTHING;
    }
}

/* Four mean thinking times, the longest of all intents: one buyer in fifty thinks longer when they are exponential. */
static fl_time events_span(const struct fl_scenario *scenario)
{
    double longest = fl_distribution_mean(&scenario->buyers.think_time);
    for (uint32_t i = 0; i < scenario->buyers.intents_count; i++) {
        const struct fl_intent *intent = &scenario->buyers.intents[i];
        if (intent->has_think_time && fl_distribution_mean(&intent->think_time) > longest) longest = fl_distribution_mean(&intent->think_time);
    }
    const fl_time span = fl_time_from_s(4 * longest);
    return span > FL_SECOND ? span : FL_SECOND;
}

static enum fl_status desk_begin(struct fl_desk *desk, const struct fl_desk_setup *setup, struct fl_arena *arena, struct fl_day *day)
{
    const struct fl_scenario *scenario = setup->scenario;
    const uint32_t agents = fl_scenario_agents_count(scenario), groups = scenario->desk.groups_count;
    *desk = (struct fl_desk){
        .setup = setup, .scenario = scenario, .arena = arena, .day = day, .ops = setup->router.ops, .router = setup->router.self,
        .streams_count = setup->plan->streams_count, .chats_capacity = CHATS_AT_FIRST, .chats_free = FL_NO_CHAT,
        .pool_first = FL_NO_CHAT, .pool_last = FL_NO_CHAT, .backlog_left = fl_share_backlog(&setup->share, scenario->desk.backlog), .wakes_capacity = 64,
        .reply_within = scenario->platform.reply_within > 0 ? scenario->platform.reply_within : 180 * FL_SECOND,
        .any_extras = scenario->desk.depth.per_chat > 0, .logs = setup->on_log != NULL,
        .interleaved = scenario->desk.reply_order == FL_INTERLEAVED, .next_visits = scenario->buyers.next_visit.probability > 0,
        .watches_load = scenario->desk.auto_suspend.at_open != FL_NONE || scenario->desk.auto_suspend.below_reply_rate > 0,
        .follows_score = scenario->money.score_traffic > 0 && scenario->duration > FL_DAY,
    };
    const struct fl_buyers *buyers = &scenario->buyers;
    desk->ordinary_within = desk->reply_within < SLOW_ROUND ? desk->reply_within : SLOW_ROUND - 1;
    desk->even_speed = !(scenario->desk.tiredness.per_hour > 0);
    for (uint32_t i = 0; i < scenario->desk.multitasking.speeds_count; i++)
        desk->even_speed &= scenario->desk.multitasking.speed_by_open[i] == 1;
    desk->oldest_first = scenario->desk.reply_order == FL_OLDEST_FIRST;
    desk->has_patience_first = buyers->patience.has_first;
    desk->has_patience_later = buyers->patience.has_later;
    desk->single_messages = true;
    for (uint32_t i = 0; i < buyers->intents_count; i++) {
        const struct fl_intent *intent = &buyers->intents[i];
        const struct fl_distribution *messages = intent->has_messages ? &intent->messages_per_round : &buyers->messages_per_round;
        desk->has_patience_first |= intent->has_patience;
        desk->transfers |= intent->transfer > 0 && !scenario->desk.one_stop;
        desk->has_parts |= !intent->reply.has_total;
        desk->single_messages &= messages->kind == FL_CONSTANT && messages->a <= 1;
    }
    desk->recording = scenario->traffic.replay.recording;
    if (desk->recording != NULL) { /* they may have left, and written in pieces, whatever is drawn of others */
        desk->has_patience_first = desk->has_patience_later = true;
        desk->single_messages = false;
    }
    const enum fl_status created = fl_day_create(arena, scenario, agents, setup->left_out, day);
    if (created != FL_OK) return created;
    desk->agents = take(desk, agents, sizeof *desk->agents);
    desk->own = take(desk, agents, sizeof *desk->own);
    desk->chats = take(desk, desk->chats_capacity, sizeof *desk->chats);
    desk->streams = take(desk, desk->streams_count, sizeof *desk->streams);
    desk->wakes = take(desk, desk->wakes_capacity, sizeof *desk->wakes);
    desk->waiting = take(desk, groups, sizeof *desk->waiting);
    desk->waiting_from = take(desk, groups, sizeof *desk->waiting_from);
    desk->queue_ns = take(desk, groups, sizeof *desk->queue_ns);
    desk->pooled = take(desk, groups, sizeof *desk->pooled);
    desk->serves = take(desk, agents, sizeof *desk->serves);
    desk->pool_seen = take(desk, agents, sizeof *desk->pool_seen);
    desk->class_until = take(desk, buyers->classes_count, sizeof *desk->class_until);
    desk->slot_agents = SLOT_STREAMS + desk->streams_count;
    desk->slot_chats = desk->slot_agents + agents;
    const uint32_t slots = desk->slot_chats + desk->chats_capacity;
    void *const memory = take(desk, 1, fl_events_bytes(slots));
    if (desk->failed != FL_OK) return desk->failed;
    desk->events_span = events_span(scenario);
    fl_events_start(&desk->events, memory, slots, desk->events_span);
    double until = 0;
    for (uint32_t i = 0; i < buyers->classes_count; i++) desk->class_until[i] = until += buyers->classes[i].share;

    desk->view = (struct fl_view){ .scenario = scenario, .agents = desk->agents, .agents_count = agents, .seed = setup->seed,
                                   .replication = setup->replication };
    desk->view.names = fl_desk_agent_names(arena, scenario);
    if (desk->view.names == NULL) return FL_EFULL;
    agents_begin(desk);
    if (setup->share.of > 1 && !share_begin(desk)) return FL_EFULL;
    desk->port = (struct fl_port){ desk_decide, desk };
    desk->interval = NOT_COUNTED;
    desk->counts_recent = scenario->routing.counts == FL_COUNTS_RECENT_ACTIVE;
    if (desk->counts_recent && activity_begin(desk) != FL_OK) return FL_EFULL;
    return presence_begin(desk);
}

/* A router that is told nothing: for what happened before the day began. */
static enum fl_status ignore_agent(void *self, const struct fl_view *view, uint32_t agent, enum fl_agent_state before)
{
    (void)self, (void)view, (void)agent, (void)before;
    return FL_OK;
}

static enum fl_status ignore_closed(void *self, const struct fl_view *view, uint32_t chat, uint32_t agent, enum fl_close_reason why)
{
    (void)self, (void)view, (void)chat, (void)agent, (void)why;
    return FL_OK;
}

static enum fl_status traffic_begin(struct fl_desk *desk)
{
    static const struct fl_router_ops nobody = { .name = "nobody", .agent = ignore_agent, .closed = ignore_closed };
    const struct fl_desk_setup *setup = desk->setup;
    desk->ops = &nobody;
    presence_before_start(desk);
    desk->ops = setup->router.ops;
    desk->leaves_beside_idle = desk_leaves_beside_idle(desk);
    const enum fl_status status = desk->ops->begin(desk->router, desk->arena, &desk->view, &desk->port);
    if (status != FL_OK) return status;
    desk->tells_messages = desk->ops->message != NULL && (desk->ops->wants_messages == NULL || desk->ops->wants_messages(desk->router));
    desk->messages_heeded = desk->logs || desk->counts_recent;
    desk->replies_heeded = desk->messages_heeded || desk->tells_messages || desk->watches_load;
    fl_traffic_day_begin(setup->plan, setup->seed, setup->replication, &desk->traffic_day);
    if (desk->follows_score) desk->traffic_day.dates_known = 1;
    for (uint32_t s = 0; s < desk->streams_count; s++) {
        fl_stream_begin(setup->plan, &desk->traffic_day, s, &desk->streams[s]);
        fl_events_set(&desk->events, SLOT_STREAMS + s, fl_stream_next(setup->plan, &desk->traffic_day, &desk->streams[s]), FL_CLASS_ARRIVAL);
    }
    desk->interval = counted_interval(desk);
    desk->boundary = next_boundary(desk);
    snapshot(desk, 0);
    return desk->failed;
}

/* ---- Intervals --------------------------------------------------------------------------------- */

static void flush_agent(struct fl_desk *desk, uint32_t a)
{
    struct desk_agent *own = &desk->own[a];
    agent_account(desk, a);
    if (own->compose != COMPOSE_NOTHING) busy_account(desk, own);
    if (own->duty_from >= 0) {
        own->duty_ns += (uint64_t)(desk->now - own->duty_from);
        own->duty_from = desk->now;
    }
    struct fl_cell *cells[2] = { &desk->day->interval_group[(size_t)desk->interval * desk->day->groups + own->group],
                                 &desk->day->agent[a] };
    const struct fl_duty did = { own->duty_ns / 1000, own->busy_ns / 1000, own->open_ns / 1000, own->depth_ns / 1000 };
    for (int i = 0; i < 2; i++) {
        cells[i]->count[FL_COUNT_busy_us] += did.busy_us;
        cells[i]->count[FL_COUNT_duty_us] += did.duty_us;
        cells[i]->count[FL_COUNT_open_us] += did.open_us;
        cells[i]->count[FL_COUNT_depth_us] += did.depth_us;
    }
    struct fl_duty *const duty = &desk->day->duty[(size_t)(a / desk->day->duty_agents) * desk->day->intervals + desk->interval];
    duty->duty_us += did.duty_us;
    duty->busy_us += did.busy_us;
    duty->open_us += did.open_us;
    duty->depth_us += did.depth_us;
    if (desk->day->dates > 0)
        desk->day->date_duty_us[(size_t)fl_date_of_interval(desk->scenario, desk->interval) * desk->day->agents + a] += did.duty_us;
    own->busy_ns %= 1000; /* what is no whole microsecond goes over to the next interval */
    own->duty_ns %= 1000;
    own->open_ns %= 1000;
    own->depth_ns %= 1000;
}

static void flush_queues(struct fl_desk *desk)
{
    for (uint32_t g = 0; g < desk->day->groups; g++) {
        desk->queue_ns[g] += (uint64_t)(desk->now - desk->waiting_from[g]) * desk->waiting[g];
        desk->day->interval_group[(size_t)desk->interval * desk->day->groups + g].count[FL_COUNT_queue_us] += desk->queue_ns[g] / 1000;
        desk->queue_ns[g] %= 1000;
        desk->waiting_from[g] = desk->now;
    }
}

/* Nobody is lost: every counted chat is settled once, or still open. */
static void check_conservation(const struct fl_desk *desk)
{
    uint64_t offered = 0, settled = 0;
    for (size_t i = 0; i < (size_t)desk->day->intervals * desk->day->groups; i++) {
        const uint64_t *count = desk->day->interval_group[i].count;
        offered += count[FL_COUNT_chats_offered];
        settled += count[FL_COUNT_chats_answered] + count[FL_COUNT_chats_abandoned] + count[FL_COUNT_chats_rejected] +
                   count[FL_COUNT_bot_resolved] + count[FL_COUNT_chats_unserved];
    }
    FL_ASSERT(offered == settled + desk->unsettled);
}

#ifndef NDEBUG
/* The levels that are kept by increments, counted afresh. */
static void check_levels(const struct fl_desk *desk)
{
    uint64_t open = 0, awaiting = 0, held = 0, inbox = 0;
    for (uint32_t a = 0; a < desk->view.agents_count; a++) {
        open += desk->agents[a].open;
        awaiting += desk->agents[a].awaiting;
    }
    for (uint32_t c = 0; c < desk->chats_used; c++) {
        if (desk->chats[c].state == CHAT_FREE) continue;
        held += desk->chats[c].agent != FL_NO_AGENT;
        inbox += desk->chats[c].state == CHAT_WAITING;
    }
    FL_ASSERT(open == held);
    FL_ASSERT(awaiting == inbox);
}
#endif

static void flush(struct fl_desk *desk)
{
    if (desk->interval != NOT_COUNTED) {
        for (uint32_t a = 0; a < desk->view.agents_count; a++) flush_agent(desk, a);
        desk->counted_from = desk->now;
        flush_queues(desk);
        check_conservation(desk);
    }
#ifndef NDEBUG
    check_levels(desk);
#endif
}

/* What lies before the first counted instant is thrown away, not booked late. */
static void warmup_ends(struct fl_desk *desk)
{
    for (uint32_t a = 0; a < desk->view.agents_count; a++) {
        struct desk_agent *own = &desk->own[a];
        own->depth_from = own->open_from = desk->now;
        if (own->duty_from >= 0) own->duty_from = desk->now;
    }
    desk->counted_from = desk->now;
    for (uint32_t g = 0; g < desk->day->groups; g++) desk->waiting_from[g] = desk->now;
}

static void interval_ends(struct fl_desk *desk)
{
    desk->now = desk->view.now = desk->boundary;
    flush(desk);
    if (desk->now >= desk->scenario->duration) {
        snapshot(desk, desk->day->intervals);
        desk->ended = desk->stopped = true;
        chats_settle(desk);
        desk->interval = NOT_COUNTED;
        return;
    }
    const bool first = desk->interval == NOT_COUNTED;
    desk->interval_index = (uint16_t)(desk->now / desk->scenario->interval);
    desk->interval = counted_interval(desk);
    desk->boundary = next_boundary(desk);
    if (first && desk->interval != NOT_COUNTED) warmup_ends(desk);
    if (desk->now % desk->scenario->interval == 0) snapshot(desk, desk->interval_index);
    if (desk->setup->stop != NULL && *desk->setup->stop) desk_check(desk, FL_EINTERRUPTED);
}

/* ---- The loop ---------------------------------------------------------------------------------- */

FL_ALWAYS_INLINE void dispatch(struct fl_desk *desk, uint32_t slot)
{
    if (slot >= desk->slot_chats) chat_timer_fires(desk, slot - desk->slot_chats);
    else if (slot >= desk->slot_agents) agent_compose_ends(desk, slot - desk->slot_agents);
    else if (slot >= SLOT_STREAMS) chat_arrive(desk, slot - SLOT_STREAMS);
    else if (slot == SLOT_WAKE) wake_fires(desk);
    else if (slot == SLOT_ACTIVITY) activity_fires(desk);
    else presence_fires(desk);
}

FL_ALWAYS_INLINE void fetch(const void *record, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += 64) __builtin_prefetch((const unsigned char *)record + at, 1);
}

FL_ALWAYS_INLINE void fetch_agent(const struct fl_desk *desk, uint32_t a)
{
    fetch(&desk->own[a], 64);
    fetch(&desk->agents[a], 1);
}

/* For the next event, whose records are here by now, what they lead to: the level at which the time of its agent is booked; before a
 * message, the end of her inbox, or where the end of the reply will be put that she begins at once; before a reply, who comes next in
 * her inbox, and where the buyer's next message will be put. */
static void fetch_for_next(const struct fl_desk *desk)
{
    const uint32_t slot = fl_event_slot(desk->events.next);
    const bool message = slot - desk->slot_chats < desk->chats_used;
    const uint32_t a = message ? desk->chats[slot - desk->slot_chats].agent : slot - desk->slot_agents;
    if (a >= desk->view.agents_count) return;
    const struct desk_agent *own = &desk->own[a];
    const fl_time at = fl_event_at(desk->events.next);
    fetch(fl_day_level(desk->day, desk->agents[a].awaiting % FL_LEVELS, a), 1);
    if (message) {
        if (own->inbox_last != FL_NO_CHAT) {
            fetch(&desk->chats[own->inbox_last], 1);
        } else {
            fl_events_expect(&desk->events, desk->slot_agents + a);
            fl_events_expect_at(&desk->events, at + fl_time_from_s(desk->chats[slot - desk->slot_chats].reply_s * own->slowness));
        }
    } else if (own->chat != FL_NO_CHAT) {
        const struct chat *chat = &desk->chats[own->chat];
        if (chat->next != FL_NO_CHAT) fetch(&desk->chats[chat->next], 128);
        fl_events_expect(&desk->events, chat_slot(desk, own->chat));
        fl_events_expect_at(&desk->events, at + chat->think);
    }
}

/* Sends for the records of an event some way ahead, and for those that one less far ahead leads to: on a desk of thousands they have
 * long left the cache. */
static void fetch_ahead(const struct fl_desk *desk)
{
    uint32_t slots[2];
    fl_events_upcoming(&desk->events, slots);
    const uint32_t a = slots[1] - desk->slot_agents, c = slots[1] - desk->slot_chats;
    if (c < desk->chats_used) fetch(&desk->chats[c], 128);
    else if (a < desk->view.agents_count) fetch_agent(desk, a);
    if (slots[1] < FL_EVENTS_SLOTS_MAX) fl_events_expect(&desk->events, slots[1]);
    const uint32_t next_a = slots[0] - desk->slot_agents, next_c = slots[0] - desk->slot_chats;
    if (next_c < desk->chats_used) {
        if (desk->chats[next_c].agent != FL_NO_AGENT) fetch_agent(desk, desk->chats[next_c].agent);
    } else if (next_a < desk->view.agents_count && desk->own[next_a].chat != FL_NO_CHAT) {
        fetch(&desk->chats[desk->own[next_a].chat], 128);
    }
    fetch_for_next(desk);
}

/* In real time: whether the day may go on to its next event, or to `until` when that is sooner. If the router is heard before, it
 * may have brought something nearer. */
static bool has_come(struct fl_desk *desk, fl_time until)
{
    const fl_time next = fl_event_at(desk->events.next);
    fl_time now = desk->now;
    if (desk->setup->pace(desk->setup->pace_context, next < until ? next : until, &now)) return true;
    desk->now = desk->view.now = now;
    desk_check(desk, desk->ops->heard(desk->router, &desk->view));
    return false;
}

FL_ALWAYS_INLINE uint32_t take_next(struct fl_desk *desk)
{
    fl_events_are_many(&desk->events);
    const fl_event_key next = fl_events_take(&desk->events);
    desk->now = desk->view.now = fl_event_at(next);
    return fl_event_slot(next);
}

/* What it asks of each event is known to the compiler. */
FL_ALWAYS_INLINE void run_events(struct fl_desk *desk, bool large, bool paced)
{
    while (!desk->stopped) {
        if (paced && !has_come(desk, desk->boundary)) continue;
        if (!fl_events_due(&desk->events, desk->boundary)) {
            interval_ends(desk);
            continue;
        }
        const uint32_t slot = take_next(desk);
        if (large) fetch_ahead(desk);
        dispatch(desk, slot);
    }
}

static void run_until_end(struct fl_desk *desk)
{
    if (desk->setup->pace != NULL) run_events(desk, false, true);
    else if (desk->view.agents_count > AGENTS_NEAR_MOST) run_events(desk, true, false);
    else run_events(desk, false, false);
}

/* Works off what is open, without new buyers; counted apart. */
static void drain(struct fl_desk *desk)
{
    const fl_time until = desk->scenario->duration + DRAIN_LONGEST;
    desk->replies_heeded = true; /* they are counted */
    for (uint32_t s = 0; s < desk->streams_count; s++) fl_events_cancel(&desk->events, SLOT_STREAMS + s);
    while (desk->failed == FL_OK) {
        if (desk->setup->pace != NULL && fl_events_due(&desk->events, until) && !has_come(desk, until)) continue;
        if (!fl_events_due(&desk->events, until)) break;
        dispatch(desk, take_next(desk));
    }
}

enum fl_status fl_desk_run(const struct fl_desk_setup *setup, struct fl_arena *arena, struct fl_day *day)
{
    struct fl_desk desk;
    enum fl_status status = desk_begin(&desk, setup, arena, day);
    if (status == FL_OK) status = traffic_begin(&desk);
    if (status != FL_OK) return status;
    fl_assert_note_run(setup->seed, setup->replication);
    run_until_end(&desk);
    if (desk.failed == FL_OK && setup->scenario->end == FL_END_DRAIN) drain(&desk);
    desk.ops->end(desk.router, &desk.view);
    if (desk.failed == FL_OK) fl_day_finish(setup->scenario, day);
    return desk.failed;
}
