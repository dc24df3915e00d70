/* Fuzz target: an engine's books with any changes, and a hash that is right for them, are refused, or what is read holds together: it is written
 * again to what reads the same, and adds up.
 *
 * The input is changes to sound books: three bytes each, two of a place and one of what stands there then. Run:
 * fuzz_books -max_total_time=60 CORPUS */
#include "engine/books.h"
#include "record/leb.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fl_text sound;
static struct fl_books books, found, again;
static struct fl_ledger sum;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    static struct fl_fault_entry faults[2] = { { .at = 5, .chats_count = 2, .chats = { 3, 4 }, .first_word_ns = -1 }, { .what = FL_FAULT_LOST, .problem = "gone" } };
    books = (struct fl_books){ .scenario_hash = 77, .seed = 7, .shard = 1, .shards = 3, .divided = FL_DIVIDED_DESK, .live = true, .speed = 60, .timeout_ns = FL_SECOND,
                               .sessions = 1, .began_ns = 1, .engine = "acme 2.1", .faults_count = 2, .faults = faults };
    for (fl_time at = 1; at < FL_MINUTE; at *= 3) {
        fl_histogram_record(&books.ledger.latency, books.ledger.latency_counts, FL_HISTOGRAM_FINE, at);
        fl_histogram_record(&books.ledger.lateness, books.ledger.lateness_counts, FL_HISTOGRAM_FINE, at / 7);
    }
    books.ledger.violations[FL_BREACH_CAPACITY] = 1;
    books.ledger.kept = 1;
    books.ledger.first[0] = (struct fl_violation){ .at = 9, .chat = 4, .agent = FL_NO_AGENT, .breach = FL_BREACH_CAPACITY };
    fl_books_write(&books, &sound);
    FL_ASSERT(!sound.full);
    return 0;
}

static void work_with(void)
{
    struct fl_text text = { 0 }, same = { 0 };
    uint64_t samples = 0;
    fl_books_write(&found, &text);
    FL_ASSERT(!text.full && fl_books_read(text.bytes, text.length, &again) == FL_OK);
    FL_ASSERT(memcmp(again.ledger.latency_counts, found.ledger.latency_counts, sizeof found.ledger.latency_counts) == 0);
    fl_books_write(&again, &same);
    FL_ASSERT(same.length == text.length && memcmp(same.bytes, text.bytes, text.length) == 0);
    fl_books_free(&again);
    fl_text_free(&text);
    fl_text_free(&same);
    for (uint32_t b = 0; b < FL_HISTOGRAM_BUCKETS(FL_HISTOGRAM_FINE); b++) samples += found.ledger.latency_counts[b];
    FL_ASSERT(samples == found.ledger.latency.count && found.shard < found.shards && strlen(found.engine) > 0);
    for (uint32_t i = 0; i < found.ledger.kept; i++) FL_ASSERT(fl_breach_name(found.ledger.first[i].breach) != NULL);
    for (uint32_t i = 0; i < found.faults_count; i++) FL_ASSERT(fl_fault_word(found.faults[i].what) != NULL);
    memset(&sum, 0, sizeof sum);
    fl_ledger_add(&sum, &found.ledger);
    fl_ledger_add(&sum, &books.ledger);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fl_text changed = { 0 };
    fl_text_add_bytes(&changed, sound.bytes, sound.length - FL_LEB_HASH_BYTES);
    for (size_t i = 0; i + 3 <= size && !changed.full; i += 3) changed.bytes[(data[i] | (size_t)data[i + 1] << 8) % changed.length] = (char)data[i + 2];
    if (size % 3 == 1 && changed.length > data[size - 1]) changed.length -= data[size - 1]; /* cut short */
    fl_leb_add_hash(&changed);
    if (!changed.full && fl_books_read(changed.bytes, changed.length, &found) == FL_OK) {
        work_with();
        fl_books_free(&found);
    }
    fl_text_free(&changed);
    return 0;
}
