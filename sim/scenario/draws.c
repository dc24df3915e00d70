/* Distributions: {"exponential": "60s"} and its like. */
#include "scenario/read.h"

#include <math.h>
#include <string.h>

#define VALUES_MAX 1000000
#define PARTS_MAX  64
#define AMOUNT_MAX 1e9 /* counts and money; more is a slip of the pen */

static const char *const kind_names[] = { "constant",  "uniform", "exponential",       "lognormal",
                                          "gamma",     "weibull", "empirical",         "mixture",
                                          "geometric", "poisson", "negative_binomial", NULL };
static const char *const time_kind_names[] = { "constant", "uniform",   "exponential", "lognormal", "gamma",
                                               "weibull",  "empirical", "mixture",     NULL };

struct fl_distribution fl_constant(double value)
{
    struct fl_distribution d = { .kind = FL_CONSTANT, .a = value };
    return fl_distribution_prepare(&d) == FL_OK ? d : (struct fl_distribution){ 0 };
}

/* One amount in the unit of the draw. above_zero: 0 is refused. */
static bool read_amount(struct reader *r, const cJSON *json, const struct fl_at *at, enum fl_draw_unit unit,
                        double least, bool above_zero, double *out)
{
    fl_time length;
    if (unit == FL_DRAW_IN_SECONDS) {
        if (!fl_read_duration(r, json, at, least, 3653 * 86400.0, &length)) return false;
        *out = fl_time_to_s(length);
    } else if (!fl_read_number(r, json, at, least, AMOUNT_MAX, out)) {
        return false;
    }
    if (above_zero && *out <= 0)
        return fl_note(r, json, at, FL_ERANGE, "wanted more than 0, got %s", fl_show(json).text);
    return true;
}

/* Two parameters by name: {"median": "40s", "sigma": 1.06}. The first in the draw's unit, above 0. */
static bool read_pair(struct reader *r, const cJSON *json, const struct fl_at *at, enum fl_draw_unit unit,
                      const char *first, const char *second, double least, double most, struct fl_distribution *out)
{
    const struct fl_key keys[] = { { .name = first }, { .name = second } };
    const struct fl_object object = { .keys = keys, .keys_count = 2 };
    if (!cJSON_IsObject(json))
        return fl_note(r, json, at, FL_ETYPE, "wanted an object with \"%s\" and \"%s\", got %s", first, second,
                       fl_show(json).text);
    bool ok = fl_refuse_unknown(r, json, at, &object);
    const struct fl_at first_at = { .up = at, .key = first }, second_at = { .up = at, .key = second };
    const cJSON *const a = fl_member(json, first);
    const cJSON *const b = fl_member(json, second);
    if (a == NULL)
        ok = fl_note(r, json, &first_at, FL_EMISSING, "wanted this key, got none");
    else
        ok &= read_amount(r, a, &first_at, unit, 0, true, &out->a);
    if (b == NULL)
        ok = fl_note(r, json, &second_at, FL_EMISSING, "wanted this key, got none");
    else
        ok &= fl_read_number(r, b, &second_at, least, most, &out->b);
    return ok;
}

static bool read_uniform(struct reader *r, const cJSON *json, const struct fl_at *at, enum fl_draw_unit unit,
                         double least, struct fl_distribution *out)
{
    if (!cJSON_IsArray(json) || cJSON_GetArraySize(json) != 2)
        return fl_note(r, json, at, FL_ETYPE, "wanted [from, to], got %s", fl_show(json).text);
    const struct fl_at from_at = { .up = at, .index = 0 }, to_at = { .up = at, .index = 1 };
    bool ok = read_amount(r, json->child, &from_at, unit, least, false, &out->a);
    ok &= read_amount(r, json->child->next, &to_at, unit, least, false, &out->b);
    if (ok && out->b < out->a) return fl_note(r, json, at, FL_ECONFLICT, "wanted [from, to] with from <= to");
    return ok;
}

static bool read_empirical(struct reader *r, const cJSON *json, const struct fl_at *at, enum fl_draw_unit unit,
                           double least, struct fl_distribution *out)
{
    const int size = cJSON_IsArray(json) ? cJSON_GetArraySize(json) : 0;
    if (size < 1 || size > VALUES_MAX)
        return fl_note(r, json, at, FL_ETYPE, "wanted an array of 1 to 1000000 values, got %s", fl_show(json).text);
    double *const values = fl_reader_take(r, (size_t)size, sizeof *values);
    if (values == NULL) return false;
    bool ok = true;
    const cJSON *item;
    cJSON_ArrayForEach(item, json)
    {
        const struct fl_at item_at = { .up = at, .index = out->count };
        ok &= read_amount(r, item, &item_at, unit, least, false, &values[out->count++]);
    }
    out->values = values;
    return ok;
}

static bool read_part(struct reader *r, const cJSON *json, const struct fl_at *at, enum fl_draw_unit unit, double least,
                      double *weight, struct fl_distribution *part)
{
    if (!cJSON_IsArray(json) || cJSON_GetArraySize(json) != 2)
        return fl_note(r, json, at, FL_ETYPE, "wanted [weight, distribution], got %s", fl_show(json).text);
    const struct fl_at weight_at = { .up = at, .index = 0 }, part_at = { .up = at, .index = 1 };
    bool ok = fl_read_number(r, json->child, &weight_at, 0, AMOUNT_MAX, weight);
    ok &= fl_read_draw(r, json->child->next, &part_at, unit, least, part);
    return ok;
}

