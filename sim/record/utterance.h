/* What a message of the chat log says, in simplified Chinese.
 *
 * The simulation knows that a message was sent and how many characters were typed; here it gets words. A text is a
 * function of the event's key, message index, kind, intent, class, round, flags and `chars` alone (and of the chat's
 * number in a review reply), by addressed draws (core/draw.h, FL_DRAW_TEXT), so a log can be written in any order, in
 * parts, or again. Product, colour, size, order number, courier and city belong to the key and stay the same through a
 * chat.
 *
 * An intent is known by its name ("size", "bargain", "退款"; the names are in phrases.c); an unknown one talks about
 * the goods in general. Class names "difficult", "picky", "挑剔" make a buyer curt, "returning", "vip", "老客户"
 * friendly. */
#ifndef FL_RECORD_UTTERANCE_H
#define FL_RECORD_UTTERANCE_H

#include "measure/log_event.h"
#include "record/phrases.h"
#include "scenario/scenario.h"

#include <stddef.h>

/* A typed reply has at most this many characters, whatever was simulated: no chat window takes more, and a heavy tail
 * of `chars` must not turn into megabytes. */
#define FL_UTTERANCE_CHARS_MAX 2000u
#define FL_UTTERANCE_BYTES     8192u /* room that is always enough */

/* The topic an intent's name stands for; FL_TOPIC_GENERIC for a name not known. */
enum fl_topic fl_topic_of(const char *intent_name);

/* Writes the words of an event and returns their bytes; no terminator. *chars becomes the number of characters
 * (Unicode code points). Changes of state have no words: 0 bytes, 0 characters.
 *
 * A typed reply (AGENT_REPLY and AGENT_EXTRA that are not quick phrases, terse or review replies) with chars > 0 has
 * exactly min(chars, FL_UTTERANCE_CHARS_MAX) characters, so the typing time simulated is the typing time of the text;
 * it ends where a clause ends. A review reply has at least its seven clauses, 87 to 134 characters, and is grown to
 * `chars`.
 *
 * The text is well-formed UTF-8. Its only control character is the line feed, in canned phrases. */
size_t fl_utterance(const struct fl_scenario *scenario, const struct fl_log_event *event, char text[FL_UTTERANCE_BYTES],
                    uint32_t *chars);

/* The choices, FL_REVIEW_BITS bits, of a message's review reply: a one-to-one map of (chat_id, message_index) for
 * chat_id < 2^30 and message_index < 2^12; beyond, the reply names its number, so that all replies of a log differ
 * whatever its length. */
#define FL_REVIEW_CHAT_BITS  30u
#define FL_REVIEW_INDEX_BITS 12u
uint64_t fl_review_choices(uint64_t chat_id, uint32_t message_index);

#endif
