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

static void merge_times(struct fl_histogram *to, uint32_t *to_counts, const struct fl_histogram *from, const uint32_t *from_counts)
{
    if (from->count == 0) return;
    if (to->count == 0 || from->least_ns < to->least_ns) to->least_ns = from->least_ns;
    if (to->count == 0 || from->most_ns > to->most_ns) to->most_ns = from->most_ns;
    to->count += from->count;
    to->sum_ns += from->sum_ns;
    for (uint32_t i = 0; i < FL_HISTOGRAM_BUCKETS(FL_HISTOGRAM_FINE); i++) to_counts[i] += from_counts[i];
}

void fl_ledger_add(struct fl_ledger *to, const struct fl_ledger *from)
{
    to->events += from->events;
    to->decisions += from->decisions;
    to->moves += from->moves;
    to->chats += from->chats;
    to->never_assigned += from->never_assigned;
    to->crossed += from->crossed;
    to->damaged += from->damaged;
    to->undecided += from->undecided;
    to->unanswered += from->unanswered;
    for (int i = 0; i < FL_BREACHES_COUNT; i++) to->violations[i] += from->violations[i];
    merge_first(to, from);
    merge_times(&to->latency, to->latency_counts, &from->latency, from->latency_counts);
    merge_times(&to->lateness, to->lateness_counts, &from->lateness, from->lateness_counts);
}
