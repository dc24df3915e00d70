/* Who may ask. A page of another site that the owner's browser has open can send requests here too, and by a name that it makes mean
 * 127.0.0.1 even as itself; so what a request says of itself is judged before anything else. Pure. */
#ifndef FENLIU_SERVE_GUARD_H
#define FENLIU_SERVE_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#define GUARD_TOKEN_LEAST 16u
#define GUARD_TOKEN_MOST 200u

struct guard {
    uint16_t port;
    char address[64];                 /* listened on, as given */
    char token[GUARD_TOKEN_MOST + 1]; /* "": none is wanted */
    char cookie[33];                  /* what a browser that showed the token has from us */
};

/* What of a request is judged; NULL where a header is absent. */
struct credentials {
    const char *host, *origin, *authorization, *cookie;
    bool has_header; /* X-Fenliu, which a form of another site cannot send */
};

/* Host is an address of this machine, or the one listened on, with our port: a name that a foreign site brought is none. */
bool guard_host_holds(const struct guard *guard, const char *host);
/* Origin, where there is one, is ours. */
bool guard_origin_holds(const struct credentials *credentials);
/* What changes or starts something comes from our own page, or from a program. */
bool guard_may_change(const struct credentials *credentials);
/* The token, or the cookie for it; takes as long whatever is wrong with it. */
bool guard_is_known(const struct guard *guard, const struct credentials *credentials);
bool guard_token_matches(const struct guard *guard, const char *token);

#endif
