/* The points of a sweep: --vary, --list and --sample to axes, axes to points. */
#include "sweep.h"

#include "compare.h"
#include "core/draw.h"
#include "core/real.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Texts that live as long as the points ------------------------------------------------------- */

struct kept {
    struct kept *previous;
    max_align_t bytes[];
};

static void *keep(struct sweep_points *points, size_t bytes)
{
    struct kept *const kept = calloc(1, sizeof *kept + bytes);
    if (kept == NULL) return NULL;
    kept->previous = points->kept;
    points->kept = kept;
    return kept->bytes;
}

static char *keep_text(struct sweep_points *points, const char *text, size_t length)
{
    char *const copy = keep(points, length + 1);
    if (copy != NULL) memcpy(copy, text, length);
    return copy;
}

void sweep_points_free(struct sweep_points *points)
{
    for (struct kept *kept = points->kept, *previous; kept != NULL; kept = previous) {
        previous = kept->previous;
        free(kept);
    }
    points->kept = NULL;
}

static bool out_of_memory(void)
{
    fputs("fenliu sweep: out of memory\n", stderr);
    return false;
}

/* ---- Values -------------------------------------------------------------------------------------- */

double sweep_number(const char *value)
{
    char text[64];
    char *end;
    const size_t length = strlen(value);
    const bool quoted = length >= 2 && length < sizeof text && value[0] == '"' && value[length - 1] == '"';
    if (quoted) {
        memcpy(text, value + 1, length - 2);
        text[length - 2] = '\0';
        value = text;
    }
    const double number = strtod(value, &end);
    fl_time duration;
    if (!quoted && end != value && *end == '\0' && isfinite(number) && (value[0] == '-' || (value[0] >= '0' && value[0] <= '9'))) return number;
    return fl_parse_duration(value, &duration) ? fl_time_to_s(duration) : NAN;
}

/* The end of a value: the next comma outside of quotes and brackets, or the end of the text. */
static const char *value_end(const char *at)
{
    int depth = 0;
    bool quoted = false;
    for (; *at != '\0'; at++) {
        if (quoted && *at == '\\' && at[1] != '\0') at++;
        else if (*at == '"') quoted = !quoted;
        else if (!quoted && (*at == '[' || *at == '{')) depth++;
        else if (!quoted && (*at == ']' || *at == '}')) depth--;
        else if (!quoted && depth <= 0 && *at == ',') break;
    }
    return at;
}

/* LO:HI:STEP, LO:HI of a sample, linspace:LO:HI:N or logspace:LO:HI:N; bounds may carry a unit ("30s"), all the same one. */
struct range {
    double low, high, step; /* step 0: not given */
    uint32_t n;             /* linspace and logspace */
    bool is_log, whole;     /* whole: written without a decimal point */
    char unit[4];
};

/* A number with its unit up to ':' or the end; moves on. */
static bool take_bound(const char **at, double *number, char unit[4], bool *whole)
{
    char *end;
    if (!(**at == '-' || **at == '.' || (**at >= '0' && **at <= '9'))) return false;
    *number = strtod(*at, &end);
    if (end == *at || !isfinite(*number)) return false;
    for (const char *c = *at; c < end; c++)
        if (*c == '.' || *c == 'e' || *c == 'E') *whole = false;
    const size_t letters = strspn(end, "abcdefghijklmnopqrstuvwxyz");
    if (letters > 3 || (end[letters] != ':' && end[letters] != '\0')) return false;
    memcpy(unit, end, letters);
    unit[letters] = '\0';
    *at = end + letters + (end[letters] == ':');
    return true;
}

