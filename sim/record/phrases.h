/* The words of the synthetic chat log: phrase templates and word lists, all of them our own.
 *
 * A template is UTF-8 text with slots, "{p}"; the letters are listed below. Questions carry their own
 * punctuation. Answers and details end bare, without particle or full stop, because what follows them is chosen by
 * the length still wanted. Nothing here holds a brace except a slot, and only canned phrases hold a line feed. */
#ifndef FL_RECORD_PHRASES_H
#define FL_RECORD_PHRASES_H

#include <stdint.h>

/* Slots. Upper case is the other one of a pair; what the chat fixes stays the same in all its messages.
 *   p product          fixed       r another product    per message
 *   c colour           fixed       C another colour     fixed
 *   s size             fixed       S the next size      fixed
 *   f what it is made of, fixed    u its measure word   fixed
 *   i what the buyer says of her figure or foot, fixed
 *   m price            fixed       M a lower price      per message
 *   b coupon value     fixed       B what it needs      fixed
 *   o order number     fixed       q its last four digits
 *   k courier          fixed       t tracking number    fixed
 *   y her city         fixed       Y a city on the way  per message
 *   j a remote region  fixed       d days, 1 to 4       per message
 *   h hour of the day  per message n pieces, 2 to 6     per message
 *   v per cent, 90 to 99, per message    e an emoticon  per message */

struct fl_phrases {
    const char *const *list;
    uint32_t count;
};

enum fl_category { FL_APPAREL, FL_SHOES, FL_TEXTILE, FL_COSMETICS, FL_FOOD, FL_ACCESSORIES, FL_CATEGORIES };

struct fl_goods {
    struct fl_phrases styles, nouns, sizes, materials, colours; /* colours: of food, flavours */
    const char *measure_word;
    uint32_t price_from, price_to; /* whole yuan */
};

/* What a buyer can write about. */
enum fl_topic {
    FL_TOPIC_GENERIC, /* an intent whose name is not known */
    FL_TOPIC_SIZE, FL_TOPIC_STOCK, FL_TOPIC_BARGAIN, FL_TOPIC_SHIPPING, FL_TOPIC_URGE, FL_TOPIC_LOGISTICS,
    FL_TOPIC_REFUND, FL_TOPIC_EXCHANGE, FL_TOPIC_QUALITY, FL_TOPIC_DAMAGED, FL_TOPIC_MISSING, FL_TOPIC_BAD_REVIEW,
    FL_TOPIC_INVOICE, FL_TOPIC_COUPON, FL_TOPIC_ADDRESS, FL_TOPIC_PRICE_CHANGE, FL_TOPIC_PAYMENT, FL_TOPIC_PRODUCT,
    FL_TOPIC_GIFT, FL_TOPIC_DEPOSIT, FL_TOPIC_COMPLAINT, FL_TOPIC_CROSS_SELL,
    FL_TOPICS
};

struct fl_topic_phrases {
    uint32_t categories;       /* bit per fl_category it makes sense for */
    struct fl_phrases asks;    /* buyer, opening */
    struct fl_phrases more;    /* buyer, later rounds */
    struct fl_phrases answers; /* agent: the core of a typed reply */
    struct fl_phrases details; /* agent: clauses that may follow, joined by a comma */
    struct fl_phrases canned;  /* agent: quick phrases, and what the bot says */
    struct fl_phrases terse;   /* agent: a bare word */
};

/* How an intent's name is understood. Sorted by name in byte order. */
struct fl_topic_name {
    const char *name;
    enum fl_topic topic;
};

extern const struct fl_goods fl_goods[FL_CATEGORIES];
extern const struct fl_topic_phrases fl_topic_phrases[FL_TOPICS];
extern const struct fl_topic_name fl_topic_names[];
extern const uint32_t fl_topic_names_count;

/* Word lists of slots that depend on nothing. */
extern const struct fl_phrases fl_cities, fl_regions, fl_emoticons;
struct fl_courier {
    const char *name, *prefix; /* of its tracking numbers */
    uint32_t digits;           /* after the prefix */
};
#define FL_COURIERS 8u
extern const struct fl_courier fl_couriers[FL_COURIERS];

/* The buyer's manners. */
extern const struct fl_phrases fl_hellos, fl_buyer_prefixes, fl_buyer_suffixes, fl_buyer_thanks, fl_buyer_farewells;
extern const struct fl_phrases fl_curt_prefixes, fl_curt_suffixes, fl_friendly_prefixes, fl_friendly_suffixes;

/* The agent's. */
extern const struct fl_phrases fl_first_prefixes, fl_agent_prefixes, fl_service, fl_terse_answers, fl_greetings,
    fl_hello_answers, fl_hello_canned, fl_closings, fl_closings_canned,
    fl_bot_prefixes, fl_bot_suffixes, fl_recommends, fl_reminders, fl_cares;

/* Whole replies of exactly 1 to FL_SHORTS characters, and endings of exactly 1 to FL_TAILS: index length - 1. */
#define FL_SHORTS 9u
#define FL_TAILS 13u
extern const struct fl_phrases fl_shorts[FL_SHORTS];
extern const struct fl_phrases fl_tails[FL_TAILS];

/* A review reply is FL_REVIEW_CLAUSES clauses, each a left half, a joint and a right half of eight choices, ended by
 * a full stop that occurs in no half. The left halves of a clause are a prefix code, so that the clause, and with it
 * the whole reply, can be read back to the choices: different choices are different texts. */
#define FL_REVIEW_CLAUSES 7u
#define FL_REVIEW_BITS (6u * FL_REVIEW_CLAUSES)
struct fl_review_clause {
    const char *left[8], *joint, *right[8];
};
extern const struct fl_review_clause fl_review_clauses[FL_REVIEW_CLAUSES];

#endif
