/* Pooling of days, and the figures that follow. One description of a scope (struct source) serves totals, a day in the
 * arena and a packed row, so a figure has one definition. */
#include "measure/summary.h"

#include "core/real.h"
#include "core/special.h"

#include <math.h>
#include <string.h>

enum metric_id {
#define METRIC_ID(name, unit, kind) METRIC_##name,
    FL_METRICS(METRIC_ID)
#undef METRIC_ID
    METRICS_COUNT
};

/* ---- Scopes ------------------------------------------------------------------------------------ */

/* Cells that are summed, with their buckets. */
struct source {
    uint32_t parts, kinds, sub_bits;
    bool wide; /* buckets are 64 bits */
    const struct fl_cell *cell[FL_GROUPS_MAX];
    const void *buckets[FL_GROUPS_MAX];
    double days;
};

static void source_add(struct source *source, const struct fl_cell *cell, const void *buckets)
{
    source->cell[source->parts] = cell;
    source->buckets[source->parts++] = buckets;
}

static uint64_t count_of(const struct source *source, enum fl_count what)
{
    uint64_t sum = 0;
    for (uint32_t p = 0; p < source->parts; p++) sum += source->cell[p]->count[what];
    return sum;
}

static uint32_t kinds_of(enum metric_id id)
{
    switch (id) {
    case METRIC_first_response_s: return 1u << FL_KIND_FIRST_SAME | 1u << FL_KIND_FIRST_DESK;
    case METRIC_response_s:
        return 1u << FL_KIND_FIRST_SAME | 1u << FL_KIND_FIRST_DESK | 1u << FL_KIND_LATER_SAME | 1u << FL_KIND_LATER_DESK;
    case METRIC_reply_latency_s: return 1u << FL_KIND_FIRST_SAME | 1u << FL_KIND_LATER_SAME | 1u << FL_KIND_AGENT;
    case METRIC_wait_for_agent_s: return 1u << FL_KIND_WAIT;
    case METRIC_chat_duration_s: return 1u << FL_KIND_DURATION;
    default: return 0;
    }
}

/* Head of several kinds together. */
static struct fl_histogram head_of(const struct source *source, uint32_t kinds)
{
    struct fl_histogram all = { 0 };
    for (uint32_t p = 0; p < source->parts; p++) {
        for (uint32_t k = 0; k < FL_KINDS; k++) {
            const struct fl_histogram *head = &source->cell[p]->head[k];
            if (!(kinds >> k & 1) || head->count == 0) continue;
            if (all.count == 0 || head->least_ns < all.least_ns) all.least_ns = head->least_ns;
            if (all.count == 0 || head->most_ns > all.most_ns) all.most_ns = head->most_ns;
            all.count += head->count;
            all.sum_ns += head->sum_ns;
        }
    }
    return all;
}

static void buckets_of(const struct source *source, uint32_t kinds, uint64_t out[])
{
    const uint32_t buckets = FL_HISTOGRAM_BUCKETS(source->sub_bits);
    memset(out, 0, buckets * sizeof *out);
    for (uint32_t p = 0; p < source->parts; p++) {
        for (uint32_t k = 0; k < source->kinds; k++) {
            const struct fl_histogram *const head = &source->cell[p]->head[k];
            if (!(kinds >> k & 1) || head->count == 0) continue;
            const uint64_t *wide = (const uint64_t *)source->buckets[p] + (size_t)k * buckets;
            const uint32_t *narrow = (const uint32_t *)source->buckets[p] + (size_t)k * buckets;
            const uint32_t last = fl_histogram_bucket(head->most_ns, source->sub_bits);
            for (uint32_t b = fl_histogram_bucket(head->least_ns, source->sub_bits); b <= last; b++) out[b] += source->wide ? wide[b] : narrow[b];
        }
    }
}

static void source_of_totals(const struct fl_totals *totals, enum fl_scope scope, uint32_t index, struct source *source)
{
    const size_t coarse = (size_t)FL_KINDS * FL_COARSE_BUCKETS, fine = (size_t)FL_KINDS * FL_FINE_BUCKETS;
    *source = (struct source){ .kinds = FL_KINDS, .sub_bits = FL_HISTOGRAM_COARSE, .wide = true, .days = totals->days };
    switch (scope) {
    case FL_SCOPE_DESK:
    case FL_SCOPE_GROUP:
        source->sub_bits = FL_HISTOGRAM_FINE;
        for (uint32_t g = 0; g < totals->groups; g++)
            if (scope == FL_SCOPE_DESK || g == index) source_add(source, &totals->group[g], &totals->group_counts[g * fine]);
        break;
    case FL_SCOPE_AGENT:
        source->sub_bits = FL_HISTOGRAM_ROUGH;
        source->kinds = FL_AGENT_KINDS;
        source->wide = false;
        source_add(source, &totals->agent[index], &totals->agent_counts[(size_t)index * FL_AGENT_KINDS * FL_ROUGH_BUCKETS]);
        break;
    case FL_SCOPE_INTENT: source_add(source, &totals->intent[index], &totals->intent_counts[index * coarse]); break;
    case FL_SCOPE_INTERVAL:
    case FL_SCOPE_INTERVAL_GROUP:
        for (uint32_t g = 0; g < totals->groups; g++) {
            const size_t cell = scope == FL_SCOPE_INTERVAL ? (size_t)index * totals->groups + g : index;
            if (scope == FL_SCOPE_INTERVAL_GROUP && g > 0) break;
            source_add(source, &totals->interval_group[cell], &totals->interval_group_counts[cell * coarse]);
        }
        break;
    case FL_SCOPE_DATE:
        if (totals->dates == 0) source_of_totals(totals, FL_SCOPE_DESK, 0, source);
        else source_add(source, &totals->date[index], &totals->date_counts[index * coarse]);
        break;
    }
}

/* `own`: room for the buckets of an agent. */
static void source_of_day(const struct fl_day *day, enum fl_scope scope, uint32_t index, uint32_t own[FL_AGENT_KINDS][FL_ROUGH_BUCKETS],
                          struct source *source)
{
    const size_t coarse = (size_t)FL_KINDS * FL_COARSE_BUCKETS, fine = (size_t)FL_KINDS * FL_FINE_BUCKETS;
    if (scope == FL_SCOPE_DATE && day->dates == 0) scope = FL_SCOPE_DESK;
    *source = (struct source){ .kinds = FL_KINDS, .sub_bits = FL_HISTOGRAM_COARSE, .days = 1 };
    if (scope == FL_SCOPE_DESK || scope == FL_SCOPE_GROUP) {
        source->sub_bits = FL_HISTOGRAM_FINE;
        for (uint32_t g = 0; g < day->groups; g++)
            if (scope == FL_SCOPE_DESK || g == index) source_add(source, &day->group[g], &day->group_counts[g * fine]);
    } else if (scope == FL_SCOPE_AGENT) {
        source->sub_bits = FL_HISTOGRAM_ROUGH;
        source->kinds = FL_AGENT_KINDS;
        for (uint32_t k = 0; k < FL_AGENT_KINDS; k++) fl_day_agent_buckets(day, index, k, own[k]);
        source_add(source, &day->agent[index], own);
    } else if (scope == FL_SCOPE_DATE) {
        source_add(source, &day->date[index], &day->date_counts[index * coarse]);
    } else {
        for (uint32_t g = 0; g < day->groups; g++) {
            const size_t cell = (size_t)index * day->groups + g;
            source_add(source, &day->interval_group[cell], &day->interval_group_counts[cell * coarse]);
        }
    }
}

/* ---- Packed rows ------------------------------------------------------------------------------- */

static size_t row_head_bytes(uint32_t groups)
{
    return sizeof(struct fl_row) + (size_t)groups * (FL_COUNTS + FL_ROW_HEAD * FL_KINDS) * sizeof(uint64_t);
}

const uint64_t *fl_row_count(const struct fl_row *row, uint32_t group)
{
    return (const uint64_t *)(row + 1) + (size_t)group * FL_COUNTS;
}

static struct fl_histogram row_head(const struct fl_row *row, uint32_t group, uint32_t kind)
{
    const uint64_t *head = (const uint64_t *)(row + 1) + (size_t)row->groups * FL_COUNTS + ((size_t)group * FL_KINDS + kind) * FL_ROW_HEAD;
    return (struct fl_histogram){ .sum_ns = (fl_histogram_sum)head[1] << 64 | head[0], .least_ns = (fl_time)head[2], .most_ns = (fl_time)head[3] };
}

/* First and number of the buckets between the smallest and the largest value. */
static void span_of(const struct fl_histogram *head, uint32_t sub_bits, uint32_t *first, uint32_t *n)
{
    *first = *n = 0;
    if (head->count == 0) return;
    *first = fl_histogram_bucket(head->least_ns, sub_bits);
    *n = fl_histogram_bucket(head->most_ns, sub_bits) - *first + 1;
}

/* What a row is made of. */
struct cells {
    const struct fl_cell *cell;   /* [count] */
    const uint32_t *buckets;      /* [count][kinds][buckets of sub_bits]; NULL: an agent's, collected when they are asked for */
    uint32_t count, kinds, sub_bits;
};

static struct cells cells_of_day(const struct fl_day *day, enum fl_scope scope)
{
    switch (scope) {
    case FL_SCOPE_AGENT: return (struct cells){ day->agent, NULL, day->agents, FL_AGENT_KINDS, FL_HISTOGRAM_ROUGH };
    case FL_SCOPE_INTENT: return (struct cells){ day->intent, day->intent_counts, day->intents, FL_KINDS, FL_HISTOGRAM_COARSE };
    case FL_SCOPE_INTERVAL:
    case FL_SCOPE_INTERVAL_GROUP:
        return (struct cells){ day->interval_group, day->interval_group_counts, day->intervals * day->groups, FL_KINDS, FL_HISTOGRAM_COARSE };
    case FL_SCOPE_DATE: return (struct cells){ day->date, day->date_counts, day->dates, FL_KINDS, FL_HISTOGRAM_COARSE };
    default: return (struct cells){ day->group, day->group_counts, day->groups, FL_KINDS, FL_HISTOGRAM_FINE };
    }
}

size_t fl_cells_bytes(const struct fl_day *day, enum fl_scope scope)
{
    const struct cells cells = cells_of_day(day, scope);
    size_t bytes = row_head_bytes(cells.count);
    for (uint32_t c = 0; c < cells.count; c++) {
        for (uint32_t k = 0; k < FL_KINDS; k++) {
            uint32_t first, n;
            span_of(&cells.cell[c].head[k], cells.sub_bits, &first, &n);
            bytes += (2 + (k < cells.kinds ? (size_t)n : 0)) * sizeof(uint32_t);
        }
    }
    return (bytes + 7) & ~(size_t)7;
}

size_t fl_row_bytes(const struct fl_day *day)
{
    return fl_cells_bytes(day, FL_SCOPE_GROUP);
}

static uint64_t judge_day(const struct fl_scenario *scenario, const struct fl_day *day, const struct fl_row *row);
static double day_wages(const struct fl_scenario *scenario, const struct fl_day *day, enum fl_scope scope, uint32_t index);
static void paid_add_day(const struct fl_scenario *scenario, uint64_t paid_us[], const struct fl_day *day);

