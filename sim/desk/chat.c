/* A buyer's side of a chat: arriving, writing, waiting, leaving, closing, coming back. How she goes on after an answer is in reply.c. */
#include "desk/inbox.h"
#include "desk/round.h"

#include "routing/engine.h"

#include <string.h>

/* ---- Records ----------------------------------------------------------------------------------- */

/* Doubles the room for chats. Slots keep their numbers, so nobody else notices. */
static bool chats_grow(struct fl_desk *desk)
{
    const uint32_t capacity = desk->chats_capacity * 2;
    if (desk->slot_chats + capacity > FL_EVENTS_SLOTS_MAX) return false;
    const size_t chats_at = fl_arena_take(desk->arena, capacity, sizeof(struct chat));
    const size_t node_at = fl_arena_take(desk->arena, 1, fl_events_bytes(desk->slot_chats + capacity));
    if (chats_at == FL_ARENA_NONE || node_at == FL_ARENA_NONE) return false;
    struct chat *chats = fl_arena_at(desk->arena, chats_at);
    memcpy(chats, desk->chats, desk->chats_capacity * sizeof *chats);
    struct fl_events events;
    fl_events_start(&events, fl_arena_at(desk->arena, node_at), desk->slot_chats + capacity, desk->events_span);
    fl_events_move(&events, &desk->events);
    desk->events = events;
    desk->chats = chats;
    desk->chats_capacity = capacity;
    return true;
}

static uint32_t chat_take(struct fl_desk *desk)
{
    if (desk->chats_free != FL_NO_CHAT) {
        const uint32_t c = desk->chats_free;
        desk->chats_free = desk->chats[c].next;
        return c;
    }
    if (desk->chats_used == desk->chats_capacity && !chats_grow(desk)) {
        desk_check(desk, FL_EFULL);
        return FL_NO_CHAT;
    }
    return desk->chats_used++;
}

void chat_free(struct fl_desk *desk, uint32_t c)
{
    chat_disarm(desk, c);
    desk->chats[c].state = CHAT_FREE;
    desk->chats[c].next = desk->chats_free;
    desk->chats_free = c;
}

void chat_log_write(struct fl_desk *desk, uint32_t c, uint8_t kind, uint8_t flags, uint32_t chars)
{
    struct chat *chat = &desk->chats[c];
    const bool is_message = kind == FL_LOG_BUYER_MESSAGE || kind == FL_LOG_AGENT_REPLY || kind == FL_LOG_AGENT_EXTRA ||
                            kind == FL_LOG_BOT_REPLY || kind == FL_LOG_ABANDONED;
    const struct fl_log_event event = {
        .at = desk->now,
        .chat_id = chat->visit_id == 0 ? (uint64_t)chat->stream << 40 | chat->ordinal : (uint64_t)desk->streams_count << 40 | chat->visit_id,
        .buyer_id = fl_mix(chat->ordinal + desk->streams[chat->stream].source), /* as routers know her */
        .key = fl_key_buyer(desk->setup->seed, desk->setup->replication, desk->streams[chat->stream].source, chat->ordinal, chat->visits_before),
        .agent = chat->agent,
        .message_index = is_message ? chat->message_index++ : chat->message_index,
        .round = chat->rounds,
        .chars = chars,
        .kind = kind,
        .intent = chat->intent,
        .buyer_class = chat->buyer_class,
        .flags = flags,
    };
    if (!desk->setup->on_log(desk->setup->log_context, &event)) desk_check(desk, FL_EINTERRUPTED);
}

/* ---- Rounds ------------------------------------------------------------------------------------ */

static void add(struct fl_desk *desk, const struct fl_where *where, enum fl_count what)
{
    fl_day_add(desk->day, where, what, 1);
}

/* Until when she waits in the round that opens now. */
fl_time chat_patience_until(const struct fl_desk *desk, const struct chat *chat)
{
    const struct fl_intent *intent = &desk->scenario->buyers.intents[chat->intent];
    const struct fl_patience *patience = &desk->scenario->buyers.patience;
    const bool first = (chat->flags & FLAG_REPLIED) == 0;
    const struct fl_distribution *wait;
    if (first && intent->has_patience) wait = &intent->patience;
    else if (first && patience->has_first) wait = &patience->first;
    else if (!first && patience->has_later) wait = &patience->later;
    else wait = NULL;
    fl_time recorded;
    if (desk->recording != NULL && recorded_patience(desk, chat, wait, &recorded))
        return recorded == FL_TIME_NEVER ? FL_TIME_NEVER : desk->now + recorded;
    if (wait == NULL) return FL_TIME_NEVER;
    const double value = fl_distribution_value(wait, fl_draw(chat->key, FL_DRAW_PATIENCE, round_index(chat)));
    return desk->now + fl_time_from_s(value * desk->scenario->buyers.classes[chat->buyer_class].patience_scale);
}

