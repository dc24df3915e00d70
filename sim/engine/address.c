#include "engine/address.h"

#include <stdio.h>
#include <string.h>

#define FORMS "exec:COMMAND, tcp://HOST:PORT, unix:PATH or http://HOST:PORT/PATH"

static enum fl_status refuse(const char *wanted, const char *url, char problem[256])
{
    snprintf(problem, 256, "wanted %s, got \"%.100s\"", wanted, url);
    return FL_ESYNTAX;
}

/* What a host name, an IPv4 or IPv6 address (with a zone) is written with. */
static bool is_host(const char *text, size_t length, bool brackets)
{
    static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_";
    if (length == 0 || length > FL_ADDRESS_HOST_MAX) return false;
    for (size_t i = 0; i < length; i++)
        if (text[i] == '\0' || (strchr(letters, text[i]) == NULL && !(brackets && (text[i] == ':' || text[i] == '%')))) return false;
    return true;
}

/* The host at the start of `at`; what stands behind it, or NULL when there is none. */
static const char *take_host(const char *at, struct fl_address *address)
{
    const char *host = at, *end;
    address->brackets = at[0] == '[';
    if (address->brackets) {
        host = at + 1;
        end = strchr(host, ']');
        if (end == NULL) return NULL;
    } else {
        end = at + strcspn(at, ":/?#");
    }
    const size_t length = (size_t)(end - host);
    if (!is_host(host, length, address->brackets)) return NULL;
    memcpy(address->host, host, length);
    address->host[length] = '\0';
    return end + address->brackets;
}

/* ":7000"; what stands behind it, or NULL when it is none. */
static const char *take_port(const char *at, struct fl_address *address)
{
    uint32_t port = 0;
    const size_t digits = at[0] == ':' ? strspn(at + 1, "0123456789") : 0;
    if (digits == 0 || digits > 5) return NULL;
    for (size_t i = 1; i <= digits; i++) port = 10 * port + (uint32_t)(at[i] - '0');
    if (port > 65535) return NULL;
    address->port = (uint16_t)port;
    return at + 1 + digits;
}

static enum fl_status read_tcp(const char *url, struct fl_address *address, char problem[256])
{
    const char *at = take_host(url + strlen("tcp://"), address);
    if (at != NULL) at = take_port(at, address);
    if (at != NULL && at[0] == '\0') return FL_OK;
    return refuse("tcp://HOST:PORT (an IPv6 address in brackets)", url, problem);
}

/* A path is sent as it stands, so what would end or split the request's first line is refused. */
static bool is_path(const char *text)
{
    const size_t length = strlen(text);
    if (length > FL_ADDRESS_PATH_MAX) return false;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] <= ' ' || (unsigned char)text[i] > '~' || text[i] == '#') return false;
    return true;
}

static enum fl_status read_http(const char *url, struct fl_address *address, char problem[256])
{
    const char *at = take_host(url + strlen("http://"), address);
    address->port = 80;
    if (at != NULL && at[0] == ':') at = take_port(at, address);
    if (at == NULL || (at[0] != '/' && at[0] != '\0') || !is_path(at) || address->port == 0)
        return refuse("http://HOST:PORT/PATH (printable ASCII without blanks, no fragment)", url, problem);
    snprintf(address->path, sizeof address->path, "%s", at[0] == '\0' ? "/" : at);
    return FL_OK;
}

static enum fl_status read_unix(const char *url, struct fl_address *address, char problem[256])
{
    const char *const path = url + strlen("unix:");
    if (path[0] == '\0') return refuse("unix:PATH", url, problem);
    if (strlen(path) > FL_ADDRESS_UNIX_MAX) return refuse("unix:PATH with a path of at most 107 bytes", url, problem);
    snprintf(address->path, sizeof address->path, "%s", path);
    return FL_OK;
}

static enum fl_status read_exec(const char *url, struct fl_address *address, char problem[256])
{
    address->command = url + strlen("exec:");
    if (address->command[strspn(address->command, " \t")] == '\0') return refuse("exec:COMMAND", url, problem);
    return FL_OK;
}

enum fl_status fl_address_read(const char *url, struct fl_address *address, char problem[256])
{
    static const struct {
        const char *prefix;
        enum fl_scheme scheme;
        enum fl_status (*read)(const char *url, struct fl_address *address, char problem[256]);
    } schemes[] = {
        { "exec:", FL_SCHEME_EXEC, read_exec },
        { "tcp://", FL_SCHEME_TCP, read_tcp },
        { "unix:", FL_SCHEME_UNIX, read_unix },
        { "http://", FL_SCHEME_HTTP, read_http },
    };
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        if (strncmp(url, schemes[i].prefix, strlen(schemes[i].prefix)) != 0) continue;
        *address = (struct fl_address){ .scheme = schemes[i].scheme };
        return schemes[i].read(url, address, problem);
    }
    return refuse(FORMS, url, problem);
}
