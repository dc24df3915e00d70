/* Which command lines a request may start, and nothing else: a list of what is allowed, so that an option the program learns later is refused
 * until it is put here. */
#ifndef FENLIU_SERVE_ARGUMENTS_H
#define FENLIU_SERVE_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

#define ARGUMENTS_MOST 64u
#define ARGUMENT_BYTES_MOST 2000u

enum argument_kind {
    ARGUMENT_OPTION,   /* an option or its value */
    ARGUMENT_SCENARIO, /* a file of the request or of the folder */
    ARGUMENT_RUN,      /* a finished run, by its name */
};

struct arguments {
    uint32_t count;
    const char *list[ARGUMENTS_MOST]; /* borrowed; the subcommand first */
    enum argument_kind kinds[ARGUMENTS_MOST];
};

/* Judges list[0..count) and sets the kinds; false with one sentence in `why`. */
bool arguments_hold(struct arguments *arguments, char why[256]);

#endif
