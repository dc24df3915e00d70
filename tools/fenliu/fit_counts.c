/* fenliu fit of counts per interval: the table is read, what was odd in it is said, arrivals are fitted. */
#include "file_lines.h"
#include "fit.h"
#include "fit/counts_csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S 86400

/* ---- What was wrong or odd ---------------------------------------------------------------------- */

/* Both take number, wanted and text, in this order, as far as they say so. */
static void say_refused(const char *file, const struct fl_counts_remark *r)
{
    const unsigned long long n = r->number, wanted = r->wanted;
    if (r->line > 0) fprintf(stderr, "%s:%llu: ", file, (unsigned long long)r->line);
    else fprintf(stderr, "%s: ", file);
    switch (r->kind) {
    case FL_COUNTS_NO_HEADER: fprintf(stderr, "wanted a header that names the columns, got \"%s\"\n", r->text); break;
    case FL_COUNTS_NO_COLUMN: fprintf(stderr, "wanted a column \"%s\", got none; --columns time=...,count=... says which, --format messages that it is a log of messages\n", r->text); break;
    case FL_COUNTS_NOT_UTF8: fputs(FILE_NOT_UTF8 "\n", stderr); break;
    case FL_COUNTS_BAD_TIME: fprintf(stderr, "wanted a time such as 2003-03-03T07:05, got \"%s\"\n", r->text); break;
    case FL_COUNTS_BAD_COUNT: fprintf(stderr, "wanted a count, a whole number from 0, got \"%s\"\n", r->text); break;
    case FL_COUNTS_OTHER_FIELDS: fprintf(stderr, "wanted %llu fields as in the header, got %llu\n", wanted, n); break;
    case FL_COUNTS_CONFLICT: fprintf(stderr, "another count of %s than in line %llu\n", r->text, n); break;
    case FL_COUNTS_SEVERAL_SERIES: fprintf(stderr, "several series; choose one by --where COLUMN=VALUE of %s\n", r->text); break;
    case FL_COUNTS_NO_ROWS: fprintf(stderr, "wanted rows of counts, got none\n"); break;
    case FL_COUNTS_IRREGULAR: fprintf(stderr, "%s is not a whole number of intervals of %llu s from the first\n", r->text, n); break;
    case FL_COUNTS_BAD_INTERVAL: fprintf(stderr, "wanted regular intervals that divide a day, from 1 minute to 1 day, got %llu s\n", n); break;
    default: fprintf(stderr, "too long: at most %u days and %u rows\n", FL_COUNTS_DAYS_MAX, FL_COUNTS_ROWS_MAX); break;
    }
}

