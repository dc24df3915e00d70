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

#include "fit/counts_csv.h"
#include "fit/recorder.h"
#include "log_records.h"

/* Reading one log. */
struct reading {
    const struct options *options;
    const char *log;
    struct log_records records;
    struct fl_recorder *recorder;
    uint64_t unread, first_unread; /* records that were not understood, and where the first of them is */
    enum fl_line_fault why;
};

static bool refuse(const struct reading *reading, uint64_t line, const char *why)
{
    fprintf(stderr, "fenliu %s: %s", reading->options->command, reading->log);
    if (line > 0) fprintf(stderr, ":%llu", (unsigned long long)line);
    fprintf(stderr, ": %s\n", why);
    return false;
}

static bool begin(struct reading *reading, const struct fl_traffic_replay *replay)
{
    char problem[240];
    uint64_t line;
    return log_records_open(&reading->records, reading->log, replay->preset, replay->columns, problem, &line) || refuse(reading, line, problem);
}

static bool read_records(struct reading *reading)
{
    struct log_records *const records = &reading->records;
    char *record;
    size_t length;
    while (log_records_next(records, &record, &length)) {
        struct fl_logged message;
        const enum fl_line_fault fault = fl_log_read(&records->reader, record, length, &message);
        if (fault == FL_LINE_READ) {
            if (fl_recorder_add(reading->recorder, &message) != FL_OK) return refuse(reading, records->first, "more messages than memory holds");
        } else if (reading->unread++ == 0) {
            reading->first_unread = records->first;
            reading->why = fault;
        }
    }
    return records->lines.problem[0] == '\0' || refuse(reading, records->line + 1, records->lines.problem);
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

/* What is played outside of the log has nobody in it, which must not pass for a calm day. */
static void say_outside(const struct reading *reading, const struct fl_scenario *scenario)
{
    const struct fl_traffic_replay *const replay = &scenario->traffic.replay;
    const struct fl_recording *const recording = replay->recording;
    const char *const command = reading->options->command, *const log = reading->log;
    const fl_time first = recording->chats[0].at, last = recording->chats[recording->chats_count - 1].at, ends = replay->begins + scenario->duration;
    const fl_time within = (last < ends ? last : ends) - (first > replay->begins ? first : replay->begins);
    const fl_time outside = scenario->duration - within;
    uint32_t nobody = 0;
    char text[4][24];
    for (uint32_t day = 0; day < replay->days; day++) {
        const fl_time begins = replay->begins + day * FL_DAY;
        nobody += fl_recording_find(recording, begins) == fl_recording_find(recording, begins + scenario->duration);
    }
    const fl_time instants[] = { first, last, replay->begins, ends };
    for (uint32_t i = 0; i < 4; i++) fl_civil_format(recording->origin_s + instants[i] / FL_SECOND, text[i]);
    if (outside > scenario->duration / 2 || outside > FL_DAY)
        fprintf(stderr, "fenliu %s: %s: its buyers come from %s to %s, and %s to %s is played: most of that, or more than a day of it, has nobody (traffic.replay.from)\n",
                command, log, text[0], text[1], text[2], text[3]);
    if (nobody > 0)
        fprintf(stderr, "fenliu %s: %s: its buyers come from %s to %s: in %u of the %u days of traffic.replay.days nobody writes\n", command, log, text[0], text[1],
                nobody, replay->days);
}

static bool attach(const struct reading *reading, struct fl_scenario *scenario, struct fl_recording *recording)
{
    switch (fl_scenario_attach(scenario, recording)) {
    case FL_OK: say_outside(reading, scenario); return true;
    case FL_ERANGE: return refuse(reading, 0, "wanted traffic.scale of at most 64 for a replay");
    case FL_ECONFLICT: return refuse(reading, 0, "some of its buyers leave without a word: wanted desk.close.silence or buyers.patience.finds_out, else "
                                                 "they would hold their places for ever");
    default: return refuse(reading, 0, "nobody writes in the stretch that the scenario plays: see traffic.replay.from and duration");
    }
}

/* The scenario owns the recording, whatever comes of it. */
static bool take_recording(struct reading *reading, struct fl_scenario *scenario)
{
    struct fl_recorder_notes notes;
    struct fl_recording *const recording = fl_recorder_end(reading->recorder, &notes);
    if (recording == NULL) return refuse(reading, 0, "more messages than memory holds");
    say_notes(reading, &notes);
    return attach(reading, scenario, recording);
}

bool replay_attach(const struct options *options, struct fl_scenario *scenario, const char *log)
{
    struct reading reading = { .options = options, .log = log, .recorder = fl_recorder_open(scenario) };
    const bool ok = (reading.recorder != NULL || refuse(&reading, 0, "out of memory")) && begin(&reading, &scenario->traffic.replay) &&
                    read_records(&reading) && take_recording(&reading, scenario);
    fl_recorder_free(reading.recorder);
    log_records_close(&reading.records);
    return ok;
}

#endif
