/* fenliu check: validates scenario files and says what they amount to before anything is simulated; holds transcripts to the
 * protocol, and walks engines through it. */
#include "check.h"
#include "gaps.h"
#include "replay_log.h"

#include "traffic/traffic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OVERRIDES_MAX 64
#define GAPS_SAID 5u

static const char usage[] =
    "usage: fenliu check [options] FILE...\n"
    "       fenliu check [options] --engine URL\n"
    "Validates scenarios, and transcripts of fenliu drive --record (a first line tells them apart).\n"
    "Every fault is one line on stderr: FILE:LINE:COLUMN: PATH: what was wanted.\n"
    "Of a valid scenario it prints name, period, chats and the busiest hour, so that a wrong reading shows, and\n"
    "notes when nobody is on duty in opening hours, and an abandonment objective where buyers are turned away.\n"
    "      --set PATH=VALUE  override a scenario value first, e.g. traffic.chats_per_day=5000 (repeatable)\n"
    "      --engine URL      walks a routing engine through the protocol, step by step (sim/engine/PROTOCOL.md): what each step\n"
    "                        expected, what came instead, and the lines; exec:COMMAND, tcp://HOST:PORT, unix:PATH, http://HOST:PORT/PATH\n"
    "      --timeout SECONDS  for each of its answers (default 5)\n"
    "      --lang zh|en      language of the walk (default: the locale's)\n"
    "      --json            one JSON object on stdout, faults included\n"
    "  -q, --quiet           print faults only\n"
    "  -h, --help            this text\n"
    "FILE may be - for standard input.\n"
    "A name that ends in .schema.json is passed over.\n"
    "example: fenliu check scenarios/*.json\n"
    "exit: 0 all valid, 1 the engine got a step wrong, 2 wrong usage or some file refused, 3 no engine, 4 the answer could not be written\n";

struct checking {
    struct fl_override overrides[OVERRIDES_MAX];
    uint32_t overrides_count;
    bool json, quiet;
};

/* ---- Files ------------------------------------------------------------------------------------ */

/* The whole file, of which one byte beyond the limit is read so that the reader can refuse it; NULL with the problem. */
static char *read_text(struct file_lines *lines, size_t *bytes)
{
    size_t room = 1 << 16, used = 0;
    char *text = malloc(room);
    while (text != NULL && used <= FL_SCENARIO_BYTES_MAX) {
        if (used == room) {
            char *const larger = realloc(text, room *= 2);
            if (larger == NULL) break;
            text = larger;
        }
        const size_t n = file_lines_take(lines, text + used, room - used);
        used += n;
        if (n > 0) continue;
        if (lines->problem[0] != '\0') break;
        *bytes = used;
        return text;
    }
    if (text != NULL && used > FL_SCENARIO_BYTES_MAX) {
        *bytes = used;
        return text;
    }
    if (lines->problem[0] == '\0') snprintf(lines->problem, sizeof lines->problem, "not enough memory");
    free(text);
    return NULL;
}

/* ---- What is said ------------------------------------------------------------------------------ */

/* Seconds since 1970, local shop time, as "2026-06-17T18:00[:SS]". */
static void write_instant(char to[32], int64_t seconds)
{
    const int64_t days = seconds / 86400 - (seconds % 86400 < 0), second = seconds - days * 86400;
    /* Years of 365.2425 days that begin on 1 March, so that the leap day comes last. */
    const int64_t shifted = days + 719468, era = shifted / 146097, day_of_era = shifted % 146097;
    const int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t month_from_march = (5 * day_of_year + 2) / 153;
    const int day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    const int month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    const int year = (int)(year_of_era + era * 400 + (month <= 2));
    const int n = snprintf(to, 32, "%04d-%02d-%02dT%02d:%02d", year % 10000, month, day, (int)(second / 3600),
                           (int)(second / 60 % 60));
    if (second % 60 != 0) snprintf(to + n, 32 - (size_t)n, ":%02d", (int)(second % 60));
}

