/* Words from draws. One message is built from front to back in the caller's buffer; a clause that turns out too long
 * is taken back. */
#include "record/utterance.h"

#include "core/draw.h"

#include <string.h>

/* What belongs to the chat is drawn at indexes that no message has; what belongs to a message and is named by a slot,
 * at tries that no choice of phrases reaches. */
#define CHAT_INDEX       (UINT32_C(1) << 31)
#define SLOT_TRY         (UINT32_C(1) << 16)
#define CLAUSE_BYTES_MAX 1024u /* longest template with its slots filled in, with room to spare */

/* Lists that a chat walks through, each from its own place; drawn as slots that no template can name. */
enum turn { TURN_SAID = 1, TURN_ANSWER, TURN_DETAIL, TURN_CANNED };

enum tone { TONE_PLAIN, TONE_CURT, TONE_FRIENDLY };

struct message {
    const struct fl_log_event *event;
    const struct fl_topic_phrases *topic;
    const struct fl_goods *goods;
    uint64_t bits;  /* of this message */
    uint32_t draws; /* choices made so far */
    uint32_t chars;
    size_t bytes;
    char *text; /* [FL_UTTERANCE_BYTES] */
};

/* ---- Chance ----------------------------------------------------------------------------------- */

static uint32_t choose(struct message *m, uint32_t n)
{
    return (uint32_t)fl_uniform_below(fl_draw_again(m->bits, ++m->draws), n);
}

static const char *choose_phrase(struct message *m, const struct fl_phrases *phrases)
{
    return phrases->list[choose(m, phrases->count)];
}

/* The same in every message of the chat. `slot` need not be one that templates use. */
static uint64_t of_chat(const struct message *m, char slot, uint64_t n)
{
    return fl_uniform_below(fl_draw(m->event->key, FL_DRAW_TEXT, CHAT_INDEX + (uint32_t)slot), n);
}

/* The same wherever it stands in this message. */
static uint32_t of_message(const struct message *m, char slot, uint32_t n)
{
    return (uint32_t)fl_uniform_below(fl_draw_again(m->bits, SLOT_TRY + (uint32_t)slot), n);
}

/* Where to begin in a list so that the messages of one chat do not repeat each other before they must. The two sides take
 * turns: in a list of even length one of them would come to every other place only, so that each time round begins one
 * place further on. */
static uint32_t take_turn(const struct message *m, enum turn list, uint32_t n)
{
    const uint32_t index = m->event->message_index;
    return (uint32_t)((of_chat(m, (char)list, n) + index + (n % 2 == 0 ? index / n : 0)) % n);
}

static const char *turn_of(const struct message *m, enum turn list, const struct fl_phrases *phrases)
{
    return phrases->list[take_turn(m, list, phrases->count)];
}

/* ---- Slots ------------------------------------------------------------------------------------ */

static void put_word(struct message *m, const char *word)
{
    char *at = m->text + m->bytes;
    uint32_t chars = 0;
    for (; *word != '\0'; word++) {
        chars += ((unsigned char)*word & 0xC0) != 0x80; /* every byte but continuations begins a character */
        *at++ = *word;
    }
    m->bytes = (size_t)(at - m->text);
    m->chars += chars;
}

static void put_number(struct message *m, uint64_t number, uint32_t digits_min)
{
    char digits[24];
    uint32_t n = sizeof digits;
    digits[--n] = '\0';
    do {
        digits[--n] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0 || sizeof digits - 1 - n < digits_min);
    put_word(m, digits + n);
}

static uint32_t size_index(const struct message *m)
{
    return (uint32_t)of_chat(m, 's', m->goods->sizes.count);
}

static uint32_t colour_index(const struct message *m)
{
    return (uint32_t)of_chat(m, 'c', m->goods->colours.count);
}

/* What she says of herself agrees with the size that is right for her. */
static void put_figure(struct message *m)
{
    const uint32_t size = size_index(m);
    if (m->goods == &fl_goods[FL_SHOES]) { /* size 35 goes with 22.5 cm, half a centimetre a size */
        const uint32_t tenths = 225 + 5 * size;
        put_word(m, "脚长");
        put_number(m, tenths / 10, 1);
        if (tenths % 10 != 0) put_word(m, ".5");
        put_word(m, "厘米");
    } else {
        put_word(m, "身高");
        put_number(m, 152 + 2 * size + of_chat(m, 'i', 14), 1);
        put_word(m, "体重");
        put_number(m, 82 + 13 * size + of_chat(m, 'w', 13), 1);
        put_word(m, "斤");
    }
}

