/* Inside the scenario reader: keys are data, and one loop reads them all.
 *
 * An object of the file is a table of keys (struct fl_object): name, kind, range, and where in the C struct
 * the value goes. What is unusual is a function in the table. Defaults are a constant struct, copied
 * first. The tables also answer which keys exist, which is how schema and documentation are held to them.
 *
 * References are by name and may point forward, so all names are collected before anything is read. */
#ifndef FL_SCENARIO_READ_H
#define FL_SCENARIO_READ_H

#include "scenario/reader.h"
#include "scenario/text.h"

#include <stdarg.h>

/* ---- Memory: chunks, given back at once ------------------------------------------------------- */

struct fl_chunk {
    struct fl_chunk *next; /* from the first on */
    size_t used, size;
    _Alignas(16) unsigned char bytes[];
};

void fl_chunks_free(struct fl_chunk *first);

/* ---- Where we are ----------------------------------------------------------------------------- */

struct fl_at {
    const struct fl_at *up; /* NULL at the root */
    const char *key;        /* member name; NULL for an array step */
    uint32_t index;         /* array position when key is NULL */
};

/* ---- Names that can be referred to ------------------------------------------------------------ */

enum fl_names_of {
    FL_NAMES_CLASSES,
    FL_NAMES_INTENTS,
    FL_NAMES_ENTRY_POINTS,
    FL_NAMES_ORDER_STATUSES,
    FL_NAMES_GROUPS,
    FL_NAMES_SHIFTS,
    FL_NAMES_GRADES,
    FL_NAMES_AGENTS,
    FL_NAMES_SKILLS,
    FL_NAMES_TABLES
};

struct fl_name {
    const char *text; /* in the JSON tree */
    uint32_t index;
    const cJSON *json;
};

struct fl_names {
    struct fl_name *list; /* sorted by text, then index */
    uint32_t count;
};

/* ---- The reader ------------------------------------------------------------------------------- */

struct reader {
    struct fl_scenario *scenario;
    struct fl_chunk *first, *chunk; /* the scenario opens the first; chunk is the one being filled */
    const char *text;
    bool out_of_memory;
    struct fl_names names[FL_NAMES_TABLES];
    /* Faults: the FL_ERRORS_MAX first by place. order[i] is the slot of the i-th. */
    struct fl_errors found;
    int64_t place[FL_ERRORS_MAX];
    uint32_t order[FL_ERRORS_MAX];
};

/* Zeroed memory that lives as long as the scenario; NULL notes out_of_memory, and callers may only store it. */
void *fl_reader_take(struct reader *r, size_t count, size_t bytes_each);
/* A copy that lives as long; "" when out of memory. */
const char *fl_reader_text(struct reader *r, const char *text);

/* The text's tree, every value with its place; NULL when the text is refused, which is then noted, or memory is out. `text` ends in NUL
 * and lives as long as the reader. */
cJSON *fl_reader_parse(struct reader *r, const char *text, size_t bytes);
/* The faults noted so far, with their lines and columns. */
void fl_reader_faults(struct reader *r, struct fl_errors *errors);
/* Notes every key that stands twice in its object. */
bool fl_refuse_repeats(struct reader *r, const cJSON *json, const struct fl_at *at);

/* Notes a fault at a value, or at the key before it. Always false, so that "return note(...)" reads well. */
__attribute__((format(printf, 5, 6))) bool fl_note(struct reader *r, const cJSON *json, const struct fl_at *at,
                                                   enum fl_status status, const char *sentence, ...);
__attribute__((format(printf, 5, 6))) bool fl_note_key(struct reader *r, const cJSON *json, const struct fl_at *at,
                                                       enum fl_status status, const char *sentence, ...);

/* A fault in an override itself, which stands nowhere in the text. */
bool fl_note_override(struct reader *r, const char *path, enum fl_status status, const char *sentence);

/* A value as it is shown after "got". */
struct fl_shown {
    char text[64];
};
struct fl_shown fl_show(const cJSON *json);
/* A number in its shortest form that reads back as the same. */
struct fl_shown fl_show_number(double number);

/* ---- Keys as data ----------------------------------------------------------------------------- */

