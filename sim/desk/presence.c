/* Who is there when: shifts, breaks, meetings and the scenario's events, and the state that follows for the router.
 *
 * All that is known beforehand lies in one sorted timeline with one slot; an agent's state is always derived from
 * her flags in one place, presence_refresh. */
#include "desk/state.h"

/* ---- The timeline ------------------------------------------------------------------------------ */

struct builder {
    struct fl_desk *desk;
    uint32_t count; /* entries so far; the list is NULL on the first pass, which only counts */
    struct timeline_entry *list;
};

static void put(struct builder *builder, fl_time at, enum timeline_what what, uint32_t agent, uint32_t event)
{
    if (at >= builder->desk->scenario->duration && what != LINE_SHIFT_END) return;
    if (builder->list != NULL) builder->list[builder->count] = (struct timeline_entry){ at, agent, event, what };
    builder->count++;
}

/* A shift that is taken up at `begins`, or a part of it. */
struct span {
    const struct fl_shift_def *shift; /* NULL: always on */
    fl_time midnight, begins;
};

static void put_breaks(struct builder *builder, uint32_t a, const struct span *span, fl_time from, fl_time to)
{
    const struct fl_shift_def *const shift = span->shift;
    for (uint32_t b = 0; shift != NULL && b < shift->breaks_count; b++) {
        fl_time at = span->midnight + shift->breaks[b].at;
        if (at < span->begins) at += FL_DAY; /* past midnight in a night shift */
        const fl_time end = at + shift->breaks[b].length;
        if (at >= to || end <= 0 || end <= from) continue;
        put(builder, at > from ? at : from, LINE_AWAY, a, FL_NONE);
        put(builder, end, LINE_AWAY_END, a, FL_NONE);
    }
}

static void put_stretch(struct builder *builder, uint32_t a, const struct span *span, fl_time from, fl_time to)
{
    const fl_time drain = builder->desk->scenario->desk.drain;
    if (to <= 0 || from >= builder->desk->scenario->duration) return;
    put(builder, from, LINE_SHIFT_START, a, FL_NONE);
    if (to < FL_TIME_NEVER) { /* who is always on does not go */
        if (drain > 0 && drain < to - from) put(builder, to - drain, LINE_DRAIN, a, FL_NONE);
        put(builder, to, LINE_SHIFT_END, a, FL_NONE);
    }
    put_breaks(builder, a, span, from, to);
}

/* What of a shift she works, and what she is paid for elsewhere. */
static void put_shift(struct builder *builder, uint32_t a, const struct span *span, fl_time to)
{
    struct fl_desk *const desk = builder->desk;
    const struct fl_agent_def *def = &desk->scenario->desk.agents[desk->agents[a].definition];
    if (to <= 0 || span->begins >= desk->scenario->duration || span->begins >= desk->own[a].gone_at) return;
    for (fl_time at = span->begins, until; at < to; at = until) {
        const enum standing standing = tenure_standing(def, at, &until);
        if (until > to) until = to;
        if (standing == STANDING_WORKS) put_stretch(builder, a, span, at, until);
        if (standing == STANDING_PAID && builder->list == NULL) tenure_paid(desk, a, at, until); /* once, on the first pass */
    }
}

static void put_daily_shift(struct builder *builder, uint32_t a, const struct fl_shift_def *shift, fl_time midnight)
{
    const fl_time length = shift->to > shift->from ? shift->to - shift->from : shift->to - shift->from + FL_DAY;
    const struct span span = { shift, midnight, midnight + shift->from };
    put_shift(builder, a, &span, span.begins + length);
}

static void put_rota(struct builder *builder, uint32_t a, const struct fl_agent_def *def)
{
    const struct fl_scenario *scenario = builder->desk->scenario;
    const fl_time today = -(scenario->start_s % 86400) * FL_SECOND;
    uint32_t day = def->rota_count - 1; /* yesterday: its night shift may last */
    for (fl_time midnight = today - FL_DAY; midnight < scenario->duration; midnight += FL_DAY, day = (day + 1) % def->rota_count)
        if (def->rota[day] != FL_NONE) put_daily_shift(builder, a, &scenario->desk.shifts[def->rota[day]], midnight);
}

/* There before the scenario begins, without duties; once she has left for good, until the next midnight. */
static void put_always(struct builder *builder, uint32_t a)
{
    const struct fl_scenario *scenario = builder->desk->scenario;
    const fl_time gone_at = builder->desk->own[a].gone_at;
    const bool stays = gone_at >= scenario->duration;
    const struct span span = { .begins = -1 };
    put_shift(builder, a, &span, stays ? FL_TIME_NEVER : gone_at - fl_time_of_day(scenario, gone_at) + FL_DAY);
}

