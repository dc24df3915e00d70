/* Recorded buyers: what scenario/recording.h says of them stands in place of draws.
 *
 * A round of the recording is a question of hers. Her replies come from this desk, so she may write in other rounds than she did: a message of a
 * burst that a quicker reply has overtaken opens one. What she asks, how long she thinks and how long she was seen to wait go by the question. */
#include "desk/state.h"

#define TRIES_MAX 64u /* chosen: of what is rarer than one draw in so many, the recorded wait itself is taken */

static const struct fl_recorded_chat *recorded_chat(const struct fl_desk *desk, const struct chat *chat)
{
    return chat->recorded == FL_NONE ? NULL : &desk->recording->chats[chat->recorded];
}

/* Her question-th round (from 1); NULL: beyond what is recorded. */
static const struct fl_recorded_round *round_of(const struct fl_desk *desk, const struct chat *chat, uint32_t question)
{
    const struct fl_recorded_chat *recorded = recorded_chat(desk, chat);
    if (recorded == NULL || question == 0 || question > recorded->rounds) return NULL;
    return &desk->recording->rounds[recorded->rounds_from + question - 1];
}

void recorded_begin(const struct fl_desk *desk, struct chat *chat)
{
    const struct fl_recorded_chat *recorded = recorded_chat(desk, chat);
    if (recorded->intent != FL_RECORDED_UNKNOWN) chat->intent = recorded->intent;
    if (recorded->buyer_class != FL_RECORDED_UNKNOWN) chat->buyer_class = recorded->buyer_class;
}

/* Who left, or whose chat the log cuts off, may have had more to ask: as many as are drawn, given that it is no less. */
uint32_t recorded_questions(const struct fl_desk *desk, const struct chat *chat, uint32_t drawn)
{
    const struct fl_recorded_chat *recorded = recorded_chat(desk, chat);
    if (recorded == NULL) return drawn;
    if (!recorded->open_ended) return recorded->rounds;
    const struct fl_distribution *rounds = &desk->scenario->buyers.intents[chat->intent].rounds;
    const uint64_t bits = fl_draw(chat->key, FL_DRAW_ROUNDS, 0);
    for (uint32_t i = 1; i < TRIES_MAX && drawn < recorded->rounds; i++) drawn = fl_distribution_count(rounds, fl_draw_again(bits, i));
    return drawn > recorded->rounds ? drawn : recorded->rounds;
}

uint32_t recorded_burst(const struct fl_desk *desk, const struct chat *chat, uint32_t drawn)
{
    const struct fl_recorded_round *round = round_of(desk, chat, chat->question);
    return round != NULL ? round->messages : drawn;
}

bool recorded_gap(const struct fl_desk *desk, const struct chat *chat, fl_time *gap)
{
    const struct fl_recorded_round *round = round_of(desk, chat, chat->question);
    if (round == NULL || chat->burst_left + 1u > round->messages) return false;
    const uint32_t written = round->messages - chat->burst_left; /* of this question, at least 1 */
    if (written < 1 || written >= round->messages) return false;
    *gap = desk->recording->gaps[round->gaps_from + written - 1];
    return true;
}

bool recorded_thinking(const struct fl_desk *desk, const struct chat *chat, uint32_t question, fl_time *think)
{
    const struct fl_recorded_round *next = round_of(desk, chat, question + 1);
    if (next == NULL) return false;
    *think = next->think;
    return true;
}

/* Her question as she asked it the first time: on a further visit, and in a round that a late message opened, patience is drawn. */
static const struct fl_recorded_round *as_recorded(const struct fl_desk *desk, const struct chat *chat)
{
    return chat->visit > 0 || chat->extra_round > 0 ? NULL : round_of(desk, chat, chat->question);
}

bool recorded_patience(const struct fl_desk *desk, const struct chat *chat, const struct fl_distribution *drawn, fl_time *waits)
{
    const struct fl_recorded_round *round = as_recorded(desk, chat);
    if (round == NULL) return false;
    *waits = round->waited;
    if (round->end == FL_RECORDED_LEFT || round->end == FL_RECORDED_LEFT_SILENT) return true;
    *waits = FL_TIME_NEVER;
    if (drawn == NULL) return true;
    if (desk->scenario->buyers.patience.applies == FL_UNTIL_ASSIGNED) return false; /* her wait for the reply says nothing of it */
    const double scale = desk->scenario->buyers.classes[chat->buyer_class].patience_scale;
    const uint64_t bits = fl_draw(chat->key, FL_DRAW_PATIENCE, round_index(chat));
    for (uint32_t i = 0; i < TRIES_MAX; i++) {
        const fl_time patience = fl_time_from_s(fl_distribution_value(drawn, i == 0 ? bits : fl_draw_again(bits, i)) * scale);
        if (patience <= round->waited) continue;
        *waits = patience;
        return true;
    }
    *waits = round->waited;
    return true;
}

void recorded_silence(const struct fl_desk *desk, const struct chat *chat, bool *silent)
{
    const struct fl_recorded_round *round = as_recorded(desk, chat);
    if (round == NULL) return;
    if (round->end == FL_RECORDED_LEFT) *silent = false;
    if (round->end == FL_RECORDED_LEFT_SILENT) *silent = true;
}

uint32_t recorded_chars(const struct fl_desk *desk, const struct chat *chat, uint32_t round)
{
    const struct fl_recorded_round *recorded = round_of(desk, chat, round >> 8);
    return recorded != NULL && (round & 255) == 0 ? recorded->chars : 0;
}
