/* One run on many machines: the processes that mpirun or srun started together (ranks) share the days of a run.
 *
 * Rank 0 is the command as ever: it reads, decides, prints and writes. The others take blocks of days from it, simulate them with threads of
 * their own and hand them back as slices (record/slice.h), of which rank 0 makes the run that it would have made alone, to the byte. Blocks are
 * handed out as they are asked for and become shorter towards the end, so a slow rank does less. Rank 0 simulates too.
 *
 * Ranks find each other through PMIx, the service by which mpirun and srun start processes, and then talk over sockets of their own: a rank
 * that dies is a closed connection, said on stderr, and its block is given to others; a rank that hangs has its block done again by rank 0.
 * (What mpirun makes of a dead rank is its own: tools/cluster/README.md.) PMIx is loaded when a launcher is there, never else: to be linked to
 * it would cost every start of the command. */
#ifndef FENLIU_RANKS_H
#define FENLIU_RANKS_H

#include "command.h"

/* To be called first, with the command line from the command's name on. true: this process is done, with *code; it was another rank than the first, or
 * ranks cannot work together here, which has been said. Without a launcher, or with --shard, nothing happens. */
bool ranks_enter(int argc, char **argv, int *code);

/* fl_run, by all ranks where there are several and it is worth their while. Not for routers of one's own, logs or real time. */
FL_MUST_CHECK enum fl_status ranks_run(const struct fl_scenario *scenario, const struct fl_run_options *options, struct fl_run **out);

/* Work that its owner divides himself. Functions are called on any thread, several at a time. */
struct ranks_source {
    void *context;
    /* The next piece for another rank: days of a scenario, which is released by fl_scenario_free. false: none at the moment. */
    bool (*next)(void *context, uint32_t *piece, struct fl_scenario **scenario, struct fl_run_options *how);
    /* What came of it, as by fl_part_write; NULL: nothing, and it is to be done by somebody else. */
    void (*done)(void *context, uint32_t piece, struct fl_text *bytes);
};

/* From now on the other ranks take pieces of it; until none does any more. What they have not done by then is given back. */
void ranks_offer(const struct ranks_source *source);
void ranks_withdraw(void);

/* Lets the others go. */
void ranks_leave(void);

#endif
