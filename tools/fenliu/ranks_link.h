/* The link between two ranks: messages over a stream socket, each a kind, a length and that many bytes.
 *
 * Both ends are the same build on the same kind of machine, which the first message makes sure of, so numbers travel as they are. Calls
 * block; a peer that is gone, or whose machine no longer answers for half a minute, ends them. */
#ifndef FENLIU_RANKS_LINK_H
#define FENLIU_RANKS_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum link_kind { LINK_HELLO, LINK_SCENARIO, LINK_WORK, LINK_PROGRESS, LINK_DONE, LINK_FAILED, LINK_END };

/* A listening socket, and where it can be reached: "ADDRESS PORT ADDRESS PORT ...". -1 on failure, errno says why. */
int link_listen(char *places, size_t size);
/* A connection to the first of the places that answers; -1: none. */
int link_connect(const char *places);
/* The next connection to a listening socket; -1: the socket has been shut down. */
int link_accept(int listener);

bool link_send(int link, enum link_kind kind, const void *head, size_t head_bytes, const void *body, size_t body_bytes);

struct link_message {
    enum link_kind kind;
    size_t length;
    char *bytes; /* owned: free() */
};
/* Waits for the next message of at most `most` bytes. */
bool link_receive(int link, size_t most, struct link_message *message);

#endif