static void put_agent(struct builder *builder, uint32_t a)
{
    const struct fl_scenario *scenario = builder->desk->scenario;
    const struct fl_agent_def *def = &scenario->desk.agents[builder->desk->agents[a].definition];
    const fl_time first_midnight = -(scenario->start_s % 86400) * FL_SECOND - FL_DAY;
    if (builder->desk->share != NULL && builder->desk->share[a] != builder->desk->setup->share.index) return;
    if (def->rota_count > 0) {
        put_rota(builder, a, def);
        return;
    }
    if (def->shift == FL_NONE) {
        put_always(builder, a);
        return;
    }
    const struct fl_shift_def *shift = &scenario->desk.shifts[def->shift];
    if (shift->once) {
        const struct span span = { shift, shift->from - fl_time_of_day(scenario, shift->from), shift->from };
        put_shift(builder, a, &span, shift->to);
        return;
    }
    for (fl_time midnight = first_midnight; midnight < scenario->duration; midnight += FL_DAY) put_daily_shift(builder, a, shift, midnight);
}

static void put_meetings(struct builder *builder)
{
    const struct fl_desk_def *def = &builder->desk->scenario->desk;
    for (uint32_t m = 0; m < def->meetings_count; m++) {
        const struct fl_meeting *meeting = &def->meetings[m];
        for (uint32_t a = 0; a < builder->desk->view.agents_count; a++) {
            if (meeting->groups != 0 && (meeting->groups & builder->desk->agents[a].groups) == 0) continue;
            put(builder, meeting->at, LINE_AWAY, a, FL_NONE);
            put(builder, meeting->at + meeting->length, LINE_AWAY_END, a, FL_NONE);
        }
    }
}

static void put_events(struct builder *builder)
{
    const struct fl_scenario *scenario = builder->desk->scenario;
    for (uint32_t e = 0; e < scenario->events_count; e++) {
        const struct fl_event_def *event = &scenario->events[e];
        for (uint32_t a = 0; a < builder->desk->view.agents_count; a++) {
            if (event->agent != FL_NONE && event->agent != builder->desk->agents[a].definition) continue;
            put(builder, event->at, LINE_EVENT, a, e);
            if (event->length > 0) put(builder, event->at + event->length, LINE_EVENT_END, a, e);
        }
    }
}

/* Instants at which opening hours or the platform's window begin or end, and midnights. */
static void put_hours(struct builder *builder)
{
    const struct fl_scenario *scenario = builder->desk->scenario;
    const struct fl_window windows[2] = { scenario->desk.open, scenario->platform.window };
    for (fl_time midnight = -(scenario->start_s % 86400) * FL_SECOND - FL_DAY; midnight < scenario->duration; midnight += FL_DAY) {
        if (midnight > 0) put(builder, midnight, LINE_MIDNIGHT, FL_NONE, FL_NONE);
        for (int w = 0; w < 2; w++) {
            if (windows[w].from == windows[w].to) continue;
            if (midnight + windows[w].from > 0) put(builder, midnight + windows[w].from, LINE_WINDOWS, FL_NONE, FL_NONE);
            if (midnight + windows[w].to > 0) put(builder, midnight + windows[w].to, LINE_WINDOWS, FL_NONE, FL_NONE);
        }
    }
}

static void put_all(struct builder *builder)
{
    put_hours(builder);
    for (fl_time date = FL_DAY; date < builder->desk->scenario->duration; date += FL_DAY) put(builder, date, LINE_DATE, FL_NONE, FL_NONE);
    for (uint32_t a = 0; a < builder->desk->view.agents_count; a++) put_agent(builder, a);
    put_meetings(builder);
    put_events(builder);
}

/* A total order: equal entries would do the same thing twice. */
static bool goes_before(const struct timeline_entry *a, const struct timeline_entry *b)
{
    if (a->at != b->at) return a->at < b->at;
    if (a->what != b->what) return a->what < b->what;
    if (a->agent != b->agent) return a->agent < b->agent;
    return a->event < b->event;
}

static void sift(struct timeline_entry *list, uint32_t i, uint32_t count)
{
    const struct timeline_entry moved = list[i];
    for (uint32_t child = 2 * i + 1; child < count; child = 2 * i + 1) {
        if (child + 1 < count && goes_before(&list[child], &list[child + 1])) child++;
        if (!goes_before(&moved, &list[child])) break;
        list[i] = list[child];
        i = child;
    }
    list[i] = moved;
}

