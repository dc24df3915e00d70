#include "engine/books.h"

#include "record/leb.h"
#include "record/rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char magic[] = "fenliu books 1\n";
#define MAGIC_BYTES (sizeof magic - 1)
#define BUCKETS FL_HISTOGRAM_BUCKETS(FL_HISTOGRAM_FINE)
#define FAULTS_MOST 1000000u /* more than a day of seconds could have; what claims more is damaged */
#define FAULT_BYTES_LEAST 16u

/* Of what is counted and how finely: FNV-1a over the rules' names, the widths and the kinds of faults. */
static uint64_t layout(void)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (int i = 0; i < FL_BREACHES_COUNT; i++)
        for (const char *at = fl_breach_name((enum fl_breach)i); ; at++) {
            hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
            if (*at == '\0') break;
        }
    return (hash ^ (BUCKETS << 8 | FL_FAULTS_COUNT)) * UINT64_C(0x100000001b3);
}

/* ---- Numbers, written or read: one list of fields for both ---------------------------------------- */

struct pass {
    struct fl_text *out; /* NULL: reading */
    struct fl_leb *in;
};

static void pass_wide(struct pass *pass, uint64_t *number)
{
    if (pass->out != NULL) fl_leb_add(pass->out, *number);
    else *number = fl_leb_number(pass->in, UINT64_MAX);
}

static void pass_narrow(struct pass *pass, uint32_t *number, uint32_t most)
{
    if (pass->out != NULL) fl_leb_add(pass->out, *number);
    else *number = (uint32_t)fl_leb_number(pass->in, most);
}

static void pass_flag(struct pass *pass, bool *flag)
{
    uint32_t number = *flag;
    pass_narrow(pass, &number, 1);
    *flag = number == 1;
}

/* From -1 on: what never came about is -1. */
static void pass_span(struct pass *pass, int64_t *span)
{
    if (pass->out != NULL) fl_leb_add(pass->out, (fl_histogram_sum)*span + 1);
    else *span = (int64_t)(fl_leb_number(pass->in, (uint64_t)INT64_MAX) - 1);
}

static void pass_text(struct pass *pass, char *text, size_t size)
{
    if (pass->out != NULL) {
        fl_leb_add(pass->out, (fl_histogram_sum)strlen(text));
        fl_text_add_bytes(pass->out, text, strlen(text));
        return;
    }
    const size_t length = fl_leb_number(pass->in, size - 1);
    if (pass->in->bad || length > (size_t)(pass->in->end - pass->in->at) || memchr(pass->in->at, '\0', length) != NULL) {
        pass->in->bad = true;
        return;
    }
    memcpy(text, pass->in->at, length);
    text[length] = '\0';
    pass->in->at += length;
}

/* ---- The parts ------------------------------------------------------------------------------------ */

static void pass_head(struct pass *pass, struct fl_books *books)
{
    uint32_t divided = books->divided;
    pass_wide(pass, &books->scenario_hash);
    pass_wide(pass, &books->seed);
    pass_narrow(pass, &books->shard, UINT32_MAX);
    pass_narrow(pass, &books->shards, UINT32_MAX);
    pass_narrow(pass, &divided, FL_DIVIDED_DESK);
    books->divided = (enum fl_divided)divided;
    pass_flag(pass, &books->live);
    if (pass->out != NULL) fl_rows_add_double(pass->out, books->speed);
    else books->speed = fl_rows_double(pass->in);
    pass_narrow(pass, &books->window, UINT32_MAX);
    pass_span(pass, &books->timeout_ns);
    pass_narrow(pass, &books->sessions, UINT32_MAX);
    pass_span(pass, &books->began_ns);
    pass_flag(pass, &books->link_broke);
    pass_text(pass, books->engine, sizeof books->engine);
}

