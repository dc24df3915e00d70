/* A CSV file of a run directory as a table of fields. */
#ifndef FENLIU_PAGE_TABLE_H
#define FENLIU_PAGE_TABLE_H

#include "record/text.h"

#include <stdint.h>

struct page_table {
    char *bytes;          /* owned: the file, in which fields end in NUL */
    const char **fields;  /* owned [rows x columns]; the first row is the header's */
    uint32_t columns, rows; /* rows: without the header */
};

/* Takes the bytes (to be freed with free) over, also on failure. FL_ESYNTAX-like faults are false: no header, a row of another length,
 * or a last row that no line feed ends. */
bool page_table_read(struct page_table *table, char *bytes, size_t length);
void page_table_free(struct page_table *table);

/* The column of a name, or UINT32_MAX. */
uint32_t page_table_column(const struct page_table *table, const char *name);
const char *page_table_at(const struct page_table *table, uint32_t row, uint32_t column);
/* The number in a field; NaN where it is empty or none. */
double page_table_number(const struct page_table *table, uint32_t row, uint32_t column);
/* A field as JSON: a number as it is written, null where it is empty, else a string. */
void page_table_add(const struct page_table *table, uint32_t row, uint32_t column, struct fl_text *out);

#endif
