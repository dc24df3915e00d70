/* How ranks find each other: their number, and a few words of the first for all others. */
#ifndef FENLIU_RANKS_MEET_H
#define FENLIU_RANKS_MEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ranks_launcher { RANKS_NO_LAUNCHER, RANKS_PMIX, RANKS_WITHOUT_PMIX /* a launcher of several, which ranks cannot meet through */ };

/* Who has started this process, by its environment alone; *rank is this process's number where there is a launcher. */
enum ranks_launcher ranks_launcher(uint32_t *rank);

/* Joins the launcher's service. false: it cannot be done, *why says why. */
bool ranks_meet(uint32_t *rank, uint32_t *size, const char **why);
/* The first tells, the others hear; both wait until all have come so far. */
bool ranks_tell(const char *words);
bool ranks_hear(char *words, size_t size);
/* Leaves the service again. */
void ranks_part(void);

#endif
