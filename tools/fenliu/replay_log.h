/* The log that a scenario's traffic is replayed from: traffic.replay.log, or --recorded LOG. */
#ifndef FENLIU_REPLAY_LOG_H
#define FENLIU_REPLAY_LOG_H

#include "command.h"

/* Takes --recorded LOG: 1 taken, 0 not mine, -1 wrong, said. The override names the log by its absolute path. */
int replay_take(struct options *options, int argc, char **argv, int *i);

/* The absolute path of the log of a scenario that has one, which is named by the folder of the scenario's file; free() it. NULL after saying why. */
char *replay_log_of(const struct options *options, const struct fl_scenario *scenario, const char *scenario_path);

/* Reads the log and attaches it; what is left out of it is said on stderr, unless quiet. false after saying why: it cannot be read, holds
 * no conversation, or nobody comes in the stretch that is asked for. */
bool replay_attach(const struct options *options, struct fl_scenario *scenario, const char *log);

#endif