enum fl_key_kind {
    FL_KEY_NUMBER,  /* double within [least, most] */
    FL_KEY_COUNT,   /* uint32_t within [least, most]; null: null_count */
    FL_KEY_INTEGER, /* int32_t within [least, most] */
    FL_KEY_BOOL,
    FL_KEY_TEXT,      /* const char * */
    FL_KEY_DURATION,  /* fl_time within [least, most] seconds; null: FL_TIME_NEVER */
    FL_KEY_INSTANT,   /* fl_time */
    FL_KEY_CLOCK,     /* fl_time, of day */
    FL_KEY_WINDOW,    /* struct fl_window, ["08:00", "23:00"] */
    FL_KEY_DRAW_TIME, /* struct fl_distribution of seconds; null: as absent */
    FL_KEY_DRAW_COUNT,
    FL_KEY_DRAW_NUMBER,
    FL_KEY_CHOICE,  /* enum; choices in order of its values */
    FL_KEY_CHOICES, /* uint32_t bits; array of choices */
    FL_KEY_NAME,    /* uint32_t index by name; null: FL_NONE */
    FL_KEY_NAMES,   /* uint64_t bits; array of names */
    FL_KEY_NAMES32, /* the same in a uint32_t */
    FL_KEY_NUMBERS, /* const double * and count; each within [least, most] */
    FL_KEY_OBJECT,  /* members go into the struct at `offset`; null: as absent */
    FL_KEY_LIST,    /* array of objects: pointer and count; least to most of them */
    FL_KEY_CUSTOM,  /* `read`; `object` lists the inner keys, if any */
    FL_KEY_IGNORED, /* known, checked elsewhere or for editors */
};

enum { FL_KEY_REQUIRED = 1, FL_KEY_NULL = 2 };

struct fl_object;
struct fl_key {
    const char *name;
    enum fl_key_kind kind;
    unsigned flags;
    size_t offset;       /* of the field in the struct */
    size_t offset_count; /* FL_KEY_LIST, FL_KEY_NUMBERS: of the count; draws and windows: 1 + that of the "has" flag, 0
                            for none */
    double least, most;
    uint32_t null_count;
    const char *const *choices; /* ends in NULL */
    enum fl_names_of names;
    const struct fl_object *object;
    bool (*read)(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key, void *field);
};

struct fl_object {
    const struct fl_key *keys;
    uint32_t keys_count;
    size_t size;         /* of the struct; 0 when members go into the parent's */
    const void *neutral; /* what the struct holds before reading */
    /* Cross checks, after all members have been read well. May be NULL. */
    bool (*check)(struct reader *r, const cJSON *json, const struct fl_at *at, void *out);
};

#define FL_OFFSET(type, member) offsetof(type, member)
#define FL_COUNTOF(array)       ((uint32_t)(sizeof(array) / sizeof *(array)))

/* Key macros: `k` is the key, `m` the member of FL_HERE, which each file defines to the struct at hand. */
#define NUMBER(k, m, lo, hi)                                                                                           \
    {                                                                                                                  \
        .name = k, .kind = FL_KEY_NUMBER, .offset = FL_OFFSET(FL_HERE, m), .least = lo, .most = hi                     \
    }
#define COUNT(k, m, lo, hi)                                                                                            \
    {                                                                                                                  \
        .name = k, .kind = FL_KEY_COUNT, .offset = FL_OFFSET(FL_HERE, m), .least = lo, .most = hi                      \
    }
#define COUNT_OR(k, m, lo, hi, none)                                                                                   \
    {                                                                                                                  \
        .name = k, .kind = FL_KEY_COUNT, .offset = FL_OFFSET(FL_HERE, m), .least = lo, .most = hi,                     \
        .flags = FL_KEY_NULL, .null_count = none                                                                       \
    }
#define INTEGER(k, m, lo, hi)                                                                                          \
    {                                                                                                                  \
        .name = k, .kind = FL_KEY_INTEGER, .offset = FL_OFFSET(FL_HERE, m), .least = lo, .most = hi                    \
    }
#define BOOLEAN(k, m)                                                                                                  \
    {                                                                                                                  \
        .name = k, .kind = FL_KEY_BOOL, .offset = FL_OFFSET(FL_HERE, m)                                                \
    }
#define TEXT(k, m)                                                                                                     \
    {                                                                                                                  \
        .name = k, .kind = FL_KEY_TEXT, .offset = FL_OFFSET(FL_HERE, m), .most = 200                                   \
    }
