/* Any bytes as a table of counts: read or refused, each fault at a line of the text, and what is read can be fitted. */
#include "fit/arrivals.h"
#include "fit/counts_csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fit(const struct fl_counts *counts)
{
    struct fl_arrivals arrivals;
    struct fl_estimates estimates = { .list = NULL };
    if (counts->days > 200) return; /* for speed */
    if (fl_arrivals_fit(counts, &(struct fl_arrivals_options){ .to_day = 0 }, &arrivals, &estimates) == FL_OK) {
        FL_ASSERT(arrivals.chats_per_day > 0 && isfinite(arrivals.chats_per_day));
        FL_ASSERT(arrivals.steps_count % 24 == 0 && arrivals.steps_count <= FL_FIT_STEPS_MAX);
        for (size_t i = 0; i < estimates.count; i++) FL_ASSERT(!estimates.list[i].known || isfinite(estimates.list[i].value));
        fl_arrivals_free(&arrivals);
    }
    fl_estimates_free(&estimates);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *const text = (const char *)data;
    struct fl_counts_csv *const csv = malloc(sizeof *csv);
    struct fl_counts counts = { .days = 0 };
    uint64_t lines = 0;
    if (csv == NULL) return 0;
    fl_counts_csv_start(csv, &(struct fl_counts_form){ .time = NULL });
    fl_counts_csv_file(csv, 0);
    for (size_t at = 0; at < size;) {
        const char *const end = memchr(text + at, '\n', size - at);
        const size_t length = end != NULL ? (size_t)(end - text) - at : size - at;
        fl_counts_csv_line(csv, text + at, length, ++lines);
        at += length + 1;
    }
    const bool good = fl_counts_csv_end(csv, &counts);
    FL_ASSERT(good == (csv->refused == 0 && !csv->full));
    for (uint32_t i = 0; i < csv->remarks_count; i++) FL_ASSERT(csv->remarks[i].line <= lines);
    if (good) fit(&counts);
    fl_counts_free(&counts);
    fl_counts_csv_free(csv);
    free(csv);
    return 0;
}