static void heap_sort(struct timeline_entry *list, uint32_t count)
{
    for (uint32_t i = count / 2; i-- > 0;) sift(list, i, count);
    for (uint32_t end = count; end-- > 1;) {
        const struct timeline_entry top = list[0];
        list[0] = list[end];
        list[end] = top;
        sift(list, 0, end);
    }
}

enum fl_status presence_begin(struct fl_desk *desk)
{
    struct builder builder = { .desk = desk };
    put_all(&builder);
    const size_t at = fl_arena_take(desk->arena, builder.count + 1, sizeof(struct timeline_entry));
    if (at == FL_ARENA_NONE) return FL_EFULL;
    builder.list = fl_arena_at(desk->arena, at);
    builder.count = 0;
    put_all(&builder);
    heap_sort(builder.list, builder.count);
    desk->timeline = builder.list;
    desk->timeline_count = builder.count;
    return FL_OK;
}

/* ---- What happens ------------------------------------------------------------------------------ */

static void windows_refresh(struct fl_desk *desk)
{
    const fl_time of_day = fl_time_of_day(desk->scenario, desk->now);
    desk->open_hours = !desk->scenario->desk.has_open || fl_window_holds(&desk->scenario->desk.open, of_day);
    desk->platform_hours = fl_window_holds(&desk->scenario->platform.window, of_day);
    desk->round_flags = (uint16_t)((desk->open_hours ? FLAG_ROUND_JUDGED : 0) | (desk->platform_hours ? FLAG_ROUND_PLATFORM : 0));
}

/* Gives her chats back to the router: those that wait at once, the others when the buyer writes again. */
static void give_back_chats(struct fl_desk *desk, uint32_t a, bool thinking_too)
{
    agent_interrupt(desk, a);
    uint32_t next;
    for (uint32_t c = desk->own[a].first_chat; c != FL_NO_CHAT; c = next) {
        struct chat *chat = &desk->chats[c];
        next = chat->sibling_next;
        if (chat->state != CHAT_WAITING) {
            if (thinking_too && chat->state == CHAT_DONE) chat_close(desk, c, FL_CLOSED_AWAY);
            continue;
        }
        const struct fl_where where = where_chat(chat);
        fl_day_add(desk->day, &where, FL_COUNT_transfers, 1);
        desk_detach(desk, c);
        chat_log(desk, c, FL_LOG_TRANSFERRED, 0, 0);
        desk_check(desk, desk->ops->closed(desk->router, &desk->view, c, a, FL_CLOSED_AWAY));
        desk_route(desk, c, FL_WHY_REASSIGN, a, FL_NONE);
        if (next != FL_NO_CHAT && desk->chats[next].agent != a) next = desk->own[a].first_chat; /* the router moved it meanwhile */
    }
    presence_load_changed(desk, a);
}

static enum fl_agent_state derive(const struct fl_desk *desk, uint32_t a)
{
    const struct desk_agent *own = &desk->own[a];
    if (own->left || own->offline || own->absent || !own->shift_on) return FL_OFFLINE;
    if (own->away > 0 || own->short_break) return FL_ON_BREAK;
    if (own->suspended || own->draining) return FL_SUSPENDED;
    return own->auto_suspended ? FL_AUTO_SUSPENDED : FL_AVAILABLE;
}

static void duty_refresh(struct fl_desk *desk, uint32_t a)
{
    struct desk_agent *own = &desk->own[a];
    const bool on = (own->shift_on && !own->left && !own->offline && !own->absent) || own->finishing;
    if (on == (own->duty_from >= 0)) return;
    if (!on) agent_interrupt(desk, a); /* a reply for nobody, a message of before: not in her own time */
    agent_account(desk, a);
    if (on) {
        own->duty_from = own->duty_since = desk->now;
    } else {
        if (desk->interval != NOT_COUNTED) own->duty_ns += (uint64_t)(desk->now - own->duty_from);
        own->duty_from = -1;
    }
}

/* Leave-messages that came while everybody was away are worked off as soon as somebody is there again. */
static void release_pool(struct fl_desk *desk)
{
    if (desk->pool_first == FL_NO_CHAT || desk->available_count == 0) return;
    uint32_t left = 0;
    for (uint32_t c = desk->pool_first; c != FL_NO_CHAT; c = desk->chats[c].next) left++;
    while (left-- > 0 && desk->pool_first != FL_NO_CHAT && desk->available_count > 0) { /* routing one may work off others */
        const uint32_t c = desk->pool_first;
        chat_leave_pool(desk, c);
        desk_route(desk, c, FL_WHY_POOL, FL_NO_AGENT, FL_NONE);
    }
}

