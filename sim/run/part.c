#include "run/part.h"

#include "run/whole.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define HASH_BYTES 8u
enum { HEAD_LAYOUT, HEAD_SCENARIO, HEAD_SEED, HEAD_DAYS, HEAD_FIRST, HEAD_LISTS, HEAD_TOTALS_WORDS, HEAD_ARENA, HEAD_CPU_US, HEAD_WORDS };
enum { LIST_DATES, LIST_CELLS, LISTS = LIST_CELLS + FL_CELLS_KINDS }; /* rows of groups are always there and come first */

/* Version, names of the counts and what the machine makes of the structs: equal where the same words mean the same. */
static uint64_t layout_number(void)
{
    static const char names[] = FENLIU_VERSION " "
#define NAME(name) #name " "
        FL_COUNTS_LIST(NAME)
#undef NAME
        ;
    const uint32_t sizes[] = { sizeof(struct fl_row), sizeof(struct fl_cell), sizeof(struct fl_levels), sizeof(struct fl_duty), sizeof(struct fl_date),
                               FL_KINDS, FL_HISTOGRAM_FINE, FL_HISTOGRAM_UNIT_BITS, 0x01020304u };
    return XXH64(names, sizeof names, XXH64(sizes, sizeof sizes, 0));
}

/* ---- Words ------------------------------------------------------------------------------------- */

static void add_number(struct fl_text *out, uint64_t number)
{
    char bytes[10];
    size_t n = 0;
    for (; number > 127; number >>= 7) bytes[n++] = (char)((number & 127) | 128);
    bytes[n++] = (char)number;
    fl_text_add_bytes(out, bytes, n);
}

static void add_words(struct fl_text *out, const void *memory, size_t count)
{
    const char *at = memory;
    for (size_t i = 0; i < count;) {
        uint64_t word = 0;
        size_t zeros = 0;
        for (; i + zeros < count; zeros++) {
            memcpy(&word, at + 8 * (i + zeros), 8);
            if (word != 0) break;
        }
        add_number(out, zeros > 0 ? 0 : word);
        if (zeros > 0) add_number(out, zeros);
        i += zeros > 0 ? zeros : 1;
    }
}

struct reader {
    const unsigned char *at, *end;
    uint64_t zeros; /* of a run that is not used up */
    bool good;
};

static uint64_t take_number(struct reader *reader)
{
    uint64_t number = 0;
    for (uint32_t shift = 0; shift < 64; shift += 7) {
        if (reader->at == reader->end) break;
        const unsigned char byte = *reader->at++;
        number |= (uint64_t)(byte & 127) << shift;
        if (byte < 128) return number;
    }
    reader->good = false;
    return 0;
}

static void take_words(struct reader *reader, void *memory, size_t count)
{
    char *to = memory;
    for (size_t i = 0; i < count && reader->good; i++) {
        uint64_t word = 0;
        if (reader->zeros == 0) {
            word = take_number(reader);
            if (word == 0) reader->zeros = take_number(reader);
            if (word == 0 && reader->zeros == 0) reader->good = false;
        }
        if (word == 0 && reader->zeros > 0) reader->zeros--;
        memcpy(to + 8 * i, &word, 8);
    }
}

/* ---- Writing ----------------------------------------------------------------------------------- */

static const struct fl_row *const *list_of(const struct fl_results *results, uint32_t list)
{
    return list == LIST_DATES ? results->dates : results->cells.rows[list - LIST_CELLS];
}

void fl_part_write(const struct fl_run *run, struct fl_text *out)
{
    const struct fl_results *results = &run->results;
    const size_t totals_words = fl_totals_bytes(results->scenario) / 8, from = out->length;
    uint64_t head[HEAD_WORDS] = {
        [HEAD_LAYOUT] = layout_number(), [HEAD_SCENARIO] = results->scenario->hash, [HEAD_SEED] = run->seed, [HEAD_DAYS] = results->rows_count,
        [HEAD_FIRST] = results->rows[0]->replication, [HEAD_TOTALS_WORDS] = totals_words, [HEAD_ARENA] = run->arena_high,
        [HEAD_CPU_US] = (uint64_t)(run->cpu_s * 1e6),
    };
    for (uint32_t list = 0; list < LISTS; list++)
        if (list_of(results, list) != NULL) head[HEAD_LISTS] |= UINT64_C(1) << list;
    add_words(out, head, HEAD_WORDS);
    add_words(out, ((const struct fl_whole *)run)->totals_memory, totals_words);
    for (uint32_t i = 0; i < results->rows_count; i++) {
        add_words(out, results->rows[i], results->rows[i]->bytes / 8);
        for (uint32_t list = 0; list < LISTS; list++)
            if (list_of(results, list) != NULL) add_words(out, list_of(results, list)[i], list_of(results, list)[i]->bytes / 8);
    }
    if (out->full) return;
    const uint64_t hash = XXH64(out->bytes + from, out->length - from, 0);
    char bytes[HASH_BYTES];
    for (uint32_t i = 0; i < HASH_BYTES; i++) bytes[i] = (char)(hash >> 8 * i & 255);
    fl_text_add_bytes(out, bytes, HASH_BYTES);
}