void fl_cells_pack(const struct fl_day *day, enum fl_scope scope, uint32_t replication, struct fl_row *row)
{
    const struct cells cells = cells_of_day(day, scope);
    const size_t buckets = FL_HISTOGRAM_BUCKETS(cells.sub_bits);
    *row = (struct fl_row){ .replication = replication, .groups = cells.count, .bytes = (uint32_t)fl_cells_bytes(day, scope),
                            .intervals = day->intervals, .scope = scope, .sub_bits = cells.sub_bits };
    uint64_t *count = (uint64_t *)(row + 1);
    uint64_t *heads = count + (size_t)cells.count * FL_COUNTS;
    uint32_t *spans = (uint32_t *)(heads + (size_t)cells.count * FL_KINDS * FL_ROW_HEAD);
    for (uint32_t c = 0; c < cells.count; c++) {
        memcpy(count + (size_t)c * FL_COUNTS, cells.cell[c].count, sizeof cells.cell[c].count);
        for (uint32_t k = 0; k < FL_KINDS; k++) {
            static const struct fl_histogram nothing;
            const struct fl_histogram *head = k < cells.kinds ? &cells.cell[c].head[k] : &nothing;
            uint32_t first, n;
            span_of(head, cells.sub_bits, &first, &n);
            *heads++ = (uint64_t)head->sum_ns;
            *heads++ = (uint64_t)(head->sum_ns >> 64);
            *heads++ = (uint64_t)head->least_ns;
            *heads++ = (uint64_t)head->most_ns;
            *spans++ = first;
            *spans++ = n;
            uint32_t own[FL_ROUGH_BUCKETS];
            if (n > 0 && cells.buckets == NULL) fl_day_agent_buckets(day, c, k, own);
            if (n > 0) memcpy(spans, (cells.buckets == NULL ? own : &cells.buckets[((size_t)c * cells.kinds + k) * buckets]) + first, n * sizeof *spans);
            spans += n;
        }
    }
}

void fl_row_pack(const struct fl_scenario *scenario, const struct fl_day *day, uint32_t replication, struct fl_row *row)
{
    fl_cells_pack(day, FL_SCOPE_GROUP, replication, row);
    row->wages_cny = day_wages(scenario, day, FL_SCOPE_DESK, 0);
    row->met = judge_day(scenario, day, row); /* last: money is reckoned from the row */
}

/* ---- Rows of dates ----------------------------------------------------------------------------- */

size_t fl_dates_bytes(const struct fl_day *day)
{
    return day->dates == 0 ? 0 : fl_cells_bytes(day, FL_SCOPE_DATE) + day->dates * sizeof(struct fl_date);
}

const struct fl_date *fl_row_date(const struct fl_row *row, uint32_t date)
{
    return (const struct fl_date *)(const void *)((const char *)row + row->bytes) - row->groups + date;
}

static uint64_t judge_date(const struct fl_scenario *scenario, const struct fl_day *day, uint32_t date);
static double date_wages(const struct fl_scenario *scenario, const struct fl_day *day, uint32_t date);

void fl_dates_pack(const struct fl_scenario *scenario, const struct fl_day *day, uint32_t replication, struct fl_row *row)
{
    fl_cells_pack(day, FL_SCOPE_DATE, replication, row);
    row->bytes = (uint32_t)fl_dates_bytes(day);
    struct fl_date *const dates = (struct fl_date *)(void *)((char *)row + row->bytes) - day->dates;
    for (uint32_t date = 0; date < day->dates; date++) dates[date] = (struct fl_date){ date_wages(scenario, day, date), judge_date(scenario, day, date) };
}

/* ---- Rows of intervals ------------------------------------------------------------------------- */

/* Where the spans of a row's cells lie: those of the first cell at `at`, of the next behind them. */
static const uint32_t *row_spans(const struct fl_row *row)
{
    return (const uint32_t *)((const char *)row + row_head_bytes(row->groups));
}

static const uint32_t *spans_after(const uint32_t *spans, uint32_t cells)
{
    for (uint32_t i = 0; i < cells * FL_KINDS; i++) spans += 2 + spans[1];
    return spans;
}

/* The stretch of buckets that some adjacent cells have of a kind. */
static void stretch_of(const uint32_t *spans, uint32_t cells, uint32_t kind, uint32_t *first, uint32_t *end)
{
    *first = UINT32_MAX;
    *end = 0;
    for (uint32_t i = 0; i < cells * FL_KINDS; i++, spans += 2 + spans[1]) {
        if (i % FL_KINDS != kind || spans[1] == 0) continue;
        if (spans[0] < *first) *first = spans[0];
        if (spans[0] + spans[1] > *end) *end = spans[0] + spans[1];
    }
    if (*end == 0) *first = 0;
}

size_t fl_cells_fold_bytes(const struct fl_row *row, uint32_t groups)
{
    const uint32_t *spans = row_spans(row);
    size_t bytes = row_head_bytes(row->groups / groups);
    for (uint32_t i = 0; i < row->groups / groups; i++, spans = spans_after(spans, groups)) {
        for (uint32_t k = 0; k < FL_KINDS; k++) {
            uint32_t first, end;
            stretch_of(spans, groups, k, &first, &end);
            bytes += (2 + (size_t)(end - first)) * sizeof(uint32_t);
        }
    }
    return (bytes + 7) & ~(size_t)7;
}

static void fold_kind(const uint32_t *spans, uint32_t cells, uint32_t kind, uint32_t *out)
{
    uint32_t first, end;
    stretch_of(spans, cells, kind, &first, &end);
    out[0] = first;
    out[1] = end - first;
    memset(out + 2, 0, (end - first) * sizeof *out);
    for (uint32_t i = 0; i < cells * FL_KINDS; i++, spans += 2 + spans[1])
        for (uint32_t b = 0; i % FL_KINDS == kind && b < spans[1]; b++) out[2 + spans[0] + b - first] += spans[2 + b];
}

/* Adds the sums of a cell's kinds, as far as it has values. */
static void fold_heads(uint64_t *into, const uint64_t *from, const uint32_t *spans)
{
    for (uint32_t k = 0; k < FL_KINDS; k++, into += FL_ROW_HEAD, from += FL_ROW_HEAD, spans += 2 + spans[1]) {
        const fl_histogram_sum a = (fl_histogram_sum)into[1] << 64 | into[0], b = (fl_histogram_sum)from[1] << 64 | from[0];
        const bool is_first = into[2] == (uint64_t)FL_TIME_NEVER;
        if (spans[1] == 0) continue;
        into[0] = (uint64_t)(a + b);
        into[1] = (uint64_t)((a + b) >> 64);
        if (is_first || from[2] < into[2]) into[2] = from[2];
        if (is_first || from[3] > into[3]) into[3] = from[3];
    }
}

void fl_cells_fold(const struct fl_row *row, uint32_t groups, struct fl_row *out)
{
    const uint32_t cells = row->groups / groups;
    const uint32_t *spans = row_spans(row);
    *out = *row;
    out->groups = cells;
    out->scope = FL_SCOPE_INTERVAL;
    out->bytes = (uint32_t)fl_cells_fold_bytes(row, groups);
    const uint64_t *count = (const uint64_t *)(row + 1), *heads = count + (size_t)row->groups * FL_COUNTS;
    uint64_t *count_out = (uint64_t *)(out + 1), *heads_out = count_out + (size_t)cells * FL_COUNTS;
    uint32_t *spans_out = (uint32_t *)(heads_out + (size_t)cells * FL_KINDS * FL_ROW_HEAD);
    memset(count_out, 0, (size_t)cells * (FL_COUNTS + FL_KINDS * FL_ROW_HEAD) * sizeof *count_out);
    for (uint32_t i = 0; i < cells; i++) {
        const uint32_t *own = spans;
        uint64_t *heads_of = heads_out + (size_t)i * FL_KINDS * FL_ROW_HEAD;
        for (uint32_t k = 0; k < FL_KINDS; k++) heads_of[k * FL_ROW_HEAD + 2] = (uint64_t)FL_TIME_NEVER;
        for (uint32_t g = 0; g < groups; g++, heads += FL_KINDS * FL_ROW_HEAD) {
            for (uint32_t c = 0; c < FL_COUNTS; c++) count_out[(size_t)i * FL_COUNTS + c] += *count++;
            fold_heads(heads_of, heads, own);
            own = spans_after(own, 1);
        }
        for (uint32_t k = 0; k < FL_KINDS; k++, spans_out += 2 + spans_out[1]) {
            fold_kind(spans, groups, k, spans_out);
            if (spans_out[1] == 0) heads_of[k * FL_ROW_HEAD + 2] = 0;
        }
        spans = own;
    }
}

bool fl_row_equal(const struct fl_row *a, const struct fl_row *b)
{
    if (a->groups != b->groups || a->intervals != b->intervals || a->scope != b->scope || a->met != b->met || a->bytes != b->bytes) return false;
    const size_t used = (size_t)((const char *)spans_after(row_spans(a), a->groups) - (const char *)a);
    return memcmp(a + 1, b + 1, used - sizeof *a) == 0; /* what fills the last word up is anything */
}

/* Adds (sign 1) or takes away (sign -1) one day's buckets of some kinds, of one group or all. Returns the number of values. */
static uint64_t row_apply(const struct fl_row *row, uint32_t group, uint32_t kinds, int sign, uint64_t buckets[])
{
    const uint32_t *spans = (const uint32_t *)((const char *)row + row_head_bytes(row->groups));
    uint64_t values = 0;
    for (uint32_t g = 0; g < row->groups; g++) {
        for (uint32_t k = 0; k < FL_KINDS; k++) {
            const uint32_t first = spans[0], n = spans[1];
            const bool wanted = (kinds >> k & 1) && (group == FL_NONE || group == g);
            for (uint32_t i = 0; wanted && i < n; i++) {
                if (buckets != NULL) buckets[first + i] += sign > 0 ? spans[2 + i] : -(uint64_t)spans[2 + i];
                values += spans[2 + i];
            }
            spans += 2 + n;
        }
    }
    return values;
}

/* ---- Pooling ----------------------------------------------------------------------------------- */

/* Hands out the parts of one block; with NULL it only measures. */
struct carver {
    char *at;
    size_t used;
};

static void *carve(struct carver *carver, size_t count, size_t bytes_each)
{
    void *const part = carver->at == NULL ? NULL : carver->at + carver->used;
    carver->used += (count * bytes_each + 15) & ~(size_t)15; /* as a cell is aligned, which holds sums of 128 bits */
    return part;
}

