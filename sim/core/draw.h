/* Addressed randomness: a draw is a function of where it is used, never of how many came before.
 *
 * A key names who draws: a buyer is (seed, replication, source, ordinal, visit), an agent is (seed,
 * replication, name, ordinal). A draw adds the purpose and an index, for instance the round. So two
 * plans, or two routing engines, face the very same buyers, whatever they do with them.
 *
 * A key is the XXH3 hash of its address. A draw walks the SplitMix64 sequence that starts at the key to
 * the place (purpose, index) and applies its finaliser, variant 13: Steele, Lea and Flood, "Fast
 * splittable pseudorandom number generators", OOPSLA 2014; it passes BigCrush. Cost: 2 products. */
#ifndef FL_CORE_DRAW_H
#define FL_CORE_DRAW_H

#include <stdint.h>

/* What a draw is for. The numbers are part of every result: append, never renumber. */
enum fl_draw_purpose {
    FL_DRAW_ARRIVAL = 1,     /* unit-rate gap before this ordinal of a source */
    FL_DRAW_DAY_BUSYNESS,    /* index: date of the scenario */
    FL_DRAW_INTERVAL_BUSYNESS, /* index: interval */
    FL_DRAW_MULTIPLIER,      /* index: promotion */
    FL_DRAW_INTENT,
    FL_DRAW_CLASS,
    FL_DRAW_ENTRY_POINT,
    FL_DRAW_DEVICE,
    FL_DRAW_ROUNDS,
    FL_DRAW_MESSAGES,        /* index: round */
    FL_DRAW_BURST_GAP,       /* index: message of the chat */
    FL_DRAW_THINKING,        /* index: round */
    FL_DRAW_PATIENCE,        /* index: round */
    FL_DRAW_SILENT,          /* index: round */
    FL_DRAW_READ,            /* index: round; and so on for the parts of a reply */
    FL_DRAW_THINK,
    FL_DRAW_TOOL,
    FL_DRAW_CHARS,
    FL_DRAW_QUICK_PHRASE,
    FL_DRAW_REPLY_TOTAL,
    FL_DRAW_FINDS_OUT,
    FL_DRAW_COME_BACK,
    FL_DRAW_COME_BACK_AFTER,
    FL_DRAW_RECENT_AGENT,
    FL_DRAW_RECENT_AGE,
    FL_DRAW_RECENT_WHO,
    FL_DRAW_BOT_TAKES,
    FL_DRAW_BOT_ANSWERS,
    FL_DRAW_BOT_TIME,
    FL_DRAW_TRANSFER,
    FL_DRAW_DEPTH,
    FL_DRAW_ORDERS,
    FL_DRAW_ORDER_VALUE,
    FL_DRAW_SATISFACTION,
    FL_DRAW_RATES,
    FL_DRAW_ROUTING,         /* random policies; index: decision about this chat */
    FL_DRAW_TIE,
    FL_DRAW_PICK_UP,         /* pull routing: delay before an agent takes a chat */
    FL_DRAW_MEETING,
    FL_DRAW_BREAK,
    FL_DRAW_PUSH_AT,         /* instant of a push's buyer within its spread */
    FL_DRAW_TEXT,            /* chat log: phrase choice; index: message */
    FL_DRAW_REDRAW,          /* second and later tries of a rejection method */
    FL_DRAW_ABSENT,          /* index: date of the scenario */
    FL_DRAW_ATTRITION,       /* how long an agent stays */
    FL_DRAW_NEXT_VISIT,      /* whether a buyer who was served writes again, and when */
    FL_DRAW_NEXT_VISIT_AFTER,
    FL_DRAW_COPIES,          /* index: buyer of a recording; whether she comes once more */
    FL_DRAW_COPY_SHIFT,      /* by how much a further copy of a recording is moved */
    FL_DRAW_SHARE,           /* which share of a divided desk a buyer writes to */
};

/* The 64-bit finaliser: a bijection that changes about half the bits for each bit of z. */
static inline uint64_t fl_mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* 64 random bits for this purpose and index of whoever holds the key. index < 2^32. */
static inline uint64_t fl_draw(uint64_t key, enum fl_draw_purpose purpose, uint32_t index)
{
    return fl_mix(key + ((uint64_t)purpose << 32 | index) * UINT64_C(0x9E3779B97F4A7C15));
}

/* More bits from the same address, for samplers that reject: try = 1, 2, ... */
static inline uint64_t fl_draw_again(uint64_t bits, uint32_t attempt)
{
    return fl_mix(bits + attempt * UINT64_C(0x9E3779B97F4A7C15));
}

/* Uniform on [0, 1) from the upper 53 bits. */
static inline double fl_uniform(uint64_t bits)
{
    return (double)(bits >> 11) * 0x1p-53;
}

/* Uniform on (0, 1): the middle of one of 2^52 cells, for logarithms. With 2^53 the last one would round to 1. */
static inline double fl_uniform_open(uint64_t bits)
{
    return ((double)(bits >> 12) + 0.5) * 0x1p-52;
}

/* Whole number on [0, n), n >= 1, by the upper half of a product; bias below n / 2^64. */
static inline uint64_t fl_uniform_below(uint64_t bits, uint64_t n)
{
    __extension__ typedef unsigned __int128 product;
    return (uint64_t)(((product)bits * n) >> 64);
}

/* Key of buyer `ordinal` (from 0) of a source on her visit-th visit (0: first). A source is the hash
 * of a stream's name, so adding a push renumbers nobody. */
uint64_t fl_key_buyer(uint64_t seed, uint32_t replication, uint64_t source, uint64_t ordinal, uint32_t visit);

/* Key of agent `ordinal` of the definition with that name. */
uint64_t fl_key_agent(uint64_t seed, uint32_t replication, uint64_t name_hash, uint32_t ordinal);

/* Key of something there is one of in a replication: the day, a stream of arrivals. */
uint64_t fl_key_day(uint64_t seed, uint32_t replication, uint64_t source);

/* XXH3 of a text, the same on every machine. */
uint64_t fl_hash_text(const char *text);

#endif
