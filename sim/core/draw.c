#include "core/draw.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* What a key is of, so that a buyer and an agent with equal numbers never share one. */
enum key_kind { KEY_BUYER = 1, KEY_AGENT, KEY_DAY };

#define KEY_WORDS 5

/* The words are hashed as little-endian bytes, so that a key is the same on every machine. */
static uint64_t hash_words(const uint64_t words[KEY_WORDS])
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return XXH3_64bits(words, KEY_WORDS * sizeof *words);
#else
    uint64_t swapped[KEY_WORDS];
    for (size_t i = 0; i < KEY_WORDS; i++) swapped[i] = __builtin_bswap64(words[i]);
    return XXH3_64bits(swapped, sizeof swapped);
#endif
}

uint64_t fl_key_buyer(uint64_t seed, uint32_t replication, uint64_t source, uint64_t ordinal, uint32_t visit)
{
    return hash_words((uint64_t[KEY_WORDS]){ KEY_BUYER, seed, (uint64_t)visit << 32 | replication, source, ordinal });
}

uint64_t fl_key_agent(uint64_t seed, uint32_t replication, uint64_t name_hash, uint32_t ordinal)
{
    return hash_words((uint64_t[KEY_WORDS]){ KEY_AGENT, seed, replication, name_hash, ordinal });
}

uint64_t fl_key_day(uint64_t seed, uint32_t replication, uint64_t source)
{
    return hash_words((uint64_t[KEY_WORDS]){ KEY_DAY, seed, replication, source, 0 });
}

uint64_t fl_hash_text(const char *text)
{
    return XXH3_64bits(text, strlen(text));
}