static void pass_violation(struct pass *pass, struct fl_violation *violation)
{
    uint32_t agent = violation->agent == FL_NO_AGENT ? 0 : violation->agent + 1, breach = violation->breach;
    pass_span(pass, &violation->at);
    pass_wide(pass, &violation->event);
    pass_narrow(pass, &violation->replication, UINT32_MAX);
    pass_narrow(pass, &violation->chat, UINT32_MAX);
    pass_narrow(pass, &agent, UINT32_MAX - 1);
    pass_narrow(pass, &violation->overtaken, UINT32_MAX);
    pass_narrow(pass, &breach, FL_BREACHES_COUNT - 1);
    violation->agent = agent == 0 ? FL_NO_AGENT : agent - 1;
    violation->breach = (enum fl_breach)breach;
}

static bool buckets_hold(const struct fl_histogram *head, const uint64_t counts[])
{
    uint64_t sum = 0;
    if (head->count > 0 && head->least_ns > head->most_ns) return false;
    const uint32_t first = head->count > 0 ? fl_histogram_bucket(head->least_ns, FL_HISTOGRAM_FINE) : BUCKETS;
    const uint32_t last = head->count > 0 ? fl_histogram_bucket(head->most_ns, FL_HISTOGRAM_FINE) : 0;
    for (uint32_t b = 0; b < BUCKETS; b++) {
        if (counts[b] > 0 && (b < first || b > last || counts[b] > UINT32_MAX || counts[b] > head->count - sum)) return false;
        sum += counts[b];
    }
    return sum == head->count;
}

static void pass_histogram(struct pass *pass, struct fl_histogram *head, uint32_t narrow[])
{
    uint64_t counts[BUCKETS];
    for (uint32_t b = 0; b < BUCKETS; b++) counts[b] = narrow[b];
    pass_wide(pass, &head->count);
    if (pass->out != NULL) fl_leb_add(pass->out, head->sum_ns);
    else head->sum_ns = fl_leb_sum(pass->in);
    pass_span(pass, &head->least_ns);
    pass_span(pass, &head->most_ns);
    if (pass->out != NULL) {
        fl_leb_add_few(pass->out, counts, BUCKETS);
        return;
    }
    fl_leb_few(pass->in, counts, BUCKETS);
    if (pass->in->bad || head->least_ns < 0 || head->most_ns < 0 || !buckets_hold(head, counts)) {
        pass->in->bad = true;
        return;
    }
    for (uint32_t b = 0; b < BUCKETS; b++) narrow[b] = (uint32_t)counts[b];
}

static void pass_ledger(struct pass *pass, struct fl_ledger *ledger)
{
    uint64_t *const counts[] = { &ledger->events, &ledger->decisions, &ledger->chats, &ledger->moves, &ledger->never_assigned,
                                 &ledger->crossed, &ledger->damaged, &ledger->undecided, &ledger->unanswered };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) pass_wide(pass, counts[i]);
    for (int i = 0; i < FL_BREACHES_COUNT; i++) pass_wide(pass, &ledger->violations[i]);
    pass_narrow(pass, &ledger->kept, FL_VIOLATIONS_KEPT);
    for (uint32_t i = 0; i < ledger->kept; i++) pass_violation(pass, &ledger->first[i]);
    pass_histogram(pass, &ledger->latency, ledger->latency_counts);
    pass_histogram(pass, &ledger->lateness, ledger->lateness_counts);
}

static void pass_fault(struct pass *pass, struct fl_fault_entry *fault)
{
    uint32_t what = fault->what;
    int64_t *const spans[] = { &fault->at, &fault->began_ns, &fault->ended_ns, &fault->first_word_ns, &fault->recovered_ns };
    uint64_t *const counts[] = { &fault->lost_in, &fault->lost_out, &fault->doubled, &fault->displaced, &fault->delayed };
    pass_narrow(pass, &what, FL_FAULTS_COUNT - 1);
    fault->what = (enum fl_fault)what;
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) pass_span(pass, spans[i]);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) pass_wide(pass, counts[i]);
    pass_narrow(pass, &fault->undecided_before, UINT32_MAX);
    pass_narrow(pass, &fault->chats_count, UINT32_MAX);
    for (uint32_t i = 0; i < fault->chats_count && i < FL_FAULT_CHATS_NAMED; i++) pass_narrow(pass, &fault->chats[i], UINT32_MAX);
    pass_text(pass, fault->problem, sizeof fault->problem);
}

