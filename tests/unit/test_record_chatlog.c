/* The lines of the chat log: JSON that a parser reads back, CSV by RFC 4180, and bytes that never change. */
#include "record/chatlog.h"

#include "core/draw.h"
#include "record/utterance.h"
#include "routing/view.h"

#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static const struct fl_intent intents[] = { { .name = "size", .phase = FL_PRE_SALE },
                                            { .name = "催发货", .phase = FL_IN_SALE },
                                            { .name = "refund", .phase = FL_AFTER_SALE },
                                            { .name = "my \"own\", intent", .phase = FL_PRE_SALE } };
static const struct fl_buyer_class classes[] = { { .name = "new" }, { .name = "difficult" }, { .name = "a\\b\tc" } };
static const char *const agents[] = { "小美", "O'Neil, \"Jo\"", "line\r\nfeed\x01", "bad \xFF\xC0\x80\xED\xA0\x80 utf8" };
/* 2026-06-17T18:00 */
static const struct fl_scenario scenario = { .start_s = 1781719200, .buyers = { .intents = intents, .intents_count = 4,
                                             .classes = classes, .classes_count = 3 } };

static struct fl_log_event event_of(uint64_t i)
{
    const uint64_t chat = i / 9, key = fl_mix(chat + 1);
    static const uint8_t kinds[9] = { FL_LOG_CHAT_OPENED, FL_LOG_BUYER_MESSAGE, FL_LOG_ASSIGNED, FL_LOG_GREETING,
                                      FL_LOG_AGENT_REPLY, FL_LOG_BUYER_MESSAGE, FL_LOG_AGENT_REPLY, FL_LOG_AGENT_EXTRA,
                                      FL_LOG_CLOSED };
    struct fl_log_event event = { .at = (fl_time)i * 123456789, .chat_id = chat, .buyer_id = key * 3, .key = key,
                                  .agent = i % 9 < 2 ? FL_NO_AGENT : (uint32_t)(chat % 4), .message_index = (uint32_t)(i % 9),
                                  .round = (uint32_t)(i % 9 / 3), .kind = kinds[i % 9], .intent = (uint8_t)(chat % 4),
                                  .buyer_class = (uint8_t)(chat % 3) };
    if (event.kind == FL_LOG_AGENT_REPLY) {
        event.chars = 1 + (uint32_t)(fl_draw(key, FL_DRAW_CHARS, event.round) % 50);
        event.flags = (uint8_t)(fl_draw(key, FL_DRAW_QUICK_PHRASE, event.round) % 16);
    }
    return event;
}

static const char *text_of(const cJSON *json, const char *key)
{
    const cJSON *const item = cJSON_GetObjectItemCaseSensitive(json, key);
    cr_assert(cJSON_IsString(item), "%s", key);
    return item->valuestring;
}

static double number_of(const cJSON *json, const char *key)
{
    const cJSON *const item = cJSON_GetObjectItemCaseSensitive(json, key);
    cr_assert(cJSON_IsNumber(item), "%s", key);
    return item->valuedouble;
}

Test(chatlog, json_lines_are_read_back_as_they_were_meant)
{
    char line[FL_CHATLOG_LINE], text[FL_UTTERANCE_BYTES + 1], buyer[17];
    for (uint64_t i = 0; i < 9000; i++) {
        const struct fl_log_event event = event_of(i);
        const size_t bytes = fl_chatlog_json(&scenario, agents, &event, line, sizeof line);
        cr_assert_leq(bytes, sizeof line);
        cr_assert_eq(line[bytes - 1], '\n');
        cr_assert_eq(memchr(line, '\n', bytes), &line[bytes - 1], "one line an event");
        const char *end = NULL;
        cJSON *const json = cJSON_ParseWithLengthOpts(line, bytes, &end, false);
        cr_assert_not_null(json, "%.*s", (int)bytes, line);
        cr_assert_eq(end, line + bytes - 1);
        uint32_t chars;
        text[fl_utterance(&scenario, &event, text, &chars)] = '\0';
        snprintf(buyer, sizeof buyer, "%016" PRIx64, event.buyer_id);
        cr_expect_eq(cJSON_GetArraySize(json), 11);
        cr_expect_str_eq(text_of(json, "text"), text);
        cr_expect_str_eq(text_of(json, "kind"), fl_log_kind_name((enum fl_log_kind)event.kind));
        cr_expect_str_eq(text_of(json, "intent"), intents[event.intent].name);
        cr_expect_str_eq(text_of(json, "class"), classes[event.buyer_class].name);
        cr_expect_str_eq(text_of(json, "buyer"), buyer);
        cr_expect_eq(number_of(json, "chat"), (double)event.chat_id);
        cr_expect_eq(number_of(json, "round"), event.round);
        cr_expect_eq(number_of(json, "chars"), chars);
        cr_expect_eq((fl_time)(number_of(json, "at_s") * 1e9 + 0.5), event.at, "exact to the nanosecond");
        const cJSON *const agent = cJSON_GetObjectItemCaseSensitive(json, "agent");
        if (event.agent == FL_NO_AGENT) cr_expect(cJSON_IsNull(agent));
        else if (event.agent < 3) cr_expect_str_eq(agent->valuestring, agents[event.agent]);
        else /* one replacement for each byte that begins no sequence */
            cr_expect_str_eq(agent->valuestring, "bad \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD utf8");
        cJSON_Delete(json);
    }
}