void presence_refresh(struct fl_desk *desk, uint32_t a)
{
    struct fl_agent *agent = &desk->agents[a];
    const enum fl_agent_state before = (enum fl_agent_state)agent->state, after = derive(desk, a);
    duty_refresh(desk, a);
    if (before == after) return;
    agent->state = (uint8_t)after;
    if (after == FL_AVAILABLE) {
        agent->available_since = agent->touched_at = desk->now;
        desk->available_count++;
    }
    if (before == FL_AVAILABLE) desk->available_count--;
    desk_check(desk, desk->ops->agent(desk->router, &desk->view, a, before));
    if (after == FL_AVAILABLE && !desk->own[a].on_duties) release_pool(desk); /* else they are her first duty */
}

void presence_judge_load(struct fl_desk *desk, uint32_t a)
{
    const struct fl_auto_suspend *rule = &desk->scenario->desk.auto_suspend;
    struct desk_agent *own = &desk->own[a];
    const uint32_t open = desk->agents[a].open;
    const uint32_t seen = own->history_count < rule->rounds ? own->history_count : rule->rounds;
    const uint64_t window = seen >= 64 ? UINT64_MAX : (UINT64_C(1) << seen) - 1;
    const double rate = seen == 0 ? 1 : (double)__builtin_popcountll(own->history & window) / seen;
    const bool full = rule->at_open != FL_NONE && open >= rule->at_open;
    const bool slow = rule->below_reply_rate > 0 && seen >= rule->rounds && rate < rule->below_reply_rate;
    const bool eased = (rule->at_open == FL_NONE || open < rule->release_open) &&
                       (!(rule->below_reply_rate > 0) || rate >= rule->release_reply_rate || desk->agents[a].awaiting == 0);
    if (!own->auto_suspended && (full || slow)) own->auto_suspended = true;
    else if (own->auto_suspended && eased) own->auto_suspended = false;
    else return;
    if (!own->auto_suspended && slow) own->history_count = 0; /* judged afresh, or she would be suspended again at once */
    presence_refresh(desk, a);
}

void presence_finished(struct fl_desk *desk, uint32_t a)
{
    desk->own[a].finishing = false;
    duty_refresh(desk, a);
}

static void shift_ends(struct fl_desk *desk, uint32_t a)
{
    struct desk_agent *own = &desk->own[a];
    if (!own->shift_on) return;
    own->shift_on = own->draining = own->auto_suspended = false;
    const bool finish = desk->scenario->desk.shift_end == FL_SHIFT_FINISH;
    own->finishing = finish && desk->agents[a].open > 0 && !own->left && !own->offline && !own->absent;
    if (!finish) agent_speed_changes(desk, a);
    presence_refresh(desk, a);
    if (!finish) {
        give_back_chats(desk, a, true);
        agent_speed_changed(desk, a);
    }
}

static void shift_starts(struct fl_desk *desk, uint32_t a, fl_time at)
{
    struct desk_agent *own = &desk->own[a];
    const bool with_duties = at >= 0;
    own->absent = tenure_absent(desk, a, at);
    own->shift_on = true;
    own->finishing = own->draining = false;
    const struct fl_desk_def *def = &desk->scenario->desk;
    const bool pool = agent_first_message(desk, a) != FL_NO_CHAT || desk->backlog_left > 0;
    own->on_duties = with_duties && !own->absent && !own->left && (pool || def->start_duties.length > 0) &&
                     def->reply_order != FL_INTERLEAVED;
    presence_refresh(desk, a);
    agent_continue(desk, a);
}

static void goes_away(struct fl_desk *desk, uint32_t a)
{
    agent_speed_changes(desk, a);
    desk->own[a].away++;
    presence_refresh(desk, a);
    agent_speed_changed(desk, a);
}

static void comes_back(struct fl_desk *desk, uint32_t a)
{
    if (desk->own[a].away == 0) return;
    agent_speed_changes(desk, a);
    desk->own[a].away--;
    presence_refresh(desk, a);
    agent_speed_changed(desk, a);
    agent_continue(desk, a);
}

static void goes_offline(struct fl_desk *desk, uint32_t a, bool for_good)
{
    struct desk_agent *own = &desk->own[a];
    agent_speed_changes(desk, a);
    if (for_good) own->left = true;
    else own->offline = true;
    own->finishing = false;
    presence_refresh(desk, a);
    give_back_chats(desk, a, for_good);
    agent_speed_changed(desk, a);
}

