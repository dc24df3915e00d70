/* The words of the chat log: their lengths, their variety, their letters. */
#include "record/utterance.h"

#include "core/draw.h"
#include "routing/view.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* One intent a topic, in the topics' order, so that intent index and topic are the same number. */
static const char *const names[FL_TOPICS] = { "something new", "size",     "stock",    "bargain",      "shipping", "urge",
                                              "logistics",     "refund",   "exchange", "quality",      "damaged",  "missing",
                                              "bad_review",    "invoice",  "coupon",   "address",      "price_change",
                                              "payment",       "product",  "gift",     "deposit",      "complaint",
                                              "cross_sell" };
static struct fl_intent intents[FL_TOPICS];
static const struct fl_buyer_class classes[] = { { .name = "new" }, { .name = "difficult" }, { .name = "returning" } };
static struct fl_scenario scenario;

static void set_up(void)
{
    for (uint32_t i = 0; i < FL_TOPICS; i++) {
        intents[i].name = names[i];
        intents[i].phase = (enum fl_phase)(i % FL_PHASES);
    }
    scenario.buyers.intents = intents;
    scenario.buyers.intents_count = FL_TOPICS;
    scenario.buyers.classes = classes;
    scenario.buyers.classes_count = 3;
}
TestSuite(utterance, .init = set_up);

static struct fl_log_event event_of(uint64_t chat, enum fl_log_kind kind, uint32_t index)
{
    return (struct fl_log_event){ .chat_id = chat, .key = fl_mix(chat + 1), .buyer_id = chat, .message_index = index,
                                  .round = 1 + index / 2, .kind = (uint8_t)kind, .intent = (uint8_t)(chat % FL_TOPICS),
                                  .buyer_class = (uint8_t)(chat / FL_TOPICS % 3) };
}

