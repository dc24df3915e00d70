#include "record/days.h"
#include "record/rows.h"

#include <stdlib.h>
#include <string.h>

static const char magic[] = "fenliu days 2\n";
#define MAGIC_BYTES (sizeof magic - 1)
static const char magic_of_cells[] = "fenliu cells 1\n";

void fl_days_write(const struct fl_row *const rows[], uint32_t rows_count, struct fl_text *out)
{
    fl_text_add_bytes(out, magic, MAGIC_BYTES);
    fl_leb_add(out, fl_rows_layout());
    fl_leb_add(out, rows_count);
    fl_leb_add(out, rows_count > 0 ? rows[0]->groups : 0);
    fl_rows_write(rows, rows_count, out);
    fl_leb_add_hash(out);
}

void fl_cells_write(const struct fl_cells *cells, uint32_t rows_count, struct fl_text *out)
{
    fl_text_add_bytes(out, magic_of_cells, sizeof magic_of_cells - 1);
    fl_leb_add(out, fl_rows_layout());
    fl_leb_add(out, rows_count);
    for (uint32_t kind = 0; kind < FL_CELLS_KINDS; kind++) {
        const struct fl_row *const *rows = rows_count > 0 ? cells->rows[kind] : NULL;
        fl_leb_add(out, rows != NULL ? rows[0]->groups : 0);
        if (rows != NULL) fl_rows_write(rows, rows_count, out);
    }
    fl_leb_add_hash(out);
}

/* ---- Reading ----------------------------------------------------------------------------------- */

/* `like` with its version left out begins the file. */
static bool is_whole(const unsigned char *bytes, size_t length, const char *like)
{
    const size_t begins = strlen(like);
    return length >= begins + FL_LEB_HASH_BYTES && memcmp(bytes, like, begins - 2) == 0 && fl_leb_hash_holds(bytes, length);
}

/* Begins to read behind the beginning that both kinds of file have. */
static enum fl_status begin(struct fl_leb *in, const void *bytes, size_t length, const char *like)
{
    if (!is_whole(bytes, length, like)) return FL_ESYNTAX;
    if (memcmp(bytes, like, strlen(like)) != 0) return FL_EUNKNOWN;
    *in = (struct fl_leb){ (const unsigned char *)bytes + strlen(like), (const unsigned char *)bytes + length - FL_LEB_HASH_BYTES, false };
    return fl_leb_number(in, UINT64_MAX) == fl_rows_layout() ? FL_OK : FL_EUNKNOWN;
}

enum fl_status fl_days_read(const void *bytes, size_t length, const struct fl_row ***rows, uint32_t *rows_count)
{
    struct fl_leb in;
    const struct fl_row **read;
    enum fl_status status = begin(&in, bytes, length, magic);
    if (status != FL_OK) return status;
    const size_t days = fl_leb_number(&in, length); /* a day takes some bytes */
    const uint32_t groups = (uint32_t)fl_leb_number(&in, FL_GROUPS_MAX);
    status = in.bad ? FL_ESYNTAX : fl_rows_read(&in, days, FL_SCOPE_GROUP, groups, &read);
    if (status == FL_OK && in.at != in.end) {
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
    struct fl_leb in;
    const struct fl_row **read[FL_CELLS_KINDS] = { 0 };
    enum fl_status status = begin(&in, bytes, length, magic_of_cells);
    if (status != FL_OK) return status;
    const size_t days = fl_leb_number(&in, length);
    for (uint32_t kind = 0; kind < FL_CELLS_KINDS && status == FL_OK; kind++) {
        const uint32_t cells = (uint32_t)fl_leb_number(&in, FL_CELLS_MAX);
        if (in.bad) status = FL_ESYNTAX;
        else if (cells > 0) status = fl_rows_read(&in, days, fl_cells_scope((enum fl_cells_of)kind), cells, &read[kind]);
    }
    if (status == FL_OK && in.at != in.end) status = FL_ESYNTAX;
    for (uint32_t kind = 0; kind < FL_CELLS_KINDS; kind++) {
        if (status == FL_OK) rows[kind] = read[kind];
        else free(read[kind]);
    }
    if (status == FL_OK) *rows_count = (uint32_t)days;
    return status;
}
