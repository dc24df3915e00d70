/* Tables of counts: what is read, what is noted, what is refused, each at its line. */
#include "fit/counts_csv.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fl_counts_csv *csv;
static struct fl_counts counts;

static bool read_as(const char *text, const struct fl_counts_form *form)
{
    uint64_t number = 0;
    csv = malloc(sizeof *csv);
    fl_counts_csv_start(csv, form);
    fl_counts_csv_file(csv, 0);
    while (*text != '\0') {
        const size_t length = strcspn(text, "\n");
        fl_counts_csv_line(csv, text, length, ++number);
        text += length + (text[length] == '\n');
    }
    counts = (struct fl_counts){ .days = 0 };
    return fl_counts_csv_end(csv, &counts);
}

static bool read(const char *text)
{
    return read_as(text, &(struct fl_counts_form){ .time = NULL });
}

static void done(void)
{
    fl_counts_free(&counts);
    fl_counts_csv_free(csv);
    free(csv);
}

static const struct fl_counts_remark *remark(enum fl_counts_remark_kind kind)
{
    for (uint32_t i = 0; i < csv->remarks_count; i++)
        if (csv->remarks[i].kind == kind) return &csv->remarks[i];
    return NULL;
}

static void expect_refused(const char *text, enum fl_counts_remark_kind kind, uint64_t line)
{
    cr_expect_not(read(text), "%s", text);
    cr_expect_not_null(remark(kind), "%s", text);
    if (remark(kind) != NULL) cr_expect_eq(remark(kind)->line, line, "%s: line %llu", text, (unsigned long long)remark(kind)->line);
    done();
}

/* A day of hours, all 5, but for what `edit` makes of hour h; NULL: the row is left out. */
static void day_of_hours(char *out, const char *date, const char *(*edit)(int hour))
{
    for (int h = 0; h < 24; h++)
        if (edit(h) != NULL) out += sprintf(out, "%sT%02d:00:00,%s\n", date, h, edit(h));
    *out = '\0';
}

static const char *all_five(int hour)
{
    (void)hour;
    return "5";
}

Test(fit_counts, a_plain_table_is_laid_on_a_grid_of_whole_days)
{
    char text[4096] = "DateTime,Calls\n";
    day_of_hours(text + strlen(text), "2003-03-03", all_five);

    cr_assert(read(text));

    cr_expect_eq(counts.interval_s, 3600);
    cr_expect_eq(counts.days, 1);
    cr_expect_eq(counts.per_day, 24);
    cr_expect_eq(counts.first_s, 1046649600);
    cr_expect_eq(fl_counts_weekday(&counts, 0), 0, "2003-03-03 was a Monday");
    for (uint32_t h = 0; h < 24; h++) cr_expect(counts.count[h] == 5 && counts.state[h] == FL_COUNT_KNOWN);
    cr_expect_eq(csv->remarks_count, 0);
    done();
}

Test(fit_counts, columns_are_found_by_their_names_or_by_what_stands_in_them)
{
    cr_expect(read("当班;时间;数量\n甲;2003/3/3 7:00;4\n甲;2003/3/3 8:00;6\n"));
    cr_expect_eq(counts.count[7], 4);
    done();
    cr_expect(read("\xEF\xBB\xBFwhen\thow many\r\n2003-03-03 07:00\t4\r\n2003-03-03 08:00\t6\r\n"));
    cr_expect_eq(counts.count[8], 6);
    done();
    cr_expect(read_as("a,b,\"c \"\"x\"\"\"\n4,2003-03-03,7\n5,2003-03-04,8\n", &(struct fl_counts_form){ .time = "b", .count = "C \"X\"" }));
    cr_expect_eq(counts.interval_s, 86400);
    cr_expect_eq(counts.count[1], 8);
    done();
    expect_refused("when,a,b\n2003-03-03T07:00,4,5\n", FL_COUNTS_NO_COLUMN, 2);
    cr_expect_not(read_as("when,a\n2003-03-03T07:00,4\n", &(struct fl_counts_form){ .count = "calls" }));
    cr_expect_eq(remark(FL_COUNTS_NO_COLUMN)->line, 1);
    done();
}

