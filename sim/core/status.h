/* What a function that can fail returns, and how outside text is told what is wrong with it.
 *
 * The codes and their sentences come from this one list, so they cannot drift apart. */
#ifndef FL_CORE_STATUS_H
#define FL_CORE_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FL_MUST_CHECK __attribute__((warn_unused_result))

/* For the few functions that run at every message: a call and its saved registers would be a tenth of their work. */
#define FL_ALWAYS_INLINE static inline __attribute__((always_inline))

#define FL_STATUSES(X)                                                  \
    X(FL_OK, "done")                                                    \
    X(FL_EFULL, "a declared capacity is used up")                       \
    X(FL_ESYNTAX, "the text is not well formed")                        \
    X(FL_ETYPE, "a value of another kind was wanted")                   \
    X(FL_ERANGE, "a value lies outside its range")                      \
    X(FL_EUNKNOWN, "a key or name is not known")                        \
    X(FL_EDUPLICATE, "a key or name stands twice")                      \
    X(FL_EMISSING, "a required key is absent")                          \
    X(FL_ECONFLICT, "two values contradict each other")                 \
    X(FL_EINFEASIBLE, "no plan can satisfy what is asked")              \
    X(FL_EENGINE, "the routing engine failed or broke the protocol")    \
    X(FL_EIO, "a file could not be read or written")                    \
    X(FL_EINTERRUPTED, "the run was interrupted")

enum fl_status {
#define FL_STATUS_NAME(name, sentence) name,
    FL_STATUSES(FL_STATUS_NAME)
#undef FL_STATUS_NAME
};

/* The sentence of a status; "unknown status" for a number that is none. Never NULL. */
const char *fl_status_sentence(enum fl_status status);

/* One fault in outside text. Line and column count from 1 and are 0 when unknown. */
struct fl_error {
    enum fl_status status;
    uint32_t line, column;
    char path[256]; /* JSON path, "$.desk.agents[1].max_chats"; "" when there is none */
    char text[256]; /* "wanted a whole number from 1 to 64, got 0" */
};

/* A broken invariant is our bug: say where, say the seed if one was noted, stop. Stays on in release. */
#define FL_ASSERT(condition) \
    ((condition) ? (void)0 : fl_assert_failed(#condition, __FILE__, __LINE__))
#ifdef NDEBUG
#define FL_ASSERT_DEV(condition) ((void)sizeof(condition))
#else
#define FL_ASSERT_DEV(condition) FL_ASSERT(condition)
#endif
__attribute__((noreturn, cold)) void fl_assert_failed(const char *condition, const char *file, int line);

/* The seed and replication the calling thread works on, printed by a failed assertion. */
void fl_assert_note_run(uint64_t seed, uint32_t replication);

#endif
