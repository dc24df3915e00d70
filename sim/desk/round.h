/* A round begins: a question and its messages, what it will take, how long she waits. What runs at every message. */
#ifndef FL_DESK_ROUND_H
#define FL_DESK_ROUND_H

#include "desk/state.h"

static inline const struct fl_distribution *messages_of(const struct fl_desk *desk, const struct chat *chat)
{
    const struct fl_intent *intent = &desk->scenario->buyers.intents[chat->intent];
    return intent->has_messages ? &intent->messages_per_round : &desk->scenario->buyers.messages_per_round;
}

/* How many messages the present question takes, less the one being written. */
FL_ALWAYS_INLINE uint32_t burst_of(const struct fl_desk *desk, const struct chat *chat)
{
    if (desk->single_messages) return 0;
    const struct fl_distribution *messages = messages_of(desk, chat);
    uint32_t count = 1;
    if (messages->kind != FL_CONSTANT || messages->a > 1)
        count = fl_distribution_count(messages, fl_draw(chat->key, FL_DRAW_MESSAGES, chat->question));
    if (desk->recording != NULL) count = recorded_burst(desk, chat, count);
    return count > 1 ? (count < 1000 ? count - 1 : 999) : 0;
}

static inline fl_time burst_gap(const struct fl_desk *desk, const struct chat *chat)
{
    fl_time gap;
    if (desk->recording != NULL && recorded_gap(desk, chat, &gap)) return gap;
    return fl_distribution_time(&desk->scenario->buyers.burst_gap, fl_draw(chat->key, FL_DRAW_BURST_GAP, chat->messages));
}

FL_ALWAYS_INLINE fl_time thinking(const struct fl_desk *desk, const struct chat *chat, uint32_t question)
{
    fl_time recorded;
    if (desk->recording != NULL && recorded_thinking(desk, chat, question, &recorded)) return recorded;
    const struct fl_intent *intent = &desk->scenario->buyers.intents[chat->intent];
    const struct fl_distribution *think = intent->has_think_time ? &intent->think_time : &desk->scenario->buyers.think_time;
    return fl_distribution_time(think, fl_draw(chat->key, FL_DRAW_THINKING, question));
}

FL_ALWAYS_INLINE void draw_reply(const struct fl_desk *desk, struct chat *chat, uint32_t round)
{
    const struct fl_reply_def *reply = &desk->scenario->buyers.intents[chat->intent].reply;
    if (!reply->has_total) {
        const struct reply_work work = chat_reply_work(desk, chat, round);
        chat->reply_s = work.seconds;
        chat->reply_chars = work.chars;
        return;
    }
    const double effort = desk->scenario->buyers.classes[chat->buyer_class].effort_scale;
    chat->reply_s = fl_distribution_value(&reply->total, fl_draw(chat->key, FL_DRAW_REPLY_TOTAL, round)) * effort;
}

/* The durations of a round: the reply, and the thinking after it when she has more to ask. */
FL_ALWAYS_INLINE void draw_round(const struct fl_desk *desk, struct chat *chat)
{
    draw_reply(desk, chat, round_index(chat));
    if (chat->questions_left > 0) chat->think = thinking(desk, chat, chat->question);
}

/* The same for her next question, while she has yet to think: addressed draws come out the same whenever they are taken, and
 * which event is next need not wait for them when her message comes. */
FL_ALWAYS_INLINE void draw_next_round(const struct fl_desk *desk, struct chat *chat)
{
    const fl_time think = thinking(desk, chat, chat->question + 1); /* not needed after her last question: drawing it costs less than asking */
    draw_reply(desk, chat, (chat->question + 1) << 8);
    chat->think = think;
    chat->flags |= FLAG_DRAWN;
}

FL_ALWAYS_INLINE bool may_leave(const struct fl_desk *desk, const struct chat *chat)
{
    return chat->flags & FLAG_REPLIED ? desk->has_patience_later : desk->has_patience_first;
}

/* Opens a round with the message she writes now. */
FL_ALWAYS_INLINE void round_open(struct fl_desk *desk, struct chat *chat)
{
    if (desk->logs) chat->rounds++;
    chat->opened_at = desk->now;
    chat->round_interval = desk->interval;
    chat->flags = (chat->flags & ~(uint32_t)(FLAGS_OF_ROUND | FLAG_PATIENCE_KEPT | FLAG_INTERRUPTED)) | FLAG_ROUND_OPEN | desk->round_flags;
    chat->leaves_at = may_leave(desk, chat) ? chat_patience_until(desk, chat) : FL_TIME_NEVER;
    if (chat->agent != FL_NO_AGENT) patience_stop(desk, chat);
    if ((chat->flags & FLAG_DRAWN) == 0) draw_round(desk, chat);
    chat->flags &= ~(uint32_t)FLAG_DRAWN;
}

/* A message leaves her hands: counted in the round's place, the one that opens the round with it. */
FL_ALWAYS_INLINE void message_count(struct fl_desk *desk, uint32_t c, struct chat *chat, bool opens)
{
    chat->messages++;
    chat->active_at = desk->now;
    if (!opens) {
        const struct fl_where where = where_round(chat);
        fl_day_add(desk->day, &where, FL_COUNT_buyer_messages, 1);
    }
    if (!desk->messages_heeded) return;
    if (desk->counts_recent) activity_note(desk, c);
    chat_log(desk, c, FL_LOG_BUYER_MESSAGE, 0, 0);
}

/* Begins her next question with its first message. */
FL_ALWAYS_INLINE void question_begin(struct fl_desk *desk, struct chat *chat)
{
    chat->question++;
    chat->extra_round = 0;
    chat->burst_left = (uint16_t)burst_of(desk, chat);
}

FL_ALWAYS_INLINE void burst_schedule(struct fl_desk *desk, struct chat *chat)
{
    chat->writes_at = chat->burst_left > 0 ? desk->now + burst_gap(desk, chat) : FL_TIME_NEVER;
}

#endif