static uint32_t price_of_chat(const struct message *m)
{
    return m->goods->price_from + (uint32_t)of_chat(m, 'm', m->goods->price_to - m->goods->price_from + 1);
}

static void put_slot(struct message *m, char slot)
{
    static const uint32_t coupon[][2] = { { 3, 59 },   { 5, 99 },   { 10, 129 }, { 15, 169 }, { 20, 199 },
                                          { 30, 299 }, { 40, 299 }, { 50, 399 }, { 60, 499 }, { 100, 799 } };
    const struct fl_goods *const goods = m->goods;
    const uint32_t coupons = sizeof coupon / sizeof *coupon;
    switch (slot) {
    case 'p':
        put_word(m, goods->styles.list[of_chat(m, 'P', goods->styles.count)]);
        put_word(m, goods->nouns.list[of_chat(m, 'p', goods->nouns.count)]);
        break;
    case 'r': { /* any product but hers */
        const uint32_t own = (uint32_t)of_chat(m, 'p', goods->nouns.count);
        put_word(m, goods->styles.list[of_message(m, 'R', goods->styles.count)]);
        put_word(m, goods->nouns.list[(own + 1 + of_message(m, 'r', goods->nouns.count - 1)) % goods->nouns.count]);
        break;
    }
    case 'c': put_word(m, goods->colours.list[colour_index(m)]); break;
    case 'C':
        put_word(m,
                 goods->colours
                     .list[(colour_index(m) + 1 + of_chat(m, 'C', goods->colours.count - 1)) % goods->colours.count]);
        break;
    case 's': put_word(m, goods->sizes.list[size_index(m)]); break;
    case 'S': {
        const uint32_t size = size_index(m);
        put_word(m, goods->sizes.list[size + 1 < goods->sizes.count ? size + 1 : size - 1]);
        break;
    }
    case 'f': put_word(m, goods->materials.list[of_chat(m, 'f', goods->materials.count)]); break;
    case 'u': put_word(m, goods->measure_word); break;
    case 'i': put_figure(m); break;
    case 'm':
        put_number(m, price_of_chat(m), 1);
        put_word(m, "元");
        break;
    case 'M': { /* 5 to 25 per cent less */
        const uint32_t price = price_of_chat(m);
        put_number(m, price - price * (5 + of_message(m, 'M', 21)) / 100, 1);
        put_word(m, "元");
        break;
    }
    case 'b': put_number(m, coupon[of_chat(m, 'b', coupons)][0], 1); break;
    case 'B': put_number(m, coupon[of_chat(m, 'b', coupons)][1], 1); break;
    case 'o': put_number(m, UINT64_C(1000000000000000000) + of_chat(m, 'o', UINT64_C(4000000000000000000)), 1); break;
    case 'q':
        put_number(m, (UINT64_C(1000000000000000000) + of_chat(m, 'o', UINT64_C(4000000000000000000))) % 10000, 4);
        break;
    case 'k': put_word(m, fl_couriers[of_chat(m, 'k', FL_COURIERS)].name); break;
    case 't': {
        const struct fl_courier *const courier = &fl_couriers[of_chat(m, 'k', FL_COURIERS)];
        uint64_t numbers = 1;
        for (uint32_t i = 0; i < courier->digits; i++) numbers *= 10;
        put_word(m, courier->prefix);
        put_number(m, of_chat(m, 't', numbers), courier->digits);
        break;
    }
    case 'y': put_word(m, fl_cities.list[of_chat(m, 'y', fl_cities.count)]); break;
    case 'Y': /* on the way, so not hers */
        put_word(m, fl_cities.list[(of_chat(m, 'y', fl_cities.count) + 1 + of_message(m, 'Y', fl_cities.count - 1)) %
                                   fl_cities.count]);
        break;
    case 'j': put_word(m, fl_regions.list[of_chat(m, 'j', fl_regions.count)]); break;
    case 'd': put_number(m, 1 + of_message(m, 'd', 4), 1); break;
    case 'h':
        put_number(m, 14 + of_message(m, 'h', 5), 1);
        put_word(m, "点");
        break;
    case 'n': put_number(m, 2 + of_message(m, 'n', 5), 1); break;
    case 'v': put_number(m, 90 + of_message(m, 'v', 10), 1); break;
    case 'e': put_word(m, fl_emoticons.list[of_message(m, 'e', fl_emoticons.count)]); break;
    default: FL_ASSERT(!"a slot of the list in phrases.h");
    }
}

