/* Fuzz target: any bytes are a gate file or are refused with their faults, and what is read holds what its header says.
 *
 * Run: fuzz_gate -dict=tests/fuzz/scenario.dict -max_total_time=60 CORPUS tests/fuzz/gate_corpus */
#include "scenario/gate.h"

#include <math.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fl_errors errors;

static void check_faults(void)
{
    char line[1024];
    FL_ASSERT(errors.count >= 1 && errors.count <= FL_ERRORS_MAX);
    for (uint32_t i = 0; i < errors.count; i++) {
        FL_ASSERT(errors.list[i].status != FL_OK && errors.list[i].text[0] != '\0');
        FL_ASSERT((errors.list[i].line == 0) == (errors.list[i].column == 0));
        FL_ASSERT(i == 0 || errors.list[i].line >= errors.list[i - 1].line);
        const int n = fl_error_format(&errors.list[i], "file", line, sizeof line);
        FL_ASSERT(n > 0 && (size_t)n < sizeof line && strchr(line, '\n') == NULL);
    }
}

static void check_gate(const struct fl_gate *gate)
{
    FL_ASSERT(gate->figure != NULL && gate->name != NULL && gate->name[0] != '\0');
    FL_ASSERT(fl_gate_refusal(gate->metric, gate->statistic, gate->per) == NULL);
    FL_ASSERT(isnan(gate->relative) != isnan(gate->absolute));
    FL_ASSERT(!(gate->relative < 0) && !(gate->absolute < 0) && gate->worse != FL_WORSE_UNSAID);
    FL_ASSERT(gate->confidence >= 0.5 && gate->confidence < 1 && gate->min_samples >= 1);
    FL_ASSERT(gate->only == NULL || (gate->per >= FL_GATE_GROUP && gate->per <= FL_GATE_INTENT));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const some[] = { "pre_sale", "售后", NULL };
    const struct fl_gate_names names = { some, some, NULL };
    struct fl_gates *gates = NULL;
    if (fl_gates_read((const char *)data, size, &names, &gates, &errors) != FL_OK) {
        FL_ASSERT(gates == NULL);
        check_faults();
        return 0;
    }
    FL_ASSERT(gates->count >= 1 && gates->count <= FL_GATES_MAX);
    FL_ASSERT(gates->days_first >= 2 && gates->days_first <= gates->days_most && gates->about != NULL);
    for (uint32_t i = 0; i < gates->count; i++) check_gate(&gates->list[i]);
    fl_gates_free(gates);
    return 0;
}
