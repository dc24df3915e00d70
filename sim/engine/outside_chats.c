/* Chats by their numbers on the wire and by the slots of the desk; whose turn each is; agents by their names. */
#include "engine/outside_state.h"

#include <stdlib.h>
#include <string.h>

/* ---- Chats ------------------------------------------------------------------------------------------ */

struct slot *chat_slot(struct fl_outside *o, uint32_t slot)
{
    if (slot >= o->slots_count) {
        uint32_t count = o->slots_count == 0 ? 256 : o->slots_count;
        while (count <= slot) count *= 2;
        struct slot *const slots = realloc(o->slots, count * sizeof *slots);
        if (slots == NULL) return NULL;
        memset(slots + o->slots_count, 0, (count - o->slots_count) * sizeof *slots);
        o->slots = slots;
        o->slots_count = count;
    }
    return &o->slots[slot];
}

bool chat_give_number(struct fl_outside *o, struct slot *slot, uint32_t index)
{
    if (o->numbers + 1 >= o->numbers_room) {
        const uint32_t room = o->numbers_room == 0 ? 1024 : 2 * o->numbers_room;
        uint32_t *const slot_of = realloc(o->slot_of, room * sizeof *slot_of);
        if (slot_of == NULL) return false;
        o->slot_of = slot_of;
        int64_t *const closed_ns = realloc(o->live.closed_ns, room * sizeof *closed_ns);
        if (closed_ns == NULL) return false;
        o->live.closed_ns = closed_ns;
        o->numbers_room = room;
    }
    slot->number = ++o->numbers;
    o->slot_of[slot->number] = index;
    o->live.closed_ns[slot->number] = INT64_MIN;
    return true;
}

struct slot *chat_of_number(struct fl_outside *o, int64_t number)
{
    if (number < 1 || number > o->numbers) return NULL;
    struct slot *const slot = &o->slots[o->slot_of[number]];
    return slot->number == (uint32_t)number ? slot : NULL;
}

void chat_take_turn(struct fl_outside *o, struct slot *slot, enum turn turn)
{
    if (slot->turn == TURN_ENGINE && turn != TURN_ENGINE) fl_queue_judge_gone(&o->judge, slot->chat.index);
    if (slot->turn != TURN_ENGINE && turn == TURN_ENGINE && slot->queued) /* what took her out of the queue was refused */
        o->judge_full |= fl_queue_judge_waits_again(&o->judge, slot->chat.index, realtime_known_ns(o)) != FL_OK;
    o->waiting += (turn == TURN_ENGINE) - (slot->turn == TURN_ENGINE);
    slot->turn = (uint8_t)turn;
}

void chat_enqueue(struct fl_outside *o, struct slot *slot)
{
    if (slot->queued) return;
    slot->queued = true;
    o->judge_full |= fl_queue_judge_waits(&o->judge, o->view, &slot->chat, slot->group, realtime_known_ns(o)) != FL_OK;
    (void)o->port->decide(o->port->desk, &(struct fl_decision){ .kind = FL_ENQUEUE, .chat = slot->chat.index, .agent = FL_NO_AGENT });
}

/* ---- Agents ----------------------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
    const struct name *const x = a, *const y = b;
    const int order = strcmp(x->text, y->text);
    return order != 0 ? order : x->agent < y->agent ? -1 : 1;
}

bool agent_names_copy(struct fl_outside *o, const struct fl_view *view)
{
    o->names = calloc((size_t)view->agents_count + 1, sizeof *o->names);
    if (o->names == NULL) return false;
    for (; o->names_count < view->agents_count; o->names_count++) {
        const char *const text = strdup(view->names[o->names_count]);
        if (text == NULL) return false;
        o->names[o->names_count] = (struct name){ text, o->names_count };
    }
    qsort(o->names, o->names_count, sizeof *o->names, compare_names);
    return true;
}

uint32_t agent_of_name(const struct fl_outside *o, const struct fl_field *field)
{
    uint32_t from = 0, to = o->names_count;
    while (from < to) {
        const uint32_t middle = from + (to - from) / 2;
        const size_t length = strlen(o->names[middle].text), shorter = length < field->text_length ? length : field->text_length;
        int order = memcmp(o->names[middle].text, field->text, shorter);
        if (order == 0) order = (length > field->text_length) - (length < field->text_length);
        if (order == 0) return o->names[middle].agent;
        if (order < 0) from = middle + 1;
        else to = middle;
    }
    return FL_NO_AGENT;
}