/* ---- Clauses ---------------------------------------------------------------------------------- */

/* Characters of n bytes of UTF-8, eight bytes at a time: all bytes but continuations, 10xxxxxx. */
static uint32_t characters_in(const char *text, size_t n)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    size_t i = 0;
    uint32_t continuations = 0;
    for (; i + 8 <= n; i += 8) {
        uint64_t x;
        memcpy(&x, text + i, 8);
        continuations += (uint32_t)((((x >> 7) & ~(x >> 6) & ones) * ones) >> 56); /* the sum of the eight */
    }
    for (; i < n; i++) continuations += ((unsigned char)text[i] & 0xC0) == 0x80;
    return (uint32_t)n - continuations;
}

static void put_plain(struct message *m, const char *text, size_t n)
{
    memcpy(m->text + m->bytes, text, n);
    m->bytes += n;
    m->chars += characters_in(text, n);
}

static void put(struct message *m, const char *template)
{
    FL_ASSERT(m->bytes + CLAUSE_BYTES_MAX <= FL_UTTERANCE_BYTES);
    for (;;) {
        const char *const slot = strchr(template, '{'); /* quicker than strcspn, by a tenth of a log */
        const size_t plain = slot != NULL ? (size_t)(slot - template) : strlen(template);
        put_plain(m, template, plain);
        template += plain;
        if (*template == '\0') return;
        put_slot(m, template[1]);
        template += 3; /* the slot and its braces */
    }
}

/* Puts a joint and a clause if the message then has at most `most` characters; else leaves it as it was. */
static bool put_if_fits(struct message *m, const char *joint, const char *template, uint32_t most)
{
    const size_t bytes = m->bytes;
    const uint32_t chars = m->chars;
    put(m, joint);
    put(m, template);
    if (m->chars <= most) return true;
    m->bytes = bytes;
    m->chars = chars;
    return false;
}

/* Appends clauses of a list, each once, in turn, while they fit and more than an ending is missing. */
static void put_clauses(struct message *m, const struct fl_phrases *clauses, uint32_t most)
{
    const uint32_t from = take_turn(m, TURN_DETAIL, clauses->count);
    const uint32_t step = choose(m, 2) == 0 ? 1 : clauses->count - 1; /* forwards or backwards */
    for (uint32_t i = 0; i < clauses->count && most - m->chars > FL_TAILS; i++)
        (void)put_if_fits(m, "，", clauses->list[(from + i * step) % clauses->count], most);
}

/* Brings a message that has at most `most` characters to exactly `most`: clauses of `details`, then clauses that always
 * suit, then an ending of the length that is left. It ends, as the shortest service clause is no longer than an ending.
 */
static void grow_to(struct message *m, const struct fl_phrases *details, uint32_t most)
{
    while (most - m->chars > FL_TAILS) {
        put_clauses(m, details, most);
        put_clauses(m, &fl_service, most);
    }
    if (m->chars < most) put(m, choose_phrase(m, &fl_tails[most - m->chars - 1]));
}

/* The number of characters to write: as simulated, or, where that is free, as long as replies on such desks are. */
static uint32_t length_wanted(struct message *m)
{
    const uint32_t chars = m->event->chars;
    if (chars == 0) return 9 + choose(m, 24);
    return chars < FL_UTTERANCE_CHARS_MAX ? chars : FL_UTTERANCE_CHARS_MAX;
}

