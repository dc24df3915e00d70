#include "engine/http_response.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OK "HTTP/1.1 200 OK\r\n"
#define LENGTH(n) "Content-Length: " #n "\r\n\r\n"
#define CHUNKED "Transfer-Encoding: chunked\r\n\r\n"

/* What came of some bytes, as text: each line in <>, each end as "." or, when the connection is not kept, as "!". */
static char told[4 * FL_PROTOCOL_LINE_MAX], problem[160];
static struct fl_http_response response;
static char room[FL_PROTOCOL_LINE_MAX];

static void start(void)
{
    memset(&response, 0, sizeof response);
    response.line = room;
    told[0] = problem[0] = '\0';
}

static void tell(enum fl_http_got got)
{
    const size_t length = strlen(told);
    if (got == FL_HTTP_LINE) snprintf(told + length, sizeof told - length, "<%.*s>", (int)response.line_length, response.line);
    if (got == FL_HTTP_END) snprintf(told + length, sizeof told - length, "%s", response.keeps ? "." : "!");
}

static bool feed(const char *bytes, size_t length)
{
    enum fl_http_got got;
    size_t used;
    do {
        if (fl_http_read(&response, bytes, length, &used, &got) != FL_OK) {
            snprintf(problem, sizeof problem, "%s", response.problem);
            return false;
        }
        tell(got);
        bytes += used;
        length -= used;
    } while (got != FL_HTTP_MORE);
    cr_assert_eq(length, 0, "%zu bytes were left", length);
    return true;
}

static bool finish(void)
{
    enum fl_http_got got;
    do {
        if (fl_http_read_end(&response, &got) != FL_OK) {
            snprintf(problem, sizeof problem, "%s", response.problem);
            return false;
        }
        tell(got);
    } while (got != FL_HTTP_MORE);
    return true;
}

/* Whatever the bytes are cut into gives the same; `end`: the connection ends behind them. */
static const char *answers_to(const char *bytes, size_t length, bool end)
{
    static char first[sizeof told];
    const size_t all = length > 0 ? length : 1;
    for (size_t cut = all; cut > 0; cut = cut > 64 ? 64 : cut / 2) {
        start();
        bool ok = true;
        for (size_t at = 0; at < length && ok; at += cut) ok = feed(bytes + at, length - at < cut ? length - at : cut);
        if (ok && end) ok = finish();
        if (!ok) snprintf(told + strlen(told), sizeof told - strlen(told), "#");
        if (cut == all) memcpy(first, told, strlen(told) + 1);
        else cr_assert_str_eq(told, first, "in pieces of %zu", cut);
    }
    return first;
}

#define EXPECT(bytes, wanted) cr_expect_str_eq(answers_to("" bytes, sizeof(bytes) - 1, false), wanted)
#define EXPECT_END(bytes, wanted) cr_expect_str_eq(answers_to("" bytes, sizeof(bytes) - 1, true), wanted)
#define REFUSED(bytes, sentence)                                                            \
    do {                                                                                    \
        const char *const refused_ = answers_to("" bytes, sizeof(bytes) - 1, true);         \
        cr_expect_eq(refused_[strlen(refused_) - 1], '#', "%s: %s", bytes, refused_);       \
        cr_expect_not_null(strstr(problem, sentence), "wanted %s, got %s", sentence, problem); \
    } while (0)

Test(http_response, lines_of_a_body_are_lines)
{
    EXPECT(OK LENGTH(16) "{\"a\":1}\n{\"b\":2}\n", "<{\"a\":1}><{\"b\":2}>.");
    EXPECT(OK LENGTH(15) "{\"a\":1}\n{\"b\":2}", "<{\"a\":1}><{\"b\":2}>.");
    EXPECT(OK LENGTH(18) "{\"a\":1}\r\n{\"b\":2}\r\n", "<{\"a\":1}><{\"b\":2}>.");
    EXPECT(OK LENGTH(10) "{} {}\n\n\n{}", "<{}><{}><{}>.");
}

Test(http_response, an_array_is_its_objects)
{
    EXPECT(OK LENGTH(17) "[{\"a\":1},{\"b\":2}]", "<{\"a\":1}><{\"b\":2}>.");
    EXPECT(OK LENGTH(24) " [ {\"a\":1} \n,\n {\"b\":2}]\n", "<{\"a\":1}><{\"b\":2}>.");
    EXPECT(OK LENGTH(2) "[]", ".");
}

Test(http_response, an_object_may_stand_over_lines_and_hold_brackets_in_texts)
{
    EXPECT(OK LENGTH(14) "{\n  \"a\":\r\n1\n}\n", "<{   \"a\":  1 }>.");
    EXPECT(OK LENGTH(24) "[{\"a\":\"}]{[\\\"\"},{\"b\":2}]", "<{\"a\":\"}]{[\\\"\"}><{\"b\":2}>.");
}