/* ---- Reading ----------------------------------------------------------------------------------- */

static enum fl_status open_part(const void *bytes, size_t length, struct reader *reader, uint64_t head[HEAD_WORDS])
{
    if (length < HASH_BYTES) return FL_ESYNTAX;
    const unsigned char *const end = (const unsigned char *)bytes + length - HASH_BYTES;
    uint64_t hash = 0;
    for (uint32_t i = 0; i < HASH_BYTES; i++) hash |= (uint64_t)end[i] << 8 * i;
    if (hash != XXH64(bytes, length - HASH_BYTES, 0)) return FL_ESYNTAX;
    *reader = (struct reader){ .at = bytes, .end = end, .good = true };
    take_words(reader, head, 1);
    if (!reader->good) return FL_ESYNTAX;
    if (head[HEAD_LAYOUT] != layout_number()) return FL_EUNKNOWN;
    take_words(reader, head + 1, HEAD_WORDS - 1);
    return reader->good && head[HEAD_DAYS] > 0 && head[HEAD_DAYS] < UINT32_MAX && head[HEAD_LISTS] >> LISTS == 0 ? FL_OK : FL_ESYNTAX;
}

enum fl_status fl_part_head(const void *bytes, size_t length, struct fl_part_head *out)
{
    struct reader reader;
    uint64_t head[HEAD_WORDS];
    const enum fl_status status = open_part(bytes, length, &reader, head);
    if (status == FL_OK)
        *out = (struct fl_part_head){ head[HEAD_SCENARIO], head[HEAD_SEED], (uint32_t)head[HEAD_DAYS], (uint32_t)head[HEAD_FIRST] };
    return status;
}

/* A row in memory of its own; NULL when memory ran out or it is none. */
static struct fl_row *take_row(struct reader *reader)
{
    struct fl_row head;
    take_words(reader, &head, sizeof head / 8);
    if (!reader->good || head.bytes < sizeof head || head.bytes % 8 != 0) {
        reader->good = false;
        return NULL;
    }
    struct fl_row *const row = malloc(head.bytes);
    if (row == NULL) return NULL;
    *row = head;
    take_words(reader, row + 1, (head.bytes - sizeof head) / 8);
    return row;
}

/* The lists of a run that is being joined: those that its first part has. */
static struct fl_row ***list_in(struct fl_whole *whole, uint32_t list)
{
    return list == LIST_DATES ? &whole->dates : &whole->cells[list - LIST_CELLS];
}

/* Puts a row behind the others of a list; one that is not kept is let go. */
static enum fl_status put_row(struct reader *reader, struct fl_row **rows, uint32_t at)
{
    struct fl_row *const row = take_row(reader);
    if (row == NULL) return reader->good ? FL_EFULL : FL_ESYNTAX;
    if (rows != NULL) rows[at] = row;
    else free(row);
    return reader->good ? FL_OK : FL_ESYNTAX;
}

static enum fl_status take_days(struct fl_whole *whole, struct reader *reader, const uint64_t head[HEAD_WORDS], uint32_t *filled)
{
    for (uint32_t i = 0; i < head[HEAD_DAYS]; i++) {
        const uint32_t at = (*filled)++; /* counted first: what is there is released, and the rest is NULL */
        enum fl_status status = put_row(reader, whole->rows, at);
        if (status == FL_OK && at > 0 && whole->rows[at]->replication <= whole->rows[at - 1]->replication) status = FL_ESYNTAX;
        for (uint32_t list = 0; list < LISTS && status == FL_OK; list++)
            if (head[HEAD_LISTS] >> list & 1) status = put_row(reader, *list_in(whole, list), at);
        if (status != FL_OK) return status;
    }
    return FL_OK;
}

