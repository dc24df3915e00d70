/* Tables of counts as text: a header, a column of times, a column of counts, perhaps columns that tell several series apart.
 *
 * Lines come in one by one, so that files of any kind can be read; their rows are sorted and laid on a grid at the end. What is wrong is
 * refused and what is odd is noted, each with its line, in the order it was met. Nothing is guessed beyond the columns and the interval. */
#ifndef FL_FIT_COUNTS_CSV_H
#define FL_FIT_COUNTS_CSV_H

#include "fit/counts.h"

#define FL_COUNTS_COLUMNS_MAX 64u
#define FL_COUNTS_WHERES_MAX 8u
#define FL_COUNTS_REMARKS_MAX 64u
#define FL_COUNTS_ROWS_MAX 6000000u

/* Only rows whose column `name` says `value`; both borrowed. */
struct fl_counts_where {
    const char *name, *value;
};

/* What the caller says of the table; NULL: by the names, or by what stands in the first row. */
struct fl_counts_form {
    const char *time, *count; /* names of columns, borrowed */
    struct fl_counts_where where[FL_COUNTS_WHERES_MAX];
    uint32_t wheres_count;
};

enum fl_counts_remark_kind {
    /* Refused. */
    FL_COUNTS_NO_HEADER,      /* text: the first field */
    FL_COUNTS_NO_COLUMN,      /* text: the column wanted */
    FL_COUNTS_NOT_UTF8,       /* ... which may be there, were the header UTF-8 */
    FL_COUNTS_BAD_TIME,       /* text: what stands there */
    FL_COUNTS_BAD_COUNT,
    FL_COUNTS_OTHER_FIELDS,   /* number: fields there, of `wanted`; more are as wrong as fewer, as 1,000 without quotes are two */
    FL_COUNTS_CONFLICT,       /* another count of the same instant; text: the instant; number: its first line */
    FL_COUNTS_SEVERAL_SERIES, /* text: "behaviour: click, buy" */
    FL_COUNTS_NO_ROWS,
    FL_COUNTS_IRREGULAR,      /* text: an instant off the grid; number: the interval in s */
    FL_COUNTS_BAD_INTERVAL,   /* number: the interval in s, not one that divides a day, or shorter than a minute */
    FL_COUNTS_TOO_LONG,       /* beyond FL_COUNTS_DAYS_MAX days or FL_COUNTS_ROWS_MAX rows */
    /* Noted. */
    FL_COUNTS_EMPTY,          /* rows without a count are missing; number: how many, the first here */
    FL_COUNTS_DUPLICATE,      /* rows that stand twice, alike, count once; number */
    FL_COUNTS_DISORDER,       /* a row earlier than the one before; number: how many, the first here */
    FL_COUNTS_GAP,            /* intervals within the log without a row are missing; number; text: the first */
    FL_COUNTS_ZEROS_LEFT_OUT, /* ... and no count is ever 0: such rows are left out, and are 0; number */
    FL_COUNTS_CLOSED,         /* never a count at these times; text: "21:05-07:00" */
    FL_COUNTS_NEVER_WEEKDAY,  /* number: bits of the weekdays the log never has, Monday lowest */
    FL_COUNTS_NO_DAY,         /* dates within the log without any row; number: how many; text: the first */
};

struct fl_counts_remark {
    enum fl_counts_remark_kind kind;
    uint32_t file;   /* as given to fl_counts_csv_file */
    uint64_t line;   /* 0: of no line */
    uint64_t number, wanted;
    char text[160];
};

struct fl_counts_row {
    int64_t at_s;
    uint64_t line;
    uint32_t file, count;
};

struct fl_counts_csv {
    struct fl_counts_form form;
    struct fl_counts_row *rows; /* owned */
    size_t rows_count, rows_room;
    uint32_t file;
    bool has_header, full;      /* full: no memory */
    bool is_utf8, unreadable;   /* of this file: its header; what follows is passed over, as its columns are not known */
    char separator;
    uint32_t fields, time_column, count_column, where_column[FL_COUNTS_WHERES_MAX];
    char names[FL_COUNTS_COLUMNS_MAX][48];
    char seen[FL_COUNTS_COLUMNS_MAX][6][32]; /* different texts of each column, the first few */
    uint32_t seen_count[FL_COUNTS_COLUMNS_MAX];
    uint64_t empty, disorder;
    struct fl_counts_remark remarks[FL_COUNTS_REMARKS_MAX];
    uint32_t remarks_count, refused; /* refused: how many, beyond the room too */
    struct fl_counts_remark first_empty, first_disorder;
};

/* Large: belongs on the heap. */
void fl_counts_csv_start(struct fl_counts_csv *csv, const struct fl_counts_form *form);
/* The lines that follow are of another file, with a header of its own. */
void fl_counts_csv_file(struct fl_counts_csv *csv, uint32_t file);
/* A line without its newline; `number` counts from 1. */
void fl_counts_csv_line(struct fl_counts_csv *csv, const char *line, size_t length, uint64_t number);
/* All lines have come: the series. false: refused, see remarks, or full. Takes O(rows log rows). */
FL_MUST_CHECK bool fl_counts_csv_end(struct fl_counts_csv *csv, struct fl_counts *counts);
void fl_counts_csv_free(struct fl_counts_csv *csv);

/* "2003-03-03T07:05:00", "2003/3/3 7:05", "2003-03-03", seconds and an offset (which is not applied) may follow. false: none of these. */
bool fl_civil_parse(const char *text, size_t length, int64_t *at_s);
/* "2003-03-03T07:05", or the date alone where it is midnight. */
void fl_civil_format(int64_t at_s, char out[24]);

#endif
