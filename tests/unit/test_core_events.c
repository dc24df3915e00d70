/* Tree and wheel against a list that is searched from end to end. */
#include "core/draw.h"
#include "core/events.h"

#include <criterion/criterion.h>
#include <stdlib.h>

struct pending {
    fl_time at;
    enum fl_event_class class;
    uint64_t sequence;
};

static bool is_before(const struct pending *a, const struct pending *b)
{
    if (a->at != b->at) return a->at < b->at;
    if (a->class != b->class) return a->class < b->class;
    return a->sequence < b->sequence;
}

static struct fl_events start(uint32_t slots, fl_time span)
{
    struct fl_events events;
    const size_t bytes = fl_events_bytes(slots);
    fl_events_start(&events, aligned_alloc(64, (bytes + 63) / 64 * 64), slots, span);
    return events;
}

static void release(struct fl_events *events)
{
    free(events->late.node); /* the start of its memory */
}

/* FL_NO_EVENT when none is due. */
static fl_event_key take_before(struct fl_events *events, fl_time until)
{
    return fl_events_due(events, until) ? fl_events_take(events) : FL_NO_EVENT;
}

static uint32_t first_of(const struct pending model[], uint32_t slots)
{
    uint32_t first = 0;
    for (uint32_t s = 1; s < slots; s++)
        if (is_before(&model[s], &model[first])) first = s;
    return first;
}

/* Takes the next event from both; returns when it was due. */
static fl_time take_from_both(struct fl_events *events, struct pending model[], uint32_t slots)
{
    const uint32_t first = first_of(model, slots);
    const fl_time at = model[first].at;
    cr_assert_eq(take_before(events, at), FL_NO_EVENT);
    const fl_event_key next = take_before(events, FL_TIME_NEVER);
    cr_assert_eq(fl_event_at(next), at);
    if (at == FL_TIME_NEVER) return at;
    cr_assert_eq(fl_event_slot(next), first);
    cr_assert_eq(fl_event_class_of(next), model[first].class);
    cr_assert_eq(fl_events_at(events, first), FL_TIME_NEVER);
    model[first].at = FL_TIME_NEVER;
    return at;
}

/* Random sets, cancels and, every fourth time, the next event's turn. Times lie `spread` ahead of the present at most, on a grid of
 * eight values, so that most matches are ties, or anywhere. Halfway the set moves into a larger one; at the end it is emptied. */
static void play(uint32_t slots, uint32_t larger, uint64_t seed, fl_time spread, fl_time span)
{
    struct pending *const model = malloc(larger * sizeof *model);
    for (uint32_t s = 0; s < larger; s++) model[s] = (struct pending){ .at = FL_TIME_NEVER, .sequence = s };
    struct fl_events events = start(slots, span);
    fl_time now = 0;
    for (uint64_t i = 0; i < 8000; i++) {
        const uint64_t bits = fl_mix(seed + i);
        const uint32_t slot = (uint32_t)fl_uniform_below(bits, slots);
        if ((bits >> 33 & 3) == 0) {
            const fl_time at = take_from_both(&events, model, larger);
            if (at != FL_TIME_NEVER) now = at;
        } else if (bits % 4 == 0) {
            fl_events_cancel(&events, slot);
            model[slot].at = FL_TIME_NEVER;
        } else {
            const uint64_t ahead = spread <= 8 ? bits >> 8 & 7 : fl_uniform_below(fl_mix(bits), (uint64_t)spread);
            const struct pending set = { now + (fl_time)ahead, (enum fl_event_class)((bits >> 16) % 3), larger + i };
            fl_events_set(&events, slot, set.at, set.class);
            model[slot] = set;
        }
        cr_assert_eq(fl_events_at(&events, slot), model[slot].at);
        if (i == 4000) {
            struct fl_events moved = start(larger, span);
            fl_events_move(&moved, &events);
            release(&events);
            events = moved;
            slots = larger;
        }
    }
    while (take_from_both(&events, model, larger) != FL_TIME_NEVER) { }
    release(&events);
    free(model);
}