static enum fl_status take_totals(struct fl_whole *whole, struct reader *reader, const uint64_t head[HEAD_WORDS])
{
    const struct fl_scenario *scenario = whole->run.results.scenario;
    struct fl_totals part;
    const size_t bytes = fl_totals_bytes(scenario);
    if (head[HEAD_TOTALS_WORDS] != bytes / 8) return FL_ESYNTAX;
    void *const memory = calloc(1, bytes);
    if (memory == NULL) return FL_EFULL;
    fl_totals_start(&part, scenario, memory);
    take_words(reader, memory, bytes / 8);
    part.days = (uint32_t)head[HEAD_DAYS];
    if (reader->good) fl_totals_merge(&whole->run.results.totals, &part);
    free(memory);
    return reader->good ? FL_OK : FL_ESYNTAX;
}

static bool lists_open(struct fl_whole *whole, uint64_t lists, uint64_t days)
{
    whole->rows = calloc(days, sizeof *whole->rows);
    whole->totals_memory = calloc(1, fl_totals_bytes(whole->run.results.scenario));
    if (whole->rows == NULL || whole->totals_memory == NULL) return false;
    fl_totals_start(&whole->run.results.totals, whole->run.results.scenario, whole->totals_memory);
    for (uint32_t list = 0; list < LISTS; list++) {
        if ((lists >> list & 1) == 0) continue;
        *list_in(whole, list) = calloc(days, sizeof **list_in(whole, list));
        if (*list_in(whole, list) == NULL) return false;
    }
    whole->run.results.agent_names = fl_run_agent_names(whole->run.results.scenario, &whole->plan_memory);
    return whole->run.results.agent_names != NULL;
}

/* What the parts are together: their days, and the lists that all of them have. */
static enum fl_status survey(const struct fl_scenario *scenario, const struct fl_part parts[], uint32_t count, uint64_t *seed, uint64_t *days, uint64_t *lists)
{
    *days = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct reader reader;
        uint64_t head[HEAD_WORDS];
        const enum fl_status status = open_part(parts[i].bytes, parts[i].length, &reader, head);
        if (status != FL_OK) return status;
        if (head[HEAD_SCENARIO] != scenario->hash || (i > 0 && head[HEAD_SEED] != *seed)) return FL_EUNKNOWN;
        *seed = head[HEAD_SEED];
        *days += head[HEAD_DAYS];
        *lists = (i > 0 ? *lists : UINT64_MAX) & head[HEAD_LISTS];
    }
    return *days < UINT32_MAX ? FL_OK : FL_EFULL;
}

static enum fl_status join(struct fl_whole *whole, const struct fl_part parts[], uint32_t count, uint32_t *filled)
{
    struct fl_run *const run = &whole->run;
    for (uint32_t i = 0; i < count; i++) {
        struct reader reader;
        uint64_t head[HEAD_WORDS];
        enum fl_status status = open_part(parts[i].bytes, parts[i].length, &reader, head);
        if (status == FL_OK) status = take_totals(whole, &reader, head);
        if (status == FL_OK) status = take_days(whole, &reader, head, filled);
        if (status == FL_OK && (reader.at != reader.end || reader.zeros > 0)) status = FL_ESYNTAX;
        if (status != FL_OK) return status;
        run->cpu_s += (double)head[HEAD_CPU_US] * 1e-6;
        if (head[HEAD_ARENA] > run->arena_high) run->arena_high = (size_t)head[HEAD_ARENA];
    }
    return FL_OK;
}

enum fl_status fl_parts_join(const struct fl_scenario *scenario, const struct fl_part parts[], uint32_t count, struct fl_run **out)
{
    uint64_t seed = 0, days, lists = 0;
    uint32_t filled = 0;
    enum fl_status status = survey(scenario, parts, count, &seed, &days, &lists);
    if (status != FL_OK) return status;
    struct fl_whole *const whole = calloc(1, sizeof *whole);
    if (whole == NULL) return FL_EFULL;
    whole->run = (struct fl_run){ .results = { .scenario = scenario }, .jobs = 1, .seed = seed };
    status = lists_open(whole, lists, days) ? join(whole, parts, count, &filled) : FL_EFULL;
    struct fl_results *const results = &whole->run.results;
    results->rows_count = filled;
    results->rows = (const struct fl_row *const *)whole->rows;
    results->dates = (const struct fl_row *const *)whole->dates;
    for (uint32_t kind = 0; kind < FL_CELLS_KINDS; kind++) results->cells.rows[kind] = (const struct fl_row *const *)whole->cells[kind];
    if (status != FL_OK) fl_run_free(&whole->run);
    else *out = &whole->run;
    return status;
}
