#include "run/part.h"

#include "run/gather.h"

#include <stdlib.h>

void fl_part_write(const struct fl_run *run, struct fl_text *out)
{
    struct fl_slice_head head = fl_gather_head(run);
    head.first = run->results.rows[0]->replication; /* where it lies among the days is told by those who join it */
    head.replications = head.first + head.days;
    fl_slice_write(&head, &run->results, out);
}

enum fl_status fl_part_head(const void *bytes, size_t length, struct fl_part_head *out)
{
    struct fl_slice_head head;
    const enum fl_status status = fl_slice_read_head(bytes, length, &head);
    if (status != FL_OK) return status;
    *out = (struct fl_part_head){ head.scenario_hash, head.seed, head.done, head.first };
    return FL_OK;
}

/* What the parts are together. */
struct survey {
    uint64_t seed;
    uint32_t days;
    uint32_t *numbers; /* [days] of the days */
    bool cells;        /* all have them */
};

static bool has_cells(const struct fl_slice *slice)
{
    for (uint32_t kind = 0; kind < FL_CELLS_KINDS; kind++)
        if (slice->cells[kind] != NULL) return true;
    return false;
}

/* The part's place among the days, and their numbers. */
static enum fl_status survey_part(struct survey *survey, struct fl_slice *slice, bool is_first)
{
    const uint32_t from = survey->days, n = slice->head.done;
    if (!is_first && slice->head.seed != survey->seed) return FL_EUNKNOWN;
    if (n == 0 || n >= UINT32_MAX - from || slice->totals.days != n) return FL_ESYNTAX;
    uint32_t *const numbers = realloc(survey->numbers, ((size_t)from + n) * sizeof *numbers);
    if (numbers == NULL) return FL_EFULL;
    *survey = (struct survey){ slice->head.seed, from + n, numbers, (is_first || survey->cells) && has_cells(slice) };
    for (uint32_t i = 0; i < n; i++) {
        numbers[from + i] = slice->rows[i]->replication;
        if (from + i > 0 && numbers[from + i] <= numbers[from + i - 1]) return FL_ESYNTAX;
    }
    slice->head.first = from;
    slice->head.days = n;
    return FL_OK;
}

static enum fl_status join(const struct fl_scenario *scenario, struct fl_slice slices[], uint32_t count, const struct survey *survey, struct fl_run **out)
{
    const struct fl_run_options how = { .seed = survey->seed, .replications = survey->days, .days = survey->numbers, .cells = survey->cells };
    struct fl_gather *const gather = fl_gather_open(scenario, &how);
    enum fl_status status = gather != NULL ? FL_OK : FL_EFULL;
    for (uint32_t i = 0; i < count && status == FL_OK; i++) {
        slices[i].head.replications = survey->days;
        status = fl_gather_add(gather, &slices[i]);
        fl_slice_free(&slices[i]);
    }
    if (status == FL_OK) return fl_gather_close(gather, out);
    fl_gather_free(gather);
    return status;
}

enum fl_status fl_parts_join(const struct fl_scenario *scenario, const struct fl_part parts[], uint32_t count, struct fl_run **out)
{
    struct survey survey = { 0 };
    struct fl_slice *const slices = calloc(count, sizeof *slices);
    enum fl_status status = slices != NULL ? FL_OK : FL_EFULL;
    for (uint32_t i = 0; i < count && status == FL_OK; i++) {
        status = fl_slice_read(parts[i].bytes, parts[i].length, scenario, &slices[i]);
        if (status == FL_OK) status = survey_part(&survey, &slices[i], i == 0);
        else if (status == FL_ECONFLICT) status = FL_EUNKNOWN;
    }
    if (status == FL_OK) status = join(scenario, slices, count, &survey, out);
    for (uint32_t i = 0; slices != NULL && i < count; i++) fl_slice_free(&slices[i]);
    free(survey.numbers);
    free(slices);
    return status;
}
