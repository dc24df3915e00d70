/* Reads the exact answers of tests/theory/truth for the tests of the staffing formulas. */
#ifndef FL_TESTS_STAFFING_TRUTH_H
#define FL_TESTS_STAFFING_TRUTH_H

#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* The whole file, or a failed test. cJSON_Delete it. */
static inline cJSON *truth_read(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/tests/theory/truth/%s", FENLIU_SOURCE_DIR, name);
    FILE *const file = fopen(path, "rb");
    cr_assert(file != NULL, "cannot open %s", path);
    fseek(file, 0, SEEK_END);
    const long bytes = ftell(file);
    rewind(file);
    char *const text = malloc((size_t)bytes + 1);
    cr_assert(text != NULL);
    cr_assert_eq(fread(text, 1, (size_t)bytes, file), (size_t)bytes);
    text[bytes] = '\0';
    fclose(file);
    cJSON *const json = cJSON_Parse(text);
    free(text);
    cr_assert(json != NULL, "cannot parse %s", path);
    return json;
}

/* A required number. */
static inline double truth_number(const cJSON *object, const char *key)
{
    const cJSON *const item = cJSON_GetObjectItemCaseSensitive(object, key);
    cr_assert(item != NULL, "no %s", key);
    return cJSON_IsString(item) ? strtod(item->valuestring, NULL) : item->valuedouble;
}

static inline const cJSON *truth_member(const cJSON *object, const char *key)
{
    const cJSON *const item = cJSON_GetObjectItemCaseSensitive(object, key);
    cr_assert(item != NULL, "no %s", key);
    return item;
}

/* Ten digits: relative, and absolute for what rounds to nothing. */
static inline void truth_expect(double got, const cJSON *values, const char *key, const char *of)
{
    const double want = truth_number(values, key);
    cr_expect(fabs(got - want) <= 1e-10 * fabs(want) + 1e-40, "%s of %s: wanted %.12g, got %.12g", key, of, want, got);
}

#endif