static double part(const struct fl_distribution *distribution, uint64_t key, enum fl_draw_purpose purpose, uint32_t index)
{
    if (distribution->kind == FL_CONSTANT) return distribution->a;
    return fl_distribution_value(distribution, fl_draw(key, purpose, index));
}

/* The work belongs to buyer and round: every plan and every agent faces the same draws. */
struct reply_work chat_reply_work(const struct fl_desk *desk, const struct chat *chat, uint32_t round)
{
    const struct fl_reply_def *reply = &desk->scenario->buyers.intents[chat->intent].reply;
    struct reply_work work = { .seconds = part(&reply->read, chat->key, FL_DRAW_READ, round) +
                                          part(&reply->think, chat->key, FL_DRAW_THINK, round) };
    if (reply->needs_tool >= 1 || fl_uniform(fl_draw(chat->key, FL_DRAW_TOOL, round | 1u << 31)) < reply->needs_tool)
        work.seconds += part(&reply->tool, chat->key, FL_DRAW_TOOL, round);
    work.quick = reply->quick_phrase > 0 && fl_uniform(fl_draw(chat->key, FL_DRAW_QUICK_PHRASE, round)) < reply->quick_phrase;
    if (work.quick) {
        work.seconds += fl_time_to_s(reply->quick_phrase_time);
    } else {
        const uint32_t recorded = desk->recording != NULL && !(reply->quick_phrase > 0) ? recorded_chars(desk, chat, round) : 0;
        const double chars = recorded > 0 ? recorded : part(&reply->chars, chat->key, FL_DRAW_CHARS, round);
        work.chars = (uint32_t)(chars < 1e6 ? chars + 0.5 : 1e6);
    }
    return work;
}

void chat_draw_reply(const struct fl_desk *desk, struct chat *chat, uint32_t round)
{
    draw_reply(desk, chat, round);
}

/* An open round ends, and no recorded reply counts it. */
static void count_round(struct fl_desk *desk, const struct chat *chat)
{
    const struct fl_where where = where_round(chat);
    add(desk, &where, FL_COUNT_rounds_opened);
    if (chat->flags & FLAG_ROUND_BY_DESK) fl_day_add(desk->day, &where, FL_COUNT_buyer_messages, UINT64_MAX);
}

void chat_judge_round(struct fl_desk *desk, uint32_t c, bool in_time)
{
    const struct chat *chat = &desk->chats[c];
    const struct fl_where where = where_round(chat);
    if (chat->flags & FLAG_ROUND_JUDGED) {
        add(desk, &where, FL_COUNT_rounds_judged);
        if (in_time) add(desk, &where, FL_COUNT_rounds_in_3min);
    }
    if (chat->flags & FLAG_ROUND_PLATFORM) {
        add(desk, &where, FL_COUNT_platform_rounds);
        if (in_time) add(desk, &where, FL_COUNT_platform_in_3min);
    }
}

/* Ends an open round as a miss. */
void chat_miss_round(struct fl_desk *desk, uint32_t c)
{
    chat_judge_round(desk, c, false);
    count_round(desk, &desk->chats[c]);
    desk->chats[c].flags &= ~(uint32_t)FLAG_ROUND_OPEN;
}

/* Counts the one outcome a chat has. */
__attribute__((noinline)) void chat_settle_outcome(struct fl_desk *desk, uint32_t c, enum fl_count outcome)
{
    struct chat *chat = &desk->chats[c];
    if (chat->flags & FLAG_SETTLED) return;
    chat->flags |= FLAG_SETTLED;
    if (chat->interval == NOT_COUNTED) return;
    const struct fl_where where = where_chat(chat);
    add(desk, &where, outcome);
    if ((chat->flags & FLAG_JUDGED) == 0) {
        fl_day_add_to_agent(desk->day, &where, FL_COUNT_offered_when_closed, 1);
        if (outcome == FL_COUNT_chats_abandoned) add(desk, &where, FL_COUNT_abandoned_when_closed);
    }
    desk->unsettled--;
    if (outcome != FL_COUNT_bot_resolved && (outcome != FL_COUNT_chats_answered || (chat->flags & FLAG_LEFT_MESSAGE)))
        add(desk, &where, FL_COUNT_chats_no_service);
    if ((chat->flags & FLAG_JUDGED) && outcome != FL_COUNT_bot_resolved) {
        add(desk, &where, FL_COUNT_chats_judged);
        if (outcome == FL_COUNT_chats_answered && desk->now - chat->arrived_at <= 30 * FL_SECOND)
            add(desk, &where, FL_COUNT_first_in_30s);
    }
}

