/* How long a reply takes: the work that belongs to the round, and who does it. */
#ifndef FL_DESK_REPLY_TIME_H
#define FL_DESK_REPLY_TIME_H

#include "desk/state.h"

FL_ALWAYS_INLINE double multitasking(const struct fl_desk *desk, uint32_t open)
{
    const struct fl_multitasking *multitasking = &desk->scenario->desk.multitasking;
    if (multitasking->speeds_count == 0) return 1;
    const uint32_t at = open < 1 ? 0 : open - 1;
    return multitasking->speed_by_open[at < multitasking->speeds_count ? at : multitasking->speeds_count - 1];
}

FL_ALWAYS_INLINE double tiredness(const struct fl_desk *desk, const struct desk_agent *own)
{
    const struct fl_tiredness *tired = &desk->scenario->desk.tiredness;
    if (!(tired->per_hour > 0)) return 1;
    const fl_time on = desk->now - own->duty_since - tired->after;
    return on > 0 ? 1 + tired->per_hour * fl_time_to_s(on) / 3600 : 1;
}

FL_ALWAYS_INLINE double reply_seconds_alone(const struct fl_desk *desk, const struct desk_agent *own, const struct chat *chat)
{
    if (!desk->has_parts || desk->scenario->buyers.intents[chat->intent].reply.has_total) return chat->reply_s * own->slowness;
    const double effort = desk->scenario->buyers.classes[chat->buyer_class].effort_scale;
    return (chat->reply_s + chat->reply_chars * own->s_per_char) * (effort * own->slowness); /* her speed scales the typing too */
}

FL_ALWAYS_INLINE bool is_terse(const struct fl_desk *desk, uint32_t a)
{
    const uint32_t above = desk->scenario->desk.depth.terse_above;
    return above != FL_NONE && desk->agents[a].awaiting > above;
}

/* Seconds of a reply by this agent at her full speed. */
FL_ALWAYS_INLINE double reply_seconds(const struct fl_desk *desk, const struct desk_agent *own, const struct chat *chat, bool terse)
{
    if (chat->flags & FLAG_GONE && desk->scenario->buyers.patience.has_finds_out)
        return fl_distribution_value(&desk->scenario->buyers.patience.finds_out,
                                     fl_draw(chat->key, FL_DRAW_FINDS_OUT, round_index(chat)));
    double seconds = reply_seconds_alone(desk, own, chat);
    if (terse) seconds *= desk->scenario->desk.depth.terse_scale;
    return chat->flags & FLAG_INTERRUPTED ? seconds * chat->work_left : seconds;
}

#endif
