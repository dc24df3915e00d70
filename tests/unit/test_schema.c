/* scenarios/scenario.schema.json and scenarios/README.md say what the reader does: the same keys, ranges, choices,
 * nulls and required keys. The schema is walked; each statement is tried on the reader as an override. */
#include "scenario/reader.h"

#include <cjson/cJSON.h>
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATHS_MAX 1000

/* A scenario with one item in every list, so that every path leads somewhere. */
static const char base[] =
    "{\"fenliu\":1,\"skills\":[\"s\"],\"traffic\":{\"chats_per_day\":500,\"promotions\":[{\"opens_at\":\"+1h\","
    "\"multiplier\":2}],\"pushes\":[{\"at\":\"+1h\",\"buyers\":1}]},"
    "\"buyers\":{\"classes\":[{\"name\":\"c\"}],\"intents\":[{\"name\":\"i\"}],\"entry_points\":[{\"name\":\"e\"}],"
    "\"devices\":[{\"name\":\"d\"}]},"
    "\"desk\":{\"groups\":[{\"name\":\"g\"}],\"shifts\":[{\"name\":\"t\",\"from\":\"09:00\",\"to\":\"17:00\"}],"
    "\"grades\":[{\"name\":\"r\"}],\"agents\":[{\"name\":\"a\",\"away\":[{\"from\":\"+1h\",\"to\":\"+2h\"}]},{\"name\":\"b\",\"count\":0}],"
    "\"meetings\":[{\"at\":\"+1h\",\"length\":\"1h\"}]},\"events\":[{\"at\":\"+1h\",\"agent\":\"a\",\"do\":\"leave\"}],"
    "\"faults\":[{\"at\":\"+1h\",\"do\":\"x\"}],"
    "\"objectives\":{\"abandonment\":{\"want\":\"<= "
    "0.1\"}},\"thresholds\":[{\"measure\":\"response_s\",\"seconds\":60}],\"staffing\":{\"shifts\":[{\"name\":\"u\","
    "\"from\":\"+1h\",\"to\":\"+2h\"}],\"breaks\":[{\"length\":\"30m\",\"from\":\"2h\"}],\"hire\":[{\"name\":\"h\"}],"
    "\"people\":[{\"agent\":\"a\",\"away\":[{\"from\":\"+1h\",\"to\":\"+2h\"}],\"wishes\":[{\"from\":\"22:00\",\"to\":\"08:00\"}]}]}}";

struct paths {
    char list[PATHS_MAX][160];
    unsigned count;
};

static struct fl_errors errors;
static cJSON *schema;

static char *read_file(const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/scenarios/%s", FENLIU_SOURCE_DIR, name);
    FILE *const file = fopen(path, "rb");
    cr_assert_not_null(file, "%s cannot be read", path);
    char *const text = calloc(1, 1 << 20);
    cr_assert_gt(fread(text, 1, (1 << 20) - 1, file), 0);
    fclose(file);
    return text;
}

static void read_schema(void)
{
    char *const text = read_file("scenario.schema.json");
    schema = cJSON_Parse(text);
    free(text);
    cr_assert_not_null(schema, "the schema is not JSON");
}

static void free_schema(void)
{
    cJSON_Delete(schema);
}

static const cJSON *resolve(const cJSON *node)
{
    const cJSON *const reference = cJSON_GetObjectItemCaseSensitive(node, "$ref");
    if (reference == NULL) return node;
    const cJSON *const found = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(schema, "$defs"),
                                                                reference->valuestring + strlen("#/$defs/"));
    cr_assert_not_null(found, "%s leads nowhere", reference->valuestring);
    return found;
}

static bool is_distribution(const cJSON *node)
{
    const cJSON *const reference = cJSON_GetObjectItemCaseSensitive(node, "$ref");
    return reference != NULL && strstr(reference->valuestring, "_distribution") != NULL;
}