static void put_typed(struct message *m, const struct fl_phrases *cores, const struct fl_phrases *details,
                      bool address_her)
{
    const uint32_t most = length_wanted(m);
    if (address_her && most >= 12) {
        if (m->event->flags & FL_LOG_FIRST_REPLY)
            put(m, choose_phrase(m, &fl_first_prefixes));
        else if (choose(m, 4) == 0)
            put(m, choose_phrase(m, &fl_agent_prefixes));
    }
    const uint32_t from = take_turn(m, TURN_ANSWER, cores->count);
    bool answered = false;
    for (uint32_t i = 0; i < cores->count && !answered; i++)
        answered = put_if_fits(m, "", cores->list[(from + i) % cores->count], most);
    if (!answered) { /* no answer is as short as that */
        const uint32_t left = most - m->chars;
        put(m, choose_phrase(m, &fl_shorts[(left < FL_SHORTS ? left : FL_SHORTS) - 1]));
    }
    grow_to(m, details, most);
}

/* ---- Review replies --------------------------------------------------------------------------- */

uint64_t fl_review_choices(uint64_t chat_id, uint32_t message_index)
{
    /* Each step is one-to-one on FL_REVIEW_BITS bits: a shift folded in from above, a product with an odd number. The
     * multipliers are those of core/draw.h's finaliser, cut to the width. */
    const uint64_t mask = (UINT64_C(1) << FL_REVIEW_BITS) - 1;
    uint64_t x = (chat_id << FL_REVIEW_INDEX_BITS | message_index) & mask;
    x ^= x >> (FL_REVIEW_BITS / 2);
    x = x * UINT64_C(0xBF58476D1CE4E5B9) & mask;
    x ^= x >> (FL_REVIEW_BITS / 2);
    x = x * UINT64_C(0x94D049BB133111EB) & mask;
    x ^= x >> (FL_REVIEW_BITS / 2);
    return x;
}

_Static_assert(FL_REVIEW_CHAT_BITS + FL_REVIEW_INDEX_BITS == FL_REVIEW_BITS, "a review reply holds its number");

static void put_review_reply(struct message *m)
{
    const struct fl_log_event *const event = m->event;
    uint64_t choices = fl_review_choices(event->chat_id, event->message_index);
    for (uint32_t i = 0; i < FL_REVIEW_CLAUSES; i++, choices >>= 6) {
        const struct fl_review_clause *const clause = &fl_review_clauses[i];
        put(m, clause->left[choices & 7]);
        put(m, clause->joint);
        put(m, clause->right[choices >> 3 & 7]);
        put(m, "。");
    }
    if (event->chat_id >> FL_REVIEW_CHAT_BITS != 0 || event->message_index >> FL_REVIEW_INDEX_BITS != 0) {
        put(m, "回访编号");
        put_number(m, event->chat_id, 1);
        put(m, "-");
        put_number(m, event->message_index, 1);
        put(m, "。");
    }
    const uint32_t wanted = event->chars < FL_UTTERANCE_CHARS_MAX ? event->chars : FL_UTTERANCE_CHARS_MAX;
    if (m->chars < wanted) { /* nothing added after the last full stop can make two replies alike */
        put(m, choose_phrase(m, &fl_shorts[(wanted - m->chars < FL_SHORTS ? wanted - m->chars : FL_SHORTS) - 1]));
        grow_to(m, &fl_service, wanted);
    }
}

/* ---- Who speaks ------------------------------------------------------------------------------- */

/* Most names differ in their first letter: not worth a call for each. */
static inline bool is_same(const char *a, const char *b)
{
    return a[0] == b[0] && strcmp(a, b) == 0;
}

static enum tone tone_of(const char *class_name)
{
    static const char *const curt[] = { "difficult", "picky", "rude", "挑剔", "难缠" };
    static const char *const friendly[] = { "returning", "vip", "VIP", "regular", "老客户", "回头客" };
    for (uint32_t i = 0; i < sizeof curt / sizeof *curt; i++)
        if (is_same(class_name, curt[i])) return TONE_CURT;
    for (uint32_t i = 0; i < sizeof friendly / sizeof *friendly; i++)
        if (is_same(class_name, friendly[i])) return TONE_FRIENDLY;
    return TONE_PLAIN;
}

/* A suffix opens with a comma, which a question or exclamation mark makes needless. All three are full-width marks
 * of 3 bytes, and what precedes a suffix is longer than that. */
