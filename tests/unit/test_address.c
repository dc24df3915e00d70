#include "engine/address.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct fl_address address;
static char problem[256];

static bool reads(const char *url)
{
    return fl_address_read(url, &address, problem) == FL_OK;
}

static bool refuses(const char *url, const char *sentence)
{
    return fl_address_read(url, &address, problem) == FL_ESYNTAX && strstr(problem, sentence) != NULL;
}

Test(address, tcp_has_a_host_and_a_port)
{
    cr_assert(reads("tcp://127.0.0.1:7000"), "%s", problem);
    cr_expect_eq(address.scheme, FL_SCHEME_TCP);
    cr_expect_str_eq(address.host, "127.0.0.1");
    cr_expect_eq(address.port, 7000);
    cr_expect_not(address.brackets);

    cr_assert(reads("tcp://engine-1.shop.example:65535"));
    cr_expect_str_eq(address.host, "engine-1.shop.example");
    cr_expect_eq(address.port, 65535);

    cr_assert(reads("tcp://localhost:0"));
    cr_expect_eq(address.port, 0);
}

Test(address, brackets_hold_an_ipv6_address)
{
    cr_assert(reads("tcp://[fe80::1%eth0]:7000"), "%s", problem);
    cr_expect_str_eq(address.host, "fe80::1%eth0");
    cr_expect(address.brackets);
    cr_expect_eq(address.port, 7000);

    cr_expect(refuses("tcp://::1:7000", "an IPv6 address in brackets"));
    cr_expect(refuses("tcp://[::1:7000", "in brackets"));
    cr_expect(refuses("tcp://[::1]7000", "in brackets"));
    cr_expect(refuses("tcp://[]:7000", "in brackets"));
}

Test(address, tcp_wants_no_more_and_no_less)
{
    static const char *const urls[] = { "tcp://", "tcp://:7000", "tcp://host", "tcp://host:", "tcp://host:65536", "tcp://host:-1", "tcp://host:70000000000",
                                        "tcp://host:7000/", "tcp://host:7000 ", "tcp://ho st:7000", "tcp://user@host:7000", "tcp://host:0x1f", "tcp:host:7000" };
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) cr_expect(refuses(urls[i], "tcp://HOST:PORT"), "%s", urls[i]);
}

Test(address, a_name_is_as_long_as_names_may_be)
{
    char url[400];
    snprintf(url, sizeof url, "tcp://%0253d:1", 0);
    cr_expect(reads(url));
    cr_expect_eq(strlen(address.host), 253);

    snprintf(url, sizeof url, "tcp://%0254d:1", 0);
    cr_expect(refuses(url, "tcp://HOST:PORT"));
}

Test(address, unix_has_a_path_that_the_system_can_hold)
{
    char url[300];
    cr_assert(reads("unix:/run/my engine.sock"));
    cr_expect_eq(address.scheme, FL_SCHEME_UNIX);
    cr_expect_str_eq(address.path, "/run/my engine.sock");

    snprintf(url, sizeof url, "unix:%0107d", 0);
    cr_expect(reads(url));
    snprintf(url, sizeof url, "unix:%0108d", 0);
    cr_expect(refuses(url, "at most 107 bytes"));
    cr_expect(refuses("unix:", "unix:PATH"));
}

Test(address, http_has_a_path_and_may_have_no_port)
{
    cr_assert(reads("http://engine:8080/route?shop=1&x=%20"), "%s", problem);
    cr_expect_eq(address.scheme, FL_SCHEME_HTTP);
    cr_expect_str_eq(address.host, "engine");
    cr_expect_eq(address.port, 8080);
    cr_expect_str_eq(address.path, "/route?shop=1&x=%20");

    cr_assert(reads("http://engine"));
    cr_expect_eq(address.port, 80);
    cr_expect_str_eq(address.path, "/");
    cr_assert(reads("http://[::1]/x"));
    cr_expect_eq(address.port, 80);
    cr_expect(address.brackets);
}

