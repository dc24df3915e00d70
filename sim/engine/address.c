#include "engine/address.h"

#include <stdio.h>
#include <string.h>

#define FORMS "exec:COMMAND, tcp://HOST:PORT, unix:PATH or http://HOST:PORT/PATH, or a balancer by proxy+tcp:// or proxy+http://"

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

/* ---- A balancer and its agents ------------------------------------------------------------------------ */

/* "agents=127.0.0.1:20000"; what stands behind the value, or NULL. */
static const char *take_agents(const char *at, struct fl_address *address)
{
    struct fl_address agents;
    at = take_host(at, &agents);
    if (at != NULL) at = take_port(at, &agents);
    if (at == NULL || agents.port == 0) return NULL;
    memcpy(address->agents.host, agents.host, sizeof agents.host);
    address->agents.brackets = agents.brackets;
    address->agents.base = agents.port;
    return at;
}

static const char *take_settle(const char *at, struct fl_address *address)
{
    const size_t digits = strspn(at, "0123456789");
    uint32_t ms = 0;
    if (digits == 0 || digits > 5) return NULL;
    for (size_t i = 0; i < digits; i++) ms = 10 * ms + (uint32_t)(at[i] - '0');
    if (ms > FL_ADDRESS_SETTLE_MAX_MS) return NULL;
    address->agents.settle_ms = ms;
    return at + digits;
}

static const char *take_name(const char *at, struct fl_address *address)
{
    const size_t length = strspn(at, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_+");
    if (length == 0 || length > FL_ADDRESS_NAME_MAX) return NULL;
    memcpy(address->agents.name, at, length);
    address->agents.name[length] = '\0';
    return at + length;
}

static const char *take_parameter(const char *at, struct fl_address *address)
{
    static const struct {
        const char *key;
        const char *(*take)(const char *at, struct fl_address *address);
    } known[] = { { "agents=", take_agents }, { "settle_ms=", take_settle }, { "name=", take_name } };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strncmp(at, known[i].key, strlen(known[i].key)) == 0) return known[i].take(at + strlen(known[i].key), address);
    return NULL;
}

static enum fl_status read_proxy(const char *url, struct fl_address *address, char problem[256])
{
    const char *at = take_host(strstr(url, "://") + 3, address);
    if (at != NULL) at = take_port(at, address);
    for (char between = '?'; at != NULL && *at != '\0'; between = '&') at = *at == between ? take_parameter(at + 1, address) : NULL;
    if (at != NULL && address->port != 0 && address->agents.base != 0) return FL_OK;
    return refuse("proxy+tcp:// or proxy+http://FRONT:PORT?agents=HOST:PORT (then &settle_ms=0 to 60000, &name=WORD)", url, problem);
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
        { "proxy+tcp://", FL_SCHEME_PROXY_TCP, read_proxy },
        { "proxy+http://", FL_SCHEME_PROXY_HTTP, read_proxy },
    };
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        if (strncmp(url, schemes[i].prefix, strlen(schemes[i].prefix)) != 0) continue;
        *address = (struct fl_address){ .scheme = schemes[i].scheme };
        return schemes[i].read(url, address, problem);
    }
    return refuse(FORMS, url, problem);
}
