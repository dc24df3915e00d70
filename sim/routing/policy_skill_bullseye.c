/* Bullseye (Genesys): skill_best in rings. The first ring asks for every skill of the intent; after each ring
 * time-out a chat that still waits needs one skill less, the last in the scenario's list of skills first, until
 * anybody will do. The engine keeps the ring's timer. */
#include "routing/skill.h"

const struct fl_policy_ops fl_policy_skill_bullseye = {
    .name = "skill_bullseye",
    .begin = fl_skill_begin,
    .pick = fl_skill_pick,
    .relaxes_skills = true,
};