/* While she waits her slot holds whichever comes first: her next message, or the end of her patience. */
void chat_arm_waiting(struct fl_desk *desk, uint32_t c)
{
    const struct chat *chat = &desk->chats[c];
    if (chat->writes_at < chat->leaves_at) chat_arm(desk, c, TIMER_MESSAGE, chat->writes_at);
    else if (chat->leaves_at != FL_TIME_NEVER) chat_arm(desk, c, TIMER_LEAVES, chat->leaves_at);
    else chat_disarm(desk, c);
}

/* ---- Arriving and writing ---------------------------------------------------------------------- */

static uint8_t pick_share(const struct fl_entry_point *list, uint32_t count, uint64_t key, enum fl_draw_purpose purpose)
{
    if (count == 0) return 255;
    double left = fl_uniform(fl_draw(key, purpose, 0));
    uint32_t i = 0;
    while (i + 1 < count && left >= list[i].share) left -= list[i++].share;
    return (uint8_t)i;
}

static uint8_t pick_class(const struct fl_desk *desk, uint64_t key)
{
    const uint32_t count = desk->scenario->buyers.classes_count;
    if (count == 1) return 0;
    const double u = fl_uniform(fl_draw(key, FL_DRAW_CLASS, 0));
    uint32_t i = 0;
    while (i + 1 < count && u >= desk->class_until[i]) i++;
    return (uint8_t)i;
}

static uint32_t questions_of(const struct fl_desk *desk, const struct chat *chat)
{
    const struct fl_buyer_class *class = &desk->scenario->buyers.classes[chat->buyer_class];
    const struct fl_distribution *rounds = &desk->scenario->buyers.intents[chat->intent].rounds;
    const uint64_t bits = fl_draw(chat->key, FL_DRAW_ROUNDS, 0);
    if (class->rounds_scale == 1) {
        const uint32_t count = fl_distribution_count(rounds, bits);
        return count > 1 ? count : 1;
    }
    const double scaled = fl_distribution_value(rounds, bits) * class->rounds_scale + 0.5;
    return scaled > 1 ? (uint32_t)(scaled < 1e6 ? scaled : 1e6) : 1;
}

/* Whom she dealt with before the scenario began, and whom she belongs to. */
static void remember_agents(struct fl_desk *desk, struct chat *chat)
{
    const struct fl_buyer_class *class = &desk->scenario->buyers.classes[chat->buyer_class];
    const uint32_t agents = desk->view.agents_count;
    if (class->recent_agent > 0 && fl_uniform(fl_draw(chat->key, FL_DRAW_RECENT_AGENT, 0)) < class->recent_agent) {
        chat->recent_agent = (uint32_t)fl_uniform_below(fl_draw(chat->key, FL_DRAW_RECENT_WHO, 0), agents);
        chat->recent_at = desk->now - fl_distribution_time(&class->recent_age, fl_draw(chat->key, FL_DRAW_RECENT_AGE, 0));
    }
    if (class->dedicated_agent > 0 && fl_uniform(fl_draw(chat->key, FL_DRAW_RECENT_AGENT, 1)) < class->dedicated_agent)
        chat->dedicated_agent = class->dedicated_to != FL_NONE
                                    ? class->dedicated_to
                                    : (uint32_t)fl_uniform_below(fl_draw(chat->key, FL_DRAW_RECENT_WHO, 1), agents);
}

/* A record as it is before its buyer is known. Field by field: cleared as a whole it costs as much as a round. What its flag says
 * is not there (first_response, work_left, patience_left, tag, reply_s, think) is left as it was. */
