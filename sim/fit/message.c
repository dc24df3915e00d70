/* Reading a line: see message.h. Fields are found first and understood afterwards, so that JSON and CSV share all that matters. A
 * field's text is taken as it stands on the line: escapes of JSON and doubled quotes of CSV are counted, not resolved, as only names,
 * times and numbers of characters are wanted. */
#include "fit/message.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* ---- Names -------------------------------------------------------------------------------------- */

struct preset {
    const char *name;
    const char *column[FL_COLUMNS_COUNT];
};

/* Of Qianniu and JD the columns are our reading of what such desks export: vendors document the figures, not the file. */
static const struct preset presets[] = {
    { "fenliu",
      { [FL_COLUMN_TIME] = "t", [FL_COLUMN_CONVERSATION] = "chat", [FL_COLUMN_BUYER] = "buyer", [FL_COLUMN_AGENT] = "agent",
        [FL_COLUMN_KIND] = "kind", [FL_COLUMN_TEXT] = "text", [FL_COLUMN_CHARS] = "chars", [FL_COLUMN_INTENT] = "intent",
        [FL_COLUMN_CLASS] = "class" } },
    { "channel",
      { [FL_COLUMN_TIME] = "time", [FL_COLUMN_CONVERSATION] = "conversation", [FL_COLUMN_SPEAKER] = "speaker", [FL_COLUMN_ROLE] = "role",
        [FL_COLUMN_TEXT] = "content", [FL_COLUMN_CHARS] = "chars" } },
    { "qianniu",
      { [FL_COLUMN_TIME] = "发送时间", [FL_COLUMN_CONVERSATION] = "会话ID", [FL_COLUMN_BUYER] = "买家昵称", [FL_COLUMN_SPEAKER] = "发送人",
        [FL_COLUMN_AGENT] = "客服昵称", [FL_COLUMN_ROLE] = "发送方", [FL_COLUMN_TEXT] = "消息内容", [FL_COLUMN_INTENT] = "咨询类型" } },
    { "jd",
      { [FL_COLUMN_TIME] = "消息时间", [FL_COLUMN_CONVERSATION] = "会话编号", [FL_COLUMN_BUYER] = "顾客账号", [FL_COLUMN_SPEAKER] = "发送者",
        [FL_COLUMN_AGENT] = "客服账号", [FL_COLUMN_ROLE] = "角色", [FL_COLUMN_TEXT] = "内容", [FL_COLUMN_INTENT] = "咨询分类" } },
};
#define PRESETS (sizeof presets / sizeof *presets)

static const char *const column_words[FL_COLUMNS_COUNT] = {
#define FL_COLUMN_WORD(name, word) [FL_COLUMN_##name] = word,
    FL_COLUMNS(FL_COLUMN_WORD)
#undef FL_COLUMN_WORD
};

static const struct {
    const char *word, *sentence;
} line_faults[FL_LINE_FAULTS_COUNT] = {
    [FL_LINE_READ] = { "read", "read" },
#define FL_LINE_FAULT_TEXT(name, word, sentence) [FL_LINE_##name] = { word, sentence },
    FL_LINE_FAULTS(FL_LINE_FAULT_TEXT)
#undef FL_LINE_FAULT_TEXT
};

const char *fl_line_fault_word(enum fl_line_fault fault)
{
    return line_faults[fault].word;
}

const char *fl_line_fault_sentence(enum fl_line_fault fault)
{
    return line_faults[fault].sentence;
}

enum fl_status fl_log_reader_start(const char *preset, struct fl_log_reader *reader)
{
    bool found = false;
    struct fl_log_reader made = { .separator = ',' };
    for (uint32_t column = 0; column < FL_COLUMNS_COUNT; column++) {
        uint32_t n = 0;
        for (uint32_t p = 0; p < PRESETS; p++) {
            if (preset != NULL && strcmp(preset, presets[p].name) != 0) continue;
            found = true;
            if (presets[p].column[column] != NULL) made.names[column][n++] = presets[p].column[column];
        }
    }
    if (!found) return FL_EUNKNOWN;
    *reader = made;
    return FL_OK;
}

