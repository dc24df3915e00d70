#include "record/rows.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

uint64_t fl_rows_layout(void)
{
    static const char names[] =
#define NAME(name) #name " "
        FL_COUNTS_LIST(NAME)
#undef NAME
        ;
    return XXH64(names, sizeof names, FL_KINDS * 1000u + FL_HISTOGRAM_FINE * 100u + FL_HISTOGRAM_UNIT_BITS);
}

/* ---- Writing ----------------------------------------------------------------------------------- */

static void add_counts(struct fl_text *out, const uint32_t counts[], uint32_t n)
{
    for (uint32_t i = 0; i < n;) {
        uint32_t zeros = 0;
        while (i + zeros < n && counts[i + zeros] == 0) zeros++;
        fl_leb_add(out, zeros > 0 ? 0 : counts[i]);
        if (zeros > 0) fl_leb_add(out, zeros);
        i += zeros > 0 ? zeros : 1;
    }
}

static void add_row(struct fl_text *out, const struct fl_row *row, uint32_t before)
{
    const uint64_t *count = (const uint64_t *)(row + 1);
    const uint64_t *head = count + (size_t)row->groups * FL_COUNTS;
    const uint32_t *spans = (const uint32_t *)(head + (size_t)row->groups * FL_KINDS * FL_ROW_HEAD);
    fl_leb_add(out, row->replication - before);
    fl_leb_add(out, row->intervals);
    fl_leb_add(out, row->met);
    if (row->scope != FL_SCOPE_GROUP) fl_leb_add_few(out, count, (size_t)row->groups * FL_COUNTS);
    for (size_t i = 0; i < (size_t)row->groups * FL_COUNTS && row->scope == FL_SCOPE_GROUP; i++) fl_leb_add(out, count[i]);
    for (size_t i = 0; i < (size_t)row->groups * FL_KINDS; i++, head += FL_ROW_HEAD) {
        const uint32_t n = spans[1];
        fl_leb_add(out, n);
        if (n > 0) {
            fl_leb_add(out, (fl_histogram_sum)head[1] << 64 | head[0]);
            fl_leb_add(out, head[2]);
            fl_leb_add(out, head[3] - head[2]);
            add_counts(out, spans + 2, n);
        }
        spans += 2 + n;
    }
}

static void add_dates(struct fl_text *out, const struct fl_row *row)
{
    for (uint32_t date = 0; date < row->groups; date++) {
        const struct fl_date *const of = fl_row_date(row, date);
        fl_rows_add_double(out, of->wages_cny);
        fl_leb_add(out, of->met);
    }
}

void fl_rows_write(const struct fl_row *const rows[], uint32_t rows_count, struct fl_text *out)
{
    for (uint32_t i = 0; i < rows_count; i++) {
        add_row(out, rows[i], i > 0 ? rows[i - 1]->replication : 0);
        if (rows[i]->scope == FL_SCOPE_DATE) add_dates(out, rows[i]);
    }
}

void fl_rows_add_double(struct fl_text *out, double number)
{
    uint64_t bits;
    char bytes[8];
    memcpy(&bits, &number, sizeof bits);
    for (uint32_t i = 0; i < 8; i++) bytes[i] = (char)(bits >> 8 * i & 255);
    fl_text_add_bytes(out, bytes, sizeof bytes);
}

/* ---- Reading ----------------------------------------------------------------------------------- */

