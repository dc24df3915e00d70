#include "record/slice.h"

#include "record/rows.h"

#include <stdlib.h>
#include <string.h>

static const char magic[] = "fenliu slice 2\n";
#define MAGIC_BYTES (sizeof magic - 1)

void fl_slice_of_shard(struct fl_slice_head *head, uint32_t shard, uint32_t shards, uint32_t replications)
{
    const uint64_t first = (uint64_t)replications * shard / shards, end = (uint64_t)replications * (shard + 1) / shards;
    head->shard = shard;
    head->shards = shards;
    head->replications = replications;
    head->first = (uint32_t)first;
    head->days = (uint32_t)(end - first);
}

/* ---- What is pooled ---------------------------------------------------------------------------- */

/* Goes over the numbers of the pooled days, writing or reading them: one list of fields for both. */
struct pass {
    struct fl_text *out; /* NULL: reading */
    struct fl_leb *in;
    uint64_t zeros;      /* seen and not yet written; read and not yet given */
};

static void end_zeros(struct pass *pass)
{
    if (pass->zeros == 0) return;
    fl_leb_add(pass->out, 0);
    fl_leb_add(pass->out, (fl_histogram_sum)pass->zeros);
    pass->zeros = 0;
}

static void pass_number(struct pass *pass, uint64_t *number)
{
    if (pass->out != NULL) {
        if (*number == 0) {
            pass->zeros++;
            return;
        }
        end_zeros(pass);
        fl_leb_add(pass->out, *number);
        return;
    }
    if (pass->zeros == 0) {
        *number = fl_leb_number(pass->in, UINT64_MAX);
        if (*number != 0 || pass->in->bad) return;
        pass->zeros = fl_leb_number(pass->in, UINT64_MAX);
        if (pass->zeros == 0) {
            pass->in->bad = true;
            return;
        }
    }
    pass->zeros--;
    *number = 0;
}

static void pass_numbers(struct pass *pass, uint64_t numbers[], size_t n)
{
    for (size_t i = 0; i < n; i++) pass_number(pass, &numbers[i]);
}

static void pass_short(struct pass *pass, uint32_t *number)
{
    uint64_t wide = *number;
    pass_number(pass, &wide);
    if (wide > UINT32_MAX) pass->in->bad = true;
    *number = (uint32_t)wide;
}

static void pass_shorts(struct pass *pass, uint32_t numbers[], size_t n)
{
    for (size_t i = 0; i < n; i++) pass_short(pass, &numbers[i]);
}

static void pass_time(struct pass *pass, fl_time *time)
{
    uint64_t wide = (uint64_t)*time;
    pass_number(pass, &wide);
    if (wide > (uint64_t)FL_TIME_NEVER) pass->in->bad = true;
    *time = (fl_time)wide;
}

static void pass_head(struct pass *pass, struct fl_histogram *head)
{
    uint64_t low = (uint64_t)head->sum_ns, high = (uint64_t)(head->sum_ns >> 64);
    pass_number(pass, &head->count);
    pass_number(pass, &low);
    pass_number(pass, &high);
    pass_time(pass, &head->least_ns);
    pass_time(pass, &head->most_ns);
    if (pass->out != NULL) return;
    if (high > (uint64_t)INT64_MAX) pass->in->bad = true;
    else head->sum_ns = (fl_histogram_sum)high << 64 | low;
}

static void pass_cells(struct pass *pass, struct fl_cell cells[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        pass_numbers(pass, cells[i].count, FL_COUNTS);
        for (uint32_t k = 0; k < FL_KINDS; k++) pass_head(pass, &cells[i].head[k]);
    }
}

static void pass_agents(struct pass *pass, const struct fl_totals *totals)
{
    pass_cells(pass, totals->agent, totals->agents);
    for (uint32_t a = 0; a < totals->agents; a++) {
        for (uint32_t i = 0; i < FL_LEVELS; i++) {
            pass_number(pass, &totals->levels[a].at[i].depth);
            pass_number(pass, &totals->levels[a].at[i].open);
        }
        pass_short(pass, &totals->levels[a].most.depth);
        pass_short(pass, &totals->levels[a].most.open);
    }
    const size_t duties = (size_t)fl_duty_rows(totals->agents, totals->duty_agents) * totals->intervals;
    for (size_t i = 0; i < duties; i++) {
        struct fl_duty *const duty = &totals->duty[i];
        pass_number(pass, &duty->duty_us);
        pass_number(pass, &duty->busy_us);
        pass_number(pass, &duty->open_us);
        pass_number(pass, &duty->depth_us);
    }
    pass_shorts(pass, totals->agent_counts, (size_t)totals->agents * FL_AGENT_KINDS * FL_ROUGH_BUCKETS);
    pass_numbers(pass, totals->paid_us, totals->agents);
}