static bool read_mixture(struct reader *r, const cJSON *json, const struct fl_at *at, enum fl_draw_unit unit,
                         double least, struct fl_distribution *out)
{
    const int size = cJSON_IsArray(json) ? cJSON_GetArraySize(json) : 0;
    if (size < 1 || size > PARTS_MAX)
        return fl_note(r, json, at, FL_ETYPE, "wanted an array of 1 to 64 [weight, distribution], got %s",
                       fl_show(json).text);
    double *const weights = fl_reader_take(r, (size_t)size, sizeof *weights);
    struct fl_distribution *const parts = fl_reader_take(r, (size_t)size, sizeof *parts);
    if (weights == NULL || parts == NULL) return false;
    bool ok = true;
    double sum = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, json)
    {
        const struct fl_at item_at = { .up = at, .index = out->count };
        ok &= read_part(r, item, &item_at, unit, least, &weights[out->count], &parts[out->count]);
        sum += weights[out->count++];
    }
    if (ok && sum <= 0) return fl_note(r, json, at, FL_ERANGE, "wanted weights that sum to more than 0, got 0");
    for (uint32_t i = 0; ok && i < out->count; i++) weights[i] /= sum;
    out->values = weights;
    out->parts = parts;
    return ok;
}

static bool read_kind(struct reader *r, const cJSON *json, const struct fl_at *at, enum fl_draw_unit unit, double least,
                      struct fl_distribution *out)
{
    switch (out->kind) {
    case FL_CONSTANT: return read_amount(r, json, at, unit, least, false, &out->a);
    case FL_UNIFORM: return read_uniform(r, json, at, unit, least, out);
    case FL_EXPONENTIAL: return read_amount(r, json, at, unit, 0, true, &out->a);
    case FL_LOGNORMAL: return read_pair(r, json, at, unit, "median", "sigma", 0, 10, out);
    case FL_GAMMA: return read_pair(r, json, at, unit, "mean", "cv", 0.01, 10, out);
    case FL_WEIBULL: return read_pair(r, json, at, unit, "scale", "shape", 0.05, 100, out);
    case FL_EMPIRICAL: return read_empirical(r, json, at, unit, least, out);
    case FL_MIXTURE: return read_mixture(r, json, at, unit, least, out);
    case FL_GEOMETRIC: return fl_read_number(r, json, at, 1, 1e6, &out->a);
    case FL_POISSON: return fl_read_number(r, json, at, 0, 1e6, &out->a);
    case FL_NEGATIVE_BINOMIAL:
        if (!read_pair(r, json, at, unit, "mean", "cv", 0.01, 10, out)) return false;
        if (out->b * out->b > 1 / out->a) return true;
        return fl_note(r, json, at, FL_ECONFLICT,
                       "wanted cv x cv > 1 / mean (else it is no wider than Poisson), got mean %s, cv %s",
                       fl_show_number(out->a).text, fl_show_number(out->b).text);
    }
    return false;
}

bool fl_read_draw(struct reader *r, const cJSON *json, const struct fl_at *at, enum fl_draw_unit unit, double least,
                  struct fl_distribution *out)
{
    const char *const *const kinds = unit == FL_DRAW_IN_COUNTS ? kind_names : time_kind_names;
    struct fl_distribution d = { .kind = FL_CONSTANT };
    bool ok;
    if (cJSON_IsString(json) == (unit == FL_DRAW_IN_SECONDS) && (cJSON_IsString(json) || cJSON_IsNumber(json))) {
        ok = read_kind(r, json, at, unit, least, &d); /* a bare value is a constant */
    } else if (!cJSON_IsObject(json) || cJSON_GetArraySize(json) != 1) {
        return fl_note(r, json, at, FL_ETYPE, "wanted %s, or a distribution such as %s, got %s",
                       unit == FL_DRAW_IN_SECONDS ? "a duration with its unit" : "a number",
                       unit == FL_DRAW_IN_SECONDS  ? "{\"exponential\": \"60s\"}"
                       : unit == FL_DRAW_IN_COUNTS ? "{\"geometric\": 5}"
                                                   : "{\"exponential\": 60}",
                       cJSON_IsObject(json) ? "an object that has not exactly one key" : fl_show(json).text);
    } else {
        const struct fl_at kind_at = { .up = at, .key = json->child->string };
        struct fl_nearest nearest = fl_nearest_start(r, json->child->string);
        uint32_t kind = 0;
        while (kinds[kind] != NULL && strcmp(kinds[kind], json->child->string) != 0)
            fl_nearest_offer(&nearest, kinds[kind++]);
        if (kinds[kind] == NULL) {
            char shown[40];
            fl_text_show(shown, sizeof shown, json->child->string);
            return fl_note_key(
                r, json->child, &kind_at, FL_EUNKNOWN,
                "wanted constant, uniform, exponential, lognormal, gamma, weibull, empirical, mixture%s, got \"%s\"%s",
                unit == FL_DRAW_IN_COUNTS ? ", geometric, poisson or negative_binomial" : "", shown,
                fl_nearest_hint(&nearest).text);
        }
        d.kind = (enum fl_distribution_kind)kind;
        ok = read_kind(r, json->child, &kind_at, unit, least, &d);
    }
    if (!ok) return false;
    if (fl_distribution_prepare(&d) != FL_OK)
        return fl_note(r, json, at, FL_ERANGE, "wanted parameters that can be sampled");
    *out = d;
    return true;
}