static void totals_lay_out(struct fl_totals *totals, const struct fl_scenario *scenario, struct carver *carver)
{
    const size_t intervals = scenario->intervals_count, groups = scenario->desk.groups_count;
    const size_t intents = scenario->buyers.intents_count, agents = fl_scenario_agents_count(scenario), dates = fl_day_dates(scenario);
    const uint32_t duty_agents = fl_duty_agents(scenario, (uint32_t)agents);
    *totals = (struct fl_totals){
        .intervals = (uint32_t)intervals, .groups = (uint32_t)groups, .intents = (uint32_t)intents, .agents = (uint32_t)agents,
        .interval_group = carve(carver, intervals * groups, sizeof(struct fl_cell)),
        .group = carve(carver, groups, sizeof(struct fl_cell)),
        .intent = carve(carver, intents, sizeof(struct fl_cell)),
        .agent = carve(carver, agents, sizeof(struct fl_cell)),
        .levels = carve(carver, agents, sizeof(struct fl_levels)),
        .duty_agents = duty_agents,
        .duty = carve(carver, fl_duty_rows((uint32_t)agents, duty_agents) * intervals, sizeof(struct fl_duty)),
        .interval_group_counts = carve(carver, intervals * groups * FL_KINDS * FL_COARSE_BUCKETS, sizeof(uint64_t)),
        .intent_counts = carve(carver, intents * FL_KINDS * FL_COARSE_BUCKETS, sizeof(uint64_t)),
        .agent_counts = carve(carver, agents * FL_AGENT_KINDS * FL_ROUGH_BUCKETS, sizeof(uint32_t)),
        .group_counts = carve(carver, groups * FL_KINDS * FL_FINE_BUCKETS, sizeof(uint64_t)),
        .dates = (uint32_t)dates,
        .date = carve(carver, dates, sizeof(struct fl_cell)),
        .date_counts = carve(carver, dates * FL_KINDS * FL_COARSE_BUCKETS, sizeof(uint64_t)),
        .paid_us = carve(carver, agents, sizeof(uint64_t)),
        .snapshot = carve(carver, (intervals + 1) * 4, sizeof(uint64_t)),
        .snapshot_square = carve(carver, (intervals + 1) * 2, sizeof(uint64_t)),
    };
}

size_t fl_totals_bytes(const struct fl_scenario *scenario)
{
    struct fl_totals totals;
    struct carver carver = { NULL, 0 };
    totals_lay_out(&totals, scenario, &carver);
    return carver.used;
}

void fl_totals_start(struct fl_totals *totals, const struct fl_scenario *scenario, void *memory)
{
    struct carver carver = { memory, 0 };
    totals_lay_out(totals, scenario, &carver);
}

static void cells_add(struct fl_cell *to, const struct fl_cell *from, size_t cells)
{
    for (size_t i = 0; i < cells; i++) {
        for (uint32_t c = 0; c < FL_COUNTS; c++) to[i].count[c] += from[i].count[c];
        for (uint32_t k = 0; k < FL_KINDS; k++) {
            struct fl_histogram *into = &to[i].head[k];
            const struct fl_histogram *head = &from[i].head[k];
            if (head->count == 0) {
                into->sum_ns += head->sum_ns; /* agents' waits and durations have no buckets */
                if (head->most_ns > into->most_ns) into->most_ns = head->most_ns;
                continue;
            }
            if (into->count == 0 || head->least_ns < into->least_ns) into->least_ns = head->least_ns;
            if (into->count == 0 || head->most_ns > into->most_ns) into->most_ns = head->most_ns;
            into->count += head->count;
            into->sum_ns += head->sum_ns;
        }
    }
}

/* Only the buckets between least and most of each cell can hold anything. */
static void buckets_add_day(uint64_t *to, const uint32_t *from, const struct fl_cell *cells, size_t cells_count, uint32_t kinds, uint32_t sub_bits)
{
    const uint32_t buckets = FL_HISTOGRAM_BUCKETS(sub_bits);
    for (size_t cell = 0; cell < cells_count; cell++) {
        for (uint32_t k = 0; k < kinds; k++) {
            const struct fl_histogram *head = &cells[cell].head[k];
            if (head->count == 0) continue;
            const size_t base = (cell * kinds + k) * buckets;
            const uint32_t first = fl_histogram_bucket(head->least_ns, sub_bits), last = fl_histogram_bucket(head->most_ns, sub_bits);
            for (uint32_t b = first; b <= last; b++) to[base + b] += from[base + b];
        }
    }
}

/* The same of totals. Most of their memory has never been touched, and is not read either. */
static void buckets_add(uint64_t *to, const uint64_t *from, const struct fl_cell *cells, size_t cells_count, uint32_t sub_bits)
{
    const uint32_t buckets = FL_HISTOGRAM_BUCKETS(sub_bits);
    for (size_t i = 0; i < cells_count * FL_KINDS; i++) {
        uint32_t first, n;
        span_of(&cells[i / FL_KINDS].head[i % FL_KINDS], sub_bits, &first, &n);
        for (size_t b = i * buckets + first; b < i * buckets + first + n; b++) to[b] += from[b];
    }
}

static void agents_add_day(uint32_t *counts, const struct fl_day *day)
{
    for (uint32_t a = 0; a < day->agents; a++) {
        for (uint32_t k = 0; k < FL_AGENT_KINDS; k++) {
            uint32_t own[FL_ROUGH_BUCKETS], *const to = &counts[((size_t)a * FL_AGENT_KINDS + k) * FL_ROUGH_BUCKETS], first, n;
            span_of(&day->agent[a].head[k], FL_HISTOGRAM_ROUGH, &first, &n);
            if (n > 0) fl_day_agent_buckets(day, a, k, own);
            for (uint32_t b = first; b < first + n; b++) to[b] += own[b];
        }
    }
}

static void most_add(struct fl_levels_most *to, const struct fl_levels_most *from)
{
    if (from->depth > to->depth) to->depth = from->depth;
    if (from->open > to->open) to->open = from->open;
}

/* Above her highest level an agent has spent no time. */
static uint32_t levels_held(const struct fl_levels_most *most)
{
    const uint32_t highest = most->depth > most->open ? most->depth : most->open;
    return highest < FL_LEVELS - 1 ? highest + 1 : FL_LEVELS;
}

static void levels_add(struct fl_levels *to, const struct fl_levels *from)
{
    const uint32_t held = levels_held(&from->most);
    for (uint32_t l = 0; l < held; l++) {
        to->at[l].depth += from->at[l].depth;
        to->at[l].open += from->at[l].open;
    }
    most_add(&to->most, &from->most);
}

/* Pooled they are microseconds. */
static void levels_add_day(struct fl_levels *to, const struct fl_day *day)
{
    for (uint32_t a = 0; a < day->agents; a++) {
        const uint32_t held = levels_held(&day->levels_most[a]);
        for (uint32_t l = 0; l < held; l++) {
            const struct fl_level_time *const from = fl_day_level(day, l, a);
            to[a].at[l].depth += from->depth / 1000;
            to[a].at[l].open += from->open / 1000;
        }
        most_add(&to[a].most, &day->levels_most[a]);
    }
}

static void duty_add(const struct fl_totals *to, const struct fl_duty *from)
{
    const size_t cells = (size_t)fl_duty_rows(to->agents, to->duty_agents) * to->intervals;
    for (size_t i = 0; i < cells; i++) {
        to->duty[i].duty_us += from[i].duty_us;
        to->duty[i].busy_us += from[i].busy_us;
        to->duty[i].open_us += from[i].open_us;
        to->duty[i].depth_us += from[i].depth_us;
    }
}

void fl_totals_add(struct fl_totals *totals, const struct fl_scenario *scenario, const struct fl_day *day)
{
    const size_t cells = (size_t)day->intervals * day->groups;
    totals->days++;
    cells_add(totals->interval_group, day->interval_group, cells);
    cells_add(totals->group, day->group, day->groups);
    cells_add(totals->intent, day->intent, day->intents);
    cells_add(totals->agent, day->agent, day->agents);
    buckets_add_day(totals->interval_group_counts, day->interval_group_counts, day->interval_group, cells, FL_KINDS, FL_HISTOGRAM_COARSE);
    buckets_add_day(totals->intent_counts, day->intent_counts, day->intent, day->intents, FL_KINDS, FL_HISTOGRAM_COARSE);
    agents_add_day(totals->agent_counts, day);
    buckets_add_day(totals->group_counts, day->group_counts, day->group, day->groups, FL_KINDS, FL_HISTOGRAM_FINE);
    cells_add(totals->date, day->date, day->dates);
    buckets_add_day(totals->date_counts, day->date_counts, day->date, day->dates, FL_KINDS, FL_HISTOGRAM_COARSE);
    paid_add_day(scenario, totals->paid_us, day);
    levels_add_day(totals->levels, day);
    duty_add(totals, day->duty);
    for (uint32_t i = 0; i <= day->intervals; i++) {
        const struct fl_snapshot *snap = &day->snapshot[i];
        const uint64_t system = (uint64_t)snap->open + snap->waiting;
        totals->snapshot[4 * i] += snap->waiting;
        totals->snapshot[4 * i + 1] += snap->open;
        totals->snapshot[4 * i + 2] += snap->on_duty;
        totals->snapshot[4 * i + 3] += snap->busy;
        totals->snapshot_square[2 * i] += (uint64_t)snap->waiting * snap->waiting;
        totals->snapshot_square[2 * i + 1] += system * system;
    }
}

void fl_totals_merge(struct fl_totals *totals, const struct fl_totals *other)
{
    const size_t cells = (size_t)totals->intervals * totals->groups;
    totals->days += other->days;
    cells_add(totals->interval_group, other->interval_group, cells);
    cells_add(totals->group, other->group, totals->groups);
    cells_add(totals->intent, other->intent, totals->intents);
    cells_add(totals->agent, other->agent, totals->agents);
    buckets_add(totals->interval_group_counts, other->interval_group_counts, other->interval_group, cells, FL_HISTOGRAM_COARSE);
    buckets_add(totals->intent_counts, other->intent_counts, other->intent, other->intents, FL_HISTOGRAM_COARSE);
    for (size_t i = 0; i < (size_t)totals->agents * FL_AGENT_KINDS * FL_ROUGH_BUCKETS; i++) totals->agent_counts[i] += other->agent_counts[i];
    buckets_add(totals->group_counts, other->group_counts, other->group, other->groups, FL_HISTOGRAM_FINE);
    cells_add(totals->date, other->date, totals->dates);
    buckets_add(totals->date_counts, other->date_counts, other->date, other->dates, FL_HISTOGRAM_COARSE);
    for (uint32_t a = 0; a < totals->agents; a++) totals->paid_us[a] += other->paid_us[a];
    for (uint32_t a = 0; a < totals->agents; a++) levels_add(&totals->levels[a], &other->levels[a]);
    duty_add(totals, other->duty);
    for (size_t i = 0; i < ((size_t)totals->intervals + 1) * 4; i++) totals->snapshot[i] += other->snapshot[i];
    for (size_t i = 0; i < ((size_t)totals->intervals + 1) * 2; i++) totals->snapshot_square[i] += other->snapshot_square[i];
}

/* ---- Figures ----------------------------------------------------------------------------------- */

/* A figure as a ratio of two sums; both over the same counts, so a day's part of each can be taken. */
struct ratio {
    double above, below;
    uint64_t n;
};

static bool sales_known(const struct fl_scenario *scenario)
{
    if (!isnan(scenario->money.conversion)) return true;
    for (uint32_t i = 0; i < scenario->buyers.intents_count; i++)
        if (!isnan(scenario->buyers.intents[i].conversion)) return true;
    return false;
}