static void chat_begin(struct chat *chat)
{
    chat->opened_at = chat->entered_at = chat->leaves_at = chat->writes_at = 0;
    chat->agent = FL_NO_AGENT;
    chat->next = chat->previous = FL_NO_CHAT;
    chat->state = CHAT_ROUTING;
    chat->timer = TIMER_NONE;
    chat->group = chat->hops = 0;
    chat->round_interval = 0;
    chat->active_at = chat->responses_sum = 0;
    chat->question = chat->questions_left = 0;
    chat->messages = chat->answers = chat->replies = chat->reply_chars = 0;
    chat->burst_left = chat->extra_round = 0;
    chat->extras_left = chat->visit = 0;
    chat->recent_at = 0;
    chat->sibling_next = chat->sibling_previous = 0;
    chat->recent_agent = chat->dedicated_agent = FL_NO_AGENT;
    chat->message_index = chat->rounds = chat->decisions = 0;
    chat->recorded = FL_NONE;
    chat->visits_before = chat->visit_id = 0;
    chat->bot_rounds = chat->counts_active = 0;
}

/* Her first message, and her way to the router, once it is known who she is. */
FL_ALWAYS_INLINE void chat_open(struct fl_desk *desk, uint32_t c)
{
    const struct fl_buyers *buyers = &desk->scenario->buyers;
    struct chat *chat = &desk->chats[c];
    chat->arrived_at = desk->now;
    chat->interval = desk->interval;
    chat->flags = desk->open_hours ? FLAG_JUDGED : 0;
    chat->questions_left = questions_of(desk, chat) - 1;
    if (desk->recording != NULL) chat->questions_left = recorded_questions(desk, chat, chat->questions_left + 1) - 1;
    if (desk->any_extras)
        chat->extras_left = (uint8_t)(fl_uniform(fl_draw(chat->key, FL_DRAW_DEPTH, 0)) + desk->scenario->desk.depth.per_chat);
    if (desk->view.scenario->desk.groups_count > 1) {
        const struct fl_chat_view seen = { .key = chat->key, .intent = chat->intent, .buyer_class = chat->buyer_class,
                                           .entry_point = chat->entry_point, .device = chat->device, .to_group = FL_NONE,
                                           .order_status = (uint8_t)(buyers->intents[chat->intent].order_status & 255) };
        chat->group = (uint8_t)fl_engine_match_group(desk->scenario, &seen);
    }
    const struct fl_where where = where_chat(chat);
    add(desk, &where, FL_COUNT_chats_offered);
    if (!desk->open_hours) add(desk, &where, FL_COUNT_offered_when_closed);
    desk->unsettled += chat->interval != NOT_COUNTED;
    chat_log(desk, c, FL_LOG_CHAT_OPENED, 0, 0);
    question_begin(desk, chat);
    round_open(desk, chat);
    message_count(desk, c, chat, true);
    burst_schedule(desk, chat);
    desk_route(desk, c, FL_WHY_NEW, FL_NO_AGENT, FL_NONE);
}

/* Whether she is one of those who write to this share of the desk (share.h). */
__attribute__((noinline)) static bool is_of_this_share(const struct fl_desk *desk, const struct chat *chat)
{
    const struct fl_share *const share = &desk->setup->share;
    const uint32_t knows = chat->dedicated_agent != FL_NO_AGENT ? chat->dedicated_agent : chat->recent_agent;
    if (knows != FL_NO_AGENT) return desk->share[knows] == share->index;
    return fl_uniform_below(fl_draw(chat->key, FL_DRAW_SHARE, 0), share->of) == share->index;
}

void chat_arrive(struct fl_desk *desk, uint32_t stream_index)
{
    struct fl_stream *stream = &desk->streams[stream_index];
    const uint64_t ordinal = stream->ordinal - 1;
    fl_events_set(&desk->events, SLOT_STREAMS + stream_index,
                  fl_stream_next(desk->setup->plan, &desk->traffic_day, stream), FL_CLASS_ARRIVAL);
    const uint32_t c = chat_take(desk);
    if (c == FL_NO_CHAT) return;

    const struct fl_buyers *buyers = &desk->scenario->buyers;
    const uint64_t key = fl_key_buyer(desk->setup->seed, desk->setup->replication, stream->source, ordinal, 0);
    struct chat *chat = &desk->chats[c];
    chat_begin(chat);
    chat->key = key;
    chat->ordinal = ordinal;
    chat->stream = stream_index;
    chat->intent = buyers->intents_count == 1 ? 0 : (uint8_t)fl_stream_intent(desk->setup->plan, stream, key);
    chat->buyer_class = pick_class(desk, key);
    chat->recorded = fl_stream_recorded(stream, ordinal);
    if (chat->recorded != FL_NONE) recorded_begin(desk, chat);
    chat->entry_point = pick_share(buyers->entry_points, buyers->entry_points_count, key, FL_DRAW_ENTRY_POINT);
    chat->device = pick_share(buyers->devices, buyers->devices_count, key, FL_DRAW_DEVICE);
    if (desk->scenario->routing.recent_agent || desk->scenario->routing.dedicated_agent) remember_agents(desk, chat);
    if (desk->share != NULL && !is_of_this_share(desk, chat)) chat_free(desk, c);
    else chat_open(desk, c);
}

