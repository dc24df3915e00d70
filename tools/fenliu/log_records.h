/* The records of a recorded log, one after another: which column means what is settled with the first line, and a record of CSV may go on over
 * several lines, within quotes. */
#ifndef FENLIU_LOG_RECORDS_H
#define FENLIU_LOG_RECORDS_H

#include "file_lines.h"
#include "fit/message.h"

struct log_records {
    struct file_lines lines;
    struct fl_log_reader reader;
    char *record;          /* owned: put together from several lines */
    size_t record_room;
    uint64_t line, first;  /* lines read so far; where the record began */
};

/* Opens a log. preset and columns are those of `fenliu fit`, NULL: by the names that the log has. false with the problem, a sentence, and
 * its line (0: of no line): it cannot be read, is empty, or is no message log. Close it all the same. */
bool log_records_open(struct log_records *records, const char *path, const char *preset, const char *columns, char problem[240], uint64_t *line);

/* The next record that is not empty, until the next call. false: there is none, or lines.problem says why. */
bool log_records_next(struct log_records *records, char **record, size_t *length);

void log_records_close(struct log_records *records);

#endif