static enum fl_column column_of_word(const char *word, size_t length)
{
    for (uint32_t c = 0; c < FL_COLUMNS_COUNT; c++)
        if (strlen(column_words[c]) == length && memcmp(column_words[c], word, length) == 0) return (enum fl_column)c;
    return FL_COLUMN_OTHER;
}

static enum fl_status refuse_word(enum fl_status status, const char *word, size_t length, char wrong[64])
{
    const size_t n = length < 63 ? length : 63;
    memcpy(wrong, word, n);
    wrong[n] = '\0';
    return status;
}

enum fl_status fl_log_reader_map(struct fl_log_reader *reader, const char *columns, char wrong[64])
{
    const size_t bytes = strlen(columns);
    if (bytes >= sizeof reader->mapping) return refuse_word(FL_EFULL, columns, bytes, wrong);
    memcpy(reader->mapping, columns, bytes + 1);
    for (char *at = reader->mapping; *at != '\0';) {
        char *const end = at + strcspn(at, ","), *const equals = memchr(at, '=', (size_t)(end - at));
        if (equals == NULL || equals + 1 == end) return refuse_word(FL_ESYNTAX, at, (size_t)(end - at), wrong);
        const enum fl_column column = column_of_word(at, (size_t)(equals - at));
        if (column == FL_COLUMN_OTHER) return refuse_word(FL_EUNKNOWN, at, (size_t)(equals - at), wrong);
        memset(reader->names[column], 0, sizeof reader->names[column]);
        reader->names[column][0] = equals + 1;
        at = *end == '\0' ? end : end + 1;
        *end = '\0';
    }
    return FL_OK;
}

static enum fl_column column_named(const struct fl_log_reader *reader, const char *name, size_t length)
{
    for (uint32_t c = 0; c < FL_COLUMNS_COUNT; c++)
        for (uint32_t i = 0; i < FL_COLUMN_NAMES_MAX && reader->names[c][i] != NULL; i++)
            if (strlen(reader->names[c][i]) == length && memcmp(reader->names[c][i], name, length) == 0) return (enum fl_column)c;
    return FL_COLUMN_OTHER;
}

/* ---- Fields -------------------------------------------------------------------------------------- */

struct fields {
    struct fl_bytes of[FL_COLUMNS_COUNT];
    bool given[FL_COLUMNS_COUNT]; /* and not null */
};

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r')) at++;
    return at;
}

/* The closing quote of a JSON string whose first byte is at; NULL: there is none. */
static const char *string_end(const char *at, const char *end)
{
    for (;;) {
        const char *const quote = memchr(at, '"', (size_t)(end - at));
        if (quote == NULL) return NULL;
        const char *back = quote;
        while (back > at && back[-1] == '\\') back--;
        if (((quote - back) & 1) == 0) return quote;
        at = quote + 1;
    }
}

/* An array or object within, which means nothing to us: its end; NULL: it has none. */
static const char *skip_nested(const char *at, const char *end)
{
    uint32_t depth = 0;
    for (; at < end; at++) {
        if (*at == '"') {
            at = string_end(at + 1, end);
            if (at == NULL) return NULL;
        } else if (*at == '{' || *at == '[') {
            depth++;
        } else if ((*at == '}' || *at == ']') && --depth == 0) {
            return at + 1;
        }
    }
    return NULL;
}

/* The meaning of the n-th key of an object: lines of a log are alike, so it is nearly always that of the line before. */
static enum fl_column key_column(struct fl_log_reader *reader, uint32_t n, const char *key, size_t length)
{
    if (n < FL_FIELDS_MAX && reader->seen_length[n] == length && memcmp(reader->seen[n], key, length) == 0)
        return (enum fl_column)reader->role_of[n];
    const enum fl_column column = column_named(reader, key, length);
    if (n < FL_FIELDS_MAX && length < sizeof reader->seen[0] && length > 0) {
        memcpy(reader->seen[n], key, length);
        reader->seen_length[n] = (uint8_t)length;
        reader->role_of[n] = (uint8_t)column;
    }
    if (column != FL_COLUMN_OTHER) reader->has[column] = true;
    return column;
}

static bool is_word_end(char c)
{
    return c == ',' || c == '}' || c == ' ' || c == '\t' || c == '\r';
}

