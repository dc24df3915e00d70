/* Books of an engine as bytes: read back they are the same, added up they are those of all samples, damaged they are refused. */
#include "engine/books.h"

#include "record/leb.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS FL_HISTOGRAM_BUCKETS(FL_HISTOGRAM_FINE)

/* The i-th latency of a machine, ns: from microseconds to seconds. */
static fl_time latency_at(uint32_t machine, uint32_t i)
{
    const uint64_t bits = (i + 1) * UINT64_C(0x9E3779B97F4A7C15) + machine * UINT64_C(0xBF58476D1CE4E5B9);
    return (fl_time)(((bits >> 11) & 0xFFFFF) << (bits >> 60));
}

static void count(struct fl_ledger *ledger, uint32_t machine, uint32_t samples)
{
    for (uint32_t i = 0; i < samples; i++) {
        fl_histogram_record(&ledger->latency, ledger->latency_counts, FL_HISTOGRAM_FINE, latency_at(machine, i));
        fl_histogram_record(&ledger->lateness, ledger->lateness_counts, FL_HISTOGRAM_FINE, latency_at(machine + 9, i) >> 4);
        ledger->events += 3;
        ledger->chats++;
        ledger->decisions += 2;
        ledger->crossed += i % 7 == 0;
        ledger->moves += i % 2 == 0;
        ledger->never_assigned += i % 3 == 0;
        ledger->damaged += i % 4 == 0;
        ledger->undecided += i % 5 == 0;
        ledger->unanswered += i % 6 == 0;
    }
}

static struct fl_books *books_of(uint32_t shard, struct fl_fault_entry faults[2])
{
    struct fl_books *const books = calloc(1, sizeof *books);
    cr_assert_not_null(books);
    *books = (struct fl_books){ .scenario_hash = UINT64_MAX - 3, .seed = 7, .shard = shard, .shards = 3, .divided = FL_DIVIDED_DESK, .live = true, .speed = 62.5,
                                .timeout_ns = 10 * FL_SECOND, .sessions = 1, .began_ns = INT64_C(1795400846002000000), .engine = "acme 2.1", .faults_count = 2, .faults = faults };
    count(&books->ledger, shard, 500 + shard);
    books->ledger.violations[FL_BREACH_CAPACITY] = 2;
    books->ledger.kept = 2;
    books->ledger.first[0] = (struct fl_violation){ .at = 12, .event = 3, .chat = 1, .agent = FL_NO_AGENT, .breach = FL_BREACH_CAPACITY };
    books->ledger.first[1] = (struct fl_violation){ .at = INT64_C(1) << 45, .event = 9, .chat = 4, .agent = 0, .overtaken = 2, .breach = FL_BREACH_OVERTAKEN };
    memset(faults, 0, 2 * sizeof *faults);
    faults[0] = (struct fl_fault_entry){ .what = (enum fl_fault)0, .at = 5, .began_ns = 6, .ended_ns = 7, .lost_in = 8, .first_word_ns = -1, .recovered_ns = -1, .chats_count = 2, .chats = { 3, 4 } };
    faults[1] = (struct fl_fault_entry){ .what = FL_FAULT_LOST, .recovered_ns = 77, .chats_count = 1000, .problem = "the engine closed the connection" };
    return books;
}

static struct fl_text bytes_of(const struct fl_books *books)
{
    struct fl_text text = { 0 };
    fl_books_write(books, &text);
    cr_assert_not(text.full);
    return text;
}

Test(books, read_back_are_those_that_were_written)
{
    struct fl_fault_entry faults[2];
    struct fl_books *const books = books_of(2, faults), *const read = calloc(1, sizeof *read);
    struct fl_text text = bytes_of(books);

    cr_assert_eq(fl_books_read(text.bytes, text.length, read), FL_OK);

    struct fl_text again = bytes_of(read);
    cr_expect_eq(again.length, text.length);
    cr_expect_eq(memcmp(again.bytes, text.bytes, text.length), 0);
    cr_expect_eq(memcmp(read->ledger.latency_counts, books->ledger.latency_counts, sizeof books->ledger.latency_counts), 0);
    cr_expect_eq(read->ledger.first[0].agent, FL_NO_AGENT);
    cr_expect_eq(read->ledger.first[1].agent, 0);
    cr_expect_eq(read->faults[0].first_word_ns, -1);
    cr_expect_str_eq(read->faults[1].problem, "the engine closed the connection");
    cr_expect_eq(read->speed, 62.5);
    fl_books_free(read);
    fl_text_free(&text);
    fl_text_free(&again);
    free(read);
    free(books);
}

