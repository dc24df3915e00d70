#include "log_records.h"

#include "scenario/text.h"

#include <stdlib.h>
#include <string.h>

static bool fail(char problem[240], uint64_t *line, uint64_t at, const char *text)
{
    snprintf(problem, 240, "%s", text);
    *line = at;
    return false;
}

static bool start_reader(struct log_records *records, const char *preset, const char *columns, char problem[240])
{
    char wrong[64];
    if (fl_log_reader_start(preset, &records->reader) != FL_OK) {
        snprintf(problem, 240, "preset: wanted fenliu, channel, qianniu or jd, got \"%.64s\"", preset);
        return false;
    }
    if (columns == NULL || fl_log_reader_map(&records->reader, columns, wrong) == FL_OK) return true;
    snprintf(problem, 240, "columns: wanted time, clock, conversation, buyer, speaker, agent, role, kind, text, chars, intent or class, each with = and a "
                           "name, got \"%.63s\"", wrong);
    return false;
}

bool log_records_open(struct log_records *records, const char *path, const char *preset, const char *columns, char problem[240], uint64_t *line)
{
    const char *missing = NULL;
    size_t length;
    *records = (struct log_records){ .line = 0 };
    *line = 0;
    if (!start_reader(records, preset, columns, problem)) return false;
    if (!file_lines_open(&records->lines, path)) return fail(problem, line, 0, records->lines.problem);
    const char *const first = file_lines_peek(&records->lines, &length);
    if (length == 0) return fail(problem, line, 1, "the log is empty");
    const char *const newline = memchr(first, '\n', length);
    if (newline != NULL) length = (size_t)(newline - first);
    const enum fl_status status = fl_log_reader_begin(&records->reader, first, length, &missing);
    *line = 1;
    if (status != FL_OK && memchr(first, '\0', length) == NULL && !fl_text_is_utf8(first, length)) return fail(problem, line, 1, FILE_NOT_UTF8);
    if (status == FL_EMISSING) {
        snprintf(problem, 240, "no column for %s; its name can be told by columns: %s=NAME", missing, missing);
        return false;
    }
    if (status != FL_OK) return fail(problem, line, 1, "neither a JSON object nor the header of a CSV");
    char *header;
    if (records->reader.csv && !file_lines_next(&records->lines, &header, &length)) return fail(problem, line, 1, records->lines.problem);
    records->line = records->reader.csv;
    return true;
}

/* The lines from this one on, as far as a quote is open. */
static bool put_together(struct log_records *records, char **record, size_t *length)
{
    size_t used = 0;
    bool open = true;
    for (;;) {
        if (used + *length + 1 > FILE_LINE_MAX) break; /* a quote that nothing closes would eat the file */
        if (used + *length + 1 > records->record_room) {
            char *const larger = realloc(records->record, 2 * (used + *length + 1));
            if (larger == NULL) return false;
            records->record = larger;
            records->record_room = 2 * (used + *length + 1);
        }
        memcpy(records->record + used, *record, *length);
        used += *length;
        records->record[used++] = '\n';
        if (!open || !file_lines_next(&records->lines, record, length)) break;
        records->line++;
        open = fl_log_is_open(&records->reader, *record, *length, open);
    }
    *record = records->record;
    *length = used > 0 ? used - 1 : 0;
    return true;
}

bool log_records_next(struct log_records *records, char **record, size_t *length)
{
    do {
        if (!file_lines_next(&records->lines, record, length)) return false;
        records->first = ++records->line;
    } while (*length == 0 || (*length == 1 && **record == '\r'));
    return !fl_log_is_open(&records->reader, *record, *length, false) || put_together(records, record, length);
}

void log_records_close(struct log_records *records)
{
    file_lines_close(&records->lines);
    free(records->record);
    records->record = NULL;
}