Test(http_response, an_empty_body_is_no_line)
{
    EXPECT(OK LENGTH(0), ".");
    EXPECT("HTTP/1.1 204 No Content\r\n\r\n", ".");
    EXPECT(OK LENGTH(3) " \r\n", ".");
    EXPECT(OK CHUNKED "0\r\n\r\n", ".");
    EXPECT("HTTP/1.1 202\r\n" LENGTH(0), ".");
}

Test(http_response, garbage_is_handed_out_up_to_its_line_end)
{
    EXPECT(OK LENGTH(27) "Traceback (most):\n  File x\n", "<Traceback (most):><File x>.");
    EXPECT(OK LENGTH(8) "{\"a\":1}x", "<{\"a\":1}><x>.");
    EXPECT(OK LENGTH(6) "{\"a\":1", "<{\"a\":1>.");
}

Test(http_response, chunks_are_joined)
{
    EXPECT(OK CHUNKED "3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n", "<{\"a\":1}>.");
    EXPECT(OK CHUNKED "7;name=\"value\"\r\n{\"a\":1}\r\n00\r\nTrailer: x\r\nAnother: y\r\n\r\n", "<{\"a\":1}>.");
    EXPECT(OK CHUNKED "00000007 \r\n{\"a\":1}\r\n0\r\n\r\n", "<{\"a\":1}>.");
    EXPECT(OK "Transfer-Encoding: CHUNKED\r\n\r\n1\n{\n1\n}\n0\n\n", "<{}>.");
    REFUSED(OK CHUNKED "g\r\n", "a chunk without its size");
    REFUSED(OK CHUNKED "\r\n", "a chunk without its size");
    REFUSED(OK CHUNKED "1000000000000000\r\n", "a chunk without its size");
    REFUSED(OK CHUNKED "2\r\n{}x\r\n", "longer than its size");
    REFUSED(OK CHUNKED "2\r\n{}\r\n", "in the middle of its answer");
}

Test(http_response, a_body_without_a_length_ends_with_the_connection)
{
    EXPECT_END(OK "\r\n{\"a\":1}\n{\"b\":2}", "<{\"a\":1}><{\"b\":2}>!");
    EXPECT_END(OK "\r\n{\"a\":1", "<{\"a\":1>!");
    EXPECT_END("HTTP/1.0 200 OK\r\n\r\n", "!");
    REFUSED(OK "\r\n[{}", "ends its answer within an array");
}

Test(http_response, the_connection_is_kept_as_both_sides_say)
{
    EXPECT(OK "Connection: close\r\n" LENGTH(0), "!");
    EXPECT(OK "connection:  Upgrade ,\tCLOSE\t\r\n" LENGTH(0), "!");
    EXPECT(OK "Connection: closed, keep-alive\r\n" LENGTH(0), ".");
    EXPECT("HTTP/1.0 200 OK\r\n" LENGTH(0), "!");
    EXPECT("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n" LENGTH(0), ".");
    EXPECT(OK "Content-Length: 5\r\n" CHUNKED "0\r\n\r\n", "!");
}

Test(http_response, one_response_follows_the_other)
{
    EXPECT(OK LENGTH(2) "{}" OK LENGTH(0) OK CHUNKED "2\r\n{}\r\n0\r\n\r\n", "<{}>..<{}>.");
    EXPECT(OK LENGTH(2) "{}\r\n" OK LENGTH(0), "<{}>..");
    EXPECT("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" OK LENGTH(2) "{}", "<{}>.");
}

Test(http_response, line_ends_may_lack_their_return)
{
    EXPECT("HTTP/1.1 200 OK\nContent-Length: 2\n\n{}", "<{}>.");
}

Test(http_response, another_status_ends_it_in_the_servers_words)
{
    REFUSED("HTTP/1.1 503 Service Unavailable\r\n" LENGTH(0), "answers with \"503 Service Unavailable\"");
    REFUSED("HTTP/1.1 404 Not Found\r\n\r\n", "answers with \"404 Not Found\"");
    REFUSED("HTTP/1.1 302 Found\r\n\r\n", "redirects are not followed");
    REFUSED("HTTP/1.1 101 Switching\r\n\r\n", "101 Switching");
    REFUSED("HTTP/1.1 099 Odd\r\n\r\n", "099 Odd");
}

Test(http_response, what_is_no_http_is_quoted)
{
    REFUSED("{\"t\":\"hello\"}\n", "does not speak HTTP/1.1: \"{\"t\":\"hello\"}\"");
    REFUSED("HTTP/2 200 OK\r\n\r\n", "does not speak HTTP/1.1");
    REFUSED("HTTP/1.1 20 OK\r\n\r\n", "does not speak HTTP/1.1");
    REFUSED("HTTP/1.1 2000 OK\r\n\r\n", "does not speak HTTP/1.1");
    REFUSED("SSH-2.0-x\r\n", "does not speak HTTP/1.1");
}

