/* fenliu fit: a recorded log to a scenario. Options, and what kind of log it is by its content; the rest is in fit_*.c. */
#include "command.h"
#include "file_lines.h"
#include "fit.h"
#include "fit/counts_csv.h"
#include "scenario/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: fenliu fit [options] LOG...\n"
    "Reads a recorded log (messages, or counts per interval; plain, .zst or -) and says what a scenario of it would be: each value with its\n"
    "95 % interval, or why the log cannot tell.\n"
    "  -o, --out SCENARIO.json  write the fitted scenario there\n"
    "      --base SCENARIO      what the log cannot tell is taken from there (default: left neutral)\n"
    "      --hold-out 4w|20d    fit without the last so many weeks or days, simulate them, and say how they compare\n"
    "      --format F           counts or messages (default: by the content; of standard input and pipes counts)\n"
    "      --preset NAME        of message logs: whose export it is (default: by the content)\n"
    "      --columns A=B,...    what columns are called: time=When,count=Calls (default: by their names)\n"
    "      --where COLUMN=VALUE of counts: only such rows (repeatable)\n"
    "      --grain 30m          of counts: interval busyness is told by such parts of an hour or day (default: the log's intervals, 15m at least)\n"
    "      --promotion DATE     of counts: this day is a promotion: 2014-12-12 (repeatable; others are looked for)\n"
    "      --report FILE.html   a page with pictures: fitted against seen\n"
    "      --json   --quiet   --lang zh|en   -h, --help\n"
    "example: fenliu fit calls.csv --base scenarios/ordinary-day.json --hold-out 4w -o mine.json && fenliu check mine.json\n"
    "exit: 0 done, 2 bad usage or input, 4 not written, 5 internal, 130 interrupted\n";

static bool wrong(const char *option, const char *wanted, const char *got)
{
    fprintf(stderr, "fenliu fit: %s: wanted %s, got \"%s\"\n", option, wanted, got);
    return false;
}

/* "4w", "20d". */
static bool take_hold_out(struct fit_options *fit, const char *value)
{
    char *end;
    const unsigned long number = strtoul(value, &end, 10);
    const bool weeks = strcmp(end, "w") == 0;
    if (!isdigit((unsigned char)value[0]) || (!weeks && strcmp(end, "d") != 0) || number == 0 || number > 1000)
        return wrong("--hold-out", "a number of weeks or days such as 4w or 20d", value);
    fit->hold_out = value;
    fit->hold_out_days = (uint32_t)number * (weeks ? 7 : 1);
    return true;
}

static bool take_grain(struct fit_options *fit, const char *value)
{
    fl_time length;
    if (!fl_parse_duration(value, &length) || length < FL_MINUTE || length > FL_DAY || FL_DAY % length != 0)
        return wrong("--grain", "a duration that divides a day, such as 15m or 1h", value);
    fit->busyness_interval_s = (uint32_t)(length / FL_SECOND);
    return true;
}

static bool take_one_of_many(const char *option, const char *wanted, const char *value, bool good, const char **list, uint32_t *count, uint32_t most)
{
    if (!good) return wrong(option, wanted, value);
    if (*count == most) {
        fprintf(stderr, "fenliu fit: %s: at most %u of them\n", option, most);
        return false;
    }
    list[(*count)++] = value;
    return true;
}

static bool is_date(const char *text)
{
    int64_t at_s;
    return strlen(text) == strlen("2014-12-12") && fl_civil_parse(text, strlen(text), &at_s);
}

static int take_fit_option(void *context, struct options *options, int argc, char **argv, int *i)
{
    struct fit_options *const fit = context;
    const char *value;
    (void)options;
    bool good = true;
    if ((value = option_value(argc, argv, i, "--format")) != NULL) {
        good = strcmp(value, "counts") == 0 || strcmp(value, "messages") == 0 || wrong("--format", "counts or messages", value);
        fit->format = value;
    } else if ((value = option_value(argc, argv, i, "--preset")) != NULL) {
        fit->preset = value;
    } else if ((value = option_value(argc, argv, i, "--columns")) != NULL) {
        good = strchr(value, '=') != NULL || wrong("--columns", "pairs such as time=When,count=Calls", value);
        fit->columns = value;
    } else if ((value = option_value(argc, argv, i, "--base")) != NULL) {
        good = value[0] != '\0';
        fit->base = value;
    } else if ((value = option_value(argc, argv, i, "--report")) != NULL) {
        good = value[0] != '\0';
        fit->report = value;
    } else if ((value = option_value(argc, argv, i, "--grain")) != NULL) {
        good = take_grain(fit, value);
    } else if ((value = option_value(argc, argv, i, "--hold-out")) != NULL) {
        good = take_hold_out(fit, value);
    } else if ((value = option_value(argc, argv, i, "--where")) != NULL) {
        const char *const sign = strchr(value, '=');
        good = take_one_of_many("--where", "COLUMN=VALUE", value, sign != NULL && sign != value, fit->where, &fit->wheres_count, FIT_WHERES_MAX);
    } else if ((value = option_value(argc, argv, i, "--promotion")) != NULL) {
        good = take_one_of_many("--promotion", "a date such as 2014-12-12", value, is_date(value), fit->promotions, &fit->promotions_count,
                                FIT_PROMOTIONS_MAX);
    } else {
        return 0;
    }
    return good ? 1 : -1;
}

