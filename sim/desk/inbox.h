/* An agent's inbox, the chats that wait for her reply, and the time she spends with so many: what runs at every message. */
#ifndef FL_DESK_INBOX_H
#define FL_DESK_INBOX_H

#include "desk/state.h"

/* The last level stands for itself and all above, of which the highest that lasts is noted. */
FL_ALWAYS_INLINE uint32_t level_kept(uint32_t level, uint32_t *most, uint64_t span)
{
    if (__builtin_expect(level < FL_LEVELS - 1, 1)) return level;
    if (level > *most && span > 0) *most = level;
    return FL_LEVELS - 1;
}

/* Books the time since the last change at the present levels. Before every change of open or awaiting. */
FL_ALWAYS_INLINE void depth_account(const struct fl_desk *desk, uint32_t a, struct desk_agent *own, uint32_t awaiting)
{
    const uint64_t span = (uint64_t)(desk->now - own->depth_from);
    own->depth_from = desk->now;
    if (desk->interval == NOT_COUNTED || own->duty_from < 0) return;
    fl_day_level(desk->day, level_kept(awaiting, &desk->day->levels_most[a].depth, span), a)->depth += span;
    own->depth_ns += span * awaiting;
}

static inline void open_account(const struct fl_desk *desk, uint32_t a, struct desk_agent *own)
{
    const uint64_t span = (uint64_t)(desk->now - own->open_from);
    own->open_from = desk->now;
    if (desk->interval == NOT_COUNTED || own->duty_from < 0) return;
    const uint32_t open = desk->agents[a].open;
    fl_day_level(desk->day, level_kept(open, &desk->day->levels_most[a].open, span), a)->open += span;
    own->open_ns += span * open;
}

/* Books what she has composed since it is counted, when she stops and at the end of an interval. */
FL_ALWAYS_INLINE void busy_account(const struct fl_desk *desk, struct desk_agent *own)
{
    const fl_time from = own->composing_since > desk->counted_from ? own->composing_since : desk->counted_from;
    if (desk->interval != NOT_COUNTED) own->busy_ns += (uint64_t)(desk->now - from);
}

/* Behind `after`; FL_NO_CHAT: at the beginning. */
FL_ALWAYS_INLINE void inbox_link(struct chat *chats, struct desk_agent *own, struct fl_agent *agent, uint32_t c, uint32_t after)
{
    struct chat *const chat = &chats[c];
    const uint32_t before = after == FL_NO_CHAT ? own->inbox_first : chats[after].next;
    chat->previous = after;
    chat->next = before;
    if (before == FL_NO_CHAT) own->inbox_last = c;
    else chats[before].previous = c;
    if (after != FL_NO_CHAT) {
        chats[after].next = c;
        return;
    }
    own->inbox_first = c;
    agent->oldest_unanswered_at = chat->entered_at;
}

/* The same at the end. */
FL_ALWAYS_INLINE void inbox_append(struct chat *chats, struct desk_agent *own, struct fl_agent *agent, uint32_t c)
{
    struct chat *const chat = &chats[c];
    const uint32_t last = own->inbox_last;
    own->inbox_last = c;
    chat->previous = last;
    chat->next = FL_NO_CHAT;
    if (last != FL_NO_CHAT) {
        chats[last].next = c;
        return;
    }
    own->inbox_first = c;
    agent->oldest_unanswered_at = chat->entered_at;
}

FL_ALWAYS_INLINE void inbox_unlink(struct chat *chats, struct desk_agent *own, struct fl_agent *agent, const struct chat *chat)
{
    const uint32_t previous = chat->previous, next = chat->next;
    if (next == FL_NO_CHAT) own->inbox_last = previous;
    else chats[next].previous = previous;
    if (previous != FL_NO_CHAT) {
        chats[previous].next = next;
        return;
    }
    own->inbox_first = next;
    agent->oldest_unanswered_at = next == FL_NO_CHAT ? FL_TIME_NEVER : chats[next].entered_at;
}

/* She has a message to answer. */
FL_ALWAYS_INLINE void agent_inbox_push(struct fl_desk *desk, uint32_t a, uint32_t c)
{
    struct chat *const chats = desk->chats, *const chat = &chats[c];
    struct desk_agent *const own = &desk->own[a];
    struct fl_agent *const agent = &desk->agents[a];
    agent_speed_changes(desk, a);
    depth_account(desk, a, own, agent->awaiting);
    chat->state = CHAT_WAITING;
    chat->entered_at = desk->now;
    agent->awaiting++;
    if (desk->interleaved) inbox_link(chats, own, agent, c, agent_share_place(desk, a, chat));
    else inbox_append(chats, own, agent, c);
    agent_speed_changed(desk, a);
    if (desk->tells_messages) desk_check(desk, desk->ops->message(desk->router, &desk->view, c, a));
    if (own->compose == COMPOSE_NOTHING) agent_continue(desk, a);
}

#endif