/* Whether a value is a range. */
static bool range_of(const char *value, struct range *range)
{
    char units[3][4] = { "", "", "" };
    const bool spaced = strncmp(value, "linspace:", 9) == 0 || strncmp(value, "logspace:", 9) == 0;
    *range = (struct range){ .is_log = strncmp(value, "logspace:", 9) == 0, .whole = !spaced };
    const char *at = spaced ? value + 9 : value;
    double last = 0;
    if (strchr(at, ':') == NULL || !take_bound(&at, &range->low, units[0], &range->whole) || at[-1] != ':' ||
        !take_bound(&at, &range->high, units[1], &range->whole))
        return false;
    memcpy(range->unit, units[0], 4);
    if (strcmp(units[0], units[1]) != 0) return false;
    if (at[-1] != ':') return true;
    if (!take_bound(&at, &last, units[2], &range->whole) || *at != '\0' || at[-1] == ':') return false;
    if (spaced) range->n = last >= 1 && last <= SWEEP_POINTS_MAX && last == floor(last) ? (uint32_t)last : 0;
    else range->step = last;
    return strcmp(units[2], spaced ? "" : units[0]) == 0;
}

static char *number_text(struct sweep_points *points, double number, const char *unit)
{
    char text[48];
    snprintf(text, sizeof text, "%.12g%s", fabs(number) < 1e-300 ? 0.0 : number, unit);
    return keep_text(points, text, strlen(text));
}

/* A growing list of values. */
struct values {
    struct sweep_points *points;
    const char **list; /* owned */
    uint32_t count;
    bool no_memory;
};

static void add_value(struct values *values, const char *text)
{
    if ((values->count & (values->count + 1)) == 0 || values->list == NULL) { /* room is a power of two less one */
        const char **larger = realloc(values->list, (2 * (size_t)values->count + 2) * sizeof *larger);
        if (larger == NULL) values->no_memory = true;
        else values->list = larger;
    }
    if (text == NULL) values->no_memory = true;
    if (!values->no_memory) values->list[values->count++] = text;
}

static bool add_range(struct values *values, const char *path, const char *value, const struct range *range)
{
    const bool spaced = range->step == 0;
    const double span = range->high - range->low;
    const double steps = spaced ? range->n - 1. : floor(span / range->step + 1e-9);
    const char *problem = spaced && range->n == 0                  ? "a whole number of values behind the bounds"
                          : range->is_log && !(range->low > 0 && range->high > 0) ? "bounds above 0"
                          : !spaced && (range->step == 0 || steps < 0) ? "a step that leads from the first bound to the second"
                          : steps >= SWEEP_POINTS_MAX               ? "fewer values"
                                                                    : NULL;
    if (problem != NULL) {
        fprintf(stderr, "fenliu sweep: --vary %s: %s: wanted %s\n", path, value, problem);
        return false;
    }
    for (uint32_t i = 0; i <= (uint32_t)steps; i++) {
        const double part = steps > 0 ? i / steps : 0;
        const double at = !spaced ? range->low + i * range->step
                          : range->is_log ? range->low * fl_exp(part * fl_log(range->high / range->low)) : range->low + part * span;
        add_value(values, number_text(values->points, i > 0 && i == steps && spaced ? range->high : at, range->unit));
    }
    return true;
}

/* ---- Samples ------------------------------------------------------------------------------------- */

static uint64_t latin_bits(uint64_t seed, const char *path, uint32_t row, uint32_t what)
{
    return fl_mix(fl_mix(seed ^ fl_hash_text(path)) + (((uint64_t)row << 1) | what) * UINT64_C(0x9E3779B97F4A7C15));
}

/* The stratum of every row: the rank of its bits among all. */
static void latin_strata(uint64_t seed, const char *path, uint32_t n, uint32_t strata[])
{
    for (uint32_t i = 0; i < n; i++) {
        const uint64_t own = latin_bits(seed, path, i, 0);
        uint32_t rank = 0;
        for (uint32_t k = 0; k < n; k++) {
            const uint64_t other = latin_bits(seed, path, k, 0);
            rank += other < own || (other == own && k < i);
        }
        strata[i] = rank;
    }
}