#define NAMED()                                                                                                        \
    {                                                                                                                  \
        .name = "name", .kind = FL_KEY_TEXT, .flags = FL_KEY_REQUIRED, .offset = FL_OFFSET(FL_HERE, name), .least = 1, \
        .most = 200                                                                                                    \
    }
#define DURATION(k, m, lo, hi)                                                                                         \
    {                                                                                                                  \
        .name = k, .kind = FL_KEY_DURATION, .offset = FL_OFFSET(FL_HERE, m), .least = lo, .most = hi                   \
    }
#define DURATION_OR_NEVER(k, m, lo, hi)                                                                                \
    {                                                                                                                  \
        .name = k, .kind = FL_KEY_DURATION, .offset = FL_OFFSET(FL_HERE, m), .least = lo, .most = hi,                  \
        .flags = FL_KEY_NULL                                                                                           \
    }
#define INSTANT(k, m)                                                                                                  \
    {                                                                                                                  \
        .name = k, .kind = FL_KEY_INSTANT, .offset = FL_OFFSET(FL_HERE, m)                                             \
    }
#define WINDOW(k, m)                                                                                                   \
    {                                                                                                                  \
        .name = k, .kind = FL_KEY_WINDOW, .offset = FL_OFFSET(FL_HERE, m)                                              \
    }
#define WINDOW_HAS(k, m, has)                                                                                          \
    {                                                                                                                  \
        .name = k, .kind = FL_KEY_WINDOW, .offset = FL_OFFSET(FL_HERE, m),                                             \
        .offset_count = 1 + FL_OFFSET(FL_HERE, has), .flags = FL_KEY_NULL                                              \
    }
#define DRAW_TIME(k, m)                                                                                                \
    {                                                                                                                  \
        .name = k, .kind = FL_KEY_DRAW_TIME, .offset = FL_OFFSET(FL_HERE, m)                                           \
    }
#define DRAW_TIME_HAS(k, m, has)                                                                                       \
    {                                                                                                                  \
        .name = k, .kind = FL_KEY_DRAW_TIME, .offset = FL_OFFSET(FL_HERE, m),                                          \
        .offset_count = 1 + FL_OFFSET(FL_HERE, has), .flags = FL_KEY_NULL                                              \
    }
#define DRAW_COUNT(k, m, lo)                                                                                           \
    {                                                                                                                  \
        .name = k, .kind = FL_KEY_DRAW_COUNT, .offset = FL_OFFSET(FL_HERE, m), .least = lo                             \
    }
#define DRAW_NUMBER(k, m)                                                                                              \
    {                                                                                                                  \
        .name = k, .kind = FL_KEY_DRAW_NUMBER, .offset = FL_OFFSET(FL_HERE, m)                                         \
    }
#define CHOICE(k, m, list)                                                                                             \
    {                                                                                                                  \
        .name = k, .kind = FL_KEY_CHOICE, .offset = FL_OFFSET(FL_HERE, m), .choices = list                             \
    }
#define CHOICES(k, m, list)                                                                                            \
    {                                                                                                                  \
        .name = k, .kind = FL_KEY_CHOICES, .offset = FL_OFFSET(FL_HERE, m), .choices = list                            \
    }
#define NAME_OF(k, m, table)                                                                                           \
    {                                                                                                                  \
        .name = k, .kind = FL_KEY_NAME, .offset = FL_OFFSET(FL_HERE, m), .names = table, .flags = FL_KEY_NULL          \
    }
#define NAMES_OF(k, m, table)                                                                                          \
    {                                                                                                                  \
        .name = k, .kind = FL_KEY_NAMES, .offset = FL_OFFSET(FL_HERE, m), .names = table                               \
    }
#define NEEDED_NUMBER(k, m, lo, hi)                                                                                    \
    {                                                                                                                  \
        .name = k, .kind = FL_KEY_NUMBER, .flags = FL_KEY_REQUIRED, .offset = FL_OFFSET(FL_HERE, m), .least = lo,      \
        .most = hi                                                                                                     \
    }
#define NEEDED_DRAW_TIME(k, m)                                                                                         \
    {                                                                                                                  \
        .name = k, .kind = FL_KEY_DRAW_TIME, .flags = FL_KEY_REQUIRED, .offset = FL_OFFSET(FL_HERE, m)                 \
    }
