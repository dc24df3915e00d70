/* The knee of a curve of headcounts: from where on further people bring too little to be advised without being asked.
 *
 * A step is one person, on larger desks a twentieth of the people. A step brings little when fewer than `least_share` of the days
 * come to meet the objectives and the worst objective comes closer to its bound by less than `least_excess` of what the bound
 * allows. The knee is the fewest people from whom every larger headcount, up to the best there is, brings little a step. Pure. */
#ifndef FL_STAFFING_KNEE_H
#define FL_STAFFING_KNEE_H

#include <stdbool.h>
#include <stdint.h>

struct fl_knee_point {
    uint32_t people;
    double share;  /* of the days that meet all objectives */
    double excess; /* the worst objective's misses over what its bound allows: 1 is just met, 2 twice as many as allowed */
};

struct fl_knee_rule {
    double least_share;  /* 0.01: one day in a hundred */
    double least_excess; /* 0.02 */
    bool pooled;         /* days are not judged: only the excess counts */
};

/* People in a step from this headcount. */
uint32_t fl_knee_step(uint32_t people);

/* Index of the knee of points [count >= 1] with growing headcounts. O(count^2). */
uint32_t fl_knee_find(uint32_t count, const struct fl_knee_point points[], const struct fl_knee_rule *rule);

#endif