static bool order_value_known(const struct fl_scenario *scenario)
{
    if (!sales_known(scenario)) return false;
    if (!isnan(scenario->money.order_value_cny)) return true;
    for (uint32_t i = 0; i < scenario->buyers.intents_count; i++)
        if (scenario->buyers.intents[i].has_order_value) return true;
    return false;
}

static struct ratio of(double above, double below)
{
    return (struct ratio){ above, below, (uint64_t)below };
}

/* Shares, numbers and counts from the sums of one day or of all. false: not known in this scenario. */
static bool ratio_of(const struct fl_scenario *scenario, enum metric_id id, const uint64_t count[], double days, struct ratio *out)
{
#define N(name) ((double)count[FL_COUNT_##name])
    switch (id) {
#define AS_COUNT(name) case METRIC_##name: *out = of(N(name), days); return true;
    AS_COUNT(chats_offered) AS_COUNT(chats_answered) AS_COUNT(chats_abandoned) AS_COUNT(chats_abandoned_silent)
    AS_COUNT(chats_rejected) AS_COUNT(chats_unserved) AS_COUNT(replies) AS_COUNT(wasted_replies) AS_COUNT(extra_turns)
    AS_COUNT(chats_left_later) AS_COUNT(rounds_opened) AS_COUNT(rounds_given_up) AS_COUNT(bot_replies) AS_COUNT(drained_replies)
    AS_COUNT(reopened) AS_COUNT(leave_messages) AS_COUNT(bot_resolved) AS_COUNT(transfers)
#undef AS_COUNT
    case METRIC_reply_rate_3min: *out = of(N(rounds_in_3min), N(rounds_judged)); return true;
    case METRIC_platform_reply_rate_3min: *out = of(N(platform_in_3min), N(platform_rounds)); return true;
    case METRIC_slow_response_share: *out = of(N(slow_rounds), N(replies)); return true;
    case METRIC_first_reply_rate_30s: *out = of(N(first_in_30s), N(chats_judged)); return true;
    case METRIC_no_service_rate: *out = of(N(chats_no_service), N(chats_offered)); return true;
    case METRIC_abandonment:
        *out = of(N(chats_abandoned) - N(abandoned_when_closed) + N(left_in_hours), N(chats_offered) - N(offered_when_closed));
        return true;
    case METRIC_waited: *out = of(N(chats_waited), N(chats_offered) - N(bot_resolved)); return true;
    case METRIC_answer_ratio: *out = of(N(agent_messages), N(buyer_messages)); return true;
    case METRIC_queue_length: *out = of(N(queue_us), days * fl_time_to_s(scenario->duration - scenario->warmup) * 1e6); return true;
    case METRIC_chats_in_hand: *out = of(N(open_us), days * fl_time_to_s(scenario->duration - scenario->warmup) * 1e6); return true;
    case METRIC_occupancy: *out = of(N(busy_us), N(duty_us)); return true;
    case METRIC_concurrency: *out = of(N(open_us), N(duty_us)); return true;
    case METRIC_queue_depth: *out = of(N(depth_us), N(duty_us)); return true;
    case METRIC_open_chats: *out = of(N(open_us), N(duty_us)); return true;
    case METRIC_chats_per_agent_day: *out = of(N(chats_answered) * 8 * 3.6e9, N(duty_us)); return true;
    case METRIC_load_band: *out = of(N(inquiries) * 8 * 3.6e9, N(duty_us)); return true;
    case METRIC_orders: *out = of(N(orders), days); return sales_known(scenario);
    case METRIC_conversion: *out = of(N(orders), N(inquiries)); return sales_known(scenario);
    case METRIC_sales_cny: *out = of(N(sales_fen) / 100, days); return order_value_known(scenario);
    case METRIC_lost_sales_cny: *out = of(N(lost_sales_fen) / 100, days); return order_value_known(scenario);
    case METRIC_satisfaction: *out = of(N(satisfied), N(ratings)); return scenario->money.rates_share > 0 && scenario->money.satisfaction_base > 0;
    case METRIC_dsr_service: *out = of(N(dsr_points), N(ratings)); return scenario->money.rates_share > 0 && scenario->money.satisfaction_base > 0;
    default: return false;
    }
#undef N
}

/* Load bands of the practitioner's table: under 60 idle, to 80 normal, to 100 full, to 120 hard, above: add people. */
static double load_band(double per_day)
{
    return per_day < 60 ? 0 : per_day < 80 ? 1 : per_day < 100 ? 2 : per_day <= 120 ? 3 : 4;
}

static enum metric_id id_of(const struct fl_metric *metric)
{
    uint32_t count;
    return (enum metric_id)(metric - fl_metrics(&count));
}

static const struct fl_metric *metric_of(enum metric_id id)
{
    uint32_t count;
    return &fl_metrics(&count)[id];
}

/* What an interval is of and how sure it shall be. Without rows there is none. */
struct wanted {
    const struct fl_results *results;
    uint32_t group; /* FL_NONE: the desk */
    double tail;    /* probability on either side: 0.025 for 95 % */
};

static bool has_days(const struct wanted *wanted)
{
    return wanted->results->rows != NULL && wanted->results->rows_count >= 2;
}

/* What the days tell of the error of a ratio: sums of powers of their residuals, above - ratio x below, and of their below. */
struct evidence {
    double squares, cubes, fourths;
    double below, below_squares;
    uint32_t days;
};

static void evidence_add(struct evidence *evidence, double residual, double below)
{
    const double square = residual * residual;
    evidence->squares += square;
    evidence->cubes += square * residual;
    evidence->fourths += square * square;
    evidence->below += below;
    evidence->below_squares += below * below;
    evidence->days++;
}

/* The standard error of a ratio estimator. */
static double ratio_error(const struct evidence *evidence)
{
    return sqrt(evidence->squares * evidence->days / (evidence->days - 1)) / evidence->below;
}

static double student(double tail, uint32_t days)
{
    return fl_student_quantile(1 - tail, days - 1);
}

#define DEGREES_LEAST 3. /* chosen: fewer make intervals of rare events tenfold as wide, and hold the truth hardly more often */

double fl_degrees_of_days(uint32_t days, double squares, double fourths)
{
    if (!(squares > 0)) return days - 1;
    const double n = days, kurtosis = n * fourths / (squares * squares);
    return fmin(n - 1, fmax(DEGREES_LEAST, 2 * n / (kurtosis - (n - 3) / (n - 1))));
}

/* The end on the side to which the days are skewed lies so many errors further out than t, up when positive: the term of N. J. Johnson
 * (JASA 73, 1978, 536-544). */
static double lean_of(const struct evidence *evidence, double t)
{
    const uint32_t days = evidence->days;
    const double spread = sqrt(evidence->squares / days);
    return spread > 0 ? evidence->cubes / days / (spread * spread * spread) * (2 * t * t + 1) / (6 * sqrt(days)) : 0;
}

/* How many errors away the ends of an interval lie. */
struct reach {
    double down, up;
};

static struct reach reach_of(const struct evidence *evidence, double tail)
{
    const double t = student(tail, evidence->days), lean = lean_of(evidence, t);
    if (lean == 0) return (struct reach){ t, t };
    const double far = fl_student_quantile(1 - tail, fl_degrees_of_days(evidence->days, evidence->squares, evidence->fourths)) + fabs(lean);
    return (struct reach){ lean < 0 ? far : t, lean > 0 ? far : t };
}

/* The figure that lies `away` from `value` (negative: below it), measured on a scale on which its errors are more alike: logits between
 * two ends, logarithms above one, as it is without. No end is ever passed. */
static double end_away(double value, double away, double least, double most)
{
    if (isinf(least)) return value + away;
    const double up = value - least, left = most - value;
    if (isinf(most)) return least + up * fl_exp(away / up);
    const double odds = fl_exp(away * (most - least) / (up * left));
    return least + (most - least) * up / (up + left / odds);
}

/* How many independent trials the days are worth when nothing happened on any of them, or always: how much events cluster cannot be seen
 * then. That of a day's trials sqrt(their number) + variance / mean of that number go together is chosen: in simulated desks of 4 to 55
 * agents, days alike or up to 40 % apart, the buyers of a bad day who had to wait were 0.1 to 1.4 times that, and up to 1.2 times the
 * bound is safe. Trials that are no numbers of anything (time) are worth one a day. */
static double trials_worth(const struct evidence *evidence, bool is_counted)
{
    const double n = evidence->days, mean = evidence->below / n;
    const double variance = fmax(0, (evidence->below_squares - n * mean * mean) / (n - 1));
    const double together = is_counted ? fmax(1, fmin(mean, sqrt(mean) + variance / mean)) : mean;
    return evidence->below / together;
}

/* The interval of a figure at an end of what is possible: Clopper and Pearson's for none of so many trials, or all. Above, without another
 * end, nothing is known of how large it would be once it happens. */
static void set_interval_at_end(struct fl_figure *figure, const struct evidence *evidence, double tail, double least, double most, bool is_counted)
{
    if (isinf(most)) return;
    const double rare = fl_binomial_upper(0, (uint64_t)trials_worth(evidence, is_counted), tail) * (most - least);
    figure->low = figure->value <= least ? least : most - rare;
    figure->high = figure->value <= least ? least + rare : most;
    figure->sure = true;
}

static void set_interval(struct fl_figure *figure, const struct evidence *evidence, double tail, double least, double most, bool is_counted)
{
    if (figure->value <= least || figure->value >= most) {
        set_interval_at_end(figure, evidence, tail, least, most, is_counted);
        return;
    }
    const struct reach reach = reach_of(evidence, tail);
    const double error = ratio_error(evidence);
    figure->low = fmin(figure->value, end_away(figure->value, -reach.down * error, least, most));
    figure->high = fmax(figure->value, end_away(figure->value, reach.up * error, least, most));
    figure->sure = isfinite(figure->high); /* two days that differ, for one of many groups, leave no end */
}

/* The day's (above, below) of a figure. */
static bool row_ratio(const struct fl_scenario *scenario, const struct fl_row *row, uint32_t group, enum metric_id id, bool is_mean,
                      struct ratio *out)
{
    if (is_mean) {
        const uint32_t kinds = kinds_of(id);
        *out = (struct ratio){ 0 };
        for (uint32_t g = 0; g < row->groups; g++)
            for (uint32_t k = 0; k < FL_KINDS; k++)
                if ((kinds >> k & 1) && (group == FL_NONE || g == group)) out->above += (double)row_head(row, g, k).sum_ns * 1e-9;
        out->below = (double)row_apply(row, group, kinds, 1, NULL);
        return true;
    }
    uint64_t sum[FL_COUNTS] = { 0 };
    for (uint32_t g = 0; g < row->groups; g++) {
        if (group != FL_NONE && g != group) continue;
        const uint64_t *count = fl_row_count(row, g);
        for (uint32_t c = 0; c < FL_COUNTS; c++) sum[c] += count[c];
    }
    return ratio_of(scenario, id, sum, 1, out);
}