Test(http_response, ill_formed_heads_are_refused)
{
    REFUSED(OK "Content-Length: 2\r\nContent-Length: 3\r\n\r\n", "two different Content-Lengths");
    REFUSED(OK "Content-Length: -1\r\n\r\n", "a Content-Length that is none");
    REFUSED(OK "Content-Length: 2, 2\r\n\r\n", "a Content-Length that is none");
    REFUSED(OK "Content-Length: 9999999999999999999\r\n\r\n", "a Content-Length that is none");
    REFUSED(OK "Content-Length :2\r\n\r\n", "ill-formed header line");
    REFUSED(OK "X: y\r\n folded\r\n\r\n", "ill-formed header line");
    REFUSED(OK "no colon\r\n\r\n", "ill-formed header line");
    REFUSED(OK ": empty\r\n\r\n", "ill-formed header line");
    REFUSED(OK "X: a\0b\r\n\r\n", "a NUL byte");
    REFUSED(OK "Transfer-Encoding: gzip, chunked\r\n\r\n", "a Transfer-Encoding that was not asked for");
    REFUSED(OK "Content-Encoding: gzip\r\n\r\n", "a Content-Encoding that was not asked for: \"gzip\"");
}

Test(http_response, the_same_length_twice_is_one_length)
{
    EXPECT(OK "Content-Length: 2\r\nContent-Length: 2\r\nContent-Encoding: identity\r\n\r\n{}", "<{}>.");
}

Test(http_response, an_array_is_well_formed)
{
    REFUSED(OK LENGTH(5) "[1,2]", "something else than objects");
    REFUSED(OK LENGTH(6) "[{}{}]", "something else than objects");
    REFUSED(OK LENGTH(5) "[{},]", "something else than objects");
    REFUSED(OK LENGTH(5) "[,{}]", "something else than objects");
    REFUSED(OK LENGTH(6) "[[{}]]", "something else than objects");
    REFUSED(OK LENGTH(3) "[{}", "ends its answer within an array");
    REFUSED(OK LENGTH(4) "[]{}", "goes on behind the array");
}

Test(http_response, half_an_answer_is_none)
{
    REFUSED(OK LENGTH(5) "{}", "closed the connection in the middle of its answer");
    REFUSED(OK "Content-Le", "in the middle of its answer");
    REFUSED("HTT", "in the middle of its answer");
    REFUSED("HTTP/1.1 100 Continue\r\n\r\n", "in the middle of its answer");
    EXPECT_END("", "");
    EXPECT_END(OK LENGTH(0), ".");
    EXPECT_END(OK LENGTH(0) "\r\n", ".");
}

/* A response whose body is one line of so many bytes. */
static bool takes_line_of(size_t size)
{
    char head[64];
    char *const body = malloc(size);
    memset(body, 'x', size);
    start();
    const bool ok = feed(head, (size_t)snprintf(head, sizeof head, OK "Content-Length: %zu\r\n\r\n", size)) && feed(body, size);
    free(body);
    return ok;
}

Test(http_response, a_line_has_at_most_64_kib)
{
    cr_expect(takes_line_of(FL_PROTOCOL_LINE_MAX - 1));
    cr_expect_eq(strlen(told), FL_PROTOCOL_LINE_MAX - 1 + strlen("<>."));
    cr_expect_not(takes_line_of(FL_PROTOCOL_LINE_MAX));
    cr_expect_str_eq(problem, "sent a line of more than 65536 bytes");
}

Test(http_response, a_body_may_be_longer_than_a_line)
{
    char head[64];
    start();
    cr_assert(feed(head, (size_t)snprintf(head, sizeof head, OK "Content-Length: %d\r\n\r\n", 100000 * 3)));
    for (int i = 0; i < 100000; i++) {
        told[0] = '\0';
        cr_assert(feed("{}\n", 3));
        cr_assert_eq(strncmp(told, "<{}>", 4), 0);
    }
}

Test(http_response, a_head_is_bounded)
{
    char line[FL_HTTP_FIELD_MAX + 16];
    memset(line, 'a', sizeof line);
    start();
    cr_assert(feed(OK, strlen(OK)));
    cr_expect_not(feed(line, sizeof line));
    cr_expect_str_eq(problem, "sends a header line of more than 8191 bytes");

    start();
    cr_assert(feed(OK, strlen(OK)));
    bool ok = true;
    for (int i = 0; i < 10000 && ok; i++) ok = feed("X: y\r\n", 6);
    cr_assert(ok);
    for (int i = 0; i < 1000 && ok; i++) ok = feed("X: y\r\n", 6);
    cr_expect_not(ok);
    cr_expect_str_eq(problem, "sends headers of more than 65536 bytes");
}
