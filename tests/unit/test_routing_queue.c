/* The waiting queue against a plain list, and the orders of the disciplines. */
#include "core/draw.h"
#include "routing/queue.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static _Alignas(64) unsigned char block[1 << 20];

static bool everyone(const void *context, uint32_t chat)
{
    (void)context, (void)chat;
    return true;
}

static bool multiple_of(const void *context, uint32_t chat)
{
    return chat % *(const uint32_t *)context == 0;
}

/* The plain list: chats by number, with the group they wait in. */
struct list {
    fl_queue_order order[500];
    uint32_t group[500]; /* FL_NONE: not waiting */
};

static uint32_t first_of_list(const struct list *list, uint32_t group, uint32_t divisor)
{
    uint32_t first = FL_NO_CHAT;
    for (uint32_t c = 0; c < 500; c += divisor) {
        if (list->group[c] == group && (first == FL_NO_CHAT || list->order[c] < list->order[first])) first = c;
    }
    return first;
}

Test(queue, agrees_with_a_plain_list_over_any_history)
{
    struct fl_arena arena;
    fl_arena_start(&arena, block, sizeof block);
    struct fl_queue queue = { .length = 0 };
    static struct list list;
    for (uint32_t c = 0; c < 500; c++) list.group[c] = FL_NONE;
    uint32_t waiting = 0;
    for (uint32_t i = 0; i < 40000; i++) {
        const uint64_t bits = fl_mix(i);
        const uint32_t chat = bits % 500, group = (bits >> 16) % 3, divisor = 1 + (bits >> 20) % 4;
        if (list.group[chat] != FL_NONE) {
            fl_queue_remove(&arena, &queue, list.group[chat], chat);
            list.group[chat] = FL_NONE;
            waiting--;
        } else {
            list.group[chat] = group;
            list.order[chat] = ((fl_queue_order)(int64_t)((bits >> 24) % 50) - 25) * ((fl_queue_order)1 << 64) + i;
            cr_assert_eq(fl_queue_push(&arena, &queue, group, chat, list.order[chat]), FL_OK);
            waiting++;
        }
        fl_queue_order before = FL_QUEUE_LAST;

        const uint32_t first = fl_queue_first(&arena, &queue, group, multiple_of, &divisor, &before);

        cr_assert_eq(first, first_of_list(&list, group, divisor), "step %u", i);
        cr_assert(first == FL_NO_CHAT || before == list.order[first]);
        cr_assert_eq(queue.length, waiting);
        cr_assert_eq(queue.waiting >> group & 1, first_of_list(&list, group, 1) != FL_NO_CHAT);
        cr_assert_eq(fl_queue_holds(&arena, &queue, chat), list.group[chat] != FL_NONE);
    }
}

Test(queue, a_used_up_arena_refuses_the_push_and_changes_nothing)
{
    struct fl_arena arena;
    fl_arena_start(&arena, block, 4096);
    struct fl_queue queue = { .length = 0 };
    uint32_t chat = 0;
    while (fl_queue_push(&arena, &queue, 0, chat, chat) == FL_OK) chat++;

    cr_expect_gt(chat, 0);
    cr_expect_eq(queue.length, chat);
    cr_expect_not(fl_queue_holds(&arena, &queue, chat));
}

/* Four chats enter at seconds 100, 101, 102, 103; the order in which they leave, as digits. */
static const char *leaving(enum fl_discipline discipline)
{
    static char digits[5];
    static const struct fl_chat_view chats[4] = {
        { .index = 0, .priority = 0, .opened_at = 50 * FL_SECOND, .active_at = 99 * FL_SECOND },
        { .index = 1, .priority = 2, .opened_at = 90 * FL_SECOND, .active_at = 98 * FL_SECOND },
        { .index = 2, .priority = -1, .opened_at = 20 * FL_SECOND, .active_at = 97 * FL_SECOND },
        { .index = 3, .priority = 2, .opened_at = 10 * FL_SECOND, .active_at = 99 * FL_SECOND },
    };
    /* A credit of one second, so that two units of priority make up for two seconds. */
    const struct fl_routing_def routing = { .discipline = discipline, .due = 180 * FL_SECOND, .priority_credit = FL_SECOND };
    struct fl_arena arena;
    fl_arena_start(&arena, block, sizeof block);
    struct fl_queue queue = { .length = 0 };
    for (uint32_t c = 0; c < 4; c++) {
        const fl_queue_order order = fl_queue_order_of(&routing, &chats[c], (100 + c) * FL_SECOND, queue.sequence);
        cr_assert_eq(fl_queue_push(&arena, &queue, 0, c, order), FL_OK);
    }
    for (int i = 0; i < 4; i++) {
        fl_queue_order before = FL_QUEUE_LAST;
        const uint32_t chat = fl_queue_first(&arena, &queue, 0, everyone, NULL, &before);
        fl_queue_remove(&arena, &queue, 0, chat);
        digits[i] = (char)('0' + chat);
    }
    return digits;
}

Test(queue, disciplines_order_as_they_say)
{
    cr_expect_str_eq(leaving(FL_FIFO), "0123");
    cr_expect_str_eq(leaving(FL_LIFO), "3210");
    cr_expect_str_eq(leaving(FL_PRIORITY_FIFO), "1302");
    cr_expect_str_eq(leaving(FL_PRIORITY_AGING), "1032"); /* instants less credit: 100, 99, 103, 101 */
    cr_expect_str_eq(leaving(FL_LONGEST_WAITING), "2103");
    cr_expect_str_eq(leaving(FL_EDF), "3201");
}