static void pass_totals(struct pass *pass, struct fl_totals *totals)
{
    const size_t coarse = (size_t)FL_KINDS * FL_COARSE_BUCKETS, cells = (size_t)totals->intervals * totals->groups;
    pass_short(pass, &totals->days);
    pass_cells(pass, totals->interval_group, cells);
    pass_cells(pass, totals->group, totals->groups);
    pass_cells(pass, totals->intent, totals->intents);
    pass_agents(pass, totals);
    pass_numbers(pass, totals->interval_group_counts, cells * coarse);
    pass_numbers(pass, totals->intent_counts, totals->intents * coarse);
    pass_numbers(pass, totals->group_counts, (size_t)totals->groups * FL_KINDS * FL_FINE_BUCKETS);
    pass_numbers(pass, totals->snapshot, ((size_t)totals->intervals + 1) * 4);
    pass_numbers(pass, totals->snapshot_square, ((size_t)totals->intervals + 1) * 2);
    pass_cells(pass, totals->date, totals->dates);
    pass_numbers(pass, totals->date_counts, totals->dates * coarse);
    if (pass->out != NULL) end_zeros(pass);
    else if (pass->zeros > 0) pass->in->bad = true;
}

/* ---- Whether it holds together ----------------------------------------------------------------- */

/* Buckets of one cell and kind, wide (groups, intents, intervals, dates) or narrow (agents). */
static bool histogram_holds(const struct fl_histogram *head, const uint64_t *wide, const uint32_t *narrow, uint32_t sub_bits)
{
    const uint32_t buckets = FL_HISTOGRAM_BUCKETS(sub_bits);
    const bool any = head->count > 0;
    if (any && head->least_ns > head->most_ns) return false;
    const uint32_t first = any ? fl_histogram_bucket(head->least_ns, sub_bits) : 1, last = any ? fl_histogram_bucket(head->most_ns, sub_bits) : 0;
    uint64_t sum = 0;
    for (uint32_t b = 0; b < buckets; b++) {
        const uint64_t n = wide != NULL ? wide[b] : narrow[b];
        if (n > 0 && (b < first || b > last || n > head->count - sum)) return false;
        sum += n;
    }
    return sum == head->count;
}

static bool wide_cells_hold(const struct fl_cell cells[], size_t n, const uint64_t counts[], uint32_t sub_bits)
{
    const size_t buckets = FL_HISTOGRAM_BUCKETS(sub_bits);
    for (size_t i = 0; i < n * FL_KINDS; i++)
        if (!histogram_holds(&cells[i / FL_KINDS].head[i % FL_KINDS], counts + i * buckets, NULL, sub_bits)) return false;
    return true;
}

/* Agents' waits and durations have no buckets. */
static bool agents_hold(const struct fl_totals *totals)
{
    for (size_t i = 0; i < totals->agents; i++) {
        for (size_t k = 0; k < FL_KINDS; k++) {
            const struct fl_histogram *const head = &totals->agent[i].head[k];
            if (k >= FL_AGENT_KINDS ? head->count > 0
                                    : !histogram_holds(head, NULL, totals->agent_counts + (i * FL_AGENT_KINDS + k) * FL_ROUGH_BUCKETS, FL_HISTOGRAM_ROUGH))
                return false;
        }
    }
    return true;
}

