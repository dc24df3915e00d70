/* Lines of the chat log, written by hand: a general JSON writer would cost more than the text it writes. Runs of
 * ordinary bytes are found eight at a time and copied whole. */
#include "record/chatlog.h"

#include "record/utterance.h"
#include "routing/view.h"

#include <string.h>

struct line {
    char *at;           /* borrowed */
    size_t size, bytes; /* bytes counts on beyond size */
};

static inline void put(struct line *line, const char *bytes, size_t n)
{
    if (line->bytes + n <= line->size) memcpy(line->at + line->bytes, bytes, n);
    line->bytes += n;
}

#define PUT(line, literal) put((line), (literal), sizeof(literal) - 1)

/* ---- Numbers and time, into a buffer that has room --------------------------------------------- */

static const char two_digits[201] =
    "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849"
    "5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";

static char *write_number(char *at, uint64_t number)
{
    char digits[20];
    uint32_t n = sizeof digits;
    while (number >= 100) {
        n -= 2;
        memcpy(digits + n, two_digits + 2 * (number % 100), 2);
        number /= 100;
    }
    if (number >= 10) {
        n -= 2;
        memcpy(digits + n, two_digits + 2 * number, 2);
    } else {
        digits[--n] = (char)('0' + number);
    }
    memcpy(at, digits + n, sizeof digits - n);
    return at + sizeof digits - n;
}

static char *write_two(char *at, uint32_t number)
{
    memcpy(at, two_digits + 2 * number, 2);
    return at + 2;
}

static char *write_seconds(char *at, fl_time t)
{
    const uint64_t ns = t < 0 ? -(uint64_t)t : (uint64_t)t;
    if (t < 0) *at++ = '-';
    at = write_number(at, ns / FL_SECOND);
    uint32_t fraction = (uint32_t)(ns % FL_SECOND);
    if (fraction == 0) return at;
    *at++ = '.';
    char digits[9];
    for (uint32_t i = 9; i > 0; i--, fraction /= 10) digits[i - 1] = (char)('0' + fraction % 10);
    uint32_t n = 9;
    while (digits[n - 1] == '0') n--;
    memcpy(at, digits, n);
    return at + n;
}

/* Days since 1970-01-01 to year, month, day of the Gregorian calendar, counting years from March so that the leap day
 * is the last of its year, and eras of 400 years, which are all alike (146 097 days). */
static void date_of(int64_t days, int64_t *year, uint32_t *month, uint32_t *day)
{
    days += 719468; /* from 0000-03-01 */
    const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    const uint32_t day_of_era = (uint32_t)(days - era * 146097);
    const uint32_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const uint32_t march_month = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * march_month + 2) / 5 + 1;
    *month = march_month < 10 ? march_month + 3 : march_month - 9;
    *year = (int64_t)year_of_era + era * 400 + (*month <= 2);
}

static char *write_instant(char *at, int64_t start_s, fl_time t)
{
    const int64_t since_s = t >= 0 ? t / FL_SECOND : -((FL_SECOND - 1 - t) / FL_SECOND);
    const uint32_t ms = (uint32_t)((t - since_s * FL_SECOND) / FL_MILLISECOND);
    const int64_t local_s = start_s + since_s;
    const int64_t days = (local_s >= 0 ? local_s : local_s - 86399) / 86400;
    const uint32_t second = (uint32_t)(local_s - days * 86400);
    int64_t year;
    uint32_t month, day;
    date_of(days, &year, &month, &day);
    FL_ASSERT(year >= 0 && year <= 9999); /* what the scenario reader takes, and ten years */
    at = write_two(at, (uint32_t)year / 100);
    at = write_two(at, (uint32_t)year % 100);
    *at++ = '-';
    at = write_two(at, month);
    *at++ = '-';
    at = write_two(at, day);
    *at++ = 'T';
    at = write_two(at, second / 3600);
    *at++ = ':';
    at = write_two(at, second / 60 % 60);
    *at++ = ':';
    at = write_two(at, second % 60);
    *at++ = '.';
    *at++ = (char)('0' + ms / 100);
    return write_two(at, ms % 100);
}

static char *write_hash(char *at, uint64_t hash)
{
    for (uint32_t i = 0; i < 16; i++) at[i] = "0123456789abcdef"[hash >> (60 - 4 * i) & 15];
    return at + 16;
}

/* ---- Escaping --------------------------------------------------------------------------------- */

/* The upper bit of each byte that equals the one repeated in `pattern`, and perhaps of some after it; exact for the
 * lowest, which is all that is used. The zero byte of x ^ pattern is found by the borrow it causes. */
