#include "engine/protocol.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* Scans a copy of exactly the line's size and keeps the status. */
static enum fl_status scan_bytes(const char *bytes, size_t length, struct fl_message *message)
{
    static char line[FL_PROTOCOL_LINE_MAX];
    memcpy(line, bytes, length);
    return fl_message_scan(line, length, message);
}

static enum fl_status scan(const char *line, struct fl_message *message)
{
    return scan_bytes(line, strlen(line), message);
}

Test(protocol, a_line_is_scanned_into_its_members)
{
    struct fl_message message;

    const enum fl_status status = scan(" { \"t\" : \"assign\", \"chat\":17,\"agent\":-3 ,\"x\":null,\"y\":true,\"z\":1.5e3} \r", &message);

    cr_assert_eq(status, FL_OK, "%s", message.problem);
    cr_expect_eq(message.count, 6);
    cr_expect(fl_field_is(fl_message_find(&message, "t"), "assign"));
    cr_expect_eq(fl_message_find(&message, "chat")->integer, 17);
    cr_expect_eq(fl_message_find(&message, "agent")->integer, -3);
    cr_expect_eq(fl_message_find(&message, "x")->kind, FL_FIELD_NULL);
    cr_expect_eq(fl_message_find(&message, "y")->kind, FL_FIELD_TRUE);
    cr_expect_eq(fl_message_find(&message, "z")->kind, FL_FIELD_REAL);
    cr_expect_null(fl_message_find(&message, "absent"));
}

Test(protocol, escapes_are_resolved)
{
    struct fl_message message;

    cr_assert_eq(scan("{\"a\\u0062\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u5c0f\\ud83d\\ude00\"}", &message), FL_OK, "%s", message.problem);

    cr_expect(fl_field_is(fl_message_find(&message, "ab"), "\"\\/\b\f\n\r\t\xe5\xb0\x8f\xf0\x9f\x98\x80"));
}

Test(protocol, whole_numbers_are_exact_to_63_bits)
{
    struct fl_message message;

    cr_assert_eq(scan("{\"a\":9223372036854775807,\"b\":9223372036854775808,\"c\":-9223372036854775807,\"d\":0}", &message), FL_OK);

    cr_expect_eq(message.fields[0].integer, INT64_MAX);
    cr_expect_eq(message.fields[1].kind, FL_FIELD_REAL);
    cr_expect_eq(message.fields[2].integer, -INT64_MAX);
    cr_expect_eq(message.fields[3].kind, FL_FIELD_INTEGER);
}

/* Numbers are read eight digits at a time: every length, at the end of the line and before more of it. */
Test(protocol, a_number_of_any_length_is_read)
{
    char line[96], digits[24] = "";
    struct fl_message message;
    int64_t value = 0;
    for (int length = 1; length <= 18; length++) {
        const int digit = length % 10 == 0 ? 7 : length % 10;
        digits[length - 1] = (char)('0' + digit);
        value = value * 10 + digit;

        snprintf(line, sizeof line, "{\"a\":%s,\"behind it\":\"something\",\"b\":-%s}", digits, digits);
        cr_assert_eq(scan(line, &message), FL_OK, "%s: %s", line, message.problem);

        cr_expect_eq(fl_message_find(&message, "a")->integer, value, "%s", line);
        cr_expect_eq(fl_message_find(&message, "b")->integer, -value, "%s", line);
    }
    cr_assert_eq(scan("{\"a\":12345678901234567890123,\"b\":1234567.5,\"c\":12345678e1}", &message), FL_OK);
    for (uint32_t i = 0; i < 3; i++) cr_expect_eq(message.fields[i].kind, FL_FIELD_REAL);
}