static int64_t seconds_at(const struct fl_scenario *scenario, fl_time at)
{
    return scenario->start_s + at / FL_SECOND;
}

/* "8h", "1h30m", "15m", "90s" of whole seconds. */
static void write_length(char to[32], fl_time length)
{
    static const struct {
        fl_time ns;
        char unit;
    } units[] = { { FL_HOUR, 'h' }, { FL_MINUTE, 'm' }, { FL_SECOND, 's' } };
    size_t used = 0;
    for (size_t i = 0; i < 3; i++) {
        const long long n = (long long)(length / units[i].ns);
        length %= units[i].ns;
        if (n > 0) used += (size_t)snprintf(to + used, 32 - used, "%lld%c", n, units[i].unit);
    }
    if (used == 0) snprintf(to, 32, "under 1s");
}

/* "nobody on duty 12:00-12:30 in pre_sale"; with dates where the scenario is longer than a day, without the group where there is
 * but one. */
static void write_gap(char *to, size_t size, const struct fl_scenario *s, const struct gap *gap)
{
    char from[32], until[32];
    write_instant(from, seconds_at(s, gap->from));
    write_instant(until, seconds_at(s, gap->to));
    const bool one_day = fl_time_of_day(s, gap->from) + (gap->to - gap->from) <= FL_DAY;
    const bool dated = s->duration > FL_DAY;
    if (one_day && fl_time_of_day(s, gap->to) == 0) memcpy(until + 11, "24:00", sizeof "24:00");
    const bool one_group = s->desk.groups_count == 1;
    snprintf(to, size, "nobody on duty %s%s%s%s%s", dated ? from : from + 11, dated && !one_day ? " to " : "-",
             dated && !one_day ? until : until + 11, one_group ? "" : " in ", one_group ? "" : s->desk.groups[gap->group].name);
}

static bool has_objective(const struct fl_scenario *s, const char *name)
{
    for (uint32_t i = 0; i < s->objectives_count; i++)
        if (strcmp(s->objectives[i].name, name) == 0) return true;
    return false;
}

/* An objective that a desk can meet by turning buyers away: those are in `no_service_rate`, and not in `abandonment`. */
static const char *blind_objective(const struct fl_scenario *s)
{
    if (!has_objective(s, "abandonment") || has_objective(s, "no_service_rate")) return NULL;
    if (s->routing.queue_max != FL_UNLIMITED) return "abandonment has nobody whom a full queue refuses: hold no_service_rate too";
    if (s->routing.overflow == FL_OVERFLOW_CLOSE_OLDEST) return "abandonment has nobody whom close_oldest ends unanswered: hold no_service_rate too";
    return NULL;
}

/* The notes of a scenario, each handed to `tell`; at most five hours without anybody, and how many more there are. */
static void notes(const struct fl_scenario *s, void (*tell)(void *context, const char *note), void *context)
{
    struct gaps gaps;
    char note[320];
    if (!gaps_find(s, &gaps)) tell(context, "not enough memory to look for hours without anybody");
    else {
        for (size_t i = 0; i < gaps.count && i < GAPS_SAID; i++) {
            write_gap(note, sizeof note, s, &gaps.list[i]);
            tell(context, note);
        }
        snprintf(note, sizeof note, "and %zu more", gaps.count - GAPS_SAID);
        if (gaps.count > GAPS_SAID) tell(context, note);
    }
    gaps_free(&gaps);
    if (blind_objective(s) != NULL) tell(context, blind_objective(s));
}

static void print_note(void *context, const char *note)
{
    (void)context;
    printf("  note    %s\n", note);
}

static void list_note(void *list, const char *note)
{
    cJSON_AddItemToArray(list, cJSON_CreateString(note));
}