static inline uint64_t marks_equal(uint64_t x, uint64_t pattern)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = UINT64_C(0x8080808080808080);
    const uint64_t y = x ^ pattern;
    return (y - ones) & ~y & tops;
}

static inline bool needs_json_escape(unsigned char byte)
{
    return byte < 0x20 || byte == '"' || byte == '\\';
}

/* Length of the run of bytes that stand for themselves in a JSON string. */
static size_t json_plain_run(const char *text, size_t n)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = UINT64_C(0x8080808080808080);
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        uint64_t x;
        memcpy(&x, text + i, 8);
        const uint64_t control = (x - 0x20 * ones) & ~x & tops;
        if ((control | marks_equal(x, '"' * ones) | marks_equal(x, '\\' * ones)) != 0) break;
    }
    while (i < n && !needs_json_escape((unsigned char)text[i])) i++;
    return i;
}

static void put_json_escape(struct line *line, unsigned char byte)
{
    char escape[6] = { '\\', 'u', '0', '0', "0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15] };
    static const char *const letters = "\"\"\\\\\nn\rr\tt\bb\ff";
    for (const char *pair = letters; *pair != '\0'; pair += 2) {
        if ((unsigned char)pair[0] != byte) continue;
        escape[1] = pair[1];
        put(line, escape, 2);
        return;
    }
    put(line, escape, 6);
}

/* Text that is known to be well formed. */
static void put_json_text(struct line *line, const char *text, size_t n)
{
    while (n > 0) {
        const size_t run = json_plain_run(text, n);
        put(line, text, run);
        if (run == n) return;
        put_json_escape(line, (unsigned char)text[run]);
        text += run + 1;
        n -= run + 1;
    }
}

/* Bytes of the well-formed UTF-8 sequence that begins here, 0 when there is none (Unicode 15, table 3-7). A terminator
 * ends every sequence too early, so the text is never read beyond it. */
static inline uint32_t utf8_sequence(const char *text)
{
    const unsigned char *const s = (const unsigned char *)text;
    if (s[0] < 0x80) return 1;
    if (s[0] < 0xC2 || s[0] > 0xF4) return 0;
    const unsigned char least = s[0] == 0xE0 ? 0xA0 : s[0] == 0xF0 ? 0x90 : 0x80;
    const unsigned char most = s[0] == 0xED ? 0x9F : s[0] == 0xF4 ? 0x8F : 0xBF;
    if (s[1] < least || s[1] > most) return 0;
    const uint32_t length = s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
    for (uint32_t i = 2; i < length; i++)
        if ((s[i] & 0xC0) != 0x80) return 0;
    return length;
}

#define REPLACEMENT "\xEF\xBF\xBD"

/* A name comes from outside: checked character for character, and copied in runs. */
static void put_json_name(struct line *line, const char *name)
{
    const char *run = name;
    for (;;) {
        const unsigned char byte = (unsigned char)*name;
        const uint32_t length = utf8_sequence(name);
        if (length != 0 && !needs_json_escape(byte)) {
            name += length;
            continue;
        }
        put(line, run, (size_t)(name - run)); /* the terminator ends a run as any control character does */
        if (byte == '\0') return;
        if (length == 0)
            PUT(line, REPLACEMENT);
        else
            put_json_escape(line, byte);
        run = ++name;
    }
}

static bool needs_csv_quotes(const char *text, size_t n)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        uint64_t x;
        memcpy(&x, text + i, 8);
        if ((marks_equal(x, ',' * ones) | marks_equal(x, '"' * ones) | marks_equal(x, '\n' * ones) |
             marks_equal(x, '\r' * ones)) != 0)
            return true;
    }
    for (; i < n; i++)
        if (text[i] == ',' || text[i] == '"' || text[i] == '\n' || text[i] == '\r') return true;
    return false;
}

static void put_csv_text(struct line *line, const char *text, size_t n)
{
    if (!needs_csv_quotes(text, n)) {
        put(line, text, n);
        return;
    }
    PUT(line, "\"");
    while (n > 0) {
        const char *const quote = memchr(text, '"', n);
        const size_t run = quote == NULL ? n : (size_t)(quote - text) + 1; /* the quote is put, then put again */
        put(line, text, run);
        if (quote != NULL) PUT(line, "\"");
        text += run;
        n -= run;
    }
    PUT(line, "\"");
}

static void put_csv_name(struct line *line, const char *name)
{
    const bool quoted = needs_csv_quotes(name, strlen(name));
    if (quoted) PUT(line, "\"");
    const char *run = name;
    for (;;) {
        const char byte = *name;
        const uint32_t length = utf8_sequence(name);
        if (length != 0 && byte != '"' && byte != '\0') {
            name += length;
            continue;
        }
        put(line, run, (size_t)(name - run));
        if (byte == '\0') break;
        if (length == 0)
            PUT(line, REPLACEMENT);
        else
            PUT(line, "\"\"");
        run = ++name;
    }
    if (quoted) PUT(line, "\"");
}