static bool json_fields(struct fl_log_reader *reader, const char *at, const char *end, struct fields *fields)
{
    at = skip_blanks(at, end);
    if (at == end || *at != '{') return false;
    at = skip_blanks(at + 1, end);
    if (at < end && *at == '}') return skip_blanks(at + 1, end) == end;
    for (uint32_t n = 0;; n++) {
        if (at == end || *at != '"') return false;
        const char *const key = at + 1, *const key_end = string_end(key, end);
        if (key_end == NULL) return false;
        at = skip_blanks(key_end + 1, end);
        if (at == end || *at != ':') return false;
        at = skip_blanks(at + 1, end);
        if (at == end) return false;
        const enum fl_column column = key_column(reader, n, key, (size_t)(key_end - key));
        struct fl_bytes value = { at, 0 };
        bool given = true;
        if (*at == '"') {
            value.at = at + 1;
            const char *const last = string_end(value.at, end);
            if (last == NULL) return false;
            value.count = (uint32_t)(last - value.at);
            at = last + 1;
        } else if (*at == '{' || *at == '[') {
            at = skip_nested(at, end);
            if (at == NULL) return false;
            given = false;
        } else {
            while (at < end && !is_word_end(*at)) at++;
            value.count = (uint32_t)(at - value.at);
            if (value.count == 0) return false;
            given = *value.at != 'n';
        }
        if (column != FL_COLUMN_OTHER && given) {
            fields->of[column] = value;
            fields->given[column] = true;
        }
        at = skip_blanks(at, end);
        if (at < end && *at == '}') return skip_blanks(at + 1, end) == end;
        if (at == end || *at != ',') return false;
        at = skip_blanks(at + 1, end);
    }
}

/* One field of a CSV record; at then stands on its separator or at the end. false: text after a closing quote, or none. */
static bool csv_field(const char **at, const char *end, char separator, struct fl_bytes *value)
{
    const char *p = *at;
    if (p == end || *p != '"') {
        const char *const next = memchr(p, separator, (size_t)(end - p));
        *at = next == NULL ? end : next;
        *value = (struct fl_bytes){ p, (uint32_t)(*at - p) };
        return true;
    }
    const char *const first = ++p;
    for (;;) {
        p = memchr(p, '"', (size_t)(end - p));
        if (p == NULL) return false;
        if (p + 1 < end && p[1] == '"') {
            p += 2;
            continue;
        }
        *value = (struct fl_bytes){ first, (uint32_t)(p - first) };
        *at = p + 1;
        return *at == end || **at == separator;
    }
}

static enum fl_line_fault csv_fields(const struct fl_log_reader *reader, const char *at, const char *end, struct fields *fields)
{
    if (end > at && end[-1] == '\r') end--;
    for (uint32_t n = 0;; n++) {
        struct fl_bytes value;
        if (!csv_field(&at, end, reader->separator, &value)) return FL_LINE_SYNTAX;
        if (n >= reader->fields) return FL_LINE_FIELDS;
        if (reader->role_of[n] != FL_COLUMN_OTHER && value.count > 0) {
            fields->of[reader->role_of[n]] = value;
            fields->given[reader->role_of[n]] = true;
        }
        if (at == end) return n + 1 == reader->fields ? FL_LINE_READ : FL_LINE_FIELDS;
        at++;
    }
}

bool fl_log_is_open(const struct fl_log_reader *reader, const char *line, size_t length, bool open)
{
    const char *at = line, *const end = line + length;
    if (!reader->csv || (!open && memchr(line, '"', length) == NULL)) return false;
    for (bool begins = !open; at < end;) {
        const char *const next = memchr(at, open ? '"' : reader->separator, (size_t)(end - at));
        if (begins && *at == '"') {
            open = true;
            begins = false;
            at++;
        } else if (next == NULL) {
            break;
        } else if (open && next + 1 < end && next[1] == '"') {
            at = next + 2;
        } else {
            begins = !open;
            open = false;
            at = next + 1;
        }
    }
    return open;
}

/* ---- The header ---------------------------------------------------------------------------------- */