/* Reads one CSV record by RFC 4180 into fields; returns the bytes read. Fields are copied without their quotes. */
static size_t read_csv(const char *line, size_t n, char fields[][FL_UTTERANCE_BYTES + 1], uint32_t room, uint32_t *count)
{
    size_t i = 0;
    for (*count = 0; *count < room;) {
        char *to = fields[(*count)++];
        if (line[i] == '"') {
            for (i++; i < n; i++) {
                if (line[i] == '"' && (i + 1 == n || line[i + 1] != '"')) break;
                if (line[i] == '"') i++;
                *to++ = line[i];
            }
            i++;
        } else {
            for (; i < n && line[i] != ',' && line[i] != '\r'; i++) {
                cr_assert(line[i] != '"' && line[i] != '\n', "a bare quote or line feed");
                *to++ = line[i];
            }
        }
        *to = '\0';
        cr_assert_lt(i, n);
        if (line[i] == ',') { i++; continue; }
        cr_assert(line[i] == '\r' && line[i + 1] == '\n', "a record ends with CR LF");
        return i + 2;
    }
    cr_assert_fail("more fields than columns");
    return 0;
}

Test(chatlog, csv_lines_are_read_back_as_they_were_meant)
{
    char line[FL_CHATLOG_LINE], text[FL_UTTERANCE_BYTES + 1];
    static char fields[11][FL_UTTERANCE_BYTES + 1];
    uint32_t columns, line_feeds = 0;
    const size_t header = fl_chatlog_csv_header(line, sizeof line);
    cr_assert_eq(read_csv(line, header, fields, 11, &columns), header);
    cr_assert_eq(columns, 11);
    cr_expect_str_eq(fields[0], "t");
    cr_expect_str_eq(fields[10], "text");
    for (uint64_t i = 0; i < 9000; i++) {
        const struct fl_log_event event = event_of(i);
        const size_t bytes = fl_chatlog_csv(&scenario, agents, &event, line, sizeof line);
        cr_assert_leq(bytes, sizeof line);
        cr_assert_eq(read_csv(line, bytes, fields, 11, &columns), bytes);
        cr_assert_eq(columns, 11);
        uint32_t chars;
        text[fl_utterance(&scenario, &event, text, &chars)] = '\0';
        line_feeds += strchr(text, '\n') != NULL;
        cr_expect_str_eq(fields[10], text);
        cr_expect_eq(strtoul(fields[9], NULL, 10), chars);
        cr_expect_eq(strtoull(fields[3], NULL, 16), event.buyer_id);
        if (event.agent == FL_NO_AGENT) cr_expect_str_empty(fields[4]);
        else if (event.agent < 3) cr_expect_str_eq(fields[4], agents[event.agent]);
        cr_expect_str_eq(fields[6], intents[event.intent].name);
        cr_expect_str_eq(fields[7], classes[event.buyer_class].name);
    }
    cr_expect_gt(line_feeds, 0, "no text with a line feed was met");
}

Test(chatlog, a_line_too_long_for_its_room_says_its_length_and_writes_nothing_beyond)
{
    char whole[FL_CHATLOG_LINE], part[FL_CHATLOG_LINE];
    for (uint64_t i = 0; i < 18; i++) {
        const struct fl_log_event event = event_of(i);
        const size_t bytes = fl_chatlog_json(&scenario, agents, &event, whole, sizeof whole);
        const size_t csv_bytes = fl_chatlog_csv(&scenario, agents, &event, whole, sizeof whole);
        for (size_t size = 0; size < bytes; size++) {
            memset(part, '#', bytes + 8);
            cr_assert_eq(fl_chatlog_json(&scenario, agents, &event, part, size), bytes);
            for (size_t k = size; k < bytes + 8; k++) cr_assert_eq(part[k], '#');
            memset(part, '#', bytes + 8);
            cr_assert_eq(fl_chatlog_csv(&scenario, agents, &event, part, size), csv_bytes);
            for (size_t k = size; k < bytes + 8; k++) cr_assert(size >= csv_bytes || part[k] == '#');
        }
    }
    cr_expect_gt(fl_chatlog_csv_header(NULL, 0), 0);
}