Test(books, added_up_are_the_histogram_of_all_samples)
{
    struct fl_ledger *const sum = calloc(1, sizeof *sum), *const all = calloc(1, sizeof *all);
    for (uint32_t shard = 0; shard < 3; shard++) {
        struct fl_fault_entry faults[2];
        struct fl_books *const books = books_of(shard, faults), *const read = calloc(1, sizeof *read);
        struct fl_text text = bytes_of(books);
        cr_assert_eq(fl_books_read(text.bytes, text.length, read), FL_OK);
        fl_ledger_add(sum, &read->ledger);
        count(all, shard, 500 + shard);
        fl_books_free(read);
        fl_text_free(&text);
        free(read);
        free(books);
    }

    uint64_t counts[2][BUCKETS];
    for (uint32_t b = 0; b < BUCKETS; b++) {
        counts[0][b] = sum->latency_counts[b];
        counts[1][b] = all->latency_counts[b];
        cr_assert_eq(counts[0][b], counts[1][b]);
        cr_assert_eq(sum->lateness_counts[b], all->lateness_counts[b]);
    }
    cr_expect_eq(sum->latency.count, 1503);
    cr_expect(sum->latency.sum_ns == all->latency.sum_ns);
    cr_expect_eq(sum->latency.least_ns, all->latency.least_ns);
    cr_expect_eq(sum->latency.most_ns, all->latency.most_ns);
    cr_expect_eq(sum->events, all->events);
    cr_expect_eq(sum->decisions, all->decisions);
    cr_expect_eq(sum->chats, all->chats);
    cr_expect_eq(sum->moves, all->moves);
    cr_expect_eq(sum->never_assigned, all->never_assigned);
    cr_expect_eq(sum->crossed, all->crossed);
    cr_expect_eq(sum->damaged, all->damaged);
    cr_expect_eq(sum->undecided, all->undecided);
    cr_expect_eq(sum->unanswered, all->unanswered);
    cr_expect_eq(sum->violations[FL_BREACH_CAPACITY], 3 * 2);
    cr_assert_eq(sum->kept, 3 * 2);
    for (uint32_t v = 0; v < sum->kept; v++) cr_expect_eq(sum->first[v].event, v < 3 ? 3 : 9, "violation %u, in order of events", v);
    for (double share = 0.5; share < 1; share += 0.1)
        cr_expect_eq(fl_histogram_percentile_s(&sum->latency, counts[0], 0, BUCKETS, FL_HISTOGRAM_FINE, share),
                     fl_histogram_percentile_s(&all->latency, counts[1], 0, BUCKETS, FL_HISTOGRAM_FINE, share));
    free(sum);
    free(all);
}

Test(books, cut_or_changed_anywhere_are_refused)
{
    struct fl_fault_entry faults[2];
    struct fl_books *const books = books_of(1, faults), *const read = calloc(1, sizeof *read);
    struct fl_text text = bytes_of(books);

    for (size_t i = 0; i < text.length; i++) {
        cr_expect_eq(fl_books_read(text.bytes, i, read), FL_ESYNTAX, "cut at %zu", i);
        text.bytes[i] ^= 4;
        cr_expect_eq(fl_books_read(text.bytes, text.length, read), FL_ESYNTAX, "changed at %zu", i);
        text.bytes[i] ^= 4;
    }
    fl_text_free(&text);
    free(read);
    free(books);
}

/* With a hash that fits, as somebody would write who means it. */
static void rehash(struct fl_text *text)
{
    text->length -= FL_LEB_HASH_BYTES;
    fl_leb_add_hash(text);
}

Test(books, whatever_their_bytes_are_what_is_read_holds_together)
{
    struct fl_fault_entry faults[2];
    struct fl_books *const books = books_of(1, faults), *const read = calloc(1, sizeof *read);
    struct fl_text text = bytes_of(books);
    uint32_t taken = 0;

    for (size_t i = 0; i < text.length - FL_LEB_HASH_BYTES; i++) {
        const char was = text.bytes[i];
        for (int way = 0; way < 3; way++) {
            text.bytes[i] = (char)(way == 0 ? was ^ 1 : way == 1 ? 0 : 127);
            rehash(&text);
            if (fl_books_read(text.bytes, text.length, read) == FL_OK) {
                uint64_t samples = 0;
                for (uint32_t b = 0; b < BUCKETS; b++) samples += read->ledger.latency_counts[b];
                cr_expect_eq(samples, read->ledger.latency.count);
                cr_expect(read->shard < read->shards && read->ledger.kept <= FL_VIOLATIONS_KEPT && read->speed > 0);
                for (uint32_t v = 0; v < read->ledger.kept; v++) cr_expect_lt(read->ledger.first[v].breach, FL_BREACHES_COUNT);
                for (uint32_t f = 0; f < read->faults_count; f++) cr_expect_lt(read->faults[f].what, FL_FAULTS_COUNT);
                fl_books_free(read);
                taken++;
            }
        }
        text.bytes[i] = was;
    }

    cr_expect_gt(taken, 0); /* a count may be any */
    fl_text_free(&text);
    free(read);
    free(books);
}
