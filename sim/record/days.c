#include "record/days.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static const char magic[] = "fenliu days 2\n";
#define MAGIC_BYTES (sizeof magic - 1)
static const char magic_of_cells[] = "fenliu cells 1\n";
#define HASH_BYTES 8u

static uint64_t layout_hash(void)
{
    static const char names[] =
#define NAME(name) #name " "
        FL_COUNTS_LIST(NAME)
#undef NAME
        ;
    return XXH64(names, sizeof names, FL_KINDS * 1000u + FL_HISTOGRAM_FINE * 100u + FL_HISTOGRAM_UNIT_BITS);
}

/* ---- Writing ----------------------------------------------------------------------------------- */

static void add_number(struct fl_text *out, fl_histogram_sum number)
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

static void add_hash(struct fl_text *out)
{
    const uint64_t hash = XXH64(out->bytes, out->length, 0);
    char bytes[HASH_BYTES];
    for (uint32_t i = 0; i < HASH_BYTES; i++) bytes[i] = (char)(hash >> 8 * i & 255);
    fl_text_add_bytes(out, bytes, HASH_BYTES);
}

static void add_counts(struct fl_text *out, const uint32_t counts[], uint32_t n)
{
    for (uint32_t i = 0; i < n;) {
        uint32_t zeros = 0;
        while (i + zeros < n && counts[i + zeros] == 0) zeros++;
        add_number(out, zeros > 0 ? 0 : counts[i]);
        if (zeros > 0) add_number(out, zeros);
        i += zeros > 0 ? zeros : 1;
    }
}

/* Most counts of an agent or an interval are 0. */
static void add_few_counts(struct fl_text *out, const uint64_t counts[], size_t n)
{
    for (size_t i = 0; i < n;) {
        uint32_t zeros = 0;
        while (i + zeros < n && counts[i + zeros] == 0) zeros++;
        add_number(out, zeros > 0 ? 0 : counts[i]);
        if (zeros > 0) add_number(out, zeros);
        i += zeros > 0 ? zeros : 1;
    }
}

static void add_row(struct fl_text *out, const struct fl_row *row, uint32_t before)
{
    const uint64_t *count = (const uint64_t *)(row + 1);
    const uint64_t *head = count + (size_t)row->groups * FL_COUNTS;
    const uint32_t *spans = (const uint32_t *)(head + (size_t)row->groups * FL_KINDS * FL_ROW_HEAD);
    add_number(out, row->replication - before);
    add_number(out, row->intervals);
    add_number(out, row->met);
    if (row->scope != FL_SCOPE_GROUP) add_few_counts(out, count, (size_t)row->groups * FL_COUNTS);
    for (size_t i = 0; i < (size_t)row->groups * FL_COUNTS && row->scope == FL_SCOPE_GROUP; i++) add_number(out, count[i]);
    for (size_t i = 0; i < (size_t)row->groups * FL_KINDS; i++, head += FL_ROW_HEAD) {
        const uint32_t n = spans[1];
        add_number(out, n);
        if (n > 0) {
            add_number(out, (fl_histogram_sum)head[1] << 64 | head[0]);
            add_number(out, head[2]);
            add_number(out, head[3] - head[2]);
            add_counts(out, spans + 2, n);
        }
        spans += 2 + n;
    }
}

void fl_days_write(const struct fl_row *const rows[], uint32_t rows_count, struct fl_text *out)
{
    fl_text_add_bytes(out, magic, MAGIC_BYTES);
    add_number(out, layout_hash());
    add_number(out, rows_count);
    add_number(out, rows_count > 0 ? rows[0]->groups : 0);
    for (uint32_t i = 0; i < rows_count; i++) add_row(out, rows[i], i > 0 ? rows[i - 1]->replication : 0);
    if (!out->full) add_hash(out);
}

void fl_cells_write(const struct fl_cells *cells, uint32_t rows_count, struct fl_text *out)
{
    fl_text_add_bytes(out, magic_of_cells, sizeof magic_of_cells - 1);
    add_number(out, layout_hash());
    add_number(out, rows_count);
    for (uint32_t kind = 0; kind < FL_CELLS_KINDS; kind++) {
        const struct fl_row *const *rows = rows_count > 0 ? cells->rows[kind] : NULL;
        add_number(out, rows != NULL ? rows[0]->groups : 0);
        for (uint32_t i = 0; rows != NULL && i < rows_count; i++) add_row(out, rows[i], i > 0 ? rows[i - 1]->replication : 0);
    }
    if (!out->full) add_hash(out);
}

/* ---- Reading ----------------------------------------------------------------------------------- */

struct reader {
    const unsigned char *at, *end;
    bool bad;
};

