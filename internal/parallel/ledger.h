/* ledger.h - rank 0's book of who works on which frames. Pure: no clock, no messages, no locks. Private to parallel/.
 *
 * Ranks ask, the ledger gives ranges of frames in the order of the list, larger ones to faster ranks, smaller ones towards the
 * end, and at the very end only what a rank can begin at once. A frame that came back is crossed off once, whoever sends it.
 */
#ifndef XFELX_PARALLEL_LEDGER_H
#define XFELX_PARALLEL_LEDGER_H

#include "base/base.h"

struct range {
    uint32_t first, count; /* numbers in the list of frames */
};

/* What a rank said when it asked last. */
struct asker {
    uint32_t threads;
    uint32_t free; /* threads that wait for a frame */
    uint32_t rate; /* frames/s × 1000; 0: not known */
    bool asking;
};

struct ledger {
    const uint64_t *frames; /* [n] to be done, in this order */
    uint64_t n, next;       /* the first that was not given out */
    uint64_t left;          /* frames that did not come back yet */
    uint8_t *back;          /* a bit for each frame of the list: it came back */
    uint64_t *again;        /* [n_again] of those to be done: one more try, when all others are back */
    uint64_t n_again;
    uint64_t n_list;
    struct asker *ranks; /* [n_ranks] */
    uint32_t n_ranks;
};

/* All from the arena; what ranks ask for is filled in by the caller. */
void ledger_make(struct ledger *l, uint64_t n_list, uint32_t n_ranks, struct arena *a);

/* A frame gets one more try in a later round. */
void ledger_again(struct ledger *l, uint64_t frame);

/* A new round of work. frames must stay. */
void ledger_open(struct ledger *l, const uint64_t *frames, uint64_t n);

/* How many frames a rank gets now: two seconds' worth, at least one a thread, at most 1024, never more than an even share of
 * half of what is left; once there is less left than threads, no more than it has free threads (0: another rank may begin them
 * sooner). A rank alone gets all. */
uint64_t ledger_chunk(const struct ledger *l, const struct asker *r);

/* Give frames to a rank that asks: n ≤ max ranges, 0: nothing now. */
size_t ledger_give(struct ledger *l, uint32_t rank, struct range *out, size_t max);

/* A frame came back. false: it had come before. */
bool ledger_back(struct ledger *l, uint64_t frame);

#endif
