#include "engine/ledger.h"

#include <string.h>

static const char *const breaches[FL_BREACHES_COUNT][2] = {
#define FL_BREACH_TEXTS(name, key, sentence) { key, sentence },
    FL_BREACHES(FL_BREACH_TEXTS)
#undef FL_BREACH_TEXTS
};

const char *fl_breach_name(enum fl_breach breach)
{
    return breaches[breach][0];
}

const char *fl_breach_sentence(enum fl_breach breach)
{
    return breaches[breach][1];
}

uint64_t fl_ledger_violations(const struct fl_ledger *ledger)
{
    uint64_t sum = 0;
    for (int i = 0; i < FL_BREACHES_COUNT; i++) sum += ledger->violations[i];
    return sum;
}

static bool comes_before(const struct fl_violation *a, const struct fl_violation *b)
{
    return a->replication != b->replication ? a->replication < b->replication : a->event < b->event;
}

/* A replication belongs to one worker, so equal events are of one list and stay in its order. */
static void merge_first(struct fl_ledger *to, const struct fl_ledger *from)
{
    struct fl_violation both[FL_VIOLATIONS_KEPT];
    uint32_t a = 0, b = 0, n = 0;
    while (n < FL_VIOLATIONS_KEPT && (a < to->kept || b < from->kept)) {
        const bool take_b = a == to->kept || (b < from->kept && comes_before(&from->first[b], &to->first[a]));
        both[n++] = take_b ? from->first[b++] : to->first[a++];
    }
    memcpy(to->first, both, n * sizeof *both);
    to->kept = n;
}

static void merge_latency(struct fl_ledger *to, const struct fl_ledger *from)
{
    const struct fl_histogram *const other = &from->latency;
    if (other->count == 0) return;
    if (to->latency.count == 0 || other->least_ns < to->latency.least_ns) to->latency.least_ns = other->least_ns;
    if (to->latency.count == 0 || other->most_ns > to->latency.most_ns) to->latency.most_ns = other->most_ns;
    to->latency.count += other->count;
    to->latency.sum_ns += other->sum_ns;
    for (uint32_t i = 0; i < FL_HISTOGRAM_BUCKETS(FL_HISTOGRAM_FINE); i++) to->latency_counts[i] += from->latency_counts[i];
}

void fl_ledger_add(struct fl_ledger *to, const struct fl_ledger *from)
{
    to->events += from->events;
    to->decisions += from->decisions;
    to->moves += from->moves;
    to->chats += from->chats;
    to->never_assigned += from->never_assigned;
    for (int i = 0; i < FL_BREACHES_COUNT; i++) to->violations[i] += from->violations[i];
    merge_first(to, from);
    merge_latency(to, from);
}