/* A number below 2^126; sums are longer than 64 bits. */
static fl_histogram_sum next_sum(struct reader *reader)
{
    fl_histogram_sum number = 0;
    for (uint32_t shift = 0; shift < 126 && reader->at < reader->end; shift += 7) {
        const unsigned char byte = *reader->at++;
        number |= (fl_histogram_sum)(byte & 127) << shift;
        if ((byte & 128) == 0) return number;
    }
    reader->bad = true;
    return 0;
}

static uint64_t next_number(struct reader *reader, uint64_t most)
{
    const fl_histogram_sum number = next_sum(reader);
    if (number <= most) return (uint64_t)number;
    reader->bad = true;
    return 0;
}

/* Memory that grows; rows are referred to by offset until all are there. */
struct pile {
    char *bytes;
    size_t used, room;
};

static bool pile_reserve(struct pile *pile, size_t more)
{
    if (pile->used + more <= pile->room) return true;
    const size_t room = (pile->used + more) * 2;
    char *larger = realloc(pile->bytes, room);
    if (larger == NULL) return false;
    pile->bytes = larger;
    pile->room = room;
    return true;
}

/* What the rows of a file are of. */
struct form {
    enum fl_scope scope;
    uint32_t cells, sub_bits;
};

static struct form form_of(enum fl_scope scope, uint32_t cells)
{
    return (struct form){ scope, cells, scope == FL_SCOPE_GROUP ? FL_HISTOGRAM_FINE : scope == FL_SCOPE_AGENT ? FL_HISTOGRAM_ROUGH : FL_HISTOGRAM_COARSE };
}

static void read_span(struct reader *reader, uint32_t sub_bits, uint64_t head[FL_ROW_HEAD], uint32_t *spans, uint32_t n)
{
    const uint64_t longest = (uint64_t)FL_TIME_LONGEST;
    memset(spans, 0, (2 + (size_t)n) * sizeof *spans);
    memset(head, 0, FL_ROW_HEAD * sizeof *head);
    if (n == 0) return;
    const fl_histogram_sum sum = next_sum(reader);
    head[0] = (uint64_t)sum;
    head[1] = (uint64_t)(sum >> 64);
    head[2] = next_number(reader, longest);
    head[3] = head[2] + next_number(reader, longest);
    spans[0] = fl_histogram_bucket((fl_time)head[2], sub_bits);
    spans[1] = n;
    if (fl_histogram_bucket((fl_time)head[3], sub_bits) - spans[0] + 1 != n) reader->bad = true;
    for (uint32_t i = 0; i < n && !reader->bad;) {
        const uint32_t count = (uint32_t)next_number(reader, UINT32_MAX);
        const uint32_t zeros = count == 0 ? (uint32_t)next_number(reader, n - i) : 0;
        if (count == 0 && zeros == 0) reader->bad = true;
        spans[2 + i] = count;
        i += count == 0 ? zeros : 1;
    }
}

static void read_few_counts(struct reader *reader, uint64_t counts[], size_t n)
{
    memset(counts, 0, n * sizeof *counts);
    for (size_t i = 0; i < n && !reader->bad;) {
        counts[i] = next_number(reader, UINT64_MAX);
        const size_t zeros = counts[i] == 0 ? next_number(reader, n - i) : 1;
        if (zeros == 0) reader->bad = true;
        i += zeros;
    }
}

/* One row at the end of the pile; its offset is where the pile ended. */
static enum fl_status read_row(struct reader *reader, struct pile *pile, const struct form *form, uint32_t *replication)
{
    const size_t cells = form->cells, buckets = FL_HISTOGRAM_BUCKETS(form->sub_bits);
    const size_t fixed = sizeof(struct fl_row) + cells * (FL_COUNTS + FL_ROW_HEAD * FL_KINDS) * sizeof(uint64_t);
    const size_t most = fixed + cells * FL_KINDS * (2 + buckets) * sizeof(uint32_t) + 8;
    if (!pile_reserve(pile, most)) return FL_EFULL;
    struct fl_row *row = (struct fl_row *)(pile->bytes + pile->used);
    *replication += (uint32_t)next_number(reader, UINT32_MAX);
    *row = (struct fl_row){ .replication = *replication, .groups = form->cells, .intervals = (uint32_t)next_number(reader, UINT32_MAX),
                            .scope = form->scope, .sub_bits = form->sub_bits };
    row->met = next_number(reader, UINT64_MAX);
    uint64_t *count = (uint64_t *)(row + 1);
    uint64_t *heads = count + cells * FL_COUNTS;
    uint32_t *spans = (uint32_t *)(heads + cells * FL_KINDS * FL_ROW_HEAD);
    if (form->scope != FL_SCOPE_GROUP) read_few_counts(reader, count, cells * FL_COUNTS);
    for (size_t i = 0; i < cells * FL_COUNTS && form->scope == FL_SCOPE_GROUP; i++) count[i] = next_number(reader, UINT64_MAX);
    for (size_t i = 0; i < cells * FL_KINDS && !reader->bad; i++) {
        const uint32_t n = (uint32_t)next_number(reader, buckets);
        read_span(reader, form->sub_bits, heads + FL_ROW_HEAD * i, spans, n);
        spans += 2 + n;
    }
    if (reader->bad) return FL_ESYNTAX;
    row->bytes = (uint32_t)(((size_t)((char *)spans - (char *)row) + 7) & ~(size_t)7);
    pile->used += row->bytes;
    return FL_OK;
}

