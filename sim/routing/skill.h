/* What the two skill policies share: the best mean proficiency in the required skills (policy_skill_best.c). */
#ifndef FL_ROUTING_SKILL_H
#define FL_ROUTING_SKILL_H

#include "core/draw.h"
#include "routing/policy.h"

enum fl_status fl_skill_begin(struct fl_arena *arena, const struct fl_roster *roster, const struct fl_view *view,
                              size_t *state);
uint32_t fl_skill_pick(void *state, const struct fl_roster *roster, const struct fl_view *view,
                       const struct fl_request *request);

#endif
