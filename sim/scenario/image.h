/* A scenario as bytes for another process of the same build: what simulates its days elsewhere gets it this way, with whatever has been changed in it
 * since it was read, and with its recording.
 *
 * The bytes are structs as they lie in memory and what they point to, one behind the other; they are for the same program on the same kind
 * of machine, whose two ends know each other, and are no file format. What no day depends on is left out: `staffing` and `ordinary_day`. */
#ifndef FL_SCENARIO_IMAGE_H
#define FL_SCENARIO_IMAGE_H

#include "scenario/scenario.h"

/* A number that two builds share only when their structs are alike. */
uint64_t fl_image_layout(void);

/* *bytes [*length] is to be freed by free(). FL_EFULL: no memory. */
FL_MUST_CHECK enum fl_status fl_image_make(const struct fl_scenario *scenario, void **bytes, size_t *length);

/* The scenario of an image, as one block to be freed by free(). FL_ESYNTAX: cut short; FL_EFULL: no memory. */
FL_MUST_CHECK enum fl_status fl_image_open(const void *bytes, size_t length, struct fl_scenario **out);

#endif