/* The first of a node's alternatives (itself, or its anyOf's, or theirs) that has `key`; NULL when none has. */
static const cJSON *alternative_with(const cJSON *node, const char *key)
{
    if (is_distribution(node)) return NULL;
    node = resolve(node);
    if (cJSON_GetObjectItemCaseSensitive(node, key) != NULL) return node;
    const cJSON *alternative;
    cJSON_ArrayForEach(alternative, cJSON_GetObjectItemCaseSensitive(node, "anyOf"))
    {
        const cJSON *const found = alternative_with(alternative, key);
        if (found != NULL) return found;
    }
    return NULL;
}

static bool takes_type(const cJSON *node, const char *type)
{
    node = resolve(node);
    const cJSON *const own = cJSON_GetObjectItemCaseSensitive(node, "type"), *alternative;
    if (own != NULL && strcmp(own->valuestring, type) == 0) return true;
    cJSON_ArrayForEach(alternative, cJSON_GetObjectItemCaseSensitive(node, "anyOf"))
    {
        if (takes_type(alternative, type)) return true;
    }
    return false;
}

typedef void on_property(void *context, const char *path, const cJSON *node);

/* Calls back for every property of an object schema and of what stands in it, by the reader's names of paths. */
static void walk(const cJSON *object, const char *prefix, on_property *call, void *context)
{
    if (is_distribution(object)) return;
    object = resolve(object);
    const cJSON *property, *alternative;
    char path[200];
    cJSON_ArrayForEach(alternative, cJSON_GetObjectItemCaseSensitive(object, "anyOf"))
        walk(alternative, prefix, call, context);
    cJSON_ArrayForEach(property, cJSON_GetObjectItemCaseSensitive(object, "properties"))
    {
        const cJSON *const array = alternative_with(property, "items");
        const cJSON *const items = array == NULL ? NULL : cJSON_GetObjectItemCaseSensitive(array, "items");
        const bool is_list = items != NULL && cJSON_GetObjectItemCaseSensitive(resolve(items), "properties") != NULL;
        snprintf(path, sizeof path, "%s%s%s%s", prefix, prefix[0] == '\0' ? "" : ".", property->string,
                 is_list ? "[]" : "");
        call(context, path, property);
        walk(is_list ? items : property, path, call, context);
    }
    const cJSON *const rest = cJSON_GetObjectItemCaseSensitive(object, "additionalProperties");
    if (!cJSON_IsObject(rest)) return;
    snprintf(path, sizeof path, "%s.*", prefix);
    walk(rest, path, call, context);
}

static void add(struct paths *paths, const char *path)
{
    for (unsigned i = 0; i < paths->count; i++) {
        if (strcmp(paths->list[i], path) == 0) return; /* alternatives may share keys */
    }
    cr_assert_lt(paths->count, PATHS_MAX);
    snprintf(paths->list[paths->count++], sizeof paths->list[0], "%s", path);
}

static void add_key(void *context, const char *path)
{
    add(context, path);
}

static void add_property(void *context, const char *path, const cJSON *node)
{
    const cJSON *const array = alternative_with(node, "items");
    const cJSON *const choice = alternative_with(
                           array != NULL ? cJSON_GetObjectItemCaseSensitive(array, "items") : node, "enum"),
                       *item;
    char full[200];
    add(context, path);
    if (strcmp(path, "thresholds[].measure") == 0) return; /* names of figures, not choices of the reader's tables */
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(choice, "enum"))
    {
        snprintf(full, sizeof full, "%s=%s", path, item->valuestring);
        add(context, full);
    }
}

static bool has(const struct paths *paths, const char *path)
{
    for (unsigned i = 0; i < paths->count; i++) {
        if (strcmp(paths->list[i], path) == 0) return true;
    }
    return false;
}

