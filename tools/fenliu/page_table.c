#include "page_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One field in place: the quotes go, the end becomes NUL. Returns where the next begins, with what stood between in *end ('\0': no more);
 * NULL: a quote does not end. */
static char *take_field(char *at, char **field, char *end)
{
    char *to = at;
    *field = at;
    if (*at == '"') {
        at++;
        for (; *at != '\0' && !(at[0] == '"' && at[1] != '"'); at++) {
            if (*at == '"') at++;
            *to++ = *at;
        }
        if (*at == '\0') return NULL;
        at++;
    } else {
        for (; *at != ',' && *at != '\n' && *at != '\0'; at++) *to++ = *at;
    }
    *end = *at;
    if (*at != '\0') at++;
    *to = '\0';
    return at;
}

/* Fields of all rows, header included; 0: not a table. */
static uint32_t take_rows(struct page_table *table, char *at, uint32_t room)
{
    uint32_t count = 0, in_row = 0;
    while (*at != '\0' || in_row > 0) {
        char *field, end;
        if (count == room || (at = take_field(at, &field, &end)) == NULL) return 0;
        table->fields[count++] = field;
        in_row++;
        if (end == ',') continue;
        if (table->columns == 0) table->columns = in_row;
        if ((end != '\n' && end != '\0') || in_row != table->columns) return 0;
        in_row = 0;
    }
    return count;
}

bool page_table_read(struct page_table *table, char *bytes, size_t length)
{
    uint32_t room = 1;
    *table = (struct page_table){ .bytes = bytes };
    if (length == 0 || bytes[length - 1] != '\n') return false; /* cut off, maybe within a number */
    if (memchr(bytes, '\0', length) != NULL || length > UINT32_MAX / 2) return false;
    for (const char *at = bytes; *at != '\0'; at++) room += *at == ',' || *at == '\n';
    table->fields = malloc(room * sizeof *table->fields);
    const uint32_t count = table->fields == NULL ? 0 : take_rows(table, bytes, room);
    if (count == 0) return false;
    table->rows = count / table->columns - 1;
    return true;
}

void page_table_free(struct page_table *table)
{
    free(table->fields);
    free(table->bytes);
    *table = (struct page_table){ 0 };
}

const char *page_table_at(const struct page_table *table, uint32_t row, uint32_t column)
{
    return table->fields[(size_t)(row + 1) * table->columns + column];
}

uint32_t page_table_column(const struct page_table *table, const char *name)
{
    for (uint32_t c = 0; c < table->columns; c++)
        if (strcmp(table->fields[c], name) == 0) return c;
    return UINT32_MAX;
}

/* Whether a text is a number as JSON has it, which is narrower than what strtod takes. */
static bool is_number(const char *text)
{
    const char *at = text + (*text == '-');
    char *end;
    if (*at < '0' || *at > '9' || (*at == '0' && at[1] >= '0' && at[1] <= '9') || strspn(at, "0123456789.eE+-") != strlen(at)) return false;
    const double value = strtod(text, &end);
    return *end == '\0' && end[-1] != '.' && isfinite(value);
}

double page_table_number(const struct page_table *table, uint32_t row, uint32_t column)
{
    const char *field = column == UINT32_MAX ? "" : page_table_at(table, row, column);
    return is_number(field) ? strtod(field, NULL) : NAN;
}

void page_table_add(const struct page_table *table, uint32_t row, uint32_t column, struct fl_text *out)
{
    const char *field = column == UINT32_MAX ? "" : page_table_at(table, row, column);
    if (*field == '\0') fl_text_add(out, "null");
    else if (is_number(field)) fl_text_add(out, "%s", field);
    else fl_text_add_json(out, field);
}