static void add_ratio_interval(const struct wanted *wanted, enum metric_id id, bool is_mean, struct fl_figure *figure)
{
    const struct fl_results *results = wanted->results;
    struct evidence evidence = { 0 };
    double least, most;
    for (uint32_t i = 0; i < results->rows_count; i++) {
        struct ratio part;
        if (!row_ratio(results->scenario, results->rows[i], wanted->group, id, is_mean, &part)) return;
        evidence_add(&evidence, part.above - figure->value * part.below, part.below);
    }
    if (!(evidence.below > 0)) return;
    fl_metric_range(metric_of(id), &least, &most);
    set_interval(figure, &evidence, wanted->tail, least, most, id != METRIC_occupancy);
}

static double share_of(const char *statistic)
{
    return strcmp(statistic, "p50") == 0 ? 0.50 : strcmp(statistic, "p90") == 0 ? 0.90 : strcmp(statistic, "p95") == 0 ? 0.95 : 0.99;
}

/* Where a percentile of pooled values lies: its bucket, and the share of that bucket's values that are below it. */
static void find_place(struct fl_quantile *quantile, const struct fl_histogram *head, const uint64_t buckets[])
{
    const double wanted = quantile->share * (double)head->count;
    uint64_t below = 0;
    uint32_t b = 0;
    while (b + 1 < FL_FINE_BUCKETS && (buckets[b] == 0 || (double)(below + buckets[b]) < wanted)) below += buckets[b++];
    quantile->bucket = b;
    quantile->inside = buckets[b] == 0 ? 0 : fmax(0, (wanted - (double)below) / (double)buckets[b]);
}

/* A day's values beyond the percentile, less those expected of its number of values. Over all days they add up to 0. */
static double row_excess(const struct fl_quantile *quantile, const struct fl_row *row, uint32_t group, uint32_t kinds)
{
    const uint32_t *spans = (const uint32_t *)((const char *)row + row_head_bytes(row->groups));
    uint64_t values = 0, beyond = 0, at = 0;
    for (uint32_t g = 0; g < row->groups; g++) {
        for (uint32_t k = 0; k < FL_KINDS; k++, spans += 2 + spans[1]) {
            if (!(kinds >> k & 1) || (group != FL_NONE && group != g)) continue;
            const uint32_t first = spans[0], n = spans[1];
            for (uint32_t i = 0; i < n; i++) {
                values += spans[2 + i];
                if (first + i > quantile->bucket) beyond += spans[2 + i];
                else if (first + i == quantile->bucket) at += spans[2 + i];
            }
        }
    }
    return (double)beyond + (1 - quantile->inside) * (double)at - (1 - quantile->share) * (double)values;
}

static double percentile_at(const struct fl_histogram *head, const uint64_t buckets[], uint32_t sub_bits, double share)
{
    return fl_histogram_percentile_s(head, buckets, 0, FL_HISTOGRAM_BUCKETS(sub_bits), sub_bits, share);
}

static void find_quantile(const struct wanted *wanted, uint32_t kinds, const struct fl_histogram *head, const uint64_t buckets[], double share,
                          struct fl_quantile *out)
{
    const struct fl_results *results = wanted->results;
    const uint32_t days = results->rows_count, sub_bits = days > 0 && results->rows != NULL ? results->rows[0]->sub_bits : FL_HISTOGRAM_FINE;
    struct evidence evidence = { 0 };
    *out = (struct fl_quantile){ .share = share, .value = percentile_at(head, buckets, sub_bits, share) };
    if (!has_days(wanted)) return;
    find_place(out, head, buckets);
    for (uint32_t i = 0; i < days; i++) evidence_add(&evidence, row_excess(out, results->rows[i], wanted->group, kinds), 0);
    evidence.below = (double)head->count;
    const double t = student(wanted->tail, days), error = ratio_error(&evidence), lean = lean_of(&evidence, t);
    const double below = share - (t + fmax(0, -lean)) * error, above = share + (t + fmax(0, lean)) * error;
    if (!(below > 0 && above < 1)) return;
    out->low = fmin(percentile_at(head, buckets, sub_bits, below), out->value);
    out->high = fmax(percentile_at(head, buckets, sub_bits, above), out->value);
    out->sure = true;
    if (!(error > 0)) return; /* every day says the same */
    const double up = percentile_at(head, buckets, sub_bits, share + t * error) - out->value, down = out->value - percentile_at(head, buckets, sub_bits, share - t * error);
    out->seconds_each = fmax(up, down) / (t * error) * days / (double)head->count; /* the steeper side: a tail is bent, and its error not */
}

void fl_quantile_find(const struct fl_row *const rows[], uint32_t rows_count, uint32_t group, const struct fl_metric *metric, double share,
                      const struct fl_histogram *head, const uint64_t buckets[], struct fl_quantile *out)
{
    const struct fl_results days = { .rows = rows, .rows_count = rows_count };
    find_quantile(&(struct wanted){ &days, group, 0.025 }, kinds_of(id_of(metric)), head, buckets, share, out);
}

double fl_quantile_part(const struct fl_quantile *quantile, const struct fl_row *row, uint32_t group, const struct fl_metric *metric)
{
    return quantile->seconds_each * row_excess(quantile, row, group, kinds_of(id_of(metric)));
}

/* `wanted` NULL: no interval. */
static struct fl_figure distribution_figure(const struct source *source, const struct wanted *wanted, enum metric_id id, const char *statistic)
{
    const uint32_t kinds = kinds_of(id);
    const struct fl_histogram head = head_of(source, kinds);
    struct fl_figure figure = { .n = head.count, .known = head.count > 0 };
    if (!figure.known) return figure;
    if (strcmp(statistic, "mean") == 0) {
        figure.value = (double)head.sum_ns * 1e-9 / (double)head.count;
        if (wanted != NULL) add_ratio_interval(wanted, id, true, &figure);
    } else if (strcmp(statistic, "max") == 0) {
        figure.value = fl_time_to_s(head.most_ns);
    } else {
        uint64_t buckets[FL_FINE_BUCKETS];
        struct fl_quantile quantile;
        buckets_of(source, kinds, buckets);
        figure.value = fl_histogram_percentile_s(&head, buckets, 0, FL_HISTOGRAM_BUCKETS(source->sub_bits), source->sub_bits, share_of(statistic));
        if (wanted == NULL) return figure;
        find_quantile(wanted, kinds, &head, buckets, share_of(statistic), &quantile);
        figure.low = quantile.low;
        figure.high = quantile.high;
        figure.sure = quantile.sure;
    }
    return figure;
}

static struct fl_figure ratio_figure(const struct fl_scenario *scenario, const struct source *source, const struct wanted *wanted, enum metric_id id)
{
    uint64_t sum[FL_COUNTS];
    struct ratio ratio;
    for (uint32_t c = 0; c < FL_COUNTS; c++) sum[c] = count_of(source, (enum fl_count)c);
    if (!ratio_of(scenario, id, sum, source->days, &ratio) || !(ratio.below > 0)) return (struct fl_figure){ 0 };
    struct fl_figure figure = { .value = ratio.above / ratio.below, .n = ratio.n, .known = true };
    if (id == METRIC_load_band) figure.value = load_band(figure.value);
    else if (wanted != NULL) add_ratio_interval(wanted, id, false, &figure);
    return figure;
}

/* Percentiles of time-weighted levels, of one agent or of all. */
static struct fl_figure level_figure(const struct fl_levels *levels, bool depth, const char *statistic)
{
    const uint32_t most = depth ? levels->most.depth : levels->most.open, held = levels_held(&levels->most);
    uint64_t time[FL_LEVELS], all = 0;
    for (uint32_t l = 0; l < held; l++) all += time[l] = depth ? levels->at[l].depth : levels->at[l].open;
    struct fl_figure figure = { .n = all, .known = all > 0 };
    if (!figure.known) return figure;
    figure.value = most;
    if (strcmp(statistic, "max") == 0) return figure;
    const double wanted = share_of(statistic) * (double)all;
    double below = 0;
    uint32_t level = 0;
    while (level + 1 < held && below + (double)time[level] < wanted) below += (double)time[level++];
    figure.value = level < most ? level : most;
    return figure;
}

/* Which agents of a definition, the first of whom is `first`, have their time counted in a scope: [*from, *to). A group has those whose first
 * group it is, whosever chats they hold. */
static void find_agents(const struct fl_scenario *scenario, uint32_t definition, uint32_t first, enum fl_scope scope, uint32_t index, uint32_t *from,
                        uint32_t *to)
{
    const uint64_t groups = scenario->desk.agents[definition].groups;
    const uint32_t group = groups == 0 ? 0 : (uint32_t)__builtin_ctzll(groups), next = first + scenario->desk.agents[definition].count;
    const bool hers = scope == FL_SCOPE_AGENT && index >= first && index < next;
    const bool all = scope == FL_SCOPE_DESK || (scope == FL_SCOPE_GROUP && group == index);
    *from = hers ? index : first;
    *to = hers ? index + 1 : all ? next : first;
}

static struct fl_figure level_figure_of_totals(const struct fl_scenario *scenario, const struct fl_totals *totals, enum fl_scope scope, uint32_t index,
                                               bool depth, const char *statistic)
{
    struct fl_levels all = { 0 };
    for (uint32_t d = 0, first = 0, from, to; d < scenario->desk.agents_count; first += scenario->desk.agents[d++].count) {
        find_agents(scenario, d, first, scope, index, &from, &to);
        for (uint32_t a = from; a < to; a++) levels_add(&all, &totals->levels[a]);
    }
    return level_figure(&all, depth, statistic);
}

static struct fl_figure level_figure_of_day(const struct fl_scenario *scenario, const struct fl_day *day, enum fl_scope scope, uint32_t index, bool depth,
                                            const char *statistic)
{
    struct fl_levels own, all = { 0 };
    for (uint32_t d = 0, first = 0, from, to; d < scenario->desk.agents_count; first += scenario->desk.agents[d++].count) {
        find_agents(scenario, d, first, scope, index, &from, &to);
        for (uint32_t a = from; a < to; a++) {
            fl_day_levels(day, a, &own);
            levels_add(&all, &own);
        }
    }
    return level_figure(&all, depth, statistic);
}

static double wage_of(const struct fl_scenario *scenario, uint32_t definition)
{
    const struct fl_agent_def *def = &scenario->desk.agents[definition];
    if (!isnan(def->wage_cny_per_hour)) return def->wage_cny_per_hour;
    if (def->grade != FL_NONE && !isnan(scenario->desk.grades[def->grade].wage_cny_per_hour))
        return scenario->desk.grades[def->grade].wage_cny_per_hour;
    return scenario->money.wage_cny_per_hour;
}

/* Hours paid to somebody for those she was on duty in the whole scenario, overtime by what she was on an average working day: whose shift
 * takes place once has one. */
static double paid_hours(const struct fl_scenario *scenario, uint32_t definition, double hours)
{
    if (scenario->money.overtime_after == FL_TIME_NEVER) return hours;
    const uint32_t shift = scenario->desk.agents[definition].shift;
    const double days = shift != FL_NONE && scenario->desk.shifts[shift].once ? 1 : (double)((scenario->duration + FL_DAY - 1) / FL_DAY);
    return days * fl_money_hours(&scenario->money, hours / days);
}

static fl_time date_ends(const struct fl_scenario *scenario, uint32_t date)
{
    const fl_time end = (fl_time)(date + 1) * FL_DAY;
    return end < scenario->duration && scenario->interval <= FL_DAY ? end : scenario->duration;
}

