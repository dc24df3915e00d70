#include "record/hlog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COOKIE 0x1c849313u            /* encoding V2, zero-run lengths */
#define COMPRESSED_COOKIE 0x1c849314u /* the same within a zlib stream */
#define SIGNIFICANT_DIGITS 2u
#define STORED_MAX 65535u

/* ---- Big-endian numbers and the packed counts --------------------------------------------------- */

struct bytes {
    unsigned char *at;
    size_t length;
};

static void put(struct bytes *bytes, uint64_t value, uint32_t width)
{
    for (uint32_t i = width; i-- > 0;) bytes->at[bytes->length++] = (unsigned char)(value >> 8 * i);
}

/* ZigZag and LEB128 of at most nine bytes, the ninth whole. */
static void put_packed(struct bytes *bytes, int64_t value)
{
    uint64_t left = (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
    for (uint32_t i = 0; i < 8; i++) {
        if (left < 0x80) {
            bytes->at[bytes->length++] = (unsigned char)left;
            return;
        }
        bytes->at[bytes->length++] = (unsigned char)(left | 0x80);
        left >>= 7;
    }
    bytes->at[bytes->length++] = (unsigned char)left;
}

/* Counts up to the last that is not 0; a run of zeros is one negative number. */
static void put_counts(struct bytes *bytes, const uint64_t counts[], uint32_t n)
{
    for (uint32_t i = 0; i < n;) {
        int64_t zeros = 0;
        while (i < n && counts[i] == 0) i++, zeros++;
        if (zeros > 0) put_packed(bytes, zeros > 1 ? -zeros : 0);
        else put_packed(bytes, (int64_t)counts[i++]);
    }
}

static void put_histogram(struct bytes *bytes, const uint64_t counts[], uint32_t n)
{
    const double ratio = 1;
    uint64_t ratio_bits;
    memcpy(&ratio_bits, &ratio, sizeof ratio_bits);
    put(bytes, COOKIE, 4);
    const size_t length_at = bytes->length;
    put(bytes, 0, 4);
    put(bytes, 0, 4); /* normalising offset */
    put(bytes, SIGNIFICANT_DIGITS, 4);
    put(bytes, UINT64_C(1) << FL_HISTOGRAM_UNIT_BITS, 8);
    put(bytes, (UINT64_C(1) << FL_HISTOGRAM_TOP_BITS) - 1, 8);
    put(bytes, ratio_bits, 8);
    const size_t from = bytes->length;
    put_counts(bytes, counts, n);
    struct bytes length = { bytes->at, length_at };
    put(&length, bytes->length - from, 4);
}

/* ---- A zlib stream of stored blocks (RFC 1950, RFC 1951 section 3.2.4) -------------------------- */

static uint32_t adler32(const unsigned char *data, size_t length)
{
    uint32_t a = 1, b = 0;
    for (size_t i = 0; i < length; i++) {
        a = (a + data[i]) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

static void put_zlib(struct bytes *bytes, const unsigned char *data, size_t length)
{
    put(bytes, 0x7801, 2);
    for (size_t from = 0; from < length || from == 0; from += STORED_MAX) {
        const size_t size = length - from < STORED_MAX ? length - from : STORED_MAX;
        bytes->at[bytes->length++] = from + size == length; /* last block? stored */
        const unsigned low = (unsigned)(size & 255), high = (unsigned)(size >> 8);
        put(bytes, low << 8 | high, 2);
        put(bytes, (low << 8 | high) ^ 0xFFFF, 2);
        memcpy(bytes->at + bytes->length, data + from, size);
        bytes->length += size;
        if (length == 0) break;
    }
    put(bytes, adler32(data, length), 4);
}

static void add_base64(struct fl_text *out, const unsigned char *data, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < length; i += 3) {
        const uint32_t some = (uint32_t)data[i] << 16 | (i + 1 < length ? (uint32_t)data[i + 1] << 8 : 0) | (i + 2 < length ? data[i + 2] : 0);
        const char four[4] = { digits[some >> 18], digits[some >> 12 & 63], i + 1 < length ? digits[some >> 6 & 63] : '=',
                               i + 2 < length ? digits[some & 63] : '=' };
        fl_text_add_bytes(out, four, 4);
    }
}

/* ---- The log ------------------------------------------------------------------------------------ */

void fl_hlog_open(struct fl_text *out, const char *what, int64_t start_s)
{
    fl_text_add(out, "#[%s, in ns]\n#[Histogram log format version 1.3]\n", what);
    fl_text_add(out, "#[StartTime: %lld.000 (seconds since epoch, local time)]\n", (long long)start_s);
    fl_text_add(out, "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n");
}

void fl_hlog_line(struct fl_text *out, double from_s, double length_s, fl_time most_ns, const uint64_t counts[])
{
    const size_t room = 40 + 9 * (size_t)FL_FINE_BUCKETS + 64;
    unsigned char *const memory = malloc(2 * room);
    if (memory == NULL) {
        out->full = true;
        return;
    }
    struct bytes plain = { memory, 0 }, packed = { memory + room, 8 }, begin = { memory + room, 0 };
    put_histogram(&plain, counts, fl_histogram_bucket(most_ns, FL_HISTOGRAM_FINE) + 1);
    put_zlib(&packed, plain.at, plain.length);
    put(&begin, COMPRESSED_COOKIE, 4);
    put(&begin, packed.length - 8, 4);
    fl_text_add(out, "%.3f,%.3f,%.3f,", from_s, length_s, (double)most_ns / 1e6);
    add_base64(out, packed.at, packed.length);
    fl_text_add(out, "\n");
    free(memory);
}

void fl_hlog_add(const struct fl_results *results, const char *measure, struct fl_text *out)
{
    uint64_t counts[FL_FINE_BUCKETS];
    struct fl_histogram head;
    char what[128];
    snprintf(what, sizeof what, "%s of all days, one after the other", measure);
    fl_hlog_open(out, what, results->scenario->start_s);
    if (fl_distribution_counts(results, measure, &head, counts))
        fl_hlog_line(out, 0, fl_time_to_s(results->scenario->duration) * results->totals.days, head.most_ns, counts);
}
