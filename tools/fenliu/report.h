/* A run as a table on a terminal, in Chinese or English. */
#ifndef FENLIU_REPORT_H
#define FENLIU_REPORT_H

#include "command.h"

void report_simulation(const struct fl_results *results, const struct fl_results_head *head, enum language language, struct fl_text *out);
bool report_objectives_met(const struct fl_results *results);

/* A figure as people read it: "12.3 s", "98.7 %", "—" when unknown. */
void report_figure(const struct fl_figure *figure, const struct fl_metric *metric, char *out, size_t size);

#endif
