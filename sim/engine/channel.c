#include "engine/channel.h"

#include "engine/exec.h"
#include "engine/http.h"
#include "engine/proxy.h"
#include "engine/socket.h"

#include <time.h>

int64_t fl_clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

bool fl_channel_knows(const char *url, char problem[256])
{
    struct fl_address address;
    return fl_address_read(url, &address, problem) == FL_OK;
}

bool fl_channel_lives(const char *url)
{
    struct fl_address address;
    char problem[256];
    if (fl_address_read(url, &address, problem) != FL_OK) return false;
    return address.scheme == FL_SCHEME_PROXY_TCP || address.scheme == FL_SCHEME_PROXY_HTTP;
}

enum fl_status fl_channel_open(const struct fl_channel_setup *setup, struct fl_channel **channel, char problem[256])
{
    struct fl_address address;
    const enum fl_status status = fl_address_read(setup->url, &address, problem);
    if (status != FL_OK) return status;
    switch (address.scheme) {
    case FL_SCHEME_EXEC: return fl_exec_open(setup, address.command, channel, problem);
    case FL_SCHEME_HTTP: return fl_http_open(setup, &address, channel, problem);
    case FL_SCHEME_PROXY_TCP:
    case FL_SCHEME_PROXY_HTTP: return fl_proxy_open(setup, &address, channel, problem);
    case FL_SCHEME_TCP:
    case FL_SCHEME_UNIX: break;
    }
    return fl_socket_open(setup, &address, channel, problem);
}
