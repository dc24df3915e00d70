#include "replay_log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int replay_take(struct options *options, int argc, char **argv, int *i)
{
    const char *const log = option_value(argc, argv, i, "--recorded");
    if (log == NULL) return 0;
    char *const whole = realpath(log, NULL);
    if (whole == NULL) {
        fprintf(stderr, "fenliu %s: cannot read %s: %s\n", options->command, log, strerror(errno));
        return -1;
    }
    char *const override = malloc(strlen(whole) + 32);
    if (override != NULL) sprintf(override, "traffic.replay.log=%s", whole); /* no JSON begins with a slash: it is taken as a text */
    const bool taken = override != NULL && override_add(options, override);
    free(override);
    free(whole);
    return taken ? 1 : -1;
}

char *replay_log_of(const struct options *options, const struct fl_scenario *scenario, const char *scenario_path)
{
    const char *const log = scenario->traffic.replay.log, *const slash = strrchr(scenario_path, '/');
    const int folder = log[0] == '/' || slash == NULL ? 0 : (int)(slash - scenario_path) + 1;
    char path[8192];
    const bool fits = snprintf(path, sizeof path, "%.*s%s", folder, scenario_path, log) < (int)sizeof path;
    errno = ENAMETOOLONG;
    char *const whole = fits ? realpath(path, NULL) : NULL;
    if (whole == NULL) fprintf(stderr, "fenliu %s: %s: cannot read its traffic.replay.log %s: %s\n", options->command, scenario_path, path, strerror(errno));
    return whole;
}

#ifdef FENLIU_CORE

bool replay_attach(const struct options *options, struct fl_scenario *scenario, const char *log)
{
    (void)scenario;
    fprintf(stderr, "fenliu %s: %s: this build reads no recorded logs, so traffic.replay cannot be played\n", options->command, log);
    return false;
}

#else

#include "file_lines.h"
#include "fit/recorder.h"

/* Reading one log. */
struct reading {
    const struct options *options;
    const char *log;
    struct file_lines lines;
    struct fl_log_reader reader;
    struct fl_recorder *recorder;
    uint64_t line, unread, first_unread; /* lines; those that were not understood, and the first of them */
    enum fl_line_fault why;
    char *joined; /* a CSV record of several lines; owned */
    size_t joined_length;
};

static bool refuse(const struct reading *reading, const char *why)
{
    fprintf(stderr, "fenliu %s: %s: %s\n", reading->options->command, reading->log, why);
    return false;
}

/* Which column means what. */
static bool start_reader(struct reading *reading, const struct fl_traffic_replay *replay)
{
    char wrong[64], why[160];
    if (fl_log_reader_start(replay->preset, &reading->reader) != FL_OK) {
        snprintf(why, sizeof why, "traffic.replay.preset: wanted fenliu, channel, qianniu or jd, got \"%.64s\"", replay->preset);
        return refuse(reading, why);
    }
    if (replay->columns == NULL || fl_log_reader_map(&reading->reader, replay->columns, wrong) == FL_OK) return true;
    snprintf(why, sizeof why, "traffic.replay.columns: wanted a list such as time=NAME,role=NAME, got \"%.64s\"", wrong);
    return refuse(reading, why);
}

/* A record that goes on in the next line is put together. true: it is whole, in *line. */
static bool join(struct reading *reading, char **line, size_t *length)
{
    const bool first = reading->joined == NULL;
    if (first && !fl_log_is_open(&reading->reader, *line, *length)) return true;
    char *const longer = reading->joined_length + *length < FILE_LINE_MAX ? realloc(reading->joined, reading->joined_length + *length + 1) : NULL;
    if (longer == NULL) { /* a quote that nobody closes: the line as it is will be refused */
        free(reading->joined);
        reading->joined = NULL;
        reading->joined_length = 0;
        return true;
    }
    memcpy(longer + reading->joined_length, *line, *length);
    reading->joined = longer;
    reading->joined_length += *length;
    longer[reading->joined_length++] = '\n';
    if (fl_log_is_open(&reading->reader, longer, reading->joined_length - 1)) return false;
    *line = longer;
    *length = reading->joined_length - 1;
    return true;
}

