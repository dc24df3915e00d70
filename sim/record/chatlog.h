/* The synthetic chat log, one line an event: JSON lines, or CSV by RFC 4180.
 *
 * Columns, in both: t (local shop time, ISO 8601 with milliseconds, cut, no zone), at_s (seconds from the scenario's
 * start, exact to the nanosecond), chat (number), buyer (16 hexadecimal digits: a hash, which no double holds), agent
 * (name; null or empty when there is none), kind (measure/log_event.h), intent and class (names), round, chars
 * (characters of the text as it stands), text ("" for a change of state). One JSON object looks like this:
 *
 *   {"t":"2026-06-17T20:00:03.250","at_s":7203.25,"chat":17,"buyer":"00c0ffee00c0ffee","agent":"小美",
 *    "kind":"agent_reply","intent":"size","class":"new","round":1,"chars":12,"text":"这款偏小一点，建议拍L码"}
 *
 * on one line, ended by a line feed. A CSV line ends with carriage return and line feed; a field that holds a comma, a
 * quote, or a line break is quoted.
 *
 * Every line is well-formed UTF-8: what is not in a name becomes U+FFFD. All functions are pure and safe to call
 * from any thread; they return the bytes of the whole line. Where that is more than `size` nothing may be read
 * from `line`: call again with that much room. There is no terminator. */
#ifndef FL_RECORD_CHATLOG_H
#define FL_RECORD_CHATLOG_H

#include "measure/log_event.h"
#include "scenario/scenario.h"

#include <stddef.h>

/* Room that is enough for any line when the names of agent, intent and class together have at most 1 KiB. */
#define FL_CHATLOG_LINE (24u << 10)

/* agent_names[event->agent] is read only where the event has an agent. */
size_t fl_chatlog_json(const struct fl_scenario *scenario, const char *const agent_names[],
                       const struct fl_log_event *event, char *line, size_t size);

size_t fl_chatlog_csv_header(char *line, size_t size);
size_t fl_chatlog_csv(const struct fl_scenario *scenario, const char *const agent_names[],
                      const struct fl_log_event *event, char *line, size_t size);

/* How a kind is spelled; NULL for a number that is none. */
const char *fl_log_kind_name(enum fl_log_kind kind);

#endif