/* Characters of a text, or -1 when it is not well-formed UTF-8 (Unicode 15, table 3-7). */
static long count_characters(const char *text, size_t n)
{
    const unsigned char *const s = (const unsigned char *)text;
    long chars = 0;
    for (size_t i = 0; i < n; chars++) {
        const uint32_t more = s[i] < 0x80 ? 0 : s[i] >= 0xC2 && s[i] < 0xE0 ? 1 : s[i] >= 0xE0 && s[i] < 0xF0 ? 2
                              : s[i] >= 0xF0 && s[i] < 0xF5 ? 3 : 9;
        if (more == 9 || i + more >= n + (more == 0)) return -1;
        uint32_t code = more == 0 ? s[i] : s[i] & (0x3Fu >> more);
        for (uint32_t k = 1; k <= more; k++) {
            if ((s[i + k] & 0xC0) != 0x80) return -1;
            code = code << 6 | (s[i + k] & 0x3Fu);
        }
        static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
        if (code < least[more] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return -1;
        i += more + 1;
    }
    return chars;
}

Test(utterance, every_kind_topic_and_manner_is_well_formed_and_counts_its_characters)
{
    char text[FL_UTTERANCE_BYTES];
    for (uint64_t chat = 0; chat < 3000; chat++) {
        for (uint32_t kind = 0; kind < FL_LOG_KINDS_COUNT; kind++) {
            struct fl_log_event event = event_of(chat, (enum fl_log_kind)kind, (uint32_t)(chat % 11));
            event.flags = (uint8_t)(chat % 16);
            event.chars = (uint32_t)(chat % 3 == 0 ? 0 : chat % 97);
            uint32_t chars = 77;
            const size_t bytes = fl_utterance(&scenario, &event, text, &chars);
            cr_assert_eq(count_characters(text, bytes), (long)chars, "chat %lu kind %u", (unsigned long)chat, kind);
            cr_assert_null(memchr(text, '{', bytes), "a slot was left in: %.*s", (int)bytes, text);
            cr_assert_null(memchr(text, '\0', bytes));
        }
    }
}

Test(utterance, changes_of_state_have_no_words_and_messages_have_some)
{
    char text[FL_UTTERANCE_BYTES];
    for (uint32_t kind = 0; kind < FL_LOG_KINDS_COUNT; kind++) {
        const struct fl_log_event event = event_of(5, (enum fl_log_kind)kind, 3);
        uint32_t chars;
        const size_t bytes = fl_utterance(&scenario, &event, text, &chars);
        const bool speaks = kind == FL_LOG_BUYER_MESSAGE || kind == FL_LOG_AGENT_REPLY || kind == FL_LOG_AGENT_EXTRA ||
                            kind == FL_LOG_BOT_REPLY || kind == FL_LOG_GREETING || kind == FL_LOG_ABANDONED;
        cr_expect_eq(bytes > 0, speaks, "kind %u", kind);
        cr_expect_eq(chars > 0, speaks, "kind %u", kind);
    }
}

Test(utterance, a_typed_reply_has_exactly_the_characters_that_were_typed)
{
    char text[FL_UTTERANCE_BYTES];
    for (uint32_t wanted = 1; wanted <= 400; wanted++) {
        for (uint64_t chat = 0; chat < 6 * FL_TOPICS; chat++) {
            struct fl_log_event event = event_of(chat + 1000 * wanted, FL_LOG_AGENT_REPLY, (uint32_t)(chat % 9));
            event.kind = chat % 4 == 3 ? FL_LOG_AGENT_EXTRA : FL_LOG_AGENT_REPLY;
            event.flags = chat % 5 == 0 ? FL_LOG_FIRST_REPLY : 0;
            event.chars = wanted;
            uint32_t chars;
            const size_t bytes = fl_utterance(&scenario, &event, text, &chars);
            cr_assert_eq(chars, wanted, "wanted %u, got %u: %.*s", wanted, chars, (int)bytes, text);
        }
    }
}

Test(utterance, a_reply_of_absurd_length_is_cut_at_the_declared_limit)
{
    char text[FL_UTTERANCE_BYTES];
    for (uint64_t chat = 0; chat < 200; chat++) {
        struct fl_log_event event = event_of(chat, FL_LOG_AGENT_REPLY, 1);
        event.flags = chat % 2 ? FL_LOG_REVIEW_REPLY : 0;
        event.chars = chat % 4 < 2 ? UINT32_MAX : FL_UTTERANCE_CHARS_MAX + 1;
        uint32_t chars;
        const size_t bytes = fl_utterance(&scenario, &event, text, &chars);
        cr_assert_eq(chars, FL_UTTERANCE_CHARS_MAX);
        cr_assert_eq(count_characters(text, bytes), (long)chars);
    }
}

Test(utterance, typing_time_of_the_words_is_the_typing_time_simulated)
{
    /* At 60 characters a minute one character is one second. */
    const double typing_cpm = 60;
    char text[FL_UTTERANCE_BYTES];
    double simulated_s = 0, of_words_s = 0;
    for (uint64_t chat = 0; chat < 5000; chat++) {
        struct fl_log_event event = event_of(chat, FL_LOG_AGENT_REPLY, 2);
        event.chars = 1 + (uint32_t)fl_uniform_below(fl_draw(event.key, FL_DRAW_CHARS, 2), 60);
        uint32_t chars;
        (void)fl_utterance(&scenario, &event, text, &chars);
        simulated_s += event.chars * 60 / typing_cpm;
        of_words_s += chars * 60 / typing_cpm;
    }
    cr_expect_eq(simulated_s, of_words_s);
}

Test(utterance, a_terse_reply_is_a_bare_word)
{
    char text[FL_UTTERANCE_BYTES];
    uint32_t longest = 0;
    for (uint64_t chat = 0; chat < 5000; chat++) {
        struct fl_log_event event = event_of(chat, FL_LOG_AGENT_REPLY, 2);
        event.flags = FL_LOG_TERSE;
        event.chars = 40;
        uint32_t chars;
        (void)fl_utterance(&scenario, &event, text, &chars);
        if (chars > longest) longest = chars;
    }
    cr_expect_leq(longest, 12, "longest is %u (a product's name)", longest);
}

Test(utterance, the_same_event_says_the_same_whatever_was_said_before)
{
    char first[FL_UTTERANCE_BYTES], again[FL_UTTERANCE_BYTES];
    const struct fl_log_event event = event_of(99, FL_LOG_BUYER_MESSAGE, 4), other = event_of(7, FL_LOG_AGENT_REPLY, 1);
    uint32_t chars, chars_again;
    const size_t bytes = fl_utterance(&scenario, &event, first, &chars);
    (void)fl_utterance(&scenario, &other, again, &chars_again);

    const size_t bytes_again = fl_utterance(&scenario, &event, again, &chars_again);

    cr_expect_eq(bytes, bytes_again);
    cr_expect_eq(chars, chars_again);
    cr_expect_arr_eq(first, again, bytes);
}

Test(utterance, words_do_not_depend_on_when_or_by_whom)
{
    char first[FL_UTTERANCE_BYTES], again[FL_UTTERANCE_BYTES];
    struct fl_log_event event = event_of(99, FL_LOG_AGENT_REPLY, 4);
    uint32_t chars, chars_again;
    const size_t bytes = fl_utterance(&scenario, &event, first, &chars);
    event.at = 77 * FL_SECOND;
    event.agent = 12;
    event.buyer_id = 4;
    event.chat_id = 3;

    const size_t bytes_again = fl_utterance(&scenario, &event, again, &chars_again);

    cr_expect_eq(bytes, bytes_again);
    cr_expect_arr_eq(first, again, bytes);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Share of different texts among one message of each of `n` chats. */
static double distinct_share(enum fl_log_kind kind, uint32_t chars_wanted, uint8_t flags, uint32_t n)
{
    char text[FL_UTTERANCE_BYTES];
    char **const all = malloc(n * sizeof *all);
    cr_assert_not_null(all);
    for (uint32_t i = 0; i < n; i++) {
        struct fl_log_event event = event_of(i, kind, i % 7);
        event.flags = flags;
        event.chars = chars_wanted;
        uint32_t chars;
        const size_t bytes = fl_utterance(&scenario, &event, text, &chars);
        all[i] = strndup(text, bytes);
        cr_assert_not_null(all[i]);
    }
    qsort(all, n, sizeof *all, by_text);
    uint32_t distinct = 0;
    for (uint32_t i = 0; i < n; i++) distinct += i == 0 || strcmp(all[i], all[i - 1]) != 0;
    for (uint32_t i = 0; i < n; i++) free(all[i]);
    free(all);
    return (double)distinct / n;
}

Test(utterance, texts_are_varied)
{
    /* Shares among 20 000 messages; the bounds lie a tenth below what was measured. Buyers are terse and many only say
     * hello, so theirs is the lowest. */
    const double buyer = distinct_share(FL_LOG_BUYER_MESSAGE, 0, 0, 20000);
    const double reply = distinct_share(FL_LOG_AGENT_REPLY, 30, 0, 20000);
    const double extra = distinct_share(FL_LOG_AGENT_EXTRA, 30, 0, 20000);
    cr_expect_geq(buyer, 0.44);
    cr_expect_geq(reply, 0.70);
    cr_expect_geq(extra, 0.64);
}

Test(utterance, a_hundred_thousand_review_replies_are_all_different)
{
    cr_expect_eq(distinct_share(FL_LOG_AGENT_REPLY, 0, FL_LOG_REVIEW_REPLY, 100000), 1.0);
    cr_expect_eq(distinct_share(FL_LOG_AGENT_REPLY, 150, FL_LOG_REVIEW_REPLY, 20000), 1.0);
}

Test(utterance, review_choices_are_one_to_one)
{
    /* Undoes the map step by step, so that no two numbers can share choices. The inverse of an odd number modulo a power
     * of two, by Newton's iteration, doubles its right bits each time. */
    const uint64_t mask = (UINT64_C(1) << FL_REVIEW_BITS) - 1;
    const uint64_t factors[] = { UINT64_C(0x94D049BB133111EB), UINT64_C(0xBF58476D1CE4E5B9) };
    for (uint64_t i = 0; i < 200000; i++) {
        const uint64_t chat = fl_mix(i) >> (64 - FL_REVIEW_CHAT_BITS);
        const uint32_t index = (uint32_t)(fl_mix(~i) >> (64 - FL_REVIEW_INDEX_BITS));
        uint64_t x = fl_review_choices(chat, index);
        cr_assert_leq(x, mask);
        for (uint32_t step = 0; step < 2; step++) {
            x ^= x >> (FL_REVIEW_BITS / 2);
            uint64_t inverse = factors[step];
            for (uint32_t k = 0; k < 6; k++) inverse *= 2 - factors[step] * inverse;
            x = x * inverse & mask;
        }
        x ^= x >> (FL_REVIEW_BITS / 2);
        cr_assert_eq(x, chat << FL_REVIEW_INDEX_BITS | index);
    }
}

Test(utterance, review_clauses_can_be_read_back)
{
    for (uint32_t c = 0; c < FL_REVIEW_CLAUSES; c++) {
        const struct fl_review_clause *const clause = &fl_review_clauses[c];
        for (uint32_t i = 0; i < 8; i++) {
            cr_expect_null(strstr(clause->left[i], "。"));
            cr_expect_null(strstr(clause->right[i], "。"));
            for (uint32_t j = 0; j < 8; j++) {
                if (i == j) continue;
                cr_expect_neq(strncmp(clause->left[i], clause->left[j], strlen(clause->left[i])), 0, "%s begins %s",
                              clause->left[i], clause->left[j]);
                cr_expect_str_neq(clause->right[i], clause->right[j]);
            }
        }
    }
}

Test(utterance, review_replies_beyond_the_choices_name_their_number)
{
    char near_text[FL_UTTERANCE_BYTES], far_text[FL_UTTERANCE_BYTES];
    struct fl_log_event near = event_of(1, FL_LOG_AGENT_REPLY, 1);
    near.flags = FL_LOG_REVIEW_REPLY;
    struct fl_log_event far = near;
    far.chat_id = near.chat_id + (UINT64_C(1) << FL_REVIEW_CHAT_BITS); /* the same 42 bits */
    uint32_t chars;
    const size_t near_bytes = fl_utterance(&scenario, &near, near_text, &chars);
    const size_t far_bytes = fl_utterance(&scenario, &far, far_text, &chars);

    cr_assert_gt(far_bytes, near_bytes);
    cr_expect_arr_eq(near_text, far_text, near_bytes);
    cr_expect_not_null(memmem(far_text, far_bytes, "1073741825-1", 12));
}

Test(utterance, every_name_of_a_topic_is_found_and_the_names_are_sorted)
{
    for (uint32_t i = 0; i < fl_topic_names_count; i++) {
        cr_expect_eq(fl_topic_of(fl_topic_names[i].name), fl_topic_names[i].topic, "%s", fl_topic_names[i].name);
        if (i > 0) cr_expect_lt(strcmp(fl_topic_names[i - 1].name, fl_topic_names[i].name), 0);
    }
    for (uint32_t i = 0; i < FL_TOPICS; i++) cr_expect_eq(fl_topic_of(names[i]), (enum fl_topic)i, "%s", names[i]);
    cr_expect_eq(fl_topic_of("催发货"), FL_TOPIC_URGE);
    cr_expect_eq(fl_topic_of("退款"), FL_TOPIC_REFUND);
    cr_expect_eq(fl_topic_of(""), FL_TOPIC_GENERIC);
}

static void expect_varied(const struct fl_phrases *phrases, uint32_t least, const char *what, uint32_t topic)
{
    cr_expect_geq(phrases->count, least, "topic %s has %u %s", names[topic], phrases->count, what);
    for (uint32_t i = 0; i < phrases->count; i++)
        for (uint32_t j = 0; j < i; j++) cr_expect_str_neq(phrases->list[i], phrases->list[j]);
}

Test(utterance, every_topic_has_enough_to_say_and_nothing_twice)
{
    for (uint32_t t = 0; t < FL_TOPICS; t++) {
        const struct fl_topic_phrases *const topic = &fl_topic_phrases[t];
        expect_varied(&topic->asks, 8, "asks", t);
        expect_varied(&topic->more, 8, "more", t);
        expect_varied(&topic->answers, 8, "answers", t);
        expect_varied(&topic->details, 8, "details", t);
        expect_varied(&topic->canned, 8, "canned", t);
        expect_varied(&topic->terse, 6, "terse", t);
    }
}

/* Which of a list's templates a text was made from, by the most words before the first slot; UINT32_MAX: of none. */
static uint32_t template_of(const struct fl_phrases *phrases, const char *text, size_t bytes)
{
    uint32_t best = UINT32_MAX;
    size_t most = 0;
    for (uint32_t i = 0; i < phrases->count; i++) {
        const size_t fixed = strcspn(phrases->list[i], "{");
        if (fixed <= most || fixed > bytes || memcmp(phrases->list[i], text, fixed) != 0) continue;
        best = i;
        most = fixed;
    }
    return best;
}

/* Index and round go as on the desk: she writes, the agent answers with a quick phrase, and again. */
Test(utterance, quick_phrases_of_a_chat_do_not_repeat_before_all_were_said)
{
    char text[FL_UTTERANCE_BYTES];
    for (uint64_t chat = 0; chat < 40 * FL_TOPICS; chat++) {
        const struct fl_phrases *const canned = &fl_topic_phrases[chat % FL_TOPICS].canned;
        uint32_t said = 0;
        for (uint32_t round = 1; round <= 8; round++) {
            struct fl_log_event event = event_of(chat, FL_LOG_AGENT_REPLY, 2 * round - 1);
            event.round = round;
            event.flags = FL_LOG_QUICK_PHRASE;
            uint32_t chars;
            const size_t bytes = fl_utterance(&scenario, &event, text, &chars);
            if (template_of(&fl_hello_canned, text, bytes) != UINT32_MAX || template_of(&fl_closings_canned, text, bytes) != UINT32_MAX)
                continue; /* not to a question */
            const uint32_t which = template_of(canned, text, bytes);
            cr_assert_neq(which, UINT32_MAX, "%.*s", (int)bytes, text);
            cr_assert_eq(said >> which & 1, 0, "chat %lu round %u again: %.*s", (unsigned long)chat, round, (int)bytes, text);
            said |= 1u << which;
        }
    }
}

Test(utterance, thanks_and_a_bare_hello_are_answered_as_such)
{
    char hers[FL_UTTERANCE_BYTES], reply[FL_UTTERANCE_BYTES];
    uint32_t thanks = 0, hellos = 0;
    for (uint64_t chat = 0; chat < 4000; chat++) {
        const uint32_t round = 1 + (uint32_t)(chat % 3);
        struct fl_log_event event = event_of(chat, FL_LOG_BUYER_MESSAGE, 2 * (round - 1));
        event.round = round;
        uint32_t chars;
        const size_t her_bytes = fl_utterance(&scenario, &event, hers, &chars);
        event.kind = FL_LOG_AGENT_REPLY;
        event.message_index++;
        event.flags = FL_LOG_QUICK_PHRASE;
        const size_t bytes = fl_utterance(&scenario, &event, reply, &chars);
        if (her_bytes == strlen("收到") && memcmp(hers, "收到", her_bytes) == 0) {
            thanks++;
            cr_expect_neq(template_of(&fl_closings_canned, reply, bytes), UINT32_MAX, "%.*s", (int)bytes, reply);
        }
        if (her_bytes == strlen("转人工") && memcmp(hers, "转人工", her_bytes) == 0) {
            hellos++;
            cr_expect_neq(template_of(&fl_hello_canned, reply, bytes), UINT32_MAX, "%.*s", (int)bytes, reply);
        }
    }
    cr_expect_gt(thanks, 5);
    cr_expect_gt(hellos, 5);
}

static uint32_t characters_of(const char *text)
{
    const long chars = count_characters(text, strlen(text));
    cr_assert_geq(chars, 0, "%s", text);
    return (uint32_t)chars;
}

Test(utterance, shorts_and_endings_have_the_lengths_they_stand_for)
{
    for (uint32_t n = 0; n < FL_SHORTS; n++)
        for (uint32_t i = 0; i < fl_shorts[n].count; i++) cr_expect_eq(characters_of(fl_shorts[n].list[i]), n + 1);
    for (uint32_t n = 0; n < FL_TAILS; n++)
        for (uint32_t i = 0; i < fl_tails[n].count; i++) cr_expect_eq(characters_of(fl_tails[n].list[i]), n + 1);
    uint32_t shortest = UINT32_MAX;
    for (uint32_t i = 0; i < fl_service.count; i++) {
        const uint32_t chars = 1 + characters_of(fl_service.list[i]);
        if (chars < shortest) shortest = chars;
    }
    cr_expect_leq(shortest, FL_TAILS, "a reply could not be grown to every length");
}

Test(utterance, a_chat_keeps_its_order_number)
{
    /* Every order number that a chat names, by either side, is the same one. */
    char text[FL_UTTERANCE_BYTES + 1];
    uint32_t named = 0;
    for (uint64_t chat = 0; chat < 6000; chat++) {
        char number[20] = "";
        for (uint32_t i = 0; i < 12; i++) {
            const struct fl_log_event event = event_of(chat, i % 2 ? FL_LOG_AGENT_REPLY : FL_LOG_BUYER_MESSAGE, i);
            uint32_t chars;
            text[fl_utterance(&scenario, &event, text, &chars)] = '\0';
            const char *const at = strstr(text, "订单");
            if (at == NULL || strspn(at + strlen("订单"), "0123456789") != 19) continue;
            named++;
            if (number[0] == '\0') memcpy(number, at + strlen("订单"), 19);
            cr_assert_eq(strncmp(number, at + strlen("订单"), 19), 0);
        }
    }
    cr_expect_gt(named, 200);
}