static bool take_line(struct reading *reading, char *line, size_t length)
{
    struct fl_logged message;
    const enum fl_line_fault fault = fl_log_read(&reading->reader, line, length, &message);
    if (fault != FL_LINE_READ) {
        if (reading->unread++ == 0) {
            reading->first_unread = reading->line;
            reading->why = fault;
        }
        return true;
    }
    return fl_recorder_add(reading->recorder, &message) == FL_OK || refuse(reading, "more messages than memory holds");
}

static bool read_lines(struct reading *reading)
{
    const char *missing = NULL;
    char *line;
    size_t length;
    char why[200];
    bool begun = false, ok = true;
    while (ok && file_lines_next(&reading->lines, &line, &length)) {
        reading->line++;
        if (!begun) {
            if (fl_log_reader_begin(&reading->reader, line, length, &missing) != FL_OK) {
                snprintf(why, sizeof why, "wanted a message log, but there is no column that says the %s", missing != NULL ? missing : "time");
                return refuse(reading, why);
            }
            begun = true;
            if (reading->reader.csv) continue;
        }
        if (!join(reading, &line, &length)) continue;
        ok = take_line(reading, line, length);
        free(reading->joined);
        reading->joined = NULL;
        reading->joined_length = 0;
    }
    return ok && (reading->lines.problem[0] == '\0' || refuse(reading, reading->lines.problem));
}

static void say_notes(const struct reading *reading, const struct fl_recorder_notes *notes)
{
    const char *const command = reading->options->command, *const log = reading->log;
    if (reading->unread > 0)
        fprintf(stderr, "fenliu %s: %s:%llu: %s; %llu such lines are left out\n", command, log, (unsigned long long)reading->first_unread,
                fl_line_fault_sentence(reading->why), (unsigned long long)reading->unread);
    if (reading->options->quiet) return;
    fprintf(stderr, "fenliu %s: %s: %u recorded chats, of whom %u left and %u more left without a word\n", command, log, notes->chats, notes->left,
            notes->left_silent);
    if (notes->unknown_intents > 0)
        fprintf(stderr, "fenliu %s: %s: %u chats have an intent that the scenario does not name: drawn\n", command, log, notes->unknown_intents);
    if (notes->unknown_classes > 0)
        fprintf(stderr, "fenliu %s: %s: %u chats have a class that the scenario does not name: drawn\n", command, log, notes->unknown_classes);
}

static bool attach(const struct reading *reading, struct fl_scenario *scenario, struct fl_recording *recording)
{
    switch (fl_scenario_attach(scenario, recording)) {
    case FL_OK: return true;
    case FL_ERANGE: return refuse(reading, "wanted traffic.scale of at most 64 for a replay");
    case FL_ECONFLICT: return refuse(reading, "some of its buyers leave without a word: wanted desk.close.silence or buyers.patience.finds_out, else they "
                                              "would hold their places for ever");
    default: return refuse(reading, "nobody writes in the stretch that the scenario plays: see traffic.replay.from and duration");
    }
}

bool replay_attach(const struct options *options, struct fl_scenario *scenario, const char *log)
{
    struct reading reading = { .options = options, .log = log };
    struct fl_recorder_notes notes;
    struct fl_recording *recording = NULL;
    bool ok = file_lines_open(&reading.lines, log) || refuse(&reading, reading.lines.problem);
    if (ok) reading.recorder = fl_recorder_open(scenario);
    ok = ok && (reading.recorder != NULL || refuse(&reading, "out of memory")) && start_reader(&reading, &scenario->traffic.replay);
    ok = ok && read_lines(&reading);
    if (ok) {
        recording = fl_recorder_end(reading.recorder, &notes);
        ok = recording != NULL || refuse(&reading, "more messages than memory holds");
    }
    if (ok) {
        say_notes(&reading, &notes);
        ok = attach(&reading, scenario, recording); /* its owner from now on */
    }
    free(reading.joined);
    fl_recorder_free(reading.recorder);
    file_lines_close(&reading.lines);
    return ok;
}

#endif