/* Strings are scanned eight bytes at a time: what ends or bends one may stand anywhere among them. */
Test(protocol, what_bends_a_string_is_seen_at_every_place)
{
    char line[96], wanted[64];
    struct fl_message message;
    for (int before = 0; before < 20; before++) {
        snprintf(line, sizeof line, "{\"k\":\"%.*s\\n\xe5\xb0\x8f%.*s\"}", before, "abcdefghijklmnopqrst", 19 - before, "ABCDEFGHIJKLMNOPQRST");
        snprintf(wanted, sizeof wanted, "%.*s\n\xe5\xb0\x8f%.*s", before, "abcdefghijklmnopqrst", 19 - before, "ABCDEFGHIJKLMNOPQRST");
        cr_assert_eq(scan(line, &message), FL_OK, "%s: %s", line, message.problem);
        cr_expect(fl_field_is(fl_message_find(&message, "k"), wanted), "%s", line);

        line[6 + before] = '\x1f'; /* instead of the escape */
        cr_expect_eq(scan(line, &message), FL_ESYNTAX, "a control character behind %d bytes", before);
        line[6 + before] = '\xff';
        cr_expect_eq(scan(line, &message), FL_ESYNTAX, "no UTF-8 behind %d bytes", before);
    }
}

/* As do those of one length whose first and last bytes are the same. */
Test(protocol, keys_that_share_a_bucket_are_told_apart)
{
    char line[1024] = "{";
    char key[8];
    size_t length = 1;
    struct fl_message message;
    for (int i = 0; i < (int)FL_PROTOCOL_FIELDS_MAX; i++)
        length += (size_t)snprintf(line + length, sizeof line - length, "%s\"k%c%cx\":%d", i > 0 ? "," : "", 'a' + i / 6, 'a' + i % 6, i);
    snprintf(line + length, sizeof line - length, "}");

    cr_assert_eq(scan(line, &message), FL_OK, "%s", message.problem);

    for (int i = 0; i < (int)FL_PROTOCOL_FIELDS_MAX; i++) {
        snprintf(key, sizeof key, "k%c%cx", 'a' + i / 6, 'a' + i % 6);
        cr_assert_not_null(fl_message_find(&message, key), "%s", key);
        cr_expect_eq(fl_message_find(&message, key)->integer, i);
    }
    cr_expect_null(fl_message_find(&message, "kzzx"));
    cr_expect_eq(scan("{\"kaax\":1,\"kabx\":2,\"kaax\":3}", &message), FL_EDUPLICATE);
}

Test(protocol, what_is_no_flat_object_is_refused_with_its_place)
{
    static const struct {
        const char *line, *problem;
        enum fl_status status;
    } cases[] = {
        { "", "byte 1: wanted a JSON object", FL_ESYNTAX },
        { "[1]", "byte 1: wanted a JSON object", FL_ESYNTAX },
        { "{\"a\":1", "byte 7: wanted ',' or '}'", FL_ESYNTAX },
        { "{\"a\":1,}", "byte 8: wanted a key", FL_ESYNTAX },
        { "{\"a\" 1}", "byte 6: wanted ':'", FL_ESYNTAX },
        { "{\"a\":01}", "byte 8: a leading zero", FL_ESYNTAX },
        { "{\"a\":-}", "byte 7: wanted a digit", FL_ESYNTAX },
        { "{\"a\":1.}", "byte 8: wanted a digit behind the point", FL_ESYNTAX },
        { "{\"a\":1e}", "byte 8: wanted a digit in the exponent", FL_ESYNTAX },
        { "{\"a\":nul}", "byte 6: wanted a value", FL_ESYNTAX },
        { "{\"a\":\"x}", "byte 9: a string without its end", FL_ESYNTAX },
        { "{\"a\":\"\\x\"}", "byte 7: no escape of JSON", FL_ESYNTAX },
        { "{\"a\":\"\\u00\"}", "byte 7: no escape of JSON", FL_ESYNTAX },
        { "{\"a\":\"\\u0000\"}", "byte 7: a NUL in a string", FL_ESYNTAX },
        { "{\"a\":\"\\ud800\"}", "byte 7: half a surrogate pair", FL_ESYNTAX },
        { "{\"a\":\"\\udc00\"}", "byte 7: half a surrogate pair", FL_ESYNTAX },
        { "{\"a\":\"\t\"}", "byte 7: a control character in a string", FL_ESYNTAX },
        { "{\"a\":\"\xc0\x80\"}", "byte 7: not UTF-8", FL_ESYNTAX },
        { "{\"a\":\"\xed\xa0\x80\"}", "byte 7: not UTF-8", FL_ESYNTAX },
        { "{\"a\":\"\xe5\xb0\"}", "byte 7: not UTF-8", FL_ESYNTAX },
        { "{\"a\":1} {}", "byte 9: wanted nothing behind the object", FL_ESYNTAX },
        { "{\"a\":1,\"\\u0061\":2}", "byte 16: a key that stands twice", FL_EDUPLICATE },
        { "{\"a\":{}}", NULL, FL_ETYPE },
        { "{\"a\":[]}", NULL, FL_ETYPE },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fl_message message;
        cr_expect_eq(scan(cases[i].line, &message), cases[i].status, "%s", cases[i].line);
        if (cases[i].problem != NULL) cr_expect_str_eq(message.problem, cases[i].problem, "%s: %s", cases[i].line, message.problem);
    }
}