Test(fit_counts, times_are_taken_as_written)
{
    static const char *const good[] = { "2003-03-03T07:05:00", "2003-03-03 07:05", "2003/3/3 7:05:00.000", "2003-03-03T07:05:00+08:00", "2003-03-03T07:05Z" };
    static const char *const bad[] = { "", "2003-02-29", "2003-13-01", "2003-03-03T24:00", "2003-03-03T07:60", "2003-03-03T7", "03.03.2003", "2003-03-03x", "1969-01-01" };
    int64_t at_s;
    char text[24];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        cr_expect(fl_civil_parse(good[i], strlen(good[i]), &at_s), "%s", good[i]);
        cr_expect_eq(at_s, 1046675100, "%s", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) cr_expect_not(fl_civil_parse(bad[i], strlen(bad[i]), &at_s), "%s", bad[i]);
    cr_expect(fl_civil_parse("2024-02-29", 10, &at_s));
    fl_civil_format(at_s + 7 * 3600 + 300, text);
    cr_expect_str_eq(text, "2024-02-29T07:05");
}

Test(fit_counts, what_is_no_count_or_no_time_is_refused_at_its_line)
{
    expect_refused("time,count\n2003-03-03T07:00,4\n2003-03-03T08:00,-4\n", FL_COUNTS_BAD_COUNT, 3);
    expect_refused("time,count\n2003-03-03T07:00,4.5\n", FL_COUNTS_BAD_COUNT, 2);
    expect_refused("time,count\n2003-03-03T07:00,many\n", FL_COUNTS_BAD_COUNT, 2);
    expect_refused("time,count\n2003-03-03T07:00,99999999999\n", FL_COUNTS_BAD_COUNT, 2);
    expect_refused("time,count\nyesterday,4\n", FL_COUNTS_BAD_TIME, 2);
    expect_refused("time,count\n2003-03-03T07:00\n", FL_COUNTS_OTHER_FIELDS, 2);
    expect_refused("time,count\n2003-03-03T07:00,1,000\n", FL_COUNTS_OTHER_FIELDS, 2);
    expect_refused("2003-03-03T07:00,4\n2003-03-03T08:00,4\n", FL_COUNTS_NO_HEADER, 1);
    expect_refused("time,count\n", FL_COUNTS_NO_ROWS, 0);
    expect_refused("", FL_COUNTS_NO_ROWS, 0);
}

Test(fit_counts, a_grid_that_is_none_is_refused)
{
    expect_refused("time,count\n2003-03-03T07:00,4\n2003-03-03T07:07,4\n2003-03-03T07:14,4\n", FL_COUNTS_BAD_INTERVAL, 0);
    expect_refused("time,count\n2003-03-03,4\n2003-03-10,4\n2003-03-17,4\n", FL_COUNTS_BAD_INTERVAL, 0);
    expect_refused("time,count\n2003-03-03T07:00,4\n2003-03-03T07:05,4\n2003-03-03T07:10,4\n2003-03-03T07:12,4\n", FL_COUNTS_IRREGULAR, 5);
    expect_refused("time,count\n1990-03-03T07:00,4\n1990-03-03T07:05,4\n1990-03-03T07:10,4\n2020-03-03T07:00,4\n", FL_COUNTS_TOO_LONG, 0);
}

Test(fit_counts, rows_twice_in_disorder_or_without_a_count_are_noted)
{
    cr_assert(read("time,count\n2003-03-03T09:00,4\n2003-03-03T08:00,3\n2003-03-03T09:00,4\n2003-03-03T10:00,\n2003-03-03T11:00,7\n"));

    cr_expect_eq(counts.count[9], 4);
    cr_expect_eq(counts.count[8], 3);
    cr_assert_not_null(remark(FL_COUNTS_DUPLICATE));
    cr_expect_eq(remark(FL_COUNTS_DUPLICATE)->line, 4);
    cr_expect_eq(remark(FL_COUNTS_DISORDER)->line, 3);
    cr_expect_eq(remark(FL_COUNTS_EMPTY)->line, 5);
    cr_expect_eq(remark(FL_COUNTS_EMPTY)->number, 1);
    done();
    expect_refused("time,count\n2003-03-03T09:00,4\n2003-03-03T10:00,4\n2003-03-03T09:00,5\n", FL_COUNTS_CONFLICT, 4);
}