/* First duties wait while she takes up nobody. */
void presence_resumed(struct fl_desk *desk, uint32_t a)
{
    if (desk->own[a].on_duties && desk->agents[a].state == FL_AVAILABLE) agent_continue(desk, a);
}

static void suspends(struct fl_desk *desk, uint32_t a, bool suspended)
{
    desk->own[a].suspended = suspended;
    presence_refresh(desk, a);
    presence_resumed(desk, a);
    if (suspended && desk->scenario->routing.suspend == FL_SUSPEND_STRICT && desk->agents[a].state == FL_SUSPENDED)
        give_back_chats(desk, a, false);
}

/* Who is always on has no shift to begin: she is there on this date, or not. */
static void always_on_refresh(struct fl_desk *desk, uint32_t a)
{
    const struct fl_agent_def *def = &desk->scenario->desk.agents[desk->agents[a].definition];
    const bool absent = tenure_absent(desk, a, desk->now);
    if (def->rota_count > 0 || def->shift != FL_NONE || absent == desk->own[a].absent) return;
    agent_speed_changes(desk, a);
    desk->own[a].absent = absent;
    presence_refresh(desk, a);
    if (absent) give_back_chats(desk, a, true);
    agent_speed_changed(desk, a);
    agent_continue(desk, a);
}

static void date_begins(struct fl_desk *desk)
{
    tenure_date_begins(desk);
    for (uint32_t a = 0; a < desk->view.agents_count; a++) always_on_refresh(desk, a);
}

static void event_happens(struct fl_desk *desk, uint32_t a, enum fl_event_do what, bool ends)
{
    struct desk_agent *own = &desk->own[a];
    switch (what) {
    case FL_DO_LEAVE: goes_offline(desk, a, true); break;
    case FL_DO_SUSPEND: suspends(desk, a, !ends); break;
    case FL_DO_RESUME: suspends(desk, a, ends); break;
    case FL_DO_OFFLINE:
        if (!ends) {
            goes_offline(desk, a, false);
            break;
        }
        /* fall through */
    case FL_DO_ONLINE:
        own->offline = false;
        presence_refresh(desk, a);
        agent_continue(desk, a);
        break;
    case FL_DO_BREAK:
        own->short_break = !ends;
        presence_refresh(desk, a);
        presence_resumed(desk, a);
        break;
    }
}

static void entry_happens(struct fl_desk *desk, const struct timeline_entry *entry)
{
    switch ((enum timeline_what)entry->what) {
    case LINE_WINDOWS: windows_refresh(desk); break;
    case LINE_MIDNIGHT:
        for (uint32_t a = 0; a < desk->view.agents_count; a++) desk->agents[a].assigned_today = 0;
        break;
    case LINE_DATE: date_begins(desk); break;
    case LINE_SHIFT_START: shift_starts(desk, entry->agent, entry->at); break;
    case LINE_SHIFT_END: shift_ends(desk, entry->agent); break;
    case LINE_DRAIN:
        desk->own[entry->agent].draining = true;
        presence_refresh(desk, entry->agent);
        break;
    case LINE_AWAY: goes_away(desk, entry->agent); break;
    case LINE_AWAY_END: comes_back(desk, entry->agent); break;
    case LINE_EVENT:
    case LINE_EVENT_END:
        event_happens(desk, entry->agent, desk->scenario->events[entry->event].what, entry->what == LINE_EVENT_END);
        break;
    }
}

static void arm_timeline(struct fl_desk *desk)
{
    const bool more = desk->timeline_next < desk->timeline_count;
    fl_events_set(&desk->events, SLOT_TIMELINE, more ? desk->timeline[desk->timeline_next].at : FL_TIME_NEVER, FL_CLASS_STATE);
}

/* Everything that began before the scenario: nobody is told, the router begins with the states as they are. */
void presence_before_start(struct fl_desk *desk)
{
    windows_refresh(desk);
    while (desk->timeline_next < desk->timeline_count && desk->timeline[desk->timeline_next].at < 0)
        entry_happens(desk, &desk->timeline[desk->timeline_next++]);
    for (uint32_t a = 0; a < desk->view.agents_count; a++) {
        desk->own[a].duty_since = 0;
        if (desk->own[a].duty_from > 0) desk->own[a].duty_from = 0;
        desk->agents[a].available_since = desk->agents[a].touched_at = 0;
    }
    arm_timeline(desk);
}

void presence_fires(struct fl_desk *desk)
{
    const struct timeline_entry entry = desk->timeline[desk->timeline_next++];
    arm_timeline(desk);
    entry_happens(desk, &entry);
}