/* When she who was served writes again: FL_TIME_NEVER, or before the end. */
__attribute__((noinline)) static fl_time next_visit_at(const struct fl_desk *desk, const struct chat *chat, enum fl_close_reason why)
{
    const struct fl_next_visit *next = &desk->scenario->buyers.next_visit;
    const bool served = chat->replies > 0 && (chat->flags & FLAG_GONE) == 0 && (why == FL_CLOSED_DONE || why == FL_CLOSED_SILENCE);
    if (!served || !(fl_uniform(fl_draw(chat->key, FL_DRAW_NEXT_VISIT, 0)) < next->probability)) return FL_TIME_NEVER;
    const fl_time at = desk->now + fl_distribution_time(&next->after, fl_draw(chat->key, FL_DRAW_NEXT_VISIT_AFTER, 0));
    return at < desk->scenario->duration ? at : FL_TIME_NEVER;
}

/* A chat of its own, of the same buyer: whom she dealt with is remembered, what she wants is drawn anew among everything. */
__attribute__((noinline)) static void next_visit(struct fl_desk *desk, uint32_t c)
{
    struct chat *chat = &desk->chats[c];
    const struct chat before = *chat;
    chat_begin(chat);
    chat->visits_before = before.visits_before + before.visit + 1;
    chat->visit_id = ++desk->visits_used;
    chat->recent_agent = before.recent_agent;
    chat->recent_at = before.recent_at;
    chat->dedicated_agent = before.dedicated_agent;
    chat->key = fl_key_buyer(desk->setup->seed, desk->setup->replication, desk->streams[chat->stream].source, chat->ordinal, chat->visits_before);
    chat->intent = (uint8_t)fl_traffic_intent(desk->setup->plan, chat->key);
    chat_open(desk, c);
}

/* Whether a message to her agent still reaches somebody. Offline agents who finish what they hold do read it. */
FL_ALWAYS_INLINE bool agent_reads(const struct fl_desk *desk, uint32_t a)
{
    const struct fl_agent *agent = &desk->agents[a];
    if (agent->state == FL_OFFLINE) return desk->own[a].finishing;
    return !(agent->state == FL_SUSPENDED && desk->scenario->routing.suspend == FL_SUSPEND_STRICT && !desk->own[a].draining);
}

/* She comes back: a further visit with draws of its own. Who gave up asks the same question again, who had left a message that was
 * answered since, her next one. */
static void come_back(struct fl_desk *desk, struct chat *chat)
{
    const bool next = (chat->flags & FLAG_ASKS_NEXT) != 0;
    chat->visit++;
    chat->key = fl_key_buyer(desk->setup->seed, desk->setup->replication, desk->streams[chat->stream].source, chat->ordinal,
                             chat->visits_before + chat->visit);
    chat->flags &= ~(uint32_t)(FLAG_GONE | FLAG_NOT_THERE | FLAG_COMES_BACK | FLAG_ASKS_NEXT | FLAG_REPLIED | FLAG_DRAWN);
    chat->extra_round = 0;
    chat->burst_left = 0;
    if (!next) return;
    chat->questions_left--;
    question_begin(desk, chat);
}