static void say_scenario(const char *path, const struct fl_scenario *s)
{
    char from[32], to[32], peak_at[32], length[32], interval[32];
    fl_time at;
    const double peak = fl_traffic_peak_per_hour(s, &at);
    write_instant(from, s->start_s);
    write_instant(to, seconds_at(s, s->duration));
    write_instant(peak_at, seconds_at(s, at));
    write_length(length, s->duration);
    write_length(interval, s->interval);
    printf("%s: valid\n", path);
    printf("  name    %s\n", s->name[0] != '\0' ? s->name : "(none)");
    printf("  period  %s to %s (%s), %u intervals of %s\n", from, to, length, s->intervals_count, interval);
    printf("  chats   %.0f expected in the period", fl_traffic_expected(s, 0, s->duration));
    if (s->traffic.chats_per_day > 0) printf("; %.0f on an ordinary day", s->traffic.chats_per_day * s->traffic.scale);
    printf("\n  peak    %.0f chats an hour, from %s\n", peak, peak_at);
    printf("  desk    %u agents in %u definitions, platform %s\n", fl_scenario_agents_count(s), s->desk.agents_count,
           s->platform.name);
    if (s->faults_count > 0) printf("  faults  %u of the link to an engine, played by drive in real time alone (--speed X)\n", s->faults_count);
    notes(s, print_note, NULL);
}

static cJSON *describe_scenario(const struct fl_scenario *s)
{
    char from[32], to[32], peak_at[32], hash[20];
    fl_time at;
    const double peak = fl_traffic_peak_per_hour(s, &at);
    write_instant(from, s->start_s);
    write_instant(to, seconds_at(s, s->duration));
    write_instant(peak_at, seconds_at(s, at));
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)s->hash);
    cJSON *const json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "name", s->name);
    cJSON_AddStringToObject(json, "hash", hash);
    cJSON_AddStringToObject(json, "start", from);
    cJSON_AddStringToObject(json, "end", to);
    cJSON_AddNumberToObject(json, "duration_s", fl_time_to_s(s->duration));
    cJSON_AddNumberToObject(json, "intervals", s->intervals_count);
    cJSON_AddNumberToObject(json, "chats_per_day", s->traffic.chats_per_day * s->traffic.scale);
    cJSON_AddNumberToObject(json, "chats_expected", fl_traffic_expected(s, 0, s->duration));
    cJSON_AddNumberToObject(json, "peak_chats_per_hour", peak);
    cJSON_AddStringToObject(json, "peak_at", peak_at);
    cJSON_AddNumberToObject(json, "agents", fl_scenario_agents_count(s));
    cJSON_AddStringToObject(json, "platform", s->platform.name);
    cJSON_AddNumberToObject(json, "link_faults", s->faults_count);
    notes(s, list_note, cJSON_AddArrayToObject(json, "notes"));
    return json;
}

static cJSON *describe_faults(const struct fl_errors *errors)
{
    cJSON *const list = cJSON_CreateArray();
    for (uint32_t i = 0; i < errors->count; i++) {
        const struct fl_error *const error = &errors->list[i];
        cJSON *const fault = cJSON_CreateObject();
        cJSON_AddNumberToObject(fault, "line", error->line);
        cJSON_AddNumberToObject(fault, "column", error->column);
        cJSON_AddStringToObject(fault, "path", error->path);
        cJSON_AddStringToObject(fault, "text", error->text);
        cJSON_AddItemToArray(list, fault);
    }
    return list;
}

static void say_faults(const char *path, const struct fl_errors *errors)
{
    char line[1024];
    for (uint32_t i = 0; i < errors->count; i++) {
        fl_error_format(&errors->list[i], path, line, sizeof line);
        fprintf(stderr, "%s\n", line);
    }
    if (errors->more > 0) fprintf(stderr, "%s: %u more faults\n", path, errors->more);
}

/* ---- The command ------------------------------------------------------------------------------- */