/* Hours paid to somebody for a date: on duty, overtime by that of the date, in training and on leave. */
static double hours_paid_on(const struct fl_scenario *scenario, const struct fl_day *day, uint32_t date, uint32_t agent)
{
    const double days = (double)((date_ends(scenario, date) - (fl_time)date * FL_DAY + FL_DAY - 1) / FL_DAY);
    const size_t cell = (size_t)date * day->agents + agent;
    const double on_duty = (double)day->date_duty_us[cell] / 3.6e9, elsewhere = (double)day->date_paid_us[cell] / 3.6e9;
    return days * fl_money_hours(&scenario->money, on_duty / days) + elsewhere;
}

static double wages_on(const struct fl_scenario *scenario, const struct fl_day *day, uint32_t date, enum fl_scope scope, uint32_t index)
{
    double wages = 0;
    for (uint32_t d = 0, first = 0, from, to; d < scenario->desk.agents_count; first += scenario->desk.agents[d++].count) {
        find_agents(scenario, d, first, scope, index, &from, &to);
        for (uint32_t a = from; a < to; a++) wages += hours_paid_on(scenario, day, date, a) * wage_of(scenario, d);
    }
    return wages;
}

static double date_wages(const struct fl_scenario *scenario, const struct fl_day *day, uint32_t date)
{
    return wages_on(scenario, day, date, FL_SCOPE_DESK, 0);
}

static double day_wages(const struct fl_scenario *scenario, const struct fl_day *day, enum fl_scope scope, uint32_t index)
{
    double wages = 0;
    for (uint32_t date = 0; date < day->dates; date++) wages += wages_on(scenario, day, date, scope, index);
    if (day->dates > 0) return wages;
    for (uint32_t d = 0, first = 0, from, to; d < scenario->desk.agents_count; first += scenario->desk.agents[d++].count) {
        find_agents(scenario, d, first, scope, index, &from, &to);
        for (uint32_t a = from; a < to; a++)
            wages += paid_hours(scenario, d, (double)day->agent[a].count[FL_COUNT_duty_us] / 3.6e9) * wage_of(scenario, d);
    }
    return wages;
}

/* Whole microseconds, so that their sum is the same in whatever order days come. */
static void paid_add_day(const struct fl_scenario *scenario, uint64_t paid_us[], const struct fl_day *day)
{
    uint32_t a = 0;
    for (uint32_t d = 0; d < scenario->desk.agents_count; d++) {
        for (uint32_t i = 0; i < scenario->desk.agents[d].count; i++, a++) {
            double hours = day->dates > 0 ? 0 : paid_hours(scenario, d, (double)day->agent[a].count[FL_COUNT_duty_us] / 3.6e9);
            for (uint32_t date = 0; date < day->dates; date++) hours += hours_paid_on(scenario, day, date, a);
            paid_us[a] += (uint64_t)(hours * 3.6e9 + 0.5);
        }
    }
}

/* People on the payroll, by how much of [from, to) each is. */
static double payroll(const struct fl_scenario *scenario, fl_time from, fl_time to)
{
    double people = 0;
    for (uint32_t d = 0; d < scenario->desk.agents_count; d++) {
        const struct fl_agent_def *def = &scenario->desk.agents[d];
        const fl_time first = def->from > from ? def->from : from, last = def->until < to ? def->until : to;
        if (first < last) people += def->count * ((double)(last - first) / (double)(to - from));
    }
    return people;
}

/* The money of one day, or of one of its dates (FL_NONE: of all), by its counts and wages; NaN where the scenario does not say what it
 * takes. */
static double money_of(const struct fl_scenario *scenario, const uint64_t sum[], double wages, uint32_t date, enum metric_id id)
{
    const struct fl_money *money = &scenario->money;
    const bool whole = date == FL_NONE;
    const fl_time from = whole ? 0 : (fl_time)date * FL_DAY, to = whole ? scenario->duration : date_ends(scenario, date);
    const double days = fl_time_to_s(to - from) / 86400, people = payroll(scenario, from, to);
    const uint32_t seats = scenario->desk.seats, everybody = fl_scenario_agents_count(scenario);
    const double sales = order_value_known(scenario) ? (double)sum[FL_COUNT_sales_fen] / 100 : NAN;
    const double more_seats = seats != FL_NONE && everybody > seats ? everybody - seats : 0;
    const double commission = money->commission > 0 ? money->commission * sales : 0;
    const double labour = wages + commission + (money->bonus_cny * people + money->seat_cny * more_seats) * days / 30;
    const double rounds = (double)sum[FL_COUNT_platform_rounds], cases = rounds - (double)sum[FL_COUNT_platform_in_3min];
    const double a_case = money->penalty_cny_per_case > 0 ? money->penalty_cny_per_case : scenario->platform.penalty_cny;
    const bool breached = rounds > 0 && 1 - cases / rounds < scenario->platform.reply_rate_min; /* false where there is no least rate */
    const double penalties = breached && !isnan(a_case) ? cases * a_case : 0;
    const double score = sum[FL_COUNT_ratings] > 0 ? (double)sum[FL_COUNT_dsr_points] / (double)sum[FL_COUNT_ratings] - money->score_expected : 0;
    /* Margin of later traffic, gained or lost: what later dates bring is in their own sales. */
    const double later = money->score_traffic > 0 && whole ? money->margin * (sales / fl_scenario_dates(scenario)) * money->score_traffic * score : 0;
    const double lost = (double)(sum[FL_COUNT_chats_abandoned] + sum[FL_COUNT_chats_rejected] + sum[FL_COUNT_chats_unserved]) * money->lost_contact_cny;
    switch (id) {
    case METRIC_wages_cny: return wages;
    case METRIC_labour_cny: return labour;
    case METRIC_penalties_cny: return penalties;
    default: return money->margin * sales + later - labour - penalties - lost;
    }
}

static double row_money(const struct fl_scenario *scenario, const struct fl_row *row, enum metric_id id)
{
    uint64_t sum[FL_COUNTS] = { 0 };
    for (uint32_t g = 0; g < row->groups; g++)
        for (uint32_t c = 0; c < FL_COUNTS; c++) sum[c] += fl_row_count(row, g)[c];
    return money_of(scenario, sum, row->wages_cny, FL_NONE, id);
}

/* Of a row of dates. */
static double date_money(const struct fl_scenario *scenario, const struct fl_row *row, uint32_t date, enum metric_id id)
{
    return money_of(scenario, fl_row_count(row, date), fl_row_date(row, date)->wages_cny, date, id);
}

static double results_money(const struct fl_results *results, uint32_t day, uint32_t date, enum metric_id id)
{
    if (date == FL_NONE) return row_money(results->scenario, results->rows[day], id);
    return date_money(results->scenario, results->dates[day], date, id);
}

static struct fl_figure money_figure(const struct fl_results *results, uint32_t date, enum metric_id id, double tail)
{
    const struct fl_row *const *const rows = date == FL_NONE ? results->rows : results->dates;
    const uint32_t days = results->rows_count;
    struct fl_figure figure = { .n = days };
    struct evidence evidence = { 0 };
    double sum = 0, least, most;
    if (rows == NULL || days == 0) return figure;
    for (uint32_t i = 0; i < days; i++) sum += results_money(results, i, date, id);
    figure.value = sum / days;
    figure.known = !isnan(figure.value);
    if (!figure.known || days < 2) return figure;
    for (uint32_t i = 0; i < days; i++) evidence_add(&evidence, results_money(results, i, date, id) - figure.value, 1);
    fl_metric_range(metric_of(id), &least, &most);
    set_interval(&figure, &evidence, tail, least, most, true);
    return figure;
}

static bool is_money(enum metric_id id)
{
    return id == METRIC_wages_cny || id == METRIC_labour_cny || id == METRIC_penalties_cny || id == METRIC_profit_cny;
}

static struct fl_figure wages_figure(const struct fl_results *results, enum fl_scope scope, uint32_t index)
{
    const struct fl_scenario *scenario = results->scenario;
    const struct fl_totals *totals = &results->totals;
    struct fl_figure figure = { .n = totals->days };
    for (uint32_t d = 0, first = 0, from, to; d < scenario->desk.agents_count; first += scenario->desk.agents[d++].count) {
        find_agents(scenario, d, first, scope, index, &from, &to);
        for (uint32_t a = from; a < to; a++) figure.value += (double)totals->paid_us[a] / 3.6e9 / totals->days * wage_of(scenario, d);
    }
    figure.known = totals->days > 0 && !isnan(figure.value);
    return figure;
}

/* Means over time are over the interval or date where they are of one, not over the day. */
static bool is_per_span(enum metric_id id, enum fl_scope scope)
{
    return (id == METRIC_queue_length || id == METRIC_chats_in_hand) &&
           (scope == FL_SCOPE_INTERVAL || scope == FL_SCOPE_INTERVAL_GROUP || scope == FL_SCOPE_DATE);
}

/* What is counted of a date. */
static fl_time date_span(const struct fl_scenario *scenario, uint32_t date)
{
    const fl_time from = (fl_time)date * FL_DAY, first = from > scenario->warmup ? from : scenario->warmup;
    return date_ends(scenario, date) - first;
}

static struct fl_figure span_figure(const struct fl_scenario *scenario, const struct source *source, enum metric_id id, enum fl_scope scope, uint32_t index)
{
    struct fl_figure figure = ratio_figure(scenario, source, NULL, id);
    const fl_time span = scope == FL_SCOPE_DATE ? date_span(scenario, index) : scenario->interval;
    if (span <= 0) return (struct fl_figure){ 0 };
    figure.value *= fl_time_to_s(scenario->duration - scenario->warmup) / fl_time_to_s(span);
    return figure;
}

static struct fl_figure engine_figure(const struct fl_engine_times *times, const struct fl_metric *metric, const char *statistic)
{
    uint32_t count;
    const char *const *statistics = fl_metric_statistics(metric, &count);
    for (uint32_t i = 0; i < count && times != NULL; i++)
        if (strcmp(statistics[i], statistic) == 0) return (id_of(metric) == METRIC_decision_latency_us ? times->decision_latency : times->lateness)[i];
    return (struct fl_figure){ 0 };
}

static enum fl_kept_by kept_by(enum fl_scope scope)
{
    static const enum fl_kept_by by[] = { [FL_SCOPE_DESK] = FL_BY_DESK, [FL_SCOPE_GROUP] = FL_BY_GROUP, [FL_SCOPE_AGENT] = FL_BY_AGENT,
                                          [FL_SCOPE_INTENT] = FL_BY_INTENT, [FL_SCOPE_INTERVAL] = FL_BY_INTERVAL,
                                          [FL_SCOPE_INTERVAL_GROUP] = FL_BY_INTERVAL, [FL_SCOPE_DATE] = FL_BY_DATE };
    return by[scope];
}

