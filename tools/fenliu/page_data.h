/* The page's data: the object that page.h describes. */
#ifndef FENLIU_PAGE_DATA_H
#define FENLIU_PAGE_DATA_H

#include "page.h"

/* Appends it; EXIT_DONE, or the exit code after saying why: EXIT_USAGE for what is no run directory, or damaged. */
int page_data(const char *const directories[], const char *const names[], uint32_t count, const struct options *options, struct fl_text *out);

#endif