/* The log of a replay can be read and holds buyers; how many there are depends on it. */
static bool check_log(const char *path, struct fl_scenario *scenario)
{
    const struct options reading = { .command = "check", .quiet = true };
    char *const log = replay_log_of(&reading, scenario, path);
    const bool ok = log != NULL && replay_attach(&reading, scenario, log);
    free(log);
    return ok;
}

/* `report`: the array of --json, or NULL. Returns whether the file is a valid scenario. */
static bool check_scenario(struct file_lines *lines, const char *path, const struct checking *options, struct fl_errors *errors, cJSON *report)
{
    size_t bytes = 0;
    struct fl_scenario *scenario = NULL;
    char *const text = lines->problem[0] == '\0' ? read_text(lines, &bytes) : NULL;
    bool ok = false;
    if (text == NULL) {
        errors->count = 1;
        errors->more = 0;
        errors->list[0] = (struct fl_error){ .status = FL_EIO };
        snprintf(errors->list[0].text, sizeof errors->list[0].text, "wanted a file that can be read: %s", lines->problem);
    } else {
        ok = fl_scenario_read(path, text, bytes, options->overrides, options->overrides_count, &scenario, errors) ==
             FL_OK;
    }
    if (ok && scenario->traffic.replay.log != NULL && !check_log(path, scenario)) {
        ok = false;
        errors->count = errors->more = 0; /* what is wrong has been said */
    }
    if (report != NULL) {
        cJSON *const entry = cJSON_CreateObject();
        cJSON_AddStringToObject(entry, "file", path);
        cJSON_AddBoolToObject(entry, "valid", ok);
        if (ok) cJSON_AddItemToObject(entry, "scenario", describe_scenario(scenario));
        cJSON_AddItemToObject(entry, "faults", describe_faults(errors));
        cJSON_AddNumberToObject(entry, "more", errors->more);
        cJSON_AddItemToArray(report, entry);
    } else if (ok && !options->quiet) {
        say_scenario(path, scenario);
    } else if (!ok) {
        say_faults(path, errors);
    }
    fl_scenario_free(scenario);
    free(text);
    return ok;
}

static bool check_file(const char *path, const struct checking *options, struct fl_errors *errors, cJSON *report)
{
    struct file_lines lines;
    bool ok;
    if (!file_lines_open(&lines, path) || !check_transcript(&lines, path, options->quiet, report, &ok))
        ok = check_scenario(&lines, path, options, errors, report);
    file_lines_close(&lines);
    return ok;
}

/* The schema lies beside the scenarios, so a wildcard for the folder names it too. */
static bool is_schema(const char *path)
{
    static const char end[] = ".schema.json";
    const size_t length = strlen(path);
    return length >= sizeof end - 1 && strcmp(path + length - (sizeof end - 1), end) == 0;
}

static int refuse(const char *what, const char *argument)
{
    fprintf(stderr, "fenliu check: %s%s\nTry 'fenliu check --help'.\n", what, argument);
    return EXIT_USAGE;
}

/* Splits "PATH=VALUE" in place. */
static bool take_override(struct checking *options, char *text)
{
    char *const equals = strchr(text, '=');
    if (equals == NULL || equals == text || options->overrides_count == OVERRIDES_MAX) return false;
    *equals = '\0';
    options->overrides[options->overrides_count++] = (struct fl_override){ .path = text, .value = equals + 1 };
    return true;
}

static int finish(cJSON *root, bool all_ok)
{
    bool written = true;
    if (root != NULL) {
        char *const text = cJSON_Print(root);
        written = text != NULL && puts(text) >= 0;
        cJSON_free(text);
        cJSON_Delete(root);
    }
    if (fflush(stdout) != 0 || ferror(stdout) || !written) {
        fprintf(stderr, "fenliu check: the answer could not be written\n");
        return EXIT_UNWRITTEN;
    }
    return all_ok ? EXIT_DONE : EXIT_USAGE;
}

