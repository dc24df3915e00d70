/* fenliu fit of message logs: what its files share. */
#ifndef FENLIU_FIT_MESSAGES_H
#define FENLIU_FIT_MESSAGES_H

#include "fit.h"
#include "fit/behaviour.h"

struct message_fit {
    struct fl_chats chats;
    struct fl_rounds_fit rounds;
    struct fl_patience_fit patience;
    struct fl_composing_fit composing;
    struct fl_people_fit people;
    struct fl_arrivals arrivals;
    bool has_arrivals; /* whole days were there */
};

/* Chats of a cell of arrivals; who only came again is left to buyers.next_visit, where that is known. */
static inline uint32_t fit_messages_arrivals(const struct message_fit *fit, size_t cell)
{
    return fit->chats.arrivals[cell] - (fit->patience.next_visit.known ? fit->chats.again[cell] : 0);
}

/* Reads all logs into chats, but what is at or after `cut_ns` (INT64_MAX: nothing) into `held`. An exit code; what was passed over is noted in
 * the answer. */
int fit_messages_read(const struct fit_options *options, int64_t cut_ns, struct fl_chats *chats, struct fl_chats *held, struct fit_answer *answer);
/* Simulates the days of `held` by what was fitted and says how many of their figures lie in the middle 95 % of what was simulated. An exit code. */
int fit_messages_back_test(const struct fit_options *options, const struct message_fit *fit, const struct fl_chats *held, struct fit_answer *answer);
/* All that was fitted, as parts of a scenario, into answer->fitted. false: no memory. */
bool fit_messages_scenario(const struct message_fit *fit, struct fit_answer *answer);

/* Charts of what was fitted, into answer->pictures. */
void fit_messages_pictures(const struct message_fit *fit, struct fit_answer *answer);

#endif