static void put_suffix(struct message *m, const char *suffix)
{
    FL_ASSERT(m->bytes >= 3);
    const char *const last = m->text + m->bytes - 3;
    const bool marked = memcmp(last, "？", 3) == 0 || memcmp(last, "！", 3) == 0;
    put(m, marked && strncmp(suffix, "，", 3) == 0 ? suffix + 3 : suffix);
}

/* What a buyer's message is about, decided by its first draws alone, so that the reply to it can ask again. */
enum said { SAID_SOMETHING, SAID_HELLO, SAID_THANKS };

static enum said what_she_says(struct message *m, enum tone tone)
{
    if (m->event->message_index == 0 && choose(m, 5) == 0) return SAID_HELLO; /* many only knock first */
    return m->event->round > 1 && tone != TONE_CURT && choose(m, 6) == 0 ? SAID_THANKS : SAID_SOMETHING;
}

static uint64_t bits_of(uint64_t key, uint32_t message_index, enum fl_log_kind kind)
{
    return fl_draw_again(fl_draw(key, FL_DRAW_TEXT, message_index), kind + 1u);
}

/* Of the message before a reply. Where that was none of hers, because an agent had just added something, the answer is one
 * to a message she might have written. */
static enum said what_she_said(const struct message *reply, enum tone tone)
{
    struct fl_log_event before = *reply->event;
    if (before.message_index == 0) return SAID_SOMETHING;
    before.message_index--;
    struct message hers = { .event = &before, .bits = bits_of(before.key, before.message_index, FL_LOG_BUYER_MESSAGE) };
    return what_she_says(&hers, tone);
}

/* "Could I ask" goes before a question only. */
static void put_prefix(struct message *m, const char *prefix, const char *said)
{
    const size_t bytes = strlen(said);
    const bool asks = bytes >= 3 && memcmp(said + bytes - 3, "？", 3) == 0;
    if (asks || strstr(prefix, "问") == NULL) put(m, prefix);
}

static void put_buyer_message(struct message *m, enum tone tone)
{
    static const struct fl_phrases *const prefixes[] = { &fl_buyer_prefixes, &fl_curt_prefixes, &fl_friendly_prefixes };
    static const struct fl_phrases *const suffixes[] = { &fl_buyer_suffixes, &fl_curt_suffixes, &fl_friendly_suffixes };
    const enum said what = what_she_says(m, tone);
    if (what != SAID_SOMETHING) {
        put(m, choose_phrase(m, what == SAID_HELLO ? &fl_hellos : &fl_buyer_thanks));
        return;
    }
    const bool opens = m->event->message_index == 0, later = m->event->round > 1;
    const struct fl_phrases *const list = later && choose(m, 3) != 0 ? &m->topic->more : &m->topic->asks;
    const char *const said = turn_of(m, TURN_SAID, list);
    if (choose(m, opens ? 2 : 5) == 0) put_prefix(m, choose_phrase(m, prefixes[tone]), said);
    put(m, said);
    if (choose(m, tone == TONE_PLAIN ? 4 : 3) == 0) put_suffix(m, choose_phrase(m, suffixes[tone]));
}

static const struct fl_phrases *extra_phrases(struct message *m, enum fl_phase phase)
{
    static const struct fl_phrases *const usual[FL_PHASES] = { &fl_recommends, &fl_reminders, &fl_cares };
    static const struct fl_phrases *const other[FL_PHASES] = { &fl_reminders, &fl_recommends, &fl_recommends };
    return choose(m, 3) != 0 ? usual[phase] : other[phase];
}

/* A reply that the flags leave to be chosen: to what she asked, or to a bare hello or thanks. */
static void put_reply(struct message *m, enum tone tone, bool quick)
{
    const struct fl_phrases *const canned[] = { &m->topic->canned, &fl_hello_canned, &fl_closings_canned };
    const struct fl_phrases *const cores[] = { &m->topic->answers, &fl_hello_answers, &fl_closings };
    const enum said to = what_she_said(m, tone);
    if (quick) put(m, turn_of(m, TURN_CANNED, canned[to]));
    else put_typed(m, cores[to], to == SAID_SOMETHING ? &m->topic->details : &fl_service, to != SAID_THANKS);
}