/* `days` rows as one block: the list of their addresses, then they. */
static enum fl_status read_rows(struct reader *reader, size_t days, const struct form *form, const struct fl_row ***rows)
{
    struct pile pile = { 0 };
    const size_t list = (days * sizeof(struct fl_row *) + 7) & ~(size_t)7;
    enum fl_status status = pile_reserve(&pile, list + 8) ? FL_OK : FL_EFULL;
    pile.used = list;
    uint32_t replication = 0;
    for (size_t i = 0; i < days && status == FL_OK; i++) {
        const size_t offset = pile.used;
        status = read_row(reader, &pile, form, &replication);
        if (status == FL_OK) memcpy(pile.bytes + i * sizeof(struct fl_row *), &offset, sizeof offset);
    }
    if (status != FL_OK) {
        free(pile.bytes);
        return status;
    }
    const struct fl_row **out = (const struct fl_row **)pile.bytes;
    for (size_t i = 0; i < days; i++) {
        size_t offset;
        memcpy(&offset, pile.bytes + i * sizeof(struct fl_row *), sizeof offset);
        out[i] = (const struct fl_row *)(pile.bytes + offset);
    }
    *rows = out;
    return FL_OK;
}

/* `like` with its version left out begins the file. */
static bool is_whole(const unsigned char *bytes, size_t length, const char *like)
{
    const size_t begins = strlen(like);
    if (length < begins + HASH_BYTES || memcmp(bytes, like, begins - 2) != 0) return false;
    uint64_t hash = 0;
    for (uint32_t i = 0; i < HASH_BYTES; i++) hash |= (uint64_t)bytes[length - HASH_BYTES + i] << 8 * i;
    return XXH64(bytes, length - HASH_BYTES, 0) == hash;
}

/* Begins to read behind the beginning that both kinds of file have. */
static enum fl_status begin(struct reader *reader, const void *bytes, size_t length, const char *like)
{
    if (!is_whole(bytes, length, like)) return FL_ESYNTAX;
    if (memcmp(bytes, like, strlen(like)) != 0) return FL_EUNKNOWN;
    *reader = (struct reader){ (const unsigned char *)bytes + strlen(like), (const unsigned char *)bytes + length - HASH_BYTES, false };
    return next_number(reader, UINT64_MAX) == layout_hash() ? FL_OK : FL_EUNKNOWN;
}

enum fl_status fl_days_read(const void *bytes, size_t length, const struct fl_row ***rows, uint32_t *rows_count)
{
    struct reader reader;
    const struct fl_row **read;
    enum fl_status status = begin(&reader, bytes, length, magic);
    if (status != FL_OK) return status;
    const size_t days = next_number(&reader, length); /* a day takes some bytes */
    const struct form form = form_of(FL_SCOPE_GROUP, (uint32_t)next_number(&reader, FL_GROUPS_MAX));
    status = reader.bad ? FL_ESYNTAX : read_rows(&reader, days, &form, &read);
    if (status == FL_OK && reader.at != reader.end) {
        free(read);
        status = FL_ESYNTAX;
    }
    if (status != FL_OK) return status;
    *rows = read;
    *rows_count = (uint32_t)days;
    return FL_OK;
}

enum fl_status fl_cells_read(const void *bytes, size_t length, const struct fl_row **rows[FL_CELLS_KINDS], uint32_t *rows_count)
{
    struct reader reader;
    const struct fl_row **read[FL_CELLS_KINDS] = { 0 };
    enum fl_status status = begin(&reader, bytes, length, magic_of_cells);
    if (status != FL_OK) return status;
    const size_t days = next_number(&reader, length);
    for (uint32_t kind = 0; kind < FL_CELLS_KINDS && status == FL_OK; kind++) {
        const struct form form = form_of(fl_cells_scope((enum fl_cells_of)kind), (uint32_t)next_number(&reader, FL_CELLS_MAX));
        if (reader.bad) status = FL_ESYNTAX;
        else if (form.cells > 0) status = read_rows(&reader, days, &form, &read[kind]);
    }
    if (status == FL_OK && reader.at != reader.end) status = FL_ESYNTAX;
    for (uint32_t kind = 0; kind < FL_CELLS_KINDS; kind++) {
        if (status == FL_OK) rows[kind] = read[kind];
        else free(read[kind]);
    }
    if (status == FL_OK) *rows_count = (uint32_t)days;
    return status;
}
