/* One line of a message log to a message: who wrote what kind of thing when, in which conversation.
 *
 * A reader is told once which column means what (a preset, a mapping, or the names the log itself uses) and then turns line after
 * line into plain structs. It is a hand-written scanner of flat JSON objects and of CSV by RFC 4180; it allocates nothing, copies no
 * text and keeps no line. What it cannot read it refuses with a reason; whoever calls counts and goes on, or stops. */
#ifndef FL_FIT_MESSAGE_H
#define FL_FIT_MESSAGE_H

#include "core/status.h"
#include "core/time.h"
#include "measure/log_event.h"

enum fl_side { FL_SIDE_UNKNOWN, FL_SIDE_BUYER, FL_SIDE_AGENT, FL_SIDE_BOT, FL_SIDE_SYSTEM };

/* What a column can mean; the words are those of a mapping. */
#define FL_COLUMNS(X)                                                                                                \
    X(TIME, "time")                 /* instant; also the first half of it, where `clock` has the other */          \
    X(CLOCK, "clock")               /* time of day, where `time` is a date */                                      \
    X(CONVERSATION, "conversation") /* absent: `buyer` stands for it, cut by silence */                            \
    X(BUYER, "buyer")               /* who asks: the same on every visit */                                        \
    X(SPEAKER, "speaker")           /* who wrote this message */                                                   \
    X(AGENT, "agent")               /* who answers for the shop */                                                 \
    X(ROLE, "role")                 /* side of the speaker, in words */                                            \
    X(KIND, "kind")                 /* of measure/log_event.h */                                                   \
    X(TEXT, "text")                 /* counted in characters where there is no `chars` */                          \
    X(CHARS, "chars")                                                                                              \
    X(INTENT, "intent")                                                                                            \
    X(CLASS, "class")

enum fl_column {
#define FL_COLUMN_NAME(name, word) FL_COLUMN_##name,
    FL_COLUMNS(FL_COLUMN_NAME)
#undef FL_COLUMN_NAME
    FL_COLUMNS_COUNT,
    FL_COLUMN_OTHER = FL_COLUMNS_COUNT, /* read over */
};

/* Bytes of the line: not terminated. */
struct fl_bytes {
    const char *at;
    uint32_t count;
};

struct fl_logged {
    int64_t at_ns;          /* civil local time since 1970-01-01T00:00 */
    uint64_t conversation;  /* hashes, 0: the log has none */
    uint64_t buyer;
    struct fl_bytes agent, intent, class; /* of the line; count 0: none */
    uint32_t chars;
    uint8_t side;           /* enum fl_side */
    uint8_t kind;           /* enum fl_log_kind: of logs without kinds a message of its side */
    uint8_t resolution;     /* digits that the time has: FL_TIMES_... */
    int16_t zone_min;       /* minutes east of UTC that the time says it is of, FL_NO_ZONE: it says none. Not applied */
    uint64_t line;          /* hash of all of the line */
};

#define FL_NO_ZONE INT16_MIN

enum fl_times { FL_TIMES_MINUTES, FL_TIMES_SECONDS, FL_TIMES_MILLISECONDS };

#define FL_COLUMN_NAMES_MAX 4u  /* names that are tried for a column, in this order */
#define FL_FIELDS_MAX       64u /* fields of a line */

struct fl_log_reader {
    bool csv;
    char separator;
    const char *names[FL_COLUMNS_COUNT][FL_COLUMN_NAMES_MAX]; /* borrowed; NULL: no more */
    uint8_t role_of[FL_FIELDS_MAX];   /* CSV: enum fl_column of each field. JSON: of the fields of the line before, for the next is like it */
    char seen[FL_FIELDS_MAX][32];     /* JSON: their keys, cut */
    uint8_t seen_length[FL_FIELDS_MAX];
    uint32_t fields;                  /* CSV: of the header */
    bool has[FL_COLUMNS_COUNT];       /* CSV: the header has it; JSON: some line had it */
    char mapping[512];                /* the caller's words, taken apart */
    uint64_t day;                     /* of the date last read, and its text: most lines share it */
    char day_text[10];
};

/* Presets: "fenliu" (fenliu log), "channel" (conversation,time,speaker,role,chars), "qianniu" and "jd" (exports of these platforms'
 * desks as we read them: the names are in message.c and can be replaced by a mapping). NULL: all of their names are tried. */
FL_MUST_CHECK enum fl_status fl_log_reader_start(const char *preset, struct fl_log_reader *reader);

/* "time=sent_at,role=who": the names replace those of the preset. FL_EUNKNOWN: no such meaning, FL_ESYNTAX: not such a list, FL_EFULL:
 * beyond 500 bytes; `wrong` [64] then holds the word. */
FL_MUST_CHECK enum fl_status fl_log_reader_map(struct fl_log_reader *reader, const char *columns, char wrong[64]);

/* What the first line is: an object is JSON lines, anything else the header of a CSV (separator: comma, semicolon or tab). FL_EMISSING
 * with the meaning's word in *missing: a CSV without the columns it takes (time; conversation or buyer; one of role, kind, speaker). */
FL_MUST_CHECK enum fl_status fl_log_reader_begin(struct fl_log_reader *reader, const char *line, size_t length, const char **missing);

/* Whether a CSV record goes on in the next line: a quoted field is open at the end of this one, `open` saying whether one was at its beginning.
 * A quote within a field that does not begin with one (38") is a character like any other. */
bool fl_log_is_open(const struct fl_log_reader *reader, const char *line, size_t length, bool open);

/* Why a line was not read; the words are stable and end up in the answer. */
#define FL_LINE_FAULTS(X)                                                            \
    X(SYNTAX, "syntax", "not a JSON object of one level, or not a CSV record")        \
    X(FIELDS, "fields", "another number of fields than the header has")              \
    X(UTF8, "utf8", "bytes that are not UTF-8")                                      \
    X(TIME, "time", "no time, or one that is not written YYYY-MM-DD hh:mm[:ss[.fff]] in 24 hours") \
    X(CONVERSATION, "conversation", "neither a conversation nor a buyer")            \
    X(SIDE, "side", "nobody can tell whether buyer or shop wrote it")                \
    X(BACKWARDS, "backwards", "earlier than the message before it in its conversation") \
    X(TWICE, "twice", "the same line as the one before it in its conversation")       \
    X(CUT, "cut", "the last line, without its end")

enum fl_line_fault {
    FL_LINE_READ,
#define FL_LINE_FAULT_NAME(name, word, sentence) FL_LINE_##name,
    FL_LINE_FAULTS(FL_LINE_FAULT_NAME)
#undef FL_LINE_FAULT_NAME
    FL_LINE_FAULTS_COUNT
};
const char *fl_line_fault_word(enum fl_line_fault fault);
const char *fl_line_fault_sentence(enum fl_line_fault fault);

/* Reads a line without its newline. FL_LINE_READ, or why not. Time is that of reading the bytes once. */
enum fl_line_fault fl_log_read(struct fl_log_reader *reader, const char *line, size_t length, struct fl_logged *message);

#endif
