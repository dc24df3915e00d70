/* JSON text to scenario. The only reader of scenario files, and the only user of cJSON for input.
 *
 * Every fault of a file is reported, each with line, column and path; nothing is guessed. Refused as
 * faults of the text: a NUL byte, UTF-8 that is not well formed, nesting deeper than 32, more than
 * FL_SCENARIO_BYTES_MAX bytes, a key that stands twice in one object. */
#ifndef FL_SCENARIO_READER_H
#define FL_SCENARIO_READER_H

#include "scenario/scenario.h"

#define FL_SCENARIO_BYTES_MAX (16u << 20)
#define FL_ERRORS_MAX 100u

/* The faults found, in the order of their place. `more` counts those beyond the room. */
struct fl_errors {
    struct fl_error list[FL_ERRORS_MAX];
    uint32_t count, more;
};

/* An override: path is "traffic.chats_per_day" or "desk.agents[0].count"; a member may also be found by its
 * name: "desk.agents[temp].count". value is JSON, or taken as a text when it is not valid JSON. */
struct fl_override {
    const char *path, *value;
};

/* Reads `bytes` bytes of text. On success *out is a scenario that fl_scenario_free releases; on failure *out
 * is untouched and errors holds every fault. `file` is kept for messages. Overrides are applied before
 * reading; a fault in an overridden value has the place 0:0 and the override's path.
 * Not for the hot path: allocates. */
FL_MUST_CHECK enum fl_status fl_scenario_read(const char *file, const char *text, size_t bytes,
                                              const struct fl_override overrides[], uint32_t overrides_count,
                                              struct fl_scenario **out, struct fl_errors *errors);

/* Frees it, with the recording that was attached. */
void fl_scenario_free(struct fl_scenario *scenario);

/* Gives a scenario with traffic.replay the recording that its log holds, sorted: from now on its ordinary traffic, promotions, rates and
 * busyness and next visits are none, and the recorded buyers come, scaled by traffic.scale; its hash becomes that of both. The scenario owns the recording, also where this fails. Without `from` the
 * recording begins with the last instant at or before its first buyer that has the scenario's time of day.
 * FL_EMISSING: nobody in the stretch that the first replication plays. FL_ECONFLICT: buyers who left without a word, and a desk that would hold their
 * places for ever (desk.close.silence null and no patience.finds_out). FL_ERANGE: traffic.scale beyond FL_REPLAY_SCALE_MAX. */
FL_MUST_CHECK enum fl_status fl_scenario_attach(struct fl_scenario *scenario, struct fl_recording *recording);

/* The scenario's text after overrides, formatted JSON, for manifests and plan.json; free() it. NULL when out of
 * memory. */
char *fl_scenario_text(const char *text, size_t bytes, const struct fl_override overrides[], uint32_t overrides_count);

/* Tells every key the reader knows, once each: "desk.agents[].max_chats", "objectives.*.want", and after it each of its
 * choices: "end=drain". What stands inside a distribution is left out. For holding schema and documentation to the reader. */
void fl_scenario_keys(void (*on_key)(void *context, const char *path), void *context);

/* A text alone, "90s" or "1h30m" (ns us ms s m h d); false when malformed. A duration beyond FL_TIME_LONGEST reads as one more than it, for
 * the caller to refuse. */
bool fl_parse_duration(const char *text, fl_time *out);

/* One line as compilers print it: "file:line:col: $.path: wanted ..., got ..."; returns the length. */
int fl_error_format(const struct fl_error *error, const char *file, char *line, size_t size);

#endif
