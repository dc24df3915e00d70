/* Lines of message logs as they are read, and as they are refused. */
#include "fit/message.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct fl_log_reader reader_of(const char *preset, const char *first)
{
    struct fl_log_reader reader;
    const char *missing = NULL;
    cr_assert_eq(fl_log_reader_start(preset, &reader), FL_OK);
    cr_assert_eq(fl_log_reader_begin(&reader, first, strlen(first), &missing), FL_OK, "missing %s", missing != NULL ? missing : "nothing");
    return reader;
}

static enum fl_line_fault take(struct fl_log_reader *reader, const char *line, struct fl_logged *message)
{
    return fl_log_read(reader, line, strlen(line), message);
}

#define DAY_S INT64_C(20616) /* 2026-06-12: days since 1970 */

Test(fit_message, own_log_as_json_gives_every_column)
{
    struct fl_log_reader reader = reader_of(NULL, "{");
    struct fl_logged message;

    const enum fl_line_fault fault = take(&reader, "{\"t\":\"2026-06-12T01:02:03.250\",\"at_s\":3.25,\"chat\":17,\"buyer\":\"00c0\",\"agent\":\"小美\","
                                                   "\"kind\":\"agent_reply\",\"intent\":\"size\",\"class\":\"new\",\"round\":1,\"chars\":12,\"text\":\"a \\\"b\\\\\"}", &message);

    cr_assert_eq(fault, FL_LINE_READ);
    cr_expect_eq(message.at_ns, (DAY_S * 86400 + 3723) * FL_SECOND + 250 * FL_MILLISECOND);
    cr_expect_eq(message.kind, FL_LOG_AGENT_REPLY);
    cr_expect_eq(message.side, FL_SIDE_AGENT);
    cr_expect_eq(message.chars, 12);
    cr_expect_eq(message.resolution, FL_TIMES_MILLISECONDS);
    cr_expect(message.agent.count == strlen("小美") && memcmp(message.agent.at, "小美", message.agent.count) == 0);
    cr_expect(message.intent.count == 4 && message.class.count == 3);
}

Test(fit_message, chats_and_buyers_are_told_apart)
{
    static const char *const lines[] = { "c1,b1", "c1,b1", "c2,b1", "c1,b2", "c2,", ",b2" };
    struct fl_log_reader reader = reader_of(NULL, "time,role,conversation,buyer");
    struct fl_logged message[6];
    for (int i = 0; i < 6; i++) {
        char line[64];
        snprintf(line, sizeof line, "2026-06-12T00:10:00,buyer,%s", lines[i]);
        cr_assert_eq(take(&reader, line, &message[i]), FL_LINE_READ, "%s", line);
    }

    cr_expect(message[0].conversation == message[1].conversation && message[0].buyer == message[1].buyer && message[0].conversation != 0 && message[0].buyer != 0);
    cr_expect(message[2].conversation != message[0].conversation && message[2].buyer == message[0].buyer);
    cr_expect(message[3].conversation == message[0].conversation && message[3].buyer != message[0].buyer);
    cr_expect(message[4].conversation == message[2].conversation && message[4].buyer == 0);
    cr_expect(message[5].conversation == 0 && message[5].buyer == message[3].buyer);
}

Test(fit_message, json_takes_nulls_nested_values_and_keys_in_any_order)
{
    struct fl_log_reader reader = reader_of(NULL, "{");
    struct fl_logged message;

    cr_assert_eq(take(&reader, " { \"kind\" : \"assigned\", \"x\":{\"a\":[1,\"}\"]}, \"agent\":null, \"chat\":1, \"t\":\"2026-06-12 00:00:00\" } ", &message), FL_LINE_READ);

    cr_expect_eq(message.agent.count, 0);
    cr_expect_eq(message.kind, FL_LOG_ASSIGNED);
    cr_expect_eq(message.resolution, FL_TIMES_SECONDS);
}

Test(fit_message, csv_counts_characters_of_quoted_texts)
{
    struct fl_log_reader reader = reader_of("channel", "conversation,time,speaker,role,content");
    struct fl_logged message;

    cr_assert_eq(take(&reader, "c1,2026-06-12T00:10,u1,asker,\"有\"\"货\"\"吗,\n在?\"\r", &message), FL_LINE_READ);

    cr_expect_eq(message.chars, 9);
    cr_expect_eq(message.side, FL_SIDE_BUYER);
    cr_expect_eq(message.kind, FL_LOG_BUYER_MESSAGE);
    cr_expect_eq(message.resolution, FL_TIMES_MINUTES);
}

