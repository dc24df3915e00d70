/* An engine's address: its parts, or what is wrong with it. Reads text only; looks nothing up. */
#ifndef FL_ENGINE_ADDRESS_H
#define FL_ENGINE_ADDRESS_H

#include "core/status.h"

#define FL_ADDRESS_HOST_MAX 253u /* bytes of a name, RFC 1035 */
#define FL_ADDRESS_PATH_MAX 1023u
#define FL_ADDRESS_UNIX_MAX 107u /* bytes that fit the system's struct sockaddr_un */

#define FL_ADDRESS_SETTLE_MAX_MS 60000u
#define FL_ADDRESS_NAME_MAX 64u

enum fl_scheme { FL_SCHEME_EXEC, FL_SCHEME_TCP, FL_SCHEME_UNIX, FL_SCHEME_HTTP, FL_SCHEME_PROXY_TCP, FL_SCHEME_PROXY_HTTP };

/* Where the agents behind a balancer listen. */
struct fl_address_agents {
    char host[FL_ADDRESS_HOST_MAX + 1]; /* without brackets */
    bool brackets;
    uint16_t base;                      /* agent i: base + i; from 1 */
    uint32_t settle_ms;                 /* that all of them listen before the day begins; up to FL_ADDRESS_SETTLE_MAX_MS */
    char name[FL_ADDRESS_NAME_MAX + 1]; /* of the balancer, for the results; "": none given */
};

struct fl_address {
    enum fl_scheme scheme;
    char host[FL_ADDRESS_HOST_MAX + 1]; /* tcp, http, proxy: without brackets */
    bool brackets;                      /* the host stood in them: an IPv6 address */
    uint16_t port;                      /* tcp, http, proxy; 0: any, for who listens */
    char path[FL_ADDRESS_PATH_MAX + 1]; /* unix: of the socket; http: with its query, from "/" on */
    const char *command;                /* exec: borrowed from the url */
    struct fl_address_agents agents;    /* proxy */
};

/* FL_ESYNTAX with the problem: "wanted tcp://HOST:PORT, got \"tcp://x\"". */
FL_MUST_CHECK enum fl_status fl_address_read(const char *url, struct fl_address *address, char problem[256]);

#endif
