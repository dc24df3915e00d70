/* Every broken scenario of tests/refused/ is refused with exactly the lines in the file beside it. */
#include "scenario/reader.h"

#include <criterion/criterion.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER    FENLIU_SOURCE_DIR "/tests/refused/"
#define CASES_MIN 60

static char *read_whole(const char *name, size_t *bytes)
{
    char path[1024];
    snprintf(path, sizeof path, "%s%s", FOLDER, name);
    FILE *const file = fopen(path, "rb");
    cr_assert_not_null(file, "%s cannot be read", path);
    char *const text = calloc(1, 1 << 16);
    *bytes = fread(text, 1, (1 << 16) - 1, file);
    fclose(file);
    return text;
}

static bool ends_in(const char *name, const char *end)
{
    const size_t length = strlen(name);
    return length > strlen(end) && strcmp(name + length - strlen(end), end) == 0;
}

static void expect_refusal(const char *name)
{
    static struct fl_errors errors;
    struct fl_scenario *scenario = NULL;
    size_t bytes, expected_bytes, used = 0;
    char *const text = read_whole(name, &bytes);
    char beside[512], printed[1 << 16] = "";
    snprintf(beside, sizeof beside, "%.*s.expected", (int)(strlen(name) - strlen(".json")), name);
    char *const expected = read_whole(beside, &expected_bytes);

    const enum fl_status status = fl_scenario_read(name, text, bytes, NULL, 0, &scenario, &errors);

    cr_expect_neq(status, FL_OK, "%s is accepted", name);
    cr_expect_null(scenario);
    for (uint32_t i = 0; i < errors.count; i++) {
        used += (size_t)fl_error_format(&errors.list[i], name, printed + used, sizeof printed - used);
        printed[used++] = '\n';
    }
    cr_expect_str_eq(printed, expected, "%s:\ngot:\n%swanted:\n%s", name, printed, expected);
    free(expected);
    free(text);
}

Test(refused, every_broken_scenario_gives_the_lines_beside_it)
{
    DIR *const folder = opendir(FOLDER);
    unsigned cases = 0;
    cr_assert_not_null(folder);

    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (!ends_in(entry->d_name, ".json")) continue;
        expect_refusal(entry->d_name);
        cases++;
    }

    closedir(folder);
    cr_expect_geq(cases, CASES_MIN);
}