/* "desk.agents[].count" as an override names it: "desk.agents[0].count"; "objectives.*" is that of the base. */
static void concrete(char *to, size_t size, const char *path)
{
    size_t used = 0;
    for (const char *p = path; *p != '\0' && used + 12 < size; p++) {
        if (strncmp(p, "[]", 2) == 0) {
            used += (size_t)sprintf(to + used, "[0]");
            p++;
        } else if (*p == '*') {
            used += (size_t)sprintf(to + used, "abandonment");
        } else {
            to[used++] = *p;
        }
    }
    to[used] = '\0';
}

/* Whether the reader takes the value at the path, cross checks aside. */
static bool is_taken(const char *path, const char *value)
{
    char place[200], full[204];
    struct fl_scenario *scenario = NULL;
    concrete(place, sizeof place, path);
    const struct fl_override override = { place, value };
    const enum fl_status status = fl_scenario_read("base", base, strlen(base), &override, 1, &scenario, &errors);
    if (status == FL_OK) fl_scenario_free(scenario);
    snprintf(full, sizeof full, strncmp(place, "$", 1) == 0 ? "$[\"%s\"]" : "$.%s", place);
    for (uint32_t i = 0; i < errors.count; i++) {
        const enum fl_status why = errors.list[i].status;
        if (strcmp(errors.list[i].path, full) == 0 &&
            (why == FL_ERANGE || why == FL_ETYPE || why == FL_EUNKNOWN || why == FL_EFULL))
            return false;
    }
    return true;
}

static void expect_number(const char *path, double value, bool taken)
{
    char text[40];
    snprintf(text, sizeof text, "%.17g", value);
    cr_expect_eq(is_taken(path, text), taken, "%s = %s: the schema says %s", path, text, taken ? "yes" : "no");
}

static void try_statement(void *context, const char *path, const cJSON *property)
{
    unsigned *const tried = context;
    const cJSON *const number = alternative_with(property, "maximum"), *const choice =
                                                                           alternative_with(property, "enum");
    if (number != NULL && cJSON_GetObjectItemCaseSensitive(number, "items") == NULL) {
        const double least = cJSON_GetObjectItemCaseSensitive(number, "minimum")->valuedouble,
                     most = cJSON_GetObjectItemCaseSensitive(number, "maximum")->valuedouble;
        const double step = takes_type(property, "integer") ? 1 : 0.001;
        /* Zeros that only cross checks mind: the shares of one item, the agents of one definition. */
        const bool summed = strstr(path, "[].share") != NULL || strcmp(path, "desk.agents[].count") == 0;
        if (!summed) expect_number(path, least, true);
        if (!summed || strcmp(path, "desk.agents[].count") != 0) expect_number(path, most, true);
        expect_number(path, least - step, false);
        expect_number(path, strcmp(path, "seed") == 0 ? most * 2 : most + step * (most > 1e6 ? 1000 : 1), false);
        if (step == 1) expect_number(path, least + 0.5, false);
        ++*tried;
    }
    if (choice != NULL) {
        const cJSON *item;
        cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(choice, "enum"))
        {
            /* "proxy" needs a proxy account: a cross check, so not counted against it. */
            cr_expect(is_taken(path, item->valuestring), "%s = %s: the schema says yes", path, item->valuestring);
        }
        cr_expect_not(is_taken(path, "no_such_choice"), "%s takes what the schema does not list", path);
        ++*tried;
    }
    if (strstr(path, ".*") == NULL && strcmp(path + strlen(path) - 2, "[]") != 0) {
        const bool null = takes_type(property, "null");
        cr_expect_eq(is_taken(path, "null"), null, "%s = null: the schema says %s", path, null ? "yes" : "no");
        cr_expect_eq(is_taken(path, "true"), takes_type(property, "boolean"), "%s = true", path);
        ++*tried;
    }
}