/* One value of a sampled range at u in [0, 1). */
static char *sampled(struct sweep_points *points, const struct range *range, double u)
{
    double at = range->is_log ? range->low * fl_exp(u * fl_log(range->high / range->low)) : range->low + u * (range->high - range->low);
    if (range->whole) at = range->low + floor(u * (range->high - range->low + 1));
    return number_text(points, at, range->unit);
}

/* Column `column` of the sample: from a range, or evenly from a list of values. */
static bool latin_column(struct sweep_points *points, struct sweep_axis *axis, uint32_t column, const struct values *given, uint64_t seed)
{
    const char *const path = axis->paths[column];
    const uint32_t n = axis->rows;
    uint32_t *const strata = calloc(n, sizeof *strata);
    struct range range;
    const bool is_range = given->count == 1 && range_of(given->list[0], &range) && range.step == 0;
    if (strata == NULL) return out_of_memory();
    if (is_range && (range.high <= range.low || (range.is_log && range.low <= 0))) {
        free(strata);
        fprintf(stderr, "fenliu sweep: --vary %s=%s: wanted LO:HI with LO below HI%s\n", path, given->list[0], range.is_log ? ", above 0" : "");
        return false;
    }
    latin_strata(seed, path, n, strata);
    bool ok = true;
    for (uint32_t i = 0; i < n && ok; i++) {
        const double u = (strata[i] + fl_uniform(latin_bits(seed, path, i, 1))) / n;
        const char *value = is_range ? sampled(points, &range, u) : given->list[(uint32_t)(u * given->count)];
        axis->values[i * axis->paths_count + column] = value;
        ok = value != NULL;
    }
    free(strata);
    return ok || out_of_memory();
}

/* ---- Axes ---------------------------------------------------------------------------------------- */

static struct sweep_axis *axis_add(struct sweep_points *points, uint32_t paths, uint32_t rows)
{
    struct sweep_axis *const axis = &points->axes[points->axes_count];
    *axis = (struct sweep_axis){ .paths_count = paths, .rows = rows, .values = keep(points, (size_t)paths * rows * sizeof *axis->values) };
    if (axis->values == NULL) return NULL;
    points->axes_count++;
    return axis;
}

/* "path=a,b,c" to the path and its values; ranges are left as they are where a sample is drawn. */
static bool read_vary(struct sweep_points *points, const char *text, bool ranges_stay, const char **path, struct values *values)
{
    /* A path may hold "=" only behind a bracket that is closed before it. */
    const char *equals = strchr(text, '=');
    bool ok = equals != NULL && equals != text && equals[1] != '\0';
    if (!ok) {
        fprintf(stderr, "fenliu sweep: --vary: wanted PATH=VALUE,VALUE,... got \"%s\"\n", text);
        return false;
    }
    *path = keep_text(points, text, (size_t)(equals - text));
    if (*path == NULL) return out_of_memory();
    for (const char *at = equals + 1, *end;; at = end + 1) {
        struct range range;
        end = value_end(at);
        char *const value = keep_text(points, at, (size_t)(end - at));
        if (value == NULL) return out_of_memory();
        if (value[0] == '\0') {
            fprintf(stderr, "fenliu sweep: --vary %s: a value is empty; \"\" is an empty text\n", *path);
            ok = false;
        } else if (!ranges_stay && range_of(value, &range) && (range.step != 0 || range.n > 0 || strstr(value, "space:") != NULL)) {
            ok &= add_range(values, *path, value, &range);
        } else {
            add_value(values, value);
        }
        if (*end == '\0') break;
    }
    return values->no_memory ? out_of_memory() : ok;
}

static bool add_vary(struct sweep_points *points, const char *text)
{
    struct values values = { .points = points };
    const char *path = NULL;
    bool ok = read_vary(points, text, false, &path, &values);
    struct sweep_axis *const axis = ok ? axis_add(points, 1, values.count) : NULL;
    if (axis != NULL) {
        axis->paths[0] = path;
        memcpy(axis->values, values.list, values.count * sizeof *values.list);
    } else if (ok) {
        ok = out_of_memory();
    }
    free(values.list);
    return ok;
}

