/* The page and native runs over HTTP, until Ctrl-C. */
#ifndef FENLIU_SERVE_SERVE_H
#define FENLIU_SERVE_SERVE_H

#include <stdbool.h>
#include <stdint.h>

struct serve_setup {
    const char *folder;
    const char *address, *token; /* token "": none, and then address is 127.0.0.1 */
    uint16_t port;
    bool next_port;              /* one of the next ones where it is taken */
    uint64_t limit_s;            /* wall clock of one run */
};

/* The exit code: 0 after Ctrl-C, 130 where that broke runs off, else after saying why. */
int serve(const struct serve_setup *setup);

#endif