#define NEEDED_COUNT(k, m, lo, hi)                                                                                     \
    {                                                                                                                  \
        .name = k, .kind = FL_KEY_COUNT, .flags = FL_KEY_REQUIRED, .offset = FL_OFFSET(FL_HERE, m), .least = lo,       \
        .most = hi                                                                                                     \
    }
#define NEEDED_DURATION(k, m, lo, hi)                                                                                  \
    {                                                                                                                  \
        .name = k, .kind = FL_KEY_DURATION, .flags = FL_KEY_REQUIRED, .offset = FL_OFFSET(FL_HERE, m), .least = lo,    \
        .most = hi                                                                                                     \
    }
#define NEEDED_TEXT(k, m, lo, hi)                                                                                      \
    {                                                                                                                  \
        .name = k, .kind = FL_KEY_TEXT, .flags = FL_KEY_REQUIRED, .offset = FL_OFFSET(FL_HERE, m), .least = lo,        \
        .most = hi                                                                                                     \
    }
#define NEEDED_INSTANT(k, m)                                                                                           \
    {                                                                                                                  \
        .name = k, .kind = FL_KEY_INSTANT, .flags = FL_KEY_REQUIRED, .offset = FL_OFFSET(FL_HERE, m)                   \
    }
#define NEEDED_CHOICE(k, m, list)                                                                                      \
    {                                                                                                                  \
        .name = k, .kind = FL_KEY_CHOICE, .flags = FL_KEY_REQUIRED, .offset = FL_OFFSET(FL_HERE, m), .choices = list   \
    }
#define NEEDED_CUSTOM(k, m, function)                                                                                  \
    {                                                                                                                  \
        .name = k, .kind = FL_KEY_CUSTOM, .flags = FL_KEY_REQUIRED, .offset = FL_OFFSET(FL_HERE, m), .read = function  \
    }
#define OBJECT(k, inner)                                                                                               \
    {                                                                                                                  \
        .name = k, .kind = FL_KEY_OBJECT, .flags = FL_KEY_NULL, .object = &inner                                       \
    }
#define OBJECT_AT(k, m, inner)                                                                                         \
    {                                                                                                                  \
        .name = k, .kind = FL_KEY_OBJECT, .flags = FL_KEY_NULL, .offset = FL_OFFSET(FL_HERE, m), .object = &inner      \
    }