/* All that varies, as one axis of `latin` rows. */
static bool add_latin(struct sweep_points *points, const struct sweep_plan *plan, uint64_t seed)
{
    struct sweep_axis *const axis = axis_add(points, plan->vary_count, plan->latin);
    if (axis == NULL) return out_of_memory();
    bool ok = true;
    for (uint32_t i = 0; i < plan->vary_count; i++) {
        struct values values = { .points = points };
        const bool read = read_vary(points, plan->vary[i], true, &axis->paths[i], &values);
        ok &= read && latin_column(points, axis, i, &values, seed);
        free(values.list);
    }
    return ok;
}

/* ---- Lists ---------------------------------------------------------------------------------------- */

/* The next field of a CSV text, unquoted in place; *at moves behind its comma or line end. *last: it ends its line. NULL: a quote is open. */
static char *csv_field(char **at, bool *last)
{
    char *const from = *at, *to = from, *in = from;
    const bool quoted = *in == '"';
    if (quoted) in++;
    while (*in != '\0' && (quoted || (*in != ',' && *in != '\n' && *in != '\r'))) {
        if (quoted && *in == '"' && in[1] != '"') break;
        if (quoted && *in == '"') in++;
        *to++ = *in++;
    }
    if (quoted && *in != '"') return NULL;
    if (quoted) in++;
    *last = *in != ',';
    if (*in == '\r') in++;
    if (*in == ',' || *in == '\n') in++;
    *to = '\0';
    *at = in;
    return from;
}

static bool add_list(struct sweep_points *points, const char *file)
{
    size_t length;
    char *const bytes = file_bytes(file, &length);
    if (bytes == NULL) {
        fprintf(stderr, "fenliu sweep: cannot read %s: %s\n", file, strerror(errno));
        return false;
    }
    char *const text = keep_text(points, bytes, length), *at = text;
    free(bytes);
    if (text == NULL) return out_of_memory();
    if (strncmp(at, "\xEF\xBB\xBF", 3) == 0) at += 3; /* as spreadsheets write it */
    const char *paths[SWEEP_PATHS_MAX];
    uint32_t columns = 0, line = 2;
    for (bool last = false; !last; columns++) {
        char *const path = csv_field(&at, &last);
        if (path == NULL || path[0] == '\0' || columns == SWEEP_PATHS_MAX) {
            fprintf(stderr, "%s:1: wanted a path in every column of the first line, at most %u\n", file, SWEEP_PATHS_MAX);
            return false;
        }
        paths[columns] = path;
    }
    struct values values = { .points = points };
    bool ok = true;
    for (; *at != '\0'; line++) {
        if (*at == '\n' || *at == '\r') { /* an empty line */
            at++;
            continue;
        }
        uint32_t fields = 0;
        for (bool last = false; !last; fields++) {
            char *const value = csv_field(&at, &last);
            if (value == NULL) {
                fprintf(stderr, "%s:%u: a quote is not closed\n", file, line);
                free(values.list);
                return false;
            }
            add_value(&values, value);
        }
        if (fields != columns) fprintf(stderr, "%s:%u: wanted %u values, got %u\n", file, line, columns, fields);
        ok &= fields == columns;
    }
    if (ok && values.count == 0) fprintf(stderr, "%s: no points below the first line\n", file);
    ok &= values.count > 0 && !values.no_memory;
    struct sweep_axis *const axis = ok ? axis_add(points, columns, values.count / columns) : NULL;
    if (axis != NULL) {
        memcpy(axis->paths, paths, columns * sizeof *paths);
        memcpy(axis->values, values.list, values.count * sizeof *values.list);
    }
    free(values.list);
    return axis != NULL || (ok && out_of_memory());
}

