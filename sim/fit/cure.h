/* Something that happens to some and not to others, seen only for a while: who has not done it yet may still be about to, or never will.
 *
 * A share p does it, after a duration of some family; one who has been followed for c without it counts (1 - p) + p S(c). Used for
 * coming back after leaving, and for the next message of a burst, which the reply may overtake. Source: Boag, "Maximum Likelihood
 * Estimates of the Proportion of Patients Cured by Cancer Therapy", JRSS B 11 (1949). */
#ifndef FL_FIT_CURE_H
#define FL_FIT_CURE_H

#include "fit/durations.h"

struct fl_cure_fit {
    double share, share_low, share_high; /* 95 % */
    struct fl_duration_fit after;        /* its intervals allow for the share's error */
    bool known;
};

/* Seen: it happened after so long. Cut: followed for so long without it. Not known below FL_DURATIONS_WANTED seen. */
void fl_cure_fit(const struct fl_durations *durations, struct fl_cure_fit *fit);

/* The probability that it is still to come for one followed for x seconds without it. */
double fl_cure_pending(const struct fl_cure_fit *fit, double share, double x);

#endif
