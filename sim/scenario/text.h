/* The text of a scenario before anybody reads meaning into it, and the way back from a value to its place.
 *
 * cJSON is lenient where a scenario must not be: it takes a repeated key, a leading zero, a raw control
 * character, anything up to a blank as white space, and cuts a text at an escaped NUL. So the text is
 * checked against RFC 8259 first; what passes is then parsed by cJSON without surprises. */
#ifndef FL_SCENARIO_TEXT_H
#define FL_SCENARIO_TEXT_H

#include "core/status.h"

#include <cjson/cJSON.h>

#define FL_TEXT_DEPTH_MAX  32u
#define FL_TEXT_VALUES_MAX (1u << 21) /* values of all kinds; cJSON takes some 80 bytes for each */
#define FL_TEXT_NUMBER_MAX 63u        /* characters of a number; cJSON reads no more */

/* Checks that the text is one JSON value and nothing else, in well-formed UTF-8. On a fault fills `error`
 * (line, column and sentence; path "") and returns its status. Linear in bytes. */
FL_MUST_CHECK enum fl_status fl_text_check(const char *text, size_t bytes, struct fl_error *error);

/* Whether the bytes are well-formed UTF-8 without NUL. */
bool fl_text_is_utf8(const char *text, size_t bytes);

/* Writes into each node's valueint, which nothing else here uses, the offset of its value in the text it was
 * parsed from. The text has passed fl_text_check. One walk, linear in bytes. */
void fl_text_note_places(const char *text, cJSON *root);

/* The same for values that stand in no text: every valueint becomes -1. */
void fl_text_note_nowhere(cJSON *root);

/* Offset of the opening quote of the key that stands before the value at `place`. */
size_t fl_text_key_place(const char *text, size_t place);

/* A place in the text; columns count characters, not bytes. Starts as { 0, 1, 1 }. */
struct fl_text_cursor {
    size_t place;
    uint32_t line, column;
};

/* Moves on to a place that is not before the cursor's. */
void fl_text_advance(const char *text, struct fl_text_cursor *cursor, size_t place);

/* Copies `from` so that it can be shown in one line of at most size - 1 bytes: control characters become
 * escapes, and what does not fit ends in "...", never inside a character. Returns the length. */
size_t fl_text_show(char *to, size_t size, const char *from);

#endif
