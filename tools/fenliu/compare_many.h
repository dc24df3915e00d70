/* Comparing many runs: which differ from a baseline, which is best, what the parameters of a store do. In pictures too (compare_picture.c). */
#ifndef FENLIU_COMPARE_MANY_H
#define FENLIU_COMPARE_MANY_H

#include "compare.h"
#include "measure/effects.h"

/* ---- Where runs come from ------------------------------------------------------------------------ */

/* Runs one after another: files of the command line, or the points of a store. */
struct many_source {
    uint32_t count;
    /* Opens run i with its days; EXIT_DONE, or the exit code after saying why. side_close releases it. */
    int (*open)(void *context, uint32_t i, struct side *side);
    const char *(*label)(void *context, uint32_t i);
    void *context;
};

/* Whether a file is a database of SQLite. */
bool store_is_one(const char *path);

#ifdef FENLIU_SQLITE
struct sweep_reader;
/* The finished points of a store, those for which the condition `where` (SQL over its view overview; NULL: all) holds. EXIT_DONE, or the exit
 * code after saying why. */
int sweep_reader_open(const char *path, const char *where, const struct options *options, struct sweep_reader **out);
void sweep_reader_close(struct sweep_reader *reader);
struct many_source sweep_reader_source(struct sweep_reader *reader);
/* What varies: paths, and each point's value as given; whether the points are a full grid in the order of fl_factorial. */
uint32_t sweep_reader_paths(const struct sweep_reader *reader, const char *const **paths);
const char *sweep_reader_value(const struct sweep_reader *reader, uint32_t point, uint32_t path);
/* The days' figures of all points, [points x days], those days on which every point has the figure; *left_out is how many have not. NULL after
 * saying why. Owned by the caller. */
double *sweep_reader_responses(struct sweep_reader *reader, const char *figure, uint32_t *days, uint32_t *left_out);

/* --effects. The exit code. */
int effects_main(struct sweep_reader *reader, const struct options *options, const char *figure, const char *report);
#endif

/* ---- Differences ----------------------------------------------------------------------------------- */

struct many_options {
    const char *figures; /* "abandonment,first_response_s.p90"; NULL: those asked for most */
    const char *best, *within, *effects, *where, *report;
    bool all_pairs;
};

struct many_figure {
    char name[64];
    const struct fl_metric *metric; /* NULL: days_met */
    const char *statistic;
    int better;
};
#define MANY_FIGURES_MAX 32u
/* "abandonment,days_met" to figures; false after saying what is wrong. */
bool many_figures_read(const char *list, struct many_figure figures[MANY_FIGURES_MAX], uint32_t *count);

struct many_claim {
    uint32_t figure, a, b;  /* runs */
    struct fl_difference difference;
    bool more_than_chance, paired;
};

/* Whether the days of two runs go together: of one seed and the same numbers. Where traffic differs, day by day still is right, as days are independent
 * of each other, and better, as a busy day is busy on both sides. */
bool many_paired(const struct side *a, const struct side *b, uint32_t days);

/* 1: b is better, -1: worse, 0: neither, or nothing to say. */
int many_verdict(const struct many_figure figures[], const struct many_claim *claim);

/* Many against the first, or all pairs. The exit code. */
int many_main(const struct many_source *source, const struct options *options, const struct many_options *wanted);

/* ---- The best ----------------------------------------------------------------------------------------- */

/* --best: scenarios are simulated further until it is decided; finished runs as far as their days go. The exit code. */
int best_main(const struct many_source *source, const struct options *options, const struct many_options *wanted);

/* ---- Pictures ------------------------------------------------------------------------------------------ */

/* One value with its interval, or without where low is NaN. */
struct picture_point {
    const char *label;
    double value, low, high;
    int tone; /* 1: better, -1: worse, 0: neither */
};

/* A page that stands alone: no script, nothing from elsewhere. */
void picture_begin(struct fl_text *out, const char *title, const char *about, enum language language);
void picture_end(struct fl_text *out);
/* Points below one another on one scale, with a line at `zero` where it lies on the scale (NaN: none). */
void picture_ranking(struct fl_text *out, const char *title, const char *unit, const struct picture_point points[], uint32_t count, double zero);
/* Levels along the axis, one line a series; values [series x levels]. Intervals where low is not NULL. */
void picture_lines(struct fl_text *out, const char *title, const char *unit, const char *const levels[], uint32_t levels_count, const char *const series[],
                   uint32_t series_count, const double values[], const double low[], const double high[]);
/* Texts between them. */
void picture_heading(struct fl_text *out, const char *text);
void picture_paragraph(struct fl_text *out, const char *text);

#endif
