/* Status, time, draws and the arena. */
#include "core/arena.h"
#include "core/draw.h"
#include "core/time.h"

#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

Test(core_status, every_status_has_a_sentence)
{
    cr_expect_str_eq(fl_status_sentence(FL_OK), "done");
    cr_expect_str_eq(fl_status_sentence(FL_EINTERRUPTED), "the run was interrupted");
    cr_expect_str_eq(fl_status_sentence((enum fl_status)1000), "unknown status");
    cr_expect_str_eq(fl_status_sentence((enum fl_status)-1), "unknown status");
}

Test(core_status, a_broken_invariant_stops_the_program, .signal = SIGABRT)
{
    fl_assert_note_run(7, 3);
    FL_ASSERT(1 + 1 == 3);
}

Test(core_time, seconds_are_rounded_to_the_nanosecond_and_cut)
{
    cr_expect_eq(fl_time_from_s(1.5), 1500 * FL_MILLISECOND);
    cr_expect_eq(fl_time_from_s(0.4e-9), 0);
    cr_expect_eq(fl_time_from_s(0.6e-9), 1);
    cr_expect_eq(fl_time_from_s(-1), 0);
    cr_expect_eq(fl_time_from_s(NAN), 0);
    cr_expect_eq(fl_time_from_s(INFINITY), FL_TIME_LONGEST);
    cr_expect_eq(fl_time_to_s(FL_MINUTE), 60);
}

/* The published first outputs of SplitMix64 from state 1234567 are the draws of key 1234567 at places 1, 2, 3. */
Test(core_draw, draws_are_the_splitmix64_sequence)
{
    const uint64_t golden = UINT64_C(0x9E3779B97F4A7C15);
    cr_expect_eq(fl_mix(1234567 + golden), UINT64_C(6457827717110365317));
    cr_expect_eq(fl_mix(1234567 + 2 * golden), UINT64_C(3203168211198807973));
    cr_expect_eq(fl_draw(5, FL_DRAW_INTENT, 9), fl_mix(5 + ((uint64_t)FL_DRAW_INTENT << 32 | 9) * golden));
    cr_expect_eq(fl_draw_again(5, 2), fl_mix(5 + 2 * golden));
}

Test(core_draw, keys_differ_in_every_part_of_their_address_and_never_change)
{
    const uint64_t keys[] = {
        fl_key_buyer(1, 2, 3, 4, 0), fl_key_buyer(2, 2, 3, 4, 0), fl_key_buyer(1, 3, 3, 4, 0),
        fl_key_buyer(1, 2, 4, 4, 0), fl_key_buyer(1, 2, 3, 5, 0), fl_key_buyer(1, 2, 3, 4, 1),
        fl_key_agent(1, 2, 3, 4),    fl_key_agent(1, 2, 3, 5),    fl_key_day(1, 2, 3),
        fl_key_day(1, 2, 4),
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        for (size_t j = 0; j < i; j++) cr_expect_neq(keys[i], keys[j], "%zu, %zu", i, j);
    cr_expect_eq(fl_hash_text(""), UINT64_C(0x2D06800538D394C2), "XXH3 of nothing, as published");
    uint64_t hash = 0;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) hash = fl_mix(hash ^ keys[i]);
    cr_expect_eq(hash, UINT64_C(0x5BC124003CEB0988), "0x%016llX", (unsigned long long)hash);
}

Test(core_draw, uniforms_keep_to_their_intervals)
{
    cr_expect_eq(fl_uniform(0), 0);
    cr_expect_lt(fl_uniform(UINT64_MAX), 1);
    cr_expect_gt(fl_uniform_open(0), 0);
    cr_expect_lt(fl_uniform_open(UINT64_MAX), 1);
    cr_expect_eq(fl_uniform_below(UINT64_MAX, 7), 6);
    cr_expect_eq(fl_uniform_below(0, 7), 0);
}

Test(core_arena, pieces_are_zeroed_aligned_and_apart)
{
    _Alignas(64) static unsigned char block[1024];
    memset(block, 0xAA, sizeof block);
    struct fl_arena arena;
    fl_arena_start(&arena, block, sizeof block);

    const size_t a = fl_arena_take(&arena, 3, 5), b = fl_arena_take(&arena, 1, 64), c = fl_arena_take(&arena, 2, 33);

    cr_assert(a != FL_ARENA_NONE && b != FL_ARENA_NONE && c != FL_ARENA_NONE);
    cr_expect(a % 64 == 0 && b >= a + 15 && b % 64 == 0 && c >= b + 64 && c % 64 == 0);
    for (size_t i = 0; i < 66; i++) cr_expect_eq(((unsigned char *)fl_arena_at(&arena, c))[i], 0);
}

Test(core_arena, a_used_up_block_is_an_answer_and_a_reset_gives_it_back)
{
    _Alignas(64) static unsigned char block[256];
    struct fl_arena arena;
    fl_arena_start(&arena, block, sizeof block);
    const size_t first = fl_arena_take(&arena, 1, 128);
    cr_assert_neq(first, FL_ARENA_NONE);
    const size_t used = arena.used;

    cr_expect_eq(fl_arena_take(&arena, 1, 65), FL_ARENA_NONE);
    cr_expect_eq(fl_arena_take(&arena, SIZE_MAX, 2), FL_ARENA_NONE);
    cr_expect_eq(fl_arena_take(&arena, SIZE_MAX, 1), FL_ARENA_NONE);

    cr_expect_eq(arena.used, used);
    fl_arena_reset(&arena);
    cr_expect_eq(fl_arena_take(&arena, 1, 128), first);
    cr_expect_eq(arena.high, used);
    struct fl_arena none;
    fl_arena_start(&none, block, 10);
    cr_expect_eq(fl_arena_take(&none, 1, 1), FL_ARENA_NONE);
}