/* ---- The whole ------------------------------------------------------------------------------------ */

void fl_books_write(const struct fl_books *books, struct fl_text *out)
{
    struct pass pass = { .out = out };
    struct fl_books *const same = (struct fl_books *)books; /* its fields are passed by reference; none is changed */
    fl_text_add_bytes(out, magic, MAGIC_BYTES);
    fl_leb_add(out, layout());
    fl_leb_add(out, sizeof FENLIU_VERSION - 1);
    fl_text_add_bytes(out, FENLIU_VERSION, sizeof FENLIU_VERSION - 1);
    pass_head(&pass, same);
    pass_ledger(&pass, &same->ledger);
    fl_leb_add(out, books->faults_count);
    for (uint32_t i = 0; i < books->faults_count; i++) pass_fault(&pass, &books->faults[i]);
    fl_leb_add_hash(out);
}

/* Begins to read; `in` is then behind the version. */
static enum fl_status begin(const void *bytes, size_t length, struct fl_leb *in)
{
    const unsigned char *const from = bytes;
    if (length < MAGIC_BYTES + FL_LEB_HASH_BYTES || memcmp(from, magic, MAGIC_BYTES - 2) != 0 || !fl_leb_hash_holds(bytes, length)) return FL_ESYNTAX;
    if (memcmp(from, magic, MAGIC_BYTES) != 0) return FL_EUNKNOWN;
    *in = (struct fl_leb){ from + MAGIC_BYTES, from + length - FL_LEB_HASH_BYTES, false };
    if (fl_leb_number(in, UINT64_MAX) != layout()) return FL_EUNKNOWN;
    const size_t name = fl_leb_number(in, length);
    if (in->bad || name > (size_t)(in->end - in->at)) return FL_ESYNTAX;
    if (name != sizeof FENLIU_VERSION - 1 || memcmp(in->at, FENLIU_VERSION, name) != 0) return FL_EUNKNOWN;
    in->at += name;
    return FL_OK;
}

static enum fl_status read_faults(struct fl_leb *in, struct fl_books *books)
{
    struct pass pass = { .in = in };
    books->faults_count = (uint32_t)fl_leb_number(in, FAULTS_MOST);
    if (in->bad || books->faults_count > (size_t)(in->end - in->at) / FAULT_BYTES_LEAST) return FL_ESYNTAX;
    books->faults = calloc((size_t)books->faults_count + 1, sizeof *books->faults);
    if (books->faults == NULL) return FL_EFULL;
    for (uint32_t i = 0; i < books->faults_count; i++) pass_fault(&pass, &books->faults[i]);
    return FL_OK;
}

/* What the numbers by themselves do not say. */
static bool holds(const struct fl_books *books)
{
    const bool speed = books->live ? books->speed > 0 : books->speed == 0; /* not NaN either */
    return books->shard < books->shards && speed && books->timeout_ns >= 0 && books->began_ns >= 0 && books->live == (books->divided == FL_DIVIDED_DESK) &&
           books->engine[0] != '\0' && books->ledger.kept <= fl_ledger_violations(&books->ledger);
}

enum fl_status fl_books_read(const void *bytes, size_t length, struct fl_books *out)
{
    struct fl_leb in;
    struct pass pass = { .in = &in };
    enum fl_status status = begin(bytes, length, &in);
    if (status != FL_OK) return status;
    struct fl_books *const books = calloc(1, sizeof *books); /* histograms do not belong on a stack */
    if (books == NULL) return FL_EFULL;
    pass_head(&pass, books);
    pass_ledger(&pass, &books->ledger);
    status = in.bad ? FL_ESYNTAX : read_faults(&in, books);
    if (status == FL_OK && (in.bad || in.at != in.end || !holds(books))) status = FL_ESYNTAX;
    if (status == FL_OK) *out = *books;
    else free(books->faults);
    free(books);
    return status;
}

void fl_books_free(struct fl_books *books)
{
    free(books->faults);
    books->faults = NULL;
    books->faults_count = 0;
}
