/* The shape of a promotion: what it adds to an ordinary day.
 *
 * Measured on Double-12 2014 (Tianchi mobile log, hourly counts against the 20 days before): a ramp on the eve,
 * a step at the opening, about ten hours of decay, a plateau in the evening and a last-hour surge; clicks x1.85 over
 * the day, buys x4.37. Pre-sale questions follow the clicks, in-sale ones the buys two hours behind on average, and
 * after-sale ones the buys one to four days later, when parcels arrive (that mapping is an assumption).
 *
 * The excess is kept as an absolute rate from the opening on, so a promotion that opens at 20:00 adds the same
 * buyers to the evening that one opening at 00:00 adds to the night. */
#ifndef FL_TRAFFIC_PROMOTION_H
#define FL_TRAFFIC_PROMOTION_H

#include "scenario/scenario.h"

/* Excess of a phase at instant `at`, in shares of an ordinary day's chats of that phase per hour, before scaling to
 * the multiplier. Right-continuous, constant within every hour counted from the opening (decay: continuous). */
double fl_promotion_excess(const struct fl_promotion *promotion, enum fl_phase phase, fl_time at);

/* The next instant after `at` where the excess jumps or bends; FL_TIME_NEVER when there is none. */
fl_time fl_promotion_next_break(const struct fl_promotion *promotion, fl_time at);

#endif