FL_ALWAYS_INLINE void chat_writes(struct fl_desk *desk, uint32_t c)
{
    struct chat *chat = &desk->chats[c];
    const bool back = (chat->flags & FLAG_COMES_BACK) != 0;
    const bool opens = (chat->flags & FLAG_ROUND_OPEN) == 0;
    chat->writes_at = FL_TIME_NEVER;
    if (back) come_back(desk, chat);
    if (chat->burst_left > 0 && !back) {
        chat->burst_left--;
        if (opens) chat->extra_round++; /* a late message of a burst: a new round, not a new question */
    } else if (!back) {
        chat->questions_left--;
        question_begin(desk, chat);
    }
    if (opens) round_open(desk, chat);
    message_count(desk, c, chat, opens);
    burst_schedule(desk, chat);
    switch ((enum chat_state)chat->state) {
    case CHAT_AWAY: {
        const struct fl_where where = where_chat(chat);
        add(desk, &where, FL_COUNT_reopened);
        chat_log(desk, c, FL_LOG_REOPENED, 0, 0);
        desk_route(desk, c, FL_WHY_RETURN, FL_NO_AGENT, FL_NONE);
        return;
    }
    case CHAT_THINKING:
    case CHAT_DONE:
        if (!agent_reads(desk, chat->agent)) {
            const uint32_t left = chat->agent;
            const struct fl_where where = where_chat(chat);
            add(desk, &where, FL_COUNT_transfers);
            desk_detach(desk, c);
            chat_log(desk, c, FL_LOG_TRANSFERRED, 0, 0);
            presence_load_changed(desk, left);
            desk_route(desk, c, FL_WHY_REASSIGN, left, FL_NONE);
            return;
        }
        if (chat->writes_at == FL_TIME_NEVER && chat->leaves_at == FL_TIME_NEVER) chat_disarm(desk, c);
        else chat_arm_waiting(desk, c);
        agent_inbox_push(desk, chat->agent, c);
        return;
    case CHAT_LEFT_MESSAGE: /* she is at the screen again */
        chat_leave_pool(desk, c);
        chat->flags &= ~(uint32_t)FLAG_POOLED;
        desk_route(desk, c, FL_WHY_RETURN, FL_NO_AGENT, FL_NONE);
        return;
    default: chat_arm_waiting(desk, c); return; /* she was waiting already */
    }
}

void chat_extra_sent(struct fl_desk *desk, uint32_t c)
{
    struct chat *chat = &desk->chats[c];
    const struct fl_where where = where_round(chat);
    chat->answers++;
    add(desk, &where, FL_COUNT_agent_messages);
    add(desk, &where, FL_COUNT_extra_turns);
    chat_log(desk, c, FL_LOG_AGENT_EXTRA, 0, 0);
}

/* ---- Leaving, closing -------------------------------------------------------------------------- */

/* Draws whether and when she tries again; her slot keeps the instant. */
void chat_maybe_come_back(struct fl_desk *desk, struct chat *chat)
{
    const struct fl_come_back *back = &desk->scenario->buyers.come_back;
    chat->writes_at = FL_TIME_NEVER;
    chat->burst_left = 0;
    if (!(back->probability > 0) || chat->visit >= back->visits_max || desk->ended) return;
    if (!(fl_uniform(fl_draw(chat->key, FL_DRAW_COME_BACK, 0)) < back->probability)) return;
    chat->writes_at = desk->now + fl_distribution_time(&back->after, fl_draw(chat->key, FL_DRAW_COME_BACK_AFTER, 0));
    chat->flags |= FLAG_COMES_BACK;
}

/* Her patience is at its end. */
static void chat_leaves(struct fl_desk *desk, uint32_t c)
{
    struct chat *chat = &desk->chats[c];
    const double silent_share = desk->scenario->buyers.patience.silent_share;
    bool silent = silent_share > 0 && fl_uniform(fl_draw(chat->key, FL_DRAW_SILENT, round_index(chat))) < silent_share;
    if (desk->recording != NULL) recorded_silence(desk, chat, &silent);
    const struct fl_where where = where_chat(chat), round = where_round(chat);
    chat->leaves_at = FL_TIME_NEVER;
    if ((chat->flags & FLAG_SETTLED) == 0) {
        if (silent) add(desk, &where, FL_COUNT_chats_abandoned_silent);
        chat->flags |= FLAG_ABANDONED;
        chat_settle_outcome(desk, c, FL_COUNT_chats_abandoned);
    } else if ((chat->flags & FLAG_ABANDONED) == 0) {
        add(desk, &where, FL_COUNT_chats_left_later);
    }
    add(desk, &round, FL_COUNT_rounds_given_up);
    if (desk->watches_load && chat->agent != FL_NO_AGENT) agent_round_ends(&desk->own[chat->agent], false);
    chat_miss_round(desk, c);
    desk_wait_known(desk, chat);
    chat_log(desk, c, silent ? FL_LOG_ABANDONED_SILENT : FL_LOG_ABANDONED, 0, 0);
    chat_maybe_come_back(desk, chat);
    if (!silent) {
        chat_close(desk, c, chat->agent == FL_NO_AGENT ? FL_CLOSED_LEFT_QUEUE : FL_CLOSED_LEFT);
        return;
    }
    chat->flags |= FLAG_GONE;
    if (chat->writes_at != FL_TIME_NEVER) chat_arm(desk, c, TIMER_MESSAGE, chat->writes_at);
    if (chat->agent != FL_NO_AGENT) presence_load_changed(desk, chat->agent);
}