double fl_rows_double(struct fl_leb *in)
{
    uint64_t bits = 0;
    double number;
    if (in->end - in->at < 8) {
        in->bad = true;
        return 0;
    }
    for (uint32_t i = 0; i < 8; i++) bits |= (uint64_t)*in->at++ << 8 * i;
    memcpy(&number, &bits, sizeof number);
    return number;
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

static void read_span(struct fl_leb *in, uint32_t sub_bits, uint64_t head[FL_ROW_HEAD], uint32_t *spans, uint32_t n)
{
    const uint64_t longest = (uint64_t)FL_TIME_LONGEST;
    memset(spans, 0, (2 + (size_t)n) * sizeof *spans);
    memset(head, 0, FL_ROW_HEAD * sizeof *head);
    if (n == 0) return;
    const fl_histogram_sum sum = fl_leb_sum(in);
    head[0] = (uint64_t)sum;
    head[1] = (uint64_t)(sum >> 64);
    head[2] = fl_leb_number(in, longest);
    head[3] = head[2] + fl_leb_number(in, longest);
    spans[0] = fl_histogram_bucket((fl_time)head[2], sub_bits);
    spans[1] = n;
    if (fl_histogram_bucket((fl_time)head[3], sub_bits) - spans[0] + 1 != n) in->bad = true;
    for (uint32_t i = 0; i < n && !in->bad;) {
        const uint32_t count = (uint32_t)fl_leb_number(in, UINT32_MAX);
        const uint32_t zeros = count == 0 ? (uint32_t)fl_leb_number(in, n - i) : 0;
        if (count == 0 && zeros == 0) in->bad = true;
        spans[2 + i] = count;
        i += count == 0 ? zeros : 1;
    }
}

/* One row at the end of the pile; its offset is where the pile ended. */
static enum fl_status read_row(struct fl_leb *in, struct pile *pile, const struct form *form, uint32_t *replication)
{
    const size_t cells = form->cells, buckets = FL_HISTOGRAM_BUCKETS(form->sub_bits);
    const size_t fixed = sizeof(struct fl_row) + cells * (FL_COUNTS + FL_ROW_HEAD * FL_KINDS) * sizeof(uint64_t);
    const size_t dates = form->scope == FL_SCOPE_DATE ? cells * sizeof(struct fl_date) : 0;
    const size_t most = fixed + cells * FL_KINDS * (2 + buckets) * sizeof(uint32_t) + 8 + dates;
    if (!pile_reserve(pile, most)) return FL_EFULL;
    struct fl_row *row = (struct fl_row *)(pile->bytes + pile->used);
    *replication += (uint32_t)fl_leb_number(in, UINT32_MAX);
    *row = (struct fl_row){ .replication = *replication, .groups = form->cells, .intervals = (uint32_t)fl_leb_number(in, UINT32_MAX),
                            .scope = form->scope, .sub_bits = form->sub_bits };
    row->met = fl_leb_number(in, UINT64_MAX);
    uint64_t *count = (uint64_t *)(row + 1);
    uint64_t *heads = count + cells * FL_COUNTS;
    uint32_t *spans = (uint32_t *)(heads + cells * FL_KINDS * FL_ROW_HEAD);
    if (form->scope != FL_SCOPE_GROUP) fl_leb_few(in, count, cells * FL_COUNTS);
    for (size_t i = 0; i < cells * FL_COUNTS && form->scope == FL_SCOPE_GROUP; i++) count[i] = fl_leb_number(in, UINT64_MAX);
    for (size_t i = 0; i < cells * FL_KINDS && !in->bad; i++) {
        const uint32_t n = (uint32_t)fl_leb_number(in, buckets);
        read_span(in, form->sub_bits, heads + FL_ROW_HEAD * i, spans, n);
        spans += 2 + n;
    }
    if (in->bad) return FL_ESYNTAX;
    row->bytes = (uint32_t)((((size_t)((char *)spans - (char *)row) + 7) & ~(size_t)7) + dates);
    struct fl_date *const date = (struct fl_date *)(void *)((char *)row + row->bytes - dates);
    for (size_t i = 0; i < dates / sizeof *date; i++) {
        date[i].wages_cny = fl_rows_double(in);
        date[i].met = fl_leb_number(in, UINT64_MAX);
    }
    pile->used += row->bytes;
    return in->bad ? FL_ESYNTAX : FL_OK;
}

enum fl_status fl_rows_read(struct fl_leb *in, size_t rows_count, enum fl_scope scope, uint32_t cells, const struct fl_row ***rows)
{
    const struct form form = form_of(scope, cells);
    struct pile pile = { 0 };
    if (rows_count > (size_t)(in->end - in->at)) return FL_ESYNTAX; /* a row takes some bytes */
    const size_t list = (rows_count * sizeof(struct fl_row *) + 7) & ~(size_t)7;
    enum fl_status status = pile_reserve(&pile, list + 8) ? FL_OK : FL_EFULL;
    pile.used = list;
    uint32_t replication = 0;
    for (size_t i = 0; i < rows_count && status == FL_OK; i++) {
        const size_t offset = pile.used;
        status = read_row(in, &pile, &form, &replication);
        if (status == FL_OK) memcpy(pile.bytes + i * sizeof(struct fl_row *), &offset, sizeof offset);
    }
    if (status != FL_OK) {
        free(pile.bytes);
        return status;
    }
    const struct fl_row **out = (const struct fl_row **)pile.bytes;
    for (size_t i = 0; i < rows_count; i++) {
        size_t offset;
        memcpy(&offset, pile.bytes + i * sizeof(struct fl_row *), sizeof offset);
        out[i] = (const struct fl_row *)(pile.bytes + offset);
    }
    *rows = out;
    return FL_OK;
}