/* fl_figure with intervals that leave `tail` on either side. */
static struct fl_figure figure_of(const struct fl_results *results, enum fl_scope scope, uint32_t index, const struct fl_metric *metric,
                                  const char *statistic, double tail)
{
    const enum metric_id id = id_of(metric);
    if (fl_metric_absence(metric, statistic, kept_by(scope)) != NULL) return (struct fl_figure){ 0 };
    if (fl_metric_is_of_engine(metric)) return engine_figure(results->engine, metric, statistic);
    if (scope == FL_SCOPE_DATE && results->totals.dates == 0) return figure_of(results, FL_SCOPE_DESK, 0, metric, statistic, tail);
    const struct fl_results by_date = { .scenario = results->scenario, .rows = results->dates, .rows_count = results->rows_count };
    const struct wanted days = { scope == FL_SCOPE_DATE ? &by_date : results, scope == FL_SCOPE_DESK ? FL_NONE : index, tail };
    const struct wanted *wanted = (scope == FL_SCOPE_DESK || scope == FL_SCOPE_GROUP || scope == FL_SCOPE_DATE) && has_days(&days) ? &days : NULL;
    struct source source;
    if (is_money(id) && scope == FL_SCOPE_DESK && results->rows != NULL) return money_figure(results, FL_NONE, id, 0.025);
    if (is_money(id) && scope == FL_SCOPE_DATE) return money_figure(results, index, id, tail);
    if (id == METRIC_wages_cny) return wages_figure(results, scope, index);
    if (metric->kind == FL_METRIC_LEVEL && strcmp(statistic, "mean") != 0) {
        return level_figure_of_totals(results->scenario, &results->totals, scope, index, id == METRIC_queue_depth, statistic);
    }
    source_of_totals(&results->totals, scope, index, &source);
    if (kinds_of(id) != 0) return distribution_figure(&source, wanted, id, statistic);
    if (is_per_span(id, scope)) return span_figure(results->scenario, &source, id, scope, index);
    return ratio_figure(results->scenario, &source, wanted, id);
}

struct fl_figure fl_figure(const struct fl_results *results, enum fl_scope scope, uint32_t index, const struct fl_metric *metric,
                           const char *statistic)
{
    return figure_of(results, scope, index, metric, statistic, 0.025);
}

struct fl_figure fl_figure_named(const struct fl_results *results, enum fl_scope scope, uint32_t index, const char *name)
{
    const char *statistic;
    const struct fl_metric *metric = fl_metric_find(name, &statistic);
    return metric == NULL ? (struct fl_figure){ 0 } : fl_figure(results, scope, index, metric, statistic);
}

struct fl_figure fl_row_figure(const struct fl_scenario *scenario, const struct fl_row *row, uint32_t group, const struct fl_metric *metric,
                               const char *statistic)
{
    const enum metric_id id = id_of(metric);
    const uint32_t kinds = kinds_of(id);
    struct ratio ratio;
    struct fl_figure figure = { 0 };
    if (is_money(id)) {
        if (group != FL_NONE) return figure;
        figure.value = row_money(scenario, row, id);
        figure.known = !isnan(figure.value);
        figure.n = 1;
        return figure;
    }
    if (kinds == 0 || strcmp(statistic, "mean") == 0) {
        if (metric->kind == FL_METRIC_LEVEL && strcmp(statistic, "mean") != 0) return figure;
        if (!row_ratio(scenario, row, group, id, kinds != 0, &ratio) || !(ratio.below > 0)) return figure;
        figure = (struct fl_figure){ .value = ratio.above / ratio.below, .n = (uint64_t)ratio.below, .known = true };
        if (id == METRIC_load_band) figure.value = load_band(figure.value);
        return figure;
    }
    struct fl_histogram head = { 0 };
    uint64_t buckets[FL_FINE_BUCKETS] = { 0 };
    fl_row_apply(row, group, metric, 1, &head, buckets);
    if (head.count == 0) return figure;
    figure = (struct fl_figure){ .n = head.count, .known = true };
    figure.value = strcmp(statistic, "max") == 0
                       ? fl_time_to_s(head.most_ns)
                       : percentile_at(&head, buckets, row->sub_bits, share_of(statistic));
    return figure;
}

bool fl_row_ratio(const struct fl_scenario *scenario, const struct fl_row *row, uint32_t group, const struct fl_metric *metric,
                  const char *statistic, double *above, double *below)
{
    const enum metric_id id = id_of(metric);
    const bool is_mean = kinds_of(id) != 0;
    struct ratio ratio;
    if (id == METRIC_load_band) return false;
    if ((is_mean || metric->kind == FL_METRIC_LEVEL) && strcmp(statistic, "mean") != 0) return false;
    if (!row_ratio(scenario, row, group, id, is_mean, &ratio)) return false;
    *above = ratio.above;
    *below = ratio.below;
    return true;
}

void fl_row_apply(const struct fl_row *row, uint32_t group, const struct fl_metric *metric, int sign, struct fl_histogram *head,
                  uint64_t buckets[])
{
    const uint32_t kinds = kinds_of(id_of(metric));
    const bool first = head->count == 0;
    const uint64_t values = row_apply(row, group, kinds, sign, buckets);
    head->count += sign > 0 ? values : -values;
    if (sign < 0 || values == 0) return;
    if (first) head->least_ns = FL_TIME_NEVER;
    const uint32_t *spans = (const uint32_t *)((const char *)row + row_head_bytes(row->groups));
    for (uint32_t g = 0; g < row->groups; g++) {
        for (uint32_t k = 0; k < FL_KINDS; k++, spans += 2 + spans[1]) {
            const struct fl_histogram part = row_head(row, g, k);
            if (!(kinds >> k & 1) || (group != FL_NONE && g != group) || spans[1] == 0) continue;
            if (part.least_ns < head->least_ns) head->least_ns = part.least_ns;
            if (part.most_ns > head->most_ns) head->most_ns = part.most_ns;
        }
    }
}

double fl_percentile_share(const char *statistic)
{
    return statistic[0] == 'p' ? share_of(statistic) : 0;
}

bool fl_distribution_counts(const struct fl_results *results, const char *measure, struct fl_histogram *head, uint64_t counts[])
{
    uint32_t count;
    const struct fl_metric *metrics = fl_metrics(&count);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t kinds = kinds_of((enum metric_id)i);
        struct source source;
        if (kinds == 0 || strcmp(metrics[i].name, measure) != 0) continue;
        source_of_totals(&results->totals, FL_SCOPE_DESK, 0, &source);
        *head = head_of(&source, kinds);
        buckets_of(&source, kinds, counts);
        return head->count > 0;
    }
    return false;
}

struct fl_figure fl_figure_beyond(const struct fl_results *results, enum fl_scope scope, uint32_t index, const struct fl_metric *metric, double seconds)
{
    struct source source;
    uint64_t buckets[FL_FINE_BUCKETS];
    const uint32_t kinds = kinds_of(id_of(metric)), group = scope == FL_SCOPE_GROUP ? index : FL_NONE;
    source_of_totals(&results->totals, scope, index, &source);
    const struct fl_histogram head = head_of(&source, kinds);
    if (head.count == 0) return (struct fl_figure){ 0 };
    const fl_time limit = fl_time_from_s(seconds);
    const uint32_t cut = fl_histogram_bucket(limit, source.sub_bits);
    const fl_time from = fl_histogram_edge(cut, source.sub_bits), to = fl_histogram_edge(cut + 1, source.sub_bits);
    const double inside = limit >= head.most_ns ? 0 : (double)(to - limit) / (double)(to - from); /* of the bucket's values, those above the limit */
    buckets_of(&source, kinds, buckets);
    double above = inside * (double)buckets[cut];
    for (uint32_t b = cut + 1; b < (uint32_t)FL_HISTOGRAM_BUCKETS(source.sub_bits); b++) above += (double)buckets[b];
    struct fl_figure figure = { .value = above / (double)head.count, .n = head.count, .known = true };
    if (results->rows == NULL || results->rows_count < 2 || scope > FL_SCOPE_GROUP) return figure;
    struct evidence evidence = { 0 };
    for (uint32_t i = 0; i < results->rows_count; i++) {
        memset(buckets, 0, sizeof buckets);
        const double values = (double)row_apply(results->rows[i], group, kinds, 1, buckets);
        double day_above = inside * (double)buckets[cut];
        for (uint32_t b = cut + 1; b < FL_FINE_BUCKETS; b++) day_above += (double)buckets[b];
        evidence_add(&evidence, day_above - figure.value * values, values);
    }
    set_interval(&figure, &evidence, 0.025, 0, 1, true);
    return figure;
}

/* ---- Objectives -------------------------------------------------------------------------------- */

bool fl_objective_holds(const struct fl_objective *objective, const struct fl_figure *figure)
{
    if (!figure->known) return false;
    switch (objective->comparison) {
    case FL_AT_LEAST: return figure->value >= objective->bound;
    case FL_AT_MOST: return figure->value <= objective->bound;
    case FL_ABOVE: return figure->value > objective->bound;
    case FL_BELOW: return figure->value < objective->bound;
    }
    return false;
}

static bool is_worse(const struct fl_objective *objective, const struct fl_figure *a, const struct fl_figure *b)
{
    if (!a->known || !b->known) return !a->known && b->known;
    const bool wants_more = objective->comparison == FL_AT_LEAST || objective->comparison == FL_ABOVE;
    return wants_more ? a->value < b->value : a->value > b->value;
}

/* An interval nobody wrote in is not judged, nor one in which all wrote while the shop was closed; one with buyers but no answers has
 * no figure, and misses. */
static bool interval_is_empty(const struct source *source)
{
    const uint64_t closed = count_of(source, FL_COUNT_offered_when_closed);
    if (count_of(source, FL_COUNT_chats_offered) > closed || count_of(source, FL_COUNT_rounds_judged) > 0) return false;
    return closed > 0 || count_of(source, FL_COUNT_rounds_opened) == 0;
}

static enum fl_scope scope_of(enum fl_objective_per per)
{
    switch (per) {
    case FL_PER_INTERVAL: return FL_SCOPE_INTERVAL;
    case FL_PER_GROUP: return FL_SCOPE_GROUP;
    case FL_PER_AGENT: return FL_SCOPE_AGENT;
    case FL_PER_DATE: return FL_SCOPE_DATE;
    case FL_PER_DAY: return FL_SCOPE_DESK;
    }
    return FL_SCOPE_DESK;
}

enum fl_scope fl_objective_scope(const struct fl_objective *objective)
{
    return scope_of(objective->per);
}

/* An outside engine's times are no simulated day's: no day misses them. */
static bool is_of_engine(const struct fl_objective *objective)
{
    const char *statistic;
    const struct fl_metric *metric = fl_metric_find(objective->name, &statistic);
    return metric != NULL && fl_metric_is_of_engine(metric);
}

bool fl_objective_judges(const struct fl_results *results, const struct fl_objective *objective, uint32_t cell)
{
    struct source source;
    if (is_of_engine(objective)) return false;
    if (objective->per == FL_PER_DAY || (objective->per == FL_PER_DATE && results->totals.dates == 0)) return true;
    source_of_totals(&results->totals, scope_of(objective->per), cell, &source);
    return !interval_is_empty(&source);
}

static uint32_t cells_of(enum fl_objective_per per, uint32_t intervals, uint32_t groups, uint32_t agents, uint32_t dates)
{
    switch (per) {
    case FL_PER_INTERVAL: return intervals;
    case FL_PER_GROUP: return groups;
    case FL_PER_AGENT: return agents;
    case FL_PER_DATE: return dates > 0 ? dates : 1;
    case FL_PER_DAY: return 1;
    }
    return 1;
}