Test(fit_counts, several_series_want_a_choice)
{
    static const char text[] = "datetime,behaviour,count\n2014-11-18T00:00,click,12\n2014-11-18T01:00,click,5\n2014-11-18T00:00,buy,3\n2014-11-18T01:00,buy,2\n";
    const struct fl_counts_form buys = { .where = { { "behaviour", "buy" } }, .wheres_count = 1 };

    cr_expect_not(read(text));
    cr_assert_not_null(remark(FL_COUNTS_SEVERAL_SERIES));
    cr_expect_str_eq(remark(FL_COUNTS_SEVERAL_SERIES)->text, "behaviour: click, buy");
    done();
    cr_assert(read_as(text, &buys));
    cr_expect_eq(counts.count[0], 3);
    cr_expect_eq(counts.count[1], 2);
    done();
}

/* 09:00 to 17:00 on two days; 11:00 of the second is left out. */
Test(fit_counts, nights_are_closed_and_gaps_are_missing)
{
    char text[4096] = "time,count\n";
    for (int d = 3; d <= 5; d += 2)
        for (int h = 9; h < 17; h++)
            if (d == 3 || h != 11) sprintf(text + strlen(text), "2003-03-%02dT%02d:00,%d\n", d, h, 10 + h);

    cr_assert(read(text));

    cr_expect_eq(counts.days, 3);
    cr_expect_eq(counts.state[0], FL_COUNT_CLOSED);
    cr_expect_eq(counts.state[17], FL_COUNT_CLOSED);
    cr_expect_eq(counts.state[2 * 24 + 11], FL_COUNT_MISSING);
    cr_expect_eq(counts.state[24 + 10], FL_COUNT_MISSING, "Tuesday is not there");
    cr_expect_str_eq(remark(FL_COUNTS_CLOSED)->text, "00:00-09:00, 17:00-24:00");
    cr_expect_eq(remark(FL_COUNTS_GAP)->number, 1);
    cr_expect_str_eq(remark(FL_COUNTS_GAP)->text, "2003-03-05T11:00");
    cr_expect_eq(remark(FL_COUNTS_NEVER_WEEKDAY)->number, 2, "no Tuesday");
    done();
}

Test(fit_counts, left_out_rows_of_a_log_that_never_says_0_are_0)
{
    cr_assert(read("time,count\n2003-03-03T09:00,1\n2003-03-03T10:00,2\n2003-03-03T12:00,1\n2003-03-03T13:00,1\n2003-03-04T09:00,1\n2003-03-04T11:00,1\n"));

    cr_expect_eq(counts.state[11], FL_COUNT_KNOWN);
    cr_expect_eq(counts.count[11], 0);
    cr_expect_not_null(remark(FL_COUNTS_ZEROS_LEFT_OUT));
    done();
}

Test(fit_counts, quiet_hours_of_a_busy_log_become_closed)
{
    cr_assert_eq(fl_counts_create(0, 3600, 10, &counts), FL_OK);
    fl_counts_cover(&counts, 0, 10 * INT64_C(86400));
    for (int64_t d = 0; d < 10; d++)
        for (int64_t h = 8; h < 20; h++) cr_assert(fl_counts_add(&counts, d * 86400 + h * 3600, 100));

    cr_expect_eq(fl_counts_close_quiet_hours(&counts), 12);

    cr_expect_eq(counts.state[3 * 24 + 7], FL_COUNT_CLOSED);
    cr_expect_eq(counts.state[3 * 24 + 8], FL_COUNT_KNOWN);
    cr_expect_not(fl_counts_add(&counts, -1, 1));
    cr_expect_not(fl_counts_add(&counts, 10 * INT64_C(86400), 1));
    cr_expect_not(fl_counts_add(&counts, 8 * 3600, UINT32_MAX), "beyond 32 bits");
    fl_counts_free(&counts);
}