Test(protocol, a_nul_byte_is_refused_wherever_it_stands)
{
    const char line[] = "{\"t\":\"ack\",\"n\":1}";
    for (size_t at = 0; at <= sizeof line - 1; at++) {
        char with_nul[sizeof line];
        struct fl_message message;
        memcpy(with_nul, line, at);
        with_nul[at] = '\0';
        memcpy(with_nul + at + 1, line + at, sizeof line - 1 - at);
        cr_expect_neq(scan_bytes(with_nul, sizeof line, &message), FL_OK, "at %zu", at);
    }
}

Test(protocol, members_beyond_the_limit_are_refused)
{
    char line[1024] = "{";
    struct fl_message message;
    for (int i = 0; i < 32; i++) snprintf(line + strlen(line), sizeof line - strlen(line), "%s\"k%d\":%d", i > 0 ? "," : "", i, i);
    const size_t length = strlen(line);

    snprintf(line + length, sizeof line - length, "}");
    cr_expect_eq(scan(line, &message), FL_OK);
    snprintf(line + length, sizeof line - length, ",\"more\":1}");
    cr_expect_eq(scan(line, &message), FL_EFULL);
}

Test(protocol, what_is_written_is_scanned_as_it_was)
{
    const char *const text = "\x01 \"quoted\" \\ back\nline \xe5\xb0\x8f\xe7\xbe\x8e";
    struct fl_lines lines = { 0 };
    struct fl_message message;
    fl_lines_open(&lines, "chat");
    fl_lines_integer(&lines, "least", INT64_MIN + 1);
    fl_lines_integer(&lines, "most", INT64_MAX);
    fl_lines_integer(&lines, "none", 0);
    fl_lines_hex(&lines, "hex", UINT64_C(0x0123456789abcdef));
    fl_lines_boolean(&lines, "yes", true);
    fl_lines_text(&lines, "text", text);
    fl_lines_close(&lines);

    cr_assert_eq(fl_message_scan(lines.bytes, lines.length - 1, &message), FL_OK, "%s", message.problem);

    cr_expect_eq(fl_message_find(&message, "least")->integer, INT64_MIN + 1);
    cr_expect_eq(fl_message_find(&message, "most")->integer, INT64_MAX);
    cr_expect_eq(fl_message_find(&message, "none")->integer, 0);
    cr_expect(fl_field_is(fl_message_find(&message, "hex"), "0123456789abcdef"));
    cr_expect_eq(fl_message_find(&message, "yes")->kind, FL_FIELD_TRUE);
    cr_expect(fl_field_is(fl_message_find(&message, "text"), text));
    fl_lines_free(&lines);
}