/* What has but one cell is judged whoever came. */
static bool is_single(enum fl_objective_per per, uint32_t dates)
{
    return per == FL_PER_DAY || (per == FL_PER_DATE && dates == 0);
}

/* A figure of one day, by the definitions of fl_figure. */
static struct fl_figure day_figure(const struct fl_scenario *scenario, const struct fl_day *day, const struct fl_row *row, enum fl_scope scope,
                                   uint32_t index, const struct source *source, const struct fl_metric *metric, const char *statistic)
{
    const enum metric_id id = id_of(metric);
    if (fl_metric_absence(metric, statistic, kept_by(scope)) != NULL) return (struct fl_figure){ 0 };
    if (is_money(id) && scope == FL_SCOPE_DESK) return fl_row_figure(scenario, row, FL_NONE, metric, statistic);
    if (is_money(id) && scope == FL_SCOPE_DATE) {
        const double value = money_of(scenario, day->date[index].count, date_wages(scenario, day, index), index, id);
        return (struct fl_figure){ .value = value, .n = 1, .known = !isnan(value) };
    }
    if (id == METRIC_wages_cny) {
        const double value = day_wages(scenario, day, scope, index);
        return (struct fl_figure){ .value = value, .n = 1, .known = !isnan(value) };
    }
    if (metric->kind == FL_METRIC_LEVEL && strcmp(statistic, "mean") != 0)
        return level_figure_of_day(scenario, day, scope, index, id == METRIC_queue_depth, statistic);
    if (kinds_of(id) != 0) return distribution_figure(source, NULL, id, statistic);
    if (is_per_span(id, scope)) return span_figure(scenario, source, id, scope, index);
    return ratio_figure(scenario, source, NULL, id);
}

/* Judges some adjacent cells of a day. */
static bool cells_meet(const struct fl_scenario *scenario, const struct fl_day *day, const struct fl_row *row, const struct fl_objective *objective,
                       enum fl_scope scope, uint32_t from, uint32_t to, bool whoever)
{
    const char *statistic;
    const struct fl_metric *metric = fl_metric_find(objective->name, &statistic);
    if (metric == NULL) return false;
    for (uint32_t i = from; i < to; i++) {
        uint32_t own[FL_AGENT_KINDS][FL_ROUGH_BUCKETS];
        struct source source;
        source_of_day(day, scope, i, own, &source);
        if (!whoever && interval_is_empty(&source)) continue;
        const struct fl_figure figure = day_figure(scenario, day, row, scope, i, &source, metric, statistic);
        if (!fl_objective_holds(objective, &figure)) return false;
    }
    return true;
}

static bool objective_met_on_day(const struct fl_scenario *scenario, const struct fl_day *day, const struct fl_row *row,
                                 const struct fl_objective *objective)
{
    if (is_of_engine(objective)) return true;
    const bool single = is_single(objective->per, day->dates);
    const uint32_t cells = cells_of(objective->per, day->intervals, day->groups, day->agents, day->dates);
    return cells_meet(scenario, day, row, objective, single ? FL_SCOPE_DESK : scope_of(objective->per), 0, cells, single);
}

static uint64_t judge_day(const struct fl_scenario *scenario, const struct fl_day *day, const struct fl_row *row)
{
    uint64_t met = 0;
    for (uint32_t i = 0; i < scenario->objectives_count && i < 64; i++)
        if (objective_met_on_day(scenario, day, row, &scenario->objectives[i])) met |= UINT64_C(1) << i;
    return met;
}

/* The first interval of a date, or of one after the last. */
static uint32_t first_interval(const struct fl_scenario *scenario, uint32_t date)
{
    const fl_time at = (fl_time)date * FL_DAY;
    const uint32_t first = (uint32_t)((at + scenario->interval - 1) / scenario->interval);
    const bool none = date > 0 && scenario->interval > FL_DAY;
    return first < scenario->intervals_count && !none ? first : scenario->intervals_count;
}

/* A group's figures of a date are not kept: they are the sums over its intervals. */
static bool group_meets(const struct fl_scenario *scenario, const struct fl_day *day, const struct fl_objective *objective, uint32_t group, uint32_t date)
{
    uint64_t buckets[FL_KINDS * FL_COARSE_BUCKETS] = { 0 };
    struct fl_cell sum = { .count = { 0 } };
    const char *statistic;
    const struct fl_metric *metric = fl_metric_find(objective->name, &statistic);
    if (metric == NULL) return false;
    for (uint32_t i = first_interval(scenario, date); i < first_interval(scenario, date + 1); i++) {
        const size_t cell = (size_t)i * day->groups + group;
        cells_add(&sum, &day->interval_group[cell], 1);
        buckets_add_day(buckets, &day->interval_group_counts[cell * FL_KINDS * FL_COARSE_BUCKETS], &day->interval_group[cell], 1, FL_KINDS,
                        FL_HISTOGRAM_COARSE);
    }
    struct source source = { .kinds = FL_KINDS, .sub_bits = FL_HISTOGRAM_COARSE, .wide = true, .days = 1 };
    source_add(&source, &sum, buckets);
    if (interval_is_empty(&source)) return true;
    const struct fl_figure figure = day_figure(scenario, day, NULL, FL_SCOPE_INTERVAL_GROUP, 0, &source, metric, statistic);
    return fl_objective_holds(objective, &figure);
}

/* Whether dates have the figure. One they have not (agents, the time at each level, wages of a group) takes the verdict of the whole. */
static bool is_kept_on_dates(const struct fl_objective *objective)
{
    const char *statistic;
    const struct fl_metric *metric = fl_metric_find(objective->name, &statistic);
    const bool by_date = objective->per == FL_PER_DAY || objective->per == FL_PER_DATE;
    return metric != NULL && objective->per != FL_PER_AGENT && fl_metric_absence(metric, statistic, by_date ? FL_BY_DATE : FL_BY_INTERVAL) == NULL;
}

static bool objective_met_on_date(const struct fl_scenario *scenario, const struct fl_day *day, const struct fl_objective *objective, uint32_t date)
{
    bool met = true;
    if (!is_kept_on_dates(objective)) return objective_met_on_day(scenario, day, NULL, objective);
    switch (objective->per) {
    case FL_PER_DAY:
    case FL_PER_DATE: return cells_meet(scenario, day, NULL, objective, FL_SCOPE_DATE, date, date + 1, true);
    case FL_PER_INTERVAL:
        return cells_meet(scenario, day, NULL, objective, FL_SCOPE_INTERVAL, first_interval(scenario, date), first_interval(scenario, date + 1), false);
    case FL_PER_GROUP:
        for (uint32_t g = 0; g < day->groups; g++) met &= group_meets(scenario, day, objective, g, date);
        return met;
    case FL_PER_AGENT: break;
    }
    return met;
}

static uint64_t judge_date(const struct fl_scenario *scenario, const struct fl_day *day, uint32_t date)
{
    uint64_t met = 0;
    for (uint32_t i = 0; i < scenario->objectives_count && i < 64; i++)
        if (objective_met_on_date(scenario, day, &scenario->objectives[i], date)) met |= UINT64_C(1) << i;
    return met;
}

/* Ends of the worst cell's interval are the worst ends of all cells. */
static void take_worse(const struct fl_objective *objective, const struct fl_figure *figure, bool first, struct fl_figure *worst)
{
    const bool wants_more = objective->comparison == FL_AT_LEAST || objective->comparison == FL_ABOVE;
    const bool sure = figure->sure && (first || worst->sure);
    const double low = first ? figure->low : wants_more ? fmin(worst->low, figure->low) : fmax(worst->low, figure->low);
    const double high = first ? figure->high : wants_more ? fmin(worst->high, figure->high) : fmax(worst->high, figure->high);
    if (first || is_worse(objective, figure, worst)) *worst = *figure;
    worst->sure = sure;
    worst->low = low;
    worst->high = high;
}

void fl_objective_judge(const struct fl_results *results, uint32_t index, struct fl_objective_result *out)
{
    const struct fl_objective *objective = &results->scenario->objectives[index];
    const struct fl_totals *totals = &results->totals;
    const char *statistic;
    const struct fl_metric *metric = fl_metric_find(objective->name, &statistic);
    *out = (struct fl_objective_result){ .where = FL_NONE, .met = true, .judged = true, .by_days = true };
    if (is_of_engine(objective)) {
        out->by_days = false;
        out->figure = engine_figure(results->engine, metric, statistic);
        out->judged = out->figure.known;
        out->met = !out->judged || fl_objective_holds(objective, &out->figure);
        return;
    }
    const uint32_t cells = metric == NULL ? 0 : cells_of(objective->per, totals->intervals, totals->groups, totals->agents, totals->dates);
    const bool single = is_single(objective->per, totals->dates);
    bool any = false;
    for (uint32_t i = 0; i < cells; i++) {
        const enum fl_scope scope = single ? FL_SCOPE_DESK : scope_of(objective->per);
        struct source source;
        source_of_totals(totals, scope, i, &source);
        if (!single && interval_is_empty(&source)) continue;
        const struct fl_figure figure = figure_of(results, scope, i, metric, statistic, 0.025 / cells);
        if (!fl_objective_holds(objective, &figure)) out->met = false;
        if (!single && (!any || is_worse(objective, &figure, &out->figure))) out->where = i;
        take_worse(objective, &figure, !any, &out->figure);
        any = true;
    }
    if (!any) out->met = false;
    for (uint32_t i = 0; i < results->rows_count; i++) out->days_met += results->rows[i]->met >> index & 1;
    if (results->rows_count == 0) return;
    out->days_met_low = fl_binomial_lower(out->days_met, results->rows_count, 0.025);
    out->days_met_high = fl_binomial_upper(out->days_met, results->rows_count, 0.025);
}

uint32_t fl_days_met(const struct fl_results *results)
{
    const uint32_t count = results->scenario->objectives_count;
    const uint64_t all = count >= 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
    uint32_t days = 0;
    for (uint32_t i = 0; i < results->rows_count; i++) days += (results->rows[i]->met & all) == all;
    return days;
}

uint32_t fl_dates_count(const struct fl_results *results)
{
    const uint32_t dates = fl_day_dates(results->scenario);
    return dates > 0 ? dates : 1;
}

uint32_t fl_dates_met(const struct fl_results *results, uint32_t date)
{
    const uint32_t count = results->scenario->objectives_count;
    const uint64_t all = count >= 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
    uint32_t days = 0;
    if (results->dates == NULL) return fl_days_met(results);
    for (uint32_t i = 0; i < results->rows_count; i++) days += (fl_row_date(results->dates[i], date)->met & all) == all;
    return days;
}

double fl_date_on_duty(const struct fl_results *results, uint32_t date)
{
    uint64_t most = 0;
    for (uint32_t i = first_interval(results->scenario, date); i < first_interval(results->scenario, date + 1); i++)
        if (results->totals.snapshot[4 * (size_t)i + 2] > most) most = results->totals.snapshot[4 * (size_t)i + 2];
    return (double)most / results->totals.days;
}
