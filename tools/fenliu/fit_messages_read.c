/* The files of a message log, line by line, to chats. A bad line is passed over and counted; where they are more than a few the log is
 * refused, as it then is not what it was taken for. */
#include "file_lines.h"
#include "fit_messages.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN 3u            /* bad lines told one by one, of each fault */
#define BAD_LINES_MIN 20u   /* so many may be bad in any log ... */
#define BAD_SHARE_MAX 0.01  /* ... and this share of a long one */

struct reading {
    const struct fit_options *options;
    const char *path;
    struct fl_log_reader reader;
    struct file_lines lines;
    struct fl_chats *chats, *held;
    int64_t cut_ns;
    struct fit_answer *answer;
    char *record;              /* owned: a CSV record of several lines, put together */
    size_t record_room;
    uint64_t line, lines_read, bad, fault[FL_LINE_FAULTS_COUNT];
};

static int refuse(const struct reading *reading, uint64_t line, const char *text)
{
    if (line > 0) fprintf(stderr, "%s:%llu: %s\n", reading->path, (unsigned long long)line, text);
    else fprintf(stderr, "fenliu fit: cannot read %s: %s\n", reading->path, text);
    return EXIT_USAGE;
}

static bool pass_over(struct reading *reading, uint64_t line, enum fl_line_fault fault)
{
    reading->bad++;
    if (++reading->fault[fault] <= SHOWN)
        fit_note(reading->answer, reading->path, line, "passed over: %s", "跳过:%s", fl_line_fault_sentence(fault));
    return reading->bad < BAD_LINES_MIN || (double)reading->bad < BAD_SHARE_MAX * (double)reading->lines_read;
}

/* A record of CSV may go on over several lines, within quotes. */
static bool next_record(struct reading *reading, char **record, size_t *length)
{
    if (!file_lines_next(&reading->lines, record, length)) return false;
    reading->line++;
    size_t used = 0;
    bool open = fl_log_is_open(&reading->reader, *record, *length);
    if (!open) return true;
    for (;;) {
        if (used + *length + 1 > FILE_LINE_MAX) { /* a quote that nothing closes would eat the file */
            *record = reading->record;
            *length = used;
            return true;
        }
        if (used + *length + 1 > reading->record_room) {
            char *const larger = realloc(reading->record, 2 * (used + *length + 1));
            if (larger == NULL) return false;
            reading->record = larger;
            reading->record_room = 2 * (used + *length + 1);
        }
        memcpy(reading->record + used, *record, *length);
        used += *length;
        reading->record[used++] = '\n';
        if (!open || !file_lines_next(&reading->lines, record, length)) break;
        reading->line++;
        open ^= fl_log_is_open(&reading->reader, *record, *length);
    }
    *record = reading->record;
    *length = used - 1;
    return true;
}

static int begin(struct reading *reading)
{
    char *line, wrong[64], text[200];
    size_t length;
    const char *missing = NULL;
    if (fl_log_reader_start(reading->options->preset, &reading->reader) != FL_OK) {
        fprintf(stderr, "fenliu fit: --preset: wanted fenliu, channel, qianniu or jd, got \"%s\"\n", reading->options->preset);
        return EXIT_USAGE;
    }
    if (reading->options->columns != NULL && fl_log_reader_map(&reading->reader, reading->options->columns, wrong) != FL_OK) {
        fprintf(stderr, "fenliu fit: --columns: wanted time, clock, conversation, buyer, speaker, agent, role, kind, text, chars, intent or class, "
                        "each with = and a name, got \"%s\"\n", wrong);
        return EXIT_USAGE;
    }
    if (!file_lines_open(&reading->lines, reading->path)) return refuse(reading, 0, reading->lines.problem);
    const char *const first = file_lines_peek(&reading->lines, &length);
    if (length == 0) return refuse(reading, 1, "the log is empty");
    const char *const newline = memchr(first, '\n', length);
    const enum fl_status status = fl_log_reader_begin(&reading->reader, first, newline == NULL ? length : (size_t)(newline - first), &missing);
    if (status == FL_EMISSING) {
        snprintf(text, sizeof text, "no column for %s; say which it is with --columns %s=NAME", missing, missing);
        return refuse(reading, 1, text);
    }
    if (status != FL_OK) return refuse(reading, 1, "neither a JSON object nor the header of a CSV");
    if (reading->reader.csv) {
        if (!file_lines_next(&reading->lines, &line, &length)) return refuse(reading, 1, reading->lines.problem);
        reading->line = 1;
    }
    fl_chats_next_file(reading->chats);
    if (reading->held != NULL) fl_chats_next_file(reading->held);
    return EXIT_DONE;
}

static int read_lines(struct reading *reading)
{
    char *record;
    size_t length;
    struct fl_logged message;
    for (;;) {
        const uint64_t first_line = reading->line + 1;
        if (!next_record(reading, &record, &length)) break;
        if (length == 0 || (length == 1 && record[0] == '\r')) continue;
        reading->lines_read++;
        enum fl_line_fault fault = fl_log_read(&reading->reader, record, length, &message);
        if (fault == FL_LINE_READ) {
            const bool later = reading->cut_ns != INT64_MAX && fl_chats_when(reading->chats, &message) >= reading->cut_ns;
            fault = fl_chats_take(later ? reading->held : reading->chats, &message);
        }
        if (fault == FL_LINE_READ) continue;
        if (reading->lines.cut && fault != FL_LINE_BACKWARDS) fault = FL_LINE_CUT;
        if (!pass_over(reading, first_line, fault)) {
            char text[200];
            snprintf(text, sizeof text, "%s; %llu of %llu lines cannot be read, which is too many", fl_line_fault_sentence(fault),
                     (unsigned long long)reading->bad, (unsigned long long)reading->lines_read);
            return refuse(reading, first_line, text);
        }
        if (interrupted) return EXIT_INTERRUPTED;
    }
    if (reading->lines.problem[0] != '\0') return refuse(reading, reading->line + 1, reading->lines.problem);
    return EXIT_DONE;
}

static void note_faults(const struct reading *reading)
{
    for (uint32_t f = 1; f < FL_LINE_FAULTS_COUNT; f++)
        if (reading->fault[f] > SHOWN)
            fit_note(reading->answer, reading->path, 0, "passed over %llu lines in all: %s", "共跳过 %llu 行:%s", (unsigned long long)reading->fault[f],
                     fl_line_fault_sentence((enum fl_line_fault)f));
}

int fit_messages_read(const struct fit_options *options, int64_t cut_ns, struct fl_chats *chats, struct fl_chats *held, struct fit_answer *answer)
{
    int code = EXIT_DONE;
    for (uint32_t i = 0; code == EXIT_DONE && i < options->common->files_count; i++) {
        struct reading *const reading = calloc(1, sizeof *reading);
        if (reading == NULL) return run_failed(FL_EFULL, "fit");
        reading->options = options;
        reading->path = options->common->files[i];
        reading->chats = chats;
        reading->held = held;
        reading->cut_ns = cut_ns;
        reading->answer = answer;
        code = begin(reading);
        if (code == EXIT_DONE) code = read_lines(reading);
        if (code == EXIT_DONE) note_faults(reading);
        file_lines_close(&reading->lines);
        free(reading->record);
        free(reading);
    }
    if (code == EXIT_DONE && chats->chats == 0) {
        fprintf(stderr, "fenliu fit: %s: no chat in it: no buyer writes\n", options->common->files[0]);
        code = EXIT_USAGE;
    }
    fl_chats_end(chats);
    if (held != NULL) fl_chats_end(held);
    return code;
}