/* ---- Points --------------------------------------------------------------------------------------- */

/* The paths of all axes, each once; the number of points. */
static bool gather(struct sweep_points *points)
{
    uint64_t count = 1;
    bool ok = true;
    points->factorial = true;
    for (uint32_t a = 0; a < points->axes_count; a++) {
        const struct sweep_axis *const axis = &points->axes[a];
        count *= axis->rows;
        if (axis->paths_count > 1) points->factorial = false;
        if (count > SWEEP_POINTS_MAX) {
            fprintf(stderr, "fenliu sweep: at most %u points\n", SWEEP_POINTS_MAX);
            return false;
        }
        for (uint32_t p = 0; p < axis->paths_count; p++) {
            if (strcmp(axis->paths[p], "scenario") == 0 && points->files_count > 1 && a == 0) continue;
            if (strcmp(axis->paths[p], "seed") == 0 || strcmp(axis->paths[p], "replications") == 0) {
                fprintf(stderr, "fenliu sweep: %s cannot be varied: all points have the same days; --%s says which\n", axis->paths[p], axis->paths[p]);
                ok = false;
            }
            if (points->paths_count == SWEEP_PATHS_MAX) {
                fprintf(stderr, "fenliu sweep: at most %u paths\n", SWEEP_PATHS_MAX);
                return false;
            }
            for (uint32_t i = 0; i < points->paths_count; i++) {
                if (strcmp(points->paths[i], axis->paths[p]) != 0) continue;
                fprintf(stderr, "fenliu sweep: %s is varied twice\n", axis->paths[p]);
                ok = false;
            }
            points->paths[points->paths_count++] = axis->paths[p];
        }
    }
    points->count = (uint32_t)count;
    return ok;
}

bool sweep_points_make(struct sweep_points *points, const struct sweep_plan *plan, const char *const files[], uint32_t files_count, uint64_t seed)
{
    *points = (struct sweep_points){ .files = files, .files_count = files_count };
    bool ok = true;
    if (files_count > 1) {
        struct sweep_axis *const axis = axis_add(points, 1, files_count);
        if (axis == NULL) return out_of_memory();
        axis->paths[0] = "scenario";
        for (uint32_t i = 0; i < files_count; i++) axis->values[i] = files[i];
    }
    if (plan->latin > 0) ok &= add_latin(points, plan, seed);
    for (uint32_t i = 0; i < plan->vary_count && plan->latin == 0; i++) ok &= add_vary(points, plan->vary[i]);
    for (uint32_t i = 0; i < plan->lists_count; i++) ok &= add_list(points, plan->lists[i]);
    return ok && gather(points);
}

const char *sweep_point_values(const struct sweep_points *points, uint32_t point, const char *values[SWEEP_PATHS_MAX])
{
    const char *file = points->files[0];
    uint32_t to = points->paths_count;
    for (uint32_t a = points->axes_count; a-- > 0;) {
        const struct sweep_axis *const axis = &points->axes[a];
        const uint32_t row = point % axis->rows;
        point /= axis->rows;
        if (a == 0 && points->files_count > 1) {
            file = axis->values[row];
            break;
        }
        to -= axis->paths_count;
        for (uint32_t p = 0; p < axis->paths_count; p++) values[to + p] = axis->values[row * axis->paths_count + p];
    }
    return file;
}

void sweep_point_label(const struct sweep_points *points, uint32_t point, struct fl_text *out)
{
    const char *values[SWEEP_PATHS_MAX];
    const char *const file = sweep_point_values(points, point, values);
    if (points->files_count > 1 || points->paths_count == 0) fl_text_add(out, "%s", file);
    for (uint32_t i = 0; i < points->paths_count; i++)
        fl_text_add(out, "%s%s=%s", i > 0 || points->files_count > 1 ? ", " : "", points->paths[i], values[i]);
}