Test(fit_message, a_quoted_field_left_open_asks_for_the_next_line)
{
    const struct fl_log_reader reader = reader_of("channel", "conversation,time,speaker,role,content");

    cr_expect(fl_log_is_open(&reader, "c1,t,u1,asker,\"a", 16, false));
    cr_expect_not(fl_log_is_open(&reader, "c1,t,u1,asker,\"a\"\"\"", 19, false));
    cr_expect(fl_log_is_open(&reader, "b\"\",c", 6, true));
    cr_expect_not(fl_log_is_open(&reader, "b\",c", 4, true));
    cr_expect_not(fl_log_is_open(&reader, "c1,t,u1,asker,38\" wide", 22, false));
}

Test(fit_message, presets_read_their_exports)
{
    struct fl_log_reader qianniu = reader_of("qianniu", "发送时间,会话ID,买家昵称,客服昵称,发送方,消息内容"), jd = reader_of("jd", "消息时间\t会话编号\t顾客账号\t客服账号\t角色\t内容");
    struct fl_logged message;

    cr_expect_eq(take(&qianniu, "2026/6/12 9:05:01,s1,b,店铺:小美,客服,亲", &message), FL_LINE_READ);
    cr_expect_eq(message.side, FL_SIDE_AGENT);
    cr_expect_eq(message.at_ns, (DAY_S * 86400 + 9 * 3600 + 301) * FL_SECOND);
    cr_expect_eq(take(&jd, "2026-06-12 09:05:01\ts1\tb\ta\t机器人\t亲", &message), FL_LINE_READ);
    cr_expect_eq(message.side, FL_SIDE_BOT);
}

Test(fit_message, a_mapping_takes_the_place_of_names)
{
    struct fl_log_reader reader;
    const char *missing = NULL;
    char wrong[64];
    const char *const header = "when;who;conv;said_by";
    cr_assert_eq(fl_log_reader_start(NULL, &reader), FL_OK);

    cr_assert_eq(fl_log_reader_map(&reader, "time=when,conversation=conv,role=said_by", wrong), FL_OK);

    cr_assert_eq(fl_log_reader_begin(&reader, header, strlen(header), &missing), FL_OK);
    struct fl_logged message;
    cr_expect_eq(take(&reader, "1781226305;x;7;customer", &message), FL_LINE_READ);
    cr_expect_eq(message.at_ns, INT64_C(1781226305) * FL_SECOND);
    cr_expect_eq(fl_log_reader_map(&reader, "colour=blue", wrong), FL_EUNKNOWN);
    cr_expect_str_eq(wrong, "colour");
    cr_expect_eq(fl_log_reader_map(&reader, "time", wrong), FL_ESYNTAX);
}

Test(fit_message, a_header_without_what_is_needed_says_what)
{
    struct fl_log_reader reader;
    const char *missing = NULL;
    cr_assert_eq(fl_log_reader_start(NULL, &reader), FL_OK);

    cr_expect_eq(fl_log_reader_begin(&reader, "time,role", 9, &missing), FL_EMISSING);

    cr_expect_str_eq(missing, "conversation");
}

Test(fit_message, bad_lines_are_refused_for_their_reason)
{
    static const struct {
        const char *line;
        enum fl_line_fault fault;
    } cases[] = {
        { "c,2026-06-12T00:10,u,asker,3,4", FL_LINE_FIELDS },
        { "c,2026-06-12T00:10,u,asker", FL_LINE_FIELDS },
        { "c,2026-06-12T00:10,u,asker,\"3\"x", FL_LINE_SYNTAX },
        { "c,2026-06-12T24:10,u,asker,3", FL_LINE_TIME },
        { "c,2026-13-12T00:10,u,asker,3", FL_LINE_TIME },
        { "c,4052-06-12T00:10,u,asker,3", FL_LINE_TIME }, /* more nanoseconds than there is room for: found by fuzzing */
        { "c,yesterday,u,asker,3", FL_LINE_TIME },
        { "c,,u,asker,3", FL_LINE_TIME },
        { ",2026-06-12T00:10,u,asker,3", FL_LINE_CONVERSATION },
        { "c,2026-06-12T00:10,u,passer-by,3", FL_LINE_SIDE },
        { "c\xFF,2026-06-12T00:10,u,asker,3", FL_LINE_UTF8 },
        { "c\xE4\xBA,2026-06-12T00:10,u,asker,3", FL_LINE_UTF8 },
    };
    struct fl_log_reader reader = reader_of("channel", "conversation,time,speaker,role,chars");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fl_logged message;
        cr_expect_eq(take(&reader, cases[i].line, &message), cases[i].fault, "%s", cases[i].line);
    }
    struct fl_log_reader json = reader_of(NULL, "{");
    struct fl_logged message;
    static const char *const broken[] = { "", "{", "{\"t\"", "{\"t\":", "{\"t\":\"2026", "{\"t\":1,}", "{\"t\":1}x", "[1]", "{\"t\":{\"a\":1}", "{\"t\":\"\\\"}" };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        cr_expect_eq(take(&json, broken[i], &message), FL_LINE_SYNTAX, "%s", broken[i]);
}
