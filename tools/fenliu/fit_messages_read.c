/* The files of a message log, line by line, to chats. A bad line is passed over and counted; where they are more than a few the log is
 * refused, as it then is not what it was taken for. */
#include "fit_messages.h"
#include "log_records.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN 3u            /* bad lines told one by one, of each fault */
#define BAD_LINES_MIN 20u   /* so many may be bad in any log ... */
#define BAD_SHARE_MAX 0.01  /* ... and this share of a long one */

struct reading {
    const struct fit_options *options;
    const char *path;
    struct log_records records;
    struct fl_chats *chats, *held;
    int64_t cut_ns;
    struct fit_answer *answer;
    uint64_t lines_read, bad, fault[FL_LINE_FAULTS_COUNT];
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

static int begin(struct reading *reading)
{
    char problem[240];
    uint64_t line;
    if (!log_records_open(&reading->records, reading->path, reading->options->preset, reading->options->columns, problem, &line))
        return refuse(reading, line, problem);
    fl_chats_next_file(reading->chats);
    if (reading->held != NULL) fl_chats_next_file(reading->held);
    return EXIT_DONE;
}

static int read_lines(struct reading *reading)
{
    char *record;
    size_t length;
    struct fl_logged message;
    struct log_records *const records = &reading->records;
    while (log_records_next(records, &record, &length)) {
        reading->lines_read++;
        enum fl_line_fault fault = fl_log_read(&records->reader, record, length, &message);
        if (fault == FL_LINE_READ) {
            const bool later = reading->cut_ns != INT64_MAX && fl_chats_when(reading->chats, &message) >= reading->cut_ns;
            fault = fl_chats_take(later ? reading->held : reading->chats, &message);
        }
        if (fault == FL_LINE_READ) continue;
        if (records->lines.cut && fault != FL_LINE_BACKWARDS) fault = FL_LINE_CUT;
        if (!pass_over(reading, records->first, fault)) {
            char text[200];
            snprintf(text, sizeof text, "%s; %llu of %llu lines cannot be read, which is too many", fl_line_fault_sentence(fault),
                     (unsigned long long)reading->bad, (unsigned long long)reading->lines_read);
            return refuse(reading, records->first, text);
        }
        if (interrupted) return EXIT_INTERRUPTED;
    }
    if (records->lines.problem[0] != '\0') return refuse(reading, records->line + 1, records->lines.problem);
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
        log_records_close(&reading->records);
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
