/* The books of a session or several as bytes: what a shard of `fenliu drive` keeps beside its days (record/slice.h), so that books can be put
 * together as if one machine had kept them. Buckets are written in full: those of several added up are the histogram of all samples, and
 * percentiles of it are theirs.
 *
 * Layout, numbers as in record/leb.h:
 *   "fenliu books 1\n"
 *   hash of the names of the rules and of the histogram's layout; length of the version's name, and that
 *   scenario's hash, seed, shard, shards; what was divided, real time, speed (a binary64), window, time-out in ns, sessions, day's first
 *   instant in ns since 1970 (0: not one instant), 1 when the link broke; length of the engine's name, and that
 *   events, decisions, chats, moves, never assigned, crossed, damaged, undecided, unanswered; violations by rule
 *   number of violations kept, then of each instant, event, replication, chat, agent + 1, overtaken, rule
 *   twice (latency, lateness) count, sum, least, most, then buckets with runs of zeros
 *   number of faults, then of each all its fields, signed ones + 1, texts with their length
 *   XXH64 of all before, 8 bytes, least first
 *
 * As with slices the hash is against damage; but whatever the bytes are, what is read holds together: histograms add up to their counts,
 * names end, and every rule and fault is one that there is. */
#ifndef FL_ENGINE_BOOKS_H
#define FL_ENGINE_BOOKS_H

#include "engine/faults.h"
#include "engine/ledger.h"
#include "engine/protocol.h"
#include "record/text.h"

enum fl_divided { FL_DIVIDED_DAYS, FL_DIVIDED_DESK /* one day's agents and buyers: desk/share.h */ };

struct fl_books {
    uint64_t scenario_hash, seed;
    uint32_t shard, shards;   /* shard < shards */
    enum fl_divided divided;
    bool live;                /* real time */
    double speed;             /* of real time, INFINITY: as fast as the window allows; else 0 */
    uint32_t window;
    int64_t timeout_ns;
    uint32_t sessions;        /* engines, or connections to one */
    int64_t began_ns;         /* the day's first instant, ns since 1970; 0 where it is not one */
    bool link_broke;          /* without being asked to */
    char engine[FL_PROTOCOL_NAME_MAX + 1]; /* what it calls itself */
    struct fl_ledger ledger;
    uint32_t faults_count;
    struct fl_fault_entry *faults; /* [faults_count]; of what was read owned, to be freed by fl_books_free */
};

void fl_books_write(const struct fl_books *books, struct fl_text *out);

/* FL_ESYNTAX: damaged or cut short; FL_EUNKNOWN: of another version; FL_EFULL: no memory. There is then nothing to free. */
FL_MUST_CHECK enum fl_status fl_books_read(const void *bytes, size_t length, struct fl_books *out);
void fl_books_free(struct fl_books *books);

#endif