/* ---- Lines ------------------------------------------------------------------------------------ */

const char *fl_log_kind_name(enum fl_log_kind kind)
{
#define FL_LOG_KIND_TEXT(name, text) [FL_LOG_##name] = text,
    static const char *const names[] = { FL_LOG_KINDS(FL_LOG_KIND_TEXT) };
#undef FL_LOG_KIND_TEXT
    return (uint32_t)kind < FL_LOG_KINDS_COUNT ? names[kind] : NULL;
}

static const char *kind_of(const struct fl_log_event *event)
{
    const char *const name = fl_log_kind_name((enum fl_log_kind)event->kind);
    FL_ASSERT(name != NULL);
    return name;
}

size_t fl_chatlog_json(const struct fl_scenario *scenario, const char *const agent_names[],
                       const struct fl_log_event *event, char *line, size_t size)
{
    char text[FL_UTTERANCE_BYTES];
    uint32_t chars;
    const size_t text_bytes = fl_utterance(scenario, event, text, &chars);
    const char *const kind = kind_of(event);
    struct line out = { .at = line, .size = size };

    char head[192], *at = head; /* the longest instant, two numbers and a hash, with their keys, are below 150 bytes */
#define WRITE(literal) (memcpy(at, literal, sizeof(literal) - 1), at += sizeof(literal) - 1)
    WRITE("{\"t\":\"");
    at = write_instant(at, scenario->start_s, event->at);
    WRITE("\",\"at_s\":");
    at = write_seconds(at, event->at);
    WRITE(",\"chat\":");
    at = write_number(at, event->chat_id);
    WRITE(",\"buyer\":\"");
    at = write_hash(at, event->buyer_id);
    WRITE("\",\"agent\":");
    put(&out, head, (size_t)(at - head));
    if (event->agent == FL_NO_AGENT) {
        PUT(&out, "null");
    } else {
        PUT(&out, "\"");
        put_json_name(&out, agent_names[event->agent]);
        PUT(&out, "\"");
    }
    PUT(&out, ",\"kind\":\"");
    put(&out, kind, strlen(kind));
    PUT(&out, "\",\"intent\":\"");
    put_json_name(&out, scenario->buyers.intents[event->intent].name);
    PUT(&out, "\",\"class\":\"");
    put_json_name(&out, scenario->buyers.classes[event->buyer_class].name);
    at = head;
    WRITE("\",\"round\":");
    at = write_number(at, event->round);
    WRITE(",\"chars\":");
    at = write_number(at, chars);
    WRITE(",\"text\":\"");
    put(&out, head, (size_t)(at - head));
    put_json_text(&out, text, text_bytes);
    PUT(&out, "\"}\n");
    return out.bytes;
}

size_t fl_chatlog_csv_header(char *line, size_t size)
{
    struct line out = { .at = line, .size = size };
    PUT(&out, "t,at_s,chat,buyer,agent,kind,intent,class,round,chars,text\r\n");
    return out.bytes;
}

size_t fl_chatlog_csv(const struct fl_scenario *scenario, const char *const agent_names[],
                      const struct fl_log_event *event, char *line, size_t size)
{
    char text[FL_UTTERANCE_BYTES];
    uint32_t chars;
    const size_t text_bytes = fl_utterance(scenario, event, text, &chars);
    const char *const kind = kind_of(event);
    struct line out = { .at = line, .size = size };

    char head[192], *at = head;
    at = write_instant(at, scenario->start_s, event->at);
    *at++ = ',';
    at = write_seconds(at, event->at);
    *at++ = ',';
    at = write_number(at, event->chat_id);
    *at++ = ',';
    at = write_hash(at, event->buyer_id);
    *at++ = ',';
    put(&out, head, (size_t)(at - head));
    if (event->agent != FL_NO_AGENT) put_csv_name(&out, agent_names[event->agent]);
    PUT(&out, ",");
    put(&out, kind, strlen(kind));
    PUT(&out, ",");
    put_csv_name(&out, scenario->buyers.intents[event->intent].name);
    PUT(&out, ",");
    put_csv_name(&out, scenario->buyers.classes[event->buyer_class].name);
    at = head;
    *at++ = ',';
    at = write_number(at, event->round);
    *at++ = ',';
    at = write_number(at, chars);
    *at++ = ',';
    put(&out, head, (size_t)(at - head));
    put_csv_text(&out, text, text_bytes);
    PUT(&out, "\r\n");
    return out.bytes;
}
#undef WRITE