static char separator_of(const char *line, size_t length)
{
    static const char tried[] = { ',', '\t', ';' };
    uint32_t most = 0;
    char best = ',';
    for (uint32_t i = 0; i < sizeof tried; i++) {
        uint32_t n = 0;
        for (size_t k = 0; k < length; k++) n += line[k] == tried[i];
        if (n > most) {
            most = n;
            best = tried[i];
        }
    }
    return best;
}

static const char *what_is_missing(const struct fl_log_reader *reader)
{
    const bool *const has = reader->has;
    if (!has[FL_COLUMN_TIME]) return column_words[FL_COLUMN_TIME];
    if (!has[FL_COLUMN_CONVERSATION] && !has[FL_COLUMN_BUYER]) return column_words[FL_COLUMN_CONVERSATION];
    if (!has[FL_COLUMN_ROLE] && !has[FL_COLUMN_KIND] && !(has[FL_COLUMN_SPEAKER] && has[FL_COLUMN_BUYER])) return column_words[FL_COLUMN_ROLE];
    return NULL;
}

enum fl_status fl_log_reader_begin(struct fl_log_reader *reader, const char *line, size_t length, const char **missing)
{
    const char *at = line, *end = line + length;
    if (length >= 3 && memcmp(line, "\xEF\xBB\xBF", 3) == 0) at += 3; /* a byte order mark, as spreadsheets write it */
    const char *const first = skip_blanks(at, end);
    reader->csv = first == end || *first != '{';
    if (!reader->csv) return FL_OK;
    reader->separator = separator_of(at, (size_t)(end - at));
    if (end > at && end[-1] == '\r') end--;
    reader->fields = 0;
    for (;;) {
        struct fl_bytes name;
        if (!csv_field(&at, end, reader->separator, &name)) return FL_ESYNTAX;
        if (reader->fields == FL_FIELDS_MAX) return FL_EFULL;
        enum fl_column column = column_named(reader, name.at, name.count);
        if (column != FL_COLUMN_OTHER && reader->has[column]) column = FL_COLUMN_OTHER; /* the first of a name is meant */
        if (column != FL_COLUMN_OTHER) reader->has[column] = true;
        reader->role_of[reader->fields++] = (uint8_t)column;
        if (at == end) break;
        at++;
    }
    *missing = what_is_missing(reader);
    return *missing == NULL ? FL_OK : FL_EMISSING;
}

/* ---- Times ---------------------------------------------------------------------------------------- */

/* Days from 1970-01-01 to a date of the Gregorian calendar: years from March, eras of 400 years (146 097 days). */
static int64_t days_of(int64_t year, uint32_t month, uint32_t day)
{
    year -= month <= 2;
    const int64_t era = (year >= 0 ? year : year - 399) / 400;
    const uint32_t of_era = (uint32_t)(year - era * 400);
    const uint32_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + (int64_t)(of_era * 365 + of_era / 4 - of_era / 100 + of_year) - 719468;
}

/* A number of one to `most` digits; false: none. */
static bool digits(const char **at, const char *end, uint32_t most, uint32_t *number)
{
    uint32_t n = 0, value = 0;
    for (; n < most && *at < end && **at >= '0' && **at <= '9'; n++) value = value * 10 + (uint32_t)(*(*at)++ - '0');
    *number = value;
    return n > 0;
}

static bool read_date(struct fl_log_reader *reader, const char **at, const char *end, int64_t *day)
{
    if (end - *at >= 10 && memcmp(*at, reader->day_text, 10) == 0) {
        *day = (int64_t)reader->day;
        *at += 10;
        return true;
    }
    static const uint8_t month_days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    const char *const first = *at;
    uint32_t year, month, of_month;
    if (!digits(at, end, 4, &year) || *at - first != 4 || *at == end || (**at != '-' && **at != '/')) return false;
    (*at)++;
    if (!digits(at, end, 2, &month) || *at == end || (**at != '-' && **at != '/')) return false;
    (*at)++;
    if (!digits(at, end, 2, &of_month) || year < 1971 || year > 2199 /* nanoseconds hold it */ || month < 1 || month > 12 || of_month < 1 || of_month > month_days[month - 1]) return false;
    if (month == 2 && of_month == 29 && (year % 4 != 0 || (year % 100 == 0 && year % 400 != 0))) return false;
    *day = days_of(year, month, of_month);
    if (*at - first == 10) {
        memcpy(reader->day_text, first, 10);
        reader->day = (uint64_t)*day;
    }
    return true;
}