static void put_agent_message(struct message *m, enum fl_phase phase, enum tone tone)
{
    const uint32_t flags = m->event->flags;
    const bool extra = m->event->kind == FL_LOG_AGENT_EXTRA;
    if (flags & FL_LOG_REVIEW_REPLY)
        put_review_reply(m);
    else if (flags & FL_LOG_TERSE)
        put(m, choose_phrase(m, choose(m, 3) == 0 ? &fl_terse_answers : &m->topic->terse));
    else if (!extra)
        put_reply(m, tone, (flags & FL_LOG_QUICK_PHRASE) != 0);
    else if (flags & FL_LOG_QUICK_PHRASE)
        put(m, turn_of(m, TURN_CANNED, extra_phrases(m, phase)));
    else
        put_typed(m, extra_phrases(m, phase), &fl_service, false);
}

/* ---- Topics ----------------------------------------------------------------------------------- */

/* As strcmp, for short names that are mostly told apart by their first letters. */
static inline int compare_names(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) a++, b++;
    return (int)(unsigned char)*a - (int)(unsigned char)*b;
}

enum fl_topic fl_topic_of(const char *intent_name)
{
    uint32_t low = 0, high = fl_topic_names_count;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        const int order = compare_names(intent_name, fl_topic_names[middle].name);
        if (order == 0) return fl_topic_names[middle].topic;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return FL_TOPIC_GENERIC;
}

/* The goods this chat is about, among those for which the topic makes sense. */
static const struct fl_goods *goods_of(uint64_t key, uint32_t categories)
{
    const uint32_t n = (uint32_t)__builtin_popcount(categories);
    const uint64_t bits = fl_draw(key, FL_DRAW_TEXT, CHAT_INDEX);
    for (uint64_t skip = fl_uniform_below(bits, n); skip > 0; skip--) categories &= categories - 1;
    return &fl_goods[__builtin_ctz(categories)];
}

static bool has_words(enum fl_log_kind kind)
{
    return kind == FL_LOG_BUYER_MESSAGE || kind == FL_LOG_AGENT_REPLY || kind == FL_LOG_AGENT_EXTRA || kind == FL_LOG_BOT_REPLY ||
           kind == FL_LOG_GREETING || kind == FL_LOG_ABANDONED;
}

size_t fl_utterance(const struct fl_scenario *scenario, const struct fl_log_event *event, char text[FL_UTTERANCE_BYTES],
                    uint32_t *chars)
{
    const struct fl_buyers *const buyers = &scenario->buyers;
    FL_ASSERT(event->intent < buyers->intents_count && event->buyer_class < buyers->classes_count);
    if (!has_words((enum fl_log_kind)event->kind)) return *chars = 0;
    const struct fl_intent *const intent = &buyers->intents[event->intent];
    const struct fl_topic_phrases *const topic = &fl_topic_phrases[fl_topic_of(intent->name)];
    const enum tone tone = tone_of(buyers->classes[event->buyer_class].name);
    struct message m = { .event = event,
                         .topic = topic,
                         .goods = goods_of(event->key, topic->categories),
                         .bits = bits_of(event->key, event->message_index, (enum fl_log_kind)event->kind),
                         .text = text };
    switch ((enum fl_log_kind)event->kind) {
    case FL_LOG_BUYER_MESSAGE: put_buyer_message(&m, tone); break;
    case FL_LOG_AGENT_REPLY:
    case FL_LOG_AGENT_EXTRA: put_agent_message(&m, intent->phase, tone); break;
    case FL_LOG_BOT_REPLY:
        put(&m, choose_phrase(&m, &fl_bot_prefixes));
        put(&m, turn_of(&m, TURN_CANNED, &topic->canned));
        put(&m, choose_phrase(&m, &fl_bot_suffixes));
        break;
    case FL_LOG_GREETING: put(&m, choose_phrase(&m, &fl_greetings)); break;
    case FL_LOG_ABANDONED: put(&m, choose_phrase(&m, &fl_buyer_farewells)); break;
    default: break;
    }
    *chars = m.chars;
    return m.bytes;
}