#define LIST(k, m, lo, hi, inner)                                                                                      \
    {                                                                                                                  \
        .name = k, .kind = FL_KEY_LIST, .offset = FL_OFFSET(FL_HERE, m),                                               \
        .offset_count = FL_OFFSET(FL_HERE, m##_count), .least = lo, .most = hi, .object = &inner                       \
    }
#define CUSTOM(k, m, function)                                                                                         \
    {                                                                                                                  \
        .name = k, .kind = FL_KEY_CUSTOM, .offset = FL_OFFSET(FL_HERE, m), .read = function                            \
    }

/* The member of that name, or NULL; for arrays and values too. */
static inline const cJSON *fl_member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* Reads an object's members into `out`, which already holds the defaults. Notes every fault. */
bool fl_read_members(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_object *object,
                     void *out);

/* Reads one key's value. */
bool fl_read_key(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key, void *out);

/* Calls back for every key of an object and of what stands in it, as fl_scenario_keys tells them. `path` [size] begins with `used` bytes. */
void fl_tell_keys(const struct fl_object *object, char *path, size_t used, size_t size, void (*on_key)(void *, const char *), void *context);

/* Only refuses members that `object` does not list. */
bool fl_refuse_unknown(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_object *object);

/* ---- Values ----------------------------------------------------------------------------------- */

enum fl_draw_unit { FL_DRAW_IN_SECONDS, FL_DRAW_IN_COUNTS, FL_DRAW_IN_NUMBERS };

bool fl_read_number(struct reader *r, const cJSON *json, const struct fl_at *at, double least, double most,
                    double *out);
bool fl_read_whole(struct reader *r, const cJSON *json, const struct fl_at *at, double least, double most, double *out);
bool fl_read_duration(struct reader *r, const cJSON *json, const struct fl_at *at, double least_s, double most_s,
                      fl_time *out);
bool fl_read_instant(struct reader *r, const cJSON *json, const struct fl_at *at, fl_time *out);
bool fl_read_clock(struct reader *r, const cJSON *json, const struct fl_at *at, fl_time *out);
/* `least` bounds values from below where the kind has a smallest value. */
bool fl_read_draw(struct reader *r, const cJSON *json, const struct fl_at *at, enum fl_draw_unit unit, double least,
                  struct fl_distribution *out);
struct fl_distribution fl_constant(double value);

/* Texts alone; false when malformed or out of range. An instant is relative to start_s. */
bool fl_parse_clock(const char *text, fl_time *out);
bool fl_parse_instant(const char *text, int64_t start_s, fl_time *out);
/* "2026-06-18T20:00[:SS]" in seconds since 1970. */
bool fl_parse_date(const char *text, int64_t *out);
bool fl_looks_like_instant(const char *text);

/* ---- Names ------------------------------------------------------------------------------------ */

/* Collects all names of the file and notes those that stand twice in one table. */
bool fl_names_collect(struct reader *r, const cJSON *root);
void fl_names_free(struct reader *r);
/* Index of a name or FL_NONE. */
uint32_t fl_names_find(const struct fl_names *names, const char *text);
/* Reads a name's index, noting an unknown one with the nearest suggestion. */
bool fl_read_name(struct reader *r, const cJSON *json, const struct fl_at *at, enum fl_names_of table, uint32_t *out);
extern const char *const fl_names_noun[FL_NAMES_TABLES];

/* Nearest of several texts by edits, for "did you mean"; NULL when none is near. */
struct fl_nearest {
    const char *wanted, *best;
    uint32_t edits;
};
struct fl_nearest fl_nearest_start(const struct reader *r, const char *wanted);
void fl_nearest_offer(struct fl_nearest *nearest, const char *candidate);
/* " (did you mean "x"?)", or nothing. */
struct fl_shown fl_nearest_hint(const struct fl_nearest *nearest);

/* Notes a name that is no figure's, with the nearest that is; `is_key`: it stands as a key, else as a value. */
bool fl_note_metric(struct reader *r, const cJSON *json, const struct fl_at *at, const char *name, bool is_key);

/* "fenliu": 1, the version of the format. */
bool fl_read_version(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key, void *field);

/* Reads one of several texts; NULL ends the list. */
bool fl_read_choice(struct reader *r, const cJSON *json, const struct fl_at *at, const char *const choices[],
                    uint32_t *out);

/* ---- Blocks, profiles, presets, overrides ------------------------------------------------------ */

extern const struct fl_object fl_traffic_object, fl_buyers_object, fl_desk_object, fl_routing_object;
extern const struct fl_object fl_ordinary_day_object, fl_money_object, fl_staffing_object, fl_engine_object;
extern const struct fl_object fl_event_object, fl_fault_object, fl_threshold_object, fl_objective_object,
    fl_platform_object;
extern const char *const fl_phase_names[];
extern const struct fl_traffic fl_traffic_neutral;
extern const struct fl_buyers fl_buyers_neutral;
extern const struct fl_desk_def fl_desk_neutral;
extern const struct fl_routing_def fl_routing_neutral;
extern const struct fl_money fl_money_neutral;
extern const struct fl_staffing_def fl_staffing_neutral;
extern const struct fl_engine_def fl_engine_neutral;

bool fl_read_objectives(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key,
                        void *field);
bool fl_read_platform(struct reader *r, const cJSON *json, const struct fl_at *at, const struct fl_key *key,
                      void *field);
/* An array of at most `most` texts, each of its own. */
bool fl_read_texts(struct reader *r, const cJSON *json, const struct fl_at *at, uint32_t most, const char *const **out,
                   uint32_t *count);
bool fl_read_breaks(struct reader *r, const cJSON *json, const struct fl_at *at, bool clock,
                    const struct fl_break **out, uint32_t *count);

/* What an absent block stands for; also completes what depends on other members. */
void fl_buyers_complete(struct reader *r, struct fl_buyers *buyers);
void fl_desk_complete(struct reader *r, struct fl_desk_def *desk);

/* Named 24-hour shapes: hourly shares of a day, as published. NULL when the name is none. */
const double *fl_profile_hourly(const char *name, enum fl_phase phase);
extern const char *const fl_profile_names[];

const struct fl_platform *fl_platform_preset(const char *name);
extern const char *const fl_platform_names[];

/* Applies an override to the tree; a fault is noted at place 0:0 with the override's path. */
bool fl_override_apply(struct reader *r, cJSON *root, const struct fl_override *override);

#endif