/* "Z", "UTC", "+08:00", "+0800", "+08", perhaps behind a blank, or nothing. false: something else, as "PM". */
static bool read_zone(const char *at, const char *end, int16_t *zone_min)
{
    uint32_t hour = 0, minute = 0;
    while (at < end && *at == ' ') at++;
    if (at == end) return true;
    *zone_min = 0;
    if (end - at == 3 && (memcmp(at, "UTC", 3) == 0 || memcmp(at, "GMT", 3) == 0)) return true;
    if (*at == 'Z') return at + 1 == end;
    if (*at != '+' && *at != '-') return false;
    const int sign = *at++ == '-' ? -1 : 1;
    if (!digits(&at, end, 2, &hour)) return false;
    if (at < end && *at == ':') at++;
    if ((at < end && !digits(&at, end, 2, &minute)) || hour > 23 || minute > 59) return false;
    *zone_min = (int16_t)(sign * (int)(hour * 60 + minute));
    return at == end;
}

/* hh:mm[:ss[.fff]], and a zone, which is not applied: all times of a log are taken as the shop's. */
static bool read_clock(const char *at, const char *end, int64_t *ns, struct fl_logged *message)
{
    uint32_t hour, minute, second = 0;
    if (!digits(&at, end, 2, &hour) || at == end || *at++ != ':' || !digits(&at, end, 2, &minute)) return false;
    message->resolution = FL_TIMES_MINUTES;
    if (hour > 23 || minute > 59) return false;
    int64_t fraction = 0;
    if (at < end && *at == ':') {
        at++;
        if (!digits(&at, end, 2, &second) || second > 60) return false;
        message->resolution = FL_TIMES_SECONDS;
        if (at < end && *at == '.') {
            int64_t unit = FL_SECOND;
            for (at++; at < end && *at >= '0' && *at <= '9'; at++) fraction += (*at - '0') * (unit /= 10);
            message->resolution = FL_TIMES_MILLISECONDS;
        }
    }
    *ns = ((int64_t)hour * 3600 + minute * 60 + second) * FL_SECOND + fraction;
    return read_zone(at, end, &message->zone_min);
}

/* Seconds or milliseconds since 1970, UTC taken as the shop's time. */
static bool read_unix(const char *at, const char *end, struct fl_logged *message)
{
    int64_t value = 0;
    const char *const first = at;
    for (; at < end && *at >= '0' && *at <= '9' && at - first < 13; at++) value = value * 10 + (*at - '0');
    if (at != end || (at - first != 10 && at - first != 13)) return false;
    const bool ms = at - first == 13;
    message->at_ns = value * (ms ? FL_MILLISECOND : FL_SECOND);
    message->resolution = ms ? FL_TIMES_MILLISECONDS : FL_TIMES_SECONDS;
    message->zone_min = 0;
    return true;
}

static bool read_time(struct fl_log_reader *reader, const struct fields *fields, struct fl_logged *message)
{
    const struct fl_bytes time = fields->of[FL_COLUMN_TIME], clock = fields->of[FL_COLUMN_CLOCK];
    const char *at = time.at, *const end = at + time.count;
    if (!fields->given[FL_COLUMN_TIME]) return false;
    if (read_unix(at, end, message)) return true;
    int64_t day, ns;
    if (!read_date(reader, &at, end, &day)) return false;
    if (fields->given[FL_COLUMN_CLOCK]) {
        if (!read_clock(clock.at, clock.at + clock.count, &ns, message)) return false;
    } else {
        if (at == end || (*at != 'T' && *at != ' ')) return false;
        if (!read_clock(at + 1, end, &ns, message)) return false;
    }
    message->at_ns = day * FL_DAY + ns;
    return true;
}

/* ---- What it means -------------------------------------------------------------------------------- */

static bool is_one_of(struct fl_bytes value, const char *const words[], uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (strlen(words[i]) == value.count && memcmp(words[i], value.at, value.count) == 0) return true;
    return false;
}

#define IS_ONE_OF(value, words) is_one_of((value), (words), sizeof(words) / sizeof *(words))