Test(core_events, next_is_always_the_first_of_the_naive_list)
{
    play(1, 1, 1, 8, FL_SECOND);
    play(2, 2, 2, 8, FL_SECOND); /* few: kept in order */
    play(2, 3, 2, 8, FL_SECOND); /* few, then no longer */
    play(1, 2, 11, 8, FL_SECOND);
    play(4, 5, 3, 8, FL_SECOND);
    play(5, 8, 4, 8, FL_SECOND);
    play(37, 200, 5, 8, FL_SECOND); /* buckets so long that they go to the tree */
    play(300, 1000, 6, 8, 1);
    play(60, 60, 7, FL_MINUTE, FL_MINUTE); /* mostly in the wheel, which turns many times */
    play(300, 1000, 8, FL_HOUR, FL_MINUTE); /* mostly beyond it */
    play(3000, 10000, 9, FL_MINUTE, FL_HOUR); /* few buckets used */
    play(200, 400, 10, 100 * FL_DAY, FL_SECOND);
}

/* Takes the present back, which the desk never does: what is earlier than the wheel's base. */
Test(core_events, an_event_may_be_earlier_than_the_last_that_was_taken)
{
    struct fl_events events = start(10, FL_MINUTE);
    fl_events_set(&events, 0, FL_HOUR, FL_CLASS_STATE);
    fl_events_set(&events, 1, FL_HOUR + FL_SECOND, FL_CLASS_STATE);
    cr_expect_eq(fl_event_slot(take_before(&events, FL_TIME_NEVER)), 0);
    fl_events_set(&events, 2, FL_SECOND, FL_CLASS_STATE);
    cr_expect_eq(fl_event_slot(take_before(&events, FL_TIME_NEVER)), 2);
    fl_events_set(&events, 2, 2 * FL_HOUR, FL_CLASS_STATE);
    cr_expect_eq(fl_event_slot(take_before(&events, FL_TIME_NEVER)), 1);
    cr_expect_eq(fl_event_slot(take_before(&events, FL_TIME_NEVER)), 2);
    release(&events);
}

Test(core_events, equal_times_go_by_class_and_then_by_order_of_scheduling)
{
    struct fl_events events = start(6, FL_SECOND);
    static const uint32_t slots[] = { 4, 1, 5, 0, 3, 2 };
    static const enum fl_event_class classes[] = { FL_CLASS_ARRIVAL, FL_CLASS_STATE, FL_CLASS_RELEASE,
                                                   FL_CLASS_STATE, FL_CLASS_ARRIVAL, FL_CLASS_RELEASE };
    for (int i = 0; i < 6; i++) fl_events_set(&events, slots[i], FL_HOUR, classes[i]);

    static const uint32_t order[] = { 5, 2, 1, 0, 4, 3 };
    for (int i = 0; i < 6; i++) cr_expect_eq(fl_event_slot(take_before(&events, FL_TIME_NEVER)), order[i], "%d", i);
    cr_expect_eq(take_before(&events, FL_TIME_NEVER), FL_NO_EVENT);
    release(&events);
}

Test(core_events, setting_again_puts_an_event_behind_its_equals)
{
    struct fl_events events = start(2, FL_SECOND);
    fl_events_set(&events, 0, 5, FL_CLASS_STATE);
    fl_events_set(&events, 1, 5, FL_CLASS_STATE);

    fl_events_set(&events, 0, 5, FL_CLASS_STATE);

    cr_expect_eq(fl_event_slot(take_before(&events, FL_TIME_NEVER)), 1);
    cr_expect_eq(fl_event_slot(take_before(&events, FL_TIME_NEVER)), 0);
    release(&events);
}

Test(core_events, what_is_not_due_before_the_instant_asked_for_stays)
{
    struct fl_events events = start(9, FL_SECOND);
    fl_events_set(&events, 3, FL_MINUTE, FL_CLASS_STATE);

    cr_expect_eq(take_before(&events, FL_MINUTE), FL_NO_EVENT);

    cr_expect_eq(fl_events_at(&events, 3), FL_MINUTE);
    cr_expect_eq(fl_event_slot(take_before(&events, FL_MINUTE + 1)), 3);
    release(&events);
}
