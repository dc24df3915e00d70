/* Whole numbers as LEB128, 7 bits a byte, least first: what the binary files of a run are written in, on any machine alike.
 *
 * Reading never runs past the end: a number that is cut short, too long or larger than allowed sets `bad` and is 0, so that a reader
 * may look once after many numbers. Counts of which most are 0 are written with each run of zeros as 0 and its length. */
#ifndef FL_RECORD_LEB_H
#define FL_RECORD_LEB_H

#include "core/histogram.h"
#include "record/text.h"

void fl_leb_add(struct fl_text *out, fl_histogram_sum number); /* >= 0, below 2^126 */
void fl_leb_add_few(struct fl_text *out, const uint64_t counts[], size_t n);

struct fl_leb {
    const unsigned char *at, *end;
    bool bad;
};

fl_histogram_sum fl_leb_sum(struct fl_leb *in);              /* below 2^126 */
uint64_t fl_leb_number(struct fl_leb *in, uint64_t most);    /* at most `most` */
void fl_leb_few(struct fl_leb *in, uint64_t counts[], size_t n);

/* XXH64 of all that stands in `out` so far, 8 bytes, least first; and whether a file ends with that of what stands before it. */
#define FL_LEB_HASH_BYTES 8u
void fl_leb_add_hash(struct fl_text *out);
bool fl_leb_hash_holds(const void *bytes, size_t length);

#endif
