#include "fit/counts_csv.h"

#include "scenario/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S INT64_C(86400)
#define FIELD_BYTES 64u /* of a field that matters, NUL included; longer ones are cut, and are then no time and no number */

/* ---- Times ---------------------------------------------------------------------------------------- */

/* Days since 1970-01-01 of a proleptic Gregorian date; Howard Hinnant, "chrono-compatible low-level date algorithms". */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    const int64_t era = (year >= 0 ? year : year - 399) / 400, of_era = year - era * 400;
    const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_of(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
    days += 719468;
    const int64_t era = (days >= 0 ? days : days - 146096) / 146097, of_era = days - era * 146097;
    const int64_t years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const int64_t of_year = of_era - (365 * years + years / 4 - years / 100), part = (5 * of_year + 2) / 153;
    *day = of_year - (153 * part + 2) / 5 + 1;
    *month = part + (part < 10 ? 3 : -9);
    *year = years + era * 400 + (*month <= 2);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Whole number of `least` to `most` digits at *at. */
static bool take_digits(const char *text, size_t length, size_t *at, unsigned least, unsigned most, int64_t *out)
{
    unsigned digits = 0;
    *out = 0;
    while (*at < length && digits < most && is_digit(text[*at])) {
        *out = *out * 10 + (text[(*at)++] - '0');
        digits++;
    }
    return digits >= least;
}

static bool take_char(const char *text, size_t length, size_t *at, const char *any)
{
    if (*at >= length || text[*at] == '\0' || strchr(any, text[*at]) == NULL) return false;
    (*at)++;
    return true;
}

/* ":05", ":05:00", ":05:00.000" after the hour, then perhaps an offset. */
static bool take_rest_of_time(const char *text, size_t length, size_t *at, int64_t *minute, int64_t *second)
{
    int64_t ignored;
    if (!take_char(text, length, at, ":") || !take_digits(text, length, at, 2, 2, minute)) return false;
    if (take_char(text, length, at, ":") && !take_digits(text, length, at, 2, 2, second)) return false;
    if (take_char(text, length, at, ".") && !take_digits(text, length, at, 1, 9, &ignored)) return false;
    if (take_char(text, length, at, "Z")) return true;
    if (!take_char(text, length, at, "+-")) return true;
    if (!take_digits(text, length, at, 2, 2, &ignored)) return false;
    (void)take_char(text, length, at, ":");
    return take_digits(text, length, at, 2, 2, &ignored);
}

bool fl_civil_parse(const char *text, size_t length, int64_t *at_s)
{
    static const int64_t month_days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    size_t at = 0;
    int64_t year, month, day, hour = 0, minute = 0, second = 0;
    if (!take_digits(text, length, &at, 4, 4, &year) || !take_char(text, length, &at, "-/") || !take_digits(text, length, &at, 1, 2, &month) ||
        !take_char(text, length, &at, "-/") || !take_digits(text, length, &at, 1, 2, &day))
        return false;
    if (at < length &&
        (!take_char(text, length, &at, "T ") || !take_digits(text, length, &at, 1, 2, &hour) || !take_rest_of_time(text, length, &at, &minute, &second)))
        return false;
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (at != length || year < 1970 || month < 1 || month > 12 || day < 1 || day > month_days[month - 1] || (month == 2 && day == 29 && !leap) || hour > 23 ||
        minute > 59 || second > 59)
        return false;
    *at_s = days_of(year, month, day) * DAY_S + hour * 3600 + minute * 60 + second;
    return true;
}

void fl_civil_format(int64_t at_s, char out[24])
{
    int64_t year, month, day;
    const int64_t days = at_s >= 0 ? at_s / DAY_S : -((DAY_S - 1 - at_s) / DAY_S), of_day = at_s - days * DAY_S;
    date_of(days, &year, &month, &day);
    if (of_day == 0) snprintf(out, 24, "%04d-%02d-%02d", (int)(year % 10000), (int)month, (int)day);
    else
        snprintf(out, 24, "%04d-%02d-%02dT%02d:%02d", (int)(year % 10000), (int)month, (int)day, (int)(of_day / 3600), (int)(of_day / 60 % 60));
}

/* ---- Remarks -------------------------------------------------------------------------------------- */

static struct fl_counts_remark remark_of(const struct fl_counts_csv *csv, enum fl_counts_remark_kind kind, uint64_t line, const char *text)
{
    struct fl_counts_remark remark = { .kind = kind, .file = csv->file, .line = line };
    snprintf(remark.text, sizeof remark.text, "%s", text);
    return remark;
}

static void remark(struct fl_counts_csv *csv, const struct fl_counts_remark *it)
{
    if (it->kind < FL_COUNTS_EMPTY) csv->refused++;
    if (csv->remarks_count < FL_COUNTS_REMARKS_MAX) csv->remarks[csv->remarks_count++] = *it;
}

static void refuse(struct fl_counts_csv *csv, enum fl_counts_remark_kind kind, uint64_t line, const char *text)
{
    const struct fl_counts_remark it = remark_of(csv, kind, line, text);
    remark(csv, &it);
}

static void refuse_columns(struct fl_counts_csv *csv, enum fl_counts_remark_kind kind, uint64_t line, const char *text)
{
    refuse(csv, csv->is_utf8 ? kind : FL_COUNTS_NOT_UTF8, line, text);
    csv->unreadable = true;
}

/* ---- Fields --------------------------------------------------------------------------------------- */

struct field {
    char text[FIELD_BYTES];
    size_t length;
    bool cut;
};

/* The field at *at, without its quotes and the blanks around it; *at comes to stand behind its separator. */
static void take_field(const char *line, size_t length, size_t *at, char separator, struct field *out)
{
    size_t i = *at;
    out->length = 0;
    out->cut = false;
    while (i < length && line[i] == ' ') i++;
    const bool quoted = i < length && line[i] == '"';
    if (quoted) i++;
    while (i < length) {
        char c = line[i++];
        if (quoted && c == '"') {
            if (i < length && line[i] == '"') {
                i++;
            } else {
                while (i < length && line[i] != separator) i++;
                if (i < length) i++;
                break;
            }
        } else if (!quoted && c == separator) {
            break;
        }
        if (c == '\r' && i == length) break;
        if (c == '\0') c = '?';
        if (out->length + 1 < sizeof out->text) out->text[out->length++] = c;
        else out->cut = true;
    }
    while (out->length > 0 && !quoted && out->text[out->length - 1] == ' ') out->length--;
    out->text[out->length] = '\0';
    *at = i;
}

static uint32_t split(const char *line, size_t length, char separator, struct field fields[FL_COUNTS_COLUMNS_MAX])
{
    uint32_t count = 0;
    size_t at = 0;
    while (at < length && count < FL_COUNTS_COLUMNS_MAX) take_field(line, length, &at, separator, &fields[count++]);
    if (length > 0 && line[length - 1] == '\r') length--;
    if (length > 0 && line[length - 1] == separator && count < FL_COUNTS_COLUMNS_MAX) fields[count++] = (struct field){ .length = 0 }; /* the last one is empty */
    return count;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_name(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) a++, b++;
    return *a == *b;
}

enum number { NUMBER_GOOD, NUMBER_NONE, NUMBER_BAD };

/* A count: a whole number, "12" or "12.0"; nothing at all is none. */
static enum number parse_count(const struct field *field, uint32_t *out)
{
    uint64_t value = 0;
    size_t at = 0;
    if (field->length == 0) return NUMBER_NONE;
    while (at < field->length && is_digit(field->text[at]) && value <= UINT32_MAX) value = value * 10 + (uint64_t)(field->text[at++] - '0');
    if (at == 0 || value > UINT32_MAX / 2) return NUMBER_BAD;
    if (at < field->length && field->text[at] == '.')
        while (++at < field->length && field->text[at] == '0') continue;
    *out = (uint32_t)value;
    return at == field->length && !field->cut ? NUMBER_GOOD : NUMBER_BAD;
}

/* ---- The header ----------------------------------------------------------------------------------- */

static const char *const time_names[] = { "datetime", "date_time", "time", "timestamp", "ts", "date", "day", "interval", "from", "start", "begin", "t", "hour",
                                          "时间", "日期", "开始时间", "时段", "统计时间", "统计日期", NULL };
static const char *const count_names[] = { "count", "counts", "calls", "n", "number", "chats", "arrivals", "volume", "contacts", "visits", "value",
                                           "chats_offered", "inquiries", "数量", "次数", "人数", "计数", "咨询量", "咨询人数", "询单人数", "接待人数", "来电", NULL };

static uint32_t column_named(const struct fl_counts_csv *csv, const char *name)
{
    for (uint32_t i = 0; i < csv->fields; i++)
        if (same_name(csv->names[i], name)) return i;
    return UINT32_MAX;
}

static uint32_t column_known(const struct fl_counts_csv *csv, const char *const names[])
{
    for (; *names != NULL; names++) {
        const uint32_t column = column_named(csv, *names);
        if (column != UINT32_MAX) return column;
    }
    return UINT32_MAX;
}

/* A column that the caller has named must be there; others are looked for by name, now, or by what stands in them, later. */
static uint32_t settle_column(struct fl_counts_csv *csv, const char *said, const char *const names[], uint64_t line)
{
    if (said == NULL) return column_known(csv, names);
    const uint32_t column = column_named(csv, said);
    if (column == UINT32_MAX) refuse_columns(csv, FL_COUNTS_NO_COLUMN, line, said);
    return column;
}

static void take_header(struct fl_counts_csv *csv, const char *line, size_t length, uint64_t number)
{
    static struct field const empty;
    struct field fields[FL_COUNTS_COLUMNS_MAX];
    int64_t ignored;
    uint32_t number_there;
    if (length >= 3 && memcmp(line, "\xEF\xBB\xBF", 3) == 0) line += 3, length -= 3;
    csv->separator = memchr(line, '\t', length) != NULL ? '\t' : memchr(line, ',', length) == NULL && memchr(line, ';', length) != NULL ? ';' : ',';
    csv->fields = split(line, length, csv->separator, fields);
    csv->has_header = true;
    csv->is_utf8 = memchr(line, '\0', length) != NULL || fl_text_is_utf8(line, length); /* a NUL is of no encoding of text */
    if (csv->fields == 0) fields[0] = empty;
    if (fl_civil_parse(fields[0].text, fields[0].length, &ignored) || parse_count(&fields[0], &number_there) == NUMBER_GOOD) {
        refuse_columns(csv, FL_COUNTS_NO_HEADER, number, fields[0].text);
        return;
    }
    for (uint32_t i = 0; i < csv->fields; i++) snprintf(csv->names[i], sizeof csv->names[i], "%.*s", (int)sizeof csv->names[i] - 1, fields[i].text);
    memset(csv->seen_count, 0, sizeof csv->seen_count);
    csv->time_column = settle_column(csv, csv->form.time, time_names, number);
    csv->count_column = settle_column(csv, csv->form.count, count_names, number);
    for (uint32_t w = 0; w < csv->form.wheres_count; w++) {
        csv->where_column[w] = column_named(csv, csv->form.where[w].name);
        if (csv->where_column[w] == UINT32_MAX) refuse_columns(csv, FL_COUNTS_NO_COLUMN, number, csv->form.where[w].name);
    }
}

static bool is_where_column(const struct fl_counts_csv *csv, uint32_t column)
{
    for (uint32_t w = 0; w < csv->form.wheres_count; w++)
        if (csv->where_column[w] == column) return true;
    return false;
}

/* Columns without a telling name: the first that holds a time, and the only other one that holds a number. */
static void settle_by_content(struct fl_counts_csv *csv, const struct field fields[], uint32_t count, uint64_t line)
{
    int64_t at_s;
    uint32_t n, found = UINT32_MAX, others = 0;
    for (uint32_t i = 0; i < count && csv->time_column == UINT32_MAX; i++)
        if (fl_civil_parse(fields[i].text, fields[i].length, &at_s)) csv->time_column = i;
    for (uint32_t i = 0; i < count; i++) {
        if (i == csv->time_column || is_where_column(csv, i) || parse_count(&fields[i], &n) != NUMBER_GOOD) continue;
        if (found == UINT32_MAX) found = i;
        others++;
    }
    if (csv->count_column == UINT32_MAX && others == 1) csv->count_column = found;
    if (csv->time_column == UINT32_MAX) refuse_columns(csv, FL_COUNTS_NO_COLUMN, line, "time");
    if (csv->count_column == UINT32_MAX) refuse_columns(csv, FL_COUNTS_NO_COLUMN, line, "count");
}

/* ---- Rows ----------------------------------------------------------------------------------------- */

static void note_seen(struct fl_counts_csv *csv, const struct field fields[], uint32_t count)
{
    for (uint32_t i = 0; i < count && i < csv->fields; i++) {
        if (i == csv->time_column || i == csv->count_column || csv->seen_count[i] == 6) continue;
        uint32_t s = 0;
        while (s < csv->seen_count[i] && strncmp(csv->seen[i][s], fields[i].text, sizeof csv->seen[i][s] - 1) != 0) s++;
        if (s == csv->seen_count[i])
            snprintf(csv->seen[i][csv->seen_count[i]++], sizeof csv->seen[i][0], "%.*s", (int)sizeof csv->seen[i][0] - 1, fields[i].text);
    }
}

static bool is_wanted(const struct fl_counts_csv *csv, const struct field fields[], uint32_t count)
{
    for (uint32_t w = 0; w < csv->form.wheres_count; w++) {
        const uint32_t column = csv->where_column[w];
        if (column >= count || strcmp(fields[column].text, csv->form.where[w].value) != 0) return false;
    }
    return true;
}

static void add_row(struct fl_counts_csv *csv, int64_t at_s, uint32_t count, uint64_t line)
{
    if (csv->rows_count == csv->rows_room) {
        const size_t room = csv->rows_room == 0 ? 1024 : csv->rows_room * 2;
        struct fl_counts_row *const larger = csv->rows_room < FL_COUNTS_ROWS_MAX ? realloc(csv->rows, room * sizeof *larger) : NULL;
        if (larger == NULL) {
            if (csv->rows_room >= FL_COUNTS_ROWS_MAX && csv->refused == 0) refuse(csv, FL_COUNTS_TOO_LONG, line, "");
            csv->full = csv->rows_room < FL_COUNTS_ROWS_MAX;
            return;
        }
        csv->rows = larger;
        csv->rows_room = room;
    }
    const struct fl_counts_row *const before = csv->rows_count > 0 ? &csv->rows[csv->rows_count - 1] : NULL;
    if (before != NULL && at_s < before->at_s && csv->disorder++ == 0) csv->first_disorder = remark_of(csv, FL_COUNTS_DISORDER, line, "");
    csv->rows[csv->rows_count++] = (struct fl_counts_row){ .at_s = at_s, .line = line, .file = csv->file, .count = count };
}

/* Fields beyond the header's that are not empty. */
static bool says_more(const struct fl_counts_csv *csv, const struct field fields[], uint32_t count)
{
    for (uint32_t i = csv->fields; i < count; i++)
        if (fields[i].length > 0) return true;
    return false;
}

static void take_row(struct fl_counts_csv *csv, const char *line, size_t length, uint64_t number)
{
    struct field fields[FL_COUNTS_COLUMNS_MAX];
    const uint32_t count = split(line, length, csv->separator, fields);
    int64_t at_s;
    uint32_t n = 0;
    if (count == 0 || (count == 1 && fields[0].length == 0)) return; /* an empty line */
    note_seen(csv, fields, count);
    if (!is_wanted(csv, fields, count)) return;
    if (csv->time_column == UINT32_MAX || csv->count_column == UINT32_MAX) settle_by_content(csv, fields, count, number);
    if (csv->time_column == UINT32_MAX || csv->count_column == UINT32_MAX) return;
    if (csv->time_column >= count || csv->count_column >= count || says_more(csv, fields, count)) {
        struct fl_counts_remark other = remark_of(csv, FL_COUNTS_OTHER_FIELDS, number, "");
        other.number = count;
        other.wanted = csv->fields;
        remark(csv, &other);
        return;
    }
    const struct field *const time = &fields[csv->time_column], *const field = &fields[csv->count_column];
    const enum number read = parse_count(field, &n);
    if (time->cut || !fl_civil_parse(time->text, time->length, &at_s)) refuse(csv, FL_COUNTS_BAD_TIME, number, time->text);
    else if (read == NUMBER_BAD) refuse(csv, FL_COUNTS_BAD_COUNT, number, field->text);
    else if (read == NUMBER_NONE && csv->empty++ == 0) csv->first_empty = remark_of(csv, FL_COUNTS_EMPTY, number, "");
    else if (read == NUMBER_GOOD) add_row(csv, at_s, n, number);
}

void fl_counts_csv_start(struct fl_counts_csv *csv, const struct fl_counts_form *form)
{
    memset(csv, 0, sizeof *csv);
    csv->form = *form;
}

void fl_counts_csv_file(struct fl_counts_csv *csv, uint32_t file)
{
    csv->file = file;
    csv->has_header = csv->unreadable = false;
}

void fl_counts_csv_line(struct fl_counts_csv *csv, const char *line, size_t length, uint64_t number)
{
    if (csv->unreadable || csv->refused >= FL_COUNTS_REMARKS_MAX) return; /* the file is something else */
    if (!csv->has_header) {
        if (length > 0 && !(length == 1 && line[0] == '\r')) take_header(csv, line, length, number);
    } else {
        take_row(csv, line, length, number);
    }
}

void fl_counts_csv_free(struct fl_counts_csv *csv)
{
    free(csv->rows);
    csv->rows = NULL;
}

/* ---- The grid ------------------------------------------------------------------------------------- */

static int compare_rows(const void *a, const void *b)
{
    const struct fl_counts_row *const x = a, *const y = b;
    if (x->at_s != y->at_s) return x->at_s < y->at_s ? -1 : 1;
    if (x->file != y->file) return x->file < y->file ? -1 : 1;
    return x->line < y->line ? -1 : x->line > y->line;
}

/* Names the columns that would tell several series apart; false: there is none. */
static bool tell_series(const struct fl_counts_csv *csv, char *out, size_t size)
{
    for (uint32_t i = 0; i < csv->fields; i++) {
        if (i == csv->time_column || i == csv->count_column || is_where_column(csv, i) || csv->seen_count[i] < 2) continue;
        size_t used = (size_t)snprintf(out, size, "%s: ", csv->names[i]);
        for (uint32_t s = 0; s < csv->seen_count[i] && used < size; s++)
            used += (size_t)snprintf(out + used, size - used, "%s%s", s > 0 ? ", " : "", csv->seen[i][s]);
        return true;
    }
    return false;
}

/* Rows alike count once; a second count of an instant is refused. */
static void drop_duplicates(struct fl_counts_csv *csv)
{
    struct fl_counts_remark first = { .number = 0 };
    char text[160];
    size_t kept = 0;
    for (size_t i = 0; i < csv->rows_count; i++) {
        const struct fl_counts_row *const row = &csv->rows[i];
        const struct fl_counts_row *const before = kept > 0 ? &csv->rows[kept - 1] : NULL;
        if (before == NULL || before->at_s != row->at_s) {
            csv->rows[kept++] = *row;
            continue;
        }
        if (before->count == row->count) {
            if (first.number++ == 0) first.file = row->file, first.line = row->line;
            continue;
        }
        if (tell_series(csv, text, sizeof text)) {
            csv->remarks_count = 0; /* what else was said of the rows is beside the point */
            refuse(csv, FL_COUNTS_SEVERAL_SERIES, 0, text);
            return;
        }
        fl_civil_format(row->at_s, text);
        struct fl_counts_remark conflict = remark_of(csv, FL_COUNTS_CONFLICT, row->line, text);
        conflict.file = row->file;
        conflict.number = before->line;
        remark(csv, &conflict);
    }
    csv->rows_count = kept;
    if (first.number == 0) return;
    first.kind = FL_COUNTS_DUPLICATE;
    remark(csv, &first);
}

static int compare_spans(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* The most frequent span between neighbours; 0: no memory. Of a single row a day. */
static int64_t usual_span(const struct fl_counts_csv *csv)
{
    if (csv->rows_count < 2) return DAY_S;
    const size_t count = csv->rows_count - 1;
    int64_t *const spans = malloc(count * sizeof *spans);
    if (spans == NULL) return 0;
    for (size_t i = 0; i < count; i++) spans[i] = csv->rows[i + 1].at_s - csv->rows[i].at_s;
    qsort(spans, count, sizeof *spans, compare_spans);
    int64_t usual = spans[0];
    size_t most = 0;
    for (size_t i = 0; i < count;) {
        size_t run = 1;
        while (i + run < count && spans[i + run] == spans[i]) run++;
        if (run > most) usual = spans[i], most = run;
        i += run;
    }
    free(spans);
    return usual;
}

/* The interval, having held every row to it; 0: refused. */
static uint32_t settle_interval(struct fl_counts_csv *csv)
{
    const int64_t span = usual_span(csv);
    csv->full |= span == 0;
    if (span == 0) return 0;
    if (span < 60 || span > DAY_S || DAY_S % span != 0) {
        struct fl_counts_remark bad = remark_of(csv, FL_COUNTS_BAD_INTERVAL, 0, "");
        bad.number = (uint64_t)span;
        remark(csv, &bad);
        return 0;
    }
    for (size_t i = 0; i < csv->rows_count; i++) {
        const struct fl_counts_row *const row = &csv->rows[i];
        char text[24];
        if ((row->at_s - csv->rows[0].at_s) % span == 0) continue;
        fl_civil_format(row->at_s, text);
        struct fl_counts_remark off = remark_of(csv, FL_COUNTS_IRREGULAR, row->line, text);
        off.file = row->file;
        off.number = (uint64_t)span;
        remark(csv, &off);
    }
    return csv->refused == 0 ? (uint32_t)span : 0;
}

/* Cells of the day that no day of the log has are closed; says which. */
static void close_unseen(struct fl_counts_csv *csv, struct fl_counts *counts)
{
    struct fl_counts_remark closed = { .kind = FL_COUNTS_CLOSED, .file = csv->file };
    size_t used = 0;
    uint32_t from = UINT32_MAX;
    for (uint32_t c = 0; c <= counts->per_day; c++) {
        bool seen = c == counts->per_day;
        for (uint32_t d = 0; d < counts->days && !seen; d++) seen = counts->state[(size_t)d * counts->per_day + c] == FL_COUNT_KNOWN;
        if (!seen) {
            if (from == UINT32_MAX) from = c;
            for (uint32_t d = 0; d < counts->days; d++) counts->state[(size_t)d * counts->per_day + c] = FL_COUNT_CLOSED;
        } else if (from != UINT32_MAX) {
            const uint32_t begin = from * counts->interval_s / 60, end = c * counts->interval_s / 60;
            if (used < sizeof closed.text)
                used += (size_t)snprintf(closed.text + used, sizeof closed.text - used, "%s%02u:%02u-%02u:%02u", used > 0 ? ", " : "", begin / 60, begin % 60,
                                         end / 60, end % 60);
            closed.number++;
            from = UINT32_MAX;
        }
    }
    if (closed.number > 0) remark(csv, &closed);
}

static bool day_has_rows(const struct fl_counts *counts, uint32_t day)
{
    for (uint32_t c = 0; c < counts->per_day; c++)
        if (counts->state[(size_t)day * counts->per_day + c] == FL_COUNT_KNOWN) return true;
    return false;
}

/* Days without any row: of weekdays that the log never has, and others. */
static void note_days(struct fl_counts_csv *csv, const struct fl_counts *counts)
{
    struct fl_counts_remark never = { .kind = FL_COUNTS_NEVER_WEEKDAY, .file = csv->file }, none = { .kind = FL_COUNTS_NO_DAY, .file = csv->file };
    uint32_t seen = 0, in_log = 0;
    for (uint32_t d = 0; d < counts->days; d++) {
        in_log |= 1u << fl_counts_weekday(counts, d);
        if (day_has_rows(counts, d)) seen |= 1u << fl_counts_weekday(counts, d);
    }
    for (uint32_t d = 0; d < counts->days; d++) {
        char date[24];
        if (day_has_rows(counts, d) || (seen >> fl_counts_weekday(counts, d) & 1) == 0) continue;
        fl_civil_format(counts->first_s + (int64_t)d * DAY_S, date);
        const size_t used = strlen(none.text);
        if (none.number++ < 8 && used + 24 < sizeof none.text) snprintf(none.text + used, sizeof none.text - used, "%s%s", used > 0 ? ", " : "", date);
    }
    never.number = in_log & ~seen;
    if (never.number > 0) remark(csv, &never);
    if (none.number > 0) remark(csv, &none);
}

/* Intervals without a row between a day's first and last: missing, or 0 where rows of 0 are plainly left out. */
static void settle_gaps(struct fl_counts_csv *csv, struct fl_counts *counts)
{
    struct fl_counts_remark gap = { .kind = FL_COUNTS_GAP, .file = csv->file };
    bool zero_seen = false;
    uint64_t sum = 0, missing = 0;
    for (size_t i = 0; i < csv->rows_count; i++) {
        zero_seen |= csv->rows[i].count == 0;
        sum += csv->rows[i].count;
    }
    for (uint32_t d = 0; d < counts->days; d++) {
        if (!day_has_rows(counts, d)) continue;
        for (uint32_t c = 0; c < counts->per_day; c++) {
            if (counts->state[(size_t)d * counts->per_day + c] != FL_COUNT_MISSING) continue;
            if (missing++ == 0) fl_civil_format(counts->first_s + (int64_t)d * DAY_S + (int64_t)c * counts->interval_s, gap.text);
        }
    }
    if (missing == 0) return;
    gap.number = missing;
    /* Counts so small that zeros must occur, and not one does. */
    if (!zero_seen && csv->empty == 0 && sum < 3 * (uint64_t)csv->rows_count) {
        gap.kind = FL_COUNTS_ZEROS_LEFT_OUT;
        fl_counts_cover(counts, csv->rows[0].at_s, csv->rows[csv->rows_count - 1].at_s + counts->interval_s);
    }
    remark(csv, &gap);
}

bool fl_counts_csv_end(struct fl_counts_csv *csv, struct fl_counts *counts)
{
    if (csv->rows_count == 0 && csv->refused == 0 && !csv->full) refuse(csv, FL_COUNTS_NO_ROWS, 0, "");
    if (csv->refused > 0 || csv->full) return false;
    qsort(csv->rows, csv->rows_count, sizeof *csv->rows, compare_rows);
    drop_duplicates(csv);
    if (csv->refused > 0) return false;
    const uint32_t interval_s = settle_interval(csv);
    if (interval_s == 0) return false;
    const int64_t first_s = csv->rows[0].at_s - csv->rows[0].at_s % DAY_S, last_s = csv->rows[csv->rows_count - 1].at_s;
    const int64_t days = (last_s - first_s) / DAY_S + 1;
    if (days > FL_COUNTS_DAYS_MAX) {
        refuse(csv, FL_COUNTS_TOO_LONG, 0, "");
        return false;
    }
    if (fl_counts_create(first_s, interval_s, (uint32_t)days, counts) != FL_OK) {
        csv->full = true;
        return false;
    }
    for (size_t i = 0; i < csv->rows_count; i++) (void)fl_counts_add(counts, csv->rows[i].at_s, csv->rows[i].count);
    if (csv->empty > 0) {
        csv->first_empty.number = csv->empty;
        remark(csv, &csv->first_empty);
    }
    if (csv->disorder > 0) {
        csv->first_disorder.number = csv->disorder;
        remark(csv, &csv->first_disorder);
    }
    close_unseen(csv, counts);
    settle_gaps(csv, counts);
    note_days(csv, counts);
    return true;
}
