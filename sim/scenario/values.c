/* Texts and numbers of a scenario: durations, instants, times of day, and what is noted when they are wrong. */
#include "scenario/read.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRACTION_DIGITS_MAX 18

struct unit {
    const char *name;
    fl_time ns;
};

static const struct unit units[] = {
    { "ns", 1 },        { "us", FL_MICROSECOND }, { "ms", FL_MILLISECOND }, { "s", FL_SECOND },
    { "m", FL_MINUTE }, { "h", FL_HOUR },         { "d", FL_DAY },
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

/* One "1.5h" from *p on, added to *sum. Decimal arithmetic, so "0.1s" is exactly 100000000 ns. */
static bool parse_part(const char **p, fl_time *sum)
{
    int64_t whole = 0, fraction = 0, power = 1;
    const char *s = *p;
    if (!is_digit(*s)) return false;
    for (; is_digit(*s); s++) whole = whole > FL_TIME_LONGEST ? whole : whole * 10 + (*s - '0');
    if (*s == '.') {
        const char *const first = ++s;
        for (; is_digit(*s); s++) {
            if (s - first >= FRACTION_DIGITS_MAX) return false;
            fraction = fraction * 10 + (*s - '0');
            power *= 10;
        }
        if (s == first) return false;
    }
    const char *const name = s;
    while (is_letter(*s)) s++;
    for (size_t i = 0; i < FL_COUNTOF(units); i++) {
        if (strlen(units[i].name) != (size_t)(s - name) || strncmp(units[i].name, name, (size_t)(s - name)) != 0)
            continue;
        const __int128_t ns =
            *sum + (__int128_t)whole * units[i].ns + ((__int128_t)fraction * units[i].ns + power / 2) / power;
        *sum = ns > FL_TIME_LONGEST ? FL_TIME_LONGEST + 1 : (fl_time)ns;
        *p = s;
        return true;
    }
    return false;
}

bool fl_parse_duration(const char *text, fl_time *out)
{
    fl_time sum = 0;
    do {
        if (!parse_part(&text, &sum)) return false;
    } while (*text != '\0');
    *out = sum;
    return true;
}

/* Exactly `digits` digits, within [least, most]. */
static bool parse_digits(const char **p, int digits, int least, int most, int *out)
{
    int value = 0;
    for (int i = 0; i < digits; i++, (*p)++) {
        if (!is_digit(**p)) return false;
        value = value * 10 + (**p - '0');
    }
    *out = value;
    return value >= least && value <= most;
}

static bool parse_sign(const char **p, char wanted)
{
    if (**p != wanted) return false;
    (*p)++;
    return true;
}

/* "20:00" or "20:00:30" to the end of the text. */
static bool parse_time_of_day(const char *p, int hour_most, int64_t *seconds)
{
    int hour, minute, second = 0;
    if (!parse_digits(&p, 2, 0, hour_most, &hour) || !parse_sign(&p, ':') || !parse_digits(&p, 2, 0, 59, &minute))
        return false;
    if (*p == ':' && (!parse_sign(&p, ':') || !parse_digits(&p, 2, 0, 59, &second))) return false;
    *seconds = hour * 3600 + minute * 60 + second;
    return *p == '\0' && *seconds <= 86400;
}

bool fl_parse_clock(const char *text, fl_time *out)
{
    int64_t seconds;
    if (!parse_time_of_day(text, 24, &seconds)) return false;
    *out = seconds * FL_SECOND;
    return true;
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days since 1970-01-01 in the Gregorian calendar, for years from 1970 on. */
static int64_t days_since_1970(int year, int month, int day)
{
    static const int before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
    const int64_t y = year - 1;
    const int64_t leaps = (y / 4 - y / 100 + y / 400) - (1969 / 4 - 1969 / 100 + 1969 / 400);
    return (int64_t)(year - 1970) * 365 + leaps + before[month - 1] + (month > 2 && is_leap(year)) + day - 1;
}

bool fl_parse_date(const char *text, int64_t *out)
{
    static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int year, month, day;
    int64_t seconds;
    const char *p = text;
    if (!parse_digits(&p, 4, 1970, 2199, &year) || !parse_sign(&p, '-') || !parse_digits(&p, 2, 1, 12, &month) ||
        !parse_sign(&p, '-') || !parse_digits(&p, 2, 1, 31, &day) || !parse_sign(&p, 'T')) {
        return false;
    }
    if (day > lengths[month - 1] + (month == 2 && is_leap(year))) return false;
    if (!parse_time_of_day(p, 24, &seconds)) return false;
    *out = days_since_1970(year, month, day) * 86400 + seconds;
    return true;
}

bool fl_looks_like_instant(const char *text)
{
    return text[0] == '+' || text[0] == '-' || strchr(text, 'T') != NULL;
}

bool fl_parse_instant(const char *text, int64_t start_s, fl_time *out)
{
    fl_time length;
    int64_t date_s;
    if (text[0] == '+' || text[0] == '-') {
        if (!fl_parse_duration(text + 1, &length) || length > FL_TIME_LONGEST) return false;
        *out = text[0] == '-' ? -length : length;
        return true;
    }
    if (!fl_parse_date(text, &date_s)) return false;
    const int64_t since = date_s - start_s;
    if (since > FL_TIME_LONGEST / FL_SECOND || since < -(FL_TIME_LONGEST / FL_SECOND)) return false;
    *out = since * FL_SECOND;
    return true;
}

/* ---- Showing ---------------------------------------------------------------------------------- */

struct fl_shown fl_show_number(double number)
{
    struct fl_shown shown;
    if (number == floor(number) && fabs(number) < 1e15) { /* 100000000, not 1e+08 */
        snprintf(shown.text, sizeof shown.text, "%.0f", number);
        return shown;
    }
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(shown.text, sizeof shown.text, "%.*g", digits, number);
        if (strtod(shown.text, NULL) == number) break;
    }
    return shown;
}

struct fl_shown fl_show(const cJSON *json)
{
    struct fl_shown shown = { .text = "nothing" };
    if (cJSON_IsNumber(json)) return fl_show_number(json->valuedouble);
    const char *const word = cJSON_IsNull(json)    ? "null"
                             : cJSON_IsTrue(json)  ? "true"
                             : cJSON_IsFalse(json) ? "false"
                                                   : "an object";
    snprintf(shown.text, sizeof shown.text, "%s", word);
    if (cJSON_IsArray(json)) {
        const int size = cJSON_GetArraySize(json);
        snprintf(shown.text, sizeof shown.text, "an array of %d item%s", size, size == 1 ? "" : "s");
    } else if (cJSON_IsString(json)) {
        char inner[56];
        fl_text_show(inner, sizeof inner, json->valuestring);
        snprintf(shown.text, sizeof shown.text, "\"%s\"", inner);
    }
    return shown;
}

/* A bound in seconds as a scenario would write it: the largest unit that divides it. */
static struct fl_shown show_seconds(double seconds)
{
    struct fl_shown shown;
    const char unit = seconds != 0 && fmod(seconds, 86400) == 0  ? 'd'
                      : seconds != 0 && fmod(seconds, 3600) == 0 ? 'h'
                                                                 : 's';
    const double value = unit == 'd' ? seconds / 86400 : unit == 'h' ? seconds / 3600 : seconds;
    snprintf(shown.text, sizeof shown.text, "%.15g%c", value, unit);
    return shown;
}

/* ---- Reading ---------------------------------------------------------------------------------- */

bool fl_read_number(struct reader *r, const cJSON *json, const struct fl_at *at, double least, double most, double *out)
{
    if (!cJSON_IsNumber(json) || json->valuedouble < least || json->valuedouble > most) {
        return fl_note(r, json, at, cJSON_IsNumber(json) ? FL_ERANGE : FL_ETYPE,
                       "wanted a number from %s to %s, got %s", fl_show_number(least).text, fl_show_number(most).text,
                       fl_show(json).text);
    }
    *out = json->valuedouble;
    return true;
}

bool fl_read_whole(struct reader *r, const cJSON *json, const struct fl_at *at, double least, double most, double *out)
{
    if (!cJSON_IsNumber(json) || json->valuedouble < least || json->valuedouble > most ||
        json->valuedouble != floor(json->valuedouble)) {
        return fl_note(r, json, at, cJSON_IsNumber(json) ? FL_ERANGE : FL_ETYPE,
                       "wanted a whole number from %s to %s, got %s", fl_show_number(least).text,
                       fl_show_number(most).text, fl_show(json).text);
    }
    *out = json->valuedouble;
    return true;
}

bool fl_read_duration(struct reader *r, const cJSON *json, const struct fl_at *at, double least_s, double most_s,
                      fl_time *out)
{
    fl_time length;
    if (!cJSON_IsString(json) || !fl_parse_duration(json->valuestring, &length)) {
        return fl_note(r, json, at, FL_ETYPE,
                       "wanted a duration such as \"90s\" or \"1h30m\" (ns us ms s m h d), got %s", fl_show(json).text);
    }
    if (length < fl_time_from_s(least_s) || length > fl_time_from_s(most_s)) {
        return fl_note(r, json, at, FL_ERANGE, "wanted a duration from %s to %s, got %s", show_seconds(least_s).text,
                       show_seconds(most_s).text, fl_show(json).text);
    }
    *out = length;
    return true;
}

bool fl_read_instant(struct reader *r, const cJSON *json, const struct fl_at *at, fl_time *out)
{
    if (!cJSON_IsString(json) || !fl_parse_instant(json->valuestring, r->scenario->start_s, out)) {
        return fl_note(r, json, at, FL_ETYPE, "wanted an instant such as \"2026-06-18T20:00\" or \"+2h\", got %s",
                       fl_show(json).text);
    }
    return true;
}

bool fl_read_clock(struct reader *r, const cJSON *json, const struct fl_at *at, fl_time *out)
{
    if (!cJSON_IsString(json) || !fl_parse_clock(json->valuestring, out)) {
        return fl_note(r, json, at, FL_ETYPE, "wanted a time of day from \"00:00\" to \"24:00\", got %s",
                       fl_show(json).text);
    }
    return true;
}

bool fl_read_choice(struct reader *r, const cJSON *json, const struct fl_at *at, const char *const choices[],
                    uint32_t *out)
{
    const char *const text = cJSON_IsString(json) ? json->valuestring : NULL;
    struct fl_nearest nearest = fl_nearest_start(r, text != NULL ? text : "");
    char list[160];
    size_t used = 0;
    bool all = true;
    for (uint32_t i = 0; choices[i] != NULL; i++) {
        if (text != NULL && strcmp(text, choices[i]) == 0) {
            *out = i;
            return true;
        }
        fl_nearest_offer(&nearest, choices[i]);
        const int n = snprintf(list + used, sizeof list - used, "%s\"%s\"", i == 0 ? "" : ", ", choices[i]);
        all &= used + (size_t)n < sizeof list;
        used = all ? used + (size_t)n : used;
    }
    const enum fl_status status = text != NULL ? FL_EUNKNOWN : FL_ETYPE;
    if (!all) {
        list[used] = '\0';
        return fl_note(r, json, at, status, "wanted one of %s, ..., got %s%s", list, fl_show(json).text,
                       fl_nearest_hint(&nearest).text);
    }
    return fl_note(r, json, at, status, "wanted one of %s, got %s%s", list, fl_show(json).text,
                   fl_nearest_hint(&nearest).text);
}
