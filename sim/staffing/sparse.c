#include "staffing/sparse.h"

#include <stdlib.h>

/* A block of so many items; the old one stays where there is no memory for it. */
static void *grown(struct fl_sparse *s, void *old, size_t count, size_t bytes)
{
    void *const block = realloc(old, count * bytes);
    if (block == NULL) s->failed = true;
    return block != NULL ? block : old;
}

uint32_t fl_sparse_row(struct fl_sparse *s, double low, double high)
{
    if (s->rows == s->rows_room && !s->failed) {
        s->rows_room = s->rows_room ? 2 * s->rows_room : 256;
        s->row_low = grown(s, s->row_low, s->rows_room, sizeof *s->row_low);
        s->row_high = grown(s, s->row_high, s->rows_room, sizeof *s->row_high);
    }
    if (s->failed) return 0;
    s->row_low[s->rows] = low;
    s->row_high[s->rows] = high;
    return s->rows++;
}

uint32_t fl_sparse_column(struct fl_sparse *s, double cost, double high, bool whole)
{
    if (s->columns == s->columns_room && !s->failed) {
        s->columns_room = s->columns_room ? 2 * s->columns_room : 256;
        s->cost = grown(s, s->cost, s->columns_room, sizeof *s->cost);
        s->high = grown(s, s->high, s->columns_room, sizeof *s->high);
        s->whole = grown(s, s->whole, s->columns_room, sizeof *s->whole);
        s->start = grown(s, s->start, s->columns_room + 1, sizeof *s->start);
    }
    if (s->failed) return 0;
    s->cost[s->columns] = cost;
    s->high[s->columns] = high;
    s->whole[s->columns] = whole;
    s->start[s->columns++] = s->entries;
    s->start[s->columns] = s->entries;
    return s->columns - 1;
}

void fl_sparse_entry(struct fl_sparse *s, uint32_t row, double value)
{
    if (s->entries == s->entries_room && !s->failed) {
        s->entries_room = s->entries_room ? 2 * s->entries_room : 1024;
        s->row = grown(s, s->row, s->entries_room, sizeof *s->row);
        s->value = grown(s, s->value, s->entries_room, sizeof *s->value);
    }
    if (s->failed) return;
    s->row[s->entries] = row;
    s->value[s->entries++] = value;
    s->start[s->columns] = s->entries;
}

enum fl_status fl_sparse_minimise(const struct fl_sparse *s, const struct fl_solver_limits *limits, double **x, struct fl_solution *out)
{
    *x = s->failed || s->columns == 0 ? NULL : calloc(s->columns, sizeof **x);
    if (*x == NULL) return FL_EFULL;
    const struct fl_program program = { .columns = s->columns,
                                        .rows = s->rows,
                                        .cost = s->cost,
                                        .high = s->high,
                                        .whole = s->whole,
                                        .start = s->start,
                                        .row = s->row,
                                        .value = s->value,
                                        .row_low = s->row_low,
                                        .row_high = s->row_high };
    return fl_solver_minimise(&program, limits, *x, out);
}

void fl_sparse_free(struct fl_sparse *s)
{
    free(s->cost);
    free(s->high);
    free(s->value);
    free(s->row_low);
    free(s->row_high);
    free(s->whole);
    free(s->start);
    free(s->row);
    *s = (struct fl_sparse){ 0 };
}
