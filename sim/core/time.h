/* Simulated time: whole nanoseconds since the scenario's start, so that it never depends on rounding.
 * 2^63 ns are 292 years; FL_TIME_NEVER sorts after every instant. */
#ifndef FL_CORE_TIME_H
#define FL_CORE_TIME_H

#include <stdint.h>

typedef int64_t fl_time;

#define FL_TIME_NEVER INT64_MAX
#define FL_MICROSECOND INT64_C(1000)
#define FL_MILLISECOND INT64_C(1000000)
#define FL_SECOND INT64_C(1000000000)
#define FL_MINUTE (60 * FL_SECOND)
#define FL_HOUR (60 * FL_MINUTE)
#define FL_DAY (24 * FL_HOUR)

/* The longest duration a scenario or a draw can have: ten years. Longer draws are cut to it, so sums
 * of an instant and a duration never overflow. */
#define FL_TIME_LONGEST (3653 * FL_DAY)

/* Seconds to nanoseconds, rounded half up; negative and NaN give 0, huge gives FL_TIME_LONGEST. */
static inline fl_time fl_time_from_s(double seconds)
{
    const double ns = seconds * 1e9;
    if (!(ns > 0)) return 0;
    if (ns >= (double)FL_TIME_LONGEST) return FL_TIME_LONGEST;
    return (fl_time)(ns + 0.5);
}

/* Divided, not multiplied by 1e-9, so that a minute is 60 and not 60.00000000000001. */
static inline double fl_time_to_s(fl_time t)
{
    return (double)t / 1e9;
}

#endif