/* ---- What kind of log ---------------------------------------------------------------------------- */

/* Whether a line of comma, semicolon or tab separated names has one of these, in any case, quotes aside. */
static bool has_column(const char *line, size_t length, const char *const names[])
{
    for (size_t from = 0; from < length;) {
        size_t to = from;
        while (to < length && strchr(",;\t\r\n", line[to]) == NULL) to++;
        size_t first = from, last = to;
        while (first < last && (line[first] == '"' || line[first] == ' ')) first++;
        while (last > first && (line[last - 1] == '"' || line[last - 1] == ' ')) last--;
        for (size_t n = 0; names[n] != NULL; n++)
            if (strlen(names[n]) == last - first && strncasecmp(names[n], line + first, last - first) == 0) return true;
        from = to + 1;
    }
    return false;
}

/* JSON lines are messages, and so is a table whose header names who speaks or what is said and no count; any other table is one of counts. */
static bool is_messages(const char *text, size_t length)
{
    static const char *const of_messages[] = { "conversation", "chat", "speaker", "role", "sender", "text", "content", "message", "buyer", "agent", "kind",
                                               "会话", "会话ID", "消息", "消息内容", "内容", "发送者", "发送人", "发送方", "买家", "客服", "顾客", NULL };
    static const char *const of_counts[] = { "count", "counts", "calls", "数量", "次数", "人数", "计数", "咨询量", NULL };
    size_t at = 0;
    if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) at = 3;
    while (at < length && isspace((unsigned char)text[at])) at++;
    if (at < length && text[at] == '{') return true;
    const char *const end = memchr(text + at, '\n', length - at);
    const size_t header = end != NULL ? (size_t)(end - text) - at : length - at;
    return has_column(text + at, header, of_messages) && !has_column(text + at, header, of_counts);
}

/* Of the first log; the others are of the same kind or refused where they are read. Standard input and pipes cannot be looked at twice, so they
 * are of counts unless said otherwise. false: it cannot be read, which has been said. */
static bool tell_kind(const struct fit_options *fit, bool *messages)
{
    *messages = fit->preset != NULL;
    if (fit->format != NULL) *messages = strcmp(fit->format, "messages") == 0;
    const bool says_counts = fit->columns != NULL && strstr(fit->columns, "count=") != NULL;
    if (fit->format != NULL || fit->preset != NULL || says_counts || file_is_stream(fit->common->files[0])) return true;
    struct file_lines lines;
    bool open = file_lines_open(&lines, fit->common->files[0]);
    if (open) {
        size_t length;
        const char *const text = file_lines_peek(&lines, &length), *const end = memchr(text, '\n', length);
        *messages = is_messages(text, length);
        if (end != NULL) length = (size_t)(end - text);
        open = memchr(text, '\0', length) != NULL || fl_text_is_utf8(text, length); /* names that cannot be read tell no kind */
        if (!open) fprintf(stderr, "%s:1: " FILE_NOT_UTF8 "\n", fit->common->files[0]);
    } else {
        fprintf(stderr, "fenliu fit: cannot read %s: %s\n", fit->common->files[0], lines.problem);
    }
    file_lines_close(&lines);
    return open;
}

/* What is said of counts alone must not be left undone in silence. */
static bool fits_messages(const struct fit_options *fit)
{
    const char *const option = fit->wheres_count > 0 ? "--where" : fit->promotions_count > 0 ? "--promotion" : fit->busyness_interval_s > 0 ? "--grain" : NULL;
    if (option == NULL) return true;
    fprintf(stderr, "fenliu fit: %s: of logs of counts alone, and this one is of messages\n", option);
    return false;
}

static int fit_logs(const struct fit_options *fit)
{
    struct fit_answer answer = { .language = fit->common->language };
    bool messages;
    if (!tell_kind(fit, &messages) || (messages && !fits_messages(fit))) return EXIT_USAGE;
    answer.kind = messages ? "messages" : "counts";
    answer.fitted = cJSON_CreateObject();
    answer.more = cJSON_CreateObject();
    int code = answer.fitted == NULL || answer.more == NULL ? run_failed(FL_EFULL, "fit") : messages ? fit_messages(fit, &answer) : fit_counts(fit, &answer);
    if (code == EXIT_DONE && fit->common->out != NULL) code = fit_scenario_write(fit, &answer);
    if (code == EXIT_DONE && fit->report != NULL) code = fit_report_write(fit, &answer);
    if (code == EXIT_DONE) code = fit_answer_print(fit, &answer);
    fit_answer_free(&answer);
    return code;
}

int cmd_fit(int argc, char **argv)
{
    struct options options;
    struct fit_options fit = { .common = &options };
    if (!options_read(&options, argc, argv, take_fit_option, &fit)) return EXIT_USAGE;
    if (options.help) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    if (options.files_count == 0) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    return fit_logs(&fit);
}
