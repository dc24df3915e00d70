/* The files of a message log, line by line, to chats. A bad line is passed over and counted; where they are more than a few the log is
 * refused, as it then is not what it was taken for.
 *
 * Logs go by like a stream, in little memory, as long as they are in the order of time. Exports that go chat by chat, or begin with the newest
 * message, are noticed on the way and read once more: the messages of each file are then kept and sorted first. */
#include "fit_messages.h"
#include "log_records.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN 3u            /* bad lines told one by one, of each fault */
#define BAD_LINES_MIN 20u   /* so many may be bad in any log ... */
#define BAD_SHARE_MAX 0.01  /* ... and this share of a long one */
#define LATE_SHARE_MAX 0.01 /* chosen: of messages earlier than one before them; beyond, the log is sorted */
#define SORTED_MAX ((size_t)1 << 24) /* messages of a file; 2 GB */
#define OUT_OF_ORDER (-1)   /* beside exit codes: it has to be sorted */
#define TEXTS_BYTES 65536u  /* of a block of names */

/* A message that waits to be sorted; its names lie in blocks of texts. */
struct kept {
    struct fl_logged message;
    uint64_t line;
};

struct texts {
    struct texts *before;
    size_t used, room;
    char bytes[];
};

struct reading {
    const struct fit_options *options;
    const char *path;
    struct log_records records;
    struct fl_chats *chats, *held;
    int64_t cut_ns;
    struct fit_answer *answer;
    bool sorts;
    struct kept *kept;         /* owned */
    size_t kept_count, kept_room;
    struct texts *texts;       /* owned */
    int64_t before_ns;         /* time of the message before */
    uint64_t falls, rises;     /* messages earlier and later than the one before */
    uint64_t lines_read, bad, fault[FL_LINE_FAULTS_COUNT], late, first_late, twice, first_twice;
    int16_t zone_min;          /* of the first time that tells one */
    bool zones_told;           /* that there are several */
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

/* ---- In the order of time -------------------------------------------------------------------------- */

/* A copy of a name that lives as long as the reading. false: no memory. */
static bool keep_text(struct reading *reading, struct fl_bytes *text)
{
    if (text->count == 0) return true;
    if (reading->texts == NULL || reading->texts->room - reading->texts->used < text->count) {
        const size_t room = text->count > TEXTS_BYTES ? text->count : TEXTS_BYTES;
        struct texts *const block = malloc(sizeof *block + room);
        if (block == NULL) return false;
        *block = (struct texts){ .before = reading->texts, .room = room };
        reading->texts = block;
    }
    char *const to = reading->texts->bytes + reading->texts->used;
    memcpy(to, text->at, text->count);
    text->at = to;
    reading->texts->used += text->count;
    return true;
}

static int keep(struct reading *reading, const struct fl_logged *message)
{
    if (reading->kept_count == SORTED_MAX) return refuse(reading, reading->records.first, "not in the order of time, and longer than can be sorted here: sort it first");
    if (reading->kept_count == reading->kept_room) {
        const size_t room = reading->kept_room == 0 ? 4096 : reading->kept_room * 2;
        struct kept *const larger = realloc(reading->kept, room * sizeof *larger);
        if (larger == NULL) return run_failed(FL_EFULL, "fit");
        reading->kept = larger;
        reading->kept_room = room;
    }
    struct kept *const one = &reading->kept[reading->kept_count++];
    *one = (struct kept){ *message, reading->records.first };
    const bool well = keep_text(reading, &one->message.agent) && keep_text(reading, &one->message.intent) && keep_text(reading, &one->message.class);
    return well ? EXIT_DONE : run_failed(FL_EFULL, "fit");
}

static int by_time_then_line(const void *a, const void *b)
{
    const struct kept *const first = a, *const second = b;
    if (first->message.at_ns != second->message.at_ns) return first->message.at_ns < second->message.at_ns ? -1 : 1;
    return first->line < second->line ? -1 : 1;
}

static int by_time_then_last_line(const void *a, const void *b)
{
    const struct kept *const first = a, *const second = b;
    return first->message.at_ns != second->message.at_ns ? by_time_then_line(a, b) : by_time_then_line(b, a);
}

static void give_back(struct reading *reading)
{
    free(reading->kept);
    while (reading->texts != NULL) {
        struct texts *const before = reading->texts->before;
        free(reading->texts);
        reading->texts = before;
    }
}

/* ---- Line by line ---------------------------------------------------------------------------------- */

static enum fl_line_fault take(struct reading *reading, const struct fl_logged *message, uint64_t line)
{
    const bool later = reading->cut_ns != INT64_MAX && fl_chats_when(reading->chats, message) >= reading->cut_ns;
    struct fl_chats *const chats = later ? reading->held : reading->chats;
    const uint64_t late = chats->late;
    const enum fl_line_fault fault = fl_chats_take(chats, message);
    if (chats->late > late && reading->late++ == 0) reading->first_late = line;
    if (fault == FL_LINE_TWICE && reading->twice++ == 0) reading->first_twice = line;
    return fault == FL_LINE_TWICE ? FL_LINE_READ : fault;
}

/* What is not applied is said. */
static void note_zone(struct reading *reading, uint64_t line, int16_t zone_min)
{
    if (zone_min == FL_NO_ZONE || zone_min == reading->zone_min || reading->zones_told) return;
    if (reading->zone_min == FL_NO_ZONE) {
        reading->zone_min = zone_min;
        fit_note(reading->answer, reading->path, line, "times are of UTC%+03d:%02d; they are taken as they stand, as the shop's own",
                 "时间标明 UTC%+03d:%02d;按字面当作店铺当地时间,不作换算", zone_min / 60, abs(zone_min % 60));
        return;
    }
    reading->zones_told = true;
    fit_note(reading->answer, reading->path, line, "a time of another zone than before: zones are not applied, so durations across the two are wrong",
             "此处时区与前面不同:时区不作换算,跨时区的时长会出错");
}

static int too_many(const struct reading *reading, uint64_t line, enum fl_line_fault fault)
{
    char text[200];
    snprintf(text, sizeof text, "%s; %llu of %llu lines cannot be read, which is too many", fl_line_fault_sentence(fault), (unsigned long long)reading->bad,
             (unsigned long long)reading->lines_read);
    return refuse(reading, line, text);
}

static bool can_be_read_again(const struct reading *reading)
{
    for (uint32_t i = 0; i < reading->options->common->files_count; i++)
        if (file_is_stream(reading->options->common->files[i])) return false;
    return !reading->sorts;
}

static int read_line(struct reading *reading, const char *record, size_t length)
{
    struct fl_logged message;
    struct log_records *const records = &reading->records;
    enum fl_line_fault fault = fl_log_read(&records->reader, record, length, &message);
    reading->lines_read++;
    if (fault == FL_LINE_READ) {
        note_zone(reading, records->first, message.zone_min);
        if (message.at_ns < reading->before_ns) reading->falls++;
        if (message.at_ns > reading->before_ns) reading->rises++;
        reading->before_ns = message.at_ns;
        if (reading->sorts) return keep(reading, &message);
        fault = take(reading, &message, records->first);
    }
    if (fault == FL_LINE_READ) return EXIT_DONE;
    if (records->lines.cut && fault != FL_LINE_BACKWARDS) fault = FL_LINE_CUT;
    if (pass_over(reading, records->first, fault)) return EXIT_DONE;
    return fault == FL_LINE_BACKWARDS && can_be_read_again(reading) ? OUT_OF_ORDER : too_many(reading, records->first, fault);
}

static int take_sorted(struct reading *reading)
{
    if (reading->kept_count > 1)
        qsort(reading->kept, reading->kept_count, sizeof *reading->kept, reading->falls > reading->rises ? by_time_then_last_line : by_time_then_line);
    for (size_t i = 0; i < reading->kept_count; i++) {
        if (interrupted) return EXIT_INTERRUPTED;
        (void)take(reading, &reading->kept[i].message, reading->kept[i].line); /* sorted, so none is early */
    }
    return EXIT_DONE;
}

static int read_lines(struct reading *reading)
{
    char *record;
    size_t length;
    struct log_records *const records = &reading->records;
    while (log_records_next(records, &record, &length)) {
        const int code = read_line(reading, record, length);
        if (code != EXIT_DONE) return code;
        if (interrupted) return EXIT_INTERRUPTED;
    }
    if (records->lines.problem[0] != '\0') return refuse(reading, records->line + 1, records->lines.problem);
    if ((double)reading->late > LATE_SHARE_MAX * (double)reading->lines_read) {
        if (can_be_read_again(reading)) return OUT_OF_ORDER;
        return refuse(reading, reading->first_late, "not in the order of time, and what comes through a pipe cannot be sorted here: give a file, or sort it first");
    }
    return reading->sorts ? take_sorted(reading) : EXIT_DONE;
}

static void note_faults(const struct reading *reading)
{
    for (uint32_t f = 1; f < FL_LINE_FAULTS_COUNT; f++)
        if (reading->fault[f] > SHOWN)
            fit_note(reading->answer, reading->path, 0, "passed over %llu lines in all: %s", "共跳过 %llu 行:%s", (unsigned long long)reading->fault[f],
                     fl_line_fault_sentence((enum fl_line_fault)f));
    if (reading->sorts && reading->falls > 0)
        fit_note(reading->answer, reading->path, 0, "%llu lines are earlier than the one before; sorted by time", "%llu 行比上一行早;已按时间排序",
                 (unsigned long long)reading->falls);
    if (reading->late > 0)
        fit_note(reading->answer, reading->path, reading->first_late, "%llu messages are earlier than one before them, the first here",
                 "%llu 条消息早于前面的消息,首条在此", (unsigned long long)reading->late);
    if (reading->twice > 0)
        fit_note(reading->answer, reading->path, reading->first_twice, "%llu lines stand twice and count once, the first here", "%llu 行重复,只算一次,首行在此",
                 (unsigned long long)reading->twice);
}

/* One file. An exit code, or OUT_OF_ORDER. */
static int read_log(const struct reading *how, const char *path)
{
    struct reading *const reading = malloc(sizeof *reading);
    if (reading == NULL) return run_failed(FL_EFULL, "fit");
    *reading = *how;
    reading->path = path;
    int code = begin(reading);
    if (code == EXIT_DONE) code = read_lines(reading);
    if (code == EXIT_DONE) note_faults(reading);
    log_records_close(&reading->records);
    give_back(reading);
    free(reading);
    return code;
}

static int read_logs(const struct reading *how)
{
    int code = EXIT_DONE;
    for (uint32_t i = 0; code == EXIT_DONE && i < how->options->common->files_count; i++) code = read_log(how, how->options->common->files[i]);
    return code;
}

/* Nothing read yet. false: no memory. */
static bool start_again(struct fl_chats *chats)
{
    if (chats == NULL) return true;
    fl_chats_free(chats);
    return fl_chats_start(chats) == FL_OK;
}

int fit_messages_read(const struct fit_options *options, int64_t cut_ns, struct fl_chats *chats, struct fl_chats *held, struct fit_answer *answer)
{
    struct reading how = { .options = options, .chats = chats, .held = held, .cut_ns = cut_ns, .answer = answer, .before_ns = INT64_MIN,
                           .zone_min = FL_NO_ZONE };
    const size_t notes = answer->notes_count;
    int code = read_logs(&how);
    if (code == OUT_OF_ORDER) {
        how.sorts = true;
        answer->notes_count = notes;
        code = start_again(chats) && start_again(held) ? read_logs(&how) : run_failed(FL_EFULL, "fit");
    }
    if (code == EXIT_DONE && chats->chats == 0) {
        fprintf(stderr, "fenliu fit: %s: no chat in it: no buyer writes\n", options->common->files[0]);
        code = EXIT_USAGE;
    }
    fl_chats_end(chats);
    if (held != NULL) fl_chats_end(held);
    return code;
}