Test(address, what_would_split_a_request_is_no_path)
{
    static const char *const urls[] = { "http://h/a b", "http://h/a\r\nX: y", "http://h/a\tb", "http://h/#top", "http://h/\xc3\xbc", "http://h/\x7f", "http://h:0/", "http://h:80x/",
                                        "http:///x", "http://h?x", "http://" };
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) cr_expect(refuses(urls[i], "http://HOST:PORT/PATH"), "%s", urls[i]);

    char url[2000];
    snprintf(url, sizeof url, "http://h/%01022d", 0);
    cr_expect(reads(url));
    snprintf(url, sizeof url, "http://h/%01023d", 0);
    cr_expect(refuses(url, "http://HOST:PORT/PATH"));
}

Test(address, exec_borrows_its_command)
{
    const char *const url = "exec:python3 engine.py --x";
    cr_assert(reads(url));
    cr_expect_eq(address.scheme, FL_SCHEME_EXEC);
    cr_expect_eq(address.command, url + 5);
    cr_expect(refuses("exec: \t", "wanted exec:COMMAND"));
}

Test(address, other_schemes_are_refused_with_the_list_of_ours)
{
    static const char *const urls[] = { "", "python3", "https://h/", "TCP://h:1", "udp://h:1", "/run/x.sock" };
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
        cr_expect(refuses(urls[i], "wanted exec:COMMAND, tcp://HOST:PORT, unix:PATH or http://HOST:PORT/PATH"), "%s", urls[i]);
}

Test(address, a_balancer_has_a_front_and_agents_behind_it)
{
    cr_assert(reads("proxy+tcp://127.0.0.1:9000?agents=10.0.0.7:20000"), "%s", problem);
    cr_expect_eq(address.scheme, FL_SCHEME_PROXY_TCP);
    cr_expect_str_eq(address.host, "127.0.0.1");
    cr_expect_eq(address.port, 9000);
    cr_expect_str_eq(address.agents.host, "10.0.0.7");
    cr_expect_eq(address.agents.base, 20000);
    cr_expect_eq(address.agents.settle_ms, 0);
    cr_expect_str_eq(address.agents.name, "");

    cr_assert(reads("proxy+http://[::1]:80?settle_ms=60000&name=haproxy-2.6&agents=[::]:65535"), "%s", problem);
    cr_expect_eq(address.scheme, FL_SCHEME_PROXY_HTTP);
    cr_expect_str_eq(address.host, "::1");
    cr_expect_str_eq(address.agents.host, "::");
    cr_expect(address.agents.brackets);
    cr_expect_eq(address.agents.base, 65535);
    cr_expect_eq(address.agents.settle_ms, 60000);
    cr_expect_str_eq(address.agents.name, "haproxy-2.6");
}

Test(address, a_balancer_without_agents_or_with_something_else_is_refused)
{
    static const char *const urls[] = { "proxy+tcp://a:1", "proxy+tcp://a:1?", "proxy+tcp://a:1?agents=", "proxy+tcp://a:1?agents=b", "proxy+tcp://a:1?agents=b:0",
                                        "proxy+tcp://a:0?agents=b:1", "proxy+tcp://?agents=b:1", "proxy+tcp://a:1/x?agents=b:1", "proxy+tcp://a:1?agents=b:1&",
                                        "proxy+tcp://a:1?agents=b:1&settle_ms=60001", "proxy+tcp://a:1?agents=b:1&settle_ms=-1", "proxy+tcp://a:1?agents=b:1&name=a b",
                                        "proxy+http://a:1?agents=b:1?name=x", "proxy+http://a:1&agents=b:1", "proxy+http://a:1?who=b:1" };
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) cr_expect(refuses(urls[i], "wanted proxy+tcp:// or proxy+http://FRONT:PORT?agents=HOST:PORT"), "%s", urls[i]);
    cr_expect(refuses("proxy+udp://a:1?agents=b:1", "or a balancer by proxy+tcp:// or proxy+http://"));
}