/* Ends a chat and gives its place back. She may still write again: then her record stays, away. */
void chat_close(struct fl_desk *desk, uint32_t c, enum fl_close_reason why)
{
    struct chat *chat = &desk->chats[c];
    const uint32_t a = chat->agent;
    const bool queued = chat->state == CHAT_ROUTING;
    const struct fl_where where = where_chat(chat);
    chat_disarm(desk, c);
    if (chat->state == CHAT_LEFT_MESSAGE) chat_leave_pool(desk, c);
    chat_log(desk, c, FL_LOG_CLOSED, 0, 0);
    if (a != FL_NO_AGENT) {
        desk_detach(desk, c);
        chat->recent_agent = a;
        chat->recent_at = desk->now;
    } else if (queued) {
        desk_dequeued(desk, c);
    }
    const bool refused = a == FL_NO_AGENT && why == FL_CLOSED_AWAY; /* no chat came about */
    if (!refused) fl_day_record(desk->day, &where, FL_KIND_DURATION, desk->now - chat->arrived_at);
    const bool returns = chat->writes_at != FL_TIME_NEVER && why != FL_CLOSED_FORCED;
    if (returns) {
        chat->state = CHAT_AWAY;
        chat_arm(desk, c, TIMER_MESSAGE, chat->writes_at);
    } else {
        outcome_count(desk, c);
    }
    if (a != FL_NO_AGENT || queued) {
        chat->state = returns ? CHAT_AWAY : CHAT_DONE; /* the record lives until the router has been told */
        desk_check(desk, desk->ops->closed(desk->router, &desk->view, c, a, why));
        if (a != FL_NO_AGENT) {
            presence_load_changed(desk, a);
            if (desk->own[a].finishing && desk->agents[a].open == 0) presence_finished(desk, a);
        }
    }
    if (returns) return;
    const fl_time again = desk->next_visits ? next_visit_at(desk, &desk->chats[c], why) : FL_TIME_NEVER;
    if (again == FL_TIME_NEVER) {
        chat_free(desk, c);
        return;
    }
    desk->chats[c].state = CHAT_AWAY;
    chat_arm(desk, c, TIMER_NEXT_VISIT, again);
}

/* To the bot: her next question where it could answer the last, else the same in other words. */
static void bot_is_asked(struct fl_desk *desk, uint32_t c)
{
    struct chat *chat = &desk->chats[c];
    if (chat->flags & FLAG_BOT_CAN) {
        chat->questions_left--;
        chat->question++;
    }
    message_count(desk, c, chat, false);
    const fl_time takes = fl_distribution_time(&desk->scenario->desk.bot.reply, fl_draw(chat->key, FL_DRAW_BOT_TIME, chat->bot_rounds));
    chat_arm(desk, c, TIMER_BOT, desk->now + takes);
}

static void bot_answers(struct fl_desk *desk, uint32_t c)
{
    struct chat *chat = &desk->chats[c];
    const struct fl_bot *bot = &desk->scenario->desk.bot;
    const struct fl_where where = where_round(chat);
    add(desk, &where, FL_COUNT_bot_replies);
    chat_log(desk, c, FL_LOG_BOT_REPLY, 0, 0);
    chat->bot_rounds++;
    chat->active_at = desk->now;
    if (chat->flags & FLAG_BOT_CAN) {
        if (chat->questions_left > 0) {
            chat_arm(desk, c, TIMER_BOT_ASKS, desk->now + thinking(desk, chat, chat->question));
            return;
        }
        count_round(desk, chat);
        chat->flags &= ~(uint32_t)FLAG_ROUND_OPEN;
        chat->writes_at = FL_TIME_NEVER;
        chat->state = CHAT_DONE;
        chat_settle_outcome(desk, c, FL_COUNT_bot_resolved);
        chat_close(desk, c, FL_CLOSED_DONE);
        return;
    }
    const uint32_t rounds = fl_distribution_count(&bot->rounds, fl_draw(chat->key, FL_DRAW_BOT_ANSWERS, 1));
    if (chat->bot_rounds < rounds) {
        chat_arm(desk, c, TIMER_BOT_ASKS, desk->now + thinking(desk, chat, chat->question));
        return;
    }
    chat->state = CHAT_ROUTING; /* handed over: her patience with people starts now */
    chat->leaves_at = may_leave(desk, chat) ? chat_patience_until(desk, chat) : FL_TIME_NEVER;
    draw_round(desk, chat);
    desk_route(desk, c, FL_WHY_BOT, FL_NO_AGENT, FL_NONE);
}