/* Where the options of the walk go; the rest is of files. */
struct walking {
    struct walk_options walk;
    bool given; /* some option that only the walk has */
};

/* 1: taken, 0: not one of the walk's, -1: wrong, said. */
static int take_walk_option(struct walking *walking, int argc, char **argv, int *i)
{
    const char *value;
    char *end;
    if ((value = option_value(argc, argv, i, "--engine")) != NULL) {
        walking->walk.url = value;
    } else if ((value = option_value(argc, argv, i, "--timeout")) != NULL) {
        const double seconds = strtod(value, &end);
        if (end == value || *end != '\0' || !(seconds >= 0.001 && seconds <= 3600)) {
            fprintf(stderr, "fenliu check: --timeout: wanted seconds from 0.001 to 3600, got \"%s\"\n", value);
            return -1;
        }
        walking->walk.timeout_ns = fl_time_from_s(seconds);
        walking->given = true;
    } else if ((value = option_value(argc, argv, i, "--lang")) != NULL) {
        if (strcmp(value, "zh") != 0 && strcmp(value, "en") != 0) {
            fprintf(stderr, "fenliu check: --lang: wanted zh or en, got \"%s\"\n", value);
            return -1;
        }
        walking->walk.language = strcmp(value, "zh") == 0 ? LANGUAGE_ZH : LANGUAGE_EN;
        walking->given = true;
    } else {
        return 0;
    }
    return 1;
}

static int walk(struct walking *walking, const struct checking *options, int files)
{
    if (files > 0 || options->overrides_count > 0) return refuse("--engine walks an engine: no FILE, no --set", "");
    walking->walk.json = options->json;
    walking->walk.quiet = options->quiet;
    return check_engine(&walking->walk);
}

int cmd_check(int argc, char **argv)
{
    static struct fl_errors errors; /* 50 kB: too large for a stack frame */
    struct checking options = { 0 };
    struct walking walking = { .walk = { .timeout_ns = 5 * FL_SECOND, .language = language_of_locale() } };
    int files = 0, taken;
    for (int i = 1; i < argc; i++) {
        const char *const option = argv[i];
        if (strcmp(option, "-h") == 0 || strcmp(option, "--help") == 0) {
            fputs(usage, stdout);
            return EXIT_DONE;
        }
        if (strcmp(option, "--json") == 0)
            options.json = true;
        else if (strcmp(option, "-q") == 0 || strcmp(option, "--quiet") == 0)
            options.quiet = true;
        else if (strcmp(option, "--set") == 0) {
            if (i + 1 == argc || !take_override(&options, argv[++i]))
                return refuse("wanted --set PATH=VALUE, at most 64 times", "");
        } else if (strncmp(option, "--set=", 6) == 0) {
            if (!take_override(&options, argv[i] + 6)) return refuse("wanted --set PATH=VALUE, at most 64 times", "");
        } else if ((taken = take_walk_option(&walking, argc, argv, &i)) != 0) {
            if (taken < 0) return EXIT_USAGE;
        } else if (strcmp(option, "--") == 0) {
            while (++i < argc) argv[files++] = argv[i];
        } else if (option[0] == '-' && option[1] != '\0') {
            return refuse("unknown option ", option);
        } else {
            argv[files++] = argv[i]; /* argv[0] and what has been read make room */
        }
    }
    if (walking.walk.url != NULL) return walk(&walking, &options, files);
    if (walking.given) return refuse("--timeout and --lang are of --engine URL", "");
    if (files == 0) return refuse("wanted at least one FILE", "");

    cJSON *const root = options.json ? cJSON_CreateObject() : NULL;
    cJSON *const report = options.json ? cJSON_AddArrayToObject(root, "files") : NULL;
    bool all_ok = true;
    for (int i = 0; i < files; i++) all_ok &= is_schema(argv[i]) || check_file(argv[i], &options, &errors, report);
    return finish(root, all_ok);
}