static const char *weekday_list(uint64_t bits, enum language language, char out[64])
{
    static const char *const names[2][7] = { { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" }, { "周一", "周二", "周三", "周四", "周五", "周六", "周日" } };
    size_t used = 0;
    out[0] = '\0';
    for (int w = 0; w < 7; w++)
        if (bits >> w & 1) used += (size_t)snprintf(out + used, 64 - used, "%s%s", used > 0 ? " " : "", names[language == LANGUAGE_ZH][w]);
    return out;
}

static void note_odd(struct fit_answer *answer, const char *file, const struct fl_counts_remark *r)
{
    const unsigned long long n = r->number;
    const char *const place = r->line > 0 ? file : NULL;
    char days[64];
    switch (r->kind) {
    case FL_COUNTS_EMPTY:
        fit_note(answer, place, r->line, "%llu rows without a count are taken as missing, the first here", "%llu 行没有数,当作缺失,首行在此", n);
        break;
    case FL_COUNTS_DUPLICATE: fit_note(answer, place, r->line, "%llu rows stand twice and count once, the first here", "%llu 行重复,只算一次,首行在此", n); break;
    case FL_COUNTS_DISORDER:
        fit_note(answer, place, r->line, "%llu rows are earlier than the one before, the first here; sorted", "%llu 行比上一行早,首行在此;已排序", n);
        break;
    case FL_COUNTS_GAP:
        fit_note(answer, place, r->line, "%llu intervals have no row and are taken as missing, the first at %s", "%llu 个时段没有行,当作缺失,首个 %s", n, r->text);
        break;
    case FL_COUNTS_ZEROS_LEFT_OUT:
        fit_note(answer, place, r->line, "%llu intervals have no row and no count is 0: taken as 0, the first at %s", "%llu 个时段没有行,且从无 0:当作 0,首个 %s", n,
                 r->text);
        break;
    case FL_COUNTS_CLOSED: fit_note(answer, place, r->line, "never in the log, taken as closed: %s", "记录里从没有,当作不营业:%s", r->text); break;
    case FL_COUNTS_NEVER_WEEKDAY:
        fit_note(answer, place, r->line, "never in the log: %s", "记录里从没有:%s", weekday_list(n, answer->language, days));
        break;
    default: fit_note(answer, place, r->line, "%llu dates without a row: %s", "%llu 天没有行:%s", n, r->text); break;
    }
}

/* ---- Reading -------------------------------------------------------------------------------------- */

/* "time=When,count=Calls"; the names point into `room`. false: said. */
static bool take_columns(const char *columns, char room[512], struct fl_counts_form *form)
{
    if ((size_t)snprintf(room, 512, "%s", columns) >= 512) {
        fprintf(stderr, "fenliu fit: --columns: too long\n");
        return false;
    }
    for (char *at = room; at != NULL && *at != '\0';) {
        char *const end = strchr(at, ','), *const sign = strchr(at, '=');
        if (end != NULL) *end = '\0';
        if (sign == NULL || (end != NULL && sign > end)) {
            fprintf(stderr, "fenliu fit: --columns: wanted time=NAME or count=NAME, got \"%s\"\n", at);
            return false;
        }
        *sign = '\0';
        if (strcmp(at, "time") == 0) form->time = sign + 1;
        else if (strcmp(at, "count") == 0) form->count = sign + 1;
        else {
            fprintf(stderr, "fenliu fit: --columns: of counts there are time and count, got \"%s\"\n", at);
            return false;
        }
        at = end != NULL ? end + 1 : NULL;
    }
    return true;
}

/* "behaviour=buy" of each --where; the names point into `room`. */
static void take_wheres(const struct fit_options *options, char room[][256], struct fl_counts_form *form)
{
    for (uint32_t w = 0; w < options->wheres_count && w < FL_COUNTS_WHERES_MAX; w++) {
        snprintf(room[w], sizeof room[w], "%s", options->where[w]);
        char *const sign = strchr(room[w], '=');
        *sign = '\0';
        form->where[form->wheres_count++] = (struct fl_counts_where){ .name = room[w], .value = sign + 1 };
    }
}

static bool read_file(struct fl_counts_csv *csv, const char *path, uint32_t index)
{
    struct file_lines lines;
    char *line;
    size_t length;
    uint64_t number = 0;
    const bool open = file_lines_open(&lines, path);
    fl_counts_csv_file(csv, index);
    while (open && !interrupted && file_lines_next(&lines, &line, &length)) fl_counts_csv_line(csv, line, length, ++number);
    const bool good = lines.problem[0] == '\0';
    if (!good) fprintf(stderr, "fenliu fit: cannot read %s: %s\n", path, lines.problem);
    file_lines_close(&lines);
    return good;
}

/* Everything of the logs into a series. An exit code. */
static int read_counts(const struct fit_options *options, struct fit_answer *answer, struct fl_counts_csv *csv, struct fl_counts *counts)
{
    const struct options *const common = options->common;
    for (uint32_t i = 0; i < common->files_count; i++)
        if (!read_file(csv, common->files[i], i)) return EXIT_USAGE;
    if (interrupted) return EXIT_INTERRUPTED;
    const bool good = fl_counts_csv_end(csv, counts);
    if (csv->full) return run_failed(FL_EFULL, "fit");
    uint32_t said = 0;
    for (uint32_t i = 0; i < csv->remarks_count; i++) {
        const struct fl_counts_remark *const r = &csv->remarks[i];
        if (r->kind >= FL_COUNTS_EMPTY) {
            note_odd(answer, common->files[r->file], r);
        } else {
            say_refused(common->files[r->file], r);
            said++;
        }
    }
    if (csv->refused > said) fprintf(stderr, "fenliu fit: and %u more\n", csv->refused - said);
    return good ? EXIT_DONE : EXIT_USAGE;
}

/* ---- Words about the fit --------------------------------------------------------------------------- */

/* A told promotion that the log does not have changes nothing. */
static void note_not_there(const struct fit_options *options, const int64_t promotions[], const struct fl_counts *counts, uint32_t days,
                           struct fit_answer *answer)
{
    for (uint32_t i = 0; i < options->promotions_count; i++)
        if (promotions[i] < counts->first_s || promotions[i] >= counts->first_s + (int64_t)days * DAY_S)
            fit_note(answer, NULL, 0, "%s: told as a promotion, but no day of what is fitted", "%s:指定为大促,但不在拟合的日子里", options->promotions[i]);
}

static void note_days(const struct fl_counts *counts, const struct fl_arrivals *arrivals, struct fit_answer *answer)
{
    char date[24];
    for (uint32_t i = 0; i < arrivals->promotions_count; i++) {
        const struct fl_fit_promotion *const p = &arrivals->promotions[i];
        fl_civil_format(p->opens_s, date);
        fit_note(answer, NULL, 0, "%s: %s, %.2f ordinary days' chats; kept out of the ordinary day", "%s:%s,相当于平日的 %.2f 倍;不计入平日", date,
                 p->told ? (answer->language == LANGUAGE_ZH ? "大促(您指定)" : "a promotion, as told")
                         : (answer->language == LANGUAGE_ZH ? "大促或异常高" : "a promotion by its count"),
                 p->multiplier);
    }
    for (uint32_t d = 0; d < arrivals->days; d++) {
        if (arrivals->day_kind[d] != FL_FIT_DAY_QUIET && arrivals->day_kind[d] != FL_FIT_DAY_CLOSED) continue;
        fl_civil_format(counts->first_s + (int64_t)d * DAY_S, date);
        fit_note(answer, NULL, 0, "%s: only %.0f chats, far below its like; kept out of the ordinary day", "%s:只有 %.0f 个,远低于同类日子;不计入平日", date,
                 arrivals->day_total[d]);
    }
    const struct fl_estimate *const trend = fl_estimates_find(&answer->estimates, "trend_per_week");
    if (trend != NULL && (trend->low > 0 || trend->high < 0))
        fit_note(answer, NULL, 0, "a trend of %+.1f %% a week; the scenario's level is the log's mean, without it",
                 "每周有 %+.1f %% 的趋势;方案用的是整段记录的平均,不含趋势", 100 * trend->value);
}

static void say_counts(const struct fl_counts *counts, const struct fl_arrivals *arrivals, struct fit_answer *answer)
{
    char from[24], to[24];
    fl_civil_format(counts->first_s, from);
    fl_civil_format(counts->first_s + (int64_t)(arrivals->days - 1) * DAY_S, to);
    cJSON *const log = cJSON_AddObjectToObject(answer->more, "log");
    cJSON_AddStringToObject(log, "from", from);
    cJSON_AddStringToObject(log, "to", to);
    cJSON_AddNumberToObject(log, "interval_s", counts->interval_s);
    cJSON_AddNumberToObject(log, "ordinary_days", arrivals->ordinary_days);
    cJSON_AddBoolToObject(log, "weekdays_differ", arrivals->weekdays_differ);
    cJSON_AddBoolToObject(log, "profiles_differ", arrivals->profiles_differ);
    fit_note(answer, NULL, 0, "%s to %s, every %g minutes: %u ordinary days", "%s 至 %s,每 %g 分钟:%u 个平日", from, to, counts->interval_s / 60.0,
             arrivals->ordinary_days);
    if (arrivals->profiles_differ) fit_note(answer, NULL, 0, "weekdays have shapes of their own", "各个星期几的走势不同,分别给出");
}

/* ---- All of it ------------------------------------------------------------------------------------- */

static uint32_t take_promotions(const struct fit_options *options, int64_t out[FIT_PROMOTIONS_MAX])
{
    for (uint32_t i = 0; i < options->promotions_count; i++)
        if (!fl_civil_parse(options->promotions[i], strlen(options->promotions[i]), &out[i])) out[i] = -1;
    return options->promotions_count;
}

/* Days from here on are held out; 0: none. false: there would be nothing left, said. */
static bool settle_hold_out(const struct fit_options *options, const struct fl_counts *counts, uint32_t *to_day)
{
    *to_day = 0;
    if (options->hold_out == NULL) return true;
    if (options->hold_out_days >= counts->days) {
        fprintf(stderr, "fenliu fit: --hold-out: wanted fewer than the %u days of the log, got %s\n", counts->days, options->hold_out);
        return false;
    }
    *to_day = counts->days - options->hold_out_days;
    return true;
}

/* What the scenario shows: the largest promotion's day, or the one after the log. */
static int64_t day_to_plan(const struct fl_counts *counts, const struct fl_arrivals *arrivals)
{
    int64_t day = counts->first_s + (int64_t)arrivals->days * DAY_S;
    double most = 1;
    for (uint32_t i = 0; i < arrivals->promotions_count; i++) {
        if (arrivals->promotions[i].multiplier <= most) continue;
        most = arrivals->promotions[i].multiplier;
        day = arrivals->promotions[i].opens_s;
    }
    return day;
}

/* What a scenario cannot hold is a count that cannot be true. */
static bool fits_scenario(const struct fit_options *options, const struct fl_arrivals *arrivals)
{
    char date[24];
    if (arrivals->chats_per_day > FL_CHATS_PER_DAY_MAX) {
        fprintf(stderr, "fenliu fit: %s: %.0f chats on an ordinary day, wanted at most %.0f: are these counts of chats?\n", options->common->files[0],
                arrivals->chats_per_day, FL_CHATS_PER_DAY_MAX);
        return false;
    }
    for (uint32_t i = 0; i < arrivals->promotions_count; i++) {
        if (arrivals->promotions[i].multiplier <= FL_PROMOTION_MULTIPLIER_MAX) continue;
        fl_civil_format(arrivals->promotions[i].opens_s, date);
        fprintf(stderr, "fenliu fit: %s: %s has %.0f times the chats of an ordinary day, wanted at most %.0f: is one of its counts wrong?\n",
                options->common->files[0], date, arrivals->promotions[i].multiplier, FL_PROMOTION_MULTIPLIER_MAX);
        return false;
    }
    return true;
}

static int fit_series(const struct fit_options *options, const struct fl_counts *counts, struct fit_answer *answer)
{
    int64_t promotions[FIT_PROMOTIONS_MAX];
    struct fl_arrivals_options how = { .promotions = promotions, .promotions_count = take_promotions(options, promotions),
                                       .busyness_interval_s = options->busyness_interval_s };
    struct fl_arrivals arrivals;
    if (!settle_hold_out(options, counts, &how.to_day)) return EXIT_USAGE;
    if (options->busyness_interval_s % counts->interval_s != 0) {
        fprintf(stderr, "fenliu fit: --grain: wanted a whole number of the log's intervals of %u s\n", counts->interval_s);
        return EXIT_USAGE;
    }
    const enum fl_status status = fl_arrivals_fit(counts, &how, &arrivals, &answer->estimates);
    if (status == FL_EMISSING) {
        fprintf(stderr, "fenliu fit: %s: no day is whole, so nothing can be fitted\n", options->common->files[0]);
        return EXIT_USAGE;
    }
    if (status != FL_OK) return run_failed(status, "fit");
    if (!fits_scenario(options, &arrivals)) {
        fl_arrivals_free(&arrivals);
        return EXIT_USAGE;
    }
    say_counts(counts, &arrivals, answer);
    note_days(counts, &arrivals, answer);
    note_not_there(options, promotions, counts, arrivals.days, answer);
    const bool written = fit_arrivals_to_scenario(&arrivals, answer->fitted) && fit_start(answer->fitted, day_to_plan(counts, &arrivals));
    int code = written ? EXIT_DONE : run_failed(FL_EFULL, "fit");
    if (code == EXIT_DONE && how.to_day > 0) code = fit_back_test(options, counts, &arrivals, answer);
    if (code == EXIT_DONE && options->report != NULL && !fit_arrivals_pictures(counts, &arrivals, answer)) code = run_failed(FL_EFULL, "fit");
    fl_arrivals_free(&arrivals);
    return code;
}

int fit_counts(const struct fit_options *options, struct fit_answer *answer)
{
    char columns[512], wheres[FL_COUNTS_WHERES_MAX][256];
    struct fl_counts_form form = { .time = NULL };
    struct fl_counts counts = { .days = 0 };
    if (options->columns != NULL && !take_columns(options->columns, columns, &form)) return EXIT_USAGE;
    take_wheres(options, wheres, &form);
    struct fl_counts_csv *const csv = malloc(sizeof *csv);
    if (csv == NULL) return run_failed(FL_EFULL, "fit");
    fl_counts_csv_start(csv, &form);
    int code = read_counts(options, answer, csv, &counts);
    fl_counts_csv_free(csv);
    free(csv);
    if (code == EXIT_DONE) code = fit_series(options, &counts, answer);
    fl_counts_free(&counts);
    return code;
}
