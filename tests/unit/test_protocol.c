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