static enum fl_side side_of_role(struct fl_bytes role)
{
    static const char *const buyers[] = { "asker", "buyer", "customer", "visitor", "user", "client", "买家", "顾客", "客户", "访客", "用户", "消费者" };
    static const char *const agents[] = { "answerer", "agent", "helper", "staff", "seller", "operator", "support", "客服", "商家", "卖家", "人工", "人工客服" };
    static const char *const bots[] = { "bot", "robot", "机器人", "智能客服", "店小蜜", "自动回复" };
    static const char *const systems[] = { "system", "系统", "系统消息" };
    if (IS_ONE_OF(role, buyers)) return FL_SIDE_BUYER;
    if (IS_ONE_OF(role, agents)) return FL_SIDE_AGENT;
    if (IS_ONE_OF(role, bots)) return FL_SIDE_BOT;
    return IS_ONE_OF(role, systems) ? FL_SIDE_SYSTEM : FL_SIDE_UNKNOWN;
}

static const struct {
    const char *word;
    uint8_t length, side;
} kinds[FL_LOG_KINDS_COUNT] = {
#define FL_LOG_KIND_WORD(name, text) [FL_LOG_##name] = { text, sizeof(text) - 1, FL_SIDE_SYSTEM },
    FL_LOG_KINDS(FL_LOG_KIND_WORD)
#undef FL_LOG_KIND_WORD
};

static enum fl_side side_of_kind(enum fl_log_kind kind)
{
    switch (kind) {
    case FL_LOG_BUYER_MESSAGE:
    case FL_LOG_ABANDONED:
    case FL_LOG_ABANDONED_SILENT: return FL_SIDE_BUYER;
    case FL_LOG_AGENT_REPLY:
    case FL_LOG_AGENT_EXTRA: return FL_SIDE_AGENT;
    case FL_LOG_BOT_REPLY: return FL_SIDE_BOT;
    default: return FL_SIDE_SYSTEM;
    }
}

static bool read_kind(struct fl_bytes word, struct fl_logged *message)
{
    for (uint32_t k = 0; k < FL_LOG_KINDS_COUNT; k++) {
        if (kinds[k].length != word.count || memcmp(kinds[k].word, word.at, word.count) != 0) continue;
        message->kind = (uint8_t)k;
        message->side = (uint8_t)side_of_kind((enum fl_log_kind)k);
        return true;
    }
    return false;
}

static bool same_bytes(struct fl_bytes a, struct fl_bytes b)
{
    return a.count == b.count && memcmp(a.at, b.at, a.count) == 0;
}

/* By its kind, by the role of who wrote it, or by whose name that is. */
static bool read_side(const struct fields *fields, struct fl_logged *message)
{
    static const uint8_t kind_of_side[] = { [FL_SIDE_BUYER] = FL_LOG_BUYER_MESSAGE, [FL_SIDE_AGENT] = FL_LOG_AGENT_REPLY,
                                            [FL_SIDE_BOT] = FL_LOG_BOT_REPLY, [FL_SIDE_SYSTEM] = FL_LOG_GREETING };
    if (fields->given[FL_COLUMN_KIND]) return read_kind(fields->of[FL_COLUMN_KIND], message);
    if (fields->given[FL_COLUMN_ROLE]) {
        message->side = (uint8_t)side_of_role(fields->of[FL_COLUMN_ROLE]);
    } else if (fields->given[FL_COLUMN_SPEAKER] && fields->given[FL_COLUMN_BUYER]) {
        const bool hers = same_bytes(fields->of[FL_COLUMN_SPEAKER], fields->of[FL_COLUMN_BUYER]);
        message->side = hers ? FL_SIDE_BUYER : FL_SIDE_AGENT;
    }
    message->kind = kind_of_side[message->side];
    return message->side != FL_SIDE_UNKNOWN;
}

/* ---- UTF-8 ---------------------------------------------------------------------------------------- */

