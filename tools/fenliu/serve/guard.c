#include "guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The port at the end of a Host, of which only 80 may be left out; the rest in name. */
static bool split_host(const char *host, char name[80], unsigned long *port)
{
    const char *const bracket = strrchr(host, ']'), *colon = strrchr(host, ':');
    if (bracket != NULL && colon != NULL && colon < bracket) colon = NULL;
    const size_t length = colon == NULL ? strlen(host) : (size_t)(colon - host);
    if (length == 0 || length >= 80) return false;
    memcpy(name, host, length);
    name[length] = '\0';
    if (colon == NULL) return *port = 80, true;
    const size_t digits = strspn(colon + 1, "0123456789");
    if (digits == 0 || digits > 5 || colon[1 + digits] != '\0') return false;
    return *port = strtoul(colon + 1, NULL, 10), true;
}

/* Digits and dots, or in brackets: no name server has a say in what it means. */
static bool is_numeric(const char *name)
{
    return name[0] == '[' || name[strspn(name, "0123456789.")] == '\0';
}

bool guard_host_holds(const struct guard *guard, const char *host)
{
    char name[80];
    unsigned long port;
    if (host == NULL || !split_host(host, name, &port) || port != guard->port) return false;
    if (strcmp(name, "127.0.0.1") == 0 || strcasecmp(name, "localhost") == 0 || strcmp(name, "[::1]") == 0) return true;
    return guard->token[0] != '\0' && (is_numeric(name) || strcasecmp(name, guard->address) == 0);
}

bool guard_origin_holds(const struct credentials *credentials)
{
    static const char scheme[] = "http://";
    if (credentials->origin == NULL) return true;
    return strncmp(credentials->origin, scheme, sizeof scheme - 1) == 0 && credentials->host != NULL &&
           strcasecmp(credentials->origin + sizeof scheme - 1, credentials->host) == 0;
}

bool guard_may_change(const struct credentials *credentials)
{
    return credentials->has_header || (credentials->origin != NULL && guard_origin_holds(credentials));
}

/* The time it takes depends on what was sent alone. */
static bool same(const char *sent, size_t sent_bytes, const char *wanted)
{
    const size_t wanted_bytes = strlen(wanted);
    volatile unsigned char differs = sent_bytes != wanted_bytes;
    for (size_t i = 0; i < sent_bytes; i++) differs |= (unsigned char)(sent[i] ^ (wanted_bytes == 0 ? 1 : wanted[i % wanted_bytes]));
    return differs == 0;
}

bool guard_token_matches(const struct guard *guard, const char *token)
{
    return same(token, strlen(token), guard->token);
}

bool guard_is_known(const struct guard *guard, const struct credentials *credentials)
{
    static const char bearer[] = "Bearer ", name[] = "fenliu=";
    if (guard->token[0] == '\0') return true;
    if (credentials->authorization != NULL && strncasecmp(credentials->authorization, bearer, sizeof bearer - 1) == 0 &&
        guard_token_matches(guard, credentials->authorization + sizeof bearer - 1))
        return true;
    for (const char *at = credentials->cookie; at != NULL; at = strchr(at, ';')) {
        at += strspn(at, "; ");
        if (strncmp(at, name, sizeof name - 1) == 0 && same(at + sizeof name - 1, strcspn(at + sizeof name - 1, "; "), guard->cookie)) return true;
        if (*at == '\0') break;
    }
    return false;
}