/* All but her next message: apart, so that a message does not save registers for them. */
__attribute__((noinline)) static void other_timer_fires(struct fl_desk *desk, uint32_t c, enum chat_timer timer)
{
    const uint32_t a = desk->chats[c].agent;
    switch (timer) {
    case TIMER_LEAVES: chat_leaves(desk, c); break;
    case TIMER_CLOSE_DONE: chat_close(desk, c, FL_CLOSED_DONE); break;
    case TIMER_CLOSE_SILENCE: chat_close(desk, c, FL_CLOSED_SILENCE); break;
    case TIMER_BOT: bot_answers(desk, c); break;
    case TIMER_BOT_ASKS: bot_is_asked(desk, c); break;
    case TIMER_NEXT_VISIT: next_visit(desk, c); break;
    case TIMER_MESSAGE:
    case TIMER_NONE: FL_ASSERT(!"a chat without a timer fires");
    }
    if (a != FL_NO_AGENT) agent_has_room(desk, a);
}

void chat_timer_fires(struct fl_desk *desk, uint32_t c)
{
    const enum chat_timer timer = (enum chat_timer)desk->chats[c].timer;
    desk->chats[c].timer = TIMER_NONE;
    if (timer == TIMER_MESSAGE) chat_writes(desk, c);
    else other_timer_fires(desk, c, timer);
}

/* Takes a chat out of the offline pool's list. */
void chat_leave_pool(struct fl_desk *desk, uint32_t c)
{
    struct chat *chat = &desk->chats[c];
    if (--desk->pooled[chat->group] == 0) desk->pooled_groups &= ~(UINT64_C(1) << chat->group);
    if (chat->previous != FL_NO_CHAT) desk->chats[chat->previous].next = chat->next;
    else desk->pool_first = chat->next;
    if (chat->next != FL_NO_CHAT) desk->chats[chat->next].previous = chat->previous;
    else desk->pool_last = chat->previous;
    chat->next = chat->previous = FL_NO_CHAT;
}

/* At the end of the day: what is open and overdue is a miss, and every buyer has one outcome. From here on nothing counts. */
void chats_settle(struct fl_desk *desk)
{
    for (uint32_t c = 0; c < desk->chats_used; c++) {
        struct chat *chat = &desk->chats[c];
        if (chat->state == CHAT_FREE) continue;
        const struct fl_where where = where_chat(chat);
        const bool overdue = desk->now - chat->opened_at > desk->reply_within;
        if (chat->flags & FLAG_ROUND_OPEN) {
            if (overdue && chat->state != CHAT_AT_BOT) chat_judge_round(desk, c, false);
            count_round(desk, chat);
        }
        if ((chat->flags & FLAG_SETTLED) == 0 && chat->interval != NOT_COUNTED) {
            add(desk, &where, FL_COUNT_chats_unserved);
            add(desk, &where, FL_COUNT_chats_no_service);
            if ((chat->flags & FLAG_JUDGED) == 0) fl_day_add_to_agent(desk->day, &where, FL_COUNT_offered_when_closed, 1);
            if ((chat->flags & FLAG_JUDGED) && desk->now - chat->arrived_at > 30 * FL_SECOND)
                add(desk, &where, FL_COUNT_chats_judged);
            desk->unsettled--;
        } else if (chat->state != CHAT_AWAY || (chat->flags & FLAG_COMES_BACK)) {
            outcome_count(desk, c);
        }
        chat->flags |= FLAG_SETTLED;
        chat->interval = chat->round_interval = NOT_COUNTED;
    }
}