/* Bytes of the well-formed sequence that begins here, 0: none (Unicode 15, table 3-7). */
static uint32_t sequence(const unsigned char *s, size_t left)
{
    if (s[0] < 0x80) return 1;
    if (s[0] < 0xC2 || s[0] > 0xF4) return 0;
    const uint32_t length = s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
    if (left < length) return 0;
    const unsigned char least = s[0] == 0xE0 ? 0xA0 : s[0] == 0xF0 ? 0x90 : 0x80;
    const unsigned char most = s[0] == 0xED ? 0x9F : s[0] == 0xF4 ? 0x8F : 0xBF;
    if (s[1] < least || s[1] > most) return 0;
    for (uint32_t i = 2; i < length; i++)
        if ((s[i] & 0xC0) != 0x80) return 0;
    return length;
}

static bool is_utf8(const char *text, size_t length)
{
    const unsigned char *at = (const unsigned char *)text, *const end = at + length;
    while (at < end) {
        uint64_t eight;
        if (end - at >= 8 && (memcpy(&eight, at, 8), (eight & UINT64_C(0x8080808080808080)) == 0)) {
            at += 8;
            continue;
        }
        const uint32_t n = sequence(at, (size_t)(end - at));
        if (n == 0) return false;
        at += n;
    }
    return true;
}

/* Characters of a text: its bytes but for those that continue one. An escape of JSON counts as one character, a surrogate pair as two
 * (as in the editor that typed it). */
static uint32_t characters(struct fl_bytes text, bool csv)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < text.count; i++) {
        n += (text.at[i] & 0xC0) != 0x80;
        if (csv) i += text.at[i] == '"';
        else if (text.at[i] == '\\') i += i + 1 < text.count && text.at[i + 1] == 'u' ? 5 : 1;
    }
    return n;
}

static uint32_t read_chars(const struct fl_log_reader *reader, const struct fields *fields)
{
    if (!fields->given[FL_COLUMN_CHARS]) return characters(fields->of[FL_COLUMN_TEXT], reader->csv);
    const struct fl_bytes number = fields->of[FL_COLUMN_CHARS];
    const char *at = number.at;
    uint32_t chars;
    return digits(&at, number.at + number.count, 9, &chars) ? chars : 0;
}

static uint64_t hash_of(struct fl_bytes value)
{
    const uint64_t hash = XXH3_64bits(value.at, value.count);
    return hash != 0 ? hash : 1;
}

/* ---- A line --------------------------------------------------------------------------------------- */

enum fl_line_fault fl_log_read(struct fl_log_reader *reader, const char *line, size_t length, struct fl_logged *message)
{
    struct fields fields;
    memset(fields.given, 0, sizeof fields.given);
    fields.of[FL_COLUMN_TEXT] = fields.of[FL_COLUMN_AGENT] = fields.of[FL_COLUMN_INTENT] = fields.of[FL_COLUMN_CLASS] = (struct fl_bytes){ line, 0 };
    fields.of[FL_COLUMN_TIME] = fields.of[FL_COLUMN_CLOCK] = (struct fl_bytes){ line, 0 };
    if (!is_utf8(line, length)) return FL_LINE_UTF8;
    if (reader->csv) {
        const enum fl_line_fault fault = csv_fields(reader, line, line + length, &fields);
        if (fault != FL_LINE_READ) return fault;
    } else if (!json_fields(reader, line, line + length, &fields)) {
        return FL_LINE_SYNTAX;
    }
    *message = (struct fl_logged){ .zone_min = FL_NO_ZONE, .line = XXH3_64bits(line, length) };
    if (!read_time(reader, &fields, message)) return FL_LINE_TIME;
    if (fields.given[FL_COLUMN_BUYER]) message->buyer = hash_of(fields.of[FL_COLUMN_BUYER]);
    if (fields.given[FL_COLUMN_CONVERSATION]) message->conversation = hash_of(fields.of[FL_COLUMN_CONVERSATION]);
    if (message->conversation == 0 && message->buyer == 0) return FL_LINE_CONVERSATION;
    if (!read_side(&fields, message)) return FL_LINE_SIDE;
    message->agent = fields.of[FL_COLUMN_AGENT];
    if (message->agent.count == 0 && message->side == FL_SIDE_AGENT && fields.given[FL_COLUMN_SPEAKER]) message->agent = fields.of[FL_COLUMN_SPEAKER];
    message->intent = fields.of[FL_COLUMN_INTENT];
    message->class = fields.of[FL_COLUMN_CLASS];
    message->chars = read_chars(reader, &fields);
    return FL_LINE_READ;
}