Test(chatlog, the_longest_line_has_room)
{
    char line[FL_CHATLOG_LINE], name[1009];
    memset(name, '\x01', sizeof name - 1); /* six bytes each in JSON */
    name[sizeof name - 1] = '\0';
    const char *const one[] = { name };
    struct fl_log_event event = event_of(4);
    event.agent = 0;
    event.flags = 0;
    event.chars = UINT32_MAX;
    event.at = FL_TIME_LONGEST - 1;
    event.chat_id = (UINT64_C(1) << 53) - 1;
    cr_expect_leq(fl_chatlog_json(&scenario, one, &event, line, sizeof line), sizeof line);
}

static void expect_instant(int64_t start_s, fl_time at, const char *t, const char *at_s)
{
    char line[FL_CHATLOG_LINE], wanted[128];
    struct fl_scenario other = scenario;
    other.start_s = start_s;
    struct fl_log_event event = event_of(0);
    event.at = at;
    const size_t bytes = fl_chatlog_json(&other, agents, &event, line, sizeof line);
    snprintf(wanted, sizeof wanted, "{\"t\":\"%s\",\"at_s\":%s,", t, at_s);
    cr_expect_eq(strncmp(line, wanted, strlen(wanted)), 0, "wanted %s, got %.*s", wanted, (int)bytes, line);
}

Test(chatlog, instants_are_local_time_cut_to_milliseconds)
{
    expect_instant(1781719200, 0, "2026-06-17T18:00:00.000", "0");
    expect_instant(1781719200, 1, "2026-06-17T18:00:00.000", "0.000000001");
    expect_instant(1781719200, 2 * FL_HOUR + 250 * FL_MILLISECOND, "2026-06-17T20:00:00.250", "7200.25");
    expect_instant(1781719200, 6 * FL_HOUR - 1, "2026-06-17T23:59:59.999", "21599.999999999");
    expect_instant(1781719200, 6 * FL_HOUR, "2026-06-18T00:00:00.000", "21600");
    expect_instant(1781719200, -1, "2026-06-17T17:59:59.999", "-0.000000001");
    expect_instant(1781719200, -90 * FL_SECOND - 500 * FL_MILLISECOND, "2026-06-17T17:58:29.500", "-90.5");
    expect_instant(0, 0, "1970-01-01T00:00:00.000", "0");
    expect_instant(0, -FL_SECOND, "1969-12-31T23:59:59.000", "-1");
    expect_instant(951782400, 0, "2000-02-29T00:00:00.000", "0");
    expect_instant(951782400, FL_DAY, "2000-03-01T00:00:00.000", "86400");
    expect_instant(4107456000, 0, "2100-02-28T00:00:00.000", "0");
    expect_instant(4107456000, FL_DAY, "2100-03-01T00:00:00.000", "86400");
    expect_instant(1798761599, 999 * FL_MILLISECOND, "2026-12-31T23:59:59.999", "0.999");
}

Test(chatlog, every_kind_has_a_name_of_its_own)
{
    for (uint32_t i = 0; i < FL_LOG_KINDS_COUNT; i++)
        for (uint32_t j = 0; j < i; j++)
            cr_expect_str_neq(fl_log_kind_name((enum fl_log_kind)i), fl_log_kind_name((enum fl_log_kind)j));
    cr_expect_null(fl_log_kind_name(FL_LOG_KINDS_COUNT));
}

Test(chatlog, the_bytes_of_a_log_never_change)
{
    /* Golden: 18 000 events as JSON and as CSV. Changes with every phrase, and then the commit says so. */
    char line[FL_CHATLOG_LINE];
    XXH64_hash_t json = 0, csv = 0;
    for (uint64_t i = 0; i < 18000; i++) {
        const struct fl_log_event event = event_of(i);
        json = XXH3_64bits_withSeed(line, fl_chatlog_json(&scenario, agents, &event, line, sizeof line), json);
        csv = XXH3_64bits_withSeed(line, fl_chatlog_csv(&scenario, agents, &event, line, sizeof line), csv);
    }
    cr_expect_eq(json, UINT64_C(0x5AAA6EEE1536D52A), "json is 0x%016" PRIX64, (uint64_t)json);
    cr_expect_eq(csv, UINT64_C(0xE7EA57125A804D86), "csv is 0x%016" PRIX64, (uint64_t)csv);
}
