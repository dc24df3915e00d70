/* Who was served and may write again, with a new question and in a new chat: how long ago that was.
 *
 * A ring of the last FL_VISITORS_MAX buyers whose chat was closed after an answer, found by their hash. One who writes again within
 * FL_VISIT_SIGHT counts as seen after so long; whoever does not, or falls out of the ring, as followed for that long without it. */
#ifndef FL_FIT_VISITS_H
#define FL_FIT_VISITS_H

#include "core/time.h"
#include "fit/durations.h"

#define FL_VISITORS_MAX (1u << 16)
#define FL_VISIT_SIGHT  (48 * FL_HOUR)

struct fl_visits {
    struct fl_visitor *ring;     /* owned */
    uint32_t *slot;              /* [2 FL_VISITORS_MAX] owned: 1 + place in the ring */
    uint32_t first, count;
    struct fl_durations *after;  /* owned: from the close of a chat to the next */
};

FL_MUST_CHECK enum fl_status fl_visits_start(struct fl_visits *visits);
void fl_visits_free(struct fl_visits *visits);

/* Her chat is closed, and she had been served. */
void fl_visits_served(struct fl_visits *visits, uint64_t buyer, int64_t at_ns);
/* She begins a new chat. Whether it is a visit of one who was served. */
bool fl_visits_begins(struct fl_visits *visits, uint64_t buyer, int64_t at_ns);
/* She goes on with the chat that had been closed: that was no visit. */
void fl_visits_goes_on(struct fl_visits *visits, uint64_t buyer);
/* Nothing more is seen. */
void fl_visits_end(struct fl_visits *visits, int64_t at_ns);

#endif