Test(schema, lists_the_keys_and_choices_that_the_reader_knows, .init = read_schema, .fini = free_schema)
{
    struct paths *const known = calloc(1, sizeof *known), *const described = calloc(1, sizeof *described);

    fl_scenario_keys(add_key, known);
    walk(schema, "", add_property, described);

    for (unsigned i = 0; i < known->count; i++)
        cr_expect(has(described, known->list[i]), "the schema lacks %s", known->list[i]);
    for (unsigned i = 0; i < described->count; i++)
        cr_expect(has(known, described->list[i]), "the reader does not know %s", described->list[i]);
    cr_expect_gt(known->count, 250);
    free(known);
    free(described);
}

Test(schema, states_the_ranges_choices_and_nulls_that_the_reader_takes, .init = read_schema, .fini = free_schema)
{
    unsigned tried = 0;

    walk(schema, "", try_statement, &tried);

    cr_expect_gt(tried, 250);
}

/* Keys that the reader misses in an empty object, against the schema's "required". */
static void try_required(void *context, const char *path, const cJSON *property)
{
    const cJSON *const array = alternative_with(property, "items");
    const cJSON *object = array != NULL ? resolve(cJSON_GetObjectItemCaseSensitive(array, "items"))
                                        : alternative_with(property, "properties");
    if (object == NULL || cJSON_GetObjectItemCaseSensitive(object, "properties") == NULL) return;
    if (strcmp(path, "traffic") == 0) return;         /* what it needs is an "either, or" */
    if (strcmp(path, "traffic.profile") == 0) return; /* a shape of its own, or one for each phase */
    char place[200], missing[300];
    struct fl_scenario *scenario = NULL;
    concrete(place, sizeof place, path);
    const struct fl_override override = { place, "{}" };
    if (fl_scenario_read("base", base, strlen(base), &override, 1, &scenario, &errors) == FL_OK)
        fl_scenario_free(scenario);
    const cJSON *const required = cJSON_GetObjectItemCaseSensitive(object, "required"), *key;
    unsigned count = 0;
    for (uint32_t i = 0; i < errors.count; i++) {
        snprintf(missing, sizeof missing, "$.%s.", place);
        count += errors.list[i].status == FL_EMISSING && strncmp(errors.list[i].path, missing, strlen(missing)) == 0;
    }
    cr_expect_eq(count, (unsigned)cJSON_GetArraySize(required), "%s: the reader misses %u keys, the schema %d", path,
                 count, cJSON_GetArraySize(required));
    cJSON_ArrayForEach(key, required)
    {
        bool missed = false;
        snprintf(missing, sizeof missing, "$.%s.%s", place, key->valuestring);
        for (uint32_t i = 0; i < errors.count; i++) missed |= strcmp(errors.list[i].path, missing) == 0;
        cr_expect(missed, "%s.%s is required by the schema alone", path, key->valuestring);
    }
    ++*(unsigned *)context;
}

Test(schema, requires_the_keys_that_the_reader_requires, .init = read_schema, .fini = free_schema)
{
    unsigned tried = 0;

    walk(schema, "", try_required, &tried);

    cr_expect_gt(tried, 30);
}

Test(schema, every_key_has_its_row_in_the_manual)
{
    char *const manual = read_file("README.md");
    struct paths *const known = calloc(1, sizeof *known);
    fl_scenario_keys(add_key, known);

    for (unsigned i = 0; i < known->count; i++) {
        if (strchr(known->list[i], '=') != NULL) continue; /* choices stand in their key's row */
        char row[200];
        const char *const dot = strchr(known->list[i], '.');
        snprintf(row, sizeof row, "\n| `%s` |", known->list[i]);
        if (strstr(manual, row) != NULL) continue;
        snprintf(row, sizeof row, "\n| `%s` |",
                 dot != NULL ? dot + 1 : known->list[i]); /* by the block's own section */
        cr_expect_not_null(strstr(manual, row), "scenarios/README.md lacks %s", known->list[i]);
    }
    free(known);
    free(manual);
}