static bool totals_hold(const struct fl_slice *slice)
{
    const struct fl_totals *const totals = &slice->totals;
    if (totals->days != slice->head.done) return false;
    for (uint32_t g = 0; g < totals->groups; g++) {
        for (uint32_t c = 0; c < FL_COUNTS; c++) {
            uint64_t sum = 0;
            for (uint32_t i = 0; i < slice->head.done; i++) sum += fl_row_count(slice->rows[i], g)[c];
            if (sum != totals->group[g].count[c]) return false;
        }
    }
    return agents_hold(totals) && wide_cells_hold(totals->group, totals->groups, totals->group_counts, FL_HISTOGRAM_FINE) &&
           wide_cells_hold(totals->interval_group, (size_t)totals->intervals * totals->groups, totals->interval_group_counts, FL_HISTOGRAM_COARSE) &&
           wide_cells_hold(totals->intent, totals->intents, totals->intent_counts, FL_HISTOGRAM_COARSE) &&
           wide_cells_hold(totals->date, totals->dates, totals->date_counts, FL_HISTOGRAM_COARSE);
}

/* ---- Writing ----------------------------------------------------------------------------------- */

static void rows_add(struct fl_text *out, const struct fl_row *const rows[], uint32_t rows_count)
{
    const bool kept = rows != NULL && rows_count > 0;
    fl_leb_add(out, kept ? rows[0]->groups : 0);
    if (kept) fl_rows_write(rows, rows_count, out);
}

void fl_slice_write(const struct fl_slice_head *head, const struct fl_results *results, struct fl_text *out)
{
    const uint32_t days = results->rows_count;
    struct fl_totals totals = results->totals; /* its fields are passed by reference; none is changed */
    struct pass pass = { .out = out };
    fl_text_add_bytes(out, magic, MAGIC_BYTES);
    fl_leb_add(out, fl_rows_layout());
    fl_leb_add(out, sizeof FENLIU_VERSION - 1);
    fl_text_add_bytes(out, FENLIU_VERSION, sizeof FENLIU_VERSION - 1);
    fl_leb_add(out, head->scenario_hash);
    fl_leb_add(out, head->seed);
    fl_leb_add(out, head->shard);
    fl_leb_add(out, head->shards);
    fl_leb_add(out, head->replications);
    fl_leb_add(out, head->first);
    fl_leb_add(out, head->days);
    fl_leb_add(out, head->cpu_us);
    fl_leb_add(out, head->arena_bytes);
    fl_leb_add(out, days);
    rows_add(out, results->rows, days);
    for (uint32_t i = 0; i < days; i++) fl_rows_add_double(out, results->rows[i]->wages_cny);
    for (uint32_t kind = 0; kind < FL_CELLS_KINDS; kind++) rows_add(out, results->cells.rows[kind], days);
    rows_add(out, results->dates, days);
    fl_leb_add(out, totals.days > 0);
    if (totals.days > 0) pass_totals(&pass, &totals);
    fl_leb_add_hash(out);
}

/* ---- Reading ----------------------------------------------------------------------------------- */

/* Begins to read; `in` is then behind the version. */
static enum fl_status begin(const void *bytes, size_t length, struct fl_leb *in)
{
    const unsigned char *const from = bytes;
    if (length < MAGIC_BYTES + FL_LEB_HASH_BYTES || memcmp(from, magic, MAGIC_BYTES - 2) != 0 || !fl_leb_hash_holds(bytes, length)) return FL_ESYNTAX;
    if (memcmp(from, magic, MAGIC_BYTES) != 0) return FL_EUNKNOWN;
    *in = (struct fl_leb){ from + MAGIC_BYTES, from + length - FL_LEB_HASH_BYTES, false };
    if (fl_leb_number(in, UINT64_MAX) != fl_rows_layout()) return FL_EUNKNOWN;
    const size_t name = fl_leb_number(in, length);
    if (in->bad || name > (size_t)(in->end - in->at)) return FL_ESYNTAX;
    if (name != sizeof FENLIU_VERSION - 1 || memcmp(in->at, FENLIU_VERSION, name) != 0) return FL_EUNKNOWN;
    in->at += name;
    return FL_OK;
}

static enum fl_status read_head(struct fl_leb *in, struct fl_slice_head *head)
{
    head->scenario_hash = fl_leb_number(in, UINT64_MAX);
    head->seed = fl_leb_number(in, UINT64_MAX);
    head->shard = (uint32_t)fl_leb_number(in, UINT32_MAX);
    head->shards = (uint32_t)fl_leb_number(in, UINT32_MAX);
    head->replications = (uint32_t)fl_leb_number(in, UINT32_MAX);
    head->first = (uint32_t)fl_leb_number(in, UINT32_MAX);
    head->days = (uint32_t)fl_leb_number(in, UINT32_MAX);
    head->cpu_us = fl_leb_number(in, UINT64_MAX);
    head->arena_bytes = fl_leb_number(in, SIZE_MAX);
    head->done = (uint32_t)fl_leb_number(in, UINT32_MAX);
    const bool holds = !in->bad && head->shard < head->shards && (head->shards == 1 || head->shards <= head->replications) &&
                       (uint64_t)head->first + head->days <= head->replications && head->done <= head->days;
    return holds ? FL_OK : FL_ESYNTAX;
}

