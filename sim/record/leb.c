#include "record/leb.h"

#include <string.h>
#include <xxhash.h>

void fl_leb_add(struct fl_text *out, fl_histogram_sum number)
{
    char bytes[19];
    size_t n = 0;
    do {
        bytes[n] = (char)((unsigned)number & 127);
        number >>= 7;
        if (number > 0) bytes[n] = (char)(bytes[n] | 128);
        n++;
    } while (number > 0);
    fl_text_add_bytes(out, bytes, n);
}

void fl_leb_add_few(struct fl_text *out, const uint64_t counts[], size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t zeros = 0;
        while (i + zeros < n && counts[i + zeros] == 0) zeros++;
        fl_leb_add(out, zeros > 0 ? 0 : counts[i]);
        if (zeros > 0) fl_leb_add(out, (fl_histogram_sum)zeros);
        i += zeros > 0 ? zeros : 1;
    }
}

fl_histogram_sum fl_leb_sum(struct fl_leb *in)
{
    fl_histogram_sum number = 0;
    for (uint32_t shift = 0; shift < 126 && in->at < in->end; shift += 7) {
        const unsigned char byte = *in->at++;
        number |= (fl_histogram_sum)(byte & 127) << shift;
        if ((byte & 128) == 0) return number;
    }
    in->bad = true;
    return 0;
}

uint64_t fl_leb_number(struct fl_leb *in, uint64_t most)
{
    const fl_histogram_sum number = fl_leb_sum(in);
    if (number <= most) return (uint64_t)number;
    in->bad = true;
    return 0;
}

void fl_leb_few(struct fl_leb *in, uint64_t counts[], size_t n)
{
    memset(counts, 0, n * sizeof *counts);
    for (size_t i = 0; i < n && !in->bad;) {
        counts[i] = fl_leb_number(in, UINT64_MAX);
        const size_t zeros = counts[i] == 0 ? fl_leb_number(in, n - i) : 1;
        if (zeros == 0) in->bad = true;
        i += zeros;
    }
}

void fl_leb_add_hash(struct fl_text *out)
{
    if (out->full) return;
    const uint64_t hash = XXH64(out->bytes, out->length, 0);
    char bytes[FL_LEB_HASH_BYTES];
    for (uint32_t i = 0; i < FL_LEB_HASH_BYTES; i++) bytes[i] = (char)(hash >> 8 * i & 255);
    fl_text_add_bytes(out, bytes, FL_LEB_HASH_BYTES);
}

bool fl_leb_hash_holds(const void *bytes, size_t length)
{
    uint64_t hash = 0;
    if (length < FL_LEB_HASH_BYTES) return false;
    const unsigned char *const end = (const unsigned char *)bytes + length - FL_LEB_HASH_BYTES;
    for (uint32_t i = 0; i < FL_LEB_HASH_BYTES; i++) hash |= (uint64_t)end[i] << 8 * i;
    return XXH64(bytes, length - FL_LEB_HASH_BYTES, 0) == hash;
}