enum fl_status fl_slice_read_head(const void *bytes, size_t length, struct fl_slice_head *head)
{
    struct fl_leb in;
    struct fl_slice_head read;
    enum fl_status status = begin(bytes, length, &in);
    if (status == FL_OK) status = read_head(&in, &read);
    if (status == FL_OK) *head = read;
    return status;
}

/* Rows of `cells` each, or none where that is allowed. */
static enum fl_status read_kept(struct fl_leb *in, uint32_t done, enum fl_scope scope, uint64_t cells, bool may_lack, const struct fl_row ***rows)
{
    const uint64_t found = fl_leb_number(in, UINT32_MAX);
    if (in->bad || (found != cells && !(found == 0 && may_lack))) return FL_ESYNTAX;
    return found == 0 ? FL_OK : fl_rows_read(in, done, scope, (uint32_t)found, rows);
}

static enum fl_status read_days(struct fl_leb *in, const struct fl_scenario *scenario, struct fl_slice *slice)
{
    const uint32_t done = slice->head.done;
    const uint64_t cells[FL_CELLS_KINDS] = { fl_scenario_agents_count(scenario), scenario->buyers.intents_count,
                                             (uint64_t)scenario->intervals_count * scenario->desk.groups_count };
    enum fl_status status = read_kept(in, done, FL_SCOPE_GROUP, scenario->desk.groups_count, done == 0, &slice->rows);
    for (uint32_t i = 0; status == FL_OK && i < done; i++) ((struct fl_row *)slice->rows[i])->wages_cny = fl_rows_double(in);
    for (uint32_t kind = 0; status == FL_OK && kind < FL_CELLS_KINDS; kind++)
        status = read_kept(in, done, fl_cells_scope((enum fl_cells_of)kind), cells[kind], true, &slice->cells[kind]);
    if (status == FL_OK) status = read_kept(in, done, FL_SCOPE_DATE, fl_day_dates(scenario), done == 0, &slice->dates);
    return status == FL_OK && in->bad ? FL_ESYNTAX : status;
}

static enum fl_status read_totals(struct fl_leb *in, const struct fl_scenario *scenario, struct fl_slice *slice)
{
    struct pass pass = { .in = in };
    if (fl_leb_number(in, 1) == 0) return in->bad ? FL_ESYNTAX : FL_OK;
    slice->totals_memory = calloc(1, fl_totals_bytes(scenario));
    if (slice->totals_memory == NULL) return FL_EFULL;
    fl_totals_start(&slice->totals, scenario, slice->totals_memory);
    pass_totals(&pass, &slice->totals);
    return !in->bad && totals_hold(slice) ? FL_OK : FL_ESYNTAX;
}

enum fl_status fl_slice_read(const void *bytes, size_t length, const struct fl_scenario *scenario, struct fl_slice *out)
{
    struct fl_leb in;
    struct fl_slice slice = { 0 };
    enum fl_status status = begin(bytes, length, &in);
    if (status == FL_OK) status = read_head(&in, &slice.head);
    if (status == FL_OK && slice.head.scenario_hash != scenario->hash) status = FL_ECONFLICT;
    if (status == FL_OK) status = read_days(&in, scenario, &slice);
    if (status == FL_OK) status = read_totals(&in, scenario, &slice);
    if (status == FL_OK && in.at != in.end) status = FL_ESYNTAX;
    if (status == FL_OK) *out = slice;
    else fl_slice_free(&slice);
    return status;
}

void fl_slice_free(struct fl_slice *slice)
{
    free(slice->rows);
    for (uint32_t kind = 0; kind < FL_CELLS_KINDS; kind++) free(slice->cells[kind]);
    free(slice->dates);
    free(slice->totals_memory);
    *slice = (struct fl_slice){ 0 };
}
